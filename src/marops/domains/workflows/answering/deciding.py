"""Which workflow decisions most raise the probability of a plan, at the headcount there is.

A plan asks for so many finished items by class and month. Candidates are redesigns of one step each, made from the
document (nobody is hired); each is simulated on the same luck, and the gain in probability has an interval.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.comparing import Choice
from marops.domains.workflows.answering.outcomes import Outcome, Setting, estimate, outcome
from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.document import Step, Workflow
from marops.domains.workflows.rules.faults import needs_somebody
from marops.domains.workflows.rules.scenario import Scenario

Floats = NDArray[np.float64]
Plan = Mapping[tuple[str, str], Sequence[float]]
"""Items to be finished by (workflow, class) and month, the first month first; later months ask for nothing."""
SOONER = 0.75
FEWER = 0.5
DECISIONS = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """A redesign, with the probability that the plan is met with it and the gain over how things are."""

    choice: Choice
    probability: Estimate
    gain: Estimate


@dataclass(frozen=True, slots=True)
class Decided:
    """How likely the plan is as things are, and the decisions in the order of their gain."""

    today: Estimate
    decisions: tuple[Decision, ...]

    @property
    def best(self) -> tuple[Decision, ...]:
        """The three that raise the probability most, of those that raise it at all as far as one can tell."""
        return tuple(one for one in self.decisions if one.gain.told and (one.gain.value or 0) > 0)[:DECISIONS]


def decide(situation: Situation, plan: Plan, setting: Setting, *, target: str | None = None) -> Decided:
    """Simulate every candidate against the plan."""
    base = met(outcome(situation, setting), plan)
    found = []
    for choice in candidates(situation, target):
        with_it = met(outcome(situation, setting, scenario=choice.scenario), plan)
        found.append(Decision(choice, estimate(with_it), estimate(with_it - base)))
    found.sort(key=lambda one: -(one.gain.value or 0.0))
    return Decided(estimate(base), tuple(found))


def met(found: Outcome, plan: Plan) -> Floats:
    """1 for each replication in which every class has finished what was asked for by the end of every month."""
    good = np.ones(found.runs.replications)
    for number, name in enumerate(found.compiled.classes):
        wanted = np.zeros(found.runs.finished.shape[2])
        asked = plan.get(name, ())[: len(wanted)]
        wanted[: len(asked)] = asked
        done = np.cumsum(found.runs.finished[:, number], axis=1)
        good *= (done >= np.cumsum(wanted)).all(axis=1) if len(asked) else 1.0
    return good


def candidates(situation: Situation, target: str | None) -> Iterator[Choice]:
    """Redesigns of one step each that need nobody new, from the most obvious faults of the document."""
    for slug, flow in situation.workflows.items():
        if target not in (None, slug):
            continue
        for step in flow.steps:
            for kind, title, change in _redesigns(flow, step):
                beside = change.get("steps")
                at = {"steps": [f"{slug}/{one}" for one in beside]} if beside else {"step": f"{slug}/{step.id}"}
                document = {"title": title, "changes": [{**change, **at}]}
                yield Choice(f"{kind}-{slug}-{step.id}", Scenario.model_validate(document))


def _redesigns(flow: Workflow, step: Step) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if step.rework and step.rework.probability > 0:
        share = step.rework.probability * FEWER
        title = f"Half as much comes back from {step.name}"
        yield "rework", title, {"change": "rework", "probability": share}
    if not needs_somebody(step):
        return
    if step.opens:
        yield "open", f"{step.name} on any working day", {"change": "rebatch", "opens": ""}
    if step.batch:
        yield "single", f"{step.name} one by one", {"change": "rebatch", "batch": None}
    if step.touch == "human" and not step.review:
        title = f"{step.name} drafted with AI ({1 - SOONER:.0%} less effort)"
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
