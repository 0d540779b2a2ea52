"""Pages that tell of workflows: the list, one workflow from its answer to its versions, why, and what to begin with."""

from dataclasses import replace
from typing import Any, get_args

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.workflows.actions import keep
from marops.domains.workflows.asking import bottlenecks_of, compared_last, comparison_in, results_of
from marops.domains.workflows.charts.maps import By
from marops.domains.workflows.pages import open_work, scenarios, taking
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.sheets.opened import sketches_of
from marops.domains.workflows.starter import template_crew, templates
from marops.domains.workflows.telling import Told, assumptions, list_answer, list_row
from marops.kernel.definitions import active, find, load, versions
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition, Job
from marops.kernel.permissions import may

EXAMPLE = "webinar"
"""The template that an empty page shows."""


@require_GET
@needs(VIEW)
def workflows(request: HttpRequest) -> HttpResponse:
    """All workflows: which one is held back most, and each with its crew, its touches and its bottleneck."""
    actor = actor_of(request)
    crews = {row.slug: load(row) for row in active("crew")}
    rows = []
    flows = list(active("workflow"))
    results = bottlenecks_of([row.slug for row in flows], actor)
    for row in flows:
        flow: Workflow = load(row)
        told = Told(flow, crews.get(flow.crew), results[row.slug], slug=row.slug, version=row.version)
        title = crews[flow.crew].title if flow.crew in crews else flow.crew
        rows.append(list_row(row.slug, told, crew=title, version=row.version, state=row.state))
    rows.sort(key=lambda one: -(one.holds_back.value or 0 if one.holds_back else -1))
    drafts = _drafts({one.slug for one in rows})
    context = {
        "rows": rows,
        "drafts": drafts,
        "sketches": sketches_of(actor),
        "answer": list_answer(rows) if rows else {},
        "may_change": may(actor, CHANGE),
        "example": None if rows else _example(),
        **_doors(),
    }
    return render(request, "workflows/workflows.html", context)


def _drafts(known: set[str]) -> list[dict[str, Any]]:
    """Workflows that only exist as drafts."""
    rows = Definition.objects.filter(kind="workflow", state=Definition.State.DRAFT).order_by("slug", "-version")
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.slug not in known:
            found.setdefault(row.slug, {"slug": row.slug, "title": load(row).title, "version": row.version})
    return list(found.values())


def _example() -> Told:
    template = templates()[EXAMPLE]
    return Told(template.workflow, template_crew()[1], linked=False)


def _doors() -> dict[str, str]:
    """Where pages of others begin, as far as they are there."""
    return {
        "new_url": door("workflows:new"),
        "import_url": door("workflows:import"),
        "logs_url": door("workflows:logs"),
        "crews_url": door("workflows:crews"),
        "templates_url": door("workflows:templates"),
    }


