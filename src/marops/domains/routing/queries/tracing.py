"""Leads as they were when sales got them, replayed from facts: what holds of each that could be why it is bad.

One statement brings the leads of a period, another every possible cause of each, as the definitions had it then: the
facts name the version that scored and routed them. Both name relations (`facts`, `contact`, …) that are bound to the
workspace's tables, or to tables of made-up companies in trials.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from marops.kernel.definitions import versions
from marops.methods.tracing import Cause
from marops.store.duckdb import quoted

RELATIONS: Final[Mapping[str, str]] = {
    "facts": "facts", "contact": "pg.public.contact", "opportunity": "pg.public.opportunity",
    "opportunity_person": "pg.public.opportunity_person", "absence": "pg.public.absence",
    "quality": "pg.public.contact_quality",
}  # fmt: skip
_BY_MONTH: Final = frozenset({"source", "list", "campaign", "signal", "robot"})
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads are complained of: those with these `ids`; else those sales rejected, or all it got (`got`).

    `among`: a column of the cases (source, country, owner, reason) → the values that narrow them.
    """

    ids: Sequence[str] | None = None
    got: bool = False
    among: Mapping[str, Collection[str]] = field(default_factory=dict)

    def of(self, table: pa.Table) -> NDArray[np.bool_]:
        """Which rows of the cases are complained of."""
        if self.ids is not None:
            mine = pc.is_in(table["contact_id"], pa.array(self.ids, pa.string()))
        elif self.got:
            mine = table["in_period"]
        else:
            mine = pc.equal(pc.fill_null(table["said"], ""), "rejected")
        for column, values in self.among.items():
            mine = pc.and_(mine, pc.is_in(table[column], pa.array(list(values), pa.string())))
        found: NDArray[np.bool_] = np.asarray(mine.to_numpy(zero_copy_only=False), dtype=bool)
        return found


def leads_of(
    engine: Engine,
    since: datetime,
    until: datetime,
    *,
    wanted: Wanted = Wanted(),
    relations: Mapping[str, str] = RELATIONS,
    at_least: Mapping[str, float],
    visible: str = "true",
) -> Leads:
    """The leads that sales got or judged from `since` until before `until`, and everything that may be why.

    The control are the leads that sales accepted and that are not complained of. `visible` is a condition over
    `contact c` that narrows both to what somebody may see.
    """
    named = f"c.id::VARCHAR IN ({', '.join(map(quoted, wanted.ids))})" if wanted.ids else "false"
    bound = {**relations, "since": quoted(since.isoformat()), "until": quoted(until.isoformat()), "visible": visible,
             "rule_of": _values(at_least), "pivotal": PIVOTAL, "near": NEAR, "named": named}  # fmt: skip
    cases = _CASES.format(**bound)
    table = engine.arrow(f"{cases} SELECT * FROM cases ORDER BY contact_id")
    mine = wanted.of(table)
    accepted = pc.equal(pc.fill_null(table["said"], ""), "accepted").to_numpy(zero_copy_only=False)
    table, complaint = table.filter(pa.array(mine | accepted)), mine[mine | accepted]
    held = engine.arrow(f"{cases} {_CAUSES.format(**bound)}")
    asked = {f"source:{one}" for one in wanted.among.get("source", ())}  # what was asked for explains nothing
    return Leads(table, complaint, {code: rows for code, rows in _flags(table, held) if code not in asked})


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


# A case: a lead that sales got or judged in the period, or that is named; with the rule that gave it to somebody.
_CASES: Final = """
WITH handed AS (
    SELECT contact_id, arg_min(json_extract_string(properties, 'rule'), occurred_at) AS rule,
        arg_min(json_extract_string(properties, 'owner'), occurred_at) AS owner,
        arg_min(definition, occurred_at) AS route, min(occurred_at) AS handed_at,
        min(occurred_at) >= {since}::TIMESTAMPTZ AND min(occurred_at) < {until}::TIMESTAMPTZ AS in_period
    FROM {facts} WHERE kind = 'lead.routed' AND json_extract_string(properties, 'owner') IS NOT NULL
        AND json_extract_string(properties, 'cause') IS DISTINCT FROM 'by_hand'
    GROUP BY contact_id
), word AS (
    SELECT contact_id, arg_min(kind, occurred_at)[6:] AS said, min(occurred_at) AS said_at,
        arg_min(json_extract_string(properties, 'reason'), occurred_at) AS reason
    FROM {facts} WHERE kind IN ('lead.accepted', 'lead.rejected') AND occurred_at >= {since}::TIMESTAMPTZ
        AND occurred_at < {until}::TIMESTAMPTZ GROUP BY contact_id
), cases AS (
    SELECT c.id::VARCHAR AS contact_id, c.number, w.said, w.reason, h.handed_at, h.rule, h.owner,
        coalesce(w.said_at, {until}::TIMESTAMPTZ) AS said_at, h.route, coalesce(c.source, '') AS source,
        c.source_detail, c.campaign, c.company_id::VARCHAR AS company_id, c.email_kind, c.country,
        (w.contact_id IS NOT NULL OR coalesce(h.in_period, false)) AS in_period,
        strftime(coalesce(w.said_at, h.handed_at, c.created_at), '%Y-%m') AS month
    FROM {contact} c LEFT JOIN word w ON w.contact_id = c.id LEFT JOIN handed h ON h.contact_id = c.id
    WHERE (w.contact_id IS NOT NULL OR h.in_period OR {named}) AND {visible}
)
"""

