import json
import subprocess
import sys
from math import exp

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from marops.methods.prediction.model import read_model, score, write_model
from marops.methods.prediction.reading import Refused
from marops.methods.prediction.sql import name_of, statement
from marops.methods.prediction.telling import explain, says
from marops.methods.prediction.tests.made import as_table, leads
from marops.methods.prediction.training import Asked, evaluate, report_of, train

ROWS = 2_400


def table(rows=ROWS, seed=1):
    columns, _odds, outcome = leads(rows, seed)
    rng = np.random.default_rng(seed + 50)
    visits = np.where(columns["visits"] == "", "", np.char.add(columns["visits"], rng.choice(["", ".0", " "], rows)))
    return as_table(
        columns
        | {
            "visits": visits,
            "paid": np.char.mod("%s", np.array([f"{one:,}" for one in rng.integers(100, 90_000, rows)])),
            "phone": np.where(rng.random(rows) < 0.5, np.char.mod("%d", rng.integers(10**8, 10**9, rows)), "Select"),
            "number": np.arange(rows) + 500,
            "after": np.where(outcome, "joined", "left"),
        }
    )


@pytest.fixture(scope="module")
def leads_():
    return table()


@pytest.fixture(scope="module")
def model(leads_):
    return train(leads_, Asked("outcome"), {"sha256": "abc"})


@pytest.fixture(scope="module")
def strange():
    """Later leads: another order of columns, one missing, one more, empty cells, new levels, and no outcome."""
    given = table(400, seed=9).drop_columns(["outcome", "noise"])
    texts = {name: given[name].to_pylist() for name in reversed(given.column_names)}
    texts["place"][:5] = ["the moon", "SELECT", " North ", None, "it's"]
    texts["visits"][:6] = ["1,000", "many", "1e2", "-3", "inf", "\u00a04\t"]
    texts["phone"][:3] = ["n/a", None, "1"]
    return pa.table({**{name: pa.array(values, pa.string()) for name, values in texts.items()}, "extra": texts["paid"]})


def test_the_report_says_order_split_and_what_was_left_out(model):
    told = report_of(model)
    assert {"auc", "ece", "lift_10", "rows", "split", "excluded", "pr_auc", "brier", "reliability"} <= set(told)
    assert (told["split"]["by"], told["split"]["column"]) == ("rising id", "number")
    assert [told["split"][part] for part in ("trained", "calibrated", "measured")] == [1_440, 480, 480]
    assert told["rows"] == 480
    assert {one["field"]: one["kind"] for one in told["excluded"]} == {"number": "order", "after": "copy"}
    assert all(one["why"].endswith(".") for one in told["excluded"])


def test_it_nearly_reaches_what_the_truth_itself_would(model):
    _columns, odds, outcome = leads(ROWS)
    newest = slice(int(ROWS * 0.8), ROWS)
    hit, miss = odds[newest][outcome[newest] == 1], odds[newest][outcome[newest] == 0]
    best = float(np.mean(hit[:, None] > miss[None, :]))
    assert best - 0.05 < model.measured["auc"] <= best + 0.03
    assert model.measured["auc_low"] < model.measured["auc"] < model.measured["auc_high"]


@pytest.mark.slow
def test_the_same_file_gives_the_same_model(leads_, model):
    assert write_model(train(leads_, Asked("outcome"), {"sha256": "abc"})) == write_model(model)


def test_terms_and_intercept_through_the_calibration_are_the_probability(model, leads_):
    scored, at = score(model, leads_), model.calibration
    for row in range(0, ROWS, 97):
        points = model.intercept + sum(scored.terms[row].tolist())
        odds = at.base + at.slopes[0] * min(points - at.knots[0], 0)
        for knot, above, slope in zip(at.knots, [*at.knots[1:], 1e9], at.slopes[1:], strict=True):
            odds += slope * min(max(points - knot, 0), above - knot)
        assert abs(1 / (1 + exp(-odds)) - scored.chance[row]) < 1e-9


def test_the_file_gives_the_model_back(model):
    text = write_model(model)
    assert read_model(text) == model
    assert (json.loads(text)["format"], json.loads(text)["version"]) == ("marops.prediction", 1)
    for broken in (
        "",
        "[]",
        "{}",
        text.replace('"version": 1', '"version": 2'),
        text.replace("marops.prediction", "x"),
    ):
        with pytest.raises(Refused):
            read_model(broken)


@pytest.mark.parametrize("which", ["leads_", "strange"])
def test_the_statement_says_what_the_model_says(which, request, model):
    rows = request.getfixturevalue(which)
    scored = score(model, rows)
    with duckdb.connect() as engine:
        engine.register("rows", rows)
        found = engine.execute(statement(model, "rows", columns=rows.column_names, keep=["number"])).fetchnumpy()
    assert list(found["number"]) == rows["number"].to_pylist()
    assert np.abs(found["probability"] - scored.chance).max() < 1e-9
    for at, term in enumerate(model.terms):
        assert np.abs(found[name_of(term)] - scored.terms[:, at]).max() < 1e-9, term.field


