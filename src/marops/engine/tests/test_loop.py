from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import time_machine
from django.contrib.sessions.models import Session

from marops.engine import loop, tick
from marops.engine.aside import STAGE_FAILED
from marops.engine.loop import CLOCK_BACK, CLOCK_KEY
from marops.engine.tests.engineground import Ground, mark
from marops.engine.tick import Told
from marops.kernel import audit, files, leases, ports
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.ids import new_id
from marops.kernel.leases import LOST
from marops.kernel.models import AuditRow, AuditSealed, FactInbox, File, Problem, StageRun, Tick, Touched
from marops.kernel.workspace import set_up_workspace
from marops.store.lake import LakeLost

LATER = datetime(2031, 5, 6, 12, tzinfo=UTC)


def open_lines() -> list[str]:
    return list(Problem.objects.filter(resolved_at__isnull=True).values_list("key", flat=True))


def test_a_changed_contact_goes_through_every_stage_within_a_turn(ground: Ground):
    ids = ground.touch(3)
    engine = ground.engine()
    engine.one_turn()
    assert Touched.objects.count() == 0
    assert len(ground.marks()) == 2 * len(ids)
    noted = StageRun.objects.get(stage="mark_two")
    assert noted.lag_seconds >= 1.0


def test_what_is_due_later_waits(ground: Ground):
    from marops.kernel.facts import touch

    touch([new_id()], now() + timedelta(hours=1))
    assert ground.engine().run_until_idle().contacts == 0
    assert Touched.objects.count() == 1


def test_an_idle_turn_asks_one_question(ground: Ground, django_assert_num_queries):
    engine = ground.engine()
    engine.run_until_idle()
    engine.one_turn()
    with django_assert_num_queries(1):
        engine.one_turn()


def test_sigterm_ends_a_tick_between_two_stages_and_the_next_engine_goes_on(ground: Ground):
    ids = ground.touch(5)
    engine = ground.engine()
    engine.tell = lambda _: None
    run = tick._run_stage

    def stop_after_first(*arguments):
        engine.stop.set()
        return run(*arguments)

    tick._run_stage = stop_after_first
    try:
        engine.run_for_ever(0.01)
    finally:
        tick._run_stage = run
    assert Tick.objects.get().done == ["mark_one"]
    assert Tick.objects.get().lease_by == ""
    ground.engine().run_until_idle()
    assert ground.whole(ids)
    assert set(ground.visits().values()) == {1}


class TestAClockThatJumpsBack:
    def test_stages_stop_with_a_problem_and_intake_goes_on(self, ground: Ground):
        engine = ground.engine()
        with time_machine.travel(LATER, tick=False):
            engine.run_until_idle()
        ids = ground.touch(3)
        FactInbox.objects.create(kind="x.y", occurred_at=now(), recorded_at=now(), actor_type="human", actor_id="h")
        for _ in range(20):
            engine._moved_at = 0.0  # another writer's lock may need a moment to go
            engine.one_turn()
            if FactInbox.objects.get().batch:
                break
        engine.one_turn()
        assert ground.marks() == {}
        assert open_lines() == [CLOCK_KEY]
        assert Problem.objects.get().times == 1
        assert FactInbox.objects.get().batch is not None  # facts still move
        with pytest.raises(MaropsError) as caught:
            ground.engine().run_until_idle()
        assert caught.value.code == CLOCK_BACK
        with time_machine.travel(LATER + timedelta(seconds=1), tick=False):
            engine.one_turn()
        assert open_lines() == []
        assert len(ground.marks()) == 2 * len(ids)

    def test_whoever_says_that_the_time_is_right_is_believed(self, ground: Ground):
        engine = ground.engine()
        with time_machine.travel(LATER, tick=False):
            engine.run_until_idle()
        ids = ground.touch(3)
        engine.one_turn()
        Problem.objects.update(resolved_at=now(), resolved_by="hanna")
        engine.one_turn()
        assert len(ground.marks()) == 2 * len(ids)
        assert StageRun.objects.get(stage="clock").last_at < LATER

    def test_a_few_seconds_are_forgiven(self, ground: Ground):
        with time_machine.travel(LATER, tick=False):
            ground.engine().run_until_idle()
        with time_machine.travel(LATER - timedelta(seconds=4), tick=False):
            ground.engine().run_until_idle()
        assert open_lines() == []


class TestTheDayTurns:
    @pytest.fixture
    def turned(self):
        turned: list[datetime] = []
        kept, ports.day_turns._fillers = ports.day_turns._fillers, {}
        ports.day_turns.fill("test", lambda as_of: turned.append(as_of) or 3)
        yield turned
        ports.day_turns._fillers = kept

    def test_once_a_day_in_the_zone_of_the_workspace(self, ground: Ground, turned: list[datetime]):
        set_up_workspace(actor=ENGINE, zone="Pacific/Auckland")
        with time_machine.travel(datetime(2031, 5, 6, 11, 59, tzinfo=UTC), tick=False):
            told = ground.engine().run_until_idle()
            ground.engine().run_until_idle()
        assert len(turned) == 1
        assert told.stages["test (new day)"] == 3
        with time_machine.travel(datetime(2031, 5, 6, 12, 1, tzinfo=UTC), tick=False):
            ground.engine().run_until_idle()
        assert len(turned) == 2


