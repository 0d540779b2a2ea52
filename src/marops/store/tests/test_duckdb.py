import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import duckdb
import psycopg
import pytest

from marops.store.duckdb import (
    LIMITS,
    Limits,
    QueryBusy,
    QueryEngine,
    QueryError,
    QueryForbidden,
    QueryTimeout,
    extension_file,
    without_secrets,
)
from marops.store.guard import forbid, permit
from marops.store.tests.lakeground import NOON, Ground, ground

ENDLESS = "SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) % 7 = 100"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("duckdb")) as one:
        one.facts([uuid4() for _ in range(1200)])
        with one.writer() as writer:
            writer.move()
        yield one


@pytest.fixture(scope="module")
def web(place: Ground) -> Iterator[QueryEngine]:
    engine = place.engine("web")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def engine(place: Ground) -> Iterator[QueryEngine]:
    one = place.engine("engine")
    yield one
    one.close()


def test_the_extensions_come_from_their_wheels() -> None:
    for name in ("postgres_scanner", "ducklake"):
        file = extension_file(name)
        assert file is not None
        assert f"v{duckdb.__version__}" in file.parts
    assert extension_file("nonsense") is None


def test_settings(engine: QueryEngine, web: QueryEngine) -> None:
    names = ("threads", "memory_limit", "TimeZone", "parquet_metadata_cache", "pg_staleness_query_enabled")
    query = "SELECT " + ", ".join(f"current_setting('{name}') AS {name}" for name in names)
    for one, memory in ((engine, "3.7 GiB"), (web, "953.6 MiB")):
        (row,) = one.rows(query)
        assert row == dict(zip(names, (2, memory, "UTC", True, True), strict=True))


def test_values_arrive_as_python_has_them(engine: QueryEngine) -> None:
    one = uuid4()
    query = """SELECT ?::UUID AS id, [?::UUID] AS ids, '{"a": [1]}'::JSON AS j, 1.5::DECIMAL(18,4) AS cost,
               ?::TIMESTAMPTZ AS at, NULL::UUID AS missing, date '2026-03-14' AS day"""
    row = engine.rows(query, [one, one, NOON])[0]
    assert row == {
        "id": one, "ids": [one], "j": {"a": [1]}, "cost": Decimal("1.5"), "at": NOON, "missing": None,
        "day": NOON.date(),
    }  # fmt: skip
    assert row["at"].tzinfo is UTC
    assert engine.rows("SELECT $a + 1 AS b", {"a": 1}) == [{"b": 2}]
    assert engine.arrow("SELECT occurred_at FROM facts").schema.field(0).type.tz == "UTC"


def test_a_block_sees_one_moment_and_its_temporary_tables_end_with_it(place: Ground, engine: QueryEngine) -> None:
    with engine.cursor() as cursor:
        before = cursor.rows("SELECT count(*) AS n FROM facts")
        cursor.execute("CREATE TEMP TABLE met AS SELECT DISTINCT contact_id FROM facts")
        place.facts([uuid4()])
        assert cursor.rows("SELECT count(*) AS n FROM facts") == before
        assert cursor.rows("SELECT count(*) > 0 AS some FROM met") == [{"some": True}]
    with pytest.raises(QueryError, match="met"):
        engine.rows("SELECT * FROM met")
    assert engine.rows("SELECT count(*) AS n FROM facts") == [{"n": before[0]["n"] + 1}]


def test_the_web_process_may_keep_an_answer_for_the_rest_of_a_block(web: QueryEngine) -> None:
    with web.cursor() as cursor:
        cursor.keep("met", "SELECT DISTINCT kind FROM facts")
        assert cursor.rows("SELECT count(*) > 0 AS some FROM met") == [{"some": True}]
        for name, sql in (("other", "SELECT 1; SELECT 2"), ("other", "DROP TABLE met"), ("a b", "SELECT 1")):
            with pytest.raises((QueryError, ValueError)):
                cursor.keep(name, sql)
    with pytest.raises(QueryError, match="met"):
        web.rows("SELECT * FROM met")


def test_the_lake_s_moment_is_fixed_before_the_inbox_s(place: Ground, engine: QueryEngine) -> None:
    with engine.cursor() as cursor:
        ids = place.facts([uuid4()] * 3, kind="moved.meanwhile")
        with place.writer() as writer:
            writer.move()
        assert len(cursor.rows("SELECT id FROM facts WHERE kind = 'moved.meanwhile'")) == len(ids)


def test_a_move_between_the_two_moments_doubles_nothing(place: Ground, engine: QueryEngine) -> None:
    ids = place.facts([uuid4()] * 3, kind="moved.between")
    with engine.cursor() as cursor:
        with place.writer() as writer:
            writer.move()
        rows = cursor.rows("SELECT id FROM facts WHERE kind = 'moved.between'")
    assert sorted(row["id"] for row in rows) == sorted(ids)


