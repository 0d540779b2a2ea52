"""What a route would do: the leads of a while ago go through it as if they came now, and nothing is written."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
import yaml
from django.db import connection, transaction

from marops.domains.accounts.public import names, sees
from marops.domains.register.public import queue_names
from marops.domains.routing import dealing
from marops.domains.routing.dealing import Setting
from marops.domains.routing.permissions import VIEW
from marops.domains.routing.queries import reached_sql
from marops.domains.routing.rules import Route
from marops.domains.routing.stages import decision_sql
from marops.engine.asking import query_engine
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.definitions import active, checked, load
from marops.kernel.errors import INVALID, MaropsError
from marops.kernel.exchange import VERSION_KEY
from marops.kernel.fields import REGISTRY
from marops.kernel.models import Definition
from marops.kernel.permissions import grants
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
    "turn": "another turn of the same pool, “{rule}”",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """One lead that would be with somebody else: from whom, to whom, and why; `today` is who has it now."""

    contact_id: UUID
    ref: str
    before: str
    after: str
    today: str
    rule: str | None
    cause: str
    why: str
    name: str | None = None
    reached: bool = False
    """May the reader open this lead?"""

    def as_json(self) -> dict[str, Any]:
        """As REST and the command line show it."""
        return {
            "ref": self.ref, "name": self.name, "from": self.before, "to": self.after, "today": self.today,
            "rule": self.rule, "cause": self.cause, "why": self.why,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the tried leads an owner has today, gets by the version in force, and by the one that is tried."""

    owner: str
    today: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Moves:
    """What `reassign` does the moment a version comes into force, whenever the leads came."""

    leads: int = 0
    at_work: int = 0
    """Leads that stay because sales has them in work."""
    items: list[Moved] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As REST and the command line show it."""
        return {"leads": self.leads, "at_work": self.at_work, "items": [one.as_json() for one in self.items]}


@dataclass(frozen=True, slots=True)
class Trial:
    """What a route would do with the leads that came since a day, beside what the version in force does with them."""

    since: datetime
    until: datetime
    leads: int
    moved: int
    unmatched: int
    by_hand: int
    turned: int = 0
    """Of those that moved: leads for whom rule and pool are the same, and only the turn is another."""
    elsewhere_today: int = 0
    baseline: str | None = None
    """The version in force; none: the comparison is with who has the leads today."""
    in_force: bool = False
    """What is tried says what the version in force says."""
    owners: list[Share] = field(default_factory=list)
    rules: list[tuple[str, int]] = field(default_factory=list)
    items: list[Moved] = field(default_factory=list)
    moves: Moves | None = None
    """None where no rule moves leads that have an owner, and for the version in force, which has moved them."""
    as_now: bool = False

    def as_json(self) -> dict[str, Any]:
        """As REST and the command line show it."""
        return {
            "since": iso_utc(self.since),
            "until": iso_utc(self.until),
            "baseline": self.baseline,
            "in_force": self.in_force,
            "leads": self.leads,
            "moved": self.moved,
            "only_another_turn": self.turned,
            "elsewhere_today": self.elsewhere_today,
            "unmatched": self.unmatched,
            "kept_by_hand": self.by_hand,
            "as_now": self.as_now,
            "owners": [asdict(one) for one in self.owners],
            "rules": [{"rule": name, "leads": leads} for name, leads in self.rules],
            "items": [one.as_json() for one in self.items],
            "reassigned": self.moves.as_json() if self.moves else None,
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is tried, against what, and for whom it is told."""

    actor: Actor
    setting: Setting
    base: Definition | None
    shown: int

    @property
    def document(self) -> Route:
        return self.setting.document

    @property
    def base_document(self) -> Route | None:
        return load(self.base) if self.base else None

    @property
    def in_force(self) -> bool:
        """Does it say what the version in force says?"""
        return self.document == self.base_document


def simulate(
    document: Route,
    slug: str,
    since: datetime,
    until: datetime,
    *,
    actor: Actor,
    as_now: bool = False,
    shown: int = SHOWN,
) -> Trial:
    """Send the leads that came in [since, until) through a route and through the version in force, as if they were new.

    Rules see what is known of the leads today. Hours, absences and capacity are those of the moment, which say little
    about last month: they are left out of account unless `as_now`. What a person handed over stays. Beside that stands
    what `reassign` would do at once with leads that have an owner: this with hours, absences and capacity as they are.
    """
    base = next((one for one in active("route") if one.slug == slug), None)
    asked = _Asked(actor, Setting(slug, document, until, ideal=not as_now, trial=True), base, shown)
    came = f"created_at >= {quoted(since.isoformat())} AND created_at < {quoted(until.isoformat())}"
    ids = f"SELECT id FROM pg.public.contact WHERE {came}"
    with transaction.atomic(), connection.cursor() as cursor:
        if not asked.in_force:
            _deal_base(cursor, asked, ids)
        by_hand = _deal(cursor, asked.setting, ids)
        if asked.in_force:
            _keep_as_base(cursor)
        trial = _read(cursor, asked, (since, until), by_hand, as_now=as_now)
        cursor.execute("DROP TABLE staged, tried_base")
        return replace(trial, moves=_moves_at_once(cursor, asked))


