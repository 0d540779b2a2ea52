import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from marops.methods.prediction.boosting import calibrated
from marops.methods.prediction.measuring import area_under, calibration_error, error_by_chance, lift, measures


@pytest.fixture
def drawn():
    rng = np.random.default_rng(1)
    chance = np.round(rng.beta(1, 2, 3_000), 2)
    return chance, (rng.random(3_000) < chance).astype(np.int64)


def test_ranks_are_measured_as_elsewhere_ties_and_all(drawn):
    told = measures(*drawn)
    assert told["auc"] == pytest.approx(roc_auc_score(drawn[1], drawn[0]), abs=1e-12)
    assert told["pr_auc"] == pytest.approx(average_precision_score(drawn[1], drawn[0]), abs=1e-12)
    assert told["brier"] == pytest.approx(brier_score_loss(drawn[1], drawn[0]), abs=1e-12)


def test_the_interval_of_the_auc_holds_the_truth_as_often_as_it_says():
    rng, inside = np.random.default_rng(2), 0
    for _ in range(400):
        outcome = (rng.random(300) < 0.3).astype(np.int64)
        _area, low, high = area_under(rng.normal(size=300) + 1.19023 * outcome, outcome)
        inside += low <= 0.8 <= high
    assert 0.92 <= inside / 400 <= 0.98


def test_calibration_is_right_where_it_is_and_wrong_where_it_is_not(drawn):
    chance, outcome = drawn
    assert calibration_error(chance, outcome) < 2.5 * error_by_chance(chance)
    assert calibration_error(np.full(10, 0.5), np.array([1] * 10)) == pytest.approx(0.5)
    assert calibration_error(np.clip(chance + 0.2, 0, 1), outcome) > 0.15


def test_chance_alone_gives_the_error_that_is_foretold():
    rng = np.random.default_rng(3)
    chance = rng.beta(1, 2, 1_000)
    seen = [calibration_error(chance, (rng.random(1_000) < chance).astype(np.int64)) for _ in range(200)]
    assert error_by_chance(chance) == pytest.approx(np.mean(seen), rel=0.05)


def test_lift_is_how_much_better_the_best_tenth_is():
    outcome = np.array([1] * 5 + [0] * 5 + [1] * 5 + [0] * 85)
    assert lift(np.linspace(1, 0, 100), outcome, 0.1) == (pytest.approx(5.0), pytest.approx(0.5))


def test_reliability_covers_every_row_once(drawn):
    told = measures(*drawn)["reliability"]
    assert sum(one["rows"] for one in told) == 3_000
    assert all(one["low"] <= one["observed"] <= one["high"] for one in told)


def test_nothing_and_one_kind_of_outcome_are_told_without_figures():
    assert measures(np.zeros(0), np.zeros(0, dtype=np.int64))["rows"] == 0
    told = measures(np.array([0.2, 0.4]), np.array([0, 0]))
    assert (told["auc"], told["lift_10"], told["observed"]) == (None, None, 0.0)


def test_calibration_mends_points_that_say_too_much_on_one_side():
    rng = np.random.default_rng(4)
    truth = rng.normal(-0.5, 1.5, 20_000)
    outcome = (rng.random(20_000) < 1 / (1 + np.exp(-truth))).astype(np.int64)
    bent = np.where(truth > 0, 2 * truth, truth) + 0.4
    found = calibrated(bent[:10_000], outcome[:10_000])
    before = calibration_error(1 / (1 + np.exp(-bent[10_000:])), outcome[10_000:])
    after = calibration_error(found.chance(bent[10_000:]), outcome[10_000:])
    assert before > 0.04
    assert after < 0.02
    assert (np.diff(found.chance(np.linspace(-9, 9, 500))) > 0).all(), "it never turns an order around"


def test_calibration_on_next_to_nothing_changes_next_to_nothing():
    few = calibrated(np.array([0.0, 0.1]), np.array([0, 1]))
    assert few.slopes == pytest.approx((1, 1), abs=0.15)
    assert calibrated(np.zeros(0), np.zeros(0, dtype=np.int64)).chance(np.array([0.0]))[0] == 0.5
