"""What visitors did, in words, for timelines."""

from collections.abc import Callable, Mapping
from typing import Any


def _properties(fact: Mapping[str, Any]) -> Mapping[str, Any]:
    return fact.get("properties") or {}


def _words(code: object) -> str:
    return str(code or "").replace("_", " ")


def viewed(fact: Mapping[str, Any]) -> str:
    """`page.viewed`."""
    said = _properties(fact)
    return f"Looked at {said.get('title') or said.get('path') or said.get('url') or 'a page'}."


def screen(fact: Mapping[str, Any]) -> str:
    """`screen.viewed`."""
    return f"Looked at the screen {_words(_properties(fact).get('screen'))}."


def tracked(fact: Mapping[str, Any]) -> str:
    """`web.tracked`."""
    return f"On the website: {_words(_properties(fact).get('event'))}."


def form(fact: Mapping[str, Any]) -> str:
    """`form.submitted`."""
    name = _words(_properties(fact).get("form"))
    return f"Sent the form {name}." if name and name != "unknown" else "Sent a form."


def meeting(fact: Mapping[str, Any]) -> str:
    """`meeting.requested`."""
    return "Asked for a meeting."


def clicked(fact: Mapping[str, Any]) -> str:
    """`email.clicked`."""
    return "Followed a link in an e-mail."


def known(fact: Mapping[str, Any]) -> str:
    """`visitor.known`."""
    return "Said who they are; what their browser did before is theirs now."


TIMELINE: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "page.viewed": viewed,
    "screen.viewed": screen,
    "web.tracked": tracked,
    "form.submitted": form,
    "meeting.requested": meeting,
    "email.clicked": clicked,
    "visitor.known": known,
}
