// The bar above the canvas, the problems below it, and the dialog that saves.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { type Refusal, type Trouble, given, send, t } from "./given";
import type { Lanes } from "./layout";
import { type Workflow, settleIds } from "./model";

export function Toolbar(props: {
  lanes: Lanes;
  setLanes: (lanes: Lanes) => void;
  add: () => void;
  undo: (() => void) | undefined;
  redo: (() => void) | undefined;
  tidy: (() => void) | undefined;
  drop: (() => void) | undefined;
  zoomIn: () => void;
  zoomOut: () => void;
  fit: () => void;
  wrong: number;
}): ReactNode {
  const lanes: [Lanes, string][] = [
    ["role", t("by role")],
    ["platform", t("by platform")],
  ];
  return (
    <div className="fl-bar" role="toolbar" aria-label={t("Canvas")}>
      <button type="button" className="btn" onClick={props.add} aria-keyshortcuts="N"><Sign d="M8 3v10M3 8h10" />{t("Add a step")}</button>
      <span className="fl-pair">
        <button type="button" className="btn icon-only" onClick={props.undo} disabled={!props.undo} aria-label={t("Undo")} title={t("Undo")} aria-keyshortcuts="Control+Z">
          <Sign d="M6 3.5 3 6.5l3 3M3 6.500h6.500a3.500 3.500 0 0 1 0 7H7" />
        </button>
        <button type="button" className="btn icon-only" onClick={props.redo} disabled={!props.redo} aria-label={t("Redo")} title={t("Redo")} aria-keyshortcuts="Control+Shift+Z">
          <Sign d="M10 3.500l3 3-3 3M13 6.500H6.500a3.500 3.500 0 0 0 0 7H9" />
        </button>
      </span>
      <fieldset className="fl-switch">
        <legend>{t("Lanes")}</legend>
        {lanes.map(([key, words]) => (
          <label key={key}>
            <input type="radio" name="lanes" checked={props.lanes === key} onChange={() => props.setLanes(key)} />
            <span>{words}</span>
          </label>
        ))}
      </fieldset>
      {props.tidy && <button type="button" className="btn bare-act" onClick={props.tidy}>{t("Tidy up")}</button>}
      {props.drop && (
        <button type="button" className="btn bare-act fl-drop" onClick={props.drop} data-confirm-do={t("Throw it away")}>
          {t("Back to version {n}", { n: given.base })}
        </button>
      )}
      {props.wrong > 0 && (
        <button type="button" className="btn bare-act fl-wrong" onClick={() => document.querySelector(".fl-problems")?.scrollIntoView({ block: "end" })}>
          <Sign d="M8 2 14.500 13.500h-13ZM8 6.500v3M8 11.500v.1" />
          {props.wrong === 1 ? t("One thing to put right") : t("{n} things to put right", { n: props.wrong })}
        </button>
      )}
      <span className="fl-key end">
        <span className="touch human">{t("a person")}</span>
        <span className="touch ai">{t("with AI")}</span>
        <span className="touch auto">{t("automatic")}</span>
      </span>
      <span className="fl-pair">
        <button type="button" className="btn icon-only" onClick={props.zoomOut} aria-label={t("Smaller")} title={t("Smaller")}><Sign d="M3 8h10" /></button>
        <button type="button" className="btn" onClick={props.fit}>{t("Fit")}</button>
        <button type="button" className="btn icon-only" onClick={props.zoomIn} aria-label={t("Larger")} title={t("Larger")}><Sign d="M8 3v10M3 8h10" /></button>
      </span>
    </div>
  );
}

function Sign({ d }: { d: string }): ReactNode {
  return <svg className="ico" viewBox="0 0 16 16" aria-hidden="true"><path d={d} /></svg>;
}

export function Problems({ troubles, goTo }: { troubles: Trouble[]; goTo: (trouble: Trouble) => void }): ReactNode {
  return (
    <section className="fl-problems" aria-label={t("Problems")}>
      <p role="status" className={troubles.length ? "fl-count" : "fl-count good"}>
        {troubles.length === 0
          ? t("Nothing is wrong.")
          : troubles.length === 1
            ? t("One thing to put right")
            : t("{n} things to put right", { n: troubles.length })}
      </p>
      {troubles.length > 0 && (
        <ul>
          {troubles.map((one) => (
            <li key={`${one.pointer} ${one.code}`} className={one.stops ? "stops" : "warns"}>
              <Sign d="M8 2 14.500 13.500h-13ZM8 6.500v3M8 11.500v.1" />
              <button type="button" onClick={() => goTo(one)}>{one.message}</button>
              {one.remedy && <span className="quiet">{one.remedy}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

export function SaveDialog(props: {
  document: Workflow;
  saved: Workflow;
  base: number;
  troubles: Trouble[];
  close: () => void;
  done: (version: number, document: Workflow) => void;
}): ReactNode {
  const box = useRef<HTMLDialogElement>(null);
  const [reason, setReason] = useState("");
  const [refused, setRefused] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const [base, setBase] = useState(props.base);
  useEffect(() => box.current?.showModal(), []);
  const save = (): void => {
    setBusy(true);
    const document = settleIds(props.document, props.saved);
    send<{ version: number }>(given.urls.save, { document, reason, base })
      .then((answer) => props.done(answer.version, document))
      .catch((error: Refusal) => {
        setRefused(error);
        if (error.newest !== undefined) setBase(error.newest);
      })
      .finally(() => setBusy(false));
  };
  const stops = props.troubles.filter((one) => one.stops);
  return (
    <dialog ref={box} className="dialog fl-save" onClose={props.close} aria-labelledby="fl-save-head">
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <h2 id="fl-save-head">{t("Save")}</h2>
        {stops.length > 0 && !refused && (
          <p className="err">{t("{n} things have to be put right first.", { n: stops.length })}</p>
        )}
        {refused && (
          <div className="summary" role="alert">
            <p><b>{refused.detail || refused.title}</b> {refused.errors.length === 0 && refused.remedy}</p>
            {refused.errors.length > 0 && (
              <ul>
                {refused.errors.map((one, number) => <li key={number}>{one.message} {one.remedy}</li>)}
              </ul>
            )}
          </div>
        )}
        <div className="field">
          <label htmlFor="fl-reason">{t("What changes, and why")}<span className="optional"> {t("(optional)")}</span></label>
          <textarea id="fl-reason" rows={3} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />
        </div>
        <p className="will">{t("It becomes a new version and is in force at once; the ones before stay in the history.")}</p>
        <div className="row">
          <button className="btn main-act" disabled={busy} aria-busy={busy || undefined}>{t("Save and put in force")}</button>
          <button type="button" className="btn bare-act" onClick={props.close}>{t("Leave it")}</button>
        </div>
      </form>
    </dialog>
  );
}
