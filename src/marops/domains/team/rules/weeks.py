"""Weeks of work: how many hours somebody has, how many are spoken for, and when a task of first weeks falls due."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

DAY = timedelta(days=1)
FARTHEST = 400
"""So many days are looked through for a working day; a calendar without one then leaves the day as it is."""
Works = Callable[[date], bool]
"""Does somebody work on this day?"""


def first_of_week(day: date, first_weekday: int = 1) -> date:
    """The first day of the week that holds `day`; weekdays from 1 (Monday) to 7."""
    return day - timedelta(days=(day.isoweekday() - first_weekday) % 7)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of work as it weighs: by when, how many hours, and to which responsibility it belongs."""

    due: date | None
    hours: float | None
    responsibility: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """What one week of somebody holds, in hours.

    `calendar` is what their calendar gives, `away` what absences take of it, `open` what can be planned of the rest.
    `regular` is the usual work of their roles, `beside` time for a newcomer, `due` the pieces of work that fall due.
    """

    calendar: float
    away: float
    open: float
    regular: float
    due: float
    beside: float = 0.0

    @property
    def load(self) -> float:
        """All that is spoken for."""
        return self.regular + self.due + self.beside

    @property
    def over(self) -> float:
        """By how many hours more is spoken for than can be planned."""
        return max(0.0, self.load - self.open)

    @property
    def share(self) -> float | None:
        """How full the week is; None where there is nothing to plan with."""
        return self.load / self.open if self.open > 0 else None


@dataclass(frozen=True)
class Plate:
    """The weeks of one person, and what could not be put into one."""

    weeks: tuple[Week, ...]
    undated: int = 0
    unsized: int = 0
    late: int = 0
    dues: int = 0
    """Pieces that fall due within the weeks."""


def plate(
    hours: Sequence[tuple[float, float]], starts: Sequence[date], today: date, pieces: Iterable[Piece],
    regular: Mapping[str, float], *, plannable: float, beside: float = 0.0,
) -> Plate:  # fmt: skip
    """Somebody's weeks: `hours` are (calendar, away) of each week that begins at `starts`.

    What is late is on the first week. A piece that belongs to a responsibility is part of its usual hours: only what
    goes beyond them adds. `regular` are usual hours a week by responsibility; they shrink with the days away.
    """
    ends = [*starts[1:], starts[-1] + 7 * DAY]
    sums: list[dict[str, float]] = [{} for _ in starts]
    undated = unsized = late = dues = 0
    for one in pieces:
        undated, unsized = undated + (one.due is None), unsized + (one.hours is None)
        late += one.due is not None and one.due < today
        place = next((at for at, end in enumerate(ends) if one.due is not None and one.due < end), None)
        if place is not None:
            dues += 1
            known = sums[place]
            known[one.responsibility] = known.get(one.responsibility, 0.0) + (one.hours or 0.0)
    weeks = []
    for (calendar, away), work in zip(hours, sums, strict=True):
        here = (calendar - away) / calendar if calendar else 0.0
        usual = {key: value * here for key, value in regular.items()}
        extra = sum(max(0.0, hours - usual.get(key, 0.0)) if key else hours for key, hours in work.items())
        weeks.append(Week(calendar, away, (calendar - away) * plannable, sum(usual.values()), extra, beside * here))
    return Plate(tuple(weeks), undated, unsized, late, dues)


@dataclass(frozen=True)
class Days:
    """On which days somebody works by their calendar, and on which of those they are away."""

    works: Works
    away: Works = field(default=lambda _: False)

    def here(self, day: date) -> bool:
        """Are they at work on this day?"""
        return self.works(day) and not self.away(day)


def due_day(starts: date, week: int, newcomer: Days, doer: Days) -> date:
    """When a task of this week of a newcomer's first weeks falls due, for the one who does it.

    Week 0 ends before the first day, week 1 seven days later, and so on; a task is due on the last working day of its
    week. Days on which the newcomer is away move it on by as many working days, holidays do not: the calendar has them
    for everybody. Nothing falls due on a day on which whoever does it is not at work.
    """
    if week == 0:
        return _back(starts - DAY, doer)
    last = starts + timedelta(days=7 * week) - DAY
    wanted = max(1, sum(newcomer.works(starts + timedelta(days=n)) for n in range((last - starts).days + 1)))
    found, day, looked = 0, starts, 0
    while looked < FARTHEST + 7 * week:
        found += newcomer.here(day)
        if found == wanted:
            return _on(day, doer)
        day, looked = day + DAY, looked + 1
    return _on(last, doer)


def _on(day: date, doer: Days) -> date:
    return next((day + timedelta(days=n) for n in range(FARTHEST) if doer.here(day + timedelta(days=n))), day)


def _back(day: date, doer: Days) -> date:
    return next((day - timedelta(days=n) for n in range(FARTHEST) if doer.here(day - timedelta(days=n))), day)
