"""`marops up`: keeps web, engine and worker running, and ends them together.

The children die with the supervisor (PR_SET_PDEATHSIG); the database server does not, and is found again.
"""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

log = logging.getLogger("marops.supervisor")

_PR_SET_PDEATHSIG = 1
QUICK_DEATH = 10.0
LONGEST_PAUSE = 30.0
GOODBYE_SECONDS = 15.0


KEPT = "MAROPS_KEPT"


def die_with_supervisor() -> None:
    """In a kept process: ask the operating system to end it when the supervisor ends, however that happens."""
    if KEPT not in os.environ or sys.platform != "linux":
        return
    supervisor = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:  # it died before we asked
        sys.exit(1)


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
        """Start it in its own session, so that Ctrl-C reaches the supervisor alone."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(list(self.command), start_new_session=True, env=os.environ | {KEPT: "1"})

    def look(self, moment: float) -> None:
        """Start it again if it died, later each time it dies quickly."""
        if self.process is not None and self.process.poll() is not None:
            quick = moment - self.started < QUICK_DEATH
            self.deaths = self.deaths + 1 if quick else 1
            pause = min(LONGEST_PAUSE, 2.0 ** (self.deaths - 1)) if quick else 0.0
            log.warning("%s ended with %s; it starts again in %.0f s", self.role, self.process.returncode, pause)
            self.process, self.not_before = None, moment + pause
        if self.process is None and moment >= self.not_before:
            self.start()


@dataclass
class Supervisor:
    """Keeps its children until told to stop."""

    children: list[Child]
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, *, ready: Callable[[], None] = lambda: None) -> None:
        """Start all and watch over them until `stop` is set; then end them, gently first."""
        try:
            for child in self.children:
                child.start()
            ready()
            while not self.stop.wait(0.5):
                for child in self.children:
                    child.look(time.monotonic())
        finally:
            self.end()

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


def kept_commands() -> list[Child]:
    """Web, engine and worker as commands of this very installation."""
    base = [sys.executable, "-m", "marops"]
    return [Child(role, [*base, role]) for role in ("web", "run", "worker")]
