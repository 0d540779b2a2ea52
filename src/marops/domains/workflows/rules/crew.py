"""A crew as a document: the people who do the work of one or more workflows, and when they work.

title: Marketing
zone: Europe/Berlin
currency: EUR
calendars:
office: {hours: {mon: [["09:00", "17:00"]], …}, holidays: [2026-12-25]}
people:
- {id: henrike, name: Henrike Daum, skills: {legal: 1}, calendar: tuesdays, cost_per_hour: 62}
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from pydantic import Field

from marops.domains.workflows.rules.document import Document, Id, Name, Origin
from marops.methods.worktime import WEEKDAYS, Weekday

Window = Annotated[tuple[str, str], Field(description="From and to, such as 09:00 and 17:00.")]

__all__ = ["WEEKDAYS", "Absence", "Crew", "CrewCalendar", "Member", "Ramp"]


class CrewCalendar(Document):
    """Hours by weekday and free days; nothing by day and night. A span may run into the next day."""

    title: str = ""
    hours: Mapping[Weekday, Annotated[tuple[Window, ...], Field(max_length=24)]]
    holidays: Annotated[tuple[date, ...], Field(max_length=1000)] = ()
    origin: Origin = "assumed"


class Absence(Document):
    """Away from a day to another, the last one not included."""

    since: Annotated[date, Field(alias="from")]
    until: Annotated[date, Field(alias="to")]


class Ramp(Document):
    """Getting used to the work: speed begins at `first` and reaches the whole after so many months, in a line."""

    months: Annotated[float, Field(gt=0, le=60)]
    first: Annotated[float, Field(gt=0, le=1)] = 0.4


class Member(Document):
    """Somebody of the crew. `person`: reference in the team (P-3), whose absences then count too.

    `skills`: speed by skill (1: the step's own effort, 2: half of it). `share`: of their working time for these
    workflows. `at_once`: pieces in hand at a time; they share the time. `amount`: so many people alike (an agency).
    """

    id: Annotated[str, Field(min_length=1, max_length=200)]
    name: Name
    person: str = ""
    role: str = ""
    skills: Mapping[str, Annotated[float, Field(gt=0, le=100)]] = {}
    speed: Annotated[float, Field(gt=0, le=100)] = 1.0
    calendar: str = ""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    at_once: Annotated[int, Field(ge=1, le=20)] = 1
    amount: Annotated[int, Field(ge=0, le=1000)] = 1
    absences: Annotated[tuple[Absence, ...], Field(max_length=1000)] = ()
    cost_per_hour: Annotated[float, Field(ge=0, le=1e6)] = 0.0
    starts: date | None = None
    ends: date | None = None
    ramp: Ramp | None = None
    origin: Mapping[str, Origin] = {}


class Crew(Document):
    """People, calendars and costs that workflows share. `calendar`: the one of people who name none."""

    title: Name
    zone: str = ""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    calendars: Mapping[Id, CrewCalendar]
    calendar: Id
    people: Annotated[tuple[Member, ...], Field(max_length=2000)]
    costs_per_month: Mapping[str, Annotated[float, Field(ge=0)]] = {}
    notes: Annotated[tuple[str, ...], Field(max_length=200)] = ()
