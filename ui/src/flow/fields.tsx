// The fields of a sheet: one control for each kind of value. A value goes out as soon as it can be read.
import { type ReactNode, useEffect, useId, useState } from "react";
import { type Entry, type Group, type Trouble, given, t } from "./given";
import { type Plain, type Spread, type Value, get, put } from "./model";

export const ELAPSED = "elapsed";

type Change = (value: Value) => void;

interface FieldProps {
  entry: Entry;
  value: Value;
  onChange: Change;
  troubles: Trouble[];
  steps: [string, string][];
  classes: [string, string][];
  fromLog: boolean;
}

/** All groups of a sheet; `onChange` gets the changed object and the path that was changed. */
export function Sheet<T extends Plain>(props: {
  groups: Group[];
  value: T;
  onChange: (value: T, path: string) => void;
  troubles: Trouble[];
  steps: [string, string][];
  classes: [string, string][];
}): ReactNode {
  const { groups, value, onChange } = props;
  const origin = (value["origin"] ?? {}) as Record<string, string>;
  const logged = (path: string): boolean =>
    path.startsWith("arrivals/") ? get(value, "arrivals/origin") === "log" : origin[path.split("/")[0] ?? ""] === "log";
  const fields = (group: Group): ReactNode =>
    group.entries.map((entry) => (
      <Field
        key={entry.path}
        entry={entry}
        value={get(value, entry.path)}
        onChange={(next) => onChange(put(value, entry.path, next), entry.path)}
        troubles={props.troubles.filter((one) => covers(entry.path, one.path))}
        steps={props.steps}
        classes={props.classes}
        fromLog={logged(entry.path)}
      />
    ));
  return groups.map((group) => {
    if (group.key) return <Optional key={group.key} group={group} value={value} onChange={onChange}>{fields(group)}</Optional>;
    const bad = props.troubles.some((one) => group.entries.some((entry) => covers(entry.path, one.path)));
    if (!group.closed) return <section key={group.label} className="fl-group"><h3>{group.label}</h3>{fields(group)}</section>;
    return (
      <details key={group.label} className="fl-group" open={bad || undefined}>
        <summary>{group.label}</summary>
        {fields(group)}
      </details>
    );
  });
}

const covers = (path: string, trouble: string): boolean => trouble === path || trouble.startsWith(`${path}/`);

const BEGINS: Record<string, (steps: [string, string][]) => Plain> = {
  rework: (steps) => ({ probability: 0.1, back_to: steps[0]?.[0] ?? "", at_most: 3 }),
  batch: () => ({ size: 5, together: false, each: 1 }),
  promise: () => ({ hours: 240, share: 0.85 }),
};

function Optional<T extends Plain>(props: {
  group: Group;
  value: T;
  onChange: (value: T, path: string) => void;
  children: ReactNode;
}): ReactNode {
  const { group, value, onChange } = props;
  const there = get(value, group.key) !== undefined;
  const toggle = (on: boolean): void => {
    const steps = given.document.steps.map((one): [string, string] => [one.id, one.name]);
    onChange(put(value, group.key, on ? BEGINS[group.key]?.(steps) : undefined), group.key);
  };
  return (
    <section className="fl-group">
      <label className="fl-check">
        <input type="checkbox" id={fieldId(`${group.key}-on`)} checked={there} onChange={(event) => toggle(event.target.checked)} />
        <span>{group.tick}</span>
      </label>
      {there && <div className="fl-inner">{props.children}</div>}
    </section>
  );
}

export const fieldId = (path: string): string => `fl-${path.replaceAll("/", "-")}`;

