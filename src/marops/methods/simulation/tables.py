"""A model as tables: every distribution, calendar, edge and key as numbers that the compiled kernel reads."""

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.simulation import draws
from marops.methods.simulation.draws import key
from marops.methods.simulation.layout import NONE, TABLES
from marops.methods.simulation.model import (
    ELAPSED,
    FOREVER,
    Ability,
    Amount,
    Arrivals,
    Calendar,
    Floats,
    Model,
    Node,
    Person,
)
from marops.methods.simulation.moves import DELAY, LEAVING, OUTSIDE, QUEUE, WORKING
from marops.methods.simulation.soundness import check
from marops.methods.simulation.standing import done_ways

Table = NDArray[Any]
_STAGES: Final = {"outside": OUTSIDE, "delay": DELAY, "queue": QUEUE, "work": WORKING, "done": LEAVING}
_BEYOND: Final = 1e300
_GIVEN: Final = (
    "node", "edge", "amount", "value", "person", "skill", "able", "ramp", "work_class", "entry", "point", "flow",
    "calendar", "span", "allowed", "begun", "month_edge", "passed", "reopen", "taken",
)  # fmt: skip


@dataclass(slots=True)
class _Sheet:
    """Rows of a table while they are collected."""

    name: str
    rows: list[dict[str, float]] = field(default_factory=list)

    def add(self, **values: float) -> int:
        """The number of the row."""
        self.rows.append(values)
        return len(self.rows) - 1

    def table(self) -> Table:
        """At least one row, so that there is a place in memory."""
        made: Table = np.zeros(max(1, len(self.rows)), TABLES[self.name])
        for at, row in enumerate(self.rows):
            for name, value in row.items():
                made[name][at] = value
        return made


Sheets = dict[str, _Sheet]


@dataclass(frozen=True, slots=True)
class Tables:
    """What does not change while a model is simulated, and how wide and how many the rest is."""

    given: dict[str, Table]
    counts: dict[str, float]
    hands: int


def tables(model: Model) -> Tables:
    """The model's tables. Raises ValueError where the model points at nothing, or a number is none."""
    check(model)
    sheets = {name: _Sheet(name) for name in _GIVEN}
    calendars = (*model.calendars, Calendar(np.array([model.begin]), np.array([FOREVER])))
    counters = _Counters(model)
    _calendars(sheets, calendars, model.months)
    joins = _nodes(sheets, model, counters)
    hands = _people(sheets, model)
    _classes(sheets, model)
    _flows(sheets, model)
    _there(sheets, model, joins)
    for edge in model.months:
        sheets["month_edge"].add(value=edge)
    sheets["month_edge"].add(value=2 * FOREVER)
    given = {name: sheet.table() for name, sheet in sheets.items()}
    for name, table in given.items():
        if any(np.isnan(table[one]).any() for one in table.dtype.names or () if table.dtype[one].kind == "f"):
            raise ValueError(f"not a number, in the table {name}")
    counts = {
        "nodes": len(model.nodes), "people": len(model.people), "classes": len(model.classes),
        "flows": len(model.flows), "months": len(model.months) - 1, "calendars": len(calendars),
        "beginnings": len(model.tokens), "width": max(1, counters.width), "begin": model.begin, "end": model.end,
    }  # fmt: skip
    return Tables(given, counts, hands)


def _calendars(sheets: Sheets, calendars: Sequence[Calendar], months: Sequence[float]) -> None:
    for one in calendars:
        kept = one.ends > one.starts
        starts = np.append(one.starts[kept], [FOREVER, 3 * FOREVER])
        ends = np.append(one.ends[kept], [2 * FOREVER, 4 * FOREVER])
        worked = np.concatenate([[0.0], np.cumsum(ends[:-2] - starts[:-2]), [_BEYOND]])
        spans = sheets["span"]
        first = len(spans.rows)
        sheets["calendar"].add(first=first, at=first)
        for start, end, so_far in zip(starts.tolist(), ends.tolist(), worked.tolist(), strict=True):
            spans.add(start=start, end=end, worked=so_far)
        at = np.searchsorted(ends, np.asarray(months), side="right")
        passed = worked[at] + np.maximum(0.0, np.asarray(months) - starts[at])
        for value in passed.tolist():
            sheets["passed"].add(value=value)


class _Counters:
    """Where in a case its counters stand: visits by key, edges taken, tokens to be joined.

    Nodes of one workflow have counters of their own; if a way leads from one workflow into another, all have.
    """

    def __init__(self, model: Model) -> None:
        apart = all(model.nodes[e.to].workflow == n.workflow for n in model.nodes for e in n.edges)
        self._taken: dict[Hashable, dict[Hashable, int]] = defaultdict(dict)
        self._group: Callable[[Node], Hashable] = (lambda node: node.workflow) if apart else (lambda _: 0)

    def of(self, node: Node, *what: Hashable) -> int:
        """The counter of something at a node, the same for the same."""
        group = self._taken[self._group(node)]
        return group.setdefault(what, len(group))

    @property
    def width(self) -> int:
        return max(map(len, self._taken.values()), default=0)


