"""Reads of what passed from role to role in a span: what the domains' facts say, approvals, and what is usual."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from marops.domains.team.catalogue import assumptions, catalogue
from marops.domains.team.models import Person, RoleHeld
from marops.domains.team.ports import HandOff, passed_on
from marops.domains.team.queries.volumes import KEPT_SECONDS
from marops.domains.team.rules.hand_offs import ENOUGH, Passing, UsualHandOffs, median_ranks, merged
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.rules import read_yaml
from marops.methods.intervals import Z95
from marops.store.duckdb import QueryError

SPANS = (30, 90, 365)
"""Days that can be looked back."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What passed in a span, and the span."""

    rows: tuple[Passing, ...]
    since: datetime
    until: datetime
    days: int
    asked: bool = True
    """Whether the facts could be asked."""


def hand_offs(actor: Actor, days: int = 90) -> Passed:
    """What passed between the roles that the catalogue knows, up to now."""
    until = now()
    since = until - timedelta(days=days)
    found, asked = _measured(since, until, actor)
    measured = [*found, *approvals(since, until)]
    rows = merged(measured, usual().hand_offs, assumptions(), days, catalogue().roles)
    return Passed(tuple(rows), since, until, days, asked)


def _measured(since: datetime, until: datetime, actor: Actor) -> tuple[list[HandOff], bool]:
    """What is known by facts, and whether they could be asked: without a lake, as before the first run, they cannot.

    Asked of the lake at most once in ten minutes for each reader, language and span.
    """
    key = f"team-passed-{connection.settings_dict['NAME']}-{until - since}-{actor.kind}-{actor.id}-{get_language()}"
    key = key.replace(" ", "")
    kept: list[HandOff] | None = cache.get(key)
    if kept is not None:
        return kept, True
    try:
        found = [one for filler in passed_on for one in filler.value(since, until, actor)]
    except QueryError:
        return [], False
    cache.set(key, found, KEPT_SECONDS)
    return found, True


@functools.cache
def usual() -> UsualHandOffs:
    """What usually passes, as shipped with the catalogue."""
    path = Path(__file__).parents[1] / "data" / "hand_offs.yaml"
    return UsualHandOffs.model_validate(read_yaml(path.read_text(encoding="utf-8")))


def roles_of_accounts(on: date) -> dict[UUID, str]:
    """Account → the role its person has most of on a day, those of the team before others."""
    inside = catalogue().inside
    rows = RoleHeld.objects.filter(Q(starts=None) | Q(starts__lte=on), Q(ends=None) | Q(ends__gt=on), elsewhere=False)
    rows = rows.exclude(person__account_id=None).order_by("-share", "role")
    found: dict[UUID, str] = {}
    for account, role in rows.values_list("person__account_id", "role"):
        if account and (account not in found or (role in inside and found[account] not in inside)):
            found[account] = role
    return found


def role_of_actors(on: date) -> dict[str, str]:
    """The same by whatever a fact may call somebody: the account's id, the person's, their reference."""
    accounts = roles_of_accounts(on)
    known: dict[str, str] = {}
    for one in Person.objects.filter(account_id__in=accounts):
        role = accounts.get(one.account_id or one.id, "")
        known |= {str(one.account_id): role, str(one.id): role, one.ref: role}
    return known


def summed(passes: str) -> str:
    """A query of the engine over `passes` (source, target, what, wait in seconds or NULL): a row for each pair.

    With how many passed, what mostly, how many kinds, and of the waits in hours how many are known, the median and the
    order statistics that bound it (see `median_ranks`).
    """
    return f"""
WITH passes AS ({passes}), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY source, target ORDER BY wait NULLS LAST) AS place,
        count(wait) OVER (PARTITION BY source, target) AS timed FROM passes)
SELECT source, target, mode(what) AS what, count(DISTINCT what) AS kinds, count(*) AS passed,
    any_value(timed) AS timed, median(wait) / 3600 AS waits,
    min(wait) FILTER (place = greatest(1, floor((timed - {Z95} * sqrt(timed)) / 2))) / 3600 AS low,
    min(wait) FILTER (place = timed + 1 - greatest(1, floor((timed - {Z95} * sqrt(timed)) / 2))) / 3600 AS high
FROM ranked GROUP BY source, target ORDER BY source, target
"""


def hand_off_of(row: Mapping[str, object], about: str, url: str = "") -> HandOff:
    """A row of `summed` as a hand-off; the interval where there are enough waits."""
    kinds = int(str(row["kinds"]))
    what = str(row["what"])
    if kinds > 1:
        what = _("%(what)s and others") % {"what": what}
    timed = int(str(row["timed"]))
    waits, low, high = (_number(row[name]) for name in ("waits", "low", "high"))
    if timed < ENOUGH:
        low = high = None
    count = int(str(row["passed"]))
    return HandOff(str(row["source"]), str(row["target"]), what, count, waits, url, about, timed, low, high)


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))


_APPROVALS = """
SELECT who.source, who.target, array_agg(who.wait ORDER BY who.wait) FROM (
    SELECT a.role AS source, b.role AS target, extract(epoch FROM d.at - r.asked_at)::float / 3600 AS wait
    FROM review_decision d JOIN review r ON r.id = d.review_id
    JOIN unnest(%(ids)s::text[], %(roles)s::text[]) AS a (id, role) ON a.id = r.asked_by
    JOIN unnest(%(ids)s::text[], %(roles)s::text[]) AS b (id, role) ON b.id = d.reviewer
    WHERE d.at >= %(since)s AND d.at < %(until)s AND a.role <> b.role AND NOT d.own_work) who
GROUP BY who.source, who.target ORDER BY who.source, who.target
"""


def approvals(since: datetime, until: datetime) -> list[HandOff]:
    """What one role wrote and another looked at before it counted: decided in the span, waiting from being asked."""
    known = {str(account): role for account, role in roles_of_accounts(until.date()).items()}
    given: dict[str, Any] = {"ids": list(known), "roles": list(known.values()), "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(_APPROVALS, given)
        return [_approval(*row) for row in cursor.fetchall()]


def _approval(source: str, target: str, waits: Sequence[float]) -> HandOff:
    """Of waits in order of their size."""
    middle = (waits[(len(waits) - 1) // 2] + waits[len(waits) // 2]) / 2
    low = high = None
    if len(waits) >= ENOUGH:
        first, last = median_ranks(len(waits))
        low, high = waits[first - 1], waits[last - 1]
    what = _("Definition, to review")
    return HandOff(source, target, what, len(waits), middle, "", "approval", len(waits), low, high)
