from typing import get_args

import pytest

from marops.domains.workflows.actions import keep
from marops.domains.workflows.forms import ASKS
from marops.domains.workflows.questions import start_comparison
from marops.domains.workflows.rules.scenario import AnyChange, Scenario
from marops.domains.workflows.starter import templates
from marops.domains.workflows.tests.flowground import plant_webinar
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, plant_starters
from marops.kernel.jobs import run_here
from marops.kernel.models import Definition, Job

pytestmark = pytest.mark.django_db

GIVEN = {
    "hire": {
        "name": "Designer",
        "skills": ["design"],
        "count": "1",
        "months": "3",
        "share": "80",
        "calendar": "office",
        "first": "40",
        "cost_per_year": "60000",
    },
    "train": {"person": "designer", "skills": ["copywriting"], "speed": "80", "hours_away": "40"},
    "rebatch": {"step": "legal", "opens": "*", "collect": "n", "size": "3", "wait_at_most": "16", "together": "on"},
    "limit": {"limit": "4"},
    "platform": {"retire": "Webinar platform", "add": "New platform", "moved_effort": "90", "saves_per_year": "12000"},
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
    "effort": {"where": "step:invite", "effort": "70"},
    "rework": {"step": "legal", "probability": "5"},
    "leave": {"person": "designer"},
}


@pytest.fixture
def webinar(db):
    plant_webinar()


def test_every_kind_of_change_is_asked_for():
    assert set(GIVEN) == {one.kind for one in ASKS}
    kinds = get_args(get_args(AnyChange)[0])
    assert set(GIVEN) == {get_args(one.model_fields["change"].annotation)[0] for one in kinds}


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


def changes(slug):
    row = Definition.objects.get(kind="scenario", slug=slug, state=Definition.State.ACTIVE)
    return [one.model_dump(mode="json", by_alias=True) for one in Scenario.model_validate(row.document).changes]


def ask(client, kind, **given):
    return client.post(f"/workflows/webinar/what-if/{kind}", {"start": "2027-02-01", **given})


def test_what_is_given_stands_in_the_change(cast, webinar):
    client = cast.client("hanna")
    ask(client, "hire", title="a", **{**GIVEN["hire"], "share": "80"})
    assert (changes("a")[0]["share"], changes("a")[0]["calendar"]) == (0.8, "office")
    ask(client, "train", title="b", because="She asked for it", **GIVEN["train"])
    (train,) = changes("b")
    assert (train["skills"], train["hours_away"], train["because"]) == ({"copywriting": 0.8}, 40, "She asked for it")
    ask(client, "rebatch", title="c", **GIVEN["rebatch"])
    batch = {"size": 3, "wait_at_most": 16, "together": True, "each": 1}
    assert (changes("c")[0]["opens"], changes("c")[0]["batch"]) == ("", batch)
    ask(client, "platform", title="d", **GIVEN["platform"])
    assert (changes("d")[0]["factor"], changes("d")[0]["saves_per_year"]) == (0.9, 12000)
    ask(client, "effort", title="e", where="skill:design", effort="150", touch="ai_assisted")
    assert {name: changes("e")[0][name] for name in ("step", "skill", "factor", "touch")} == {
        "step": None, "skill": "design", "factor": 1.5, "touch": "ai_assisted",
    }  # fmt: skip
    ask(client, "demand", title="f", work_class="*", factor="50")
    assert (changes("f")[0]["workflow"], changes("f")[0]["factor"]) == ("", 0.5)
    ask(client, "assist", title="g", step="legal", effort="60", then_back="5", review_skill="legal", review_share="20")
    assert (changes("g")[0]["rework"], changes("g")[0]["review"]["share"]) == (0.05, 0.2)


def test_a_step_that_collects_goes_on_so_when_only_its_opening_changes(cast, webinar):
    client = cast.client("hanna")
    document = dict(Definition.objects.get(kind="workflow", slug="webinar").document)
    batch = {"size": 4, "wait_at_most": 8.0, "together": False, "each": 1.0}
    document["steps"] = [one | {"batch": batch} if one["id"] == "legal" else one for one in document["steps"]]
    keep(actor=SETUP, kind="workflow", slug="webinar", document=document, reason="test")
    ask(client, "rebatch", title="Later", step="legal", opens="office", collect="=")
    assert (changes("later")[0]["opens"], changes("later")[0]["batch"]) == ("office", None)
    ask(client, "rebatch", title="One", step="legal", opens="=", collect="1")
    assert (changes("one")[0]["opens"], changes("one")[0]["batch"]) == (None, "none")


