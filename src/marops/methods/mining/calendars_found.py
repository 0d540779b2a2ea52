"""Weekly calendars read off the moments at which people were seen at work.

The idea of granules kept by confidence and support, and of pooling people of whom too little is seen, is that of
López-Pintado and Dumas, "Business process simulation with differentiated resources" (BPM 2022). What is counted here is
the number of days on which somebody was seen in a granule of the week, so that a burst of entries counts once. Which
granules are open is then chosen for the week as a whole: each granule that is open costs what the thinner spread of
all other sightings costs, each sighting left outside costs `1/confidence` nats, and each change between open and
closed has a price; the best week is found exactly, by dynamic programming. A granule stays open when it is seen at
least `confidence` times as often as the mean open one, holes and islands that chance explains are closed and left out,
and a log that runs round the clock gives a calendar that is open round the clock. What is seen of one person is
completed by a few sightings in the shape of everybody's week, and whose own week explains what was seen hardly better
than everybody's has everybody's.
"""

from dataclasses import dataclass

import numpy as np

from marops.methods.mining.calendars import ALWAYS, DAY_MINUTES, Clock, Ints
from marops.methods.mining.log import NOBODY, Codes, Floats, WeekHours

_TICK = 1e-6  # hours; a moment this close to a boundary is at it
_LONG, _WHOLE = 3.0, 16.0
_ROUNDS = 6
_DAY = 0.7  # nats: that a day has hours or has none


@dataclass(frozen=True, slots=True)
class CalendarRules:
    """How calendars are read: minutes of a granule, how often a granule must be seen beside the mean open one, the
    least share of sightings within, the least number of sightings and of days for a calendar of one's own, the price of
    a change between open and closed, how much better than everybody's week one's own has to be (both in nats), and how
    many sightings of everybody's week complete one's own.
    """

    granule: int = 30
    confidence: float = 0.2
    support: float = 0.6
    sightings: int = 24
    days: int = 4
    change: float = 6.0
    better: float = 12.0
    borrowed: float = 20.0


@dataclass(frozen=True, slots=True)
class Sightings:
    """On how many days each one was seen in each granule of the week (resources × granules), and on how many at all."""

    seen: Floats
    days: Ints


