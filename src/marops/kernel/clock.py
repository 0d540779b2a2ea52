"""The one clock. Nothing else asks the operating system for the time, and SQL never calls now()."""

from datetime import UTC, date, datetime
from typing import overload
from zoneinfo import ZoneInfo


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local_date(moment: datetime, zone: str) -> date:
    """The calendar date of `moment` in the IANA zone `zone`."""
    return moment.astimezone(ZoneInfo(zone)).date()


def start_of_day(moment: datetime, zone: str) -> datetime:
    """Midnight, in `zone`, of the day that holds `moment`; answered in UTC."""
    local = moment.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


@overload
def iso_utc(moment: datetime) -> str: ...
@overload
def iso_utc(moment: None) -> None: ...
@overload
def iso_utc(moment: datetime | None) -> str | None: ...
def iso_utc(moment: datetime | None) -> str | None:
    """A moment as documents spell it (RFC 3339, in UTC, with Z): 2026-05-04T09:30:00Z. None stays None."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
