"""What a lead's story says about the record itself."""

from typing import Any
from uuid import UUID

from marops.domains.contacts.models import ContactQuality
from marops.domains.contacts.rules.quality import QualityRule
from marops.kernel.actors import Actor
from marops.kernel.definitions import find, load


def quality_section(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """How good the record is, and each fault with its remedy."""
    row = ContactQuality.objects.filter(contact_id=contact_id).first()
    if row is None:
        return {"score": None, "faults": [], "why": "Not checked yet: the engine has not looked at this record."}
    faults = [_fault(pinned) for pinned in row.faults]
    return {
        "score": row.score,
        "faults": faults,
        "checked_at": row.checked_at.isoformat().replace("+00:00", "Z"),
        "why": _words(row.score, faults),
    }


def _fault(pinned: str) -> dict[str, Any]:
    rule: QualityRule = load(find(pinned))
    return {
        "name": pinned.partition("/")[2].partition("@")[0],
        "title": rule.title,
        "severity": rule.severity,
        "dimension": rule.dimension,
        "remedy": rule.remedy,
        "definition": pinned,
    }


def _words(score: int, faults: list[dict[str, Any]]) -> str:
    if not faults:
        return "No rule finds a fault in this record."
    names = ", ".join(fault["title"].lower() for fault in faults)
    return f"Quality {score} of 100: {names}."
