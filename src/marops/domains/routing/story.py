"""What a lead's story says about its owner, and why."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from marops.domains.accounts.public import names
from marops.domains.register.public import queue_names
from marops.domains.routing.models import Assignment
from marops.domains.routing.rules import Route
from marops.kernel.actors import Actor
from marops.kernel.definitions import find, load
from marops.kernel.rules_sentence import sentence


def routing(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """The owner, since when, the rules in the order they were weighed, and the reason in words."""
    row = Assignment.objects.select_related("queue").filter(contact_id=contact_id).first()
    if row is None:
        return {"owner": None, "rules": [], "why": "Nobody owns this lead yet: the engine has not routed it."}
    document: Route | None = load(find(row.definition)) if "@" in row.definition else None
    return {
        "owner": _owner(row),
        "owner_kind": "queue" if row.queue else "person",
        "since": row.routed_at.isoformat().replace("+00:00", "Z"),
        "rule": row.rule,
        "definition": row.definition,
        "rules": _weighed(row, document) if document else [],
        "why": _words(row, document),
    }


def _owner(row: Assignment) -> str:
    if row.queue:
        return row.queue.name
    return names([row.owner_id]).get(str(row.owner_id), "somebody who left") if row.owner_id else ""


def _weighed(row: Assignment, document: Route) -> list[dict[str, Any]]:
    passed = set(row.because.get("not_matched", []))
    return [
        {
            "name": rule.name,
            "label": rule.label,
            "when": sentence(rule.when),
            "result": "matched" if rule.name == row.rule else "not matched" if rule.name in passed else "not reached",
        }
        for rule in document.rules
    ]


def _words(row: Assignment, document: Route | None) -> str:
    if document is None:
        reason = row.because.get("reason")
        return f"Handed over by hand{f': {reason}' if reason else ''}."
    if gone := row.because.get("queue_gone"):
        rule = document.label(row.rule)
        return f"The rule “{rule}” names the queue {gone}, which no longer exists; so the fallback took it."
    if row.rule:
        return f"The rule “{document.label(row.rule)}” was the first that matched."
    rules = len(document.rules)
    none = "The route has no rules yet" if not rules else f"None of its {rules} rules matched"
    return f"{none}, so the lead went to the fallback queue “{_owner(row)}”."


def _said_routed(fact: Mapping[str, Any]) -> str:
    told = fact["properties"] or {}
    if told.get("by_hand"):
        return "Handed over by a person."
    queue = queue_names().get(told.get("queue", ""), told.get("queue"))
    return f"Went to the queue “{queue}”" + (f" by the rule {told['rule']}." if told.get("rule") else ".")


SAYINGS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {"lead.routed": _said_routed}
"""What a lead's timeline says of routing."""
