"""The page of the team, and the rows behind its numbers: what is covered, what rests on one person, who is full."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions.catalogue import keep_role
from marops.domains.team.pages.frame import tabs
from marops.domains.team.pages.pictures import house
from marops.domains.team.permissions import MANAGE, PLAN, VIEW
from marops.domains.team.queries import coverage_told as told
from marops.domains.team.queries.coverage import Team, team_of
from marops.domains.team.queries.roles_told import find_role
from marops.domains.team.rules import heat
from marops.domains.team.rules.coverage import (
    ABLE,
    Alone,
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
from marops.domains.team.rules.document import Range
from marops.kernel.actors import Actor
from marops.kernel.definitions import ACTIVATE, CHANGE
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.permissions import may

Row = dict[str, Any]
SHOWN: Final = 8
"""Rows of a list on the first page."""
MOST: Final = 60
"""People named behind a number."""
WORDS: Final[Mapping[int, Any]] = {
    0: "", 1: _lazy("learns"), 2: _lazy("able"), 3: _lazy("expert"), 4: _lazy("sets the way")
}  # fmt: skip
KINDS: Final[Mapping[str, Any]] = {
    "leadership": _lazy("Leading"),
    "domain": _lazy("The trade"),
    "finance": _lazy("Money"),
    "technology": _lazy("Platforms"),
    "process": _lazy("Processes"),
    "analytics": _lazy("Analysis"),
    "data": _lazy("Data"),
    "compliance": _lazy("Rules and consent"),
    "communication": _lazy("Writing"),
    "collaboration": _lazy("Working together"),
}
ORIGINS: Final[Mapping[str, Any]] = {
    "catalogue": _lazy("catalogue"), "facts": _lazy("your facts"), "assumption": _lazy("assumption")
}  # fmt: skip


# --- The team's page --------------------------------------------------------------------------------------------------


@require_GET
@needs(VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """What is covered, what rests on one person, who holds what, who has too much."""
    actor = actor_of(request)
    team = team_of(actor)
    best = told.remedy(team)
    context: Row = {
        "tabs": tabs(request, "team"),
        "team": team,
        "owner": _owner(team) if team.workers else "",
        "answer": told.answer(team),
        "missing": " ".join(one for one in (told.standing_said(team), told.without_levels(team)) if one),
        "because": _url(person=team.rests[0].person.ref) if team.rests else reverse("team:coverage"),
        "remedy": told.remedy_said(team, best) if best else "",
        "remedy_url": _url(skill=best.skill.skill) if best else "",
        "plans": may(actor, PLAN),
        "import_url": _begin_url(actor),
        "week_url": _address("team:week"),
    }
    counts = may(actor, CHANGE)
    context |= {
        "outside_said": told.outside_said(team),
        "outside": _by_role(team, team.outside, counts=counts),
        "beside": _by_role(team, team.others, counts=counts),
    }
    if team.workers:
        context |= {"house": house(actor)} | _heat(team, request.GET.get("group", "")) | _lists(team)
    return render(request, "team/coverage_team.html", context)


def _begin_url(actor: Actor) -> str:
    return _address("team:people-import") if may(actor, MANAGE) else ""


def _owner(team: Team) -> str:
    n = len(team.workers)
    people = ngettext("one person", "%(n)s people", n) % {"n": f"{n:,}"}
    told = _("%(people)s, %(full)s full-time") % {"people": people, "full": f"{team.full_time:,.1f}"}
    if more := team.beside:
        told += ngettext("; one more beside the team", "; %(n)s more beside the team", more) % {"n": f"{more:,}"}
    return told


def _by_role(team: Team, people: Sequence[Worker], *, counts: bool) -> Row:
    """Who holds no role of the team, by the role they hold: who they are, and what they could do."""
    by_role: dict[str, list[Worker]] = {}
    for one in people:
        by_role.setdefault(next(iter(team.titles.get(one.id, ())), ""), []).append(one)
    rows = []
    for slug, some in sorted(by_role.items(), key=lambda it: (it[0] == "", -len(it[1]), it[0]))[:SHOWN]:
        could = [skill for one in some for skill in told.could_do(team, one)]
        known = slug in team.catalogue.roles
        rows.append({
            "title": team.catalogue.title(slug) if known else slug or _("no role said"),
            "url": _address("team:role", slug) if known else "",
            "count_url": _address("team:role-counts", slug) if counts and known else "",
            "people": [{"name": one.name, "url": _address("team:person", one.ref)} for one in some[:SHOWN]],
            "more": max(0, len(some) - SHOWN),
            "could": told.named(list(dict.fromkeys(team.catalogue.skill_name(it.skill) for it in could))),
        })  # fmt: skip
    return {"rows": rows, "all": len(by_role)}


@require_POST
@needs(CHANGE)
def role_counts(request: HttpRequest, slug: str) -> HttpResponse:
    """Let a role count for the team from now on; who may not put it in force asks by a draft."""
    actor = actor_of(request)
    role = find_role(slug)
    document = role.model_dump(mode="json", by_alias=True, exclude_none=True) | {"inside": True}
    row = keep_role(
        actor=actor, slug=slug, document=document, reason=_("It counts for the team."), hold=may(actor, ACTIVATE)
    )
    if row.state != row.State.ACTIVE:
        messages.success(request, _("%(ref)s is kept as a draft; it counts once it is approved.") % {"ref": row.pinned})
        return redirect("definition", kind=row.kind, slug=row.slug, version=row.version)
    messages.success(request, _("%(role)s counts for the team now.") % {"role": role.title})
    return redirect("team:overview")


def _address(name: str, *args: str) -> str:
    """An address of a page of the team that may not be there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def _url(**query: str) -> str:
    ((name, value),) = query.items()
    return f"{reverse('team:coverage')}?{name}={value}"


