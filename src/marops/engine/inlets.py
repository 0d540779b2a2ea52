"""What comes in from outside between ticks: asked about with the engine's pulse, taken in before its stages.

A stage works on contacts that changed; an inlet is where such changes come from.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from marops.engine.tick import Told, note_stage
from marops.kernel import outages, ports
from marops.kernel.clock import now
from marops.kernel.notices import raise_problem, settle

log = logging.getLogger("marops.engine")

ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Inlet:
    """`waiting` is a query in SQL for the moment since when something waits, NULL while nothing does; `run` takes a
    bounded part of it in, in a transaction of its own, and answers how many rows that were.
    """

    name: str
    says: str
    waiting: str
    run: Callable[[datetime], int]


def inlets() -> list[Inlet]:
    """The registered inlets, in order."""
    return [filler.value for filler in ports.inlets]


def waiting_sql() -> str:
    """An expression for the pulse: since when each inlet has something waiting."""
    parts = [f"({one.waiting})" for one in inlets()]
    return f"ARRAY[{', '.join(parts) or 'NULL'}]::timestamptz[]"


def take_in(waiting: Mapping[str, datetime], as_of: datetime, told: Told, stop: threading.Event) -> int:
    """Let those inlets run that have something waiting, until it is all in or the stages should have their turn."""
    total = 0
    for one in inlets():
        since = waiting.get(one.name)
        if since is None:
            continue
        began, rows = time.monotonic(), 0
        try:
            for _ in range(ROUNDS):
                if stop.is_set() or not (taken := one.run(as_of)):
                    break
                rows += taken
            _works(one)
        except Exception as error:
            if not outages.reachable():
                raise
            _failed(one, error)
        if rows:
            note_stage(one.name, rows, time.monotonic() - began, lag=(now() - since).total_seconds())
            told.add(one.name, rows)
        total += rows
    return total


_failing: set[str] = set()


def _failed(inlet: Inlet, error: Exception) -> None:
    """An inlet that fails keeps nobody else waiting; it is tried again at the next turn."""
    _failing.add(inlet.name)
    log.error("%s failed: %s at %s", inlet.name, type(error).__name__, outages.places(error))
    raise_problem(
        f"engine:inlet:{inlet.name}",
        f"What comes in cannot be taken in: {inlet.says}",
        detail=type(error).__name__,
        remedy="The engine tries again by itself. If this line stays, run marops doctor and look at the log.",
        severity="bad",
    )


def _works(inlet: Inlet) -> None:
    if inlet.name in _failing:
        _failing.discard(inlet.name)
        settle(f"engine:inlet:{inlet.name}")
