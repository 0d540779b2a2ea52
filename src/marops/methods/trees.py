"""Where the boxes of a tree stand when it is drawn from the top down, close together and without two touching.

The tidy tree of Reingold and Tilford (1981): each branch is laid out by itself, branches are pushed together until
their outlines touch, a box stands over the middle of what hangs on it. Several boxes with nothing below them that hang
on the same one are stacked into a column, as charts of organisations do, which keeps them narrow. Everything is settled
by the order of the input.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
Point = tuple[float, float]

WIDTH, HEIGHT = 200.0, 60.0
GAP, DROP = 18.0, 22.0
STACKED, COLUMN = 2, 9
"""So many boxes with nothing below them stand side by side; more of them are stacked, so many to a column."""
_STEP, _EDGE = 12.0, 18.0
"""How far left of a stack its line runs, and where in the box above it begins."""


@dataclass(frozen=True, slots=True)
class Tree(Generic[K]):
    """Upper left corners of the boxes, and the lines between them as corners."""

    width: float
    height: float
    boxes: Mapping[K, Point]
    lines: tuple[tuple[Point, ...], ...]


@dataclass(slots=True)
class _Branch(Generic[K]):
    """A branch by itself: middles of its boxes by row from its head, and its outline in each row."""

    heads: list[float]
    boxes: list[tuple[K, float, int]] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    right: list[float] = field(default_factory=list)

    def shift(self, by: float) -> None:
        self.heads = [x + by for x in self.heads]
        self.boxes = [(key, x + by, row) for key, x, row in self.boxes]
        self.left = [x + by for x in self.left]
        self.right = [x + by for x in self.right]


def tidy(roots: Sequence[K], children: Callable[[K], Sequence[K]]) -> Tree[K]:
    """The tree or trees below these roots. What hangs on nothing else must be a root; nothing may hang on itself."""
    whole = _side_by_side([_branch(root, children) for root in roots])
    if not whole.boxes:
        return Tree(0.0, 0.0, {}, ())
    least = min(whole.left)
    pitch = HEIGHT + DROP
    boxes = {key: (x - least - WIDTH / 2, row * pitch) for key, x, row in whole.boxes}
    width = max(whole.right) - least
    height = max(y for _x, y in boxes.values()) + HEIGHT
    lines = [line for key in boxes for line in _lines(boxes, key, [one for one in children(key) if one in boxes])]
    return Tree(width, height, boxes, tuple(lines))


def _parted(node: K, children: Callable[[K], Sequence[K]]) -> tuple[list[K], list[K]]:
    """What hangs on a box: with branches of their own or standing side by side, and stacked."""
    below = list(children(node))
    leaves = [one for one in below if not children(one)]
    if len(leaves) <= STACKED:
        return below, []
    return [one for one in below if children(one)], leaves


def _branch(node: K, children: Callable[[K], Sequence[K]]) -> _Branch[K]:
    beside, stack = _parted(node, children)
    parts = [_branch(one, children) for one in beside]
    columns = -(-len(stack) // COLUMN)
    parts += [_stack(_share(stack, columns, number)) for number in range(columns)]
    if not parts:
        return _Branch([0.0], [(node, 0.0, 0)], [-WIDTH / 2], [WIDTH / 2])
    found = _side_by_side(parts)
    # A stack alone hangs on the left part of the box above it, where its line runs down.
    alone = bool(stack) and not beside
    middle = found.heads[0] - _STEP - _EDGE if alone else (found.heads[0] + found.heads[-1]) / 2
    found.shift(-middle)
    boxes = [(node, 0.0, 0), *((key, x, row + 1) for key, x, row in found.boxes)]
    return _Branch([0.0], boxes, [-WIDTH / 2, *found.left], [WIDTH / 2, *found.right])


def _share(nodes: Sequence[K], columns: int, number: int) -> Sequence[K]:
    """The nodes of one of so many columns, which are as long as each other."""
    return nodes[number * len(nodes) // columns : (number + 1) * len(nodes) // columns]


def _stack(nodes: Sequence[K]) -> _Branch[K]:
    rows = range(len(nodes))
    boxes = [(key, 0.0, row) for key, row in zip(nodes, rows, strict=True)]
    return _Branch([0.0], boxes, [-WIDTH / 2 - _STEP for _ in rows], [WIDTH / 2 for _ in rows])


def _side_by_side(parts: Sequence[_Branch[K]]) -> _Branch[K]:
    """Branches pushed together as far as their outlines let them."""
    whole: _Branch[K] = _Branch([])
    for part in parts:
        shared = min(len(whole.right), len(part.left))
        by = max((whole.right[row] - part.left[row] + GAP for row in range(shared)), default=0.0)
        part.shift(by)
        whole.heads += part.heads
        whole.boxes += part.boxes
        whole.left = [*(min(a, b) for a, b in zip(whole.left, part.left, strict=False)),
                      *whole.left[shared:], *part.left[shared:]]  # fmt: skip
        whole.right = [*(max(a, b) for a, b in zip(whole.right, part.right, strict=False)),
                       *whole.right[shared:], *part.right[shared:]]  # fmt: skip
    return whole


def _lines(boxes: Mapping[K, Point], node: K, below: Sequence[K]) -> list[tuple[Point, ...]]:
    """From a box to those that hang on it; to a stack one line runs down at its left."""
    x, y = boxes[node]
    middle, bus = x + WIDTH / 2, y + HEIGHT + DROP / 2
    rows: dict[float, list[K]] = {}
    for one in below:
        rows.setdefault(boxes[one][0], []).append(one)
    found: list[tuple[Point, ...]] = []
    for left, column in rows.items():
        if len(column) == 1:
            top = boxes[column[0]][1]
            found.append(((middle, y + HEIGHT), (middle, bus), (left + WIDTH / 2, bus), (left + WIDTH / 2, top)))
            continue
        side = left - _STEP
        last = boxes[column[-1]][1] + HEIGHT / 2
        begin = ((side, y + HEIGHT),) if x <= side <= x + WIDTH else ((middle, y + HEIGHT), (middle, bus), (side, bus))
        found.append((*begin, (side, last), (left, last)))
        for one in column[:-1]:
            level = boxes[one][1] + HEIGHT / 2
            found.append(((side, level), (left, level)))
    return found
