"""Many rows at once into PostgreSQL: an Arrow table becomes a temporary table by one COPY."""

import io
from collections.abc import Sequence
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.csv as pacsv

_BLOCK_ROWS = 50_000


class Cursor(Protocol):
    """What is asked of a cursor: psycopg's, or Django's around it."""

    def execute(self, sql: Any, params: Any = None) -> Any: ...
    def copy(self, statement: Any) -> Any: ...


def sql_type(kind: pa.DataType) -> str:
    """The PostgreSQL type that holds an Arrow type without loss. Raises TypeError for nested types."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        return "text"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "bigint"
    if pa.types.is_floating(kind):
        return "double precision"
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    if pa.types.is_date(kind):
        return "date"
    raise TypeError(f"no PostgreSQL type for {kind}; cast it to text first")


def stage(
    cursor: Cursor, name: str, rows: pa.Table, *, types: dict[str, str] | None = None, known: Sequence[str] = ()
) -> None:
    """Make the temporary table `name` of `rows`; it goes with the transaction.

    `types` names the PostgreSQL type of columns that travel as text (uuid, jsonb, text[]). Statistics are made of the
    columns in `known`, by default of all: for documents they cost more than the join that they would help.
    """
    types = types or {}
    columns = ", ".join(f'"{field.name}" {types.get(field.name, sql_type(field.type))}' for field in rows.schema)
    cursor.execute(f'CREATE TEMPORARY TABLE "{name}" ({columns}) ON COMMIT DROP')
    copy_in(cursor, name, rows)
    columns = ", ".join(f'"{one}"' for one in known)
    cursor.execute(f'ANALYZE "{name}" ({columns})' if columns else f'ANALYZE "{name}"')


def copy_in(cursor: Cursor, table: str, rows: pa.Table) -> None:
    """Append `rows` to `table`, whose columns of the same names take them."""
    columns = ", ".join(f'"{name}"' for name in rows.column_names)
    # Arrow quotes every string and leaves nulls bare, which is how COPY tells '' from NULL.
    options = pacsv.WriteOptions(include_header=False)
    with cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN (FORMAT csv)') as copy:
        for start in range(0, rows.num_rows, _BLOCK_ROWS):
            block = io.BytesIO()
            pacsv.write_csv(rows.slice(start, _BLOCK_ROWS), block, options)
            copy.write(block.getbuffer())
