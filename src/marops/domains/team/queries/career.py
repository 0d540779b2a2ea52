"""Reads of careers: where somebody stands, what a reader may know of it, where it can go, what is at hand for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from uuid import UUID

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from marops.domains.team import ports
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Evidence, Person, RoleHeld, Shown, Vacancy
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.people import held_on, vacancies
from marops.domains.team.queries.skills import evidence_for, known_to
from marops.domains.team.queries.traces import Trace, traces
from marops.domains.team.rules.career import CareerMap, Closeness, Gap, Path, gap, next_roles
from marops.domains.team.rules.moves import AtHand, Hint, Move, Offer, moves
from marops.domains.team.rules.roles import Requirement, Role
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.permissions import Grants, grants
from marops.kernel.rules import read_yaml

HELPERS = 2
"""So many colleagues are named who could help with a move."""
SHADOWING = (2.0, 6.0)
"""Hours of sitting in on an opening; an assumption."""


def career_map() -> CareerMap:
    """The map of the catalogue in force."""
    return CareerMap(catalogue().roles)


@cache
def hints() -> Mapping[str, Hint]:
    """Kind of evidence → how it comes about."""
    rows = read_yaml((files("marops.domains.team") / "data/moves.yaml").read_text(encoding="utf-8"))
    found = [
        Hint(one["key"], one["says"], tuple(one["hours"]), bool(one.get("held")), one.get("needs", "")) for one in rows
    ]
    return {one.key: one for one in found}


def role_of(slug: str) -> Role:
    """A role of the catalogue. Raises MaropsError `invalid` with the ones there are."""
    known = catalogue().roles
    if slug not in known:
        fault = FieldError("to", f"There is no role {slug!r}.", "Choose one of the career map.", field="to")
        raise MaropsError(INVALID, f"There is no role {slug!r}.", errors=[fault])
    return known[slug]


@dataclass(frozen=True)
class Standing:
    """Where somebody is, as far as this reader may know it."""

    person: Person
    role: str
    """The role they have most of today; else the last one they had. Empty: none is known."""
    since: date | None
    roles: Sequence[RoleHeld]
    levels: Mapping[str, int]
    """Skill → the level that counts for this reader."""
    assumed: bool
    """No level is kept, or none is shown: the levels are those which the role usually asks for."""
    hidden: bool
    """Levels may be kept that this reader does not see."""
    evidence: Sequence[Evidence] = ()
    traces: Mapping[str, Trace] = field(default_factory=dict)
    """Kind of trace → what Marops saw of them."""

    @property
    def seen(self) -> Mapping[str, int]:
        """Kind of trace → how often: what they keep as evidence, and what Marops saw."""
        found = {key: one.count for key, one in self.traces.items()}
        for one in self.evidence:
            key = one.key or (Evidence.Kind.CERTIFICATE.value if one.kind == Evidence.Kind.CERTIFICATE else "")
            if key:
                found[key] = max(1, found.get(key, 0))
        return found

    @property
    def evidenced(self) -> frozenset[str]:
        """The skills with evidence of any kind."""
        left = {key for key, count in self.seen.items() if count}
        by_trace = {one.id for one in catalogue().skills.values() if left.intersection(one.evidence)}
        return frozenset(by_trace | {one.skill for one in self.evidence})


def standings(policy: Policy, people: Sequence[Person], *, evidence: bool = True) -> dict[UUID, Standing]:
    """Where each of them is: a handful of questions, however many they are; fewer without what speaks for levels."""
    ids = [one.id for one in people]
    held, known = held_on(person_ids=ids), known_to(policy, ids)
    last = _last_roles([one for one in ids if one not in held and policy.sees_path(one)])
    kept = evidence_for(policy, ids) if evidence else {}
    left = traces([one for one in ids if policy.sees_evidence(one)]) if evidence else {}
    return {
        one.id: _standing(one, held.get(one.id) or last.get(one.id, []), known.levels.get(one.id, {}),
                          not policy.sees_own_levels(one.id), kept.get(one.id, []), left.get(one.id, {}))
        for one in people
    }  # fmt: skip


def standing(policy: Policy, person: Person) -> Standing:
    """Where one person is."""
    return standings(policy, [person])[person.id]


def _standing(
    person: Person, held: list[RoleHeld], levels: Mapping[str, int], hidden: bool,
    evidence: Sequence[Evidence], left: Mapping[str, Trace],
) -> Standing:  # fmt: skip
    roles = catalogue().roles
    main = next((one for one in held if one.role in roles), None)
    role = main.role if main else ""
    stand_in = roles[role].needs if role and not levels else {}
    return Standing(person, role, main.starts if main else None, held, levels or stand_in, not levels, hidden,
                    evidence, left)  # fmt: skip


def _last_roles(person_ids: Iterable[UUID]) -> dict[UUID, list[RoleHeld]]:
    found: dict[UUID, list[RoleHeld]] = {}
    rows = RoleHeld.objects.filter(person_id__in=list(person_ids), elsewhere=False).order_by("-ends", "-share")
    for one in rows:
        found.setdefault(one.person_id, []).append(one)
    return found


@dataclass(frozen=True)
class Career:
    """Where somebody can go from where they are; with a target, the way there and what it takes."""

    standing: Standing
    reachable: Mapping[str, Path]
    near: Sequence[Closeness]
    target: str = ""
    """The role that is aimed at; without one, the closest next role is looked at."""
    chosen: bool = False
    path: Path | None = None
    other: Path | None = None
    """The way on which fewer levels are to be gained, where it is another one."""
    gap: Gap | None = None
    moves: Sequence[Move] = ()


def career(policy: Policy, actor: Actor, person: Person, to: str = "") -> Career:
    """Somebody's career as this reader may see it. Raises MaropsError `invalid` for a role nobody knows."""
    known, at = career_map(), standing(policy, person)
    if to:
        role_of(to)
    near = next_roles(known, at.role, at.levels, at.evidenced) if at.role else []
    target = to or (near[0].way.target if near else "")
    reachable = known.reachable(at.role) if at.role else {}
    if not target:
        return Career(at, reachable, near)
    path = reachable.get(target)
    other = known.nearest(at.role, target, at.levels) if path else None
    lack = gap(target, known.roles[target], at.levels)
    small = moves(lack, _at_hand(actor, at, target), requirements(at, path))
    return Career(at, reachable, near, target, bool(to), path, None if other == path else other, lack, small)


