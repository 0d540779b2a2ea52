"""Against queueing theory: twenty replications, three standard errors, errors small enough to notice a fault."""

import numpy as np
import pytest

from marops.methods.simulation.kernel import simulate
from marops.methods.simulation.model import Amount, Edge, Flow, Node, Token
from marops.methods.simulation.tests import exact
from marops.methods.simulation.tests.shops import (
    exponential,
    fixed,
    model,
    one_class,
    people,
    poisson,
    regular,
    station,
    within_three_errors,
)

SEED, HOURS = 1, 10_000.0


def run(one, **others):
    return simulate(one, seed=SEED, replications=20, **others)


def waits(runs, node=0):
    return runs.waited[:, node] / runs.visits[:, node]


@pytest.mark.parametrize(("rate", "crew"), [(0.5, 1), (0.8, 1), (0.9, 1), (2.4, 3), (4.5, 5), (18.0, 20)])
def test_waits_of_mmc(rate, crew):
    expected = exact.wait(rate, 1.0, crew)
    error = within_three_errors(waits(run(station(rate, exponential(1.0), crew))), expected)
    assert error < 0.06 * expected


@pytest.mark.parametrize(("crew", "places"), [(1, 1), (1, 4), (3, 3), (3, 8)])
def test_loss_of_mmck(crew, places):
    runs = run(station(1.2 * crew, exponential(1.0), crew, flow=Flow("flow", limit=places, refuse=True)))
    refused, waited = exact.loss(1.2 * crew, 1.0, crew, places)
    within_three_errors(runs.refused.sum(axis=(1, 2)) / runs.arrived.sum(axis=(1, 2)), refused)
    if places > crew:
        within_three_errors(waits(runs), waited)
    else:
        assert not runs.waited.any()


@pytest.mark.parametrize(
    ("service", "sd"),
    [
        (fixed(0.8), 0.0),
        (Amount("uniform", low=0.0, high=1.6), 1.6 / 12**0.5),
        (Amount("gamma", mean=0.8, sd=0.4), 0.4),
        (Amount("gamma", mean=0.8, sd=1.2), 1.2),
        (Amount("lognormal", mean=0.8, sd=0.8), 0.8),
        (Amount("triangular", low=0.2, mode=0.4, high=1.8), ((0.04 + 0.16 + 3.24 - 0.08 - 0.36 - 0.72) / 18) ** 0.5),
        (Amount("quantiles", values=(0.0, 1.6)), 1.6 / 12**0.5),
    ],
)
def test_waits_of_mg1(service, sd):
    within_three_errors(waits(run(station(1.0, service, 1))), exact.wait_general(1.0, 0.8, sd))


@pytest.mark.parametrize(("rates", "crew"), [((0.16, 0.64), 1), ((0.48, 1.92), 3), ((0.9, 0.9, 0.9), 3)])
def test_waits_by_priority(rates, crew):
    begin, end = -1_000.0, HOURS
    classes = [
        one_class(poisson(rate, begin, end), key=f"class {at}", node=at, priority=-at) for at, rate in enumerate(rates)
    ]
    nodes = [Node(f"work {at}", 0, effort=exponential(1.0)) for at in range(len(rates))]
    runs = run(model(nodes, people(crew, *range(len(rates))), classes, end, begin))
    for node, expected in enumerate(exact.wait_by_priority(rates, 1.0, crew)):
        within_three_errors(waits(runs, node), expected)


def test_waits_by_priority_at_one_node():
    """The leading open simulator lets the lower priority wait for every better case that will ever come."""
    begin, end = -1_000.0, HOURS
    classes = [one_class(poisson(r, begin, end), key=f"class {at}", priority=-at) for at, r in enumerate((0.48, 1.92))]
    runs = run(model([Node("work", 0, effort=exponential(1.0))], people(3), classes, end, begin), record=True)
    for work_class, expected in enumerate(exact.wait_by_priority((0.48, 1.92), 1.0, 3)):
        mine = (runs.tasks.work_class == work_class) & (runs.tasks.started >= 0)
        waited = runs.tasks.started - runs.tasks.ready
        within_three_errors([waited[mine & (runs.tasks.replication == r)].mean() for r in range(20)], expected)


