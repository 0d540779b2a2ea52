"""Writes of scoring: whole sets at once, only what changed; and a stage that a person sets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.contacts.public import keep_contacts
from marops.domains.scoring.models import ContactStage, StagePassage
from marops.domains.scoring.permissions import STAGE
from marops.domains.scoring.queries import reaches
from marops.domains.scoring.rules import Lifecycle
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, load
from marops.kernel.errors import CONFLICT, INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.facts import fact_kind
from marops.store.bulk import stage

SCORED = fact_kind("lead.scored", "Got a score")
STAGED = fact_kind("lead.stage_changed", "Moved to another lifecycle stage")
BY_HAND = "by hand"

_UUIDS = {"contact_id": "uuid", "fact_id": "uuid"}
_FACT = (
    "SELECT s.fact_id AS id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at, s.contact_id,"
    " %s AS actor_type, %s AS actor_id, %s AS definition, {properties} AS properties FROM staged s"
)
_KEPT = ("fit", "engagement", "grade", "level", "mql", "fades", "contributions")


@action("lead.score", effect="score")
def keep_scores(act: Act, *, actor: Actor, model: str, definition: str, as_of: datetime, rows: pa.Table) -> int:
    """Keep the scores in `rows` (contact_id, fact_id, fit, engagement, grade, level, mql, fades, contributions).

    Unchanged ones are left alone, so that an unchanged world writes nothing. Answers how many changed.
    """
    old, new = (", ".join(f"{alias}.{one}" for one in _KEPT) for alias in "cs")
    with connection.cursor() as cursor:
        _stage(cursor, rows, {"contributions": "jsonb", "level": "smallint"})
        cursor.execute(
            "DELETE FROM staged s USING contact_score c WHERE c.model = %s AND c.contact_id = s.contact_id"
            f" AND ({old}, c.definition) IS NOT DISTINCT FROM ({new}, %s)",
            [model, definition],
        )
        columns = ("value", "definition", "as_of", *_KEPT)
        cursor.execute(
            f"INSERT INTO contact_score (model, contact_id, {', '.join(columns)})"
            f" SELECT %s, contact_id, fit + engagement, %s, %s, {', '.join(_KEPT)} FROM staged"
            f" ON CONFLICT (contact_id, model) DO UPDATE SET ({', '.join(columns)})"
            f" = ROW ({', '.join(f'excluded.{one}' for one in columns)})",
            [model, definition, as_of],
        )
        changed: int = cursor.rowcount
    properties = (
        "jsonb_build_object('model', %s::text, 'value', s.fit + s.engagement, 'grade', s.grade, 'level', s.level,"
        " 'fit', s.fit, 'engagement', s.engagement, 'mql', s.mql, 'points', s.contributions)"
    )
    _announce(act, SCORED, definition, as_of, properties, (model,))
    act.count(scored=changed)
    return changed


@action("lead.stage", effect="stage")
def keep_stages(act: Act, *, actor: Actor, definition: str, as_of: datetime, rows: pa.Table) -> int:
    """Move the contacts in `rows` (contact_id, fact_id, stage, before, step, cycle, cycle_since, passed).

    `step` is the number of the newest passage that was seen, `passed` the stages passed over as a JSON list. Answers
    how many moved.
    """
    with connection.cursor() as cursor:
        types = {"before": "text", "passed": "jsonb", "step": "integer", "cycle": "smallint"}
        _stage(cursor, rows, types | {"cycle_since": "timestamptz"})
        # Somebody may have moved a contact by hand since it was judged; their word stands.
        cursor.execute(
            "DELETE FROM staged s USING contact_stage c WHERE c.contact_id = s.contact_id"
            " AND (c.stage, c.step) IS DISTINCT FROM (s.before, s.step)"
        )
        cursor.execute(_PASSAGES, [as_of, definition])
        cursor.execute(
            "INSERT INTO contact_stage (contact_id, stage, since, definition, cycle, cycle_since, step)"
            " SELECT contact_id, stage, %s, %s, cycle, cycle_since, step + 1 + jsonb_array_length(passed) FROM staged"
            " ON CONFLICT (contact_id) DO UPDATE SET (stage, since, definition, cycle, cycle_since, step, held_from)"
            " = ROW (excluded.stage, excluded.since, excluded.definition, excluded.cycle, excluded.cycle_since,"
            " excluded.step, NULL)",
            [as_of, definition],
        )
        moved: int = cursor.rowcount
    properties = (
        "jsonb_build_object('from', s.before, 'to', s.stage, 'cycle', s.cycle)"
        " || CASE WHEN s.passed <> '[]' THEN jsonb_build_object('passed', s.passed) ELSE '{}' END"
    )
    _announce(act, STAGED, definition, as_of, properties, ())
    act.count(moved=moved)
    return moved


# The stage that is left is read before it is overwritten; what was passed over has its place in the order, and no
# time of its own.
_PASSAGES = """
WITH moved AS (SELECT s.*, c.since, %s::timestamptz AS at FROM staged s
  LEFT JOIN contact_stage c ON c.contact_id = s.contact_id)
