import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from marops.store.tests.lakeground import Ground, ground, insert_facts

MOVER = """
import sys, threading
from datetime import timedelta
from pathlib import Path
from marops.store import lake

dsn, home = sys.argv[1], Path(sys.argv[2])
lake.FLUSH_AT = 400
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
with lake.lake_writer(dsn, home / "lake", temp_dir=home / "tmp-mover") as writer:
    turns = 0
    while not stop.is_set():
        writer.move(limit=200, settled=timedelta(seconds=3))
        turns += 1
        print(turns, flush=True)
        if turns % 40 == 0:
            writer.maintain()
"""


class Ledger:
    """What is committed for certain, and what may be committed by now."""

    def __init__(self) -> None:
        self.certain: set[UUID] = set()
        self.possible: set[UUID] = set()

    def write(self, place: Ground, stop: threading.Event, longest: float, seed: int) -> None:
        chance = random.Random(seed)
        with psycopg.connect(place.dsn) as connection:
            while not stop.is_set():
                ids = [uuid4() for _ in range(chance.randint(1, 4))]
                with connection.cursor() as cursor:
                    insert_facts(cursor, ids, [uuid4() for _ in ids], "page.viewed")
                time.sleep(chance.uniform(0, longest))
                if chance.random() < 0.1:
                    connection.rollback()
                    continue
                self.possible |= set(ids)
                connection.commit()
                self.certain |= set(ids)


class Turns:
    """How often the mover went round, as it tells."""

    def __init__(self, mover: subprocess.Popen[str]) -> None:
        self.made = 0
        self._thread = threading.Thread(target=self._listen, args=(mover,))
        self._thread.start()

    def _listen(self, mover: subprocess.Popen[str]) -> None:
        assert mover.stdout
        for line in mover.stdout:
            self.made = int(line)

    def ended(self) -> int:
        self._thread.join(timeout=60)
        return self.made


def compare(place: Ground, ledger: Ledger, reads: int, wrong: list[str], turns: Turns | None = None) -> None:
    """Read so often, and on until the mover went round more than ten times: a machine may be quicker at one of them."""
    engine, done, late = place.engine("web"), 0, time.monotonic() + 120
    while done < reads or (turns and turns.made <= 10 and time.monotonic() < late):
        done += 1
        certain = set(ledger.certain)
        read = Counter(map(UUID, engine.arrow("SELECT id FROM facts").column("id").to_pylist()))
        possible = set(ledger.possible)
        missing, never = certain - read.keys(), read.keys() - possible
        double = [one for one, times in read.items() if times > 1]
        if missing or never or double:
            wrong.append(f"{len(missing)} missing, {len(double)} double, {len(never)} never committed")
    engine.close()


def race(place: Ground, reads: int) -> tuple[Ledger, list[str]]:
    ledger, wrong, stop = Ledger(), list[str](), threading.Event()
    command = [sys.executable, "-c", MOVER, place.dsn, str(place.home)]
    mover = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    threads = [
        threading.Thread(target=ledger.write, args=(place, stop, longest, seed))
        for seed, longest in enumerate((0.03, 0.4))
    ]
    for thread in threads:
        thread.start()
    turns = Turns(mover)
    compare(place, ledger, reads, wrong, turns)
    stop.set()
    for thread in threads:
        thread.join()
    assert mover.stdin
    mover.stdin.close()
    assert mover.wait(timeout=60) == 0
    assert turns.ended() > 10
    return ledger, wrong


def moved_batches(place: Ground) -> int:
    """How many ever were, also those that the inbox has been cleared of: how many stand in it depends on the pace."""
    engine = place.engine("web")
    (made,) = engine.arrow("SELECT count(*) AS made FROM lake.main.moved_batch").column("made").to_pylist()
    engine.close()
    return int(made)


# A thousand by hand; a check that has to end soon reads fewer.
MANY = 200 if os.environ.get("CI") else 1000


@pytest.mark.parametrize("reads", [25, pytest.param(MANY, marks=pytest.mark.slow)])
def test_every_committed_fact_is_read_once_while_the_mover_races_slow_writers(tmp_path: Path, reads: int) -> None:
    with ground(tmp_path) as place:
        ledger, wrong = race(place, reads)
        assert wrong == []
        compare(place, ledger, 1, wrong)
        assert wrong == []
        assert moved_batches(place) > 3
        with place.writer() as writer:
            writer.move(settled=timedelta(0))
            writer.move(settled=timedelta(0))
        assert place.sql("SELECT count(*) FROM fact_inbox") == [(0,)]
        compare(place, ledger, 1, wrong)
        assert wrong == []
        assert ledger.certain == ledger.possible
