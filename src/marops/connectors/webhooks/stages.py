"""The sender: runs beside the worker's jobs and tells each endpoint what it is due, one after the other.

Endpoints do not wait for each other; what one is told stays in order. A delivery is sent before its row says so, so a
kill in between sends it again, with the same id, by which the receiver knows it.
"""

import logging
import random
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from django.db import connections

from marops.connectors.webhooks.actions import KEPT, claim, forget_old, record, release
from marops.connectors.webhooks.models import Delivery, Endpoint
from marops.connectors.webhooks.queries import anything_due, next_of
from marops.connectors.webhooks.rules import Answer, Verdict, body_of, headers_of, judge
from marops.connectors.webhooks.sending import post
from marops.kernel import crash
from marops.kernel.actors import ENGINE, Actor
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.secrets import opened

log = logging.getLogger("marops.webhooks")

SENDER = Actor("system", "webhooks")
AT_ONCE = 16
IDLE_SECONDS = 1.0
TURN_SECONDS = 30.0
crash.declare("webhook.after_claim", "webhook.before_send", "webhook.after_send", "webhook.after_record")


def send_for_ever(stop: threading.Event) -> None:
    """Tell endpoints what they are due, until `stop` is set."""
    busy: set[Future[None]] = set()
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="webhook") as pool:
        while not stop.is_set():
            busy = {one for one in busy if not one.done()}
            free = AT_ONCE - len(busy)
            found = claim(actor=SENDER, most=free) if free and anything_due(now()) else []
            crash.point("webhook.after_claim")
            busy |= {pool.submit(_turn, endpoint_id, stop) for endpoint_id in found}
            stop.wait(0.05 if found else IDLE_SECONDS)
        pool.shutdown(wait=True, cancel_futures=True)


def send_due() -> int:
    """Everything that is due now, in this thread. Answers how many tries that were."""
    tries = 0
    while found := claim(actor=SENDER, most=AT_ONCE):
        tries += sum(_tell(endpoint_id, threading.Event()) for endpoint_id in found)
    return tries


def _turn(endpoint_id: UUID, stop: threading.Event) -> None:
    try:
        _tell(endpoint_id, stop)
    except Exception as error:
        log.error("a webhook's turn broke off: %s", type(error).__name__)
    finally:
        connections.close_all()


def _tell(endpoint_id: UUID, stop: threading.Event) -> int:
    """One endpoint's turn: what is due, in order, until it refuses or the turn is over. Answers how many tries."""
    until, tries = time.monotonic() + TURN_SECONDS, 0
    try:
        while not stop.is_set() and time.monotonic() < until:
            endpoint = Endpoint.objects.filter(id=endpoint_id, active=True).first()
            delivery = next_of(endpoint_id, now()) if endpoint else None
            if endpoint is None or delivery is None:
                break
            tries += 1
            if _send(endpoint, delivery).outcome in ("endpoint", "gone"):
                break
    finally:
        release(actor=SENDER, endpoint_id=endpoint_id)
    return tries


def _send(endpoint: Endpoint, delivery: Delivery) -> Verdict:
    at, started = now(), time.monotonic()
    body = body_of(delivery.payload)
    crash.point("webhook.before_send")
    try:
        answer = post(endpoint.url, body, headers_of(_secrets(endpoint, at), delivery.message, at, body))
    except MaropsError as error:
        answer = Answer(None, {}, error=f"{error} {error.remedy}")
    crash.point("webhook.after_send")
    verdict = judge(answer)
    record(
        actor=SENDER, delivery_id=delivery.id, answer=answer, verdict=verdict, seconds=time.monotonic() - started,
        jitter=random.random(),  # noqa: S311  # it spreads tries out, it hides nothing
    )  # fmt: skip
    crash.point("webhook.after_record")
    return verdict


def _secrets(endpoint: Endpoint, at: datetime) -> list[str]:
    kept = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_until and endpoint.old_until > at:
        kept.append(endpoint.old_secret)
    return [opened(one) for one in kept]


def forget(as_of: datetime) -> int:
    """Once a day: let go of what was delivered or given up more than 30 days ago. Nobody ages by it."""
    forget_old(actor=ENGINE, before=as_of - KEPT)
    return 0
