"""How fast work is simulated: `uv run --group peers python benchmarks/simulation.py [--prosimos PROGRAM]`.

Prints events a second on one core (an event is one removal from the list of future events), what 18 months of a team of
12 people and 5 workflows with everything in it take in 1,000 replications on two cores, what compiling takes at the
first start and at later ones, and how many times longer Ciw, SimPy and Prosimos take for one M/M/3 queue in the same run.

Prosimos is measured only as an installed program (`python -m venv X && X/bin/pip install prosimos`, then `--prosimos
X/bin/prosimos`); nothing of it is imported. It writes its log, as it always does.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from marops.methods.simulation.kernel import simulate, warm
from marops.methods.simulation.model import (
    ELAPSED,
    Ability,
    Amount,
    Arrivals,
    Batch,
    Calendar,
    Edge,
    Entry,
    Flow,
    Model,
    Node,
    Person,
    Token,
    WorkClass,
)

_YEAR_AND_A_HALF = 18 * 730.0
_BEGIN = -3 * 730.0
_COMPILE = "from marops.methods.simulation.kernel import warm; warm()"


def spent() -> float:
    """Seconds of processor that this process and those it waited for have used."""
    return sum(
        u.ru_utime + u.ru_stime for u in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def timed(work: Callable[[], Any], times: int = 5) -> float:
    """The median of so many runs on one core, in seconds of processor: others may use the machine as well."""
    seconds = []
    for _ in range(times):
        began = spent()
        work()
        seconds.append(spent() - began)
    return statistics.median(seconds)


def office(
    begin: float, end: float, windows: tuple[tuple[float, float], ...], weekdays: set[int], away: set[int]
) -> Calendar:
    """Windows of the days of a week, without the days that are away."""
    first, last = int(begin // 24), int(end // 24) + 30
    spans = [
        (24 * day + a, 24 * day + b)
        for day in range(first, last)
        if day % 7 in weekdays and day not in away
        for a, b in windows
    ]
    return Calendar(np.array([a for a, _ in spans]), np.array([b for _, b in spans]))


def season(rate: float) -> Arrivals:
    """Twice the rate in the fourth quarter, half of it in the summer."""
    weights = [1, 1, 1, 1, 1, 0.8, 0.5, 0.6, 1.2, 1.4, 1.5, 1.0]
    hours = _BEGIN + 730.0 * np.arange(22)
    gains = [0.0, *(730.0 * rate * weights[at % 12] for at in range(-3, 18))]
    return Arrivals(hours=hours, expected=np.cumsum(gains))


def workflow(number: int, first: int) -> list[Node]:
    """Eleven steps with all there is: batches, opening days, outside waiting, branches, rework, a machine, limits."""

    def spread(mean: float) -> Amount:
        return Amount("lognormal", mean=mean, sd=0.6 * mean)

    def ways(*edges: tuple[Any, ...]) -> tuple[Edge, ...]:
        return tuple(Edge(first + to, *rest) for to, *rest in edges)

    name = f"workflow {number}"
    return [
        Node(f"{name}/brief", number, spread(1.5), edges=ways((1,))),
        Node(f"{name}/fork", number, split_all=True, edges=ways((2,), (3,), (4,))),
        Node(f"{name}/copy", number, spread(4), delay=Amount("exponential", mean=5), delay_clock=0, repeat=0.5, edges=ways((5,))),
        Node(f"{name}/design", number, spread(5), outside=Amount("exponential", mean=16), outside_clock=0, limit=3, edges=ways((5,))),
        Node(f"{name}/draft by machine", number, spread(0.2), alone=True, edges=ways((6,))),
        Node(f"{name}/join", number, join_all=True, edges=ways((7,))),
        Node(f"{name}/check of draft", number, Amount("gamma", mean=0.5, sd=0.5), edges=ways((5,))),
        Node(f"{name}/legal", number, spread(0.7), opens=4, batch=Batch(4, wait=96.0, together=True, each=0.6), classes=frozenset({2 * number}), edges=ways((8,))),
        Node(f"{name}/review", number, Amount("triangular", low=0.2, mode=0.5, high=2), edges=ways((9, 0.75), (2, 0.25, 3))),
        Node(f"{name}/build", number, spread(3), cost=20.0, edges=ways((10,))),
        Node(f"{name}/send", number, Amount("quantiles", values=(0.2, 0.3, 0.5, 1.0, 2.0)), opens=5),
    ]  # fmt: skip


def team(months: int = 18) -> Model:
    """Twelve people, five workflows, ten classes."""
    nodes = [node for number in range(5) for node in workflow(number, 11 * number)]
    week, both = {0, 1, 2, 3, 4}, ((9.0, 12.5), (13.5, 18.0))
    calendars = [office(_BEGIN, _YEAR_AND_A_HALF, both, week, set(range(30 * at, 30 * at + 9))) for at in range(4)]
    calendars += [
        office(_BEGIN, _YEAR_AND_A_HALF, ((9.0, 17.0),), {1, 3}, set()),
        office(_BEGIN, _YEAR_AND_A_HALF, ((8.0, 16.0),), week, set()),
    ]
    roles = ((0, 8), (2, 6), (3,), (7, 8), (9, 10), (2, 6, 9))
    people = tuple(
        Person(
            f"person {at}",
            at % 4,
            tuple(Ability(11 * flow + node, 1 + 0.1 * (at % 3), since=-1e9 if flow else 500.0 * (at % 5)) for flow in range(5) for node in roles[at % 6])
            + tuple(Ability(11 * flow + node, 0.9, until=3000.0) for flow in range(5) for node in roles[(at + 1) % 6][:1]),
            share=0.9 if at % 4 else 1.0,
            at_once=2 if at % 3 == 0 else 1,
            ramp=((0.0, 0.5), (2000.0, 1.0)) if at == 11 else (),
            cost=60.0,
        )
        for at in range(12)
    )  # fmt: skip
    classes = tuple(
        WorkClass(f"class {at}", at // 2, season(0.0195), (Entry(-1e9, 11 * (at // 2)),), at % 3, Amount("uniform", low=60, high=240), 0)
        for at in range(10)
    )  # fmt: skip
    flows = tuple(Flow(f"workflow {at}", limit=25 if at % 2 else 0, by_due=at < 2) for at in range(5))
    tokens = tuple(
        Token(-1 - at, at % 10, 11 * (at % 10 // 2), "queue", _BEGIN - 10, since=_BEGIN - at) for at in range(20)
    )
    edges = tuple(730.0 * at for at in range(months + 1))
    return Model(flows, tuple(nodes), classes, people, tuple(calendars), edges, _BEGIN, tokens)


def mmc(cases: int) -> Model:
    """M/M/3 at a load of 0.8."""
    end = cases / 2.4
    arrivals = Arrivals(hours=np.array([0.0, end]), expected=np.array([0.0, 2.4 * end]))
    return Model(
        (Flow("flow"),),
        (Node("work", 0, Amount("exponential", mean=1.0)),),
        (WorkClass("case", 0, arrivals, (Entry(0.0, 0),)),),
        tuple(Person(f"p{at}", ELAPSED, (Ability(0),)) for at in range(3)),
        (),
        (0.0, end),
    )


def by_ciw(cases: int) -> None:
    """The same in Ciw."""
    import ciw

    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate=2.4)],
        service_distributions=[ciw.dists.Exponential(rate=1.0)],
        number_of_servers=[3],
    )
    ciw.seed(1)
    ciw.Simulation(network).simulate_until_max_time(cases / 2.4)


def by_simpy(cases: int) -> None:
    """The same in SimPy."""
    import random

    import simpy

    env, luck = simpy.Environment(), random.Random(1)
    crew = simpy.Resource(env, 3)

    def case() -> Any:
        with crew.request() as turn:
            yield turn
            yield env.timeout(luck.expovariate(1.0))

    def arrivals() -> Any:
        while True:
            yield env.timeout(luck.expovariate(2.4))
            env.process(case())

    env.process(arrivals())
    env.run(cases / 2.4)


_BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="benchmark" id="d">
<process id="p" isExecutable="false"><startEvent id="s"><outgoing>f1</outgoing></startEvent>
<task id="t" name="Work"><incoming>f1</incoming><outgoing>f2</outgoing></task>
<endEvent id="e"><incoming>f2</incoming></endEvent>
<sequenceFlow id="f1" sourceRef="s" targetRef="t"/><sequenceFlow id="f2" sourceRef="t" targetRef="e"/></process></definitions>
"""


