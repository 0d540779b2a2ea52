"""Planned structures: made from today, changed seat by seat, compared, and opened as places."""

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.accounts.public import names as people_names
from marops.domains.team.actions.structures import (
    drop_structure,
    keep_structure,
    leave_structure,
    open_places,
    settle_structure,
    sketch_structure,
    undo_structure,
)
from marops.domains.team.charts.organigram import organigram
from marops.domains.team.pages.chart import linked, plan_answer
from marops.domains.team.pages.frame import tabs
from marops.domains.team.pages.pictures import link
from marops.domains.team.permissions import PLAN, VIEW
from marops.domains.team.queries.structures import (
    Kept,
    Weighed,
    check,
    compared,
    find_structure,
    names,
    structure_of_today,
    structures,
    titles,
    weighed,
)
from marops.domains.team.rules.chart import roles_in_words, shown
from marops.domains.team.rules.coverage import SkillCover
from marops.domains.team.rules.seats import Figures
from marops.domains.team.rules.structure import Seat, Structure
from marops.domains.team.structure_forms import AboutForm, NewForm, SeatForm
from marops.kernel.actors import Actor
from marops.kernel.definitions import ACTIVATE, UNDECIDED, versions
from marops.kernel.drawing import number
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import may

NAMED = 4
"""So many skills are named in a cell of the comparison."""


@require_GET
@needs(VIEW)
def all_structures(request: HttpRequest) -> HttpResponse:
    """Every structure that was planned."""
    actor = actor_of(request)
    rows = [
        {"kept": one, "seats": len(one.structure.seats), "empty": sum(not seat.person for seat in one.structure.seats)}
        for one in structures(actor)
    ]
    context = {"rows": rows, "tabs": tabs(request, "chart"), "may_plan": may(actor, PLAN)}
    return render(request, "team/structures.html", context)


@require_http_methods(["GET", "POST"])
@needs(PLAN)
def new(request: HttpRequest) -> HttpResponse:
    """Begin with the team as it is today."""
    actor, form = actor_of(request), NewForm(posted(request))
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        with problems_on(form):
            if any(one.slug == form.slug for one in structures(actor)):
                raise MaropsError(CONFLICT, _("There is a structure of this name already."))
            begun = structure_of_today(actor, data["title"])
            made = begun.model_copy(update={"by": data["by"], "because": data["because"]})
            reason = _("Made from the team as it is.")
            keep_structure(actor=actor, slug=form.slug, document=_plain(made), reason=reason)
            return redirect("team:structure", slug=form.slug)
    context = {"form": form, "tabs": tabs(request, "chart")}
    return render(request, "team/structure_new.html", context, status=422 if form.is_bound else 200)


def _plain(made: Structure) -> dict[str, Any]:
    return made.model_dump(mode="json", exclude_defaults=True)


def _change(actor: Actor, slug: str, made: Structure, words: str) -> None:
    """A change of one's own, which becomes a version once it is kept."""
    sketch_structure(actor=actor, slug=slug, document=_plain(made), words=words)


@require_GET
@needs(VIEW)
def structure(request: HttpRequest, slug: str) -> HttpResponse:
    """One structure: what it changes, as a picture, in numbers beside today and others, and seat by seat."""
    actor = actor_of(request)
    kept = find_structure(actor, slug)
    found = compared(actor, kept.structure)
    others = [one for one in structures(actor) if one.slug != slug]
    other = next((one for one in others if one.slug == request.GET.get("with")), None)
    weighing = weighed(actor)
    columns = _columns(weighing, [kept.structure, *([other.structure] if other else [])])
    picture = organigram(
        found.plan, shown(found.plan), linked(kept), ident="plan", title=kept.structure.title,
        differences=found.differences,
    )  # fmt: skip
    context = {
        "kept": kept,
        "answer": plan_answer(kept, found),
        "picture": picture.svg,
        "faults": [{"message": one.message, "url": _fault_url(kept, one.pointer)} for one in check(kept.structure)],
        "heads": [name for name, _figures in columns],
        "rows": comparison(weighing, [figures for _name, figures in columns]),
        "brings": _brings(weighing, columns),
        "sees_pay": weighing.sees_pay,
        "others": [{"slug": one.slug, "title": one.structure.title, "chosen": one is other} for one in others],
        "seats": _seats(kept, found.differences.of),
        "gone": [names().get(key, key) for key in found.differences.gone],
        "versions": _versions(kept),
        "may_plan": may(actor, PLAN),
        "changes": kept.sketch.words if kept.sketch else [],
        "overtaken": bool(kept.sketch and kept.sketch.base != kept.row.version),
        "decide_url": _decide_url(actor, kept),
        "chart_url": f"{reverse('team:chart')}?plan={slug}",
        "pdf_url": f"{reverse('team:chart-pdf')}?plan={slug}",
        "tabs": tabs(request, "chart"),
    }
    return render(request, "team/structure.html", context)


