"""What AI handed in and waits for readers, and who may decide upon it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from marops.domains.accounts.public import AccountRole, names
from marops.domains.policy.models import AiDraft
from marops.domains.policy.permissions import REVIEW, TRAIL
from marops.domains.policy.queries.sight import opens_kind, seen_by, sees
from marops.domains.policy.queries.uses import uses
from marops.kernel.actors import Actor
from marops.kernel.definitions import FOUR_EYES, approvals_needed, approvers_of
from marops.kernel.errors import NOT_ALLOWED, NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Definition, ReviewDecision
from marops.kernel.permissions import grants, may


@dataclass(frozen=True, slots=True)
class Bar:
    """Why somebody may not decide."""

    code: str
    says: str


def barred(actor: Actor, row: AiDraft, *, deciding: bool = True) -> Bar | None:
    """What stands against this actor deciding upon a draft; None where nothing does.

    Where the register names roles, their holders read it; else everybody who may review; and nobody who may not see
    what it is about. Where two people have to read it, the person it was made for and those who changed it are
    neither of them.
    """
    if actor.kind != "human":
        return Bar(NOT_ALLOWED, _("A person decides upon what an AI made: say who."))
    held, roles = grants(actor), row.gates.get("roles") or []
    if held.by_key and REVIEW not in held:
        return Bar(
            NOT_ALLOWED, _("This key does not hold the right “Approve or decline what an AI made” (policy.review).")
        )
    if roles and not held.everything and not set(roles) & roles_of(actor):
        return Bar(NOT_ALLOWED, _("The register names who reads it: %(roles)s.") % {"roles": ", ".join(roles)})
    if not roles and not may(actor, REVIEW):
        return Bar(NOT_ALLOWED, _("This needs the right “Approve or decline what an AI made” (policy.review)."))
    if not sees(actor, row) and not _theirs(actor, row):
        return Bar(NOT_ALLOWED, _("It holds what you may not see, and so somebody else reads it."))
    if deciding and int(row.gates.get("needed", 1)) > 1 and actor.id in writers_of(row):
        return Bar(FOUR_EYES, _("It was made for you or changed by you, and two others have to read it."))
    return None


def writers_of(row: AiDraft) -> set[str]:
    """Whose words or wish it is: the person it was made for, and everybody who changed it on the way."""
    return {row.on_behalf_of, row.actor, *row.asked.get("writers", [])}


def roles_of(actor: Actor) -> set[str]:
    """The access roles of a person."""
    account = as_uuid(actor.id)
    return set(AccountRole.objects.filter(account_id=account).values_list("role", flat=True)) if account else set()


def _theirs(actor: Actor, row: AiDraft) -> bool:
    """Was it made for this person, who is here and not one of their keys?"""
    return actor.id == row.on_behalf_of and not grants(actor).by_key


def visible(actor: Actor) -> QuerySet[AiDraft]:
    """The drafts this actor may read: their own, those they may decide upon, all of them for who reads the trail; but
    none that holds what they may not see elsewhere. A key reads what it may see, also of its person's own.
    """
    rows = AiDraft.objects.all()
    if actor.kind == "ai":
        return rows.filter(on_behalf_of=actor.on_behalf_of, use=actor.ai_use)
    mine = Q(on_behalf_of=actor.id)
    sight = seen_by(actor) if grants(actor).by_key else seen_by(actor) | mine
    if may(actor, TRAIL) or may(actor, REVIEW):
        return rows.filter(sight)
    for role in roles_of(actor):
        mine |= Q(gates__roles__contains=[role])
    return rows.filter(mine & sight)


def draft_of(actor: Actor, draft_id: UUID | str) -> AiDraft:
    """One draft. Raises MaropsError `not-found`, also for who may not read it."""
    wanted = as_uuid(str(draft_id))
    row = visible(actor).filter(id=wanted).first() if wanted else None
    if row is None:
        raise MaropsError(NOT_FOUND, _("There is no such draft."))
    return row


def waiting_drafts(actor: Actor, limit: int = 200) -> list[AiDraft]:
    """What waits to be read, the oldest first."""
    return list(visible(actor).filter(state=AiDraft.State.WAITING).order_by("at", "id")[:limit])


def told(actor: Actor, rows: Sequence[AiDraft]) -> list[dict[str, Any]]:
    """Drafts with who decided what so far and whether this actor may decide."""
    said = _said(rows)
    ids = {one for row in rows for one in (row.on_behalf_of, row.actor)} | {
        one.reviewer for decisions in said.values() for one in decisions
    }
    known = names([one for one in ids if as_uuid(one)])
    register = uses()
    return [_told(actor, row, said.get(row.review_id, []), known, register) for row in rows]


def _said(rows: Iterable[AiDraft]) -> dict[UUID | None, list[ReviewDecision]]:
    reviews = [row.review_id for row in rows if row.review_id]
    found: dict[UUID | None, list[ReviewDecision]] = {}
    for one in ReviewDecision.objects.filter(review_id__in=reviews).order_by("at"):
        found.setdefault(one.review_id, []).append(one)
    return found


def _told(
    actor: Actor, row: AiDraft, said: Sequence[ReviewDecision], known: Mapping[str, str], register: Mapping[str, Any]
) -> dict[str, Any]:
    bar = barred(actor, row) if row.state == AiDraft.State.WAITING else Bar("", "")
    if not bar and any(one.reviewer == actor.id for one in said):
        bar = Bar("", _("You approved it; somebody else has to as well."))
    use = register.get(row.use)
    return {
        "id": str(row.id), "at": row.at, "kind": row.kind, "use": row.use,
        "use_title": use.document.title if use else "",
        "use_version": row.use_version, "actor": row.actor, "actor_name": known.get(row.actor, row.actor),
        "on_behalf_of": row.on_behalf_of, "for_name": known.get(row.on_behalf_of, row.on_behalf_of),
        "subject": row.subject, "title": row.title, "content": row.content, "sha256": row.sha256,
        "state": row.state, "needed": int(row.gates.get("needed", 0)), "approvals": sum(one.approved for one in said),
        "roles": row.gates.get("roles", []), "disclosed": bool(row.gates.get("disclosed")),
        "rules": row.gates.get("rules", []), "reasons": row.gates.get("reasons", []),
        "policy": row.gates.get("policy", ""), "asked": row.asked,
        "edited_from": row.edited_from and str(row.edited_from),
        "decided_at": row.decided_at, "outcome": row.outcome, "may_decide": bar is None,
        "why_not": bar.says if bar else "",
        "decisions": [
            {"by": one.reviewer, "name": known.get(one.reviewer, one.reviewer), "approved": one.approved, "at": one.at,
             "why": one.comment} for one in said
        ],
    }  # fmt: skip


def waiting_definitions(actor: Actor) -> list[dict[str, Any]]:
    """Definitions that an AI wrote and nobody decided upon, for who may open them: reviews stand on their own pages."""
    rows = Definition.objects.filter(state__in=["draft", "in_review"]).exclude(ai_use="").order_by("created_at")
    return [
        {
            "ref": row.pinned, "kind": row.kind, "slug": row.slug, "version": row.version, "state": row.state,
            "use": row.ai_use, "at": row.created_at, "title": str(row.document.get("title") or row.slug),
            "needed": approvals_needed(row), "approvals": len(approvers_of(row)),
        } for row in [row for row in rows if opens_kind(actor, row.kind)][:200]
    ]  # fmt: skip
