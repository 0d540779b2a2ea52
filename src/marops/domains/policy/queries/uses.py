"""The register of AI uses in force, and the switches that stop them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from marops.domains.policy.models import AiSwitch
from marops.domains.policy.rules.uses import AiUse
from marops.kernel import memo
from marops.kernel.definitions import load
from marops.kernel.models import Definition
from marops.kernel.permissions import Scope

KIND = "ai_use"


@dataclass(frozen=True, slots=True)
class Use:
    """One registered use in force."""

    slug: str
    version: int
    document: AiUse


def uses() -> Mapping[str, Use]:
    """Short name → use in force."""
    rows = Definition.objects.filter(kind=KIND, state=Definition.State.ACTIVE).order_by("slug")
    return memo.once(("policy", "uses"), lambda: {row.slug: _use(row.id) for row in rows.only("id", "slug")})


@lru_cache(maxsize=512)
def _use(version: UUID) -> Use:
    """A version never changes."""
    row = Definition.objects.get(id=version)
    return Use(row.slug, row.version, load(row))


def rights_of_use(slug: str) -> Mapping[str, Scope]:
    """What an AI may at most under this use; the person it acts for bounds it further. Nothing for an unknown use."""
    found = uses().get(slug)
    return dict.fromkeys(found.document.rights, Scope.ALL) if found else {}


def thrown(slug: str) -> AiSwitch | None:
    """The switch that stops this use now: its own, or the one that stops everything. Asked anew each time."""
    return AiSwitch.objects.filter(use__in=["", slug], released_at=None).order_by("use").first()
