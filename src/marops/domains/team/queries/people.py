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
class Member:
    """Somebody of the team on a day: the roles inside that they hold, with shares of a week."""

    person: Person
    shares: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        """What these roles take of a week."""
        return sum(self.shares.values(), Decimal(0))


def team(day: date | None = None) -> list[Member]:
    """The team itself on a day: active people with at least one role inside, by name. Roles outside do not count."""
    inside = catalogue().inside
    found: dict[UUID, dict[str, Decimal]] = {}
    for person_id, rows in held_on(day).items():
        for one in rows:
            if one.role in inside:
                shares = found.setdefault(person_id, {})
                shares[one.role] = shares.get(one.role, Decimal(0)) + one.share
    people = Person.objects.filter(active=True, id__in=list(found)).order_by("name", "number")
    return [Member(one, found[one.id]) for one in people]


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
