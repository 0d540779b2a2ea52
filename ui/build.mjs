// Bundles the styles and scripts into the Python package, with hashed names, compressed copies and a manifest.
// `node build.mjs` builds once and checks the size; `node build.mjs --watch` builds again at each change.
import { context } from "esbuild";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, "../src/marops/site/static/dist");
const PLAIN_PAGE_SCRIPT = 40 * 1024;
const EDITOR_PAGE_SCRIPT = 300 * 1024;

// Each is built on its own: what two of them share would otherwise be one more file for every plain page.
const BUNDLES = [
  [
    { in: "src/main.ts", out: "marops" },
    { in: "src/styles/main.css", out: "marops" },
  ],
  [
    { in: "src/flow/main.tsx", out: "flow" },
    { in: "src/styles/flow.css", out: "flow" },
  ],
];

const options = {
  absWorkingDir: here,
  outdir: out,
  entryNames: "[name]-[hash]",
  assetNames: "fonts/[name]-[hash]",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome123", "firefox120", "safari17.5"],
  minify: true,
  sourcemap: true,
  legalComments: "none",
  loader: { ".woff2": "file" },
  jsx: "automatic",
  metafile: true,
  logLevel: "warning",
};

/** Names the manifest knows: the entry without its hash, so that templates can ask for it. */
function plainName(path) {
  return path.replace(/-[A-Z0-9]{8}(\.\w+)$/, "$1");
}

async function finish(metafile) {
  const built = Object.keys(metafile.outputs).map((path) => resolve(here, path));
  const files = {};
  for (const path of built.filter((name) => !name.endsWith(".map"))) {
    const content = await readFile(path);
    const name = path.slice(out.length + 1);
    const packed = gzipSync(content, { level: 9 });
    files[plainName(name)] = { file: name, bytes: content.length, gzip: packed.length };
    if ([".js", ".css"].includes(extname(path))) {
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
      await writeFile(`${path}.gz`, packed);
      await writeFile(`${path}.br`, brotliCompressSync(content, { params }));
      built.push(`${path}.gz`, `${path}.br`);
    }
  }
  // The licence of the font asks to travel with it.
  const licence = join(out, "fonts", "OFL.txt");
  await copyFile(join(here, "node_modules/@fontsource-variable/inter/LICENSE"), licence);
  built.push(licence, await writeLicences(metafile));
  await writeFile(join(out, "manifest.json"), `${JSON.stringify({ files }, null, 2)}\n`);
  await sweep(out, new Set([...built, join(out, "manifest.json"), join(out, ".built-from")]));
  return files;
}

/** The notices of every package that went into a bundle, as their licences ask. */
async function writeLicences(metafile) {
  const packages = new Set();
  for (const path of Object.keys(metafile.inputs)) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found) packages.add(found[1]);
  }
  const notices = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf-8"));
    const file = (await readdir(folder)).find((one) => /^licen[cs]e(\.\w+)?$/i.test(one));
    const text = file ? await readFile(join(folder, file), "utf-8") : "";
    notices.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  const path = join(out, "LICENCES.txt");
  await writeFile(path, notices.join(`\n${"-".repeat(80)}\n\n`));
  return path;
}

/** Removes what earlier builds left behind. */
async function sweep(folder, keep) {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await sweep(path, keep);
    else if (!keep.has(path)) await rm(path);
  }
}

function report(files) {
  for (const [name, { bytes, gzip }] of Object.entries(files)) {
    console.log(`${basename(name).padEnd(34)} ${String(bytes).padStart(8)} bytes ${String(gzip).padStart(7)} gzipped`);
  }
  const script = files["marops.js"].gzip;
  if (script > PLAIN_PAGE_SCRIPT) {
    throw new Error(`the script of a plain page is ${script} bytes gzipped; the budget is ${PLAIN_PAGE_SCRIPT}`);
  }
  const editor = script + files["flow.js"].gzip;
  if (editor > EDITOR_PAGE_SCRIPT) {
    throw new Error(`the scripts of the editor are ${editor} bytes gzipped; the budget is ${EDITOR_PAGE_SCRIPT}`);
  }
}

await mkdir(out, { recursive: true });
const made = new Map();
const plugin = (number) => ({
  name: "finish",
  setup(build) {
    build.onEnd(async (result) => {
      if (!result.metafile || result.errors.length) return;
      made.set(number, result.metafile);
      if (made.size < BUNDLES.length) return;
      const [inputs, outputs] = ["inputs", "outputs"].map((part) => Object.assign({}, ...[...made.values()].map((one) => one[part])));
      report(await finish({ inputs, outputs }));
    });
  },
});
for (const [number, entryPoints] of BUNDLES.entries()) {
  const builder = await context({ ...options, entryPoints, plugins: [plugin(number)] });
  if (process.argv.includes("--watch")) {
    await builder.watch();
  } else {
    await builder.rebuild();
    await builder.dispose();
  }
}
