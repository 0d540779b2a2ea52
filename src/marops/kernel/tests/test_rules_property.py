"""One evaluator (promise G10): everyone at once, each alone, and PostgreSQL's rendering give equal answers."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings

from marops.kernel.rules import dump, parse, read_yaml, write_yaml
from marops.kernel.rules_explain import explain
from marops.kernel.rules_sentence import sentence
from marops.kernel.tests.rulesground import (
    BINDINGS,
    COLUMNS,
    PEOPLE,
    REGISTRY,
    Ground,
    context,
    full_ground,
    meaning,
    person_id,
)
from marops.kernel.tests.rulesmaker import RELAXED, batches, random_rules
from marops.store.predicate import fact_filter, leaves
from marops.store.rulequery import Bindings, condition_sql


@pytest.fixture(scope="module")
def everyone() -> Ground:
    return full_ground()


@pytest.fixture(scope="module")
def postgres(server: str, everyone: Ground) -> Iterator[psycopg.Connection[Any]]:
    """The same people in PostgreSQL, in tables that last as long as the connection."""
    with psycopg.connect(server) as connection:
        stored = {name: kind.replace("JSON", "JSONB") for name, kind in COLUMNS.items()}
        _copy(everyone, connection, "contact", stored)
        _copy(everyone, connection, "score", {"contact_id": "UUID", "total": "DECIMAL(18,4)"})
        _copy(everyone, connection, "segment_member", {"contact_id": "UUID", "segment": "TEXT"})
        yield connection
        connection.rollback()


def _copy(here: Ground, connection: psycopg.Connection[Any], table: str, columns: dict[str, str]) -> None:
    listed_columns = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"CREATE TEMP TABLE {table} ({listed_columns})")
    exact = ", ".join(f"CAST({name} AS TEXT)" if kind == "TIMESTAMPTZ" else name for name, kind in columns.items())
    marks = ", ".join(f"%s::{kind}" for kind in columns.values())
    for row in here.db.execute(f"SELECT {exact} FROM {table}").fetchall():
        connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)


def check(everyone: Ground, postgres: psycopg.Connection[Any], batch: list[tuple[Any, int]]) -> None:
    rules = {str(number): meaning(rule) for number, (rule, _) in enumerate(batch)}
    together = everyone.truths(rules)
    for number, (rule, who) in enumerate(batch):
        found = together[str(number)]
        assert everyone.members(rule) == found, rule
        explained = explain(parse(rule), context(), everyone.bindings, person_id(who), everyone.run)
        assert explained.holds == (who in found), (rule, who)
        if all(fact_filter(leaf) is None for leaf in leaves(rules[str(number)])):
            assert _in_postgres(postgres, rules[str(number)]) == found, rule


def _in_postgres(connection: psycopg.Connection[Any], tree: Any) -> set[int]:
    bindings = Bindings("postgres", {name: name for name in BINDINGS.relations})
    condition = condition_sql(tree, bindings, alias="c")
    rows = connection.execute(f"SELECT c.id, {condition} FROM contact AS c").fetchall()  # type: ignore[arg-type]
    assert all(holds is not None for _, holds in rows)
    return {key.int - person_id(0).int for key, holds in rows if holds}


@settings(max_examples=20, derandomize=True, **RELAXED)  # type: ignore[arg-type]
@given(batch=batches)
def test_G10_one_evaluator(everyone: Ground, postgres: psycopg.Connection[Any], batch: list[tuple[Any, int]]) -> None:
    check(everyone, postgres, batch)


# In a check that has to end soon an eighth of them, each time others; all of them by hand.
ALL = 400
SOON = 50 if os.environ.get("CI") else ALL


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=SOON, **RELAXED)  # type: ignore[arg-type]
@given(batch=batches)
def test_G10_one_evaluator_ten_thousand(
    everyone: Ground, postgres: psycopg.Connection[Any], batch: list[tuple[Any, int]]
) -> None:
    check(everyone, postgres, batch)


@settings(max_examples=200, derandomize=True, **RELAXED)  # type: ignore[arg-type]
@given(rule=random_rules)
def test_a_rule_is_read_back_as_it_was_written(rule: Any) -> None:
    tree = parse(rule)
    assert parse(dump(tree)) == tree
    assert parse(read_yaml(write_yaml(dump(tree)))) == tree
    assert dump(tree) == rule


@settings(max_examples=200, derandomize=True, **RELAXED)  # type: ignore[arg-type]
@given(rule=random_rules)
def test_every_rule_has_a_sentence(rule: Any) -> None:
    said = sentence(parse(rule), REGISTRY)
    assert said
    assert said.count("(") == said.count(")") or "(" in repr(rule) or ")" in repr(rule)
    assert "%(" not in said


def test_the_crowd_is_copied_whole(everyone: Ground, postgres: psycopg.Connection[Any]) -> None:
    assert len(postgres.execute("SELECT * FROM contact").fetchall()) == PEOPLE
    stored = postgres.execute("SELECT count(*) FROM contact WHERE jsonb_exists(custom, 'c_list')").fetchone()
    assert stored == (everyone.run("SELECT count(custom -> 'c_list') AS n FROM contact")[0]["n"],)
