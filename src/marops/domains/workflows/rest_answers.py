"""What simulation answers about workflows, over REST: the last answer by GET, a question by POST, answered by a job."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from marops.domains.accounts.public import actor_of
from marops.domains.workflows.asking import (
    Ask,
    bottleneck_json,
    comparison_json,
    found_before,
    simulation,
    with_levels,
)
from marops.domains.workflows.decided import start as start_decisions
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.promised import start as start_promises
from marops.domains.workflows.questions import start_bottleneck, start_comparison, start_fit
from marops.domains.workflows.situations import known
from marops.kernel.models import Job
from marops.kernel.permissions import require
from marops.kernel.rest import Shown, Strict

router = Router(tags=["workflows"])

Months = Annotated[int, Field(ge=1, le=60)]
Runs = Annotated[int, Field(ge=2, le=10_000)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Key = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w.-]+$")]


class Asked(Strict):
    """How a question is asked: months that are looked ahead, how often it is simulated, the seed of its luck."""

    months: Months = 18
    replications: Runs = 100
    seed: Seed = 1


class AskedNow(Strict):
    """The same for what is simulated while the caller waits."""

    months: Annotated[int, Field(ge=1, le=36)] = 18
    replications: Annotated[int, Field(ge=2, le=200)] = 100
    seed: Seed = 1


class AskedToCompare(Asked):
    """`scenarios`: short names of kept ones, or documents by the names that they have in the answer."""

    scenarios: (
        Annotated[list[str], Field(min_length=1, max_length=8)]
        | Annotated[dict[Key, dict[str, Any]], Field(min_length=1, max_length=8)]
    )


class AskedToFit(Strict):
    """`against`: the reference of a log that the model has not seen (`EL-3`); `replications`: simulated logs."""

    against: str
    replications: Annotated[int, Field(ge=1, le=100)] = 10
    seed: Seed = 1


class AskedToDecide(Strict):
    """`plan`: so many of each kind of work in each month, as `marops workflow decisions --plan` reads it."""

    plan: dict[str, Any]
    replications: Runs = 400
    seed: Seed = 1


class AskedForPromises(Strict):
    """How often the work in progress is simulated, and the seed of its luck."""

    replications: Runs = 200
    seed: Seed = 1


class WhichAnswer(Strict):
    """Which answer: the last one, unless it is named as the job's result names it."""

    kept: UUID | None = None


class StartedOut(Strict):
    """A job that was put in the queue; `/jobs/{ref}` says how far it is."""

    job: str
    state: str
    workflow: str


class BottleneckOut(Shown):
    """What holds a workflow back, by four methods with intervals."""

    workflow: str
    constraint: dict[str, Any]
    methods: list[dict[str, Any]]
    asked: dict[str, Any]
    seconds: float


class ComparisonOut(Shown):
    """Scenarios against doing nothing: every figure by option and month, with its difference."""

    workflow: str
    options: list[dict[str, Any]]
    lines: list[dict[str, Any]]
    best: str | None
    asked: dict[str, Any]
    seconds: float


class SimulationOut(Shown):
    """How things go if nothing is changed."""

    workflow: str
    months: list[dict[str, Any]]
    figures: dict[str, Any]
    replications: int
    asked: dict[str, Any]
    seconds: float


class FitOut(Shown):
    """How far simulated logs are from one that the model has not seen, in multiples of the noise floor; and whether
    the two logs, `source` and `against`, changed in their own course.
    """

    workflow: str
    source: str
    against: str
    distances: list[dict[str, Any]]
    drift: dict[str, Any] | None = None
    asked: dict[str, Any]
    seconds: float


class DecisionsOut(Shown):
    """How likely a plan is, and the decisions that raise that most with the people there are."""

    workflow: str
    today: dict[str, Any]
    decisions: list[dict[str, Any]]
    tried: list[dict[str, Any]]
    says: str
    asked: dict[str, Any]
    seconds: float


class PromisesOut(Shown):
    """When open work will be done, and what to do first."""

    workflow: str
    at: datetime
    open: list[dict[str, Any]]
    first: list[str]
    asked: dict[str, Any]
    seconds: float


@router.get("/workflows/{slug}/bottleneck", response=BottleneckOut)
def last_bottleneck(request: HttpRequest, slug: str, given: Query[WhichAnswer]) -> dict[str, Any]:
    """The last answer to where this workflow is held back. Refused with `not-found` where nobody asked."""
    actor = actor_of(request)
    require(actor, VIEW)
    return bottleneck_json(found_before(slug, WorkflowAnswer.Kind.BOTTLENECK, given.kept, actor=actor))


