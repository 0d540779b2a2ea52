"""Reads for those who lead: who of their people grows where, who could follow on which place, and what nobody has."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from marops.domains.team.catalogue import STRUCTURE, catalogue
from marops.domains.team.models import GrowthGoal, GrowthPlan, Person, Vacancy
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.career import Standing, address, career_map, standings
from marops.domains.team.queries.people import held_on, team, vacancies
from marops.domains.team.queries.skills import known_to
from marops.domains.team.rules.career import CareerMap, Closeness, Path, next_roles, short_of
from marops.domains.team.rules.structure import Structure
from marops.kernel.definitions import active, load

FOLLOWERS = 3
"""So many who could follow are named for each place."""


def led_by(policy: Policy) -> list[Person]:
    """Everybody below the reader in the reporting line who works here, by name."""
    if policy.me is None:
        return []
    rows = Person.objects.filter(active=True).select_related("manager").order_by("name", "number")
    return [one for one in rows if policy.leads(one.id)]


@dataclass(frozen=True)
class Grower:
    """One of the reader's people: where they are, and where they want to."""

    standing: Standing
    aims: Sequence[GrowthGoal] = ()
    """Open goals of a plan that is shared with the reader."""
    plan_shared: bool = False

    @property
    def closest(self) -> Closeness | None:
        """The closest next role; None where no level is known: nothing is guessed about a person here."""
        here = self.standing
        if not here.role or here.assumed:
            return None
        return next(iter(next_roles(career_map(), here.holds, here.levels, here.evidenced)), None)


def growers(policy: Policy, people: Sequence[Person], *, evidence: bool = True) -> list[Grower]:
    """Who grows where; without evidence for the many who are only compared with places."""
    at = standings(policy, people, evidence=evidence)
    plans = {one.person_id: one for one in _plans(people) if policy.sees_plan(one)}
    return [_grower(at[one.id], plans.get(one.id)) for one in people]


def _grower(here: Standing, plan: GrowthPlan | None) -> Grower:
    if plan is None:
        return Grower(here)
    return Grower(here, [goal for goal in plan.goals.all() if goal.state == GrowthGoal.State.OPEN], True)


def _plans(people: Sequence[Person]) -> Iterable[GrowthPlan]:
    shared = GrowthPlan.objects.exclude(seen_by=GrowthPlan.SeenBy.NOBODY)
    return shared.filter(person__in=people).select_related("person").prefetch_related("goals")


@dataclass(frozen=True)
class Follower:
    """Somebody who could follow: by which way, and how many levels are missing."""

    person: Person
    path: Path
    levels: int
    core_levels: int
    aims: bool
    """They said so in a plan that is shared with the reader."""


@dataclass(frozen=True)
class Place:
    """A place somebody could follow on: a role inside, or an opening."""

    role: str
    title: str
    url: str
    opening: str
    """The reference of the opening, empty for a role."""
    holders: int
    followers: Sequence[Follower]
    ready: int
    """How many of the reader's people have every core level."""
    from_inside: bool
    """A step from a role inside leads here; where none does, people come from elsewhere."""


def places(policy: Policy, found: Sequence[Grower]) -> list[Place]:
    """Every role inside and every opening, with those who could follow: fewest levels missing first, then soonest."""
    known = career_map()
    reach = {held: known.reachable_from(held) for held in {one.standing.holds for one in found}}
    held: dict[str, int] = {}
    for rows in held_on().values():
        for row in rows:
            held[row.role] = held.get(row.role, 0) + 1
    inside = [
        _place(known, reach, found, slug, role.title, address("team:role", slug), "", held.get(slug, 0))
        for slug, role in catalogue().inside.items()
    ]
    return [*_vacant(known, reach, found, held), *inside]


def _vacant(
    known: CareerMap,
    reach: Mapping[tuple[str, ...], Mapping[str, Path]],
    found: Sequence[Grower],
    held: Mapping[str, int],
) -> list[Place]:
    rows = []
    for one in vacancies():
        role = _main_role(one)
        if role in known.roles:
            rows.append(_place(known, reach, found, role, one.title, address("team:opening", one.ref), one.ref,
                               held.get(role, 0)))  # fmt: skip
    return rows


def _main_role(one: Vacancy) -> str:
    return max(one.roles, key=lambda role: (one.roles[role], role), default="")


def _place(
    known: CareerMap, reach: Mapping[tuple[str, ...], Mapping[str, Path]], found: Sequence[Grower], role: str,
    title: str, url: str, opening: str, holders: int,
) -> Place:  # fmt: skip
    followers: list[tuple[int, float, str, int, Grower, Path, int]] = []
    ready = 0
    for one in found:
        at = one.standing
        path = reach[at.holds].get(role)
        if path is None or at.assumed:  # nothing is guessed about somebody whose levels the reader does not know
            continue
        levels, core = short_of(known.roles[role], at.levels)
        followers.append((levels, path.usual, at.person.name, len(followers), one, path, core))
        ready += not core
    nearest = [_follower(one, path, levels, core, role) for levels, _u, _n, _p, one, path, core
               in nsmallest(FOLLOWERS, followers)]  # fmt: skip
    inside = any(one.source in catalogue().inside for one in known.into(role))
    return Place(role, title, url, opening, holders, nearest, ready, inside)


def _follower(one: Grower, path: Path, levels: int, core: int, role: str) -> Follower:
    return Follower(one.standing.person, path, levels, core, any(goal.role == role for goal in one.aims))


@dataclass(frozen=True)
class Unheld:
    """A skill that a plan asks for and nobody has: at which level, where, and how far the furthest is."""

    skill: str
    need: int
    best: int
    asked_by: Sequence[str]


@dataclass(frozen=True)
class Planned:
    """What openings and planned structures ask for and nobody known has; how many do not show their skills."""

    rows: Sequence[Unheld]
    hidden: int
    sources: int


def unheld(policy: Policy, found: Sequence[Grower]) -> Planned:
    """The skills that openings and planned structures ask for, and nobody whose levels the reader may see has."""
    asked: dict[str, tuple[int, list[str]]] = {}
    sources = 0
    for name, wanted in _wanted():
        sources += 1
        for skill, need in wanted.items():
            level, names = asked.get(skill, (0, []))
            asked[skill] = (max(level, need), names if name in names else [*names, name])
    mine = {one.standing.person.id: one.standing.levels for one in found if not one.standing.assumed}
    others = known_to(policy, [one.person.id for one in team() if one.person.id not in mine])
    best = _best([*mine.values(), *others.levels.values()])
    rows = [
        Unheld(skill, need, best.get(skill, 0), names)
        for skill, (need, names) in asked.items()
        if best.get(skill, 0) < need
    ]
    rows.sort(key=lambda one: (one.best - one.need, one.skill))
    return Planned(rows, others.hidden, sources)


def _best(levels: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for skills in levels:
        for skill, level in skills.items():
            found[skill] = max(level, found.get(skill, 0))
    return found


def _wanted() -> Iterable[tuple[str, Mapping[str, int]]]:
    """Name of the opening or structure → skill → level it asks for."""
    for one in vacancies():
        yield f"{one.ref} {one.title}", _needs(one.roles) | {skill: int(level) for skill, level in one.skills.items()}
    for row in active(STRUCTURE):
        document = load(row)
        if isinstance(document, Structure):
            yield document.title, _needs({role for seat in document.seats for role in seat.roles})


def _needs(roles: Iterable[str]) -> dict[str, int]:
    known, found = catalogue().roles, dict[str, int]()
    for role in roles:
        for skill, level in known[role].needs.items() if role in known else ():
            found[skill] = max(level, found.get(skill, 0))
    return found
