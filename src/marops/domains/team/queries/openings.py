"""Reads of openings: what each would cover and cost, and what its description is made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.catalogue import assumptions, catalogue, playbooks
from marops.domains.team.models import Vacancy
from marops.domains.team.ports import Effect, answers_for, effect_of_opening, tools_in_use
from marops.domains.team.queries.coverage import Team, team_of
from marops.domains.team.queries.hand_offs import hand_offs
from marops.domains.team.queries.hours import main_roles
from marops.domains.team.queries.week import WEEKS_A_MONTH
from marops.domains.team.rules import coverage as rules
from marops.domains.team.rules.assumptions import Joining
from marops.domains.team.rules.coverage import ABLE, EXPERT, Closes, Opening, Worker
from marops.domains.team.rules.description import Asked, Cover, Duty, Phase, Place, Section, description
from marops.domains.team.rules.document import Range
from marops.domains.team.rules.interview import Interviewing, Sheet, chosen, sheet
from marops.domains.team.rules.newcomers import phases_of
from marops.domains.team.rules.roles import STANDING, Experience, NeededSkill
from marops.domains.team.rules.seats import band_of
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.rules import read_yaml
from marops.kernel.workspace import workspace

TOOLS = 8
TASKS_A_PHASE = 2
PARTNERS = 5


def openings() -> list[Vacancy]:
    """All places, those that are looked for first, the first to start first."""
    order = {Vacancy.State.OPEN: 0, Vacancy.State.PLANNED: 1, Vacancy.State.FILLED: 2, Vacancy.State.DROPPED: 3}
    rows = Vacancy.objects.select_related("manager", "filled_by").order_by("starts", "number")
    return sorted(rows, key=lambda one: order[Vacancy.State(one.state)])


def find_opening(ref: str) -> Vacancy:
    """The opening of a reference V-3 or an id. Raises MaropsError `not-found`."""
    text = ref.strip()
    known = as_uuid(text)
    rows = Vacancy.objects.select_related("manager", "filled_by")
    if known:
        row = rows.filter(id=known).first()
    else:
        number = text[2:] if text[:2].upper() == "V-" and text[2:].isdecimal() and len(text) < 20 else ""
        row = rows.filter(number=int(number)).first() if number else None
    if row is None:
        raise MaropsError(NOT_FOUND, f"There is no opening {ref!r}.")
    return row


def shares_of(row: Vacancy) -> dict[str, float]:
    """Role → share of a full week, the largest first."""
    return {role: float(share) for role, share in sorted(row.roles.items(), key=lambda one: (-one[1], one[0]))}


def levels_of(row: Vacancy) -> dict[str, int]:
    """Skill → the level the place asks for; 0 is left out."""
    asked = rules.asked_levels(catalogue(), row.roles, row.skills)
    return {skill: level for skill, level in asked.items() if level > 0}


def closing(actor: Actor, row: Vacancy) -> Closes:
    """What filling this place would close, as this reader may know the team."""
    team = team_of(actor)
    place = Opening(row.ref, row.title, shares_of(row), levels_of(row))
    return rules.closes(place, team.skills, team.assumed.hours)


@dataclass(frozen=True)
class Cost:
    """What a place costs, by assumptions: a year, to find somebody, months until they are there and up to pace."""

    currency: str
    year: tuple[float, float, float]
    search: tuple[float, float, float]
    to_fill: Range
    to_pace: Range


def cost(row: Vacancy) -> Cost:
    """What the place costs by the assumptions in force; nobody's pay goes into it."""
    assumed, known = assumptions(), catalogue()
    currency = workspace().currency if workspace().currency in ("EUR", "USD") else "EUR"
    pay = assumed.pay
    bands = {one.id: one for one in pay.levels}
    top = pay.employer_on_top
    year = [0.0, 0.0, 0.0]
    for role, share in shares_of(row).items():
        band: Range = getattr(
            band_of(bands, known.roles[role].level if role in known.roles else "specialist"), currency
        )
        for place, (amount, more) in enumerate(zip(_ends(band), _ends(top), strict=True)):
            year[place] += share * amount * (1 + more)
    search = [part * each for part, each in zip(_ends(pay.search_cost_share), year, strict=True)]
    line = _joining(row)
    low, usual, high = (round(one, -3) for one in year)
    search = [round(one, -2) for one in search]
    return Cost(currency, (low, usual, high), (search[0], search[1], search[2]),
                assumed.joining.months_to_fill[line], assumed.joining.months_to_full_pace[line])  # fmt: skip


