"""Leads as they were when sales got them, replayed from facts: what holds of each that could be why it is bad.

One statement brings the leads of a period, another every possible cause of each, as the definitions had it then: the
facts name the version that scored and routed them. Both name relations (`facts`, `contact`, …) that are bound to the
workspace's tables, or to tables of made-up companies in trials.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from marops.kernel.definitions import versions
from marops.methods.tracing import Cause
from marops.store.duckdb import quoted

RELATIONS: Final[Mapping[str, str]] = {
    "facts": "facts", "contact": "pg.public.contact", "opportunity": "pg.public.opportunity",
    "opportunity_person": "pg.public.opportunity_person", "absence": "pg.public.absence",
    "quality": "pg.public.contact_quality",
}  # fmt: skip
_BY_MONTH: Final = frozenset({"source", "list", "campaign", "signal"})
"""Causes that tell where leads come from, or that a source brings about, are not compared within one source."""
PIVOTAL: Final = 0.25
"""A signal inflates a score that has at least this share of its points from it, and would be too low without."""
NEAR: Final = 1.1


class Engine(Protocol):
    """What asks: the query engine, or a plain connection of a trial."""

    def arrow(self, sql: str) -> pa.Table:
        """The answer as a table."""


@dataclass(frozen=True, slots=True)
class Leads:
    """The leads of a complaint and of its control, and every cause that may hold of them.

    `table`: contact_id, number, said (accepted, rejected or nothing), reason, month, source, rule, owner, …;
    `complaint`: which of its rows are complained of; `causes`: code → rows of which it holds.
    """

    table: pa.Table
    complaint: NDArray[np.bool_]
    causes: Mapping[str, NDArray[np.bool_]]

    def to_rank(self) -> list[Cause]:
        """The causes with the strata in which each is compared: the month, and the source where it is not about it."""
        month, source = (_codes(self.table[name]) for name in ("month", "source"))
        both = month * (int(source.max(initial=0)) + 1) + source
        return [
            Cause(code, holds, month if code.partition(":")[0] in _BY_MONTH else both)
            for code, holds in sorted(self.causes.items())
        ]


def _codes(column: pa.ChunkedArray) -> NDArray[np.int64]:
    filled = [one or "" for one in column.to_pylist()]
    return np.unique(filled, return_inverse=True)[1].astype(np.int64)


def thresholds() -> dict[str, float]:
    """For every version of every score model, archived ones too: the points from which a lead is an MQL."""
    return {
        row.pinned: float(row.document.get("mql", {}).get("at_least", 0) or 0)
        for row in versions("score", "main")
    }  # fmt: skip


def leads_of(
    engine: Engine,
    since: datetime,
    until: datetime,
    *,
    ids: Sequence[str] | None = None,
    relations: Mapping[str, str] = RELATIONS,
    at_least: Mapping[str, float],
    visible: str = "true",
) -> Leads:
    """The leads that sales got from `since` until before `until`, and everything that may be why.

    Complained of are those with these `ids`, else those that sales rejected; the control are the others that sales
    accepted. `visible` is a condition over `contact c` that narrows both to what somebody may see.
    """
    bound = {**relations, "since": quoted(since.isoformat()), "until": quoted(until.isoformat()), "visible": visible,
             "rule_of": _values(at_least), "pivotal": PIVOTAL, "near": NEAR}  # fmt: skip
    cases = _CASES.format(**bound)
    table = engine.arrow(f"{cases} SELECT * FROM cases ORDER BY contact_id")
    wanted = set(ids) if ids is not None else None
    said, who = table["said"].to_pylist(), table["contact_id"].to_pylist()
    mine = [who[at] in wanted if wanted is not None else one == "rejected" for at, one in enumerate(said)]
    kept = np.array([m or one == "accepted" for m, one in zip(mine, said, strict=True)], dtype=bool)
    table, complaint = table.filter(pa.array(kept)), np.array(mine, dtype=bool)[kept]
    held = engine.arrow(f"{cases} {_CAUSES.format(**bound)}")
    return Leads(table, complaint, dict(_flags(table, held)))


def _flags(table: pa.Table, held: pa.Table) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    place = {one: at for at, one in enumerate(table["contact_id"].to_pylist())}
    codes, rows = held["cause"].to_pylist(), held["contact_id"].to_pylist()
    found: dict[str, NDArray[np.bool_]] = {}
    # One look per lead and cause that holds of it: what the statement found is spread out for counting.
    for code, row in zip(codes, rows, strict=True):
        if row in place:
            found.setdefault(code, np.zeros(table.num_rows, dtype=bool))[place[row]] = True
    yield from found.items()


def _values(at_least: Mapping[str, float]) -> str:
    rows = ", ".join(f"({quoted(name)}, {value})" for name, value in at_least.items()) or "('', 0)"
    return f"(VALUES {rows}) rule_of (definition, at_least)"


# A case: a lead that a rule gave to somebody of sales in the period, with what sales said of it first.
_CASES: Final = """
WITH handed AS (
    SELECT contact_id, arg_min(json_extract_string(properties, 'rule'), occurred_at) AS rule,
        arg_min(json_extract_string(properties, 'owner'), occurred_at) AS owner,
        arg_min(definition, occurred_at) AS route, min(occurred_at) AS handed_at
    FROM {facts} WHERE kind = 'lead.routed' AND json_extract_string(properties, 'owner') IS NOT NULL
        AND json_extract_string(properties, 'cause') IS DISTINCT FROM 'by_hand'
    GROUP BY contact_id
), word AS (
    SELECT contact_id, arg_min(kind, occurred_at)[6:] AS said, min(occurred_at) AS said_at,
        arg_min(json_extract_string(properties, 'reason'), occurred_at) AS reason
    FROM {facts} WHERE kind IN ('lead.accepted', 'lead.rejected') AND occurred_at >= {since}::TIMESTAMPTZ
        AND occurred_at < {until}::TIMESTAMPTZ GROUP BY contact_id
), cases AS (
    SELECT w.contact_id::VARCHAR AS contact_id, c.number, w.said, w.reason, w.said_at, h.handed_at, h.rule, h.owner,
        h.route, coalesce(c.source, '') AS source, c.source_detail, c.campaign, c.company_id::VARCHAR AS company_id,
        strftime(w.said_at, '%Y-%m') AS month
    FROM word w JOIN {contact} c ON c.id = w.contact_id LEFT JOIN handed h ON h.contact_id = w.contact_id
    WHERE {visible}
)
"""

_CAUSES: Final = """
, scored AS (
    SELECT f.contact_id::VARCHAR AS contact_id, arg_max(f.properties, f.occurred_at) AS said,
        arg_max(f.definition, f.occurred_at) AS definition
    FROM {facts} f JOIN cases k ON k.contact_id = f.contact_id::VARCHAR
    WHERE f.kind = 'lead.scored' AND f.occurred_at <= coalesce(k.handed_at, k.said_at) GROUP BY f.contact_id
), points AS (
    SELECT s.contact_id, s.definition, json_extract(s.said, '$.value')::DOUBLE AS value,
        json_extract_string(s.said, '$.grade') AS grade, e.key AS signal, e.value::DOUBLE AS points
    FROM scored s, json_each(s.said, '$.points') e
), taken_over AS (
    SELECT DISTINCT k.contact_id FROM cases k JOIN {facts} f ON f.contact_id::VARCHAR = k.contact_id
    WHERE f.kind = 'lead.routed' AND json_extract_string(f.properties, 'cause') = 'by_hand'
        AND f.occurred_at >= k.handed_at AND f.occurred_at <= k.said_at
), refused AS (
    SELECT k.contact_id, arg_max(json_extract_string(f.properties, 'state'), f.occurred_at) AS state
    FROM cases k JOIN {facts} f ON f.contact_id::VARCHAR = k.contact_id
    WHERE f.kind = 'consent.recorded' AND f.occurred_at <= coalesce(k.handed_at, k.said_at) GROUP BY 1
)
SELECT contact_id, 'source:' || source AS cause FROM cases WHERE source <> ''
UNION ALL SELECT contact_id, 'list:' || source_detail FROM cases WHERE source_detail IS NOT NULL
UNION ALL SELECT contact_id, 'campaign:' || campaign FROM cases WHERE campaign IS NOT NULL
UNION ALL SELECT contact_id, 'stale-rule:' || rule FROM cases JOIN taken_over USING (contact_id) WHERE rule IS NOT NULL
UNION ALL SELECT DISTINCT k.contact_id, 'late:' || k.owner FROM cases k
    JOIN {facts} f ON f.contact_id::VARCHAR = k.contact_id
    WHERE f.kind = 'sla.missed' AND f.occurred_at <= k.said_at AND k.owner IS NOT NULL
