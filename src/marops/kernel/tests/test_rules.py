"""Rules as they are written: what is read, what is refused and how it says so."""

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ValidationError

from marops.kernel.errors import MaropsError
from marops.kernel.rules import (
    Rule,
    RuleDocument,
    dump,
    field_names,
    find_cycle,
    parse,
    pointers,
    read_yaml,
    references,
    refuse_cycle,
    write_yaml,
)
from marops.kernel.rules_meaning import Context, check, understand
from marops.kernel.tests.rulesground import AS_OF, ZONE, context, meaning

WRITTEN = """
all:
  - {field: contact.country, is: NO}
  - field: contact.created_at
    on: 2026-07-01
  - not: {field: contact.name, is: yes}
  - {did: form.submitted, where: {form: demo}, at_least: 2, within: 30d}
  - any:
      - {member: segment/customers}
      - {last: page.viewed, between: [2026-01-01, 2026-02-01]}
"""


def faults(rule: Any) -> list[tuple[str, str]]:
    with pytest.raises(MaropsError) as caught:
        meaning(rule)
    assert caught.value.code == "rule-invalid"
    assert all(fault.remedy for fault in caught.value.errors)
    return [(fault.pointer, fault.code) for fault in caught.value.errors]


def test_yaml_is_read_as_people_mean_it() -> None:
    rule = read_yaml(WRITTEN)
    assert rule["all"][0] == {"field": "contact.country", "is": "NO"}
    assert rule["all"][2]["not"]["is"] == "yes"
    assert meaning(rule)
    assert dump(parse(rule))["all"][1] == {"field": "contact.created_at", "on": "2026-07-01"}
    assert parse(read_yaml(write_yaml(dump(parse(rule))))) == parse(rule)


def test_the_key_on_survives_a_yaml_that_reads_it_as_true() -> None:
    assert parse({"field": "contact.birthday", True: "2026-07-01"}) == parse(
        {"field": "contact.birthday", "on": "2026-07-01"}
    )


def test_a_rule_can_carry_the_version_of_the_language() -> None:
    bare = {"field": "contact.vip", "is": True}
    assert parse({"schema_version": 1, "rule": bare}) == parse(bare)
    assert RuleDocument.model_validate({"rule": bare}).model_dump()["schema_version"] == 1
    with pytest.raises(MaropsError, match="schema_version"):
        parse({"schema_version": 99, "rule": bare})


def test_a_rule_stands_inside_another_document() -> None:
    class Segment(BaseModel):
        name: str
        rule: Rule

    found = Segment.model_validate({"name": "a", "rule": {"all": [{"everyone": True}]}})
    assert dump(found.rule) == {"all": [{"everyone": True}]}
    with pytest.raises(ValidationError):
        Segment.model_validate({"name": "a", "rule": {"field": "contact.vip"}})


REFUSED = [
    ({}, ""),
    ([], ""),
    ("contact.vip", ""),
    (None, ""),
    ({"all": []}, "/all"),
    ({"any": []}, "/any"),
    ({"all": [{"field": "contact.vip"}]}, "/all/0"),
    ({"all": [{"everyone": True}, {"field": "contact.vip", "is": True, "is_not": False}]}, "/all/1"),
    ({"all": [{"everyone": True}], "any": [{"everyone": True}]}, ""),
    ({"field": "contact.vip", "is": None}, ""),
    ({"field": "contact.vip", "is": True, "colour": "red"}, "/colour"),
    ({"not": {"any": [{"field": "contact.vip", "maybe": True}]}}, "/not/any/0/maybe"),
    ({"field": "contact.vip", "is": True, "case": "loose"}, "/case"),
    ({"field": "contact.vip", "is_empty": False}, "/is_empty"),
    ({"field": "contact.name", "in": []}, "/in"),
    ({"field": "contact.name", "in": [["a"]]}, "/in/0"),
    ({"field": "contact.name", "is": {"a": 1}}, "/is/a"),
    ({"field": "contact.employees", "between": [1]}, "/between/1"),
    ({"field": 7, "is": 1}, "/field"),
    ({"did": "page.viewed", "at_least": -1}, "/at_least"),
    ({"did": "page.viewed", "at_least": 0}, ""),
    ({"did": "page.viewed", "at_least": 3, "at_most": 2}, ""),
    ({"did": "page.viewed", "exactly": 3, "at_most": 2}, ""),
    ({"did": "page.viewed", "within": "30d", "since": "2026-01-01"}, ""),
    ({"did": [], "within": "30d"}, "/did"),
    ({"did_not": "page.viewed", "at_least": 2}, "/at_least"),
    ({"did": "page.viewed", "where": {"form": {"is": "a", "in": ["b"]}}}, "/where/form"),
    ({"everyone": False}, "/everyone"),
    ({"rule": {"field": "contact.vip"}}, "/rule"),
]


