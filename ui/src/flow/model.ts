// The document as the server keeps it, and every change of it as a function from a document to a document.

export type Value = unknown;
export type Plain = Record<string, Value>;
export type Touch = "human" | "ai_assisted" | "automatic";

export interface Spread extends Plain {
  kind: string;
  mean?: number;
  sd?: number;
  low?: number;
  mode?: number;
  high?: number;
  values?: number[];
}
export type Amount = number | Spread;

export interface Rework {
  probability: number;
  back_to: string;
  at_most: number;
}

export interface Step extends Plain {
  id: string;
  name: string;
  touch: Touch;
  skill: string;
  lane: string;
  platforms: string[];
  effort: Amount;
  split: "all" | "one";
  join: "all" | "any";
  gate: boolean;
  review: boolean;
  outside?: Amount;
  delay?: Amount;
  opens: string;
  note?: string;
  batch?: Plain & { size: number };
  rework?: Rework;
  people: Record<string, number>;
  origin: Record<string, string>;
  at?: [number, number];
}

export interface Way extends Plain {
  from: string;
  to: string;
  probability?: number;
  at_most?: number;
  origin?: string;
}

export interface WorkClass extends Plain {
  id: string;
  name: string;
  arrivals: Plain & { per_month: number };
}

export interface Workflow extends Plain {
  title: string;
  crew: string;
  unit: string;
  classes: WorkClass[];
  steps: Step[];
  ways: Way[];
}

/** The ways; where none is said, from each step to the next one. */
export function withWays(document: Workflow): Workflow {
  if (document.ways.length) return document;
  const ways = document.steps.slice(1).map((step, index) => ({ from: document.steps[index]!.id, to: step.id }));
  return { ...document, ways };
}

/** A short name made of a name: small letters and digits, and a number where it is taken. */
export function newId(name: string, taken: Iterable<string>, otherwise: string): string {
  const plain = name.normalize("NFKD").replace(/[^\x00-\x7f]/g, "").toLowerCase();
  const stem =
    plain
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 60)
      .replace(/-+$/, "") || otherwise;
  const used = new Set(taken);
  let found = stem;
  for (let number = 2; used.has(found); number += 1) found = `${stem}-${number}`;
  return found;
}

export const stepIds = (document: Workflow): string[] => document.steps.map((step) => step.id);
export const stepOf = (document: Workflow, id: string): Step | undefined => document.steps.find((one) => one.id === id);
export const waysFrom = (document: Workflow, id: string): Way[] => document.ways.filter((way) => way.from === id);
export const waysTo = (document: Workflow, id: string): Way[] => document.ways.filter((way) => way.to === id);
export const nameOf = (document: Workflow, id: string): string => stepOf(document, id)?.name ?? id;

/** A step after others, between the first of them and what follows where `between` names that way. */
export function addStep(document: Workflow, step: Step, after: string, between?: string): Workflow {
  const place = after ? document.steps.findIndex((one) => one.id === after) + 1 : document.steps.length;
  const steps = [...document.steps.slice(0, place), step, ...document.steps.slice(place)];
  let ways = document.ways;
  if (after && between) {
    ways = ways.flatMap((way) =>
      way.from === after && way.to === between
        ? [{ ...way, to: step.id }, { from: step.id, to: between }]
        : [way],
    );
  } else if (after) {
    ways = [...ways, { from: after, to: step.id }];
  }
  return { ...document, steps, ways };
}

/** Another content for a step. What was read off a log and is changed is assumed from then on. */
export function changeStep(document: Workflow, id: string, changed: (step: Step) => Step): Workflow {
  const steps = document.steps.map((before) => (before.id === id ? assumed(before, changed(before)) : before));
  return { ...document, steps };
}

function assumed(before: Step, after: Step): Step {
  if (before === after || !after.origin) return after;
  const origin = { ...after.origin };
  for (const [name, said] of Object.entries(origin)) {
    if (said === "log" && before[name] !== after[name]) origin[name] = "assumed";
  }
  return { ...after, origin };
}

