"""The intake as senders meet it: a real server, Segment's own client, a burst, and a kill in the middle of it."""

import json
import os
import signal
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from marops.cli.tests.systemground import Place, alive, children, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    place = Place(tmp_path_factory.mktemp("intake") / "home")
    running = place.up(MAROPS_TICK_SECONDS="0.2")
    assert running.ready(), running.said
    place.__dict__["running"] = running
    yield place
    running.stop()


@pytest.fixture(scope="module")
def key(place: Place) -> str:
    return place.run("intake", "key", "Website", "--json").json["secret"]


def post(place: Place, path: str, body: object, key: str = "", **headers: str) -> tuple[int, dict, dict]:
    connection = HTTPConnection("127.0.0.1", place.port, timeout=30)
    try:
        auth = {"Authorization": f"Basic {b64encode(f'{key}:'.encode()).decode()}"} if key else {}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request("POST", path, data, {"Content-Type": "application/json", **auth, **headers})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}"), {k.lower(): v for k, v in answer.getheaders()}
    finally:
        connection.close()


def taken(place: Place) -> bool:
    return bool(until(lambda: place.sql("SELECT count(*) FROM intake_event WHERE done_at IS NULL") == [(0,)]))


def kinds(place: Place) -> Counter:
    """Facts about visitors and people by kind, in the inbox and the lake."""
    code = (
        "import django; django.setup()\n"
        "from marops.engine.asking import query_engine\n"
        "import json\n"
        'rows = query_engine().rows("SELECT kind, count(*) AS n, count(DISTINCT key) AS keys FROM facts"\n'
        "    \" WHERE source = 'intake' GROUP BY kind\")\n"
        "assert all(row['n'] == row['keys'] for row in rows), rows\n"
        "print(json.dumps({row['kind']: row['n'] for row in rows}))"
    )
    import subprocess
    import sys

    environment = place.environment(DJANGO_SETTINGS_MODULE="marops.site.settings")
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return Counter(json.loads(done.stdout))


@pytest.mark.parametrize("packed", [False, True])
def test_the_client_of_segment_works_unchanged(place: Place, key: str, packed: bool) -> None:
    from segment.analytics.client import Client

    failed: list[object] = []
    client = Client(key, host=f"http://127.0.0.1:{place.port}", gzip=packed, upload_interval=0.05, max_retries=1,
                    on_error=lambda error, items: failed.append((error, items)))  # fmt: skip
    user = f"user-{packed}".lower()
    client.page(anonymous_id=f"browser-{packed}", name="Pricing", properties={"url": "https://x.example/pricing?a=b"})
    client.identify(user, {"email": f"{user}@x.example", "name": "Ada Lind"}, anonymous_id=f"browser-{packed}")
    client.track(user, "Demo Requested", {"plan": "team"})
    client.screen(user, name="Home")
    client.group(user, "g-1", {"name": "Nordvik GmbH"})
    client.alias(f"other-{packed}", user)
    client.flush()
    client.shutdown()
    assert failed == []
    assert taken(place)
    fates = dict(place.sql(
        "SELECT e.call, e.fate FROM intake_event e JOIN contact c ON c.id = e.contact_id WHERE c.email = %s",
        [f"{user}@x.example"],
    ))  # fmt: skip
    assert fates == {"identify": "person", "track": "fact", "screen": "fact", "group": "person", "alias": "person"}
    (person,) = place.sql("SELECT full_name, company_name FROM contact WHERE email = %s", [f"{user}@x.example"])
    assert person == ("Ada Lind", "Nordvik GmbH")


def test_a_wrong_key_is_told_to_the_client_in_its_own_words(place: Place) -> None:
    from segment.analytics.request import APIError, post

    with pytest.raises(APIError) as told:
        post("wrong", f"http://127.0.0.1:{place.port}", batch=[])
    assert (told.value.status, told.value.code) == (401, "bad-write-key")


def test_what_the_door_answers(place: Place, key: str) -> None:
    event = {"anonymousId": "door", "event": "Seen"}
    status, document, headers = post(place, "/v1/track", event, key, Origin="https://shop.example")
    assert (status, document) == (200, {"success": True, "accepted": 1, "refused": []})
    assert headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in headers
    assert post(place, "/v1/t", {**event, "writeKey": key})[0] == 200
    assert post(place, "/api/v1/intake/page", {"anonymousId": "d"}, key)[0] == 200
    status, document, headers = post(place, "/v1/track", {"event": "Nobody"}, key)
    assert (status, document["code"], headers["content-type"]) == (422, "intake-refused", "application/problem+json")
    status, document, _ = post(place, "/v1/batch", {"batch": [{"type": "buy"}, {**event, "type": "track"}]}, key)
    assert (status, document["accepted"], [one["code"] for one in document["refused"]]) == (200, 1, ["unknown-type"])
    assert post(place, "/v1/batch", b"{", key)[0] == 400
    assert post(place, "/v1/batch", b"x" * 600_000, key)[0] == 413
    assert post(place, "/v1/track", event)[0] == 401


