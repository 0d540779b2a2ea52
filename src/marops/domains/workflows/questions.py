"""Questions about workflows as jobs: asked on a page or by REST, answered by the worker, kept."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

from marops.domains.workflows.asking import (
    Ask,
    as_document,
    bottleneck,
    check_names,
    comparison,
    fitting_to,
    read_off,
    scenario_of,
    scenarios_named,
)
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.queries import find_log
from marops.domains.workflows.rules.changing import Situation, Unfit, at, check
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import Known, fitting, known
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, load
from marops.kernel.errors import FieldError, MaropsError
from marops.kernel.jobs import JobRun, Progress, Step, ask_to_stop, job, start_job
from marops.kernel.models import Job
from marops.kernel.permissions import require
from marops.kernel.workspace import today

LOOKS = 0.2
"""Seconds between two looks at whether somebody still waits."""
Scenarios = Sequence[str] | Mapping[str, Any]
"""Short names of kept scenarios, or documents by the names they have in the answer."""


@job("workflow.bottleneck", title="Find the bottleneck of {workflow}", result_for=(VIEW,))
def find(run: JobRun) -> Iterator[Step]:
    """Ask for the bottleneck; an answer that was kept is found again."""
    yield Progress(0, 1, "Simulating the workflow and each of its steps with less work"), {}
    found = bottleneck(run.arguments["workflow"], _ask(run), actor=run.actor)
    constraint = found["answer"]["constraint"]
    run.result |= {"workflow": found["workflow"], "constraint": constraint["name"], "seconds": found["seconds"]}
    run.result["kept"] = found["kept"]
    yield Progress(1, 1, "Done"), {}


@job("workflow.compare", title="Compare scenarios for {workflow}", result_for=(VIEW,))
def compare(run: JobRun) -> Iterator[Step]:
    """Compare scenarios: first by month, then what takes longer.

    What a page asked for gives way there to those who wait for a first answer, and goes on behind them as `goes_on`.
    """
    names, documents = run.arguments["scenarios"], run.arguments.get("documents", {})
    scenarios = {key: scenario_of(documents[key], key) for key in names if key in documents}
    scenarios = {**scenarios, **scenarios_named([key for key in names if key not in documents])}
    slug, ask = run.arguments["workflow"], _ask(run)
    yield Progress(0, 2, "Simulating doing nothing and each option on the same luck"), {}
    found = comparison(slug, scenarios, ask, actor=run.actor, deep=False)
    run.result["kept"] = found["kept"]
    looking = Progress(1, 2, "Looking for the highest intake and the assumption that turns the ranking round")
    yield looking, {}
    from marops.domains.workflows.answering.outcomes import Stopped

    stop = _Stop(run)
    try:
        found = comparison(slug, scenarios, ask, actor=run.actor, stop=stop)
    except Stopped:
        if stop.gives_way:
            later = start_job("workflow.compare", {**run.arguments, "again": True}, actor=run.actor)
            run.result["goes_on"] = later.ref
            ask_to_stop(run.job.id)
        yield looking, {}
        return
    run.result |= {"workflow": found["workflow"], "best": found["answer"]["best"], "seconds": found["seconds"]}
    run.result["kept"] = found["kept"]
    yield Progress(2, 2, "Done"), {}


@job("workflow.fit", title="Compare {workflow} with the log {against}", result_for=(VIEW,))
def fit(run: JobRun) -> Iterator[Step]:
    """Say how far simulated logs are from one that the model has not seen."""
    yield Progress(0, 1, "Simulating logs and comparing them with the one that is named"), {}
    found = fitting_to(run.arguments["workflow"], find_log(run.arguments["against"]), _ask(run), actor=run.actor)
    run.result |= {name: found[name] for name in ("workflow", "distances", "seconds", "kept")}
    yield Progress(1, 1, "Done"), {}


class _Stop:
    """Was the job asked to stop, or does it give way? Looked up now and then, by the thread that runs the job alone."""

    def __init__(self, run: JobRun) -> None:
        self._job, self._thread = run.job.id, threading.get_ident()
        self._asked, self._next = False, 0.0
        self._polite = bool(run.arguments.get("page"))
        self.gives_way = False

    def __call__(self) -> bool:
        if threading.get_ident() == self._thread and time.monotonic() > self._next:
            self._asked = Job.objects.filter(id=self._job, stop_asked=True).exists()
            self.gives_way = self._polite and not self._asked and _somebody_waits()
            self._next = time.monotonic() + LOOKS
        return self._asked or self.gives_way


def _somebody_waits() -> bool:
    """Does a question about workflows wait for its first answer?"""
    kinds = ["workflow.compare", "workflow.bottleneck"]
    waiting = Job.objects.filter(kind__in=kinds, state=Job.State.WAITING)
    return waiting.filter(arguments__again__isnull=True).exists()


def _ask(run: JobRun) -> Ask:
    return Ask(**{name: run.arguments[name] for name in ("months", "runs", "seed") if name in run.arguments})


def start_bottleneck(slug: str, *, actor: Actor, **how: Any) -> Job:
    """Put the question in the queue. `how`: months, runs, seed. Raises MaropsError `not-allowed`."""
    require(actor, VIEW)
    return start_job("workflow.bottleneck", {"workflow": slug, **how}, actor=actor)


def start_comparison(slug: str, scenarios: Scenarios, *, actor: Actor, **how: Any) -> Job:
    """Put a comparison in the queue, of kept scenarios or of documents that nobody kept.

    Raises MaropsError `not-allowed`, `not-found`, or `invalid` with every fault of a document by its place.
    """
    require(actor, VIEW)
    check_names(list(scenarios))
    asked: dict[str, Any] = {"workflow": slug, "scenarios": list(scenarios), **how}
    if isinstance(scenarios, Mapping):
        here = known(slug)
        asked["documents"] = {key: as_document(_read(here, key, one)) for key, one in scenarios.items()}
    else:
        scenarios_named(scenarios)
    return start_job("workflow.compare", asked, actor=actor)


def leave_comparing(slug: str, *, actor: Actor) -> None:
    """End what somebody asked before on the page of a workflow: they ask something else now, and wait for that."""
    rows = Job.objects.filter(
        kind="workflow.compare", arguments__workflow=slug, arguments__page=True, actor_id=actor.id,
        state__in=[Job.State.WAITING, Job.State.RUNNING],
    )  # fmt: skip
    for ident in rows.values_list("id", flat=True):
        ask_to_stop(ident)


def start_fit(slug: str, against: str, *, actor: Actor, **how: Any) -> Job:
    """Put the comparison with a log in the queue. `how`: runs, seed. Raises MaropsError `workflow-without-log`."""
    require(actor, VIEW)
    log = find_log(against)
    read_off(known(slug))
    return start_job("workflow.fit", {"workflow": slug, "against": log.ref, **how}, actor=actor)


def check_fits(here: Known, scenario: Scenario, key: str = "") -> None:
    """Can the changes be made to the workflow and its crew? Raises MaropsError `invalid`."""
    with fitting(key):
        check(here.situation, scenario.changes, today())


def faults_of(scenario: Scenario) -> list[FieldError]:
    """Which of its changes cannot be made, each by its place, in that crew with its workflows that it fits best.

    Crews whose workflows cannot be simulated as they stand are not looked at.
    """
    crews = {load(row).crew: row.slug for row in active("workflow")}
    found = []
    for slug in crews.values():
        with suppress(MaropsError):
            found.append(_misfits(known(slug).situation, scenario))
    return min(found, key=len, default=[])


def _misfits(situation: Situation, scenario: Scenario) -> list[FieldError]:
    """Every change that does not fit; those after it are looked at as if it had not been there."""
    first, last = today(), date(today().year + 30, 1, 1)
    with suppress(Unfit):  # one may need another that stands behind it
        check(situation, scenario.changes, first)
        return []
    faults = []
    for number, change in enumerate(scenario.changes):
        try:
            situation = at(situation, (change,), first, last)
        except Unfit as error:
            below = error.fault.pointer.removeprefix("/changes/0")
            faults.append(replace(error.fault, pointer=f"/changes/{number}{below}"))
    return faults


def _read(here: Known, key: str, document: Any) -> Scenario:
    try:
        scenario = scenario_of(document, key)
        check_fits(here, scenario, key)
    except MaropsError as error:
        faults = [replace(one, pointer=f"/scenarios/{key}{one.pointer}") for one in error.errors]
        raise MaropsError(error.code, error.detail, remedy=error.remedy, errors=faults) from None
    return scenario
