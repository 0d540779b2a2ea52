"""Small models to simulate, and what one reads off the answers."""

from math import sqrt

import numpy as np

from marops.methods.simulation.model import (
    ELAPSED,
    Ability,
    Amount,
    Arrivals,
    Calendar,
    Edge,
    Entry,
    Flow,
    Model,
    Node,
    Person,
    WorkClass,
)


def fixed(hours):
    return Amount("fixed", mean=hours)


def exponential(mean):
    return Amount("exponential", mean=mean)


def poisson(rate, begin, end):
    return Arrivals(hours=np.array([begin, end]), expected=np.array([0.0, rate * (end - begin)]))


def moments(*hours):
    return Arrivals(times=np.array(hours, dtype=float))


def regular(rate, begin, end):
    return Arrivals(fixed(1.0), hours=np.array([begin, end]), expected=np.array([0.0, rate * (end - begin)]))


def people(number, *nodes, calendar=ELAPSED, **others):
    abilities = tuple(Ability(node) for node in nodes or (0,))
    return tuple(Person(f"person {i}", calendar, abilities, **others) for i in range(number))


def calendar(*spans):
    return Calendar(np.array([a for a, _ in spans], dtype=float), np.array([b for _, b in spans], dtype=float))


def days(first, last, *windows):
    """The same windows on each of these days, hours of the clock."""
    return calendar(*((24 * day + a, 24 * day + b) for day in range(first, last) for a, b in windows))


def one_class(arrivals, node=0, key="class", **others):
    return WorkClass(key, 0, arrivals, (Entry(-1e9, node),), **others)


def model(nodes, crew=(), classes=(), end=1000.0, begin=0.0, calendars=(), flows=None, **others):
    edges = others.pop("months", (0.0, end))
    return Model(
        flows=flows or (Flow("flow"),),
        nodes=tuple(nodes),
        classes=tuple(classes),
        people=tuple(crew),
        calendars=tuple(calendars),
        months=edges,
        begin=begin,
        **others,
    )


def station(rate, service, crew, *, end=10_000.0, begin=-1_000.0, flow=None):
    """Poisson arrivals to one node where so many people work."""
    return model(
        [Node("work", 0, effort=service)],
        people(crew),
        [one_class(poisson(rate, begin, end))],
        end,
        begin,
        flows=(flow or Flow("flow"),),
    )


def steps(*hours, **others):
    """Nodes one after another, each with a fixed effort."""
    return [
        Node(f"step {at}", 0, effort=fixed(h), edges=(Edge(at + 1),) if at + 1 < len(hours) else (), **others)
        for at, h in enumerate(hours)
    ]


def within_three_errors(values, exact):
    """The mean of independent replications is no farther from what is exact than three of its standard errors."""
    values = np.asarray(values, dtype=float)
    error = values.std(ddof=1) / sqrt(len(values))
    assert abs(values.mean() - exact) <= 3 * error, f"{values.mean():.6g} ± {error:.2g}, exact {exact:.6g}"
    return error
