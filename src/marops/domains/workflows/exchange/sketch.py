"""A workflow as a diagram: tasks, events, gateways and flows, before it is written as XML."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from marops.domains.workflows.rules.amounts import Spread
from marops.domains.workflows.rules.document import Step, Way, Workflow
from marops.domains.workflows.rules.graphs import closing, starts_of

TIMER = "intermediateCatchEvent"


@dataclass(slots=True, eq=False)
class Shape:
    """A node as it is drawn. `step`: the step it stands for; `made` of a step's value: see the names of ours."""

    id: str
    tag: str
    name: str = ""
    lane: str = ""
    step: Step | None = None
    made: str = ""
    of: str = ""
    wait: float | Spread | None = None
    classes: tuple[str, ...] | None = None


@dataclass(slots=True, eq=False)
class Line:
    """A flow as it is drawn. `way`: the way it stands for, whose own probability this is if `chosen`; `rework`: the
    step whose rework it is.
    """

    id: str
    source: str
    target: str
    probability: float | None = None
    way: Way | None = None
    rework: Step | None = None
    chosen: bool = False


@dataclass(slots=True)
class Sketch:
    """All nodes and flows, in the order in which they are written."""

    shapes: dict[str, Shape] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)

    def out(self) -> dict[str, list[Line]]:
        """Flows by the node they leave."""
        found: dict[str, list[Line]] = {one: [] for one in self.shapes}
        for line in self.lines:
            found[line.source].append(line)
        return found

    def into(self) -> dict[str, list[Line]]:
        """Flows by the node they lead to."""
        found: dict[str, list[Line]] = {one: [] for one in self.shapes}
        for line in self.lines:
            found[line.target].append(line)
        return found


def sketch(workflow: Workflow, *, simple: bool = False) -> Sketch:
    """The diagram of a workflow.

    `simple`: for simulators that want one start event, one end event and plain tasks: other things people do first
    (`delay`) are drawn as timers too, and nothing says which gateway stands for a value of ours.
    """
    return _Draft(workflow, simple).draw()


