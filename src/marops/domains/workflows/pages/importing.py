"""Pages of bringing work in: choose a file, see how it is understood, let it run, see what came of it; all logs."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.workflows.charts import plots
from marops.domains.workflows.models import EventLog
from marops.domains.workflows.permissions import CHANGE, VIEW
from marops.domains.workflows.plan import Given, LogPlan, lacking, plan_log
from marops.domains.workflows.public import (
    import_model,
    is_diagram,
    slug_for,
    start_discovery,
    start_facts,
    start_kept_log,
    title_of_file,
)
from marops.domains.workflows.queries import find_log, import_json, job_of, logs, work_here
from marops.domains.workflows.reading.forms import LogFileForm, LogPlanForm, NoiseForm, meaning_words
from marops.domains.workflows.reading.meanings import MEANINGS, TIMES
from marops.domains.workflows.telling import cause_words
from marops.domains.workflows.telling.drifts import DriftWords, drift_words
from marops.domains.workflows.telling.words import lead
from marops.domains.workflows.writing import remove_log
from marops.kernel import files
from marops.kernel.errors import MaropsError
from marops.kernel.forms import add_problem, posted
from marops.kernel.models import File
from marops.kernel.permissions import may

PER_PAGE = 50
_KINDS = {"ready": "good", "failed": "bad", "stopped": "warn", "reading": "info", "waiting": "draft"}
_SHOWN = ("row", "case", "activity", "resource", "role", "class", "enabled", "start", "end", "mark", "platform",
          "touch", "skill", "cost", "attempt")  # fmt: skip


def _state_words() -> dict[str, str]:
    return {
        "waiting": _("waits"),
        "reading": _("is being read"),
        "stopped": _("stopped"),
        "failed": _("refused"),
        "ready": _("ready"),
    }


def format_words() -> dict[str, str]:
    """Formats as people say them."""
    return {
        "csv": "CSV",
        "sheet": _("workbook"),
        "parquet": "Parquet",
        "xes": "XES",
        "ocel": "OCEL 2.0",
        "facts": _("work done here"),
    }


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def new(request: HttpRequest) -> HttpResponse:
    """Choose a file: a log is looked at first, a diagram is kept at once."""
    if request.method == "GET":
        return render(request, "workflows/import.html", {"form": LogFileForm(), "here": work_here()})
    form = LogFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "workflows/import.html", {"form": form, "here": work_here()}, status=422)
    upload, figures = form.cleaned_data["file"], form.cleaned_data["figures"]
    try:
        if is_diagram(upload) or (figures and is_diagram(figures)):
            return _diagram(request, upload, figures, form.cleaned_data["crew"])
        row = files.keep(upload.chunks(), name=upload.name, actor=actor_of(request))
        plan_log(files.path_of(row), name=row.name)
    except MaropsError as error:
        add_problem(form, error)
        return render(request, "workflows/import.html", {"form": form, "here": work_here()}, status=422)
    return redirect("workflows:import-plan", file_id=row.id)


def _diagram(request: HttpRequest, upload: Any, figures: Any, crew: str) -> HttpResponse:
    parts = [upload.read(), figures.read() if figures else None]
    made = import_model(parts, actor=actor_of(request), title=title_of_file(upload.name), crew=crew)
    lost = len(made["notes"])
    said = _("It is a workflow now; everything that was in the file is on its map.")
    if lost:
        said = ngettext(
            "It is a workflow now. %(n)d thing was assumed or left out: see “What this rests on”.",
            "It is a workflow now. %(n)d things were assumed or left out: see “What this rests on”.", lost,
        ) % {"n": lost}  # fmt: skip
    messages.success(request, said)
    if made["joins"]:
        messages.warning(request, made["joins"])
    return redirect(f"{reverse('workflows:workflow', args=[made['workflows'][0]['workflow']])}#notes")


@require_POST
@needs(CHANGE)
def facts(request: HttpRequest) -> HttpResponse:
    """Read the work that was done in this workspace."""
    log, _job = start_facts(actor=actor_of(request))
    messages.success(request, _("The work is being read. You may leave this page; it goes on."))
    return redirect("workflows:log", ref=log.ref)


@require_http_methods(["GET", "POST"])
@needs(CHANGE)
def plan(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """How a log is understood: what each column means, its first rows, what is wrong. From here it is started.

    A change of the form asks for the same page again and takes its preview.
    """
    actor = actor_of(request)
    row = files.file_for(actor, file_id)
    path = files.path_of(row)
    proposed = plan_log(path, _before(request), name=row.name)
    if request.method == "GET":
        return _shown(request, row, proposed, LogPlanForm(proposed, title=title_of_file(row.name)))
    form = LogPlanForm(proposed, request.POST)
    looking = "preview" in request.POST or bool(request.headers.get("HX-Request"))
    if not form.is_valid():
        return _shown(request, row, proposed, form, status=200 if looking else 422)
    given = form.cleaned_data
    try:
        chosen = plan_log(path, form.as_given(), name=row.name)
        if looking:
            again = LogPlanForm(chosen, title=given["title"], noise=given["noise"])
            return _shown(request, row, chosen, again)
        log, _job = start_kept_log(
            row, chosen, actor=actor, title=given["title"], slug=slug_for(given["title"]), noise=given["noise"] / 100
        )
    except MaropsError as error:
        add_problem(form, error)
        return _shown(request, row, proposed, form, status=200 if looking else 422)
    messages.success(request, _("The log is being read. You may leave this page; it goes on."))
    return redirect("workflows:log", ref=log.ref)


def _before(request: HttpRequest) -> Given | None:
    """Of object-centric logs the columns depend on what is followed: that is asked for first."""
    chosen = request.POST.get("case_object", "")
    return Given(case_object=chosen) if chosen else None


def _shown(request: HttpRequest, row: File, shown: LogPlan, form: LogPlanForm, *, status: int = 200) -> HttpResponse:
    missing = lacking(shown)
    problems = [] if missing else shown.problems  # what no column says, every row lacks
    columns = [{"column": one, "field": form[f"c{number}"]} for number, one in enumerate(shown.columns)]
    heads = [one for one in _SHOWN if any(one in line for line in shown.preview)]
    if "lifecycle" not in shown.meanings and "mark" in heads:
        heads.remove("mark")
    context = {
        "file": row,
        "plan": shown,
        "form": form,
        "columns": columns,
        "missing": missing,
        "answer": _understood(shown) if not missing else missing[0].message,
        "heads": [_head_words().get(one, one) for one in heads],
        "lines": [[_cell(line.get(one, ""), one, shown.zone) for one in heads] for line in shown.preview],
        "problems": problems[:10],
        "more_problems": max(0, len(problems) - 10),
    }
    return render(request, "workflows/import_plan.html", context, status=status)


def _cell(value: Any, meaning: str, zone: str) -> Any:
    """A cell of the first rows as a person reads it: moments on the clock of the zone."""
    if meaning in TIMES and value:
        return datetime.fromisoformat(value).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    return value


def _head_words() -> dict[str, str]:
    return {
        "row": _("Row"), "case": _("Case"), "activity": _("Activity"), "resource": _("Who"), "role": _("Role"),
        "class": _("Kind"), "enabled": _("Ready"), "start": _("Start"), "end": _("End"), "mark": _("Marks"),
        "platform": _("Platform"), "touch": _("Touch"), "skill": _("Skill"), "cost": _("Cost"), "attempt": _("Attempt"),
    }  # fmt: skip


def _understood(shown: LogPlan) -> str:
    said = ngettext(
        "%(n)s row was looked at: it is a log.", "%(n)s rows were looked at: it is a log.", shown.rows_looked_at
    ) % {"n": f"{shown.rows_looked_at:,}"}
    if shown.problems:
        wrong = ngettext("%(n)d row cannot be used.", "%(n)d rows cannot be used.", len(shown.problems))
        return f"{said} {wrong % {'n': len(shown.problems)}}"
    return said


# --- logs ---


@require_GET
@needs(VIEW)
def history(request: HttpRequest) -> HttpResponse:
    """Every log that was brought in, the newest first."""
    before = request.GET.get("before", "")
    found = logs(limit=PER_PAGE + 1, before=int(before) if before.isdecimal() and len(before) < 18 else None)
    people = names([one.actor_id for one in found])
    words, formats = _state_words(), format_words()
    rows = [
        {
            "log": one,
            "state": words[one.state],
            "kind": _KINDS[one.state],
            "format": formats.get(one.format, one.format),
            "who": people.get(one.actor_id, one.actor_id),
        }
        for one in found[:PER_PAGE]
    ]
    context = {
        "rows": rows,
        "before": found[PER_PAGE - 1].number if len(found) > PER_PAGE else None,
        "first": not before,
        "answer": _newest(found),
        "may_change": may(actor_of(request), CHANGE),
    }
    return render(request, "workflows/logs.html", context)


def _newest(found: list[EventLog]) -> str:
    ready = next((one for one in found if one.state == EventLog.State.READY), None)
    if ready is None:
        return _("No log could be read so far.")
    return _("The last log holds %(events)s pieces of work in %(cases)s cases.") % {
        "events": f"{ready.counts['events']:,}", "cases": f"{ready.counts['case']:,}",
    }  # fmt: skip


@require_GET
@needs(VIEW)
def log(request: HttpRequest, ref: str) -> HttpResponse:
    """One log: how far its reading is, or what it holds and which workflows it became."""
    row = find_log(ref)
    job = job_of(row)
    ended = job is None or job.state in ("done", "failed", "stopped")
    told = import_json(row)
    for one in told["workflows"]:
        one["said"] = _in_days(one)
    words, given = meaning_words(), row.mapping.get("columns", {})
    context = {
        "log": row,
        "job": job,
        "ended": ended,
        "problem": job.problem if job and job.state == "failed" else None,
        "state": _state_words()[row.state],
        "kind": _KINDS[row.state],
        "format": format_words().get(row.format, row.format),
        "who": names([row.actor_id]).get(row.actor_id, row.actor_id),
        "answer": _outcome(row, told, ended=ended),
        "told": told,
        "left_out": [(_fault_words(code), many) for code, many in told["left_out"].items()],
        "columns": [(re.split("[:,]", words[one])[0], given[one]) for one in MEANINGS if one in given],
        "under": _became(told),
        "why": _why(told),
        "drifts": _drifts(told),
        "noise_form": NoiseForm(posted(request)),
        "poll_url": reverse("workflows:log-progress", args=[row.ref]),
        "may_change": may(actor_of(request), CHANGE),
        "again_url": _again(request, row),
    }
    return render(request, "workflows/log.html", context)


def _in_days(one: dict[str, Any]) -> dict[str, str]:
    """Waiting and lead times of a workflow that was found, as people say them."""
    hours = {"waited": one["waited"], **one["found"].get("lead_hours", {})}
    return {name: lead(value) for name, value in hours.items()}


def _again(request: HttpRequest, row: EventLog) -> str:
    """Where the file of a log that was refused is looked at once more; empty where it is not theirs, or gone."""
    if row.state != EventLog.State.FAILED or row.file_id is None:
        return ""
    try:
        files.file_for(actor_of(request), row.file_id)
    except MaropsError:
        return ""
    return reverse("workflows:import-plan", args=[row.file_id])


def _fault_words(code: str) -> str:
    from marops.domains.workflows.reading.rows import WORDS

    return WORDS.get(code, (code, ""))[0]


def _why(told: dict[str, Any]) -> str:
    """A picture of why work waited, over all that was found."""
    total: dict[str, float] = {}
    for one in told["workflows"]:
        for cause, hours in one["found"].get("waiting_hours_per_case", {}).items():
            total[cause] = total.get(cause, 0.0) + hours * one["found"]["cases"]
    return plots.causes(total, cause_words(logged=True), ident="causes")


def _drifts(told: dict[str, Any]) -> list[tuple[str, DriftWords]]:
    """Whether the work changed in the course of the log, by workflow."""
    found = [(one["title"], drift_words(one["found"].get("drift"))) for one in told["workflows"]]
    return [(title, words) for title, words in found if words]


def _became(told: dict[str, Any]) -> str:
    if len(told["workflows"]) != 1:
        return ""
    one = told["workflows"][0]
    return _("It became the workflow “%(title)s” of %(n)s steps; %(share)s %% of the events are on its map.") % {
        "title": one["title"], "n": one["steps"], "share": f"{100 * (one['covered'] or 0):.1f}",
    }  # fmt: skip


def _outcome(row: EventLog, told: dict[str, Any], *, ended: bool) -> str:
    if row.state == EventLog.State.READY and len(told["workflows"]) == 1:
        one = told["workflows"][0]
        worked, waited = (f"{one[name] or 0:,.1f}" for name in ("worked", "waited"))
        return _("A case is worked on for %(worked)s hours and waits for %(waited)s.") % {
            "worked": worked, "waited": waited,
        }  # fmt: skip
    if row.state == EventLog.State.READY and told["workflows"]:
        return _("%(n)d workflows were found in it.") % {"n": len(told["workflows"])}
    if row.state == EventLog.State.READY:
        return _("It is read: %(events)s pieces of work in %(cases)s cases.") % {
            "events": f"{row.counts.get('events', 0):,}", "cases": f"{row.counts.get('case', 0):,}",
        }  # fmt: skip
    if not ended:
        return _("It is being read. You may leave this page; it goes on.")
    if row.state == EventLog.State.STOPPED:
        return _("Its reading was stopped, and can go on from there.")
    return _("It could not be read; nothing of it was kept.")


@require_GET
@needs(VIEW)
def progress(request: HttpRequest, ref: str) -> HttpResponse:
    """The moving part of a log's page; once the reading has ended, the whole page is asked for again."""
    row = find_log(ref)
    job = job_of(row)
    context = {"job": job, "poll_url": reverse("workflows:log-progress", args=[row.ref])}
    response = render(request, "workflows/log_progress.html", context)
    if (job is None or job.state in ("done", "failed", "stopped")) and request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"
    return response


@require_POST
@needs(CHANGE)
def discover(request: HttpRequest, ref: str) -> HttpResponse:
    """Find the workflow in a log again, with more or less left out as noise."""
    row = find_log(ref)
    form = NoiseForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Noise is a number from 0 to 50."))
        return redirect("workflows:log", ref=row.ref)
    found = row.discoveries.order_by("-at").first()
    slug = found.workflow if found and row.format != "facts" else ""
    start_discovery(row, actor=actor_of(request), slug=slug, noise=form.cleaned_data["noise"] / 100)
    messages.success(request, _("The workflow is looked for again. You may leave this page; it goes on."))
    return redirect("workflows:log", ref=row.ref)


@require_POST
@needs(CHANGE)
def remove(request: HttpRequest, ref: str) -> HttpResponse:
    """Delete a log with its rows."""
    row = find_log(ref)
    remove_log(actor=actor_of(request), log_id=row.id)
    messages.success(request, _("%(ref)s is gone. What was found in it stays.") % {"ref": row.ref})
    return redirect("workflows:logs")
