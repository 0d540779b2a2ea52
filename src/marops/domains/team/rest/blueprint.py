"""Blueprints over REST."""

from typing import Any

from django.http import HttpRequest
from pydantic import Field

from marops.domains.accounts.public import actor_of
from marops.domains.team.permissions import PLAN
from marops.domains.team.queries import blueprint as queries
from marops.domains.team.rest.base import router
from marops.kernel.permissions import require
from marops.kernel.rest import Shown, Strict


class BlueprintAsked(Strict):
    """What limits the team: `size`, `budget` (a year, with the employer's part), or `load`: the least that covers it.

    `amounts`: driver → how much a month; `instead`: assumption → a value that counts for this once. `pay`: what costs
    rest on, `own` (pay kept here; needs `pay.see`) or `bands` (assumed); empty: own where it may and enough is kept.
    """

    size: int | None = None
    budget: float | None = None
    load: bool = False
    amounts: dict[str, float] = Field(default_factory=dict)
    instead: dict[str, float] = Field(default_factory=dict)
    keep: bool = False
    pay: str = ""


class MoneyOut(Shown):
    """A sum a year, from and to."""

    usual: float
    low: float
    high: float


class SeatKindOut(Shown):
    """So many seats alike: the roles they hold with their shares, why several are in one person, what each costs."""

    id: str
    count: int
    title: str
    level: str
    roles: list[dict[str, Any]]
    together: list[dict[str, Any]]
    cost: float
    hours: float
    leads: float
    leads_as: str
    booked: float


class AlternativeOut(Shown):
    """One structure: its seats, coverage and cost with ranges, what stays undone, the order to hire, the proof."""

    id: str
    name: str
    says: str
    doubt: str
    people: int
    seats: list[SeatKindOut]
    cost: MoneyOut
    coverage: MoneyOut
    full_at: float
    ai_used: float
    review: float
    size_share: float
    needed: float
    undone: list[dict[str, Any]]
    undone_hours: MoneyOut
    single: list[str]
    without: list[str]
    unled: int
    senior: int
    begins: dict[str, float]
    order: list[dict[str, Any]]
    months: dict[str, dict[str, float]]
    searches: int
    today: list[dict[str, Any]]
    no_seat: list[str]
    value: float
    bound: float
    gap: float
    proven: bool
    sizes: int
    common: float
    parts: dict[str, float]
    first_in: float


class BlueprintOut(Shown):
    """The alternatives, which comes first, and which assumption alone would turn the order."""

    asked: dict[str, Any]
    alternatives: list[AlternativeOut]
    ranking: list[str]
    turns: list[dict[str, Any]]
    same: bool
    draws: int
    seed: int
    currency: str
    price_hour: float
    drivers: list[dict[str, Any]]
    people_today: int
    anchors: list[dict[str, Any]]
    anchors_doubt: str
    pay: dict[str, Any]
    pay_says: str
    apart: list[dict[str, Any]]


@router.post("/team/blueprint", response=BlueprintOut)
def blueprint(request: HttpRequest, body: BlueprintAsked) -> dict[str, Any]:
    """Three structures for a size, a budget or a load. `pay` says what costs rest on."""
    actor = actor_of(request)
    require(actor, PLAN)
    return queries.answer(queries.asked_of(**body.dict()), actor)
