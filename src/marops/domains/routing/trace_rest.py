"""The trace over REST: why leads are bad, answers that are kept, and drafts of what they propose."""

from datetime import date
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Status

from marops.domains.accounts.public import actor_of
from marops.domains.routing.actions.tracing import LONGEST, complain, draft_remedy
from marops.domains.routing.permissions import VIEW
from marops.domains.routing.queries.complaints import Asked, leads_named, seller_named, trace
from marops.domains.routing.queries.followed import complaint_json, complaint_of, complaints
from marops.domains.routing.queries.tracing import Wanted
from marops.kernel.clock import now
from marops.kernel.definitions import CHANGE as DRAFT
from marops.kernel.permissions import require
from marops.kernel.rest import Strict
from marops.kernel.workspace import midnight

router = Router(tags=["leads"])


class TraceIn(Strict):
    """A complaint about leads of a period: those named, else those that sales rejected, else all it got."""

    since: date
    until: date | None = None
    leads: list[str] | None = Field(None, max_length=50_000)
    which: Literal["rejected", "got"] = "rejected"
    source: str = ""
    owner: str = ""
    countries: list[str] = Field([], max_length=250)
    reason: str = ""
    keep: bool = False
    said: str = Field("", max_length=LONGEST)


@router.post("/trace", response=dict[str, Any], url_name="trace")
def trace_leads(request: HttpRequest, body: TraceIn) -> dict[str, Any]:
    """Why the leads are bad: causes against comparable leads, the routing as it ran, the data, and what to change."""
    actor = actor_of(request)
    require(actor, VIEW)
    found = leads_named(body.leads) if body.leads is not None else None
    asked = _asked(body, None if found is None else [one for _ref, one in found if one])
    unknown: dict[str, Any] = {} if found is None else {"unknown": [ref for ref, one in found if one is None]}
    if not body.keep:
        return trace(actor, asked) | unknown
    row = complain(actor, asked, said=body.said)
    return {**row.answer, **unknown, "ref": row.ref, "sha256": row.sha256}


def _asked(body: TraceIn, ids: list[str] | None) -> Asked:
    until = midnight(body.until) if body.until else now()
    among = {
        "source": [body.source], "owner": [seller_named(body.owner) if body.owner else ""],
        "country": [one.upper() for one in body.countries], "reason": [body.reason],
    }  # fmt: skip
    wanted = Wanted(ids, body.which == "got", {name: values for name, values in among.items() if any(values)})
    return Asked(midnight(body.since), until, wanted)


@router.get("/complaints", response=dict[str, Any], url_name="complaints")
def list_complaints(request: HttpRequest) -> dict[str, Any]:
    """Answers that were kept, the newest first."""
    rows = complaints(actor_of(request))
    keys = ("ref", "said", "about", "sha256", "cause", "draft")
    items = [{key: getattr(one, key) for key in keys} | {"answer": one.answer["answer"]} for one in rows]
    return {"items": items, "next": None}


@router.get("/complaints/{ref}", response=dict[str, Any], url_name="complaint")
def get_complaint(request: HttpRequest, ref: str) -> dict[str, Any]:
    """An answer as it was given, its seal, and what became of the change that it proposed."""
    actor = actor_of(request)
    return complaint_json(actor, complaint_of(actor, ref))


class RemedyIn(Strict):
    """Of which cause the change is drafted."""

    cause: str


@router.post("/complaints/{ref}/draft", response={201: dict[str, Any]}, url_name="complaint-draft")
def draft_of_complaint(request: HttpRequest, ref: str, body: RemedyIn) -> Status[dict[str, Any]]:
    """Make a draft of the change that mends a cause; nothing is in force before people activate it."""
    actor = actor_of(request)
    require(actor, DRAFT)
    made = draft_remedy(actor, complaint_of(actor, ref), body.cause)
    return Status(201, {"draft": made.pinned, "state": made.state})
