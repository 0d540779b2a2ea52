from datetime import date

import pytest

from marops.domains.workflows.answering.bounds import unhindered
from marops.domains.workflows.rules.changing import Situation, Unfit, at, check, idle, start_of
from marops.domains.workflows.rules.compiling import compiled
from marops.domains.workflows.rules.faults import faults_of_workflow
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Demand, Scenario
from marops.domains.workflows.tests.flowground import crew, situation, workflow
from marops.methods.simulation.kernel import simulate

FIRST = date(2027, 1, 4)  # a Monday
FRAME = Frame(FIRST, 12, "Europe/Berlin")


def scenario(*changes):
    return Scenario.model_validate({"title": "Change", "changes": changes})


def step(name, **more):
    return {"id": name, "name": name, "skill": "writing", **more}


def flow(*drawn, joins="", rework=()):
    """A situation of one workflow; ways as "ab" for from a to b, or ("ab", 0.3) where a chooses."""
    ways = [(one, None) if isinstance(one, str) else one for one in drawn]
    chooses = {way[0] for way, share in ways if share is not None}
    steps = [step(one, join="all" if one in joins else "any", split="one" if one in chooses else "all",
                  rework=dict(rework).get(one)) for one in dict.fromkeys("".join(way for way, _ in ways))]  # fmt: skip
    ways = [{"from": a, "to": b, "probability": share} for (a, b), share in ways]
    classes = [{"id": "newsletter", "name": "N", "arrivals": {"per_month": 200}, "start": steps[0]["id"]}]
    return situation(classes=classes, steps=steps, ways=ways)


def visits(here, *changes):
    """How often each step is done for each item that comes in, where nobody waits."""
    made = compiled(here, FRAME, scenario(*changes))
    runs = simulate(unhindered(made.model), seed=3, replications=5)
    # Steps stand once for what came in before the change, and once for what came after it: both count.
    found = {}
    for place, (_, name) in enumerate(made.nodes):
        found[name] = found.get(name, 0) + runs.visits[:, place].sum()
    came = runs.arrived.sum()
    return {name: count / came for name, count in found.items()}


def removed(name):
    return {"change": "remove", "step": name}


def test_what_follows_a_join_that_falls_away_is_done_once():
    here = flow("ab", "ac", "bj", "cj", "je", joins="j")
    found = visits(here, removed("j"))
    assert found["e"] == pytest.approx(1, abs=0.02)


def test_the_other_end_of_a_choice_is_not_taken_more_often():
    here = flow(("ax", 0.4), ("ay", 0.6))
    assert visits(here, removed("x"))["y"] == pytest.approx(0.6, abs=0.04)


def test_a_fork_after_a_choice_takes_both_ways_all_the_same():
    here = flow(("pf", 0.5), ("pg", 0.5), "fb", "fc")
    found = visits(here, removed("f"))
    assert (found["b"], found["c"], found["g"]) == pytest.approx((0.5, 0.5, 0.5), abs=0.04)


def test_ways_that_would_fall_together_keep_their_shares():
    here = flow(("ps", 0.3), ("pt", 0.7), "st")
    assert visits(here, removed("s"))["t"] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("ways", "joins", "gone"),
    [
        (["ab", "ac", "bj", "cj", "je"], "j", "abcje"),
        ([("px", 0.5), ("py", 0.5), "xs", "ys", "st"], "", "pxyst"),
        (["ab", "ac", ("bx", 0.5), ("by", 0.5), "xs", "ys", "sj", "cj"], "j", "abcxysj"),
        ([("ps", 0.3), ("pt", 0.7), "st"], "", "pst"),
        (["ab", ("bc", 0.5), ("ba", 0.5)], "", "abc"),
    ],
)
def test_whatever_falls_away_leaves_a_workflow_that_can_be(ways, joins, gone):
    here = flow(*ways, joins=joins)
    for name in gone:
        now = at(here, scenario(removed(name)).changes, FIRST, FIRST)
        assert faults_of_workflow(now.workflows["newsletter"]) == [], name
        compiled(here, FRAME, scenario(removed(name)))


def test_a_step_in_a_line_is_gone_without_a_trace():
    now = at(flow("ab", "bc"), scenario(removed("b")).changes, FIRST, FIRST)
    assert [one.id for one in now.workflows["newsletter"].steps] == ["a", "c"]


