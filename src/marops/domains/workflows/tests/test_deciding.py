from datetime import date

import pytest

from marops.domains.workflows.answering.deciding import DECISIONS, FINALISTS, candidates, decide, trial
from marops.domains.workflows.answering.outcomes import Setting
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.targets import Plan, read_plan
from marops.domains.workflows.tests.flowground import crew, situation, workflow
from marops.kernel.errors import MaropsError

TODAY = date(2026, 11, 20)
SETTING = Setting(Frame(TODAY, 1, "Europe/Berlin", warm_up=6), seed=3, replications=100)
KEY = ("newsletter", "newsletter")


def plan(per_month, months=3, **more):
    document = {"months": months, "targets": {"newsletter": per_month}, **more}
    return read_plan(document, situation(10), "newsletter", TODAY)


def ended(going):
    seen = []
    while True:
        try:
            seen.append(next(going))
        except StopIteration as end:
            return end.value, seen


def faults(document, flows=None, today=TODAY):
    with pytest.raises(MaropsError) as caught:
        read_plan(document, flows or situation(10), "newsletter", today)
    assert caught.value.code == "invalid"
    return {one.pointer: one for one in caught.value.errors}


def test_a_number_counts_for_each_month_of_the_next_quarter():
    found = read_plan({"targets": {"newsletter": 1.5}}, situation(10), "newsletter", TODAY)
    assert found.months == (date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1))
    assert found.targets == {KEY: (1.5, 1.5, 1.5)}
    assert found.due(KEY) == (2, 3, 5)
    # Twenty days are promised.
    assert found.ahead == {KEY: 480}


def test_months_that_are_not_named_ask_for_nothing():
    document = {"targets": {"newsletter/newsletter": {"2027-01": 4, "2027-03": 2}}}
    assert read_plan(document, situation(10), "newsletter", TODAY).targets[KEY] == (0, 4, 0, 2)
    document = {"first": "2027-01", "months": 3, "targets": {"newsletter": {"every": 1, "2027-02": 5}}, "ahead_days": 9}
    found = read_plan(document, situation(10), "newsletter", TODAY)
    assert found.targets[KEY] == (1, 5, 1)
    assert found.ahead[KEY] == 9 * 24


def test_the_same_plan_said_in_two_ways_is_the_same():
    two = plan({"2026-12": 2, "2027-01": 2, "2027-02": 2})
    assert two.as_plain() == plan(2).as_plain()


@pytest.mark.parametrize(
    ("document", "pointer", "said"),
    [
        ({}, "/targets", "missing"),
        ({"targets": {}}, "/targets", ""),
        ({"targets": {"newsletter": -1}}, "/targets/newsletter", "0"),
        ({"targets": {"newsletter": "many"}}, "/targets/newsletter", "number"),
        ({"targets": {"newsletter": {"2027-13": 1}}}, "/targets/newsletter/2027-13", ""),
        ({"targets": {"newsletter": {"2027-01": -2}}}, "/targets/newsletter/2027-01", "0"),
        ({"targets": {"balloon": 1}}, "/targets/balloon", "newsletter/newsletter"),
        ({"targets": {"newsletter": 0}}, "/targets", "asks for nothing"),
        ({"targets": {"newsletter": 1, "newsletter/newsletter": 1}}, "/targets/newsletter~1newsletter", "already"),
        ({"months": 19, "targets": {"newsletter": 1}}, "/months", "18"),
        ({"months": 2, "targets": {"newsletter": {"2027-06": 1}}}, "/targets/newsletter/2027-06", "2027-01"),
        ({"targets": {"newsletter": {"2030-01": 1}}}, "/targets/newsletter/2030-01", "2028-05"),
        ({"first": "2026-11", "targets": {"newsletter": 1}}, "/first", "under way"),
        ({"first": "2099-01", "targets": {"newsletter": 1}}, "/first", "18 months"),
        ({"targets": {"newsletter": 1}, "goal": 2}, "/goal", ""),
        ({"targets": {"newsletter": 1}, "ahead_days": 0}, "/ahead_days", "0"),
        (7, "", ""),
    ],
)
def test_every_fault_of_a_plan_is_named_by_its_place(document, pointer, said):
    found = faults(document)
    assert pointer in found, found
    one = found[pointer]
    assert said.lower() in f"{one.message} {one.remedy}".lower()


def test_all_faults_are_named_at_once():
    found = faults({"first": "2020-01", "targets": {"balloon": 1, "newsletter": {"2031-01": 1}}})
    assert set(found) == {"/first", "/targets/balloon", "/targets/newsletter/2031-01"}


def test_a_kind_of_work_of_another_workflow_is_named_by_that_workflow():
    both = Situation({"newsletter": workflow(5), "webinar": workflow(5)}, crew())
    found = read_plan({"targets": {"newsletter": 1, "webinar": 2}}, both, "newsletter", TODAY)
    assert set(found.targets) == {KEY, ("webinar", "newsletter")}


def test_a_plan_far_below_what_people_can_do_is_met_and_one_far_above_is_not():
    # A month has four Tuesdays of six hours for legal, which takes two, with a quarter coming back: nine or ten.
    easy = trial(situation(2), plan(2, ahead_days=60), SETTING, runs=60)
    assert easy.met.mean() > 0.95
    assert easy.in_time.mean() > 0.99
    hard = trial(situation(2), plan(30), SETTING, runs=60)
    assert not hard.met.any()
    assert hard.in_time.mean() < 0.7


def test_what_was_asked_for_early_and_done_before_the_plan_begins_counts():
    # All of December has come in by the first of October, and is done long before today.
    found = trial(situation(1), plan({"2026-12": 1}, months=1, ahead_days=90), SETTING, runs=40)
    assert found.met.all()


def test_decisions_are_ranked_by_what_they_do_for_the_plan():
    found, seen = ended(decide(situation(9), plan(9), SETTING))
    assert 0 < found.today.value < 1
    assert found.today.low < found.today.value < found.today.high
    so_far = [one.value for one in found.met_by_month]
    assert so_far == sorted(so_far, reverse=True)
    assert so_far[-1] == found.today.value
    assert found.best[0].candidate.choice.key in ("rework-newsletter-legal", "assist-newsletter-copy")
    assert found.best[0].gain.low > 0
    assert len(found.best) <= DECISIONS
    closer = [one for one in found.decisions if one.finalist]
    assert len(closer) <= FINALISTS
    assert [one.gain.value for one in closer] == sorted((one.gain.value for one in closer), reverse=True)
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert seen[-1].done < seen[-1].total
    assert {one.candidate.choice.key for one in found.decisions} == {
        one.choice.key for one in candidates(situation(9), TODAY)
    }


def test_what_nobody_can_do_is_out_of_reach_and_not_certain():
    found, _ = ended(decide(situation(9), plan(100, months=1), SETTING))
    assert found.best == ()
    assert found.today.value == 0
    assert found.today.high > 0
    assert all(one.gain.low < 0 < one.gain.high for one in found.decisions)


def test_everybody_can_be_stopped_between_two_changes():
    going = decide(situation(9), plan(9), SETTING)
    next(going)
    going.close()


def test_a_plan_is_a_plan_whatever_else_comes_in():
    assert isinstance(plan(3), Plan)
    found, _ = ended(decide(situation(0), plan(3, months=1), SETTING))
    assert found.today.value > 0.5


def test_decisions_hold_from_today_on():
    for one in candidates(situation(9), TODAY):
        assert all(change.start == TODAY for change in one.choice.scenario.changes)
