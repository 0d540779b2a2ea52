"""One version of a workflow as nodes of the kernel's model: joins that are waited for, rework and choices as gates."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from marops.domains.workflows.rules.amounts import amount_of
from marops.domains.workflows.rules.document import Step, Way, Workflow
from marops.methods.simulation import model as kernel


class Builder(Protocol):
    """What a graph needs of the model it becomes a part of."""

    nodes: list[kernel.Node]
    names: list[tuple[str, str]]
    classes: list[tuple[str, str]]

    def clock(self, name: str) -> int:
        """The index of a calendar by its name."""


class Graph:
    """One version of a workflow as nodes of the model: joins that are waited for, rework and choices become gates."""

    def __init__(self, builder: "Builder", slug: str, flow: Workflow, opens: Mapping[str, int], number: int) -> None:
        self.builder, self.slug, self.flow, self.opens, self.number = builder, slug, flow, opens, number
        self.ways = flow.ways_or_line()
        self.back = closing(flow, self.ways)
        self.places: dict[str, int] = {}
        self.joins: dict[str, int] = {}

    def build(self) -> dict[str, int]:
        """Lay out places for all nodes first, since ways lead forward and back."""
        base = len(self.builder.nodes)
        order: list[tuple[str, Step | None]] = []
        for step in self.flow.steps:
            if step.join == "all" and self._loops_into(step):
                self.joins[step.id] = base + len(order)
                order.append(("join", step))
            self.places[step.id] = base + len(order)
            order.append(("step", step))
            if self._needs_fork(step):
                order.append(("fork", step))
        starts = self._starts()
        end = base + len(order)
        order.append(("end", None))
        for kind, one in order:
            self._add(kind, one, end)
        return {**self.places, **self._entries(starts, end + 1)}

    def _add(self, kind: str, step: Step | None, end: int) -> None:
        if step is None:
            self._gate("end", ())
        elif kind == "join":
            self._gate(f"{step.id}:join", (kernel.Edge(self.places[step.id]),), join_all=True)
        elif kind == "fork":
            self._gate(f"{step.id}:fork", self._onward(step, end), split_all=step.split == "all")
        else:
            self._step(step, end)

    def _gate(
        self, name: str, edges: Sequence[kernel.Edge], *, join_all: bool = False, split_all: bool = False
    ) -> None:
        self.builder.nodes.append(
            kernel.Node(
                key=f"{self.slug}/{name}", workflow=self.number, edges=tuple(edges), join_all=join_all,
                split_all=split_all,
            )
        )  # fmt: skip
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
            join_all=step.join == "all" and step.id not in self.joins,
            split_all=split_all,
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
        """Where a way leads: to the join of its target, but past it where the way leads back."""
        if (way.source, way.target) in self.back:
            return self.places[way.target]
        return self.joins.get(way.target, self.places[way.target])

    def _needs_fork(self, step: Step) -> bool:
        """Rework is a choice; where the step then does several things at once, the two need a node each."""
        return bool(step.rework) and step.split == "all" and sum(way.source == step.id for way in self.ways) > 1

    def _loops_into(self, step: Step) -> bool:
        reworked = any(one.rework and one.rework.back_to == step.id for one in self.flow.steps)
        return reworked or any(target == step.id for _, target in self.back)

    def _starts(self) -> dict[str, tuple[str, ...]]:
        """The first steps of each class."""
        led = {way.target for way in self.ways if (way.source, way.target) not in self.back}
        free = tuple(step.id for step in self.flow.steps if step.id not in led)
        return {one.id: (one.start,) if one.start else free for one in self.flow.classes}

    def _entries(self, starts: Mapping[str, tuple[str, ...]], place: int) -> dict[str, int]:
        found: dict[str, int] = {}
        gates: dict[tuple[str, ...], int] = {}
        for work, steps in starts.items():
            if len(steps) == 1:
                found[f"class {work}"] = self.joins.get(steps[0], self.places[steps[0]])
                continue
            if steps not in gates:
                gates[steps] = place + len(gates)
                self._gate("start", [kernel.Edge(self.places[one]) for one in steps], split_all=True)
            found[f"class {work}"] = gates[steps]
        return found


def closing(flow: Workflow, ways: Sequence[Way]) -> frozenset[tuple[str, str]]:
    """The ways that close a circle: those that a walk from the starts finds leading to a step it is still inside of."""
    after: dict[str, list[str]] = {}
    for way in ways:
        after.setdefault(way.source, []).append(way.target)
    inside: set[str] = set()
    done: set[str] = set()
    back: set[tuple[str, str]] = set()

    def walk(first: str) -> None:
        stack = [(first, iter(after.get(first, ())))]
        inside.add(first)
        while stack:
            here, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                stack.pop()
                inside.discard(here)
                done.add(here)
            elif target in inside:
                back.add((here, target))
            elif target not in done:
                inside.add(target)
                stack.append((target, iter(after.get(target, ()))))

    led = {way.target for way in ways}
    said = [one.start for one in flow.classes if one.start]
    for first in [*said, *(step.id for step in flow.steps if step.id not in led), *(step.id for step in flow.steps)]:
        if first not in done:
            walk(first)
    return frozenset(back)


def _batch(step: Step) -> kernel.Batch | None:
    if step.batch is None:
        return None
    wait = kernel.FOREVER if step.batch.wait_at_most is None else step.batch.wait_at_most
    return kernel.Batch(step.batch.size, wait, step.batch.together, step.batch.each)
