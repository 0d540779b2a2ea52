"""Careers as a graph: the steps between roles, the ways along them, and what somebody has and lacks for a role.

Months add along a way as ranges: the lower ends and the upper ends by themselves. The usual time of a step is the
middle of its range, for the sources say no more.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from marops.domains.team.rules.roles import STANDING, Basis, Role

OVERLAP_WEIGHT, EVIDENCE_WEIGHT = 0.8, 0.2
"""How much of a role's closeness is levels held and how much is skills with evidence; an assumption, see the docs."""
CORE_WEIGHT, OTHER_WEIGHT = 2.0, 1.0
"""What makes the role weighs twice as much as the rest."""
_SURENESS: Mapping[str, int] = {"stated": 0, "implied": 1, "assumption": 2}

Levels = Mapping[str, int]
"""Skill → level somebody has. A skill that is not named is not looked at yet, and counts as level 0."""


@dataclass(frozen=True, slots=True)
class Way:
    """One step of the graph."""

    source: str
    target: str
    months: tuple[float, float]
    basis: Basis = "assumption"
    condition: str = ""
    called: str = ""
    """What the source calls the next role, where that is another name."""

    @property
    def usual(self) -> float:
        """The middle of the range, in months."""
        return (self.months[0] + self.months[1]) / 2


@dataclass(frozen=True, slots=True)
class Path:
    """A way over several roles."""

    source: str
    ways: tuple[Way, ...] = ()

    @property
    def target(self) -> str:
        """Where it ends."""
        return self.ways[-1].target if self.ways else self.source

    @property
    def roles(self) -> tuple[str, ...]:
        """Every role on it, the first and the last included."""
        return (self.source, *(one.target for one in self.ways))

    @property
    def months(self) -> tuple[float, float]:
        """From and to, of all steps together."""
        return sum(one.months[0] for one in self.ways), sum(one.months[1] for one in self.ways)

    @property
    def usual(self) -> float:
        """The usual time of all steps together."""
        return sum(one.usual for one in self.ways)

    @property
    def basis(self) -> Basis:
        """As sure as its least sure step."""
        return max((one.basis for one in self.ways), key=_SURENESS.__getitem__, default="stated")


Cost = Callable[[Way], float]


