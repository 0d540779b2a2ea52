"""Erasing people as a job: files are searched, rows go in one action per batch, then the lake is cleaned."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from marops.domains.consent.actions import erase_contacts
from marops.domains.consent.actions.keeping import anonymise_contacts
from marops.domains.consent.actions.requests import keep_proof
from marops.domains.consent.permissions import ERASE
from marops.domains.consent.queries import proving
from marops.domains.consent.queries.retention import preview
from marops.domains.consent.rules.retention import Retention
from marops.engine.erasing import clean_up
from marops.kernel import crash, erasures, files, personal
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.clock import now
from marops.kernel.definitions import active, find, load
from marops.kernel.errors import CONFLICT, MaropsError
from marops.kernel.jobs import JobRun, Progress, Step, job, start_job
from marops.kernel.models import Definition, ErasedValue, Job
from marops.kernel.permissions import require

ERASE_JOB = "contacts.erase"
BATCH = 500

crash.declare("erase.after_action", "erase.after_log", "erase.after_lake")


def start_erasing(
    contact_ids: Sequence[UUID], *, actor: Actor, here: bool = False, request_id: UUID | None = None
) -> Job:
    """Put the erasing of these people in the queue. The job's row holds ids alone; `request_id` is who asked for it."""
    arguments: dict[str, Any] = {"contacts": [str(one) for one in contact_ids], "count": len(contact_ids)}
    if request_id:
        arguments["request"] = str(request_id)
    return start_job(ERASE_JOB, arguments, actor=actor, here=here)


@job(ERASE_JOB, title="Erase people ({count})", result_for=(ERASE,))
def erase(run: JobRun) -> Iterator[Step]:
    """Arguments: contacts, hashes from a log of erasures, request. Result: people, rows, files, facts, look_at, proof.

    The values that are searched for afterwards stand in this process alone. After a crash between erasing and searching
    they are gone with the person, and the proof says that it looked for ids only.
    """
    ids = [UUID(one) for one in run.arguments["contacts"]]
    hashes = dict(run.arguments.get("hashes") or {})
    result = {"people": 0, "rows": 0, "files": 0, "facts": None, "look_at": []} | run.result
    run.result = result
    searched = ids[: proving.MOST_PEOPLE]
    known = erasures.values_of(searched)
    values = proving.alone(known, searched)
    before = proving.search(values) if values else None
    for start in range((run.checkpoint or {}).get("done", 0), max(len(ids), 1), BATCH):
        batch = ids[start : start + BATCH]
        held = files.holding(erasures.values_of(batch))
        done = erase_contacts(actor=run.actor, contact_ids=batch, file_ids=held, hashes=hashes)
        crash.point("erase.after_action")
        erasures.note()
        crash.point("erase.after_log")
        result["people"] += done.people
        result["rows"] += done.rows
        result["files"] += len(held)
        result["look_at"] = sorted({*result["look_at"], *done.look_at})
        yield Progress(start + len(batch), len(ids), "Erasing people"), {"done": start + BATCH}
    yield Progress(len(ids), len(ids), "Cleaning the lake"), {"done": max(len(ids), 1)}
    result["facts"] = clean_up(ids)
    crash.point("erase.after_lake")
    yield Progress(len(ids), len(ids), "Searching every place"), {"done": max(len(ids), 1)}
    result["proof"] = _prove(run, searched, values, before, shared=len(known) - len(values))


def _prove(
    run: JobRun, ids: Sequence[UUID], values: Sequence[str], before: proving.Search | None, *, shared: int
) -> str:
    """Search again, and keep what came of it. Answers the proof's reference; empty where nobody was there."""
    people = int(run.result["people"])
    if not people:
        return ""
    after = proving.search(values, ids)
    others = proving.others_with(values) if after.places.get("table contact") else []
    told = proving.report(
        before, after, people=people, searched=len(ids), values=len(personal.spellings(values)), shared=shared,
        hashes=ErasedValue.objects.count(), others=others,
    )  # fmt: skip
    asked = run.arguments.get("request")
    proof = keep_proof(actor=run.actor, report=told, job_id=run.job.id, request_id=UUID(asked) if asked else None)
    return proof.ref


RETAIN_JOB = "privacy.retain"


def start_retention(slug: str, *, actor: Actor, here: bool = False) -> Job:
    """Let a rule of retention run once, within its limit. Raises `not-found`, `not-allowed`."""
    require(actor, ERASE)
    row = find(f"retention/{slug}")
    if row.state != Definition.State.ACTIVE:
        raise MaropsError(CONFLICT, f"{row.pinned} is not in force.")
    return start_job(RETAIN_JOB, {"rule": row.pinned, "slug": slug}, actor=actor, here=here)


def retention_due(slug: str) -> dict[str, Any]:
    """Whom a rule in force is about now: how many, how many go in one run, and who would be next."""
    document: Retention = load(find(f"retention/{slug}"))
    return preview(document, now()).as_json(document)


@job(RETAIN_JOB, title="Retention: {slug}", result_for=(ERASE,))
def retain(run: JobRun) -> Iterator[Step]:
    """Arguments: rule, as pinned. Result: people, rows, left: how many it is still about."""
    document: Retention = load(find(run.arguments["rule"]))
    result: dict[str, Any] = {"people": 0, "rows": 0, "left": 0, "then": document.then} | run.result
    run.result = result
    due = preview(document, now())
    for start in range(0, len(due.next), BATCH):
        batch = list(due.next[start : start + BATCH])
        held = files.holding(erasures.values_of(batch))
        if document.then == "erase":
            result["rows"] += erase_contacts(actor=run.actor, contact_ids=batch, file_ids=held).rows
        else:
            result["rows"] += anonymise_contacts(actor=run.actor, contact_ids=batch, file_ids=held)
        erasures.note()
        result["people"] += len(batch)
        yield Progress(start + len(batch), len(due.next), "Letting go of quiet people"), {"done": start + BATCH}
    result["left"] = due.people - len(due.next)
    if due.next:
        clean_up(due.next if document.then == "erase" else [])
    yield Progress(len(due.next), len(due.next), "Done"), {"done": len(due.next)}


def start_due_retention() -> int:
    """A new day: let every rule in force that runs by itself run once. Answers how many were started."""
    ready = [row for row in active("retention") if load(row).runs]
    for row in ready:
        start_job(RETAIN_JOB, {"rule": row.pinned, "slug": row.slug}, actor=ENGINE)
    return len(ready)
