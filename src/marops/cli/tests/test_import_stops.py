"""Ctrl-C in the middle of a statement: the job stops after its batch, and the program ends by itself."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


def _file(path: Path, rows: int) -> Path:
    lines = (f"Person {n},person{n}@company{n % 997}.example,Company {n % 997}" for n in range(rows))
    path.write_text("Name,Email,Company\n" + "\n".join(lines) + "\n")
    return path


@pytest.mark.slow
def test_ctrl_c_stops_an_import_that_can_go_on(tmp_path: Path):
    big = _file(tmp_path / "big.csv", 250_000)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAROPS_", "DJANGO_"))}
    environment["MAROPS_HOME"] = str(tmp_path / "home")
    command = [sys.executable, "-m", "marops", "import", "leads", str(big), "--json"]
    running = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(9)
    running.send_signal(signal.SIGINT)
    said, told = running.communicate(timeout=120)
    if running.returncode == 0:
        pytest.skip("this machine was done before the signal came")
    assert running.returncode == 2, told
    assert "job-stopped" in said
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert again.returncode == 0, again.stderr
    assert '"rows": 250000' in again.stdout
    assert '"rejected": 0' in again.stdout
