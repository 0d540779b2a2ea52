from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods import amounts
from marops.methods.mining.arrivals import WEEKS_A_MONTH, arrivals
from marops.methods.mining.calendars import clock_of, people_of
from marops.methods.mining.calendars_found import CalendarRules
from marops.methods.mining.log import NOBODY, WeekHours
from marops.methods.mining.tests.logs import ZERO, log_of, read
from marops.methods.mining.tests.working import OFFICE, Company, Step
from marops.methods.mining.timing import calibrate_timing
from marops.methods.mining.timing_amounts import cumulative, fit, quantile_amount
from marops.methods.mining.timing_delay import delay, turnbull
from marops.methods.mining.timing_effort import efforts_of, speeds, visits
from marops.methods.mining.timing_work import worked_hours
from marops.methods.mining.waiting import split_waiting
from marops.methods.simulation.model import Amount

UTC = log_of([("1", "a", 0, 1)]).zone
TWO_SLOW = (("brief", "ann"), 1.25), (("brief", "bob"), 0.8)
DRAFTING = (("draft", "cid"), 1.3), (("draft", "dee"), 1.0), (("draft", "eve"), 1 / 1.3)
COMPANY = Company(
    steps=(
        Step("brief", ("ann", "bob"), 2.0, 1.0),
        Step("draft", ("cid", "dee", "eve"), 4.0, 3.0, delay=10.0, delayed=0.6),
        Step("legal", ("fay",), 0.7, 0.4),
    ),
    calendars={"fay": {1: ((540, 1020),), 3: ((540, 1020),)}},
    speeds=dict((*TWO_SLOW, *DRAFTING)),
    per_hour=0.4,
)


def office(count=1, days=28):
    return people_of(clock_of(ZERO, UTC, 0.0, days * 24.0), (WeekHours(OFFICE),) * count, WeekHours(OFFICE))


def hours_of(*rows):
    who, started, ended = (np.array(column) for column in zip(*rows, strict=True))
    return list(np.round(worked_hours(office(3), who.astype(np.int32), started * 1.0, ended * 1.0), 9))


def test_work_pauses_overnight():
    assert hours_of((0, 16, 34)) == [2.0]


def test_overlapping_work_of_one_person_is_divided():
    assert hours_of((0, 9, 12), (0, 10, 11), (1, 9, 12)) == [2.5, 0.5, 3.0]
    assert hours_of((0, 9, 12), (0, 9, 12), (0, 9, 12)) == [1.0, 1.0, 1.0]
    assert hours_of((0, 16, 34), (0, 16, 33)) == [1.5, 0.5]


def test_nobody_works_on_the_wall():
    assert hours_of((NOBODY, 0, 48), (NOBODY, 0, 48)) == [48.0, 48.0]


def test_work_outside_the_calendar_is_believed_within_reason():
    assert hours_of((0, 8, 10)) == [2.0]  # an hour before opening
    assert hours_of((0, 4, 10)) == [3.0]  # five of them are not believed, two are
    assert hours_of((0, 20, 21)) == [1.0]  # all of it in the evening
    assert hours_of((0, 16, 22)) == [3.0]
    assert hours_of((0, 19, 20), (0, 19, 21)) == [0.5, 1.5]
    assert hours_of((0, 10, 10)) == [0.0]


def test_a_start_that_is_missing_is_the_later_of_enabled_and_free():
    log = log_of([
        ("1", "a", 9, 10, "x"), ("1", "b", None, 12, "y"),
        ("2", "a", 10, 11, "x"), ("2", "b", None, 13, "y"),
    ])  # fmt: skip
    timing = calibrate_timing(log)
    assert list(timing.started) == [9, 10, 10, 12]
    assert list(timing.estimated) == [False, True, False, True]
    assert list(timing.enabled) == [9, 10, 10, 11]
    assert timing.effort[1].origin == "assumed"
    assert timing.effort[0].origin == "log"
    assert "2 of 4" in timing.notes[0]
    assert 1 not in timing.delay


def test_an_estimated_start_does_not_make_work_endless():
    rows = [(str(n), "a", None, 10.0 + n, "x") for n in range(20)] + [("z", "a", None, 200.0, "x")]
    timing = calibrate_timing(log_of(rows))
    assert timing.started[-1] == pytest.approx(198.0)


def test_ends_alone_without_resources_still_answer():
    timing = calibrate_timing(log_of([("1", "a", None, 10), ("1", "b", None, 12), ("2", "a", None, 11)]))
    assert timing.estimated.all()
    assert list(timing.worked) == [2.0, 2.0, 2.0] or np.all(timing.worked >= 0)
    assert "does not say who" in timing.notes[-1]


