"""Pages of the trace: why the leads of a period are bad, and which leads a cause holds of."""

from datetime import date, timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from marops.domains.accounts.public import actor_of, mask, needs
from marops.domains.routing.charts import ranged
from marops.domains.routing.forms import TraceForm
from marops.domains.routing.permissions import VIEW
from marops.domains.routing.queries.complaints import Asked, leads_named, leads_with, trace
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.forms import posted
from marops.kernel.permissions import grants
from marops.kernel.workspace import midnight, today

_BACK: Final = timedelta(days=180)
_SHOWN: Final = 12
Row = dict[str, Any]


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def page(request: HttpRequest) -> HttpResponse:
    """The question and its answer: a sentence, the causes with intervals, and three parts. Nothing is written."""
    begin = today() - _BACK
    form = TraceForm(posted(request) or (request.GET if "since" in request.GET else None), initial={"since": begin})
    if form.is_bound and not form.is_valid():
        return render(request, "routing/trace.html", {"form": form}, status=422)
    given: Row = form.cleaned_data if form.is_bound else {"since": begin, "until": None, "leads": ""}
    named = leads_named(given["leads"].split()) if given["leads"] else None
    ids = None if named is None else [one for _ref, one in named if one]
    try:
        told = trace(actor_of(request), _asked(given["since"], given["until"], ids))
    except MaropsError as error:
        return render(request, "routing/trace.html", {"form": form, "stopped": error})
    unknown = [ref for ref, one in named or () if one is None]
    context = {"form": form, "told": told, "unknown": unknown[:20], "more_unknown": max(0, len(unknown) - 20)}
    return render(request, "routing/trace.html", context | _pictured(told, given, named is None))


def _asked(since: date, until: date | None, ids: list[str] | None) -> Asked:
    return Asked(midnight(since), midnight(until + timedelta(days=1)) if until else now(), ids)


def _pictured(told: Row, given: Row, links: bool) -> Row:
    causes = [one for one in told["causes"] if one["cause"] != "unexplained"]
    shown = causes[:_SHOWN]
    bars = ranged([(one["low"], one["excess"], one["high"]) for one in shown])
    rows = [one | {"bar": bar, "url": _url(one, given) if links else ""} for one, bar in zip(shown, bars, strict=True)]
    return {"rows": rows, "more": max(0, len(causes) - _SHOWN), "unexplained": told["causes"][-1]}


def _url(one: Row, given: Row) -> str:
    asked = {"since": given["since"], "cause": one["cause"]} | ({"until": given["until"]} if given["until"] else {})
    return f"{reverse('routing:trace-leads')}?{urlencode(asked)}"


@require_GET
@needs(VIEW)
def leads(request: HttpRequest) -> HttpResponse:
    """The leads complained of that a cause holds of."""
    actor, form = actor_of(request), TraceForm(request.GET)
    if not form.is_valid():
        return render(request, "routing/trace.html", {"form": form}, status=422)
    given, cause = form.cleaned_data, request.GET.get("cause", "")
    hide = mask("personal", grants(actor))
    try:
        says, found = leads_with(actor, _asked(given["since"], given["until"], None), cause)
    except MaropsError as error:
        return render(request, "routing/trace.html", {"form": form, "stopped": error})
    rows = [one | {"name": str(hide(one["name"])) if one["name"] else one["ref"]} for one in found]
    back = f"{reverse('routing:trace')}?{urlencode({'since': given['since']})}"
    return render(request, "routing/trace_leads.html", {"rows": rows, "says": says or _("All of them"), "back": back})
