"""What keys may, over REST: never more than their rights, and never more than their owner sees (P1, P2)."""

from typing import Any

import pytest
from django.test import Client
from tests.cast import Cast

from marops.domains.accounts.actions import make_token
from marops.domains.contacts.models import Contact
from marops.domains.routing.models import Assignment
from marops.kernel.clock import now
from marops.kernel.permissions import rights
from marops.site.rest import description

pytestmark = pytest.mark.django_db
# What every key may: who am I, and what is public.
FOR_ALL = {"/api/v1/me"}


def with_key(cast: Cast, name: str, *held: str) -> Client:
    _row, secret = make_token(actor=cast.actor(name), name="x", rights_asked=list(held), days=7)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def operations() -> list[tuple[str, str]]:
    return [(method, path) for path, found in description()["paths"].items() for method in found]


def address(path: str) -> str:
    for name in ("ref", "rule", "name", "slug", "object_id"):
        path = path.replace(f"{{{name}}}", "1")
    nobody = "01900000-0000-7000-8000-000000000000"
    path = path.replace("{object_type}", "contact").replace("{version}", "1")
    return "/".join(nobody if part.startswith("{") else part for part in path.split("/"))


def test_P2_a_write_key_sends_events_and_opens_nothing_else(cast: Cast) -> None:
    client = with_key(cast, "tomasz", "intake.send")
    event = {"anonymousId": "a", "event": "Seen"}
    assert client.post("/api/v1/intake/track", event, content_type="application/json").status_code == 200
    opened = []
    for method, path in operations():
        if path.startswith("/api/v1/intake/") or path in FOR_ALL:
            continue
        answer = getattr(client, method)(address(path), {}, content_type="application/json")
        if answer.status_code not in (403, 404, 422):
            opened.append((method, path, answer.status_code))
    assert opened == []
    # To send is not to make keys for others who send.
    assert client.post("/api/v1/intake/keys", {"name": "x"}, content_type="application/json").status_code == 403


def test_P2_a_key_that_may_look_changes_nothing(cast: Cast) -> None:
    looks = [name for name in rights() if name.endswith((".view", ".see"))]
    client = with_key(cast, "ada", *looks)
    changed = []
    for method, path in operations():
        if method != "get":
            answer: Any = getattr(client, method)(address(path), {}, content_type="application/json")
            if 200 <= answer.status_code < 300:
                changed.append((method, path, answer.status_code))
    assert changed == []


def test_P1_a_sellers_key_finds_their_own_leads_alone(cast: Cast) -> None:
    mine, theirs = (Contact.objects.create(number=number, email=f"p{number}@x.example") for number in (901, 902))
    for contact, owner in ((mine, cast.selma), (theirs, cast.samuel)):
        Assignment.objects.create(contact=contact, owner_id=owner.id, definition="by hand", routed_at=now())
    client = with_key(cast, "hanna", "leads.view")
    assert {one["ref"] for one in client.get("/api/v1/leads").json()["items"]} == {mine.ref, theirs.ref}
    # A seller makes no keys; their own session is what REST sees them by.
    seller = cast.client("selma")
    assert [one["ref"] for one in seller.get("/api/v1/leads").json()["items"]] == [mine.ref]
    assert [one["ref"] for one in seller.get("/api/v1/leads?q=p902").json()["items"]] == []
    assert seller.get(f"/api/v1/leads/{theirs.ref}").status_code == 404
    handed = seller.post(f"/api/v1/leads/{theirs.ref}/owner", {"to": "queue:x"}, content_type="application/json")
    assert handed.status_code in (403, 404)


def test_P5_a_key_ends_with_its_owners_access(cast: Cast) -> None:
    client = with_key(cast, "tomasz", "jobs.view")
    assert client.get("/api/v1/jobs").status_code == 200
    cast.accounts["tomasz"].active = False
    cast.accounts["tomasz"].save()
    assert client.get("/api/v1/jobs").status_code == 401
