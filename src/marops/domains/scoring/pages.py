"""Pages of scoring: models, one model with what-ifs, a draft compared, the lifecycle, and a stage set by hand."""

from datetime import timedelta
from math import ceil
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.contacts.public import find_contact
from marops.domains.scoring import charts
from marops.domains.scoring.actions import set_stage
from marops.domains.scoring.forms import CompareForm, ModelForm, StageForm
from marops.domains.scoring.permissions import STAGE, VIEW
from marops.domains.scoring.queries import boards, reaches
from marops.domains.scoring.queries.boards import Cell
from marops.domains.scoring.queries.trial import Comparison, compare
from marops.domains.scoring.rules import Lifecycle, ScoreModel
from marops.kernel.clock import now
from marops.kernel.definitions import ACTIVATE, CHANGE, UNDECIDED, activate, draft, load, versions
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.facts import fact_kinds
from marops.kernel.forms import posted, problems_on
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.rules_sentence import sentence
from marops.kernel.workspace import midnight, zone


@require_GET
@needs(VIEW)
def models(request: HttpRequest) -> HttpResponse:
    """Every scoring model, side by side."""
    found = boards.models()
    rows = [
        {"row": row, "model": model, **counts, "share": counts["mql"] / counts["leads"] if counts["leads"] else None}
        for row, model, counts in found
    ]
    main = next((counts for row, _model, counts in found if row.slug == "main"), {"leads": 0, "mql": 0})
    answer = _("No lead has a score yet.")
    if main["leads"]:
        told = {"mql": f"{main['mql']:,}", "leads": f"{main['leads']:,}"}
        answer = _("%(mql)s of %(leads)s leads are worth a call by the main model.") % told
    return render(request, "scoring/models.html", {"rows": rows, "answer": answer})


@require_GET
@needs(VIEW)
def model(request: HttpRequest, slug: str) -> HttpResponse:
    """One model: who has how many points, the matrix, the signals, and who would be an MQL from elsewhere on."""
    actor, row = actor_of(request), boards.model_in_force(slug)
    document: ScoreModel = load(row)
    cells = boards.cells(slug)
    leads = sum(one.leads for one in cells)
    lines, estimated = boards.signals(slug, document, leads)
    tried = _threshold(request, document)
    most = float(document.fit.cap + document.engagement.cap)
    highest = max((one.points for one in cells), default=0)
    pictures = [
        charts.histogram(cells, most=min(most, highest + 5), threshold=tried, width=width)
        for width in (charts.WIDE, charts.NARROW)
    ]
    context = {
        "slug": slug,
        "row": row,
        "model": document,
        "answer": _answer(document, cells, leads),
        "leads": leads,
        "charts": [one for one in pictures if one],
        "matrix": _matrix(document, cells, linked=slug == "main" and may(actor, boards.LEADS)),
        "lines": _drawn(lines),
        "estimated": estimated,
        **_supposed(request, slug, document, cells, tried),
        "versions": _versions(slug),
        "may_change": may(actor, CHANGE),
    }
    return render(request, "scoring/model.html", context)


def _threshold(request: HttpRequest, document: ScoreModel) -> int:
    given = request.GET.get("at_least", "")
    return min(int(given), 2000) if given.isdecimal() else ceil(document.mql.at_least)


def _answer(document: ScoreModel, cells: list[Cell], leads: int) -> str:
    if not leads:
        return _("Nobody was scored by this model yet.")
    mql = sum(one.leads for one in cells if one.mql)
    told = {"mql": f"{mql:,}", "leads": f"{leads:,}", "at": f"{document.mql.at_least:g}"}
    if not document.mql.cells:
        return _("%(leads)s leads have a score; this model calls nobody an MQL.") % told
    return (
        _("%(mql)s of %(leads)s leads are MQLs: keen enough for how well they fit, with %(at)s points or more.") % told
    )


def _matrix(document: ScoreModel, cells: list[Cell], *, linked: bool) -> list[dict[str, Any]]:
    counts: dict[str, int] = {}
    for one in cells:
        counts[one.name] = counts.get(one.name, 0) + one.leads
    most = max(counts.values(), default=0) or 1
    url = reverse("routing:leads") if linked else ""
    return [
        {
            "grade": grade.grade,
            "from": grade.from_fit,
            "cells": [
                {
                    "name": (name := f"{grade.grade}{level.level}"),
                    "leads": counts.get(name, 0),
                    "mql": name in document.mql.cells,
                    "depth": _depth(counts.get(name, 0), most),
                    "url": f"{url}?grade={grade.grade}&level={level.level}" if url and counts.get(name) else "",
                }
                for level in document.levels
            ],
        }
        for grade in document.grades
    ]


def _depth(leads: int, most: int) -> int:
    """How deep the colour of a cell is, 0 to 4: by the square root, so that small cells are seen too."""
    return 0 if not leads else 1 + round(3 * (leads / most) ** 0.5)


