"""The evidence bundle: what AI did in a time, who read it and what readers were told, as one file anybody can check.

Each act comes with its row of the audit and its place in the chain; of all that is not AI's the chain holds digests
alone. See `queries.checking` for what is checked, and the bundle's README for how without Marops.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from marops.domains.accounts.public import names
from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.writing import OBJECT, act_said
from marops.kernel import audit
from marops.kernel.clock import now
from marops.kernel.definitions import find
from marops.kernel.errors import MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import (
    AuditPayload,
    AuditRow,
    AuditSeal,
    AuditSealed,
    Definition,
    Review,
    ReviewDecision,
    Workspace,
)

FORMAT: Final = "marops-ai-evidence"
BATCH: Final = 10_000
NOTED: Final = (
    "action", "effect", "actor_kind", "actor_id", "on_behalf_of", "ai_use", "object_type", "object_id", "counts"
)  # fmt: skip
"""What a row of the audit says in plain columns."""
Line = Mapping[str, Any]
README: Final = """\
Evidence of what AI did here
============================

manifest.json      what was asked for, counts, and the SHA-256 of every other file
acts.jsonl         each act of an AI: for whom, under which registered use and which version of the policy, what was
                   decided and why, what was disclosed, inputs and outputs by digest, tokens and cost; with the row of
                   the audit trail that holds its digest
seals.jsonl        the chain of the audit trail, from the first seal that covers one of these acts to the newest
drafts.jsonl       what AI handed in to be read, with its content where that was not erased since
reviews.jsonl      who read it, what they said, and the digest of what they read
definitions.jsonl  the versions of the policy, of the register's entries and of the texts of disclosure
people.json        the names behind the ids of those who work here

To check it: marops ai verify FILE.zip. It needs no workspace and no network.

To check it without Marops: "canonical" is JSON with sorted keys, no spaces, UTF-8 (Python: json.dumps(value,
sort_keys=True, separators=(",", ":"), ensure_ascii=False)). For each line of acts.jsonl:
 1. x = hex SHA-256 of canonical(act).
 2. SHA-256 of (bytes of audit.salt, then canonical({"sha256": x})) is audit.digest.
 3. SHA-256 of (canonical of the list [id, at, action, effect, actor_kind, actor_id, on_behalf_of, ai_use, object_type,
    object_id, job_id, counts] of the audit row, then the bytes of audit.digest) is the link number audit.place
    (from 0; 32 bytes each) in the links of seal audit.seal.
For each line of seals.jsonl that has links: SHA-256 of (previous, then links) is digest; and previous is the digest of
the seal before, 32 zero bytes for seal 1. An act whose seal is null was not sealed yet when this was made.
Whoever wants to be sure that the chain was not made anew notes the digest of a seal outside of Marops now and then.

This is a record of what happened. It is not legal advice.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which acts: of one use or all, from a moment, before a moment."""

    use: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def acts(self) -> QuerySet[AiAct]:
        """The acts that are meant."""
        return AiAct.objects.filter(self._meant())

    def drafts(self) -> QuerySet[AiDraft]:
        """The drafts that are meant."""
        return AiDraft.objects.filter(self._meant())

    def _meant(self) -> Q:
        meant = Q(use=self.use) if self.use else Q()
        meant &= Q(at__gte=self.since) if self.since else Q()
        return meant & Q(at__lt=self.until) if self.until else meant


@dataclass
class _Seen:
    """What the acts and drafts written so far refer to."""

    seals: set[int] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    pinned: set[str] = field(default_factory=set)
    reviews: set[UUID] = field(default_factory=set)


def bundle(out: IO[bytes] | Path, wanted: Wanted, by: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Write the bundle; yields how many acts are written and, at the end, the manifest."""
    seen, files, counts = _Seen(), dict[str, str](), dict[str, int]()
    last = AuditSeal.objects.order_by("-number").values_list("number", flat=True).first() or 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:

        def write(name: str, lines: Iterable[Line]) -> Iterator[int]:
            yield from _written(kept, name, lines, files, counts)

        for done in write("acts.jsonl", _acts(wanted, seen, last)):
            yield done, {}
        rest: Sequence[tuple[str, Iterable[Line]]] = (
            ("drafts.jsonl", _drafts(wanted, seen)), ("reviews.jsonl", _reviews(seen)),
            ("seals.jsonl", _seals(seen, last)), ("definitions.jsonl", _definitions(seen)),
        )  # fmt: skip
        for name, lines in rest:
            for _ in write(name, lines):
                yield counts["acts.jsonl"], {}
        people = names([one for one in sorted(seen.people) if as_uuid(one)])
        for name, text in (("people.json", json.dumps(people, ensure_ascii=False, indent=1)), ("README.txt", README)):
            kept.writestr(name, text)
            files[name] = hashlib.sha256(text.encode()).hexdigest()
        manifest = _manifest(wanted, by, files, counts)
        kept.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
    yield counts["acts.jsonl"], manifest


def _manifest(wanted: Wanted, by: str, files: Line, counts: Line) -> dict[str, Any]:
    space = Workspace.objects.first()
    return {
        "format": FORMAT, "version": 1, "workspace": space.name if space else "", "made_at": now().isoformat(),
        "made_by": by, "use": wanted.use, "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(), "counts": dict(counts), "files": dict(files),
    }  # fmt: skip