def test_the_web_process_reads_the_lake_and_postgresql(place: Ground, web: QueryEngine) -> None:
    assert web.rows("SELECT count(*) > 1000 AS many FROM lake.main.fact") == [{"many": True}]
    assert web.rows("SELECT count(*) AS n FROM pg.public.contact_alias") == [{"n": 0}]
    assert web.rows("SELECT count(*) > 1000 AS many FROM facts") == [{"many": True}]
    with place.writer() as writer:
        writer._flush()
    assert web.rows("SELECT count(*) > 1000 AS many FROM facts") == [{"many": True}]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "ATTACH '/tmp/other.duckdb' AS other",
        "ATTACH 'dbname=postgres' AS other (TYPE postgres)",
        "COPY (SELECT 1) TO '/tmp/stolen.csv'",
        "SET threads = 8",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "LOAD '/tmp/evil.duckdb_extension'",
        "DELETE FROM pg.public.contact_alias",
        "DELETE FROM lake.main.fact",
        "DROP TABLE lake.main.fact",
        "SELECT * FROM postgres_query('pg', 'DELETE FROM contact_alias RETURNING 1')",
        "CALL postgres_execute('pg', 'DELETE FROM contact_alias')",
        "CALL ducklake_expire_snapshots('lake', older_than => now())",
    ],
)
def test_the_web_process_can_do_nothing_else(web: QueryEngine, statement: str) -> None:
    with pytest.raises(QueryError):
        web.execute(statement)
    # and DuckDB itself refuses, without our look at the statement
    with pytest.raises(duckdb.Error):
        web._current().cursor().execute(statement).fetchall()


@pytest.mark.parametrize(
    "statement",
    ["SELECT 1; SELECT 2", "CREATE OR REPLACE VIEW facts AS SELECT 1", "CREATE TABLE t (a INT)", "nonsense", "",
     "EXPLAIN ANALYZE SELECT 1"],
)  # fmt: skip
def test_the_web_process_answers_only_one_select(web: QueryEngine, statement: str) -> None:
    with pytest.raises(QueryError):
        web.execute(statement)


def test_not_even_the_engine_writes_the_lake(engine: QueryEngine) -> None:
    for statement in ("DELETE FROM lake.main.fact", "DELETE FROM pg.public.fact_inbox"):
        with pytest.raises(QueryError, match="read-only"):
            engine.execute(statement)


def test_a_statement_that_takes_too_long_is_stopped_and_the_next_one_works(place: Ground) -> None:
    engine = place.engine("web", Limits(memory="500MB", seconds=0.3, queries=2))
    began = time.monotonic()
    with pytest.raises(QueryTimeout, match=r"longer than 0\.3 s"):
        engine.rows(ENDLESS)
    assert time.monotonic() - began < 2
    assert engine.rows("SELECT count(*) > 0 AS some FROM facts") == [{"some": True}]
    with pytest.raises(QueryTimeout):
        engine.rows("SELECT * FROM postgres_query('pg', 'SELECT pg_sleep(5)')")
    assert time.monotonic() - began < 4
    assert engine.rows("SELECT count(*) > 0 AS some FROM facts") == [{"some": True}]
    engine.close()


