"""Intervals of shares: what a share seen in a sample says of the share behind it."""

from math import sqrt
from typing import Final

Z95: Final = 1.959963984540054
"""Two-sided 95 per cent of the normal distribution."""


def wilson(share: float, n: int, z: float = Z95) -> tuple[float, float]:
    """The score interval of a share of `n` (Wilson, JASA 1927): never outside 0 to 1, and never empty at 0 or 1.

    Raises ValueError when there is nothing it could be a share of.
    """
    if n <= 0 or not 0 <= share <= 1:
        raise ValueError(f"{share} is not a share of {n}")
    middle = share + z * z / (2 * n)
    around = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    return max(0.0, (middle - around) / whole), min(1.0, (middle + around) / whole)
