import pytest

from marops.domains.team.models import Vacancy
from marops.domains.workflows.actions import keep_answer
from marops.domains.workflows.asking import as_document
from marops.domains.workflows.openings import effect_of_opening, key_of, scenario_for, skills_for
from marops.domains.workflows.rules.crew import Member
from marops.domains.workflows.starter import template_crew, templates
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, find, load, plant_starters
from marops.kernel.models import Job

ROLE = "marketing_automation_manager"


@pytest.fixture
def place(cast):
    crew = template_crew()[0]
    skilled = max(crew["people"], key=lambda one: len(one.get("skills", {})))
    skilled["role"] = ROLE
    starters = [
        Starter("crew", "marketing", crew, "Test"),
        Starter("workflow", "webinar", templates()["webinar"].document, "Test"),
    ]
    plant_starters(actor=SETUP, starters=starters)
    return Vacancy.objects.create(number=7601, title="Somebody", roles={ROLE: 0.5}, made_by="test")


@pytest.mark.django_db
def test_who_comes_can_do_what_those_of_the_role_can_at_their_usual_speed():
    row = Vacancy(number=1, title="x", roles={ROLE: 1.0})
    people = [
        Member(id="a", name="A", role=ROLE, skills={"build": 1.0, "send": 0.5}),
        Member(id="b", name="B", role=ROLE, skills={"build": 2.0}),
        Member(id="c", name="C", role="other", skills={"legal": 1.0}),
    ]
    assert skills_for(row, people) == {"build": 1.5, "send": 0.5}
    named = [Member(id="c", name="C", skills={"lead scoring": 2.0, "legal": 1.0})]
    assert skills_for(row, named) == {"lead scoring": 1.0}


@pytest.mark.django_db(transaction=True)
def test_an_opening_is_simulated_as_a_hire_and_no_effect_is_an_answer(cast, place):
    flow = load(find("workflow/webinar"))
    scenario = scenario_for(place, flow)
    (hire,) = scenario.changes
    assert (hire.change, hire.share, hire.role) == ("hire", 0.5, ROLE)
    (asked,) = effect_of_opening(place, cast.actor("hanna"))
    assert (asked.value, asked.ask_url) == (None, f"/workflows/webinar/openings/{place.ref}")
    assert cast.client("hanna").post(asked.ask_url).status_code == 302
    job = Job.objects.get(kind="workflow.compare")
    assert list(job.arguments["documents"]) == [key_of(place)]
    assert effect_of_opening(place, cast.actor("nils")) == []
    stranger = Vacancy.objects.create(number=7602, title="Seller", roles={"sales_owner": 1}, made_by="test")
    (none,) = effect_of_opening(stranger, cast.actor("hanna"))
    assert "no effect" in none.why
    assert not none.ask_url
    keep_answer(
        actor=cast.actor("hanna"), workflow="webinar", kind="comparison", digest="x" * 64, answer=_answer(-0.2, 0.7),
        asked={"scenarios": {key_of(place): as_document(scenario)}}, seconds=1.0, sample=False,
    )  # fmt: skip
    (told,) = effect_of_opening(place, cast.actor("hanna"))
    assert (told.value, told.low, told.high, told.ask_url) == (0.3, -0.2, 0.7, "")
    assert "no effect that could be told from luck" in told.why
    place.roles = {ROLE: 1.0}
    (changed,) = effect_of_opening(place, cast.actor("hanna"))
    assert "changed since" in changed.why
    assert changed.ask_url


def _answer(low, high):
    figure = {"value": 0.3, "low": low, "high": high}
    line = {"figure": "finished", "name": "Finished a month", "unit": "number", "baseline": figure, "options": [figure],
            "differences": [figure]}  # fmt: skip
    return {"answer": {"options": [], "months": [], "measure": "", "series": [], "lines": [line]}}
