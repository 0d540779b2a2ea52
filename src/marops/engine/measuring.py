"""Metrics measured and kept: whoever shows a figure reads what was kept, and may ask for it to be measured anew.

One statement gives all periods of a grain, so what was written late into a period that is over is in the next reading.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from marops.kernel.actors import ENGINE
from marops.kernel.clock import now, start_of_day
from marops.kernel.fields import REGISTRY
from marops.kernel.jobs import JobRun, Progress, Step, job, start_job
from marops.kernel.metrics import METRICS, Metric, MetricType, compile_metric, kinds_read
from marops.kernel.models import Job, MetricReading, StageRun
from marops.kernel.rules_meaning import Context
from marops.kernel.workspace import midnight, today, zone
from marops.methods.intervals import wilson
from marops.store.duckdb import Cursor
from marops.store.metricquery import Grain, facts_kept_sql

KEPT: Final[Mapping[Grain, int]] = {Grain.WEEK: 27, Grain.MONTH: 14}
"""How many periods of a grain are measured, the running one among them."""
LEVELS_KEPT = timedelta(days=800)
SETTLED = timedelta(seconds=60)
"""A reading younger than this is good, whatever has come in since."""
SPAN, SPAN_BEFORE = "span", "span-before"
_FACTS: Final = "metric_facts"
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure of one period. `value` is None where nothing can be said; `why` then says why not."""

    period: date
    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    piece: str = ""
    closed: bool = False
    computed_at: datetime | None = None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """As REST and the command line print it."""
        document: dict[str, Any] = {"period": self.period.isoformat(), "value": self.value, "n": self.n}
        if self.low is not None or self.high is not None:
            document |= {"low": self.low, "high": self.high, "level": 0.95}
        if self.value is None:
            document["why"] = self.why
        return document | ({"piece": self.piece or None} if self.piece else {}) | {"closed": self.closed}


def span_of(metric: Metric) -> int:
    """The days that a metric's headline looks back on: long enough for a cohort to be over."""
    return 365 if metric.type is MetricType.CONVERSION else 90 if metric.name.startswith("pipeline.") else 30


def spans_of(metric: Metric, day: date) -> tuple[date, date]:
    """The first days of the headline that ends on this day, and of the span before it: whole days of the calendar, so
    that a list by days holds the same rows.
    """
    days = timedelta(days=span_of(metric))
    return day - days + DAY, day - 2 * days + DAY


# --- Measuring --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Question:
    """One statement of a metric: for the periods of a grain, or the span up to now."""

    grain: str
    start: datetime
    sql: str
    kinds: frozenset[str] | None
    """The kinds of facts it reads, from `_FACTS`; None when it reads all facts where they lie."""


def _questions(metric: Metric, as_of: datetime, by: str) -> Iterator[_Question]:
    context = Context(as_of, zone(), base=metric.entity)
    kinds = kinds_read(metric, context)
    bindings = REGISTRY.bindings("duckdb", base=metric.entity)
    if kinds:
        bindings = replace(bindings, facts=_FACTS, facts_of="")
    for name, grain, start, end in _times(metric, as_of, by):
        sql = compile_metric(metric, context, bindings, start=start, end=end, grain=grain, by=by)
        yield _Question(name, start, sql, kinds)


def _times(metric: Metric, as_of: datetime, by: str) -> Iterator[tuple[str, Grain, datetime, datetime]]:
    """What is measured of a metric: how it is kept, its grain, and the time asked about."""
    if metric.level:
        yield "day", Grain.TOTAL, start_of_day(as_of, str(zone())), as_of
        return
    first, before = (midnight(day) for day in spans_of(metric, today(as_of)))
    yield SPAN, Grain.TOTAL, first, as_of
    yield SPAN_BEFORE, Grain.TOTAL, before, as_of - timedelta(days=span_of(metric))
    if not by:
        for grain, count in KEPT.items():
            yield grain.value, grain, _start(grain, as_of, count), as_of


