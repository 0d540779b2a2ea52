"""What all documents of the team share."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$", max_length=80)]
Line = Annotated[str, Field(min_length=1, max_length=300)]
Text = Annotated[str, Field(max_length=4000)]
Level = Annotated[int, Field(ge=0, le=4)]
"""0 not yet, 1 with help, 2 alone in usual cases, 3 hard cases and asked by others, 4 sets how it is done here."""
Origin = Literal["catalogue", "facts", "assumption"]
"""Where a number comes from: the sources behind the catalogue, what this installation measured, or a guess."""
LEVEL_WORDS: Mapping[int, str] = {0: "not yet", 1: "learns", 2: "able", 3: "expert", 4: "sets the way"}


class Document(BaseModel):
    """A part of a document: nothing unknown, never changed in place."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Range(Document):
    """A number that is not known exactly: what a plan is made with, what it may be, whence, and why it is believed.

    `high` is None where it is open above.
    """

    low: float
    usual: float
    high: float | None = None
    origin: Origin = "assumption"
    why: Text = ""

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if not self.low <= self.usual <= (self.usual if self.high is None else self.high):
            raise ValueError("the usual value lies between the low and the high one")
        return self
