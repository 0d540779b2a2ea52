"""The kernel's own pages: desk, jobs, problems, notices, comments, history, files, share links, search."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import DatabaseError, connection
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from marops.domains.accounts.public import Account, actor_of, names, needs
from marops.kernel import comments as remarks
from marops.kernel import ports
from marops.kernel import shares as links
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.errors import NOT_ALLOWED, NOT_FOUND, MaropsError, problem
from marops.kernel.files import file_for, path_of
from marops.kernel.forms import add_problem, posted, problems_on
from marops.kernel.jobs import opens_result
from marops.kernel.models import Job
from marops.kernel.permissions import grants, may
from marops.kernel.shell import Hit, commands
from marops.site import actions, desks, metric_pages, queries
from marops.site.desks.moves import quarter_words
from marops.site.desks.roles import ROLES
from marops.site.forms import CommentForm, ShareForm
from marops.site.middleware import refusal
from marops.site.permissions import MANAGE_JOBS, RESOLVE_PROBLEMS, SEE_DESKS, SEE_JOBS, SEE_PROBLEMS, reaches_job
from marops.site.shell import address, entries

_GET_OR_POST = ("GET", "HEAD", "POST")
BROKEN = problem(
    "broken",
    "Something went wrong here",
    status=500,
    remedy="Nothing you sent is lost that was kept before. Try again; if it stays, tell an administrator the time.",
)
BAD_REQUEST = problem("bad-request", "This request cannot be understood", status=400, remedy="Go back and try again.")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Does this process answer, and does the database? For load balancers and `marops up`."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"ok": False, "database": False}, status=503)
    return JsonResponse({"ok": True, "database": True})


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """What needs this person, what they answer for, what changed."""
    actor = actor_of(request)
    me = request.user if isinstance(request.user, Account) else None
    seat = desks.own_seat(me, actor) if me else desks.seat_of(desks.ADMINISTRATOR, actor)
    return _desk(request, actor, seat, own=True)


@require_safe
@needs(SEE_DESKS)
def desk_of(request: HttpRequest, role: str) -> HttpResponse:
    """The desk of another role, as whoever holds it sees it."""
    if role not in ROLES:
        raise MaropsError(NOT_FOUND, _("No role of this name has a desk."))
    actor = actor_of(request)
    return _desk(request, actor, desks.seat_of(role, actor, request.GET.get("who", "")), own=False)


def _desk(request: HttpRequest, actor: Actor, seat: desks.Seat, *, own: bool) -> HttpResponse:
    """A desk, or for htmx only its measured parts, after they were brought up to date."""
    at, part = now(), request.headers.get("HX-Request") == "true"
    old = desks.stale_metrics(seat, at)
    if part:
        metric_pages.measured(old, at)
    shown = {
        "desk": desks.desk_of(seat, at),
        "now": at,
        "seat": seat,
        "own": own,
        "quarter": quarter_words(at) if seat.spec.quarter else "",
        "first_steps": desks.first_steps(actor) if own else [],
        "fresh_url": request.get_full_path() if old and not part else "",
        "colleagues": [] if own else desks.colleagues(seat),
        "switches": desks.switches("" if own else seat.role) if may(actor, SEE_DESKS) else [],
    }
    return render(request, "site/desk_part.html" if part else "site/desk.html", shown)


# --- Search -----------------------------------------------------------------------------------------------------------


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Pages, things to do and objects that the words mean: options for the palette, a page without scripts."""
    words = request.GET.get("q", "").strip()
    groups = list(_found(request, words)) if words else []
    template = "parts/found.html" if request.headers.get("HX-Request") else "site/search.html"
    return render(request, template, {"groups": groups, "words": words})


def _found(request: HttpRequest, words: str) -> Iterable[dict[str, Any]]:
    # The palette knows the commands and the pages of the navigation itself.
    whole_page = not request.headers.get("HX-Request")
    if whole_page and (done := list(_commands(request, words))):
        yield {"label": _("Do"), "entries": done}
    hits: dict[str, list[dict[str, Any]]] = {}
    for filler in ports.search:
        for hit in filler.value(actor_of(request), words, 6):
            hits.setdefault(str(hit.kind), []).append(_option(hit))
    for label, found in hits.items():
        yield {"label": label, "entries": found}
    if whole_page and (go := list(_places(request, words))):
        yield {"label": _("Go to"), "entries": go}


