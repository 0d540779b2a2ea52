import signal
import time

import pytest

from marops.engine import tick
from marops.engine.hands import Hands
from marops.engine.tests.engineground import Ground, ended, spawn

pytestmark = pytest.mark.slow


def test_two_engines_share_the_work_and_each_contact_is_handled_once(ground: Ground):
    ids = ground.touch(400)
    engines = [spawn(batch=20), spawn(batch=20)]
    assert [ended(one) for one in engines] == [0, 0]
    assert ground.whole(ids)
    assert set(ground.visits().values()) == {1}


def test_an_engine_that_is_killed_is_replaced_by_the_one_beside_it(ground: Ground):
    dying = spawn(crash="tick.after_stage", batch=10, for_ever=True)
    ids = ground.touch(50)
    assert ended(dying) == -signal.SIGKILL
    other = spawn(batch=10, for_ever=True)
    try:
        until = time.monotonic() + 30
        while ground.sql("SELECT count(*) FROM touched") != [(0,)] and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        other.terminate()
        other.wait(30)
    assert ground.whole(ids)


def test_more_hands_help_while_more_waits_than_one_set_holds(ground: Ground, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tick, "BATCH", 20)
    hands = Hands(2, start=lambda: spawn(batch=20))
    hands.lend_if_crowded()
    assert hands._lent == []
    ids = ground.touch(400)
    hands.lend_if_crowded()
    hands.lend_if_crowded()
    assert len(hands._lent) == 2
    assert [ended(one) for one in hands._lent] == [0, 0]
    assert ground.whole(ids)
    assert set(ground.visits().values()) == {1}
    hands.lend_if_crowded()
    assert hands._lent == []


def test_hands_go_with_their_engine_and_nothing_is_lost(ground: Ground, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tick, "BATCH", 20)
    hands = Hands(1, start=lambda: spawn(batch=20, for_ever=True))
    ids = ground.touch(200)
    hands.lend_if_crowded()
    (one,) = hands._lent
    assert one.stdout is not None
    assert one.stdout.readline() == "ready\n"
    hands.end()
    assert one.returncode is not None
    ground.drain()
    assert ground.whole(ids)


def test_run_until_idle_waits_for_what_another_engine_has_in_hand(ground: Ground):
    ids = ground.touch(200)
    other = spawn(batch=10, for_ever=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "ready\n"
    try:
        assert ended(spawn(batch=10)) == 0
        assert set(ground.marks().values()) == {1}
        assert len(ground.marks()) == 2 * len(ids)
    finally:
        other.terminate()
        other.wait(30)
