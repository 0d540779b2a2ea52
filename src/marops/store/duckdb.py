"""The query engine: DuckDB inside this process, reading PostgreSQL live and the lake, with nothing copied in between.

    engine = QueryEngine.open(dsn, home / "lake", mode="web", temp_dir=home / "tmp")
    engine.rows("SELECT kind, count(*) AS n FROM facts WHERE occurred_at >= ? GROUP BY kind", [since])
    with engine.cursor() as cursor:  # several statements on one moment; temporary tables end with the block
        cursor.execute("CREATE TEMP TABLE met AS SELECT contact_id FROM facts WHERE kind = 'form.submitted'")
        table = cursor.arrow("SELECT DISTINCT contact_id FROM met")

A process opens one engine and shares it among its threads; every call works on a cursor of its own. What a statement
sees: `pg` (the PostgreSQL database, read-only), `lake` (read-only: the one writer is `marops.store.lake`), and the
relations of `marops.store.facts`.

Limits by mode: *web* 1 GB, 10 s a statement, two queries at a time, SELECT only, and DuckDB itself closed to files,
further databases and settings; *engine* 4 GB, 5 min a statement. A statement that takes longer is interrupted
(`QueryTimeout`). When PostgreSQL was restarted, or maintenance removed a file that an old snapshot named, the engine
opens a new instance; a single call (`rows`, `arrow`, `execute`) is then repeated once by itself, a `cursor()` block
ends with `QueryError` because only its author knows how to repeat it.

Actions never ask the engine inside their transaction, whose rows it could not see: inside `forbid("…")` every call
raises `QueryForbidden`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, TypeVar
from uuid import UUID

import duckdb
import pyarrow as pa
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from marops.store.facts import RELATIONS
from marops.store.guard import reason

LAKE_SCHEMA: Final = "lake"
"""Schema of the PostgreSQL database that holds the lake's catalogue."""

EXTENSIONS: Final = ("postgres_scanner", "ducklake")

T = TypeVar("T")
Mode = Literal["web", "engine"]
Parameters = Sequence[object] | Mapping[str, object] | None


class QueryError(Exception):
    """A question that could not be answered: what happened and what to do, both fit to be shown."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(f"{what} {remedy}".strip())
        self.what = what
        self.remedy = remedy


class QueryTimeout(QueryError):
    """The statement took longer than its mode permits and was interrupted."""


class QueryBusy(QueryError):
    """All places for queries in this process stayed taken for as long as a statement may take."""


class QueryForbidden(QueryError):
    """The engine was asked inside a transaction that it could not see."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may use: DuckDB's memory, threads of a query, seconds of a statement, queries at a time (0: any
    number).
    """

    memory: str
    seconds: float
    queries: int
    threads: int = 2


LIMITS: Final[Mapping[Mode, Limits]] = {
    "web": Limits(memory="1GB", seconds=10, queries=2),
    "engine": Limits(memory="4GB", seconds=300, queries=0),
}

# --- opening ---


def quoted(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def extension_file(name: str) -> Path | None:
    """Where the wheel of a DuckDB extension put it; None when the wheel is not installed or is of another DuckDB
    version.
    """
    try:
        package = import_module(f"duckdb_extension_{name}")
    except ModuleNotFoundError:
        return None
    found = Path(package.__path__[0]) / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    return found if found.is_file() else None


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    """Load what attaching PostgreSQL and the lake needs: from the wheels, else from DuckDB's own repository (needs the
    network once).
    """
    for name in EXTENSIONS:
        file = extension_file(name)
        try:
            connection.execute(f"LOAD {quoted(str(file))}" if file else f"INSTALL {name}; LOAD {name}")
        except duckdb.Error as error:
            raise QueryError(
                f"The DuckDB extension {name} could not be loaded: {error}.",
                f"Install the package duckdb-extension-{name.replace('_', '-')} in version {duckdb.__version__}.",
            ) from error


def without_secrets(text: object) -> str:
    """An error's text without the password of the connection string that it may quote."""
    return re.sub(r"(password\s*=\s*)('[^']*'|\S+)|(://[^:@/\s]*:)[^@\s]*(?=@)", r"\1\3***", str(text))