@router.post("/workflows/{slug}/bottleneck", response={202: StartedOut})
def find_bottleneck(request: HttpRequest, slug: str, body: Asked | None = None) -> Status[dict[str, Any]]:
    """Ask where this workflow is held back. Answers at once; a job looks, and names its answer as `kept`."""
    actor = actor_of(request)
    require(actor, VIEW)
    here = known(slug)  # says at once what is missing
    return _started(start_bottleneck(slug, actor=actor, **_how(body or Asked())), here.slug)


@router.post("/workflows/{slug}/simulate", response=SimulationOut)
def simulate(request: HttpRequest, slug: str, body: AskedNow | None = None) -> dict[str, Any]:
    """How things go if nothing is changed, by month, person and step. Simulated at once; nothing is kept."""
    return simulation(slug, Ask(**_how(body or AskedNow())), actor=actor_of(request))


@router.get("/workflows/{slug}/comparisons", response=ComparisonOut)
def last_comparison(request: HttpRequest, slug: str, given: Query[WhichAnswer]) -> dict[str, Any]:
    """The last comparison of scenarios for this workflow. Refused with `not-found` where nobody asked."""
    actor = actor_of(request)
    require(actor, VIEW)
    return comparison_json(found_before(slug, WorkflowAnswer.Kind.COMPARISON, given.kept, actor=actor))


@router.post("/workflows/{slug}/comparisons", response={202: StartedOut})
def compare(request: HttpRequest, slug: str, body: AskedToCompare) -> Status[dict[str, Any]]:
    """Compare scenarios, kept or sent along, with doing nothing. Answers at once; a job names its answer as `kept`."""
    actor = actor_of(request)
    require(actor, VIEW)
    here = known(slug)
    return _started(start_comparison(slug, body.scenarios, actor=actor, **_how(body)), here.slug)


@router.get("/workflows/{slug}/fit", response=FitOut)
def last_fit(request: HttpRequest, slug: str, given: Query[WhichAnswer]) -> dict[str, Any]:
    """The last comparison of this workflow with a log that it has not seen."""
    require(actor_of(request), VIEW)
    return with_levels(found_before(slug, WorkflowAnswer.Kind.FIT, given.kept))


@router.post("/workflows/{slug}/fit", response={202: StartedOut})
def fit(request: HttpRequest, slug: str, body: AskedToFit) -> Status[dict[str, Any]]:
    """Ask how well this workflow reproduces a log that it has not seen; the job's result has the distances."""
    actor = actor_of(request)
    require(actor, VIEW)
    here = known(slug)
    how = {"runs": body.replications, "seed": body.seed}
    return _started(start_fit(slug, body.against, actor=actor, **how), here.slug)


@router.get("/workflows/{slug}/decisions", response=DecisionsOut)
def last_decisions(request: HttpRequest, slug: str, given: Query[WhichAnswer]) -> dict[str, Any]:
    """The last answer to what helps a plan. Refused with `not-found` where nobody asked."""
    require(actor_of(request), VIEW)
    return with_levels(found_before(slug, WorkflowAnswer.Kind.DECISIONS, given.kept))


@router.post("/workflows/{slug}/decisions", response={202: StartedOut})
def decide(request: HttpRequest, slug: str, body: AskedToDecide) -> Status[dict[str, Any]]:
    """Ask which decisions raise the probability of a plan most. Answers at once; a job names its answer as `kept`."""
    how = {"runs": body.replications, "seed": body.seed}
    job = start_decisions(slug, body.plan, actor=actor_of(request), within="/plan", **how)
    return _started(job, job.arguments["workflow"])


@router.get("/workflows/{slug}/promises", response=PromisesOut)
def last_promises(request: HttpRequest, slug: str, given: Query[WhichAnswer]) -> dict[str, Any]:
    """The last answer to when open work will be done, reckoned `at`. Refused with `not-found` where nobody asked."""
    require(actor_of(request), VIEW)
    return with_levels(found_before(slug, WorkflowAnswer.Kind.PROMISES, given.kept))


@router.post("/workflows/{slug}/promises", response={202: StartedOut})
def promise(request: HttpRequest, slug: str, body: AskedForPromises | None = None) -> Status[dict[str, Any]]:
    """Ask when open work will be done, from the work in progress of now. Answers at once; a job reckons."""
    asked = body or AskedForPromises()
    job = start_promises(slug, actor=actor_of(request), runs=asked.replications, seed=asked.seed)
    return _started(job, job.arguments["workflow"])


def _how(body: Asked | AskedNow) -> dict[str, Any]:
    return {"months": body.months, "runs": body.replications, "seed": body.seed}


def _started(job: Job, workflow: str) -> Status[dict[str, Any]]:
    return Status(202, {"job": job.ref, "state": job.state, "workflow": workflow})
