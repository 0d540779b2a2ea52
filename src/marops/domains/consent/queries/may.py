"""May somebody be contacted on a channel for a purpose: one condition in SQL, for sets and for the words about one.

Every regime that applies to the person has to say yes. What is claimed is named by the four columns of `claimed`:
person, by (the channel), why (the purpose), moment.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection

from marops.domains.consent.rules.purposes import Purpose
from marops.domains.consent.rules.regimes import countries, regimes
from marops.domains.consent.rules.words import YES, Line, Verdict, verdict
from marops.domains.consent.starter import PURPOSES


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _array(values: Sequence[str]) -> str:
    return "ARRAY[" + ", ".join(_text(one) for one in values) + "]::text[]"


@cache
def _rules() -> str:
    """The regimes as rows: one for each channel that a regime minds."""
    rows = [
        f"({_text(one.slug)}, {_text(channel)}, {_array(one.applies.countries)}, {_array(one.applies.regions)},"
        f" {_array(rule.bases)}, {_array(rule.standing)}, {_text(json.dumps(rule.lasts))}::jsonb)"
        for one in regimes().regimes
        for channel, rule in one.channels.items()
    ]
    return f"(VALUES {', '.join(rows)}) rule (regime, channel, countries, regions, bases, standing, lasts)"


@cache
def _purposes() -> str:
    """The purposes in force; those that ship stand in where none of that name was ever defined."""
    shipped = ", ".join(
        f"({_text(slug)}, 0, {_text(json.dumps(Purpose.model_validate(one).model_dump(mode='json')))}::jsonb)"
        for slug, one in PURPOSES.items()
    )
    return (
        "(SELECT slug, version, document FROM definition WHERE kind = 'purpose' AND state = 'active'"
        f" UNION ALL SELECT v.slug, v.version, v.document FROM (VALUES {shipped}) v (slug, version, document)"
        " WHERE NOT EXISTS (SELECT FROM definition d WHERE d.kind = 'purpose' AND d.slug = v.slug))"
    )


_REFUSAL = """
    SELECT r.state, r.at, r.channel, r.purpose, r.entry_id FROM consent_state r
    WHERE r.contact_id = claimed.person AND r.state IN ('denied', 'unsubscribed')
        AND r.channel IN (claimed.by, '*') AND r.purpose IN (claimed.why, purpose.document ->> 'part_of', '*')
        AND (r.purpose = claimed.why OR (purpose.document ->> 'people_decide')::boolean)
        AND NOT EXISTS (
            SELECT FROM consent_state own WHERE own.contact_id = r.contact_id AND own.channel = claimed.by
                AND own.purpose = claimed.why AND own.state = 'granted' AND own.lifts >= r.at
                AND (r.channel, r.purpose) <> (claimed.by, claimed.why))
    ORDER BY r.at DESC LIMIT 1
"""
_ENDS = (
    "least(s.expires_at, s.at + make_interval(months => (rule.lasts ->> s.basis)::int),"
    " s.at + make_interval(months => (purpose.document ->> 'lasts_months')::int))"
)
_YES = f"""
    SELECT s.*, {_ENDS} AS ends, CASE
        WHEN s.state = 'expired' OR {_ENDS} <= claimed.moment THEN 2
        WHEN NOT ((rule.regime IS NULL OR s.basis = ANY (rule.bases)) AND purpose.document -> 'bases' ? s.basis) THEN 3
        WHEN purpose.document ->> 'double_opt_in' = 'always' AND s.confirmed_at IS NULL AND s.basis = 'consent' THEN 1
        ELSE 0 END AS verdict
    FROM consent_state s
    WHERE s.contact_id = claimed.person AND s.channel = claimed.by AND s.state IN ('granted', 'expired')
        AND s.purpose IN (claimed.why, purpose.document ->> 'part_of')
    ORDER BY verdict, s.purpose <> claimed.why LIMIT 1
"""
_CODE = """CASE
        WHEN purpose.slug IS NULL THEN 'no-purpose'
        WHEN NOT purpose.document -> 'channels' ? claimed.by THEN 'no-channel'
        WHEN limited.since IS NOT NULL THEN 'restricted'
        WHEN refusal.entry_id IS NOT NULL THEN 'refused'
        WHEN yes.verdict = 0 THEN 'granted'
        WHEN rule.regime IS NULL AND purpose.document ->> 'standing' IS NOT NULL THEN 'unruled'
        WHEN purpose.document ->> 'standing' = ANY (rule.standing) THEN 'standing'
        WHEN yes.verdict = 1 THEN 'unconfirmed'
        WHEN yes.verdict = 2 THEN 'expired'
        WHEN yes.verdict = 3 THEN 'basis'
        ELSE 'nothing' END"""


@cache
def verdicts(claimed: str) -> str:
    """A query over `claimed`, a table expression with the columns person, by, why, moment: one row for each regime
    that applies (or one with no regime), with `code` and what the words need.
    """
    applies = (
        f"(c.country IS NULL OR c.country <> ALL ({_array(sorted(countries()))}) OR (c.country = ANY (rule.countries)"
        " AND (cardinality(rule.regions) = 0 OR c.region IS NULL OR lower(btrim(c.region)) = ANY (rule.regions))))"
    )
    return f"""
