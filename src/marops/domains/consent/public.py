"""What other domains may use of consent."""

from collections.abc import Iterable
from uuid import UUID

from marops.domains.consent.actions.recording import (
    Heard,
    Word,
    ask_to_confirm,
    record_privacy_signal,
    record_words,
)
from marops.domains.consent.actions.requests import lift_restriction
from marops.domains.consent.actions.requests import restrict as restrict_person
from marops.domains.consent.answering import ask_json, export_person, open_request, person_json
from marops.domains.consent.jobs import retention_due, start_erasing, start_retention
from marops.domains.consent.models import Entry, Request, State
from marops.domains.consent.papers import record_pdf
from marops.domains.consent.queries.exporting import sections
from marops.domains.consent.queries.may import all_agreed, may, may_sql, said_no_sql
from marops.domains.consent.queries.processing import as_markdown, processing
from marops.domains.consent.queries.requests import find_proof, find_request, proof_json, request_json
from marops.domains.consent.queries.requests import requests as request_rows
from marops.domains.consent.rules.words import Verdict
from marops.domains.consent.writing import PURPOSE, REFUSALS, Recorded, record_from_file, suppress_erased

__all__ = [
    "PURPOSE",
    "REFUSALS",
    "Entry",
    "Heard",
    "Recorded",
    "Request",
    "Verdict",
    "Word",
    "all_agreed",
    "as_markdown",
    "ask_json",
    "ask_to_confirm",
    "consent_of",
    "export_person",
    "find_proof",
    "find_request",
    "lift_restriction",
    "may",
    "may_sql",
    "open_request",
    "person_json",
    "processing",
    "proof_json",
    "record_from_file",
    "record_pdf",
    "record_privacy_signal",
    "record_words",
    "request_json",
    "request_rows",
    "restrict_person",
    "retention_due",
    "said_no_sql",
    "sections",
    "start_erasing",
    "start_retention",
    "suppress_erased",
]


def consent_of(contact_ids: Iterable[UUID]) -> dict[UUID, dict[tuple[str, str], str]]:
    """The states in force: contact → (channel, purpose) → state. Who never said anything is missing."""
    found: dict[UUID, dict[tuple[str, str], str]] = {}
    for one in State.objects.filter(contact_id__in=list(contact_ids)):
        found.setdefault(one.contact_id, {})[one.channel, one.purpose] = one.state
    return found
