// The editor: canvas and form of one document, with undo, copies, problems as one types, and saving.
import {
  Background,
  BackgroundVariant,
  type Connection,
  type FinalConnectionState,
  MarkerType,
  type NodeChange,
  type EdgeChange,
  ReactFlow,
  ReactFlowProvider,
  applyEdgeChanges,
  applyNodeChanges,
  SelectionMode,
  useReactFlow,
  useStoreApi,
} from "@xyflow/react";
import { type ReactNode, useCallback, useEffect, useLayoutEffect, useMemo, useReducer, useRef, useState } from "react";
import { createPortal } from "react-dom";
import { Bands, Card, type CardNode, type WayEdge, WayLine, holds, hours } from "./cards";
import { fieldId } from "./fields";
import { ask } from "../confirm";
import { type Refusal, type Trouble, csrf, given, send, t } from "./given";
import { begin, turn } from "./history";
import { CARD, type Lanes, type Layout, arrange, bandAt, laneOf, sizeOf } from "./layout";
import {
  type Copied,
  type Step,
  type Workflow,
  addStep,
  changeStep,
  connect,
  copied,
  meanOf,
  newId,
  paste,
  removeSteps,
  removeWay,
  setRework,
  settleIds,
  stepIds,
  stepOf,
  waysFrom,
  waysTo,
  withWays,
} from "./model";
import { Panel, type Tab } from "./panel";
import { type Boxes, bendOf, boxesOf } from "./routes";
import { Problems, SaveDialog, Toolbar } from "./parts";

const NODES = { step: Card };
const EDGES = { way: WayLine };
const CHECK_MS = 350;
const KEEP_MS = 1200;
const CLIPBOARD = "marops_steps";

export function Editor(): ReactNode {
  return (
    <ReactFlowProvider>
      <Drawing />
    </ReactFlowProvider>
  );
}

