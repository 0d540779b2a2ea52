"""Making a backup: one file with everything, as it was at one moment, while everybody goes on working.

    for step in backup.make(config(), Path("everything.zip")): ...

The moment is a snapshot of PostgreSQL, taken while this process holds the lock of the lake's writer: so the dump, the
lake's catalogue in it and the list of Parquet files belong together, and no fact is lost or doubled between inbox and
lake. The files are immutable; they are linked under a second name before the lock is given back, so nothing that is
tidied away meanwhile is missed.
"""

import json
import os
import shutil
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg

from marops import __version__
from marops.kernel import crash
from marops.kernel.clock import now
from marops.kernel.config import Config
from marops.kernel.errors import MaropsError, problem
from marops.store import dumping
from marops.store.address import dsn
from marops.store.archive import ArchiveWriter, blocks_of
from marops.store.duckdb import LAKE_SCHEMA
from marops.store.dumping import DumpError
from marops.store.lake import LOCK_KEY
from marops.store.postgres.locks import FileLock, in_use

FORMAT: Final = 1
LOCK_SECONDS: Final = 300.0
# What belongs to one machine, or holds a password, is entered anew where a backup is restored.
LEFT_OUT: Final = ("database_url", "lake_path", "mail_url", "secret_key", "backup_folder", "erasures_log")
SECRET, SETTINGS = "secret.key", "marops.toml"

BACKUP_FAILED = problem(
    "backup-failed",
    "The backup was not made",
    status=503,
    remedy="See the message. Nothing was changed, and no half backup was left.",
)
LAKE_HAS_HOLES = problem(
    "lake-has-holes",
    "Files of the lake are missing",
    status=503,
    remedy="Put the files back from an older backup, or find out who removes them; `marops doctor` names them.",
)
LAKE_ELSEWHERE = problem(
    "lake-elsewhere",
    "The lake does not lie in a folder",
    status=409,
    remedy="Backups hold lakes in folders. Use versioning of the object store for the lake, and pg_dump beside it.",
)
crash.declare("backup.after_snapshot", "backup.after_dump", "backup.before_finish", "backup.after_finish")


@dataclass(frozen=True, slots=True)
class Step:
    """How far it is: bytes written, bytes in all as far as one can tell, and what is being done."""

    done: int
    total: int
    doing: str


@dataclass
class Made:
    """What came of it: the file, its checksum and size, and what it says of itself."""

    path: Path
    checksum: str = ""
    bytes: int = 0
    seconds: float = 0.0
    manifest: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The document that `marops backup --json` prints."""
        return {
            "file": str(self.path),
            "bytes": self.bytes,
            "sha256": self.checksum,
            "seconds": round(self.seconds, 2),
            **outline(self.manifest),
        }


def outline(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest in a few lines."""
    found = manifest["tables"]
    return {
        "made_at": manifest["made_at"],
        "version": manifest["version"],
        "tables": len(found),
        "rows": sum(one["rows"] for one in found.values()),
        "contacts": found.get("public.contact", {}).get("rows", 0),
        "lake_files": manifest["lake"]["files"],
        "files": manifest["files"]["files"],
    }


def owner_dsn(found: Config) -> str:
    """How a backup reads all of PostgreSQL: as the embedded server's superuser, or as whom the URL names."""
    return dsn(found.home, found.database_url, role="postgres")


