"""What other domains may use of consent."""

from collections.abc import Iterable
from uuid import UUID

from marops.domains.consent.jobs import start_erasing
from marops.domains.consent.models import Entry, State
from marops.domains.consent.writing import PURPOSE, REFUSALS, Recorded, record_from_file, suppress_erased

__all__ = [
    "PURPOSE",
    "REFUSALS",
    "Entry",
    "Recorded",
    "consent_of",
    "record_from_file",
    "start_erasing",
    "suppress_erased",
]


def consent_of(contact_ids: Iterable[UUID]) -> dict[UUID, dict[tuple[str, str], str]]:
    """The states in force: contact → (channel, purpose) → state. Who never said anything is missing."""
    found: dict[UUID, dict[tuple[str, str], str]] = {}
    for one in State.objects.filter(contact_id__in=list(contact_ids)):
        found.setdefault(one.contact_id, {})[one.channel, one.purpose] = one.state
    return found
