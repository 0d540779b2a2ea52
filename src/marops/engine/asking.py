"""The query engine of this process, opened at the first question."""

import threading
from pathlib import Path
from uuid import UUID

from django.db import connection

from marops.kernel.config import config
from marops.store.address import dsn
from marops.store.duckdb import Mode, QueryEngine
from marops.store.facts import facts_of_one

_ROLES: dict[Mode, str] = {"web": "marops_read", "engine": "marops_app"}
_lock = threading.Lock()
_open: list[QueryEngine] = []


def query_engine() -> QueryEngine:
    """One engine for all threads; in the web process with the reader's role, its limits and its lock-down."""
    with _lock:
        if not _open:
            found = config()
            mode: Mode = "web" if is_web() else "engine"
            address = dsn(found.home, found.database_url, role=_ROLES[mode])
            _open.append(QueryEngine.open(address, Path(found.lake), mode=mode, temp_dir=found.home / "tmp"))
        return _open[0]


_WRITTEN_AS = """
WITH RECURSIVE person (id) AS (
  SELECT %(id)s::uuid WHERE NOT EXISTS (SELECT FROM contact_alias WHERE alias_id = %(id)s)
    AND NOT EXISTS (SELECT FROM erased_contact WHERE contact_id = %(id)s)
  UNION SELECT a.alias_id FROM contact_alias a JOIN person p ON a.contact_id = p.id)
SELECT id FROM person p WHERE NOT EXISTS (SELECT FROM erased_contact e WHERE e.contact_id = p.id)
"""


def facts_about(contact_id: UUID) -> str:
    """A query for all facts of one person, under whatever ids they were written; none where the person is gone.

    The quickest way to one person's facts; for the facts of many there is the macro `facts_of`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WRITTEN_AS, {"id": contact_id})
        return facts_of_one(contact_id, [id_ for (id_,) in cursor.fetchall()])


_role: list[str] = []


def serve_web() -> None:
    """Say that this process serves pages, before the first question is asked."""
    _role[:] = ["web"]


def is_web() -> bool:
    """Does this process serve pages?"""
    return _role == ["web"]


def close() -> None:
    """Close the engine; the next question opens it again."""
    with _lock:
        while _open:
            _open.pop().close()
