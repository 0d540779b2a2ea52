"""The register as its pages show it: what the policy says to each use today, and what each did lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db.models import Count

from marops.domains.policy.models import AiAct, AiSwitch
from marops.domains.policy.queries.policies import Policy
from marops.domains.policy.queries.shown import DAYS
from marops.domains.policy.queries.uses import KIND
from marops.domains.policy.rules.domain import BY_NAME
from marops.domains.policy.rules.gates import ASKS, FREE, LADDER, Gates, gates_of, least
from marops.domains.policy.rules.uses import AiUse, tier_of
from marops.kernel.clock import now
from marops.kernel.definitions import UNDECIDED, load
from marops.kernel.models import Definition

Counts = Mapping[str, int]
_ALL = (1 << len(LADDER)) - 1
_SAID = sum(1 << at for at, (_review, said) in enumerate(LADDER) if said)


@dataclass(frozen=True, slots=True)
class Entry:
    """One use: the version that counts, the newest that waits beside it, and what stops it."""

    row: Definition
    document: AiUse
    draft: Definition | None
    switch: AiSwitch | None

    @property
    def slug(self) -> str:
        """Its short name."""
        return self.row.slug

    @property
    def in_force(self) -> bool:
        """Does it count now?"""
        return self.row.state == Definition.State.ACTIVE

    def overdue(self, day: date) -> bool:
        """Should it have been looked at before this day?"""
        return self.in_force and self.document.review_by is not None and self.document.review_by < day

    def state(self, day: date) -> str:
        """What a reader has to know first: stopped, overdue, or the state of its version."""
        if self.in_force and self.switch:
            return "stopped"
        return "overdue" if self.overdue(day) else self.row.state


def entries() -> list[Entry]:
    """Every use there ever was, those in force first, by name."""
    counts: dict[str, Definition] = {}
    newest: dict[str, Definition] = {}
    for row in Definition.objects.filter(kind=KIND).order_by("slug", "version"):
        newest[row.slug] = row
        if row.slug not in counts or counts[row.slug].state != Definition.State.ACTIVE:
            counts[row.slug] = row
    thrown = {one.use: one for one in AiSwitch.objects.filter(released_at=None)}
    found = [
        Entry(row, load(row), _waiting(newest[slug], row), thrown.get("") or thrown.get(slug))
        for slug, row in counts.items()
    ]
    return sorted(found, key=lambda one: (not one.in_force, one.row.state == Definition.State.RETIRED, one.slug))


def _waiting(newest: Definition, row: Definition) -> Definition | None:
    return newest if newest.id != row.id and newest.state in UNDECIDED else None


def lately(use: str = "") -> dict[str, Counts]:
    """Use → how many acts of the last 30 days were done, wait, and were refused. One query."""
    rows = AiAct.objects.filter(at__gt=now() - timedelta(days=DAYS))
    rows = rows.filter(use=use) if use else rows
    found: dict[str, dict[str, int]] = {}
    for slug, verdict, n in rows.values_list("use", "verdict").annotate(n=Count("id")).order_by():
        found.setdefault(slug, {"yes": 0, "waits": 0, "no": 0})[verdict] = n
    return dict(found)


def acts(use: str, most: int = 8) -> list[AiAct]:
    """Its newest acts."""
    return list(AiAct.objects.filter(use=use).order_by("-id")[:most])


@dataclass(frozen=True, slots=True)
class Told:
    """What the policy answers to one action of a use."""

    action: str
    verdict: str  # yes, gate, part or no
    needs: Sequence[Gates] = ()
    share: float = 1.0


def told(policy: Policy, use: AiUse) -> list[Told]:
    """What the policy says to everything a use names, action by action; limits of the moment are asked when it happens.

    `part`: some of what the use names is never allowed, so acts that do not say which they are will be refused.
    """
    masks = gates_of(policy.table.allowed)
    return [_told(masks, use, action) for action in use.actions]


def _told(masks: "np.ndarray[Any, np.dtype[np.uint8]]", use: AiUse, action: str) -> Told:
    given: Mapping[str, Sequence[Any]] = {
        "action": [action], "content": use.content, "audience": use.audience, "data": use.data,
        "autonomy": [use.autonomy], "hosting": [use.model.hosting],
    }  # fmt: skip
    places = [[BY_NAME[one.name].index(value) for value in given[one.name]] for one in ASKS]
    cells = masks[np.ix_(*places)].ravel() & (_SAID if use.discloses else _ALL)
    share = float((cells > 0).mean())
    if not share:
        return Told(action, "no", share=0.0)
    common = int(np.bitwise_and.reduce(cells[cells > 0]))
    if use.discloses:  # what it says anyway is no gate any more
        needs = [Gates(one.review, disclosed=False) for one in least(common)]
        free = any(one.review == 0 for one in needs)
    else:
        needs, free = least(common), bool(common & FREE)
    return Told(action, "part" if share < 1 else "yes" if free else "gate", () if free else needs, share)


def tiers(document: AiUse) -> tuple[str, list[str]]:
    """The risk tier and the questions that raised it."""
    tier, because = tier_of(document)
    return tier, because
