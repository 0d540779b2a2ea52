"""What is simulated: work items that move through nodes, people who do the work, and when both happen.

A model is plain data, compiled from workflow documents by whoever has them. All times are hours (float) on one clock
whose zero is the start of what is reported; what happens before it, from `Model.begin` on, is warm-up. Whoever builds
a model has checked it: the kernel's answers to a contradictory one mean nothing.

Identity matters: every draw is a hash of (seed, replication, class key, number of the case, node key, visit, purpose).
Two models whose classes and nodes have the same keys see the same luck, whatever else is added to one of them
(common random numbers).
"""

from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ELAPSED: Final = -1
"""As the index of a calendar: the clock on the wall, day and night."""
NOBODY: Final = -1
FOREVER: Final = 1e12
"""Later than anything that is simulated, in hours."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A distribution of hours (or of a pure number) by its kind and named parameters.

    | kind | parameters |
    | --- | --- |
    | `fixed` | value |
    | `exponential` | mean |
    | `uniform` | low, high |
    | `triangular` | low, mode, high |
    | `normal` | mean, sd of the untruncated one; below `low` (at least 0) or above `high` it is drawn again |
    | `lognormal` | mean, sd of the value itself, not of its logarithm |
    | `gamma` | mean, sd |
    | `quantiles` | values at the shares 0, 1/(n-1), … 1, between which it is linear |

    `low` and `high`, where given to another kind, cut off: what is outside becomes the limit itself.
    """

    kind: Literal["fixed", "exponential", "uniform", "triangular", "normal", "lognormal", "gamma", "quantiles"]
    mean: float = 0.0
    sd: float = 0.0
    low: float | None = None
    high: float | None = None
    mode: float = 0.0
    values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """When something is open: half-open spans in hours, in order and apart, from `begin` to beyond the end."""

    starts: Floats
    ends: Floats


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from a node to another. Of a node that splits to one, each is taken with its probability.

    `at_most`: how often one case may take it (0: as often as it likes). Where it may no longer, the others share its
    probability in proportion to their own; so rework ends.
    """

    to: int
    probability: float = 1.0
    at_most: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Work is collected until there are `size` pieces, or the first has waited `wait` hours on the wall's clock.

    Then all are let go at once. `together`: they are one job of one person, whose effort is the largest effort of all
    plus `each` times the efforts of the others, and they are done at the same moment.
    """

    size: int
    wait: float = FOREVER
    together: bool = False
    each: float = 1.0


