"""Coverage and who does what over REST."""

from itertools import islice
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Query, Status

from marops.domains.accounts.public import actor_of
from marops.domains.team.actions.duties import reset_letter, set_letter
from marops.domains.team.permissions import VIEW
from marops.domains.team.queries import duties as queries
from marops.domains.team.queries.coverage_told import coverage_json
from marops.domains.team.rest.base import router
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Paging, Shown, Strict, checked_limit, page, place_of


class CoverageOut(Shown):
    """Who can do what, whether it is enough, what rests on one person, what nobody does. See the reference."""

    as_of: str
    answer: str
    standing: dict[str, Any]
    remedy: dict[str, Any] | None
    full_time: float
    outside: list[dict[str, Any]]
    beside: int
    beside_people: list[dict[str, Any]]
    hidden: int
    unassessed: int
    people: list[dict[str, Any]]
    roles: list[dict[str, Any]]
    drivers: list[dict[str, Any]]
    skills: list[dict[str, Any]]
    responsibilities: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    not_assessed: list[str]
    nobody_for_hard_cases: list[dict[str, Any]]
    single_points: list[dict[str, Any]]
    single_by_roles: list[dict[str, Any]]
    safe_beside: list[dict[str, Any]]
    overload: list[dict[str, Any]]
    unowned: list[dict[str, Any]]
    spans: list[dict[str, Any]]
    openings: list[dict[str, Any]]


class LetterOut(Shown):
    """A letter, and whence it comes."""

    responsibility: str
    role: str
    text: str
    holder: str
    name: str
    letter: str
    by_hand: bool
    because: str


class FaultOut(Shown):
    """A responsibility that nobody does, or that not exactly one answers for."""

    responsibility: str
    text: str
    says: str


class DutiesAsked(Paging):
    """Which letters: of one role's responsibilities, or of all."""

    role: str = ""


class LetterIn(Strict):
    """A letter for a person (P-3) or an opening (V-2); empty: none, whatever ownership says."""

    responsibility: str
    holder: str
    letter: Literal["R", "A", "C", "I", ""]


class HolderIn(Strict):
    """Whose letter is taken back."""

    responsibility: str
    holder: str


@router.get("/team/coverage", response=CoverageOut)
def coverage(request: HttpRequest) -> dict[str, Any]:
    """People, roles, coverage, gaps, single points of failure: what `marops team --json` prints."""
    return coverage_json(actor_of(request))


@router.get("/team/duties", response=Page[LetterOut])
def duties(request: HttpRequest, given: Query[DutiesAsked]) -> dict[str, Any]:
    """Who does what: a letter after the other, by responsibility and then by person."""
    actor = actor_of(request)
    require(actor, VIEW)
    limit = checked_limit(given.limit)
    first, second = place_of(given.after, int, int) if given.after else (-1, -1)
    table = queries.duties_of(actor)
    found = list(islice(queries.cells(table, given.role, (first, second)), limit + 1))
    shown = dict(zip((one.place for one in found), queries.letters_shown(table, found), strict=True))
    answer: dict[str, Any] = page(found, limit, at=lambda one: one.place, show=lambda one: shown[one.place])
    return answer


@router.get("/team/duties/faults", response=Page[FaultOut])
def faults(request: HttpRequest) -> dict[str, Any]:
    """Responsibilities that nobody does, or that not exactly one answers for."""
    return {"items": queries.faults_json(actor_of(request)), "next": None}


@router.put("/team/duties", response={204: None})
def put_letter(request: HttpRequest, body: LetterIn) -> Status[None]:
    """Set a letter by hand; it replaces what ownership gives."""
    set_letter(actor=actor_of(request), **body.dict())
    return Status(204, None)


@router.post("/team/duties/reset", response={204: None})
def take_back(request: HttpRequest, body: HolderIn) -> Status[None]:
    """Take back a letter that was set by hand."""
    reset_letter(actor=actor_of(request), **body.dict())
    return Status(204, None)
