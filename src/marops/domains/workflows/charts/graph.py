"""The map as a graph: for workflows with choices and loops that have no one course in time, as logs show them. Cards
stand in layers from left to right; their bars compare the hours of steps, ways are as strong as they are often taken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from django.utils.safestring import SafeString

from marops.domains.workflows.charts.maps import MapStep, MapWay, WorkflowMap, comes_back
from marops.domains.workflows.charts.marks import cut, drawing, hours, num, number, path, tag, text, wide
from marops.domains.workflows.charts.to_scale import WIDTHS, definitions, shape
from marops.methods.layout import Drawing, drawn

CARD_W, CARD_LEAST, CARD_H, LINE = 168.0, 130.0, 54.0, 17.0
GAP_X, GAP_Y = 52.0, 18.0
COMPACT_X, COMPACT_Y = 34.0, 11.0
_EDGE = 8.0
_FIGURE = 62.0
_OFTEN = 0.5


def graph(told: WorkflowMap, *, ident: str = "graph", compact: bool | None = None) -> SafeString:
    """The picture; `compact` draws ways closer, which is chosen for more than 24 steps where nothing is said."""
    sheet = _Sheet(told, len(told.steps) > 24 if compact is None else compact)
    body = [definitions(ident), *sheet.ways(), *sheet.backs(), *sheet.cards(ident), *sheet.words()]
    return drawing(
        body, width=sheet.width, height=sheet.height, ident=ident, title=told.title, says=told.says, linked=told.linked,
        css="chart wide" if sheet.width > WIDTHS[0] else "chart",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Arc:
    """A way back: where it leaves and lands, how high it runs, and what it takes of the width with its words."""

    start: float
    end: float
    y: float
    leaves: float
    lands: float
    words: str
    left: float
    right: float


class _Sheet:
    """A graph while it is drawn."""

    def __init__(self, told: WorkflowMap, compact: bool) -> None:
        self.told = told
        self.gap, between = (COMPACT_X, COMPACT_Y) if compact else (GAP_X, GAP_Y)
        steps = {one.key: one for one in told.steps}
        self.ways_drawn = [one for one in told.ways if one.source in steps and one.target in steps]
        ties = [(one.source, one.target) for one in self.ways_drawn]
        self.layout: Drawing = drawn(list(steps), ties)
        self.top = 0.0
        levels = [point[1] for point in self.layout.points.values()]
        levels += [point[1] for bends in self.layout.bends.values() for point in bends]
        self.first = min(levels, default=0.0)
        layers = 1 + max((point[0] for point in self.layout.points.values()), default=0)
        self.card, self.gap = _fitted(layers, self.gap)
        self.width = max(WIDTHS[0], 2 * _EDGE + layers * self.card + (layers - 1) * self.gap)
        two = any(len(_lines(one.name, self.card)) > 1 for one in told.steps)
        self.card_h = CARD_H + (LINE if two else 0.0)
        self.slot = self.card_h + between
        self.arcs = self._arcs()
        self.top = _EDGE + max((18.0 - one.y for one in self.arcs), default=0.0)
        self.height = self.top + (max(levels, default=0.0) - self.first) * self.slot + self.card_h + _EDGE
        self.most = max((one.worked + one.waited for one in told.steps), default=0.0) or 1.0

    def _leads_back(self, way: MapWay) -> bool:
        return self.layout.points[way.source][0] >= self.layout.points[way.target][0]

    def place(self, point: tuple[float, float]) -> tuple[float, float]:
        """The left upper corner of a card that stands there."""
        return _EDGE + point[0] * (self.card + self.gap), self.top + (point[1] - self.first) * self.slot

    def corner(self, key: str) -> tuple[float, float]:
        """The left upper corner of a step's card."""
        return self.place(self.layout.points[key])

    def ways(self) -> Iterator[str]:
        """Ways forward: from the right of a card to the left of the next, past the places kept free for them."""
        for way in self.ways_drawn:
            if self._leads_back(way):
                continue
            css = "way" if way.share > 0.995 else "way often" if way.share >= _OFTEN else "way rare"
            points = self._course(way)
            yield path(_curves(points), css)
            x, y = points[-1]
            yield path(f"M{num(x - 5)} {num(y - 3.5)}l4.5 3.5l-4.5 3.5", "way")

    def _course(self, way: MapWay) -> list[tuple[float, float]]:
        x, y = self.corner(way.source)
        points = [(x + self.card, y + self.card_h / 2)]
        for bend in self.layout.bends.get((way.source, way.target), ()):
            left, upper = self.place(bend)
            points += [(left, upper + self.card_h / 2), (left + self.card, upper + self.card_h / 2)]
        x, y = self.corner(way.target)
        return [*points, (x, y + self.card_h / 2)]

    def backs(self) -> Iterator[str]:
        """Work that comes back: over what stands between, dashed."""
        for arc in self.arcs:
            y, ax, bx = arc.y + self.top, arc.start, arc.end
            turn = 8.0 if bx < ax else -8.0
            yield path(
                f"M{num(ax)} {num(arc.leaves + self.top)}V{num(y + 8)}Q{num(ax)} {num(y)} {num(ax - turn)} {num(y)}"
                f"H{num(bx + turn)}Q{num(bx)} {num(y)} {num(bx)} {num(y + 8)}V{num(arc.lands + self.top - 1)}",
                "way back",
            )
            lands = arc.lands + self.top
            yield path(f"M{num(bx - 3.5)} {num(lands - 5)}L{num(bx)} {num(lands)}l3.5 -5", "way tip")

    def _arcs(self) -> list[_Arc]:
        """Where work that comes back runs: as low as what stands between its ends, and other arcs, leave room."""
        found: list[_Arc] = []
        for place, (source, target, words) in enumerate(self._returns()):
            (ax, ay), (bx, by) = self.corner(source), self.corner(target)
            start, end = ax + self.card - 20 - 4 * (place % 5), bx + 20 + 4 * (place % 5)
            left, right = min(start, end), max(start, end)
            right_of_words = left + 14 + wide(words, strong=True)
            between = [y for x, y in self._corners() if x + self.card > left and x < max(right, right_of_words)]
            y = min([ay, by, *between]) - 14
            while any(
                abs(y - one.y) < 23 and left < one.right and one.left < max(right, right_of_words) for one in found
            ):
                y -= 24
            found.append(_Arc(start, end, y, ay, by, words, left, max(right, right_of_words)))
        return found

    def _corners(self) -> list[tuple[float, float]]:
        """The left upper corners of all cards, and of the places kept free for long ways."""
        bends = [self.place(one) for bends in self.layout.bends.values() for one in bends]
        return [
            *(self.place(one) for one in self.layout.points.values()),
            *((x, y + self.card_h / 2) for x, y in bends),
        ]

    def _returns(self) -> list[tuple[str, str, str]]:
        names = {one.key: one.name for one in self.told.steps}
        found = [
            (one.source, one.target, comes_back(one, cut(names[one.target], 150)))
            for one in self.told.reworks
            if one.source in names and one.target in names and one.source != one.target
        ]
        turned = (one for one in self.ways_drawn if self._leads_back(one))
        return [*found, *((one.source, one.target, number(one.share * 100) + " %") for one in turned)]

    def words(self) -> Iterator[str]:
        """Shares of ways that are not always taken, and what comes back."""
        for arc in self.arcs:
            x = max(4.0, min(arc.left + 12, self.width - 8 - wide(arc.words, strong=True)))
            yield text(arc.words, x, arc.y + self.top - 5, "t-warn t-over")
        for way in self.ways_drawn:
            if way.share <= 0.995 and not self._leads_back(way):
                (_x, y), (end, there) = self._course(way)[:2]
                shift = 15 if there > y else -6
                yield text(number(way.share * 100) + " %", end - 9, there + shift, "t-quiet t-over t-end")

    def cards(self, ident: str) -> Iterator[str]:
        """The steps."""
        for step in self.told.steps:
            x, y = self.corner(step.key)
            inside = "".join(self._card(step, x, y, ident))
            yield f'<a href="{escape(step.url)}" class="stepway">{inside}</a>' if step.url else f"<g>{inside}</g>"

    def _card(self, step: MapStep, x: float, y: float, ident: str) -> Iterator[str]:
        if step.note:
            yield tag(
                "rect", class_="glow", x=x - 2.5, y=y - 2.5, width=self.card + 5, height=self.card_h + 5, rx=10.0,
                filter=f"url(#{ident}-blur)",
            )  # fmt: skip
        told = ", ".join([step.name, step.lane, hours(step.worked), *step.platforms])
        yield f"<title>{escape(told)}</title>"
        css = "stepcard hot" if step.hot else "stepcard" if step.share > 0.1 else "stepcard seldom"
        yield tag("rect", class_=css, x=x, y=y, width=self.card, height=self.card_h, rx=6.0)
        yield shape(step.shape, x + 13, y + 16.5)
        for at, line in enumerate(_lines(step.name, self.card)):
            yield text(line, x + 24, y + 21 + LINE * at, "t-strong")
        wait, work = ((self.card - _FIGURE) * part / self.most for part in (step.waited, step.worked))
        bar = y + self.card_h - 20
        if wait > 0.5:
            yield tag("rect", class_="f-wait", x=x + 9, y=bar, width=wait, height=10.0, fill=f"url(#{ident}-hatch)")
        if step.worked:
            yield tag("rect", class_=f"f-{step.shape}", x=x + 9 + wait, y=bar, width=max(work, 1.5), height=10.0)
        yield text(hours(step.worked + step.waited), x + 9 + wait + max(work, 1.5) + 6, bar + 9.5, "t-quiet")


