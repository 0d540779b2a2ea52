"""Leads over REST: the list, one lead, its story, handing it over."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from marops.domains.accounts.public import actor_of
from marops.domains.routing.actions import assign_lead
from marops.domains.routing.forms import HandOverForm, target_of
from marops.domains.routing.permissions import ASSIGN
from marops.domains.routing.queries import LeadFilter, lead_of, lead_page, lead_story
from marops.domains.routing.story import routing
from marops.kernel.forms import validated
from marops.kernel.rest import Paging, Strict, checked_limit, cursor, place

router = Router(tags=["leads"])


class Narrowed(Paging):
    """What a list of leads is narrowed to."""

    q: str = ""
    stage: str = ""
    grade: str = ""
    owner: str = ""
    source: str = ""
    country: str = ""
    sort: str = "-score"


class HandOver(Strict):
    """To whom a lead goes: `queue:<short name>` or `person:<account id>`."""

    to: str
    reason: str = ""


@router.get("/leads")
def leads(request: HttpRequest, given: Query[Narrowed]) -> dict[str, Any]:
    """Who is where."""
    narrowed = LeadFilter(given.q, given.stage, given.grade, given.owner, given.source, given.country, given.sort)
    offset = place(given.after)[0] if given.after else 0
    page = lead_page(actor_of(request), narrowed, limit=checked_limit(given.limit), offset=offset)
    return {"items": [lead.as_json() for lead in page.items], "next": cursor(int(page.next)) if page.next else None}


@router.get("/leads/{ref}")
def lead(request: HttpRequest, ref: str) -> dict[str, Any]:
    """The whole story of one lead."""
    actor = actor_of(request)
    return lead_story(lead_of(actor, ref).id, actor)


@router.post("/leads/{ref}/owner")
def hand_over(request: HttpRequest, ref: str, body: HandOver) -> dict[str, Any]:
    """Hand a lead to a queue or a person."""
    actor = actor_of(request)
    contact = lead_of(actor, ref, ASSIGN)
    queue, owner_id = target_of(validated(HandOverForm, body.dict())["to"])
    assign_lead(actor=actor, contact_id=contact.id, queue=queue, owner_id=owner_id, reason=body.reason)
    return routing(contact.id, actor)
