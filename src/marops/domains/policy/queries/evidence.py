"""The evidence bundle: what AI did in a time, who read it and what readers were told, as one file anybody can check.

Each act comes with its row of the audit and its place in the chain; of all that is not AI's the chain holds digests
alone. The bundle itself is noted in the audit and sealed before it is handed over. See `queries.checking` for what is
checked, and `rules.evidence` for how without Marops.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from marops.domains.accounts.public import names
from marops.domains.policy.actions.evidence import note_gathered
from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.queries.enforcing import DRAFT
from marops.domains.policy.queries.sight import sees
from marops.domains.policy.rules.evidence import FORMAT, GATHERED, NOTED, README, VERSION
from marops.domains.policy.rules.samples import SAMPLE
from marops.domains.policy.writing import HISTORY, OBJECT, act_said
from marops.kernel import audit
from marops.kernel.actors import Actor
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

BATCH: Final = 10_000
_BESIDE: Final = 500  # so many rows are looked at for the one with the next number
Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which acts: of one use or all, from a moment, before a moment."""

    use: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def acts(self) -> QuerySet[AiAct]:
        """The acts that are meant."""
        return AiAct.objects.filter(self._days() & self._of_use("use"))

    def drafts(self) -> QuerySet[AiDraft]:
        """The drafts that are meant."""
        return AiDraft.objects.filter(self._days() & self._of_use("use"))

    def rows(self) -> QuerySet[AuditRow]:
        """What the audit noted of acts, whenever it did."""
        return AuditRow.objects.filter(self._of_use("ai_use"), object_type=OBJECT)

    def noted(self) -> QuerySet[AuditRow]:
        """The same, noted in this time."""
        return self.rows().filter(self._days())

    @property
    def series(self) -> str:
        """The numbers that have to be without a gap: those of the use, or those of all."""
        return "of_use" if self.use else "number"

    def _of_use(self, column: str) -> Q:
        return Q(**{column: self.use}) if self.use else Q()

    def _days(self) -> Q:
        meant = Q(at__gte=self.since) if self.since else Q()
        return meant & Q(at__lt=self.until) if self.until else meant


@dataclass(frozen=True, slots=True)
class _Cut:
    """Until when acts are in it: all that were numbered by then are sealed."""

    at: datetime
    acts: int
    of_use: int
    seal: int


@dataclass
class _Seen:
    """What the acts and drafts written so far refer to."""

    acts: int = 0
    people: set[str] = field(default_factory=set)
    pinned: set[str] = field(default_factory=set)
    reviews: set[UUID] = field(default_factory=set)
    drafts: set[str] = field(default_factory=set)
    samples: set[str] = field(default_factory=set)
    withheld: set[UUID | None] = field(default_factory=set)
    numbers: list[int] = field(default_factory=list)
    first_seal: int = 0
    places: dict[int, dict[UUID, int]] = field(default_factory=dict)


def bundle(out: IO[bytes] | Path, wanted: Wanted, by: Actor) -> Iterator[tuple[int, dict[str, Any]]]:
    """Write the bundle; yields how many acts are written and, at the end, the manifest with the newest seal."""
    seen, files, counts, cut = _Seen(), dict[str, str](), dict[str, int](), _cut(wanted.use)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:

        def write(name: str, lines: Iterable[Line]) -> Iterator[int]:
            yield from _written(kept, name, lines, files, counts)

        for done in write("acts.jsonl", _acts(wanted, seen, cut)):
            yield done, {}
        notes = list[tuple[AuditRow, Any]]()
        rest: Sequence[tuple[str, Iterable[Line]]] = (
            ("drafts.jsonl", _drafts(wanted, seen, cut, by)), ("reviews.jsonl", _reviews(wanted, seen, cut)),
            ("definitions.jsonl", _definitions(seen)),
        )  # fmt: skip
        with _one_moment():
            for name, lines in rest:
                _all(write(name, lines))
            notes += _notes(seen)
        audit.seal_all(now())
        _all(write("notes.jsonl", _notes_said(notes, seen)))
        yield counts["acts.jsonl"], {}
        people = names([one for one in sorted(seen.people) if as_uuid(one)])
        for name, text in (("people.json", json.dumps(people, ensure_ascii=False, indent=1)), ("README.txt", README)):
            kept.writestr(name, text)
            files[name] = hashlib.sha256(text.encode()).hexdigest()
        manifest = _manifest(wanted, by, cut, files, counts | {"acts": seen.acts})
        spelt = json.dumps(manifest, ensure_ascii=False, indent=1)
        kept.writestr("manifest.json", spelt)
        last = _proved(kept, hashlib.sha256(spelt.encode()).hexdigest(), by, cut, seen)
        sealed = {"number": last.number, "digest": bytes(last.digest).hex()}
    yield counts["acts.jsonl"], manifest | {"seal": sealed}


