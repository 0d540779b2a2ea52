"""Acts of the past as the policy in force would have judged them: for a made-up company that has a history."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from marops.domains.policy.models import AiAct, AiDraft
from marops.domains.policy.queries.disclosures import words_of
from marops.domains.policy.queries.enforcing import DRAFT, Weighed, Word, judged
from marops.domains.policy.queries.policies import Policy
from marops.domains.policy.queries.readers import asked_of, gates_of
from marops.domains.policy.queries.uses import Use
from marops.domains.policy.rules.cedar import Facts
from marops.domains.policy.rules.drafts import content_sha256
from marops.domains.policy.writing import Handed
from marops.kernel.gates import About
from marops.kernel.ids import new_id
from marops.kernel.models import Review, ReviewDecision

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Past:
    """Something an AI once wanted to do. `against`: what stood against it before any rule was asked.

    `sampled`: hours later, who looked at it, was it right, and why not; empty while nobody did, None where not drawn.
    """

    at: datetime
    use: str
    on_behalf_of: str
    action: str
    term: str
    subject: str = ""
    content: str = ""
    audience: str = ""
    data: str = ""
    approvals: int = 0
    consented: bool = True
    recipients: int = 0
    records: int = 0
    spent: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)
    against: str = ""
    sampled: Sequence[tuple[int, str, bool, str]] | None = None


@dataclass(frozen=True, slots=True)
class PastDraft:
    """A text that an AI once handed in. `said`: hours later, who, yes or no, and why; `changed`: by whom, into what."""

    at: datetime
    use: str
    on_behalf_of: str
    subject: str
    title: str
    text: str
    audience: str
    data: str
    language: str = "en"
    said: Sequence[tuple[int, str, bool, str]] = ()
    changed: tuple[int, str, str] | None = None


def rehearsed_drafts(policy: Policy, uses: Mapping[str, Use], drafts: Iterable[PastDraft]) -> Iterator[Handed]:
    """Drafts with their reviews, as they would have been kept; one that somebody changed is followed by the change."""
    for one in drafts:
        use = uses[one.use]
        known = About(one.subject, "words", one.audience, one.data, records=1)
        facts = Facts(use=one.use, subject=one.subject, regimes=tuple(use.document.jurisdictions))
        named = {"content": known.content, "audience": known.audience, "data": known.data}
        found = Weighed("draft", use, policy, known, judged(policy, use, "draft", named, facts, _reached(())))
        first = _handed(found, one, one.at, f"{one.use}-agent", one.text, None)
        if one.changed:
            hours, who, text = one.changed
            at = one.at + timedelta(hours=hours)
            first.draft.state, first.draft.decided_at, first.draft.outcome = AiDraft.State.WITHDRAWN, at, "edited"
            first.review.state, first.review.decided_at = Review.State.VOID, at
            yield first
            first = _handed(found, one, at, who, text, first.draft.id)
        yield _decided(first, one.said)


def _handed(found: Weighed, one: PastDraft, at: datetime, actor: str, text: str, before: UUID | None) -> Handed:
    content = {"text": text, "language": one.language, "media": "text/plain"}
    draft = AiDraft(
        at=at, use=one.use, use_version=found.use.version if found.use else None, actor=actor,
        on_behalf_of=one.on_behalf_of, kind=AiDraft.Kind.TEXT, subject=one.subject, title=one.title, content=content,
        sha256=content_sha256(content), gates=gates_of(found), asked=asked_of(found), prompt=f"{one.use}/1",
        edited_from=before,
    )  # fmt: skip
    review = Review(
        id=new_id(), subject_type=DRAFT, subject_id=str(draft.id), content_sha256=draft.sha256,
        asked_by=one.on_behalf_of, asked_at=at, needed=draft.gates["needed"],
    )  # fmt: skip
    draft.review_id = review.id
    return Handed(draft, review, [])


def _decided(one: Handed, said: Sequence[tuple[int, str, bool, str]]) -> Handed:
    draft, review = one.draft, one.review
    for hours, who, yes, why in said:
        at = draft.at + timedelta(hours=hours)
        own = who in (draft.on_behalf_of, draft.actor)
        one.decisions.append(
            ReviewDecision(review=review, reviewer=who, approved=yes, own_work=own, comment=why, at=at)
        )
        if not yes:
            draft.state, review.state = AiDraft.State.DECLINED, Review.State.REJECTED
        elif sum(other.approved for other in one.decisions) >= review.needed:
            draft.state, review.state = AiDraft.State.APPROVED, Review.State.APPROVED
        if draft.state != AiDraft.State.WAITING:
            draft.decided_at = review.decided_at = at
    return one


def rehearsed(policy: Policy, uses: Mapping[str, Use], acts: Iterable[Past]) -> Iterator[dict[str, Any]]:
    """Rows of the trail, in the order of time; limits a day count what was done in the 24 hours before."""
    before: deque[Past] = deque()
    for one in sorted(acts, key=lambda act: act.at):
        use = uses.get(one.use)
        while before and before[0].at <= one.at - _DAY:
            before.popleft()
        word = _word(policy, use, one, before)
        if word.allowed:
            before.append(one)
        yield _row(policy, use, one, word)


def _word(policy: Policy, use: Use | None, one: Past, before: Iterable[Past]) -> Word:
    if use is None:
        return Word(False, (_("The use %(use)s is not in the register of AI uses in force.") % {"use": one.use},))
    if one.against:
        return Word(False, (one.against,))
    all_uses, own = _reached(before), _reached(act for act in before if act.use == one.use)
    facts = Facts(
        use=one.use, subject=one.subject, consented=one.consented, recipients=one.recipients, records=one.records,
        spent=one.spent, approvals=one.approvals, recipients_today=all_uses["recipients"],
        records_today=all_uses["records"], spent_today=all_uses["spent"], regimes=tuple(use.document.jurisdictions),
    )  # fmt: skip
    named = {"content": one.content, "audience": one.audience, "data": one.data}
    return judged(policy, use, one.term, named, facts, own)


def _reached(acts: Iterable[Past]) -> dict[str, int]:
    found = {"recipients": 0, "records": 0, "spent": 0}
    for act in acts:
        found = {name: been + getattr(act, name) for name, been in found.items()}
    return found


def _row(policy: Policy, use: Use | None, one: Past, word: Word) -> dict[str, Any]:
    verdict = AiAct.Verdict.YES if word.allowed else AiAct.Verdict.WAITS if word.lacks else AiAct.Verdict.NO
    said = f"{one.use} {one.subject} {one.at.isoformat()}".encode()
    return {
        "at": one.at, "use": one.use, "use_version": use.version if use else None, "actor": f"{one.use}-agent",
        "on_behalf_of": one.on_behalf_of, "action": one.action, "term": one.term, "subject": one.subject,
        "verdict": verdict, "policy": policy.row.pinned if use else "", "rules": list(word.rules),
        "reasons": list(word.reasons), "facts": dict(word.facts),
        "missing": {"review": word.lacks.review, "disclosed": word.lacks.disclosed} if word.lacks else None,
        "outputs_sha256": hashlib.sha256(said).hexdigest(), "tokens": one.tokens, "cost": one.cost,
        "recipients": one.recipients, "records": one.records, "spent": one.spent, "prompt": f"{one.use}/1",
        "disclosure": words_of(use.document) if use else "", "sampled": one.sampled if word.allowed else None,
    }  # fmt: skip
