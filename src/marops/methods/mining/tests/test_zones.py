from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from marops.methods.mining.log import Log
from marops.methods.mining.zones import likely_reading, rewritten

ZERO = datetime(2026, 1, 1, tzinfo=UTC)
BERLIN, NONE = ZoneInfo("Europe/Berlin"), ZoneInfo("UTC")


def log_of(moments, zone=NONE):
    """Pieces of work that begin at these instants."""
    started = np.array([(one - ZERO) / timedelta(hours=1) for one in moments])
    n = len(started)
    zeros = np.zeros(n, dtype=np.int32)
    return Log(ZERO, zone, ("c",), ("a",), ("r",), ("k",), zeros, zeros, zeros, zeros, started, started + 0.1,
               np.full(n, np.nan))  # fmt: skip


def workdays(zone, since=9, until=17):
    """Half-hourly starts in a year of office days by a zone's clock."""
    for day in range(364):
        for half in range(2 * since, 2 * until):
            local = datetime(2026, 1, 1, tzinfo=zone) + timedelta(days=day, minutes=30 * half)
            if local.weekday() < 5:
                yield local


def test_office_hours_by_a_clock_with_summer_time():
    found = likely_reading(log_of(workdays(BERLIN)), naive=False)
    assert (found.written, found.people) == (NONE, BERLIN)
    at_home = likely_reading(log_of(workdays(BERLIN)), naive=False, home="Europe/Warsaw")
    assert at_home.people == ZoneInfo("Europe/Warsaw")


def test_local_times_of_people_who_know_no_summer_time():
    # Work from 8 to 16 by UTC, written down in Berlin's time and read as if it were UTC.
    written = [one.astimezone(BERLIN).replace(tzinfo=UTC) for one in workdays(UTC, 8, 16)]
    found = likely_reading(log_of(written), naive=True)
    assert found.people == NONE
    july = ZERO + timedelta(days=190)
    assert ZERO.astimezone(found.written).utcoffset() != july.astimezone(found.written).utcoffset()
    # Times that say their zone are believed.
    assert likely_reading(log_of(written), naive=False).written == NONE


def test_without_a_turn_of_the_clock_nothing_is_concluded():
    january = [one for one in workdays(BERLIN) if one.month == 1]
    found = likely_reading(log_of(january), naive=True)
    assert (found.written, found.people) == (NONE, NONE)


def test_work_round_the_clock_says_nothing():
    moments = [ZERO + timedelta(minutes=37 * n) for n in range(8000)]
    found = likely_reading(log_of(moments), naive=True)
    assert (found.written, found.people) == (NONE, NONE)


@pytest.mark.parametrize("month", [1, 7])
def test_the_same_hands_of_the_clock_in_another_zone(month):
    moment = datetime(2026, month, 15, 9, tzinfo=UTC)
    log = log_of([moment])
    again = ZERO + timedelta(hours=float(rewritten(log, log.started, BERLIN)[0]))
    assert again.astimezone(BERLIN).replace(tzinfo=UTC) == moment
    there = rewritten(log, log.started, BERLIN)
    back = rewritten(replace(log, zone=BERLIN), there, NONE)
    assert back[0] == pytest.approx(log.started[0])
