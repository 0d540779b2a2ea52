from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pyarrow as pa
import pytest
from psycopg.types.json import Jsonb

from marops.store.lake import LakeBusy, LakeError, LakeLost
from marops.store.proof import find_value
from marops.store.tests.lakeground import NOON, Ground, ground


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with ground(tmp_path_factory.mktemp("lake")) as one:
        yield one


@pytest.fixture
def place(shared: Ground) -> Ground:
    with shared.writer() as writer:
        shared.clear()
        writer._lake.execute("DELETE FROM lake.main.fact")
        writer._lake.execute("DELETE FROM lake.main.moved_batch")
        writer._flush()
        writer._rewrite()
        writer._expire_and_remove(None)
    return shared


def ids_in_facts(place: Ground) -> list[UUID]:
    engine = place.engine()
    try:
        return [row["id"] for row in engine.rows("SELECT id FROM facts")]
    finally:
        engine.close()


def test_an_empty_lake_has_statistics_that_readers_remember_and_no_row(tmp_path: Path) -> None:
    with ground(tmp_path) as place:
        with place.writer() as writer:
            assert writer._lake.execute("SELECT count(*) FROM lake.main.fact").fetchone() == (0,)
            assert writer._lake.execute("SELECT count(*) FROM lake.main.moved_batch").fetchone() == (0,)
        assert place.sql("SELECT count(*) FROM lake.ducklake_table_stats") == [(2,)]
        assert ids_in_facts(place) == []


def test_a_fact_is_read_once_before_and_after_its_move(place: Ground) -> None:
    ids = place.facts([uuid4(), uuid4(), None])
    assert sorted(ids_in_facts(place)) == sorted(ids)
    with place.writer() as writer:
        assert writer.pending() == (3, NOON)
        assert writer.move().rows == 3
        assert writer.pending() == (0, None)
        assert writer.move().rows == 0
    assert sorted(ids_in_facts(place)) == sorted(ids)
    assert place.sql("SELECT count(*) FROM fact_inbox") == [(3,)]


def test_moved_rows_leave_the_inbox_when_they_are_settled(place: Ground) -> None:
    ids = place.facts([uuid4()] * 5)
    with place.writer() as writer:
        writer.move(as_of=NOON)
        assert writer.move(as_of=NOON + timedelta(minutes=9)).cleared == 0
        assert writer.move(as_of=NOON + timedelta(minutes=10)).cleared == 5
    assert place.sql("SELECT count(*) FROM fact_inbox") == [(0,)]
    assert sorted(ids_in_facts(place)) == sorted(ids)


def test_a_new_writer_clears_what_an_earlier_one_moved(place: Ground) -> None:
    place.facts([uuid4()] * 4)
    with place.writer() as writer:
        writer.move(as_of=NOON)
    with place.writer() as writer:
        assert writer.move(as_of=NOON + timedelta(hours=1)).cleared == 4


def test_a_limit_moves_that_many(place: Ground) -> None:
    ids = place.facts([uuid4()] * 10)
    with place.writer() as writer:
        assert [writer.move(limit=4).rows for _ in range(4)] == [4, 4, 2, 0]
    assert sorted(ids_in_facts(place)) == sorted(ids)


def test_every_column_arrives_as_it_was(place: Ground) -> None:
    contact, campaign, fact = uuid4(), uuid4(), uuid4()
    row = {
        "id": fact, "kind": "task.finished", "occurred_at": NOON, "recorded_at": NOON + timedelta(microseconds=1),
        "contact_id": contact, "subject_type": "task", "subject_id": "T-7", "actor_type": "human", "actor_id": "u1",
        "campaign_id": campaign, "source": "board", "key": "board:7", "definition": "map/brief@3",
        "properties": {"Grüße": [1, None, "x'y\n"], "n": 1.5}, "case_id": "c",
        "case_class": "brief", "activity": "write",
        "skill": "copy", "touch": "ai_assisted", "platform": "p", "enabled_at": NOON, "started_at": NOON,
        "ended_at": NOON, "paused": 0.25, "batch_id": "b", "attempt": 2, "rework_of": "r", "cost": Decimal("12.3456"),
        "ai_use": "draft", "policy_decision": "allow", "objects": [{"type": "brief", "id": "B-1"}],
    }  # fmt: skip
    values = [Jsonb(v) if k in ("properties", "objects") else v for k, v in row.items()]
    place.sql(f"INSERT INTO fact_inbox ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})", values)
    engine = place.engine()
    before = engine.rows("SELECT * FROM facts")
    with place.writer() as writer:
        writer.move()
    after = engine.rows("SELECT * FROM facts")
    with place.writer() as writer:
        writer._flush()
    assert before == after == engine.rows("SELECT * FROM facts") == [row | {"written_as": contact}]
    engine.close()


