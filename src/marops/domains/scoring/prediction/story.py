"""What a lead's story says about how likely its outcome is."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from marops.domains.scoring.permissions import VIEW
from marops.domains.scoring.prediction.queries import explain, in_force
from marops.kernel.actors import Actor
from marops.kernel.definitions import load
from marops.kernel.permissions import may
from marops.methods.prediction.telling import strength

SHOWN = 6


def prediction(contact_id: UUID, actor: Actor, slug: str = "main") -> dict[str, Any]:
    """The likelihood with every term in words; or why there is none."""
    if not may(actor, VIEW):
        return {"probability": None, "why": "You may not see predictive scores."}
    found = explain(contact_id, slug)
    if found is None:
        return {"probability": None, "why": _why_not(slug)}
    strongest = [one for one in found["terms"] if abs(one["term"]) >= 0.05][:SHOWN]
    said = "; ".join(f"{one['says']}: {strength(one['term'])}" for one in strongest)
    found["shown"] = _adding_up(found)
    return {**found, "why": said or "Nothing that is known moves it from the average."}


def _adding_up(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The strongest terms, the others together, and where everybody begins: they add up to the points."""
    first, rest = found["terms"][:SHOWN], found["terms"][SHOWN:]
    lines = [{"label": one["says"], "value": one["term"]} for one in first]
    if rest:
        total = sum(one["term"] for one in rest)
        lines.append({"label": _("%(n)s more fields") % {"n": len(rest)}, "value": total})
    return [*lines, {"label": _("Where everybody begins"), "value": found["intercept"]}]


def _why_not(slug: str) -> str:
    row = in_force(slug)
    if row is None or load(row).model is None:
        return "No predictive score is in force yet."
    days = load(row).outcome.within_days
    return (
        f"No likelihood: the {days} days within which the outcome counts are over, sales has decided before it was in"
        " force, or the engine has not looked at this lead yet."
    )
