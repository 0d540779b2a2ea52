"""Metrics over REST: all with their headline, one with its periods or its pieces."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from marops.domains.accounts.public import actor_of
from marops.kernel.rest import Page, Shown, Strict
from marops.site import telling

router = Router(tags=["metrics"])


class MetricCut(Strict):
    """How a metric is cut: `by` source, owner or currency; periods from `since` on, of a `grain` (week or month)."""

    by: str = ""
    since: date | None = None
    grain: str = "month"


class MetricOut(Shown):
    """A figure as it stands: null with `why` where it cannot be told."""

    name: str
    label: str
    version: int
    type: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    why: str | None
    computed_at: datetime | None


@router.get("/metrics", response=Page[MetricOut], url_name="metrics")
def metrics(request: HttpRequest) -> dict[str, Any]:
    """Every figure as it stands, with its interval, its target and who answers for it."""
    return telling.everything(actor_of(request))


@router.get("/metrics/{name}", response=MetricOut, url_name="metric")
def metric(request: HttpRequest, name: str, asked: Query[MetricCut]) -> dict[str, Any]:
    """One figure with its definition and its periods; with `by` its pieces too."""
    return telling.one(actor_of(request), name, by=asked.by, since=asked.since, grain=asked.grain)
