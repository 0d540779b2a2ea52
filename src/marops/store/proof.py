"""The proof that an erasure erased: every place of the lake and the inbox that holds a value."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import psycopg
from psycopg import sql

from marops.store.duckdb import LAKE_SCHEMA


def find_value(pg_dsn: str, lake_path: Path, value: str) -> list[str]:
    """Every place of the lake and the inbox that holds `value` (an id or a text): the proof that an erasure erased.

    Looks into all files under the lake's folder, whether the catalogue names them or not, raw and decoded, and into
    all rows of all tables of the catalogue (inlined rows, column statistics) and of the inbox. Answers places as `file
    …` or `table …`; empty: it is gone.
    """
    needles = _spellings(value)
    places = [
        f"file {path.relative_to(lake_path)}"
        for path in sorted(lake_path.rglob("*"))
        if path.is_file() and _in_file(path, needles)
    ]
    with psycopg.connect(pg_dsn, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_schema = %s OR table_name = 'fact_inbox'",
            [LAKE_SCHEMA],
        ).fetchall()
        places += [
            f"table {schema}.{name}" for schema, name in sorted(tables) if _in_table(connection, schema, name, needles)
        ]
    return places


def _spellings(value: str) -> Mapping[str, bytes]:
    """The value as text and as PostgreSQL prints its bytes, each with the bytes to look for in a file."""
    spellings = {value: value.encode(), value.encode().hex(): value.encode()}
    try:
        number = UUID(value)
    except ValueError:
        return spellings
    return spellings | {number.hex: number.bytes}


def _in_file(path: Path, needles: Mapping[str, bytes]) -> bool:
    content = path.read_bytes()
    if any(needle in content for needle in needles.values()):
        return True
    if path.suffix != ".parquet":
        return False
    with duckdb.connect() as instance:
        names = [row[0] for row in instance.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()]
        found = " OR ".join(f'contains("{name}"::VARCHAR, $needle)' for name in names)
        query = f"SELECT count(*) FROM read_parquet($path) WHERE {found}"
        counts = (instance.execute(query, {"path": str(path), "needle": needle}).fetchone() for needle in needles)
        return any(row[0] for row in counts if row)


def _in_table(connection: psycopg.Connection[Any], schema: str, name: str, needles: Mapping[str, bytes]) -> bool:
    table = sql.Identifier(schema, name)
    query = sql.SQL("SELECT 1 FROM {} AS t WHERE strpos(t::text, ANY_NEEDLE) > 0 LIMIT 1").format(table)
    text = query.as_string(connection).replace("ANY_NEEDLE", "%s")
    return any(connection.execute(text.encode(), [needle]).fetchone() for needle in needles)
