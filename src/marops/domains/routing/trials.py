"""What a route would do: the leads of a while ago go through it as if they came now, and nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
import yaml
from django.db import connection, transaction

from marops.domains.accounts.public import names
from marops.domains.register.public import queue_names
from marops.domains.routing import dealing
from marops.domains.routing.dealing import Setting
from marops.domains.routing.rules import Route
from marops.domains.routing.stages import decision_sql
from marops.engine.asking import query_engine
from marops.kernel.clock import iso_utc
from marops.kernel.definitions import checked
from marops.kernel.errors import INVALID, MaropsError
from marops.kernel.exchange import VERSION_KEY
from marops.kernel.fields import REGISTRY
from marops.kernel.rules import read_yaml
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.workspace import zone
from marops.store.duckdb import quoted
from marops.store.rulequery import truths_sql

SHOWN = 200
_CAUSES: Mapping[str, str] = {
    "route": "the rule “{rule}”",
    "duplicate": "the same phone or mailbox as another lead of that owner",
    "company": "the same company as other leads of that owner",
    "fallback": "no rule claims it, or nobody can take it",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """One lead that would be with somebody else: from whom, to whom, and why."""

    contact_id: UUID
    ref: str
    before: str
    after: str
    rule: str | None
    cause: str
    why: str

    def as_json(self) -> dict[str, Any]:
        """As REST and the command line show it."""
        return {
            "ref": self.ref, "from": self.before, "to": self.after, "rule": self.rule, "cause": self.cause,
            "why": self.why,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """What a route would have done with the leads that came since a day."""

    since: datetime
    until: datetime
    leads: int
    moved: int
    unmatched: int
    by_hand: int
    owners: list[tuple[str, int, int]] = field(default_factory=list)
    rules: list[tuple[str, int]] = field(default_factory=list)
    items: list[Moved] = field(default_factory=list)
    as_now: bool = False

    def as_json(self) -> dict[str, Any]:
        """As REST and the command line show it."""
        return {
            "since": iso_utc(self.since),
            "until": iso_utc(self.until),
            "leads": self.leads,
            "moved": self.moved,
            "unmatched": self.unmatched,
            "kept_by_hand": self.by_hand,
            "as_now": self.as_now,
            "owners": [{"owner": name, "before": before, "after": after} for name, before, after in self.owners],
            "rules": [{"rule": name, "leads": leads} for name, leads in self.rules],
            "items": [one.as_json() for one in self.items],
        }


def simulate(
    document: Route, slug: str, since: datetime, until: datetime, *, as_now: bool = False, shown: int = SHOWN
) -> Trial:
    """Send the leads that came in [since, until) through a route, as if they were new and came at once.

    Rules see what is known of the leads today. Hours, absences and capacity are those of the moment, which say little
    about last month: they are left out of account unless `as_now`. What a person handed over stays.
    """
    rows = _decided(document, since, until)
    setting = Setting(slug, document, until, ideal=not as_now, trial=True)
    with transaction.atomic(), connection.cursor() as cursor:
        dealing.prepare(cursor, rows)
        cursor.execute("DELETE FROM staged WHERE by_hand")
        by_hand: int = cursor.rowcount
        cursor.execute("ALTER TABLE staged ADD was_owner uuid, ADD was_queue text")
        cursor.execute(
            "UPDATE staged SET was_owner = had_owner, was_queue = had_queue, had_owner = NULL, had_queue = NULL"
        )
        dealing.work_out(cursor, setting)
        trial = _read(cursor, document, (since, until), by_hand, shown, as_now=as_now)
        cursor.execute("DROP TABLE staged")
    return trial


def read_route(text: str) -> Route:
    """A route of its YAML text, checked as if it were kept. Raises MaropsError `invalid` with every fault."""
    try:
        given = read_yaml(text)
    except yaml.YAMLError as error:
        raise MaropsError(INVALID, f"This is no YAML: {error}") from None
    if not isinstance(given, dict):
        raise MaropsError(INVALID, "A route is a mapping of keys to values.")
    given = {key: value for key, value in given.items() if key != VERSION_KEY}
    return Route.model_validate(checked("route", given))


def _decided(document: Route, since: datetime, until: datetime) -> pa.Table:
    """The rule of every lead of the while, by the one evaluator, in one read-only question."""
    came = f"created_at >= {quoted(since.isoformat())} AND created_at < {quoted(until.isoformat())}"
    ids = f"SELECT id FROM pg.public.contact WHERE {came}"
    if not document.rules:
        return query_engine().arrow(
            f"SELECT id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id, NULL::VARCHAR AS rule, '{{}}' AS because"
            f" FROM ({ids})"
        )
    context = Context(until, zone())
    meant = {rule.name: understand(rule.when, context) for rule in document.rules}
    statement = truths_sql(meant, REGISTRY.bindings("duckdb").only(ids))
    renamed = ", ".join(f'"{column}" AS "{name}"' for name, column in statement.columns.items())
    return query_engine().arrow(f"SELECT {decision_sql(document)} FROM (SELECT id, {renamed} FROM ({statement.sql})) j")


_MOVES = "s.owner_id IS DISTINCT FROM s.was_owner OR s.queue IS DISTINCT FROM s.was_queue"


def _read(
    cursor: Any, document: Route, span: tuple[datetime, datetime], by_hand: int, shown: int, *, as_now: bool
) -> Trial:
    cursor.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {_MOVES}), count(*) FILTER (WHERE s.cause = 'fallback') FROM staged s"
    )
    leads, moved, unmatched = cursor.fetchone()
    cursor.execute(
        "SELECT owner, sum(before), sum(after) FROM (SELECT coalesce(was_owner::text, was_queue, '') AS owner,"
        " 1 AS before, 0 AS after FROM staged UNION ALL SELECT coalesce(owner_id::text, queue), 0, 1 FROM staged) both_"
        " GROUP BY owner"
    )
    counts = cursor.fetchall()
    cursor.execute("SELECT rule, count(*) FROM staged GROUP BY rule")
    rules = dict(cursor.fetchall())
    cursor.execute(
        "SELECT s.contact_id, s.number, coalesce(s.was_owner::text, s.was_queue, ''),"
        f" coalesce(s.owner_id::text, s.queue), s.rule, s.cause FROM staged s WHERE {_MOVES}"
        " ORDER BY s.number LIMIT %s",
        [shown],
    )
    found = cursor.fetchall()
    called = _Names([row[0] for row in counts])
    order = [*(rule.name for rule in document.rules), None]
    return Trial(
        *span, leads, moved, unmatched, by_hand,
        sorted(((called(owner), int(a), int(b)) for owner, a, b in counts), key=lambda one: (-one[2], one[0])),
        [(document.label(name), rules[name]) for name in order if rules.get(name)],
        [_moved(row, document, called) for row in found],
        as_now,
    )  # fmt: skip


class _Names:
    """What owners are called: people by their name, queues by theirs, and those who had nobody."""

    def __init__(self, keys: list[str]) -> None:
        self._known = {**queue_names(), **names([key for key in keys if key])}

    def __call__(self, key: str) -> str:
        # A queue that is made when the first lead goes there has no name yet.
        return self._known.get(key) or key.replace("-", " ").capitalize() if key else "nobody"


def _moved(row: tuple[Any, ...], document: Route, called: _Names) -> Moved:
    contact_id, number, before, after, rule, cause = row
    label = document.label(rule)
    return Moved(
        contact_id, f"L-{number}", called(before), called(after), rule, cause, _CAUSES[cause].format(rule=label)
    )
