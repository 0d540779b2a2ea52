from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from marops.methods.prediction.dates import with_derived
from marops.methods.prediction.model import read_model, score, write_model
from marops.methods.prediction.sql import statement
from marops.methods.prediction.training import Asked, train

START = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)  # a Monday


def _leads(rows: int = 1500) -> pa.Table:
    """Customers of long standing come back oftener; on Sundays nobody means it."""
    dice = np.random.default_rng(4)
    came = [START + timedelta(hours=5 * at) for at in range(rows)]
    first = [one - timedelta(days=int(days)) for one, days in zip(came, dice.integers(0, 900, rows), strict=True)]
    odds = np.array(
        [(one - old).days / 300 - 1 - 2 * (one.weekday() == 6) for one, old in zip(came, first, strict=True)]
    )
    won = dice.random(rows) < 1 / (1 + np.exp(-odds))
    ended = [one + timedelta(days=int(days)) for one, days in zip(came, dice.integers(1, 60, rows), strict=True)]
    return pa.table({
        "came": [f"{one:%Y-%m-%d %H:%M:%S}" for one in came],
        "first seen": [f"{one:%d.%m.%Y %H:%M}" if at % 9 else "" for at, one in enumerate(first)],
        "ended": [f"{one:%Y-%m-%d}" for one in ended],
        "won": [str(int(one)) for one in won],
    })  # fmt: skip


@pytest.fixture(scope="module")
def model():
    return train(_leads(), Asked("won", least=10_000))


def test_dates_count_by_the_days_before_the_moment_and_by_its_weekday_and_hour(model):
    assert {one.name for one in model.derived} == {"came (weekday)", "came (hour)", "first seen (days before came)"}
    assert model.measured["auc"] > 0.65
    weekday = next(term for term in model.terms if term.field == "came (weekday)")
    assert min(weekday.levels, key=weekday.levels.get) == "sunday"
    # What came afterwards is no ground to foretell.
    assert not any("ended" in one.name for one in model.derived)


def test_the_columns_are_what_a_calendar_says():
    rows = pa.table(
        {"came": ["2026-01-05 08:30:00", "2026-01-11T23:00", ""], "first seen": ["02.01.2026 08:30", "", "x"]}
    )
    told = with_derived(rows, train(_leads(), Asked("won", least=10_000)).derived).to_pylist()
    assert [one["came (weekday)"] for one in told] == ["Monday", "Sunday", ""]
    assert [one["came (hour)"] for one in told] == ["8", "23", ""]
    assert [one["first seen (days before came)"] for one in told] == ["3", "", ""]


def test_a_file_without_the_dates_is_scored_and_sql_says_the_same(model):
    model = read_model(write_model(model))
    table = _leads(400)
    scored = score(model, table)
    con = duckdb.connect()
    con.register("leads", table)
    rows = con.execute(statement(model, "leads", columns=table.column_names)).fetchnumpy()
    assert np.abs(rows["probability"] - scored.chance).max() < 1e-12
    lacks = score(model, table.drop_columns(["first seen"]))
    assert "first seen (days before came)" in lacks.missing
    assert np.isfinite(lacks.chance).all()
