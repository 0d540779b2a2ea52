"""What one request asks several times and gets the same answer to: the workspace, definitions in force, names.

Only between `remembered` and its end, which the web's middleware opens for a request; the engine and jobs ask anew. An
action forgets everything, since it may have changed any of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

T = TypeVar("T")

_kept: ContextVar[dict[Any, Any] | None] = ContextVar("marops_memo", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Ask each question once while this lasts."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def once(key: Any, ask: Callable[[], T]) -> T:
    """The answer of `ask`, remembered under `key` where remembering is on."""
    kept = _kept.get()
    if kept is None:
        return ask()
    if key not in kept:
        kept[key] = ask()
    return cast(T, kept[key])


def forget() -> None:
    """Ask everything anew from here on."""
    kept = _kept.get()
    if kept is not None:
        kept.clear()
