"""How a typical piece of work goes through a workflow: when each step begins, how long it waits and is worked on.

Everything stands on one axis of the crew's working hours. Without measured times only what the document says waits:
opening hours, hours outside, batches, other things first. Queues for people appear once somebody simulated or measured.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from marops.domains.workflows.rules.amounts import Spread
from marops.domains.workflows.rules.answers import StepTimes
from marops.domains.workflows.rules.crew import WEEKDAYS, Crew, CrewCalendar, Member
from marops.domains.workflows.rules.document import ELAPSED, Step, WorkClass, Workflow
from marops.domains.workflows.rules.faults import needs_somebody
from marops.methods.worktime import parse_window

WEEK = 168.0
USUAL_WEEK = 40.0
MONTH_WEEKS = 365.25 / 12 / 7
_QUARTERS = 7 * 96


@dataclass(frozen=True, slots=True)
class Stay:
    """A step on the axis: it waits from `start` on, then is worked on. `share`: of all items that come to it."""

    step: str
    start: float
    waited: float
    worked: float
    share: float = 1.0
    causes: Mapping[str, float] = field(default_factory=dict)
    measured: bool = False

    @property
    def begun(self) -> float:
        """When work begins."""
        return self.start + self.waited

    @property
    def end(self) -> float:
        """When it is done."""
        return self.start + self.waited + self.worked


@dataclass(frozen=True, slots=True)
class Link:
    """A way between two steps, gates left out. `share`: of those that leave the step. `back`: it leads to an earlier
    one. `slack`: hours for which the next step waits for others after this one is done.
    """

    source: str
    target: str
    share: float = 1.0
    back: bool = False
    slack: float = 0.0


@dataclass(frozen=True, slots=True)
class Walk:
    """A typical case. `day`: working hours of a day; `path`: the steps that decide when it is done."""

    stays: tuple[Stay, ...]
    links: tuple[Link, ...]
    total: float
    day: float
    path: tuple[str, ...]

    @property
    def waited(self) -> float:
        """Hours of waiting on the path that decides."""
        return sum(one.waited for one in self.stays if one.step in self.path)

    def stay(self, step: str) -> Stay | None:
        """A step's place, None where this kind of work does not come by."""
        return next((one for one in self.stays if one.step == step), None)


def walk(
    workflow: Workflow,
    crew: Crew | None = None,
    *,
    work_class: str = "",
    times: Mapping[str, StepTimes] | None = None,
) -> Walk:
    """The way of a typical item of a class (left out: of the one that comes most)."""
    chosen = _class(workflow, work_class)
    graph = _Graph.of(workflow, chosen)
    week = _Week(crew)
    stays: dict[str, Stay] = {}
    reach: dict[str, float] = {}
    decided: dict[str, str] = {}
    for name in graph.order:
        step = graph.steps[name]
        reach[name], start, decided[name] = _arrival(graph, step, reach, stays)
        stays[name] = _stay(step, start, reach[name], chosen, week, (times or {}).get(name), workflow)
    last = max(stays.values(), key=lambda one: (one.share > 0.5, one.end), default=None)
    path = tuple(_path(decided, last.step)) if last else ()
    real = [one for one in stays.values() if _drawn(graph.steps[one.step], chosen)]
    names = {one.step for one in real}
    return Walk(
        stays=tuple(real),
        links=tuple(graph.links(names, stays)),
        total=last.end if last else 0.0,
        day=week.day,
        path=tuple(one for one in path if one in names),
    )


def _class(workflow: Workflow, name: str) -> WorkClass:
    most = max(workflow.classes, key=lambda one: one.arrivals.per_month)
    return next((one for one in workflow.classes if one.id == name), most)


def _drawn(step: Step, work_class: WorkClass) -> bool:
    return not step.gate and (not step.classes or work_class.id in step.classes)


