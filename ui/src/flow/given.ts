// What the server hands the editor: the document, the sheets of fields, what there is to choose from, and the words.
import type { Plain, Step, WorkClass, Workflow } from "./model";

export interface Entry {
  path: string;
  what: string;
  label: string;
  help: string;
  options: [string, string][];
  needed: boolean;
  unit: string;
  elapsed: boolean;
}

export interface Group {
  label: string;
  key: string;
  tick: string;
  closed: boolean;
  entries: Entry[];
}

export interface Trouble {
  pointer: string;
  code: string;
  message: string;
  remedy: string;
  stops: boolean;
  kind: "step" | "class" | "workflow";
  id: string;
  name: string;
  path: string;
}

export interface Given {
  sheets: { step: Group[]; class: Group[]; workflow: Group[] };
  kinds: { kind: string; label: string; needs: string[] }[];
  parts: Record<string, string>;
  slug: string;
  document: Workflow;
  base: number;
  sketched: boolean;
  overtaken: boolean;
  troubles: Trouble[];
  blank: { step: Step; class: WorkClass };
  known: {
    skills: string[];
    platforms: string[];
    crews: [string, string][];
    calendars: [string, string][];
    people: [string, string][];
  };
  months: string[];
  words: Record<string, string>;
  urls: { check: string; save: string; sketch: string; outline: string; back: string };
}

export const given = JSON.parse(document.getElementById("flow-data")?.textContent ?? "{}") as Given;

/** A word of the interface in the reader's language, `{n}` and the like filled in. */
export function t(words: string, told: Record<string, string | number> = {}): string {
  const said = given.words[words] ?? words;
  return said.replace(/\{(\w+)\}/g, (whole, name: string) => String(told[name] ?? whole));
}

export const csrf = document.getElementById("flow")?.dataset["csrf"] ?? "";

export interface Refusal {
  status: number;
  title: string;
  detail: string;
  remedy: string;
  errors: { message: string; pointer?: string; remedy?: string }[];
  newest?: number;
}

/** Sends JSON; answers what came back. Throws a Refusal where the server says no or does not answer. */
export async function send<T>(url: string, body: Plain, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "x-csrftoken": csrf },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
  const said = (await answer.json().catch(() => ({}))) as T & Partial<Refusal>;
  if (!answer.ok) {
    throw {
      status: answer.status,
      title: said.title ?? t("The server did not answer."),
      detail: said.detail ?? "",
      remedy: said.remedy ?? t("Try once more."),
      errors: said.errors ?? [],
      ...(said.newest === undefined ? {} : { newest: said.newest }),
    } satisfies Refusal;
  }
  return said;
}
