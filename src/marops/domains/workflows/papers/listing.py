"""The steps as a list of bars on one scale, for workflows whose map no page holds: waiting hatched, work solid."""

from collections.abc import Iterator

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marops.domains.workflows.charts.maps import MapStep, WorkflowMap
from marops.domains.workflows.charts.marks import cut, drawing, hours, num, path, tag, text, wide
from marops.domains.workflows.charts.to_scale import definitions, shape

WIDTH = 960.0
MOST = 48
"""More steps than these are left out: those with the fewest hours."""
_ROW, _NAME, _GAP, _TOP = 21.0, 190.0, 28.0, 4.0


def step_list(told: WorkflowMap, *, ident: str = "steps") -> SafeString:
    """The picture: two columns, in the order in which work comes to the steps."""
    shown, left_out = chosen(told)
    half = (len(shown) + 1) // 2
    most = max((one.waited + one.worked for one in shown), default=0.0) or 1.0
    body = [definitions(ident)]
    for at, one in enumerate(shown):
        body += _row(one, 0.0 if at < half else WIDTH / 2 + _GAP / 2, _TOP + _ROW * (at % half), most, ident)
    height = _TOP + _ROW * half
    if left_out:
        height += _ROW
        words = _("%(n)s more steps with fewer hours each are not shown.") % {"n": left_out}
        body.append(text(words, 0, height - 6, "t-quiet"))
    return drawing(body, width=WIDTH, height=height + 2, ident=ident, title=told.title, says=told.says)


def chosen(told: WorkflowMap) -> tuple[list[MapStep], int]:
    """The steps that are shown and how many are not."""
    by_hours = sorted(told.steps, key=lambda one: (not one.hot, -(one.waited + one.worked) * one.share))
    kept = {one.key for one in by_hours[:MOST]}
    return sorted((one for one in told.steps if one.key in kept), key=lambda one: one.start), len(told.steps) - len(
        kept
    )


def _row(step: MapStep, x: float, y: float, most: float, ident: str) -> Iterator[str]:
    width = (WIDTH - _GAP) / 2
    if step.hot:
        yield tag("rect", class_="lane-hot", x=x, y=y, width=width, height=_ROW - 1)
    yield path(f"M{num(x)} {num(y + _ROW - 0.5)}H{num(x + width)}", "lane-line")
    yield shape(step.shape, x + 8, y + 10)
    name = cut(step.name, _NAME - 36, strong=True)
    yield text(name, x + 18, y + 14.5, "t-strong" if step.hot else "t-lane", "" if name == step.name else step.name)
    said = _("%(waited)s + %(worked)s") % {"waited": hours(step.waited), "worked": hours(step.worked)}
    if step.waited < 0.05:
        said = hours(step.worked)
    room = width - _NAME - 96
    waits, works = room * step.waited / most, room * step.worked / most
    start = x + _NAME
    if waits > 0.5:
        yield tag("rect", class_="f-wait", x=start, y=y + 5, width=waits, height=10.0, fill=f"url(#{ident}-hatch)")
    if step.worked:
        yield tag("rect", class_=f"f-{step.shape}", x=start + waits, y=y + 5, width=max(works, 1.5), height=10.0)
    end = start + waits + max(works, 1.5) + 6
    yield text(cut(said, max(x + width - end, wide("999 h"))), end, y + 14.5, "t-quiet")
