from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.kernel.numbers import floored, points

POINTS = st.decimals(-200, 2000, places=4)


@pytest.mark.parametrize(
    ("value", "threshold", "said"),
    [(47.6, 48, "47"), (48.0, 48, "48"), (47.6, 47.5, "47.6"), (47.49, 47.5, "47.4"), (-0.5, 0, "-1"), (120, 0, "120")],
)
def test_points_are_cut_off(value, threshold, said):
    assert points(value, threshold) == said


@given(POINTS, st.decimals(0, 200, places=2))
def test_what_is_shown_and_what_is_decided_never_disagree(value: Decimal, threshold: Decimal):
    assert (floored(value, threshold) >= threshold) == (value >= threshold)


@given(POINTS, st.integers(0, 200))
def test_a_list_that_knows_no_threshold_agrees_with_every_whole_one(value: Decimal, threshold: int):
    assert (floored(value) >= threshold) == (value >= threshold)
