import pytest

from marops.domains.workflows.models import EventLog
from marops.domains.workflows.tests.flowground import plant_webinar
from marops.kernel.jobs import ask_to_stop, run_here
from marops.kernel.models import Definition, Job

pytestmark = pytest.mark.django_db
URL = "/api/v1/workflows/webinar"
FASTER = {
    "title": "Invitations in half the time",
    "changes": [{"change": "effort", "step": "webinar/invite", "factor": 0.5}],
}
QUICK = {"months": 3, "replications": 4, "seed": 7}


@pytest.fixture
def webinar(db):
    plant_webinar()


@pytest.fixture
def client(cast, webinar):
    return cast.client("hanna")


def post(client, url, body=None):
    return client.post(url, body if body is not None else {}, content_type="application/json")


def put(client, url, body):
    return client.put(url, body, content_type="application/json")


def ended(answer):
    assert answer.status_code == 202, answer.content.decode()
    return Job.objects.get(number=int(answer.json()["job"].removeprefix("J-")))


def test_nobody_asked_yet(client):
    for name in ("bottleneck", "comparisons", "fit", "decisions", "promises"):
        answer = client.get(f"{URL}/{name}")
        assert answer.status_code == 404
        assert answer.json()["remedy"].startswith("Ask by POST")
    assert client.get("/api/v1/workflows/nothing/bottleneck").status_code == 404


def test_a_bottleneck_is_asked_for_answered_and_found_again(client):
    job = ended(post(client, f"{URL}/bottleneck", QUICK))
    assert client.get(f"/api/v1/jobs/{job.ref}").json()["state"] == "waiting"
    run_here(job.id)
    done = client.get(f"/api/v1/jobs/{job.ref}").json()
    assert done["state"] == "done", done
    found = client.get(f"{URL}/bottleneck").json()
    assert found["workflow"] == "webinar"
    assert found["constraint"]["name"] == done["result"]["constraint"]
    assert len(found["methods"]) == 4
    assert (found["asked"]["runs"], found["asked"]["seed"], found["asked"]["months"]) == (4, 7, 3)
    assert client.get(f"{URL}/bottleneck", {"kept": done["result"]["kept"]}).json() == found
    assert client.get(f"{URL}/comparisons", {"kept": done["result"]["kept"]}).status_code == 404
    assert client.get(f"{URL}/bottleneck", {"kept": "nonsense"}).status_code == 422


def test_a_bottleneck_is_asked_for_without_a_body(client):
    answer = client.post(f"{URL}/bottleneck", "", content_type="application/json")
    assert ended(answer).arguments == {"workflow": "webinar", "months": 18, "runs": 100, "seed": 1}


def test_it_is_simulated_at_once(client):
    first = post(client, f"{URL}/simulate", QUICK)
    assert first.status_code == 200, first.content.decode()
    found = first.json()
    assert len(found["months"]) == 3
    assert found["replications"] == 4
    again = post(client, f"{URL}/simulate", QUICK).json()
    assert {**again, "seconds": 0} == {**found, "seconds": 0}


@pytest.mark.parametrize("given", [{"replications": 201}, {"months": 37}, {"seed": -1}, {"runs": 3}])
def test_what_takes_too_long_to_wait_for_is_refused(client, given):
    answer = post(client, f"{URL}/simulate", given)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in given


def test_scenarios_that_came_along_are_compared(client):
    job = ended(post(client, f"{URL}/comparisons", {"scenarios": {"faster": FASTER}, **QUICK}))
    assert client.get(f"/workflows/webinar/asked/{job.ref}?seen=0").status_code == 200
    assert run_here(job.id).state == Job.State.DONE
    found = client.get(f"{URL}/comparisons").json()
    assert [one["title"] for one in found["options"]][-1] == FASTER["title"]
    assert set(found["asked"]["scenarios"]) == {"faster"}
    assert not Definition.objects.filter(kind="scenario").exists()
    page = client.get("/workflows/webinar")
    assert FASTER["title"] in page.content.decode()
    pressed = client.post("/workflows/webinar/compare", {"with": "faster", "toggle": ""})
    assert pressed.status_code == 302


