"""Reads of the team: who works when, who is away, whose hours count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.urls import reverse

from marops.domains.accounts.public import Account
from marops.domains.team.fields import calendars
from marops.domains.team.models import STANDARD, Absence, Person, RoleHeld
from marops.domains.team.permissions import VIEW
from marops.domains.team.rules.calendars import WorkingCalendar
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.permissions import may
from marops.kernel.shell import Found
from marops.kernel.workspace import today, workspace
from marops.methods import worktime
from marops.methods.worktime import Hours


def people() -> QuerySet[Person]:
    """Everybody, by name."""
    return Person.objects.select_related("manager").order_by("name", "number")


def main_roles(person_ids: Iterable[UUID], on: date | None = None) -> dict[UUID, str]:
    """Person → the role they have the largest share of on this day (today unless it is said)."""
    day = on or today()
    rows = RoleHeld.objects.filter(person_id__in=list(person_ids), elsewhere=False)
    rows = rows.filter(Q(starts=None) | Q(starts__lte=day), Q(ends=None) | Q(ends__gt=day))
    found: dict[UUID, str] = {}
    for person_id, role in rows.order_by("person_id", "-share", "role").values_list("person_id", "role"):
        found.setdefault(person_id, role)
    return found


def find_person(ref: str) -> Person:
    """The person of a reference P-3, an id, or the address of their account. Raises MaropsError `not-found`."""
    found = people_of([ref]).get(ref)
    if found is None:
        raise MaropsError(NOT_FOUND, f"There is no person {ref!r} in the team.")
    return found


def people_of(refs: Iterable[str]) -> dict[str, Person]:
    """Reference (P-3, an id, an address) → person, for those that mean somebody."""
    wanted = {ref: _key(ref) for ref in refs}
    numbers = [int(value) for kind, value in wanted.values() if kind == "number"]
    ids = [UUID(value) for kind, value in wanted.values() if kind == "id"]
    addresses = [value for kind, value in wanted.values() if kind == "email"]
    accounts = _accounts_of(addresses)
    found: dict[tuple[str, str], Person] = {}
    for one in Person.objects.filter(number__in=numbers):
        found["number", str(one.number)] = one
    for one in Person.objects.filter(id__in=ids):
        found["id", str(one.id)] = one
    by_account = {one.account_id: one for one in Person.objects.filter(account_id__in=accounts.values())}
    found |= {("email", mail): by_account[pk] for mail, pk in accounts.items() if pk in by_account}
    return {ref: found[key] for ref, key in wanted.items() if key in found}


def _key(ref: str) -> tuple[str, str]:
    text = ref.strip()
    if text[:2].upper() == "P-" and text[2:].isdecimal() and len(text) < 20:
        return "number", str(int(text[2:]))
    if known := as_uuid(text):
        return "id", str(known)
    return "email", text.casefold()


def _accounts_of(addresses: Sequence[str]) -> dict[str, UUID]:
    if not addresses:
        return {}
    rows = Account.objects.filter(email__iregex=f"^({'|'.join(map(_literal, addresses))})$").values_list("email", "id")
    return {email.casefold(): pk for email, pk in rows}


def _literal(text: str) -> str:
    return "".join(char if char.isalnum() else f"\\{char}" for char in text)


@dataclass(frozen=True, slots=True)
class Clock:
    """What somebody's working time is measured by: the calendar's short name and the zone."""

    calendar: str
    zone: str


def clock_of(person: Person | None, known: dict[str, WorkingCalendar] | None = None) -> Clock:
    """By which calendar and in which zone somebody works; without a person, what everybody keeps."""
    held = known or calendars()
    slug = person.calendar if person and person.calendar in held else STANDARD
    return Clock(slug, (person.zone if person else "") or held[slug].zone or workspace().zone)


def hours_of(clock: Clock, known: dict[str, WorkingCalendar] | None = None) -> Hours:
    """The working hours that a clock means."""
    held = known or calendars()
    return held.get(clock.calendar, held[STANDARD]).as_hours(clock.zone)


def person_of(account_id: UUID | None) -> Person | None:
    """The person behind an account."""
    return Person.objects.filter(account_id=account_id).first() if account_id else None


def people_by_account(account_ids: Iterable[UUID]) -> dict[UUID, Person]:
    """Account → person, for those who are in the team."""
    rows = Person.objects.filter(account_id__in=list(account_ids))
    return {one.account_id: one for one in rows if one.account_id}


def absences_at(at: datetime, people: Iterable[UUID] | None = None) -> dict[UUID, datetime]:
    """Person → until when, for those who are away at this moment."""
    rows = Absence.objects.filter(starts__lte=at, ends__gt=at)
    if people is not None:
        rows = rows.filter(person_id__in=list(people))
    return dict(rows.order_by("ends").values_list("person_id", "ends"))


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether somebody is at work at a moment, and until or from when."""

    person: Person
    hours: Hours
    works: bool
    away_until: datetime | None
    next_at: datetime | None
    role: str = ""
    """The role they have most of."""

    @property
    def zone(self) -> ZoneInfo:
        """Their clock."""
        return self.hours.zone


def presences(rows: Iterable[Person], at: datetime) -> list[Presence]:
    """Who of these is at work at this moment, away, or off."""
    people = list(rows)
    ids = [one.id for one in people]
    known, away, roles = calendars(), absences_at(at, ids), main_roles(ids)
    return [
        _presence(one, hours_of(clock_of(one, known), known), away.get(one.id), at, roles.get(one.id, ""))
        for one in people
    ]


def _presence(person: Person, hours: Hours, away: datetime | None, at: datetime, role: str) -> Presence:
    works = away is None and worktime.works_at(hours, at)
    return Presence(person, hours, works, away, None if works else worktime.next_moment(hours, away or at), role)


def absences(person: Person, since: datetime) -> QuerySet[Absence]:
    """Absences that are not over, the next one first."""
    return Absence.objects.filter(person=person, ends__gt=since).order_by("starts")


def find_for_shell(actor: Actor, object_id: str) -> Found | None:
    """A member of the team as an object of the shell."""
    known = as_uuid(object_id) if may(actor, VIEW) else None
    one = Person.objects.filter(id=known).first() if known else None
    return Found(one.name, reverse("team:person", args=[one.ref])) if one else None