def network(ways, means, crews, outside, end=HOURS, begin=-1_000.0):
    nodes = [
        Node(
            f"node {at}",
            0,
            effort=exponential(mean),
            edges=tuple(Edge(to, share) for to, share in enumerate([*row, 1 - sum(row)]) if share),
        )
        for at, (mean, row) in enumerate(zip(means, ways, strict=True))
    ]
    nodes.append(Node("end", 0))
    crew = tuple(one for at, number in enumerate(crews) for one in people(number, at))
    classes = [
        one_class(poisson(rate, begin, end), key=f"from {at}", node=at) for at, rate in enumerate(outside) if rate
    ]
    return model(nodes, crew, classes, end, begin)


@pytest.mark.parametrize(
    ("ways", "means", "crews", "outside"),
    [
        ([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [0.7, 1.2, 0.4], [1, 2, 1], [1.0, 0, 0]),
        ([[0, 0.7, 0.3], [0.25, 0, 0.5], [0, 0.1, 0]], [0.5, 0.9, 0.6], [1, 2, 1], [0.6, 0.4, 0]),
        ([[0.4]], [0.5], [1], [1.0]),
    ],
    ids=["tandem", "open", "rework"],
)
def test_jackson_networks(ways, means, crews, outside):
    runs = run(network(ways, means, crews, outside))
    rates = exact.visits(outside, ways)
    hours = 0.0
    for node, rate in enumerate(rates):
        within_three_errors(runs.visits[:, node] / HOURS, rate)
        expected = exact.wait(rate, means[node], crews[node])
        within_three_errors(waits(runs, node), expected)
        hours += rate * (expected + means[node])
    within_three_errors(runs.in_work.sum(axis=(1, 2)), hours)


def test_machine_repair():
    machines, up, repair, crew = 8, 10.0, 2.0, 2
    nodes = [
        Node("running", 0, effort=exponential(up), alone=True, edges=(Edge(1),)),
        Node("repair", 0, effort=exponential(repair), edges=(Edge(0),)),
    ]
    tokens = tuple(Token(-1 - at, 0, 0, "queue", -5_000.0, since=-5_000.0) for at in range(machines))
    closed = model(nodes, people(crew, 1), [one_class(poisson(0.0, 0, 1))], HOURS, -5_000.0, tokens=tokens)
    rate, broken = exact.repairs(machines, up, repair, crew)
    runs = run(closed)
    within_three_errors(runs.visits[:, 1] / HOURS, rate)
    within_three_errors(waits(runs, 1), broken / rate - repair)


@pytest.mark.parametrize(("crew", "service"), [(1, 0.75), (3, 2.5), (3, 3.0)])
def test_ddc_is_exact(crew, service):
    """One case an hour and enough people: nobody ever waits, and each works by turns."""
    shop = model([Node("work", 0, effort=fixed(service))], people(crew), [one_class(regular(1.0, 0, 1000))])
    runs = simulate(shop, seed=1, replications=2)
    assert not runs.waited.any()
    assert (runs.visits == 999).all()
    assert np.allclose(runs.cases.hours, service, atol=1e-9)
    assert np.ptp(runs.worked, axis=1).max() <= service + 1e-9


def test_ddc_overloaded_is_exact():
    """Twice as much as one person can do: the n-th case waits for n hours."""
    shop = model([Node("work", 0, effort=fixed(2.0))], people(1), [one_class(regular(1.0, 0, 1000))])
    cases = simulate(shop, seed=1, replications=1).cases
    assert np.allclose(cases.hours, 2 + np.arange(len(cases.case)), atol=1e-9)
    assert len(cases.case) == 499
