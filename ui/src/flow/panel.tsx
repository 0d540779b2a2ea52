// Beside the canvas: the form of what is selected, the kinds of work, the workflow as a whole.
import type { ReactNode } from "react";
import { hours } from "./cards";
import { NumberBox, Sheet } from "./fields";
import { type Trouble, given, t } from "./given";
import {
  type Step,
  type Way,
  type WorkClass,
  type Workflow,
  changeStep,
  changeWay,
  connect,
  nameOf,
  newId,
  removeClass,
  removeWay,
  waysFrom,
  withWays,
} from "./model";

export type Tab = "step" | "class" | "workflow";
export type Edit = (document: Workflow, key?: string) => void;

export interface PanelProps {
  document: Workflow;
  edit: Edit;
  tab: Tab;
  setTab: (tab: Tab) => void;
  chosen: string[];
  way: Way | undefined;
  choose: (ids: string[]) => void;
  troubles: Trouble[];
  acts: { add: () => void; duplicate: () => void; remove: () => void; insert: (from: string, to: string) => void };
}

export function Panel(props: PanelProps): ReactNode {
  const { tab, setTab, troubles } = props;
  const tabs: [Tab, string][] = [
    ["step", t("Steps")],
    ["class", t("What comes in")],
    ["workflow", t("Workflow")],
  ];
  return (
    <aside className="fl-panel" aria-label={t("Form")}>
      <h2 className="vh">{t("Form")}</h2>
      <div className="fl-tabs" role="tablist" aria-label={t("Form")}>
        {tabs.map(([key, words]) => (
          <button
            key={key}
            type="button"
            role="tab"
            id={`fl-tab-${key}`}
            aria-selected={tab === key}
            aria-controls="fl-tabpanel"
            onClick={() => setTab(key)}
          >
            {words}
            {troubles.some((one) => one.kind === key) && <span className="fl-dot" title={t("to be put right")} />}
          </button>
        ))}
      </div>
      <div className="fl-form" role="tabpanel" id="fl-tabpanel" aria-labelledby={`fl-tab-${tab}`}>
        {tab === "workflow" && <WorkflowForm {...props} />}
        {tab === "class" && <ClassForms {...props} />}
        {tab === "step" && <StepTab {...props} />}
      </div>
    </aside>
  );
}

const pairs = (rows: { id: string; name: string }[]): [string, string][] => rows.map((one) => [one.id, one.name]);

function WorkflowForm({ document, edit, troubles }: PanelProps): ReactNode {
  return (
    <Sheet
      groups={given.sheets.workflow}
      value={document}
      onChange={(next, path) => edit(next, `workflow ${path}`)}
      troubles={troubles.filter((one) => one.kind === "workflow")}
      steps={pairs(document.steps)}
      classes={pairs(document.classes)}
    />
  );
}

function ClassForms({ document, edit, troubles }: PanelProps): ReactNode {
  const change = (before: WorkClass, after: WorkClass, path: string): void => {
    let next = after;
    if (after.arrivals["origin"] === "log" && after.arrivals !== before.arrivals) {
      next = { ...after, arrivals: { ...after.arrivals, origin: "assumed" } };
    }
    const classes = document.classes.map((one) => (one.id === before.id ? next : one));
    edit({ ...document, classes }, `class ${before.id} ${path}`);
  };
  const add = (): void => {
    const name = t("Kind {n}", { n: document.classes.length + 1 });
    const id = newId(name, document.classes.map((one) => one.id), "work");
    edit({ ...document, classes: [...document.classes, { ...given.blank.class, id, name }] });
  };
  return (
    <>
      {document.classes.map((one) => (
        <div className="fl-class" key={one.id}>
          <Sheet
            groups={given.sheets.class}
            value={one}
            onChange={(next, path) => change(one, next, path)}
            troubles={troubles.filter((bad) => bad.kind === "class" && bad.id === one.id)}
            steps={pairs(document.steps)}
            classes={pairs(document.classes)}
          />
          <button type="button" className="btn bare-act" onClick={() => edit(removeClass(document, one.id))}>
            {t("Remove {name}", { name: one.name })}
          </button>
        </div>
      ))}
      <button type="button" className="btn" onClick={add}>{t("Another kind of work")}</button>
    </>
  );
}