function Drawing(): ReactNode {
  const [history, dispatch] = useReducer(turn, given.document, begin);
  const [saved, setSaved] = useState({ document: given.document, base: given.base, version: given.base });
  const [lanes, setLanes] = useState<Lanes>("role");
  const [tab, setTab] = useState<Tab>("step");
  const [chosen, setChosen] = useState<string[]>([]);
  const [chosenWay, setChosenWay] = useState("");
  const [saving, setSaving] = useState(false);
  const [said, setSaid] = useState("");
  const flow = useReactFlow<CardNode, WayEdge>();
  const document_ = history.now;
  const dirty = document_ !== saved.document;
  // A sketch is kept, so leaving loses nothing, but it is not saved either.
  const unsaved = dirty || (given.sketched && saved.document === given.document);
  const troubles = useTroubles(document_);
  const layout = useLayout(document_, lanes);

  const edit = useCallback((document: Workflow, key?: string) => {
    dispatch({ act: "change", document, time: Date.now(), ...(key ? { key } : {}) });
  }, []);
  const choose = useCallback((ids: string[]) => {
    setChosen(ids);
    setChosenWay("");
    setTab("step");
  }, []);

  const way = withWays(document_).ways.find((one) => wayId(one) === chosenWay);
  const acts = useActs({ document: document_, edit, chosen, choose, way, layout, setChosenWay });
  useKeys({ acts, dispatch, chosen, chosenWay, all: () => choose(stepIds(document_)), save: () => setSaving(true) });
  const kept = useKept(document_, saved.document, saving);
  useLeaving(dirty && !kept);
  useOutlineLink(document_, saved.document, dirty, setSaid);

  /** To what a problem is about: its step or tab, and the field. */
  const goTo = (trouble: Trouble): void => {
    if (trouble.kind === "step" && stepOf(document_, trouble.id)) {
      choose([trouble.id]);
    } else {
      setTab(trouble.kind);
      if (trouble.kind === "step") choose([]);
    }
    setTimeout(() => focusField(trouble.path), 60);
  };

  useEffect(() => {
    const heading = document.querySelector(".title h1");
    if (heading) heading.textContent = document_.title || given.slug;
  }, [document_.title]);

  return (
    <>
      <Acts dirty={unsaved} kept={kept} saved={saved.version} said={said} stops={troubles.some((one) => one.stops)} save={() => setSaving(true)} />
      <Toolbar
        lanes={lanes}
        setLanes={setLanes}
        add={acts.add}
        undo={history.past.length ? () => dispatch({ act: "undo" }) : undefined}
        redo={history.ahead.length ? () => dispatch({ act: "redo" }) : undefined}
        drop={given.sketched && given.base > 0 ? dropSketch : undefined}
        tidy={document_.steps.some((step) => step.at) ? acts.tidy : undefined}
        zoomIn={() => void flow.zoomIn({ duration: 120 })}
        zoomOut={() => void flow.zoomOut({ duration: 120 })}
        wrong={troubles.length}
        fit={() => void flow.fitView({ duration: 150, padding: 0.08, maxZoom: 1 })}
      />
      <div className="fl-work">
        <Canvas
          document={document_}
          layout={layout}
          lanes={lanes}
          troubles={troubles}
          edit={edit}
          chosen={chosen}
          chosenWay={chosenWay}
          setChosen={setChosen}
          setChosenWay={setChosenWay}
          setTab={setTab}
          acts={acts}
        />
        <Panel
          document={document_}
          edit={edit}
          tab={tab}
          setTab={setTab}
          chosen={chosen}
          way={way}
          choose={choose}
          troubles={troubles}
          acts={acts}
        />
      </div>
      <Problems troubles={troubles} goTo={goTo} />
      <datalist id="fl-skills">{skillsOf(document_).map((one) => <option key={one} value={one} />)}</datalist>
      <datalist id="fl-platforms">{given.known.platforms.map((one) => <option key={one} value={one} />)}</datalist>
      {saving && (
        <SaveDialog
          document={document_}
          saved={saved.document}
          base={saved.base}
          troubles={troubles}
          close={() => setSaving(false)}
          done={(version, settled) => {
            dispatch({ act: "replace", document: settled });
            setSaved({ document: settled, base: version, version });
            choose([]);
            setSaid(t("Version {n} is saved and in force.", { n: version }));
            setSaving(false);
          }}
        />
      )}
    </>
  );
}

const wayId = (way: { from: string; to: string }): string => `${way.from} ${way.to}`;

const skillsOf = (document: Workflow): string[] =>
  [...new Set([...given.known.skills, ...document.steps.map((step) => step.skill)])].filter(Boolean);

function focusField(path: string): void {
  const parts = path.split("/");
  for (let count = parts.length; count > 0; count -= 1) {
    const field = document.getElementById(fieldId(parts.slice(0, count).join("/")));
    if (field) {
      field.focus();
      field.scrollIntoView({ block: "nearest" });
      return;
    }
  }
}

/** What is wrong with the document, asked a moment after it last changed. */
function useTroubles(document: Workflow): Trouble[] {
  const [found, setFound] = useState(given.troubles);
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const stop = new AbortController();
    const timer = setTimeout(() => {
      send<{ items: Trouble[] }>(given.urls.check, { document }, stop.signal)
        .then((answer) => setFound(answer.items))
        .catch(() => undefined); // A check that fails is asked again with the next change; saving checks once more.
    }, CHECK_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [document]);
  return found;
}

/** Where the cards stand, worked out anew only when something that moves them has changed. */
function useLayout(document: Workflow, lanes: Lanes): Layout {
  const shape = JSON.stringify([
    document.steps.map((step) => [step.id, step.gate, step.at, laneOf(step, lanes)]),
    document.ways.map((way) => [way.from, way.to]),
  ]);
  // eslint-disable-next-line
  return useMemo(() => arrange(document, lanes), [shape, lanes]);
}

