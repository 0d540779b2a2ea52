"""What is answered about a workflow: figures with intervals, where the bottleneck is, what a change would bring.

Pure data, written by whoever simulates or measures, read by pages, documents and REST. Intervals are of 90 %. Hours are
working hours, unless a name says otherwise. `as_plain` and `read` turn each of them into JSON and back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter

from marops.domains.workflows.rules.document import Origin

METHODS = ("fluid", "waiting", "active", "sensitivity")
"""The four ways to ask, in the order they are shown: what an hour is worth, where work waits, who is busy without a
pause, what less work per step would bring."""

ThingKind = Literal["skill", "person", "step", "calendar", "limit", "demand", "outside"]
"""What can hold work back; `demand`: nothing does, more could come in."""

BASELINE = "baseline"
"""What doing nothing is called among the options of a comparison."""

MethodOrigin = Literal["log", "simulated"]

Good = Literal["more", "less", ""]
"""Which direction of a figure is the better one."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval; without a value, `why` says why nobody can tell."""

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""

    @property
    def told(self) -> bool:
        """Is there a value and does its interval keep away from nothing?"""
        return self.value is not None and not (self.low is not None and self.high is not None and self.holds(0.0))

    def holds(self, value: float) -> bool:
        """Does the interval hold this value?"""
        return self.low is not None and self.high is not None and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Thing:
    """What holds back: its kind, its key in the document (a step's or person's id, a skill's name), its name for
    people, and the steps at which it is felt.
    """

    kind: ThingKind
    key: str
    name: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate in the ranking of a method."""

    name: str
    value: float
    low: float
    high: float
    kind: ThingKind = "step"
    key: str = ""
    causes: Mapping[str, float] = field(default_factory=dict)  # the value by cause, of the method `waiting` only


@dataclass(frozen=True, slots=True)
class Method:
    """One way to ask where the bottleneck is, the best candidate first. `unit`: what the values count, in words.

    `origin`: simulated, or measured in the log `log` over so many `cases`; then `apart` says where simulation and log
    contradict each other.
    """

    method: str
    name: str
    asks: str
    unit: str
    rows: tuple[Row, ...]
    says: str = ""
    tied: tuple[str, ...] = ()  # names that the first one cannot be told apart from
    decimals: int = 1
    cause: str = ""  # why work waits at the first one, as in CAUSES of logs; of the method `waiting` only
    origin: MethodOrigin = "simulated"
    log: str = ""
    cases: int = 0
    apart: str = ""


@dataclass(frozen=True, slots=True)
class BottleneckAnswer:
    """Where the bottleneck is by four methods, whether they agree, and where it moves once it is lifted.

    `holds_back`: items a month that do not come out because of it; `waits`: hours that each of them waits there;
    `unlocks`: how many more a month by `lever` (one more hour of it a day). `spare`: how many times what comes in
    people could do. `agreement` and `next_says` are sentences.
    """

    constraint: Thing | None
    methods: tuple[Method, ...]
    agreement: str = ""
    agrees: int = 0
    holds_back: Estimate | None = None
    lever: str = ""
    unlocks: Estimate | None = None
    next_constraint: Thing | None = None
    next_says: str = ""
    because: tuple[str, ...] = ()
    waits: Estimate | None = None
    spare: float | None = None


@dataclass(frozen=True, slots=True)
class StepTimes:
    """What a typical visit of a step takes: hours worked, hours waited, and those by cause (see CAUSES of logs)."""

    worked: float
    waited: float
    causes: Mapping[str, float] = field(default_factory=dict)
    visits: float = 1.0
    origin: Origin = "assumed"


@dataclass(frozen=True, slots=True)
class Figures:
    """How a workflow does: lead times in hours on the wall's clock, shares, items a month, money in the crew's coin."""

    per_month: Estimate | None = None
    lead_p50: Estimate | None = None
    lead_p85: Estimate | None = None
    on_time: Estimate | None = None
    in_work: Estimate | None = None
    cost_each: Estimate | None = None
    lead_hours: tuple[float, ...] = ()  # quantiles at equal steps, smallest to largest
    in_work_by_month: tuple[Estimate, ...] = ()
    lead_p85_by_month: tuple[Estimate, ...] = ()


@dataclass(frozen=True, slots=True)
class StepEvidence:
    """What a log says of a step: a typical visit, and the hours on the wall that an item waits there, by cause."""

    times: StepTimes
    hours: Estimate
    causes: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a log says of the workflow that was read off it. Hours on the wall for an item, but for `times` of steps.

    `waiting` and `causes`: from when work could begin until it did. `efficiency`: work as a share of work and waiting;
    `without`: what it would be without a cause. `estimated`: pieces of work whose start was not in the log.
    """

    log: str
    cases: int
    events: int
    since: date | None
    until: date | None
    waiting: Estimate
    causes: Mapping[str, Estimate]
    steps: Mapping[str, StepEvidence]
    efficiency: Estimate
    without: Mapping[str, Estimate]
    lead_p50: Estimate
    lead_p85: Estimate
    lead_hours: tuple[float, ...] = ()
    estimated: int = 0

    @property
    def main(self) -> str:
        """The cause of most of the waiting; none where nothing waits."""
        first = max(self.causes, key=lambda one: self.causes[one].value or 0.0, default="")
        return first if first and self.causes[first].value else ""


