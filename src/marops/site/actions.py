"""Writes of the kernel's pages: jobs, problems, notices."""

from uuid import UUID

from marops.kernel import jobs
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_ALLOWED, NOT_FOUND, MaropsError
from marops.kernel.models import Job, Notice, Problem
from marops.kernel.permissions import grants
from marops.site.permissions import MANAGE_JOBS, RESOLVE_PROBLEMS, reaches_job


def _job(actor: Actor, job_id: UUID) -> Job:
    row = Job.objects.filter(id=job_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    if not reaches_job(MANAGE_JOBS, grants(actor), actor, row):
        raise MaropsError(NOT_ALLOWED, "Somebody else asked for this job.")
    return row


@action("job.stop", effect="change", right=MANAGE_JOBS, reversible=True)
def stop_job(act: Act, *, actor: Actor, job_id: UUID) -> Job:
    """Ask a job to end after its present batch; what it did is kept."""
    row = _job(actor, job_id)
    jobs.ask_to_stop(job_id)
    act.changed("job", row.id, after={"stop_asked": True})
    return Job.objects.get(id=job_id)


@action("job.resume", effect="change", right=MANAGE_JOBS)
def resume_job(act: Act, *, actor: Actor, job_id: UUID) -> Job:
    """Let a stopped or failed job go on from where it stood. Raises MaropsError `conflict` for others."""
    row = _job(actor, job_id)
    resumed = jobs.resume(job_id)
    act.changed("job", row.id, before={"state": row.state}, after={"state": resumed.state})
    return resumed


@action("problem.resolve", effect="change", right=RESOLVE_PROBLEMS)
def resolve_problem(act: Act, *, actor: Actor, problem_id: UUID) -> Problem:
    """Close a problem; it opens again by itself when the trouble comes back."""
    row = Problem.objects.select_for_update().filter(id=problem_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    if row.resolved_at is None:
        row.resolved_at, row.resolved_by = act.at, actor.id
        row.save(update_fields=["resolved_at", "resolved_by"])
        act.changed("problem", row.id, after={"resolved": True})
    return row


@action("notice.read", effect="note")
def read_notices(act: Act, *, actor: Actor) -> int:
    """Mark a person's notices as read."""
    return Notice.objects.filter(account_id=actor.id, read_at__isnull=True).update(read_at=act.at)