@pytest.mark.parametrize(("rule", "pointer"), REFUSED)
def test_what_is_no_rule_is_refused_at_its_place(rule: Any, pointer: str) -> None:
    with pytest.raises(MaropsError) as caught:
        parse(rule)
    assert caught.value.code == "rule-invalid"
    assert pointer in [fault.pointer for fault in caught.value.errors]


def test_a_tree_that_is_too_deep_or_too_large_is_refused_not_crashed_on() -> None:
    deep: Any = {"everyone": True}
    for _ in range(5000):
        deep = {"not": deep}
    with pytest.raises(MaropsError, match="levels"):
        parse(deep)
    with pytest.raises(MaropsError, match="conditions"):
        parse({"all": [{"everyone": True}] * 3000})


def test_G7_a_missing_field_refuses_the_rule() -> None:
    assert faults({"any": [{"everyone": True}, {"field": "contact.contry", "is": "NL"}]}) == [
        ("/any/1/field", "unknown-field")
    ]
    with pytest.raises(MaropsError) as caught:
        meaning({"field": "contact.contry", "is": "NL"})
    assert "contact.country" in next(iter(caught.value.errors)).remedy


MISSING = [
    ({"field": "contact.old", "is": "x"}, "/field", "retired"),
    ({"field": "contact.custom.gone", "is": "x"}, "/field", "unknown-field"),
    ({"field": "company.name", "is": "x"}, "/field", "wrong-relation"),
    ({"member": "segment/never"}, "/member", "unknown-member"),
    ({"member": "segment/deleted"}, "/member", "gone"),
    ({"member": "list/customers"}, "/member", "unknown-member"),
    ({"member": "customers"}, "/member", "unknown-member"),
    ({"did": "page.veiwed"}, "/did", "unknown-fact"),
    ({"did_not": ["page.viewed", "x.y"]}, "/did_not", "unknown-fact"),
    ({"last": "x.y", "before": "today"}, "/last", "unknown-fact"),
    ({"did": "page.viewed", "where": {"a b": "x"}}, "/where/a b", "unknown-field"),
    ({"did": "page.viewed", "where": {"a/b": "x"}}, "/where/a~1b", "unknown-field"),
]


@pytest.mark.parametrize(("rule", "pointer", "code"), MISSING)
def test_G7_whatever_is_missing_refuses_the_rule(rule: Any, pointer: str, code: str) -> None:
    assert faults(rule) == [(pointer, code)]
    assert faults({"not": {"all": [{"everyone": True}, rule]}}) == [(f"/not/all/1{pointer}", code)]


WRONG = [
    ({"field": "contact.vip", "contains": "x"}, "/contains"),
    ({"field": "contact.name", "at_least": 3}, "/at_least"),
    ({"field": "contact.name", "before": "today"}, "/before"),
    ({"field": "contact.birthday", "is": "2026-01-01"}, "/is"),
    ({"field": "contact.tags", "in": ["a"]}, "/in"),
    ({"field": "contact.employees", "is": 3, "case": "exact"}, "/case"),
    ({"field": "contact.name", "is_empty": True, "case": "exact"}, "/case"),
    ({"field": "contact.name", "is": " "}, "/is"),
    ({"field": "contact.name", "is": 3}, "/is"),
    ({"field": "contact.name", "contains": "a\0b"}, "/contains"),
    ({"field": "contact.name", "contains": "\ud800"}, "/contains"),
    ({"field": "contact.name", "contains": "x" * 1001}, "/contains"),
    ({"field": "contact.name", "matches": "(a+)+"}, "/matches"),
    ({"field": "contact.country", "is": "Nederland"}, "/is"),
    ({"field": "contact.country", "is": False}, "/is"),
    ({"field": "contact.vip", "is": "yes"}, "/is"),
    ({"field": "contact.employees", "is": "many"}, "/is"),
    ({"field": "contact.employees", "is": True}, "/is"),
    ({"field": "contact.employees", "is": "1e99"}, "/is"),
    ({"field": "contact.employees", "is": "NaN"}, "/is"),
    ({"field": "contact.weight", "is": "0.12345678901"}, "/is"),
    ({"field": "contact.owner", "is": "me"}, "/is"),
    ({"field": "contact.revenue", "is": 12}, "/is"),
    ({"field": "contact.revenue", "is": "12 euros"}, "/is"),
    ({"field": "contact.revenue", "between": ["1 EUR", "2 USD"]}, "/between"),
    ({"field": "contact.created_at", "within_last": "30"}, "/within_last"),
    ({"field": "contact.created_at", "within_last": "30m"}, "/within_last"),
    ({"field": "contact.created_at", "within_last": "99999d"}, "/within_last"),
    ({"field": "contact.created_at", "before": "yesteryear"}, "/before"),
    ({"field": "contact.created_at", "before": "2026-02-30"}, "/before"),
    ({"field": "contact.created_at", "before": "0001-01-01"}, "/before"),
    ({"field": "contact.created_at", "before": 2026}, "/before"),
    ({"field": "contact.created_at", "on": "2026-01-01T10:00"}, "/on"),
    ({"field": "contact.birthday", "before": "2026-01-01T10:00"}, "/before"),
    ({"field": "contact.birthday", "within_last": "12h"}, "/within_last"),
    ({"field": "contact.birthday", "anniversary": {"within_next": "12h"}}, "/anniversary"),
    ({"field": "contact.birthday", "anniversary": {"within_next": "2y"}}, "/anniversary"),
    ({"field": "contact.custom.moment", "anniversary": "today"}, "/anniversary"),
    ({"did": "page.viewed", "within": "soon"}, "/within"),
    ({"did": "page.viewed", "since": "then"}, "/since"),
    ({"did": "form.submitted", "where": {"value": {"contains": "x"}}}, "/where/value"),
    ({"first": "page.viewed", "is": "x"}, "/is"),
]


