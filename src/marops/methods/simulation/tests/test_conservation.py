"""What has to hold in every run of every model: nothing is lost, nobody idles while they could work, hours add up."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marops.methods.simulation.kernel import simulate
from marops.methods.simulation.model import (
    ELAPSED,
    Ability,
    Amount,
    Batch,
    Edge,
    Flow,
    Node,
    Person,
)
from marops.methods.simulation.tests.shops import days, exponential, fixed, model, moments, one_class

DAYS = 300
AMOUNTS = st.sampled_from(
    [fixed(2), fixed(0.5), exponential(3), Amount("uniform", low=0, high=6), Amount("lognormal", mean=2, sd=3)]
)
CALENDARS = (days(-10, DAYS, (9, 17)), days(-10, DAYS, (8, 12), (13, 15.5)), days(-10, DAYS, (12, 20)))
CLOCKS = st.sampled_from([ELAPSED, 0, 1, 2])
MAYBE = st.booleans()


@st.composite
def steps(draw, number, follow):
    """A step with any of the features; some go back once or twice."""
    back = (Edge(draw(st.integers(0, number)), 0.3, at_most=2), Edge(follow, 0.7)) if draw(MAYBE) else (Edge(follow),)
    size = draw(st.sampled_from([0, 0, 1, 2, 3]))
    return Node(
        f"step {number}",
        draw(st.sampled_from([0, 1])),
        effort=draw(AMOUNTS),
        repeat=draw(st.sampled_from([1.0, 0.5])),
        alone=draw(st.sampled_from([False, False, True])),
        alone_clock=draw(CLOCKS),
        outside=draw(AMOUNTS) if draw(MAYBE) else None,
        outside_clock=draw(CLOCKS),
        delay=draw(AMOUNTS) if draw(MAYBE) else None,
        delay_clock=draw(CLOCKS),
        batch=Batch(size, 30.0, together=draw(MAYBE), each=0.5) if size else None,
        opens=draw(st.sampled_from([ELAPSED, ELAPSED, 0])),
        limit=draw(st.sampled_from([0, 0, 1, 2])),
        edges=back,
        classes=draw(st.sampled_from([None, None, frozenset({0})])),
    )


@st.composite
def shops(draw):
    """A line of steps, of which some fork and join; two workflows over the same people."""
    nodes, count = [], draw(st.integers(1, 4))
    for _ in range(count):
        at = len(nodes)
        if draw(st.sampled_from([False, False, True])):
            branch = [draw(steps(at + 1 + side, at + 3)) for side in (0, 1)]
            branch = [Node(**{**_fields(one), "edges": (Edge(at + 3),)}) for one in branch]
            nodes += [
                Node(f"fork {at}", 0, split_all=True, edges=(Edge(at + 1), Edge(at + 2))),
                *branch,
                Node(f"join {at}", 0, join_all=True, edges=(Edge(at + 4),)),
            ]
        else:
            nodes.append(draw(steps(at, at + 1)))
    nodes.append(Node("end", 0))
    crew = []
    for who in range(draw(st.integers(1, 3))):
        can = draw(st.sets(st.sampled_from(range(len(nodes))))) if who else range(len(nodes))
        since = draw(st.sampled_from([-1e9, -1e9, 100.0])) if who else -1e9
        abilities = tuple(Ability(node, draw(st.sampled_from([1.0, 2.0])), since=since) for node in sorted(can))
        crew.append(
            Person(
                f"person {who}",
                draw(st.sampled_from([0, 1, 2, ELAPSED])),
                abilities,
                share=draw(st.sampled_from([1.0, 0.5])),
                at_once=draw(st.sampled_from([1, 1, 2, 3])),
                cost=10.0,
            )
        )
    hours = st.lists(st.floats(-100, 300), min_size=1, max_size=6)
    classes = [
        one_class(moments(*draw(hours)), key="plain"),
        one_class(moments(*draw(hours)), key="better", priority=draw(st.sampled_from([0, 1]))),
    ]
    limit = draw(st.sampled_from([0, 0, 2]))
    return model(
        nodes, crew, classes, 24.0 * DAYS, -100.0, CALENDARS,
        flows=(Flow("flow", limit=limit), Flow("other")), months=(0.0, 100.0, 500.0, 24.0 * DAYS - 1, 24.0 * DAYS),
    )  # fmt: skip


def _fields(node):
    return {name: getattr(node, name) for name in node.__slots__}


def open_hours(shop, calendar, a, b):
    """Hours of a calendar between two moments."""
    if calendar == ELAPSED:
        return max(0.0, b - a)
    spans = shop.calendars[calendar]
    return float(np.maximum(0.0, np.minimum(spans.ends, b) - np.maximum(spans.starts, a)).sum())


def is_open(shop, calendar, moment):
    spans = shop.calendars[calendar] if calendar != ELAPSED else None
    return spans is None or bool(((spans.starts <= moment) & (moment < spans.ends)).any())


def rows(tasks, replication=0):
    names = ("case", "work_class", "node", "person", "ready", "started", "ended", "worked", "batch")
    found = [
        dict(zip(names, row, strict=True)) for row in zip(*(getattr(tasks, n).tolist() for n in names), strict=True)
    ]
    return [row for row, r in zip(found, tasks.replication, strict=True) if r == replication]


def jobs(pieces):
    """Pieces done together are one job."""
    found = {}
    for at, one in enumerate(pieces):
        found.setdefault(("batch", one["batch"]) if one["batch"] >= 0 else at, []).append(one)
    return [
        {**several[0], "worked": sum(one["worked"] for one in several), "pieces": several} for several in found.values()
    ]


def check_hours(shop, runs, done):
    """Worked hours are hours of the calendar with something in hand; a piece alone in hand gets exactly its effort."""
    by_person = defaultdict(list)
    for job in done:
        if job["person"] >= 0:
            by_person[job["person"]].append(job)
            person = shop.people[job["person"]]
            assert is_open(shop, person.calendar, job["started"])
            hours = person.share * open_hours(shop, person.calendar, job["started"], job["ended"])
            assert hours >= job["worked"] - 1e-9
            if person.at_once == 1:
                assert abs(hours - job["worked"]) < 1e-9
        if shop.nodes[job["node"]].opens != ELAPSED:
            assert is_open(shop, shop.nodes[job["node"]].opens, job["started"])
    for who, person in enumerate(shop.people):
        total, last = 0.0, -1e9
        for job in sorted(by_person[who], key=lambda job: job["started"]):
            total += person.share * open_hours(
                shop, person.calendar, max(last, job["started"]), max(last, job["ended"])
            )
            last = max(last, job["ended"])
        assert abs(total - sum(job["worked"] for job in by_person[who])) < 1e-6
        since_zero = sum(
            person.share * open_hours(shop, person.calendar, max(a, 0.0), b) for a, b in _unions(by_person[who])
        )
        assert abs(since_zero - runs.worked[0, who].sum()) < 1e-6
        assert (runs.worked[0, who] <= runs.available[who] + 1e-9).all()


def _unions(found):
    spans = []
    for job in sorted(found, key=lambda job: job["started"]):
        if spans and job["started"] <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], job["ended"])
        else:
            spans.append([job["started"], job["ended"]])
    return spans


def check_nobody_idles(shop, done):
    """In the middle between any two moments at which something changes."""
    edges = {moment for job in done for moment in (job["ready"], job["started"], job["ended"])}
    edges |= {100.0}
    for one in shop.calendars:
        edges |= {edge for edge in (*one.starts.tolist(), *one.ends.tolist()) if edge < max(edges)}
    for a, b in pairwise(sorted(edges)):
        now = (a + b) / 2
        if b - a < 1e-9:
            continue
        begun = [job for job in done if job["started"] <= now < job["ended"]]
        in_hand = [sum(job["person"] == who for job in begun) for who in range(len(shop.people))]
        assert all(n <= person.at_once for n, person in zip(in_hand, shop.people, strict=True))
        for number, node in enumerate(shop.nodes):
            at_node = sum(job["node"] == number for job in begun)
            assert not node.limit or at_node <= node.limit
            if not any(job["node"] == number and job["ready"] <= now < job["started"] for job in done):
                continue
            if (node.limit and at_node >= node.limit) or not is_open(shop, node.opens, now):
                continue
            assert not node.alone
            for who, person in enumerate(shop.people):
                can = any(one.node == number and one.since <= now < one.until for one in person.abilities)
                assert not (can and is_open(shop, person.calendar, now) and in_hand[who] < person.at_once)


def check_best_first(shop, done):
    """Nobody takes something up while something better waits that they could take up as well."""
    for job in done:
        if job["person"] < 0:
            continue
        person, now = shop.people[job["person"]], job["started"]
        can = {one.node for one in person.abilities if one.since <= now < one.until}
        for other in done:
            node = shop.nodes[other["node"]]
            waits = other["ready"] <= now < other["started"] and other["node"] in can
            if waits and not node.limit and is_open(shop, node.opens, now):
                assert _place(shop, job) <= _place(shop, other)


def _place(shop, job):
    best = max(shop.classes[piece["work_class"]].priority for piece in job["pieces"])
    return -best, job["ready"]


@settings(max_examples=80, deadline=None, derandomize=True)
@given(shops())
def test_hours_add_up_and_nobody_idles(shop):
    runs = simulate(shop, seed=3, replications=1, record=True)
    assume(all_over(runs))
    pieces = rows(runs.tasks)
    done = jobs(pieces)
    check_hours(shop, runs, done)
    check_nobody_idles(shop, done)
    check_best_first(shop, done)
    for job in done:
        assert {(p["started"], p["ended"], p["person"], p["node"]) for p in job["pieces"]} == {
            (job["started"], job["ended"], job["person"], job["node"])
        }


def all_over(runs, replication=0):
    """Nothing is in work in the last hour."""
    return not runs.in_work[replication, :, -1].any()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(shops(), st.integers(0, 5))
def test_littles_law_and_sums(shop, seed):
    """Cases in work times hours is the sum of the hours that each was in work, in every month of every run."""
    runs = simulate(shop, seed=seed, replications=2, record=True)
    tasks, cases, months = runs.tasks, runs.cases, np.array(shop.months)
    assert (runs.finished.sum(axis=2) <= [len(one.arrivals.times) for one in shop.classes]).all()
    assert (runs.lead_hours.sum(axis=(1, 2)) - np.bincount(cases.replication, cases.hours, 2) < 1e-6).all()
    for replication in range(2):
        mine = cases.replication == replication
        if not all_over(runs, replication):
            continue
        for month, (a, b) in enumerate(pairwise(months.tolist())):
            hours = np.maximum(0.0, np.minimum(cases.finished[mine], b) - np.maximum(cases.arrived[mine], a))
            assert abs(runs.in_work[replication, :, month].sum() * (b - a) - hours.sum()) < 1e-6
    begun = (tasks.started >= 0) & (tasks.ended < shop.end)
    waited = np.bincount(tasks.replication[begun], (tasks.started - tasks.ready)[begun], 2)
    effort = np.bincount(tasks.replication[begun], tasks.worked[begun], 2)
    whole = np.array([node.effort is not None for node in shop.nodes])
    assert (runs.waited[:, whole].sum(axis=1) >= waited - 1e-6).all()
    assert (runs.effort.sum(axis=1) >= effort - 1e-6).all()
    assert (tasks.enabled <= tasks.ready + 1e-9).all()
    assert (tasks.ready <= tasks.started).all()
    assert (tasks.started <= tasks.ended).all()
    assert (tasks.ready - tasks.enabled - tasks.outside - tasks.delay > -1e-9).all()
    assert (np.diff(tasks.ended)[np.diff(tasks.replication) == 0] >= 0).all()
    assert np.allclose(runs.cost, 10.0 * runs.worked.sum(axis=1))
