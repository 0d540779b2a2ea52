"""Named places where a test may kill the process, between any two durable effects."""

import os
import signal

_POINTS: set[str] = set()


def declare(*names: str) -> None:
    """Make crash points known, so that a test can walk all of a flow."""
    _POINTS.update(names)


def points(prefix: str = "") -> list[str]:
    """The declared points whose name starts with `prefix`."""
    return sorted(name for name in _POINTS if name.startswith(prefix))


def point(name: str) -> None:
    """Do nothing, unless MAROPS_CRASH names this point: then die at once, as by `kill -9`."""
    if os.environ.get("MAROPS_CRASH") == name:
        os.kill(os.getpid(), signal.SIGKILL)
