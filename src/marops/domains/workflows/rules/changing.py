"""What a scenario makes of workflows and their crew: the same documents, changed, for each moment at which one holds.

Every change is a function from documents to documents, so a changed workflow can be looked at, checked and simulated
like any other.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from marops.domains.workflows.rules import scenario as ask
from marops.domains.workflows.rules.amounts import Spread
from marops.domains.workflows.rules.crew import Crew, Member
from marops.domains.workflows.rules.document import Step, Way, Workflow
from marops.domains.workflows.rules.faults import faults_of_workflow, faults_together
from marops.domains.workflows.rules.frames import months_on
from marops.kernel.errors import FieldError

MONTH_DAYS = 365.25 / 12
MOST_A_MONTH = 30_000


@dataclass(frozen=True, slots=True)
class Situation:
    """Workflows by short name, and the crew they share. `left_out`: what would belong here and is not simulated."""

    workflows: Mapping[str, Workflow]
    crew: Crew
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """Working hours that somebody learns, before a day as far as there are so many."""

    until: date
    hours: float


class Unfit(Exception):
    """A change names something that is not there, or cannot be made; `fault` says so."""

    def __init__(self, message: str, field: str = "", remedy: str = "") -> None:
        super().__init__(message)
        self.fault = FieldError("unfit", message, remedy, f"/{field}" if field else "", field=field)


def start_of(change: ask.Change, first: date) -> date:
    """The day from which a change holds, where the simulation begins on `first`."""
    if isinstance(change.start, date):
        return max(change.start, first)
    whole = int(change.start)
    month = months_on(first, whole)
    return month + timedelta(days=round((change.start - whole) * (months_on(first, whole + 1) - month).days))


def moments(changes: Sequence[ask.AnyChange], first: date) -> list[date]:
    """The days on which something changes, in order."""
    return sorted({start_of(one, first) for one in changes})


def at(situation: Situation, changes: Sequence[ask.AnyChange], first: date, day: date) -> Situation:
    """How things are on a day: the changes that hold by then, in the order in which they are written.

    Raises Unfit with the position of the change in its pointer: of one that names what is not there, and of one that
    leaves a workflow or its crew in a state that cannot be.
    """
    stages = list(_stages(situation, changes, first, day))
    now = stages[-1][1] if stages else situation
    if wrong := _faults(now, situation):
        number, fault = next(
            (number, found[0]) for number, stage in stages if (found := [one for one in _faults(stage, situation)
                                                                         if _said(one) in map(_said, wrong)])
        )  # fmt: skip
        raise _unfit(Unfit(fault.message, remedy=fault.remedy), number)
    return now


def check(situation: Situation, changes: Sequence[ask.AnyChange], first: date) -> None:
    """Can the changes be made, each when it is said? Raises Unfit."""
    for day in moments(changes, first):
        at(situation, changes, first, day)


def _stages(
    situation: Situation, changes: Sequence[ask.AnyChange], first: date, day: date
) -> Iterator[tuple[int, Situation]]:
    """How things are after each change that holds by a day, with its number."""
    for number, change in enumerate(changes):
        begins = start_of(change, first)
        if begins <= day:
            try:
                situation = _MAKE[change.change](situation, change, begins)
            except Unfit as error:
                raise _unfit(error, number) from None
            yield number, situation


def _unfit(error: Unfit, number: int) -> Unfit:
    error.fault = replace(error.fault, pointer=f"/changes/{number}{error.fault.pointer}")
    return error


def _faults(now: Situation, was: Situation) -> list[FieldError]:
    """What is wrong now and was not before, in the workflows that are others or whose crew is another."""
    found: list[FieldError] = []
    for slug, flow in now.workflows.items():
        old = was.workflows[slug]
        if flow is old and now.crew is was.crew:
            continue
        wrong = faults_together(flow, now.crew) + ([] if flow is old else faults_of_workflow(flow))
        if wrong:
            known = {_said(one) for one in (*faults_together(old, was.crew), *faults_of_workflow(old))}
            found += [one for one in wrong if _said(one) not in known]
    return found


def _said(fault: FieldError) -> tuple[str, str]:
    return fault.code, fault.message


def idle(situation: Situation, changes: Sequence[ask.AnyChange], first: date, until: date) -> tuple[str, ...]:
    """What a scenario says without effect on what is simulated until a day, in words: it may be meant otherwise."""
    notes = []
    for change in changes:
        begins = start_of(change, first)
        if begins >= until:
            notes.append(
                f"“{change.change}” holds from {begins:%d %B %Y}, after the time that is simulated: it changes nothing."
            )
    asked = {step.skill for day in moments(changes, first) if day < until
             for flow in at(situation, changes, first, day).workflows.values() for step in flow.steps}  # fmt: skip
    for change in changes:
        if isinstance(change, ask.Hire | ask.Train) and (idle := [one for one in change.skills if one not in asked]):
            who = change.name if isinstance(change, ask.Hire) else _name_of(situation, change.person)
            notes.append(f"No step asks for what {who} brings: {', '.join(repr(one) for one in idle)}.")
    return tuple(notes)


def _name_of(situation: Situation, person: str) -> str:
    return next((one.name for one in situation.crew.people if one.id == person), person)


def _hire(now: Situation, change: ask.Hire, begins: date) -> Situation:
    if not change.skills:
        raise Unfit(f"“{change.name}” is hired without a skill.", "skills", "Say which skills they bring.")
    _calendar(now.crew, change.calendar)
    new = Member(
        id=_free(f"hire: {change.name}", {one.id for one in now.crew.people}),
        name=change.name,
        role=change.role,
        skills=change.skills,
        calendar=change.calendar,
        share=change.share,
        amount=change.count,
        starts=begins,
        ramp=change.ramp,
    )
    return replace(now, crew=_crew(now.crew, people=(*now.crew.people, new)))


def _leave(now: Situation, change: ask.Leave, begins: date) -> Situation:
    return _member(now, change.person, lambda one: one.model_copy(update={"ends": begins}))


def _train(now: Situation, change: ask.Train, begins: date) -> Situation:
    def trained(one: Member) -> Member:
        skills = {**one.skills, **change.skills}
        return one.model_copy(update={"skills": skills})

    return _member(now, change.person, trained)


def lessons(changes: Sequence[ask.AnyChange], first: date) -> dict[str, tuple[Lesson, ...]]:
    """What people learn, by person: until when, and how many of their working hours it takes."""
    found: dict[str, tuple[Lesson, ...]] = {}
    for change in changes:
        if isinstance(change, ask.Train) and change.hours_away:
            lesson = Lesson(start_of(change, first), change.hours_away)
            found[change.person] = (*found.get(change.person, ()), lesson)
    return found


def _rehour(now: Situation, change: ask.Rehour, begins: date) -> Situation:
    _calendar(now.crew, change.calendar)
    return _member(now, change.person, lambda one: one.model_copy(update={"calendar": change.calendar}))


def _remove(now: Situation, change: ask.Remove, begins: date) -> Situation:
    return _steps(now, change.step, _without)


def _without(flow: Workflow, step: Step) -> Workflow:
    if len(flow.steps) == 1:
        raise Unfit(f"“{flow.title}” has only this one step.", "step")
    ways = flow.ways_or_line()
    into = [way for way in ways if way.target == step.id]
    out = [way for way in ways if way.source == step.id]
    if _turns(flow, step, into, out):
        gate = Step(id=step.id, name=step.name, gate=True, touch="automatic", lane=step.lane, split=step.split,
                    join=step.join, at=step.at)  # fmt: skip
        return _put(flow, gate)
    after = out[0].target if out else ""
    joined = [way.model_copy(update={"target": after}) for way in into if after]
    kept = [way for way in ways if step.id not in (way.source, way.target)]
    steps = [_returns_to(one, step.id, after) for one in flow.steps if one.id != step.id]
    starts = [one.model_copy(update={"start": after}) if one.start == step.id else one for one in flow.classes]
    return flow.model_copy(update={"steps": tuple(steps), "ways": (*kept, *joined), "classes": tuple(starts)})


def _turns(flow: Workflow, step: Step, into: Sequence[Way], out: Sequence[Way]) -> bool:
    """Does the way that work takes turn on this step, beside what is done there? Then it stays as a gate: as a fork, a
    choice or a join, as one end of a choice, or where its ways would fall together with others.
    """
    if len(out) > 1 or (step.join == "all" and len(into) > 1) or any(way.at_most for way in (*into, *out)):
        return True
    sources = [flow.step(way.source) for way in into]
    if not out:
        returns = any(one.rework and one.rework.back_to == step.id for one in flow.steps if one.id != step.id)
        return not into or returns or any(one.split == "one" for one in sources)
    others = [way for way in flow.ways_or_line() if way.target == out[0].target and way.source != step.id]
    beside = {way.source for way in others} | {out[0].target}
    meets = flow.step(out[0].target).join == "all" and bool(others)
    return (not into and bool(others)) or (meets and len(into) > 1) or any(way.source in beside for way in into)


def _returns_to(step: Step, gone: str, after: str) -> Step:
    if step.rework is None or step.rework.back_to != gone:
        return step
    back = after if after and after != step.id else step.id
    return step.model_copy(update={"rework": step.rework.model_copy(update={"back_to": back})})


def _automate(now: Situation, change: ask.Automate, begins: date) -> Situation:
    def automatic(flow: Workflow, step: Step) -> Workflow:
        platforms = (change.platform,) if change.platform else step.platforms
        values: dict[str, Any] = {
            "touch": "automatic", "effort": change.hours, "skill": "", "people": {}, "platforms": platforms,
            "cost": step.cost + change.cost_each, "delay": None, "opens": "", "batch": None, "at_once": 0,
            "repeat": 1.0,
        }  # fmt: skip
        return _put(flow, step.model_copy(update=values))

    return _steps(now, change.step, automatic)


def _assist(now: Situation, change: ask.Assist, begins: date) -> Situation:
    def assisted(flow: Workflow, step: Step) -> Workflow:
        values: dict[str, Any] = {
            "touch": "ai_assisted", "effort": times(step.effort, change.effort), "cost": step.cost + change.cost_each,
            "ai_use": change.ai_use or step.ai_use,
        }  # fmt: skip
        if change.rework is not None:
            if step.rework is None:
                raise Unfit(f"Nothing comes back from “{step.name}” today.", "rework", "Leave the rework out.")
            values["rework"] = step.rework.model_copy(update={"probability": change.rework})
        flow = _put(flow, step.model_copy(update=values))
        return _reviewed(flow, flow.step(step.id), change.review) if change.review else flow

    return _steps(now, change.step, assisted)


def _reviewed(flow: Workflow, step: Step, review: ask.Review) -> Workflow:
    """A review behind a step: all of its work, or a share of it, passes through somebody's hands."""
    ids = {one.id for one in flow.steps}
    look = Step(
        id=_free(f"{step.id}-review", ids), name=f"Review of {step.name}", skill=review.skill, lane="",
        effort=review.hours, review=True, touch="human", split=step.split, rework=step.rework, platforms=step.platforms,
    )  # fmt: skip
    ways = flow.ways_or_line()
    out = [way.model_copy(update={"source": look.id}) for way in ways if way.source == step.id]
    kept = [way for way in ways if way.source != step.id]
    if review.share >= 1:
        bare = step.model_copy(update={"rework": None, "split": "all"})
        return _put(flow, bare, look, ways=(*kept, Way(source=step.id, target=look.id), *out))
    name = f"After {step.name}"[:200]
    done = Step(id=_free(f"{step.id}-done", ids), name=name, gate=True, touch="automatic", split=step.split)
    bare = step.model_copy(update={"rework": None, "split": "one"})
    plain = look.model_copy(update={"split": "all"})
    on = [way.model_copy(update={"source": done.id}) for way in out]
    fresh = (
        Way(source=step.id, target=look.id, probability=review.share),
        Way(source=step.id, target=done.id, probability=1 - review.share),
        Way(source=look.id, target=done.id),
    )
    return _put(flow, bare, plain, done, ways=(*kept, *fresh, *on))


