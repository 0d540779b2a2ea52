"""What ages in the trail of AI: words of drafts and, where a setting says so, acts are let go when a day turns."""

from datetime import datetime, timedelta

from marops.domains.policy.actions.keeping import let_go
from marops.kernel.actors import ENGINE
from marops.kernel.config import config


def day_turn(as_of: datetime) -> int:
    """A new day: let go of what has been kept for long enough. No contact is due because of it."""
    settings = config()
    words, acts = (
        as_of - timedelta(days=days) if days > 0 else None for days in (settings.ai_draft_days, settings.ai_trail_days)
    )
    if words or acts:
        let_go(actor=ENGINE, words_before=words, acts_before=acts)
    return 0
