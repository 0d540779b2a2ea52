"""Rights over the kernel's own objects: jobs, problems, comments, files, share links, history."""

from marops.kernel.actors import Actor
from marops.kernel.models import Job
from marops.kernel.permissions import Grants, Scope, right

SEE_JOBS = right("jobs.view", "See jobs", scoped=True)
MANAGE_JOBS = right("jobs.manage", "Stop jobs and let them go on", scoped=True)
SEE_PROBLEMS = right("problems.view", "See the inbox of problems")
RESOLVE_PROBLEMS = right("problems.resolve", "Close problems")
SEE_HISTORY = right("audit.view", "See who changed what")
SEE_METRICS = right("metrics.view", "See figures and how they are defined")
SEE_DESKS = right("desks.see", "See the desks of other roles")


def reaches_job(name: str, held: Grants, actor: Actor, job: Job) -> bool:
    """Does the right `name` reach this job? A job belongs to whoever asked for it."""
    scope = held.scope(name)
    if scope is None:
        return False
    if scope is Scope.ALL or job.actor_id == actor.id:
        return True
    return scope > Scope.OWN and job.actor_id in {str(one) for one in held.team_ids}
