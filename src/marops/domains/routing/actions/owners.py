"""Writes about owners: sets of leads are routed in a few statements; people hand them over and take them."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.accounts.public import Account
from marops.domains.contacts.public import keep_contacts
from marops.domains.register.public import Queue, fallback_queue
from marops.domains.routing import deadlines, dealing
from marops.domains.routing.dealing import BY_HAND, Dealt, Plan, Setting
from marops.domains.routing.models import Assignment, PoolDeal
from marops.domains.routing.permissions import ASSIGN, DISPOSE
from marops.domains.routing.queries import reached, reaches
from marops.domains.routing.rules import Route
from marops.kernel import gates
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, load
from marops.kernel.errors import CONFLICT, INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.facts import fact_kind, touch_from
from marops.kernel.ids import as_uuid, new_id
from marops.kernel.notices import raise_problem, settle
from marops.store.bulk import stage

ROUTED = fact_kind("lead.routed", "Was handed to an owner")
ALARM = "routing:fallback"
_DEALING = "marops.route"


# --- By rule ----------------------------------------------------------------------------------------------------------


@action("lead.route", effect="route")
def route_leads(
    act: Act, *, actor: Actor, slug: str, document: Route, definition: str, as_of: datetime, rows: pa.Table
) -> int:
    """Give owners to the leads in `rows` (contact_id, fact_id, rule, because), but for those that keep theirs (R3).

    Engines wait for each other here, so that pools deal one after another and nobody gets more than they have room for.
    Answers how many leads were routed.
    """
    fallback_queue()
    with connection.cursor() as cursor:
        one_at_a_time(cursor)
        dealing.prepare(cursor, rows)
        dealing.keep_owned(cursor, document)
        _note_at_work(cursor, definition)
        plan = dealing.work_out(cursor, Setting(slug, document, as_of))
        dealing.keep_where_nobody_takes(cursor)
        routed = keep_plan(act, cursor, plan, slug=slug, definition=definition, as_of=as_of)
        deadlines.start(act, cursor, document, definition, as_of)
        cursor.execute("SELECT EXISTS (SELECT FROM staged WHERE cause = 'fallback' OR had_queue IS NOT NULL)")
        if cursor.fetchone()[0]:
            mind_fallback()
    act.count(routed=routed)
    return routed


def _note_at_work(cursor: Any, definition: str) -> None:
    """Leads that a rule left where they are because sales has them in work say so in their reason, once per rule."""
    cursor.execute(
        "UPDATE assignment a SET because = a.because || jsonb_build_object('stays', w.said) FROM"
        " (SELECT contact_id, jsonb_build_object('rule', rule, 'definition', %s::text, 'state', state) AS said"
        " FROM staged_at_work) w"
        " WHERE a.contact_id = w.contact_id AND a.because -> 'stays' IS DISTINCT FROM w.said",
        [definition],
    )


def one_at_a_time(cursor: Any) -> None:
    """Wait until nobody else deals, and keep others waiting until this transaction ends."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [_DEALING])


def keep_plan(act: Act, cursor: Any, plan: Plan, *, slug: str, definition: str, as_of: datetime) -> int:
    """Write what was worked out in `staged`: owners, facts, and the ledgers of pools. Answers how many leads moved."""
    reason = "s.because || CASE WHEN s.cause = 'route' THEN '{}' ELSE jsonb_build_object('cause', s.cause) END"
    cursor.execute(
        "INSERT INTO assignment (contact_id, queue_id, owner_id, rule, definition, because, routed_at)"
        f" SELECT s.contact_id, q.id, s.owner_id, s.rule, %s, {reason}, %s FROM staged s"
        " LEFT JOIN queue q ON q.slug = s.queue WHERE s.had_owner IS NULL AND s.had_queue IS NULL"
        " ON CONFLICT (contact_id) DO NOTHING",
        [definition, as_of],
    )
    routed: int = cursor.rowcount
    cursor.execute(
        f"UPDATE assignment a SET queue_id = q.id, owner_id = s.owner_id, rule = s.rule, definition = %s,"
        f" because = {reason}, routed_at = %s FROM staged s LEFT JOIN queue q ON q.slug = s.queue"
        " WHERE a.contact_id = s.contact_id AND (s.had_owner IS NOT NULL OR s.had_queue IS NOT NULL)"
        " AND a.owner_id IS NOT DISTINCT FROM s.had_owner AND a.definition <> %s",
        [definition, as_of, BY_HAND],
    )
    routed += cursor.rowcount
    _say_routed(act, definition, as_of)
    for one in plan.deals:
        _keep_deal(one, slug, definition, as_of)
    return routed


