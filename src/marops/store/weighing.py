"""What single pairs weigh, field by field, by what was learnt before.

    weighed = weigh(table, guesses, pairs, learnt)
    weighed.chance[0], weighed.weights[0]   # 0.97, {"family": Weight(7.1, "equal"), …}

The weights are in bits (the logarithm to base 2 of how much likelier the agreement is among pairs that are the same);
with the weight of the share of such pairs at large they add up to the logarithm of the odds.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from marops.methods.matching.learnt import Learnt
from marops.methods.matching.plan import Comparison, Plan
from marops.methods.matching.roles import Guess
from marops.store.linking import linked, load, opened, planned

_MISSING: Final = -1
DIFFERENT, MISSING, SILENT = "different", "missing in one of them", "missing, or said by the same company already"


@dataclass(frozen=True, slots=True)
class Weight:
    """What one field says about a pair: bits for (or, below 0, against) being the same, and which degree holds."""

    bits: float
    says: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """For each pair asked for: its probability, and the weight of each compared column of the table."""

    chance: NDArray[np.float64]
    weights: Sequence[Mapping[str, Weight]]
    start: float


def weigh(
    table: pa.Table,
    guesses: Sequence[Guess],
    left: Sequence[int],
    right: Sequence[int],
    learnt: Learnt,
    *,
    least: float = 0.0,
    always: Collection[int] = (),
) -> Weighed:
    """Weigh the pairs of rows at these places. Raises NothingToCompare.

    `start` is the weight before anything is compared: how rare pairs are that are the same. Pairs below `least` have no
    weights, and a chance of 0: most candidates of new records are strangers, of whom nobody asks why. `always` names
    places of pairs that are weighed all the same.
    """
    plan = planned(table, guesses)
    start = math.log2(learnt.share / (1 - learnt.share))
    if not len(left):
        return Weighed(np.zeros(0), [], start)
    with opened() as con:
        load(con, table, plan)
        found = _scored(con, plan, left, right, learnt)
    chance, weights = np.zeros(len(left)), [_NONE] * len(left)
    for at, row in _worth(found, left, right, least, always):
        weights[at] = dict(_weights(plan, row))
        total = start + sum(one.bits for one in weights[at].values())
        chance[at] = 1 / (1 + 2 ** -min(500.0, max(-500.0, total)))
    return Weighed(chance, weights, start)


_NONE: Final[Mapping[str, Weight]] = {}


def _worth(
    found: pa.Table, left: Sequence[int], right: Sequence[int], least: float, always: Collection[int]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of pairs that are worth a thought, each with the place at which it was asked for."""
    asked = {(left[at], right[at]) for at in always}
    if least > 0:
        likely = pc.greater_equal(found["match_probability"], least - _ROUNDING)
        named = [pair in asked for pair in zip(*(found[f"unique_id_{side}"].to_pylist() for side in "lr"), strict=True)]
        found = found.filter(pc.or_(likely, pa.array(named, pa.bool_())))
    by_pair = {(row["unique_id_l"], row["unique_id_r"]): row for row in found.to_pylist()}
    for at, pair in enumerate(zip(left, right, strict=True)):
        if row := by_pair.get(pair):
            yield at, row


_ROUNDING: Final = 1e-6


def _scored(
    con: duckdb.DuckDBPyConnection, plan: Plan, left: Sequence[int], right: Sequence[int], learnt: Learnt
) -> pa.Table:
    from splink import DuckDBAPI

    api = DuckDBAPI(connection=con)
    linker = linked(api.register("people"), plan, [], frequent=bool(learnt.often), learnt=learnt, told=True)
    if learnt.often:
        for name in plan.frequencies:
            linker.table_management.register_term_frequency_lookup(api.register(_lookup(con, name, learnt)), name)
    asked = pa.table({"match_key": pa.array(["0"] * len(left)), "join_key_l": left, "join_key_r": right})
    con.register("asked_pairs", asked)
    con.execute("CREATE TABLE pairs AS FROM asked_pairs")
    linker.table_management.register_blocked_pairs_for_predict(api.register("pairs"))
    found: pa.Table = linker.inference.predict(threshold_match_weight=-1000).as_pyarrow_table()
    return found


def _lookup(con: duckdb.DuckDBPyConnection, name: str, learnt: Learnt) -> str:
    """How many have each of these people's values, as far as that was learnt."""
    often, seldom = learnt.often.get(name, {}), learnt.seldom.get(name, 1e-6)
    con.register(
        f"often_{name}",
        pa.table({"v": pa.array(list(often), pa.string()), "s": pa.array(list(often.values()), pa.float64())}),
    )
    con.execute(
        f"CREATE TABLE share_{name} AS SELECT p.{name}, coalesce(o.s, {seldom}) AS tf_{name}"
        f" FROM (SELECT DISTINCT {name} FROM people WHERE {name} IS NOT NULL) p"
        f" LEFT JOIN often_{name} o ON o.v = p.{name}"
    )
    return f"share_{name}"


def _weights(plan: Plan, row: Mapping[str, Any]) -> Iterator[tuple[str, Weight]]:
    for one in plan.comparisons:
        bits = row[f"mw_{one.field}"] + (row.get(f"mw_tf_adj_{one.field}") or 0.0)
        yield one.field.removeprefix("f_"), Weight(float(bits), _degree(one, row[f"gamma_{one.field}"]))


def _degree(one: Comparison, gamma: int) -> str:
    """The degree that holds: Splink numbers them from 0, different, upwards."""
    if gamma == _MISSING:
        return SILENT if one.silent else MISSING
    return one.levels[len(one.levels) - gamma].says if gamma else DIFFERENT