def _lines(name: str, card: float) -> list[str]:
    """A name in one line, or in two where it is too long for one."""
    room = card - 34
    if wide(name, strong=True) <= room or " " not in name:
        return [cut(name, room, strong=True)]
    words = name.split()
    first = words[:1]
    while len(first) < len(words) and wide(" ".join(words[: len(first) + 1]), strong=True) <= room:
        first = words[: len(first) + 1]
    return [cut(" ".join(first), room, strong=True), cut(" ".join(words[len(first) :]), room, strong=True)]


def _fitted(layers: float, gap: float) -> tuple[float, float]:
    """Cards and gaps as wide as usual, or narrower where all layers then stand on the page."""
    for between in (gap, COMPACT_X):
        room = (WIDTHS[0] - 2 * _EDGE - (layers - 1) * between) / layers
        if room >= CARD_LEAST:
            return min(CARD_W, room), between
    return CARD_W, gap


def _curves(points: Sequence[tuple[float, float]]) -> str:
    """A line that leaves and comes level, with soft bends between."""
    said = f"M{num(points[0][0])} {num(points[0][1])}"
    for (ax, ay), (bx, by) in pairwise(points):
        if abs(ay - by) < 0.5:
            said += f"H{num(bx)}"
            continue
        middle = (ax + bx) / 2
        said += f"C{num(middle)} {num(ay)} {num(middle)} {num(by)} {num(bx)} {num(by)}"
    return said
