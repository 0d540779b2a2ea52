"""Hours of work of each row: within the calendar of who did it, and divided among what they had in hand at once.

Dividing overlapping work follows Estrada-Torres, Camargo, Dumas, García-Bañuelos, Mahdy and Yerokhin, "Discovering
business process simulation models in the presence of multitasking and availability constraints" (DKE 2021): with n
pieces in hand each moment counts 1/n for each of them.

Work that began before the calendar opens or ended after it closes was done then all the same: up to two hours of it at
either end count as open for that person, and the whole of a piece that lies entirely outside and took at most half a
day.
"""

from typing import Final

import numpy as np

from marops.methods.mining.calendars import Ints, People, Spans
from marops.methods.mining.log import NOBODY, Codes, Floats
from marops.methods.mining.timing_free import TICK

EXTRA: Final = 2.0
"""So many hours before opening and after closing are believed."""
_WHOLE: Final = 12.0


def worked_hours(people: People, resource: Codes, started: Floats, ended: Floats) -> Floats:
    """Hours of work of each row. Of rows without a resource: the hours on the wall."""
    found = ended - started
    rows = np.flatnonzero((resource != NOBODY) & (found > 0))
    if not len(rows):
        return found
    who, since, until = resource[rows], started[rows], ended[rows]
    extra_rows, extra_since, extra_until = _beyond(people, who, since, until)
    found[rows] = _divided(
        people,
        np.concatenate((who, who[extra_rows])),
        np.concatenate((since, extra_since)),
        np.concatenate((until, extra_until)),
        len(rows),
    )
    return found


def _beyond(people: People, who: Codes, since: Floats, until: Floats) -> tuple[Ints, Floats, Floats]:
    """Stretches of work outside the calendar that are believed: their rows, beginnings and ends."""
    rows: list[Ints] = []
    begins: list[Floats] = []
    ends: list[Floats] = []
    for calendar, here in people.groups(who):
        if calendar is None:
            continue
        for which, since_, until_ in _stretches(calendar, since[here], until[here]):
            rows.append(here[which])
            begins.append(since_)
            ends.append(until_)
    if not rows:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    return np.concatenate(rows), np.concatenate(begins), np.concatenate(ends)


def _stretches(calendar: Spans, since: Floats, until: Floats) -> list[tuple[Ints, Floats, Floats]]:
    """Before opening and after closing, for the rows that begin or end there."""
    closed = np.flatnonzero(~calendar.open_at(since))
    closes, opens = calendar.gap(since[closed])
    inside = opens >= until[closed]
    whole = inside & (until[closed] - since[closed] <= _WHOLE)
    reach = np.where(inside | (since[closed] - closes > TICK), EXTRA, 0.0)  # begun as it closed: begun next morning
    early = np.minimum(np.minimum(until[closed], opens), since[closed] + reach)
    before = closed, since[closed], np.where(whole, until[closed], early)
    last = np.nextafter(until, -np.inf)
    late = np.flatnonzero(~calendar.open_at(last))
    closes, opens = calendar.gap(last[late])
    reach = np.where((since[late] >= closes) | (opens - until[late] > TICK), EXTRA, 0.0)
    after = late, np.maximum(np.maximum(since[late], closes), until[late] - reach), until[late]
    return [before, after]


def _divided(people: People, who: Codes, since: Floats, until: Floats, pieces: int) -> Floats:
    """Hours of the first `pieces` intervals, the rest being stretches in which their owner worked although closed."""
    total = len(who)
    owner = np.concatenate((who, who))
    moments = np.concatenate((since, until))
    in_hand = np.where(np.arange(total) < pieces, 1, 0)
    order = np.lexsort((moments, owner))
    sorted_ = moments[order]
    hand = np.cumsum(np.concatenate((in_hand, -in_hand))[order])
    believed = np.cumsum(np.concatenate((1 - in_hand, in_hand - 1))[order])
    open_ = people.until(owner[order], sorted_)
    step = np.where(believed[:-1] > 0, np.diff(sorted_), np.diff(open_))
    step[owner[order][1:] != owner[order][:-1]] = 0.0
    share = np.concatenate(([0.0], np.cumsum(step / np.maximum(hand[:-1], 1))))
    place = np.empty(2 * total, dtype=np.int64)
    place[order] = np.arange(2 * total)
    return np.asarray(np.maximum(share[place[total : total + pieces]] - share[place[:pieces]], 0.0))
