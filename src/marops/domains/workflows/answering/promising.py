"""When open work will be done: each open item's finish from the work in progress of today, and what to do first.

Where a piece of work stands is read off what was finished of it: it goes on from every step after which nothing has
been done yet. Everything in progress is simulated together with what will come in, many times over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.outcomes import Setting, run
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import Compiled, compiled
from marops.domains.workflows.rules.document import Workflow
from marops.methods.mining.log import Log
from marops.methods.simulation.model import FOREVER, NOBODY, Token

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An item that has been begun and is not done. `done`: its finished steps, the last one last, with their ends."""

    key: str
    workflow: str
    work_class: str
    arrived: datetime
    done: tuple[tuple[str, datetime], ...]
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Promise:
    """When an item will be done: in half of all runs by `p50`, in 85 of 100 by `p85`; None where too few finish it in
    the time looked at. `on_time`: the share of runs that keep its date. `waits_for`: the steps it goes on with.
    """

    item: OpenItem
    p50: datetime | None
    p85: datetime | None
    on_time: float | None
    waits_for: tuple[str, ...]


def open_items(log: Log, flow: Workflow, slug: str, *, class_of: Mapping[str, str], since: datetime) -> list[OpenItem]:
    """The cases of a log that were touched since a moment and have not come to a last step.

    A loop over the open cases, of which there are tens.
    """
    ids = {step.name: step.id for step in flow.steps}
    last = {step.id for step in flow.steps if is_last(flow, step.id)}
    start = (since - log.zero).total_seconds() / 3600
    newest = np.full(len(log.cases), -np.inf)
    np.maximum.at(newest, log.case, log.ended)
    found = []
    for case in np.flatnonzero(newest >= start):
        rows = np.flatnonzero(log.case == case)
        rows = rows[np.argsort(log.ended[rows], kind="stable")]
        steps = [(ids.get(log.activities[log.activity[row]], ""), _at(log, log.ended[row])) for row in rows]
        if any(step in last for step, _ in steps) or not all(step for step, _ in steps):
            continue
        begun = np.nanmin(np.concatenate([log.enabled[rows], log.started[rows], log.ended[rows]]))
        work = class_of.get(log.classes[log.work_class[rows[0]]], flow.classes[0].id)
        found.append(OpenItem(log.cases[case], slug, work, _at(log, float(begun)), tuple(steps)))
    return found


def is_last(flow: Workflow, step: str) -> bool:
    """Is nothing done behind this step?"""
    gates = {one.id for one in flow.steps if one.gate}
    after: dict[str, set[str]] = {}
    for way in flow.ways_or_line():
        after.setdefault(way.source, set()).add(way.target)
    return not _past_gates(after, gates, step)


def _at(log: Log, hours: float) -> datetime:
    from datetime import timedelta

    return log.zero + timedelta(hours=float(hours))


def promises(situation: Situation, items: Sequence[OpenItem], setting: Setting) -> list[Promise]:
    """The finish of every item, the one most in danger first. Begins with the work in progress, without a warm-up."""
    frame = replace(setting.frame, warm_up=0)
    made = compiled(situation, frame)
    tokens, waits = _tokens(made, items)
    model = replace(made.model, tokens=tuple(tokens))
    runs = run(replace(made, model=model), replace(setting, frame=frame))
    ends = np.full((runs.replications, len(items)), np.inf)
    ours = runs.cases.case < 0
    ends[runs.cases.replication[ours] - runs.first, -runs.cases.case[ours] - 1] = runs.cases.finished[ours]
    found = [_promise(made, item, ends[:, number], waits[number]) for number, item in enumerate(items)]
    return sorted(
        found, key=lambda one: (one.on_time if one.on_time is not None else 2.0, one.item.due or one.item.arrived)
    )


def _promise(made: Compiled, item: OpenItem, ends: Floats, waits: tuple[str, ...]) -> Promise:
    half, most = np.quantile(ends, [0.5, 0.85], method="higher")
    due = made.frame.hour_of(item.due) if item.due else None
    return Promise(
        item,
        made.frame.moment(float(half)) if np.isfinite(half) else None,
        made.frame.moment(float(most)) if np.isfinite(most) else None,
        float((ends <= due).mean()) if due is not None else None,
        waits,
    )


def _tokens(made: Compiled, items: Sequence[OpenItem]) -> tuple[list[Token], list[tuple[str, ...]]]:
    tokens: list[Token] = []
    waits = []
    for number, item in enumerate(items):
        work = made.classes.index((item.workflow, item.work_class))
        flow = made.last.workflows[item.workflow]
        frontier = _frontier(flow, [step for step, _ in item.done])
        ended = dict(item.done)
        tokens += [
            Token(
                case=-number - 1,
                work_class=work,
                node=_node(made, item.workflow, step, work),
                stage="done",
                arrived=made.frame.hour_of(item.arrived),
                due=made.frame.hour_of(item.due) if item.due else FOREVER,
                since=min(made.frame.hour_of(ended[step]), 0.0),
                person=NOBODY,
                visit=[one for one, _ in item.done].count(step),
            )
            for step in frontier
        ]
        waits.append(tuple(dict.fromkeys(name for step in frontier for name in _next(flow, step))))
    return tokens, waits


def _frontier(flow: Workflow, done: Sequence[str]) -> list[str]:
    """The steps that are done and after which nothing has been done: of each, its last time counts."""
    after: dict[str, set[str]] = {}
    for way in flow.ways_or_line():
        after.setdefault(way.source, set()).add(way.target)
    gates = {step.id for step in flow.steps if step.gate}
    place = {step: at for at, step in enumerate(done)}
    found = []
    for step, at in place.items():
        ahead = _past_gates(after, gates, step)
        back = next((one.rework.back_to for one in flow.steps if one.id == step and one.rework), None)
        if not any(place.get(one, -1) > at for one in {*ahead, *([back] if back else [])}):
            found.append(step)
    return found


def _past_gates(after: Mapping[str, set[str]], gates: set[str], step: str) -> set[str]:
    """The next real steps behind a step."""
    found: set[str] = set()
    todo, seen = list(after.get(step, ())), set()
    while todo:
        here = todo.pop()
        if here in seen:
            continue
        seen.add(here)
        if here in gates:
            todo.extend(after.get(here, ()))
        else:
            found.add(here)
    return found


def _next(flow: Workflow, step: str) -> list[str]:
    gates = {one.id for one in flow.steps if one.gate}
    after: dict[str, set[str]] = {}
    for way in flow.ways_or_line():
        after.setdefault(way.source, set()).add(way.target)
    ahead = _past_gates(after, gates, step)
    return [one.name for one in flow.steps if one.id in ahead]


def _node(made: Compiled, slug: str, step: str, work: int) -> int:
    """The node of a step that this kind of work comes by."""
    nodes = [n for n, name in enumerate(made.nodes) if name == (slug, step)]
    start = made.model.classes[work].entries[0].node
    reached, todo = {start}, [start]
    while todo:
        for edge in made.model.nodes[todo.pop()].edges:
            if edge.to not in reached:
                reached.add(edge.to)
                todo.append(edge.to)
    return next(n for n in nodes if n in reached)