def _option(hit: Hit) -> dict[str, Any]:
    return {"url": hit.url, "label": hit.title, "hint": hit.hint, "icon": hit.icon or "arrow"}


def _commands(request: HttpRequest, words: str) -> Iterable[dict[str, Any]]:
    held = grants(actor_of(request))
    for filler in commands:
        one = filler.value
        url = address(one.url_name) if one.right is None or one.right in held else None
        if url and _means(f"{one.label} {one.words}", words):
            yield {"url": url + one.query, "label": one.label, "hint": "", "icon": one.icon or "arrow"}


def _places(request: HttpRequest, words: str) -> Iterable[dict[str, Any]]:
    for entry in entries(grants(actor_of(request))):
        url = address(entry.url_name)
        if url and _means(f"{entry.label} {entry.words}", words):
            yield {"url": url, "label": entry.label, "hint": _("Page"), "icon": entry.icon or "arrow"}


def _means(text: str, words: str) -> bool:
    """Each typed word begins a word of the text."""
    parts = text.casefold().split()
    return all(any(part.startswith(typed) for part in parts) for typed in words.casefold().split())


# --- Jobs -------------------------------------------------------------------------------------------------------------


@require_safe
@needs(SEE_JOBS)
def jobs(request: HttpRequest) -> HttpResponse:
    """Long work: what runs, what waits, what ended."""
    found = queries.visible_jobs(actor_of(request))
    state = request.GET.get("state", "")
    shown = found.filter(state=state) if state in Job.State.values else found
    page = Paginator(shown, 30).get_page(request.GET.get("page"))
    who = names([one.actor_id for one in page])
    rows = [(one, who.get(one.actor_id, one.actor_id)) for one in page]
    running = found.filter(state__in=["running", "waiting"]).count()
    states = [(value, _job_words()[value]) for value in Job.State.values]
    filters = [{"key": "state", "label": _("State"), "options": states}]
    said = ngettext("%(count)s job is running or waiting.", "%(count)s jobs are running or waiting.", running)
    answer = said % {"count": running} if running else _("No job is running.")
    return render(request, "site/jobs.html", {"page": page, "rows": rows, "filters": filters, "answer": answer})


def _job_words() -> dict[str, str]:
    return {
        "waiting": _("waits its turn"),
        "running": _("running"),
        "stopped": _("stopped"),
        "done": _("done"),
        "failed": _("failed"),
    }


@require_safe
@needs(SEE_JOBS)
def job(request: HttpRequest, ref: str) -> HttpResponse:
    """One job: how far it is, what came of it, what went wrong."""
    actor = actor_of(request)
    one = queries.find_job(actor, ref)
    came = (one.result or {}) if opens_result(one, actor, grants(actor)) else {}
    shown = {
        "run": one,
        "who": names([one.actor_id]).get(one.actor_id, one.actor_id),
        "files": queries.files_of_job(one),
        "result": sorted((key, value) for key, value in came.items() if not isinstance(value, dict)),
        "manages": reaches_job(MANAGE_JOBS, grants(actor), actor, one),
        "state": _job_words()[one.state],
    }
    return render(request, "site/job.html", shown)


@require_safe
@needs(SEE_JOBS)
def job_progress(request: HttpRequest, ref: str) -> HttpResponse:
    """The moving part of a job's page. Once the job has ended, the whole page is asked for again."""
    actor = actor_of(request)
    one = queries.find_job(actor, ref)
    manages = reaches_job(MANAGE_JOBS, grants(actor), actor, one)
    response = render(request, "site/job_progress.html", {"run": one, "manages": manages})
    if one.state in ("done", "failed", "stopped") and request.headers.get("HX-Request"):
        response["HX-Refresh"] = "true"
    return response


