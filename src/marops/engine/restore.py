"""Restoring a backup: into a folder of its own, complete, compared and erased again, and only then put in place.

The workspace is built in `restoring` inside the target folder, with a database of its own. Until all of it stands
there, what the target holds is not touched; `restore.json` says how far it is. Then the parts change places, one rename
each; killed in between, the next command finishes that (`settle`). A database given by a URL cannot change places: it
must be empty.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import psycopg

from marops import __version__
from marops.engine.backup import FORMAT, SECRET, SETTINGS, outline, owner_dsn
from marops.kernel import crash
from marops.kernel.clock import now
from marops.kernel.config import Config, read_config
from marops.kernel.errors import MaropsError, problem
from marops.kernel.personal import LOG_NAME
from marops.store import dumping
from marops.store.archive import ArchiveBroken, ArchiveReader
from marops.store.dumping import DumpError
from marops.store.embedded import EmbeddedServer
from marops.store.postgres.locks import FileLock, in_use
from marops.store.postgres.roles import prepare_database

MARK, LOCK, BUILDING = "restore.json", "restore.lock", "restoring"
ASIDE: Final = "before-restore"
OWNERS: Final = {"public": "marops_owner", "lake": "marops_app"}

BACKUP_BROKEN = problem(
    "backup-broken",
    "The backup is not whole",
    status=409,
    remedy="Use another copy of this file, or an older backup. Nothing was changed.",
)
BACKUP_NEWER = problem(
    "backup-newer",
    "The backup was made by a newer Marops",
    status=409,
    remedy="Install that version or a later one (uv sync), then restore. Nothing was changed.",
)
NOT_EMPTY = problem(
    "workspace-not-empty",
    "The workspace is not empty",
    status=409,
    remedy="Restore into another folder with --into, or add --force: what is there is then replaced once the backup"
    " stands complete beside it.",
)
DATABASE_NOT_EMPTY = problem(
    "database-not-empty",
    "The database is not empty",
    status=409,
    remedy="Make an empty database and name it in MAROPS_DATABASE_URL: a database of your own is never overwritten.",
)
IN_USE = problem(
    "workspace-in-use",
    "The workspace is in use",
    status=409,
    remedy="Stop `marops up` and every other command in this folder, then restore.",
)
UNFINISHED = problem(
    "restore-unfinished",
    "A restore of this workspace was broken off",
    status=409,
    remedy="Run the same `marops restore` again, with --force: it begins anew. Nothing else was in this folder before.",
)
RESTORE_FAILED = problem(
    "restore-failed",
    "The backup could not be restored",
    status=503,
    remedy="See the message; what the workspace held before is untouched.",
)
crash.declare(
    "restore.after_unpacking",
    "restore.after_tables",
    "restore.after_erasing",
    "restore.before_swap",
    "restore.in_swap",
    "restore.after_swap",
)
Say = Callable[[str, int, int], None]


# --- what is in a folder ---


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a workspace: where the restore builds it, where it belongs, and where the old one goes."""

    built: Path
    place: Path
    aside: Path


def parts_of(found: Config) -> list[Part]:
    """The parts that change places, in their order: the database last, for a folder without one is not a workspace."""
    home, lake = found.home, Path(found.lake)
    built, aside = home / BUILDING, home / ASIDE
    inside = lake.is_relative_to(home)
    lakes = (built / "lake", aside / "lake") if inside else (_beside(lake, BUILDING), _beside(lake, ASIDE))
    return [
        Part(lakes[0], lake, lakes[1]),
        *(Part(built / name, home / name, aside / name) for name in ("files", SECRET, SETTINGS, LOG_NAME, "postgres")),
    ]


def _beside(folder: Path, word: str) -> Path:
    return folder.with_name(f"{folder.name}.{word}")


def holds_something(found: Config) -> bool:
    """Whether a workspace lives in this folder: a database, facts or files."""
    places = [found.home / "postgres", Path(found.lake), found.home / "files"]
    return any(place.is_dir() and any(place.iterdir()) for place in places)


