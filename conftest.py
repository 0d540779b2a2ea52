"""What tests stand on: one PostgreSQL server per test process, migrated once; real, never a stand-in.

Three kinds of test: *pure*; `django_db` (rolled back; the query engine refuses, it would see nothing); and
`django_db(transaction=True)` (commits; afterwards the tables that were written are emptied).
"""

import atexit
import gc
import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.cast import Cast

    from marops.engine.loop import Engine
    from marops.engine.tick import Told

# Tests start processes by the hundred; without compiled files each one would compile everything that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

_HOME = Path(tempfile.mkdtemp(prefix="marops-tests-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "marops.site.settings",
    "MAROPS_HOME": str(_HOME),
    "MAROPS_SECRET_KEY": "only-for-tests",
    "MAROPS_FSYNC": "no",
    "MAROPS_REST_RATE": "600000",
    "MAROPS_VISITOR_RATE": "600000",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",
}
# The tests also run against a server given by its address: MAROPS_TEST_DATABASE_URL names one with a free hand.
_GIVEN = os.environ.get("MAROPS_TEST_DATABASE_URL", "")
os.environ.pop("MAROPS_DATABASE_URL", None)
if _GIVEN:
    _NAME = f"marops_test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    os.environ["MAROPS_DATABASE_URL"] = _GIVEN.rsplit("/", 1)[0] + "/" + _NAME

import django  # noqa: E402  # its settings read the environment set above

django.setup()
# Test processes inherit this environment, and each must read the settings anew with a home of its own.
del os.environ["DJANGO_SETTINGS_MODULE"]

# How long an example takes says how loaded the machine is, and nothing about what is tested.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# What a test leaves is mostly freed at once; to look for the rest after every 700 new objects took a tenth of the time.
gc.set_threshold(200_000, 50, 100)

_BROWSER = "tests/browser/"
_KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission"})


_BEGAN = time.monotonic()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--talks-to-server", action="store_true", help="only tests that need PostgreSQL")
    parser.addoption("--within", type=float, help="begin no test later than so many seconds from now; skip the rest")
    parser.addoption("--turn", help="mix the files by this word, so that each has its turn where time is short")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --talks-to-server, what another version of PostgreSQL could answer differently; the rest would repeat."""
    if config.getoption("--talks-to-server"):
        items[:] = [one for one in items if one.get_closest_marker("django_db") or "server" in _fixtures(one)]
    if turn := config.getoption("--turn"):
        items.sort(key=lambda one: hashlib.sha256(f"{turn} {one.location[0]}".encode()).digest())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """With --within, what the time did not reach is skipped, and counted as such."""
    within = item.config.getoption("--within")
    if within is not None and time.monotonic() - _BEGAN > within:
        pytest.skip("no time was left for it")


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was collected stays to the end; nobody need look for rubbish in it during every test."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """What shares something expensive stays in one process: the files with fixtures of their own, and the browser.

    The marks `xdist_group` would say so too, but they reach no scheduler since pytest 9.2.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            if file.startswith(_BROWSER):
                return _BROWSER
            return file if _shares(config.rootpath / file) else nodeid

    return Together(config, log)


@cache
def _shares(file: Path) -> bool:
    return 'fixture(scope="' in file.read_text(encoding="utf-8")


def _fixtures(item: pytest.Item) -> list[str]:
    return getattr(item, "fixturenames", [])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data kept beside the project; tests that need it skip where it is absent."""
    folder = Path(__file__).parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data sets are not here")
    return folder


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A running PostgreSQL with an empty, prepared database; answers its address as the superuser."""
    from marops.store.embedded import EmbeddedServer, prepare_database

    if _GIVEN:
        import psycopg

        with psycopg.connect(_GIVEN, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{_NAME}" WITH (FORCE)')
        prepare_database(_GIVEN, _NAME)
        yield os.environ["MAROPS_DATABASE_URL"]
        return
    embedded = EmbeddedServer(_HOME, fsync=False, dies_with_starter=True)
    embedded.start()
    yield embedded.dsn("postgres")
    embedded.stop()


@pytest.fixture(scope="session")
def django_db_setup(server: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """The migrated database of this test process."""
    from django.core.management import call_command
    from django.db import connections
    from django.test import TransactionTestCase

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        connections["owner"].close()
    TransactionTestCase._fixture_teardown = lambda _: _empty_written_tables(server)  # type: ignore[method-assign]
    yield
    for connection in connections.all():
        connection.close()


_NUMBER_ANEW = """
SELECT setval(q.seqrelid, q.seqstart, FALSE) FROM pg_sequence q JOIN pg_depend d ON d.objid = q.seqrelid
WHERE d.deptype IN ('a', 'i') AND d.refobjid = ANY(%s::regclass[])
"""
_LARGE = 1_000_000  # bytes, from which rows that are deleted would be in the way of the next test


def _empty_written_tables(server: str) -> None:
    """Rows are deleted without a look at triggers and keys: to truncate the forty tables of a test takes far longer."""
    import psycopg

    with psycopg.connect(server) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        names = [f'"{name}"' for (name,) in tables if name not in _KEPT]
        probes = " UNION ALL ".join(
            f"SELECT '{one}', pg_relation_size('{one}') WHERE EXISTS (SELECT FROM {one})" for one in names
        )
        written = dict(connection.execute(probes).fetchall())
        if large := [one for one, size in written.items() if size > _LARGE]:
            connection.execute(f"TRUNCATE {', '.join(large)} CASCADE")
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute("; ".join(["SELECT 1", *(f"DELETE FROM {one}" for one in written)]))
        connection.execute(_NUMBER_ANEW, [list(written)])


@pytest.fixture
def sql_trace(db: None) -> Iterator[list[dict[str, str]]]:
    """The statements that the test sends from here on, for query counts."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        yield captured.captured_queries  # type: ignore[misc]


@pytest.fixture(scope="session")
def lake(django_db_setup: None) -> Path:
    """The lake of this test process, beside its database."""
    from marops.kernel.config import config
    from marops.store.address import dsn
    from marops.store.lake import ensure_lake

    found = config()
    folder = Path(found.lake)
    address = dsn(found.home, found.database_url, role="marops_app")
    ensure_lake(address, folder, temp_dir=found.home / "tmp")
    return folder


@pytest.fixture(scope="session")
def _engine(lake: Path) -> Iterator["Engine"]:
    from marops.engine import asking
    from marops.engine.loop import Engine
    from marops.kernel.config import config
    from marops.store.address import dsn

    found = config()
    one = Engine(dsn(found.home, found.database_url, role="marops_app"), lake, found.home / "tmp")
    yield one
    one.close()
    asking.close()


@pytest.fixture
def engine(_engine: "Engine", transactional_db: None) -> Iterator["Engine"]:
    """The engine on the test database, which commits. Its query engine stays attached from test to test."""
    from marops.store.lake import lake_writer

    yield _engine
    if _engine.query.rows("SELECT EXISTS (SELECT 1 FROM lake.fact) AS moved")[0]["moved"]:
        with lake_writer(_engine.dsn, _engine.lake, temp_dir=_engine.temp, wait=10) as writer:
            writer._lake.execute("DELETE FROM lake.main.fact")


@pytest.fixture
def run_stages(engine: "Engine") -> Callable[[], "Told"]:
    """Takes what changed through the stages until nothing is due; facts stay in the inbox, where they are seen too."""
    from marops.engine import tick
    from marops.engine.tick import Told
    from marops.kernel.clock import now

    def run() -> Told:
        told = Told()
        while tick.turn(engine.query, now(), told):
            pass
        return told

    return run


@pytest.fixture
def starters(engine: "Engine") -> None:
    """The starter definitions, in force."""
    from marops.kernel import ports
    from marops.kernel.actors import SETUP
    from marops.kernel.definitions import plant_starters

    plant_starters(actor=SETUP, starters=[one for filler in ports.starters for one in filler.value])


@pytest.fixture
def cast(db: None) -> "Cast":
    """The named users, in the test's database."""
    from tests.cast import make_cast

    return make_cast()
