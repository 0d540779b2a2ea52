"""Writes about what AI hands in: propose it, decide upon it, change it, take it back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import ValidationError

from marops.domains.policy.models import AiDraft
from marops.domains.policy.queries.drafts import barred, writers_of
from marops.domains.policy.queries.enforcing import DRAFT, PROPOSE, weigh
from marops.domains.policy.queries.readers import asked_of, gates_of
from marops.domains.policy.queries.sight import asks_of
from marops.domains.policy.rules.drafts import SHAPES, content_sha256, storable
from marops.domains.policy.writing import decision_said
from marops.kernel import definitions, gates
from marops.kernel.actions import Act, action, actions
from marops.kernel.actors import Actor
from marops.kernel.definitions import pydantic_faults
from marops.kernel.errors import CONFLICT, INVALID, NOT_ALLOWED, NOT_FOUND, FieldError, MaropsError, problem
from marops.kernel.ids import as_uuid
from marops.kernel.models import Review, ReviewDecision
from marops.kernel.notices import tell
from marops.kernel.permissions import grants, require

DRAFT_MOVED = problem(
    "draft-moved",
    "The draft is not the one that was read",
    status=409,
    remedy="Open it again and read what it says now.",
)
_OPEN = (AiDraft.State.WAITING, AiDraft.State.APPROVED)
MOST_WAITING = 100
"""So many drafts of one use wait at a time: an agent that hands in more than people read is told to wait for them."""


def about_draft(given: Mapping[str, Any]) -> gates.About:
    """A gate sees what the proposer says of it, and the digest of exactly this content."""
    from dataclasses import replace

    known, content = given.get("about"), given.get("content")
    told = known if isinstance(known, gates.About) else gates.About(records=1)
    digest = content_sha256(content) if isinstance(content, Mapping) and storable(content) else ""
    return replace(told, subject=told.subject or str(given.get("subject") or ""), sha256=digest)


gates.describe(PROPOSE, about_draft)


@action(PROPOSE, effect="draft")
def propose_draft(
    act: Act, *, actor: Actor, kind: str, subject: str, title: str, content: Mapping[str, Any], about: gates.About,
    prompt: str = "", tokens: int = 0, cost: Decimal = Decimal(0), replaces: UUID | None = None,
) -> AiDraft:  # fmt: skip
    """Hand in a draft. The same content again answers the draft that is there."""
    if actor.kind != "ai":
        raise MaropsError(INVALID, _("Only an AI hands in drafts; people write."))
    kept, sha256 = checked(kind, content), content_sha256(content)
    given = {"kind": kind, "subject": subject, "content": content, "about": about}
    found = weigh(gates.Question(PROPOSE, "draft", actor, given))
    if replaces:
        _take_back(act, _open(replaces, actor), outcome="edited")
    same = AiDraft.objects.filter(sha256=sha256, use=actor.ai_use, on_behalf_of=actor.on_behalf_of, state__in=_OPEN)
    if known := same.order_by("-id").first():
        return known
    _room_for_one_more(actor.ai_use or "")
    row = AiDraft(
        at=act.at, use=actor.ai_use or "", use_version=found.use.version if found.use else None, actor=actor.id,
        on_behalf_of=actor.on_behalf_of or "", kind=kind, subject=subject[:500], title=title.strip()[:300] or subject,
        content=kept, sha256=sha256, gates=gates_of(found), prompt=prompt[:300], edited_from=replaces,
        asked=asked_of(found) | {"sees": asks_of(actor, kind, kept, found.known.data)},
    )  # fmt: skip
    return _hand_in(act, row)


def _room_for_one_more(use: str) -> None:
    if AiDraft.objects.filter(use=use, state=AiDraft.State.WAITING).count() >= MOST_WAITING:
        said = _("%(n)s drafts of the use %(use)s wait to be read; hand in more when people have read some.")
        raise MaropsError(CONFLICT, said % {"n": MOST_WAITING, "use": use})


def checked(kind: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as it is kept. Raises MaropsError `invalid` that names each fault by its place."""
    if kind not in SHAPES:
        raise MaropsError(INVALID, _("A draft is one of: %(kinds)s.") % {"kinds": ", ".join(SHAPES)})
    try:
        SHAPES[kind].model_validate(content)
    except ValidationError as error:
        raise MaropsError(INVALID, _("The draft has faults."), errors=pydantic_faults(error, content)) from None
    if not storable(content):
        raise MaropsError(INVALID, _("The draft holds characters that are none."))
    if kind == "act" and content["action"] not in actions():
        raise MaropsError(INVALID, _("There is no act called %(name)s.") % {"name": content["action"]})
    if kind == "definition":
        definitions.check_name(str(content["kind"]), str(content["slug"]))
        definitions.checked(str(content["kind"]), content["document"])
    return dict(content)


