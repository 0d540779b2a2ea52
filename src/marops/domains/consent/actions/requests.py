"""What people ask of their data: taken in, identity checked, done or refused with a reason, and kept on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from marops.domains.consent.models import PROOF_NUMBERS, REQUEST_NUMBERS, Proof, Request, Restriction
from marops.domains.consent.permissions import ANSWER, ERASE
from marops.domains.consent.rules.regimes import KINDS, deadline_days
from marops.domains.contacts.public import Contact
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, INVALID, NOT_FOUND, FieldError, MaropsError, problem
from marops.kernel.facts import fact_kind
from marops.kernel.ids import next_number

ASKED = fact_kind("privacy.asked", "Asked something of their data")
ANSWERED = fact_kind("privacy.answered", "Was answered on what they asked of their data")
RESTRICTED = fact_kind("privacy.restricted", "Their data was restricted")
FREED = fact_kind("privacy.freed", "Their data is no longer restricted")

WHO = problem(
    "identity-unchecked",
    "Nobody has checked yet that it is this person who asks",
    status=409,
    remedy="Note how it was checked; whoever gets data of somebody else has been given a breach.",
)


@dataclass(frozen=True, slots=True)
class Asking:
    """What came in: which right, when, how, and what was said."""

    kind: str
    received_at: datetime | None = None
    how: str = ""
    note: str = ""


@action("privacy.ask", effect="create", right=ANSWER)
def take_request(act: Act, *, actor: Actor, contact_id: UUID, asking: Asking) -> Request:
    """Note what somebody asked; its deadline is the shortest of the regimes that apply to them."""
    if asking.kind not in KINDS:
        fault = FieldError("unknown-kind", f"A request is one of {', '.join(KINDS)}.", field="kind")
        raise MaropsError(INVALID, errors=[fault])
    received = asking.received_at or act.at
    if received > act.at:
        raise MaropsError(INVALID, errors=[FieldError("future", "It cannot come in tomorrow.", field="received_at")])
    person = Contact.objects.filter(id=contact_id).first()
    if person is None:
        raise MaropsError(NOT_FOUND, "There is no such person (any more).")
    days, regime = deadline_days(asking.kind, person.country, person.region)
    row = Request.objects.create(
        number=next_number(REQUEST_NUMBERS), kind=asking.kind, contact_id=contact_id, subject=person.ref,
        received_at=received, due_at=received + timedelta(days=days), regime=regime, how=asking.how.strip(),
        note=asking.note.strip(), made_by=actor.id,
    )  # fmt: skip
    act.fact(ASKED, contact_id=contact_id, subject=("privacy_request", row.ref), properties={"kind": asking.kind})
    act.changed("privacy_request", row.ref, after={"kind": asking.kind, "due_at": row.due_at.isoformat()})
    return row


@action("privacy.check_identity", effect="change", right=ANSWER)
def check_identity(act: Act, *, actor: Actor, request_id: UUID, how: str) -> Request:
    """Note how it was made sure that this person asks."""
    if not how.strip():
        raise MaropsError(INVALID, errors=[FieldError("required", "Say how it was checked.", field="how")])
    row = _open(request_id)
    row.identity_how, row.identity_by, row.identity_at = how.strip(), actor.id, act.at
    row.save(update_fields=["identity_how", "identity_by", "identity_at"])
    act.changed("privacy_request", row.ref, after={"identity": "checked"})
    return row


@action("privacy.answer", effect="change", right=ANSWER)
def answer_request(
    act: Act, *, actor: Actor, request_id: UUID, answer: str, refused: bool = False,
    report: Mapping[str, Any] | None = None,
) -> Request:  # fmt: skip
    """Close a request: what was done, or why not. Raises `identity-unchecked` where it was done for nobody known."""
    row = _open(request_id)
    if not answer.strip():
        raise MaropsError(INVALID, errors=[FieldError("required", "Say what was done, or why not.", field="answer")])
    if not refused and row.identity_at is None:
        raise MaropsError(WHO)
    _close(act, row, answer.strip(), Request.State.REFUSED if refused else Request.State.DONE, report or {})
    return row


@action("privacy.restrict", effect="change", right=ANSWER, reversible=True)
def restrict(act: Act, *, actor: Actor, contact_id: UUID, why: str, request_id: UUID | None = None) -> Restriction:
    """Keep somebody's data and use it no more: nobody contacts them from here on, for whatever purpose."""
    if not Contact.objects.filter(id=contact_id).exists():
        raise MaropsError(NOT_FOUND, "There is no such person (any more).")
    if request_id and _open(request_id).identity_at is None:
        raise MaropsError(WHO)
    row, made = Restriction.objects.get_or_create(
        contact_id=contact_id,
        defaults={"since": act.at, "why": why.strip(), "request_id": request_id, "actor_id": actor.id},
    )
    if made:
        act.fact(RESTRICTED, contact_id=contact_id)
        act.changed("contact", contact_id, after={"restricted": True})
    if request_id:
        said = "Their data is kept and used no more; nobody contacts them."
        _close(act, _open(request_id), said, Request.State.DONE, {})
    return row


@action("privacy.free", effect="change", right=ANSWER)
def lift_restriction(act: Act, *, actor: Actor, contact_id: UUID, why: str) -> None:
    """End a restriction; whoever had asked for it has to be told before."""
    gone, _rows = Restriction.objects.filter(contact_id=contact_id).delete()
    if not gone:
        raise MaropsError(CONFLICT, "Their data is not restricted.")
    act.fact(FREED, contact_id=contact_id)
    act.changed("contact", contact_id, before={"restricted": True}, after={"restricted": False, "why": why.strip()})


@action("privacy.prove", effect="note", right=ERASE)
def keep_proof(
    act: Act, *, actor: Actor, report: Mapping[str, Any], job_id: UUID | None, request_id: UUID | None = None
) -> Proof:
    """Keep what a search after an erasure found, and close the request that asked for it."""
    row = Proof.objects.create(
        number=next_number(PROOF_NUMBERS), at=act.at, job_id=job_id, people=report["people"],
        found=sum(report["after"].values()), report=dict(report),
    )  # fmt: skip
    act.changed("erasure_proof", row.ref, after={"people": row.people, "found": row.found})
    request = Request.objects.filter(id=request_id, state=Request.State.OPEN).first() if request_id else None
    if request:
        said = "Erased from every place; the proof says where it was looked for."
        _close(act, request, said, Request.State.DONE, {"proof": row.ref, "job": str(job_id)})
    return row


def _open(request_id: UUID) -> Request:
    row = Request.objects.select_for_update().filter(id=request_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND, "There is no such request.")
    if row.state != Request.State.OPEN:
        raise MaropsError(CONFLICT, f"{row.ref} is closed.")
    return row


def _close(act: Act, row: Request, answer: str, state: str, report: Mapping[str, Any]) -> None:
    row.state, row.answer, row.done_at, row.done_by = state, answer, act.at, act.actor.id
    row.report = {**row.report, **report}
    row.save(update_fields=["state", "answer", "done_at", "done_by", "report"])
    act.fact(
        ANSWERED, contact_id=row.contact_id, subject=("privacy_request", row.ref),
        properties={"kind": row.kind, "state": state, "late": act.at > row.due_at},
    )  # fmt: skip
    act.changed("privacy_request", row.ref, before={"state": "open"}, after={"state": state})
