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

const options = {
  absWorkingDir: here,
  entryPoints: [
    { in: "src/main.ts", out: "marops" },
    { in: "src/styles/main.css", out: "marops" },
  ],
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
  built.push(licence);
  await writeFile(join(out, "manifest.json"), `${JSON.stringify({ files }, null, 2)}\n`);
  await sweep(out, new Set([...built, join(out, "manifest.json"), join(out, ".built-from")]));
  return files;
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
}

await mkdir(out, { recursive: true });
const plugin = {
  name: "finish",
  setup(build) {
    build.onEnd(async (result) => {
      if (result.metafile && !result.errors.length) report(await finish(result.metafile));
    });
  },
};
const builder = await context({ ...options, plugins: [plugin] });
if (process.argv.includes("--watch")) {
  await builder.watch();
} else {
  await builder.rebuild();
  await builder.dispose();
}
