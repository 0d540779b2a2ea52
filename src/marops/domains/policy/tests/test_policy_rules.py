from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.domains.policy.rules.cedar import BASE, Compiled, Facts, complaints, faults_of
from marops.domains.policy.rules.cover import covered
from marops.domains.policy.rules.domain import DIMENSIONS, SHAPE, SIZE, Request, Value, request_at
from marops.domains.policy.rules.gates import LADDER, Gates, gates_of, least, missing, one_word_away
from marops.domains.policy.rules.parts import Parts, parts_of, written
from marops.domains.policy.rules.proving import breaches
from marops.domains.policy.rules.scanning import depth
from marops.domains.policy.rules.table import PART, combined, packed, part, unpacked
from marops.domains.policy.tests.policies import REQUESTS, RULES, SENTENCES, rule, table_of

DRAFT = 'permit (principal, action == Action::"draft", resource)'
ASK = Request("draft", "words", "customers", "contact", 2)


def in_words(answers: Mapping[str, tuple[Value, ...]], request: Request) -> bool:
    """What a sentence means, said without Cedar."""
    return all(getattr(request, name) in values for name, values in answers.items())


def test_the_domain_has_the_size_it_is_said_to_have() -> None:
    assert SIZE == 11 * 6 * 5 * 6 * 6 * 3 * 2 * 2 == 142_560


@given(st.integers(0, SIZE - 1))
def test_every_number_is_one_combination(place: int) -> None:
    assert request_at(place).place() == place


def test_an_answer_that_is_none_is_named() -> None:
    assert list(Request("draft", "poems", "customers", "none", 7).faults()) == [("content", "poems"), ("autonomy", 7)]
    assert list(Request("draft", "words", "customers", "none", True).faults()) == [("autonomy", True)]


@settings(max_examples=60)
@given(RULES, st.lists(REQUESTS, min_size=1, max_size=40))
def test_a_policy_decides_what_its_sentences_say(rules: list, requests: list[Request]) -> None:
    policy = Compiled(rules)
    parts = [parts_of(one.cedar) for one in rules]
    for request in requests:
        holds = [one for one in parts if in_words(one.answers, request)]
        meant = any(one.effect == "permit" for one in holds) and not any(one.effect == "forbid" for one in holds)
        assert policy.decide(request).allowed == (meant and request.autonomy > 0)


