"""What holds for every request: headers, signing in, the reader's zone, and refusals said in words."""

import zoneinfo
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.http import urlencode

from marops.domains.accounts.public import Account, remember, rights_remembered
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, MaropsError, problem
from marops.kernel.memo import remembered
from marops.kernel.workspace import workspace

GetResponse = Callable[[HttpRequest], HttpResponseBase]

SIGN_IN_FIRST = problem(
    "sign-in-first", "Nobody is signed in", status=401, remedy="Sign in, or send a key as Authorization: Bearer."
)

CONTENT_SECURITY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
_PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
WRONG_METHOD = problem("wrong-method", "This address does not do that", status=405, remedy="See the API's description.")

# What opens without a session. Everything else asks who is there; REST under /api/ asks for itself.
OPEN_PAGES = frozenset(
    {"sign-in", "forgot", "welcome", "shared", "healthz", "preferences", "unsubscribe", "confirm-consent"}
)
_OWN_SIGN_IN = "/api/"


def security_headers(get_response: GetResponse) -> GetResponse:
    """Nothing but our own scripts and styles runs, nobody frames our pages, and no page of a person is kept."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY)
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return middleware


def sign_in_required(get_response: GetResponse) -> GetResponse:
    """Give the request its actor, and ask those to sign in whom the page does not know."""
    return _SignInRequired(get_response)


class _SignInRequired:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with rights_remembered(), remembered():
            user = request.user
            if isinstance(user, Account):
                actor = Actor("human", str(user.id))
                remember(actor, user)
                request.__dict__["actor"] = actor
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if request.user.is_authenticated or request.path.startswith(_OWN_SIGN_IN):
            return None
        if match is not None and match.url_name in OPEN_PAGES:
            return None
        return ask_to_sign_in(request)


def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page for pages, 401 for all else; a fragment sends the whole page there."""
    if _wants_json(request):
        return problem_json(MaropsError(SIGN_IN_FIRST))
    if request.headers.get("HX-Request"):
        return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": "/sign-in"})
    wanted = request.get_full_path() if request.method in ("GET", "HEAD") and request.path != "/" else ""
    return redirect("/sign-in" + (f"?{urlencode({'next': wanted})}" if wanted else ""))


def readers_zone(get_response: GetResponse) -> GetResponse:
    """Show times in the reader's zone, the workspace's where they chose none, and words in their language."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, Account):
            return get_response(request)
        with timezone.override(_zone(request, user)), translation.override(user.language):
            return get_response(request)

    return middleware


def _zone(request: HttpRequest, user: Account) -> zoneinfo.ZoneInfo:
    request.__dict__["workspace"] = found = workspace()
    try:
        return zoneinfo.ZoneInfo(user.zone or found.zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo("UTC")


def problems_in_words(get_response: GetResponse) -> GetResponse:
    """Answer a refusal as what was asked for: a page, a fragment of one, or problem+json."""
    return _ProblemsInWords(get_response)


class _ProblemsInWords:
    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if any("\0" in value for _, values in request.GET.lists() for value in values):
            return refusal(request, MaropsError(INVALID, "The address holds a NUL character, which no text can hold."))
        response = self.get_response(request)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and _wants_json(request):
            allowed = response.headers.get("Allow", "")
            response = problem_json(MaropsError(WRONG_METHOD, f"{request.method} does nothing here; try {allowed}."))
            response["Allow"] = allowed
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return refusal(request, error) if isinstance(error, MaropsError) else None


def _wants_json(request: HttpRequest) -> bool:
    accepted = request.headers.get("Accept", "")
    return request.path.startswith(_OWN_SIGN_IN) or ("json" in accepted and "text/html" not in accepted)


def problem_json(error: MaropsError) -> JsonResponse:
    """The problem document of RFC 9457."""
    response = JsonResponse(error.as_json(), status=error.kind.status, content_type="application/problem+json")
    if "retry_after" in error.extra:
        response["Retry-After"] = str(error.extra["retry_after"])
    return response


def refusal(request: HttpRequest, error: MaropsError) -> HttpResponse:
    """`error` for whoever asked."""
    if _wants_json(request):
        return problem_json(error)
    part = bool(request.headers.get("HX-Request"))
    template = "site/problem_part.html" if part else "site/problem.html"
    return render(request, template, {"problem": error}, status=error.kind.status)