@dataclass(frozen=True, slots=True)
class _Graph:
    """The steps a class reaches, in an order in which each comes after those before it; ways that lead back apart."""

    steps: Mapping[str, Step]
    order: tuple[str, ...]
    after: Mapping[str, tuple[tuple[str, float], ...]]
    before: Mapping[str, tuple[tuple[str, float], ...]]
    back: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, workflow: Workflow, work_class: WorkClass) -> "_Graph":
        steps = {one.id: one for one in workflow.steps}
        after: dict[str, list[tuple[str, float]]] = {one: [] for one in steps}
        for way in workflow.ways_or_line():
            if way.source in steps and way.target in steps:
                share = way.probability if way.probability is not None and steps[way.source].split == "one" else 1.0
                after[way.source].append((way.target, share))
        led_to = {target for targets in after.values() for target, _ in targets}
        free = [one for one in steps if one not in led_to] or [next(iter(steps))]
        starts = [work_class.start] if work_class.start in steps else free
        order, back = _sorted(starts, after)
        reached = set(order)
        before: dict[str, list[tuple[str, float]]] = {one: [] for one in reached}
        for source in order:
            for target, share in after[source]:
                if (source, target) not in back:
                    before[target].append((source, share))
        return cls(
            steps,
            tuple(order),
            {one: tuple(after[one]) for one in reached},
            {one: tuple(found) for one, found in before.items()},
            frozenset(back),
        )

    def links(self, drawn: set[str], stays: Mapping[str, Stay]) -> Iterator[Link]:
        """Ways between steps that are drawn, through gates and through steps of other classes."""
        for source in self.order:
            if source not in drawn:
                continue
            found: dict[str, tuple[float, bool]] = {}
            todo = [(source, 1.0, False, frozenset({source}))]
            while todo:
                here, share, back, seen = todo.pop()
                for target, part in self.after[here]:
                    turned = back or (here, target) in self.back
                    if target in drawn:
                        known = found.get(target, (0.0, turned))
                        found[target] = (known[0] + share * part, known[1] and turned)
                    elif target not in seen:
                        todo.append((target, share * part, turned, seen | {target}))
            for target, (share, back) in found.items():
                slack = 0.0 if back else max(0.0, stays[target].start - stays[source].end)
                yield Link(source, target, min(1.0, share), back, slack)


def _sorted(starts: list[str], after: Mapping[str, list[tuple[str, float]]]) -> tuple[list[str], set[tuple[str, str]]]:
    """What is reached, each after those before it, and the ways back to a step on the path that led there."""
    done: list[str] = []
    state: dict[str, int] = {}
    back: set[tuple[str, str]] = set()
    for start in starts:
        if start in state:
            continue
        state[start] = 1
        path = [(start, iter([one for one, _ in after[start]]))]
        while path:
            here, rest = path[-1]
            target = next(rest, None)
            if target is None:
                state[here] = 2
                done.append(here)
                path.pop()
            elif state.get(target) == 1:
                back.add((here, target))
            elif target not in state:
                state[target] = 1
                path.append((target, iter([one for one, _ in after[target]])))
    return done[::-1], back


def _arrival(
    graph: _Graph, step: Step, reach: Mapping[str, float], stays: Mapping[str, Stay]
) -> tuple[float, float, str]:
    """With what share an item comes to a step, when, and after which step."""
    before = [(source, reach[source] * share) for source, share in graph.before[step.id] if source in stays]
    if not before:
        return 1.0, 0.0, ""
    if step.join == "all":
        source = max((one for one, _ in before), key=lambda one: stays[one].end)
        return max(share for _, share in before), stays[source].end, source
    total = sum(share for _, share in before)
    if total > 1 + 1e-9:  # branches beside each other: the first one that is there
        source = min((one for one, _ in before), key=lambda one: stays[one].end)
    else:
        source = max(before, key=lambda one: (round(one[1], 9), stays[one[0]].end))[0]
    return min(1.0, total), stays[source].end, source


def _path(decided: Mapping[str, str], last: str) -> Iterator[str]:
    here = last
    while here:
        yield here
        here = decided[here]


def _stay(
    step: Step,
    start: float,
    share: float,
    work_class: WorkClass,
    week: "_Week",
    times: StepTimes | None,
    workflow: Workflow,
) -> Stay:
    if not _drawn(step, work_class):
        return Stay(step.id, start, 0.0, 0.0, share)
    if times is not None:
        return Stay(step.id, start, times.waited, times.worked, share, times.causes, measured=True)
    causes = {
        "outside": week.working(mean_of(step.outside), step.outside_in)
        + week.working(mean_of(step.delay), step.delay_in),
        "batching": _batching(step, workflow, week),
        **week.shut(step),
    }
    causes = {cause: hours for cause, hours in causes.items() if hours > 0.01}
    return Stay(step.id, start, sum(causes.values()), mean_of(step.effort) / week.speed(step), share, causes)