def sightings(clock: Clock, who: Codes, started: Floats, ended: Floats, people: int, granule: int) -> Sightings:
    """Count the days on which each was seen starting or ending something in a granule of the week.

    `started` may be NaN. Whoever works at one thing for more than three hours of one day is seen all that while.
    """
    known = who != NOBODY
    who, started, ended = who[known].astype(np.int64), started[known], ended[known]
    here = np.isfinite(started)
    first = np.floor((clock.local(started[here]) + _TICK) * 60 / granule).astype(np.int64)
    last = np.floor((clock.local(ended) - _TICK) * 60 / granule).astype(np.int64)
    last[here] = np.maximum(last[here], first)
    per_day = DAY_MINUTES // granule
    slots = [first, last]
    owners = [who[here], who]
    span = ended[here] - started[here]
    long = (span > _LONG) & (span < _WHOLE) & (first // per_day == last[here] // per_day)
    lengths = last[here][long] - first[long] + 1
    steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    slots.append(np.repeat(first[long], lengths) + steps)
    owners.append(np.repeat(who[here][long], lengths))
    return _counted(np.concatenate(owners), np.concatenate(slots), people, per_day)


def _counted(owner: Ints, slot: Ints, people: int, per_day: int) -> Sightings:
    """Distinct (owner, slot) pairs by granule of the week, and distinct (owner, day) pairs by owner."""
    if not len(slot):
        return Sightings(np.zeros((people, 7 * per_day)), np.zeros(people, dtype=np.int64))
    least, width = int(slot.min()), int(slot.max() - slot.min()) + 1
    pairs = np.unique(owner * width + (slot - least))
    owner, slot = pairs // width, pairs % width + least
    week = 7 * per_day
    seen = np.bincount(owner * week + slot % week, minlength=people * week).reshape(people, week)
    dated = np.unique(owner * (width + 1) + slot // per_day - least // per_day)
    days = np.bincount(dated // (width + 1), minlength=people)
    return Sightings(seen.astype(np.float64), days.astype(np.int64))


def calendars_of(found: Sightings, rules: CalendarRules) -> tuple[tuple[WeekHours, ...], WeekHours]:
    """The calendar of each resource, and the one of everybody, which those have of whom too little is seen."""
    total = found.seen.sum(axis=1)
    weight = np.minimum(total, 200.0) / np.maximum(total, 1.0)
    everybody = (found.seen * weight[:, None]).sum(axis=0)
    pool = pool_of(everybody, rules)
    enough = np.flatnonzero((total >= rules.sightings) & (found.days >= rules.days))
    shape = everybody / max(float(everybody.sum()), 1.0)
    open_ = best_weeks(found.seen[enough] + rules.borrowed * shape, rules)
    common = _granules(pool, rules.granule)
    seen = found.seen[enough]
    everyone = np.broadcast_to(common, seen.shape)
    better = _spread(seen, open_, rules) - _spread(seen, everyone, rules) > rules.better + _telling(open_, rules)
    own = {}
    for at, who in enumerate(enough):
        week = open_[at] if better[at] else common
        support = float((found.seen[who] * week).sum() / total[who])
        if support >= rules.support:
            own[int(who)] = WeekHours(_windows(week, rules.granule), "log", support)
    assumed = WeekHours(pool.week, "assumed", pool.support)
    return tuple(own.get(who, assumed) for who in range(len(total))), pool


def pool_of(seen: Floats, rules: CalendarRules) -> WeekHours:
    """One calendar from counts by granule of the week; day and night, assumed, where there are too few."""
    total = float(seen.sum())
    if total < rules.sightings:
        return WeekHours(dict(ALWAYS), "assumed", 1.0)
    open_ = best_weeks(seen[None, :], rules)[0]
    support = float((seen * open_).sum() / total)
    if support < rules.support:
        return WeekHours(dict(ALWAYS), "assumed", 1.0)
    return WeekHours(_windows(open_, rules.granule), "log", support)


def best_weeks(seen: Floats, rules: CalendarRules) -> Floats:
    """Which granules are open (1) and closed (0), row by row.

    Two kinds of weeks compete: the same hours on each day that has any, which is quickly told, and hours of their own
    on each day. Each is the best of what several beginnings lead to.
    """
    if not len(seen):
        return np.zeros(seen.shape)
    alike, worth = _alike(seen, rules)
    mean = seen.mean(axis=1, keepdims=True)
    begin = (np.ones(seen.shape), (seen > 0).astype(np.float64), (seen >= mean).astype(np.float64), alike)
    best = alike
    for first in begin:
        open_ = first
        for _ in range(_ROUNDS):
            changed = _best_path(seen, open_, rules)
            if np.array_equal(changed, open_):
                break
            open_ = changed
        here = _worth(seen, open_, rules)
        better = here > worth + 1e-9
        best, worth = np.where(better[:, None], open_, best), np.maximum(here, worth)
    return np.asarray(best)


def _alike(seen: Floats, rules: CalendarRules) -> tuple[Floats, Floats]:
    """The best week with the same hours on each of its days, and how well it explains what was seen."""
    rows, week = seen.shape
    by_day = seen.reshape(rows, 7, week // 7)
    total = seen.sum(axis=1)
    best, worth = np.zeros(seen.shape), np.full(rows, -np.inf)
    for wide in (False, True):
        days = np.ones((rows, 7)) if wide else (by_day.sum(axis=2) > rules.confidence * total[:, None] / 7) * 1.0
        hours = np.ones((rows, week // 7))
        for _ in range(_ROUNDS):
            density = total / np.maximum(hours.sum(axis=1) * days.sum(axis=1), 1.0)
            gain = (by_day * days[:, :, None]).sum(axis=1) / rules.confidence
            hours = _path(gain - (days.sum(axis=1) * density)[:, None], rules.change)
            gain = (by_day * hours[:, None, :]).sum(axis=2) / rules.confidence
            days = (gain > (hours.sum(axis=1) * density)[:, None] + _DAY) * 1.0
        open_ = (days[:, :, None] * hours[:, None, :]).reshape(rows, week)
        changes = np.abs(np.diff(hours, axis=1)).sum(axis=1)
        here = _spread(seen, open_, rules) - rules.change * changes - 7 * _DAY * (days.min(axis=1) < 1)
        better = here > worth
        best, worth = np.where(better[:, None], open_, best), np.maximum(here, worth)
    return best, worth


def _density(seen: Floats, open_: Floats) -> Floats:
    """All sightings per open granule."""
    return np.asarray(seen.sum(axis=1) / np.maximum(open_.sum(axis=1), 1.0))


def _worth(seen: Floats, open_: Floats, rules: CalendarRules) -> Floats:
    """How well a week explains what was seen: sightings spread evenly over what is open, those outside at a price."""
    return np.asarray(_spread(seen, open_, rules) - rules.change * np.abs(np.diff(open_, axis=1)).sum(axis=1))


def _spread(seen: Floats, open_: Floats, rules: CalendarRules) -> Floats:
    """The same without the price of telling the week."""
    total = seen.sum(axis=1)
    outside = (total - (seen * open_).sum(axis=1)) / rules.confidence
    return np.asarray(-total * np.log(np.maximum(open_.sum(axis=1), 1.0) / seen.shape[1]) - outside)


def _best_path(seen: Floats, open_: Floats, rules: CalendarRules) -> Floats:
    """The best week at the density of sightings that another has: a path of two states, by dynamic programming."""
    return _path(seen / rules.confidence - _density(seen, open_)[:, None], rules.change)


def _path(gain: Floats, change: float) -> Floats:
    """Which steps to have open so that their gains, less the price of each change, are the most; row by row."""
    rows, steps = gain.shape
    worth = np.zeros((2, rows))  # closed, open
    stay = np.zeros((steps, 2, rows), dtype=np.bool_)
    for at in range(steps):
        turn = worth[::-1] - (change if at else 0.0)
        stay[at] = worth >= turn
        worth = np.maximum(worth, turn)
        worth[1] += gain[:, at]
    path = np.zeros((rows, steps))
    state = (worth[1] > worth[0]).astype(np.int64)
    everyone = np.arange(rows)
    for at in range(steps - 1, -1, -1):
        path[:, at] = state
        state = np.where(stay[at, state, everyone], state, 1 - state)
    return path


def _windows(open_: Floats, granule: int) -> dict[int, tuple[tuple[int, int], ...]]:
    """Open granules as windows by weekday, neighbours joined."""
    per_day = DAY_MINUTES // granule
    week: dict[int, tuple[tuple[int, int], ...]] = {}
    for weekday in range(7):
        day = np.concatenate(([0.0], open_[weekday * per_day : (weekday + 1) * per_day], [0.0]))
        turns = np.flatnonzero(np.diff(day)) * granule
        if len(turns):
            week[weekday] = tuple((int(a), int(b)) for a, b in zip(turns[::2], turns[1::2], strict=True))
    return week


def _telling(open_: Floats, rules: CalendarRules) -> Floats:
    """The price of telling a week: each day's changes once, however many days share them."""
    by_day = open_.reshape(len(open_), 7, open_.shape[1] // 7)
    changes = np.abs(np.diff(by_day, axis=2)).sum(axis=2)
    alike = (by_day == by_day[:, :1, :]).all(axis=2) | (changes == 0)
    return np.asarray(rules.change * np.where(alike.all(axis=1), changes.max(axis=1), changes.sum(axis=1)))


def _granules(hours: WeekHours, granule: int) -> Floats:
    """Which granules of the week a calendar has open (1), windows within a day."""
    minute = np.arange(0, 7 * DAY_MINUTES, granule)
    open_ = np.zeros(len(minute))
    for weekday, windows in hours.week.items():
        for since, until in windows:
            open_[(minute >= weekday * DAY_MINUTES + since) & (minute < weekday * DAY_MINUTES + until)] = 1.0
    return open_


def seen_at(clock: Clock, moments: Floats, granule: int) -> Floats:
    """On how many days something was seen in each granule of the week; several on one day count as one."""
    who = np.zeros(len(moments), dtype=np.int32)
    return np.asarray(sightings(clock, who, np.full(len(moments), np.nan), moments + 2 * _TICK, 1, granule).seen[0])
