"""Where the boxes of a tree stand when it is drawn from the top down into so much room: tall rather than wide.

Each branch is laid out by itself into a rectangle. Rectangles stand beside each other as far as there is room, and then
below in further rows, which a trunk at the left of the head joins; boxes with nothing below them that hang on the same
one are stacked into columns, as charts of organisations do. Boxes have one width and their own heights. Everything is
settled by the order of the input.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
Point = tuple[float, float]
Line = tuple[Point, ...]

WIDTH = 196.0
GAP, DROP, BELOW = 16.0, 24.0, 10.0
"""Between branches beside each other, between a box and what hangs on it, between boxes of a stack."""
STACKED, COLUMN = 2, 9
"""So many boxes with nothing below them stand side by side; more of them are stacked, so many to a column."""
_STEP, _EDGE, _INDENT = 12.0, 18.0, 36.0
"""How far left of a stack its line runs, where in a box above the trunk begins, how far rows stand in from it."""


@dataclass(frozen=True, slots=True)
class Tree(Generic[K]):
    """Upper left corners of the boxes, and the lines between them as corners."""

    width: float
    height: float
    boxes: Mapping[K, Point]
    lines: tuple[Line, ...]


@dataclass(slots=True)
class _Part(Generic[K]):
    """A rectangle of boxes; `hook` is where its line comes in at the top."""

    width: float = 0.0
    height: float = 0.0
    hook: float = 0.0
    boxes: dict[K, Point] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def take(self, part: "_Part[K]", x: float, y: float) -> None:
        """Put another rectangle into this one."""
        self.boxes |= {key: (left + x, top + y) for key, (left, top) in part.boxes.items()}
        self.lines += [tuple((a + x, b + y) for a, b in line) for line in part.lines]
        self.width, self.height = max(self.width, x + part.width), max(self.height, y + part.height)


def flow(roots: Sequence[K], children: Callable[[K], Sequence[K]], tall: Callable[[K], float], room: float) -> Tree[K]:
    """The tree or trees below these roots, no wider than `room` where that can be. What hangs on nothing else must be a
    root; nothing may hang on itself.
    """
    heads = [_branch(one, children, tall, room) for one in roots if children(one)]
    alone = [one for one in roots if not children(one)]
    whole: _Part[K] = _Part()
    fit = max(1, int((room + GAP) // (WIDTH + GAP)))
    columns = min(fit, len(alone))
    heads += [_stack(_share(alone, columns, number), tall, 0.0) for number in range(columns)]
    y = 0.0
    for row in _rows(heads, room):
        x = 0.0
        for part in row:
            whole.take(part, x, y)
            x += part.width + GAP
        y += max(part.height for part in row) + DROP
    return Tree(whole.width, whole.height, whole.boxes, tuple(whole.lines))


def _branch(node: K, children: Callable[[K], Sequence[K]], tall: Callable[[K], float], room: float) -> _Part[K]:
    below = list(children(node))
    leaves = [one for one in below if not children(one)]
    stacked = leaves if len(leaves) > STACKED else []
    inner = room - _INDENT
    parts = [_branch(one, children, tall, inner) for one in below if one not in stacked]
    fit = max(1, int((inner + GAP) // (WIDTH + _STEP + GAP)))
    columns = min(fit, -(-len(stacked) // COLUMN))
    parts += [_stack(_share(stacked, columns, number), tall, _STEP) for number in range(columns)]
    rows, high = _rows(parts, inner), tall(node)
    if not rows:
        return _Part(WIDTH, high, WIDTH / 2, {node: (0.0, 0.0)})
    alone = columns == 1 and len(parts) == 1
    return _under(node, high, parts, alone) if len(rows) == 1 else _trunk(node, high, rows)


def _rows(parts: Sequence[_Part[K]], room: float) -> list[list[_Part[K]]]:
    """As many beside each other as there is room for, at least one."""
    rows: list[list[_Part[K]]] = []
    taken = 0.0
    for part in parts:
        if rows and taken + GAP + part.width <= room:
            rows[-1].append(part)
            taken += GAP + part.width
        else:
            rows.append([part])
            taken = part.width
    return rows


def _under(node: K, high: float, parts: Sequence[_Part[K]], alone: bool) -> _Part[K]:
    """One row: the head stands over its middle; over a stack alone the line runs down from its left part."""
    at, x = [], 0.0
    for part in parts:
        at.append(x)
        x += part.width + GAP
    hooks = [left + part.hook for left, part in zip(at, parts, strict=True)]
    begin = hooks[0] if alone else (hooks[0] + hooks[-1]) / 2
    head = begin - (_EDGE if alone else WIDTH / 2)
    shift = max(0.0, -head)
    made: _Part[K] = _Part(head + shift + WIDTH, high, head + shift + WIDTH / 2, {node: (head + shift, 0.0)})
    bus, top = high + DROP / 2, high + DROP
    for left, part, hook in zip(at, parts, hooks, strict=True):
        made.take(part, left + shift, top)
        corners: Line = ((begin, high), (begin, bus), (hook, bus), (hook, top))
        made.lines.append(tuple((a + shift, b) for a, b in corners))
    return made


def _trunk(node: K, high: float, rows: Sequence[Sequence[_Part[K]]]) -> _Part[K]:
    """Several rows: the head stands at the left, and a trunk runs down beside them."""
    made: _Part[K] = _Part(WIDTH, high, WIDTH / 2, {node: (0.0, 0.0)})
    y = high + DROP
    for row in rows:
        x, bus = _INDENT, y - DROP / 2
        for part in row:
            made.take(part, x, y)
            made.lines.append(((_EDGE, high), (_EDGE, bus), (x + part.hook, bus), (x + part.hook, y)))
            x += part.width + GAP
        y += max(part.height for part in row) + DROP
    return made


def _share(nodes: Sequence[K], columns: int, number: int) -> Sequence[K]:
    """The nodes of one of so many columns, which are as long as each other."""
    return nodes[number * len(nodes) // columns : (number + 1) * len(nodes) // columns]


def _stack(nodes: Sequence[K], tall: Callable[[K], float], step: float) -> _Part[K]:
    """A column; with a step its line runs down at its left."""
    made: _Part[K] = _Part(step + WIDTH)
    y = 0.0
    for one in nodes:
        made.boxes[one] = (step, y)
        if step:
            middle = y + tall(one) / 2
            begin = ((0.0, 0.0),) if one == nodes[-1] else ()
            made.lines.append((*begin, (0.0, middle), (step, middle)))
        y += tall(one) + BELOW
    made.height = y - BELOW
    return made
