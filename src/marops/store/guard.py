"""Keeps the query engine out of open transactions: it reads by its own connection and would not see their rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_forbidden: ContextVar[str | None] = ContextVar("engine_forbidden", default=None)


class EngineForbidden(RuntimeError):
    """The query engine was asked inside a transaction."""


@contextmanager
def no_engine(reason: str) -> Iterator[None]:
    """While inside, the query engine refuses every question and says why."""
    token = _forbidden.set(reason)
    try:
        yield
    finally:
        _forbidden.reset(token)


def check() -> None:
    """Called by the engine before each statement. Raises EngineForbidden inside `no_engine`."""
    if reason := _forbidden.get():
        raise EngineForbidden(f"the query engine cannot see uncommitted rows; asked inside {reason}")