def _hand_in(act: Act, row: AiDraft) -> AiDraft:
    """Keep a draft and open its review; where nobody has to read it, it is approved."""
    needed = int(row.gates["needed"])
    if needed:
        review = Review.objects.create(
            subject_type=DRAFT, subject_id=str(row.id), content_sha256=row.sha256, asked_by=row.on_behalf_of,
            asked_at=act.at, needed=needed,
        )  # fmt: skip
        row.review_id = review.id
    else:
        row.state, row.decided_at = AiDraft.State.APPROVED, act.at
    row.save(force_insert=True)
    act.changed(DRAFT, row.id, before=None, after={
        "state": row.state, "sha256": row.sha256, "use": row.use, "gates": content_sha256(row.gates),
    })  # fmt: skip
    return row


@action("policy.decide_draft", effect="review")
def decide_draft(act: Act, *, actor: Actor, draft_id: UUID, sha256: str, approve: bool, why: str = "") -> AiDraft:
    """Say yes or no to exactly this content. The last yes that it needs approves it, one no declines it.

    Raises MaropsError `draft-moved`, `four-eyes`, `not-allowed`, or `conflict` where it was decided before.
    """
    row = _locked(draft_id)
    if row.sha256 != sha256:
        raise MaropsError(DRAFT_MOVED, _("Draft %(title)s says something else.") % {"title": row.title})
    if row.state != AiDraft.State.WAITING:
        raise MaropsError(CONFLICT, _("This draft is %(state)s already.") % {"state": row.get_state_display().lower()})
    if reason := barred(actor, row):
        raise MaropsError(reason.code, reason.says)
    if not approve and not why.strip():
        fault = FieldError("required", _("Say what is wrong with it."), _("Write a line to who asked."), field="why")
        raise MaropsError(INVALID, errors=[fault])
    review = Review.objects.select_for_update().get(subject_type=DRAFT, subject_id=str(row.id))
    decision, _new = ReviewDecision.objects.update_or_create(
        review=review, reviewer=actor.id,
        defaults={"approved": approve, "own_work": actor.id in writers_of(row), "comment": why.strip(), "at": act.at},
    )  # fmt: skip
    yes = review.decisions.filter(approved=True).count()
    if not approve:
        _decided(act, row, review, AiDraft.State.DECLINED, Review.State.REJECTED)
    elif yes >= review.needed:
        _decided(act, row, review, AiDraft.State.APPROVED, Review.State.APPROVED)
    act.changed(
        DRAFT, row.id, before={"state": "waiting"}, after=decision_said(decision, row.sha256) | {"state": row.state}
    )
    _tell(row, actor, why)
    return row


def _decided(act: Act, row: AiDraft, review: Review, state: AiDraft.State, said: Review.State) -> None:
    review.state, review.decided_at = said, act.at
    review.save(update_fields=["state", "decided_at"])
    row.state, row.decided_at = state, act.at
    if state == AiDraft.State.APPROVED and row.kind == AiDraft.Kind.DEFINITION:
        row.outcome = _kept_definition(act, row)
        row.state = AiDraft.State.DONE
    row.save(update_fields=["state", "decided_at", "outcome"])


