import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from tests.nursery import one_soon

from marops.store.lake import CRASH_POINTS
from marops.store.proof import find_value
from marops.store.tests.lakeground import Ground, ground

# What an engine does in a tick: moves twice (so that the second one clears what the first one moved), then erases.
FLOW = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from uuid import UUID
from marops.store import lake

dsn, home, fatal, *erase = sys.argv[1:]
lake.FLUSH_AT = 30

def crash(name):
    if name == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

with lake.lake_writer(dsn, Path(home) / "lake", temp_dir=Path(home) / "tmp", wait=10, crash=crash) as writer:
    writer.move(limit=25, settled=timedelta(0))
    writer.move(limit=1500, settled=timedelta(0))
    if erase:
        writer.erase([UUID(one) for one in erase])
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("kills")) as one:
        yield one


def run(place: Ground, fatal: str, *erase: UUID) -> int:
    arguments = [place.dsn, str(place.home), fatal, *map(str, erase)]
    return subprocess.run([sys.executable, "-c", FLOW, *arguments], check=False, env=dict(os.environ)).returncode


def facts(place: Ground) -> list[UUID]:
    engine = place.engine()
    try:
        return sorted(row["id"] for row in engine.rows("SELECT id FROM facts"))
    finally:
        engine.close()


@pytest.mark.parametrize(
    "point", one_soon([one for one in CRASH_POINTS if one.startswith("mover.")], "mover.after_claim")
)
def test_a_mover_killed_anywhere_loses_nothing_and_repeats_nothing(place: Ground, point: str) -> None:
    before = facts(place)
    ids = place.facts([uuid4() for _ in range(40)])
    assert run(place, point) == -signal.SIGKILL
    assert facts(place) == sorted(before + ids)
    ids += place.facts([uuid4() for _ in range(5)])
    with place.writer(wait=10) as writer:
        writer.move(settled=timedelta(0))
        assert facts(place) == sorted(before + ids)
        writer.move(settled=timedelta(0))
        assert writer.pending() == (0, None)
    assert place.sql("SELECT count(*) FROM fact_inbox") == [(0,)]
    assert facts(place) == sorted(before + ids)


def test_every_point_of_the_mover_is_passed_when_nothing_kills(place: Ground) -> None:
    place.facts([uuid4() for _ in range(40)])
    passed: list[str] = []
    with place.writer(wait=10, crash=passed.append) as writer:
        writer._inlined = 10**6
        writer.move(settled=timedelta(0))
        writer.erase([uuid4()])
    assert list(dict.fromkeys(passed)) == list(CRASH_POINTS)


@pytest.mark.parametrize(
    "point", one_soon([one for one in CRASH_POINTS if one.startswith("eraser.")], "eraser.after_rewrite")
)
def test_an_erasure_killed_anywhere_is_unseen_at_once_and_finished_by_maintenance(place: Ground, point: str) -> None:
    before = facts(place)
    person = uuid4()
    stay = place.facts([uuid4() for _ in range(20)])
    gone = place.facts([person] * 3)
    assert run(place, point, person) == -signal.SIGKILL
    assert facts(place) == sorted(before + stay)
    with place.writer(wait=10) as writer:
        writer.move(settled=timedelta(0))
        writer.maintain(kept=timedelta(0))
    found = {str(one): places for one in [person, *gone] if (places := find_value(place.dsn, place.lake, str(one)))}
    assert found == {}
    assert facts(place) == sorted(before + stay)
