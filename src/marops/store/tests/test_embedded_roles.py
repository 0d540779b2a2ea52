from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from marops.store.embedded import EmbeddedServer, dsn_as, prepare_database, throwaway_server


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with throwaway_server() as running:
        yield running


def run(conninfo: str, *statements: str) -> list[tuple[object, ...]]:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def test_what_each_role_may_do(server: EmbeddedServer) -> None:
    owner, app, read = (server.dsn(role) for role in ("marops_owner", "marops_app", "marops_read"))
    run(owner, "CREATE TABLE lead (id int GENERATED ALWAYS AS IDENTITY, name text)", "CREATE SEQUENCE number")
    run(app, "INSERT INTO lead (name) VALUES ('a')", "UPDATE lead SET name = 'b'", "SELECT nextval('number')")
    run(app, "CREATE TEMPORARY TABLE incoming (name text)")
    assert run(read, "SELECT name FROM lead") == [("b",)]
    run(app, "DELETE FROM lead")
    run(app, "CREATE TABLE lake.fact (id int)", "INSERT INTO lake.fact VALUES (1)")
    assert run(read, "SELECT id FROM lake.fact") == [(1,)]


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("marops_app", "CREATE TABLE sneaky ()"),
        ("marops_app", "CREATE SCHEMA sneaky"),
        ("marops_app", "ALTER TABLE guarded ADD sneaky int"),
        ("marops_app", "TRUNCATE guarded"),
        ("marops_app", "COPY guarded TO PROGRAM 'cat'"),
        ("marops_read", "CREATE TABLE sneaky ()"),
        ("marops_read", "CREATE TABLE lake.sneaky ()"),
        ("marops_read", "INSERT INTO guarded VALUES (1)"),
        ("marops_read", "CREATE TEMPORARY TABLE sneaky ()"),
    ],
)
def test_what_each_role_may_not_do(server: EmbeddedServer, role: str, statement: str) -> None:
    run(server.dsn("marops_owner"), "CREATE TABLE IF NOT EXISTS guarded (id int)")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(server.dsn(role), statement)


def test_preparing_again_changes_nothing_and_keeps_narrowed_rights(server: EmbeddedServer) -> None:
    run(server.dsn("marops_owner"), "CREATE TABLE audit (id int)", "REVOKE UPDATE, DELETE ON audit FROM marops_app")
    report = prepare_database(server.dsn("postgres", "postgres"), "marops")
    assert report.complete
    assert not report.created
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(server.dsn(), "DELETE FROM audit")


def test_a_database_from_a_template_has_its_tables_and_rights(server: EmbeddedServer) -> None:
    admin = server.dsn("postgres", "postgres")
    assert prepare_database(admin, "test_template").created
    run(server.dsn("marops_owner", "test_template"), "CREATE TABLE lead (name text)")
    assert prepare_database(admin, "test_copy", template="test_template").complete
    run(server.dsn("marops_app", "test_copy"), "INSERT INTO lead VALUES ('a')")
    assert run(server.dsn("marops_read", "test_copy"), "SELECT name FROM lead") == [("a",)]


@pytest.fixture
def guest(server: EmbeddedServer) -> Iterator[str]:
    admin = server.dsn("postgres", "postgres")
    run(admin, "DROP DATABASE marops WITH (FORCE)")
    for role in ("marops_owner", "marops_app", "marops_read"):
        for (database,) in run(admin, "SELECT datname FROM pg_database WHERE datname LIKE 'test_%'"):
            run(admin, f"DROP DATABASE {database} WITH (FORCE)")
        run(admin, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    run(admin, "CREATE ROLE guest LOGIN", "CREATE DATABASE hosted OWNER guest")
    yield server.dsn("guest", "hosted")
    run(admin, "DROP DATABASE IF EXISTS hosted WITH (FORCE)", "DROP DATABASE IF EXISTS more WITH (FORCE)")
    run(admin, "DROP OWNED BY guest", "DROP ROLE guest")
    prepare_database(admin, "marops")


def test_a_guest_who_may_not_make_roles_gets_a_report(server: EmbeddedServer, guest: str) -> None:
    report = prepare_database(guest)
    assert not report.complete
    assert (report.database, report.user) == ("hosted", "guest")
    assert "CREATE ROLE" in report.missing[0].statement
    assert "permission denied" in report.missing[0].why


def test_what_the_report_asks_for_makes_it_complete(server: EmbeddedServer, guest: str) -> None:
    admin = server.dsn("postgres", "hosted")
    asked = prepare_database(guest).missing
    run(admin, *[missing.statement for missing in asked])
    assert prepare_database(admin, "hosted").complete
    run(server.dsn("marops_owner", "hosted"), "CREATE TABLE lead (name text)")
    run(server.dsn("marops_app", "hosted"), "INSERT INTO lead VALUES ('a')")


def test_a_guest_who_may_make_roles_makes_everything(server: EmbeddedServer, guest: str) -> None:
    run(server.dsn("postgres", "postgres"), "ALTER ROLE guest CREATEROLE CREATEDB")
    report = prepare_database(guest)
    assert report.missing == []
    assert prepare_database(guest).complete
    assert prepare_database(guest, "more").created
    run(dsn_as(guest, "marops_owner"), "CREATE TABLE lead (name text)")
    run(dsn_as(guest, "marops_app"), "INSERT INTO lead VALUES ('a')")
    assert run(dsn_as(guest, "marops_read"), "SELECT current_user::text, name FROM lead") == [("marops_read", "a")]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        run(dsn_as(make_conninfo(guest, options="-c work_mem=5MB"), "marops_read"), "INSERT INTO lead VALUES ('b')")