def _kept_definition(act: Act, row: AiDraft) -> str:
    """The definition's draft, with the AI as its author; putting it in force is asked for on its own page."""
    require(act.actor, definitions.CHANGE)
    author = Actor("ai", row.actor, row.on_behalf_of, row.use)
    told = row.content
    return definitions.keep(act, author, told["kind"], told["slug"], told["document"], row.title).pinned


def _tell(row: AiDraft, actor: Actor, why: str) -> None:
    person = as_uuid(row.on_behalf_of)
    if person is None or row.on_behalf_of == actor.id or row.state == AiDraft.State.WAITING:
        return
    words = (
        _("“%(title)s” by AI was declined: %(why)s")
        if row.state == AiDraft.State.DECLINED
        else _("“%(title)s” by AI was approved.")
    )
    tell(person, words % {"title": row.title, "why": why.strip()}, url=f"/policy/waiting/{row.id}")


@action("policy.edit_draft", effect="change")
def edit_draft(act: Act, *, actor: Actor, draft_id: UUID, content: Mapping[str, Any]) -> AiDraft:
    """A person changes what an AI wrote: a new draft, read anew, since approvals of the former are void."""
    before = _open(draft_id, actor)
    kept, sha256 = checked(before.kind, content), content_sha256(content)
    if sha256 == before.sha256:
        return before
    _take_back(act, before, outcome="edited")
    row = AiDraft(
        at=act.at, use=before.use, use_version=before.use_version, actor=actor.id, on_behalf_of=before.on_behalf_of,
        kind=before.kind, subject=before.subject, title=before.title, content=kept, sha256=sha256, gates=before.gates,
        asked=before.asked | {"writers": sorted(writers_of(before) - {before.on_behalf_of})}, prompt=before.prompt,
        edited_from=before.id,
    )  # fmt: skip
    return _hand_in(act, row)


@action("policy.withdraw_draft", effect="draft")
def withdraw_draft(act: Act, *, actor: Actor, draft_id: UUID, why: str = "") -> AiDraft:
    """Take a draft back that nobody used yet."""
    row = _open(draft_id, actor)
    _take_back(act, row, outcome=why.strip()[:500])
    return row


def _take_back(act: Act, row: AiDraft, *, outcome: str) -> None:
    before, row.state, row.decided_at, row.outcome = row.state, AiDraft.State.WITHDRAWN, act.at, outcome
    row.save(update_fields=["state", "decided_at", "outcome"])
    Review.objects.filter(subject_type=DRAFT, subject_id=str(row.id)).update(state=Review.State.VOID, decided_at=act.at)
    act.changed(DRAFT, row.id, before={"state": before}, after={"state": row.state, "outcome": outcome})


def _locked(draft_id: UUID) -> AiDraft:
    row = AiDraft.objects.select_for_update().filter(id=draft_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND, _("There is no such draft."))
    return row


def _theirs(actor: Actor, row: AiDraft) -> bool:
    """Was it made for this person, who is here and not one of their keys?"""
    return actor.id == row.on_behalf_of and not grants(actor).by_key


def _open(draft_id: UUID, actor: Actor) -> AiDraft:
    """The draft, where it can still be changed, and this actor may."""
    row = _locked(draft_id)
    own = (
        actor.on_behalf_of == row.on_behalf_of and actor.ai_use == row.use
        if actor.kind == "ai"
        else (actor.kind == "system" or _theirs(actor, row) or not barred(actor, row, deciding=False))
    )
    if not own:
        raise MaropsError(NOT_ALLOWED, _("This draft was made for somebody else."))
    if row.state not in _OPEN:
        raise MaropsError(CONFLICT, _("This draft is %(state)s already.") % {"state": row.get_state_display().lower()})
    return row
