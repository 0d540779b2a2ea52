"""Changes of a drawn workflow: what led to a step that goes leads on, and names stay whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.faults import faults_of_workflow
from marops.domains.workflows.sheets import edits

ONE = {"id": "w", "name": "W", "arrivals": {"per_month": 2}}


def _drawn(ways, *, chooses=(), **more):
    ids = sorted({end for way in ways for end in way[:2]})
    steps = [{"id": one, "name": one, "skill": "x", **({"split": "one"} if one in chooses else {})} for one in ids]
    said = [{"from": a, "to": b, **({"probability": p[0]} if p else {})} for a, b, *p in ways]
    return {"title": "T", "crew": "c", "classes": [ONE], "steps": steps, "ways": said, **more}


def _ways(document):
    return {(way["from"], way["to"]): way.get("probability") for way in document["ways"]}


def test_a_line_closes_where_a_step_goes():
    assert _ways(edits.remove_step(_drawn([("a", "b"), ("b", "c")]), "b")) == {("a", "c"): None}


def test_the_share_of_a_way_goes_on_to_what_followed():
    drawn = _drawn([("a", "b", 0.3), ("a", "c", 0.7), ("b", "d"), ("c", "d")], chooses="a")
    assert _ways(edits.remove_step(drawn, "b")) == {("a", "d"): 0.3, ("a", "c"): 0.7, ("c", "d"): None}


def test_the_step_before_takes_a_choice_over():
    drawn = _drawn([("a", "b"), ("b", "c", 0.4), ("b", "d", 0.6)], chooses="b")
    left = edits.remove_step(drawn, "b")
    assert _ways(left) == {("a", "c"): 0.4, ("a", "d"): 0.6}
    assert edits.step_of(left, "a")["split"] == "one"


def test_nothing_points_at_a_step_that_went():
    drawn = _drawn([("a", "b"), ("b", "c")], classes=[{**ONE, "start": "b"}])
    drawn["steps"][2]["rework"] = {"probability": 0.1, "back_to": "b"}
    left = edits.remove_step(drawn, "b")
    assert "rework" not in left["steps"][1]
    assert "start" not in left["classes"][0]


def test_a_step_in_front_of_a_choice_leaves_it_behind_it():
    drawn = _drawn([("a", "b", 0.4), ("a", "c", 0.6)], chooses="a")
    made = edits.add_step(drawn, {"id": "n", "name": "n", "skill": "x"}, "a")
    assert _ways(made) == {("a", "n"): None, ("n", "b"): 0.4, ("n", "c"): 0.6}
    assert [edits.step_of(made, one).get("split") for one in ("a", "n")] == ["all", "one"]


def test_two_steps_in_a_line_change_places_with_all_that_leads_to_them():
    drawn = _drawn([("a", "b"), ("b", "c"), ("c", "d"), ("b", "e")])
    assert _ways(edits.move_step(drawn, "b", up=True)).keys() == {("b", "a"), ("a", "c"), ("c", "d"), ("a", "e")}
    aside = edits.move_step(drawn, "e", up=True)
    assert _ways(aside).keys() == _ways(drawn).keys()


@pytest.mark.parametrize(
    ("name", "taken", "made"),
    [
        ("Legal check!", (), "legal-check"),
        ("Prüfung", ("prufung",), "prufung-2"),
        ("审查", (), "step"),
        ("--", (), "step"),
    ],
)
def test_short_names_are_made_of_names(name, taken, made):
    assert edits.new_id(name, taken) == made


ACTS = st.lists(
    st.tuples(st.sampled_from(["add", "beside", "remove", "up", "down", "copy"]), st.integers(0, 30)), max_size=25
)


@given(ACTS)
def test_whatever_is_done_to_a_line_stays_a_workflow_without_faults(acts):
    document = _drawn([("a", "b"), ("b", "c")])
    for number, (verb, at) in enumerate(acts):
        step = document["steps"][at % len(document["steps"])]["id"]
        if verb in ("add", "beside"):
            made = {"id": f"n{number}", "name": "N", "skill": "x"}
            document = edits.add_step(document, made, step, beside=verb == "beside")
        elif verb == "remove" and len(document["steps"]) > 1:
            document = edits.remove_step(document, step)
        elif verb in ("up", "down"):
            document = edits.move_step(document, step, verb == "up")
        elif verb == "copy":
            document = edits.copy_step(document, step, f"Copy {number}")
        assert not faults_of_workflow(Workflow.model_validate(document))
