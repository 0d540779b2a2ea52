"""Reads of careers: where somebody stands, what a reader may know of it, where it can go, what is at hand for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from uuid import UUID

from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from marops.domains.team import ports
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Evidence, GrowthGoal, GrowthMove, Person, RoleHeld, Shown, Vacancy
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.growth import own_plan, role_goals
from marops.domains.team.queries.hours import people_of
from marops.domains.team.queries.people import held_on, vacancies
from marops.domains.team.queries.skills import evidence_for, known_to
from marops.domains.team.queries.traces import Trace, traces
from marops.domains.team.rules.career import CareerMap, Closeness, Gap, Path, gap, next_roles
from marops.domains.team.rules.moves import THREE, AtHand, Hint, Move, Offer, moves
from marops.domains.team.rules.roles import Requirement
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.permissions import Grants, grants
from marops.kernel.rules import read_yaml
from marops.kernel.workspace import today

HELPERS = 2
"""So many colleagues are named who could help with a move."""
NEAR_NAMES = 3
"""So many names are told that are near to one nobody has."""
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


def role_called(words: str) -> str:
    """The short name of a role, by it, by its title or by another name of it. Raises MaropsError `invalid` with those
    that are near.
    """
    known = catalogue().roles
    names = {_plain(name): slug for slug, one in known.items() for name in one.aliases}
    names |= {_plain(one.title): slug for slug, one in known.items()} | {_plain(slug): slug for slug in known}
    if found := names.get(_plain(words)):
        return found
    near = list(dict.fromkeys(names[one] for one in get_close_matches(_plain(words), names, NEAR_NAMES)))
    advice = _("Did you mean %(roles)s?") % {"roles": _(" or ").join(f"{known[one].title} ({one})" for one in near)}
    fault = FieldError("to", f"There is no role {words!r}.", advice if near else _("Choose one of the career map."),
                       field="to")  # fmt: skip
    raise MaropsError(INVALID, f"There is no role {words!r}.", errors=[fault])


def person_called(words: str) -> Person:
    """Somebody of the team by reference, by the address of their account, or by a name that only they have. Raises
    MaropsError `not-found` with those whose names are near, `invalid` where several are called so.
    """
    if found := people_of([words]).get(words):
        return found
    named: dict[str, list[Person]] = {}
    for one in Person.objects.order_by("-active", "number"):
        named.setdefault(_plain(one.name), []).append(one)
    same = named.get(_plain(words), [])
    here = [one for one in same if one.active] or same
    if len(here) == 1:
        return here[0]
    near = same or [one for name in get_close_matches(_plain(words), named, NEAR_NAMES) for one in named[name]]
    who = _(" or ").join(f"{one.name} ({one.ref})" for one in near[:NEAR_NAMES])
    if same:
        raise MaropsError(INVALID, _("Several people are called %(name)s: say %(who)s.") % {"name": words, "who": who})
    told = _("There is nobody called %(name)s in the team.") % {"name": repr(words)}
    raise MaropsError(NOT_FOUND, told + (" " + _("Did you mean %(who)s?") % {"who": who} if near else ""))


def _plain(words: str) -> str:
    return words.replace("_", " ").replace("-", " ").strip().casefold()


@dataclass(frozen=True)
class Standing:
    """Where somebody is, as far as this reader may know it."""

    person: Person
    role: str
    """The role they have most of today; else the last one they had. Empty: none is known."""
    since: date | None
    """From which day on; of those whose path this reader may see."""
    roles: Sequence[RoleHeld]
    levels: Mapping[str, int]
    """Skill → the level that counts for this reader."""
    assumed: bool
    """No level is kept, or none is shown: the levels are those which the role usually asks for."""
    hidden: bool
    """Levels may be kept that this reader does not see."""
    holds: tuple[str, ...] = ()
    """Every role of the catalogue they have today, the one they have most of first; without one, the last they had."""
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
        one.id: _standing(one, _dated(policy, held.get(one.id) or last.get(one.id, [])), known.levels.get(one.id, {}),
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
    holds = tuple(one.role for one in held if one.role in roles)
    return Standing(person, role, main.starts if main else None, held, levels or stand_in, not levels, hidden, holds,
                    evidence, left)  # fmt: skip


def _dated(policy: Policy, held: list[RoleHeld]) -> list[RoleHeld]:
    """Roles with their days for those who may see the path, without them for others."""
    for one in held:
        if not policy.sees_path(one.person_id):
            one.starts = one.ends = None  # shown so, never saved
    return held


def _last_roles(person_ids: Iterable[UUID]) -> dict[UUID, list[RoleHeld]]:
    found: dict[UUID, list[RoleHeld]] = {}
    rows = RoleHeld.objects.filter(person_id__in=list(person_ids), role__in=list(catalogue().roles), elsewhere=False)
    for one in rows.order_by("-ends", "-share"):
        found.setdefault(one.person_id, [one])
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
    step_gap: Gap | None = None
    """What is lacking for the first role of the way, where the aim is further off."""
    goals: Sequence[GrowthGoal] = ()
    """The open goals of one's own plan that name a role, the first due first; to nobody but their owner."""
    planned: Sequence[GrowthMove] = ()
    """The moves of one's own plan; to nobody but their owner."""

    @property
    def goal(self) -> GrowthGoal | None:
        """The goal that is looked at."""
        return next((one for one in self.goals if one.role == self.target), None)

    @property
    def step(self) -> str:
        """The first role of the way, which the moves are for."""
        return self.path.ways[0].target if self.path and self.path.ways else self.target


