"""Pictures of a plan and of open work: what decisions bring as dots with intervals, finishes as ranges of days."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marops.domains.workflows.charts.marks import Scale, cut, drawing, num, number, path, scale, span, tag, text, wide

_ROW, _FOOT = 30.0, 26.0
_TALL = 46.0
"""A row of a narrow picture: its name stands above its marks."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What a decision brings in percentage points. `told`: one can tell it from nothing; `best`: one of the three."""

    name: str
    value: float
    low: float
    high: float
    told: bool
    best: bool = False


def gains(rows: Sequence[Gain], *, ident: str, narrow: bool = False) -> SafeString:
    """A dot for each decision and its interval as a line, over the line at which nothing is gained."""
    width = 340.0 if narrow else 860.0
    said = [number(one.value, 0, signed=True) for one in rows]
    left = 4.0 if narrow else min(430.0, max([180.0, *(wide(one.name, strong=True) + 20 for one in rows)]))
    right = width - max((wide(one, strong=True) for one in said), default=20.0) - 16
    low, high = min((one.low for one in rows), default=0.0), max((one.high for one in rows), default=1.0)
    axis = scale(low, high, left, right, lines=4 if narrow else 6)
    row = _TALL if narrow else _ROW
    foot = row * len(rows) + 2
    body = []
    for value in axis.lines():
        body.append(
            path(_upright(axis.at(value), 0.0, len(rows), narrow=narrow), "zero" if abs(value) < 1e-9 else "grid")
        )
        body.append(text(axis.words(value, signed=True), axis.at(value), foot + 16, "t-quiet t-mid"))
    for at, (one, words) in enumerate(zip(rows, said, strict=True)):
        y = row * at + (32.0 if narrow else row / 2)
        room = width - 8 if narrow else left - 14
        name = cut(one.name, room, strong=one.best)
        css = "t-strong t-paper" if one.best else "t-paper"
        body.append(text(name, 0, row * at + 14 if narrow else y + 4.5, css, "" if name == one.name else one.name))
        body.append(
            path(f"M{num(axis.at(one.low))} {num(y)}H{num(axis.at(one.high))}", "iv-l told" if one.told else "iv-l")
        )
        body.append(tag("circle", class_="dot-t" if one.told else "dot-o", cx=axis.at(one.value), cy=y, r=4.0))
        body.append(text(words, width, y + 4.5, "t-strong t-end" if one.best else "t-quiet t-end"))
    told = "; ".join(
        f"{one.name} {words} ({span(one.low, one.high, 0)})" for one, words in zip(rows, said, strict=True)
    )
    title = _("Percentage points by which a decision raises the probability of the plan")
    return drawing(body, width=width, height=foot + _FOOT, ident=ident, title=title, says=told, css="chart own")


@dataclass(frozen=True, slots=True)
class Finish:
    """When an open item will be done, and by when it should be. `mark`: late, danger, safe or nothing."""

    name: str
    half: datetime | None
    most: datetime | None
    due: datetime | None
    mark: str = ""


def finishes(rows: Sequence[Finish], now: datetime, *, ident: str, narrow: bool = False) -> SafeString:
    """A bar from the day by which half of all runs are done to that of 85 of 100; the due date as a tick."""
    width = 340.0 if narrow else 860.0
    left = 6.0 if narrow else min(300.0, max([120.0, *(wide(one.name, strong=True) + 20 for one in rows)]))
    days = [one for each in rows for one in (each.half, each.most, each.due) if one is not None]
    first, last = _reach([now, *days], now)
    axis = Scale(0.0, max((last - first) / timedelta(days=1), 1.0), 1.0, left, width - 14)
    row = _TALL if narrow else _ROW

    def x(moment: datetime) -> float:
        return min(max(axis.at((moment - first) / timedelta(days=1)), left), width - 14)

    top = 20.0
    foot = top + row * len(rows) + 2
    body = _days(first, last, axis, lambda place: _upright(place, top, len(rows), narrow=narrow), foot)
    body.append(path(_upright(x(now), top - 2, len(rows), narrow=narrow), "zero"))
    body.append(text(_("now"), max(x(now), left + wide(_("now")) / 2), top - 7, "t-quiet t-mid"))
    told = []
    for at, one in enumerate(rows):
        y = top + row * at + (32.0 if narrow else row / 2)
        name = cut(one.name, width - 8 if narrow else left - 14)
        body.append(
            text(name, 0, top + row * at + 14 if narrow else y + 4.5, "t-paper", "" if name == one.name else one.name)
        )
        begin, end = x(one.half or last), x(one.most or last)
        css = f"finish {one.mark}".strip()
        body.append(path(f"M{num(x(now))} {num(y)}H{num(begin)}", "grid"))
        body.append(
            tag("rect", class_=css, x=begin - 1.5, y=y - 5.0, width=max(end - begin, 0.0) + 3.0, height=10.0, rx=2.0)
        )
        if one.most is None:
            body.append(text("›", width - 4, y + 5.0, "t-strong t-end"))
        if one.due is not None:
            over = " over" if one.mark in ("late", "danger") else ""
            body.append(path(f"M{num(x(one.due))} {num(y - 10)}V{num(y + 10)}", f"due-tick{over}"))
        told.append(f"{one.name}: {_day(one.half)} – {_day(one.most)}, {_('due')} {_day(one.due)}")
    title = _("When open work will be done")
    return drawing(
        body, width=width, height=foot + _FOOT, ident=ident, title=title, says="; ".join(told), css="chart own"
    )


def _reach(days: Sequence[datetime], now: datetime) -> tuple[datetime, datetime]:
    """From before the first date to after the last; what is late for more than a quarter of a year is cut off."""
    first, last = max(min(days), now - timedelta(days=90)), max(days)
    room = max((last - first) * 0.04, timedelta(days=1))
    return first - room, last + room


def _upright(x: float, top: float, rows: int, *, narrow: bool) -> str:
    """An upright line through all rows; where names stand above their marks, only past the marks."""
    if not narrow:
        return f"M{num(x)} {num(top)}V{num(top + _ROW * rows + 2)}"
    return "".join(f"M{num(x)} {num(top + _TALL * at + 20)}V{num(top + _TALL * (at + 1))}" for at in range(rows))


def _days(first: datetime, last: datetime, axis: Scale, upright: Callable[[float], str], foot: float) -> list[str]:
    """Upright lines at Mondays, with their dates below, as many as have room."""
    whole = (last - first).days
    apart = next((one for one in (7, 14, 28) if whole / one <= max((axis.end - axis.start) / 76, 2)), 56)
    body = []
    day = first.date() - timedelta(days=first.weekday()) + timedelta(days=7)
    while (moment := datetime.combine(day, time.min, first.tzinfo)) < last:
        place = axis.at((moment - first) / timedelta(days=1))
        body.append(path(upright(place), "grid"))
        body.append(text(date_format(day, "j M"), place, foot + 16, "t-quiet t-mid"))
        day += timedelta(days=apart)
    return body


def _day(moment: datetime | date | None) -> str:
    return date_format(moment, "j M Y") if moment else _("later than six months")