function Field(props: FieldProps): ReactNode {
  const { entry, troubles } = props;
  const id = fieldId(entry.path);
  const bad = troubles.length > 0;
  const described = [entry.help && `${id}-help`, bad && `${id}-bad`].filter(Boolean).join(" ") || undefined;
  const notes = (
    <>
      {entry.help && <p className="help" id={`${id}-help`}>{entry.help}</p>}
      {bad && <p className="err" id={`${id}-bad`}>{troubles.map((one) => one.message).join(" ")}</p>}
    </>
  );
  const said = (
    <>
      {entry.label}
      {entry.unit && <span className="optional"> {entry.unit}</span>}
      {props.fromLog && <span className="from-log">{t("from the log")}</span>}
    </>
  );
  if (entry.what === "flag") {
    return (
      <div className="field check">
        <label className="fl-check">
          <input type="checkbox" id={id} checked={Boolean(props.value)} onChange={(event) => props.onChange(event.target.checked)} />
          <span>{said}</span>
        </label>
        {notes}
      </div>
    );
  }
  const many = ["amount", "people", "classes", "months"].includes(entry.what);
  if (many) {
    return (
      <fieldset className={bad ? "field wrong" : "field"} aria-describedby={described}>
        <legend>{said}</legend>
        <Many {...props} id={id} />
        {notes}
      </fieldset>
    );
  }
  return (
    <div className={bad ? "field wrong" : "field"}>
      <label htmlFor={id}>{said}</label>
      <One {...props} id={id} bad={bad} described={described} />
      {notes}
    </div>
  );
}

function One(props: FieldProps & { id: string; bad: boolean; described: string | undefined }): ReactNode {
  const { entry, value, onChange, id } = props;
  const told = { id, "aria-invalid": props.bad || undefined, "aria-describedby": props.described };
  switch (entry.what) {
    case "int":
    case "number":
    case "share":
      return (
        <NumberBox
          {...told}
          value={value as number | undefined}
          times={entry.what === "share" ? 100 : 1}
          whole={entry.what === "int"}
          onChange={onChange}
        />
      );
    case "long":
    case "lines":
      return (
        <TextBox
          {...told}
          rows={3}
          value={entry.what === "lines" ? ((value ?? []) as string[]).join("\n") : String(value ?? "")}
          onChange={(text) => onChange(entry.what === "lines" ? split(text, "\n") : text)}
        />
      );
    case "list":
      return (
        <TextBox
          {...told}
          list="fl-platforms"
          value={((value ?? []) as string[]).join(", ")}
          onChange={(text) => onChange(split(text, ","))}
        />
      );
    case "choice":
    case "calendar":
    case "step":
    case "crew":
      return (
        <select {...told} value={String(value ?? "")} onChange={(event) => onChange(chosen(entry, event.target.value))}>
          {offered(props).map(([key, words]) => <option key={key} value={key}>{words}</option>)}
        </select>
      );
    default:
      return <TextBox {...told} list={entry.what === "skill" ? "fl-skills" : undefined} value={String(value ?? "")} onChange={onChange} />;
  }
}

const split = (text: string, by: string): string[] => text.split(by).map((one) => one.trim()).filter(Boolean);

const chosen = (entry: Entry, value: string): Value => (entry.what === "step" && value === "" ? undefined : value);

function offered({ entry, value, steps }: FieldProps): [string, string][] {
  if (entry.what === "choice") return entry.options;
  let found: [string, string][];
  if (entry.what === "crew") found = given.known.crews;
  else if (entry.what === "step") found = [["", "–"], ...steps];
  else found = [entry.elapsed ? [ELAPSED, t("day and night")] : ["", t("at any time")], ...given.known.calendars];
  const now = String(value ?? "");
  return now && !found.some(([key]) => key === now) ? [...found, [now, now]] : found;
}

