"""Writes of routing: a set of leads gets its owners in one statement."""

from datetime import datetime
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.register.public import Queue, fallback_queue
from marops.domains.routing.permissions import ASSIGN
from marops.domains.routing.queries import reaches
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.facts import fact_kind
from marops.store.bulk import stage

ROUTED = fact_kind("lead.routed", "Was handed to an owner")

_TYPES = {"contact_id": "uuid", "fact_id": "uuid", "because": "jsonb", "rule": "text"}


@action("lead.route", effect="route")
def route_leads(act: Act, *, actor: Actor, definition: str, as_of: datetime, rows: pa.Table) -> int:
    """Give owners to the leads in `rows` (contact_id, fact_id, queue, rule, because) that have none.

    A lead that got an owner meanwhile keeps it (R3). A queue that no longer exists becomes the fallback, and the
    reason says so (R5). Answers how many leads were routed.
    """
    with connection.cursor() as cursor:
        stage(
            cursor, "staged", rows, types={"contact_id": "uuid", "fact_id": "uuid", "because": "jsonb", "rule": "text"}
        )
        cursor.execute(
            "DELETE FROM staged s WHERE NOT EXISTS (SELECT FROM contact c WHERE c.id = s.contact_id)"
            " OR EXISTS (SELECT FROM assignment a WHERE a.contact_id = s.contact_id)"
        )
        cursor.execute(
            "UPDATE staged s SET queue = %s, because = s.because || jsonb_build_object('queue_gone', s.queue)"
            " WHERE NOT EXISTS (SELECT FROM queue q WHERE q.slug = s.queue)",
            [fallback_queue().slug],
        )
        cursor.execute(
            "INSERT INTO assignment (contact_id, queue_id, rule, definition, because, routed_at)"
            " SELECT s.contact_id, q.id, s.rule, %s, s.because, %s FROM staged s JOIN queue q ON q.slug = s.queue"
            " ON CONFLICT (contact_id) DO NOTHING",
            [definition, as_of],
        )
        routed: int = cursor.rowcount
    act.facts_from(
        "SELECT s.fact_id AS id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at,"
        " s.contact_id, 'queue' AS subject_type, s.queue AS subject_id, %s AS actor_type, %s AS actor_id,"
        " %s AS definition, jsonb_build_object('queue', s.queue, 'rule', s.rule) AS properties FROM staged s"
        " JOIN assignment a ON a.contact_id = s.contact_id AND a.definition = %s AND a.routed_at = %s",
        (ROUTED, as_of, act.at, actor.kind, actor.id, definition, definition, as_of),
    )
    act.count(routed=routed)
    return routed


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
        cursor.execute("SELECT queue_id, owner_id FROM assignment WHERE contact_id = %s FOR UPDATE", [contact_id])
        before = cursor.fetchone()
        target = Queue.objects.get(slug=queue).id if queue else None
        cursor.execute(
            "INSERT INTO assignment (contact_id, queue_id, owner_id, rule, definition, because, routed_at)"
            " VALUES (%s, %s, %s, NULL, 'by hand', jsonb_build_object('reason', %s::text, 'by', %s::text), %s)"
            " ON CONFLICT (contact_id) DO UPDATE SET queue_id = excluded.queue_id, owner_id = excluded.owner_id,"
            " rule = NULL, definition = excluded.definition, because = excluded.because,"
            " routed_at = excluded.routed_at",
            [contact_id, target, owner_id, reason, actor.id, act.at],
        )
    act.changed(
        "contact",
        contact_id,
        before={"queue": before and before[0], "owner": before and before[1]},
        after={"queue": queue, "owner": owner_id},
    )
    owner = str(owner_id) if owner_id else None
    act.fact(ROUTED, contact_id=contact_id, properties={"queue": queue, "owner": owner, "by_hand": True})
