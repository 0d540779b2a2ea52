"""How old the values of one person and of the whole database are, and how many of them are likely still true."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection

from marops.domains.contacts.fields import CONTACT
from marops.domains.contacts.permissions import VIEW, visible_sql
from marops.domains.contacts.queries.quality import EVERYBODY, Narrowing, many
from marops.domains.contacts.rules.freshness import AGED, DAYS_PER_MONTH, SLUG, Freshness, fresh
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.definitions import active, load
from marops.kernel.permissions import require

KEPT_SECONDS = 300
_LABELS = {one.name: one.label for one in CONTACT}
_NAMES = ", ".join(f'v."{name}_at"' for name in AGED)


def half_lives() -> Mapping[str, int]:
    """Months by field, as the definition in force says."""
    found = next((row for row in active("freshness") if row.slug == SLUG), None)
    document: Freshness = load(found) if found else Freshness()
    return {name: document.half_lives[name] for name in AGED if name in document.half_lives}


def ages_of(contact_id: UUID, as_of: datetime | None = None) -> list[dict[str, Any]]:
    """Each value that ages and whose day is known, the least fresh first."""
    moment = as_of or now()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_NAMES} FROM contact_confirmed v WHERE v.contact_id = %s", [contact_id])
        row = cursor.fetchone() or (None,) * len(AGED)
    given = dict(zip(AGED, row, strict=True))
    lines = [_age(name, given[name], moment, months) for name, months in half_lives().items() if given[name]]
    return sorted(lines, key=lambda one: (one["fresh"], one["field"]))


def _age(name: str, at: datetime, as_of: datetime, months: int) -> dict[str, Any]:
    share = fresh(at, as_of, months)
    return {
        "field": name,
        "label": _LABELS[name],
        "confirmed_at": iso_utc(at),
        "months": round(max(0.0, (as_of - at).days / DAYS_PER_MONTH), 1),
        "half_life_months": months,
        "fresh": round(share, 3),
        "aged": share < 0.5,
    }


def freshness(actor: Actor, narrowed: Narrowing = EVERYBODY) -> dict[str, Any]:
    """Field by field: how many values, how many are older than their half-life, how many are likely still true."""
    require(actor, VIEW)
    if not many():
        return _freshness(actor, narrowed)
    key = f"freshness:{actor.id}:{narrowed.source}:{narrowed.brought}"
    found: dict[str, Any] = cache.get_or_set(key, lambda: _freshness(actor, narrowed), KEPT_SECONDS) or {}
    return found


def _freshness(actor: Actor, narrowed: Narrowing) -> dict[str, Any]:
    as_of, months = now(), half_lives()
    condition, params = narrowed.sql()
    columns = ", ".join(_columns(name, one) for name, one in months.items()) or "0"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM contact c JOIN contact_confirmed v ON v.contact_id = c.id"
            f" WHERE {visible_sql(actor, alias='c')} AND {condition}",
            params | {"as_of": as_of},
        )
        row = cursor.fetchone()
    lines = [_line(name, one, row[4 * place : 4 * place + 4]) for place, (name, one) in enumerate(months.items())]
    return {"as_of": iso_utc(as_of), "fields": sorted(lines, key=lambda one: (one["fresh"] or 2.0, one["field"]))}


def _columns(name: str, months: int) -> str:
    age = f"greatest(0, extract(epoch FROM %(as_of)s::timestamptz - v.{name}_at) / 86400)"
    days, known = months * DAYS_PER_MONTH, f"FILTER (WHERE v.{name}_at IS NOT NULL)"
    return (
        f"count(v.{name}_at), count(*) FILTER (WHERE v.{name}_at IS NOT NULL AND {age} > {days}),"
        f" avg(power(0.5, {age} / {days})) {known}, avg({age}) {known} / {DAYS_PER_MONTH}"
    )


def _line(name: str, months: int, found: tuple[Any, ...]) -> dict[str, Any]:
    values, aged, share, mean = found
    return {
        "field": name,
        "label": _LABELS[name],
        "half_life_months": months,
        "values": values,
        "aged": aged,
        "fresh": None if share is None else round(float(share), 4),
        "months": None if mean is None else round(float(mean), 1),
        "rule": f"confirmed.{name}",
    }
