"""What a lead's story says about its score and its stage."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from marops.domains.scoring.actions import BY_HAND
from marops.domains.scoring.models import ContactScore, ContactStage, StagePassage
from marops.domains.scoring.queries import empty_fields, explain_points, score_history
from marops.domains.scoring.rules import Lifecycle, ScoreModel
from marops.engine.judge import explain_rule
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.definitions import active, find, load
from marops.kernel.fields import REGISTRY
from marops.kernel.models import Definition
from marops.kernel.numbers import points as points_of
from marops.kernel.rules import Everyone
from marops.kernel.rules_explain import Explanation
from marops.kernel.rules_sentence import sentence


def score(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """The score by the main model: its parts, every contribution with its reason, what was not known, how it moved, and
    what the other models say.
    """
    rows = {row.model: row for row in ContactScore.objects.filter(contact_id=contact_id)}
    row = rows.pop("main", None)
    others = [_brief(one) for _, one in sorted(rows.items())]
    if row is None:
        return {"value": None, "why": "Not scored yet: the engine has not looked at this lead.", "others": others}
    model: ScoreModel = load(find(row.definition))
    missing = empty_fields(contact_id, model.asks())
    return {
        "value": float(row.value),
        "fit": {"points": float(row.fit), "of": float(model.fit.cap)},
        "engagement": {"points": float(row.engagement), "of": float(model.engagement.cap)},
        "grade": row.grade,
        "level": row.level,
        "cell": f"{row.grade}{row.level}",
        "mql": row.mql,
        "mql_from": float(model.mql.at_least),
        "contributions": explain_points(model, row.contributions),
        "missing": [_label(name) for name in missing],
        "model": model.title,
        "definition": row.definition,
        "as_of": iso_utc(row.as_of),
        "why": _words(row, model, len(missing)),
        "others": others,
    }


def _brief(row: ContactScore) -> dict[str, Any]:
    model: ScoreModel = load(find(row.definition))
    cell = f"{row.grade}{row.level}"
    return {"model": model.title, "slug": row.model, "value": float(row.value), "cell": cell, "mql": row.mql}


def score_moves(contact_id: UUID) -> list[dict[str, Any]]:
    """The scores that the lead had by the main model, the oldest first, each with what moved it (see `moved_by`)."""
    told: list[dict[str, Any]] = []
    for one in score_history(contact_id):
        before = told[-1]["contributions"] if told else {}
        told.append({**one, "moved": moved_by(before, one["contributions"])})
    return told


def moved_by(before: Mapping[str, float], after: Mapping[str, float]) -> list[dict[str, Any]]:
    """What differs between the contributions of two scores: name and by how many points, the strongest first."""
    by = {name: round(after.get(name, 0) - before.get(name, 0), 4) for name in dict.fromkeys((*after, *before))}
    moved = [{"name": name, "points": points} for name, points in by.items() if points]
    return sorted(moved, key=lambda one: (-abs(one["points"]), one["name"]))


def _label(name: str) -> str:
    found = REGISTRY.find_field(name)
    return str(found.label) if found else name


def _words(row: ContactScore, model: ScoreModel, missing: int) -> str:
    points = explain_points(model, row.contributions)
    reasons = ", ".join(f"{one['label']} ({_rounded(one['points'])})" for one in points[:3])
    if rest := points[3:]:
        reasons += f", and {len(rest)} more ({_rounded(sum(one['points'] for one in rest))})"
    reasons = reasons or f"nothing that the model “{model.title}” looks at is known or true"
    unknown = f" {missing} of the fields it looks at are empty." if missing else ""
    return f"{points_of(row.value, model.mql.at_least)} points, grade {row.grade}: {reasons}.{unknown}"


def _rounded(points: float) -> str:
    return f"{round(points, 1):+g}"


def stage(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """The lifecycle stage, since when and why, the path of all stages, and what the next one asks for."""
    row = ContactStage.objects.filter(contact_id=contact_id).first()
    if row is None:
        why = "No stage yet: the engine has not looked at this lead."
        return {"name": None, "why": why, "path": _path(None, []), "passages": []}
    document = _document(row)
    passages = list(StagePassage.objects.filter(contact_id=contact_id).order_by("step"))
    return {
        "name": row.stage,
        "label": document.label(row.stage),
        "since": iso_utc(row.since),
        "cycle": row.cycle,
        "out": bool((found := document.find(row.stage)) and found.out),
        "definition": row.definition,
        "path": _path(row.stage, [one for one in passages if one.cycle == row.cycle]),
        "passages": [_passage(one, document) for one in passages],
        "why": _reason(document, row, passages[-1] if passages else None),
        "next": _next(document, row.stage, contact_id),
    }


def _document(row: ContactStage) -> Lifecycle:
    """The lifecycle by which the stage was given; the one in force where a person gave it."""
    found = active("lifecycle")
    if row.definition == BY_HAND and found:
        return load(found[0])  # type: ignore[no-any-return]  # the kind's model
    return load(find(row.definition))  # type: ignore[no-any-return]


def _passage(one: StagePassage, document: Lifecycle) -> dict[str, Any]:
    return {
        "stage": one.stage,
        "label": document.label(one.stage),
        "at": iso_utc(one.entered_at),
        "how": one.how,
        "cycle": one.cycle,
        "definition": one.definition,
        **({"by": one.actor, "reason": one.reason} if one.definition == BY_HAND else {}),
    }


def _next(document: Lifecycle, name: str, contact_id: UUID) -> dict[str, Any] | None:
    """The next stage that is reached by rule, and every condition of it with what it sees now."""
    names = [one.name for one in document.path()]
    later = document.path()[names.index(name) + 1 :] if name in names else ()
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


def _path(current: str | None, passages: list[StagePassage]) -> list[dict[str, Any]]:
    """Every stage, with when the contact came into it in this cycle, and whether it only passed over."""
    found: list[Definition] = active("lifecycle")
    document: Lifecycle | None = load(found[0]) if found else None
    first = {one.stage: one for one in reversed(passages)}
    return [
        {
            "name": one.name,
            "label": one.label,
            "now": one.name == current,
            "out": one.out,
            "optional": one.optional,
            "at": iso_utc(first[one.name].entered_at) if one.name in first else None,
            "how": first[one.name].how if one.name in first else None,
        }
        for one in (document.stages if document else ())
    ]


def _reason(document: Lifecycle, row: ContactStage, last: StagePassage | None) -> str:
    one = document.find(row.stage)
    if row.definition == BY_HAND:
        return f"Set by hand: {last.reason}" if last and last.reason else "Set by hand."
    if one is None or one.when is None:
        return "Set by a person."
    if isinstance(one.when, Everyone):
        return f"Every lead starts as {one.label}."
    return f"{one.label} because: {sentence(one.when)}."


def _said_scored(fact: Mapping[str, Any]) -> str:
    told = fact["properties"] or {}
    cell = f"{told.get('grade', '?')}{told.get('level', '')}"
    return f"Scored {float(told.get('value', 0)):g}, grade {cell}."


def _said_staged(fact: Mapping[str, Any]) -> str:
    told = fact["properties"] or {}
    labels = {one["name"]: one["label"] for one in _path(None, [])}
    after = labels.get(told.get("to", ""), told.get("to"))
    before = labels.get(told.get("from", ""), told.get("from"))
    said = f"Moved from {before} to {after}" if before else f"Entered the lifecycle as {after}"
    if passed := [labels.get(one, one) for one in told.get("passed", [])]:
        said += f", passing over {', '.join(passed)}"
    if (told.get("cycle") or 1) > 1:
        said += f", in cycle {told['cycle']}"
    return said + (", by hand." if told.get("by_hand") else ".")


SAYINGS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "lead.scored": _said_scored,
    "lead.stage_changed": _said_staged,
}
"""What a lead's timeline says of scores and stages."""
