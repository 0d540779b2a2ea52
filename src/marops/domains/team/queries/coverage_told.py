"""Coverage in words and as one document: the answer with its interval, the cheapest remedy, and all numbers behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.permissions import VIEW
from marops.domains.team.queries.coverage import Team, team_of
from marops.domains.team.rules.coverage import (
    ABLE,
    Alone,
    Closes,
    DutyCover,
    Hours,
    Led,
    Loaded,
    Need,
    Remedy,
    SkillCover,
    Standing,
    Worker,
)
from marops.kernel.actors import Actor
from marops.kernel.permissions import require

NAMED: Final = 3
"""So many are named in a sentence before the rest is counted."""
ENOUGH: Final = 2.0
"""Twice what it takes: shares above are not told apart."""
DAY: Final = 8
"""Hours of a day of learning, as people count it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence whose number has an interval: what stands before, the interval, what stands after."""

    before: str
    interval: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before} {self.interval}{self.after}" if self.interval else self.before + self.after


def named(names: Sequence[str], most: int = NAMED) -> str:
    """Names as a list in words: “A, B and C”; of more than `most`, “A, B and 4 more”."""
    if len(names) > most:
        rest = len(names) - most + 1
        return _("%(some)s and %(n)s more") % {"some": ", ".join(names[: most - 1]), "n": rest}
    if len(names) < 2:
        return "".join(names)
    return _("%(some)s and %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}


def plain(value: float) -> str:
    """Hours as they are said: whole ones, below ten with one decimal."""
    if isinf(value):
        return "…"
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")


def interval(hours: Hours) -> str:
    """(8–51)"""
    return f"({plain(hours.low)}–{plain(hours.high)})"


def percent(value: float) -> str:
    """62 %; far more than enough is said so: how many times as much says nothing."""
    return _("over 200\N{NO-BREAK SPACE}%") if value > ENOUGH else f"{value * 100:.0f}\N{NO-BREAK SPACE}%"


# --- The answer -------------------------------------------------------------------------------------------------------


def answer(team: Team) -> Said:
    """What nobody does, what is uncovered and what rests on one person: the same words on every page and command."""
    n = len(team.workers)
    if not n:
        return Said(_("Nobody has a role of the team yet."))
    before = [_nobody_does(team)]
    if team.hidden:
        return Said(_joined(_untold(team), *before, _by_roles(team)))
    if team.unassessed == n:
        words = ngettext("One person has a role", "%(n)s people have roles", n) % {"n": n}
        told = _("%(who)s, and nobody's skills are assessed yet: which skills are covered cannot be told.")
        return Said(_joined(*before, _by_roles(team), told % {"who": words}))
    rests = _rests(team)
    if _mostly_unknown(team):
        before += [_by_roles(team), _unassessed(team)]
    return Said(_joined(*before, _gaps(team), rests.before), rests.interval, rests.after)


def _joined(*parts: str) -> str:
    return " ".join(one for one in parts if one)


def _untold(team: Team) -> str:
    told = {"hidden": team.hidden, "all": len(team.workers)}
    return _("Which skills are covered cannot be told: %(hidden)s of %(all)s people do not show you theirs.") % told


def _nobody_does(team: Team) -> str:
    """What is nobody's by the roles held: told whether skills are known or not."""
    n, all_ = len(team.unowned), len(team.wanted)
    if not n:
        return ""
    does = {one.role for one in team.wanted if team.does[one.key]}
    roles = [team.catalogue.title(one) for one in dict.fromkeys(it.role for it in team.unowned) if one not in does]
    told = {"n": n, "all": all_, "roles": named(roles)}
    if not roles:
        return _("Nobody does %(n)s of %(all)s responsibilities.") % told
    return _("Nobody does %(n)s of %(all)s responsibilities: there is no %(roles)s.") % told


def _by_roles(team: Team) -> str:
    """Who alone does most, by the roles held."""
    if not team.alone:
        return ""
    top, n = team.alone[0], sum(len(one.needs) for one in team.alone)
    told = {"n": n, "name": top.person.name, "role": team.catalogue.title(top.role)}
    return ngettext(
        "By the roles held, one responsibility is done by %(name)s alone (%(role)s).",
        "By the roles held, %(n)s responsibilities are done by one person alone, most work by %(name)s (%(role)s).", n,
    ) % told  # fmt: skip