def test_a_third_question_waits_and_is_told_when_it_waited_too_long(place: Ground) -> None:
    engine = place.engine("web", Limits(memory="500MB", seconds=1, queries=2))
    inside, leave = threading.Barrier(3), threading.Event()

    def stay() -> None:
        with engine.cursor() as cursor:
            cursor.rows("SELECT 1")
            assert engine.rows("SELECT 2 AS a") == [{"a": 2}]  # its own thread needs no second place
            inside.wait()
            leave.wait()

    threads = [threading.Thread(target=stay) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait()
    with pytest.raises(QueryBusy):
        engine.rows("SELECT 3")
    leave.set()
    assert engine.rows("SELECT 3 AS a") == [{"a": 3}]
    for thread in threads:
        thread.join()
    engine.close()


def test_many_threads_ask_at_once(engine: QueryEngine) -> None:
    answers: list[int] = []

    def ask() -> None:
        answers.extend(engine.rows("SELECT count(*) AS n FROM facts")[0]["n"] for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 30
    assert len(set(answers)) == 1


def test_inside_an_action_the_engine_refuses(engine: QueryEngine) -> None:
    with forbid("the transaction of contact.merge"):
        with pytest.raises(QueryForbidden, match=r"inside the transaction of contact\.merge"):
            engine.rows("SELECT 1")
        with pytest.raises(QueryForbidden), engine.cursor():
            pass
        with permit():
            assert engine.rows("SELECT 1 AS a") == [{"a": 1}]
    assert engine.rows("SELECT 1 AS a") == [{"a": 1}]


def test_a_wrong_question_is_told_in_duckdb_s_words(engine: QueryEngine) -> None:
    with pytest.raises(QueryError, match="nothing_there"):
        engine.rows("SELECT nothing_there FROM facts")


def test_new_columns_and_tables_are_seen(place: Ground, engine: QueryEngine) -> None:
    with psycopg.connect(place.server.dsn("marops_owner"), autocommit=True) as owner:
        owner.execute("CREATE TABLE grown (a int); INSERT INTO grown VALUES (1)")
        assert engine.rows("SELECT * FROM pg.public.grown") == [{"a": 1}]
        owner.execute("ALTER TABLE grown ADD COLUMN b text DEFAULT 'x'")
        assert engine.rows("SELECT * FROM pg.public.grown") == [{"a": 1, "b": "x"}]
        owner.execute("ALTER TABLE grown DROP COLUMN a")
        assert engine.rows("SELECT * FROM pg.public.grown") == [{"b": "x"}]


def test_files_that_maintenance_removed_cost_one_repeat(place: Ground, engine: QueryEngine) -> None:
    place.facts([uuid4() for _ in range(1200)])
    with place.writer() as writer:
        writer.move()
        count = engine.rows("SELECT count(*) AS n FROM facts")
        writer.maintain()
        writer._expire_and_remove(None)
    assert engine.rows("SELECT count(*) AS n FROM facts") == count


@pytest.mark.slow
def test_postgresql_restarted_under_the_engine(tmp_path: Path) -> None:
    with ground(tmp_path) as place:
        place.facts([uuid4()] * 7)
        engines = [place.engine("web"), place.engine("engine")]
        assert [one.rows("SELECT count(*) AS n FROM facts") for one in engines] == [[{"n": 7}]] * 2
        for _ in range(2):
            place.server.stop()
            for one in engines:
                with pytest.raises(QueryError, match="marops doctor"):
                    one.rows("SELECT count(*) AS n FROM facts")
            place.server.start()
            assert [one.rows("SELECT count(*) AS n FROM facts") for one in engines] == [[{"n": 7}]] * 2
        with psycopg.connect(place.server.dsn("postgres"), autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'marops%'")
        assert [one.rows("SELECT count(*) AS n FROM facts") for one in engines] == [[{"n": 7}]] * 2
        for one in engines:
            one.close()


@pytest.mark.slow
def test_a_server_that_died_and_came_back(tmp_path: Path) -> None:
    with ground(tmp_path) as place:
        ids = place.facts([uuid4()] * 7)
        engine = place.engine("web")
        engine.rows("SELECT 1")
        os.kill(int(str(place.server.explain()["pid"])), signal.SIGKILL)
        time.sleep(0.2)
        place.server.start()
        assert {row["id"] for row in engine.rows("SELECT id FROM facts")} == set(ids)
        engine.close()


def test_a_lake_that_was_never_made(place: Ground, tmp_path: Path) -> None:
    dsn = place.server.dsn("marops_app").replace("dbname=marops", "dbname=postgres")
    with pytest.raises(QueryError, match="lake"):
        QueryEngine.open(dsn, tmp_path / "lake", mode="engine", temp_dir=tmp_path)
    with pytest.raises(QueryError, match="marops doctor"):
        QueryEngine.open("host=/nowhere dbname=x", tmp_path / "lake", mode="web", temp_dir=tmp_path)


def test_passwords_stay_out_of_messages() -> None:
    assert without_secrets("host=a password=top user=b") == "host=a password=*** user=b"
    assert without_secrets("password='t o p' x") == "password=*** x"
    assert without_secrets("postgresql://marops:top@host/db") == "postgresql://marops:***@host/db"


def test_a_sort_larger_than_memory_uses_the_workspace_s_temporary_folder(place: Ground) -> None:
    engine = place.engine("web", Limits(memory="100MB", seconds=20, queries=2))
    query = "SELECT count(*) AS n FROM (SELECT i, md5(i::VARCHAR) AS m FROM range(1500000) t(i) ORDER BY m OFFSET 1)"
    assert engine.rows(query) == [{"n": 1499999}]
    engine.close()


def test_signatures_of_extensions_are_asked_for_once_ours_are_loaded(engine: QueryEngine) -> None:
    asked = "SELECT current_setting('allow_unsigned_extensions') AS unsigned"
    assert engine.rows(asked) == [{"unsigned": False}]
    with pytest.raises(QueryError), engine.cursor() as cursor:
        cursor.execute("SET GLOBAL allow_unsigned_extensions = true")
    assert engine.rows(asked) == [{"unsigned": False}]


def test_limits_are_those_of_the_architecture() -> None:
    assert (LIMITS["web"].seconds, LIMITS["web"].queries, LIMITS["engine"].seconds) == (10, 2, 300)


def test_ids_keep_their_order() -> None:
    low, high = UUID(int=1), UUID(int=2**127)
    with duckdb.connect() as connection:
        query = "SELECT ?::UUID < ?::UUID"
        assert connection.execute(query, [low, high]).fetchone() == (True,)
    assert datetime.now(UTC).tzinfo is UTC
