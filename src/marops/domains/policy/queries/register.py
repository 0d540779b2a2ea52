"""The register and the trail, told."""

from typing import Any
from uuid import UUID

from marops.domains.policy.models import AiAct, AiDraft, AiSwitch
from marops.domains.policy.queries.disclosures import PLAIN, words_of
from marops.domains.policy.queries.narrowing import Narrowed
from marops.domains.policy.queries.uses import KIND, uses
from marops.domains.policy.rules.uses import AiUse, tier_of
from marops.domains.policy.writing import OBJECT, act_digest
from marops.kernel.definitions import load
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import AuditRow, AuditSealed, Definition
from marops.kernel.rest import checked_limit, page, place_of


def register() -> list[dict[str, Any]]:
    """Every use there ever was, by name: the version in force, else the newest."""
    newest: dict[str, Definition] = {}
    for row in Definition.objects.filter(kind=KIND).order_by("slug", "version"):
        known = newest.get(row.slug)
        if known is None or known.state != Definition.State.ACTIVE:
            newest[row.slug] = row
    stopped = {one.use: one for one in AiSwitch.objects.filter(released_at=None)}
    return [_told(row, stopped.get(slug) or stopped.get("")) for slug, row in newest.items()]


def use_of(slug: str) -> dict[str, Any]:
    """One use. Raises MaropsError `not-found`."""
    found = next((one for one in register() if one["use"] == slug), None)
    if found is None:
        raise MaropsError(NOT_FOUND, f"There is no use {slug} in the register.")
    return found


def _told(row: Definition, switch: AiSwitch | None) -> dict[str, Any]:
    document: AiUse = load(row)
    tier, because = tier_of(document)
    return {
        "use": row.slug, "version": row.version, "state": row.state, "tier": tier, "tier_because": because,
        "stopped": {"at": switch.thrown_at, "why": switch.why, "everything": switch.use == ""} if switch else None,
        "document": document.model_dump(mode="json"),
    }  # fmt: skip


def trail(asked: Narrowed, after: str | None, limit: int) -> dict[str, Any]:
    """Acts of AI, the newest first, with a cursor; only some of them where it is said which."""
    most = checked_limit(limit)
    rows = AiAct.objects.filter(asked.rows()).order_by("-id")
    if after:
        rows = rows.filter(id__lt=place_of(after, UUID)[0])
    told: dict[str, Any] = page(rows[: most + 1], most, at=lambda one: (str(one.id),), show=act_json)
    return told


def act_of(act_id: UUID | str) -> dict[str, Any]:
    """One act with the draft it is about and where its digest stands. Raises MaropsError `not-found`."""
    wanted = as_uuid(str(act_id))
    row = AiAct.objects.filter(id=wanted).first() if wanted else None
    if row is None:
        raise MaropsError(NOT_FOUND, "There is no such act.")
    draft = AiDraft.objects.filter(review_id=row.review_id).first() if row.review_id else None
    noted = AuditRow.objects.filter(object_type=OBJECT, object_id=str(row.id)).first()
    sealed = AuditSealed.objects.filter(audit_id=noted.id).first() if noted else None
    return act_json(row) | {
        "draft": str(draft.id) if draft else None, "draft_state": draft.state if draft else None,
        "sha256": act_digest(row), "audit": str(noted.id) if noted else None, "seal": sealed.seal if sealed else None,
    }  # fmt: skip


def act_json(row: AiAct) -> dict[str, Any]:
    """One act."""
    told = {
        name: getattr(row, name) for name in (
            "use", "use_version", "actor", "on_behalf_of", "action", "term", "subject", "verdict", "policy", "rules",
            "reasons", "facts", "missing", "inputs_sha256", "outputs_sha256", "prompt", "tokens", "recipients",
            "records", "spent", "disclosure",
        )
    }  # fmt: skip
    return {"id": str(row.id), "at": row.at.isoformat().replace("+00:00", "Z"), **told, "cost": float(row.cost)}


def disclosure_of(slug: str, language: str) -> str:
    """What a reader is told: the use's own words, else those of the house in the reader's language."""
    found = uses().get(slug)
    return words_of(found.document, language or PLAIN) if found else ""
