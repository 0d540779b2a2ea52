import signal

import pytest

from marops.engine import aside, loop, tick  # noqa: F401  # they declare their crash points
from marops.engine.tests.engineground import STAGES, Ground, ended, spawn
from marops.kernel import crash, jobs  # noqa: F401
from marops.kernel.models import StageRun

pytestmark = pytest.mark.slow

# Which tests kill at the points of each flow; a flow that is new here has to bring tests of its own.
FLOWS = {
    "tick": "here",
    "mover": "here, and in marops.store",
    "day": "here",
    "job": "test_worker.py",
    "eraser": "marops.store",
    "import": "marops.domains.capture",
    "erase": "marops.site",
    "backup": "marops.cli",
    "restore": "marops.cli",
    "intake": "marops.domains.capture",
    "sample": "marops.sample",
    "webhook": "marops.connectors.webhooks",
    "log": "marops.domains.workflows",
}
BESIDE = ("tick.after_split", "tick.after_aside")


def test_every_declared_point_belongs_to_a_flow_that_is_tested():
    assert {point.partition(".")[0] for point in crash.points()} <= set(FLOWS)


@pytest.mark.parametrize("point", sorted(set(crash.points("tick.")) - set(BESIDE)))
def test_an_engine_killed_in_a_tick_loses_nothing_and_repeats_nothing(ground: Ground, point: str):
    ids = ground.touch(30)
    assert ended(spawn(crash=point, batch=10)) == -signal.SIGKILL
    assert ended(spawn(batch=10)) == 0
    assert ground.whole(ids)


@pytest.mark.parametrize("point", BESIDE)
def test_an_engine_killed_while_it_puts_somebody_aside_loses_nothing(ground: Ground, point: str):
    ids = ground.touch(8)
    ground.poison(ids[3])
    assert ended(spawn(crash=point)) == -signal.SIGKILL
    assert ended(spawn()) == 0
    (line,) = ground.sql("SELECT key, times FROM problem WHERE resolved_at IS NULL")
    assert line == (f"aside:{STAGES[0]}:{ids[3]}", 1)
    assert ground.whole([one for one in ids if one != ids[3]])


@pytest.mark.parametrize("point", crash.points("mover."))
def test_an_engine_killed_while_it_moves_facts_loses_nothing_and_repeats_nothing(ground: Ground, point: str):
    ids = ground.touch(30)
    moving = {"settled": 0.0, "flush_at": 10}
    assert ended(spawn(crash=point, **moving)) == -signal.SIGKILL
    assert ended(spawn(**moving)) == 0
    assert ground.whole(ids)
    assert ground.sql("SELECT count(*) FROM fact_inbox WHERE batch IS NULL") == [(0,)]


def test_an_engine_killed_while_the_day_turns_turns_it_again(ground: Ground):
    ids = ground.touch(5)
    assert ended(spawn(crash="day.after_fillers")) == -signal.SIGKILL
    assert not StageRun.objects.filter(stage="day").exists()
    assert ended(spawn()) == 0
    assert StageRun.objects.filter(stage="day").exists()
    assert ground.whole(ids)


def test_an_engine_killed_again_and_again_gets_there_in_the_end(ground: Ground):
    ids = ground.touch(40)
    for point in crash.points("tick.after_"):
        ended(spawn(crash=point, batch=10))
    assert ended(spawn(batch=10)) == 0
    assert ground.whole(ids)
