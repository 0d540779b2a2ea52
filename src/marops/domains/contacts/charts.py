"""The geometry of the trend picture: a line over days with its scale, drawn by the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor

WIDE, NARROW, HEIGHT = 1160.0, 358.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 72.0, 14.0, 28.0
_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1_000, 2_000, 2_500, 5_000, 10_000, 20_000, 50_000, 100_000)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the scale or a day of the axis: where it stands, and its words."""

    at: str
    words: str


@dataclass(frozen=True, slots=True)
class Trend:
    """The line, the area under it, the last point with its value, the scale and the days."""

    width: str
    right: str
    line: str
    last_x: str
    last_y: str
    label_y: str
    last: float
    scale: tuple[Mark, ...]
    days: tuple[Mark, ...]
    dots: tuple[tuple[str, str], ...]


def trend(points: Sequence[tuple[date, float]], *, most: float | None = None, width: float = WIDE) -> Trend | None:
    """A line through values of days; None for fewer than two. `most` closes the scale at the top (100 for a score)."""
    if len(points) < 2:
        return None
    first, last = points[0][0], points[-1][0]
    low, high, step = _scale([value for _, value in points], most)

    def x(day: date) -> float:
        return _LEFT + (width - _LEFT - _RIGHT) * (day - first).days / max(1, (last - first).days)

    def y(value: float) -> float:
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (high - value) / ((high - low) or 1.0)

    places = [(_f(x(day)), _f(y(value))) for day, value in points]
    line = " ".join(",".join(place) for place in places)
    lines = round((high - low) / step)
    return Trend(
        width=_f(width),
        right=_f(width - _RIGHT),
        line=line,
        last_x=places[-1][0],
        last_y=places[-1][1],
        label_y=_f(float(places[-1][1]) + 4.5),
        last=points[-1][1],
        scale=tuple(Mark(_f(y(low + step * n)), f"{low + step * n:,.0f}") for n in range(lines + 1)),
        days=tuple(Mark(_f(x(day)), f"{day:%-d %b}") for day in _days(first, last, 4 if width >= WIDE else 2)),
        dots=tuple(places) if len(places) <= 31 else (),
    )


def _scale(values: Sequence[float], most: float | None) -> tuple[float, float, float]:
    """Round ends of the scale with room for the line, and the distance of its lines: three to five of them."""
    low, high = min(values), max(values)
    wanted = max(high - low, 1.0) / 3
    step = float(next((one for one in _STEPS if one >= wanted), 10 ** ceil(len(str(int(wanted))))))
    bottom, top = floor(low / step) * step, ceil(high / step) * step
    if bottom == top:
        bottom, top = max(0.0, bottom - step), top + step
    return bottom, min(top, most) if most else top, step


def _days(first: date, last: date, most: int) -> list[date]:
    """The days of the axis, both ends among them, with at most so many steps."""
    days = (last - first).days
    count = min(most, days)
    return [date.fromordinal(first.toordinal() + round(days * n / count)) for n in range(count + 1)]


def _f(value: float) -> str:
    return f"{value:.1f}"
