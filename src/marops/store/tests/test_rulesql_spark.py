"""The same rules on Spark: `uv run --group spark pytest -m spark`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from marops.kernel.tests.rulesground import BINDINGS, Ground, full_ground, meaning, person_id
from marops.kernel.tests.rulesmaker import RELAXED, batches
from marops.store.rulequery import Bindings, members_sql, truths_sql

pytestmark = [pytest.mark.spark, pytest.mark.timeout(900)]

HOSTILE = ("O'Brien", "a\\b", "${x}", 'say "hi"', "50% off", "tom\nlee", "naïve", "'; DROP TABLE contact; --")
RULES: dict[str, Any] = {
    **{f"hostile {text}": {"field": "contact.name", "is": text, "case": "exact"} for text in HOSTILE},
    **{f"hostile contains {text}": {"field": "contact.name", "contains": text} for text in HOSTILE},
    "accents fold": {"field": "contact.name", "is": "ÄRGER"},
    "in": {"field": "contact.name", "in": ["anna", "nl"]},
    "not in": {"field": "contact.custom.text", "not_in": ["anna", "nl"]},
    "starts": {"field": "contact.name", "starts_with": "an"},
    "ends": {"field": "contact.custom.text", "ends_with": "B"},
    "empty": {"field": "contact.name", "is_empty": True},
    "empty in json": {"field": "contact.custom.text", "is_empty": True},
    "choice": {"field": "contact.country", "in": ["NL", "DE"]},
    "pattern": {"field": "contact.name", "matches": r"^\w+ \w$"},
    "pattern of digits": {"field": "contact.name", "matches": "[0-9]+%"},
    "pattern of an end": {"field": "contact.name", "matches": '(?:lee|i")$'},
    "pattern of a dot": {"field": "contact.name", "matches": "^.{4,}$"},
    "pattern with accents": {"field": "contact.name", "matches": "Ä|Ï"},
    "exact pattern": {"field": "contact.name", "matches": "^A", "case": "exact"},
    "number": {"field": "contact.employees", "between": [1, 10]},
    "double": {"field": "contact.weight", "at_least": "0.1"},
    "number in json": {"field": "contact.custom.number", "at_least": 2.5},
    "no number in json": {"field": "contact.custom.number", "is_empty": True},
    "negative": {"field": "contact.employees", "less_than": -1},
    "money": {"field": "contact.revenue", "at_least": "12.50 EUR"},
    "flag": {"field": "contact.vip", "is_not": True},
    "flag in json": {"field": "contact.custom.flag", "is": False},
    "day": {"field": "contact.birthday", "before": "2000-01-01"},
    "day in json": {"field": "contact.custom.day", "after": "1990-07-14"},
    "moment": {"field": "contact.created_at", "within_last": "30d"},
    "moment in json": {"field": "contact.custom.moment", "before": "2026-07-15T12:00:00.4Z"},
    "anniversary": {"field": "contact.birthday", "anniversary": {"within_next": "30d"}},
    "anniversary of a moment": {"field": "contact.created_at", "anniversary": {"within_last": "30d"}},
    "list": {"field": "contact.tags", "contains": ["b", "it's"]},
    "exact list": {"field": "contact.tags", "contains": "A", "case": "exact"},
    "empty list": {"field": "contact.tags", "is_empty": True},
    "list in json": {"field": "contact.custom.list", "contains": "a"},
    "empty list in json": {"field": "contact.custom.list", "is_empty": True},
    "reference": {"field": "contact.owner", "is": str(person_id(1))},
    "score": {"field": "score.total", "at_least": 50},
    "no score": {"field": "score.total", "is_empty": True},
    "member": {"any": [{"member": "segment/customers"}, {"not": {"member": "segment/partners"}}]},
    "did": {"did": "form.submitted", "where": {"form": "demo"}, "within": "30d"},
    "did where": {"did": "form.submitted", "where": {"value": {"at_least": 2}, "new": True}, "at_most": 1},
    "did not": {"did_not": ["email.clicked", "page.viewed"], "since": "2026-06-01", "before": "today"},
    "did with cost": {"did": "page.viewed", "where": {"cost": {"at_least": "1.25"}, "source": "web"}},
    "campaign": {"did": "page.viewed", "where": {"campaign_id": {"is_not": str(person_id(1))}}, "exactly": 2},
    "last": {"last": "email.clicked", "where": {"at": {"before": "2026-07-15"}}, "within_last": "31d"},
    "first": {"first": "page.viewed", "before": "12h ago"},
    "first anniversary": {"first": "page.viewed", "anniversary": "today"},
    "nothing of it": {"not": {"all": [{"field": "contact.vip", "is": True}, {"did": "page.viewed", "at_least": 2}]}},
    "everyone": {"everyone": True},
}


@pytest.fixture(scope="module")
def everyone() -> Ground:
    return full_ground()


@pytest.fixture(scope="module")
def spark(everyone: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="Spark is not installed: uv run --group spark pytest -m spark")
    builder = sql.SparkSession.builder.master("local[2]").appName("marops rules")
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.memory": "1g",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    for table in ("contact", "facts", "score", "segment_member"):
        _share(everyone, session, table, tmp_path_factory.mktemp(table) / "rows.parquet")
    yield session
    session.stop()


def _share(here: Ground, session: Any, table: str, file: Path) -> None:
    """Ids and JSON reach Spark as text, as the lake's Parquet files hold them."""
    columns = here.run(
        f"SELECT column_name AS name, data_type AS kind FROM information_schema.columns WHERE table_name = '{table}'"
    )
    shared = [
        f"CAST({column['name']} AS TEXT) AS {column['name']}" if column["kind"] in ("UUID", "JSON") else column["name"]
        for column in columns
    ]
    here.db.execute(f"COPY (SELECT {', '.join(shared)} FROM {table}) TO '{file}' (FORMAT parquet)")
    session.read.parquet(str(file)).createOrReplaceTempView(table)


