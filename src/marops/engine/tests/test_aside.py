from dataclasses import replace
from datetime import timedelta

import pytest

from marops.engine import aside, tick
from marops.engine.aside import STAGE_FAILED
from marops.engine.tests.engineground import STAGES, Ground, only_these, stage
from marops.kernel import ports
from marops.kernel.clock import now
from marops.kernel.errors import MaropsError
from marops.kernel.facts import touch
from marops.kernel.gates import REFUSED
from marops.kernel.models import Problem, StageRun, Tick, Touched


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tick, "PAUSE_SECONDS", 0.0)


def problems() -> list[Problem]:
    return list(Problem.objects.filter(resolved_at__isnull=True).order_by("key"))


def test_one_contact_that_a_stage_cannot_digest_is_put_aside_and_all_others_go_on(ground: Ground):
    ids = ground.touch(100)
    ground.poison(ids[37])
    told = ground.drain()
    assert (told.contacts, told.aside) == (99, 1)
    assert ground.whole([one for one in ids if one != ids[37]])
    (line,) = problems()
    assert line.title == f"The stage “Mark One” fails for {ids[37]}"
    assert "Indigestible" in line.detail
    assert line.url == f"/leads/{ids[37]}"


def test_the_line_names_the_contact_as_people_do(ground: Ground, monkeypatch: pytest.MonkeyPatch):
    said = ports.Filler("contact", 10, lambda contact_id, actor: {"ref": "L-12"})
    monkeypatch.setitem(ports.story._fillers, "contact", said)
    ground.poison(*ground.touch(1))
    ground.drain()
    assert problems()[0].title == "The stage “Mark One” fails for L-12"
    assert problems()[0].url == "/leads/L-12"


def test_it_is_tried_again_when_anything_about_it_changes_and_the_line_goes_when_it_passes(ground: Ground):
    ids = ground.touch(4)
    ground.poison(ids[0])
    ground.drain()
    touch([ids[0]], now() - timedelta(seconds=1))
    assert ground.drain().aside == 1
    assert problems()[0].times == 2
    ground.sql("DELETE FROM poison")
    touch([ids[0]], now() - timedelta(seconds=1))
    assert ground.drain().contacts == 1
    assert problems() == []
    assert ground.whole(ids)


def test_what_earlier_stages_did_is_not_done_again_in_the_halves(ground: Ground):
    ids = ground.touch(16)
    ground.poison(ids[5], stage=STAGES[1])
    ground.drain()
    visits = ground.visits()
    assert {visits[one, STAGES[0]] for one in ids} == {1}
    assert {visits[one, STAGES[1]] for one in ids if one != ids[5]} == {1}


def test_several_offenders_are_each_found(ground: Ground):
    ids = ground.touch(64)
    bad = {ids[0], ids[1], ids[40], ids[63]}
    ground.poison(*bad)
    assert ground.drain().aside == 4
    assert ground.whole([one for one in ids if one not in bad])


def test_a_stage_that_fails_for_everybody_waits_and_puts_only_a_few_aside(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(aside, "IN_A_ROW", 3)
    ids = ground.touch(64)
    ground.poison(*ids)
    with pytest.raises(MaropsError, match="nothing was lost") as caught:
        ground.drain()
    assert caught.value.code == STAGE_FAILED
    assert [one.key for one in problems() if one.key.startswith("stage:")] == [f"stage:{STAGES[0]}"]
    assert len(problems()) == 4
    assert StageRun.objects.get(stage=STAGES[0]).failed_at is not None
    # Repaired: those who wait and those who were put aside all come through, and nothing is left to say.
    ground.sql("DELETE FROM poison")
    Tick.objects.update(lease_until=now() - timedelta(seconds=1))
    ground.drain()
    assert ground.whole(ids)
    assert problems() == []
    assert StageRun.objects.get(stage=STAGES[0]).failed_at is None


def test_a_stage_that_refuses_in_words_puts_nobody_aside(ground: Ground):
    def refuse(_: tick.Run) -> int:
        raise MaropsError(REFUSED, "The score model points to a field that is gone.")

    ids = ground.touch(8)
    with only_these(replace(stage("score"), run=refuse)):
        with pytest.raises(MaropsError, match="a field that is gone"):
            ground.drain()
        assert Tick.objects.get().contacts == 8
        assert "a field that is gone" in problems()[0].detail
    Tick.objects.update(lease_until=now() - timedelta(seconds=1))
    ground.drain()
    assert ground.whole(ids)


def test_a_failure_that_passes_needs_no_cutting(ground: Ground):
    ids, calls = ground.touch(8), []

    def flaky(run: tick.Run) -> int:
        calls.append(run.contacts)
        if len(calls) < tick.TRIES:
            raise OSError("no luck")
        return stage(STAGES[0]).run(run)

    with only_these(replace(stage(STAGES[0]), run=flaky), stage(STAGES[1])):
        ground.drain()
    assert calls == [8, 8, 8]
    assert ground.whole(ids)
    assert problems() == []


def test_new_changes_of_a_contact_wait_while_it_is_in_hand(ground: Ground):
    ids = ground.touch(2)
    assert tick._claim(now(), 10) is not None
    touch(ids, now() - timedelta(seconds=1))
    assert tick._claim(now(), 10) is None
    Tick.objects.update(lease_until=now() - timedelta(seconds=1))
    ground.drain()
    assert Touched.objects.count() == 0
    assert set(ground.visits().values()) == {2}
