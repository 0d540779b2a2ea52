"""Who is the momentary bottleneck of a simulation how often, by the longest active period."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.bounds import Group
from marops.methods.mining.calendars import People, clock_of, spans
from marops.methods.mining.waiting_active import active_periods, bottlenecks
from marops.methods.simulation import model as kernel
from marops.methods.simulation.runs import Runs, Tasks

Floats = NDArray[np.float64]


def bottleneck_shares(runs: Runs, groups: tuple[Group, ...]) -> Floats:
    """Replications × groups: the share of the time in which a group has the longest active period.

    Somebody who does the work of several groups counts for each as far as their hours went there.
    """
    tasks = runs.tasks
    if tasks is None:
        raise ValueError("these runs were not recorded")
    people = _people(runs.model)
    waiting = _waiting_since(runs.model, tasks)
    edges = np.array([0.0, runs.model.end])
    found = np.zeros((runs.replications, len(groups)))
    for number in range(runs.replications):  # a hundred or so, each its own course of time
        here = np.flatnonzero(tasks.replication == runs.first + number)
        periods = active_periods(tasks.person[here], tasks.started[here], tasks.ended[here], people, waiting[here])
        who = bottlenecks(periods, len(runs.model.people), edges)
        # While it shifts between two, each has half of it, so that all together are at most the whole time.
        found[number] = (who.sole + who.shifting / 2) @ _spent(tasks, here, groups, len(runs.model.people))
    return found


def _people(model: kernel.Model) -> People:
    distinct = tuple(spans(one.starts, one.ends) for one in model.calendars) or (spans(np.zeros(0), np.zeros(0)),)
    which = np.array([one.calendar for one in model.people], dtype=np.int32)
    clock = clock_of(datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"), model.begin, model.end)
    return People(clock, distinct, which, distinct[0])


def _waiting_since(model: kernel.Model, tasks: Tasks) -> Floats:
    """From when on work lay ready that nobody else could do."""
    able = np.zeros(len(model.nodes), dtype=int)
    for person in model.people:
        for node in {one.node for one in person.abilities}:
            able[node] += 1
    return np.where(able[tasks.node] == 1, tasks.ready, np.nan)


def _spent(tasks: Tasks, here: NDArray[np.int64], groups: tuple[Group, ...], people: int) -> Floats:
    """Which part of each person's hours went to each group."""
    hours = np.zeros((people, len(groups)))
    for number, group in enumerate(groups):
        rows = here[np.isin(tasks.node[here], group.nodes) & (tasks.person[here] != kernel.NOBODY)]
        hours[:, number] = np.bincount(tasks.person[rows], weights=tasks.worked[rows], minlength=people)
    whole = hours.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(hours, whole, out=np.zeros_like(hours), where=whole > 0))
