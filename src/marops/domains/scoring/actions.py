"""Writes of scoring: whole sets at once, only what changed."""

from datetime import datetime

import pyarrow as pa
from django.db import connection

from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.facts import fact_kind
from marops.store.bulk import stage

SCORED = fact_kind("lead.scored", "Got a score")
STAGED = fact_kind("lead.stage_changed", "Moved to another lifecycle stage")

_UUIDS = {"contact_id": "uuid", "fact_id": "uuid"}
_FACT = (
    "SELECT s.fact_id AS id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at, s.contact_id,"
    " %s AS actor_type, %s AS actor_id, %s AS definition, {properties} AS properties FROM staged s"
)


@action("lead.score", effect="score")
def keep_scores(act: Act, *, actor: Actor, model: str, definition: str, as_of: datetime, rows: pa.Table) -> int:
    """Keep the scores in `rows` (contact_id, fact_id, fit, engagement, grade, contributions, missing).

    Unchanged ones are left alone, so that an unchanged world writes nothing. Answers how many changed.
    """
    with connection.cursor() as cursor:
        stage(cursor, "staged", rows, types=_UUIDS | {"contributions": "jsonb", "missing": "jsonb"})
        _drop_vanished(cursor)
        cursor.execute(
            "DELETE FROM staged s USING contact_score c WHERE c.model = %s AND c.contact_id = s.contact_id"
            " AND (c.fit, c.engagement, c.grade, c.contributions, c.missing, c.definition)"
            " IS NOT DISTINCT FROM (s.fit, s.engagement, s.grade, s.contributions, s.missing, %s)",
            [model, definition],
        )
        cursor.execute(
            "INSERT INTO contact_score"
            " (model, contact_id, fit, engagement, value, grade, contributions, missing, definition, as_of)"
            " SELECT %s, contact_id, fit, engagement, fit + engagement, grade, contributions, missing, %s, %s"
            " FROM staged ON CONFLICT (model, contact_id) DO UPDATE"
            " SET fit = excluded.fit, engagement = excluded.engagement, value = excluded.value,"
            " grade = excluded.grade, contributions = excluded.contributions, missing = excluded.missing,"
            " definition = excluded.definition, as_of = excluded.as_of",
            [model, definition, as_of],
        )
        changed: int = cursor.rowcount
    properties = "jsonb_build_object('model', %s::text, 'value', s.fit + s.engagement, 'grade', s.grade)"
    _announce(act, SCORED, definition, as_of, properties, (model,))
    act.count(scored=changed)
    return changed


@action("lead.stage", effect="stage")
def keep_stages(act: Act, *, actor: Actor, definition: str, as_of: datetime, rows: pa.Table) -> int:
    """Move the contacts in `rows` (contact_id, fact_id, stage, before) forward. Answers how many moved."""
    with connection.cursor() as cursor:
        stage(cursor, "staged", rows, types=_UUIDS | {"before": "text"})
        _drop_vanished(cursor)
        # Somebody may have moved a contact by hand since it was judged; their word stands.
        cursor.execute(
            "DELETE FROM staged s USING contact_stage c WHERE c.contact_id = s.contact_id"
            " AND c.stage IS DISTINCT FROM s.before"
        )
        cursor.execute(
            "INSERT INTO contact_stage (contact_id, stage, since, definition)"
            " SELECT contact_id, stage, %s, %s FROM staged ON CONFLICT (contact_id) DO UPDATE"
            " SET stage = excluded.stage, since = excluded.since, definition = excluded.definition",
            [as_of, definition],
        )
        moved: int = cursor.rowcount
    properties = "jsonb_build_object('from', s.before, 'to', s.stage)"
    _announce(act, STAGED, definition, as_of, properties, ())
    act.count(moved=moved)
    return moved


def _drop_vanished(cursor: object) -> None:
    """Contacts that were erased or merged while the tick was thinking."""
    cursor.execute("DELETE FROM staged s WHERE NOT EXISTS (SELECT FROM contact c WHERE c.id = s.contact_id)")  # type: ignore[attr-defined]  # any DB cursor


def _announce(act: Act, kind: str, definition: str, as_of: datetime, properties: str, values: tuple[str, ...]) -> None:
    params = (kind, as_of, act.at, act.actor.kind, act.actor.id, definition, *values)
    act.facts_from(_FACT.format(properties=properties), params)
