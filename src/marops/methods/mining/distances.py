"""How far two logs are apart: what is done, when, by how many people, and how long it takes.

The measures of Chapela-Campa and others (BPM 2023, arXiv 2303.17463), with the definitions and defaults of the library
`log-distance-measures` 2.2. Those of time are 1-Wasserstein distances between histograms: how far the mass has to be
moved, in bins. A distance says little by itself: two samples of the very same process are apart as well. So `fit` gives
each in multiples of such a noise floor.

| name | unit | what is compared |
| --- | --- | --- |
| 2-gram, 3-gram | share, 0 to 1 | how often so many steps follow each other, starts and ends included |
| absolute-event | hours | when pieces of work start and end |
| case-arrival | hours | when cases start |
| circadian-event | hours of the day | at which hours of each weekday pieces of work start and end |
| circadian-workforce | hours of the day | how many people are seen in each hour of each weekday |
| relative-event | hours | how long after the start of its case a piece of work starts and ends |
| cycle-time | hours | how long cases take |
| remaining-time | hours | when cases end |
| work-in-progress | share of the whole time | how many cases are under way in each hour |
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.log import Floats, Log
from marops.methods.mining.structure_order import begins, in_order

Moments = NDArray[np.int64]
"""Microseconds since 1970 on the log's own wall clock, or in UTC: whole numbers, so that bins have sharp edges."""

HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FARTHEST: Final = 23.0  # between two hours of a day: where only one of the logs has anything on a weekday
_HUNDREDTHS: Final = 100


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance of simulated logs to a log the model has not seen, beside its noise floor.

    `value`: mean over the simulated logs; `low`, `high`: 90 % interval of that mean, None for a single log. `floor`:
    the same distance between the log the model was calibrated from and the unseen one. `ratio`: value in multiples of
    the floor; None where that says nothing: the floor is 0, or a distance of dates between logs of different times.
    """

    name: str
    unit: str
    value: float
    low: float | None
    high: float | None
    floor: float
    ratio: float | None


def n_gram(one: Log, other: Log, n: int = 3) -> float:
    """Share of the sequences of n steps that would have to be others; starts and ends count as steps."""
    names = {name: place + 1 for place, name in enumerate(dict.fromkeys([*one.activities, *other.activities]))}
    size = len(names) + 1
    keys, counts = zip(
        *(np.unique(_grams(log, names, size, n), return_counts=True) for log in (one, other)), strict=True
    )
    every, place = np.unique(np.concatenate(keys), return_inverse=True)
    apart = np.zeros(len(every))
    np.add.at(apart, place[: len(keys[0])], counts[0])
    np.subtract.at(apart, place[len(keys[0]) :], counts[1])
    whole = sum(int(some.sum()) for some in counts)
    return float(np.abs(apart).sum() / whole) if whole else 0.0


def _grams(log: Log, names: dict[str, int], size: int, n: int) -> Moments:
    """The n-grams of a log as numbers to the base `size`; 0 stands before the start and after the end of a case."""
    if size**n >= 2**63:
        raise ValueError(f"{n} steps out of {size - 1:,} activities are more than can be told apart.")
    order = in_order(log)
    case = log.case[order]
    code = np.array([names[name] for name in log.activities], dtype=np.int64)[log.activity[order]]
    number = np.cumsum(np.concatenate([[False], case[1:] != case[:-1]])) if len(case) else case
    # Each case takes its length and n - 1 empty places before it; those before the next one are also those behind it.
    text = np.zeros(len(case) + (n - 1) * (int(number[-1]) + 2 if len(case) else 1), dtype=np.int64)
    text[np.arange(len(case)) + (n - 1) * (number + 1)] = code
    key = np.zeros(len(text) - n + 1, dtype=np.int64)
    for offset in range(n):
        key = key * size + text[offset : offset + len(key)]
    return key[key > 0]


def absolute_event(one: Log, other: Log) -> float:
    """How far starts and ends are apart in time, in hours."""
    return _by_hour(_both(one), _both(other), _begin(one), _begin(other), one)


def case_arrival(one: Log, other: Log) -> float:
    """How far the starts of cases are apart in time, in hours."""
    first, second = _spans(one)[0], _spans(other)[0]
    return _by_hour(first, second, first, second, one)


def circadian_event(one: Log, other: Log) -> float:
    """How far starts and ends are apart within each weekday, in hours, as a mean over the weekdays."""
    first, second = _wall(_both(one), one), _wall(_both(other), other)
    apart = []
    for day in range(7):
        hours = [(some // HOUR % 24)[_weekday(some) == day] for some in (first, second)]
        apart.append(_of_weekday(hours[0], hours[1], np.ones(len(hours[0])), np.ones(len(hours[1]))))
    return float(np.mean(apart))


def circadian_workforce(one: Log, other: Log) -> float:
    """How far the people seen in each hour of a weekday are apart, in hours, as a mean over the weekdays."""
    first, second = _workforce(one), _workforce(other)
    hours = np.arange(24, dtype=np.int64)
    return float(np.mean([_of_weekday(hours, hours, first[day], second[day]) for day in range(7)]))


def _workforce(log: Log) -> Floats:
    """How many people are seen, as a mean over days, by weekday and hour; in whole hundredths."""
    moments = _wall(_both(log), log)
    people = len(log.resources) + 1  # whoever is not said is one more
    hour = np.unique(moments // HOUR * people + np.tile(log.resource.astype(np.int64) + 1, 2)) // people
    days = np.unique(moments // DAY)
    seen = np.zeros((7, 24))
    np.add.at(seen, (_weekday(hour * HOUR), hour % 24), 1)
    return np.floor(seen / np.maximum(np.bincount(_weekday(days * DAY), minlength=7), 1)[:, None] * _HUNDREDTHS)


def relative_event(one: Log, other: Log) -> float:
    """How far starts and ends are apart as hours after the start of their case."""
    first, second = ((_both(log) - np.tile(_spans(log)[0][_case(log)], 2)) // HOUR for log in (one, other))
    return wasserstein(first, second)


def cycle_time(one: Log, other: Log, bins: float = 1.0) -> float:
    """How far the durations of cases are apart, in bins of so many hours."""
    (starts, ends), (others, their_ends) = _spans(one), _spans(other)
    return _binned(ends - starts, their_ends - others, bins)


def remaining_time(one: Log, other: Log, bins: float = 1.0) -> float:
    """How far the ends of cases are apart in time, in bins of so many hours: what remains from any common moment."""
    return _binned(_spans(one)[1], _spans(other)[1], bins)


def work_in_progress(one: Log, other: Log, window: float = 1.0) -> float:
    """How far the cases under way are apart in time, as a share of the time from the first start to the last end."""
    width = _micros(window)
    spans = _spans(one), _spans(other)
    first = min(int(starts.min()) for starts, _ in spans)
    begin = _floored(first, DAY, one)
    last = max(int(ends.max()) for _, ends in spans)
    edges = begin + width * np.arange(-(-(last - begin) // width) + 1, dtype=np.int64)
    load = [_load(starts, ends, edges) / width for starts, ends in spans]
    place = np.arange(len(edges) - 1, dtype=np.int64)
    apart = wasserstein(place, place, *(np.floor(one * _HUNDREDTHS) for one in load))
    longest = max(int(place[one > 0].max(initial=0)) for one in load)
    return apart / longest if longest else apart


def _load(starts: Moments, ends: Moments, edges: Moments) -> Moments:
    """Microseconds of cases within each window."""

    def until(moments: Moments) -> Moments:
        # The sums overflow and wrap around; their differences do not.
        ordered = np.sort(moments)
        sums = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(ordered)])
        before = np.searchsorted(ordered, edges)
        passed: Moments = before * edges - sums[before]
        return passed

    return np.diff(until(starts) - until(ends))


def wasserstein(one: Moments, other: Moments, weights: Floats | None = None, others: Floats | None = None) -> float:
    """The 1-Wasserstein distance of two samples of numbers, weighted or not: the area between their distributions."""
    if not len(one) or not len(other):
        raise ValueError("There is no distance to nothing.")
    places, at = np.unique(np.concatenate([one, other]), return_inverse=True)
    shares = []
    for codes, given in ((at[: len(one)], weights), (at[len(one) :], others)):
        mass = np.bincount(codes, given, minlength=len(places)).astype(np.float64)
        shares.append(np.cumsum(mass / mass.sum()))
    return float(np.sum(np.abs(shares[0] - shares[1])[:-1] * np.diff(places)))


def _of_weekday(one: Moments, other: Moments, weights: Floats, others: Floats) -> float:
    if not weights.any() and not others.any():
        return 0.0
    return wasserstein(one, other, weights, others) if weights.any() and others.any() else _FARTHEST


def _by_hour(one: Moments, other: Moments, first: Moments, second: Moments, log: Log) -> float:
    begin = _floored(min(int(first.min()), int(second.min())), HOUR, log)
    return wasserstein((one - begin) // HOUR, (other - begin) // HOUR)


def _binned(one: Moments, other: Moments, bins: float) -> float:
    width, least = _micros(bins), min(int(one.min()), int(other.min()))
    return wasserstein((one - least) // width, (other - least) // width)


def _micros(hours: float) -> int:
    return round(hours * HOUR)


def _utc(hours: Floats, log: Log) -> Moments:
    zero = (log.zero - _EPOCH) // timedelta(microseconds=1)
    return np.rint(hours * HOUR).astype(np.int64) + zero


def _begin(log: Log) -> Moments:
    return _utc(begins(log), log)


def _both(log: Log) -> Moments:
    return np.concatenate([_begin(log), _utc(log.ended, log)])


def _case(log: Log) -> Moments:
    """The number of each row's case among those that have rows."""
    return np.unique(log.case, return_inverse=True)[1].astype(np.int64)


