"""What holds work back besides people's hours: opening hours, and how many are taken in at a time."""

from datetime import date

import pytest

from marops.domains.workflows.answering.bottleneck import bottleneck
from marops.domains.workflows.answering.bounds import bound
from marops.domains.workflows.answering.outcomes import Outcome, Setting, outcome, run
from marops.domains.workflows.answering.report import report
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import compiled
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import Known
from marops.domains.workflows.tests.flowground import one_step

SETTING = Setting(Frame(date(2027, 1, 4), 12, "UTC", 6), seed=5, replications=20)
MONTH = 365.25 * 2
OFFICE = [{"id": "a", "name": "A", "calendar": "office"}]


def asked(situation):
    return bottleneck(situation, SETTING, target="piece", unit="piece")[0]


def first(found, method):
    return next(one for one in found.methods if one.method == method).rows[0]


def test_an_hour_more_of_somebody_is_worth_what_of_it_the_step_is_open():
    situation = one_step(45, people=OFFICE, step={"opens": "tuesdays"})
    found = asked(situation)
    row = next(one for one in found.methods[0].rows if one.key == "work")
    # A fifth of the week is Tuesday.
    assert row.value == pytest.approx(21.75 / 5, rel=0.02)
    hired = one_step(45, people=[*OFFICE, {"id": "b", "name": "B", "calendar": "office", "share": 0.125}],
                     step={"opens": "tuesdays"})  # fmt: skip
    more = outcome(hired, SETTING, target="piece").finished.mean() - outcome(situation, SETTING).finished.mean()
    assert row.value == pytest.approx(more, rel=0.1)


def test_opening_hours_that_hold_back_are_the_constraint():
    found = asked(one_step(45, people=OFFICE, step={"opens": "tuesdays"}))
    assert (found.constraint.kind, found.constraint.key) == ("calendar", "piece/work")
    # Eight hours a week let 34.8 through; an hour a day of opening is an item a day.
    assert found.spare == pytest.approx(8 * 365.25 / 84 / 45, rel=0.02)
    assert found.holds_back.value == pytest.approx(45 - 8 * 365.25 / 84, rel=0.1)
    assert found.lever == "one more hour a day in which Work is open"
    assert found.unlocks.value == pytest.approx(21.75, rel=0.02)
    # Forty hours a week let five times as many through.
    assert found.next_says.startswith("Once Work is always open, it is Work, at ")
    assert float(found.next_says.split()[-4]) == pytest.approx(40 * 365.25 / 84, rel=0.01)
    # People who are there for a Tuesday only: then it is they.
    found = asked(one_step(45, people=[{"id": "a", "name": "A", "calendar": "tuesdays"}]))
    assert (found.constraint.kind, found.constraint.key) == ("skill", "work")


def test_so_many_in_work_at_a_time_are_the_constraint():
    machine = {"touch": "automatic", "skill": ""}
    situation = one_step(30, effort=100, step=machine, limit=2)
    found = asked(situation)
    assert (found.constraint.kind, found.constraint.key) == ("limit", "piece")
    assert found.spare == pytest.approx(2 / 100 * MONTH / 30, rel=0.01)
    done = outcome(situation, SETTING, target="piece")
    assert found.holds_back.value == pytest.approx((done.arrived - done.finished).mean())
    assert found.holds_back.value == pytest.approx(30 - 2 / 100 * MONTH, rel=0.1)
    assert found.unlocks.value == pytest.approx(1 / 100 * MONTH, rel=0.01)
    assert first(found, "fluid").kind == "limit"
    assert (first(found, "waiting").kind, first(found, "waiting").key) == ("limit", "piece")
    assert "so many are in work already" in found.methods[1].says
    assert found.methods[0].says.startswith("At most 2 are in work at a time: no more hours")
    assert found.because[0] == "30.0 pieces a month come in; taken in so many at a time, 14.6 in the long run."
    # Hours from coming in to being done, less the hundred of the step itself.
    lead = done.runs.cases.hours.mean() - 100
    assert first(found, "waiting").value == pytest.approx(lead, rel=0.02)


def test_a_step_that_takes_one_at_a_time_is_the_constraint():
    found = asked(one_step(30, effort=60, step={"touch": "automatic", "skill": "", "at_once": 1}))
    assert (found.constraint.kind, found.constraint.key) == ("step", "piece/work")
    assert found.spare == pytest.approx(MONTH / 60 / 30, rel=0.01)
    assert found.holds_back.value == pytest.approx(30 - MONTH / 60, rel=0.1)
    assert "it takes 1 at a time" in found.methods[1].says


def test_work_on_a_calendar_stays_as_long_as_that_calendar_makes_it():
    # Eight hours of the office are a day, from one morning on; three at a time are at most three on each of five days.
    limited = one_step(400, effort=8, people=[{"id": "a", "name": "A", "calendar": "office", "amount": 9}], limit=3)
    made = compiled(limited, SETTING.frame)
    limit = bound(made, SETTING, "piece")
    most = float(limit.factors(limit.solve()).mean()) * 400
    done = Outcome(made, run(made, SETTING), "piece").finished.mean()
    assert done <= most * 1.005
    assert limit.binding(limit.solve()).key == "piece"


