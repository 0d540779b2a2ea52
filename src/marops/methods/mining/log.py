"""An event log as columns, and what is found in one. Pure data; who reads files and tables is elsewhere."""

from dataclasses import dataclass, field, replace
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

    def only(self, rows: NDArray[np.bool_]) -> "Log":
        """The same log with these rows alone; positions in the lists of names stay."""
        columns = ("case", "activity", "resource", "work_class", "started", "ended", "enabled")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})


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
    """A distribution, from how many observations, how far off it is (Kolmogorov–Smirnov distance), and the interval
    (90 %) in which its mean lies.
    """

    amount: Amount
    n: int
    origin: Origin = "log"
    distance: float = 0.0
    mean_low: float = 0.0
    mean_high: float = float("inf")


@dataclass(frozen=True, slots=True)
class FoundArrivals:
    """How cases of a class come in: a mean number per hour in which the calendar is open, months that differ from it
    (factor by calendar month 1–12, 1 where the log is too short to say), the distribution of gaps in units of their
    mean, and the calendar of arrivals. `month_low`, `month_high`: the interval (90 %) of the number a month.
    """

    per_open_hour: float
    per_month: float
    seasons: tuple[float, ...]
    gap: FoundAmount
    hours: WeekHours
    n: int
    month_low: float = 0.0
    month_high: float = float("inf")


@dataclass(frozen=True, slots=True)
class FoundBatch:
    """That pieces of an activity are collected and done together: how many at a time (the middle), whether it is nearly
    always that many, how long the first waits for the last (hours on the wall, nine tenths of them), whether they are
    one job (begun at the same moment) or done one after the other, and which share of all its pieces is done so.
    """

    size: int
    steady: bool
    wait: float
    together: bool
    share: float
    n: int


@dataclass(frozen=True, slots=True)
class Timing:
    """Everything about time that was found. Keys are positions in the log's lists.

    `effort`: by activity, hours of work in the calendar of who did it, for somebody of speed 1. `speed`: by (activity,
    resource), partially pooled: 1 is the activity's middle; with interval (low, high). `able`: who did the activity
    often enough to count. `delay`: extraneous delay by activity (hours on the wall, or in the crew's hours where
    `delay_in_hours` says so; where all who are able keep the same hours, other than everybody's, in theirs: `delay_by`
    names one of them); of activities in `batches` it counts from when the batch was complete. Activities
    without anybody take their time on the wall. `batch`: by row the number of the batch it was done in, -1 for none;
    `batches`: by activity of which at least half is done so. `outside`: by activity, hours on the wall between the end
    of what came before and the moment at which the log says that the work could begin: a timer, somebody else's work.
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
    batch: Codes = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    batches: dict[int, FoundBatch] = field(default_factory=dict)
    outside: dict[int, FoundAmount] = field(default_factory=dict)
    delay_by: dict[int, int] = field(default_factory=dict)


CAUSES: Final = ("batching", "contention", "prioritisation", "unavailability", "outside")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Hours each row waited (from enabled to started), split by cause: columns as in CAUSES, rows as in the log."""

    hours: Floats  # n×5
    processing: Floats  # n


__all__ = ["CAUSES", "NOBODY", "Codes", "Floats", "FoundAmount", "FoundArrivals", "FoundBatch", "FoundNode", "Graph",
           "Log", "Origin", "Timing", "Waiting", "Way", "WeekHours"]  # fmt: skip
