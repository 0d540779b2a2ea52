"""When rows could begin and when they began, also where the log does not say.

A missing start is taken to be the latest of the moment the row was enabled and the end of what the same resource
finished before it (Chapela-Campa and Dumas, "Repairing activity start times to improve business process simulation",
2022). Where that leaves a piece of work longer than twice the activity's middle, the person did something else first:
it is cut to twice the middle. Such starts are marked; nothing says that they were measured.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.calendars import People
from marops.methods.mining.log import NOBODY, Floats, Log
from marops.methods.mining.structure_order import FIRST, Positions

LONGEST: Final = 2.0
"""An estimated piece of work is at most so many times as long as the middle one of its activity."""


def enabled_of(log: Log, before: Positions) -> Floats:
    """When each row could begin: what the log says, else the end of its predecessor, else when the case began."""
    began = np.where(np.isnan(log.started), log.ended, log.started)
    opening = np.full(len(log.cases), np.inf)
    np.minimum.at(opening, log.case, np.fmin(began, log.enabled))
    inferred = np.where(before == FIRST, opening[log.case], log.ended[before])
    return np.asarray(np.minimum(np.where(np.isnan(log.enabled), inferred, log.enabled), began))


def starts_of(log: Log, before: Positions, enabled: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """When each row began, and which of these are estimates."""
    missing = np.isnan(log.started)
    if not missing.any():
        return log.started.copy(), missing
    busy = _last_end(log)
    floor = np.fmax(np.where((before == FIRST) & np.isnan(log.enabled), np.nan, enabled), busy)
    guess = np.where(missing, np.minimum(floor, log.ended), log.started)
    unknown = np.isnan(guess)
    middles = _middles(log, log.ended - guess, missing)
    guess = np.where(unknown, log.ended - middles[log.activity], guess)
    return guess, missing


def _last_end(log: Log) -> Floats:
    """When the resource of each row had last finished something; NaN where that is not known."""
    order = np.lexsort((log.ended, log.resource))
    same = (log.resource[order][1:] == log.resource[order][:-1]) & (log.resource[order][1:] != NOBODY)
    found = np.full(len(log), np.nan)
    found[order[1:][same]] = log.ended[order[:-1][same]]
    return found


def _middles(log: Log, hours: Floats, missing: NDArray[np.bool_]) -> Floats:
    """The median by activity, of measured rows where there are enough; 0 where nothing is known."""
    middles = np.zeros(len(log.activities))
    order = np.argsort(log.activity, kind="stable")
    edges = np.searchsorted(log.activity[order], np.arange(len(middles) + 1))
    for activity in range(len(middles)):
        rows = order[edges[activity] : edges[activity + 1]]
        known = rows[np.isfinite(hours[rows])]
        measured = known[~missing[known]]
        known = measured if len(measured) >= 20 else known
        middles[activity] = float(np.median(hours[known])) if len(known) else 0.0
    return middles


def shortened(log: Log, people: People, started: Floats, missing: NDArray[np.bool_]) -> Floats:
    """Estimated starts, moved so that no piece takes more than twice the middle of its activity in calendar hours."""
    if not missing.any():
        return started
    hours = people.between(log.resource, started, log.ended)
    most = LONGEST * _middles(log, hours, missing)[log.activity]
    late = np.flatnonzero(missing & (hours > most))
    found = started.copy()
    for calendar, group in people.groups(log.resource[late]):
        rows = late[group]
        if calendar is None:
            found[rows] = log.ended[rows] - most[rows]
        else:
            found[rows] = np.clip(
                calendar.at(calendar.until(log.ended[rows]) - most[rows]), started[rows], log.ended[rows]
            )
    return found