def test_kept_scenarios_are_compared_by_their_names(client):
    assert put(client, "/api/v1/scenarios/faster", {"document": FASTER}).status_code == 200
    job = ended(post(client, f"{URL}/comparisons", {"scenarios": ["faster"], **QUICK}))
    assert job.arguments["scenarios"] == ["faster"]
    assert post(client, f"{URL}/comparisons", {"scenarios": ["nothing"]}).status_code == 404


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({"title": "X", "changes": [{"change": "effort", "step": "nowhere", "factor": 1}]}, "/changes/0"),
        ({"title": "X", "changes": [{"change": "effort", "step": "invite", "factor": -1}]}, "/changes/0/factor"),
        ({"changes": []}, "/title"),
    ],
)
def test_a_scenario_with_a_fault_is_refused_by_its_place(client, document, pointer):
    answer = post(client, f"{URL}/comparisons", {"scenarios": {"odd": document}})
    assert answer.status_code == 422, answer.content.decode()
    assert f"/scenarios/odd{pointer}" in [one["pointer"] for one in answer.json()["errors"]]
    assert not Job.objects.filter(kind="workflow.compare").exists()


@pytest.mark.parametrize("scenarios", [[], {}, {"a b": FASTER}, "faster"])
def test_a_comparison_of_nothing_is_refused(client, scenarios):
    assert post(client, f"{URL}/comparisons", {"scenarios": scenarios}).status_code == 422


def test_scenarios_are_kept_read_and_listed(client, cast):
    made = put(client, "/api/v1/scenarios/faster", {"document": FASTER, "reason": "An idea"})
    assert made.json()["version"] == 1
    assert put(client, "/api/v1/scenarios/faster", {"document": FASTER}).json()["version"] == 1
    more = {**FASTER, "changes": [*FASTER["changes"], {"change": "limit", "limit": 4}]}
    assert put(client, "/api/v1/scenarios/faster", {"document": more}).json()["version"] == 2
    (row,) = client.get("/api/v1/scenarios").json()["items"]
    assert (row["scenario"], row["changes"]) == ("faster", ["effort", "limit"])
    assert len(client.get("/api/v1/scenarios/faster@1").json()["document"]["changes"]) == 1
    assert [one["version"] for one in client.get("/api/v1/scenarios/faster").json()["versions"]] == [2, 1]
    faulty = put(client, "/api/v1/scenarios/faster", {"document": {"title": "", "changes": [{"change": "fly"}]}})
    assert {one["pointer"] for one in faulty.json()["errors"]} >= {"/title", "/changes/0"}
    assert put(cast.client("nils"), "/api/v1/scenarios/other", {"document": FASTER}).status_code == 403


def test_a_workflow_that_was_drawn_has_nothing_to_fit(client, cast):
    log = EventLog.objects.create(number=7, title="C", format="csv", actor_kind="system", actor_id="x")
    assert post(client, f"{URL}/fit", {"against": "EL-8"}).status_code == 404
    refused = post(client, f"{URL}/fit", {"against": log.ref}).json()
    assert refused["type"].endswith("workflow-without-log")
    assert not Job.objects.filter(kind="workflow.fit").exists()


PLAN = {"months": 1, "targets": {"webinar": 1}}


def test_decisions_for_a_plan_are_asked_for_and_found_again(client):
    job = ended(post(client, f"{URL}/decisions", {"plan": PLAN, "replications": 20}))
    done = run_here(job.id)
    assert done.state == Job.State.DONE
    assert done.done == done.total > 2
    found = client.get(f"{URL}/decisions").json()
    assert found["kept"] == done.result["kept"]
    assert found["asked"]["plan"]["targets"].keys() == {"webinar/webinar"}
    assert 0 <= found["today"]["low"] <= found["today"]["value"] <= found["today"]["high"] <= 1
    assert found["tried"]
    assert all(one["gain"]["low"] < one["gain"]["high"] for one in found["tried"])
    assert [one["title"] for one in found["decisions"]] == done.result["best"]
    # The same question again is the same answer, and another one does not take its place.
    again = ended(post(client, f"{URL}/decisions", {"plan": {"months": 1, "targets": {"webinar/webinar": 1}},
                                                    "replications": 20}))  # fmt: skip
    assert run_here(again.id).result["kept"] == found["kept"]
    # What a decision changes is a scenario that can be kept as it is.
    first = found["tried"][0]["scenario"]
    assert put(client, "/api/v1/scenarios/tried", {"document": first}).status_code == 200


