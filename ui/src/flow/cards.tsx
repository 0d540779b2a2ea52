// What is drawn: cards of steps, ways between them, ways back, and the bands of lanes behind.
import {
  BaseEdge,
  EdgeLabelRenderer,
  type Edge,
  type EdgeProps,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ViewportPortal,
  useStore,
} from "@xyflow/react";
import type { ReactNode } from "react";
import { t } from "./given";
import { CARD, type Layout } from "./layout";
import { type Amount, type Step, meanOf } from "./model";
import { path, rounded } from "./routes";

export interface CardData extends Record<string, unknown> {
  step: Step;
  troubled: "" | "stops" | "warns";
  forks: boolean;
  joins: boolean;
  sign: string;
  longest: number;
}
export type CardNode = Node<CardData, "step">;

export interface WayData extends Record<string, unknown> {
  label: string;
  back: boolean;
  unsure: boolean;
  lift: number;
  bend: number;
  insert?: () => void;
}
export type WayEdge = Edge<WayData, "way">;

const MARKS = { human: "human", ai_assisted: "ai", automatic: "auto" } as const;

/** Hours in a few figures; minutes where there is less than one. */
function bare(amount: Amount | undefined): string {
  const mean = meanOf(amount);
  const few = (value: number): string => Number(value.toPrecision(value < 10 ? 2 : 3)).toLocaleString();
  return mean > 0 && mean < 1 ? t("{n} min", { n: Math.round(mean * 60) }) : t("{n} h", { n: few(mean) });
}

/** The same of what differs from time to time: about so much. */
export function hours(amount: Amount | undefined): string {
  return typeof amount === "object" ? t("about {time}", { time: bare(amount) }) : bare(amount);
}

/** What holds a step up besides its work, in a few words. */
export function holds(step: Step): string[] {
  return [
    step.outside !== undefined && t("{hours} outside", { hours: bare(step.outside) }),
    step.delay !== undefined && t("waits {hours}", { hours: bare(step.delay) }),
    step.opens && t("only in {calendar}", { calendar: step.opens }),
    step.batch && t("by {n}", { n: step.batch.size }),
  ].filter((one): one is string => Boolean(one));
}

export function Card({ data, selected }: NodeProps<CardNode>): ReactNode {
  const { step, troubled } = data;
  const classes = ["fl-card", MARKS[step.touch] ?? "human", selected && "chosen", troubled].filter(Boolean).join(" ");
  const waits = holds(step);
  const who = step.platforms.length ? step.platforms.join(", ") : step.skill;
  return (
    <div className={step.gate ? `${classes} gate` : classes}>
      <Handle type="target" position={Position.Left} id="in" />
      {step.gate ? (
        <>
          <span className="fl-sign" aria-hidden="true">{data.sign}</span>
          <span className="fl-gatename">{step.name}</span>
        </>
      ) : (
        <>
          <p className="fl-what">
            <i aria-hidden="true" />
            <b title={step.name}>{step.name || t("Without a name")}</b>
            {step.note && (
              <svg className="ico fl-note" viewBox="0 0 16 16" role="img" aria-label={t("Note")}>
                <title>{step.note}</title>
                <path d="M3 2.500h10v7.500l-3.500 3.500H3ZM13 10H9.500v3.500M5.500 5.500h5M5.500 8h3" />
              </svg>
            )}
            {troubled && <span className="fl-bad" aria-hidden="true">!</span>}
          </p>
          <p className="fl-who">{who || "\u00a0"}{step.review && <span className="fl-review">{t("review")}</span>}</p>
          <p className="fl-time">
            <span>{hours(step.effort)}</span>
            {waits.length > 0 && <span className="fl-wait" title={waits.join(", ")}>{waits.join(", ")}</span>}
          </p>
        </>
      )}
      {!step.gate && <Spans step={step} longest={data.longest} />}
      {data.joins && <span className="fl-port in" title={t("waits for all ways")}>&amp;</span>}
      {data.forks && (
        <span className="fl-port out" title={step.split === "one" ? t("one of the ways") : t("all ways, side by side")}>
          {step.split === "one" ? "×" : "+"}
        </span>
      )}
      <Handle type="source" position={Position.Right} id="out" />
      {!step.gate && <Handle type="source" position={Position.Top} id="back" className="fl-back" title={t("Drag to where rework goes")} />}
      <Handle type="target" position={Position.Top} id="again" className="fl-again" isConnectable={false} />
    </div>
  );
}

