"""The lake: what happened, in Parquet files with their catalogue in PostgreSQL, and the one process at a time that
writes it.

    with lake_writer(dsn, home / "lake", temp_dir=home / "tmp") as writer:
        writer.move()                    # inbox → lake, exactly once
        writer.maintain()                # few large files instead of many small ones
        writer.erase([contact_id])       # gone from every file, every inlined table and every statistic

A writer holds a PostgreSQL advisory lock on a connection of its own for as long as it lives; a second one is refused
(`LakeBusy`) or waits.

How facts move exactly once. Actions insert into `fact_inbox` in their own transactions. The mover *claims*: it marks
all unclaimed rows it sees with a new batch id and commits. Then one lake transaction inserts the rows of that batch
**and** the batch id into `moved_batch`. Rows of batches moved longer than `SETTLED` ago are deleted from the inbox.
Killed anywhere, the next writer finds claimed batches: those that `moved_batch` lacks are inserted, the others are
only deleted. Readers take the inbox rows whose batch `moved_batch` lacks, at one moment of the lake that is not
younger than their moment of the inbox (`Cursor.begin`), so each fact is read once, wherever it stands. No number
orders the rows, so a slow transaction cannot slip behind a watermark. Claimed rows stay for ten minutes, longer than
any read may take.

Facts of erased people are not moved, so one that arrives late never enters the lake; the inbox drops it with its
batch.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString
from uuid import UUID, uuid4

import duckdb
import psycopg
import pyarrow as pa
from psycopg import sql

from marops.store.duckdb import Limits, connect, quoted, without_secrets
from marops.store.facts import FACT_NAMES, LAKE_COLUMNS, part_of

LOCK_KEY: Final = 0x6D61726F70732C6C & 0x7FFFFFFFFFFFFFFF
"""Key of the advisory lock that whoever writes the lake holds (also taken by the backup for its file list)."""

SETTLED: Final = timedelta(minutes=10)
"""How long a moved row stays in the inbox: longer than the longest read."""

KEPT: Final = timedelta(minutes=15)
"""How long a file that the present snapshot no longer names is kept for readers that are still at work."""

INLINED_ROWS: Final = 1_000
"""A batch of at most so many rows is kept in the catalogue instead of becoming Parquet files, one for each month."""

FLUSH_AT: Final = 20_000
"""When so many rows stand in the catalogue, the mover turns them into Parquet files."""

ROW_GROUP: Final = 20_480
"""Rows of a Parquet row group: what one contact's timeline decodes per month (docs/decisions/0005-lake-layout.md)."""

WRITER_LIMITS: Final = Limits(memory="2GB", seconds=3600, queries=0)

CRASH_POINTS: Final = (
    "mover.after_claim",
    "mover.after_lake_insert",
    "mover.after_lake_commit",
    "mover.after_flush",
    "mover.before_inbox_delete",
    "mover.after_inbox_delete",
    "eraser.after_delete",
    "eraser.after_flush",
    "eraser.after_rewrite",
    "eraser.after_expiry",
)
"""Names at which a writer calls its `crash`, in the order of the flow."""

Crash = Callable[[str], None]


class LakeError(Exception):
    """A write to the lake that did not happen: what went wrong, what was kept, what to do."""

    def __init__(self, what: str, kept: str, remedy: str) -> None:
        super().__init__(f"{what} {kept} {remedy}")
        self.what = what
        self.kept = kept
        self.remedy = remedy


class LakeBusy(LakeError):
    """Somebody else writes the lake."""


class LakeLost(LakeError):
    """The lock was lost while writing (PostgreSQL was restarted): this writer stops, a new one takes over."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What `move` did: rows now in the lake, batches among them that an earlier writer had left, rows cleared from the
    inbox.
    """

    rows: int
    resumed: int
    cleared: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Maintained:
    """What `maintain` did, in files and rows."""

    flushed: int
    merged: int
    made: int
    removed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LakeFile:
    """A Parquet file of `lake.fact`, and the file that lists its deleted rows, if any."""

    path: str
    bytes: int
    deletes: str | None


