from datetime import timedelta
from decimal import Decimal

import pytest

from marops.domains.contacts.models import Contact, ContactQuality
from marops.domains.contacts.queries.cost import cost
from marops.domains.pipeline.models import Opportunity, OpportunityPerson
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)
COUNTRY, PHONE, TITLE = "quality/no-country@1", "quality/no-company@1", "quality/title-shouts@1"


@pytest.fixture
def leads(starters):
    """So many leads of a source with these faults, of whom so many have a deal of 1,000 to 1,020 EUR."""
    at = iter(range(1, 100_000))

    def make(count: int, deals: int, *faults: str, source: str = "webinar", days: int = 60) -> None:
        since = now() - timedelta(days=days)
        people = [Contact(id=new_id(), number=next(at), source=source, known_since=since) for _ in range(count)]
        Contact.objects.bulk_create(people)
        ContactQuality.objects.bulk_create(
            ContactQuality(contact=one, score=80, faults=list(faults), checked_at=since) for one in people
        )
        sold = [
            Opportunity(
                number=next(at), name="Deal", stage="won", stage_since=since, state="won", currency="EUR",
                amount=Decimal(1000 + place % 21),
            )
            for place in range(deals)
        ]  # fmt: skip
        Opportunity.objects.bulk_create(sold)
        OpportunityPerson.objects.bulk_create(
            OpportunityPerson(opportunity=deal, contact=one) for deal, one in zip(sold, people, strict=False)
        )

    return make


def _rule(found, name):
    return next(one for one in found["rules"] if one["name"] == name)


def test_a_fault_that_keeps_leads_from_deals_costs_leads_and_pipeline(leads):
    leads(400, 40, COUNTRY)
    leads(600, 180)
    line = _rule(cost(ENGINE), "no-country")
    lost = line["outcomes"]["opportunity"]["lost"]
    assert lost["value"] == pytest.approx(400 * 0.2)
    assert 50 < lost["low"] < lost["value"] < lost["high"] < 110
    assert line["verdict"] == "costs"
    assert line["pipeline"]["value"] == pytest.approx(80 * 1010, rel=0.01)
    assert line["pipeline"]["low"] < 80 * 1010 < line["pipeline"]["high"]
    assert line["pipeline"]["currency"] == "EUR"


def test_a_source_that_sells_less_and_has_more_of_the_fault_does_not_make_it_dear(leads):
    leads(300, 15, COUNTRY, source="event")
    leads(100, 5, source="event")
    leads(100, 40, COUNTRY, source="reference")
    leads(300, 120, source="reference")
    line = _rule(cost(ENGINE), "no-country")
    assert line["outcomes"]["opportunity"]["lost"]["value"] == pytest.approx(0)
    assert line["verdict"] == "unclear"


def test_what_cannot_be_measured_says_why(leads):
    leads(20, 1, PHONE)
    leads(500, 100, source="webinar")
    leads(300, 0, TITLE, source="import")
    found = cost(ENGINE)
    assert {name: _rule(found, name)["verdict"] for name in ("no-company", "title-shouts")} == {
        "no-company": "unmeasured", "title-shouts": "unmeasured",
    }  # fmt: skip
    assert _rule(found, "no-company")["why"] == "Only 20 leads have the fault and a comparable lead without it."
    assert _rule(found, "title-shouts")["why"] == "No comparable lead is without the fault."
    assert _rule(found, "title-shouts")["pipeline"] is None


def test_leads_of_the_last_month_had_no_time_and_do_not_count(leads):
    leads(400, 40, COUNTRY)
    leads(600, 180)
    before = cost(ENGINE)
    leads(200, 0, COUNTRY, days=3)
    assert cost(ENGINE)["rules"] == before["rules"]


def test_many_comparisons_widen_the_interval_of_each(leads):
    leads(400, 40, COUNTRY)
    leads(600, 180)
    alone = _rule(cost(ENGINE), "no-country")["outcomes"]["opportunity"]["lost"]
    ContactQuality.objects.filter(contact__number__gt=500).update(faults=[TITLE])
    leads(600, 180)
    together = cost(ENGINE)
    assert sum(one["outcomes"]["opportunity"]["lost"] is not None for one in together["rules"]) >= 2
    assert alone["level"] == together["level"] == 0.95


def test_everybody_sees_the_cost_of_the_leads_they_see(leads, cast):
    leads(400, 40, COUNTRY)
    leads(600, 180)
    assert cost(cast.actor("samuel"))["leads"] == 1000
    assert cost(cast.actor("selma"))["leads"] == 0
