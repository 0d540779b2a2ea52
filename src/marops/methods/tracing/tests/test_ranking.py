import numpy as np
import pytest

from marops.methods.tracing import FEWEST, Cause, ranked


def company(seed: int, leads: int = 600) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """Leads of twelve months of whom a third is complained of, by chance alone."""
    chance = np.random.default_rng(seed)
    return chance, chance.random(leads) < 1 / 3, chance.integers(0, 12, leads)


def test_the_cause_that_makes_leads_bad_comes_first_with_its_excess() -> None:
    chance, complaint, months = company(1)
    nothing = [Cause(f"noise:{n}", chance.random(len(complaint)) < 0.2, months) for n in range(10)]
    guilty = Cause(
        "guilty", np.where(complaint, chance.random(len(complaint)) < 0.5, chance.random(len(complaint)) < 0.1), months
    )
    found = ranked(complaint, [*nothing, guilty])
    first = found.causes[0]
    assert first.code == "guilty"
    assert first.sure
    assert first.excess.low < 0.4 < first.excess.high
    assert [one.code for one in found.causes if one.sure] == ["guilty"]
    assert first.share - first.control_share == pytest.approx(first.excess.value)
    assert found.unexplained == int((complaint & ~guilty.holds).sum())
    assert len(found.causes) == 11


def test_what_comes_with_a_cause_is_not_a_second_one() -> None:
    chance, complaint, months = company(2)
    guilty = np.where(complaint, chance.random(len(complaint)) < 0.5, chance.random(len(complaint)) < 0.1)
    shadow = guilty & (chance.random(len(complaint)) < 0.8)
    found = ranked(complaint, [Cause("shadow", shadow, months), Cause("guilty", guilty, months)])
    assert [(one.code, one.sure) for one in found.causes] == [("guilty", True), ("shadow", False)]
    assert found.causes[1].excess.low > 0  # by itself it looks like one


def test_months_in_which_everything_is_worse_are_no_cause() -> None:
    chance = np.random.default_rng(3)
    months = chance.integers(0, 2, 2_000)
    complaint = chance.random(2_000) < np.where(months == 0, 0.1, 0.6)
    holds = chance.random(2_000) < np.where(months == 0, 0.1, 0.6)
    assert not ranked(complaint, [Cause("of the month", holds, months)]).causes[0].sure
    assert ranked(complaint, [Cause("of the month", holds, np.zeros(2_000, dtype=np.int64))]).causes[0].sure


def test_without_a_cause_hardly_ever_one_is_named() -> None:
    named = 0
    for seed in range(60):
        chance, complaint, months = company(seed, 400)
        causes = [Cause(f"noise:{n}", chance.random(400) < 0.15, months) for n in range(15)]
        named += any(one.sure for one in ranked(complaint, causes).causes)
    assert named <= 6  # one in twenty, all causes together


def test_of_too_few_leads_nothing_is_said() -> None:
    complaint = np.array([True] * (FEWEST - 1) + [False] * 50)
    found = ranked(complaint, [Cause("x", complaint, np.zeros(len(complaint), dtype=np.int64))])
    assert not found.enough
    assert found.causes == []
    assert found.unexplained == FEWEST - 1


def test_only_causes_of_which_something_could_be_told_count_as_comparisons() -> None:
    """Of 40 leads, 20 complained of: four holders are all among these by a chance of 0.053, five by one of 0.024."""
    complaint = np.arange(40) < 20
    months = np.zeros(40, dtype=np.int64)
    rare = [Cause(f"rare:{n}", np.isin(np.arange(40), (n, n + 1, n + 2, n + 3)), months) for n in range(10)]
    common = Cause("common", np.isin(np.arange(40), np.arange(12)), months)
    same = Cause("the same", common.holds.copy(), months)
    found = ranked(complaint, [*rare, common, same])
    assert (found.looked_at, found.comparisons) == (12, 1)
