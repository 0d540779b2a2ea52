"""Webhooks over REST."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from marops.connectors.webhooks import actions, queries
from marops.connectors.webhooks.forms import EndpointForm
from marops.connectors.webhooks.models import Delivery
from marops.connectors.webhooks.permissions import MANAGE
from marops.domains.accounts.public import actor_of
from marops.kernel.forms import validated
from marops.kernel.permissions import require
from marops.kernel.rest import Page, Paging, Strict, checked_limit, page, place_of

router = Router(tags=["webhooks"])


class WebhookOut(Strict):
    """A system that is told, without its secret."""

    id: UUID
    ref: str
    name: str
    url: str
    kinds: list[str]
    active: bool
    state: Literal["works", "fails", "paused", "stopped"]
    stopped_because: str
    waiting: int
    delivered: int
    failed: int
    last_success_at: datetime | None
    failing_since: datetime | None
    not_before: datetime | None
    created_at: datetime


def _webhook(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in WebhookOut.model_fields}


class WebhookIn(Strict):
    """A system to tell; `kinds` are kinds of facts, or `*` for all."""

    name: str
    url: str
    kinds: list[str]


class WebhookChange(Strict):
    """What is to change; `active` pauses and resumes."""

    name: str | None = None
    url: str | None = None
    kinds: list[str] | None = None
    active: bool | None = None


class MadeWebhook(Strict):
    """A webhook with its secret, which is never shown again."""

    webhook: WebhookOut
    secret: str


@router.get("/webhooks", response=Page[WebhookOut], url_name="webhooks")
def webhooks(request: HttpRequest, paging: Query[Paging]) -> Any:
    """The systems that are told, newest first."""
    limit = checked_limit(paging.limit)
    rows = queries.endpoints(actor_of(request))
    if paging.after:
        rows = rows.filter(number__lt=place_of(paging.after, int)[0])
    return page(rows[: limit + 1], limit, at=lambda one: (one.number,), show=_webhook)


@router.post("/webhooks", response={201: MadeWebhook}, url_name="webhook-make")
def make(request: HttpRequest, body: WebhookIn) -> Any:
    """Tell another system of these kinds of facts, from now on."""
    actor = actor_of(request)
    require(actor, MANAGE)
    given = validated(EndpointForm, body.model_dump())
    row, secret = actions.make_endpoint(actor=actor, **given)
    return Status(
        HTTPStatus.CREATED, {"webhook": _webhook(queries.find_endpoint(actor, str(row.id))), "secret": secret}
    )


@router.get("/webhooks/{ref}", response=WebhookOut, url_name="webhook")
def webhook(request: HttpRequest, ref: str) -> Any:
    """One webhook, by its reference W-2 or its id."""
    return _webhook(queries.find_endpoint(actor_of(request), ref))


@router.patch("/webhooks/{ref}", response=WebhookOut, url_name="webhook-change")
def change(request: HttpRequest, ref: str, body: WebhookChange) -> Any:
    """Change a webhook, pause it or resume it."""
    actor = actor_of(request)
    one = queries.find_endpoint(actor, ref)
    given = {name: value for name, value in body.model_dump().items() if value is not None}
    whole = {"name": one.name, "url": one.url, "kinds": one.kinds}
    checked = validated(EndpointForm, whole | {name: given[name] for name in whole if name in given})
    values = {name: value for name, value in checked.items() if name in given}
    values |= {"active": given["active"]} if "active" in given else {}
    if values:
        actions.change_endpoint(actor=actor, endpoint_id=one.id, values=values)
    return _webhook(queries.find_endpoint(actor, str(one.id)))


@router.delete("/webhooks/{ref}", response={204: None}, url_name="webhook-remove")
def remove(request: HttpRequest, ref: str) -> Any:
    """Tell a system nothing any more, and forget its log."""
    actor = actor_of(request)
    actions.remove_endpoint(actor=actor, endpoint_id=queries.find_endpoint(actor, ref).id)
    return Status(HTTPStatus.NO_CONTENT, None)


@router.post("/webhooks/{ref}/rotate", response=MadeWebhook, url_name="webhook-rotate")
def rotate(request: HttpRequest, ref: str) -> Any:
    """A new secret; the old one signs too for a day."""
    actor = actor_of(request)
    one = queries.find_endpoint(actor, ref)
    _row, secret = actions.rotate_secret(actor=actor, endpoint_id=one.id)
    return {"webhook": _webhook(queries.find_endpoint(actor, str(one.id))), "secret": secret}


@router.post("/webhooks/{ref}/test", response={202: WebhookOut}, url_name="webhook-test")
def send_test(request: HttpRequest, ref: str) -> Any:
    """Send a test (`webhook.tested`) to this system alone."""
    actor = actor_of(request)
    one = queries.find_endpoint(actor, ref)
    actions.send_test(actor=actor, endpoint_id=one.id)
    return Status(HTTPStatus.ACCEPTED, _webhook(queries.find_endpoint(actor, str(one.id))))


class Try(Strict):
    """One try, and what it came to."""

    at: datetime
    status: int | None
    says: str
    seconds: float


class DeliveryOut(Strict):
    """A fact on its way to one system: `message` is the `webhook-id`."""

    id: UUID
    message: str
    kind: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    created_at: datetime
    next_at: datetime
    ended_at: datetime | None
    payload: dict[str, Any]
    tries: list[Try]


def _delivery(one: Delivery) -> dict[str, Any]:
    return {name: getattr(one, name) for name in DeliveryOut.model_fields}


class DeliveriesIn(Paging):
    """What the log is narrowed to."""

    state: Literal["", "waiting", "delivered", "failed"] = ""


@router.get("/webhooks/{ref}/deliveries", response=Page[DeliveryOut], url_name="webhook-deliveries")
def deliveries(request: HttpRequest, ref: str, given: Query[DeliveriesIn]) -> Any:
    """What a system was told and is still to be told, newest first."""
    one = queries.find_endpoint(actor_of(request), ref)
    limit = checked_limit(given.limit)
    rows = queries.deliveries(one.id, given.state)
    if given.after:
        rows = rows.extra(where=["(created_at, id) < (%s, %s)"], params=place_of(given.after, datetime, UUID))
    return page(rows[: limit + 1], limit, at=lambda row: (row.created_at, row.id), show=_delivery)


@router.post("/webhooks/{ref}/deliveries/{delivery_id}/replay", response=DeliveryOut, url_name="webhook-replay")
def replay(request: HttpRequest, ref: str, delivery_id: UUID) -> Any:
    """Send a delivery once more, with the same id."""
    actor = actor_of(request)
    one = queries.find_endpoint(actor, ref)
    row = queries.find_delivery(one.id, delivery_id)
    return _delivery(actions.replay(actor=actor, delivery_id=row.id))
