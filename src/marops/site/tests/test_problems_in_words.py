import pytest
from django.test import Client
from tests.cast import Cast


@pytest.mark.django_db
def test_a_refusal_is_a_page_a_fragment_or_a_document(cast: Cast) -> None:
    client = cast.client("nils")
    page = client.get("/access")
    assert page.status_code == 403
    assert b"<!doctype html>" in page.content
    assert b"Ask an administrator for the right." in page.content
    part = client.get("/access", headers={"HX-Request": "true"})
    assert part.status_code == 403
    assert b"<html" not in part.content
    assert b"Ask an administrator for the right." in part.content
    document = client.get("/access", headers={"Accept": "application/json"})
    assert document["Content-Type"] == "application/problem+json"
    assert document.json() == {
        "type": "https://marops.dev/problems/not-allowed",
        "title": "Your access does not include this",
        "status": 403,
        "detail": "This needs the right “See colleagues and what they may do” (accounts.view).",
        "remedy": "Ask an administrator for the right.",
        "errors": [],
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/nowhere", "/jobs/J-999999", "/access/U-999999", "/files/01999999-0000-7000-8000-000000000000"]
)
def test_what_is_not_there_is_said_with_404(cast: Cast, path: str) -> None:
    answer = cast.client("ada").get(path)
    assert answer.status_code == 404
    assert b"search for it" in answer.content


@pytest.mark.django_db
def test_a_nul_in_the_address_is_refused_wherever_it_stands(cast: Cast) -> None:
    client = cast.client("ada")
    for path in ("/quality?source=%00", "/leads?q=a%00b", "/api/v1/quality?import=I-1&source=%00"):
        answer = client.get(path)
        assert answer.status_code == 422
        assert b"NUL" in answer.content


@pytest.mark.django_db
def test_nobody_learns_from_a_404_what_exists(cast: Cast) -> None:
    answer = Client().get("/nowhere")
    assert answer.status_code == 404
    assert b"My desk" not in answer.content


@pytest.mark.django_db
def test_a_fragment_sends_the_whole_page_to_sign_in() -> None:
    answer = Client().get("/jobs", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/sign-in"


@pytest.mark.django_db
def test_a_page_that_breaks_says_so_and_shows_nothing_of_the_program(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("marops.site.desks.desk_of", fail)
    client = cast.client("ada", raise_request_exception=False)
    answer = client.get("/")
    assert answer.status_code == 500
    assert b"Something went wrong here" in answer.content
    assert b"secret of the house" not in answer.content
