"""Reads of the catalogue beside what depends on it: what stands against a change, and who holds a role."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.catalogue import ROLE, SKILLS
from marops.domains.team.models import Assessment, Person, RoleHeld, Vacancy
from marops.domains.team.rules.catalogue_faults import join_faults, vanished
from marops.domains.team.rules.roles import Role, Skills
from marops.domains.team.starter import shipped
from marops.kernel.definitions import load
from marops.kernel.errors import FieldError
from marops.kernel.models import Definition
from marops.kernel.workspace import today

NAMED = 3
"""So many holders are named in a refusal."""


def _standing(kind: str) -> dict[str, Any]:
    """Short name → what will count: the version in force, and what ships under names that were never defined here."""
    rows = {one.slug: one for one in Definition.objects.filter(kind=kind, state=Definition.State.ACTIVE)}
    known = set(Definition.objects.filter(kind=kind).values_list("slug", flat=True))
    model: type[Role | Skills] = Role if kind == ROLE else Skills
    ships = {
        slug: model.model_validate(document)
        for (of, slug), document in shipped().items()
        if of == kind and slug not in known
    }
    return {**ships, **{slug: load(row) for slug, row in rows.items()}}


def role_enters(slug: str, role: Role) -> Sequence[FieldError]:
    """What stands against this role in the catalogue."""
    if role.model_dump(mode="json", by_alias=True, exclude_none=True) == _shipped_role(slug):
        return ()  # the shipped catalogue joins; a test holds that
    skills = {one.id for document in _standing(SKILLS).values() for one in document.skills}
    return join_faults(slug, role, _standing(ROLE), skills)


def _shipped_role(slug: str) -> Mapping[str, Any] | None:
    document = shipped().get((ROLE, slug))
    return Role.model_validate(document).model_dump(mode="json", by_alias=True, exclude_none=True) if document else None


def role_leaves(slug: str) -> Sequence[FieldError]:
    """Who or what holds a role, so that it cannot be retired."""
    found = []
    held = holders(slug)
    if held:
        named = ", ".join(one.name for one in held[:NAMED])
        more = len(held) - NAMED
        if more > 0:
            named += " " + ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more}
        said = ngettext("Somebody holds this role: %(who)s.", "People hold this role: %(who)s.", len(held))
        remedy = _("Give them another role first, or let theirs end.")
        found.append(FieldError("held", said % {"who": named}, remedy, "", field=""))
    places = [one.ref for one in open_places(slug)]
    if places:
        said = _("Somebody is looked for with this role: %(places)s.") % {"places": ", ".join(places)}
        found.append(FieldError("wanted", said, _("Fill these openings or give them up first."), "", field=""))
    return found


def skills_enter(slug: str, document: Skills) -> Sequence[FieldError]:
    """The skills that a role needs or somebody was assessed in cannot vanish."""
    return _without(slug, {one.id for one in document.skills})


def skills_leave(slug: str) -> Sequence[FieldError]:
    """The same of the whole list."""
    return _without(slug, set())


def _without(slug: str, kept: set[str]) -> Sequence[FieldError]:
    before = _standing(SKILLS)
    others = {one.id for name, document in before.items() if name != slug for one in document.skills}
    known = {one.id for document in before.values() for one in document.skills}
    gone = known - kept - others
    return vanished((), {skill: who for skill, who in _needed(gone).items() if who}) if gone else ()


def _needed(skills: set[str]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {one: [] for one in skills}
    for role in _standing(ROLE).values():
        asked = {one.skill for one in role.skills} | {one for duty in role.responsibilities for one in duty.skills}
        for skill in asked & skills:
            found[skill].append(role.title)
    rows = Assessment.objects.filter(skill__in=skills, person__active=True).values_list("skill", "person_id").distinct()
    people: dict[str, int] = {}
    for skill, _person in rows:
        people[skill] = people.get(skill, 0) + 1
    for skill, number in people.items():
        words = ngettext("%(n)s person was assessed in it", "%(n)s people were assessed in it", number)
        found[skill].append(words % {"n": number})
    return found


def holders(slug: str) -> list[Person]:
    """The active people who hold a role here today, by name."""
    day = today()
    rows = RoleHeld.objects.filter(
        Q(starts=None) | Q(starts__lte=day), Q(ends=None) | Q(ends__gt=day), role=slug, elsewhere=False
    )
    return list(Person.objects.filter(active=True, roles__in=rows).distinct().order_by("name"))


def holders_by_role() -> Mapping[str, list[Person]]:
    """Role → the active people who hold it here today, by name."""
    day = today()
    rows = RoleHeld.objects.filter(
        Q(starts=None) | Q(starts__lte=day), Q(ends=None) | Q(ends__gt=day), elsewhere=False, person__active=True
    )
    found: dict[str, list[Person]] = {}
    for one in rows.select_related("person").order_by("person__name"):
        known = found.setdefault(one.role, [])
        if one.person not in known:
            known.append(one.person)
    return found


def open_places(slug: str) -> list[Vacancy]:
    """Openings that are planned or looked for with a share of this role."""
    states = (Vacancy.State.OPEN, Vacancy.State.PLANNED)
    return list(Vacancy.objects.filter(state__in=states, roles__has_key=slug).order_by("number"))