def _no_crash(_: str) -> None:
    return


def ensure_lake(pg_dsn: str, lake_path: Path, *, temp_dir: Path, wait: float = 30) -> None:
    """Make the lake's tables if they are missing; safe to call at every start. `pg_dsn` is that of `marops_app`."""
    with lake_writer(pg_dsn, lake_path, temp_dir=temp_dir, wait=wait):
        pass


@contextmanager
def lake_writer(
    pg_dsn: str, lake_path: Path, *, temp_dir: Path, wait: float = 0, crash: Crash = _no_crash
) -> Iterator[LakeWriter]:
    """Become the lake's writer for the block; waits up to `wait` seconds for another one, then raises LakeBusy."""
    with psycopg.connect(pg_dsn, autocommit=True, application_name="marops lake writer") as lock:
        _take_lock(lock, wait)
        lake_path.mkdir(parents=True, exist_ok=True)
        instance = connect(pg_dsn, lake_path, temp_dir=temp_dir, limits=WRITER_LIMITS, write_lake=True)
        try:
            _make_tables(instance)
            yield LakeWriter(instance, lock, crash)
        finally:
            instance.close()
            # The session's end frees the lock too, but a moment after this process has gone on.
            with contextlib.suppress(psycopg.Error):
                lock.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])


def _take_lock(lock: psycopg.Connection[Any], wait: float) -> None:
    until = time.monotonic() + wait
    while not _scalar(lock, "SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]):
        if time.monotonic() >= until:
            raise _busy(lock)
        time.sleep(0.05)


def _busy(lock: psycopg.Connection[Any]) -> LakeBusy:
    holder = _scalar(
        lock,
        "SELECT a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted"
        " AND l.classid::bigint = %s AND l.objid::bigint = %s",
        [LOCK_KEY >> 32, LOCK_KEY & 0xFFFFFFFF],
    )
    return LakeBusy(
        f"The lake is being written by another process (database session {holder}).",
        "Nothing was written.",
        "Wait for it: the engine of `marops up` writes the lake; only one process may.",
    )


def _scalar(connection: psycopg.Connection[Any], query: LiteralString, params: Sequence[object] = ()) -> Any:
    row = connection.execute(query, params).fetchone()
    return row[0] if row else None


def _make_tables(instance: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing; a column that a later version adds to a fact is added here."""
    if not _columns(instance, "moved_batch"):
        _in_transaction(instance, _MAKE_LAKE)
        _in_transaction(instance, _BEGIN_STATISTICS)
    options = dict(instance.execute("SELECT option_name, value FROM lake.options() WHERE scope = 'GLOBAL'").fetchall())
    for option, value in _OPTIONS:
        if str(options.get(option)) != value:
            instance.execute(f"CALL lake.set_option('{option}', '{value}')")
    present = _columns(instance, "fact")
    missing = [f"{name} {kind}" for name, kind in LAKE_COLUMNS if name not in present]
    _in_transaction(instance, [f"ALTER TABLE lake.main.fact ADD COLUMN {column}" for column in missing])


def _columns(instance: duckdb.DuckDBPyConnection, table: str) -> set[str]:
    """Those of a table of the lake, none if it is not there; `duckdb_columns` would read all that `pg` holds too."""
    try:
        return {str(row[0]) for row in instance.execute(f"DESCRIBE lake.main.{table}").fetchall()}
    except duckdb.CatalogException:
        return set()


_MAKE_LAKE: Final = (
    f"CREATE TABLE lake.main.fact ({', '.join(f'{name} {kind}' for name, kind in LAKE_COLUMNS)})",
    "ALTER TABLE lake.main.fact SET PARTITIONED BY (year(occurred_at), month(occurred_at))",
    "ALTER TABLE lake.main.fact SET SORTED BY (contact_id ASC, occurred_at ASC)",
    "CREATE TABLE lake.main.moved_batch (batch UUID, moved_at TIMESTAMPTZ)",
)
# What the catalogue keeps of a table's columns is remembered by readers, but that there is nothing yet is not: every
# question would ask for it again, column by column, which takes ten times as long as the question itself.
_BEGIN_STATISTICS: Final = (
    "INSERT INTO lake.main.fact (kind) VALUES ('')",
    "DELETE FROM lake.main.fact WHERE kind = ''",
    "INSERT INTO lake.main.moved_batch (moved_at) VALUES (NULL)",
    "DELETE FROM lake.main.moved_batch",
)
_OPTIONS: Final = (
    ("data_inlining_row_limit", str(INLINED_ROWS)),
    ("parquet_row_group_size", str(ROW_GROUP)),
    ("parquet_compression", "zstd"),
)


def _in_transaction(instance: duckdb.DuckDBPyConnection, statements: Sequence[str]) -> None:
    if not statements:
        return
    instance.execute("BEGIN")
    try:
        for statement in statements:
            instance.execute(statement)
        instance.execute("COMMIT")
    except BaseException:
        _roll_back(instance)
        raise


def _roll_back(instance: duckdb.DuckDBPyConnection) -> None:
    try:
        instance.execute("ROLLBACK")
    except duckdb.Error:
        return  # the failed statement has ended the transaction already


_FACTS_OF_BATCH: Final = f"""
INSERT INTO lake.main.fact ({", ".join(name for name, _ in LAKE_COLUMNS)})
SELECT {", ".join(f"i.{name}" for name in FACT_NAMES)}, {part_of("i.contact_id")}
FROM pg.public.fact_inbox i
WHERE i.batch = ?
  AND NOT EXISTS (SELECT 1 FROM pg.public.erased_contact e WHERE e.contact_id = i.contact_id)
  AND NOT EXISTS (
      SELECT 1 FROM pg.public.erased_contact e
      WHERE i.subject_type = 'contact' AND e.contact_id::VARCHAR = i.subject_id
  )
"""


class LakeWriter:
    """All writes to the lake; made by `lake_writer`."""

    def __init__(self, instance: duckdb.DuckDBPyConnection, lock: psycopg.Connection[Any], crash: Crash) -> None:
        self._lake = instance
        self._pg = lock
        self._crash = crash
        self._moved: dict[UUID, datetime] | None = None
        self._inlined = self._count_inlined()

    # --- moving ---

    def pending(self) -> tuple[int, datetime | None]:
        """How many inbox rows wait for the mover, and when the oldest was recorded."""
        row = self._pg.execute("SELECT count(*), min(recorded_at) FROM fact_inbox WHERE batch IS NULL").fetchone()
        return (int(row[0]), row[1]) if row else (0, None)

    def move(self, limit: int = 200_000, *, as_of: datetime | None = None, settled: timedelta = SETTLED) -> Moved:
        """Move up to `limit` waiting facts into the lake and clear what was moved more than `settled` before `as_of`
        (now).

        First finishes what a killed writer had begun. Raises LakeLost or LakeError; the next call or the next writer
        then resumes.
        """
        began, at = time.monotonic(), as_of or datetime.now(UTC)
        try:
            unfinished = self._take_stock()
            rows = sum(self._insert(batch, at) for batch in unfinished)
            batch = self._claim(limit)
            rows += self._insert(batch, at) if batch else 0
            self._flush_if_many()
            cleared = self._clear(at - settled)
        except (duckdb.Error, psycopg.Error) as error:
            self._moved = None
            raise _lost(error) from error
        return Moved(rows, len(unfinished), cleared, time.monotonic() - began)

    def _take_stock(self) -> list[UUID]:
        """Once per writer and after every failure: which batches stand in the inbox, and which the lake lacks."""
        if self._moved is not None:
            return []
        claimed = {row[0] for row in self._pg.execute("SELECT DISTINCT batch FROM fact_inbox WHERE batch IS NOT NULL")}
        table = self._lake.execute("SELECT batch, moved_at FROM lake.main.moved_batch").to_arrow_table().to_pylist()
        self._moved = {UUID(row["batch"]): row["moved_at"] for row in table if UUID(row["batch"]) in claimed}
        return sorted(claimed - self._moved.keys())

    def _claim(self, limit: int) -> UUID | None:
        batch = uuid4()
        claimed = self._pg.execute(
            "UPDATE fact_inbox SET batch = %s WHERE id IN"
            " (SELECT id FROM fact_inbox WHERE batch IS NULL LIMIT %s FOR UPDATE SKIP LOCKED)",
            [batch, limit],
        ).rowcount
        self._crash("mover.after_claim")
        return batch if claimed else None

    def _insert(self, batch: UUID, at: datetime) -> int:
        """The one lake transaction that makes a batch moved."""
        self._lake.execute("BEGIN")
        try:
            inserted = self._lake.execute(_FACTS_OF_BATCH, [batch]).fetchone()
            self._lake.execute("INSERT INTO lake.main.moved_batch VALUES (?, ?)", [batch, at])
            self._crash("mover.after_lake_insert")
            self._still_mine()
            self._lake.execute("COMMIT")
        except BaseException:
            _roll_back(self._lake)
            raise
        self._crash("mover.after_lake_commit")
        self._remembered()[batch] = at
        rows = int(inserted[0]) if inserted else 0
        self._inlined += rows if rows <= INLINED_ROWS else 0
        return rows

    def _flush_if_many(self) -> None:
        if self._inlined >= FLUSH_AT:
            self._flush()
            self._crash("mover.after_flush")

    def _clear(self, before: datetime) -> int:
        settled = [batch for batch, at in self._remembered().items() if at <= before]
        if not settled:
            return 0
        self._crash("mover.before_inbox_delete")
        cleared = self._pg.execute("DELETE FROM fact_inbox WHERE batch = ANY(%s)", [settled]).rowcount
        self._crash("mover.after_inbox_delete")
        for batch in settled:
            del self._remembered()[batch]
        return cleared

    def _remembered(self) -> dict[UUID, datetime]:
        if self._moved is None:
            self._moved = {}
        return self._moved

    def _still_mine(self) -> None:
        """Before a lake commit: a lock whose session was ended belongs to nobody, and another writer may be at work."""
        held = _scalar(
            self._pg,
            "SELECT true FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
            " AND classid::bigint = %s AND objid::bigint = %s",
            [LOCK_KEY >> 32, LOCK_KEY & 0xFFFFFFFF],
        )
        if not held:
            raise _lost("the lock is gone")

    # --- loading ---

    def bulk_load(self, facts: pa.Table | pa.RecordBatchReader | str, *, batch: UUID | None = None) -> int:
        """Append many facts past the inbox: an Arrow table, or SQL over `pg` and `lake`, with columns of a fact by
        name; the rest is null.

        Answers how many. With `batch`, a repeat of the same load does nothing and answers 0.
        """
        if (
            batch is not None
            and self._lake.execute("FROM lake.main.moved_batch WHERE batch = ?", [batch]).to_arrow_table().num_rows
        ):
            return 0
        source = f"({facts})" if isinstance(facts, str) else "facts_to_load"
        if not isinstance(facts, str):
            self._lake.register("facts_to_load", facts)
        return self._load(source, batch)

    def _load(self, source: str, batch: UUID | None) -> int:
        given = [row[0] for row in self._lake.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()]
        unknown = sorted(set(given) - set(FACT_NAMES))
        if unknown:
            raise LakeError(
                f"These are not columns of a fact: {', '.join(unknown)}.", "Nothing was written.", "Leave them out."
            )
        columns = ", ".join(f"s.{name}::{kind} AS {name}" for name, kind in LAKE_COLUMNS if name in given)
        part = f", {part_of('s.contact_id::UUID')} AS contact_part" if "contact_id" in given else ""
        self._lake.execute("BEGIN")
        try:
            loaded = self._lake.execute(
                f"INSERT INTO lake.main.fact BY NAME SELECT {columns}{part} FROM {source} s"
            ).fetchone()
            if batch is not None:
                self._lake.execute("INSERT INTO lake.main.moved_batch VALUES (?, ?)", [batch, datetime.now(UTC)])
            self._still_mine()
            self._lake.execute("COMMIT")
        except BaseException:
            _roll_back(self._lake)
            raise
        return int(loaded[0]) if loaded else 0

    # --- keeping in order ---

    def maintain(self, *, kept: timedelta = KEPT) -> Maintained:
        """Make few large sorted files of many small ones, finish erasures, and remove what no snapshot younger than
        `kept` names.
        """
        began = time.monotonic()
        try:
            self._forget_batches()
            self._delete_erased()
            flushed = self._flush()
            self._rewrite()
            merged, made = self._merge()
            removed = self._expire_and_remove(kept)
        except (duckdb.Error, psycopg.Error) as error:
            raise _lost(error) from error
        return Maintained(flushed, merged, made, removed, time.monotonic() - began)

    def erase(self, contact_ids: Sequence[UUID]) -> int:
        """Remove every fact of these people, and of every id that is an alias of theirs, from the lake for good;
        answers how many facts.

        They are entered in `erased_contact` first, so no reader sees them from then on, and a killed erasure is
        finished by `maintain`. Readers at work on an older snapshot lose their files; the engine asks again for them.
        """
        try:
            with self._pg.transaction():
                self._pg.execute(_ENTER_ERASED, {"ids": list(contact_ids), "at": datetime.now(UTC)})
                self._pg.execute(_CLEAR_ERASED)
            deleted = self._delete_erased()
            self._crash("eraser.after_delete")
            self._flush()
            self._crash("eraser.after_flush")
            self._rewrite()
            self._crash("eraser.after_rewrite")
            self._expire_and_remove(None)
        except (duckdb.Error, psycopg.Error) as error:
            raise _lost(error) from error
        return deleted

    def discard(self, where: str) -> int:
        """Remove every fact for which this SQL condition holds, over columns of a fact and tables of `pg`; answers how
        many.

        Unlike `erase` it keeps no memory of whom they were about. Facts that wait in the inbox are the caller's to
        remove; none moves while this writer lives. Files go when no reader can need them any more (`maintain`).
        """
        try:
            self._still_mine()
            deleted = self._lake.execute(f"DELETE FROM lake.main.fact WHERE {where}").fetchone()
            self._flush()
            self._rewrite()
            self._expire_and_remove(KEPT)
        except (duckdb.Error, psycopg.Error) as error:
            raise _lost(error) from error
        return int(deleted[0]) if deleted else 0

    def files(self) -> list[LakeFile]:
        """The Parquet files of `lake.fact` (rows that stand in the catalogue are in none of them; `maintain` moves
        them there).
        """
        table = self._lake.execute(
            "SELECT data_file, data_file_size_bytes AS bytes, delete_file FROM ducklake_list_files('lake', 'fact')"
        ).to_arrow_table()
        return [LakeFile(row["data_file"], int(row["bytes"]), row["delete_file"]) for row in table.to_pylist()]

    def untidy(self) -> int:
        """How many small files (under 8 MB) the lake has; each costs every question about a millisecond until
        `maintain` merges them.
        """
        row = self._lake.execute(
            "SELECT count(*) FROM ducklake_list_files('lake', 'fact') WHERE data_file_size_bytes < 8 * 1024 * 1024"
        ).fetchone()
        return int(row[0]) if row else 0

    def _count_inlined(self) -> int:
        tables = self._pg.execute(
            "SELECT i.table_name FROM lake.ducklake_inlined_data_tables i JOIN lake.ducklake_table t USING (table_id)"
            " WHERE t.table_name = 'fact' AND t.end_snapshot IS NULL"
        ).fetchall()
        counts = [
            self._pg.execute(sql.SQL("SELECT count(*) FROM lake.{}").format(sql.Identifier(name))) for (name,) in tables
        ]
        return sum(int(row[0]) for count in counts if (row := count.fetchone()))

    def _flush(self) -> int:
        self._still_mine()
        flushed = self._lake.execute("CALL ducklake_flush_inlined_data('lake')").to_arrow_table()
        self._inlined = 0
        return _total(flushed, "rows_flushed")

    def _rewrite(self) -> None:
        self._still_mine()
        for table in ("fact", "moved_batch"):
            self._lake.execute(f"CALL ducklake_rewrite_data_files('lake', '{table}', delete_threshold => 0)")

    def _merge(self) -> tuple[int, int]:
        self._still_mine()
        merged = self._lake.execute("CALL ducklake_merge_adjacent_files('lake')").to_arrow_table()
        return _total(merged, "files_processed"), _total(merged, "files_created")

    def _expire_and_remove(self, kept: timedelta | None) -> int:
        """Drop all old snapshots, then the files that only they named and that lost their name more than `kept` ago.

        None: all of them, whoever reads. Whoever began to read before still knows the files' names, so they stay.
        """
        self._still_mine()
        now = quoted(datetime.now(UTC).isoformat())
        self._lake.execute(f"CALL ducklake_expire_snapshots('lake', older_than => TIMESTAMPTZ {now})")
        if kept is None:
            self._crash("eraser.after_expiry")
        before = quoted((datetime.now(UTC) - (kept or timedelta(0))).isoformat())
        which = "cleanup_all => true" if kept is None else f"older_than => TIMESTAMPTZ {before}"
        removed = self._lake.execute(f"CALL ducklake_cleanup_old_files('lake', {which})").fetchall()
        yesterday = quoted((datetime.now(UTC) - timedelta(days=1)).isoformat())
        orphaned = f"CALL ducklake_delete_orphaned_files('lake', older_than => TIMESTAMPTZ {yesterday})"
        return len(removed) + len(self._lake.execute(orphaned).fetchall())

    def _delete_erased(self) -> int:
        """Delete what the lake still holds of erased people, under their own ids and as the subject of a fact."""
        ids = [row[0] for row in self._pg.execute("SELECT contact_id FROM erased_contact")]
        if not ids:
            return 0
        self._still_mine()
        self._lake.register("erased_now", pa.table({"id": [str(one) for one in ids]}))
        deleted = self._lake.execute(_DELETE_ERASED).fetchone()
        return int(deleted[0]) if deleted else 0

    def _forget_batches(self) -> None:
        """Drop the batches that no inbox row names any more, a day after they moved."""
        standing = {
            str(row[0]) for row in self._pg.execute("SELECT DISTINCT batch FROM fact_inbox WHERE batch IS NOT NULL")
        }
        self._lake.register("standing", pa.table({"batch": pa.array(sorted(standing), pa.string())}))
        self._lake.execute(
            "DELETE FROM lake.main.moved_batch"
            " WHERE moved_at < ? AND batch::VARCHAR NOT IN (SELECT batch FROM standing)",
            [datetime.now(UTC) - timedelta(days=1)],
        )


def _total(answer: pa.Table, column: str) -> int:
    return sum(int(number) for number in answer.column(column).to_pylist())


_ENTER_ERASED: Final = """
WITH RECURSIVE person(id) AS (
    SELECT unnest(%(ids)s::uuid[])
    UNION
    SELECT a.alias_id FROM contact_alias a JOIN person p ON a.contact_id = p.id
)
INSERT INTO erased_contact (contact_id, erased_at) SELECT id, %(at)s FROM person ON CONFLICT (contact_id) DO NOTHING
"""

_CLEAR_ERASED: Final = """
DELETE FROM fact_inbox i USING erased_contact e
WHERE i.contact_id = e.contact_id OR (i.subject_type = 'contact' AND i.subject_id = e.contact_id::text)
"""

_DELETE_ERASED: Final = """
DELETE FROM lake.main.fact
WHERE contact_id IN (SELECT id::UUID FROM erased_now)
   OR (subject_type = 'contact' AND subject_id IN (SELECT id FROM erased_now))
"""


def _lost(error: object) -> LakeLost:
    return LakeLost(
        f"Writing the lake was broken off: {without_secrets(error)}.",
        "Every fact is still where it was; what was half done is finished by the next writer.",
        "It goes on by itself when PostgreSQL can be reached; otherwise run marops doctor.",
    )
