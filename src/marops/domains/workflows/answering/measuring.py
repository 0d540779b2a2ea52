"""How a workflow goes: a typical visit of each step, by its log where it has one, and simulated figures as a whole."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.outcomes import WHOLE, Outcome, by_month, figure, level, over
from marops.domains.workflows.answering.waits import causes
from marops.domains.workflows.rules.answers import Estimate, Evidence, Figures, Measured, StepTimes
from marops.domains.workflows.rules.frames import hours_of
from marops.methods.mining.log import CAUSES
from marops.methods.worktime import local, spans

Floats = NDArray[np.float64]
STEPS = 21
"""Quantiles of lead times that are kept, from the shortest to the longest."""


def measured(
    found: Outcome, *, version: int, at: datetime, seconds: float, seed: int, evidence: Evidence | None = None
) -> Measured:
    """The times of steps and the figures of a recorded outcome. Hours of steps are hours of the crew's calendar.

    `evidence`: what the log says; the times of the steps are then its own, simulated where it knows nothing of a step.
    """
    logged = {step: one.times for step, one in evidence.steps.items()} if evidence else {}
    return Measured(
        origin="log" if evidence else "simulated",
        steps={step: logged.get(step, one) for step, one in step_times(found).items()},
        figures=figures(found),
        cases=int(found.finished.sum()),
        since=evidence.since if evidence else None,
        until=evidence.until if evidence else None,
        evidence=evidence,
        runs=found.runs.replications,
        seconds=seconds,
        version=version,
        at=at,
        seed=seed,
    )


def figures(found: Outcome) -> Figures:
    """Of the whole time that is simulated."""
    leads = _leads(found)
    return Figures(
        per_month=level(over(found.finished, WHOLE)),
        lead_p50=_whole_lead(found, 0.5),
        lead_p85=_whole_lead(found, 0.85),
        on_time=level(figure("on_time", found), "no date and no lead time is promised", most=1.0),
        in_work=level(over(found.in_work, WHOLE)),
        cost_each=level(figure("cost_each", found)),
        lead_hours=tuple(float(one) for one in np.quantile(leads, np.linspace(0, 1, STEPS))) if len(leads) else (),
        in_work_by_month=by_month(found.in_work),
        lead_p85_by_month=by_month(found.lead(0.85)),
    )


def _leads(found: Outcome) -> Floats:
    cases = found.runs.cases
    hours: Floats = cases.hours[np.isin(cases.work_class, found.classes)]
    return hours


def _whole_lead(found: Outcome, share: float) -> Estimate:
    from marops.domains.workflows.answering.outcomes import grouped_quantile

    cases = found.runs.cases
    counts = np.isin(cases.work_class, found.classes)
    replication = cases.replication[counts] - found.runs.first
    return level(grouped_quantile(replication, cases.hours[counts], found.runs.replications, share))


def step_times(found: Outcome) -> dict[str, StepTimes]:
    """By step of the target: hours worked and waited at a visit, the waiting by cause, visits per finished item."""
    tasks = found.runs.tasks
    if tasks is None:
        raise ValueError("these runs were not recorded")
    begin, ends = crew_hours(found)
    waited = ends(tasks.started) - ends(tasks.enabled)
    wall = causes(found.compiled.model, tasks)
    finished = max(float(found.finished.sum()), 1.0)
    steps: dict[str, list[int]] = {}
    for node in found.nodes:
        step = found.compiled.nodes[node][1]
        if step:
            steps.setdefault(step, []).append(int(node))
    return {
        step: _times(nodes, tasks.node, tasks.worked, waited, wall, tasks.started >= begin, finished)
        for step, nodes in steps.items()
    }


def _times(
    nodes: Sequence[int], node: NDArray[np.int64], worked: Floats, waited: Floats, wall: Floats,
    counts: NDArray[np.bool_], finished: float,
) -> StepTimes:  # fmt: skip
    here = np.isin(node, nodes) & counts
    if not here.any():
        return StepTimes(0.0, 0.0, visits=0.0)
    by_cause = wall[here].sum(axis=0)
    whole = float(by_cause.sum())
    wait = float(waited[here].mean())
    share = by_cause / whole if whole > 0 else by_cause
    return StepTimes(
        worked=float(worked[here].mean()),
        waited=wait,
        causes={name: wait * float(part) for name, part in zip(CAUSES, share, strict=True) if part > 0},
        visits=float(here.sum()) / finished,
    )


def crew_hours(found: Outcome) -> tuple[float, "Clock"]:
    """Where the time that counts begins, and what tells how many hours of the crew's own calendar have passed."""
    frame, crew = found.compiled.frame, found.compiled.last.crew
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(frame.zone)
    start, end = local(frame.begin, 0, zone), local(frame.edges()[-1], 0, zone)
    hours = hours_of(crew.calendars[crew.calendar], zone)
    pairs = [(frame.hour_of(a), frame.hour_of(b)) for a, b in spans(hours, start, end)]
    return 0.0, Clock(pairs)


class Clock:
    """Hours of a calendar that have passed at a moment."""

    def __init__(self, pairs: Sequence[tuple[float, float]]) -> None:
        self.edges = np.array([edge for pair in pairs for edge in pair])
        lengths = np.array([b - a for a, b in pairs])
        passed = np.cumsum(lengths)
        self.passed = np.stack([passed - lengths, passed], axis=1).ravel()

    def __call__(self, at: Floats) -> Floats:
        if not len(self.edges):
            return np.zeros(len(at))
        found: Floats = np.interp(at, self.edges, self.passed)
        return found
