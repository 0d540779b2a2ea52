import csv
import json
from math import exp
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from marops.cli import main
from marops.kernel.errors import MaropsError

ROWS = 1_200


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of leads with what was written afterwards, and a model trained on it by the command."""
    folder = tmp_path_factory.mktemp("scores")
    rng = np.random.default_rng(1)
    visits = rng.poisson(3, ROWS)
    place = rng.choice(["north", "south", ""], ROWS)
    won = rng.random(ROWS) < 1 / (1 + np.exp(1.5 - 0.6 * visits + 0.9 * (place == "south")))
    mark = np.where(won & (rng.random(ROWS) < 0.9), "joined", np.where(rng.random(ROWS) < 0.6, "no answer", ""))
    days = np.datetime64("2025-01-01") + np.sort(rng.integers(0, 500, ROWS))
    mixed = rng.permutation(ROWS)
    with (folder / "leads.csv").open("w", newline="", encoding="utf-8-sig") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(["ref", "came", "visits", "place", "mark", "won"])
        for at in mixed:
            out.writerow([f"L-{at:05d}", days[at], visits[at], place[at], mark[at], "yes" if won[at] else "no"])
    (folder / "train.json").write_text(
        ask("train", folder / "leads.csv", "--target", "won", "--out", folder / "model.json", "--json").stdout
    )
    return folder


def ask(*words: object) -> Any:
    main._load_commands()
    return CliRunner().invoke(main.app, ["score", *map(str, words)])


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, delimiter=";" if path.name == "leads.csv" else ","))


def test_training_finds_order_and_leak_by_itself_and_writes_a_model(folder: Path) -> None:
    told = json.loads((folder / "train.json").read_text())
    assert (told["split"]["by"], told["split"]["column"], told["rows"]) == ("date", "came", 240)
    kinds = {one["field"]: one["kind"] for one in told["excluded"]}
    assert kinds == {"came": "order", "ref": "id", "mark": "leak"}
    assert told["auc"] > 0.65
    model = json.loads((folder / "model.json").read_text())
    assert (model["format"], model["row_id"], model["yes"]) == ("marops.prediction", "ref", "yes")
    assert len(model["trained_on"]["sha256"]) == 64
    assert [path.name for path in folder.iterdir() if path.name.endswith(".part")] == []


def test_scores_come_in_the_order_of_the_file_and_add_up(folder: Path, tmp_path: Path) -> None:
    answer = ask("apply", folder / "model.json", folder / "leads.csv", "--out", tmp_path / "scores.csv", "--json")
    assert json.loads(answer.stdout)["rows"] == ROWS
    scores, model = read(tmp_path / "scores.csv"), json.loads((folder / "model.json").read_text())
    assert [row["ref"] for row in scores] == [row["ref"] for row in read(folder / "leads.csv")]
    at = model["calibration"]
    for row in scores[::101]:
        points = model["intercept"] + sum(float(row[f"term: {term['field']}"]) for term in model["terms"])
        odds = at["base"] + at["slopes"][0] * min(points - at["knots"][0], 0)
        for knot, above, slope in zip(at["knots"], [*at["knots"][1:], 1e9], at["slopes"][1:], strict=True):
            odds += slope * min(max(points - knot, 0), above - knot)
        assert float(row["probability"]) == pytest.approx(1 / (1 + exp(-odds)), abs=1e-9)


def test_one_row_is_explained_by_its_id_or_its_number(folder: Path) -> None:
    first = read(folder / "leads.csv")[0]["ref"]
    by_id = json.loads(ask("explain", folder / "model.json", folder / "leads.csv", "--row", first, "--json").stdout)
    by_number = json.loads(ask("explain", folder / "model.json", folder / "leads.csv", "--row", "2", "--json").stdout)
    assert by_id["terms"] == by_number["terms"]
    assert by_id["points"] == pytest.approx(by_id["intercept"] + sum(one["term"] for one in by_id["terms"]), abs=1e-9)
    said = ask("explain", folder / "model.json", folder / "leads.csv", "--row", first).stdout
    assert "visits is" in said
    assert "likely" in said
    for row in ("1", str(ROWS + 2), "nobody"):
        with pytest.raises(MaropsError, match="no row") as caught:
            raise ask("explain", folder / "model.json", folder / "leads.csv", "--row", row).exception
        assert "ref" in caught.value.remedy


def test_measuring_says_when_it_is_on_what_was_learnt(folder: Path, tmp_path: Path) -> None:
    told = json.loads(ask("evaluate", folder / "model.json", folder / "leads.csv", "--json").stdout)
    assert {"auc", "ece", "lift_10", "rows", "split", "excluded"} <= set(told)
    assert any("was trained on" in note for note in told["notes"])
    half = tmp_path / "half.csv"
    half.write_text("\n".join((folder / "leads.csv").read_text(encoding="utf-8-sig").splitlines()[:301]), "utf-8")
    told = json.loads(ask("evaluate", folder / "model.json", half, "--json").stdout)
    assert (told["rows"], told["notes"]) == (300, [])


def test_later_leads_with_other_columns_are_scored(folder: Path, tmp_path: Path) -> None:
    later = tmp_path / "later.csv"
    later.write_text('place,visits,"new, one"\n"the moon",3,x\nSelect,,y\n')
    answer = ask("apply", folder / "model.json", later, "--out", tmp_path / "scores.csv", "--json")
    notes = json.loads(answer.stdout)["notes"]
    assert any("place (rows: 1)" in note for note in notes)
    assert [row["row"] for row in read(tmp_path / "scores.csv")] == ["2", "3"]
    later.write_text("visits\n3\n")
    answer = ask("apply", folder / "model.json", later, "--out", tmp_path / "scores.csv", "--json")
    assert json.loads(answer.stdout)["notes"] == [
        "Columns that are not in the file add nothing: place, came (weekday)."
    ]
    later.write_text("ref,visits\n")
    assert ask("apply", folder / "model.json", later, "--out", tmp_path / "scores.csv").exit_code == 0
    assert read(tmp_path / "scores.csv") == []
    assert (tmp_path / "scores.csv").read_text().startswith('"ref","probability"')


@pytest.mark.parametrize(
    ("words", "says", "remedy"),
    [
        (["train", "{folder}/none.csv", "--target", "won"], "no file", "name"),
        (["train", "{folder}/leads.csv", "--target", "deal"], "no column “deal”", "visits"),
        (["train", "{folder}/leads.csv", "--target", "visits"], "different values", "--yes"),
        (["train", "{folder}/leads.csv", "--target", "won", "--out", "{folder}/leads.csv"], "is read", "another"),
        (["evaluate", "{folder}/leads.csv", "{folder}/leads.csv"], "no model file", "score train"),
        (["apply", "{folder}/model.json", "{folder}/leads.csv", "--out", "{folder}/no/x.csv"], "no folder", "Make it"),
    ],
)
def test_what_cannot_be_is_refused_with_the_way_out(folder: Path, words: list[str], says: str, remedy: str) -> None:
    before = (folder / "leads.csv").read_bytes()
    with pytest.raises(MaropsError, match=says) as caught:
        raise ask(*(word.format(folder=folder) for word in words)).exception
    assert remedy in caught.value.remedy
    assert (folder / "leads.csv").read_bytes() == before


def test_real_leads_reach_the_targets_without_what_was_written_afterwards(shared_data: Path, tmp_path: Path) -> None:
    file = shared_data / "lead_scoring" / "x_education_leads_early.csv"
    told = json.loads(ask("train", file, "--target", "Converted", "--json").stdout)
    assert told["auc"] >= 0.87
    assert told["ece"] <= 0.03
    assert (told["split"]["by"], told["split"]["column"]) == ("rising id", "Lead Number")
    leaks = {one["field"] for one in told["excluded"] if one["kind"] in ("leak", "copy")}
    assert leaks == {"Tags", "Lead Quality", "Lead Profile"}, "the two are filled only where Tags is"
    assert {one["field"] for one in told["watch"] if one["kind"] == "together"} == {
        "What is your current occupation",
        "What matters most to you in choosing a course",
    }
    assert {"Last Activity", "Lead Source", "Total Time Spent on Website"} <= set(told["fields"])