def door(name: str, *args: Any) -> str:
    """The address of a page; empty where there is no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@require_GET
@needs(VIEW)
def workflow(request: HttpRequest, slug: str) -> HttpResponse:
    """One workflow: its answer, its map, the four ways to ask for the bottleneck, options compared, versions."""
    row = find(f"workflow/{slug}")
    told = _told(request, row)
    view = request.GET.get("view", "")
    context = {
        "slug": slug,
        "row": row,
        "told": told,
        "picture": told.picture(view),
        "lane_names": told.lane_names(view),
        "is_graph": view == "graph" or (view != "time" and told.has_no_course),
        "views": _views(request, told, view),
        "classes": _classes(request, told),
        "notes": list(assumptions(told)),
        "open_work": open_work.section(row, told.workflow),
        "scenarios": _scenarios(request, told),
        "chosen": _chosen(request, told),
        "versions": _versions(row),
        "may_change": may(actor_of(request), CHANGE),
        "edit_url": door("workflows:edit", slug),
        "outline_edit_url": door("workflows:outline", slug),
        "because_url": reverse("workflows:because", args=[slug]),
        "find_url": reverse("workflows:find-bottleneck", args=[slug]),
        "compare_url": reverse("workflows:compare", args=[slug]),
        "scenario_doors": scenarios.doors(slug, _chosen(request, told)) if may(actor_of(request), CHANGE) else [],
        "job": (job := _job(request)),
        "job_done": str(job.done or 0) if job else "",
        "brief_url": door("workflows:brief", slug),
        "fit_url": door("workflows:fit", slug) if told.workflow.source else "",
        "page_url": _page_url(slug, told),
        "takings": taking.offers(slug, asked=bool(told.four)),
    }
    return render(request, "workflows/workflow.html", context)


def _page_url(slug: str, told: Told) -> str:
    """The one page of the comparison that is shown."""
    if told.results.comparison is None:
        return ""
    kept = compared_last(slug, [one.key for one in told.results.comparison.options])
    url = reverse("workflows:comparison", args=[slug])
    return f"{url}?{urlencode({'answer': str(kept.id)})}" if kept else url


def _told(request: HttpRequest, row: Definition) -> Told:
    by = request.GET.get("by", "role")
    flow: Workflow = load(row)
    asked = request.GET.getlist("with")
    results = results_of(row.slug, actor_of(request))
    if asked:
        kept = compared_last(row.slug, [one for one in asked if one])
        results = replace(results, comparison=comparison_in(kept, actor_of(request)) if kept else None)
    return Told(
        flow,
        crew_of(flow),
        results,
        work_class=request.GET.get("class", ""),
        by="platform" if by == "platform" else "role",
        slug=row.slug,
        version=row.version,
    )


def crew_of(flow: Workflow) -> Crew | None:
    """The crew of a workflow; None where nobody drew it yet."""
    try:
        crew: Crew = load(find(f"crew/{flow.crew}"))
    except MaropsError:
        return None
    return crew


def _views(request: HttpRequest, told: Told, view: str) -> list[dict[str, Any]]:
    """The ways to look at the map; each keeps what else is chosen."""
    graph = view == "graph" or (view != "time" and told.has_no_course)
    words = {"role": _("by role"), "platform": _("by platform")}
    found = [
        {"label": words[by], "url": _with(request, by=by, view="time"), "current": not graph and told.by == by}
        for by in get_args(By)
    ]
    return [*found, {"label": _("as a graph"), "url": _with(request, view="graph"), "current": graph}]


def _classes(request: HttpRequest, told: Told) -> list[dict[str, Any]]:
    """The kinds of work, where there are several: each has a course of its own."""
    known = told.workflow.classes
    if len(known) < 2:
        return []
    most = max(known, key=lambda one: one.arrivals.per_month).id
    chosen = told.work_class if told.work_class in {one.id for one in known} else most
    return [
        {"label": one.name, "url": _with(request, **{"class": one.id}), "current": one.id == chosen} for one in known
    ]


def _with(request: HttpRequest, **given: str) -> str:
    asked = request.GET.copy()
    for key, value in given.items():
        asked[key] = value
    return f"?{asked.urlencode()}#map"


def _chosen(request: HttpRequest, told: Told) -> list[str]:
    """The scenarios that are pressed: those of the address, else those compared last."""
    if "with" in request.GET:
        return [one for one in request.GET.getlist("with") if one]
    return [one.key for one in told.results.comparison.options] if told.results.comparison else []


def _scenarios(request: HttpRequest, told: Told) -> list[dict[str, Any]]:
    """Scenarios as chips: pressed ones are compared, in the colours of their lines; a click presses or releases."""
    compared = [one.key for one in told.results.comparison.options] if told.results.comparison else []
    chosen = _chosen(request, told)
    return [
        {
            "slug": row.slug,
            "title": load(row).title,
            "on": row.slug in chosen,
            "place": compared.index(row.slug) + 1 if row.slug in compared[:4] else 0,
        }
        for row in active("scenario")
        if row.slug in chosen or _meant(load(row), told)
    ]


def _meant(scenario: Scenario, told: Told) -> bool:
    """Does a scenario speak of this workflow and its crew?"""
    people = {one.id for one in told.crew.people} if told.crew else set()
    skills = {one.skill for one in told.workflow.steps}
    steps = {one.id for one in told.workflow.steps}
    for one in scenario.changes:
        said = one.model_dump(by_alias=True)
        named = [said.get("step"), *(said.get("steps") or ())]
        for ref in named:
            flow, _slash, step = str(ref or "").rpartition("/")
            if step and (flow == told.slug or (not flow and step in steps)):
                return True
        if said.get("workflow") == told.slug or said.get("person") in people:
            return True
        if one.change == "hire" and skills & set(one.skills):
            return True
        if one.change in ("demand", "limit") and not said.get("workflow"):
            return True
    return not scenario.changes


def _job(request: HttpRequest) -> Job | None:
    """The question that the address names, as long as it is not answered."""
    job = scenarios.job_of(request.GET.get("job", ""))
    return job if job and job.state != Job.State.DONE else None


def _versions(row: Definition) -> list[dict[str, Any]]:
    found = versions("workflow", row.slug)
    who = names([one.author for one in found])
    return [
        {
            "version": one.version,
            "at": one.valid_from or one.created_at,
            "who": who.get(one.author, one.author),
            "kind": "human" if one.author in who else "auto",
            "reason": one.reason,
            "state": one.state,
            "diff_url": reverse("definition", args=["workflow", row.slug, one.version]),
        }
        for one in found
    ]


@require_GET
@needs(VIEW)
def because(request: HttpRequest, slug: str) -> HttpResponse:
    """Why the page says what it says: where its figures are from, what was left out, what would change them."""
    row = find(f"workflow/{slug}")
    told = _told(request, row)
    context = {"slug": slug, "row": row, "told": told, "notes": list(assumptions(told))}
    return render(request, "workflows/because.html", context)


@require_GET
@needs(VIEW)
def svg(request: HttpRequest, slug: str) -> HttpResponse:
    """The map as a picture of its own, to be pasted elsewhere."""
    from marops.domains.workflows.charts.alone import alone

    told = _told(request, find(f"workflow/{slug}"))
    answer = HttpResponse(alone(told.picture(request.GET.get("view", ""))), content_type="image/svg+xml")
    answer["Content-Disposition"] = f'attachment; filename="{slug}.svg"'
    return answer


@require_GET
@needs(VIEW)
def offered(request: HttpRequest) -> HttpResponse:
    """The workflows that one may begin with, each with its course."""
    crew = template_crew()[1]
    found = [
        {
            "slug": slug,
            "told": (told := Told(one.workflow, crew, linked=False)),
            "picture": told.picture("time"),
            "steps": len(one.workflow.steps),
            "mix": told.mix(f"mix-{slug}", 560),
        }
        for slug, one in templates().items()
    ]
    context = {"templates": found, "crew": crew, "may_change": may(actor_of(request), CHANGE), **_doors()}
    return render(request, "workflows/templates.html", context)


@require_POST
@needs(CHANGE)
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Take a template over: it holds at once under a name that is free, and so does its crew if there is none yet."""
    actor = actor_of(request)
    if slug not in templates():
        raise MaropsError(NOT_FOUND, _("There is no template called %(name)s.") % {"name": slug})
    template = templates()[slug]
    crew_slug = template.workflow.crew
    said = _("From a template")
    if not Definition.objects.filter(kind="crew", slug=crew_slug).exists():
        keep(actor=actor, kind="crew", slug=crew_slug, document=template_crew()[0], reason=said)
    free = _free(slug)
    keep(actor=actor, kind="workflow", slug=free, document=template.document, reason=said)
    messages.success(
        request, _("%(title)s is yours. All its figures are assumed.") % {"title": template.workflow.title}
    )
    return redirect("workflows:workflow", free)


def _free(slug: str) -> str:
    taken = set(Definition.objects.filter(kind="workflow", slug__startswith=slug).values_list("slug", flat=True))
    return next(one for one in (slug, *(f"{slug}-{n}" for n in range(2, 10_000))) if one not in taken)
