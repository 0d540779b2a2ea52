from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from marops.domains.workflows.answering.comparing import (
    Choice,
    Told,
    break_even,
    compare,
    comparison,
    extra_cost,
    extra_items,
    worth,
)
from marops.domains.workflows.answering.measuring import figures
from marops.domains.workflows.answering.outcomes import Outcome, Setting, figure, outcome, run
from marops.domains.workflows.papers.changes import assumed
from marops.domains.workflows.papers.options import _break_even
from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import compiled
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.tests.flowground import crew

FRAME = Frame(date(2027, 1, 1), 18, "Europe/Berlin", 3)
SETTING = Setting(FRAME, seed=3, replications=20)
ONE = [{"id": "p", "name": "P", "skills": {"S": 1}, "cost_per_hour": 50}]
THREE = [{**ONE[0], "id": f"p{n}", "name": f"P{n}"} for n in range(3)]


def flow(per_month, hours, *, cost=0.0, **changes):
    step = {"id": "do", "name": "Do", "skill": "S", "effort": hours, "cost": cost}
    kind = {"id": "c", "name": "C", "arrivals": {"per_month": per_month}}
    return Workflow.model_validate({"title": "W", "crew": "c", "classes": [kind], "steps": [step], **changes})


def made(people=ONE, **flows):
    return Situation(flows, crew(people=people))


def choice(key, *changes):
    return Choice(key, Scenario.model_validate({"title": key.capitalize(), "changes": changes}))


def paid(situation):
    """What everybody is paid in the time that is looked at."""
    model = compiled(situation, FRAME).model
    hours = [np.minimum(np.array(one.ends), model.end) - np.maximum(np.array(one.starts), 0) for one in model.calendars]
    return sum(50 * float(np.maximum(hours[one.calendar], 0).sum()) for one in model.people)


def test_what_an_option_costs_more_is_the_money_of_the_crew_and_no_share_of_it():
    both = made(THREE, w=flow(10, 8), v=flow(10, 8))
    half = choice("half", {"change": "assist", "step": "w/do", "effort": 0.5, "cost_per_year": 12_000})
    found = compare(both, [half], SETTING, target="w")
    # A thousand a month for 18 months; everybody is paid the same as before.
    assert extra_cost(found.options[0][1], found.baseline).sum(axis=1) == pytest.approx(np.full(20, 18_000), abs=0.01)
    told = comparison(found, Told(), unit="item", currency="EUR")
    lines = {one.figure: one for one in told.lines}
    assert lines["extra_cost"].options[0].value == pytest.approx(18_000)
    # No item more comes of it, so each of the 180 costs a hundred more, about.
    assert lines["cost_each"].differences[0].value == pytest.approx(100, rel=0.1)
    assert break_even(found.options[0][1], found.baseline, 500.0).why == "not within 18 months"


def test_an_option_costs_its_whole_price_whatever_share_of_the_crew_the_workflow_has():
    both = made(THREE, w=flow(10, 8), v=flow(10, 24))
    idle = choice(
        "idle", {"change": "hire", "name": "I", "skills": {"T": 1}, "cost_per_year": 72_000, "one_off": 9_000}
    )
    found = compare(both, [idle], SETTING, target="w")
    option, base = found.options[0][1], found.baseline
    assert extra_cost(option, base).sum(axis=1) == pytest.approx(np.full(20, 72_000 * 1.5 + 9_000))
    assert (option.cost - base.cost).sum(axis=1) == pytest.approx(np.full(20, 117_000))
    assert option.cost[0, 0] - base.cost[0, 0] == pytest.approx(72_000 / 12 + 9_000)


