"""The door itself, without a server: who gets in, and what it answers when things go wrong."""

import io
import json
from base64 import b64encode

import pytest
from django.db import OperationalError
from tests.cast import Cast

from marops.domains.accounts.actions import make_token
from marops.domains.capture.intake import door
from marops.domains.capture.models import IntakeEvent

pytestmark = pytest.mark.django_db(transaction=True)


def ask(path="/v1/track", body=b'{"anonymousId": "a", "event": "Seen"}', key=None, method="POST", **environ):
    answered = {}

    def start(status, headers):
        answered.update(status=int(status.split()[0]), headers=dict(headers))

    inside = door.Door(lambda _environ, start: start("418 Teapot", []) or [b"{}"])
    given = {"PATH_INFO": path, "REQUEST_METHOD": method, "wsgi.input": io.BytesIO(body), "REMOTE_ADDR": "203.0.113.5"}
    if key is not None:
        given["HTTP_AUTHORIZATION"] = f"Basic {b64encode(f'{key}:'.encode()).decode()}"
    document = b"".join(inside(given | environ, start))
    return answered["status"], json.loads(document or b"{}"), answered["headers"]


@pytest.fixture
def key(cast: Cast) -> str:
    door.keys.forget()
    return make_token(actor=cast.actor("tomasz"), name="x", rights_asked=["intake.send"], days=7)[1]


def test_other_addresses_go_on_to_the_pages(key):
    assert ask("/v1/tracks")[0] == ask("/")[0] == ask("/api/v1/leads")[0] == 418


@pytest.mark.parametrize("body", [{}, {"writeKey": "mrp_x"}, {"writeKey": "\ud800"}, {"writeKey": 5}, {"writeKey": ""}])
def test_whoever_has_no_key_gets_no_further(cast: Cast, body):
    status, document, headers = ask(body=json.dumps(body).encode())
    assert (status, document["code"]) == (401, "bad-write-key")
    assert headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Basic !!!", "Basic", "Bearer", "Digest x", "Basic /w==", "x"])
def test_a_header_that_cannot_be_read_opens_nothing(cast: Cast, header):
    assert ask(HTTP_AUTHORIZATION=header)[0] == 401


def test_a_key_needs_the_right_and_its_owner_too(cast: Cast, key):
    other = make_token(actor=cast.actor("tomasz"), name="x", rights_asked=["jobs.view"], days=7)[1]
    assert ask(key=other)[0] == 401
    assert ask(key=key)[0] == 200
    cast.tomasz.active = False
    cast.tomasz.save()
    door.keys.forget()
    assert ask(key=key)[0] == 401
    assert IntakeEvent.objects.count() == 1


@pytest.mark.parametrize(("header", "said"), [({"HTTP_SEC_GPC": "1"}, True), ({"HTTP_SEC_GPC": "0"}, None), ({}, None)])
def test_a_browsers_privacy_signal_goes_with_the_event(key, header, said):
    assert ask(key=key, **header)[0] == 200
    assert json.loads(IntakeEvent.objects.get().payload).get("context", {}).get("gpc") is said


def test_guessing_is_slowed_down(cast: Cast, monkeypatch):
    monkeypatch.setattr(door, "_limiters", {})
    answers = [ask(key=f"mrp_{number}")[0] for number in range(70)]
    assert answers[0] == 401
    assert answers[-1] == 429


def test_a_sender_of_too_much_is_told_to_wait(key, monkeypatch):
    monkeypatch.setattr(door, "_limiters", {})
    door._limiter("events").burst, door._limiters["events"].rate = 3, 1.0
    answers = [ask(key=key) for _ in range(4)]
    assert [status for status, *_ in answers] == [200, 200, 200, 429]
    assert answers[-1][2]["Retry-After"] == "1"


def test_while_postgresql_is_away_the_sender_is_asked_to_come_back(key, monkeypatch):
    def away(*_):
        raise OperationalError

    monkeypatch.setattr(door, "key_with", away)
    door.keys.forget()
    status, document, headers = ask(key=key)
    assert (status, document["code"], headers["Retry-After"]) == (503, "intake-busy", "5")


def test_a_length_that_lies_is_no_way_around_the_limit(key):
    body = b'{"a": "' + b"x" * 600_000 + b'"}'
    for length in ("", "5", "999999999", "nonsense"):
        assert ask(body=body, key=key, CONTENT_LENGTH=length)[0] in (400, 413)
