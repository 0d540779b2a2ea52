"""How an AI stands: under which use it acts, what is left of its day, and what the gate would say."""

from dataclasses import asdict
from typing import Any

from marops.domains.accounts.public import names
from marops.domains.policy.queries import enforcing
from marops.domains.policy.queries.policies import in_force
from marops.domains.policy.queries.uses import Use, uses
from marops.kernel.actors import Actor
from marops.kernel.gates import About
from marops.kernel.permissions import grants

_NAMED = ("title", "purpose", "actions", "content", "audience", "data", "autonomy", "jurisdictions", "disclosure")


def standing(actor: Actor) -> dict[str, Any]:
    """Who this AI is to the house, and what stands in its way."""
    slug = actor.ai_use or ""
    use, policy = uses().get(slug), in_force()
    against = enforcing.stands_against(slug, use, policy)
    why_not = " ".join(against.reasons) if against else None
    return {
        "agent": actor.id, "use": slug, "for": actor.on_behalf_of, "for_name": _name(actor.on_behalf_of),
        "may_act": why_not is None, "why_not": why_not,
        "named": {name: getattr(use.document, name) for name in _NAMED} if use else None,
        "review_by": use.document.review_by if use else None,
        "rights": {name: scope.name.lower() for name, scope in sorted(grants(actor).scopes.items())},
        "limits": _limits(use) if use else {}, "policy": policy.row.pinned if policy else None,
    }  # fmt: skip


def _name(account: str | None) -> str:
    return names([account]).get(account, "") if account else ""


def _limits(use: Use) -> dict[str, Any]:
    reach = use.document.reach
    spent: dict[str, Any] = dict(enforcing.spent_today(use.slug))
    asked = {"recipients": reach.recipients, "records": reach.records, "spent": reach.money}
    if reach.money is not None:
        spent["spent"] = float(spent["spent"] + spent["cost"])
    return {name: {"a_day": most, "so_far": spent[name]} for name, most in asked.items()}


def foreseen(actor: Actor, action: str, **about: Any) -> dict[str, Any]:
    """What the gate would say of an act of this AI; `about` are fields of `About`."""
    word = enforcing.foreseen(actor, action, About(**({"records": 1} | about)))
    return {
        "allowed": word.allowed, "reasons": list(word.reasons), "rules": list(word.rules),
        "missing": {"review": word.lacks.review, "disclosed": word.lacks.disclosed} if word.lacks else None,
        "asked": asdict(word.request) if word.request else None,
    }  # fmt: skip
