"""Simulate a model: replications dealt to threads, each run by compiled code that holds no lock.

What is compiled is kept by Numba: in the folder that the environment variable `NUMBA_CACHE_DIR` names when this module
is imported first, else beside the source, else in the user's cache. `warm` compiles everything, or loads what was kept.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.simulation.layout import ENDLESS, TABLES, WORLD
from marops.methods.simulation.model import (
    Ability,
    Amount,
    Arrivals,
    Entry,
    Flow,
    Model,
    Node,
    Person,
    WorkClass,
)
from marops.methods.simulation.replication import replicate
from marops.methods.simulation.runs import Cases, Runs, Tasks
from marops.methods.simulation.tables import Table, Tables, tables

_MOST_AT_ONCE: Final = 1_000_000
_MASK: Final = (1 << 64) - 1


class Unsimulable(ValueError):
    """A model that has no end: work goes round without taking time, or multiplies."""


@dataclass(slots=True)
class _Figures:
    """What all replications leave behind, each in its own place."""

    by_class: Table
    by_node: Table
    by_person: Table
    events: NDArray[np.int64]
    finished: dict[int, Table] = field(default_factory=dict)
    tasks: dict[int, Table] = field(default_factory=dict)

    @classmethod
    def room_for(cls, model: Model, replications: int) -> "_Figures":
        """Zeros everywhere."""
        months, size = len(model.months) - 1, max(1, replications)
        return cls(
            by_class=np.zeros((size, max(1, len(model.classes)), months), TABLES["cell"]),
            by_node=np.zeros((size, max(1, len(model.nodes))), TABLES["total"]),
            by_person=np.zeros((size, max(1, len(model.people)), months), TABLES["staffed"]),
            events=np.zeros(size, np.int64),
        )


def _expected(work_class: WorkClass) -> float:
    """How many cases of a class come, about."""
    arrivals = work_class.arrivals
    if arrivals.times is not None:
        return len(arrivals.times)
    return float(np.ptp(arrivals.expected)) if len(arrivals.expected) else 0.0


class _Bench:
    """Tables of one thread, in which one replication after another runs."""

    def __init__(self, model: Model, made: Tables, seed: int, record: bool) -> None:
        self._model = model
        self._tables = {name: table.copy() for name, table in made.given.items()}
        self._world = np.zeros(1, WORLD)
        self._set(seed=seed & _MASK, recording=record, **made.counts)
        people, nodes, classes = len(model.people), len(model.nodes), len(model.classes)
        flows = len(model.flows)
        self._set(
            wake_base=people, opening_base=2 * people, batch_base=2 * people + nodes,
            arrival_base=2 * people + 2 * nodes, flow_base=2 * people + 2 * nodes + classes,
            token_base=2 * people + 2 * nodes + classes + flows,
        )  # fmt: skip
        self._lay("hand", made.hands)
        self._lay("changed_person", people)
        self._lay("changed_node", nodes)
        self._lay("waiting", nodes)
        cases = int(1.1 * sum(map(_expected, model.classes))) + len(model.tokens) + 256
        steps = len(model.nodes) // max(1, len(model.flows)) + 1
        self._grow(case=256, token=256, finished=cases, task=cases * steps if record else 1)
        for name, table in self._tables.items():
            self._set(**{f"{name}_at": table.ctypes.data})

    def _set(self, **values: float) -> None:
        for name, value in values.items():
            self._world[name][0] = value

    def _lay(self, name: str, size: int) -> None:
        self._tables[name] = np.zeros(max(1, size), TABLES[name])
        self._set(**{f"{name}_at": self._tables[name].ctypes.data})

    def _grow(self, **rooms: int) -> None:
        for name, room in rooms.items():
            if room > _MOST_AT_ONCE and name in ("case", "token"):
                raise Unsimulable(f"more than {_MOST_AT_ONCE:,} pieces of work are there at a time: work multiplies")
            self._set(**{f"{name}_room": room})
            self._lay(name, room)
        if "case" in rooms:
            self._lay("counter", rooms["case"] * int(self._world["width"][0]))
        if "token" in rooms:
            whole = int(self._world["token_base"][0]) + rooms["token"]
            self._lay("agenda", whole)
            self._lay("place", whole)
            self._lay("way", rooms["token"])

    def _make_room(self) -> None:
        """Twice the room for what ran out of it."""
        used = {"case": "used_cases", "token": "used_tokens", "finished": "finished_size", "task": "task_size"}
        rooms = {name: int(self._world[f"{name}_room"][0]) for name in used}
        self._grow(**{name: 2 * room for name, room in rooms.items() if self._world[used[name]][0] >= room})

    def run(self, replication: int, at: int, figures: _Figures) -> None:
        """One replication, into its place of the figures."""
        outputs = {
            "cell": figures.by_class[at], "total": figures.by_node[at],
            "staffed": figures.by_person[at],
        }  # fmt: skip
        self._set(replication=replication, **{f"{name}_at": part.ctypes.data for name, part in outputs.items()})
        while True:
            self._set(finished_size=0, task_size=0)
            replicate(self._world)
            if not self._world["fault"][0]:
                break
            self._mind_fault()
            for part in outputs.values():
                part[...] = np.zeros((), part.dtype)
        figures.events[at] = self._world["events"][0]
        figures.finished[at] = self._tables["finished"][: self._world["finished_size"][0]].copy()
        figures.tasks[at] = self._tables["task"][: self._world["task_size"][0]].copy()

    def _mind_fault(self) -> None:
        if self._world["fault"][0] == ENDLESS:
            node = self._model.nodes[self._world["fault_node"][0]].key
            hour = float(self._world["now"][0])
            what = f"over a million moves at hour {hour:g}, at {node}"
            raise Unsimulable(f"{what}: work goes round without taking time, or multiplies")
        self._make_room()


def simulate(
    model: Model,
    *,
    seed: int,
    replications: int,
    first: int = 0,
    record: bool = False,
    workers: int = 2,
    stop: Callable[[], bool] | None = None,
) -> Runs:
    """Run replications `first`, `first` + 1, … of a model.

    The answer depends on the model, the seed and the numbers of the replications alone: not on `workers`, and not on
    how the replications are split into calls. `record` keeps every piece of work. `stop` is asked before each
    replication, by any of the threads; once it says yes, the answer holds those that were finished, without a gap.
    Raises Unsimulable for a model without an end.
    """
    made, figures, numbers, failed = tables(model), _Figures.room_for(model, replications), count(), Event()

    def work() -> None:
        bench = _Bench(model, made, seed, record)
        while not (failed.is_set() or (stop and stop())):
            at = next(numbers)  # one step of the interpreter: no two threads get the same
            if at >= replications:
                break
            try:
                bench.run(first + at, at, figures)
            except Unsimulable:
                failed.set()
                raise

    if workers > 1 and replications > 1:
        with ThreadPoolExecutor(min(workers, replications)) as pool:
            for one in [pool.submit(work) for _ in range(min(workers, replications))]:
                one.result()
    else:
        work()
    return _answer(model, seed, first, figures, made, record)


def _answer(model: Model, seed: int, first: int, figures: _Figures, made: Tables, record: bool) -> Runs:
    done, months = len(figures.finished), len(model.months) - 1
    cells, sums = figures.by_class[:done, : len(model.classes)], figures.by_node[:done, : len(model.nodes)]
    worked = figures.by_person[:done, : len(model.people)]["value"].copy()
    passed = made.given["passed"]["value"].reshape(-1, months + 1)
    people = made.given["person"][: len(model.people)]
    available = np.diff(passed, axis=1)[people["calendar"]] * people["share"][:, None]
    prices = np.array([person.cost for person in model.people])
    return Runs(
        model=model,
        seed=seed,
        first=first,
        **{name: cells[name].copy() for name in ("arrived", "refused", "finished", "late", "lead_hours")},
        in_work=cells["in_work"] / np.maximum(np.diff(np.array(model.months)), 1e-300),
        worked=worked,
        available=available,
        **{name: sums[name].copy() for name in ("visits", "effort", "outside", "delayed", "batched", "waited")},
        cost=cells["cost"].sum(axis=1) + np.einsum("rpm,p->rm", worked, prices),
        spent=cells["cost"].copy(),
        events=figures.events[:done],
        cases=Cases(**_columns(TABLES["finished"], figures.finished, late=np.bool_)),
        tasks=Tasks(**_columns(TABLES["task"], figures.tasks)) if record else None,
    )


def _columns(layout: np.dtype[Any], parts: dict[int, Table], **kinds: type) -> dict[str, Any]:
    """The rows of all replications in order, column by column."""
    rows = np.concatenate([parts[at] for at in range(len(parts))]) if parts else np.zeros(0, layout)
    return {name: rows[name].astype(kinds.get(name, rows[name].dtype)) for name in layout.names or ()}


def warm() -> None:
    """Compile everything, or load what was compiled before: seconds once, then a fraction of one."""
    one = Amount("fixed", mean=1.0)
    model = Model(
        flows=(Flow("flow"),),
        nodes=(Node("node", 0, effort=one),),
        classes=(WorkClass("class", 0, Arrivals(times=np.array([0.5])), (Entry(0.0, 0),)),),
        people=(Person("person", -1, (Ability(0),)),),
        calendars=(),
        months=(0.0, 4.0),
    )
    simulate(model, seed=1, replications=1, workers=1)