def _spans(log: Log) -> tuple[Moments, Moments]:
    """First start and last end of each case that has rows."""
    if not len(log):
        raise ValueError("There is no distance to an empty log.")
    case = _case(log)
    starts = np.full(int(case.max()) + 1, np.iinfo(np.int64).max)
    ends = np.full(len(starts), np.iinfo(np.int64).min)
    np.minimum.at(starts, case, _begin(log))
    np.maximum.at(ends, case, _utc(log.ended, log))
    return starts, ends


def _weekday(moments: Moments) -> Moments:
    return (moments // DAY + 3) % 7  # 1970 began on a Thursday


def _wall(moments: Moments, log: Log) -> Moments:
    """From UTC to the clock on the wall."""
    hours, place = np.unique(moments // (HOUR // 4), return_inverse=True)  # clocks change on quarters of an hour
    return moments + np.array([_offset(int(one) * HOUR // 4, log) for one in hours], dtype=np.int64)[place]


def _offset(moment: int, log: Log) -> int:
    local = (_EPOCH + timedelta(microseconds=moment)).astimezone(log.zone)
    return (local.utcoffset() or timedelta()) // timedelta(microseconds=1)


def _floored(moment: int, width: int, log: Log) -> int:
    """The last full hour or day of the clock on the wall."""
    offset = _offset(moment, log)
    return (moment + offset) // width * width - offset


@dataclass(frozen=True, slots=True)
class _Measure:
    name: str
    unit: str
    between: Callable[[Log, Log], float]
    dated: bool = False  # compares dates, not durations or times of day


MEASURES: Final = (
    _Measure("2-gram", "share", lambda one, other: n_gram(one, other, 2)),
    _Measure("3-gram", "share", lambda one, other: n_gram(one, other, 3)),
    _Measure("absolute-event", "hours", absolute_event, dated=True),
    _Measure("case-arrival", "hours", case_arrival, dated=True),
    _Measure("circadian-event", "hours", circadian_event),
    _Measure("circadian-workforce", "hours", circadian_workforce),
    _Measure("relative-event", "hours", relative_event),
    _Measure("cycle-time", "hours", cycle_time),
    _Measure("remaining-time", "hours", remaining_time, dated=True),
    _Measure("work-in-progress", "share", work_in_progress, dated=True),
)


def fit(simulated: Sequence[Log], held_out: Log, calibrated_from: Log) -> tuple[Distance, ...]:
    """How well simulated logs reproduce one the model has not seen, in each measure."""
    same_time = _overlap(held_out, calibrated_from)
    return tuple(_fit(one, simulated, held_out, calibrated_from, same_time=same_time) for one in MEASURES)


def _fit(measure: _Measure, simulated: Sequence[Log], held_out: Log, from_: Log, *, same_time: bool) -> Distance:
    values = np.array([measure.between(held_out, one) for one in simulated])
    floor = measure.between(held_out, from_)
    value = float(values.mean())
    around = _around(values) if len(values) > 1 else None
    says = floor > 0 and (same_time or not measure.dated)
    return Distance(
        measure.name,
        measure.unit,
        value,
        None if around is None else value - around,
        None if around is None else value + around,
        floor,
        value / floor if says else None,
    )


def _around(values: Floats) -> float:
    """Half the width of the 90 % interval of a mean (Student's t)."""
    from scipy.special import stdtrit

    return float(stdtrit(len(values) - 1, 0.95) * values.std(ddof=1) / np.sqrt(len(values)))


def _overlap(one: Log, other: Log) -> bool:
    """Do the logs' times coincide by half or more of the longer one?"""
    spans = [(int(_begin(log).min()), int(_utc(log.ended, log).max())) for log in (one, other)]
    shared = min(end for _, end in spans) - max(begin for begin, _ in spans)
    return 2 * shared >= max(end - begin for begin, end in spans)
