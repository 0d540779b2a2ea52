"""The trail of what AI did and was refused, each row's digest in the audit's chain."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection

from marops.domains.policy.models import AiAct, AiDraft, AiSwitch, PolicyTable
from marops.domains.policy.queries.templates import sketched_table
from marops.domains.policy.rules.document import PolicyRule
from marops.domains.policy.rules.drafts import content_sha256
from marops.domains.policy.rules.samples import SAMPLE, drawn
from marops.domains.policy.rules.tables import holds_packed, rules_digest
from marops.domains.policy.rules.uses import Reviewing
from marops.kernel import audit
from marops.kernel.actions import Act
from marops.kernel.clock import now
from marops.kernel.ids import earliest_id, new_id
from marops.kernel.models import AuditRow, Review, ReviewDecision

OBJECT = "ai_act"
"""Under this name the audit trail holds the digest of an act."""
HISTORY = "ai.history"
"""So the audit calls an act of the past that was brought in: it was noted later than it was done."""
_SAMPLED: Final = {"sampled": 1}
_RANDOM = (1 << 80) - 1
_PLAIN = [one.name for one in AiAct._meta.concrete_fields]


def act_said(row: AiAct) -> dict[str, Any]:
    """Everything a row says, as its digest takes it."""
    return {name: _spelt(getattr(row, name)) for name in _PLAIN}


def act_digest(row: AiAct) -> str:
    """The sha-256 of everything a row says."""
    return hashlib.sha256(audit.canonical(act_said(row))).hexdigest()


def _spelt(value: Any) -> Any:
    """One spelling, whether the value comes from Python or back from the database."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, Decimal):
        return f"{value:.6f}"
    if isinstance(value, UUID):
        return str(value)
    return value


_LONGEST, _MOST = 2_000, 2**62
_DEAREST = Decimal(10) ** 7


def _storable(value: Any) -> Any:
    """The nearest value that the database keeps: a refusal must not be lost for what the AI put into it."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode().replace("\0", "�")[:_LONGEST]
    if isinstance(value, Decimal):
        return max(Decimal(0), min(value, _DEAREST)) if value.is_finite() else _DEAREST
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return max(-_MOST, min(value, _MOST))
    if isinstance(value, Mapping):
        return {str(_storable(name)): _storable(one) for name, one in value.items()}
    return [_storable(one) for one in value] if isinstance(value, list | tuple) else value


def write_act(values: Mapping[str, Any], draft_sha256: str = "", looked_at: Reviewing | None = None) -> None:
    """Inside a transaction: a row of the trail, and its digest in the chain of the audit.

    `draft_sha256` names the draft it is about; an act that was approved as a draft passes once. `looked_at`: how the
    register wants it looked at afterwards, if it happens.
    """
    draft = _draft_of(values, draft_sha256)
    kept = {name: _storable(value) for name, value in _without_words(values).items()}
    (numbers,), moment = _numbered([kept["use"]])
    row = AiAct(id=new_id(), **kept | {"at": moment}, review_id=draft.review_id if draft else None)
    row.save(force_insert=True)
    row.refresh_from_db()
    sampled = row.verdict == AiAct.Verdict.YES and looked_at is not None and drawn(row.id, looked_at.share)
    audit.write(
        [(_noted(row, "ai.act", row.at, numbers | _SAMPLED if sampled else numbers), {"sha256": act_digest(row)})]
    )
    if sampled and looked_at:
        _sample(row, looked_at.needed).save(force_insert=True)
    if draft and draft.kind == AiDraft.Kind.ACT and row.action == draft.content.get("action") and row.verdict == "yes":
        AiDraft.objects.filter(id=draft.id).update(state=AiDraft.State.DONE, outcome=str(row.id))


def _sample(row: AiAct, needed: int) -> Review:
    """The review that asks somebody to look at an act, bound to all that its row says."""
    return Review(
        subject_type=SAMPLE, subject_id=str(row.id), content_sha256=act_digest(row), asked_by=row.on_behalf_of,
        asked_at=row.at, needed=max(1, needed),
    )  # fmt: skip


def _noted(row: AiAct, action: str, at: datetime, numbers: Mapping[str, int]) -> AuditRow:
    return AuditRow(
        id=new_id(), at=at, action=action, effect="note", actor_kind="ai", actor_id=row.actor,
        on_behalf_of=row.on_behalf_of, ai_use=row.use, object_type=OBJECT, object_id=str(row.id), counts=dict(numbers),
    )  # fmt: skip


_COUNTED = (
    "INSERT INTO ai_tally (of, acts, last) VALUES ('all', %s, %s) ON CONFLICT (of) DO UPDATE SET"
    " acts = ai_tally.acts + excluded.acts, last = greatest(ai_tally.last, excluded.last) RETURNING acts, last"
)
_COUNTED_OF = (
    "INSERT INTO ai_tally (of, acts, last) VALUES (%s, %s, %s) ON CONFLICT (of) DO UPDATE SET"
    " acts = ai_tally.acts + excluded.acts, last = excluded.last RETURNING acts"
)


def _numbered(uses: Sequence[str]) -> tuple[list[dict[str, int]], datetime]:
    """Inside a transaction: the numbers of the next acts, among all and among those of their use, and their moment.

    Whoever numbers the next ones waits until these are committed: there is no gap, and moments follow the numbers.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [len(uses), now()])
        total, moment = cursor.fetchone()
        before: dict[str, int] = {}
        for use, number in sorted(Counter(uses).items()):
            cursor.execute(_COUNTED_OF, [f"use:{use}", number, moment])
            before[use] = int(cursor.fetchone()[0]) - number
    found: list[dict[str, int]] = []
    for at, use in enumerate(uses, 1):
        before[use] += 1
        found.append({"number": int(total) - len(uses) + at, "of_use": before[use]})
    return found, moment


