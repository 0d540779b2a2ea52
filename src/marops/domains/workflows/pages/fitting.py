"""How well a workflow reproduces a log that it has not seen: asked, followed, shown beside the noise floor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from marops.domains.accounts.public import actor_of, needs
from marops.domains.workflows.asking import kept_answer
from marops.domains.workflows.charts.fits import TWICE, FitBar, floors
from marops.domains.workflows.charts.marks import number, span
from marops.domains.workflows.evidence import drift_of
from marops.domains.workflows.models import EventLog, LogName, WorkflowAnswer
from marops.domains.workflows.pages import answering
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.queries import source_of
from marops.domains.workflows.questions import start_fit
from marops.domains.workflows.reading.forms import FitForm
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.telling.drifts import drift_words
from marops.kernel.definitions import find, load
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.forms import posted, problems_on
from marops.kernel.models import Job
from marops.kernel.permissions import may

JOB = "workflow.fit"
_EARLIER = 12
_FIRST = "cycle-time"


@dataclass(frozen=True, slots=True)
class FitRow:
    """One distance: its name and what it compares in plain words, the figures, and its bar."""

    name: str
    means: str
    simulated: str
    between: str
    floor: str
    bar: FitBar


def measure_words() -> Mapping[str, tuple[str, str]]:
    """What each distance compares, as people say it."""
    return {
        "cycle-time": (_("How long cases take"), _("From the first start of a case to its last end.")),
        "relative-event": (
            _("How far into a case work is done"), _("How long after its case began a piece of work starts and ends."),
        ),
        "2-gram": (_("Which step follows which"), _("How often one step comes right after another.")),
        "3-gram": (_("Which three steps follow each other"), _("The same for three in a row.")),
        "circadian-event": (
            _("At which hours work is done"), _("At which hours of each weekday pieces of work start and end."),
        ),
        "circadian-workforce": (
            _("How many people are at work"), _("How many people are seen in each hour of each weekday."),
        ),
        "work-in-progress": (_("How much is under way"), _("How many cases are in work in each hour.")),
        "case-arrival": (_("When cases come in"), _("The dates at which cases begin.")),
        "absolute-event": (_("When work is done"), _("The dates at which pieces of work start and end.")),
        "remaining-time": (_("When cases end"), _("The dates at which cases end.")),
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@needs(VIEW)
def fit(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose a log and ask; below, what was found when somebody asked last."""
    row = find(f"workflow/{slug}")
    flow: Workflow = load(row)
    source = source_of(flow)
    form = FitForm(posted(request), logs=_choices(source))
    if form.is_bound and form.is_valid():
        with problems_on(form):
            asked = start_fit(
                slug, form.cleaned_data["against"], actor=actor_of(request), runs=form.cleaned_data["runs"]
            )
            return redirect(answering.with_job(reverse("workflows:fit", args=[slug]), asked))
    answers = list(
        WorkflowAnswer.objects.filter(workflow=slug, kind=WorkflowAnswer.Kind.FIT).order_by("-at")[:_EARLIER]
    )
    chosen = _chosen(request, answers)
    job = answering.question(request.GET.get("job", ""), JOB)
    context = {
        "slug": slug,
        "flow": flow,
        "source": source,
        "form": form,
        "may_change": may(actor_of(request), CHANGE),
        "job": job if job and job.state != Job.State.DONE else None,
        "earlier": [_earlier(one) for one in answers if one is not chosen],
        "own_drift": drift_words(drift_of(slug)) if source else None,
        **(_shown(chosen) if chosen else {}),
    }
    return render(request, "workflows/fit.html", context, status=422 if form.is_bound else 200)


@require_GET
@needs(VIEW)
def progress(request: HttpRequest, slug: str, ref: str) -> HttpResponse:
    """How far the comparison is; once it is there, the page is loaded with it."""
    job = answering.question(ref, JOB)
    if job is None:
        raise MaropsError(NOT_FOUND, _("There is no question %(ref)s.") % {"ref": ref})
    if job.state == Job.State.DONE:
        url = f"{reverse('workflows:fit', args=[slug])}?{urlencode({'answer': (job.result or {}).get('kept', '')})}"
        return answering.loaded(request, url)
    return answering.running(request, job)


def _choices(source: EventLog | None) -> list[tuple[str, str]]:
    """Logs of the same work, but for the one the workflow was read off, which it has seen."""
    rows = EventLog.objects.filter(state=EventLog.State.READY).order_by("-number")[:200]
    if source:
        done = LogName.objects.filter(log=source, kind=LogName.Kind.ACTIVITY).values("name")
        alike = LogName.objects.filter(kind=LogName.Kind.ACTIVITY, name__in=done).values("log_id")
        rows = EventLog.objects.filter(state=EventLog.State.READY, id__in=alike).order_by("-number")[:200]
    return [
        (one.ref, _("%(ref)s, %(title)s: %(cases)s cases") % {
            "ref": one.ref, "title": one.title, "cases": number(one.counts.get("case", 0))})
        for one in rows if source is None or one.id != source.id
    ]  # fmt: skip


