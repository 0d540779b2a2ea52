"""What ages in a team: tasks of first weeks follow calendars as they are now, last days go by, and what
was taken out of plans goes.
"""

from datetime import datetime

from marops.domains.team.actions.growth import clear
from marops.domains.team.actions.newcomers import turn_dues
from marops.domains.team.actions.sharing import turn_leavers
from marops.kernel.actors import ENGINE


def turn(as_of: datetime) -> int:
    """A new day: tasks of first weeks fall due by the calendars and absences known now. No contact is due by it."""
    turn_leavers(actor=ENGINE, as_of=as_of)
    clear(actor=ENGINE, as_of=as_of)
    turn_dues(actor=ENGINE, as_of=as_of)
    return 0
