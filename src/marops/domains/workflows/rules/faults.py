"""What is wrong with a workflow or a crew, named at the step concerned, with a remedy."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import ELAPSED, Step, Way, Workflow
from marops.domains.workflows.rules.graphs import closing, starts_of, walked
from marops.kernel.errors import FieldError

CLOSE = 1e-6
"""How far probabilities may be from 1 in all."""


def faults_of_workflow(workflow: Workflow) -> list[FieldError]:
    """Everything that makes the document contradict itself."""
    return list(dict.fromkeys([*_names(workflow), *_ways(workflow), *_steps(workflow), *_classes(workflow)])) or list(
        _shape(workflow)
    )


def faults_of_crew(crew: Crew) -> list[FieldError]:
    """Calendars that are named and not there, and people named twice."""
    found = []
    if crew.calendar not in crew.calendars:
        found.append(_fault("/calendar", "unknown", f"There is no calendar {crew.calendar!r} in this crew."))
    for number, member in enumerate(crew.people):
        here = f"/people/{number}"
        if member.calendar and member.calendar not in crew.calendars:
            said = f"{member.name} works by the calendar {member.calendar!r}, which this crew does not have."
            found.append(_fault(f"{here}/calendar", "unknown", said, f"Name one of {', '.join(crew.calendars)}."))
        if member.starts and member.ends and member.ends <= member.starts:
            found.append(_fault(f"{here}/ends", "order", f"{member.name} goes before they come."))
        for at, away in enumerate(member.absences):
            if away.until <= away.since:
                found.append(
                    _fault(f"{here}/absences/{at}", "order", f"{member.name}’s absence ends before it begins.")
                )
    found += _twice("/people", [one.id for one in crew.people], "Two people are called")
    return found


def faults_together(workflow: Workflow, crew: Crew) -> list[FieldError]:
    """What a workflow asks of its crew and the crew does not have: skills, people, calendars, time."""
    able = {skill for member in crew.people if member.amount for skill in member.skills}
    ids = {member.id for member in crew.people if member.amount}
    found = []
    for number, step in enumerate(workflow.steps):
        here = f"/steps/{number}"
        if needs_somebody(step) and step.people and not ids & set(step.people):
            said = f"None of those named at “{step.name}” is in the crew “{crew.title}”."
            found.append(_fault(f"{here}/people", "nobody", said, "Add them to the crew, or name others."))
        elif needs_somebody(step) and not step.people and step.skill not in able:
            said = f"“{step.name}” needs the skill {step.skill!r}, which nobody of the crew “{crew.title}” has."
            found.append(_fault(f"{here}/skill", "nobody", said, "Give somebody of the crew this skill."))
        for name in ("opens", "outside_in", "delay_in"):
            value = getattr(step, name)
            if value and value != ELAPSED and value not in crew.calendars:
                said = f"“{step.name}” names the calendar {value!r}, which the crew “{crew.title}” does not have."
                found.append(_fault(f"{here}/{name}", "unknown", said, f"Name one of {', '.join(crew.calendars)}."))
        if step.opens in crew.calendars and not any(crew.calendars[step.opens].hours.values()):
            said = f"“{step.name}” opens in the calendar {step.opens!r}, which has no hours."
            found.append(_fault(f"{here}/opens", "closed", said, "Give that calendar hours, or name another."))
    for number, one in enumerate(workflow.classes):
        for pointer, value in (("due_in", one.due_in), ("arrivals/within", one.arrivals.within)):
            if value and value != ELAPSED and value not in crew.calendars:
                said = f"“{one.name}” names the calendar {value!r}, which the crew “{crew.title}” does not have."
                found.append(_fault(f"/classes/{number}/{pointer}", "unknown", said))
    return found + list(_no_time(workflow, crew))


def _no_time(workflow: Workflow, crew: Crew) -> Iterator[FieldError]:
    """Steps whose people never work: capacity zero."""
    for number, step in enumerate(workflow.steps):
        if not needs_somebody(step):
            continue
        who = [one for one in crew.people if one.amount and (one.id in step.people or step.skill in one.skills)]
        if who and not any(any(crew.calendars[one.calendar or crew.calendar].hours.values()) for one in who):
            said = f"Those who could do “{step.name}” never work: their calendar has no hours."
            yield _fault(f"/steps/{number}", "no-capacity", said, "Give their calendar hours.")


def needs_somebody(step: Step) -> bool:
    """Does a person have to do this?"""
    return not step.gate and step.touch != "automatic"


def _names(workflow: Workflow) -> list[FieldError]:
    steps = _twice("/steps", [one.id for one in workflow.steps], "Two steps are called")
    return steps + _twice("/classes", [one.id for one in workflow.classes], "Two kinds of work are called")


def _ways(workflow: Workflow) -> Iterator[FieldError]:
    ids = {one.id for one in workflow.steps}
    for number, way in enumerate(workflow.ways):
        for end, name in ((way.source, "from"), (way.target, "to")):
            if end not in ids:
                said = f"A way leads {name} {end!r}, and there is no such step."
                yield _fault(f"/ways/{number}/{name}", "unknown", said, "Name a step, or take the way out.")
        if way.source == way.target:
            yield _fault(
                f"/ways/{number}", "loop", f"A way leads from {way.source!r} to itself.", "Say rework at the step."
            )
    pairs = Counter((way.source, way.target) for way in workflow.ways)
    for number, way in enumerate(workflow.ways):
        if pairs[way.source, way.target] > 1:
            yield _fault(f"/ways/{number}", "twice", f"Two ways lead from {way.source!r} to {way.target!r}.")
    for number, step in enumerate(workflow.steps):
        yield from _probabilities(workflow, number, step)


def _probabilities(workflow: Workflow, number: int, step: Step) -> Iterator[FieldError]:
    out = [way for way in workflow.ways if way.source == step.id]
    if step.split != "one" or not out:
        return
    if any(way.probability is None for way in out):
        said = f"After “{step.name}” one way is taken, and not each says how often."
        yield _fault(f"/steps/{number}/split", "probability", said, "Give each way a probability.")
    elif abs(total := sum(way.probability or 0 for way in out) - 1) > CLOSE:
        said = f"The ways after “{step.name}” have probabilities that make {total + 1:.4g} in all."
        yield _fault(f"/steps/{number}/split", "probability", said, "They have to make 1.")


def _steps(workflow: Workflow) -> Iterator[FieldError]:
    ids = {one.id for one in workflow.steps}
    classes = {one.id for one in workflow.classes}
    for number, step in enumerate(workflow.steps):
        here = f"/steps/{number}"
        if step.rework and step.rework.back_to not in ids:
            said = f"Work comes back from “{step.name}” to {step.rework.back_to!r}, and there is no such step."
            yield _fault(f"{here}/rework/back_to", "unknown", said, "Name a step.")
        if needs_somebody(step) and not step.skill and not step.people:
            said = f"“{step.name}” does not say who does it."
            yield _fault(f"{here}/skill", "required", said, "Name a skill, or make the step automatic.")
        for one in step.classes:
            if one not in classes:
                said = f"“{step.name}” is for {one!r}, which is no kind of work here."
                yield _fault(f"{here}/classes", "unknown", said)


def _classes(workflow: Workflow) -> Iterator[FieldError]:
    ids = {one.id for one in workflow.steps}
    for number, one in enumerate(workflow.classes):
        if one.start and one.start not in ids:
            said = f"“{one.name}” starts at {one.start!r}, and there is no such step."
            yield _fault(f"/classes/{number}/start", "unknown", said, "Name a step.")
        seasons = one.arrivals.seasons
        if seasons and not any(seasons):
            yield _fault(f"/classes/{number}/arrivals/seasons", "empty", f"“{one.name}” comes in no month at all.")


def _shape(workflow: Workflow) -> Iterator[FieldError]:
    """Where work would run for ever, never arrive, or wait for something that does not come."""
    graph = Shape.of(workflow)
    starts = graph.starts(workflow)
    if not starts:
        yield _fault("/steps", "no-start", "Every step has one before it: nothing starts.", "Say where a class starts.")
        return
    reached = walked(starts, graph.after)
    ends = walked([one for one in graph.steps if not graph.after[one]], graph.before)
    back = _leading_back(workflow)
    ahead = Shape.of(workflow, [way for way in workflow.ways_or_line() if (way.source, way.target) not in back])
    for number, step in enumerate(workflow.steps):
        here = f"/steps/{number}"
        if step.id not in reached:
            yield _fault(here, "unreached", f"Nothing leads to “{step.name}”.", "Draw a way to it, or take it out.")
        elif step.id not in ends:
            said = f"From “{step.name}” no way leads to an end: the work would go round for ever."
            yield _fault(here, "no-exit", said, "Draw a way out of the circle.")
        if step.join == "all" and len(ahead.before[step.id]) > 1 and (before := ahead.one_of(step.id)):
            said = f"“{step.name}” waits for all ways that lead to it, but after “{before}” only one is taken."
            yield _fault(f"{here}/join", "never", said, "Let it wait for any way, or take all ways before it.")
    yield from _doubled(workflow, ahead, back)


def _leading_back(workflow: Workflow) -> frozenset[tuple[str, str]]:
    starts = dict.fromkeys(one for work in workflow.classes for one in starts_of(workflow, work))
    return closing(workflow.steps, workflow.ways_or_line(), tuple(starts))


def _doubled(workflow: Workflow, ahead: "Shape", back: Iterable[tuple[str, str]]) -> Iterator[FieldError]:
    """Work that comes back from one of several branches to before they part: the other branches would be done twice,
    once beside it and once behind it.
    """
    again = {(step.id, step.rework.back_to) for step in workflow.steps if step.rework} | set(back)
    again = {(one, to) for one, to in again if one != to}  # a step done once more in its place doubles nothing
    for fork, within in ahead.branches():
        for number, step in enumerate(workflow.steps):
            over = next((to for one, to in again if one == step.id in within and fork in walked([to], ahead.after)), "")
            if over:
                said = (
                    f"Work comes back from “{step.name}” to “{ahead.names[over]}”, before the branches part after"
                    f" “{ahead.names[fork]}”, while the other branches go on: they would be done twice."
                )
                remedy = "Let it come back to a step of its own branch, or from a step where the branches have met."
                yield _fault(f"/steps/{number}/rework/back_to" if step.rework else f"/steps/{number}", "doubled", said,
                             remedy)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """Steps with what comes before and after; rework left out."""

    steps: tuple[str, ...]
    after: dict[str, tuple[str, ...]]
    before: dict[str, tuple[str, ...]]
    chooses: frozenset[str]
    names: dict[str, str]

    @classmethod
    def of(cls, workflow: Workflow, ways: Sequence[Way] | None = None) -> "Shape":
        """The shape of a workflow, or of some of its ways."""
        ids = tuple(one.id for one in workflow.steps)
        ways = workflow.ways_or_line() if ways is None else ways
        return cls(
            ids,
            {one: tuple(way.target for way in ways if way.source == one) for one in ids},
            {one: tuple(way.source for way in ways if way.target == one) for one in ids},
            frozenset(one.id for one in workflow.steps if one.split == "one"),
            {one.id: one.name for one in workflow.steps},
        )

    def starts(self, workflow: Workflow) -> list[str]:
        """Where work comes in: what the classes say, else the steps that nothing leads to."""
        said = [one.start for one in workflow.classes if one.start]
        free = [one for one in self.steps if not self.before[one]]
        return list(dict.fromkeys([*said, *free])) if len(said) < len(workflow.classes) else list(dict.fromkeys(said))

    def branches(self) -> Iterator[tuple[str, set[str]]]:
        """Each step after which several ways are taken at once, with what lies between there and where all meet."""
        for one in self.steps:
            if one not in self.chooses and len(self.after[one]) > 1:
                ways = [walked([after], self.after) for after in self.after[one]]
                yield one, set[str]().union(*ways) - ways[0].intersection(*ways[1:])

    def one_of(self, join: str) -> str:
        """The name of a step that takes one of several ways which meet again at this join; empty if there is none."""
        for one in self.chooses:
            branches = [found for after in self.after[one] if join in (found := walked([after], self.after))]
            sources = set(self.before[join])
            if len(branches) > 1:
                parted = [{way for way in sources if way in branch or way == one} for branch in branches]
                if any(sources - part for part in parted) and not self._together(one, join):
                    return self.names[one]
        return ""

    def _together(self, choice: str, join: str) -> bool:
        """Do all ways after the choice meet before the join, so that the join does not depend on it?"""
        meeting = [one for one in self.steps if one not in (choice, join)]
        for one in meeting:
            around = {key: tuple(way for way in after if way != one) for key, after in self.after.items()}
            if all(join not in walked([after], around) or after == one for after in self.after[choice]):
                return True
        return False


def _twice(pointer: str, ids: Sequence[str], said: str) -> list[FieldError]:
    count = Counter(ids)
    return [
        _fault(f"{pointer}/{number}/id", "twice", f"{said} {one!r}.", "Give one of them another id.")
        for number, one in enumerate(ids)
        if count[one] > 1
    ]


def _fault(pointer: str, code: str, message: str, remedy: str = "") -> FieldError:
    return FieldError(code, message, remedy, pointer, field=pointer.rsplit("/", 1)[-1])
