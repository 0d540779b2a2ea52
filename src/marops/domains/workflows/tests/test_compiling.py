from datetime import date

import numpy as np
import pytest

from marops.domains.workflows.rules.changing import Situation, Unfit
from marops.domains.workflows.rules.compiling import compiled
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.tests.flowground import crew, situation, workflow
from marops.methods.simulation.model import ELAPSED, FOREVER

# A Monday; January has 31 days.
FIRST = date(2027, 1, 4)
FRAME = Frame(FIRST, 12, "Europe/Berlin")


def scenario(*changes):
    return Scenario.model_validate({"title": "Change", "changes": changes})


def node_of(made, step):
    (place,) = [n for n, (_, one) in enumerate(made.nodes) if one == step]
    return made.model.nodes[place]


def test_steps_become_nodes_and_rework_a_way_back():
    made = compiled(situation(), FRAME)
    legal = node_of(made, "legal")
    places = {step: n for n, (_, step) in enumerate(made.nodes) if step}
    assert [(one.to, one.probability, one.at_most) for one in legal.edges] == [
        (places["copy"], 0.25, 3),
        (places["build"], 0.75, 0),
    ]
    assert node_of(made, "send").alone
    assert node_of(made, "brief").key == "newsletter/brief"


def test_who_can_do_what_at_what_speed():
    made = compiled(situation(), FRAME)
    places = {step: n for n, (_, step) in enumerate(made.nodes) if step}
    speeds = {
        (made.people[p], one.node): one.speed for p, person in enumerate(made.model.people) for one in person.abilities
    }
    assert speeds == {
        ("ann", places["brief"]): 1,
        ("ann", places["copy"]): 1,
        ("ben", places["copy"]): 1.25,
        ("cy", places["legal"]): 1,
        ("dee", places["build"]): 1,
    }


def test_hours_are_those_of_the_calendar():
    made = compiled(situation(), FRAME)
    cy = made.model.people[made.people.index("cy")]
    spans = made.model.calendars[cy.calendar]
    # The first Tuesday from 10 to 16.
    assert (spans.starts[0], spans.ends[0]) == (34.0, 40.0)
    # 52 Tuesdays in 2027 and the day after the last Monday of the frame.
    within = spans.starts < FRAME.hour(date(2028, 1, 4))
    assert within.sum() == 52
    assert (spans.ends - spans.starts)[within].sum() == 52 * 6


def test_summer_time_does_not_move_nine_o_clock():
    made = compiled(situation(), FRAME)
    ann = made.model.people[made.people.index("ann")]
    starts = made.model.calendars[ann.calendar].starts
    moments = [FRAME.moment(hour) for hour in starts[:200]]
    from zoneinfo import ZoneInfo

    assert {one.astimezone(ZoneInfo("Europe/Berlin")).hour for one in moments} == {9}


def test_a_year_brings_twelve_months_of_items():
    made = compiled(situation(per_month=7), FRAME)
    arrivals = made.model.classes[0].arrivals
    year = np.interp(FRAME.hour(date(2028, 1, 4)), arrivals.hours, arrivals.expected)
    # Working days of a year are not exactly 365.25 × 5/7.
    assert year == pytest.approx(12 * 7, rel=0.01)
    # Nothing comes in on a Sunday.
    sunday = [np.interp(24 * 6 + hour, arrivals.hours, arrivals.expected) for hour in (0, 23)]
    assert sunday[0] == sunday[1]


def test_seasons_and_growth():
    seasons = [2.0] + [0.0] * 10 + [1.0]
    classes = [
        {"id": "n", "name": "N", "arrivals": {"per_month": 10, "seasons": seasons, "growth": 1.0, "within": "elapsed"}}
    ]
    frame = Frame(date(2027, 1, 1), 24, "Europe/Berlin")
    made = compiled(situation(classes=classes), frame)
    arrivals = made.model.classes[0].arrivals

    def between(a, b):
        return np.diff(np.interp([frame.hour(a), frame.hour(b)], arrivals.hours, arrivals.expected))[0]

    assert between(date(2027, 1, 1), date(2027, 2, 1)) == pytest.approx(20 * 31 / 30.4375)
    assert between(date(2027, 2, 1), date(2027, 12, 1)) == 0
    # Twice as many a year later.
    assert between(date(2028, 1, 1), date(2028, 2, 1)) == pytest.approx(40 * 31 / 30.4375, rel=1e-3)


def test_a_hire_comes_learns_and_costs():
    hire = {
        "change": "hire", "name": "Eve", "skills": {"email": 1}, "start": "2027-03-01",
        "ramp": {"months": 2, "first": 0.5}, "cost_per_year": 60_000, "one_off": 5_000,
    }  # fmt: skip
    made = compiled(situation(), FRAME, scenario(hire))
    eve = made.model.people[made.people.index("hire: Eve")]
    begins = FRAME.hour(date(2027, 3, 1))
    assert made.model.calendars[eve.calendar].starts[0] == begins + 9
    assert eve.ramp[0] == (begins, 0.5)
    assert eve.ramp[1][0] == pytest.approx(begins + 2 * 730.5)
    assert eve.abilities[0].since == begins
    # Months run from the 4th to the 4th: three of 28 days of the second month, all of the third.
    assert made.extra[0] == 0
    assert made.extra[1] == pytest.approx(5_000 + 5_000 * 3 / 28)
    assert made.extra[2:] == pytest.approx([5_000] * 10)


def test_whoever_leaves_has_no_hours_any_more():
    made = compiled(situation(), FRAME, scenario({"change": "leave", "person": "dee", "start": "2027-02-01"}))
    dee = made.model.people[made.people.index("dee")]
    assert made.model.calendars[dee.calendar].ends.max() <= FRAME.hour(date(2027, 2, 1))


