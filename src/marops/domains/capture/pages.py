"""Pages of imports: choose a file, see how it is understood, let it run, see what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from marops.domains.accounts.public import actor_of, names
from marops.domains.capture.forms import FileForm, MapForm, table_words
from marops.domains.capture.models import Import
from marops.domains.capture.permissions import IMPORT, may_import, right_for
from marops.domains.capture.plan import Plan
from marops.domains.capture.public import (
    ImportResult,
    as_map,
    check_shape,
    plan_import,
    start_kept,
    try_import,
    usable,
)
from marops.domains.capture.queries import counts_of, find_import, findings_of, imports, job_of, new_words, rows_with
from marops.domains.capture.tables import LEADS
from marops.domains.contacts.public import FIX, VIEW, Narrowing, many_leads, quality_summary
from marops.kernel import files
from marops.kernel.actors import Actor
from marops.kernel.errors import MaropsError
from marops.kernel.forms import add_problem
from marops.kernel.models import File
from marops.kernel.permissions import may, require

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


P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def brings(view: View[P]) -> View[P]:
    """A page for those who may bring in any kind of table; others get `not-allowed`."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        actor = actor_of(request)
        if not may_import(actor):
            require(actor, IMPORT)
        return view(request, *args, **kwargs)

    return cast("View[P]", guarded)


