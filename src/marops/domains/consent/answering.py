"""What a person's request is answered with, put together for pages, REST and the command alike."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from marops.domains.consent.actions.requests import WHO, Asking, answer_request, check_identity, take_request
from marops.domains.consent.models import Ask, Request
from marops.domains.consent.permissions import ANSWER, VIEW
from marops.domains.consent.queries.exporting import packed, person_export, sections
from marops.domains.consent.queries.people import entry_json, ledger, person_matrix, restriction
from marops.domains.consent.rules.links import Link
from marops.domains.consent.rules.regimes import applying
from marops.domains.contacts.public import Contact
from marops.kernel import files
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.config import config
from marops.kernel.errors import MaropsError
from marops.kernel.permissions import grants, may, require

EVIDENCE = "evidence.see"


def person_json(actor: Actor, contact_id: UUID, *, channel: str = "", purpose: str = "") -> dict[str, Any]:
    """One person's consent: every cell of channel and purpose with its why, the ledger, the links that are theirs."""
    require(actor, VIEW)
    person = Contact.objects.get(id=contact_id)
    _known, verdicts = person_matrix(contact_id, now())
    limited = restriction(contact_id)
    shown = [one for (by, why), one in verdicts.items() if channel in ("", by) and purpose in ("", why)]
    evidence = EVIDENCE in grants(actor)
    return {
        "ref": person.ref, "country": person.country, "region": person.region,
        "regimes": [one.title for one in applying(person.country, person.region)],
        "restricted_since": iso_utc(limited.since) if limited else None,
        "may_be_contacted": [one.as_json() for one in shown],
        "ledger": [entry_json(one, evidence=evidence) for one in ledger(contact_id)],
        "links": links_of(contact_id) if may(actor, ANSWER) else {},
    }  # fmt: skip


def links_of(contact_id: UUID) -> dict[str, str]:
    """The addresses by which this person changes their own consent; whoever has one can."""
    return {
        "preferences": _address("consent:preferences", Link("preferences", contact_id)),
        "unsubscribe": _address("consent:unsubscribe", Link("unsubscribe", contact_id)),
    }


def _address(name: str, link: Link) -> str:
    return config().address + reverse(name, args=[link.token])


def ask_json(row: Ask) -> dict[str, Any]:
    """A yes that waits, with the link that confirms it."""
    return {
        "id": str(row.id), "channel": row.channel, "purposes": row.purposes, "asked_at": iso_utc(row.asked_at),
        "expires_at": iso_utc(row.expires_at), "confirmed_at": iso_utc(row.confirmed_at) if row.confirmed_at else None,
        "link": _address("consent:confirm-consent", Link("confirm", row.id)),
    }  # fmt: skip


def open_request(*, actor: Actor, contact_id: UUID, kind: str, identity: str) -> Request:
    """The open request of this kind with its identity checked; taken in where there is none."""
    row = Request.objects.filter(contact_id=contact_id, kind=kind, state=Request.State.OPEN).order_by("due_at").first()
    row = row or take_request(actor=actor, contact_id=contact_id, asking=Asking(kind))
    return row if row.identity_at else check_identity(actor=actor, request_id=row.id, how=identity)


def export_person(*, actor: Actor, request: Request) -> tuple[dict[str, Any], bytes, Request]:
    """Answer a request for access: the document, the archive, and the request, closed and with its file."""
    if request.identity_at is None:
        raise MaropsError(WHO)
    person = Contact.objects.get(id=request.contact_id or UUID(int=0))
    document = person_export(person, now())
    content = packed(document)
    kept = files.keep([content], name=f"{request.ref}.zip", actor=actor, media_type="application/zip",
                      about=("contact", str(person.id)))  # fmt: skip
    told = {"file": str(kept.id), "tables": dict(sections(document)), "events": len(document["events"])}
    done = answer_request(
        actor=actor, request_id=request.id, answer="Everything that is known was put together as an archive.",
        report=told,
    )  # fmt: skip
    return document, content, done
