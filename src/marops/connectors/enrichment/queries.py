"""Whom a provider could be asked about, what it answered, and what was spent."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Sum

from marops.connectors.enrichment.models import Answer, ProviderKey
from marops.connectors.enrichment.rules import Provider
from marops.domains.consent.public import may_sql, said_no_sql
from marops.domains.contacts.public import VIEW, visible_sql
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.config import config
from marops.kernel.definitions import active, load
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import require
from marops.kernel.secrets import opened
from marops.kernel.workspace import today, zone

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody a provider may be asked about: what would be sent, and the key under which the answer is kept."""

    contact_id: UUID
    sent: Mapping[str, str]
    asked: str
    free: bool
    """May the person's data go out?"""


def provider(name: str) -> tuple[Definition, Provider]:
    """The provider of this short name that is in force. Raises MaropsError `not-found`."""
    for row in active("provider"):
        if row.slug == name.strip():
            return row, load(row)
    raise MaropsError(NOT_FOUND, f"No provider {name!r} is in force.", remedy="Write provider/NAME as a definition.")


def key_of(name: str) -> str:
    """The key of a provider; empty where none was given."""
    row = ProviderKey.objects.filter(provider=name).first()
    return opened(row.secret) if row else ""


def spent_today(name: str, at: datetime) -> tuple[int, Decimal]:
    """Calls and money of the workspace's day."""
    start = datetime.combine(today(at), datetime.min.time(), zone())
    found = Answer.objects.filter(provider=name, at__gte=start).aggregate(calls=Count("id"), money=Sum("cost"))
    return found["calls"], found["money"] or Decimal(0)


def subjects(actor: Actor, name: str, document: Provider) -> Iterator[Subject]:
    """Those who lack something that the provider gives and whose record has all that is sent.

    Never through an address of a free mailbox where only its domain is sent.
    """
    lacks = " OR ".join(f'c."{one}" IS NULL' for one in document.gives)
    has = " AND ".join(f'c."{one}" IS NOT NULL' for one in set(document.sends.values()))
    own = " AND c.email_kind = 'work'" if "email_domain" in document.sends.values() else ""
    columns = ", ".join(f'c."{one}"' for one in document.sends.values())
    free = may_sql(person="c.id") if document.needs == "allowed" else f"NOT {said_no_sql(person='c.id')}"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.id, coalesce({free}, false), {columns} FROM contact c"
            f" WHERE ({lacks}) AND {has}{own} AND {visible_sql(actor, alias='c')}"
            f" ORDER BY c.number DESC LIMIT {MOST}",
            {"channel": "data", "purpose": document.purpose, "at": now()},
        )
        rows = cursor.fetchall()
    for contact_id, free_, *values in rows:
        sent = dict(zip(document.sends, map(str, values), strict=True))
        yield Subject(contact_id, sent, _asked(name, sent), free_)


def _asked(name: str, sent: Mapping[str, str]) -> str:
    text = json.dumps([name, sorted(sent.items())])
    return hmac.new(config().secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()


def kept_answers(name: str, at: datetime) -> dict[str, Answer]:
    """Answers that still hold, by what was asked: the newest of each."""
    rows = Answer.objects.filter(provider=name, expires_at__gt=at).order_by("at")
    return {row.asked: row for row in rows}


def answered(actor: Actor, name: str, document: Provider) -> dict[UUID, dict[str, Any]]:
    """What is known from outside of those who lack it: contact → field → value."""
    kept = kept_answers(name, now())
    return {
        one.contact_id: kept[one.asked].said
        for one in subjects(actor, name, document)
        if one.free and one.asked in kept and kept[one.asked].outcome == "found"
    }


def providers(actor: Actor) -> list[dict[str, Any]]:
    """The providers in force: what each is sent and gives, its budget, what was spent today, when it last answered."""
    require(actor, VIEW)
    return [_provider_json(row, load(row)) for row in active("provider")]


def _provider_json(row: Definition, document: Provider) -> dict[str, Any]:
    calls, money = spent_today(row.slug, now())
    last = Answer.objects.filter(provider=row.slug).order_by("-at").first()
    return {
        "name": row.slug,
        "title": document.title,
        "definition": row.pinned,
        "has_key": ProviderKey.objects.filter(provider=row.slug).exists(),
        "sends": sorted(set(document.sends.values())),
        "gives": sorted(document.gives),
        "purpose": document.purpose,
        "calls_today": calls,
        "calls_per_day": document.calls_per_day,
        "money_today": {"amount": f"{money:.2f}", "currency": document.currency},
        "money_per_day": {"amount": f"{document.money_per_day:.2f}", "currency": document.currency},
        "last": {"at": iso_utc(last.at), "outcome": last.outcome, "why": last.why} if last else None,
    }