@pytest.mark.parametrize(
    ("kind", "given", "field", "said"),
    [
        ("parallelise", {"steps": ["brief", "recording"]}, "steps", "do not simply follow each other"),
        ("parallelise", {"steps": ["brief"]}, "steps", "at least two steps"),
        ("assist", {"step": "brief", "effort": "50", "then_back": "5"}, "then_back", "Nothing comes back from"),
        ("rebatch", {"step": "legal", "opens": "=", "collect": "="}, "opens", "This changes nothing"),
        ("rebatch", {"step": "legal", "opens": "=", "collect": "n"}, "size", "how many are collected"),
        ("platform", {"moved_effort": "100"}, "retire", "which platform goes"),
        ("train", {"person": "designer", "speed": "80"}, "skills", "required"),
        ("limit", {"limit": "-1"}, "limit", "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(cast, webinar, kind, given, field, said):
    answer = ask(cast.client("hanna"), kind, **given)
    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors[field])
    assert not Definition.objects.filter(kind="scenario").exists()


def test_a_scenario_grows_change_by_change_and_one_is_taken_out(cast, webinar):
    client = cast.client("hanna")
    first = ask(client, "remove", step="rehearse", title="Leaner", further="1")
    assert first["Location"] == "/workflows/webinar/what-if/remove?to=leaner"
    assert not Job.objects.exists()
    page = client.get(first["Location"]).content.decode()
    assert "“Leaner” so far" in page
    assert "falls away" in page
    assert 'href="/workflows/webinar/what-if/limit?to=leaner"' in page
    ask(client, "limit", limit="3", to="leaner")
    assert [one["change"] for one in changes("leaner")] == ["remove", "limit"]
    client.post("/workflows/webinar/what-if/limit?to=leaner", {"without": "0"})
    assert [one["change"] for one in changes("leaner")] == ["limit"]
    again = ask(client, "remove", step="rehearse", to="leaner")
    assert again.status_code == 302
    twice = ask(client, "remove", step="rehearse", to="leaner")
    assert twice.status_code == 422
    assert twice.context["form"].errors["step"]


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
    assert "every 700ms" in part.content.decode()
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


def test_who_asks_something_else_waits_for_that_alone(cast, webinar):
    client = cast.client("hanna")
    ask(client, "remove", step="rehearse", title="Leaner")
    first = Job.objects.get(kind="workflow.compare")
    seen = []

    def other(job):
        seen.append(job.done)
        if job.done == 1 and len(seen) == 2:  # the first part stands; somebody presses another scenario meanwhile
            client.post("/workflows/webinar/what-if/demand", {"start": "2027-03-01", "factor": "110", "title": "More"})

    job = run_here(first.id, watch=other)
    assert job.state == Job.State.STOPPED
    page = client.get("/workflows/webinar?with=leaner").content.decode()
    assert "Options compared" in page
    assert "Not looked for yet" in page
    newer = Job.objects.get(kind="workflow.compare", state=Job.State.WAITING)
    assert newer.arguments["scenarios"] == ["more"]
    assert not newer.stop_asked


@pytest.mark.slow
def test_what_takes_long_gives_way_to_who_waits_and_goes_on_behind(cast, webinar):
    client = cast.client("hanna")
    ask(client, "remove", step="rehearse", title="Leaner")
    first = Job.objects.get(kind="workflow.compare")
    asked = []

    def other(job):
        if job.done == 1 and not asked:
            asked.append(start_comparison("webinar", ["leaner"], actor=cast.actor("vera"), seed=7))

    job = run_here(first.id, watch=other)
    assert job.state == Job.State.STOPPED
    later = Job.objects.get(number=int(job.result["goes_on"].removeprefix("J-")))
    assert later.arguments == {**first.arguments, "again": True}
    assert later.created_at > asked[0].created_at
    poll = f"/workflows/webinar/asked/{first.ref}?seen=1"
    assert f'id="job-{later.number}"' in client.get(poll, headers={"HX-Request": "true"}).content.decode()
    assert f'id="job-{later.number}"' in client.get(f"/workflows/webinar?with=leaner&job={first.ref}").content.decode()
    Job.objects.filter(id=asked[0].id).update(state=Job.State.DONE)
    assert run_here(later.id).state == Job.State.DONE
    done = client.get(poll, headers={"HX-Request": "true"})
    assert done["HX-Redirect"] == "/workflows/webinar?with=leaner"
    assert "What would flip it" in client.get(done["HX-Redirect"]).content.decode()


def test_what_others_asked_goes_on(cast, webinar):
    cast.client("hanna").post("/workflows/webinar/what-if/remove", {"start": "2027-02-01", "step": "rehearse"})
    start_comparison("webinar", ["without-rehearse"], actor=cast.actor("vera"))
    cast.client("vera").post("/workflows/webinar/compare", {"toggle": "without-rehearse"})
    assert Job.objects.filter(kind="workflow.compare", state=Job.State.WAITING).count() == 3
    cast.client("vera").post("/workflows/webinar/compare", {"toggle": "without-rehearse"})
    assert Job.objects.filter(kind="workflow.compare", state=Job.State.WAITING).count() == 3
    assert Job.objects.get(state=Job.State.STOPPED).arguments["page"] is True
