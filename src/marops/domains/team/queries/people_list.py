"""The list of people: who matches a filter, and what of each row one reader may see. In memory, for it is hundreds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Person, RoleHeld, Shown
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.people import Membership, held_on, memberships
from marops.kernel.workspace import today

NONE, OUTSIDE = "none", "outside"


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which people: words of the name, a role they hold, whom they report to, their place, what they show."""

    words: str = ""
    role: str = ""
    """A short name; `none`: those who hold no role; `outside`: those of the team who hold no role of it."""
    manager: str = ""
    location: str = ""
    shows: str = ""
    left: bool = False
    """Those who left, in place of those who are here."""


@dataclass(frozen=True, slots=True)
class Row:
    """One person as the list shows them to one reader."""

    person: Person
    roles: tuple[RoleHeld, ...]
    manager: str
    location: str
    shows: bool
    total: Decimal
    inside: bool
    """Are they of the team?"""
    outside: bool
    """Are they of it by whom they report to alone, without a role of the team?"""


@dataclass(frozen=True, slots=True)
class Listed:
    """Who was found, and what the filters could be set to for this reader."""

    rows: tuple[Row, ...]
    everybody: int
    inside: int
    outside: tuple[Row, ...]
    """Who is of the team without a role of it."""
    without: int
    showing: int
    managers: Mapping[UUID, str] = field(default_factory=dict)
    locations: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


def listed(policy: Policy, by: Narrowing, day: date | None = None) -> Listed:
    """People by name. Five questions, whatever their number; places only of those whose place the reader may see."""
    on = day or today()
    people = list(Person.objects.filter(active=not by.left).order_by("name", "number"))
    held, standing = held_on(on), memberships(on)
    showing = set(Shown.objects.filter(what=Shown.What.SKILLS).values_list("person_id", flat=True))
    names = dict(Person.objects.values_list("id", "name"))
    rows = [_row(policy, one, held.get(one.id, []), names, one.id in showing, standing.get(one.id)) for one in people]
    leading = {one.manager_id: names[one.manager_id] for one in people if one.manager_id}
    return Listed(
        tuple(row for row in rows if _fits(row, by)), len(rows), sum(row.inside for row in rows),
        tuple(row for row in rows if row.outside), sum(not row.roles for row in rows), sum(row.shows for row in rows),
        dict(sorted(leading.items(), key=lambda pair: pair[1])),
        tuple(sorted({row.location for row in rows if row.location})),
        tuple(sorted({one.role for row in rows for one in row.roles}, key=catalogue().title)),
    )  # fmt: skip


def _row(
    policy: Policy, person: Person, roles: list[RoleHeld], names: Mapping[UUID, str], shows: bool, at: Membership | None
) -> Row:
    place = person.location if person.location and policy.sees_place(person.id) else ""
    boss = names.get(person.manager_id, "") if person.manager_id else ""
    total = sum((one.share for one in roles), Decimal(0))
    inside = at is not None and at.of_team
    outside = at is not None and at.of_team and not at.shares
    return Row(person, tuple(roles), boss, place, shows, total, inside, outside)


def _fits(row: Row, by: Narrowing) -> bool:
    if by.words and by.words.casefold() not in row.person.name.casefold():
        return False
    if by.role and not _holds(row, by.role):
        return False
    if by.manager and str(row.person.manager_id or NONE) != by.manager:
        return False
    if by.location and row.location != by.location:
        return False
    return not by.shows or row.shows == (by.shows == "yes")


def _holds(row: Row, role: str) -> bool:
    if role in (NONE, OUTSIDE):
        return not row.roles if role == NONE else row.outside
    return any(one.role == role for one in row.roles)