function bare<T extends Plain>(one: T, ...names: string[]): T {
  return Object.fromEntries(Object.entries(one).filter(([name]) => !names.includes(name))) as T;
}

/** Without these steps; what led to one leads to what followed it, where that is plain. */
export function removeSteps(document: Workflow, ids: Iterable<string>): Workflow {
  let left = document;
  for (const id of ids) left = removeStep(left, id);
  return left;
}

function removeStep(document: Workflow, id: string): Workflow {
  const gone = stepOf(document, id);
  if (!gone) return document;
  const into = waysTo(document, id);
  const out = waysFrom(document, id);
  const others = document.ways.filter((way) => way.from !== id && way.to !== id);
  let steps = document.steps
    .filter((one) => one.id !== id)
    .map((one) => (one.rework?.back_to === id ? bare(one, "rework") : one));
  let healed: Way[] = [];
  const [entry] = into;
  if (into.length === 1 && out.length && entry) {
    const alone = waysFrom(document, entry.from).length === 1;
    if (out.length === 1) {
      healed = [{ ...entry, to: out[0]!.to }];
    } else if (alone && gone.split === "one") {
      steps = steps.map((one) => (one.id === entry.from ? { ...one, split: "one" as const } : one));
      healed = out.map((way) => ({ ...way, from: entry.from }));
    } else {
      const chosen = stepOf(document, entry.from)?.split === "one";
      healed = out.map((way) => {
        const passed = { ...bare(way, "probability"), from: entry.from };
        if (!chosen || entry.probability === undefined) return passed;
        return { ...passed, probability: rounded(entry.probability * (way.probability ?? 1 / out.length)) };
      });
    }
  } else if (out.length === 1) {
    healed = into.map((way) => ({ ...way, to: out[0]!.to }));
  }
  const known = new Set(others.map((way) => `${way.from} ${way.to}`));
  const fresh = healed.filter((way) => way.from !== way.to && !known.has(`${way.from} ${way.to}`));
  const classes = document.classes.map((one) => (one["start"] === id ? bare(one, "start") : one));
  return { ...document, steps, classes, ways: [...others, ...fresh] };
}

const rounded = (value: number): number => Math.round(value * 1e6) / 1e6;

/** A way from a step to another; nothing where it is there already or leads to itself. */
export function connect(document: Workflow, from: string, to: string): Workflow {
  if (from === to || document.ways.some((way) => way.from === from && way.to === to)) return document;
  return { ...document, ways: [...document.ways, { from, to }] };
}

export function changeWay(document: Workflow, from: string, to: string, changed: Partial<Way>): Workflow {
  const ways = document.ways.map((way) => {
    if (way.from !== from || way.to !== to) return way;
    const next = { ...way, ...changed };
    if (next.probability === undefined) delete next.probability;
    return next.origin === "log" && way.probability !== next.probability ? { ...next, origin: "assumed" } : next;
  });
  return { ...document, ways };
}

export function removeWay(document: Workflow, from: string, to: string): Workflow {
  return { ...document, ways: document.ways.filter((way) => way.from !== from || way.to !== to) };
}

/** Work comes back from one step to another; from one that has it already, to there. */
export function setRework(document: Workflow, from: string, to: string): Workflow {
  return changeStep(document, from, (step) => ({
    ...step,
    rework: { probability: step.rework?.probability ?? 0.1, at_most: step.rework?.at_most ?? 3, back_to: to },
  }));
}

export interface Copied {
  steps: Step[];
  ways: Way[];
}

/** Steps and the ways among them, to be put in again. */
export function copied(document: Workflow, ids: Set<string>): Copied {
  return {
    steps: document.steps.filter((step) => ids.has(step.id)),
    ways: document.ways.filter((way) => ids.has(way.from) && ids.has(way.to)),
  };
}

