"""What a lead's story says about its score and its stage."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from marops.domains.scoring.models import ContactScore, ContactStage
from marops.domains.scoring.rules import Lifecycle, ScoreModel
from marops.domains.scoring.stages import explain_points
from marops.engine.judge import explain_rule
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.definitions import active, find, load
from marops.kernel.fields import REGISTRY
from marops.kernel.models import Definition
from marops.kernel.rules import Everyone
from marops.kernel.rules_explain import Explanation
from marops.kernel.rules_sentence import sentence


def score(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """The score by the main model: its parts, every contribution with its reason, and what was not known."""
    row = ContactScore.objects.filter(contact_id=contact_id, model="main").first()
    if row is None:
        return {"value": None, "why": "Not scored yet: the engine has not looked at this lead."}
    model: ScoreModel = load(find(row.definition))
    return {
        "value": float(row.value),
        "fit": {"points": float(row.fit), "of": float(model.fit.cap)},
        "engagement": {"points": float(row.engagement), "of": float(model.engagement.cap)},
        "grade": row.grade,
        "contributions": explain_points(model, row.contributions),
        "missing": [_label(name) for name in row.missing],
        "model": model.title,
        "definition": row.definition,
        "as_of": row.as_of.isoformat().replace("+00:00", "Z"),
        "why": _words(row, model),
    }


def _label(name: str) -> str:
    found = REGISTRY.find_field(name)
    return str(found.label) if found else name


def _words(row: ContactScore, model: ScoreModel) -> str:
    points = explain_points(model, row.contributions)
    if not points:
        nothing = f"nothing that the model “{model.title}” looks at is known or true"
        return f"{row.value.normalize():f} points, grade {row.grade}: {nothing}."
    reasons = ", ".join(f"{one['label']} ({one['points']:+g})" for one in points[:3])
    rest = points[3:]
    if rest:
        reasons += f", and {len(rest)} more ({sum(one['points'] for one in rest):+g})"
    unknown = f" {len(row.missing)} of the fields it looks at are empty." if row.missing else ""
    return f"{row.value.normalize():f} points, grade {row.grade}: {reasons}.{unknown}"


def stage(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """The lifecycle stage, since when and why, the path of all stages, and what the next one asks for."""
    row = ContactStage.objects.filter(contact_id=contact_id).first()
    if row is None:
        return {"name": None, "why": "No stage yet: the engine has not looked at this lead.", "path": _path(None)}
    document: Lifecycle = load(find(row.definition))
    return {
        "name": row.stage,
        "label": document.label(row.stage),
        "since": row.since.isoformat().replace("+00:00", "Z"),
        "definition": row.definition,
        "path": _path(row.stage),
        "why": _reason(document, row.stage),
        "next": _next(document, row.stage, contact_id),
    }


def _next(document: Lifecycle, name: str, contact_id: UUID) -> dict[str, Any] | None:
    """The next stage that is reached by rule, and every condition of it with what it sees now."""
    names = [one.name for one in document.stages]
    later = document.stages[names.index(name) + 1 :] if name in names else ()
    ahead = next((one for one in later if one.when is not None), None)
    if ahead is None or ahead.when is None:
        return None
    told = explain_rule(ahead.when, contact_id, as_of=now())
    return {
        "name": ahead.name,
        "label": ahead.label,
        "rule": sentence(ahead.when),
        "holds": told.holds,
        "conditions": list(_leaves(told)),
    }


def _leaves(told: Explanation) -> Iterator[dict[str, Any]]:
    if not told.parts:
        said = told.as_json()
        yield {"sentence": said["sentence"], "value": said["value"], "holds": told.holds}
    for part in told.parts:
        yield from _leaves(part)


def _path(current: str | None) -> list[dict[str, Any]]:
    found: list[Definition] = active("lifecycle")
    document: Lifecycle | None = load(found[0]) if found else None
    stages = document.stages if document else ()
    return [{"name": one.name, "label": one.label, "now": one.name == current} for one in stages]


def _reason(document: Lifecycle, name: str) -> str:
    one = next((stage for stage in document.stages if stage.name == name), None)
    if one is None or one.when is None:
        return "Set by a person."
    if isinstance(one.when, Everyone):
        return f"Every lead starts as {one.label}."
    return f"{one.label} because: {sentence(one.when)}."


def _said_scored(fact: Mapping[str, Any]) -> str:
    told = fact["properties"] or {}
    return f"Scored {float(told.get('value', 0)):g}, grade {told.get('grade', '?')}."


def _said_staged(fact: Mapping[str, Any]) -> str:
    told = fact["properties"] or {}
    labels = {one["name"]: one["label"] for one in _path(None)}
    after = labels.get(told.get("to", ""), told.get("to"))
    before = labels.get(told.get("from", ""), told.get("from"))
    return f"Moved from {before} to {after}." if before else f"Entered the lifecycle as {after}."


SAYINGS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "lead.scored": _said_scored,
    "lead.stage_changed": _said_staged,
}
"""What a lead's timeline says of scores and stages."""
