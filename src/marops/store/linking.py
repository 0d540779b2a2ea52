"""Records made ready to be compared, and the linker that compares them: what matching, learning and weighing share."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import pyarrow as pa

from marops.methods.matching.learnt import Learnt
from marops.methods.matching.plan import Comparison, NothingToCompare, Plan, plan_for
from marops.methods.matching.roles import Guess

COUNTED: Final = 500
"""Among fewer rows a rare name cannot be told from a common one."""


def planned(table: pa.Table, guesses: Sequence[Guess]) -> Plan:
    """How the rows of a table whose columns mean this are compared. Raises NothingToCompare."""
    quote = {name: f"c{at}" for at, name in enumerate(table.column_names)}
    plan = plan_for(guesses, quote, _day_first(table, guesses))
    if not plan.comparisons:
        raise NothingToCompare
    return plan


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
class Desk:
    """What the work is done with: the engine that holds `people`, the plan, how many rows, and perhaps Spark."""

    con: duckdb.DuckDBPyConnection
    plan: Plan
    rows: int
    spark: Any = None

    @property
    def frequent(self) -> bool:
        """Are there enough rows to tell a rare value from a common one?"""
        return self.rows >= COUNTED

    def pairs(self, rule: Sequence[str]) -> int:
        """How many pairs are equal in all expressions of a rule."""
        keys, known = ", ".join(rule), " AND ".join(f"{one} IS NOT NULL" for one in rule)
        counted = f"SELECT count(*) AS n FROM people WHERE {known} GROUP BY {keys}"
        ((made,),) = self.con.execute(f"SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT FROM ({counted})").fetchall()
        return int(made)

    def linker(self, rules: Sequence[tuple[str, ...]], learnt: Learnt | None = None) -> Any:
        """A linker for the people, with these blocking rules, where the pairs are to be compared."""
        likeness = _LIKENESS if self.spark is None else _ON_SPARK
        return linked(self._people(), self.plan, rules, frequent=self.frequent, learnt=learnt, likeness=likeness)

    def _people(self) -> Any:
        if self.spark is None:
            from splink import DuckDBAPI

            return DuckDBAPI(connection=self.con).register("people")
        from splink import SparkAPI

        api: Any = SparkAPI(  # type: ignore[no-untyped-call]
            spark_session=self.spark, num_partitions_on_repartition=4, break_lineage_method="persist"
        )
        return api.register(self.spark.createDataFrame(self.con.execute("FROM people").to_arrow_table()))


_UNKNOWN: Final = 0.0001
_LIKENESS: Final = "jaro_winkler_similarity"
_ON_SPARK: Final = "jaro_winkler"
"""The same function as Spark has it; all else is written so that both understand it."""


def linked(
    people: Any,
    plan: Plan,
    rules: Sequence[tuple[str, ...]],
    *,
    frequent: bool,
    learnt: Learnt | None = None,
    told: bool = False,
    likeness: str = _LIKENESS,
) -> Any:
    """Splink's linker for registered people.

    `frequent`: does it count how often a value is? `told`: what each field weighs is told of every pair. `likeness`:
    what the engine calls the likeness of Jaro and Winkler.
    """
    from splink import Linker, SettingsCreator, block_on

    known = learnt.fields if learnt else {}
    blocking: list[Any] = [block_on(*rule) for rule in rules] or ["1 = 1"]
    settings = SettingsCreator(
        link_type="dedupe_only", retain_matching_columns=told, retain_intermediate_calculation_columns=told,
        comparisons=[_comparison(one, frequent, known.get(one.field, ()), likeness) for one in plan.comparisons],
        blocking_rules_to_generate_predictions=blocking,
        probability_two_random_records_match=learnt.share if learnt else _UNKNOWN,
    )  # fmt: skip
    # What it tells of its training is in the report.
    # The settings come from a plan, never from somebody's hand: to read all their SQL again takes a fifth of a second.
    return Linker(people, settings, log_level=logging.ERROR, validate_settings=False)


def _comparison(one: Comparison, frequent: bool, known: Sequence[tuple[float, float]], likeness: str) -> Any:
    from splink import comparison_level_library as level
    from splink import comparison_library as library

    assumed = [(each.same, each.other) for each in one.levels]
    assumed.append((1 - sum(same for same, _other in assumed), 1 - sum(other for _same, other in assumed)))
    shares = known if len(known) == len(assumed) else assumed
    nothing = f"{one.field}_l IS NULL OR {one.field}_r IS NULL"
    silent = f"{nothing} OR {one.silent}" if one.silent else nothing
    null: Any = level.CustomLevel(silent.replace(_LIKENESS, likeness))
    levels: list[Any] = [null.configure(is_null_level=True)]
    for each, (same, other) in zip(one.levels, shares, strict=False):
        made: Any = level.CustomLevel(each.sql.replace(_LIKENESS, likeness), label_for_charts=each.says)
        made = made.configure(m_probability=same, u_probability=other)
        levels.append(made.configure(tf_adjustment_column=each.frequency) if each.frequency and frequent else made)
    same, other = shares[-1]
    rest = level.ElseLevel().configure(m_probability=same, u_probability=other)
    return library.CustomComparison(output_column_name=one.field, comparison_levels=[*levels, rest])
