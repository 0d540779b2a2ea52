"""Asking on pages: for the bottleneck, for scenarios compared, and what a new scenario changes."""

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
from marops.domains.workflows.forms import ASKS, BY_KIND, ScenarioForm
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.questions import check_fits, start_bottleneck, start_comparison
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import known
from marops.kernel.definitions import active, checked, find, load
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import add_problem, posted
from marops.kernel.models import Definition, Job
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
    job = start_comparison(slug, chosen, actor=actor_of(request))
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
        return HttpResponse(headers={"HX-Redirect": url}) if request.headers.get("HX-Request") else redirect(url)
    return render(request, "workflows/_progress.html", {"job": job, "slug": slug, "poll_url": request.get_full_path()})


def job_of(ref: str) -> Job | None:
    """The question of this reference, if it is one about workflows."""
    number = ref.removeprefix("J-")
    rows = Job.objects.filter(kind__in=["workflow.bottleneck", "workflow.compare"])
    return rows.filter(number=int(number)).first() if number.isdecimal() and len(number) < 18 else None


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def new(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """A scenario of one change, or one change more for a scenario; then it is compared."""
    if kind not in BY_KIND:
        raise MaropsError(NOT_FOUND, _("There is no change of the kind %(kind)s.") % {"kind": kind})
    here = known(slug)
    scenarios = [(row.slug, load(row).title) for row in active("scenario")]
    form = ScenarioForm(
        posted(request), ask=BY_KIND[kind], workflow=here.workflow, crew=here.situation.crew, scenarios=scenarios,
        first=_next_month(),
    )  # fmt: skip
    chosen = [one for one in request.GET.getlist("with") if one]
    if form.is_bound and form.is_valid():
        try:
            name = _kept(request, slug, form)
        except MaropsError as error:
            add_problem(form, error)
        else:
            return _compared(request, slug, list(dict.fromkeys([*chosen, name]))[-MOST:])
    context = {
        "slug": slug,
        "title": here.workflow.title,
        "form": form,
        "ask": BY_KIND[kind],
        "currency": here.situation.crew.currency,
        "kinds": [_kind(slug, one.kind, one.label, one.kind == kind, chosen) for one in ASKS],
        "back_url": _page(slug, chosen=chosen),
    }
    return render(request, "workflows/scenario.html", context, status=422 if form.is_bound else 200)


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


def doors(slug: str, chosen: list[str], *, all_of_them: bool = False) -> list[dict[str, Any]]:
    """The kinds of change that are offered beside the scenarios."""
    return [_kind(slug, one.kind, one.label, False, chosen) for one in ASKS if one.first or all_of_them]


def _kind(slug: str, kind: str, label: Any, current: bool, chosen: list[str]) -> dict[str, Any]:
    asked = urlencode([("with", one) for one in chosen])
    url = reverse("workflows:scenario-new", args=[slug, kind])
    return {"label": label, "url": f"{url}?{asked}" if asked else url, "current": current}
