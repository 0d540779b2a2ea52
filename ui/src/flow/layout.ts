// Where the cards stand: columns by what comes before what (dagre), bands by lane, one row for each card of a column.
import dagre from "@dagrejs/dagre";
import { t } from "./given";
import { type Step, type Workflow, withWays } from "./model";

export const CARD = { width: 200, height: 80 };
export const GATE = { width: 44, height: 44 };
const COLUMN = 64;
const ROW = 28;
const PAD = 20;
export const HEAD = 32;

export type Lanes = "role" | "platform";

export interface Band {
  key: string;
  label: string;
  y: number;
  height: number;
}

export interface Layout {
  places: Map<string, { x: number; y: number }>;
  bands: Band[];
  left: number;
  right: number;
}

export const sizeOf = (step: Step): { width: number; height: number } => (step.gate ? GATE : CARD);

/** The key and the words of the lane a step stands in. */
export function laneOf(step: Step, lanes: Lanes): [string, string] {
  if (lanes === "platform") {
    const first = step.platforms[0];
    return first ? [`p:${first}`, first] : ["-", t("No platform")];
  }
  if (step.lane) return [`l:${step.lane}`, step.lane];
  const people = Object.keys(step.people ?? {});
  if (step.skill) return [`s:${step.skill}`, step.skill];
  if (people.length) return [`l:${people.join(", ")}`, people.join(", ")];
  if (step.touch === "automatic") return ["auto", t("Automatic")];
  return ["-", t("Nobody yet")];
}

/** Gates stand in the lane of the step before them, as they need nobody. */
function lanesOf(document: Workflow, lanes: Lanes): Map<string, [string, string]> {
  const found = new Map<string, [string, string]>();
  for (const step of document.steps) {
    let lane = laneOf(step, lanes);
    if (step.gate && (lane[0] === "-" || lane[0] === "auto")) {
      const before = document.ways.find((way) => way.to === step.id);
      lane = (before && found.get(before.from)) ?? lane;
    }
    found.set(step.id, lane);
  }
  return found;
}

export function arrange(document: Workflow, lanes: Lanes): Layout {
  const drawn = withWays(document);
  const columns = columnsOf(drawn);
  const order = bandsInOrder(drawn, lanesOf(drawn, lanes), columns);
  const places = new Map<string, { x: number; y: number }>();
  const bands: Band[] = [];
  let y = 0;
  for (const { key, label, steps } of order) {
    const rows = rowsOf(steps, columns);
    const count = Math.max(1, ...[...rows.values()].map((row) => row + 1));
    const height = HEAD + count * CARD.height + (count - 1) * ROW + PAD;
    for (const step of steps) {
      const size = sizeOf(step);
      const top = y + HEAD + (rows.get(step.id) ?? 0) * (CARD.height + ROW) + (CARD.height - size.height) / 2;
      const x = (columns.get(step.id) ?? 0) - size.width / 2;
      places.set(step.id, step.at ? { x: step.at[0], y: within(step.at[1], y, height, size.height) } : { x, y: top });
    }
    bands.push({ key, label, y, height });
    y += height;
  }
  const xs = document.steps.map((step) => places.get(step.id)?.x ?? 0);
  return { places, bands, left: Math.min(0, ...xs) - 40, right: Math.max(600, ...xs.map((x) => x + CARD.width)) + 80 };
}

/** A card that was moved by hand stays in its band, wherever the band went meanwhile. */
function within(y: number, top: number, height: number, size: number): number {
  return Math.min(Math.max(y, top + 8), top + height - size - 8);
}

/** The middle of the column of each step. */
function columnsOf(document: Workflow): Map<string, number> {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: ROW, ranksep: COLUMN, ranker: "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const step of document.steps) graph.setNode(step.id, { ...CARD, width: sizeOf(step).width });
  for (const way of document.ways) {
    if (graph.hasNode(way.from) && graph.hasNode(way.to)) graph.setEdge(way.from, way.to);
  }
  dagre.layout(graph);
  const found = new Map<string, number>();
  for (const step of document.steps) found.set(step.id, (graph.node(step.id) as { x: number }).x);
  return found;
}

interface Lane {
  key: string;
  label: string;
  steps: Step[];
}

/** Lanes from above to below by where their first step stands, so that the work mostly runs downwards. */
function bandsInOrder(
  document: Workflow,
  lane: Map<string, [string, string]>,
  columns: Map<string, number>,
): Lane[] {
  const found = new Map<string, Lane>();
  const inOrder = [...document.steps].sort((a, b) => (columns.get(a.id) ?? 0) - (columns.get(b.id) ?? 0));
  for (const step of inOrder) {
    const [key, label] = lane.get(step.id) ?? ["-", ""];
    const band = found.get(key) ?? { key, label, steps: [] };
    band.steps.push(step);
    found.set(key, band);
  }
  return [...found.values()];
}

/** The row of each step of a lane: the first one that is free in its column. */
function rowsOf(steps: Step[], columns: Map<string, number>): Map<string, number> {
  const rows = new Map<string, number>();
  const used: { x: number; half: number; row: number }[] = [];
  for (const step of steps) {
    const x = columns.get(step.id) ?? 0;
    const half = sizeOf(step).width / 2 + 8;
    let row = 0;
    while (used.some((one) => one.row === row && Math.abs(one.x - x) < one.half + half)) row += 1;
    used.push({ x, half, row });
    rows.set(step.id, row);
  }
  return rows;
}

/** The band at a height; nothing above and below all of them. */
export function bandAt(layout: Layout, y: number): Band | undefined {
  return layout.bands.find((band) => y >= band.y && y < band.y + band.height);
}
