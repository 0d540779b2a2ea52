"""The audit trail: salted digests of every act, chained and sealed in batches, so that nobody can rewrite history.

Personal values stand in `audit_payload`; erasing them leaves the digest, and the chain stays whole.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from marops.kernel.ids import earliest_id
from marops.kernel.models import AuditPayload, AuditRow, AuditSeal, AuditSealed

GENESIS = bytes(32)
SEAL_BATCH = 5000


def canonical(value: Any) -> bytes:
    """One spelling for one value (JSON, sorted keys, no spaces), so that digests can be compared."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def payload_digest(salt: bytes, payload: Any) -> bytes:
    """The digest that stays when the payload is erased."""
    return hashlib.sha256(salt + canonical(payload)).digest()


def write(rows: Sequence[tuple[AuditRow, dict[str, Any]]]) -> None:
    """Append audit rows with their payloads inside the running transaction."""
    payloads = []
    for row, values in rows:
        payload = json.loads(canonical(values))
        salt = secrets.token_bytes(16)
        row.digest = payload_digest(salt, payload)
        payloads.append(AuditPayload(audit_id=row.id, salt=salt, payload=payload))
    AuditRow.objects.bulk_create([row for row, _ in rows])
    AuditPayload.objects.bulk_create(payloads)


def forget(ids: Sequence[UUID], object_type: str = "contact") -> int:
    """Delete what was recorded as changed about these contacts or others, values and salts: the digests stay, and the
    chain with them. Answers how many.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM audit_payload p USING audit_row a WHERE a.id = p.audit_id AND a.object_type = %s"
            " AND a.object_id = ANY(%s::text[])",
            [object_type, [str(one) for one in ids]],
        )
        return int(cursor.rowcount)


def link(row: AuditRow) -> bytes:
    """What the chain holds of a row: its plain columns and its payload's digest."""
    plain = [
        str(row.id),
        row.at.astimezone(UTC).isoformat(timespec="microseconds"),
        row.action,
        row.effect,
        row.actor_kind,
        row.actor_id,
        row.on_behalf_of,
        row.ai_use,
        row.object_type,
        row.object_id,
        str(row.job_id) if row.job_id else None,
        row.counts,
    ]
    return hashlib.sha256(canonical(plain) + bytes(row.digest)).digest()


def seal(as_of: datetime, *, limit: int = SEAL_BATCH, since: datetime | None = None) -> int:
    """Chain up to `limit` rows that no seal covers yet, of those written at `since` or later. Answers how many.

    Without `since` the whole trail is looked through, which finds what committed long after it was written.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('marops.audit.seal'))")
        rows = list(_unsealed(since)[:limit])
        if not rows:
            return 0
        last = AuditSeal.objects.order_by("-number").first()
        previous, number = (bytes(last.digest), last.number + 1) if last else (GENESIS, 1)
        digest = _chain(previous, rows)
        AuditSeal.objects.create(number=number, sealed_at=as_of, rows=len(rows), previous=previous, digest=digest)
        AuditSealed.objects.bulk_create([AuditSealed(audit_id=row.id, seal=number) for row in rows])
        return len(rows)


def seal_all(as_of: datetime) -> int:
    """Chain every row that no seal covers yet. Answers the number of the newest seal, 0 where there is none."""
    while seal(as_of):
        pass
    return AuditSeal.objects.order_by("-number").values_list("number", flat=True).first() or 0


def seal_digests(first: int, last: int) -> dict[int, str]:
    """The digest of each seal from `first` to `last`, in hexadecimal digits."""
    rows = AuditSeal.objects.filter(number__gte=first, number__lte=last).values_list("number", "digest")
    return {number: bytes(digest).hex() for number, digest in rows}


def _unsealed(since: datetime | None) -> Any:
    # Ids are made in the order of time, so the index of the key leads to the newest rows.
    young = AuditRow.objects.filter(id__gte=earliest_id(since)) if since else AuditRow.objects.all()
    return young.extra(where=["NOT EXISTS (SELECT FROM audit_sealed s WHERE s.audit_id = audit_row.id)"]).order_by("id")


def _chain(previous: bytes, rows: Sequence[AuditRow]) -> bytes:
    return hashlib.sha256(previous + b"".join(link(row) for row in rows)).digest()


@dataclass(frozen=True, slots=True)
class Finding:
    """One break found in the audit trail."""

    what: str
    where: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `marops audit verify` answers."""

    rows: int
    sealed: int
    erased: int
    seals: int
    findings: tuple[Finding, ...]


