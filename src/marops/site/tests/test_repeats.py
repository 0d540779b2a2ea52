"""A write that is sent twice is done once."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connections
from django.test import Client
from tests.cast import Cast

from marops.domains.accounts.actions import make_token
from marops.domains.accounts.models import Account, Token
from marops.kernel.clock import now
from marops.kernel.models import Comment
from marops.site import repeats
from marops.site.models import KeptAnswer


def key_of(cast: Cast, name: str = "hanna") -> dict[str, str]:
    rights = ["comments.write", "accounts.view", "tokens.make", "jobs.view"]
    _row, secret = make_token(actor=cast.actor(name), name="x", rights_asked=rights, days=7)
    return {"Authorization": f"Bearer {secret}"}


def write(cast: Cast, headers: dict[str, str], key: str | None, text: str = "Good.", **more):
    given = headers | ({"Idempotency-Key": key} if key is not None else {})
    path = "/api/v1/comments/access/roles"
    return Client().post(path, {"text": text, **more}, content_type="application/json", headers=given)


@pytest.mark.django_db
def test_the_same_write_again_gets_the_same_answer_and_is_not_done_again(cast: Cast):
    headers, key = key_of(cast), str(uuid4())
    first, second = write(cast, headers, key), write(cast, headers, key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["Content-Type"] == second.headers["Content-Type"]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Comment.objects.count() == 1
    assert write(cast, headers, None).status_code == 201
    assert Comment.objects.count() == 2


@pytest.mark.django_db
def test_a_key_with_another_request_is_refused(cast: Cast):
    headers, key = key_of(cast), "k"
    write(cast, headers, key)
    other = write(cast, headers, key, text="Bad.")
    assert (other.status_code, other.json()["type"].rsplit("/", 1)[-1]) == (422, "idempotency-key-reused")
    assert Comment.objects.count() == 1


@pytest.mark.django_db
def test_a_refused_write_leaves_its_key_free(cast: Cast):
    headers = key_of(cast)
    assert write(cast, headers, "k", text=" ").status_code == 422
    assert write(cast, headers, "k", king=True).status_code == 422
    assert write(cast, headers, "k").status_code == 201


@pytest.mark.django_db
def test_a_key_counts_for_its_actor_alone_and_is_no_way_around_signing_in(cast: Cast):
    assert write(cast, key_of(cast), "k").status_code == 201
    assert write(cast, key_of(cast, "priya"), "k").status_code == 201
    assert Comment.objects.count() == 2
    assert write(cast, {}, "k").status_code == 401
    hanna = key_of(cast)
    Token.objects.filter(account=cast.hanna).update(revoked_at=now())
    assert write(cast, hanna, "k").status_code == 401


@pytest.mark.django_db
def test_what_is_being_done_waits_and_what_broke_off_is_said_to_be_unknown(cast: Cast):
    headers = key_of(cast)
    write(cast, headers, "k")
    KeptAnswer.objects.update(status=None, body="")
    busy = write(cast, headers, "k")
    assert (busy.status_code, busy.json()["type"].rsplit("/", 1)[-1]) == (409, "idempotency-in-progress")
    assert busy.headers["Retry-After"] == "2"
    with time_machine.travel(now() + timedelta(minutes=6)):
        unknown = write(cast, headers, "k")
    assert unknown.json()["type"].rsplit("/", 1)[-1] == "idempotency-unknown"
    assert Comment.objects.count() == 1


@pytest.mark.django_db
def test_after_a_day_the_key_is_forgotten(cast: Cast):
    headers = key_of(cast)
    write(cast, headers, "k")
    repeats.forget(now() + timedelta(hours=23))
    assert KeptAnswer.objects.count() == 1
    with time_machine.travel(now() + timedelta(hours=25)):
        again = write(cast, headers, "k")
        assert again.status_code == 201
        assert "Idempotent-Replayed" not in again.headers
    repeats.forget(now() + timedelta(hours=60))
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", " ", "x" * 256, "a\tb"])
def test_nonsense_is_no_key(cast: Cast, key: str):
    assert write(cast, key_of(cast), key).status_code == 400


@pytest.mark.django_db
def test_reading_needs_no_key_and_heeds_none(cast: Cast):
    headers = key_of(cast) | {"Idempotency-Key": "k"}
    assert Client().get("/api/v1/jobs", headers=headers).status_code == 200
    assert not KeptAnswer.objects.exists()


@pytest.mark.django_db
def test_answers_with_secrets_are_kept_encrypted(cast: Cast):
    headers = key_of(cast) | {"Idempotency-Key": "k"}
    body = {"name": "Nightly", "rights": ["jobs.view"], "days": 7}
    made = [Client().post("/api/v1/tokens", body, content_type="application/json", headers=headers) for _ in range(2)]
    secret = made[0].json()["secret"]
    assert made[1].json()["secret"] == secret
    assert Token.objects.filter(name="Nightly").count() == 1
    assert secret not in str(list(KeptAnswer.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_are_one(cast: Cast):
    headers, answers = key_of(cast), []

    def once() -> None:
        answers.append(write(cast, headers, "k"))
        connections.close_all()

    threads = [threading.Thread(target=once) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert Comment.objects.count() == 1
    assert {one.status_code for one in answers} <= {201, 409}
    assert sum(one.status_code == 201 and "Idempotent-Replayed" not in one.headers for one in answers) == 1
    assert Account.objects.exists()