def test_an_empty_log_is_refused():
    with pytest.raises(ValueError, match="no rows"):
        calibrate_timing(log_of([("1", "a", 0, 1)]).__class__(*_emptied()))


def _emptied():
    log = log_of([("1", "a", 0, 1)])
    return [
        getattr(log, name)[:0] if isinstance(getattr(log, name), np.ndarray) else getattr(log, name)
        for name in log.__slots__
    ]


DRAWN = {
    "exponential": lambda rng: rng.exponential(3, 2000),
    "lognormal": lambda rng: rng.lognormal(0.5, 0.8, 2000),
    "gamma": lambda rng: rng.gamma(4, 0.5, 2000),
    "uniform": lambda rng: rng.uniform(2, 5, 2000),
    "fixed": lambda rng: np.full(2000, 1.5) + rng.normal(0, 0.001, 2000),
    "quantiles": lambda rng: np.concatenate((rng.normal(1, 0.1, 1000), rng.normal(9, 0.1, 1000))),
}


@pytest.mark.parametrize("kind", list(DRAWN))
def test_the_family_is_found(kind):
    values = DRAWN[kind](np.random.default_rng(5))
    found = fit(values)
    assert found.amount.kind == kind
    assert amounts.mean(found.amount) == pytest.approx(values.mean(), rel=0.03)
    assert found.distance < 0.03
    assert found.mean_low < values.mean() < found.mean_high
    assert fit(values[::-1]) == found


def test_a_normal_of_small_spread_is_found_as_something_near_it():
    values = np.random.default_rng(5).normal(10, 1, 500)
    assert fit(values).distance < 0.05


def test_one_and_no_observation():
    assert fit(np.array([2.0])).amount == Amount("fixed", mean=2.0)
    assert fit(np.zeros(5)).amount == Amount("fixed", mean=0.0)
    with pytest.raises(ValueError, match="at least one"):
        fit(np.zeros(0))


def test_quantiles_keep_the_mean_and_the_share_that_is_nothing():
    values = np.sort(np.concatenate((np.zeros(600), np.random.default_rng(1).lognormal(0, 2, 400))))
    found = quantile_amount(values)
    assert amounts.mean(found) == pytest.approx(values.mean(), rel=1e-6)
    assert np.mean(np.array(found.values) == 0) == pytest.approx(0.6, abs=0.02)
    assert list(np.diff(found.values) >= 0) == [True] * 100


@pytest.mark.parametrize("amount", [
    Amount("exponential", mean=2), Amount("uniform", low=1, high=4), Amount("normal", mean=5, sd=1),
    Amount("lognormal", mean=2, sd=3), Amount("gamma", mean=2, sd=1), Amount("quantiles", values=(0, 1, 4)),
])  # fmt: skip
def test_shares_are_those_of_the_quantiles(amount):
    shares = np.array([0.05, 0.3, 0.5, 0.9])
    assert cumulative(amount, amounts.quantiles(amount, shares)) == pytest.approx(shares, abs=1e-3)


def test_speeds_are_drawn_towards_the_middle_by_how_little_is_known():
    rng = np.random.default_rng(2)
    people = np.repeat([0, 1, 2], [400, 400, 3]).astype(np.int32)
    logs = rng.normal(0, 0.5, 803) - np.log(np.array([1.5, 1 / 1.5, 3.0]))[people]
    found = speeds(people, logs)
    assert found[0][0] / found[1][0] == pytest.approx(2.25, rel=0.1)
    assert np.log(found[2][2] / found[2][1]) > 1.5 * np.log(found[0][2] / found[0][1])
    product = np.prod([one[0] for one in found.values()])
    assert product == pytest.approx(1.0)


def test_people_who_do_not_differ_get_speeds_near_one():
    rng = np.random.default_rng(2)
    found = speeds(np.repeat(np.arange(10), 40).astype(np.int32), rng.normal(0, 0.5, 400))
    assert all(0.9 < speed < 1.1 for speed, _, _ in found.values())
    assert speeds(np.zeros(3, dtype=np.int32), np.zeros(3)) == {0: (1.0, 1.0, 1.0)}


def test_who_is_able_did_it_often_enough():
    rows = [(f"{n:03}", "a", n, n + 1, "often" if n > 2 else f"once{n}") for n in range(203)]
    log = log_of(rows)
    able = efforts_of(log, log.ended - log.started, np.zeros(len(log), dtype=bool)).able[0]
    assert [log.resources[one] for one in able] == ["often"]


