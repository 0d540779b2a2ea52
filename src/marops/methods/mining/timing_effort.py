"""How long work takes somebody of speed 1, and how fast each person is at each activity.

Hours of work are taken to be the activity's effort divided by the person's speed. On the scale of logarithms each
person's mean is drawn towards the activity's, the more so the fewer pieces they did and the less people differ at all:
a normal hierarchical model (Gelman et al., *Bayesian Data Analysis*, chapter 5), whose only hard parameter, how much
people differ, is integrated out on a grid instead of being fixed at one value; so intervals stay honest for teams of
three. Speeds are relative to the people who did the activity: the geometric mean of theirs is 1.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.calendars import Ints
from marops.methods.mining.log import NOBODY, Codes, Floats, FoundAmount, Log
from marops.methods.mining.timing_amounts import Z90, fit

_LEAST: Final = 1e-6  # hours; less is no work
_APART: Final = np.concatenate(([1e-4], np.geomspace(0.01, 2.0, 40)))
_USUAL: Final = 0.5  # how much people are expected to differ (standard deviation of the logarithm), at most mostly
_PAIRS = 10
_OFTEN = 3
_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class Efforts:
    """What `Timing` says about work; see there."""

    effort: dict[int, FoundAmount]
    repeat: dict[int, float]
    speed: dict[tuple[int, int], tuple[float, float, float]]
    able: dict[int, tuple[int, ...]]


def efforts_of(log: Log, worked: Floats, estimated: NDArray[np.bool_]) -> Efforts:
    """Efforts by activity, speeds by activity and person, who is able, and what a second visit takes."""
    found = Efforts({}, {}, {}, {})
    visit = visits(log)
    order = np.argsort(log.activity, kind="stable")
    edges = np.searchsorted(log.activity[order], np.arange(len(log.activities) + 1))
    for activity in range(len(log.activities)):
        rows = order[edges[activity] : edges[activity + 1]]
        if len(rows):
            _one(found, activity, log, rows, worked, estimated, visit)
    return found


def visits(log: Log) -> Ints:
    """The how manieth time each row is of its activity in its case, from 1 on."""
    began = np.where(np.isnan(log.started), log.ended, log.started)
    order = np.lexsort((log.ended, began, log.activity, log.case))
    fresh = np.ones(len(order), dtype=np.bool_)
    case, activity = log.case[order], log.activity[order]
    fresh[1:] = (case[1:] != case[:-1]) | (activity[1:] != activity[:-1])
    place = np.arange(len(order))
    found = np.empty(len(order), dtype=np.int64)
    found[order] = place - np.maximum.accumulate(np.where(fresh, place, 0)) + 1
    return found


def _one(
    found: Efforts, activity: int, log: Log, rows: Ints, worked: Floats, estimated: NDArray[np.bool_], visit: Ints
) -> None:
    """Everything about one activity."""
    who = log.resource[rows]
    found.able[activity] = _able(who)
    done = rows[who != NOBODY] if np.mean(who != NOBODY) >= 0.5 else rows
    measured = done[~estimated[done]]
    enough = len(measured) >= min(20, len(done))
    done = measured if enough else done
    # What took time on the wall and none by the calendar says nothing about the effort.
    telling = done[(worked[done] > _LEAST) | (log.ended[done] <= log.started[done])]
    done = telling if len(telling) else done
    hours, people = worked[done], log.resource[done]
    factor = np.ones(len(done))
    positive = (hours > _LEAST) & (people != NOBODY)
    again = _again(log.case[done], visit[done], hours)
    if again != 1.0:
        found.repeat[activity] = again
        factor = np.where(visit[done] > 1, 1 / again, 1.0)
    if positive.any():
        logs = np.log((hours * factor)[positive])
        for person, (speed, low, high) in speeds(people[positive], logs).items():
            found.speed[activity, person] = speed, low, high
            factor[people == person] *= speed
    found.effort[activity] = fit(hours * factor, "log" if enough else "assumed")


def _able(who: Codes) -> tuple[int, ...]:
    """Who did it often enough to count: three times, or one time in fifty; else whoever did it at all."""
    people, counts = np.unique(who[who != NOBODY], return_counts=True)
    often = people[(counts >= _OFTEN) | (counts >= _SHARE * counts.sum())]
    return tuple(int(one) for one in (often if len(often) else people))


def _again(case: Codes, visit: Ints, hours: Floats) -> float:
    """Effort of a second visit as a share of the first, by pairs of a case; 1 where chance explains the difference."""
    key = case.astype(np.int64)
    kept = hours > _LEAST
    first, second = np.flatnonzero(kept & (visit == 1)), np.flatnonzero(kept & (visit == 2))
    first = first[np.argsort(key[first])]
    at = np.minimum(np.searchsorted(key[first], key[second]), max(len(first) - 1, 0))
    if not len(first) or not len(second):
        return 1.0
    matched = key[first[at]] == key[second]
    ratios = np.log(hours[second[matched]] / hours[first[at[matched]]])
    if len(ratios) < _PAIRS:
        return 1.0
    middle, error = float(ratios.mean()), float(ratios.std(ddof=1) / np.sqrt(len(ratios)))
    if abs(middle) <= Z90 * error or abs(middle) < 0.02:
        return 1.0
    return float(np.exp(middle * 1 / (1 + error**2 / _USUAL**2)))


def speeds(people: Codes, logs: Floats) -> dict[int, tuple[float, float, float]]:
    """Speed of each person with its 90 per cent interval, from logarithms of the hours of their pieces."""
    names, at, counts = np.unique(people, return_inverse=True, return_counts=True)
    if len(names) == 1:
        return {int(names[0]): (1.0, 1.0, 1.0)}
    means = np.bincount(at, weights=logs) / counts
    freedom = len(logs) - len(names)
    within = float(((logs - means[at]) ** 2).sum() / freedom) if freedom > 0 else float(np.var(logs, ddof=1))
    apart, error = _posterior(means, max(within, 1e-12) / counts)
    low, high = np.exp(-(apart + Z90 * error)), np.exp(-(apart - Z90 * error))
    speed = np.exp(-apart)
    return {int(names[k]): (float(speed[k]), float(low[k]), float(high[k])) for k in range(len(names))}


def _posterior(means: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Each one's distance from the mean of all and its standard error, over all degrees to which people may differ."""
    between = _APART[:, None] ** 2
    total = between + noise
    weight = 1 / total
    precision = weight.sum(axis=1)
    middle = (weight * means).sum(axis=1) / precision
    away = means - middle[:, None]
    likely = -0.5 * (np.log(total).sum(axis=1) + np.log(precision) + (weight * away**2).sum(axis=1))
    likely -= 0.5 * (_APART / _USUAL) ** 2
    share = np.exp(likely - likely.max()) * np.gradient(_APART)
    share /= share.sum()
    pull = between / total
    single = pull * noise
    count = len(means)
    value = pull * away
    value -= value.mean(axis=1, keepdims=True)
    shared = (1 - pull) - (1 - pull).mean(axis=1, keepdims=True)
    error = (1 - 2 / count) * single + single.sum(axis=1, keepdims=True) / count**2 + shared**2 / precision[:, None]
    mean = share @ value
    return mean, np.sqrt(np.maximum(share @ (error + value**2) - mean**2, 1e-18))
