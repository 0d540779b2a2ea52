import re
from dataclasses import replace
from datetime import date

import pytest

from marops.domains.workflows.answering.comparing import Choice, Told, by_items, compare, comparison, worth
from marops.domains.workflows.answering.flipping import Flipping, assumptions
from marops.domains.workflows.answering.outcomes import Setting
from marops.domains.workflows.answering.ranking import ranking
from marops.domains.workflows.answering.report import report
from marops.domains.workflows.papers.options import answer, aside, merit
from marops.domains.workflows.papers.pieces import plain
from marops.domains.workflows.rules.answers import BASELINE, Comparison, Estimate, read
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import Known
from marops.domains.workflows.tests.flowground import crew, situation

FRAME = Frame(date(2027, 1, 1), 18, "Europe/Berlin", 6)
SETTING = Setting(FRAME, seed=3, replications=20)


def people(count):
    return [{"id": f"p{n}", "name": f"P{n}", "skills": {"S": 1}} for n in range(count)]


def flow(per_month=30.0, hours=8, **changes):
    kind = {"id": "c", "name": "C", "arrivals": {"per_month": per_month}}
    step = {"id": "do", "name": "Do", "skill": "S", "effort": hours}
    document = {"title": "W", "crew": "c", "classes": [kind], "steps": [step], "unit": "item", **changes}
    return Workflow.model_validate(document)


def made(count=1, **changes):
    return Situation({"w": flow(**changes)}, crew(people=people(count)))


def choice(key, *changes, title=""):
    return Choice(key, Scenario.model_validate({"title": title or key.capitalize(), "changes": changes}))


def compared(situation, *choices, target="w"):
    return compare(situation, choices, SETTING, target=target)


def told_of(found):
    return comparison(found, Told(), unit="item", currency="EUR")


def flip_of(situation, *choices, target="w"):
    found = compared(situation, *choices, target=target)
    return Flipping(situation, found, target).nearest(by_items(found), {})


HALF = choice("half", {"change": "effort", "step": "do", "factor": 0.5})
HELP = {"change": "hire", "name": "H", "skills": {"S": 1}}
GONE = choice("gone", {"change": "leave", "person": "p0"})


# --- which is best


def ranked(gains, apart=None):
    given = {key: Estimate(*one) for key, one in gains.items()}
    return ranking(list(given), "items", given.get, lambda one, other: Estimate(*(apart or (1, 0.5, 1.5))))


def test_best_is_what_brings_more_for_sure_and_more_than_the_others():
    order = ranked({"a": (1, 0.5, 1.5), "b": (3, 2, 4)})
    assert (order.best, order.first, order.tied) == ("b", "b", ())


def test_what_does_harm_is_never_best():
    order = ranked({"a": (-19, -20, -18), "b": (-3, -4, -2)})
    assert (order.best, order.first, order.tied) == (BASELINE, BASELINE, ())
    # Of the second one cannot tell.
    assert ranked({"a": (-19, -20, -18), "b": (-3, -7, 1)}).best == ""


def test_what_may_be_nothing_is_not_best():
    order = ranked({"a": (1, -0.5, 2.5), "b": (0, 0, 0)})
    assert (order.best, order.first, order.tied) == ("", BASELINE, ())


def test_two_that_cannot_be_told_apart_are_tied():
    order = ranked({"a": (1, 0.5, 1.5), "b": (1.2, 0.7, 1.7)}, apart=(0.2, -0.3, 0.7))
    assert (order.best, order.first, order.tied) == ("", "b", ("b", "a"))


def test_without_a_value_an_option_comes_last():
    order = ranked({"a": (None,), "b": (1, 0.5, 1.5)})
    assert (order.best, list(order.gains), dict(order.apart)) == ("b", ["b", "a"], {})
    assert ranked({}).best == ""


def test_a_leave_that_costs_items_leaves_doing_nothing_best():
    # Two people have 348 hours a month, and 35 items of 8 h need 280: one alone does 21.7.
    told = told_of(compared(made(2, per_month=35), GONE))
    assert told.best == "baseline"
    assert told.ranked.gains[0].high < 0
    lost = 35 - 21.7
    assert told.ranked.gains[0].value == pytest.approx(-lost, abs=1.5)
    assert re.fullmatch(
        r"Do nothing: “Gone” finishes 1[2-4]\.\d fewer items a month \(−.* to −.*\)\.", told.ranked.says
    )
    assert aside(told) == ""
    assert re.fullmatch(r"Do nothing: Gone finishes 1[2-4](\.\d)? fewer items a month .*\.", plain(answer(told)))


