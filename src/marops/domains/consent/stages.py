"""What ages: a yes whose time has come is ended when a day turns, for which the evaluator does not wait; and rules of
retention that run by themselves are started.
"""

from datetime import datetime

from marops.domains.consent.actions.recording import expire
from marops.domains.consent.jobs import start_due_retention
from marops.kernel.actors import ENGINE


def day_turn(as_of: datetime) -> int:
    """A new day: enter what has ended, and start what runs by itself. Answers how many words ended."""
    ended = expire(actor=ENGINE, as_of=as_of)
    start_due_retention()
    return ended
