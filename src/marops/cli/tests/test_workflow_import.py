import json

import pytest
from typer.testing import CliRunner

from marops.cli import workflows  # noqa: F401  # adds the commands
from marops.cli.main import app
from marops.domains.workflows.models import EventLog
from marops.domains.workflows.tests.logground import written
from marops.domains.workflows.tests.test_discovering import campaigns

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(monkeypatch):
    from contextlib import nullcontext

    for module in ("marops.cli.main", "marops.cli.workflows"):
        monkeypatch.setattr(f"{module}.installation", lambda **_: nullcontext())
    return lambda *words: CliRunner().invoke(app, ["workflow", *map(str, words)])


def test_a_log_is_imported_listed_and_shown(run, tmp_path):
    path = written(tmp_path, campaigns(60), "log.csv")
    done = run("import", path, "--name", "Big Campaigns", "--zone", "UTC", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert (answer["state"], answer["counts"]["case"]) == ("ready", 60)
    assert [one["workflow"] for one in answer["workflows"]] == ["big-campaigns"]
    listed = json.loads(run("list", "--json").stdout)
    assert [(one["workflow"], one["log"]) for one in listed["items"]] == [("big-campaigns", answer["log"])]
    shown = json.loads(run("show", "big-campaigns", "--json").stdout)
    assert shown["document"]["title"] == "Big Campaigns"
    assert {one["cost_per_hour"] for one in shown["crew"]["people"]} != {None}
    assert shown["found"]["cases"] == 60
    assert "Legal review" in run("show", "big-campaigns").stdout
    assert run("show", "big-campaigns", "--svg").stdout.startswith("<svg")
    assert "BPMN/20100524" in run("show", "big-campaigns", "--bpmn").stdout


def test_rows_that_are_left_out_are_told_by_the_exit_code(run, tmp_path):
    text = campaigns(40).replace(",Brief,", ",,", 1)
    path = written(tmp_path, text, "log.csv")
    refused = run("import", path, "--json")
    assert refused.exception is not None
    assert refused.exception.code == "log-faulty"
    done = run("import", path, "--leave-out-faulty", "--log-only", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["left_out"] == {"activity-empty": 1}


def test_a_dry_run_shows_the_columns_and_keeps_nothing(run, tmp_path):
    path = written(tmp_path, campaigns(10), "log.csv")
    plan = json.loads(run("import", path, "--dry-run", "--map", "class=resource", "--json").stdout)
    assert {one["column"]: one["meaning"] for one in plan["columns"]}["resource"] == "class"
    assert not EventLog.objects.exists()


def test_a_file_or_the_work_done_here_but_one_of_them(run, tmp_path):
    assert run("import").exit_code == 2
    assert run("import", tmp_path / "nowhere.csv").exception.code == "file-missing"
    assert run("import", written(tmp_path, "a\n"), "--map", "case").exit_code == 2
