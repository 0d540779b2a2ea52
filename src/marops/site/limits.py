"""How often programs may ask: before anything is looked up, and without a query."""

import hashlib
from collections.abc import Callable
from functools import cache
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from marops.kernel.config import config
from marops.kernel.limits import Limiter, Verdict, too_many
from marops.site.middleware import problem_json

GetResponse = Callable[[HttpRequest], HttpResponseBase]
API = "/api/v1/"


@cache
def limiter(name: str) -> Limiter:
    """The buckets of people and keys (`signed`), or of addresses (`address`); each process has its share."""
    found = config()
    minute = (found.rest_rate if name == "signed" else found.visitor_rate) / max(1, found.web_workers)
    return Limiter(minute / 60, max(1, int(minute)))


def _credentials(request: HttpRequest) -> str:
    """A fingerprint of the key or the session that came along; empty where there is neither."""
    given = request.headers.get("Authorization") or request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return hashlib.sha256(given.encode(errors="replace")).hexdigest() if given else ""


def rest_limits(get_response: GetResponse) -> GetResponse:
    """Refuse who asks too often under /api/v1 with 429, and tell everybody there how much is left.

    Whoever brings a key or a session is counted by it, everybody else by their network address. A key that is refused
    counts against the address too, so that keys cannot be tried out.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(API):
            return get_response(request)
        who, place = _credentials(request), str(request.META.get("REMOTE_ADDR", ""))
        name = "signed" if who else "address"
        verdict = limiter(name).take(who or place)
        if not verdict.allowed:
            return _told(problem_json(too_many(verdict)), name, verdict)
        response = get_response(request)
        if who and response.status_code == HTTPStatus.UNAUTHORIZED:
            name, verdict = "address", limiter("address").take(place)
            if not verdict.allowed:
                response = problem_json(too_many(verdict))
        return _told(response, name, verdict)

    return middleware


def _told(response: HttpResponseBase, name: str, verdict: Verdict) -> HttpResponseBase:
    for header, value in verdict.headers(name).items():
        response.headers[header] = value
    return response
