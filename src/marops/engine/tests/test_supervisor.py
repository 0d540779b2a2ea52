import signal
import sys
import threading
import time

import pytest

from marops.engine import supervisor
from marops.engine.supervisor import Child, Supervisor

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)",
]
ENDS = [sys.executable, "-c", "pass"]


def test_a_part_that_dies_at_once_is_started_again_later_each_time():
    child = Child("web", ENDS)
    pauses = []
    for moment in (0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 61.0):
        child.start()
        child.started = moment
        assert child.process is not None
        child.process.wait()
        child.look(moment)
        pauses.append(child.not_before - moment)
        assert child.process is None
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_a_part_that_dies_for_weeks_is_still_started_again():
    child = Child("web", ENDS, deaths=100_000)
    child.start()
    assert child.process is not None
    child.process.wait()
    child.look(child.started)
    assert child.not_before - child.started == supervisor.LONGEST_PAUSE


def test_a_part_that_dies_after_a_good_while_is_started_again_at_once():
    child = Child("worker", ENDS)
    child.start()
    first = child.process
    assert first is not None
    first.wait()
    child.look(child.started + supervisor.QUICK_DEATH + 1)
    assert child.process is not None
    assert child.process is not first
    child.process.wait()


def test_all_are_ended_together_and_the_deaf_one_is_killed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor, "GOODBYE_SECONDS", 0.5)
    asked = []
    boss = Supervisor([Child("web", SLEEPS), Child("worker", DEAF)])

    def ready() -> bool:
        asked.append(1)
        if len(asked) == 5:
            boss.stop.set()
        return False

    thread = threading.Thread(target=boss.run, kwargs={"ready": ready})
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    codes = [child.process.returncode for child in boss.children if child.process]
    assert codes[0] == -signal.SIGTERM
    assert codes[1] in (-signal.SIGKILL, -signal.SIGTERM)  # the latter if it was ended before it was deaf


def test_it_asks_whether_all_is_ready_until_it_is():
    boss = Supervisor([Child("web", SLEEPS)])
    answers = iter([False, False, True])
    asked = []

    def ready() -> bool:
        asked.append(time.monotonic())
        return next(answers)

    thread = threading.Thread(target=boss.run, kwargs={"ready": ready})
    thread.start()
    while len(asked) < 3:
        time.sleep(0.01)
    time.sleep(0.3)
    boss.stop.set()
    thread.join(20)
    assert len(asked) == 3
