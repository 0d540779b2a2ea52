from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from marops.domains.workflows.answering.outcomes import Setting
from marops.domains.workflows.answering.promising import OpenItem, open_items, promises
from marops.domains.workflows.answering.simlogs import Wanted, simulated_logs
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.tests.flowground import situation, workflow

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2027, 1, 4, tzinfo=BERLIN)
SETTING = Setting(Frame(date(2027, 1, 4), 6, "Europe/Berlin"), seed=1, replications=200)


def item(key, *done, due=None):
    steps = tuple((step, MONDAY - timedelta(hours=10 * (len(done) - at))) for at, step in enumerate(done))
    return OpenItem(key, "newsletter", "newsletter", MONDAY - timedelta(days=9), steps, due)


def test_a_piece_before_its_last_steps_is_done_when_those_hours_have_passed():
    # Nothing else comes in: three hours of building from Monday at nine, six minutes of sending.
    steps = [{**one, "rework": None} for one in workflow().model_dump(mode="json", by_alias=True)["steps"]]
    bare = [{key: value for key, value in one.items() if value is not None} for one in steps]
    (found,) = promises(situation(0, steps=bare), [item("A", "brief", "copy", "legal")], SETTING)
    assert found.p50 == found.p85
    assert found.p50 == pytest.approx(MONDAY + timedelta(hours=9 + 3 + 0.1), abs=timedelta(seconds=1))
    assert found.waits_for == ("Build e-mail",)


def test_a_piece_before_legal_waits_for_tuesday_and_may_come_back():
    soon, late = MONDAY + timedelta(days=2, hours=12), MONDAY + timedelta(days=30)
    found = promises(
        situation(0), [item("A", "brief", "copy", due=late), item("B", "brief", "copy", due=soon)], SETTING
    )
    # The one in danger comes first.
    assert [one.item.key for one in found] == ["B", "A"]
    by_key = {one.item.key: one for one in found}
    # Tuesday from ten: both are read that day, one after the other; a quarter comes back and waits a week.
    assert by_key["A"].p50 < MONDAY + timedelta(days=2, hours=12)
    assert by_key["A"].p85 > MONDAY + timedelta(days=7)
    # By Wednesday noon B is sent, unless it came back: a quarter of all.
    assert by_key["B"].on_time.value == pytest.approx(0.75, abs=0.1)
    assert by_key["A"].on_time.value == by_key["A"].on_time.high == 1
    assert by_key["A"].on_time.low < 0.995


def test_nobody_works_before_now():
    # Three hours of building and six minutes of sending, begun when people are there: from nine to five.
    steps = [{**one, "rework": None} for one in workflow().model_dump(mode="json", by_alias=True)["steps"]]
    bare = [{key: value for key, value in one.items() if value is not None} for one in steps]
    piece = [item("A", "brief", "copy", "legal")]
    for asked, done in ((12, 15.1), (14, 17.1), (16, 24 + 11.1), (23, 24 + 12.1)):
        (found,) = promises(situation(0, steps=bare), piece, SETTING, MONDAY + timedelta(hours=asked))
        assert found.p50 == pytest.approx(MONDAY + timedelta(hours=done), abs=timedelta(seconds=1)), asked


def test_the_hour_of_the_question_changes_nothing_else():
    items = [item("A", "brief"), item("B", "brief", "copy")]
    morning = promises(situation(10), items, SETTING, MONDAY)
    assert morning == promises(situation(10), items, SETTING)
    late = {one.item.key: one for one in promises(situation(10), items, SETTING, MONDAY + timedelta(hours=8))}
    assert all(late[one.item.key].p50 >= one.p50 - timedelta(hours=2) for one in morning)


def test_the_same_promises_for_the_same_question():
    items = [item("A", "brief"), item("B", "brief", "copy")]
    assert promises(situation(10), items, SETTING) == promises(situation(10), items, SETTING)


def test_what_is_open_is_read_off_a_log():
    (log,) = simulated_logs(situation(10), Wanted("newsletter", 40, date(2027, 1, 4), "Europe/Berlin"), seed=1, runs=1)
    # Everything after the second of March is not known yet.
    from dataclasses import replace

    moment = datetime(2027, 3, 2, tzinfo=UTC)
    known = log.ended <= (moment - log.zero).total_seconds() / 3600
    columns = ("case", "activity", "resource", "work_class", "started", "ended", "enabled")
    cut = replace(log, **{name: getattr(log, name)[known] for name in columns})
    found = open_items(cut, workflow(), "newsletter", class_of={}, since=moment - timedelta(days=60))
    sent = {log.cases[c] for c, a in zip(cut.case, cut.activity, strict=True) if log.activities[a] == "Send"}
    begun = {log.cases[c] for c in cut.case}
    assert {one.key for one in found} == begun - sent
    assert found
    assert all(one.arrived <= one.done[0][1] <= one.done[-1][1] <= moment for one in found)
