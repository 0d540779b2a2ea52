import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from marops.cli.tests.systemground import Place, Running, alive, until
from marops.store.embedded import EmbeddedServer

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    one = Place(tmp_path_factory.mktemp("up") / "marops-data")
    yield one
    EmbeddedServer(one.home).stop()


@pytest.fixture(scope="module")
def starts() -> Iterator[list[Running]]:
    made: list[Running] = []
    yield made
    for one in made:
        one.stop()


@pytest.fixture
def running(place: Place, starts: list[Running]) -> Running:
    """The workspace, up: still, where the test before left it so."""
    if not starts or starts[-1].process.poll() is not None:
        starts.append(place.up())
        assert starts[-1].ready(), starts[-1].said
    return starts[-1]


def test_the_first_start_shows_its_progress_and_a_page_within_a_minute(tmp_path: Path):
    place = Place(tmp_path / "new" / "marops-data")
    began = time.monotonic()
    one = place.up()
    try:
        assert one.ready(), one.said
        took = time.monotonic() - began
        print(f"\nfirst start to a usable page: {took:.1f} s (limit 60 s)")
        assert took < 60
        assert place.healthy()
        steps = ["Creating the database", "Preparing the tables", "Planting the starter", "Starting the pages"]
        assert [step for step in steps if step in one.said] == steps
        assert re.search(r"http://127\.0\.0\.1:\d+/welcome/\S+", one.said)
    finally:
        one.stop()
    EmbeddedServer(place.home).stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_everything_cleanly(place: Place, running: Running, number: int):
    everything = running.everything()
    assert set(running.children()) == {"web", "run", "worker"}
    assert running.stop(number) == 0
    assert until(lambda: {pid for pid in everything if alive(pid)} == set()) is not False
    assert {pid for pid in everything if alive(pid)} == set()
    assert place.postmaster() is None
    assert not place.healthy()
    assert "Traceback" not in running.said


def test_commands_work_beside_it_and_a_second_one_is_told_who_runs(place: Place, running: Running):
    once = place.run("run", "--once", "--json")
    assert (once.code, once.json["contacts"]) == (0, 0)
    second = place.run("up")
    assert second.code == 2
    assert "already runs in this folder" in second.err
    assert str(running.process.pid) in second.err
    assert f"http://127.0.0.1:{place.port}" in second.err
    assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d", second.err)
    assert place.healthy()


def test_a_change_is_taken_up_within_moments(place: Place, running: Running):
    took = []
    for _ in range(4):  # the first one opens DuckDB
        place.sql("INSERT INTO touched (id, contact_id, due_at) VALUES (gen_random_uuid(), gen_random_uuid(), now())")
        began = time.monotonic()
        assert until(lambda: place.sql("SELECT count(*) FROM touched WHERE tick IS NULL") == [(0,)])
        took.append(time.monotonic() - began)
        assert until(lambda: place.sql("SELECT count(*) FROM touched") == [(0,)])
    print(f"\nfrom a change to its tick: {', '.join(f'{one:.1f}' for one in took)} s")
    assert min(took) < 3.0


def test_a_port_that_is_taken_is_refused_before_anything_is_started(place: Place, running: Running, tmp_path: Path):
    other = Place(tmp_path / "other", place.port)
    refused = other.run("up")
    assert refused.code == 2
    assert f"port {place.port}: another program listens there" in refused.err
    assert "MAROPS_PORT" in refused.err
    assert not (other.home / "postgres").exists()


def test_postgresql_killed_under_it_comes_back_and_every_part_goes_on(place: Place, running: Running):
    parts = running.children()
    server = place.postmaster()
    assert server is not None
    os.kill(server, signal.SIGKILL)
    assert until(lambda: place.postmaster() not in (None, server))
    assert until(place.healthy), running.said
    place.sql("INSERT INTO touched (id, contact_id, due_at) VALUES (gen_random_uuid(), gen_random_uuid(), now())")
    place.sql(
        "INSERT INTO job (id, number, kind, title, arguments, state, done, doing, stop_asked, lease_by, attempts,"
        " actor_kind, actor_id, created_at) VALUES"
        " (gen_random_uuid(), nextval('job_number'), 'no.such', '', '{}', 'waiting', 0, '', false, '', 0,"
        " 'system', 'setup', now())"
    )
    assert until(lambda: place.sql("SELECT count(*) FROM touched") == [(0,)], 60), running.said
    assert until(lambda: place.sql("SELECT state FROM job WHERE kind = 'no.such'") == [("failed",)], 60), running.said
    assert running.children() == parts  # the very same processes
    place.sql("DELETE FROM job WHERE kind = 'no.such'")


@pytest.mark.parametrize("role", ["worker", "run", "web"])
def test_a_part_that_is_killed_is_started_again(place: Place, running: Running, role: str):
    before = running.children()[role]
    os.kill(before, signal.SIGKILL)
    assert until(lambda: running.children().get(role, before) != before)
    assert until(place.healthy)
    assert f"{role} ended with -9" in running.said


def test_killed_itself_its_parts_die_and_the_server_is_found_and_stopped_by_the_last_to_leave(
    place: Place, running: Running
):
    server, parts = place.postmaster(), set(running.everything())
    assert server is not None
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()
    assert until(lambda: not any(alive(pid) for pid in parts - {server})), running.said
    verified = place.run("audit", "verify", "--json")
    assert (verified.code, verified.json["findings"]) == (0, [])
    assert until(lambda: place.postmaster() is None, 30)


def test_after_a_kill_it_starts_again_at_once(place: Place, running: Running):
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()
    again = place.up()
    assert again.ready(), again.said
    assert again.stop() == 0


def test_ctrl_c_during_the_first_start_leaves_nothing_running(tmp_path: Path):
    place = Place(tmp_path / "data")
    one = place.up()
    assert until(lambda: "Preparing the tables" in one.said)
    assert one.stop(signal.SIGTERM) != 0
    assert until(lambda: place.postmaster() is None)
    again = place.up()
    assert again.ready(), again.said
    assert "Sign in for the first time" in again.said
    assert again.stop() == 0


def test_two_commands_at_once_on_a_new_folder(tmp_path: Path):
    place = Place(tmp_path / "data")
    program = [sys.executable, "-m", "marops", "run", "--once", "--json"]
    both = [subprocess.Popen(program, env=place.environment(), stdout=subprocess.PIPE) for _ in range(2)]
    assert [one.wait(120) for one in both] == [0, 0]
    EmbeddedServer(place.home).stop()
