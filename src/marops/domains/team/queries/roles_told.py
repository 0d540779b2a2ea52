"""The catalogue in words and as documents: one shape for its pages and for REST."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.catalogue import STRUCTURE, assumptions, catalogue
from marops.domains.team.catalogue_forms import SOURCES
from marops.domains.team.models import Person, Vacancy
from marops.domains.team.permissions import PLAN
from marops.domains.team.ports import Answerable, answers_for
from marops.domains.team.queries.career_told import basis_words, time_words
from marops.domains.team.queries.catalogue import holders_by_role, open_places
from marops.domains.team.queries.volumes import volumes
from marops.domains.team.rules.coverage import Hours, needs, total
from marops.domains.team.rules.document import LEVEL_WORDS
from marops.domains.team.rules.roles import EMBLEMS, STANDING, Beside, Catalogue, Experience, Role
from marops.domains.team.starter import shipped
from marops.kernel.actors import Actor
from marops.kernel.drawing import number
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import may

Told = dict[str, Any]


def find_role(slug: str) -> Role:
    """The role of this short name that is in force. Raises MaropsError `not-found`."""
    role = catalogue().roles.get(slug)
    if role is None:
        raise MaropsError(NOT_FOUND, _("There is no role %(slug)r in force.") % {"slug": slug})
    return role


@dataclass(frozen=True, slots=True)
class Listed:
    """A role of the list: its holders, its openings."""

    slug: str
    role: Role
    holders: Sequence[Person]

    @property
    def emblem(self) -> str:
        """The drawing that stands for it."""
        return emblem_of(self.role)


def emblem_of(role: Role) -> str:
    """The persona's drawing; a signpost for roles of the company's own."""
    if role.persona and role.persona.emblem in EMBLEMS:
        return role.persona.emblem
    return "signpost" if role.custom else ""


def listed() -> tuple[list[Listed], list[Listed], list[Listed]]:
    """The roles of the team, the company's own, and those where people come from and go to."""
    known, held = catalogue(), holders_by_role()
    inside = [Listed(slug, role, held.get(slug, ())) for slug, role in known.inside.items()]
    outside = [Listed(slug, role, held.get(slug, ())) for slug, role in known.roles.items() if slug not in known.inside]
    outside.sort(key=lambda one: (-STANDING[one.role.level], one.role.title))
    return [one for one in inside if not one.role.custom], [one for one in inside if one.role.custom], outside


def retired() -> list[Told]:
    """Roles that are no longer in force: what they were called, and where each can be looked at and brought back."""
    named = sorted(catalogue().retired.items(), key=lambda pair: pair[1])
    return [{"title": title, "url": url_of(slug)} for slug, title in named]


def leaning(slug: str, actor: Actor) -> str:
    """What still names a role, in a sentence, or nothing; goals of growth plans are left out."""
    known = catalogue().roles
    naming = [
        role.title for one, role in known.items()
        if one != slug and (slug in role.previous or slug in role.manages or slug in [step.role for step in role.next])
    ]  # fmt: skip
    plans = sum(any(slug in seat.get("roles", {}) for seat in row.document.get("seats", ())) for row in _plans(actor))
    named = ", ".join(naming[:3]) + (", …" if len(naming) > 3 else "")
    said = [
        *([_("roles (%(n)s: %(named)s)") % {"n": len(naming), "named": named}] if naming else []),
        *([ngettext("%(n)s planned structure", "%(n)s planned structures", plans) % {"n": plans}] if plans else []),
    ]
    return _("It is named by %(what)s.") % {"what": ", ".join(said)} if said else ""


def _plans(actor: Actor) -> list[Definition]:
    if not may(actor, PLAN):
        return []
    rows = Definition.objects.filter(kind=STRUCTURE).order_by("slug", "-version").distinct("slug")
    return [row for row in rows if row.state != Definition.State.RETIRED]


def hours_said(hours: Hours | None) -> str:
    """A usual amount with its range: 25 (10–40)."""
    if hours is None:
        return ""
    decimals = 0 if hours.usual >= 10 else 1
    return f"{number(hours.usual, decimals)} ({number(hours.low, decimals)}–{number(hours.high, decimals)})"


