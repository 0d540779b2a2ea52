from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from marops.kernel.errors import MaropsError
from marops.kernel.rules import parse
from marops.kernel.rules_explain import MASKED, Explanation, explain
from marops.kernel.tests.rulesground import AS_OF, Ground, context, ground, member, person_id, score

CALLS: list[str] = []


@pytest.fixture
def here() -> Ground:
    people = [
        {
            "name": "Anna",
            "country": "NL",
            "vip": False,
            "birthday": date(2000, 2, 29),
            "created_at": AS_OF - timedelta(days=3),
            "revenue": Decimal("12.50"),
            "revenue_currency": "EUR",
            "tags": ["a"],
            "custom": {"c_number": 7, "c_moment": "2026-07-15T12:00:00Z"},
        },
        {"name": None},
    ]
    facts = [{"who": 0, "kind": "page.viewed", "occurred_at": AS_OF - timedelta(days=days)} for days in (1, 2, 50)]
    found = ground(people, facts)
    score(found, 0, Decimal("41.5"))
    member(found, 0, "customers")
    return found


def why(here: Ground, rule: Any, who: int = 0, **more: Any) -> Explanation:
    def run(sql: str) -> list[dict[str, Any]]:
        CALLS.append(sql)
        return here.run(sql)

    return explain(parse(rule), context(), here.bindings, person_id(who), run, **more)


VALUES = [
    ({"field": "contact.name", "is": "anna"}, True, "Anna"),
    ({"field": "contact.vip", "is": True}, False, False),
    ({"field": "contact.birthday", "is_filled": True}, True, date(2000, 2, 29)),
    ({"field": "contact.created_at", "within_last": "7d"}, True, AS_OF - timedelta(days=3)),
    ({"field": "contact.custom.moment", "on": "today"}, True, AS_OF),
    ({"field": "contact.custom.number", "at_least": 8}, False, 7),
    ({"field": "contact.tags", "contains": "a"}, True, ["a"]),
    ({"field": "score.total", "at_least": 41}, True, Decimal("41.5")),
    ({"did": "page.viewed", "at_least": 3, "within": "30d"}, False, 2),
    ({"did_not": "email.clicked"}, True, 0),
    ({"last": "page.viewed", "within_last": "1w"}, True, AS_OF - timedelta(days=1)),
    ({"first": "email.clicked", "is_empty": True}, True, None),
    ({"member": "segment/customers"}, True, None),
]


@pytest.mark.parametrize(("rule", "holds", "value"), VALUES)
def test_each_leaf_says_what_it_saw(here: Ground, rule: Any, holds: bool, value: Any) -> None:
    found = why(here, rule)
    assert (found.holds, found.value, found.decided) == (holds, value, True)
    assert found.sentence


def test_one_statement_answers_all_leaves(here: Ground) -> None:
    CALLS.clear()
    why(here, {"all": [rule for rule, _, _ in VALUES]})
    assert len(CALLS) == 1


def test_a_false_all_is_decided_by_its_false_parts(here: Ground) -> None:
    rule = {"all": [{"field": "contact.name", "is": "anna"}, {"field": "contact.vip", "is": True}]}
    found = why(here, rule)
    assert not found.holds
    assert [leaf.pointer for leaf in found.deciding()] == ["/all/1"]


def test_a_true_any_is_decided_by_its_true_parts(here: Ground) -> None:
    inner = {"any": [{"field": "contact.name", "is": "anna"}, {"field": "contact.vip", "is": True}]}
    assert [leaf.pointer for leaf in why(here, inner).deciding()] == ["/any/0"]
    refused = why(here, {"not": inner})
    assert (refused.holds, [leaf.pointer for leaf in refused.deciding()]) == (False, ["/not/any/0"])


def test_values_of_closed_fields_are_masked(here: Ground) -> None:
    rule = {"field": "contact.revenue", "at_least": "10 EUR"}
    assert why(here, rule).value == MASKED
    assert why(here, rule, shows=lambda field: True).value == Decimal("12.5")


def test_nothing_there_is_no_value(here: Ground) -> None:
    assert why(here, {"field": "contact.name", "is_empty": True}, who=1).value is None


def test_somebody_who_is_not_there(here: Ground) -> None:
    with pytest.raises(MaropsError) as caught:
        why(here, {"everyone": True}, who=99)
    assert caught.value.code == "not-found"


def test_as_json(here: Ground) -> None:
    rule = {
        "all": [{"field": "contact.created_at", "within_last": "7d"}, {"not": {"field": "contact.vip", "is": True}}]
    }
    found = why(here, rule).as_json()
    assert found["parts"][0] == {
        "pointer": "/all/0",
        "kind": "field",
        "holds": True,
        "decided": True,
        "sentence": "created is in the last 7 days",
        "value": "2026-07-12T12:00:00Z",
    }
    assert found["parts"][1]["parts"][0]["holds"] is False
    assert datetime.fromisoformat(found["parts"][0]["value"]) == AS_OF - timedelta(days=3)
