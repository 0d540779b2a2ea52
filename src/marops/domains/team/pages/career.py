"""Pages of the career map: the map that one walks, and somebody's way from where they are."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.catalogue import catalogue
from marops.domains.team.charts.career import Picture, Walk, picture
from marops.domains.team.models import GrowthMove, Person
from marops.domains.team.pages.frame import tabs
from marops.domains.team.permissions import VIEW, Policy
from marops.domains.team.queries import career as queries
from marops.domains.team.queries import career_told as told
from marops.domains.team.queries.career import Career, address
from marops.domains.team.queries.growth import own_plan, role_goals
from marops.domains.team.queries.hours import find_person, main_roles
from marops.domains.team.queries.traces import Trace, key_words
from marops.domains.team.rules.career import CareerMap, Levels, Path, gap
from marops.domains.team.rules.roles import STANDING

Context = dict[str, Any]
FOUR = (1, 2, 3, 4)
"""The levels above none, as boxes."""


@require_GET
@needs(VIEW)
def career_map(request: HttpRequest) -> HttpResponse:
    """The map: every role and every step, from where the reader stands or from the role that was chosen."""
    policy, known = Policy.of(actor_of(request)), queries.career_map()
    me = Person.objects.filter(id=policy.me).first() if policy.me else None
    leads = me is not None and Person.objects.filter(manager=me, active=True).exists()
    own = main_roles([me.id]).get(me.id, "") if me else ""
    source, target = _chosen(request, "from", known) or "", _chosen(request, "to", known) or ""
    if "from" not in request.GET and known.holds(own):
        source = own
    goals = role_goals(own_plan(policy), besides=[own])
    aimed = next((one.role for one in goals if known.quickest(source, one.role)), "") if source else ""
    if not request.GET:
        target = aimed
    if target == source:
        target = ""
    path = known.quickest(source, target) if source and target else None
    reach = known.reachable(source) if source else {}
    walk = Walk(source, target, path, reach)
    context = {
        "tabs": tabs(request, "career"), "me": me, "leads": leads, "source": source, "target": target,
        "source_title": catalogue().title(source) if source else "",
        "target_title": catalogue().title(target) if target else "",
        "picture": _picture(known, walk, "team:career"),
        "answer": _answer(known, walk), "under": _under(walk, bool(target) and target == aimed),
        "reachable": [] if target else _reachable(reach, lambda slug: _map_url(source, slug)),
        "unmapped": [] if target else _unmapped(known, source),
        "columns": _listed(known, walk), "own": own, "four": FOUR,
    }  # fmt: skip
    if source and target:
        context |= _between(source, target, known)
    return render(request, "team/career_map.html", context)


def _chosen(request: HttpRequest, name: str, known: CareerMap) -> str | None:
    slug = request.GET.get(name, "")
    return queries.role_called(slug) if slug else None


def _map_url(source: str, target: str) -> str:
    chosen = {"from": target} if not source or source == target else {"from": source, "to": target}
    return f"{reverse('team:career')}?{urlencode(chosen)}"


def _picture(known: CareerMap, walk: Walk, _name: str) -> Picture:
    return picture(known, walk, told.standing_words, lambda slug: _map_url(walk.source, slug))


def _answer(known: CareerMap, walk: Walk) -> str:
    title = catalogue().title
    words: dict[str, Any]
    if walk.source and walk.target:
        names = {"from": title(walk.source), "to": title(walk.target)}
        if walk.path is None:
            return _("No steps lead from %(from)s to %(to)s.") % names
        words = {**names, "time": told.time_words(walk.path.months)}
        return _("From %(from)s to %(to)s it usually takes %(time)s.") % words
    if walk.source and not walk.reach:
        return told.no_step_words(walk.source)
    if walk.source:
        words = {"n": len(walk.reach), "from": title(walk.source)}
        return ngettext("%(n)s role can be reached from %(from)s.", "%(n)s roles can be reached from %(from)s.",
                        len(walk.reach)) % words  # fmt: skip
    inside = sum(1 for one in known.roles.values() if one.inside)
    words = {"n": len(known.roles), "steps": len(known.all_ways), "inside": inside}
    return _("%(n)s roles and %(steps)s steps between them; %(inside)s make up the team itself.") % words


def _under(walk: Walk, goal: bool) -> str:
    words = _way_words(walk)
    return f"{_('A goal of your plan.')} {words}" if goal else words


def _way_words(walk: Walk) -> str:
    if walk.path is not None and len(walk.path.ways) == 1:
        return _("In one step: %(basis)s.") % {"basis": told.basis_words(walk.path.basis)}
    if walk.path is not None:
        return _("%(by)s; the least sure step: %(basis)s.") % {
            "by": _begun(told.steps_words(walk.path)), "basis": told.basis_words(walk.path.basis),
        }  # fmt: skip
    if walk.source and walk.target:
        return _("The catalogue may not know every way: add a step to a role's page to have it here.")
    if walk.reach:
        return _("Choose a role on the map to see the way there.")
    return _("Choose the role to begin from.")


def _begun(words: str) -> str:
    """With a capital at the start, and the rest as it is."""
    return words[:1].upper() + words[1:]


def _reachable(reach: Mapping[str, Path], link: Any) -> list[Context]:
    roles = catalogue().roles
    return [
        {
            "title": roles[slug].title, "url": link(slug), "inside": roles[slug].inside or roles[slug].custom,
            "time": told.time_words(path.months), "steps": len(path.ways), "by": told.steps_words(path),
            "basis": path.basis, "basis_words": told.basis_words(path.basis),
        }
        for slug, path in reach.items()
    ]  # fmt: skip


def _unmapped(known: CareerMap, source: str) -> list[Context]:
    found = known.unmapped(source)
    return [{"title": catalogue().words(name), "time": told.time_words(months)} for name, months, _basis in found]


def _listed(known: CareerMap, walk: Walk) -> list[Context]:
    """Every role as a list by standing, for those who read no pictures and on narrow screens."""
    found: dict[int, list[Context]] = {}
    tied = {one.source for one in known.all_ways} | {one.target for one in known.all_ways}
    for slug, role in sorted(known.roles.items(), key=lambda pair: (not pair[1].inside, pair[1].title)):
        if slug in tied:
            row = {"title": role.title, "url": _map_url(walk.source, slug), "inside": role.inside or role.custom,
                   "current": slug in (walk.source, walk.target)}  # fmt: skip
            found.setdefault(STANDING[role.level], []).append(row)
    return [{"label": told.standing_words(one), "roles": found[one]} for one in sorted(found)]


def _between(source: str, target: str, known: CareerMap) -> Context:
    way = told.told_way_between(source, target)
    return {
        "way": way,
        "steps": _steps(way["path"], known.roles[source].needs),
        "other": way["fewer_levels"],
        "gap": way["gap"],
        "ladder": ladder_on(known.quickest(source, target), None),
        "role_url": address("team:role", target),
        "walked": told.told_walked(queries.walked_to(target)),
        "openings": _openings(target),
    }


def _steps(path: Context | None, levels: Levels) -> list[Context]:
    """The steps of a way; each says how many levels are missing for its role today."""
    roles = catalogue().roles
    return [
        one | {"basis_words": told.basis_words(one["basis"]),
               "missing": told.missing_words(gap(one["to"], roles[one["to"]], levels))}
        for one in (path["steps"] if path else ())
    ]  # fmt: skip


def ladder_on(path: Path | None, seen: Mapping[str, int] | None) -> Context | None:
    """The old path and the new one, told by the first role on the way that has both."""
    roles = catalogue().roles
    for slug in path.roles if path else ():
        if roles[slug].new_path:
            return told.told_ladder(roles[slug], slug, seen)
    return None


def _openings(role: str) -> list[Context]:
    return [{"one": one, "url": address("team:opening", one.ref)} for one in queries.openings(role)]


@require_GET
@needs(VIEW)
def career_of(request: HttpRequest, ref: str) -> HttpResponse:
    """Somebody's way: their own, that of people one leads, and of others as much as they show."""
    actor = actor_of(request)
    policy, person = Policy.of(actor), find_person(ref)
    found = queries.career(policy, actor, person, request.GET.get("to", ""))
    at = found.standing
    own = policy.is_self(person.id)
    near = own or policy.sees_assessments(person.id)
    shows = near or policy.sees_own_levels(person.id)
    rows = _moves(found, policy) if shows else []
    context = {
        "tabs": tabs(request, "career"), "four": FOUR, "one": person, "own": own, "shows": shows, "at": at,
        "role_title": catalogue().title(at.role) if at.role else "", "roles_held": _roles_held(found),
        "answer": told.answer_words(found, own), "goals": _goals(found, person), "under": _own_under(found, own),
        "near": [_near_row(one, person) for one in found.near], "found": found,
        "reachable": _reachable(found.reachable, lambda slug: _own_url(person, slug)),
        "target_title": catalogue().title(found.target) if found.target else "",
        "map_url": _map_url(at.role, found.target) if at.role and found.target else reverse("team:career"),
        "role_url": address("team:role", found.target) if found.target else "",
        "step_title": catalogue().title(found.step) if found.step_gap else "",
        "step_gap": told.told_gap(found.step_gap) if found.step_gap else None,
        "steps": _steps(told.told_path(found.path), at.levels),
        "way_from": _way_from(found), "other": told.told_path(found.other),
        "gap": told.told_gap(found.gap) if found.gap else None,
        "moves": rows, "planned": _planned(found, rows), "towards": catalogue().title(found.step) if found.step else "",
        "evidence": _evidence(found, policy),
        "ladder": ladder_on(found.path, at.seen if policy.sees_evidence(person.id) else None),
        "walked": told.told_walked(queries.walked_to(found.target, person.id)) if found.target else [],
        "openings": _openings(found.target) if found.target else [],
        "person_url": address("team:person", person.ref), "skills_url": address("team:person", person.ref),
    }  # fmt: skip
    return render(request, "team/career_of.html", context)


