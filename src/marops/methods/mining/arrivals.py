"""How cases come in, class by class: when, how many, in which months, and how evenly."""

from typing import Final

import numpy as np

from marops.methods.mining.calendars import ALWAYS, Clock, Spans, hours_a_week, laid_out, months
from marops.methods.mining.calendars_found import CalendarRules, pool_of, seen_at
from marops.methods.mining.log import Floats, FoundAmount, FoundArrivals, Log, WeekHours
from marops.methods.mining.timing_amounts import around, fit
from marops.methods.simulation.model import Amount

WEEKS_A_MONTH: Final = 365.2425 / 7 / 12
_TWO_YEARS = 2 * 365.2425 * 24
_MONTHS = 12
_STRETCHES = 20


def arrivals_of(log: Log, clock: Clock, begun: Floats, rules: CalendarRules) -> dict[int, FoundArrivals]:
    """Arrivals by class; `begun` is when each row could begin."""
    arrived = np.full(len(log.cases), np.inf)
    np.minimum.at(arrived, log.case, begun)
    classes = np.full(len(log.cases), -1, dtype=np.int64)
    classes[log.case[::-1]] = log.work_class[::-1]
    found = {}
    for one in range(len(log.classes)):
        moments = np.sort(arrived[(classes == one) & np.isfinite(arrived)])
        if len(moments):
            found[one] = arrivals(clock, moments, rules)
    return found


def arrivals(clock: Clock, moments: Floats, rules: CalendarRules) -> FoundArrivals:
    """What sorted moments of arrival say."""
    hours = pool_of(seen_at(clock, moments, rules.granule), rules)
    open_ = laid_out(clock, hours.week)
    if len(moments) < 3 or open_.until(moments[-1:])[0] <= open_.until(moments[:1])[0]:
        hours = WeekHours(dict(ALWAYS), "assumed")
        open_ = laid_out(clock, hours.week)
    seasons = _seasons(clock, open_, moments)
    per_month = hours_a_week(hours.week) * WEEKS_A_MONTH
    if len(moments) < 3 or moments[-1] <= moments[0]:
        return _too_few(clock, len(moments), hours, open_, per_month)
    gaps = np.diff(_expected(clock, open_, seasons, moments))
    mean = float(gaps.mean())
    low, high = _around(gaps)
    return FoundArrivals(
        1 / mean,
        per_month / mean,
        tuple(float(one) for one in seasons),
        fit(gaps / mean),
        hours,
        len(moments),
        per_month / high,
        per_month / low if low > 0 else float("inf"),
    )


def _around(gaps: Floats) -> tuple[float, float]:
    """The 90 per cent interval of the mean gap; where there are many, from means of stretches of them: what comes in
    bursts, or was smoothed by a queue, has gaps that depend on each other.
    """
    if len(gaps) < _STRETCHES * 4:
        return around(float(gaps.mean()), float(gaps.std(ddof=1)), len(gaps))
    long = len(gaps) // _STRETCHES
    means = gaps[: long * _STRETCHES].reshape(_STRETCHES, long).mean(axis=1)
    return around(float(gaps.mean()), float(means.std(ddof=1)), _STRETCHES)


def _too_few(clock: Clock, count: int, hours: WeekHours, open_: Spans, per_month: float) -> FoundArrivals:
    """One or two cases, or all at one moment: so many in the time that the log covers, but not in less than a month."""
    rate = count / max(open_.total, per_month)
    gap = FoundAmount(Amount("exponential", mean=1.0), 0, "assumed")
    return FoundArrivals(rate, rate * per_month, (1.0,) * _MONTHS, gap, hours, count)


def _expected(clock: Clock, open_: Spans, seasons: Floats, moments: Floats) -> Floats:
    """Open hours to each moment, those of busy months counting for more."""
    if np.all(seasons == 1.0):
        return open_.until(moments)
    edges, month = months(clock)
    weights = seasons[month - 1]
    at_edges = open_.until(edges)
    before = np.concatenate(([0.0], np.cumsum(np.diff(at_edges) * weights[:-1])))
    at = np.clip(np.searchsorted(edges, moments, side="right") - 1, 0, len(edges) - 1)
    return np.asarray(before[at] + (open_.until(moments) - at_edges[at]) * weights[at])


def _seasons(clock: Clock, open_: Spans, moments: Floats) -> Floats:
    """The factor of each calendar month, drawn towards 1 as far as chance would explain it; 1 in less than two years.

    A count of so many arrivals varies as its gaps do (squared coefficient of variation); what months vary beyond that
    is theirs.
    """
    even = np.ones(_MONTHS)
    if len(moments) < 2 * _MONTHS or moments[-1] - moments[0] < _TWO_YEARS:
        return even
    edges, month = months(clock)
    cut = np.clip(edges, moments[0], moments[-1])
    counts = np.diff(np.searchsorted(moments, cut, side="left")).astype(np.float64)
    counts[np.searchsorted(edges, moments[-1], side="right") - 1] += 1
    open_hours = np.diff(open_.until(cut))
    rate = counts.sum() / max(float(open_hours.sum()), 1e-9)
    seen = np.bincount(month[:-1], weights=counts, minlength=13)[1:]
    expected = np.bincount(month[:-1], weights=open_hours, minlength=13)[1:] * rate
    if np.any(expected < 1):
        return even
    gaps = np.diff(open_.until(moments))
    uneven = max(float(gaps.var() / max(gaps.mean(), 1e-12) ** 2), 0.05)
    apart = float(np.var(seen / expected, ddof=1) - np.mean(uneven / expected))
    if apart <= 0:
        return even
    pull = uneven / apart
    factors = (seen + pull) / (expected + pull)
    return np.asarray(factors * expected.sum() / (factors * expected).sum())
