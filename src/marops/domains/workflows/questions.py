"""Questions about workflows as jobs: asked on a page or by REST, answered by the worker, kept."""

from collections.abc import Iterator
from typing import Any

from marops.domains.workflows.asking import Ask, bottleneck, comparison, scenarios_named
from marops.domains.workflows.permissions import VIEW
from marops.kernel.actors import Actor
from marops.kernel.jobs import JobRun, Progress, Step, job, start_job
from marops.kernel.models import Job
from marops.kernel.permissions import require


@job("workflow.bottleneck", title="Find the bottleneck of {workflow}")
def find(run: JobRun) -> Iterator[Step]:
    """Ask for the bottleneck; an answer that was kept is found again."""
    yield Progress(0, 1, "Simulating the workflow and each of its steps with less work"), {}
    found = bottleneck(run.arguments["workflow"], _ask(run), actor=run.actor)
    constraint = found["answer"]["constraint"]
    run.result |= {"workflow": found["workflow"], "constraint": constraint["name"], "seconds": found["seconds"]}
    yield Progress(1, 1, "Done"), {}


@job("workflow.compare", title="Compare scenarios for {workflow}")
def compare(run: JobRun) -> Iterator[Step]:
    """Compare kept scenarios: first by month, then what takes longer."""
    scenarios = scenarios_named(run.arguments["scenarios"])
    slug, ask = run.arguments["workflow"], _ask(run)
    yield Progress(0, 2, "Simulating doing nothing and each option on the same luck"), {}
    found = comparison(slug, scenarios, ask, actor=run.actor, deep=False)
    yield Progress(1, 2, "Looking for the highest intake and the assumption that turns the ranking round"), {}
    found = comparison(slug, scenarios, ask, actor=run.actor)
    run.result |= {"workflow": found["workflow"], "best": found["answer"]["best"], "seconds": found["seconds"]}
    yield Progress(2, 2, "Done"), {}


def _ask(run: JobRun) -> Ask:
    return Ask(**{name: run.arguments[name] for name in ("months", "runs", "seed") if name in run.arguments})


def start_bottleneck(slug: str, *, actor: Actor, **how: Any) -> Job:
    """Put the question in the queue. `how`: months, runs, seed. Raises MaropsError `not-allowed`."""
    require(actor, VIEW)
    return start_job("workflow.bottleneck", {"workflow": slug, **how}, actor=actor)


def start_comparison(slug: str, scenarios: list[str], *, actor: Actor, **how: Any) -> Job:
    """Put the comparison of kept scenarios in the queue. Raises MaropsError `not-allowed`."""
    require(actor, VIEW)
    return start_job("workflow.compare", {"workflow": slug, "scenarios": scenarios, **how}, actor=actor)
