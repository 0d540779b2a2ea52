"""A bulk remedy as a job: it is tried again after a crash, and applied once."""

from collections.abc import Iterator, Mapping
from typing import Any

from marops.domains.contacts.actions import apply_fix, undo_fix
from marops.domains.contacts.permissions import FIX
from marops.domains.contacts.queries.fixes import Proposal, find_fix, fix_json, preview, proposed
from marops.domains.contacts.queries.quality import EVERYBODY, Narrowing
from marops.kernel.actors import Actor
from marops.kernel.jobs import JobRun, Progress, Step, job, run_here, start_job
from marops.kernel.models import Job
from marops.kernel.permissions import require


@job("quality.fix", title="Put right: {title}", result_for=(FIX,))
def fix_faults(run: JobRun) -> Iterator[Step]:
    """Apply the remedy in one act; its result is the fix as REST shows it."""
    yield Progress(0, None, "Putting right"), {}
    one = apply_fix(actor=run.actor, proposal=_proposed(run.arguments))
    run.result |= {"fix": one.ref, **fix_json(one)}
    yield Progress(one.contacts, one.contacts, "Done"), {"fix": one.number}


def _proposed(given: Mapping[str, Any]) -> Proposal:
    narrowed = Narrowing(given.get("source", ""), given.get("import", ""))
    return proposed(given["rule"], given["remedy"], given["value"], narrowed)


def start_fix(proposal: Proposal, *, actor: Actor, here: bool = False) -> Job:
    """Put the job in the queue; with `here`, keep it for `jobs.run_here`. Raises MaropsError `not-allowed`."""
    require(actor, FIX)
    arguments = {
        "rule": proposal.definition.slug,
        "remedy": proposal.bulk.key,
        "value": proposal.value,
        "title": proposal.bulk.title,
        **proposal.narrowed.chosen(),
    }
    return start_job("quality.fix", arguments, actor=actor, here=here)


def preview_fix(
    actor: Actor, rule: str, remedy: str = "", value: str = "", narrowed: Narrowing = EVERYBODY
) -> dict[str, Any]:
    """What a remedy of a rule would do. Raises MaropsError `not-found`, `invalid`, `not-allowed`."""
    require(actor, FIX)
    return preview(actor, proposed(rule, remedy, value, narrowed))


def run_fix(
    actor: Actor, rule: str, remedy: str = "", value: str = "", narrowed: Narrowing = EVERYBODY
) -> dict[str, Any]:
    """Apply a remedy in this process and answer the fix. Raises MaropsError as `preview_fix`, and what the job does."""
    started = start_fix(proposed(rule, remedy, value, narrowed), actor=actor, here=True)
    return fix_json(find_fix((run_here(started.id).result or {})["fix"]))


def take_back(actor: Actor, ref: str) -> dict[str, Any]:
    """Take a fix back and answer it. Raises MaropsError `not-found`, `conflict`, `not-allowed`."""
    return fix_json(undo_fix(actor=actor, fix_id=find_fix(ref).id))
