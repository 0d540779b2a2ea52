"""The bottleneck by longest active period (Roser, Nakano and Tanaka, "A practical bottleneck detection method", WSC
2001, and "Shifting bottleneck detection", WSC 2002).

Somebody is active while they work. A pause interrupts only if it holds more than `pause` hours of their own calendar:
nights, weekends and the walk to the next piece do not. Where `waiting_since` is given, somebody is active, too, while a
piece of work lies that nobody else could do: it waits for them, not they for it. At each moment the momentary
bottleneck is whoever is in the longest active period. Where the period of one bottleneck overlaps that of the next, the
bottleneck is shifting between them; otherwise it is sole.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.calendars import Ints, People
from marops.methods.mining.log import NOBODY, Floats
from marops.methods.mining.timing_amounts import student
from marops.methods.mining.timing_free import covering

PAUSE: Final = 0.25
_BLOCKS: Final = 10


@dataclass(frozen=True, slots=True)
class Periods:
    """Uninterrupted active periods, by person and beginning."""

    person: Ints
    begins: Floats
    ends: Floats


@dataclass(frozen=True, slots=True)
class Bottlenecks:
    """By person: mean active period (hours on the wall, weighted by its length), and the share of the observed time in
    which they are the sole bottleneck or one of two between which it shifts; `low` and `high` are the 90 % interval of
    both together, from how much it differs between stretches of the time observed.
    """

    mean_period: Floats
    sole: Floats
    shifting: Floats
    low: Floats
    high: Floats

    @property
    def share(self) -> Floats:
        """Sole or shifting."""
        return self.sole + self.shifting


def active_periods(
    person: NDArray[np.integer],
    started: Floats,
    ended: Floats,
    people: People | None = None,
    waiting_since: Floats | None = None,
    pause: float = PAUSE,
) -> Periods:
    """Active periods from rows of work (of a log, or tasks of a simulation).

    `people`: calendars by person; without them every pause of more than `pause` hours interrupts. `waiting_since`: for
    rows that only their person could do, from when on they lay ready; NaN for the others.
    """
    begins = started if waiting_since is None else np.fmin(started, waiting_since)
    rows = np.flatnonzero((person != NOBODY) & (ended > begins))
    who, begins, ends = person[rows].astype(np.int64), begins[rows], ended[rows]
    order = np.lexsort((begins, who))
    who, begins, ends = who[order], begins[order], ends[order]
    if not len(who):
        return Periods(who, begins, ends)
    reach = _reach(who, ends)
    same = who[1:] == who[:-1]
    idle = np.where(same, begins[1:] - reach[:-1], np.inf)
    if people is not None:
        at = np.flatnonzero(same & (idle > pause))
        idle[at] = people.between(who[at].astype(np.int32), reach[at], begins[at + 1])
    first = np.flatnonzero(np.concatenate(([True], ~(same & (idle <= pause)))))
    last = np.append(first[1:], len(who)) - 1
    return Periods(who[first], begins[first], reach[last])


def _reach(who: Ints, ends: Floats) -> Floats:
    """The latest end so far of each person's rows; rows by person."""
    order = np.argsort(ends, kind="stable")
    rank = np.empty(len(ends), dtype=np.int64)
    rank[order] = np.arange(len(ends))
    best = np.maximum.accumulate(who * len(ends) + rank) - who * len(ends)
    return np.asarray(ends[order][best])


def bottlenecks(periods: Periods, people: int, edges: Floats) -> Bottlenecks:
    """Who is the momentary bottleneck how often. `edges`: of the stretches of time whose answers are compared (at least
    two edges; replications laid one after the other, or equal parts of a log).
    """
    length = periods.ends - periods.begins
    active = np.bincount(periods.person, weights=length, minlength=people)
    mean = np.asarray(np.bincount(periods.person, weights=length**2, minlength=people) / np.maximum(active, 1e-12))
    which, since, until, alone = _momentary(periods)
    sole, shifting = np.zeros((len(edges) - 1, people)), np.zeros((len(edges) - 1, people))
    for block in range(len(edges) - 1):
        hours = np.clip(np.minimum(until, edges[block + 1]) - np.maximum(since, edges[block]), 0.0, None)
        for found, kind in ((sole, alone), (shifting, ~alone)):
            found[block] = np.bincount(which[kind], weights=hours[kind], minlength=people)
    width = np.diff(edges)
    low, high = _interval((sole + shifting) / width[:, None])
    total = float(width.sum())
    return Bottlenecks(mean.astype(np.float64), sole.sum(axis=0) / total, shifting.sum(axis=0) / total, low, high)


def equal_parts(periods: Periods, parts: int = _BLOCKS) -> Floats:
    """Edges of equal parts of the time in which anybody was active."""
    if not len(periods.begins):
        return np.array([0.0, 1.0])
    return np.linspace(float(periods.begins.min()), float(periods.ends.max()), parts + 1)


def _interval(shares: Floats) -> tuple[Floats, Floats]:
    """The 90 per cent interval of the mean over blocks, within 0 and 1."""
    blocks = len(shares)
    mean = shares.mean(axis=0)
    if blocks < 2:
        return np.zeros(len(mean)), np.ones(len(mean))
    reach = student(blocks - 1) * shares.std(axis=0, ddof=1) / np.sqrt(blocks)
    return np.clip(mean - reach, 0.0, 1.0), np.clip(mean + reach, 0.0, 1.0)


def _momentary(periods: Periods) -> tuple[Ints, Floats, Floats, NDArray[np.bool_]]:
    """Stretches of time with a bottleneck: who (each of two while it shifts), from when, to when, and if alone."""
    count = len(periods.person)
    moments = np.concatenate((periods.begins, periods.ends))
    order = np.argsort(moments, kind="stable")
    place = np.empty(2 * count, dtype=np.int64)
    place[order] = np.arange(2 * count)
    length = periods.ends - periods.begins
    by_length = np.lexsort((periods.person, periods.begins, -length))
    rank = np.empty(count, dtype=np.int64)
    rank[by_length] = np.arange(count)
    longest = covering(place[:count], place[count:], rank, 2 * count, count)
    longest = longest[:-1][(longest[:-1] < count) & (np.diff(moments[order]) > 0)]
    chain = by_length[longest[np.concatenate(([True], longest[1:] != longest[:-1]))]] if len(longest) else longest
    begins, ends, person = periods.begins[chain], periods.ends[chain], periods.person[chain]
    # One hands over to the next where the longer of the two has its end; both shift as far as the neighbouring
    # hand-overs leave room.
    over = np.where(rank[chain[1:]] < rank[chain[:-1]], np.maximum(begins[1:], begins[:-1]), ends[:-1])
    shift_to = np.minimum(ends[:-1], np.concatenate((over, [np.inf]))[1:])
    shift_from = np.maximum(begins[1:], np.concatenate(([-np.inf], shift_to))[:-1])
    shift_to = np.maximum(shift_to, shift_from)
    alone_from = np.maximum(begins, np.concatenate(([-np.inf], shift_to)))
    alone_to = np.maximum(np.minimum(ends, np.concatenate((shift_from, [np.inf]))), alone_from)
    shifts = shift_to > shift_from
    return (
        np.concatenate((person, person[:-1][shifts], person[1:][shifts])),
        np.concatenate((alone_from, shift_from[shifts], shift_from[shifts])),
        np.concatenate((alone_to, shift_to[shifts], shift_to[shifts])),
        np.concatenate((np.ones(len(person), dtype=np.bool_), np.zeros(2 * int(shifts.sum()), dtype=np.bool_))),
    )
