"""One person's consent as pages and REST show it, and the purposes in force."""

from datetime import datetime
from typing import Any
from uuid import UUID

from marops.domains.consent.models import Entry, Restriction
from marops.domains.consent.queries.may import Asked, matrix
from marops.domains.consent.rules.regimes import CHANNELS
from marops.domains.consent.rules.words import Verdict
from marops.domains.consent.writing import Known, purpose_titles, purposes
from marops.kernel.clock import iso_utc

__all__ = ["Known", "entry_json", "ledger", "person_matrix", "purpose_titles", "purposes", "restriction"]


def person_matrix(contact_id: UUID, at: datetime) -> tuple[list[Known], dict[tuple[str, str], Verdict]]:
    """The purposes in force, and the verdict for each of them on each channel it uses: one statement."""
    known = purposes()
    asked = [Asked(channel, one.slug) for one in known for channel in CHANNELS if channel in one.document.channels]
    return known, matrix(contact_id, asked, at)


def ledger(contact_id: UUID) -> list[Entry]:
    """Every word about this person, the newest first."""
    return list(Entry.objects.filter(contact_id=contact_id).order_by("-at", "-id"))


def restriction(contact_id: UUID) -> Restriction | None:
    """The restriction that stands, if one does."""
    return Restriction.objects.filter(contact_id=contact_id).first()


def entry_json(one: Entry, *, evidence: bool) -> dict[str, Any]:
    """An entry as REST answers it; its evidence only for those who may see it."""
    return {
        "id": str(one.id), "channel": one.channel, "purpose": one.purpose, "state": one.state, "ground": one.basis,
        "basis": one.lawful_basis or None, "source": one.source, "wording": one.wording or None,
        "at": iso_utc(one.at), "recorded_at": iso_utc(one.recorded_at),
        "expires_at": iso_utc(one.expires_at) if one.expires_at else None,
        "confirmed_at": iso_utc(one.confirmed_at) if one.confirmed_at else None,
        "evidence": one.evidence if evidence else None,
    }  # fmt: skip
