from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from marops.engine.tests.engineground import STAGES, TABLES, Ground, only_these, stage
from marops.kernel.config import config
from marops.store.address import dsn
from marops.store.lake import ensure_lake


@pytest.fixture
def ground(transactional_db: None, server: str) -> Iterator[Ground]:
    """An engine's surroundings: the database of the tests, a lake, tables for marks, and the marking stages."""
    found = config()
    with psycopg.connect(dsn(found.home, found.database_url, role="marops_owner"), autocommit=True) as owner:
        owner.execute(TABLES)
    ensure_lake(
        dsn(found.home, found.database_url, role="marops_app"), Path(found.lake), temp_dir=found.home / "tmp", wait=10
    )
    with only_these(*map(stage, STAGES)):
        yield Ground(server)
