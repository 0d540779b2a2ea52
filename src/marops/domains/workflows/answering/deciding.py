"""Which workflow decisions most raise the probability of a plan, at the headcount there is.

A plan asks for so many finished items by class and month. They come in as planned: each so long before its date as its
workflow promises to take, so that the question is whether these people get it done, and not whether it is asked for.
Whatever the plan does not speak of comes in as today. Candidates are redesigns of one step each, made from the
documents (nobody is hired), that hold from today on.

All are tried with a few runs on the same luck; those that help most are then tried on runs of their own, so that what
chose them does not flatter them.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.comparing import Choice
from marops.domains.workflows.answering.outcomes import Setting, estimate
from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.rules.changing import Situation, Unfit, at
from marops.domains.workflows.rules.compiling import Compiled, compiled
from marops.domains.workflows.rules.document import Step, Workflow
from marops.domains.workflows.rules.faults import needs_somebody
from marops.domains.workflows.rules.frames import YEAR_HOURS, Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.rules.targets import Plan, kinds_of_work
from marops.methods.estimates import LEVEL, Interval, of_paired_shares, of_share
from marops.methods.simulation.kernel import simulate
from marops.methods.simulation.model import Arrivals

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SOONER = 0.75
FEWER = 0.5
DECISIONS = 3
FINALISTS = 8
"""So many candidates are tried on runs of their own."""
FIRST_LOOK = 60
"""Runs by which all candidates are looked through."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A redesign: its scenario, the workflow and step it changes, and what it does there."""

    choice: Choice
    workflow: str
    step: str
    kind: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A redesign with the probability that the plan is met with it, the gain over how things are, and how much of the
    plan is finished in its month. `runs`: by how many runs that is known.
    """

    candidate: Candidate
    probability: Estimate
    gain: Estimate
    in_time: Estimate
    in_time_gain: Estimate
    runs: int
    finalist: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """How likely the plan is as things are, whole and up to each month, and every decision that was tried, in the order
    of what it brings.
    """

    today: Estimate
    in_time: Estimate
    met_by_month: tuple[Estimate, ...]
    decisions: tuple[Decision, ...]
    runs: int

    @property
    def best(self) -> tuple[Decision, ...]:
        """The three that raise the probability most, of those that raise it at all as far as one can tell."""
        return tuple(
            one for one in self.decisions if one.finalist and one.gain.told and (one.gain.value or 0) > 0
        )[:DECISIONS]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of the plan in each run. `reached`: replications × months, whether all that was asked for by the end
    of the month was finished; `in_time`: the share of the pieces that were finished in their month or before.
    """

    reached: Bools
    in_time: Floats

    @property
    def met(self) -> Bools:
        """Was the whole plan met?"""
        return np.asarray(self.reached.all(axis=1))


@dataclass(frozen=True, slots=True)
class Seen:
    """How far the trials are."""

    done: int
    total: int
    words: str


def decide(situation: Situation, plan: Plan, setting: Setting) -> Generator[Seen, None, Decided]:
    """Simulate every candidate against the plan, and say after each how far it is. `setting`: how many runs, which
    luck, and its frame: from which day and in which zone.
    """
    offered = list(candidates(situation, setting.frame.first))
    few = min(FIRST_LOOK, setting.replications)
    screened = len(offered) > FINALISTS
    total = len(offered) * screened + min(len(offered), FINALISTS) + 1
    yield Seen(0, total, "Simulating the plan as things are")
    found: list[Decision] = []
    if screened:
        base = trial(situation, plan, setting, runs=few)
        for number, one in enumerate(offered):
            tried = trial(situation, plan, setting, scenario=one.choice.scenario, runs=few)
            found.append(_decision(one, tried, base, finalist=False))
            yield Seen(number + 1, total, f"Trying {len(offered)} changes of one step each")
        found.sort(key=_order)
        offered = [one.candidate for one in found[:FINALISTS]]
    runs = setting.replications
    base = trial(situation, plan, setting, first=few, runs=runs)
    best: list[Decision] = []
    for one in offered:
        yield Seen(total - len(offered) + len(best), total, "Looking closer at those that help most")
        tried = trial(situation, plan, setting, scenario=one.choice.scenario, first=few, runs=runs)
        best.append(_decision(one, tried, base, finalist=True, of=len(offered)))
    best.sort(key=_order)
    so_far = np.logical_and.accumulate(base.reached, axis=1)
    months = tuple(_share(so_far[:, month]) for month in range(len(plan.months)))
    rest = tuple(found[FINALISTS:])
    return Decided(_share(base.met), estimate(base.in_time), months, (*best, *rest), runs)


def _order(one: Decision) -> tuple[float, float]:
    """By the gain in probability, then by how much more of the plan is finished in its month.

    Runs that look everything through are too few to tell small probabilities apart: there the second comes first.
    """
    gain, sooner = one.gain.value or 0.0, one.in_time_gain.value or 0.0
    return (-gain, -sooner) if one.finalist else (-gain - sooner, 0.0)


def _decision(one: Candidate, tried: Trial, base: Trial, *, finalist: bool, of: int = 1) -> Decision:
    """`of`: that many intervals of gains hold together (Bonferroni), since the best of them is what is looked at."""
    more, less = int((tried.met & ~base.met).sum()), int((base.met & ~tried.met).sum())
    level = 1 - (1 - LEVEL) / of
    gain = _as_estimate(of_paired_shares(more, less, len(base.met), level))
    sooner = estimate(tried.in_time - base.in_time)
    return Decision(one, _share(tried.met), gain, estimate(tried.in_time), sooner, len(base.met), finalist)


def _share(hits: Bools) -> Estimate:
    return _as_estimate(of_share(int(hits.sum()), len(hits)))


