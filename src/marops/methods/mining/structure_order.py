"""What goes on at the same time, and what therefore let a piece of work begin.

Two activities are concurrent when neither waits for the other. The evidence, in order of weight: the second could
begin (it was enabled) before the first had ended; both were in work at the same moment; now the one came first and now
the other, each once. A loop, too, shows both orders, but it repeats itself; so of each case the rows of the two
activities are paired off in order, and pairs of the same activity speak against what the order says.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.log import Floats, Log

Flags = NDArray[np.bool_]
Positions = NDArray[np.int64]
FIRST: Final = -1
"""Instead of the row before: there is none."""

_ROWS_LOOKED_AT = 250_000
_PAIRS_LOOKED_AT = 20_000
_SEEN_TOGETHER = 0.25
"""Share of the pairs in which both were in work at the same moment."""
_FREE_TOGETHER = 0.3
"""Share of the pairs in which the second was enabled before the first had ended."""
_TOO_FREE = 0.8
"""With more rows than this enabled before the one before them had ended, `enabled` says something else."""
_EITHER_ORDER = 0.15
"""Share of the pairs in the rarer order, where nothing else speaks."""
_REPEATS = 0.2
"""From this share of pairs of the same activity on, it is a loop."""
_ACCOMPANIED = 0.9
"""Share of the cases of the rarer activity that have the other one, too: a branch is left out, not chosen."""
_FEW = 3
_DOUBT = 2
"""So many further pairs are taken to have shown nothing: few overlaps prove little."""
_MILLISECONDS = 3_600_000
_LAGS = 64


def begins(log: Log) -> Floats:
    """When each row began; where the log does not say, when it ended."""
    return np.where(np.isnan(log.started), log.ended, log.started)


def _exact(hours: Floats) -> Floats:
    """Whole milliseconds: what one hand-over made of the other's end is not earlier by the last binary digit."""
    return np.rint(hours * _MILLISECONDS)


def in_order(log: Log) -> Positions:
    """Positions of the rows by case, then begin, then end; equals stay in the log's order."""
    begin, end = _exact(begins(log)), _exact(log.ended)
    same = log.case[1:] == log.case[:-1]
    later = (begin[1:] > begin[:-1]) | ((begin[1:] == begin[:-1]) & (end[1:] >= end[:-1]))
    if np.all((log.case[1:] > log.case[:-1]) | (same & later)):
        return np.arange(len(log), dtype=np.int64)
    return np.lexsort((end, begin, log.case)).astype(np.int64)


def concurrency(log: Log) -> Flags:
    """Which activities go on independently of each other in the same case: symmetric, activities × activities.

    On the diagonal: an activity that is mostly done several times at once.
    """
    return strengths(log) >= 1


