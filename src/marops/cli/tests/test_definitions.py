import json
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from marops.cli import definitions
from marops.cli.main import app
from marops.kernel import gates, ports
from marops.kernel.actors import SETUP
from marops.kernel.definitions import find, plant_starters


@pytest.fixture
def marops(db, monkeypatch):
    """The command in this process, on the test's own database."""

    @contextmanager
    def opened(*, quiet=False, keep=False):
        yield

    monkeypatch.setattr(definitions, "installation", opened)
    plant_starters(actor=SETUP, starters=[one for filler in ports.starters for one in filler.value])
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def folder(marops, tmp_path):
    assert marops("export", tmp_path / "rules").exit_code == 0
    path = tmp_path / "rules" / "score" / "main.yaml"
    path.write_text(path.read_text().replace("cap: 50", "cap: 60", 1))
    return tmp_path / "rules"


def test_a_dry_run_says_what_would_change_and_changes_nothing(marops, folder):
    told = marops("apply", folder, "--dry-run")
    assert told.exit_code == 0
    assert "differs from score/main@1 (in force)" in told.stdout
    assert "fit > cap: 50 becomes 60" in told.stdout
    assert "1 definition would change; nothing was written." in told.stdout
    assert find("score/main").version == 1


def test_applying_makes_drafts_and_says_how_to_go_on(marops, folder):
    told = marops("apply", folder, "--reason", "wider")
    assert "→ kept as the draft score/main@2" in told.stdout
    assert "--activate" in told.stdout
    assert "Put them in force" not in marops("apply", folder, "--activate").stdout
    assert find("score/main").pinned == "score/main@2"
    assert "Nothing to do" in marops("apply", folder).stdout


def test_one_document_for_programs(marops, folder):
    told = json.loads(marops("apply", folder, "--dry-run", "--json").stdout)
    assert told["dry_run"] is True
    assert told["counts"]["changed"] == 1
    [item] = [item for item in told["items"] if item["change"] == "changed"]
    assert item["differences"] == [
        {"pointer": "/fit/cap", "words": "fit > cap: 50 becomes 60", "before": "50", "after": "60"}
    ]
    assert set(json.loads(marops("export", folder, "--json").stdout)) == {"items", "next"}


def test_a_refusal_to_put_in_force_is_a_finding(marops, folder, monkeypatch):
    monkeypatch.setattr(gates, "_GATES", {})
    gates.gate("closed", lambda _: gates.Answer(False, ("Not in December.",)), effects=["activate"])
    told = marops("apply", folder, "--activate")
    assert told.exit_code == 1
    assert "stays the draft score/main@2" in told.stdout
    assert "Not in December." in told.stdout
