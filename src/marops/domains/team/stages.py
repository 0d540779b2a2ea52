"""What ages in a team: the tasks of somebody's first weeks follow calendars as they are now."""

from datetime import datetime

from marops.domains.team.actions.newcomers import turn_dues
from marops.kernel.actors import ENGINE


def turn(as_of: datetime) -> int:
    """A new day: tasks of first weeks fall due by the calendars and absences known now. No contact is due by it."""
    turn_dues(actor=ENGINE, as_of=as_of)
    return 0
