from datetime import UTC, datetime, timedelta

import pytest

from marops.domains.contacts.models import Contact, ContactQuality
from marops.domains.contacts.queries.freshness import ages_of, freshness
from marops.domains.contacts.rules.freshness import DAYS_PER_MONTH, fresh
from marops.kernel import facts
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.definitions import activate, draft
from marops.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


def _ago(months: float) -> str:
    return (now() - timedelta(days=months * DAYS_PER_MONTH)).isoformat()


def test_half_of_the_values_are_true_after_the_half_life_and_a_quarter_after_two():
    as_of = datetime(2026, 11, 1, tzinfo=UTC)
    life = timedelta(days=24 * DAYS_PER_MONTH)
    shares = [fresh(as_of - times * life, as_of, 24) for times in (0, 1, 2)]
    assert shares == pytest.approx([1.0, 0.5, 0.25])
    assert fresh(as_of + life, as_of, 24) == 1.0


def test_each_value_ages_from_when_it_was_given_and_empty_ones_do_not(starters):
    one = Contact.objects.create(
        id=new_id(), number=1, job_title="Head of IT", email="a@x.de", city=None,
        provenance={"*": [1, 1, _ago(33)], "job_title": [2, 1, _ago(48)]},
    )  # fmt: skip
    found = {line["field"]: line for line in ages_of(one.id)}
    assert list(found) == ["job_title", "email"]
    assert (found["job_title"]["fresh"], found["email"]["fresh"]) == pytest.approx((0.25, 0.5), abs=0.002)
    Contact.objects.create(id=new_id(), number=2, email="b@x.de", provenance={"*": [3, 1, _ago(0)]})
    Contact.objects.create(id=new_id(), number=3, email="c@x.de")  # nobody knows since when
    email = next(line for line in freshness(ENGINE)["fields"] if line["field"] == "email")
    assert (email["values"], email["fresh"]) == (2, pytest.approx(0.75, abs=0.002))


def test_the_definition_says_how_fast_a_field_ages(starters, cast):
    one = Contact.objects.create(id=new_id(), number=1, email="a@x.de", provenance={"*": [1, 1, _ago(12)]})
    row = draft(actor=ENGINE, kind="freshness", slug="main", document={"half_lives": {"email": 6}})
    activate(actor=ENGINE, ref=row.pinned)
    (line,) = ages_of(one.id)
    assert (line["fresh"], line["aged"]) == (pytest.approx(0.25, abs=0.002), True)


def test_a_title_that_no_source_gave_for_long_is_a_fault(run_stages, starters):
    people = [
        Contact.objects.create(id=new_id(), number=n, job_title="CFO", provenance={"*": [1, n, _ago(months)]})
        for n, months in ((1, 31), (2, 29))
    ]
    people.append(Contact.objects.create(id=new_id(), number=3, job_title="CFO"))
    facts.touch([one.id for one in people], now())
    run_stages()
    faulty = [
        row.contact.number
        for row in ContactQuality.objects.select_related("contact")
        if any("title-aged" in fault for fault in row.faults)
    ]
    assert faulty == [1]