def _decide_url(actor: Actor, kept: Kept) -> str:
    """Where a version is put in force, for those who may."""
    waits = kept.row.state in UNDECIDED and kept.sketch is None and may(actor, ACTIVATE)
    return reverse("definition", args=["structure", kept.slug, kept.row.version]) if waits else ""


def _fault_url(kept: Kept, pointer: str) -> str:
    parts = pointer.split("/")
    if len(parts) > 2 and parts[1] == "seats":
        return reverse("team:structure-seat", args=[kept.slug, kept.structure.seats[int(parts[2])].id])
    return ""


def _versions(kept: Kept) -> list[dict[str, Any]]:
    rows = versions("structure", kept.slug)
    who = people_names([one.author for one in rows])
    return [
        {"version": row.version, "at": row.created_at, "who": who.get(row.author, row.author), "reason": row.reason,
         "state": row.state, "kind": "human", "url": reverse("definition", args=["structure", row.slug, row.version])}
        for row in rows
    ]  # fmt: skip


def _seats(kept: Kept, mark: Callable[[str], str]) -> list[dict[str, Any]]:
    called, known = titles(), names()
    by_id = {one.id: one for one in kept.structure.seats}

    def who(seat: Seat) -> str:
        return known.get(seat.person or seat.vacancy, "") or _("nobody yet")

    found = []
    for seat in kept.structure.seats:
        above = by_id.get(seat.manager)
        key = seat.person or seat.vacancy or f"seat:{seat.id}"
        found.append({
            "id": seat.id, "roles": roles_in_words(tuple(seat.roles.items()), called), "who": who(seat),
            "url": link("person", seat.person) if seat.person else link("place", seat.vacancy) if seat.vacancy else "",
            "state": "" if seat.person else _("open") if seat.vacancy else _("planned"),
            "manager": (who(above) if above.person else roles_in_words(tuple(above.roles.items()), called))
            if above else "",
            "starts": seat.starts, "note": seat.note, "mark": mark(key),
        })  # fmt: skip
    return found


# -- in numbers --------------------------------------------------------------------------------------------------------


Column = tuple[str, Figures]


def _columns(weighing: Weighed, plans: Sequence[Structure]) -> list[Column]:
    """Today, today with its open places filled where it has some, and the plans."""
    whole = weighing.with_places()
    filled = [(_("Today, open places filled"), whole)] if whole else []
    return [(_("Today"), weighing.today()), *filled, *((one.title, weighing.of(one)) for one in plans)]


def _brings(weighing: Weighed, columns: Sequence[Column]) -> str:
    """What the plan changes in numbers against today with its open places filled: both count empty seats alike."""
    at = 2 if len(columns) > 2 and columns[1][0] == _("Today, open places filled") else 1
    before, plan = columns[at - 1][1], columns[at][1]
    told = [
        (_("full-time"), number(before.full_time, 1), number(plan.full_time, 1)),
        (_("responsibilities somebody can do"), number(before.covered), number(plan.covered)),
        (_("skills nobody has"), number(len(before.gaps)), number(len(plan.gaps))),
        (_("skills that rest on one"), number(len(before.single)), number(len(plan.single))),
    ]
    if weighing.sees_pay:
        currency = weighing.currency
        told.append((_("cost a year"), _money(before.pay.usual, currency), _money(plan.pay.usual, currency)))
    said = [f"{name} {old} → {new}" for name, old, new in told if old != new]
    if not said:
        return _("No figure changes by it.")
    against = _("Against today with its open places filled: %(said)s.") if at == 2 else _("Against today: %(said)s.")
    return against % {"said": ", ".join(said)}


