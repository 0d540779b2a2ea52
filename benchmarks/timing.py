"""How long it takes to read times off a log of a million rows, and to say why its work waited.

python benchmarks/timing.py [ROWS]
"""

import resource
import sys
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from marops.methods.mining import waiting_shares as shares
from marops.methods.mining.log import Log
from marops.methods.mining.structure_order import concurrency, predecessor
from marops.methods.mining.timing import calibrate_timing, people_in
from marops.methods.mining.waiting import split_waiting
from marops.methods.mining.waiting_active import active_periods, bottlenecks, equal_parts

PEOPLE, ACTIVITIES, STEPS = 60, 12, 8


def office(hours):
    """Hours of a round clock squeezed into working days from eight to four."""
    day = np.floor(hours / 24)
    return (day - np.where(day % 7 >= 5, day % 7 - 4, 0)) * 24 + 8 + (hours % 24) / 3


def log_of(rows):
    """Cases of eight steps over three years."""
    rng = np.random.default_rng(1)
    cases = rows // STEPS
    rows = cases * STEPS
    case, step = np.repeat(np.arange(cases), STEPS), np.tile(np.arange(STEPS), cases)
    effort, wait = rng.lognormal(-1, 0.8, rows), rng.exponential(6, rows) * (step > 0)
    arrived = np.sort(rng.uniform(0, 3 * 365 * 24.0, cases))
    ended = office((arrived[:, None] + (effort + wait).reshape(cases, STEPS).cumsum(axis=1)).ravel())
    activity = step + (rng.random(rows) < 0.2) * rng.integers(0, 4, rows)
    person = (activity * 5 + rng.integers(0, 9, rows)) % PEOPLE
    started = np.maximum(ended - effort, 0)
    order = np.lexsort((ended, started, case))
    codes = [column[order].astype(np.int32) for column in (case, activity, person, case % 2)]
    names = [tuple(str(one) for one in range(count)) for count in (cases, ACTIVITIES, PEOPLE, 2)]
    zero = datetime(2023, 1, 2, tzinfo=UTC)
    return Log(zero, ZoneInfo("Europe/Berlin"), *names, *codes, started[order], ended[order], np.full(rows, np.nan))


def timed(name, work):
    since = time.perf_counter()
    answer = work()
    seconds = time.perf_counter() - since
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name:32} {seconds:6.2f} s   peak {peak:6.0f} MB")
    return answer


def active(log, timing):
    periods = active_periods(log.resource, timing.started, log.ended, people_in(log, timing))
    return bottlenecks(periods, PEOPLE, equal_parts(periods))


def main():
    log = log_of(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    print(f"{len(log):,} rows")
    before = timed("what let each row begin", lambda: predecessor(log, concurrency(log)))
    timing = timed("calendars, efforts, delays", lambda: calibrate_timing(log, before))
    waiting = timed("waiting by cause", lambda: split_waiting(log, timing))
    timed("sums with intervals", lambda: (shares.by_activity(log, waiting), shares.by_way(log, waiting, before)))
    timed("longest active period", lambda: active(log, timing))


if __name__ == "__main__":
    main()
