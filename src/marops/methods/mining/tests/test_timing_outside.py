from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from marops.methods.mining.log import Log
from marops.methods.mining.structure_order import FIRST
from marops.methods.mining.timing import outside_of


def log_of(rows):
    """(case, activity, enabled, started, ended) in hours."""
    case, activity, enabled, started, ended = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    code = activity.astype(np.int32)
    zeros = np.zeros(len(rows), dtype=np.int32)
    return Log(
        datetime(2026, 1, 5, tzinfo=UTC), ZoneInfo("UTC"), tuple(map(str, range(9))), ("a", "b", "c"), ("r",), ("k",),
        case.astype(np.int32), code, zeros, zeros, started, ended, enabled,
    )  # fmt: skip


def test_a_timer_before_an_activity_is_outside():
    log = log_of([(0, 0, 0, 0, 1), (0, 1, 3, 3.5, 4), (1, 0, 0, 0, 2), (1, 1, 4, 4, 5), (1, 2, 5, 6, 7)])
    found = outside_of(log, np.array([FIRST, 0, FIRST, 2, 3]))
    # Two hours before b, nothing before c: waiting for somebody there is none of it.
    assert set(found) == {1}
    assert found[1].amount.kind == "fixed"
    assert found[1].amount.mean == pytest.approx(2.0)


def test_without_enabled_times_nothing_is_known_of_timers():
    nan = float("nan")
    log = log_of([(0, 0, nan, 0, 1), (0, 1, nan, 3, 4)])
    assert outside_of(log, np.array([FIRST, 0])) == {}
