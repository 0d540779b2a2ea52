from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods import worktime
from marops.methods.mining.calendars import (
    ALWAYS,
    clock_of,
    hours_a_week,
    laid_out,
    lay_out,
    months,
    people_of,
    spans,
)
from marops.methods.mining.calendars_found import CalendarRules, best_weeks, calendars_of, pool_of, seen_at, sightings
from marops.methods.mining.log import NOBODY, WeekHours

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = dict.fromkeys(range(5), ((540, 1020),))
RULES = CalendarRules()

windows = st.lists(
    st.tuples(st.integers(0, 95), st.integers(1, 96)).filter(lambda pair: pair[0] != pair[1] % 96), max_size=2
).map(lambda pairs: tuple((a * 15, b * 15) for a, b in pairs))
weeks = st.dictionaries(st.integers(0, 6), windows, max_size=7)


def clock(days=400, zone=BERLIN, zero=MONDAY):
    return clock_of(zero, zone, 0.0, days * 24.0)


@settings(max_examples=60, deadline=None)
@given(weeks, st.sampled_from(["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "UTC"]), st.integers(0, 11))
def test_a_week_is_laid_out_as_working_time_is_elsewhere(week, name, month):
    zero = datetime(2026, month + 1, 20, tzinfo=UTC)
    found = lay_out(WeekHours(week), zero, ZoneInfo(name), 0.0, 480.0)
    hours = worktime.Hours(ZoneInfo(name), week)
    expected = list(worktime.spans(hours, zero, zero + timedelta(hours=480)))
    assert len(found.starts) == len(expected)
    for start, end, (begins, ends) in zip(found.starts, found.ends, expected, strict=True):
        assert abs(start - (begins - zero).total_seconds() / 3600) < 1e-6
        assert abs(end - (ends - zero).total_seconds() / 3600) < 1e-6


def test_nine_o_clock_stays_nine_when_summer_begins():
    found = laid_out(clock(), OFFICE)
    before, after = (datetime(2026, 3, 27, 8, tzinfo=UTC), datetime(2026, 3, 30, 7, tzinfo=UTC))
    starts = [(moment - MONDAY).total_seconds() / 3600 for moment in (before, after)]
    assert np.all(np.isin(np.round(starts, 6), np.round(found.starts, 6)))


def test_open_hours_are_counted_and_found_again():
    office = laid_out(clock(14, ZoneInfo("UTC")), OFFICE)
    moments = np.array([0.0, 9.0, 10.5, 17.0, 20.0, 33.0, 34.0])
    assert list(office.until(moments)) == [0.0, 0.0, 1.5, 8.0, 8.0, 8.0, 9.0]
    assert list(office.at(np.array([1.5, 8.0, 9.0]))) == [10.5, 17.0, 34.0]
    assert list(office.after(np.array([16.0, 20.0, 20.0]), np.array([2.0, 0.0, 8.0]))) == [34.0, 20.0, 41.0]
    assert list(office.open_at(np.array([8.99, 9.0, 17.0]))) == [False, True, False]
    assert [float(one[0]) for one in office.gap(np.array([20.0]))] == [17.0, 33.0]
    assert office.at(np.array([1000.0]))[0] == np.inf
    assert office.total == 80


def test_spans_that_touch_or_overlap_are_one():
    found = spans(np.array([5.0, 0.0, 2.0, 9.0]), np.array([6.0, 2.0, 3.0, 9.0]))
    assert list(found.starts) == [0.0, 5.0]
    assert list(found.ends) == [3.0, 6.0]
    assert len(laid_out(clock(), ALWAYS).starts) == 1


def test_everybody_is_counted_by_their_own_calendar():
    calendars = (WeekHours(OFFICE), WeekHours({1: ((540, 1020),)}), WeekHours(OFFICE))
    people = people_of(clock(14, ZoneInfo("UTC")), calendars, WeekHours(OFFICE))
    assert len(people.distinct) == 2
    who = np.array([0, 1, 2, NOBODY, 1], dtype=np.int32)
    assert list(people.between(who, np.zeros(5), np.full(5, 72.0))) == [24.0, 8.0, 24.0, 72.0, 8.0]


def test_hours_of_a_week():
    assert hours_a_week(OFFICE) == 40
    assert hours_a_week(ALWAYS) == 168
    assert hours_a_week({0: ((1320, 360),)}) == 8


def test_months_begin_on_the_local_clock():
    edges, month = months(clock(90))
    assert list(month[:4]) == [1, 2, 3, 4]
    april = MONDAY + timedelta(hours=float(edges[3]))
    assert april == datetime(2026, 3, 31, 22, tzinfo=UTC)


def at_work(week, days, per_day, seed=0, hours=0.4):
    """Pieces of work of one person at random moments of their week."""
    rng = np.random.default_rng(seed)
    open_ = laid_out(clock(days), week)
    started = np.sort(rng.uniform(0, open_.total, days * per_day))
    ended = np.minimum(started + rng.exponential(hours, len(started)), open_.total)
    return open_.at(started), open_.at(ended)


def found_for(*people, days=120):
    started, ended = (np.concatenate([pair[at] for pair in people]) for at in (0, 1))
    who = np.repeat(np.arange(len(people)), [len(pair[0]) for pair in people]).astype(np.int32)
    return calendars_of(sightings(clock(days), who, started, ended, len(people), RULES.granule), RULES)


def test_hours_are_found():
    lunch = dict.fromkeys(range(5), ((540, 720), (780, 1020)))
    early = dict.fromkeys((0, 2, 4), ((360, 840),))
    calendars, pool = found_for(*(at_work(week, 120, 12, 1) for week in (OFFICE, OFFICE, lunch, early)))
    assert calendars[0].week == OFFICE
    assert calendars[2].week == lunch
    assert calendars[3].week == early
    assert {one.origin for one in calendars} == {"log"}
    assert pool.support > 0.9


def test_somebody_seen_too_rarely_has_everybodys_hours_and_it_says_so():
    calendars, pool = found_for(at_work(OFFICE, 120, 12), (np.array([201.0]), np.array([202.0])))
    assert calendars[1] == WeekHours(pool.week, "assumed", pool.support)
    assert pool.week == OFFICE


@pytest.mark.parametrize("per_day", [1, 4, 40])
def test_a_log_round_the_clock_is_open_round_the_clock(per_day):
    calendars, pool = found_for(*(at_work(ALWAYS, 120, per_day, seed) for seed in range(8)))
    assert pool.week == ALWAYS
    assert all(one.week == ALWAYS for one in calendars)


def test_few_long_pieces_fill_their_days():
    days = np.arange(90)
    days = days[days % 7 < 4]  # local hours: Berlin is an hour ahead in winter
    calendars, _ = found_for((days * 24.0 + 7, days * 24.0 + 15), days=80)
    assert calendars[0].week == dict.fromkeys(range(4), ((480, 960),))


def test_stray_entries_at_night_do_not_open_it():
    started, ended = at_work(OFFICE, 120, 12)
    stray = np.arange(10) * 170.0 + 2.0
    calendars, _ = found_for((np.concatenate((started, stray)), np.concatenate((ended, stray + 0.1))))
    assert calendars[0].week == OFFICE
    assert 0.98 < calendars[0].support < 1


def test_ends_alone_are_enough():
    _, ended = at_work(OFFICE, 120, 12)
    who = np.zeros(len(ended), dtype=np.int32)
    seen = sightings(clock(120), who, np.full(len(ended), np.nan), ended, 1, RULES.granule)
    assert calendars_of(seen, RULES)[0][0].week == OFFICE


def test_too_little_is_day_and_night_assumed():
    assert pool_of(seen_at(clock(), np.array([9.0, 33.0]), 30), RULES) == WeekHours(dict(ALWAYS), "assumed", 1.0)


def test_many_weeks_at_once_are_each_as_if_alone():
    rng = np.random.default_rng(3)
    seen = np.stack([rng.poisson(rate, 336) * (rng.random(336) < 0.5) for rate in (0.2, 1, 5, 30)]).astype(float)
    together = best_weeks(seen, RULES)
    for at, one in enumerate(seen):
        assert np.array_equal(best_weeks(one[None, :], RULES)[0], together[at])


def test_nobody_is_not_counted():
    seen = sightings(clock(), np.array([NOBODY], dtype=np.int32), np.array([9.0]), np.array([10.0]), 2, 30)
    assert seen.seen.sum() == 0
    assert list(seen.days) == [0, 0]
