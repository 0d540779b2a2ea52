"""Who gets which lead, worked out set by set: the same for a real pass, for a lead that goes on, and for a trial.

The leads stand in the temporary table `staged` (contact_id, fact_id, rule, because); when it is done, each has its
owner or its queue, the cause, and the reason. Nothing that lasts is written here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.accounts.public import Account
from marops.domains.contacts.public import keep_contacts
from marops.domains.register.public import Queue
from marops.domains.routing.models import PoolSeat
from marops.domains.routing.rules import AT_WORK, CLOSED, Pool, Route, RouteRule, check_route
from marops.domains.team.public import Person, absences_at, calendars, clock_of, hours_of, people_of
from marops.kernel.clock import start_of_day
from marops.kernel.errors import FieldError
from marops.kernel.ids import new_id
from marops.methods import worktime
from marops.methods.turns import Seat, deal
from marops.store.bulk import stage

BY_HAND = "by hand"
STAGED = {"contact_id": "uuid", "fact_id": "uuid", "because": "jsonb", "rule": "text"}
SHARED_BY = 10
"""A number that more people share than this is a switchboard, and says nothing of who they are."""
ROUNDS = 30
TAKING = ("works", "unasked", "off")
"""How somebody stands who can be dealt a lead."""

_COLUMNS = (
    "ADD number bigint, ADD company_id uuid, ADD had_owner uuid, ADD had_queue text, ADD by_hand boolean,"
    " ADD state text, ADD owner_id uuid, ADD queue text, ADD cause text, ADD pooled boolean, ADD root bigint,"
    " ADD place integer, ADD deal uuid"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One member of a pool at a moment: whether they can take leads, and if not, why."""

    ref: str
    name: str
    weight: int
    state: str  # works, unasked (hours do not count), off (may take), closed, absent, full, had (may not), gone
    account_id: UUID | None = None
    person_id: UUID | None = None
    until: datetime | None = None
    open: int = 0
    today: int = 0
    room: int | None = None
    credit: int = 0
    last: int = 0

    @property
    def takes(self) -> bool:
        """Can leads be dealt here?"""
        return self.state in TAKING

    def as_json(self) -> dict[str, Any]:
        """As a deal keeps it."""
        plain = {"ref": self.ref, "name": self.name, "weight": self.weight, "state": self.state}
        plain |= {"open": self.open, "today": self.today, "credit": self.credit, "last": self.last, "room": self.room}
        ids = {"account": str(self.account_id)} if self.account_id else {}
        return plain | ids | ({"until": self.until.isoformat()} if self.until else {})


@dataclass
class Dealt:
    """One dealing of one pool: how it began and how the ledger stands afterwards."""

    id: UUID
    rule: str
    turn: int
    pieces: int
    before: list[Candidate]
    after: list[Candidate]
    taken: Sequence[int]


@dataclass
class Plan:
    """What is worked out beside the table: every dealing, and which accounts cannot own leads now."""

    deals: list[Dealt] = field(default_factory=list)
    unavailable: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Setting:
    """For which route and moment it is worked out. `ideal` leaves hours, absences and room out of account."""

    slug: str
    document: Route
    as_of: datetime
    ideal: bool = False
    without: UUID | None = None
    """An account that gets nothing, because it had the lead already."""
    trial: bool = False
    """The leads of `staged` count as new: what they have now is nobody's to follow, and no part of anybody's load."""


def prepare(cursor: Any, rows: pa.Table) -> None:
    """Put the leads into `staged`, with what is known of them and of their owner. People who are gone are left out."""
    keep_contacts(cursor)
    stage(cursor, "staged", rows, types=STAGED)
    cursor.execute(f"ALTER TABLE staged {_COLUMNS}")
    cursor.execute(
        "UPDATE staged s SET number = c.number, company_id = c.company_id, had_owner = a.owner_id, had_queue = q.slug,"
        " by_hand = coalesce(a.definition = %s, false), state = d.state"
        " FROM contact c LEFT JOIN assignment a ON a.contact_id = c.id LEFT JOIN queue q ON q.id = a.queue_id"
        " LEFT JOIN lead_disposition d ON d.contact_id = c.id WHERE c.id = s.contact_id",
        [BY_HAND],
    )
    cursor.execute("DELETE FROM staged WHERE number IS NULL")
    cursor.execute("ANALYZE staged")  # else the new columns are taken for full, and joins are planned for a handful