def _lists(team: Team) -> Row:
    rests = [(one, rest.person) for rest in team.rests for one in rest.skills]
    safe = [one for one in team.skills.values() if one.beside]
    return {
        "by_roles": [_alone(team, one) for one in team.alone[:SHOWN]],
        "by_roles_all": len(team.alone),
        "safe": [_skill(team, one) | _helped(one) for one in safe[:SHOWN]],
        "safe_all": len(safe),
        "gaps": [_skill(team, one) for one in (*team.gaps, *team.headless)][:SHOWN],
        "gaps_all": len(team.gaps) + len(team.headless),
        "assessed": len(team.skills) - len(team.unknown),
        "singles": [_single(team, one, who) for one, who in rests][:SHOWN],
        "singles_all": len(rests),
        "overload": [_load(one) for one in team.overload[:SHOWN]],
        "overload_all": len(team.overload),
        "full": sum(one.fullness == "full" for one in team.loads.values()),
        "unowned": [_unowned(team, one) for one in team.unowned[:SHOWN]],
        "unowned_all": len(team.unowned),
        "spans": [_span(one) for one in team.led[:SHOWN]],
        "openings": [
            {
                "ref": one.opening.ref, "title": one.opening.title, "url": _address("team:opening", one.opening.ref),
                "gaps": told.named([team.catalogue.skill_name(it.skill) for it in one.gaps]),
                "seconds": told.named([team.catalogue.skill_name(it.skill) for it in one.seconds]),
                "hours": _hours(one.plannable),
            }
            for one in team.closes[:SHOWN]
        ],
    }  # fmt: skip


def _hours(one: Hours | None) -> Row | None:
    return {"value": told.plain(one.usual), "range": told.interval(one)} if one else None


def _share(one: Hours | None) -> Row | None:
    if one is None:
        return None
    low, high = ("200+" if end > told.ENOUGH else f"{end * 100:.0f}" for end in (one.low, one.high))
    return {"value": told.percent(one.usual), "range": f"({low}–{high})" if low != high else ""}


def _skill(team: Team, one: SkillCover) -> Row:
    return {
        "name": team.catalogue.skill_name(one.skill), "url": _url(skill=one.skill), "needed": _hours(one.needed),
        "skilled": _hours(one.skilled), "share": _share(one.ratio), "known": not one.unknown,
        "able": len(one.able), "experts": one.bus_factor, "state": _state(one),
    }  # fmt: skip


def _state(one: SkillCover) -> tuple[str, str]:
    """How a skill stands, in words and as the kind of pill."""
    states: dict[Standing, tuple[str, str]] = {
        "hidden": (_("cannot tell"), "info"), "unknown": (_("not assessed"), "draft"),
        "beside": (_("safe by others"), "info"),
        "uncovered": (_("uncovered"), "bad"), "headless": (_("nobody for hard cases"), "warn"),
        "single": (_("held by one"), "warn"), "short": (_("too few hours"), "warn"), "covered": (_("covered"), "good"),
    }  # fmt: skip
    if one.standing == "covered" and one.enough == "unsure":
        return _("covered, hours not sure"), "info"
    return states[one.standing]


def _single(team: Team, one: SkillCover, who: Worker) -> Row:
    nearest = next((it for it in team.remedies if it.skill is one), None)
    return _skill(team, one) | {"person": who, "nearest": _nearest(nearest) if nearest else ""}