@pytest.mark.parametrize(
    ("plan", "pointer"),
    [
        ({}, "/plan/targets"),
        ({"targets": {"webinar": -1}}, "/plan/targets/webinar"),
        ({"targets": {"balloon": 1}}, "/plan/targets/balloon"),
        ({"months": 1, "targets": {"webinar": {"2031-01": 1}}}, "/plan/targets/webinar/2031-01"),
    ],
)
def test_a_plan_with_a_fault_is_refused_by_its_place(client, plan, pointer):
    answer = post(client, f"{URL}/decisions", {"plan": plan})
    assert answer.status_code == 422
    assert pointer in [one["pointer"] for one in answer.json()["errors"]]
    assert not Job.objects.filter(kind="workflow.decide").exists()


def test_a_search_for_decisions_can_be_stopped(client):
    job = ended(post(client, f"{URL}/decisions", {"plan": PLAN, "replications": 20}))
    stopped = run_here(job.id, watch=lambda one: ask_to_stop(one.id) if one.done == 2 else None)
    assert stopped.state == Job.State.STOPPED
    assert client.get(f"{URL}/decisions").status_code == 404


def test_a_workflow_that_was_drawn_has_no_open_work(client):
    refused = post(client, f"{URL}/promises")
    assert refused.status_code == 422
    assert refused.json()["type"].endswith("workflow-without-work")
    assert not Job.objects.filter(kind="workflow.promises").exists()


def estimates(one):
    """Every figure with an interval in a document."""
    if isinstance(one, dict):
        own = [one] if one.get("low") is not None and ("value" in one or "difference" in one) else []
        return own + [each for value in one.values() for each in estimates(value)]
    return [each for value in one for each in estimates(value)] if isinstance(one, list) else []


def whys(one):
    if isinstance(one, dict):
        return ([one["why"]] if "why" in one else []) + [each for value in one.values() for each in whys(value)]
    return [each for value in one for each in whys(value)] if isinstance(one, list) else []


def test_estimates_say_their_level_and_names_their_unit(client):
    simulated = post(client, f"{URL}/simulate", {"months": 6, "replications": 4}).json()
    assert simulated["currency"] == "EUR"
    job = ended(post(client, f"{URL}/comparisons", {"scenarios": {"faster": FASTER}, "months": 6, "replications": 4}))
    run_here(job.id)
    compared = client.get(f"{URL}/comparisons").json()
    run_here(ended(post(client, f"{URL}/bottleneck", QUICK)).id)
    held = client.get(f"{URL}/bottleneck").json()
    for found in (simulated, compared, held):
        assert len(estimates(found)) > 10
        assert {one["level"] for one in estimates(found)} == {0.9}
        assert all(whys(found))
    line = next(one for one in compared["lines"] if one["figure"] == "lead_p50_hours")
    assert line["unit"] == "hours"
    month = compared["options"][0]["months"][-1]["lead_p50_hours"]["value"]
    assert month / 3 < line["baseline"]["value"] < month * 3
    assert abs(line["options"][0]["value"] - line["baseline"]["value"] - line["differences"][0]["value"]) < 0.5
    assert set(compared["unlocked"]) <= {"faster"}


@pytest.mark.parametrize(("given", "said"), [
    (["slower", "slower"], "Two scenarios"),
    ({"baseline": FASTER}, "doing nothing"),
])  # fmt: skip
def test_options_of_one_name_are_refused(client, given, said):
    answer = post(client, f"{URL}/comparisons", {"scenarios": given})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
