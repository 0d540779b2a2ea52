"""Where the rooms of a house stand, and how ways run between them without crossing a room.

Rooms stand in rows. A row is either one wide room or a row of the grid with up to `columns` rooms; between rows lie
corridors, between columns gaps, at both sides margins. A way leaves its room into the corridor beside it, and where it
goes past a whole row it takes a gap (past rows of the grid) or a margin (past wide rooms). Corridors, gaps and margins
are as wide as the lanes in them need. Everything is settled by the order of the input: the same house is always the
same picture.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

Way = tuple[str, str]
"""From room, to room."""
Point = tuple[float, float]

WIDTH, LEAST = 760.0, 196.0
"""How wide a house is, unless its rooms would be narrower than the least."""
CORRIDOR, LANE = 36.0, 24.0
SPACE = 26.0
"""Between two ways that leave rooms of one corridor."""
INSET = 22.0
"""A way leaves its room so far from the room's corner."""
MOST_BESIDE = 3
"""So many ways run straight from a room to the next one in its row; more take the corridor."""


@dataclass(frozen=True, slots=True)
class Box:
    """A room: its corner and its size."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The y of its bottom."""
        return self.y + self.h


@dataclass(frozen=True, slots=True)
class Row:
    """Rooms side by side: one wide room, or up to as many as there are columns."""

    names: tuple[str, ...]
    height: float
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A way as drawn: its corners from the first room to the second, and where its number stands."""

    points: tuple[Point, ...]
    pin: Point


@dataclass(frozen=True, slots=True)
class House:
    """The whole of it."""

    width: float
    height: float
    rooms: Mapping[str, Box]
    ways: tuple[Drawn, ...]


def arranged(rooms: Sequence[str], columns: int, ties: Mapping[Way, float], outside: Mapping[str, float]) -> list[str]:
    """The rooms of the grid in an order in which what passes much stands close together.

    `outside` tells of rooms that are not of the grid on which row they stand, counted as the grid's are. Swaps of two
    rooms as long as one makes the ways shorter; the grid has a dozen rooms at most.
    """
    order = list(rooms)

    def length() -> float:
        slot = {room: (number // columns, number % columns) for number, room in enumerate(order)}
        total = 0.0
        for (a, b), weight in ties.items():
            if a in slot and b in slot:
                total += weight * (abs(slot[a][0] - slot[b][0]) * 1.2 + abs(slot[a][1] - slot[b][1]))
            elif (a in slot or a in outside) and (b in slot or b in outside):
                ya, yb = (float(slot[one][0]) if one in slot else outside[one] for one in (a, b))
                total += weight * abs(ya - yb)
        return total

    best, better = length(), True
    while better:
        better = False
        for i in range(len(order)):
            for j in range(i + 1, len(order)):
                order[i], order[j] = order[j], order[i]
                if (now := length()) < best - 1e-9:
                    best, better = now, True
                else:
                    order[i], order[j] = order[j], order[i]
    return order


@dataclass(slots=True)
class _Run:
    """A way while it is drawn: the corridors it takes, in order, and the gap between them, if there is one."""

    source: str
    target: str
    corridors: list[int] = field(default_factory=list)
    gap: int | None = None
    beside: int | None = None  # the gap it crosses straight, to the next room of the row
    straight: bool = False
    xs: float = 0.0
    xt: float = 0.0
    xg: float = 0.0
    lanes: list[int] = field(default_factory=list)

    @property
    def bends(self) -> list[tuple[int, float, float]]:
        """Corridor and the x from which to which it runs there."""
        if self.straight or self.beside is not None:
            return []
        if self.gap is None:
            return [(self.corridors[0], self.xs, self.xt)]
        return [(self.corridors[0], self.xs, self.xg), (self.corridors[1], self.xg, self.xt)]


def house(rows: Sequence[Row], ways: Sequence[Way], *, columns: int) -> House:
    """The picture of rooms in rows and of ways between them."""
    return _Plan(rows, columns, ways).drawn()


class _Plan:
    def __init__(self, rows: Sequence[Row], columns: int, ways: Sequence[Way]):
        self.rows, self.columns = rows, columns
        self.place: dict[str, tuple[int, int, int]] = {}
        for number, row in enumerate(rows):
            for column, name in enumerate(row.names):
                self.place[name] = (number, 0, columns - 1) if row.wide else (number, column, column)
        self.beside: dict[tuple[int, int], list[int]] = defaultdict(list)
        self.runs = [self._run(number, way) for number, way in enumerate(ways)]
        self._columns()
        self.taken: dict[int, list[float]] = defaultdict(list)
        for run in self.runs:
            self._ends(run)
        self.lanes = self._lanes()
        self._rows()

    # -- which way ---------------------------------------------------------------------------------------------------

    def _run(self, number: int, way: Way) -> _Run:
        run = _Run(*way)
        (ra, a0, a1), (rb, b0, b1) = self.place[way[0]], self.place[way[1]]
        if ra == rb:
            gap = max(a0, b0)
            here = self.beside[ra, gap]
            if abs(a0 - b0) == 1 and len(here) < min(MOST_BESIDE, 1 + int((self.rows[ra].height - 2 * INSET) / SPACE)):
                here.append(number)
                run.beside = gap
            else:
                run.corridors = [ra]
        elif abs(ra - rb) == 1:
            run.corridors = [min(ra, rb)]
            run.straight = max(a0, b0) <= min(a1, b1)
        else:
            down = ra < rb
            run.corridors = [ra, rb - 1] if down else [ra - 1, rb]
            between = range(min(ra, rb) + 1, max(ra, rb))
            run.gap = self._gap(between, (a0 + a1 + 1) / 2, (b0 + b1 + 1) / 2)
        return run

    def _gap(self, between: range, a: float, b: float) -> int:
        """The gap that is the smallest detour: between columns where all rows past are of the grid, else a margin."""
        whole = any(self.rows[row].wide for row in between)
        choice = [0, self.columns] if whole else list(range(self.columns + 1))
        return min(
            choice, key=lambda gap: (abs(gap - a) + abs(gap - b) + (0.4 if gap in (0, self.columns) else 0), gap)
        )

    # -- from left to right ------------------------------------------------------------------------------------------

    def _columns(self) -> None:
        users: dict[int, list[_Run]] = {
            gap: [run for run in self.runs if run.gap == gap] for gap in range(self.columns + 1)
        }
        last = self.columns
        gaps = [
            (LANE * len(users[gap]) if gap in (0, last) else CORRIDOR + LANE * max(0, len(users[gap]) - 1))
            for gap in range(last + 1)
        ]
        self.room = max(LEAST, (WIDTH - sum(gaps)) / last)
        self.left = [gaps[0]]
        for gap in gaps[1:-1]:
            self.left.append(self.left[-1] + self.room + gap)
        self.width = self.left[-1] + self.room + gaps[-1]
        for gap, runs in users.items():
            begin = 0.0 if gap == 0 else self.left[gap - 1] + self.room
            free = gaps[gap] / max(1, len(runs))
            for number, run in enumerate(runs):
                run.xg = begin + free * (number + 0.5)

    def _span(self, name: str) -> tuple[float, float]:
        _row, first, last = self.place[name]
        return self.left[first], self.left[last] + self.room

    def _ends(self, run: _Run) -> None:
        """Where the way leaves the first room and comes to the second; no two ends of a corridor stand close."""
        if run.beside is not None:
            return
        (a0, a1), (b0, b1) = self._span(run.source), self._span(run.target)
        if run.straight:
            run.xs = run.xt = self._free(run.corridors[0], max(a0, b0), min(a1, b1), (max(a0, b0) + min(a1, b1)) / 2)
            return
        towards = run.xg if run.gap is not None else (b0 + b1) / 2
        run.xs = self._free(run.corridors[0], a0, a1, towards)
        run.xt = self._free(run.corridors[-1], b0, b1, run.xg if run.gap is not None else run.xs)

    def _free(self, corridor: int, low: float, high: float, wish: float) -> float:
        low, high = low + INSET, high - INSET
        taken = self.taken[corridor]
        wish = min(max(wish, low), high)
        steps = [wish, *(wish + side * SPACE / 2 * n for n in range(1, 120) for side in (1, -1))]
        places = [x for x in steps if low <= x <= high]
        free = [x for x in places if all(abs(x - other) >= SPACE for other in taken)]
        found = free[0] if free else max(places, key=lambda x: min((abs(x - other) for other in taken), default=0))
        taken.append(found)
        return found

    # -- from top to bottom ------------------------------------------------------------------------------------------

    def _lanes(self) -> dict[int, int]:
        """The lane of each bend in its corridor: two that overlap never share one. Answers how many each has."""
        kept: dict[int, list[list[tuple[float, float]]]] = defaultdict(list)
        for run in self.runs:
            for corridor, a, b in run.bends:
                low, high = min(a, b) - LANE / 2, max(a, b) + LANE / 2
                lanes = kept[corridor]
                lane = next(
                    (n for n, held in enumerate(lanes) if all(high <= x or low >= y for x, y in held)), len(lanes)
                )
                if lane == len(lanes):
                    lanes.append([])
                lanes[lane].append((low, high))
                run.lanes.append(lane)
        return {corridor: len(lanes) for corridor, lanes in kept.items()}

    def _rows(self) -> None:
        self.top: list[float] = []
        y = 0.0
        for number, row in enumerate(self.rows):
            self.top.append(y)
            y += row.height + max(CORRIDOR, LANE * self.lanes.get(number, 0) + 8)
        last = len(self.rows) - 1
        self.height = y if self.lanes.get(last) else self.top[last] + self.rows[last].height

    def _lane_y(self, corridor: int, lane: int) -> float:
        begin = self.top[corridor] + self.rows[corridor].height
        high = max(CORRIDOR, LANE * self.lanes[corridor] + 8)
        return begin + high / 2 + LANE * (lane - (self.lanes[corridor] - 1) / 2)

    # -- the picture -------------------------------------------------------------------------------------------------

    def drawn(self) -> House:
        """Boxes and ways."""
        boxes = {}
        for name, (row, _first, _last) in self.place.items():
            low, high = self._span(name)
            boxes[name] = Box(low, self.top[row], high - low, self.rows[row].height)
        pins: list[Point] = []
        ways = []
        for number, run in enumerate(self.runs):
            points = self._points(number, run, boxes)
            pins.append(_pin(points, pins))
            ways.append(Drawn(points, pins[-1]))
        return House(self.width, self.height, boxes, tuple(ways))

    def _points(self, number: int, run: _Run, boxes: Mapping[str, Box]) -> tuple[Point, ...]:
        a, b = boxes[run.source], boxes[run.target]
        if run.beside is not None:
            here = self.beside[self.place[run.source][0], run.beside]
            y = a.y + a.h / 2 + SPACE * (here.index(number) - (len(here) - 1) / 2)
            return ((a.right, y), (b.x, y)) if a.x < b.x else ((a.x, y), (b.right, y))
        ya = a.bottom if run.corridors[0] == self.place[run.source][0] else a.y
        yb = b.bottom if run.corridors[-1] == self.place[run.target][0] else b.y
        points = [(run.xs, ya)]
        for (corridor, low, high), lane in zip(run.bends, run.lanes, strict=True):
            y = self._lane_y(corridor, lane)
            points += [(low, y), (high, y)]
        return (*points, (run.xt, yb))


def _pin(points: Sequence[Point], others: Sequence[Point]) -> Point:
    """On the longest level part of the way, else in the middle: as far from other numbers as can be."""
    parts = [(a, b) for a, b in pairwise(points) if a[1] == b[1] and abs(a[0] - b[0]) >= LANE]
    if not parts:
        parts = [(points[0], points[-1])]
    a, b = max(parts, key=lambda part: abs(part[0][0] - part[1][0]) + abs(part[0][1] - part[1][1]))
    places = [(a[0] + (b[0] - a[0]) * at, a[1] + (b[1] - a[1]) * at) for at in (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8)]

    def room(place: Point) -> float:
        return min((abs(place[0] - x) + abs(place[1] - y) for x, y in others), default=99.0)

    return next((place for place in places if room(place) >= LANE), max(places, key=room))
