"""The query engine of this process, opened at the first question."""

import threading
from pathlib import Path

from marops.kernel.config import config
from marops.store.address import dsn
from marops.store.duckdb import Mode, QueryEngine

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
