"""Leads over REST: the list, one lead, its story, handing it over."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Status

from marops.domains.accounts.public import actor_of
from marops.domains.register.public import change_queue, make_queue
from marops.domains.routing import boards, trials
from marops.domains.routing.actions import assign_lead, dispose_lead, hand_over_leads, take_next, touch_lead
from marops.domains.routing.forms import DispositionForm, HandOverForm, NewQueueForm, QueueForm, TouchForm, target_of
from marops.domains.routing.permissions import ASSIGN, CHANGE, DISPOSE, VIEW
from marops.domains.routing.queries import LeadFilter, lead_of, lead_page, lead_story
from marops.domains.routing.rules import Route
from marops.domains.routing.story import disposition, routing, sla
from marops.domains.routing.trace_rest import router as traces
from marops.engine.behind import Happened
from marops.kernel.clock import now
from marops.kernel.definitions import activate, checked, draft
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.forms import validated
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Paging, Shown, Strict, checked_limit, cursor, place_of
from marops.kernel.workspace import midnight

router = Router(tags=["leads"])
MOST_AT_ONCE = 1_000


class LeadsNarrowed(Paging):
    """What a list of leads is narrowed to; `event` (mql, created …) on the days `from` to `to` as figures count it."""

    q: str = ""
    stage: str = ""
    grade: str = ""
    owner: str = ""
    source: str = ""
    country: str = ""
    sort: str = "-score"
    import_: str = Field("", alias="import")
    event: str = ""
    from_: date | None = Field(None, alias="from")
    to: date | None = None


class HandOver(Strict):
    """To whom a lead goes: `queue:<short name>` or `person:<account id>`."""

    to: str
    reason: str = ""


class LeadLineOut(Shown):
    """A lead as lists show it."""

    id: UUID
    ref: str
    name: str | None
    email: str | None
    title: str | None
    company: str | None
    country: str | None
    source: str | None
    created_at: datetime
    score: float | None
    grade: str | None
    stage: str | None
    stage_since: datetime | None
    owner: str | None
    owner_kind: str | None
    owned_since: datetime | None


class LeadOut(Shown):
    """The whole story of a lead, in sections; each says in words why it is so."""

    contact: dict[str, Any]
    sources: dict[str, Any]
    quality: dict[str, Any]


@router.get("/leads", response=Page[LeadLineOut])
def leads(request: HttpRequest, given: Query[LeadsNarrowed]) -> dict[str, Any]:
    """Who is where."""
    narrowed = LeadFilter(
        given.q, given.stage, given.grade, given.owner, given.source, given.country, given.sort,
        imported=given.import_, happened=Happened(given.event, given.from_, given.to),
    )  # fmt: skip
    offset = place_of(given.after, int)[0] if given.after else 0
    page = lead_page(actor_of(request), narrowed, limit=checked_limit(given.limit), offset=offset)
    return {"items": [lead.as_json() for lead in page.items], "next": cursor(int(page.next)) if page.next else None}


@router.get("/leads/{ref}", response=LeadOut)
def lead(request: HttpRequest, ref: str) -> dict[str, Any]:
    """The whole story of one lead."""
    actor = actor_of(request)
    return lead_story(lead_of(actor, ref).id, actor)


@router.post("/leads/{ref}/owner", response=dict[str, Any])
def hand_over(request: HttpRequest, ref: str, body: HandOver) -> dict[str, Any]:
    """Hand a lead to a queue or a person."""
    actor = actor_of(request)
    contact = lead_of(actor, ref, ASSIGN)
    queue, owner_id = target_of(validated(HandOverForm, body.dict())["to"])
    assign_lead(actor=actor, contact_id=contact.id, queue=queue, owner_id=owner_id, reason=body.reason)
    return routing(contact.id, actor)


# --- What sales says --------------------------------------------------------------------------------------------------


class DispositionIn(Strict):
    """What became of a lead: accepted, working, rejected, won or lost."""

    disposition: str
    reason: str = ""
    note: str = ""
    at: datetime | None = None


class TouchIn(Strict):
    """What somebody did about a lead: call, email, meeting or note."""

    channel: str
    note: str = ""
    at: datetime | None = None


class ManyIn(Strict):
    """Which leads (references or ids) go to whom."""

    leads: list[str]
    to: str
    reason: str = ""
    absence: bool = False


@router.post("/leads/{ref}/disposition", response=dict[str, Any])
def dispose(request: HttpRequest, ref: str, body: DispositionIn) -> dict[str, Any]:
    """Say what became of a lead."""
    actor = actor_of(request)
    contact = lead_of(actor, ref, DISPOSE)
    said = validated(DispositionForm, body.dict(exclude={"at"}))
    dispose_lead(actor=actor, contact_id=contact.id, at=body.at, **said)
    return disposition(contact.id)


@router.post("/leads/{ref}/touches", response=dict[str, Any])
def touch(request: HttpRequest, ref: str, body: TouchIn) -> dict[str, Any]:
    """Note that somebody called, wrote, met or noted something."""
    actor = actor_of(request)
    contact = lead_of(actor, ref, DISPOSE)
    done = validated(TouchForm, body.dict(exclude={"at"}))
    touch_lead(actor=actor, contact_id=contact.id, at=body.at, **done)
    return {"ref": contact.ref, "sla": sla(contact.id)}


@router.post("/hand-overs", response=dict[str, Any])
def hand_over_many(request: HttpRequest, body: ManyIn) -> dict[str, Any]:
    """Hand many leads to a queue or a person; those that the right does not reach are refused as not there."""
    actor = actor_of(request)
    require(actor, ASSIGN)
    if len(body.leads) > MOST_AT_ONCE:
        fault = FieldError("many", f"Send at most {MOST_AT_ONCE:,} leads at once.", field="leads", pointer="/leads")
        raise MaropsError(INVALID, errors=[fault])
    queue, owner_id = target_of(validated(HandOverForm, {"to": body.to, "reason": body.reason})["to"])
    ids = [lead_of(actor, ref, ASSIGN).id for ref in body.leads]
    moved = hand_over_leads(
        actor=actor, contact_ids=ids, queue=queue, owner_id=owner_id, reason=body.reason, absence=body.absence
    )
    return {"handed_over": moved}


# --- Queues and routes ------------------------------------------------------------------------------------------------


@router.get("/queues", response=dict[str, Any])
def queues(request: HttpRequest) -> dict[str, Any]:
    """Where leads wait, and since when the one who waited longest."""
    require(actor_of(request), VIEW)
    return {"items": [asdict(one) for one in boards.queues()], "next": None}


class QueueIn(Strict):
    """What a queue is called and what for."""

    name: str
    purpose: str = ""


class NewQueueIn(QueueIn):
    """A queue that is made; its short name is what rules write. Empty: from the name."""

    slug: str = ""


@router.post("/queues", response={201: dict[str, Any]})
def make_a_queue(request: HttpRequest, body: NewQueueIn) -> Status[dict[str, Any]]:
    """Make a queue that rules can send leads to."""
    actor = actor_of(request)
    require(actor, CHANGE)
    made = make_queue(actor=actor, **validated(NewQueueForm, body.dict()))
    return Status(201, asdict(boards.queue(made.slug)))


@router.put("/queues/{slug}", response=dict[str, Any])
def rename_queue(request: HttpRequest, slug: str, body: QueueIn) -> dict[str, Any]:
    """Rename or describe a queue; its short name stays."""
    actor = actor_of(request)
    require(actor, CHANGE)
    change_queue(actor=actor, slug=slug, **validated(QueueForm, body.dict()))
    return asdict(boards.queue(slug))


@router.post("/queues/{slug}/take", response=dict[str, Any])
def take(request: HttpRequest, slug: str) -> dict[str, Any]:
    """Take the lead that has waited longest in a queue."""
    actor = actor_of(request)
    require(actor, DISPOSE)
    boards.queue(slug)
    contact_id = take_next(actor=actor, queue=slug)
    return {"ref": lead_of(actor, str(contact_id)).ref, "id": str(contact_id)}


@router.get("/routes", response=dict[str, Any])
def routes(request: HttpRequest) -> dict[str, Any]:
    """Every route: its version, and what came of it in the last 30 days."""
    require(actor_of(request), VIEW)
    return {"items": [asdict(one) | {"fallback_share": one.share} for one in boards.routes(now())], "next": None}


@router.get("/routes/{slug}", response=dict[str, Any])
def route(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One route: its document, its rules as sentences, and the people of its pools as they stand."""
    require(actor_of(request), VIEW)
    return boards.route_as_json(slug, now())