def make(found: Config, target: Path, made: Made | None = None) -> Iterator[Step]:
    """Write a backup of this installation to `target`, step by step; stopping between two leaves nothing behind.

    Raises MaropsError `backup-failed`, `lake-has-holes`, `lake-elsewhere`.
    """
    made, began = made or Made(target), time.monotonic()
    if "://" in found.lake:
        raise MaropsError(LAKE_ELSEWHERE, found.lake)
    sweep(found.home)
    try:
        with ArchiveWriter(target) as archive, _linked(found.home) as links, _reading(found) as reader:
            yield Step(0, 0, "Waiting for a moment when nobody writes the lake")
            frozen = _freeze(found, reader, links)
            crash.point("backup.after_snapshot")
            yield from _Work(found, archive, reader, links, frozen).run()
            made.manifest = _manifest(found, reader, frozen)
            crash.point("backup.before_finish")
            yield Step(frozen.total, frozen.total, "Closing the file")
            made.checksum = archive.finish(made.manifest)
            crash.point("backup.after_finish")
    except DumpError as error:
        raise MaropsError(BACKUP_FAILED, str(error)) from error
    except OSError as error:
        raise MaropsError(BACKUP_FAILED, f"{error.filename or target}: {error.strerror}") from error
    made.bytes, made.seconds = target.stat().st_size, time.monotonic() - began


# --- the moment ---


@dataclass
class _Frozen:
    """What belongs to the moment: the snapshot's name, and the files of lake and workspace under their second names."""

    snapshot: str
    server_version: int
    lake: dict[str, Path]
    files: dict[str, Path]
    total: int
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)


@contextmanager
def _reading(found: Config) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(owner_dsn(found), application_name="marops backup") as reader:
        reader.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reader.read_only = True
        reader.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield reader


def _freeze(found: Config, reader: psycopg.Connection[Any], links: Path) -> _Frozen:
    """Take the snapshot and link every file that it names, while nobody may write the lake."""
    with psycopg.connect(owner_dsn(found), autocommit=True, application_name="marops backup") as lock:
        _wait_for_lake(lock)
        row = reader.execute("SELECT pg_export_snapshot(), pg_database_size(current_database())").fetchone()
        snapshot, size = row or ("", 0)
        lake = _link_lake(reader, Path(found.lake), links / "lake")
        files = _link_files(reader, found.home / "files", links / "files")
        lock.execute("SELECT pg_advisory_unlock(%s)", [LOCK_KEY])
    stored = sum(path.stat().st_size for path in (*lake.values(), *files.values()))
    # A dump takes about a quarter of what the tables and their indexes take.
    return _Frozen(str(snapshot), reader.info.server_version, lake, files, stored + int(size) // 4)


def _wait_for_lake(lock: psycopg.Connection[Any]) -> None:
    until = time.monotonic() + LOCK_SECONDS
    while lock.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY]).fetchone() != (True,):
        if time.monotonic() > until:
            raise MaropsError(BACKUP_FAILED, f"The lake was being written for {LOCK_SECONDS:.0f} seconds on end.")
        time.sleep(0.05)


def _link_lake(reader: psycopg.Connection[Any], lake: Path, target: Path) -> dict[str, Path]:
    known = reader.execute(
        f"SELECT path, bool_or(end_snapshot IS NULL) FROM (SELECT path, end_snapshot FROM {LAKE_SCHEMA}"
        f".ducklake_data_file UNION ALL SELECT path, end_snapshot FROM {LAKE_SCHEMA}.ducklake_delete_file) f"
        " GROUP BY path"
    ).fetchall()
    there = {path.name: path for path in lake.rglob("*") if path.is_file()}
    missing = [path for path, active in known if active and Path(path).name not in there]
    if missing:
        raise MaropsError(LAKE_HAS_HOLES, f"{len(missing)} of {len(known)}, such as {missing[0]}.")
    wanted = [there[name] for path, _ in known if (name := Path(path).name) in there]
    return {f"lake/{path.relative_to(lake).as_posix()}": _link(path, lake, target) for path in sorted(wanted)}


def _link_files(reader: psycopg.Connection[Any], folder: Path, target: Path) -> dict[str, Path]:
    """Uploads whose bytes are gone already (they run out after 30 days) are left out, as the sweep would."""
    linked = {}
    for (ident,) in reader.execute("SELECT id::text FROM file ORDER BY id").fetchall():
        path = folder / ident.replace("-", "")[-2:] / ident
        with suppress(FileNotFoundError):
            linked[f"files/{path.relative_to(folder).as_posix()}"] = _link(path, folder, target)
    return linked


