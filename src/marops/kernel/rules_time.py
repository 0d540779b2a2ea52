"""Durations and relative times in rules, resolved against the instant a rule is asked for and the workspace's zone."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from marops.store.predicate import Season

MICRO: Final = timedelta(microseconds=1)
_DURATION: Final = re.compile(r"(\d{1,5}) ?(min|h|d|w|mo|y)")
_MOST: Final = {"min": 99999, "h": 99999, "d": 36500, "w": 5200, "mo": 1200, "y": 100}
_CLOCK: Final = {"min": timedelta(minutes=1), "h": timedelta(hours=1)}


class BadTime(ValueError):
    """Why this is not a time or a duration."""


@dataclass(frozen=True, slots=True)
class Duration:
    """So many minutes or hours (exact), or days, weeks, months or years (of the calendar)."""

    amount: int
    unit: str

    @classmethod
    def parse(cls, text: object) -> "Duration":
        """`30d`, `12h`, `6w`, `3mo`, `1y`, `15min`. Raises BadTime."""
        found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
        if not found:
            raise BadTime(f"{text!r} is not a duration; write 15min, 12h, 30d, 6w, 3mo or 1y")
        amount, unit = int(found[1]), found[2]
        if amount > _MOST[unit]:
            raise BadTime(f"{text} is too long; at most {_MOST[unit]}{unit}")
        return cls(amount, unit)

    @property
    def by_clock(self) -> bool:
        """Whether it is exact time rather than days of the calendar."""
        return self.unit in _CLOCK

    def exact(self) -> timedelta:
        """The time of minutes and hours."""
        return self.amount * _CLOCK[self.unit]

    def days_from(self, day: date, sign: int) -> date:
        """The day so much later (sign 1) or earlier (-1); the 31st of a shorter month is its last day."""
        try:
            if self.unit in "dw":
                return day + timedelta(days=sign * self.amount * (7 if self.unit == "w" else 1))
            months = day.year * 12 + day.month - 1 + sign * self.amount * (12 if self.unit == "y" else 1)
            year, month = divmod(months, 12)
            return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
        except (ValueError, OverflowError) as error:
            raise BadTime("that is outside the calendar") from error


@dataclass(frozen=True, slots=True)
class Clock:
    """The instant a rule is asked for, and the zone whose days count."""

    as_of: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        """The day in the zone."""
        return self.as_of.astimezone(self.zone).date()

    @property
    def end(self) -> datetime:
        """Just after the instant: what happened at it has happened."""
        return self.as_of + MICRO

    def start_of(self, day: date) -> datetime:
        """The instant at which the day begins in the zone; where midnight is skipped, the first instant after it."""
        try:
            return datetime.combine(day, time.min, self.zone).astimezone(UTC)
        except (OverflowError, ValueError) as error:
            raise BadTime("that is outside the calendar") from error

    def last(self, duration: Duration) -> tuple[datetime, datetime]:
        """The half-open time that ends now: exact for minutes and hours, else from the start of the day so long ago."""
        if duration.by_clock:
            return self.as_of - duration.exact(), self.end
        return self.start_of(duration.days_from(self.today, -1)), self.end

    def next(self, duration: Duration) -> tuple[datetime, datetime]:
        """The half-open time that starts now: exact, or to the end of the day so many days from now."""
        if duration.by_clock:
            return self.as_of, self.as_of + duration.exact()
        return self.as_of, self.start_of(duration.days_from(self.today, 1) + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Point:
    """A day, or an instant, that a rule names."""

    day: date | None
    start: datetime
    end: datetime


def point(value: object, clock: Clock) -> Point:
    """Reads `2026-01-31`, `2026-01-31T09:00`, `today`, `yesterday`, `tomorrow`, `30d ago`, `in 30d`. Raises BadTime."""
    if not isinstance(value, str):
        raise BadTime(f"{value!r} is not a date")
    day = _day(value.strip(), clock)
    if isinstance(day, datetime):
        return Point(None, day, day + MICRO)
    return Point(day, clock.start_of(day), clock.start_of(day + timedelta(days=1)))


def _day(text: str, clock: Clock) -> date | datetime:
    near = {"today": 0, "yesterday": -1, "tomorrow": 1}
    if text in near:
        return clock.today + timedelta(days=near[text])
    if text.endswith(" ago"):
        return _shifted(text.removesuffix(" ago"), clock, -1)
    if text.startswith("in "):
        return _shifted(text.removeprefix("in "), clock, 1)
    return _written(text, clock)


def _shifted(text: str, clock: Clock, sign: int) -> date | datetime:
    duration = Duration.parse(text)
    return clock.as_of + sign * duration.exact() if duration.by_clock else duration.days_from(clock.today, sign)


def _written(text: str, clock: Clock) -> date | datetime:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            found: date | datetime = date.fromisoformat(text)
        elif re.match(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", text):
            moment = datetime.fromisoformat(text)
            found = (moment if moment.tzinfo else moment.replace(tzinfo=clock.zone)).astimezone(UTC)
        else:
            raise ValueError
    except (ValueError, OverflowError) as error:
        raise BadTime(
            f"{text!r} is not a date; write 2026-01-31, 2026-01-31T09:00, today, 30d ago or in 30d"
        ) from error
    if not 1 < found.year < 9999:
        raise BadTime("that is outside the calendar")
    return found


def seasons(first: date, last: date) -> tuple[Season, ...]:
    """The days from `first` to `last`, both included; 29 February falls on the 28th where there is none."""
    found = []
    for year in range(first.year, last.year + 1):
        start = first if year == first.year else date(year, 1, 1)
        end = last if year == last.year else date(year, 12, 31)
        closing = end.month * 100 + end.day
        if closing == 228 and not calendar.isleap(year):
            closing = 229
        found.append(Season(start.month * 100 + start.day, closing, year))
    return tuple(found)
