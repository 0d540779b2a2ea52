"""Why work waited: each hour from when a row could begin to when it began, by its cause.

The causes are those of Lashkevich, Milani, Chapela-Campa, Suvorau and Dumas, "Why am I waiting? Data-driven analysis of
waiting times in business processes" (CAiSE 2023). Batching comes first: pieces that were collected and begun together
waited for the last of them. Of what is left:

- *unavailability*: the person was not there, by their calendar;
- *contention*: they were there and busy, at least with something that could begin no later than this;
- *prioritisation*: they were busy, but only with what could begin later than this;
- *outside*: they were there and free, or nobody is known to have done it. What held the work up is not in the log.

The five add up to the whole wait of each row.
"""

import numpy as np

from marops.methods.mining.calendars import Ints, People
from marops.methods.mining.log import NOBODY, Floats, Log, Timing, Waiting
from marops.methods.mining.timing import batch_ready, people_in
from marops.methods.mining.timing_free import covering, dominated


def split_waiting(log: Log, timing: Timing, people: People | None = None) -> Waiting:
    """The hours that each row waited, by cause in the order of CAUSES."""
    people = people or people_in(log, timing)
    since, until = timing.enabled, timing.started
    ready = np.minimum(batch_ready(timing.batch, since), until) if len(timing.batch) else since
    hours = np.zeros((len(log), 5))
    hours[:, 0] = ready - since
    rows = np.flatnonzero((log.resource != NOBODY) & (until > ready))
    if len(rows):
        open_ = people.between(log.resource[rows], ready[rows], until[rows])
        hours[rows, 3] = np.maximum(until[rows] - ready[rows] - open_, 0.0)
        earlier, busy = _busy(log, people, timing, ready, rows)
        hours[rows, 1] = np.clip(earlier, 0.0, open_)
        hours[rows, 2] = np.clip(busy - earlier, 0.0, open_ - hours[rows, 1])
    rest = until - since - hours.sum(axis=1)
    hours[:, 4] = np.where(rest > 1e-7, rest, 0.0)
    return Waiting(hours, log.ended - until)


def _busy(log: Log, people: People, timing: Timing, ready: Floats, rows: Ints) -> tuple[Floats, Floats]:
    """Of what the person's calendar has between ready and start: the hours they were busy with something that could
    begin no later than the row itself, and with anything at all.
    """
    work = np.flatnonzero((log.resource != NOBODY) & (log.ended > timing.started))
    owner = np.concatenate((log.resource[work], log.resource[work], log.resource[rows], log.resource[rows]))
    moments = np.concatenate((timing.started[work], log.ended[work], ready[rows], timing.started[rows]))
    order = np.lexsort((moments, owner))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    n, q = len(work), len(rows)
    _, rank = np.unique(timing.enabled, return_inverse=True)
    nothing = int(rank.max()) + 1
    in_hand = covering(place[:n], place[n : 2 * n], rank[work].astype(np.int64), len(order), nothing)
    passed = people.until(owner[order], moments[order])
    weight = np.zeros(len(order))
    weight[:-1] = np.where(owner[order][1:] == owner[order][:-1], np.diff(passed), 0.0)
    weight[in_hand == nothing] = 0.0
    low, high = place[2 * n : 2 * n + q], place[2 * n + q :]
    high = np.maximum(low, high)
    earlier = dominated(in_hand, weight, low, high, rank[rows].astype(np.int64) + 1)
    total = np.concatenate(([0.0], np.cumsum(weight)))
    return earlier, total[high] - total[low]