@pytest.mark.parametrize(("rule", "pointer"), WRONG)
def test_values_and_operators_that_do_not_fit_are_refused(rule: Any, pointer: str) -> None:
    assert [found for found, _ in faults(rule)] == [pointer]


def test_every_fault_is_named_at_once() -> None:
    rule = {"all": [{"field": "contact.x", "is": 1}, {"member": "segment/never"}, {"did": "x.y"}]}
    assert len(faults(rule)) == 3
    assert len(check(parse(rule), context())) == 3


def test_a_choice_takes_any_capitals_and_hints_at_the_code() -> None:
    assert meaning({"field": "contact.country", "is": "nl"}) == meaning({"field": "contact.country", "is": "NL"})
    with pytest.raises(MaropsError) as caught:
        meaning({"field": "contact.country", "is": "Netherlands"})
    assert next(iter(caught.value.errors)).remedy == "Did you mean NL?"


def test_a_context_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        Context(datetime(2026, 1, 1), ZoneInfo("UTC"))  # noqa: DTZ001


def test_the_same_rule_means_the_same_at_the_same_time() -> None:
    rule = {"did": "page.viewed", "within": "30d"}
    assert meaning(rule) == meaning(rule)
    assert hash(meaning(rule)) == hash(meaning(rule))
    assert meaning(rule) != meaning(rule, datetime(2026, 7, 16, tzinfo=UTC))
    assert understand(parse(rule), context()) == meaning(rule, AS_OF, ZONE)


def test_leaves_are_found_by_their_pointers() -> None:
    rule = parse(read_yaml(WRITTEN))
    assert [pointer for pointer, _ in pointers(rule)] == [
        "/all/0",
        "/all/1",
        "/all/2/not",
        "/all/3",
        "/all/4/any/0",
        "/all/4/any/1",
    ]
    assert references(rule) == ("segment/customers",)
    assert field_names(rule) == ("contact.country", "contact.created_at", "contact.name")


def member(*names: str) -> Rule:
    return parse({"any": [{"member": name} for name in names]})


def test_G2_cycles_are_refused() -> None:
    a, b = member("segment/b"), member("segment/a")
    assert find_cycle("segment/a", a, {"segment/b": b}) == ("segment/a", "segment/b", "segment/a")
    with pytest.raises(MaropsError, match="segment/a → segment/b → segment/a"):
        refuse_cycle("segment/a", a, {"segment/b": b})
    with pytest.raises(MaropsError, match="segment/a → segment/a"):
        refuse_cycle("segment/a", member("segment/a"), {})


def test_G2_a_cycle_further_down_is_found() -> None:
    others = {"segment/b": member("segment/c"), "segment/c": member("segment/b")}
    assert find_cycle("segment/a", member("segment/b"), others) == ("segment/b", "segment/c", "segment/b")


def test_G2_diamonds_are_allowed() -> None:
    others = {
        "segment/b": member("segment/d"),
        "segment/c": member("segment/d"),
        "segment/d": parse({"everyone": True}),
    }
    assert find_cycle("segment/a", member("segment/b", "segment/c"), others) == ()
    refuse_cycle("segment/a", member("segment/b", "segment/c"), others)


def test_the_language_can_be_read_without_django_settings() -> None:
    code = "import marops.kernel.rules_meaning, marops.store.rulequery; print('ok')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"PATH": ""}, check=False)
    assert done.stdout.strip() == "ok", done.stderr
