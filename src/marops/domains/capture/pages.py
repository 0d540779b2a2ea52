"""Pages of imports: choose a file, see how it is understood, let it run, see what came of it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from marops.domains.accounts.public import actor_of, names, needs
from marops.domains.capture.forms import FileForm, MapForm
from marops.domains.capture.models import Import
from marops.domains.capture.permissions import IMPORT
from marops.domains.capture.plan import Plan
from marops.domains.capture.public import ImportResult, plan_import, start_kept, try_import
from marops.domains.capture.queries import counts_of, find_import, findings_of, imports, job_of, rows_with
from marops.kernel import files
from marops.kernel.actors import Actor
from marops.kernel.errors import MaropsError
from marops.kernel.forms import add_problem
from marops.kernel.models import File

PER_PAGE = 50
TRIED = 2_000
_STATES = {"done": "good", "failed": "bad", "stopped": "warn", "running": "info", "waiting": "draft"}


def _state_words() -> dict[str, str]:
    return {
        "waiting": _("waits"),
        "running": _("runs"),
        "stopped": _("stopped"),
        "failed": _("broke off"),
        "done": _("done"),
    }


@require_GET
@needs(IMPORT)
def history(request: HttpRequest) -> HttpResponse:
    """Every import, the newest first."""
    before = request.GET.get("before", "")
    found = imports(limit=PER_PAGE + 1, before=int(before) if before.isdecimal() else None)
    people = names([run.actor_id for run in found])
    rows = [
        {
            "run": run,
            "counts": counts_of(run),
            "state": _state_words()[run.state],
            "kind": _STATES[run.state],
            "who": people.get(run.actor_id, run.actor_id),
        }
        for run in found[:PER_PAGE]
    ]
    context = {
        "rows": rows,
        "before": found[PER_PAGE - 1].number if len(found) > PER_PAGE else None,
        "first": not before,
    }
    return render(request, "capture/imports.html", context)


def _last(counts: dict[str, int]) -> str:
    new = ngettext("%(n)s new person", "%(n)s new people", counts["created"]) % {"n": f"{counts['created']:,}"}
    return _("The last import brought %(new)s and changed %(changed)s.") % {
        "new": new, "changed": f"{counts['updated']:,}",
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@needs(IMPORT)
def new(request: HttpRequest) -> HttpResponse:
    """Choose a file."""
    if request.method == "GET":
        return render(request, "capture/new.html", {"form": FileForm()})
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "capture/new.html", {"form": form}, status=422)
    upload = form.cleaned_data["file"]
    row = files.keep(upload.chunks(), name=upload.name, actor=actor_of(request))
    try:
        plan_import(files.path_of(row), name=row.name)
    except MaropsError as error:
        add_problem(form, error)
        return render(request, "capture/new.html", {"form": form}, status=422)
    return redirect("capture:plan", file_id=row.id)


@require_http_methods(["GET", "POST"])
@needs(IMPORT)
def plan(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """How the file is understood and what it would come to; from here it is started."""
    actor = actor_of(request)
    row = files.file_for(actor, file_id)
    path = files.path_of(row)
    proposed = plan_import(path, name=row.name)
    if request.method == "GET":
        return _shown(request, row, proposed, MapForm(proposed))
    form = MapForm(proposed, request.POST)
    if not form.is_valid():
        return _shown(request, row, proposed, form, status=422)
    try:
        chosen = plan_import(path, form.as_map(), name=row.name)
        if "preview" in request.POST:
            return _shown(request, row, chosen, MapForm(chosen))
        job = start_kept(row, chosen, actor=actor)
    except MaropsError as error:
        add_problem(form, error)
        return _shown(request, row, proposed, form, status=422)
    run = Import.objects.get(id=UUID(job.arguments["import"]))
    messages.success(request, _("The import runs. You may leave this page; it goes on."))
    return redirect("capture:import", ref=run.ref)


def _shown(request: HttpRequest, row: File, shown: Plan, form: MapForm, *, status: int = 200) -> HttpResponse:
    tried = _tried(row, shown, actor_of(request)) if status == 200 else None
    columns = [{"column": column, "field": form[f"c{number}"]} for number, column in enumerate(shown.columns)]
    context = {
        "file": row,
        "plan": shown,
        "form": form,
        "columns": columns,
        "tried": tried,
        "answer": _expected(tried) if tried else _("Some of this cannot be used yet."),
        "problems": _grouped(tried.warnings) if tried else [],
        "whole": tried is None or tried.rows < TRIED,
    }
    return render(request, "capture/plan.html", context, status=status)


def _tried(row: File, shown: Plan, actor: Actor) -> ImportResult:
    return try_import(files.path_of(row), shown, actor=actor, most=TRIED)


def _expected(tried: ImportResult) -> str:
    parts = (
        ngettext("%(n)d person is new", "%(n)d people are new", tried.created) % {"n": tried.created},
        ngettext("%(n)d would change", "%(n)d would change", tried.updated) % {"n": tried.updated},
        ngettext("%(n)d stays as it is", "%(n)d stay as they are", tried.unchanged) % {"n": tried.unchanged},
        ngettext("%(n)d is refused", "%(n)d are refused", tried.rejected) % {"n": tried.rejected},
    )
    numbers = (tried.created, tried.updated, tried.unchanged, tried.rejected)
    said = ", ".join(part for part, number in zip(parts, numbers, strict=True) if number)
    whole = ngettext("Of its %(n)d row", "Of its %(n)d rows", tried.rows)
    first = ngettext("Of the first %(n)d row", "Of the first %(n)d rows", tried.rows)
    return f"{(first if tried.rows >= TRIED else whole) % {'n': tried.rows}}, {said}."


def _grouped(warnings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    for one in warnings:
        group = groups.setdefault((one["code"], one["field"]), {**one, "rows": 0, "first": one["row"]})
        group["rows"] += 1
    return sorted(groups.values(), key=lambda group: (group["level"] != "reject", -group["rows"]))


@require_GET
@needs(IMPORT)
def one(request: HttpRequest, ref: str) -> HttpResponse:
    """One import: how far it is, or what came of it."""
    run = find_import(ref)
    counts, job = counts_of(run), job_of(run)
    ended = run.state in ("done", "failed", "stopped")
    context = {
        "run": run,
        "job": job,
        "ended": ended,
        "counts": counts,
        "state": _state_words()[run.state],
        "kind": _STATES[run.state],
        "who": names([run.actor_id]).get(run.actor_id, run.actor_id),
        "answer": _outcome(run, counts),
        "findings": findings_of(run) if ended else [],
        "repeats": rows_with(run, "repeat") if ended else [],
        "rejects": _readable(actor_of(request), run.rejects_id),
        "poll_url": reverse("capture:progress", args=[run.ref]),
        "columns": run.plan.get("columns", []),
    }
    return render(request, "capture/import.html", context)


def _outcome(run: Import, counts: dict[str, int]) -> str:
    if run.state in ("waiting", "running"):
        return _("It is being taken in. You may leave this page; it goes on.")
    if run.state in ("stopped", "failed"):
        return _("It ended after %(n)d rows. These are kept, and it can go on from there.") % {"n": counts["rows"]}
    said = _("%(created)d new people, %(updated)d changed, %(unchanged)d as they were") % counts
    rejected = ngettext("%(n)d row was refused", "%(n)d rows were refused", counts["rejected"]) % {
        "n": counts["rejected"]
    }
    return f"{said}; {rejected}." if counts["rejected"] else f"{said}."


@require_GET
@needs(IMPORT)
def progress(request: HttpRequest, ref: str) -> HttpResponse:
    """The moving part of an import's page; once it has ended, the whole page is asked for again."""
    run = find_import(ref)
    job = job_of(run)
    context = {"job": job, "run": run, "poll_url": reverse("capture:progress", args=[run.ref])}
    response = render(request, "capture/progress.html", context)
    if (job is None or job.state in ("done", "failed", "stopped")) and request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"
    return response


def _readable(actor: Actor, file_id: UUID | None) -> File | None:
    """The file, if there is one and this person may read it: nobody is offered what would be refused."""
    if file_id is None:
        return None
    try:
        return files.file_for(actor, file_id)
    except MaropsError:
        return None