def test_a_second_visit_is_compared_with_the_first_of_its_case():
    rng = np.random.default_rng(4)
    rows = []
    for n in range(60):
        hard = rng.lognormal(0, 1)
        rows += [
            (f"{n:03}", "a", n * 40, n * 40 + hard, "x"),
            (f"{n:03}", "a", n * 40 + 20, n * 40 + 20 + hard / 2, "x"),
        ]
    log = log_of(rows)
    assert list(visits(log)[:2]) == [1, 2]
    found = efforts_of(log, log.ended - log.started, np.zeros(len(log), dtype=bool))
    assert found.repeat == {0: pytest.approx(0.5)}


def test_delays_that_are_known_are_found_as_they_are():
    values = np.concatenate((np.zeros(50), np.full(30, 2.0), np.full(20, 8.0)))
    found = delay(values, values)
    assert amounts.mean(found.amount) == pytest.approx(2.2)
    assert np.mean(np.array(found.amount.values) == 0) == pytest.approx(0.5, abs=0.02)
    assert delay(np.zeros(9), np.zeros(9)) is None
    assert delay(np.zeros(9), np.full(9, 30.0)) is None  # all of it may have been the queue


def test_turnbull_by_hand():
    # One of two places in doubt between what is known of three others: the known ones decide.
    share = turnbull(np.array([0, 0, 1, 0]), np.array([0, 0, 1, 1]), 2)
    assert share == pytest.approx([2 / 3, 1 / 3], abs=1e-3)


def test_arrivals_at_fixed_distance_in_the_office():
    people = office(days=140)
    moments = people.pool.at(np.arange(1, 700) * 0.5 - 0.25)
    found = arrivals(people.clock, moments, CalendarRules())
    assert found.hours.week == OFFICE
    assert found.gap.amount.kind == "fixed"
    assert found.per_open_hour == pytest.approx(2.0)
    assert found.per_month == pytest.approx(80 * WEEKS_A_MONTH)
    assert found.seasons == (1.0,) * 12


def test_months_that_differ_are_seen_in_three_years_and_not_in_one():
    rng = np.random.default_rng(8)
    clock = clock_of(ZERO, UTC, 0.0, 24.0 * 365 * 3)
    year = 24.0 * 365
    moments = np.sort(rng.uniform(0, 3 * year, 3000))
    busy = (moments % year) / year > 10.05 / 12
    moments = np.sort(np.concatenate((moments, moments[busy] + 0.3)))
    found = arrivals(clock, moments[moments < 3 * year], CalendarRules())
    assert found.seasons[10] == pytest.approx(12 / 7, rel=0.2)
    assert found.seasons[4] == pytest.approx(6 / 7, rel=0.15)
    assert found.gap.amount.kind in ("exponential", "gamma", "quantiles")
    one = arrivals(clock, moments[moments < year], CalendarRules())
    assert one.seasons == (1.0,) * 12
    steady = arrivals(clock, np.sort(rng.uniform(0, 3 * year, 3000)), CalendarRules())
    assert max(steady.seasons) < 1.15


def test_one_arrival_is_a_rate_that_is_assumed():
    found = arrivals(clock_of(ZERO, UTC, 0.0, 24.0 * 30), np.array([3.0]), CalendarRules())
    assert found.n == 1
    assert found.gap.origin == "assumed"
    assert 0.5 < found.per_month < 2


def test_a_batch_is_found_and_its_delay_is_not_extraneous():
    company = Company(
        steps=(Step("a", ("ann",), 1.0, 0.5), Step("b", ("bob",), 0.5, 0.3, batch=5), Step("c", ("bob",), 0.5, 0.2)),
        per_hour=0.5,
    )
    log = company.work(1, 400)
    timing = calibrate_timing(log)
    assert list(timing.batches) == [1]
    assert (timing.batches[1].size, timing.batches[1].steady, timing.batches[1].together) == (5, True, False)
    assert timing.batches[1].share > 0.85
    assert timing.delay == {}


def test_a_queue_is_no_batch_and_no_delay():
    company = Company(steps=(Step("a", ("ann",), 1.0, 0.5), Step("b", ("bob",), 1.6, 0.8)), per_hour=0.5)
    timing = calibrate_timing(company.work(3, 400))
    assert timing.batches == {}
    assert timing.delay == {}


def test_a_delay_is_found_though_a_queue_eclipses_it():
    company = Company(steps=(Step("a", ("ann",), 1.0, 0.5), Step("b", ("bob",), 1.5, 0.8, delay=20.0)), per_hour=0.5)
    means = [amounts.mean(calibrate_timing(company.work(seed, 400)).delay[1].amount) for seed in range(4)]
    assert np.mean(means) == pytest.approx(20.0, rel=0.1)