INSERT INTO stage_passage (contact_id, step, cycle, stage, entered_at, how, before, before_since, definition)
SELECT contact_id, step + 1 + one.number, cycle, one.stage, at, one.how, one.before, one.before_since, %s FROM (
  SELECT m.contact_id, m.step, m.cycle, m.at, jsonb_array_length(m.passed) AS number, m.stage, 'reached' AS how,
    m.before, m.since AS before_since FROM moved m
  UNION ALL
  SELECT m.contact_id, m.step, m.cycle, m.at, p.number - 1, p.stage, 'passed', NULL, NULL
  FROM moved m, jsonb_array_elements_text(m.passed) WITH ORDINALITY p (stage, number)
  WHERE m.passed <> '[]'
) one
"""


@action("lead.set_stage", effect="stage", right=STAGE, reversible=True)
def set_stage(act: Act, *, actor: Actor, contact_id: UUID, stage: str, reason: str) -> ContactStage:
    """Put a lead into a stage by hand; it stands until rules carry the lead further than they had.

    Raises MaropsError `invalid` for a stage that there is not, `conflict` where the lead is in it already.
    """
    if not reaches(actor, contact_id, STAGE):
        raise MaropsError(NOT_FOUND, "There is no such lead among those whose stage you may set.")
    document = _lifecycle()
    if document.find(stage) is None:
        names = ", ".join(one.name for one in document.stages)
        fault = FieldError("choice", f"There is no stage {stage!r}.", f"Use {names}.", field="stage")
        raise MaropsError(INVALID, fault.message, errors=[fault])
    row = ContactStage.objects.select_for_update().filter(contact_id=contact_id).first()
    before = row.stage if row else None
    if row and before == stage:
        raise MaropsError(CONFLICT, f"The lead is in “{document.label(stage)}” already.")
    moved = _by_hand(document, row, contact_id, stage, act.at)
    passed = document.passed(before, stage)
    _keep_passages(moved, row, passed, actor, reason)
    moved.save()
    act.changed("contact", contact_id, before={"stage": before}, after={"stage": stage, "reason": reason})
    properties = {"from": before, "to": stage, "cycle": moved.cycle, "by_hand": True}
    act.fact(STAGED, contact_id=contact_id, properties=properties | ({"passed": passed} if passed else {}))
    return moved


def _lifecycle() -> Lifecycle:
    found = active("lifecycle")
    if not found:
        raise MaropsError(CONFLICT, "No lifecycle is in force.", remedy="Put a lifecycle in force first.")
    document: Lifecycle = load(found[0])
    return document


def _by_hand(document: Lifecycle, row: ContactStage | None, contact_id: UUID, stage: str, at: datetime) -> ContactStage:
    """The row as it will be. Who comes back from a way out begins a new cycle."""
    ranks = document.ranks()
    if row is None:
        return ContactStage(contact_id=contact_id, stage=stage, since=at, definition=BY_HAND, step=1)
    back = stage in ranks and row.stage not in ranks
    reached = [name for name in (row.held_from, row.stage) if name in ranks and not back]
    return ContactStage(
        contact_id=contact_id,
        stage=stage,
        since=at,
        definition=BY_HAND,
        cycle=row.cycle + 1 if back else row.cycle,
        cycle_since=at if back else row.cycle_since,
        step=row.step + 1,
        held_from=max(reached, key=lambda name: ranks[str(name)], default=None),
    )


def _keep_passages(
    moved: ContactStage, before: ContactStage | None, passed: Sequence[str], actor: Actor, reason: str
) -> None:
    shared: dict[str, Any] = {
        "contact_id": moved.contact_id,
        "cycle": moved.cycle,
        "entered_at": moved.since,
        "definition": BY_HAND,
        "actor": actor.id,
        "reason": reason,
    }
    rows = [
        StagePassage(**shared, step=moved.step + number, stage=name, how=StagePassage.How.PASSED)
        for number, name in enumerate(passed)
    ]
    moved.step += len(passed)
    left = {"before": before.stage, "before_since": before.since} if before else {}
    reached = StagePassage(**shared, **left, step=moved.step, stage=moved.stage, how=StagePassage.How.REACHED)
    StagePassage.objects.bulk_create([*rows, reached])


def _stage(cursor: Any, rows: pa.Table, types: dict[str, str]) -> None:
    """The rows as the table `staged`, without contacts that were erased or merged while the tick was thinking."""
    keep_contacts(cursor)
    stage(cursor, "staged", rows, types=_UUIDS | types, known=("contact_id",))
    cursor.execute("DELETE FROM staged s WHERE NOT EXISTS (SELECT FROM contact c WHERE c.id = s.contact_id)")


def _announce(act: Act, kind: str, definition: str, as_of: datetime, properties: str, values: tuple[str, ...]) -> None:
    params = (kind, as_of, act.at, act.actor.kind, act.actor.id, definition, *values)
    act.facts_from(_FACT.format(properties=properties), params)
