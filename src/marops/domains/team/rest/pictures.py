"""The house of roles, who reports to whom, and planned structures over REST."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query

from marops.domains.accounts.public import actor_of
from marops.domains.team.actions.structures import keep_structure
from marops.domains.team.permissions import PLAN, VIEW
from marops.domains.team.queries import structures as queries
from marops.domains.team.queries.hand_offs import SPANS
from marops.domains.team.queries.house import House, house_of
from marops.domains.team.rest.base import router
from marops.domains.team.rules.chart import Chart
from marops.domains.team.rules.hand_offs import Passing
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Shown, Strict


class SpanOf(Strict):
    """How many days are looked back: 30, 90 or 365."""

    days: int = 90


class HolderOut(Shown):
    """Somebody who holds a role: their share of a week, and how full it is as a share of what can be planned."""

    ref: str
    name: str
    share: float
    load: float | None


class RoomOut(Shown):
    """A role of the house. `stands_in`: who could do its core skills without holding it, `lacks` which of them not."""

    role: str
    title: str
    outside: bool
    people: int
    holders: list[HolderOut]
    places: list[str]
    stands_in: str | None
    lacks: list[str]


class PassedOut(Shown):
    """What passes between two roles: how much a month, and how many hours of the clock it waits, in the median.

    `measured` false: what is usual, for nothing was recorded. `low` and `high` are the interval of the median.
    """

    source: str
    target: str
    what: str
    about: str
    a_month: float
    measured: bool
    count: int
    timed: int
    waits: float | None
    low: float | None
    high: float | None


class HouseOut(Shown):
    """The house of roles, and what passed between its rooms in a span."""

    since: datetime
    until: datetime
    rooms: list[RoomOut]
    passed: list[PassedOut]
    slowest: PassedOut | None


class PlanOf(Strict):
    """The short name of a structure to be seen beside today; empty for none."""

    plan: str = ""


class BoxOut(Shown):
    """Somebody, an open place or a planned seat, and the key of whom they report to; empty for nobody here."""

    key: str
    name: str
    kind: str
    above: str
    roles: dict[str, float]


class DifferOut(Shown):
    """What a plan changes, by keys of boxes."""

    new: list[str]
    moved: list[str]
    changed: list[str]
    gone: list[str]


class ChartOut(Shown):
    """Who reports to whom: today, and a plan with what differs."""

    today: list[BoxOut]
    plan: list[BoxOut] | None
    differences: DifferOut | None


class StructureLine(Shown):
    """A planned structure in the list."""

    slug: str
    title: str
    version: int
    state: str
    by: date | None
    seats: int
    empty: int


class StructureOut(StructureLine):
    """One with its document."""

    document: dict[str, Any]


class NewStructure(Strict):
    """A structure's document whole, and why it changed."""

    document: dict[str, Any]
    reason: str = ""


@router.get("/team/house", response=HouseOut)
def house(request: HttpRequest, given: Query[SpanOf]) -> dict[str, Any]:
    """The roles of the team, who holds them, and what passed between them."""
    if given.days not in SPANS:
        fault = FieldError("days", "Looks back 30, 90 or 365 days.", pointer="/days", field="days")
        raise MaropsError(INVALID, errors=[fault])
    found = house_of(actor_of(request), given.days)
    return {
        "since": found.passed.since,
        "until": found.passed.until,
        "rooms": _rooms(found),
        "passed": [_passed(one) for one in found.passed.rows],
        "slowest": _passed(found.slowest) if found.slowest else None,
    }


def _rooms(found: House) -> list[dict[str, Any]]:
    return [
        {
            "role": one.slug, "title": one.title, "outside": one.outside, "people": len(one.holders),
            "holders": [
                {"ref": who.ref, "name": who.name, "share": who.share, "load": who.load}
                for who in one.holders if who.ref
            ],
            "places": [place.ref for place in one.places],
            "stands_in": one.cover.ref if one.cover else None,
            "lacks": list(one.cover.lacks) if one.cover else [],
        }
        for one in found.rooms.values()
    ]  # fmt: skip


def _passed(one: Passing) -> dict[str, Any]:
    of = one.passed
    return {
        "source": of.source, "target": of.target, "what": of.what, "about": of.about, "a_month": one.a_month,
        "measured": one.measured, "count": of.count, "timed": of.timed, "waits": of.waits, "low": of.low,
        "high": of.high,
    }  # fmt: skip


@router.get("/team/chart", response=ChartOut)
def chart(request: HttpRequest, given: Query[PlanOf]) -> dict[str, Any]:
    """Who reports to whom today; with `plan` what a structure would change."""
    actor = actor_of(request)
    require(actor, VIEW)
    if not given.plan:
        return {"today": _boxes(queries.today_chart()), "plan": None, "differences": None}
    found = queries.compared(actor, queries.find_structure(actor, given.plan, sketched=False).structure)
    differ = {name: list(getattr(found.differences, name)) for name in ("new", "moved", "changed", "gone")}
    return {"today": _boxes(found.today), "plan": _boxes(found.plan), "differences": differ}


def _boxes(found: Chart) -> list[dict[str, Any]]:
    return [
        {"key": one.key, "name": one.name, "kind": one.kind, "above": one.above, "roles": dict(one.roles)}
        for one in found.nodes.values()
    ]


def _line(one: queries.Kept) -> dict[str, Any]:
    return {
        "slug": one.slug, "title": one.structure.title, "version": one.row.version, "state": one.row.state,
        "by": one.structure.by, "seats": len(one.structure.seats),
        "empty": sum(not seat.person for seat in one.structure.seats),
    }  # fmt: skip


@router.get("/team/structures", response=Page[StructureLine])
def structures(request: HttpRequest) -> dict[str, Any]:
    """Every planned structure, by its newest version."""
    return {"items": [_line(one) for one in queries.structures(actor_of(request))], "next": None}


@router.get("/team/structures/{slug}", response=StructureOut)
def structure(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One structure with its document."""
    kept = queries.find_structure(actor_of(request), slug, sketched=False)
    return _line(kept) | {"document": kept.structure.model_dump(mode="json", exclude_defaults=True)}


@router.put("/team/structures/{slug}", response=StructureOut)
def put_structure(request: HttpRequest, slug: str, body: NewStructure) -> dict[str, Any]:
    """Keep a version of a structure as a draft; every fault is named by its pointer."""
    actor = actor_of(request)
    require(actor, PLAN)
    keep_structure(actor=actor, slug=slug, document=body.document, reason=body.reason)
    return structure(request, slug)
