"""The metric registry: figures with one definition each, whoever prints them.

A domain registers its metrics when it is loaded; `compile_metric` makes one statement of a metric, for a time and a
grain, and split by a field. Six types: *simple* (a measure over facts or over rows of a relation), *ratio* (two
metrics), *derived* (arithmetic over metrics), *conversion* (of a cohort that did one thing, the share that did another
in a window), *between* (how long it took from one thing to another) and *cumulative* (a metric added up over time).
"""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Literal

from marops.kernel.errors import FieldError, MaropsError, problem
from marops.kernel.fields import column_of, fact_column, nearest
from marops.kernel.rules import Did, parse
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.rules_time import BadTime, Duration
from marops.store.metricquery import (
    Aggregate,
    Between,
    Conversion,
    Cumulative,
    FactSource,
    Formula,
    Grain,
    Measure,
    Periods,
    Query,
    RowSource,
    Simple,
    kinds_of,
    metric_sql,
    rows_sql,
)
from marops.store.predicate import FACT, Column, FactCount, FactFilter, Kind, Table
from marops.store.rulequery import Bindings

METRIC_INVALID = problem(
    "metric-invalid", "This metric cannot be computed", remedy="Put its definition right; no figure is shown meanwhile."
)

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_WORD: Final = re.compile(r"[a-z][a-z0-9_.]*")
_FORMULA: Final = re.compile(r"(\s*([a-z][a-z0-9_.]*|\d+(\.\d+)?|[-+*/()]))+\s*")


class MetricType(StrEnum):
    """How a metric is made."""

    SIMPLE = "simple"
    RATIO = "ratio"
    DERIVED = "derived"
    CONVERSION = "conversion"
    BETWEEN = "between"
    CUMULATIVE = "cumulative"


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure: what it measures, who owns it, and how to read it.

    `rule` of a simple metric is a fact condition (`{did: …, where: …}`: the facts are measured) or any other rule (the
    rows of `entity` are measured, placed by the field `time`; with `level`, as they are now). A conversion takes
    `start` and `end` as fact conditions and `window` as a duration of exact time; so does a between, without a window:
    it measures minutes, placed at the start or at the `place`d end. A cumulative adds up the metric `of` until each
    period's `place`. `once` takes only the first fact of each person and combination of these properties (an empty one:
    of each person). `good` says which direction is better; below `min_n` rows nothing is said. `clock` says in words by
    which time a period is told.
    """

    name: str
    label: str
    type: MetricType
    owner: str
    """The team role that answers for it."""
    unit: Literal["count", "share", "minutes", "money", "points"] = "count"
    version: int = 1
    entity: str = "contact"
    measure: Aggregate = Aggregate.COUNT
    quantile: float = 0.5
    of: str = ""
    """The field, or the column or property of the facts, that is measured; of a cumulative the metric."""
    once: tuple[str, ...] | None = None
    level: bool = False
    place: Literal["start", "end"] = "start"
    rule: Mapping[str, Any] = field(default_factory=lambda: {"everyone": True})
    time: str = ""
    numerator: str = ""
    denominator: str = ""
    formula: str = ""
    start: Mapping[str, Any] = field(default_factory=dict)
    end: Mapping[str, Any] = field(default_factory=dict)
    window: str = ""
    grain: Grain = Grain.MONTH
    good: Literal["up", "down", ""] = ""
    min_n: int = 0
    description: str = ""
    clock: str = ""
    split: str = ""
    """A field or property that it is always split by: money by its currency."""
    by: tuple[str, ...] = ()
    """Fields that it can be split by."""
    counts: Literal["contact", "opportunity"] = "contact"
    """What its rows are."""
    event: str = ""
    """The name by which a list is narrowed to the rows it counts: `mql`."""
    says: str = ""
    """What became of them, in words that follow "leads that": "became MQL"."""
    base_says: str = ""
    """Of a conversion the same for everybody of whom it is a share; their event is `<event>_base`."""
    rows_of: str = ""
    """The metric that counts the same rows, where it has no event of its own."""
    page: str = ""
    """The page that shows what it is made of, where that is no list of rows."""
    sample: bool = False
    """A share of so many, each of which is or is not: it gets an interval. Conversions always are."""
    working: bool = False
    """Minutes of work by somebody's calendar, not of the clock on the wall."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a metric name like funnel.leads")


