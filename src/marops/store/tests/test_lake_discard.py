import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pytest

from marops.store.tests.lakeground import NOON, Ground, ground

ROWS = 4_000


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Ground]:
    with ground(tmp_path) as one:
        yield one


def some_facts(source: str, rows: int = ROWS) -> pa.Table:
    return pa.table(
        {
            "id": [str(uuid4()) for _ in range(rows)],
            "kind": ["page.viewed"] * rows,
            "occurred_at": [NOON] * rows,
            "recorded_at": [NOON] * rows,
            "contact_id": [str(uuid4()) for _ in range(rows)],
            "source": [source] * rows,
        }
    )


def count(place: Ground, where: str = "true") -> int:
    engine = place.engine()
    try:
        return int(engine.rows(f"SELECT count(*) AS n FROM facts WHERE {where}")[0]["n"])
    finally:
        engine.close()


def test_what_is_discarded_is_gone_and_the_rest_stays(place: Ground) -> None:
    with place.writer() as writer:
        writer.bulk_load(some_facts("sample"))
        writer.bulk_load(some_facts("web", 50))  # few: these stand in the catalogue
        writer.bulk_load(some_facts("sample", 50))
        assert writer.discard("source = 'sample'") == ROWS + 50
        assert writer.discard("source = 'sample'") == 0
    assert (count(place), count(place, "source = 'web'")) == (50, 50)


def test_a_condition_may_ask_postgresql(place: Ground) -> None:
    kept, gone = uuid4(), uuid4()
    place.facts([kept, gone])
    with place.writer() as writer:
        writer.move()
        found = place.sql("SELECT id FROM fact_inbox WHERE contact_id = %s", [gone])
        where = f"id IN (SELECT id FROM pg.public.fact_inbox WHERE contact_id = '{gone}')"
        assert (len(found), writer.discard(where)) == (1, 1)
    assert count(place, f"contact_id = '{kept}'") == 1


def test_who_reads_meanwhile_sees_all_or_what_is_left(place: Ground) -> None:
    with place.writer() as writer:
        writer.bulk_load(some_facts("sample"))
        writer.bulk_load(some_facts("web"))
        seen: list[int] = []
        over = threading.Event()

        def read() -> None:
            engine = place.engine()
            try:
                while not over.is_set():
                    seen.append(int(engine.rows("SELECT count(*) AS n FROM facts")[0]["n"]))
            finally:
                engine.close()

        readers = [threading.Thread(target=read) for _ in range(2)]
        for one in readers:
            one.start()
        while not seen:
            over.wait(0.01)
        writer.discard("source = 'sample'")
        before = len(seen)
        while len(seen) < before + 4:
            over.wait(0.01)
        over.set()
        for one in readers:
            one.join(20)
    assert set(seen) == {2 * ROWS, ROWS}
    assert seen[-1] == ROWS