def _helped(one: SkillCover) -> Row:
    """Who of the team can do it, and who beside it."""
    team = [who.name for who in one.experts or one.able]
    return {"inside": told.named(team) or _("nobody"), "others": told.named([who.name for who in one.beside])}


def _alone(team: Team, one: Alone) -> Row:
    n = len(one.needs)
    words = _("everything it answers for") if one.whole else ngettext("one responsibility", "%(n)s responsibilities", n)
    return {
        "title": team.catalogue.title(one.role), "url": f"{reverse('team:who')}?role={one.role}",
        "person": one.person, "what": words % {"n": n} if not one.whole else words, "hours": _hours(one.hours),
    }  # fmt: skip


def _nearest(one: Remedy) -> str:
    return _("%(name)s, %(hours)s h %(range)s of learning") % {
        "name": one.learner.name, "hours": told.plain(one.hours.usual), "range": told.interval(one.hours)
    }  # fmt: skip


def _load(one: Loaded) -> Row:
    state = {
        "over": (_("more than can be planned"), "warn"), "full": (_("full"), "info"),
        "room": (_("room"), "good"), "none": (_("nothing on"), "draft"),
    }[one.fullness]  # fmt: skip
    sure = {"certain": (_("certain"), "bad"), "likely": (_("likely"), "warn"), "possible": (_("possible"), "info")}
    return {
        "person": one.person, "url": _url(person=one.person.ref), "needed": _hours(one.needed),
        "plannable": _hours(one.plannable), "share": _share(one.share), "state": state,
        "sure": sure[one.sure] if one.fullness == "over" else None,
    }  # fmt: skip


def _unowned(team: Team, one: Need) -> Row:
    return {
        "text": one.text, "role": team.catalogue.title(one.role), "url": _url(responsibility=one.key),
        "hours": _hours(one.hours), "planned": ", ".join(it.ref for it in team.table.planned(one)),
        "who_url": f"{_address('team:who')}?role={one.role}" if _address("team:who") else "",
    }  # fmt: skip


def _span(one: Led) -> Row:
    told_ = {"fits": one.fits.name}
    name, state = _("not chosen"), ("", "")
    says = _("%(fits)s would fit") % told_
    if one.chosen is not None:
        name, high = one.chosen.name, one.chosen.reports.high
        told_["usual"] = f"{one.chosen.reports.low:.0f}–{high:.0f}" if high else f"{one.chosen.reports.low:.0f}+"
        state, says = {
            "many": ((_("many"), "warn"), _("usual: %(usual)s; %(fits)s would fit")),
            "few": ((_("few"), "info"), _("usual: %(usual)s")),
        }.get(one.state, ((_("fits"), "good"), _("usual: %(usual)s")))
        says %= told_
    return {"person": one.leader, "reports": one.reports, "archetype": name, "state": state, "says": says}


# --- The map of coverage ----------------------------------------------------------------------------------------------


def _heat(team: Team, group: str) -> Row:
    known = team.catalogue.skills
    group = group if group in KINDS else ""
    shown = heat.columns(team.skills, known, group)
    by_role = len(team.workers) > heat.MOST_PEOPLE
    rows = _role_rows(team, shown) if by_role else _people_rows(team, shown)
    heads = [_head(team, one, group) for one in shown]
    return {
        "heads": heads, "heat": rows, "by_role": by_role, "group": KINDS.get(group, ""),
        "grouped": any(one["n"] for one in heads),
        "foot_able": [_foot(one.done, [len(it.able) for it in one.skills], team.hidden) for one in shown],
        "foot_experts": [_foot(one.safe, [it.bus_factor for it in one.skills], team.hidden) for one in shown],
    }  # fmt: skip


def _head(team: Team, one: heat.Column, group: str) -> Row:
    if len(one.skills) == 1 and (group or one.key in team.skills):
        return {"label": team.catalogue.skill_name(one.key), "url": _url(skill=one.key), "n": 0}
    return {"label": KINDS.get(one.key, one.key), "url": f"?group={one.key}#coverage", "n": len(one.skills)}


def _foot(twice: int, people: list[int], hidden: int) -> tuple[str, bool]:
    """How many people can, of a group in how many of its skills two can; and whether that is thin.

    With people unseen it is only the least there are, and nothing is called thin.
    """
    if len(people) > 1:
        words = _("%(n)s of %(all)s") % {"n": twice, "all": len(people)}
        return (_("%(n)s or more") % {"n": twice}, False) if hidden else (words, twice * 2 < len(people))
    n = people[0]
    if hidden:
        return _("%(n)s or more") % {"n": n}, False
    return (_("nobody"), True) if n == 0 else (_("1 only"), True) if n == 1 else (str(n), False)


