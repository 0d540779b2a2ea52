from datetime import timedelta

import pytest

from marops.domains.team.actions.people import add_absence, add_person
from marops.domains.team.actions.records import assess
from marops.domains.team.queries.traces import key_words, traces
from marops.kernel.actors import SETUP
from marops.kernel.clock import now
from marops.kernel.definitions import activate, draft
from marops.kernel.models import Job

WEEK = {"title": "Late", "hours": {"mon": [["12:00", "20:00"]]}}


@pytest.mark.django_db(transaction=True)
def test_what_somebody_did_leaves_traces(cast, engine):
    hanna = add_person(actor=SETUP, account_id=cast.hanna.id)
    tomasz = add_person(actor=SETUP, account_id=cast.tomasz.id, manager_id=hanna.id)
    nobody = add_person(actor=SETUP, name="No Account")
    kept = draft(actor=cast.actor("hanna"), kind="calendar", slug="late", document=WEEK)
    activate(actor=cast.actor("hanna"), ref=kept.pinned)
    assess(actor=cast.actor("hanna"), person_id=tomasz.id, levels={"integrations": 3, "documenting": 2})
    add_absence(actor=cast.actor("tomasz"), person_id=tomasz.id, starts=now(), ends=now() + timedelta(days=1))
    Job.objects.create(
        number=9001, kind="workflow.compare", state=Job.State.DONE, actor_id=str(cast.tomasz.id), ended_at=now()
    )
    found = traces([hanna.id, tomasz.id, nobody.id])
    assert {key: one.count for key, one in found[hanna.id].items()} == {
        "definition.activated:calendar": 1, "assessment.made": 1,
    }  # fmt: skip
    assert found[hanna.id]["definition.activated:calendar"].url == "/definitions/calendar/late/1"
    assert {key: one.count for key, one in found[tomasz.id].items()} == {"absence.planned": 1, "scenario.compared": 1}
    assert nobody.id not in found


def test_every_kind_of_trace_has_words():
    assert key_words("task.finished") == "Tasks finished"
    assert key_words("definition.activated:quality") == "Put in force: quality"
    assert key_words("decision.recorded") == "decision recorded"
