"""The map for a narrow screen: the steps from top to bottom in the order in which work comes to them, their bars on one
axis of working hours.
"""

from collections.abc import Iterator
from html import escape

from django.utils.safestring import SafeString

from marops.domains.workflows.charts.maps import MapStep, WorkflowMap, comes_back
from marops.domains.workflows.charts.marks import cut, drawing, hours, num, path, tag, text, wide
from marops.domains.workflows.charts.to_scale import definitions, shape, ticks

WIDTH = 332.0
_ROW, _TOP, _BAR = 44.0, 24.0, 10.0
_END = 30.0
_BACK, _NOTE = 18.0, 16.0


def strip(told: WorkflowMap, *, ident: str = "strip") -> SafeString:
    """The picture."""
    last = max(told.total, max((one.end for one in told.steps), default=0.0), 1e-6)
    scale = (WIDTH - _END) / last
    body = list(_body(told, scale, ident))
    back = {one.source for one in told.reworks}
    height = _TOP + _ROW * len(told.steps) + _BACK * len(back) + _NOTE * sum(bool(one.note) for one in told.steps) + 4
    return drawing(
        [definitions(ident), *_grid(told, scale, height), *body],
        width=WIDTH, height=height, ident=ident, title=told.title, says=told.says, linked=told.linked,
        css="chart strip",
    )  # fmt: skip


def _grid(told: WorkflowMap, scale: float, height: float) -> Iterator[str]:
    taken = -100.0
    for hour, words in ticks(told, scale):
        x, half = hour * scale, wide(words) / 2
        if x > WIDTH:
            continue
        yield path(f"M{num(x)} 18V{num(height)}", "grid")
        if x - half > taken + 6 and x + half <= WIDTH:
            yield text(words, max(x, half), 12, "t-quiet t-mid")
            taken = max(x, half) + half


def _body(told: WorkflowMap, scale: float, ident: str) -> Iterator[str]:
    y = _TOP
    names = {one.key: one.name for one in told.steps}
    for step in sorted(told.steps, key=lambda one: (one.start, one.end)):
        if step.hot:
            yield tag(
                "rect",
                class_="lane-hot",
                x=-6.0,
                y=y - 2,
                width=WIDTH + 12,
                height=_ROW - 4 + (_NOTE if step.note else 0),
                rx=6.0,
            )
        inside = "".join(_row(step, y, scale, ident))
        yield f'<a href="{escape(step.url)}" class="stepway">{inside}</a>' if step.url else f"<g>{inside}</g>"
        y += _ROW + (_NOTE if step.note else 0)
        found = [one for one in told.reworks if one.source == step.key and one.target in names]
        for rework in found[:1]:
            words = cut("↺ " + comes_back(rework, names[rework.target]), WIDTH - 8, strong=True)
            yield text(words, 0, y + 4, "t-warn t-over")
            y += _BACK


def _row(step: MapStep, y: float, scale: float, ident: str) -> Iterator[str]:
    said = hours(step.worked) if not step.note else ""
    room = WIDTH - 16 - wide(said) - 10
    name = cut(step.name, room, strong=True)
    yield shape(step.shape, 5, y + 10)
    rest = room - wide(name, strong=True) - 8
    inside = tag("tspan", escape(name), class_="t-strong")
    if rest > 40:
        inside += tag("tspan", escape(cut(step.lane, rest)), class_="t-quiet", dx=6.0)
    yield tag("text", inside, x=15.0, y=y + 14.5)
    yield text(said, WIDTH, y + 14.5, "t-quiet t-end")
    x, bar = step.start * scale, y + 22
    wait, work = step.waited * scale, max(step.worked * scale, 2.0 if step.worked else 0.0)
    if wait:
        yield tag("rect", class_="f-wait", x=x, y=bar, width=wait, height=_BAR, fill=f"url(#{ident}-hatch)")
    if work:
        yield tag("rect", class_=f"f-{step.shape}", x=x + wait, y=bar, width=work, height=_BAR)
    if step.note:
        yield text(cut(step.note, WIDTH, strong=True), min(x, WIDTH - wide(step.note, strong=True)), bar + 23, "t-warn")
