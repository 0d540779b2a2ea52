"""What each fault costs: how leads with it fare against comparable ones without, in leads and in pipeline.

Comparable are leads of the same source that came in the same quarter. The figures tell what goes along with a fault,
not what mending it would bring.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext as _

from marops.domains.contacts.permissions import VIEW, visible_sql
from marops.domains.contacts.queries.quality import EVERYBODY, Narrowing, many, role_title
from marops.domains.contacts.rules.quality import QualityRule
from marops.kernel import ports
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.definitions import active, load
from marops.kernel.fields import REGISTRY
from marops.kernel.permissions import require
from marops.kernel.workspace import workspace
from marops.methods.strata import FEWEST_EVENTS, Difference, Stratum, risk_difference

LEVEL = 0.95
FEWEST = 30
"""A fault on fewer comparable leads is not measured."""
RIPE = timedelta(days=30)
"""Leads that came in later have had no time to become anything."""
KEPT_SECONDS = 600

deals_of: ports.Port[str] = ports.Port("deals_of", "Deals of people as SQL: contact_id, won, amount, currency.")
OUTCOMES = ("accepted", "opportunity", "won")
_ACCEPTED = ("accepted", "working", "won", "lost")


def outcome_words() -> dict[str, str]:
    """What people call the outcomes."""
    return {"accepted": _("accepted by sales"), "opportunity": _("became an opportunity"), "won": _("was won")}


def _leads_sql(where: str) -> str:
    """One row per ripe lead: faults, stratum, outcomes, and the amount of its deals in the workspace's currency."""
    state = REGISTRY.find_field("disposition.state")
    relation = REGISTRY.find_relation(state.relation) if state else None
    joined, said = "", "false"
    if state and relation:
        joined = f'LEFT JOIN "{relation.postgres}" d ON d."{relation.key}" = c.id'
        said = f'd."{state.column}" = ANY(%(accepted)s)'
    deals = " UNION ALL ".join(filler.value for filler in deals_of) or (
        "SELECT NULL::uuid AS contact_id, false AS won, NULL::numeric AS amount, NULL::text AS currency WHERE false"
    )
    return (
        "SELECT q.faults, coalesce(c.source, '') AS source, date_trunc('quarter', coalesce(c.known_since,"
        f" c.created_at))::date AS quarter, coalesce({said}, false) OR o.contact_id IS NOT NULL AS accepted,"
        " o.contact_id IS NOT NULL AS opportunity, coalesce(o.won, false) AS won, o.amount"
        f" FROM contact c JOIN contact_quality q ON q.contact_id = c.id {joined} LEFT JOIN (SELECT contact_id,"
        " bool_or(won) AS won, sum(amount) FILTER (WHERE currency = %(currency)s) AS amount"
        f" FROM ({deals}) deal GROUP BY contact_id) o ON o.contact_id = c.id"
        f" WHERE {where} AND coalesce(c.known_since, c.created_at) < %(ripe)s"
    )


_COUNTED = ", ".join(f"count(*) FILTER (WHERE {one})" for one in OUTCOMES)


