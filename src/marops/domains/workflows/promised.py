"""When open work will be done: what is in progress now, from the facts or from the log a workflow was read off."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import TYPE_CHECKING, Any

from marops.domains.register.public import slug_of
from marops.domains.workflows.actions import keep_answer
from marops.domains.workflows.asking import Ask, kept_answer, state_of
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.permissions import VIEW
from marops.domains.workflows.queries import log_of, source_of
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.situations import Known, known
from marops.engine.asking import query_engine
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.definitions import digest
from marops.kernel.errors import MaropsError, problem
from marops.kernel.jobs import JobRun, Progress, Step, job, start_job
from marops.kernel.models import Job
from marops.kernel.permissions import require
from marops.kernel.workspace import sample_present

if TYPE_CHECKING:
    from marops.domains.workflows.answering.promising import OpenItem, Promise

DRAWN = problem(
    "workflow-without-work",
    "Nothing says which work of this workflow is open",
    remedy="Read it off a log, or off the work that is done here.",
)
TOUCHED = timedelta(days=60)
"""Whatever nobody has touched for so long is not in progress any more."""
FRESH = timedelta(days=31)
"""What was open so long before the first day that is looked at says what there is to do then; not earlier."""
HOPELESS, SAFE = 0.02, 0.95
RUNS = 200
MONTHS = 6
"""So far ahead is looked."""
FIRST = 5
"""So many are named that are to be done first."""

_OPEN = """
SELECT case_id, case_class, activity, least(enabled_at, started_at, ended_at) AS began, ended_at
FROM facts
WHERE kind = 'task.finished' AND activity IS NOT NULL AND ended_at <= $now AND case_id IN (
    SELECT case_id FROM facts WHERE kind = 'task.finished' AND ended_at BETWEEN $since AND $now)
ORDER BY case_id, ended_at
"""


@dataclass(frozen=True, slots=True)
class InProgress:
    """What is open in all workflows of a crew, and the moment that is looked from: now, or where the log ends."""

    items: tuple["OpenItem", ...]
    at: datetime
    log: str

    @property
    def says(self) -> str:
        """For the assumptions of an answer that begins with it."""
        found = f"{len(self.items)} pieces of work" if len(self.items) != 1 else "one piece of work"
        return (
            f"Begins with {found} of the workflows of this crew that had been begun and not finished on"
            f" {self.at:%d %B %Y} ({self.log}); what still waited for its first step then is not known."
        )

    @property
    def digest(self) -> str:
        """The same for the same pieces of work in the same state."""
        return digest(
            {"open": [[one.key, one.workflow, len(one.done), iso_utc(one.done[-1][1])] for one in self.items]}
        )


def promises(slug: str, ask: Ask, *, actor: Actor) -> dict[str, Any]:
    """Open items with the dates by which half and 85 of 100 runs finish them, and which of them to do first, as JSON.

    Kept: asked again within the hour with nothing done since, it is the same answer.
    Raises MaropsError `workflow-without-work` for a workflow whose work nobody records.
    """
    require(actor, VIEW)
    here = known(slug)
    going = in_progress(here)
    asked = {"runs": ask.runs, "seed": ask.seed, "versions": list(here.refs), "open": going.digest, "log": going.log}
    asked |= {"state": state_of(here)}
    kind = WorkflowAnswer.Kind.PROMISES
    key = digest({"kind": kind, "way": 1, "hour": f"{going.at:%Y%m%d%H}", **asked})
    row = WorkflowAnswer.objects.filter(workflow=here.slug, kind=kind, digest=key).first()
    if row is None:
        began = time.monotonic()
        answer = _reckoned(here, going, ask)
        row = keep_answer(
            actor=actor, workflow=here.slug, kind=kind, digest=key, asked=asked, answer=answer,
            seconds=round(time.monotonic() - began, 3), sample=sample_present(),
        )  # fmt: skip
    return kept_answer(row)


def _reckoned(here: Known, going: InProgress, ask: Ask) -> dict[str, Any]:
    from marops.domains.workflows.answering.outcomes import Setting
    from marops.domains.workflows.answering.promising import promises as reckoned

    day = going.at.astimezone(here.clock).date()
    setting = Setting(here.frame(MONTHS, day, warm_up=0), ask.seed, ask.runs)
    found = reckoned(here.situation, going.items, setting, going.at)
    rows = [_row(one, here.workflow) for one in found if one.item.workflow == here.slug]
    return {"at": iso_utc(going.at), "open": rows, "first": to_do_first(rows)}


def to_do_first(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The open items whose date is in danger and not lost, the one most in danger first."""
    chances = [(one["on_time"]["value"], one["case"]) for one in rows if one["on_time"]]
    return [case for chance, case in sorted(chances) if HOPELESS < chance < SAFE][:FIRST]


