from pathlib import Path

import pytest

from marops.cli.tests.systemground import Place


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("sample") / "marops-data")


@pytest.mark.slow
def test_it_comes_real_leads_are_refused_and_it_goes(place: Place, tmp_path: Path):
    came = place.run("sample", "--json", timeout=120)
    assert came.code == 0, came.err
    assert (came.json["present"], came.json["leads"], came.json["seed"]) == (True, 6_000, 1)
    again = place.run("sample", "--json")
    assert (again.code, again.json["type"].rpartition("/")[2]) == (2, "conflict")
    leads = tmp_path / "leads.csv"
    leads.write_text("Email,First Name\nada@lovelace.example,Ada\n")
    refused = place.run("import", "leads", str(leads), "--json")
    assert refused.code == 2
    assert refused.json["type"].endswith("/sample-present")
    assert "marops sample --remove" in refused.json["remedy"]
    gone = place.run("sample", "--remove", "--json", timeout=120)
    assert gone.code == 0, gone.err
    assert (gone.json["present"], gone.json["rows"] > 30_000, gone.json["facts"] > 100_000) == (False, True, True)
    nothing = place.run("sample", "--remove")
    assert nothing.code == 0
    assert "There is no sample company here" in nothing.out
    assert place.run("import", "leads", str(leads), "--json", timeout=60).json["created"] == 1
    beside = place.run("sample", "--json")
    assert (beside.code, beside.json["type"].rpartition("/")[2]) == (2, "sample-not-empty")


@pytest.mark.slow
def test_an_unknown_size_is_told(place: Place):
    refused = place.run("sample", "--size", "giant", "--json")
    assert refused.code == 2
    assert refused.json["errors"][0]["field"] == "size"