def _as_estimate(found: Interval | None) -> Estimate:
    return Estimate(found.value, found.low, found.high) if found else Estimate(None, why="nothing was simulated")


# --- the plan, simulated


def frame_of(plan: Plan, now: Frame) -> Frame:
    """The time from the first piece of the plan that comes in, or from today, to the plan's end."""
    days = max(plan.ahead.values()) / 24
    first = min(now.first, plan.months[0] - timedelta(days=int(days) + 1))
    last = plan.ends[-1]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return replace(now, first=first, months=months)


def trial(
    situation: Situation, plan: Plan, setting: Setting, *, scenario: Scenario | None = None, first: int = 0, runs: int
) -> Trial:
    """Simulate the plan, with things as they are or changed."""
    made, known = _with_plan(compiled(situation, frame_of(plan, setting.frame), scenario), situation, plan)
    found = simulate(made.model, seed=setting.seed, replications=runs, first=first, workers=setting.workers)
    cases = found.cases
    ends = np.array([made.frame.hour(day) for day in plan.ends])
    reached = np.ones((runs, len(ends)), bool)
    kept, all_of_them = np.zeros(runs), 0
    for key, (number, before) in known.items():
        due = plan.due(key)
        finished = np.full((runs, due[-1]), np.inf)
        ours = (cases.work_class == number) & (cases.case >= before)
        finished[cases.replication[ours] - first, cases.case[ours] - before] = cases.finished[ours]
        for month, end in enumerate(ends):
            reached[:, month] &= (finished <= end).sum(axis=1) >= due[month]
        own = np.repeat(ends, np.diff([0, *due]))
        kept += (finished <= own).sum(axis=1)
        all_of_them += due[-1]
    return Trial(reached, kept / all_of_them)


def _with_plan(
    made: Compiled, situation: Situation, plan: Plan
) -> tuple[Compiled, dict[tuple[str, str], tuple[int, int]]]:
    """The same model, in which what is planned comes in as planned; by kind of work the place of its class, and how
    many come in before the first piece of the plan.
    """
    kinds, classes, known = kinds_of_work(situation), list(made.model.classes), {}
    for key in plan.targets:
        number = made.classes.index(key)
        planned = _planned(made.frame, plan, key)
        before = _before(made.model.begin, planned[0], kinds[key].arrivals.per_month)
        classes[number] = replace(classes[number], arrivals=Arrivals(times=np.concatenate([before, planned])))
        known[key] = (number, len(before))
    return replace(made, model=replace(made.model, classes=tuple(classes))), known


def _planned(frame: Frame, plan: Plan, key: tuple[str, str]) -> Floats:
    """When the pieces of the plan come in: their dates are spread over each month at equal distances."""
    edges = [frame.hour(day) for day in (*plan.months, plan.ends[-1])]
    counts = np.diff([0, *plan.due(key)])
    dates = [
        since + (until - since) * (number + 0.5) / count
        for (since, until), count in zip(pairwise(edges), counts, strict=True)
        for number in range(count)
    ]
    return np.maximum(np.array(dates) - plan.ahead[key], frame.hour(frame.begin))


def _before(begin: float, until: float, per_month: float) -> Floats:
    """What comes in before that, as many as today, at equal distances."""
    if per_month <= 0:
        return np.zeros(0)
    gap = YEAR_HOURS / 12 / per_month
    return np.arange(until - gap, begin, -gap)[::-1]


# --- what can be decided


def candidates(situation: Situation, start: date) -> Iterator[Candidate]:
    """Redesigns of one step each that need nobody new, from the most obvious faults of the documents."""
    for slug, flow in situation.workflows.items():
        for step in flow.steps:
            for kind, title, change in _redesigns(flow, step):
                beside = change.get("steps")
                at = {"steps": [f"{slug}/{one}" for one in beside]} if beside else {"step": f"{slug}/{step.id}"}
                whole = title[:1].upper() + title[1:] if len(situation.workflows) == 1 else f"{flow.title}: {title}"
                document = {"title": whole[:200], "changes": [{**change, **at, "start": start}]}
                choice = Choice(f"{kind}-{slug}-{step.id}", Scenario.model_validate(document))
                if _fits(situation, choice.scenario, start):
                    yield Candidate(choice, slug, step.id, kind)


def _fits(situation: Situation, scenario: Scenario, start: date) -> bool:
    try:
        at(situation, scenario.changes, start, start)
    except Unfit:
        return False
    return True


def _redesigns(flow: Workflow, step: Step) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if step.rework and step.rework.probability > 0:
        share = step.rework.probability * FEWER
        title = f"half as much comes back from {step.name}"
        yield "rework", title, {"change": "rework", "probability": share}
    if not needs_somebody(step):
        return
    if step.opens:
        yield "open", f"{step.name} on any working day", {"change": "rebatch", "opens": ""}
    if step.batch:
        yield "single", f"{step.name} one by one", {"change": "rebatch", "batch": "none"}
    if step.touch == "human" and not step.review:
        title = f"AI helps with {step.name} ({1 - SOONER:.0%} less work)"
        yield "assist", title, {"change": "assist", "effort": SOONER}
    following = _follows(flow, step)
    if following and needs_somebody(following) and following.skill != step.skill and not following.review:
        title = f"{step.name} and {following.name} side by side"
        yield "beside", title, {"change": "parallelise", "steps": [step.id, following.id]}


def _follows(flow: Workflow, step: Step) -> Step | None:
    """The step that alone follows and is led to by this one alone."""
    ways = flow.ways_or_line()
    out = [way.target for way in ways if way.source == step.id]
    if len(out) != 1 or sum(way.target == out[0] for way in ways) != 1 or step.rework:
        return None
    return flow.step(out[0])
