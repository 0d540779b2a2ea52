"""The workspace: its zone, its week, its money."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.db import connection

from marops.kernel import memo
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.clock import local_date, now, start_of_day
from marops.kernel.errors import INVALID, FieldError, MaropsError, problem
from marops.kernel.models import Workspace
from marops.kernel.permissions import right

SET_UP = right("workspace.set_up", "Set up the workspace")

SAMPLE_PRESENT = problem(
    "sample-present",
    "The sample company is in this workspace",
    status=409,
    remedy="Remove the sample company first: on the page Sample company, or with `marops sample --remove`. Or bring the"
    " file in as practice: it goes when the sample goes.",
)
NO_SAMPLE = problem(
    "sample-absent",
    "There is no sample company to practise with",
    status=409,
    remedy="Bring the file in without the mark of practice, or bring the sample company in first.",
)
_practising: ContextVar[bool] = ContextVar("practising", default=False)
SAMPLE = "sample"
"""The source that marks a fact as the sample company's."""
_MIX_LOCK = 0x6D61726F73616D70  # whoever brings data in shares it; the sample's coming and going has it alone

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


def midnight(day: date) -> datetime:
    """When a day of the workspace's calendar begins, in its zone."""
    return datetime.combine(day, time.min, tzinfo=zone())


def sample_present() -> bool:
    """Whether the sample company is in this workspace; asked of PostgreSQL, never remembered."""
    return Workspace.objects.filter(sample=True).exists()


def forbid_sample_mix() -> None:
    """Refuse real data while the sample company is in, and practice while it is not.

    Called inside the transaction that brings the data in, it also keeps the sample out until that has ended.
    Raises MaropsError `sample-present` or `sample-absent`.
    """
    if connection.in_atomic_block:
        _mix_lock("pg_advisory_xact_lock_shared")
    if sample_present() is not _practising.get():
        raise MaropsError(NO_SAMPLE if _practising.get() else SAMPLE_PRESENT)


@contextmanager
def practising(on: bool) -> Iterator[None]:
    """While this lasts, what comes in is practice if `on`: it belongs to the sample company and goes with it."""
    token = _practising.set(on)
    try:
        yield
    finally:
        _practising.reset(token)


def alone_with_sample() -> None:
    """For the acts that bring the sample in or take it out: wait for who brings real data in, and make others wait.

    To be called first in the transaction.
    """
    _mix_lock("pg_advisory_xact_lock")


def _mix_lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_MIX_LOCK])


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
