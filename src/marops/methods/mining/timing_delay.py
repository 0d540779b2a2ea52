"""Extraneous delay: time in which work lay although somebody who could do it was there and free.

After Chapela-Campa and Dumas, "Enhancing business process simulation models with extraneous activity delays"
(Information Systems 2024): the delay runs at least until the last moment at which somebody able was free, for at that
moment the work would have been begun otherwise. If it began right then, the delay is known. If from then on nobody was
free until it began, the delay may have ended at any moment in between, eclipsed by the queue. Where that paper
extrapolates, the distribution is estimated here from the intervals as they are, by the self-consistent estimator of
Turnbull (JRSS B 1976), which also finds the share of work that is not delayed at all. That asks for intervals that do
not themselves depend on the delay; so they end when somebody is free again, not when the work began, which is the later
the later it was ready.
"""

from typing import Final

import numpy as np

from marops.methods.mining.calendars import Ints, People, Spans
from marops.methods.mining.log import Floats, FoundAmount, Log
from marops.methods.mining.timing_amounts import around, quantile_amount
from marops.methods.mining.timing_free import TICK, Flags, Free

_GRID: Final = 200
_ROUNDS: Final = 200
_LEAST_ROWS: Final = 5
_NONE: Final = 0.01
_BRIEF: Final = 1 / 60
_TURNING: Final = 0.05


def delays_of(
    log: Log,
    people: People,
    free: Free,
    able: dict[int, tuple[int, ...]],
    rows: Flags,
    ready: Floats,
    started: Floats,
) -> tuple[dict[int, FoundAmount], bool, dict[int, int]]:
    """Delay by activity, of the rows that may be used; whether it is in hours of everybody's calendar; and, by activity
    that is done by people of other hours who all keep the same, one of them: it is in theirs.

    Activities whose work is begun at once as soon as somebody is free have none.
    """
    found: dict[int, FoundAmount] = {}
    theirs: dict[int, int] = {}
    in_hours = people.pool.total < 0.999 * (people.clock.end - people.clock.begin)
    order = np.argsort(log.activity, kind="stable")
    edges = np.searchsorted(log.activity[order], np.arange(len(log.activities) + 1))
    unions: dict[tuple[int, ...], Spans] = {}
    for activity in range(len(log.activities)):
        here = order[edges[activity] : edges[activity + 1]]
        here = here[rows[here]]
        if len(here) < _LEAST_ROWS:
            continue
        since, until = ready[here], started[here]
        last, following, who = until, until, able.get(activity, ())
        if who:
            if who not in unions:
                unions[who] = _lasting(free.of(who, len(log.resources)))
            last, following = _cell(unions[who], since, until)
        own = in_hours and _same_hours(people, who)
        passed = people.of(who[0]).until if own else people.pool.until if in_hours else _as_it_is
        begin = passed(since)
        amount = delay(passed(last) - begin, passed(following) - begin)
        if amount is not None:
            found[activity] = amount
            theirs |= {activity: who[0]} if own else {}
    return found, in_hours, theirs


def _lasting(free: Spans) -> Spans:
    """Without the moments that it takes to turn from one piece of work to the next: nobody is free in them."""
    kept = free.ends - free.starts > _TURNING
    return Spans(free.starts[kept], free.ends[kept], free.before[kept])


def _same_hours(people: People, who: tuple[int, ...]) -> bool:
    """Do all of them keep the same hours, other than everybody's? Work for who comes on Tuesdays is not delayed from
    Wednesday on by anything but that they are not there.
    """
    if not who or len({int(people.which[one]) for one in who}) > 1:
        return False
    hours = people.of(who[0])
    return not (np.array_equal(hours.starts, people.pool.starts) and np.array_equal(hours.ends, people.pool.ends))


def _as_it_is(moments: Floats) -> Floats:
    return moments


def _cell(free: Spans, since: Floats, until: Floats) -> tuple[Floats, Floats]:
    """The time in which the delay of each piece ended: the moment it was begun, if somebody able was free until then;
    else from the last moment at which anybody was free to the next one.
    """
    if not len(free.starts):
        return since, until
    at = np.searchsorted(free.starts, until, side="left") - 1
    last = np.where(at >= 0, np.minimum(free.ends[np.maximum(at, 0)], until), -np.inf)
    following = np.append(free.starts, np.inf)[at + 1]
    known = until - last <= TICK
    following = np.where(known | ~np.isfinite(following) | (until <= since), until, following)
    return np.where(known, until, np.maximum(last, since)), following


def delay(low: Floats, high: Floats) -> FoundAmount | None:
    """The distribution of delays of which each is known to lie from `low` to `high`; None where there is none to speak
    of.
    """
    low, high = np.maximum(low, 0.0), np.maximum(high, 0.0)
    grid = _grid(low, high)
    if len(grid) == 1:
        return None
    first, last = _places(grid, low, high)
    share = turnbull(first, last, len(grid))
    brief = grid <= _BRIEF
    mean = float(grid @ share)
    if share[~brief].sum() < _NONE or mean < _BRIEF:
        return None
    amount = quantile_amount(grid, share)
    spread = max(float(grid**2 @ share) - mean**2, 0.0) ** 0.5
    narrow = int(np.sum(high - low <= spread / 2))  # only these say much about the mean
    return FoundAmount(amount, len(low), "log", 0.0, *around(mean, spread, narrow))


def _grid(low: Floats, high: Floats) -> Floats:
    """The values a delay may have: none, and quantiles of what was seen."""
    seen = np.concatenate((low, high))
    seen = seen[seen > TICK]
    if not len(seen):
        return np.zeros(1)
    if len(seen) <= _GRID:
        return np.concatenate(([0.0], np.unique(seen)))
    return np.concatenate(([0.0], np.unique(np.quantile(seen, (np.arange(_GRID) + 0.5) / _GRID))))


def _places(grid: Floats, low: Floats, high: Floats) -> tuple[Ints, Ints]:
    """First and last place of the grid in each interval; the nearest one for what is known exactly."""
    between = (grid[1:] + grid[:-1]) / 2
    first, last = np.searchsorted(between, low), np.searchsorted(between, high)
    first[low <= TICK] = 0
    return first, np.maximum(first, last)


def turnbull(first: Ints, last: Ints, places: int) -> Floats:
    """The most likely share of each place, when each observation lies between a first and a last one.

    Where intervals leave it open, what could be no delay is none.
    """
    pairs, counts = np.unique(first.astype(np.int64) * places + last, return_counts=True)
    first, last = pairs // places, pairs % places
    spread = counts / (last - first + 1)
    even = np.bincount(first, weights=spread, minlength=places + 1)
    share = np.cumsum(even - np.bincount(last + 1, weights=spread, minlength=places + 1))[:places]
    share[0] += 200 * counts[first == 0].sum()
    share = np.maximum(share, 0.0) / share.sum()
    total = float(counts.sum())
    for _ in range(_ROUNDS):
        reached = np.concatenate(([0.0], np.cumsum(share)))
        weight = counts / np.maximum(reached[last + 1] - reached[first], 1e-300)
        change = np.bincount(first, weights=weight, minlength=places + 1)
        change -= np.bincount(last + 1, weights=weight, minlength=places + 1)
        following = share * np.cumsum(change)[:places] / total
        done = float(np.abs(following - share).sum()) < 1e-7
        share = following
        if done:
            break
    return np.asarray(share / share.sum())
