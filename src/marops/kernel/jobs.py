"""Long work that a person asked for. A job is a generator that yields after each committed batch:
there it can be stopped, and from there it resumes after a crash.

Its row is the truth: who has it in hand (`kernel.leases`), how far it is, how it ended. A worker that was suspended
and lost the row commits nothing more: its actions ask the row first, and so does every write to the row itself.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from marops.kernel import crash, leases, outages
from marops.kernel.actions import current_job
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError, problem
from marops.kernel.ids import next_number
from marops.kernel.leases import LEASE, LOST, Lease
from marops.kernel.models import Job
from marops.kernel.permissions import Grants

ATTEMPTS = 3
_HERE = "/here"

JOB_FAILED = problem(
    "job-failed",
    "The job broke off",
    status=500,
    remedy="What was done so far is kept; start it again to go on from there.",
)
JOB_STOPPED = problem("job-stopped", "The job was stopped", status=409, remedy="Start it again to go on from there.")
JOB_UNKNOWN = problem(
    "job-unknown",
    "This version of Marops does not know this kind of job",
    status=409,
    remedy="Use the version that started it, or start a new job.",
)
crash.declare("job.after_claim", "job.before_checkpoint", "job.after_checkpoint", "job.before_done")


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

    def keep(self, progress: Progress, checkpoint: dict[str, Any]) -> None:
        """Inside the transaction of a batch: keep how far it brings the job, so that both are committed or neither.

        The same is yielded afterwards. A job whose batches may run twice need not call this.
        """
        _keep(self.job, progress, checkpoint, self.result)


Step = tuple[Progress, dict[str, Any]]
Body = Callable[[JobRun], Iterator[Step]]


@dataclass(frozen=True, slots=True)
class _Kind:
    body: Body
    title: str
    result_for: tuple[str, ...]


_KINDS: dict[str, _Kind] = {}


def job(kind: str, *, title: str, result_for: tuple[str, ...] = ()) -> Callable[[Body], Body]:
    """Register the body of a kind of job. `title` may use the job's arguments: `Import {name}`.

    `result_for` names the rights that open what came of it to people beside the one who asked: all of them are needed.
    """

    def register(body: Body) -> Body:
        if kind in _KINDS:
            raise ValueError(f"job {kind!r} is registered twice")
        _KINDS[kind] = _Kind(body, title, result_for)
        return body

    return register


def job_kinds() -> list[str]:
    """The registered kinds."""
    return sorted(_KINDS)


def opens_result(one: Job, actor: Actor, held: Grants) -> bool:
    """May this actor, who sees the job, see what came of it? A program with somebody's key is not who asked."""
    if one.actor_id == actor.id and not held.by_key:
        return True
    kind = _KINDS.get(one.kind)
    return kind is not None and all(name in held for name in kind.result_for)


def start_job(kind: str, arguments: Mapping[str, Any], *, actor: Actor, here: bool = False) -> Job:
    """Put a job in the queue for a worker; with `here`, keep it for `run_here` in this process."""
    one = Job(
        number=next_number("job_number"), kind=kind, arguments=dict(arguments), actor_kind=actor.kind, actor_id=actor.id
    )
    one.title = _KINDS[kind].title.format_map(_Blank(arguments))
    if here:
        _take(one, now())
        one.lease_by += _HERE
    one.save(force_insert=True)
    return one


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
        state=Job.State.WAITING, stop_asked=False, problem=None, ended_at=None, lease_until=None, lease_by="",
        attempts=0,
    )  # fmt: skip
    if not changed:
        raise MaropsError(CONFLICT, "Only a stopped or failed job can go on.")
    return Job.objects.get(id=job_id)


def claim(as_of: datetime, *, job_id: UUID | None = None) -> Job | None:
    """Take one job that waits, or whose worker died. None when there is none."""
    abandoned = Q(lease_until__lt=as_of) | Q(lease_by__in=_dead_holders())
    due = Q(state="waiting") | Q(abandoned, state="running")
    wanted = Job.objects.filter(due) if job_id is None else Job.objects.filter(due, id=job_id)
    if not wanted.exists():  # one question while there is nothing to do, and no transaction
        return None
    with transaction.atomic():
        one = wanted.select_for_update(skip_locked=True).order_by("created_at").first()
        if one is None:
            return None
        _take(one, as_of)
        one.save()
    crash.point("job.after_claim")
    return one


def _take(one: Job, as_of: datetime) -> None:
    one.state, one.lease_until, one.lease_by = Job.State.RUNNING, as_of + LEASE, leases.holder()
    one.attempts += 1
    one.started_at = one.started_at or as_of


def _dead_holders() -> list[str]:
    return [by for by in Job.objects.filter(state="running").values_list("lease_by", flat=True) if leases.gone(by)]


def run_here(job_id: UUID, *, watch: Callable[[Job], None] = lambda _: None) -> Job:
    """Run this job in this process to its end, or until it is asked to stop. Raises what it failed with.

    Beside a running worker, start it with `start_job(…, here=True)`, or the worker may be quicker.
    """
    one = _kept_here(job_id) or claim(now(), job_id=job_id)
    if one is None:
        raise MaropsError(NOT_FOUND, "This job is not waiting; perhaps a worker has it.")
    error = run(one, watch=watch)
    if isinstance(error, MaropsError):
        raise error
    if error is not None:
        raise MaropsError(JOB_FAILED, f"{one.ref}: {type(error).__name__}") from error
    return one


