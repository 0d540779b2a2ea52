"""Parallel blocks: sets of activities that fall into branches which go on independently of each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.log import Floats
from marops.methods.mining.structure_order import Positions, components
from marops.methods.mining.structure_traces import Traces

_CROSS = 0.7
"""Share of the pairs across branches that are seen to be concurrent."""
_CLEAN = 0.5
"""Share of the runs through a block that nothing else interrupts."""
_JOINT = 0.3
"""Share of the runs through a block that take more than one branch."""
_WEAKER: Final = (1.0, 0.7, 0.4, 0.15)
_ROUNDS = 6
_BRANCHES = 62


@dataclass(frozen=True, slots=True)
class Cut:
    """A parallel block in sequences: the sequences with the block as one symbol, and those of each branch."""

    outer: Traces
    branches: tuple[Traces, ...]
    members: frozenset[int]


def cut(traces: Traces, strong: Floats, symbol: int) -> Cut | None:
    """Cut one parallel block out, as a symbol in its place; None where there is none."""
    present = np.unique(traces.symbols)
    present = present[present < len(strong)]
    for branches in _candidates(present, strong[np.ix_(present, present)]):
        found = _cut(traces, branches, symbol)
        if found:
            return found
    return None


def _candidates(present: Positions, strong: Floats) -> Iterator[list[Positions]]:
    """Ways to split some of the symbols into branches, larger blocks first."""
    part = components(strong >= 1)
    sizes = [np.nonzero(part == one)[0] for one in np.unique(part)]
    for members in sorted(sizes, key=len, reverse=True):
        if len(members) > 1:
            for branches in _splits(members, strong):
                yield [present[one] for one in branches]


def _splits(members: Positions, strong: Floats) -> Iterator[list[Positions]]:
    """Branches of a set that hangs together by concurrency; where it does not fall apart, of its stronger parts."""
    bar, todo = 1.0, [members]
    for _ in range(_ROUNDS):
        rest = []
        for one in todo:
            within = strong[np.ix_(one, one)]
            branches = _branches(within)
            if branches:
                yield [one[branch] for branch in branches]
            rest.append(one)
        links = strong[np.ix_(members, members)]
        above = links[links > bar]
        if not len(above):
            return
        bar = max(float(np.median(above)), np.nextafter(bar, np.inf))
        todo = [part for one in rest for part in _apart(one, strong, bar)]


def _apart(members: Positions, strong: Floats, bar: float) -> Iterator[Positions]:
    part = components(strong[np.ix_(members, members)] > bar)
    for one in np.unique(part):
        found = members[part == one]
        if 1 < len(found) < len(members):
            yield found


def _branches(strong: Floats) -> list[Positions]:
    """The branches of a block, if nearly all pairs across them are concurrent."""
    for bar in _WEAKER:
        apart = strong < bar
        np.fill_diagonal(apart, False)
        part = components(apart)
        names = np.unique(part)
        across = part[:, None] != part[None, :]
        if 1 < len(names) <= _BRANCHES and (strong[across] >= 1).mean() >= _CROSS:
            return [np.nonzero(part == one)[0] for one in names]
    return []


def _cut(traces: Traces, branches: list[Positions], symbol: int) -> Cut | None:
    """Cut a block out, if its runs are mostly whole."""
    branch_of = np.full(int(traces.symbols.max()) + 1, -1, dtype=np.int64)
    for number, members in enumerate(branches):
        branch_of[members] = number
    branch = branch_of[traces.symbols]
    inside = np.nonzero(branch >= 0)[0]
    run, whole = _runs(traces, branch, inside)
    first = np.nonzero(np.concatenate([[True], run[1:] != run[:-1]]))[0]
    weight = traces.counts[traces.owner[inside[first]]]
    taken = np.bitwise_or.reduceat(1 << branch[inside], first)
    joint = (taken & (taken - 1)) != 0
    if (weight * whole).sum() < _CLEAN * weight.sum() or (weight * joint).sum() < _JOINT * weight.sum():
        return None
    kept = branch < 0
    kept[inside[first]] = True
    symbols = traces.symbols.copy()
    symbols[inside[first]] = symbol
    outer = Traces(symbols[kept], traces.owner[kept], traces.counts).distinct()
    split = [
        Traces(traces.symbols[inside[branch[inside] == n]], run[branch[inside] == n], weight).distinct()
        for n in range(len(branches))
    ]
    return Cut(outer, tuple(split), frozenset(int(one) for members in branches for one in members))


def _runs(traces: Traces, branch: Positions, inside: Positions) -> tuple[Positions, NDArray[np.bool_]]:
    """The number of the run through the block for each symbol within it, and whether nothing interrupts the run.

    Neighbours are one run. Runs parted by something else are one as well where they take different branches: something
    rare happened meanwhile. A run that takes all branches twice is two.
    """
    follows = (inside[1:] == inside[:-1] + 1) & (traces.owner[inside[1:]] == traces.owner[inside[:-1]])
    run = np.cumsum(np.concatenate([[False], ~follows]))
    first = np.nonzero(np.concatenate([[True], run[1:] != run[:-1]]))[0]
    taken = np.bitwise_or.reduceat(1 << branch[inside], first)
    owner = traces.owner[inside[first]]
    length = np.diff(np.append(first, len(inside)))
    # Only runs that share a sequence, or are longer than the branches taken in them, need a closer look.
    several = np.isin(owner, owner[1:][owner[1:] == owner[:-1]])
    ones = np.array([int(one).bit_count() for one in taken])
    result = _Renumbered(branch[inside], traces.symbols[inside])
    every = (1 << (int(branch.max()) + 1)) - 1
    for n in np.nonzero(several | (length > ones))[0].tolist():
        joins = n > 0 and owner[n] == owner[n - 1]
        result.add(n, int(first[n]), int(first[n] + length[n]), int(taken[n]), every, joins=joins)
    return result.of(run)


class _Renumbered:
    """Runs that are joined with the one before, or split."""

    def __init__(self, branch: Positions, symbols: Positions) -> None:
        self.branch, self.symbols = branch.tolist(), symbols.tolist()
        self.joined: list[int] = []
        self.starts: list[int] = []
        self.open = 0

    def add(self, number: int, begin: int, end: int, taken: int, every: int, *, joins: bool) -> None:
        """Look at a run: is it more of the one before, or several?"""
        if joins and not self.open & taken:
            self.joined.append(number)
            self.open |= taken
            return
        self.open = taken
        if taken == every:
            self._split(begin, end, every)

    def _split(self, begin: int, end: int, every: int) -> None:
        left = [0] * (end - begin + 1)  # branches taken from here to the end
        for at in range(end - 1, begin - 1, -1):
            left[at - begin] = left[at - begin + 1] | 1 << self.branch[at]
        taken, seen = 0, set[int]()
        for at in range(begin, end):
            if taken == every and self.symbols[at] in seen and left[at - begin] == every:
                self.starts.append(at)
                taken, seen = 0, set()
            taken |= 1 << self.branch[at]
            seen.add(self.symbols[at])

    def of(self, run: Positions) -> tuple[Positions, NDArray[np.bool_]]:
        """The new numbers, and which runs are whole."""
        starts = np.concatenate([[True], run[1:] != run[:-1]])
        heads = np.nonzero(starts)[0]
        joined = np.zeros(len(heads), dtype=np.bool_)
        joined[self.joined] = True
        starts[heads[joined]] = False
        starts[self.starts] = True
        new = np.cumsum(starts) - 1
        whole = np.ones(int(new[-1]) + 1, dtype=np.bool_)
        whole[new[heads[joined]]] = False
        return new, whole
