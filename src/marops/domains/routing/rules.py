"""The document of routing: rules in order, each with a target, and what happens when none matches."""

from collections.abc import Mapping
from typing import Annotated, Any

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


def headline(story: Mapping[str, Any]) -> str:
    """The answer first: how good a lead is and who has it, in one sentence."""
    score, stage, routing = story["score"], story["stage"], story["routing"]
    if score.get("value") is None:
        return "New here: the engine has not looked at this lead yet."
    quality = f"{_strength(score)}: {score['value']:.0f} of {score['fit']['of'] + score['engagement']['of']:.0f}"
    owner = routing.get("owner")
    if not owner:
        return f"{quality}, and nobody has this lead yet."
    waits = "waits in" if routing["owner_kind"] == "queue" else "is with"
    return f"{quality}. The {stage.get('label') or 'lead'} {waits} {owner}."


def _strength(score: Mapping[str, Any]) -> str:
    fit = score["fit"]["points"] / score["fit"]["of"]
    keen = score["engagement"]["points"] / score["engagement"]["of"]
    fits = "Fits well" if fit >= 0.6 else "Fits in part" if fit >= 0.25 else "Little is known of the fit"
    eager = "and keen now" if keen >= 0.5 else "with some interest" if keen > 0 else "no sign of interest yet"
    return f"{fits}, {eager}"