def _kept_here(job_id: UUID) -> Job | None:
    """The job, if it was kept for this process and nobody here has begun it."""
    by = Job.objects.filter(id=job_id, state="running").values_list("lease_by", flat=True).first() or ""
    if not (by.endswith(_HERE) and leases.mine(by)):
        return None
    taken = Job.objects.filter(id=job_id, lease_by=by).update(lease_by=by.removesuffix(_HERE))
    return Job.objects.get(id=job_id) if taken else None


def run(
    one: Job, *, watch: Callable[[Job], None] = lambda _: None, leave: Callable[[], bool] = lambda: False
) -> Exception | None:
    """Run a claimed job. Its state says how it ended; the error, if any, is answered and not raised.

    Once `leave` answers true, the job goes back to the queue after its present batch. Ctrl-C stops it there and then;
    the batch in hand is rolled back. Raises only if PostgreSQL is away: the job goes on when it is back.
    """
    token = current_job.set(one.id)
    try:
        with leases.held(_lease(one)):
            _go(one, watch, leave)
        return None
    except KeyboardInterrupt:
        _end(one, Job.State.STOPPED)
        raise
    except Exception as error:  # whatever went wrong, the job's row says so
        _broken(one, error)
        return error
    finally:
        current_job.reset(token)
        watch(one)


def _lease(one: Job) -> Lease:
    return Lease("job", one.id, one.lease_by)


def _go(one: Job, watch: Callable[[Job], None], leave: Callable[[], bool]) -> None:
    if one.stop_asked:  # while nobody had it in hand
        _end(one, Job.State.STOPPED)
        return
    body = _body(one)
    this = JobRun(one, one.arguments, one.checkpoint, Actor(one.actor_kind, one.actor_id), dict(one.result or {}))  # type: ignore[arg-type]
    steps = body(this)
    for progress, checkpoint in steps:
        crash.point("job.before_checkpoint")
        _keep(one, progress, checkpoint, this.result)
        stop = bool(Job.objects.filter(id=one.id).values_list("stop_asked", flat=True).get())
        crash.point("job.after_checkpoint")
        watch(one)
        if stop or leave():
            if isinstance(steps, Generator):
                steps.close()
            _end(one, Job.State.STOPPED if stop else Job.State.WAITING)
            return
    one.result = this.result
    crash.point("job.before_done")
    _end(one, Job.State.DONE)


def _body(one: Job) -> Body:
    if one.attempts > ATTEMPTS:
        raise MaropsError(JOB_FAILED, f"It broke off {ATTEMPTS} times in a row without getting any further.")
    if one.kind not in _KINDS:
        raise MaropsError(JOB_UNKNOWN, f"{one.ref} is of the kind {one.kind}.")
    return _KINDS[one.kind].body


def _keep(one: Job, progress: Progress, checkpoint: dict[str, Any], result: dict[str, Any]) -> None:
    """Save where the job stands. Raises `lease-lost`."""
    one.done, one.total, one.doing = progress.done, progress.total, progress.doing
    one.checkpoint, one.result = checkpoint, result
    one.attempts = 1  # progress was made, so the next crash is a new one
    _write(
        one, done=one.done, total=one.total, doing=one.doing, checkpoint=checkpoint, result=result,
        lease_until=now() + LEASE, attempts=1,
    )  # fmt: skip


def _end(one: Job, state: Job.State) -> None:
    """Let go of the job in this state. Raises `lease-lost`."""
    one.state, one.lease_until = state, None
    if state == Job.State.WAITING:
        _write(one, state=state, lease_until=None, lease_by="", attempts=0)
        return
    one.ended_at = now()
    _write(one, state=state, ended_at=one.ended_at, lease_until=None, result=one.result)


def _write(one: Job, **values: Any) -> None:
    """Change the row as long as it is ours."""
    if not Job.objects.filter(id=one.id, lease_by=one.lease_by, state="running").update(**values):
        raise MaropsError(LOST)


def _broken(one: Job, error: Exception) -> None:
    if isinstance(error, MaropsError) and error.code == LOST:
        one.refresh_from_db()  # it is another's now, and so is its state
    elif outages.connection_lost(error):
        if not outages.reachable():
            raise error
        _free(one)
    else:
        _fail(one, error)


def _free(one: Job) -> None:
    """PostgreSQL was restarted under the job: it waits for a worker again; the broken attempt counts."""
    one.state = Job.State.WAITING
    Job.objects.filter(id=one.id, lease_by=one.lease_by, state="running").update(
        state=one.state, lease_until=None, lease_by=""
    )


def _fail(one: Job, error: Exception) -> None:
    one.problem = _known(error).as_json()
    if not isinstance(error, MaropsError):
        one.problem["trace"] = outages.places(error)
    one.state, one.ended_at, one.lease_until = Job.State.FAILED, now(), None
    Job.objects.filter(id=one.id, lease_by=one.lease_by).update(
        state=one.state, ended_at=one.ended_at, lease_until=None, problem=one.problem
    )


def _known(error: Exception) -> MaropsError:
    if isinstance(error, MaropsError):
        return error
    if outages.no_room(error):
        return MaropsError(outages.DATABASE_FULL)
    return MaropsError(JOB_FAILED, type(error).__name__)
