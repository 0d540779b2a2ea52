"""The list of leads narrowed by what stands beside the line: promises, sales' word."""

from datetime import timedelta

import pytest
from tests.cast import Cast

from marops.domains.contacts.public import Contact
from marops.domains.routing.models import LeadDisposition, LeadSla
from marops.domains.routing.queries import SLA_STATES, LeadFilter, lead_page
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id

HOUR = timedelta(hours=1)


def lead(number: int, **sla: object) -> Contact:
    one = Contact.objects.create(id=new_id(), number=number, full_name=f"Lead {number}", country="NO")
    if sla:
        given = {"started_at": now() - 5 * HOUR, "due_at": now() - HOUR} | sla
        LeadSla.objects.create(
            contact=one, clock="first_touch", calendar="standard", zone="UTC", definition="route/main@1", **given
        )
    return one


@pytest.fixture
def leads(db: None) -> None:
    lead(1)
    lead(2, due_at=now() + HOUR)
    lead(3, missed_at=now() - HOUR)
    lead(4, missed_at=now() - HOUR, met_at=now())
    lead(5, met_at=now() - 2 * HOUR)
    lead(6, ended_at=now())
    for number, state in ((4, "rejected"), (5, "accepted")):
        LeadDisposition.objects.create(contact=Contact.objects.get(number=number), state=state, at=now(), by="x")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        (LeadFilter(sla="open"), {2, 3}),
        (LeadFilter(sla="overdue"), {3}),
        (LeadFilter(sla="met"), {4, 5}),
        (LeadFilter(sla="missed"), {3, 4}),
        (LeadFilter(disposition="rejected"), {4}),
        (LeadFilter(disposition="none"), {1, 2, 3, 6}),
        (LeadFilter(disposition="open"), {1, 2, 3, 5, 6}),
        (LeadFilter(disposition="accepted", sla="met"), {5}),
        (LeadFilter(sla="missed", country="NO", sort="-newest"), {3, 4}),
        (LeadFilter(sla="missed", country="SE"), set()),
    ],
)
def test_leads_are_narrowed_by_promise_and_word(
    cast: Cast, leads: None, narrowed: LeadFilter, expected: set[int]
) -> None:
    found = lead_page(cast.actor("ada"), narrowed)
    assert {int(one.ref[2:]) for one in found.items} == expected
    assert found.total == len(expected)


@pytest.mark.django_db
def test_the_page_shows_what_stands_beside_and_offers_lists(cast: Cast, leads: None) -> None:
    page = cast.client("ada").get("/leads").content.decode()
    for said in ("Rejected", "Accepted", "kept", "left", "late", "?sla=overdue", f"?owner={cast.ada.id}"):
        assert said in page, said
    for name in SLA_STATES:
        assert cast.client("ada").get(f"/leads?sla={name}").status_code == 200


@pytest.mark.django_db
def test_words_that_there_are_not_are_refused(cast: Cast) -> None:
    for narrowed in (LeadFilter(sla="soon"), LeadFilter(disposition="happy")):
        with pytest.raises(MaropsError, match="There is no"):
            lead_page(cast.actor("ada"), narrowed)
