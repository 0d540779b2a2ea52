"""The map as a graph: for workflows with choices and loops that have no one course in time, as logs show them. Cards
stand in layers from left to right; their bars compare the hours of steps, ways are as strong as they are often taken.
"""

from collections.abc import Iterator, Sequence
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
        body, width=sheet.width, height=sheet.height, ident=ident, title=told.title, says=told.says,
        css="chart wide" if sheet.width > WIDTHS[0] else "chart",
    )  # fmt: skip


class _Sheet:
    """A graph while it is drawn."""

    def __init__(self, told: WorkflowMap, compact: bool) -> None:
        self.told = told
        self.gap, between = (COMPACT_X, COMPACT_Y) if compact else (GAP_X, GAP_Y)
        steps = {one.key: one for one in told.steps}
        self.ways_drawn = [one for one in told.ways if one.source in steps and one.target in steps]
        ties = [(one.source, one.target) for one in self.ways_drawn]
        self.layout: Drawing = drawn(list(steps), ties)
        self.top = _EDGE + 24.0 * self._backs_above()
        levels = [point[1] for point in self.layout.points.values()]
        levels += [point[1] for bends in self.layout.bends.values() for point in bends]
        self.first = min(levels, default=0.0)
        layers = 1 + max((point[0] for point in self.layout.points.values()), default=0)
        self.card, self.gap = _fitted(layers, self.gap)
        self.width = max(WIDTHS[0], 2 * _EDGE + layers * self.card + (layers - 1) * self.gap)
        two = any(len(_lines(one.name, self.card)) > 1 for one in told.steps)
        self.card_h = CARD_H + (LINE if two else 0.0)
        self.slot = self.card_h + between
        self.height = self.top + (max(levels, default=0.0) - self.first) * self.slot + self.card_h + _EDGE
        self.most = max((one.worked + one.waited for one in told.steps), default=0.0) or 1.0

    def _backs_above(self) -> int:
        return min(len(self.told.reworks), 6) + (1 if any(self._leads_back(one) for one in self.ways_drawn) else 0)

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
        """Work that comes back: over the top of everything, dashed."""
        for level, (source, target, _words) in enumerate(self._returns()):
            (ax, ay), (bx, by) = self.corner(source), self.corner(target)
            y, ax, bx = self._level_y(level), ax + self.card - 22 - 4 * level, bx + 22 + 4 * level
            yield path(
                f"M{num(ax)} {num(ay)}V{num(y + 8)}Q{num(ax)} {num(y)} {num(ax - 8)} {num(y)}"
                f"H{num(bx + 8)}Q{num(bx)} {num(y)} {num(bx)} {num(y + 8)}V{num(by - 1)}",
                "way back",
            )
            yield path(f"M{num(bx - 3.5)} {num(by - 5)}L{num(bx)} {num(by)}l3.5 -5", "way tip")

    def _level_y(self, level: int) -> float:
        return self.top - 10 - 24.0 * (level % max(1, self._backs_above()))

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
        for level, (source, target, words) in enumerate(self._returns()):
            ends = sorted(
                (self.corner(source)[0] + self.card - 22 - 4 * level, self.corner(target)[0] + 22 + 4 * level)
            )
            x = max(4.0, min(ends[0] + 12, self.width - 8 - wide(words, strong=True)))
            yield text(words, x, self._level_y(level) - 5, "t-warn t-over")
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
