"""What ages: a yes whose time has come is ended when a day turns; the evaluator does not wait for that."""

from datetime import datetime

from marops.domains.consent.actions.recording import expire
from marops.kernel.actors import ENGINE


def day_turn(as_of: datetime) -> int:
    """A new day: enter what has ended. Answers how many words."""
    return expire(actor=ENGINE, as_of=as_of)
