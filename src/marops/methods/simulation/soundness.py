"""Whether a model's numbers point at things that are there: compiled code would read other memory where they do not."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from marops.methods.simulation.model import ELAPSED, NOBODY, Model


def check(model: Model) -> None:
    """Raise ValueError for the first number that points at nothing, or a clock that runs backwards."""
    sizes = {
        "node": len(model.nodes), "workflow": len(model.flows), "calendar": len(model.calendars),
        "class": len(model.classes), "person": len(model.people),
    }  # fmt: skip
    for owner, what, number in _references(model):
        if not 0 <= number < sizes[what]:
            raise ValueError(f"{owner} names {what} {number}, of which there are {sizes[what]}")
    for number, calendar in enumerate(model.calendars):
        if (calendar.ends < calendar.starts).any() or (calendar.starts[1:] < calendar.ends[:-1]).any():
            raise ValueError(f"the spans of calendar {number} are not in order and apart")
    edges = model.months
    if len(edges) < 2 or edges[0] != 0 or model.begin > 0 or any(b <= a for a, b in pairwise(edges)):
        raise ValueError("months begin at 0 and follow one another, and nothing begins after 0")
    for flow in model.flows:
        if any(limit < 0 for _, limit in flow.limits) or any(b <= a for (a, _), (b, _) in pairwise(flow.limits)):
            raise ValueError(f"the limits of {flow.key} do not follow one another")
    for one in model.classes:
        hours, expected = one.arrivals.hours, one.arrivals.expected
        if len(hours) != len(expected) or (np.diff(hours) < 0).any() or (np.diff(expected) < 0).any():
            raise ValueError(f"what is expected of class {one.key} falls, or is not said for every hour")


def _references(model: Model) -> Iterator[tuple[str, str, int]]:
    """Who points at what; clocks on the wall and nobody point at nothing."""
    for node in model.nodes:
        yield node.key, "workflow", node.workflow
        yield from ((node.key, "node", edge.to) for edge in node.edges)
        yield from ((node.key, "node", one) for one in node.reopens)
        clocks = (node.alone_clock, node.outside_clock, node.delay_clock, node.opens)
        yield from ((node.key, "calendar", clock) for clock in clocks if clock != ELAPSED)
    for one in model.classes:
        yield one.key, "workflow", one.workflow
        yield from ((one.key, "node", entry.node) for entry in one.entries)
        if not one.entries:
            yield one.key, "node", NOBODY
        if one.due_clock != ELAPSED:
            yield one.key, "calendar", one.due_clock
    for person in model.people:
        yield from ((person.key, "node", ability.node) for ability in person.abilities)
        if person.calendar != ELAPSED:
            yield person.key, "calendar", person.calendar
    for token in model.tokens:
        owner = f"the piece of case {token.case}"
        yield owner, "node", token.node
        yield owner, "class", token.work_class
        if token.person != NOBODY:
            yield owner, "person", token.person
