import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from marops.domains.workflows.models import EventLog, LogDiscovery, LogEvent
from marops.domains.workflows.tests.logground import bring, written
from marops.domains.workflows.tests.test_discovering import campaigns
from marops.domains.workflows.tests.test_reading_formats import APPROVAL, ocel
from marops.kernel.clock import now
from marops.kernel.jobs import claim, run, run_here
from marops.kernel.models import Definition, Job

pytestmark = pytest.mark.django_db(transaction=True)


def upload(text=None, name="Big campaigns.csv"):
    return SimpleUploadedFile(name, (text or campaigns(40)).encode())


@pytest.fixture
def client(cast):
    return cast.client("hanna")


@pytest.fixture
def plan_url(client, lake):
    answer = client.post("/workflows/import", {"file": upload()})
    assert answer.status_code == 302
    return answer["Location"]


def fields_of(answer):
    form = answer.context["form"]
    return {name: form[name].value() or "" for name in form.fields if form[name].value() not in (None, False)}


def test_a_log_goes_from_its_file_over_the_preview_to_a_workflow(client, plan_url):
    page = client.get(plan_url)
    assert b"it is a log" in page.content
    assert b"Brief" in page.content
    begun = client.post(plan_url, fields_of(page) | {"start": "", "title": "Our campaigns"})
    assert begun.status_code == 302
    assert b"It is being read" in client.get(begun["Location"]).content
    run_here(Job.objects.get(kind="log.import").id)
    page = client.get(begun["Location"])
    assert b"A case is worked on for" in page.content
    assert b'href="/workflows/our-campaigns"' in page.content
    assert b"Why work waited" in page.content
    assert b"Our campaigns" in client.get("/workflows/logs").content
    answer = client.get(f"{begun['Location']}/progress", headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"


def test_a_change_of_a_column_is_seen_at_once(client, plan_url):
    given = fields_of(client.get(plan_url))
    column = next(name for name, value in given.items() if value == "activity")
    page = client.post(plan_url, given | {column: "skip"}, headers={"HX-Request": "true"})
    assert page.status_code == 200
    assert b"No column says what was done." in page.content
    assert client.post(plan_url, given | {column: "skip", "start": ""}).status_code == 422
    assert not EventLog.objects.exists()
    twice = client.post(plan_url, given | {column: "case", "start": ""})
    assert twice.status_code == 422
    assert b"has this meaning already" in twice.content


def test_a_file_that_is_no_log_is_refused_on_the_page(client, lake):
    answer = client.post("/workflows/import", {"file": upload("{}", "log.json")})
    assert answer.status_code == 422
    assert b"It has no events and no objects." in answer.content


def test_another_type_of_object_can_be_followed(client, lake):
    url = client.post("/workflows/import", {"file": upload(ocel(APPROVAL), "log.json")})["Location"]
    given = fields_of(client.get(url))
    assert given["case_object"] == "Asset"
    page = client.post(url, given | {"case_object": "Campaign"}, headers={"HX-Request": "true"})
    assert b"Campaign" in page.content
    assert page.context["plan"].case_object == "Campaign"
    assert page.context["lines"][0][1] == "c1"


def test_a_diagram_is_kept_at_once(client, shared_data, lake):
    data = (shared_data / "event_logs" / "LoanApp_simplified.bpmn").read_bytes()
    answer = client.post("/workflows/import", {"file": SimpleUploadedFile("LoanApp_simplified.bpmn", data)})
    assert answer.status_code == 302
    assert Definition.objects.filter(kind="workflow", slug="loanapp-simplified").exists()


def test_faults_of_a_log_stand_on_its_page(client, plan_url, tmp_path):
    text = campaigns(40).replace(",Brief,", ",,", 1)
    url = client.post("/workflows/import", {"file": upload(text)})["Location"]
    begun = client.post(url, fields_of(client.get(url)) | {"start": ""})
    run(claim(now()))
    page = client.get(begun["Location"])
    assert b"Row 2, activity: The row does not say what was done." in page.content
    assert b"nothing of it was kept" in page.content


def test_a_workflow_is_found_again_with_other_noise_and_a_log_goes(client, tmp_path, lake):
    log = bring(written(tmp_path, campaigns(40)), discover=True, zone="UTC")
    assert client.post(f"/workflows/logs/{log.ref}/discover", {"noise": "20"}).status_code == 302
    run(claim(now()))
    assert sorted(LogDiscovery.objects.values_list("noise", flat=True)) == [0.05, 0.2]
    assert client.post(f"/workflows/logs/{log.ref}/remove").status_code == 302
    assert not LogEvent.objects.exists()
    assert Definition.objects.filter(kind="workflow").exists()


# --- REST ---


def api(client, method, path, body=None):
    answer = getattr(client, method)(f"/api/v1/{path}", json.dumps(body) if body else None, "application/json")
    return answer.status_code, answer.json() if answer.content else None


def test_logs_come_in_over_rest(client, lake):
    answer = client.post("/api/v1/workflows/import/plan", {"file": upload()})
    assert answer.json()["lacking"] == []
    answer = client.post("/api/v1/workflows/import", {"file": upload(), "name": "Ours", "mapping": '{"zone": "UTC"}'})
    assert answer.status_code == 202
    run(claim(now()))
    status, found = api(client, "get", f"workflows/logs/{answer.json()['log']}")
    assert (status, found["state"], found["workflows"]) == (200, "ready", ["ours"])
    status, flow = api(client, "get", "workflows/ours")
    assert (flow["workflow"], flow["version"], flow["found"]["cases"]) == ("ours", 1, 40)
    assert [one["workflow"] for one in api(client, "get", "workflows")[1]["items"]] == ["ours"]
    refused = client.post("/api/v1/workflows/import", {"file": upload(), "mapping": '{"columns": {"case": "Nope"}}'})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown-column")


def test_workflows_are_kept_over_rest(client, lake):
    step = {"id": "write", "name": "Write", "skill": "copy"}
    flow = {
        "title": "Letter", "crew": "us", "classes": [{"id": "letter", "name": "Letter", "arrivals": {"per_month": 2}}],
        "steps": [step],
    }  # fmt: skip
    assert api(client, "post", "workflows", {"document": flow})[0] == 201
    assert api(client, "post", "workflows", {"document": flow})[0] == 409
    status, kept = api(client, "put", "workflows/letter", {"document": flow | {"title": "Letters"}, "reason": "More"})
    assert (status, kept["version"], kept["document"]["title"]) == (200, 2, "Letters")
    assert [one["version"] for one in kept["versions"]] == [2, 1]
    status, refusal = api(client, "put", "workflows/letter", {"document": flow | {"steps": []}})
    assert (status, refusal["errors"][0]["pointer"]) == (422, "/steps")


def test_what_people_cost_is_for_those_who_may_see_pay(cast, lake):
    crew = {
        "title": "Us", "calendar": "office", "calendars": {"office": {"hours": {"mon": [["09:00", "17:00"]]}}},
        "people": [{"id": "ann", "name": "Ann", "skills": {"copy": 1}, "cost_per_hour": 61}],
    }  # fmt: skip
    sees, hides = cast.client("vera"), cast.client("priya")
    assert api(sees, "post", "crews", {"document": crew, "slug": "us"})[0] == 201
    assert api(sees, "get", "crews/us")[1]["document"]["people"][0]["cost_per_hour"] == 61
    status, seen = api(hides, "get", "crews/us")
    assert (status, seen["document"]["people"][0]["cost_per_hour"]) == (200, None)
    people = [seen["document"]["people"][0] | {"name": "Ann Archer"}]
    status, _ = api(hides, "put", "crews/us", {"document": seen["document"] | {"people": people}})
    assert status == 200
    kept = api(sees, "get", "crews/us")[1]["document"]["people"][0]
    assert (kept["name"], kept["cost_per_hour"]) == ("Ann Archer", 61)


def test_a_changed_cost_is_not_told_on_the_page_of_the_definition_either(cast, lake):
    crew = {
        "title": "Us", "calendar": "office", "calendars": {"office": {"hours": {"mon": [["09:00", "17:00"]]}}},
        "people": [{"id": "ann", "name": "Ann", "skills": {"copy": 1}, "cost_per_hour": 61}],
    }  # fmt: skip
    sees, hides = cast.client("vera"), cast.client("priya")
    assert api(sees, "post", "crews", {"document": crew, "slug": "us"})[0] == 201
    crew["people"][0] |= {"cost_per_hour": 7351, "name": "Ann Archer"}
    assert api(sees, "put", "crews/us", {"document": crew, "hold": False})[0] == 200
    assert b"7351" in sees.get("/definitions/crew/us/2").content
    page = hides.get("/definitions/crew/us/2").content
    assert b"Ann Archer" in page
    assert b"7351" not in page