def _parallelise(now: Situation, change: ask.Parallelise, begins: date) -> Situation:
    flows, found = {}, False
    for slug, flow in now.workflows.items():
        own = [_local(one, slug) for one in change.steps]
        here = {one.id for one in flow.steps}
        if all(one is not None and one in here for one in own):
            found, flows[slug] = True, _beside(flow, [one for one in own if one])
        else:
            flows[slug] = flow
    if not found:
        raise Unfit(f"No workflow has all the steps {', '.join(change.steps)}.", "steps", "Name steps of one workflow.")
    return replace(now, workflows=flows)


def _beside(flow: Workflow, chain: Sequence[str]) -> Workflow:
    """The steps of a chain beside each other, between a fork and a join."""
    ways = flow.ways_or_line()
    for a, b in pairwise(chain):
        out = [way.target for way in ways if way.source == a]
        into = [way.source for way in ways if way.target == b]
        if out != [b] or into != [a]:
            said = f"“{flow.step(a).name}” and “{flow.step(b).name}” do not simply follow each other."
            raise Unfit(said, "steps", "Name steps that stand in one line, in their order.")
    ids = {one.id for one in flow.steps}
    fork = Step(id=_free(f"{chain[0]}-fork", ids), name="Begin side by side", gate=True, touch="automatic")
    last = flow.step(chain[-1])
    join = Step(
        id=_free(f"{chain[-1]}-join", ids), name="All are done", gate=True, touch="automatic", join="all",
        split=last.split,
    )  # fmt: skip
    first = flow.step(chain[0])
    fork = fork.model_copy(update={"join": first.join})
    inner = set(chain)
    moved = []
    for way in ways:
        if way.source in inner and way.target in inner:
            continue
        if way.target == chain[0]:
            moved.append(way.model_copy(update={"target": fork.id}))
        elif way.source == chain[-1]:
            moved.append(way.model_copy(update={"source": join.id}))
        else:
            moved.append(way)
    spokes = [Way(source=fork.id, target=one) for one in chain] + [Way(source=one, target=join.id) for one in chain]
    alone = [_own_rework(flow.step(one), inner).model_copy(update={"split": "all", "join": "any"}) for one in chain]
    starts = tuple(one.model_copy(update={"start": fork.id}) if one.start == chain[0] else one for one in flow.classes)
    rest = tuple(_returns_to(one, chain[0], fork.id) if one.id not in inner else one for one in flow.steps)
    bare = flow.model_copy(update={"classes": starts, "steps": rest})
    return _put(bare, fork, *alone, join, ways=(*moved, *spokes))


