"""The sample company's own definitions: a score model with a history, a route that one market outgrew, a lifecycle."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from marops.kernel.definitions import active
from marops.sample import governance
from marops.sample.generate import THIRD_MODEL_DAYS, Recipe
from marops.sample.pools import pools
from marops.sample.world import DAYS, HEAD, MARKETS, MOVED_DAYS, PEOPLE

FIRST_TOUCH: Final = 480
"""Working minutes within which a qualified lead is promised to hear from somebody."""
REMIND: Final = 240
MQL_VALUE, MQL_ENGAGEMENT = 48, 18


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one definition: who wrote it and why, and in which days before the load it was in force."""

    kind: str
    slug: str
    document: Mapping[str, Any]
    author: str
    reason: str
    since: int
    until: int | None = None


def versions(queue: str, recipe: Recipe) -> Sequence[Version]:
    """All of them, the older versions first. Unqualified leads wait in `queue`."""
    return [*_of_leads(queue), *_of_ai(recipe)]


def _of_ai(recipe: Recipe) -> Iterator[Version]:
    """The policy of AI with the one before it, and the register."""
    for document, reason, since, until in governance.policies(recipe):
        yield Version("ai_policy", "marketing", document, "tobias.rehm", reason, since, until)
    for slug, document in governance.uses(recipe).items():
        yield Version("ai_use", slug, document, "lena.hartwig", "Looked at with legal.", governance.POLICY_DAYS)


def _of_leads(queue: str) -> Sequence[Version]:
    return [
        Version("score", "main", _score(clicks=3, most=12), "lena.hartwig",
                "Our first own model: who plans field service, and who comes back.", DAYS, THIRD_MODEL_DAYS),
        Version("score", "main", _score(clicks=6, most=30), "lena.hartwig",
                "Letters are read more and forms are filled in less: a click counts double.", THIRD_MODEL_DAYS),
        Version("lifecycle", "main", _lifecycle(), "lena.hartwig", "The usual stages, under our names.", DAYS),
        Version("route", "main", _route(queue, DAYS), "samuel.adjei", "Each market to its sellers.", DAYS, MOVED_DAYS),
        Version("route", "main", _route(queue, 0), "samuel.adjei",
                "Jonas Krogsrud helps in Benelux from today on.", MOVED_DAYS),
    ]  # fmt: skip


def _signal(name: str, label: str, points: int, when: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "label": label, "points": points, "when": when}


def _activity(name: str, label: str, kind: str, points: float, half_life: int, cap: int) -> dict[str, Any]:
    return {"name": name, "label": label, "kinds": [kind], "points": points, "half_life": half_life, "cap": cap}


def _score(*, clicks: int, most: int) -> dict[str, Any]:
    """The same formula as in `sql/20_leads.sql` (fit) and `sql/30_activity.sql` (engagement)."""
    seniors = ["head", "director", "vp", "c_level", "owner"]
    fit = [
        _signal("decides", "Has a say: head or above", 16, {"field": "contact.seniority", "in": seniors}),
        _signal("manages", "Manages a team", 10, {"field": "contact.seniority", "is": "manager"}),
        _signal("plans_service", "Plans or runs field service", 8,
                {"field": "contact.job_function", "in": ["operations", "support", "it"]}),
        _signal("work_address", "Writes from a work address", 8, {"field": "contact.email_kind", "is": "work"}),
        _signal("throwaway", "Uses a throw-away address", -20, {"field": "contact.email_kind", "is": "disposable"}),
        _signal("large", "Company of 50 people or more", 10, {"field": "contact.employees", "at_least": 50}),
        _signal("recommended", "Came by recommendation", 8, {"field": "contact.source", "in": ["referral", "partner"]}),
    ]  # fmt: skip
    activities = [
        _activity("form", "Sent a form", "form.submitted", 15, 30, 30),
        _activity("meeting", "Asked for a meeting", "meeting.requested", 25, 45, 40),
        _activity("click", "Followed a link in a letter", "email.clicked", clicks, 21, most),
        _activity("page", "Read a page", "page.viewed", 0.4, 14, 10),
    ]
    return {
        "title": "Fit and interest",
        "purpose": "Says whom sales should hear of first: people who plan field service and mean to change it.",
        "fit": {"cap": 50, "signals": fit},
        "engagement": {"cap": 50, "activities": activities},
        "grades": [
            {"grade": "A", "from_fit": 34}, {"grade": "B", "from_fit": 24}, {"grade": "C", "from_fit": 12},
            {"grade": "D", "from_fit": 0},
        ],
        "levels": [
            {"level": 1, "from_engagement": 30}, {"level": 2, "from_engagement": MQL_ENGAGEMENT},
            {"level": 3, "from_engagement": 8}, {"level": 4, "from_engagement": 0},
        ],
        "mql": {"at_least": MQL_VALUE, "cells": [f"{grade}{level}" for grade in "ABCD" for level in (1, 2)]},
    }  # fmt: skip


