"""Deals over REST: the list, one deal, opening, changing and moving it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from marops.domains.accounts.public import actor_of, names
from marops.domains.pipeline.actions import change_opportunity, create_opportunity, move_opportunity
from marops.domains.pipeline.forms import DealForm, MoveForm, NewDealForm, as_given
from marops.domains.pipeline.models import Opportunity
from marops.domains.pipeline.permissions import CHANGE, VIEW
from marops.domains.pipeline.queries import (
    DealFilter,
    as_json,
    deals,
    find_opportunity,
    people_lines,
    picture,
    piles,
    whole_json,
)
from marops.engine.behind import Happened
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, MaropsError
from marops.kernel.forms import as_form_data, faults
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Paging, Shown, Strict, checked_limit, cursor, place_of

router = Router(tags=["opportunities"])


class Amount(Strict):
    """An amount and its currency."""

    amount: str
    currency: str | None = None


class Taking(Strict):
    """Somebody's part in a deal: a lead by any reference, and the role."""

    lead: str
    role: str = ""


class ExternalId(Strict):
    """The id of a deal in another system."""

    system: str = Field(min_length=1, max_length=60)
    value: str = Field(min_length=1, max_length=200)


class Change(Strict):
    """What is to change of a deal; what is left out stays as it is, null empties."""

    name: str | None = None
    company: str | None = None
    owner: str | None = None
    amount: Amount | None = None
    expected_close: date | None = None
    source: str | None = None
    product: str | None = None
    people: list[Taking] | None = None


class New(Change):
    """A deal to be opened."""

    name: str
    stage: str | None = None
    external_ids: list[ExternalId] = Field(default_factory=list)


class Move(Strict):
    """Where a deal goes, why, and on which day where that was not today."""

    stage: str
    reason: str = ""
    on: date | None = None


class DealsNarrowed(Paging):
    """What a list of deals is narrowed to; `period` is 2026, 2026-Q2, 2026-06, this_quarter ….

    `event` (opened, won, closed) on the days `from` to `to` as figures count it, with `piece` of one currency.
    """

    q: str = ""
    state: str = ""
    stage: str = ""
    owner: str = ""
    company: str = ""
    period: str = ""
    event: str = ""
    from_: date | None = Field(None, alias="from")
    to: date | None = None
    piece: str = ""


class DealOut(Shown):
    """A deal as lists show it."""

    ref: str
    id: UUID
    name: str
    company: dict[str, str] | None
    company_name: str | None
    owner: dict[str, str] | None
    owner_name: str | None
    stage: str
    stage_since: datetime | None
    state: str
    amount: dict[str, Any] | None
    opened_at: datetime | None
    expected_close: date | None
    closed_at: datetime | None
    reason: str | None
    source: str | None
    product: str | None
    created_at: datetime
    updated_at: datetime


class DealWhole(DealOut):
    """A deal with its people, ids and passages."""

    custom: dict[str, Any]
    people: list[dict[str, Any]]
    external_ids: list[dict[str, Any]]
    moves: list[dict[str, Any]]


class PipelineOut(Shown):
    """What stands in each stage, and the sums per state."""

    stages: list[dict[str, Any]]
    states: dict[str, dict[str, Any]]


@router.get("/opportunities", response=Page[DealOut])
def opportunities(request: HttpRequest, given: Query[DealsNarrowed]) -> dict[str, Any]:
    """Deals, the newest first."""
    actor, limit = actor_of(request), checked_limit(given.limit)
    found = deals(actor, _filter(given)).select_related("company")
    if given.after:
        found = found.filter(number__lt=place_of(given.after, int)[0])
    rows = list(found[: limit + 1])
    people = names([one.owner_id for one in rows if one.owner_id])
    more = cursor(rows[limit - 1].number) if len(rows) > limit else None
    return {"items": [as_json(one, actor, people) for one in rows[:limit]], "next": more}


