"""Which decisions help a plan: the plan asked for, how likely it is, what raises that, and a scenario of each."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, needs
from marops.domains.workflows.actions import keep
from marops.domains.workflows.asking import latest
from marops.domains.workflows.charts.marks import number
from marops.domains.workflows.charts.plans import Gain, gains
from marops.domains.workflows.charts.plots import small
from marops.domains.workflows.decided import start
from marops.domains.workflows.models import WorkflowAnswer
from marops.domains.workflows.pages import answering
from marops.domains.workflows.pages.scenarios import free
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.questions import check_fits, start_comparison
from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.rules.frames import months_on
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.rules.targets import QUARTER, next_month
from marops.domains.workflows.sheets.plan_form import PlanForm, as_today, span_asked, typed_cells
from marops.domains.workflows.situations import Known, known
from marops.kernel.definitions import find
from marops.kernel.errors import INVALID, NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.models import Definition
from marops.kernel.permissions import may
from marops.kernel.workspace import today

JOB = "workflow.decide"
KIND = WorkflowAnswer.Kind.DECISIONS
EARLIER = 6
"""So many plans that were asked about are listed."""


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def decisions(request: HttpRequest, slug: str) -> HttpResponse:
    """The plan that was asked about last with its decisions, and the form of the next question."""
    here = known(slug)
    kept = _kept(here.slug, request.GET.get("answer", ""))
    if request.method == "POST" and "shape" not in request.POST:
        form = _posted(request, here)
        try:
            job = start(here.slug, form.document(), actor=actor_of(request))
        except MaropsError as error:
            if error.code != INVALID:
                raise
            form.refused(error)
            return _page(request, here, kept, form, status=422)
        return redirect(answering.with_job(_url(here.slug), job))
    if request.method == "POST":
        form = _shaped(request, here)
    else:
        asked = answering.waiting(request.GET.get("job", ""), JOB, here.slug)
        plan = asked.arguments.get("plan") if asked else kept.asked["plan"] if kept else None
        form = _first_form(here, plan)
    return _page(request, here, kept, form)


def _posted(request: HttpRequest, here: Known) -> PlanForm:
    first, months = span_asked(request.POST, today())
    return PlanForm(request.POST, here.situation, here.slug, today(), cells={}, first=first, months=months)


def _shaped(request: HttpRequest, here: Known) -> PlanForm:
    """Other months: what was typed stays; months that are new ask for what comes in today where that was left as it
    was, else for what the last one did.
    """
    first, months = span_asked(request.POST, today())
    days = tuple(months_on(first, number) for number in range(months))
    names = [f"{day.year:04}-{day.month:02}" for day in days]
    typed = typed_cells(request.POST)
    span = tuple(
        date.fromisoformat(f"{month}-01") for month in sorted({one for each in typed.values() for one in each})
    )
    before, after = (as_today(here.situation, here.slug, each) for each in (span, days))
    filled = {
        key: after[key]
        if before.get(key) == each and key in after
        else {month: each.get(month, each[max(each)]) for month in names}
        for key, each in typed.items()
    }
    ahead = str(request.POST.get("ahead_days", ""))
    return PlanForm(
        None, here.situation, here.slug, today(), cells=filled, first=first, months=months, ahead_days=ahead
    )


def _first_form(here: Known, plan: Mapping[str, Any] | None) -> PlanForm:
    """The plan that is shown or looked into, as long as it is ahead; else as much as comes in today, in a quarter."""
    first = date.fromisoformat(f"{plan['first']}-01") if plan and "months" in plan and "first" in plan else None
    if plan and first and first >= today() and all(isinstance(one, Mapping) for one in plan["targets"].values()):
        found = {
            tuple(key.split("/", 1)): {month: float(one) for month, one in each.items()}
            for key, each in plan["targets"].items()
        }
        ahead = str(plan.get("ahead_days", ""))
        months = int(plan["months"])
        return PlanForm(
            None, here.situation, here.slug, today(), cells=found, first=first, months=months, ahead_days=ahead
        )
    first = next_month(today())
    cells = as_today(here.situation, here.slug, tuple(months_on(first, number) for number in range(QUARTER)))
    return PlanForm(None, here.situation, here.slug, today(), cells=cells, first=first, months=QUARTER)


def _page(
    request: HttpRequest, here: Known, kept: WorkflowAnswer | None, form: PlanForm, status: int = 200
) -> HttpResponse:
    job = answering.waiting(request.GET.get("job", ""), JOB, here.slug)
    context = {
        "slug": here.slug,
        "title": here.workflow.title,
        "form": form,
        "rows": list(form.rows),
        "job": job,
        "progress_url": reverse("workflows:decisions-progress", args=[here.slug, job.ref]) if job else "",
        "kept": kept,
        "found": _told(kept, here) if kept else None,
        "earlier": _earlier(here.slug, kept),
        "may_change": may(actor_of(request), CHANGE),
        "asks": bool(job) or kept is None or status != 200 or request.method == "POST",
    }
    return render(request, "workflows/decisions.html", context, status=status)


def _url(slug: str) -> str:
    return reverse("workflows:decisions", args=[slug])


def _kept(slug: str, named: str) -> WorkflowAnswer | None:
    """The answer that the address names, else the last one. Raises MaropsError `not-found`."""
    if not named:
        return latest(slug, KIND)
    ident = as_uuid(named)
    row = WorkflowAnswer.objects.filter(id=ident, workflow=slug, kind=KIND).first() if ident else None
    if row is None:
        raise MaropsError(NOT_FOUND, _("This answer is not kept."))
    return row


# --- the answer, told


def _told(kept: WorkflowAnswer, here: Known) -> dict[str, Any]:
    answer = kept.answer
    closer = [one for one in answer["tried"] if one["looked_closer"]]
    best = {one["key"] for one in answer["decisions"]}
    dots = [_gain(one, best=one["key"] in best) for one in closer]
    months = [date.fromisoformat(f"{one['month']}-01") for one in answer["met_by_month"]]
    return {
        "answer": _answer(answer),
        "span": _span(months),
        "asks_for": [_asked_for(one) for one in answer["asks_for"]],
        "dots": gains(dots, ident="gains") if dots else "",
        "dots_narrow": gains(dots, ident="gains-narrow", narrow=True) if dots else "",
        "by_month": small([_percent(one) for one in answer["met_by_month"]], months, ident="by-month",
                          title=_("Probability that the plan is met so far, by month"), unit="%")
        if len(months) > 1 else "",
        "best": [_row(one) for one in answer["decisions"]],
        "closer": [_row(one) for one in closer],
        "rest": [_row(one) for one in answer["tried"] if not one["looked_closer"]],
        "few": next((one["runs"] for one in answer["tried"] if not one["looked_closer"]), 0),
        "in_time": _percent(answer["in_time"]),
        "stale": list(here.refs) != list(kept.asked["versions"]),
        **{name: answer[name] for name in ("says", "runs")},
        "tried": len(answer["tried"]),
    }  # fmt: skip


def _answer(found: dict[str, Any]) -> dict[str, str]:
    """The answer as a sentence: how likely the plan is, and what raises that most."""
    now = _percent(found["today"])
    runs = {"n": number(found["runs"])}
    one = _("The plan is met with a probability of %(n)s %%") % {"n": number(now.value or 0)}
    two = {
        "met-anyway": _("nothing has to be decided for it"),
        "none": _("nothing that was tried raises it, as far as one can tell"),
        "nothing-to-change": _("there is no step that could be changed"),
    }
    if found["says"] == "out-of-reach":
        one = _("The plan is out of reach: it was met in none of %(n)s runs") % runs
        return {"one": one, "iv": _iv(now), "two": _("no change of one step brings it about")}
    if found["says"] != "some":
        return {"one": one, "iv": _iv(now), "two": two[found["says"]]}
    best = found["decisions"][0]
    gain = _percent(best["gain"])
    more = _("“%(what)s” raises it by %(n)s points") % {"what": best["title"], "n": number(gain.value or 0)}
    return {"one": one, "iv": _iv(now), "two": more, "iv2": _iv(gain)}


def _span(months: list[date]) -> str:
    first, last = date_format(months[0], "F Y"), date_format(months[-1], "F Y")
    return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}


def _asked_for(one: dict[str, Any]) -> dict[str, Any]:
    title = one["name"] if one["name"] == one["workflow"] else f"{one['workflow']}, {one['name']}"
    return {**one, "title": title, "said": " + ".join(number(each, 0 if each == round(each) else 1)
                                                      for each in one["per_month"])}  # fmt: skip


def _row(one: dict[str, Any]) -> dict[str, Any]:
    gain, then = _percent(one["gain"]), _percent(one["probability"])
    sooner = _percent(one["in_time_gain"])
    return {
        "key": one["key"], "title": one["title"], "runs": one["runs"],
        "gain": number(gain.value or 0, 0, signed=True), "gain_iv": _iv(gain),
        "then": number(then.value or 0), "then_iv": _iv(then),
        "sooner": number(sooner.value or 0, 1, signed=True), "sooner_iv": _iv(sooner, 1),
    }  # fmt: skip


def _gain(one: dict[str, Any], *, best: bool) -> Gain:
    gain = _percent(one["gain"])
    told = gain.told and (gain.value or 0) > 0
    return Gain(one["title"], gain.value or 0.0, gain.low or 0.0, gain.high or 0.0, told, best)


def _percent(one: dict[str, Any]) -> Estimate:
    value, low, high = (None if one[name] is None else one[name] * 100 for name in ("value", "low", "high"))
    return Estimate(value, low, high)


def _iv(one: Estimate, decimals: int = 0) -> str:
    if one.low is None or one.high is None:
        return ""
    ends = {"low": number(one.low, decimals), "high": number(one.high, decimals)}
    return (_("%(low)s to %(high)s") if one.low < 0 else _("%(low)s–%(high)s")) % ends


def _earlier(slug: str, shown: WorkflowAnswer | None) -> list[dict[str, Any]]:
    """Other plans that were asked about."""
    rows = WorkflowAnswer.objects.filter(workflow=slug, kind=KIND).order_by("-at")
    found = []
    for row in rows[: EARLIER + 1]:
        if shown is None or row.id != shown.id:
            months = [date.fromisoformat(f"{one['month']}-01") for one in row.answer["met_by_month"]]
            now = _percent(row.answer["today"])
            asked = [_asked_for(one) for one in row.answer["asks_for"]]
            found.append(
                {
                    "at": row.at, "span": _span(months), "url": f"{_url(slug)}?{urlencode({'answer': str(row.id)})}",
                    "what": "; ".join(f"{one['title']} {one['said']}" for one in asked),
                    "now": number(now.value or 0), "iv": _iv(now), "best": row.answer["decisions"][:1],
                }
            )  # fmt: skip
    return found[:EARLIER]


# --- what follows


@require_GET
@needs(VIEW)
def progress(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """How far the search is; once it has ended, the page is loaded with its answer."""
    here = find(f"workflow/{slug}").slug
    return answering.how_far(request, answering.job_named(ref, JOB, here), _url(here))


@require_POST
@needs(CHANGE)
def keep_decision(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a scenario of a decision, and compare it with doing nothing."""
    here = known(slug)
    kept = _kept(here.slug, request.POST.get("answer", ""))
    rows = kept.answer["tried"] if kept else []
    document = next((one["scenario"] for one in rows if one["key"] == request.POST.get("decision")), None)
    if document is None:
        raise MaropsError(NOT_FOUND, _("This decision was not tried."))
    check_fits(here, Scenario.model_validate(document))
    name = _same(document) or free(slugify(document["title"]))
    keep(actor=actor_of(request), kind="scenario", slug=name, document=document, reason=_("A decision for a plan"))
    job = start_comparison(here.slug, [name], actor=actor_of(request))
    messages.success(request, _("“%(title)s” is a scenario now.") % {"title": document["title"]})
    url = reverse("workflows:workflow", args=[here.slug])
    return redirect(f"{url}?{urlencode([('with', name), ('job', job.ref)])}")


def _same(document: dict[str, Any]) -> str:
    """The scenario in force that says just this."""
    rows = Definition.objects.filter(kind="scenario", state=Definition.State.ACTIVE)
    return next((row.slug for row in rows if row.document == document), "")