def requirements(at: Standing, path: Path | None) -> Sequence[Requirement]:
    """What the new path asks of somebody on this way: of the role they have, else of the first one that says it."""
    roles = catalogue().roles
    for slug in path.roles if path else ():
        asked = [one for one in roles[slug].new_path if not one.leads_to or set(one.leads_to) & set(path.roles)] \
            if path else []  # fmt: skip
        if asked:
            return asked if slug == at.role else ()
    return ()


def _at_hand(actor: Actor, at: Standing, target: str) -> AtHand:
    offers = [*_openings_to_shadow(target), *_offers(actor, at.person)]
    return AtHand(catalogue().skills, _doable(at.person), offers, at.seen)


def _offers(actor: Actor, person: Person) -> list[Offer]:
    """What lies at hand for this person, of which the reader may know."""
    if person.account_id is None:
        return []
    own = Actor("human", str(person.account_id))
    theirs = [one for part in ports.at_hand for one in part.value(own)]
    if actor == own or not theirs:
        return theirs
    known = {one for part in ports.at_hand for one in part.value(actor)}
    return [one for one in theirs if one in known]


def _doable(person: Person) -> dict[str, Hint]:
    """What this person could do with the rights they have: nobody is told to do what they may not."""
    held = grants(Actor("human", str(person.account_id))) if person.account_id else Grants()
    return {key: one for key, one in hints().items() if not one.needs or one.needs in held}


def _openings_to_shadow(target: str) -> list[Offer]:
    for one in openings(target)[:1]:
        says = _("Sit in on the opening %(ref)s, “%(title)s”: read what it asks for, and one talk about it.")
        words = says % {"ref": one.ref, "title": one.title}
        return [Offer(words, SHADOWING, url=address("team:opening", one.ref))]
    return []


def openings(role: str) -> list[Vacancy]:
    """The places of a role that are open or planned."""
    return [one for one in vacancies() if role in one.roles]


def address(name: str, *given: str) -> str:
    """The address of a page, empty where this installation does not have it."""
    try:
        return reverse(name, args=given)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True)
class Walked:
    """A colleague's path that went to a role: who, and the roles they had up to it, the first one first."""

    person: Person
    roles: Sequence[RoleHeld]


def walked_to(role: str, besides: UUID | None = None) -> list[Walked]:
    """The paths of colleagues that went to this role; only of those who show their path to everybody."""
    shows = Shown.objects.filter(what=Shown.What.PATH).values("person_id")
    people = Person.objects.filter(roles__role=role, id__in=shows).distinct().order_by("name")
    if besides:
        people = people.exclude(id=besides)
    rows: dict[UUID, list[RoleHeld]] = {}
    for one in RoleHeld.objects.filter(person__in=people).order_by("starts", "ends"):
        rows.setdefault(one.person_id, []).append(one)
    found = []
    for person in people:
        path = sorted(rows[person.id], key=lambda one: (one.starts or date.min, one.ends or date.max))
        up_to = next(place for place, one in enumerate(path) if one.role == role)
        if up_to:
            found.append(Walked(person, path[: up_to + 1]))
    return found


def helpers(policy: Policy, wanted: Mapping[str, int], besides: UUID | None = None) -> dict[str, list[Person]]:
    """Skill → colleagues who show their skills and are at that level or above, the furthest first."""
    shows = Shown.objects.filter(what=Shown.What.SKILLS).values_list("person_id", flat=True)
    levels = known_to(policy, [one for one in shows if one != besides]).levels
    people = {one.id: one for one in Person.objects.filter(active=True, id__in=list(levels))}
    found: dict[str, list[Person]] = {}
    for skill, level in wanted.items():
        able = [(-has[skill], people[pk].name, pk) for pk, has in levels.items()
                if pk in people and has.get(skill, 0) >= level]  # fmt: skip
        found[skill] = [people[pk] for _level, _name, pk in sorted(able)[:HELPERS]]
    return found
