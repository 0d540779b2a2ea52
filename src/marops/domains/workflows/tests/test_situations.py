import pytest

from marops.domains.workflows.asking import Ask, bottleneck, comparison
from marops.domains.workflows.questions import faults_of
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import known
from marops.domains.workflows.tests.flowground import crew, workflow
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters
from marops.kernel.errors import MaropsError

pytestmark = pytest.mark.django_db
QUICK = Ask(months=2, runs=2, seed=3)


def plain(document):
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


@pytest.fixture
def definitions(db):
    steps = [{"id": "ride", "name": "Ride", "skill": "unicorn"}]
    starters = [
        Starter("crew", "marketing", plain(crew()), "test"),
        Starter("workflow", "newsletter", plain(workflow(promise=None)), "test"),
        Starter("workflow", "webinar", plain(workflow(title="Webinar")), "test"),
        Starter("workflow", "rodeo", plain(workflow(title="Rodeo", steps=steps)), "test"),
    ]
    plant_starters(actor=SETUP, starters=starters)


def test_a_workflow_that_cannot_be_does_not_stop_questions_about_the_others(definitions):
    here = known("newsletter")
    assert set(here.situation.workflows) == {"newsletter", "webinar"}
    (said,) = here.situation.left_out
    assert said.startswith("“Rodeo” (workflow/rodeo@1) has the same crew and is left out")
    assert said.endswith("“Ride” needs the skill 'unicorn', which nobody of the crew “Marketing” has.")
    assert not any("rodeo" in one for one in here.refs)


def test_what_is_asked_about_has_to_fit_itself(definitions):
    with pytest.raises(MaropsError, match="“Rodeo” and its crew do not fit together") as caught:
        known("rodeo")
    assert [one.pointer for one in caught.value.errors] == ["/steps/0/skill"]


def test_answers_say_what_was_left_out(definitions):
    (said,) = known("newsletter").situation.left_out
    found = bottleneck("newsletter", QUICK, actor=SETUP)
    assert said in found["answer"]["because"]
    assert found["asked"]["left_out"] == [said]


def test_a_comparison_says_what_was_left_out_and_what_does_nothing(definitions):
    hire = {"change": "hire", "name": "Eve", "skills": {"leagl": 1}}
    scenario = Scenario.model_validate({"title": "More", "changes": [hire, {**hire, "start": 9, "name": "Flo"}]})
    found = comparison("newsletter", {"more": scenario}, QUICK, actor=SETUP, deep=False)
    assumptions = found["answer"]["assumptions"]
    assert known("newsletter").situation.left_out[0] in assumptions
    assert "“More”: No step asks for what Eve brings: 'leagl'." in assumptions
    assert any(one.startswith("“More”: “hire” holds from") for one in assumptions)


def test_a_change_may_need_one_that_stands_behind_it(definitions):
    changes = [
        {"change": "reskill", "step": "newsletter/build", "skill": "magic"},
        {"change": "hire", "name": "Eve", "skills": {"magic": 1}},
    ]
    assert faults_of(Scenario.model_validate({"title": "Both", "changes": changes})) == []
    (fault,) = faults_of(Scenario.model_validate({"title": "One", "changes": changes[:1]}))
    assert (fault.pointer, fault.message) == (
        "/changes/0", "“Build e-mail” needs the skill 'magic', which nobody of the crew “Marketing” has.",
    )  # fmt: skip