def _read_mark(home: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads((home / MARK).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except ValueError:
        return {"state": "building"}


def _write_mark(home: Path, **values: Any) -> None:
    draft = home / f"{MARK}.new"
    with draft.open("w", encoding="utf-8") as file:
        json.dump(values, file)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(home / MARK)


def settle(home: Path) -> None:
    """At the start of every command: finish a restore that was killed while its parts changed places.

    Raises MaropsError `restore-unfinished` where a killed restore left nothing to work with, `workspace-in-use` while
    one runs and changes places.
    """
    mark = _read_mark(home)
    if mark is None:
        return
    lock = FileLock(home / LOCK)
    try:
        free = lock.try_take()
        found = read_config(os.environ, home=home)
        if mark["state"] == "swapping":
            if not free and not lock.take(60):
                raise MaropsError(IN_USE, "A restore puts its parts in place just now.")
            _swap(found, keep_old=bool(mark.get("keep_old")))
        elif mark.get("database_url") or not holds_something(found):
            raise MaropsError(UNFINISHED, f"{mark.get('backup', 'A backup')}, begun {mark.get('began', '')}.")
    finally:
        lock.close()


def told_of(home: Path) -> str | None:
    """What a restore that was broken off left here, in words for `marops doctor`; None: nothing."""
    mark = _read_mark(home)
    if mark is None:
        return None
    begun = f"{mark.get('backup', 'a backup')}, begun {mark.get('began', '')}"
    if in_use(home / LOCK):
        return f"runs: {begun}"
    if mark["state"] == "swapping":
        return f"complete, and not quite in its place: {begun}"
    return f"broken off: {begun}; what was built stands in {home / BUILDING}"


# --- the restore ---


@dataclass
class Restored:
    """What came of it."""

    home: Path
    manifest: dict[str, Any]
    seconds: float = 0.0
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    erased_again: int = 0
    logs: list[str] = field(default_factory=list)
    jobs_stopped: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def differs(self) -> list[str]:
        """Tables whose rows or digest are not those of the backup. Empty: it is the same."""
        then = self.manifest["tables"]
        return sorted(name for name in then.keys() | self.tables.keys() if then.get(name) != self.tables.get(name))

    def as_json(self) -> dict[str, Any]:
        """The document that `marops restore --json` prints."""
        return {
            "home": str(self.home),
            "backup": outline(self.manifest),
            "same": not self.differs,
            "differs": self.differs,
            "tables": [
                {"table": name, "backup": told, "restored": self.tables.get(name)}
                for name, told in sorted(self.manifest["tables"].items())
            ],
            "erased_again": self.erased_again,
            "erasure_logs": self.logs,
            "jobs_stopped": self.jobs_stopped,
            "warnings": self.warnings,
            "seconds": round(self.seconds, 2),
        }


def check_file(archive: ArchiveReader, say: Say) -> None:
    """Read all of a backup and compare every checksum. Raises MaropsError `backup-broken`, `backup-newer`."""
    if archive.manifest.get("format", 0) > FORMAT:
        version = archive.manifest.get("version", "?")
        raise MaropsError(BACKUP_NEWER, f"It was made by {version}; this is {__version__}.")
    done, total = 0, archive.path.stat().st_size
    try:
        for size in archive.verify():
            done += size
            say("Comparing checksums", done, total)
    except ArchiveBroken as error:
        raise MaropsError(BACKUP_BROKEN, str(error)) from None


def refuse_newer(archive: ArchiveReader) -> None:
    """Refuse a backup with migrations that this version does not know. Raises MaropsError `backup-newer`."""
    from django.db.migrations.loader import MigrationLoader

    known = set(MigrationLoader(None).disk_migrations)
    strange = [f"{app} {name}" for app, name in archive.manifest["migrations"] if (app, name) not in known]
    if strange:
        version = archive.manifest.get("version", "?")
        raise MaropsError(BACKUP_NEWER, f"It was made by {version}; unknown here: {', '.join(strange[:5])}.")


def refuse_unfit(found: Config, *, force: bool) -> None:
    """Raises MaropsError `workspace-in-use`, `workspace-not-empty`, `database-not-empty`."""
    if in_use(found.home / "up.lock"):
        raise MaropsError(IN_USE, f"`marops up` runs in {found.home}.")
    if not found.database_url and in_use(found.home / "postgres.users"):
        raise MaropsError(IN_USE, f"A command works in {found.home}.")
    mark = _read_mark(found.home)
    if holds_something(found) and not force:
        raise MaropsError(NOT_EMPTY, str(found.home))
    if found.database_url:
        _refuse_full_database(found, ours=bool(mark) and mark.get("database_url") == _mark_of(found))  # type: ignore[union-attr]


def _mark_of(found: Config) -> str:
    """Which database a mark means, without its password."""
    return sha256(found.database_url.encode()).hexdigest()[:16] if found.database_url else ""


def _refuse_full_database(found: Config, *, ours: bool) -> None:
    with psycopg.connect(owner_dsn(found), autocommit=True) as connection:
        if not dumping.tables(connection):
            return
        if not ours:
            raise MaropsError(DATABASE_NOT_EMPTY)
        # What a restore that was killed had put here; nothing else was in it when that began.
        dumping.clear(connection)


@contextmanager
def building(found: Config, archive: ArchiveReader, *, force: bool, keep_old: bool = False) -> Iterator[Path]:
    """Build in the block; afterwards the parts change places. Yields the folder to build in, which is its own home.

    What goes wrong in the block leaves what was there before, and removes what was built.
    """
    found.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(found.home / LOCK)
    try:
        if not lock.try_take():
            raise MaropsError(IN_USE, "Another restore runs here.")
        refuse_unfit(found, force=force)
        _forget_building(found)
        began = f"{now():%Y-%m-%d %H:%M} UTC"
        told = {"backup": archive.path.name, "began": began, "keep_old": keep_old, "database_url": _mark_of(found)}
        _write_mark(found.home, state="building", **told)
        try:
            (found.home / BUILDING).mkdir(mode=0o700)
            yield found.home / BUILDING
        except BaseException:
            _forget_building(found)
            if not found.database_url:
                (found.home / MARK).unlink(missing_ok=True)
            raise
        crash.point("restore.before_swap")
        _write_mark(found.home, state="swapping", **told)
        _swap(found, keep_old=keep_old)
    finally:
        lock.close()


def _forget_building(found: Config) -> None:
    built = found.home / BUILDING
    if (built / "postgres").exists():
        EmbeddedServer(built).stop()
    shutil.rmtree(parts_of(found)[0].built, ignore_errors=True)
    shutil.rmtree(built, ignore_errors=True)


def _swap(found: Config, *, keep_old: bool) -> None:
    """Put every part in its place. Each step is one rename, and what was done before is passed over."""
    if not found.database_url and (found.home / "postgres").exists() and (found.home / BUILDING / "postgres").exists():
        EmbeddedServer(found.home).stop()
    for part in parts_of(found):
        if not _exists(part.built):
            continue
        if _exists(part.place) and not _exists(part.aside):
            part.aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.place.rename(part.aside)
        crash.point("restore.in_swap")
        part.built.rename(part.place)
    shutil.rmtree(found.home / BUILDING, ignore_errors=True)
    crash.point("restore.after_swap")
    if not keep_old:
        for part in parts_of(found):
            shutil.rmtree(part.aside, ignore_errors=True)
        shutil.rmtree(found.home / ASIDE, ignore_errors=True)
    (found.home / MARK).unlink(missing_ok=True)


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


# --- the parts ---


def unpack(archive: ArchiveReader, found: Config, built: Path, say: Say) -> None:
    """Lake and files, into their places in the folder that is built."""
    lake = parts_of(found)[0].built
    total = sum(told["bytes"] for told in archive.members.values())
    done = 0
    for folder in (lake, built / "files"):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in archive.members:
        first, _, rest = name.partition("/")
        if first in ("lake", "files"):
            for size in _write(archive, name, (lake if first == "lake" else built / "files") / rest):
                done += size
                say("Unpacking", done, total)
    crash.point("restore.after_unpacking")


def unpack_settings(archive: ArchiveReader, found: Config, built: Path) -> None:
    """The secret and the settings, before anything reads them. The target's own settings win: its machine is meant."""
    for name in (SECRET, SETTINGS):
        if name in archive.members:
            for _ in _write(archive, name, built / name):
                pass
    for name in (SETTINGS, "postgres.conf"):
        with suppress(FileNotFoundError):
            shutil.copyfile(found.home / name, built / name)


def _write(archive: ArchiveReader, name: str, target: Path) -> Iterator[int]:
    if ".." in Path(name).parts or Path(name).is_absolute():
        raise MaropsError(BACKUP_BROKEN, f"It holds a file outside its folders: {name}.")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for block in archive.read(name):
            yield file.write(block)


def load_tables(archive: ArchiveReader, found: Config, say: Say) -> dict[str, dict[str, Any]]:
    """Fill the empty database of `found` from the dump; answers what each table then holds. Raises MaropsError."""
    address = owner_dsn(found)
    total = sum(archive.members[f"database/{schema}.dump"]["bytes"] for schema in dumping.SCHEMAS)
    roles = OWNERS if not found.database_url else {}
    prepare_database(address)
    with psycopg.connect(address, autocommit=True) as connection:
        version = connection.info.server_version
    done = 0
    try:
        for schema in dumping.SCHEMAS:

            def blocks(schema: str = schema) -> Iterator[bytes]:
                nonlocal done
                for block in archive.read(f"database/{schema}.dump"):
                    done += len(block)
                    say("Filling the tables", done, total)
                    yield block

            dumping.restore(address, schema, blocks(), version, role=roles.get(schema))
    except DumpError as error:
        raise MaropsError(RESTORE_FAILED, str(error)) from error
    except ArchiveBroken as error:
        raise MaropsError(BACKUP_BROKEN, str(error)) from error
    found_there = _sums(address, say)
    _put_right(found, address)
    crash.point("restore.after_tables")
    return found_there


def _sums(address: str, say: Say) -> dict[str, dict[str, Any]]:
    with psycopg.connect(address) as connection:
        names = dumping.tables(connection)
        sums = {}
        for number, (schema, name) in enumerate(names):
            say("Comparing tables", number, len(names))
            told = dumping.sum_up(connection, schema, name)
            sums[f"{schema}.{name}"] = {"rows": told.rows, "digest": told.digest}
    return sums


def _put_right(found: Config, address: str) -> None:
    """The lake lies elsewhere now; rights that migrations narrowed are narrowed again; statistics are made."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "UPDATE lake.ducklake_metadata SET value = %s WHERE key = 'data_path'", [f"{Path(found.lake)}/"]
        )
        prepare_database(address)  # the new tables are granted to those who read
        for statement in _narrowing():
            connection.execute(statement.encode())
        connection.execute("ANALYZE")


def _narrowing() -> list[str]:
    """The statements of migrations that take rights away; a dump without rights does not carry them."""
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.operations import RunSQL

    loader = MigrationLoader(None)
    return [
        operation.sql
        for _, migration in sorted(loader.disk_migrations.items())
        for operation in migration.operations
        if isinstance(operation, RunSQL) and isinstance(operation.sql, str) and "REVOKE " in operation.sql
    ]