def _people_rows(team: Team, shown: tuple[heat.Column, ...]) -> list[Row]:
    return [
        {
            "name": row.person.name, "url": _url(person=row.person.ref), "seen": row.person.seen,
            "cells": [_cell(*it) for it in zip(shown, row.levels, row.able, strict=True)] if row.person.seen else [],
            "asked": bool(row.person.levels),
        }
        for row in heat.people_rows(team.ordered, shown)
    ]  # fmt: skip


def _cell(column: heat.Column, level: int | None, able: int) -> tuple[int, str]:
    """How dark a cell is, and its words: the level in a skill; in a group of skills in how many of them."""
    n = len(column.skills)
    if n == 1:
        return min(level or 0, 3), str(WORDS[level or 0])
    if not able:
        return (1, str(WORDS[1])) if level else (0, "")
    return (1 if able * 3 < n else 2 if able * 3 < 2 * n else 3), _("%(n)s of %(all)s") % {"n": able, "all": n}


def _role_rows(team: Team, shown: tuple[heat.Column, ...]) -> list[Row]:
    found = []
    for row in heat.role_rows(team.workers, shown):
        cells = [
            (0 if not n else 1 if n * 3 < row.seen else 2 if n * 3 < 2 * row.seen else 3, f"{n:,}" if n else "")
            for n in row.able
        ]
        name = _("%(role)s, %(n)s") % {"role": team.catalogue.title(row.role), "n": f"{row.people:,}"}
        url = _address("team:role", row.role)
        found.append({"name": name, "url": url, "seen": bool(row.seen), "asked": True, "cells": cells})
    return found


# --- The rows behind --------------------------------------------------------------------------------------------------


@require_GET
@needs(VIEW)
def coverage(request: HttpRequest) -> HttpResponse:
    """All skills and responsibilities, or the rows behind one of them or behind one person."""
    actor = actor_of(request)
    team = team_of(actor)
    for name, page in (("skill", _behind_skill), ("responsibility", _behind_duty), ("person", _behind_person)):
        if value := request.GET.get(name):
            return render(request, f"team/coverage_{name}.html", page(team, value))
    context = {
        "tabs": tabs(request, "team"),
        "team": team,
        "answer": told.answer(team),
        "standing": told.standing_said(team),
        "import_url": _begin_url(actor),
        "skills": [_skill(team, one) for one in team.skills.values() if not one.unknown],
        "unknown": [_skill(team, one) for one in team.unknown],
        "duties": [_duty(team, one) for one in team.duties if one.unknown < len(one.need.skills)],
        "duties_unknown": [_duty(team, one) for one in team.duties if one.unknown == len(one.need.skills)],
        "volumes": [_volume(one.driver.name, one.amount, one.driver.unit) for one in team.volumes.values()],
    }  # fmt: skip
    return render(request, "team/coverage.html", context)


def _duty(team: Team, one: DutyCover) -> Row:
    return {
        "text": one.need.text, "role": team.catalogue.title(one.need.role), "url": _url(responsibility=one.need.key),
        "needed": _hours(one.need.hours), "share": _share(one.ratio), "unknown": _unknown(one), "able": len(one.able),
        "experts": len(one.experts), "thinnest": team.catalogue.skill_name(one.thinnest.skill) if one.thinnest else "",
    }  # fmt: skip


def _unknown(one: DutyCover) -> str:
    """Which of the skills of a responsibility are not assessed."""
    n, all_ = one.unknown, len(one.need.skills)
    if not n:
        return ""
    return _("not assessed") if n == all_ else _("%(n)s of %(all)s not assessed") % {"n": n, "all": all_}


def _volume(name: str, one: Range, unit: str) -> Row:
    high = "…" if one.high is None else told.plain(one.high)
    return {
        "name": name, "value": told.plain(one.usual), "range": f"({told.plain(one.low)}–{high})", "unit": unit,
        "origin": ORIGINS[one.origin], "why": one.why,
    }  # fmt: skip


