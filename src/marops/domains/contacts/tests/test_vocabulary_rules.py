import pytest

from marops.domains.contacts.rules import spelling
from marops.domains.contacts.rules.vocabularies import Term, Vocabulary, proposals

TITLES = {
    "management": 3204, "MANAGMEENT": 41, "Managment": 12, "Sales Manager": 300, "Sales Manger": 5, "sales manager": 20,
    "Sales Mgr": 8, "VP Sales": 40, "SVP Sales": 12, "Vice President of Sales": 9, "Sr. Manager": 5, "Jr. Manager": 5,
    "Senior Manager": 50, "Trainer": 50, "Trainee": 3, "Marketing Director": 20, "Marketing Directer": 2,
    "C Developer": 5, "C++ Developer": 50, "C# Developer": 60, "Engineer II": 3, "Engineer III": 30, "Analyst": 200,
    "Analysis": 3, "Inbound Marketing": 4, "Outbound Marketing": 40, "Regional Sales Manger": 1,
}  # fmt: skip


def _to(field: str, counts: dict[str, int], **more) -> dict[str, str]:
    return {each.value: one.becomes for one in proposals(field, counts, **more) for each in one.spellings}


@pytest.mark.parametrize(
    ("spelling_", "word"),
    [
        ("MANAGMEENT", "management"), ("Managment", "management"), ("Sales Manger", "Sales Manager"),
        ("sales manager", "Sales Manager"), ("Sales Mgr", "Sales Manager"), ("Vice President of Sales", "VP Sales"),
        ("Sr. Manager", "Senior Manager"), ("Marketing Directer", "Marketing Director"),
        ("Regional Sales Manger", "Regional Sales Manager"),
    ],
)  # fmt: skip
def test_the_rare_spelling_goes_to_the_frequent_word(spelling_, word):
    assert _to("job_title", TITLES)[spelling_] == word


@pytest.mark.parametrize(
    "value",
    [
        "VP Sales", "SVP Sales", "Jr. Manager", "Trainer", "Trainee", "C Developer", "C++ Developer", "Engineer II",
        "Engineer III", "Analyst", "Analysis", "Inbound Marketing", "Outbound Marketing", "management", "Sales Manager",
    ],
)  # fmt: skip
def test_what_is_really_different_stays_apart(value):
    assert value not in _to("job_title", TITLES)


@pytest.mark.parametrize(
    ("rare", "common"),
    [
        ("employee", "employer"), ("import", "export"), ("austria", "australia"), ("niger", "nigeria"),
        ("manage", "manager"), ("personal", "personnel"), ("marking", "marketing"), ("sport", "support"),
        ("internal", "external"), ("vp", "svp"), ("sales", "scales"), ("lessor", "lessee"), ("tutor", "tutors2"),
    ],
)  # fmt: skip
def test_words_that_exist_are_no_slips(rare, common):
    assert spelling.slip(rare, common) is None


def test_groups_say_how_many_and_how_sure():
    group = next(one for one in proposals("job_title", TITLES) if one.becomes == "management")
    assert (group.count, group.moved) == (3204, 53)
    assert [(one.value, one.count, one.why) for one in group.spellings] == [
        ("MANAGMEENT", 41, "misspelt"), ("Managment", 12, "misspelt"),
    ]  # fmt: skip
    assert 0.9 < group.sure < 1


def test_a_word_as_frequent_as_its_neighbour_is_a_word():
    assert _to("job_title", {"Marketing Director": 20, "Marketing Directer": 19}) == {}


def test_two_legal_forms_may_be_two_companies_and_short_names_are_no_slips():
    names = {"Acme Inc": 5, "Acme, Inc.": 2, "Acme": 1, "Beta GmbH": 3, "Beta AG": 9, "Alphon": 1, "Alphona": 40}
    assert _to("company_name", names) == {"Acme, Inc.": "Acme Inc", "Acme": "Acme Inc"}


def test_a_country_nobody_understood_is_looked_up_among_all_countries():
    words = {"united states": "United States", "austria": "Austria", "australia": "Australia", "germany": "Germany"}
    assert _to("country", {"Untied States": 4, "Germny": 2, "Austral": 1}, dictionary=words) == {
        "Untied States": "United States", "Germny": "Germany",
    }  # fmt: skip


def test_what_was_said_before_is_not_proposed_again():
    known = Vocabulary(
        field="job_title",
        terms=(Term(becomes="Sales Manager", spellings=("Sales Mgr",)),),
        apart=(("Sales Manger", "Sales Manager"),),
    )
    found = _to("job_title", TITLES, known=known)
    assert not {"Sales Mgr", "Sales Manger"} & set(found)
    assert found["sales manager"] == "Sales Manager"