@require_POST
@needs(MANAGE_JOBS)
def job_stop(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask a job to stop."""
    one = queries.find_job(actor_of(request), ref)
    actions.stop_job(actor=actor_of(request), job_id=one.id)
    messages.success(request, _("%(ref)s stops after its present batch.") % {"ref": one.ref})
    return redirect("job", ref=one.ref)


@require_POST
@needs(MANAGE_JOBS)
def job_resume(request: HttpRequest, ref: str) -> HttpResponse:
    """Let a job go on."""
    one = queries.find_job(actor_of(request), ref)
    actions.resume_job(actor=actor_of(request), job_id=one.id)
    messages.success(request, _("%(ref)s goes on from where it stood.") % {"ref": one.ref})
    return redirect("job", ref=one.ref)


# --- Problems and notices ---------------------------------------------------------------------------------------------


@require_safe
@needs(SEE_PROBLEMS)
def problems(request: HttpRequest) -> HttpResponse:
    """What failed, why, and the remedy."""
    actor = actor_of(request)
    closed = request.GET.get("state") == "closed"
    page = Paginator(queries.problems(actor, closed=closed), 30).get_page(request.GET.get("page"))
    who = names([one.resolved_by for one in page])
    open_now = queries.problems(actor).count() if closed else page.paginator.count
    shown = {
        "page": page,
        "rows": [(one, who.get(one.resolved_by, one.resolved_by)) for one in page],
        "closed": closed,
        "answer": _problems_answer(open_now),
        "resolves": may(actor, RESOLVE_PROBLEMS),
        "tabs": [
            {"label": _("Open"), "url": "?", "count": open_now, "current": not closed},
            {"label": _("Closed"), "url": "?state=closed", "current": closed},
        ],
    }
    return render(request, "site/problems.html", shown)


def _problems_answer(count: int) -> str:
    if not count:
        return _("Nothing is broken.")
    return ngettext("One problem needs somebody.", "%(count)s problems need somebody.", count) % {"count": count}


@require_POST
@needs(RESOLVE_PROBLEMS)
def problem_resolve(request: HttpRequest, problem_id: UUID) -> HttpResponse:
    """Close a problem."""
    actions.resolve_problem(actor=actor_of(request), problem_id=problem_id)
    messages.success(request, _("Closed. It comes back by itself if the trouble does."))
    return redirect("problems")


@require_http_methods(_GET_OR_POST)
def notices(request: HttpRequest) -> HttpResponse:
    """Lines to this person; POST marks them as read."""
    actor = actor_of(request)
    if request.method == "POST":
        actions.read_notices(actor=actor)
        return redirect("notices")
    page = Paginator(queries.notices(actor), 30).get_page(request.GET.get("page"))
    unread = queries.notices(actor).filter(read_at__isnull=True).count()
    return render(request, "site/notices.html", {"page": page, "unread": unread})


# --- What hangs on every object ---------------------------------------------------------------------------------------


@require_http_methods(_GET_OR_POST)
def comments(request: HttpRequest, object_type: str, object_id: str) -> HttpResponse:
    """The remarks on an object, and a form for one more; a fragment for htmx, a page otherwise."""
    actor = actor_of(request)
    found = remarks.object_of(actor, object_type, object_id)
    form = CommentForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            remarks.write_comment(
                actor=actor, object_type=object_type, object_id=object_id, text=form.cleaned_data["text"]
            )
            if not request.headers.get("HX-Request"):
                return redirect(request.path)
            form = CommentForm()
        except MaropsError as error:
            if error.code == NOT_ALLOWED:
                raise
            add_problem(form, error)
    rows = remarks.comments_on(actor, object_type, object_id)
    who = names([one.author for one in rows])
    shown = {
        "entries": [_remark(one, who, actor.id) for one in rows],
        "form": form,
        "object_type": object_type,
        "object_id": object_id,
        "found": found,
        "writes": may(actor, remarks.COMMENT),
    }
    part = request.headers.get("HX-Request")
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "site/comments_part.html" if part else "site/comments.html", shown, status=status)


def _remark(one: Any, who: dict[str, str], reader: str) -> dict[str, Any]:
    author = who.get(str(one.author), _("somebody who left"))
    own = reverse("comment-delete", args=[one.id]) if str(one.author) == reader else ""
    return {"author": author, "at": one.at, "text": one.text, "edited": one.edited_at, "delete_url": own}


@require_POST
def comment_delete(request: HttpRequest, comment_id: UUID) -> HttpResponse:
    """Take one's own remark back."""
    row = remarks.delete_comment(actor=actor_of(request), comment_id=comment_id)
    return redirect("comments", object_type=row.object_type, object_id=row.object_id)


@require_safe
def history(request: HttpRequest, object_type: str, object_id: str) -> HttpResponse:
    """Who did what to an object; a fragment for htmx, a page otherwise."""
    actor = actor_of(request)
    days = queries.history_of(actor, object_type, object_id)
    found = remarks.object_of(actor, object_type, object_id)
    part = request.headers.get("HX-Request")
    template = "site/history_part.html" if part else "site/history.html"
    return render(request, template, {"days": days, "found": found})


@require_safe
def file(request: HttpRequest, file_id: UUID) -> HttpResponseBase:
    """Download a file; always as an attachment, never shown by the browser as a page of ours."""
    row = file_for(actor_of(request), file_id)
    opened = path_of(row).open("rb")
    response = FileResponse(opened, as_attachment=True, filename=row.name, content_type=row.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    return response


# --- Share links ------------------------------------------------------------------------------------------------------


@require_safe
@needs(links.SHARE)
def shares(request: HttpRequest) -> HttpResponse:
    """The links one made, with how often they were opened and what outsiders wrote."""
    rows = links.own_shares(actor_of(request))
    shown = [(one, links.remarks_on(one), _share_state(one)) for one in rows]
    open_shares = sum(state[1] == "good" for _one, _remarks, state in shown)
    return render(request, "site/shares.html", {"rows": shown, "open_shares": open_shares})


def _share_state(one: Any) -> tuple[str, str]:
    if one.revoked_at:
        return _("closed"), "retired"
    return (_("open"), "good") if one.expires_at > now() else (_("run out"), "retired")


@never_cache
@require_http_methods(_GET_OR_POST)
@needs(links.SHARE)
def share(request: HttpRequest, object_type: str, object_id: str) -> HttpResponse:
    """Freeze an object for somebody outside; the link is shown once."""
    actor = actor_of(request)
    found = remarks.object_of(actor, object_type, object_id)
    if not links.shareable(object_type):
        raise MaropsError(links.NOT_SHAREABLE)
    form, url = ShareForm(posted(request)), ""
    if request.method == "POST" and form.is_valid():
        _row, secret = links.make_share(actor=actor, object_type=object_type, object_id=object_id, **form.cleaned_data)
        url = config().address + reverse("shared", args=[secret])
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "site/share.html", {"form": form, "found": found, "url": url}, status=status)


@require_POST
@needs(links.SHARE)
def share_revoke(request: HttpRequest, share_id: UUID) -> HttpResponse:
    """Close a link at once."""
    links.revoke_share(actor=actor_of(request), share_id=share_id)
    messages.success(request, _("The link is closed."))
    return redirect("shares")


@never_cache
@require_http_methods(_GET_OR_POST)
def shared(request: HttpRequest, secret: str) -> HttpResponse:
    """The frozen copy, for whoever holds the link; they may leave a remark."""
    one = links.opened(secret, now())
    form = CommentForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with problems_on(form):
            links.comment_on_share(actor=links.OUTSIDER, secret=secret, text=form.cleaned_data["text"])
            return redirect(request.path)
    if request.method == "GET":
        links.note_opening(actor=links.OUTSIDER, share_id=one.id)
    shown = {"one": one, "form": form, "remarks": links.remarks_on(one)}
    return render(request, "site/shared.html", shown, status=422 if form.is_bound else 200)


# --- When nothing else fits -------------------------------------------------------------------------------------------


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for an address that leads nowhere."""
    return refusal(request, MaropsError(NOT_FOUND, _("No page has this address.")))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 of Django's own checks."""
    return refusal(request, MaropsError(NOT_ALLOWED))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 of Django's own checks."""
    return refusal(request, MaropsError(BAD_REQUEST))


@requires_csrf_token
def broken(request: HttpRequest) -> HttpResponse:
    """500. The page asks neither the database nor the session, since one of them may be what is broken."""
    if request.path.startswith("/api/"):
        return refusal(request, MaropsError(BROKEN))
    return HttpResponse(render_to_string("site/broken.html", {"problem": MaropsError(BROKEN)}), status=500)
