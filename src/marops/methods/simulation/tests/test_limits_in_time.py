"""Limits of work in progress that change while work waits for them, by hand."""

import numpy as np
import pytest

from marops.methods.simulation.kernel import simulate
from marops.methods.simulation.model import Amount, Arrivals, Edge, Entry, Flow, Model, Node, WorkClass


def ended(flow, *, begin=0.0):
    """When four pieces that come in at one, two, three and four o'clock, each a hundred hours, are done."""
    nodes = (
        Node("f/work", 0, effort=Amount("fixed", mean=100.0), alone=True, edges=(Edge(1),)),
        Node("f/end", 0),
    )
    come = Arrivals(times=np.array([1.0, 2.0, 3.0, 4.0]))
    model = Model(
        (flow,), nodes, (WorkClass("f/c", 0, come, (Entry(-1e12, 0),)),), people=(), calendars=(),
        months=(0.0, 1000.0), begin=begin,
    )  # fmt: skip
    runs = simulate(model, seed=1, replications=2)
    assert (runs.finished.sum(axis=(1, 2)) == 4).all()
    cases = runs.cases
    return cases.finished[cases.replication == 1][np.argsort(cases.case[cases.replication == 1])].tolist()


def test_who_waits_comes_in_when_the_limit_rises():
    assert ended(Flow("f", limit=1)) == [101, 201, 301, 401]
    # Two come in at fifty, the last one when the first is done.
    assert ended(Flow("f", limit=1, limits=((50.0, 3),))) == [101, 150, 150, 201]
    assert ended(Flow("f", limit=1, limits=((50.0, 2), (60.0, 4)))) == [101, 150, 160, 160]
    # Without a limit, all.
    assert ended(Flow("f", limit=1, limits=((50.0, 0),))) == [101, 150, 150, 150]


def test_who_is_in_work_stays_when_the_limit_falls():
    assert ended(Flow("f", limit=3, limits=((3.5, 1),))) == [101, 102, 103, 203]
    assert ended(Flow("f", limits=((2.5, 1),))) == [101, 102, 202, 302]


def test_the_limit_at_the_beginning_is_the_last_one_before():
    assert ended(Flow("f", limit=1, limits=((-60.0, 2), (-50.0, 4))), begin=-55.0) == [101, 102, 103, 104]
    assert ended(Flow("f", limit=1, limits=((-60.0, 0),)), begin=-50.0) == [101, 102, 103, 104]
    assert ended(Flow("f", limit=1, limits=((1000.0, 4),))) == [101, 201, 301, 401]


def test_limits_follow_one_another():
    with pytest.raises(ValueError, match="limits of f"):
        ended(Flow("f", limits=((5.0, 1), (5.0, 2))))
    with pytest.raises(ValueError, match="limits of f"):
        ended(Flow("f", limits=((5.0, -1),)))