def _mostly_unknown(team: Team) -> bool:
    return len(team.unknown) * 2 > len(team.skills)


def _unassessed(team: Team) -> str:
    """Said before what skills say where it is most of them: of what is left little can be concluded."""
    return _("%(n)s of %(all)s skills are not assessed.") % {"n": len(team.unknown), "all": len(team.skills)}


def _gaps(team: Team) -> str:
    found = team.gaps
    if not found:
        return ""
    names = named([team.catalogue.skill_name(one.skill) for one in found])
    if len(found) <= NAMED:
        return _("Nobody is able to do %(names)s.") % {"names": names}
    told = {"n": len(found), "all": len(team.skills), "names": names}
    return _("Nobody is able to do %(n)s of the %(all)s skills the work needs: %(names)s.") % told


def _rests(team: Team) -> Said:
    if not team.rests:
        return _thinnest(team)
    top = team.rests[0]
    names = [team.catalogue.skill_name(one.skill) for rest in team.rests for one in rest.skills]
    words = _singles(team, names)
    told = {"name": first_name(top.person), "hours": plain(top.week.usual)}
    words += " " + _("A week without %(name)s leaves %(hours)s hours of work standing") % told
    return Said(words, interval(top.week), ".")


def _singles(team: Team, names: Sequence[str]) -> str:
    """What rests on one person each, and on whom most of it."""
    top = team.rests[0]
    if len(names) == 1:
        return _("%(skill)s rests on %(name)s alone.") % {"skill": names[0], "name": top.person.name}
    if len(names) == 2:
        return _("%(skills)s each rest on one person.") % {"skills": named(names)}
    told = {
        "n": len(names), "name": top.person.name,
        "skills": named([team.catalogue.skill_name(one.skill) for one in top.skills]),
    }  # fmt: skip
    if len(team.rests) == 1:
        return _("%(n)s skills rest on %(name)s alone: %(skills)s.") % told
    return _("%(n)s skills rest on one person each, most work on %(name)s: %(skills)s.") % told


def _thinnest(team: Team) -> Said:
    found = [(ratio.usual, one, ratio) for one in team.skills.values() if not one.unknown and (ratio := one.ratio)]
    words = _("No skill rests on one person.") if not team.standing["beside"] else ""
    if _mostly_unknown(team):
        return Said("")
    if not found:
        return Said(words)
    _least, one, ratio = min(found, key=lambda row: (row[0], row[1].skill))
    told = {"skill": team.catalogue.skill_name(one.skill), "share": percent(ratio.usual)}
    words = _joined(words, _("The thinnest is %(skill)s, with %(share)s of the hours it takes") % told)
    return Said(words, f"({percent(ratio.low)}–{percent(ratio.high)})", ".")


def first_name(one: Worker) -> str:
    """How somebody is called."""
    return one.name.split()[0] if one.name.split() else one.name


def remedy(team: Team) -> Remedy | None:
    """The cheapest, of the person on whom most rests where there is one for them."""
    return next(iter(team.remedies), None)


def remedy_said(team: Team, one: Remedy) -> str:
    """In a sentence: days beside somebody, and what they make safe."""
    days = one.hours.part(1 / DAY)
    told = {
        "days": plain(days.usual), "range": interval(days), "learner": one.learner.name,
        "skill": team.catalogue.skill_name(one.skill.skill), "single": one.skill.experts[0].name,
    }  # fmt: skip
    words = _("Cheapest remedy: %(days)s days %(range)s for %(learner)s beside %(single)s would make %(skill)s safe.")
    return words % told