interface ActsGiven {
  document: Workflow;
  edit: (document: Workflow, key?: string) => void;
  chosen: string[];
  choose: (ids: string[]) => void;
  way: { from: string; to: string } | undefined;
  layout: Layout;
  setChosenWay: (id: string) => void;
}

interface Made {
  add: () => void;
  addAt: (x: number, y: number, from?: string) => void;
  insert: (from: string, to: string) => void;
  remove: () => void;
  duplicate: () => void;
  copy: () => boolean;
  paste: () => void;
  tidy: () => void;
}

function useActs({ document, edit, chosen, choose, way, layout, setChosenWay }: ActsGiven): Made {
  const fresh = (skill = "", touch: Step["touch"] = "human"): Step => {
    const name = t("Step {n}", { n: document.steps.length + 1 });
    return { ...given.blank.step, id: newId(name, stepIds(document), "step"), name, skill, touch };
  };
  const put = (made: Workflow, id: string): void => {
    edit(made);
    choose([id]);
    focusName();
  };
  const put_in = (from: Copied): void => {
    if (!from.steps.length) return;
    const [made, ids] = paste(withWays(document), from, (name) => t("{name}, copy", { name }));
    edit(made);
    choose(ids);
  };
  return {
    add: () => {
      const after = chosen.length === 1 ? chosen[0] : endOf(document);
      const step = fresh(after ? stepOf(document, after)?.skill : "");
      put(addStep(withWays(document), step, after ?? ""), step.id);
    },
    addAt: (x, y, from) => {
      const band = bandAt(layout, y);
      const lane = band?.key.startsWith("s:") ? band.label : "";
      const step = { ...fresh(lane, band?.key === "auto" ? "automatic" : "human"), at: [x, y] as [number, number] };
      put(addStep(withWays(document), step, from ?? ""), step.id);
    },
    insert: (from, to) => {
      const step = fresh(stepOf(document, from)?.skill);
      put(addStep(withWays(document), step, from, to), step.id);
    },
    remove: () => {
      if (chosen.length) {
        edit(removeSteps(withWays(document), chosen));
        choose([]);
      } else if (way) {
        const step = stepOf(document, way.from);
        const back = step?.rework && wayId({ from: "rework", to: step.id }) === wayId(way);
        if (!back) edit(removeWay(withWays(document), way.from, way.to));
        setChosenWay("");
      }
    },
    duplicate: () => put_in(copied(withWays(document), new Set(chosen))),
    copy: () => {
      if (!chosen.length) return false;
      sessionStorage.setItem(CLIPBOARD, JSON.stringify(copied(withWays(document), new Set(chosen))));
      return true;
    },
    paste: () => {
      const kept = sessionStorage.getItem(CLIPBOARD);
      if (kept) put_in(JSON.parse(kept) as Copied);
    },
    tidy: () => {
      const steps = document.steps.map((step) => {
        const { at: _at, ...rest } = step;
        return rest as Step;
      });
      edit({ ...document, steps });
    },
  };
}

/** The step that a new one naturally follows: the only one that nothing comes after. */
function endOf(document: Workflow): string | undefined {
  const drawn = withWays(document);
  const ends = document.steps.filter((step) => waysFrom(drawn, step.id).length === 0);
  return ends.length === 1 ? ends[0]?.id : undefined;
}

function focusName(after = 40): void {
  setTimeout(() => {
    const box = document.getElementById(fieldId("name")) as HTMLInputElement | null;
    box?.focus();
    box?.select();
  }, after);
}

