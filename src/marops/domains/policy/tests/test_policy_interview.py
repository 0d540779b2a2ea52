from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.domains.policy.rules.cedar import Compiled, Facts, faults_of
from marops.domains.policy.rules.clashes import clashes, idle
from marops.domains.policy.rules.domain import Request
from marops.domains.policy.rules.interview import LIKE, QUESTIONS, Answers, draft_policy, draft_uses
from marops.domains.policy.rules.parts import parts_of
from marops.domains.policy.rules.proving import breaches
from marops.domains.policy.tests.policies import table_of

DOES = ["draft", "translate", "summarise", "classify", "score", "segment", "route", "publish", "send", "spend"]
ANSWERS = st.builds(
    Answers,
    does=st.lists(st.sampled_from(DOES), min_size=1, unique=True),
    readers=st.lists(st.sampled_from(["customers", "prospects", "public"]), unique=True),
    hosting=st.sampled_from(["own", "vendor", "both"]),
    read_before=st.integers(0, 2),
    freedom=st.sampled_from(["never", "inside", "outside"]),
    people_a_day=st.integers(0, 10_000),
    money_a_day=st.integers(0, 10_000),
    owner=st.just("Manager"),
    months=st.integers(1, 36),
    **{
        name: st.booleans() for name in (
            "public_interest", "pictures", "people_shown", "records", "internal", "names", "behaviour", "confidential",
            "vendor_reads_names", "vendor_trains", "customers_twice", "discloses",
        )
    },
)  # fmt: skip


def decisions(rules: list) -> np.ndarray:
    """What the rules over the eight questions allow, by what their sentences mean."""
    parts = [(one, parts_of(one.cedar)) for one in rules]
    ahead = [(one, read) for one, read in parts if not read.rest]
    allowed = np.any([table_of(one.cedar) for one, read in ahead if read.effect == "permit"] or [False], axis=0)
    denied = np.any([table_of(one.cedar) for one, read in ahead if read.effect == "forbid"], axis=0)
    return allowed & ~denied


def test_there_are_twenty_questions() -> None:
    assert len(QUESTIONS) == 20
    assert set(QUESTIONS) <= set(Answers.model_fields)


@settings(max_examples=25)
@given(ANSWERS)
def test_every_interview_makes_a_policy_without_a_fault_that_breaks_no_law(answers: Answers) -> None:
    rules = draft_policy(answers).rules
    assert faults_of(rules) == []
    assert breaches(np.broadcast_to(decisions(rules), (11, 6, 5, 6, 6, 3, 2, 2))) == []


@settings(max_examples=25)
@given(ANSWERS)
def test_no_answer_opens_what_is_never_allowed(answers: Answers) -> None:
    policy = Compiled(draft_policy(answers).rules)
    care = {"review": 2, "disclosed": True, "hosting": "own"}
    for request in (
        Request("summarise", "words", "colleagues", "special", 1, **care),
        Request("delete", "records", "colleagues", "none", 1, **care),
        Request("send", "words", "minors", "none", 1, **care),
    ):
        assert not policy.decide(request).allowed
    letter = Request("send", "words", "prospects", "none", 2, **care)
    assert not policy.decide(letter, Facts(consented=False)).allowed
    assert not policy.decide(letter, Facts(recipients=answers.people_a_day + 1)).allowed
    outside = "prospects" in answers.readers and "send" in answers.does
    assert not policy.decide(replace(letter, review=0), Facts(recipients=0)).allowed or answers.freedom == "outside"
    photo = Request("send", "likeness", "prospects", "none", 2, **care)
    assert policy.decide(photo, Facts(recipients=0)).allowed == (outside and answers.people_shown)
    assert not policy.decide(replace(photo, disclosed=False)).allowed
    assert not policy.decide(replace(photo, review=1)).allowed
    assert policy.decide(letter, Facts(recipients=0)).allowed == outside


@settings(max_examples=25)
@given(ANSWERS)
def test_the_register_names_nothing_that_the_policy_never_allows(answers: Answers) -> None:
    policy = Compiled(draft_policy(answers).rules)
    for use in draft_uses(answers, date(2026, 11, 22)).values():
        for action in use.actions:
            for request in use.requests(action):
                careful = replace(request, review=2, disclosed=True)
                assert policy.decide(careful).allowed, (use.title, careful)