def test_later_leads_are_scored_whatever_their_columns(model, strange):
    scored = score(model, strange)
    by_field = {term.field: at for at, term in enumerate(model.terms)}
    assert np.isfinite(scored.chance).all()
    assert (scored.terms[:, by_field["noise"]] == 0).all()
    assert scored.missing == ["noise"]
    assert scored.unknown == {"place": 2}
    place, visits, phone = (
        next(term for term in model.terms if term.field == one) for one in ("place", "visits", "phone")
    )
    added = scored.terms[:5, by_field["place"]].tolist()
    assert added == [place.other, place.empty, place.levels["north"], place.empty, place.other]
    assert scored.terms[[1, 4], by_field["visits"]].tolist() == [visits.empty] * 2
    assert scored.terms[:3, by_field["phone"]].tolist() == [phone.empty, phone.empty, phone.levels["filled"]]
    assert any("not in the file" in note and "noise" in note for note in scored.notes)


def test_an_empty_file_gives_no_scores(model):
    scored = score(model, table(10).slice(0, 0))
    assert scored.chance.tolist() == []
    assert evaluate(model, table(10).slice(0, 0))["auc"] is None


def test_measuring_counts_only_rows_whose_outcome_is_known(model):
    later = table(600, seed=4)
    values = later["outcome"].to_pylist()
    values[:100] = [""] * 50 + ["open"] * 50
    told = evaluate(model, later.set_column(later.column_names.index("outcome"), "outcome", pa.array(values)))
    assert (told["rows"], told["without_outcome"]) == (500, 100)
    assert told["auc"] > 0.6
    with pytest.raises(Refused, match="no column “outcome”"):
        evaluate(model, later.drop_columns(["outcome"]))


def test_leads_that_changed_raise_an_alarm_and_others_do_not(model, leads_):
    assert evaluate(model, table(600, seed=5))["shift"] < 0.1
    later = table(600, seed=4)
    moved = pa.array(["9"] * 600)
    told = evaluate(model, later.set_column(later.column_names.index("visits"), "visits", moved))
    assert told["shift"] > 0.2
    assert any("train again" in note for note in told["notes"])
    assert evaluate(model, later.slice(0, 50))["shift"] is None, "too few to say"


def test_numbers_with_a_comma_are_read_and_compiled_the_same():
    given = table(800)
    price = pa.array([f"{1000 + at * 1.5:,.2f}".translate(str.maketrans(",.", ".,")) for at in range(400)] * 2)
    model = train(given.append_column("price", price), Asked("outcome"))
    term = next(term for term in model.terms if term.field == "price")
    assert (term.kind, term.decimal) == ("number", ",")
    assert 1000 < term.edges[0] < 1600
    rows = pa.table({"price": ["1.000,00", "1.300,5", "1300,5", "13x", " 1.597,25 "]})
    with duckdb.connect() as engine:
        engine.register("rows", rows)
        found = engine.execute(statement(model, "rows", columns=["price"], terms=False)).fetchnumpy()["probability"]
    assert np.abs(found - score(model, rows).chance).max() < 1e-9
    assert found[1] == found[2]


def test_scoring_needs_nothing_that_training_needs():
    code = (
        "import sys\n"
        "from marops.methods.prediction import sql, telling, training\n"
        "sys.exit(any(name in sys.modules for name in ('interpret', 'sklearn', 'pandas', 'django')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_one_row_in_words(model, leads_):
    told = explain(model, leads_.slice(3, 1))
    assert abs(model.intercept + sum(one["term"] for one in told["terms"]) - told["points"]) < 1e-9
    sizes = [abs(one["term"]) for one in told["terms"]]
    assert sizes == sorted(sizes, reverse=True)
    place, visits = (next(term for term in model.terms if term.field == one) for one in ("place", "visits"))
    assert says(place, "North ") == "place is “North”"
    assert says(place, "Select") == "place is empty"
    assert says(place, "moon") == "place is “moon”, which was not seen often enough in training"
    assert says(place, None) == "place is not in the file"
    assert says(visits, "0").startswith("visits is 0 (below ")


def test_with_few_outcomes_it_is_a_simple_model_and_with_fewer_none():
    few = train(table(400), Asked("outcome"))
    assert few.method == "tables"
    assert few.measured["auc"] > 0.6
    assert train(table(400), Asked("outcome", least=50)).method == "boosting"
    with pytest.raises(Refused, match="at least 20 of each"):
        train(table(60), Asked("outcome"))


@pytest.mark.parametrize(
    ("asked", "says_", "remedy"),
    [
        (Asked("won"), "There is no column “won”", "visits"),
        (Asked("outcome", time="when"), "There is no column “when”", "visits"),
        (Asked("outcome", time="place"), "“place” holds neither dates nor numbers", "--time"),
        (Asked("place"), "“place” has 5 different values", "--yes"),
        (Asked("outcome", yes="maybe"), "no value “maybe”", "one of them"),
        (Asked("outcome", drop=["visits", "place", "noise", "paid", "phone"]), "No field is left", "--keep"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(asked, says_, remedy):
    with pytest.raises(Refused, match=says_) as caught:
        train(table(400), asked)
    assert remedy in caught.value.remedy


def test_one_value_against_all_others_where_somebody_says_so():
    model = train(table(1_000), Asked("place", yes="north"))
    assert (model.yes, model.no) == ("north", "anything else")
    assert evaluate(model, table(200, seed=8))["rows"] == sum(
        bool(one) for one in table(200, seed=8)["place"].to_pylist()
    )
