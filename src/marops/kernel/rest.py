"""What every REST router shares: bodies that refuse unknown keys, and lists with a cursor."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from ninja import Schema
from pydantic import BaseModel, ConfigDict

from marops.kernel.errors import INVALID, FieldError, MaropsError

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
PAGE_SIZE = 50
LONGEST_PAGE = 200


class Strict(Schema):
    """A body or a query: a key that is not known is refused, so that a typo is never silently ignored."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """An answer whose main fields are named; more may stand beside them, and may become named later."""

    model_config = ConfigDict(extra="allow")


class Page(Schema, Generic[T]):
    """One page of a list; `next` goes into `?after=` for the page behind it, null on the last."""

    items: list[T]
    next: str | None = None


class Paging(Strict):
    """The parameters of every list."""

    after: str | None = None
    limit: int = PAGE_SIZE


def answered_once(view: F) -> F:
    """An operation whose answer is kept nowhere, for it is somebody's own: sent again with its Idempotency-Key it is
    not done again, and answers empty.
    """
    view.__dict__["answered_once"] = True
    return view


def cursor(*values: Any) -> str:
    """The place in a list where these sort values stand, as text that means nothing to its reader."""
    return base64.urlsafe_b64encode(json.dumps(values, default=str).encode()).decode().rstrip("=")


def place(text: str) -> list[Any]:
    """The sort values that `cursor` wrote. Raises MaropsError `invalid` for what it did not write."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if isinstance(values, list):
            return values
    except (ValueError, binascii.Error, RecursionError):
        pass
    raise _no_place()


def _no_place() -> MaropsError:
    fault = FieldError("cursor", "This is not a place in this list.", "Take `next` of the page before.", field="after")
    return MaropsError(INVALID, errors=[fault])


_READERS: dict[type, Callable[[Any], Any]] = {
    int: lambda value: value if isinstance(value, int) and 0 <= value < 2**62 else _never(),
    str: lambda value: value if isinstance(value, str) and "\0" not in value else _never(),
    UUID: lambda value: UUID(str(value)),
    datetime: lambda value: datetime.fromisoformat(str(value)).astimezone(UTC),
}


def _never() -> Any:
    raise ValueError


def place_of(text: str, *kinds: type) -> list[Any]:
    """The sort values of a cursor, each of the type it must have: int, str, UUID or datetime.

    Raises MaropsError `invalid` for a cursor of another list, or of none.
    """
    values = place(text)
    if len(values) != len(kinds):
        raise _no_place()
    try:
        return [_READERS[kind](value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, TypeError, OverflowError):
        raise _no_place() from None


def page(rows: Iterable[Any], limit: int, *, at: Callable[[Any], tuple[Any, ...]], show: Callable[[Any], Any]) -> Any:
    """A list answer of up to `limit` rows; give it one row more than that, so that it knows whether more follow."""
    found = list(rows)
    last = found[limit - 1] if len(found) > limit else None
    return {"items": [show(row) for row in found[:limit]], "next": cursor(*at(last)) if last is not None else None}


def checked_limit(limit: int) -> int:
    """`limit`, from 1 to 200. Raises MaropsError `invalid`."""
    if not 1 <= limit <= LONGEST_PAGE:
        fault = FieldError("limit", f"A page has from 1 to {LONGEST_PAGE} items.", field="limit")
        raise MaropsError(INVALID, errors=[fault])
    return limit