def _own_url(person: Person, slug: str) -> str:
    return f"{reverse('team:career-of', args=[person.ref])}?{urlencode({'to': slug})}"


def _way_from(found: Career) -> str:
    """The role the way begins at, where it is not the one they have most of."""
    path = found.path
    return catalogue().title(path.source) if path and path.source != found.standing.role else ""


def _roles_held(found: Career) -> list[str]:
    return [catalogue().title(one.role) for one in found.standing.roles]


def _own_under(found: Career, own: bool) -> str:
    at = found.standing
    if not at.role or found.gap is None:
        return ""
    if at.hidden:
        return _("%(name)s does not show skills: compared is what the role of %(role)s usually asks for.") % {
            "name": at.person.name, "role": catalogue().title(at.role),
        }  # fmt: skip
    if at.assumed:
        return _("No level is kept yet: compared is what the role of %(role)s usually asks for.") % {
            "role": catalogue().title(at.role)
        }
    near = found.step_gap or found.gap
    words = {"shared": len(near.of("shared")), "all": len(near.lacks), "missing": told.missing_words(near)}
    if found.step_gap is None:
        return _("%(shared)s of %(all)s skills are there, %(missing)s.") % words
    words |= {"step": catalogue().title(found.step), "to": catalogue().title(found.target)}
    words |= {"whole": told.missing_words(found.gap)}
    return (
        _("The first step is %(step)s: %(shared)s of %(all)s skills are there, %(missing)s; for %(to)s, %(whole)s.")
        % words
    )


