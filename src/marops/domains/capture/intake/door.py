"""The way in for events: a WSGI application in front of Django, for a handful of addresses.

A call needs no session, no form token, no page; it needs its key looked up, its events checked and kept. So it passes
none of Django's layers, which cost more than the call itself. Everything else goes on to Django untouched.
"""

import base64
import binascii
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db import Error, connection

from marops.domains.accounts.public import Token, key_with
from marops.domains.capture.intake import calls
from marops.domains.capture.intake.keeping import TRY_LATER, Call, keeper
from marops.domains.capture.permissions import SEND
from marops.kernel.clock import now
from marops.kernel.config import config
from marops.kernel.errors import MaropsError, problem
from marops.kernel.limits import Limiter, too_many

log = logging.getLogger("marops.intake")

BAD_KEY = problem(
    "bad-write-key",
    "This is no write key",
    status=401,
    remedy="Send a key from the page Intake as the user name of HTTP basic authentication, with an empty password.",
)
WRONG_CALL = problem("intake-wrong-method", "Calls are sent by POST", status=405, remedy="Use POST.")

KNOWN_SECONDS, UNKNOWN_SECONDS, MOST_KEYS = 5.0, 1.0, 5_000
_SHORT = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}
_NAMES = {**{name: name for name in (*calls.CALLS, "batch")}, "import": "batch"}
ADDRESSES: Mapping[str, str] = {
    **{f"/v1/{name}": call for name, call in {**_NAMES, **_SHORT}.items()},
    **{f"/api/v1/intake/{name}": name for name in (*calls.CALLS, "batch")},
}
# Any website may send: there is no cookie here that one could misuse.
OPEN_TO_PAGES = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "86400",
}
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(slots=True)
class Keys:
    """Who a key belongs to, remembered for seconds: a revoked key is refused after five at the latest."""

    _known: dict[bytes, tuple[float, Token | None]] = field(default_factory=dict)

    def token(self, secret: str) -> Token | None:
        """The key of this secret if it may send."""
        if not secret.isascii():
            return None
        digest = hashlib.sha256(secret.encode(errors="replace")).digest()
        moment = time.monotonic()
        until, token = self._known.get(digest, (0.0, None))
        if until < moment:
            token = _look_up(secret)
            if len(self._known) >= MOST_KEYS:
                self._known.clear()
            self._known[digest] = moment + (KNOWN_SECONDS if token else UNKNOWN_SECONDS), token
        return token if token is None or token.expires_at > now() else None

    def forget(self) -> None:
        """Look every key up anew."""
        self._known.clear()


def _look_up(secret: str) -> Token | None:
    try:
        return key_with(secret, SEND)
    except Error:
        connection.close()  # PostgreSQL was away: the second try opens a new connection
        return key_with(secret, SEND)


keys = Keys()
_limiters: dict[str, Limiter] = {}
Keep = Callable[[Call], object]


def _limiter(name: str) -> Limiter:
    if name not in _limiters:
        found = config()
        share = 1 / max(1, found.web_workers)
        events = max(1.0, found.intake_rate * share)
        _limiters["events"] = Limiter(events, max(calls.MOST_EVENTS, int(events * 5)))
        _limiters["strangers"] = Limiter(1.0, 60)
    return _limiters[name]


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    document: Mapping[str, Any] | None
    headers: Mapping[str, str] = field(default_factory=dict)


def receive(
    call: str, body: bytes, encoding: str, sender: UUID, at: datetime, *, keep: Keep, opted_out: bool = False
) -> Answer:
    """Read, check and keep one request's events; the same for the door and for the documented REST addresses.

    `opted_out`: the browser sent Global Privacy Control with it.

    Raises MaropsError for what cannot be taken in at all.
    """
    reading = calls.read(call, calls.unpacked(body, encoding), key=sender, at=at, opted_out=opted_out)
    number = len(reading.events)
    verdict = _limiter("events").take(str(sender), max(1, number))
    if not verdict.allowed:
        raise too_many(verdict)
    keep(Call(reading, sender, at))
    refused = reading.refused
    if refused and not number:
        first = refused[0]
        raise MaropsError(calls.ALL_REFUSED, first.message, errors=calls.told(refused), extra={"refused": len(refused)})
    return Answer(
        HTTPStatus.OK,
        {
            "success": True,
            "accepted": number,
            "refused": [one.as_json() for one in refused[: calls.REFUSALS_TOLD]],
        },
    )


class Door:
    """The application: calls are answered here, all else by `inside`."""

    def __init__(self, inside: Application) -> None:
        self._inside = inside

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        call = ADDRESSES.get(environ.get("PATH_INFO", ""))
        if call is None:
            return self._inside(environ, start_response)
        answer = _answered(call, environ)
        body = b"" if answer.document is None else json.dumps(answer.document).encode()
        good = answer.status < HTTPStatus.BAD_REQUEST
        headers = {
            **OPEN_TO_PAGES,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Content-Type": "application/json" if good else "application/problem+json",
            "Content-Length": str(len(body)),
            **answer.headers,
        }
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
        return [body]


def _answered(call: str, environ: Environ) -> Answer:
    method = environ.get("REQUEST_METHOD")
    if method == "OPTIONS":
        return Answer(HTTPStatus.NO_CONTENT, None)
    try:
        if method != "POST":
            raise MaropsError(WRONG_CALL)
        body = environ["wsgi.input"].read(_length(environ))
        encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        token = _sender(environ, body, encoding)
        opted_out = environ.get("HTTP_SEC_GPC", "").strip() == "1"
        return receive(call, body, encoding, token.id, now(), keep=keeper.keep, opted_out=opted_out)
    except MaropsError as error:
        return refusal(error)
    except (Error, OSError) as error:
        # PostgreSQL is away, or the sender is: what was not committed was not promised.
        connection.close()
        log.error("a call could not be answered: %s", type(error).__name__)
        return refusal(MaropsError(TRY_LATER, extra={"retry_after": 5}))


def _length(environ: Environ) -> int:
    """How much to read: never more than a byte beyond the limit."""
    given = environ.get("CONTENT_LENGTH", "")
    return min(int(given), calls.LARGEST_BODY + 1) if given.isdigit() else calls.LARGEST_BODY + 1


def refusal(error: MaropsError) -> Answer:
    """The problem document, with `code` and `message` besides, where Segment's clients look for them."""
    headers = {}
    if "retry_after" in error.extra:
        headers["Retry-After"] = str(error.extra["retry_after"])
    if error.kind.status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = "POST, OPTIONS"
    if error.kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="Marops intake"'
    return Answer(error.kind.status, error.as_json() | {"code": error.code, "message": str(error)}, headers)


def _sender(environ: Environ, body: bytes, encoding: str) -> Token:
    """Whose key came with the call: in the header, or in the body as a browser's beacon sends it."""
    secret = secret_of(environ.get("HTTP_AUTHORIZATION", ""))
    if secret is None:
        given = calls.load(calls.unpacked(body, encoding)).get("writeKey")
        secret = given if isinstance(given, str) else ""
    token = keys.token(secret) if secret else None
    if token is None:
        verdict = _limiter("strangers").take(str(environ.get("REMOTE_ADDR", "")))
        raise MaropsError(BAD_KEY) if verdict.allowed else too_many(verdict)
    return token


def secret_of(header: str) -> str | None:
    """The key in an Authorization header: the user name of `Basic`, or the token of `Bearer`; None without one."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(rest.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""
