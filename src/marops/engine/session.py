"""Opening an installation: folder, server, tables, starter set. Every command begins here and leaves it as found."""

import errno
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import psycopg
from django.db import DatabaseError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from marops import __version__
from marops.engine.restore import settle
from marops.kernel import outages
from marops.kernel.config import Config, config, prepare_home
from marops.kernel.errors import MaropsError, problem
from marops.store.address import dsn, location
from marops.store.duckdb import QueryError
from marops.store.embedded import EmbeddedServer, Prepared, ServerError, prepare_database, using_server
from marops.store.lake import LakeError, ensure_lake

OLDEST = 15
CONNECT_SECONDS = 10
LAKE_SECONDS = 120
PREPARED = "setup"

DATABASE_DOWN = problem(
    "database-unreachable",
    "PostgreSQL cannot be reached",
    status=503,
    remedy="See whether the server runs, and whether the address, the user and the password in MAROPS_DATABASE_URL are"
    " right. What was saved there is untouched.",
)
DATABASE_OLD = problem(
    "database-too-old",
    "This PostgreSQL is too old",
    status=503,
    remedy=f"Use PostgreSQL {OLDEST} or newer, or leave MAROPS_DATABASE_URL empty: Marops then brings its own.",
)
DATABASE_RIGHTS = problem(
    "database-rights",
    "The user of the database may not do what is needed",
    status=503,
    remedy="Have an administrator of the server run the statements named, or use the owner of the database.",
)
SERVER_FAILED = problem(
    "server-failed",
    "The embedded PostgreSQL cannot be used",
    status=503,
    remedy="See the message; `marops doctor` tells more.",
)
LAKE_FAILED = problem(
    "lake-failed", "The lake cannot be used", status=503, remedy="See the message; `marops doctor` tells more."
)
DISK_FULL = problem(
    "disk-full",
    "The disk is full",
    status=507,
    remedy="Free some space on it (1 GB is a good start), then go on. What was saved is kept.",
)
_MIGRATING = 0x6D61726F70
_NO_RIGHT = "42501"
_UNREACHABLE = ("28", "3D", "53")  # not let in, no such database, too many connections
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Session:
    """An opened installation."""

    config: Config
    fresh: bool
    server: EmbeddedServer | None = None

    @property
    def dsn(self) -> str:
        """How the engine reaches PostgreSQL."""
        return dsn(self.config.home, self.config.database_url, role="marops_app")

    @property
    def lake(self) -> Path:
        """The lake's folder."""
        return Path(self.config.lake)

    @property
    def temp(self) -> Path:
        """Where big questions may spill to disk."""
        return self.config.home / "tmp"

    def keep_log_short(self) -> None:
        """Move the server's log aside when it has grown long."""
        if self.server:
            self.server.rotate_log()


@contextmanager
def opened(say: Say = lambda _: None, *, keep: bool = False) -> Iterator[Session]:
    """The installation, running and migrated; started if it did not run, and stopped again by the last to leave.

    What goes wrong with folder, server, database or lake, here or in the block, is raised as a MaropsError that says
    what happened, what was kept and what to do: `home-unusable`, `server-failed`, `database-unreachable`,
    `database-too-old`, `database-rights`, `database-full`, `disk-full`, `lake-failed`, `restore-unfinished`.
    """
    found = config()
    settle(found.home)
    prepare_home(found.home)
    # The secret may have been made just now.
    config.cache_clear()
    found = config()
    _load_everything()
    own = nullcontext() if found.database_url else using_server(found.home, progress=say, keep=keep, fsync=found.fsync)
    with in_words(found), own as server:
        yield Session(found, _prepare(found, say), server)


def _load_everything() -> None:
    """Half a million objects come and stay, so nobody looks for rubbish among them, now or later."""
    gc.disable()
    django.setup()
    gc.freeze()
    gc.enable()


@contextmanager
def in_words(found: Config) -> Iterator[None]:
    """What goes wrong in the block with folder, server, database or lake, as a MaropsError; see `opened`."""
    try:
        yield
    except ServerError as error:
        said = {"kept": error.kept, "reason": error.code}
        raise MaropsError(SERVER_FAILED, f"{error.what} {error.kept}", remedy=error.remedy, extra=said) from error
    except LakeError as error:
        raise MaropsError(LAKE_FAILED, f"{error.what} {error.kept}", remedy=error.remedy) from error
    except QueryError as error:
        raise MaropsError(LAKE_FAILED, error.what, remedy=error.remedy) from error
    except (psycopg.Error, DatabaseError) as error:
        if known := _known(found, error):
            raise known from error
        raise
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise MaropsError(DISK_FULL, f"Writing {error.filename or found.home} was broken off.") from error


