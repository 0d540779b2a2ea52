import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods.mining.calendars import ALWAYS, clock_of, people_of
from marops.methods.mining.log import CAUSES, NOBODY, Timing, Waiting, WeekHours
from marops.methods.mining.structure_order import concurrency, predecessor
from marops.methods.mining.tests.logs import ZERO, log_of, read
from marops.methods.mining.tests.working import OFFICE, Company, Step
from marops.methods.mining.timing import calibrate_timing
from marops.methods.mining.timing_free import covering, dominated
from marops.methods.mining.waiting import split_waiting
from marops.methods.mining.waiting_active import active_periods, bottlenecks, equal_parts
from marops.methods.mining.waiting_shares import by_activity, by_person, by_way, overall, per_case, per_case_by_activity

LONG = {0: ((540, 1020),), 1: ((540, 1020),), 2: ((600, 900),), 3: ((540, 1020),), 4: ((540, 1020),)}


def timing_for(log, week=OFFICE, batch=None):
    """Calendars and batches as given, moments as the log has them."""
    return Timing(
        enabled=log.enabled, started=log.started, estimated=np.zeros(len(log), dtype=bool), worked=np.zeros(len(log)),
        calendars=(WeekHours(week),) * len(log.resources), pool=WeekHours(week), effort={}, repeat={}, speed={},
        able={}, delay={}, delay_in_hours=True, arrivals={},
        batch=np.array(batch if batch is not None else [-1] * len(log), dtype=np.int32),
    )  # fmt: skip


def causes(log, row=0, **more):
    hours = split_waiting(log, timing_for(log, **more)).hours[row]
    return {name: value for name, value in zip(CAUSES, np.round(hours, 9), strict=True) if value}


def test_free_and_there_is_outside():
    assert causes(log_of([("1", "a", 12, 13, "x", 10)])) == {"outside": 2.0}


def test_the_night_is_unavailability():
    assert causes(log_of([("1", "a", 33.5, 34, "x", 16)])) == {"unavailability": 16.0, "outside": 1.5}


def test_busy_with_what_was_there_before_is_contention():
    log = log_of([("1", "a", 13, 14, "x", 10), ("2", "b", 9.5, 12, "x", 9)])
    assert causes(log) == {"contention": 2.0, "outside": 1.0}


def test_busy_with_what_came_later_is_prioritisation():
    log = log_of([("1", "a", 13, 14, "x", 10), ("2", "b", 11, 12.5, "x", 10.5)])
    assert causes(log) == {"prioritisation": 1.5, "outside": 1.5}


def test_what_came_at_the_same_moment_is_contention():
    log = log_of([("1", "a", 12, 13, "x", 10), ("2", "b", 10, 12, "x", 10)])
    assert causes(log) == {"contention": 2.0}


def test_with_both_in_hand_it_is_contention():
    log = log_of([("1", "a", 13, 14, "x", 10), ("2", "b", 10, 12, "x", 9), ("3", "b", 11, 13, "x", 10.5)])
    assert causes(log) == {"contention": 2.0, "prioritisation": 1.0}


def test_work_of_others_does_not_matter():
    log = log_of([("1", "a", 12, 13, "x", 10), ("2", "b", 10, 12, "y", 9)])
    assert causes(log) == {"outside": 2.0}


def test_work_that_pauses_overnight_holds_nobody_up_at_night():
    log = log_of([("1", "a", 34, 35, "x", 16), ("2", "b", 15, 34, "x", 15)])
    assert causes(log) == {"contention": 2.0, "unavailability": 16.0}


def test_a_batch_waits_for_its_last():
    log = log_of([("1", "a", 14, 15, "x", 10), ("2", "a", 15, 16, "x", 12)])
    assert causes(log, batch=[0, 0]) == {"batching": 2.0, "outside": 2.0}
    assert causes(log, row=1, batch=[0, 0]) == {"contention": 1.0, "outside": 2.0}


def test_nobody_knows_why_work_of_nobody_waited():
    assert causes(log_of([("1", "a", 20, 21, None, 10)])) == {"outside": 10.0}


