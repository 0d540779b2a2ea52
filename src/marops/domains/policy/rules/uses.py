"""A use of AI as the register keeps it: what for, on which data, for whom, how freely, how far it can reach."""

from collections.abc import Iterator
from datetime import date
from itertools import product
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from marops.domains.policy.rules.document import Short, Words
from marops.domains.policy.rules.domain import ACTION, AUDIENCE, CONTENT, DATA, Request

Outside = frozenset({"customers", "prospects", "public", "minors"})
_SENSITIVE = frozenset({"special", "confidential"})
_OF_PEOPLE = frozenset({"contact", "behaviour"})
Tier = Literal["low", "medium", "high"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AiModel(_Part):
    """Which model does it, and where what it reads goes."""

    vendor: Short
    name: Short
    version: str = ""
    hosting: Literal["own", "vendor"] = "vendor"
    region: str = ""
    keeps_days: Annotated[int, Field(ge=0, le=36500)] | None = None
    trains_on_ours: bool = False


class Reach(_Part):
    """How far it can reach in a day at most.

    Where nothing is said it reaches nobody, spends nothing, and touches one record at a time.
    """

    recipients: Annotated[int, Field(ge=0)] | None = None
    records: Annotated[int, Field(ge=0)] | None = None
    money: Annotated[int, Field(ge=0)] | None = None


class Reviewing(_Part):
    """Who reads what it made: access roles, how many, and when."""

    roles: list[Short] = []
    needed: Annotated[int, Field(ge=0, le=2)] = 0
    when: Literal["before", "sample", "after"] = "before"
    sample: Annotated[float, Field(ge=0, le=1)] = 0.0

    @property
    def before(self) -> int:
        """How many read it before it counts."""
        return self.needed if self.when == "before" else 0

    @property
    def share(self) -> float:
        """Which share of what was done is read afterwards."""
        return {"before": 0.0, "sample": self.sample, "after": 1.0}[self.when]


class AiUse(_Part):
    """One use of AI. What is not in the register in force is not allowed, whatever the policy says."""

    title: Short
    purpose: Words = ""
    owner: Short
    actions: Annotated[list[str], Field(min_length=1)]
    content: Annotated[list[str], Field(min_length=1)]
    audience: Annotated[list[str], Field(min_length=1)]
    data: Annotated[list[str], Field(min_length=1)]
    model: AiModel
    autonomy: Annotated[int, Field(ge=0, le=5)]
    reversibility: Literal["none", "costly", "easy"] = "costly"
    reach: Reach = Reach()
    review: Reviewing = Reviewing()
    discloses: bool = False
    disclosure: str = ""
    consent_purpose: str = ""
    jurisdictions: list[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]] = []
    rights: list[str] = []
    tools: list[Short] = []
    review_by: date | None = None
    evidence: list[Short] = []

    @model_validator(mode="after")
    def _answers(self) -> Self:
        for dimension in (ACTION, CONTENT, AUDIENCE, DATA):
            name = "actions" if dimension is ACTION else dimension.name
            for value in getattr(self, name):
                if value not in dimension.answers:
                    raise ValueError(f"{name}: {value!r} is none of {', '.join(map(str, dimension.values))}")
        return self

    def requests(self, action: str, **known: str) -> Iterator[Request]:
        """Every combination this use stands for with one action; `known` answers narrow it to what happens now."""
        asked = {
            name: [known[name]] if known.get(name) else getattr(self, name) for name in ("content", "audience", "data")
        }
        for content, audience, data in product(asked["content"], asked["audience"], asked["data"]):
            yield Request(action, content, audience, data, self.autonomy, 0, self.discloses, self.model.hosting)

    def covers(self, action: str, **known: str) -> list[tuple[str, str]]:
        """What of an act this use does not name: (question, answer); empty where it names all of it."""
        given = {"action": action} | {name: value for name, value in known.items() if value}
        lists = {"action": self.actions, "content": self.content, "audience": self.audience, "data": self.data}
        return [(name, value) for name, value in given.items() if value not in lists[name]]


def tier_of(use: AiUse) -> tuple[Tier, list[str]]:
    """The risk tier, and why: the questions that raised it, by their names.

    High: minors, special or confidential data with a vendor, or acting outside the house without a person before each
    step while it cannot be taken back. Medium: anything outside the house, or records of people handled freely. Low:
    the rest. After the tiers of the inventories that ISO/IEC 42001 and the NIST AI RMF (GOVERN 1.6) ask for.
    """
    high, medium = list(_high(use)), list(_medium(use))
    if high:
        return "high", high
    return ("medium", medium) if medium else ("low", [])


def _high(use: AiUse) -> Iterator[str]:
    if "minors" in use.audience:
        yield "audience"
    if "special" in use.data or ("confidential" in use.data and use.model.hosting == "vendor"):
        yield "data"
    if Outside & set(use.audience) and use.autonomy >= 3 and use.reversibility == "none":
        yield "reversibility"
    if "likeness" in use.content and Outside & set(use.audience):
        yield "content"


def _medium(use: AiUse) -> Iterator[str]:
    if Outside & set(use.audience):
        yield "audience"
    if _SENSITIVE & set(use.data):
        yield "data"
    if _OF_PEOPLE & set(use.data) and use.autonomy >= 3:
        yield "autonomy"
    if use.model.trains_on_ours:
        yield "model"