def comparison(weighing: Weighed, found: Sequence[Figures]) -> list[dict[str, Any]]:
    """Today and plans side by side: a row for each figure; what stands under it says whence it comes or names it."""

    def row(
        name: str, value: Callable[[Figures], str], under: Callable[[Figures], str] = lambda _one: ""
    ) -> dict[str, Any]:
        return {"name": name, "cells": [{"value": value(one), "under": under(one)} for one in found]}

    duties = len(found[0].duties)
    rows = [
        row(_("People and seats"), lambda one: number(one.seats), _empty),
        row(_("Full-time"), lambda one: number(one.full_time, 1)),
        row(
            _("Responsibilities somebody can do"),
            lambda one: _("%(n)s of %(all)s") % {"n": one.covered, "all": duties},
            lambda one: _("%(n)s do not show their skills") % {"n": one.unknown} if one.unknown else "",
        ),
        row(_("Skills nobody has"), lambda one: number(len(one.gaps)), lambda one: _named(one.gaps, weighing)),
        row(
            _("Skills that rest on one"), lambda one: number(len(one.single)), lambda one: _named(one.single, weighing)
        ),
        row(_("Leads most"), lambda one: number(one.widest.reports) if one.widest else "0", _widest),
    ]
    if weighing.sees_pay:
        currency = weighing.currency
        rows.append(row(_("Cost a year, by assumed bands"), lambda one: _money(one.pay.usual, currency), _pay_range))
    return rows


def _empty(one: Figures) -> str:
    return ngettext("%(n)s with nobody yet", "%(n)s with nobody yet", one.empty) % {"n": one.empty} if one.empty else ""


def _named(skills: Sequence[SkillCover], weighing: Weighed) -> str:
    known = [weighing.team.catalogue.skill_name(one.skill) for one in skills[:NAMED]]
    rest = len(skills) - len(known)
    return ", ".join([*known, *([_("%(n)s more") % {"n": rest}] if rest else [])])


def _widest(one: Figures) -> str:
    if one.widest is None:
        return ""
    return _("%(name)s, fits: %(kind)s") % {"name": one.widest.leader.name, "kind": one.widest.fits.name.lower()}


def _money(amount: float, currency: str) -> str:
    return _("%(n)s k %(currency)s") % {"n": number(amount / 1000), "currency": currency}


def _pay_range(one: Figures) -> str:
    return _("%(low)s k to %(high)s k") % {"low": number(one.pay.low / 1000), "high": number(one.pay.high / 1000)}


