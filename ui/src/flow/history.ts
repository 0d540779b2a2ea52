// The document with its way back. Changes to the same field in quick succession are one.
import type { Workflow } from "./model";

const TOGETHER_MS = 1200;
const KEPT = 200;

export interface History {
  past: Workflow[];
  now: Workflow;
  ahead: Workflow[];
  key: string;
  at: number;
}

export type Act =
  | { act: "change"; document: Workflow; key?: string; time: number }
  | { act: "undo" }
  | { act: "redo" }
  | { act: "replace"; document: Workflow }; // what was saved, under names that older documents do not know

const ids = (document: Workflow): string => [...document.steps, ...document.classes].map((one) => one.id).join(" ");
const same = (one: Workflow, other: Workflow): boolean => ids(one) === ids(other);

export const begin = (document: Workflow): History => ({ past: [], now: document, ahead: [], key: "", at: 0 });

export function turn(history: History, step: Act): History {
  if (step.act === "undo") {
    const before = history.past.at(-1);
    if (!before) return history;
    return { past: history.past.slice(0, -1), now: before, ahead: [history.now, ...history.ahead], key: "", at: 0 };
  }
  if (step.act === "redo") {
    const next = history.ahead[0];
    if (!next) return history;
    return { past: [...history.past, history.now], now: next, ahead: history.ahead.slice(1), key: "", at: 0 };
  }
  if (step.act === "replace") return same(history.now, step.document) ? { ...history, now: step.document, key: "" } : begin(step.document);
  if (step.document === history.now) return history;
  const key = step.key ?? "";
  const together = key !== "" && key === history.key && step.time - history.at < TOGETHER_MS;
  const past = together ? history.past : [...history.past, history.now].slice(-KEPT);
  return { past, now: step.document, ahead: [], key, at: step.time };
}
