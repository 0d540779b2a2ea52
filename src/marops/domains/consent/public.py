"""What other domains may use of consent."""

from collections.abc import Iterable
from uuid import UUID

from marops.domains.consent.actions.recording import Heard, Word, record_privacy_signal, record_words
from marops.domains.consent.jobs import start_erasing
from marops.domains.consent.models import Entry, State
from marops.domains.consent.queries.may import all_agreed, may, may_sql
from marops.domains.consent.rules.words import Verdict
from marops.domains.consent.writing import PURPOSE, REFUSALS, Recorded, record_from_file, suppress_erased

__all__ = [
    "PURPOSE",
    "REFUSALS",
    "Entry",
    "Heard",
    "Recorded",
    "Verdict",
    "Word",
    "all_agreed",
    "consent_of",
    "may",
    "may_sql",
    "record_from_file",
    "record_privacy_signal",
    "record_words",
    "start_erasing",
    "suppress_erased",
]


def consent_of(contact_ids: Iterable[UUID]) -> dict[UUID, dict[tuple[str, str], str]]:
    """The states in force: contact → (channel, purpose) → state. Who never said anything is missing."""
    found: dict[UUID, dict[tuple[str, str], str]] = {}
    for one in State.objects.filter(contact_id__in=list(contact_ids)):
        found.setdefault(one.contact_id, {})[one.channel, one.purpose] = one.state
    return found
