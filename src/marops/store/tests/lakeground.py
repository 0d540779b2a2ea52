"""A server with the tables that the lake touches, and short ways to write facts in tests."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg

from marops.store.duckdb import Limits, Mode, QueryEngine
from marops.store.embedded import EmbeddedServer
from marops.store.lake import Crash, LakeWriter, ensure_lake, lake_writer

TABLES = """
CREATE TABLE fact_inbox (id uuid PRIMARY KEY, kind text NOT NULL, occurred_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL, contact_id uuid, subject_type text, subject_id text, actor_type text NOT NULL,
  actor_id text NOT NULL, campaign_id uuid, source text, key text, definition text, properties jsonb NOT NULL,
  case_id text, case_class text, activity text, skill text, touch text, platform text, enabled_at timestamptz,
  started_at timestamptz, ended_at timestamptz, paused double precision, batch_id text, attempt integer,
  rework_of text, cost numeric(18,4), ai_use text, policy_decision text, objects jsonb, batch uuid);
CREATE INDEX ON fact_inbox (batch) WHERE batch IS NULL;
CREATE TABLE contact_alias (alias_id uuid PRIMARY KEY, contact_id uuid NOT NULL, valid_from timestamptz, cause text);
CREATE TABLE erased_contact (contact_id uuid PRIMARY KEY, erased_at timestamptz NOT NULL);
"""
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Ground:
    """One database, one lake folder."""

    server: EmbeddedServer
    home: Path

    @property
    def dsn(self) -> str:
        return self.server.dsn("marops_app")

    @property
    def lake(self) -> Path:
        return self.home / "lake"

    def engine(self, mode: Mode = "engine", limits: Limits | None = None) -> QueryEngine:
        role = "marops_read" if mode == "web" else "marops_app"
        return QueryEngine.open(
            self.server.dsn(role), self.lake, mode=mode, temp_dir=self.home / f"tmp-{mode}", limits=limits
        )

    @contextmanager
    def writer(self, wait: float = 0, crash: Crash = lambda _: None) -> Iterator[LakeWriter]:
        with lake_writer(self.dsn, self.lake, temp_dir=self.home / "tmp-writer", wait=wait, crash=crash) as writer:
            yield writer

    def sql(self, query: str, params: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            done = connection.execute(query.encode(), params)
            return done.fetchall() if done.description else []

    def facts(self, contacts: Sequence[UUID | None], kind: str = "page.viewed", **more: object) -> list[UUID]:
        """Commit one fact for each of `contacts`; answers their ids."""
        ids = [uuid4() for _ in contacts]
        with psycopg.connect(self.dsn) as connection, connection.cursor() as cursor:
            insert_facts(cursor, ids, contacts, kind, **more)
        return ids

    def alias(self, alias: UUID, contact: UUID) -> None:
        self.sql("INSERT INTO contact_alias VALUES (%s, %s, %s, 'merge')", [alias, contact, NOON])

    def clear(self) -> None:
        """An empty inbox and an empty lake."""
        for table in ("fact_inbox", "contact_alias", "erased_contact"):
            self.sql(f"DELETE FROM {table}")


def insert_facts(
    cursor: psycopg.Cursor[tuple[object, ...]],
    ids: Sequence[UUID],
    contacts: Sequence[UUID | None],
    kind: str,
    *,
    at: datetime = NOON,
    properties: dict[str, object] | None = None,
    subject: tuple[str, str] | None = None,
) -> None:
    rows = [
        (one, kind, at, at, contact, *(subject or (None, None)), "system", "engine", json.dumps(properties or {}))
        for one, contact in zip(ids, contacts, strict=True)
    ]
    cursor.executemany(
        "INSERT INTO fact_inbox (id, kind, occurred_at, recorded_at, contact_id, subject_type, subject_id, actor_type,"
        " actor_id, properties) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        rows,
    )


@contextmanager
def ground(home: Path) -> Iterator[Ground]:
    server = EmbeddedServer(home, fsync=False, dies_with_starter=True)
    server.start()
    try:
        with psycopg.connect(server.dsn("marops_owner"), autocommit=True) as owner:
            owner.execute(TABLES)
        ensure_lake(server.dsn("marops_app"), home / "lake", temp_dir=home / "tmp")
        yield Ground(server, home)
    finally:
        server.stop()
