"""Distinct sequences of activities with how often each occurs: what the structure of a process is found in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.log import Log
from marops.methods.mining.structure_order import Positions, in_order

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Traces:
    """Sequences of symbols, one after the other; `owner` says which sequence each symbol belongs to, `counts` how
    often a sequence occurs. A sequence may be empty.
    """

    symbols: Positions
    owner: Positions
    counts: Positions

    def weights(self) -> Positions:
        """How often each symbol's sequence occurs."""
        return self.counts[self.owner]

    def only(self, kept: Flags) -> "Traces":
        """Without the other symbols."""
        return Traces(self.symbols[kept], self.owner[kept], self.counts)

    def distinct(self) -> "Traces":
        """Equal sequences become one."""
        first, group = _equal(self.symbols, self.owner, len(self.counts))
        counts = np.zeros(len(first), dtype=np.int64)
        np.add.at(counts, group, self.counts)
        place = np.full(len(self.counts), -1, dtype=np.int64)
        place[first] = np.arange(len(first))
        kept = place[self.owner] >= 0
        return _sorted(self.symbols[kept], place[self.owner[kept]], counts)

    def places(self) -> Positions:
        """The number of each symbol within its sequence, from 0."""
        start = np.searchsorted(self.owner, self.owner, side="left")
        return np.arange(len(self.owner), dtype=np.int64) - start


def traces_of(log: Log, within: int | None = None) -> Traces:
    """The distinct sequences of activities of a log's cases, in order of begin; of one class of work, if said."""
    order = in_order(log)
    if within is not None:
        order = order[log.work_class[order] == within]
    case = log.case[order]
    owner = np.cumsum(np.concatenate([[False], case[1:] != case[:-1]])) if len(case) else np.zeros(0)
    count = int(owner[-1]) + 1 if len(case) else 0
    every = Traces(log.activity[order].astype(np.int64), owner.astype(np.int64), np.ones(count, dtype=np.int64))
    return every.distinct()


def _sorted(symbols: Positions, owner: Positions, counts: Positions) -> Traces:
    order = np.argsort(owner, kind="stable")
    return Traces(symbols[order], owner[order], counts)


def _equal(symbols: Positions, owner: Positions, count: int) -> tuple[Positions, Positions]:
    """For each distinct sequence one that has it, and for each sequence the number of its distinct one.

    Told apart by two 64-bit polynomials of random coefficients: among a million sequences two different ones meet in
    both with a probability below 1e-26.
    """
    keys = np.zeros((2, count), dtype=np.uint64)
    if len(symbols):
        start = np.nonzero(np.concatenate([[True], owner[1:] != owner[:-1]]))[0]
        place = np.arange(len(owner)) - np.repeat(start, np.diff(np.append(start, len(owner))))
        luck = np.random.Generator(np.random.PCG64(20261122))
        for n in range(2):
            coefficient = luck.integers(0, 2**63, size=int(symbols.max()) + 1, dtype=np.uint64) * 2 + 1
            base = np.full(int(place.max()) + 1, luck.integers(0, 2**62, dtype=np.uint64) * 2 + 1, dtype=np.uint64)
            powers = np.cumprod(base)  # wraps around, on purpose
            keys[n, owner[start]] = np.add.reduceat(coefficient[symbols] * powers[place], start)
    order = np.lexsort((keys[0], keys[1]))
    ordered = keys[:, order]
    new = np.concatenate([[True], (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)])[:count]
    group = np.empty(count, dtype=np.int64)
    group[order] = np.cumsum(new) - 1
    return order[new].astype(np.int64), group
