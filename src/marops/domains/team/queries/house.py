"""Reads for the house of roles: its rooms, and what passes between them, as one reader may know it."""

from collections.abc import Iterator
from dataclasses import dataclass

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import RoleHeld
from marops.domains.team.permissions import VIEW
from marops.domains.team.queries.coverage import Team, team_of
from marops.domains.team.queries.hand_offs import Passed, hand_offs
from marops.domains.team.queries.people import held_on
from marops.domains.team.rules.hand_offs import Passing, slowest
from marops.domains.team.rules.house import Holder, Order, Place, Room, grows_into, order_of, outside_of, stands_in
from marops.domains.team.rules.roles import Role
from marops.kernel.actors import Actor
from marops.kernel.permissions import require


@dataclass(frozen=True, slots=True)
class House:
    """The house: rooms by short name, how they stand, what passes, and the slowest hand-over where it is known."""

    rooms: dict[str, Room]
    order: Order
    outside: tuple[str, ...]
    passed: Passed
    slowest: Passing | None
    people: int
    full_time: float

    @property
    def drawn(self) -> list[Passing]:
        """What has a pin in the picture."""
        there = {*self.rooms}
        return [one for one in self.passed.rows if one.number and {one.passed.source, one.passed.target} <= there]

    @property
    def others(self) -> list[Passing]:
        """What passes besides."""
        drawn = {id(one) for one in self.drawn}
        return [one for one in self.passed.rows if id(one) not in drawn]

    def title(self, slug: str) -> str:
        """What a role is called."""
        return self.rooms[slug].title if slug in self.rooms else catalogue().title(slug)


def house_of(actor: Actor, days: int = 90) -> House:
    """The house as this reader may know it. Raises MaropsError `not-allowed`."""
    require(actor, VIEW)
    team, passed = team_of(actor), hand_offs(actor, days)
    rooms = {one.slug: one for one in _rooms(team)}
    outside = outside_of(passed.rows, team.catalogue.inside)
    rooms |= {one.slug: one for one in _outside(team, outside)}
    order = order_of(team.catalogue, rooms)
    late = slowest([one for one in passed.rows if one.number])
    return House(rooms, order, outside, passed, late, len(team.workers), team.full_time)


def _rooms(team: Team) -> Iterator[Room]:
    """Rooms of the roles inside; of the company's own ones, those that somebody has or will have."""
    names = {skill: one.name for skill, one in team.catalogue.skills.items()}
    places: dict[str, list[Place]] = {}
    for opening in team.openings.values():
        for place in opening.shares:
            places.setdefault(place, []).append(Place(opening.title, opening.ref))
    for slug, role in team.catalogue.inside.items():
        holders = tuple(_holders(team, slug))
        if not (role.inside or holders or slug in places):
            continue
        grows, months = grows_into(role, team.catalogue.inside)
        yield Room(
            slug, role.title, role.persona.name if role.persona else "", role.persona.emblem if role.persona else "",
            holders, tuple(places.get(slug, ())), stands_in(role, slug, team.workers, names), bool(team.hidden),
            tuple(_called(team.catalogue.roles[one]) for one in grows), months,
        )  # fmt: skip


def _called(role: Role) -> tuple[str, str]:
    return role.title, role.title


def _holders(team: Team, slug: str) -> Iterator[Holder]:
    """Whoever has most of the role first."""
    held = [one for one in team.workers if slug in one.shares]
    for one in sorted(held, key=lambda one: (-one.shares[slug], one.name)):
        loaded = team.loads.get(one.id)
        share = loaded.share.usual if loaded and loaded.share else None
        yield Holder(one.name, one.ref, one.shares[slug], share, bool(loaded and loaded.fullness in ("over", "full")))


def _outside(team: Team, slugs: tuple[str, ...]) -> Iterator[Room]:
    """Those outside have a door: how many hold the role, and nothing more about them."""
    if not slugs:
        return
    people: dict[str, set[object]] = {slug: set() for slug in slugs}
    held: list[RoleHeld] = [one for rows in held_on().values() for one in rows if one.role in people]
    for one in held:
        people[one.role].add(one.person_id)
    for slug in slugs:
        persona = role.persona if (role := team.catalogue.roles.get(slug)) else None
        holders = tuple(Holder("", "") for _ in people[slug])
        yield Room(slug, team.catalogue.title(slug), persona.name if persona else "", holders=holders, outside=True)