_OWNED = "(s.had_owner IS NOT NULL OR s.had_queue IS NOT NULL)"


def keep_owned(cursor: Any, document: Route) -> None:
    """R3: leads that have an owner leave the table, but for those that a rule moves.

    Those that a rule would move, were sales not at work on them, stand in `staged_at_work` (contact_id, rule, state).
    """
    movable = [rule for rule in document.rules if rule.reassign != "no"]
    elsewhere, params = _elsewhere(movable)
    grasping = [rule.name for rule in movable if rule.reassign == "always"]
    # Nobody works on what waits in the fallback queue, whatever was said of it.
    free = "(s.had_queue IS NOT DISTINCT FROM %s OR s.rule = ANY(%s) AND coalesce(s.state, '') <> ALL(%s))"
    freely = [document.fallback, grasping, list(AT_WORK)]
    cursor.execute("DROP TABLE IF EXISTS staged_at_work")
    cursor.execute(
        "CREATE TEMP TABLE staged_at_work ON COMMIT DROP AS SELECT s.contact_id, s.rule, s.state FROM staged s"
        f" WHERE {_OWNED} AND coalesce({elsewhere}, false) AND s.rule = ANY(%s) AND NOT {free}",
        [*params, grasping, *freely],
    )
    cursor.execute(
        f"DELETE FROM staged s WHERE {_OWNED} AND NOT coalesce({elsewhere} AND {free}, false)", [*params, *freely]
    )


def _elsewhere(rules: Sequence[RouteRule]) -> tuple[str, list[Any]]:
    """The test for leads that one of these rules would give to somebody else, but those a person handed over."""
    found = people_of(one.person for rule in rules if rule.pool for one in rule.pool.members)
    tests, params = ["false"], list[Any]()
    for rule in rules:
        people = [found.get(one.person) for one in rule.pool.members] if rule.pool else []
        tests.append(
            "s.rule = %s AND NOT s.by_hand AND coalesce(s.had_queue <> %s, true)"
            " AND coalesce(s.had_owner <> ALL(%s), true)"
        )
        params += [rule.name, rule.queue, [one.account_id for one in people if one and one.account_id]]
    return f"({' OR '.join(tests)})", params


def keep_where_nobody_takes(cursor: Any) -> None:
    """A lead that was to move keeps what it has where nobody could take it: a full pool, a queue that is gone.

    The fallback is for leads that have nobody.
    """
    cursor.execute(f"DELETE FROM staged s WHERE {_OWNED} AND s.cause = 'fallback'")


def work_out(cursor: Any, setting: Setting) -> Plan:
    """Give every lead in `staged` its owner or queue, the cause and the reason."""
    plan = Plan(unavailable=[] if setting.ideal else _unavailable(setting.as_of))
    cursor.execute("UPDATE staged SET pooled = rule = ANY(%s)", [list(setting.document.pools())])
    _same_owner(cursor, setting, plan.unavailable)
    _group(cursor, setting.document)
    _deal_pools(cursor, setting, plan)
    _follow(cursor)
    _to_queues(cursor, setting.document)
    return plan


def _unavailable(as_of: datetime) -> list[UUID]:
    """Accounts that can own nothing new: closed ones, and people who are away."""
    closed = list(Account.objects.filter(active=False).values_list("id", flat=True))
    away = Person.objects.filter(id__in=absences_at(as_of)).exclude(account_id=None)
    return [*closed, *(one for one in away.values_list("account_id", flat=True) if one)]


# --- R4: the same owner for duplicates and companies ------------------------------------------------------------------

