from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods import worktime
from marops.methods.worktime import Hours, parse_window

ZONES = sorted(zone for zone in available_timezones() if not zone.startswith(("posix", "right", "Etc", "SystemV")))
NINE_TO_FIVE = (parse_window("09:00", "17:00"),)
WEEKDAYS = dict.fromkeys(range(5), NINE_TO_FIVE)
HOUR = timedelta(hours=1)
MOMENTS = st.integers(0, 3 * 365 * 24 * 3600).map(lambda n: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=n))


def hours(zone="Europe/Berlin", week=None, holidays=()):
    return Hours(ZoneInfo(zone), WEEKDAYS if week is None else week, frozenset(holidays))


def at(text, zone="Europe/Berlin"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize("saturday", ["2026-03-28T12:00", "2026-10-24T12:00"])
def test_T1_nine_on_monday_is_nine_on_both_sides_of_the_change(saturday):
    found = worktime.next_moment(hours(), at(saturday))
    assert found.astimezone(ZoneInfo("Europe/Berlin")).strftime("%a %H:%M") == "Mon 09:00"
    assert found.tzinfo is UTC


def test_T2_the_weekday_is_that_of_the_persons_zone():
    mondays = hours("Pacific/Auckland", {0: (parse_window("08:00", "12:00"),)})
    monday_morning = at("2026-11-23T08:00", "Pacific/Auckland")
    assert monday_morning.astimezone(UTC).strftime("%a") == "Sun"
    assert worktime.works_at(mondays, monday_morning)
    assert not worktime.works_at(mondays, monday_morning + timedelta(days=1))


@pytest.mark.parametrize(
    ("clock", "inside"), [("23:30", True), ("05:59", True), ("06:00", False), ("12:00", False), ("22:00", True)]
)
def test_T3_a_window_over_midnight(clock, inside):
    nights = hours(week=dict.fromkeys(range(7), (parse_window("22:00", "06:00"),)))
    assert worktime.works_at(nights, at(f"2026-06-10T{clock}")) is inside
    assert worktime.next_moment(nights, at("2026-06-10T12:00")) == at("2026-06-10T22:00")


def test_T3_a_night_belongs_to_the_day_it_begins_on():
    fridays = hours(week={4: (parse_window("22:00", "06:00"),)})
    assert worktime.works_at(fridays, at("2026-06-13T05:00"))
    assert not worktime.works_at(fridays, at("2026-06-12T05:00"))
    free = hours(week={4: (parse_window("22:00", "06:00"),)}, holidays=[date(2026, 6, 12)])
    assert not worktime.works_at(free, at("2026-06-13T05:00"))


def test_T4_a_time_that_is_skipped_is_the_first_moment_after_the_gap():
    assert worktime.local(date(2026, 3, 29), 150, ZoneInfo("Europe/Berlin")) == at("2026-03-29T03:00")
    assert worktime.local(date(2026, 10, 4), 135, ZoneInfo("Australia/Lord_Howe")) == at(
        "2026-10-04T02:30", "Australia/Lord_Howe"
    )


def test_T4_a_time_that_comes_twice_is_meant_once():
    night = hours(week={6: (parse_window("02:30", "04:00"),)})
    assert list(worktime.spans(night, at("2026-10-25T00:00"), at("2026-10-25T12:00"))) == [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 3, 0, tzinfo=UTC))
    ]


def test_a_day_that_a_zone_left_out_is_not_worked():
    apia = hours("Pacific/Apia")
    thursday, saturday = at("2011-12-29T17:00", "Pacific/Apia"), at("2011-12-31T23:00", "Pacific/Apia")
    assert worktime.worked(apia, thursday, saturday) == timedelta(0)


