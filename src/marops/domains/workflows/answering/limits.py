"""What holds work back besides hours: how many items a workflow, or a step, takes at a time.

By Little's law so many items at a time let through as many as fit into the time that each of them stays. That time is
simulated with nobody waiting for anybody: the hours of work in the calendars of those who could do it, and what nobody
shortens. With more work it only becomes longer, so no simulation gets more through than this.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.outcomes import Setting, run
from marops.domains.workflows.rules.answers import ThingKind
from marops.domains.workflows.rules.compiling import Compiled
from marops.domains.workflows.rules.frames import joined
from marops.methods.amounts import scaled
from marops.methods.simulation import model as kernel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limit:
    """So many (`most`) at a time, of a workflow (kind `limit`) or at a step; `factor`: how many times what comes in
    today get through.
    """

    kind: ThingKind
    key: str
    name: str
    steps: tuple[str, ...]
    most: int
    factor: float

    @property
    def with_one_more(self) -> float:
        """The factor if it were one more at a time."""
        return self.factor * (self.most + 1) / self.most


def limits(made: Compiled, setting: Setting, target: str | None, load: Floats, hourly: Sequence[float]) -> list[Limit]:
    """The limits of a workflow, or of all. `load`: hours of work a month by node; `hourly`: cases by class."""
    found = list(_at_steps(made, target, load))
    model = made.model
    wanted = {one.workflow for one in model.classes if model.flows[one.workflow].last_limit}
    wanted = {one for one in wanted if target in (None, model.flows[one].key)}
    if not wanted:
        return found
    cases = run(replace(made, model=unqueued(model)), setting).cases
    flows = np.array([one.workflow for one in model.classes])
    for number in sorted(wanted):
        flow = model.flows[number]
        counts = flows[cases.work_class] == number
        rate = sum(each for each, one in zip(hourly, model.classes, strict=True) if one.workflow == number)
        stay = float(cases.hours[counts].mean()) if counts.any() else 0.0
        if rate * stay > 0:
            steps = tuple(f"{flow.key}/{one.id}" for one in made.last.workflows[flow.key].steps if not one.gate)
            most = flow.last_limit
            name = f"The limit of {most} in work"
            found.append(Limit("limit", flow.key, name, steps, most, most / (rate * stay)))
    return found


def _at_steps(made: Compiled, target: str | None, load: Floats) -> Iterator[Limit]:
    """Steps that take only so many pieces at a time; not where pieces are done together, since those are one."""
    model = made.model
    for number, (node, (slug, step)) in enumerate(zip(model.nodes, made.nodes, strict=True)):
        together = node.batch is not None and node.batch.together
        if not (step and node.limit and load[number] > 0) or together or target not in (None, slug):
            continue
        hours, speed = _hours(model, number)
        if speed > 0:
            name = next((one.name for one in made.last.workflows[slug].steps if one.id == step), step)
            factor = node.limit * hours * speed / float(load[number])
            yield Limit("step", f"{slug}/{step}", name, (f"{slug}/{step}",), node.limit, factor)


def _hours(model: kernel.Model, node: int) -> tuple[float, float]:
    """Hours a month in which a piece of work in hand here goes on, and how fast at most."""
    since, until = model.months[-1 - min(12, len(model.months) - 1)], model.end
    clock, speed = _clock(model, node)
    months = min(12, len(model.months) - 1)
    if clock is None:
        return (until - since) / months, speed
    inside = np.minimum(clock.ends, until) - np.maximum(clock.starts, since)
    return float(np.maximum(inside, 0.0).sum()) / months, speed


def _clock(model: kernel.Model, node: int) -> tuple[kernel.Calendar | None, float]:
    """When somebody who can do this is there in the end (None: day and night), and the speed of the fastest; 0 where
    nobody can.
    """
    one = model.nodes[node]
    if one.alone:
        return (None if one.alone_clock == kernel.ELAPSED else model.calendars[one.alone_clock]), 1.0
    spans: set[int] = set()
    speed = 0.0
    for person in model.people:
        for each in person.abilities:
            if each.node == node and each.since < model.end <= each.until:
                spans.add(person.calendar)
                speed = max(speed, each.speed * person.share)
    if kernel.ELAPSED in spans or not spans:
        return None, speed
    pairs = [
        pair for each in spans for pair in zip(model.calendars[each].starts, model.calendars[each].ends, strict=True)
    ]
    whole = joined(pairs)
    return kernel.Calendar(np.array([a for a, _ in whole]), np.array([b for _, b in whole])), speed


def unqueued(model: kernel.Model) -> kernel.Model:
    """The same model where nobody waits for anybody: whoever is fastest does it, whenever anybody who can is there."""
    calendars = list(model.calendars)
    nodes = []
    for number, node in enumerate(model.nodes):
        changed = replace(node, limit=0, batch=None)
        if node.effort is not None and not node.alone:
            clock, speed = _clock(model, number)
            place = kernel.ELAPSED
            if clock is not None:
                place = len(calendars)
                calendars.append(clock)
            effort = scaled(node.effort, 1 / speed) if speed > 0 else node.effort
            changed = replace(changed, alone=True, alone_clock=place, effort=effort)
        nodes.append(changed)
    flows = tuple(replace(one, limit=0, limits=()) for one in model.flows)
    people = tuple(replace(one, abilities=()) for one in model.people)
    return replace(model, nodes=tuple(nodes), flows=flows, people=people, tokens=(), calendars=tuple(calendars))