# Before `/opportunities/{ref}`, which would take it for a reference.
@router.get("/opportunities/pipeline", response=PipelineOut)
def pipeline_now(request: HttpRequest, given: Query[DealsNarrowed]) -> dict[str, Any]:
    """The stages with how many deals stand in each and what they are worth; sums per state and currency."""
    actor = actor_of(request)
    require(actor, VIEW)
    piled = piles(deals(actor, _filter(given)))
    stages = [
        {"stage": one.name, "label": one.label, "outcome": one.outcome, "proposed": one.proposed, **one.sums.as_json()}
        for one in picture(piled)
    ]
    return {"stages": stages, "states": {state: one.as_json() for state, one in piled.states().items()}}


@router.post("/opportunities", response={201: DealWhole})
def create(request: HttpRequest, body: New) -> Status[dict[str, Any]]:
    """Open a deal."""
    actor = actor_of(request)
    require(actor, CHANGE)
    form = NewDealForm(as_form_data(_given(body) | ({"stage": body.stage} if body.stage else {})))
    _check(form)
    values = form.values()
    deal = create_opportunity(
        actor=actor, name=values.pop("name"), stage=form.cleaned_data["stage"], values=values,
        people=form.cleaned_data["people"], keys=[(one.system, one.value) for one in body.external_ids],
    )  # fmt: skip
    return Status(201, whole_json(deal, actor))


@router.get("/opportunities/{ref}", response=DealWhole)
def opportunity(request: HttpRequest, ref: str) -> dict[str, Any]:
    """One deal with its people, ids and passages."""
    actor = actor_of(request)
    return whole_json(find_opportunity(ref, actor), actor)


@router.patch("/opportunities/{ref}", response=DealWhole)
def change(request: HttpRequest, ref: str, body: Change) -> dict[str, Any]:
    """Change what is known of a deal; what the body leaves out stays as it is."""
    actor = actor_of(request)
    deal = find_opportunity(ref, actor, CHANGE)
    form = DealForm(as_form_data(as_given(deal, people_lines(deal, actor)) | _given(body)))
    _check(form)
    people = form.cleaned_data["people"] if "people" in body.model_fields_set else None
    values = {name: value for name, value in form.values().items() if _asked(name, body)}
    change_opportunity(actor=actor, opportunity_id=deal.id, values=values, people=people)
    return whole_json(find_opportunity(deal.ref, actor), actor)


@router.post("/opportunities/{ref}/stage", response=DealWhole)
def move(request: HttpRequest, ref: str, body: Move) -> dict[str, Any]:
    """Move a deal to another stage. A stage that means won or lost closes it."""
    actor = actor_of(request)
    deal = find_opportunity(ref, actor, CHANGE)
    form = MoveForm(as_form_data(body.dict()))
    _check(form)
    given = form.cleaned_data
    move_opportunity(actor=actor, opportunity_id=deal.id, stage=given["stage"], reason=given["reason"], at=form.at())
    return whole_json(_again(deal, actor), actor)


def _again(deal: Opportunity, actor: Actor) -> Opportunity:
    return find_opportunity(deal.ref, actor)


def _filter(given: DealsNarrowed) -> DealFilter:
    happened = Happened(given.event, given.from_, given.to, given.piece)
    return DealFilter(given.q, given.state, given.stage, given.owner, given.company, given.period, happened=happened)


_COLUMNS = {"company_name": "company", "owner_id": "owner", "currency": "amount"}


def _asked(name: str, body: Change) -> bool:
    return _COLUMNS.get(name, name) in body.model_fields_set


def _given(body: Change) -> dict[str, Any]:
    """The body as the form takes it: only what it names; null is empty."""
    said = {name: getattr(body, name) for name in body.model_fields_set if name not in ("stage", "external_ids")}
    given: dict[str, Any] = {name: "" if value is None else value for name, value in said.items()}
    if "amount" in given:
        amount = body.amount
        given |= {"amount": amount.amount if amount else "", "currency": (amount and amount.currency) or ""}
    if "people" in given:
        given["people"] = "\n".join(f"{one.lead}, {one.role}" for one in body.people or ())
    return given


def _check(form: DealForm | MoveForm) -> None:
    if not form.is_valid():
        raise MaropsError(INVALID, errors=faults(form))
