"""Long work that a person asked for. A job is a generator that yields after each committed batch:
there it can be stopped, and from there it resumes after a crash.
"""

import os
import socket
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from marops.kernel import crash
from marops.kernel.actions import current_job
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError, problem
from marops.kernel.models import Job

LEASE = timedelta(seconds=60)
ATTEMPTS = 3

JOB_FAILED = problem(
    "job-failed",
    "The job broke off",
    status=500,
    remedy="What was done so far is kept; start it again to go on from there.",
)
JOB_STOPPED = problem("job-stopped", "The job was stopped", status=409, remedy="Start it again to go on from there.")

crash.declare("job.after_claim", "job.after_checkpoint", "job.before_done")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: rows done, rows in all (None while unknown), and what it is doing in words."""

    done: int
    total: int | None = None
    doing: str = ""


@dataclass
class JobRun:
    """What the body of a job is given: its arguments, where to resume, and where to leave its result."""

    job: Job
    arguments: Mapping[str, Any]
    checkpoint: dict[str, Any] | None
    actor: Actor
    result: dict[str, Any] = field(default_factory=dict)


Step = tuple[Progress, dict[str, Any]]
Body = Callable[[JobRun], Iterator[Step]]

_KINDS: dict[str, tuple[Body, str]] = {}


def job(kind: str, *, title: str) -> Callable[[Body], Body]:
    """Register the body of a kind of job. `title` may use the job's arguments: `Import {name}`."""

    def register(body: Body) -> Body:
        if kind in _KINDS:
            raise ValueError(f"job {kind!r} is registered twice")
        _KINDS[kind] = (body, title)
        return body

    return register


def job_kinds() -> list[str]:
    """The registered kinds."""
    return sorted(_KINDS)


def start_job(kind: str, arguments: Mapping[str, Any], *, actor: Actor) -> Job:
    """Put a job in the queue; a worker, or `run_here`, takes it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('job_number')")
        number = cursor.fetchone()[0]
    title = _KINDS[kind][1].format_map(_Blank(arguments))
    return Job.objects.create(
        number=number, kind=kind, title=title, arguments=dict(arguments), actor_kind=actor.kind, actor_id=actor.id
    )


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def ask_to_stop(job_id: UUID) -> None:
    """Ask a job to end after its present batch; a waiting one stops at once."""
    Job.objects.filter(id=job_id, state__in=["waiting", "running"]).update(stop_asked=True)
    Job.objects.filter(id=job_id, state="waiting").update(state=Job.State.STOPPED, ended_at=now())


def resume(job_id: UUID) -> Job:
    """Let a stopped or failed job go on from its checkpoint."""
    changed = Job.objects.filter(id=job_id, state__in=["stopped", "failed"]).update(
        state=Job.State.WAITING, stop_asked=False, problem=None, ended_at=None, lease_until=None, attempts=0
    )
    if not changed:
        raise MaropsError(CONFLICT, "Only a stopped or failed job can go on.")
    return Job.objects.get(id=job_id)


def claim(as_of: datetime, *, job_id: UUID | None = None) -> Job | None:
    """Take one job that waits, or whose worker died (its lease ran out). None when there is none."""
    due = Q(state="waiting") | Q(state="running", lease_until__lt=as_of)
    with transaction.atomic():
        found = Job.objects.select_for_update(skip_locked=True).filter(due).order_by("created_at")
        one = (found.filter(id=job_id) if job_id else found).first()
        if one is None:
            return None
        one.state, one.lease_until, one.lease_by = Job.State.RUNNING, as_of + LEASE, _me()
        one.attempts += 1
        one.started_at = one.started_at or as_of
        one.save()
    crash.point("job.after_claim")
    return one


def _me() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def run_here(job_id: UUID, *, watch: Callable[[Job], None] = lambda _: None) -> Job:
    """Run this job in this process to its end, or until it is asked to stop. Raises what it failed with."""
    one = claim(now(), job_id=job_id)
    if one is None:
        raise MaropsError(NOT_FOUND, "This job is not waiting; perhaps a worker has it.")
    error = run(one, watch=watch)
    if isinstance(error, MaropsError):
        raise error
    if error is not None:
        raise MaropsError(JOB_FAILED, f"{one.ref}: {type(error).__name__}") from error
    return one


def run(one: Job, *, watch: Callable[[Job], None] = lambda _: None) -> Exception | None:
    """Run a claimed job. Its state says how it ended; the error, if any, is answered and not raised."""
    token = current_job.set(one.id)
    try:
        if one.attempts > ATTEMPTS:
            raise MaropsError(JOB_FAILED, f"It broke off {ATTEMPTS} times in a row.")
        _go(one, watch)
        return None
    except Exception as error:  # whatever went wrong, the job's row says so
        _fail(one, error)
        return error
    finally:
        current_job.reset(token)
        watch(one)


def _go(one: Job, watch: Callable[[Job], None]) -> None:
    this = JobRun(one, one.arguments, one.checkpoint, Actor(one.actor_kind, one.actor_id), dict(one.result or {}))  # type: ignore[arg-type]
    body = _KINDS[one.kind][0](this)
    for progress, checkpoint in body:
        one.done, one.total, one.doing = progress.done, progress.total, progress.doing
        one.checkpoint, one.result = checkpoint, this.result
        stop = _keep(one)
        crash.point("job.after_checkpoint")
        watch(one)
        if stop:
            if isinstance(body, Generator):
                body.close()
            _end(one, Job.State.STOPPED)
            return
    one.result = this.result
    crash.point("job.before_done")
    _end(one, Job.State.DONE)


def _keep(one: Job) -> bool:
    """Save where the job stands and answer whether it was asked to stop. Fails if another worker took it over."""
    held = Job.objects.filter(id=one.id, lease_by=one.lease_by, state="running").update(
        done=one.done, total=one.total, doing=one.doing, checkpoint=one.checkpoint, result=one.result,
        lease_until=now() + LEASE, attempts=1,
    )  # fmt: skip
    if not held:
        raise MaropsError(CONFLICT, "Another worker has taken this job over.")
    one.attempts = 1  # progress was made, so the next crash is a new one
    return bool(Job.objects.filter(id=one.id).values_list("stop_asked", flat=True).get())


def _end(one: Job, state: Job.State) -> None:
    one.state, one.ended_at, one.lease_until = state, now(), None
    one.save(update_fields=["state", "ended_at", "lease_until", "result", "done", "total", "doing"])


def _fail(one: Job, error: Exception) -> None:
    known = error if isinstance(error, MaropsError) else MaropsError(JOB_FAILED, f"{type(error).__name__}")
    one.problem = known.as_json()
    if not isinstance(error, MaropsError):
        # Places in the code only: messages of foreign errors may carry personal values.
        one.problem["trace"] = [
            f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)
        ][-8:]
    one.state, one.ended_at, one.lease_until = Job.State.FAILED, now(), None
    Job.objects.filter(id=one.id, lease_by=one.lease_by).update(
        state=one.state, ended_at=one.ended_at, lease_until=None, problem=one.problem
    )