class Metrics:
    """All metrics. There is one registry for the product (`METRICS`); tests make their own."""

    def __init__(self) -> None:
        self._known: dict[str, Metric] = {}

    def add(self, *metrics: Metric) -> None:
        """Register metrics; one name means one definition."""
        for metric in metrics:
            if self._known.setdefault(metric.name, metric) != metric:
                raise ValueError(f"metric {metric.name!r} is registered twice, differently")

    def all(self) -> Mapping[str, Metric]:
        """All metrics by name."""
        return dict(sorted(self._known.items()))

    def events(self, counts: str) -> Mapping[str, tuple[Metric, bool]]:
        """The events by which lists of leads or of deals are narrowed: the metric, and is it its base that is meant?"""
        found: dict[str, tuple[Metric, bool]] = {}
        for metric in self.all().values():
            if metric.event and metric.counts == counts:
                found[metric.event] = (metric, False)
                found |= {f"{metric.event}_base": (metric, True)} if metric.base_says else {}
        return found

    def find(self, name: str) -> Metric:
        """The metric of this name. Raises MaropsError with the nearest name."""
        if name not in self._known:
            meant = nearest(name, self._known)
            raise _refused(name, f"there is no metric {name}", f"Did you mean {meant}?" if meant else "Choose another.")
        return self._known[name]


METRICS: Final = Metrics()
"""The product's metrics: domains fill it when they are loaded."""


def compile_metric(
    metric: Metric,
    context: Context,
    bindings: Bindings,
    *,
    start: datetime,
    end: datetime,
    grain: Grain | None = None,
    by: str = "",
    metrics: Metrics = METRICS,
) -> str:
    """One statement with `period`, `value`, `n`, `low`, `high` and `piece` for the half-open time [start, end).

    `by` splits it by a field, or by a property of its facts. Raises MaropsError for a definition that names what does
    not exist or depends on itself.
    """
    reader = _Reader(context, metrics)
    query = reader.query(metric, ())
    split = reader.splitter(metric, by or metric.split) if by or metric.split else None
    level = metric.type is MetricType.SIMPLE and metric.level
    periods = Periods(start, end, str(context.zone), Grain.TOTAL if level else grain or metric.grain)
    return metric_sql(query, periods, bindings, min_n=metric.min_n, split=split)


def compile_rows(
    metric: Metric,
    context: Context,
    bindings: Bindings,
    *,
    start: datetime,
    end: datetime,
    base: bool = False,
    piece: str = "",
    metrics: Metrics = METRICS,
) -> str:
    """One statement with the rows that a metric counts in [start, end): `who` (an id) and how many `times`.

    `base` takes everybody of whom a conversion is a share; `piece` one piece of what the metric is always split by.
    """
    reader = _Reader(context, metrics)
    split = reader.splitter(metric, metric.split) if metric.split else None
    who = "contact_id" if metric.counts == "contact" else "subject_id"
    periods = Periods(start, end, str(context.zone))
    query = reader.query(metric, ())
    return rows_sql(query, periods, bindings, base=base, who=who, split=split, piece=piece)


def kinds_read(metric: Metric, context: Context, *, metrics: Metrics = METRICS) -> frozenset[str] | None:
    """The kinds of facts that a metric reads; None when it may read any."""
    return kinds_of(_Reader(context, metrics).query(metric, ()))


