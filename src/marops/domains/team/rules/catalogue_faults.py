"""What is wrong with a role or with the skills: alone, and beside the rest of the catalogue."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from marops.domains.team.rules.roles import EMBLEMS, Role, Skills
from marops.kernel.errors import FieldError

_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
"""Words of this form name a role of the catalogue; others are free words for one that it has no page for."""


def _fault(code: str, pointer: str, message: str, remedy: str = "") -> FieldError:
    return FieldError(code, message, remedy, pointer, field=pointer.split("/")[1])


def _twice(values: Iterable[str], pointer: str, what: str, key: str = "") -> Iterator[FieldError]:
    """A fault at the second place of every value that stands there more than once."""
    seen: Counter[str] = Counter()
    for place, value in enumerate(values):
        seen[value] += 1
        if seen[value] == 2:
            at = f"{pointer}/{place}{key}"
            yield _fault("twice", at, f"{what} {value!r} stands here twice.", "Keep one of the two.")


def role_faults(role: Role) -> Sequence[FieldError]:
    """What is wrong with a role whatever else the catalogue holds."""
    steps = [one.as_ or one.role for one in role.next]
    emblem = role.persona.emblem if role.persona else ""
    unknown = [_fault("emblem", "/persona/emblem", f"There is no drawing {emblem!r}.")] if emblem else []
    return [
        *(unknown if emblem not in EMBLEMS else ()),
        *_twice([one.id for one in role.responsibilities], "/responsibilities", "The responsibility", "/id"),
        *_twice([one.skill for one in role.skills], "/skills", "The skill", "/skill"),
        *_twice(steps, "/next", "The step to", "/role"),
        *_twice(role.previous, "/previous", "The role"),
        *_twice(role.manages, "/manages", "The role"),
        *_months(role),
        *_years(role),
        *(
            _fault("not-managed", "/manages_by_us", f"{one!r} is not among the roles that this one manages.")
            for one in role.manages_by_us
            if one not in role.manages
        ),
    ]


def _months(role: Role) -> Iterator[FieldError]:
    for place, step in enumerate(role.next):
        low, high = step.months
        if not 0 <= low <= high or high == 0:
            said = f"The step to {step.as_ or step.role!r} takes no time that can be."
            yield _fault("months", f"/next/{place}/months", said, "Give months from and to, the longer one second.")


def _years(role: Role) -> Iterator[FieldError]:
    for place, one in enumerate(role.experience):
        if one.years_min is not None and one.years_max is not None and one.years_min > one.years_max:
            yield _fault("years", f"/experience/{place}", f"{one.source}: the years end before they begin.")


def join_faults(slug: str, role: Role, roles: Mapping[str, Role], skills: Collection[str]) -> Sequence[FieldError]:
    """What of a role does not join the rest: `roles` and `skills` are those it would stand beside."""
    known = {**roles, slug: role}
    return [
        *_skills_missing(role, skills),
        *_roles_missing(role, known),
        *_to_itself(slug, role),
        *_circle(slug, known),
    ]


def _skills_missing(role: Role, skills: Collection[str]) -> Iterator[FieldError]:
    named = [(f"/skills/{place}/skill", one.skill) for place, one in enumerate(role.skills)]
    for place, duty in enumerate(role.responsibilities):
        named += [(f"/responsibilities/{place}/skills/{number}", skill) for number, skill in enumerate(duty.skills)]
    for pointer, skill in named:
        if skill not in skills:
            said = f"There is no skill {skill!r}."
            yield _fault("unknown-skill", pointer, said, "Choose one of the list of skills, or add it there first.")


def _roles_missing(role: Role, known: Mapping[str, Role]) -> Iterator[FieldError]:
    named = [(f"/manages/{place}", one) for place, one in enumerate(role.manages)]
    named += [(f"/closest/{place}", one) for place, one in enumerate(role.closest)]
    named += [(f"/before/{place}/role", one.role) for place, one in enumerate(role.before)]
    named += [(f"/previous/{place}", one) for place, one in enumerate(role.previous) if _SLUG.fullmatch(one)]
    named += [(f"/next/{place}/role", one.role) for place, one in enumerate(role.next) if _SLUG.fullmatch(one.role)]
    named += [
        (f"/new_path/{place}/leads_to/{number}", one)
        for place, requirement in enumerate(role.new_path)
        for number, one in enumerate(requirement.leads_to)
    ]
    for pointer, one in named:
        if one not in known:
            remedy = "Choose a role of the catalogue, or write its title in words."
            yield _fault("unknown-role", pointer, f"There is no role {one!r}.", remedy)


def _to_itself(slug: str, role: Role) -> Iterator[FieldError]:
    named = [("/previous", one) for one in role.previous] + [("/next", one.role) for one in role.next]
    for pointer, one in named:
        if one == slug:
            yield _fault("itself", pointer, "No step leads from a role to itself.")


def _circle(slug: str, known: Mapping[str, Role]) -> Iterator[FieldError]:
    """Does the role stand below itself? Names the way round."""
    ways: list[tuple[str, tuple[str, ...]]] = [(one, (slug, one)) for one in known[slug].manages]
    seen: set[str] = set()
    while ways:
        here, way = ways.pop()
        if here == slug:
            titles = " manages ".join(known[one].title for one in way)
            yield _fault("circle", "/manages", f"{titles}: a circle.", "Take one of them out of those it manages.")
            return
        if here in known and here not in seen:
            seen.add(here)
            ways += [(one, (*way, one)) for one in known[here].manages]


def skills_faults(document: Skills) -> Sequence[FieldError]:
    """What is wrong with the list of skills alone."""
    found = [
        *_twice([one.id for one in document.skills], "/skills", "The skill", "/id"),
        *_twice([one.name for one in document.skills], "/skills", "The name", "/name"),
    ]
    for place, one in enumerate(document.skills):
        if len(set(one.levels)) < len(one.levels):
            said = f"{one.name}: two levels have the same behaviour, so nobody can tell them apart."
            found.append(_fault("same-level", f"/skills/{place}/levels", said))
    return found


def vanished(kept: Collection[str], needed: Mapping[str, Sequence[str]]) -> Sequence[FieldError]:
    """The skills that would be gone although somebody needs them. `needed`: skill → who, in words."""
    found = []
    for skill in sorted(set(needed) - set(kept)):
        said = f"The skill {skill!r} is needed: {'; '.join(needed[skill])}."
        found.append(_fault("needed", "/skills", said, "Take it out of the roles first; what was assessed is kept."))
    return found
