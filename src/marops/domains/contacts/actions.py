"""Writes of contacts: whole sets at once, only what changed."""

from datetime import datetime

import pyarrow as pa
from django.db import connection

from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.facts import fact_kind
from marops.store.bulk import stage

CHECKED = fact_kind("contact.quality_changed", "The record got better or worse")


@action("contact.check_quality", effect="check")
def keep_quality(act: Act, *, actor: Actor, as_of: datetime, rows: pa.Table) -> int:
    """Keep the quality in `rows` (contact_id, fact_id, score, faults); unchanged ones are left alone.

    Answers how many changed. A first check is not announced: the record was never better.
    """
    with connection.cursor() as cursor:
        stage(cursor, "staged", rows, types={"contact_id": "uuid", "fact_id": "uuid", "faults": "jsonb"})
        cursor.execute("ALTER TABLE staged ADD COLUMN before smallint")
        cursor.execute("UPDATE staged s SET before = q.score FROM contact_quality q WHERE q.contact_id = s.contact_id")
        cursor.execute(
            "DELETE FROM staged s WHERE NOT EXISTS (SELECT FROM contact c WHERE c.id = s.contact_id) OR EXISTS ("
            " SELECT FROM contact_quality q WHERE q.contact_id = s.contact_id AND q.faults = s.faults)"
        )
        cursor.execute(
            "INSERT INTO contact_quality (contact_id, score, faults, checked_at)"
            " SELECT contact_id, score, faults, %s FROM staged ON CONFLICT (contact_id) DO UPDATE"
            " SET score = excluded.score, faults = excluded.faults, checked_at = excluded.checked_at",
            [as_of],
        )
        changed: int = cursor.rowcount
    act.facts_from(
        "SELECT s.fact_id AS id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at,"
        " s.contact_id, %s AS actor_type, %s AS actor_id, jsonb_build_object('from', s.before, 'to', s.score)"
        " AS properties FROM staged s WHERE s.before <> s.score",
        (CHECKED, as_of, act.at, actor.kind, actor.id),
    )
    act.count(checked=changed)
    return changed