def test_the_same_log_in_another_order_of_names_answers_the_same():
    log = COMPANY.work(1, 60)
    back = len(log.resources) - 1 - log.resource
    other = replace(log, resources=log.resources[::-1], resource=back.astype(np.int32))
    one, two = calibrate_timing(log), calibrate_timing(other)
    for some, same in ((one.effort, two.effort), (one.delay, two.delay)):
        assert [amounts.mean(found.amount) for found in some.values()] == pytest.approx(
            [amounts.mean(found.amount) for found in same.values()]
        )
    assert one.calendars == two.calendars[::-1]


def recovered(seeds, cases=300):
    """By what was planted, in how many of so many trials its interval held it."""
    hits = {}
    for seed in seeds:
        log = COMPANY.work(seed, cases)
        timing = calibrate_timing(log)
        arrived = timing.arrivals[0]
        truths = [("arrivals", arrived.month_low, 0.4 * 40 * WEEKS_A_MONTH, arrived.month_high)]
        for at, step in enumerate(COMPANY.steps):
            effort = timing.effort[at]
            truths.append(("effort", effort.mean_low, step.mean, effort.mean_high))
            for one in step.people if len(step.people) > 1 else ():
                _, low, high = timing.speed[at, log.resources.index(one)]
                truths.append(("speed", low, COMPANY.speed(step.name, one), high))
        lag = timing.delay[1]
        truths.append(("delay", lag.mean_low, 6.0, lag.mean_high))
        assert set(timing.delay) == {1}
        assert {log.resources[at]: one.week for at, one in enumerate(timing.calendars)} == {
            **dict.fromkeys(log.resources, OFFICE),
            **COMPANY.calendars,
        }
        for name, low, truth, high in truths:
            hits.setdefault(name, []).append(low <= truth <= high)
    return hits


def test_what_was_planted_is_found_again():
    hits = recovered(range(6))
    assert np.mean(np.concatenate(list(hits.values()))) > 0.8


@pytest.mark.slow
def test_intervals_hold_what_was_planted_as_often_as_they_say():
    hits = recovered(range(100, 250))
    for name, found in hits.items():
        assert 0.84 <= np.mean(found) <= 0.96, (name, np.mean(found))
    assert 0.87 <= np.mean(np.concatenate(list(hits.values()))) <= 0.93


@pytest.mark.parametrize("name", ["BIMP_example", "Production", "LoanApp_simplified_train"])
def test_real_logs_answer_sensibly(shared_data, name):
    log = read(shared_data / "event_logs" / f"{name}.csv.gz")
    timing = calibrate_timing(log)
    assert set(timing.effort) == set(range(len(log.activities)))
    assert np.all(timing.enabled <= timing.started)
    assert np.all(timing.worked >= 0)
    assert all(one.per_month > 0 for one in timing.arrivals.values())


def test_the_credit_bureau_works_eight_hours_and_only_queues(shared_data):
    log = read(shared_data / "event_logs" / "BIMP_example.csv.gz")
    timing = calibrate_timing(log)
    assert timing.pool.week == dict.fromkeys(range(5), ((660, 1140),))
    assert {tuple(one.week.items()) for one in timing.calendars} == {tuple(timing.pool.week.items())}
    assert timing.delay == {}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.sampled_from("abc"), st.sampled_from(["x", "y", None]), st.integers(0, 1000),
            st.integers(0, 20), st.sampled_from(["said", "missing"]), st.sampled_from([None, 0, 5]),
        ),
        min_size=1, max_size=40,
    )
)  # fmt: skip
def test_any_log_is_answered(rows):
    log = log_of(
        (str(case), name, at if how == "said" else None, at + long, who, None if lag is None else at - lag)
        for case, name, who, at, long, how, lag in rows
    )
    timing = calibrate_timing(log)
    hours = split_waiting(log, timing).hours
    assert np.all(timing.enabled <= timing.started)
    assert np.all(timing.started <= log.ended)
    assert np.all((timing.worked >= 0) & (timing.worked <= log.ended - timing.started + 1e-9))
    assert np.all(hours >= 0)
    assert hours.sum(axis=1) == pytest.approx(timing.started - timing.enabled, abs=1e-6)
    assert set(timing.effort) == set(range(len(log.activities)))
    assert all(np.isfinite(amounts.mean(one.amount)) for one in (*timing.effort.values(), *timing.delay.values()))
    assert sum(one.n for one in timing.arrivals.values()) == len(log.cases)


def test_one_case_of_very_many_rows_and_many_years_is_answered():
    count = 60_000
    log = log_of([("1", "ab"[n % 2], n * 12.0, n * 12.0 + 1, "xy"[n % 3 == 0]) for n in range(count)])
    timing = calibrate_timing(log)
    assert timing.arrivals[0].n == 1
    assert split_waiting(log, timing).hours.sum() == pytest.approx(11.0 * (count - 1))
