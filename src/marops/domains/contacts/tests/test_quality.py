from datetime import UTC, datetime

import pytest

from marops.domains.contacts.models import ContactQuality, Likeness
from marops.domains.contacts.public import Company, Contact
from marops.kernel import facts
from marops.kernel.ids import new_id

pytestmark = pytest.mark.django_db(transaction=True)


def _contact(number: int, **values) -> Contact:
    return Contact.objects.create(id=new_id(), number=number, **values)


def _run(run_stages, *contacts: Contact) -> None:
    facts.touch([one.id for one in contacts], datetime.now(UTC))
    run_stages()


def _faults(contact: Contact) -> set[str]:
    found = ContactQuality.objects.get(contact_id=contact.id).faults
    return {one.partition("/")[2].partition("@")[0] for one in found}


def test_every_dimension_has_a_rule_in_the_starter_set(starters):
    from marops.kernel.definitions import active, load

    assert {load(row).dimension for row in active("quality")} == {
        "completeness", "validity", "freshness", "consistency", "uniqueness", "policy",
    }  # fmt: skip


def test_same_phone_is_a_fault_of_both_and_of_nobody_once_it_changes(run_stages, starters):
    one, two = _contact(1, phone="+4930123456"), _contact(2, phone="+4930123456")
    alone = _contact(3, phone="+4930999999")
    _run(run_stages, one, two, alone)
    assert "same-phone" in _faults(one) & _faults(two)
    assert "same-phone" not in _faults(alone)
    Contact.objects.filter(id=two.id).update(phone="+4930999999")
    _run(run_stages, two)  # only the one that changed is touched; its former and its new twin follow
    assert "same-phone" not in _faults(one)
    assert "same-phone" in _faults(two) & _faults(alone)


def test_same_name_in_any_order_at_the_same_company(run_stages, starters):
    company = Company.objects.create(number=1, name="Nordvik", name_key="nordvik")
    one = _contact(1, full_name="Zoë Müller", company=company)
    two = _contact(2, full_name="MULLER, Zoe", company=company)
    other = _contact(3, full_name="Zoë Müller", company_name="Elsewhere")
    single = _contact(4, full_name="Zoë", company=company), _contact(5, full_name="Zoë", company=company)
    _run(run_stages, one, two, other, *single)
    assert "same-name-company" in _faults(one) & _faults(two)
    assert all("same-name-company" not in _faults(each) for each in (other, *single))


def test_a_phone_of_another_country_is_told_and_one_that_several_share_is_not(run_stages, starters):
    german = _contact(1, phone="+4930123456", country="FR")
    shared = _contact(2, phone="+441481256789", country="GG")  # +44 is also Guernsey's
    canadian = _contact(3, phone="+14165550123", country="US")
    _run(run_stages, german, shared, canadian)
    assert "phone-elsewhere" in _faults(german) & _faults(canadian)
    assert "phone-elsewhere" not in _faults(shared)
    assert Likeness.objects.get(contact=german).phone_country == "DE"
    assert Likeness.objects.get(contact=canadian).phone_country == "CA"
    assert Likeness.objects.get(contact=shared).phone_country is None