function StepTab(props: PanelProps): ReactNode {
  const { document, chosen, way } = props;
  const [only] = chosen;
  const step = chosen.length === 1 ? document.steps.find((one) => one.id === only) : undefined;
  if (step) return <StepForm {...props} step={step} />;
  if (chosen.length > 1) return <ManyForm {...props} />;
  if (way) return <WayForm {...props} way={way} />;
  return <StepList {...props} />;
}

const TOUCHES = { human: "human", ai_assisted: "ai", automatic: "auto" } as const;

function StepList({ document, choose, troubles, acts }: PanelProps): ReactNode {
  return (
    <>
      <h3>{t("Steps")}</h3>
      {document.steps.length === 0 && <p className="help">{t("Add the first step, or double-click on the canvas.")}</p>}
      <ol className="fl-list">
        {document.steps.map((step) => (
          <li key={step.id}>
            <button type="button" onClick={() => choose([step.id])}>
              <span className={`touch ${step.gate ? "auto" : TOUCHES[step.touch]}`}>{step.name}</span>
              <span className="quiet">
                {troubles.some((one) => one.kind === "step" && one.id === step.id) ? t("to be put right") : step.gate ? "" : hours(step.effort)}
              </span>
            </button>
          </li>
        ))}
      </ol>
      <button type="button" className="btn" onClick={acts.add}>{t("Add a step")}</button>
      <ul className="fl-keys">
        {KEYS.map(([keys, words]) => (
          <li key={keys}><kbd>{keys}</kbd> {t(words)}</li>
        ))}
      </ul>
    </>
  );
}

/** Keys and what they do; the words stand in the server's list as well. */
const KEYS: [string, string][] = [
  ["N", "New step after the selected one"],
  ["Enter", "Select; once more, go to its form"],
  ["Del", "Remove"],
  ["Ctrl Z", "Undo"],
  ["Ctrl Shift Z", "Redo"],
  ["Ctrl C, V", "Copy and paste"],
  ["Ctrl D", "Duplicate"],
  ["Shift", "Drag to select several"],
];

function ManyForm({ chosen, acts }: PanelProps): ReactNode {
  return (
    <div className="fl-group">
      <h3>{t("{n} steps", { n: chosen.length })}</h3>
      <p className="help">{t("Drag them together; copy, duplicate or remove them.")}</p>
      <div className="row">
        <button type="button" className="btn" onClick={acts.duplicate}>{t("Duplicate")}</button>
        <button type="button" className="btn danger" onClick={acts.remove}>{t("Remove")}</button>
      </div>
    </div>
  );
}

function WayForm({ document, edit, way, acts, choose }: PanelProps & { way: Way }): ReactNode {
  const drawn = withWays(document);
  const chance = document.steps.find((one) => one.id === way.from)?.split === "one";
  return (
    <div className="fl-group">
      <h3>{t("{a} to {b}", { a: nameOf(document, way.from), b: nameOf(document, way.to) })}</h3>
      {way.origin === "log" && <p className="from-log">{t("from the log")}</p>}
      {chance && <Chance document={drawn} edit={edit} way={way} id="fl-way-share" label={t("How often")} />}
      <div className="field">
        <label htmlFor="fl-way-most">{t("At most so often for one item")}</label>
        <NumberBox
          id="fl-way-most"
          whole
          value={way.at_most || undefined}
          onChange={(next) => edit(changeWay(drawn, way.from, way.to, { at_most: next ?? 0 }), `way ${way.from} ${way.to} most`)}
        />
        <p className="help">{t("For a way that leads back; left open: no limit.")}</p>
      </div>
      <div className="row">
        <button type="button" className="btn" onClick={() => acts.insert(way.from, way.to)}>{t("Add a step here")}</button>
        <button type="button" className="btn" onClick={() => choose([way.from])}>{nameOf(document, way.from)}</button>
        <button type="button" className="btn danger" onClick={acts.remove}>{t("Remove")}</button>
      </div>
    </div>
  );
}

