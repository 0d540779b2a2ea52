"""Webhooks over a real connection: every fact once and in order, retries with the same id, trouble that stays apart."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from standardwebhooks import Webhook
from tests.cast import Cast

from marops.connectors.webhooks.actions import (
    change_endpoint,
    claim,
    make_endpoint,
    remove_endpoint,
    replay,
    rotate_secret,
    send_test,
)
from marops.connectors.webhooks.models import Delivery, Endpoint
from marops.connectors.webhooks.rules import ATTEMPTS, SCHEDULE
from marops.connectors.webhooks.stages import SENDER, forget, send_due
from marops.connectors.webhooks.tests.ground import Receiver, happens, hosts_allowed, receiving
from marops.kernel import persons, ports
from marops.kernel.actors import ENGINE, SETUP
from marops.kernel.clock import now
from marops.kernel.ids import new_id
from marops.kernel.models import FactInbox, Problem

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with hosts_allowed(), receiving() as one:
        yield one


def tell(receiver: Receiver, *kinds: str, name: str = "CRM") -> tuple[Endpoint, str]:
    return make_endpoint(actor=SETUP, name=name, url=receiver.url, kinds=kinds or ("lead.won",))


def test_a_fact_arrives_signed_with_codes_alone(receiver):
    _row, secret = tell(receiver)
    contact = new_id()
    happens(actor=ENGINE, contact=contact)
    happens(actor=ENGINE, kind="lead.lost")
    assert send_due() == 1
    ((headers, body),) = receiver.got
    said = Webhook(secret).verify(body, headers)
    fact = FactInbox.objects.get(kind="lead.won")
    assert said == {
        "type": "lead.won",
        "timestamp": fact.occurred_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "data": {
            "id": str(fact.id), "contact_id": str(contact), "subject_type": "thing", "subject_id": "0",
            "actor_type": "system", "actor_id": "engine", "properties": {"amount": 5},
        },
    }  # fmt: skip
    assert headers["webhook-id"] == f"msg_{fact.id.hex}"
    assert send_due() == 0


def test_a_fact_that_was_rolled_back_is_told_to_nobody(receiver):
    tell(receiver, "*")
    with pytest.raises(ZeroDivisionError):
        happens(actor=ENGINE, fails=True)
    assert not Delivery.objects.filter(kind="lead.won").exists()


def test_facts_arrive_in_order_and_each_once(receiver):
    tell(receiver)
    for _ in range(3):
        happens(actor=ENGINE, times=5)
    while send_due():
        pass
    facts = FactInbox.objects.filter(kind="lead.won").order_by("recorded_at", "id").values_list("id", flat=True)
    assert receiver.ids == [f"msg_{one.hex}" for one in facts]


def test_W1_it_is_tried_again_with_the_same_id_and_body_and_fresh_signatures(receiver):
    tell(receiver)
    receiver.answers = lambda _: 500 if len(receiver.got) < 3 else 200
    happens(actor=ENGINE)
    with time_machine.travel(now(), tick=False) as clock:
        send_due()
        assert send_due() == 0
        clock.shift(SCHEDULE[0] * 1.3)
        send_due()
        clock.shift(SCHEDULE[1] * 1.3)
        send_due()
    assert len(set(receiver.ids)) == 1
    assert len({body for _, body in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for headers, _ in receiver.got}) == 3
    row = Delivery.objects.get()
    assert (row.state, row.attempts, [one["status"] for one in row.tries]) == ("delivered", 3, [500, 500, 200])
    assert Endpoint.objects.get().failing_since is None


def test_what_fails_at_the_endpoint_holds_up_the_rest_in_order_and_nobody_else(receiver):
    with receiving() as other:
        other.answers = lambda _: 503
        tell(other, name="Down")
        tell(receiver, name="Up")
        happens(actor=ENGINE, times=3)
        while send_due():
            pass
        assert (len(receiver.got), len(other.got)) == (3, 1)
        other.answers = lambda _: 200
        with time_machine.travel(now() + timedelta(minutes=1)):
            while send_due():
                pass
        assert [json.loads(body)["data"]["subject_id"] for _, body in other.got] == ["0", "0", "1", "2"]


def test_a_message_that_is_refused_steps_aside_for_the_others(receiver):
    tell(receiver)
    receiver.answers = lambda message: 400 if message["data"]["subject_id"] == "0" else 200
    happens(actor=ENGINE, times=3)
    send_due()
    assert list(Delivery.objects.order_by("created_at", "fact_id").values_list("state", flat=True)) == [
        "waiting", "delivered", "delivered",
    ]  # fmt: skip


def test_W2_a_redirect_to_a_login_page_is_no_success_and_is_not_followed(receiver):
    tell(receiver)
    receiver.answers = lambda _: (302, {"location": receiver.url.replace("/hook", "/login")}, b"")
    happens(actor=ENGINE)
    send_due()
    assert len(receiver.got) == 1
    receiver.answers = lambda _: (200, {"content-type": "text/html"}, b"<html><form action=/login></form></html>")
    with time_machine.travel(now() + timedelta(minutes=1)):
        send_due()
    row = Delivery.objects.get()
    assert row.state == "waiting"
    assert [one["status"] for one in row.tries] == [302, 200]


def test_a_delivery_is_given_up_after_a_day_and_can_be_sent_again(receiver):
    endpoint, _ = tell(receiver)
    receiver.answers = lambda _: 400
    happens(actor=ENGINE)
    with time_machine.travel(now(), tick=False) as clock:
        for wait in (timedelta(0), *SCHEDULE):
            clock.shift(wait * 1.3)
            send_due()
        row = Delivery.objects.get()
        assert (row.state, row.attempts, len(receiver.got)) == ("failed", ATTEMPTS, ATTEMPTS)
        assert Problem.objects.get(resolved_at__isnull=True).key == f"webhook:{endpoint.id}"
        receiver.answers = lambda _: 200
        replay(actor=SETUP, delivery_id=row.id)
        send_due()
    row.refresh_from_db()
    assert row.state == "delivered"
    assert len(set(receiver.ids)) == 1
    assert not Problem.objects.filter(resolved_at__isnull=True).exists()


def test_an_endpoint_that_fails_for_days_is_stopped_a_person_is_told_and_nothing_is_lost(receiver):
    endpoint, _ = tell(receiver)
    receiver.answers = lambda _: 500
    with time_machine.travel(now(), tick=False) as clock:
        for _ in range(14):
            happens(actor=ENGINE)
            send_due()
            clock.shift(timedelta(hours=12))
        endpoint.refresh_from_db()
        assert (endpoint.active, endpoint.state, endpoint.stopped_because[:3]) == (False, "stopped", "500")
        assert Problem.objects.get(resolved_at__isnull=True).severity == "bad"
        tried = len(receiver.got)
        assert send_due() == 0
        receiver.answers = lambda _: 200
        change_endpoint(actor=SETUP, endpoint_id=endpoint.id, values={"active": True})
        while send_due():
            pass
        clock.shift(timedelta(days=1))
        while send_due():
            pass
    assert not Delivery.objects.filter(state="waiting").exists()
    assert len(receiver.got) > tried
    assert {f"msg_{one.hex}" for one in FactInbox.objects.values_list("id", flat=True)} <= set(receiver.ids)
    assert not Problem.objects.filter(resolved_at__isnull=True).exists()


def test_gone_is_gone(receiver):
    endpoint, _ = tell(receiver)
    receiver.answers = lambda _: 410
    happens(actor=ENGINE)
    send_due()
    endpoint.refresh_from_db()
    assert endpoint.state == "stopped"


def test_paused_it_is_told_nothing_and_nothing_is_kept(receiver):
    endpoint, _ = tell(receiver)
    change_endpoint(actor=SETUP, endpoint_id=endpoint.id, values={"active": False})
    happens(actor=ENGINE)
    change_endpoint(actor=SETUP, endpoint_id=endpoint.id, values={"active": True})
    assert send_due() == 0


def test_a_new_secret_and_the_old_one_both_fit_for_a_day(receiver):
    endpoint, old = tell(receiver)
    _row, new = rotate_secret(actor=SETUP, endpoint_id=endpoint.id)
    happens(actor=ENGINE)
    send_due()
    headers, body = receiver.got[0]
    assert Webhook(old).verify(body, headers) == Webhook(new).verify(body, headers)
    with time_machine.travel(now() + timedelta(hours=25)):
        happens(actor=ENGINE)
        send_due()
        headers, body = receiver.got[1]
        Webhook(new).verify(body, headers)
        with pytest.raises(Exception, match="No matching"):
            Webhook(old).verify(body, headers)
    assert new not in json.dumps(list(Endpoint.objects.values()), default=str)


def test_a_test_reaches_its_own_endpoint_alone(receiver):
    endpoint, _ = tell(receiver, "lead.lost")
    tell(receiver, "*", name="Everything")
    send_test(actor=SETUP, endpoint_id=endpoint.id)
    while send_due():
        pass
    assert receiver.kinds.count("webhook.tested") == 1


def test_one_endpoint_is_in_one_hand(receiver):
    endpoint, _ = tell(receiver)
    happens(actor=ENGINE)
    assert claim(actor=SENDER, most=5) == [endpoint.id]
    assert claim(actor=SENDER, most=5) == []
    with time_machine.travel(now() + timedelta(minutes=3)):
        assert claim(actor=SENDER, most=5) == [endpoint.id]


def test_what_is_long_over_is_forgotten_and_what_waits_is_not(receiver):
    tell(receiver)
    happens(actor=ENGINE)
    send_due()
    happens(actor=ENGINE)
    forget(now() + timedelta(days=31))
    assert list(Delivery.objects.values_list("state", flat=True)) == ["waiting"]


def test_erasing_a_person_takes_their_deliveries(receiver):
    tell(receiver)
    contact = new_id()
    happens(actor=ENGINE, contact=contact)
    happens(actor=ENGINE, contact=new_id())
    with transaction.atomic():
        assert ports.erase["webhook_delivery"]([contact]) == 1
    assert Delivery.objects.count() == 1
    assert persons.PersonTable


def test_removing_an_endpoint_takes_its_log(receiver):
    endpoint, _ = tell(receiver)
    happens(actor=ENGINE)
    remove_endpoint(actor=SETUP, endpoint_id=endpoint.id)
    assert not Delivery.objects.exists()
    happens(actor=ENGINE)


def test_pages_make_show_and_change(receiver, cast: Cast):
    client = cast.client("tomasz")
    assert (
        client.post("/webhooks", {"name": "CRM", "url": "http://10.0.0.1/", "kinds": ["lead.created"]}).status_code
        == 422
    )
    made = client.post("/webhooks", {"name": "CRM", "url": receiver.url, "kinds": ["lead.created", "lead.updated"]})
    assert b"whsec_" in made.content
    assert b"whsec_" not in client.get("/webhooks").content
    ref = Endpoint.objects.get().ref
    assert client.post(f"/webhooks/{ref}/test").status_code == 302
    send_due()
    assert b"webhook.tested" in client.get(f"/webhooks/{ref}").content
    row = Delivery.objects.get()
    page = client.get(f"/webhooks/{ref}/deliveries/{row.id}").content.decode()
    assert f"msg_{row.fact_id.hex}" in page
    assert "204" in page
    client.post(f"/webhooks/{ref}/deliveries/{row.id}/replay")
    send_due()
    assert receiver.ids[0] == receiver.ids[1]
    client.post(f"/webhooks/{ref}/pause")
    assert Endpoint.objects.get().state == "paused"
    client.post(f"/webhooks/{ref}/resume")
    assert b"whsec_" in client.post(f"/webhooks/{ref}/rotate").content
    changed = client.post(f"/webhooks/{ref}", {"name": "Sales", "url": receiver.url, "kinds": ["*"]})
    assert changed.status_code == 302
    assert Endpoint.objects.get().kinds == ["*"]
    assert client.post(f"/webhooks/{ref}/remove").status_code == 302
    assert not Endpoint.objects.exists()


def test_rest_makes_changes_and_tells_the_log(receiver, cast: Cast):
    client = cast.client("tomasz")

    def call(method, path, body=None):
        return getattr(client, method)(f"/api/v1{path}", body, content_type="application/json")

    made = call("post", "/webhooks", {"name": "CRM", "url": receiver.url, "kinds": ["lead.created"]})
    assert made.status_code == 201
    ref = made.json()["webhook"]["ref"]
    Webhook(made.json()["secret"])
    happens(actor=ENGINE, kind="lead.created")
    send_due()
    (logged,) = client.get(f"/api/v1/webhooks/{ref}/deliveries?state=delivered").json()["items"]
    assert (logged["kind"], logged["tries"][0]["status"]) == ("lead.created", 204)
    again = call("post", f"/webhooks/{ref}/deliveries/{logged['id']}/replay").json()
    assert (again["state"], again["message"]) == ("waiting", logged["message"])
    assert call("post", f"/webhooks/{ref}/deliveries/{logged['id']}/replay").status_code == 409
    assert call("patch", f"/webhooks/{ref}", {"active": False}).json()["state"] == "paused"
    assert call("patch", f"/webhooks/{ref}", {"url": "https://x y"}).status_code == 422
    assert call("patch", f"/webhooks/{ref}", {"kinds": ["lead.unheard"]}).status_code == 422
    assert call("post", f"/webhooks/{ref}/rotate").json()["secret"].startswith("whsec_")
    assert call("post", f"/webhooks/{ref}/test").status_code == 202
    assert call("delete", f"/webhooks/{ref}").status_code == 204
    assert client.get(f"/api/v1/webhooks/{ref}").status_code == 404
