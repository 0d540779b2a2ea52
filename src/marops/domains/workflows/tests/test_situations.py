from datetime import date

import pytest

from marops.domains.workflows.actions import keep
from marops.domains.workflows.asking import Ask, bottleneck, comparison, simulation
from marops.domains.workflows.questions import faults_of
from marops.domains.workflows.rules.changing import Situation, Unfit, at
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import known
from marops.domains.workflows.tests.flowground import crew, workflow
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters
from marops.kernel.errors import MaropsError

pytestmark = pytest.mark.django_db
DAY = date(2027, 1, 4)
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


@pytest.mark.parametrize(
    ("per_month", "ask", "said", "remedy"),
    [
        (
            1e7,
            QUICK,
            "80,000,000 pieces of work would come in within 8 months, 80,000,000 of them “Newsletter”",
            "500,000",
        ),
        (5000, Ask(months=6, runs=1000), "60,000 pieces", "833 runs or fewer"),
    ],
)
def test_more_than_can_be_held_is_refused_at_the_class(definitions, per_month, ask, said, remedy):
    classes = [{"id": "newsletter", "name": "Newsletter", "arrivals": {"per_month": per_month}}]
    small = [{"id": "w", "name": "W", "arrivals": {"per_month": 0}}]
    for slug, made in (("newsletter", classes), ("webinar", small)):
        keep(actor=SETUP, kind="workflow", slug=slug, document=plain(workflow(classes=made)), reason="test")
    for slug, pointer in (("newsletter", "/classes/0"), ("webinar", "/workflows/newsletter/classes/0")):
        with pytest.raises(MaropsError, match=said) as caught:
            bottleneck(slug, ask, actor=SETUP)
        (fault,) = caught.value.errors
        assert fault.pointer == f"{pointer}/arrivals/per_month"
        assert remedy in fault.remedy


def test_demand_that_rises_beyond_what_is_simulated_is_refused_at_the_change(definitions):
    change = {"change": "demand", "factor": 100}
    flow = workflow(1000)
    with pytest.raises(Unfit, match="100,000 of “Newsletter” a month") as caught:
        at(
            Situation({"n": flow}, crew()),
            Scenario.model_validate({"title": "X", "changes": [change]}).changes,
            DAY,
            DAY,
        )
    assert caught.value.fault.pointer == "/changes/0/factor"


def test_months_of_answers_say_which_days_they_span(definitions):
    ask = Ask(months=2, runs=2, seed=3, first=date(2026, 11, 22))
    spans = [
        {"month": "2026-11", "from": "2026-11-22", "to": "2026-12-21"},
        {"month": "2026-12", "from": "2026-12-22", "to": "2027-01-21"},
    ]
    scenario = Scenario.model_validate({"title": "Same", "changes": []})
    compared = comparison("newsletter", {"same": scenario}, ask, actor=SETUP, deep=False)
    simulated = simulation("newsletter", ask, actor=SETUP)
    for months in (compared["options"][0]["months"], compared["options"][1]["months"], simulated["months"]):
        assert [{name: one[name] for name in ("month", "from", "to")} for one in months] == spans
