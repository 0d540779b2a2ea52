"""For how long people are kept who do nothing any more: a definition each, previewed before it runs."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from marops.kernel.rules import Rule


class Retention(BaseModel):
    """One rule: whom it is about, after how many quiet months, and what becomes of them."""

    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=80)
    says: str = Field(default="", max_length=400)
    who: Rule | None = None
    """Of whom; without it, of everybody. Whoever is on restriction is kept, whatever a rule says."""
    quiet_months: int = Field(ge=1, le=240)
    """So long nothing was heard of them: no visit, no form, no click, no word, no deal; and so long they are here."""
    then: Literal["erase", "anonymise"] = "anonymise"
    most: int = Field(default=500, ge=1, le=5000)
    """At most so many at a time: a wrong rule shall not empty the house overnight."""
    runs: bool = False
    """Does it run by itself, each day? Else only when somebody starts it."""
