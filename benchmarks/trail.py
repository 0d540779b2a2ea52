"""The trail of what AI did, verified: `uv run python benchmarks/trail.py --acts 1000000`.

Fills a workspace of its own with acts, each with its digest in the audit and a seal over every 5,000, verifies all of
them against the limit, and once more after one act was removed, which has to be found. Filling takes minutes.
"""

import argparse
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from ground import workspace

LIMIT, PART = 30.0, 50_000


def main() -> int:
    """Fill, verify, remove one, verify; answer 1 when the limit is broken or what was removed is not found."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--acts", type=int, default=1_000_000)
    given.add_argument("--keep", default="", help="a folder to fill once and use again")
    options = given.parse_args()
    with workspace(options.keep):
        from marops.domains.policy.models import AiAct
        from marops.domains.policy.queries.verifying import verified

        if not AiAct.objects.exists():
            started = time.perf_counter()
            _fill(options.acts)
            print(f"filled with {options.acts:,} acts in {time.perf_counter() - started:.0f} s")
        limit = LIMIT * options.acts / 1_000_000
        started = time.perf_counter()
        proof = list(verified())[-1][1]
        seconds = time.perf_counter() - started
        print(
            f"verified {proof.acts:,} acts under {proof.seals:,} seals in {seconds:.1f} s, {seconds / limit:.2f} of the limit"
        )
        print(f"findings: {proof.broken}")
        one = AiAct.objects.order_by("?")[:1].get()
        AiAct.objects.filter(id=one.id).delete()  # the application may not even change one
        changed = list(verified())[-1][1]
        print(f"one act removed: {[f'{each.what}: {each.where}' for each in changed.findings]}")
        one.save(force_insert=True)
    return int(seconds > limit or proof.broken > 0 or changed.broken != 1)


def _fill(acts: int) -> None:
    from marops.kernel.models import AuditRow, AuditSealed

    start = datetime.now(UTC) - timedelta(days=365)
    for first in range(0, acts, PART):
        _part(first, min(PART, acts - first), start)
    _seal(AuditRow, AuditSealed)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _part(first: int, number: int, start: datetime) -> None:
    from marops.domains.policy.models import AiAct
    from marops.domains.policy.writing import OBJECT, act_digest
    from marops.kernel import audit
    from marops.kernel.ids import new_id
    from marops.kernel.models import AuditPayload, AuditRow

    rows: list[Any] = []
    kept: list[Any] = []
    payloads: list[Any] = []
    for at in range(first, first + number):
        facts = {
            "use": f"u-{at % 20:02}", "subject": f"contact:{at}", "consented": True, "reversible": at % 2 == 0,
            "recipients": at % 300, "records": 1, "spent": 0, "recipients_today": at % 1000, "records_today": at % 77,
            "spent_today": 0, "approvals": at % 3, "regimes": ["DE", "FR"], "stopped": False,
        }  # fmt: skip
        row = AiAct(
            id=new_id(), at=start + timedelta(seconds=25 * at), use=f"u-{at % 20:02}", use_version=1 + at % 3,
            actor="agent-0123456789ab", on_behalf_of="01a2054e-9f87-7527-a239-da591a87fc5c", action="definition.draft",
            term="draft", subject=f"contact:{at}", verdict=["yes", "yes", "waits", "no"][at % 4],
            policy="ai_policy/marketing@7", rules=["R-01", "R-04"], reasons=["Nobody has read it yet."] if at % 4 > 1 else [],
            facts=facts, missing={"review": 1, "disclosed": False} if at % 4 == 2 else None, tokens=at % 5000,
            outputs_sha256=f"{at:064x}", prompt="invite@3", records=1,
        )  # fmt: skip
        audited = AuditRow(
            id=new_id(), at=row.at, action="ai.act", effect="note", actor_kind="ai", actor_id=row.actor,
            on_behalf_of=row.on_behalf_of, ai_use=row.use, object_type=OBJECT, object_id=str(row.id), counts={},
        )  # fmt: skip
        payload, salt = {"sha256": _digest(row, act_digest)}, secrets.token_bytes(16)
        audited.digest = audit.payload_digest(salt, payload)
        rows.append(row)
        kept.append(audited)
        payloads.append(AuditPayload(audit_id=audited.id, salt=salt, payload=payload))
    for model, made in ((AiAct, rows), (AuditRow, kept), (AuditPayload, payloads)):
        model.objects.bulk_create(made, batch_size=2500)


def _digest(row: Any, digest: Any) -> str:
    from decimal import Decimal

    row.cost = Decimal(row.cost)
    return str(digest(row))


def _seal(rows: Any, sealed: Any) -> None:
    import hashlib

    from django.db import connection

    from marops.kernel.audit import GENESIS, SEAL_BATCH, links_of
    from marops.kernel.clock import now
    from marops.kernel.models import AuditSeal

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_sealed (audit_id, seal) SELECT id, 1 + (row_number() OVER (ORDER BY id) - 1) / %s"
            " FROM audit_row WHERE NOT EXISTS (SELECT FROM audit_sealed)",
            [SEAL_BATCH],
        )
        cursor.execute("ANALYZE")
    last, previous = -(-rows.objects.count() // SEAL_BATCH), GENESIS
    for first in range(1, last + 1, 40):
        for number, (count, links) in sorted(links_of(first, min(last, first + 39)).items()):
            digest = hashlib.sha256(previous + links).digest()
            AuditSeal.objects.create(number=number, sealed_at=now(), rows=count, previous=previous, digest=digest)
            previous = digest


if __name__ == "__main__":
    raise SystemExit(main())