def _cut(use: str) -> _Cut:
    with transaction.atomic(), connection.cursor() as cursor:
        # Waits for the act that is being written down, so that every number up to here is committed.
        cursor.execute("SELECT of, acts FROM ai_tally WHERE of IN ('all', %s) ORDER BY of FOR SHARE", [f"use:{use}"])
        counted, at = dict(cursor.fetchall()), now()
    return _Cut(at, counted.get("all", 0), counted.get(f"use:{use}", 0), audit.seal_all(now()))


def _manifest(wanted: Wanted, by: Actor, cut: _Cut, files: Line, counts: Line) -> dict[str, Any]:
    space = Workspace.objects.first()
    return {
        "format": FORMAT, "version": VERSION, "workspace": space.name if space else "", "made_at": now().isoformat(),
        "made_by": by.id, "use": wanted.use, "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(), "as_of": cut.at.isoformat(), "acts": cut.acts,
        "of_use": cut.of_use, "counts": dict(counts), "files": dict(files),
    }  # fmt: skip


def _proved(kept: zipfile.ZipFile, digest: str, by: Actor, cut: _Cut, seen: _Seen) -> AuditSeal:
    """Note the bundle in the audit, seal that, and write the chain up to that seal."""
    note_gathered(actor=by, sha256=digest, acts=cut.acts, of_use=cut.of_use)
    audit.seal_all(now())
    row = AuditRow.objects.filter(object_type=GATHERED, object_id=digest).order_by("-id")[:1].get()
    (said,) = _rows_said([row], seen)
    last = AuditSeal.objects.get(number=said["seal"])
    _all(_written(kept, "seals.jsonl", _seals(seen.first_seal or last.number, last.number), {}, {}))
    kept.writestr("proof.json", json.dumps({"audit": said}, ensure_ascii=False, indent=1))
    return last


def _all(steps: Iterator[int]) -> None:
    for _ in steps:
        pass


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


def _acts(wanted: Wanted, seen: _Seen, cut: _Cut) -> Iterator[Line]:
    """The acts noted in this time, those of it that were brought in later, and the rows just before and after."""
    after = UUID(int=0)
    while rows := list(wanted.noted().filter(id__gt=after).order_by("id")[:BATCH]):
        after = rows[-1].id
        yield from _lines_of([one for one in rows if one.counts.get("number", 0) <= cut.acts], wanted, seen)
    yield from _lines_of(_brought_in(wanted), wanted, seen)
    yield from _lines_of(_around(wanted, seen, cut), wanted, seen, acts=False)
    yield from _unknown(wanted, seen)


def _lines_of(rows: Sequence[AuditRow], wanted: Wanted, seen: _Seen, *, acts: bool = True) -> Iterator[Line]:
    ids = [found for row in rows if (found := as_uuid(row.object_id or ""))] if acts else []
    kept = AiAct.objects.in_bulk(ids)
    for row, said in zip(rows, _rows_said(rows, seen), strict=True):
        seen.numbers.append(int(row.counts.get(wanted.series, 0)))
        act = kept.get(UUID(row.object_id))
        if act:
            _refers(act, seen)
        yield {"act": act_said(act) if act else None, "audit": said}


def _refers(row: AiAct, seen: _Seen) -> None:
    seen.acts += 1
    seen.people |= {row.on_behalf_of}
    seen.pinned |= {row.policy, f"ai_use/{row.use}@{row.use_version}" if row.use_version else ""}
    seen.reviews |= {row.review_id} if row.review_id else set()


