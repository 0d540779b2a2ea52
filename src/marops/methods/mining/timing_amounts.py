"""Which distribution observed hours have.

Nothing is drawn: parameters are moments or maximum likelihood, and the choice is by the Cramér–von Mises distance on
the data themselves (Anderson, "On the distribution of the two-sample Cramér–von Mises criterion", 1962, and Stephens,
"EDF statistics for goodness of fit", JASA 1974, for how large it may be). A family that stays close has few numbers
and a tail; where none does, the observed quantiles themselves are the distribution, made to have the observed mean.
"""

from typing import Final

import numpy as np

from marops.methods import amounts
from marops.methods.mining.log import Floats, FoundAmount, Origin
from marops.methods.simulation.model import Amount

POINTS: Final = 101
"""Quantiles kept where no family is close."""
Z90: Final = 1.6448536269514722
_CLOSE = 0.15  # the statistic that chance alone stays under, parameters being estimated
_NEAR = 0.012  # so far off in shares (root mean square) nobody minds, however many observations say it is not exact
_EXACT = 0.005  # spread as a share of the mean below which a number is fixed
_FEW = 8
_THIN = 2000
_SLACK = 0.005
_SIMPLER = 0.03  # how much worse one parameter less may be


def fit(values: Floats, origin: Origin = "log") -> FoundAmount:
    """The distribution of non-negative numbers. Raises ValueError where there is none."""
    if not len(values):
        raise ValueError("a distribution needs at least one observation")
    sorted_ = np.sort(np.maximum(values, 0.0))
    mean, sd = float(sorted_.mean()), float(sorted_.std(ddof=1)) if len(sorted_) > 1 else 0.0
    if sd <= _EXACT * mean:
        amount = Amount("fixed", mean=mean)
        return FoundAmount(amount, len(sorted_), origin, 0.0, *around(mean, sd, len(sorted_)))
    best = _best_family(sorted_, mean, sd)
    amount = best if best is not None else quantile_amount(sorted_)
    low, high = interval_of_mean(sorted_, amount.kind)
    return FoundAmount(amount, len(sorted_), origin, distance(amount, sorted_), low, high)


def student(freedom: int) -> float:
    """How many standard errors reach to either end of a 90 per cent interval (Student)."""
    from scipy.special import stdtrit  # scipy.stats takes seconds to load

    return float(stdtrit(freedom, 0.95))


def around(mean: float, sd: float, n: int) -> tuple[float, float]:
    """The 90 per cent interval of a mean of `n` (Student)."""
    if n < 2:
        return 0.0, float("inf")
    reach = student(n - 1) * sd / np.sqrt(n)
    return max(0.0, float(mean - reach)), float(mean + reach)


def interval_of_mean(values: Floats, kind: str) -> tuple[float, float]:
    """The 90 per cent interval of the mean; of a lognormal by its logarithms (Cox's method)."""
    n = len(values)
    if kind != "lognormal" or n < 2:
        return around(float(values.mean()), float(values.std(ddof=1)) if n > 1 else 0.0, n)
    logs = np.log(values[values > 0])
    middle, spread = float(logs.mean()), float(logs.var(ddof=1))
    reach = student(n - 1) * np.sqrt(spread / n + spread**2 / (2 * (n + 1)))
    return float(np.exp(middle + spread / 2 - reach)), float(np.exp(middle + spread / 2 + reach))


def _best_family(values: Floats, mean: float, sd: float) -> Amount | None:
    """The family that is closest, if it is close; simpler ones first among equals."""
    n = len(values)
    best: tuple[float, Amount] | None = None
    for amount, parameters in _families(values, mean, sd):
        away = (mean if amount.kind == "normal" else amounts.mean(amount)) - mean
        if abs(away) > max(0.03 * mean, 2.0 * sd / np.sqrt(n)):
            continue
        statistic, apart = _cramer(amount, values)
        if n >= _FEW and statistic > _CLOSE and apart > _NEAR:
            continue
        value = statistic + _SIMPLER * parameters
        if best is None or value < best[0]:
            best = value, amount
    return best[1] if best else None


def _families(values: Floats, mean: float, sd: float) -> list[tuple[Amount, int]]:
    """Candidates with the number of their parameters."""
    n = len(values)
    found = [(Amount("exponential", mean=mean), 1)]
    if n >= _FEW:
        margin = (values[-1] - values[0]) / (n - 1)
        found.append((Amount("uniform", low=max(0.0, float(values[0] - margin)), high=float(values[-1] + margin)), 2))
    if mean > 2.5 * sd:
        found.append((Amount("normal", mean=mean, sd=sd), 2))
    if values[0] > 0:
        logs = np.log(values)
        spread = float(logs.var(ddof=1))
        middle = float(np.exp(logs.mean() + spread / 2))
        found.append((Amount("lognormal", mean=middle, sd=middle * float(np.sqrt(np.expm1(min(spread, 50.0))))), 2))
        shape = _gamma_shape(float(np.log(mean) - logs.mean()))
        found.append((Amount("gamma", mean=mean, sd=mean / float(np.sqrt(shape))), 2))
    return found


