"""Luck: every draw is a hash of what it is for, turned into a number by the inverse of its distribution.

A stream of random numbers would give every later draw another value as soon as one more is taken; here a draw depends
on nothing but its own name: the seed, the replication, the class and number of the case, the node, the visit and what
it is for. Names that are text become 64 bits once, in Python.
"""

import hashlib
import math
from typing import Final

import numpy as np

from marops.methods.simulation.compiled import compiled
from marops.methods.simulation.layout import amount_of, value_of
from marops.methods.simulation.rows import World

FIXED: Final = 0
EXPONENTIAL: Final = 1
UNIFORM: Final = 2
TRIANGULAR: Final = 3
NORMAL: Final = 4
LOGNORMAL: Final = 5
GAMMA: Final = 6
QUANTILES: Final = 7

_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFTS: Final = (np.uint64(30), np.uint64(27), np.uint64(31))
_FRACTION: Final = np.uint64(12)
_ULP: Final = 2.0**-52


def key(*words: str) -> int:
    """64 bits for a name, the same on every machine and in every process."""
    text = "\x1f".join(words).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


@compiled
def mixed(bits: np.uint64) -> np.uint64:
    """Sixty-four bits of which each depends on all that were given (the finaliser of SplitMix64)."""
    bits = (bits ^ (bits >> _SHIFTS[0])) * _FIRST
    bits = (bits ^ (bits >> _SHIFTS[1])) * _SECOND
    return bits ^ (bits >> _SHIFTS[2])


@compiled
def luck(base: np.uint64, name: np.uint64, number: int) -> np.uint64:
    """What is drawn, given something drawn before, for a name and a number."""
    return mixed(base ^ mixed(name + np.uint64(number) * _STEP))


@compiled
def share(bits: np.uint64) -> float:
    """A number between 0 and 1, neither of them."""
    return (float(bits >> _FRACTION) + 0.5) * _ULP


@compiled
def _near(q: float) -> float:
    r = 0.180625 - q * q
    above = 2509.0809287301226727
    above = above * r + 33430.575583588128105
    above = above * r + 67265.770927008700853
    above = above * r + 45921.953931549871457
    above = above * r + 13731.693765509461125
    above = above * r + 1971.5909503065514427
    above = above * r + 133.14166789178437745
    above = above * r + 3.387132872796366608
    below = 5226.495278852854561
    below = below * r + 28729.085735721942674
    below = below * r + 39307.89580009271061
    below = below * r + 21213.794301586595867
    below = below * r + 5394.1960214247511077
    below = below * r + 687.1870074920579083
    below = below * r + 42.313330701600911252
    return q * above / (below * r + 1.0)


@compiled
def _far(r: float) -> float:
    r -= 1.6
    above = 7.7454501427834140764e-4
    above = above * r + 0.0227238449892691845833
    above = above * r + 0.24178072517745061177
    above = above * r + 1.27045825245236838258
    above = above * r + 3.64784832476320460504
    above = above * r + 5.7694972214606914055
    above = above * r + 4.6303378461565452959
    above = above * r + 1.42343711074968357734
    below = 1.05075007164441684324e-9
    below = below * r + 5.475938084995344946e-4
    below = below * r + 0.0151986665636164571966
    below = below * r + 0.14810397642748007459
    below = below * r + 0.68976733498510000455
    below = below * r + 1.6763848301838038494
    below = below * r + 2.05319162663775882187
    return above / (below * r + 1.0)


@compiled
def _farther(r: float) -> float:
    r -= 5.0
    above = 2.01033439929228813265e-7
    above = above * r + 2.71155556874348757815e-5
    above = above * r + 0.0012426609473880784386
    above = above * r + 0.026532189526576123093
    above = above * r + 0.29656057182850489123
    above = above * r + 1.7848265399172913358
    above = above * r + 5.4637849111641143699
    above = above * r + 6.6579046435011037772
    below = 2.04426310338993978564e-15
    below = below * r + 1.4215117583164458887e-7
    below = below * r + 1.8463183175100546818e-5
    below = below * r + 7.868691311456132591e-4
    below = below * r + 0.0148753612908506148525
    below = below * r + 0.13692988092273580531
    below = below * r + 0.59983220655588793769
    return above / (below * r + 1.0)


@compiled
def normal(u: float) -> float:
    """The standard normal quantile, to 16 digits (Wichura 1988, algorithm AS 241)."""
    q = u - 0.5
    if abs(q) <= 0.425:
        return _near(q)
    r = math.sqrt(-math.log(u if q < 0.0 else 1.0 - u))
    z = _far(r) if r <= 5.0 else _farther(r)
    return -z if q < 0.0 else z


@compiled
def gamma(shape: float, bits: np.uint64) -> float:
    """A gamma variate with scale 1, by rejection from a cubed normal (Marsaglia and Tsang 2000), each try hashed."""
    boost = 1.0
    if shape < 1.0:
        boost = share(mixed(bits ^ _SECOND)) ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        bits = mixed(bits + _STEP)
        x = normal(share(bits))
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        u = share(mixed(bits ^ _FIRST))
        if math.log(u) < 0.5 * x * x + d * (1.0 - v + math.log(v)):
            return d * v * boost


@compiled
def _skewed(kind: int, a: float, b: float, c: float, u: float, bits: np.uint64) -> float:
    if kind == TRIANGULAR:  # a low, b mode, c high
        if u * (c - a) <= b - a:
            return a + math.sqrt(u * (c - a) * (b - a))
        return c - math.sqrt((1.0 - u) * (c - a) * (c - b))
    if kind == NORMAL:  # b is the sd with the sign of the tail in which c and the low share count
        return a + b * normal(u)
    if kind == LOGNORMAL:
        return math.exp(a + b * normal(u))
    return b * gamma(a, bits)


@compiled
def drawn(w: World, number: int, bits: np.uint64) -> float:
    """A value of a distribution, never below 0."""
    one = amount_of(w, number)
    if one.kind == FIXED:
        return one.a
    u = share(bits)
    if one.kind == EXPONENTIAL:
        value = -one.a * math.log(u)
    elif one.kind == UNIFORM:
        value = one.a + u * one.b
    elif one.kind == QUANTILES:
        place = u * (one.count - 1)
        left = int(place)
        start = value_of(w, one.first + left).value
        value = start + (place - left) * (value_of(w, one.first + left + 1).value - start)
    elif one.kind == NORMAL:
        value = _skewed(NORMAL, one.a, one.b, 0.0, one.c + u * (one.d - one.c), bits)
    else:
        value = _skewed(one.kind, one.a, one.b, one.c, u, bits)
    return min(max(value, one.low), one.high)
