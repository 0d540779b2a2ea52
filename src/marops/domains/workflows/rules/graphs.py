"""One version of a workflow as nodes of the kernel's model: joins that are waited for, rework and choices as gates."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from marops.domains.workflows.rules.amounts import amount_of
from marops.domains.workflows.rules.document import Step, Way, WorkClass, Workflow
from marops.methods.simulation import model as kernel


class Builder(Protocol):
    """What a graph needs of the model it becomes a part of."""

    nodes: list[kernel.Node]
    names: list[tuple[str, str]]
    classes: list[tuple[str, str]]

    def clock(self, name: str) -> int:
        """The index of a calendar by its name."""


class Graph:
    """One version of a workflow as nodes of the model, for the kinds of work that start at the same steps.

    Joins, rework and choices become gates. A join stands before its step; what leads back goes past it, and it waits
    only for ways by which this work can come.
    """

    def __init__(
        self, builder: Builder, slug: str, flow: Workflow, opens: Mapping[str, int], number: int, starts: Sequence[str]
    ) -> None:
        self.builder, self.slug, self.opens, self.number, self.starts = builder, slug, opens, number, tuple(starts)
        ways = flow.ways_or_line()
        ahead = walked(starts, _targets(ways))
        reached = walked(starts, _targets(ways, flow.steps))
        self.steps = [one for one in flow.steps if one.id in reached]
        self.ways = [one for one in ways if one.source in reached]
        self.back = closing(self.steps, self.ways, self.starts)
        self.forward = [way for way in self.ways if way.source in ahead and (way.source, way.target) not in self.back]
        self.places: dict[str, int] = {}
        self.joins: dict[str, int] = {}

    def build(self) -> dict[str, int]:
        """Lay out places for all nodes first, since ways lead forward and back; answers them by step, and `start`."""
        base = len(self.builder.nodes)
        order: list[tuple[str, Step | None]] = []
        for step in self.steps:
            if step.join == "all" and sum(way.target == step.id for way in self.forward) > 1:
                self.joins[step.id] = base + len(order)
                order.append(("join", step))
            self.places[step.id] = base + len(order)
            order.append(("step", step))
            if self._needs_fork(step):
                order.append(("fork", step))
        end = base + len(order)
        order.append(("end", None))
        for kind, one in order:
            self._add(kind, one, end)
        return {**self.places, "start": self._start(end + 1)}

    def _add(self, kind: str, step: Step | None, end: int) -> None:
        if step is None:
            self._gate("end", ())
        elif kind == "join":
            self._gate(f"{step.id}:join", (kernel.Edge(self.places[step.id]),), join=True)
        elif kind == "fork":
            self._gate(f"{step.id}:fork", self._onward(step, end), reopens=self._reopens(step))
        else:
            self._step(step, end)

    def _gate(
        self, name: str, edges: Sequence[kernel.Edge], *, join: bool = False, reopens: tuple[int, ...] | None = None
    ) -> None:
        """A node without time; with `reopens` it forks."""
        self.builder.nodes.append(
            kernel.Node(
                key=f"{self.slug}/{name}",
                workflow=self.number,
                edges=tuple(edges),
                join_all=join,
                once=join,
                split_all=reopens is not None,
                reopens=reopens or (),
            )
        )
        self.builder.names.append((self.slug, ""))

    def _step(self, step: Step, end: int) -> None:
        edges = list(self._onward(step, end))
        split_all = step.split == "all" and len(edges) > 1
        if step.rework:
            ahead = [kernel.Edge(self.places[step.id] + 1)] if self._needs_fork(step) else edges
            kept = 1 - step.rework.probability
            back = kernel.Edge(self.places[step.rework.back_to], step.rework.probability, step.rework.at_most)
            edges = [back, *(kernel.Edge(one.to, one.probability * kept, one.at_most) for one in ahead)]
            split_all = False
        self.builder.nodes.append(self._node(step, edges, split_all=split_all))
        self.builder.names.append((self.slug, step.id))

    def _node(self, step: Step, edges: Sequence[kernel.Edge], *, split_all: bool) -> kernel.Node:
        clock = self.builder.clock
        classes = [self.builder.classes.index((self.slug, one)) for one in step.classes]
        return kernel.Node(
            key=f"{self.slug}/{step.id}",
            workflow=self.number,
            effort=None if step.gate else amount_of(step.effort),
            repeat=step.repeat,
            alone=step.touch == "automatic",
            outside=amount_of(step.outside) if step.outside is not None else None,
            outside_clock=clock(step.outside_in),
            delay=amount_of(step.delay) if step.delay is not None else None,
            delay_clock=clock(step.delay_in),
            batch=_batch(step),
            opens=self.opens[step.id],
            limit=step.at_once,
            split_all=split_all,
            reopens=self._reopens(step) if split_all else (),
            edges=tuple(edges),
            classes=frozenset(classes) or None,
            cost=step.cost,
        )

    def _onward(self, step: Step, end: int) -> tuple[kernel.Edge, ...]:
        """The ways on from a step; to the end where there is none."""
        out = [way for way in self.ways if way.source == step.id]
        if not out:
            return (kernel.Edge(end),)
        return tuple(kernel.Edge(self._into(way), self._chance(way, step), way.at_most) for way in out)

    def _chance(self, way: Way, step: Step) -> float:
        return 1.0 if step.split == "all" or way.probability is None else way.probability

    def _into(self, way: Way) -> int:
        """Where a way leads: to the join of its target, but past it where it leads back."""
        return self.joins.get(way.target, self.places[way.target]) if way in self.forward else self.places[way.target]

    def _needs_fork(self, step: Step) -> bool:
        """Rework is a choice; where the step then does several things at once, the two need a node each."""
        return bool(step.rework) and step.split == "all" and sum(way.source == step.id for way in self.ways) > 1

    def _reopens(self, step: Step) -> tuple[int, ...]:
        """The joins all of whose ways begin at this fork: whoever passes it again brings all of them again."""
        after = walked([step.id], _targets(self.forward))
        return tuple(
            place
            for target, place in self.joins.items()
            if all(way.source in after for way in self.forward if way.target == target)
        )

    def _start(self, place: int) -> int:
        if len(self.starts) == 1:
            return self.places[self.starts[0]]
        self._gate("start", [kernel.Edge(self.places[one]) for one in self.starts], reopens=())
        return place


def starts_of(flow: Workflow, work: WorkClass) -> tuple[str, ...]:
    """The first steps of a kind of work: what it says, else those that nothing leads to, else the first of all."""
    if work.start:
        return (work.start,)
    led = {way.target for way in flow.ways_or_line()}
    return tuple(step.id for step in flow.steps if step.id not in led) or (flow.steps[0].id,)


def walked(starts: Iterable[str], after: Mapping[str, Sequence[str]]) -> set[str]:
    """Everything that is reached from there, the starts included."""
    seen: set[str] = set()
    todo = list(starts)
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo.extend(after.get(here, ()))
    return seen


def _targets(ways: Iterable[Way], steps: Iterable[Step] = ()) -> dict[str, list[str]]:
    """Where the ways lead from each step; with `steps`, rework too."""
    found: dict[str, list[str]] = {}
    for way in ways:
        found.setdefault(way.source, []).append(way.target)
    for step in steps:
        if step.rework:
            found.setdefault(step.id, []).append(step.rework.back_to)
    return found


def closing(steps: Sequence[Step], ways: Sequence[Way], starts: Sequence[str]) -> frozenset[tuple[str, str]]:
    """The ways that lead back: to a step that has been done whenever the step they leave is reached.

    What has been done before a step is everything before each way that it waits for, else what is before all ways that
    lead to it; found as the largest answer that fits, step by step.
    """
    bit = {one.id: 1 << at for at, one in enumerate(steps)}
    waits = {one.id: one.join == "all" for one in steps}
    into: dict[str, list[str]] = {one.id: [] for one in steps}
    for way in ways:
        if way.source != way.target:
            into[way.target].append(way.source)
    done = {one: bit[one] if one in starts else -1 for one in bit}
    changed = True
    while changed:
        changed = False
        for one, own in bit.items():
            seen = done[one] if one in starts else _before([done[source] for source in into[one]], waits=waits[one])
            if seen | own != done[one]:
                done[one], changed = seen | own, True
    return frozenset((way.source, way.target) for way in ways if done[way.source] & bit[way.target])


def _before(ways: Sequence[int], *, waits: bool) -> int:
    seen = ways[0] if ways else 0
    for one in ways[1:]:
        seen = seen | one if waits else seen & one
    return seen


def _batch(step: Step) -> kernel.Batch | None:
    if step.batch is None:
        return None
    wait = kernel.FOREVER if step.batch.wait_at_most is None else step.batch.wait_at_most
    return kernel.Batch(step.batch.size, wait, step.batch.together, step.batch.each)