function Chance(props: { document: Workflow; edit: Edit; way: Way; id: string; label: string }): ReactNode {
  const { document, edit, way } = props;
  return (
    <div className="field">
      <label htmlFor={props.id}>{props.label}<span className="optional"> %</span></label>
      <NumberBox
        id={props.id}
        times={100}
        value={way.probability}
        onChange={(next) =>
          edit(
            changeWay(document, way.from, way.to, { probability: next } as Partial<Way>),
            `way ${way.from} ${way.to} share`,
          )
        }
      />
    </div>
  );
}

function StepForm(props: PanelProps & { step: Step }): ReactNode {
  const { document, edit, step, troubles, acts } = props;
  const own = troubles.filter((one) => one.kind === "step" && one.id === step.id);
  const loose = own.filter((one) => !one.path || one.path === "id");
  const [first, ...rest] = given.sheets.step;
  const sheet = (groups: typeof rest): ReactNode => (
    <Sheet
      groups={groups}
      value={step}
      onChange={(next, path) => edit(changeStep(document, step.id, () => next), `step ${step.id} ${path}`)}
      troubles={own}
      steps={pairs(document.steps)}
      classes={pairs(document.classes)}
    />
  );
  return (
    <div key={step.id}>
      {loose.map((one) => <p className="err" key={one.code}>{one.message} {one.remedy}</p>)}
      {first && sheet([first])}
      <Onward {...props} troubles={own} />
      {sheet(rest)}
      <div className="row fl-end">
        <button type="button" className="btn" onClick={acts.duplicate}>{t("Duplicate")}</button>
        <button type="button" className="btn danger" onClick={acts.remove}>{t("Remove")}</button>
      </div>
    </div>
  );
}

/** Where the work goes from a step: ways to add, remove, and give a share. */
function Onward({ document, edit, step, troubles }: PanelProps & { step: Step }): ReactNode {
  const drawn = withWays(document);
  const out = waysFrom(drawn, step.id);
  const free = document.steps.filter((one) => one.id !== step.id && !out.some((way) => way.to === one.id));
  const chosen = step.split === "one" && out.length > 0;
  return (
    <section className="fl-group">
      <h3>{t("Then")}</h3>
      {out.length === 0 && <p className="help">{t("Nothing: the work is done here.")}</p>}
      <ul className="fl-rows">
        {out.map((way) => (
          <li key={way.to}>
            <span className="fl-name">{nameOf(document, way.to)}</span>
            {chosen && (
              <NumberBox
                aria-label={t("How often to {name}, %", { name: nameOf(document, way.to) })}
                times={100}
                value={way.probability}
                onChange={(next) =>
                  edit(changeWay(drawn, way.from, way.to, { probability: next } as Partial<Way>), `way ${way.from} ${way.to} share`)
                }
              />
            )}
            {chosen && <span className="quiet">%</span>}
            <button
              type="button"
              className="btn bare-act"
              aria-label={t("Remove the way to {name}", { name: nameOf(document, way.to) })}
              onClick={() => edit(removeWay(drawn, way.from, way.to))}
            >
              {t("Remove")}
            </button>
          </li>
        ))}
        {free.length > 0 && (
          <li>
            <select
              aria-label={t("Add a way to")}
              value=""
              onChange={(event) => event.target.value && edit(connect(drawn, step.id, event.target.value))}
            >
              <option value="">{t("Add a way to")}</option>
              {free.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}
            </select>
          </li>
        )}
      </ul>
      {troubles.filter((one) => one.path === "ways").map((one) => <p className="err" key={one.pointer}>{one.message}</p>)}
    </section>
  );
}
