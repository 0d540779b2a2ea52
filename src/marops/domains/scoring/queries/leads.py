"""Reads of scoring: what models and lifecycles say of the leads there are."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from marops.domains.accounts.public import scope_rule
from marops.domains.scoring.rules import ScoreModel
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc, now
from marops.kernel.fields import REGISTRY
from marops.kernel.permissions import grants, require
from marops.kernel.rules import parse
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.workspace import zone
from marops.store.rulequery import condition_sql, percent_escaped


def reaches(actor: Actor, contact_id: UUID, right: str) -> bool:
    """Does this right of the actor reach the lead? Raises MaropsError `not-allowed` without the right."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM contact c WHERE c.id = %s AND {within(actor, right)})", [contact_id]
        )
        return bool(cursor.fetchone()[0])


def within(actor: Actor, right: str) -> str:
    """The leads that the right reaches, as a condition on `c`, a row of contact."""
    rule = parse(scope_rule(require(actor, right), grants(actor)))
    known = REGISTRY.bindings("postgres", schema="")
    return percent_escaped(condition_sql(understand(rule, Context(now(), zone())), known, alias="c"))


def empty_fields(contact_id: UUID, names: Sequence[str]) -> list[str]:
    """Which of these fields are empty for the contact."""
    if not names:
        return []
    known, context = REGISTRY.bindings("postgres", schema=""), Context(now(), zone())
    tests = (understand(parse({"field": name, "is_empty": True}), context) for name in names)
    columns = ", ".join(percent_escaped(condition_sql(test, known, alias="c")) for test in tests)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM contact c WHERE c.id = %s", [contact_id])
        found = cursor.fetchone() or ()
    return [name for name, empty in zip(names, found, strict=False) if empty]


def score_history(contact_id: UUID, *, model: str = "main", limit: int = 1000) -> list[dict[str, Any]]:
    """Every score that the lead had by one model, the oldest first: at, value, fit, engagement, grade, level, mql,
    definition, and the points of each contribution.
    """
    from marops.engine.asking import facts_about, query_engine

    rows = query_engine().rows(
        "SELECT occurred_at AS at, definition, properties"
        f" FROM ({facts_about(contact_id)}) WHERE kind = 'lead.scored'"
        f" AND json_extract_string(properties, '$.model') = ? ORDER BY occurred_at DESC, id DESC LIMIT {int(limit)}",
        [model],
    )
    return [_scored(row) for row in reversed(rows)]


def _scored(row: dict[str, Any]) -> dict[str, Any]:
    told = row["properties"] or {}
    return {
        "at": iso_utc(row["at"]),
        "definition": row["definition"],
        **{name: told.get(name) for name in ("value", "fit", "engagement", "grade", "level", "mql")},
        "contributions": told.get("points") or {},
    }


def explain_points(model: ScoreModel, contributions: Mapping[str, float]) -> list[dict[str, Any]]:
    """Contributions with the part they belong to and what people call them, the strongest first."""
    labels, parts = model.labels(), model.parts()
    named = [
        {"part": parts.get(name, "engagement"), "name": name, "points": points, "label": labels.get(name, name)}
        for name, points in contributions.items()
    ]
    return sorted(named, key=lambda one: (-abs(one["points"]), one["name"]))
