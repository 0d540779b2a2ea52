"""The worker: takes the jobs that people asked for, one at a time."""

import logging
import threading
from collections.abc import Callable
from uuid import UUID

from django.db import close_old_connections, connection, connections

from marops.kernel import jobs, outages, ports
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.leases import LOST
from marops.kernel.models import Job
from marops.kernel.notices import raise_problem, settle, tell

log = logging.getLogger("marops.worker")

IDLE_SECONDS = 1.0
AWAY_SECONDS = 2.0
GOODBYE_SECONDS = 5.0


def work(stop: threading.Event) -> None:
    """Run jobs until `stop` is set; a job in hand goes back to the queue after its present batch."""
    beside = _start_beside(stop)
    _work(stop)
    for one in beside:
        one.join(GOODBYE_SECONDS)


def _start_beside(stop: threading.Event) -> list[threading.Thread]:
    """What goes on while jobs run: each in a thread of its own, started again when it breaks off."""
    threads = [
        threading.Thread(target=_keep_up, args=(filler.name, filler.value, stop), name=filler.name, daemon=True)
        for filler in ports.beside
    ]
    for one in threads:
        one.start()
    return threads


def _keep_up(name: str, run: Callable[[threading.Event], None], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            run(stop)
        except Exception as error:
            log.error("%s broke off: %s at %s", name, type(error).__name__, outages.places(error))
            connection.close()
            stop.wait(AWAY_SECONDS)
    connections.close_all()


def _work(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            found = _one(stop)
        except Exception as error:
            # PostgreSQL is away; the job in hand is found again by its lease.
            log.error("the database cannot be used: %s", type(error).__name__)
            connection.close()
            stop.wait(AWAY_SECONDS)
            continue
        if not found:
            stop.wait(IDLE_SECONDS)


def _one(stop: threading.Event) -> bool:
    job = jobs.claim(now())
    if job is None:
        return False
    log.info("%s %s begins", job.ref, job.kind)
    error = jobs.run(job, leave=stop.is_set)
    log.info("%s is %s", job.ref, job.state)
    _tell_its_author(job, error)
    close_old_connections()
    return True


def _tell_its_author(job: Job, error: Exception | None) -> None:
    if isinstance(error, MaropsError) and error.code == LOST:
        return  # whoever has it now will tell
    key = f"job:{job.id}"
    if job.state == Job.State.FAILED:
        problem = job.problem or {}
        raise_problem(
            key,
            f"{job.title or job.kind} broke off",
            detail=str(problem.get("detail", "")),
            remedy=str(problem.get("remedy", "")),
            url=f"/jobs/{job.ref}",
            severity="bad",
        )
    elif job.state == Job.State.DONE:
        settle(key)
    if job.actor_kind == "human" and job.state in (Job.State.DONE, Job.State.FAILED):
        words = "is done" if job.state == Job.State.DONE else "broke off"
        tell(UUID(job.actor_id), f"{job.title or job.kind} {words}.", url=f"/jobs/{job.ref}")
