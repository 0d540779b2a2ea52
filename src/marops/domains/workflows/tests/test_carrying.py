import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from marops.domains.workflows.actions import keep
from marops.domains.workflows.tests.flowground import plant_webinar
from marops.kernel.actors import SETUP
from marops.kernel.definitions import Starter, find, plant_starters
from marops.kernel.rules import read_yaml

pytestmark = pytest.mark.django_db
URL = "/workflows/webinar"
NEW = "/workflows/import"


@pytest.fixture
def client(cast, db):
    plant_webinar()
    return cast.client("hanna")


def upload(data, name):
    return SimpleUploadedFile(name, data)


def parts(client):
    """The two files of the Prosimos model, and the text of what is left out."""
    data = client.get(f"{URL}/prosimos.zip").content
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        return [zipped.read(f"webinar.{ending}") for ending in ("bpmn", "json", "left-out.txt")]


def test_a_workflow_is_taken_along_in_every_form(client):
    page = client.get(URL).content.decode()
    for name in ("map.svg", "map.bpmn", "prosimos.zip", "document.yaml", "document.json"):
        assert f'href="{URL}/{name}"' in page
        answer = client.get(f"{URL}/{name}")
        assert answer.status_code == 200
        assert "attachment" in answer["Content-Disposition"]
    assert read_yaml(client.get(f"{URL}/document.yaml").content.decode()) == find("workflow/webinar").document
    assert client.get(f"{URL}/document.json").json() == find("workflow/webinar").document
    assert client.get("/api/v1/workflows/webinar/bpmn").content == client.get(f"{URL}/map.bpmn").content
    assert client.get("/api/v1/workflows/webinar/prosimos").content == client.get(f"{URL}/prosimos.zip").content
    assert "brief.pdf" not in page  # nobody has asked yet what it would tell


def test_what_a_model_cannot_say_is_in_the_zip_and_pay_only_for_those_who_see_it(cast, client):
    diagram, figures, lost = parts(cast.client("vera"))
    assert b"/BPMN/20100524/" in diagram
    costs = [one["cost_per_hour"] for pool in json.loads(figures)["resource_profiles"] for one in pool["resource_list"]]
    assert any(costs)
    assert len(lost.decode().splitlines()) > 1
    _, hidden, said = parts(client)
    assert not any(
        one["cost_per_hour"] for pool in json.loads(hidden)["resource_profiles"] for one in pool["resource_list"]
    )
    assert "What an hour costs is left out" in said.decode()


@pytest.mark.parametrize("how", ["two files", "the other way round", "a zip"])
def test_a_model_comes_in_as_two_files_or_one_zip_and_its_losses_are_listed(client, how):
    diagram, figures, _ = parts(client)
    if how == "a zip":
        given = {"file": upload(client.get(f"{URL}/prosimos.zip").content, "Planned webinar.zip")}
    else:
        two = [upload(diagram, "Planned webinar.bpmn"), upload(figures, "Planned webinar.json")]
        first, second = two if how == "two files" else two[::-1]
        given = {"file": first, "figures": second}
    answer = client.post(NEW, given)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    assert answer["Location"] == "/workflows/planned-webinar#notes"
    flow = find("workflow/planned-webinar").document
    names = [one["name"] for one in flow["steps"] if not one.get("gate")]
    assert set(names) == {one["name"] for one in find("workflow/webinar").document["steps"] if not one.get("gate")}
    assert find(f"crew/{flow['crew']}").document["people"]
    page = client.get("/workflows/planned-webinar").content.decode()
    assert "things were assumed or left out" in page
    assert flow["notes"]
    assert flow["notes"][0][:30] in page


def test_nothing_that_is_there_is_changed_unless_it_is_named(client):
    diagram, figures, _ = parts(client)
    for number in (1, 2):
        answer = client.post(
            "/api/v1/workflows/import/diagram",
            {"file": upload(diagram, "webinar.bpmn"), "figures": upload(figures, "webinar.json")},
        )
        assert answer.status_code == 201, answer.content
        (made,) = answer.json()["workflows"]
        assert (made["workflow"], made["version"]) == (f"webinar-{number + 1}", 1)
        assert made["crew"] == ("webinar-crew" if number == 1 else "webinar-crew-2")
        assert answer.json()["notes"]
    named = {"file": upload(client.get(f"{URL}/prosimos.zip").content, "x.zip"), "name": "Webinar 2"}
    (made,) = client.post("/api/v1/workflows/import/diagram", named).json()["workflows"]
    assert (made["workflow"], made["version"]) == ("webinar-2", 2)
    assert find("workflow/webinar").version == 1


