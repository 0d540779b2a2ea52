"""Asking on pages: for the bottleneck, for scenarios compared, and what a new scenario changes."""

from dataclasses import replace
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.workflows.actions import keep
from marops.domains.workflows.forms import ASKED_OF, ASKS, BY_KIND, GROUPS, Ask, ScenarioForm
from marops.domains.workflows.pages import answering
from marops.domains.workflows.papers.changes import assumed, names_of
from marops.domains.workflows.permissions import CHANGE, PAY, VIEW
from marops.domains.workflows.questions import check_fits, leave_comparing, start_bottleneck, start_comparison
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import Known, known
from marops.kernel.actors import Actor
from marops.kernel.definitions import active, checked, find, load
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import add_problem, posted
from marops.kernel.models import Definition, Job
from marops.kernel.permissions import may
from marops.kernel.workspace import today

MOST = 4
"""Scenarios beside each other: more than that nobody tells apart."""


@require_POST
@needs(VIEW)
def find_bottleneck(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask where the work is held back; the page shows how far the answer is."""
    known(slug)  # says at once what is missing
    job = start_bottleneck(slug, actor=actor_of(request))
    return redirect(_page(slug, job=job.ref))


@require_POST
@needs(VIEW)
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Press or release a scenario, and compare those that are pressed then."""
    kept = {row.slug for row in active("scenario")}  # what was compared last may have come with the question
    chosen = [one for one in request.POST.getlist("with") if one in kept]
    toggled = request.POST.get("toggle", "")
    if toggled:
        chosen = [one for one in chosen if one != toggled] if toggled in chosen else [*chosen, toggled]
    chosen = list(dict.fromkeys(chosen))[-MOST:]
    if not chosen:
        return redirect(_page(slug, chosen=[""]))
    return _compared(request, slug, chosen)


def _compared(request: HttpRequest, slug: str, chosen: list[str]) -> HttpResponse:
    known(slug)
    for one in chosen:
        find(f"scenario/{one}")
    leave_comparing(slug, actor=actor_of(request))
    job = start_comparison(slug, chosen, actor=actor_of(request), page=True)
    return redirect(_page(slug, chosen=chosen, job=job.ref))


def _page(slug: str, *, chosen: list[str] | None = None, job: str = "") -> str:
    asked: list[tuple[str, str]] = [("with", one) for one in chosen or ()]
    if job:
        asked.append(("job", job))
    url = reverse("workflows:workflow", args=[slug])
    return f"{url}?{urlencode(asked)}" if asked else url


@require_GET
@needs(VIEW)
def progress(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """How far an answer is; once it is there, or its first part, the page is loaded with it."""
    job = job_of(ref)
    if job is None:
        raise MaropsError(NOT_FOUND, _("There is no question %(ref)s.") % {"ref": ref})
    chosen = list(job.arguments.get("scenarios", []))
    seen = request.GET.get("seen", "")
    further = bool(chosen) and seen.isdecimal() and (job.done or 0) > int(seen)  # the first of two answers is there
    if job.state == Job.State.DONE or further:
        url = _page(slug, chosen=chosen, job="" if job.state == Job.State.DONE else job.ref)
        return answering.loaded(request, url)
    return answering.running(request, job)


def job_of(ref: str) -> Job | None:
    """The question of this reference, if it is one about workflows; where it gave way, the one in which it goes on."""
    found = answering.question(ref, "workflow.bottleneck", "workflow.compare")
    later = str((found.result or {}).get("goes_on", "")) if found else ""
    return job_of(later) if later else found


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def new(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """A scenario of one change, or one change more for a scenario (`?to=`); then it is compared, or changed further."""
    if kind not in BY_KIND:
        raise MaropsError(NOT_FOUND, _("There is no change of the kind %(kind)s.") % {"kind": kind})
    here = known(slug)
    chosen = [one for one in request.GET.getlist("with") if one]
    if "without" in request.POST:
        return _taken_out(request, slug, kind, chosen)
    form = _form(posted(request), here, BY_KIND[kind], to=request.GET.get("to", ""))
    if form.is_bound and form.is_valid():
        try:
            name = _kept(request, slug, form)
        except MaropsError as error:
            _add_faults(form, error)
        else:
            if "further" in request.POST:
                return redirect(_what_if(slug, kind, chosen, name))
            return _compared(request, slug, list(dict.fromkeys([*chosen, name]))[-MOST:])
    context = _asked(form, here, chosen, actor_of(request))
    return render(request, "workflows/scenario.html", context, status=422 if form.is_bound else 200)


def _form(data: Any, here: Known, ask: Ask, *, to: str) -> ScenarioForm:
    kept = [(row.slug, load(row).title) for row in active("scenario")]
    return ScenarioForm(
        data, ask=ask, workflow=here.workflow, crew=here.situation.crew, scenarios=kept, first=_next_month(),
        to=to if to in dict(kept) else "",
    )  # fmt: skip


def _asked(form: ScenarioForm, here: Known, chosen: list[str], actor: Actor) -> dict[str, Any]:
    """What the page of a form shows."""
    to = str(form["to"].value() or "")
    row = next((row for row in active("scenario") if row.slug == to), None)
    kinds = [
        (words, [_kind(here.slug, one, chosen, current=one is form.ask, to=to) for one in ASKS if one.group == group])
        for group, words in GROUPS
    ]
    return {
        "slug": here.slug,
        "title": here.workflow.title,
        "form": form,
        "ask": form.ask,
        "kinds": kinds,
        "so_far": _so_far(load(row), here, actor) if row else [],
        "to": load(row).title if row else "",
        "back_url": _page(here.slug, chosen=[*chosen, to] if to and to not in chosen else chosen),
    }


def _so_far(scenario: Scenario, here: Known, actor: Actor) -> list[str]:
    """What a scenario changes, in words."""
    said = assumed(scenario, here.situation.crew.currency, names_of(here.situation), pay=may(actor, PAY))
    return [one[:1].upper() + one[1:] for one in said]


def _add_faults(form: ScenarioForm, error: MaropsError) -> None:
    """Faults of this change at its fields; those of what the scenario held before, at the choice of the scenario."""
    last = max((int(part) for one in error.errors if (part := _place(one.pointer)).isdecimal()), default=0)
    held = len(find(f"scenario/{form.cleaned_data['to']}").document["changes"]) if form.cleaned_data["to"] else 0
    faults = []
    for one in error.errors:
        field = one.field if one.field in form.fields else ASKED_OF.get(one.field, "")
        faults.append(replace(one, field="to" if last < held else field))
    add_problem(form, MaropsError(error.code, error.detail, remedy=error.remedy, errors=faults))


def _place(pointer: str) -> str:
    """The number of the change in `/changes/2/step`."""
    return pointer.split("/")[2] if pointer.startswith("/changes/") else ""


def _taken_out(request: HttpRequest, slug: str, kind: str, chosen: list[str]) -> HttpResponse:
    """Take one change out of a kept scenario."""
    name, place = request.GET.get("to", ""), request.POST["without"]
    document = dict(find(f"scenario/{name}").document)
    changes = document.get("changes", [])
    if place.isdecimal() and int(place) < len(changes):
        document["changes"] = [one for number, one in enumerate(changes) if number != int(place)]
        keep(actor=actor_of(request), kind="scenario", slug=name, document=document, reason=_("A change taken out"))
    return redirect(_what_if(slug, kind, chosen, name))


def _kept(request: HttpRequest, slug: str, form: ScenarioForm) -> str:
    """The short name under which the scenario is kept. Raises MaropsError where the change does not fit."""
    change, name = form.as_change(slug), form.cleaned_data["to"]
    if name:
        document = dict(find(f"scenario/{name}").document)
        document["changes"] = [*document.get("changes", ()), change]
    else:
        title = form.as_title()
        document = {"title": title, "changes": [change]}
        name = free(slugify(title) or form.ask.kind)
    _fits(slug, document)
    keep(actor=actor_of(request), kind="scenario", slug=name, document=document, reason=_("Asked on the page"))
    return str(name)


def _fits(slug: str, document: dict[str, Any]) -> None:
    """Can the changes be made to the workflow and its crew? Raises MaropsError `invalid`."""
    check_fits(known(slug), Scenario.model_validate(checked("scenario", document)))


def _next_month() -> date:
    day = today()
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def free(slug: str) -> str:
    """A short name for a scenario that none has yet."""
    slug = slug[:70].strip("-_") or "scenario"
    taken = set(Definition.objects.filter(kind="scenario", slug__startswith=slug).values_list("slug", flat=True))
    return next(one for one in (slug, *(f"{slug}-{n}" for n in range(2, 10_000))) if one not in taken)


def doors(slug: str, chosen: list[str]) -> list[dict[str, Any]]:
    """The kinds of change that are offered beside the scenarios; the last one leads to all others."""
    further = next(one for one in ASKS if not one.first)
    return [
        *(_kind(slug, one, chosen) for one in ASKS if one.first),
        {**_kind(slug, further, chosen), "label": _("More")},
    ]


def _kind(slug: str, ask: Ask, chosen: list[str], *, current: bool = False, to: str = "") -> dict[str, Any]:
    return {"label": ask.label, "url": _what_if(slug, ask.kind, chosen, to), "current": current}


def _what_if(slug: str, kind: str, chosen: list[str], to: str = "") -> str:
    asked = [*(("with", one) for one in chosen), *((("to", to),) if to else ())]
    url = reverse("workflows:scenario-new", args=[slug, kind])
    return f"{url}?{urlencode(asked)}" if asked else url
