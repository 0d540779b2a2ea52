from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marops.methods.mining import distances
from marops.methods.mining.tests.logs import ZERO, log_of, log_of_traces, read

AB = log_of([(1, "a", 0, 1, "x"), (1, "b", 1, 2, "y")])


def test_a_log_is_no_distance_from_itself():
    for one in distances.MEASURES:
        assert one.between(AB, AB) == 0


def test_n_grams_count_starts_and_ends():
    other = log_of_traces([["a", "c"]])
    # 0a ab b0 against 0a ac c0: two of three differ on each side.
    assert distances.n_gram(AB, other, 2) == pytest.approx(4 / 6)
    # 00a 0ab ab0 b00 against 00a 0ac ac0 c00
    assert distances.n_gram(AB, other, 3) == pytest.approx(6 / 8)
    assert distances.n_gram(AB, other, 1) == pytest.approx(2 / 4)
    twice = log_of_traces([["a", "b"], ["a", "b"]])
    assert distances.n_gram(AB, twice, 2) == pytest.approx(3 / 9)


def test_n_grams_that_cannot_be_told_apart_are_refused():
    with pytest.raises(ValueError, match="told apart"):
        distances.n_gram(AB, AB, 50)


def test_events_are_compared_in_absolute_and_relative_hours():
    later = log_of([(1, "a", 5, 6, "x"), (1, "b", 6, 9, "y")])
    # Starts and ends 0 1 1 2 against 5 6 6 9.
    assert distances.absolute_event(AB, later) == pytest.approx((5 + 5 + 5 + 7) / 4)
    # 0 1 1 2 against 0 1 1 4
    assert distances.relative_event(AB, later) == pytest.approx(2 / 4)
    assert distances.case_arrival(AB, later) == 5
    assert distances.remaining_time(AB, later) == 7
    assert distances.cycle_time(AB, later) == 2
    assert distances.cycle_time(AB, later, bins=2) == 1


def test_logs_may_count_from_different_moments():
    same = replace(AB, zero=ZERO + timedelta(hours=3), started=AB.started - 3, ended=AB.ended - 3)
    assert all(one.between(AB, same) == 0 for one in distances.MEASURES)


def test_bins_have_sharp_edges():
    one, other = (log_of([(1, "a", 0, 0), (1, "b", at, at)]) for at in (3.0, 2.9999999999))
    assert distances.relative_event(one, other) == 0


def test_circadian_events_are_compared_within_weekdays():
    tuesday = log_of([(1, "a", 24, 25, "x"), (1, "b", 25, 26, "y")])
    assert distances.circadian_event(AB, tuesday) == pytest.approx(2 * 23 / 7)
    afternoon = log_of([(1, "a", 12, 13, "x"), (1, "b", 13, 14, "y")])
    assert distances.circadian_event(AB, afternoon) == pytest.approx(12 / 7)


def test_circadian_hours_are_those_of_the_wall():
    berlin = ZoneInfo("Europe/Berlin")
    # The same hour on the wall on the Mondays before and after the clocks change (29 March 2026).
    before, after = ((date, date + 1) for date in (9 + 24 * 77, 8 + 24 * 84))
    one, other = (replace(log_of([(1, "a", *span)]), zone=berlin) for span in (before, after))
    assert distances.circadian_event(one, other) == 0
    assert distances.circadian_event(replace(one, zone=ZoneInfo("UTC")), replace(other, zone=ZoneInfo("UTC"))) > 0


def test_the_workforce_is_a_mean_over_the_days_seen():
    # Two people in the hour 9 of a Monday; then two Mondays with one in hour 9 and one in hour 10 each.
    one = log_of([(1, "a", 9, 9.5, "x"), (1, "b", 9.1, 9.6, "y"), (1, "c", 9.7, 9.8, "x")])
    other = log_of(
        [(1, "a", 9, 9.5, "x"), (1, "b", 10, 10.5, "y"), (2, "a", 177, 177.5, "x"), (2, "b", 178, 178.5, "x")]
    )
    assert distances.circadian_workforce(one, other) == pytest.approx(0.5 / 7)


def test_resources_that_are_not_said_are_one():
    one = log_of([(1, "a", 9, 9.5, None), (1, "b", 10, 10.5, "x")])
    assert distances.circadian_workforce(one, one) == 0
    # A half each at 9 and 10, against a quarter, a half and a quarter at 0, 1 and 2.
    assert distances.circadian_workforce(one, AB) == pytest.approx(8.5 / 7)


def test_work_in_progress_is_an_area():
    # One case for two hours; one for hours 0 to 1 and another for 3 to 4: half the mass is two hours further on.
    other = log_of([(1, "a", 0, 1), (2, "a", 3, 4)])
    assert distances.work_in_progress(AB, other) == pytest.approx(0.5 * 2 / 3)
    # A quarter of an hour in one window counts a quarter.
    one = log_of([(1, "a", 0.5, 1.25)])
    assert distances.work_in_progress(one, log_of([(1, "a", 0, 1)])) == pytest.approx(1 / 3)


def test_missing_starts_are_ends():
    assert distances.cycle_time(log_of([(1, "a", None, 1), (1, "b", None, 3)]), log_of([(1, "a", 1, 3)])) == 0


def test_there_is_no_distance_to_nothing():
    with pytest.raises(ValueError, match="empty log"):
        distances.cycle_time(AB, log_of([]))