function useKeys(told: {
  acts: Made;
  dispatch: (act: { act: "undo" } | { act: "redo" }) => void;
  chosen: string[];
  chosenWay: string;
  all: () => void;
  save: () => void;
}): void {
  const latest = useRef(told);
  latest.current = told;
  useEffect(() => {
    // What was selected before this key: React Flow has seen it by the time it comes here.
    let before: string[] = [];
    const first = (): void => {
      before = latest.current.chosen;
    };
    const onKey = (event: KeyboardEvent): void => {
      const { acts, dispatch, chosen, chosenWay, all, save } = latest.current;
      const target = event.target as HTMLElement;
      const writing = target.matches("input:not([type=checkbox], [type=radio]), textarea, select") || target.isContentEditable;
      const command = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (document.querySelector("dialog[open]")) return;
      if (command && key === "s") {
        event.preventDefault();
        save();
        return;
      }
      if (key === "escape" && target.closest(".fl-panel") && chosen.length === 1) {
        document.querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(chosen[0]!)}"]`)?.focus();
        return;
      }
      if (writing) return;
      const here = target.classList.contains("react-flow__node") ? target.dataset["id"] : undefined;
      if ((key === "enter" || key === "f2") && here && before.length === 1 && before[0] === here) {
        event.preventDefault();
        focusName(0);
        return;
      }
      const plain = !command && !event.altKey;
      const single = plain && document.documentElement.dataset["keys"] !== "off";
      const done = ((): boolean => {
        if (command && key === "z") dispatch({ act: event.shiftKey ? "redo" : "undo" });
        else if (command && key === "y") dispatch({ act: "redo" });
        else if (command && key === "c") return acts.copy();
        else if (command && key === "x") {
          if (!acts.copy()) return false;
          acts.remove();
        } else if (command && key === "v") acts.paste();
        else if (command && key === "d") acts.duplicate();
        else if (command && key === "a") all();
        else if (plain && (key === "delete" || key === "backspace") && (chosen.length || chosenWay)) acts.remove();
        else if (single && key === "n") acts.add();
        else return false;
        return true;
      })();
      if (done) event.preventDefault();
    };
    document.addEventListener("keydown", first, { capture: true });
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", first, { capture: true });
      document.removeEventListener("keydown", onKey);
    };
  }, []);
}

/** What is drawn is kept and the page about to go: nothing to ask about. */
let going = false;

/** What is drawn is kept as a sketch a moment after it last changed, so that nothing is lost with the page. Is it? */
function useKept(document_: Workflow, saved: Workflow, paused: boolean): boolean {
  const [kept, setKept] = useState(saved);
  useEffect(() => setKept(saved), [saved]);
  useEffect(() => {
    if (document_ === kept || paused) return;
    const timer = setTimeout(() => {
      if (going) return;
      send(given.urls.sketch, { document: settleIds(document_, saved) })
        .then(() => setKept(document_))
        .catch(() => undefined); // What cannot be kept as it is may be after the next change; leaving asks meanwhile.
    }, KEEP_MS);
    return () => clearTimeout(timer);
  }, [document_, kept, saved, paused]);
  return document_ === kept;
}

/** The browser asks before a page with unsaved changes is left. */
function useLeaving(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent): void => {
      if (!going) event.preventDefault();
    };
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [dirty]);
}

/** The link to the outline takes along what is drawn. */
function useOutlineLink(document_: Workflow, saved: Workflow, dirty: boolean, say: (words: string) => void): void {
  useEffect(() => {
    const link = document.getElementById("to-outline");
    if (!link || !dirty) return;
    const go = (event: Event): void => {
      event.preventDefault();
      send(given.urls.sketch, { document: settleIds(document_, saved) })
        .then(() => {
          going = true;
          location.assign(given.urls.outline);
        })
        .catch((refused: Refusal) => say(refused.errors[0]?.message ?? refused.detail ?? refused.title));
    };
    link.addEventListener("click", go);
    return () => link.removeEventListener("click", go);
  });
}

/** Throws the sketch away, after asking; the page then shows what is saved. */
function dropSketch(): void {
  const asker = document.querySelector(".fl-drop") ?? document.body;
  void ask(t("What you changed since the last save is lost."), asker).then((yes) => {
    if (!yes) return;
    going = true;
    const body = new URLSearchParams({ act: "drop" });
    void fetch(given.urls.outline, { method: "POST", body, headers: { "x-csrftoken": csrf } }).then(() => location.reload());
  });
}