def _near_row(one: Any, person: Person) -> Context:
    return {
        **told.told_near(one), "url": _own_url(person, one.way.target), "basis_words": told.basis_words(one.way.basis),
        "missing": told.levels_words(one.gap.levels),
    }  # fmt: skip


def _moves(found: Career, policy: Policy) -> list[Context]:
    wanted = {one.skill: max(one.to_level, 2) for one in found.moves if one.skill}
    able = queries.helpers(policy, wanted, found.standing.person.id)
    planned = {one.says for one in found.planned if one.done_on is None}
    rows = [told.told_move(one) | {"helpers": able.get(one.skill, [])} for one in found.moves]
    return [one | {"planned": one["says"] in planned} for one in rows]


def _goals(found: Career, person: Person) -> list[Context]:
    """One's own goals besides the one that is looked at."""
    return [{"title": catalogue().title(one.role), "url": _own_url(person, one.role), "by": one.by}
            for one in found.goals if one.role != found.target]  # fmt: skip


def _planned(found: Career, rows: list[Context]) -> list[GrowthMove]:
    """The open moves of one's own plan that are not among the three, the first due first."""
    shown = {one["says"] for one in rows}
    more = [one for one in found.planned if one.done_on is None and one.says not in shown]
    return sorted(more, key=lambda one: (one.by is None, one.by, one.created_at))


def _evidence(found: Career, policy: Policy) -> list[Context]:
    """What speaks for the skills of the role that is looked at."""
    if found.gap is None or not policy.sees_evidence(found.standing.person.id):
        return []
    wanted = {one.skill for lack in (found.gap, found.step_gap) if lack for one in lack.lacks}
    kept = [{"name": catalogue().skill_name(one.skill), "says": one.says, "url": one.url, "on": one.on}
            for one in found.standing.evidence if one.skill in wanted]  # fmt: skip
    return kept + [_trace_row(key, one, wanted) for key, one in found.standing.traces.items()
                   if _trains(key, wanted)]  # fmt: skip


def _trains(key: str, wanted: set[str]) -> list[str]:
    skills = catalogue().skills
    return [skills[one].name for one in sorted(wanted) if one in skills and key in skills[one].evidence]


def _trace_row(key: str, one: Trace, wanted: set[str]) -> Context:
    says = _("%(what)s: %(n)s") % {"what": key_words(key), "n": f"{one.count:,}"}
    return {"name": ", ".join(_trains(key, wanted)), "says": says, "url": one.url, "on": one.last}
