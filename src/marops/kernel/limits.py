"""How often one sender may ask: a bucket of tokens for each, in the memory of each process, so that no query is needed.

A bucket holds `burst` tokens and regains `rate` a second. With several web processes each has its share of both, since
a balancer spreads a sender over them; a sender whom it does not spread gets that share alone.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from marops.kernel.errors import MaropsError, problem

TOO_MANY = problem(
    "too-many-requests",
    "That is more than may be asked in this time",
    status=429,
    remedy="Wait as long as Retry-After says, then go on more slowly.",
)
_MOST_SENDERS = 20_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """May it be done, how much is left, and when there is something again (seconds)."""

    allowed: bool
    limit: int
    left: int
    wait: int
    window: int

    def headers(self, name: str) -> dict[str, str]:
        """What the answer tells, in the fields of the IETF's draft `ratelimit-headers`."""
        said = {
            "RateLimit-Policy": f'"{name}";q={self.limit};w={self.window}',
            "RateLimit": f'"{name}";r={self.left};t={self.wait}',
        }
        return said if self.allowed else said | {"Retry-After": str(self.wait)}


@dataclass
class Limiter:
    """Buckets of one kind. `rate` a second, `burst` at once."""

    rate: float
    burst: int
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, sender: str, cost: float = 1.0) -> Verdict:
        """Take `cost` from the sender's bucket; nothing is taken where it does not suffice."""
        moment = self.clock()
        with self._lock:
            full, at = self._buckets.pop(sender, (float(self.burst), moment))
            full = min(float(self.burst), full + (moment - at) * self.rate)
            allowed = full >= min(cost, self.burst)
            full -= cost if allowed else 0.0
            self._buckets[sender] = full, moment
            if len(self._buckets) > _MOST_SENDERS:
                self._buckets.popitem(last=False)
        return self._verdict(full, cost, allowed=allowed)

    def _verdict(self, full: float, cost: float, *, allowed: bool) -> Verdict:
        lacks = max(0.0, (1.0 if allowed else min(cost, self.burst)) - full)
        return Verdict(allowed, self.burst, max(0, int(full)), ceil(lacks / self.rate), ceil(self.burst / self.rate))


def too_many(verdict: Verdict) -> MaropsError:
    """The refusal of one who asked too often."""
    return MaropsError(TOO_MANY, f"Try again in {verdict.wait} seconds.", extra={"retry_after": verdict.wait})