def test_the_share_of_a_review_counts_at_the_last_step_too():
    review = {"skill": "writing", "hours": 1, "share": 0.5}
    found = visits(flow("ab"), {"change": "assist", "step": "b", "effort": 1, "review": review})
    assert found["b-review"] == pytest.approx(0.5, abs=0.04)
    assert found["b"] == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    "change",
    [
        {"change": "reskill", "step": "b", "skill": "unicorn"},
        {"change": "assist", "step": "b", "effort": 0.5, "review": {"skill": "unicorn", "hours": 1}},
    ],
)
def test_a_skill_nobody_has_is_said_at_the_change_that_asks_for_it(change):
    more = {"change": "demand", "factor": 2}
    with pytest.raises(Unfit, match="'unicorn', which nobody") as caught:
        compiled(flow("ab"), FRAME, scenario(more, change, more))
    assert caught.value.fault.pointer == "/changes/1"


def test_who_is_hired_may_bring_the_skill():
    hire = {"change": "hire", "name": "Eve", "skills": {"unicorn": 1}}
    asked = {"change": "reskill", "step": "b", "skill": "unicorn"}
    compiled(flow("ab"), FRAME, scenario(asked, hire))
    with pytest.raises(Unfit, match="nobody"):
        compiled(flow("ab"), FRAME, scenario(asked, {**hire, "start": 3}))


def test_side_by_side_work_that_comes_back_to_before_both_is_refused():
    here = flow("ab", "bc", rework=[("c", {"probability": 0.2, "back_to": "a"})])
    with pytest.raises(Unfit, match="they would be done twice") as caught:
        compiled(here, FRAME, scenario({"change": "parallelise", "steps": ["b", "c"]}))
    assert caught.value.fault.pointer == "/changes/0"


def test_what_was_wrong_before_is_no_fault_of_a_change():
    here = situation(steps=[step("a", skill="magic")])
    compiled(here, FRAME, scenario({"change": "demand", "factor": 2}))


def test_a_change_after_the_end_has_to_fit_too():
    with pytest.raises(Unfit, match="nobody called 'zoe'"):
        compiled(flow("ab"), FRAME, scenario({"change": "train", "person": "zoe", "skills": {"x": 1}, "start": 100}))


# --- when


@pytest.mark.parametrize(
    ("first", "start", "expected"),
    [
        (date(2027, 1, 1), 1, date(2027, 2, 1)),
        (date(2027, 1, 1), 2, date(2027, 3, 1)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2027, 1, 4), 0.5, date(2027, 1, 20)),  # 15.5 of 31 days, to the even one
        (date(2027, 1, 4), 0, date(2027, 1, 4)),
    ],
)
def test_months_from_the_beginning_are_those_of_the_calendar(first, start, expected):
    assert start_of(Demand(change="demand", factor=1, start=start), first) == expected


def test_fifteen_months_cost_fifteen_twelfths_of_a_year():
    frame = Frame(date(2027, 1, 1), 18, "Europe/Berlin")
    hire = {"change": "hire", "name": "Eve", "skills": {"writing": 1}, "start": 3, "cost_per_year": 72_000,
            "one_off": 500}  # fmt: skip
    extra = compiled(situation(), frame, scenario(hire)).extra
    assert extra[:3] == (0, 0, 0)
    assert extra[3] == pytest.approx(6_500)
    assert sum(extra) == pytest.approx(90_500)


# --- lessons


def hours_of_ann(*changes, people=None):
    made = compiled(situation(people=people), FRAME, scenario(*changes))
    spans = made.model.calendars[made.model.people[made.people.index("ann")].calendar]
    return [(a, b) for a, b in zip(spans.starts, spans.ends, strict=True) if a >= 0]


def learns(hours, start):
    return {"change": "train", "person": "ann", "skills": {"legal": 1}, "hours_away": hours, "start": start}


@pytest.mark.parametrize("day", ["2027-01-11", "2027-01-12", "2027-01-15", "2027-01-16", "2027-01-17"])
@pytest.mark.parametrize("hours", [4, 8, 12])
def test_lessons_take_so_many_working_hours_whatever_the_day(day, hours):
    before, after = hours_of_ann(), hours_of_ann(learns(hours, day))
    gone = sum(b - a for a, b in before) - sum(b - a for a, b in after)
    assert gone == pytest.approx(hours)
    begins = FRAME.hour(date.fromisoformat(day))
    late = [one for one in before if one[0] >= begins]
    assert [one for one in after if one[0] >= begins] == late