def standing_said(team: Team) -> str:
    """How the skills that the work needs stand, each counted once: uncovered, held by one, not known, covered."""
    if team.hidden or not team.workers:
        return ""
    words: dict[Standing, str] = {
        "uncovered": _("%(n)s uncovered"), "single": _("%(n)s held by one person"),
        "headless": _("%(n)s with nobody for the hard cases"), "short": _("%(n)s with too few hours"),
        "beside": _("%(n)s safe only by people beside the team"), "unknown": _("%(n)s not assessed"),
        "covered": _("%(n)s covered"),
    }  # fmt: skip
    always = ("uncovered", "single", "covered")
    parts = [
        said % {"n": n or _("none")} for word, said in words.items() if (n := team.standing[word]) or word in always
    ]
    return _("Of %(all)s skills the work needs: %(parts)s.") % {"all": len(team.skills), "parts": ", ".join(parts)}


def outside_said(team: Team) -> str:
    """How many are of the team by whom they report to, and what that means."""
    n = len(team.outside)
    if not n:
        return ""
    told = {"n": f"{n:,}", "all": ngettext("one person", "%(all)s people", len(team.workers))}
    told["all"] %= {"all": f"{len(team.workers):,}"}
    return ngettext(
        "%(all)s, %(n)s of them with no role of the team: who reports to the team is of it. Their hours and skills"
        " count; responsibilities go by roles of the team alone.",
        "%(all)s, %(n)s of them with no role of the team: who reports to the team is of it. Their hours and skills"
        " count; responsibilities go by roles of the team alone.", n,
    ) % told  # fmt: skip


def without_levels(team: Team) -> str:
    """How many people have no level yet, where that blurs what is said."""
    if team.unassessed and team.unassessed < len(team.workers) and not team.hidden:
        n = team.unassessed
        return ngettext(
            "One person has no level in any skill yet.", "%(n)s people have no level in any skill yet.", n
        ) % {"n": n}  # fmt: skip
    return ""


# --- As one document --------------------------------------------------------------------------------------------------


def coverage_json(actor: Actor) -> dict[str, Any]:
    """Everything on the page of the team, for REST and `--json`. Raises MaropsError `not-allowed`."""
    require(actor, VIEW)
    team = team_of(actor)
    best = remedy(team)
    return {
        "as_of": team.day.isoformat(),
        "answer": str(answer(team)),
        "standing": {"says": standing_said(team), "skills": len(team.skills), **team.standing},
        "remedy": remedy_json(team, best) if best else None,
        "full_time": team.full_time,
        "outside": [_beside(team, one) for one in team.outside],
        "beside": team.beside,
        "beside_people": [_beside(team, one) for one in team.others],
        "hidden": team.hidden,
        "unassessed": team.unassessed,
        "people": [_person(team, one) for one in team.workers],
        "roles": _roles(team),
        "drivers": [
            {"driver": one.driver.id, "name": one.driver.name, "fact": one.fact or None} | one.amount.model_dump()
            for one in team.volumes.values()
        ],
        "skills": [skill_json(team, one) for one in team.skills.values()],
        "responsibilities": [_duty(team, one) for one in team.duties],
        "gaps": [skill_json(team, one) for one in team.gaps],
        "not_assessed": [one.skill for one in team.unknown],
        "nobody_for_hard_cases": [skill_json(team, one) for one in team.headless],
        "single_points": [skill_json(team, one) for rest in team.rests for one in rest.skills],
        "single_by_roles": [_alone(team, one) for one in team.alone],
        "safe_beside": [skill_json(team, one) for one in team.skills.values() if one.beside],
        "overload": [_load(one) for one in team.overload],
        "unowned": [_need(team, one) for one in team.unowned],
        "spans": [_led(one) for one in team.led],
        "openings": [_closes(one) for one in team.closes],
    }


def _person(team: Team, one: Worker) -> dict[str, Any]:
    load = team.loads[one.id]
    return {
        "ref": one.ref, "name": one.name, "roles": team.roles_of(one), "full_time": round(one.week, 3),
        "plannable": hours_json(load.plannable), "needed": hours_json(load.needed), "shows_skills": one.seen,
    }  # fmt: skip


def _roles(team: Team) -> list[dict[str, Any]]:
    holders: dict[str, list[Worker]] = {role: [] for role in dict.fromkeys(one.role for one in team.wanted)}
    for one in team.workers:
        for role in one.shares:
            holders.setdefault(role, []).append(one)
    return [
        {
            "role": role, "title": team.catalogue.title(role), "people": [one.name for one in some],
            "full_time": round(sum(one.shares[role] * one.full for one in some), 3),
        }
        for role, some in holders.items()
    ]  # fmt: skip


