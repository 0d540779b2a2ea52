"""When open work will be done: each open item's finish from the work in progress of today, and what to do first.

Where a piece of work stands is read off what was finished of it: it goes on from every step after which nothing has
been done yet. Everything in progress is simulated together with what will come in, many times over.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.outcomes import Setting, run
from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import Compiled, compiled
from marops.domains.workflows.rules.document import Workflow
from marops.methods.estimates import of_share
from marops.methods.mining.log import Log
from marops.methods.simulation import model as kernel
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
    the time looked at. `on_time`: the share of runs that keep its date, with its interval; None without a date.
    `waits_for`: the steps it goes on with.
    """

    item: OpenItem
    p50: datetime | None
    p85: datetime | None
    on_time: Estimate | None
    waits_for: tuple[str, ...]


def open_items(log: Log, flow: Workflow, slug: str, *, class_of: Mapping[str, str], since: datetime) -> list[OpenItem]:
    """The cases of a log that were touched since a moment and have not come to a last step.

    A loop over the open cases, of which there are tens.
    """
    ids = {step.name: step.id for step in flow.steps}
    last = last_steps(flow)
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


def last_steps(flow: Workflow) -> set[str]:
    """The steps behind which nothing is done."""
    ahead = _ahead(flow)
    return {step.id for step in flow.steps if not ahead[step.id]}


def _at(log: Log, hours: float) -> datetime:
    from datetime import timedelta

    return log.zero + timedelta(hours=float(hours))


def promises(
    situation: Situation, items: Sequence[OpenItem], setting: Setting, at: datetime | None = None
) -> list[Promise]:
    """The finish of every item, the one most in danger first. Begins with the work in progress, without a warm-up.

    `at`: the moment from which on people work on it, within the first day of the frame; the morning, if left out.
    """
    frame = replace(setting.frame, warm_up=0)
    made = compiled(situation, frame)
    hour = max(frame.hour_of(at), 0.0) if at else 0.0
    tokens, waits = _tokens(made, items, hour)
    model = replace(_from(made.model, hour), tokens=tuple(tokens))
    runs = run(replace(made, model=model), replace(setting, frame=frame))
    ends = np.full((runs.replications, len(items)), np.inf)
    ours = runs.cases.case < 0
    ends[runs.cases.replication[ours] - runs.first, -runs.cases.case[ours] - 1] = runs.cases.finished[ours] + hour
    found = [_promise(made, item, ends[:, number], waits[number]) for number, item in enumerate(items)]
    return sorted(found, key=_danger)


def _danger(one: Promise) -> tuple[float, datetime]:
    share = one.on_time.value if one.on_time else None
    return 2.0 if share is None else share, one.item.due or one.item.arrived


def _from(model: kernel.Model, hour: float) -> kernel.Model:
    """The same from a later hour on, which is the new zero: nobody does anything before it."""

    def later(since: float) -> float:
        return since if abs(since) >= FOREVER else since - hour

    def calendar(one: kernel.Calendar) -> kernel.Calendar:
        left = one.ends > hour
        return kernel.Calendar(np.maximum(one.starts[left], hour) - hour, one.ends[left] - hour)

    def person(one: kernel.Person) -> kernel.Person:
        able = tuple(replace(each, since=later(each.since), until=later(each.until)) for each in one.abilities)
        return replace(one, abilities=able, ramp=tuple((at - hour, speed) for at, speed in one.ramp))

    def work(one: kernel.WorkClass) -> kernel.WorkClass:
        comes = replace(one.arrivals, hours=one.arrivals.hours - hour)
        return replace(
            one, arrivals=comes, entries=tuple(replace(each, since=later(each.since)) for each in one.entries)
        )

    return replace(
        model,
        calendars=tuple(map(calendar, model.calendars)),
        people=tuple(map(person, model.people)),
        classes=tuple(map(work, model.classes)),
        months=(0.0, *(edge - hour for edge in model.months[1:])),
    )


def _promise(made: Compiled, item: OpenItem, ends: Floats, waits: tuple[str, ...]) -> Promise:
    half, most = np.quantile(ends, [0.5, 0.85], method="higher")
    due = made.frame.hour_of(item.due) if item.due else None
    kept = of_share(int((ends <= due).sum()), len(ends)) if due is not None else None
    return Promise(
        item,
        made.frame.moment(float(half)) if np.isfinite(half) else None,
        made.frame.moment(float(most)) if np.isfinite(most) else None,
        Estimate(kept.value, kept.low, kept.high) if kept else None,
        waits,
    )


def starting_with(items: Sequence[OpenItem]) -> Callable[[Compiled], tuple[Token, ...]]:
    """The same pieces as the work in progress of any model of these workflows, at its beginning."""

    def tokens(made: Compiled) -> tuple[Token, ...]:
        begin = made.model.begin
        found, _ = _tokens(made, items, 0.0)
        return tuple(replace(one, arrived=min(one.arrived, begin), since=min(one.since, begin)) for one in found)

    return tokens


def _tokens(made: Compiled, items: Sequence[OpenItem], hour: float) -> tuple[list[Token], list[tuple[str, ...]]]:
    tokens: list[Token] = []
    waits = []
    for number, item in enumerate(items):
        work = made.classes.index((item.workflow, item.work_class))
        flow = made.slices[0].situation.workflows[item.workflow]  # as it was when it came in
        frontier = _frontier(flow, [step for step, _ in item.done])
        ended = dict(item.done)
        tokens += [
            Token(
                case=-number - 1,
                work_class=work,
                node=_node(made, item.workflow, step, work),
                stage="done",
                arrived=made.frame.hour_of(item.arrived) - hour,
                due=made.frame.hour_of(item.due) - hour if item.due else FOREVER,
                since=min(made.frame.hour_of(ended[step]) - hour, 0.0),
                person=NOBODY,
                visit=[one for one, _ in item.done].count(step),
            )
            for step in frontier
        ]
        waits.append(tuple(dict.fromkeys(name for step in frontier for name in _next(flow, step))))
    return tokens, waits


def _frontier(flow: Workflow, done: Sequence[str]) -> list[str]:
    """The steps that are done and after which nothing has been done: of each, its last time counts."""
    next_steps = _ahead(flow)
    place = {step: at for at, step in enumerate(done)}
    found = []
    for step, at in place.items():
        ahead = next_steps.get(step, set())
        back = next((one.rework.back_to for one in flow.steps if one.id == step and one.rework), None)
        if not any(place.get(one, -1) > at for one in {*ahead, *([back] if back else [])}):
            found.append(step)
    return found


def _ahead(flow: Workflow) -> dict[str, set[str]]:
    """The next real steps behind each step."""
    gates = {step.id for step in flow.steps if step.gate}
    after: dict[str, set[str]] = {}
    for way in flow.ways_or_line():
        after.setdefault(way.source, set()).add(way.target)
    return {step.id: _past_gates(after, gates, step.id) for step in flow.steps}


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
    ahead = _ahead(flow).get(step, set())
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
