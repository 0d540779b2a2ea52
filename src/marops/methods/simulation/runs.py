"""What a simulation answers: figures by replication and month, and, where asked for, every piece of work."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marops.methods.simulation.model import Floats, Model

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cases:
    """One row for each case that was finished at 0 or later: replication, class, number, moments, hours from arrival
    to end. `late`: after its due date (never, where it has none).
    """

    replication: Ints
    work_class: Ints
    case: Ints
    arrived: Floats
    finished: Floats
    late: NDArray[np.bool_]

    @property
    def hours(self) -> Floats:
        """Lead time on the wall's clock."""
        return self.finished - self.arrived


@dataclass(frozen=True, slots=True)
class Tasks:
    """One row for each piece of work that was finished, warm-up included, in order of end within a replication. Gates
    have none.

    `enabled`: when the token came to the node; `ready`: when outside waiting, delay and batching were over and it
    waited for opening hours or a person; then `started` and `ended`. `worked`: hours of effort of the person (their
    calendar's hours times their share). `person` is NOBODY where none was needed. `batch`: pieces done together have
    one number, -1 else. `outside` and `delay` are the hours (on the wall) those took; batching took the rest up to
    `ready`.
    """

    replication: Ints
    work_class: Ints
    case: Ints
    node: Ints
    visit: Ints
    person: Ints
    enabled: Floats
    outside: Floats
    delay: Floats
    ready: Floats
    started: Floats
    ended: Floats
    worked: Floats
    batch: Ints


@dataclass(frozen=True, slots=True)
class Runs:
    """The answer for `replications` runs of one model. R: replications, C: classes, M: months, N: nodes, P: people.

    A case counts in the month of its arrival (`arrived`, of whom `refused`) or of its end (`finished`, `late`,
    `lead_hours`, the sum of their lead times). `in_work`: mean number of cases arrived and not finished, over the
    month. `worked` and `available`: hours of people; `visits`, `waited` (from ready to started), `outside`, `delayed`,
    `batched` and `effort` are sums by node over what began at 0 or later; a gate counts who passes it, but not classes
    without work there. What waits for a place in a workflow (`Flow.limit`) has not come to a node yet: that is in the
    lead time alone. `cost`: hours worked at their price plus the nodes' own, which are `spent` on cases of a class.
    """

    model: Model
    seed: int
    first: int
    arrived: Ints  # R×C×M
    refused: Ints  # R×C×M
    finished: Ints  # R×C×M
    late: Ints  # R×C×M
    lead_hours: Floats  # R×C×M
    in_work: Floats  # R×C×M
    worked: Floats  # R×P×M
    available: Floats  # P×M, share of the calendar that these workflows get
    visits: Ints  # R×N
    effort: Floats  # R×N
    outside: Floats  # R×N
    delayed: Floats  # R×N
    batched: Floats  # R×N
    waited: Floats  # R×N
    cost: Floats  # R×M
    spent: Floats  # R×C×M
    events: Ints  # R, removals from the future-event list
    cases: Cases
    tasks: Tasks | None

    @property
    def replications(self) -> int:
        """How many."""
        return len(self.events)