_SHARED = "('phone', 'mailbox')"
_LIKE = f"""
SELECT DISTINCT ON (s.contact_id) s.contact_id, a.owner_id, c.number AS like_number
FROM staged s JOIN contact_identity k ON k.contact_id = s.contact_id AND k.kind IN {_SHARED}
JOIN contact_identity o ON o.value = k.value AND o.kind = k.kind AND o.kind IN {_SHARED}
  AND o.contact_id <> k.contact_id
JOIN assignment a ON a.contact_id = o.contact_id AND a.owner_id IS NOT NULL AND NOT a.owner_id = ANY(%(not)s)
JOIN contact c ON c.id = o.contact_id
WHERE s.had_owner IS NULL {{others}} AND (SELECT count(*) FROM (SELECT 1 FROM contact_identity x
  WHERE x.value = k.value AND x.kind = k.kind AND x.kind IN {_SHARED} LIMIT {SHARED_BY + 1}) few) <= {SHARED_BY}
ORDER BY s.contact_id, a.routed_at, a.contact_id
"""
_OF_COMPANY = """
WITH had AS (
  SELECT k.company_id, a.owner_id, count(*) AS leads, min(a.routed_at) AS first FROM staged_colleague k
  JOIN assignment a ON a.contact_id = k.contact_id
  WHERE a.owner_id IS NOT NULL AND NOT a.owner_id = ANY(%(not)s) {others} GROUP BY 1, 2)
SELECT DISTINCT ON (company_id) company_id, owner_id, leads FROM had ORDER BY company_id, leads DESC, first, owner_id
"""
_OTHERS = "AND NOT EXISTS (SELECT FROM staged x WHERE x.contact_id = a.contact_id)"


def _same_owner(cursor: Any, setting: Setting, unavailable: Sequence[UUID]) -> None:
    known = {"not": list(unavailable)}
    document, others = setting.document, _OTHERS if setting.trial else ""
    if "duplicate" in document.same_owner:
        cursor.execute(
            "UPDATE staged s SET owner_id = f.owner_id, cause = 'duplicate', because = s.because ||"
            f" jsonb_build_object('like', 'L-' || f.like_number) FROM ({_LIKE.format(others=others)}) f"
            " WHERE f.contact_id = s.contact_id",
            known,
        )
    if "company" in document.same_owner:
        # A table of its own, so that the database knows how many they are before it joins their owners.
        cursor.execute(
            "CREATE TEMP TABLE staged_colleague ON COMMIT DROP AS SELECT c.id AS contact_id, c.company_id FROM"
            " (SELECT DISTINCT company_id FROM staged WHERE had_owner IS NULL AND owner_id IS NULL"
            " AND company_id IS NOT NULL) w JOIN contact c ON c.company_id = w.company_id"
        )
        cursor.execute("ANALYZE staged_colleague")
        cursor.execute(
            "UPDATE staged s SET owner_id = f.owner_id, cause = 'company', because = s.because ||"
            f" jsonb_build_object('company_leads', f.leads) FROM ({_OF_COMPANY.format(others=others)}) f"
            " WHERE f.company_id = s.company_id AND s.had_owner IS NULL AND s.owner_id IS NULL",
            known,
        )
        cursor.execute("DROP TABLE staged_colleague")


def _group(cursor: Any, document: Route) -> None:
    """Leads of one company, or with one number, that come together: the one who came first is dealt for all of them.

    Each carries the smallest number it is joined with, those of pools first; few steps, since such chains are short.
    """
    # Leads of pools are dealt; the others can only follow, so their numbers count as larger than any.
    cursor.execute("UPDATE staged SET root = number + CASE WHEN pooled THEN 0 ELSE %s END", [1 << 60])
    cursor.execute("CREATE TEMP TABLE staged_key (contact_id uuid, key text) ON COMMIT DROP")
    fresh = "s.owner_id IS NULL AND s.had_owner IS NULL"
    if "company" in document.same_owner:
        cursor.execute(
            "INSERT INTO staged_key SELECT s.contact_id, 'company ' || s.company_id FROM staged s"
            f" WHERE {fresh} AND s.company_id IS NOT NULL"
        )
    if "duplicate" in document.same_owner:
        cursor.execute(
            "INSERT INTO staged_key SELECT s.contact_id, k.kind || ' ' || k.value FROM staged s JOIN contact_identity k"
            f" ON k.contact_id = s.contact_id AND k.kind IN {_SHARED} WHERE {fresh}"
        )
        cursor.execute(
            "DELETE FROM staged_key WHERE key NOT LIKE 'company %%' AND key IN"
            " (SELECT key FROM staged_key GROUP BY key HAVING count(*) > %s)",
            [SHARED_BY],
        )
    cursor.execute(
        "DELETE FROM staged_key k WHERE key IN (SELECT key FROM staged_key GROUP BY key HAVING count(*) = 1)"
    )
    cursor.execute("ANALYZE staged_key")
    for _ in range(ROUNDS):
        cursor.execute(
            "UPDATE staged s SET root = n.root FROM (SELECT k.contact_id, min(m.root) AS root FROM staged_key k JOIN"
            " (SELECT key, min(t.root) AS root FROM staged_key JOIN staged t USING (contact_id) GROUP BY key) m"
            " USING (key) GROUP BY k.contact_id) n WHERE n.contact_id = s.contact_id AND n.root < s.root"
        )
        if not cursor.rowcount:
            break
    cursor.execute("DROP TABLE staged_key")


