from typing import Any

import pytest
from django.utils import translation

from marops.kernel.rules import parse
from marops.kernel.rules_sentence import sentence
from marops.kernel.tests.rulesground import REGISTRY

NL = {"field": "contact.country", "is": "NL"}
VIP = {"field": "contact.vip", "is": True}
DEMO = {"did": "form.submitted", "where": {"form": "demo"}, "at_least": 2, "within": "30d"}

SENTENCES: list[tuple[Any, str]] = [
    (NL, "Country is Netherlands"),
    ({"field": "contact.country", "in": ["NL", "DE"]}, "Country is one of Netherlands, Germany"),
    ({"field": "contact.country", "not_in": ["NL", "US"]}, "Country is none of Netherlands, US"),
    ({"all": [NL, VIP]}, "Country is Netherlands and VIP is yes"),
    ({"any": [NL, VIP]}, "Country is Netherlands or VIP is yes"),
    (
        {"all": [NL, {"any": [VIP, DEMO]}]},
        (
            "Country is Netherlands and (VIP is yes or did “form submitted” (where form is demo)"
            " at least 2 times in the last 30 days)"
        ),
    ),
    ({"all": [NL, {"all": [VIP, VIP]}]}, "Country is Netherlands and VIP is yes and VIP is yes"),
    ({"any": [{"all": [NL, VIP]}, VIP]}, "(Country is Netherlands and VIP is yes) or VIP is yes"),
    ({"all": [{"any": [NL]}]}, "Country is Netherlands"),
    ({"not": NL}, "Country is not Netherlands"),
    ({"not": {"not": NL}}, "Country is Netherlands"),
    ({"not": {"all": [NL, VIP]}}, "Not (country is Netherlands and VIP is yes)"),
    ({"not": {"field": "contact.employees", "at_least": 5}}, "Not (employees is at least 5)"),
    ({"field": "contact.owner", "is_empty": True}, "Owner is nobody"),
    ({"field": "contact.owner", "is_filled": True}, "Owner is not nobody"),
    ({"field": "contact.name", "is_empty": True}, "Name is empty"),
    ({"field": "contact.name", "contains": "50%"}, "Name contains “50%”"),
    ({"field": "contact.name", "contains": ["a", "b"]}, "Name contains a, b"),
    ({"field": "contact.name", "starts_with": "A", "case": "exact"}, "Name starts with “A” (capitals count)"),
    ({"field": "contact.name", "matches": "^a%s"}, "Name matches the pattern “^a%s”"),
    ({"field": "contact.name", "is": "today"}, "Name is today"),
    ({"field": "contact.employees", "between": [1, 10]}, "Employees is between 1 and 10"),
    ({"field": "contact.revenue", "at_least": "12.50 EUR"}, "Revenue is at least 12.50 EUR"),
    (
        {"field": "contact.revenue", "less_than": {"amount": "12", "currency": "EUR"}},
        "Revenue is less than 12 EUR",
    ),
    (
        {"field": "contact.created_at", "between": ["2026-01-01", "2026-02-01"]},
        "Created is from 1 January 2026 to before 1 February 2026",
    ),
    ({"field": "contact.created_at", "within_last": "1d"}, "Created is in the last 1 day"),
    ({"field": "contact.created_at", "within_next": "6w"}, "Created is in the next 6 weeks"),
    ({"field": "contact.created_at", "before": "90d ago"}, "Created is before 90 days ago"),
    ({"field": "contact.created_at", "after": "in 2mo"}, "Created is after 2 months from now"),
    ({"field": "contact.created_at", "on": "today"}, "Created is on today"),
    ({"field": "contact.created_at", "before": "2026-07-01T09:30"}, "Created is before 1 July 2026 09:30"),
    ({"field": "contact.birthday", "anniversary": "today"}, "Birthday has its anniversary today"),
    (
        {"field": "contact.birthday", "anniversary": {"within_next": "7d"}},
        "Birthday has its anniversary in the next 7 days",
    ),
    ({"did": "page.viewed"}, "Did “viewed a page”"),
    ({"did": "page.viewed", "at_least": 1}, "Did “viewed a page”"),
    ({"did": "page.viewed", "at_most": 2}, "Did “viewed a page” at most 2 times or never"),
    ({"did": "page.viewed", "exactly": 1, "within": "12h"}, "Did “viewed a page” exactly 1 time in the last 12 hours"),
    ({"did": "page.viewed", "exactly": 0}, "Never did “viewed a page”"),
    (
        {"did": ["page.viewed", "email.clicked"], "at_least": 1, "at_most": 3},
        "Did “viewed a page” or “e-mail clicked” at least 1 time and at most 3 times",
    ),
    ({"did_not": "email.clicked", "within": "90d"}, "Did not do “e-mail clicked” in the last 90 days"),
    (
        {"did_not": "email.clicked", "since": "2026-01-01", "before": "today"},
        "Did not do “e-mail clicked” since 1 January 2026 before today",
    ),
    (
        {"did": "email.clicked", "where": {"link": {"contains": "price"}, "campaign_id": {"is_filled": True}}},
        "Did “e-mail clicked” (where the link contains “price” and campaign is not empty)",
    ),
    ({"last": "email.clicked", "within_last": "30d"}, "The last “e-mail clicked” is in the last 30 days"),
    ({"first": "email.clicked", "is_empty": True}, "The first “e-mail clicked” is empty"),
    ({"member": "segment/customers"}, "Is in the segment “Customers”"),
    ({"not": {"member": "segment/customers"}}, "Is not in the segment “Customers”"),
    ({"everyone": True}, "Everyone"),
    ({"not": {"everyone": True}}, "Nobody"),
    ({"field": "contact.gone", "is": "x"}, "Contact.gone is x"),
    ({"did": "gone.away"}, "Did “gone.away”"),
]


@pytest.mark.parametrize(("rule", "said"), SENTENCES)
def test_a_rule_in_words(rule: Any, said: str) -> None:
    assert sentence(parse(rule), REGISTRY) == said


def test_a_long_list_is_cut() -> None:
    said = sentence(parse({"field": "contact.name", "in": [f"n{number}" for number in range(40)]}), REGISTRY)
    assert said.endswith("n9, 30 others")


def test_a_sentence_stands_in_the_language_that_is_active() -> None:
    with translation.override("de"):
        assert sentence(parse({"field": "contact.country", "is": "NL"}), REGISTRY) == "Country is Netherlands"
