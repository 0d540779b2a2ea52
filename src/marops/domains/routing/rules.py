"""The document of routing: rules in order, each with a target, and what happens when none matches."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from marops.kernel.rules import Rule

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


class RouteRule(BaseModel):
    """When this holds, the lead goes to that queue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Slug
    label: str
    when: Rule
    queue: Slug


class Route(BaseModel):
    """Rules in order; the first that holds decides. An owned lead keeps its owner."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    rules: Annotated[tuple[RouteRule, ...], Field(max_length=200)] = ()
    fallback: Slug = "unassigned-leads"

    @model_validator(mode="after")
    def _whole(self) -> "Route":
        names = [rule.name for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("two rules have the same name")
        return self

    def label(self, name: str | None) -> str:
        """What a rule is called; what is said where none matched."""
        if name is None:
            return "no rule matched"
        return next((rule.label for rule in self.rules if rule.name == name), name)
