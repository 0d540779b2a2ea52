"""The time that is simulated: its months, its hours, and the hours in which a calendar is open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from marops.domains.workflows.rules.crew import WEEKDAYS, CrewCalendar
from marops.methods.worktime import Hours, local, parse_window, spans

YEAR_HOURS = 365.25 * 24


@dataclass(frozen=True, slots=True)
class Frame:
    """The time that is simulated: from the morning of `first`, so many months, after `warm_up` months of running in; or
    from the morning of `since` on, where it is known what was in work then.
    """

    first: date
    months: int
    zone: str
    warm_up: int = 0
    since: date | None = None

    def edges(self) -> list[date]:
        """The first days of the months, and the day after the last."""
        return [months_on(self.first, number) for number in range(self.months + 1)]

    def spans(self) -> list[dict[str, str]]:
        """Each month by the calendar month in which it begins, with its first and its last day."""
        return [
            {"month": f"{a:%Y-%m}", "from": a.isoformat(), "to": (b - timedelta(days=1)).isoformat()}
            for a, b in pairwise(self.edges())
        ]

    @property
    def begin(self) -> date:
        """The first day that is simulated."""
        return self.since or months_on(self.first, -self.warm_up)

    def hour(self, day: date) -> float:
        """The morning of a day as hours since the beginning."""
        return self.hour_of(datetime.combine(day, time.min, tzinfo=ZoneInfo(self.zone)))

    def hour_of(self, moment: datetime) -> float:
        """A moment as hours since the beginning, on the wall's clock."""
        zero = local(self.first, 0, ZoneInfo(self.zone))
        return (moment - zero) / timedelta(hours=1)

    def moment(self, hour: float) -> datetime:
        """An hour as a moment, in UTC."""
        return local(self.first, 0, ZoneInfo(self.zone)) + timedelta(hours=hour)


def months_on(day: date, number: int) -> date:
    """The same day so many months later; the last day of a month that is too short for it."""
    month = day.year * 12 + day.month - 1 + number
    year, month = divmod(month, 12)
    after = date(year + (month == 11), (month + 1) % 12 + 1, 1)  # the months count from zero
    return date(year, month + 1, min(day.day, (after - timedelta(days=1)).day))


def hours_of(calendar: CrewCalendar, zone: ZoneInfo) -> Hours:
    """A calendar of a crew as working hours."""
    week = {
        WEEKDAYS.index(day): tuple(parse_window(*window) for window in windows)
        for day, windows in calendar.hours.items()
    }
    return Hours(zone, week, frozenset(calendar.holidays))


@lru_cache(maxsize=4096)
def laid_out(calendar: str, frame: Frame, since: date, until: date) -> tuple[tuple[float, float], ...]:
    """The spans of a calendar (as JSON) between the mornings of two days, in the hours of a frame.

    Kept, since every scenario, and every step of a search, lays the same calendars out again.
    """
    zone = ZoneInfo(frame.zone)
    hours = hours_of(CrewCalendar.model_validate_json(calendar), zone)
    found = spans(hours, local(since, 0, zone), local(until, 0, zone))
    return tuple((frame.hour_of(begins), frame.hour_of(ends)) for begins, ends in found)


def joined(found: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans in order; those that touch or overlap are one."""
    whole: list[tuple[float, float]] = []
    for begins, ends in sorted(found):
        if whole and begins <= whole[-1][1]:
            whole[-1] = whole[-1][0], max(whole[-1][1], ends)
        else:
            whole.append((begins, ends))
    return whole


def without(found: Sequence[tuple[float, float]], gaps: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans less gaps."""
    left = list(found)
    for start, end in gaps:
        cut = []
        for begins, ends in left:
            cut += [(a, b) for a, b in ((begins, min(ends, start)), (max(begins, end), ends)) if a < b]
        left = cut
    return left


def lesson_of(found: Sequence[tuple[float, float]], hours: float, until: float) -> list[tuple[float, float]]:
    """So many of the hours of these spans, none before zero: the last ones before a moment, then the first after it."""
    taken = []
    before = [(max(a, 0.0), min(b, until)) for a, b in found if b > 0 and a < until]
    for begins, ends in reversed(before):
        part = min(hours, ends - begins)
        if part > 0:
            taken.append((ends - part, ends))
            hours -= part
    for begins, ends in ((max(a, until), b) for a, b in found if b > until):
        part = min(hours, ends - begins)
        if part > 0:
            taken.append((begins, begins + part))
            hours -= part
    return taken


def open_share(calendar: CrewCalendar, zone: ZoneInfo) -> float:
    """Which part of the year a calendar is open, free days left out: arrivals a month mean those of a full month."""
    plain = Hours(zone, hours_of(calendar, zone).week)
    start = local(date(2024, 1, 1), 0, zone)
    worked = sum(((b - a) / timedelta(hours=1) for a, b in spans(plain, start, start + timedelta(days=28))), 0.0)
    return worked / (28 * 24)


def month_edges(since: date, until: date) -> list[date]:
    """The two days, and the firsts of months between them."""
    edges, day = [since], date(since.year, since.month, 1)
    while (day := months_on(day, 1)) < until:
        edges.append(day)
    return [*edges, until]
