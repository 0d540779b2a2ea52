"""`marops up`: keeps PostgreSQL, web, engine and worker running, and ends them together.

The children die with the supervisor (PR_SET_PDEATHSIG); the database server does not, and is found again. There is one
supervisor to a workspace folder: it holds a lock that the operating system frees with it, and writes into the file who
it is.
"""

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from marops.kernel.clock import now
from marops.kernel.errors import MaropsError, problem
from marops.store.embedded import EmbeddedServer, ServerError
from marops.store.postgres.locks import FileLock
from marops.store.postgres.postmaster import read_postmaster

log = logging.getLogger("marops.supervisor")

_PR_SET_PDEATHSIG = 1
QUICK_DEATH = 10.0
LONGEST_PAUSE = 30.0
GOODBYE_SECONDS = 15.0
LOOK_SECONDS = 1.0
STARTING_SECONDS = 0.1

KEPT = "MAROPS_KEPT"
"""Stands in the environment of what a supervisor started: the number of its process."""
LOCK_FILE = "up.lock"

ALREADY_UP = problem(
    "already-up",
    "Marops already runs in this folder",
    status=409,
    remedy="Open its address, or stop it first (Ctrl-C where it runs). Every other command works beside it.",
)


def die_with_supervisor(parent: int | None = None, number: int = signal.SIGTERM) -> None:
    """In a kept process: ask the operating system to end it with `number` when its parent ends, however that happens.

    `parent` is who started it, the supervisor if nothing is said. Whose parent ended before it could ask ends at once.
    """
    if KEPT not in os.environ or sys.platform != "linux":
        return
    supervisor = parent or int(os.environ[KEPT])
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != supervisor:  # it died before we asked
        os._exit(1)


@contextmanager
def only_one(home: Path, address: str) -> Iterator[bool]:
    """Be the one supervisor of this folder for the block. Yields whether the last one left in good order.

    Raises MaropsError `already-up` with who runs, since when and where.
    """
    lock = FileLock(home / LOCK_FILE)
    try:
        if not lock.try_take():
            raise MaropsError(ALREADY_UP, _who(home))
        in_order = not os.pread(lock.fd, 1, 0)
        _write(lock, {"pid": os.getpid(), "since": f"{now():%Y-%m-%d %H:%M:%S} UTC", "address": address})
        yield in_order
        _write(lock, None)
    finally:
        lock.close()


def _write(lock: FileLock, content: dict[str, object] | None) -> None:
    os.ftruncate(lock.fd, 0)
    if content:
        os.pwrite(lock.fd, json.dumps(content).encode(), 0)


def _who(home: Path) -> str:
    try:
        told = json.loads((home / LOCK_FILE).read_text())
        return f"Process {told['pid']} has run it since {told['since']} at {told['address']}."
    except (OSError, ValueError, KeyError):
        return f"Another process runs it in {home}."


@dataclass
class Child:
    """One kept process: its role, its command, and how it fares."""

    role: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    not_before: float = 0.0

    def start(self) -> None:
        """Start it."""
        self.started = time.monotonic()
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which then ends all in order.
        self.process = subprocess.Popen(
            list(self.command), start_new_session=True, env=os.environ | {KEPT: str(os.getpid())}
        )

    def look(self, moment: float) -> None:
        """Start it again if it died, later each time it dies quickly."""
        if self.process is not None and self.process.poll() is not None:
            quick = moment - self.started < QUICK_DEATH
            self.deaths = self.deaths + 1 if quick else 1
            pause = min(LONGEST_PAUSE, 2.0 ** min(self.deaths - 1, 10)) if quick else 0.0
            log.warning("%s ended with %s; it starts again in %.0f s", self.role, self.process.returncode, pause)
            self.process, self.not_before = None, moment + pause
        if self.process is None and moment >= self.not_before:
            self.start()


@dataclass
class Supervisor:
    """Keeps its children, and the embedded server if there is one, until told to stop."""

    children: list[Child]
    server: EmbeddedServer | None = None
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, *, ready: Callable[[], bool] = lambda: True) -> None:
        """Start all and watch over them until `stop` is set; then end them, gently first.

        `ready` is asked again and again until it answers true.
        """
        pause = STARTING_SECONDS
        try:
            for child in self.children:
                child.start()
            while not self.stop.wait(pause):
                if pause == STARTING_SECONDS and ready():
                    pause = LOOK_SECONDS
                self._look_at_server()
                for child in self.children:
                    child.look(time.monotonic())
        finally:
            self.end()

    def _look_at_server(self) -> None:
        """Start PostgreSQL again if it died; web, engine and worker find it by themselves."""
        if self.server is None or _serves(self.server):
            return
        log.warning("PostgreSQL has ended; it starts again")
        try:
            self.server.start()
        except ServerError as error:
            log.error("%s", error)
            self.stop.wait(LOOK_SECONDS)

    def end(self) -> None:
        """SIGTERM to all, and SIGKILL to what is left after 15 s."""
        living = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in living:
            process.terminate()
        deadline = time.monotonic() + GOODBYE_SECONDS
        for process in living:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _serves(server: EmbeddedServer) -> bool:
    """Does its process live? Asked every second, so without a connection."""
    postmaster = read_postmaster(server.data)
    return postmaster is not None and postmaster.serves(server.data)


def kept_commands() -> list[Child]:
    """Web, engine and worker as commands of this very installation."""
    base = [sys.executable, "-m", "marops"]
    return [Child(role, [*base, role]) for role in ("web", "run", "worker")]
