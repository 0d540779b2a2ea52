"""Means and shares over replications with their intervals."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEVEL: Final = 0.9
"""Of all intervals, unless somebody asks for another."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and the interval that holds the expected value with the level asked for."""

    value: float
    low: float
    high: float


def of_mean(values: NDArray[np.float64], level: float = LEVEL) -> Interval | None:
    """Student's interval of the mean of independent replications; values that are not numbers are left out.

    None where fewer than two are left: nobody can tell. Equal values have an interval without width.
    """
    from scipy.special import stdtrit

    known = values[np.isfinite(values)]
    if len(known) < 2:  # one value says nothing about spread
        return None
    middle = float(known.mean())
    around = float(stdtrit(len(known) - 1, (1 + level) / 2)) * float(known.std(ddof=1)) / len(known) ** 0.5
    return Interval(middle, middle - around, middle + around)


def of_share(hits: int, runs: int, level: float = LEVEL) -> Interval | None:
    """The share of runs in which something happened, with the score interval of Wilson (1927).

    It keeps its width where all runs or none say yes, and its cover with few runs: Brown, Cai and DasGupta, Interval
    Estimation for a Binomial Proportion, Statistical Science 16 (2001), 101-133. None without runs.
    """
    if runs < 1:
        return None
    value, square = hits / runs, _normal(level) ** 2
    middle = (hits + square / 2) / (runs + square)
    around = (square * (value * (1 - value) * runs + square / 4)) ** 0.5 / (runs + square)
    return Interval(value, max(0.0, min(middle - around, value)), min(1.0, max(middle + around, value)))


def of_paired_shares(gained: int, lost: int, runs: int, level: float = LEVEL) -> Interval | None:
    """The difference of two shares of the same runs: `gained` of them say yes only to the first, `lost` only to the
    second.

    The interval of Bonett and Price, Adjusted Wald Confidence Interval for a Difference of Binomial Proportions Based
    on Paired Data, Journal of Educational and Behavioral Statistics 37 (2012), 479-488: one run more of either kind, so
    that runs which never differ do not prove that nothing does. None without runs.
    """
    if runs < 1:
        return None
    more, less = (gained + 1) / (runs + 2), (lost + 1) / (runs + 2)
    middle = more - less
    around = _normal(level) * ((more + less - middle**2) / (runs + 2)) ** 0.5
    value = (gained - lost) / runs
    return Interval(value, max(-1.0, min(middle - around, value)), min(1.0, max(middle + around, value)))


def _normal(level: float) -> float:
    """How many standard errors away this level of a normal distribution ends."""
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))