/** Text that is kept as it is typed, and follows the document when something else changes it. */
export function TextBox(props: {
  id?: string;
  value: string;
  onChange: (text: string) => void;
  list?: string | undefined;
  rows?: number;
  "aria-label"?: string;
  "aria-invalid"?: boolean | undefined;
  "aria-describedby"?: string | undefined;
}): ReactNode {
  const { value, onChange, rows, ...told } = props;
  const [text, setText] = useState(value);
  const [sent, setSent] = useState(value);
  useEffect(() => {
    if (value !== sent) {
      setText(value);
      setSent(value);
    }
  }, [value, sent]);
  const write = (typed: string): void => {
    setText(typed);
    setSent(normal(typed, props.list));
    onChange(typed);
  };
  if (rows) return <textarea {...told} rows={rows} value={text} onChange={(event) => write(event.target.value)} />;
  return <input {...told} type="text" autoComplete="off" value={text} onChange={(event) => write(event.target.value)} />;
}

/** What comes back from the document for a typed text: lists lose what stands between their parts. */
const normal = (typed: string, list: string | undefined): string =>
  list === "fl-platforms" ? split(typed, ",").join(", ") : typed;

/** A number as it is typed; what is no number is marked and goes nowhere. */
export function NumberBox(props: {
  id?: string;
  value: number | undefined;
  times?: number;
  whole?: boolean;
  onChange: (value: number | undefined) => void;
  "aria-label"?: string;
  "aria-invalid"?: boolean | undefined;
  "aria-describedby"?: string | undefined;
}): ReactNode {
  const { value, times = 1, whole, onChange, ...told } = props;
  const shown = value === undefined ? "" : String(Number((value * times).toPrecision(10)));
  const [text, setText] = useState(shown);
  const read = (typed: string): number | undefined => (typed.trim() === "" ? undefined : Number(typed.replace(",", ".")));
  const now = read(text);
  const broken = now !== undefined && (!Number.isFinite(now) || (whole === true && !Number.isInteger(now)));
  useEffect(() => {
    const same = now === undefined ? value === undefined : value !== undefined && Math.abs(now - value * times) < 1e-9;
    if (!same && !broken) setText(shown);
    // Only what comes from outside is looked at: while it is typed, the text leads.
    // eslint-disable-next-line
  }, [shown]);
  const write = (typed: string): void => {
    setText(typed);
    const next = read(typed);
    if (next === undefined) onChange(undefined);
    else if (Number.isFinite(next) && (!whole || Number.isInteger(next))) onChange(next / times);
  };
  return (
    <input
      {...told}
      type="text"
      inputMode={whole ? "numeric" : "decimal"}
      autoComplete="off"
      aria-invalid={broken || told["aria-invalid"] || undefined}
      value={text}
      onChange={(event) => write(event.target.value)}
    />
  );
}

function Many(props: FieldProps & { id: string }): ReactNode {
  switch (props.entry.what) {
    case "amount":
      return <AmountBox {...props} />;
    case "people":
      return <PeopleBox {...props} />;
    case "months":
      return <MonthsBox {...props} />;
    default:
      return <ClassesBox {...props} />;
  }
}

function AmountBox({ entry, value, onChange, id }: FieldProps & { id: string }): ReactNode {
  const spread: Partial<Spread> =
    typeof value === "number" ? { kind: "fixed", mean: value } : ((value ?? { kind: "" }) as Partial<Spread>);
  const kind = given.kinds.find((one) => one.kind === spread.kind);
  const choose = (next: string): void => {
    if (!next) return onChange(undefined);
    if (next === spread.kind) return;
    const usual = spread.mean ?? spread.mode ?? spread.high ?? 1;
    if (next === "fixed") return onChange(usual);
    const told: Record<string, number> = { mean: usual, sd: usual / 2, low: usual / 2, mode: usual, high: usual * 2 };
    const needs = given.kinds.find((one) => one.kind === next)?.needs ?? [];
    onChange({ kind: next, ...Object.fromEntries(needs.map((part) => [part, told[part] ?? 0])) });
  };
  const set = (part: string, next: number | undefined): void => {
    if (spread.kind === "fixed") onChange(next);
    else onChange(put(spread as Plain, part, next));
  };
  const kinds = given.kinds.filter((one) => one.kind !== "quantiles" || spread.kind === "quantiles");
  return (
    <div className="parts">
      <div className="part">
        <label htmlFor={id}>{t("How")}</label>
        <select id={id} value={spread.kind ?? ""} onChange={(event) => choose(event.target.value)}>
          {!entry.needed && <option value="">{t("not at all")}</option>}
          {kinds.map((one) => <option key={one.kind} value={one.kind}>{one.label}</option>)}
        </select>
      </div>
      {partsOf(kind).map((part) =>
        part === "values" ? null : (
          <div className="part" key={part}>
            <label htmlFor={`${id}-${part}`}>{spread.kind === "fixed" ? t("Hours") : given.parts[part]}</label>
            <NumberBox id={`${id}-${part}`} value={spread[part] as number | undefined} onChange={(next) => set(part, next)} />
          </div>
        ),
      )}
    </div>
  );
}

