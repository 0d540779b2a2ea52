from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from marops.domains.workflows.answering import unlocking
from marops.domains.workflows.answering.bottleneck import bottleneck
from marops.domains.workflows.answering.bounds import bound
from marops.domains.workflows.answering.comparing import Choice, Told, break_even, compare, comparison, extra_items
from marops.domains.workflows.answering.outcomes import Outcome, Setting, estimate, grouped_quantile, outcome, over, run
from marops.domains.workflows.answering.simlogs import TooFew, Wanted, simulated_logs, write_log
from marops.domains.workflows.answering.waits import causes
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import compiled
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.tests.flowground import crew, situation, workflow

FRAME = Frame(date(2027, 1, 4), 18, "Europe/Berlin", 6)
SETTING = Setting(FRAME, seed=7, replications=30)


def choice(key, *changes):
    return Choice(key, Scenario.model_validate({"title": key.capitalize(), "changes": changes}))


# Legal has six hours a week and the rest of the crew plenty: whoever else comes is of no use.
USELESS = choice("mailer", {"change": "hire", "name": "Eve", "skills": {"email": 1}, "cost_per_year": 60_000})
LAWYER = choice("lawyer", {"change": "hire", "name": "Lou", "skills": {"legal": 1}, "calendar": "tuesdays", "start": 2})
DAILY = choice("daily", {"change": "rehour", "person": "cy", "calendar": "office", "start": 2})


def test_all_four_ways_find_the_planted_bottleneck():
    found, today = bottleneck(situation(10), SETTING, target="newsletter", unit="newsletter")
    assert (found.constraint.kind, found.constraint.key) == ("skill", "legal")
    assert [one.method for one in found.methods] == ["fluid", "waiting", "active", "sensitivity"]
    assert {one.rows[0].name for one in found.methods} == {"Legal", "Legal review"}
    assert found.agrees == 4
    for method in found.methods:
        assert all(row.low <= row.value <= row.high for row in method.rows)
        assert [row.value for row in method.rows] == sorted((row.value for row in method.rows), reverse=True)
    # An hour a day is 21.75 a month, and an item needs 2 h of legal work 1 + 1/4 + 1/16 + 1/64 times.
    assert found.unlocks.value == pytest.approx(21.75 / (2 * 1.328125), rel=0.05)
    # Ann has 173 hours a month and is the only one who plans.
    assert found.next_constraint.key in ("planning", "writing", "email")
    assert today.runs.tasks is not None


def test_the_waiting_at_a_constraint_is_that_at_all_its_steps():
    """More steps than are shown wait for one person: all of their hours count, and chance evens out between them."""
    steps = [{"id": f"s{n}", "name": f"S{n}", "skill": "planning", "effort": 2} for n in range(12)]
    planner = [{"id": "ann", "name": "Ann", "skills": {"planning": 1}}]
    found, today = bottleneck(
        situation(6, people=planner, steps=steps), SETTING, target="newsletter", unit="newsletter"
    )
    tasks = today.runs.tasks
    hours = [0.0] * 30
    for one, began, could in zip(tasks.replication, tasks.started, tasks.enabled, strict=True):
        hours[one] += began - could if began >= 0 else 0
    each = [whole / done for whole, done in zip(hours, today.finished.sum(axis=1), strict=True)]
    assert found.waits.value == pytest.approx(sum(each) / 30)
    around = 1.699 * np.std(each, ddof=1) / 30**0.5
    assert found.waits.high - found.waits.low == pytest.approx(2 * around, rel=0.001)
    shown = found.methods[1].rows
    assert len(shown) < 12
    assert found.waits.value > sum(one.value for one in shown)


def test_without_a_shortage_nothing_is_held_back():
    found, _ = bottleneck(situation(2), SETTING, target="newsletter", unit="newsletter")
    assert found.holds_back.value == 0
    # Two a month, and people could do 9.8: what is left is waiting for a Tuesday.
    assert found.spare == pytest.approx(4.9, rel=0.05)
    assert (found.constraint.kind, found.constraint.key) == ("calendar", "newsletter/legal")
    assert found.methods[1].cause == "unavailability"
    # On average half a week from one Tuesday to the next.
    assert 50 < found.waits.value < 130
    assert found.methods[3].unit == "hours per newsletter"


