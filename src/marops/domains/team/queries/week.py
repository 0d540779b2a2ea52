"""The week of a team: who has how much on in this week and the next four, who is away, what waits for somebody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from marops.domains.team.catalogue import assumptions, catalogue, playbooks
from marops.domains.team.fields import calendars
from marops.domains.team.models import STANDARD, Absence, Onboarding, Person
from marops.domains.team.queries.hours import Clock, clock_of, hours_of
from marops.domains.team.queries.people import Member, team
from marops.domains.team.queries.volumes import volumes
from marops.domains.team.queries.work import open_work
from marops.domains.team.rules.calendars import WorkingCalendar
from marops.domains.team.rules.weeks import DAY, Days, Piece, Plate, first_of_week, plate
from marops.kernel.workspace import today, workspace
from marops.methods import worktime
from marops.methods.worktime import Hours

WEEKS = 5
WEEKS_A_MONTH = 365.25 / 12 / 7
Spans = Mapping[UUID, Sequence[tuple[datetime, datetime]]]


@dataclass(frozen=True)
class Row:
    """Somebody's weeks: hours and what they hold; `back` is the end of an absence that lasts now."""

    member: Member
    plate: Plate

    @property
    def person(self) -> Person:
        """Whose."""
        return self.member.person

    @property
    def counts(self) -> bool:
        """Do they hold a role of the team, or have something on their plate all the same?"""
        on = self.plate
        return bool(self.member.shares or on.undated or on.dues or on.late or any(one.load for one in on.weeks))

    @property
    def worst(self) -> float:
        """By how many hours the fullest week runs over."""
        return max(one.over for one in self.plate.weeks)


def starts_of(day: date, known: Mapping[str, WorkingCalendar] | None = None) -> list[date]:
    """The first days of the weeks that are shown; on the last free days of a week, the next one is the first."""
    held = known or calendars()
    works = [worktime.WEEKDAYS.index(one) for one, windows in held[STANDARD].hours.items() if windows]
    ahead = next((n for n in range(7) if (day + n * DAY).weekday() in works), 0)
    first = first_of_week(day + ahead * DAY, workspace().first_weekday)
    return [first + timedelta(days=7 * n) for n in range(WEEKS)]


def rows(members: Sequence[Member] | None = None, day: date | None = None) -> list[Row]:
    """Everybody's weeks, by name. Runs over people in memory: a few thousand of them, each with a few numbers."""
    on, people = day or today(), team() if members is None else members
    known = calendars()
    starts = starts_of(on, known)
    hours = _hours(people, starts, on, known)
    pieces: dict[UUID, list[Piece]] = {}
    columns = ("person_id", "due", "hours", "responsibility")
    for person_id, due, size, part_of in open_work().order_by().values_list(*columns):
        if person_id is not None:
            hours_of_it = float(size) if size is not None else None
            pieces.setdefault(person_id, []).append(Piece(due, hours_of_it, part_of))
    usual, beside, part = regular(people), mentoring(), plannable()
    return [
        Row(one, plate(hours[one.person.id], starts, on, pieces.get(one.person.id, ()), usual.get(one.person.id, {}),
                       plannable=part, beside=beside.get(one.person.id, 0.0)))
        for one in people
    ]  # fmt: skip


def plannable() -> float:
    """The share of somebody's hours that can be planned, by the assumptions."""
    hours = assumptions().hours
    return 1 - hours.unplanned_share.usual - hours.meeting_share.usual - hours.learning_share.usual


def regular(members: Iterable[Member]) -> dict[UUID, dict[str, float]]:
    """Person → responsibility → hours a week: what a role's work takes, shared by those who hold the role."""
    people, known = list(members), catalogue()
    held: dict[str, float] = {}
    for one in people:
        for role, share in one.shares.items():
            held[role] = held.get(role, 0.0) + float(share)
    amounts = {ident: one.amount.usual for ident, one in volumes().items()}
    by_role: dict[str, dict[str, float]] = {}
    for key, (role, one_of) in known.responsibilities.items():
        if one_of.load and role in held:
            hours = amounts.get(one_of.load.driver, 0.0) * one_of.load.hours_per_unit[1] / WEEKS_A_MONTH
            by_role.setdefault(role, {})[key] = hours / held[role]
    return {
        one.person.id: {
            key: hours * float(share)
            for role, share in one.shares.items()
            for key, hours in by_role.get(role, {}).items()
        }
        for one in people
    }


