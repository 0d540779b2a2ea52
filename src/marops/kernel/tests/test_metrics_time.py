"""Metrics of time and of sums over time: the same figure by hand, by other SQL, and in PostgreSQL."""

import statistics
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from marops.kernel.errors import MaropsError
from marops.kernel.metrics import Metric, Metrics, MetricType, compile_metric
from marops.kernel.tests.rulesground import AS_OF, COLUMNS, FACT_COLUMNS, REGISTRY, Ground, context, ground, person_id
from marops.store.metricquery import Aggregate, Grain
from marops.store.rulequery import Bindings

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FORM, CLICK = {"did": "form.submitted"}, {"did": "email.clicked"}


def metric(name: str, kind: MetricType = MetricType.SIMPLE, **more: Any) -> Metric:
    return Metric(name, name, kind, owner="analyst", **{"grain": Grain.TOTAL, **more})


WAIT = metric("wait", MetricType.BETWEEN, start=FORM, end=CLICK, measure=Aggregate.QUANTILE)
JOINED = metric("joined", rule=FORM)
LEFT = metric("left", MetricType.BETWEEN, start=FORM, end=CLICK, measure=Aggregate.COUNT, place="end", once=())
NET = metric("net", MetricType.DERIVED, formula="joined - left")
MEMBERS = metric("members", MetricType.CUMULATIVE, of="net", place="start")
GROWTH = metric("growth", MetricType.DERIVED, formula="net / members")
KNOWN = Metrics()
KNOWN.add(WAIT, JOINED, LEFT, NET, MEMBERS, GROWTH)


def rows(here: Ground, wanted: Metric, *, start: datetime = START, end: datetime = END, **more: Any) -> list[Any]:
    sql = compile_metric(wanted, context(), here.bindings, start=start, end=end, metrics=KNOWN, **more)
    return here.db.execute(sql).fetchall()


def waits(minutes: list[float | None], start: datetime = AS_OF - 30 * DAY) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = []
    for who, wait in enumerate(minutes):
        facts.append({"who": who, "kind": "form.submitted", "occurred_at": start, "source": "web" if who % 2 else "ad"})
        if wait is not None:
            facts.append({"who": who, "kind": "email.clicked", "occurred_at": start + wait * MINUTE})
    return facts


def test_the_median_of_waiting_is_that_of_plain_python() -> None:
    minutes = [3.0, 11.0, 5.0, 250.0, 8.0, 40.0, 7.0, 1.0]
    here = ground([{}] * len(minutes), waits([*minutes]))
    assert rows(here, WAIT)[0][1:3] == (pytest.approx(statistics.median(minutes)), len(minutes))
    tenth = statistics.quantiles(minutes, n=10, method="inclusive")[8]
    assert rows(here, replace(WAIT, quantile=0.9))[0][1] == pytest.approx(tenth)


def test_who_still_waits_counts_as_longer_than_all() -> None:
    here = ground([{}] * 5, waits([3.0, 11.0, 5.0, None, None]))
    assert rows(here, WAIT)[0][1:3] == (pytest.approx(11.0), 5)
    more_wait = ground([{}] * 5, waits([3.0, 11.0, None, None, None]))
    assert rows(more_wait, WAIT)[0][1:3] == (None, 5)


def test_the_interval_of_a_median_is_made_of_its_neighbours_by_rank() -> None:
    minutes = [float(one) for one in range(1, 101)]
    _, value, n, low, high, _ = rows(ground([{}] * 100, waits([*minutes])), WAIT)[0]
    assert (value, n) == (50.5, 100)
    # 100/2 -+ 1.96 * sqrt(100)/2 = 40.2 .. 59.8: the 40th below, the 61st above.
    assert (low, high) == (40.0, 61.0)
    assert rows(ground([{}] * 3, waits([1.0, 2.0, 3.0])), WAIT)[0][3:5] == (None, None)


def test_an_end_before_the_start_is_none() -> None:
    here = ground([{}, {}], waits([-5.0, 4.0]))
    assert rows(here, replace(WAIT, quantile=0.0))[0][1] == pytest.approx(4.0)


def test_only_the_first_of_each_combination_counts() -> None:
    facts = [
        {"who": who, "kind": "form.submitted", "occurred_at": AS_OF - days * DAY, "properties": {"cycle": cycle}}
        for who, cycle, days in [(0, 1, 90), (0, 1, 40), (0, 2, 20), (1, 1, 10), (1, 1, 9)]
    ]
    here = ground([{}, {}], facts)
    once = replace(JOINED, once=("cycle",))
    assert rows(here, once)[0][1] == 3
    assert rows(here, replace(JOINED, once=()))[0][1] == 2
    recent = {"start": AS_OF - 60 * DAY}
    assert rows(here, once, **recent)[0][1] == 2, "the first of (0, 1) was before; its repetition is none"
    plain = """SELECT count(*) FROM (SELECT contact_id, properties->>'cycle', min(occurred_at) AS first FROM facts
               GROUP BY 1, 2) WHERE first >= $1"""
    assert rows(here, once, **recent)[0][1] == here.db.execute(plain, [recent["start"]]).fetchall()[0][0]


def growing() -> Ground:
    first = datetime(2026, 1, 10, tzinfo=UTC)
    facts = []
    for who in range(10):  # four join in January, three in February, three in March
        month = 0 if who < 4 else 1 if who < 7 else 2
        facts.append({"who": who, "kind": "form.submitted", "occurred_at": first + month * 30 * DAY})
    facts.append({"who": 0, "kind": "email.clicked", "occurred_at": first + 31 * DAY})
    facts.append({"who": 99, "kind": "email.clicked", "occurred_at": first + 31 * DAY})  # never joined
    return ground([{}] * 10, facts)


