"""The team over REST: people, absences, calendars."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Status

from marops.domains.accounts.public import actor_of
from marops.domains.team.actions import people as actions
from marops.domains.team.fields import calendars as calendars_in_force
from marops.domains.team.forms import AbsenceForm, NewPersonForm, PersonForm, days_as_span
from marops.domains.team.models import Absence
from marops.domains.team.permissions import VIEW
from marops.domains.team.queries import hours as queries
from marops.domains.team.queries.hours import Presence
from marops.domains.team.rest.base import router
from marops.kernel.clock import now
from marops.kernel.forms import validated
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Paging, Shown, Strict, checked_limit, page, place_of


class NewPerson(Strict):
    """Who joins the team."""

    account_id: str = ""
    name: str = ""
    role: str = ""
    manager_id: str = ""
    calendar: str = "standard"
    zone: str = ""


class ChangedPerson(Strict):
    """How somebody works, whole. `role`: the one role they have from today on; empty leaves their roles as they are."""

    name: str
    role: str = ""
    manager_id: str = ""
    calendar: str = "standard"
    zone: str = ""
    active: bool = True


class NewAbsence(Strict):
    """Whole days in the person's zone; the last one included."""

    first: date
    last: date
    reason: str = ""


class PresenceOut(Shown):
    """Somebody of the team, and whether they work now."""

    id: UUID
    ref: str
    name: str
    account_id: UUID | None
    role: str
    manager_id: UUID | None
    calendar: str
    zone: str
    active: bool
    works_now: bool
    away_until: datetime | None


class AbsenceOut(Shown):
    """When somebody is away: half-open, in UTC."""

    id: UUID
    starts: datetime
    ends: datetime
    reason: str


class CalendarOut(Shown):
    """Working hours by weekday, and holidays."""

    slug: str
    title: str
    zone: str
    hours: dict[str, list[list[str]]]
    holidays: list[date]


def _shown(one: Presence) -> dict[str, Any]:
    row = one.person
    return {
        "id": str(row.id),
        "ref": row.ref,
        "name": row.name,
        "account_id": str(row.account_id) if row.account_id else None,
        "role": one.role,
        "manager_id": str(row.manager_id) if row.manager_id else None,
        "calendar": row.calendar,
        "zone": one.zone.key,
        "active": row.active,
        "works_now": one.works,
        "away_until": one.away_until,
    }


@router.get("/team/people", response=Page[PresenceOut])
def team(request: HttpRequest, given: Query[Paging]) -> dict[str, Any]:
    """Everybody in the team, and who works now."""
    require(actor_of(request), VIEW)
    limit = checked_limit(given.limit)
    rows = queries.people().order_by("number")
    if given.after:
        rows = rows.filter(number__gt=place_of(given.after, int)[0])
    found = queries.presences(rows[: limit + 1], now())
    shown: dict[str, Any] = page(found, limit, at=lambda one: (one.person.number,), show=_shown)
    return shown


@router.post("/team/people", response={201: PresenceOut})
def join(request: HttpRequest, body: NewPerson) -> Status[dict[str, Any]]:
    """Take somebody into the team."""
    row = actions.add_person(actor=actor_of(request), **validated(NewPersonForm, body.dict()))
    return Status(201, _shown(queries.presences([row], now())[0]))


@router.put("/team/people/{ref}", response=PresenceOut)
def change(request: HttpRequest, ref: str, body: ChangedPerson) -> dict[str, Any]:
    """Change how somebody works."""
    actor = actor_of(request)
    require(actor, VIEW)
    row = queries.find_person(ref)
    row = actions.change_person(actor=actor, person_id=row.id, **validated(PersonForm, body.dict()))
    return _shown(queries.presences([row], now())[0])


@router.post("/team/people/{ref}/absences", response={201: AbsenceOut})
def go_away(request: HttpRequest, ref: str, body: NewAbsence) -> Status[dict[str, Any]]:
    """Somebody will be away: oneself, or anybody for who manages the team."""
    actor = actor_of(request)
    require(actor, VIEW)
    row = queries.find_person(ref)
    actions.need_absences(actor, row)
    data = validated(AbsenceForm, body.dict())
    starts, ends = days_as_span(data["first"], data["last"], queries.presences([row], now())[0].zone)
    made = actions.add_absence(actor=actor, person_id=row.id, starts=starts, ends=ends, reason=data["reason"])
    return Status(201, _absence(made))


def _absence(one: Absence) -> dict[str, Any]:
    return {"id": str(one.id), "starts": one.starts, "ends": one.ends, "reason": one.reason}


@router.delete("/team/absences/{absence_id}", response={204: None})
def come_back(request: HttpRequest, absence_id: UUID) -> Status[None]:
    """Somebody is not away after all: oneself, or anybody for who manages the team."""
    actions.remove_absence(actor=actor_of(request), absence_id=absence_id)
    return Status(204, None)


@router.get("/team/calendars", response=Page[CalendarOut])
def calendars(request: HttpRequest) -> dict[str, Any]:
    """The working calendars in force."""
    require(actor_of(request), VIEW)
    found = calendars_in_force().items()
    return {"items": [{"slug": slug, **one.model_dump(mode="json")} for slug, one in found], "next": None}
