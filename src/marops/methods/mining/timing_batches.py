"""Which pieces were collected and done together.

A batch is two or more pieces of one activity from different cases that one person began at the same moment, or one
right after the other, when all of them could have begun before the first did (the kinds of batches of Martin,
Pufahl and Mannhardt, "Detection of batch activities from event logs", Information Systems 2021). A person with a queue
looks like that too; so pieces done one after the other count only if the person had free time while the first ones
waited for the last, and only if the activity is done so by habit: the next piece is of the same activity clearly more
often than this person's mix of work would bring about.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from marops.methods.mining.calendars import Ints, People
from marops.methods.mining.log import NOBODY, Codes, Floats, FoundBatch, Log
from marops.methods.mining.timing_free import TICK, Flags, Free

_FEW = 3
_PARALLEL: Final = 0.1
_IN_A_ROW: Final = 0.2
_ONLY: Final = 0.9
_NEARLY_ALL: Final = 0.8
NONE: Final = -1
MOSTLY: Final = 0.5
"""An activity is done in batches when at least this share of its pieces is."""


@dataclass(frozen=True, slots=True)
class _Runs:
    """Rows of batches in the order in which their people began them: where each begins, and which row each is."""

    rows: Ints
    run: Ints
    first: Ints
    size: Ints


def batches_of(
    log: Log, people: People, free: Free, enabled: Floats, started: Floats
) -> tuple[Codes, dict[int, FoundBatch]]:
    """The number of the batch of each row (-1: none), and the batches of activities that are mostly done so."""
    number = np.full(len(log), NONE, dtype=np.int32)
    runs = _runs(log, people, enabled, started)
    if not len(runs.first):
        return number, {}
    rows, run = runs.rows, runs.run
    ready = np.maximum.reduceat(enabled[rows], runs.first)
    begun = np.minimum.reduceat(enabled[rows], runs.first)
    latest = np.maximum.reduceat(started[rows], runs.first)
    opening = rows[runs.first]
    together = (latest - started[opening] < TICK) & (ready - begun > TICK)
    idle = free.hours(log.resource[opening], begun, ready) > TICK
    activity = log.activity[opening]
    in_a_row = _in_a_row(log, runs, idle & ~together, _pairs(log, people, free, enabled, started))
    kept = np.where(together, _at_once(log, runs, together)[activity], in_a_row[activity] & idle)
    names = np.where(kept, np.cumsum(kept) - 1, NONE)
    number[rows] = names[run]
    found = {}
    for one in np.unique(activity[kept]):
        here = kept & (activity == one)
        pieces = int(np.sum(log.activity == one))
        if runs.size[here].sum() >= MOSTLY * pieces:
            found[int(one)] = _described(runs.size[here], (ready - begun)[here], together[here], pieces)
    return number, found


def _described(size: Ints, wait: Floats, together: Flags, pieces: int) -> FoundBatch:
    middle = int(np.median(size))
    return FoundBatch(
        middle,
        bool(np.mean(size == middle) >= 0.8),
        float(np.quantile(wait, 0.9)),
        bool(np.mean(together) >= 0.5),
        float(size.sum() / pieces),
        len(size),
    )


def _runs(log: Log, people: People, enabled: Floats, started: Floats) -> _Runs:
    """Pieces of one activity that one person did at once or in a row, all of which could have begun with the first."""
    rows = _by_person(log, enabled, started)
    if len(rows) < 2:
        empty = np.zeros(0, dtype=np.int64)
        return _Runs(empty, empty, empty, empty)
    linked = _linked(log, people, rows, started)
    chain = np.concatenate(([0], np.cumsum(~linked)))
    breaks = _breaks(chain, enabled[rows], started[rows])
    first = np.flatnonzero(breaks)
    size = np.diff(np.append(first, len(rows)))
    kept = np.repeat(size > 1, size)
    size = size[size > 1]
    first = np.cumsum(size) - size
    return _Runs(rows[kept], np.repeat(np.arange(len(size)), size), first, size)


def _linked(log: Log, people: People, rows: Ints, started: Floats) -> Flags:
    """Does each row but the first follow the one before at once, by the same person, in the same activity?"""
    one, two = rows[:-1], rows[1:]
    same = (log.resource[one] == log.resource[two]) & (log.activity[one] == log.activity[two])
    same &= log.case[one] != log.case[two]
    at = np.flatnonzero(same)
    one, two = one[at], two[at]
    same[at] = (started[two] - started[one] < TICK) | _next(log, people, one, two, started)
    return np.asarray(same)


def _by_person(log: Log, enabled: Floats, started: Floats) -> Ints:
    """Rows by person and begin."""
    rows = np.flatnonzero(log.resource != NOBODY)
    return np.asarray(rows[np.lexsort((log.ended[rows], enabled[rows], started[rows], log.resource[rows]))])


def _next(log: Log, people: People, one: Ints, two: Ints, started: Floats) -> Flags:
    """Does a row begin when the other ends, by the person's own hours?"""
    return np.asarray(np.abs(people.between(log.resource[one], log.ended[one], started[two])) < TICK)


