import pytest

from marops.domains.capture.tests.conftest import bring
from marops.domains.contacts.actions import accept_words, count_words, forget_words, reject_words
from marops.domains.contacts.jobs import run_words, take_back
from marops.domains.contacts.models import Contact, CustomField
from marops.domains.contacts.queries.vocabularies import groups, overview, preview_words
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.definitions import active
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id

__all__ = ["bring"]
pytestmark = pytest.mark.django_db(transaction=True)


def _people(**titles: int) -> None:
    number = Contact.objects.count()
    for title, times in titles.items():
        for _ in range(times):
            number += 1
            Contact.objects.create(id=new_id(), number=number, job_title=title.replace("_", " "))


def _titles() -> dict[str, int]:
    found: dict[str, int] = {}
    for title in Contact.objects.values_list("job_title", flat=True):
        found[title] = found.get(title, 0) + 1
    return found


def test_a_proposal_is_accepted_once_applied_with_a_preview_and_taken_back():
    _people(Sales_Manager=9, Sales_Manger=2, SALES_MANAGER=1)
    Contact.objects.filter(job_title="Sales Manger").update(seniority=None, job_function="sales")
    (group,) = groups(ENGINE, "job_title")
    assert (group.becomes, group.count, group.moved) == ("Sales Manager", 9, 3)
    accept_words(actor=ENGINE, field="job_title", words=[(group.becomes, [one.value for one in group.spellings])])
    assert groups(ENGINE, "job_title") == []
    shown = preview_words(ENGINE, "job_title")
    assert (shown["contacts"], _titles()["Sales Manger"]) == (3, 2)
    assert {row["before"]["job_title"] for row in shown["rows"]} == {"Sales Manger", "SALES MANAGER"}
    done = run_words(ENGINE, "job_title")
    assert (done["contacts"], _titles()) == (3, {"Sales Manager": 12})
    assert Contact.objects.get(number=10).seniority == "manager"
    assert take_back(ENGINE, done["ref"])["restored"] == 3
    assert _titles() == {"Sales Manager": 9, "Sales Manger": 2, "SALES MANAGER": 1}
    assert Contact.objects.get(number=10).seniority is None


def test_what_comes_in_follows_the_words_in_force_and_keeps_what_came(bring):
    accept_words(actor=ENGINE, field="job_title", words=[("Sales Manager", ["Sales Manger"])])
    accept_words(actor=ENGINE, field="country", words=[("United States", ["Untied States"])])
    accept_words(actor=ENGINE, field="company_name", words=[("Nordvik", ["Nordwik"])])
    accept_words(actor=ENGINE, field="custom.tier", words=[("gold", ["goldd"])])
    bring("Email,Title,Country,Company,Tier\na@x.de,SALES MANGER,Untied States,Nordwik,goldd\n"
          "b@x.de,Sales Manager,Germany,Nordvik,gold\n")  # fmt: skip
    one, two = Contact.objects.order_by("email")
    assert (one.job_title, one.seniority, one.job_function) == ("Sales Manager", "manager", "sales")
    assert (one.country, one.company_name, one.company_id) == ("US", "Nordvik", two.company_id)
    assert one.custom == two.custom == {"tier": "gold"}
    assert one.originals == {
        "job_title": "SALES MANGER", "country": "Untied States", "company_name": "Nordwik", "custom.tier": "goldd",
    }  # fmt: skip
    assert two.originals == {"country": "Germany"}
    bring("Email,Title\na@x.de,sales manger\n")
    assert Contact.objects.get(id=one.id).job_title == "Sales Manager"


def test_a_field_of_the_workspace_is_written_alike_and_taken_back():
    CustomField.objects.create(id=new_id(), slug="tier", label="Tier", entity="contact", type="text", made_by="x")
    for number, tier in enumerate(["platinum", "platinum", "platinum", "platinm"], 1):
        Contact.objects.create(id=new_id(), number=number, custom={"tier": tier, "other": 1})
    (group,) = groups(ENGINE, "custom.tier")
    accept_words(actor=ENGINE, field="custom.tier", words=[(group.becomes, [one.value for one in group.spellings])])
    ref = run_words(ENGINE, "custom.tier")["ref"]
    assert Contact.objects.get(number=4).custom == {"tier": "platinum", "other": 1}
    take_back(ENGINE, ref)
    assert Contact.objects.get(number=4).custom == {"tier": "platinm", "other": 1}


def test_each_word_is_a_version_and_rejected_pairs_are_remembered():
    _people(Sales_Manager=9, Sales_Manger=2)
    reject_words(actor=ENGINE, field="job_title", word="Sales Manager", spellings=["Sales Manger"])
    assert groups(ENGINE, "job_title") == []
    accept_words(actor=ENGINE, field="job_title", words=[("Boss", ["Chef"])])
    accept_words(actor=ENGINE, field="job_title", words=[("Chief", ["Boss"])])
    (row,) = active("vocabulary")
    assert row.pinned == "vocabulary/job-title@3"
    assert row.document["terms"] == [{"becomes": "Chief", "spellings": ["Boss", "Chef"]}]
    assert row.document["apart"] == [["Sales Manger", "Sales Manager"]]
    forget_words(actor=ENGINE, field="job_title", word="Chief")
    assert active("vocabulary")[0].document["terms"] == []


def test_a_country_that_nobody_understood_is_proposed_and_given_to_those_who_wrote_it():
    for number, said in enumerate(["Germny", "Deutshland", "Atlantis"], 1):
        Contact.objects.create(id=new_id(), number=number, originals={"country": said})
    found = {each.value: one.becomes for one in groups(ENGINE, "country") for each in one.spellings}
    assert found == {"Germny": "Germany", "Deutshland": "Germany"}
    accept_words(actor=ENGINE, field="country", words=[("Germany", ["Germny"])])
    ref = run_words(ENGINE, "country")["ref"]
    assert list(Contact.objects.order_by("number").values_list("country", flat=True)) == ["DE", None, None]
    take_back(ENGINE, ref)
    assert Contact.objects.get(number=1).country is None


def test_only_holders_of_the_right_accept_words(cast):
    for name in ("lena", "nils"):
        with pytest.raises(MaropsError, match=r"quality\.fix"):
            accept_words(actor=cast.actor(name), field="job_title", words=[("Boss", ["Chef"])])


def test_the_overview_counts_spellings_words_and_records():
    _people(Sales_Manager=9, Sales_Manger=2)
    found = overview(ENGINE)
    assert (found["spellings"], found["words"], found["records"]) == (1, 1, 2)
    assert [one["field"] for one in found["fields"]] == ["job_title"]


def test_the_desk_says_how_many_spellings_wait_as_of_the_last_day(cast):
    from marops.domains.contacts.desk import words

    _people(Sales_Manager=9, Sales_Manger=2)
    assert list(words(cast.actor("samuel"), now())) == []
    assert (count_words(actor=ENGINE, as_of=now()), count_words(actor=ENGINE, as_of=now())) == (1, 0)
    (need,) = words(cast.actor("samuel"), now())
    assert (need.title, need.url) == ("1 spelling could be another word", "/quality/vocabularies")
    assert list(words(cast.actor("selma"), now())) == []
