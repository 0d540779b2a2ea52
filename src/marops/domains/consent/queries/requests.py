"""What people asked of their data: open ones by urgency, one of them, and as REST answers it."""

import re
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, When

from marops.domains.consent.models import Proof, Request
from marops.domains.consent.permissions import VIEW
from marops.domains.contacts.public import Contact
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.permissions import require
from marops.kernel.shell import Found

_REF = re.compile(r"(?:P-)?(\d{1,12})", re.IGNORECASE)
_PROOF = re.compile(r"(?:EP-)?(\d{1,12})", re.IGNORECASE)
SOON = timedelta(days=7)


def requests(actor: Actor, *, state: str = "", kind: str = "") -> QuerySet[Request]:
    """Open ones first, the most urgent on top; then those that are closed, the latest first."""
    require(actor, VIEW)
    found = Request.objects.all()
    if state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    is_closed = Case(When(state=Request.State.OPEN, then=0), default=1, output_field=IntegerField())
    return found.annotate(closed=is_closed).order_by(
        "closed", Case(When(state=Request.State.OPEN, then=F("due_at"))), F("done_at").desc(nulls_last=True), "number"
    )


def counts(actor: Actor, as_of: datetime) -> dict[str, int]:
    """How many are open, late, due within a week, and closed."""
    require(actor, VIEW)
    waiting = Q(state=Request.State.OPEN)
    return Request.objects.aggregate(
        open=Count("id", filter=waiting),
        late=Count("id", filter=waiting & Q(due_at__lt=as_of)),
        soon=Count("id", filter=waiting & Q(due_at__gte=as_of, due_at__lt=as_of + SOON)),
        closed=Count("id", filter=~waiting),
        on_time=Count("id", filter=~waiting & Q(done_at__lte=F("due_at"))),
    )


def find_request(actor: Actor, ref: str) -> Request:
    """The request P-3. Raises MaropsError `not-found`, `not-allowed`."""
    require(actor, VIEW)
    number = _REF.fullmatch(ref.strip())
    row = Request.objects.filter(number=int(number[1])).first() if number else None
    if row is None:
        raise MaropsError(NOT_FOUND, f"There is no request {ref}.")
    return row


def find_proof(actor: Actor, ref: str) -> Proof:
    """The proof EP-3. Raises MaropsError `not-found`, `not-allowed`."""
    require(actor, VIEW)
    number = _PROOF.fullmatch(ref.strip())
    row = Proof.objects.filter(number=int(number[1])).first() if number else None
    if row is None:
        raise MaropsError(NOT_FOUND, f"There is no proof {ref}.")
    return row


def find_for_shell(actor: Actor, key: str) -> Found | None:
    """A request as the shell needs it."""
    from django.urls import reverse

    try:
        row = find_request(actor, key)
    except MaropsError:
        return None
    return Found(f"{row.ref}: {row.kind}", reverse("consent:request", args=[row.ref]))


def proof_for_shell(actor: Actor, key: str) -> Found | None:
    """A proof as the shell needs it."""
    from django.urls import reverse

    try:
        row = find_proof(actor, key)
    except MaropsError:
        return None
    return Found(row.ref, reverse("consent:proof", args=[row.ref]))


def people_of(rows: list[Request]) -> dict[Any, Contact]:
    """The people of these requests who are still there."""
    return Contact.objects.in_bulk([one.contact_id for one in rows if one.contact_id])


def request_json(row: Request) -> dict[str, Any]:
    """A request as REST and the command answer it."""
    return {
        "ref": row.ref, "kind": row.kind, "subject": row.subject,
        "contact_id": str(row.contact_id) if row.contact_id else None, "state": row.state,
        "received_at": iso_utc(row.received_at), "due_at": iso_utc(row.due_at), "regime": row.regime, "how": row.how,
        "note": row.note, "identity_how": row.identity_how or None, "identity_by": row.identity_by or None,
        "identity_at": iso_utc(row.identity_at) if row.identity_at else None,
        "done_at": iso_utc(row.done_at) if row.done_at else None, "answer": row.answer or None, "report": row.report,
    }  # fmt: skip


def proof_json(row: Proof) -> dict[str, Any]:
    """A proof as REST and the command answer it; holds no value that was searched for."""
    return {"ref": row.ref, "at": iso_utc(row.at), "people": row.people, "found": row.found, **row.report}
