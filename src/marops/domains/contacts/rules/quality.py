"""The document of a data-quality rule: when a record is at fault, how bad that is, and what to do about it."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from marops.domains.contacts.rules.remedies import FIELDS, REMEDIES, Name
from marops.kernel.errors import FieldError
from marops.kernel.rules import Rule

Dimension = Literal["completeness", "validity", "freshness", "consistency", "uniqueness", "policy"]
Severity = Literal["low", "medium", "high"]
WEIGHTS: dict[Severity, int] = {"low": 5, "medium": 15, "high": 40}


class BulkRemedy(BaseModel):
    """A remedy of the registry that is safe for those at fault by this rule, with the field it works on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    do: Name
    field: Annotated[str | None, Field(description="For clear_placeholder and set: the field, such as source.")] = None

    @property
    def key(self) -> str:
        """How it is chosen: country_from_phone, set:source."""
        return f"{self.do}:{self.field}" if self.field else self.do

    @property
    def title(self) -> str:
        """What people call it."""
        return REMEDIES[self.do].title


class QualityRule(BaseModel):
    """A fault that a contact can have. `when` holds for those who have it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    dimension: Dimension
    severity: Severity
    remedy: str
    owner: Annotated[str, Field(description="The team role that sees to it.")] = "lead_db_admin"
    when: Rule
    fixes: Annotated[tuple[BulkRemedy, ...], Field(description="Remedies that are safe in bulk.")] = ()


def faults_of(rule: QualityRule) -> Iterator[FieldError]:
    """What the document's model cannot tell: a remedy that does not work on the field it names."""
    for number, one in enumerate(rule.fixes):
        allowed: tuple[str | None, ...] = FIELDS.get(one.do, (None,))
        if one.field not in allowed:
            said = (
                f"{one.do} works on {', '.join(FIELDS[one.do])}." if one.do in FIELDS else f"{one.do} takes no field."
            )
            yield FieldError("field", said, "Correct the field.", pointer=f"/fixes/{number}/field", field="field")


def slug_of(pinned: str) -> str:
    """The short name of a rule: no-name of quality/no-name@3."""
    return pinned.partition("/")[2].partition("@")[0]


def fix_named(rule: QualityRule, key: str) -> BulkRemedy | None:
    """The bulk remedy of the rule under this key; the first one for an empty key."""
    return next((one for one in rule.fixes if key in ("", one.key)), None)


def as_json(one: BulkRemedy) -> dict[str, Any]:
    """A bulk remedy as REST and `--json` print it."""
    return {"remedy": one.key, "title": one.title, "says": REMEDIES[one.do].says, "needs_value": one.do == "set"}