def duties(slug: str, role: Role) -> tuple[list[Told], Hours]:
    """Responsibilities with the hours they make here a month, and all of them together."""
    known, amounts = catalogue(), {ident: one.amount for ident, one in volumes().items()}
    alone = Catalogue({slug: role.model_copy(update={"inside": True})}, known.skills)
    drivers = {one.id: one.name for one in assumptions().drivers}
    found = needs(alone, amounts, (slug,))
    rows = [
        {
            "id": one.key.partition("/")[2], "text": one.text, "hours": one.hours, "said": hours_said(one.hours),
            "skills": [known.skill_name(skill) for skill in one.skills],
            "driver": drivers.get(one.load.driver, one.load.driver) if one.load else "",
            "origin": one.load.origin if one.load else "",
        }
        for one in found
    ]  # fmt: skip
    return rows, total(one.hours for one in found if one.hours)


def skills_asked(role: Role) -> list[Told]:
    """The skills a role asks for: from which level on, and by what behaviour that is recognised."""
    known = catalogue()
    rows = [
        {
            "id": one.skill, "name": known.skill_name(one.skill), "level": one.level, "core": one.core,
            "word": LEVEL_WORDS[one.level],
            "behaviour": known.skills[one.skill].levels[one.level] if one.skill in known.skills else "",
        }
        for one in role.skills
    ]  # fmt: skip
    return sorted(rows, key=lambda one: (not one["core"], -one["level"]))


def experience_said(one: Experience) -> str:
    """The years of one source in words."""
    said = [_years(one)]
    if one.in_:
        said.append(_("in %(where)s") % {"where": one.in_})
    for label, span in ((_("leading"), one.leadership_years), (_("managing people"), one.management_years)):
        if span:
            low, high = span
            said.append(f"{label}: {low:g}" + (f"–{high:g}" if high is not None else "+"))
    if one.years_in_role:
        said.append(_("stays %(low)s–%(high)s years") % {"low": f"{one.years_in_role[0]:g}",
                                                           "high": f"{one.years_in_role[1]:g}"})  # fmt: skip
    if one.leadership_years_text:
        said.append(_("leading: %(words)s years") % {"words": one.leadership_years_text})
    if one.campaign_workflow_years_min is not None:
        said.append(_("at least %(n)s years with the workflow of campaigns") % {
            "n": f"{one.campaign_workflow_years_min:g}"})  # fmt: skip
    if one.entry_level:
        said.append(_("a first job is possible"))
    return ", ".join(part for part in said if part)


def _years(one: Experience) -> str:
    if one.years_min is None and one.years_max is None:
        return ""
    if one.years_max is None:
        return _("%(n)s years or more") % {"n": f"{one.years_min:g}"}
    return _("%(low)s–%(high)s years") % {"low": f"{one.years_min or 0:g}", "high": f"{one.years_max:g}"}


def experience(role: Role) -> list[Told]:
    """What each source says."""
    return [
        {"source": capfirst(SOURCES.get(one.source, one.source)), "says": experience_said(one)}
        for one in role.experience
    ]


def conflict_said(role: Role) -> str:
    """What to make of two sources that disagree."""
    spans = [_years(one) for one in role.experience]
    if role.conflict == "none" or len(spans) < 2:
        return ""
    told = {"first": spans[0], "second": spans[1]}
    if role.conflict == "real":
        return _("The source contradicts itself: %(first)s in one place, %(second)s in the other. Decide what you ask "
                 "for; Marops takes neither for true.") % told  # fmt: skip
    return _("The source is not quite of one mind: %(first)s in one place, %(second)s in the other.") % told


def url_of(slug: str) -> str:
    """The page of a role."""
    return reverse("team:role", args=[slug])


def before(slug: str, role: Role) -> list[Beside]:
    """The roles it comes from: those it names, and those that name it as a next step."""
    known = catalogue().roles
    steps = {one: step for one, other in known.items() for step in other.next if step.role == slug}
    named = list(dict.fromkeys([*role.previous, *steps]))
    return [
        Beside(
            catalogue().words(one), url_of(one) if one in known else "",
            one in known and (known[one].inside or known[one].custom),
            steps[one].basis if one in steps else "stated", time_words(steps[one].months) if one in steps else "",
        )
        for one in named
    ]  # fmt: skip