def _behind_skill(team: Team, ident: str) -> Row:
    one = team.skills.get(ident)
    if one is None:
        raise MaropsError(NOT_FOUND, _("The work needs no skill of this name."))
    known = team.catalogue.skills.get(ident)
    people = [who for who in team.workers if who.seen and who.levels.get(ident)]
    people.sort(key=lambda who: (-who.levels[ident], who.name))
    return {
        "team": team, "one": _skill(team, one), "skill": known,
        "parts": [_part(team, need, hours) for need, hours in one.parts],
        "people": [_can(team, who, ident) for who in people[:MOST]], "more": max(0, len(people) - MOST),
        "remedies": [_nearest(it) for it in team.remedies if it.skill is one],
        "steps": [step for it in team.remedies if it.skill is one for step in it.steps],
        "single": one.single, "from_level": team.assumed.pace.counts_as_cover_from,
        "volumes": _volumes_of(team, [need for need, _hours in one.parts]),
    }  # fmt: skip


def _part(team: Team, need: Need, hours: Hours) -> Row:
    each = ""
    if need.load:
        low, usual, high = need.load.hours_per_unit
        each = f"{usual:g} ({low:g}–{high:g})"
    return {
        "text": need.text, "role": team.catalogue.title(need.role), "url": _url(responsibility=need.key),
        "driver": team.assumed.driver(need.load.driver).name if need.load else "", "each": each,
        "shares": len(need.skills), "hours": _hours(hours),
    }  # fmt: skip


def _as_share(name: str, one: Range) -> Row:
    value = told.percent(one.usual)
    range_ = f"({one.low * 100:.0f}–{(one.high if one.high is not None else one.usual) * 100:.0f})"
    return {"name": name, "value": value, "range": range_, "unit": "", "origin": ORIGINS[one.origin], "why": one.why}


def _volumes_of(team: Team, some: list[Need]) -> list[Row]:
    names = dict.fromkeys(one.load.driver for one in some if one.load)
    found = [team.volumes[name] for name in names if name in team.volumes]
    return [_volume(one.driver.name, one.amount, one.driver.unit) for one in found]


def _can(team: Team, who: Worker, ident: str) -> Row:
    level = who.levels[ident]
    asked = [skill for skill, at in who.levels.items() if at >= level >= ABLE and skill in team.skills]
    return {
        "person": who, "url": _url(person=who.ref), "level": level, "word": WORDS[level],
        "week": f"{who.week:.2f}", "plannable": _hours(team.loads[who.id].plannable), "skills": len(asked),
    }  # fmt: skip


def _behind_duty(team: Team, key: str) -> Row:
    one = next((it for it in team.duties if it.need.key == key), None)
    if one is None:
        raise MaropsError(NOT_FOUND, _("No role of the team has this responsibility."))
    need = one.need
    does = [team.known[who] for who in team.table.does(need)]
    return {
        "team": team,
        "need": need,
        "role": team.catalogue.title(need.role),
        "part": _part(team, need, need.hours) if need.hours else None,
        "skills": [_skill(team, team.skills[it]) for it in need.skills],
        "share": _share(one.ratio),
        "unknown": _unknown(one),
        "thinnest": team.catalogue.skill_name(one.thinnest.skill) if one.thinnest else "",
        "able": [who.name for who in one.able[:MOST]],
        "able_all": len(one.able),
        "does": [who.name for who in does[:MOST]],
        "does_all": len(does),
        "answering": [team.known[who].name for who in team.table.answering(need)],
        "planned": team.table.planned(need),
        "volumes": _volumes_of(team, [need]),
    }


def _behind_person(team: Team, ref: str) -> Row:
    who = next((one for one in team.workers if one.ref == ref), None)
    if who is None:
        raise MaropsError(NOT_FOUND, _("Nobody of the team has this reference."))
    load = team.loads[who.id]
    rest = next((one for one in team.rests if one.person is who), None)
    hours = team.assumed.hours
    return {
        "who": who,
        "page": _address("team:person", who.ref),
        "load": _load(load),
        "tasks": told.plain(who.tasks) if who.tasks else "",
        "parts": [_part(team, need, some) for need, some in load.parts],
        "rests": [_skill(team, one) | {"alone": len(one.able) == 1} for one in rest.skills] if rest else [],
        "week": _hours(rest.week) if rest else None,
        "hours": [
            _volume(_("Hours at work in a month, full-time"), hours.worked_per_month, ""),
            _as_share(_("Share of it that nobody planned"), hours.unplanned_share),
            _as_share(_("Share of meetings"), hours.meeting_share),
            _as_share(_("Share of learning"), hours.learning_share),
        ],
        "full": f"{who.week:.2f}", "full_at": told.percent(load.full_at),
        "roles": [(team.catalogue.title(role), told.percent(share)) for role, share in team.roles_of(who).items()],
    }  # fmt: skip
