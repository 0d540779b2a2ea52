"""The choice is the best there is: compared with every choice there is, reckoned another way."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods.staffing.model import NoChoiceError, SeatKind, Skill, Wanted, Work
from marops.methods.staffing.solve import best, held_fast, least, sharing, undone, undone_each

ROLES = ("a", "b", "c")


def _served(work, counts, kinds):
    """Hours undone, by weight: what can be served is a polymatroid, so taking the dearest role first is best."""
    left, taken = {}, {}
    for one in sorted(work, key=lambda it: -it.weight):
        room = one.hours
        done = list(taken)
        for mask in product((0, 1), repeat=len(done)):
            others = {role for role, bit in zip(done, mask, strict=True) if bit}
            reach = sum(
                kind.hours * n for kind, n in zip(kinds, counts, strict=True) if {*others, one.role} & set(kind.roles)
            )
            room = min(room, reach - sum(taken[role] for role in others))
        taken[one.role] = max(room, 0.0)
        left[one.role] = one.hours - taken[one.role]
    return left


def _value(wanted, counts):
    """The same sum by hand."""
    left = _served(wanted.work, counts, wanted.kinds)
    everybody = sum(counts)
    pairs = list(zip(wanted.kinds, counts, strict=True))
    hours = sum(one.weight * left[one.role] for one in wanted.work)
    for skill in wanted.skills:
        hours += skill.standing * max(0, skill.cover - sum(n for kind, n in pairs if skill.id in kind.covers))
    hours += wanted.unled * max(0.0, everybody - 1 - sum(kind.leads * n for kind, n in pairs))
    hours += wanted.unripe * max(0.0, wanted.senior_share * everybody - sum(n for kind, n in pairs if kind.senior))
    beginners = sum(n for kind, n in pairs if kind.beginner)
    hours += wanted.untaught * max(0, beginners - (everybody - beginners))
    hours += sum(kind.drawback * n for kind, n in pairs)
    return wanted.price * hours + wanted.pay_weight * sum(kind.cost * n for kind, n in pairs)


def _brute(wanted, most):
    """The least value over every choice of at most `most` seats that keeps the limits; None where none does."""
    found = None
    for counts in product(range(most + 1), repeat=len(wanted.kinds)):
        everybody = sum(counts)
        if everybody > most or (wanted.exactly is not None and everybody != wanted.exactly):
            continue
        cost = sum(kind.cost * n for kind, n in zip(wanted.kinds, counts, strict=True))
        if wanted.budget is not None and cost > wanted.budget:
            continue
        value = _value(wanted, counts)
        found = value if found is None else min(found, value)
    return found


amounts = st.integers(0, 200).map(float)


@st.composite
def small_teams(draw):
    work = [Work(role, draw(amounts), draw(st.sampled_from([1.0, 1.5, 2.0]))) for role in ROLES]
    kinds = []
    for number in range(draw(st.integers(1, 4))):
        roles = tuple(sorted(draw(st.sets(st.sampled_from(ROLES), min_size=1, max_size=2))))
        kinds.append(
            SeatKind(
                f"k{number}", roles, hours=draw(st.integers(20, 120)), cost=draw(st.integers(10, 90)) * 100.0,
                covers=frozenset(draw(st.sets(st.sampled_from(["x", "y"])))), leads=draw(st.sampled_from([0, 0, 3])),
                senior=draw(st.booleans()), beginner=draw(st.booleans()), drawback=draw(st.integers(0, 20)),
            )
        )  # fmt: skip
    most = draw(st.integers(1, 4))
    return most, Wanted(
        work, kinds, price=draw(st.sampled_from([40.0, 100.0])),
        skills=[Skill("x", draw(st.integers(0, 2)), 8.0), Skill("y", draw(st.integers(0, 2)), 3.0)],
        exactly=draw(st.sampled_from([None, most])), at_most=most,
        budget=draw(st.sampled_from([None, 9000.0, 20000.0])), senior_share=draw(st.sampled_from([0.0, 0.5])),
        pay_weight=draw(st.sampled_from([1.0, 0.1])),
        unled=draw(st.integers(0, 10)), unripe=draw(st.integers(0, 10)), untaught=draw(st.integers(0, 10)),
    )  # fmt: skip


def _same_as_brute(case):
    most, wanted = case
    expected = _brute(wanted, most)
    if expected is None:
        with pytest.raises(NoChoiceError):
            best(wanted)
        return
    found = best(wanted)
    assert found.proven
    assert found.value == pytest.approx(expected, rel=1e-6, abs=1e-3)
    counts = [found.seats.get(one.id, 0) for one in wanted.kinds]
    assert _value(wanted, counts) == pytest.approx(expected, rel=1e-6, abs=1e-3)
    again = held_fast(wanted, found.seats)
    assert again.value == pytest.approx(expected, rel=1e-6, abs=1e-3)


@given(small_teams())
@settings(max_examples=60, deadline=None)
def test_the_best_is_the_best_of_all(case):
    _same_as_brute(case)


@pytest.mark.slow
@given(small_teams())
@settings(max_examples=1500, deadline=None)
def test_the_best_is_the_best_of_all_for_long(case):
    _same_as_brute(case)


@given(small_teams(), st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_more_money_never_makes_it_worse(case, hundreds):
    most, wanted = case
    wanted = replace(wanted, exactly=None, at_most=most, budget=hundreds * 100.0)
    richer = replace(wanted, budget=hundreds * 100.0 + 1500.0)
    assert best(richer).value <= best(wanted).value + 1e-3


@given(small_teams())
@settings(max_examples=30, deadline=None)
def test_hours_are_shared_as_is_best(case):
    _, wanted = case
    counts = [1] * len(wanted.kinds)
    left = undone(wanted.work, {one.id: 1 for one in wanted.kinds}, {one.id: one for one in wanted.kinds})
    expected = _served(wanted.work, counts, wanted.kinds)
    weigh = {one.role: one.weight for one in wanted.work}
    assert sum(weigh[role] * hours for role, hours in left.items()) == pytest.approx(
        sum(weigh[role] * hours for role, hours in expected.items()), abs=1e-4
    )


@given(st.lists(small_teams(), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_many_are_shared_out_as_each_alone(cases):
    sharings = [sharing(wanted, {one.id: 1 for one in wanted.kinds}) for _, wanted in cases]
    for one, left in zip(sharings, undone_each(sharings), strict=True):
        weigh = {work.role: work.weight for work in one.work}
        alone = undone(one.work, one.seats, one.kinds, one.least_share)
        assert sum(weigh[role] * hours for role, hours in left.items()) == pytest.approx(
            sum(weigh[role] * hours for role, hours in alone.items()), abs=1e-4
        )


def test_a_seat_is_taken_where_it_does_more_than_it_costs():
    kind = SeatKind("k", ("a",), hours=100, cost=5000)
    worth_it = Wanted([Work("a", 60)], [kind], price=100)
    assert best(worth_it).seats == {"k": 1}
    not_worth_it = Wanted([Work("a", 40)], [kind], price=100)
    found = best(not_worth_it)
    assert found.seats == {}
    assert found.undone == pytest.approx({"a": 40.0})
    assert found.value == pytest.approx(4000.0)


def test_the_same_question_has_the_same_answer():
    kinds = [SeatKind(name, ("a",), hours=100, cost=5000) for name in ("first", "second")]
    assert best(Wanted([Work("a", 90)], kinds, price=100)).seats == {"first": 1}


def test_limits_that_contradict_each_other_are_named():
    kind = SeatKind("k", ("a",), hours=100, cost=5000)
    with pytest.raises(NoChoiceError, match="3 people cost at least 15,000 a month; the budget is 9,000"):
        best(Wanted([Work("a", 90)], [kind], price=100, exactly=3, budget=9000))


@given(small_teams(), st.sampled_from([0.2, 0.4]), st.sampled_from([None, "a"]))
@settings(max_examples=30, deadline=None)
def test_roles_are_no_badges_and_asked_ones_are_held(case, share, asked):
    most, wanted = case
    wanted = replace(wanted, exactly=None, least_share=share, at_least={asked: 1} if asked else {})
    values = []
    for counts in product(range(most + 1), repeat=len(wanted.kinds)):
        seats = {one.id: n for one, n in zip(wanted.kinds, counts, strict=True) if n}
        cost = sum(one.cost * n for one, n in zip(wanted.kinds, counts, strict=True))
        holds = sum(n for one, n in zip(wanted.kinds, counts, strict=True) if asked in one.roles)
        if sum(counts) > most or (wanted.budget is not None and cost > wanted.budget) or (asked and not holds):
            continue
        values.append(held_fast(wanted, seats).value)
    if not values:
        with pytest.raises(NoChoiceError):
            best(wanted)
        return
    assert best(wanted).value == pytest.approx(min(values), rel=1e-6, abs=1e-3)


@given(small_teams())
@settings(max_examples=30, deadline=None)
def test_the_bound_is_below_the_best(case):
    _, wanted = case
    wanted = replace(wanted, exactly=None)
    assert least(wanted) <= best(wanted).value + 1e-3
