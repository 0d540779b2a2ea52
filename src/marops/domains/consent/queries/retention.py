"""Whom a rule of retention is about now, with examples: what is shown before it runs is what it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marops.domains.consent.models import Restriction
from marops.domains.consent.rules.regimes import months_later
from marops.domains.consent.rules.retention import Retention
from marops.domains.contacts.public import Contact
from marops.engine.asking import query_engine
from marops.kernel.fields import REGISTRY
from marops.kernel.rules_meaning import Context, understand
from marops.kernel.workspace import zone
from marops.store.rulequery import members_sql

HEARD: Final = (
    "page.viewed", "screen.viewed", "web.tracked", "form.submitted", "meeting.requested", "meeting.held",
    "email.clicked", "visitor.known", "consent.recorded", "privacy.asked", "lead.created", "lead.updated",
    "lead.accepted", "opportunity.created", "opportunity.changed", "opportunity.stage_changed", "opportunity.won",
    "opportunity.lost",
)  # fmt: skip
"""Facts that somebody was heard of, or was worked on; what the engine finds out by itself is none."""
EXAMPLES: Final = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """Whom a rule is about: how many, who comes next, and how many are kept although they are quiet."""

    people: int
    next: Sequence[UUID]
    examples: Sequence[dict[str, Any]]
    restricted: int

    def as_json(self, document: Retention) -> dict[str, Any]:
        """As REST and the command answer it."""
        return {
            "people": self.people, "now": len(self.next), "then": document.then, "most": document.most,
            "restricted": self.restricted, "examples": list(self.examples),
        }  # fmt: skip


def preview(document: Retention, at: datetime) -> Preview:
    """Whom the rule is about at this moment, those first who have been quiet for longest."""
    rows = query_engine().rows(_quiet_sql(document, at))
    limited = set(Restriction.objects.values_list("contact_id", flat=True))
    due = [row for row in rows if row["id"] not in limited]
    following = [row["id"] for row in due[: document.most]]
    last = {row["id"]: row["heard"] for row in due[:EXAMPLES]}
    people = Contact.objects.in_bulk(list(last))
    examples = [
        {"ref": people[key].ref, "heard": heard.isoformat() if heard else None, "country": people[key].country}
        for key, heard in last.items()
        if key in people
    ]
    return Preview(len(due), following, examples, len(rows) - len(due))


def _quiet_sql(document: Retention, at: datetime) -> str:
    cutoff = months_later(at, -document.quiet_months).isoformat()
    kinds = ", ".join(f"'{kind}'" for kind in HEARD)
    among = ""
    if document.who is not None:
        meant = understand(document.who, Context(at, zone()))
        among = f" AND c.id IN ({members_sql(meant, REGISTRY.bindings('duckdb'))})"
    return (
        "SELECT c.id, f.heard FROM pg.public.contact c LEFT JOIN (SELECT contact_id, max(occurred_at) AS heard FROM"
        f" facts WHERE kind IN ({kinds}) AND coalesce(properties ->> 'state', '') <> 'expired' GROUP BY contact_id) f"
        f" ON f.contact_id = c.id WHERE c.created_at < TIMESTAMPTZ '{cutoff}' AND (f.heard IS NULL OR f.heard <"
        f" TIMESTAMPTZ '{cutoff}') AND NOT (c.full_name IS NULL AND c.email IS NULL AND c.phone IS NULL){among}"
        " ORDER BY f.heard NULLS FIRST, c.id"
    )