moments = st.integers(0, 600).map(lambda quarter: quarter / 4)
pieces = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from("abc"), st.sampled_from(["x", "y", None]), moments, st.integers(0, 40),
        st.integers(0, 60), st.integers(-1, 3),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


def slowly(log, timing):
    """Quarter of an hour by quarter of an hour, as the definitions say it."""
    people = people_of(clock_of(ZERO, log.zone, 0.0, 400.0), timing.calendars, timing.pool)
    hours = np.zeros((len(log), 5))
    for row in range(len(log)):
        same = (timing.batch == timing.batch[row]) & (timing.batch != -1)
        ready = min(max(timing.enabled[same], default=timing.enabled[row]), timing.started[row])
        hours[row, 0] = ready - timing.enabled[row]
        mine = (log.resource == log.resource[row]) & (log.resource != NOBODY)
        for at in np.arange(ready, timing.started[row], 0.25):
            busy = timing.enabled[mine & (timing.started <= at) & (at < log.ended)]
            if log.resource[row] == NOBODY:
                cause = 4
            elif not people.of(log.resource[row]).open_at(np.array([at]))[0]:
                cause = 3
            elif len(busy):
                cause = 1 if busy.min() <= timing.enabled[row] else 2
            else:
                cause = 4
            hours[row, cause] += 0.25
    return hours


@settings(max_examples=60, deadline=None)
@given(pieces)
def test_the_five_are_as_defined_and_add_up_to_the_wait(rows):
    rows = [
        (str(case), name, at + wait / 4, at + (wait + long) / 4, who, at) for case, name, who, at, long, wait, _ in rows
    ]
    log = log_of(rows)
    timing = timing_for(log, LONG, np.maximum(np.arange(len(log)) % 7 - 4, -1))
    found = split_waiting(log, timing)
    assert found.hours.sum(axis=1) == pytest.approx(timing.started - timing.enabled, abs=1e-9)
    assert np.all(found.hours >= 0)
    assert found.hours == pytest.approx(slowly(log, timing), abs=1e-9)
    assert found.processing == pytest.approx(log.ended - log.started)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 9)), max_size=30))
def test_the_least_of_what_covers_a_place(intervals):
    low, high, value = (np.array([one[at] for one in intervals], dtype=np.int64) for at in range(3))
    found = covering(low, high, value, 31, 99)
    for place in range(31):
        assert found[place] == min([v for a, b, v in intervals if a <= place < b], default=99)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 8)), min_size=1, max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 25)), min_size=1, max_size=20),
)
def test_the_sum_of_what_is_less(cells, questions):
    values = np.array([cell[0] for cell in cells], dtype=np.int64)
    weights = np.array([cell[1] for cell in cells], dtype=float)
    asked = [(min(a, len(cells)), min(b, len(cells)), x) for a, b, x in questions]
    asked = [(min(a, b), max(a, b), x) for a, b, x in asked]
    low, high, below = (np.array([one[at] for one in asked], dtype=np.int64) for at in range(3))
    expected = [weights[a:b][values[a:b] < x].sum() for a, b, x in asked]
    assert dominated(values, weights, low, high, below) == pytest.approx(expected)


def shares_of(company, seed=1, cases=150):
    log = company.work(seed, cases)
    waiting = split_waiting(log, calibrate_timing(log))
    return log, waiting


def test_planted_causes_are_found():
    first = Step("a", ("ann",), 1.0, 0.5)
    for second, cause in (
        (Step("b", ("bob",), 0.5, 0.3, batch=6), "batching"),
        (Step("b", ("bob", "bea"), 1.0, 0.5, delay=3.0), "outside"),
        (Step("b", ("fay",), 0.3, 0.2), "unavailability"),
    ):
        company = Company((first, second), calendars={"fay": {1: ((540, 1020),)}}, per_hour=0.5)
        log, waiting = shares_of(company)
        hours = waiting.hours[log.activity == 1].sum(axis=0)
        without_nights = np.delete(hours, 3) if cause != "unavailability" else hours
        names = [name for name in CAUSES if name != "unavailability" or cause == name]
        assert names[int(np.argmax(without_nights))] == cause