def test_a_list_grows_by_who_joins_and_shrinks_by_who_had_joined() -> None:
    here = growing()
    months = {row[0]: row[1] for row in rows(here, NET, grain=Grain.MONTH)}
    assert months == {date(2026, 1, 1): 4, date(2026, 2, 1): 2, date(2026, 3, 1): 3}
    members = {row[0]: row[1] for row in rows(here, MEMBERS, grain=Grain.MONTH)}
    assert members == {date(2026, 1, 1): 0, date(2026, 2, 1): 4, date(2026, 3, 1): 6}
    growth = {row[0]: row[1] for row in rows(here, GROWTH, grain=Grain.MONTH)}
    assert growth == {
        date(2026, 1, 1): None,
        date(2026, 2, 1): pytest.approx(0.5),
        date(2026, 3, 1): pytest.approx(0.5),
    }


def test_a_sum_over_time_begins_before_the_time_asked_about() -> None:
    march = datetime(2026, 3, 1, tzinfo=UTC)
    assert rows(growing(), MEMBERS, start=march)[0][1] == 6
    assert rows(growing(), replace(MEMBERS, place="end"), start=march)[0][1] == 9
    assert [row[:2] for row in rows(growing(), MEMBERS, start=march, grain=Grain.MONTH)] == [(date(2026, 3, 1), 6)]


def test_a_level_is_what_stands_now() -> None:
    people = [{"weight": weight, "created_at": AS_OF - 900 * DAY} for weight in (10.0, 30.0, None)]
    level = metric("level", level=True, measure=Aggregate.AVERAGE, of="contact.weight", grain=Grain.MONTH)
    assert rows(ground(people), level)[0][:3] == (None, 20.0, 3)


PEOPLE = [{"country": "NL"}, {"country": "NL"}, {"country": "DE"}, {}]


def test_pieces_add_up_to_the_whole() -> None:
    here = ground(PEOPLE, waits([5.0, 7.0, 9.0, 11.0]))
    split = {row[5]: row[1:3] for row in rows(here, JOINED, by="contact.country")}
    assert split == {"NL": (2, 2), "DE": (1, 1), None: (1, 1)}
    assert {row[5]: row[1] for row in rows(here, JOINED, by="source")} == {"web": 2, "ad": 2}
    waiting = {row[5]: row[1] for row in rows(here, WAIT, by="contact.country")}
    assert waiting == {"NL": pytest.approx(6.0), "DE": pytest.approx(9.0), None: pytest.approx(11.0)}
    ratio = replace(GROWTH, type=MetricType.RATIO, numerator="left", denominator="joined")
    assert {row[5]: row[1] for row in rows(here, ratio, by="contact.country")} == {"NL": 1, "DE": 1, None: 1}


def test_a_field_of_another_relation_can_be_measured() -> None:
    here = ground(PEOPLE)
    for number, total in enumerate((10, 20, 60)):
        here.db.execute("INSERT INTO score VALUES (?, ?)", [person_id(number), total])
    mean = metric("mean", level=True, measure=Aggregate.AVERAGE, of="score.total")
    assert float(rows(here, mean)[0][1]) == pytest.approx(30.0)
    with pytest.raises(MaropsError, match="not a field of contact"):
        rows(here, replace(mean, of="company.name"))


@pytest.fixture(scope="module")
def postgres(server: str) -> Iterator[psycopg.Connection]:
    """The same people and facts in PostgreSQL, in a schema that goes with the connection."""
    with psycopg.connect(server) as connection:
        for table, columns in (("people", COLUMNS), ("happened", FACT_COLUMNS)):
            connection.execute(
                f"CREATE TEMPORARY TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
            )
        for who in range(4):
            connection.execute(
                "INSERT INTO people (id, country) VALUES (%s, %s)", [person_id(who), PEOPLE[who].get("country")]
            )
        for fact in waits([5.0, 7.0, None, 11.0]):
            connection.execute(
                "INSERT INTO happened (contact_id, kind, occurred_at, source) VALUES (%s, %s, %s, %s)",
                [person_id(fact["who"]), fact["kind"], fact["occurred_at"], fact.get("source")],
            )
        yield connection


@pytest.mark.parametrize("wanted", [JOINED, LEFT, WAIT, NET, MEMBERS, GROWTH, replace(JOINED, once=())])
@pytest.mark.parametrize("grain", [Grain.TOTAL, Grain.MONTH])
@pytest.mark.parametrize("by", ["", "contact.country", "source"])
def test_postgresql_says_the_same(postgres: psycopg.Connection, wanted: Metric, grain: Grain, by: str) -> None:
    here = ground(PEOPLE, waits([5.0, 7.0, None, 11.0]))
    bindings = REGISTRY.bindings("postgres", schema="")
    bound = Bindings("postgres", {**bindings.relations, "contact": "people"}, "happened", bindings.base)
    sql = compile_metric(wanted, context(), bound, start=START, end=END, grain=grain, by=by, metrics=KNOWN)
    told = {(row[0], row[5]): row[1:5] for row in postgres.execute(sql).fetchall()}
    expected = {(row[0], row[5]): row[1:5] for row in rows(here, wanted, grain=grain, by=by)}
    assert told == {key: pytest.approx(row, nan_ok=True) for key, row in expected.items()}
