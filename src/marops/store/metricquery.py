"""Metrics as one statement each: a figure per period, with the number of rows behind it.

Every query answers the columns `period` (the first day of the period in the workspace's zone, NULL without a grain),
`value` and `n`. Conditions and instants are rendered by `store.rulesql`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from marops.store.predicate import And, Column, FactFilter, Kind, Predicate, Range
from marops.store.rulequery import Bindings, members_sql
from marops.store.rulesql import Dialect, RowWriter, RuleSqlError, as_text, column_of, instant


class Aggregate(StrEnum):
    """What is made of the rows of a period."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVERAGE = "average"
    MEDIAN = "median"


class Grain(StrEnum):
    """How long a period is; weeks begin on Monday."""

    TOTAL = "total"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Measure:
    """An aggregate over a column; rows are counted without one."""

    aggregate: Aggregate
    column: Column | None = None


@dataclass(frozen=True, slots=True)
class Periods:
    """The half-open time asked about, cut into periods of the zone."""

    start: datetime
    end: datetime
    zone: str
    grain: Grain = Grain.TOTAL


@dataclass(frozen=True, slots=True)
class FactSource:
    """Facts, placed by when they occurred."""

    facts: FactFilter


@dataclass(frozen=True, slots=True)
class RowSource:
    """Rows of the base relation for which a rule holds, placed by one of their times."""

    rule: Predicate
    time: Column


@dataclass(frozen=True, slots=True)
class Simple:
    """One measure over one source."""

    source: FactSource | RowSource
    measure: Measure


@dataclass(frozen=True, slots=True)
class Conversion:
    """Of those whose first `start` fact fell in the period, the share that had an `end` fact within the window.

    Only those count whose window is over by `as_of`: a young cohort would look worse than it is.
    """

    start: FactFilter
    end: FactFilter
    window: timedelta
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Formula:
    """Arithmetic over other queries by their names: `text` holds `{name}` for each; dividing by 0 gives no value."""

    text: str
    parts: Mapping[str, "Query"]
    weight: str
    """The part whose `n` counts."""


Query = Simple | Conversion | Formula


def metric_sql(query: Query, periods: Periods, bindings: Bindings, *, min_n: int = 0) -> str:
    """The statement of a metric. Periods with fewer than `min_n` rows keep their `n` and have no value."""
    inner = _query(query, periods, bindings)
    value = f"CASE WHEN n >= {int(min_n)} THEN value END"
    return f"SELECT period, {value} AS value, n FROM ({inner}) AS metric ORDER BY period"


def _query(query: Query, periods: Periods, bindings: Bindings) -> str:
    match query:
        case Simple():
            return _simple(query, periods, bindings)
        case Conversion():
            return _conversion(query, periods, bindings)
    return _formula(query, periods, bindings)


def _simple(query: Simple, periods: Periods, bindings: Bindings) -> str:
    writer = RowWriter(bindings.dialect)
    if isinstance(query.source, FactSource):
        source, time = f"{bindings.facts} AS e", "e.occurred_at"
        where = as_text(writer.matching(_within(query.source.facts, periods)), bindings.dialect)
    else:
        source = f"{bindings.table(bindings.base.name)} AS e"
        time = as_text(column_of("e", query.source.time.name), bindings.dialect)
        during = Range(query.source.time, periods.start, periods.end)
        chosen = members_sql(And((query.source.rule, during)), bindings)
        where = f"e.{bindings.base.key} IN ({chosen})"
    measure = _measure(query.measure, writer)
    return (
        f"SELECT {_period(time, periods, bindings.dialect)} AS period, {measure} AS value, COUNT(*) AS n"
        f" FROM {source} WHERE {where}{_grouped(periods)}"
    )


def _within(facts: FactFilter, periods: Periods) -> FactFilter:
    since = periods.start if facts.since is None else max(facts.since, periods.start)
    return FactFilter(facts.kinds, min(facts.until, periods.end), since, facts.where)