def _known(found: Config, error: Exception) -> MaropsError | None:
    """What the database's refusal means to a person, where it is about the server and not about the statement."""
    origin = outages.origin(error)
    if origin is None:
        return None
    said = f"{location(found.database_url)}: {_first_line(origin)}"
    if outages.no_room(error):
        return MaropsError(outages.DATABASE_FULL, said)
    if origin.sqlstate == _NO_RIGHT:
        return MaropsError(DATABASE_RIGHTS, said)
    if outages.connection_lost(error) or (origin.sqlstate or "").startswith(_UNREACHABLE):
        return MaropsError(DATABASE_DOWN, said)
    return None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _prepare(found: Config, say: Say) -> bool:
    """Roles, tables, the lake and the starter set. Answers whether the installation is new.

    Broken off anywhere, the next command finds that it was never finished and does it again; each step may be repeated.
    """
    owner = dsn(found.home, found.database_url, role="marops_owner")
    with psycopg.connect(_impatient(owner), autocommit=True) as connection:
        _refuse_old(connection)
        # One prepares; whoever comes meanwhile waits and finds it done.
        connection.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        finished = _finished(connection)
        rights = prepare_database(owner) if found.database_url and finished is None else None
        if _migrate(say, rights) or finished != __version__:
            say("Planting the starter definitions")
            _plant()
            ensure_lake(
                dsn(found.home, found.database_url, role="marops_app"),
                Path(found.lake),
                temp_dir=found.home / "tmp",
                wait=LAKE_SECONDS,
            )
            _finish()
        return finished is None


def _impatient(conninfo: str) -> str:
    """A server that does not answer is told to the person soon."""
    given = conninfo_to_dict(conninfo)
    return conninfo if "connect_timeout" in given else make_conninfo(conninfo, connect_timeout=CONNECT_SECONDS)


def _refuse_old(connection: psycopg.Connection[Any]) -> None:
    if connection.info.server_version < OLDEST * 10_000:
        version = connection.info.parameter_status("server_version")
        raise MaropsError(
            DATABASE_OLD, f"It is version {version}; Marops needs {OLDEST} or newer. Nothing was written."
        )


def _finished(connection: psycopg.Connection[Any]) -> str | None:
    """The version of Marops that finished preparing this database last; None if none ever did."""
    if connection.execute("SELECT to_regclass('stage_run') IS NULL").fetchone() == (True,):
        return None
    row = connection.execute("SELECT checkpoint #>> '{}' FROM stage_run WHERE stage = %s", [PREPARED]).fetchone()
    return str(row[0]) if row else None


def _finish() -> None:
    from marops.kernel.clock import now
    from marops.kernel.models import StageRun

    StageRun.objects.update_or_create(stage=PREPARED, defaults={"checkpoint": __version__, "last_at": now()})


def _migrate(say: Say, rights: Prepared | None) -> bool:
    """Bring the tables to this version. Answers whether there was anything to do."""
    from django.db import ProgrammingError, connections
    from django.db.migrations.executor import MigrationExecutor

    from marops.engine.migrating import bring_up_to_date

    executor = MigrationExecutor(connections["owner"])
    plan: list[Any] = executor.migration_plan(executor.loader.graph.leaf_nodes())
    try:
        if plan:
            say("Preparing the tables")
            bring_up_to_date("owner")
    except ProgrammingError as error:
        if rights and rights.missing:
            wanted = " ".join(f"{one.what}: {one.statement};" for one in rights.missing)
            raise MaropsError(DATABASE_RIGHTS, f"{_first_line(error)}. Missing: {wanted}") from error
        raise
    finally:
        connections["owner"].close()
    return bool(plan)


def _plant() -> None:
    from marops.kernel import actors, ports
    from marops.kernel.definitions import plant_starters

    plant_starters(actor=actors.SETUP, starters=[one for filler in ports.starters for one in filler.value])