def _spark_bindings() -> Bindings:
    return Bindings("spark", {name: name for name in BINDINGS.relations})


def test_each_rule_has_the_members_it_has_on_duckdb(everyone: Ground, spark: Any) -> None:
    differing = {}
    for name, rule in RULES.items():
        rows = spark.sql(members_sql(meaning(rule), _spark_bindings())).collect()
        found = {_number(row["id"]) for row in rows}
        if found != everyone.members(rule):
            differing[name] = (found, everyone.members(rule))
    assert differing == {}


def test_all_rules_at_once_answer_as_on_duckdb(everyone: Ground, spark: Any) -> None:
    meanings = {name: meaning(rule) for name, rule in RULES.items()}
    statement = truths_sql(meanings, _spark_bindings())
    rows = [row.asDict() for row in spark.sql(statement.sql).collect()]
    assert not [row for row in rows if None in [row[column] for column in statement.columns.values()]]
    found = {name: {_number(row["id"]) for row in rows if row[column]} for name, column in statement.columns.items()}
    assert found == everyone.truths(meanings)


@settings(max_examples=10, derandomize=True, **RELAXED)  # type: ignore[arg-type]
@given(batch=batches)
def test_random_rules_answer_as_on_duckdb(everyone: Ground, spark: Any, batch: list[tuple[Any, int]]) -> None:
    meanings = {str(number): meaning(rule) for number, (rule, _) in enumerate(batch)}
    statement = truths_sql(meanings, _spark_bindings())
    rows = [row.asDict() for row in spark.sql(statement.sql).collect()]
    expected = everyone.truths(meanings)
    for name, column in statement.columns.items():
        found = {_number(row["id"]) for row in rows if row[column]}
        assert found == expected[name], batch[int(name)][0]


def _number(key: str) -> int:
    return int(key.replace("-", ""), 16) - person_id(0).int