def test_a_hire_of_no_use_brings_nothing_and_one_says_so():
    told = told_of(compared(made(2, per_month=15), choice("idle", {**HELP, "skills": {"T": 1}})))
    assert told.ranked.says == "“Idle”: 0 % more items."
    assert told.best == ""


def test_where_next_to_nothing_is_finished_no_dates_are_kept():
    # Nobody is left; what is finished was begun before.
    told = told_of(compared(made(1, per_month=15, promise={"hours": 400}), GONE))
    for line in told.lines:
        if line.figure in ("on_time", "lead_p50_hours", "lead_p85_hours"):
            assert line.baseline.value is not None
            assert (line.options[0].value, line.differences[0].value) == (None, None)
            assert line.options[0].why == "too little of what comes in is finished to tell"
    assert aside(told) == ""


def test_the_same_twice_is_a_tie():
    again = Choice("again", HALF.scenario)
    told = told_of(compared(made(), HALF, again, GONE))
    assert told.best == ""
    assert told.ranked.tied == ("half", "again")
    assert told.ranked.says.endswith("cannot be told apart.")
    assert "cannot be told apart" in plain(answer(told))


def test_the_headline_is_by_the_same_figure_for_every_option():
    """An option whose intake nobody knows is not held against others by another measure."""
    found = compared(made(promise={"hours": 200}), HALF, choice("more", HELP))
    told = comparison(
        found, Told({"half": Estimate(5, 4, 6)}, Estimate(10), {"half": Estimate(15)}, ranking=by_items(found)),
        unit="item", currency="EUR",
    )  # fmt: skip
    assert told.ranked.by == "items"
    assert merit(told, "half") == told.ranked.gains[0]
    assert merit(told, "more") == told.ranked.gains[1]


# --- where the constraint goes, by the same ranking


def reported(situation, **scenarios):
    here = Known("w", situation, ("workflow/w@1", "crew/c@1"))
    return report(here, {key: one.scenario for key, one in scenarios.items()}, SETTING, deep=True, tell=lambda _: None)


def test_the_next_constraint_is_that_of_the_time_after_the_change():
    # Two people, and from the thirteenth month three: 3 × 8 h on the working days of 18 months, by 8 h each.
    late = choice("late", {**HELP, "start": "2028-01-01"})
    kept = reported(made(2, per_month=60), late=late)
    assert kept["answer"]["best"] == "late"
    most = float(re.search(r"constraint is S, at ([\d.]+) a month", kept["answer"]["next_constraint"])[1])
    assert most == pytest.approx(3 * 391 / 18, rel=0.01)


def test_the_next_constraint_may_be_what_takes_only_so_many_at_a_time():
    # Four people do 87 a month, but one at a time are 22.
    four = made(4, per_month=60, steps=[{"id": "do", "name": "Do", "skill": "S", "effort": 8, "at_once": 1}])
    kept = reported(four, idle=choice("idle", {**HELP, "skills": {"T": 1}}))
    said = kept["answer"]["next_constraint"]
    assert re.fullmatch(r"As things are the constraint is Do, at 2[12]\.\d a month\.", said)


def test_where_nothing_is_best_the_constraint_is_todays():
    kept = reported(made(2, per_month=60), gone=GONE)
    assert kept["answer"]["best"] == "baseline"
    assert kept["answer"]["next_constraint"].startswith("As things are the constraint is S, at 43.")


def test_best_next_and_flip_speak_of_the_same_option():
    # The second unlocks more; the first finishes more, since it begins a year before.
    early = choice("early", {"change": "effort", "step": "do", "factor": 0.7})
    late = choice("late", {"change": "effort", "step": "do", "factor": 0.4, "start": "2028-05-01"})
    kept = reported(made(per_month=25, promise={"hours": 400}), early=early, late=late)
    told = read(Comparison, kept["answer"])
    assert told.ranked.by == "unlocked"
    assert told.best == "late"
    assert told.next_constraint.startswith("With “Late”")
    assert kept["flip"]["instead_of"] == "Late"


# --- what turns it


