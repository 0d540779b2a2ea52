"""Writes about promises: reminders, misses, who hears of them, and leads that go on to somebody else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.routing import deadlines, dealing
from marops.domains.routing.actions.owners import ROUTED, keep_plan, one_at_a_time
from marops.domains.routing.deadlines import ESCALATED, MISSED, REMINDED
from marops.domains.routing.dealing import Plan, Setting
from marops.domains.routing.rules import MANAGER, Route, Sla
from marops.domains.team.public import Person
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.definitions import find, load
from marops.kernel.notices import tell
from marops.store.bulk import stage

MOST_ROUNDS = 3
"""So often a lead goes on because nobody touched it; after that it stays, and whoever is told has to act."""

_RUNS = "l.contact_id = d.contact_id AND l.met_at IS NULL AND l.ended_at IS NULL"
_IDS = {"contact_id": "uuid", "reminded": "uuid", "missed": "uuid", "escalated": "uuid", "routed": "uuid"}


@action("lead.deadlines", effect="route")
def keep_deadlines(act: Act, *, actor: Actor, as_of: datetime, rows: pa.Table) -> int:
    """See to the promises about the leads in `rows` (contact_id, and an id for each fact there may be to tell).

    In order: a reminder before a promise is due, the miss, who hears of it, and the next owner. A moment that passed
    while no engine ran is seen to now; a reminder for what is overdue already is left out. Answers how many changed.
    """
    with connection.cursor() as cursor:
        stage(cursor, "staged_due", rows, types=_IDS)
        changed = _remind(act, cursor, as_of) + _miss(act, cursor, as_of)
        promises = _promises(cursor, as_of)
        for one in promises:
            changed += _escalate(act, cursor, one, as_of)
        for one in promises:
            changed += _pass_on(act, cursor, one, as_of)
        deadlines.wind_on(act, cursor, "SELECT contact_id FROM staged_due", as_of)
    act.count(deadlines=changed)
    return changed


def _fact(kind: str, ident: str, at: str, properties: str) -> str:
    """The facts of a kind about the leads of `staged_due` that carry `said`; `%%s` are act.at, actor kind and id."""
    return (
        f"SELECT d.{ident} AS id, '{kind}' AS kind, {at} AS occurred_at, %s::timestamptz AS recorded_at, l.contact_id,"
        f" %s AS actor_type, %s AS actor_id, l.definition, {properties} AS properties"
        " FROM staged_due d JOIN lead_sla l ON l.contact_id = d.contact_id"
    )


def _remind(act: Act, cursor: Any, as_of: datetime) -> int:
    cursor.execute(
        f"UPDATE lead_sla l SET reminded_at = %s FROM staged_due d WHERE {_RUNS} AND l.reminded_at IS NULL"
        " AND l.remind_at <= %s AND l.due_at > %s",
        [as_of, as_of, as_of],
    )
    said: int = cursor.rowcount
    if said:
        properties = "jsonb_build_object('clock', l.clock, 'due', l.due_at)"
        who = (act.at, act.actor.kind, act.actor.id)
        act.facts_from(
            f"{_fact(REMINDED, 'reminded', 'l.reminded_at', properties)} WHERE l.reminded_at = %s", (*who, as_of)
        )
        cursor.execute(
            "SELECT l.owner_id, count(*) FROM staged_due d JOIN lead_sla l ON l.contact_id = d.contact_id"
            " WHERE l.reminded_at = %s AND l.owner_id IS NOT NULL GROUP BY l.owner_id",
            [as_of],
        )
        # A loop over owners, each of whom gets one notice for all of their leads.
        for owner_id, leads in cursor.fetchall():
            words = ngettext(
                "One lead waits for its first touch and is due soon.",
                "%(leads)s leads wait for their first touch and are due soon.",
                leads,
            )
            tell(owner_id, words % {"leads": leads}, url=reverse("routing:leads"))
    return said


def _miss(act: Act, cursor: Any, as_of: datetime) -> int:
    cursor.execute("ALTER TABLE staged_due ADD late boolean")
    cursor.execute(
        f"UPDATE staged_due d SET late = true FROM lead_sla l WHERE {_RUNS} AND l.missed_at IS NULL AND l.due_at <= %s",
        [as_of],
    )
    cursor.execute(
        "UPDATE lead_sla l SET missed_at = l.due_at FROM staged_due d WHERE l.contact_id = d.contact_id AND d.late"
    )
    missed: int = cursor.rowcount
    if missed:
        properties = "jsonb_build_object('clock', l.clock, 'due', l.due_at)"
        who = (act.at, act.actor.kind, act.actor.id)
        act.facts_from(f"{_fact(MISSED, 'missed', 'l.due_at', properties)} WHERE d.late", who)
    return missed


@dataclass(frozen=True, slots=True)
class _Promise:
    """One promise of one route to one owner's leads: what is to be done is the same for all of them."""

    definition: str
    rule: str | None
    owner_id: UUID | None
    document: Route
    sla: Sla


def _promises(cursor: Any, as_of: datetime) -> list[_Promise]:
    cursor.execute(
        f"SELECT DISTINCT l.definition, l.rule, l.owner_id FROM staged_due d JOIN lead_sla l ON {_RUNS}"
        " WHERE l.missed_at IS NOT NULL AND (l.escalate_at <= %s AND l.escalated_at IS NULL OR l.reassign_at <= %s)",
        [as_of, as_of],
    )
    found = []
    for definition, rule, owner_id in cursor.fetchall():
        document: Route = load(find(definition))
        if sla := document.sla_of(rule) or document.sla:
            found.append(_Promise(definition, rule, owner_id, document, sla))
    return found


