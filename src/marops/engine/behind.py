"""The rows behind figures: who became what in a period, by the very definition of the metric that counts them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops.kernel.clock import now
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.fields import REGISTRY
from marops.kernel.metrics import METRICS, Metric, MetricType, compile_rows
from marops.kernel.rules_meaning import Context
from marops.kernel.workspace import midnight, today, zone

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR = timedelta(days=360)
What = Literal["contact", "opportunity"]


@dataclass(frozen=True, slots=True)
class Happened:
    """What a list is narrowed to: an event, the days on which it happened (both included), and a piece of it."""

    event: str = ""
    since: date | None = None
    until: date | None = None
    piece: str = ""

    def __bool__(self) -> bool:
        return bool(self.event)

    def words(self, what: What = "contact") -> str:
        """In words: "became MQL in October 2026"."""
        metric, base = _known(self.event, what)
        said = _(metric.base_says if base else metric.says)
        parts = (said, self.piece, "" if metric.level else days_in_words(self.since, self.until))
        return " ".join(part for part in parts if part)

    def query(self) -> dict[str, str]:
        """As parameters of an address."""
        given = {"event": self.event, "from": self.since, "to": self.until, "piece": self.piece}
        return {name: str(value) for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Behind:
    """The rows of an event: their ids, each once, and how often it happened to all of them together."""

    ids: tuple[str, ...]
    times: int

    @property
    def array(self) -> str:
        """The ids as one parameter of PostgreSQL, however many they are."""
        return f"{{{','.join(self.ids)}}}"


def happened(given: Mapping[str, str]) -> Happened:
    """What an address or an option asks for. Raises MaropsError `invalid` for what is no day."""
    return Happened(
        given.get("event", ""), _day("from", given.get("from", "")), _day("to", given.get("to", "")),
        given.get("piece", ""),
    )  # fmt: skip


def _day(name: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _wrong(name, f"{text!r} is no day.", "Write it as 2026-10-31.") from None


def behind(asked: Happened, what: What = "contact") -> Behind:
    """The rows that the metric of this event counts in this time, as of now. One statement."""
    from marops.engine.asking import query_engine

    metric, base = _known(asked.event, what)
    context, bindings = Context(now(), zone()), REGISTRY.bindings("duckdb", base="contact")
    start = midnight(asked.since) if asked.since else _EVER
    end = midnight((asked.until or today()) + timedelta(days=1))
    sql = compile_rows(metric, context, bindings, start=start, end=end, base=base, piece=asked.piece)
    found = query_engine().arrow(f"SELECT who, times FROM ({sql}) AS counted WHERE who IS NOT NULL")
    return Behind(tuple(found.column("who").to_pylist()), sum(found.column("times").to_pylist()))


def _known(event: str, what: What) -> tuple[Metric, bool]:
    known = METRICS.events(what)
    if event not in known:
        raise _wrong("event", f"There is no event {event!r}.", f"Use {', '.join(sorted(known))}.")
    return known[event]


def _wrong(name: str, said: str, remedy: str) -> MaropsError:
    return MaropsError(INVALID, said, errors=[FieldError("choice", said, remedy, field=name)])


# --- From a metric to its rows ----------------------------------------------------------------------------------------


def lists_of(metric: Metric) -> Iterator[tuple[What, str]]:
    """The lists behind a metric, the rows it counts first; of a share, those of whom it is one second."""
    if metric.type is MetricType.RATIO and not metric.rows_of:
        for part in (metric.numerator, metric.denominator):
            yield from list(lists_of(METRICS.find(part)))[:1]
    elif metric.event:
        yield metric.counts, metric.event
        if metric.base_says:
            yield metric.counts, f"{metric.event}_base"
    elif metric.rows_of:
        yield from lists_of(METRICS.find(metric.rows_of))


def parts_of(metric: Metric) -> list[Metric]:
    """The metrics that one is made of, for those that count no rows themselves."""
    if metric.type is MetricType.CUMULATIVE:
        return [METRICS.find(metric.of)]
    if metric.type is MetricType.RATIO:
        return [METRICS.find(metric.numerator), METRICS.find(metric.denominator)]
    names = METRICS.all()
    return [names[word] for word in metric.formula.split() if word in names]


# --- Days in words ----------------------------------------------------------------------------------------------------


def days_in_words(since: date | None, until: date | None) -> str:
    """A time in words: "in October 2026", "on 3 October 2026", "from 24 October to 22 November 2026"."""
    if since and until:
        return _both(since, until)
    if since:
        return _("since %(day)s") % {"day": date_format(since, "j F Y")}
    return _("until %(day)s") % {"day": date_format(until, "j F Y")} if until else ""


def _both(since: date, until: date) -> str:
    if since == until:
        return _("on %(day)s") % {"day": date_format(since, "j F Y")}
    if since.day == 1 and (until + timedelta(days=1)).day == 1 and since.month == until.month and until - since < _YEAR:
        return _("in %(month)s") % {"month": date_format(since, "F Y")}
    first = date_format(since, "j F" if since.year == until.year else "j F Y")
    return _("from %(first)s to %(last)s") % {"first": first, "last": date_format(until, "j F Y")}