function Acts(props: { dirty: boolean; kept: boolean; saved: number; said: string; stops: boolean; save: () => void }): ReactNode {
  const place = document.getElementById("flow-acts");
  if (!place) return null;
  const sketch = props.kept ? t("Kept as your sketch, not saved") : t("Not saved");
  const state = props.dirty ? sketch : props.said || (props.saved ? t("Version {n}", { n: props.saved }) : t("Not saved yet"));
  return createPortal(
    <>
      <span className={props.dirty ? "pill warn" : "pill draft"} role="status">{state}</span>
      <button type="button" className="btn main-act" onClick={props.save}>{t("Save")}</button>
    </>,
    place,
  );
}

interface CanvasProps {
  document: Workflow;
  layout: Layout;
  lanes: Lanes;
  troubles: Trouble[];
  edit: (document: Workflow, key?: string) => void;
  chosen: string[];
  chosenWay: string;
  setChosen: (ids: string[] | ((before: string[]) => string[])) => void;
  setChosenWay: (id: string) => void;
  setTab: (tab: Tab) => void;
  acts: Made;
}

function Canvas(props: CanvasProps): ReactNode {
  const { document: drawing, layout, lanes, troubles, edit, chosen, chosenWay, acts } = props;
  const flow = useReactFlow<CardNode, WayEdge>();
  const store = useStoreApi();
  const [nodes, setNodes] = useState<CardNode[]>([]);
  const [edges, setEdges] = useState<WayEdge[]>([]);
  const drawn = useMemo(() => withWays(drawing), [drawing]);
  const marked = useMemo(() => marksOf(troubles), [troubles]);

  useLayoutEffect(() => {
    setNodes((before) => {
      const made = nodesOf(drawn, layout, chosen, marked, new Map(before.map((one) => [one.id, one])));
      return kept(made, before, sameCard);
    });
  }, [drawn, layout, chosen, marked]);
  const insert = useRef(acts.insert);
  insert.current = acts.insert;
  const boxes = useMemo(() => boxesOf(drawn, layout), [layout]); // gates and cards alike: the layout knows of every change
  useLayoutEffect(() => {
    const made = edgesOf(drawn, boxes, chosenWay, (from, to) => insert.current(from, to));
    setEdges((before) => kept(made, before, (a, b) => a.ariaLabel === b.ariaLabel && sameLine(a, b)));
  }, [drawn, boxes, chosenWay]);
  useFitting(flow, layout, chosen);

  const onNodesChange = (changes: NodeChange<CardNode>[]): void => {
    setNodes((before) => applyNodeChanges(changes, before));
    const picks = changes.filter((change) => change.type === "select");
    if (picks.length) {
      props.setChosen((before) => {
        const next = new Set(before);
        for (const pick of picks) pick.selected ? next.add(pick.id) : next.delete(pick.id);
        return [...next];
      });
      if (picks.some((pick) => pick.selected)) {
        props.setChosenWay("");
        props.setTab("step");
      }
    }
    const moved = changes.filter((change) => change.type === "position" && change.dragging === false && change.position);
    // Keys move a card without dragging it: React Flow then sends the place alone.
    if (moved.length) land(moved.map((change) => change as { id: string; position: { x: number; y: number } }));
  };
  const land = (moved: { id: string; position: { x: number; y: number } }[]): void => {
    let made = drawing;
    for (const { id, position } of moved) {
      const before = layout.places.get(id);
      if (before && Math.hypot(before.x - position.x, before.y - position.y) < 2) continue;
      made = changeStep(made, id, (step) => placed(step, position, layout, lanes));
    }
    edit(made, moved.length === 1 ? `move ${moved[0]?.id}` : "move");
  };
  const onEdgesChange = (changes: EdgeChange<WayEdge>[]): void => {
    setEdges((before) => applyEdgeChanges(changes, before));
    for (const change of changes) {
      // A frame drawn around cards also catches the ways between them; the cards are what is meant.
      if (change.type !== "select" || store.getState().userSelectionActive) continue;
      if (change.selected) pickWay(change.id);
      else if (change.id === chosenWay) props.setChosenWay("");
    }
  };
  const pickWay = (id: string): void => {
    const [kind, from] = id.split(" ");
    if (kind === "rework" && from) {
      props.setChosen([from]);
      props.setChosenWay("");
    } else {
      props.setChosen([]);
      props.setChosenWay(id);
    }
    props.setTab("step");
  };
  const onConnect = ({ source, target, sourceHandle }: Connection): void => {
    if (source === target) return;
    if (sourceHandle === "back") edit(setRework(drawn, source, target));
    else edit(connect(drawn, source, target));
  };
  const onConnectEnd = (event: MouseEvent | TouchEvent, state: FinalConnectionState): void => {
    if (state.isValid || !state.fromNode || state.fromHandle?.type !== "source") return;
    const at = "changedTouches" in event ? event.changedTouches[0] : event;
    if (!at) return;
    // Anywhere on a card is as good as its edge; beside all cards a new step begins there.
    const over = document.elementFromPoint(at.clientX, at.clientY)?.closest<HTMLElement>(".react-flow__node")?.dataset["id"];
    if (over) {
      onConnect({ source: state.fromNode.id, target: over, sourceHandle: state.fromHandle.id ?? "", targetHandle: "in" });
      return;
    }
    if (state.fromHandle.id !== "out") return;
    const { x, y } = flow.screenToFlowPosition({ x: at.clientX, y: at.clientY });
    acts.addAt(x, y - CARD.height / 2, state.fromNode.id);
  };
  const onDoubleClick = (event: React.MouseEvent): void => {
    if (!(event.target as Element).classList.contains("react-flow__pane")) return;
    const { x, y } = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    acts.addAt(x - CARD.width / 2, y - CARD.height / 2);
  };
  return (
    <div className="fl-canvas" onDoubleClick={onDoubleClick}>
      <ReactFlow<CardNode, WayEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODES}
        edgeTypes={EDGES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onConnect={onConnect}
        onConnectEnd={onConnectEnd}
        isValidConnection={(one) => one.source !== one.target}
        deleteKeyCode={null}
        zoomOnDoubleClick={false}
        selectionKeyCode="Shift"
        selectionMode={SelectionMode.Partial}
        multiSelectionKeyCode={["Control", "Meta"]}
        minZoom={0.2}
        maxZoom={1.6}
        onInit={(made) => beginAt(made, layout)}
        connectionRadius={36}
        ariaLabelConfig={LABELS}
        disableKeyboardA11y={false}
        zIndexMode="basic"
      >
        <Bands layout={layout} />
        <Background variant={BackgroundVariant.Dots} gap={24} size={1} />
      </ReactFlow>
      {drawing.steps.length === 0 && (
        <div className="fl-empty">
          <p>{t("Add the first step, or double-click on the canvas.")}</p>
          <button type="button" className="btn main-act" onClick={acts.add}>{t("Add a step")}</button>
        </div>
      )}
    </div>
  );
}

