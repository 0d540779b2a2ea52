"""Keeps the query engine out of open transactions: it reads by its own connection and would not see their rows.

Apart from the engine, so that who opens transactions need not load DuckDB.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_forbidden: ContextVar[str | None] = ContextVar("marops_engine_forbidden", default=None)


@contextmanager
def forbid(why: str) -> Iterator[None]:
    """Make every query engine refuse in this context; `why` stands in the message (“the transaction of …”)."""
    token = _forbidden.set(why)
    try:
        yield
    finally:
        _forbidden.reset(token)


@contextmanager
def permit() -> Iterator[None]:
    """Lift `forbid` in this context, for the code that runs after the transaction but before its block has ended."""
    token = _forbidden.set(None)
    try:
        yield
    finally:
        _forbidden.reset(token)


def reason() -> str | None:
    """Why the query engine may not be asked in this context; None where it may."""
    return _forbidden.get()
