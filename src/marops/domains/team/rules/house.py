"""The house of roles as figures: who holds a room, how full it is, who stands in, where one grows; in which order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from marops.domains.team.rules.coverage import ABLE, Worker
from marops.domains.team.rules.hand_offs import Passing
from marops.domains.team.rules.roles import STANDING, Catalogue, Role

HEADS = STANDING["director"]
"""From this standing on a role can be the roof."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a role, with the share of a week; `load`: how full their week is, None where not known."""

    name: str
    ref: str
    share: float = 1.0
    load: float | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a role that nobody has yet."""

    title: str
    ref: str


@dataclass(frozen=True, slots=True)
class StandsIn:
    """Somebody without the role who is able to do its core skills, and which of them not."""

    name: str
    ref: str
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """A role as a room; `outside`: not of the team, and shown because something passes to it or from it."""

    slug: str
    title: str
    persona: str = ""
    emblem: str = ""
    holders: tuple[Holder, ...] = ()
    places: tuple[Place, ...] = ()
    cover: StandsIn | None = None
    unsure: bool = False
    """Whether somebody who does not show their skills could stand in."""
    grows: tuple[tuple[str, str], ...] = ()
    """Roles inside that one grows into next, the soonest first: title, and the name for a narrow room."""
    months: tuple[float, float] | None = None
    """How long the first of them usually takes."""
    outside: bool = False


def stands_in(role: Role, slug: str, workers: Sequence[Worker], names: Mapping[str, str]) -> StandsIn | None:
    """Who comes nearest to the core skills of a role without holding it: able to do more than half of them.

    Of those equally near, whoever is higher in them all.
    """
    core = [one.skill for one in role.skills if one.core] or [one.skill for one in role.skills]
    best, found = (len(core) / 2, 0), None
    for one in workers:
        levels = [one.levels.get(skill, 0) for skill in core]
        rank = (sum(level >= ABLE for level in levels), sum(levels))
        if core and slug not in one.shares and rank > best and rank[0] > len(core) / 2:
            best, found = rank, one
    if found is None:
        return None
    lacks = tuple(names.get(skill, skill) for skill in core if found.levels.get(skill, 0) < ABLE)
    return StandsIn(found.name, found.ref, lacks)


def grows_into(role: Role, inside: Mapping[str, Role]) -> tuple[tuple[str, ...], tuple[float, float] | None]:
    """The roles of the team that come after this one, the soonest first, and how long the first takes."""
    steps = sorted((one for one in role.next if one.role in inside), key=lambda one: (sum(one.months), one.role))
    return tuple(dict.fromkeys(one.role for one in steps)), steps[0].months if steps else None


@dataclass(frozen=True, slots=True)
class Order:
    """Which room is where: the roof, wide rooms under it, the grid, wide rooms on the ground."""

    roof: str = ""
    upper: tuple[str, ...] = ()
    grid: tuple[str, ...] = ()
    ground: tuple[str, ...] = ()


def order_of(known: Catalogue, rooms: Collection[str]) -> Order:
    """The one who stands highest is the roof, the one who leads most others lies under it, beginners are the ground."""
    roles = {slug: role for slug, role in known.inside.items() if slug in rooms}
    heads = [slug for slug, role in roles.items() if STANDING[role.level] >= HEADS]
    roof, others = heads[:1], [slug for slug in roles if slug not in heads[:1]]
    leads = {slug: len(set(roles[slug].manages) & set(others)) for slug in others}
    first = max(others, key=lambda slug: leads[slug], default="")
    upper = [slug for slug in others if slug in heads or (slug == first and leads[slug] > 1)]
    below = [slug for slug in others if slug not in upper]
    ground = [slug for slug in below if STANDING[roles[slug].level] == 0]
    if len(ground) > 1 or len(below) < len(ground) + 2:
        ground = []
    grid = [slug for slug in below if slug not in ground]
    return Order("".join(roof), tuple(upper), tuple(grid), tuple(ground))


def outside_of(rows: Sequence[Passing], inside: Collection[str]) -> tuple[str, ...]:
    """The roles outside to or from which something drawn passes, in the order of their pins; three at most."""
    ends = [end for one in rows if one.number for end in (one.passed.source, one.passed.target)]
    return tuple(dict.fromkeys(end for end in ends if end not in inside))[:3]
