"""Weekly hours laid over the moments of a log: which of them are open, and how many open hours lie between two.

Everything works on arrays. Local time is looked up for each moment by itself, from the moments at which the zone's
clock is changed, so nine o'clock stays nine o'clock when summer time begins or ends. Conventions are those of
`methods/worktime.py`: a window that ends at or before its start runs into the next day; a local time that the clock
skips is the first moment after the gap, one that it shows twice is the first of the two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.log import NOBODY, Codes, Floats, WeekHours
from marops.methods.simulation.model import Calendar

DAY: Final = 24.0
DAY_MINUTES: Final = 1440
ALWAYS: Final[Mapping[int, tuple[tuple[int, int], ...]]] = dict.fromkeys(range(7), ((0, DAY_MINUTES),))
"""Day and night."""
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Clock:
    """The local clock over a stretch of time. Local hours count from a Monday's midnight; `turns` are the moments
    (hours since the log's zero) at which the zone's offset changes, `shifts` what is added to a moment to get local
    hours: before the first turn, between the first and the second, and so on.
    """

    turns: Floats
    shifts: Floats
    begin: float
    end: float
    monday: date

    def local(self, moments: Floats) -> Floats:
        """Local hours since the Monday."""
        return moments + self.shifts[np.searchsorted(self.turns, moments, side="right")]

    def moment(self, local: Floats) -> Floats:
        """The moments at which the local clock shows these hours."""
        switch = self.turns + self.shifts[:-1]
        after = np.searchsorted(switch, local, side="right")
        plain = local - self.shifts[after]
        gap = np.concatenate(([-np.inf], self.turns))[after]
        return np.maximum(plain, gap)


def clock_of(zero: datetime, zone: ZoneInfo, begin: float, end: float) -> Clock:
    """The clock of a zone from `begin` to `end`, hours since `zero`."""
    first = (zero + timedelta(hours=begin)).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first -= timedelta(days=1)
    days = int((end - begin) / DAY) + 4
    marks = [first + timedelta(days=day) for day in range(days)]
    offsets = [_offset(mark, zone) for mark in marks]
    turns = [_turn(marks[at], marks[at + 1], zone) for at in range(days - 1) if offsets[at] != offsets[at + 1]]
    kept = [offsets[0], *(_offset(turn, zone) for turn in turns)]
    monday = (first - timedelta(days=first.weekday() + 7)).replace(tzinfo=UTC)
    base = (zero - monday).total_seconds() / 3600
    return Clock(
        np.array([(turn - zero).total_seconds() / 3600 for turn in turns], dtype=np.float64),
        np.array([base + offset.total_seconds() / 3600 for offset in kept], dtype=np.float64),
        begin,
        end,
        monday.date(),
    )


def months(clock: Clock) -> tuple[Floats, NDArray[np.int64]]:
    """The moments at which local months begin, from the one that runs at the clock's beginning to the one after its
    end, and which calendar month (1–12) each is.
    """
    first, last = (
        clock.monday + timedelta(days=int(local // DAY)) for local in clock.local(np.array([clock.begin, clock.end]))
    )
    numbers = np.arange(first.year * 12 + first.month - 1, last.year * 12 + last.month + 1)
    days = [date(int(number) // 12, int(number) % 12 + 1, 1) for number in numbers]
    local = np.array([(day - clock.monday).days * DAY for day in days])
    return clock.moment(local), numbers % 12 + 1


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta(0)


def _turn(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second at which the offset changes between two instants."""
    offset = _offset(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if _offset(middle, zone) == offset:
            before = middle
        else:
            after = middle
    return after


@dataclass(frozen=True, slots=True)
class Spans:
    """When something is open: half-open spans in order and apart, with the open hours before each of them."""

    starts: Floats
    ends: Floats
    before: Floats

    def until(self, moments: Floats) -> Floats:
        """Open hours from the first span to each moment."""
        if not len(self.starts):
            return np.zeros(len(moments))
        at = np.searchsorted(self.starts, moments, side="right") - 1
        here = np.maximum(at, 0)
        passed = np.clip(moments, self.starts[here], self.ends[here]) - self.starts[here]
        return np.where(at < 0, 0.0, self.before[here] + passed)

    def between(self, since: Floats, until: Floats) -> Floats:
        """Open hours between two moments."""
        return self.until(until) - self.until(since)

    def open_at(self, moments: Floats) -> NDArray[np.bool_]:
        """Is it open at the moment itself?"""
        if not len(self.starts):
            return np.zeros(len(moments), dtype=np.bool_)
        at = np.searchsorted(self.starts, moments, side="right") - 1
        return np.asarray((at >= 0) & (moments < self.ends[np.maximum(at, 0)]))

    def gap(self, moments: Floats) -> tuple[Floats, Floats]:
        """Of moments that are not open: since when it is closed, and until when."""
        at = np.searchsorted(self.starts, moments, side="right")
        return np.concatenate(([-np.inf], self.ends))[at], np.concatenate((self.starts, [np.inf]))[at]

    def at(self, hours: Floats) -> Floats:
        """When so many open hours will have passed since the first span began; infinite beyond the last one."""
        if not len(self.starts):
            return np.where(hours <= 0, -np.inf, np.inf)
        span = np.clip(np.searchsorted(self.before, hours, side="left") - 1, 0, len(self.starts) - 1)
        found = self.starts[span] + np.maximum(hours - self.before[span], 0.0)
        return np.where(found > self.ends[span] + 1e-9, np.inf, found)

    def after(self, since: Floats, hours: Floats) -> Floats:
        """The earliest moment by which so many open hours have passed since another."""
        return np.where(hours <= 0, since, np.maximum(since, self.at(self.until(since) + hours)))

    def as_calendar(self) -> Calendar:
        """The same for a simulation."""
        return Calendar(self.starts, self.ends)

    @property
    def total(self) -> float:
        """All open hours."""
        return float((self.ends - self.starts).sum())


def spans(starts: Floats, ends: Floats) -> Spans:
    """Spans from intervals in any order that may overlap or touch."""
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], ends[order]
    kept = ends > starts
    starts, ends = starts[kept], ends[kept]
    reach = np.maximum.accumulate(ends) if len(ends) else ends
    fresh = np.ones(len(starts), dtype=np.bool_)
    fresh[1:] = starts[1:] > reach[:-1]
    firsts = np.flatnonzero(fresh)
    lasts = np.append(firsts[1:], len(starts)) - 1 if len(firsts) else firsts
    begins, until = starts[firsts], reach[lasts]
    return Spans(begins, until, np.concatenate(([0.0], np.cumsum(until - begins)))[: len(begins)])


def laid_out(clock: Clock, week: Mapping[int, Sequence[tuple[int, int]]]) -> Spans:
    """A week's windows on each day of the clock's stretch, cut off at its ends."""
    first, last = np.floor(clock.local(np.array([clock.begin, clock.end])) / DAY).astype(np.int64)
    days = np.arange(first - 2, last + 2)
    starts: list[Floats] = []
    ends: list[Floats] = []
    for weekday, windows in week.items():
        these = days[days % 7 == weekday] * DAY
        for since, until in windows:
            whole = until if until > since else until + DAY_MINUTES
            starts.append(these + since / 60)
            ends.append(these + whole / 60)
    if not starts:
        return spans(np.zeros(0), np.zeros(0))
    begins, closes = clock.moment(np.concatenate(starts)), clock.moment(np.concatenate(ends))
    return spans(np.clip(begins, clock.begin, clock.end), np.clip(closes, clock.begin, clock.end))


def lay_out(hours: WeekHours, zero: datetime, zone: ZoneInfo, begin: float, end: float) -> Spans:
    """A found calendar as spans from `begin` to `end` (hours since `zero`)."""
    return laid_out(clock_of(zero, zone, begin, end), hours.week)


@dataclass(frozen=True, slots=True)
class People:
    """The calendars of everybody in a log: distinct ones only, and which of them each resource has."""

    clock: Clock
    distinct: tuple[Spans, ...]
    which: Codes
    pool: Spans

    def until(self, resource: Codes, moments: Floats) -> Floats:
        """Open hours of each one's own calendar to each moment; of NOBODY, all hours."""
        found = np.empty(len(moments))
        for calendar, rows in self.groups(resource):
            found[rows] = moments[rows] if calendar is None else calendar.until(moments[rows])
        return found

    def between(self, resource: Codes, since: Floats, until: Floats) -> Floats:
        """Hours of each one's own calendar between two moments; of NOBODY, all hours."""
        found = np.empty(len(since))
        for calendar, rows in self.groups(resource):
            here, there = since[rows], until[rows]
            found[rows] = there - here if calendar is None else calendar.between(here, there)
        return found

    def groups(self, resource: Codes) -> list[tuple[Spans | None, Ints]]:
        """Each calendar with the rows of those who have it."""
        which = np.where(resource == NOBODY, len(self.distinct), self.which[resource]).astype(np.int32)
        order = np.argsort(which, kind="stable")
        edges = np.flatnonzero(np.diff(which[order])) + 1
        calendars = (*self.distinct, None)
        return [(calendars[which[rows[0]]], rows) for rows in np.split(order, edges) if len(rows)]

    def of(self, resource: int) -> Spans:
        """The calendar of one."""
        return self.distinct[int(self.which[resource])]


def people_of(clock: Clock, calendars: Sequence[WeekHours], pool: WeekHours) -> People:
    """The calendars of resources laid over a stretch of time."""
    known: dict[tuple[tuple[int, tuple[tuple[int, int], ...]], ...], int] = {}
    distinct: list[Spans] = []
    which = np.zeros(max(len(calendars), 1), dtype=np.int32)
    for at, hours in enumerate(calendars):
        key = tuple(sorted(hours.week.items()))
        if key not in known:
            known[key] = len(distinct)
            distinct.append(laid_out(clock, hours.week))
        which[at] = known[key]
    return People(clock, tuple(distinct) or (laid_out(clock, pool.week),), which, laid_out(clock, pool.week))


def hours_a_week(week: Mapping[int, Sequence[tuple[int, int]]]) -> float:
    """Open hours of an ordinary week."""
    return sum(((until - since - 1) % DAY_MINUTES) + 1 for windows in week.values() for since, until in windows) / 60