def test_priorities_are_told_from_a_queue():
    plain, urgent = (
        shares_of(Company((Step("a", ("ann",), 1.0, 0.5), Step("b", ("bob",), 1.7, 0.8, urgent=share)), per_hour=0.5))
        for share in (0.0, 0.3)
    )
    assert plain[1].hours[:, 2].sum() < 1e-6
    assert urgent[1].hours[:, 2].sum() > 30


def test_shares_add_up_and_causes_have_a_price():
    log = log_of([("1", "a", 12, 14, "x", 10), ("1", "b", 16, 18, "y", 14), ("2", "a", 33, 35, "x", 32)])
    waiting = split_waiting(log, timing_for(log))
    whole = overall(log, waiting)
    assert (whole.n, whole.processing, whole.waiting) == (3, 6.0, 5.0)
    assert whole.hours == (0.0, 0.0, 0.0, 1.0, 4.0)
    assert whole.main == "outside"
    assert whole.efficiency[0] == pytest.approx(6 / 11)
    assert [one[0] for one in whole.without] == pytest.approx([6 / 11, 6 / 11, 6 / 11, 6 / 10, 6 / 7])
    assert whole.without[4][1] <= 6 / 7 <= whole.without[4][2]
    assert {log.activities[at]: one.waiting for at, one in by_activity(log, waiting).items()} == {"a": 3.0, "b": 2.0}
    assert {log.resources[at]: one.n for at, one in by_person(log, waiting).items()} == {"x": 2, "y": 1}
    ways = by_way(log, waiting, predecessor(log, concurrency(log)))
    assert {(source, target): one.n for (source, target), one in ways.items()} == {(-1, 0): 2, (0, 1): 1}


def test_intervals_of_shares_hold_the_truth():
    company = Company((Step("a", ("ann",), 1.0, 0.5), Step("b", ("bob", "bea"), 1.0, 0.5, delay=6.0)), per_hour=0.3)
    found = [by_activity(*shares_of(company, seed, 200))[1].mean[4] for seed in range(16)]
    middle = np.mean([one[0] for one in found])
    assert np.mean([low <= middle <= high for _, low, high in found]) > 0.75


def test_the_longest_active_period_by_hand():
    # x 0–10, y 8–20, z 19–24: x alone to 8, shifts with y to 10, y alone to 19, shifts with z to 20, z alone.
    periods = active_periods(np.array([0, 1, 2]), np.array([0.0, 8.0, 19.0]), np.array([10.0, 20.0, 24.0]))
    found = bottlenecks(periods, 3, np.array([0.0, 12.0, 24.0]))
    assert list(found.mean_period) == [10.0, 12.0, 5.0]
    assert found.sole * 24 == pytest.approx([8, 9, 4])
    assert found.shifting * 24 == pytest.approx([2, 3, 1])
    assert found.share == pytest.approx(np.array([10, 12, 5]) / 24)
    assert np.all((found.low <= found.share) & (found.share <= found.high))


def test_who_is_shorter_while_another_works_is_no_bottleneck():
    periods = active_periods(np.array([0, 1, 1]), np.array([0.0, 2.0, 5.0]), np.array([10.0, 3.0, 9.0]))
    found = bottlenecks(periods, 2, np.array([0.0, 5.0, 10.0]))
    assert list(found.sole) == [1.0, 0.0]
    assert list(found.shifting) == [0.0, 0.0]


def test_nights_do_not_interrupt_and_idle_hours_do():
    people = people_of(clock_of(ZERO, log_of([("1", "a", 0, 1)]).zone, 0.0, 200.0), (WeekHours(OFFICE),), WeekHours({}))
    started, ended = np.array([9.0, 15.0, 33.0, 38.0]), np.array([15.0, 17.0, 35.0, 39.0])
    periods = active_periods(np.zeros(4, dtype=int), started, ended, people)
    assert list(zip(periods.begins, periods.ends, strict=True)) == [(9.0, 35.0), (38.0, 39.0)]
    assert len(active_periods(np.zeros(4, dtype=int), started, ended).begins) == 3


