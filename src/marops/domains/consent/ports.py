"""What consent contributes to hooks of the kernel."""

from collections.abc import Mapping
from typing import Any

from marops.domains.consent import jobs  # noqa: F401  # registers the erasing
from marops.domains.consent.story import consent_section
from marops.kernel import persons, ports

_CHANNELS = {"email": "e-mail", "phone": "phone", "sms": "text message", "post": "post"}

# Merged people keep the strictest word of both (M1); between equals, the younger one.
_RANK = "array_position(ARRAY['unknown', 'granted', 'denied', 'unsubscribed'], {}.state)"
_STRICTER = f"({_RANK.format('loser')}, loser.at) > ({_RANK.format('winner')}, winner.at)"


def fill() -> None:
    """Fill the kernel's ports."""
    ports.timeline.fill("consent.recorded", _says)
    ports.story.fill("consent", consent_section, order=25)
    persons.fill("consent_entry", persons.ledger("consent_entry"))
    persons.fill("consent_state", persons.rows("consent_state", per=("channel", "purpose"), takes_over=_STRICTER))


def _says(fact: Mapping[str, Any]) -> str:
    said = fact.get("properties") or {}
    channel = _CHANNELS.get(said.get("channel", ""), said.get("channel", ""))
    words = {
        "granted": f"Agreed to be contacted by {channel}",
        "denied": f"Does not want to be contacted by {channel}",
        "unsubscribed": f"Unsubscribed from {channel}",
    }.get(said.get("state", ""), f"Consent for {channel} is unknown")
    return f"{words} (import I-{said['import']})." if said.get("import") else f"{words}."
