from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marops.domains.contacts.models import ContactQuality, Likeness, QualityDay
from marops.domains.contacts.public import Company, Contact, quality_summary
from marops.domains.contacts.queries.quality import people_at_fault, rule_summary, would_find
from marops.domains.contacts.rules import dialling, remedies
from marops.domains.contacts.rules.likeness import MOST
from marops.domains.contacts.stages import day_turn
from marops.engine import tick
from marops.engine.tests.engineground import only_these
from marops.kernel import facts
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.definitions import activate, active, draft, load
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.models import Touched

pytestmark = pytest.mark.django_db(transaction=True)
PHONES = ("+4930123456", "+4930999999", "+4930777777", None)


def _contact(number: int, **values) -> Contact:
    return Contact.objects.create(id=new_id(), number=number, **values)


def _run(run_stages, *contacts: Contact) -> None:
    facts.touch([one.id for one in contacts], datetime.now(UTC))
    run_stages()


def _faults(contact: Contact) -> set[str]:
    found = ContactQuality.objects.get(contact_id=contact.id).faults
    return {one.partition("/")[2].partition("@")[0] for one in found}


def test_every_dimension_has_a_rule_in_the_starter_set(starters):
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


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(PHONES)), min_size=1, max_size=12))
def test_twins_are_those_of_a_count_over_everybody_after_any_changes(run_stages, starters, changes):
    Contact.objects.all().delete()
    people = [_contact(number, full_name="A B") for number in range(5)]
    with only_these(*(one for one in tick.stages() if one.name == "compare")):  # the others know nothing of twins
        for who, phone in changes:
            Contact.objects.filter(id=people[who].id).update(phone=phone)
            _run(run_stages, people[who])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, (SELECT count(*) FROM contact o WHERE o.phone = c.phone AND o.id <> c.id),"
            " coalesce(l.twins_by_phone, 0) FROM contact c LEFT JOIN contact_likeness l ON l.contact_id = c.id"
        )
        assert all(expected == kept for _, expected, kept in cursor.fetchall())


def test_a_number_that_very_many_share_is_counted_to_its_limit_and_back(run_stages, starters):
    people = [_contact(number, phone="+4930123456") for number in range(MOST + 3)]
    _run(run_stages, *people)
    assert set(Likeness.objects.values_list("twins_by_phone", flat=True)) == {MOST}
    gone = people[:4]
    Contact.objects.filter(id__in=[one.id for one in gone]).update(phone=None)
    _run(run_stages, *gone)
    left = Likeness.objects.exclude(contact_id__in=[one.id for one in gone])
    assert set(left.values_list("twins_by_phone", flat=True)) == {MOST - 2}  # MOST - 1 people are left
    _run(run_stages, *people)
    assert not Touched.objects.exists()


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
    shared = _contact(2, phone="+590590271234", country="BL")  # three islands share +590
    canadian = _contact(3, phone="+14165550123", country="US")
    guernsey, london = _contact(4, phone="+441481256789", country="GG"), _contact(5, phone="+442071234567")
    almaty = _contact(6, phone="+77272345678", country="RU")
    _run(run_stages, german, shared, canadian, guernsey, london, almaty)
    assert "phone-elsewhere" in _faults(german) & _faults(canadian) & _faults(almaty)
    assert "phone-elsewhere" not in _faults(shared) | _faults(guernsey)
    assert Likeness.objects.get(contact=london).phone_country == "GB"
    assert Likeness.objects.get(contact=guernsey).phone_country == "GG"
    assert Likeness.objects.get(contact=german).phone_country == "DE"
    assert Likeness.objects.get(contact=canadian).phone_country == "CA"
    assert Likeness.objects.get(contact=shared).phone_country is None


def test_the_end_of_an_address_speaks_for_a_country_unless_the_whole_world_uses_it(run_stages, starters):
    one = _contact(1, email="a@b.de", email_domain="b.de", country="FR")
    london = _contact(2, email="a@b.co.uk", email_domain="b.co.uk", country="GB")
    start_up = _contact(3, email="a@b.io", email_domain="b.io", country="FR")
    _run(run_stages, one, london, start_up)
    assert "mail-elsewhere" in _faults(one)
    assert "mail-elsewhere" not in _faults(london) | _faults(start_up)


