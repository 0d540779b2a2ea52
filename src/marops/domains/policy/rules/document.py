"""A policy as a definition: its rules in Cedar with what they mean to people, and its own checks."""

from datetime import date
from typing import Annotated, Literal

from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints


def _kept(text: str) -> str:
    """A text that a database can keep."""
    if "\x00" in text:
        raise ValueError(_("There is a sign in it that cannot be kept. Take it out."))
    return text


Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_kept)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), AfterValidator(_kept)]
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
MOST_RULES = 200


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PolicyRule(_Document):
    """One rule: who answers for it, what it says in plain words and why, and the Cedar text that decides."""

    id: RuleId
    owner: Short
    says: Short
    because: Words = ""
    cedar: Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class Asked(_Document):
    """A combination as a document holds it; what is not said is the least: nobody read it, it does not say so."""

    action: Short
    content: Short
    audience: Short
    data: Short
    autonomy: Annotated[int, Field(ge=0, le=5, strict=True)]
    review: Annotated[int, Field(ge=0, le=2, strict=True)] = 0
    disclosed: StrictBool = False
    hosting: Short = "vendor"


class Check(_Document):
    """Something the policy has to answer, kept beside it: fails the version where it answers otherwise."""

    says: Short
    ask: Asked
    expect: Literal["yes", "no"]


class AiPolicy(_Document):
    """What AI may do in marketing."""

    title: Short
    preamble: Words = ""
    agreed_by: list[Short] = []
    review_by: date | None = None
    rules: Annotated[list[PolicyRule], Field(max_length=MOST_RULES)]
    checks: Annotated[list[Check], Field(max_length=200)] = []
