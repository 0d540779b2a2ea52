"""Who has to read what an AI hands in, and what the policy was asked about it."""

from dataclasses import asdict
from typing import Any

from marops.domains.policy.queries.enforcing import Weighed


def gates_of(found: Weighed) -> dict[str, Any]:
    """Who has to read it: what the rules miss, and what the register's entry asks besides."""
    lacks, entry = found.word.lacks, found.use.document if found.use else None
    before = entry.review.before if entry else 0
    rules = found.policy.compiled.rules if found.policy else {}
    return {
        "needed": max(lacks.review if lacks else 0, before),
        "disclosed": bool(lacks and lacks.disclosed) or bool(entry and entry.discloses),
        "roles": list(entry.review.roles) if entry else [], "rules": list(found.word.rules),
        "says": [rules[name].says for name in found.word.rules if name in rules], "reasons": list(found.word.reasons),
        "policy": found.policy.row.pinned if found.policy else "",
    }  # fmt: skip


def asked_of(found: Weighed) -> dict[str, Any]:
    """What the policy was asked about a draft, and how far it would reach."""
    known = found.known
    reach = {name: getattr(known, name) for name in ("recipients", "records", "spent", "consented")}
    named = {name: getattr(known, name) for name in ("content", "audience", "data")}
    return {"request": asdict(found.word.request) if found.word.request else {}, "reach": reach, "named": named}