@settings(max_examples=5, deadline=None)
@given(RULES, st.integers(0, SIZE // PART - 1))
def test_the_table_and_the_run_time_decide_alike(rules: list, number: int) -> None:
    policy = Compiled(rules)
    allowed = combined_part(policy, number)
    for at in range(0, PART, 7):
        assert allowed[at] == policy.decide(request_at(number * PART + at)).allowed


def combined_part(policy: Compiled, number: int) -> np.ndarray:
    told = part(policy, number)
    said = np.any([bits for name, bits in told.items() if name in policy.permits] or [np.zeros(PART, bool)], axis=0)
    denied = np.any([bits for name, bits in told.items() if name not in policy.permits], axis=0)
    return said & ~denied


@given(RULES, REQUESTS, st.integers(0, 3), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_what_is_known_at_run_time_only_turns_a_yes_into_a_no(
    rules: list, request: Request, count: int, stopped: bool, consented: bool
) -> None:
    late = [
        rule("late-1", "forbid (principal, action, resource) when { context.recipients_today > 1 };"),
        rule("late-2", "forbid (principal, action, resource) when { !context.consented };"),
        rule("late-3", 'forbid (principal == Use::"chat", action, resource);'),
    ]
    facts = Facts(use="chat" if count == 3 else "", recipients_today=count, stopped=stopped, consented=consented)
    policy = Compiled([*rules, *late])
    if policy.decide(request, facts).allowed:
        assert Compiled(rules).decide(request).allowed
        assert count <= 1
        assert consented
        assert not stopped
    assert set(policy.ahead).isdisjoint({"late-1", "late-2", "late-3", "stopped"})


def test_a_kill_switch_beats_a_rule_that_allows_everything() -> None:
    policy = Compiled([rule("all", "permit (principal, action, resource);")])
    assert policy.decide(ASK).allowed
    decision = policy.decide(ASK, Facts(stopped=True))
    assert (decision.allowed, decision.rules) == (False, ("stopped",))


def test_a_rule_that_cannot_be_evaluated_allows_nothing() -> None:
    broken = rule("broken", "forbid (principal, action, resource) when { context.records * 9223372036854775807 > 1 };")
    policy = Compiled([rule("all", "permit (principal, action, resource);"), broken])
    decision = policy.decide(ASK, Facts(records=9))
    assert not decision.allowed
    assert decision.errors


@pytest.mark.parametrize(
    ("cedar", "said"),
    [
        ("permit (principal, action, resource) when { context.recipients > 3 };", "Only a forbid may read recipients"),
        ("permit (principal, action, resource) when { context.whatever > 3 };", "no question or fact “whatever”"),
        ("forbid (principal, action, resource) when { context.recipents > 3 };", "Did you mean “recipients”?"),
        ('forbid (principal, action, resource) when { context.audience == Audience::"publik" };', "mean “public”?"),
        ('permit (principal, action, resource) when { context.data == "none" };', 'Answers are written Data::"none".'),
        ('permit (principal, action, resource) when { context.autonomy == "3" };', "without quotation marks"),
        ("permit (principal, action, resource) when { context.autonomy };", "Here a yes or no is needed"),
        ("permit (principal, action, resource) when { true }", "ends too early"),
        ("allow (principal, action, resource);", "a rule begins with permit or forbid"),
        ("permit (principal, action, resource) when { context.review >> 1 };", "cannot be read on at “>”"),
        ('permit (principal == Use::"x", action, resource);', "Only a forbid may read use"),
        ('forbid (principal, action, resource) when { context.data == Data::"secret" };', "secret"),
        ('permit (principal, action == Action::"drft", resource);', "Did you mean “draft”?"),
        ("permit (principal, action, resource) when { context.autonomy <", "no rule in Cedar"),
        (f"{DRAFT}; {DRAFT};", "One rule is one permit or one forbid"),
        ("permit (principal == ?principal, action, resource);", "One rule is one permit or one forbid"),
        (f"{DRAFT} when {{ {'(' * 1500}true{')' * 1500} }};", "brackets"),
        ("", "One rule is one permit or one forbid"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(cedar: str, said: str) -> None:
    assert any(said in one for one in complaints(cedar)), complaints(cedar)


def test_two_rules_of_one_name_and_a_name_of_marops_are_refused() -> None:
    found = faults_of([rule("a", f"{DRAFT};"), rule("a", f"{DRAFT};"), rule(BASE[0].id, f"{DRAFT};")])
    assert [one.pointer for one in found] == ["/rules/1/id", "/rules/2/id"]


@settings(max_examples=150)
@given(st.text(max_size=60) | st.text(alphabet='permitforbd(){}[]"/;!&|=<>. \n', max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert complaints(text) or parts_of(text) is not None or depth(text) >= 0
    assert complaints(f"{DRAFT} when {{ {text} }};") is not None


@settings(max_examples=100)
@given(SENTENCES)
def test_a_sentence_comes_back_from_its_cedar(parts: Parts) -> None:
    text = written(parts)
    back = parts_of(text)
    narrowed = {
        name: values for name, values in parts.answers.items()
        if len(values) < len(next(one for one in DIMENSIONS if one.name == name).values)
    }  # fmt: skip
    assert back == Parts(parts.effect, narrowed)
    assert not complaints(text)


def test_cedar_that_is_no_sentence_is_never_lost() -> None:
    text = f"""// from the board, 3 May
{DRAFT}
when {{ context.content == Content::"words" && context.review >= 1 }}
// as agreed with legal
unless {{ context.regimes.contains("gdpr") && "a;b // c" == "" }};
// end
"""
    parts = parts_of(text)
    assert parts.answers == {"action": ("draft",), "content": ("words",), "review": (1, 2)}
    changed = written(Parts("permit", {**parts.answers, "review": (2,)}, parts.rest), text)
    for kept in (
        "// from the board, 3 May",
        "// as agreed with legal",
        'contains("gdpr") && "a;b // c" == ""',
        "// end",
    ):
        assert kept in changed
    assert parts_of(changed).answers["review"] == (2,)


def test_the_smallest_gates_are_found() -> None:
    policy = Compiled(
        [
            rule("two", f'{DRAFT} when {{ context.audience == Audience::"customers" && context.review == 2 }};'),
            rule("said", f"{DRAFT} when {{ context.review >= 1 && context.disclosed }};"),
        ]
    )
    assert missing(ASK, lambda one: policy.decide(one).allowed) == Gates(1, True)
    assert missing(Request("send", "words", "customers", "contact", 2), lambda one: policy.decide(one).allowed) is None


@given(st.integers(1, 63))
def test_the_least_gates_of_a_mask_pass_and_nothing_below_them_does(mask: int) -> None:
    passing = {Gates(*pair) for at, pair in enumerate(LADDER) if mask >> at & 1}
    for one in least(mask):
        assert one in passing
        below = {two for two in passing if two.review <= one.review and two.disclosed <= one.disclosed}
        assert below == {one}
    assert all(
        any(one.review <= two.review and one.disclosed <= two.disclosed for one in least(mask)) for two in passing
    )


def test_what_one_other_word_would_change() -> None:
    policy = Compiled(
        [rule("a", f'{DRAFT} when {{ context.audience != Audience::"minors" && context.autonomy <= 2 }};')]
    )
    away = set(one_word_away(ASK, lambda one: policy.decide(one).allowed))
    others = {("action", one) for one in DIMENSIONS[0].values if one != "draft"}
    assert away == others | {("audience", "minors"), *(("autonomy", one) for one in (0, 3, 4, 5))}


@pytest.mark.parametrize(
    ("condition", "law"),
    [
        ("context.review < 2", "review"),
        ("!context.disclosed", "disclosed"),
        ("context.autonomy >= 4", "autonomy"),
        ('context.data == Data::"contact"', "data"),
    ],
)
def test_a_policy_that_punishes_care_is_found(condition: str, law: str) -> None:
    holds = table_of(f"{DRAFT} when {{ {condition} && context.autonomy > 0 }};")
    (breach,) = breaches(holds)
    assert breach.law == law
    assert holds[np.unravel_index(breach.allowed.place(), SHAPE)]
    assert not holds[np.unravel_index(breach.refused.place(), SHAPE)]


def test_a_careful_policy_breaks_no_law() -> None:
    said = 'context.data == Data::"none" && context.autonomy <= 2 && context.autonomy > 0 && context.review >= 1'
    assert breaches(table_of(f"{DRAFT} when {{ {said} }};")) == []


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.lists(SENTENCES, min_size=1, max_size=4))
def test_lines_cover_every_ask_once_read_and_none_of_another_answer(sentences: list[Parts]) -> None:
    allowed = np.any([table_of(written(one)) for one in sentences], axis=0)
    masks = gates_of(allowed.ravel())
    for mask in np.unique(masks):
        cells = masks == mask
        boxes = covered(cells)
        assert (np.any([one.cells() for one in boxes], axis=0) == cells).all()
        assert (np.sum([one.cells() for one in covered(cells, apart=True)], axis=0) == cells).all()


def test_a_table_comes_back_from_its_bits() -> None:
    bits = np.random.default_rng(7).random(SIZE) < 0.3
    assert (unpacked(packed(bits)) == bits).all()
    assert (combined({"a": bits, "b": ~bits}, frozenset("a")) == bits).all()
