"""Why simulated work waited: each finished piece's hours from enabled to started, split by cause.

The causes are those of logs (`methods.mining.log.CAUSES`), but nothing has to be guessed here: the simulation knows
when work was collected, when the step was closed, when the person who then did it was away, and what they did instead.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.bounds import open_at
from marops.methods.mining.log import CAUSES
from marops.methods.simulation import model as kernel
from marops.methods.simulation.runs import Tasks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BATCHING, CONTENTION, PRIORITISATION, UNAVAILABILITY, OUTSIDE = range(len(CAUSES))


def causes(model: kernel.Model, tasks: Tasks) -> Floats:
    """Hours of each task by cause, columns as in CAUSES. They add up to started − enabled.

    Closed steps and collecting are batching; hours outside the person's calendar are unavailability; while they were
    there and did something else that had been ready earlier it is contention, else prioritisation. What nobody of ours
    shortens and other things first are outside; but of the latter only while people are at work: a quarter of an hour
    later on the next Tuesday is a week of unavailability.
    """
    found = np.zeros((len(tasks.node), len(CAUSES)))
    found[:, BATCHING] = np.maximum(tasks.ready - tasks.enabled - tasks.outside - tasks.delay, 0.0)
    others = _other_things(model, tasks)
    found[:, OUTSIDE] = tasks.outside + others
    away = tasks.delay - others
    waiting = tasks.started - tasks.ready
    for opens, calendar, rows in _alike(model, tasks):
        since, until = tasks.ready[rows], tasks.started[rows]
        open_hours = _between(model, (opens,), since, until)
        both = open_hours if calendar is None else _between(model, (opens, calendar), since, until)
        found[rows, BATCHING] += waiting[rows] - open_hours
        found[rows, UNAVAILABILITY] = open_hours - both
        found[rows, CONTENTION] = both
    found[:, UNAVAILABILITY] += away
    _prioritised(model, tasks, found)
    return found


def _other_things(model: kernel.Model, tasks: Tasks) -> Floats:
    """Of each delay, the hours in which the clock it runs on was open."""
    hours = tasks.delay.copy()
    clocks = np.array([one.delay_clock for one in model.nodes])[tasks.node]
    since = tasks.enabled + tasks.outside
    for clock in np.unique(clocks[clocks != kernel.ELAPSED]):
        rows = np.flatnonzero((clocks == clock) & (tasks.delay > 0))
        hours[rows] = _between(model, (int(clock),), since[rows], since[rows] + tasks.delay[rows])
    return hours


def _alike(model: kernel.Model, tasks: Tasks) -> Iterator[tuple[int, int | None, Ints]]:
    """Rows by the opening hours of their node and the calendar of who did them."""
    opens = np.array([one.opens for one in model.nodes])[tasks.node]
    calendars = np.array([*(one.calendar for one in model.people), -2])[tasks.person]
    keys = np.unique(np.stack([opens, calendars]), axis=1)
    for one, calendar in keys.T:
        rows = np.flatnonzero((opens == one) & (calendars == calendar))
        yield int(one), None if calendar == -2 else int(calendar), rows  # nobody's


def _between(model: kernel.Model, calendars: tuple[int, ...], since: Floats, until: Floats) -> Floats:
    """Hours between moments in which all of these calendars are open."""
    known = [model.calendars[one] for one in calendars if one != kernel.ELAPSED]
    if not known:
        return until - since
    edges = np.unique(np.concatenate([[model.begin], *(np.concatenate([one.starts, one.ends]) for one in known)]))
    middles = (edges[1:] + edges[:-1]) / 2
    is_open = np.logical_and.reduce([open_at(one, middles) for one in known])
    passed = np.concatenate([[0.0], np.cumsum(np.diff(edges) * is_open)])
    found: Floats = np.interp(until, edges, passed) - np.interp(since, edges, passed)
    return found


def _prioritised(model: kernel.Model, tasks: Tasks, found: Floats) -> None:
    """Move hours from contention to prioritisation in which the person did work that had become ready later."""
    order = np.lexsort((tasks.started, tasks.person, tasks.replication))
    order = order[tasks.person[order] != kernel.NOBODY]
    person, replication = tasks.person[order], tasks.replication[order]
    ready, started, ended = tasks.ready[order], tasks.started[order], tasks.ended[order]
    calendars = np.array([one.calendar for one in model.people])
    later = np.zeros(len(order))
    rows = np.arange(len(order))
    lag = 1
    while len(rows := rows[rows >= lag]):
        before = rows - lag
        same = (person[before] == person[rows]) & (replication[before] == replication[rows])
        rows, before = rows[same], before[same]
        overlaps = ended[before] > ready[rows]
        jumped = rows[overlaps & (ready[before] > ready[rows])]
        for calendar in np.unique(calendars[person[jumped]]) if len(jumped) else ():
            here = jumped[calendars[person[jumped]] == calendar]
            since = np.maximum(started[here - lag], ready[here])
            until = np.minimum(ended[here - lag], started[here])
            later[here] += np.where(until > since, _between(model, (int(calendar),), since, until), 0.0)
        # Who was done long before need not be looked at again; with one piece at a time nobody earlier overlaps.
        rows = rows[overlaps]
        lag += 1
    moved = np.minimum(later, found[order, CONTENTION])
    found[order, CONTENTION] -= moved
    found[order, PRIORITISATION] += moved
