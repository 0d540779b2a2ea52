"""What consent contributes to hooks of the kernel."""

from collections.abc import Mapping
from typing import Any

from marops.domains.consent.story import consent_section
from marops.kernel import ports

_CHANNELS = {"email": "e-mail", "phone": "phone", "sms": "text message", "post": "post"}


def fill() -> None:
    """Fill the kernel's ports."""
    ports.timeline.fill("consent.recorded", _says)
    ports.story.fill("consent", consent_section, order=25)


def _says(fact: Mapping[str, Any]) -> str:
    said = fact.get("properties") or {}
    channel = _CHANNELS.get(said.get("channel", ""), said.get("channel", ""))
    words = {
        "granted": f"Agreed to be contacted by {channel}",
        "denied": f"Does not want to be contacted by {channel}",
        "unsubscribed": f"Unsubscribed from {channel}",
    }.get(said.get("state", ""), f"Consent for {channel} is unknown")
    return f"{words} (import I-{said['import']})." if said.get("import") else f"{words}."