def career(policy: Policy, actor: Actor, person: Person, to: str = "") -> Career:
    """Somebody's career as this reader may see it: towards the role that was chosen, else one's own goal, else the
    closest next role. Raises MaropsError `invalid` for a role nobody knows.
    """
    known, at = career_map(), standing(policy, person)
    chosen = role_called(to) if to else ""
    near = next_roles(known, at.holds, at.levels, at.evidenced)
    reachable = known.reachable_from(at.holds)
    plan = own_plan(policy) if policy.is_self(person.id) else None
    goals = role_goals(plan, besides=at.holds)
    aims = [chosen, *(one.role for one in goals if one.role in reachable), *(one.way.target for one in near)]
    target = next((one for one in aims if one), "")
    planned = list(plan.moves.all()) if plan else []
    if not target:
        return Career(at, reachable, near, goals=goals, planned=planned)
    path = reachable.get(target)
    other = known.nearest(path.source, target, at.levels) if path else None
    found = Career(at, reachable, near, target, bool(chosen), path, None if other == path else other,
                   gap(target, known.roles[target], at.levels), goals=goals, planned=planned)  # fmt: skip
    first = gap(found.step, known.roles[found.step], at.levels) if found.step != target else None
    return replace(found, step_gap=first, moves=_next_moves(actor, found))


def _next_moves(actor: Actor, found: Career) -> list[Move]:
    """Of the first step of the way; of the one after it where the first asks for fewer than three."""
    roles, at = catalogue().roles, found.standing
    done = frozenset(one.says for one in found.planned if one.done_on)
    given = AtHand(catalogue().skills, _doable(at.person), _offers(actor, at.person), at.seen, done)
    towards = [one.skill for one in found.gap.lacks if one.short] if found.gap else []
    chosen: list[Move] = []
    for slug in found.path.roles[1:] if found.path else (found.target,):
        near = replace(given, offers=[*_openings_to_shadow(slug), *given.offers],
                       done=done | {one.says for one in chosen})  # fmt: skip
        asked = () if chosen else requirements(at, found.path)
        chosen += moves(gap(slug, roles[slug], at.levels), near, asked, THREE - len(chosen), towards)
        if len(chosen) >= THREE:
            break
    return chosen


def requirements(at: Standing, path: Path | None) -> Sequence[Requirement]:
    """What the new path asks of somebody on this way: of the role they have, else of the first one that says it."""
    roles = catalogue().roles
    for slug in path.roles if path else ():
        asked = [one for one in roles[slug].new_path if not one.leads_to or set(one.leads_to) & set(path.roles)] \
            if path else []  # fmt: skip
        if asked:
            return asked if slug in at.holds else ()
    return ()


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
    """The paths of colleagues that went to this role; only of those who work here and show their path to everybody."""
    shows = Shown.objects.filter(what=Shown.What.PATH, person__active=True).values("person_id")
    begun = Q(starts=None) | Q(starts__lte=today())
    went = RoleHeld.objects.filter(begun, role=role).values("person_id")
    people = Person.objects.filter(id__in=shows).filter(id__in=went).order_by("name")
    if besides:
        people = people.exclude(id=besides)
    rows: dict[UUID, list[RoleHeld]] = {}
    for one in RoleHeld.objects.filter(begun, person__in=people).order_by("starts", "ends"):
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