def test_a_step_that_takes_as_long_as_today_brings_nothing_more():
    flip = flip_of(made(), HALF)
    assert (flip.winner, flip.loser) == ("Do nothing", "Half")
    assert flip.assumption.value == 50
    assert flip.sentence() == (
        "If the effort that remains at Do were above 100 % of today’s (assumed: 50 % of today’s),"
        " “Do nothing” would come before “Half”."
    )
    assert flip.value == pytest.approx(100, rel=0.01)


def test_so_it_does_where_options_are_ranked_by_what_they_unlock():
    kept = reported(made(per_month=15, promise={"hours": 200}), half=HALF)
    assert kept["answer"]["ranked"]["by"] == "unlocked"
    assert (kept["flip"]["then_ahead"], kept["flip"]["money"]) == ("Do nothing", False)
    assert kept["flip"]["turns_at"] == pytest.approx(100, rel=0.05)


def test_another_option_wins_where_it_has_become_the_better_one():
    # From 8 h a third falls away, or a second person comes. They are alike where half of the 8 h remains.
    third = choice("third", {"change": "effort", "step": "do", "factor": 2 / 3})
    empty = replace(SETTING, frame=replace(FRAME, warm_up=0))
    found = compare(made(per_month=90), [third, choice("more", HELP)], empty, target="w")
    flip = Flipping(made(per_month=90), found, "w").nearest(by_items(found), {})
    assert (flip.winner, flip.loser) == ("Third", "More")
    assert flip.assumption.name.startswith("the effort that remains")
    assert flip.value == pytest.approx(50, rel=0.02)


@pytest.mark.parametrize(
    ("situation", "change"),
    [
        (made(), {"change": "demand", "factor": 0}),
        (made(per_month=0), HELP),
        (made(per_month=5), HELP),
    ],
)
def test_where_nothing_can_turn_it_nothing_is_said(situation, change):
    flip = flip_of(situation, choice("one", change))
    assert flip is None or flip.assumption.name == "today’s demand"


def test_hours_that_are_plenty_do_not_turn_at_a_hair():
    """A hire of no use is level with doing nothing; it is not ahead by the last digit of a mean."""
    flip = flip_of(situation(2), choice("idle", {**HELP, "skills": {"email": 1}}), target="newsletter")
    assert flip is None or flip.value > flip.assumption.value


def test_in_money_the_price_turns_it_at_which_an_option_is_worth_what_it_brings():
    hands = crew(people=[{**people(1)[0], "cost_per_hour": 50}])
    now = Situation({"w": flow()}, hands)
    dear = choice("dear", {**HELP, "cost_per_year": 130_000})
    idle = choice("idle", {**HELP, "skills": {"T": 1}})
    found = compared(now, dear, idle)
    flip = Flipping(now, found, "w").nearest(by_items(found), {})
    assert (flip.money, flip.winner, flip.loser) == (True, "Dear", "Do nothing")
    assert flip.assumption.name == "what H costs a year (“Dear”)"
    more = (found.options[0][1].finished - found.baseline.finished).sum(axis=1).mean()
    assert flip.value == pytest.approx(more * worth(found.baseline).value / 1.5, rel=0.01)
    said = "Counted in money (one more is worth what one costs today), “Do nothing” comes before “Dear”. If "
    assert flip.sentence().startswith(said)


def test_options_of_the_same_title_stay_apart():
    one = choice("one", {"change": "effort", "step": "do", "factor": 0.8}, title="Faster")
    two = choice("two", {"change": "effort", "step": "do", "factor": 0.7}, title="Faster")
    none = choice("none", {"change": "effort", "step": "do", "factor": 0.9}, title="Do nothing")
    flip = flip_of(made(), one, two, none)
    assert flip.loser == "Faster (two)"
    assert flip.winner == "Faster (one)"


def test_each_number_of_a_change_is_moved_by_itself():
    steps = [{"id": "do", "name": "Do", "skill": "S", "effort": 8, "rework": {"probability": 0.4, "back_to": "do"}}]
    one = choice("ai", {"change": "assist", "step": "w/do", "effort": 0.5, "rework": 0.2})
    found = {each.name: each for each in assumptions(made(steps=steps), [one], "w")}
    moved = {name: each.moved(1.5)[1][0].scenario.changes[0] for name, each in found.items() if each.touches}
    assert moved["the effort that remains at Do"].effort == pytest.approx(0.75)
    assert moved["the effort that remains at Do"].rework == 0.2
    assert found["the share that comes back from Do today"].value == pytest.approx(40)
    assert moved["the share that comes back from Do"].rework == pytest.approx(0.3)