def test_prefixes_agree_with_the_library_that_knows_every_number():
    import phonenumbers as pn

    known = {prefix: country for prefix, country, _ in dialling.prefixes()}
    for region in pn.SUPPORTED_REGIONS:
        number = pn.format_number(pn.example_number(region), pn.PhoneNumberFormat.E164)[1:]
        told = next(known[number[:n]] for n in dialling.LENGTHS if number[:n] in known)
        # Where a country is told at all it is the right one; four territories are taken for the country they belong to.
        assert told in (region, None) or region in ("VA", "CC", "CX", "EH", "TA")


def test_consent_that_nobody_knows_is_a_fault_of_those_who_have_an_address(run_stages, starters):
    from marops.domains.consent.models import State

    known, unknown = _contact(1, email="a@b.example"), _contact(2, email="c@d.example")
    State.objects.create(contact=known, channel="email", state="denied", entry_id=new_id(), at=now())
    _run(run_stages, known, unknown, mute := _contact(3, phone="+4930123456"))
    assert "no-consent-word" in _faults(unknown)
    assert "no-consent-word" not in _faults(known) | _faults(mute)


def test_what_the_calendar_makes_a_fault_is_found_at_the_turn_of_the_day(run_stages, starters):
    fresh, old = _contact(1, email="a@b.example"), _contact(2, email="c@d.example")
    _run(run_stages, fresh, old)
    assert "stale" not in _faults(old)
    Contact.objects.filter(id=old.id).update(updated_at=now() - timedelta(days=600))
    assert day_turn(now()) == 1
    run_stages()
    assert "stale" in _faults(old)
    assert "stale" not in _faults(fresh)
    assert day_turn(now()) == 0


def test_a_day_is_kept_once_and_as_it_ended(run_stages, starters):
    one = _contact(1, country="DE", source="webinar")
    _run(run_stages, one, _contact(2, source="webinar"))
    day_turn(now())
    day_turn(now())
    kept = {(row.part, row.key): (row.contacts, row.faulty) for row in QualityDay.objects.all()}
    assert kept["all", ""] == (2, 2)
    assert kept["rule", "no-country"] == (2, 1)
    assert kept["source", "webinar"] == (2, 2)
    assert kept["queue", "unassigned-leads"] == (2, 2)


def test_the_summary_counts_what_the_rules_find_and_what_moved_in_a_week(run_stages, starters):
    one, two = _contact(1, country="DE", source="webinar"), _contact(2)
    _run(run_stages, one, two)
    day = now().date() - timedelta(days=5)
    QualityDay.objects.create(day=day, part="all", key="", contacts=9, faulty=9, score=50)
    QualityDay.objects.create(day=day, part="rule", key="no-country", contacts=9, faulty=4)
    found = quality_summary(ENGINE)
    lines = {one["name"]: one for one in found["rules"]}
    assert (found["contacts"], found["faulty"]) == (2, 2)
    assert (lines["no-country"]["contacts"], lines["no-country"]["share"]) == (1, 0.5)
    assert lines["no-country"]["change_7d"] == -3
    assert lines["unreachable"]["change_7d"] == 2  # a week ago nobody was at fault
    assert {one["key"]: one["faulty"] for one in found["sources"]} == {"webinar": 1, "": 1}
    assert [point["day"] for point in found["trend"]] == [day.isoformat(), now().date().isoformat()]


