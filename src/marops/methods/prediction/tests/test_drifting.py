import numpy as np
import pyarrow as pa

from marops.methods.prediction.drifting import drifts, index, profiles
from marops.methods.prediction.measuring import area_under, areas_apart
from marops.methods.prediction.tests.made import leads
from marops.methods.prediction.training import Asked, trained


def _table(columns: dict[str, np.ndarray]) -> pa.Table:
    return pa.table({name: pa.array(values.tolist(), pa.string()) for name, values in columns.items()})


def test_the_index_is_the_sum_over_parts_of_the_difference_by_the_log_of_the_ratio():
    # (0.6 − 0.5) ln(0.6 / 0.5) + (0.4 − 0.5) ln(0.4 / 0.5) = 0.1 (0.18232 + 0.22314)
    assert abs(index([0.5, 0.5], [0.6, 0.4]) - 0.0405465) < 1e-6
    assert index([0.3, 0.7], [0.3, 0.7]) == 0


def test_only_the_field_that_changed_drifts():
    table, later = _table(leads(1500)[0]), leads(1500, seed=9)[0]
    model = trained(table, Asked("outcome", least=10_000)).model
    kept = profiles(model, table)
    assert max(drifts(model, kept, _table(later)).values()) < 0.05
    moved = drifts(model, kept, _table({**later, "place": np.where(later["place"] == "north", "new", later["place"])}))
    assert next(iter(moved)) == "place"
    assert moved["place"] > 0.2 > moved["visits"]


def test_few_leads_say_nothing():
    table = _table(leads(1500)[0])
    model = trained(table, Asked("outcome", least=10_000)).model
    assert drifts(model, profiles(model, table), table.slice(0, 199)) == {}


def test_two_rankings_of_the_same_rows_are_told_apart_by_what_they_share():
    _columns, odds, outcome = leads(800)
    worse = odds + np.random.default_rng(2).normal(scale=0.8, size=len(odds))
    apart, low, high = areas_apart(odds, worse, outcome)
    assert abs(apart - (area_under(odds, outcome)[0] - area_under(worse, outcome)[0])) < 1e-12
    assert low < apart < high
    # As if the two were of different rows, the interval would be wider.
    spreads = [area_under(one, outcome) for one in (odds, worse)]
    assert high - low < sum((upper - lower) ** 2 for _area, lower, upper in spreads) ** 0.5
    assert areas_apart(odds, odds, outcome) == (0.0, 0.0, 0.0)


def test_repeats_train_but_are_not_measured():
    columns, _odds, _outcome = leads(1000)
    twice = _table({name: np.repeat(values, 2) for name, values in columns.items()})
    repeats = np.tile([False, True], 1000)
    found = trained(twice, Asked("outcome", least=10_000), repeats=repeats)
    assert found.model.measured["rows"] == 200
    assert not repeats[found.newest].any()
    once = trained(_table(columns), Asked("outcome", least=10_000))
    assert np.corrcoef(found.chance, once.chance)[0, 1] > 0.98
