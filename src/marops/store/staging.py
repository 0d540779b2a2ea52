"""A private DuckDB on a file of its own, where rows of a file wait, cleaned and compared, before they are written.

It shares nothing with the query engine: no PostgreSQL, no lake, no extension; it goes when it is closed.
"""

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import pyarrow as pa

Value = Any


class StagingFull(Exception):
    """The disk or the memory given to staging was not enough."""


class StagingRefused(Exception):
    """A value that an expression cannot take."""


class Staging:
    """A scratch database. `memory` bounds what DuckDB holds; the rest goes to its folder under `folder`."""

    def __init__(self, folder: Path, *, memory: str = "500MB", threads: int = 2) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._home = Path(tempfile.mkdtemp(prefix="staging-", dir=folder))
        self._database = duckdb.connect(
            str(self._home / "rows.duckdb"),
            config={
                "threads": threads,
                "memory_limit": memory,
                "temp_directory": str(self._home / "spill"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "preserve_insertion_order": False,
                "checkpoint_threshold": "1GB",
            },
        )

        # It goes when it is closed: nothing of it has to be put in order for a next time.
        self._database.execute("PRAGMA disable_checkpoint_on_shutdown")

    def execute(self, sql: str, params: Sequence[Value] | Mapping[str, Value] | None = None) -> None:
        """Run a statement for its effect."""
        self._run(sql, params)

    def rows(self, sql: str, params: Sequence[Value] | Mapping[str, Value] | None = None) -> list[tuple[Any, ...]]:
        """The rows a query answers."""
        return self._run(sql, params).fetchall()

    def value(self, sql: str, params: Sequence[Value] | Mapping[str, Value] | None = None) -> Any:
        """The one value a query answers, None where it answers no row."""
        found = self._run(sql, params).fetchone()
        return found[0] if found else None

    def arrow(self, sql: str, params: Sequence[Value] | Mapping[str, Value] | None = None) -> pa.Table:
        """What a query answers, as an Arrow table."""
        found = self._run(sql, params).arrow()
        return found.read_all() if isinstance(found, pa.RecordBatchReader) else found

    def append(self, table: str, rows: pa.Table, what: str = "*") -> None:
        """Add `rows`, or `what` is made of them, to `table`, making it of their columns where it is missing.

        Raises StagingRefused for a value of which that cannot be made.
        """
        self._database.register("_incoming", rows)
        try:
            if self.has(table):
                self._run(f'INSERT INTO "{table}" BY NAME SELECT {what} FROM _incoming', None)
            else:
                self._run(f'CREATE TABLE "{table}" AS SELECT {what} FROM _incoming', None)
        finally:
            self._database.unregister("_incoming")

    def has(self, table: str) -> bool:
        """Is there a table of this name?"""
        return bool(self._run("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [table]).fetchall()[0][0])

    def _run(self, sql: str, params: Any) -> duckdb.DuckDBPyConnection:
        try:
            return self._database.execute(sql, params) if params is not None else self._database.execute(sql)
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise StagingFull(str(error).splitlines()[0]) from error
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            raise StagingRefused(str(error).splitlines()[0]) from error

    def close(self) -> None:
        """Close it and remove its files."""
        self._database.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def sweep(folder: Path, *, older_than: float) -> int:
    """Remove folders that a killed process left and nobody touched since `older_than` (seconds of the epoch)."""
    gone = 0
    for path in folder.glob("staging-*"):
        if path.is_dir() and max((one.stat().st_mtime for one in path.rglob("*")), default=0) < older_than:
            shutil.rmtree(path, ignore_errors=True)
            gone += 1
    return gone