class _Draft:
    def __init__(self, workflow: Workflow, simple: bool) -> None:
        self.flow, self.simple = workflow, simple
        self.sketch = Sketch()
        self.ways = workflow.ways_or_line()
        starts = [step for work in workflow.classes for step in starts_of(workflow, work)]
        self.back = closing(workflow.steps, self.ways, starts)
        self.heads: dict[str, tuple[str, str]] = {}
        self.tails: dict[str, str] = {}
        self.count = 0

    def draw(self) -> Sketch:
        """Events where work comes in, then each step with what belongs to it, then the flows."""
        for step in self.flow.steps:
            self._step(step)
        if any(self._ends_here(step) for step in self.flow.steps):
            self._add("end", "endEvent", "End")
        self._starts()
        for step in self.flow.steps:
            if not self._is_end(step):
                self._onward(step)
        turn = {(way.source, way.target): at for at, way in enumerate(self.ways)}
        self.sketch.lines.sort(key=lambda one: turn[one.way.source, one.way.target] if one.way else -1)
        return self.sketch

    def _add(self, id_: str, tag: str, name: str = "", lane: str = "", step: Step | None = None) -> Shape:
        shape = Shape(id_, tag, name, lane, step)
        self.sketch.shapes[id_] = shape
        return shape

    def _made(self, role: str, step: Step, tag: str, name: str = "") -> Shape:
        shape = self._add(f"{role}-{step.id}", tag, name, lane_of(step))
        shape.made, shape.of = role, step.id
        return shape

    def _join(
        self, source: str, target: str, probability: float | None = None, way: Way | None = None,
        rework: Step | None = None,
    ) -> None:  # fmt: skip
        self.count += 1
        self.sketch.lines.append(Line(f"flow-{self.count}", source, target, probability, way, rework))

    # --- a step, with what stands before it

    def _step(self, step: Step) -> None:
        """Draw a step, after the gateways and timers before it; remember where ways enter and leave."""
        if self.simple and self._is_end(step):
            self.heads[step.id] = ("end", "end")
            return
        chain: list[str] = []
        joins = step.join == "all" and len(self._led(step)) > 1
        if joins:
            chain.append(self._made("join", step, "parallelGateway").id)
        enter = len(chain)
        if (len(self._led(step)) > 1 and not joins) or self._led_back(step):
            chain.append(self._made("merge", step, "exclusiveGateway").id)
        waits = [("outside", step.outside)]
        if self.simple:
            waits.append(("delay", step.delay))
        for role, hours in waits:
            if hours is not None:
                shape = self._made(role, step, TIMER, f"Wait before {step.name}"[:200])
                shape.wait = hours
                chain.append(shape.id)
        main = self._add(f"step-{step.id}", self._tag(step), step.name, lane_of(step), step).id
        chain.append(main)
        for a, b in itertools.pairwise(chain):
            self._join(a, b)
        self.heads[step.id] = (chain[0], chain[min(enter, len(chain) - 1)])
        self.tails[step.id] = main

    def _tag(self, step: Step) -> str:
        if step.gate:
            if self._is_end(step):
                return "endEvent"
            out = len(self._out(step))
            if out > 1:
                return "exclusiveGateway" if step.split == "one" or step.rework else "parallelGateway"
            return "exclusiveGateway"
        if self.simple:
            return "task"
        return "serviceTask" if step.touch == "automatic" else "userTask" if step.touch == "human" else "task"

    def _is_end(self, step: Step) -> bool:
        """Is this gate only an outcome?"""
        return step.gate and not step.rework and not self._out(step) and bool(self._led(step))

    def _ends_here(self, step: Step) -> bool:
        return not self._out(step) and (self.simple or not self._is_end(step))

    def _out(self, step: Step) -> list[Way]:
        return [way for way in self.ways if way.source == step.id]

    def _led(self, step: Step) -> list[Way]:
        return [way for way in self.ways if way.target == step.id and (way.source, way.target) not in self.back]

    def _led_back(self, step: Step) -> bool:
        """Does something lead here past the join: rework, a way back, or work that comes in at a step in the middle?"""
        reworked = any(one.rework and one.rework.back_to == step.id for one in self.flow.steps)
        back = any(target == step.id for _, target in self.back)
        comes_in = any(one.start == step.id for one in self.flow.classes) and bool(self._led(step))
        return reworked or back or comes_in

    # --- what comes after a step

    def _onward(self, step: Step) -> None:
        here = self.tails[step.id]
        out = self._out(step)
        rest = None
        if step.rework:
            gateway = self._made("rework", step, "exclusiveGateway", "" if self.simple else "Back?")
            self._join(here, gateway.id)
            self._join(gateway.id, self.heads[step.rework.back_to][1], step.rework.probability, rework=step)
            here, rest = gateway.id, 1 - step.rework.probability
        if len(out) > 1 and (step.rework or not step.gate):
            tag = "exclusiveGateway" if step.split == "one" else "parallelGateway"
            gateway = self._made("split", step, tag)
            self._join(here, gateway.id, rest)
            here, rest = gateway.id, None
        for way in out:
            chosen = step.split == "one" and len(out) > 1
            self._join(here, self._enter(way), way.probability if chosen else rest, way)
            self.sketch.lines[-1].chosen = chosen
        if not out:
            self._join(here, "end", rest)

    def _enter(self, way: Way) -> str:
        first, past = self.heads[way.target]
        return past if (way.source, way.target) in self.back else first

    # --- where work comes in

    def _starts(self) -> None:
        led = {way.target for way in self.ways if (way.source, way.target) not in self.back}
        groups: dict[tuple[str, ...], list[str]] = {}
        for one in self.flow.classes:
            groups.setdefault(starts_of(self.flow, one), []).append(one.id)
        if self.simple:
            self._one_start(groups)
            return
        for number, (steps, classes) in enumerate(groups.items(), 1):
            shape = self._add(f"start-{number}", "startEvent", self._names(classes), self._lane_of(steps))
            shape.classes = tuple(one.id for one in self.flow.classes if one.id in classes and one.start)
            for step in steps:
                self._join(shape.id, self.heads[step][1] if step in led else self.heads[step][0])

    def _one_start(self, groups: Mapping[tuple[str, ...], list[str]]) -> None:
        """One start event; a choice by how many come in of each class, where they start at different steps."""
        led = {way.target for way in self.ways if (way.source, way.target) not in self.back}
        here = self._add("start", "startEvent", "Start").id
        total = sum(one.arrivals.per_month for one in self.flow.classes)
        if len(groups) > 1:
            self._join(here, self._add("classes", "exclusiveGateway").id)
            here = "classes"
        for number, (steps, classes) in enumerate(groups.items(), 1):
            many = sum(one.arrivals.per_month for one in self.flow.classes if one.id in classes)
            share = (many / total if total else 1 / len(groups)) if len(groups) > 1 else None
            source = here
            if len(steps) > 1:
                source = self._add(f"together-{number}", "parallelGateway").id
                self._join(here, source, share)
                share = None
            for step in steps:
                self._join(source, self.heads[step][1] if step in led else self.heads[step][0], share)

    def _names(self, classes: list[str]) -> str:
        return ", ".join(one.name for one in self.flow.classes if one.id in classes)[:200]

    def _lane_of(self, steps: tuple[str, ...]) -> str:
        return lane_of(self.flow.step(steps[0])) if steps else ""


def lane_of(step: Step) -> str:
    """The lane a step is drawn in: its own, else its skill, else its first platform."""
    return step.lane or step.skill or (step.platforms[0] if step.platforms else "")


def lanes(shapes: Mapping[str, Shape]) -> Iterator[str]:
    """All lanes in the order in which they come; empty for what is in none."""
    return iter(dict.fromkeys(one.lane for one in shapes.values()))
