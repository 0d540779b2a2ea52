"""What is refused on the command line before anything is worked out, by a message and not a traceback."""

import csv
import sys
from contextlib import nullcontext

import pytest

from marops.cli import main
from marops.domains.workflows.tests.flowground import plant_webinar
from marops.domains.workflows.tests.logground import bring, written
from marops.domains.workflows.tests.test_discovering import campaigns

pytestmark = pytest.mark.django_db(transaction=True)
FASTER = "title: Faster\nchanges:\n- {change: effort, step: webinar/invite, factor: 0.5}\n"


@pytest.fixture
def webinar(db):
    plant_webinar()


@pytest.fixture
def run(monkeypatch, capsys):
    """The command as a shell runs it: its exit code, and what it says of a refusal."""
    from marops.cli import answers, workflows

    monkeypatch.setattr(main, "_load_commands", lambda: None)
    monkeypatch.setattr(main, "installation", lambda **_: nullcontext())
    for module in (answers, workflows):
        monkeypatch.setattr(module, "installation", lambda **_: nullcontext())

    def ran(*words):
        monkeypatch.setattr(sys, "argv", ["marops", *map(str, words)])
        with pytest.raises(SystemExit) as done:
            main.main()
        told = capsys.readouterr()
        return done.value.code or 0, told.err, told.out

    return ran


@pytest.fixture
def never(monkeypatch):
    """Whoever simulates here fails the test."""

    def simulated(*_, **__):
        raise AssertionError("it was simulated before it was refused")

    for name in ("bottleneck", "comparison", "simulation", "simulated_file"):
        monkeypatch.setattr(f"marops.domains.workflows.asking.{name}", simulated)
    for name in ("find_bottleneck", "compare_scenarios", "simulation", "simulated_file"):
        monkeypatch.setattr(f"marops.domains.workflows.public.{name}", simulated)


@pytest.mark.parametrize(("text", "said"), [
    ("title: [x\n", "is no YAML"),
    ("title: Late\nchanges:\n- {change: leave, person: x, start: 2026-13-01}\n", "is no YAML"),
    ("", "is empty"),
    ("- one\n- two\n", "holds no scenario"),
])  # fmt: skip
def test_a_file_that_is_no_scenario_is_refused(run, webinar, never, tmp_path, text, said):
    path = written(tmp_path, text, "hire.yaml")
    code, told, _ = run("scenario", "compare", "webinar", "--with", path)
    assert code == 2
    assert said in told.replace("\n", " ")
    assert "Traceback" not in told


def test_a_file_that_is_not_there_is_said_to_be_missing(run, webinar, never, tmp_path):
    code, told, _ = run("scenario", "compare", "webinar", "--with", tmp_path / "hire.yaml")
    assert code == 2
    assert "There is no file" in told


def test_two_files_of_one_name_and_one_named_like_doing_nothing_are_refused(run, webinar, never, tmp_path):
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(written(tmp_path / folder, FASTER, "hire.yaml"))
    code, told, _ = run("scenario", "compare", "webinar", "--with", paths[0], "--with", paths[1])
    assert code == 2
    assert "Two scenarios would be called 'hire'" in told.replace("\n", " ")
    path = written(tmp_path, FASTER, "baseline.yaml")
    code, told, _ = run("scenario", "compare", "webinar", "--with", path)
    assert code == 2
    assert "doing nothing" in told


@pytest.mark.parametrize("words", [
    ("workflow", "brief", "webinar", "--pdf"),
    ("workflow", "simulate", "webinar", "--log"),
    ("workflow", "show", "webinar", "--prosimos"),
    ("scenario", "compare", "webinar", "--with", "faster", "--pdf"),
])  # fmt: skip
def test_where_nothing_can_be_written_it_is_said_first(run, webinar, never, tmp_path, words):
    for place, said in ((tmp_path / "none" / "x.pdf", "There is no folder"), (tmp_path, "is a folder")):
        code, told, _ = run(*words, place)
        assert code == 2
        assert said in told.replace("\n", " ")


def test_a_day_that_nobody_can_look_ahead_from_is_refused(run, webinar):
    for day in ("9999-01-01", "0001-02-01"):
        code, told, _ = run("workflow", "simulate", "webinar", "--from", day)
        assert code == 2
        assert "nobody can look ahead" in told.replace("\n", " ")


def test_a_simulated_log_of_work_done_here_has_the_usual_headings(webinar, tmp_path, monkeypatch):
    from marops.domains.workflows import asking
    from marops.domains.workflows.models import EventLog

    log = EventLog.objects.create(
        number=9_000_001, title="Work", format="facts", actor_kind="system", actor_id="x",
        mapping={"columns": {}, "headings": [], "zone": "UTC", "format": "facts"},
    )  # fmt: skip
    monkeypatch.setattr(asking, "source_of", lambda _: log)
    path = tmp_path / "out.csv"
    rows = asking.simulated_file("webinar", path, 3, asking.Ask())
    found = list(csv.DictReader(path.open(encoding="utf-8")))
    assert len(found) == rows > 20
    assert {one["case_id"] for one in found} == {"webinar-1", "webinar-2", "webinar-3"}
    assert all(one["activity"] and one["end_time"] for one in found)


def test_columns_that_say_a_thing_twice_are_filled_and_formulas_are_defused(tmp_path):
    names = "concept:name,org:resource,Activity,Resource,@@startevent_Activity,start,time:timestamp,@@duration,case"
    rows = [line.split(",") for line in campaigns(30).splitlines()[1:]]
    head = campaigns(30).splitlines()[0].split(",")
    at = {name: head.index(name) for name in head}
    lines = [f"{names},color"]
    for row in rows:
        activity = row[at["activity"]].replace("Brief", "=cmd|' /C calc'!A0")
        who, start, end = row[at["resource"]], row[at["start"]], row[at["end"]]
        lines.append(f"{activity},{who},{activity},{who},{activity},{start},{end},60.0,{row[at['case']]},red")
    log = bring(written(tmp_path, "\n".join(lines) + "\n"), discover=True, zone="UTC")
    from marops.domains.workflows import asking

    slug = log.discoveries.get().workflow
    path = tmp_path / "out.csv"
    asking.simulated_file(slug, path, 5, asking.Ask())
    found = list(csv.DictReader(path.open(encoding="utf-8")))
    assert list(found[0]) == lines[0].split(",")
    for one in found:
        assert one["concept:name"] == one["Activity"] == one["@@startevent_Activity"] != ""
        assert one["org:resource"] == one["Resource"]
        assert one["color"] == ""
        assert float(one["@@duration"]) >= 0
        assert one["concept:name"][0] not in "=+-@"
    assert any(one["Activity"].startswith("'=cmd") for one in found)