def _follow(cursor: Any) -> None:
    """Those who came with somebody that was dealt get the same owner."""
    cursor.execute(
        "UPDATE staged s SET owner_id = l.owner_id, because = s.because ||"
        " jsonb_build_object('with', 'L-' || l.number),"
        " cause = CASE WHEN s.company_id = l.company_id THEN 'company' ELSE 'duplicate' END"
        " FROM staged l WHERE l.number = s.root AND l.contact_id <> s.contact_id AND l.owner_id IS NOT NULL"
        " AND s.owner_id IS NULL AND s.had_owner IS NULL"
    )


def _to_queues(cursor: Any, document: Route) -> None:
    """The others go to their rule's queue; without one, or where it is gone, to the fallback (R5)."""
    rules = [(rule.name, rule.queue) for rule in document.rules if rule.queue]
    cursor.execute(
        "UPDATE staged s SET queue = r.queue, cause = 'route' FROM unnest(%s::text[], %s::text[]) r (rule, queue)"
        " WHERE r.rule = s.rule AND s.owner_id IS NULL",
        [[name for name, _ in rules], [queue for _, queue in rules]],
    )
    cursor.execute(
        "UPDATE staged SET queue = %s, cause = 'fallback' WHERE owner_id IS NULL AND queue IS NULL", [document.fallback]
    )
    cursor.execute(
        "UPDATE staged s SET queue = %s, cause = 'fallback',"
        " because = s.because || jsonb_build_object('queue_gone', s.queue)"
        " WHERE s.queue IS NOT NULL AND NOT EXISTS (SELECT FROM queue q WHERE q.slug = s.queue)",
        [fallback_slug(document)],
    )


def faults_of_route(route: Route) -> list[FieldError]:
    """What a route names that is not there: people who are in nobody's team, and queues to escalate to."""
    named = [one.person for pool in route.pools().values() for one in pool.members]
    queues = set(Queue.objects.values_list("slug", flat=True))
    faults = [*check_route(route, list(people_of(named)), queues)]
    if route.fallback not in queues | {Route.model_fields["fallback"].default}:  # that one is made when first needed
        remedy = "Make it first with `marops route queue`, or leave the line out."
        faults.append(FieldError("queue", f"There is no queue {route.fallback!r}.", remedy, pointer="/fallback"))
    return faults


def fallback_slug(document: Route) -> str:
    """The route's fallback queue; the workspace's where that one does not exist."""
    slugs = dict(Queue.objects.filter(slug=document.fallback).values_list("slug", "fallback"))
    found = Queue.objects.filter(fallback=True).values_list("slug", flat=True).first()
    return document.fallback if slugs else found or document.fallback


# --- R1, R2, R7: pools ------------------------------------------------------------------------------------------------


