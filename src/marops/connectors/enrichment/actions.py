"""Writes of asking outside: keys, calls before they are made, and what they came to."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from marops.connectors.enrichment.models import Answer, ProviderKey
from marops.connectors.enrichment.permissions import MANAGE
from marops.connectors.enrichment.queries import spent_today
from marops.connectors.enrichment.rules import Provider
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.models import Definition
from marops.kernel.secrets import sealed

_HELD_FAILED = timedelta(hours=1)


@action("enrichment.set_key", effect="change", right=MANAGE)
def set_key(act: Act, *, actor: Actor, provider: str, key: str) -> None:
    """Keep the key with which a provider is asked, encrypted."""
    row = {"secret": sealed(key), "made_by": actor.id, "created_at": act.at}
    ProviderKey.objects.update_or_create(provider=provider, defaults=row)
    act.changed("enrichment_key", provider, after={"key": "changed"})


@action("enrichment.reserve", effect="note")
def reserve(
    act: Act, *, actor: Actor, definition: Definition, document: Provider, asked: str, contact_id: UUID
) -> UUID | None:
    """Count a call as made before it is; None where the day's calls or money are used up. Others wait meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"marops.enrichment.{definition.slug}"])
    calls, money = spent_today(definition.slug, act.at)
    if calls >= document.calls_per_day or money + document.price > document.money_per_day:
        return None
    row = Answer.objects.create(
        provider=definition.slug, definition=definition.pinned, asked=asked, contact_id=contact_id,
        cost=document.price, currency=document.currency, at=act.at,
        expires_at=act.at + timedelta(days=document.kept_days),
    )  # fmt: skip
    return row.id


@action("enrichment.keep", effect="note")
def keep_reply(
    act: Act, *, actor: Actor, answer_id: UUID, outcome: str, said: Mapping[str, Any], why: str, reached: bool
) -> None:
    """What a call came to. One that never `reached` the provider costs nothing; a failure is asked again in an hour."""
    row = Answer.objects.filter(id=answer_id).first()
    if row is None:
        return  # the person was erased meanwhile
    row.outcome, row.said, row.why = outcome, dict(said), why
    if outcome == "failed":
        row.expires_at = act.at + _HELD_FAILED
    if not reached:
        row.cost = Decimal(0)
    row.save(update_fields=["outcome", "said", "why", "cost", "expires_at"])


@action("enrichment.forget", effect="change")
def forget_old(act: Act, *, actor: Actor) -> int:
    """Let answers go that expired, but not those of today, which count as spent."""
    return Answer.objects.filter(expires_at__lt=act.at, at__lt=act.at - timedelta(days=2)).delete()[0]
