"""The three roles and their rights in one database; the same for our own server and for one we are only a guest on."""

from dataclasses import dataclass, field

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Composable, Composed, Identifier

OWNER = "marops_owner"
APP = "marops_app"
READ = "marops_read"
ROLES = (OWNER, APP, READ)
LAKE_SCHEMA = "lake"
# keeps two who prepare at once from meeting in the same catalogue row
_LOCK = 0x6D61726F7073
_NAMES: dict[str, Composable] = {
    "owner": Identifier(OWNER),
    "app": Identifier(APP),
    "read": Identifier(READ),
    "lake": Identifier(LAKE_SCHEMA),
    "write": SQL("SELECT, INSERT, UPDATE, DELETE"),
}
_ALREADY_THERE = (errors.DuplicateObject, errors.DuplicateDatabase, errors.DuplicateSchema, errors.UniqueViolation)

_ON_DATABASE = (
    ("close the database to others", "REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
    ("open the database", "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {owner}, {app}"),
    ("open the database for reading", "GRANT CONNECT ON DATABASE {database} TO {read}"),
    ("let migrations make schemas", "GRANT CREATE ON DATABASE {database} TO {owner}"),
)
_INSIDE = (
    ("close the schema public", "REVOKE ALL ON SCHEMA public FROM PUBLIC, {app}, {read}"),
    ("let migrations make tables", "GRANT USAGE, CREATE ON SCHEMA public TO {owner}"),
    ("open the schema public", "GRANT USAGE ON SCHEMA public TO {app}, {read}"),
    (
        "let the application write",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT {write} ON TABLES TO {app}",
    ),
    (
        "let the application use sequences",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {app}",
    ),
    (
        "let questions read tables",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT ON TABLES TO {read}",
    ),
    ("make the lake's schema", "CREATE SCHEMA IF NOT EXISTS {lake} AUTHORIZATION {app}"),
    ("open the lake", "GRANT USAGE ON SCHEMA {lake} TO {read}, {owner}"),
    ("let questions read the lake", "GRANT SELECT ON ALL TABLES IN SCHEMA {lake} TO {read}"),
    (
        "let questions read the lake to come",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {app} IN SCHEMA {lake} GRANT SELECT ON TABLES TO {read}",
    ),
)
# GRANT without the right to grant only warns, so what counts is looked at in the end
_CHECKS = (
    ("migrations may make tables", "has_schema_privilege('marops_owner', 'public', 'CREATE')"),
    ("the application may use the schema public", "has_schema_privilege('marops_app', 'public', 'USAGE')"),
    ("questions may use the schema public", "has_schema_privilege('marops_read', 'public', 'USAGE')"),
    ("the application may not make tables in public", "NOT has_schema_privilege('marops_app', 'public', 'CREATE')"),
    (
        "the application owns the lake",
        "pg_has_role('marops_app', (SELECT nspowner FROM pg_namespace WHERE nspname = 'lake'), 'USAGE')",
    ),
    ("questions may use the lake", "has_schema_privilege('marops_read', 'lake', 'USAGE')"),
)


@dataclass(frozen=True)
class Missing:
    """One thing that is not as it should be, why, and the statement with which an administrator puts it right."""

    what: str
    why: str
    statement: str


@dataclass
class Prepared:
    """What :func:`prepare_database` found and did; nothing missing means that everything is as it should be."""

    database: str
    user: str
    created: bool = False
    missing: list[Missing] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every role could be made with its rights."""
        return not self.missing


def prepare_database(conninfo: str, dbname: str | None = None, *, template: str = "template0") -> Prepared:
    """Makes the roles, the database and the rights in it, as far as the connecting role may; repeatable.

    ``conninfo`` reaches any database of the server; ``dbname`` defaults to that one. A database that does not exist is
    made from ``template``. Rights on tables that exist already in ``public`` are left alone, because migrations
    narrow some of them. Raises ``psycopg.OperationalError`` if the server cannot be reached, and nothing for lack
    of rights: that is in the report.
    """
    with psycopg.connect(conninfo, autocommit=True) as connection:
        name = dbname or connection.info.dbname
        report = Prepared(name, connection.info.user)
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        steps = _Steps(connection, report)
        _make_roles(steps)
        _make_database(steps, template)
        if not _known(connection, "pg_database", "datname", name):
            return report
        for what, statement in _ON_DATABASE:
            steps.run(what, statement)
        with psycopg.connect(make_conninfo(conninfo, dbname=name), autocommit=True) as inside:
            _prepare_inside(_Steps(inside, report))
    return report


def dsn_as(conninfo: str, role: str) -> str:
    """The same connection, acting as ``role`` from its first statement: for servers where all share one login."""
    given = conninfo_to_dict(conninfo).get("options")
    return make_conninfo(conninfo, options=" ".join(str(part) for part in (given, f"-c role={role}") if part))


@dataclass(frozen=True)
class _Steps:
    connection: psycopg.Connection[tuple[object, ...]]
    report: Prepared

    def run(self, what: str, statement: str) -> bool:
        """Runs one statement; what may not be done is noted, what somebody else has just done is fine."""
        composed = SQL(statement).format(database=Identifier(self.report.database), **_NAMES)
        return self.execute(what, composed)

    def execute(self, what: str, statement: Composed) -> bool:
        try:
            self.connection.execute(statement)
        except _ALREADY_THERE:
            return False
        except psycopg.OperationalError:
            raise
        except psycopg.Error as error:
            why = error.diag.message_primary or type(error).__name__
            self.report.missing.append(Missing(what, why, statement.as_string(self.connection)))
            return False
        return True


def _make_roles(steps: _Steps) -> None:
    for role in ROLES:
        if not _known(steps.connection, "pg_roles", "rolname", role):
            steps.execute(f"make the role {role}", SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))
    superuser = steps.connection.info.parameter_status("is_superuser") == "on"
    user = Identifier(steps.report.user)
    for role in () if superuser else ROLES:
        if _known(steps.connection, "pg_roles", "rolname", role) and not _member(steps.connection, role):
            # only a member may give tables to a role and set what it grants by default
            steps.execute(f"act as {role}", SQL("GRANT {} TO {}").format(Identifier(role), user))


def _make_database(steps: _Steps, template: str) -> None:
    name, connection = steps.report.database, steps.connection
    if not _known(connection, "pg_database", "datname", name):
        statement = SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE {}")
        names = (Identifier(name), _NAMES["owner"], Identifier(template))
        steps.report.created = steps.execute("make the database", statement.format(*names))
    row = connection.execute(
        "SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = %s", [name]
    ).fetchone()
    if row and row[0] != "UTF8":
        remedy = f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"
        steps.report.missing.append(Missing("keep every script of the world", f"its encoding is {row[0]}", remedy))


def _prepare_inside(steps: _Steps) -> None:
    failed = len(steps.report.missing)
    for what, statement in _INSIDE:
        steps.run(what, statement)
    if len(steps.report.missing) > failed or not all(_known(steps.connection, "pg_roles", "rolname", r) for r in ROLES):
        return
    for what, condition in _CHECKS:
        row = steps.connection.execute(f"SELECT {condition}".encode()).fetchone()
        if not row or row[0] is not True:
            steps.report.missing.append(Missing(what, "the connecting role may not grant it", f"SELECT {condition}"))


def _known(connection: psycopg.Connection[tuple[object, ...]], catalogue: str, column: str, name: str) -> bool:
    query = SQL("SELECT 1 FROM {} WHERE {} = %s").format(Identifier(catalogue), Identifier(column))
    return connection.execute(query, [name]).fetchone() is not None


def _member(connection: psycopg.Connection[tuple[object, ...]], role: str) -> bool:
    """Whether the connecting role may act as ``role``; up to version 15 membership alone says so."""
    right = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    row = connection.execute("SELECT pg_has_role(%s, %s)", [role, right]).fetchone()
    return bool(row and row[0])
