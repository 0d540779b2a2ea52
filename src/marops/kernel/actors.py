"""Who acts: a person, an AI on behalf of a person, or the system itself."""

from dataclasses import dataclass
from typing import Literal

ActorKind = Literal["human", "ai", "system"]


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a write. An AI names the person it acts for and the registered use it acts under."""

    kind: ActorKind
    id: str
    on_behalf_of: str | None = None
    ai_use: str | None = None

    def __post_init__(self) -> None:
        if self.kind == "ai" and not (self.on_behalf_of and self.ai_use):
            raise ValueError("an AI acts on behalf of a person and under a registered use")


ENGINE = Actor("system", "engine")
SETUP = Actor("system", "setup")
