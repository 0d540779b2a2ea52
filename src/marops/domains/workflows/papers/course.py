"""The map to scale for paper: a row for each step in the order in which work comes to it, all bars on one axis of
working hours, waiting hatched and work solid; hand-overs are upright lines. Lower than the map of the pages, which has
a card for each step.
"""

from collections.abc import Iterator, Sequence

from django.utils.safestring import SafeString

from marops.domains.workflows.charts.maps import MapRework, MapStep, WorkflowMap, comes_back
from marops.domains.workflows.charts.marks import cut, drawing, hours, num, path, tag, text, wide
from marops.domains.workflows.charts.to_scale import definitions, shape, ticks

WIDTH = 960.0
MOST = 30
_TOP, _LEFT, _BAR, _EDGE = 26.0, 268.0, 10.0, 6.0
_TICK = 62.0


def course(told: WorkflowMap, *, ident: str = "course") -> SafeString:
    """The picture."""
    sheet = _Sheet(told, ident)
    body = [definitions(ident), *sheet.ground(), *sheet.ways(), *sheet.rows()]
    return drawing(body, width=WIDTH, height=sheet.height, ident=ident, title=told.title, says=told.says)


class _Sheet:
    """A course while it is drawn."""

    def __init__(self, told: WorkflowMap, ident: str) -> None:
        self.told, self.ident = told, ident
        self.steps: Sequence[MapStep] = sorted(told.steps, key=lambda one: (one.start, one.end))
        self.row = 23.0 if len(self.steps) <= 12 else 21.0 if len(self.steps) <= 20 else 18.0
        self.backs: dict[str, MapRework] = {one.source: one for one in told.reworks}
        names = {one.key: one.name for one in self.steps}
        self.words = {
            one.key: comes_back(self.backs[one.key], names.get(self.backs[one.key].target, ""))
            for one in self.steps
            if one.key in self.backs
        }
        self.scale = self._scale()
        self.place = {one.key: _TOP + self.row * at for at, one in enumerate(self.steps)}
        self.height = _TOP + self.row * len(self.steps) + 2

    def _scale(self) -> float:
        """Units of an hour, so that every bar and its hours have room."""
        room = WIDTH - _LEFT - 4
        fits = [room / max(self.told.total, 1e-6)]
        fits += [(room - self._label_room(one)) / one.end for one in self.steps if one.end > 0]
        return max(min(fits), 0.01)

    def _label_room(self, step: MapStep) -> float:
        return min(_EDGE + wide(self.label(step), strong=True) + 4, 400.0)

    def label(self, step: MapStep) -> str:
        """Its hours, and what the constraint or work that comes back makes of it."""
        return step.note or hours(step.worked)

    def x(self, hour: float) -> float:
        """Where an hour stands."""
        return _LEFT + hour * self.scale

    def ground(self) -> Iterator[str]:
        """Rows, and lines of the days."""
        for step in self.steps:
            y = self.place[step.key]
            if step.hot:
                yield tag("rect", class_="lane-hot", x=0.0, y=y, width=WIDTH, height=self.row)
        taken = 0.0
        for hour, words in ticks(self.told, self.scale):
            x, half = self.x(hour), wide(words) / 2
            if x > WIDTH:
                break
            yield path(f"M{num(x)} {num(_TOP - 5)}V{num(self.height - 2)}", "grid")
            if x - half > taken and x + half < WIDTH:
                yield text(words, x, 13, "t-quiet t-mid")
                taken = x + half + 8
        for at in range(len(self.steps) + 1):
            yield path(f"M0 {num(_TOP + self.row * at)}H{num(WIDTH)}", "lane-line")

    def ways(self) -> Iterator[str]:
        """Hand-overs, where the next step begins."""
        steps = {one.key: one for one in self.steps}
        for way in self.told.ways:
            source, target = steps.get(way.source), steps.get(way.target)
            if source is None or target is None or self.place[target.key] <= self.place[source.key]:
                continue
            css = "way rare" if way.share < 0.995 else "way"
            yield path(self._way(source, target), css)

    def _way(self, source: MapStep, target: MapStep) -> str:
        """From the end of a bar down to the beginning of another, around the words beside the first."""
        x, done = self.x(target.start), max(self.x(source.end), self.x(source.start) + 1.5)
        y = self.place[source.key]
        top = self.place[target.key] + (self.row - _BAR) / 2 - 1
        words = done + _EDGE + wide(self.label(source), strong=bool(source.note)) + 4
        if source.key in self.words:
            words = max(words, min(words + wide(self.words[source.key], strong=True) + 12, WIDTH))
        if x >= words:
            return f"M{num(words)} {num(y + self.row / 2)}H{num(x)}V{num(top)}"
        if x - done < _EDGE:
            return f"M{num(max(x, done - 0.5))} {num(y + self.row / 2)}V{num(top)}"
        return f"M{num(done)} {num(y + self.row / 2)}V{num(y + self.row - 2.5)}H{num(x)}V{num(top)}"

    def rows(self) -> Iterator[str]:
        """The steps."""
        for step in self.steps:
            yield f"<g>{''.join(self._row(step))}</g>"

    def _row(self, step: MapStep) -> Iterator[str]:
        y, base = self.place[step.key], self.place[step.key] + self.row / 2 + 4.5
        yield shape(step.shape, 7, y + self.row / 2)
        name = cut(step.name, _LEFT - 30, strong=step.hot)
        yield text(name, 18, base, "t-strong" if step.hot else "t-lane", "" if name == step.name else step.name)
        used = 18 + wide(name, strong=step.hot) + 8
        if (lane := cut(step.lane, _LEFT - 12 - used)) and len(lane) > 2:  # two letters say nothing
            yield text(lane, used, base, "t-quiet")
        x, bar = self.x(step.start), y + (self.row - _BAR) / 2
        waits = step.waited * self.scale
        if waits > 0.4:
            fill = f"url(#{self.ident}-hatch)"
            yield tag("rect", class_="f-wait", x=x, y=bar, width=waits, height=_BAR, fill=fill)
        works = max(step.worked * self.scale, 1.5 if step.worked else 0.0)
        if works:
            yield tag("rect", class_=f"f-{step.shape}", x=x + waits, y=bar, width=works, height=_BAR)
        yield from self._label(step, x + waits + works + _EDGE, base)

    def _label(self, step: MapStep, x: float, y: float) -> Iterator[str]:
        said = self.label(step)
        over = "" if step.hot else " t-over"  # its halo has the colour of the page, not that of the row
        yield text(said, x, y, f"t-warn{over}" if step.note else f"t-quiet{over}")
        back = self.words.get(step.key, "")
        end = x + wide(said, strong=bool(step.note)) + 10
        if back and WIDTH - end > 80:
            yield text(cut(back, WIDTH - end, strong=True), end, y, f"t-warn{over}")
