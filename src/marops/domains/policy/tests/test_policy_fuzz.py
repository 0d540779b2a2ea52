"""Whatever is asked and whatever rule is written: nothing breaks, and nothing is allowed by mistake."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.cast import Cast

from marops.cli.main import document_of
from marops.domains.policy.actions.policies import keep_policy
from marops.domains.policy.models import AiSwitch
from marops.domains.policy.queries.policies import policy_of
from marops.domains.policy.rules.cedar import Compiled, Facts, complaints, runtime_of, tree_of
from marops.domains.policy.rules.document import PolicyRule
from marops.domains.policy.rules.domain import DIMENSIONS, SIZE, Request, request_at
from marops.domains.policy.rules.parts import parts_of
from marops.domains.policy.rules.table import PART, part
from marops.domains.policy.tests.policies import REQUESTS, decided_at_once, rule
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError

PIECES = (
    "permit", "forbid", "(", ")", "principal", "action", "resource", ",", ";", "when", "unless", "{", "}", "&&", "||",
    "!", "==", "!=", "<", "<=", "in", "has", "is", "if", "then", "else", "[", "]", ".contains(", ".containsAny(",
    'Action::"send"', 'Data::"special"', 'Audience::"minors"', 'Use::"u-07"', 'Work::"x"', "context.data",
    "context.audience", "context.review", "context.autonomy", "context.disclosed", "context.recipients",
    "context.regimes", "context.stopped", '"gdpr"', "true", "false", "0", "2", "9223372036854775807", "+", "*", "-",
    'context["review"]', "// so", "\n", "?principal", '@id("x")', 'decimal("1.0")', "\x00", "ä", "\\",
)  # fmt: skip
CONDITIONS = st.recursive(
    st.sampled_from([
        'context.data == Data::"special"', "context.review >= 1", "context.autonomy <= 2", "context.disclosed",
        'context.audience == Audience::"minors"', "context.recipients > 5", "context.stopped", "context.consented",
        "context.records * 9223372036854775807 > 1", '[Action::"send"].contains(action)', "true",
        'context.regimes.contains("gdpr")', 'principal == Use::"u-07"', "context.spent - 9223372036854775807 < 0",
        'action in [Action::"send", Action::"draft"]', "context.review + context.autonomy == 3",
    ]),
    lambda inner: st.builds("({} && {})".format, inner, inner) | st.builds("({} || {})".format, inner, inner)
    | st.builds("!({})".format, inner) | st.builds("(if {} then {} else {})".format, inner, inner, inner),
    max_leaves=6,
)  # fmt: skip
WRITTEN = st.builds(
    "{} (principal, action, resource) {} {{ {} }};".format, st.sampled_from(["permit", "forbid"]),
    st.sampled_from(["when", "unless"]), CONDITIONS,
)  # fmt: skip
SOUP = st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join)
COUNTS = st.integers(-5, 20) | st.sampled_from([2**31, 2**63 - 1, 2**63, -(2**63) - 1, 2**200])
FACTS = st.builds(
    Facts, use=st.text(max_size=8), subject=st.text(max_size=8), consented=st.booleans(), stopped=st.booleans(),
    reversible=st.booleans(), recipients=COUNTS, recipients_today=COUNTS, records=COUNTS, spent=COUNTS,
    approvals=COUNTS, regimes=st.lists(st.text(max_size=5), max_size=3),
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3), max_leaves=5,
)  # fmt: skip
ANSWERS = {one.name: st.sampled_from(one.values) | JSON for one in DIMENSIONS}
ASKED = st.fixed_dictionaries({}, optional={**ANSWERS, "facts": JSON, "more": JSON}) | JSON
QUICK, DEEP = 40, 250


def compiled(texts: list[str]) -> Compiled:
    """A policy of those texts that may decide."""
    return Compiled([rule(f"r{at}", text) for at, text in enumerate(texts) if not complaints(text)])


def never_by_mistake(policy: Compiled, request: Request, facts: Facts) -> None:
    decision = policy.decide(request, facts)
    (ahead,) = policy.told_by([request])
    permits, forbids = ahead & policy.permits, ahead - policy.permits
    if decision.allowed:
        assert not decision.errors
        assert permits
        assert not forbids
        assert set(decision.rules) <= permits
        assert not facts.stopped
        assert request.autonomy > 0
    if not permits or forbids:
        assert not decision.allowed


def test_soup_is_refused_or_means_something() -> None:
    soup_is_refused_or_means_something()


@settings(max_examples=QUICK)
@given(SOUP)
@example("permit ( principal , action , resource ) ; \x00")
@example("\ud800")
def soup_is_refused_or_means_something(text: str) -> None:
    if not complaints(text):
        parts_of(text)
        Compiled([rule("soup", text)])


def rules_never_allow_by_mistake(most: int) -> None:
    @settings(max_examples=most, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(WRITTEN, min_size=1, max_size=4), REQUESTS, FACTS)
    def holds(texts: list[str], request: Request, facts: Facts) -> None:
        for text in texts:
            tree = tree_of(text)
            if tree["effect"] == "permit" and runtime_of(tree):
                assert complaints(text)
        never_by_mistake(compiled(texts), request, facts)

    holds()


def test_rules_never_allow_by_mistake() -> None:
    rules_never_allow_by_mistake(QUICK)


@pytest.mark.slow
def test_many_rules_never_allow_by_mistake_and_the_table_says_the_same() -> None:
    rules_never_allow_by_mistake(DEEP)

    @settings(max_examples=6, deadline=None)
    @given(st.lists(WRITTEN, min_size=1, max_size=4), st.integers(0, SIZE // PART - 1))
    def alike(texts: list[str], number: int) -> None:
        policy = compiled(texts)
        told = part(policy, number)
        for at in range(0, PART, 11):
            yes = any(told[name][at] for name in policy.ahead if name in policy.permits)
            no = any(told[name][at] for name in policy.ahead if name not in policy.permits)
            now = policy.decide(request_at(number * PART + at))
            assert not now.allowed or (yes and not no)
            if set(policy.rules) == set(policy.ahead) | {"stopped"} and not now.errors:
                assert now.allowed == (yes and not no)

    alike()


@pytest.mark.parametrize("name", [one.name for one in DIMENSIONS])
def test_an_answer_that_is_none_is_never_allowed(name: str) -> None:
    policy = Compiled([rule("all", "permit (principal, action, resource);")])
    good = request_at(5000)
    assert policy.decide(good).allowed
    for value in ("juggle", "", 'words" ', "\ud800", 99, 10**30, -1, None):
        other: dict[str, Any] = {name: value}
        assert not policy.decide(replace(good, **other)).allowed


def test_facts_that_no_engine_can_hold_allow_nothing() -> None:
    policy = Compiled([rule("all", "permit (principal, action, resource);")])
    assert not policy.decide(request_at(5000), Facts(recipients=2**63)).allowed
    assert policy.decide(request_at(5000), Facts(use="\ud800", subject="\ud800", regimes=["\ud800"])).allowed


@pytest.mark.django_db
def test_whatever_is_asked_over_rest_gets_an_answer(cast: Cast) -> None:
    rules = [
        rule("R", 'permit (principal, action == Action::"draft", resource);').model_dump(),
        rule("L", "forbid (principal, action, resource) when { context.recipients > 5 };").model_dump(),
    ]  # fmt: skip
    keep_policy(actor=cast.actor("marco"), document={"title": "T", "rules": rules})
    decided_at_once(rules)
    hanna = cast.client("hanna")
    policy = policy_of("1")

    @settings(max_examples=QUICK, deadline=None)
    @given(ASKED)
    @example({"action": "draft", "content": "words", "audience": "public", "data": "none", "autonomy": 2})
    @example({"action": "draft", "content": "\ud800", "audience": "public", "data": "none", "autonomy": 2})
    def answered(body: Any) -> None:
        never_an_error(hanna, policy.document.rules, body)

    answered()
    base = {"action": "draft", "content": "words", "audience": "public", "data": "none", "autonomy": 2}
    for facts in ({"recipients": 2**80}, {"use": "\ud800"}, {"regimes": ["\ud800"]}, {"recipients": "many"}, [], 5):
        never_an_error(hanna, policy.document.rules, base | {"facts": facts})
    for odd in ({"autonomy": True}, {"autonomy": "2"}, {"autonomy": 2.0}, {"review": "2"}, {"disclosed": 1},
                {"disclosed": "yes"}, {"facts": {"recipients": -9}}, {"facts": {"recipients": 2**70}},
                {"facts": {"consented": "yes"}}, {"facts": {"recipients": True}}):  # fmt: skip
        assert asked(hanna, base | odd).status_code == 422, odd


def asked(client: Client, body: Any) -> Any:
    return client.post("/api/v1/policy/check", json.dumps(body), content_type="application/json")


@pytest.mark.django_db
def test_a_check_tells_what_is_asked_later_and_that_everything_is_stopped(cast: Cast) -> None:
    rules = [
        rule("R", 'permit (principal, action == Action::"send", resource);').model_dump(),
        rule("L", 'forbid (principal, action == Action::"send", resource) when { !context.consented };').model_dump(),
    ]  # fmt: skip
    keep_policy(actor=cast.actor("marco"), document={"title": "T", "rules": rules})
    send = {"action": "send", "content": "words", "audience": "public", "data": "none", "autonomy": 2}
    found = asked(cast.client("hanna"), send).json()
    assert (found["allowed"], found["later"]) == (True, [{"id": "L", "says": "L"}])
    assert not asked(cast.client("hanna"), send | {"facts": {"consented": False}}).json()["allowed"]
    AiSwitch.objects.create(thrown_by="x", thrown_at=now())
    stopped = asked(cast.client("hanna"), send).json()
    assert (stopped["allowed"], stopped["rules"][0]["id"], stopped["later"]) == (False, "stopped", [])


DEEP_DOWN = ["[" * 100_000, '{"facts":' * 5000, '{"facts":{"regimes":' + "[" * 50_000]
ODD = ["\x00", '{"action": "se\x00nd"}', "a: [1,\n b: {", "", "5", "null", "NaN", '"x"', "[]", "\ufeff{}"]


@pytest.mark.django_db
def test_bodies_that_are_no_request_are_refused_over_rest(cast: Cast) -> None:
    keep_policy(actor=cast.actor("marco"), document={"title": "T", "rules": []})
    for body in (*DEEP_DOWN, *ODD, b"\xff\xfe", '{"action": ' + "9" * 5000 + "}"):
        answer = cast.client("hanna").post("/api/v1/policy/check", body, content_type="application/json")
        assert 400 <= answer.status_code < 500, body[:40]


@pytest.mark.django_db
def test_a_sign_that_no_database_keeps_is_refused_in_every_word_of_a_policy(cast: Cast) -> None:
    good = rule("R", 'permit (principal, action == Action::"draft", resource);').model_dump()
    for document in (
        {"title": "a\x00b", "rules": []}, {"title": "T", "preamble": "\x00", "rules": []},
        {"title": "T", "agreed_by": ["\x00"], "rules": []}, {"title": "T", "rules": [good | {"says": "a\x00"}]},
        {"title": "T", "rules": [good | {"cedar": good["cedar"] + "\x00"}]},
    ):  # fmt: skip
        with pytest.raises(MaropsError) as found:
            keep_policy(actor=cast.actor("marco"), document=document)
        assert found.value.code == "invalid"


def test_a_file_that_is_no_request_is_refused_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    for text in DEEP_DOWN:
        file.write_text(text, encoding="utf-8")
        with pytest.raises(MaropsError, match=r"odd\.yaml is no YAML"):
            document_of(file)


def never_an_error(client: Client, rules: list[PolicyRule], body: Any) -> None:
    answer = asked(client, body)
    assert answer.status_code in (200, 422), (answer.status_code, answer.content[:300])
    if answer.status_code == 200 and answer.json()["allowed"]:
        request = Request(**{name: body[name] for name in body if name not in ("facts", "more")})
        assert Compiled(rules).decide(request).allowed
