"""The documents by which records are joined: what is compared, from which probability on, and whose values stay."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final, Literal

from django.utils.translation import gettext_lazy
from pydantic import BaseModel, ConfigDict, Field

from marops.domains.contacts.rules.survival import ALONE, TOGETHER, Way, Which
from marops.kernel.definitions import Starter
from marops.kernel.errors import FieldError
from marops.methods.matching.learnt import Learnt

Kind = Literal["person", "company"]
COMPARED: Final[dict[Kind, dict[str, str]]] = {
    "person": {
        "given_name": "given", "family_name": "family", "email": "email", "phone": "phone", "other_phone": "phone",
        "company": "company", "street": "street", "postcode": "postcode", "city": "city", "country": "country",
    },
    "company": {
        "name": "company", "domain": "site", "phone": "phone", "street": "street", "postcode": "postcode",
        "city": "city", "country": "country",
    },
}  # fmt: skip
"""What of a record can be compared → what it means to the matching."""
SLUGS: Final[dict[Kind, str]] = {"person": "people", "company": "companies"}
SHARED: Final = 3


class Lesson(BaseModel):
    """What was learnt from the records themselves; see `methods.matching.learnt`. Values stand in it that many have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    share: Annotated[float, Field(gt=0, lt=1)]
    rows: Annotated[int, Field(ge=1)]
    at: datetime
    fields: dict[str, list[tuple[float, float]]]
    often: dict[str, dict[str, float]] = {}
    seldom: dict[str, float] = {}

    def learnt(self) -> Learnt:
        """As the engine takes it."""
        return Learnt(self.share, self.rows, self.fields, self.often, self.seldom)


class IdentityModel(BaseModel):
    """How it is found out which records are the same person or company."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    of: Kind
    merge_at: Annotated[float, Field(ge=0.5, le=1, description="From this probability two records are the same.")] = 0.9
    review_at: Annotated[float, Field(ge=0.05, le=1, description="From this probability somebody looks.")] = 0.5
    compare: Annotated[tuple[str, ...], Field(description="What is compared; nothing stands for all there is.")] = ()
    shared_by: Annotated[
        int, Field(ge=1, le=1000, description="A phone number that more people have says nothing about anybody.")
    ] = SHARED
    automatic: Annotated[
        bool, Field(description="Are pairs from merge_at on joined by the engine, each of them reversibly?")
    ] = False
    learnt: Annotated[Lesson | None, Field(description="What was learnt from the records; nothing: assumed.")] = None

    @property
    def roles(self) -> dict[str, str]:
        """What is compared, with what it means."""
        known = COMPARED[self.of]
        return {name: role for name, role in known.items() if not self.compare or name in self.compare}


class Survivorship(BaseModel):
    """Which record stays when two become one, and whose values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    keep: Annotated[Which, Field(description="Which record stays, where nobody says so.")] = "earliest"
    values: Annotated[Way, Field(description="Whose values count where both say something.")] = "kept"
    fields: Annotated[dict[str, Way], Field(description="The same for single fields, such as job_title.")] = {}
    trust: Annotated[tuple[str, ...], Field(description="Sources, the most trusted first; others come after.")] = ()


def faults_of(model: IdentityModel) -> Iterator[FieldError]:
    """What the document's model cannot tell of itself."""
    if model.review_at > model.merge_at:
        said = "This is more than merge_at: nothing would be left to look at."
        yield FieldError("review_at", said, f"Use {model.merge_at:g} or less.", pointer="/review_at", field="review_at")
    for number, name in enumerate(model.compare):
        if name not in COMPARED[model.of]:
            said = f"{name} of a {model.of} cannot be compared."
            known = f"Use {', '.join(COMPARED[model.of])}."
            yield FieldError("compare", said, known, pointer=f"/compare/{number}", field="compare")


def faults_of_survivorship(rule: Survivorship) -> Iterator[FieldError]:
    """Fields that no rule can be given for."""
    known = {*(group[0] for group in TOGETHER), *ALONE}
    for name in rule.fields:
        if name not in known:
            said = f"There is no rule for {name} alone; it goes with another field, or is summed up."
            yield FieldError("fields", said, f"Use {', '.join(sorted(known))}.", pointer=f"/fields/{name}", field=name)


KEEPS: Final = {
    "earliest": gettext_lazy("the one that is known longest"),
    "latest": gettext_lazy("the one that came last"),
    "fullest": gettext_lazy("the one that says most"),
    "trusted": gettext_lazy("the one of the most trusted source"),
}
WAYS: Final = {
    "kept": gettext_lazy("its own value"),
    "recent": gettext_lazy("the newer value"),
    "full": gettext_lazy("the fuller value"),
    "trusted": gettext_lazy("the value of the more trusted source"),
}
"""Which record stays, and whose values, in words."""
PEOPLE = IdentityModel(title="The same person twice", of="person")
COMPANIES = IdentityModel(title="The same company twice", of="company")
SURVIVORSHIP = Survivorship(title="Which record stays, and whose values")
_REASON = "Part of the starter set: nothing is joined before somebody looked."
STARTERS = [
    Starter("identity", "people", PEOPLE.model_dump(mode="json", exclude_none=True), _REASON),
    Starter("identity", "companies", COMPANIES.model_dump(mode="json", exclude_none=True), _REASON),
    Starter("survivorship", "people", SURVIVORSHIP.model_dump(mode="json", exclude_none=True), _REASON),
]
