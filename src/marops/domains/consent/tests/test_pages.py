"""The team's pages and REST: what they show and do, through both doors."""

import json

import pytest

from marops.domains.consent.models import Ask, Entry, Request, Restriction
from marops.domains.consent.queries.may import may
from marops.domains.contacts.models import Contact, Identity
from marops.kernel.clock import now

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def anna():
    one = Contact.objects.create(number=12, full_name="Anna Lang", email="anna@firm.example", country="DE")
    Identity.objects.create(contact=one, kind="email", value=one.email)
    return one


def test_a_word_that_is_entered_decides_and_stands_in_the_ledger(anna, cast):
    client = cast.client("samuel")
    page = client.get("/privacy/people/L-12").content.decode()
    assert "nothing is on record" in page
    given = {"state": "granted", "purpose": "newsletter", "channel": "email", "basis": "consent", "ground": ""}
    assert client.post("/privacy/people/L-12/word", given).status_code == 422
    assert client.post("/privacy/people/L-12/word", given | {"ground": "said so at the fair"}).status_code == 302
    entry = Entry.objects.get()
    assert (entry.basis, entry.purpose, entry.actor_id) == ("said so at the fair", "newsletter", str(cast.samuel.id))
    page = client.get("/privacy/people/L-12").content.decode()
    assert "said so at the fair" in page
    assert may(anna.id, "email", "newsletter", now()).allowed


def test_a_request_goes_its_way_over_the_pages(anna, cast):
    client = cast.client("samuel")
    made = client.post("/privacy/new", {"lead": "anna@firm.example", "kind": "restriction", "note": "disputes it"})
    row = Request.objects.get()
    assert made["Location"] == f"/privacy/requests/{row.ref}"
    assert client.post(f"/privacy/requests/{row.ref}/do").status_code == 409
    assert not Restriction.objects.exists()
    assert client.post(f"/privacy/requests/{row.ref}/identity", {"how": "known mailbox"}).status_code == 302
    assert client.post(f"/privacy/requests/{row.ref}/do").status_code == 302
    row.refresh_from_db()
    assert row.state == "done"
    assert "restricted" in client.get("/privacy/people/L-12").content.decode()
    assert f"/privacy/requests/{row.ref}" in client.get("/privacy").content.decode()


def test_desks_of_those_who_answer_show_what_runs_out(anna, cast):
    Request.objects.create(number=4, kind="access", contact_id=anna.id, subject="L-12", received_at=now(), due_at=now())
    assert "/privacy/requests/P-4" in cast.client("samuel").get("/").content.decode()
    assert "/privacy/requests/P-4" not in cast.client("lena").get("/").content.decode()


def test_rest_says_and_does_the_same(anna, cast):
    client = cast.client("samuel", HTTP_ACCEPT="application/json")

    def send(address, body, method="post"):
        return getattr(client, method)(f"/api/v1/privacy/{address}", json.dumps(body), content_type="application/json")

    said = client.get("/api/v1/privacy/people/L-12/may?channel=email&purpose=events").json()
    assert (said["allowed"], said["reasons"][0]["code"]) == (False, "nothing")
    words = {"words": [{"channel": "email", "purpose": "events", "state": "granted"}], "ground": "form",
             "evidence": {"form": "fair"}}  # fmt: skip
    assert send("people/L-12/words", words).status_code == 201
    person = client.get("/api/v1/privacy/people/L-12").json()
    assert person["ledger"][0]["evidence"] == {"form": "fair"}
    assert client.get("/api/v1/privacy/people/L-12/may?channel=email&purpose=events").json()["allowed"]
    hidden = cast.client("lena", HTTP_ACCEPT="application/json").get("/api/v1/privacy/people/L-12").json()
    assert (hidden["ledger"][0]["evidence"], hidden["links"]) == (None, {})
    asked = send("people/L-12/ask", {"purposes": ["newsletter"]}).json()
    link = asked["link"].partition("/confirm/")[2]
    assert cast.client().post(f"/confirm/{link}").status_code == 200
    assert Ask.objects.get().confirmed_at is not None
    made = send("requests", {"lead": "L-12", "kind": "erasure"}).json()
    refused = send(f"requests/{made['ref']}/erase", {})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "identity-unchecked")
    assert send("people/L-12/restriction", {"restricted": True, "why": "asked"}, "put").json()["restricted_since"]
    assert send("people/L-12/words", {"words": [], "ground": "x"}).status_code == 422


def test_the_pages_ask_no_statement_for_each_row(anna, cast, django_assert_max_num_queries):
    at = now()
    for number in range(40):
        Request.objects.create(number=number, kind="access", contact_id=anna.id, subject="L-12", received_at=at,
                               due_at=at)  # fmt: skip
        Entry.objects.create(contact=anna, channel="email", state="denied", actor_kind="human", actor_id="x", at=at)
    client = cast.client("samuel")
    client.get("/privacy")
    with django_assert_max_num_queries(22):
        assert client.get("/privacy").status_code == 200
    with django_assert_max_num_queries(34):
        assert client.get("/privacy/people/L-12").status_code == 200