def _reading(metric: Metric, row: Mapping[str, Any], start: datetime, as_of: datetime) -> Reading:
    value, n = _number(row["value"]), int(row["n"] or 0)
    low, high = _number(row["low"]), _number(row["high"])
    if value is not None and low is None and _is_share(metric) and n and 0 <= value <= 1:
        low, high = wilson(value, n)
    return Reading(
        row["period"] or start.astimezone(zone()).date(), value, n, low, high, str(row["piece"] or ""),
        computed_at=as_of, why="" if value is not None else why_nothing(metric, n),
    )  # fmt: skip


def _is_share(metric: Metric) -> bool:
    """A share of so many, of which each either is or is not: what an interval can be given for."""
    return metric.type is MetricType.CONVERSION or metric.sample


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def why_nothing(metric: Metric, n: int) -> str:
    """Why there is no figure."""
    if n < metric.min_n:
        return f"Fewer than {metric.min_n} rows ({n}): too few to say anything."
    if metric.type is MetricType.BETWEEN and n:
        return f"Too many of the {n:,} still wait for the figure to fall among those that do not."
    return "Nothing happened that it could be measured on."


# --- Keeping ----------------------------------------------------------------------------------------------------------


def refresh(metrics: Iterable[Metric], as_of: datetime, *, by: str = "") -> Iterator[Metric]:
    """Measure and keep the readings of these metrics, one after the other, over one reading of the facts they share."""
    from marops.engine.asking import query_engine

    asked = [(metric, list(_questions(metric, as_of, by))) for metric in metrics]
    with query_engine().cursor() as cursor:
        _keep_facts(cursor, [one for _metric, some in asked for one in some])
        for metric, questions in asked:
            found = [pair for one in questions for pair in _answers(cursor, metric, one, as_of)]
            _keep(metric, by, found, as_of)
            yield metric


def _keep_facts(cursor: Cursor, questions: Sequence[_Question]) -> None:
    """The facts that these statements read: found in the lake and told apart from those of erased people once."""
    shared = [one for one in questions if one.kinds]
    if shared:
        kinds = frozenset[str]().union(*(one.kinds or () for one in shared))
        cursor.keep(_FACTS, facts_kept_sql([one.sql for one in shared], kinds, REGISTRY.bindings("duckdb")))


def _answers(cursor: Cursor, metric: Metric, asked: _Question, as_of: datetime) -> Iterator[tuple[str, Reading]]:
    found = [_reading(metric, row, asked.start, as_of) for row in cursor.rows(asked.sql)]
    if asked.grain in (SPAN, SPAN_BEFORE):
        # That there is nothing is kept too, or it would be looked for again and again.
        for reading in found or [Reading(today(as_of), None, 0)]:
            yield asked.grain, replace(reading, period=today(as_of))
        return
    if metric.level and not found:
        found = [Reading(today(as_of), None, 0, computed_at=as_of, why=why_nothing(metric, 0))]
    running = None if metric.level else _start(Grain(asked.grain), as_of, 1).astimezone(zone()).date()
    for reading in found:
        yield asked.grain, replace(reading, closed=running is not None and reading.period < running)


