"""How slow this machine is at the moment, so that limits of seconds mean the same wherever they are measured.

Limits are those of a quiet machine of two cores on which the loop below takes 0.14 s. On a slower one, or one whose
cores are busy with other tests, they grow as much as the loop does.
"""

from time import perf_counter
from typing import Final

_USUAL: Final = 0.14
_STEPS: Final = 2_000_000


def pace() -> float:
    """1.0 on the machine that limits are meant for, or a quicker one; 2.0 where the same work takes twice as long."""
    begun, total = perf_counter(), 0
    for step in range(_STEPS):
        total += step
    return max(1.0, (perf_counter() - begun) / _USUAL)


def room(limit: float) -> float:
    """So many seconds may pass here and now, measured right after what took them, for a limit of so many."""
    return limit * pace()
