"""Predictive scores over REST: what was learnt, how good it is, why a lead is so likely; training and measuring."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from ninja.responses import Status

from marops.domains.accounts.public import actor_of
from marops.domains.scoring.permissions import VIEW
from marops.domains.scoring.prediction import documents
from marops.domains.scoring.prediction.jobs import CHECK, TRAIN
from marops.domains.scoring.prediction.queries import likeliest, newest
from marops.kernel.clock import now
from marops.kernel.definitions import CHANGE
from marops.kernel.jobs import start_job
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Shown, Strict

router = Router(tags=["scoring"])


class Listed(Strict):
    """Which leads to list: those of one band, and how many."""

    band: str = ""
    limit: int = 50


class Training(Strict):
    """Why it is trained; stands with the version."""

    reason: str = ""


class PredictionLineOut(Shown):
    """A predictive score in the list of them."""

    model: str
    title: str
    definition: str
    state: str
    trained: bool
    auc: float | None
    ece: float | None
    leads: int
    bands: dict[str, int]
    draft: str | None


class PredictionOut(PredictionLineOut):
    """A predictive score: what counts, what it learnt, and what the last check found."""

    outcome: str
    outcomes: dict[str, int]
    too_few: str
    terms: list[dict[str, Any]]
    report: dict[str, Any]
    check: dict[str, Any] | None


class JobOut(Shown):
    """The job that was started."""

    job: str
    state: str


@router.get("/predictions", response=Page[PredictionLineOut])
def predictions(request: HttpRequest) -> dict[str, Any]:
    """Every predictive score, with the version in force and how many open leads are in each band."""
    require(actor_of(request), VIEW)
    return {"items": documents.models(), "next": None}


@router.get("/predictions/{slug}", response=PredictionOut)
def prediction(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One predictive score: what counts, what it looks at, its report, and the last check."""
    require(actor_of(request), VIEW)
    return documents.model(slug, now())


@router.get("/predictions/{slug}/versions/{version}", response=dict[str, Any])
def version(request: HttpRequest, slug: str, version: int) -> dict[str, Any]:
    """What the training of a version found, beside the version before it and the score by rules."""
    require(actor_of(request), VIEW)
    return documents.report(slug, version)


@router.get("/predictions/{slug}/leads", response=Page[dict[str, Any]])
def leads(request: HttpRequest, slug: str, given: Query[Listed]) -> dict[str, Any]:
    """Open leads that the caller may see, the likeliest first."""
    actor = actor_of(request)
    require(actor, VIEW)
    newest(slug)
    return {"items": likeliest(actor, slug, band=given.band, limit=max(1, min(given.limit, 500))), "next": None}


@router.post("/predictions/{slug}/train", response={202: JobOut})
def train(request: HttpRequest, slug: str, body: Training) -> Status[dict[str, Any]]:
    """Learn from the outcomes there are, as a job; what it leaves is a draft, which a person puts in force."""
    actor = actor_of(request)
    require(actor, CHANGE)
    newest(slug)
    job = start_job(TRAIN, {"prediction": slug, "reason": body.reason}, actor=actor)
    return Status(202, {"job": job.ref, "state": job.state})


@router.post("/predictions/{slug}/check", response={202: JobOut})
def check(request: HttpRequest, slug: str) -> Status[dict[str, Any]]:
    """Measure the model in force on the newest outcomes, and see how far leads have drifted, as a job."""
    actor = actor_of(request)
    require(actor, VIEW)
    newest(slug)
    job = start_job(CHECK, {"prediction": slug}, actor=actor)
    return Status(202, {"job": job.ref, "state": job.state})


@router.get("/leads/{ref}/prediction", response=dict[str, Any])
def why(request: HttpRequest, ref: str) -> dict[str, Any]:
    """Why a lead is so likely: every term in words; with the intercept they add up to the points."""
    return documents.explained(actor_of(request), ref)
