"""What workflows and their crew mean to the simulation kernel: one model of numbers, and who is who in it.

Changes of a scenario cut time into slices; each slice has documents of its own. Cases go through the steps as they
were when they came in; hours, people, speeds, demand and opening hours are those of the moment.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.rules.amounts import Spread, amount_of
from marops.domains.workflows.rules.changing import MONTH_DAYS, Lesson, Situation, at, lessons, moments, start_of
from marops.domains.workflows.rules.crew import Crew, Member
from marops.domains.workflows.rules.document import ELAPSED as WALL
from marops.domains.workflows.rules.document import Step, WorkClass, Workflow
from marops.domains.workflows.rules.faults import needs_somebody
from marops.domains.workflows.rules.frames import (
    YEAR_HOURS,
    Frame,
    joined,
    laid_out,
    lesson_of,
    month_edges,
    open_share,
    without,
)
from marops.domains.workflows.rules.graphs import Graph, starts_of
from marops.domains.workflows.rules.scenario import AnyChange, Hire, Platform, Scenario
from marops.methods.amounts import mean, scaled
from marops.methods.simulation import model as kernel

TAIL_DAYS = 400
"""Calendars reach so far beyond the end: work begun near it must know when it would be done."""


@dataclass(frozen=True, slots=True)
class Slice:
    """How things are from a day on."""

    since: date
    situation: Situation


@dataclass(frozen=True, slots=True)
class Compiled:
    """The kernel's model, and what its rows stand for."""

    model: kernel.Model
    frame: Frame
    slices: tuple[Slice, ...]
    nodes: tuple[tuple[str, str], ...]
    """(workflow, step) of each node; gates that stand for no step have an empty step."""
    people: tuple[str, ...]
    """Member of each person of the model; people alike share one."""
    classes: tuple[tuple[str, str], ...]
    """(workflow, class)."""
    extra: tuple[float, ...] = field(default=())
    """Money that falls due in each month whatever is done: hires, platforms, projects."""
    learning: tuple[float, ...] = field(default=())
    """What people are paid in each month for the hours that they learn."""

    @property
    def last(self) -> Situation:
        """How things are at the end."""
        return self.slices[-1].situation


def compiled(situation: Situation, frame: Frame, scenario: Scenario | None = None) -> Compiled:
    """The model of a situation, changed as a scenario says. Raises Unfit where a change does not fit."""
    changes = scenario.changes if scenario else ()
    days = [day for day in moments(changes, frame.first) if day < frame.edges()[-1]]
    slices = [Slice(frame.begin, situation)]
    slices += [Slice(day, at(situation, changes, frame.first, day)) for day in days]
    at(situation, changes, frame.first, date.max)  # what begins later has to fit as well
    away = lessons(changes, frame.first)
    return _Builder(frame, slices, away).build(_money(changes, situation.crew, frame))


def _money(changes: Sequence[AnyChange], crew: Crew, frame: Frame) -> tuple[float, ...]:
    """What falls due in each month besides people's hours and pieces of work."""
    edges = frame.edges()
    monthly = [sum(crew.costs_per_month.values())] * frame.months
    for change in changes:
        begins = start_of(change, frame.first)
        yearly = change.cost_per_year - (change.saves_per_year if isinstance(change, Platform) else 0.0)
        heads = change.count if isinstance(change, Hire) else 1
        for number, (a, b) in enumerate(pairwise(edges)):
            share = max(0, (b - max(a, begins)).days) / (b - a).days
            monthly[number] += heads * (yearly / 12 * share + (change.one_off if a <= begins < b else 0.0))
    return tuple(monthly)