def _brought_in(wanted: Wanted) -> list[AuditRow]:
    """Acts of this time that were noted at another."""
    if not (wanted.since or wanted.until):
        return []
    rows = wanted.rows().filter(action=HISTORY).exclude(id__in=wanted.noted().filter(action=HISTORY).values("id"))
    found = {one.object_id: one for one in rows.order_by("id")}
    meant = wanted.acts().filter(id__in=[one for one in found if one]).order_by("id").values_list("id", flat=True)
    return [found[str(one)] for one in meant]


def _around(wanted: Wanted, seen: _Seen, cut: _Cut) -> list[AuditRow]:
    """The last act before this time and the first one after it, so that neither end can be cut off."""
    series, found = wanted.series, list[AuditRow]()
    rows = wanted.rows()
    if wanted.since:
        near = rows.filter(at__lt=wanted.since).order_by("-id")[:_BESIDE]
        found += sorted(near, key=lambda one: int(one.counts.get(series, 0)))[-1:]
    if wanted.until:
        after = rows.filter(at__gte=wanted.until).order_by("id")[:_BESIDE]
        counted = [one for one in after if one.counts.get("number", 0) <= cut.acts]
        found += sorted(counted, key=lambda one: int(one.counts.get(series, 0)))[:1]
    return [one for one in found if int(one.counts.get(series, 0)) not in set(seen.numbers)]


def _unknown(wanted: Wanted, seen: _Seen) -> Iterator[Line]:
    """Acts that the audit knows nothing of: they are told, for somebody put them there."""
    # ids of acts are looked for as texts, which is what the audit's index holds.
    rows = wanted.acts().extra(
        where=["NOT EXISTS (SELECT FROM audit_row r WHERE r.object_type = %s AND r.object_id = ai_act.id::text)"],
        params=[OBJECT],
    )
    for row in rows.order_by("id").iterator():
        _refers(row, seen)
        yield {"act": act_said(row), "audit": None}


def _rows_said(rows: Sequence[AuditRow], seen: _Seen) -> list[Line]:
    """Rows of the audit with their salts and places under their seals."""
    ids = [one.id for one in rows]
    salts = {one.audit_id: bytes(one.salt) for one in AuditPayload.objects.filter(audit_id__in=ids).only("salt")}
    sealed = dict(AuditSealed.objects.filter(audit_id__in=ids).values_list("audit_id", "seal"))
    _places(seen.places, set(sealed.values()))
    if sealed:
        seen.first_seal = min(seen.first_seal or min(sealed.values()), *sealed.values())
    return [_row_said(one, salts, sealed, seen.places) for one in rows]


def _places(places: dict[int, dict[UUID, int]], seals: set[int]) -> None:
    """The order of the rows under some seals; those that acts in the order of time left behind are let go."""
    for gone in [one for one in places if one not in seals]:
        del places[gone]
    for one in seals - set(places):
        ids = AuditSealed.objects.filter(seal=one).order_by("audit_id").values_list("audit_id", flat=True)
        places[one] = {audit_id: at for at, audit_id in enumerate(ids)}


def _row_said(
    row: AuditRow, salts: Mapping[UUID, bytes], sealed: Mapping[UUID, int], places: Mapping[int, Mapping[UUID, int]]
) -> Line:
    seal = sealed.get(row.id)
    plain = {name: getattr(row, name) for name in NOTED}
    return {
        "id": str(row.id), "at": row.at.isoformat(timespec="microseconds"), **plain,
        "job_id": str(row.job_id) if row.job_id else None, "digest": bytes(row.digest).hex(),
        "salt": salts.get(row.id, b"").hex(), "seal": seal, "place": places[seal][row.id] if seal else None,
    }  # fmt: skip


def _seals(first: int, last: int) -> Iterator[Line]:
    """From the first seal that is needed to the last, each with the links of all that it covers."""
    for one in AuditSeal.objects.filter(number__gte=first, number__lte=last).order_by("number"):
        links = audit.links_of(one.number, one.number)[one.number][1]
        yield {
            "number": one.number, "sealed_at": one.sealed_at.isoformat(), "rows": one.rows,
            "previous": bytes(one.previous).hex(), "digest": bytes(one.digest).hex(), "links": links.hex(),
        }  # fmt: skip