def test_absences_are_no_hours():
    people = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in crew().people]
    people[3]["absences"] = [{"from": "2027-01-04", "to": "2027-01-11"}]
    made = compiled(situation(people=people), FRAME)
    dee = made.model.people[made.people.index("dee")]
    assert made.model.calendars[dee.calendar].starts[0] == 7 * 24 + 9


def test_a_redesign_is_for_what_comes_in_from_then_on():
    made = compiled(situation(), FRAME, scenario({"change": "remove", "step": "legal", "start": "2027-06-01"}))
    entries = made.model.classes[0].entries
    assert [one.since for one in entries] == [-FOREVER, FRAME.hour(date(2027, 6, 1))]
    old, new = (made.nodes[one.node] for one in entries)
    assert old == new == ("newsletter", "brief")
    assert sum(step == "legal" for _, step in made.nodes) == 1


def test_opening_hours_change_for_what_waits_already():
    steps = [{**one, "opens": "tuesdays"} if one["id"] == "legal" else one for one in workflow().model_dump(
        mode="json", by_alias=True, exclude_none=True)["steps"]]  # fmt: skip
    daily = {"change": "rebatch", "step": "legal", "opens": "", "start": "2027-02-01"}
    made = compiled(situation(steps=steps), FRAME, scenario(daily))
    legal = node_of(made, "legal")  # one node only: nothing else changed
    spans = made.model.calendars[legal.opens]
    assert spans.starts[0] == 34.0
    assert spans.ends[-1] > FRAME.hour(date(2028, 1, 4))
    assert spans.starts[-1] == FRAME.hour(date(2027, 2, 1))


def test_demand_rises_from_its_start():
    made = compiled(situation(), FRAME, scenario({"change": "demand", "factor": 2, "start": "2027-07-04"}))
    arrivals = made.model.classes[0].arrivals
    halves = np.interp(
        [0, FRAME.hour(date(2027, 7, 4)), FRAME.hour(date(2028, 1, 4))], arrivals.hours, arrivals.expected
    )
    first, second = np.diff(halves)
    assert second / first == pytest.approx(2, rel=0.03)


def test_joins_and_forks():
    steps = [
        {"id": "brief", "name": "Brief", "skill": "planning"},
        {"id": "copy", "name": "Copy", "skill": "writing"},
        {"id": "build", "name": "Build", "skill": "email"},
        {"id": "check", "name": "Check", "skill": "planning", "join": "all",
         "rework": {"probability": 0.5, "back_to": "check"}},
    ]  # fmt: skip
    ways = [
        {"from": "brief", "to": "copy"}, {"from": "brief", "to": "build"}, {"from": "copy", "to": "check"},
        {"from": "build", "to": "check"},
    ]  # fmt: skip
    made = compiled(situation(steps=steps, ways=ways), FRAME)
    assert node_of(made, "brief").split_all
    # Rework must not wait for the other branch once more: the join stands before the step.
    check = node_of(made, "check")
    assert not check.join_all
    (join,) = [one for one in made.model.nodes if one.join_all]
    assert made.model.nodes[join.edges[0].to] is check
    copy = node_of(made, "copy")
    assert made.model.nodes[copy.edges[0].to] is join
    assert made.model.nodes[check.edges[0].to] is check


def test_several_first_steps_begin_together():
    steps = [
        {"id": "copy", "name": "Copy", "skill": "writing"},
        {"id": "build", "name": "Build", "skill": "email"},
        {"id": "check", "name": "Check", "skill": "planning", "join": "all"},
    ]
    ways = [{"from": "copy", "to": "check"}, {"from": "build", "to": "check"}]
    made = compiled(situation(steps=steps, ways=ways), FRAME)
    start = made.model.nodes[made.model.classes[0].entries[0].node]
    assert start.split_all
    assert {made.nodes[one.to][1] for one in start.edges} == {"copy", "build"}


def test_people_alike_are_several():
    people = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in crew().people]
    people[0]["amount"] = 3
    made = compiled(situation(people=people), FRAME)
    assert [one.key for one in made.model.people[:3]] == ["ann", "ann#2", "ann#3"]
    assert made.people[:3] == ("ann", "ann", "ann")


@pytest.mark.parametrize(
    ("change", "said", "pointer"),
    [
        ({"change": "remove", "step": "nothing"}, "no step 'nothing'", "/changes/0/step"),
        ({"change": "leave", "person": "zoe"}, "nobody called 'zoe'", "/changes/0/person"),
        ({"change": "rehour", "person": "cy", "calendar": "nights"}, "no calendar 'nights'", "/changes/0/calendar"),
        ({"change": "hire", "name": "Eve"}, "without a skill", "/changes/0/skills"),
        ({"change": "rework", "step": "build", "probability": 0.1}, "Nothing comes back", "/changes/0/step"),
        ({"change": "parallelise", "steps": ["brief", "legal"]}, "do not simply follow", "/changes/0/steps"),
        ({"change": "demand", "workflow": "other", "factor": 2}, "No kind of work", "/changes/0/workflow"),
    ],
)
def test_a_change_that_does_not_fit_says_which_and_why(change, said, pointer):
    with pytest.raises(Unfit, match=said) as caught:
        compiled(situation(), FRAME, scenario(change))
    assert caught.value.fault.pointer == pointer


def test_two_workflows_share_the_crew_and_keep_their_keys():
    both = Situation({"newsletter": workflow(), "webinar": workflow(per_month=2)}, crew())
    made = compiled(both, FRAME)
    assert {one.key for one in made.model.classes} == {"newsletter/newsletter", "webinar/newsletter"}
    assert sum(one.key == "webinar/legal" for one in made.model.nodes) == 1
    assert all(one.outside_clock == ELAPSED for one in made.model.nodes)