def test_a_limit_that_never_holds_back_is_no_constraint():
    found = asked(one_step(20, effort=4, people=OFFICE, limit=500))
    assert found.constraint.kind != "limit"
    assert found.holds_back.value == 0


def test_limits_of_another_workflow_do_not_bind_this_one():
    other = one_step(30, effort=1, step={"touch": "automatic", "skill": ""}, limit=1).workflows["piece"]
    situation = one_step(30, effort=1)
    both = Situation({**situation.workflows, "other": other}, situation.crew)
    limit = bound(compiled(both, SETTING.frame), SETTING, "piece")
    assert limit.limits == ()


def test_a_tenth_more_hours_of_a_skill_are_asked_beside_a_tenth_less_work():
    steps = [
        {"id": "short", "name": "Short", "skill": "work", "effort": 2},
        {"id": "long", "name": "Long", "skill": "work", "effort": 6},
    ]
    found = asked(one_step(40, people=OFFICE, steps=steps))
    rows = {(one.kind, one.key): one for one in found.methods[3].rows}
    # Forty hours a week, eight for each: more work comes in than can be done.
    done = 40 * 365.25 / 84 / 8
    assert rows["skill", "work"].name == "Work: 10 % more hours"
    assert rows["skill", "work"].value == pytest.approx(0.1 * done, rel=0.1)
    assert rows["step", "piece/long"].value == pytest.approx(done * (8 / 7.4 - 1), rel=0.1)
    assert rows["step", "piece/short"].value == pytest.approx(done * (8 / 7.8 - 1), rel=0.25)
    assert [one.value for one in found.methods[3].rows] == sorted((one.value for one in rows.values()), reverse=True)
    assert found.methods[3].tied == ()
    assert found.agrees == 4


def limited(limit, **more):
    return Scenario.model_validate(
        {"title": "Limit", "changes": [{"change": "limit", "limit": limit, "start": 4, **more}]}
    )


def test_a_limit_that_changes_changes_what_is_finished_from_then_on():
    machine = {"touch": "automatic", "skill": ""}
    freed, held = one_step(30, effort=100, step=machine, limit=2), one_step(30, effort=100, step=machine)
    for situation, limit, after in ((freed, 0, None), (freed, 20, None), (held, 2, 2 / 100 * MONTH)):
        today, option = (
            outcome(situation, SETTING, target="piece", scenario=one).finished for one in (None, limited(limit))
        )
        assert (today[:, :4] == option[:, :4]).all()
        if after is None:
            # All that had piled up in ten months is done in the next five days, or as fast as twenty at a time are.
            assert option[:, 4:6].sum(axis=1).mean() > 30 * 2 + 100
            assert option[:, 8:].mean() == pytest.approx(30, rel=0.1)
            assert today[:, 8:].mean() == pytest.approx(2 / 100 * MONTH, rel=0.02)
        else:
            assert option[:, 5:].mean() == pytest.approx(after, rel=0.02)


def test_a_limit_counts_what_is_in_work_of_the_version_before():
    steps = [
        {"id": "work", "name": "Work", "skill": "work", "effort": 1},
        {"id": "more", "name": "More", "skill": "work", "effort": 1},
    ]
    shorter = [{"change": "remove", "step": "more", "start": 3}, {"change": "limit", "limit": 5, "start": 6}]
    scenario = Scenario.model_validate({"title": "Both", "changes": shorter})
    made = compiled(one_step(30, steps=steps, limit=2), SETTING.frame, scenario)
    (flow,) = made.model.flows
    assert (flow.limit, flow.limits) == (2, ((made.frame.hour(made.frame.edges()[6]), 5),))
    assert {one.workflow for one in made.model.nodes} == {0}
    assert len({one.node for one in made.model.classes[0].entries}) == 2


def test_what_can_come_in_under_a_limit_is_what_the_limit_lets_through():
    here = Known(
        "piece", one_step(30, effort=100, step={"touch": "automatic", "skill": ""}, limit=2), ("workflow/piece@1",)
    )
    more = Scenario.model_validate({"title": "Four", "changes": [{"change": "limit", "limit": 4, "start": 2}]})
    found = report(here, {"four": more}, SETTING, deep=True, tell=lambda _: None)
    assert "is The limit of 4 in work, at 29.2 a month." in found["answer"]["next_constraint"]
    # Twenty days for a hundred hours: nearly all that can be taken in can be promised.
    assert found["highest_intake"]["value"] == pytest.approx(2 / 100 * MONTH, rel=0.15)
    assert found["unlocked"]["four"]["difference"] == pytest.approx(2 / 100 * MONTH, rel=0.15)
