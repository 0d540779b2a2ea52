"""Distributions as Prosimos writes them: a name, parameters by their place, seconds.

| name | parameters |
| --- | --- |
| `fix` | value |
| `expon` | mean, min, max |
| `norm` | mean, standard deviation, min, max |
| `lognorm`, `gamma` | mean, variance, min, max |
| `uniform` | min, max |

What falls outside of min and max is drawn again. Files of older versions have SciPy's parameters (`expon` with four,
`exponnorm`), or leave min and max out.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from marops.domains.workflows.exchange.bpsim import LONGEST, number
from marops.domains.workflows.rules.amounts import Spread

SECONDS = 3600.0
_GRID = 20_000
_POINTS = 201
_CUT = 0.001
_NEAR = 0.005
Note = Callable[[str], None]


def hours_of(value: Mapping[str, Any], note: Note) -> float | Spread:
    """Hours of a distribution. Raises ValueError, in words, where it cannot be read."""
    name = str(value.get("distribution_name", "")).lower()
    listed = value.get("distribution_params", [])
    found = [number(one.get("value") if isinstance(one, Mapping) else one) for one in listed]
    if name == "histogram_sampling":
        return _histogram(value)
    reader = _READERS.get(name)
    if reader is None:
        raise ValueError(f"the distribution {name!r} is not known")
    if not found or any(one is None for one in found):
        raise ValueError(f"the distribution {name!r} has a parameter that is no number")
    numbers = [one for one in found if one is not None]
    try:
        return _small(reader(numbers, note))
    except IndexError:
        raise ValueError(f"the distribution {name!r} has only {len(numbers)} parameters") from None


def _small(value: float | Spread) -> float | Spread:
    longest = value if isinstance(value, float) else max([*value.values, value.mean or 0.0, value.high or 0.0])
    if longest > LONGEST:
        raise ValueError(f"it takes {longest:,.0f} hours, more than {LONGEST:,.0f}")
    return value


def _fixed(given: Sequence[float], _: Note) -> float:
    return _positive(given[0]) / SECONDS


def _positive(value: float) -> float:
    if value < 0:
        raise ValueError(f"it takes {value:g} seconds, less than none")
    return value


def _uniform(given: Sequence[float], _: Note) -> Spread:
    low, high = sorted(given[:2])
    if len(given) < 2:
        raise IndexError
    return Spread(kind="uniform", low=_positive(low) / SECONDS, high=high / SECONDS)


def _exponential(given: Sequence[float], note: Note) -> float | Spread:
    """Mean, min, max: min plus an exponential of the rest. Four, or a mean below min, are SciPy's loc and scale."""
    mean, low, high = given[0], given[1] if len(given) > 1 else 0.0, given[2] if len(given) > 2 else math.inf
    if len(given) >= 4 or mean < low:
        note("“expon” was read as an older version wrote it: least value, mean above it, and limits.")
        low, mean = given[0], given[0] + given[1]
        high = given[3] if len(given) >= 4 else math.inf
    if mean <= low or high <= low:
        return _positive(mean) / SECONDS
    from scipy import stats

    return _cut(stats.expon(low, mean - low), low, high, lambda: Spread(kind="exponential", mean=mean / SECONDS))


def _limits(given: Sequence[float], note: Note, name: str) -> tuple[float, float]:
    if len(given) < 4:
        note(f"“{name}” has no limits in this file, which Prosimos 2 refuses; it was read without any.")
    low = given[2] if len(given) > 2 else 0.0
    high = given[3] if len(given) > 3 else math.inf
    return max(low, 0.0), high if high > low else math.inf


def _normal(given: Sequence[float], note: Note) -> float | Spread:
    """Mean, standard deviation, min, max; drawn again outside of them, as ours is."""
    mean, sd = given[0], given[1]
    low, high = _limits(given, note, "norm")
    if sd <= 0 or not low <= mean <= high:
        if sd > 0:
            note("“norm” whose mean is outside of its limits was read as that mean, held within them.")
        return min(max(mean, low), high) / SECONDS
    limits = {"low": low / SECONDS} | ({} if high == math.inf else {"high": high / SECONDS})
    return Spread(kind="normal", mean=mean / SECONDS, sd=sd / SECONDS, **limits)