_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,79}(?:[:/ ][A-Za-z0-9_.-]{1,120}){0,3}(?:@[0-9]{1,9})?")
_PROMPT = re.compile(r"[A-Za-z0-9_./-]{1,120}(?:@[A-Za-z0-9_.-]{1,40})?")
WORDS: Final = "words:"
"""So begins what stands for words that an AI chose: their SHA-256 follows."""


def _without_words(values: Mapping[str, Any]) -> dict[str, Any]:
    """An act names things by their reference; whatever else an AI wrote into it stands there by its digest."""
    kept = dict(values)
    for name, shape in (("subject", _NAME), ("prompt", _PROMPT)):
        if isinstance(said := kept.get(name), str):
            kept[name] = by_digest(said, shape)
    facts = kept.get("facts")
    if isinstance(facts, Mapping) and isinstance(facts.get("subject"), str):
        kept["facts"] = dict(facts) | {"subject": by_digest(facts["subject"], _NAME)}
    return kept


def by_digest(said: str, shape: re.Pattern[str] = _NAME) -> str:
    """What was said, where it is a name of something here; else the digest of the words."""
    if not said or shape.fullmatch(said):
        return said
    return WORDS + hashlib.sha256(said.encode(errors="replace")).hexdigest()


def write_history(act: Act, rows: Sequence[Mapping[str, Any]]) -> int:
    """Inside an act: rows of the past at once, each noted in the audit as of now. Answers how many.

    `sampled` of a row that was drawn: who looked at it, so many hours later, and what they said; None of all others.
    """
    looks = [row.get("sampled") for row in rows]
    plain = [{name: value for name, value in row.items() if name != "sampled"} for row in rows]
    acts = [AiAct(id=UUID(int=earliest_id(row["at"]).int | new_id().int & _RANDOM), **row) for row in plain]
    AiAct.objects.bulk_create(acts)
    kept = AiAct.objects.in_bulk([one.id for one in acts])  # as the database spells them
    numbers, moment = _numbered([one.use for one in acts])
    numbers = [said if look is None else {**said, **_SAMPLED} for said, look in zip(numbers, looks, strict=True)]
    seals = [_noted(one, HISTORY, moment, said) for one, said in zip(acts, numbers, strict=True)]
    audit.write([(seal, {"sha256": act_digest(kept[one.id])}) for seal, one in zip(seals, acts, strict=True)])
    _write_samples(act, [(kept[one.id], look) for one, look in zip(acts, looks, strict=True) if look is not None])
    return len(acts)