def test_lessons_before_a_monday_are_on_friday():
    after = hours_of_ann(learns(12, "2027-01-11"))
    # Thursday afternoon and Friday are gone: Thursday ends at 13 o'clock.
    assert after[3:5] == [(3 * 24 + 9, 3 * 24 + 13), (7 * 24 + 9, 7 * 24 + 17)]


def test_lessons_from_the_beginning_take_the_first_hours():
    # Eighty hours are ten working days.
    assert hours_of_ann(learns(80, 0))[0] == (14 * 24 + 9, 14 * 24 + 17)


def test_two_lessons_take_the_hours_of_both():
    after = hours_of_ann(learns(8, "2027-01-13"), learns(8, "2027-01-13"))
    # The five days of the first week, then Wednesday: Monday and Tuesday are gone.
    assert after[5] == (9 * 24 + 9, 9 * 24 + 17)
    assert sum(b - a for a, b in hours_of_ann()) - sum(b - a for a, b in after) == pytest.approx(16)


# --- batches


BATCH = {"size": 4, "wait_at_most": 8.0}


def collected(*changes):
    here = situation(steps=[step("a", batch=BATCH, opens="tuesdays")])
    now = at(here, scenario(*changes).changes, FIRST, FIRST)
    (found,) = now.workflows["newsletter"].steps
    return found.batch.size if found.batch else None, found.opens


def test_what_a_change_of_batching_does_not_say_stays():
    assert collected({"change": "rebatch", "step": "a", "opens": "office"}) == (4, "office")
    assert collected({"change": "rebatch", "step": "a", "opens": ""}) == (4, "")
    assert collected({"change": "rebatch", "step": "a", "batch": {"size": 2}}) == (2, "tuesdays")
    assert collected({"change": "rebatch", "step": "a", "batch": "none"}) == (None, "tuesdays")
    with pytest.raises(Unfit, match="not said"):
        collected({"change": "rebatch", "step": "a"})


# --- what does nothing


def test_what_changes_nothing_is_told():
    hire = {"change": "hire", "name": "Eve", "skills": {"writing": 1, "legle": 1}}
    late = {"change": "demand", "factor": 2, "start": "2028-01-04"}
    assert idle(situation(), scenario(hire, late).changes, FIRST, date(2028, 1, 4)) == (
        "“demand” holds from 04 January 2028, after the time that is simulated: it changes nothing.",
        "No step asks for what Eve brings: 'legle'.",
    )
    fine = [{**hire, "skills": {"writing": 1}}, {**late, "start": "2028-01-03"}]
    assert idle(situation(), scenario(*fine).changes, FIRST, date(2028, 1, 4)) == ()
    asked = {"change": "reskill", "step": "legal", "skill": "legle"}
    assert idle(situation(), scenario(hire, asked).changes, FIRST, date(2028, 1, 4)) == ()


def test_a_step_that_is_not_there_is_told_with_those_of_its_workflow():
    both = Situation({"newsletter": workflow(), "webinar": workflow(steps=[step("a"), step("b")])}, crew())
    with pytest.raises(Unfit) as caught:
        at(both, scenario(removed("webinar/legal")).changes, FIRST, FIRST)
    assert caught.value.fault.remedy == "There are webinar/a, webinar/b."


def test_what_holds_only_for_a_while_has_to_fit_too():
    hire = {"change": "hire", "name": "Eve", "skills": {"unicorn": 1}, "start": 3}
    asked = {"change": "reskill", "step": "b", "skill": "unicorn"}
    with pytest.raises(Unfit, match="nobody") as caught:
        check(flow("ab"), scenario(asked, hire).changes, FIRST)
    assert caught.value.fault.pointer == "/changes/0"
    check(flow("ab"), scenario({**asked, "start": 3}, hire).changes, FIRST)


@pytest.mark.parametrize(("was", "on"), [(0.4, (0.3, 0.3)), (1.0, (0.0, 0.0))])
def test_ways_back_are_taken_as_often_as_is_said(was, on):
    here = flow("ab", ("ba", was), ("bc", on[0]), ("bd", on[1]))
    flow_ = here.workflows["newsletter"]
    ways = tuple(way.model_copy(update={"at_most": 3}) if way.target == "a" else way for way in flow_.ways)
    here = Situation({"newsletter": flow_.model_copy(update={"ways": ways})}, here.crew)
    now = at(here, scenario({"change": "rework", "step": "b", "probability": 0.1}).changes, FIRST, FIRST)
    chances = {way.target: way.probability for way in now.workflows["newsletter"].ways if way.source == "b"}
    assert chances == pytest.approx({"a": 0.1, "c": 0.45, "d": 0.45})
