"""Pictures of answers: rankings with intervals, differences by month with bands, lead times, causes of waiting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marops.domains.workflows.charts.marks import (
    Scale,
    cut,
    drawing,
    month_words,
    num,
    number,
    path,
    scale,
    span,
    tag,
    text,
    wide,
)
from marops.domains.workflows.rules.answers import Comparison, Estimate, Method, Row

_DOTS_W, _NAME, _NAME_MOST, _ROW = 272.0, 84.0, 136.0, 26.0
_MOST_ROWS = 6
CAUSES = ("unavailability", "batching", "contention", "prioritisation", "outside")
"""The order in which causes of waiting are stacked."""


def dots(method: Method, *, ident: str, hot: str = "") -> SafeString:
    """The ranking of one method: a dot for each candidate, its interval as a line. `hot`: key or name of the one to
    be marked.
    """
    rows = method.rows[:_MOST_ROWS]
    left = min(_NAME_MOST, max([_NAME, *(wide(one.name, strong=True) + 16 for one in rows)]))
    decimals = _decimals(rows, method.decimals)
    said = [number(one.value, decimals) for one in rows]
    right = _DOTS_W - max((wide(one, strong=True) for one in said), default=20.0) - 14
    axis = _dot_scale(rows, left, right)
    foot = _ROW * len(rows) + 2
    body = []
    for value in axis.lines():
        body.append(path(f"M{num(axis.at(value))} 0V{num(foot)}", "axis" if abs(value) < 1e-9 else "grid"))
        body.append(text(axis.words(value), axis.at(value), foot + 15, "t-quiet t-mid"))
    for at, (one, words) in enumerate(zip(rows, said, strict=True)):
        marked = hot in (one.key, one.name) if hot else at == 0
        y = 13 + _ROW * at
        name = cut(one.name, left - 10, strong=marked)
        body.append(text(name, 0, y + 4.5, "t-strong" if marked else "", "" if name == one.name else one.name))
        css = "iv-l hot" if marked else "iv-l"
        body.append(path(f"M{num(axis.at(one.low))} {num(y)}H{num(axis.at(one.high))}", css))
        body.append(tag("circle", class_="dot-k" if marked else "dot-o", cx=axis.at(one.value), cy=y, r=4.0))
        body.append(text(words, _DOTS_W, y + 4.5, "t-strong t-end" if marked else "t-quiet t-end"))
    told = "; ".join(
        f"{one.name} {words} ({span(one.low, one.high, decimals)})" for one, words in zip(rows, said, strict=True)
    )
    return drawing(
        body,
        width=_DOTS_W,
        height=foot + 20,
        ident=ident,
        title=f"{method.name}: {method.unit}",
        says=told,
        css="chart own",
    )


def _dot_scale(rows: Sequence[Row], left: float, right: float) -> Scale:
    """A scale with as many lines as have room for their numbers."""
    low, high = min((one.low for one in rows), default=0.0), max((one.high for one in rows), default=1.0)
    for lines in (3, 2, 1):
        axis = scale(low, high, left, right, lines=lines)
        apart = (right - left) / max(len(axis.lines()) - 1, 1)
        if apart >= max(wide(axis.words(one)) for one in axis.lines()) + 8:
            break
    return axis


def _decimals(rows: Sequence[Row], decimals: int) -> int:
    """More decimals where all values are so small that they would be rounded to nothing."""
    most = max((abs(one.value) for one in rows), default=0.0)
    return max(decimals, 2 if most < 0.095 else 0, 3 if most < 0.0095 else 0) if most else 0


@dataclass(frozen=True, slots=True)
class _Label:
    y: float
    strong: str
    quiet: str


_BAND_W, _BAND_H, _BAND_LEFT, _BAND_RIGHT = 720.0, 300.0, 38.0, 168.0
_NARROW_W = 340.0


def bands(told: Comparison, *, ident: str, narrow: bool = False, width: float = _BAND_W) -> SafeString:
    """What each option brings over doing nothing, by month: a line of the future with its band, its name at its end."""
    width = _NARROW_W if narrow else width
    right = 12.0 if narrow else _BAND_RIGHT * width / _BAND_W
    count = max(len(told.months), 2)
    values = [one for series in told.series for each in series.months for one in (each.value, each.low, each.high)]
    known = [one for one in values if one is not None] or [0.0, 1.0]
    if max(known) - min(known) < 0.01:  # nothing happens, on a scale on which one sees that
        known = [-1.0, 1.0]
    axis = scale(min(known), max(known), _BAND_H - 38, 26.0)
    left = max(_BAND_LEFT, *(wide(axis.words(value, signed=True)) + 12 for value in axis.lines()))
    across = Scale(0, count - 1, 1, left, width - right)
    body = [*_band_ground(axis, across, told.months, narrow=narrow)]
    titles = {one.key: one.title for one in told.options}
    labels = []
    for at, series in enumerate(told.series[:4], 1):
        body += _band_series(series.months, axis, across, at)
        if ends := [(n, one) for n, one in enumerate(series.months) if one.value is not None]:
            place, last = ends[-1]
            body.append(tag("circle", class_=f"d{at}", cx=across.at(place), cy=axis.at(last.value or 0), r=4.0))
            title, value = titles.get(series.option, series.option), number(last.value or 0, 1, signed=True)
            room = width - 120 if narrow else right - 16
            if wide(f"{title} {value}", strong=True) <= room:
                strong, quiet = f"{title} {value}", _interval(last)
            else:
                strong, quiet = cut(title, room, strong=True), f"{value} ({_interval(last)})"
            if narrow:
                strong = f"{cut(title, width - 34 - wide(f' {value} ({_interval(last)})'))} {value}"
                quiet = _interval(last)
            labels.append(_Label(axis.at(last.value or 0), strong, quiet))
    body += _band_marks(told, axis, across, skip=narrow)
    height = _BAND_H
    if narrow:
        for at, label in enumerate(labels, 1):
            body.append(path(f"M0 {num(height + 9)}h16", f"line forecast s{at}"))
            words = f"{label.strong} ({label.quiet})"
            body.append(text(cut(words, width - 26), 24, height + 13.5))
            height += 22
    else:
        for label in _spread(labels, 38.0, 16.0, _BAND_H - 46):
            body.append(text(label.strong, width - right + 14, label.y, "t-strong"))
            body.append(text(label.quiet, width - right + 14, label.y + 17, "t-quiet"))
    says = "; ".join(f"{one.strong} ({one.quiet})" for one in labels)
    return drawing(body, width=width, height=height, ident=ident, title=told.measure, says=says)


def _interval(one: Estimate) -> str:
    if one.low is None or one.high is None:
        return ""
    between = span(one.low, one.high)
    return _("%(between)s, holds 0") % {"between": between} if one.holds(0.0) else between


def _band_ground(axis: Scale, across: Scale, months: Sequence[date], *, narrow: bool) -> list[str]:
    body = []
    for value in axis.lines():
        nothing = abs(value) < axis.step / 100
        y = axis.at(value)
        body.append(path(f"M{num(across.start)} {num(y)}H{num(across.end)}", "zero" if nothing else "grid"))
        body.append(text(axis.words(value, signed=True), across.start - 8, y + 4.5, "t-quiet t-end"))
    each = 6 if narrow else 3
    for at, month in enumerate(months):
        if at % each and at != len(months) - 1:
            continue
        if at == len(months) - 1 and at % each and (at % each) * (across.at(1) - across.at(0)) < 44:
            continue
        x = across.at(at)
        day = "" if months[0].day == 1 else "j "  # a month that begins within one of the calendar
        words = date_format(month, day + ("M Y" if at == 0 or (month.month == 1 and not day) else "M"))
        body.append(path(f"M{num(x)} {num(axis.start)}v5", "axis"))
        body.append(text(words, max(x, across.start + wide(words) / 2 - 22), axis.start + 22, "t-quiet t-mid"))
    return body


def _band_series(months: Sequence[Estimate], axis: Scale, across: Scale, at: int) -> list[str]:
    known = [(n, one) for n, one in enumerate(months) if one.value is not None]
    ranged = [(n, one.low, one.high) for n, one in known if one.low is not None and one.high is not None]
    above = [f"{num(across.at(n))},{num(axis.at(high))}" for n, _low, high in ranged]
    below = [f"{num(across.at(n))},{num(axis.at(low))}" for n, low, _high in reversed(ranged)]
    line = " ".join(f"{num(across.at(n))},{num(axis.at(one.value or 0))}" for n, one in known)
    return [
        tag("polygon", class_=f"b{at}", points=" ".join([*above, *below])) if ranged else "",
        tag("polyline", class_=f"line forecast s{at}", points=line) if line else "",
    ]


def _band_marks(told: Comparison, axis: Scale, across: Scale, *, skip: bool) -> list[str]:
    """What doing nothing is, and from when on an option has paid for itself."""
    body = []
    if told.baseline and told.baseline.value is not None and not skip:
        level = f"{number(told.baseline.value, 1)} {told.unit}".strip()
        words = _("0 is doing nothing: %(level)s") % {"level": level}
        body.append(text(words, across.start + 6, axis.start - 8, "t-quiet t-paper"))
    for at, series in enumerate(told.series[:4]):
        mark = series.break_even
        if mark is None or mark.value is None or not 0.5 <= mark.value <= across.high:
            continue
        place = round(mark.value)
        x, y = across.at(place), axis.at(series.months[place].value or 0)
        top = 34.0 + 30 * at
        body.append(path(f"M{num(x)} {num(y - 6)}V{num(top - 2)}", "axis"))
        left = x > (across.start + across.end) / 3
        css, to = (" t-end", x - 6) if left else ("", x + 6)
        body.append(text(_("has paid for itself"), to, top + 10, f"t-paper{css}"))
        body.append(text(_month_span(told.months, mark), to, top + 27, f"t-quiet t-paper{css}"))
    return body


def _month_span(months: Sequence[date], mark: Estimate) -> str:
    def place(at: float) -> int:
        return min(max(round(at), 0), len(months) - 1)

    whole = month_words(months, place(mark.value or 0), form="F")
    if mark.low is None or mark.high is None:
        return whole
    form = "M" if months[0].day == 1 else "j M"
    return f"{whole} ({'–'.join(date_format(months[place(one)], form) for one in (mark.low, mark.high))})"


def _spread(labels: Sequence[_Label], apart: float, top: float, bottom: float) -> list[_Label]:
    """Labels moved apart so that none covers another, in their order, as little as can be."""
    ordered = sorted(labels, key=lambda one: one.y)
    places = [min(max(one.y, top), bottom) for one in ordered]
    for _turn in range(20):
        for at, (above, below) in enumerate(pairwise(places)):
            if below - above < apart - 0.01:
                middle = (above + below) / 2
                places[at], places[at + 1] = middle - apart / 2, middle + apart / 2
        if places and places[-1] > bottom:
            places[-1] = bottom
        if places and places[0] < top:
            places[0] = top
    return [_Label(y, one.strong, one.quiet) for y, one in zip(places, ordered, strict=True)]


def small(values: Sequence[Estimate], months: Sequence[date], *, ident: str, title: str, unit: str = "") -> SafeString:
    """One figure by month, small: a line with its band, the last value at its end."""
    width, height, left, right = 270.0, 112.0, 30.0, 34.0
    known = [one for each in values for one in (each.value, each.low, each.high) if one is not None] or [0.0, 1.0]
    axis = scale(0.0, max(known), height - 22, 10.0, lines=3)
    across = Scale(0, max(len(values) - 1, 1), 1, left, width - right)
    body = []
    for value in axis.lines():
        body.append(path(f"M{num(left)} {num(axis.at(value))}H{num(width - right)}", "grid"))
        body.append(text(axis.words(value), left - 6, axis.at(value) + 4.5, "t-quiet t-end"))
    for at in (0, len(months) - 1) if months else ():
        css = "t-quiet" if at == 0 else "t-quiet t-end"
        form = "M Y" if months[0].day == 1 else "j M Y"
        body.append(text(date_format(months[at], form), across.at(at), height - 4, css))
    body += _band_series(values, axis, across, 1)
    ends = [(n, one) for n, one in enumerate(values) if one.value is not None]
    said = ""
    if ends:
        at, last = ends[-1]
        decimals = 0 if (last.value or 0) >= 20 else 1
        said = number(last.value or 0, decimals)
        body.append(tag("circle", class_="d1", cx=across.at(at), cy=axis.at(last.value or 0), r=3.5))
        body.append(text(said, across.at(at) + 8, axis.at(last.value or 0) + 4.5, "t-strong"))
    return drawing(
        body, width=width, height=height, ident=ident, title=title, says=f"{said} {unit}".strip(), css="chart own"
    )


def lead_times(quantiles: Sequence[float], *, ident: str, unit: str, promise: float | None = None) -> SafeString:
    """How lead times are spread: a curve of how many take how long, p50, p85 and the promise marked. `quantiles`: at
    equal steps from the smallest to the largest, in `unit`.
    """
    width, height, left, right = 560.0, 108.0, 2.0, 2.0
    values = sorted(quantiles)
    if len(values) < 3:
        return SafeString("")
    most = _quantile(values, 0.98)
    axis = scale(0.0, max(most, promise or 0.0), left, width - right, lines=6)
    ground = height - 24
    heights = _density(values, axis.low, axis.high, 56)
    top = max(heights) or 1.0
    step = (axis.high - axis.low) / len(heights)
    points = [(axis.at(axis.low + step * (at + 0.5)), ground - 56 * one / top) for at, one in enumerate(heights)]
    line = " ".join(f"{num(x)},{num(y)}" for x, y in points)

    def foot(point: tuple[float, float]) -> str:
        return f"{num(point[0])},{num(ground)}"

    body = [
        tag("polygon", class_="strip-b", points=f"{foot(points[0])} {line} {foot(points[-1])}"),
        tag("polyline", class_="strip-l", points=line),
        path(f"M{num(left)} {num(ground)}H{num(width - right)}", "axis"),
    ]  # fmt: skip
    for value in axis.lines():
        x, words = axis.at(value), axis.words(value)
        half = wide(words) / 2
        body.append(text(words, min(max(x, half), width - half), height - 6, "t-quiet t-mid"))
    marks = [(_quantile(values, 0.5), _("half within %(n)s")), (_quantile(values, 0.85), _("85 %% within %(n)s"))]
    said = []
    for value, words in marks:
        told = words % {"n": f"{number(value, 0 if value >= 10 else 1)} {unit}"}
        said.append(told)
        body.append(path(f"M{num(axis.at(value))} {num(ground)}V{num(14 if value == marks[0][0] else 32)}", "zero"))
    for (value, _words), told, y in zip(marks, said, (12.0, 30.0), strict=True):
        end = axis.at(value) + 6 + wide(told) > width
        body.append(
            text(told, axis.at(value) + (-6 if end else 6), y, "t-strong t-paper t-end" if end else "t-strong t-paper")
        )
    if promise is not None:
        x = axis.at(promise)
        body.append(path(f"M{num(x)} {num(ground)}V44", "target-line"))
        told = _("promised %(n)s") % {"n": f"{number(promise, 0 if promise >= 10 else 1)} {unit}"}
        end = x + 6 + wide(told) > width
        body.append(text(told, x + (-6 if end else 6), 54, "t-quiet t-paper t-end" if end else "t-quiet t-paper"))
        said.append(told)
    return drawing(
        body, width=width, height=height, ident=ident, title=_("Lead times"), says="; ".join(said), css="chart own"
    )


def _quantile(values: Sequence[float], share: float) -> float:
    place = share * (len(values) - 1)
    at = min(int(place), len(values) - 2)
    return values[at] + (values[at + 1] - values[at]) * (place - at)


def _density(values: Sequence[float], low: float, high: float, bins: int) -> list[float]:
    """How much of the whole lies in each of so many equal pieces, smoothed over its neighbours."""
    found = [0.0] * bins
    width = (high - low) / bins or 1.0
    share = 1 / (len(values) - 1)
    for start, end in pairwise(values):
        first, last = (start - low) / width, (end - low) / width
        if last - first < 1e-9:
            if 0 <= first < bins:
                found[int(first)] += share
            continue
        for at in range(max(int(first), 0), min(int(last) + 1, bins)):
            found[at] += share * (min(last, at + 1) - max(first, at)) / (last - first)
    for _turn in range(6):
        padded = [found[0], *found, found[-1]]
        found = [(padded[at] + 2 * padded[at + 1] + padded[at + 2]) / 4 for at in range(bins)]
    return found


def causes(hours: Mapping[str, float], words: Mapping[str, str], *, ident: str) -> SafeString:
    """One bar of all waiting, split by cause, and beneath it each with its share; causes in `CAUSES` first.

    `words`: each as people say it. What is said stands outside the picture, so that it can be read at any width.
    """
    width = 560.0
    known = [(one, hours[one]) for one in [*CAUSES, *sorted(set(hours) - set(CAUSES))] if hours.get(one, 0) > 0]
    total = sum(value for _, value in known)
    if not total:
        return SafeString("")
    body, x, told = [], 0.0, []
    for at, (cause, value) in enumerate(known, 1):
        part = width * value / total
        body.append(tag("rect", class_=f"pieces cause-{min(at, 5)}", x=x, y=0.0, width=part, height=18.0))
        share = f"{number(100 * value / total)} %" if value / total >= 0.005 else _("under 1 %")
        told.append((min(at, 5), share, words.get(cause, cause)))
        x += part
    bar = drawing(
        body, width=width, height=18.0, ident=ident, title=_("Waiting by cause"),
        says="; ".join(f"{name} {share}" for _at, share, name in told), css="chart own",
    )  # fmt: skip
    items = format_html_join(
        " ",
        '<span><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="cause-{}" width="10" height="10"></rect></svg>'
        "<b>{}</b> {}</span>",
        told,
    )
    return format_html('<div class="causebar">{}<p class="paper-causes small">{}</p></div>', bar, items)


def mix(parts: Sequence[tuple[str, float]], *, ident: str, title: str, width: float = 120.0) -> SafeString:
    """A thin bar of touches: (human, ai, auto or wait; hours)."""
    total = sum(value for _, value in parts)
    if not total:
        return SafeString("")
    body, x = [], 0.0
    for css, value in parts:
        piece = width * value / total
        if piece > 0:
            body.append(tag("rect", class_=f"f-{css}", x=x, y=0.0, width=max(piece - 1, 0.8), height=10.0))
        x += piece
    return drawing(body, width=max(width, 4.0), height=10.0, ident=ident, title=title, says=title, css="chart mix")
