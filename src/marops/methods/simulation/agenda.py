"""The list of future events: a binary heap in which everything that may happen stands at most once.

Of events at the same moment the order is: work ends, timers run out, batches are let go, nodes open and limits change,
cases arrive, people wake up; within a kind, in the order in which they were set. Only then people choose (`dispatch`),
knowing all that has happened at that moment. What would happen at the end or later is never set.
"""

from typing import Final

from marops.methods.simulation.compiled import compiled
from marops.methods.simulation.layout import NONE, agenda_of, place_of
from marops.methods.simulation.rows import World

WORK: Final = 0
TIMER: Final = 1
BATCH: Final = 2
OPENING: Final = 3
ARRIVAL: Final = 4
WAKE: Final = 5
_RANK: Final = 1 << 48


@compiled
def _put(w: World, at: int, time: float, order: int, what: int) -> None:
    row = agenda_of(w, at)
    row.time = time
    row.order = order
    row.what = what
    place_of(w, what).n = at


@compiled
def _rise(w: World, at: int, time: float, order: int, what: int) -> None:
    while at > 0:
        above = agenda_of(w, (at - 1) >> 1)
        if above.time < time or (above.time == time and above.order < order):
            break
        _put(w, at, above.time, above.order, above.what)
        at = (at - 1) >> 1
    _put(w, at, time, order, what)


@compiled
def _sink(w: World, at: int, time: float, order: int, what: int) -> None:
    size = w.agenda_size
    below = 2 * at + 1
    while below < size:
        row = agenda_of(w, below)
        if below + 1 < size:
            other = agenda_of(w, below + 1)
            if other.time < row.time or (other.time == row.time and other.order < row.order):
                row = other
                below += 1
        if time < row.time or (time == row.time and order < row.order):
            break
        _put(w, at, row.time, row.order, row.what)
        at = below
        below = 2 * at + 1
    _put(w, at, time, order, what)


@compiled
def forget(w: World, what: int) -> None:
    """Take something off the list, if it is there."""
    at = place_of(w, what).n
    if at < 0:
        return
    place_of(w, what).n = NONE
    w.agenda_size -= 1
    if at == w.agenda_size:
        return
    last = agenda_of(w, w.agenda_size)
    time, order, moved = last.time, last.order, last.what
    row = agenda_of(w, at)
    if time < row.time or (time == row.time and order < row.order):
        _rise(w, at, time, order, moved)
    else:
        _sink(w, at, time, order, moved)


@compiled
def plan(w: World, time: float, kind: int, what: int) -> None:
    """Let something happen at a moment, instead of when it would have happened."""
    forget(w, what)
    if time >= w.end:
        return
    w.sequence += 1
    w.agenda_size += 1
    _rise(w, w.agenda_size - 1, time, kind * _RANK + w.sequence, what)


@compiled
def taken(w: World) -> int:
    """Take the next event off the list."""
    what = agenda_of(w, 0).what
    place_of(w, what).n = NONE
    w.agenda_size -= 1
    if w.agenda_size > 0:
        last = agenda_of(w, w.agenda_size)
        _sink(w, 0, last.time, last.order, last.what)
    w.events += 1
    return what
