"""What the engine runs for capture: take in the events that websites and programs sent."""

import logging
from datetime import datetime, timedelta

from marops.domains.capture.intake.taking import MOST, forget_old, set_aside, take_in
from marops.kernel import crash, outages
from marops.kernel.actors import ENGINE

log = logging.getLogger("marops.engine")

WAITING = "SELECT min(received_at) FROM intake_event WHERE done_at IS NULL"
KEPT = timedelta(days=30)


def intake(as_of: datetime) -> int:
    """Take in a batch. One that cannot be written is tried in ever smaller parts, until the offender is alone."""
    most = MOST
    while True:
        try:
            taken = take_in(actor=ENGINE, as_of=as_of, most=most)
            crash.point("intake.after_take")
            return taken
        except Exception as error:
            if not _of_the_events(error):
                raise
            log.warning("%s events could not be taken in: %s", most, type(error).__name__)
            if most == 1:
                return set_aside(actor=ENGINE)
            most = max(1, most // 8)


def forget(as_of: datetime) -> int:
    """Once a day: let go of the rows of events that were done more than 30 days ago. Nobody ages by it."""
    forget_old(actor=ENGINE, before=as_of - KEPT)
    return 0


def _of_the_events(error: Exception) -> bool:
    """Is it what the events say that cannot be written, and not the database that is away?"""
    said = outages.origin(error)
    if said is None:
        return isinstance(error, ValueError | TypeError | LookupError)
    return (said.sqlstate or "").startswith(("22", "23", "54"))