def _breaks(chain: Ints, enabled: Floats, started: Floats) -> Flags:
    """Where batches begin: at the first row of a chain, and again at the first row that could not yet have begun when
    the batch did. What was begun earlier in the chain was enabled earlier still, so the running maximum tells.
    """
    count = len(chain)
    order = np.argsort(np.concatenate((enabled, started)), kind="stable")
    rank = np.empty(2 * count, dtype=np.int64)
    values = np.concatenate((enabled, started))[order]
    rank[order] = np.concatenate(([0], np.cumsum(values[1:] > values[:-1])))
    wide = 2 * count + 1
    reached = np.maximum.accumulate(chain * wide + rank[:count])
    following = np.searchsorted(reached, chain * wide + rank[count:], side="right")
    ends = np.searchsorted(chain, chain, side="right")
    jump = np.append(np.maximum(np.minimum(following, ends), np.arange(count) + 1), count)
    marked = np.zeros(count + 1, dtype=np.bool_)
    marked[0] = True
    for _ in range(count.bit_length() + 1):  # each round doubles how far the marks have come
        marked[jump[np.flatnonzero(marked)]] = True
        jump = jump[jump]
    return marked[:count]


def _mix(log: Log) -> Floats:
    """Which share of each person's rows is of each activity (people × activities)."""
    known = log.resource != NOBODY
    wide = len(log.activities)
    key = log.resource[known].astype(np.int64) * wide + log.activity[known]
    counts = np.bincount(key, minlength=len(log.resources) * wide).reshape(len(log.resources), wide)
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _at_once(log: Log, runs: _Runs, together: Flags) -> Flags:
    """By activity: are pieces begun at the same moment often enough to be a habit?"""
    wide = len(log.activities)
    activity = log.activity[runs.rows[runs.first]]
    pieces = np.bincount(activity, weights=together * runs.size, minlength=wide)
    often = np.bincount(activity, weights=together, minlength=wide) >= _FEW
    return np.asarray(often & (pieces >= _PARALLEL * np.bincount(log.activity, minlength=wide)))


def _in_a_row(log: Log, runs: _Runs, idle: Flags, pairs: tuple[Ints, Ints]) -> Flags:
    """By activity: are pieces done in a row by habit?

    Each pair is a chance to go on with something else. Where their mix of work leaves people no such chance, most
    pieces of the activity have to be in batches.
    """
    wide = len(log.activities)
    activity = log.activity[runs.rows[runs.first]]
    share = np.bincount(activity, weights=idle * runs.size, minlength=wide)
    usual = share / np.maximum(np.bincount(log.activity, minlength=wide), 1)
    often = np.bincount(activity, weights=idle, minlength=wide) >= _FEW
    one, two = pairs
    own = _mix(log)[log.resource[one], log.activity[one]]
    chances = np.bincount(log.activity[one], minlength=wide)
    same = np.bincount(log.activity[one], weights=log.activity[one] == log.activity[two], minlength=wide)
    expected = np.bincount(log.activity[one], weights=own, minlength=wide)
    beyond = same > expected + 2 * np.sqrt(np.maximum(expected, 1.0))
    only = expected > _ONLY * np.maximum(chances, 1)
    return np.asarray(often & np.where(only, usual >= _NEARLY_ALL, (usual >= _IN_A_ROW) & beyond))


def _pairs(log: Log, people: People, free: Free, enabled: Floats, started: Floats) -> tuple[Ints, Ints]:
    """Rows that their person did one right after the other, when both could have begun and the first one had been left
    lying in free time.
    """
    rows = _by_person(log, enabled, started)
    one, two = rows[:-1], rows[1:]
    kept = (log.resource[one] == log.resource[two]) & (log.case[one] != log.case[two])
    kept &= (enabled[two] <= started[one]) & (started[two] - started[one] >= TICK)
    one, two = one[kept], two[kept]
    kept = _next(log, people, one, two, started)
    one, two = one[kept], two[kept]
    kept = free.hours(log.resource[one], enabled[one], started[one]) > TICK
    return one[kept], two[kept]
