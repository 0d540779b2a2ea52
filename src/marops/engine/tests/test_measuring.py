"""Readings of metrics: what is kept is what other SQL counts, and late facts change the periods they fell in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine

from marops.domains.contacts.public import Contact
from marops.domains.routing.public import LeadSla
from marops.engine import measuring
from marops.engine.asking import query_engine
from marops.engine.behind import Happened, behind, lists_of, parts_of
from marops.kernel import facts, jobs
from marops.kernel.clock import now
from marops.kernel.ids import new_id
from marops.kernel.metrics import METRICS
from marops.kernel.models import FactInbox, Job, MetricReading, StageRun
from marops.methods.intervals import wilson

NOON = datetime(2026, 6, 17, 12, tzinfo=UTC)  # a Wednesday
DAY = timedelta(days=1)


def fact(kind: str, contact: UUID | None, at: datetime, deal: str | None = None, **properties: Any) -> None:
    facts.write(
        [
            FactInbox(
                id=new_id(), kind=kind, occurred_at=at, recorded_at=at, contact_id=contact, actor_type="system",
                actor_id="engine", properties=properties, subject_type=deal and "opportunity", subject_id=deal,
            )
        ]
    )  # fmt: skip


@pytest.fixture
def leads(engine: object) -> list[UUID]:
    """Forty leads that became MQLs in two weeks; most were touched, half of them taken."""
    made = []
    for number in range(40):
        one = Contact.objects.create(id=new_id(), number=number + 1, source="google" if number % 4 else "referral")
        start = NOON - timedelta(days=number % 14 + 1, hours=number % 5)
        fact("lead.created", one.id, start - DAY)
        fact("lead.stage_changed", one.id, start, to="mql", cycle=1)
        fact("lead.stage_changed", one.id, start + DAY, to="mql", cycle=1)  # once a cycle
        if number % 8:
            fact("lead.touched", one.id, start + timedelta(minutes=10 + 7 * number), channel="call")
        fact("sla.met" if number % 3 else "sla.missed", one.id, start + timedelta(hours=2), clock="first_touch")
        fact("lead.accepted" if number % 2 else "lead.rejected", one.id, start + timedelta(hours=3))
        made.append(one.id)
    return made


def keep(*names: str, by: str = "") -> dict[str, measuring.Kept]:
    metrics = [METRICS.find(name) for name in names]
    assert [one.name for one in measuring.refresh(metrics, now(), by=by)] == list(names)
    return measuring.kept(metrics, by=by)


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOON, tick=False)
def test_what_is_kept_is_what_plain_sql_counts(leads: list[UUID]) -> None:
    mqls = keep("funnel.mqls")["funnel.mqls"]
    plain = """SELECT count(*) AS n FROM (SELECT contact_id, min(occurred_at) AS first FROM facts
               WHERE kind = 'lead.stage_changed' AND json_extract_string(properties, '$.to') = 'mql' GROUP BY 1)
               WHERE first >= ? AND first < ?"""
    headline = mqls.headline()
    assert headline is not None
    assert headline.value == query_engine().rows(plain, [NOON - 30 * DAY, NOON])[0]["n"] == len(leads)
    assert sum(one.value or 0 for one in mqls.of("week")) == len(leads)
    assert sum(one.value or 0 for one in mqls.of("month")) == len(leads)
    assert [one.closed for one in mqls.of("week")][-1] is False


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOON, tick=False)
def test_a_share_is_the_quotient_with_the_interval_of_wilson(leads: list[UUID]) -> None:
    kept = keep("sla.hit_rate", "sla.kept", "sla.ended")
    rate, met, ended = (kept[name].headline() for name in ("sla.hit_rate", "sla.kept", "sla.ended"))
    assert rate is not None
    assert met is not None
    assert ended is not None
    assert rate.value == pytest.approx((met.value or 0) / (ended.value or 1))
    assert rate.n == ended.n == 40
    assert (rate.low, rate.high) == pytest.approx(wilson(rate.value or 0, 40), abs=1e-8)


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOON, tick=False)
def test_waiting_is_the_median_of_all_who_became_mql(leads: list[UUID]) -> None:
    headline = keep("speed.mql_to_touch")["speed.mql_to_touch"].headline()
    # The untouched count as longer than all: of 40 sorted waits the median lies between the 20th and the 21st.
    waits = sorted(10.0 + 7 * number for number in range(40) if number % 8)
    assert headline is not None
    assert headline.value == pytest.approx((waits[19] + waits[20]) / 2)
    assert headline.low is not None
    assert headline.high is not None
    assert headline.low < headline.value < headline.high


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOON, tick=False)
def test_pieces_add_up(leads: list[UUID]) -> None:
    found = keep("funnel.mqls", by="contact.source")["funnel.mqls"]
    assert {one.piece: one.value for one in found.spans} == {"google": 30, "referral": 10}


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOON, tick=False)
def test_a_fact_that_comes_late_is_in_the_period_it_fell_in(leads: list[UUID]) -> None:
    before = {one.period: one.value for one in keep("leads.created")["leads.created"].of("week")}
    late = NOON - 10 * DAY
    fact("lead.created", leads[0], late)
    after = {one.period: one.value for one in keep("leads.created")["leads.created"].of("week")}
    monday = (late - timedelta(days=late.weekday())).date()
    assert {period: (after[period] or 0) - (before.get(period) or 0) for period in after} == {
        period: 1 if period == monday else 0 for period in after
    }
    assert MetricReading.objects.filter(metric="leads.created", grain="span").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_level_keeps_a_reading_a_day(engine: object, run_stages: Callable[[], object], starters: None) -> None:
    Contact.objects.create(id=new_id(), number=1, full_name="Ingrid Solheim")
    facts.touch([Contact.objects.get().id], now())
    run_stages()
    with time_machine.travel(now() + DAY):
        assert len(keep("quality.score")["quality.score"].of("day")) == 1
    with time_machine.travel(now() + 2 * DAY):
        assert len(keep("quality.score")["quality.score"].of("day")) == 2
        assert len(keep("quality.score")["quality.score"].of("day")) == 2, "one a day, however often it is read"


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOON, tick=False)
def test_nothing_is_kept_too_and_says_why(engine: object) -> None:
    found = keep("sla.hit_rate")["sla.hit_rate"]
    headline = found.headline()
    assert headline is not None
    assert (headline.value, headline.n) == (None, 0)
    assert headline.why == "Fewer than 5 rows (0): too few to say anything."
    assert measuring.stale([found], now()) == []


@pytest.mark.django_db(transaction=True)
def test_a_reading_is_stale_on_another_day_and_when_facts_have_moved_on(engine: object) -> None:
    with time_machine.travel(NOON, tick=False):
        found = [keep("leads.created")["leads.created"]]
    metric = METRICS.find("leads.created")
    assert measuring.stale([measuring.Kept(metric)], NOON) == [metric], "never measured"
    assert measuring.stale(found, NOON + DAY) == [metric]
    assert measuring.stale(found, NOON + timedelta(minutes=5)) == []
    StageRun.objects.update_or_create(stage="move", defaults={"last_at": NOON + timedelta(minutes=2)})
    assert measuring.stale(found, NOON + timedelta(seconds=30)) == []
    assert measuring.stale(found, NOON + timedelta(minutes=5)) == [metric]
    assert measuring.stale(found, NOON + timedelta(minutes=5), daily=True) == []
    assert measuring.stale(found, NOON + DAY, daily=True) == [metric]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_day_turn_has_a_worker_read_everything_once(engine: object) -> None:
    assert measuring.day_turn(now()) == 0
    measuring.day_turn(now())
    one = Job.objects.get(kind="metrics.read")
    claimed = jobs.claim(now(), job_id=one.id)
    assert claimed
    jobs.run(claimed)
    one.refresh_from_db()
    assert one.state == "done"
    read = set(MetricReading.objects.values_list("metric", flat=True))
    assert read == set(METRICS.all())


@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOON, tick=False)
def test_every_metric_and_each_of_its_pieces_can_be_measured(leads: list[UUID]) -> None:
    known = METRICS.all().values()
    assert [one.name for one in known if not one.description or not one.clock] == []
    for by in {"", *(by for metric in known for by in metric.by)}:
        keep(*(metric.name for metric in known if by in ("", *metric.by)), by=by)


@pytest.fixture
def deals_and_more(leads: list[UUID]) -> None:
    """What the other metrics count: deals, e-mail lists, hand-overs, promises, and cohorts that are over."""
    for number, contact in enumerate(leads):
        at = NOON - timedelta(days=number % 20, hours=5)
        fact("lead.stage_changed", contact, at, to="sal" if number % 2 else "sql", cycle=1)
        fact("lead.routed", contact, at, owner=str(new_id()))
        fact("consent.recorded", contact, at, channel="email", state="granted")
        old = Contact.objects.create(id=new_id(), number=1000 + number, source="google")
        fact("lead.created", old.id, NOON - 200 * DAY)
        fact("lead.stage_changed", old.id, NOON - 190 * DAY, to="mql", cycle=1)
        if number % 3:
            fact("lead.stage_changed", old.id, NOON - 180 * DAY, to="sql", cycle=1)
            fact("consent.recorded", contact, at + DAY / 6, channel="email", state="unsubscribed")
            LeadSla.objects.create(
                contact_id=contact, clock="first_touch", calendar="standard", zone="UTC", definition="route/main@1",
                started_at=at, due_at=at, met_at=at, minutes=number,
            )  # fmt: skip
        deal, currency = str(new_id()), "EUR" if number % 4 else "USD"
        for kind in ("created", "won" if number % 2 else "lost"):
            fact(f"opportunity.{kind}", None, at, deal=deal, amount="10", currency=currency)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@time_machine.travel(NOON, tick=False)
def test_the_list_behind_each_figure_has_as_many_rows_as_it_counts(deals_and_more: None) -> None:
    kept = keep(*METRICS.all())
    for name, metric in METRICS.all().items():
        first, found = measuring.spans_of(metric, NOON.date())[0], kept[name]
        lists = list(lists_of(metric))
        assert lists or metric.page or parts_of(metric), name
        for reading in found.spans if lists else ():
            sizes = [
                behind(Happened(event, first, NOON.date(), reading.piece if metric.unit == "money" else ""), what).times
                for what, event in lists
            ]
            assert sizes[-1] == reading.n > 0, name
            if len(sizes) > 1:
                assert sizes[0] == pytest.approx((reading.value or 0) * sizes[1]), name