def connect(
    pg_dsn: str, lake_path: Path, *, temp_dir: Path, limits: Limits, write_lake: bool
) -> duckdb.DuckDBPyConnection:
    """A new DuckDB instance with `pg` (read-only) and `lake` attached. The lake's folder is the one named here,
    wherever it once was.
    """
    temp_dir.mkdir(parents=True, exist_ok=True)
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": limits.threads,
        "memory_limit": limits.memory,
        "temp_directory": str(temp_dir),
        # Files of the wheels came as DuckDB itself did; to hash 70 MB at each start would prove nothing more of them.
        "allow_unsigned_extensions": all(map(extension_file, EXTENSIONS)),
    }
    connection = duckdb.connect(":memory:", config=config)
    try:
        load_extensions(connection)
        connection.execute("SET GLOBAL allow_unsigned_extensions = false")  # nothing turns it on again
        # GLOBAL: what is set for this connection alone, its cursors do not know.
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute("SET GLOBAL pg_staleness_query_enabled = true")  # columns that a migration adds are seen
        pg_dsn = _with_timeout(pg_dsn, limits.seconds)
        connection.execute(f"ATTACH {quoted(pg_dsn)} AS pg (TYPE postgres, READ_ONLY)")
        options = f"DATA_PATH {quoted(f'{lake_path}/')}, OVERRIDE_DATA_PATH true, METADATA_SCHEMA {quoted(LAKE_SCHEMA)}"
        options += "" if write_lake else ", READ_ONLY, CREATE_IF_NOT_EXISTS false"
        connection.execute(f"ATTACH {quoted(f'ducklake:postgres:{pg_dsn}')} AS lake ({options})")
    except duckdb.Error as error:
        connection.close()
        raise _not_opened(error) from error
    return connection


def _with_timeout(pg_dsn: str, seconds: float) -> str:
    """PostgreSQL ends a statement by itself: DuckDB cannot interrupt one that waits there."""
    given = conninfo_to_dict(pg_dsn).get("options")
    timeout = f"-c statement_timeout={max(1, int(seconds * 1000))}"
    return make_conninfo(pg_dsn, options=" ".join(str(part) for part in (given, timeout) if part))


def _not_opened(error: duckdb.Error) -> QueryError:
    text = without_secrets(error)
    if "does not exist" in text and "ducklake" in text.lower():
        return QueryError(
            "The lake has not been made yet.", "Start the engine once (marops run --once): it makes the lake."
        )
    return QueryError(
        f"The query engine could not open the database: {text}.", "See whether PostgreSQL runs (marops doctor)."
    )