@dataclass(frozen=True, slots=True)
class _Reader:
    context: Context
    metrics: Metrics

    def query(self, metric: Metric, path: tuple[str, ...]) -> Query:
        if metric.name in path:
            way = " → ".join((*path, metric.name))
            raise _refused(metric.name, f"it depends on itself: {way}", "Take one of them out.")
        match metric.type:
            case MetricType.SIMPLE:
                return self.simple(metric)
            case MetricType.CONVERSION:
                return self.conversion(metric)
            case MetricType.BETWEEN:
                return self.between(metric)
            case MetricType.CUMULATIVE:
                return Cumulative(self.query(self.metrics.find(metric.of), (*path, metric.name)), metric.place)
            case MetricType.RATIO:
                return self.arithmetic(metric, f"{metric.numerator} / {metric.denominator}", metric.denominator, path)
        return self.arithmetic(metric, metric.formula, "", path)

    def simple(self, metric: Metric) -> Simple:
        rule = parse(metric.rule)
        if isinstance(rule, Did):
            source = self.source(metric, metric.rule)
            return Simple(source, self.measure(metric, source.facts))
        if not metric.time and not metric.level:
            raise _refused(metric.name, "it does not say which time places a row", "Name a time field.", "/time")
        time = None if metric.level else self.column(metric, metric.time, "/time")
        return Simple(RowSource(understand(rule, self.context), time), self.measure(metric, None))

    def source(self, metric: Metric, condition: Mapping[str, Any]) -> FactSource:
        facts = self.facts(metric, condition)
        once = None if metric.once is None else tuple(self.of_fact(name, facts) for name in metric.once)
        return FactSource(facts, once)

    def facts(self, metric: Metric, condition: Mapping[str, Any]) -> FactFilter:
        found = understand(parse(condition), self.context)
        if not isinstance(found, FactCount):
            raise _refused(metric.name, "this is not a fact condition", "Write {did: …}.")
        return found.facts

    def measure(self, metric: Metric, facts: FactFilter | None) -> Measure:
        if not metric.of:
            return Measure(metric.measure, None, metric.quantile)
        column = self.column(metric, metric.of, "/of") if facts is None else self.of_fact(metric.of, facts)
        return Measure(metric.measure, column, metric.quantile)

    def of_fact(self, name: str, facts: FactFilter) -> Column:
        """A column or property of these facts."""
        if name == "contact_id":
            return Column(Table(FACT, "contact_id"), "contact_id", Kind.UUID)
        kinds = self.context.registry.fact_kinds()
        declared = next((kinds[kind].properties.get(name) for kind in facts.kinds if kind in kinds), None)
        return fact_column(name, declared)[0]

    def column(self, metric: Metric, name: str, at: str) -> Column:
        """A field of the rows that are measured, or of a relation that describes them."""
        registry = self.context.registry
        item = registry.find_field(name)
        relation = registry.find_relation(item.relation) if item else None
        if item is None or relation is None or relation.base != self.context.base or item.path:
            raise _refused(metric.name, f"{name} is not a field of {self.context.base}", "Choose one that is.", at)
        return column_of(item, relation)

    def splitter(self, metric: Metric, name: str) -> Column:
        """What a figure is split by: a field where there is one of this name, else a property of its facts."""
        if self.context.registry.find_field(name) is not None:
            return self.column(metric, name, "/by")
        if "." in name:
            raise _refused(metric.name, f"it cannot be split by {name}", "Name a field.", "/by")
        return fact_column(name, None)[0]

    def conversion(self, metric: Metric) -> Conversion:
        window = self.window(metric)
        start, end = self.facts(metric, metric.start), self.facts(metric, metric.end)
        return Conversion(start, end, window, self.context.as_of)

    def between(self, metric: Metric) -> Between:
        measured = Column(Table(FACT, "contact_id"), "minutes", Kind.NUMBER)
        measure = Measure(metric.measure, None if metric.measure is Aggregate.COUNT else measured, metric.quantile)
        return Between(self.source(metric, metric.start), self.facts(metric, metric.end), measure, metric.place)

    def window(self, metric: Metric) -> timedelta:
        """A window of exact time: a day is 24 hours. Months and years have no length."""
        hours = {"d": 24, "w": 24 * 7}
        try:
            duration = Duration.parse(metric.window)
            exact = Duration(duration.amount * hours[duration.unit], "h") if duration.unit in hours else duration
            return exact.exact()
        except (BadTime, KeyError) as error:
            said = f"{metric.window!r} is not a window"
            raise _refused(metric.name, said, "Write so many min, h, d or w: 90d.", "/window") from error

    def arithmetic(self, metric: Metric, formula: str, weight: str, path: tuple[str, ...]) -> Formula:
        if not _is_arithmetic(formula):
            remedy = "Use names of metrics, numbers, + - * / and (), and divide by a name or a number."
            raise _refused(metric.name, f"{formula!r} is not arithmetic over metrics", remedy, "/formula")
        names = tuple(dict.fromkeys(_WORD.findall(formula)))
        inner = (*path, metric.name)
        parts = {f"p{number}": self.query(self.metrics.find(name), inner) for number, name in enumerate(names)}
        text = _WORD.sub(lambda found: f"{{p{names.index(found[0])}}}", formula)
        # What is only added up has as many rows behind it as its parts together.
        weights = [weight or names[0]] if weight or re.search(r"[-*/]", formula) else names
        return Formula(_safe_division(text), parts, tuple(f"p{names.index(name)}" for name in weights))


def _is_arithmetic(formula: str) -> bool:
    if not _FORMULA.fullmatch(formula) or not _WORD.search(formula) or re.search(r"/\s*[-+(]|\*\s*\*|/\s*/", formula):
        return False
    try:
        ast.parse(_WORD.sub("x", formula).strip(), mode="eval")
    except SyntaxError:
        return False
    return "x(" not in _WORD.sub("x", formula).replace(" ", "")


def _safe_division(text: str) -> str:
    """Division by nothing gives no value instead of an error; a divisor is a name, a number or a bracket."""
    return re.sub(r"/\s*(\{p\d+\}|\d+(?:\.\d+)?)", r"/ NULLIF(\1, 0)", text)


def _refused(name: str, message: str, remedy: str, pointer: str = "") -> MaropsError:
    fault = FieldError(code="metric", message=message, remedy=remedy, pointer=pointer)
    return MaropsError(METRIC_INVALID, f"{name}: {message}", errors=[fault])
