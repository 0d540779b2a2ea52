"""What is sent, how it is signed, when it is tried again, and what counts as delivered. Pure functions.

Signing follows Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Literal

PREFIX = "whsec_"
# After each failure the next try waits longer; after the last one a delivery has failed, a good day after the first.
SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 300, 1_800, 2 * 3600, 5 * 3600, 10 * 3600, 10 * 3600)
)
ATTEMPTS = len(SCHEDULE) + 1
STOP_AFTER = timedelta(days=5)
OVERLAP = timedelta(hours=24)
LONGEST_WAIT = timedelta(hours=24)

Outcome = Literal["delivered", "endpoint", "message", "gone"]
"""delivered; trouble with the endpoint (everything for it waits); with this message (it steps aside); gone for good."""


def new_secret() -> str:
    """A secret of 192 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def body_of(payload: Mapping[str, Any]) -> bytes:
    """The bytes that are signed and sent: the same at every try."""
    return json.dumps(
        {name: payload[name] for name in ("type", "timestamp", "data")}, separators=(",", ":"), ensure_ascii=False
    ).encode()


def signature(secret: str, message: str, at: datetime, body: bytes) -> str:
    """`v1,` and the signature of this message at this moment."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message}.{int(at.timestamp())}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers_of(secrets_in_force: Sequence[str], message: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of one try; with two secrets, two signatures."""
    return {
        "content-type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signature(secret, message, at, body) for secret in secrets_in_force),
        "user-agent": "Marops-Webhooks/1",
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answered; `status` is None where nothing came back, and `error` says why."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes = b""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means, in words that a person understands."""

    outcome: Outcome
    says: str


_OF_THE_MESSAGE = frozenset({400, 405, 406, 409, 411, 413, 414, 415, 416, 417, 421, 422, 431})
_LOGIN = re.compile(rb"<form\b|type\s*=\s*[\"']?password", re.IGNORECASE)


def judge(answer: Answer) -> Verdict:
    """Only a 2xx that is no login page counts; a redirect is never followed (SEMANTICS W2)."""
    if answer.status is None:
        return Verdict("endpoint", answer.error)
    if 200 <= answer.status < 300:
        if "html" in answer.headers.get("content-type", "") and _LOGIN.search(answer.body):
            return Verdict("endpoint", "It answered with a page that asks to sign in: something stands before it.")
        return Verdict("delivered", f"{answer.status}")
    if answer.status == HTTPStatus.GONE:
        return Verdict("gone", "410: the endpoint says that it is gone.")
    if 300 <= answer.status < 400:
        return Verdict("endpoint", f"{answer.status}: it leads elsewhere, and redirects are not followed.")
    words = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
    return Verdict("message" if answer.status in _OF_THE_MESSAGE else "endpoint", f"{answer.status} {words}".strip())


def next_try(attempts: int, at: datetime, answer: Answer, jitter: float) -> datetime | None:
    """When to try again after this many attempts; None when it is enough. `jitter` from 0 to 1 spreads tries out."""
    if attempts >= ATTEMPTS:
        return None
    wait = SCHEDULE[attempts - 1] * (1 + 0.2 * jitter)
    asked = _asked_to_wait(answer, at)
    return at + max(wait, min(asked, LONGEST_WAIT))


def _asked_to_wait(answer: Answer, at: datetime) -> timedelta:
    text = answer.headers.get("retry-after", "").strip()
    if answer.status not in (429, 503) or not text:
        return timedelta(0)
    try:
        if text.isdigit():
            return timedelta(seconds=min(int(text), 10**6))
        moment = parsedate_to_datetime(text)
        return max(timedelta(0), (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - at)
    except (ValueError, TypeError, OverflowError):
        return timedelta(0)