def after(role: Role) -> list[Beside]:
    """The roles it leads to."""
    known = catalogue().roles
    return [
        Beside(
            one.as_ or catalogue().words(one.role),
            url_of(one.role) if one.role in known else "",
            one.role in known and (known[one.role].inside or known[one.role].custom), one.basis, time_words(one.months),
        )
        for one in role.next
    ]  # fmt: skip


def answers_here(slug: str, actor: Actor) -> list[tuple[str, list[Answerable]]]:
    """What the role answers for in this installation, now, by group."""
    found: dict[str, list[Answerable]] = {}
    for filler in answers_for:
        for one in filler.value(slug, actor):
            found.setdefault(one.group, []).append(one)
    return list(found.items())


def ways(role: Role) -> list[Told]:
    """The next steps as rows: how long, how sure, under what condition."""
    return [
        {"title": one.title, "url": one.url, "time": one.says, "basis": basis_words(step.basis),
         "condition": step.condition}
        for one, step in zip(after(role), role.next, strict=True)
    ]  # fmt: skip


def standing(slug: str, role: Role) -> str:
    """Is it as shipped, changed here, or the company's own?"""
    ships = shipped().get(("role", slug))
    if ships is None:
        return "own"
    return "shipped" if Role.model_validate(ships) == role else "changed"


def vacancies(slug: str) -> list[Vacancy]:
    """Openings with a share of the role."""
    return open_places(slug)


def rows_of(kind: str, slug: str) -> list[Definition]:
    """The versions, newest first."""
    return list(Definition.objects.filter(kind=kind, slug=slug).order_by("-version"))


def answer(role: Role, held: Sequence[Person], hours: Hours) -> str:
    """The role in one sentence: who has it, how much work it makes."""
    if not held:
        return _("Nobody has this role today.") if role.inside or role.custom else role.title
    names = ", ".join(one.name for one in held[:3])
    rest = len(held) - 3
    if rest > 0:
        names += " " + ngettext("and %(n)s more", "and %(n)s more", rest) % {"n": rest}
    told = {"names": names, "hours": number(hours.usual)}
    if hours.usual:
        return _("%(names)s: this role makes about %(hours)s hours of work a month.") % told
    return _("%(names)s: in this role today.") % told


def skill_rows() -> list[tuple[str, list[Told]]]:
    """All skills by kind, with the roles that ask for each."""
    known = catalogue()
    asked: dict[str, list[tuple[str, int]]] = {}
    for slug in known.inside:
        for skill, level in known.roles[slug].needs.items():
            asked.setdefault(skill, []).append((slug, level))
    groups: dict[str, list[Told]] = {}
    for ident, one in known.skills.items():
        roles = [
            {"title": known.title(slug), "url": url_of(slug), "level": level} for slug, level in asked.get(ident, ())
        ]
        levels = [(number, LEVEL_WORDS[number], said) for number, said in enumerate(one.levels)]
        groups.setdefault(one.kind, []).append({"skill": one, "levels": levels, "roles": roles})
    return list(groups.items())


def role_json(slug: str, role: Role, actor: Actor) -> Mapping[str, Any]:
    """A role as REST tells it: the document, who has it, what it answers for here."""
    _rows, hours = duties(slug, role)
    held = holders_by_role().get(slug, ())
    return {
        "slug": slug,
        "title": role.title,
        "inside": role.inside or role.custom,
        "standing": standing(slug, role),
        "document": role.model_dump(mode="json", by_alias=True, exclude_none=True),
        "holders": [{"ref": one.ref, "name": one.name} for one in held],
        "openings": [one.ref for one in vacancies(slug)],
        "hours": {"low": hours.low, "usual": hours.usual, "high": hours.high},
        "answers_for": [
            {"group": group, "label": one.label, "url": one.url, "note": one.note}
            for group, rows in answers_here(slug, actor)
            for one in rows
        ],
    }
