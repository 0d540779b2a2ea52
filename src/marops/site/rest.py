"""REST under /api/v1: one API of all domains' routers, by session or key, every refusal as problem+json."""

import functools
import inspect
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI, Query, Router, Status
from ninja.errors import HttpError, ValidationError
from ninja.responses import Response
from ninja.security import HttpBasicAuth, HttpBearer
from ninja.security.apikey import APIKeyCookie

import marops
from marops.domains.accounts.public import Account, actor_of, by_token
from marops.kernel import comments as remarks
from marops.kernel.actors import Actor
from marops.kernel.complaints import said
from marops.kernel.errors import INVALID, NOT_ALLOWED, NOT_FOUND, FieldError, MaropsError
from marops.kernel.forms import validated
from marops.kernel.jobs import opens_result
from marops.kernel.models import Comment, Job, Notice, Problem
from marops.kernel.permissions import grants
from marops.kernel.rest import Page, Paging, Strict, checked_limit, page, place_of
from marops.site import actions, queries
from marops.site.described import described
from marops.site.forms import CommentForm
from marops.site.middleware import SIGN_IN_FIRST, problem_json
from marops.site.repeats import done_once


class ByKey(HttpBearer):
    """`Authorization: Bearer mrp_…`: a person's key, with no more rights than it was given."""

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The account of the key; a wrong key is refused even beside a good session."""
        return by_token(request, token)


class ByKeyAsName(HttpBasicAuth):
    """The same key as the user name of HTTP basic authentication, with an empty password: `curl -u $KEY:`."""

    def authenticate(self, request: HttpRequest, username: str, password: str) -> Any:
        """The account of the key."""
        return by_token(request, username)


class BySession(APIKeyCookie):
    """The browser's session, for our own pages; writes need the CSRF token."""

    param_name = "marops_session"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        """The account that is signed in."""
        return request.user if isinstance(request.user, Account) else None


api = NinjaAPI(
    title="Marops",
    version=marops.__version__,
    description="Everything the pages can do. Errors are problem documents (RFC 9457).",
    urls_namespace="rest",
    auth=[ByKey(), ByKeyAsName(), BySession()],
    openapi_url=None,
    docs_url=None,
)
Run = Callable[..., HttpResponse]