class _Builder:
    """Puts the rows of a model together; what has been made is looked up by what it was made of."""

    def __init__(self, frame: Frame, slices: Sequence[Slice], away: Mapping[str, tuple[Lesson, ...]]) -> None:
        self.frame, self.slices, self.away = frame, slices, away
        self.zone = ZoneInfo(frame.zone)
        self.begin = frame.hour(frame.begin)
        self.until = frame.edges()[-1] + timedelta(days=TAIL_DAYS)
        self.calendars: list[kernel.Calendar] = []
        self.known: dict[object, int] = {}
        self.texts: dict[int, str] = {}
        self.flows: list[kernel.Flow] = []
        self.nodes: list[kernel.Node] = []
        self.names: list[tuple[str, str]] = []
        self.classes = [(slug, one.id) for slug, flow in slices[0].situation.workflows.items() for one in flow.classes]
        self.steps_of: dict[int, list[tuple[int, int, Step]]] = {}
        """For each slice: the nodes that are its steps."""
        self.learning = np.zeros(frame.months)
        """Money in each month for hours that are no hours of work."""

    def build(self, extra: tuple[float, ...]) -> Compiled:
        entries = self._graphs()
        classes = tuple(
            self._class(slug, one, entries[slug, one.id])
            for slug, flow in self.slices[0].situation.workflows.items()
            for one in flow.classes
        )
        people, members = self._people()
        model = kernel.Model(
            flows=tuple(self.flows),
            nodes=tuple(self.nodes),
            classes=classes,
            people=people,
            calendars=tuple(self.calendars),
            months=tuple(self.frame.hour(day) for day in self.frame.edges()),
            begin=self.begin,
        )
        return Compiled(
            model, self.frame, tuple(self.slices), tuple(self.names), members, tuple(self.classes), extra,
            tuple(self.learning.tolist()),
        )  # fmt: skip

    # --- calendars

    def _spans(self, crew: Crew, name: str, since: date, until: date) -> Sequence[tuple[float, float]]:
        calendar = crew.calendars[name]
        if id(calendar) not in self.texts:
            self.texts[id(calendar)] = calendar.model_dump_json()
        return laid_out(self.texts[id(calendar)], self.frame, since, until)

    def _calendar(self, key: object, make: Callable[[], list[tuple[float, float]]]) -> int:
        if key not in self.known:
            found = make()
            self.known[key] = len(self.calendars)
            self.calendars.append(kernel.Calendar(np.array([a for a, _ in found]), np.array([b for _, b in found])))
        return self.known[key]

    def _named(self, names: Sequence[str]) -> int:
        """A calendar that is called so in each of the slices; ELAPSED for the clock on the wall."""
        if all(one in ("", WALL) for one in names):
            return kernel.ELAPSED
        key = (
            "named",
            tuple((name, _hours_key(s.situation.crew, name)) for name, s in zip(names, self.slices, strict=True)),
        )
        return self._calendar(key, lambda: joined(self._pieces(names)))

    def _pieces(self, names: Sequence[str]) -> Iterator[tuple[float, float]]:
        for name, (since, until), one in zip(names, self._bounds(), self.slices, strict=True):
            if name in ("", WALL):
                yield self.frame.hour(since), self.frame.hour(until)
            else:
                yield from self._spans(one.situation.crew, name, since, until)

    def _bounds(self) -> list[tuple[date, date]]:
        edges = [one.since for one in self.slices] + [self.until]
        return list(pairwise(edges))

    # --- steps and ways

    def _graphs(self) -> dict[tuple[str, str], list[kernel.Entry]]:
        """The nodes of every version of every workflow; where each class enters from when on."""
        entries: dict[tuple[str, str], list[kernel.Entry]] = {}
        for slug in self.slices[0].situation.workflows:
            made: dict[str, dict[tuple[str, ...], dict[str, int]]] = {}
            self.flows.append(self._flow(slug))
            for number, one in enumerate(self.slices):
                flow = one.situation.workflows[slug]
                key = _structure(flow)
                if key not in made:
                    made[key] = self._versions(slug, flow, key)
                self._remember(number, flow, made[key].values())
                for work in flow.classes:
                    since = -kernel.FOREVER if number == 0 else self.frame.hour(one.since)
                    node = made[key][starts_of(flow, work)]["start"]
                    found = entries.setdefault((slug, work.id), [])
                    if not found or found[-1].node != node:
                        found.append(kernel.Entry(since, node))
        return entries

    def _remember(self, number: int, flow: Workflow, places: Iterable[Mapping[str, int]]) -> None:
        rows = self.steps_of.setdefault(number, [])
        for one in places:
            rows += [(one[step.id], number, step) for step in flow.steps if step.id in one and needs_somebody(step)]

    def _flow(self, slug: str) -> kernel.Flow:
        """What all versions of a workflow share: what is in work of the old ones counts for the limit of the new."""
        versions = [one.situation.workflows[slug] for one in self.slices]
        pairs = zip(self.slices[1:], pairwise(versions), strict=True)
        later = tuple((self.frame.hour(one.since), b.limit) for one, (a, b) in pairs if a.limit != b.limit)
        first = versions[0]
        by_due = first.order == "due"
        return kernel.Flow(slug, limit=first.limit, refuse=first.over == "refuse", by_due=by_due, limits=later)

    def _versions(self, slug: str, flow: Workflow, key: str) -> dict[tuple[str, ...], dict[str, int]]:
        """One version of a workflow as nodes, once for each place where work starts; the nodes of its steps by that."""
        opens, number = self._opens(slug, key), len(self.flows) - 1
        starts = dict.fromkeys(starts_of(flow, work) for work in flow.classes)
        return {one: Graph(self, slug, flow, opens, number, one).build() for one in starts}

    def _opens(self, slug: str, key: str) -> dict[str, int]:
        """The opening calendar of each step: where only that changes, it changes for everything that waits there."""
        versions = [one.situation.workflows[slug] for one in self.slices]
        current = next(one for one in versions if _structure(one) == key)
        names: dict[str, list[str]] = {step.id: [] for step in current.steps}
        for flow in versions:
            current = flow if _structure(flow) == key else current
            for step in current.steps:
                names[step.id].append(step.opens)
        return {step: self._named(calendars) for step, calendars in names.items()}

    def clock(self, name: str) -> int:
        """A calendar by name, as the first slice has it."""
        return self._named([name] * len(self.slices))

    # --- people

    def _people(self) -> tuple[tuple[kernel.Person, ...], tuple[str, ...]]:
        order: dict[str, None] = {}
        for one in self.slices:
            order.update(dict.fromkeys(member.id for member in one.situation.crew.people))
        people, members = [], []
        for member in order:
            for person in self._alike(member):
                people.append(person)
                members.append(member)
        return tuple(people), tuple(members)

    def _alike(self, member: str) -> Iterator[kernel.Person]:
        versions = [_member(one.situation.crew, member) for one in self.slices]
        last = next(one for one in reversed(versions) if one)
        away = self.away.get(member, ())
        calendar = self._hours(member, versions, away)
        if away:
            gone = self._hours_by_month(self._hours(member, versions, ())) - self._hours_by_month(calendar)
            self.learning += gone * last.amount * last.share * last.cost_per_hour
        abilities = self._abilities(versions)
        for copy in range(last.amount):
            yield kernel.Person(
                key=member if copy == 0 else f"{member}#{copy + 1}",
                calendar=calendar,
                abilities=abilities,
                share=last.share,
                at_once=last.at_once,
                ramp=self._ramp(last),
                cost=last.cost_per_hour,
            )

    def _ramp(self, member: Member) -> tuple[tuple[float, float], ...]:
        if member.ramp is None or member.starts is None:
            return ()
        begins = self.frame.hour(member.starts)
        return (begins, member.ramp.first), (begins + member.ramp.months * MONTH_DAYS * 24, 1.0)

    def _hours_by_month(self, calendar: int) -> NDArray[np.float64]:
        one, months = self.calendars[calendar], np.array([self.frame.hour(day) for day in self.frame.edges()])
        if not len(one.starts):
            return np.zeros(len(months) - 1)
        passed = np.cumsum(one.ends - one.starts)
        edges = np.stack([one.starts, one.ends], axis=1).ravel()
        return np.diff(np.interp(months, edges, np.stack([passed - (one.ends - one.starts), passed], axis=1).ravel()))

    def _hours(self, member: str, versions: Sequence[Member | None], away: tuple[Lesson, ...]) -> int:
        key = (
            "person",
            away,
            tuple(_presence(one, s.situation.crew) for one, s in zip(versions, self.slices, strict=True)),
        )

        def make() -> list[tuple[float, float]]:
            found: list[tuple[float, float]] = []
            for one, (since, until), s in zip(versions, self._bounds(), self.slices, strict=True):
                if one is not None:
                    found += self._worked(one, s.situation.crew, since, until)
            found = joined(found)
            for lesson in away:
                found = without(found, lesson_of(found, lesson.hours, self.frame.hour(lesson.until)))
            return found

        return self._calendar(key, make)

    def _worked(self, one: Member, crew: Crew, since: date, until: date) -> list[tuple[float, float]]:
        first, last = max(since, one.starts or since), min(until, one.ends or until)
        if first >= last:
            return []
        gaps = [(self.frame.hour(gap.since), self.frame.hour(gap.until)) for gap in one.absences]
        return without(list(self._spans(crew, one.calendar or crew.calendar, first, last)), gaps)

    def _abilities(self, versions: Sequence[Member | None]) -> tuple[kernel.Ability, ...]:
        """Who can do which node at what speed, slice by slice; what stays the same is one row."""
        rows: dict[int, list[tuple[float, float, float]]] = {}
        edges = [-kernel.FOREVER, *(self.frame.hour(one.since) for one in self.slices[1:]), kernel.FOREVER]
        everything = {node: step for steps in self.steps_of.values() for node, _, step in steps}
        for number, member in enumerate(versions):
            now = {node: step for node, _, step in self.steps_of[number]}
            for node, step in everything.items() if member else ():
                speed = speed_at(member, now.get(node, step)) if member else 0.0
                if speed <= 0:
                    continue
                since, until = edges[number], edges[number + 1]
                found = rows.setdefault(node, [])
                if found and found[-1][1] == since and found[-1][2] == speed:
                    since = found.pop()[0]
                found.append((since, until, speed))
        return tuple(
            kernel.Ability(node, speed, since, until)
            for node, found in sorted(rows.items())
            for since, until, speed in found
        )

    # --- classes

    def _class(self, slug: str, one: WorkClass, entries: Sequence[kernel.Entry]) -> kernel.WorkClass:
        number = next(n for n, flow in enumerate(self.flows) if flow.key == slug)
        return kernel.WorkClass(
            key=f"{slug}/{one.id}",
            workflow=number,
            arrivals=self._arrivals(slug, one),
            entries=tuple(entries),
            priority=one.priority,
            due=amount_of(one.due) if one.due is not None else None,
            due_clock=self.clock(one.due_in),
        )

    def _arrivals(self, slug: str, one: WorkClass) -> kernel.Arrivals:
        hours, expected = [self.begin], [0.0]
        for (since, until), piece in zip(self._bounds(), self.slices, strict=True):
            flow = piece.situation.workflows[slug]
            now = next(work for work in flow.classes if work.id == one.id)
            self._rate(now, piece.situation.crew, since, until, hours, expected)
        gap = kernel.Amount("exponential", mean=1.0)
        if isinstance(one.arrivals.gap, Spread):
            whole = one.arrivals.gap.as_amount()
            gap = scaled(whole, 1 / mean(whole))
        elif one.arrivals.gap is not None:
            gap = kernel.Amount("fixed", mean=1.0)
        return kernel.Arrivals(gap, np.array(hours), np.array(expected))

    def _rate(
        self, one: WorkClass, crew: Crew, since: date, until: date, hours: list[float], expected: list[float]
    ) -> None:
        """Add the cumulative rate of a slice: within the calendar of arrivals, month by month."""
        name = one.arrivals.within or crew.calendar
        share = 1.0 if name == WALL else open_share(crew.calendars[name], self.zone)
        per_hour = one.arrivals.per_month * 12 / YEAR_HOURS / share
        for a, b in pairwise(month_edges(since, until)):
            season = one.arrivals.seasons[a.month - 1] if one.arrivals.seasons else 1.0
            years = (a - self.frame.first).days / 365.25
            rate = per_hour * season * (1 + one.arrivals.growth) ** years
            whole = [(self.frame.hour(a), self.frame.hour(b))]
            for begins, ends in whole if name == WALL else self._spans(crew, name, a, b):
                if begins > hours[-1]:
                    hours.append(begins)
                    expected.append(expected[-1])
                hours.append(ends)
                expected.append(expected[-1] + rate * (ends - begins))


def speed_at(member: Member, step: Step) -> float:
    """How fast somebody does a step; 0: not at all."""
    if step.people:
        return step.people.get(member.id, 0.0) * member.speed
    return member.skills.get(step.skill, 0.0) * member.speed


def _structure(flow: Workflow) -> str:
    """What makes two versions of a workflow different for the cases in it: all but demand, opening hours and limit."""
    steps = tuple(step.model_copy(update={"opens": "", "at": None, "note": ""}) for step in flow.steps)
    classes = tuple(
        one.model_copy(update={"arrivals": one.arrivals.model_copy(update={"per_month": 0.0})}) for one in flow.classes
    )
    values = {"steps": steps, "classes": classes, "ways": flow.ways_or_line(), "promise": None, "limit": 0}
    return flow.model_copy(update=values).model_dump_json()


def _member(crew: Crew, member: str) -> Member | None:
    return next((one for one in crew.people if one.id == member), None)


def _presence(one: Member | None, crew: Crew) -> object:
    if one is None:
        return None
    return one.starts, one.ends, one.absences, _hours_key(crew, one.calendar or crew.calendar)


def _hours_key(crew: Crew, name: str) -> object:
    return name if name in ("", WALL) else crew.calendars[name].model_dump_json()