# A promise that was missed over a lead that somebody had to hand on is the rule's doing and not its owner's.
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
    JOIN {facts} f ON f.contact_id::VARCHAR = k.contact_id ANTI JOIN taken_over t ON t.contact_id = k.contact_id
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
UNION ALL SELECT contact_id, 'robot' FROM cases WHERE email_kind = 'disposable'
"""

# What a score model would have made of the leads when sales got them: points as they were given, limited as it limits
# them; grade, level, threshold and cells are the model's. What it gives points for is not asked again.
_WOULD_BE: Final = """
, scored AS (
    SELECT f.contact_id::VARCHAR AS contact_id, arg_max(f.properties, f.occurred_at) AS said
    FROM {facts} f JOIN cases k ON k.contact_id = f.contact_id::VARCHAR
    WHERE f.kind = 'lead.scored' AND f.occurred_at <= coalesce(k.handed_at, k.said_at) GROUP BY f.contact_id
), points AS (
    SELECT s.contact_id, l.part, sum(least(e.value::DOUBLE, l.most)) AS points
    FROM scored s, json_each(s.said, '$.points') e, {limits} WHERE l.name = e.key GROUP BY 1, 2
), parts AS (
    SELECT s.contact_id, coalesce((json_extract(s.said, '$.mql'))::BOOLEAN, false) AS was,
        greatest(0, least(coalesce(max(p.points) FILTER (p.part = 'fit'), 0), {fit})) AS fit,
        greatest(0, least(coalesce(max(p.points) FILTER (p.part = 'engagement'), 0), {engagement})) AS engagement
    FROM scored s LEFT JOIN points p ON p.contact_id = s.contact_id GROUP BY s.contact_id, s.said
)
SELECT contact_id FROM parts WHERE was AND NOT (fit + engagement >= {at_least} AND ({grade}) || ({level}) IN ({cells}))
"""


def no_longer(
    engine: Engine, leads: Leads, document: Mapping[str, Any], *, relations: Mapping[str, str] = RELATIONS
) -> NDArray[np.bool_]:
    """Which of these leads, qualified when sales got them, would not have been so by this score model."""
    ids = leads.table["contact_id"].to_pylist()
    if not ids:
        return np.zeros(0, dtype=bool)
    bound = {**relations, "visible": "true", "since": "'1970-01-01'", "until": "'2999-01-01'",
             "named": f"c.id::VARCHAR IN ({', '.join(map(quoted, ids))})"}  # fmt: skip
    cases = _CASES.format(**bound)
    found = set(engine.arrow(f"{cases} {_WOULD_BE.format(**relations, **_model(document))}")["contact_id"].to_pylist())
    return np.array([one in found for one in ids], dtype=bool)


def _model(document: Mapping[str, Any]) -> dict[str, str]:
    """A score model as the pieces of SQL that `_WOULD_BE` asks for."""
    most = [
        f"({quoted(one['name'])}, '{part}', {_most(one)})"
        for part in ("fit", "engagement")
        for one in [*document[part].get("signals", ()), *document[part].get("activities", ())]
    ]
    groups = [
        f"({quoted('cap:' + one['name'])}, '{part}', 0)"
        for part in ("fit", "engagement")
        for one in document[part].get("groups", ())
    ]
    cells = ", ".join(map(quoted, document["mql"]["cells"])) or "NULL"
    return {
        "limits": f"(VALUES {', '.join([*most, *groups])}) l (name, part, most)",
        "fit": str(float(document["fit"]["cap"])), "engagement": str(float(document["engagement"]["cap"])),
        "at_least": str(float(document["mql"]["at_least"])), "cells": cells,
        "grade": _steps("fit", [(one["grade"], one["from_fit"]) for one in document["grades"]]),
        "level": _steps("engagement", [(one["level"], one["from_engagement"]) for one in document["levels"]]),
    }  # fmt: skip


def _most(signal: Mapping[str, Any]) -> float:
    """The most that a signal gives: its cap, or its points where it gives them once."""
    return float(signal.get("cap") or (signal["points"] if "when" in signal else 1e6))


def _steps(of: str, steps: Sequence[tuple[Any, Any]]) -> str:
    """The name of the highest step that a number reaches, as SQL; the lowest where it reaches none."""
    falling = sorted(steps, key=lambda one: -float(one[1]))
    cases = " ".join(f"WHEN {of} >= {float(bound)} THEN {quoted(str(name))}" for name, bound in falling)
    return f"CASE {cases} ELSE {quoted(str(falling[-1][0]))} END"


def handed_on(engine: Engine, leads: Leads, among: NDArray[np.bool_]) -> tuple[dict[str, int], float | None]:
    """To whom people handed these leads last, with how many each got, the most first; and how many hours it took.

    The hours are the median from the rule's owner to the one who had most of them; None where nobody handed any on.
    """
    ids = [one for one, mine in zip(leads.table["contact_id"].to_pylist(), among, strict=True) if mine]
    if not ids:
        return {}, None
    found = engine.arrow(_HANDED_ON.format(named=", ".join(map(quoted, ids))))
    owners = dict(zip(found["owner"].to_pylist(), found["n"].to_pylist(), strict=True))
    return owners, found["hours"][0].as_py() if owners else None


_HANDED_ON: Final = """
WITH routed AS (
    SELECT contact_id, occurred_at, json_extract_string(properties, 'owner') AS owner,
        json_extract_string(properties, 'cause') = 'by_hand' AS by_hand
    FROM facts WHERE kind = 'lead.routed' AND contact_id::VARCHAR IN ({named})
), had AS (
    SELECT arg_max(owner, occurred_at) FILTER (by_hand) AS owner, epoch(max(occurred_at) FILTER (by_hand)
        - min(occurred_at) FILTER (NOT by_hand AND owner IS NOT NULL)) / 3600 AS hours
    FROM routed GROUP BY contact_id
)
SELECT owner, count(*)::BIGINT AS n, median(hours) AS hours FROM had WHERE owner IS NOT NULL
GROUP BY owner ORDER BY n DESC, owner
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