const LABELS = {
  "node.a11yDescription.default": t("Enter selects the step, arrows move it, Delete removes it, Escape leaves it."),
  "node.a11yDescription.keyboardDisabled": t("Enter selects the step, arrows move it, Delete removes it, Escape leaves it."),
  "edge.a11yDescription.default": t("Enter selects the way, Delete removes it, Escape leaves it."),
  "handle.ariaLabel": t("Drag to connect"),
};

const READABLE = 0.8;

/** What is seen first: the whole map where it can be read at once, else its beginning. */
function beginAt(flow: { setViewport: (view: { x: number; y: number; zoom: number }) => unknown }, layout: Layout): void {
  const box = document.querySelector(".fl-canvas")?.getBoundingClientRect();
  const last = layout.bands.at(-1);
  if (!box || !last) return;
  const [wide, high] = [layout.right - layout.left, last.y + last.height];
  const zoom = Math.min(1, Math.max(READABLE, Math.min(box.width / wide, (box.height - 16) / high)));
  const x = wide * zoom < box.width ? (box.width - wide * zoom) / 2 : 0;
  const y = high * zoom < box.height ? (box.height - high * zoom) / 3 : 8;
  void flow.setViewport({ x: x - layout.left * zoom, y, zoom });
}

/** New cards are brought into view, without moving what can be seen anyway. */
function useFitting(flow: ReturnType<typeof useReactFlow<CardNode, WayEdge>>, layout: Layout, chosen: string[]): void {
  const only = chosen.length === 1 ? chosen[0] : undefined;
  const place = only ? layout.places.get(only) : undefined;
  useEffect(() => {
    const box = document.querySelector(".fl-canvas")?.getBoundingClientRect();
    if (!place || !box) return;
    const { x, y, zoom } = flow.getViewport();
    const [left, top] = [place.x * zoom + x, place.y * zoom + y];
    const [right, bottom] = [left + CARD.width * zoom, top + CARD.height * zoom];
    const across = left < 8 ? 24 - left : right > box.width - 8 ? box.width - 64 - right : 0;
    const down = top < 8 ? 40 - top : bottom > box.height - 8 ? box.height - 40 - bottom : 0;
    if (across || down) void flow.setViewport({ x: x + across, y: y + down, zoom }, { duration: 120 });
  }, [flow, place?.x, place?.y]);
}