@dataclass(frozen=True)
class CareerMap:
    """Every role and every step between two of them; steps to roles that have no page are kept apart by name."""

    roles: Mapping[str, Role]

    @cached_property
    def ways(self) -> Mapping[str, tuple[Way, ...]]:
        """Role → its steps to roles of the catalogue, the quickest of each where a role names it twice."""
        return {slug: self._ways(slug, role) for slug, role in self.roles.items()}

    def _ways(self, slug: str, role: Role) -> tuple[Way, ...]:
        found: dict[str, Way] = {}
        for one in role.next:
            if one.role == slug or one.role not in self.roles:
                continue
            way = Way(slug, one.role, one.months, one.basis, one.condition, one.as_ or "")
            if one.role not in found or way.usual < found[one.role].usual:
                found[one.role] = way
        return tuple(found.values())

    @cached_property
    def all_ways(self) -> tuple[Way, ...]:
        """Every step."""
        return tuple(one for ways in self.ways.values() for one in ways)

    def holds(self, slug: str) -> bool:
        """Does any step lead to this role, or from it?"""
        return bool(self.ways.get(slug) or self.unmapped(slug) or self.into(slug))

    def unmapped(self, slug: str) -> list[tuple[str, tuple[float, float], Basis]]:
        """Next roles that the catalogue only names: what they are called, months, how sure."""
        role = self.roles.get(slug)
        return [(one.role, one.months, one.basis) for one in role.next if one.role not in self.roles] if role else []

    def into(self, slug: str) -> tuple[Way, ...]:
        """The steps that lead to a role."""
        return tuple(one for one in self.all_ways if one.target == slug)

    def quickest(self, source: str, target: str) -> Path | None:
        """The way of the least usual time; of several the one of fewer steps. None where there is none."""
        return self._walked(source, lambda way: way.usual).get(target)

    def nearest(self, source: str, target: str, levels: Levels | None = None) -> Path | None:
        """The way on which the fewest levels are to be gained: what each role asks beyond the role before it and
        beyond what one has. Of several the quicker one.
        """
        has = levels or {}
        return self._walked(source, lambda way: float(self.gained(way, has))).get(target)

    def gained(self, way: Way, levels: Levels) -> int:
        """The levels that a step asks for beyond the role before it and beyond what somebody has."""
        before = self.roles[way.source].needs
        wanted = self.roles[way.target].needs.items()
        return sum(max(0, need - max(before.get(skill, 0), levels.get(skill, 0))) for skill, need in wanted)

    def reachable(self, source: str) -> Mapping[str, Path]:
        """Every role that steps lead to, by its quickest way; soonest first, and without where one is."""
        found = self._walked(source, lambda way: way.usual)
        found.pop(source, None)
        return dict(sorted(found.items(), key=lambda pair: (pair[1].usual, len(pair[1].ways), pair[0])))

    def reachable_from(self, sources: Collection[str]) -> Mapping[str, Path]:
        """The same from several roles that somebody has at once: by the quickest way from any; soonest first."""
        found: dict[str, Path] = {}
        for path in (path for source in sources for path in self.reachable(source).values()):
            known = found.get(path.target)
            if path.target not in sources and (known is None or path.usual < known.usual):
                found[path.target] = path
        return dict(sorted(found.items(), key=lambda pair: (pair[1].usual, len(pair[1].ways), pair[0])))

    def ways_from(self, sources: Collection[str]) -> Mapping[str, Way]:
        """The steps from these roles to others, the quickest of each."""
        found: dict[str, Way] = {}
        for way in (way for source in sources for way in self.ways.get(source, ())):
            if way.target not in sources and (way.target not in found or way.usual < found[way.target].usual):
                found[way.target] = way
        return found

    def _walked(self, source: str, cost: Cost) -> dict[str, Path]:
        """Dijkstra. Costs are not negative; equal ones are decided by time, steps and names, so that the same
        catalogue always says the same.
        """
        if source not in self.roles:
            return {}
        heap: list[tuple[float, float, int, tuple[str, ...], Path]] = [(0.0, 0.0, 0, (source,), Path(source))]
        done: dict[str, Path] = {}
        while heap:
            spent, _usual, steps, names, path = heapq.heappop(heap)
            if path.target in done:
                continue
            done[path.target] = path
            for way in self.ways[path.target]:
                if way.target not in done:
                    longer = Path(source, (*path.ways, way))
                    after = (*names, way.target)
                    heapq.heappush(heap, (spent + cost(way), longer.usual, steps + 1, after, longer))
        return done


@dataclass(frozen=True, slots=True)
class Lack:
    """One skill a role asks for, beside the level somebody has; `has` is None where nobody looked yet."""

    skill: str
    need: int
    has: int | None = None
    core: bool = False

    @property
    def short(self) -> int:
        """How many levels are missing."""
        return max(0, self.need - (self.has or 0))

    @property
    def state(self) -> Literal["shared", "short", "missing"]:
        """Held as far as it is asked for, held in part, or not at all."""
        return "shared" if not self.short else "short" if self.has else "missing"

    @property
    def weight(self) -> float:
        """How much it counts."""
        return CORE_WEIGHT if self.core else OTHER_WEIGHT


