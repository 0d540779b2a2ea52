import pytest

from marops.domains.workflows.forms import ASKS
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.starter import template_crew, templates
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters
from marops.kernel.models import Definition, Job

pytestmark = pytest.mark.django_db

GIVEN = {
    "hire": {
        "name": "Designer",
        "skills": ["design"],
        "count": "1",
        "months": "3",
        "first": "40",
        "cost_per_year": "60000",
    },
    "assist": {
        "step": "design",
        "effort": "60",
        "ai_use": "first sketches",
        "review_skill": "design",
        "review_hours": "0.5",
    },
    "demand": {"work_class": "webinar", "factor": "130"},
    "rehour": {"person": "counsel", "calendar": "office"},
    "automate": {"step": "audience", "hours": "0.2", "cost_each": "3"},
    "remove": {"step": "rehearse"},
    "parallelise": {"steps": ["abstract", "legal"]},
    "reskill": {"step": "page", "skill": "automation"},
    "effort": {"step": "invite", "effort": "70"},
    "rework": {"step": "legal", "probability": "5"},
    "leave": {"person": "designer"},
}


@pytest.fixture
def webinar(db):
    starters = [
        Starter("crew", "marketing", template_crew()[0], "test"),
        Starter("workflow", "webinar", templates()["webinar"].document, "test"),
    ]
    plant_starters(actor=SETUP, starters=starters)


def test_every_kind_of_change_is_asked_for():
    assert set(GIVEN) == {one.kind for one in ASKS}


@pytest.mark.parametrize("kind", GIVEN)
def test_a_change_becomes_a_scenario_that_is_compared(cast, webinar, kind):
    client = cast.client("hanna")
    url = f"/workflows/webinar/what-if/{kind}"
    assert client.get(url).status_code == 200
    answer = client.post(url, {"start": "2027-02-01", **GIVEN[kind]})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    row = Definition.objects.get(kind="scenario", state=Definition.State.ACTIVE)
    (change,) = Scenario.model_validate(row.document).changes
    assert change.change == kind
    assert change.start.isoformat() == "2027-02-01"
    job = Job.objects.get(kind="workflow.compare")
    assert job.arguments["scenarios"] == [row.slug]
    assert f"with={row.slug}" in answer["Location"]
    page = client.get(answer["Location"]).content.decode()
    assert f'id="job-{job.number}"' in page
    assert 'aria-pressed="true"' in page


def test_a_change_joins_a_scenario(cast, webinar):
    client = cast.client("hanna")
    client.post("/workflows/webinar/what-if/remove", {"start": "2027-02-01", "step": "rehearse", "title": "Leaner"})
    client.post("/workflows/webinar/what-if/demand", {"start": "2027-03-01", "factor": "110", "to": "leaner"})
    row = Definition.objects.get(kind="scenario", slug="leaner", state=Definition.State.ACTIVE)
    assert [one["change"] for one in row.document["changes"]] == ["remove", "demand"]


def test_a_change_that_does_not_fit_is_said_on_the_form(cast, webinar):
    client = cast.client("hanna")
    steps = {"start": "2027-02-01", "steps": ["brief", "recording"]}
    answer = client.post("/workflows/webinar/what-if/parallelise", steps)
    assert answer.status_code == 422
    assert not Definition.objects.filter(kind="scenario").exists()


def test_a_scenario_is_pressed_and_released(cast, webinar):
    client = cast.client("hanna")
    client.post("/workflows/webinar/what-if/remove", {"start": "2027-02-01", "step": "rehearse", "title": "Leaner"})
    pressed = client.post("/workflows/webinar/compare", {"toggle": "leaner"})
    assert "with=leaner" in pressed["Location"]
    released = client.post("/workflows/webinar/compare", {"with": "leaner", "toggle": "leaner"})
    assert released["Location"] == "/workflows/webinar?with="


def test_the_bottleneck_is_asked_for_once_and_shown_while_it_is_sought(cast, webinar):
    client = cast.client("hanna")
    answer = client.post("/workflows/webinar/bottleneck")
    job = Job.objects.get(kind="workflow.bottleneck")
    page = client.get(answer["Location"]).content.decode()
    assert f'id="job-{job.number}"' in page
    part = client.get(f"/workflows/webinar/asked/{job.ref}", headers={"HX-Request": "true"})
    assert "every 2s" in part.content.decode()
    Job.objects.filter(id=job.id).update(state=Job.State.DONE)
    done = client.get(f"/workflows/webinar/asked/{job.ref}", headers={"HX-Request": "true"})
    assert done["HX-Redirect"].startswith("/workflows/webinar")


def test_the_first_part_of_a_comparison_is_shown_while_the_rest_is_sought(cast, webinar):
    client = cast.client("hanna")
    client.post("/workflows/webinar/what-if/remove", {"start": "2027-02-01", "step": "rehearse", "title": "Leaner"})
    job = Job.objects.get(kind="workflow.compare")
    poll = f"/workflows/webinar/asked/{job.ref}?seen=0"
    assert poll in client.get(f"/workflows/webinar?with=leaner&job={job.ref}").content.decode()
    assert "HX-Redirect" not in client.get(poll, headers={"HX-Request": "true"})
    Job.objects.filter(id=job.id).update(state=Job.State.RUNNING, done=1, total=2)
    again = client.get(poll, headers={"HX-Request": "true"})
    assert again["HX-Redirect"] == f"/workflows/webinar?with=leaner&job={job.ref}"
    further = client.get(f"/workflows/webinar/asked/{job.ref}?seen=1", headers={"HX-Request": "true"})
    assert "HX-Redirect" not in further


def test_a_workflow_without_its_crew_says_what_is_missing(cast, db):
    document = {**templates()["webinar"].document, "crew": "nobody"}
    plant_starters(actor=SETUP, starters=[Starter("workflow", "webinar", document, "test")])
    client = cast.client("hanna")
    assert client.get("/workflows/webinar").status_code == 200
    answer = client.post("/workflows/webinar/bottleneck")
    assert answer.status_code == 404
    assert "crew/nobody" in answer.content.decode()