SELECT claimed.person, claimed.by, claimed.why, rule.regime, c.country, c.region, purpose.version,
    purpose.document ->> 'title' AS title, purpose.document ->> 'standing' AS standing,
    purpose.document ->> 'double_opt_in' AS double_opt_in,
    limited.since AS restricted, refusal.state AS refusal, refusal.at AS refused_at, refusal.channel AS refused_by,
    refusal.purpose AS refused_why, refusal.entry_id AS refusal_id, yes.state AS word, yes.at AS word_at,
    yes.basis, yes.ends, yes.confirmed_at, yes.entry_id AS yes_id, {_CODE} AS code
FROM {claimed}
LEFT JOIN contact c ON c.id = claimed.person
LEFT JOIN {_purposes()} purpose ON purpose.slug = claimed.why
LEFT JOIN consent_restriction limited ON limited.contact_id = claimed.person
LEFT JOIN LATERAL ({_REFUSAL}) refusal ON TRUE
LEFT JOIN {_rules()} ON rule.channel = claimed.by AND {applies}
LEFT JOIN LATERAL ({_YES}) yes ON TRUE
"""


_ALLOWED = ", ".join(_text(one) for one in YES)


def condition() -> str:
    """The claim predicate: over the columns contact_id, channel, purpose and claimed_at of a claiming statement."""
    # The inner SELECT has no table, so its names are those of the claiming statement.
    claimed = "(SELECT contact_id AS person, channel AS by, purpose AS why, claimed_at AS moment) claimed"
    return f"(SELECT bool_and(told.code IN ({_ALLOWED})) FROM ({verdicts(claimed)}) told)"


def may_sql(*, person: str, channel: str = "%(channel)s", purpose: str = "%(purpose)s", at: str = "%(at)s") -> str:
    """The same as a condition over expressions of one's own, for statements over sets with these parameters."""
    claimed = (
        f"(SELECT {person} AS person, {channel}::text AS by, {purpose}::text AS why, {at}::timestamptz AS moment)"
        " claimed"
    )
    return f"(SELECT bool_and(told.code IN ({_ALLOWED})) FROM ({verdicts(claimed)}) told)"


def said_no_sql(*, person: str, channel: str = "%(channel)s", purpose: str = "%(purpose)s", at: str = "%(at)s") -> str:
    """Did the person refuse this, is their data to be used no more, or is there no such purpose on this channel?"""
    claimed = (
        f"(SELECT {person} AS person, {channel}::text AS by, {purpose}::text AS why, {at}::timestamptz AS moment)"
        " claimed"
    )
    no = ", ".join(_text(one) for one in ("refused", "restricted", "no-purpose", "no-channel"))
    return f"(SELECT bool_or(told.code IN ({no})) FROM ({verdicts(claimed)}) told)"


def all_agreed(contact_ids: Sequence[UUID], channel: str, purpose: str, at: datetime) -> bool:
    """May every one of these people be contacted so? One statement, whatever their number."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT NOT EXISTS (SELECT FROM unnest(%(ids)s::uuid[]) who (id) WHERE NOT {may_sql(person='who.id')})",
            {"ids": list(contact_ids), "channel": channel, "purpose": purpose, "at": at},
        )
        return bool(cursor.fetchone()[0])


SAMPLE = 20_000
"""To ask of a million people takes half a minute; so many tell the share within a percent."""


def reachable(channel: str, purpose: str, at: datetime) -> tuple[int, int]:
    """How many people may be contacted so, and how many there are; of very many, by a sample of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = 'contact'::regclass")
        about = float(cursor.fetchone()[0])
        share = 1.0 if about <= 2 * SAMPLE else SAMPLE / about
        drawn = "" if share == 1.0 else f"TABLESAMPLE BERNOULLI ({share * 100:.6f}) REPEATABLE (1)"
        cursor.execute(
            f"SELECT count(*) FILTER (WHERE {may_sql(person='c.id')}), count(*) FROM contact c {drawn}",
            {"channel": channel, "purpose": purpose, "at": at},
        )
        yes, number = cursor.fetchone()
        return round(yes / share), round(number / share)


@dataclass(frozen=True, slots=True)
class Asked:
    """One cell of a person's matrix."""

    channel: str
    purpose: str


def may(contact_id: UUID, channel: str, purpose: str, at: datetime) -> Verdict:
    """May this person be contacted so, and why."""
    return matrix(contact_id, [Asked(channel, purpose)], at)[channel, purpose]


def matrix(contact_id: UUID, asked: Sequence[Asked], at: datetime) -> dict[tuple[str, str], Verdict]:
    """The verdict on each of these, by one statement."""
    claimed = (
        "(SELECT %(id)s::uuid AS person, u.by, u.why, %(at)s::timestamptz AS moment"
        " FROM unnest(%(by)s::text[], %(why)s::text[]) u (by, why)) claimed"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            verdicts(claimed),
            {"id": contact_id, "at": at, "by": [one.channel for one in asked], "why": [one.purpose for one in asked]},
        )
        names = [column.name for column in cursor.description or ()]
        rows: list[Mapping[str, Any]] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    found: dict[tuple[str, str], list[Line]] = {}
    for row in rows:
        found.setdefault((row["by"], row["why"]), []).append(Line(**{name: row[name] for name in Line.__annotations__}))
    return {(one.channel, one.purpose): verdict(found[one.channel, one.purpose], at) for one in asked}