def by_prosimos(program: str, cases: int) -> float:
    """The same in Prosimos, as a program; seconds."""
    always = [{"from": "MONDAY", "to": "SUNDAY", "beginTime": "00:00:00", "endTime": "23:59:59"}]

    def exponential(mean: float) -> dict[str, Any]:
        return {"distribution_name": "expon", "distribution_params": [{"value": one} for one in (mean, 0.0, 1e9)]}

    people = [
        {"id": f"r{at}", "name": f"r{at}", "cost_per_hour": 1, "amount": 1, "calendar": "c", "assignedTasks": ["t"]}
        for at in range(3)
    ]
    scenario = {
        "resource_profiles": [{"id": "pool", "name": "pool", "resource_list": people}],
        "resource_calendars": [{"id": "c", "name": "c", "time_periods": always}],
        "arrival_time_distribution": exponential(3600 / 2.4),
        "arrival_time_calendar": always,
        "gateway_branching_probabilities": [],
        "task_resource_distribution": [
            {"task_id": "t", "resources": [{"resource_id": one["id"], **exponential(3600.0)} for one in people]}
        ],
        "event_distribution": [],
    }
    with tempfile.TemporaryDirectory() as folder:
        bpmn, document = Path(folder, "model.bpmn"), Path(folder, "model.json")
        bpmn.write_text(_BPMN)
        document.write_text(json.dumps(scenario))
        said = [program, "start-simulation", "--bpmn_path", bpmn, "--json_path", document]
        where = ["--total_cases", str(cases), "--log_out_path", Path(folder, "log.csv"), "--stat_out_path", Path(folder, "stat.csv")]  # fmt: skip
        return timed(
            lambda: subprocess.run([*map(str, said), *map(str, where)], check=True, stdout=subprocess.DEVNULL), 1
        )