def test_pages_of_other_sites_may_ask_first(place: Place) -> None:
    connection = HTTPConnection("127.0.0.1", place.port, timeout=10)
    asks = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    connection.request("OPTIONS", "/v1/batch", headers=asks | {"Access-Control-Request-Headers": "authorization"})
    answer = connection.getresponse()
    assert answer.status == 204
    assert "authorization" in answer.getheader("Access-Control-Allow-Headers", "").lower()
    assert "credentials" not in str(answer.getheaders()).lower()
    answer.read()
    connection.request("GET", "/v1/batch")
    answer = connection.getresponse()
    answer.read()
    assert (answer.status, answer.getheader("Allow")) == (405, "POST, OPTIONS")
    connection.request("OPTIONS", "/api/v1/leads", headers={"Origin": "https://shop.example"})
    assert connection.getresponse().getheader("Access-Control-Allow-Origin") is None


def burst(place: Place, key: str, worker: int, sent: dict[str, int], stop: threading.Event) -> None:
    """Send until told to stop; note what was answered 200. A call that broke off is sent again, as clients do."""
    auth = {"Authorization": f"Basic {b64encode(f'{key}:'.encode()).decode()}", "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", place.port, timeout=5)
    number = 0
    while not stop.is_set():
        message = f"m-{worker}-{number}"
        body = {"anonymousId": f"w{worker}", "event": "Burst", "messageId": message}
        try:
            connection.request("POST", "/v1/track", json.dumps(body), auth)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                sent[message] = sent.get(message, 0) + 1
                # Now and then a client that does not trust the answer sends it twice.
                number += 0 if number % 7 == 3 and sent[message] == 1 else 1
        except (OSError, HTTPException):
            connection.close()
            stop.wait(0.05)
    connection.close()


@contextmanager
def bursting(place: Place, key: str, number: int) -> Iterator[dict[str, int]]:
    """So many senders at work; what was answered 200, and how often."""
    sent: dict[str, int] = {}
    stop = threading.Event()
    workers = [threading.Thread(target=burst, args=(place, key, worker, sent, stop)) for worker in range(number)]
    for worker in workers:
        worker.start()
    try:
        yield sent
    finally:
        stop.set()
        for worker in workers:
            worker.join()


def held_up(place: Place) -> str:
    """What there is to know when nothing comes in any more."""
    waiting = place.sql("SELECT pid, state, wait_event, now() - xact_start, left(query, 90) FROM pg_stat_activity")
    return f"{waiting}\n{place.__dict__['running'].said[-2000:]}"


def test_killed_in_a_burst_the_server_loses_nothing_it_promised(place: Place, key: str) -> None:
    before, senders = kinds(place)["web.tracked"], 6
    running = place.__dict__["running"]
    with bursting(place, key, senders) as sent:
        for _ in range(3):
            mark = len(sent)
            assert until(lambda mark=mark: len(sent) > mark + 150, 60), held_up(place)
            # What the killed process left behind may answer for a moment before it is started again.
            web = until(lambda: running.children().get("web"))
            assert web
            serving = children(web)
            os.kill(web, signal.SIGKILL)
            # Whoever lived on would keep the port and what it was about to commit.
            assert until(lambda serving=serving: not any(alive(one) for one in serving), 5), serving
        mark = len(sent)
        assert until(lambda: len(sent) > mark + 150, 60), held_up(place)
    assert taken(place)
    rows = place.sql("SELECT count(*) FROM intake_event WHERE call = 'track' AND name = 'Burst' AND fate = 'fact'")
    facts = kinds(place)["web.tracked"] - before
    # What was kept but never answered (killed in between) was sent again under the same id.
    assert rows == [(facts,)]
    assert len(sent) <= facts <= len(sent) + senders


def answers(place: Place) -> bool:
    try:
        return post(place, "/v1/track", {})[0] == 401
    except OSError:
        return False


def test_a_key_works_no_more_seconds_after_it_was_revoked(place: Place) -> None:
    assert until(lambda: answers(place))
    made = place.run("intake", "key", "Short", "--json").json
    event = {"anonymousId": "r", "event": "Seen"}
    assert post(place, "/v1/track", event, made["secret"])[0] == 200
    place.sql("UPDATE api_token SET revoked_at = now() WHERE id = %s", [made["id"]])
    assert until(lambda: post(place, "/v1/track", event, made["secret"])[0] == 401, 8)


def test_status_tells_what_was_refused(place: Place, key: str) -> None:
    post(place, "/v1/batch", {"batch": [{"type": "buy"}, {"type": "track", "event": "Nobody"}]}, key)
    done = place.run("intake", "status", "--json")
    assert done.code == 1
    assert {one["fate"] for one in done.json["faults"]} >= {"refused: no-id", "refused: unknown-type"}
    assert Path(place.home).exists()
