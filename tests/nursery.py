"""Processes of the program that are to be killed, or to work beside each other, without the second that a start takes.

One process per environment loads everything and waits; each that is wanted is forked from it before it has opened
anything. They are as real as others: they have a number, can be sent signals, and end as they end.
"""

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

_OPEN = "from tests import nursery; nursery.keep_open()"


def one_soon(points: Sequence[str], soon: str) -> list[Any]:
    """Points at which to kill, as parameters: one for every run, the others for the slow tests."""
    assert soon in points
    return [one if one == soon else pytest.param(one, marks=pytest.mark.slow) for one in points]


class Born:
    """A process of the nursery, asked like one of `subprocess`."""

    def __init__(self, out: int, status: int) -> None:
        self.stdout = os.fdopen(out)
        self._status = os.fdopen(status)
        self.pid = int(self._status.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("nursery", timeout or 0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        said = self.stdout.read()
        self.wait(timeout)
        return said, None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            self.returncode = int(self._status.readline())
        return self.returncode


def start(program: str, *arguments: str, **environment: str) -> Born:
    """Run these lines in a process of their own, in this environment and what is given beside it."""
    door = _nursery(tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("MAROPS_"))))
    asked = {"program": program, "arguments": arguments, "environment": dict(os.environ) | environment}
    (out, their_out), (status, their_status) = os.pipe(), os.pipe()
    socket.send_fds(door, [json.dumps(asked).encode()], [their_out, their_status, 2])
    os.close(their_out)
    os.close(their_status)
    return Born(out, status)


@cache
def _nursery(_environment: tuple[tuple[str, str], ...]) -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = dict(os.environ) | {"DJANGO_SETTINGS_MODULE": "marops.site.settings"}
    with theirs:
        subprocess.Popen(
            [sys.executable, "-c", _OPEN, str(theirs.fileno())], env=environment, pass_fds=[theirs.fileno()]
        )
    return ours


# --- Inside the nursery -----------------------------------------------------------------------------------------------


def keep_open() -> None:
    """Load everything, then fork whatever is asked for, until nobody can ask any more."""
    import django

    django.setup()
    from marops.engine import loop, worker  # noqa: F401  # what most of them use

    gc.freeze()  # what is forked shares this memory as long as it is not searched for rubbish
    door = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the keepers
    while True:
        message, files, _flags, _address = socket.recv_fds(door, 1 << 20, 3)
        if not message:
            return
        if os.fork() == 0:
            door.close()
            _keep(json.loads(message), *files)
        for file in files:
            os.close(file)


def _keep(asked: dict[str, Any], out: int, status: int, err: int) -> None:
    """Between nursery and process: tells its number, waits for it, and tells how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        os.close(status)
        os.dup2(out, 1)
        os.dup2(err, 2)
        _live(asked)
    os.close(out)
    os.write(status, f"{child}\n".encode())
    _pid, code = os.waitpid(child, 0)
    os.write(status, f"{os.waitstatus_to_exitcode(code)}\n".encode())
    os._exit(0)


def _live(asked: dict[str, Any]) -> None:
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv[1:] = asked["arguments"]
    code: Any = 1
    try:
        exec(compile(asked["program"], "<nursery>", "exec"), {"__name__": "__main__"})
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads, as the end of a program does
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 1)
