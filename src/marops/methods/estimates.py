"""Means over replications with their intervals."""

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


def of_median(values: NDArray[np.float64], level: float = LEVEL) -> Interval | None:
    """The middle of what replications showed, and the range in which this share of them lies. None for none."""
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    low, middle, high = np.quantile(known, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return Interval(float(middle), float(low), float(high))
