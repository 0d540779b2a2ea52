"""Reads about webhooks: endpoints, their log, what waits."""

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet

from marops.connectors.webhooks.models import Delivery, Endpoint
from marops.connectors.webhooks.permissions import MANAGE
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.permissions import may, require
from marops.kernel.shell import Found

_REF = re.compile(r"W-(\d{1,18})", re.IGNORECASE)


def endpoints(actor: Actor) -> QuerySet[Any]:
    """Every endpoint with its counts, newest first. Raises MaropsError `not-allowed`."""
    require(actor, MANAGE)
    return Endpoint.objects.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state="waiting")),
        failed=Count("deliveries", filter=Q(deliveries__state="failed")),
        delivered=Count("deliveries", filter=Q(deliveries__state="delivered")),
        last_at=Max("deliveries__created_at"),
    ).order_by("-number")


def find_endpoint(actor: Actor, ref: str) -> Any:
    """The endpoint of a reference W-2 or an id, with its counts. Raises MaropsError `not-found`, `not-allowed`."""
    number, known = _REF.fullmatch(ref), as_uuid(ref)
    rows = endpoints(actor)
    found = rows.filter(number=int(number[1])).first() if number else rows.filter(id=known).first() if known else None
    if found is None:
        raise MaropsError(NOT_FOUND, f"There is no webhook {ref}.")
    return found


def deliveries(endpoint_id: UUID, state: str = "") -> QuerySet[Delivery]:
    """The log of an endpoint, newest first."""
    found = Delivery.objects.filter(endpoint_id=endpoint_id).order_by("-created_at", "-id")
    return found.filter(state=state) if state else found


def find_delivery(endpoint_id: UUID, delivery_id: UUID) -> Delivery:
    """One delivery. Raises MaropsError `not-found`."""
    found = Delivery.objects.filter(endpoint_id=endpoint_id, id=delivery_id).first()
    if found is None:
        raise MaropsError(NOT_FOUND)
    return found


def next_of(endpoint_id: UUID, as_of: datetime) -> Delivery | None:
    """What this endpoint is to be told next: the oldest that waits and is due."""
    rows = Delivery.objects.filter(endpoint_id=endpoint_id, state=Delivery.State.WAITING, next_at__lte=as_of)
    return rows.order_by("created_at", "fact_id").first()


def anything_due(as_of: datetime) -> bool:
    """Is there anything to be told? One look, so that an idle installation costs next to nothing."""
    due = Delivery.objects.filter(endpoint=OuterRef("id"), state=Delivery.State.WAITING, next_at__lte=as_of)
    found = Endpoint.objects.filter(Q(not_before__isnull=True) | Q(not_before__lte=as_of), Exists(due), active=True)
    return found.exists()


def find_for_shell(actor: Actor, object_id: str) -> Found | None:
    """An endpoint as history needs it."""
    from django.urls import reverse

    known = as_uuid(object_id) if may(actor, MANAGE) else None
    one = Endpoint.objects.filter(id=known).first() if known else None
    return Found(one.name, reverse("webhooks:webhook", args=[one.ref])) if one else None


def recipients() -> list[dict[str, str]]:
    """The systems that are told what happens to leads, for the record of processing."""
    return [
        {"name": one.name, "what": "ids and facts of leads: " + ", ".join(one.kinds), "why": "told as it happens",
         "where": one.url.split("/")[2] if "//" in one.url else one.url}
        for one in Endpoint.objects.filter(active=True).order_by("number")
    ]  # fmt: skip
