"""Decisions for a plan: which changes of one step most raise the probability that it is met; asked once and kept."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from marops.domains.workflows.actions import keep_answer, recall_answer
from marops.domains.workflows.asking import Ask, as_document, kept_answer, latest, state_of
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.rules.targets import Plan, kinds_of_work, read_plan
from marops.domains.workflows.situations import Known, known
from marops.kernel.actors import Actor
from marops.kernel.definitions import digest
from marops.kernel.errors import INVALID, MaropsError
from marops.kernel.jobs import JobRun, Progress, Step, job, start_job
from marops.kernel.models import Job
from marops.kernel.permissions import require
from marops.kernel.workspace import sample_present, today

if TYPE_CHECKING:
    from marops.domains.workflows.answering.deciding import Decided, Decision, Seen

RUNS = 400
"""A probability wants more runs than a mean does."""


def planned(slug: str, document: object, ask: Ask) -> tuple[Known, Plan]:
    """A workflow with its crew, and the plan as it fits them. Raises MaropsError `invalid` with every fault."""
    here = known(slug)
    return here, read_plan(document, here.situation, here.slug, ask.first or today())


def steps(slug: str, document: object, ask: Ask, *, actor: Actor) -> Generator["Seen", None, dict[str, Any]]:
    """Find the decisions, and say how far one is; answers them as JSON, from what was kept where the question is known.

    Raises MaropsError `not-found`, `workflow-cannot-run`, `invalid`.
    """
    require(actor, VIEW)
    here, plan = planned(slug, document, ask)
    first = ask.first or today()
    asked = {
        "plan": plan.as_plain(), "first": first.isoformat(), "runs": ask.runs, "seed": ask.seed,
        "versions": list(here.refs), "state": state_of(here),
    }  # fmt: skip
    kind = WorkflowAnswer.Kind.DECISIONS
    key = digest({"kind": kind, "way": 1, **asked})
    row = WorkflowAnswer.objects.filter(workflow=here.slug, kind=kind, digest=key).first()
    if row is not None:  # asked again after another plan, it is the last answer now
        return kept_answer(row if row == latest(here.slug, kind) else recall_answer(actor=actor, answer=row.id))
    began = time.monotonic()
    answer = yield from _found(here, plan, ask)
    row = keep_answer(
        actor=actor, workflow=here.slug, kind=kind, digest=key, asked=asked, answer=answer,
        seconds=round(time.monotonic() - began, 3), sample=sample_present(),
    )  # fmt: skip
    return kept_answer(row)


def _found(here: Known, plan: Plan, ask: Ask) -> Generator["Seen", None, dict[str, Any]]:
    from marops.domains.workflows.answering.deciding import decide
    from marops.domains.workflows.answering.outcomes import Setting

    setting = Setting(here.frame(1, ask.first), ask.seed, ask.runs)
    found = yield from decide(here.situation, plan, setting)
    return as_json(found, here, plan)


def decisions(slug: str, document: object, ask: Ask, *, actor: Actor, tell: Callable[[str], None]) -> dict[str, Any]:
    """The same at once, for whoever waits."""
    going, said = steps(slug, document, ask, actor=actor), ""
    while True:
        try:
            seen = next(going)
        except StopIteration as end:
            found: dict[str, Any] = end.value
            return found
        if seen.words != said:
            tell(said := seen.words)


@job("workflow.decide", title="Find the decisions that help the plan of {workflow}", result_for=(VIEW,))
def decide_it(run: JobRun) -> Iterator[Step]:
    """Try every change of one step against the plan; stopped between two of them."""
    arguments = run.arguments
    ask = Ask(runs=arguments.get("runs", RUNS), seed=arguments.get("seed", 1))
    going = steps(arguments["workflow"], arguments["plan"], ask, actor=run.actor)
    total = 1
    while True:
        try:
            seen = next(going)
        except StopIteration as end:
            found = end.value
            break
        total = seen.total
        yield Progress(seen.done, total, seen.words), {}
    best = [one["title"] for one in found["decisions"]]
    run.result |= {"workflow": found["workflow"], "best": best, "seconds": found["seconds"], "kept": found["kept"]}
    yield Progress(total, total, "Done"), {}


def start(slug: str, document: Any, *, actor: Actor, within: str = "", **how: Any) -> Job:
    """Put the question in the queue. `how`: runs, seed; `within`: where the plan stands in what was sent.

    Raises MaropsError `not-allowed`, `not-found`, `workflow-cannot-run`, or `invalid` with every fault by its place.
    """
    require(actor, VIEW)
    try:
        here, _plan = planned(slug, document, Ask())
    except MaropsError as error:
        if not within or error.code != INVALID:
            raise
        faults = [replace(one, pointer=within + one.pointer) for one in error.errors]
        raise MaropsError(error.code, error.detail, remedy=error.remedy, errors=faults) from None
    return start_job("workflow.decide", {"workflow": here.slug, "plan": document, **how}, actor=actor)


def as_json(found: "Decided", here: Known, plan: Plan) -> dict[str, Any]:
    """What was found, as pages, papers, REST and the command line read it."""
    kinds = kinds_of_work(here.situation)
    return {
        "today": _plain(found.today),
        "in_time": _plain(found.in_time),
        "met_by_month": [
            {"month": day.isoformat()[:7], **_plain(one)}
            for day, one in zip(plan.months, found.met_by_month, strict=True)
        ],
        "asks_for": [
            {
                "class": "/".join(key), "name": kinds[key].name, "workflow": here.situation.workflows[key[0]].title,
                "per_month": [float(one) for one in each], "pieces": plan.due(key)[-1],
                "comes_in_today": kinds[key].arrivals.per_month, "days_ahead": round(plan.ahead[key] / 24, 1),
            }
            for key, each in plan.targets.items()
        ],
        "says": _says(found),
        "decisions": [_row(one, here) for one in found.best],
        "tried": [_row(one, here) for one in found.decisions],
        "runs": found.runs,
    }  # fmt: skip


def _row(one: "Decision", here: Known) -> dict[str, Any]:
    scenario = one.candidate.choice.scenario
    return {
        "key": one.candidate.choice.key, "title": scenario.title, "kind": one.candidate.kind,
        "workflow": one.candidate.workflow, "step": one.candidate.step,
        "gain": _plain(one.gain), "probability": _plain(one.probability),
        "in_time_gain": _plain(one.in_time_gain), "in_time": _plain(one.in_time),
        "runs": one.runs, "looked_closer": one.finalist, "scenario": as_document(scenario),
    }  # fmt: skip


def _plain(one: Estimate) -> dict[str, Any]:
    told: dict[str, Any] = {"value": one.value, "low": one.low, "high": one.high}
    return {**told, "why": one.why} if one.why else told


def _says(found: "Decided") -> str:
    """Which answer this is: a code that pages put in words."""
    if found.best:
        return "some"
    closer = [one for one in found.decisions if one.finalist]
    reached = [one.probability.value or 0.0 for one in closer]
    if not closer:
        return "nothing-to-change"
    if not (found.today.value or 0.0) and not any(reached):
        return "out-of-reach"
    if (found.today.value or 0.0) >= 1.0:
        return "met-anyway"
    return "none"
