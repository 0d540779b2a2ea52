"""Writes about the team: people, how they work, and when they are away."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.db.models import Q

from marops.domains.accounts.public import Account
from marops.domains.team.actions.newcomers import move_dues
from marops.domains.team.actions.sharing import end_mentorships, tell_of_managers
from marops.domains.team.catalogue import assumptions
from marops.domains.team.fields import calendars
from marops.domains.team.models import Absence, Person, RoleHeld
from marops.domains.team.permissions import MANAGE, VIEW, Policy
from marops.domains.team.queries.hours import clock_of, main_roles
from marops.domains.team.rules.lines import circle
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.clock import local_date
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.ids import next_number
from marops.kernel.permissions import require
from marops.kernel.workspace import sample_present, workspace

_RECORDED = ("name", "manager_id", "zone", "calendar", "active", "left", "leads_as")
_QUIET = ("location", "joined", "weekly_hours", "email")
"""Shown only as far as somebody agreed, the address to those who keep people alone: so the trail says that they
changed, never what they are.
"""
_EDITABLE = (*_RECORDED, *_QUIET)


@action("person.add", effect="create", right=MANAGE)
def add_person(
    act: Act,
    *,
    actor: Actor,
    name: str = "",
    account_id: UUID | None = None,
    role: str = "",
    manager_id: UUID | None = None,
    zone: str = "",
    calendar: str = "standard",
    sample: bool = False,
    location: str = "",
    joined: date | None = None,
    weekly_hours: Decimal | None = None,
    leads_as: str = "",
    share: Decimal = Decimal(1),
    email: str = "",
) -> Person:
    """Take somebody into the team. With an account, their name is the account's unless another is given, and their
    address the account's.

    The role, where one is given, is theirs from the day they joined, else from today on, for this share of a week.
    Whoever joins beside a sample company goes with it.
    """
    account = Account.objects.filter(id=account_id).first() if account_id else None
    if account_id and account is None:
        raise _fault("account_id", "There is no such account.")
    if account and Person.objects.filter(account_id=account.id).exists():
        raise _fault("account_id", "Somebody in the team has this account already.")
    called = name.strip() or (account.name if account else "")
    values = {
        "name": called, "manager_id": manager_id, "zone": zone, "calendar": calendar, "location": location,
        "joined": joined, "weekly_hours": weekly_hours, "leads_as": leads_as,
        "email": "" if account else email.strip(),
    }  # fmt: skip
    _check(values)
    row = Person(number=next_number("person_number"), account_id=account_id, **values)
    row.sample = sample or sample_present()
    row.save(force_insert=True)
    if role:
        day = joined or local_date(act.at, workspace().zone)
        RoleHeld.objects.create(person=row, role=role, starts=day, share=share)
    act.changed("person", row.id, after=_shown(row) | {"role": role})
    return row


@action("person.change", effect="change", right=MANAGE, reversible=True)
def change_person(act: Act, /, *, actor: Actor, person_id: UUID, **values: Any) -> Person:
    """Change how somebody works here. Raises MaropsError `invalid` or `not-found`."""
    role = values.pop("role", "")
    if unknown := set(values) - set(_EDITABLE):
        raise TypeError(f"not settings of a person: {sorted(unknown)}")
    row = Person.objects.select_for_update().filter(id=person_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    _check(values, row)
    held = main_roles([row.id]).get(row.id, "")
    before, after = _shown(row) | {"role": held}, {"role": role or held}
    if any(name in values and values[name] != getattr(row, name) for name in _QUIET):
        after["details"] = "changed"
    moved = "manager_id" in values and values["manager_id"] != row.manager_id
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    if moved:
        tell_of_managers(act, [row.id])
    if not row.active:
        end_mentorships(act, Q(id=row.id))
    if role and role != held:
        _take_over(row, role, local_date(act.at, workspace().zone))
    if _shown(row) | after != before:
        act.changed("person", row.id, before=before, after=_shown(row) | after)
    return row


def _take_over(row: Person, role: str, day: date) -> None:
    """From this day on they have this role alone."""
    here = RoleHeld.objects.filter(person=row, elsewhere=False)
    here.filter(starts__gte=day).delete()
    here.filter(Q(ends=None) | Q(ends__gt=day)).update(ends=day)
    RoleHeld.objects.create(person=row, role=role, starts=day)


@action("absence.add", effect="create", right=VIEW, reversible=True)
def add_absence(
    act: Act, *, actor: Actor, person_id: UUID, starts: datetime, ends: datetime, reason: str = ""
) -> Absence:
    """Somebody will be away in [starts, ends): oneself, or with the right to manage the team anybody.

    Raises MaropsError `not-allowed`, and `invalid` where that is no span or they are away in part of it already.
    """
    person = Person.objects.select_for_update().filter(id=person_id).first()
    if person is None:
        raise MaropsError(NOT_FOUND)
    need_absences(actor, person)
    if ends <= starts:
        raise _fault("last", "The absence ends before it begins.", "Choose a last day that is not before the first.")
    _refuse_twice(person, starts, ends)
    row = Absence.objects.create(person_id=person_id, starts=starts, ends=ends, reason=reason, made_by=actor.id)
    act.changed(
        "person", person_id, after={"absence": _days(person, starts, ends)}
    )  # never why: it may be their health
    move_dues(act, person_id)
    return row


def need_absences(actor: Actor, person: Person) -> None:
    """Only oneself, and who manages the team, plans when somebody is away. Raises MaropsError `not-allowed`."""
    if not Policy.of(actor).is_self(person.id):
        require(actor, MANAGE)


def _refuse_twice(person: Person, starts: datetime, ends: datetime) -> None:
    known = Absence.objects.filter(person=person, starts__lt=ends, ends__gt=starts).order_by("starts").first()
    if known is None:
        return
    days = _days(person, known.starts, known.ends)
    raise _fault("first", f"{person.name} is away from {days} already.", "Choose other days, or remove that absence.")


def _days(person: Person, starts: datetime, ends: datetime) -> str:
    zone = ZoneInfo(clock_of(person).zone)
    first, last = starts.astimezone(zone), (ends - timedelta(microseconds=1)).astimezone(zone)
    return f"{first:%-d %b %Y} to {last:%-d %b %Y}"


@action("absence.remove", effect="change", right=VIEW, reversible=True)
def remove_absence(act: Act, *, actor: Actor, absence_id: UUID) -> None:
    """Somebody is not away after all: oneself, or with the right to manage the team anybody.

    Raises MaropsError `not-found` or `not-allowed`.
    """
    row = Absence.objects.select_for_update(of=("self",)).select_related("person").filter(id=absence_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    need_absences(actor, row.person)
    act.changed("person", row.person_id, before={"absence": _days(row.person, row.starts, row.ends)})
    row.delete()
    move_dues(act, row.person_id)


def _shown(row: Person) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _RECORDED}


def _check(values: dict[str, Any], row: Person | None = None) -> None:
    if "name" in values and not values["name"]:
        raise _fault("name", "Somebody without an account needs a name.")
    if values.get("zone") and values["zone"] not in available_timezones():
        raise _fault("zone", f"{values['zone']!r} is not a time zone.", "Choose one such as Europe/Paris.")
    if "calendar" in values and values["calendar"] not in calendars():
        raise _fault("calendar", f"There is no calendar {values['calendar']!r}.", f"Use {', '.join(calendars())}.")
    if values.get("leads_as") and values["leads_as"] not in {one.id for one in assumptions().spans}:
        raise _fault("leads_as", f"{values['leads_as']!r} is no kind of leading.")
    if values.get("email"):
        _check_address(values["email"], row)
    manager = values.get("manager_id")
    if manager and row:
        refuse_circle(row, manager)
    joined, left = (values.get(name, getattr(row, name, None)) for name in ("joined", "left"))
    if joined and left and left < joined:
        raise _fault("left", "The last day is before the first.", "Correct one of the two days.")


def _check_address(email: str, row: Person | None) -> None:
    """An address is kept of who has no account, and of one person alone."""
    if row is not None and row.account_id:
        raise _fault("email", "The address of this person is the account's.", "Change it under Access.")
    held = Account.objects.filter(email__iexact=email).values_list("id", flat=True)
    others = Person.objects.filter(Q(email__iexact=email) | Q(account_id__in=held))
    if (others.exclude(id=row.id) if row else others).exists():
        raise _fault("email", "Somebody else has this address.", "Leave it empty, or correct the other one first.")


def refuse_circle(row: Person, manager_id: UUID) -> None:
    """Raises MaropsError `invalid`, naming everybody on the way, where this manager would put somebody above
    themselves.
    """
    managers = dict(Person.objects.values_list("id", "manager_id")) | {row.id: manager_id}
    way = circle(managers, row.id)
    if not way:
        return
    called = dict(Person.objects.filter(id__in=way).values_list("id", "name"))
    names = [called.get(one, "?") for one in way]
    line = ", ".join(f"{low} to {high}" for low, high in pairwise(names))
    raise _fault(
        "manager_id",
        f"{row.name} cannot stand above their own manager: then {line} would report in a circle.",
        "Choose somebody else, or change the manager of one of the others first.",
    )


def _fault(field: str, message: str, remedy: str = "") -> MaropsError:
    return MaropsError(INVALID, message, errors=[FieldError(field, message, remedy, field=field)])
