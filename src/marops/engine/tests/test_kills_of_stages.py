"""The stages that the domains bring, killed between their effects and the note of them."""

import signal
from collections import Counter
from uuid import UUID

import pytest
from django.db import connection

from marops.domains.contacts.models import Contact
from marops.engine import session
from marops.engine.asking import query_engine
from marops.engine.tests.engineground import Ground, ended, spawn
from marops.engine.tick import stages
from marops.kernel import facts
from marops.kernel.clock import now

pytestmark = pytest.mark.slow

PEOPLE = 40


def people() -> list[UUID]:
    session._plant()
    made = []
    for number in range(PEOPLE):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('contact_number')")
            ordinal = cursor.fetchone()[0]
        made.append(
            Contact(
                number=ordinal,
                full_name=f"Person {number}",
                email=f"p{number}@example.org" if number % 2 else None,
                country="DE" if number % 3 else None,
                visits=number,
                source="google",
            )
        )
    Contact.objects.bulk_create(made)
    ids = [one.id for one in made]
    facts.touch(ids, now())
    return ids


def told() -> Counter[tuple[UUID, str, str]]:
    """The engine's facts about each contact: by kind, and for scores by model."""
    rows = query_engine().rows("SELECT contact_id, kind, properties FROM facts WHERE contact_id IS NOT NULL")
    known = set(Contact.objects.values_list("id", flat=True))
    return Counter(
        (row["contact_id"], row["kind"], str((row["properties"] or {}).get("model")))
        for row in rows
        if row["contact_id"] in known
    )


def state(ground: Ground) -> dict[str, list[tuple[object, ...]]]:
    queries = {
        "score": "SELECT model, contact_id, value, grade FROM contact_score ORDER BY 1, 2",
        "stage": "SELECT contact_id, stage FROM contact_stage ORDER BY 1",
        "owner": "SELECT contact_id, queue_id, rule FROM assignment ORDER BY 1",
    }
    return {name: ground.sql(query) for name, query in queries.items()}


def test_killed_after_its_effects_no_stage_loses_or_repeats_any(ground: Ground):
    ids = people()
    for _ in stages():
        # Dead between its effects and the note of them, the stage runs again, and this time its end is noted.
        assert ended(spawn(crash="tick.after_effects", real=True)) == -signal.SIGKILL
        assert ended(spawn(crash="tick.after_stage", real=True)) == -signal.SIGKILL
    assert ended(spawn(real=True)) == 0
    assert ground.sql("SELECT count(*) FROM touched") == [(0,)]
    found = told()
    assert set(found.values()) == {1}
    assert {contact_id for contact_id, kind, _ in found if kind == "lead.routed"} == set(ids)
    reached = state(ground)
    assert len(reached["owner"]) == PEOPLE
    assert {row[1] for row in reached["score"]} == set(ids)
    # Once more over everybody: in an unchanged world nothing is written.
    facts.touch(ids, now())
    assert ended(spawn(real=True)) == 0
    assert told() == found
    assert state(ground) == reached