_THESE = (
    f"{_RUNS} AND l.definition = %(definition)s AND l.rule IS NOT DISTINCT FROM %(rule)s"
    " AND l.owner_id IS NOT DISTINCT FROM %(owner)s"
)


def _these(one: _Promise, as_of: datetime) -> dict[str, Any]:
    return {"definition": one.definition, "rule": one.rule, "owner": one.owner_id, "at": as_of}


def _escalate(act: Act, cursor: Any, one: _Promise, as_of: datetime) -> int:
    """Say it to the manager, or give the lead to a queue."""
    cursor.execute(
        f"UPDATE lead_sla l SET escalated_at = %(at)s FROM staged_due d WHERE {_THESE} AND l.escalated_at IS NULL"
        " AND l.escalate_at <= %(at)s RETURNING l.contact_id",
        _these(one, as_of),
    )
    ids = [row[0] for row in cursor.fetchall()]
    if not ids or one.sla.escalate is None:
        return 0
    to = one.sla.escalate.to
    manager = _manager(one.owner_id) if to == MANAGER else None
    told = str(manager) if manager else to if to != MANAGER else "nobody"
    act.facts_from(
        f"{_fact(ESCALATED, 'escalated', 'l.escalated_at', 'jsonb_build_object(%s::text, %s::text)')}"
        " WHERE l.contact_id = ANY(%s)",
        (act.at, act.actor.kind, act.actor.id, "to", told, ids),
    )
    if manager:
        _tell_manager(manager, one.owner_id, len(ids))
    if to != MANAGER:
        _to_queue(act, cursor, to, ids, one, as_of)
    return len(ids)


def _manager(owner_id: UUID | None) -> UUID | None:
    """The account of the manager of whoever has this account."""
    person = Person.objects.select_related("manager").filter(account_id=owner_id).first() if owner_id else None
    return person.manager.account_id if person and person.manager else None


def _tell_manager(manager: UUID, owner_id: UUID | None, leads: int) -> None:
    name = Person.objects.filter(account_id=owner_id).values_list("name", flat=True).first() or _("Somebody")
    words = ngettext(
        "%(name)s has not touched a lead in the time promised.",
        "%(name)s has not touched %(leads)s leads in the time promised.",
        leads,
    )
    tell(manager, words % {"name": name, "leads": leads}, url=f"{reverse('routing:hand-over-many')}?owner={owner_id}")


def _to_queue(act: Act, cursor: Any, queue: str, ids: list[UUID], one: _Promise, as_of: datetime) -> None:
    """The leads go to a queue; their clock ends as missed, since the promise was the owner's."""
    cursor.execute(
        "UPDATE assignment a SET queue_id = q.id, owner_id = NULL, definition = %s, routed_at = %s,"
        " because = jsonb_build_object('cause', 'sla', 'had', a.owner_id) FROM queue q"
        " WHERE q.slug = %s AND a.contact_id = ANY(%s)",
        [one.definition, as_of, queue, ids],
    )
    if not cursor.rowcount:
        return
    cursor.execute(
        "UPDATE lead_sla SET ended_at = %s, owner_id = NULL, next_at = NULL WHERE contact_id = ANY(%s)", [as_of, ids]
    )
    act.facts_from(
        f"{_fact(ROUTED, 'routed', 'l.ended_at', 'jsonb_build_object(%s::text, %s::text, %s::text, %s::text)')}"
        " WHERE l.contact_id = ANY(%s)",
        (act.at, act.actor.kind, act.actor.id, "queue", queue, "cause", "sla", ids),
    )


def _pass_on(act: Act, cursor: Any, one: _Promise, as_of: datetime) -> int:
    """Somebody else of the same pool gets the leads that their owner did not touch; their clock begins anew."""
    cursor.execute(
        f"UPDATE lead_sla l SET reassign_at = NULL FROM staged_due d WHERE {_THESE} AND l.reassign_at <= %(at)s"
        " RETURNING l.contact_id, d.routed, l.rounds",
        _these(one, as_of),
    )
    due = [(contact_id, fact_id) for contact_id, fact_id, rounds in cursor.fetchall() if rounds < MOST_ROUNDS]
    rule = one.document.rule(one.rule)
    if not due or rule is None or rule.pool is None or one.owner_id is None:
        return 0
    one_at_a_time(cursor)
    moved = _deal_again(act, cursor, one, due, as_of)
    cursor.execute("DROP TABLE staged")
    return moved


def _deal_again(act: Act, cursor: Any, one: _Promise, due: list[tuple[UUID, UUID]], as_of: datetime) -> int:
    slug = one.definition.partition("/")[2].partition("@")[0]
    dealing.prepare(cursor, _as_rows(one.rule or "", due))
    # What a person handed over, or what went elsewhere meanwhile, is not passed on.
    cursor.execute("DELETE FROM staged WHERE by_hand OR had_owner IS DISTINCT FROM %s", [one.owner_id])
    plan: Plan = dealing.deal_again(cursor, Setting(slug, one.document, as_of, without=one.owner_id), one.rule or "")
    if not plan.deals:
        return 0
    moved = keep_plan(act, cursor, plan, slug=slug, definition=one.definition, as_of=as_of)
    deadlines.start(act, cursor, one.document, one.definition, as_of)
    return moved


def _as_rows(rule: str, due: list[tuple[UUID, UUID]]) -> pa.Table:
    return pa.table(
        {
            "contact_id": [str(contact_id) for contact_id, _ in due],
            "fact_id": [str(fact_id) for _, fact_id in due],
            "rule": [rule] * len(due),
            "because": ["{}"] * len(due),
        }
    )