def _row(one: "Promise", flow: Workflow) -> dict[str, Any]:
    last, ended = one.item.done[-1]
    share = one.on_time
    return {
        "case": one.item.key, "class": one.item.work_class, "began": iso_utc(one.item.arrived),
        "done": last, "done_name": flow.step(last).name, "done_at": iso_utc(ended), "waits_for": list(one.waits_for),
        "p50": iso_utc(one.p50), "p85": iso_utc(one.p85), "due": iso_utc(one.item.due),
        "on_time": {"value": share.value, "low": share.low, "high": share.high} if share else None,
    }  # fmt: skip


@job("workflow.promises", title="Reckon when open work of {workflow} will be done", result_for=(VIEW,))
def reckon(run: JobRun) -> Iterator[Step]:
    """Simulate the work in progress of now, many times over."""
    yield Progress(0, 1, "Simulating the work in progress"), {}
    ask = Ask(runs=run.arguments.get("runs", RUNS), seed=run.arguments.get("seed", 1))
    found = promises(run.arguments["workflow"], ask, actor=run.actor)
    run.result |= {"workflow": found["workflow"], "open": len(found["open"]), "first": found["first"]}
    run.result |= {"seconds": found["seconds"], "kept": found["kept"]}
    yield Progress(1, 1, "Done"), {}


def start(slug: str, *, actor: Actor, **how: Any) -> Job:
    """Put the question in the queue. `how`: runs, seed.

    Raises MaropsError `not-allowed`, `not-found`, `workflow-cannot-run`, `workflow-without-work`.
    """
    require(actor, VIEW)
    here = known(slug)
    if source_of(here.workflow) is None:
        raise _nothing_said(here)
    return start_job("workflow.promises", {"workflow": here.slug, **how}, actor=actor)


def _nothing_said(here: Known) -> MaropsError:
    return MaropsError(DRAWN, f"“{here.workflow.title}” was drawn, or its log is gone: nobody says which work is open.")


def in_progress(here: Known, at: datetime | None = None) -> InProgress:
    """What is open in all workflows of the crew: now, or where the log ends; by facts also at an earlier moment.

    Raises MaropsError `workflow-without-work`.
    """
    row = source_of(here.workflow)
    if row is None:
        raise _nothing_said(here)
    if row.format == "facts":
        at = at or now()
        return InProgress(tuple(_of_facts(here, at)), at, row.ref)
    from marops.domains.workflows.answering.promising import open_items

    at = row.last_at or now()
    flow = here.workflow
    names = {one.name: one.id for one in flow.classes}
    items = open_items(log_of(row), flow, here.slug, class_of=names, since=at - TOUCHED)
    return InProgress(tuple(_dated(one, here) for one in items), at, row.ref)


def open_before(here: Known, first: date) -> InProgress | None:
    """What is open when a time begins; None where nobody knows that: of a workflow that was drawn, or shares its crew
    with one of which nobody knows it, or whose log ends too long before that day, or after it.
    """
    refs = {flow.source.log if flow.source else "" for flow in here.situation.workflows.values()}
    row = source_of(here.workflow) if len(refs) == 1 else None
    if row is None:
        return None
    morning = datetime.combine(first, time_of_day.min, here.clock)
    if row.format == "facts":
        at = min(now(), morning)
    elif len(here.situation.workflows) == 1 and row.last_at:
        at = row.last_at
    else:
        return None
    gap = first - at.astimezone(here.clock).date()
    return in_progress(here, at) if timedelta() <= gap <= FRESH else None


def _of_facts(here: Known, at: datetime) -> Iterator[Any]:
    """Open items of all the crew's workflows; a loop over open cases, of which there are tens."""
    from marops.domains.workflows.answering.promising import OpenItem, last_steps

    flows = here.situation.workflows
    known = {slug: ({step.name: step.id for step in flow.steps}, last_steps(flow)) for slug, flow in flows.items()}
    cases: dict[str, list[dict[str, Any]]] = {}
    for row in query_engine().rows(_OPEN, {"now": at, "since": at - TOUCHED}):
        cases.setdefault(row["case_id"], []).append(row)
    for key, rows in cases.items():
        slug = slug_of(rows[0]["case_class"] or "")
        flow = flows.get(slug)
        if flow is None:
            continue
        ids, last = known[slug]
        steps = tuple((ids.get(one["activity"], ""), one["ended_at"]) for one in rows)
        if all(step for step, _ in steps) and not any(step in last for step, _ in steps):
            yield _dated(OpenItem(key, slug, flow.classes[0].id, rows[0]["began"], steps), here)


def _dated(item: Any, here: Known) -> Any:
    """With the date its workflow promises, where it has none."""
    promise = here.situation.workflows[item.workflow].promise
    return replace(item, due=item.arrived + timedelta(hours=promise.hours)) if promise and not item.due else item
