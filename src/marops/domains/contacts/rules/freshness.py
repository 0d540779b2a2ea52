"""How values age: for each field after how long half of all values are no longer true, and how fresh one is by that.

The half-lives that a workspace begins with are assumptions: of business addresses between a fifth and a quarter go bad
in a year, people keep a job for about four years, numbers and places last longer. A workspace that knows better says so
in the definition.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from marops.kernel.definitions import Starter
from marops.kernel.errors import FieldError

SLUG: Final = "main"
HALF_LIVES: Final = {
    "email": 33, "phone": 36, "mobile": 48, "job_title": 24, "company_name": 30, "country": 96, "city": 60,
    "street": 48,
}  # fmt: skip
"""Months. E-mail: 22.5 % lost in a year; titles change more often than employers do."""
AGED: Final = tuple(HALF_LIVES)
DAYS_PER_MONTH: Final = 365.25 / 12


class Freshness(BaseModel):
    """After how many months half of the values of a field are no longer true."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    half_lives: Annotated[
        dict[str, Annotated[int, Field(ge=1, le=600)]], Field(description="Field → months; fields left out do not age.")
    ] = HALF_LIVES


def faults_of(document: Freshness) -> Iterator[FieldError]:
    """Fields that have no age."""
    for name in document.half_lives:
        if name not in AGED:
            said = f"No age is kept of {name!r}."
            yield FieldError("field", said, f"Use some of {', '.join(AGED)}.", f"/half_lives/{name}")


def fresh(at: datetime, as_of: datetime, half_life: int) -> float:
    """The chance that a value given at this moment is still true: one half after the half-life, a quarter after two."""
    days = max(0.0, (as_of - at).total_seconds() / 86_400)
    return float(0.5 ** (days / (half_life * DAYS_PER_MONTH)))


STARTERS = [
    Starter(
        "freshness", SLUG, {"half_lives": HALF_LIVES},
        "Part of the starter set: assumptions about how fast business contact data ages.",
    )
]  # fmt: skip
