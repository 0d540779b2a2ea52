"""Leases: who has a piece of work in hand, until when, and how nobody acts on work that was taken from them.

A row (a job, a tick) carries `lease_by` and `lease_until`. Its holder renews the lease from a thread of its own, so a
long step does not lose it; when the holder dies, the lease runs out, or is seen to be a dead process of this machine,
and somebody else takes over. A holder that was suspended meanwhile cannot commit any more: the gate `lease` looks at
the row inside the transaction of every action and locks it against a taking over until the commit.
"""

import itertools
import logging
import os
import secrets
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal
from uuid import UUID

from django.db import DatabaseError, connection, connections

from marops.kernel import gates
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError, problem

log = logging.getLogger("marops.leases")

LEASE = timedelta(seconds=60)
RENEW_SECONDS = 20.0

LOST = problem(
    "lease-lost",
    "Another process has taken this work over",
    status=409,
    remedy="Nothing to do: the other process goes on with it.",
)

_held: ContextVar["Lease | None"] = ContextVar("held_lease", default=None)
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Lease:
    """One row in hand: its table, its id, and the name under which it was taken."""

    table: Literal["job", "tick"]
    row: UUID
    by: str

    def lock(self) -> None:
        """Inside a transaction: keep the row from being taken over until the commit.

        Raises MaropsError `lease-lost` if that has happened. Stop requests and renewals are not held up.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT 1 FROM "{self.table}" WHERE id = %s AND lease_by = %s FOR KEY SHARE', [self.row, self.by]
            )
            if cursor.fetchone() is None:
                raise MaropsError(LOST)

    def renew(self) -> bool:
        """Make it last from now. False when somebody else has the row."""
        with connection.cursor() as cursor:
            cursor.execute(
                f'UPDATE "{self.table}" SET lease_until = %s'
                " WHERE id = %s AND lease_by = %s AND lease_until IS NOT NULL",
                [now() + LEASE, self.row, self.by],
            )
            return bool(cursor.rowcount)


@contextmanager
def held(lease: Lease) -> Iterator[Lease]:
    """Keep the lease up while the block runs, and bind every action in it to the lease."""
    token, done = _held.set(lease), threading.Event()
    keeper = threading.Thread(target=_keep_up, args=(lease, done), name=f"lease of {lease.table}", daemon=True)
    keeper.start()
    try:
        yield lease
    finally:
        done.set()
        keeper.join()
        _held.reset(token)


def _keep_up(lease: Lease, done: threading.Event) -> None:
    try:
        while not done.wait(RENEW_SECONDS):
            try:
                if not lease.renew():
                    return
            except DatabaseError as error:
                log.warning("a lease could not be renewed: %s", type(error).__name__)
                connection.close()
    finally:
        connections.close_all()


def _look(_: gates.Question) -> gates.Answer:
    if lease := _held.get():
        lease.lock()
    return gates.Answer(allowed=True)


gates.gate("lease", _look, effects=["*"])


# --- Names of holders -------------------------------------------------------------------------------------------------


def holder() -> str:
    """A new name for this process as a holder: where it runs, its number, and what tells it from its namesakes."""
    return f"{_place()}:{os.getpid()}:{_run(os.getpid())}.{next(_numbers)}"


def gone(name: str) -> bool:
    """Is this holder known to be dead: a process of this machine that no longer lives? Elsewhere, only time tells."""
    place, _, rest = name.partition(":")
    number, _, run = rest.partition(":")
    if place != _place() or not number.isdigit():
        return False
    if int(number) == os.getpid():
        return run.partition(".")[0] != _run(os.getpid())
    return not _lives(int(number))


def mine(name: str) -> bool:
    """Is this holder the present process?"""
    return name.startswith(f"{_place()}:{os.getpid()}:{_run(os.getpid())}.")


@cache
def _run(_pid: int) -> str:
    """What tells this process from an earlier one of the same number; a fork gets its own."""
    return secrets.token_hex(4)


@cache
def _place() -> str:
    """The machine, its boot and the space of process numbers: containers may share a name."""
    parts = [socket.gethostname()]
    if sys.platform == "linux":
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    return f"{parts[0].replace(':', '-')}/{sha256(''.join(parts).encode()).hexdigest()[:8]}"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
