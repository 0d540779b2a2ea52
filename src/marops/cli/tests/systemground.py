"""`marops` as people run it: commands and installations in processes of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psycopg

from marops.store.embedded import EmbeddedServer
from marops.store.postgres.postmaster import read_postmaster

_OURS = ("MAROPS_", "DJANGO_", "PYTEST_")


def until(what: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first true answer; the last one if time is up."""
    deadline = time.monotonic() + seconds
    while not (answer := what()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def children(pid: int) -> dict[int, str]:
    """The processes that this one started, with their command lines."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if int((place / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue
    return found


def descendants(pid: int) -> set[int]:
    """The processes below this one."""
    below = set(children(pid))
    return below.union(*(descendants(one) for one in below))


@dataclass
class Place:
    """A workspace folder, a port, and commands on them."""

    home: Path
    port: int = field(default_factory=free_port)

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        own = {"MAROPS_HOME": str(self.home), "MAROPS_PORT": str(self.port), "MAROPS_FSYNC": "no"}
        return kept | own | more

    def run(self, *arguments: str, timeout: float = 120, limit: int | None = None, **more: str) -> "Done":
        program = [sys.executable, "-m", "marops", *arguments]
        if limit is not None:
            program = ["prlimit", f"--fsize={limit}", *program]
        done = subprocess.run(
            program, env=self.environment(**more), capture_output=True, text=True, timeout=timeout, check=False
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def up(self, **more: str) -> "Running":
        self.home.parent.mkdir(exist_ok=True)
        log = self.home.parent / f"{self.home.name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "marops", "up"],
                env=self.environment(**more),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Running(self, process, log)

    def healthy(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def postmaster(self) -> int | None:
        """The number of the server's process, if it lives."""
        found = read_postmaster(self.home.resolve() / "postgres")
        return found.pid if found and alive(found.pid) else None

    def sql(self, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with psycopg.connect(EmbeddedServer(self.home).dsn("postgres"), autocommit=True) as connection:
            done = connection.execute(query.encode(), params)
            return done.fetchall() if done.description else []


@dataclass(frozen=True)
class Done:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Running:
    """A running `marops up`."""

    place: Place
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def ready(self, seconds: float = 60.0) -> bool:
        return bool(
            until(lambda: "Marops is running at" in self.said or self.process.poll() is not None, seconds)
        ) and (self.process.poll() is None)

    def children(self) -> dict[str, int]:
        """The kept processes: role → number."""
        roles = {command.rpartition(" ")[2]: pid for pid, command in children(self.process.pid).items()}
        return {role: roles[role] for role in ("web", "run", "worker") if role in roles}

    def everything(self) -> set[int]:
        found = descendants(self.process.pid) | {self.process.pid}
        server = self.place.postmaster()
        return found | ({server} if server else set())

    def stop(self, number: int = signal.SIGINT, seconds: float = 40.0) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)
