"""The process behind a log: which step follows which, how often, and what goes on at the same time.

The log is split where branches run in parallel, again and again within the branches; what is left between is a graph
of first order: after each step the next ones with their shares. So there is one node per activity, a rework is a way
back with a probability, and a step that some cases skip is a way past it. Blocks are forked and joined again, so each
case that starts can end and no join waits for what never comes.
"""

from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.log import Floats, Graph, Log
from marops.methods.mining.structure_blocks import cut
from marops.methods.mining.structure_graph import Level, drawn
from marops.methods.mining.structure_order import Positions, strengths
from marops.methods.mining.structure_traces import Traces, traces_of

Flags = NDArray[np.bool_]

MOST_EVENTS: Final = 100_000
"""Of one case; beyond, the column taken for the case is hardly one."""
MOST_ACTIVITIES: Final = 3_000
MOST_STEPS: Final = 450
MOST_WAYS: Final = 2_500
"""Of a map; rarer ones are left out, whatever they cover."""
_WAYS_EACH: Final = 4
"""With more ways than this for each step a map is a tangle."""


class NoProcess(ValueError):
    """No process can be read off this log. `reason`: empty, long-case, many-activities; `name` and `number` tell."""

    def __init__(self, reason: str, said: str, name: str = "", number: int = 0) -> None:
        super().__init__(said)
        self.reason, self.name, self.number = reason, name, number


def discover(log: Log, *, noise: float = 0.05, within: int | None = None) -> Graph:
    """The graph of a log, or of one class of work in it.

    The rarest ways are noise, as long as what is left out touches at most this share of the cases; in a tangle of very
    many ways, at most this share of the steps taken. What can then not be reached goes as well. Raises NoProcess.
    """
    check(log, within)
    every = traces_of(log, within)
    traces = _most_frequent(every)
    found = _level(traces, strengths(_of_class(log, within)), noise, count(len(log.activities)))
    events = int(every.weights().sum())
    lost = events - int(traces.weights().sum()) + _left_out(found)
    return drawn(found, noise, 1 - lost / events)


def _most_frequent(traces: Traces) -> Traces:
    """Without the rarest activities of too many."""
    times = np.bincount(traces.symbols, traces.weights())
    if np.count_nonzero(times) <= MOST_STEPS:
        return traces
    kept = np.zeros(len(times), dtype=np.bool_)
    kept[np.argsort(-times, kind="stable")[:MOST_STEPS]] = True
    return traces.only(kept[traces.symbols])


def check(log: Log, within: int | None = None) -> None:
    """Is this a log that can be read? Raises NoProcess."""
    case = log.case if within is None else log.case[log.work_class == within]
    if not len(case):
        raise NoProcess("empty", "There is nothing in this log to find a process in.")
    sizes = np.bincount(case)
    longest = int(sizes.argmax())
    if sizes[longest] > MOST_EVENTS:
        name, number = log.cases[longest], int(sizes[longest])
        said = f"The case {name!r} has {number:,} events; a case of more than {MOST_EVENTS:,} is hardly one."
        raise NoProcess("long-case", said, name, number)
    kinds = len(log.activities)
    if kinds > MOST_ACTIVITIES:
        said = f"There are {kinds:,} different activities; a process of more than {MOST_ACTIVITIES:,} is hardly one."
        raise NoProcess("many-activities", said, number=kinds)


def _of_class(log: Log, within: int | None) -> Log:
    if within is None:
        return log
    rows = log.work_class == within
    columns = ("case", "activity", "resource", "work_class", "started", "ended", "enabled")
    return Log(
        **{name: getattr(log, name) for name in Log.__slots__ if name not in columns},
        **{name: getattr(log, name)[rows] for name in columns},
    )


def _level(traces: Traces, strong: Floats, noise: float, fresh: "count[int]") -> Level:
    """What happens one after the other, with parallel blocks as single steps."""
    blocks: dict[int, tuple[Level, ...]] = {}
    while True:
        symbol = next(fresh)
        block = cut(traces, strong, symbol)
        if block is None:
            break
        blocks[symbol] = tuple(_level(one, strong, noise, fresh) for one in block.branches)
        traces = block.outer
    return _follows(traces, blocks, noise)