def _own_rework(step: Step, beside: set[str]) -> Step:
    """Beside its former predecessors a step can only come back to itself."""
    if step.rework is None or step.rework.back_to not in beside:
        return step
    return step.model_copy(update={"rework": step.rework.model_copy(update={"back_to": step.id})})


def _reskill(now: Situation, change: ask.Reskill, begins: date) -> Situation:
    values = {"skill": change.skill, "people": {}}
    return _steps(now, change.step, lambda flow, step: _put(flow, step.model_copy(update=values)))


def _rebatch(now: Situation, change: ask.Rebatch, begins: date) -> Situation:
    _calendar(now.crew, change.opens or "")
    if change.opens is None and change.batch is None:
        raise Unfit(f"What changes at {change.step!r} is not said.", "opens", "Say when it opens or how it collects.")
    values: dict[str, Any] = {} if change.opens is None else {"opens": change.opens}
    if change.batch is not None:
        values["batch"] = None if change.batch == "none" else change.batch
    return _steps(now, change.step, lambda flow, step: _put(flow, step.model_copy(update=values)))


def _effort(now: Situation, change: ask.Effort, begins: date) -> Situation:
    def meant(slug: str, step: Step) -> bool:
        named = change.step is None or _local(change.step, slug) == step.id
        skilled = not change.skill or step.skill == change.skill
        return named and skilled and (not change.platform or change.platform in step.platforms) and not step.gate

    if change.step is None and not change.skill and not change.platform:
        raise Unfit("The change of effort names no step, skill or platform.", "step", "Say whose effort changes.")
    return _each(now, meant, lambda one: _easier(one, change), "No step is meant by this change of effort.")


