"""Which rows of a table are the same person or company: trained on the table itself, without anybody's labels.

    found = match(table, guesses)          # an Arrow table of texts, and what its columns mean
    found.cluster, found.certainty         # one of each per row
    found.report                           # roles, comparisons, blocking, bands with their expected precision

The statistics are Splink's (Fellegi and Sunter, with term frequencies and expectation maximisation), on DuckDB. Ours
are the plan (`methods.matching.plan`), the choice of blocking rules by how many pairs they make, and the share of pairs
that match: it is set so that it agrees with the pairs that come out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from marops.methods.matching.learnt import Learnt
from marops.methods.matching.plan import Plan
from marops.methods.matching.roles import Column, Guess, guess
from marops.store.linking import Desk, load, opened, planned
from marops.store.teaching import for_later, shares_of, taught

MERGE: Final = 0.9
REVIEW: Final = 0.5
ALL_PAIRS: Final = 1_500
"""Up to so many rows every pair is looked at."""
_TRAINED: Final = 60
"""Fewer rows show nothing that could be learnt: they are compared by what is assumed of each role."""
_SAMPLED: Final = 5_000
_PAIRS_A_ROW, _FEWEST = 40, 2_000_000
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Band:
    """Pairs from `least` up to the next band: how many, and the share of them that is right, as the model expects."""

    name: str
    least: float
    pairs: int
    precision: float | None


@dataclass(frozen=True, slots=True)
class Matched:
    """What came out: for each row the number of its cluster and how sure that is, and how it was done.

    `certainty`: of a row with others, the probability of its strongest link to one of them; of a row alone, one minus
    the probability of its strongest link to anybody. `left`, `right`, `chance`: the pairs that are worth a thought,
    by the places of their rows, and their probability.
    """

    cluster: NDArray[np.int64]
    certainty: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    chance: Floats
    guesses: Sequence[Guess]
    plan: Plan
    blocking: Sequence[tuple[tuple[str, ...], int]]
    bands: Sequence[Band]
    learnt: Learnt

    @property
    def clusters(self) -> int:
        """How many different ones there are."""
        return int(self.cluster.max(initial=-1)) + 1


def columns_of(table: pa.Table) -> list[Column]:
    """What is to be known of the columns of a table of texts to guess their roles."""
    found = []
    for name in table.column_names:
        values = table[name]
        step = max(1, len(values) // _SAMPLED)
        cells = [one or "" for one in values.take(pa.array(range(0, len(values), step))).to_pylist()]
        unique = len(values) > 1 and values.null_count == 0 and len(values.unique()) == len(values)
        found.append(Column(name, cells, unique))
    return found


def match(
    table: pa.Table,
    guesses: Sequence[Guess] | None = None,
    *,
    merge: float = MERGE,
    review: float = REVIEW,
    learnt: Learnt | None = None,
    spark: Any = None,
) -> Matched:
    """Find which rows are the same. Raises NothingToCompare.

    With `learnt`, what another table taught is used and nothing learnt from this one. With `spark`, a session of it,
    pairs are compared there; cleaning and counting stay here.
    """
    guesses = guesses or guess(columns_of(table))
    plan = planned(table, guesses)
    if table.num_rows < 2:
        return _alone(table.num_rows, guesses, plan, merge, review)
    with opened() as con:
        load(con, table, plan)
        return _matched(Desk(con, plan, table.num_rows, spark), guesses, merge, review, learnt)


def _alone(rows: int, guesses: Sequence[Guess], plan: Plan, merge: float, review: float) -> Matched:
    none = np.zeros(0, dtype=np.int64)
    bands = list(_bands(np.zeros(0), merge, review))
    nothing = Learnt(0.0, rows, {}, {}, {})
    return Matched(np.arange(rows), np.ones(rows), none, none, np.zeros(0), guesses, plan, [], bands, nothing)


def _matched(desk: Desk, guesses: Sequence[Guess], merge: float, review: float, learnt: Learnt | None) -> Matched:
    blocking = _blocking(desk)
    known = learnt or (taught(desk) if desk.rows >= _TRAINED else None)
    rules = [rule for rule, _made in blocking]
    linker = desk.linker(rules, known)
    left, right, weight = _pairs(linker)
    chance = _settled(weight, desk.rows)
    merged = chance >= merge
    cluster = _components(desk.rows, left[merged], right[merged])
    certainty = _certainty(desk.rows, cluster, left, right, chance)
    bands = list(_bands(chance, merge, review))
    assumed = Learnt(0.0, desk.rows, shares_of(linker), {}, {})
    lesson = learnt or for_later(desk, known or assumed, float(chance.sum()))
    return Matched(cluster, certainty, left, right, chance, guesses, desk.plan, blocking, bands, lesson)


def _blocking(desk: Desk) -> list[tuple[tuple[str, ...], int]]:
    """The rules that make no more pairs than can be looked at, with how many each makes; none where all pairs are."""
    if desk.rows <= ALL_PAIRS:
        return []
    most, found = max(_FEWEST, _PAIRS_A_ROW * desk.rows), list[tuple[tuple[str, ...], int]]()
    for rule in desk.plan.blocking:
        made = desk.pairs(rule)
        if 0 < made <= most:
            found.append((rule, made))
    return found


def _pairs(linker: Any) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Both rows of each pair, and its weight in bits without what was assumed of pairs at large."""
    found = linker.inference.predict(threshold_match_weight=_LEAST).as_pyarrow_table()
    left, right = (found[name].to_numpy().astype(np.int64) for name in ("unique_id_l", "unique_id_r"))
    assumed = linker.misc.save_model_to_json()["probability_two_random_records_match"]
    return left, right, found["match_weight"].to_numpy() - np.log2(assumed / (1 - assumed))


_LEAST: Final = -12.0
_TURNS: Final = 60


def _settled(weight: Floats, rows: int) -> Floats:
    """The probability of each pair, with the share of matching pairs that agrees with what comes out.

    The assumed share only shifts all weights, so the one that is equal to the sum of the probabilities over all pairs
    is found by turns.
    """
    every, share = rows * (rows - 1) / 2, 1 / max(2.0, rows)
    chance = np.zeros_like(weight)
    for _turn in range(_TURNS):
        chance = 1 / (1 + np.exp2(-(weight + np.log2(share / (1 - share)))))
        after = min(0.5, max(float(chance.sum()) / every, 0.01 / every))
        if abs(after - share) < 1e-4 * share:
            break
        share = after
    return chance


def _components(rows: int, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of each row's cluster, in the order of their first rows."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    links = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(rows, rows))
    _count, label = connected_components(links, directed=False)
    _seen, first = np.unique(label, return_index=True)
    order = np.empty(len(first), dtype=np.int64)
    order[np.argsort(first)] = np.arange(len(first))
    return order[label]


def _certainty(
    rows: int, cluster: NDArray[np.int64], left: NDArray[np.int64], right: NDArray[np.int64], chance: Floats
) -> Floats:
    inside = cluster[left] == cluster[right]
    strongest, elsewhere = np.zeros(rows), np.zeros(rows)
    for ends in (left, right):
        np.maximum.at(strongest, ends[inside], chance[inside])
        np.maximum.at(elsewhere, ends[~inside], chance[~inside])
    return np.where(strongest > 0, strongest, 1 - elsewhere)


def _bands(chance: Floats, merge: float, review: float) -> Iterator[Band]:
    for name, least, most in (("merge", merge, 1.1), ("review", review, merge), ("leave", 0.0, review)):
        inside = chance[(chance >= least) & (chance < most)]
        yield Band(name, least, len(inside), float(inside.mean()) if len(inside) else None)