@dataclass(frozen=True, slots=True)
class Node:
    """A step, or a gate that takes no time. A token passes, in this order: join, outside, delay, batch, the opening
    hours of the node, the queue for a person, the work, the split.

    `key`: its identity for draws, such as `webinar/legal-review`; two nodes may share one (an old and a new version of
    the same step). `outside` is waiting that nobody of ours shortens; `delay` is that people do other things first;
    each runs on its clock (a calendar's index or ELAPSED). `opens`: the calendar within which work may begin here; work
    begun goes on. `limit`: how many jobs may be in hand at a time (0: any; pieces done together are one). `classes`:
    the classes that have work here; the others pass through without time. None: all. `alone`: nobody is needed, the
    work takes its hours on `alone_clock`. `repeat`: the effort of the second and later visits as a share. `cost` falls
    due at each completion.

    A join waits for a token on each of its edges, every time anew. With `once` it has waited for good when all have
    come once: work that comes back into one of its branches passes alone, since the others are done. A node that splits
    to all `reopens` such joins: from then on they wait for all of its branches again.
    """

    key: str
    workflow: int
    effort: Amount | None = None  # None: a gate
    repeat: float = 1.0
    alone: bool = False
    alone_clock: int = ELAPSED
    outside: Amount | None = None
    outside_clock: int = ELAPSED
    delay: Amount | None = None
    delay_clock: int = ELAPSED
    batch: Batch | None = None
    opens: int = ELAPSED
    limit: int = 0
    join_all: bool = False
    once: bool = False
    reopens: tuple[int, ...] = ()
    split_all: bool = False
    edges: tuple[Edge, ...] = ()
    classes: frozenset[int] | None = None
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Ability:
    """That a person can do a node from a moment to another, at a speed (2: in half the time)."""

    node: int
    speed: float = 1.0
    since: float = -FOREVER
    until: float = FOREVER


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works: when, on what, how fast.

    `calendar` already lacks absences and the time before they come and after they go. Work that runs into a gap pauses
    and goes on after it. `share`: the part of their working time that these workflows get: work of one hour takes
    1/share hours of their calendar, of which one hour counts as worked. `at_once`: so many pieces in hand at a time;
    with n in hand each gets 1/n of them. `ramp`: (hour, factor) points of their speed, linear between, held outside;
    read when a piece begins. `cost`: of an hour worked.
    """

    key: str
    calendar: int
    abilities: tuple[Ability, ...]
    share: float = 1.0
    at_once: int = 1
    ramp: tuple[tuple[float, float], ...] = ()
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When cases of a class come in: points of a process with unit rate, put through the inverse of a cumulative rate.

    `gap`: distribution of the distance between points, mean 1 (exponential: Poisson arrivals). `hours`, `expected`:
    the cumulative rate, piecewise linear, not falling; where it is level nothing arrives. `times`: instead of all that,
    the very moments. With the same keys a demand 20 % higher brings the same cases, only closer together.
    """

    gap: Amount = field(default_factory=lambda: Amount("exponential", mean=1.0))
    hours: Floats = field(default_factory=lambda: np.zeros(0))
    expected: Floats = field(default_factory=lambda: np.zeros(0))
    times: Floats | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """From this hour on, cases of a class start at this node. Those that came before go on as they began."""

    since: float
    node: int


@dataclass(frozen=True, slots=True)
class WorkClass:
    """A kind of work item. Higher `priority` goes first wherever people choose. `due`: hours after arrival on
    `due_clock`; None: no date.
    """

    key: str
    workflow: int
    arrivals: Arrivals
    entries: tuple[Entry, ...]
    priority: int = 0
    due: Amount | None = None
    due_clock: int = ELAPSED


@dataclass(frozen=True, slots=True)
class Flow:
    """A workflow as far as all its classes share it. `limit`: cases in work at a time (0: any); what comes beyond
    waits before the first node, best first by the queue's order, or is refused. `limits`: (hour, limit) from when on
    another one holds; whoever is in work by then stays, whoever waits comes in as far as there is room. `by_due`: among
    equal priorities the earliest due date goes first, else who waits longest at the node.
    """

    key: str
    limit: int = 0
    refuse: bool = False
    by_due: bool = False
    limits: tuple[tuple[float, int], ...] = ()

    @property
    def last_limit(self) -> int:
        """The one that holds in the end."""
        return self.limits[-1][1] if self.limits else self.limit


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of work that is there already at `Model.begin`, at a node.

    `stage`: `outside` or `delay` (with `left` hours still to run on that clock), `queue`, `done` (it goes on from
    the node at once), or `work` in the hands of `person` (or of nobody, where the node is done alone) with `left`
    hours of effort, at that person's speed. `case`: tokens of one case share it; negative numbers keep clear of
    those to come. Where branches come together ahead of a case, those in which it has no token are done.
    """

    case: int
    work_class: int
    node: int
    stage: Literal["outside", "delay", "queue", "work", "done"]
    arrived: float
    due: float = FOREVER
    since: float = 0.0
    left: float = 0.0
    person: int = NOBODY
    visit: int = 1


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that is simulated from `begin` (at most 0) to `end`; `months`: edges of the reported periods, the
    first is 0, the last is `end`.
    """

    flows: tuple[Flow, ...]
    nodes: tuple[Node, ...]
    classes: tuple[WorkClass, ...]
    people: tuple[Person, ...]
    calendars: tuple[Calendar, ...]
    months: tuple[float, ...]
    begin: float = 0.0
    tokens: tuple[Token, ...] = ()

    @property
    def end(self) -> float:
        """The last moment."""
        return self.months[-1]