def _nodes(sheets: Sheets, model: Model, counters: _Counters) -> dict[tuple[int, int], int]:
    """Fills the nodes; the counters of edges into joins."""
    incoming: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, node in enumerate(model.nodes):
        counters.of(node, "visit", node.key)
        for at, edge in enumerate(node.edges):
            if model.nodes[edge.to].join_all:
                incoming[edge.to].append((number, at))
    joins: dict[tuple[int, int], int] = {}
    first_join: dict[int, int] = {}
    for number, edges in incoming.items():
        if len(edges) > 1:
            places = {edge: counters.of(model.nodes[number], "join", *edge) for edge in edges}
            joins |= places
            first_join[number] = min(places.values())
            counters.of(model.nodes[number], "passed", number)  # stands behind those of its edges
    ables = _ables(sheets, model)
    for number, node in enumerate(model.nodes):
        first = _edges(sheets, number, node, counters, joins)
        sheets["node"].add(
            **_names(node),
            **_waits(sheets, node),
            local=counters.of(node, "visit", node.key),
            by_due=model.flows[node.workflow].by_due,
            first_join=first_join.get(number, 0),
            joins=len(incoming[number]) if number in first_join else 0,
            first_reopen=len(sheets["reopen"].rows),
            reopens=len(reopened := [one for one in node.reopens if one in first_join]),
            first_edge=first,
            first_able=ables[number][0],
            ables=0 if node.alone or node.effort is None else ables[number][1],
        )
        for one in reopened:
            sheets["reopen"].add(n=one)
        for work_class in range(len(model.classes)):
            sheets["allowed"].add(n=node.classes is None or work_class in node.classes)
    return joins


def _names(node: Node) -> dict[str, float]:
    return {f"{what}_key": key(node.key, what) for what in ("effort", "outside", "delay", "split")}


def _waits(sheets: Sheets, node: Node) -> dict[str, float]:
    batch = node.batch
    return {
        "workflow": node.workflow,
        "effort": _amount(sheets, node.effort), "repeat": node.repeat,
        "alone": node.alone, "alone_clock": node.alone_clock,
        "outside": _amount(sheets, node.outside), "outside_clock": node.outside_clock,
        "delay": _amount(sheets, node.delay), "delay_clock": node.delay_clock,
        "batch": batch.size if batch else 0, "batch_wait": batch.wait if batch else FOREVER,
        "together": batch.together if batch else 0, "each": batch.each if batch else 1.0,
        "opens": node.opens, "limit": node.limit, "once": node.once, "split_all": node.split_all,
        "edges": len(node.edges), "cost": node.cost, "everybody": node.classes is None,
    }  # fmt: skip


def _edges(sheets: Sheets, number: int, node: Node, counters: _Counters, joins: dict[tuple[int, int], int]) -> int:
    first = len(sheets["edge"].rows)
    for at, edge in enumerate(node.edges):
        sheets["edge"].add(
            to=edge.to,
            probability=edge.probability,
            at_most=edge.at_most,
            counter=counters.of(node, "edge", number, at) if edge.at_most > 0 else NONE,
            join=joins.get((number, at), NONE),
        )
    return first


def _ables(sheets: Sheets, model: Model) -> list[tuple[int, int]]:
    """Who can do it, node by node: the first row and how many. Fills the table of skills as well."""
    by_node: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for who, person in enumerate(model.people):
        for one in _used(person):
            skill = sheets["skill"].add(node=one.node, speed=one.speed, since=one.since, until=one.until)
            by_node[one.node].append((who, skill))
    found = []
    for number in range(len(model.nodes)):
        found.append((len(sheets["able"].rows), len(by_node[number])))
        for who, skill in by_node[number]:
            sheets["able"].add(person=who, skill=skill)
    return found


def _used(person: Person) -> tuple[Ability, ...]:
    """Abilities with which a piece of work ends at some time."""
    return tuple(one for one in person.abilities if one.speed > 0.0 and person.share > 0.0)


def _people(sheets: Sheets, model: Model) -> int:
    """Fills the people; how many places all hands have."""
    skills = hands = 0
    for who, person in enumerate(model.people):
        first = len(sheets["ramp"].rows)
        for hour, factor in person.ramp:
            sheets["ramp"].add(hour=hour, factor=factor)
        sheets["person"].add(
            calendar=len(model.calendars) if person.calendar == ELAPSED else person.calendar,
            settled=max((one.since for one in _used(person)), default=-FOREVER),
            share=person.share, at_once=person.at_once, first_skill=skills, skills=len(_used(person)),
            first_ramp=first, ramps=len(person.ramp), first_hand=hands,
        )  # fmt: skip
        skills += len(_used(person))
        begun = sum(token.stage == "work" and token.person == who for token in model.tokens)
        hands += max(1, person.at_once, begun)
    return hands


