"""Working calendars as documents, and the hours they mean."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator

from marops.methods.worktime import WEEKDAYS, Hours, Weekday, overlapping, parse_window

Window = Annotated[tuple[str, str], Field(description="From and to, such as 09:00 and 17:00.")]


class WorkingCalendar(BaseModel):
    """When people work who follow it: hours by weekday, free days, and the zone for those who have none of their own.

    A span that ends at or before its start runs into the next day. A free day takes the spans that begin on it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, Field(min_length=1, max_length=200)]
    zone: str = ""
    hours: Mapping[Weekday, Annotated[tuple[Window, ...], Field(max_length=6)]] = {}
    holidays: Annotated[tuple[date, ...], Field(max_length=1000)] = ()

    @field_validator("zone")
    @classmethod
    def _zone(cls, zone: str) -> str:
        if zone and zone not in available_timezones():
            raise ValueError(f"{zone!r} is not a time zone such as Europe/Paris")
        return zone

    @field_validator("hours")
    @classmethod
    def _hours(cls, hours: Mapping[Weekday, tuple[Window, ...]]) -> Mapping[Weekday, tuple[Window, ...]]:
        for day, windows in hours.items():
            if overlapping(tuple(parse_window(*window) for window in windows)):
                raise ValueError(f"two spans of {day} share time")
        return hours

    def as_hours(self, zone: str) -> Hours:
        """The hours of somebody whose clock is that of `zone`, unless the calendar is bound to its own."""
        week = {
            WEEKDAYS.index(day): tuple(parse_window(*window) for window in windows)
            for day, windows in self.hours.items()
        }
        return Hours(ZoneInfo(zone), week, frozenset(self.holidays))


def hours_in_words(calendar: WorkingCalendar) -> str:
    """The week in a few words, days with the same hours together: "mon–fri 09:00–17:00"."""
    said: list[tuple[str, list[str]]] = []
    for day in WEEKDAYS:
        words = ", ".join(f"{start}–{end}" for start, end in calendar.hours.get(day, ()))  # type: ignore[call-overload]  # a Weekday
        if said and said[-1][0] == words:
            said[-1][1].append(day)
        else:
            said.append((words, [day]))
    return "; ".join(f"{_days(days)} {words}" for words, days in said if words)


def _days(days: list[str]) -> str:
    return days[0].capitalize() if len(days) == 1 else f"{days[0].capitalize()}–{days[-1].capitalize()}"