def _lognormal(given: Sequence[float], note: Note) -> float | Spread:
    from scipy import stats

    mean, sd = _moments(given)
    low, high = _limits(given, note, "lognorm")
    if sd == 0 or mean == 0:
        return mean / SECONDS
    spread = math.log1p((sd / mean) ** 2)
    law = stats.lognorm(math.sqrt(spread), scale=mean * math.exp(-spread / 2))
    return _cut(law, low, high, lambda: Spread(kind="lognormal", mean=mean / SECONDS, sd=sd / SECONDS))


def _gamma(given: Sequence[float], note: Note) -> float | Spread:
    from scipy import stats

    mean, sd = _moments(given)
    low, high = _limits(given, note, "gamma")
    if sd == 0 or mean == 0:
        return mean / SECONDS
    law = stats.gamma((mean / sd) ** 2, scale=sd**2 / mean)
    return _cut(law, low, high, lambda: Spread(kind="gamma", mean=mean / SECONDS, sd=sd / SECONDS))


def _moments(given: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation; the second parameter is a variance."""
    return _positive(given[0]), math.sqrt(max(given[1], 0.0))


def _triangular(given: Sequence[float], note: Note) -> Spread:
    """SciPy's c, loc, scale, or least, most likely and greatest. Prosimos itself cannot draw it."""
    a, b, c = given[:3] if len(given) >= 3 else (0.0, 0.0, -1.0)
    if a <= b <= c:
        low, mode, high = a, b, c
    elif 0 <= a <= 1 and c > 0:
        low, mode, high = b, b + a * c, b + c
    else:
        raise ValueError("the distribution 'triang' has no parameters that make a triangle")
    note("“triang”, which Prosimos lists and cannot draw, was read as a triangular distribution.")
    return Spread(kind="triangular", low=_positive(low) / SECONDS, mode=mode / SECONDS, high=high / SECONDS)


def _exponnorm(given: Sequence[float], note: Note) -> float | Spread:
    """SciPy's K, loc, scale, with limits: a normal with an exponential of K times its scale added."""
    import numpy as np
    from scipy import stats

    note("“exponnorm” of an older version was read as a table of quantiles.")
    shape, loc, scale = given[0], given[1], given[2]
    if shape <= 0 or scale <= 0:
        return _positive(loc) / SECONDS
    low = max(given[3], 0.0) if len(given) > 3 else 0.0
    high = given[4] if len(given) > 4 and given[4] > low else math.inf
    # SciPy finds the quantiles of this one by search, for seconds; its shares on a grid are found at once.
    last = min(high, loc + scale * (8 + 16 * shape))
    grid = np.linspace(max(low, loc - 8 * scale), last, _GRID)
    shares = stats.exponnorm(shape, loc, scale).cdf(grid)
    wanted = shares[0] + (np.arange(_GRID) + 0.5) / _GRID * (shares[-1] - shares[0])
    return _table(np.interp(wanted, shares, grid))


def _histogram(value: Mapping[str, Any]) -> Spread:
    """Shares reached at the middles of bins, as a table of quantiles."""
    data = value.get("histogram_data") or value.get("distribution_params") or {}
    if not isinstance(data, Mapping):
        raise ValueError("the distribution 'histogram_sampling' has no table")
    shares = [number(one) for one in data.get("cdf", [])]
    middles = [number(one) for one in data.get("bin_midpoints", [])]
    if len(shares) != len(middles) or len(shares) < 2 or None in shares or None in middles:
        raise ValueError("the distribution 'histogram_sampling' has no table of shares and middles")
    import numpy as np

    grid = np.interp(np.linspace(0, 1, 101), [float(one or 0) for one in shares], [float(one or 0) for one in middles])
    return _quantiles(np.maximum.accumulate(np.clip(grid, 0, None)))


_READERS: dict[str, Callable[[Sequence[float], Note], float | Spread]] = {
    "fix": _fixed,
    "fixed": _fixed,
    "expon": _exponential,
    "exponential": _exponential,
    "norm": _normal,
    "normal": _normal,
    "lognorm": _lognormal,
    "gamma": _gamma,
    "uniform": _uniform,
    "triang": _triangular,
    "exponnorm": _exponnorm,
}


# --- cut distributions


def _cut(law: Any, low: float, high: float, whole: Callable[[], Spread]) -> float | Spread:
    """The distribution itself where its limits hardly matter, else a table of what remains between them."""
    lost = float(law.cdf(low)) + (float(law.sf(high)) if high < math.inf else 0.0)
    if lost > 1 - 1e-9:
        return min(max(float(law.mean()), low), high) / SECONDS
    begins = low > 0 and float(law.ppf(0)) >= low
    kept = _between(law, low, high)
    mean = float(_between(law, 0.0, math.inf).mean())
    if not begins and lost < _CUT and abs(float(kept.mean()) - mean) < _NEAR * mean:
        return whole()
    return _table(kept)


def _between(law: Any, low: float, high: float) -> Any:
    """Twenty thousand equally likely values of what remains between the limits."""
    import numpy as np

    below = float(law.cdf(low))
    above = float(law.cdf(high)) if high < math.inf else 1.0
    return np.clip(law.ppf(below + (np.arange(_GRID) + 0.5) / _GRID * (above - below)), max(low, 0.0), high)


def _table(values: Any) -> Spread:
    """Quantiles of many values in order. The outermost say the mean of the last piece, not the last value; then all
    are scaled so that the mean is right.
    """
    import numpy as np

    grid = np.quantile(values, np.linspace(0, 1, _POINTS))
    piece = len(values) // (_POINTS - 1)
    grid[0] = min(max(2 * values[:piece].mean() - grid[1], grid[0]), grid[1])
    grid[-1] = max(min(2 * values[-piece:].mean() - grid[-2], grid[-1]), grid[-2])
    mean = float((grid[1:] + grid[:-1]).mean() / 2)
    wide = float(values.mean()) / mean if mean > 0 else 1.0
    return _quantiles(np.clip(grid * wide, grid[0], grid[-1]))


def _quantiles(seconds: Any) -> Spread:
    return Spread(kind="quantiles", values=tuple(float(f"{one / SECONDS:.7g}") for one in seconds))


# --- the other way


def written(value: float | Spread, note: Note, what: str = "") -> dict[str, Any]:
    """A distribution as Prosimos 2.1 accepts it; `note` hears what is only nearly the same."""
    if not isinstance(value, Spread):
        return _named("fix", value * SECONDS)
    mean, sd = (value.mean or 0.0) * SECONDS, (value.sd or 0.0) * SECONDS
    low = (value.low or 0.0) * SECONDS
    high = (value.high if value.high is not None else LONGEST) * SECONDS
    if value.kind == "fixed" or (value.kind in ("normal", "lognormal", "gamma") and not sd):
        return _named("fix", min(max(mean, low), high))
    if value.kind == "exponential" and not low:
        return _named("expon", mean, 0.0, high)
    if value.kind == "uniform":
        return _named("uniform", low, high)
    if value.kind == "normal":
        return _named("norm", mean, sd, low, high)
    if value.kind in ("lognormal", "gamma"):
        return _named("lognorm" if value.kind == "lognormal" else "gamma", mean, sd**2, low, high)
    return _nearly(value, note, what)


def _nearly(value: Spread, note: Note, what: str) -> dict[str, Any]:
    """A shape that Prosimos does not know, by one with the same mean and spread within the same limits."""
    import numpy as np

    from marops.methods.amounts import quantiles

    drawn = quantiles(value.as_amount(), (np.arange(4000) + 0.5) / 4000) * SECONDS
    mean, sd = float(drawn.mean()), float(drawn.std())
    note(f"Prosimos has no {value.kind} distribution{what}: one with the same mean and spread stands for it.")
    if sd <= 1e-9 * max(mean, 1.0):
        return _named("fix", mean)
    if float(((drawn - mean) ** 3).mean()) < 0.3 * sd**3:
        return _named("norm", mean, sd, float(drawn.min()), float(drawn.max()))
    return _named("gamma", mean, sd**2, 0.0, LONGEST * SECONDS)


def _named(name: str, *values: float) -> dict[str, Any]:
    return {"distribution_name": name, "distribution_params": [{"value": float(f"{one:.10g}")} for one in values]}