def _drafts(wanted: Wanted, seen: _Seen, cut: _Cut, by: Actor) -> Iterator[Line]:
    """The drafts; what they say is withheld from whoever may not see what they were made of."""
    by_act = AiDraft.objects.filter(review_id__in=seen.reviews)
    for row in (wanted.drafts().filter(at__lte=cut.at) | by_act).distinct().order_by("id").iterator():
        seen.people |= {row.on_behalf_of, row.actor}
        seen.reviews |= {row.review_id} if row.review_id else set()
        seen.drafts.add(str(row.id))
        said = {one.name: _plain(getattr(row, one.name)) for one in AiDraft._meta.concrete_fields}
        if not sees(by, row):
            seen.withheld |= {row.review_id}
            said |= {"content": {}, "title": "", "withheld": True}
        yield said


def _looked_at(wanted: Wanted, cut: _Cut) -> QuerySet[Review]:
    """The reviews of acts that were drawn to be looked at."""
    acts = wanted.acts().filter(at__lte=cut.at).annotate(name=Cast("id", TextField())).values("name")
    return Review.objects.filter(subject_type=SAMPLE, subject_id__in=acts)


def _reviews(wanted: Wanted, seen: _Seen, cut: _Cut) -> Iterator[Line]:
    drawn = dict(_looked_at(wanted, cut).values_list("id", "subject_id"))
    seen.reviews |= set(drawn)
    seen.samples |= set(drawn.values())
    said: dict[UUID, list[dict[str, Any]]] = {}
    for one in ReviewDecision.objects.filter(review_id__in=seen.reviews).order_by("at"):
        seen.people |= {one.reviewer}
        told = {name: _plain(getattr(one, name)) for name in ("reviewer", "approved", "own_work", "comment", "at")}
        told |= {"comment": ""} if one.review_id in seen.withheld else {}
        said.setdefault(one.review_id, []).append(told)
    for row in Review.objects.filter(id__in=seen.reviews).order_by("id"):
        plain = {one.name: _plain(getattr(row, one.name)) for one in Review._meta.concrete_fields}
        yield plain | {"decisions": said.get(row.id, [])}


def _definitions(seen: _Seen) -> Iterator[Line]:
    """The versions that acts rest on, and the texts of disclosure in force; one that is gone stands by its name."""
    words = Definition.objects.filter(kind="disclosure", state=Definition.State.ACTIVE)
    seen.pinned = {*seen.pinned, *(row.pinned for row in words)} - {""}
    for ref in sorted(seen.pinned):
        try:
            row = find(ref)
        except MaropsError:
            yield {"ref": ref, "state": "gone", "sha256": "", "author": "", "document": None}
            continue
        seen.people |= {row.author}
        yield {"ref": ref, "state": row.state, "sha256": row.sha256, "author": row.author, "document": row.document}


def _notes(seen: _Seen) -> Iterator[tuple[AuditRow, Any]]:
    """What the audit noted of the drafts and versions above, and what was said then; None where that was erased."""
    meant = Q(object_type=DRAFT, object_id__in=seen.drafts) | Q(object_type="definition", object_id__in=seen.pinned)
    meant |= Q(object_type=SAMPLE, object_id__in=seen.samples)
    rows = list(AuditRow.objects.filter(meant).order_by("id"))
    said = {one.audit_id: one.payload for one in AuditPayload.objects.filter(audit_id__in=[row.id for row in rows])}
    for row in rows:
        seen.people |= {row.actor_id, row.on_behalf_of or ""}
        yield row, said.get(row.id)


def _notes_said(notes: Sequence[tuple[AuditRow, Any]], seen: _Seen) -> Iterator[Line]:
    for first in range(0, len(notes), BATCH):
        part = notes[first : first + BATCH]
        for (_row, payload), said in zip(part, _rows_said([row for row, _ in part], seen), strict=True):
            yield {"audit": said, "payload": payload}


@contextmanager
def _one_moment() -> Iterator[None]:
    """Drafts, decisions and notes as of one moment, whoever decides meanwhile."""
    alone = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if alone:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
