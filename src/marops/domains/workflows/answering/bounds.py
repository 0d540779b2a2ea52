"""The fluid bound of a situation: how much of today's demand people can do, what an hour of each skill is worth.

The hours that demand brings are not reckoned from probabilities but counted in simulations in which nobody has to wait,
so rework, choices and kinds of work are those of the simulation itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.limits import Limit, limits
from marops.domains.workflows.answering.outcomes import Setting, run
from marops.domains.workflows.rules.answers import ThingKind
from marops.domains.workflows.rules.compiling import Compiled
from marops.methods.fluid import Fluid, Window, fluid
from marops.methods.simulation import model as kernel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that the same people do by the same skill: what has a price of its own."""

    kind: ThingKind
    key: str
    name: str
    nodes: tuple[int, ...]
    people: tuple[int, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """The bound by replication of the demand. `demand`: items of the target a month; `load`: R×N hours a month.

    `nobody`: there is work that nobody does, so that nothing gets through.
    """

    compiled: Compiled
    groups: tuple[Group, ...]
    demand: Floats
    load: Floats
    speed: Floats
    capacity: Floats
    windows: tuple[Window, ...]
    nobody: bool = False
    limits: tuple[Limit, ...] = ()

    def solve(
        self, load: Floats | None = None, *, more: Group | None = None, opened: Group | None = None,
        hours: float | None = None,
    ) -> list[Fluid]:  # fmt: skip
        """The programme for each replication. `more`: with so many hours a month of somebody who only does this and is
        there when those are who do it now; `opened`: with the steps of these open so many hours longer (None: always).
        """
        speed, capacity, windows = self.speed, self.capacity, self.windows
        if opened is not None:
            windows = tuple(_longer(one, opened, hours) for one in windows)
        if more is not None and hours is not None:
            extra = np.zeros((len(speed), 1))
            extra[list(more.nodes)] = 1.0
            speed, capacity = np.hstack([speed, extra]), np.append(capacity, hours)
            windows = tuple(replace(one, hours=(*one.hours, hours * self._within(more, one))) for one in windows)
        return [fluid(one, speed, capacity, windows) for one in (self.load if load is None else load)]

    def _within(self, group: Group, window: Window) -> float:
        """Which part of their hours those who do this have within the opening hours."""
        people = list(group.people)
        hours = float(self.capacity[people].sum())
        return min(1.0, float(np.array(window.hours)[people].sum()) / hours) if hours > 0 else 1.0

    def closed(self, group: Group) -> bool:
        """Is any step of these closed at times?"""
        return any(set(one.work) & set(group.nodes) for one in self.windows)

    def factors(self, answers: Sequence[Fluid], *, limited: bool = True) -> Floats:
        """How many times the demand, by replication; with `limited`, no more than is taken in at a time."""
        least = min((one.factor for one in self.limits), default=np.inf) if limited else np.inf
        return np.minimum(least, [0.0 if self.nobody else one.factor for one in answers])

    def binding(self, answers: Sequence[Fluid]) -> Limit | None:
        """The limit that holds back before hours do; None where hours are scarcer."""
        first = min(self.limits, key=lambda one: one.factor, default=None)
        hours = float(np.mean(self.factors(answers, limited=False)))
        return first if first is not None and first.factor < hours else None

    def without(self, group: Group) -> Floats:
        """The load as if this group's work took nobody any time."""
        load = self.load.copy()
        load[:, list(group.nodes)] = 0.0
        return load


def bound(made: Compiled, setting: Setting, target: str | None) -> Bound:
    """The bound of a compiled situation as it is at its end."""
    model = made.model
    runs = run(replace(made, model=unhindered(model)), setting)
    months = len(model.months) - 1
    classes = [n for n, (slug, _) in enumerate(made.classes) if target in (None, slug)]
    scale = _to_demand(runs.arrived.sum(axis=(1, 2)), model)
    load = runs.effort / months * scale[:, None]
    speed = _speed(model)
    idle = ~(speed > 0).any(axis=1)
    undone = [node for node in np.flatnonzero(idle & (load > 0).any(axis=0)) if not model.nodes[node].alone]
    rates = [_expected(model, [number]) for number in range(len(model.classes))]
    month = (model.end - model.months[-1 - min(12, months)]) / min(12, months)
    held = limits(made, setting, target, load.mean(axis=0), [one / month for one in rates])
    load[:, idle] = 0.0
    available = runs.available
    last = available[:, -min(12, months) :].mean(axis=1)
    demand = _expected(model, classes)
    return Bound(
        compiled=made,
        groups=groups(made),
        demand=np.full(len(load), demand),
        load=load,
        speed=speed,
        capacity=last,
        windows=_windows(model),
        nobody=bool(now_used(model).intersection(undone)),
        limits=tuple(held),
    )


def _longer(window: Window, group: Group, hours: float | None) -> Window:
    """Opening hours as they are for all but the steps of a group; for those so many hours longer, or always."""
    if not set(window.work) & set(group.nodes):
        return window
    if hours is None:
        return replace(window, work=tuple(one for one in window.work if one not in group.nodes))
    return replace(
        window, hours=tuple(each + hours if n in group.people else each for n, each in enumerate(window.hours))
    )


def now_used(model: kernel.Model) -> set[int]:
    """The nodes by which what comes in at the end goes; not those of versions that are gone."""
    todo = [one.entries[-1].node for one in model.classes]
    found = set(todo)
    while todo:
        fresh = {edge.to for edge in model.nodes[todo.pop()].edges} - found
        found |= fresh
        todo += fresh
    return found


def unhindered(model: kernel.Model) -> kernel.Model:
    """The same model where everything is done at once by nobody in particular: only the hours of work remain."""
    nodes = tuple(
        replace(
            one, alone=True, alone_clock=kernel.ELAPSED, outside=None, delay=None, batch=None, opens=kernel.ELAPSED,
            limit=0,
        )
        for one in model.nodes
    )  # fmt: skip
    flows = tuple(replace(one, limit=0, limits=()) for one in model.flows)
    people = tuple(replace(one, abilities=()) for one in model.people)
    return replace(model, nodes=nodes, flows=flows, tokens=(), people=people)


def _expected(model: kernel.Model, classes: Sequence[int]) -> float:
    """Items a month that these classes are expected to bring, over the last year that is simulated."""
    months = min(12, len(model.months) - 1)
    since, until = model.months[-1 - months], model.months[-1]
    total = 0.0
    for number in classes:
        arrivals = model.classes[number].arrivals
        if arrivals.times is not None:
            total += float(((arrivals.times >= since) & (arrivals.times < until)).sum())
        else:
            total += float(np.diff(np.interp([since, until], arrivals.hours, arrivals.expected))[0])
    return total / months


def _to_demand(arrived: NDArray[np.int64], model: kernel.Model) -> Floats:
    """What brings the chance number of items of a replication to the expected one of the last year."""
    months = len(model.months) - 1
    whole = _expected(model, range(len(model.classes))) * months
    return np.divide(whole, arrived, out=np.zeros(len(arrived)), where=arrived > 0)


def _speed(model: kernel.Model) -> Floats:
    """How fast each person does each node in the end; what a share of their time does is in their hours."""
    speed = np.zeros((len(model.nodes), len(model.people)))
    for number, person in enumerate(model.people):
        for one in person.abilities:
            if one.since < model.end <= one.until and not model.nodes[one.node].alone:
                speed[one.node, number] = one.speed
    return speed


def _windows(model: kernel.Model) -> tuple[Window, ...]:
    """The opening hours of nodes as hours that each person has within them, a month."""
    opens: dict[int, list[int]] = {}
    for number, node in enumerate(model.nodes):
        if node.opens != kernel.ELAPSED:
            opens.setdefault(node.opens, []).append(number)
    months = min(12, len(model.months) - 1)
    since, until = model.months[-1 - months], model.months[-1]
    found = []
    for calendar, nodes in opens.items():
        hours = tuple(
            one.share * shared(model.calendars[calendar], model.calendars[one.calendar], since, until) / months
            for one in model.people
        )
        found.append(Window(tuple(nodes), hours))
    return tuple(found)


def shared(a: kernel.Calendar, b: kernel.Calendar, since: float, until: float) -> float:
    """Hours in which both calendars are open."""
    edges = np.unique(np.concatenate([[since, until], a.starts, a.ends, b.starts, b.ends]))
    edges = edges[(edges >= since) & (edges <= until)]
    middles = (edges[1:] + edges[:-1]) / 2
    both = open_at(a, middles) & open_at(b, middles)
    return float((np.diff(edges) * both).sum())


def open_at(calendar: kernel.Calendar, at: Floats) -> NDArray[np.bool_]:
    """Is the calendar open at these moments?"""
    number = np.searchsorted(calendar.starts, at, side="right") - 1
    return (
        (number >= 0) & (at < calendar.ends[np.maximum(number, 0)]) if len(calendar.starts) else np.zeros(len(at), bool)
    )


def groups(made: Compiled) -> tuple[Group, ...]:
    """The steps of all workflows by who does them: a skill, a person, or several people named at the step."""
    speed = _speed(made.model)
    found: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for number, (slug, step) in enumerate(made.nodes):
        people = tuple(int(one) for one in np.flatnonzero(speed[number] > 0))
        if step and people:
            found.setdefault((_skill(made, slug, step), people), []).append(number)
    return tuple(_group(made, skill, people, nodes) for (skill, people), nodes in found.items())


def _skill(made: Compiled, slug: str, step: str) -> str:
    flow = made.last.workflows[slug]
    one = next((one for one in flow.steps if one.id == step), None)
    return one.skill if one is not None and not one.people else ""


def _group(made: Compiled, skill: str, people: tuple[int, ...], nodes: Sequence[int]) -> Group:
    steps = tuple(dict.fromkeys(f"{slug}/{step}" for slug, step in (made.nodes[n] for n in nodes)))
    if skill:
        return Group(
            "skill", skill, skill.replace("_", " ").replace("-", " ").capitalize(), tuple(nodes), people, steps
        )
    if len(people) == 1:
        member = made.people[people[0]]
        name = next((one.name for one in made.last.crew.people if one.id == member), member)
        return Group("person", member, name, tuple(nodes), people, steps)
    slug, _, step = steps[0].partition("/")
    name = made.last.workflows[slug].step(step).name
    return Group("step", steps[0], name, tuple(nodes), people, steps)
