"""The list of leads narrowed by what stands beside the line: promises, sales' word."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils.formats import date_format
from tests.cast import Cast

from marops.domains.contacts.public import Contact
from marops.domains.routing.models import LeadDisposition, LeadSla
from marops.domains.routing.queries import SLA_STATES, LeadFilter, lead_page
from marops.engine.behind import Happened
from marops.kernel import facts
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import FactInbox
from marops.kernel.workspace import today

HOUR = timedelta(hours=1)


def fact(kind: str, contact: UUID, *, at: datetime | None = None, **given: Any) -> None:
    at = at or now()
    row = FactInbox(id=new_id(), kind=kind, occurred_at=at, recorded_at=at, contact_id=contact, actor_type="system",
                    actor_id="cli", **given)  # fmt: skip
    facts.write([row])


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


@pytest.mark.django_db(transaction=True)
def test_the_leads_that_an_import_made_or_changed(engine: object, cast: Cast) -> None:
    made, changed, other = (lead(number).id for number in (1, 2, 3))
    for kind, contact, number in (("created", made, 7), ("updated", changed, 7), ("created", other, 8)):
        fact(f"lead.{kind}", contact, subject_type="import", subject_id=str(number))
    ada = cast.actor("ada")
    assert {one.ref for one in lead_page(ada, LeadFilter(imported="I-7")).items} == {"L-1", "L-2"}
    page = cast.client("ada").get("/leads?import=I-8").content.decode()
    assert "Lead 3" in page
    assert "Lead 1" not in page
    assert "Made or changed by import" in page
    assert len(cast.client("ada").get("/api/v1/leads?import=I-7").json()["items"]) == 2
    with pytest.raises(MaropsError, match="is not an import"):
        lead_page(ada, LeadFilter(imported="leads.csv"))


@pytest.mark.django_db(transaction=True)
def test_the_leads_that_a_figure_counts(engine: object, cast: Cast) -> None:
    once, twice, early = (lead(number).id for number in (1, 2, 3))
    for contact, cycle in ((once, 1), (once, 1), (twice, 1), (twice, 2)):
        fact("lead.stage_changed", contact, properties={"to": "mql", "cycle": cycle})
    fact("lead.stage_changed", early, at=now() - timedelta(days=40), properties={"to": "mql", "cycle": 1})
    day, ada = today(), cast.actor("ada")
    found = lead_page(ada, LeadFilter(happened=Happened("mql", day, day)))
    assert {one.ref for one in found.items} == {"L-1", "L-2"}
    assert found.figure_text == "3 in the figure, some of them more than once"
    page = cast.client("ada").get(f"/leads?event=mql&from={day}&to={day}&q=lead").content.decode()
    assert f"became MQL on {date_format(day, 'j F Y')}" in page
    assert 'href="?q=lead"' in page, "the chip can be taken away"
    assert len(cast.client("ada").get("/api/v1/leads?event=mql").json()["items"]) == 3
    with pytest.raises(MaropsError, match="There is no event 'mqls'"):
        lead_page(ada, LeadFilter(happened=Happened("mqls")))