def test_a_second_writer_is_refused_and_may_wait(place: Ground) -> None:
    with place.writer(), pytest.raises(LakeBusy, match="another process") as refused, place.writer():
        pass
    assert refused.value.kept == "Nothing was written."
    with place.writer(wait=1):
        pass


def test_a_writer_whose_lock_was_taken_away_stops_before_it_commits(place: Ground) -> None:
    ids = place.facts([uuid4()])
    with place.writer() as writer:
        writer._claim(10)
        writer._moved = None
        place.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'marops lake writer'"
        )
        with pytest.raises(LakeLost):
            writer.move()
    with place.writer() as writer:
        moved = writer.move()
        assert (moved.rows, moved.resumed) == (1, 1)
    assert ids_in_facts(place) == ids


def test_bulk_load_takes_arrow_and_sql_and_repeats_nothing(place: Ground) -> None:
    contact, batch = uuid4(), uuid4()
    table = pa.table({
        "id": [str(uuid4()) for _ in range(3000)], "kind": ["page.viewed"] * 3000,
        "occurred_at": [NOON + timedelta(days=20 * i / 3000) for i in range(3000)], "contact_id": [str(contact)] * 3000,
    })  # fmt: skip
    with place.writer() as writer:
        assert writer.bulk_load(table, batch=batch) == 3000
        assert writer.bulk_load(table, batch=batch) == 0
        assert (
            writer.bulk_load("SELECT uuid() AS id, 'a.b' AS kind, TIMESTAMPTZ '2026-01-01 00:00:00Z' AS occurred_at")
            == 1
        )
        with pytest.raises(LakeError, match="nonsense"):
            writer.bulk_load("SELECT 1 AS nonsense")
    engine = place.engine()
    assert engine.rows("SELECT count(*) AS n FROM facts_of([?]::UUID[])", [contact]) == [{"n": 3000}]
    engine.close()


@pytest.mark.parametrize("spelled", [str, lambda one: one.hex, lambda one: str(one).upper()])
def test_bulk_load_finds_people_again_however_their_ids_are_spelled(
    place: Ground, spelled: Callable[[UUID], str]
) -> None:
    contact = uuid4()
    row = {"id": [str(uuid4())], "kind": ["page.viewed"], "occurred_at": [NOON], "contact_id": [spelled(contact)]}
    with place.writer() as writer:
        writer.bulk_load(pa.table(row))
    engine = place.engine()
    assert engine.rows("SELECT count(*) AS n FROM facts_of([?]::UUID[])", [contact]) == [{"n": 1}]
    engine.close()


def test_maintenance_makes_few_sorted_files_and_loses_nothing(place: Ground) -> None:
    ids: list[UUID] = []
    with place.writer() as writer:
        for _ in range(3):
            ids += place.facts([uuid4() for _ in range(1500)])
            ids += place.facts([uuid4() for _ in range(20)], at=NOON + timedelta(days=40))
            writer.move()
        done = writer.maintain(kept=timedelta(0))
        files = writer.files()
        assert writer.untidy() == 2
    assert len(files) == 2
    assert (done.made > 0, done.removed > 0) == (True, True)
    assert {Path(file.path).parts[-2] for file in files} == {"month=3", "month=4"}
    on_disk = {str(path) for path in (place.lake / "main" / "fact").rglob("*.parquet")}
    assert on_disk == {file.path for file in files}
    assert sorted(ids_in_facts(place)) == sorted(ids)
    engine = place.engine()
    for file in files:
        query = "SELECT contact_id FROM read_parquet(?)"
        column = [row["contact_id"] for row in engine.rows(query, [file.path])]
        assert column == sorted(column)
    engine.close()


