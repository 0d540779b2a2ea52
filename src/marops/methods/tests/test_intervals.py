from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.methods.intervals import Z95, wilson


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_is_that_of_the_literature(hits, n, low, high):
    assert wilson(hits / n, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 5_000), st.floats(0, 1))
def test_the_interval_holds_the_share_and_its_ends_solve_the_equation(n, part):
    share = round(part * n) / n
    low, high = wilson(share, n)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            assert abs(share - end) == pytest.approx(Z95 * sqrt(end * (1 - end) / n), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize(("share", "n"), [(0.5, 0), (1.2, 10), (-0.1, 10)])
def test_what_is_no_share_is_refused(share, n):
    with pytest.raises(ValueError, match="is not a share"):
        wilson(share, n)