def _easier(step: Step, change: ask.Effort) -> Step:
    values: dict[str, Any] = {"effort": times(step.effort, change.factor)}
    return step.model_copy(update={**values, "touch": change.touch} if change.touch else values)


def _reworking(now: Situation, change: ask.Reworking, begins: date) -> Situation:
    def better(flow: Workflow, step: Step) -> Workflow:
        if step.rework is None:
            return _returning_ways(flow, step, change.probability)
        rework = step.rework.model_copy(update={"probability": change.probability})
        return _put(flow, step.model_copy(update={"rework": rework}))

    return _steps(now, change.step, better)


def _returning_ways(flow: Workflow, step: Step, probability: float) -> Workflow:
    """Rework that stands as ways back (as logs show it): all of them together get this probability."""
    ways = flow.ways_or_line()
    back = [way for way in ways if way.source == step.id and way.at_most]
    was = sum(way.probability or 0 for way in back)
    if step.split != "one" or not was:
        raise Unfit(f"Nothing comes back from “{step.name}” today.", "step", "Name the step that sends work back.")
    on = [way for way in ways if way.source == step.id and not way.at_most]
    others = sum(way.probability or 0 for way in on)

    def chance(way: Way) -> float:
        if way.at_most:
            return probability * (way.probability or 0) / was
        return (1 - probability) * ((way.probability or 0) / others if others else 1 / len(on))

    changed = [way.model_copy(update={"probability": chance(way)}) if way.source == step.id else way for way in ways]
    return flow.model_copy(update={"ways": tuple(changed)})