def hours_json(one: Hours | None) -> dict[str, float | None] | None:
    """Low, usual, high; null where it has no end."""
    if one is None:
        return None
    return {name: None if isinf(value) else round(value, 3) for name, value in (
        ("low", one.low), ("usual", one.usual), ("high", one.high))}  # fmt: skip


def skill_json(team: Team, one: SkillCover) -> dict[str, Any]:
    """One skill: hours, coverage, bus factor, who."""
    known = not one.unknown
    return {
        "skill": one.skill, "name": team.catalogue.skill_name(one.skill), "needed": hours_json(one.needed),
        "skilled": hours_json(one.skilled) if known else None, "coverage": hours_json(one.ratio),
        "bus_factor": one.bus_factor if known else None, "able": len(one.able) if known else None,
        "experts": [who.name for who in one.experts], "certain": not one.hidden, "standing": one.standing,
        "hours": one.enough or None,
        "beside": [who.name for who in one.beside],
    }  # fmt: skip


def could_do(team: Team, one: Worker) -> list[SkillCover]:
    """What somebody beside the team is able to do of what its work needs, thin skills of the team first."""
    found = [skill for skill in team.skills.values() if one.levels.get(skill.skill, 0) >= ABLE]
    return sorted(found, key=lambda skill: one not in skill.beside)


def _beside(team: Team, one: Worker) -> dict[str, Any]:
    return {
        "ref": one.ref, "name": one.name, "roles": list(team.titles.get(one.id, ())),
        "titles": [team.catalogue.title(role) for role in team.titles.get(one.id, ())],
        "could_do": [skill.skill for skill in could_do(team, one)],
    }  # fmt: skip


def _alone(team: Team, one: Alone) -> dict[str, Any]:
    return {
        "ref": one.person.ref, "name": one.person.name, "role": one.role, "role_title": team.catalogue.title(one.role),
        "responsibilities": [need.key for need in one.needs], "whole_role": one.whole,
        "needed": hours_json(one.hours),
    }  # fmt: skip


def _need(team: Team, one: Need) -> dict[str, Any]:
    return {
        "responsibility": one.key, "role": one.role, "role_title": team.catalogue.title(one.role), "text": one.text,
        "skills": list(one.skills), "needed": hours_json(one.hours),
        "planned": [opening.ref for opening in team.table.planned(one)],
    }  # fmt: skip


def _duty(team: Team, one: DutyCover) -> dict[str, Any]:
    return _need(team, one.need) | {
        "coverage": hours_json(one.ratio), "thinnest": one.thinnest.skill if one.thinnest else None,
        "able": None if one.unknown else len(one.able), "experts": None if one.unknown else len(one.experts),
        "not_assessed": one.unknown,
    }  # fmt: skip


def remedy_json(team: Team, one: Remedy) -> dict[str, Any]:
    """Who could learn what beside whom, in how many hours."""
    return {
        "says": remedy_said(team, one), "skill": one.skill.skill, "learner": one.learner.ref,
        "beside": one.skill.experts[0].ref, "hours": hours_json(one.hours),
    }  # fmt: skip


def _load(one: Loaded) -> dict[str, Any]:
    return {
        "ref": one.person.ref, "name": one.person.name, "needed": hours_json(one.needed),
        "plannable": hours_json(one.plannable), "share": hours_json(one.share), "certain": one.certain,
        "sure": one.sure,
    }  # fmt: skip


def _led(one: Led) -> dict[str, Any]:
    return {
        "ref": one.leader.ref, "name": one.leader.name, "reports": one.reports, "state": one.state,
        "leads_as": one.chosen.id if one.chosen else None, "fits": one.fits.id,
    }  # fmt: skip


def _closes(one: Closes) -> dict[str, Any]:
    return {
        "ref": one.opening.ref, "title": one.opening.title, "roles": dict(one.opening.shares),
        "plannable": hours_json(one.plannable), "gaps": [skill.skill for skill in one.gaps],
        "second_person": [skill.skill for skill in one.seconds],
    }  # fmt: skip