def _measure(measure: Measure, writer: RowWriter) -> str:
    if measure.aggregate is Aggregate.COUNT and measure.column is None:
        return "COUNT(*)"
    if measure.column is None:
        raise RuleSqlError(f"{measure.aggregate.value} needs a column")
    value = as_text(writer.value(measure.column), writer.dialect)
    if measure.aggregate is Aggregate.SUM and measure.column.kind is not Kind.MONEY:
        value = f"CAST({value} AS DECIMAL(38, 9))"  # sums of floats differ from run to run
    if measure.aggregate is Aggregate.MEDIAN and writer.dialect == "postgres":
        return f"PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY {value})"
    names = {Aggregate.COUNT: "COUNT", Aggregate.SUM: "SUM", Aggregate.AVERAGE: "AVG", Aggregate.MEDIAN: "MEDIAN"}
    if measure.aggregate is Aggregate.COUNT_DISTINCT:
        return f"COUNT(DISTINCT {value})"
    return f"{names[measure.aggregate]}({value})"


def _period(time: str, periods: Periods, dialect: Dialect) -> str:
    if periods.grain is Grain.TOTAL:
        return "CAST(NULL AS DATE)"
    zone = periods.zone.replace("'", "''")
    local = f"from_utc_timestamp({time}, '{zone}')" if dialect == "spark" else f"timezone('{zone}', {time})"
    return f"CAST(date_trunc('{periods.grain.value}', {local}) AS DATE)"


def _grouped(periods: Periods) -> str:
    return "" if periods.grain is Grain.TOTAL else " GROUP BY 1"


def _conversion(query: Conversion, periods: Periods, bindings: Bindings) -> str:
    writer, dialect = RowWriter(bindings.dialect), bindings.dialect
    before_end = FactFilter(
        query.start.kinds, min(query.start.until, periods.end), query.start.since, query.start.where
    )
    starts = as_text(writer.matching(before_end), dialect)
    ends = as_text(writer.matching(query.end), dialect)
    seconds = int(query.window.total_seconds())
    mature = as_text(instant(query.as_of - query.window), dialect)
    first = as_text(instant(periods.start), dialect)
    return (
        f"WITH starts AS (SELECT e.contact_id AS who, MIN(e.occurred_at) AS started FROM {bindings.facts} AS e"
        f" WHERE {starts} GROUP BY e.contact_id),"
        f" cohort AS (SELECT who, started FROM starts WHERE started >= {first} AND started <= {mature}),"
        f" done AS (SELECT DISTINCT c.who FROM cohort AS c JOIN {bindings.facts} AS e ON e.contact_id = c.who"
        f" WHERE {ends} AND e.occurred_at >= c.started"
        f" AND e.occurred_at < c.started + INTERVAL '{seconds}' SECOND)"
        f" SELECT {_period('c.started', periods, dialect)} AS period,"
        f" CAST(COUNT(d.who) AS {_double(dialect)}) / NULLIF(COUNT(*), 0) AS value, COUNT(*) AS n"
        f" FROM cohort AS c LEFT JOIN done AS d ON d.who = c.who{_grouped(periods)}"
    )


def _double(dialect: Dialect) -> str:
    return "DOUBLE" if dialect == "spark" else "DOUBLE PRECISION"


def _formula(query: Formula, periods: Periods, bindings: Bindings) -> str:
    """Every part in its own subquery, joined on the periods that any of them has."""
    names = {name: f"m{number}" for number, name in enumerate(query.parts)}
    subqueries = {names[name]: _query(part, periods, bindings) for name, part in query.parts.items()}
    ctes = ", ".join(f"{alias} AS (SELECT * FROM ({sql}) AS part)" for alias, sql in subqueries.items())
    every = " UNION ".join(f"SELECT period FROM {alias}" for alias in subqueries)
    joins = "".join(f" LEFT JOIN {alias} ON {alias}.period IS NOT DISTINCT FROM periods.period" for alias in subqueries)
    values = {name: f"CAST({alias}.value AS {_double(bindings.dialect)})" for name, alias in names.items()}
    return (
        f"WITH {ctes}, periods AS ({every}) SELECT periods.period AS period, {query.text.format(**values)} AS value,"
        f" COALESCE({names[query.weight]}.n, 0) AS n FROM periods{joins}"
    )
