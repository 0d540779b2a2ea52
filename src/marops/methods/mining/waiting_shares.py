"""Waiting added up: by activity, by person, by way from one activity to the next, and what each cause costs.

The price of a cause is the cycle-time efficiency that there would be without it: work divided by work and waiting, the
waiting of that cause left out (Lashkevich et al. 2023). Both are sums over pieces of work, so parallel branches count
each for itself. Intervals come from drawing whole cases again (bootstrap; Efron and Tibshirani, 1993), always the same
draws; where there are very many cases, they are drawn in a few hundred groups.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from marops.methods.mining.calendars import Ints
from marops.methods.mining.log import CAUSES, NOBODY, Floats, Log, Waiting
from marops.methods.mining.structure_order import FIRST, Positions

_GROUPS: Final = 400
_DRAWS: Final = 400
_LOW, _HIGH = 5.0, 95.0


@dataclass(frozen=True, slots=True)
class Waits:
    """Waiting of some rows: how many, hours of work, hours by cause (as in CAUSES); and, each with its 90 % interval:
    mean hours by cause of a row, the efficiency, and the efficiency without each cause.
    """

    n: int
    processing: float
    hours: tuple[float, ...]
    mean: tuple[tuple[float, float, float], ...]
    efficiency: tuple[float, float, float]
    without: tuple[tuple[float, float, float], ...]

    @property
    def waiting(self) -> float:
        """All hours of waiting."""
        return sum(self.hours)

    @property
    def main(self) -> str:
        """The cause of most of it."""
        return CAUSES[int(np.argmax(self.hours))]


@dataclass(frozen=True, slots=True)
class CaseWaits:
    """Hours that a case waits, all together and by cause (as in CAUSES), each with its 90 % interval."""

    hours: tuple[float, float, float]
    causes: tuple[tuple[float, float, float], ...]


def overall(log: Log, waiting: Waiting) -> Waits:
    """Of all rows together."""
    return _grouped(log, waiting, np.zeros(len(log), dtype=np.int64))[0]


def by_activity(log: Log, waiting: Waiting) -> dict[int, Waits]:
    """By activity."""
    return _grouped(log, waiting, log.activity.astype(np.int64))


def by_person(log: Log, waiting: Waiting) -> dict[int, Waits]:
    """By who did the work."""
    found = _grouped(log, waiting, log.resource.astype(np.int64) + 1)
    return {key - 1: value for key, value in found.items() if key - 1 != NOBODY}


def by_way(log: Log, waiting: Waiting, before: Positions) -> dict[tuple[int, int], Waits]:
    """By the activity that came before (FIRST where none did) and the activity itself."""
    wide = len(log.activities) + 1
    source = np.where(before == FIRST, 0, log.activity[before] + 1).astype(np.int64)
    found = _grouped(log, waiting, source * wide + log.activity)
    return {(key // wide - 1, key % wide): value for key, value in found.items()}


def per_case(log: Log, waiting: Waiting) -> CaseWaits:
    """What a case of the log waits on average, wherever it does."""
    return _per_case(log, waiting, np.zeros(len(log), dtype=np.int64))[0]


def per_case_by_activity(log: Log, waiting: Waiting) -> dict[int, CaseWaits]:
    """What a case of the log, whether it comes by there or not, waits on average at each activity."""
    return _per_case(log, waiting, log.activity.astype(np.int64))


def _grouped(log: Log, waiting: Waiting, key: Ints) -> dict[int, Waits]:
    """The sums of each key's rows, and their intervals."""
    keys, sums = _sums(log, np.column_stack((np.ones(len(log)), waiting.processing, waiting.hours)), key)
    again = np.tensordot(_weights(len(sums)), sums, axes=1)
    total = sums.sum(axis=0)
    return {int(keys[at]): _waits(total[at], again[:, at]) for at in range(len(keys))}


def _per_case(log: Log, waiting: Waiting, key: Ints) -> dict[int, CaseWaits]:
    """Hours of each key's rows over all cases, with the interval of drawing cases again."""
    keys, sums = _sums(log, np.column_stack((waiting.hours.sum(axis=1), waiting.hours)), key)
    cases, first = np.unique(log.case, return_index=True)
    counts = np.bincount(_blocks(log)[first], minlength=len(sums)).astype(np.float64)
    weights = _weights(len(sums))
    means = sums.sum(axis=0) / max(len(cases), 1)
    again = np.tensordot(weights, sums, axes=1) / np.maximum(weights @ counts, 1.0)[:, None, None]
    low, high = np.percentile(again, (_LOW, _HIGH), axis=0)
    found = np.stack((means, np.minimum(low, means), np.maximum(high, means)), axis=-1)
    return {
        int(keys[at]): CaseWaits(_triple(found[at, 0]), tuple(_triple(one) for one in found[at, 1:]))
        for at in range(len(keys))
    }


def _triple(found: Floats) -> tuple[float, float, float]:
    value, low, high = found.tolist()
    return value, low, high


def _sums(log: Log, columns: Floats, key: Ints) -> tuple[Ints, Floats]:
    """The keys, and by group of cases and key the sum of each column."""
    keys, group = np.unique(key, return_inverse=True)
    drawn = _blocks(log)
    blocks, width = int(drawn.max()) + 1, columns.shape[1]
    cell = drawn * len(keys) + group
    sums = np.stack([np.bincount(cell, weights=columns[:, at], minlength=blocks * len(keys)) for at in range(width)], 1)
    return keys, sums.reshape(blocks, len(keys), width).astype(np.float64)


def _weights(blocks: int) -> Floats:
    """How often each group of cases is drawn, in each draw."""
    drawn = np.random.default_rng(20110101).multinomial(blocks, np.full(blocks, 1 / blocks), size=_DRAWS)
    return np.asarray(drawn, dtype=np.float64)


def _blocks(log: Log) -> Ints:
    """The group of each row's case: each case for itself, or one of a few hundred that cases are dealt to in turn."""
    return np.asarray(log.case.astype(np.int64) % _GROUPS if len(log.cases) > _GROUPS else log.case.astype(np.int64))


def _waits(total: Floats, again: Floats) -> Waits:
    rates, rates_again = _rates(total[None, :])[0], _rates(again)
    rates_again = rates_again[again[:, 0] > 0]
    low, high = (np.percentile(rates_again, share, axis=0) if len(rates_again) else rates for share in (_LOW, _HIGH))
    both = [(float(rates[at]), float(low[at]), float(high[at])) for at in range(len(rates))]
    return Waits(
        int(total[0]),
        float(total[1]),
        tuple(float(one) for one in total[2:]),
        tuple(both[:5]),
        both[5],
        tuple(both[6:]),
    )


def _rates(sums: Floats) -> Floats:
    """Mean hours by cause, the efficiency, and the efficiency without each cause."""
    count, work, hours = sums[:, :1], sums[:, 1:2], sums[:, 2:]
    whole = work + hours.sum(axis=1, keepdims=True)
    mean = hours / np.maximum(count, 1.0)
    efficiency = np.where(whole > 0, work / np.where(whole > 0, whole, 1.0), 1.0)
    rest = whole - hours
    without = np.where(rest > 1e-12, work / np.where(rest > 1e-12, rest, 1.0), 1.0)
    return np.concatenate((mean, efficiency, without), axis=1)
