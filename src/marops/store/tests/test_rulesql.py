import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
import sqlglot

from marops.kernel.tests.rulesground import BINDINGS, ground, meaning, person_id
from marops.store.predicate import And, Column, Const, FactCount, FactFilter, Kind, Not, OneOf, Or, Range, Table
from marops.store.rulequery import Bindings, RuleSqlError, condition_sql, members_sql, percent_escaped, truths_sql
from marops.store.rulesql import Dialect, as_text, instant

HOSTILE = (
    "'; DROP TABLE contact; --",
    "O'Brien",
    "a\\'b",
    "a\\",
    "${spark.app.name}",
    "$$x$$",
    "%s %(x)s 100%",
    'double " quote',
    "/* comment */ -- x",
    "tom\nlee\ttab",
    "naïve ☕ \U0001f600",
    "{{ x }} {0}",
    "\\u0041 \\x41",
    ":x ?x $1",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_hostile_text_stays_a_value_in_every_dialect(dialect: Dialect, text: str) -> None:
    bindings = Bindings(dialect, {"contact": "contact"}, "facts")
    for rule in ({"field": "contact.name", "is": text, "case": "exact"}, {"field": "contact.name", "contains": text}):
        sql = members_sql(meaning(rule), bindings)
        parsed = sqlglot.parse(sql, dialect=dialect)
        assert len(parsed) == 1
        assert "drop" not in {type(node).__name__.lower() for node in parsed[0].walk()}
        if dialect == "spark":
            assert "${" not in sql
            assert sql.isascii()


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_finds_exactly_itself(text: str) -> None:
    here = ground([{"name": text}, {"name": "other"}, {"name": text + "x"}])
    assert here.members({"field": "contact.name", "is": text}) == {0}
    assert here.members({"field": "contact.name", "starts_with": text}) == {0, 2}
    assert here.members({"field": "contact.name", "ends_with": text}) == {0}


def test_a_hostile_property_name_or_path_is_refused() -> None:
    column = Column(Table("contact", "id"), "custom", Kind.TEXT, ("a') OR TRUE --",))
    with pytest.raises(RuleSqlError, match="cannot be looked up"):
        members_sql(OneOf(column, ("x",)), BINDINGS)


def test_a_column_name_is_quoted() -> None:
    column = Column(Table("contact", "id"), 'na"me', Kind.TEXT)
    assert '"na""me"' in members_sql(OneOf(column, ("x",)), BINDINGS)


@pytest.mark.parametrize("dialect", get_args(Dialect))
def test_sql_never_asks_for_the_present(dialect: Dialect) -> None:
    rule = {"all": [{"did": "page.viewed", "within": "30d"}, {"field": "contact.created_at", "within_last": "1h"}]}
    sql = members_sql(meaning(rule), Bindings(dialect, {"contact": "contact"})).lower()
    assert not re.search(r"\b(now|current_timestamp|current_date|today)\b", sql)


def test_a_condition_for_postgres_refuses_facts() -> None:
    bindings = Bindings("postgres", {"contact": "contact"})
    with pytest.raises(RuleSqlError, match="fact conditions cannot stand"):
        condition_sql(meaning({"did": "page.viewed"}), bindings, alias="c")
    with pytest.raises(RuleSqlError, match="fact conditions cannot stand"):
        condition_sql(meaning({"last": "page.viewed", "is_empty": True}), bindings, alias="c")


def test_a_condition_looks_other_relations_up_unless_they_are_joined() -> None:
    bindings = Bindings("postgres", {"contact": "contact", "score": "score"})
    rule = meaning({"field": "score.total", "at_least": 5})
    assert '(SELECT "o"."total" FROM score AS o WHERE "o"."contact_id" = "c"."id")' in condition_sql(
        rule, bindings, alias="c"
    )
    assert "SELECT" not in condition_sql(rule, bindings, alias="c", joined={"score": "s"})


def test_an_unbound_relation_is_refused() -> None:
    with pytest.raises(RuleSqlError, match="not bound"):
        members_sql(meaning({"field": "score.total", "at_least": 5}), Bindings("duckdb", {"contact": "contact"}))


def test_a_relation_is_joined_only_when_used() -> None:
    assert "score" not in members_sql(meaning({"field": "contact.vip", "is": True}), BINDINGS)
    assert "LEFT JOIN score" in members_sql(meaning({"field": "score.total", "is_empty": True}), BINDINGS)


def test_equal_fact_conditions_are_counted_once() -> None:
    rules = {
        "a": meaning({"did": "page.viewed", "within": "30d"}),
        "b": meaning({"did": "page.viewed", "at_least": 5, "within": "30d"}),
        "c": meaning({"did_not": "page.viewed", "within": "30d"}),
        "d": meaning({"did": "email.clicked"}),
    }
    sql = truths_sql(rules, BINDINGS).sql
    assert sql.count("COUNT(*)") == 2
    assert sql.count("FROM facts") == 1


def test_percent_is_doubled_for_drivers_with_placeholders() -> None:
    sql = condition_sql(meaning({"field": "contact.name", "contains": "50%"}), BINDINGS, alias="c")
    assert "50%%" in percent_escaped(sql)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(RuleSqlError, match="no zone"):
        instant(datetime(2026, 1, 1))  # noqa: DTZ001


def test_money_is_compared_as_decimal() -> None:
    column = Column(Table("contact", "id"), "revenue", Kind.MONEY)
    here = ground([{"revenue": Decimal("0.3000")}, {"revenue": Decimal("0.3001")}])
    sql = members_sql(OneOf(column, (Decimal("0.3"),)), here.bindings)
    assert "CAST(0.3 AS DECIMAL(18, 4))" in sql
    assert len(here.db.execute(sql).fetchall()) == 1


def test_literals_of_each_type() -> None:
    assert as_text(instant(datetime(2026, 1, 1, tzinfo=UTC)), "spark") == (
        "CAST('2026-01-01 00:00:00.000000+00:00' AS TIMESTAMP)"
    )
    column = Column(Table("contact", "id"), "birthday", Kind.DATE)
    assert "CAST('2026-01-31' AS DATE)" in members_sql(Range(column, low=date(2026, 1, 31)), BINDINGS)
    number = Column(Table("contact", "id"), "employees", Kind.NUMBER)
    assert "= -3" in members_sql(OneOf(number, (-3,)), BINDINGS)


UNBOUNDED = FactCount(FactFilter(("page.viewed",), datetime(2026, 7, 1, tzinfo=UTC)), 0)


@pytest.mark.parametrize(
    ("tree", "count"),
    [(UNBOUNDED, 3), (Const(value=True), 3), (Const(value=False), 0), (And(()), 3), (Or(()), 0), (Not(And(())), 0)],
)
def test_constants(tree: Any, count: int) -> None:
    here = ground([{}, {}, {}])
    assert len(here.db.execute(members_sql(tree, here.bindings)).fetchall()) == count


def test_bindings_for_one_row_judge_only_that_row() -> None:
    facts = [{"who": 0, "kind": "page.viewed", "occurred_at": datetime(2026, 7, 1, tzinfo=UTC)}]
    here = ground([{}, {}], facts)
    rules = {"did": meaning({"did": "page.viewed"})}
    assert here.truths(rules, here.bindings.one(person_id(0))) == {"did": {0}}
    assert here.truths(rules, here.bindings.one(person_id(1))) == {"did": set()}


def test_facts_of_one_row_come_from_the_function_where_there_is_one() -> None:
    facts = [{"who": who, "kind": "page.viewed", "occurred_at": datetime(2026, 7, 1, tzinfo=UTC)} for who in (0, 1, 1)]
    here = ground([{}, {}], facts)
    here.db.execute("CREATE MACRO one_of(ids) AS TABLE SELECT * FROM facts WHERE list_contains(ids, contact_id)")
    rules = {"twice": meaning({"did": "page.viewed", "at_least": 2})}
    bindings = replace(here.bindings, facts_of="one_of")
    assert here.truths(rules, bindings.one(person_id(1))) == {"twice": {1}}
    assert here.truths(rules, bindings.one(person_id(0))) == {"twice": set()}


def test_bindings_for_a_changed_set() -> None:
    here = ground([{"vip": True}, {"vip": True}, {"vip": False}])
    here.db.execute("CREATE TEMP TABLE changed AS SELECT id FROM contact LIMIT 1")
    found = here.truths(
        {"vip": meaning({"field": "contact.vip", "is": True})}, here.bindings.only("SELECT id FROM changed")
    )
    assert found == {"vip": {0}}


def test_facts_of_nobody_count_for_nobody() -> None:
    here = ground([{}], [{"who": None, "kind": "page.viewed", "occurred_at": datetime(2026, 7, 1, tzinfo=UTC)}])
    assert here.members({"did": "page.viewed"}) == set()
    assert here.members({"did_not": "page.viewed"}) == {0}


def test_a_hundred_rules_compile_in_a_moment() -> None:
    leaf = {"field": "contact.name", "contains": "x"}
    facts = [{"did": "page.viewed", "within": f"{days}d", "at_least": 2} for days in range(1, 101)]
    rules = {str(number): meaning({"all": [leaf, leaf, leaf, fact]}) for number, fact in enumerate(facts)}
    started = time.perf_counter()
    truths_sql(rules, BINDINGS)
    assert time.perf_counter() - started < 2