def _ends(one: Range) -> tuple[float, float, float]:
    return one.low, one.usual, one.usual if one.high is None else one.high


def _joining(row: Vacancy) -> str:
    known = catalogue()
    standing = max((STANDING[known.roles[role].level] for role in row.roles if role in known.roles), default=1)
    return Joining.line(standing)


def effects(actor: Actor, row: Vacancy) -> list[Effect]:
    """What filling it would change on workflows, as far as the parts above know."""
    return [one for filler in effect_of_opening for one in filler.value(row, actor)]


def description_of(actor: Actor, row: Vacancy, *, outside: bool = False) -> list[Section]:
    """The job description: made of the catalogue and the team as this reader may know it, with what was put by hand;
    for the world outside without what the team lacks.
    """
    return description(replace(place_of(actor, row), outside=outside), row.words)


def place_of(actor: Actor, row: Vacancy) -> Place:
    """All that the description is made of."""
    team, known = team_of(actor), catalogue()
    roles = [role for role in shares_of(row) if role in known.roles]
    return Place(
        title=row.title,
        share=sum(shares_of(row).values()),
        summary=[known.roles[role].summary for role in roles],
        duties=_duties(team, roles),
        skills=_skills(team, row),
        reports_to=_manager(row),
        works_with=_partners(actor, roles),
        location=row.location,
        starts=date_format(row.starts, "j F Y") if row.starts else "",
        tools=_tools(actor, roles),
        answers_for=_answers(actor, roles),
        phases=_phases(roles),
        years=_years(roles),
        hours=_hours(team, row),
        week=_week(team, row),
        hidden=team.hidden,
        pay=str(row.words.get("pay_shown", {}).get("text", "")) if row.words else "",
    )


def _duties(team: Team, roles: Sequence[str]) -> list[Duty]:
    """What the roles answer for: first what nobody does, or nobody can do all of."""
    by_key = {one.need.key: one for one in team.duties}
    wanted = rules.needs(team.catalogue, {one.driver.id: one.amount for one in team.volumes.values()}, roles)
    found = []
    for need in wanted:
        doers = team.table.does(need)
        cover = by_key.get(need.key)
        alone = len(doers) == 1 or (not team.hidden and cover and need.skills and len(cover.able) == 1)
        how: Cover = "nobody" if not doers else "one" if alone else "others"
        found.append(Duty(need.key, need.text.rstrip("."), how))
    return found


def _skills(team: Team, row: Vacancy) -> list[Asked]:
    known, core = team.catalogue, set()
    for role in row.roles:
        if role in known.roles:
            core |= {one.skill for one in known.roles[role].skills if one.core}
    core |= {skill for skill, level in row.skills.items() if level >= ABLE}
    found = []
    for skill, level in levels_of(row).items():
        if skill not in known.skills:
            continue
        have = team.skills.get(skill)
        if have is None:  # nothing of today's work asks for it
            able = sum(one.levels.get(skill, 0) >= ABLE for one in team.workers)
            gone, alone, lack = not able and not team.hidden, able == 1 and not team.hidden, 0.0
        else:
            gone, alone = have.gap, bool(have.single)
            lack = max(0.0, have.needed.usual - have.skilled.usual)
        how: Cover = "nobody" if gone else "one" if alone else "others"
        one = known.skills[skill]
        found.append(Asked(skill, one.name, level, one.levels[level], skill in core, how, lack))
    return found


