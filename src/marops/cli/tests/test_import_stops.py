"""Ctrl-C in the middle of a statement: the job stops after its batch, and the program ends by itself."""

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from marops.cli.tests.systemground import Place, until
from marops.store.embedded import EmbeddedServer

ROWS = 120_000  # three batches


def _file(path: Path, rows: int) -> Path:
    lines = (f"Person {n},person{n}@company{n % 997}.example,Company {n % 997}" for n in range(rows))
    path.write_text("Name,Email,Company\n" + "\n".join(lines) + "\n")
    return path


def _rows(place: Place) -> int:
    """How many the import has brought in by now."""
    try:
        return int(place.sql("SELECT coalesce(max(done), 0) FROM job WHERE state = 'running'")[0][0])
    except psycopg.Error:  # no tables yet
        return 0


@pytest.mark.slow
def test_ctrl_c_stops_an_import_that_can_go_on(tmp_path: Path):
    place = Place(tmp_path / "home")
    command = ["import", "leads", str(_file(tmp_path / "big.csv", ROWS)), "--json"]
    running = subprocess.Popen(
        [sys.executable, "-m", "marops", *command],
        env=place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert until(lambda: place.postmaster() and _rows(place), 60)
    running.send_signal(signal.SIGINT)
    said, told = running.communicate(timeout=120)
    assert running.returncode == 2, told
    assert "job-stopped" in said
    assert 0 < place.sql("SELECT count(*) FROM contact")[0][0] < ROWS
    again = place.run(*command)
    assert again.code == 0, again.err
    assert f'"rows": {ROWS}' in again.out
    assert '"rejected": 0' in again.out
    EmbeddedServer(place.home).stop()
