"""Where the nodes of a directed graph stand when it is drawn from left to right.

The four steps of Sugiyama, Tagawa and Toda (1981): turn round the ways that lead back, give each node a layer, order
each layer so that few ways cross, then move nodes towards those they are tied to without changing the order. Positions
are in units: x counts layers, y counts slots of one node's height. Whoever draws knows how wide a layer is.
Everything is settled by the order of the input: the same graph is always drawn the same.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Tie = tuple[str, str]
"""A way between nodes: from, to."""
Point = tuple[float, float]
"""Layer, and slot from the top."""

_SWEEPS = 12
_ALIGNMENTS = 10
_MOST_PASSING = 6000


@dataclass(frozen=True, slots=True)
class Layered:
    """For each node its layer and its number in that layer from the top; which ways lead back; and, for ways over more
    than one layer, the (layer, number) of the places kept free for them, in the order of travel.
    """

    places: dict[str, tuple[int, int]]
    back: tuple[Tie, ...]
    passing: dict[Tie, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return 1 + max((layer for layer, _ in self.places.values()), default=-1)


@dataclass(frozen=True, slots=True)
class Drawing:
    """For each node its (layer, slot); for ways over several layers the points between their ends; for each row its
    first slot and the slot after its last; `height`: slots in all.
    """

    points: dict[str, Point]
    bends: dict[Tie, tuple[Point, ...]]
    bands: dict[int, tuple[float, float]]
    height: float


@dataclass(slots=True)
class _Sheet:
    """The graph while it is laid out: nodes by number, those of long ways after the real ones; ways lead forward."""

    layer: list[int]
    row: list[int]
    before: list[list[int]]
    after: list[list[int]]
    chains: dict[tuple[int, int], list[int]]
    order: list[list[int]]


def layered(nodes: Sequence[str], edges: Sequence[Tie], rows: Mapping[str, int] | None = None) -> Layered:
    """Layers and orders of a graph. `rows`: the lane of each node; a lower row stands above all of a higher one.

    Ways from a node to itself, and ways given twice, count once and as back ways or not at all. Raises KeyError for a
    way to a node that is not there.
    """
    sheet, back = _prepared(nodes, edges, rows)
    _uncross(sheet)
    return _said(nodes, sheet, back, set(edges), rows)


def drawn(nodes: Sequence[str], edges: Sequence[Tie], rows: Mapping[str, int] | None = None) -> Drawing:
    """Positions of a graph: like `layered`, with nodes moved level with those they are tied to where there is room."""
    sheet, back = _prepared(nodes, edges, rows)
    _uncross(sheet)
    bands = _bands(sheet)
    height = _aligned(sheet, bands)
    turned, given = set(back), set(edges)
    points = {name: (float(sheet.layer[one]), height[one]) for one, name in enumerate(nodes)}
    bends = {}
    for (source, target), chain in sheet.chains.items():
        path = tuple((float(sheet.layer[one]), height[one]) for one in chain)
        tie = (nodes[source], nodes[target])
        if tie in given:
            bends[tie] = path
        if tie[::-1] in turned:
            bends[tie[::-1]] = path[::-1]
    return Drawing(points, bends, bands, max((end for _, end in bands.values()), default=0.0))


def _prepared(
    nodes: Sequence[str], edges: Sequence[Tie], rows: Mapping[str, int] | None
) -> tuple[_Sheet, tuple[Tie, ...]]:
    number = {name: at for at, name in enumerate(nodes)}
    ties = list(dict.fromkeys((number[a], number[b]) for a, b in edges))
    back = _back(len(nodes), ties)
    forward = list(dict.fromkeys((b, a) if (a, b) in back else (a, b) for a, b in ties if a != b))
    layer = _layers(len(nodes), forward)
    sheet = _sheet(layer, forward, [0 if rows is None else rows.get(name, 0) for name in nodes])
    return sheet, tuple((nodes[a], nodes[b]) for a, b in ties if (a, b) in back)


def _back(count: int, ties: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Ways that lead back to a node on the path by which they were reached, walking from the starts in order."""
    after: list[list[int]] = [[] for _ in range(count)]
    free = [True] * count
    for a, b in ties:
        after[a].append(b)
        free[b] = free[b] and a == b
    state = [0] * count  # 0 unseen, 1 on the path, 2 done
    back = set()
    for start in [*(one for one in range(count) if free[one]), *range(count)]:
        if state[start]:
            continue
        state[start] = 1
        path = [(start, iter(after[start]))]
        while path:
            here, rest = path[-1]
            to = next(rest, None)
            if to is None:
                state[here] = 2
                path.pop()
            elif state[to] == 1:
                back.add((here, to))
            elif state[to] == 0:
                state[to] = 1
                path.append((to, iter(after[to])))
    return back


