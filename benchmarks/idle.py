"""What an idle installation costs: the CPU time of all its processes, PostgreSQL's included, against the limit.

    uv run python benchmarks/idle.py [--seconds 60]

Starts `marops up` in a new folder, gives the engine one contact to look at (so that it has DuckDB and the lake open),
waits until all has come to rest, and adds up what /proc says of every process: supervisor, web, engine, worker, and
PostgreSQL with its helpers. The limit is 1 % of one core. Linux only.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg

from marops.store.embedded import EmbeddedServer

LIMIT_PERCENT = 1.0
SETTLE_SECONDS = 20.0
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure, print, and answer 1 when over the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to watch (default 60)")
    seconds = parser.parse_args().seconds
    with installation() as root:
        touch_somebody(Path(environment(root, "MAROPS_HOME")))
        time.sleep(SETTLE_SECONDS)
        before, began = costs(root), time.monotonic()
        time.sleep(seconds)
        after, took = costs(root), time.monotonic() - began
    spent = {name: after[name] - before.get(name, 0.0) for name in after}
    for name, cpu in sorted(spent.items(), key=lambda one: -one[1]):
        print(f"  {100 * cpu / took:6.3f} %  {name}")
    total = 100 * sum(spent.values()) / took
    verdict = "within" if total < LIMIT_PERCENT else "OVER"
    print(f"idle: {total:.3f} % of one core over {took:.0f} s, {verdict} the limit of {LIMIT_PERCENT:.0f} %")
    return int(total >= LIMIT_PERCENT)


@contextmanager
def installation() -> Iterator[int]:
    """A new installation that runs and answers; yields the supervisor's process number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="marops-idle-") as folder:
        environment = os.environ | {"MAROPS_HOME": f"{folder}/data", "MAROPS_PORT": str(port)}
        process = subprocess.Popen([sys.executable, "-m", "marops", "up"], env=environment, stdout=subprocess.DEVNULL)
        try:
            await_page(port)
            yield process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def await_page(port: int) -> None:
    """Wait until the pages answer."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.2)
        finally:
            connection.close()
    raise SystemExit("marops up did not answer")


def touch_somebody(home: Path) -> None:
    """Let the engine look at a contact, and wait until it has."""
    with psycopg.connect(EmbeddedServer(home).dsn("marops_app"), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO touched (id, contact_id, due_at) VALUES (gen_random_uuid(), gen_random_uuid(), now())"
        )
        while connection.execute("SELECT count(*) FROM touched").fetchone() != (0,):
            time.sleep(0.2)


def costs(root: int) -> dict[str, float]:
    """CPU seconds so far of the supervisor, all below it, and the PostgreSQL server of the same folder."""
    found: dict[str, float] = {}
    processes = {int(place.name): place for place in Path("/proc").glob("[0-9]*")}
    stats = {pid: stat for pid, place in processes.items() if (stat := read(place / "stat"))}
    parents = {pid: int(stat.rpartition(")")[2].split()[1]) for pid, stat in stats.items()}
    family = {root}
    home = environment(root, "MAROPS_HOME")
    family |= {pid for pid in stats if f"{home}/postgres" in read(processes[pid] / "cmdline").replace("\0", " ")}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    for pid in family & stats.keys():
        name = f"{pid} {read(processes[pid] / 'cmdline').replace(chr(0), ' ').strip()[-60:]}"
        fields = stats[pid].rpartition(")")[2].split()
        found[name] = (int(fields[11]) + int(fields[12])) / _TICKS
    return found


def environment(pid: int, name: str) -> str:
    """One variable of a process's environment."""
    pairs = read(Path(f"/proc/{pid}/environ")).split("\0")
    return next((value for key, _, value in (pair.partition("=") for pair in pairs) if key == name), "")


def read(path: Path) -> str:
    """A file of /proc; nothing when the process has gone."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