def _demand(now: Situation, change: ask.Demand, begins: date) -> Situation:
    flows, found = {}, False
    for slug, flow in now.workflows.items():
        classes = []
        for one in flow.classes:
            meant = change.workflow in ("", slug) and change.work_class in ("", one.id)
            found |= meant
            per_month = one.arrivals.per_month * (change.factor if meant else 1)
            if meant and change.factor > 1 and per_month > MOST_A_MONTH:
                said = f"{per_month:,.0f} of “{one.name}” a month are more than is simulated."
                raise Unfit(said, "factor", f"At most {MOST_A_MONTH:,} a month.")
            classes.append(
                one.model_copy(update={"arrivals": one.arrivals.model_copy(update={"per_month": per_month})})
            )
        flows[slug] = flow.model_copy(update={"classes": tuple(classes)})
    if not found:
        raise Unfit("No kind of work is meant by this change of demand.", "workflow", "Name one that is simulated.")
    return replace(now, workflows=flows)


def _limit(now: Situation, change: ask.Limit, begins: date) -> Situation:
    if change.workflow and change.workflow not in now.workflows:
        raise Unfit(f"There is no workflow {change.workflow!r} here.", "workflow")
    flows = {
        slug: flow.model_copy(update={"limit": change.limit}) if change.workflow in ("", slug) else flow
        for slug, flow in now.workflows.items()
    }
    return replace(now, workflows=flows)


def _platform(now: Situation, change: ask.Platform, begins: date) -> Situation:
    if not change.retire:
        return now

    def moved(step: Step) -> Step:
        names = [change.add if one == change.retire else one for one in step.platforms]
        kept = tuple(dict.fromkeys(one for one in names if one))
        return step.model_copy(update={"platforms": kept, "effort": times(step.effort, change.factor)})

    said = f"No step is done on {change.retire!r}."
    return _each(now, lambda _, step: change.retire in step.platforms, moved, said)


def times(effort: float | Spread, factor: float) -> float | Spread:
    """Hours, so many times over."""
    if not isinstance(effort, Spread):
        return effort * factor
    names = ("mean", "sd", "low", "mode", "high")
    values = {name: value * factor for name in names if (value := getattr(effort, name)) is not None}
    return effort.model_copy(update={**values, "values": tuple(one * factor for one in effort.values)})


