"""The proof that an erasure erased: every place that may hold a value is searched before and after, and told by name.

What comes of it holds places and counts, never a value that was searched for.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from django.db import connection
from psycopg import sql

from marops.kernel import personal
from marops.kernel.config import config
from marops.store.address import dsn
from marops.store.duckdb import LAKE_SCHEMA
from marops.store.proof import find_value
from marops.store.searching import holds

log = logging.getLogger("marops.proof")

MOST_PEOPLE: Final = 25
"""Of a larger erasure, so many are searched for: each place is read once for every one of their values."""
AGGREGATES: Final = ("metric_reading", "quality_day")
"""Tables of sums, in which nobody is named: they have to stay as they were."""


@dataclass
class Search:
    """What one pass over all places found: place → rows or files that hold a value; and the sums as they are."""

    places: dict[str, int] = field(default_factory=dict)
    looked: int = 0
    sums: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def found(self) -> dict[str, int]:
        """The places with something in them."""
        return {name: number for name, number in self.places.items() if number}


def alone(values: Sequence[str], ids: Sequence[UUID]) -> list[str]:
    """Those of the values that stand in nobody else's name or address: to find a namesake would prove nothing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v FROM unnest(%s::text[]) v WHERE NOT EXISTS (SELECT FROM contact c WHERE NOT c.id = ANY(%s)"
            " AND (strpos(c.search_text, lower(v)) > 0 OR strpos(lower(c.full_name), lower(v)) > 0)) ORDER BY v",
            [list(values), list(ids)],
        )
        return [value for (value,) in cursor.fetchall()]


def others_with(values: Sequence[str]) -> list[str]:
    """The references of people in whose own rows such a value stands: a remark about somebody else, to be looked at."""
    patterns = [f"%{_escaped(one.lower())}%" for one in personal.spellings(values)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM contact c WHERE lower(c::text) LIKE ANY (%s) ORDER BY number LIMIT 20", [patterns]
        )
        return [f"L-{number}" for (number,) in cursor.fetchall()]


def search(values: Sequence[str], ids: Sequence[UUID] = ()) -> Search:
    """Look for these values in the whole database, its statistics, the lake, files, logs and folders.

    `ids` are looked for in the lake alone: elsewhere the id of an erased person stays, and tells nobody who it was.
    """
    settings = config()
    found = Search()
    forms = personal.spellings(values)
    with psycopg.connect(dsn(settings.home, settings.database_url, role="marops_owner"), autocommit=True) as owner:
        if forms:
            _in_database(owner, forms, found)
        found.sums = {name: _rows(owner, name) for name in AGGREGATES}
    _in_lake(forms, ids, found)
    _in_folders(forms, found)
    return found


def _in_database(owner: "psycopg.Connection[Any]", forms: Sequence[str], found: Search) -> None:
    patterns = _in_tables(owner, forms, found, "table_schema NOT IN ('pg_catalog', 'information_schema')")
    stats = sql.SQL("SELECT count(*) FROM pg_stats s WHERE lower(s::text) LIKE ANY (%s)")
    found.places["statistics of the database"] = _one(owner, stats, patterns)
    found.looked += 1


def _in_tables(reader: "psycopg.Connection[Any]", forms: Sequence[str], found: Search, which: str) -> list[str]:
    """Search every table this role may read of which `which` holds; answers the patterns that were looked for."""
    tables = reader.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
        f" AND {which} ORDER BY 1, 2".encode()
    ).fetchall()
    patterns = [f"%{_escaped(one.lower())}%" for one in forms]
    for schema, name in tables:
        told = sql.SQL("SELECT count(*) FROM {} t WHERE lower(t::text) LIKE ANY (%s)").format(
            sql.Identifier(schema, name)
        )
        found.places[f"table {name}" if schema == "public" else f"table {schema}.{name}"] = _one(reader, told, patterns)
    found.looked += len(tables)
    return patterns


def _one(owner: "psycopg.Connection[Any]", query: sql.SQL | sql.Composed, patterns: Sequence[str]) -> int:
    row = owner.execute(query, [list(patterns)]).fetchone()
    return int(row[0]) if row else 0


def _rows(owner: "psycopg.Connection[Any]", table: str) -> frozenset[str]:
    told = sql.SQL("SELECT md5(t::text) FROM {} t").format(sql.Identifier(table))
    return frozenset(digest for (digest,) in owner.execute(told).fetchall())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _in_lake(forms: Sequence[str], ids: Sequence[UUID], found: Search) -> None:
    settings = config()
    lake = Path(settings.lake)
    address = dsn(settings.home, settings.database_url, role="marops_app")
    if forms:  # the catalogue is another role's, with what was appended and is in no file yet
        with psycopg.connect(address, autocommit=True) as reader:
            _in_tables(reader, forms, found, f"table_schema = '{LAKE_SCHEMA}'")
    if not lake.is_dir():
        return  # an object store, whose files hold ids and codes alone
    files = [one for one in lake.rglob("*") if one.is_file()]
    by_id = {place for one in ids for place in find_value(address, lake, str(one))}
    found.places["files of the lake"] = sum(_holds(one, forms) for one in files)
    found.places["files of the lake, by id"] = sum(place.startswith("file ") for place in by_id)
    found.places["catalogue of the lake, by id"] = sum(place.startswith("table ") for place in by_id)
    found.looked += 3


def _in_folders(forms: Sequence[str], found: Search) -> None:
    """Every file of the workspace outside of the database, the lake, which were read, and backups, which are told."""
    home = config().home
    # Locks and the secret hold no text of people; who may not read them need not.
    kinds = {"files": "uploads, exports and refused rows", "logs": "logs", "tmp": "what questions spilled"}
    for name in (one.name for one in personal.FOLDERS):
        if name in ("postgres", "lake", "backups"):
            continue
        place = home / name
        paths = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
        if paths or name in kinds:
            hits = sum(_holds(path, forms) for path in paths)
            found.places[kinds.get(name, f"file {name}")] = hits
            found.looked += 1


def _holds(path: Path, forms: Sequence[str]) -> bool:
    try:
        return bool(forms) and holds(path, forms)
    except FileNotFoundError:  # spilled and gone again, or rewritten by the lake's tidying: nothing can be in it
        return False
    except OSError:
        log.warning("a file could not be read for a proof: %s", type(path).__name__)
        return True


def backups_told() -> dict[str, Any]:
    """What becomes of the backups: they are whole copies and are not changed."""
    settings = config()
    folder = settings.backups
    number = len([one for one in folder.iterdir() if not one.name.startswith(".")]) if folder.is_dir() else 0
    keep = settings.backup_keep
    return {
        "there": number,
        "kept": f"the newest {keep} are kept" if keep else "they are kept until somebody deletes them",
        "says": "Backups made before the erasure still hold the person; a restore reads the log of erasures and erases"
        " again before anybody can look.",
    }


def report(
    before: Search | None, after: Search, *, people: int, searched: int, values: int, shared: int, hashes: int,
    others: Sequence[str]
) -> dict[str, Any]:  # fmt: skip
    """The proof as a document: where something was, where something is, and what else the law wants told."""
    sums = {
        name: {"rows": len(rows), "gone": len((before.sums.get(name, frozenset()) if before else rows) - rows)}
        for name, rows in after.sums.items()
    }
    return {
        "people": people, "searched_for": searched, "values": values, "shared": shared, "places": after.looked,
        "before": before.found if before else None, "after": after.found, "others": list(others),
        "looked": sorted(after.places), "suppressed": hashes, "sums": sums, "backups": backups_told(),
    }  # fmt: skip