def _classes(sheets: Sheets, model: Model) -> None:
    for one in model.classes:
        first_entry = len(sheets["entry"].rows)
        for entry in sorted(one.entries, key=lambda entry: entry.since):
            sheets["entry"].add(since=entry.since, node=entry.node)
        first = len(sheets["point"].rows)
        for hour, expected in _points(one.arrivals):
            sheets["point"].add(hour=hour, expected=expected)
        sheets["work_class"].add(
            case_key=key(one.key, "case"), gap_key=key(one.key, "gap"), due_key=key("due"),
            workflow=one.workflow, rank=-one.priority, due=_amount(sheets, one.due), due_clock=one.due_clock,
            gap=_amount(sheets, one.arrivals.gap), first_entry=first_entry, entries=len(one.entries),
            first_point=first, points=len(sheets["point"].rows) - first, timed=one.arrivals.times is not None,
        )  # fmt: skip


def _points(arrivals: Arrivals) -> Iterable[tuple[float, float]]:
    if arrivals.times is not None:
        return ((hour, 0.0) for hour in np.sort(arrivals.times).tolist())
    expected: Floats = arrivals.expected - arrivals.expected[:1].sum()
    return zip(arrivals.hours.tolist(), expected.tolist(), strict=True)


def _flows(sheets: Sheets, model: Model) -> None:
    for flow in model.flows:
        first = len(sheets["point"].rows)
        for hour, limit in flow.limits:
            sheets["point"].add(hour=hour, expected=limit)
        sheets["flow"].add(
            first_limit=flow.limit, refuse=flow.refuse, by_due=flow.by_due, first_point=first, points=len(flow.limits)
        )


def _there(sheets: Sheets, model: Model, joins: dict[tuple[int, int], int]) -> None:
    first: dict[tuple[int, int], int] = {}
    by_join: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, edge in joins:
        by_join[model.nodes[number].edges[edge].to].append((number, edge))
    done = done_ways(model, by_join)
    for at, token in enumerate(model.tokens):
        same = first.setdefault((token.work_class, token.case), at)
        sheets["begun"].add(
            number=token.case, work_class=token.work_class, node=token.node, stage=_STAGES[token.stage],
            arrived=token.arrived, due=token.due, since=token.since, left=token.left, person=token.person,
            visit=token.visit, same=same if same < at else NONE,
            first_taken=len(sheets["taken"].rows), taken=len(done[token.work_class, token.case]) if same == at else 0,
        )  # fmt: skip
        if same == at:
            for one in done[token.work_class, token.case]:
                sheets["taken"].add(n=joins[one])


def _amount(sheets: Sheets, amount: Amount | None) -> int:
    """The row of a distribution."""
    if amount is None:
        return NONE
    low = max(0.0, amount.low or 0.0)
    high = max(low, amount.high) if amount.high is not None else _BEYOND
    kind, given = _kind(amount, low, high)
    if kind == draws.FIXED:
        given = {"a": min(max(given["a"], low), high)}
    if kind == draws.QUANTILES:
        given = {"first": len(sheets["value"].rows), "count": len(amount.values)}
        for value in sorted(amount.values):
            sheets["value"].add(value=value)
    return sheets["amount"].add(kind=kind, low=low, high=high, **given)


def _kind(amount: Amount, low: float, high: float) -> tuple[int, dict[str, float]]:
    """How it is drawn, with what; a distribution of one value is a fixed one."""
    mean, sd = amount.mean, amount.sd
    if amount.kind == "quantiles":
        single = len(set(amount.values)) == 1
        return (draws.FIXED, {"a": amount.values[0]}) if single else (draws.QUANTILES, {})
    if amount.kind in ("uniform", "triangular"):
        return _between(amount)
    if amount.kind == "fixed" or (mean <= 0.0 and amount.kind != "normal"):
        return draws.FIXED, {"a": mean}
    if amount.kind == "exponential":
        return draws.EXPONENTIAL, {"a": mean}
    if sd <= 0.0:
        return draws.FIXED, {"a": mean}
    if amount.kind == "normal":
        return _normal(mean, sd, low, high)
    if amount.kind == "gamma":
        return draws.GAMMA, {"a": (mean / sd) ** 2, "b": sd * sd / mean}
    spread = math.log1p((sd / mean) ** 2)
    return draws.LOGNORMAL, {"a": math.log(mean) - spread / 2, "b": math.sqrt(spread)}


def _between(amount: Amount) -> tuple[int, dict[str, float]]:
    low, high = amount.low or 0.0, amount.high or 0.0
    if high <= low:
        return draws.FIXED, {"a": low}
    if amount.kind == "uniform":
        return draws.UNIFORM, {"a": low, "b": high - low}
    return draws.TRIANGULAR, {"a": low, "b": min(max(amount.mode, low), high), "c": high}


def _normal(mean: float, sd: float, low: float, high: float) -> tuple[int, dict[str, float]]:
    """A normal between limits: its quantile between the shares of the limits, counted from the nearer tail."""
    if low > mean:  # the far tail above, seen from below, where small shares are exact
        least, most, sign = _below((mean - high) / sd), _below((mean - low) / sd), -1.0
    else:
        least, most, sign = _below((low - mean) / sd), _below((high - mean) / sd), 1.0
    if most - least <= 0.0:
        return draws.FIXED, {"a": min(max(mean, low), high)}
    return draws.NORMAL, {"a": mean, "b": sign * sd, "c": least, "d": most}


def _below(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