@dataclass(frozen=True, slots=True)
class Measured:
    """How a workflow really goes, by step, and as a whole. `origin` is that of the steps: of a workflow that rests on a
    log, the log itself (`evidence`); figures of the time ahead are always simulated. `fit`: distance of the model's
    lead times to a log it has not seen, in multiples of the noise floor.
    """

    origin: MethodOrigin
    steps: Mapping[str, StepTimes]
    figures: Figures = Figures()
    cases: int = 0
    since: date | None = None
    until: date | None = None
    fit: Estimate | None = None
    runs: int = 0
    seconds: float = 0.0
    version: int = 0
    at: datetime | None = None
    seed: int = 0
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One scenario of a comparison. `key`: reference of the scenario; `kind`: of its first change, for its mark."""

    key: str
    title: str
    kind: str = ""
    says: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """The difference of an option to doing nothing, by month. `break_even`: place of the month in which it has paid
    for itself, with interval (None: not within the time looked at).
    """

    option: str
    months: tuple[Estimate, ...]
    break_even: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table under a comparison: one figure for doing nothing and for each option, in their order.

    `unit`: `number`, `hours`, `days`, `share` or `money`. `differences`: to doing nothing, where they were drawn on
    the same luck.
    """

    figure: str
    name: str
    unit: Literal["number", "hours", "days", "share", "money"]
    baseline: Estimate | None
    options: tuple[Estimate, ...]
    differences: tuple[Estimate, ...] = ()
    better: Good = "more"
    decimals: int = 1


@dataclass(frozen=True, slots=True)
class Ranked:
    """What options are ranked by: the throughput that each unlocks, or the items a month that it finishes more over the
    whole time. `gains` are in the order of the options, `level` is that of doing nothing; `tied`: keys of the options
    that come first and cannot be told apart. `says`: which is best, as a sentence.
    """

    by: Literal["unlocked", "items"]
    gains: tuple[Estimate, ...]
    level: Estimate | None = None
    tied: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Options against doing nothing. `measure` says in words what the series count; `baseline` is its level of doing
    nothing. `flip`: the assumption that would turn the ranking round, as a sentence. `best`: key of the option, or
    `baseline` where every option does harm; empty where several are tied, or nobody can tell. `by_workflow`: the
    highest intake of each workflow of the crew, where it was looked for.
    """

    options: tuple[Option, ...]
    months: tuple[date, ...]
    measure: str
    series: tuple[Series, ...]
    lines: tuple[Line, ...] = ()
    baseline: Estimate | None = None
    unit: str = ""
    flip: str = ""
    next_constraint: str = ""
    best: str = ""
    currency: str = "EUR"
    runs: int = 0
    seconds: float = 0.0
    assumptions: tuple[str, ...] = ()
    ranked: Ranked | None = None
    by_workflow: tuple[Line, ...] = ()


T = TypeVar("T", BottleneckAnswer, Measured, Comparison, Evidence)


_ADAPTERS: dict[type, TypeAdapter[Any]] = {
    kind: TypeAdapter(kind) for kind in (BottleneckAnswer, Measured, Comparison, Evidence)
}


def as_plain(answer: BottleneckAnswer | Measured | Comparison | Evidence) -> dict[str, Any]:
    """The same as JSON."""
    plain: dict[str, Any] = _ADAPTERS[type(answer)].dump_python(answer, mode="json")
    return plain


def read(kind: type[T], plain: Mapping[str, Any]) -> T:
    """What `as_plain` wrote. Raises pydantic's ValidationError."""
    found: T = _ADAPTERS[kind].validate_python(plain)
    return found


def plural(unit: str) -> str:
    """More than one of a unit, as English has it: campaigns, launches, entries."""
    if not unit:
        return "items"
    if unit.endswith("y") and unit[-2:-1] not in "aeiou":
        return f"{unit[:-1]}ies"
    return f"{unit}es" if unit.endswith(("s", "x", "ch", "sh")) else f"{unit}s"
