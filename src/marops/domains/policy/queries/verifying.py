"""Is the trail of AI what was written? Every act against its digest in the audit's chain, and the chain itself.

Sets of acts at a time: PostgreSQL spells what has one spelling anywhere, this process the nested values, and an act
that seems to differ is looked at once more as it was when it was written, before anything is called broken.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db import connection, models

from marops.domains.policy.models import AiAct
from marops.domains.policy.writing import OBJECT, act_digest
from marops.kernel import audit
from marops.kernel.audit import Finding
from marops.kernel.models import AuditRow, AuditSeal

BATCH: Final = 25_000
MOST: Final = 100
"""So many findings are named; the others are counted."""


@dataclass
class Proof:
    """What verifying came to."""

    acts: int = 0
    seals: int = 0
    unsealed: int = 0
    forgotten: int = 0
    broken: int = 0
    findings: list[Finding] = field(default_factory=list)

    def found(self, findings: Sequence[Finding]) -> None:
        """Add what was found."""
        self.broken += len(findings)
        self.findings += findings[: max(0, MOST - len(self.findings))]

    def as_json(self) -> dict[str, Any]:
        """The proof as pages, REST and commands tell it."""
        return {
            "whole": not self.broken, "acts": self.acts, "seals": self.seals, "unsealed": self.unsealed,
            "forgotten": self.forgotten, "broken": self.broken,
            "findings": [{"what": one.what, "where": one.where} for one in self.findings],
        }  # fmt: skip


def verified() -> Iterator[tuple[int, Proof]]:
    """The proof in the making, and how many acts and seals were looked at so far."""
    proof = Proof()
    for proof.seals, findings in audit.seals_checked():
        proof.found(findings)
        yield proof.seals, proof
    for done, findings in _acts_checked():
        proof.acts = done
        proof.found(findings)
        yield proof.seals + done, proof
    proof.found(list(_gone()))
    proof.forgotten = _forgotten()
    proof.unsealed = _unsealed()
    yield proof.seals + proof.acts, proof


def expected() -> int:
    """How much there is to look at."""
    return AiAct.objects.count() + AuditSeal.objects.count()


def _spelt(one: "models.Field[Any, Any]") -> str | None:
    """How PostgreSQL spells a column as the digest does; None where only this process can."""
    column = f'a."{one.column}"'
    if isinstance(one, models.JSONField):
        return None
    if isinstance(one, models.DateTimeField):
        return f"""'"' || to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '+00:00"'"""
    if isinstance(one, models.UUIDField | models.DecimalField):
        return f"""coalesce('"' || {column}::text || '"', 'null')"""
    if isinstance(one, models.TextField | models.CharField):
        return f"to_json({column})::text"
    return f"coalesce({column}::text, 'null')"


def _columns() -> list[str]:
    """The parts of an act's one spelling, in its order: texts of PostgreSQL, and nested values between them."""
    parts, text = [], "'{'"
    for number, one in enumerate(sorted(AiAct._meta.concrete_fields, key=lambda field: field.name)):
        spelt, name = _spelt(one), f"""'{"," if number else ""}"{one.name}":'"""
        if spelt is None:
            parts += [f"{text} || {name}", f'a."{one.column}"::text']
            text = "''"
        else:
            text = f"{text} || {name} || {spelt}"
    return [*parts, f"{text} || '}}'"]


# The rows of the audit are found by their index, one act at a time: a hash of the whole audit for each batch would cost
# more than the batch.
_ACTS = (
    f"SELECT a.id, p.payload->>'sha256', sha256(p.salt || convert_to('{{\"sha256\":\"' || (p.payload->>'sha256')"
    f" || '\"}}', 'UTF8')) = r.digest, {', '.join(_columns())}"
    " FROM (SELECT * FROM ai_act WHERE id > %s ORDER BY id LIMIT %s) a"
    " LEFT JOIN LATERAL (SELECT * FROM audit_row WHERE object_type = %s AND object_id = a.id::text LIMIT 1) r ON TRUE"
    " LEFT JOIN audit_payload p ON p.audit_id = r.id ORDER BY a.id"
)


@lru_cache(maxsize=8192)
def _canonical(text: str | None) -> str:
    return "null" if text is None else audit.canonical(json.loads(text)).decode()


def _acts_checked() -> Iterator[tuple[int, list[Finding]]]:
    done, rows = 0, _batch(UUID(int=0))
    with ThreadPoolExecutor(1, "digests") as beside:
        while rows:
            # PostgreSQL spells the next ones while this process digests these.
            suspects, done = beside.submit(_differing, rows), done + len(rows)
            rows = _batch(rows[-1][0])
            yield done, [finding for act in suspects.result() for finding in _looked_at_again(act)]


def _batch(last: UUID) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_ACTS, [last, BATCH, OBJECT])
        return list(cursor.fetchall())


def _differing(rows: Sequence[tuple[Any, ...]]) -> list[UUID]:
    """The acts whose digest is not the one that was noted, as they are spelt here. Asks nothing."""
    found: list[UUID] = []
    digest, spelt = hashlib.sha256, _canonical
    for row in rows:
        said = "".join([spelt(part) if number & 1 else part for number, part in enumerate(row[3:])])
        if digest(said.encode()).hexdigest() != row[1] or not row[2]:
            found.append(row[0])
    return found


def _looked_at_again(act: UUID) -> Iterator[Finding]:
    found = AuditRow.objects.filter(object_type=OBJECT, object_id=str(act)).first()
    row = AiAct.objects.filter(id=act).first()
    if row is None:
        return
    if found is None:
        yield Finding("an act was added that nobody noted", f"act {act}")
    elif not _same(found, act_digest(row)):
        yield Finding("an act was changed", f"act {act} of {row.at:%Y-%m-%d %H:%M:%S} UTC")


def _same(kept: AuditRow, digest: str) -> bool:
    from marops.kernel.models import AuditPayload

    payload = AuditPayload.objects.filter(audit_id=kept.id).first()
    if payload is None or payload.payload != {"sha256": digest}:
        return False
    return audit.payload_digest(bytes(payload.salt), payload.payload) == bytes(kept.digest)


_WITHOUT_ACT = (
    "FROM audit_row r WHERE r.object_type = %s AND NOT EXISTS (SELECT FROM ai_act a WHERE a.id::text = r.object_id)"
)


def _gone() -> Iterator[Finding]:
    """Acts that the audit knows of and the trail does not, though nobody let it forget what they were."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT r.object_id, r.at {_WITHOUT_ACT}"
            " AND EXISTS (SELECT FROM audit_payload p WHERE p.audit_id = r.id) ORDER BY r.at",
            [OBJECT],
        )
        for act, at in cursor.fetchall():
            yield Finding("an act was removed", f"act {act} of {at:%Y-%m-%d %H:%M:%S} UTC")


def _forgotten() -> int:
    """Acts that were let go with what they were: the audit keeps that there were any."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) {_WITHOUT_ACT} AND NOT EXISTS (SELECT FROM audit_payload p WHERE p.audit_id = r.id)",
            [OBJECT],
        )
        return int(cursor.fetchone()[0])


def _unsealed() -> int:
    """Acts that stand in the audit and wait to be sealed: they are whole so far, but a chain does not bind them yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_row r WHERE r.object_type = %s"
            " AND NOT EXISTS (SELECT FROM audit_sealed s WHERE s.audit_id = r.id)",
            [OBJECT],
        )
        return int(cursor.fetchone()[0])