def _deal_pools(cursor: Any, setting: Setting, plan: Plan) -> None:
    cursor.execute(
        "UPDATE staged s SET place = p.place FROM (SELECT contact_id, row_number() OVER (PARTITION BY rule ORDER BY"
        " number) AS place FROM staged WHERE pooled AND owner_id IS NULL"
        " AND (root = number OR had_owner IS NOT NULL)) p"
        " WHERE p.contact_id = s.contact_id"
    )
    cursor.execute("SELECT rule, max(place) FROM staged WHERE place IS NOT NULL GROUP BY rule")
    wanted = dict(cursor.fetchall())
    taken: dict[UUID, int] = {}
    turns: list[pa.Table] = []
    # A loop over the pools of the route, not over leads.
    for rule, pool in setting.document.pools().items():
        if rule in wanted:
            found = deal_pool(setting, rule, pool, wanted[rule], taken)
            plan.deals.append(found[0])
            turns.append(found[1])
    if turns:
        _seat(cursor, pa.concat_tables(turns))


def deal_pool(setting: Setting, rule: str, pool: Pool, pieces: int, taken: dict[UUID, int]) -> tuple[Dealt, pa.Table]:
    """Deal so many leads of one pool. `taken`: what people got from other pools just now; it is added to."""
    people = candidates(setting, rule, pool, taken)
    able = [one for one in people if one.takes]
    turn = max((one.last for one in people), default=0)
    given = deal([_seat_of(one, pool) for one in able], pieces, turn=turn)
    seats = {one.ref: seat for one, seat in zip(able, given.seats, strict=True)}
    after = [
        replace(one, credit=seats[one.ref].credit, last=seats[one.ref].last) if one.ref in seats else one
        for one in people
    ]
    for one, number in zip(able, given.taken, strict=True):
        if one.account_id:
            taken[one.account_id] = taken.get(one.account_id, 0) + number
    counts = {one.ref: number for one, number in zip(able, given.taken, strict=True)}
    dealt = Dealt(new_id(), rule, turn, given.dealt, people, after, [counts.get(one.ref, 0) for one in people])
    return dealt, _turns(dealt, [str(one.account_id) for one in able], given.takers(), turn)


def _turns(dealt: Dealt, accounts: list[str], takers: list[int], turn: int) -> pa.Table:
    many = len(takers)
    owners = pa.DictionaryArray.from_arrays(pa.array(takers, pa.int32()), pa.array(accounts, pa.string()))
    return pa.table(
        {
            "rule": pa.array([dealt.rule] * many, pa.string()),
            "place": pa.array(range(1, many + 1), pa.int64()),
            "turn": pa.array(range(turn + 1, turn + 1 + many), pa.int64()),
            "owner_id": owners.cast(pa.string()) if many else pa.array([], pa.string()),
            "deal": pa.array([str(dealt.id)] * many, pa.string()),
        }
    )


def _seat_of(one: Candidate, pool: Pool) -> Seat:
    tier = 1 if pool.hours == "prefer" and one.state == "off" else 0
    return Seat(one.ref, one.weight, one.credit, one.last, one.room, tier)


def _seat(cursor: Any, turns: pa.Table) -> None:
    stage(cursor, "staged_turn", turns, types={"owner_id": "uuid", "deal": "uuid"})
    cursor.execute(
        "UPDATE staged s SET owner_id = t.owner_id, deal = t.deal, because = s.because ||"
        " jsonb_build_object('deal', t.deal, 'turn', t.turn),"
        " cause = 'route' FROM staged_turn t WHERE t.rule = s.rule AND t.place = s.place"
    )
    cursor.execute("DROP TABLE staged_turn")
    # Nobody of the pool had room: the fallback takes it, and the reason names the dealing that found everybody full.
    cursor.execute(
        "UPDATE staged SET because = because || '{\"full\": true}' WHERE place IS NOT NULL AND owner_id IS NULL"
    )