def week_of(actor: Actor, row: Vacancy) -> tuple[float, float]:
    """Hours a week that the work of a place takes, and those of it that can be planned."""
    team = team_of(actor)
    hours = _hours(team, row)
    return (hours[1] if hours else 0.0), _week(team, row)


def _week(team: Team, row: Vacancy) -> float:
    place = Worker(None, row.ref, row.title, shares_of(row))
    return rules.plannable(place, team.assumed.hours).usual / WEEKS_A_MONTH


@dataclass(frozen=True)
class Covers:
    """What filling a place would change in the team: names of skills nobody can do, and of those that rest on one."""

    gaps: Sequence[str]
    seconds: Sequence[str]
    hours: rules.Hours


def covers(actor: Actor, row: Vacancy) -> Covers:
    """The same skills that the description names, so that page and description never differ."""
    asked = _skills(team_of(actor), row)
    return Covers(
        [one.name for one in asked if one.cover == "nobody" and one.level >= ABLE],
        [one.name for one in asked if one.cover == "one" and one.level >= EXPERT],
        closing(actor, row).plannable,
    )


def lacks(actor: Actor, row: Vacancy) -> dict[str, float]:
    """Skill → how badly the team lacks it: hours a month, with what nobody can do above all."""
    return {one.skill: one.weight + (1000.0 if one.cover == "nobody" else 0.0)
            for one in _skills(team_of(actor), row)}  # fmt: skip


def _manager(row: Vacancy) -> str:
    """By role, never by name: a description goes out."""
    if row.manager_id is None:
        return ""
    role = main_roles([row.manager_id]).get(row.manager_id, "")
    return catalogue().title(role) if role else _("team lead")


def _partners(actor: Actor, roles: Sequence[str]) -> list[str]:
    """The roles with which these hand work to and fro, the most first."""
    known, weight = catalogue(), dict[str, float]()
    for one in hand_offs(actor).rows:
        for mine, other in ((one.passed.source, one.passed.target), (one.passed.target, one.passed.source)):
            if mine in roles and other not in roles and other in known.roles:
                weight[other] = weight.get(other, 0.0) + one.a_month
    ordered = sorted(weight, key=lambda role: (-weight[role], role))
    return [known.title(role) for role in ordered[:PARTNERS]]


def _tools(actor: Actor, roles: Sequence[str]) -> list[str]:
    found = [name for filler in tools_in_use for name in filler.value(roles, actor)]
    return list(dict.fromkeys(found))[:TOOLS]


def _answers(actor: Actor, roles: Sequence[str]) -> list[str]:
    """What the place would answer for, in words for outside: platforms and workflows by name, inner things counted."""
    found = {
        filler.name: list(dict.fromkeys(one for role in roles for one in filler.value(role, actor)))
        for filler in answers_for
    }
    named = [one.label for name in ("platforms", "workflows") for one in found.get(name, ())]
    said = list(dict.fromkeys(named))[:TOOLS]
    figures = sum(one.group == _("Metrics") for one in found.get("figures", ()))
    rules = len(found.get("quality", ()))
    if figures:
        said.append(
            ngettext("%(n)s figure that others read", "%(n)s figures that others read", figures) % {"n": figures}
        )
    if rules:
        said.append(ngettext("%(n)s rule of clean data", "%(n)s rules of clean data", rules) % {"n": rules})
    return said


def _phases(roles: Sequence[str]) -> list[Phase]:
    """The first weeks by the playbook that suits these roles, with a few of their own tasks."""
    books = list(playbooks().values())
    book = next((one for one in books if any(role in one.for_ for role in roles)), None)
    book = book or next((one for one in books if "any" in one.for_), None)
    if book is None:
        return []
    found = []
    for part in phases_of(book):
        own = [one.says for one in book.tasks if one.phase == part.id and any(role in one.roles for role in roles)]
        shared = [one.says for one in book.tasks
                  if one.phase == part.id and not one.roles and one.who == "newcomer"]  # fmt: skip
        found.append(Phase(round(part.last * 7 / 10) * 10 or 7, part.aim,
                           [*own, *shared][:TASKS_A_PHASE]))  # fmt: skip
    return found


