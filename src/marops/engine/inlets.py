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
from marops.kernel import ports
from marops.kernel.clock import now

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
        for _ in range(ROUNDS):
            if stop.is_set() or not (taken := one.run(as_of)):
                break
            rows += taken
        if rows:
            note_stage(one.name, rows, time.monotonic() - began, lag=(now() - since).total_seconds())
            told.add(one.name, rows)
        total += rows
    return total