def _drawn(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    most = max((one["leads"] for one in lines), default=0) or 1
    return [{**one, "width": f"{160 * one['leads'] / most:.1f}"} for one in lines]


def _supposed(request: HttpRequest, slug: str, document: ScoreModel, cells: list[Cell], tried: int) -> dict[str, Any]:
    """Who would be an MQL at other thresholds: how many at each, and who it is between this one and the tried one."""
    now_at = ceil(document.mql.at_least)
    today = boards.at_threshold(document, cells, now_at)
    highest = max((one.points for one in cells), default=0) + 10
    steps = sorted({now_at, tried, *range(0, highest, 5 if highest <= 60 else 10)})
    rows = [
        {"at": at, "leads": (n := boards.at_threshold(document, cells, at)), "more": n - today, "now": at == now_at,
         "tried": at == tried}
        for at in steps
    ]  # fmt: skip
    low, high = sorted((now_at, tried))
    who = boards.between(actor_of(request), slug, document.mql.cells, low, high) if low < high else []
    count = abs(boards.at_threshold(document, cells, tried) - today)
    return {
        "tried": tried,
        "now_at": now_at,
        "steps": rows,
        "who": who,
        "who_count": count,
        "would_gain": tried < now_at,
    }


def _versions(slug: str) -> list[dict[str, Any]]:
    found = versions("score", slug)
    who = names([one.author for one in found])
    in_force = next((one.version for one in found if one.state == Definition.State.ACTIVE), None)
    return [
        {
            "version": one.version,
            "at": one.valid_from or one.created_at,
            "who": who.get(one.author, one.author),
            "kind": "human" if one.author in who else "auto",
            "reason": one.reason,
            "state": one.state,
            "draft": one.state in UNDECIDED,
            "compare": f"{reverse('scoring:compare', args=[slug])}?version={one.version}&against={in_force}"
            if in_force and in_force != one.version
            else "",
        }
        for one in found
    ]


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Change the numbers of a model; what is saved is a draft, and is compared before it is put in force."""
    boards.model_in_force(slug)
    row = versions("score", slug)[0]
    document: ScoreModel = load(row)
    plain = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    form = ModelForm(posted(request), model=document, document=plain)
    if form.is_bound and form.is_valid():
        with problems_on(form):
            made = draft(
                actor=actor_of(request),
                kind="score",
                slug=slug,
                document=form.document(),
                reason=form.cleaned_data["reason"],
            )
            messages.success(request, _("%(ref)s is a draft. See what it would change.") % {"ref": made.pinned})
            return redirect(f"{reverse('scoring:compare', args=[slug])}?version={made.version}")
    context = {
        "slug": slug,
        "row": row,
        "model": document,
        "form": form,
        "lines": form.lines(),
        "bounds": form.bounds(),
    }
    return render(request, "scoring/change.html", context, status=422 if form.is_bound else 200)


@require_GET
@needs(VIEW)
def compare_versions(request: HttpRequest, slug: str) -> HttpResponse:
    """What one version says of last month's leads beside another: who is gained, who is lost, and why."""
    in_force = boards.model_in_force(slug)
    found = versions("score", slug)
    choices = [(str(one.version), f"{one.pinned} · {one.get_state_display()}") for one in found]
    initial = {"version": str(found[0].version), "against": str(in_force.version), "since": CompareForm.last_month()}
    given = {**initial, **{key: value for key, value in request.GET.items() if value}}
    form = CompareForm(given, versions=choices)
    told, row, other = None, found[0], in_force
    if form.is_valid():
        row = boards.version_of(slug, int(form.cleaned_data["version"]))
        other = boards.version_of(slug, int(form.cleaned_data["against"]))
        told = _compared(request, other, row, form.cleaned_data)
    context = {
        "slug": slug,
        "row": row,
        "other": other,
        "title": load(in_force).title,
        "form": form,
        "told": told,
        "answer": _compared_answer(told, other) if told else _("Which leads would another version see differently?"),
        "moves": sorted(
            ((one, other, n) for (one, other), n in told.cells.items() if one != other), key=lambda m: -m[2]
        )[:12]
        if told
        else [],
        "bars": _bars(told.mql_before, told.mql_after) if told else [],
        "is_draft": row.state in UNDECIDED,
    }
    return render(request, "scoring/compare.html", context, status=200 if form.is_valid() else 422)


def _bars(*numbers: int) -> list[str]:
    return [f"{360 * one / (max(numbers) or 1):.1f}" for one in numbers]


def _compared(request: HttpRequest, other: Definition, row: Definition, given: dict[str, Any]) -> Comparison:
    last = given["until"] or now().astimezone(zone()).date()
    return compare(
        actor_of(request),
        load(other),
        load(row),
        since=midnight(given["since"]),
        until=midnight(last + timedelta(days=1)),
        as_of=now(),
    )


def _compared_answer(told: Comparison, other: Definition) -> str:
    if not told.leads:
        return _("No lead came in in that time.")
    said = {"gained": f"{told.gained:,}", "lost": f"{told.lost:,}", "leads": f"{told.leads:,}", "other": other.version}
    if not told.gained and not told.lost:
        return _("Of %(leads)s leads, the same would be MQLs as by version %(other)s.") % said
    return (
        _(
            "Of %(leads)s leads, %(gained)s more would be MQLs than by version %(other)s, and %(lost)s would not be any"
            " more."
        )
        % said
    )


@require_POST
@needs(ACTIVATE)
def put_in_force(request: HttpRequest, slug: str, version: int) -> HttpResponse:
    """Put a version in force; somebody other than its author has to, where there is somebody."""
    row = activate(actor=actor_of(request), ref=f"score/{slug}@{version}")
    messages.success(request, _("%(ref)s is in force; everybody is scored anew.") % {"ref": row.pinned})
    return redirect("scoring:model", slug=slug)


@require_GET
@needs(VIEW)
def lifecycle(request: HttpRequest) -> HttpResponse:
    """The stages as a path: who is where, how long people stay, how they go on, and where they leave."""
    found = boards.lifecycle_in_force()
    if found is None:
        return render(request, "scoring/lifecycle.html", {"stages": [], "answer": _("No lifecycle is in force.")})
    row, document = found
    steps, leaks = boards.steps(document, now()), boards.leaks(document, now())
    stages: list[dict[str, Any]] = [
        {"stage": one, "step": steps[one.name], "rule": _rule(one, document)} for one in document.stages
    ]
    most = max((one.now for one in steps.values()), default=0) or 1
    context = {
        "row": row,
        "lifecycle": document,
        "answer": _lifecycle_answer(document, steps),
        "stages": stages,
        "path": [{**one, "width": f"{400 * (steps[one['stage'].name].now / most) ** 0.5:.1f}"} for one in stages],
        "leaks": [
            {"before": document.label(before), "after": document.label(after), "leads": number}
            for before, after, number in leaks
        ],
        "linked": may(actor_of(request), boards.LEADS),
    }
    return render(request, "scoring/lifecycle.html", context)


def _rule(one: Any, document: Lifecycle) -> str:
    if one.when is None:
        return _("Set by a person.")
    words = sentence(one.when)
    words = words[:1].upper() + words[1:] + "."
    if one.after:
        words += " " + _("From %(stages)s.") % {"stages": ", ".join(document.label(name) for name in one.after)}
    if one.returns:
        kinds = fact_kinds()
        shown = ", ".join(
            kinds[kind].says.lower() if kind in kinds else kind.replace(".", " ") for kind in one.returns.kinds
        )
        words += " " + _("Back in a new cycle, as %(stage)s, after: %(facts)s.") % {
            "stage": document.label(one.returns.to),
            "facts": shown,
        }
    return words


def _lifecycle_answer(document: Lifecycle, steps: dict[str, boards.Step]) -> str:
    """The narrowest place of the path: where the smallest share of those who came in goes on."""
    everybody = sum(one.now for one in steps.values())
    told = [
        (steps[one.name].share, one)
        for one in document.path()[:-1]
        if steps[one.name].came >= 20 and steps[one.name].went_on >= 5
    ]
    ranked = sorted(((share, one.label) for share, one in told if share is not None), key=lambda one: one[0])
    if ranked:
        share, label = ranked[0]
        return _("The narrowest place is %(stage)s: %(share)s of those who came in went on within 90 days.") % {
            "stage": label,
            "share": f"{share:.0%}",
        }
    return _("%(leads)s leads are on their way through %(stages)s stages.") % {
        "leads": f"{everybody:,}",
        "stages": len(document.path()),
    }


@require_http_methods(["GET", "POST"])
@needs(STAGE)
def stage(request: HttpRequest, ref: str) -> HttpResponse:
    """Put a lead into a stage by hand, with a reason."""
    actor = actor_of(request)
    contact = find_contact(ref, actor=actor)
    found = boards.lifecycle_in_force()
    if not reaches(actor, contact.id, STAGE) or found is None:
        raise MaropsError(NOT_FOUND, f"There is no lead {ref}.")
    document, before = found[1], boards.stage_of(contact.id)
    choices = [(one.name, one.label) for one in document.stages if one.name != before]
    form = StageForm(posted(request), stages=choices)
    if form.is_bound and form.is_valid():
        with problems_on(form):
            set_stage(actor=actor, contact_id=contact.id, **form.cleaned_data)
            label = document.label(form.cleaned_data["stage"])
            messages.success(request, _("%(lead)s is in “%(stage)s” now.") % {"lead": contact.ref, "stage": label})
            return redirect("routing:lead", ref=contact.ref)
    context = {
        "contact": contact,
        "name": contact.full_name or contact.ref,
        "form": form,
        "before": document.label(before) if before else "",
    }
    return render(request, "scoring/stage.html", context, status=422 if form.is_bound else 200)
