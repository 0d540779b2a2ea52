"""Two groups compared within strata, so that what differs between strata does not count as a difference of groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from marops.methods.estimates import Interval

FEWEST_EVENTS: Final = 10
"""Below so many events in both groups together, and half as many expected in the first, nobody can tell."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """People and events of the first and of the second group."""

    first: int
    first_events: int
    second: int
    second_events: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The share of events in the first group less that in the second, and its standard error."""

    value: float
    error: float
    compared: int
    """People of the first group in strata that hold somebody of the second."""
    events: int
    expected: float
    """Events the first group would have at the second group's shares."""

    @property
    def measurable(self) -> bool:
        """Are there events enough?"""
        return self.events >= FEWEST_EVENTS and self.expected >= FEWEST_EVENTS / 2 and self.error > 0

    def interval(self, comparisons: int = 1, level: float = 0.95) -> Interval:
        """The interval, wide enough that all of so many comparisons hold together at this level (Bonferroni)."""
        from scipy.special import ndtri

        around = float(ndtri(1 - (1 - level) / (2 * max(1, comparisons)))) * self.error
        return Interval(self.value, max(-1.0, self.value - around), min(1.0, self.value + around))


def risk_difference(strata: Sequence[Stratum]) -> Difference | None:
    """The difference of shares pooled over strata by Mantel and Haenszel; None where no stratum holds both groups.

    The standard error is that of Sato, Greenland and Robins (On the variance estimator for the Mantel-Haenszel risk
    difference, Biometrics 45 (1989), 1323-1324), which holds for few large strata and for many small ones.
    """
    both = [one for one in strata if one.first and one.second]
    if not both:
        return None
    first, a, second, c = (np.array([getattr(one, name) for one in both], dtype=np.float64)
                           for name in ("first", "first_events", "second", "second_events"))  # fmt: skip
    total = first + second
    weight = float((first * second / total).sum())
    value = float(((a * second - c * first) / total).sum()) / weight
    skew = (
        c * (first / total) ** 2 - a * (second / total) ** 2 + (first / total) * (second / total) * (second - first) / 2
    )
    spread = (a * (second - c) / total + c * (first - a) / total) / 2
    variance = (value * float(skew.sum()) + float(spread.sum())) / weight**2
    return Difference(
        value, max(0.0, variance) ** 0.5, int(first.sum()), int((a + c).sum()), float((c / second * first).sum())
    )
