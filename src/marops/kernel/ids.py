"""Identifiers: UUIDv7 made here, never by the database server (RFC 9562), and the numbers people call things by."""

import re
from datetime import datetime
from itertools import count
from secrets import randbits
from uuid import UUID

import uuid_utils
from django.db import connection

_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_STATEMENTS = count()


def new_id() -> UUID:
    """A new time-ordered id."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


NUMBERED = "(%s || lpad(to_hex(row_number() OVER ()), 12, '0'))::uuid"
"""SQL for ids made by the server in the order of a query's rows; its parameter is `number_from()`. PostgreSQL 15 makes
random ones only."""


def number_from() -> str:
    """What the ids of one statement begin with: the moment, and what tells it from other statements.

    The library counts within a millisecond in bits that are the rows' here, so statements are told apart by a count of
    their own, and those of other processes by chance.
    """
    statement = next(_STATEMENTS) & 0x3FFF
    return f"{new_id().hex[:12]}7{randbits(12):03x}{0x8000 | statement:04x}"


def earliest_id(moment: datetime) -> UUID:
    """No id that is made at `moment` or later is smaller than this one."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def as_uuid(text: str) -> UUID | None:
    """`text` as an id, or None where it is not one."""
    return UUID(text) if _UUID.fullmatch(text.strip()) else None


def next_number(sequence: str) -> int:
    """The next number of a sequence of PostgreSQL: what people call an object by (L-42, I-7)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(%s)", [sequence])
        return int(cursor.fetchone()[0])