def test_work_that_lies_for_one_person_keeps_them_active():
    started, ended = np.array([9.0, 14.0]), np.array([10.0, 15.0])
    periods = active_periods(np.zeros(2, dtype=int), started, ended, waiting_since=np.array([np.nan, 9.5]))
    assert list(zip(periods.begins, periods.ends, strict=True)) == [(9.0, 15.0)]


def test_overlapping_pieces_of_one_person_are_one_period():
    periods = active_periods(np.array([1, 1, 1, NOBODY]), np.array([0.0, 1, 2, 0]), np.array([9.0, 2, 3, 50]))
    assert list(zip(periods.person, periods.begins, periods.ends, strict=True)) == [(1, 0.0, 9.0)]
    assert len(active_periods(np.array([NOBODY]), np.zeros(1), np.ones(1)).begins) == 0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 80), st.integers(1, 30)), min_size=1, max_size=20))
def test_somebody_is_the_bottleneck_whenever_anybody_is_active(rows):
    who, since, long = (np.array([row[at] for row in rows]) for at in range(3))
    periods = active_periods(who, since * 1.0, (since + long) * 1.0, pause=0.0)
    found = bottlenecks(periods, 4, np.array([0.0, 60.0, 120.0]))
    busy = np.zeros(120)
    for begin, end in zip(periods.begins, periods.ends, strict=True):
        busy[int(begin) : int(end)] += 1
    assert found.sole.sum() + found.shifting.sum() / 2 == pytest.approx((busy > 0).mean())
    assert len(equal_parts(periods)) == 11


def test_purchasing_waits_for_what_the_log_does_not_say(shared_data):
    log = read(shared_data / "event_logs" / "PurchasingExample.csv.gz")
    timing = calibrate_timing(log)
    waiting = split_waiting(log, timing)
    whole = overall(log, waiting)
    assert whole.waiting / (whole.waiting + whole.processing) == pytest.approx(0.94, abs=0.01)
    assert whole.main == "outside"
    most = max(by_activity(log, waiting).items(), key=lambda item: item[1].waiting)
    assert log.activities[most[0]] == "Analyze Request for Quotation"
    assert most[1].waiting > whole.waiting / 2
    assert waiting.hours.sum(axis=1) == pytest.approx(timing.started - timing.enabled, abs=1e-6)


def test_hours_of_a_case_count_cases_that_do_not_come_by():
    # Case 1 waits 3 hours at a and 2 at b, case 2 one hour at a; case 3 waits for nothing.
    log = log_of([
        ("1", "a", 13, 14, "x", 10), ("1", "b", 16, 17, "y", 14),
        ("2", "a", 31, 32, "x", 30), ("3", "c", 40, 41, "z", 40),
    ])  # fmt: skip
    waiting = split_waiting(log, timing_for(log, ALWAYS))
    whole = per_case(log, waiting)
    assert whole.hours[0] == pytest.approx(6 / 3)
    found = {log.activities[one]: waits for one, waits in per_case_by_activity(log, waiting).items()}
    assert found["a"].hours[0] == pytest.approx(4 / 3)
    assert found["b"].hours[0] == pytest.approx(2 / 3)
    assert found["c"].hours == (0.0, 0.0, 0.0)
    for one in (whole, *found.values()):
        assert one.hours[1] <= one.hours[0] <= one.hours[2]
        assert sum(cause[0] for cause in one.causes) == pytest.approx(one.hours[0])
    # Of three cases drawn three times, all may be the first one.
    assert whole.hours[2] == pytest.approx(5.0, abs=1.4)


def test_the_interval_of_a_mean_over_cases_holds_it():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(60):
        waits = rng.exponential(4.0, size=80)
        log = log_of([(str(n), "a", 100.0 * n + w, 100.0 * n + w + 1, "x", 100.0 * n) for n, w in enumerate(waits)])
        hours = np.zeros((80, 5))
        hours[:, 4] = waits
        _, low, high = per_case(log, Waiting(hours, np.ones(80))).hours
        held += low <= 4.0 <= high
    assert 48 <= held <= 60  # 54 expected