def test_many_small_batches_are_flushed_by_the_mover(place: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marops.store.lake.FLUSH_AT", 50)
    with place.writer() as writer:
        place.facts([uuid4()] * 40)
        writer.move()
        assert writer.files() == []
    with place.writer() as writer:
        place.facts([uuid4()] * 20)
        writer.move()
        assert len(writer.files()) == 1


def test_an_alias_chain_is_followed_and_an_unmerge_undoes_it(place: Ground) -> None:
    browser, loser, winner, other = (uuid4() for _ in range(4))
    place.facts([browser, loser, winner, other, None])
    engine = place.engine()

    def counts() -> dict[UUID | None, int]:
        rows = engine.rows("SELECT contact_id, count(*) AS n FROM facts GROUP BY ALL")
        for row in rows:
            if row["contact_id"] is not None:
                of = engine.rows("SELECT count(*) AS n FROM facts_of([?]::UUID[])", [row["contact_id"]])
                assert of == [{"n": row["n"]}]
        return {row["contact_id"]: row["n"] for row in rows}

    for moved in (False, True):
        if moved:
            with place.writer() as writer:
                writer.move()
        assert counts() == {browser: 1, loser: 1, winner: 1, other: 1, None: 1}
        place.alias(browser, loser)
        place.alias(loser, winner)
        assert counts() == {winner: 3, other: 1, None: 1}
        assert engine.rows("SELECT contact_id FROM facts WHERE written_as = ?", [browser]) == [{"contact_id": winner}]
        place.sql("DELETE FROM contact_alias WHERE alias_id = %s", [loser])
        assert counts() == {loser: 2, winner: 1, other: 1, None: 1}
        place.sql("DELETE FROM contact_alias")
    engine.close()


def test_aliases_in_a_circle_lose_no_fact(place: Ground) -> None:
    one, two = uuid4(), uuid4()
    place.facts([one, two])
    place.alias(one, two)
    place.alias(two, one)
    assert len(ids_in_facts(place)) == 2


def test_erased_people_are_unseen_at_once_under_every_id(place: Ground) -> None:
    browser, person, other = uuid4(), uuid4(), uuid4()
    place.facts([browser, person, other])
    place.alias(browser, person)
    engine = place.engine()
    for moved in (False, True):
        if moved:
            with place.writer() as writer:
                writer.move()
        place.sql("INSERT INTO erased_contact VALUES (%s, %s)", [person, NOON])
        assert engine.rows("SELECT contact_id FROM facts") == [{"contact_id": other}]
        assert engine.rows("SELECT * FROM facts_of([?, ?]::UUID[])", [person, browser]) == []
        place.sql("DELETE FROM erased_contact")
    engine.close()


@pytest.mark.parametrize("maintained", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_nothing_of_an_erased_person_is_left_anywhere(place: Ground, maintained: bool) -> None:
    # ids at both ends of every order, so that column statistics name them
    people = [UUID(int=1), UUID(int=2**128 - 2)]
    browser = UUID(int=2**128 - 3)
    place.alias(browser, people[0])
    stay = place.facts([uuid4() for _ in range(3000)])
    words = {"secret": "Zzyzx-" + uuid4().hex}
    gone = place.facts([*people, browser], kind="zz.erased", properties=words)
    gone += place.facts([None], subject=("contact", str(people[0])), kind="zz.erased", properties=words)
    with place.writer() as writer:
        writer.move()
        if maintained:
            writer.maintain()
        gone += place.facts([people[1]], kind="zz.erased", properties=words)
        writer.move()
        gone += place.facts([people[1]], kind="zz.erased", properties=words)
        values = [*map(str, gone), str(people[0]), str(people[1]), str(browser), words["secret"]]
        assert all(find_value(place.dsn, place.lake, value) for value in values)
        writer.erase(people)
        assert {value: places for value in values if (places := find_value(place.dsn, place.lake, value))} == {}
    assert sorted(ids_in_facts(place)) == sorted(stay)
    with place.writer() as writer:
        late = place.facts([people[0]])
        writer.move()
        assert find_value(place.dsn, place.lake, str(late[0])) == ["table public.fact_inbox"]
        writer.move(as_of=datetime.now(UTC) + timedelta(hours=1))
        assert find_value(place.dsn, place.lake, str(late[0])) == []


def test_what_is_not_erased_is_found(place: Ground) -> None:
    contact = uuid4()
    place.facts([contact])
    assert find_value(place.dsn, place.lake, str(contact)) == ["table public.fact_inbox"]
    with place.writer() as writer:
        writer.move(as_of=NOON)
        assert any("inlined_data" in found for found in find_value(place.dsn, place.lake, str(contact)))
        writer.move(as_of=NOON + timedelta(hours=1))
        writer.maintain(kept=timedelta(0))
    assert any(found.startswith("file ") for found in find_value(place.dsn, place.lake, str(contact)))
