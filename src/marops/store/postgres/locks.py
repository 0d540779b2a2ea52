"""Locks on files: the kernel frees them when their holder dies, however it dies, so none is ever stale."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from marops.store.postgres.failures import ServerError, from_os_error

POLL_SECONDS = 0.02


class FileLock:
    """One holder of a lock on ``path``; the file stays, its content means nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise from_os_error(error, path.parent) from error

    def close(self) -> None:
        """Frees the lock, unless a process that was given the descriptor still holds it."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def share(self) -> None:
        """Waits until nobody holds the lock alone, and holds it together with others."""
        self._flock(fcntl.LOCK_SH)

    def take(self, seconds: float, on_wait: Callable[[], None] | None = None) -> bool:
        """Holds the lock alone; False if that did not succeed in time."""
        started = time.monotonic()
        while not self.try_take():
            waited = time.monotonic() - started
            if waited > seconds:
                return False
            if on_wait and waited > 1:
                on_wait()
                on_wait = None
            time.sleep(POLL_SECONDS)
        return True

    def try_take(self) -> bool:
        """Take the lock alone, without waiting; whether that worked."""
        return self._flock(fcntl.LOCK_EX | fcntl.LOCK_NB)

    def try_share(self) -> bool:
        """Take the lock together with others, without waiting; whether that worked."""
        return self._flock(fcntl.LOCK_SH | fcntl.LOCK_NB)

    def _flock(self, operation: int) -> bool:
        try:
            fcntl.flock(self.fd, operation)
        except BlockingIOError:
            return False
        except OSError as error:
            raise from_os_error(error, self.path.parent) from error
        return True


def held_alone(path: Path) -> bool:
    """Whether some process holds the lock alone. Asks with a shared lock, so two who ask do not mislead each other."""
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        return not lock.try_share()
    finally:
        lock.close()


def in_use(path: Path) -> bool:
    """Whether any process holds the lock, alone or with others."""
    lock = FileLock(path)
    try:
        return not lock.try_take()
    finally:
        lock.close()


@contextmanager
def held(path: Path, seconds: float, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Holds the lock alone for a ``with`` block."""
    lock = FileLock(path)
    try:
        if not lock.take(seconds, on_wait):
            raise ServerError(
                "server.busy",
                f"Another command has been starting or stopping the database for {seconds:.0f} seconds.",
                remedy="Wait for it or stop it, then try again.",
            )
        yield
    finally:
        lock.close()


def holders(path: Path) -> list[int]:
    """The processes that took the lock, as far as the kernel tells (empty where it does not)."""
    try:
        status = path.stat()
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    rows = [line.split() for line in lines if "->" not in line]
    return sorted({int(row[4]) for row in rows if row[1] == "FLOCK" and row[5] == place})
