import pytest

from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.faults import faults_of_workflow


def codes(ways, joins, choices, rework=()):
    """What is wrong with a workflow of automatic steps; ways as "ab" for from a to b."""
    steps = [
        {
            "id": one,
            "name": one,
            "touch": "automatic",
            "join": "all" if one in joins else "any",
            "split": "one" if one in choices else "all",
            "rework": {"probability": 0.1, "back_to": rework[one]} if one in rework else None,
        }
        for one in dict.fromkeys("".join(ways))
    ]
    drawn = [{"from": a, "to": b, "probability": 1 / sum(way[0] == a for way in ways) if a in choices else None}
             for a, b in ways]  # fmt: skip
    classes = [{"id": "item", "name": "Item", "arrivals": {"per_month": 1}, "start": ways[0][0]}]
    return [one.code for one in faults_of_workflow(
        Workflow.model_validate({"title": "W", "crew": "us", "classes": classes, "steps": steps, "ways": drawn})
    )]  # fmt: skip


@pytest.mark.parametrize(
    ("ways", "joins", "choices", "wrong"),
    [
        (["ab", "ac", "bd", "cd"], "d", "", []),
        (["ab", "ac", "bd", "cd"], "d", "a", ["never"]),
        (["ab", "ac", "bx", "xb", "bd", "cd"], "d", "b", []),  # a loop within a branch, at its end
        (["ab", "ac", "bx", "by", "xz", "yz", "zd", "cd"], "d", "b", []),
        (["ab", "ac", "bx", "by", "xd", "yd", "cd"], "d", "b", ["never"]),
        (["pa", "ab", "ac", "bd", "cd", "dp", "dq"], "d", "d", []),  # back once the branches have met
        (["pa", "ab", "ac", "bp", "bd", "cd"], "d", "b", ["doubled"]),  # back while the other branch goes on
    ],
)
def test_a_join_waits_only_for_what_comes(ways, joins, choices, wrong):
    assert codes(ways, joins, choices) == wrong


def test_rework_from_a_branch_comes_back_within_it():
    assert codes(["pa", "ab", "ac", "bd", "cd", "de"], "d", "", rework={"d": "a", "e": "p"}) == []
    assert codes(["pa", "ab", "ac", "bx", "xd", "cd"], "d", "", rework={"x": "b"}) == []
    assert codes(["pa", "ab", "ac", "bx", "xd", "cd"], "d", "", rework={"x": "a"}) == ["doubled"]
    assert codes(["pa", "ab", "ac", "bx", "xd", "cd"], "d", "", rework={"c": "p"}) == ["doubled"]


def test_a_step_done_once_more_in_its_place_doubles_nothing():
    # z leads back to the fork f, but s leads to b past f: f lies ahead of b as well as before it.
    ways = ["sf", "sb", "fb", "fc", "bz", "bd", "zf"]
    assert codes(ways, "", "sb") == []
    assert codes(ways, "", "sb", rework={"b": "b"}) == []
    assert codes(ways, "", "sb", rework={"b": "f"}) == ["doubled"]