def _years(roles: Sequence[str]) -> list[str]:
    """A line for each role: from the least that a source names to the most, for a posting weighs no sources."""
    known, found = catalogue(), []
    for role in roles:
        words = _years_said(known.roles[role].experience)
        if words:
            found.append(f"{known.title(role)} {words}" if roles[1:] else words)
    return found


def _years_said(several: Sequence[Experience]) -> str:
    told = [one for one in several if one.entry_level or one.years_min is not None or one.years_max is not None]
    if not told:
        return ""
    low = min(one.years_min or 0 for one in told)
    highs = [one.years_max for one in told]
    if any(high is None and not one.entry_level for one, high in zip(told, highs, strict=True)):
        return f"{low:g} years or more" if low else "any number of years"
    high = max((one or 0 for one in highs), default=0)
    if not high:
        return "no years at all"
    return f"{low:g} to {high:g} years" if low else f"up to {high:g} years"


def _hours(team: Team, row: Vacancy) -> tuple[float, float, float] | None:
    """Hours a week of what this place's roles answer for, its share of them by who holds them beside it."""
    amounts = {one.driver.id: one.amount for one in team.volumes.values()}
    parts = []
    for role, share in shares_of(row).items():
        held = sum(one.shares[role] * one.full for one in team.table.holders(role)) + share
        needed = rules.total(one.hours for one in rules.needs(team.catalogue, amounts, [role]) if one.hours)
        parts.append(tuple(each * share / held / WEEKS_A_MONTH for each in (needed.low, needed.usual, needed.high)))
    if not parts:
        return None
    low, usual, high = (sum(each) for each in zip(*parts, strict=True))
    return low, usual, high


# --- interviews -------------------------------------------------------------------------------------------------------


@cache
def interviewing() -> Interviewing:
    """How interviews are put together, as it ships."""
    path = Path(__file__).parents[1] / "data" / "interview.yaml"
    return Interviewing.model_validate(read_yaml(path.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Interview:
    """The sheets of one talk, and the skills there is no time for."""

    sheets: Sequence[Sheet]
    left_out: Sequence[str]
    how: Interviewing


def interview_of(actor: Actor, row: Vacancy) -> Interview:
    """Questions and sheets for an opening: core skills first, then what the team lacks most."""
    known, lack = catalogue(), lacks(actor, row)
    core = {one.skill for one in _skills(team_of(actor), row) if one.core}
    needs = [NeededSkill(skill=skill, level=level, core=skill in core) for skill, level in levels_of(row).items()
             if skill in known.skills]  # fmt: skip
    asked, left = chosen(interviewing(), needs, lack)
    sheets = [
        sheet(interviewing(), known.skills[one.skill], one.level, core=one.core, because=_because(one, lack))
        for one in asked
    ]
    return Interview(sheets, [known.skill_name(one.skill) for one in left], interviewing())


def _because(one: NeededSkill, lack: Mapping[str, float]) -> str:
    if lack.get(one.skill, 0.0) >= 1000:
        return _("Nobody in the team can do this alone.")
    return _("It makes the role.") if one.core else _("The team has fewer hours of it than it needs.")


def opening_json(actor: Actor, row: Vacancy) -> dict[str, Any]:
    """An opening as REST shows it."""
    asked = _skills(team_of(actor), row)
    closes = [one.skill for one in asked if one.cover == "nobody" and one.level >= ABLE]
    return {
        "ref": row.ref, "id": str(row.id), "title": row.title, "state": row.state, "roles": shares_of(row),
        "skills": dict(row.skills), "manager": row.manager.ref if row.manager else None, "location": row.location,
        "starts": row.starts, "filled_by": row.filled_by.ref if row.filled_by else None,
        "closes": closes, "closes_known": bool(closes) or not team_of(actor).hidden,
        "seconds": [one.skill for one in asked if one.cover == "one" and one.level >= EXPERT],
        "hidden": team_of(actor).hidden,
    }  # fmt: skip