@dataclass(frozen=True, slots=True)
class Gap:
    """What somebody has and lacks for a role."""

    role: str
    lacks: tuple[Lack, ...] = field(default_factory=tuple)

    @property
    def levels(self) -> int:
        """The levels that are missing, all together."""
        return sum(one.short for one in self.lacks)

    @property
    def core_levels(self) -> int:
        """The levels missing of the skills that make the role."""
        return sum(one.short for one in self.lacks if one.core)

    def of(self, state: str) -> list[Lack]:
        """The skills shared, short or missing."""
        return [one for one in self.lacks if one.state == state]

    @property
    def overlap(self) -> float:
        """The share of what the role asks for that is held: weighted levels held, of weighted levels asked for."""
        asked = sum(one.weight * one.need for one in self.lacks)
        held = sum(one.weight * min(one.need, one.has or 0) for one in self.lacks)
        return held / asked if asked else 1.0

    def evidenced(self, seen: Iterable[str]) -> float:
        """The weighted share of the skills asked for that have evidence. `seen`: skills with some."""
        known = set(seen)
        asked = sum(one.weight for one in self.lacks)
        return sum(one.weight for one in self.lacks if one.skill in known) / asked if asked else 0.0


def gap(slug: str, role: Role, levels: Levels) -> Gap:
    """What somebody of these levels has and lacks for a role: core skills first, the furthest first among them."""
    lacks = [Lack(one.skill, one.level, levels.get(one.skill), one.core) for one in role.skills if one.level > 0]
    return Gap(slug, tuple(sorted(lacks, key=lambda one: (not one.core, -one.short, one.skill))))


def short_of(role: Role, levels: Levels) -> tuple[int, int]:
    """The levels missing for a role, all together and of its core skills: a gap in two numbers, for many people."""
    every = core = 0
    for one in role.skills:
        short = one.level - levels.get(one.skill, 0)
        if short > 0:
            every += short
            core += short if one.core else 0
    return every, core


@dataclass(frozen=True, slots=True)
class Closeness:
    """How close somebody is to a role, and of what that is made."""

    way: Way
    gap: Gap
    overlap: float
    evidence: float

    @property
    def score(self) -> float:
        """From 0 to 1; orders roles, and says nothing by itself."""
        return OVERLAP_WEIGHT * self.overlap + EVIDENCE_WEIGHT * self.evidence


def next_roles(known: CareerMap, sources: Collection[str], levels: Levels, seen: Iterable[str] = ()) -> list[Closeness]:
    """The roles one step from those somebody has, the closest first; of equal ones the sooner."""
    skills = frozenset(seen)
    found = []
    for way in known.ways_from(sources).values():
        lack = gap(way.target, known.roles[way.target], levels)
        found.append(Closeness(way, lack, lack.overlap, lack.evidenced(skills)))
    return sorted(found, key=lambda one: (-one.score, one.way.usual, one.way.target))


def columns(roles: Mapping[str, Role], ways: Sequence[Way]) -> list[list[str]]:
    """The roles that have a step from or to another, by standing from entry to executive; in each column in an order
    in which few steps cross.
    """
    tied = {one.source for one in ways} | {one.target for one in ways}
    by_standing: dict[int, list[str]] = {}
    for slug, role in sorted(roles.items(), key=lambda pair: (not pair[1].inside, pair[0])):
        if slug in tied:
            by_standing.setdefault(STANDING[role.level], []).append(slug)
    found = [by_standing[one] for one in sorted(by_standing)]
    near = _neighbours(ways)
    for _sweep in range(12):
        place = {slug: row / max(1, len(column) - 1) for column in found for row, slug in enumerate(column)}
        for column in found:
            wish = {slug: _mean([place[one] for one in near[slug]], place[slug]) for slug in column}
            column.sort(key=wish.__getitem__)
            place |= {slug: row / max(1, len(column) - 1) for row, slug in enumerate(column)}
    return found


def _neighbours(ways: Sequence[Way]) -> dict[str, list[str]]:
    near: dict[str, list[str]] = {}
    for one in ways:
        near.setdefault(one.source, []).append(one.target)
        near.setdefault(one.target, []).append(one.source)
    return near


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