def strengths(log: Log) -> Floats:
    """How strongly each pair of activities is seen to be concurrent; from 1 on they are. Symmetric."""
    count = len(log.activities)
    strong = np.zeros((count, count))
    if not len(log):
        return strong
    rows = _Rows.of(log)
    first, second = rows.candidates(count)
    looked = np.zeros((count, count), dtype=np.bool_)
    for _ in range(2):
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            strong[a, b] = strong[b, a] = rows.strength(a, b)
            looked[a, b] = looked[b, a] = True
        # Steps of long branches are rarely neighbours: look at all pairs among those that hang together already.
        first, second = _within_components(strong >= 1, looked)
    for a in range(count):
        strong[a, a] = rows.strength_alone(a)
    return strong


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows by case and begin, thinned out to whole cases where there are very many."""

    case: NDArray[np.int32]
    activity: NDArray[np.int32]
    begin: Floats
    end: Floats
    enabled: Floats
    of_activity: list[Positions]

    @classmethod
    def of(cls, log: Log) -> "_Rows":
        order = in_order(log)
        case = log.case[order]
        if len(order) > _ROWS_LOOKED_AT:
            # Every so manieth case as it comes: neighbours in the list of names say nothing about each other.
            every = -(-len(order) // _ROWS_LOOKED_AT)
            number = np.cumsum(np.concatenate([[0], case[1:] != case[:-1]]))
            order = order[number % every == 0] if number[-1] >= every else order[:_ROWS_LOOKED_AT]
        activity = log.activity[order]
        by_activity = np.argsort(activity, kind="stable")
        edges = np.searchsorted(activity[by_activity], np.arange(len(log.activities) + 1))
        case, end, enabled = log.case[order], _exact(log.ended)[order], _exact(log.enabled)[order]
        neighbours = (case[1:] == case[:-1]) & ~np.isnan(enabled[1:])
        if ((enabled[1:] < end[:-1])[neighbours]).mean() > _TOO_FREE if neighbours.any() else False:
            enabled = np.full(len(order), np.nan)
        return cls(
            case,
            activity,
            _exact(begins(log))[order],
            end,
            enabled,
            [by_activity[a:b].astype(np.int64) for a, b in pairwise(edges)],
        )

    def candidates(self, count: int) -> tuple[Positions, Positions]:
        """Pairs of activities that may be concurrent: neighbours in both orders, or in work at the same moment."""
        after = np.zeros((count, count), dtype=np.int64)
        together = np.zeros((count, count), dtype=np.bool_)
        rows = np.nonzero(self.case[1:] == self.case[:-1])[0]
        np.add.at(after, (self.activity[rows], self.activity[rows + 1]), 1)
        free = rows[self.enabled[rows + 1] < self.end[rows]]
        together[self.activity[free], self.activity[free + 1]] = True
        for lag in range(1, _LAGS + 1):
            rows = rows[rows < len(self.case) - lag]
            rows = rows[(self.case[rows] == self.case[rows + lag]) & (self.begin[rows + lag] < self.end[rows])]
            if not len(rows):
                break
            together[self.activity[rows], self.activity[rows + lag]] = True
        either = np.minimum(after, after.T)
        weight = np.where(together | together.T, after.sum() + 1, either)
        a, b = np.nonzero(np.triu(weight, 1))
        best = np.argsort(-weight[a, b], kind="stable")[:_PAIRS_LOOKED_AT]
        return a[best].astype(np.int64), b[best].astype(np.int64)

    def strength(self, a: int, b: int) -> float:
        """How strongly two activities are concurrent; from 1 on they are."""
        rows = np.sort(np.concatenate([self.of_activity[a], self.of_activity[b]]))
        meet = np.nonzero(
            (self.case[rows[1:]] == self.case[rows[:-1]]) & (self.activity[rows[1:]] != self.activity[rows[:-1]])
        )[0]
        if not len(meet):
            return 0.0
        together, free = self._overlaps(rows[meet], rows[meet + 1])
        seen = max(together / _SEEN_TOGETHER, free / _FREE_TOGETHER) / (len(meet) + _DOUBT)
        return max(seen, self._either_order(rows, a) / _EITHER_ORDER)

    def _either_order(self, rows: Positions, a: int) -> float:
        """Share of the rarer order of two activities, unless they are a loop or choices in one."""
        one, other, left_over = self._paired(rows)
        mixed = self.activity[one] != self.activity[other]
        n, same = int(mixed.sum()), int((~mixed).sum()) + left_over
        forth = int((self.activity[one[mixed]] == a).sum())
        rarer = min(forth, n - forth)
        if rarer < _FEW or same > _REPEATS * (n + same):
            return 0.0
        of_a = self.activity[rows] == a
        with_a, with_b = np.unique(self.case[rows[of_a]]), np.unique(self.case[rows[~of_a]])
        shared = int(np.isin(with_a, with_b).sum())
        return rarer / n if shared >= _ACCOMPANIED * min(len(with_a), len(with_b)) else 0.0

    def strength_alone(self, a: int) -> float:
        """How strongly an activity is concurrent with itself: most of its repetitions overlap."""
        rows = self.of_activity[a]
        one, other = rows[:-1], rows[1:]
        same = self.case[one] == self.case[other]
        if not same.any():
            return 0.0
        together, free = self._overlaps(one[same], other[same])
        return 2 * max(together, free) / int(same.sum())

    def _paired(self, rows: Positions) -> tuple[Positions, Positions, int]:
        """Rows of each case two by two, and how many cases of three and more rows leave one over."""
        case = self.case[rows]
        firsts = np.concatenate([[True], case[1:] != case[:-1]])
        start = np.maximum.accumulate(np.where(firsts, np.arange(len(rows)), 0))
        number = np.arange(len(rows)) - start
        has_next = np.concatenate([case[1:] == case[:-1], [False]])
        left_over = int(((number % 2 == 0) & ~has_next & (number > 0)).sum())
        at = np.nonzero((number % 2 == 0) & has_next)[0]
        return rows[at], rows[at + 1], left_over

    def _overlaps(self, one: Positions, other: Positions) -> tuple[int, int]:
        """In how many pairs both were in work at the same moment, and the later one was free to begin before.

        Clocks are sloppy: an overlap counts when it is at least a quarter of the shorter one.
        """
        shorter = np.minimum(self.end[one] - self.begin[one], self.end[other] - self.begin[other])
        shared = np.minimum(self.end[one], self.end[other]) - self.begin[other]
        together = (self.begin[other] < self.end[one]) & (4 * shared >= shorter)
        free = self.enabled[other] < self.end[one]  # nothing is before NaN
        return int(together.sum()), int(free.sum())


def _within_components(linked: Flags, looked: Flags) -> tuple[Positions, Positions]:
    """Pairs in the same connected component that were not looked at yet."""
    part = components(linked)
    a, b = np.nonzero(np.triu((part[:, None] == part[None, :]) & ~looked, 1))
    return a[:_PAIRS_LOOKED_AT].astype(np.int64), b[:_PAIRS_LOOKED_AT].astype(np.int64)


def components(linked: Flags) -> Positions:
    """The number of the connected component of each node of an undirected graph: its smallest member."""
    part = np.arange(len(linked), dtype=np.int64)
    a, b = np.nonzero(linked | linked.T)
    while len(a):
        before = part.copy()
        np.minimum.at(part, a, part[b])
        part = part[part]
        if np.array_equal(part, before):
            break
    return part


def predecessor(log: Log, concurrent: Flags) -> Positions:
    """For each row the one whose end let it begin: of those of its case that had ended when it began and whose
    activity is not concurrent, the last to end. FIRST where there is none.
    """
    found = np.full(len(log), FIRST, dtype=np.int64)
    if not len(log):
        return found
    order = in_order(log)
    case, activity = log.case[order], log.activity[order]
    end = _exact(log.ended)[order]
    ended = np.lexsort((end, case))
    before = _ended_before(case, _exact(begins(log))[order], end)
    start = np.searchsorted(case, case, side="left")
    place = np.arange(len(order), dtype=np.int64)
    for a in np.unique(activity):
        rows = np.nonzero(activity == a)[0]
        counts = ~concurrent[a][activity[ended]]
        last = np.maximum.accumulate(np.where(counts, place, FIRST)) if not counts.all() else place
        at = np.where(before[rows] > 0, last[before[rows] - 1], FIRST)
        kept = at >= start[rows]
        found[order[rows[kept]]] = order[ended[at[kept]]]
    return found


def _ended_before(case: NDArray[np.int32], begin: Floats, end: Floats) -> Positions:
    """How many ends, of all rows by case and end, come before each row begins; rows are by case and begin.

    At the same moment the row that stands first in the log was first; so nothing waits for itself.
    """
    moments = np.column_stack([begin, end]).ravel()
    sorted_ = np.lexsort((moments, np.repeat(case, 2)))
    is_end = sorted_ % 2 == 1
    ends = np.cumsum(is_end)
    before = np.empty(len(case), dtype=np.int64)
    before[sorted_[~is_end] // 2] = ends[~is_end]
    return before


def enabled_by(log: Log, concurrent: Flags) -> Floats:
    """When each row could begin: what the log says, else the end of its predecessor, else the start of the case."""
    before = predecessor(log, concurrent)
    began = begins(log)
    opening = np.full(len(log.cases), np.inf)
    np.minimum.at(opening, log.case, began)
    waited = np.where(before == FIRST, opening[log.case], log.ended[before])
    return np.where(np.isnan(log.enabled), waited, np.minimum(log.enabled, began))
