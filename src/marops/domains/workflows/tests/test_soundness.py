from datetime import date

import pytest

from marops.domains.workflows.answering.bounds import unhindered
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import compiled
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.starter import template_crew, templates
from marops.domains.workflows.tests.flowground import situation
from marops.methods.simulation.kernel import simulate

FRAME = Frame(date(2027, 1, 4), 12, "Europe/Berlin")


def left_over(made):
    """Cases that came in within ten months and are not done after two more, though nobody has to wait."""
    runs = simulate(unhindered(made.model), seed=3, replications=5)
    early = runs.arrived[:, :, :10].sum(axis=(0, 2))
    done = [((runs.cases.work_class == one) & (runs.cases.arrived < FRAME.hour(FRAME.edges()[10]))).sum()
            for one in range(len(early))]  # fmt: skip
    return [int(came - went) for came, went in zip(early, done, strict=True)]


@pytest.mark.parametrize("name", sorted(templates()))
def test_every_piece_of_work_of_a_template_comes_to_its_end(name):
    flow = templates()[name].workflow
    made = compiled(Situation({name: flow}, template_crew()[1]), FRAME)
    assert left_over(made) == [0] * len(flow.classes)


def ways(*pairs):
    return [{"from": a, "to": b} for a, b in pairs]


def step(name, **more):
    return {"id": name, "name": name, "skill": "writing", **more}


def test_rework_into_one_branch_passes_the_join_alone():
    steps = [step("a"), step("b"), step("c"), step("d", join="all", rework={"probability": 0.9, "back_to": "b"})]
    flow = ways(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))
    made = compiled(situation(steps=steps, ways=flow), FRAME)
    assert left_over(made) == [0]
    runs = simulate(unhindered(made.model), seed=3, replications=5)
    visits = {name: runs.visits[:, n].sum() for n, (_, name) in enumerate(made.nodes) if name}
    # 0.9 + 0.81 + 0.729 times more of b and d than of a and c.
    assert visits["b"] / visits["c"] == pytest.approx(1 + 0.9 + 0.81 + 0.729, rel=0.02)
    assert visits["b"] == visits["d"]
    assert visits["a"] == visits["c"]


def test_rework_before_the_fork_brings_all_branches_again():
    steps = [step("a"), step("b"), step("c"), step("d", join="all", rework={"probability": 0.9, "back_to": "a"})]
    flow = ways(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))
    made = compiled(situation(steps=steps, ways=flow), FRAME)
    runs = simulate(unhindered(made.model), seed=3, replications=5)
    visits = {name: runs.visits[:, n].sum() for n, (_, name) in enumerate(made.nodes) if name}
    assert left_over(made) == [0]
    # One may be under way at the end.
    assert visits["b"] == pytest.approx(visits["a"], abs=5)
    assert visits["c"] == pytest.approx(visits["a"], abs=5)
    assert visits["d"] == pytest.approx(visits["a"], abs=5)


def test_work_that_starts_within_a_branch_does_not_wait_for_the_others():
    steps = [step("a"), step("b"), step("c"), step("d", join="all")]
    flow = ways(("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"))
    classes = [{"id": "whole", "name": "Whole", "arrivals": {"per_month": 5}},
               {"id": "short", "name": "Short", "arrivals": {"per_month": 5}, "start": "b"}]  # fmt: skip
    made = compiled(situation(steps=steps, ways=flow, classes=classes), FRAME)
    assert left_over(made) == [0, 0]
    runs = simulate(unhindered(made.model), seed=3, replications=5)
    c = [n for n, (_, name) in enumerate(made.nodes) if name == "c"]
    assert runs.visits[:, c].sum() == pytest.approx(runs.arrived[:, 0].sum(), rel=0.05)
