"""An event log as columns, and what is found in one. Pure data; who reads files and tables is elsewhere."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from marops.methods.simulation.model import Amount

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]

NOBODY: Final = -1
Origin = Literal["log", "assumed"]


@dataclass(frozen=True, slots=True)
class Log:
    """Pieces of work, one row each, sorted by case, then start, then end.

    `case`, `activity`, `resource` (NOBODY: not said) and `work_class` are positions in the lists of names. Moments are
    hours since `zero` (an instant, on the wall's clock in UTC); NaN where the log does not say: `started` may be
    missing (then it is estimated and marked), `enabled` mostly is. `ended` is always there and never before `started`.
    """

    zero: datetime
    zone: ZoneInfo
    cases: tuple[str, ...]
    activities: tuple[str, ...]
    resources: tuple[str, ...]
    classes: tuple[str, ...]
    case: Codes
    activity: Codes
    resource: Codes
    work_class: Codes  # of the case, on each of its rows
    started: Floats
    ended: Floats
    enabled: Floats

    def __len__(self) -> int:
        return len(self.case)


@dataclass(frozen=True, slots=True)
class Way:
    """A way between nodes of a found graph: how often it was taken, and with what probability of all from its start."""

    source: int
    target: int
    count: int
    probability: float


@dataclass(frozen=True, slots=True)
class FoundNode:
    """A node of a found graph: an activity (position in the log's list), or a gate (None) that forks, joins or chooses.

    An activity stands in the graph once or several times. `split_all`: all ways are taken, else one. `join_all`: it
    waits for all ways that lead to it.
    """

    activity: int | None
    join_all: bool = False
    split_all: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """The process as found: sound by construction (each case that starts can end, and nothing is left behind).

    The first node is where cases start; the last one has no ways and is where they end. `covered`: share of the events
    whose behaviour the graph keeps after noise was left out.
    """

    nodes: tuple[FoundNode, ...]
    ways: tuple[Way, ...]
    covered: float
    noise: float


@dataclass(frozen=True, slots=True)
class WeekHours:
    """A weekly calendar: windows in minutes after local midnight by weekday (Monday is 0), half-open.

    `origin`: read off the log, or assumed because the log has too little of them. `support`: share of their work that
    lies within.
    """

    week: dict[int, tuple[tuple[int, int], ...]]
    origin: Origin = "log"
    support: float = 1.0


@dataclass(frozen=True, slots=True)
class FoundAmount:
    """A distribution, from how many observations, and how far off it is (Kolmogorov–Smirnov distance)."""

    amount: Amount
    n: int
    origin: Origin = "log"
    distance: float = 0.0


@dataclass(frozen=True, slots=True)
class FoundArrivals:
    """How cases of a class come in: a mean number per hour in which the calendar is open, months that differ from it
    (factor by calendar month 1–12, 1 where the log is too short to say), the distribution of gaps in units of their
    mean, and the calendar of arrivals.
    """

    per_open_hour: float
    per_month: float
    seasons: tuple[float, ...]
    gap: FoundAmount
    hours: WeekHours
    n: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Everything about time that was found. Keys are positions in the log's lists.

    `effort`: by activity, hours of work in the calendar of who did it, for somebody of speed 1. `speed`: by (activity,
    resource), partially pooled: 1 is the activity's middle; with interval (low, high). `able`: who did the activity
    often enough to count. `delay`: extraneous delay by activity (hours on the wall, or in the crew's hours where
    `delay_in_hours` says so). `outside`: activities without anybody take their time on the wall.
    """

    enabled: Floats
    started: Floats
    estimated: NDArray[np.bool_]  # rows whose start was not in the log
    worked: Floats  # hours of work of each row, within calendars, overlaps of one person divided among them
    calendars: tuple[WeekHours, ...]  # by resource
    pool: WeekHours
    effort: dict[int, FoundAmount]
    repeat: dict[int, float]
    speed: dict[tuple[int, int], tuple[float, float, float]]
    able: dict[int, tuple[int, ...]]
    delay: dict[int, FoundAmount]
    delay_in_hours: bool
    arrivals: dict[int, FoundArrivals]
    notes: tuple[str, ...] = field(default=())


CAUSES: Final = ("batching", "contention", "prioritisation", "unavailability", "outside")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Hours each row waited (from enabled to started), split by cause: columns as in CAUSES, rows as in the log."""

    hours: Floats  # n×5
    processing: Floats  # n


__all__ = ["CAUSES", "NOBODY", "Codes", "Floats", "FoundAmount", "FoundArrivals", "FoundNode", "Graph", "Log", "Origin",
           "Timing", "Waiting", "Way", "WeekHours"]  # fmt: skip
