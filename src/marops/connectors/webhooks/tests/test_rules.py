"""Signing, schedule and what counts as delivered: pure. And which addresses may be reached."""

import ipaddress
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from marops.connectors.webhooks import sending
from marops.connectors.webhooks.rules import (
    ATTEMPTS,
    SCHEDULE,
    Answer,
    body_of,
    headers_of,
    judge,
    new_secret,
    next_try,
    signature,
)
from marops.kernel import outside
from marops.kernel.errors import MaropsError
from marops.kernel.secrets import opened, sealed

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_W1_the_example_of_the_public_library_is_signed_as_it_signs_it():
    # The vector of the Standard Webhooks libraries' own tests.
    secret, message = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    at = datetime.fromtimestamp(1614265330, UTC)
    assert signature(secret, message, at, b'{"test": 2432232314}') == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_W1_the_public_library_takes_what_we_sign_and_nothing_else():
    secret, other, at = new_secret(), new_secret(), datetime.now(UTC)
    body = body_of({"type": "lead.won", "timestamp": "2026-01-01T00:00:00Z", "data": {"name": "Ægir"}})
    headers = headers_of([secret], "msg_1", at, body)
    assert Webhook(secret).verify(body, headers)["type"] == "lead.won"
    both = headers_of([secret, other], "msg_1", at, body)
    assert Webhook(other).verify(body, both) == Webhook(secret).verify(body, both)
    for wrong in (body + b" ", body.replace(b"won", b"lost")):
        with pytest.raises(Exception, match="No matching signature"):
            Webhook(secret).verify(wrong, headers)
    late = headers_of([secret], "msg_1", at - timedelta(minutes=6), body)
    with pytest.raises(Exception, match="too old"):
        Webhook(secret).verify(body, late)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(200, {}), "delivered"),
        (Answer(204, {}), "delivered"),
        (Answer(200, {"content-type": "text/html"}, b"OK"), "delivered"),
        (Answer(200, {"content-type": "text/html; charset=utf-8"}, b"<html><FORM action=/login>"), "endpoint"),
        (Answer(200, {"content-type": "text/html"}, b'<input type="password">'), "endpoint"),
        (Answer(302, {"location": "/login"}), "endpoint"),
        (Answer(304, {}), "endpoint"),
        (Answer(400, {}), "message"),
        (Answer(422, {}), "message"),
        (Answer(401, {}), "endpoint"),
        (Answer(404, {}), "endpoint"),
        (Answer(429, {}), "endpoint"),
        (Answer(500, {}), "endpoint"),
        (Answer(599, {}), "endpoint"),
        (Answer(410, {}), "gone"),
        (Answer(None, {}, error="No connection."), "endpoint"),
    ],
)
def test_W2_only_a_success_that_is_no_login_page_counts(answer, outcome):
    assert judge(answer).outcome == outcome


def test_W1_each_wait_is_longer_and_the_last_failure_is_the_last():
    waits = [next_try(number, AT, Answer(500, {}), 0.0) - AT for number in range(1, ATTEMPTS)]
    assert tuple(waits) == SCHEDULE == tuple(sorted(SCHEDULE))
    assert next_try(ATTEMPTS, AT, Answer(500, {}), 0.0) is None
    assert sum(SCHEDULE, timedelta()) > timedelta(days=1)
    assert SCHEDULE[2] < next_try(3, AT, Answer(500, {}), 1.0) - AT <= SCHEDULE[2] * 1.2


def test_an_endpoint_may_ask_for_more_time_but_not_for_ever():
    assert next_try(1, AT, Answer(429, {"retry-after": "90"}), 0.0) == AT + timedelta(seconds=90)
    assert next_try(1, AT, Answer(503, {"retry-after": "Sun, 01 Mar 2026 13:00:00 GMT"}), 0.0) == AT + timedelta(
        hours=1
    )
    assert next_try(1, AT, Answer(429, {"retry-after": "99999999999"}), 0.0) == AT + timedelta(days=1)
    for nonsense in ("soon", "-5", ""):
        assert next_try(1, AT, Answer(429, {"retry-after": nonsense}), 0.0) == AT + SCHEDULE[0]
    assert next_try(1, AT, Answer(500, {"retry-after": "90"}), 0.0) == AT + SCHEDULE[0]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.0.192", "198.18.0.1", "203.0.113.7", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
        "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "2002:7f00:1::", "2002:a9fe:a9fe::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1", "nonsense",
    ],
)  # fmt: skip
def test_W3_addresses_inside_are_not_reached(address):
    assert not outside.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_W3_addresses_of_the_internet_are(address):
    assert outside.is_public(address)
    assert ipaddress.ip_address(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https:///x", "https://user@example.com/",
        "https://user:pw@example.com/", "https://exam ple.com/", "https://example.com:99999/", "javascript:alert(1)",
        "https://example.com/\r\nX: y", "//example.com", "", "https://[::1", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_W3_what_can_be_no_endpoint_is_refused_at_once(url):
    with pytest.raises(MaropsError):
        sending.check_form(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/", "https://127.0.0.1:8000/", "https://2130706433/", "https://0x7f.1/", "https://127.1/",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://169.254.169.254/latest/meta-data/", "https://0/",
        "https://localhost./", "https://10.1.2.3/", "https://0251.0376.0251.0376/",
    ],
)  # fmt: skip
def test_W3_no_spelling_of_an_inner_address_is_taken_or_connected_to(url):
    with pytest.raises(MaropsError) as refused:
        sending.check_form(url)
    assert "private network" in refused.value.errors[0].message
    answer = sending.post(url, b"{}", {}, seconds=2)
    assert answer.status is None
    assert "leads" in answer.error


def test_W3_a_name_is_looked_up_only_when_something_is_sent():
    sending.check_form("https://nowhere.invalid/")
    sending.check_form("https://8.8.8.8/")
    assert "nowhere" in sending.post("https://nowhere.invalid/", b"{}", {}, seconds=2).error


def test_W3_a_name_with_one_inner_address_among_public_ones_is_refused(monkeypatch):
    found = [(2, 1, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(outside.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(outside.Refused):
        outside.target_of("https://rebinding.example/")


def test_W3_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch):
    looked, connected = [], []

    def look(*given, **_):
        looked.append(given)
        # The second look would lead inside, as an attacker's name server has it.
        return [(2, 1, 6, "", ("8.8.8.8" if len(looked) == 1 else "127.0.0.1", 443))]

    def connect(address, timeout):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(outside.socket, "getaddrinfo", look)
    monkeypatch.setattr(outside.socket, "create_connection", connect)
    assert sending.post("https://rebinding.example/x", b"{}", {}).status is None
    assert (len(looked), connected) == (1, [("8.8.8.8", 443)])
    assert "private" in sending.post("https://rebinding.example/x", b"{}", {}).error
    assert len(connected) == 1


def test_secrets_are_kept_encrypted():
    secret = new_secret()
    assert secret not in sealed(secret)
    assert sealed(secret) != sealed(secret)
    assert opened(sealed(secret)) == secret
    with pytest.raises(MaropsError) as fault:
        opened("gAAAAA-nonsense")
    assert fault.value.code == "secret-unreadable"
