"""Opening an installation: folder, server, tables, starter set. Every command begins here and leaves it as found."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import psycopg

from marops.kernel.config import Config, config, prepare_home
from marops.kernel.errors import MaropsError, problem
from marops.store.address import dsn, location
from marops.store.embedded import ServerError, prepare_database, using_server
from marops.store.lake import ensure_lake

DATABASE_DOWN = problem(
    "database-unreachable",
    "PostgreSQL cannot be reached",
    status=503,
    remedy="See whether the server runs and whether the address and password are right; `marops doctor` tells more.",
)
SERVER_FAILED = problem(
    "server-failed",
    "The embedded PostgreSQL did not start",
    status=503,
    remedy="See the message; `marops doctor` tells more.",
)
_MIGRATING = 0x6D61726F70
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Session:
    """An opened installation."""

    config: Config
    fresh: bool

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


@contextmanager
def opened(say: Say = lambda _: None, *, keep: bool = False) -> Iterator[Session]:
    """The installation, running and migrated; started if it did not run, and stopped again by the last to leave.

    Raises MaropsError `home-unusable`, `server-failed`, `database-unreachable`.
    """
    found = config()
    prepare_home(found.home)
    # The secret may have been made just now.
    config.cache_clear()
    found = config()
    django.setup()
    if found.database_url:
        yield Session(found, _prepare(found, say))
        return
    try:
        with using_server(found.home, progress=say, keep=keep, fsync=found.fsync):
            yield Session(found, _prepare(found, say))
    except ServerError as error:
        raise MaropsError(SERVER_FAILED, f"{error.what} {error.kept}".strip(), remedy=error.remedy) from error


def _prepare(found: Config, say: Say) -> bool:
    """Roles, tables and the starter set. Answers whether the installation is new."""
    owner = dsn(found.home, found.database_url, role="marops_owner")
    try:
        if found.database_url:
            prepare_database(owner)
        with psycopg.connect(owner, autocommit=True) as connection:
            # One migrates; whoever comes meanwhile waits and finds it done.
            connection.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
            fresh = _migrate(say)
            if fresh:
                ensure_lake(
                    dsn(found.home, found.database_url, role="marops_app"),
                    Path(found.lake),
                    temp_dir=found.home / "tmp",
                )
            return fresh
    except psycopg.OperationalError as error:
        raise MaropsError(DATABASE_DOWN, f"{location(found.database_url)}: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _migrate(say: Say) -> bool:
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections["owner"])
    plan: list[Any] = executor.migration_plan(executor.loader.graph.leaf_nodes())
    fresh = not executor.loader.applied_migrations
    if plan:
        say("Preparing the tables")
        call_command("migrate", database="owner", verbosity=0, interactive=False)
    connections["owner"].close()
    if plan or fresh:
        say("Planting the starter definitions")
        _plant()
    return fresh


def _plant() -> None:
    from marops.kernel import ports
    from marops.kernel.actors import SETUP
    from marops.kernel.definitions import plant_starters

    plant_starters(actor=SETUP, starters=[one for filler in ports.starters for one in filler.value])