def test_fit_gives_multiples_of_the_noise_floor():
    held_out, from_ = log_of([(1, "a", 0, 10)]), log_of([(1, "a", 0, 12)])
    found = {one.name: one for one in distances.fit([log_of([(1, "a", 0, n)]) for n in (13, 14, 15)], held_out, from_)}
    fitted = found["cycle-time"]
    assert (fitted.value, fitted.floor, fitted.ratio) == (4, 2, 2)
    # Student with two degrees of freedom: (2p − 1) / √(2p(1 − p)) at p = 0.95; sd 1.
    assert fitted.high - fitted.value == pytest.approx(0.9 / (2 * 0.95 * 0.05) ** 0.5 / 3**0.5)
    assert found["2-gram"].ratio is None  # the floor is 0
    assert distances.fit([AB], AB, AB)[0].low is None


def test_dates_of_logs_from_different_times_are_not_compared_with_a_floor():
    held_out, from_ = log_of([(1, "a", 0, 10)]), log_of([(1, "a", 1000, 1012)])
    found = {one.name: one for one in distances.fit([held_out], held_out, from_)}
    assert found["absolute-event"].floor > 900
    assert found["absolute-event"].ratio is None
    assert found["cycle-time"].ratio == 0


@given(
    one=st.lists(st.integers(0, 9), min_size=1, max_size=8),
    other=st.lists(st.integers(0, 9), min_size=1, max_size=8),
)
@settings(max_examples=150, deadline=None)
def test_wasserstein_is_that_of_scipy(one, other):
    from scipy.stats import wasserstein_distance

    assert distances.wasserstein(np.array(one), np.array(other)) == pytest.approx(wasserstein_distance(one, other))


def halves(log):
    """The earlier and the later half of the cases."""
    first = np.full(len(log.cases), np.inf)
    np.minimum.at(first, log.case, log.started)
    early = first <= np.median(first)
    return [only(log, early[log.case] == half) for half in (True, False)]


def only(log, rows):
    columns = ("case", "activity", "resource", "work_class", "started", "ended", "enabled")
    return replace(log, **{name: getattr(log, name)[rows] for name in columns})


def test_the_halves_of_the_real_loans_are_about_a_noise_floor_apart(shared_data):
    log = read(shared_data / "event_logs" / "LoanApp_simplified_train.csv.gz")
    odd = [only(log, log.case % 2 == n) for n in (0, 1)]
    assert distances.n_gram(*odd, 3) < 0.06
    assert distances.n_gram(*odd, 2) < distances.n_gram(*odd, 3)
    assert distances.circadian_event(*odd) < 0.3
    early, late = halves(log)
    assert distances.case_arrival(early, late) > 20 * distances.case_arrival(*odd)


PEERS = {
    "2-gram": ("n_gram_distribution", "n_gram_distribution_distance", {"n": 2}),
    "3-gram": ("n_gram_distribution", "n_gram_distribution_distance", {"n": 3}),
    "absolute-event": ("absolute_event_distribution", "absolute_event_distribution_distance", {}),
    "case-arrival": ("case_arrival_distribution", "case_arrival_distribution_distance", {}),
    "circadian-event": ("circadian_event_distribution", "circadian_event_distribution_distance", {}),
    "circadian-workforce": ("circadian_workforce_distribution", "circadian_workforce_distribution_distance", {}),
    "relative-event": ("relative_event_distribution", "relative_event_distribution_distance", {}),
    "cycle-time": ("cycle_time_distribution", "cycle_time_distribution_distance", {"bin_size": timedelta(hours=1)}),
    "remaining-time": (
        "remaining_time_distribution", "remaining_time_distribution_distance",
        {"bin_size": timedelta(hours=1), "reference_point": None}),
    "work-in-progress": ("work_in_progress", "work_in_progress_distance", {}),
}  # fmt: skip


def frame(log):
    import pandas as pd

    at = {name: pd.to_datetime([log.zero + timedelta(microseconds=round(hours * 3.6e9)) for hours in values])
          for name, values in (("start", log.started), ("end", log.ended))}  # fmt: skip
    names = {"case": log.cases, "activity": log.activities, "resource": log.resources}
    columns = {name: [values[code] if code >= 0 else None for code in getattr(log, name)]
               for name, values in names.items()}  # fmt: skip
    return pd.DataFrame(columns | {name: values.tz_convert(log.zone) for name, values in at.items()})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "zone"), [("LoanApp_simplified_train.csv.gz", "UTC"), ("PurchasingExample.csv.gz", "Europe/Berlin")]
)
def test_the_library_of_the_paper_answers_the_same(shared_data, name, zone):
    pytest.importorskip("log_distance_measures", reason="it is in the group `peers`")
    import importlib

    import pandas as pd
    from log_distance_measures.config import EventLogIDs

    log = replace(read(shared_data / "event_logs" / name), zone=ZoneInfo(zone))
    half = [only(log, log.case % 4 == n) for n in (0, 1)]
    half[1] = replace(half[1], started=half[1].started + 7.3, ended=half[1].ended + 8.9)
    ids = EventLogIDs("case", "activity", "start", "end", "resource")
    frames = [frame(one) for one in half]
    for measure in distances.MEASURES:
        module, function, options = PEERS[measure.name]
        if "reference_point" in options:
            options = options | {"reference_point": pd.Timestamp(ZERO).tz_convert(zone)}
        theirs = getattr(importlib.import_module(f"log_distance_measures.{module}"), function)
        said = theirs(frames[0], ids, frames[1], ids, **options)
        assert measure.between(*half) == pytest.approx(said, rel=1e-9, abs=1e-12), measure.name