def made(answers: Answers) -> tuple[object, object]:
    return draft_policy(answers), draft_uses(answers, date(2026, 11, 22))


@settings(max_examples=40, deadline=None)
@given(ANSWERS)
def test_an_answer_that_changes_nothing_is_told(answers: Answers) -> None:
    told = {name for one in clashes(answers) for name in one.asks} | {*idle(answers)}
    now = made(answers)
    for name, value in answers.model_dump().items():
        if isinstance(value, bool) and made(answers.model_copy(update={name: not value})) == now:
            assert name in told, name
    for name in ("does", "readers"):
        for one in getattr(answers, name):
            fewer = [other for other in getattr(answers, name) if other != one]
            if (fewer or name == "readers") and made(answers.model_copy(update={name: fewer})) == now:
                assert name in told, (name, one)


@pytest.mark.parametrize("name", LIKE)
def test_what_companies_answer_fits_together(name: str) -> None:
    assert clashes(LIKE[name]) == []


@pytest.mark.parametrize(("given", "asks"), [
    ({"does": ["send"], "readers": []}, ("does", "readers")),
    ({"does": ["score"], "records": False}, ("does", "records")),
    ({"names": False, "behaviour": True}, ("names", "behaviour")),
    ({"internal": False, "confidential": True, "hosting": "own"}, ("internal", "confidential")),
    ({"hosting": "own", "vendor_trains": True}, ("hosting", "vendor_trains")),
    ({"names": True, "hosting": "vendor"}, ("names", "hosting", "vendor_reads_names")),
    ({"confidential": True, "hosting": "vendor"}, ("confidential", "hosting")),
    ({"readers": ["public"], "read_before": 0}, ("read_before", "freedom")),
    ({"readers": ["customers"], "read_before": 2}, ("read_before", "customers_twice")),
    ({"freedom": "outside"}, ("freedom",)),
    ({"does": ["spend"], "readers": ["public"]}, ("does", "money_a_day")),
    ({"money_a_day": 100}, ("does", "money_a_day")),
    ({"does": ["send"], "readers": ["public"], "people_a_day": 0}, ("does", "people_a_day")),
])  # fmt: skip
def test_answers_that_clash_are_told_and_the_careful_one_counts(given: dict, asks: tuple[str, ...]) -> None:
    assert [one.asks for one in clashes(Answers(**given))] == [asks]


def test_what_may_not_be_read_is_read_by_nothing() -> None:
    careful = Answers(names=False, behaviour=True, confidential=True, internal=False, hosting="own")
    assert careful.data == ("none",)
    both = Answers(names=True, confidential=True, hosting="both", readers=["customers"])
    uses = draft_uses(both, date(2026, 11, 22))
    assert (uses["inside"].model.hosting, uses["outside"].model.hosting) == ("own", "vendor")
    assert uses["inside"].data == ["none", "internal", "contact", "confidential"]
    assert uses["outside"].data == ["none", "internal"]


def test_the_first_words_do_not_say_that_people_decide_where_they_do_not() -> None:
    said = {name: "People decide" in draft_policy(answers).preamble for name, answers in LIKE.items()}
    assert said == {"cautious": True, "balanced": True, "bold": False}


def test_months_are_months() -> None:
    assert draft_policy(Answers(months=6), date(2026, 8, 31)).review_by == date(2027, 2, 28)
    assert draft_policy(Answers(months=13), date(2026, 11, 23)).review_by == date(2027, 12, 23)


def test_who_reads_twice_is_asked_for_twice() -> None:
    said = Answers(does=["send"], readers=["customers", "prospects"], names=True, vendor_reads_names=True)
    policy = Compiled(draft_policy(said).rules)

    def allowed(audience: str, review: int) -> bool:
        return policy.decide(Request("send", "words", audience, "contact", 2, review, True)).allowed

    assert [allowed("prospects", review) for review in (0, 1, 2)] == [False, True, True]
    assert [allowed("customers", review) for review in (0, 1, 2)] == [False, False, True]