class DraftIn(Strict):
    """A route's document, and why it changes."""

    document: dict[str, Any]
    reason: str = ""


@router.post("/routes/{slug}/drafts", response={201: dict[str, Any]})
def draft_route(request: HttpRequest, slug: str, body: DraftIn) -> Status[dict[str, Any]]:
    """Save a new version of a route as a draft; it does nothing until it is put in force."""
    actor = actor_of(request)
    require(actor, CHANGE)
    row = draft(actor=actor, kind="route", slug=slug, document=body.document, reason=body.reason)
    return Status(201, {"version": row.pinned, "state": row.state})


@router.post("/routes/{slug}/{version}/activate", response=dict[str, Any])
def put_in_force(request: HttpRequest, slug: str, version: int) -> dict[str, Any]:
    """Put a version of a route in force."""
    actor = actor_of(request)
    require(actor, CHANGE)
    row = activate(actor=actor, ref=f"route/{slug}@{version}")
    return {"version": row.pinned, "state": row.state}


class TrialIn(Strict):
    """What is tried (a version, or a document of its own) and on whose leads."""

    since: date
    version: int | None = None
    document: dict[str, Any] | None = None
    as_now: bool = False


@router.post("/routes/{slug}/simulate", response=dict[str, Any])
def simulate(request: HttpRequest, slug: str, body: TrialIn) -> dict[str, Any]:
    """What a version would do with the leads that came since a day, beside the version in force; nothing is written."""
    actor = actor_of(request)
    require(actor, VIEW)
    given = body.document or boards.document_of(slug, body.version)
    route = Route.model_validate(checked("route", given))
    since = midnight(body.since)
    return trials.simulate(route, slug, since, now(), actor=actor, as_now=body.as_now).as_json()


router.add_router("", traces)
