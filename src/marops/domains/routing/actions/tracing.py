"""Writes about complaints: the answer is kept as it was given, and the change that it proposes becomes a draft."""

import json
from hashlib import sha256
from typing import Any

from marops.domains.routing.models import Complaint
from marops.domains.routing.permissions import VIEW
from marops.domains.routing.queries.complaints import Asked, about, remedy_now, trace
from marops.domains.routing.queries.remedies import Remedy
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.definitions import CHANGE, keep
from marops.kernel.errors import CONFLICT, INVALID, FieldError, MaropsError
from marops.kernel.ids import next_number
from marops.kernel.models import Definition

LONGEST = 2_000
_NUMBERS = "complaint_number"


def sealed(answer: dict[str, Any]) -> str:
    """The SHA-256 of an answer, by which anybody can tell that it is the one that was given."""
    return sha256(json.dumps(answer, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def complain(actor: Actor, asked: Asked, *, said: str = "") -> Complaint:
    """Trace leads and keep the answer. Raises MaropsError `invalid` for words that are too long, `lake-failed`."""
    answer: dict[str, Any] = json.loads(json.dumps(trace(actor, asked), default=str))
    return keep_complaint(actor=actor, asked=asked, answer=answer, said=said)


def draft_remedy(actor: Actor, complaint: Complaint, cause: str) -> Definition:
    """Write the change that mends a cause as a draft of its definition; nothing is in force before people activate it.

    Raises MaropsError `conflict` where no change of a definition would mend it, or where it says so already.
    """
    change = remedy_now(actor, cause)
    if change is None:
        raise MaropsError(CONFLICT, "No change of a definition mends this, or the version in force says it already.")
    return keep_remedy(actor=actor, complaint=complaint, cause=cause, change=change)


@action("complaint.keep", effect="create", right=VIEW)
def keep_complaint(act: Act, *, actor: Actor, asked: Asked, answer: dict[str, Any], said: str = "") -> Complaint:
    """Keep an answer as it was given."""
    if len(said) > LONGEST:
        fault = FieldError("too-long", f"This has more than {LONGEST:,} letters.", "Say it shorter.", field="said")
        raise MaropsError(INVALID, fault.message, errors=[fault])
    row = Complaint.objects.create(
        number=next_number(_NUMBERS), said=said.strip(), about=about(asked), since=asked.since, until=asked.until,
        answer=answer, sha256=sealed(answer), at=act.at, by=actor.id,
    )  # fmt: skip
    act.changed("complaint", row.id, after={"ref": row.ref, "answer": answer["answer"], "sha256": row.sha256})
    return row


@action("complaint.draft", effect="draft", right=CHANGE)
def keep_remedy(act: Act, *, actor: Actor, complaint: Complaint, cause: str, change: Remedy) -> Definition:
    """Keep the change as a draft, and with the complaint which draft it is."""
    row = keep(act, actor, change.kind, change.slug, change.document, f"{complaint.ref}: {complaint.answer['answer']}")
    complaint.cause, complaint.draft = cause, row.pinned
    complaint.save(update_fields=["cause", "draft"])
    act.changed("complaint", complaint.id, after={"ref": complaint.ref, "cause": cause, "draft": row.pinned})
    return row
