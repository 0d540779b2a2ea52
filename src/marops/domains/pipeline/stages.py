"""What ages in the pipeline: every day has its line for each open deal."""

from datetime import datetime

from marops.domains.pipeline.actions import take_snapshots
from marops.kernel.actors import ENGINE
from marops.kernel.clock import now


def day_turn(as_of: datetime) -> int:
    """A new day: note where each open deal stands. No contact is due because of it."""
    take_snapshots(actor=ENGINE, as_of=as_of)
    return 0


def snapshots_today() -> None:
    """Deals that came in have their first line on the day they came, not on the day after."""
    take_snapshots(actor=ENGINE, as_of=now())
