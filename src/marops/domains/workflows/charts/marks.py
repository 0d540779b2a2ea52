"""What all pictures share: shapes as SVG text, escaped; how wide words are; round scales; numbers in few letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from math import ceil, floor, log10

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from marops.domains.workflows.rules.frames import months_on

MINUS = "−"
_NARROW = frozenset("fijlrtI.,:;'|!()[]-– ")
_WIDE = frozenset("mwMWQ@%")
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def month_words(months: Sequence[date], at: int, *, form: str = "M", year: bool = True) -> str:
    """A month by its name; where months do not begin with those of the calendar, the days that it spans."""
    first = months[at]
    if months[0].day == 1:
        return date_format(first, f"{form} Y" if year else form)
    last = (months[at + 1] if at + 1 < len(months) else months_on(months[0], len(months))) - timedelta(days=1)
    return f"{date_format(first, 'j M')} – {date_format(last, 'j M Y' if year else 'j M')}"


def num(value: float) -> str:
    """A coordinate."""
    return f"{value:.1f}".removesuffix(".0")


def wide(words: str, *, strong: bool = False) -> float:
    """About how many units a text of 13 takes; good enough to keep texts apart."""
    total = 0.0
    for letter in words:
        if letter in _NARROW:
            total += 3.9
        elif letter in _WIDE:
            total += 11.0
        elif ord(letter) > 0x2E80:
            total += 13.2
        else:
            total += 8.4 if letter.isupper() else 7.2
    return total * (1.07 if strong else 1.02)


def cut(words: str, room: float, *, strong: bool = False) -> str:
    """As much of a text as has room, with an ellipsis where something is left out."""
    if wide(words, strong=strong) <= room:
        return words
    while words and wide(words + "…", strong=strong) > room:
        words = words[:-1]
    return words.rstrip(" ,–-") + "…"


def tag(name: str, inside: str = "", **given: str | float | None) -> str:
    """One element. Underscores in names are hyphens, a trailing one is left out (`class_`); None is not written."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else num(value)}"'
        for key, value in given.items()
        if value is not None
    )
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def text(words: str, x: float, y: float, css: str = "", title: str = "") -> str:
    """A line of text."""
    told = f"<title>{escape(title)}</title>" if title else ""
    return tag("text", told + escape(words), class_=css or None, x=x, y=y)


def path(d: str, css: str) -> str:
    """A stroke."""
    return tag("path", class_=css, d=d)


def drawing(
    body: Sequence[str],
    *,
    width: float,
    height: float,
    ident: str,
    title: str,
    says: str,
    css: str = "chart",
    linked: bool = False,
) -> SafeString:
    """The whole picture, with its name and what it shows in words for those who do not see it. `linked`: what is in it
    can be reached, so it is read as a group and not as one image.
    """
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" width="{}" height="{}" role="{}" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>',
        css, num(width), num(height), num(width), num(height), "group" if linked else "img",
        ident, ident, ident, title, ident, says,
        mark_safe("".join(body)),  # noqa: S308  # made by `tag`, which escapes
    )  # fmt: skip


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


def number(value: float, decimals: int = 0, *, signed: bool = False) -> str:
    """A number with separators and a real minus sign; nothing is never negative."""
    said = f"{abs(value):,.{decimals}f}"
    if not said.strip("0.,"):
        return said
    if value < 0:
        return MINUS + said
    return f"+{said}" if signed else said


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