def _layers(count: int, forward: Sequence[tuple[int, int]]) -> list[int]:
    """Longest path from the starts; a node that is tied more to what follows is moved up to it."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for a, b in forward:
        before[b].append(a)
        after[a].append(b)
    waiting = [len(one) for one in before]
    line = [one for one in range(count) if not waiting[one]]
    layer = [0] * count
    for here in line:
        for to in after[here]:
            layer[to] = max(layer[to], layer[here] + 1)
            waiting[to] -= 1
            if not waiting[to]:
                line.append(to)
    for here in reversed(line):
        if len(after[here]) > len(before[here]):
            layer[here] = min(layer[to] for to in after[here]) - 1
    return layer


def _sheet(layer: list[int], forward: Sequence[tuple[int, int]], row: list[int]) -> _Sheet:
    """The graph with a place in every layer that a long way passes, as long as those are not too many."""
    count = len(layer)
    between = sum(layer[b] - layer[a] - 1 for a, b in forward)
    kept = between <= _MOST_PASSING
    sheet = _Sheet(list(layer), list(row), [[] for _ in range(count)], [[] for _ in range(count)], {}, [])
    for a, b in forward:
        chain = []
        if kept and layer[b] - layer[a] > 1:
            for here in range(layer[a] + 1, layer[b]):
                chain.append(len(sheet.layer))
                sheet.layer.append(here)
                sheet.row.append(row[a])
                sheet.before.append([])
                sheet.after.append([])
            sheet.chains[a, b] = chain
        line = [a, *chain, b]
        for left, right in pairwise(line):
            sheet.after[left].append(right)
            sheet.before[right].append(left)
    sheet.order = [[] for _ in range(max(layer, default=-1) + 1)]
    for one in _walked(sheet):
        sheet.order[sheet.layer[one]].append(one)
    for line in sheet.order:
        line.sort(key=lambda one: sheet.row[one])
    return sheet


def _walked(sheet: _Sheet) -> list[int]:
    """All nodes in the order of a walk in depth from the starts: a first order in which branches stay together."""
    seen: dict[int, None] = {}
    starts = [one for one in range(len(sheet.layer)) if not sheet.before[one]]
    todo = starts[::-1]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen[here] = None
            todo.extend(reversed(sheet.after[here]))
    return list(seen)


def _uncross(sheet: _Sheet) -> None:
    """Order each layer by the mean place of what it is tied to, forth and back; the best order seen is kept."""
    best, kept = _crossings(sheet), [list(line) for line in sheet.order]
    idle = 0
    for sweep in range(_SWEEPS):
        if not best or idle > 3:
            break
        _sweep(sheet, forth=sweep % 2 == 0)
        now = _crossings(sheet)
        idle = 0 if now < best else idle + 1
        if now < best:
            best, kept = now, [list(line) for line in sheet.order]
    sheet.order = kept


def _sweep(sheet: _Sheet, *, forth: bool) -> None:
    at = {one: place for line in sheet.order for place, one in enumerate(line)}
    ties = sheet.before if forth else sheet.after
    for line in sheet.order if forth else reversed(sheet.order):
        wish = {one: _mean([at[to] for to in ties[one]], at[one]) for one in line}
        line.sort(key=lambda one: (sheet.row[one], wish[one], at[one]))
        at.update((one, place) for place, one in enumerate(line))


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(sheet: _Sheet) -> int:
    """How often ways between neighbouring layers cross."""
    at = {one: place for line in sheet.order for place, one in enumerate(line)}
    total = 0
    for line in sheet.order:
        seen: list[int] = []
        for one in line:
            ends = [at[to] for to in sheet.after[one]]
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _said(
    nodes: Sequence[str], sheet: _Sheet, back: tuple[Tie, ...], given: set[Tie], rows: Mapping[str, int] | None
) -> Layered:
    at = {one: (layer, place) for layer, line in enumerate(sheet.order) for place, one in enumerate(line)}
    turned = set(back)
    passing = {}
    for (source, target), chain in sheet.chains.items():
        path = tuple(at[one] for one in chain)
        tie = (nodes[source], nodes[target])
        if tie in given:
            passing[tie] = path
        if tie[::-1] in turned:
            passing[tie[::-1]] = path[::-1]
    return Layered({name: at[one] for one, name in enumerate(nodes)}, back, passing, dict(rows or {}))


def _bands(sheet: _Sheet) -> dict[int, tuple[float, float]]:
    """Each row's slots: as many as its fullest layer needs."""
    most: dict[int, int] = {}
    for line in sheet.order:
        count: dict[int, int] = defaultdict(int)
        for one in line:
            count[sheet.row[one]] += 1
        for row, many in count.items():
            most[row] = max(most.get(row, 0), many)
    bands, top = {}, 0.0
    for row in sorted(most):
        bands[row] = (top, top + most[row])
        top += most[row]
    return bands


def _aligned(sheet: _Sheet, bands: Mapping[int, tuple[float, float]]) -> list[float]:
    """The slot of each node: as near to the middle of what it is tied to as its row, order and neighbours allow."""
    height = [0.0] * len(sheet.layer)
    runs = []
    for line in sheet.order:
        by_row: dict[int, list[int]] = defaultdict(list)
        for one in line:
            by_row[sheet.row[one]].append(one)
        runs += [(run, bands[row]) for row, run in by_row.items()]
        for row, run in by_row.items():
            top, end = bands[row]
            for place, one in enumerate(run):
                height[one] = top + (end - top - len(run)) / 2 + place
    for turn in range(_ALIGNMENTS):
        for run, band in runs if turn % 2 == 0 else reversed(runs):
            ties = [(sheet.before if turn % 2 == 0 else sheet.after)[one] for one in run]
            if turn == _ALIGNMENTS - 1:
                ties = [[*sheet.before[one], *sheet.after[one]] for one in run]
            wishes = [_middle([height[to] for to in tie], height[one]) for one, tie in zip(run, ties, strict=True)]
            for one, slot in zip(run, _apart(wishes, *band), strict=True):
                height[one] = slot
    return height


def _middle(values: Sequence[float], otherwise: float) -> float:
    """The median; of an even number the mean of the two in the middle."""
    if not values:
        return otherwise
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _apart(wishes: Sequence[float], top: float, end: float) -> list[float]:
    """Nearest to the wishes by least squares, in their order, one slot apart, within the band (pooled neighbours)."""
    pools: list[list[float]] = []  # sum, count
    for place, wish in enumerate(wishes):
        pools.append([wish - place, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            last = pools.pop()
            pools[-1][0] += last[0]
            pools[-1][1] += last[1]
    means = [total / count for total, count in pools for _ in range(int(count))]
    room = end - len(wishes)
    return [min(max(mean, top), room) + place for place, mean in enumerate(means)]
