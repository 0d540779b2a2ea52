import numpy as np
import pytest

from marops.methods.strata import Stratum, risk_difference


def test_one_stratum_is_the_plain_difference_with_its_usual_error():
    found = risk_difference([Stratum(100, 10, 400, 80)])
    assert found.value == pytest.approx(0.1 - 0.2)
    usual = (0.1 * 0.9 / 100 + 0.2 * 0.8 / 400) ** 0.5
    assert found.error == pytest.approx(usual, rel=0.1)


def test_strata_that_differ_in_share_and_size_make_no_difference_of_groups():
    # Pooled, the first group looks better (0.36 against 0.24); within each stratum both are the same.
    found = risk_difference([Stratum(80, 32, 40, 16), Stratum(20, 2, 40, 4)])
    assert found.value == pytest.approx(0.0)


def test_strata_without_the_other_group_count_nothing_and_too_few_events_are_not_measurable():
    assert risk_difference([Stratum(50, 5, 0, 0)]) is None
    few = risk_difference([Stratum(50, 0, 100, 3), Stratum(70, 7, 0, 0)])
    assert (few.compared, few.events, few.measurable) == (50, 3, False)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    draw = np.random.default_rng(7)
    shares = draw.uniform(0.02, 0.4, 30)
    sizes = draw.integers(3, 60, (30, 2))
    held = 0
    for _ in range(600):
        strata = [
            Stratum(int(m), int(draw.binomial(m, p * 0.5)), int(n), int(draw.binomial(n, p)))
            for (m, n), p in zip(sizes, shares, strict=True)
        ]
        within = [m * n / (m + n) for m, n in sizes.tolist()]
        truth = float(-(np.array(within) * shares * 0.5).sum() / sum(within))
        found = risk_difference(strata).interval()
        held += found.low <= truth <= found.high
    assert 0.93 <= held / 600 <= 0.97


def test_more_comparisons_make_wider_intervals():
    found = risk_difference([Stratum(100, 10, 400, 80)])
    one, many = found.interval(), found.interval(20)
    assert (many.high - many.low) / (one.high - one.low) == pytest.approx(3.0233 / 1.96, rel=0.01)