class TestSealing:
    def act(self, at: datetime) -> None:
        AuditRow.objects.create(
            at=at, action="t", effect="t", actor_kind="system", actor_id="t", digest=audit.payload_digest(b"", {})
        )

    def test_new_acts_are_sealed_in_the_next_turn(self, ground: Ground):
        engine = ground.engine()
        engine.one_turn()
        self.act(now())
        engine.one_turn()
        assert AuditSealed.objects.count() == AuditRow.objects.count()

    def test_acts_of_long_ago_are_sealed_at_the_start(self, ground: Ground):
        self.act(now() - timedelta(days=400))
        ground.engine().one_turn()
        assert AuditSealed.objects.count() == AuditRow.objects.count()

    def test_an_act_that_committed_late_is_sealed_by_the_housework(self, ground: Ground):
        engine = ground.engine()
        engine.one_turn()
        self.act(now() - timedelta(hours=3))
        engine.one_turn()
        engine._house_at -= loop.HOUSE_SECONDS
        engine.one_turn()
        assert AuditSealed.objects.count() == AuditRow.objects.count()


class TestPartsStandAlone:
    def test_a_lake_that_cannot_be_written_stops_no_stage_and_is_told_the_second_time(
        self, ground: Ground, monkeypatch: pytest.MonkeyPatch
    ):
        def lost(*_: object, **__: object) -> None:
            raise LakeLost("Writing the lake was broken off.", "Every fact is still where it was.", "It goes on.")

        ids = ground.touch(2)
        engine = ground.engine()
        with monkeypatch.context() as patch:
            patch.setattr(loop, "lake_writer", lost)
            for turn in range(2):
                FactInbox.objects.create(
                    kind="x.y", occurred_at=now(), recorded_at=now(), actor_type="human", actor_id="h"
                )
                engine._moved_at = 0.0
                engine._pauses.pop("mover", None) if turn == 0 else engine._pauses.update(mover=(1, 0.0))
                engine.one_turn()
        assert len(ground.marks()) == 2 * len(ids)
        assert open_lines() == ["engine:mover"]
        engine._pauses["mover"] = (2, 0.0)
        engine._moved_at = 0.0
        engine.one_turn()
        assert open_lines() == []

    def test_a_part_that_fails_pauses_longer_each_time(self, ground: Ground, monkeypatch: pytest.MonkeyPatch):
        engine = ground.engine()
        calls: list[int] = []

        def broken(*_: object) -> bool:
            calls.append(1)
            raise MaropsError(STAGE_FAILED)

        monkeypatch.setattr(engine, "_stages", broken)
        for _ in range(5):
            engine.one_turn()
        assert len(calls) == 1
        assert engine._pauses["stages"][0] == 1

    def test_the_log_of_the_server_is_kept_short_by_the_housework(self, ground: Ground):
        called: list[int] = []
        engine = ground.engine()
        engine.housework = lambda: called.append(1)
        for _ in range(3):
            engine.one_turn()
        assert called == [1]
        engine._house_at -= loop.HOUSE_SECONDS
        engine.one_turn()
        assert called == [1, 1]

    def test_the_lake_is_tidied_every_six_hours_across_restarts(self, ground: Ground):
        ground.engine().run_until_idle()
        StageRun.objects.filter(stage="maintain").update(last_at=now() - timedelta(hours=7))
        told = ground.engine().run_until_idle()
        assert told.stages["maintain"] == 1
        assert "maintain" not in ground.engine().run_until_idle().stages


def test_an_engine_that_lost_its_tick_commits_nothing_more(ground: Ground):
    ground.touch(2)
    engine = ground.engine()
    engine._moment(engine._pulse())
    one = tick._claim(now(), 10)
    lease = leases.Lease("tick", one.id, one.lease_by)
    Tick.objects.update(lease_by="another")
    with leases.held(lease), pytest.raises(MaropsError) as caught:
        mark(actor=ENGINE, run=tick.Run(one.id, one.as_of, 2, engine.query), stage="mark_one")
    assert caught.value.code == LOST
    for change in (tick._release, lambda it: tick._note_done(it, "mark_one"), lambda it: tick.let_go(it, now())):
        with pytest.raises(MaropsError):
            change(one)
    assert ground.marks() == {}
    assert Touched.objects.count() == 2


@pytest.mark.slow
def test_a_server_that_goes_away_is_waited_for(ground: Ground, server: str, monkeypatch: pytest.MonkeyPatch):
    import threading

    monkeypatch.setattr(loop, "AWAY_SECONDS", 0.05)
    engine = ground.engine()
    thread = threading.Thread(target=engine.run_for_ever, args=(0.05,))
    thread.start()
    try:
        for _ in range(3):
            ids = ground.touch(2)
            with psycopg.connect(server, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                    " AND datname = current_database()"
                )
            from django.db import connection

            connection.close()
            until = datetime.now(UTC) + timedelta(seconds=20)
            while ground.sql("SELECT count(*) FROM touched") != [(0,)] and datetime.now(UTC) < until:
                engine.stop.wait(0.05)
            assert {(one, "mark_two") for one in ids} <= set(ground.marks())
    finally:
        engine.stop.set()
        thread.join(20)
    assert open_lines() == []


@pytest.mark.django_db(transaction=True)
def test_what_has_run_out_goes_with_the_housework(engine):
    gone = files.keep([b"a,b\n"], name="old.csv", actor=ENGINE)
    File.objects.filter(id=gone.id).update(expires_at=now() - timedelta(seconds=1))
    kept = files.keep([b"a,b\n"], name="new.csv", actor=ENGINE)
    Session.objects.create(session_key="old", session_data="", expire_date=now() - timedelta(seconds=1))
    engine._keep_house(Told())
    assert list(File.objects.values_list("id", flat=True)) == [kept.id]
    assert not files.path_of(gone).exists()
    assert not Session.objects.exists()