def test_those_at_fault_come_in_pages_and_only_as_far_as_the_reader_sees(run_stages, starters, cast):
    from marops.domains.routing.public import assign_lead

    people = [_contact(number) for number in range(1, 6)]
    _run(run_stages, *people)
    assign_lead(actor=ENGINE, contact_id=people[3].id, owner_id=cast.selma.id, reason="hers")
    run_stages()
    first = people_at_fault(ENGINE, "no-country", limit=2)
    assert [one["ref"] for one in first] == ["L-1", "L-2", "L-3"]
    after = first[1]["score"], first[1]["number"]
    assert [one["ref"] for one in people_at_fault(ENGINE, "no-country", limit=9, after=after)] == ["L-3", "L-4", "L-5"]
    hers = cast.actor("selma")
    assert [one["ref"] for one in people_at_fault(hers, "no-country", limit=9)] == ["L-4"]
    assert rule_summary(hers, "no-country")["contacts"] == 1
    assert quality_summary(hers)["contacts"] == 1
    assert quality_summary(hers)["trend"] == []


def test_names_and_addresses_are_hidden_from_those_who_work_with_numbers(run_stages, starters, cast):
    one = _contact(1, full_name="Ingrid Solheim", email="ingrid@solheim.example", phone="+4930123456")
    _run(run_stages, one)
    (seen,) = people_at_fault(cast.actor("lena"), "no-country", limit=5)
    assert (seen["name"], seen["email"], seen["phone"]) == ("L-1", None, None)


def test_a_draft_says_how_many_it_would_find_before_it_acts(run_stages, starters):
    _run(run_stages, _contact(1), _contact(2, source="webinar"), _contact(3, country="DE"))
    document = active("quality")[[row.slug for row in active("quality")].index("no-country")].document
    both = [document["when"], {"field": "contact.source", "is_empty": True}]
    row = draft(actor=ENGINE, kind="quality", slug="no-country", document=document | {"when": {"all": both}})
    assert would_find(row) == 1
    assert rule_summary(ENGINE, "no-country")["contacts"] == 2
    activate(actor=ENGINE, ref=row.pinned)
    run_stages()
    assert rule_summary(ENGINE, "no-country")["contacts"] == 1


def test_no_rule_takes_the_address_of_the_fixes(starters):
    document = active("quality")[0].document
    with pytest.raises(MaropsError, match="No quality rule can be called 'fixes'"):
        draft(actor=ENGINE, kind="quality", slug="fixes", document=document)


def test_a_rule_can_ask_for_the_faults_of_another(run_stages, starters):
    from marops.domains.contacts.queries.quality import _count
    from marops.kernel.rules import parse

    _run(run_stages, _contact(1), _contact(2, country="DE"))
    assert _count(parse({"member": "quality/no-country"})) == 1


@pytest.mark.parametrize("fixes", [[{"do": "set", "field": "email"}], [{"do": "tidy_title", "field": "job_title"}]])
def test_a_remedy_that_does_not_work_on_a_field_is_refused_with_its_place(starters, fixes):
    document = {
        "title": "T", "dimension": "policy", "severity": "low", "remedy": "R", "when": {"everyone": True},
        "fixes": fixes,
    }  # fmt: skip
    with pytest.raises(MaropsError) as refused:
        draft(actor=ENGINE, kind="quality", slug="one", document=document)
    assert [fault.pointer for fault in refused.value.errors] == ["/fixes/0/field"]


@given(st.text(max_size=40))
def test_a_tidied_title_is_tidy(title):
    once = remedies.tidied(title)
    assert remedies.tidied(once) == once or once.isupper() or once.islower()
    assert once.casefold() == title.casefold() or not title.isascii()


@pytest.mark.parametrize(
    ("title", "becomes"),
    [
        ("HEAD OF MARKETING", "Head of Marketing"),
        ("vp sales", "VP Sales"),
        ("CEO", "CEO"),
        ("Head of CRM", "Head of CRM"),
        ("LEITER IT & CRM", "Leiter IT & CRM"),
    ],
)
def test_titles_in_one_case_get_the_usual_one(title, becomes):
    assert remedies.tidied(title) == becomes


def test_who_was_like_somebody_erased_is_checked_again(run_stages, starters):
    from marops.kernel import ports

    one, two = _contact(1, phone="+4930123456"), _contact(2, phone="+4930123456")
    _run(run_stages, one, two)
    ports.erase["contact_likeness"]([one.id])
    assert set(Touched.objects.values_list("contact_id", flat=True)) == {two.id}
    run_stages()
    assert "same-phone" not in _faults(two)