def _chosen(request: HttpRequest, answers: list[WorkflowAnswer]) -> WorkflowAnswer | None:
    try:
        asked = UUID(request.GET.get("answer", ""))
    except ValueError:
        asked = None
    return next((one for one in answers if one.id == asked), answers[0] if answers else None)


def _shown(row: WorkflowAnswer) -> dict[str, Any]:
    """What the page says of an answer."""
    found = kept_answer(row)
    words = measure_words()
    known = {one["name"]: one for one in found["distances"]}
    rows = [_row(known[name], *words[name]) for name in words if name in known]
    rows.sort(key=lambda one: one.bar.ratio is None)
    bars = [one.bar for one in rows]
    title = _("Each distance in multiples of its noise floor")
    drifted = found.get("drift") or {}
    logs = ((found["source"], drifted.get("source")), (found["against"], drifted.get("against")))
    return {
        "found": found,
        "at": row.at,
        "answer": _answer(known.get(_FIRST), found),
        "under": _under(bars, found),
        "rows": rows,
        "pictures": [
            floors(bars, ident="floors", title=title),
            floors(bars, ident="floors-n", title=title, narrow=True),
        ],
        "drifts": [(ref, told) for ref, one in logs if (told := drift_words(one))],
        "same_version": row.asked.get("versions", [""])[0] == find(f"workflow/{row.workflow}").pinned,
    }  # fmt: skip


def _row(one: Mapping[str, Any], name: str, means: str) -> FitRow:
    ratio, floor = one["ratio"], one["floor"]
    low, high = (None if one[end] is None or not floor else one[end] / floor for end in ("low", "high"))
    why = (
        "" if ratio is not None else _("not compared: other dates") if floor else _("not compared: the logs are alike")
    )
    bar = FitBar(name, ratio, low if ratio is not None else None, high if ratio is not None else None, why)
    between = "" if one["low"] is None else f"{_figure(one['low'], one)}–{_figure(one['high'], one)}"
    return FitRow(name, means, _with_unit(one["value"], one), between, _with_unit(floor, one), bar)


def _figure(value: float, one: Mapping[str, Any]) -> str:
    if one["unit"] == "share":
        return number(100 * value, 1)
    return number(value, 0 if value >= 100 else 1 if value >= 10 else 2)


def _with_unit(value: float, one: Mapping[str, Any]) -> str:
    return f"{_figure(value, one)} {'%' if one['unit'] == 'share' else _('h')}"


def _answer(one: Mapping[str, Any] | None, found: Mapping[str, Any]) -> dict[str, str]:
    """How long cases take, in a sentence, with the interval of the ratio."""
    told = {"log": found["against"]}
    if one is None or one["ratio"] is None:
        return {"one": _("%(log)s holds the very cases that the workflow was read off: that says nothing.") % told}
    around = "" if one["low"] is None else span(one["low"] / one["floor"], one["high"] / one["floor"])
    return {"one": _how_near(one, told), "iv": around}


def _how_near(one: Mapping[str, Any], told: dict[str, str]) -> str:
    told["n"] = number(one["ratio"], 1)
    if one["ratio"] <= 1:
        return (
            _("Cases of the model take as long as those of %(log)s, as nearly as another sample of the work would")
            % told
        )
    ends = [one["ratio"] if one[end] is None else one[end] / one["floor"] for end in ("low", "high")]
    if ends[0] <= TWICE < ends[1]:
        return _("Cases of the model take roughly as long as those of %(log)s: %(n)s times the noise floor") % told
    if ends[1] <= TWICE:
        return _("Cases of the model take nearly as long as those of %(log)s: %(n)s times the noise floor") % told
    return _("Cases of the model take otherwise than those of %(log)s: %(n)s times the noise floor") % told


def _under(bars: list[FitBar], found: Mapping[str, Any]) -> str:
    known = [one for one in bars if one.ratio is not None]
    runs = ngettext("One simulated log", "%(n)s simulated logs", found["asked"]["runs"]) % {"n": found["asked"]["runs"]}
    close = sum((one.ratio or 0.0) <= TWICE for one in known)
    told = {"runs": runs, "source": found["source"], "against": found["against"], "close": close, "all": len(known)}
    return str(capfirst(
        _("%(runs)s, of the workflow read off %(source)s, against %(against)s: %(close)s of %(all)s distances are"
          " at most twice the noise floor.") % told
    ))  # fmt: skip


def _earlier(row: WorkflowAnswer) -> dict[str, Any]:
    known = {one["name"]: one["ratio"] for one in row.answer.get("distances", ())}
    ratio = known.get(_FIRST)
    return {
        "url": f"{reverse('workflows:fit', args=[row.workflow])}?{urlencode({'answer': str(row.id)})}",
        "against": row.answer.get("against", ""),
        "version": row.asked.get("versions", [""])[0],
        "ratio": "–" if ratio is None else f"{number(ratio, 1)}×",
        "at": row.at,
    }
