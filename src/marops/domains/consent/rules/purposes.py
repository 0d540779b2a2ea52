"""What people are contacted for: a definition each, with the bases it may rest on."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from marops.domains.consent.rules.regimes import Basis, Channel
from marops.kernel.errors import FieldError

DEFAULT = "marketing"
SHARING = "sale_or_sharing"


class Purpose(BaseModel):
    """One purpose: what for, by which channels, on which bases, in which words."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=80)
    says: str = Field(min_length=1, max_length=400)
    channels: list[Channel] = Field(min_length=1)
    bases: list[Basis] = Field(min_length=1)
    standing: Basis | None = None
    """The basis it rests on where nothing is on record; only where a regime lets it."""
    part_of: str = Field(default="", max_length=60)
    """The wider purpose: a no to the whole is a no to the part, and a yes to the whole a yes to the part."""
    wording: str = Field(default="", max_length=2000)
    """What people read when they say yes; each version of the definition is a version of it."""
    language: str = "en"
    lasts_months: int | None = Field(default=None, ge=1, le=240)
    """For how long a yes holds; without it, until it is withdrawn."""
    double_opt_in: Literal["never", "practice", "always"] = "practice"
    """Must a yes be confirmed from the mailbox: never, where that is the practice (told), or always (required)."""
    people_decide: bool = True
    """May people turn it off? Not so for messages that a contract or a law needs."""
    offered: bool = True
    """Does it stand on the page where people choose?"""

    @model_validator(mode="before")
    @classmethod
    def _no_twins(cls, given: Any) -> Any:
        if isinstance(given, dict):
            for name in ("channels", "bases"):
                if isinstance(given.get(name), list):
                    given[name] = list(dict.fromkeys(given[name]))
        return given


def check_purpose(document: Purpose) -> list[FieldError]:
    """What the model cannot say: what it rests on has to be one of its bases, a question needs words."""
    found = []
    if document.standing and document.standing not in document.bases:
        said = "What it rests on without a word is not among its bases."
        found.append(FieldError("not-a-basis", said, "Add it to the bases.", "/standing", field="standing"))
    if "consent" in document.bases and document.offered and not document.wording.strip():
        said = "A yes needs words that people read when they give it."
        found.append(FieldError("no-wording", said, "Write the wording.", "/wording", field="wording"))
    if document.people_decide and document.standing in ("contract", "legal_obligation"):
        said, remedy = "People cannot turn off what a contract or a law needs.", "Set people_decide to false."
        found.append(FieldError("they-decide", said, remedy, "/people_decide", field="people_decide"))
    return found
