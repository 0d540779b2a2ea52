"""What is kept of a call, and what is refused: pure."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.domains.capture.intake.calls import LARGEST_EVENT, read, unpacked
from marops.domains.capture.intake.meaning import fact_of, is_bot, person_of, slug
from marops.kernel.errors import MaropsError

KEY, AT = UUID(int=7), datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def one(call="track", **event):
    return read(call, json.dumps({"userId": "u", "event": "Signed Up", **event}).encode(), key=KEY, at=AT)


def refused(call="track", **event):
    (fault,) = one(call, **event).refused
    return fault.code


def test_the_sender_clock_is_set_right_as_segment_defines_it():
    # The sender's clock is two hours fast: it happened ten minutes before it was sent.
    sent, happened = AT + timedelta(hours=2), AT + timedelta(hours=1, minutes=50)
    (event,) = one(sentAt=sent.isoformat(), timestamp=happened.isoformat()).events
    assert event.occurred_at == AT - timedelta(minutes=10)


def test_without_sent_at_the_time_is_taken_as_it_stands_and_the_future_is_cut_off():
    assert one(timestamp="2026-02-01T00:00:00Z").events[0].occurred_at == datetime(2026, 2, 1, tzinfo=UTC)
    assert one(timestamp="2030-01-01T00:00:00.000Z").events[0].occurred_at == AT
    assert one().events[0].occurred_at == AT


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({"event": " "}, "no-event"),
        ({"event": 7}, "no-event"),
        ({"userId": None}, "no-id"),
        ({"userId": True}, "no-id"),
        ({"userId": "u" * 256}, "id-too-long"),
        ({"properties": []}, "not-an-object"),
        ({"context": "x"}, "not-an-object"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "1970-01-01T00:00:00Z"}, "timestamp"),
        ({"timestamp": 5}, "timestamp"),
        ({"messageId": []}, "message-id"),
        ({"messageId": "m" * 300}, "message-id"),
        ({"properties": {"x": "y" * LARGEST_EVENT}}, "too-large"),
    ],
)
def test_what_is_wrong_is_named(event, code):
    assert refused(**event) == code


def test_a_batch_is_judged_item_by_item():
    items = [
        {"type": "track", "userId": "u", "event": "A"},
        {"type": "purchase", "userId": "u"},
        5,
        {"type": "page", "anonymousId": 12},
        {"type": "alias", "userId": "u"},
        {"type": "group", "userId": "u"},
    ]
    found = read("batch", json.dumps({"batch": items}).encode(), key=KEY, at=AT)
    assert [(event.place, event.call) for event in found.events] == [(0, "track"), (3, "page")]
    assert [(fault.place, fault.code) for fault in found.refused] == [
        (1, "unknown-type"), (2, "not-an-object"), (4, "no-id"), (5, "no-id"),
    ]  # fmt: skip


def test_a_message_id_is_one_event_for_one_key():
    same = [one(messageId="m").events[0].id for _ in range(2)]
    other = read("track", b'{"userId": "u", "event": "x", "messageId": "m"}', key=UUID(int=8), at=AT).events[0].id
    assert same[0] == same[1] != other
    assert one().events[0].id != one().events[0].id


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "intake-unreadable"),
        (b"{", "intake-unreadable"),
        (b"[]", "intake-unreadable"),
        (b'{"batch": 5}', "intake-unreadable"),
        (b'{"batch": [], "sentAt": "never"}', "intake-unreadable"),
        (b'{"a": NaN}', "intake-unreadable"),
        (b"[" * 100_000, "intake-unreadable"),
        (b'{"a": "' + b"x" * 600_000 + b'"}', "intake-too-large"),
        (json.dumps({"batch": [1] * 2_501}).encode(), "intake-too-large"),
    ],
)
def test_bodies_of_which_nothing_can_be_kept(body, code):
    with pytest.raises(MaropsError) as fault:
        read("batch", body, key=KEY, at=AT)
    assert fault.value.code == code


def test_packed_bodies_are_unpacked_but_not_without_end():
    assert unpacked(gzip.compress(b"{}"), "gzip") == b"{}"
    assert len(unpacked(gzip.compress(b"0" * 50_000_000), "gzip")) == 500 * 1024 + 1
    for body, encoding in ((b"{}", "gzip"), (b"{}", "br")):
        with pytest.raises(MaropsError):
            unpacked(body, encoding)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
names = st.sampled_from([
    "userId", "anonymousId", "previousId", "groupId", "type", "event", "name", "properties", "traits", "context",
    "timestamp", "sentAt", "messageId",
])  # fmt: skip


@given(st.dictionaries(names, json_values), st.sampled_from(["track", "identify", "page", "screen", "group", "alias"]))
def test_nothing_that_is_json_breaks_reader_or_meaning(event, call):
    try:
        found = read(call, json.dumps(event).encode(), key=KEY, at=AT)
    except MaropsError:
        return
    for kept in found.events:
        kept.payload.encode("ascii")
        given = json.loads(kept.payload)
        said = fact_of(kept.call, given)
        person_of(given, "DE")
        if said:
            json.dumps(said[1]).encode()


def kept(**properties):
    return fact_of("track", {"event": "Order Placed", "properties": properties})[1]


def test_facts_keep_codes_and_no_personal_value():
    said = kept(plan="team", seats=5, trial=True, order_id="491701234567", email="ada@x.example", firstName="Ada",
                contact="ada@x.example", phone="+49 170 1234567", caller="+491701234567", caller_number=491701234567,
                note="call me", remark="Ada Lind from Oslo", nested={"a": 1}, product_name="Marops")  # fmt: skip
    assert said == {
        "event": "order_placed", "plan": "team", "seats": 5, "trial": True, "order_id": "491701234567",
        "product_name": "Marops",
    }  # fmt: skip


def test_addresses_of_pages_lose_query_fragment_and_people():
    page = {"url": "https://ada:pw@www.x.example/u/ada@x.example/p?email=ada@x.example#top", "title": "Pricing",
            "referrer": "https://g.example/search?q=ada"}  # fmt: skip
    kind, said = fact_of("page", {"properties": page})
    assert kind == "page.viewed"
    assert said == {"url": "https://www.x.example/u/…/p", "path": "/u/…/p", "title": "Pricing",
                    "referrer": "https://g.example/search"}  # fmt: skip
    assert "title" not in fact_of("page", {"properties": {"url": "/x", "title": "Profile of ada@x.example"}})[1]


def test_some_tracks_are_facts_of_their_own():
    assert fact_of("track", {"event": "Form Submitted", "properties": {"form": "Contact Us"}}) == (
        "form.submitted", {"form": "contact_us"},
    )  # fmt: skip
    assert fact_of("track", {"event": "demoRequested"})[0] == "meeting.requested"
    assert fact_of("track", {"event": "Looked Around"}) == ("web.tracked", {"event": "looked_around"})
    assert fact_of("identify", {"userId": "u"}) is None
    assert slug("Ada wrote from ada@x.example") == "other"


def test_bots_are_labelled():
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    assert fact_of("page", {"properties": {"url": "/"}, "context": {"userAgent": agent}})[1]["bot"] is True
    assert not is_bot("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")


def test_traits_pass_the_contacts_normalisers_and_consent_is_not_among_them():
    traits = {"email": " ADA@X.Example ", "firstName": "ADA", "lastName": "lind", "phone": "0170 1234567",
              "company": {"name": "Nordvik GmbH", "employee_count": 12}, "title": "Head of Marketing",
              "subscribed": True, "consent": "yes", "address": {"country": "Germany", "city": "Köln"}}  # fmt: skip
    found = person_of({"traits": traits}, "")
    assert found["email"] == "ada@x.example"
    assert found["full_name"] == "Ada Lind"
    assert (found["country"], found["city"], found["phone"]) == ("DE", "Köln", "+491701234567")
    assert (found["company_name"], found["company_key_"], found["company_employees_"]) == (
        "Nordvik GmbH",
        "nordvik",
        12,
    )
    assert not {"subscribed", "consent"} & set(found)
