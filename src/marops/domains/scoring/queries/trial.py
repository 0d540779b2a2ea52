"""What another version of a model would say of the leads that came in a period; nothing is written.

Both versions judge the same people and facts as of the same day, so that what differs is the versions alone.
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from marops.domains.accounts.public import sees
from marops.domains.scoring.queries.boards import LEADS
from marops.domains.scoring.queries.leads import explain_points, within
from marops.domains.scoring.queries.points import Day, scores_sql
from marops.domains.scoring.rules import ScoreModel
from marops.engine.asking import query_engine
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.fields import REGISTRY
from marops.kernel.numbers import points
from marops.kernel.permissions import grants
from marops.kernel.workspace import zone
from marops.store.duckdb import quoted

EXAMPLES = 15
"""So many of each: gained, lost, and moved within the matrix."""


@dataclass(frozen=True, slots=True)
class Example:
    """One lead of whom the two versions say different things, and which signals make the difference."""

    ref: str
    name: str
    company: str | None
    before: dict[str, Any]
    after: dict[str, Any]
    moved: list[dict[str, Any]]

    @property
    def why(self) -> str:
        """The strongest differences in words; without any, it is the matrix or the threshold that changed."""
        told = [f"{one['label']} ({_signed(one['points'])})" for one in self.moved[:3]]
        if not told and self.before["mql"] != self.after["mql"]:
            told = [f"{self.after['cell']} with {points(self.after['value'])} points counts otherwise"]
        return ", ".join(told) or "the bounds of grades or levels"

    def as_json(self) -> dict[str, Any]:
        """As REST and the command line show it."""
        return {
            "ref": self.ref, "before": self.before, "after": self.after,
            "because": [{"name": one["name"], "label": one["label"], "points": one["points"]} for one in self.moved],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of a model over the leads of a period."""

    since: datetime
    until: datetime
    leads: int
    mql_before: int
    mql_after: int
    gained: int
    lost: int
    changed: int
    cells: dict[tuple[str, str], int] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """How many would stand in another cell of the matrix."""
        return sum(number for (before, after), number in self.cells.items() if before != after)

    def as_json(self) -> dict[str, Any]:
        """As REST and the command line show it."""
        cells = [{"from": one, "to": other, "leads": n} for (one, other), n in sorted(self.cells.items())]
        return {
            "since": iso_utc(self.since),
            "until": iso_utc(self.until),
            "leads": self.leads,
            "mql": {"before": self.mql_before, "after": self.mql_after, "gained": self.gained, "lost": self.lost},
            "scores_changed": self.changed,
            "cells_moved": [one for one in cells if one["from"] != one["to"]],
            "examples": [one.as_json() for one in self.examples],
        }


def _signed(points: float) -> str:
    """A difference with its sign, to a tenth, as the pages write it."""
    return f"{points:+.1f}".replace("-", "\N{MINUS SIGN}")


def compare(
    actor: Actor, before: ScoreModel, after: ScoreModel, *, since: datetime, until: datetime, as_of: datetime
) -> Comparison:
    """What changes from one version to the other for the leads that came in [since, until)."""
    rows = query_engine().rows(_sql(before, after, since, until, as_of))
    counts = [row for row in rows if row["id"] is None]
    total = sum(row["n"] for row in counts)
    cells: dict[tuple[str, str], int] = {}
    for row in counts:
        cells[row["b_cell"], row["a_cell"]] = cells.get((row["b_cell"], row["a_cell"]), 0) + row["n"]
    return Comparison(
        since=since,
        until=until,
        leads=total,
        mql_before=sum(row["n"] for row in counts if row["b_mql"]),
        mql_after=sum(row["n"] for row in counts if row["a_mql"]),
        gained=sum(row["n"] for row in counts if row["a_mql"] and not row["b_mql"]),
        lost=sum(row["n"] for row in counts if row["b_mql"] and not row["a_mql"]),
        changed=sum(row["changed"] for row in counts),
        cells=cells,
        examples=_examples(actor, [row for row in rows if row["id"] is not None], before, after),
    )


def _sql(before: ScoreModel, after: ScoreModel, since: datetime, until: datetime, as_of: datetime) -> str:
    came = f"SELECT id FROM pg.public.contact WHERE created_at >= {_at(since)} AND created_at < {_at(until)}"
    bindings, day = REGISTRY.bindings("duckdb").only(came), Day.of(as_of, zone())
    columns = ", ".join(
        f"{side}.fit + {side}.engagement AS {side}_value, {side}.grade || {side}.level AS {side}_cell,"
        f" {side}.mql AS {side}_mql, {side}.contributions AS {side}_points"
        for side in "ba"
    )
    both = (
        f"SELECT b.id, {columns} FROM ({scores_sql(before, bindings, day)}) b"
        f" JOIN ({scores_sql(after, bindings, day)}) a ON a.id = b.id"
    )
    return (
        f"WITH both_ AS MATERIALIZED ({both}) "
        "SELECT NULL::UUID AS id, b_cell, a_cell, b_mql, a_mql, count(*)::BIGINT AS n,"
        " count(*) FILTER (WHERE b_value <> a_value)::BIGINT AS changed, NULL::DOUBLE AS b_value,"
        " NULL::DOUBLE AS a_value, NULL::VARCHAR AS b_points, NULL::VARCHAR AS a_points"
        " FROM both_ GROUP BY b_cell, a_cell, b_mql, a_mql UNION ALL "
        "(SELECT id, b_cell, a_cell, b_mql, a_mql, 1::BIGINT, 1::BIGINT, b_value::DOUBLE, a_value::DOUBLE, b_points,"
        " a_points FROM both_ WHERE b_mql <> a_mql OR b_cell <> a_cell"
        " QUALIFY row_number() OVER (PARTITION BY b_mql, a_mql <> b_mql ORDER BY abs(a_value - b_value) DESC, id)"
        f" <= {EXAMPLES} ORDER BY a_mql = b_mql, b_mql, abs(a_value - b_value) DESC, id)"
    )


def _at(moment: datetime) -> str:
    return f"{quoted(moment.isoformat())}::TIMESTAMPTZ"


def _examples(actor: Actor, rows: list[dict[str, Any]], before: ScoreModel, after: ScoreModel) -> list[Example]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id, c.number, coalesce(c.full_name, c.email), c.company_name FROM contact c"
            f" WHERE c.id = ANY(%s) AND {within(actor, LEADS)}",
            [[row["id"] for row in rows]],
        )
        people = {pk: (f"L-{number}", name, company) for pk, number, name, company in cursor.fetchall()}
    named = sees("personal", grants(actor))
    found = []
    for row in rows:
        if row["id"] not in people:
            continue
        ref, name, company = people[row["id"]]
        old, new = json.loads(row["b_points"]), json.loads(row["a_points"])
        found.append(
            Example(
                ref=ref,
                name=(name if named else None) or ref,
                company=company,
                before={"value": row["b_value"], "cell": row["b_cell"], "mql": row["b_mql"]},
                after={"value": row["a_value"], "cell": row["a_cell"], "mql": row["a_mql"]},
                moved=_moved(old, new, before, after),
            )
        )
    return found


def _moved(old: dict[str, float], new: dict[str, float], before: ScoreModel, after: ScoreModel) -> list[dict[str, Any]]:
    by = {name: round(new.get(name, 0) - old.get(name, 0), 4) for name in dict.fromkeys((*new, *old))}
    labelled = explain_points(after, {name: points for name, points in by.items() if points})
    known = before.labels()
    return [{**one, "label": known.get(one["name"], one["label"])} for one in labelled]
