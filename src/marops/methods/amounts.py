"""Distributions of hours as numbers: their mean, their quantiles, and what a factor makes of them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from marops.methods.simulation.model import Amount

_GRID = 4000


def mean(amount: Amount) -> float:
    """The expected value, limits included."""
    if amount.low is None and amount.high is None and amount.kind in ("fixed", "exponential", "lognormal", "gamma"):
        return amount.mean
    if amount.kind == "uniform":
        return ((amount.low or 0.0) + (amount.high or 0.0)) / 2
    if amount.kind == "triangular":
        return ((amount.low or 0.0) + amount.mode + (amount.high or 0.0)) / 3
    if amount.kind == "quantiles":
        values = np.array(amount.values)
        return float((values[1:] + values[:-1]).mean() / 2)
    return float(quantiles(amount, (np.arange(_GRID) + 0.5) / _GRID).mean())


def quantiles(amount: Amount, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values below which these shares of the distribution lie.

    `normal` is drawn again where it is outside its limits, so its shares are those of what remains; the others are cut
    off at theirs.
    """
    from scipy import stats

    low, high, sd = amount.low or 0.0, amount.high, amount.sd
    found: NDArray[np.float64]
    if amount.kind == "uniform":
        return low + (float(high or 0.0) - low) * shares
    if amount.kind == "triangular":
        return _triangular(low, amount.mode, float(high or 0.0), shares)
    if amount.kind == "quantiles":
        found = np.interp(shares, np.linspace(0, 1, len(amount.values)), np.array(amount.values))
    elif amount.kind == "fixed" or (amount.kind != "exponential" and sd == 0):
        found = np.full(len(shares), amount.mean)
    elif amount.kind == "exponential":
        found = -amount.mean * np.log1p(-shares)
    elif amount.kind == "normal":
        below = stats.norm.cdf(low, amount.mean, sd)
        above = 1.0 if high is None else stats.norm.cdf(high, amount.mean, sd)
        found = stats.norm.ppf(below + shares * (above - below), amount.mean, sd)
    elif amount.kind == "lognormal":
        spread = np.log1p((sd / amount.mean) ** 2)
        found = stats.lognorm.ppf(shares, np.sqrt(spread), scale=amount.mean * np.exp(-spread / 2))
    else:
        shape = (amount.mean / sd) ** 2
        found = stats.gamma.ppf(shares, shape, scale=amount.mean / shape)
    return np.clip(found, amount.low, high) if amount.low is not None or high is not None else found


def _triangular(low: float, mode: float, high: float, shares: NDArray[np.float64]) -> NDArray[np.float64]:
    if high <= low:
        return np.full(len(shares), low)
    turn = (mode - low) / (high - low)
    rising = low + np.sqrt(shares * (high - low) * (mode - low))
    falling = high - np.sqrt((1 - shares) * (high - low) * (high - mode))
    return np.where(shares < turn, rising, falling)


def scaled(amount: Amount, factor: float) -> Amount:
    """The distribution of so many times the value."""
    return replace(
        amount,
        mean=amount.mean * factor,
        sd=amount.sd * factor,
        low=None if amount.low is None else amount.low * factor,
        high=None if amount.high is None else amount.high * factor,
        mode=amount.mode * factor,
        values=tuple(one * factor for one in amount.values),
    )
