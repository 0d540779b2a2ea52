"""What an erasure needs of the engine: facts cut out of the lake, and PostgreSQL's statistics made anew."""

import logging
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import psycopg

from marops.kernel import crash, personal, ports
from marops.kernel.config import config
from marops.kernel.erasures import statistics_of
from marops.store.address import dsn
from marops.store.lake import LakeBusy, lake_writer

log = logging.getLogger("marops.erasing")

LAKE_SECONDS = 120.0


def clean_up(contact_ids: Sequence[UUID]) -> int | None:
    """Cut the facts of these people out of the lake and forget the samples of their values that statistics keep.

    Answers how many facts went; None while another process writes the lake: its next tidying then finishes the work.
    """
    found = config()
    _forget_statistics(dsn(found.home, found.database_url, role="marops_owner"))
    address = dsn(found.home, found.database_url, role="marops_app")
    try:
        with lake_writer(
            address, Path(found.lake), temp_dir=found.home / "tmp", wait=LAKE_SECONDS, crash=crash.point
        ) as writer:
            return writer.erase(contact_ids)
    except LakeBusy:
        log.warning("the lake is busy; its next tidying cuts out the facts of erased people")
        return None


def _forget_statistics(owner: str) -> None:
    tables = {filler.name for filler in ports.erase} | {one.table for one in personal.places()}
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(statistics_of(tables).encode())
