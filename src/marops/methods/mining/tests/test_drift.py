from dataclasses import replace

import numpy as np
import pytest

from marops.methods.mining.drift import drift
from marops.methods.mining.tests.logs import log_of, read


def weeks(rng, number=24, per_week=12.0, takes=10.0, rework=0.3, first=0):
    """Cases of so many weeks: a step, perhaps done again, and a last one."""
    rows = []
    for week in range(number):
        for case in range(rng.poisson(per_week)):
            at = (first + week) * 168 + rng.uniform(0, 168)
            name = f"{first + week:03d}-{case:04d}"
            steps = ["write", *(["rewrite"] if rng.random() < rework else []), "send"]
            for step in steps:
                until = at + rng.exponential(takes / 2)
                rows.append((name, step, at, until))
                at = until
    return rows


def test_an_unchanged_process_has_not_changed_more_often_than_said():
    alarms = sum(bool(drift(log_of(weeks(np.random.default_rng(seed)))).changed()) for seed in range(40))
    assert alarms <= 5  # 2 expected; more than 5 have a chance of 1 %


@pytest.mark.parametrize(
    ("options", "kind", "sign"),
    [({"takes": 20.0}, "cycle-time", 1), ({"per_week": 24.0}, "arrivals", 1), ({"rework": 0.05}, "activity", -1)],
)
def test_what_changed_is_named_with_its_direction(options, kind, sign):
    rng = np.random.default_rng(5)
    log = log_of(weeks(rng, 20) + weeks(rng, 20, first=20, **options))
    found = drift(log)
    assert (found.span, found.spans) == ("week", 40)
    assert found.at == pytest.approx(20 * 168, abs=2 * 168)
    changed = found.changed()
    assert changed[0].kind == kind
    assert changed[0].low < changed[0].difference < changed[0].high
    assert sign * changed[0].difference > 0
    assert min(sign * changed[0].low, sign * changed[0].high) > 0
    # Less rework makes cases shorter, too, seen or not.
    assert {one.kind for one in changed} <= {kind} | ({"cycle-time"} if kind == "activity" else set())
    if kind == "activity":
        assert log.activities[changed[0].activity] == "rewrite"


def test_the_figures_are_means_of_cases_and_spans():
    rows = [(f"{week:02d}-{n}", "a", week * 168 + n, week * 168 + n + (1 if week < 6 else 3))
            for week in range(12) for n in range(2 if week < 6 else 4)]  # fmt: skip
    found = {(one.kind, one.activity): one for one in drift(log_of(rows), at=6 * 168.0).changes}
    searched = drift(log_of(rows))
    assert searched.at == 6 * 168
    assert {(one.kind, one.activity): one.after for one in searched.changes} == {
        key: one.after for key, one in found.items()
    }
    took, came, done = found["cycle-time", None], found["arrivals", None], found["activity", 0]
    assert (took.before, took.after, took.difference) == (1, 3, 2)
    assert (came.before, came.after, came.difference) == (2, 4, 2)
    # 924 ways to choose six of twelve weeks; two of them are as extreme. Both halves of the answer double it.
    assert took.p == pytest.approx(2 * 2 / 924, abs=0.004)
    assert (done.difference, done.low, done.high, done.p) == (0, 0, 0, 1)


def test_a_queue_that_comes_and_goes_is_no_change():
    # Cycle times of neighbours are alike: a swing of a few weeks, no change of the process.
    alarms = 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        load = np.abs(np.convolve(rng.normal(0, 1, 43), np.ones(4) / 2, "valid")) + 0.5
        rows = [(f"{week:02d}-{n:02d}", "a", week * 168 + n, week * 168 + n + load[week] + rng.exponential(0.1))
                for week in range(40) for n in range(20)]  # fmt: skip
        alarms += bool(drift(log_of(rows)).changed())
    assert alarms <= 10  # case by case it would be nearly all of them


def test_cases_that_were_only_just_begun_do_not_look_quick():
    alarms = 0
    for seed in range(100, 120):
        rng = np.random.default_rng(seed)
        begun = np.sort(rng.uniform(0, 2000, 900))
        rows = [(f"{n:05d}", "a", at, at + rng.exponential(100)) for n, at in enumerate(begun)]
        done = [row for row in rows if row[3] <= 2000]  # those still open when the log was written are missing
        alarms += any(one.kind == "cycle-time" for one in drift(log_of(done)).changed())
    assert alarms <= 4  # 1 expected


def test_a_short_log_tells_nothing():
    log = log_of([(n, "a", n * 24, n * 24 + 1) for n in range(6)])
    assert drift(log) == replace(drift(log), span=None, changes=())
    assert drift(log_of([])).span is None
    days = drift(log_of([(f"{n:03d}", "a", n * 12, n * 12 + 1) for n in range(40)]))
    assert days.span == "day"
    assert days.changed() == ()


def test_the_place_may_be_said():
    log = log_of(weeks(np.random.default_rng(1), 30))
    assert drift(log, at=20 * 168.0).at == pytest.approx(20 * 168, abs=100)
    assert drift(log, at=1e6).span is None


def test_the_simulated_loans_hardly_change(shared_data):
    log = read(shared_data / "event_logs" / "LoanApp_simplified_train.csv.gz")
    found = drift(log)
    assert found.span is not None
    assert not [one for one in found.changed() if one.kind == "activity"]


@pytest.mark.parametrize("since", [8, 20, 31])
def test_a_change_is_dated_wherever_it_is(since):
    rng = np.random.default_rng(since)
    log = log_of(weeks(rng, since) + weeks(rng, 40 - since, first=since, takes=18.0))
    found = drift(log)
    assert found.at == pytest.approx(since * 168, abs=4 * 168)
    assert found.changed()[0].kind == "cycle-time"


def test_a_step_that_takes_or_waits_longer_is_named():
    log = log_of(weeks(np.random.default_rng(2), 30))
    send = log.activity == log.activities.index("send")
    rng = np.random.default_rng(9)
    work, waiting = rng.exponential(1.0, len(log)), rng.exponential(5.0, len(log))
    assert not drift(log, work=work, waiting=waiting).changed()
    later = log.started >= 12 * 168
    for given, kind in ((work, "work"), (waiting, "waiting")):
        slower = np.where(send & later, 1.8 * given, given)
        found = drift(log, **({"work": work, "waiting": waiting} | {kind: slower}))
        (change,) = found.changed()
        assert (change.kind, log.activities[change.activity]) == (kind, "send")
        assert change.after / change.before == pytest.approx(1.8, rel=0.25)
        assert found.at == pytest.approx(12 * 168, abs=3 * 168)
