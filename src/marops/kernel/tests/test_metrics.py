"""Metrics: the same figure computed in two ways agrees, and what cannot be computed is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from marops.kernel.errors import MaropsError
from marops.kernel.metrics import Metric, Metrics, MetricType, compile_metric
from marops.kernel.tests.rulesground import AS_OF, Ground, context, full_ground, ground
from marops.store.metricquery import Aggregate, Grain

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def metric(name: str, kind: MetricType = MetricType.SIMPLE, **more: Any) -> Metric:
    return Metric(name, name, kind, owner="analyst", **{"grain": Grain.TOTAL, **more})


FORMS = metric("forms", rule={"did": "form.submitted"})
CLICKS = metric("clicks", rule={"did": "email.clicked"})
PEOPLE = metric("people", time="contact.created_at")
DUTCH = metric("dutch", rule={"field": "contact.country", "is": "NL"}, time="contact.created_at")
SHARE = metric("share", MetricType.RATIO, numerator="dutch", denominator="people")
SHARE_AGAIN = metric("share_again", MetricType.DERIVED, formula="dutch / people")
BOTH = metric("both", MetricType.DERIVED, formula="forms + clicks")
KNOWN = Metrics()
KNOWN.add(FORMS, CLICKS, PEOPLE, DUTCH, SHARE, SHARE_AGAIN, BOTH)


@pytest.fixture(scope="module")
def everyone() -> Ground:
    return full_ground()


def rows(here: Ground, wanted: Metric, *, start: datetime = START, end: datetime = END, **more: Any) -> list[Any]:
    sql = compile_metric(wanted, context(), here.bindings, start=start, end=end, metrics=KNOWN, **more)
    return [row[:3] for row in here.db.execute(sql).fetchall()]


def value(here: Ground, wanted: Metric, **more: Any) -> Any:
    return rows(here, wanted, **more)[0][1]


def test_a_count_of_facts_is_that_of_plain_sql(everyone: Ground) -> None:
    until = AS_OF + timedelta(microseconds=1)
    plain = "SELECT count(*) FROM facts WHERE kind = 'form.submitted' AND occurred_at >= $1 AND occurred_at < $2"
    assert value(everyone, FORMS) == everyone.db.execute(plain, [START, until]).fetchall()[0][0]


def test_a_ratio_is_the_quotient_of_its_parts(everyone: Ground) -> None:
    quotient = value(everyone, DUTCH) / value(everyone, PEOPLE)
    assert value(everyone, SHARE) == pytest.approx(quotient)
    assert value(everyone, SHARE_AGAIN) == pytest.approx(quotient)


def test_a_derived_metric_is_the_sum_of_its_parts(everyone: Ground) -> None:
    assert value(everyone, BOTH) == value(everyone, FORMS) + value(everyone, CLICKS)
    one_rule = metric("one_rule", rule={"did": ["form.submitted", "email.clicked"]})
    assert value(everyone, BOTH) == value(everyone, one_rule)


@pytest.mark.parametrize("grain", [Grain.DAY, Grain.WEEK, Grain.MONTH, Grain.QUARTER, Grain.YEAR])
def test_periods_add_up_to_the_total(everyone: Ground, grain: Grain) -> None:
    assert sum(found for _, found, _ in rows(everyone, BOTH, grain=grain)) == value(everyone, BOTH)


def test_a_period_is_one_of_the_workspaces_zone() -> None:
    moment = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)  # 1 July in Amsterdam
    here = ground([{}], [{"who": 0, "kind": "form.submitted", "occurred_at": moment}])
    assert rows(here, FORMS, grain=Grain.MONTH) == [(date(2026, 7, 1), 1, 1)]


def test_measures_over_columns() -> None:
    facts = [
        {"who": who, "kind": "form.submitted", "occurred_at": AS_OF, "cost": Decimal(cost), "properties": {"value": 2}}
        for who, cost in ((0, "0.1"), (0, "0.2"), (1, "0.6"))
    ]
    here = ground([{"revenue": Decimal(5), "created_at": AS_OF}, {"created_at": AS_OF}], facts)
    cases = [
        (Aggregate.SUM, "cost", Decimal("0.9")),
        (Aggregate.AVERAGE, "cost", pytest.approx(0.3)),
        (Aggregate.MEDIAN, "cost", pytest.approx(0.2)),
        (Aggregate.SUM, "value", 6),
        (Aggregate.COUNT_DISTINCT, "contact_id", 2),
        (Aggregate.COUNT, "cost", 3),
    ]
    for aggregate, column, expected in cases:
        assert value(here, replace(FORMS, measure=aggregate, of=column)) == expected, aggregate
    revenue = replace(PEOPLE, measure=Aggregate.SUM, of="contact.revenue")
    assert value(here, revenue) == Decimal(5)


def journeys() -> Ground:
    day = timedelta(days=1)
    first = datetime(2026, 3, 10, 12, tzinfo=UTC)
    plan = [  # (first form, then click after so many days)
        (first, [1 * day]),
        (first, [30 * day - timedelta(microseconds=1)]),
        (first, [30 * day]),
        (first, []),
        (first, [-1 * day]),
        (first + 31 * day, [0 * day]),
        (AS_OF - 5 * day, [1 * day]),
    ]
    facts = []
    for who, (start, clicks) in enumerate(plan):
        facts += [{"who": who, "kind": "form.submitted", "occurred_at": start + late} for late in (0 * day, 3 * day)]
        facts += [{"who": who, "kind": "email.clicked", "occurred_at": start + late} for late in clicks]
    return ground([{}] * len(plan), facts)


CONVERSION = metric(
    "conversion",
    MetricType.CONVERSION,
    start={"did": "form.submitted"},
    end={"did": "email.clicked"},
    window="30d",
    grain=Grain.MONTH,
)


def test_a_conversion_counts_who_did_it_within_the_window_of_a_cohort_that_is_old_enough() -> None:
    found = rows(journeys(), CONVERSION)
    assert [(period, n) for period, _, n in found] == [(date(2026, 3, 1), 5), (date(2026, 4, 1), 1)]
    assert [share for _, share, _ in found] == pytest.approx([0.4, 1.0])


def test_a_conversion_agrees_with_counting_by_hand() -> None:
    here = journeys()
    plain = """
        SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM facts AS c WHERE c.kind = 'email.clicked'
          AND c.contact_id = s.who AND c.occurred_at >= s.at AND c.occurred_at < s.at + INTERVAL 30 DAY)) / count(*)
        FROM (SELECT contact_id AS who, min(occurred_at) AS at FROM facts WHERE kind = 'form.submitted' GROUP BY 1) AS s
        WHERE s.at <= TIMESTAMPTZ '2026-06-15 12:00:00+00'"""
    assert value(here, CONVERSION, grain=Grain.TOTAL) == pytest.approx(here.db.execute(plain).fetchall()[0][0])


def test_a_figure_of_too_few_is_not_given(everyone: Ground) -> None:
    _, nothing, n = rows(everyone, replace(SHARE, min_n=10_000))[0]
    assert nothing is None
    assert n == value(everyone, PEOPLE)


def test_dividing_by_nothing_gives_nothing() -> None:
    assert value(ground(), SHARE) is None


def test_a_rule_with_facts_chooses_the_rows(everyone: Ground) -> None:
    active = metric("active", rule={"did": "page.viewed", "at_least": 2}, time="contact.created_at")
    assert value(everyone, active) > 0  # facts are measured
    rule = {"all": [{"did": "page.viewed", "at_least": 2}]}
    chosen = metric("chosen", rule=rule, time="contact.created_at")
    members = everyone.members({"all": [*rule["all"], {"field": "contact.created_at", "after": "2025-12-31"}]})
    assert value(everyone, chosen) == len(members)


REFUSED = [
    metric("x", MetricType.DERIVED, formula="forms +"),
    metric("x", MetricType.DERIVED, formula="forms clicks"),
    metric("x", MetricType.DERIVED, formula="forms(clicks)"),
    metric("x", MetricType.DERIVED, formula="forms / (clicks + 1)"),
    metric("x", MetricType.DERIVED, formula="forms; DROP TABLE x"),
    metric("x", MetricType.DERIVED, formula="__import__"),
    metric("x", MetricType.DERIVED, formula="2"),
    metric("x", MetricType.DERIVED, formula="gone + forms"),
    metric("x", MetricType.RATIO, numerator="forms", denominator=""),
    metric("x", rule={"field": "contact.vip", "is": True}),
    metric("x", time="contact.gone"),
    metric("x", time="contact.custom.moment"),
    metric("x", rule={"did": "gone.away"}),
    metric("x", MetricType.CONVERSION, start={"did": "form.submitted"}, end={"everyone": True}, window="30d"),
    metric("x", MetricType.CONVERSION, start={"did": "form.submitted"}, end={"did": "page.viewed"}, window="1mo"),
    metric("x", MetricType.CONVERSION, start={"did": "form.submitted"}, end={"did": "page.viewed"}, window="soon"),
]


@pytest.mark.parametrize("wanted", REFUSED)
def test_what_cannot_be_computed_is_refused(everyone: Ground, wanted: Metric) -> None:
    with pytest.raises(MaropsError):
        rows(everyone, wanted)


def test_a_metric_that_depends_on_itself_is_refused(everyone: Ground) -> None:
    circle = Metrics()
    circle.add(metric("a", MetricType.DERIVED, formula="b + 1"), metric("b", MetricType.DERIVED, formula="a + 1"))
    with pytest.raises(MaropsError, match="a → b → a"):
        compile_metric(circle.find("a"), context(), everyone.bindings, start=START, end=END, metrics=circle)


def test_a_name_means_one_definition() -> None:
    known = Metrics()
    known.add(FORMS, FORMS)
    with pytest.raises(ValueError, match="registered twice"):
        known.add(replace(FORMS, min_n=3))
    with pytest.raises(MaropsError, match="no metric formz"):
        known.find("formz")
    with pytest.raises(ValueError, match="not a metric name"):
        metric("Bad Name")
    assert list(known.all()) == ["forms"]


def test_a_zone_changes_the_days() -> None:
    here = ground(
        [{}], [{"who": 0, "kind": "form.submitted", "occurred_at": datetime(2026, 6, 30, 22, 30, tzinfo=UTC)}]
    )
    there = context(zone=ZoneInfo("America/New_York"))
    sql = compile_metric(FORMS, there, here.bindings, start=START, end=END, grain=Grain.DAY, metrics=KNOWN)
    assert [row[:3] for row in here.db.execute(sql).fetchall()] == [(date(2026, 6, 30), 1, 1)]
