"""Which rows of a table are the same person or company: trained on the table itself, without anybody's labels.

    found = match(table, guesses)          # an Arrow table of texts, and what its columns mean
    found.cluster, found.certainty         # one of each per row
    found.report                           # roles, comparisons, blocking, bands with their expected precision

The statistics are Splink's (Fellegi and Sunter, with term frequencies and expectation maximisation), on DuckDB. Ours
are the plan (`methods.matching.plan`), the choice of blocking rules by how many pairs they make, and the share of pairs
that match: it is set so that it agrees with the pairs that come out.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from marops.methods.matching.learnt import FEWEST, MOST, Learnt
from marops.methods.matching.plan import Comparison, NothingToCompare, Plan, plan_for
from marops.methods.matching.roles import Column, Guess, guess

MERGE: Final = 0.9
REVIEW: Final = 0.5
ALL_PAIRS: Final = 1_500
"""Up to so many rows every pair is looked at."""
_TRAINED: Final = 60
"""Fewer rows show nothing that could be learnt: they are compared by what is assumed of each role."""
_COUNTED: Final = 500
"""Among fewer rows a rare name cannot be told from a common one."""
_SAMPLED: Final = 5_000
_PAIRS_A_ROW, _FEWEST = 40, 2_000_000
_SEED: Final = 1
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
        return _matched(_Desk(con, plan, table.num_rows, spark), guesses, merge, review, learnt)


def planned(table: pa.Table, guesses: Sequence[Guess]) -> Plan:
    """How the rows of a table whose columns mean this are compared. Raises NothingToCompare."""
    quote = {name: f"c{at}" for at, name in enumerate(table.column_names)}
    plan = plan_for(guesses, quote, _day_first(table, guesses))
    if not plan.comparisons:
        raise NothingToCompare
    return plan


def _alone(rows: int, guesses: Sequence[Guess], plan: Plan, merge: float, review: float) -> Matched:
    none = np.zeros(0, dtype=np.int64)
    bands = list(_bands(np.zeros(0), merge, review))
    nothing = Learnt(0.0, rows, {}, {}, {})
    return Matched(np.arange(rows), np.ones(rows), none, none, np.zeros(0), guesses, plan, [], bands, nothing)


class opened:  # noqa: N801  # a context manager, used as a word
    """An engine of its own in memory, with as many threads as there are processors."""

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        self._con = duckdb.connect()
        self._con.execute(f"SET threads = {len(os.sched_getaffinity(0))}")
        return self._con

    def __exit__(self, *_: object) -> None:
        self._con.close()


def _day_first(table: pa.Table, guesses: Sequence[Guess]) -> dict[str, bool]:
    """Columns of days whose first part is over twelve somewhere, and whose second part nowhere is."""
    found = {}
    for one in guesses:
        if one.role == "birth":
            parts = [
                re.match(r"\s*(\d{1,2})[./-](\d{1,2})[./-]\d{4}", cell or "") for cell in table[one.column].to_pylist()
            ]
            days = [(int(each[1]), int(each[2])) for each in parts if each]
            found[one.column] = any(a > 12 for a, _ in days) and not any(b > 12 for _, b in days)
    return found


def load(con: duckdb.DuckDBPyConnection, table: pa.Table, plan: Plan) -> None:
    """Make the table `people` of the plan's fields, numbered from 0."""
    plain = table.rename_columns([f"c{at}" for at in range(table.num_columns)])
    con.register("given_table", plain)
    made = ", ".join(f"{one.sql} AS {one.name}" for one in plan.fields)
    con.execute(f"CREATE TABLE people AS SELECT (row_number() OVER ()) - 1 AS unique_id, {made} FROM given_table")
    con.unregister("given_table")


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the work is done with: the engine that holds `people`, the plan, how many rows, and perhaps Spark."""

    con: duckdb.DuckDBPyConnection
    plan: Plan
    rows: int
    spark: Any = None

    def people(self) -> Any:
        """The people as Splink takes them, where the pairs are to be compared."""
        if self.spark is None:
            from splink import DuckDBAPI

            return DuckDBAPI(connection=self.con).register("people")
        from splink import SparkAPI

        api: Any = SparkAPI(spark_session=self.spark, num_partitions_on_repartition=4)  # type: ignore[no-untyped-call]
        return api.register(self.spark.createDataFrame(self.con.execute("FROM people").to_arrow_table()))


def _matched(desk: _Desk, guesses: Sequence[Guess], merge: float, review: float, learnt: Learnt | None) -> Matched:
    blocking = _blocking(desk.con, desk.plan, desk.rows)
    rules = [rule for rule, _made in blocking]
    linker = linked(desk.people(), desk.plan, rules, frequent=desk.rows >= _COUNTED, learnt=learnt)
    if learnt is None and desk.rows >= _TRAINED:
        _train(desk.con, linker, desk.plan)
    left, right, weight = _pairs(linker)
    chance = _settled(weight, desk.rows)
    merged = chance >= merge
    cluster = _components(desk.rows, left[merged], right[merged])
    certainty = _certainty(desk.rows, cluster, left, right, chance)
    bands = list(_bands(chance, merge, review))
    lesson = learnt or _lesson(desk, linker, float(chance.sum()))
    return Matched(cluster, certainty, left, right, chance, guesses, desk.plan, blocking, bands, lesson)


def _lesson(desk: _Desk, linker: Any, same: float) -> Learnt:
    """What can be used again: the shares of each degree of agreement, and which values many have."""
    said = {
        one["output_column_name"]: one["comparison_levels"][1:]
        for one in linker.misc.save_model_to_json()["comparisons"]
    }
    fields = {
        name: [(each.get("m_probability") or 1e-6, each.get("u_probability") or 1e-6) for each in levels]
        for name, levels in said.items()
    }
    often, seldom = dict[str, dict[str, float]](), dict[str, float]()
    for name in desk.plan.frequencies if desk.rows >= _COUNTED else ():
        often[name], seldom[name] = _frequencies(desk.con, name)
    share = min(0.5, max(same, 0.01) / (desk.rows * (desk.rows - 1) / 2))
    return Learnt(share, desk.rows, fields, often, seldom)


def _frequencies(con: duckdb.DuckDBPyConnection, name: str) -> tuple[dict[str, float], float]:
    counted = f"SELECT {name} AS value, count(*) AS n FROM people WHERE {name} IS NOT NULL GROUP BY 1"
    ((every, kinds),) = con.execute(f"SELECT coalesce(sum(n), 0)::BIGINT, count(*) FROM ({counted})").fetchall()
    top = con.execute(f"FROM ({counted}) WHERE n >= {FEWEST} ORDER BY n DESC, value LIMIT {MOST}").fetchall()
    rest, others = every - sum(n for _value, n in top), kinds - len(top)
    return {value: n / every for value, n in top}, (rest / others / every if others else 1 / max(1, every))


def _blocking(con: duckdb.DuckDBPyConnection, plan: Plan, rows: int) -> list[tuple[tuple[str, ...], int]]:
    """The rules that make no more pairs than can be looked at, with how many each makes; none where all pairs are."""
    if rows <= ALL_PAIRS:
        return []
    most, found = max(_FEWEST, _PAIRS_A_ROW * rows), list[tuple[tuple[str, ...], int]]()
    for rule in plan.blocking:
        made = _made_by(con, rule)
        if 0 < made <= most:
            found.append((rule, made))
    return found


def _made_by(con: duckdb.DuckDBPyConnection, rule: Sequence[str]) -> int:
    keys, known = ", ".join(rule), " AND ".join(f"{one} IS NOT NULL" for one in rule)
    counted = f"SELECT count(*) AS n FROM people WHERE {known} GROUP BY {keys}"
    ((made,),) = con.execute(f"SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT FROM ({counted})").fetchall()
    return int(made)


_UNKNOWN: Final = 0.0001


def linked(
    people: Any,
    plan: Plan,
    rules: Sequence[tuple[str, ...]],
    *,
    frequent: bool,
    learnt: Learnt | None = None,
    told: bool = False,
) -> Any:
    """Splink's linker for registered people.

    `frequent`: does it count how often a value is? `told`: what each field weighs is told of every pair.
    """
    from splink import Linker, SettingsCreator, block_on

    known = learnt.fields if learnt else {}
    blocking: list[Any] = [block_on(*rule) for rule in rules] or ["1 = 1"]
    settings = SettingsCreator(
        link_type="dedupe_only", retain_matching_columns=told, retain_intermediate_calculation_columns=told,
        comparisons=[_comparison(one, frequent, known.get(one.field, ())) for one in plan.comparisons],
        blocking_rules_to_generate_predictions=blocking,
        probability_two_random_records_match=learnt.share if learnt else _UNKNOWN,
    )  # fmt: skip
    # What it tells of its training is in the report.
    return Linker(people, settings, log_level=logging.ERROR)


def _comparison(one: Comparison, frequent: bool, known: Sequence[tuple[float, float]]) -> Any:
    from splink import comparison_level_library as level
    from splink import comparison_library as library

    assumed = [(each.same, each.other) for each in one.levels]
    assumed.append((1 - sum(same for same, _other in assumed), 1 - sum(other for _same, other in assumed)))
    shares = known if len(known) == len(assumed) else assumed
    levels: list[Any] = [level.NullLevel(one.field)]
    for each, (same, other) in zip(one.levels, shares, strict=False):
        made: Any = level.CustomLevel(each.sql, label_for_charts=each.says, base_dialect_str="duckdb")
        made = made.configure(m_probability=same, u_probability=other)
        levels.append(made.configure(tf_adjustment_column=each.frequency) if each.frequency and frequent else made)
    same, other = shares[-1]
    rest = level.ElseLevel().configure(m_probability=same, u_probability=other)
    return library.CustomComparison(output_column_name=one.field, comparison_levels=[*levels, rest])


_RECALL: Final = 0.7
_ENOUGH, _MANY, _LESSONS = 30, 20_000_000, 3


def _train(con: duckdb.DuckDBPyConnection, linker: Any, plan: Plan) -> None:
    """Learn what each level is worth. What cannot be learnt, since too few pairs show it, stays as it was assumed."""
    from splink import block_on
    from splink.internals.exceptions import EMTrainingException

    certain = [block_on(*rule) for rule in plan.certain if _made_by(con, rule)][:4]
    if certain:
        linker.training.estimate_probability_two_random_records_match(certain, recall=_RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=_SEED)
    for rule in _lessons(con, plan):
        try:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule), max_pairs=2e6)
        except (EMTrainingException, ValueError):  # the pairs of this rule show nothing, or nothing that matches
            continue


def _lessons(con: duckdb.DuckDBPyConnection, plan: Plan) -> Iterator[tuple[str, ...]]:
    """Rules among whose pairs many match; at least three, and more while a field was in all of them."""
    left, taken = {one.field for one in plan.comparisons}, 0
    for rule in plan.lessons:
        fresh = {one.field for one in plan.comparisons if one.field not in rule}
        if (taken < _LESSONS or fresh & left) and _ENOUGH <= _made_by(con, rule) <= _MANY:
            left, taken = left - fresh, taken + 1
            yield rule


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