/** A card that was put down: where it stands, and the lane it came into. */
function placed(step: Step, at: { x: number; y: number }, layout: Layout, lanes: Lanes): Step {
  const spot: [number, number] = [Math.round(at.x), Math.round(at.y)];
  const band = bandAt(layout, at.y + sizeOf(step).height / 2);
  const [here] = laneOf(step, lanes);
  const moved = { ...step, at: spot };
  if (!band || band.key === here || step.gate) return moved;
  if (lanes === "platform") {
    const others = step.platforms.slice(1).filter((one) => one !== band.label);
    return band.key === "-" ? moved : { ...moved, platforms: [band.label, ...others] };
  }
  if (band.key === "auto") return { ...moved, touch: "automatic", skill: "", lane: "" };
  if (band.key.startsWith("s:")) {
    return { ...moved, skill: band.label, lane: "", touch: step.touch === "automatic" ? "human" : step.touch };
  }
  return band.key.startsWith("l:") ? { ...moved, lane: band.label } : moved;
}

function marksOf(troubles: Trouble[]): Map<string, "stops" | "warns"> {
  const marked = new Map<string, "stops" | "warns">();
  for (const one of troubles) {
    if (one.kind === "step" && marked.get(one.id) !== "stops") marked.set(one.id, one.stops ? "stops" : "warns");
  }
  return marked;
}

function nodesOf(
  document: Workflow,
  layout: Layout,
  chosen: string[],
  marked: Map<string, "stops" | "warns">,
  before: Map<string, CardNode>,
): CardNode[] {
  const longest = Math.max(0, ...document.steps.filter((step) => !step.gate).map((step) => meanOf(step.effort)));
  return document.steps.map((step) => {
    const known = before.get(step.id);
    return {
      ...(known?.measured ? { measured: known.measured } : {}),
      ...sizeOf(step),
      id: step.id,
      type: "step",
      position: layout.places.get(step.id) ?? { x: 0, y: 0 },
      selected: chosen.includes(step.id),
      ariaLabel: spoken(document, step),
      data: {
        step,
        troubled: marked.get(step.id) ?? "",
        forks: !step.gate && waysFrom(document, step.id).length > 1,
        sign: signOf(document, step),
        longest,
        joins: !step.gate && step.join === "all" && waysTo(document, step.id).length > 1,
      },
    };
  });
}

