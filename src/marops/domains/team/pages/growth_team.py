"""The map of those who lead: who of their people grows where, who could follow, and what the plan asks for in vain."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.catalogue import catalogue
from marops.domains.team.pages.frame import tabs
from marops.domains.team.permissions import VIEW, Policy
from marops.domains.team.queries import succession as queries
from marops.domains.team.queries.career_told import levels_words, time_words
from marops.domains.team.queries.growth import goal_words
from marops.domains.team.queries.succession import Grower, Place, Unheld
from marops.domains.team.rules.document import LEVEL_WORDS
from marops.kernel.errors import NOT_ALLOWED, MaropsError

Context = dict[str, Any]
PEOPLE_A_PAGE = 50


@require_GET
@needs(VIEW)
def growth_team(request: HttpRequest) -> HttpResponse:
    """Only for those who lead somebody, and only what their people share or they assess themselves."""
    policy = Policy.of(actor_of(request))
    people = queries.led_by(policy)
    if not people:
        raise MaropsError(NOT_ALLOWED, "This page is for those who lead somebody of the team.")
    found = queries.growers(policy, people, evidence=False)
    page = Paginator(found, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    shown = queries.growers(policy, [one.standing.person for one in page])
    places = queries.places(policy, found)
    planned = queries.unheld(policy, found)
    open_ones = [one for one in places if one.opening]
    context = {
        "tabs": tabs(request, "career"), "answer": _answer(places), "under": _under(found),
        "growers": [_grower(one) for one in shown], "page": page,
        "openings": [_place(one) for one in open_ones],
        "roles": [_place(one) for one in places if not one.opening],
        "unheld": [_unheld(one) for one in planned.rows], "planned": planned,
    }  # fmt: skip
    return render(request, "team/growth_team.html", context)


def _answer(places: list[Place]) -> str:
    open_to_us = [one for one in places if not one.opening and one.from_inside]
    ready = [one for one in open_to_us if one.ready]
    if ready:
        words = {"n": len(ready), "all": len(open_to_us)}
        return _("%(n)s of %(all)s roles have somebody of yours who has every core level today.") % words
    nearest = min((one for one in open_to_us if one.followers), default=None,
                  key=lambda one: (one.followers[0].levels, one.title))  # fmt: skip
    if nearest is None:
        return _("Nobody of yours is on the way to another role, as far as levels are known.")
    who = nearest.followers[0]
    told = {"name": who.person.name, "role": nearest.title, "levels": levels_words(who.levels)}
    return _("Nobody of yours could follow today; the closest is %(name)s to %(role)s, %(levels)s short.") % told


def _under(found: list[Grower]) -> str:
    unknown = sum(1 for one in found if one.standing.assumed)
    shared = sum(1 for one in found if one.plan_shared)
    told = ngettext("%(n)s person of yours", "%(n)s people of yours", len(found)) % {"n": len(found)}
    parts = [ngettext("%(n)s shares a plan with you", "%(n)s share a plan with you", shared) % {"n": shared}]
    if unknown:
        parts.append(_("of %(n)s no level is known, and nothing is guessed about them") % {"n": unknown})
    return f"{told}: {', '.join(parts)}."


def _grower(one: Grower) -> Context:
    at, title = one.standing, catalogue().title
    closest = one.closest
    return {
        "name": at.person.name, "url": reverse("team:career-of", args=[at.person.ref]),
        "role": title(at.role) if at.role else "", "since": at.since,
        "aims": [goal_words(goal) for goal in one.aims], "shared": one.plan_shared,
        "plan_url": reverse("team:growth-of", args=[at.person.ref]) if one.plan_shared else "",
        "closest": title(closest.way.target) if closest else "",
        "missing": levels_words(closest.gap.levels) if closest else "",
        "overlap": closest.overlap if closest else None,
    }  # fmt: skip


def _place(one: Place) -> Context:
    return {
        "title": one.title, "url": one.url, "opening": one.opening, "holders": one.holders, "ready": one.ready,
        "role": catalogue().title(one.role), "from_inside": one.from_inside,
        "followers": [
            {"name": who.person.name, "url": f"{reverse('team:career-of', args=[who.person.ref])}?to={one.role}",
             "time": time_words(who.path.months), "missing": levels_words(who.levels), "levels": who.levels,
             "aims": who.aims}
            for who in one.followers
        ],
    }  # fmt: skip


def _unheld(one: Unheld) -> Context:
    return {
        "name": catalogue().skill_name(one.skill), "need": one.need, "need_words": LEVEL_WORDS[one.need],
        "best": one.best, "best_words": LEVEL_WORDS[one.best], "asked_by": one.asked_by,
    }  # fmt: skip
