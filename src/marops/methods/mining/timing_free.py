"""When people were there and had nothing in hand, and the moments of many owners in one sorted row."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.calendars import Ints, People, Spans, spans
from marops.methods.mining.log import NOBODY, Codes, Floats

TICK: Final = 1 / 60
"""A pause shorter than a minute is a change of paper, not free time."""


@dataclass(frozen=True, slots=True)
class Free:
    """Stretches in which their owner was there with nothing in hand, by owner and beginning."""

    owner: Ints
    starts: Floats
    ends: Floats

    def of(self, owners: tuple[int, ...], people: int) -> Spans:
        """When at least one of these was free."""
        wanted = np.zeros(people, dtype=np.bool_)
        wanted[list(owners)] = True
        kept = wanted[self.owner]
        return spans(self.starts[kept], self.ends[kept])

    def hours(self, owner: Codes, since: Floats, until: Floats) -> Floats:
        """Free hours of an owner between two moments (to a tenth of a second)."""
        if not len(self.starts):
            return np.zeros(len(owner))
        zero = min(float(self.starts.min()), float(since.min(initial=np.inf)))
        width = 2.0 ** np.ceil(np.log2(max(float(self.ends.max()), float(until.max(initial=0.0))) - zero + 2))
        keys = self.owner * width + (self.starts - zero)
        before = np.concatenate(([0.0], np.cumsum(self.ends - self.starts)))

        def passed(moments: Floats) -> Floats:
            at = np.searchsorted(keys, owner * width + (moments - zero), side="right") - 1
            here = np.maximum(at, 0)
            inside = np.clip(moments, self.starts[here], self.ends[here]) - self.starts[here]
            own = (at >= 0) & (self.owner[here] == owner)
            return np.asarray(before[at + 1] - np.where(own, self.ends[here] - self.starts[here] - inside, 0.0))

        return np.asarray(passed(until) - passed(since))


def free_time(people: People, count: int, resource: Codes, started: Floats, ended: Floats) -> Free:
    """The free time of each of `count` people: within their calendar, without a row in hand, a minute at least."""
    rows = np.flatnonzero((resource != NOBODY) & (ended > started))
    begins, ends = [started[rows]], [ended[rows]]
    owners: list[Ints] = [resource[rows].astype(np.int64)]
    for at in range(count):
        calendar = people.of(at)
        begins.append(calendar.starts)
        ends.append(calendar.ends)
        owners.append(np.full(len(calendar.starts), at, dtype=np.int64))
    since, until, owner = np.concatenate(begins), np.concatenate(ends), np.concatenate(owners)
    busy = np.zeros(len(since), dtype=np.int64)
    busy[: len(rows)] = 1
    return _neither(since, until, owner, busy)


def _neither(since: Floats, until: Floats, owner: Ints, busy: Ints) -> Free:
    """Stretches of open intervals (busy 0) that no busy interval (1) of the same owner covers."""
    moments = np.concatenate((since, until))
    owners = np.concatenate((owner, owner))
    order = np.lexsort((moments, owners))
    moments, owners = moments[order], owners[order]
    in_hand = np.cumsum(np.concatenate((busy, -busy))[order])
    opened = np.cumsum(np.concatenate((1 - busy, busy - 1))[order])
    here = np.flatnonzero((in_hand[:-1] == 0) & (opened[:-1] > 0) & (moments[1:] - moments[:-1] > TICK))
    return Free(owners[here], moments[here], moments[here + 1])


def covering(low: Ints, high: Ints, value: Ints, size: int, none: int) -> Ints:
    """For each of `size` places the least value of all intervals [low, high) that cover it; `none` where none does.

    An interval is two overlapping ones whose length is a power of two; these are handed down, longest first, each to
    its two halves.
    """
    found = np.full(size, none, dtype=np.int64)
    kept = np.flatnonzero(high > low)
    if not len(kept):
        return found
    low, high, value = low[kept], high[kept], value[kept]
    level = np.frexp((high - low).astype(np.float64))[1] - 1
    for power in range(int(level.max()), -1, -1):
        these = np.flatnonzero(level == power)
        np.minimum.at(found, low[these], value[these])
        np.minimum.at(found, high[these] - (1 << power), value[these])
        if power:
            half = 1 << (power - 1)
            handed = found.copy()
            np.minimum(found[half:], found[:-half], out=handed[half:])
            found = handed
    return found


def dominated(values: Ints, weights: Floats, low: Ints, high: Ints, below: Ints) -> Floats:
    """For each question the sum of the weights at places low ≤ place < high whose value is less than `below`.

    The places are split by the bits of their values, highest first, as in a wavelet matrix (Claude and Navarro, 2012);
    all questions walk down together.
    """
    found = np.zeros(len(low))
    low, high = low.copy(), high.copy()
    bits = max(int(max(values.max(initial=0), below.max(initial=0))).bit_length(), 1)
    for bit in range(bits - 1, -1, -1):
        zero = (values >> bit) & 1 == 0
        zeros = np.concatenate(([0], np.cumsum(zero)))
        passed = np.concatenate(([0.0], np.cumsum(np.where(zero, weights, 0.0))))
        up = (below >> bit) & 1 == 1
        found += np.where(up, passed[high] - passed[low], 0.0)
        low = np.where(up, zeros[-1] + low - zeros[low], zeros[low])
        high = np.where(up, zeros[-1] + high - zeros[high], zeros[high])
        order = np.concatenate((np.flatnonzero(zero), np.flatnonzero(~zero)))
        values, weights = values[order], weights[order]
    return found


Flags = NDArray[np.bool_]