def _write_samples(act: Act, looked: Sequence[tuple[AiAct, Sequence[tuple[int, str, bool, str]]]]) -> None:
    reviews, decisions = list[Review](), list[ReviewDecision]()
    for row, words in looked:
        review = _sample(row, 1)
        reviews.append(review)
        for hours, who, right, why in words:
            at = row.at + timedelta(hours=hours)
            review.state, review.decided_at = Review.State.APPROVED if right else Review.State.REJECTED, at
            said = ReviewDecision(review=review, reviewer=who, approved=right, comment=why, at=at)
            decisions.append(said)
            act.changed(SAMPLE, row.id, after=decision_said(said, review.content_sha256) | {"state": review.state})
    Review.objects.bulk_create(reviews)
    ReviewDecision.objects.bulk_create(decisions)


@dataclass(frozen=True, slots=True)
class Handed:
    """A draft with its review and what readers said."""

    draft: AiDraft
    review: Review
    decisions: list[ReviewDecision]


def write_drafts(act: Act, handed: Sequence[Handed]) -> int:
    """Inside an act: drafts of the past with their reviews, at once. Answers how many."""
    AiDraft.objects.bulk_create([one.draft for one in handed])
    Review.objects.bulk_create([one.review for one in handed])
    ReviewDecision.objects.bulk_create([said for one in handed for said in one.decisions])
    for one in handed:
        kept, name = one.draft, AiDraft._meta.db_table
        said = {"state": kept.state, "sha256": kept.sha256, "use": kept.use, "gates": content_sha256(kept.gates)}
        act.changed(name, kept.id, after=said)
        for decision in one.decisions:
            act.changed(name, kept.id, after=decision_said(decision, kept.sha256))
    return len(handed)


def decision_said(one: ReviewDecision, sha256: str) -> dict[str, Any]:
    """What the audit keeps of a reader's word about a draft with these contents."""
    return {
        "approved": one.approved, "by": one.reviewer, "sha256": sha256, "why": content_sha256({"why": one.comment}),
    }  # fmt: skip


def forget_history(act: Act, people: Sequence[str]) -> dict[str, int]:
    """Inside an act: what AI did for these people goes, with its drafts and the switches they threw.

    The audit keeps that there were acts, without what they were.
    """
    acts, drafts = AiAct.objects.filter(on_behalf_of__in=people), AiDraft.objects.filter(on_behalf_of__in=people)
    Review.objects.filter(id__in=drafts.values("review_id")).delete()
    forget_samples(list(acts.values_list("id", flat=True)))
    audit.forget(list(acts.values_list("id", flat=True)), OBJECT)
    return {
        "ai_act": acts.delete()[0], "ai_draft": drafts.delete()[0],
        "ai_switch": AiSwitch.objects.filter(thrown_by__in=people).delete()[0],
    }  # fmt: skip


def forget_samples(acts: Sequence[UUID]) -> None:
    """Inside an act: what people found who looked at these acts goes with them."""
    Review.objects.filter(subject_type=SAMPLE, subject_id__in=[str(one) for one in acts]).delete()


def write_switch(act: Act, use: str, why: str, by: str, at: datetime) -> None:
    """Inside an act: a switch that was thrown in the past."""
    AiSwitch.objects.get_or_create(use=use, released_at=None, defaults={"why": why, "thrown_by": by, "thrown_at": at})


def write_table(act: Act, rules: Sequence[PolicyRule]) -> str:
    """Inside an act: what rules decide that are all plain sentences; the same as the job finds, at once.

    Answers the digest under which it is kept, or nothing where it was there already.
    """
    table, name = sketched_table(rules), rules_digest(rules)
    if table is None:
        raise ValueError("these rules are not all plain sentences")
    kept = {"allowed": table.packed(), "holds": holds_packed(table), "rules": list(table.holds)}
    _row, made = PolicyTable.objects.get_or_create(rules_sha256=name, defaults=kept)
    return name if made else ""


def forget_tables(act: Act, names: Sequence[str]) -> int:
    """Inside an act: tables that nothing needs any more."""
    return PolicyTable.objects.filter(rules_sha256__in=names).delete()[0]


def _draft_of(values: Mapping[str, Any], sha256: str) -> AiDraft | None:
    if not sha256:
        return None
    rows = AiDraft.objects.filter(sha256=sha256, use=values["use"], on_behalf_of=values["on_behalf_of"])
    return rows.filter(state__in=[AiDraft.State.WAITING, AiDraft.State.APPROVED]).order_by("-id").first()