def test_no_simulation_beats_the_fluid_bound_and_a_loaded_one_comes_near():
    made = compiled(situation(14), FRAME)
    limit = bound(made, SETTING, "newsletter")
    most = float(np.mean(limit.factors(limit.solve()))) * 14
    done = over(Outcome(made, run(made, SETTING), "newsletter").finished, slice(None))
    assert most == pytest.approx(6 * 365.25 / 7 / 12 / (2 * 1.328125), rel=0.03)  # six hours a week of legal
    assert done.mean() <= most * 1.01
    assert done.mean() >= most * 0.93


def test_a_useless_hire_changes_nothing_and_one_can_tell():
    found = compare(situation(10), [USELESS, LAWYER], SETTING, target="newsletter")
    base, useless, lawyer = found.baseline, found.options[0][1], found.options[1][1]
    nothing = estimate(extra_items(useless, base).sum(axis=1))
    assert nothing.low <= 0 <= nothing.high
    assert nothing.high - nothing.low < 1
    more = estimate(extra_items(lawyer, base).sum(axis=1))
    assert more.low > 0


def test_the_same_seed_gives_the_same_table_and_another_does_not():
    one, two = (compare(situation(10), [DAILY], SETTING, target="newsletter").cells(0) for _ in range(2))
    assert one == two
    other = compare(situation(10), [DAILY], replace(SETTING, seed=8), target="newsletter").cells(0)
    assert other["throughput"] != one["throughput"]


def test_before_a_change_begins_nothing_differs():
    cells = compare(situation(10), [DAILY], SETTING, target="newsletter").cells(0)
    for name in ("throughput", "lead_p85_hours", "in_work"):
        assert [one.difference.value for one in cells[name][:2]] == pytest.approx([0, 0], abs=1e-9)
    assert cells["lead_p85_hours"][6].difference.high < 0


def test_throughput_unlocked_is_nothing_for_a_useless_hire():
    today = unlocking.highest_intake(situation(10), SETTING, target="newsletter")
    risen = {
        one.key: unlocking.highest_intake(situation(10), SETTING, target="newsletter", scenario=one.scenario)
        for one in (USELESS, LAWYER)
    }
    intake = estimate(today.items("newsletter"))
    # The fluid bound is 9.8 a month; twenty days are promised for 85 of 100.
    assert 5 < intake.low < intake.high < 9.9
    assert unlocking.unlocked(risen["mailer"], today, "newsletter").value == pytest.approx(0, abs=0.1)
    lawyer = unlocking.unlocked(risen["lawyer"], today, "newsletter")
    # Twice the hours carry at least twice the intake, since chance evens out; and at most what flows.
    assert lawyer.low > intake.value * 0.9
    assert lawyer.high < 2 * 9.9 - intake.low
    parts = unlocking.by_workflow(risen["lawyer"], today, ["newsletter"])
    assert parts["newsletter"] == lawyer


def test_without_a_promise_no_intake_is_the_highest():
    assert unlocking.highest_intake(situation(10, promise=None), SETTING, target="newsletter") is None


def test_break_even_is_the_month_from_which_it_stays_paid():
    found = compare(situation(10), [LAWYER], SETTING, target="newsletter")
    option, base = found.options[0][1], found.baseline
    assert break_even(option, base, 0.0).why == "it costs nothing more"
    dear = compare(situation(10), [USELESS], SETTING, target="newsletter")
    never = break_even(dear.options[0][1], dear.baseline, 1_000.0)
    assert never.value is None
    assert never.why == "not within 18 months"


def test_the_comparison_for_pages_says_all():
    found = compare(situation(10), [USELESS, LAWYER], SETTING, target="newsletter")
    told = comparison(found, Told(), unit="newsletter", currency="EUR")
    assert [one.key for one in told.options] == ["mailer", "lawyer"]
    assert len(told.months) == 18
    assert told.months[0] == date(2027, 1, 4)
    assert told.best == "lawyer"
    lines = {one.figure: one for one in told.lines}
    assert lines["extra_cost"].options[0].value == pytest.approx(60_000 * 1.5, rel=0.01)
    assert lines["cost_of_one_more"].options[0].value is None
    assert all(len(one.options) == 2 for one in told.lines)