# -- changing ----------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@needs(PLAN)
def about(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what a structure is called, by when, and why."""
    actor, kept = actor_of(request), find_structure(actor_of(request), slug)
    given = {"title": kept.structure.title, "by": kept.structure.by, "because": kept.structure.because}
    form = AboutForm(posted(request), initial=given)
    if form.is_bound and form.is_valid():
        with problems_on(form):
            _change(actor, slug, kept.structure.model_copy(update=form.cleaned_data), _("Title, day or reason."))
            return redirect("team:structure", slug=slug)
    return _form_page(request, kept, form, _("What it is and why"))


@require_http_methods(["GET", "POST"])
@needs(PLAN)
def seat_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a seat."""
    kept = find_structure(actor_of(request), slug)
    form = SeatForm(posted(request), structure=kept.structure, initial={"manager": request.GET.get("under", "")})
    return _seat_page(request, kept, form, None)


@require_http_methods(["GET", "POST"])
@needs(PLAN)
def seat(request: HttpRequest, slug: str, ident: str) -> HttpResponse:
    """Change a seat: whose it is, its roles, under whom."""
    kept = find_structure(actor_of(request), slug)
    one = _seat_of(kept, ident)
    form = SeatForm(posted(request), structure=kept.structure, seat=one, initial=SeatForm.values(one))
    return _seat_page(request, kept, form, one)


def _seat_of(kept: Kept, ident: str) -> Seat:
    found = next((one for one in kept.structure.seats if one.id == ident), None)
    if found is None:
        raise MaropsError(NOT_FOUND, f"There is no seat {ident!r} in this structure.")
    return found


def _seat_page(request: HttpRequest, kept: Kept, form: SeatForm, one: Seat | None) -> HttpResponse:
    if form.is_bound and form.is_valid():
        made = form.made()
        at = kept.structure.seats.index(one) if one else len(kept.structure.seats)
        document = _plain(kept.structure)
        document["seats"] = [*document["seats"][:at], made, *document["seats"][at + 1 :]]
        words = (_("Changed %(seat)s.") if one else _("Added %(seat)s.")) % {"seat": _called(Seat.model_validate(made))}
        try:
            sketch_structure(actor=actor_of(request), slug=kept.slug, document=document, words=words)
        except MaropsError as error:
            _show_faults(form, error, f"/seats/{at}/")
        else:
            return redirect("team:structure", slug=kept.slug)
    return _form_page(request, kept, form, _("Change a seat") if one else _("Add a seat"), one)


def _show_faults(form: SeatForm, error: MaropsError, here: str) -> None:
    """Faults of this seat at its fields, once each; those of other seats above the form."""
    said: set[str] = set()
    for fault in sorted(error.errors, key=lambda one: not one.pointer.startswith(here)):
        words = " ".join(part for part in (fault.message, fault.remedy) if part)
        if words not in said:
            field = fault.pointer.removeprefix(here) if fault.pointer.startswith(here) else ""
            field = "role_1" if field.startswith("roles") else field
            form.add_error(field if field in form.fields else None, words)
            said.add(words)
    if not said:
        form.add_error(None, str(error))


def _form_page(request: HttpRequest, kept: Kept, form: Any, heading: str, one: Seat | None = None) -> HttpResponse:
    context = {
        "kept": kept, "form": form, "heading": heading, "seat": one, "tabs": tabs(request, "chart"),
        "cancel_url": reverse("team:structure", args=[kept.slug]),
    }  # fmt: skip
    return render(request, "team/structure_form.html", context, status=422 if form.is_bound else 200)


@require_POST
@needs(PLAN)
def seat_remove(request: HttpRequest, slug: str, ident: str) -> HttpResponse:
    """Take a seat out; those under it report to whoever it reported to."""
    kept = find_structure(actor_of(request), slug)
    one = _seat_of(kept, ident)
    rest = [other for other in kept.structure.seats if other is not one]
    if not rest:
        messages.error(request, _("A structure has at least one seat."))
        return redirect("team:structure", slug=slug)
    moved = [
        other.model_copy(update={"manager": one.manager if one.manager != other.id else ""})
        if other.manager == ident else other
        for other in rest
    ]  # fmt: skip
    made = kept.structure.model_copy(update={"seats": tuple(moved)})
    _change(actor_of(request), slug, made, _("Took %(seat)s out.") % {"seat": _called(one)})
    return redirect("team:structure", slug=slug)


def _called(seat: Seat) -> str:
    """Whose a seat is, else what it is for."""
    return names().get(seat.person or seat.vacancy, "") or roles_in_words(tuple(seat.roles.items()), titles())


@require_POST
@needs(PLAN)
def settle(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep one's changes as a version, take the last one back, or leave them all."""
    actor, do = actor_of(request), request.POST.get("do", "")
    if do == "undo":
        words = undo_structure(actor=actor, slug=slug)
        messages.success(
            request, _("Taken back: %(words)s") % {"words": words} if words else _("Nothing to take back.")
        )
    elif do == "leave":
        leave_structure(actor=actor, slug=slug)
        messages.success(request, _("Your changes are left; the plan is as it was kept."))
    else:
        row = settle_structure(actor=actor, slug=slug, over=do == "over")
        messages.success(request, _("Kept as version %(n)s.") % {"n": row.version})
    return redirect("team:structure", slug=slug)


@require_POST
@needs(PLAN)
def open_(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a place for every seat that nobody has yet."""
    made = open_places(actor=actor_of(request), slug=slug)
    said = ngettext("Opened %(n)s place: %(refs)s.", "Opened %(n)s places: %(refs)s.", len(made))
    refs = ", ".join(one.ref for one in made)
    words = said % {"n": len(made), "refs": refs} if made else _("Every seat without a person has its place already.")
    messages.success(request, words)
    return redirect("team:structure", slug=slug)


@require_POST
@needs(PLAN)
def drop(request: HttpRequest, slug: str) -> HttpResponse:
    """Give a structure up."""
    row = drop_structure(actor=actor_of(request), slug=slug)
    messages.success(request, _("“%(title)s” was given up.") % {"title": row.document.get("title", slug)})
    return redirect("team:structures")