UNION ALL SELECT DISTINCT k.contact_id, 'absent:' || k.owner FROM cases k
    JOIN {absence} a ON a.person_id::VARCHAR = k.owner
    WHERE k.handed_at >= a.starts AND k.handed_at < a.ends
UNION ALL SELECT p.contact_id, 'signal:' || p.signal FROM points p JOIN {rule_of} ON rule_of.definition = p.definition
    WHERE p.points >= {pivotal} * p.value AND p.value >= rule_of.at_least AND p.value - p.points < rule_of.at_least
UNION ALL SELECT DISTINCT p.contact_id, 'threshold' FROM points p JOIN {rule_of} ON rule_of.definition = p.definition
    WHERE p.value >= rule_of.at_least AND p.value < {near} * rule_of.at_least
UNION ALL SELECT DISTINCT contact_id, 'profile' FROM points WHERE grade[1] IN ('C', 'D', 'E', 'F')
UNION ALL SELECT DISTINCT q.contact_id::VARCHAR, 'fault:' || split_part(split_part(x.fault, '/', 2), '@', 1)
    FROM {quality} q JOIN cases k ON k.contact_id = q.contact_id::VARCHAR,
        LATERAL (SELECT unnest(from_json(q.faults::JSON, '["VARCHAR"]')) AS fault) x
UNION ALL SELECT DISTINCT k.contact_id, 'open-deal' FROM cases k
    JOIN {opportunity} o ON o.company_id::VARCHAR = k.company_id
    WHERE o.opened_at < k.handed_at AND (o.closed_at IS NULL OR o.closed_at > k.handed_at)
        AND NOT EXISTS (SELECT 1 FROM {opportunity_person} p WHERE p.opportunity_id = o.id
                        AND p.contact_id::VARCHAR = k.contact_id)
UNION ALL SELECT contact_id, 'consent' FROM refused WHERE state IN ('denied', 'unsubscribed')
"""


def shares(leads: Leads, column: str, among: NDArray[np.bool_] | None = None) -> list[dict[str, Any]]:
    """How the leads complained of fall on the values of a column, the commonest first."""
    kept = leads.complaint if among is None else leads.complaint & among
    values = [one for one, mine in zip(leads.table[column].to_pylist(), kept, strict=True) if mine and one]
    counted: dict[str, int] = {}
    for one in values:
        counted[one] = counted.get(one, 0) + 1
    total = max(1, int(kept.sum()))
    return [
        {"value": one, "leads": n, "share": n / total} for one, n in sorted(counted.items(), key=lambda pair: -pair[1])
    ]