@require_GET
@brings
def history(request: HttpRequest) -> HttpResponse:
    """Every import, the newest first."""
    before = request.GET.get("before", "")
    tables = may_import(actor_of(request))
    found = imports(tables, limit=PER_PAGE + 1, before=int(before) if before.isdecimal() else None)
    words = table_words()
    people = names([run.actor_id for run in found])
    rows = [
        {
            "run": run,
            "table": words.get(run.plan.get("table") or LEADS, ""),
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
        "answer": _last(found[0], counts_of(found[0])) if rows else "",
    }
    return render(request, "capture/imports.html", context)


def _last(run: Import, counts: dict[str, int]) -> str:
    if run.plan.get("table"):
        return _("The last import brought %(new)s new rows and changed %(changed)s.") % {
            "new": f"{counts['created']:,}", "changed": f"{counts['updated']:,}",
        }  # fmt: skip
    new = ngettext("%(n)s new person", "%(n)s new people", counts["created"]) % {"n": f"{counts['created']:,}"}
    return _("The last import brought %(new)s and changed %(changed)s.") % {
        "new": new, "changed": f"{counts['updated']:,}",
    }  # fmt: skip


@require_http_methods(["GET", "POST"])
@brings
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
        plan_import(files.path_of(row), name=row.name, table="")
    except MaropsError as error:
        add_problem(form, error)
        return render(request, "capture/new.html", {"form": form}, status=422)
    return redirect("capture:plan", file_id=row.id)


@require_http_methods(["GET", "POST"])
@brings
def plan(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """How the file is understood and what it would come to; from here it is started."""
    actor = actor_of(request)
    row = files.file_for(actor, file_id)
    path, tables = files.path_of(row), may_import(actor)
    wanted = (request.POST if request.method == "POST" else request.GET).get("table", "")
    proposed = _proposed(row, wanted if wanted in tables else "", tables)
    now_shown = proposed.table or LEADS
    if request.method == "GET" and (wished := _wished(request, row, proposed)):
        return _shown(request, row, wished, MapForm(wished, tables=tables), by_ai=True)
    if request.method == "GET" or request.POST.get("was", now_shown) != now_shown:
        return _shown(request, row, proposed, MapForm(proposed, tables=tables))
    form = MapForm(proposed, request.POST, tables=tables)
    if not form.is_valid():
        return _shown(request, row, proposed, form, status=422)
    try:
        chosen = plan_import(path, form.as_map(), name=row.name, table=proposed.table or LEADS)
        if "preview" in request.POST:
            practice = form.cleaned_data.get("practice", False)
            return _shown(request, row, chosen, MapForm(chosen, tables=tables, practice=practice))
        job = start_kept(row, chosen, actor=actor, practice=form.cleaned_data.get("practice", False))
    except MaropsError as error:
        add_problem(form, error)
        return _shown(request, row, proposed, form, status=422)
    run = Import.objects.get(id=UUID(job.arguments["import"]))
    messages.success(request, _("The import runs. You may leave this page; it goes on."))
    return redirect("capture:import", ref=run.ref)


def _proposed(row: File, table: str, tables: Sequence[str]) -> Plan:
    """The plan for a table, or for what the columns tell as far as the actor may bring that in."""
    found = plan_import(files.path_of(row), name=row.name, table=table)
    if (found.table or LEADS) in tables:
        return found
    return plan_import(files.path_of(row), name=row.name, table=tables[0])


def _wished(request: HttpRequest, row: File, proposed: Plan) -> Plan | None:
    """The plan with what an AI proposed for its columns, which the address says by their numbers; None without."""
    given = {
        int(name[1:]): text
        for name, text in request.GET.dict().items()
        if name[:1] == "c" and name[1:].isdecimal() and len(name) < 6
    }
    found = usable(proposed.table, len(proposed.columns), given) if given else {}
    if not found:
        return None
    columns = {proposed.columns[number].name: target for number, target in found.items()}
    try:
        wished = plan_import(
            files.path_of(row), as_map({"columns": columns}), name=row.name, table=proposed.table or LEADS
        )
    except MaropsError:
        return None
    told = [replace(one, why=_("Proposed by AI.")) if one.name in columns else one for one in wished.columns]
    return replace(wished, columns=tuple(told))


def _shown(
    request: HttpRequest, row: File, shown: Plan, form: MapForm, *, status: int = 200, by_ai: bool = False
) -> HttpResponse:
    refusal = _refusal(shown)
    tried = _tried(row, shown, actor_of(request)) if status == 200 and not refusal else None
    columns = [{"column": column, "field": form[f"c{number}"]} for number, column in enumerate(shown.columns)]
    context = {
        "file": row,
        "plan": shown,
        "form": form,
        "table": shown.table or LEADS,
        "value_fields": [form[name] for name in ("country", "currency", "zone", "dates") if name in form.fields],
        "columns": columns,
        "tried": tried,
        "answer": _expected(tried, shown.table) if tried else refusal or _("Some of this cannot be used yet."),
        "problems": _grouped(tried.warnings) if tried else [],
        "whole": tried is None or tried.rows < TRIED,
        "will": _will(shown.table),
        "by_ai": by_ai,
    }
    return render(request, "capture/plan.html", context, status=status)


def _refusal(shown: Plan) -> str:
    """Why the file would be refused as it is mapped now; empty where it would not."""
    try:
        check_shape(shown, mapped=True)
    except MaropsError as error:
        return error.detail
    return ""


def _will(table: str) -> str:
    if not table:
        return _(
            "People who are here already are found by their ids and addresses and changed where the file says something"
            " else; an empty cell erases nothing, and a refusal to be contacted stays one."
        )
    if table == "dispositions":
        return _(
            "Each word is kept for its lead in the order of time; one that stands already or is older changes nothing."
            " Promises end where somebody has acted. No e-mail goes out."
        )
    return _(
        "What is here already is found by its ids and changed where the file says something else; an empty cell erases"
        " nothing. No e-mail goes out."
    )


def _tried(row: File, shown: Plan, actor: Actor) -> ImportResult:
    return try_import(files.path_of(row), shown, actor=actor, most=TRIED)


def _expected(tried: ImportResult, table: str) -> str:
    parts = (
        (
            ngettext("%(n)d is new", "%(n)d are new", tried.created)
            if table
            else ngettext("%(n)d person is new", "%(n)d people are new", tried.created)
        )
        % {"n": tried.created},
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
@brings
def one(request: HttpRequest, ref: str) -> HttpResponse:
    """One import: how far it is, or what came of it."""
    run = _mine(request, ref)
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
        "table": run.plan.get("table") or LEADS,
        "new": new_words(run),
        "shows": _shows(run),
        "quality": _quality(run, counts, actor_of(request)),
    }
    return render(request, "capture/import.html", context)


def _mine(request: HttpRequest, ref: str) -> Import:
    """The import, for those who may bring in such a table."""
    run = find_import(ref)
    require(actor_of(request), right_for(run.plan.get("table") or ""))
    return run


_WHERE = {"": "routing:leads", "opportunities": "pipeline:opportunities"}
CHECKED_HERE = 20_000
"""Up to so many new leads the page of an import counts their faults; of more it leads to where they are counted."""


def _shows(run: Import) -> str:
    """Where what came in is seen: just the leads that it brought; empty where there is no such page."""
    try:
        which = {"sort": "-newest"} if run.plan.get("table") else {"import": run.ref, "sort": "-newest"}
        return f"{reverse(_WHERE.get(run.plan.get('table') or '', ''))}?{urlencode(which)}"
    except NoReverseMatch:
        return ""


def _quality(run: Import, counts: dict[str, int], actor: Actor) -> dict[str, Any] | None:
    """The faults of the leads that an import brought, for those who may see leads; none where it brought none."""
    if run.plan.get("table") or run.state != Import.State.DONE or not counts["created"] or not may(actor, VIEW):
        return None
    if counts["created"] > CHECKED_HERE or many_leads():
        return {"many": True}
    found = quality_summary(actor, Narrowing(import_number=run.ref))
    said = ngettext(
        "%(faulty)s of %(all)s record has a fault; quality is %(score)s of 100.",
        "%(faulty)s of %(all)s records have a fault; quality is %(score)s of 100.",
        found["contacts"],
    ) % {"faulty": f"{found['faulty']:,}", "all": f"{found['contacts']:,}", "score": f"{found['score'] or 0:.0f}"}
    rules = [one for one in found["rules"] if one["contacts"]]
    return {
        "seen": found["contacts"], "checked": found["score"] is not None, "rules": rules,
        "said": said if found["score"] is not None else "",
        "fixes": may(actor, FIX),
    }  # fmt: skip


def _outcome(run: Import, counts: dict[str, int]) -> str:
    if run.state in ("waiting", "running"):
        return _("It is being taken in. You may leave this page; it goes on.")
    if run.state in ("stopped", "failed"):
        return _("It ended after %(n)d rows. These are kept, and it can go on from there.") % {"n": counts["rows"]}
    if run.plan.get("table"):
        said = _("%(created)d new, %(updated)d changed, %(unchanged)d as they were") % counts
    else:
        said = _("%(created)d new people, %(updated)d changed, %(unchanged)d as they were") % counts
    rejected = ngettext("%(n)d row was refused", "%(n)d rows were refused", counts["rejected"]) % {
        "n": counts["rejected"]
    }
    return f"{said}; {rejected}." if counts["rejected"] else f"{said}."


@require_GET
@brings
def progress(request: HttpRequest, ref: str) -> HttpResponse:
    """The moving part of an import's page; once it has ended, the whole page is asked for again."""
    run = _mine(request, ref)
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