/** The numbers of a kind: what it needs, and the ends at which one that has none of its own can be cut off. */
function partsOf(kind: { kind: string; needs: string[] } | undefined): string[] {
  if (!kind) return [];
  const cut = ["exponential", "normal", "lognormal", "gamma"].includes(kind.kind) ? ["low", "high"] : [];
  return [...kind.needs, ...cut];
}

function PeopleBox({ value, onChange }: FieldProps & { id: string }): ReactNode {
  const chosenPeople = (value ?? {}) as Record<string, number>;
  const names = new Map(given.known.people);
  const free = given.known.people.filter(([id]) => !(id in chosenPeople));
  const without = (who: string): Record<string, number> =>
    Object.fromEntries(Object.entries(chosenPeople).filter(([one]) => one !== who));
  return (
    <ul className="fl-rows">
      {Object.entries(chosenPeople).map(([who, speed]) => (
        <li key={who}>
          <span className="fl-name">{names.get(who) ?? who}</span>
          <NumberBox
            aria-label={t("Speed of {name}", { name: names.get(who) ?? who })}
            value={speed}
            onChange={(next) => next !== undefined && onChange({ ...chosenPeople, [who]: next })}
          />
          <button type="button" className="btn bare-act" onClick={() => onChange(without(who))}>{t("Remove")}</button>
        </li>
      ))}
      {free.length > 0 && (
        <li>
          <select aria-label={t("Add a person")} value="" onChange={(event) => event.target.value && onChange({ ...chosenPeople, [event.target.value]: 1 })}>
            <option value="">{t("Add a person")}</option>
            {free.map(([id, name]) => <option key={id} value={id}>{name}</option>)}
          </select>
        </li>
      )}
    </ul>
  );
}

function MonthsBox({ value, onChange }: FieldProps & { id: string }): ReactNode {
  const uid = useId();
  const seasons = value as number[] | undefined;
  if (!seasons) {
    return <button type="button" className="btn" onClick={() => onChange(Array<number>(12).fill(1))}>{t("Say it by month")}</button>;
  }
  return (
    <>
      <div className="parts months">
        {given.months.map((month, number) => (
          <div className="part" key={month}>
            <label htmlFor={`${uid}${number}`}>{month}</label>
            <NumberBox
              id={`${uid}${number}`}
              value={seasons[number]}
              onChange={(next) => next !== undefined && onChange(seasons.map((one, at) => (at === number ? next : one)))}
            />
          </div>
        ))}
      </div>
      <button type="button" className="btn bare-act" onClick={() => onChange(undefined)}>{t("The same all year")}</button>
    </>
  );
}

function ClassesBox({ value, onChange, classes }: FieldProps & { id: string }): ReactNode {
  const only = (value ?? []) as string[];
  const toggle = (id: string, on: boolean): void => onChange(classes.map(([one]) => one).filter((one) => (one === id ? on : only.includes(one))));
  return classes.map(([id, name]) => (
    <label className="fl-check" key={id}>
      <input type="checkbox" checked={only.includes(id)} onChange={(event) => toggle(id, event.target.checked)} />
      <span>{name}</span>
    </label>
  ));
}