def candidates(setting: Setting, rule: str, pool: Pool, taken: Mapping[UUID, int] | None = None) -> list[Candidate]:
    """Everybody of a pool as they stand: at work, off, away, full, or nobody; with their place in the ledger."""
    found = people_of(one.person for one in pool.members)
    ledger = {
        row.person_id: row
        for row in PoolSeat.objects.filter(route=setting.slug, rule=rule, person__in=list(found.values()))
    }
    accounts = dict(
        Account.objects.filter(
            id__in=[one.account_id for one in found.values() if one.account_id], active=True
        ).values_list("id", "name")
    )
    away = {} if setting.ideal else absences_at(setting.as_of, [one.id for one in found.values()])
    loads = _loads([one for one in found.values() if one.account_id], setting)
    made = []
    for member in pool.members:
        person = found.get(member.person)
        if person is None or not person.active or person.account_id not in accounts:
            called = (person.ref, person.name) if person else (member.person, member.person)
            made.append(Candidate(*called, member.weight, "gone"))
            continue
        has, today = loads.get(person.account_id, (0, 0))
        more = (taken or {}).get(person.account_id, 0)
        one = Candidate(
            person.ref, accounts[person.account_id], member.weight, "works", person.account_id, person.id,
            away.get(person.id), has + more, today + more,
        )  # fmt: skip
        if row := ledger.get(person.id):
            one = replace(one, credit=row.credit, last=row.last)
        caps = _cap(member.open, pool.open), _cap(member.per_day, pool.per_day)
        one = replace(one, room=None if setting.ideal else _room(one, *caps))
        unasked = setting.ideal or pool.hours == "ignore"
        works = not unasked and _works(person, setting.as_of)
        made.append(
            replace(one, state=_state(one, pool, unasked=unasked, works=works, had=one.account_id == setting.without))
        )
    return made


def _works(person: Person, as_of: datetime) -> bool:
    known = calendars()
    return worktime.works_at(hours_of(clock_of(person, known), known), as_of)


def _cap(own: int | None, pools: int | None) -> int | None:
    return pools if own is None else own


def _room(one: Candidate, most_open: int | None, per_day: int | None) -> int | None:
    rooms = [most - has for most, has in ((most_open, one.open), (per_day, one.today)) if most is not None]
    return max(0, min(rooms)) if rooms else None


def _state(one: Candidate, pool: Pool, *, unasked: bool, works: bool, had: bool) -> str:
    if had:
        return "had"
    if one.until:
        return "absent"
    if one.room == 0:
        return "full"
    if unasked or works:
        return "unasked" if unasked else "works"
    return "closed" if pool.hours == "require" else "off"


def _loads(people: Iterable[Person], setting: Setting) -> dict[UUID, tuple[int, int]]:
    """Account → how many open leads they have, and how many came since their own day began."""
    known = calendars()
    since = {one.account_id: start_of_day(setting.as_of, clock_of(one, known).zone) for one in people if one.account_id}
    if not since:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT w.owner_id, count(*) FILTER (WHERE coalesce(d.state, '') <> ALL(%s)),"
            " count(*) FILTER (WHERE a.routed_at >= w.since)"
            " FROM unnest(%s::uuid[], %s::timestamptz[]) w (owner_id, since)"
            " JOIN assignment a ON a.owner_id = w.owner_id"
            f" {_OTHERS if setting.trial else ''}"
            " LEFT JOIN lead_disposition d ON d.contact_id = a.contact_id GROUP BY w.owner_id",
            [list(CLOSED), list(since), list(since.values())],
        )
        return {owner: (has, today) for owner, has, today in cursor.fetchall()}


def seats_from(kept: Sequence[Mapping[str, Any]], hours: str) -> list[Seat]:
    """The seats of a deal as it was kept: what is needed to work out its turns again."""
    return [
        Seat(
            one["ref"], one["weight"], one["credit"], one["last"], one["room"],
            1 if hours == "prefer" and one["state"] == "off" else 0,
        )
        for one in kept
        if one["state"] in TAKING
    ]  # fmt: skip


def deal_again(cursor: Any, setting: Setting, rule: str) -> Plan:
    """Deal the leads of `staged` once more among their pool; those for whom nobody has room leave the table."""
    plan = Plan()
    cursor.execute("UPDATE staged SET pooled = true, root = number")
    _deal_pools(cursor, setting, plan)
    cursor.execute("DELETE FROM staged WHERE owner_id IS NULL")
    cursor.execute("UPDATE staged SET cause = 'sla', because = because || jsonb_build_object('had', had_owner)")
    return plan
