"""A write that is sent twice is done once: Idempotency-Key.

The key is taken before the write and its answer kept after it. A refused write had no effect, so its key is free again.
When the process dies in between, nobody knows whether the write took effect; the key then says so, and nothing is done
twice.
"""

import base64
import functools
import hashlib
import inspect
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import connection
from django.http import HttpRequest, HttpResponse

from marops.domains.accounts.public import actor_of
from marops.kernel.actions import Act, action
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.errors import FieldError, MaropsError, problem
from marops.kernel.secrets import opened, sealed
from marops.site.models import KeptAnswer

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
KEPT = timedelta(hours=24)
LONGEST_WRITE = timedelta(minutes=5)
LARGEST_ANSWER = 1_000_000
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_KEY = re.compile(r"[!-~][ -~]{0,253}[!-~]|[!-~]")

BAD_KEY = problem(
    "idempotency-key-invalid",
    "This Idempotency-Key cannot be used",
    status=400,
    remedy="Send 1 to 255 visible characters, such as a UUID, made anew for each write.",
)
OTHER_REQUEST = problem(
    "idempotency-key-reused",
    "This Idempotency-Key belongs to another request",
    remedy="Make a new key for each write; send a key again only with the very same request.",
)
BEING_DONE = problem(
    "idempotency-in-progress",
    "The request with this Idempotency-Key is just being done",
    status=409,
    remedy="Wait a moment and send the same request again.",
)
UNKNOWN = problem(
    "idempotency-unknown",
    "It is not known whether the request with this Idempotency-Key took effect",
    status=409,
    remedy="The server broke off in the middle of it. See whether it took effect; if not, send it with a new key.",
)
Run = Callable[..., HttpResponse]


def done_once(run: Run) -> Run:
    """Make an operation of the API heed Idempotency-Key. The key counts for its actor alone."""
    operation: Any = getattr(inspect.unwrap(run), "__self__", None)

    @functools.wraps(run)
    def once(request: HttpRequest, **given: Any) -> HttpResponse:
        key = request.headers.get(HEADER)
        if key is None or request.method not in WRITES:
            return run(request, **given)
        # Who asks must be known before anything is told; the operation itself asks again.
        if (refusal := operation._run_authentication(request)) is not None:
            return cast(HttpResponse, refusal)
        private = getattr(operation.view_func, "answered_once", False)
        return _once(request, key, lambda: run(request, **given), private=private)

    return once


def _once(request: HttpRequest, key: str, run: Callable[[], HttpResponse], *, private: bool) -> HttpResponse:
    if not _KEY.fullmatch(key):
        raise MaropsError(BAD_KEY, errors=[FieldError("key", "Not a usable key.", field=HEADER)])
    actor, fingerprint = actor_of(request), _fingerprint(request)
    kept = take_key(actor=actor, key=key, fingerprint=fingerprint)
    if kept is not None:
        return _again(kept)
    try:
        answer = run()
    except BaseException:
        free_key(actor=actor, key=key)
        raise
    if 200 <= answer.status_code < 300 and not answer.streaming and len(answer.content) <= LARGEST_ANSWER:
        keep_answer(
            actor=actor, key=key, status=answer.status_code,
            media_type="" if private else answer.headers.get("Content-Type", ""),
            body=b"" if private else answer.content,
        )  # fmt: skip
    else:
        free_key(actor=actor, key=key)
    return answer


def _fingerprint(request: HttpRequest) -> str:
    """What makes two requests the same: method, address, body. Of uploads, the length stands for the body."""
    about = [request.method, request.get_full_path(), request.content_type]
    if request.content_type == "multipart/form-data":
        return hashlib.sha256(json.dumps([*about, request.headers.get("Content-Length", "")]).encode()).hexdigest()
    return hashlib.sha256(json.dumps(about).encode() + request.body).hexdigest()


def _again(kept: KeptAnswer) -> HttpResponse:
    answer = HttpResponse(base64.b64decode(opened(kept.body)), status=kept.status, content_type=kept.media_type or None)
    if not kept.media_type:
        del answer["Content-Type"]
    answer[REPLAYED] = "true"
    return answer


@action("request.take_key", effect="note")
def take_key(act: Act, *, actor: Actor, key: str, fingerprint: str) -> KeptAnswer | None:
    """Take a key for a write that now begins: None. For one that was done: its answer.

    Raises MaropsError `idempotency-key-reused`, `idempotency-in-progress` and `idempotency-unknown`.
    """
    KeptAnswer.objects.filter(actor_id=actor.id, key=key, began_at__lt=act.at - KEPT).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kept_answer (actor_id, key, request_sha256, began_at, media_type, body)"
            " VALUES (%s, %s, %s, %s, '', '') ON CONFLICT DO NOTHING",
            [actor.id, key, fingerprint, act.at],
        )
        if cursor.rowcount:
            return None
    kept = KeptAnswer.objects.get(actor_id=actor.id, key=key)
    if kept.request_sha256 != fingerprint:
        raise MaropsError(OTHER_REQUEST)
    if kept.status is None:
        raise MaropsError(UNKNOWN if act.at - kept.began_at > LONGEST_WRITE else BEING_DONE, extra={"retry_after": 2})
    return kept


@action("request.keep_answer", effect="note")
def keep_answer(act: Act, *, actor: Actor, key: str, status: int, media_type: str, body: bytes) -> None:
    """Keep what a write answered, encrypted: it may hold a secret that is shown once."""
    KeptAnswer.objects.filter(actor_id=actor.id, key=key).update(
        status=status, media_type=media_type, body=sealed(base64.b64encode(body).decode())
    )


@action("request.free_key", effect="note")
def free_key(act: Act, *, actor: Actor, key: str) -> None:
    """The write was refused and had no effect: its key may be used again."""
    KeptAnswer.objects.filter(actor_id=actor.id, key=key, status__isnull=True).delete()


@action("request.forget", effect="note")
def forget_old(act: Act, *, actor: Actor, before: datetime) -> int:
    """Drop answers that were kept before this moment."""
    return KeptAnswer.objects.filter(began_at__lt=before).delete()[0]


def forget(as_of: datetime) -> int:
    """Once a day: let go of answers older than a day. Nobody ages by it."""
    forget_old(actor=ENGINE, before=as_of - KEPT)
    return 0
