import pytest

from marops.domains.capture.tests.conftest import bring
from marops.domains.contacts.actions import set_enrichment
from marops.domains.contacts.jobs import run_enrichment, take_back
from marops.domains.contacts.models import Company, Contact, Fix
from marops.domains.contacts.queries.enrichment import enrichment, preview_enrichment
from marops.domains.contacts.queries.people import origins_of
from marops.kernel import facts
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id

__all__ = ["bring"]
pytestmark = pytest.mark.django_db(transaction=True)


def _works(number: int, name: str, company: Company | None = None, domain: str = "nordvik.no", **more) -> Contact:
    kind = more.pop("kind", "work")
    said = {"company": company, "company_name": company.name} if company else {}
    return Contact.objects.create(
        id=new_id(), number=number, email=f"{name}@{domain}", email_domain=domain, email_kind=kind, email_role=False,
        **said, **more,
    )  # fmt: skip


def _company(number: int, name: str, **more) -> Company:
    return Company.objects.create(id=new_id(), number=number, name=name, name_key=name.lower(), **more)


def test_colleagues_say_the_company_where_enough_agree_and_never_through_free_mail(starters):
    nordvik, other = _company(1, "Nordvik"), _company(2, "Other")
    for number in range(1, 5):
        _works(number, f"n{number}", nordvik)
    asked = _works(10, "asks")
    for number in (20, 21):
        _works(number, f"f{number}", nordvik, "gmail.com", kind="free")
    _works(22, "free", None, "gmail.com", kind="free")
    _works(30, "one", nordvik, "alone.io")
    _works(31, "two", None, "alone.io")
    for number, company in ((40, nordvik), (41, nordvik), (42, other), (43, other)):
        _works(number, f"d{number}", company, "divided.io")
    _works(44, "none", None, "divided.io")
    found = preview_enrichment(ENGINE, "company_from_colleagues")
    assert (found["contacts"], [one["ref"] for one in found["rows"]]) == (1, ["L-10"])
    assert {one["reason"]: one["contacts"] for one in found["skipped"]} == {
        "There is no work address.": 1,
        "Too few people with this domain name a company.": 1,
        "People with this domain name different companies.": 1,
    }
    done = run_enrichment(ENGINE, "company_from_colleagues")
    asked.refresh_from_db()
    assert (asked.company_name, asked.company_id) == ("Nordvik", nordvik.id)
    assert origins_of(asked)["company_name"].derived == "company_from_colleagues"
    assert take_back(ENGINE, done["ref"])["restored"] == 1
    asked.refresh_from_db()
    assert (asked.company_name, asked.company_id) == (None, None)


def test_what_was_derived_is_nobodys_word_for_the_next(starters):
    nordvik = _company(1, "Nordvik")
    for number in (1, 2):
        _works(number, f"n{number}", nordvik)
    _works(3, "third")
    run_enrichment(ENGINE, "company_from_colleagues")
    Contact.objects.filter(number=1).delete()
    _works(4, "fourth")
    assert preview_enrichment(ENGINE, "company_from_colleagues")["contacts"] == 0


def test_facts_parts_and_kinds_fill_only_what_is_empty_and_go_back(starters):
    firm = _company(1, "Nordvik", industry="Shipping", employees=120, website="https://nordvik.no")
    own = _works(1, "own", firm, industry="Logistics", job_title="VP Sales", seniority="director")
    bare = Contact.objects.create(id=new_id(), number=2, email="info@mailinator.com")
    facts_, parts, kind = (run_enrichment(ENGINE, name)["ref"] for name in
                           ("facts_of_company", "parts_of_title", "kind_of_mail"))  # fmt: skip
    own.refresh_from_db()
    assert (own.industry, own.employees, own.website) == ("Logistics", 120, "https://nordvik.no")
    assert (own.seniority, own.job_function) == ("director", "sales")
    bare.refresh_from_db()
    assert (bare.email_kind, bare.email_role, bare.email_domain) == ("disposable", True, "mailinator.com")
    for ref in (facts_, parts, kind):
        take_back(ENGINE, ref)
    own.refresh_from_db()
    bare.refresh_from_db()
    assert (own.employees, own.job_function, bare.email_kind, bare.email_role) == (None, None, None, None)
    assert (own.industry, own.seniority) == ("Logistics", "director")


def test_records_that_come_in_are_enriched_as_the_setting_says_and_a_source_has_the_last_word(
    starters, bring, run_stages
):
    before = Contact.objects.create(id=new_id(), number=900, phone="+4930123456")
    set_enrichment(actor=ENGINE, as_they_come=["country_from_phone"])
    bring("Email,Phone\na@x.de,+4930999999\nb@x.de,+4930777777\n")
    facts.touch([before.id], now())
    run_stages()
    one, two = Contact.objects.filter(email__isnull=False).order_by("email")
    before.refresh_from_db()
    assert (one.country, two.country, before.country) == ("DE", "DE", None)
    assert origins_of(one)["country"].derived == "country_from_phone"
    bring("Email,Country\na@x.de,Austria\n")
    assert Contact.objects.get(id=one.id).country == "AT"
    assert take_back(ENGINE, Fix.objects.get().ref)["restored"] == 1
    run_stages()
    assert [Contact.objects.get(id=each.id).country for each in (one, two)] == ["AT", None]


def test_the_overview_counts_what_each_would_fill_and_only_holders_of_the_right_set_it(starters, cast):
    _works(1, "x", None, "nordvik.no", job_title="Head of Marketing")
    found = enrichment(ENGINE)
    assert {one["name"]: one["contacts"] for one in found["derivations"] if one["contacts"]} == {"parts_of_title": 1}
    with pytest.raises(MaropsError, match=r"quality\.fix"):
        set_enrichment(actor=cast.actor("nils"), as_they_come=["parts_of_title"])
    with pytest.raises(MaropsError) as refused:
        set_enrichment(actor=ENGINE, as_they_come=["tidy_title"])
    assert [one.pointer for one in refused.value.errors] == ["/as_they_come/0"]


def test_the_page_fills_in_after_a_preview_and_keeps_the_setting(starters, cast):
    firm = _company(1, "Nordvik", industry="Shipping")
    _works(1, "own", firm)
    hanna = cast.client("hanna")
    shown = hanna.get("/quality/enrichment").content.decode()
    assert "1 record could be filled in" in shown
    assert 'href="/quality/enrichment/facts_of_company"' in shown
    looked = hanna.get("/quality/enrichment/facts_of_company").content.decode()
    assert "Shipping" in looked
    assert Contact.objects.get(number=1).industry is None
    kept = hanna.post("/quality/enrichment/setting", {"names": ["facts_of_company", "parts_of_title"]})
    assert kept.url == "/quality/enrichment"
    assert "checked" in hanna.get("/quality/enrichment").content.decode()
    assert hanna.post("/quality/enrichment/setting", {"names": ["tidy_title"]}).status_code == 422
    sent = hanna.post("/quality/enrichment/facts_of_company")
    assert sent.url.startswith("/quality/enrichment/fix/J-")