@dataclass(frozen=True, slots=True)
class _Ways:
    """Who follows whom how often, among symbols 0 to size-1; `size` is the start, `size + 1` the end."""

    size: int
    source: Positions
    target: Positions
    count: Positions

    @classmethod
    def of(cls, codes: Positions, traces: Traces, size: int) -> "_Ways":
        """Of sequences, with their symbols as codes below `size`."""
        weight = traces.weights()
        first = np.concatenate([[True], traces.owner[1:] != traces.owner[:-1]])[: len(codes)]
        last = np.concatenate([traces.owner[1:] != traces.owner[:-1], [True]])[: len(codes)]
        empty = np.ones(len(traces.counts), dtype=np.bool_)
        empty[traces.owner] = False
        start, end = size, size + 1
        source = np.concatenate([np.full(first.sum(), start), codes[:-1][~last[:-1]], codes[last], [start]])
        target = np.concatenate([codes[first], codes[1:][~first[1:]], np.full(last.sum(), end), [end]])
        times = np.concatenate([weight[first], weight[1:][~first[1:]], weight[last], [traces.counts[empty].sum()]])
        key, group = np.unique(source * (size + 2) + target, return_inverse=True)
        count = np.zeros(len(key), dtype=np.int64)
        np.add.at(count, group, times)
        some = count > 0
        return cls(size, key[some] // (size + 2), key[some] % (size + 2), count[some])

    def frequent(self, noise: float, cases: int) -> Flags:
        """Which ways are no noise. From each symbol some way leads to the end, over as frequent ways as can be."""
        kept = np.ones(len(self.count), dtype=np.bool_)
        kept[self._rarest(self._rare(), noise * cases)] = False
        many = int(kept.sum()) - _WAYS_EACH * max(self.size, 1)
        if many > 0:
            # Where cases begin and end is no tangle: without it they would go round for much longer.
            within = (self.source < self.size) & (self.target < self.size) & kept
            rare = self._rare()
            rare = rare[within[rare]]
            kept[self._rarest(rare, noise * self.count.sum())[:many]] = False
            kept[rare[kept[rare]][: max(int(kept.sum()) - MOST_WAYS, 0)]] = False
        while True:
            ends = self._linked(kept, self.target, self.source, self.size + 1)
            out = ends[self.target] & ~ends[self.source]
            if not out.any():
                return kept
            kept[np.argmax(np.where(out, self.count, -1))] = True

    def _rarest(self, rare: Positions, budget: float) -> Positions:
        """As many of these ways as a budget of times taken allows."""
        return rare[: int(np.searchsorted(np.cumsum(self.count[rare]), budget, side="right"))]

    def _rare(self) -> Positions:
        """Ways, rarest first, without the most frequent one from each symbol."""
        most = np.zeros(self.size + 2, dtype=np.int64)
        np.maximum.at(most, self.source, self.count)
        whole = np.bincount(self.source, self.count, minlength=self.size + 2)
        order = np.lexsort((self.count / whole[self.source], self.count))
        return order[self.count[order] < most[self.source[order]]].astype(np.int64)

    def connected(self, kept: Flags) -> Flags:
        """Which symbols are reached from the start."""
        return self._linked(kept, self.source, self.target, self.size)[: self.size]

    def _linked(self, kept: Flags, source: Positions, target: Positions, begin: int) -> Flags:
        seen = np.zeros(self.size + 2, dtype=np.bool_)
        seen[begin] = True
        while True:
            new = kept & seen[source] & ~seen[target]
            if not new.any():
                return seen
            seen[target[new]] = True


def _follows(traces: Traces, blocks: dict[int, tuple[Level, ...]], noise: float) -> Level:
    """The graph of first order of sequences, noise left out."""
    events, cases = int(traces.weights().sum()), int(traces.counts.sum())
    while True:
        names, codes = np.unique(traces.symbols, return_inverse=True)
        ways = _Ways.of(codes.astype(np.int64), traces, len(names))
        kept = ways.frequent(noise, cases)
        reached = ways.connected(kept)
        if reached.all():
            break
        traces = traces.only(reached[codes])
    lost = events - int(traces.weights().sum())
    lost += int(ways.count[~kept & (ways.target < len(names))].sum())
    place = np.zeros(len(names))
    np.add.at(place, codes, traces.places() * traces.weights())
    times = np.zeros(len(names))
    np.add.at(times, codes, traces.weights())
    order = np.argsort(place / np.maximum(times, 1), kind="stable")
    return Level(
        symbols=tuple(int(names[one]) for one in order),
        ways={
            (_name(names, int(a)), _name(names, int(b))): int(n)
            for a, b, n in zip(ways.source[kept], ways.target[kept], ways.count[kept], strict=True)
        },
        blocks={one: blocks[one] for one in names.tolist() if one in blocks},
        lost=lost,
    )


def _name(names: Positions, code: int) -> int | None:
    """The symbol of a code; None for start and end."""
    return int(names[code]) if code < len(names) else None


def _left_out(level: Level) -> int:
    """Events whose behaviour was left out as noise."""
    return level.lost + sum(_left_out(branch) for block in level.blocks.values() for branch in block)