def _known_parameters_only(run: Run) -> Run:
    """Refuse parameters that the operation does not know, so that a filter with a typo never filters nothing."""
    operation = getattr(inspect.unwrap(run), "__self__", None)
    models = getattr(operation, "models", ())
    known = {
        name for model in models if model.__ninja_param_source__ == "query" for name in model.__ninja_flatten_map__
    }

    @functools.wraps(run)
    def checked(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if unknown := sorted(set(request.GET) - known):
            faults = [FieldError("unknown", f"There is no parameter {name}.", field=name) for name in unknown]
            raise MaropsError(INVALID, errors=faults)
        return run(request, **kwargs)

    return checked


api.add_decorator(_known_parameters_only, mode="view")
api.add_decorator(done_once, mode="view")


@api.exception_handler(MaropsError)
def _refused(request: HttpRequest, error: MaropsError) -> HttpResponse:
    return problem_json(error)


@api.exception_handler(ValidationError)
def _not_valid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [
        FieldError(str(one["type"]), *said(one), pointer=_pointer(one["loc"]), field=str(one["loc"][-1]))
        for one in error.errors
    ]
    return problem_json(MaropsError(INVALID, errors=faults))


def _pointer(where: Sequence[Any]) -> str:
    # The first parts say where it came from and which argument of ours it filled; neither means anything outside.
    parts = where[2:] if where and where[0] == "body" else where[1:]
    return "".join(f"/{part}" for part in parts)


@api.exception_handler(HttpError)
def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    codes = {401: SIGN_IN_FIRST, 403: NOT_ALLOWED, 404: NOT_FOUND}
    return problem_json(MaropsError(codes.get(error.status_code, INVALID), error.message))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem_json(MaropsError(NOT_FOUND))


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The description of this API for programs (OpenAPI 3.1)."""
    return Response(description())


def description() -> dict[str, Any]:
    """The same as a document."""
    return described(api.get_openapi_schema())


# --- The kernel's own objects -----------------------------------------------------------------------------------------

router = Router(tags=["kernel"])


class JobOut(Strict):
    """A job and how far it is."""

    id: UUID
    ref: str
    kind: str
    title: str
    state: str
    done: int
    total: int | None
    doing: str
    result: Any
    problem: Any
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


def job_document(actor: Actor, one: Job) -> dict[str, Any]:
    """A job as REST tells it to this actor."""
    told = {name: getattr(one, name) for name in JobOut.model_fields}
    return told if opens_result(one, actor, grants(actor)) else told | {"result": None}


@router.get("/jobs", response=Page[JobOut], url_name="jobs")
def jobs(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Jobs, newest first."""
    limit = checked_limit(paging.limit)
    rows = queries.visible_jobs(actor_of(request)).order_by("-number")
    if paging.after:
        rows = rows.filter(number__lt=place_of(paging.after, int)[0])
    show = functools.partial(job_document, actor_of(request))
    return page(rows[: limit + 1], limit, at=lambda one: (one.number,), show=show)


@router.get("/jobs/{ref}", response=JobOut, url_name="job")
def job(request: HttpRequest, ref: str) -> Any:
    """One job, by its reference J-12 or its id."""
    return job_document(actor_of(request), queries.find_job(actor_of(request), ref))


@router.post("/jobs/{ref}/stop", response=JobOut, url_name="job-stop")
def job_stop(request: HttpRequest, ref: str) -> Any:
    """Ask a job to end after its present batch."""
    one = queries.find_job(actor_of(request), ref)
    return job_document(actor_of(request), actions.stop_job(actor=actor_of(request), job_id=one.id))


@router.post("/jobs/{ref}/resume", response=JobOut, url_name="job-resume")
def job_resume(request: HttpRequest, ref: str) -> Any:
    """Let a stopped or failed job go on."""
    one = queries.find_job(actor_of(request), ref)
    return job_document(actor_of(request), actions.resume_job(actor=actor_of(request), job_id=one.id))


class ProblemOut(Strict):
    """Something that failed and needs a person."""

    id: UUID
    title: str
    detail: str
    remedy: str
    severity: str
    times: int
    first_at: datetime
    last_at: datetime
    resolved_at: datetime | None


def _problem(one: Problem) -> dict[str, Any]:
    return {name: getattr(one, name) for name in ProblemOut.model_fields}


@router.get("/problems", response=Page[ProblemOut], url_name="problems")
def problems(request: HttpRequest, paging: Query[Paging]) -> Any:
    """Open problems, the latest first."""
    limit = checked_limit(paging.limit)
    rows = queries.problems(actor_of(request)).order_by("-last_at", "-id")
    if paging.after:
        rows = rows.filter(last_at__lt=place_of(paging.after, datetime)[0])
    return page(rows[: limit + 1], limit, at=lambda one: (one.last_at,), show=_problem)


@router.post("/problems/{problem_id}/resolve", response=ProblemOut, url_name="problem-resolve")
def problem_resolve(request: HttpRequest, problem_id: UUID) -> Any:
    """Close a problem."""
    return _problem(actions.resolve_problem(actor=actor_of(request), problem_id=problem_id))


class NoticeOut(Strict):
    """A line to one person."""

    id: UUID
    text: str
    url: str
    at: datetime
    read_at: datetime | None


def _notice(one: Notice) -> dict[str, Any]:
    return {name: getattr(one, name) for name in NoticeOut.model_fields}


@router.get("/notices", response=Page[NoticeOut], url_name="notices")
def notices(request: HttpRequest, paging: Query[Paging]) -> Any:
    """One's own notices, newest first; in one's own session, for they are about people, and a key may lie about."""
    limit, actor = checked_limit(paging.limit), actor_of(request)
    if grants(actor).by_key:
        raise MaropsError(NOT_ALLOWED, "No key reads notices; they are their person's.")
    rows = queries.notices(actor)
    if paging.after:
        rows = rows.filter(at__lt=place_of(paging.after, datetime)[0])
    return page(rows[: limit + 1], limit, at=lambda one: (one.at,), show=_notice)


class CommentOut(Strict):
    """A remark on an object."""

    id: UUID
    author: UUID
    text: str
    at: datetime


class CommentIn(Strict):
    """A remark to write."""

    text: str


def _comment(one: Comment) -> dict[str, Any]:
    return {name: getattr(one, name) for name in CommentOut.model_fields}


@router.get("/comments/{object_type}/{object_id}", response=Page[CommentOut], url_name="comments")
def comments(request: HttpRequest, object_type: str, object_id: str) -> Any:
    """The remarks on an object, oldest first."""
    rows = remarks.comments_on(actor_of(request), object_type, object_id)
    return {"items": [_comment(one) for one in rows], "next": None}


@router.post("/comments/{object_type}/{object_id}", response={201: CommentOut}, url_name="comment-write")
def comment_write(request: HttpRequest, object_type: str, object_id: str, body: CommentIn) -> Any:
    """Remark on an object."""
    given = validated(CommentForm, body.model_dump())
    row = remarks.write_comment(
        actor=actor_of(request), object_type=object_type, object_id=object_id, text=given["text"]
    )
    return Status(201, _comment(row))


api.add_router("", router)


def mount(names: Sequence[str]) -> None:
    """Add the router of each domain that has a `rest.py`."""
    for name in names:
        if find_spec(f"{name}.rest"):
            api.add_router("", import_module(f"{name}.rest").router)
