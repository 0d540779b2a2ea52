"""Reads of people: the roles they hold and held, whom they lead, and who is of the team."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Person, RoleHeld, Vacancy
from marops.domains.team.permissions import Policy
from marops.domains.team.rules.lines import below
from marops.domains.team.rules.shares import Span
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.workspace import today


def held_on(day: date | None = None, person_ids: Iterable[UUID] | None = None) -> dict[UUID, list[RoleHeld]]:
    """Person → the roles they hold here on this day (today unless it is said), the largest share first."""
    on = day or today()
    rows = RoleHeld.objects.filter(Q(starts=None) | Q(starts__lte=on), Q(ends=None) | Q(ends__gt=on), elsewhere=False)
    if person_ids is not None:
        rows = rows.filter(person_id__in=list(person_ids))
    found: dict[UUID, list[RoleHeld]] = {}
    for one in rows.order_by("-share", "role"):
        found.setdefault(one.person_id, []).append(one)
    return found


@dataclass(frozen=True, slots=True)
class Membership:
    """What somebody holds on a day, by share of a week, and whether they are of the team."""

    shares: Mapping[str, Decimal]
    """The roles of the team: inside, and the company's own. Responsibilities go by these alone."""
    outside: Mapping[str, Decimal]
    """All other roles they hold here."""
    below: bool
    """Do they report, directly or through others, to somebody who holds a role of the team?"""

    @property
    def of_team(self) -> bool:
        """By a role of the team, or by whom they report to: never by anything else."""
        return bool(self.shares) or self.below

    @property
    def besides(self) -> Decimal:
        """What the team has of their week beyond roles of the team: all of it in its line, nothing elsewhere. Where no
        role is said at all, it is the whole week.
        """
        if not self.below:
            return Decimal(0)
        return sum(self.outside.values(), Decimal(0)) if self.shares or self.outside else Decimal(1)


def memberships(day: date | None = None) -> dict[UUID, Membership]:
    """Everybody who works here → how they stand to the team on a day. The one place that decides who is of it."""
    inside = catalogue().inside
    shares: dict[UUID, dict[str, Decimal]] = {}
    outside: dict[UUID, dict[str, Decimal]] = {}
    for person_id, rows in held_on(day).items():
        for one in rows:
            held = (shares if one.role in inside else outside).setdefault(person_id, {})
            held[one.role] = held.get(one.role, Decimal(0)) + one.share
    managers, active = dict[UUID, UUID | None](), list[UUID]()
    for person_id, manager_id, here in Person.objects.values_list("id", "manager_id", "active"):
        managers[person_id] = manager_id
        if here:
            active.append(person_id)
    led = below(managers, [one for one in active if one in shares])
    return {one: Membership(shares.get(one, {}), outside.get(one, {}), one in led) for one in active}


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team on a day: the roles of the team that they hold, with shares of a week."""

    person: Person
    shares: Mapping[str, Decimal]
    besides: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """What the team has of their week."""
        return sum(self.shares.values(), self.besides)


def team(day: date | None = None) -> list[Member]:
    """The team itself on a day, by name."""
    found = {pk: one for pk, one in memberships(day).items() if one.of_team}
    people = Person.objects.filter(id__in=list(found)).order_by("name", "number")
    return [Member(one, found[one.id].shares, found[one.id].besides) for one in people]


def spans_of(person_ids: Iterable[UUID]) -> dict[UUID, list[Span]]:
    """Person → all spans of roles here, past and to come: what the sum of shares is worked out from."""
    found: dict[UUID, list[Span]] = {}
    rows = RoleHeld.objects.filter(person_id__in=list(person_ids), elsewhere=False)
    for person_id, role, share, starts, ends in rows.values_list("person_id", "role", "share", "starts", "ends"):
        found.setdefault(person_id, []).append(Span(role, share, starts, ends))
    return found


def path_for(policy: Policy, person: Person, day: date | None = None) -> list[RoleHeld]:
    """Somebody's roles, the newest first: all for those who may see their path, else those they hold today, without
    their days.
    """
    rows: Iterable[RoleHeld] = RoleHeld.objects.filter(person=person)
    if not policy.sees_path(person.id):
        on = day or today()
        rows = held_on(on, [person.id]).get(person.id, [])
        for one in rows:
            one.starts = one.ends = None  # shown so, never saved
    return sorted(rows, key=lambda one: (one.starts or date.min, one.ends or date.max, one.role), reverse=True)


def reports_of(person: Person) -> QuerySet[Person]:
    """Whom somebody leads, by name; those who are here."""
    return Person.objects.filter(manager=person, active=True).order_by("name", "number")


def vacancies(states: Sequence[str] = (Vacancy.State.OPEN, Vacancy.State.PLANNED)) -> QuerySet[Vacancy]:
    """Places nobody has yet, the first to start first."""
    return Vacancy.objects.filter(state__in=states).select_related("manager").order_by("starts", "number")


def find_held(person: Person, held_id: UUID) -> RoleHeld:
    """A role this person holds or held. Raises MaropsError `not-found`."""
    row = RoleHeld.objects.filter(person=person, id=held_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    return row