def _say_routed(act: Act, definition: str, as_of: datetime) -> None:
    act.facts_from(
        "SELECT s.fact_id AS id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at,"
        " s.contact_id, CASE WHEN s.owner_id IS NULL THEN 'queue' ELSE 'account' END AS subject_type,"
        " coalesce(s.owner_id::text, s.queue) AS subject_id, %s AS actor_type, %s AS actor_id, %s AS definition,"
        " jsonb_strip_nulls(jsonb_build_object('queue', s.queue, 'owner', s.owner_id, 'rule', s.rule,"
        " 'cause', s.cause)) AS properties FROM staged s"
        " JOIN assignment a ON a.contact_id = s.contact_id AND a.definition = %s AND a.routed_at = %s",
        (ROUTED, as_of, act.at, act.actor.kind, act.actor.id, definition, definition, as_of),
    )


def _keep_deal(one: Dealt, slug: str, definition: str, as_of: datetime) -> None:
    """The record of one dealing, and its pool's ledger; one row per member."""
    PoolDeal.objects.create(
        id=one.id, route=slug, rule=one.rule, definition=definition, at=as_of, turn=one.turn, dealt=one.pieces,
        seats=[candidate.as_json() for candidate in one.before],
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO pool_seat (route, rule, person_id, credit, last, taken) VALUES (%s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (route, rule, person_id) DO UPDATE SET credit = excluded.credit, last = excluded.last,"
            " taken = pool_seat.taken + excluded.taken",
            [
                (slug, one.rule, seat.person_id, seat.credit, seat.last, taken)
                for seat, taken in zip(one.after, one.taken, strict=True)
                if seat.person_id
            ],
        )


def mind_fallback() -> None:
    """R5: while leads wait that the rules should have claimed, somebody has to look.

    Without rules everybody waits there, and nobody expects otherwise. The alarm is over when nobody waits.
    """
    ruled = any(load(definition).rules for definition in active("route"))
    waiting = Assignment.objects.filter(queue__fallback=True).count() if ruled else 0
    if not waiting:
        settle(ALARM)
        return
    said = ngettext(
        "%(n)s lead was claimed by no rule, or nobody could take it.",
        "%(n)s leads were claimed by no rule, or nobody could take them.",
        waiting,
    )
    raise_problem(
        ALARM,
        _("Leads wait in the fallback queue"),
        detail=said % {"n": f"{waiting:,}"},
        remedy=_("Hand them over from the queue's page, or add a rule to the route that claims them."),
        url="/queues",
    )


# --- By hand ----------------------------------------------------------------------------------------------------------


def _because(actor: Actor, reason: str) -> dict[str, Any]:
    """Why a lead went by hand, and by whom: a person, or an AI under a use."""
    return {"reason": reason, "by": actor.id} | ({"ai_use": actor.ai_use} if actor.ai_use else {})


def _about_lead(given: Mapping[str, Any]) -> gates.About:
    """A gate sees which lead it is."""
    return gates.About(subject=f"lead/{given.get('contact_id', '')}", content="records", data="contact", records=1)


gates.describe("lead.assign", _about_lead)


@action("lead.assign", effect="assign", right=ASSIGN, reversible=True)
def assign_lead(
    act: Act,
    *,
    actor: Actor,
    contact_id: UUID,
    queue: str | None = None,
    owner_id: UUID | None = None,
    reason: str = "",
) -> None:
    """Hand a lead to a person or a queue by hand; their word stands over any rule.

    Raises MaropsError `not-found` for a lead that the actor's right does not reach.
    """
    if not reaches(actor, contact_id, ASSIGN):
        raise MaropsError(NOT_FOUND, "There is no such lead among those you may hand over.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.slug, a.owner_id FROM assignment a LEFT JOIN queue q ON q.id = a.queue_id"
            " WHERE a.contact_id = %s FOR UPDATE OF a",
            [contact_id],
        )
        before = cursor.fetchone() or (None, None)
        _hand_over(act, cursor, [contact_id], queue, owner_id, _because(actor, reason))
    act.changed(
        "contact",
        contact_id,
        before={"queue": before[0], "owner": before[1]},
        after={"queue": queue, "owner": owner_id, "reason": reason},
    )


@action("lead.hand_over", effect="assign", right=ASSIGN, reversible=True)
def hand_over_leads(
    act: Act,
    *,
    actor: Actor,
    contact_ids: Sequence[UUID],
    queue: str | None = None,
    owner_id: UUID | None = None,
    reason: str = "",
    absence: bool = False,
) -> int:
    """Hand many leads to one person or queue; those that the actor's right does not reach stay. Answers how many went.

    `absence`: because their owner is away, which the facts then say.
    """
    ids = reached(actor, contact_ids, ASSIGN)
    because = _because(actor, reason) | ({"cause": "absence"} if absence else {})
    with connection.cursor() as cursor:
        moved = _hand_over(act, cursor, ids, queue, owner_id, because)
    act.count(handed_over=moved)
    return moved


@action("lead.take", effect="assign", right=DISPOSE)
def take_next(act: Act, *, actor: Actor, queue: str) -> UUID:
    """Take the lead that has waited longest in a queue. Raises MaropsError `conflict` where none waits."""
    account_id = as_uuid(actor.id)
    if account_id is None or not Account.objects.filter(id=account_id, active=True).exists():
        raise MaropsError(INVALID, "Only a person with an account can take a lead on.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.contact_id FROM assignment a JOIN queue q ON q.id = a.queue_id WHERE q.slug = %s"
            " ORDER BY a.routed_at, a.contact_id LIMIT 1 FOR UPDATE OF a SKIP LOCKED",
            [queue],
        )
        found = cursor.fetchone()
        if found is None:
            raise MaropsError(CONFLICT, "No lead waits in this queue.", remedy="Look again later.")
        _hand_over(act, cursor, [found[0]], None, account_id, {"by": actor.id, "taken": queue})
    act.changed("contact", found[0], before={"queue": queue}, after={"owner": account_id})
    contact_id: UUID = found[0]
    return contact_id


def _hand_over(
    act: Act, cursor: Any, ids: Sequence[UUID], queue: str | None, owner_id: UUID | None, because: dict[str, Any]
) -> int:
    """Give leads to one owner by hand: their word, a fact each, and the clocks go on under the new owner."""
    keep_contacts(cursor)
    target = _target(queue, owner_id)
    rows = {"contact_id": [str(one) for one in ids], "fact_id": [str(new_id()) for _ in ids]}
    stage(cursor, "staged", pa.table(rows), types={"contact_id": "uuid", "fact_id": "uuid"})
    cursor.execute("DELETE FROM staged s WHERE NOT EXISTS (SELECT FROM contact c WHERE c.id = s.contact_id)")
    cursor.execute(
        "INSERT INTO assignment (contact_id, queue_id, owner_id, rule, definition, because, routed_at)"
        " SELECT s.contact_id, %s, %s, NULL, %s, %s::jsonb, %s FROM staged s"
        " ON CONFLICT (contact_id) DO UPDATE SET queue_id = excluded.queue_id, owner_id = excluded.owner_id,"
        " rule = NULL, definition = excluded.definition, because = excluded.because, routed_at = excluded.routed_at",
        [target, owner_id, BY_HAND, json.dumps(because), act.at],
    )
    moved: int = cursor.rowcount
    act.facts_from(
        "SELECT s.fact_id AS id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at,"
        " s.contact_id, %s AS subject_type, %s AS subject_id, %s AS actor_type, %s AS actor_id,"
        " %s::jsonb AS properties FROM staged s",
        (
            ROUTED, act.at, act.at, "account" if owner_id else "queue", str(owner_id or queue),
            act.actor.kind, act.actor.id, json.dumps(_told(queue, owner_id, because)),
        ),
    )  # fmt: skip
    touch_from("SELECT contact_id FROM staged", act.at)  # what depends on the owner is looked at again
    _keep_clocks(act, cursor, owner_id)
    mind_fallback()
    return moved


def _told(queue: str | None, owner_id: UUID | None, because: dict[str, Any]) -> dict[str, Any]:
    owner = {"owner": str(owner_id)} if owner_id else {"queue": queue}
    return owner | {"by_hand": True, "cause": because.get("cause", "by_hand")}


def _target(queue: str | None, owner_id: UUID | None) -> UUID | None:
    """The queue's id. Raises MaropsError `invalid` for owners that cannot be."""
    if (queue is None) == (owner_id is None):
        raise _fault("Name a queue or a person.")
    if queue is not None:
        found = Queue.objects.filter(slug=queue).values_list("id", flat=True).first()
        if found is None:
            raise _fault(f"There is no queue {queue!r}.")
        return found
    if owner_id is None or not Account.objects.filter(id=owner_id, active=True).exists():
        raise _fault("This person has no account that is open.")
    return None


def _fault(message: str) -> MaropsError:
    return MaropsError(INVALID, message, errors=[FieldError("owner", message, field="to")])


def _keep_clocks(act: Act, cursor: Any, owner_id: UUID | None) -> None:
    """A promise that runs goes on, for the person who waits is the same; without one, the route's own begins."""
    cursor.execute(
        "UPDATE lead_sla l SET owner_id = %s FROM staged s WHERE l.contact_id = s.contact_id AND l.met_at IS NULL",
        [owner_id],
    )
    route = next(iter(active("route")), None)
    document: Route | None = load(route) if route else None
    if route is None or document is None or document.sla is None or owner_id is None:
        return
    cursor.execute(
        "DELETE FROM staged s WHERE EXISTS (SELECT FROM lead_sla l WHERE l.contact_id = s.contact_id"
        " AND l.ended_at IS NULL)"
    )
    cursor.execute("ALTER TABLE staged ADD rule text, ADD owner_id uuid")
    cursor.execute("UPDATE staged SET owner_id = %s", [owner_id])
    deadlines.start(act, cursor, document, BY_HAND, act.at, promised_by=route.pinned)
