"""Blueprints as jobs: what takes longer than a page may."""

from collections.abc import Iterator

from marops.domains.team.permissions import PAY, PLAN
from marops.kernel.jobs import JobRun, Progress, Step, job

STEPS = 7


@job("team.blueprint", title="Blueprint of the team", result_for=(PLAN, PAY))
def work_out(run: JobRun) -> Iterator[Step]:
    """Look for the best structures. Begins anew where it broke off: it takes seconds."""
    from marops.domains.team.queries.blueprint import Asked, going, to_keep  # read by every command otherwise

    steps = going(Asked(**run.arguments["asked"]), run.actor)
    for done in range(STEPS + 1):
        try:
            doing = next(steps)
        except StopIteration as end:
            run.result.update(to_keep(end.value))
            return
        yield Progress(done, STEPS, doing), {}
