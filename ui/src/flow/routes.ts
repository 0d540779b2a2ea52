// Ways as right-angled lines: which bend meets the fewest cards, and the path with round corners.
import { type Layout, sizeOf } from "./layout";
import type { Workflow } from "./model";

const OUT = 20;
const ROUND = 8;

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export type Boxes = Map<string, Box>;

export function boxesOf(document: Workflow, layout: Layout): Boxes {
  const boxes: Boxes = new Map();
  for (const step of document.steps) {
    const place = layout.places.get(step.id);
    if (!place) continue;
    const size = sizeOf(step);
    boxes.set(step.id, { left: place.x, right: place.x + size.width, top: place.y, bottom: place.y + size.height });
  }
  return boxes;
}

const middle = (box: Box): number => (box.top + box.bottom) / 2;

/** Where a way between two cards bends: at the start, at the end, or half way, whichever meets the fewest cards. */
export function bendOf(from: string, to: string, boxes: Boxes): number {
  const [a, b] = [boxes.get(from), boxes.get(to)];
  if (!a || !b) return 0;
  const [start, end] = [a.right, b.left];
  if (end - start < 2 * OUT) return (start + end) / 2;
  const others = [...boxes].filter(([id]) => id !== from && id !== to).map(([, box]) => box);
  const choices = [end - OUT - 4, start + OUT + 4, (start + end) / 2];
  const met = choices.map(
    (bend) =>
      crossed(others, start, bend, middle(a), middle(a)) +
      crossed(others, bend, bend, middle(a), middle(b)) +
      crossed(others, bend, end, middle(b), middle(b)),
  );
  return choices[met.indexOf(Math.min(...met))] ?? (start + end) / 2;
}

function crossed(boxes: Box[], x1: number, x2: number, y1: number, y2: number): number {
  const [left, right, top, bottom] = [Math.min(x1, x2), Math.max(x1, x2), Math.min(y1, y2), Math.max(y1, y2)];
  return boxes.filter((box) => box.left < right + 4 && box.right > left - 4 && box.top < bottom + 4 && box.bottom > top - 4).length;
}

/** The path of a way, and where its label stands. */
export function path(sx: number, sy: number, tx: number, ty: number, bend: number): { d: string; x: number; y: number } {
  if (tx - sx >= 12) {
    const near = Math.min(ROUND, (tx - sx) / 2);
    const at = Math.min(Math.max(bend, sx + near), tx - near);
    return { d: rounded([[sx, sy], [at, sy], [at, ty], [tx, ty]]), x: (at + tx) / 2, y: ty };
  }
  const level = Math.abs(ty - sy) > 60 ? (sy + ty) / 2 : Math.max(sy, ty) + 56;
  const points: [number, number][] = [[sx, sy], [sx + OUT, sy], [sx + OUT, level], [tx - OUT, level], [tx - OUT, ty], [tx, ty]];
  return { d: rounded(points), x: (sx + tx) / 2, y: level };
}

/** A line through these points with its corners rounded. */
export function rounded(points: [number, number][]): string {
  const turns = points.filter((one, index) => index === 0 || one[0] !== points[index - 1]![0] || one[1] !== points[index - 1]![1]);
  const [first, ...rest] = turns;
  if (!first) return "";
  let said = `M${first[0]} ${first[1]}`;
  rest.forEach(([x, y], index) => {
    const before = turns[index]!;
    const next = rest[index + 1];
    if (!next) {
      said += `L${x} ${y}`;
      return;
    }
    const near = Math.min(ROUND, distance(before, [x, y]) / 2, distance([x, y], next) / 2);
    const [ix, iy] = towards([x, y], before, near);
    const [ox, oy] = towards([x, y], next, near);
    said += `L${ix} ${iy}Q${x} ${y} ${ox} ${oy}`;
  });
  return said;
}

const distance = (a: [number, number], b: [number, number]): number => Math.hypot(a[0] - b[0], a[1] - b[1]);

function towards(from: [number, number], to: [number, number], by: number): [number, number] {
  const whole = distance(from, to) || 1;
  return [from[0] + ((to[0] - from[0]) * by) / whole, from[1] + ((to[1] - from[1]) * by) / whole];
}
