"""Enrichment from what is at hand: values that follow from others of the same record, or from colleagues' records.

Nothing is asked of anybody outside. Only empty fields are filled, and each value says from what it was derived, so
that whatever a person or a source says later takes its place.
"""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from marops.domains.contacts.rules.remedies import REMEDIES, Name, Remedy
from marops.kernel.definitions import Starter
from marops.kernel.errors import FieldError

SLUG: Final = "main"
DERIVATIONS: Final[tuple[Name, ...]] = (
    "country_from_phone", "country_from_mail", "company_from_mail", "company_from_colleagues", "facts_of_company",
    "parts_of_title", "kind_of_mail",
)  # fmt: skip
"""In the order in which they are made: a company found gives its facts."""
FROM: Final = {
    "country_from_phone": "the phone number",
    "country_from_mail": "the e-mail address",
    "company_from_mail": "the e-mail address",
    "company_from_colleagues": "colleagues with the same e-mail domain",
    "facts_of_company": "the company",
    "parts_of_title": "the job title",
    "kind_of_mail": "the e-mail address",
    "from_outside": "what a provider of data answered",
}
"""What a value was derived from, for people."""


def derived_from(name: str) -> str | None:
    """What a value of this derivation was derived from, for people; None for what was not derived."""
    return FROM.get(name)


class Enrichment(BaseModel):
    """What is derived as records come in or change, and how sure colleagues must be of their company."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    as_they_come: Annotated[
        tuple[Name, ...], Field(description="Derivations made on what comes in or changes from now on.")
    ] = ()
    colleagues: Annotated[
        int, Field(ge=2, le=100, description="So many people of one e-mail domain have to name the company.")
    ] = 2
    agreement: Annotated[
        float, Field(gt=0.5, le=1, description="Of those who name one, such a share has to name the same.")
    ] = 0.8


def faults_of(document: Enrichment) -> Iterator[FieldError]:
    """A remedy that derives nothing."""
    for number, name in enumerate(document.as_they_come):
        if name not in DERIVATIONS:
            said = f"{name} derives nothing."
            yield FieldError("name", said, f"Use one of {', '.join(DERIVATIONS)}.", f"/as_they_come/{number}")


def derivation(name: str) -> Remedy | None:
    """The derivation of this name."""
    return REMEDIES[name] if name in DERIVATIONS else None


def lacks(one: Remedy) -> str:
    """SQL over `contact c`: is there anything this could fill?"""
    fields = [name for name in one.sets if name != "company_id"]
    return "(" + " OR ".join(f'c."{name}" IS NULL' for name in fields) + ")"


STARTERS = [
    Starter(
        "enrichment", SLUG, {"as_they_come": [], "colleagues": 2, "agreement": 0.8},
        "Part of the starter set: nothing is derived before somebody says so.",
    )
]  # fmt: skip