/** What stands in a gate: × where one way is taken, + where all are. */
function signOf(document: Workflow, step: Step): string {
  const forks = waysFrom(document, step.id).length > 1;
  return (forks ? step.split === "one" : step.join !== "all") ? "×" : "+";
}

/** A card in words, for those who hear it. */
function spoken(document: Workflow, step: Step): string {
  const then = waysFrom(document, step.id).map((way) => stepOf(document, way.to)?.name ?? way.to);
  const parts = [step.name, ...(step.gate ? [] : [step.skill, step.platforms.join(", "), hours(step.effort), ...holds(step)])];
  if (then.length) parts.push(t("then {names}", { names: then.join(", ") }));
  return parts.filter(Boolean).join("; ");
}

function edgesOf(
  document: Workflow,
  boxes: Boxes,
  chosenWay: string,
  insert: (from: string, to: string) => void,
): WayEdge[] {
  const there = new Set(stepIds(document));
  const ways: WayEdge[] = document.ways
    .filter((way) => there.has(way.from) && there.has(way.to))
    .map((way) => {
      const chance = stepOf(document, way.from)?.split === "one" && waysFrom(document, way.from).length > 1;
      const label = chance ? (way.probability === undefined ? "? %" : percent(way.probability)) : "";
      return {
        id: wayId(way),
        type: "way",
        source: way.from,
        target: way.to,
        sourceHandle: "out",
        targetHandle: "in",
        selected: wayId(way) === chosenWay,
        markerEnd: arrow,
        ariaLabel: t("{a} to {b}", { a: stepOf(document, way.from)?.name ?? "", b: stepOf(document, way.to)?.name ?? "" }),
        data: { label, back: false, unsure: chance === true && way.probability === undefined, lift: 0, bend: bendOf(way.from, way.to, boxes), insert: () => insert(way.from, way.to) },
      };
    });
  const backs = document.steps.flatMap((step, number): WayEdge[] => {
    if (!step.rework || !there.has(step.rework.back_to)) return [];
    return [
      {
        id: `rework ${step.id}`,
        type: "way",
        source: step.id,
        target: step.rework.back_to,
        sourceHandle: "back",
        targetHandle: "again",
        selectable: true,
        focusable: false,
        markerEnd: arrow,
        data: { label: percent(step.rework.probability), back: true, unsure: false, bend: 0, lift: 12 + (number % 3) * 5 },
      },
    ];
  });
  return [...ways, ...backs];
}

const arrow = { type: MarkerType.Arrow, width: 16, height: 16, strokeWidth: 1.5 };

/** The new things, with those of before that say the same: what stays the same thing is not drawn again. */
function kept<T extends { id: string }>(made: T[], before: T[], same: (a: T, b: T) => boolean): T[] {
  const known = new Map(before.map((one) => [one.id, one]));
  return made.map((one) => {
    const old = known.get(one.id);
    return old && same(old, one) ? old : one;
  });
}

function sameLine(a: WayEdge, b: WayEdge): boolean {
  const [one, two] = [a.data, b.data];
  return (
    a.selected === b.selected && a.source === b.source && a.target === b.target && one?.label === two?.label &&
    one?.unsure === two?.unsure && one?.bend === two?.bend && one?.lift === two?.lift
  );
}

function sameCard(a: CardNode, b: CardNode): boolean {
  return (
    a.data.step === b.data.step && a.selected === b.selected && a.ariaLabel === b.ariaLabel && a.width === b.width &&
    a.position.x === b.position.x && a.position.y === b.position.y && a.data.troubled === b.data.troubled &&
    a.data.forks === b.data.forks && a.data.sign === b.data.sign && a.data.longest === b.data.longest && a.data.joins === b.data.joins && a.measured?.width === b.measured?.width
  );
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
