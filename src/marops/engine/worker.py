"""The worker: takes the jobs that people asked for, one at a time."""

import logging
import threading
from datetime import timedelta
from uuid import UUID

from django.db import close_old_connections

from marops.kernel import jobs
from marops.kernel.clock import now
from marops.kernel.models import Job
from marops.kernel.notices import raise_problem, tell

log = logging.getLogger("marops.worker")

IDLE_SECONDS = 1.0


def work(stop: threading.Event) -> None:
    """Run jobs until `stop` is set; a job in hand is asked to stop after its present batch."""
    while not stop.is_set():
        try:
            job = jobs.claim(now())
            if job is not None:
                _run(job, stop)
        except Exception as error:
            log.error("could not look for jobs: %s", type(error).__name__)
            stop.wait(5.0)
            job = None
        close_old_connections()
        if job is None:
            stop.wait(IDLE_SECONDS)


def _run(job: Job, stop: threading.Event) -> None:
    log.info("%s %s begins", job.ref, job.kind)

    def watch(one: Job) -> None:
        if stop.is_set() and one.state == Job.State.RUNNING:
            raise _GoingDown

    try:
        error = jobs.run(job, watch=watch)
    finally:
        log.info("%s is %s", job.ref, job.state)
    if isinstance(error, _GoingDown):
        # Not the job's fault: it waits for the next worker and goes on from its checkpoint.
        Job.objects.filter(id=job.id).update(
            state=Job.State.WAITING, lease_until=now() - timedelta(seconds=1), problem=None, ended_at=None
        )
        return
    _tell_its_author(job, error)


class _GoingDown(Exception):
    """The worker ends; the job in hand goes back to the queue."""


def _tell_its_author(job: Job, error: Exception | None) -> None:
    if error is not None:
        raise_problem(
            f"job:{job.id}",
            f"{job.title or job.kind} broke off",
            detail=str((job.problem or {}).get("detail", "")),
            remedy=str((job.problem or {}).get("remedy", "")),
            url=f"/jobs/{job.ref}",
            severity="bad",
        )
    if job.actor_kind == "human" and job.state in (Job.State.DONE, Job.State.FAILED):
        words = "is done" if job.state == Job.State.DONE else "broke off"
        tell(UUID(job.actor_id), f"{job.title or job.kind} {words}.", url=f"/jobs/{job.ref}")