def _steps(now: Situation, ref: str, make: Callable[[Workflow, Step], Workflow]) -> Situation:
    """Change a step in each workflow that has it."""
    flows, found = {}, False
    for slug, flow in now.workflows.items():
        own = _local(ref, slug)
        step = next((one for one in flow.steps if one.id == own), None)
        found |= step is not None
        flows[slug] = make(flow, step) if step else flow
    if not found:
        raise Unfit(f"There is no step {ref!r} here.", "step", f"There are {', '.join(_step_names(now, ref))}.")
    return replace(now, workflows=flows)


def _step_names(now: Situation, ref: str) -> Iterator[str]:
    """The steps there are, of the workflow that is meant if it is there."""
    one, meant = len(now.workflows) == 1, ref.partition("/")[0]
    if "/" in ref and meant in now.workflows:
        yield from (f"{meant}/{step.id}" for step in now.workflows[meant].steps)
        return
    for slug, flow in now.workflows.items():
        yield from (step.id if one else f"{slug}/{step.id}" for step in flow.steps)


def _each(now: Situation, meant: Callable[[str, Step], bool], make: Callable[[Step], Step], nothing: str) -> Situation:
    if not any(meant(slug, step) for slug, flow in now.workflows.items() for step in flow.steps):
        raise Unfit(nothing)
    flows = {
        slug: flow.model_copy(update={"steps": tuple(make(one) if meant(slug, one) else one for one in flow.steps)})
        for slug, flow in now.workflows.items()
    }
    return replace(now, workflows=flows)


def _local(ref: str, slug: str) -> str | None:
    """The step's id within this workflow, None where another workflow is meant."""
    workflow, slash, step = ref.partition("/")
    if not slash:
        return ref
    return step if workflow == slug else None


def _put(flow: Workflow, *steps: Step, ways: Sequence[Way] | None = None) -> Workflow:
    """The workflow with these steps in place of those of the same id; new ones stand behind the first of them."""
    new, old = {one.id: one for one in steps}, {one.id for one in flow.steps}
    behind = 1 + next((number for number, one in enumerate(flow.steps) if one.id in new), 0)
    kept = [new.get(one.id, one) for one in flow.steps]
    kept[behind:behind] = [one for one in steps if one.id not in old]
    return flow.model_copy(update={"steps": tuple(kept), "ways": tuple(flow.ways_or_line() if ways is None else ways)})


def _member(now: Situation, person: str, make: Callable[[Member], Member]) -> Situation:
    if person not in {one.id for one in now.crew.people}:
        known = ", ".join(one.id for one in now.crew.people)
        raise Unfit(
            f"There is nobody called {person!r} in the crew “{now.crew.title}”.", "person", f"There are {known}."
        )
    people = tuple(make(one) if one.id == person else one for one in now.crew.people)
    return replace(now, crew=_crew(now.crew, people=people))


def _crew(crew: Crew, *, people: tuple[Member, ...]) -> Crew:
    return crew.model_copy(update={"people": people})


def _calendar(crew: Crew, name: str) -> None:
    if name and name not in crew.calendars:
        raise Unfit(
            f"The crew “{crew.title}” has no calendar {name!r}.", "calendar", f"There are {', '.join(crew.calendars)}."
        )


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}-{number}", number + 1
    return name


_MAKE: dict[str, Callable[[Situation, Any, date], Situation]] = {
    "hire": _hire, "leave": _leave, "train": _train, "rehour": _rehour, "remove": _remove, "automate": _automate,
    "assist": _assist, "parallelise": _parallelise, "reskill": _reskill, "rebatch": _rebatch, "effort": _effort,
    "rework": _reworking, "demand": _demand, "limit": _limit, "platform": _platform,
}  # fmt: skip

__all__ = ["Lesson", "Situation", "Unfit", "at", "check", "idle", "lessons", "moments", "start_of", "times"]
