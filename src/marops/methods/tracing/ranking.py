"""Causes of a complaint, ranked by their excess over comparable leads that nobody complains of.

A cause is something that holds of some leads. Its excess is the difference between its share among the leads complained
of and its share among the others, pooled over strata (the same month, the same source) by Mantel and Haenszel, with the
interval of Sato, Greenland and Robins, which allows for all causes that could be told apart (Bonferroni as Tarone
mended it). Causes overlap: a source that sends bad leads and the signal that scores them high hold of the same people.
So they are ranked in turns: the one whose excess is surely largest comes first, and each next one is judged on the
leads that those before it do not explain.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.estimates import Interval
from marops.methods.strata import Difference, Stratum, risk_difference

FEWEST: Final = 10
"""Of fewer leads nothing can be told."""
_ALPHA: Final = 0.025
"""How often chance may put any one lower bound above nothing."""
_HOLDS: Final = 3
"""A cause that holds of fewer of the leads complained of is left out."""
Flags = NDArray[np.bool_]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that holds of some leads: its code, of which leads, and within which strata it is compared.

    `strata`: one number per lead; only leads of the same number are compared.
    """

    code: str
    holds: Flags
    strata: Codes


@dataclass(frozen=True, slots=True)
class Found:
    """A cause of the complaint: its share among the leads complained of, among the others, and the excess.

    `beyond`: the excess among leads that no cause above it explains; None where too few are left to tell. `sure`: the
    interval of that excess lies above nothing.
    """

    code: str
    leads: int
    share: float
    control_share: float
    excess: Interval
    beyond: Interval | None
    sure: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """Causes, those that are surely at work first; and how many leads none of them explains.

    `looked_at`: causes that hold of some leads; `comparisons`: those of which so many leads could tell anything.
    """

    leads: int
    control: int
    causes: Sequence[Found]
    unexplained: int
    looked_at: int
    comparisons: int

    @property
    def enough(self) -> bool:
        """Are there leads enough to tell anything?"""
        return min(self.leads, self.control) >= FEWEST


def ranked(complaint: Flags, causes: Sequence[Cause]) -> Ranking:
    """Rank the causes; `complaint` says which of the leads are complained of, all others are the control."""
    leads, control = int(complaint.sum()), int((~complaint).sum())
    held = [one for one in causes if int((one.holds & complaint).sum()) >= _HOLDS]
    if min(leads, control) < FEWEST:
        return Ranking(leads, control, [], leads, len(held), len(held))
    comparisons = _comparisons(complaint, held)
    found = list(_in_turns(complaint, held, comparisons))
    sure = [one.code for one in found if one.sure]
    explained = np.zeros_like(complaint)
    for one in held:
        if one.code in sure:
            explained |= one.holds
    return Ranking(leads, control, found, int((complaint & ~explained).sum()), len(held), comparisons)


def _comparisons(complaint: Flags, causes: Sequence[Cause]) -> int:
    """Of how many causes anything could be told at all, which is what the intervals have to allow for.

    Tarone's correction (A modified Bonferroni method for discrete data, Biometrics 46, 1990): a cause that holds of so
    few leads that not even all of them complained of would be beyond chance takes part in no comparison. Causes that
    hold of the same leads are one.
    """
    distinct = {one.holds.tobytes(): int(one.holds.sum()) for one in causes}
    leads, whole = int(complaint.sum()), complaint.size
    least = [_least_chance(holders, leads, whole) for holders in distinct.values()]
    testable = (k for k in range(1, len(least) + 1) if sum(one <= math.log(_ALPHA / k) for one in least) <= k)
    return next(testable, 1)


def _least_chance(holders: int, leads: int, whole: int) -> float:
    """The logarithm of the chance that, of so many holders among all leads, as many as can be are complained of."""
    few, many = sorted((holders, leads))
    return sum(math.log((many - at) / (whole - at)) for at in range(few))


def _in_turns(complaint: Flags, causes: Sequence[Cause], comparisons: int) -> Iterator[Found]:
    left, open_ = list(causes), np.ones_like(complaint)
    while left:
        judged = [(one, _difference(complaint, one, open_)) for one in left]
        best, beyond = max(judged, key=lambda pair: _least(pair[1], comparisons))
        if _least(beyond, comparisons) <= 0:
            break
        yield _found(complaint, best, beyond, comparisons, sure=True)
        left, open_ = [one for one in left if one.code != best.code], open_ & ~best.holds
    rest = [_found(complaint, one, _difference(complaint, one, open_), comparisons, sure=False) for one in left]
    yield from sorted(rest, key=lambda one: -one.excess.low)


def _difference(complaint: Flags, cause: Cause, among: Flags) -> Difference | None:
    numbers, place = np.unique(cause.strata[among], return_inverse=True)
    first, hit = complaint[among], cause.holds[among]
    table = [np.bincount(place[which], minlength=len(numbers)) for which in
             (first, first & hit, ~first, ~first & hit)]  # fmt: skip
    return risk_difference([Stratum(*(int(each[at]) for each in table)) for at in range(len(numbers))])


def _least(difference: Difference | None, comparisons: int) -> float:
    """The lower bound of an excess; below everything where it cannot be told."""
    if difference is None or difference.error <= 0:
        return -2.0
    return float(difference.interval(comparisons).low)


def _found(complaint: Flags, cause: Cause, beyond: Difference | None, comparisons: int, *, sure: bool) -> Found:
    whole = _difference(complaint, cause, np.ones_like(complaint))
    leads = int((cause.holds & complaint).sum())
    share = leads / int(complaint.sum())
    excess = whole.interval(comparisons) if whole else Interval(0.0, -1.0, 1.0)
    control = min(1.0, max(0.0, share - excess.value))
    return Found(cause.code, leads, share, control, excess, beyond.interval(comparisons) if beyond else None, sure)
