"""Weekly calendars as Prosimos writes them, as hours of a crew, and back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.exchange.bpsim import number
from marops.domains.workflows.rules.crew import WEEKDAYS, CrewCalendar

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
DAY = 1440
WEEK = 7 * DAY
Spans = list[tuple[float, float]]
"""Minutes of the week, half-open, in order and apart."""
Hours = dict[str, list[list[str]]]
Weights = NDArray[np.float64]


def spans_of(periods: Iterable[Mapping[str, Any]]) -> Spans:
    """Minutes of the week of listed periods. Raises ValueError where one cannot be read."""
    return _runs(_weights(periods) > 0)


def _weights(periods: Iterable[Mapping[str, Any]]) -> Weights:
    """The probability of each minute of the week; where periods share time the greatest holds."""
    found = np.zeros(WEEK)
    for period in periods:
        for begin, end, weight in _pieces(period):
            part = found[round(begin) : round(end)]
            np.maximum(part, weight, out=part)
    return found


def _runs(open_: NDArray[np.bool_]) -> Spans:
    """Where a minute is open and its neighbours are: spans."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], open_, [False]))))
    return [(float(begin), float(end)) for begin, end in edges.reshape(-1, 2)]


def _pieces(period: Mapping[str, Any]) -> Iterable[tuple[float, float, float]]:
    """A period on each of its days; one that ends before it begins runs into the next day."""
    try:
        first, last = (DAYS.index(str(period[key]).upper()) for key in ("from", "to"))
        begin, end = minutes(str(period["beginTime"])), minutes(str(period["endTime"]))
    except (KeyError, ValueError):
        said = ", ".join(f"{key} {period.get(key)!r}" for key in ("from", "to", "beginTime", "endTime"))
        raise ValueError(f"a period of a calendar cannot be read: {said}") from None
    weight = number(period.get("probability", 1.0))
    for day in range(first, last + 1 if last >= first else last + 8):
        until = end + DAY if end <= begin else end
        a, b = day % 7 * DAY + begin, day % 7 * DAY + until
        yield a, min(b, WEEK), 1.0 if weight is None else weight
        if b > WEEK:
            yield 0, b - WEEK, 1.0 if weight is None else weight


def minutes(text: str) -> float:
    """Minutes of a time such as 09:00:00.000; the last second of the day is its end. Raises ValueError."""
    hour, minute, *rest = text.strip().split(":")
    found = int(hour) * 60 + int(minute) + (float(rest[0]) / 60 if rest else 0.0)
    if not 0 <= found <= DAY:
        raise ValueError(text)
    return DAY if found >= DAY - 1 else found


def crisp(periods: Sequence[Mapping[str, Any]], workload: Sequence[Mapping[str, Any]]) -> Spans:
    """Definite hours of a fuzzy calendar: as many as it promises on average, where they are most likely.

    The probability of being there times the share of it that is spent on this work.
    """
    shares = np.minimum(_weights(periods), 1)
    if workload:
        shares = shares * np.minimum(_weights(workload), 1)
    best = np.argsort(-shares, kind="stable")[: round(float(shares.sum()))]
    taken = np.zeros(WEEK, dtype=bool)
    taken[best] = True
    return _runs(taken & (shares > 0))


def joined(spans: Iterable[tuple[float, float]]) -> Spans:
    """The same minutes, in order and apart."""
    found: Spans = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def shared(one: Spans, other: Spans) -> Spans:
    """The minutes that are in both."""
    both = [(max(a, c), min(b, d)) for a, b in one for c, d in other]
    return joined((begin, end) for begin, end in both if begin < end)


def as_hours(spans: Spans) -> Hours:
    """Spans as the hours of a crew's calendar, to the minute; those over midnight are cut there."""
    hours: Hours = {}
    for day, name in enumerate(WEEKDAYS):
        windows = []
        for begin, end in joined(spans):
            a, b = round(max(begin - day * DAY, 0)), round(min(end - day * DAY, DAY))
            if a < b:
                windows.append([_clock(a), _clock(b)])
        if windows:
            hours[name] = windows[:24]
    return hours


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def total(spans: Spans) -> float:
    """Hours a week."""
    return sum(end - begin for begin, end in spans) / 60


def week_of(calendar: CrewCalendar) -> Spans:
    """Minutes of the week of a crew's calendar."""
    found = []
    for day, name in enumerate(WEEKDAYS):
        for start, end in calendar.hours.get(name, ()):  # type: ignore[call-overload]  # a Weekday
            begin, until = minutes(start), minutes(end)
            until = until + DAY if until <= begin else until
            a, b = day * DAY + begin, day * DAY + until
            found.append((a, min(b, WEEK)))
            if b > WEEK:
                found.append((0.0, b - WEEK))
    return joined(found)


def as_periods(spans: Spans) -> list[dict[str, str]]:
    """Spans as Prosimos writes them, one for each day."""
    found = []
    for day, name in enumerate(DAYS):
        for begin, end in spans:
            a, b = max(begin - day * DAY, 0), min(end - day * DAY, DAY)
            if a < b:
                until = "23:59:59" if b >= DAY else f"{_clock(round(b))}:00"
                found.append({"from": name, "to": name, "beginTime": f"{_clock(round(a))}:00", "endTime": until})
    return found


OFFICE: Spans = [(day * DAY + 9 * 60.0, day * DAY + 17 * 60.0) for day in range(5)]
"""Monday to Friday, nine to five."""