def _deal_base(cursor: Any, asked: _Asked, ids: str) -> None:
    """`tried_base`: what the version in force does with these leads; where none is, who has them now."""
    if document := asked.base_document:
        _deal(cursor, replace(asked.setting, document=document), ids)
    else:
        dealing.prepare(cursor, _decided(Route(title=""), asked.setting.as_of, ids))
        cursor.execute("UPDATE staged SET owner_id = had_owner, queue = had_queue")
    _keep_as_base(cursor)
    cursor.execute("DROP TABLE staged")


def _keep_as_base(cursor: Any) -> None:
    cursor.execute(
        "CREATE TEMP TABLE tried_base ON COMMIT DROP AS SELECT contact_id, owner_id, queue, rule, cause FROM staged"
    )


def _deal(cursor: Any, setting: Setting, ids: str) -> int:
    """Work out in `staged` who would get these leads if they came now. Answers how many stay because of a hand-over."""
    dealing.prepare(cursor, _decided(setting.document, setting.as_of, ids))
    cursor.execute("DELETE FROM staged WHERE by_hand")
    by_hand: int = cursor.rowcount
    cursor.execute("ALTER TABLE staged ADD was_owner uuid, ADD was_queue text")
    cursor.execute("UPDATE staged SET was_owner = had_owner, was_queue = had_queue, had_owner = NULL, had_queue = NULL")
    dealing.work_out(cursor, setting)
    return by_hand


def _moves_at_once(cursor: Any, asked: _Asked) -> Moves | None:
    """R3 foretold: the leads that have an owner, through the same steps as when the version comes into force."""
    document = asked.document
    words = {rule.reassign for rule in document.rules}
    if words <= {"no"} or asked.in_force:
        return None
    owned = f"SELECT contact_id AS id FROM pg.public.assignment WHERE definition <> {quoted(dealing.BY_HAND)}"
    if "always" not in words:
        waits = f"SELECT id FROM pg.public.queue WHERE slug = {quoted(document.fallback)}"
        owned += f" AND queue_id IN ({waits})"
    dealing.prepare(cursor, _decided(document, asked.setting.as_of, owned))
    dealing.keep_owned(cursor, document)
    dealing.work_out(cursor, replace(asked.setting, ideal=False, trial=False))
    dealing.keep_where_nobody_takes(cursor)
    cursor.execute("SELECT (SELECT count(*) FROM staged), (SELECT count(*) FROM staged_at_work)")
    leads, at_work = cursor.fetchone()
    cursor.execute(
        "SELECT s.contact_id, s.number, h.had, coalesce(s.owner_id::text, s.queue), h.had, s.rule, s.cause"
        " FROM staged s, LATERAL (SELECT coalesce(s.had_owner::text, s.had_queue, '')) h (had)"
        " ORDER BY s.number LIMIT %s",
        [asked.shown],
    )
    items = _told(asked, cursor.fetchall())
    cursor.execute("DROP TABLE staged, staged_at_work")
    return Moves(leads, at_work, items)


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


def _decided(document: Route, as_of: datetime, ids: str) -> pa.Table:
    """The rule of every lead of `ids` (a query of DuckDB), by the one evaluator, in one read-only question."""
    if not document.rules:
        return query_engine().arrow(
            f"SELECT id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id, NULL::VARCHAR AS rule, '{{}}' AS because"
            f" FROM ({ids})"
        )
    context = Context(as_of, zone())
    meant = {rule.name: understand(rule.when, context) for rule in document.rules}
    statement = truths_sql(meant, REGISTRY.bindings("duckdb").only(ids))
    renamed = ", ".join(f'"{column}" AS "{name}"' for name, column in statement.columns.items())
    return query_engine().arrow(f"SELECT {decision_sql(document)} FROM (SELECT id, {renamed} FROM ({statement.sql})) j")