def _lifecycle() -> dict[str, Any]:
    """The stages in force, under the company's title."""
    return {**active("lifecycle")[0].document, "title": "The way of a lead at Larkmoor"}


def _route(queue: str, back: int) -> dict[str, Any]:
    """Each market's qualified leads to the sellers that the route knew so many days before the load."""
    emails = {one.slug: one.email for one in PEOPLE}
    countries = {one.slug: [country for country, _, _, _ in one.countries] for one in MARKETS}
    qualified = {"field": "stage.name", "in": ["mql", "sal", "sql", "opportunity", "customer"]}
    rules = [
        {
            "name": one.slug,
            "label": f"{one.name}: to its sellers",
            "when": {"all": [qualified, {"field": "contact.country", "in": countries[one.slug]}]},
            "pool": {
                "members": [
                    {"person": emails[who], "weight": weight}
                    for market, who, weight, since in pools()
                    if market == one.slug and since > back
                ],
                "hours": "prefer",
            },
            "reassign": "waiting",
            "sla": {"first_touch": FIRST_TOUCH, "remind": REMIND, "escalate": {"to": "manager"}},
        }
        for one in MARKETS
    ]
    nurture = {
        "name": "nurture",
        "label": "Everybody else: marketing keeps in touch",
        "when": {"everyone": True},
        "queue": queue,
    }
    return {
        "title": f"Markets of {HEAD.name}",
        "rules": [*rules, nurture],
        # Whoever waits there is given to a seller as soon as they qualify.
        "fallback": queue,
        "same_owner": ["duplicate"],
    }


OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "campaign-manager": {
        "title": "Campaign manager",
        "note": "One more person who plans and runs campaigns.",
        "changes": [
            {"change": "hire", "name": "Campaign manager", "role": "campaign_ops_manager", "skills": {"planning": 1},
             "start": 2, "ramp": {"months": 4, "first": 0.4}, "cost_per_year": 72_000, "one_off": 9_000,
             "because": "what a campaign manager costs where the company is"},
        ],
    },
    "workflow-architect": {
        "title": "Workflow Architect",
        "note": "One person who rebuilds how campaigns are made, and runs none.",
        "changes": [
            {"change": "hire", "name": "Workflow Architect", "skills": {"architecture": 1}, "start": 2,
             "ramp": {"months": 4, "first": 0.4}, "cost_per_year": 95_000, "one_off": 12_000,
             "because": "a senior salary; nobody of the crew has this skill today"},
            {"change": "rehour", "person": "henrike-daum", "calendar": "team", "start": 5,
             "because": "with a library of cleared clauses the counsel can read every day, between other things"},
            {"change": "rework", "step": "legal-review", "probability": 0.12, "start": 6,
             "because": "briefs carry the counsel's checklist, so half as much comes back"},
        ],
    },
}  # fmt: skip
"""What the company's marketing manager asks: which of the two to hire."""
