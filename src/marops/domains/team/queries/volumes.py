"""How much of what makes work there is here a month: from this installation's own facts where it has them, else what
the assumptions say.

A month is thirty days; the three last ones are looked at, as far back as there are facts of that kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from marops.domains.team.catalogue import assumptions
from marops.domains.team.queries.people import memberships
from marops.domains.team.rules.assumptions import Driver
from marops.domains.team.rules.document import Range
from marops.engine.asking import query_engine
from marops.kernel.clock import now
from marops.kernel.workspace import today
from marops.store.duckdb import QueryError

MONTH: Final = 30
MONTHS: Final = 3
KEPT_SECONDS: Final = 600

# A campaign counts in the month in which its first piece of work was finished; it is looked for in twice the time, so
# that one begun before is not taken for a new one. An e-mail is work of a campaign that is called one.
_COUNTS: Final = """
WITH f AS MATERIALIZED (
    SELECT kind, occurred_at, contact_id, case_id, activity, skill, platform FROM facts
    WHERE kind IN ('lead.created', 'task.finished', 'platform.used') AND occurred_at >= $far AND occurred_at < $until
), counted AS (
    SELECT 'leads_per_month' AS driver, contact_id::VARCHAR AS what, min(occurred_at) AS since FROM f
    WHERE kind = 'lead.created' AND contact_id IS NOT NULL GROUP BY 2
    UNION ALL
    SELECT 'campaigns_per_month', case_id, min(occurred_at) FROM f
    WHERE kind = 'task.finished' AND case_id IS NOT NULL GROUP BY 2
    UNION ALL
    SELECT 'emails_per_month', case_id || ' ' || coalesce(activity, ''), min(occurred_at) FROM f
    WHERE kind = 'task.finished' AND case_id IS NOT NULL
        AND regexp_matches(lower(concat_ws(' ', activity, skill)), '\\be-?mails?\\b') GROUP BY 2
    UNION ALL
    SELECT DISTINCT 'tools', platform, time_bucket(INTERVAL 1 DAY, occurred_at) FROM f
    WHERE kind = 'platform.used' AND platform IS NOT NULL
)
SELECT driver, CAST(floor(epoch($until::TIMESTAMPTZ - since) / (86400 * $days)) AS INTEGER) AS month,
    count(DISTINCT what) AS found FROM counted GROUP BY 1, 2
"""
_SAID: Final[Mapping[str, Any]] = {
    "leads_per_month": _lazy("people came in"),
    "campaigns_per_month": _lazy("campaigns had their first piece of work finished"),
    "emails_per_month": _lazy("e-mails were built: work on campaigns that is called so"),
    "tools": _lazy("platforms were used"),
}


@dataclass(frozen=True, slots=True)
class Volume:
    """How many of a driver's units there are a month, and which fact says so (none: an assumption, or the people)."""

    driver: Driver
    amount: Range
    fact: str = ""


def volumes() -> dict[str, Volume]:
    """Driver → what there is of it a month, with its origin."""
    counted = _counted()
    return {one.id: _volume(one, counted.get(one.id, {})) for one in assumptions().drivers}


def _volume(driver: Driver, months: Mapping[int, int]) -> Volume:
    if driver.id == "people" and (heads := _heads()):
        why = ngettext("One person is of the team.", "%(n)s people are of the team.", heads)
        why %= {"n": f"{heads:,}"}
        return Volume(driver, Range(low=heads, usual=heads, high=heads, origin="facts", why=why))
    known = min(MONTHS, max(months, default=0))  # the month in which they begin is not whole
    if driver.measured_from and known and (amount := _measured(driver, [months.get(n, 0) for n in range(known)])):
        return Volume(driver, amount, driver.measured_from)
    return Volume(driver, driver.start)


def _measured(driver: Driver, counts: list[int]) -> Range | None:
    if not any(counts):
        return None
    usual = max(counts) if driver.id == "tools" else sum(counts) / len(counts)
    days = MONTH * len(counts)
    shown = ", ".join(f"{one:,}" for one in reversed(counts))
    why = _("In the last %(days)s days, by thirty days: %(shown)s %(what)s.") % {
        "days": days, "shown": shown, "what": _SAID.get(driver.id, driver.unit),
    }  # fmt: skip
    return Range(low=min(counts), usual=usual, high=max(counts), origin="facts", why=why)


def _heads() -> int:
    """How many people the team has."""
    return sum(one.of_team for one in memberships().values())


def _counted() -> Mapping[str, Mapping[int, int]]:
    """Driver → month back from today → how many. Asked of the lake at most once in ten minutes."""
    key = f"team-volumes-{connection.settings_dict['NAME']}-{today():%Y-%m-%d}"
    found: Mapping[str, Mapping[int, int]] | None = cache.get(key)
    if found is None:
        found = _ask(now())
        cache.set(key, found, KEPT_SECONDS)
    return found


def forget() -> None:
    """Ask the lake anew."""
    cache.delete(f"team-volumes-{connection.settings_dict['NAME']}-{today():%Y-%m-%d}")


def _ask(until: datetime) -> Mapping[str, Mapping[int, int]]:
    far = until - timedelta(days=2 * MONTHS * MONTH)
    try:
        rows = query_engine().rows(_COUNTS, {"far": far, "until": until, "days": MONTH})
    except QueryError:  # no lake yet, or it does not answer: what is assumed stands, and says that it is assumed
        return {}
    found: dict[str, dict[int, int]] = {}
    for row in rows:
        found.setdefault(row["driver"], {})[row["month"]] = row["found"]
    return found
