"""What could be filled in from what is at hand: by derivation, with a preview, for everybody or some."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import connection

from marops.domains.contacts.permissions import FIX, VIEW
from marops.domains.contacts.queries.deriving import row_in_force, setting
from marops.domains.contacts.queries.fixes import Proposal, preview
from marops.domains.contacts.queries.quality import EVERYBODY, Narrowing, many
from marops.domains.contacts.rules.enrichment import DERIVATIONS, FROM, derivation, lacks
from marops.domains.contacts.rules.quality import BulkRemedy
from marops.domains.contacts.rules.remedies import REMEDIES
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.models import Definition
from marops.kernel.permissions import require

KEPT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class OfEnrichment(Proposal):
    """A derivation, for everybody who lacks what it fills."""

    def among(self) -> tuple[str, str]:
        """Everybody with an empty field that it could fill."""
        return "contact c", lacks(self.remedy)


@dataclass(frozen=True, slots=True)
class FromOutside(Proposal):
    """What a provider of data answered, for those it was asked about: contact → field → value.

    `definition` is the provider's; the fix bears its name.
    """

    answers: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)

    def among(self) -> tuple[str, str]:
        """Those it was asked about."""
        return "contact c", "c.id = ANY(%(answer_ids)s::uuid[])"

    def words(self, only: str = "") -> dict[str, Any]:
        """The answers, place by place."""
        given = [json.dumps(one) if one else None for one in self.answers.values()]
        return {"answer_ids": list(self.answers), "answers": given}


def from_outside(definition: Definition, answers: Mapping[UUID, Mapping[str, Any]]) -> FromOutside:
    """The change that brings what a provider answered."""
    return FromOutside(definition, BulkRemedy(do="from_outside"), answers=answers)


def enriching(name: str, narrowed: Narrowing = EVERYBODY) -> OfEnrichment:
    """The derivation of this name, ready to be tried or applied. Raises MaropsError `not-found`."""
    found = derivation(name.strip())
    if found is None:
        raise MaropsError(NOT_FOUND, f"Nothing is derived by {name!r}.", remedy=f"Use one of {', '.join(DERIVATIONS)}.")
    return OfEnrichment(row_in_force(), BulkRemedy(do=found.name), narrowed=narrowed)


def fillable(actor: Actor, proposal: Proposal) -> int:
    """How many records a derivation would fill."""
    sql, params = proposal.sql(actor)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) p WHERE skipped IS NULL", params)
        return int(cursor.fetchone()[0])


def enrichment(actor: Actor) -> dict[str, Any]:
    """Each derivation: what it fills, from what, how many records, and whether it is made as they come."""
    require(actor, VIEW)
    if not many():
        return _enrichment(actor)
    found: dict[str, Any] = cache.get_or_set(f"enrichment:{actor.id}", lambda: _enrichment(actor), KEPT_SECONDS) or {}
    return found


def _enrichment(actor: Actor) -> dict[str, Any]:
    row, told = row_in_force(), setting()
    lines = [
        {
            "name": name,
            "title": REMEDIES[name].title,
            "says": REMEDIES[name].says,
            "from": FROM[name],
            "fills": [one for one in REMEDIES[name].sets if one != "company_id"],
            "contacts": fillable(actor, enriching(name)),
            "as_they_come": name in told.as_they_come,
        }
        for name in DERIVATIONS
    ]
    return {"definition": row.pinned, "colleagues": told.colleagues, "agreement": told.agreement, "derivations": lines}


def preview_enrichment(actor: Actor, name: str, narrowed: Narrowing = EVERYBODY) -> dict[str, Any]:
    """What a derivation would fill: how many, twenty before and after, who is left alone and why."""
    require(actor, FIX)
    return preview(actor, enriching(name, narrowed))
