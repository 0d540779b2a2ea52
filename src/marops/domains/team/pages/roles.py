"""The catalogue of roles: all of them, and one with what it takes and what it answers for here."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.team.catalogue import ROLE, SKILLS, catalogue
from marops.domains.team.charts.steps import steps
from marops.domains.team.pages.frame import tabs
from marops.domains.team.permissions import VIEW
from marops.domains.team.queries import roles_told as told
from marops.domains.team.queries.career_told import told_ladder
from marops.domains.team.queries.catalogue import holders
from marops.kernel.definitions import CHANGE
from marops.kernel.permissions import may
from marops.kernel.workspace import SET_UP, set_up_workspace, workspace

Row = dict[str, Any]


@require_GET
@needs(VIEW)
def roles(request: HttpRequest) -> HttpResponse:
    """Every role: the team's, the company's own, and those around them."""
    actor = actor_of(request)
    shipped, own, outside = told.listed()
    empty = sum(not one.holders for one in shipped)
    context = {
        "tabs": tabs(request, "roles"), "shipped": shipped, "own": own, "outside": outside, "retired": told.retired(),
        "answer": ngettext(
            "One of the %(all)s roles of the team is nobody's today.",
            "%(n)s of the %(all)s roles of the team are nobody's today.", empty,
        ) % {"n": empty, "all": len(shipped)} if empty else _("Every role of the team is somebody's."),
        "may_change": may(actor, CHANGE), "may_switch": may(actor, SET_UP), "emblems_on": workspace().emblems,
    }  # fmt: skip
    return render(request, "team/roles.html", context)


@require_GET
@needs(VIEW)
def role(request: HttpRequest, slug: str) -> HttpResponse:
    """One role: what it is, what it takes, where it leads, and what it answers for in this installation."""
    if slug in catalogue().retired:
        return _retired(request, slug)
    actor, one, held = actor_of(request), told.find_role(slug), holders(slug)
    rows, hours = told.duties(slug, one)
    context = {
        "tabs": tabs(request, "roles"), "slug": slug, "role": one, "holders": held,
        "emblem": told.emblem_of(one), "standing": told.standing(slug, one),
        "answer": told.answer(one, held, hours), "duties": rows, "hours": told.hours_said(hours),
        "skills": told.skills_asked(one), "experience": told.experience(one), "conflict": told.conflict_said(one),
        "picture": steps(one.title, told.before(slug, one), told.after(one)), "ways": told.ways(one),
        "vacancies": told.vacancies(slug), "answers": told.answers_here(slug, actor),
        "ladder": told_ladder(one, slug, None),
        "manages": [_managed(other, other in one.manages_by_us) for other in one.manages],
        "closest": [_managed(other, False) for other in one.closest],
        "before_others": [{"title": catalogue().title(other.role), "one": other} for other in one.before],
        "may_change": may(actor, CHANGE), "versions": versions_of(ROLE, slug), "leaning": told.leaning(slug, actor),
    }  # fmt: skip
    return render(request, "team/role.html", context)


def _retired(request: HttpRequest, slug: str) -> HttpResponse:
    """A role that is no longer in force: since when, what still names it, and the way back."""
    rows = versions_of(ROLE, slug)
    context = {
        "tabs": tabs(request, "roles"), "title": catalogue().title(slug), "versions": rows,
        "since": max((row.retired_at for row in told.rows_of(ROLE, slug) if row.retired_at), default=None),
        "leaning": told.leaning(slug, actor_of(request)), "may_change": may(actor_of(request), CHANGE),
        "back_url": next((row["restore_url"] for row in rows if row["restore_url"]), ""),
    }  # fmt: skip
    return render(request, "team/role_retired.html", context)


def _managed(slug: str, by_us: bool) -> Row:
    return {"title": catalogue().title(slug), "url": told.url_of(slug), "by_us": by_us}


def versions_of(kind: str, slug: str) -> list[Row]:
    """The versions with who wrote them, and where each is compared or restored."""
    rows = told.rows_of(kind, slug)
    who = names([one.author for one in rows])
    return [
        {
            "version": row.version, "at": row.created_at, "who": who.get(row.author, _("the command line")),
            "reason": row.reason, "state": row.state, "kind": "human",
            "url": reverse("definition", args=[kind, slug, row.version]),
            "restore_url": _restore(kind, slug, row.version) if row.state == "retired" else "",
        }
        for row in rows
    ]  # fmt: skip


def _restore(kind: str, slug: str, version: int) -> str:
    editor = reverse("team:skills-text") if kind == SKILLS else reverse("team:role-edit", args=[slug])
    return f"{editor}?version={version}"


@require_GET
@needs(VIEW)
def skills(request: HttpRequest) -> HttpResponse:
    """Every skill with the behaviour of each level, and which roles ask for it."""
    groups = told.skill_rows()
    number = sum(len(rows) for _kind, rows in groups)
    context = {
        "tabs": tabs(request, "roles"), "groups": groups, "may_change": may(actor_of(request), CHANGE),
        "answer": ngettext("%(n)s skill, each in five levels one can see.",
                           "%(n)s skills, each in five levels one can see.", number) % {"n": number},
        "versions": versions_of(SKILLS, "main"),
    }  # fmt: skip
    return render(request, "team/skills.html", context)


@require_POST
@needs(SET_UP)
def emblems(request: HttpRequest) -> HttpResponse:
    """Switch the emblems of all roles on or off, for everybody."""
    on = request.POST.get("emblems") == "on"
    set_up_workspace(actor=actor_of(request), emblems=on)
    messages.success(request, _("Emblems are shown.") if on else _("Emblems are no longer shown."))
    return redirect("team:roles")
