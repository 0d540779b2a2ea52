import pytest

from marops.domains.workflows.rules.amounts import Spread
from marops.domains.workflows.rules.answers import StepTimes
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.walk import mean_of, walk

OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
CLASSES = [
    {"id": "a", "name": "A", "arrivals": {"per_month": 4}},
    {"id": "b", "name": "B", "arrivals": {"per_month": 1}},
]


def flow(*steps, ways=(), **more):
    made = [{"name": one["id"], "skill": "any", **one} for one in steps]
    return Workflow.model_validate(
        {"title": "T", "crew": "c", "classes": CLASSES, "steps": made, "ways": list(ways), **more}
    )


def crew(*people, **calendars):
    return Crew.model_validate(
        {
            "title": "C",
            "calendar": "office",
            "calendars": {"office": {"hours": OFFICE}, **{name: {"hours": one} for name, one in calendars.items()}},
            "people": [{"id": f"p{n}", "name": "P", "skills": {"any": 1}, **one} for n, one in enumerate(people)],
        }
    )


def way(source, target, probability=None):
    return {"from": source, "to": target} | ({"probability": probability} if probability is not None else {})


def test_steps_in_a_line_follow_each_other():
    walked = walk(flow({"id": "a", "effort": 2}, {"id": "b", "effort": 3, "touch": "automatic"}))
    assert [(one.step, one.start, one.end) for one in walked.stays] == [("a", 0, 2), ("b", 2, 5)]
    assert walked.total == 5
    assert walked.path == ("b", "a")


def test_branches_run_side_by_side_and_a_join_waits_for_the_last():
    steps = ({"id": "a", "effort": 1}, {"id": "x", "effort": 2}, {"id": "y", "effort": 9}, {"id": "z", "join": "all"})
    ways = [way("a", "x"), way("a", "y"), way("x", "z"), way("y", "z")]
    walked = walk(flow(*steps, ways=ways))
    assert walked.stay("x").start == walked.stay("y").start == 1
    assert walked.stay("z").start == 10
    assert [one.slack for one in walked.links if one.source == "x"] == [7]
    assert walked.path == ("z", "y", "a")


def test_of_a_choice_the_usual_way_decides_and_shares_are_told():
    steps = ({"id": "a", "effort": 1, "split": "one"}, {"id": "x", "effort": 2}, {"id": "y", "effort": 90}, {"id": "z"})
    ways = [way("a", "x", 0.8), way("a", "y", 0.2), way("x", "z"), way("y", "z")]
    walked = walk(flow(*steps, ways=ways))
    assert walked.stay("z").start == 3
    assert walked.stay("y").share == pytest.approx(0.2)
    assert walked.stay("z").share == pytest.approx(1)


def test_ways_that_lead_back_do_not_count_in_the_course():
    steps = ({"id": "a", "effort": 1}, {"id": "b", "effort": 1, "split": "one"}, {"id": "c", "effort": 1})
    walked = walk(flow(*steps, ways=[way("a", "b"), way("b", "a", 0.3), way("b", "c", 0.7)]))
    assert walked.total == 3
    assert [(one.source, one.target, one.share) for one in walked.links if one.back] == [("b", "a", 0.3)]


def test_gates_are_not_drawn_and_ways_through_them_keep_their_share():
    steps = ({"id": "a"}, {"id": "g", "gate": True, "split": "one"}, {"id": "x"}, {"id": "y"})
    walked = walk(flow(*steps, ways=[way("a", "g"), way("g", "x", 0.6), way("g", "y", 0.4)]))
    assert [one.step for one in walked.stays] == ["a", "x", "y"] or {one.step for one in walked.stays} == {
        "a",
        "x",
        "y",
    }
    assert {(one.source, one.target): one.share for one in walked.links} == {("a", "x"): 0.6, ("a", "y"): 0.4}


def test_a_class_goes_past_the_steps_of_others():
    made = flow({"id": "a", "effort": 1}, {"id": "b", "effort": 8, "classes": ["b"]}, {"id": "c", "effort": 1})
    assert walk(made).total == 2
    assert walk(made, work_class="b").total == 10
    assert [(one.source, one.target) for one in walk(made).links] == [("a", "c")]


def test_hours_on_the_wall_become_hours_of_the_crew():
    walked = walk(flow({"id": "a", "effort": 1, "outside": 168}), crew({}))
    assert walked.stays[0].waited == pytest.approx(40)
    assert walked.day == 8


def test_a_door_that_opens_on_tuesdays_is_waited_for():
    tuesdays = {"tue": [["09:00", "17:00"]]}
    walked = walk(flow({"id": "a", "effort": 1}), crew({"calendar": "tuesdays"}, tuesdays=tuesdays))
    # Wednesday to Friday and Monday: 32 of 40 hours shut, half of them to wait for on average, to a quarter of an hour.
    assert walked.stays[0].causes["unavailability"] == pytest.approx(32 / 40 * 16, abs=0.2)


def test_a_share_of_somebody_stretches_their_work():
    walked = walk(flow({"id": "a", "effort": 3}), crew({"share": 0.5}))
    assert walked.stays[0].causes == {"unavailability": pytest.approx(3)}


def test_speed_shortens_work():
    assert walk(flow({"id": "a", "effort": 3}), crew({"skills": {"any": 2}})).stays[0].worked == 1.5


def test_batches_wait_for_the_rest():
    made = flow({"id": "a", "effort": 0, "batch": {"size": 3, "wait_at_most": 21}})
    assert walk(made, crew({})).stays[0].causes["batching"] == pytest.approx(5)


def test_measured_times_stand_in_place_of_the_document():
    walked = walk(flow({"id": "a", "effort": 3}), times={"a": StepTimes(1.5, 7, {"contention": 7})})
    assert (walked.total, walked.waited, walked.stays[0].measured) == (8.5, 7, True)


def test_means_of_all_kinds():
    assert mean_of(None) == 0
    assert mean_of(2.5) == 2.5
    assert mean_of(Spread(kind="triangular", low=1, mode=2, high=6)) == 3
    assert mean_of(Spread(kind="uniform", low=1, high=2)) == 1.5
    assert mean_of(Spread(kind="quantiles", values=(0, 1, 5))) == 1.75
    assert mean_of(Spread(kind="lognormal", mean=4, sd=1)) == 4
