"""Erasing people as a job: files are searched, rows go in one action per batch, then the lake is cleaned."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from marops.domains.consent.actions import erase_contacts
from marops.domains.consent.permissions import ERASE
from marops.engine.erasing import clean_up
from marops.kernel import crash, erasures, files
from marops.kernel.actors import Actor
from marops.kernel.jobs import JobRun, Progress, Step, job, start_job
from marops.kernel.models import Job

ERASE_JOB = "contacts.erase"
BATCH = 500

crash.declare("erase.after_action", "erase.after_log", "erase.after_lake")


def start_erasing(contact_ids: Sequence[UUID], *, actor: Actor, here: bool = False) -> Job:
    """Put the erasing of these people in the queue. The job's row holds ids alone."""
    arguments = {"contacts": [str(one) for one in contact_ids], "count": len(contact_ids)}
    return start_job(ERASE_JOB, arguments, actor=actor, here=here)


@job(ERASE_JOB, title="Erase people ({count})", result_for=(ERASE,))
def erase(run: JobRun) -> Iterator[Step]:
    """Arguments: contacts, and hashes from a log of erasures. Result: people, rows, files, facts, look_at."""
    ids = [UUID(one) for one in run.arguments["contacts"]]
    hashes = dict(run.arguments.get("hashes") or {})
    result = {"people": 0, "rows": 0, "files": 0, "facts": None, "look_at": []} | run.result
    run.result = result
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
