"""Looks at leads: in the past, while their outcome was open, and what became of them; and as they are now."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.core.cache import cache

from marops.domains.scoring.prediction.features import Tables, features_sql
from marops.domains.scoring.prediction.rules import Input, Outcome, Prediction
from marops.engine.asking import query_engine
from marops.kernel.workspace import zone
from marops.store.duckdb import quoted

KEPT_SECONDS = 120
RULES = "rules"
"""The column with the score by rules at the moment of the look."""


@dataclass(frozen=True, slots=True)
class Known:
    """How many leads have an outcome, and why others do not count."""

    won: int
    lost: int
    decided_early: int
    waiting: int
    neither: int

    def as_json(self) -> dict[str, int]:
        """As reports show it."""
        return {
            "won": self.won,
            "lost": self.lost,
            "decided_early": self.decided_early,
            "waiting": self.waiting,
            "neither": self.neither,
        }


def known_lately(slug: str, document: Prediction, as_of: datetime) -> Known:
    """The same for pages, which may be some minutes late."""
    kept = cache.get_or_set(f"prediction_known:{slug}", lambda: known(document, as_of).as_json(), KEPT_SECONDS)
    return Known(**(kept or {}))


def known(document: Prediction, as_of: datetime) -> Known:
    """How many outcomes there are today: leads that were open when they were looked at, and what became of them."""
    days = ", ".join(str(one) for one in document.looked_at_days)
    (row,) = query_engine().rows(
        f"WITH led AS ({_leads(document, as_of)}), looked AS (SELECT *, {_chosen(document)} AS chosen FROM led),"
        f" open_ AS (SELECT *, created_at + to_days([{days}][chosen]) < said_at AS was_open FROM looked)"
        " SELECT count(*) FILTER (outcome = 1 AND was_open) AS won, count(*) FILTER (outcome = 0 AND was_open) AS lost,"
        " count(*) FILTER (outcome IS NOT NULL AND NOT was_open) AS early,"
        f" count(*) FILTER (outcome IS NULL AND created_at > {_at(as_of)} - {_window(document.outcome)}) AS waiting,"
        " count(*) FILTER (outcome IS NULL) AS unknown FROM open_"
    )
    return Known(row["won"], row["lost"], row["early"], row["waiting"], row["unknown"] - row["waiting"])


def past(document: Prediction, inputs: tuple[Input, ...], as_of: datetime, *, decided: bool = True) -> pa.Table:
    """Every look at leads whose outcome is known (or at all, without `decided`), the oldest lead first.

    Columns: came (text), counted, outcome ('1', '0' or ''), `rules`, key, id, an input each, and `later:…` for fields.
    One look per lead is `counted`, the same one every time; its place is taken by chance, not by the outcome, so that
    leads that are decided quickly do not count as having been young.
    """
    where = "outcome IS NOT NULL AND moment < said_at" if decided else "counted AND moment < said_at"
    days = ", ".join(str(one) for one in document.looked_at_days)
    looks = (
        f"WITH led AS ({_leads(document, as_of)}), looked AS (SELECT *, {_chosen(document)} AS chosen FROM led),"
        " times AS (SELECT l.*, d.day, l.created_at + to_days(d.day) AS moment, d.place = l.chosen AS counted"
        " FROM looked l,"
        f" (SELECT unnest([{days}]) AS day, unnest(range(1, {len(document.looked_at_days) + 1})) AS place) d)"
        f" SELECT id::VARCHAR || ':' || day AS key, id, created_at, moment, counted, outcome FROM times"
        f" WHERE {where} AND moment <= {_at(as_of)}"
    )
    with query_engine().cursor() as cursor:
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE looked AS {looks}")
        shown = features_sql(inputs, "SELECT * FROM looked", Tables(), zone().key, then=True)
        scored = (
            "SELECT l.key, arg_max(try_cast(json_extract_string(f.properties, '$.value') AS DOUBLE), f.occurred_at) AS"
            f" {RULES} FROM looked l JOIN facts f ON f.contact_id = l.id WHERE l.counted AND f.kind = 'lead.scored' AND"
            " f.occurred_at <= l.moment AND json_extract_string(f.properties, '$.model') = 'main' GROUP BY 1"
        )
        return cursor.arrow(
            f"SELECT strftime(timezone('UTC', l.created_at), '%Y-%m-%d %H:%M:%S') AS came, l.counted,"
            f" coalesce(l.outcome::VARCHAR, '') AS outcome, r.{RULES}, x.* FROM looked l JOIN ({shown}) x USING (key)"
            f" LEFT JOIN ({scored}) r USING (key) ORDER BY l.created_at, l.id, l.counted DESC, l.key"
        )


def live_sql(document: Prediction, people: str, tables: Tables, as_of: datetime) -> str:
    """The looks of now: leads of `people` (a query of ids) whose time is not over and whose outcome is open."""
    return (
        f"SELECT id AS key, id, created_at, {_at(as_of)} AS moment FROM ({_leads(document, as_of, people, tables)})"
        f" WHERE said_at > {_at(as_of)} AND created_at > {_at(as_of)} - {_window(document.outcome)}"
    )


def _leads(document: Prediction, as_of: datetime, people: str = "", tables: Tables | None = None) -> str:
    """id, created_at, outcome (NULL: open or unknown), and when the first word on it was said."""
    asked, tables = document.outcome, tables or Tables()
    kinds = {name: ", ".join(quoted(kind) for kind in getattr(asked, name)) for name in ("yes", "no")}
    over = f"WHEN c.created_at + {_window(asked)} <= {_at(as_of)} THEN 0" if asked.undecided == "no" else ""
    said = (
        f"SELECT contact_id, min(occurred_at) FILTER (kind IN ({kinds['yes']})) AS yes,"
        f" min(occurred_at) FILTER (kind IN ({kinds['no']})) AS no FROM {tables.facts}"
        f" WHERE kind IN ({kinds['yes']}, {kinds['no']}) AND occurred_at <= {_at(as_of)} GROUP BY contact_id"
    )
    return (
        f"SELECT c.id, c.created_at, CASE WHEN o.yes <= c.created_at + {_window(asked)} THEN 1"
        f" WHEN o.no <= c.created_at + {_window(asked)} THEN 0 {over} END AS outcome,"
        " least(coalesce(o.yes, 'infinity'::TIMESTAMPTZ), coalesce(o.no, 'infinity'::TIMESTAMPTZ)) AS said_at"
        f" FROM {tables.contact} c LEFT JOIN ({said}) o ON o.contact_id = c.id WHERE c.created_at <= {_at(as_of)}"
        + (f" AND c.id IN ({people})" if people else "")
    )


def _chosen(document: Prediction) -> str:
    """Which of the days a lead is counted at, by the last digits of its id, which are random; mostly early."""
    weights = [1 / day for day in document.looked_at_days]
    shares = [sum(weights[: at + 1]) / sum(weights) for at in range(len(weights))]
    cases = " ".join(f"WHEN dice < {share!r} THEN {place}" for place, share in enumerate(shares[:-1], 1))
    dice = f"('0x' || right(id::VARCHAR, 6))::BIGINT / {16**6}e0"
    return f"(SELECT CASE {cases} ELSE {len(shares)} END FROM (SELECT {dice} AS dice))" if cases else "1"


def _window(asked: Outcome) -> str:
    return f"INTERVAL {asked.within_days} DAY"


def _at(moment: datetime) -> str:
    return f"{quoted(moment.isoformat())}::TIMESTAMPTZ"


def flags(table: pa.Table, name: str) -> Any:
    """A column of yes and no as an array."""
    return np.asarray(pc.fill_null(table[name], False).combine_chunks().to_numpy(zero_copy_only=False), dtype=bool)