def test_each_workflow_bears_what_its_own_steps_cost():
    both = made(w=flow(30, 1, cost=1_000), v=flow(30, 3))
    w, v = (outcome(both, SETTING, target=one) for one in ("w", "v"))
    # Of four hours w takes one and v three; nothing of v's costs anything besides.
    assert w.share.mean() == pytest.approx(0.25, abs=0.01)
    pay = paid(both) / 18 / 30
    assert figure("cost_each", w).mean() == pytest.approx(pay / 4 + 1_000, rel=0.05)
    assert figure("cost_each", v).mean() == pytest.approx(pay * 3 / 4, rel=0.05)
    assert w.spent == pytest.approx(v.spent)
    assert (w.cost + v.cost) == pytest.approx(w.spent)


def test_the_shares_are_those_of_doing_nothing():
    both = made(THREE, w=flow(10, 8), v=flow(10, 8))
    tenth = choice("tenth", {"change": "effort", "step": "w/do", "factor": 0.1})
    found = compare(both, [tenth], SETTING, target="w")
    assert found.options[0][1].cost == pytest.approx(found.baseline.cost)


def test_steps_cost_by_the_piece():
    alone = made(w=flow(10, 8))
    dear = choice("dear", {"change": "assist", "step": "do", "effort": 1, "cost_each": 7})
    found = compare(alone, [dear], SETTING, target="w")
    more = extra_cost(found.options[0][1], found.baseline)
    # What came in before the change goes its old way.
    assert more[:, 2:] == pytest.approx(7 * found.options[0][1].finished[:, 2:])


def test_a_price_is_that_of_all_months_together_and_the_same_wherever_it_is_told():
    seldom = made(w=flow(0.7, 8, promise={"hours": 12}))
    found = compare(seldom, [choice("as-is")], SETTING, target="w")
    base = found.baseline
    assert (base.finished == 0).any()
    by_hand = base.spent.sum(axis=1) / base.finished.sum(axis=1)
    told = comparison(found, Told(), unit="item", currency="EUR")
    lines = {one.figure: one for one in told.lines}
    assert lines["cost_each"].baseline.value == pytest.approx(by_hand.mean())
    recorded = Outcome(base.compiled, run(base.compiled, SETTING, record=True), "w")
    assert figures(recorded).cost_each.value == pytest.approx(by_hand.mean())
    assert worth(base).value == pytest.approx(by_hand.mean())


def test_the_share_on_time_counts_every_item_once():
    loaded = made(w=flow(20, 8, promise={"hours": 100}))
    found = outcome(loaded, SETTING, target="w")
    cases = found.runs.cases
    kept = [(cases.hours[cases.replication == one] <= 100).mean() for one in range(20)]
    assert figure("on_time", found) == pytest.approx(kept)


def test_three_who_are_hired_cost_three_times_what_one_does():
    three = choice("three", {"change": "hire", "name": "I", "skills": {"S": 1}, "count": 3, "cost_per_year": 12_000,
                             "one_off": 500})  # fmt: skip
    assert sum(compiled(made(w=flow(10, 8)), FRAME, three.scenario).extra) == pytest.approx(3 * (18_000 + 500))
    (said,) = assumed(three.scenario, "EUR", {})
    assert "EUR 500 once each, EUR 12,000 a year each" in said


def test_who_learns_is_paid_all_the_same():
    taught = choice("taught", {"change": "train", "person": "p", "skills": {"T": 1}, "hours_away": 40,
                               "start": "2027-03-15", "one_off": 900})  # fmt: skip
    found = compare(made(w=flow(10, 8)), [taught], SETTING, target="w")
    option, base = found.options[0][1], found.baseline
    assert (base.runs.available - option.runs.available).sum() == pytest.approx(40)
    more = extra_cost(option, base)
    assert more[:, 2] == pytest.approx(np.full(20, 900), abs=0.01)
    assert more.sum(axis=1) == pytest.approx(np.full(20, 900), abs=0.01)
    # So nobody can work out of the cost of each what somebody is paid.
    shared = compare(made(w=flow(10, 8), v=flow(10, 8)), [taught], SETTING, target="w")
    assert (shared.options[0][1].cost - shared.baseline.cost).sum(axis=1) == pytest.approx(np.full(20, 900), abs=0.01)


HELP = {"change": "hire", "name": "Help", "skills": {"S": 1}, "start": "2027-07-01", "cost_per_year": 12_000}