/** How long the work takes, on one scale for all cards. What it waits for stands beside its hours, hatched. */
function Spans({ step, longest }: { step: Step; longest: number }): ReactNode {
  const width = `${(100 * meanOf(step.effort)) / Math.max(longest, 1e-9)}%`;
  return <span className="fl-spans" aria-hidden="true"><span className="work" style={{ width }} /></span>;
}

export function WayLine(props: EdgeProps<WayEdge>): ReactNode {
  const { sourceX, sourceY, targetX, targetY, data, selected, markerEnd, id } = props;
  const end = markerEnd === undefined ? {} : { markerEnd };
  if (data?.back) {
    const top = Math.min(sourceY, targetY) - data.lift;
    const line = rounded([[sourceX, sourceY], [sourceX, top], [targetX, top], [targetX, targetY]]);
    return (
      <>
        <BaseEdge id={id} path={line} {...end} className="fl-line back" interactionWidth={16} />
        <Label x={(sourceX + targetX) / 2} y={top} text={data.label} back />
      </>
    );
  }
  const { d, x, y } = path(sourceX, sourceY, targetX, targetY, data?.bend ?? (sourceX + targetX) / 2);
  return (
    <>
      <BaseEdge id={id} path={d} {...end} className={data?.unsure ? "fl-line unsure" : "fl-line"} interactionWidth={20} />
      {data?.label && <Label {...labelOf(sourceX, sourceY, targetX, targetY)} text={data.label} />}
      {selected && data?.insert && (
        <EdgeLabelRenderer>
          <button
            type="button"
            className="fl-insert nodrag nopan"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
            onClick={data.insert}
            aria-label={t("Add a step here")}
            title={t("Add a step here")}
          >
            +
          </button>
        </EdgeLabelRenderer>
      )}
    </>
  );
}

/** A label stands before the arrow's head; of a level way, which leaves no room there, in the middle above it. */
function labelOf(sourceX: number, sourceY: number, targetX: number, targetY: number): { x: number; y: number } {
  if (Math.abs(sourceY - targetY) <= 4) return { x: (sourceX + targetX) / 2, y: targetY - 13 };
  return { x: targetX - 26, y: targetY + (sourceY < targetY ? 13 : -13) };
}

function Label(props: { x: number; y: number; text: string; back?: boolean }): ReactNode {
  return (
    <EdgeLabelRenderer>
      <span
        className={props.back ? "fl-label back" : "fl-label"}
        style={{ transform: `translate(-50%, -50%) translate(${props.x}px, ${props.y}px)` }}
      >
        {props.text}
      </span>
    </EdgeLabelRenderer>
  );
}

/** The lanes, behind everything. Their names stay at the left edge of what is seen. */
export function Bands({ layout }: { layout: Layout }): ReactNode {
  const x = useStore((state) => -state.transform[0] / state.transform[2]);
  const zoom = useStore((state) => state.transform[2]);
  const left = Math.max(layout.left, Math.min(x, layout.right - CARD.width));
  return (
    <ViewportPortal>
      <div className="fl-bands" aria-hidden="true">
        {layout.bands.map((band) => (
          <div
            key={band.key}
            className="fl-band"
            style={{ left: layout.left, top: band.y, width: layout.right - layout.left, height: band.height }}
          >
            <span style={{ transform: `translateX(${left - layout.left + 12 / zoom}px)` }}>{band.label}</span>
          </div>
        ))}
      </div>
    </ViewportPortal>
  );
}