def mentoring() -> dict[UUID, float]:
    """Person → hours a week beside newcomers whose first weeks last."""
    found: dict[UUID, float] = {}
    held = playbooks()
    for one in Onboarding.objects.filter(ended_at=None).exclude(mentor=None):
        book = held.get(one.playbook.partition("/")[2].partition("@")[0])
        if one.mentor_id and book:
            found[one.mentor_id] = found.get(one.mentor_id, 0.0) + book.mentor.hours_per_week.usual
    return found


def _hours(
    members: Sequence[Member], starts: Sequence[date], day: date, known: Mapping[str, WorkingCalendar]
) -> dict[UUID, list[tuple[float, float]]]:
    """Person → (calendar, away) by week. Days of the first week that are over count as away: nobody works in them."""
    clocks: dict[Clock, tuple[Hours, list[float], list[float]]] = {}
    ends = [*starts[1:], starts[-1] + 7 * DAY]
    away = away_spans([one.person.id for one in members], starts[0], ends[-1])
    found = {}
    held = dict(known)
    bounds: dict[Clock, list[tuple[datetime, datetime]]] = {}
    for one in members:
        clock = clock_of(one.person, held)
        if clock not in clocks:
            hours = hours_of(clock, held)
            bounds[clock] = [(_midnight(hours, max(first, min(day, end))), _midnight(hours, end))
                             for first, end in zip(starts, ends, strict=True)]  # fmt: skip
            whole = [_worked(hours, first, end) for first, end in zip(starts, ends, strict=True)]
            gone = [_worked(hours, first, min(day, end)) for first, end in zip(starts, ends, strict=True)]
            clocks[clock] = hours, whole, gone
        hours, whole, gone = clocks[clock]
        factor = _factor(one.person, hours)
        weeks = []
        for place, (first, end) in enumerate(bounds[clock]):
            missing = sum(_worked_in(hours, span, first, end) for span in away.get(one.person.id, ()))
            weeks.append((whole[place] * factor, min(whole[place], gone[place] + missing) * factor))
        found[one.person.id] = weeks
    return found


def _factor(person: Person, hours: Hours) -> float:
    """What the hours of their contract are of the calendar's week."""
    if person.weekly_hours is None:
        return 1.0
    minutes = sum((end - start) % worktime.DAY_MINUTES or worktime.DAY_MINUTES
                  for windows in hours.week.values() for start, end in windows)  # fmt: skip
    return float(person.weekly_hours) / (minutes / 60) if minutes else 1.0


def _worked(hours: Hours, first: date, end: date) -> float:
    if end <= first:
        return 0.0
    return worktime.worked(hours, _midnight(hours, first), _midnight(hours, end)).total_seconds() / 3600


def _overlap(hours: Hours, span: tuple[datetime, datetime], first: date, end: date) -> float:
    return _worked_in(hours, span, _midnight(hours, first), _midnight(hours, end))


def _worked_in(hours: Hours, span: tuple[datetime, datetime], first: datetime, end: datetime) -> float:
    start, until = max(span[0], first), min(span[1], end)
    return worktime.worked(hours, start, until).total_seconds() / 3600 if start < until else 0.0


def _midnight(hours: Hours, day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=hours.zone).astimezone(UTC)


def away_spans(person_ids: Iterable[UUID], first: date, end: date) -> Spans:
    """Person → when they are away between two days, joined where absences share time."""
    early = datetime.combine(first, time.min, tzinfo=UTC) - DAY
    late = datetime.combine(end, time.min, tzinfo=UTC) + DAY
    found: dict[UUID, list[tuple[datetime, datetime]]] = {}
    kept = Absence.objects.filter(person_id__in=list(person_ids), starts__lt=late, ends__gt=early).order_by("starts")
    for person_id, starts, ends in kept.values_list("person_id", "starts", "ends"):
        spans = found.setdefault(person_id, [])
        if spans and starts <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(ends, spans[-1][1])
        else:
            spans.append((starts, ends))
    return found


def days_of(people: Iterable[Person], first: date, end: date) -> dict[UUID, Days]:
    """Person → the days on which they work and are away, between two days. A day away is one with no hour left."""
    listed, known = list(people), calendars()
    away = away_spans([one.id for one in listed], first, end)
    return {one.id: _days(hours_of(clock_of(one, known), known), away.get(one.id, ())) for one in listed}


def _days(hours: Hours, spans: Sequence[tuple[datetime, datetime]]) -> Days:
    def works(day: date) -> bool:
        return bool(hours.week.get(day.weekday())) and day not in hours.holidays

    def away(day: date) -> bool:
        whole = _worked(hours, day, day + DAY)
        return bool(spans) and whole > 0 and sum(_overlap(hours, one, day, day + DAY) for one in spans) >= whole

    return Days(works, away)
