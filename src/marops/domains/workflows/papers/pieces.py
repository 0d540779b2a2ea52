"""What papers are made of: sentences whose intervals are quieter than their words, dot plots, facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.workflows.charts.marks import cut, number, scale, span
from marops.domains.workflows.rules.answers import Estimate, Method

Voice = Literal["", "quiet", "strong"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a sentence; an interval is `quiet`."""

    text: str
    voice: Voice = ""


Said = tuple[Piece, ...]
"""A sentence in pieces; their spaces stand in them."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A row of a dot plot: places are shares of the plot's width."""

    name: str
    value: str
    between: str
    low: float
    at: float
    high: float
    hot: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of a dot plot's scale."""

    at: float
    words: str
    zero: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """One way to ask, as a small dot plot with intervals."""

    name: str
    asks: str
    dots: tuple[Dot, ...]
    ticks: tuple[Tick, ...]
    says: str
    tied: str


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, in words."""

    name: str
    share: float

    @property
    def percent(self) -> str:
        """In whole per cent."""
        return f"{number(self.share * 100)} %"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that answers, with its interval and what it is."""

    name: str
    value: str
    between: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer depends on: see `asking.Ask.as_plain`."""

    months: int = 0
    runs: int = 0
    seed: int = 0
    first: date | None = None
    versions: tuple[str, ...] = ()
    scenarios: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    """Which workflows of the crew could not be simulated, and why."""

    @property
    def without(self) -> tuple[str, ...]:
        """The same, as short as a paper says it."""
        more = len(self.left_out) - 1
        said = [clipped(one, 260) for one in self.left_out[:1]]
        if more > 0:
            said.append(ngettext("One more is left out.", "%(n)s more are left out.", more) % {"n": more})
        return tuple(said)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> "Asked":
        """Of what was kept with an answer."""
        first = plain.get("first")
        return cls(
            months=int(plain.get("months", 0)), runs=int(plain.get("runs", 0)), seed=int(plain.get("seed", 0)),
            first=date.fromisoformat(first) if first else None, versions=tuple(plain.get("versions", ())),
            scenarios=plain.get("scenarios", {}), left_out=tuple(plain.get("left_out", ())),
        )  # fmt: skip

    @property
    def last(self) -> date | None:
        """The first day of the last month."""
        return later(self.first, self.months - 1) if self.first else None


@dataclass(frozen=True, slots=True)
class Setting:
    """Whose paper it is: the company, the workflow's version that was asked about, when the answer was given."""

    company: str
    slug: str
    version: int = 0
    newest: int = 0
    at: datetime | None = None
    zone: str = "UTC"
    program: str = ""
    sample: bool = False


def later(day: date, months: int) -> date:
    """The same day so many months later, or the first of that month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    try:
        return day.replace(year=year, month=month + 1)
    except ValueError:
        return date(year, month + 1, 1)


def clipped(words: str, most: int) -> str:
    """At most so many letters of what people wrote, on one line."""
    line = " ".join(words.split())
    return line if len(line) <= most else line[: most - 1].rstrip(" ,–-") + "…"


def around(one: Estimate | None, decimals: int = 1, factor: float = 1.0) -> str:
    """The interval in brackets, empty where there is none."""
    if one is None or one.low is None or one.high is None:
        return ""
    # Adding 0 takes the sign from what is rounded to nothing.
    return f"({span(round(one.low * factor, decimals) + 0.0, round(one.high * factor, decimals) + 0.0, decimals)})"


def lead_around(one: Estimate) -> str:
    """The interval of a lead time in hours, in the unit in which `lead` says it."""
    value = one.value or 0.0
    fine_enough = value < 9.95 or 48 <= value < 240
    return around(one, 1 if fine_enough else 0, 1 / 24 if value >= 48 else 1.0)


def fine(one: Estimate) -> int:
    """How many decimals tell its ends apart, and from 0: one; two where they are small or round to the same."""
    ends = [end for end in (one.low, one.high, one.value) if end is not None]
    if not ends:
        return 1
    same = one.low is not None and one.high is not None and round(one.low, 1) == round(one.high, 1) != one.high
    most = max(abs(end) for end in ends)
    return 2 if most < 1 or (same and most < 20) else 1


def exact(said: str, interval: str) -> Said:
    """Words and their interval."""
    return (Piece(said), Piece(f" {interval}", "quiet")) if interval else (Piece(said),)


def plain(said: Said) -> str:
    """A sentence without its voices."""
    return "".join(one.text for one in said)


def listed(names: Sequence[str], last: str) -> str:
    """a, b {last} c."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def day_words(day: date | datetime) -> str:
    """A day as it stands in letters."""
    return date_format(day, "j F Y")


def plot_of(method: Method, *, hot: str, rows: int = 4) -> Plot:
    """The ranking of a method; `hot`: key or name of the constraint in it."""
    shown = method.rows[:rows]
    low, high = min((one.low for one in shown), default=0.0), max((one.high for one in shown), default=1.0)
    axis = scale(low, high, 0.0, 1.0, lines=3)
    dots = []
    for one in shown:
        small = method.decimals if abs(one.value) >= 0.5 * 10**-method.decimals else max(method.decimals, 2)
        dots.append(
            Dot(
                cut(one.name, 158, strong=True),
                number(one.value, small),
                span(one.low, one.high, small),
                axis.at(one.low),
                axis.at(one.value),
                axis.at(one.high),
                hot in (one.key, one.name),
            )
        )
    ticks = tuple(Tick(axis.at(value), axis.words(value), abs(value) < axis.step / 100) for value in axis.lines())
    tied = _("Cannot tell it from %(names)s.") % {
        "names": listed([clipped(one, 40) for one in method.tied[:3]], _("or"))
    }
    return Plot(method.name, method.asks or method.unit, tuple(dots), ticks, method.says, tied if method.tied else "")
