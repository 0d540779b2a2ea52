"""The workspace: its zone, its week, its money."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from marops.kernel import memo
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.clock import local_date, now, start_of_day
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.models import Workspace
from marops.kernel.permissions import right

SET_UP = right("workspace.set_up", "Set up the workspace")

_EDITABLE = frozenset({"name", "zone", "first_weekday", "fiscal_month", "currency", "country", "emblems"})


def workspace() -> Workspace:
    """The settings of this workspace; the defaults until somebody sets it up."""
    return memo.once("workspace", lambda: Workspace.objects.first() or Workspace())


def today(moment: datetime | None = None) -> date:
    """The workspace's calendar date."""
    return local_date(moment or now(), workspace().zone)


def day_start(moment: datetime | None = None) -> datetime:
    """When the workspace's current day began, in UTC."""
    return start_of_day(moment or now(), workspace().zone)


def zone() -> ZoneInfo:
    """The workspace's zone."""
    return ZoneInfo(workspace().zone)


@action("workspace.set_up", effect="change", right=SET_UP, reversible=True)
def set_up_workspace(act: Act, /, *, actor: Actor, **values: Any) -> Workspace:
    """Change the workspace's settings. Raises MaropsError `invalid` for an unknown zone, month or weekday."""
    if unknown := set(values) - _EDITABLE:
        raise TypeError(f"not settings of the workspace: {sorted(unknown)}")
    if faults := list(_faults(values)):
        raise MaropsError(INVALID, errors=faults)
    row = Workspace.objects.select_for_update().first() or Workspace()
    before = {name: getattr(row, name) for name in values}
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    act.changed("workspace", row.pk, before=before, after=values)
    return row


def _faults(values: dict[str, Any]) -> list[FieldError]:
    faults = []
    if "zone" in values and values["zone"] not in available_timezones():
        faults.append(
            FieldError(
                "zone", f"{values['zone']!r} is not a time zone.", "Choose one such as Europe/Paris.", field="zone"
            )
        )
    if not 1 <= values.get("fiscal_month", 1) <= 12:
        faults.append(FieldError("month", "A month is a number from 1 to 12.", field="fiscal_month"))
    if not 1 <= values.get("first_weekday", 1) <= 7:
        faults.append(FieldError("weekday", "A weekday is a number from 1 (Monday) to 7.", field="first_weekday"))
    return faults
