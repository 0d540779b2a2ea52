"""Writes of webhooks: endpoints, and what became of each try."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from marops.connectors.webhooks.models import NUMBERS, Delivery, Endpoint
from marops.connectors.webhooks.permissions import MANAGE
from marops.connectors.webhooks.rules import OVERLAP, STOP_AFTER, Answer, Verdict, new_secret, next_try
from marops.connectors.webhooks.sending import check_form
from marops.kernel import leases
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.facts import fact_kind
from marops.kernel.ids import next_number
from marops.kernel.notices import raise_problem, settle
from marops.kernel.secrets import sealed

TESTED = fact_kind("webhook.tested", "A test for a webhook")
LEASE = timedelta(seconds=120)
KEPT = timedelta(days=30)
TRIES_KEPT = 12


@action("webhook.make", effect="create", right=MANAGE, reversible=True)
def make_endpoint(act: Act, *, actor: Actor, name: str, url: str, kinds: Sequence[str]) -> tuple[Endpoint, str]:
    """A new endpoint, told of every fact of these kinds from now on; its secret is answered once.

    Raises MaropsError `invalid` for what can be no endpoint.
    """
    check_form(url)
    secret = new_secret()
    number = next_number(NUMBERS)
    row = Endpoint.objects.create(
        number=number, name=name, url=url, kinds=sorted(set(kinds)), secret=sealed(secret), made_by=actor.id,
        created_at=act.at,
    )  # fmt: skip
    act.changed("webhook", row.id, after={"name": name, "url": url, "kinds": row.kinds})
    return row, secret


def _get(endpoint_id: UUID) -> Endpoint:
    row = Endpoint.objects.select_for_update().filter(id=endpoint_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    return row


@action("webhook.change", effect="change", right=MANAGE, reversible=True)
def change_endpoint(act: Act, *, actor: Actor, endpoint_id: UUID, values: Mapping[str, Any]) -> Endpoint:
    """Change its name, address or kinds, or pause and resume it (`active`). Resumed, it is tried at once."""
    if "url" in values:
        check_form(values["url"])
    row = _get(endpoint_id)
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    if values.get("active"):
        row.stopped_because, row.failing_since, row.not_before = "", None, None
        settle(f"webhook:{row.id}", by=actor.id)
    row.save()
    act.changed("webhook", row.id, before=before, after=dict(values))
    return row


@action("webhook.rotate", effect="change", right=MANAGE)
def rotate_secret(act: Act, *, actor: Actor, endpoint_id: UUID) -> tuple[Endpoint, str]:
    """A new secret, answered once; the old one signs too for a day."""
    row, secret = _get(endpoint_id), new_secret()
    row.old_secret, row.old_until, row.secret = row.secret, act.at + OVERLAP, sealed(secret)
    row.save(update_fields=["old_secret", "old_until", "secret"])
    act.changed("webhook", row.id, after={"secret": "changed"})
    return row, secret


@action("webhook.remove", effect="change", right=MANAGE)
def remove_endpoint(act: Act, *, actor: Actor, endpoint_id: UUID) -> None:
    """Forget an endpoint, its log and what it was still to be told."""
    row = _get(endpoint_id)
    act.changed("webhook", row.id, before={"name": row.name, "url": row.url, "kinds": row.kinds})
    settle(f"webhook:{row.id}", by=actor.id)
    row.delete()


@action("webhook.test", effect="create", right=MANAGE)
def send_test(act: Act, *, actor: Actor, endpoint_id: UUID) -> None:
    """Announce a fact that this endpoint alone is told of, whatever its kinds."""
    row = _get(endpoint_id)
    act.fact(TESTED, subject=("webhook", row.id), properties={"webhook": row.ref})


@action("webhook.replay", effect="change", right=MANAGE)
def replay(act: Act, *, actor: Actor, delivery_id: UUID) -> Delivery:
    """Send a delivery once more, with the same id and the same body. Raises `conflict` for one that still waits."""
    row = Delivery.objects.select_for_update().filter(id=delivery_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    if row.state == Delivery.State.WAITING:
        raise MaropsError(CONFLICT, "It waits to be sent already.")
    row.state, row.attempts, row.next_at, row.ended_at = Delivery.State.WAITING, 0, act.at, None
    row.save(update_fields=["state", "attempts", "next_at", "ended_at"])
    act.changed("webhook", row.endpoint_id, after={"sent again": str(row.fact_id)})
    return row


# --- What the sender does ---------------------------------------------------------------------------------------------


@action("webhook.claim", effect="note")
def claim(act: Act, *, actor: Actor, most: int) -> list[UUID]:
    """Take up to `most` endpoints in hand that have something due and that nobody else has. Answers their ids."""
    held = Endpoint.objects.exclude(lease_by="").values_list("lease_by", flat=True)
    dead = [by for by in held if leases.gone(by)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhook_endpoint SET lease_by = %(by)s, lease_until = %(until)s WHERE id IN ("
            " SELECT e.id FROM webhook_endpoint e WHERE e.active AND (e.not_before IS NULL OR e.not_before <= %(at)s)"
            " AND (e.lease_by = '' OR e.lease_until <= %(at)s OR e.lease_by = ANY(%(dead)s))"
            " AND EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.state = 'waiting'"
            "  AND d.next_at <= %(at)s) ORDER BY e.not_before NULLS FIRST LIMIT %(most)s FOR UPDATE SKIP LOCKED)"
            " RETURNING id",
            {"by": leases.holder(), "until": act.at + LEASE, "at": act.at, "dead": dead, "most": most},
        )
        return [key for (key,) in cursor.fetchall()]


@action("webhook.release", effect="note")
def release(act: Act, *, actor: Actor, endpoint_id: UUID) -> None:
    """Let an endpoint go."""
    Endpoint.objects.filter(id=endpoint_id).update(lease_by="", lease_until=None)


@action("webhook.record", effect="note")
def record(
    act: Act, *, actor: Actor, delivery_id: UUID, answer: Answer, verdict: Verdict, seconds: float, jitter: float
) -> None:
    """What one try came to: delivered; to be tried again, alone or with all that waits for this endpoint; or given up.

    An endpoint that has failed for five days without a success is stopped, and a person is told.
    """
    row = Delivery.objects.select_for_update().filter(id=delivery_id).first()
    if row is None:
        return  # its endpoint was removed meanwhile, or its person erased
    endpoint = _get(row.endpoint_id)
    row.attempts += 1
    tried = {"at": act.at.isoformat(), "status": answer.status, "says": verdict.says, "seconds": round(seconds, 3)}
    row.tries = [*row.tries, tried][-TRIES_KEPT:]
    if verdict.outcome == "delivered":
        row.state, row.ended_at = Delivery.State.DELIVERED, act.at
        _succeeded(endpoint, act.at)
    else:
        again = None if verdict.outcome == "gone" else next_try(row.attempts, act.at, answer, jitter)
        if again is None:
            row.state, row.ended_at = Delivery.State.FAILED, act.at
        else:
            row.next_at = again
        _failed(endpoint, act.at, verdict, again)
    row.save(update_fields=["attempts", "tries", "state", "ended_at", "next_at"])


def _succeeded(endpoint: Endpoint, at: datetime) -> None:
    if endpoint.failing_since is not None:
        settle(f"webhook:{endpoint.id}", at=at)
    endpoint.failing_since = endpoint.not_before = None
    endpoint.last_success_at = at
    endpoint.save(update_fields=["failing_since", "not_before", "last_success_at"])


def _failed(endpoint: Endpoint, at: datetime, verdict: Verdict, again: datetime | None) -> None:
    endpoint.failing_since = endpoint.failing_since or at
    if verdict.outcome == "endpoint":
        endpoint.not_before = again
    long = at - endpoint.failing_since >= STOP_AFTER
    if verdict.outcome == "gone" or long:
        endpoint.active, endpoint.stopped_because = False, verdict.says
    endpoint.save(update_fields=["failing_since", "not_before", "active", "stopped_because"])
    if not endpoint.active or again is None:
        _tell(endpoint, verdict)


def _tell(endpoint: Endpoint, verdict: Verdict) -> None:
    if not endpoint.active:
        settle(f"webhook:{endpoint.id}")  # the milder line about the same trouble
    what = "is not told any more" if not endpoint.active else "does not take in what it is told"
    raise_problem(
        f"webhook:{endpoint.id}",
        f"The webhook “{endpoint.name}” {what}",
        detail=verdict.says,
        remedy="Put the receiving system right, then resume the webhook; what waits is sent then, in order.",
        url=f"/webhooks/{endpoint.ref}",
        severity="bad" if not endpoint.active else "warn",
    )


@action("webhook.forget", effect="change")
def forget_old(act: Act, *, actor: Actor, before: datetime) -> int:
    """Drop deliveries that ended before this moment. Those that wait are kept."""
    return Delivery.objects.filter(~Q(state=Delivery.State.WAITING), ended_at__lt=before).delete()[0]
