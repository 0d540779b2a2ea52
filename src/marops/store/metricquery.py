"""Metrics as one statement each: a figure per period, with the number of rows behind it.

Every query answers `period` (the first day of the period in the workspace's zone, NULL without a grain), `value`, `n`,
`low` and `high` (the interval of a quantile; shares get theirs from `value` and `n`) and `piece` (what the figure is
split by, NULL without a split). A leaf is first written as *observations*: a row each with `placed`, `who`, `value`,
`piece`. Conditions and instants are rendered by `store.rulesql`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from marops.store.facts import FACT_NAMES
from marops.store.predicate import FACT, And, Column, Const, FactFilter, Kind, Predicate, Range, Table, asks_facts
from marops.store.rulequery import Bindings, members_sql
from marops.store.rulesql import Dialect, RowWriter, RuleSqlError, as_text, identifier, instant

_Z: Final = "1.959964"
_OF_FACTS: Final = re.compile(r'\be"?\."?([a-z_]+)')
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Aggregate(StrEnum):
    """What is made of the rows of a period."""

    COUNT = "count"
    COUNT_DISTINCT = "count_distinct"
    SUM = "sum"
    AVERAGE = "average"
    MEDIAN = "median"
    QUANTILE = "quantile"


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
    """An aggregate over a column; rows are counted without one. A quantile says which: 0.9 is the ninth tenth."""

    aggregate: Aggregate
    column: Column | None = None
    quantile: float = 0.5


@dataclass(frozen=True, slots=True)
class Periods:
    """The half-open time asked about, cut into periods of the zone."""

    start: datetime
    end: datetime
    zone: str
    grain: Grain = Grain.TOTAL


@dataclass(frozen=True, slots=True)
class FactSource:
    """Facts, placed by when they occurred. With `once`, the first of each person, or of each combination of these."""

    facts: FactFilter
    once: tuple[Column, ...] | None = None


@dataclass(frozen=True, slots=True)
class RowSource:
    """Rows of the base relation for which a rule holds, placed by one of their times; without one, as they are now."""

    rule: Predicate
    time: Column | None


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
class Between:
    """Minutes from a fact to the person's next `end` fact: a quantile of them, or how many there are.

    Placed by the start, those that had no end yet count as longer than all others, so that waiting is never left out;
    where the quantile falls among them there is no value. Placed by the end, only those that ended are there.
    """

    start: FactSource
    end: FactFilter
    measure: Measure
    place: Literal["start", "end"] = "start"


@dataclass(frozen=True, slots=True)
class Cumulative:
    """The sum of another query's values over all time before each period's start, or up to its end."""

    of: "Query"
    until: Literal["start", "end"] = "end"


@dataclass(frozen=True, slots=True)
class Formula:
    """Arithmetic over other queries by their names: `text` holds `{name}` for each; dividing by 0 gives no value."""

    text: str
    parts: Mapping[str, "Query"]
    weights: tuple[str, ...]
    """The parts whose `n` counts, added up."""


Query = Simple | Conversion | Between | Cumulative | Formula


def metric_sql(
    query: Query, periods: Periods, bindings: Bindings, *, min_n: int = 0, split: Column | None = None
) -> str:
    """The statement of a metric. Periods with fewer than `min_n` rows keep their `n` and have no value."""
    inner = _Statement(periods, bindings, split).query(query)
    kept = ", ".join(f"CASE WHEN n >= {int(min_n)} THEN {name} END AS {name}" for name in ("value", "low", "high"))
    value, low, high = kept.split(", ")
    return f"SELECT period, {value}, n, {low}, {high}, piece FROM ({inner}) AS metric ORDER BY period, piece"


def kinds_of(query: Query) -> frozenset[str] | None:
    """The kinds of facts that a figure reads; None when it may read any."""
    match query:
        case Simple(source=FactSource(facts=facts)):
            filters: list[FactFilter] = [facts]
        case Simple(source=RowSource(rule=rule)):
            return None if asks_facts(rule) else frozenset()
        case Conversion(start=start, end=end) | Between(start=FactSource(facts=start), end=end):
            filters = [start, end]
        case Cumulative(of=of):
            return kinds_of(of)
        case Formula(parts=parts):
            return _together(kinds_of(part) for part in parts.values())
    return _together(frozenset(one.kinds) or None for one in filters)


def _together(some: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    found: frozenset[str] = frozenset()
    for one in some:
        if one is None:
            return None
        found |= one
    return found


def facts_kept_sql(statements: Sequence[str], kinds: Iterable[str], bindings: Bindings) -> str:
    """The facts of these kinds, in the columns that the statements of metrics name: to be kept for all of them."""
    columns = {"kind", "occurred_at", "contact_id"}
    for statement in statements:
        columns |= {name for name in _OF_FACTS.findall(statement) if name in FACT_NAMES}
    listed = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    return f"SELECT {', '.join(sorted(columns))} FROM {bindings.facts} WHERE kind IN ({listed}) ORDER BY kind"


def rows_sql(
    query: Query,
    periods: Periods,
    bindings: Bindings,
    *,
    base: bool = False,
    who: str = "contact_id",
    split: Column | None = None,
    piece: str = "",
) -> str:
    """Which rows a figure counts in this time: `who`, and how many `times` each.

    Of a conversion those who went on, or with `base` everybody who could. `who` is the column of the facts that names
    the row; with a `piece` only the rows of this piece of the split.
    """  # fmt: skip
    statement = _Statement(periods, bindings, split, who)
    quoted = piece.replace("'", "''")
    wanted = f" WHERE o.piece = '{quoted}'" if piece else ""
    return (
        f"SELECT CAST(o.who AS {statement.text}) AS who, COUNT(*) AS times FROM ({statement.observed(query, base)})"
        f" AS o{wanted} GROUP BY o.who"
    )


@dataclass(frozen=True, slots=True)
class _Statement:
    periods: Periods
    bindings: Bindings
    split: Column | None
    who: str = "contact_id"

    @property
    def dialect(self) -> Dialect:
        return self.bindings.dialect

    @property
    def double(self) -> str:
        return "DOUBLE" if self.dialect == "spark" else "DOUBLE PRECISION"

    def query(self, query: Query) -> str:
        if isinstance(query, Formula):
            return self.formula(query)
        if isinstance(query, Cumulative):
            return self.cumulative(query)
        if isinstance(query, Conversion):
            return self.figure(self.of_cohort(query), Measure(Aggregate.AVERAGE), facts=True)
        if isinstance(query, Between):
            return self.figure(self.between(query), query.measure, facts=True, open_ended=True)
        if isinstance(query.source, FactSource):
            return self.figure(self.of_facts(query.source, query.measure.column), query.measure, facts=True)
        return self.figure(self.of_rows(query.source, query.measure.column), query.measure, facts=False)

    def observed(self, query: Query, base: bool) -> str:
        """The observations that a figure counts. Raises RuleSqlError for figures that are no count of any."""
        if isinstance(query, Formula) and not re.search(r"[-*/]", query.text):
            parts = (self.observed(part, base) for part in query.parts.values())
            return " UNION ALL ".join(f"SELECT who, piece FROM ({part}) AS part" for part in parts)
        if isinstance(query, Conversion):
            return self.of_cohort(query) if base else f"SELECT * FROM ({self.of_cohort(query)}) AS done WHERE value = 1"
        if isinstance(query, Between):
            return self.between(query)
        if not isinstance(query, Simple):
            raise RuleSqlError("this figure is no count of rows")
        column = query.measure.column
        if isinstance(query.source, FactSource):
            return self.of_facts(query.source, column)
        rows = self.of_rows(query.source, column)
        return rows if column is None else f"SELECT * FROM ({rows}) AS known WHERE value IS NOT NULL"

    # --- Observations ---

    def of_facts(self, source: FactSource, measured: Column | None = None) -> str:
        if source.once is not None:
            return self.firsts(source.facts, source.once)
        writer = RowWriter(self.dialect)
        value = as_text(writer.value(measured), self.dialect) if measured else "NULL"
        where = as_text(writer.matching(self.within(source.facts)), self.dialect)
        return (
            f"SELECT e.occurred_at AS placed, e.{self.who} AS who, {value} AS value,"
            f" {self.piece_of_fact(writer)} AS piece FROM {self.bindings.facts} AS e WHERE {where}"
        )

    def firsts(self, facts: FactFilter, once: tuple[Column, ...]) -> str:
        """The first fact of each person (and combination), looked for in all time and then placed."""
        writer = RowWriter(self.dialect)
        where = as_text(writer.matching(self.before_end(facts)), self.dialect)
        keys = "".join(f", {as_text(writer.value(column), self.dialect)}" for column in once)
        return (
            "SELECT placed, who, NULL AS value, piece FROM (SELECT MIN(e.occurred_at) AS placed, e.contact_id AS who,"
            f" {self.piece_of_fact(writer, some=True)} AS piece FROM {self.bindings.facts} AS e"
            f" WHERE {where} AND e.contact_id IS NOT NULL GROUP BY e.contact_id{keys}) AS firsts"
            f" WHERE placed >= {self.moment(self.periods.start)}"
        )

    def of_rows(self, source: RowSource, measured: Column | None) -> str:
        base = self.bindings.base
        own = self.split if self.split is not None and self.split.table.name == base.name else None
        value = self.of_row(measured) if measured else "NULL"
        time = self.of_row(source.time) if source.time else "NULL"
        piece = f"CAST({self.of_row(own)} AS {self.text})" if own else "NULL"
        used = {one.table for one in (source.time, measured, own) if one is not None and one.table.name != base.name}
        key = identifier(base.key, self.dialect)
        joins = "".join(
            f" LEFT JOIN {self.bindings.table(table.name)} AS {_alias(table)}"
            f" ON {_alias(table)}.{identifier(table.key, self.dialect)} = c.{key}"
            for table in sorted(used, key=lambda table: table.name)
        )
        return (
            f"SELECT {time} AS placed, c.{key} AS who, {value} AS value, {piece} AS piece"
            f" FROM {self.bindings.table(base.name)} AS c{joins}{self.chosen(source)}"
        )

    def chosen(self, source: RowSource) -> str:
        rule = source.rule
        if source.time is not None:
            rule = And((rule, Range(source.time, self.periods.start, self.periods.end)))
        elif rule == Const(value=True):
            return ""
        members = members_sql(rule, self.bindings)
        return f" WHERE c.{identifier(self.bindings.base.key, self.dialect)} IN ({members})"

    def of_row(self, column: Column) -> str:
        alias = "c" if column.table.name == self.bindings.base.name else _alias(column.table)
        return as_text(RowWriter(self.dialect, alias=alias).value(column), self.dialect)

    def of_cohort(self, query: Conversion) -> str:
        writer = RowWriter(self.dialect)
        starts = as_text(writer.matching(self.before_end(query.start)), self.dialect)
        ends = as_text(writer.matching(query.end), self.dialect)
        mature, first = self.moment(query.as_of - query.window), self.moment(self.periods.start)
        piece = self.piece_of_fact(writer, some=True)
        return (
            f"WITH starts AS (SELECT e.contact_id AS who, MIN(e.occurred_at) AS started, {piece} AS piece"
            f" FROM {self.bindings.facts} AS e WHERE {starts} AND e.contact_id IS NOT NULL GROUP BY e.contact_id),"
            f" cohort AS (SELECT * FROM starts WHERE started >= {first} AND started <= {mature}),"
            f" done AS (SELECT DISTINCT c.who FROM cohort AS c JOIN {self.bindings.facts} AS e ON e.contact_id = c.who"
            f" WHERE {ends} AND e.occurred_at >= c.started"
            f" AND e.occurred_at < c.started + INTERVAL '{int(query.window.total_seconds())}' SECOND)"
            " SELECT c.started AS placed, c.who AS who,"
            f" CAST(CASE WHEN d.who IS NULL THEN 0 ELSE 1 END AS {self.double}) AS value,"
            " c.piece AS piece FROM cohort AS c LEFT JOIN done AS d ON d.who = c.who"
        )

    def between(self, query: Between) -> str:
        writer = RowWriter(self.dialect)
        begun = self.periods.start if query.place == "start" else _LONG_AGO
        placed = Periods(begun, self.periods.end, self.periods.zone)
        starts = _Statement(placed, self.bindings, self.split).of_facts(query.start)
        ends = as_text(writer.matching(query.end), self.dialect)
        paired = (
            "SELECT s.placed AS started, s.who AS who, MIN(s.piece) AS piece, MIN(f.ended) AS ended"
            f" FROM ({starts}) AS s LEFT JOIN (SELECT e.contact_id AS who, e.occurred_at AS ended"
            f" FROM {self.bindings.facts} AS e WHERE {ends}) AS f ON f.who = s.who AND f.ended >= s.placed"
            " WHERE s.who IS NOT NULL GROUP BY s.placed, s.who"
        )
        minutes = f"({self.seconds('ended')} - {self.seconds('started')}) / 60.0"
        if query.place == "start":
            return f"SELECT started AS placed, who, {minutes} AS value, piece FROM ({paired}) AS paired"
        return (
            f"SELECT MIN(started) AS started, ended AS placed, who, MIN({minutes}) AS value, MIN(piece) AS piece"
            f" FROM ({paired}) AS paired WHERE ended >= {self.moment(self.periods.start)}"
            f" AND ended < {self.moment(self.periods.end)} GROUP BY ended, who"
        )

    def before_end(self, facts: FactFilter) -> FactFilter:
        return FactFilter(facts.kinds, min(facts.until, self.periods.end), facts.since, facts.where)

    def within(self, facts: FactFilter) -> FactFilter:
        since = self.periods.start if facts.since is None else max(facts.since, self.periods.start)
        return FactFilter(facts.kinds, min(facts.until, self.periods.end), since, facts.where)

    # --- Figures ---

    def figure(self, observed: str, measure: Measure, *, facts: bool, open_ended: bool = False) -> str:
        """The observations of each period and piece made one figure."""
        split = self.split
        joined = split is not None and split.table.name not in (FACT, *([] if facts else [self.bindings.base.name]))
        join, piece = "", f"CAST(o.piece AS {self.text})"
        if split is not None and joined:
            table = split.table
            join = (
                f" LEFT JOIN {self.bindings.table(table.name)} AS d ON d.{identifier(table.key, self.dialect)} = o.who"
            )
            piece = f"CAST({as_text(RowWriter(self.dialect, alias='d').value(split), self.dialect)} AS {self.text})"
        period = self.period("o.placed")
        rows = f"SELECT {period} AS period, {piece} AS piece, o.value AS value FROM ({observed}) AS o{join}"
        if measure.aggregate in (Aggregate.MEDIAN, Aggregate.QUANTILE):
            return self.ranked(rows, measure.quantile, open_ended=open_ended)
        # Without a grain and a split there is one figure, even of nothing.
        alone = self.periods.grain is Grain.TOTAL and split is None
        keys = f"CAST(NULL AS DATE) AS period, CAST(NULL AS {self.text}) AS piece" if alone else "period, piece"
        return (
            f"SELECT {keys}, {_aggregate(measure)} AS value, COUNT(*) AS n,"
            f" CAST(NULL AS {self.double}) AS low, CAST(NULL AS {self.double}) AS high"
            f" FROM ({rows}) AS observed{'' if alone else ' GROUP BY period, piece'}"
        )

    def ranked(self, rows: str, quantile: float, *, open_ended: bool) -> str:
        """The quantile by rank, between neighbours in proportion, with the order statistics around it as interval."""
        among = "" if open_ended else " WHERE value IS NOT NULL"
        ranked = (
            f"SELECT period, piece, CAST(value AS {self.double}) AS value,"
            " ROW_NUMBER() OVER (PARTITION BY period, piece ORDER BY CASE WHEN value IS NULL THEN 1 ELSE 0 END, value)"
            f" AS nth, COUNT(*) OVER (PARTITION BY period, piece) AS n FROM ({rows}) AS observed{among}"
        )
        q, around = repr(float(quantile)), f"{_Z} * SQRT(n * {quantile!r} * (1 - {quantile!r}))"
        at = f"((n - 1) * {q} + 1)"
        below, above = (
            f"MAX(CASE WHEN nth = FLOOR({at}) THEN value END)",
            f"MAX(CASE WHEN nth = CEIL({at}) THEN value END)",
        )
        share = f"MAX({at} - FLOOR({at}))"
        return (
            f"SELECT period, piece, CASE WHEN {share} = 0 THEN {below} ELSE {below} + {share} * ({above} - {below}) END"
            " AS value, MAX(n) AS n,"
            f" MAX(CASE WHEN nth = FLOOR(n * {q} - {around}) THEN value END) AS low,"
            f" MAX(CASE WHEN nth = CEIL(n * {q} + {around}) + 1 THEN value END) AS high"
            f" FROM ({ranked}) AS ranked GROUP BY period, piece"
        )

    def cumulative(self, query: Cumulative) -> str:
        nothing = f"CAST(NULL AS {self.double})"
        if self.periods.grain is Grain.TOTAL:
            until = self.periods.start if query.until == "start" else self.periods.end
            past = _Statement(Periods(_LONG_AGO, until, self.periods.zone), self.bindings, self.split)
            return (
                f"SELECT period, piece, COALESCE(value, 0) AS value, n, {nothing} AS low, {nothing} AS high"
                f" FROM ({past.query(query.of)}) AS past"
            )
        whole = Periods(_LONG_AGO, self.periods.end, self.periods.zone, self.periods.grain)
        inner = _Statement(whole, self.bindings, self.split).query(query.of)
        own = " - COALESCE(value, 0)" if query.until == "start" else ""
        own_n = " - n" if query.until == "start" else ""
        over = "OVER (PARTITION BY piece ORDER BY period ROWS UNBOUNDED PRECEDING)"
        first = f"CAST({self.period(self.moment(self.periods.start))} AS DATE)"
        return (
            f"SELECT period, piece, value, n, {nothing} AS low, {nothing} AS high FROM (SELECT period, piece,"
            f" SUM(COALESCE(value, 0)) {over}{own} AS value, SUM(n) {over}{own_n} AS n FROM ({inner}) AS steps) AS sums"
            f" WHERE period >= {first}"
        )

    def formula(self, query: Formula) -> str:
        """Every part in its own subquery, joined on the periods and pieces that any of them has."""
        names = {name: f"m{number}" for number, name in enumerate(query.parts)}
        ctes = ", ".join(
            f"{names[name]} AS (SELECT * FROM ({self.query(part)}) AS part)" for name, part in query.parts.items()
        )
        every = " UNION ".join(f"SELECT period, piece FROM {alias}" for alias in names.values())
        joins = "".join(
            f" LEFT JOIN {alias} ON {alias}.period IS NOT DISTINCT FROM periods.period"
            f" AND {alias}.piece IS NOT DISTINCT FROM periods.piece"
            for alias in names.values()
        )
        # A count of nothing is 0; only a figure that cannot be told stays away.
        values = {name: f"CAST({_or_zero(query.parts[name], alias)} AS {self.double})" for name, alias in names.items()}
        n = " + ".join(f"COALESCE({names[name]}.n, 0)" for name in query.weights)
        nothing = f"CAST(NULL AS {self.double})"
        return (
            f"WITH {ctes}, periods AS ({every}) SELECT periods.period AS period, periods.piece AS piece,"
            f" {query.text.format(**values)} AS value, {n} AS n, {nothing} AS low, {nothing} AS high"
            f" FROM periods{joins}"
        )

    # --- Words of the dialect ---

    @property
    def text(self) -> str:
        return "STRING" if self.dialect == "spark" else "TEXT"

    def piece_of_fact(self, writer: RowWriter, *, some: bool = False) -> str:
        if self.split is None or self.split.table.name != FACT:
            return "NULL"
        piece = f"CAST({as_text(writer.value(self.split), self.dialect)} AS {self.text})"
        return f"MIN({piece})" if some else piece

    def moment(self, at: datetime) -> str:
        return as_text(instant(at), self.dialect)

    def seconds(self, name: str) -> str:
        return f"unix_micros({name}) / 1000000.0" if self.dialect == "spark" else f"EXTRACT(EPOCH FROM {name})"

    def period(self, time: str) -> str:
        if self.periods.grain is Grain.TOTAL:
            return "CAST(NULL AS DATE)"
        zone = self.periods.zone.replace("'", "''")
        local = f"from_utc_timestamp({time}, '{zone}')" if self.dialect == "spark" else f"timezone('{zone}', {time})"
        return f"CAST(date_trunc('{self.periods.grain.value}', {local}) AS DATE)"


def _alias(table: Table) -> str:
    return f"r_{table.name}"


def _or_zero(query: Query, alias: str) -> str:
    """The value of a part; for counts and sums nothing is the same as 0."""
    counts = (Aggregate.COUNT, Aggregate.COUNT_DISTINCT, Aggregate.SUM)
    adds = query.measure.aggregate in counts if isinstance(query, Simple | Between) else isinstance(query, Cumulative)
    return f"COALESCE({alias}.value, 0)" if adds else f"{alias}.value"


def _aggregate(measure: Measure) -> str:
    if measure.aggregate is Aggregate.COUNT:
        return "COUNT(*)" if measure.column is None else "COUNT(value)"
    if measure.aggregate is Aggregate.AVERAGE:
        return "AVG(value)"
    if measure.column is None:
        raise RuleSqlError(f"{measure.aggregate.value} needs a column")
    if measure.aggregate is Aggregate.COUNT_DISTINCT:
        return "COUNT(DISTINCT value)"
    # Sums of floats differ from run to run.
    return "SUM(value)" if measure.column.kind is Kind.MONEY else "SUM(CAST(value AS DECIMAL(38, 9)))"
