"""PostgreSQL away or full, told apart from faults of the work itself; and how faults are written down."""

import traceback

import psycopg
from django.db import DatabaseError, connection

from marops.kernel.errors import problem

DATABASE_FULL = problem(
    "database-full",
    "PostgreSQL has no room left on its disk",
    status=507,
    remedy="Free some space on it (1 GB is a good start), then go on. What was committed is kept.",
)
_NO_ROOM = "53100"


def origin(error: BaseException | None) -> psycopg.Error | None:
    """What PostgreSQL, or the way to it, said under this error; None where it had no part in it."""
    while error is not None:
        if isinstance(error, psycopg.Error):
            return error
        error = error.__cause__ or error.__context__
    return None


def connection_lost(error: BaseException) -> bool:
    """Did PostgreSQL go away under this error (restart, crash, broken line), so that nothing is wrong with the work?"""
    said = origin(error)
    if not isinstance(said, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return not said.sqlstate or said.sqlstate.startswith(("08", "57P"))


def no_room(error: BaseException) -> bool:
    """Was it the disk of the database that is full?"""
    said = origin(error)
    return said is not None and said.sqlstate == _NO_ROOM


def reachable() -> bool:
    """Does PostgreSQL answer? A broken connection is let go of, so that the next statement opens a new one."""
    try:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, psycopg.Error):
        return False
    return True


def places(error: BaseException) -> list[str]:
    """Where in the code it happened, innermost last. Messages of foreign errors may carry personal values."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{one.filename.rsplit('/', 1)[-1]}:{one.lineno} {one.name}" for one in frames][-8:]