def _lock_down(connection: duckdb.DuckDBPyConnection, lake_path: Path) -> None:
    """Close the instance to everything but the databases that are attached; nothing opens it again."""
    connection.execute(f"SET allowed_directories = [{quoted(f'{lake_path}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


# --- asking ---


class Cursor:
    """One thread's place in the engine: its statements see one moment, and its temporary tables end with it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, select_only: bool, seconds: float) -> None:
        self._connection = connection
        self._select_only = select_only
        self._seconds = seconds

    def execute(self, sql: str, params: Parameters = None) -> None:
        """Run one statement for its effect (a temporary table)."""
        self._run(sql, params)

    def arrow(self, sql: str, params: Parameters = None) -> pa.Table:
        """The answer as an Arrow table; ids and JSON arrive as text, times with their zone."""
        return self._run(sql, params)[0]

    def rows(self, sql: str, params: Parameters = None) -> list[dict[str, Any]]:
        """The answer row by row, with Python's types: UUID, Decimal, aware datetime in UTC, JSON parsed."""
        table, types = self._run(sql, params)
        return [_as_python(row, types) for row in table.to_pylist()]

    def keep(self, name: str, sql: str) -> None:
        """Keep the answer of one SELECT as a table of this block, in memory, for its further statements.

        Open to every mode: what it keeps is what the reader may read.
        """
        _one_select(sql)
        self._watched(f"CREATE TEMP TABLE {_plain(name)} AS {sql}", None)

    def register(self, name: str, table: pa.Table) -> None:
        """Let statements of this block read an Arrow table under a name."""
        self._connection.register(name, table)

    def begin(self) -> None:
        """Fix what the block sees, the lake's moment first: `facts` is exact only if the inbox is read at the same
        moment or later.
        """
        try:
            self._connection.execute("BEGIN")
            self._connection.execute("SELECT * FROM lake.current_snapshot()").fetchall()
        except duckdb.Error as error:
            raise _told(error) from error

    def _run(self, sql: str, params: Parameters) -> tuple[pa.Table, dict[str, str]]:
        if self._select_only:
            _one_select(sql)
        return self._watched(sql, params)

    def _watched(self, sql: str, params: Parameters) -> tuple[pa.Table, dict[str, str]]:
        with _watchdog(self._connection, self._seconds) as overdue:
            try:
                done = self._connection.execute(sql, params)
                types = {str(column[0]): str(column[1]) for column in done.description or ()}
                return done.to_arrow_table(), types
            except duckdb.InterruptException as error:
                if not overdue.is_set():
                    raise _told(error) from error
                raise _too_long(self._seconds) from error
            except duckdb.Error as error:
                raise _told(error) from error


def _too_long(seconds: float) -> QueryTimeout:
    return QueryTimeout(
        f"The question took longer than {seconds:g} s and was stopped.", "Ask for a shorter period or run it as a job."
    )


@contextmanager
def _watchdog(connection: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[threading.Event]:
    overdue = threading.Event()

    def bite() -> None:
        overdue.set()
        connection.interrupt()

    timer = threading.Timer(seconds, bite)
    timer.daemon = True
    timer.start()
    try:
        yield overdue
    finally:
        timer.cancel()


def _plain(name: str) -> str:
    if not re.fullmatch("[a-z][a-z_]*", name):
        raise ValueError(f"{name!r} is not a plain name")
    return name


def _one_select(sql: str) -> None:
    """Refuse what is not exactly one SELECT before DuckDB sees it: the lake's folder is the one place where it could
    still write a file.
    """
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(f"The statement could not be read: {error}.") from error
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise QueryError("Only a single SELECT is answered here.", "Run anything else as a job.")


def _as_python(row: dict[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    return {name: _value(value, types.get(name, "")) for name, value in row.items()}


def _value(value: Any, duck_type: str) -> Any:
    if value is None:
        return None
    if duck_type == "UUID":
        return UUID(value)
    if duck_type == "UUID[]":
        return [item and UUID(item) for item in value]
    if duck_type == "JSON":
        return json.loads(value)
    return value.astimezone(UTC) if duck_type == "TIMESTAMP WITH TIME ZONE" else value


class QueryEngine:
    """One DuckDB instance for the threads of this process; opens a new one when the old one lost its ground."""

    def __init__(self, pg_dsn: str, lake_path: Path, *, mode: Mode, temp_dir: Path, limits: Limits) -> None:
        self._dsn = pg_dsn
        self._lake_path = lake_path
        self._mode = mode
        self._temp_dir = temp_dir
        self.limits = limits
        self._places = threading.BoundedSemaphore(limits.queries) if limits.queries else None
        self._inside = threading.local()
        self._opening = threading.Lock()
        self._instance: duckdb.DuckDBPyConnection | None = None

    @classmethod
    def open(
        cls, pg_dsn: str, lake_path: Path, *, mode: Mode, temp_dir: Path, limits: Limits | None = None
    ) -> QueryEngine:
        """Open the engine of this process.

        `pg_dsn` is any libpq connection string; in web mode that of `marops_read`. `lake_path` is the folder of the
        lake's Parquet files. Raises QueryError when PostgreSQL cannot be reached or the lake was never made
        (`marops.store.lake.ensure_lake`).
        """
        engine = cls(pg_dsn, Path(lake_path), mode=mode, temp_dir=Path(temp_dir), limits=limits or LIMITS[mode])
        engine._current()
        return engine

    def close(self) -> None:
        """Let go of the instance and its connections to PostgreSQL; the next question would open a new one."""
        with self._opening:
            instance, self._instance = self._instance, None
        if instance is not None:
            instance.close()

    def rows(self, sql: str, params: Parameters = None) -> list[dict[str, Any]]:
        """One question, row by row (see `Cursor.rows`)."""
        return self._once(lambda cursor: cursor.rows(sql, params))

    def arrow(self, sql: str, params: Parameters = None) -> pa.Table:
        """One question as an Arrow table (see `Cursor.arrow`)."""
        return self._once(lambda cursor: cursor.arrow(sql, params))

    def execute(self, sql: str, params: Parameters = None) -> None:
        """One statement for its effect."""
        self._once(lambda cursor: cursor.execute(sql, params))

    @contextmanager
    def cursor(self, *, seconds: float | None = None) -> Iterator[Cursor]:
        """A block of statements that see one moment; `seconds` shortens what each may take."""
        self._refuse_if_forbidden()
        with self._place():
            instance = self._current()
            try:
                with self._transaction(instance, min(seconds or self.limits.seconds, self.limits.seconds)) as cursor:
                    yield cursor
            except QueryError as error:
                if _lost_ground(error.__cause__):
                    self._discard(instance)
                raise

    def _once(self, ask: Callable[[Cursor], T]) -> T:
        for _ in range(2):
            try:
                with self.cursor() as cursor:
                    return ask(cursor)
            except QueryError as error:
                last = error
                if not _lost_ground(error.__cause__):
                    raise
        raise last

    @contextmanager
    def _transaction(self, instance: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[Cursor]:
        connection = instance.cursor()
        try:
            cursor = Cursor(connection, select_only=self._mode == "web", seconds=seconds)
            cursor.begin()
            yield cursor
        finally:
            connection.close()

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Wait for one of the places; a block inside a block of the same thread shares its place, or two such threads
        would wait for ever.
        """
        if self._places is None or getattr(self._inside, "place", False):
            yield
            return
        if not self._places.acquire(timeout=self.limits.seconds):
            raise QueryBusy("Too many questions are being answered at the moment.", "Try again in a few seconds.")
        self._inside.place = True
        try:
            yield
        finally:
            self._inside.place = False
            self._places.release()

    def _current(self) -> duckdb.DuckDBPyConnection:
        with self._opening:
            if self._instance is None:
                self._instance = self._new_instance()
            return self._instance

    def _new_instance(self) -> duckdb.DuckDBPyConnection:
        instance = connect(self._dsn, self._lake_path, temp_dir=self._temp_dir, limits=self.limits, write_lake=False)
        instance.execute("SET GLOBAL parquet_metadata_cache = true")
        for relation in RELATIONS:
            instance.execute(relation)
        if self._mode == "web":
            _lock_down(instance, self._lake_path)
        return instance

    def _discard(self, instance: duckdb.DuckDBPyConnection) -> None:
        """Forget an instance; cursors of other threads keep it alive until they end."""
        with self._opening:
            if self._instance is instance:
                self._instance = None

    @staticmethod
    def _refuse_if_forbidden() -> None:
        why = reason()
        if why is not None:
            raise QueryForbidden(
                f"The query engine was asked inside {why}, whose rows it cannot see.", "Ask it before or after."
            )


# What DuckDB says when PostgreSQL went away, or when maintenance removed what an older snapshot named: nothing in the
# statement is wrong.
_LOST: Final = re.compile(
    r"server closed the connection|terminating connection|no connection to the server|[Uu]nable to connect"
    r"|could not connect|connection .*(refused|failed|lost|reset)|SSL connection has been closed|the database system is"
    r"|ducklake_inlined_data|Cannot open file|No such file or directory|could not send"
    r"|database has been invalidated|administrator command"
    r"|Failed to prepare COPY|cached plan must not change|bad connection|lost synchronization"
)


_ASK_AGAIN: Final = "Ask again; if it stays so, run marops doctor."


def _lost_ground(error: BaseException | None) -> bool:
    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
        return True
    return isinstance(error, duckdb.Error) and bool(_LOST.search(str(error)))


def _told(error: duckdb.Error) -> QueryError:
    if _lost_ground(error):
        return QueryError(
            f"The query engine lost its database: {without_secrets(error)}.",
            "Ask again; if it stays so, run marops doctor.",
        )
    if "statement timeout" in str(error):
        return QueryTimeout("PostgreSQL did not answer in time.", "Ask for a shorter period or run it as a job.")
    return QueryError(f"The question could not be answered: {without_secrets(error)}.")
