from collections.abc import Iterator

import pytest
from django.test import Client
from tests.cast import Cast

from marops.kernel import jobs


@jobs.job("test.rest", title="Test {name}")
def _job(run: jobs.JobRun) -> Iterator[jobs.Step]:
    yield jobs.Progress(1, 1), {}


def problem(answer) -> dict:
    assert answer["Content-Type"] == "application/problem+json"
    found = answer.json()
    assert {"type", "title", "status", "detail", "remedy", "errors"} <= set(found)
    assert found["status"] == answer.status_code
    return found


@pytest.mark.django_db
def test_unknown_keys_of_a_body_are_refused(cast: Cast) -> None:
    body = {"email": "x@y.example", "name": "X", "roles": [], "king": True}
    found = problem(cast.client("ada").post("/api/v1/people", body, content_type="application/json"))
    assert found["status"] == 422
    assert [fault["pointer"] for fault in found["errors"]] == ["/king"]


@pytest.mark.django_db
def test_unknown_parameters_are_refused(cast: Cast) -> None:
    found = problem(cast.client("ada").get("/api/v1/jobs?stat=done"))
    assert [fault["field"] for fault in found["errors"]] == ["stat"]


@pytest.mark.django_db
def test_page_and_rest_share_one_validation(cast: Cast) -> None:
    body = {"email": "no address", "name": "", "roles": ["king"]}
    client = cast.client("ada")
    found = problem(client.post("/api/v1/people", body, content_type="application/json"))
    said = {fault["pointer"]: fault["message"] for fault in found["errors"]}
    page = client.post("/access/invite", body)
    assert page.status_code == 422
    assert set(said) == {"/email", "/name", "/roles"}
    for message in said.values():
        assert message in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/nowhere", 404),
        ("get", "/api/v1/jobs/J-999999", 404),
        ("get", "/api/v1/problems/nonsense/resolve", 405),
        ("post", "/api/v1/problems/nonsense/resolve", 422),
        ("delete", "/api/v1/people", 405),
        ("get", "/api/v1/jobs?after=nonsense", 422),
        ("get", "/api/v1/jobs?limit=0", 422),
        ("get", "/api/v1/jobs?limit=many", 422),
    ],
)
def test_every_error_is_a_problem_document(cast: Cast, method: str, path: str, status: int) -> None:
    assert problem(getattr(cast.client("ada"), method)(path))["status"] == status


@pytest.mark.django_db
def test_a_broken_body_is_a_problem_document(cast: Cast) -> None:
    assert problem(cast.client("ada").post("/api/v1/people", "{", content_type="application/json"))["status"] == 422


@pytest.mark.django_db
def test_lists_are_walked_by_their_cursor(cast: Cast) -> None:
    made = [jobs.start_job("test.rest", {"name": n}, actor=cast.actor("hanna")).ref for n in range(5)]
    client, seen, after = cast.client("hanna"), [], ""
    for _ in range(3):
        found = client.get(f"/api/v1/jobs?limit=2{after}").json()
        seen += [one["ref"] for one in found["items"]]
        after = f"&after={found['next']}"
    assert found["next"] is None
    assert seen == made[::-1]


@pytest.mark.django_db
def test_people_are_invited_changed_and_locked_out(cast: Cast) -> None:
    client = cast.client("ada")
    body = {"email": "new@x.example", "name": "New", "roles": ["mops_coordinator"], "manager": str(cast.hanna.id)}
    made = client.post("/api/v1/people", body, content_type="application/json")
    assert made.status_code == 201
    ref = made.json()["person"]["ref"]
    assert "/welcome/" in made.json()["link"]
    changed = client.put(f"/api/v1/people/{ref}/roles", {"roles": ["vp_mops"]}, content_type="application/json").json()
    assert changed["roles"] == ["vp_mops"]
    assert changed["reports_to"] is None
    assert client.post(f"/api/v1/people/{ref}/deactivate").json()["active"] is False
    assert client.post(f"/api/v1/people/{ref}/reactivate").json()["active"] is True
    assert [one["ref"] for one in client.get("/api/v1/people?q=new").json()["items"]] == [ref]


@pytest.mark.django_db
def test_a_job_is_stopped_and_resumed(cast: Cast) -> None:
    one = jobs.start_job("test.rest", {"name": "x"}, actor=cast.actor("hanna"))
    client = cast.client("hanna")
    assert client.post(f"/api/v1/jobs/{one.ref}/stop").json()["state"] == "stopped"
    assert client.post(f"/api/v1/jobs/{one.ref}/resume").json()["state"] == "waiting"
    assert problem(client.post(f"/api/v1/jobs/{one.ref}/resume"))["status"] == 409
    assert cast.client("vera").post(f"/api/v1/jobs/{one.ref}/stop").status_code == 403


@pytest.mark.django_db
def test_comments_are_written_and_read(cast: Cast) -> None:
    client, path = cast.client("hanna"), "/api/v1/comments/access/roles"
    assert client.post(path, {"text": "Good."}, content_type="application/json").status_code == 201
    assert [one["text"] for one in client.get(path).json()["items"]] == ["Good."]
    assert problem(client.post(path, {"text": " "}, content_type="application/json"))["status"] == 422
    assert client.get("/api/v1/comments/account/nobody").status_code == 404
    assert client.get("/api/v1/comments/nothing/1").status_code == 404


@pytest.mark.django_db
def test_the_description_names_every_operation_and_its_two_ways_in() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    assert described["openapi"].startswith("3.")
    assert set(described["components"]["securitySchemes"]) == {"ByKey", "ByKeyAsName", "BySession"}
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation.get("security"), f"{method} {path} asks nobody who they are"
            assert operation.get("summary"), f"{method} {path} does not say what it does"
