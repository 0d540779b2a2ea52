"""The document of a data-quality rule: when a record is at fault, how bad that is, and what to do about it."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from marops.kernel.definitions import Starter
from marops.kernel.rules import Rule

Dimension = Literal["completeness", "validity", "freshness", "consistency", "uniqueness", "policy"]
Severity = Literal["low", "medium", "high"]
WEIGHTS: dict[Severity, int] = {"low": 5, "medium": 15, "high": 40}


class QualityRule(BaseModel):
    """A fault that a contact can have. `when` holds for those who have it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    dimension: Dimension
    severity: Severity
    remedy: str
    owner: Annotated[str, Field(description="The team role that sees to it.")] = "lead_db_admin"
    when: Rule


def quality_of(severities: Iterable[Severity]) -> int:
    """100 for a record without fault, less for each fault by its severity, never below 0."""
    return max(0, 100 - sum(WEIGHTS[one] for one in severities))


_REASON = "Part of the starter set: faults that nearly every database has."
_RULES: dict[str, dict[str, object]] = {
    "unreachable": {
        "title": "Cannot be reached",
        "dimension": "completeness",
        "severity": "high",
        "remedy": "Ask for an e-mail address or a phone number at the next contact, or enrich the record.",
        "when": {
            "all": [
                {"field": "contact.email", "is_empty": True},
                {"field": "contact.phone", "is_empty": True},
                {"field": "contact.mobile", "is_empty": True},
            ]
        },
    },
    "email-refused": {
        "title": "The e-mail address that came in is none",
        "dimension": "validity",
        "severity": "medium",
        "remedy": "Compare with the source; the original is kept on the record.",
        "when": {
            "all": [
                {"field": "contact.original_email", "is_filled": True},
                {"field": "contact.email", "is_empty": True},
            ]
        },
    },
    "throw-away-address": {
        "title": "Throw-away address",
        "dimension": "policy",
        "severity": "high",
        "remedy": "Do not write to it. Ask for a lasting address, or leave the lead to expire.",
        "when": {"field": "contact.email_kind", "is": "disposable"},
    },
    "shared-mailbox": {
        "title": "Shared mailbox instead of a person",
        "dimension": "policy",
        "severity": "low",
        "remedy": "Find out who reads it; consent given there is nobody's in particular.",
        "when": {"field": "contact.email_role", "is": True},
    },
    "no-name": {
        "title": "No name",
        "dimension": "completeness",
        "severity": "medium",
        "remedy": "Ask for it in the next form, or take it from the signature.",
        "when": {"field": "contact.full_name", "is_empty": True},
    },
    "no-company": {
        "title": "No company",
        "dimension": "completeness",
        "severity": "low",
        "remedy": "Ask for it in the next form; a work address often gives it away.",
        "when": {"field": "contact.company_name", "is_empty": True},
    },
    "no-country": {
        "title": "No country",
        "dimension": "completeness",
        "severity": "low",
        "remedy": "Routing by market needs it: ask for it, or take it from the phone number.",
        "when": {"field": "contact.country", "is_empty": True},
    },
    "no-source": {
        "title": "Source is not known",
        "dimension": "completeness",
        "severity": "low",
        "remedy": "Name the source when importing; without it no campaign can be judged.",
        "when": {"field": "contact.source", "is_empty": True},
    },
}

STARTERS = [Starter("quality", slug, document, _REASON) for slug, document in _RULES.items()]