def _gamma_shape(gap: float) -> float:
    """The maximum-likelihood shape from the logarithm of the mean less the mean of the logarithms (Minka 2002)."""
    from scipy.special import digamma, polygamma

    gap = max(gap, 1e-9)
    shape = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    for _ in range(3):
        step = (np.log(shape) - digamma(shape) - gap) / (1 / shape - polygamma(1, shape))
        shape = max(shape - step, shape / 2)
    return float(shape)


def _cramer(amount: Amount, values: Floats) -> tuple[float, float]:
    """The Cramér–von Mises statistic, and how far apart the shares are (root mean square)."""
    n = len(values)
    thin = values if n <= _THIN else values[((np.arange(_THIN) + 0.5) / _THIN * n).astype(np.int64)]
    shares = (np.arange(len(thin)) + 0.5) / len(thin)
    square = float(np.mean((cumulative(amount, thin) - shares) ** 2))
    return n * square + 1 / (12 * n), float(np.sqrt(square))


def cumulative(amount: Amount, values: Floats) -> Floats:
    """Which share of a distribution lies at or below each value. Limits of other kinds than uniform are left out."""
    from scipy.special import gammainc, ndtr

    mean, sd = amount.mean, amount.sd
    if amount.kind == "fixed":
        return (values >= mean).astype(np.float64)
    if amount.kind == "exponential":
        return np.asarray(-np.expm1(-np.maximum(values, 0.0) / mean))
    if amount.kind == "uniform":
        low, high = amount.low or 0.0, amount.high or 0.0
        return np.clip((values - low) / (high - low), 0.0, 1.0)
    if amount.kind == "normal":
        below = float(ndtr(-mean / sd))
        return np.asarray(np.clip((ndtr((values - mean) / sd) - below) / (1 - below), 0.0, 1.0))
    if amount.kind == "lognormal":
        spread = np.log1p((sd / mean) ** 2)
        logs = np.log(np.maximum(values, 1e-300))
        return np.asarray(ndtr((logs - np.log(mean) + spread / 2) / np.sqrt(spread)))
    if amount.kind == "gamma":
        shape = (mean / sd) ** 2
        return np.asarray(gammainc(shape, values * shape / mean))
    grid = np.linspace(0.0, 1.0, 4001)
    return np.searchsorted(amounts.quantiles(amount, grid), values, side="right") / len(grid)


def distance(amount: Amount, values: Floats) -> float:
    """The greatest distance between a distribution and sorted observations, in shares (Kolmogorov–Smirnov), a shift of
    values by half a per cent being none.
    """
    n = len(values)
    below = np.arange(1, n + 1) / n - cumulative(amount, values * (1 + _SLACK))
    above = cumulative(amount, values * (1 - _SLACK)) - np.arange(n) / n
    return float(max(np.max(below), np.max(above), 0.0))


def quantile_amount(values: Floats, weights: Floats | None = None, points: int = POINTS) -> Amount:
    """Observed quantiles as a distribution; values sorted, with the weight of each where they differ.

    Between quantiles it is linear, which alone would make long tails longer than they are: the largest ones are cut
    down until the mean is the observed one.
    """
    shares = np.linspace(0.0, 1.0, points)
    weights = np.full(len(values), 1.0 / len(values)) if weights is None else weights / weights.sum()
    reached = np.cumsum(weights)
    at = np.minimum(np.searchsorted(reached, shares - 1e-12, side="left"), len(values) - 1)
    after = np.minimum(at + (np.abs(reached[at] - shares) < 1e-12), len(values) - 1)
    found = (values[at] + values[after]) / 2
    target = float((values * weights).sum())
    if found[-1] <= 0 or target <= 0:
        return Amount("fixed", mean=0.0)
    if _middle(found) > target * (1 + _SLACK):
        found = np.minimum(found, _cap(found, target))
    mean = _middle(found)
    found *= target / mean if mean > 0 else 1.0
    return Amount("quantiles", values=tuple(float(one) for one in found))


def _middle(values: Floats) -> float:
    """The mean of what is linear between these quantiles."""
    return float((values[1:] + values[:-1]).mean() / 2)


def _cap(values: Floats, target: float) -> float:
    """How far down the largest quantiles have to come for the mean to be so much."""
    low, high = 0.0, float(values[-1])
    for _ in range(60):
        cap = (low + high) / 2
        if _middle(np.minimum(values, cap)) > target:
            high = cap
        else:
            low = cap
    return low