@settings(max_examples=400, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    moment=MOMENTS,
    weekday=st.integers(0, 6),
    first=st.integers(0, 1439),
    length=st.integers(90, 1439),
)
def test_T4_the_next_moment_is_worked_soon_and_stable_in_every_zone(zone, moment, weekday, first, length):
    window = (first, (first + length) % 1440) if first + length != 1440 else (first, 1440)
    weekly = hours(zone, {weekday: (window,)})
    found = worktime.next_moment(weekly, moment)
    assert moment <= found <= moment + timedelta(days=8)
    assert worktime.works_at(weekly, found)
    assert worktime.next_moment(weekly, found) == found


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    moment=MOMENTS,
    minutes=st.integers(1, 6_000),
)
def test_what_is_added_is_what_was_worked_in_every_zone(zone, moment, minutes):
    due = worktime.add(hours(zone), moment, timedelta(minutes=minutes))
    assert worktime.worked(hours(zone), moment, due) == timedelta(minutes=minutes)
    assert worktime.worked(hours(zone), moment, due - timedelta(microseconds=1)) < timedelta(minutes=minutes)


@settings(max_examples=200, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    moment=MOMENTS,
    first=st.integers(0, 60_000),
    second=st.integers(0, 60_000),
)
def test_work_of_two_spans_is_that_of_both_together(zone, moment, first, second):
    middle = moment + timedelta(minutes=first)
    end = middle + timedelta(minutes=second)
    days = hours(zone)
    whole = worktime.worked(days, moment, end)
    assert worktime.worked(days, moment, middle) + worktime.worked(days, middle, end) == whole


def test_T6_the_hour_stays_when_days_are_added_over_the_change():
    due = worktime.add(hours(), at("2026-03-27T16:00"), 2 * HOUR)
    assert due.astimezone(ZoneInfo("Europe/Berlin")) == at("2026-03-30T10:00")


@pytest.mark.parametrize(
    ("start", "amount", "due"),
    [
        ("2026-11-20T09:00", 8 * HOUR, "2026-11-20T17:00"),
        ("2026-11-20T09:00", 8 * HOUR + timedelta(minutes=1), "2026-11-23T09:01"),
        ("2026-11-20T17:00", timedelta(minutes=1), "2026-11-23T09:01"),
        ("2026-11-20T16:59", timedelta(minutes=1), "2026-11-20T17:00"),
        ("2026-11-21T12:00", HOUR, "2026-11-23T10:00"),
        ("2026-11-20T12:00", timedelta(0), "2026-11-20T12:00"),
        ("2026-12-24T16:00", 2 * HOUR, "2026-12-28T10:00"),
    ],
)
def test_half_open_bounds_weekends_and_holidays(start, amount, due):
    days = hours(holidays=[date(2026, 12, 25)])
    assert worktime.add(days, at(start), amount) == at(due)


def test_the_end_of_a_window_is_outside_and_its_start_inside():
    assert not worktime.works_at(hours(), at("2026-11-20T17:00"))
    assert worktime.works_at(hours(), at("2026-11-20T09:00"))
    assert not worktime.works_at(hours(), at("2026-11-20T08:59:59.999999"))


def test_a_calendar_without_hours_ends_nothing():
    assert worktime.add(hours(week={}), at("2026-11-20T09:00"), HOUR) is None
    assert worktime.next_moment(hours(week={}), at("2026-11-20T09:00")) is None


def test_the_ladder_answers_as_the_sum_does():
    start = at("2026-03-20T00:00").astimezone(UTC)
    rungs = worktime.ladder(hours(), start, start + timedelta(days=30))
    assert [rung.before for rung in rungs[:2]] == [timedelta(0), 8 * HOUR]
    for rung in rungs:
        assert worktime.worked(hours(), start, rung.begins) == rung.before
        assert worktime.worked(hours(), start, rung.ends) == rung.after


def test_windows_that_touch_are_one_span():
    split = hours(week={0: (parse_window("09:00", "12:00"), parse_window("12:00", "17:00"))})
    day = at("2026-11-23T00:00"), at("2026-11-24T00:00")
    assert len(list(worktime.spans(split, *day))) == 1


@pytest.mark.parametrize(
    ("start", "end"), [("9:00", "17:00"), ("09:00", "24:01"), ("09:00", "09:00"), ("24:00", "02:00")]
)
def test_a_window_that_is_none_is_refused(start, end):
    with pytest.raises(ValueError, match="is no "):
        parse_window(start, end)


def test_windows_of_a_day_that_overlap_are_found():
    assert worktime.overlapping((parse_window("09:00", "12:30"), parse_window("12:00", "17:00")))
    assert not worktime.overlapping((parse_window("13:00", "17:00"), parse_window("09:00", "12:00")))
