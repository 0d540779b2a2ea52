"""A provider of data as a document: where it is asked, what it is sent, what its answer means, and what it may cost."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from marops.connectors.enrichment.asking import connectors
from marops.domains.contacts.public import OUTSIDE, clean, countries
from marops.kernel.errors import FieldError

Sent = Literal["email", "email_domain", "company_name", "website", "country", "full_name"]


class Provider(BaseModel):
    """Whom to ask for what records lack. Its key is no part of the document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    connector: Annotated[str, Field(description="The name of a connector; http_json speaks to most services.")] = (
        "http_json"
    )
    url: Annotated[str, Field(description="Where it is asked; {name} stands for what is sent under this name.")]
    method: Literal["GET", "POST"] = "POST"
    inside: Annotated[bool, Field(description="It runs in the house: addresses of the own network are reached.")] = (
        False
    )
    sends: Annotated[dict[str, Sent], Field(min_length=1, description="Name in the question → field of the record.")]
    gives: Annotated[
        dict[str, str], Field(min_length=1, description="Field of the record → place in the answer, such as a.b.0.")
    ]
    key_header: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]*$")] = "Authorization"
    key_prefix: str = "Bearer "
    price: Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=4)] = Decimal(0)
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    calls_per_day: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    money_per_day: Annotated[Decimal, Field(ge=0, max_digits=10, decimal_places=2)] = Decimal(0)
    kept_days: Annotated[int, Field(ge=1, le=3650, description="So long an answer holds before it is asked again.")] = (
        90
    )
    purpose: Annotated[
        str, Field(description="The purpose for which a person's data has to be free to go out.")
    ] = "sale_or_sharing"  # fmt: skip
    needs: Annotated[
        Literal["allowed", "no_refusal"],
        Field(description="allowed: whose data may go out by law and word; no_refusal: everybody who did not say no."),
    ] = "allowed"
    seconds: Annotated[int, Field(ge=1, le=60)] = 10


def faults_of(document: Provider) -> Iterator[FieldError]:
    """A connector that there is not, fields that nobody outside may fill, a price with no money for it."""
    if document.connector not in connectors():
        said = f"There is no connector {document.connector!r}."
        yield FieldError("connector", said, f"Use one of {', '.join(connectors())}.", "/connector")
    for name in document.gives:
        if name not in OUTSIDE:
            said = f"{name} is not filled from outside."
            yield FieldError("gives", said, f"Use some of {', '.join(OUTSIDE)}.", f"/gives/{name}")
    if document.price > document.money_per_day:
        said = "The money for a day does not pay for one call."
        yield FieldError("money", said, "Say how much may be spent in a day.", "/money_per_day")


def cleaned(document: Provider, answer: Any) -> dict[str, Any]:
    """What an answer means: the fields of the record that it gives, in their usual shape."""
    found = {name: _clean(name, _at(answer, path)) for name, path in document.gives.items()}
    return {name: value for name, value in found.items() if value is not None}


def _at(answer: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(answer, Mapping):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return None
    return answer


def _clean(name: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if name == "employees":
        digits = str(value).replace(",", "").strip()
        return int(float(digits)) if digits.replace(".", "", 1).isdecimal() and float(digits) < 10**8 else None
    text = clean(str(value))[:200]
    return (countries.normalise(text) if name == "country" else text) or None
