"""Scoring over REST: models and their distribution, a trial of a changed model, the lifecycle, a stage set by hand."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from marops.domains.accounts.public import actor_of
from marops.domains.contacts.public import find_contact
from marops.domains.scoring.actions import set_stage
from marops.domains.scoring.permissions import STAGE, VIEW
from marops.domains.scoring.prediction.rest import router as predictions
from marops.domains.scoring.queries import documents, reaches
from marops.domains.scoring.story import stage as stage_story
from marops.kernel.clock import now
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Shown, Strict
from marops.kernel.workspace import midnight, today, zone

router = Router(tags=["scoring"])
router.add_router("", predictions)


class Supposed(Strict):
    """Who would be an MQL from this many points on; empty: the model's own threshold."""

    at_least: int | None = None


class Trial(Strict):
    """A changed model as a document, or a version of it, and the leads to try it on."""

    document: dict[str, Any] | None = None
    version: int | None = None
    since: date | None = None
    until: date | None = None


class SetStage(Strict):
    """The stage to set, and why."""

    stage: str
    reason: str


class ModelLineOut(Shown):
    """A scoring model in the list of models."""

    model: str
    title: str
    definition: str
    state: str
    leads: int
    mql: int
    mql_from: float | None


class ModelOut(Shown):
    """A scoring model: how scores are spread, and what gives points."""

    model: str
    title: str
    definition: str
    state: str
    leads: int
    mql: int
    mql_from: float
    mql_cells: list[str]
    matrix: dict[str, int]
    thresholds: list[dict[str, Any]]
    signals: list[dict[str, Any]]


class TrialOut(Shown):
    """What a changed model says beside the one in force."""

    before: str
    after: str
    leads: int
    mql: dict[str, int]
    cells_moved: list[dict[str, Any]]
    examples: list[dict[str, Any]]


class LifecycleOut(Shown):
    """The stages with their numbers, and where leads leave."""

    definition: str | None
    stages: list[dict[str, Any]]
    leaks: list[dict[str, Any]]


@router.get("/scoring", response=Page[ModelLineOut])
def models(request: HttpRequest) -> dict[str, Any]:
    """Every scoring model, with how many leads it scored and who are MQLs."""
    require(actor_of(request), VIEW)
    return {"items": documents.models(), "next": None}


@router.get("/scoring/{slug}", response=ModelOut)
def model(request: HttpRequest, slug: str, given: Query[Supposed]) -> dict[str, Any]:
    """One model: distribution, matrix, signals, and MQLs by threshold."""
    require(actor_of(request), VIEW)
    return documents.model(slug, given.at_least)


@router.post("/scoring/{slug}/simulate", response=TrialOut)
def simulate(request: HttpRequest, slug: str, body: Trial) -> dict[str, Any]:
    """What a changed model says of leads that came in, beside the one in force. Nothing is written."""
    actor = actor_of(request)
    require(actor, VIEW)
    first = body.since or today() - timedelta(days=30)
    return documents.simulate(
        actor, slug, body.document, body.version, since=midnight(first), until=midnight(_after(body.until))
    )


def _after(last: date | None) -> date:
    return (last or now().astimezone(zone()).date()) + timedelta(days=1)


@router.get("/lifecycle", response=LifecycleOut)
def lifecycle(request: HttpRequest) -> dict[str, Any]:
    """The stages with their numbers, their rules in words, and where leads leave."""
    require(actor_of(request), VIEW)
    return documents.lifecycle(now())


@router.post("/leads/{ref}/stage", response=dict[str, Any])
def stage(request: HttpRequest, ref: str, body: SetStage) -> dict[str, Any]:
    """Set the stage of a lead by hand."""
    actor = actor_of(request)
    require(actor, STAGE)
    contact = find_contact(ref, actor=actor)
    if not reaches(actor, contact.id, STAGE):
        raise MaropsError(NOT_FOUND, f"There is no lead {ref}.")
    set_stage(actor=actor, contact_id=contact.id, stage=body.stage, reason=body.reason)
    return stage_story(contact.id, actor)
