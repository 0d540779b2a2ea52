"""The register of every place that may hold a value of a person, and how an erasure reaches it.

Three kinds of places: rows that belong to a contact (their tables fill the port `erase`), free text anywhere else
(registered here as a `Place` and searched for the person's own values), and folders of the workspace (`FOLDERS`). A
test compares the register with the schema and with a workspace; the proof that an erasure erases walks it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from django.db import connection

How = Literal["row", "blank", "item", "key", "tell"]
SHORTEST: Final = 5
LOG_NAME: Final = "erasures.log"


@dataclass(frozen=True, slots=True)
class Place:
    """A column of free text. `how` says what becomes of a text with a person's value in it: the row goes, the text
    goes, the item of the list or the key of the object goes, or a person is told, because it must not be changed.
    """

    table: str
    column: str
    how: How
    says: str
    key: str = "id"


@dataclass(frozen=True, slots=True)
class Folder:
    """A file or folder of the workspace, and how an erasure reaches it."""

    name: str
    says: str


FOLDERS: Final = (
    Folder("postgres", "the database; rows are deleted, and their bytes are overwritten in the course of its use"),
    Folder("lake", "facts, with ids and codes alone; those of erased people are cut out of every file"),
    Folder("files", "uploads and refused rows, kept for 30 days; those that hold a value of the person are deleted"),
    Folder("logs", "ids and counts alone"),
    Folder("tmp", "what large questions spill; emptied with the process that asked"),
    Folder("backups", "whole copies, kept for as many days as the setting says; a restore erases again"),
    Folder(LOG_NAME, "ids of erased people and keyed hashes"),
    Folder("restoring", "a workspace in the making; gone when the restore is done"),
    Folder("marops.toml", "settings"),
    Folder("postgres.conf", "settings"),
    Folder("secret.key", "the secret of this installation"),
    Folder("up.lock", "who runs it"),
    Folder("restore.json", "how far a restore is"),
    Folder("restore.lock", "who restores"),
    Folder("postgres.lock", "who starts the database"),
    Folder("postgres.users", "who uses the database"),
    Folder("postgres.alive", "held by the database"),
)

_PLACES: dict[tuple[str, str], Place] = {}


def place(table: str, column: str, how: How, says: str, *, key: str = "id") -> None:
    """Register a column of free text that may hold a person's value."""
    if (table, column) in _PLACES:
        raise ValueError(f"{table}.{column} is registered twice")
    _PLACES[table, column] = Place(table, column, how, says, key)


def places() -> list[Place]:
    """All registered columns, in a fixed order."""
    return [_PLACES[name] for name in sorted(_PLACES)]


@dataclass
class Forgotten:
    """What searching the register came to: rows changed, and places in words that a person has to look at."""

    rows: int = 0
    told: list[str] = field(default_factory=list)


def spellings(values: Iterable[str]) -> list[str]:
    """The values that can be searched for, in the cases in which they may stand. Short ones would hit strangers."""
    kept = {value.strip() for value in values if value and len(value.strip()) >= SHORTEST}
    return sorted({form for value in kept for form in (value, value.lower(), value.upper())})


def forget(values: Sequence[str]) -> Forgotten:
    """Inside an action: take these values out of every registered place."""
    found = Forgotten()
    patterns = [f"%{_escaped(value)}%" for value in spellings(values)]
    if patterns:
        for one in places():
            _forget_in(one, patterns, found)
    return found


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


_CHANGES = {
    "row": "DELETE FROM {t} WHERE {hit}",
    "blank": "UPDATE {t} SET {c} = '' WHERE {hit}",
    "item": "UPDATE {t} SET {c} = (SELECT coalesce(jsonb_agg(item), '[]') FROM jsonb_array_elements({c}) item"
    " WHERE NOT (lower(item::text) LIKE ANY(%(p)s) OR item::text LIKE ANY(%(p)s))) WHERE {hit}",
    "key": "UPDATE {t} SET {c} = (SELECT coalesce(jsonb_object_agg(part.key, part.value), '{{}}') FROM jsonb_each({c})"
    " part WHERE NOT (lower(part.value::text) LIKE ANY(%(p)s) OR part.value::text LIKE ANY(%(p)s))) WHERE {hit}",
}  # fmt: skip


def _forget_in(one: Place, patterns: list[str], found: Forgotten) -> None:
    names = {"t": f'"{one.table}"', "c": f'"{one.column}"'}
    names["hit"] = "(lower({c}::text) LIKE ANY(%(p)s) OR {c}::text LIKE ANY(%(p)s))".format(**names)
    with connection.cursor() as cursor:
        if one.how == "tell":
            cursor.execute(f'SELECT "{one.key}"::text FROM {names["t"]} WHERE {names["hit"]} LIMIT 20', {"p": patterns})
            found.told += [f"{one.says} {key}" for (key,) in cursor.fetchall()]
            return
        cursor.execute(_CHANGES[one.how].format(**names), {"p": patterns})
        found.rows += cursor.rowcount
