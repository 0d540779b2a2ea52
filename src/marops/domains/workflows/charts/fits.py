"""How far a model is from a log, beside how far two samples of the same work are: bars against one line."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from marops.domains.workflows.charts.marks import Scale, cut, drawing, num, number, path, scale, tag, text, wide

TWICE = 2.0
"""Up to twice the noise floor a model counts as close."""
_MOST = 6.0
_ROW, _HEAD, _FOOT = 30.0, 26.0, 24.0
_WIDE, _NARROW = 720.0, 340.0


@dataclass(frozen=True, slots=True)
class FitBar:
    """One distance in multiples of its noise floor, with its interval; without a ratio, `why` says why."""

    name: str
    ratio: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""

    @property
    def grade(self) -> str:
        """`near` up to the floor, `close` up to twice the floor, else `far`."""
        ratio = self.ratio or 0.0
        return "near" if ratio <= 1 else "close" if ratio <= TWICE else "far"


def floors(bars: Sequence[FitBar], *, ident: str, title: str, narrow: bool = False) -> SafeString:
    """A bar for each distance, its interval, and the line at which it would be as far as another sample."""
    width = _NARROW if narrow else _WIDE
    left = 0.0 if narrow else max(wide(one.name) for one in bars) + 18
    axis = _axis(bars, left, width - 52)
    row = _ROW + (18 if narrow else 0)
    foot = _HEAD + row * len(bars)
    body = [*_ground(axis, foot, narrow=narrow)]
    for place, one in enumerate(bars):
        y = _HEAD + row * place + (18 if narrow else 0)
        name = cut(one.name, width if narrow else left - 10)
        body.append(text(name, 0, y - 3 if narrow else y + 19, "t-paper", one.name if name != one.name else ""))
        body += _bar(one, axis, y)
    told = "; ".join(f"{one.name} {_times(one)}" for one in bars)
    return drawing(body, width=width, height=foot + _FOOT, ident=ident, title=title, says=told, css="chart own")


def _axis(bars: Sequence[FitBar], left: float, right: float) -> Scale:
    most = max((one.high or one.ratio or 0.0 for one in bars), default=1.0)
    return scale(0.0, min(max(most, TWICE), _MOST), left, right, lines=4)


def _ground(axis: Scale, foot: float, *, narrow: bool) -> list[str]:
    body = [
        tag(
            "rect", class_="fit-room", x=axis.at(0), y=_HEAD - 4, width=axis.at(1) - axis.at(0), height=foot - _HEAD + 4
        ),
    ]
    for value in axis.lines():
        body.append(path(f"M{num(axis.at(value))} {num(_HEAD - 4)}V{num(foot)}", "axis" if value == 0 else "grid"))
        body.append(text(f"{axis.words(value)}×", axis.at(value), foot + 16, "t-quiet t-mid" if value else "t-quiet"))
    body.append(path(f"M{num(axis.at(1))} {num(_HEAD - 4)}V{num(foot)}", "fit-floor"))
    words = _("another sample") if narrow else _("as far as another sample of the same work")
    body.append(text(words, axis.at(1) + 4, _HEAD - 10, "t-quiet t-paper"))
    return body


def _bar(one: FitBar, axis: Scale, y: float) -> list[str]:
    if one.ratio is None:
        return [text(one.why or "–", axis.at(0) + 6, y + 19, "t-quiet")]
    ends = min(one.ratio, axis.high)
    body = [
        tag(
            "rect",
            class_=f"fit-{one.grade}",
            x=axis.at(0),
            y=y + 7,
            width=max(axis.at(ends) - axis.at(0), 1.5),
            height=16.0,
            rx=2.0,
        )
    ]
    if one.low is not None and one.high is not None and one.low < axis.high:
        low, high = axis.at(max(one.low, 0.0)), axis.at(min(one.high, axis.high))
        body.append(
            path(
                f"M{num(low)} {num(y + 15)}H{num(high)}M{num(low)} {num(y + 11)}v8M{num(high)} {num(y + 11)}v8",
                "fit-iv",
            )
        )
    at = max(axis.at(ends), axis.at(min(one.high or 0.0, axis.high))) + 7
    body.append(text(_times(one), at, y + 19.5, "t-strong t-paper"))
    return body


def _times(one: FitBar) -> str:
    return "–" if one.ratio is None else f"{number(one.ratio, 0 if one.ratio >= 9.95 else 1)}×"
