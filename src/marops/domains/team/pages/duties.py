"""The page of who does what: responsibilities × people, whence each letter comes, and letters set by hand."""

import csv
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from marops.domains.accounts.public import actor_of, needs
from marops.domains.team.actions.duties import reset_letter, set_letter
from marops.domains.team.coverage_forms import LETTERS, NONE, LetterForm
from marops.domains.team.pages.coverage import Row
from marops.domains.team.pages.frame import tabs
from marops.domains.team.permissions import PLAN, VIEW
from marops.domains.team.queries import duties as queries
from marops.domains.team.queries.coverage_told import first_name
from marops.domains.team.queries.duties import Duties
from marops.domains.team.rules.coverage import Need
from marops.domains.team.rules.letters import Letter
from marops.kernel.forms import posted
from marops.kernel.permissions import may, require

COLUMNS: Final = 16
"""So many people stand beside each other."""


@require_GET
@needs(VIEW)
def who(request: HttpRequest) -> HttpResponse:
    """The table by role: a row for each responsibility, a column for each person."""
    actor = actor_of(request)
    duties = queries.duties_of(actor)
    role = request.GET.get("role", "")
    wanted = [one for one in duties.team.wanted if role in ("", one.role)]
    people = _people(duties, wanted if role else None)
    page = Paginator(people, COLUMNS).get_page(request.GET.get("page"))
    plans, shown = may(actor, PLAN), list(page.object_list)
    context = {
        "tabs": tabs(request, "who"),
        "answer": queries.said(duties) if duties.team.workers else _("Nobody has a role of the team yet."),
        "groups": list(_groups(duties, wanted, shown, plans=plans)),
        "people": [_column(duties, one) for one in shown],
        "page": page,
        "roles": _roles(duties, role),
        "filtered": bool(role),
        "plans": plans,
        "letters": [(letter, words) for letter, words in LETTERS if letter != NONE],
    }
    return render(request, "team/duties.html", context)


def _people(duties: Duties, wanted: Sequence[Need] | None) -> list[Any]:
    """The columns: the team and its openings; of one role, those who have a letter there."""
    team = duties.team
    everybody = [one.id for one in (*team.around, *team.ordered)] + list(duties.table.openings)
    if wanted is None:
        return everybody
    return [one for one in everybody if any(duties.table.cell(need, one) for need in wanted)]


def _column(duties: Duties, one: Any) -> Row:
    worker = duties.table.workers.get(one)
    name = duties.name(one)
    return {"name": name, "short": _short(duties, one) if worker else duties.ref(one), "opening": worker is None}


def _short(duties: Duties, one: Any) -> str:
    """A first name; with the last one's first letter where two have the same."""
    worker = duties.table.workers[one]
    first = first_name(worker)
    same = sum(first_name(other) == first for other in duties.table.workers.values())
    return f"{first} {worker.name.split()[-1][0]}." if same > 1 and " " in worker.name.strip() else first


def _groups(duties: Duties, wanted: Sequence[Need], people: Sequence[Any], *, plans: bool) -> Iterator[Row]:
    by_role: dict[str, list[Need]] = {}
    for need in wanted:
        by_role.setdefault(need.role, []).append(need)
    for role, some in by_role.items():
        yield {
            "title": duties.team.catalogue.title(role),
            "holders": len(duties.table.holders(role)),
            "rows": [_row(duties, need, people, plans=plans) for need in some],
        }


def _row(duties: Duties, need: Need, people: Sequence[Any], *, plans: bool) -> Row:
    return {
        "text": need.text,
        "url": f"{reverse('team:coverage')}?responsibility={need.key}",
        "fault": duties.fault(need),
        "cells": [_cell(duties, need, one, duties.table.cell(need, one), plans=plans) for one in people],
    }


def _cell(duties: Duties, need: Need, one: Any, letter: Letter | None, *, plans: bool) -> Row:
    shown = letter.letter if letter else ""
    return {
        "letter": shown,
        "who": duties.name(one),
        "hand": bool(letter and letter.by_hand),
        "planned": bool(letter and letter.why == "planned"),
        "url": letter_url(need, duties.ref(one)) if letter or plans else "",
    }


def letter_url(need: Need, ref: str) -> str:
    """Where one letter is told and set."""
    role, duty = need.key.split("/", 1)
    return reverse("team:letter", args=[role, duty, ref])


def _roles(duties: Duties, current: str) -> list[Row]:
    here = reverse("team:who")
    roles = dict.fromkeys(one.role for one in duties.team.wanted)
    found = [{"label": _("All roles"), "url": here, "current": not current}]
    return found + [
        {"label": duties.team.catalogue.title(role), "url": f"{here}?role={role}", "current": role == current}
        for role in roles
    ]


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def letter(request: HttpRequest, role: str, duty: str, ref: str) -> HttpResponse:
    """One letter: whence it comes, and a form to set it by hand or to take that back."""
    actor = actor_of(request)
    if request.method == "POST":
        require(actor, PLAN)
    duties = queries.duties_of(actor)
    need, holder = duties.need(f"{role}/{duty}"), duties.holder(ref)
    found = duties.table.cell(need, holder)
    here = f"{reverse('team:who')}?role={need.role}"
    if "reset" in request.POST:
        reset_letter(actor=actor, responsibility=need.key, holder=ref)
        messages.success(request, _("Ownership gives the letter again."))
        return redirect(here)
    form = LetterForm(posted(request), initial={"letter": found.letter[:1] if found and found.letter else NONE})
    if form.is_bound and form.is_valid():
        set_letter(actor=actor, responsibility=need.key, holder=ref, letter=form.cleaned_data["letter"])
        messages.success(request, _("Kept. It stands until somebody takes it back."))
        return redirect(here)
    people = queries.setters([found] if found else [])
    context = {
        "need": need,
        "role": duties.team.catalogue.title(role),
        "name": duties.name(holder),
        "letter": found,
        "because": queries.because(duties, need, found, people=people) if found else "",
        "words": dict(LETTERS),
        "form": form,
        "plans": may(actor, PLAN),
        "fault": duties.fault(need),
        "who_url": here,
        "coverage_url": f"{reverse('team:coverage')}?responsibility={need.key}",
    }
    return render(request, "team/duty.html", context, status=422 if form.is_bound else 200)


@require_GET
@needs(VIEW)
def who_csv(request: HttpRequest) -> HttpResponse:
    """Every letter as a file of rows."""
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="who-does-what.csv"'
    names = ("role_title", "responsibility", "text", "holder", "name", "letter", "by_hand", "because")
    rows = csv.writer(answer)
    rows.writerow(names)
    duties = queries.duties_of(actor_of(request))
    for one in queries.letters_shown(duties, list(queries.cells(duties, request.GET.get("role", "")))):
        rows.writerow([_safe(str(one[name])) for name in names])
    return answer


def _safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text