def _written(
    kept: zipfile.ZipFile, name: str, lines: Iterable[Line], files: dict[str, str], counts: dict[str, int]
) -> Iterator[int]:
    digest, done = hashlib.sha256(), 0
    with kept.open(name, "w", force_zip64=True) as out:
        for line in lines:
            text = audit.canonical(line) + b"\n"
            digest.update(text)
            out.write(text)
            done += 1
            if done % BATCH == 0:
                yield done
    files[name], counts[name] = digest.hexdigest(), done
    yield done


def _acts(wanted: Wanted, seen: _Seen, last: int) -> Iterator[Line]:
    after, places = UUID(int=0), dict[int, dict[UUID, int]]()
    while rows := list(wanted.acts().filter(id__gt=after).order_by("id")[:BATCH]):
        after = rows[-1].id
        noted = {
            one.object_id: one
            for one in AuditRow.objects.filter(object_type=OBJECT, object_id__in=[str(row.id) for row in rows])
        }
        ids = [one.id for one in noted.values()]
        salts = {one.audit_id: bytes(one.salt) for one in AuditPayload.objects.filter(audit_id__in=ids)}
        sealed = dict(AuditSealed.objects.filter(audit_id__in=ids, seal__lte=last).values_list("audit_id", "seal"))
        _places(places, set(sealed.values()))
        for row in rows:
            seen.people |= {row.on_behalf_of}
            seen.pinned |= {row.policy, f"ai_use/{row.use}@{row.use_version}" if row.use_version else ""}
            seen.reviews |= {row.review_id} if row.review_id else set()
            seen.seals |= {sealed[found.id]} if (found := noted.get(str(row.id))) and found.id in sealed else set()
            yield {"act": act_said(row), "audit": _noted(found, salts, sealed, places) if found else None}


def _places(places: dict[int, dict[UUID, int]], seals: set[int]) -> None:
    """The order of the rows under some seals; those that acts in the order of time left behind are let go."""
    for gone in [one for one in places if one not in seals]:
        del places[gone]
    for one in seals - set(places):
        ids = AuditSealed.objects.filter(seal=one).order_by("audit_id").values_list("audit_id", flat=True)
        places[one] = {audit_id: at for at, audit_id in enumerate(ids)}


def _noted(
    row: AuditRow, salts: Mapping[UUID, bytes], sealed: Mapping[UUID, int], places: Mapping[int, Mapping[UUID, int]]
) -> Line:
    seal = sealed.get(row.id)
    plain = {name: getattr(row, name) for name in NOTED}
    return {
        "id": str(row.id), "at": row.at.isoformat(timespec="microseconds"), **plain,
        "job_id": str(row.job_id) if row.job_id else None, "digest": bytes(row.digest).hex(),
        "salt": salts.get(row.id, b"").hex(), "seal": seal, "place": places[seal][row.id] if seal else None,
    }  # fmt: skip


def _seals(seen: _Seen, last: int) -> Iterator[Line]:
    """From the first seal that is needed to the newest; with links where one of the acts is under it."""
    for one in AuditSeal.objects.filter(number__gte=min(seen.seals, default=last), number__lte=last).order_by("number"):
        links = audit.links_of(one.number, one.number)[one.number][1] if one.number in seen.seals else b""
        yield {
            "number": one.number, "sealed_at": one.sealed_at.isoformat(), "rows": one.rows,
            "previous": bytes(one.previous).hex(), "digest": bytes(one.digest).hex(), "links": links.hex(),
        }  # fmt: skip


def _drafts(wanted: Wanted, seen: _Seen) -> Iterator[Line]:
    by_act = AiDraft.objects.filter(review_id__in=seen.reviews)
    for row in (wanted.drafts() | by_act).distinct().order_by("id").iterator():
        seen.people |= {row.on_behalf_of, row.actor}
        seen.reviews |= {row.review_id} if row.review_id else set()
        yield {one.name: _plain(getattr(row, one.name)) for one in AiDraft._meta.concrete_fields}


def _reviews(seen: _Seen) -> Iterator[Line]:
    said: dict[UUID, list[dict[str, Any]]] = {}
    for one in ReviewDecision.objects.filter(review_id__in=seen.reviews).order_by("at"):
        seen.people |= {one.reviewer}
        told = {name: _plain(getattr(one, name)) for name in ("reviewer", "approved", "own_work", "comment", "at")}
        said.setdefault(one.review_id, []).append(told)
    for row in Review.objects.filter(id__in=seen.reviews).order_by("id"):
        plain = {one.name: _plain(getattr(row, one.name)) for one in Review._meta.concrete_fields}
        yield plain | {"decisions": said.get(row.id, [])}


def _definitions(seen: _Seen) -> Iterator[Line]:
    pinned = {*seen.pinned, *(row.pinned for row in Definition.objects.filter(kind="disclosure", state="active"))}
    for ref in sorted(pinned - {""}):
        try:
            row = find(ref)
        except MaropsError:
            continue
        yield {"ref": ref, "state": row.state, "sha256": row.sha256, "author": row.author, "document": row.document}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
