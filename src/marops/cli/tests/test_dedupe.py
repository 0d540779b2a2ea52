import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from marops.cli import main
from marops.kernel.errors import MaropsError

ROWS = [["Name", "Tel.", "Town"], ["Ann Leeds", "020 7946 0018", "Rome"], ["Bob Ray", "030 1234 5678", "Oslo"],
        ["Leeds Ann", "020-7946-0018", "Rome"]]  # fmt: skip


@pytest.fixture
def run() -> Any:
    main._load_commands()

    def asked(*words: object) -> Any:
        return CliRunner().invoke(main.app, ["dedupe", *map(str, words)], catch_exceptions=True)

    return asked


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    with path.open("w", newline="") as out:
        csv.writer(out).writerows(ROWS)
    return path


def test_every_row_comes_out_with_its_cluster_and_nothing_else_is_touched(run: Any, file: Path, tmp_path: Path) -> None:
    before, out, pairs = file.read_bytes(), tmp_path / "out.csv", tmp_path / "pairs.csv"
    said = run(file, "--role", "tel.=phone", "--out", out, "--pairs", pairs)
    assert said.exit_code == 0, said.output
    assert "3 rows are 2 different ones; 1 are there again." in said.output
    rows = list(csv.reader(out.open()))
    assert rows[0] == [*ROWS[0], "cluster_id", "certainty"]
    assert [row[:3] for row in rows[1:]] == ROWS[1:]
    assert [row[3] for row in rows[1:]] == ["0", "1", "0"]
    assert list(csv.reader(pairs.open()))[1][:2] == ["2", "4"], "as a spreadsheet counts rows"
    assert file.read_bytes() == before


def test_as_json_it_says_what_was_compared_and_how(run: Any, file: Path) -> None:
    told = json.loads(run(file, "--json").output)
    assert (told["rows"], told["clusters"], told["duplicates"], told["blocking"]) == (3, 2, 1, "all pairs")
    assert {one["column"]: one["role"] for one in told["roles"]} == {"Name": "name", "Tel.": "phone", "Town": "city"}
    assert told["comparisons"][0]["levels"][:2] == ["equal", "the same in another order"]
    assert [one["band"] for one in told["bands"]] == ["merge", "review", "leave"]


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--role", "Fax=phone"], "There is no column 'Fax'; there are Name, Tel., Town."),
     (["--role", "Name=nickname"], "'nickname' is no role"), (["--role", "Name"], "There is no column ''")],
)  # fmt: skip
def test_a_wrong_role_is_told(run: Any, file: Path, words: list[str], said: str) -> None:
    found = run(file, *words)
    assert isinstance(found.exception, MaropsError)
    assert said in str(found.exception)


def test_a_heading_that_is_taken_gives_way(run: Any, tmp_path: Path) -> None:
    path, out = tmp_path / "a.csv", tmp_path / "b.csv"
    path.write_text("Name,cluster_id\nAnn Leeds,7\nAnn Leeds,8\n")
    assert run(path, "--out", out).exit_code == 0
    assert out.read_text().splitlines()[0] == "Name,cluster_id,marops_cluster_id,certainty"
