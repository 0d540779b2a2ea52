"""The links by which people change their own consent: signed, opaque, good for one person and what they name."""

import json
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from marops.kernel.errors import MaropsError, problem
from marops.kernel.secrets import opened, sealed

BAD_LINK = problem(
    "bad-preference-link",
    "This link is not valid",
    status=404,
    remedy="Open it as it stands in the message, whole; or write to us, and we change it for you.",
)
What = Literal["preferences", "unsubscribe", "confirm"]


@dataclass(frozen=True, slots=True)
class Link:
    """What a link is good for, of whom, and for what: the channel and purpose that were shown with it."""

    what: What
    about: UUID  # the person; of a confirmation, what was asked
    channel: str = ""
    purpose: str = ""

    @property
    def token(self) -> str:
        """The link's secret part."""
        said = {"w": self.what, "a": self.about.hex, "c": self.channel, "p": self.purpose}
        return sealed(json.dumps(said, separators=(",", ":"))).rstrip("=")


def read(token: str, what: What) -> Link:
    """What the token says. Raises MaropsError `bad-preference-link` for anything that is not such a token of ours."""
    try:
        said = json.loads(opened(token + "=" * (-len(token) % 4)))
        link = Link(said["w"], UUID(said["a"]), said["c"], said["p"])
    except (MaropsError, ValueError, KeyError, TypeError):
        raise MaropsError(BAD_LINK) from None
    if link.what != what:
        raise MaropsError(BAD_LINK)
    return link


def masked(address: str | None) -> str:
    """An address as its owner knows it again and nobody else learns it: a…e@x….com."""
    name, at, domain = (address or "").partition("@")
    if not at:
        return ""
    host, dot, end = domain.rpartition(".")
    short = name[0] + "…" + (name[-1] if len(name) > 2 else "")
    return f"{short}@{(host or domain)[:1]}…{dot}{end if host else ''}"