def test_what_is_no_model_is_refused_on_the_page(client):
    two = {"file": upload(parts(client)[0], "a.bpmn"), "figures": upload(b"<x/>", "b.bpmn")}
    answer = client.post(NEW, two)
    assert answer.status_code == 422
    assert b"This is not one diagram with its parameters." in answer.content
    damaged = client.post(NEW, {"file": upload(b"PK\x03\x04 and nothing more", "model.zip")})
    assert damaged.status_code == 422
    assert b"error-summary" in damaged.content or b"problem" in damaged.content


# --- who does the work of what is brought in


def brought(client, **given):
    """The webinar's own diagram, brought in again over REST."""
    diagram = upload(client.get(f"{URL}/map.bpmn").content, "again.bpmn")
    return client.post("/api/v1/workflows/import/diagram", {"file": diagram, **given})


def test_a_diagram_that_names_a_crew_says_that_it_joins_it(client):
    made = brought(client, name="again").json()
    assert made["workflows"][0]["crew"] == "marketing"
    said = made["notes"][0]
    assert made["joins"] == said
    assert said.startswith("The crew “")
    assert "(marketing), which was here before, does this work." in said
    assert f"Its people also do “{find('workflow/webinar').document['title']}”" in said
    assert find("workflow/again").document["notes"][0] == said
    # Brought in once more, nothing joins anything.
    assert not any("which was here before" in one for one in brought(client, name="again").json()["notes"])


def test_a_diagram_may_get_a_crew_of_its_own(client):
    made = brought(client, name="again", crew="own").json()
    assert made["workflows"][0]["crew"] == "again"
    assert find("crew/again").document["people"] == find("crew/marketing").document["people"]
    assert not any("which was here before" in one for one in made["notes"])


def test_a_diagram_may_be_given_to_a_crew_that_can_do_it(client):
    assert brought(client, name="again", crew="marketing").json()["workflows"][0]["crew"] == "marketing"
    assert brought(client, name="again", crew="nobody").status_code == 404
    crew = {**find("crew/marketing").document, "people": [{"id": "x", "name": "X", "skills": {"juggling": 1}}]}
    plant_starters(actor=SETUP, starters=[Starter("crew", "circus", crew, "test")])
    answer = brought(client, name="again", crew="circus")
    assert answer.status_code == 422
    assert "which nobody of the crew" in answer.json()["errors"][0]["message"]


def test_a_diagram_from_elsewhere_does_not_rest_on_a_log_that_is_another_here(client):
    text = client.get(f"{URL}/map.bpmn").content.decode()
    document = find("workflow/webinar").document
    source = {"log": "EL-1", "sha256": "ab" * 32, "cases": 7, "events": 20}
    keep(actor=SETUP, kind="workflow", slug="webinar", document={**document, "source": source}, reason="test")
    assert client.get(f"{URL}/map.bpmn").content.decode() != text
    made = brought(client, name="again").json()
    assert any(one.startswith("It was read off a log that is not here (EL-1)") for one in made["notes"])
    assert "source" not in find("workflow/again").document


def test_the_page_asks_who_does_the_work_and_says_so(client):
    page = client.get(NEW).content.decode()
    assert '<option value="own">' in page
    diagram = client.get(f"{URL}/map.bpmn").content
    answer = client.post(NEW, {"file": upload(diagram, "own-hands.bpmn"), "crew": "own"})
    assert answer.status_code == 302
    assert find("workflow/own-hands").document["crew"] == "own-hands"
    answer = client.post(NEW, {"file": upload(diagram, "joins.bpmn")}, follow=True)
    # As a message, and among what the workflow rests on.
    assert answer.content.decode().count("which was here before, does this work") == 2
