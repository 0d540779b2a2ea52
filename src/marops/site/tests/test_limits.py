"""How often one may ask."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.cast import Cast

from marops.kernel.config import config
from marops.kernel.limits import Limiter
from marops.site import limits


def test_a_bucket_fills_up_again_with_time():
    moment = [0.0]
    one = Limiter(rate=2, burst=4, clock=lambda: moment[0])
    assert [one.take("a").allowed for _ in range(5)] == [True, True, True, True, False]
    refused = one.take("a")
    assert (refused.left, refused.wait) == (0, 1)
    assert one.take("b").allowed
    moment[0] = 1.0
    assert [one.take("a").allowed for _ in range(3)] == [True, True, False]
    moment[0] = 1_000.0
    assert one.take("a").left == 3


def test_what_costs_more_than_a_bucket_holds_takes_all_of_it():
    moment = [0.0]
    one = Limiter(rate=1, burst=5, clock=lambda: moment[0])
    assert one.take("a", 50).allowed
    assert not one.take("a").allowed
    moment[0] = 46.0
    assert one.take("a").allowed


def test_senders_who_stay_away_are_forgotten():
    one = Limiter(rate=1, burst=1)
    for number in range(20_050):
        one.take(str(number))
    assert len(one._buckets) == 20_000


@pytest.fixture
def tight(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MAROPS_REST_RATE", "6")
    monkeypatch.setenv("MAROPS_VISITOR_RATE", "3")
    config.cache_clear()
    limits.limiter.cache_clear()
    yield
    monkeypatch.undo()
    config.cache_clear()
    limits.limiter.cache_clear()


@pytest.mark.django_db
def test_who_asks_too_often_is_told_when_to_come_back(tight: None, cast: Cast):
    hanna, priya = cast.client("hanna"), cast.client("priya")
    answers = [hanna.get("/api/v1/me") for _ in range(7)]
    assert [one.status_code for one in answers] == [200] * 6 + [429]
    assert answers[0].headers["RateLimit-Policy"] == '"signed";q=6;w=60'
    assert [one.headers["RateLimit"] for one in answers[4:6]] == ['"signed";r=1;t=0', '"signed";r=0;t=10']
    last = answers[-1]
    assert last.headers["Content-Type"] == "application/problem+json"
    assert last.json()["type"].endswith("/too-many-requests")
    assert int(last.headers["Retry-After"]) == 10
    assert priya.get("/api/v1/me").status_code == 200
    assert hanna.get("/jobs").status_code == 200


@pytest.mark.django_db
def test_nobody_is_counted_by_address_and_wrong_keys_too(tight: None):
    tries = [
        Client().get("/api/v1/me", headers={"Authorization": f"Bearer mrp_{number}"}).status_code for number in range(5)
    ]
    assert tries == [401, 401, 401, 429, 429]
    assert Client().get("/api/v1/me").status_code == 429
    assert Client().get("/api/v1/me", REMOTE_ADDR="203.0.113.9").status_code == 401


@pytest.mark.django_db
def test_being_refused_costs_no_query(tight: None, cast: Cast):
    client = cast.client("hanna")
    for _ in range(6):
        client.get("/api/v1/me")
    with CaptureQueriesContext(connection) as seen:
        assert client.get("/api/v1/me").status_code == 429
    assert len(seen) == 0