def test_nothing_breaks_even_before_it_has_cost_something():
    # Thirty a month take 240 hours of 174: a second person finishes more at once, from July, the seventh month.
    found = compare(made(w=flow(30, 8)), [choice("help", HELP)], SETTING, target="w")
    paid = break_even(found.options[0][1], found.baseline, 100_000.0)
    assert (paid.low, paid.value, paid.high) == (7, 7, 7)


def test_money_saved_on_work_that_is_not_done_is_no_gain():
    two = [THREE[0], THREE[1]]
    gone = choice("gone", {"change": "leave", "person": "p0", "start": 0})
    found = compare(made(two, w=flow(35, 8)), [gone], SETTING, target="w")
    assert extra_items(found.options[0][1], found.baseline).sum() < 0
    assert extra_cost(found.options[0][1], found.baseline).sum() < 0
    paid = break_even(found.options[0][1], found.baseline, 10.0)
    assert paid.value is None
    assert paid.why == "what it saves is work that is not done"


def test_who_only_saves_has_nothing_to_earn_back():
    spare = choice("spare", {"change": "platform", "retire": "Old", "saves_per_year": 5_000})
    step = {"id": "do", "name": "Do", "skill": "S", "effort": 8, "platforms": ["Old"]}
    found = compare(made(w=flow(10, 8, steps=[step])), [spare], SETTING, target="w")
    assert break_even(found.options[0][1], found.baseline, 10.0).why == "it costs nothing more"


def test_what_is_spent_at_once_can_be_earned_back_by_savings():
    # 6,000 once and 1,000 a month less: paid back by the end of the sixth month.
    swap = choice("swap", {"change": "platform", "retire": "Old", "one_off": 6_000, "saves_per_year": 12_000})
    step = {"id": "do", "name": "Do", "skill": "S", "effort": 8, "platforms": ["Old"]}
    found = compare(made(w=flow(10, 8, steps=[step])), [swap], SETTING, target="w")
    paid = break_even(found.options[0][1], found.baseline, 10.0)
    assert (paid.low, paid.value, paid.high) == (6, 6, 6)


def test_a_month_that_may_never_come_has_no_upper_end():
    found = compare(made(w=flow(30, 8)), [choice("help", {**HELP, "start": 0})], SETTING, target="w")
    option, base = found.options[0][1], found.baseline
    items = extra_items(option, base).sum(axis=1)
    # What an item is worth is set so that three runs of ten do not get there.
    value = 18_000 / float(np.quantile(items, 0.3))
    paid = break_even(option, base, value)
    assert paid.value is not None
    assert paid.value <= 18
    assert paid.high is None


def test_on_paper_it_ends_later():
    found = compare(made(w=flow(30, 8)), [choice("help", HELP)], SETTING, target="w")
    told = comparison(found, Told(), unit="item", currency="EUR")
    (series,) = told.series
    open_ended = replace(told, series=(replace(series, break_even=Estimate(8, 6, None)),))
    cell = _break_even(open_ended).cells[1]
    assert (cell.value, cell.under) == ("Sep 2027", "Jul 2027–later")


def test_what_an_item_is_worth_is_unknown_where_none_is_finished():
    none = compare(made(w=flow(0, 8)), [choice("help", HELP)], SETTING, target="w")
    assert worth(none.baseline).value is None
    assert break_even(none.options[0][1], none.baseline, worth(none.baseline).value).why.startswith("nothing is")


def test_what_steps_cost_is_known_by_class():
    kinds = [{"id": one, "name": one, "arrivals": {"per_month": 5}} for one in ("a", "b")]
    priced = made(w=flow(5, 8, cost=3, classes=kinds))
    runs = run(compiled(priced, FRAME), replace(SETTING, replications=4))
    assert runs.spent == pytest.approx(3.0 * runs.finished)
    assert runs.cost == pytest.approx(runs.spent.sum(axis=1) + 50 * runs.worked.sum(axis=1))
