"""Pages of the trace: why leads are bad, which leads a cause holds of, and answers that were kept."""

from datetime import date, timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, mask, needs
from marops.domains.routing.actions.tracing import complain, draft_remedy
from marops.domains.routing.charts import ranged
from marops.domains.routing.forms import TraceForm
from marops.domains.routing.models import Complaint
from marops.domains.routing.papers import complaint_pdf
from marops.domains.routing.permissions import CHANGE, VIEW
from marops.domains.routing.queries.complaints import Asked, about, leads_named, leads_with, trace
from marops.domains.routing.queries.followed import complaint_json, complaint_of, complaints
from marops.domains.routing.queries.tracing import Wanted
from marops.kernel.clock import now
from marops.kernel.definitions import CHANGE as DRAFT
from marops.kernel.errors import MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.permissions import grants, may
from marops.kernel.workspace import midnight, today

_BACK: Final = timedelta(days=180)
_CHANCE, _FEWEST = 2, 6
"""So many causes that may be chance are shown below the others, and so many causes at least."""
Row = dict[str, Any]


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def page(request: HttpRequest) -> HttpResponse:
    """The question and its answer: a sentence, the causes with intervals, and three parts; `do=keep` keeps it."""
    actor = actor_of(request)
    form = TraceForm(posted(request) or (request.GET if "since" in request.GET else {"since": str(today() - _BACK)}))
    context: Row = {"form": form, "kept": complaints(actor)}
    if not form.is_valid():
        return render(request, "routing/trace.html", context, status=422)
    asked, unknown = _asked(form)
    if request.POST.get("do") == "keep":
        with problems_on(form):
            row = complain(actor, asked, said=form.cleaned_data["said"])
            messages.success(request, _("%(ref)s is kept as it was answered.") % {"ref": row.ref})
            return redirect("routing:complaint", ref=row.ref)
    try:
        told = trace(actor, asked)
    except MaropsError as error:
        return render(request, "routing/trace.html", context | {"stopped": error})
    context |= {"unknown": unknown[:20], "more_unknown": max(0, len(unknown) - 20), "about": about(asked)}
    return render(request, "routing/trace.html", context | pictured(told, _query(form, asked)))


def _asked(form: TraceForm) -> tuple[Asked, list[str]]:
    """What a valid form asks, and the references in it that name no lead."""
    given = form.cleaned_data
    named = leads_named(given["leads"].split()) if given["leads"] else None
    ids = None if named is None else [one for _ref, one in named if one]
    wanted = Wanted(ids, given["which"] == "got", {} if named is not None else form.among())
    unknown = [ref for ref, one in named or () if one is None]
    return Asked(midnight(given["since"]), _end(given["until"]), wanted), unknown


def _end(until: date | None) -> Any:
    return midnight(until + timedelta(days=1)) if until else now()


def _query(form: TraceForm, asked: Asked) -> dict[str, str]:
    """The question as an address asks it; nothing where leads are named, which no address has room for."""
    if asked.wanted.ids is not None:
        return {}
    return {name: value for name in ("since", "until", "which", "source", "owner", "reason", "country")
            if (value := form.data.get(name, ""))}  # fmt: skip


def pictured(told: Row, query: dict[str, str] | None = None) -> Row:
    """An answer with the places of its dots, and each cause with the address of its leads."""
    causes = [one for one in told["causes"] if one["cause"] != "unexplained"]
    worth = [one for one in causes if one["low"] > 0]
    shown = [*worth, *(one for one in causes if one not in worth)][: max(len(worth) + _CHANCE, _FEWEST)]
    bars = ranged([(one["low"], one["excess"], one["high"]) for one in shown])
    rows = [
        one | {"bar": bar, "url": _url(one["cause"], query) if query else ""}
        for one, bar in zip(shown, bars, strict=True)
    ]
    last = told["causes"][-1]
    return {
        "told": told, "rows": rows, "more": len(causes) - len(shown),
        "unexplained": last | {"url": _url("unexplained", query) if query else ""},
    }  # fmt: skip


def _url(cause: str, query: dict[str, str]) -> str:
    return f"{reverse('routing:trace-leads')}?{urlencode({**query, 'cause': cause})}"


@require_GET
@needs(VIEW)
def leads(request: HttpRequest) -> HttpResponse:
    """The leads complained of that a cause holds of."""
    actor, form = actor_of(request), TraceForm(request.GET)
    if not form.is_valid():
        return render(request, "routing/trace.html", {"form": form}, status=422)
    cause, hide = request.GET.get("cause", ""), mask("personal", grants(actor))
    asked, _unknown = _asked(form)
    try:
        says, found = leads_with(actor, asked, cause)
    except MaropsError as error:
        return render(request, "routing/trace.html", {"form": form, "stopped": error})
    rows = [one | {"name": str(hide(one["name"])) if one["name"] else one["ref"]} for one in found]
    back = f"{reverse('routing:trace')}?{urlencode(_query(form, asked))}"
    shown = {"rows": rows, "says": says or _("All of them"), "back": back, "about": about(asked)}
    return render(request, "routing/trace_leads.html", shown)


# --- Kept answers -----------------------------------------------------------------------------------------------------


@require_GET
@needs(VIEW)
def complaint(request: HttpRequest, ref: str) -> HttpResponse:
    """An answer as it was given, and what became of its change; `?as=pdf` is a paper, `?as=json` a file."""
    actor = actor_of(request)
    row = complaint_of(actor, ref)
    told = complaint_json(actor, row)
    if (form := request.GET.get("as")) == "pdf":
        answer = HttpResponse(complaint_pdf(told, row.at), content_type="application/pdf")
    elif form == "json":
        answer = JsonResponse(told)
    else:
        return render(request, "routing/complaint.html", _shown(actor_of(request), row, told))
    answer["Content-Disposition"] = f'attachment; filename="{row.ref}.{form}"'
    return answer


def _shown(actor: Any, row: Complaint, told: Row) -> Row:
    proposal = told["answer"]["proposal"]
    changes = [proposal, *proposal.get("alternatives", ())] if proposal else []
    may_draft = may(actor, DRAFT) and may(actor, CHANGE)
    return pictured(told["answer"]) | {
        "row": row, "by": told["by_name"], "followed": told["followed"], "about": row.about,
        "changes": [one | {"may": may_draft and one["may_draft"] and not row.draft} for one in changes],
        "draft_url": _definition_url(row.draft) if row.draft else "",
    }  # fmt: skip


def _definition_url(pinned: str) -> str:
    kind, slug = pinned.partition("@")[0].split("/")
    return (
        reverse("routing:route-simulate", args=[slug]) if kind == "route" else reverse("scoring:compare", args=[slug])
    )


@require_POST
@needs(DRAFT)
def draft(request: HttpRequest, ref: str) -> HttpResponse:
    """Make a draft of the change that mends a cause, and lead to what it would do."""
    actor = actor_of(request)
    row = complaint_of(actor, ref)
    try:
        made = draft_remedy(actor, row, request.POST.get("cause", ""))
    except MaropsError as error:
        messages.error(request, f"{error} {error.remedy}")
        return redirect("routing:complaint", ref=row.ref)
    messages.success(
        request, _("%(ref)s is a draft. See what it would do, then put it in force.") % {"ref": made.pinned}
    )
    return redirect(_definition_url(made.pinned))
