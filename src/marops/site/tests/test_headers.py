import pytest
from django.test import Client, override_settings
from tests.cast import PASSWORD, Cast


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/sign-in", "/healthz", "/nowhere", "/api/v1/jobs", "/access", "/"])
def test_every_answer_carries_the_headers(cast: Cast, path: str) -> None:
    answer = cast.client("ada").get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == policy["form-action"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "private" in answer["Cache-Control"]


@pytest.mark.django_db
def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(cast: Cast) -> None:
    client = Client()
    client.get("/sign-in")
    client.post("/sign-in", {"email": "hanna@northwind.example", "password": PASSWORD})
    session, csrf = client.cookies["marops_session"], client.cookies["marops_csrf"]
    assert session["httponly"]
    assert session["samesite"] == csrf["samesite"] == "Lax"


@pytest.mark.django_db
def test_cookies_are_kept_to_https_where_the_address_is_https(cast: Cast) -> None:
    with override_settings(SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True):
        client = Client()
        client.post("/sign-in", {"email": "hanna@northwind.example", "password": PASSWORD}, secure=True)
        assert client.cookies["marops_session"]["secure"]


@pytest.mark.django_db
def test_the_session_gets_a_new_name_when_somebody_signs_in(cast: Cast) -> None:
    client = Client()
    session = client.session
    session["x"] = 1
    session.save()
    before = session.session_key
    client.cookies["marops_session"] = before
    client.post("/sign-in", {"email": "hanna@northwind.example", "password": PASSWORD})
    assert client.cookies["marops_session"].value != before


@pytest.mark.django_db
def test_writes_without_the_token_of_the_form_are_refused(cast: Cast) -> None:
    client = cast.client("ada", enforce_csrf_checks=True)
    refused = client.post("/access/invite", {"email": "x@y.example", "name": "X"})
    assert refused.status_code == 403
    assert b"open too long" in refused.content
    rest = client.post("/api/v1/people", {"email": "x@y.example", "name": "X"}, content_type="application/json")
    assert rest.status_code == 403
    assert rest["Content-Type"] == "application/problem+json"
