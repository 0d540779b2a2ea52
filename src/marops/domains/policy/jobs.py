"""Long work about the policy: deciding a version ahead, verifying the trail, gathering the evidence of a time."""

import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any

from marops.domains.policy.actions.policies import keep_table
from marops.domains.policy.permissions import TRAIL, VIEW
from marops.domains.policy.queries import evidence, verifying
from marops.domains.policy.queries.policies import policy_of
from marops.domains.policy.queries.sight import ALL_IT_ASKS
from marops.domains.policy.rules.domain import SIZE
from marops.domains.policy.rules.table import PART, PARTS, Bits, assembled, part
from marops.kernel import files
from marops.kernel.config import config
from marops.kernel.jobs import JobRun, Progress, Step, job

DECIDE, VERIFY, EVIDENCE = "policy.decide", "ai.verify", "ai.evidence"


@job(DECIDE, title="Decide every combination of {policy}", result_for=(VIEW,))
def decide(run: JobRun) -> Iterator[Step]:
    """Arguments: version. Result: policy, allowed, combinations, seconds. It takes seconds, so it begins anew."""
    policy, started = policy_of(str(run.arguments["version"])), time.monotonic()
    run.result |= {"policy": policy.row.pinned, "combinations": SIZE}
    if not policy.decided:
        parts: list[dict[str, Bits]] = []
        for number in range(PARTS):
            yield Progress(number * PART, SIZE, "Deciding combinations"), {}
            parts.append(part(policy.compiled, number))
        table = assembled(policy.compiled, parts)
        keep_table(actor=run.actor, digest=policy.digest, table=table, seconds=time.monotonic() - started)
    run.result |= {"allowed": int(policy.table.allowed.sum()), "seconds": round(time.monotonic() - started, 3)}
    yield Progress(SIZE, SIZE, ""), {}


@job(VERIFY, title="Verify the trail of AI", result_for=(TRAIL,))
def verify(run: JobRun) -> Iterator[Step]:
    """No arguments. Result: whole, acts, seals, unsealed, broken, findings, seconds. It begins anew after a crash."""
    started, total = time.monotonic(), verifying.expected()
    yield Progress(0, total, "Recomputing the chain"), {}
    for done, proof in verifying.verified():
        run.result |= proof.as_json() | {"seconds": round(time.monotonic() - started, 3)}
        yield Progress(min(done, total), total, "Recomputing acts" if proof.acts else "Recomputing the chain"), {}
    yield Progress(total, total, ""), {}


@job(EVIDENCE, title="Gather the evidence of AI {period}", result_for=(TRAIL, *ALL_IT_ASKS))
def gather(run: JobRun) -> Iterator[Step]:
    """Arguments: use, since, until (moments). Result: the manifest, the file's id and name. It begins anew."""
    wanted = evidence.Wanted(
        str(run.arguments.get("use") or ""), _moment(run.arguments.get("since")), _moment(run.arguments.get("until"))
    )
    total = wanted.acts().count()
    folder = config().home / "tmp"
    folder.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as out:
        for done, manifest in evidence.bundle(out, wanted, run.actor):
            run.result |= manifest
            yield Progress(done, total, "Writing acts"), {}
        out.seek(0)
        name = f"ai-evidence-{run.job.ref}.zip"
        kept = files.keep(
            _chunks(out), name=name, actor=run.actor, media_type="application/zip", about=("job", str(run.job.id))
        )
    run.result |= {"file": str(kept.id), "name": name}
    yield Progress(total, total, ""), {}


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _chunks(out: IO[bytes]) -> Iterator[bytes]:
    while part := out.read(1 << 20):
        yield part