def _batching(step: Step, workflow: Workflow, week: "_Week") -> float:
    if step.batch is None:
        return 0.0
    a_month = sum(one.arrivals.per_month for one in workflow.classes if not step.classes or one.id in step.classes)
    most = week.working(step.batch.wait_at_most, ELAPSED) if step.batch.wait_at_most is not None else float("inf")
    if a_month <= 0:
        return 0.0 if most == float("inf") else most
    gap = week.hours * MONTH_WEEKS / a_month
    return min((step.batch.size - 1) / 2 * gap, most)


def mean_of(value: float | Spread | None) -> float:
    """The mean of hours as documents say them, cuts at the ends not counted."""
    if value is None:
        return 0.0
    if not isinstance(value, Spread):
        return float(value)
    if value.kind == "uniform":
        return ((value.low or 0.0) + (value.high or 0.0)) / 2
    if value.kind == "triangular":
        return ((value.low or 0.0) + (value.mode or 0.0) + (value.high or 0.0)) / 3
    if value.kind == "quantiles":
        inner = sum(value.values[1:-1])
        return (inner + (value.values[0] + value.values[-1]) / 2) / (len(value.values) - 1)
    return value.mean or 0.0


class _Week:
    """The crew's week: hours of one clock in those of another, and how long a door that is shut is waited for."""

    def __init__(self, crew: Crew | None) -> None:
        self.crew = crew
        self.open = self._mask(crew.calendars[crew.calendar]) if crew and crew.calendar in crew.calendars else None
        self.hours = sum(self.open) / 4 if self.open and any(self.open) else USUAL_WEEK
        days = {at // 96 for at, works in enumerate(self.open or ()) if works}
        self.day = self.hours / len(days) if days else USUAL_WEEK / 5

    def working(self, hours: float, calendar: str) -> float:
        """Hours of a calendar, or of the wall's clock, in hours of the crew."""
        if self.crew and calendar in self.crew.calendars:
            own = sum(self._mask(self.crew.calendars[calendar])) / 4
            return hours * self.hours / own if own else hours
        return hours * self.hours / WEEK

    def speed(self, step: Step) -> float:
        """The mean speed of those who can do the step."""
        speeds = [
            (one.amount, step.people.get(one.id) or one.skills.get(step.skill, 1.0) * one.speed)
            for one in self._able(step)
        ]
        amount = sum(many for many, _ in speeds)
        return sum(many * speed for many, speed in speeds) / amount if amount else 1.0

    def shut(self, step: Step) -> dict[str, float]:
        """Hours of the crew for which a step waits since nobody who can do it works, or its own hours are not open;
        and those by which it is longer since they also have other work.
        """
        able = self._able(step)
        if self.crew is None or self.open is None or not (able or step.opens):
            return {}
        mask = [True] * _QUARTERS
        if able:
            masks = [self._mask(self.crew.calendars.get(one.calendar or self.crew.calendar)) for one in able]
            mask = [any(one[at] for one in masks) for at in range(_QUARTERS)]
        if step.opens in self.crew.calendars:
            opens = self._mask(self.crew.calendars[step.opens])
            mask = [both and opens[at] for at, both in enumerate(mask)]
        share = sum(one.share * one.amount for one in able) / sum(one.amount for one in able) if able else 1.0
        stretched = mean_of(step.effort) / self.speed(step) * (1 / share - 1)
        return {"unavailability": self._until(mask) + stretched}

    def _until(self, mask: list[bool]) -> float:
        """Mean hours of the crew from a moment of theirs to the next one at which this is open."""
        mine = self.open or [True] * _QUARTERS
        if not any(mask) or not any(mine):
            return 0.0
        total, ahead = 0.0, 0.0
        for at in range(2 * _QUARTERS - 1, -1, -1):  # twice round, so that the end of the week knows what follows
            here = at % _QUARTERS
            ahead = 0.0 if mask[here] else ahead + (0.25 if mine[here] else 0.0)
            if at < _QUARTERS and mine[here]:
                total += ahead
        return total / sum(mine)

    def _able(self, step: Step) -> list[Member]:
        if self.crew is None or not needs_somebody(step):
            return []
        return [
            one
            for one in self.crew.people
            if one.amount and (one.id in step.people or (step.skill and step.skill in one.skills))
        ]

    @staticmethod
    def _mask(calendar: CrewCalendar | None) -> list[bool]:
        mask = [False] * _QUARTERS
        for day, windows in (calendar.hours if calendar else {}).items():
            for window in windows:
                start, end = parse_window(*window)
                first = WEEKDAYS.index(day) * 1440
                for minute in range(first + start, first + (end if end > start else end + 1440), 15):
                    mask[minute // 15 % _QUARTERS] = True
        return mask