/** Copied steps under names of their own; answers the document and the new steps. */
export function paste(document: Workflow, from: Copied, named: (name: string) => string): [Workflow, string[]] {
  const taken = new Set(stepIds(document));
  const renamed = new Map<string, string>();
  const steps = from.steps.map((step) => {
    const name = document.steps.some((one) => one.name === step.name) ? named(step.name) : step.name;
    const id = newId(name, taken, "step");
    taken.add(id);
    renamed.set(step.id, id);
    const at: Plain = step.at ? { at: [step.at[0] + 32, step.at[1] + 32] } : {};
    return { ...step, id, name, ...at };
  });
  const there = new Set(taken);
  const whole = steps.map((step) => {
    if (!step.rework) return step;
    const back_to = renamed.get(step.rework.back_to) ?? step.rework.back_to;
    return there.has(back_to) ? { ...step, rework: { ...step.rework, back_to } } : bare(step, "rework");
  });
  const ways = from.ways.map((way) => ({ ...way, from: renamed.get(way.from)!, to: renamed.get(way.to)! }));
  const made = { ...document, steps: [...document.steps, ...whole], ways: [...document.ways, ...ways] };
  return [made, [...renamed.values()]];
}

/** New steps and kinds of work get short names from what they are called by now; saved ones keep theirs. */
export function settleIds(document: Workflow, saved: Workflow): Workflow {
  const steps = renamed(document.steps, saved.steps, "step");
  const classes = renamed(document.classes, saved.classes, "work");
  const step = (id: string): string => steps.get(id) ?? id;
  const known = (id: string): string => classes.get(id) ?? id;
  return {
    ...document,
    steps: document.steps.map((one) => ({
      ...one,
      id: step(one.id),
      ...(one.rework ? { rework: { ...one.rework, back_to: step(one.rework.back_to) } } : {}),
      ...(one["classes"] ? { classes: (one["classes"] as string[]).map(known) } : {}),
    })),
    ways: document.ways.map((way) => ({ ...way, from: step(way.from), to: step(way.to) })),
    classes: document.classes.map((one) => ({
      ...one,
      id: known(one.id),
      ...(one["start"] ? { start: step(one["start"] as string) } : {}),
    })),
  };
}

function renamed(now: { id: string; name: string }[], saved: { id: string }[], otherwise: string): Map<string, string> {
  const kept = new Set(saved.map((one) => one.id));
  const taken = new Set(now.map((one) => one.id).filter((id) => kept.has(id)));
  const names = new Map<string, string>();
  for (const one of now) {
    if (kept.has(one.id)) continue;
    const id = newId(one.name, taken, otherwise);
    taken.add(id);
    names.set(one.id, id);
  }
  return names;
}

export function removeClass(document: Workflow, id: string): Workflow {
  const steps = document.steps.map((step) => {
    const only = step["classes"] as string[] | undefined;
    return only?.includes(id) ? { ...step, classes: only.filter((one) => one !== id) } : step;
  });
  return { ...document, steps, classes: document.classes.filter((one) => one.id !== id) };
}

/** The value at a path such as `rework/probability`. */
export function get(document: Plain, path: string): Value {
  let here: Value = document;
  for (const name of path.split("/")) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Plain)[name];
  }
  return here;
}

/** The document with a value at a path; undefined takes it out. */
export function put<T extends Plain>(document: T, path: string, value: Value): T {
  const [first, ...rest] = path.split("/") as [string, ...string[]];
  let made = value;
  if (rest.length) {
    const inner = document[first];
    made = put(typeof inner === "object" && inner !== null ? (inner as Plain) : {}, rest.join("/"), value);
  }
  if (made === undefined) return bare(document, first);
  return { ...document, [first]: made };
}

/** Hours on average, as well as the few numbers of a distribution tell. */
export function meanOf(amount: Amount | undefined): number {
  if (amount === undefined) return 0;
  if (typeof amount === "number") return amount;
  if (amount.mean !== undefined) return amount.mean;
  const ends = amount.values?.length
    ? amount.values
    : [amount.low ?? 0, amount.mode ?? amount.low ?? 0, amount.high ?? 0];
  if (amount.kind === "uniform") return ((amount.low ?? 0) + (amount.high ?? 0)) / 2;
  return ends.reduce((sum, one) => sum + one, 0) / Math.max(1, ends.length);
}