def verify() -> Verdict:
    """Recompute every digest and the whole chain. A changed, removed or added row is named."""
    findings = [*_broken_seals(), *_broken_payloads()]
    rows, sealed = AuditRow.objects.count(), AuditSealed.objects.count()
    return Verdict(rows, sealed, rows - AuditPayload.objects.count(), AuditSeal.objects.count(), tuple(findings))


def _broken_seals() -> Iterator[Finding]:
    for _, findings in seals_checked():
        yield from findings


SEALS_AT_ONCE = 40
# What `link` spells, spelt by PostgreSQL: the chain of a large trail is worked out where its rows are.
_TEXTS = ("action", "effect", "actor_kind", "actor_id", "on_behalf_of", "ai_use", "object_type", "object_id")
_SPELT = " || ',' || ".join(
    [
        "'[\"' || r.id::text || '\"'",
        "'\"' || to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00\"'",
        *(f"coalesce(to_json(r.{name})::text, 'null')" for name in _TEXTS),
        "coalesce('\"' || r.job_id::text || '\"', 'null')",
        "CASE WHEN r.counts = '{}' THEN '{}' ELSE (SELECT '{' || string_agg(to_json(c.key)::text || ':' ||"
        " c.value::text, ',' ORDER BY c.key COLLATE \"C\") || '}' FROM jsonb_each(r.counts) c) END || ']'",
    ]
)
_LINKS = (
    "SELECT s.seal, count(*), string_agg(sha256(convert_to(" + _SPELT + ", 'UTF8') || r.digest), ''::bytea"
    " ORDER BY r.id) FROM audit_sealed s JOIN audit_row r ON r.id = s.audit_id WHERE s.seal BETWEEN %s AND %s"
    " GROUP BY s.seal"
)


def links_of(first: int, last: int) -> dict[int, tuple[int, bytes]]:
    """Of each seal from `first` to `last` how many rows it covers now, and their links, one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, [first, last])
        return {seal: (rows, bytes(links)) for seal, rows, links in cursor.fetchall()}


def seals_checked() -> Iterator[tuple[int, list[Finding]]]:
    """The chain, some seals at a time: how many were looked at so far, and what was found in these."""
    previous, done = GENESIS, 0
    while seals := list(AuditSeal.objects.filter(number__gt=done).order_by("number")[:SEALS_AT_ONCE]):
        links, found = links_of(done + 1, seals[-1].number), list[Finding]()
        for one in seals:
            done += 1
            if one.number != done:
                yield done, [*found, Finding("a seal is missing", f"seal {done}")]
                return
            rows, kept = links.get(done, (0, b""))
            if bytes(one.previous) != previous or not _holds(one, rows, kept):
                said = f"seal {done} of {one.sealed_at:%Y-%m-%d %H:%M:%S} UTC"
                found.append(Finding("rows were changed, removed or added", said))
            previous = bytes(one.digest)
        yield done, found


def _holds(one: AuditSeal, rows: int, links: bytes) -> bool:
    if rows == one.rows and hashlib.sha256(bytes(one.previous) + links).digest() == bytes(one.digest):
        return True
    # Before anything is called broken it is spelt as it was when it was sealed.
    kept = list(
        AuditRow.objects.extra(
            tables=["audit_sealed"],
            where=["audit_sealed.audit_id = audit_row.id", "audit_sealed.seal = %s"],
            params=[one.number],
        ).order_by("id")
    )
    return len(kept) == one.rows and _chain(bytes(one.previous), kept) == bytes(one.digest)


def _broken_payloads() -> Iterator[Finding]:
    # In pages of rows: this reads the whole trail, which is its purpose, and never holds it in memory.
    digests = AuditRow.objects.order_by("id").values_list("id", "digest").iterator(chunk_size=2000)
    page: dict[Any, bytes] = {}
    for audit_id, digest in digests:
        page[audit_id] = bytes(digest)
        if len(page) == 2000:
            yield from _compare(page)
            page = {}
    yield from _compare(page)


def _compare(page: dict[Any, bytes]) -> Iterator[Finding]:
    for payload in AuditPayload.objects.filter(audit_id__in=page):
        if payload_digest(bytes(payload.salt), payload.payload) != page[payload.audit_id]:
            yield Finding("what was recorded as changed does not match its digest", f"act {payload.audit_id}")
