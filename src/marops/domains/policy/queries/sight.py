"""Who may see what an AI made: only those who may see the thing that it was made of or is about.

The right to approve drafts opens none of them by itself. What a draft asks of its readers is kept with it when it is
handed in; those that were kept without it ask for all that their kind of data may hold.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db.models import Q

from marops.domains.policy.models import AiDraft
from marops.domains.policy.queries.uses import uses
from marops.kernel import definitions
from marops.kernel.actors import Actor
from marops.kernel.permissions import Grants, Scope, grants

_PEOPLE: Final = frozenset({"leads.view", "personal.see"})
_IN_CONFIDENCE: Final = frozenset({"team.view", "pay.see", "assessment.see"})
ASKS: Final[Mapping[str, frozenset[str]]] = {
    "none": frozenset(), "internal": frozenset(), "contact": _PEOPLE, "behaviour": _PEOPLE,
    "confidential": _PEOPLE | _IN_CONFIDENCE, "special": _PEOPLE | _IN_CONFIDENCE,
}  # fmt: skip
"""Kind of data → the rights without which somebody may not see it, wherever it stands."""
CLOSED_KINDS: Final[Mapping[str, str]] = {
    "access": "accounts.manage", "assumptions": "team.plan", "crew": "pay.see", "structure": "team.plan",
}  # fmt: skip
"""Kinds of definitions that not everybody may see who drafts definitions → the right that opens them."""
ALL_IT_ASKS: Final = tuple(sorted({one for asks in ASKS.values() for one in asks} | set(CLOSED_KINDS.values())))
"""Whoever holds all of these may see every draft."""


def asks_of(actor: Actor, kind: str, content: Mapping[str, Any], data: str) -> list[str]:
    """The rights that somebody needs to see a draft that this AI hands in.

    What it read it read with its person's eyes: of rights that this person lacks nothing can stand in it.
    """
    wanted: set[str] = set()
    for one in [data] if data else _of_use(actor.ai_use or "") if kind == AiDraft.Kind.TEXT else []:
        wanted |= ASKS.get(one, _PEOPLE | _IN_CONFIDENCE)
    person = grants(Actor("human", actor.on_behalf_of or ""))
    known = person.everything or bool(person.scopes)
    wanted = {one for one in wanted if not known or one in person}
    return sorted(wanted | set(_of_definitions(kind, content)))


def _of_use(slug: str) -> Iterable[str]:
    """Whoever does not say what was read may have read all that the register names."""
    found = uses().get(slug)
    return found.document.data if found else ("special",)


def _of_definitions(kind: str, content: Mapping[str, Any]) -> Iterable[str]:
    if kind == AiDraft.Kind.DEFINITION:
        named = str(content.get("kind", ""))
    elif kind == AiDraft.Kind.ACT and str(content.get("action", "")).startswith("definition."):
        given = content.get("arguments")
        told = given if isinstance(given, Mapping) else {}
        named = str(told.get("kind") or str(told.get("ref") or "").partition("/")[0])
    else:
        return
    if right := CLOSED_KINDS.get(named):
        yield right


def _held(found: Grants) -> list[str] | None:
    """The rights that reach everything; None for who may everything."""
    return None if found.everything else sorted(name for name, scope in found.scopes.items() if scope is Scope.ALL)


def seen_by(actor: Actor) -> Q:
    """The drafts whose matter this actor may see, whether or not they have anything to do with them."""
    if actor.kind == "system" or (held := _held(grants(actor))) is None:
        return Q(id__isnull=False)
    open_data = [name for name, asks in ASKS.items() if asks <= set(held)]
    before = Q(asked__sees__isnull=True, asked__named__data__in=open_data)
    return Q(asked__sees__contained_by=held) | before


def sees(actor: Actor, row: AiDraft) -> bool:
    """The same of one draft."""
    if actor.kind == "system" or (held := _held(grants(actor))) is None:
        return True
    asked = row.asked.get("sees")
    if asked is None:
        asked = ASKS.get((row.asked.get("named") or {}).get("data", ""), _PEOPLE | _IN_CONFIDENCE)
    return set(asked) <= set(held)


def opens_kind(actor: Actor, kind: str) -> bool:
    """May this actor see definitions of this kind on their way into force?"""
    if actor.kind == "system":
        return True
    held = grants(actor)
    if not (definitions.CHANGE in held or definitions.ACTIVATE in held):
        return False
    return CLOSED_KINDS.get(kind, definitions.CHANGE) in held or kind not in CLOSED_KINDS
