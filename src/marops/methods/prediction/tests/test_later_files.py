"""Files of later leads that are not written as the one of the training."""

import numpy as np
import pyarrow as pa
import pytest

from marops.methods.prediction.model import aligned, score
from marops.methods.prediction.tests.made import leads
from marops.methods.prediction.training import Asked, evaluate, train


def _table(columns: dict[str, np.ndarray]) -> pa.Table:
    return pa.table({name: pa.array(values.tolist(), pa.string()) for name, values in columns.items()})


@pytest.fixture(scope="module")
def model():
    return train(_table(leads(1500)[0]), Asked("outcome", least=10_000))


@pytest.fixture(scope="module")
def later() -> pa.Table:
    return _table(leads(400, seed=7)[0])


def test_columns_in_other_capitals_and_spaces_are_found_and_told(model, later):
    other = later.rename_columns(["VISITS ", "Place", "no_ise", "Outcome"])
    table, notes = aligned(model, other)
    assert (score(model, table).chance == score(model, later).chance).all()
    assert notes == [
        "Columns were read so: “VISITS ” as “visits”, “Place” as “place”, “no_ise” as “noise”, “Outcome” as “outcome”."
    ]


def test_two_columns_that_could_be_meant_are_left_alone(model, later):
    other = later.rename_columns(["visits", "PLACE", "noise", "outcome"]).append_column("pl ace", later["place"])
    table, notes = aligned(model, other)
    assert notes == []
    assert score(model, table).missing == ["place"]


def test_a_comma_instead_of_a_point_is_read_as_what_it_is(model, later):
    commas = pa.array([one.replace(".", ",") for one in later["noise"].to_pylist()], pa.string())
    other = later.set_column(2, "noise", commas)
    assert (score(model, other).chance == score(model, later).chance).all()


def test_words_where_numbers_should_be_count_as_empty_and_are_told(model, later):
    other = later.set_column(0, "visits", pa.array(["many"] * 400))
    empty = later.set_column(0, "visits", pa.array([""] * 400))
    told = score(model, other)
    assert (told.chance == score(model, empty).chance).all()
    assert told.unread == {"visits": 400}
    assert "Values that are no numbers count as empty: visits (rows: 400)." in told.notes


def test_outcomes_in_other_words_are_measured(model, later):
    words = pa.array([{"1": "Won", "0": "Lost"}[one] for one in later["outcome"].to_pylist()])
    told = evaluate(model, later.set_column(3, "outcome", words))
    assert told["auc"] == evaluate(model, later)["auc"]
    assert any("written otherwise" in one for one in told["notes"])
