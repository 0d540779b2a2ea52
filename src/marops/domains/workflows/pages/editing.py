"""Pages on which a workflow is drawn: the canvas, and how both doors check, keep and save one document."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.workflows import actions
from marops.domains.workflows.pages.starting import begun, new_crew, starts
from marops.domains.workflows.pages.words import words
from marops.domains.workflows.permissions import CHANGE
from marops.domains.workflows.rules.document import Step, WorkClass
from marops.domains.workflows.sheets import entries
from marops.domains.workflows.sheets.checking import drafted, troubles
from marops.domains.workflows.sheets.edits import new_id, with_ways
from marops.domains.workflows.sheets.forms import NewForm
from marops.domains.workflows.sheets.opened import Opened, crew_of, crews, free_slug, newest_of, opened
from marops.kernel.errors import CONFLICT, INVALID, FieldError, MaropsError
from marops.kernel.forms import posted, problems_on

_LARGEST = 4_000_000


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def new(request: HttpRequest) -> HttpResponse:
    """Begin a workflow: empty, from a template, or as a copy."""
    actor = actor_of(request)
    initial = {"start": request.GET.get("from", "")}
    form = NewForm(posted(request), starts=starts(), crews=crews(), initial=initial)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        slug = free_slug("workflow", new_id(given["title"], (), "workflow"))
        crew = given["crew"] or free_slug("crew", slug)
        with problems_on(form):
            document = begun(given["start"], title=given["title"], unit=given["unit"], crew=crew)
            if not given["crew"]:
                made = new_crew(given["start"], given["title"])
                actions.keep(actor=actor, kind="crew", slug=crew, document=made, reason=_("For a new workflow"))
            actions.sketch(actor=actor, slug=slug, document=document, words=_("Begun"), base=0)
            door = "workflows:outline" if "outline" in request.POST else "workflows:edit"
            return redirect(door, slug=slug)
    return render(request, "workflows/new.html", {"form": form}, status=422 if form.is_bound else 200)


@require_GET
@needs(CHANGE)
def canvas(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw a workflow with the mouse or with keys."""
    here = opened(actor_of(request), slug)
    context = {"here": here, "data": _data(here), "back_url": back_url(here)}
    return render(request, "workflows/canvas.html", context)


def back_url(here: Opened) -> str:
    """Where one goes from the editor: to the workflow, or to all of them while this one is not saved."""
    return reverse("workflows:workflow", args=[here.slug]) if here.newest else reverse("workflows:workflows")


def _data(here: Opened) -> dict[str, Any]:
    known = here.known()
    blank_step, blank_class = Step(id="x", name="x"), WorkClass.model_validate(_ONE)
    plain: dict[str, Any] = {"mode": "json", "by_alias": True, "exclude_none": True}
    return {
        **entries.as_json(),
        "slug": here.slug,
        "document": here.document,
        "base": here.base,
        "sketched": here.sketch is not None,
        "overtaken": here.overtaken,
        "troubles": [one.as_json() for one in here.troubles()],
        "blank": {"step": blank_step.model_dump(**plain), "class": blank_class.model_dump(**plain)},
        "known": {
            "skills": known.skills,
            "platforms": known.platforms,
            "crews": known.crews,
            "calendars": known.calendars,
            "people": known.people,
        },
        "months": [str(one) for one in _months()],
        "words": words(),
        "urls": {
            "check": reverse("workflows:check", args=[here.slug]),
            "save": reverse("workflows:save", args=[here.slug]),
            "sketch": reverse("workflows:sketch", args=[here.slug]),
            "outline": reverse("workflows:outline", args=[here.slug]),
            "back": back_url(here),
        },
    }


_ONE: Mapping[str, Any] = {"id": "x", "name": "x", "arrivals": {"per_month": 4}}


def _months() -> list[Any]:
    from django.utils.dates import MONTHS_3

    return [MONTHS_3[number].title() for number in range(1, 13)]


@require_POST
@needs(CHANGE)
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """What is wrong with a document, which is not kept: `{"items": [{"pointer", "message", "kind", "id" …}]}`."""
    document = _sent(request)
    try:
        drawn = with_ways(drafted(document))
    except MaropsError:
        drawn = {"steps": [], "classes": [], **document}
    found = troubles(drawn, crew_of(drawn))
    return JsonResponse({"items": [one.as_json() for one in found]})


@require_POST
@needs(CHANGE)
def keep_sketch(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep what is drawn on the canvas, so that the outline goes on from there."""
    actor = actor_of(request)
    here = opened(actor, slug)
    document = _sent(request)
    said = _("Drawn on the canvas")
    row = actions.sketch(actor=actor, slug=slug, document=document, words=said, base=here.base, before=here.document)
    return JsonResponse({"base": row.base})


@require_POST
@needs(CHANGE)
def save(request: HttpRequest, slug: str) -> HttpResponse:
    """Put what was drawn in force as a new version: the document that was sent, else one's sketch."""
    actor = actor_of(request)
    here = opened(actor, slug)
    given = _fields(request)
    _not_overtaken(here, given)
    document = given["document"] if given.get("document") is not None else here.document
    row = actions.keep(
        actor=actor, kind="workflow", slug=slug, document=document, reason=str(given.get("reason") or "").strip()
    )
    actions.drop_sketch(actor=actor, slug=slug)
    url = reverse("workflows:workflow", args=[slug])
    if _is_json(request):
        return JsonResponse({"version": row.version, "url": url, "document": with_ways(row.document)})
    messages.success(request, _("Version %(version)s is saved and in force.") % {"version": row.version})
    return redirect(url)


def _not_overtaken(here: Opened, given: Mapping[str, Any]) -> None:
    """Refuse to write over what somebody else saved meanwhile, unless that version is named as the base."""
    newest = newest_of("workflow", here.slug)
    seen = str(given.get("base") if given.get("base") is not None else here.base)
    if newest and (not seen.isdecimal() or int(seen) < newest.version):
        said = _("Somebody saved version %(version)s after you began.") % {"version": newest.version}
        raise MaropsError(
            CONFLICT, said, remedy=_("Look at it; save once more to put yours in its place."),
            extra={"newest": newest.version},
        )  # fmt: skip


def _is_json(request: HttpRequest) -> bool:
    return request.content_type == "application/json"


def _fields(request: HttpRequest) -> Mapping[str, Any]:
    if not _is_json(request):
        return request.POST.dict()
    return _json(request)


def _json(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > _LARGEST:
        raise MaropsError(INVALID, _("This is too large for a workflow."))
    try:
        sent = json.loads(request.body)
    except ValueError:
        sent = None
    if not isinstance(sent, dict):
        fault = FieldError("json", _("This is no JSON object."))
        raise MaropsError(INVALID, errors=[fault])
    return sent


def _sent(request: HttpRequest) -> dict[str, Any]:
    document = _json(request).get("document")
    if not isinstance(document, dict):
        raise MaropsError(INVALID, errors=[FieldError("required", _("There is no document."), pointer="/document")])
    return document