def compiling() -> None:
    """What the first start takes, and a later one, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        for what in ("compiled at the first start", "loaded at later ones"):
            seconds = timed(lambda: subprocess.run([sys.executable, "-c", _COMPILE], check=True, env=environment), 1)
            print(f"{what}, Python and Numba included: {seconds:.1f} s of processor", flush=True)


def peers(cases: int, ours: float, prosimos: str) -> None:
    """How many times longer the others take."""
    for name, work in (("Ciw", by_ciw), ("SimPy", by_simpy)):
        try:
            seconds = timed(lambda work=work: work(cases), 3)
        except ImportError:
            print(f"{name} is not installed (uv sync --group peers)")
            continue
        print(f"M/M/3, {cases:,} cases, {name}: {seconds:.2f} s, {seconds / ours:,.0f} x ours", flush=True)
    if prosimos:
        seconds = by_prosimos(prosimos, cases)
        print(f"M/M/3, {cases:,} cases, Prosimos: {seconds:.2f} s, {seconds / ours:,.0f} x ours", flush=True)


def main() -> None:
    """Print it all."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--cases", type=int, default=20_000, help="of the M/M/3 queue that all simulate")
    given.add_argument("--replications", type=int, default=1000)
    given.add_argument("--prosimos", default="", help="an installed program of that name")
    given.add_argument("--no-compiling", action="store_true")
    options = given.parse_args()
    if not options.no_compiling:
        compiling()
    warm()
    queue, crew = mmc(1_000_000), team()
    seconds = timed(lambda: simulate(queue, seed=1, replications=1, workers=1))
    events = simulate(queue, seed=1, replications=1, workers=1).events.sum()
    print(f"M/M/3, one core: {events / seconds / 1e6:.1f} million events/s (at least 3)", flush=True)
    seconds = timed(lambda: simulate(crew, seed=1, replications=20, workers=1))
    few = simulate(crew, seed=1, replications=20, workers=1)
    print(f"team, one core: {few.events.sum() / seconds / 1e6:.1f} million events/s; {few.events.mean():,.0f} events, {few.visits.sum(axis=1).mean():,.0f} pieces and {few.finished.sum(axis=(1, 2)).mean():,.0f} cases a replication, {few.worked.sum() / few.available.sum() / few.replications:.0%} of hours worked", flush=True)  # fmt: skip
    load, used, began = os.getloadavg()[0], spent(), time.perf_counter()
    simulate(crew, seed=1, replications=options.replications, workers=2)
    seconds, used = time.perf_counter() - began, spent() - used
    print(f"team, 18 months x {options.replications:,} on two cores: {seconds:.1f} s (at most 10 for 1,000); {used:.1f} s of processor, load before {load:.1f}", flush=True)  # fmt: skip
    small = mmc(options.cases)
    peers(options.cases, timed(lambda: simulate(small, seed=1, replications=1, workers=1)), options.prosimos)


if __name__ == "__main__":
    main()