def _counted_sql(leads: str) -> str:
    """Per stratum: everybody (no rule), then those at fault by each rule; with events by outcome."""
    return (
        f"WITH lead AS MATERIALIZED ({leads}) SELECT '' AS rule, source, quarter, count(*), {_COUNTED} FROM lead"
        " GROUP BY 2, 3 UNION ALL SELECT split_part(split_part(f, '@', 1), '/', 2), source, quarter, count(*),"
        f" {_COUNTED} FROM lead, jsonb_array_elements_text(faults) f GROUP BY 1, 2, 3"
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """Leads, and how many of them reached each outcome."""

    leads: int
    events: tuple[int, ...]


_Stratum = tuple[str, Any]


def cost(actor: Actor, narrowed: Narrowing = EVERYBODY) -> dict[str, Any]:
    """Rule by rule, what the fault costs, the dearest first; docs/reference/quality.md tells the shape."""
    require(actor, VIEW)
    if not many():
        return _cost(actor, narrowed)
    key = f"quality_cost:{actor.id}:{narrowed.source}:{narrowed.brought}"
    found: dict[str, Any] = cache.get_or_set(key, lambda: _cost(actor, narrowed), KEPT_SECONDS) or {}
    return found


def _cost(actor: Actor, narrowed: Narrowing) -> dict[str, Any]:
    as_of, currency = now(), workspace().currency
    condition, params = narrowed.sql()
    params |= {"accepted": list(_ACCEPTED), "currency": currency, "ripe": as_of - RIPE}
    leads = _leads_sql(f"{visible_sql(actor, alias='c')} AND {condition}")
    with connection.cursor() as cursor:
        cursor.execute(_counted_sql(leads), params)
        rows = cursor.fetchall()
        cursor.execute(
            f"SELECT count(amount), avg(amount), stddev_samp(amount) FROM ({leads}) lead WHERE amount > 0", params
        )
        deal = _Deal(currency, *cursor.fetchone())
    everybody, by_rule = _told_apart(rows)
    found = [_compared(row.slug, load(row), everybody, by_rule.get(row.slug, {})) for row in active("quality")]
    lines = _with_intervals(found, deal)
    return {
        "as_of": iso_utc(as_of),
        "leads": sum(one.leads for one in everybody.values()),
        "level": LEVEL,
        "compared_by": ["source", "quarter"],
        "outcomes": {name: sum(one.events[place] for one in everybody.values()) for place, name in enumerate(OUTCOMES)},
        "deal": deal.as_json(),
        "rules": sorted(lines, key=_dearest),
        "why": "" if everybody else _("No lead is older than thirty days and checked."),
    }


@dataclass(frozen=True, slots=True)
class _Deal:
    """What the deals of one lead amount to on average, in the workspace's currency."""

    currency: str
    leads: int
    mean: Decimal | None
    spread: Decimal | None

    def as_json(self) -> dict[str, Any]:
        return {
            "leads": self.leads, "currency": self.currency,
            "amount": None if self.mean is None else f"{self.mean:.2f}",
        }  # fmt: skip

    def pipeline(self, lost: float, error: float, z: float) -> dict[str, Any] | None:
        """So many leads lost as an amount: the errors of both are put together (delta method)."""
        if self.mean is None or self.spread is None or self.leads < FEWEST:
            return None
        mean, own = float(self.mean), float(self.spread) / self.leads**0.5
        around = z * ((mean * error) ** 2 + (lost * own) ** 2) ** 0.5
        return {"value": round(lost * mean, 2), "low": round(lost * mean - around, 2),
                "high": round(lost * mean + around, 2), "currency": self.currency, "level": LEVEL}  # fmt: skip


def _told_apart(
    rows: Sequence[tuple[Any, ...]],
) -> tuple[dict[_Stratum, _Counts], dict[str, dict[_Stratum, _Counts]]]:
    everybody: dict[_Stratum, _Counts] = {}
    by_rule: dict[str, dict[_Stratum, _Counts]] = {}
    for rule, source, quarter, leads, *events in rows:
        into = by_rule.setdefault(rule, {}) if rule else everybody
        into[(source, quarter)] = _Counts(leads, tuple(events))
    return everybody, by_rule


def _compared(
    slug: str, rule: QualityRule, everybody: Mapping[_Stratum, _Counts], at_fault: Mapping[_Stratum, _Counts]
) -> dict[str, Any]:
    """A rule with its difference by outcome, not yet with intervals."""
    differences: dict[str, Difference | None] = {}
    for place, name in enumerate(OUTCOMES):
        strata = [
            Stratum(one.leads, one.events[place], whole.leads - one.leads, whole.events[place] - one.events[place])
            for key, one in at_fault.items()
            if (whole := everybody.get(key))
        ]
        differences[name] = risk_difference(strata)
    return {
        "name": slug, "title": rule.title, "severity": rule.severity, "dimension": rule.dimension,
        "owner": rule.owner, "owner_title": role_title(rule.owner),
        "contacts": sum(one.leads for one in at_fault.values()), "differences": differences,
    }  # fmt: skip


def _measured(one: Difference | None) -> bool:
    return one is not None and one.measurable and one.compared >= FEWEST


def _with_intervals(found: Sequence[dict[str, Any]], deal: _Deal) -> list[dict[str, Any]]:
    """All rules at once: each interval is wide enough for as many comparisons as were made of its outcome."""
    compared = {name: sum(_measured(one["differences"][name]) for one in found) for name in OUTCOMES}
    return [_line(one, compared, deal) for one in found]


def _line(one: dict[str, Any], compared: Mapping[str, int], deal: _Deal) -> dict[str, Any]:
    from scipy.special import ndtri

    outcomes = {name: _outcome(one["differences"][name], compared[name]) for name in OUTCOMES}
    line = {key: value for key, value in one.items() if key != "differences"} | {"outcomes": outcomes}
    difference, told = one["differences"]["opportunity"], outcomes["opportunity"]
    if told["lost"] is None or difference is None:
        return line | {"pipeline": None, "why": told["why"], "verdict": "unmeasured"}
    z = float(ndtri(1 - (1 - LEVEL) / (2 * max(1, compared["opportunity"]))))
    pipeline = deal.pipeline(told["lost"]["value"], difference.error * difference.compared, z)
    verdict = "costs" if told["lost"]["low"] > 0 else "gains" if told["lost"]["high"] < 0 else "unclear"
    why = "" if pipeline else _("Too few deals in %(currency)s.") % {"currency": deal.currency}
    return line | {"pipeline": pipeline, "why": why, "verdict": verdict}


def _outcome(one: Difference | None, comparisons: int) -> dict[str, Any]:
    if one is None:
        return {"difference": None, "lost": None, "compared": 0, "why": _("No comparable lead is without the fault.")}
    if not _measured(one):
        return {"difference": None, "lost": None, "compared": one.compared, "why": _too_few(one)}
    interval = one.interval(comparisons, LEVEL)
    return {
        "difference": {"value": round(one.value, 5), "low": round(interval.low, 5), "high": round(interval.high, 5),
                       "level": LEVEL},
        "lost": {"value": round(-one.value * one.compared, 1), "low": round(-interval.high * one.compared, 1),
                 "high": round(-interval.low * one.compared, 1), "level": LEVEL},
        "compared": one.compared, "why": "",
    }  # fmt: skip


def _too_few(one: Difference) -> str:
    if one.compared < FEWEST:
        return _("Only %(n)s leads have the fault and a comparable lead without it.") % {"n": f"{one.compared:,}"}
    if one.events < FEWEST_EVENTS:
        return _("Only %(n)s of the leads compared got so far.") % {"n": f"{one.events:,}"}
    expected = f"{one.expected:.1f}"
    return _("Even without the fault only %(n)s of these leads would get so far.") % {"n": expected}


def _dearest(one: Mapping[str, Any]) -> tuple[bool, float, int, str]:
    lost = one["outcomes"]["opportunity"]["lost"]
    return lost is None, -(lost["value"] if lost else 0.0), -one["contacts"], one["name"]
