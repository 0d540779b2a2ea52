"""What all pictures share: shapes as SVG text, escaped; how wide words are; round scales; numbers in few letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor, log10

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops.domains.workflows.rules.frames import months_on
from marops.kernel.drawing import MINUS, cut, drawing, num, number, path, tag, text, wide

__all__ = [
    "MINUS",
    "Scale",
    "cut",
    "drawing",
    "hours",
    "month_words",
    "num",
    "number",
    "path",
    "scale",
    "span",
    "tag",
    "text",
    "wide",
]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def month_words(months: Sequence[date], at: int, *, form: str = "M", year: bool = True) -> str:
    """A month by its name; where months do not begin with those of the calendar, the days that it spans."""
    first = months[at]
    if months[0].day == 1:
        return date_format(first, f"{form} Y" if year else form)
    last = (months[at + 1] if at + 1 < len(months) else months_on(months[0], len(months))) - timedelta(days=1)
    return f"{date_format(first, 'j M')} – {date_format(last, 'j M Y' if year else 'j M')}"


@dataclass(frozen=True, slots=True)
class Scale:
    """A round scale: its ends, the distance of its lines, and how a value becomes a place between two places."""

    low: float
    high: float
    step: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where a value stands."""
        return self.start + (self.end - self.start) * (value - self.low) / ((self.high - self.low) or 1.0)

    def lines(self) -> list[float]:
        """The values that have a line."""
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * one for one in range(count + 1)]

    def words(self, value: float, *, signed: bool = False) -> str:
        """A value of a line in as many decimals as its step needs."""
        if abs(value) < self.step / 100:
            return "0"
        decimals = max(0, -floor(log10(self.step) + 1e-9)) if self.step < 1 else 0
        if self.step in (2.5, 0.25, 0.025):
            decimals += 1
        return number(value, decimals, signed=signed)


NOTHING = 1e-6
"""A picture of values that differ less than this is of one value: its axis is one unit long."""


def scale(low: float, high: float, start: float, end: float, *, lines: int = 4, zero: bool = True) -> Scale:
    """A scale that holds both values (and 0), with about so many round steps."""
    low, high = (min(low, 0.0), max(high, 0.0)) if zero else (low, high)
    wanted = (high - low if high - low > NOTHING else 1.0) / lines
    power = 10.0 ** floor(log10(wanted))
    step = next(part * power for part in _STEPS if part * power >= wanted * 0.999)
    bottom, top = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    return Scale(bottom, top if top > bottom else bottom + step, step, start, end)


def hours(value: float) -> str:
    """Hours in few letters: 0.5 h, 3 h, 47 h."""
    if 0 < value < 0.45:
        return _("%(n)s min") % {"n": max(1, round(value * 60))}
    decimals = 0 if value >= 9.95 or abs(value - round(value)) < 0.05 else 1
    return _("%(n)s h") % {"n": number(value, decimals)}


def span(low: float | None, high: float | None, decimals: int = 1) -> str:
    """An interval: 2.4–3.8; with words where an end is negative."""
    if low is None or high is None:
        return ""
    told = {"low": number(low, decimals), "high": number(high, decimals)}
    return (_("%(low)s to %(high)s") if low < 0 or high < 0 else _("%(low)s–%(high)s")) % told