def _link(path: Path, folder: Path, target: Path) -> Path:
    """A second name for a file's bytes; a copy where the disk knows no second names."""
    second = target / path.relative_to(folder)
    second.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, second)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(path, second)
    return second


@contextmanager
def _linked(home: Path) -> Iterator[Path]:
    """A folder for second names, gone afterwards; its lock says that somebody needs it."""
    folder = home / "tmp" / f"backup-{uuid4().hex}"
    folder.mkdir(mode=0o700, parents=True)
    lock = FileLock(folder / "lock")
    lock.take(1)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.close()


def sweep(home: Path) -> int:
    """Remove what killed backups left: second names keep the bytes of files that were erased. Answers how many."""
    left = [path for path in (home / "tmp").glob("backup-*") if not in_use(path / "lock")]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return len(left)


# --- the work ---


@dataclass
class _Work:
    found: Config
    archive: ArchiveWriter
    reader: psycopg.Connection[Any]
    links: Path
    frozen: _Frozen
    done: int = 0

    def run(self) -> Iterator[Step]:
        """Dump, sum up, and copy the files."""
        for schema in dumping.SCHEMAS:
            with dumping.dumped(
                owner_dsn(self.found), schema, self.frozen.snapshot, self.frozen.server_version
            ) as blocks:
                yield from self._add(f"database/{schema}.dump", blocks, f"Copying the tables of {schema}")
        crash.point("backup.after_dump")
        yield from self._sum_up()
        for names, what in ((self.frozen.lake, "Copying the lake"), (self.frozen.files, "Copying files")):
            for name, path in names.items():
                yield from self._add(name, blocks_of(path), what)
        for name, content in _of_the_folder(self.found).items():
            yield from self._add(name, iter([content]), "Copying settings")

    def _add(self, name: str, blocks: Iterator[bytes], what: str) -> Iterator[Step]:
        for size in self.archive.add(name, blocks):
            self.done += size
            yield Step(self.done, max(self.frozen.total, self.done), what)

    def _sum_up(self) -> Iterator[Step]:
        for schema, name in dumping.tables(self.reader):
            told = dumping.sum_up(self.reader, schema, name)
            self.frozen.tables[f"{schema}.{name}"] = {"rows": told.rows, "digest": told.digest}
            yield Step(self.done, max(self.frozen.total, self.done), f"Counting {name}")


def _of_the_folder(found: Config) -> dict[str, bytes]:
    """The secret, without which signed links and hashes of this installation mean nothing, and the settings that are
    not about this machine.
    """
    kept = {SECRET: found.secret_key.encode()}
    path = found.home / SETTINGS
    if path.exists():
        given = tomllib.loads(path.read_text(encoding="utf-8"))
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in given.items() if name not in LEFT_OUT]
        kept[SETTINGS] = "".join(lines).encode()
    return kept


def _manifest(found: Config, reader: psycopg.Connection[Any], frozen: _Frozen) -> dict[str, Any]:
    migrations = reader.execute("SELECT app, name FROM django_migrations ORDER BY app, name").fetchall()
    workspace = reader.execute("SELECT name FROM workspace").fetchone()
    return {
        "format": FORMAT,
        "made_at": now().isoformat(),
        "version": __version__,
        "postgresql": frozen.server_version,
        "workspace": workspace[0] if workspace else "",
        "migrations": [list(one) for one in migrations],
        "tables": frozen.tables,
        "lake": {"files": len(frozen.lake), "bytes": _bytes(frozen.lake)},
        "files": {"files": len(frozen.files), "bytes": _bytes(frozen.files)},
        "erased": frozen.tables.get("public.erased_contact", {}).get("rows", 0),
    }


def _bytes(files: Mapping[str, Path]) -> int:
    return sum(path.stat().st_size for path in files.values())
