"""The same models in Ciw: two programs that know nothing of each other come to the same means.

Ciw is installed by `uv sync --group peers`; without it these tests are passed over.
"""

from math import sqrt

import numpy as np
import pytest

from marops.methods.simulation.kernel import simulate
from marops.methods.simulation.model import Amount, Edge, Flow, Node
from marops.methods.simulation.tests.shops import (
    exponential,
    fixed,
    model,
    one_class,
    people,
    poisson,
    station,
)

ciw = pytest.importorskip("ciw")
BEGIN, END, TIMES = -500.0, 3_000.0, 10


def theirs(network, of, warm=-BEGIN):
    """A mean of Ciw's records of what began after the warm-up, replication by replication."""
    found = []
    for seed in range(TIMES):
        ciw.seed(seed)
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_time(END + warm)
        kept = [one for one in simulation.get_all_records() if one.service_start_date >= warm]
        found.append(of(kept))
    return np.array(found)


def mean_wait(node=1, work_class=None):
    def of(records):
        mine = [r for r in records if r.node == node and work_class in (None, r.customer_class)]
        return np.mean([r.waiting_time for r in mine])

    return of


def agree(ours, other):
    """Two sets of independent replications differ by no more than three errors of their difference."""
    error = sqrt(ours.var(ddof=1) / len(ours) + other.var(ddof=1) / len(other))
    assert abs(ours.mean() - other.mean()) <= 3 * error, f"{ours.mean():.4g} and {other.mean():.4g} ± {error:.2g}"
    assert error < 0.1 * other.mean()


def waits(one, node=0):
    runs = simulate(one, seed=2, replications=40)
    return runs.waited[:, node] / runs.visits[:, node]


@pytest.mark.parametrize("kind", ["exponential", "gamma", "uniform", "fixed"])
def test_one_station(kind):
    service, ciws = {
        "exponential": (exponential(1.0), ciw.dists.Exponential(1.0)),
        "gamma": (Amount("gamma", mean=1.0, sd=0.5), ciw.dists.Gamma(4.0, 0.25)),
        "uniform": (Amount("uniform", low=0.2, high=1.8), ciw.dists.Uniform(0.2, 1.8)),
        "fixed": (fixed(1.0), ciw.dists.Deterministic(1.0)),
    }[kind]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(1.6)], service_distributions=[ciws], number_of_servers=[2]
    )
    agree(waits(station(1.6, service, 2, end=END, begin=BEGIN)), theirs(network, mean_wait()))


def test_priorities_with_services_of_different_length():
    """No closed formula with several people: only another simulator can tell."""
    network = ciw.create_network(
        arrival_distributions={"A": [ciw.dists.Exponential(0.5)], "B": [ciw.dists.Exponential(1.5)]},
        service_distributions={"A": [ciw.dists.Exponential(0.5)], "B": [ciw.dists.Uniform(0.3, 1.1)]},
        number_of_servers=[3],
        priority_classes={"A": 0, "B": 1},
    )
    nodes = [Node("a", 0, exponential(2.0)), Node("b", 0, Amount("uniform", low=0.3, high=1.1))]
    classes = [
        one_class(poisson(0.5, BEGIN, END), 0, "a", priority=1),
        one_class(poisson(1.5, BEGIN, END), 1, "b"),
    ]
    ours = model(nodes, people(3, 0, 1), classes, END, BEGIN)
    for node, name in enumerate("AB"):
        agree(waits(ours, node), theirs(network, mean_wait(work_class=name)))


def test_a_network_with_rework():
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(0.8), None],
        service_distributions=[ciw.dists.Gamma(0.25, 2.8), ciw.dists.Uniform(0.1, 0.9)],
        number_of_servers=[1, 1],
        routing=[[0.0, 1.0], [0.15, 0.0]],
    )
    nodes = [
        Node("make", 0, Amount("gamma", mean=0.7, sd=1.4), edges=(Edge(1),)),
        Node("check", 0, Amount("uniform", low=0.1, high=0.9), edges=(Edge(0, 0.15), Edge(2, 0.85))),
        Node("end", 0),
    ]
    crew = (*people(1, 0), *people(1, 1))
    ours = model(nodes, crew, [one_class(poisson(0.8, BEGIN, END))], END, BEGIN)
    for node in (0, 1):
        agree(waits(ours, node), theirs(network, mean_wait(node + 1)))


def test_a_full_house_refuses():
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(2.0)],
        service_distributions=[ciw.dists.Uniform(0.5, 2.5)],
        number_of_servers=[2],
        queue_capacities=[3],
    )
    ours = station(2.0, Amount("uniform", low=0.5, high=2.5), 2, end=END, begin=BEGIN, flow=Flow("f", 5, refuse=True))
    agree(
        waits(ours), theirs(network, lambda kept: np.mean([r.waiting_time for r in kept if r.record_type == "service"]))
    )