def _start(grain: Grain, as_of: datetime, count: int) -> datetime:
    """When the period began that lies `count - 1` before the running one."""
    day = today(as_of)
    if grain is Grain.WEEK:
        first = day - timedelta(days=day.weekday() + 7 * (count - 1))
    else:
        months = day.year * 12 + day.month - 1 - (count - 1)
        first = date(months // 12, months % 12 + 1, 1)
    return datetime(first.year, first.month, first.day, tzinfo=zone())


def _keep(metric: Metric, by: str, found: Sequence[tuple[str, Reading]], as_of: datetime) -> None:
    kept = MetricReading.objects.filter(metric=metric.name, version=metric.version, by=by)
    with transaction.atomic():
        if metric.level:  # the days before are its history
            kept.filter(period=today(as_of)).delete()
            kept.filter(period__lt=today(as_of) - LEVELS_KEPT).delete()
        else:
            kept.delete()
        MetricReading.objects.bulk_create(_row(metric, by, grain, one, as_of) for grain, one in found)


def _row(metric: Metric, by: str, grain: str, one: Reading, as_of: datetime) -> MetricReading:
    return MetricReading(
        metric=metric.name, version=metric.version, grain=grain, period=one.period, by=by, piece=one.piece,
        value=_decimal(one.value), low=_decimal(one.low), high=_decimal(one.high), n=one.n, closed=one.closed,
        computed_at=as_of,
    )  # fmt: skip


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else round(Decimal(repr(value)), 9)


# --- Reading ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept of one metric: its headline, the span before, and the periods of each grain, oldest first."""

    metric: Metric
    spans: Sequence[Reading] = ()
    spans_before: Sequence[Reading] = ()
    periods: Mapping[str, Sequence[Reading]] = ()  # type: ignore[assignment]  # an empty one

    @property
    def computed_at(self) -> datetime | None:
        """When it was measured; None where it never was."""
        told = [*self.spans, *self.spans_before, *(one for some in dict(self.periods).values() for one in some)]
        return max((one.computed_at for one in told if one.computed_at), default=None)

    def headline(self, piece: str = "") -> Reading | None:
        """The figure of the span up to now, or how it stands."""
        if self.metric.level:
            days = [one for one in self.of("day") if one.piece == piece]
            return days[-1] if days else None
        return next((one for one in self.spans if one.piece == piece), None)

    def before(self, piece: str = "") -> Reading | None:
        """The figure of the span before that; of a level, as it stood a month ago."""
        if self.metric.level:
            days = [one for one in self.of("day") if one.piece == piece]
            past = [one for one in days if one.period <= days[-1].period - timedelta(days=28)] if days else []
            return past[-1] if past else None
        return next((one for one in self.spans_before if one.piece == piece), None)

    def of(self, grain: str) -> Sequence[Reading]:
        """The periods of a grain, oldest first."""
        return dict(self.periods).get(grain, ())


def kept(metrics: Sequence[Metric], *, by: str = "") -> dict[str, Kept]:
    """What was kept of these metrics, in one statement."""
    versions = {metric.name: metric.version for metric in metrics}
    rows: dict[str, dict[str, list[Reading]]] = {metric.name: {} for metric in metrics}
    for row in MetricReading.objects.filter(metric__in=versions, by=by).order_by("period", "piece"):
        if row.version == versions[row.metric]:
            metric = METRICS.find(row.metric)
            rows[row.metric].setdefault(row.grain, []).append(_of_row(metric, row))
    return {
        metric.name: Kept(
            metric,
            rows[metric.name].pop(SPAN, []),
            rows[metric.name].pop(SPAN_BEFORE, []),
            rows[metric.name],
        )
        for metric in metrics
    }


def _of_row(metric: Metric, row: MetricReading) -> Reading:
    value = _number(row.value)
    why = "" if value is not None else why_nothing(metric, row.n)
    return Reading(
        row.period, value, row.n, _number(row.low), _number(row.high), row.piece, row.closed, row.computed_at, why
    )


def stale(found: Iterable[Kept], as_of: datetime, *, daily: bool = False) -> list[Metric]:
    """Those that something may have happened to since: never measured, of another day, or facts have moved on.

    `daily` passes over the last: for pages of so many figures that to measure them all takes long.
    """
    moved = None if daily else StageRun.objects.filter(stage="move").values_list("last_at", flat=True).first()
    return [one.metric for one in found if _is_stale(one, moved, as_of)]


def _is_stale(one: Kept, moved: datetime | None, as_of: datetime) -> bool:
    at = one.computed_at
    if at is None or today(at) != today(as_of):
        return True
    return as_of - at > SETTLED and moved is not None and moved > at


# --- When the day turns -----------------------------------------------------------------------------------------------


@job("metrics.read", title="Read the metrics")
def read_all(run: JobRun) -> Iterator[Step]:
    """Measure every metric and keep what it says, one after the other."""
    metrics = list(METRICS.all().values())
    for number, metric in enumerate(refresh(metrics, now()), 1):
        yield Progress(number, len(metrics), metric.label), {"done": number}


def day_turn(as_of: datetime) -> int:
    """Have a worker read all metrics: some would hold the engine up for longer than anybody should wait for a lead."""
    if not Job.objects.filter(kind="metrics.read", state__in=["waiting", "running"]).exists():
        start_job("metrics.read", {}, actor=ENGINE)
    return 0