_BOTH = "staged s JOIN tried_base b ON b.contact_id = s.contact_id"
_MOVES = "(s.owner_id IS DISTINCT FROM b.owner_id OR s.queue IS DISTINCT FROM b.queue)"
_TURNED = "(s.rule = ANY(%(same)s) AND s.rule = b.rule AND s.cause = 'route' AND b.cause = 'route')"
_AWAY = "(s.owner_id IS DISTINCT FROM s.was_owner OR s.queue IS DISTINCT FROM s.was_queue)"


def _read(cursor: Any, asked: _Asked, span: tuple[datetime, datetime], by_hand: int, *, as_now: bool) -> Trial:
    document, same = asked.document, {"same": _same_pools(asked), "shown": asked.shown}
    cursor.execute(
        f"SELECT count(*), count(*) FILTER (WHERE {_MOVES}), count(*) FILTER (WHERE s.cause = 'fallback'),"
        f" count(*) FILTER (WHERE {_MOVES} AND {_TURNED}), count(*) FILTER (WHERE {_AWAY}) FROM {_BOTH}",
        same,
    )
    leads, moved, unmatched, turned, elsewhere = cursor.fetchone()
    cursor.execute("SELECT rule, count(*) FROM staged GROUP BY rule")
    rules = dict(cursor.fetchall())
    cursor.execute(
        "SELECT s.contact_id, s.number, coalesce(b.owner_id::text, b.queue, ''), coalesce(s.owner_id::text, s.queue),"
        f" coalesce(s.was_owner::text, s.was_queue, ''), s.rule, CASE WHEN {_TURNED} THEN 'turn' ELSE s.cause END"
        # Leads that a changed rule moves say more than those whose turn alone is another.
        f" FROM {_BOTH} WHERE {_MOVES} ORDER BY coalesce({_TURNED}, false), s.number LIMIT %(shown)s",
        same,
    )
    items = _told(asked, cursor.fetchall())
    order = [*(rule.name for rule in document.rules), None]
    by_rule = [(document.label(name), rules[name]) for name in order if rules.get(name)]
    base = asked.base.pinned if asked.base else None
    return Trial(
        *span, leads, moved, unmatched, by_hand, turned, elsewhere, base, asked.in_force,
        _shares(cursor), by_rule, items, as_now=as_now,
    )  # fmt: skip


def _same_pools(asked: _Asked) -> list[str]:
    """Rules whose pool is the same in both versions: of their leads, only turns differ."""
    base = asked.base_document
    before = base.pools() if base else {}
    return [name for name, pool in asked.document.pools().items() if before.get(name) == pool]


def _shares(cursor: Any) -> list[Share]:
    cursor.execute(
        "SELECT owner, sum(today), sum(before), sum(after) FROM ("
        "SELECT coalesce(was_owner::text, was_queue, '') AS owner, 1 AS today, 0 AS before, 0 AS after FROM staged"
        f" UNION ALL SELECT coalesce(b.owner_id::text, b.queue, ''), 0, 1, 0 FROM {_BOTH}"
        " UNION ALL SELECT coalesce(owner_id::text, queue), 0, 0, 1 FROM staged) each_ GROUP BY owner"
    )
    found = cursor.fetchall()
    called = _called([row[0] for row in found])
    shares = [Share(called[owner], int(today), int(before), int(after)) for owner, today, before, after in found]
    return sorted(shares, key=lambda one: (-one.after, one.owner))


def _called(keys: Collection[str]) -> dict[str, str]:
    """What owners are called: people by their name, queues by theirs, and those who had nobody."""
    known = {**queue_names(), **names([key for key in keys if key])}
    # A queue that is made when the first lead goes there has no name yet.
    return {key: known.get(key) or key.replace("-", " ").capitalize() if key else "nobody" for key in keys}


def _told(asked: _Asked, rows: Sequence[tuple[Any, ...]]) -> list[Moved]:
    """Rows of contact, number, from, to, today, rule and cause, in words."""
    called = _called({key for row in rows for key in row[2:5]})
    people = _people(asked.actor, [row[0] for row in rows])
    return [
        Moved(
            contact_id, f"L-{number}", called[before], called[after], called[today], rule, cause,
            _CAUSES[cause].format(rule=asked.document.label(rule)), people.get(contact_id), contact_id in people,
        )
        for contact_id, number, before, after, today, rule, cause in rows
    ]  # fmt: skip


def _people(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Lead → name, of those that the actor may see; no name for those who may not see names."""
    personal = sees("personal", grants(actor))
    query, params = reached_sql(actor, VIEW)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id, c.full_name FROM contact c WHERE c.id = ANY(%s) AND c.id IN ({query})", [list(ids), *params]
        )
        return {contact_id: name if personal else None for contact_id, name in cursor.fetchall()}
