"""Working time: which hours are worked, how much of a span is, and when so much of it will have passed.

Local times are resolved for each day by itself, never by an offset taken today, so a nine o'clock stays nine o'clock
when summer time begins or ends. Spans are half-open: at the moment one ends, nobody works. Everything that is answered
is in UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
Window = tuple[int, int]
"""From and to, in minutes after local midnight. One that ends at or before its start runs into the next day."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Their short names in documents, Monday first."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAY = timedelta(days=1)
DAY_MINUTES = 24 * 60
FARTHEST = timedelta(days=800)
"""Beyond this, a calendar without another hour of work is taken to have none."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When somebody works: windows by weekday (Monday is 0) in a zone, and the days that are free.

    A window belongs to the day on which it begins: a holiday takes the windows that begin on it, whole.
    """

    zone: ZoneInfo
    week: Mapping[int, tuple[Window, ...]]
    holidays: frozenset[date] = field(default_factory=frozenset)


def local(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    """The instant of so many minutes after midnight on a day in a zone, in UTC.

    A time that the clock skips is the first moment after the gap; one that it shows twice is the first of the two.
    """
    extra, minute = divmod(minutes, DAY_MINUTES)
    wall = datetime.combine(day + timedelta(days=extra), time(minute // 60, minute % 60), tzinfo=zone)
    early, late = wall.utcoffset(), wall.replace(fold=1).utcoffset()
    if early is None or late is None or late <= early:
        return wall.astimezone(UTC)
    plain = wall.replace(tzinfo=UTC)
    return _turn_of_clock(plain - late, plain - early, zone)


def _turn_of_clock(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the offset changes between two instants in UTC."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def spans(hours: Hours, start: datetime, end: datetime) -> Iterator[Span]:
    """The working spans that lie in [start, end), in order, touching ones joined, cut off at both ends."""
    current: Span | None = None
    for begins, ends in _windows(hours, start, end):
        here = max(begins, start), min(ends, end)
        if here[0] >= here[1]:
            continue
        if current is not None and here[0] <= current[1]:
            current = current[0], max(current[1], here[1])
            continue
        if current is not None:
            yield current
        current = here
    if current is not None:
        yield current


def _windows(hours: Hours, start: datetime, end: datetime) -> Iterator[Span]:
    """Windows by day and time of their start, from one that may run into `start` on."""
    day = start.astimezone(hours.zone).date() - 2 * DAY
    last = end.astimezone(hours.zone).date() + DAY
    while day <= last:
        if day not in hours.holidays:
            for first, until in sorted(hours.week.get(day.weekday(), ())):
                whole = until if until > first else until + DAY_MINUTES
                yield local(day, first, hours.zone), local(day, whole, hours.zone)
        day += DAY


def works_at(hours: Hours, at: datetime) -> bool:
    """Is this moment within working hours?"""
    return next(spans(hours, at, at + timedelta(microseconds=1)), None) is not None


def worked(hours: Hours, start: datetime, end: datetime) -> timedelta:
    """How much of [start, end) is working time."""
    return sum((ends - begins for begins, ends in spans(hours, start, end)), timedelta(0))


def next_moment(hours: Hours, at: datetime) -> datetime | None:
    """The first working moment from `at` on (`at` itself if it is one); None where there is none any more."""
    return next((begins for begins, _ in _ahead(hours, at)), None)


def add(hours: Hours, start: datetime, amount: timedelta) -> datetime | None:
    """The earliest instant by which `amount` of working time has passed since `start`.

    Time that is used up at the very end of a span answers that end (Friday 17:00, not Monday 09:00). None where the
    calendar has no such hours ahead.
    """
    left = amount
    if left <= timedelta(0):
        return start
    for begins, ends in _ahead(hours, start):
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    return None


def _ahead(hours: Hours, start: datetime) -> Iterator[Span]:
    """Spans from `start` on, in portions that overlap nothing, until nothing has come for `FARTHEST`."""
    here, quiet_since = start, start
    while here - quiet_since < FARTHEST:
        until = here + 14 * DAY
        for span in spans(hours, here, until):
            quiet_since = span[1]
            yield span
        here = until


@dataclass(frozen=True, slots=True)
class Rung:
    """One working span, and how much working time lies before it since the ladder's foot."""

    begins: datetime
    ends: datetime
    before: timedelta

    @property
    def after(self) -> timedelta:
        """The working time that has passed when it ends."""
        return self.before + (self.ends - self.begins)


def ladder(hours: Hours, start: datetime, end: datetime) -> list[Rung]:
    """The spans of [start, end) with the working time before each, so that a database can add working time by joins."""
    rungs, before = [], timedelta(0)
    for begins, ends in spans(hours, start, end):
        rungs.append(Rung(begins, ends, before))
        before += ends - begins
    return rungs


def parse_window(start: str, end: str) -> Window:
    """`09:00` and `17:00` as a window; `24:00` is the end of the day. Raises ValueError."""
    first, until = _minutes(start), _minutes(end)
    if first in (DAY_MINUTES, until):
        raise ValueError(f"{start} to {end} is no span of time")
    return first, until


def _minutes(text: str) -> int:
    hour, colon, minute = text.partition(":")
    digits = len(hour) == len(minute) == 2 and (hour + minute).isdigit() and (hour + minute).isascii()
    if not (colon and digits):
        raise ValueError(f"{text!r} is no time of day such as 09:00")
    found = int(hour) * 60 + int(minute)
    if int(minute) > 59 or found > DAY_MINUTES:
        raise ValueError(f"{text!r} is no time of day such as 09:00")
    return found


def overlapping(windows: tuple[Window, ...]) -> bool:
    """Do two of these windows of one day share time?"""
    ordered = sorted(windows)
    return any(one[1] <= one[0] or one[1] > two[0] for one, two in pairwise(ordered))
