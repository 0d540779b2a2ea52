"""Intervals of shares, held against what they are made of: how often they hold the truth."""

from math import comb

import pytest

from marops.methods.estimates import of_paired_shares, of_share


@pytest.mark.parametrize("runs", [20, 100, 400])
def test_a_share_of_none_or_all_is_not_certain(runs):
    none, whole = of_share(0, runs), of_share(runs, runs)
    assert (none.value, none.low) == (0, 0)
    # With z = 1.645, Wilson's upper end for nothing is z² / (n + z²).
    assert none.high == pytest.approx(2.7055 / (runs + 2.7055), rel=1e-3)
    assert (whole.value, whole.high) == (1, 1)
    assert whole.low == pytest.approx(1 - none.high)
    assert of_share(0, 0) is None


@pytest.mark.parametrize("truth", [0.02, 0.1, 0.3, 0.5, 0.9])
def test_intervals_of_shares_hold_the_truth_as_often_as_they_say(truth):
    runs = 200
    held = [hits for hits in range(runs + 1) if (one := of_share(hits, runs)).low <= truth <= one.high]
    cover = sum(comb(runs, hits) * truth**hits * (1 - truth) ** (runs - hits) for hits in held)
    assert 0.86 <= cover <= 0.95


def test_runs_that_never_differ_prove_little():
    found = of_paired_shares(0, 0, 100)
    assert found.value == 0
    assert found.low == pytest.approx(-found.high)
    assert 0.01 < found.high < 0.05
    assert of_paired_shares(0, 0, 400).high < found.high / 3
    assert of_paired_shares(0, 0, 0) is None


@pytest.mark.parametrize(("more", "less"), [(0.0, 0.0), (0.03, 0.0), (0.05, 0.05), (0.2, 0.1)])
def test_intervals_of_paired_shares_hold_the_truth_at_least_as_often_as_they_say(more, less):
    runs, cover = 100, 0.0
    for gained in range(60):
        for lost in range(60 if less else 1):
            one = of_paired_shares(gained, lost, runs)
            if one.low <= more - less <= one.high:
                rest = runs - gained - lost
                ways = comb(runs, gained) * comb(runs - gained, lost)
                cover += ways * more**gained * less**lost * (1 - more - less) ** rest
    assert cover >= 0.89


def test_a_clear_gain_is_told():
    found = of_paired_shares(40, 4, 200)
    assert found.value == pytest.approx(0.18)
    assert found.low > 0.1
    assert of_paired_shares(40, 4, 200, level=0.99).low < found.low