def test_every_hour_of_waiting_has_a_cause():
    made = compiled(situation(10), FRAME)
    tasks = run(made, SETTING, record=True, replications=5).tasks
    found = causes(made.model, tasks)
    assert found.sum(axis=1) == pytest.approx(tasks.started - tasks.enabled, abs=1e-6)
    assert found.min() > -1e-6


def test_other_things_first_on_a_tuesday_are_waiting_for_tuesday():
    plain = workflow().model_dump(mode="json", by_alias=True, exclude_none=True)["steps"]
    steps = [{**one, "delay": 0.25, "delay_in": "tuesdays"} if one["id"] == "legal" else one for one in plain]
    made = compiled(situation(4, steps=steps), FRAME)
    tasks = run(made, SETTING, record=True, replications=5).tasks
    found = causes(made.model, tasks)
    assert found.sum(axis=1) == pytest.approx(tasks.started - tasks.enabled, abs=1e-6)
    legal = np.array([step == "legal" for _, step in made.nodes])[tasks.node]
    assert found[legal, 4] == pytest.approx(np.full(legal.sum(), 0.25))
    assert found[legal, 3].mean() > 20


def test_work_that_goes_first_is_prioritisation():
    urgent = [{"id": "n", "name": "N", "arrivals": {"per_month": 5}, "priority": 0},
              {"id": "u", "name": "U", "arrivals": {"per_month": 5}, "priority": 9}]  # fmt: skip
    made = compiled(situation(classes=urgent), FRAME)
    tasks = run(made, SETTING, record=True, replications=5).tasks
    found = causes(made.model, tasks)
    legal = np.array([step == "legal" for _, step in made.nodes])[tasks.node]
    jumped = [found[legal & (tasks.work_class == one), 2].sum() for one in (0, 1)]
    assert jumped[0] > 0
    assert jumped[1] == pytest.approx(0, abs=1e-6)


def test_a_simulated_log_has_the_cases_asked_for_and_nothing_else(tmp_path):
    wanted = Wanted("newsletter", 50, date(2027, 1, 4), "Europe/Berlin")
    one, two = simulated_logs(situation(10), wanted, seed=1, runs=2)
    assert len(one.cases) == len(two.cases) == 50
    assert set(one.case) == set(range(50))
    assert (one.ended >= one.started).all()
    assert one.activities == ("Brief", "Copy", "Legal review", "Build e-mail", "Send")
    assert not np.array_equal(one.started[:20], two.started[:20])
    again, _ = simulated_logs(situation(10), wanted, seed=1, runs=2)
    assert np.array_equal(one.started, again.started)
    headings = {"case": "Vorgang", "activity": "Schritt", "end": "Ende"}
    rows = write_log(one, tmp_path / "log.csv", headings, ["Vorgang", "X", "Schritt", "Ende"])
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0] == "Vorgang,X,Schritt,Ende"
    assert lines[1].startswith("newsletter-1,,Brief,2027-01-")
    assert len(lines) == rows + 1


def test_too_many_cases_are_refused():
    with pytest.raises(TooFew):
        simulated_logs(situation(0.001), Wanted("newsletter", 50, date(2027, 1, 4), "UTC"), seed=1, runs=1)


def test_two_workflows_are_answered_apart():
    both = Situation({"newsletter": workflow(5), "webinar": workflow(5)}, crew())
    one = outcome(both, SETTING, target="newsletter")
    all_ = outcome(both, SETTING)
    two = outcome(both, SETTING, target="webinar")
    assert (one.finished + two.finished == all_.finished).all()
    assert (one.cost + two.cost).sum() == pytest.approx(all_.cost.sum())


def test_grouped_quantiles_are_numpys():
    rng = np.random.default_rng(1)
    group, values = rng.integers(0, 5, 200), rng.random(200)
    found = grouped_quantile(group, values, 7, 0.85)
    assert found[:5] == pytest.approx([np.quantile(values[group == one], 0.85) for one in range(5)])
    assert np.isnan(found[5:]).all()
