"""The highest intake at which a promise holds: against exact results, and where nothing holds at all."""

from dataclasses import replace
from datetime import date
from math import log

import numpy as np
import pytest

from marops.domains.workflows.answering.outcomes import Setting, estimate
from marops.domains.workflows.answering.unlocking import BROKEN, Shares, crossing, highest_intake, unlocked
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.tests.flowground import one_step

SETTING = Setting(Frame(date(2027, 1, 1), 12, "UTC", 6), seed=3, replications=30)
MONTH = 365.25 * 2


def shares(kept, counted):
    """Shares whose kept items by replication are a function of the factor."""

    def at(factor, runs):
        return np.asarray(kept(factor), float)[:runs], np.asarray(counted, float)[:runs]

    return Shares(at, few=len(counted), all=len(counted))


def test_the_crossing_is_that_of_all_replications_together():
    # Half of them keep the promise wherever it is, the others never: together 90 % less a tenth of the factor.
    found = crossing(shares(lambda x: 100 * (np.tile([1.0, 0.8], 10) - 0.1 * x), np.full(20, 100.0)), 0.02, 2, 0.85)
    assert found.mean() == pytest.approx(0.5, rel=1e-6)
    # Leaving one out moves the share by a tenth / 19, and the crossing by ten times that.
    around = estimate(found)
    assert around.high - around.low == pytest.approx(2 * 1.729 * 10 * 0.1 / 19**0.5, rel=0.01)


def test_a_replication_with_more_items_counts_for_more():
    kept = shares(lambda x: np.array([30.0, 270.0]) * (1 - 0.25 * x) + np.array([-3.0, 3.0]), [30.0, 270.0])
    assert crossing(kept, 0.02, 2, 0.85).mean() == pytest.approx(0.6, rel=1e-6)


def test_below_the_lowest_intake_is_nothing_and_above_the_highest_is_the_highest():
    assert not crossing(shares(lambda x: np.full(9, 80.0 - x), np.full(9, 100.0)), 0.02, 2, 0.85).any()
    assert (crossing(shares(lambda x: np.full(9, 99.0 - x), np.full(9, 100.0)), 0.02, 2, 0.85) == 2).all()


def test_the_highest_intake_of_one_server_is_the_exact_one():
    # Of M/M/1, more than x hours take exp(-(service - intake) * x) of all: 85 of 100 within 20 h at so many a month.
    exact = (0.5 - log(1 / 0.15) / 20) * MONTH
    for demand in (60, 250):  # what comes in today has nothing to do with it
        situation = one_step(demand, effort={"kind": "exponential", "mean": 2}, hours=20)
        found = estimate(highest_intake(situation, SETTING, target="piece").items("piece"))
        assert found.low < exact < found.high
        assert found.value == pytest.approx(exact, rel=0.02)


def test_a_promise_nobody_can_keep_allows_no_intake_and_says_so():
    situation = one_step(20, effort=8, hours=4)
    today = highest_intake(situation, SETTING, target="piece")
    assert estimate(today.items("piece")).value == 0
    assert today.told("piece").why == BROKEN
    quick = Scenario.model_validate(
        {"title": "Quick", "changes": [{"change": "effort", "step": "work", "factor": 0.25}]}
    )
    option = highest_intake(situation, SETTING, target="piece", scenario=quick)
    assert option.why == ""
    rise = unlocked(option, today, "piece")
    assert rise.value > 50
    assert rise.why == f"today {BROKEN}"


def test_who_comes_after_the_time_looked_at_does_not_count():
    later = [{"id": "a", "name": "A", "starts": "2030-01-01"}]
    found = highest_intake(one_step(40, effort=2, hours=40, people=later), SETTING, target="piece")
    assert not found.items("piece").any()
    both = [{"id": "b", "name": "B"}, *later]
    alone, more = (
        highest_intake(one_step(40, effort=2, hours=40, people=one), SETTING, target="piece").items("piece")
        for one in ([{"id": "b", "name": "B"}], both)
    )
    assert more == pytest.approx(alone)


def test_what_is_in_work_today_has_nothing_to_do_with_the_highest_intake():
    situation = one_step(60, effort={"kind": "exponential", "mean": 2}, hours=20)
    cold = replace(SETTING, frame=replace(SETTING.frame, warm_up=0))
    found = [highest_intake(situation, one, target="piece").items("piece") for one in (SETTING, cold)]
    assert found[0] == pytest.approx(found[1])
