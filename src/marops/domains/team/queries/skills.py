"""Reads of skills: at which level somebody is seen, by whom, and what a reader may know of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marops.domains.team.models import Assessment, Evidence
from marops.domains.team.permissions import Policy

SELF, MANAGER = Assessment.By.SELF.value, Assessment.By.MANAGER.value


@dataclass(frozen=True, slots=True)
class Seen:
    """One person's levels in one skill: their own, the manager's, and when each was given. None: not given."""

    own: int | None = None
    manager: int | None = None
    own_at: datetime | None = None
    manager_at: datetime | None = None
    own_note: str = ""
    manager_note: str = ""
    own_by: str = ""
    """Who wrote one's own level down: themselves, or who brought it in with a list."""

    @property
    def counts(self) -> int | None:
        """What counts: the manager's level where there is one, else one's own."""
        return self.own if self.manager is None else self.manager


Levels = Mapping[UUID, Mapping[str, Seen]]
"""Person → skill → levels."""


@dataclass(frozen=True, slots=True)
class Known:
    """What one reader may know of a team's skills."""

    levels: Mapping[UUID, Mapping[str, int]]
    """Person → skill → the level that counts for this reader."""
    hidden: int
    """How many of the people have levels that this reader may not see."""


def newest(person_ids: Iterable[UUID]) -> dict[UUID, dict[str, Seen]]:
    """The newest level by each side, of everybody in one question. For those who decide what a reader sees."""
    rows = Assessment.objects.filter(person_id__in=list(person_ids)).order_by("person_id", "skill", "by", "-at", "-id")
    found: dict[UUID, dict[str, dict[str, Assessment]]] = {}
    for one in rows.distinct("person_id", "skill", "by"):
        found.setdefault(one.person_id, {}).setdefault(one.skill, {})[one.by] = one
    return {
        person: {skill: _seen(sides.get(SELF), sides.get(MANAGER)) for skill, sides in skills.items()}
        for person, skills in found.items()
    }


def _seen(own: Assessment | None, other: Assessment | None) -> Seen:
    return Seen(
        own.level if own else None, other.level if other else None, own.at if own else None,
        other.at if other else None, own.note if own else "", other.note if other else "", own.made_by if own else "",
    )  # fmt: skip


def said_themselves(person_ids: Iterable[UUID]) -> set[UUID]:
    """Who of these has said a level of their own, not only had some brought in with a list."""
    rows = Assessment.objects.filter(person_id__in=list(person_ids), by=SELF).exclude(person__account_id=None)
    pairs = rows.values_list("person_id", "made_by", "person__account_id").distinct()
    return {person for person, made_by, account in pairs if made_by == str(account)}


def levels_for(policy: Policy, person_ids: Iterable[UUID]) -> dict[UUID, dict[str, Seen]]:
    """Levels as this reader may see them: both sides, one's own side alone of those who agreed, nothing of others."""
    shown: dict[UUID, dict[str, Seen]] = {}
    for person, skills in newest(person_ids).items():
        if policy.sees_assessments(person):
            shown[person] = skills
        elif policy.sees_own_levels(person):
            own = {
                skill: Seen(one.own, own_at=one.own_at, own_by=one.own_by)
                for skill, one in skills.items()
                if one.own is not None
            }
            if own:
                shown[person] = own
    return shown


def known_to(policy: Policy, person_ids: Iterable[UUID]) -> Known:
    """The levels that count for this reader, and how many people do not show theirs. Numbers alone are read, for there
    are tens of thousands of them in a large team.
    """
    people = set(person_ids)
    both = {one for one in people if policy.sees_assessments(one)}
    shown = both | {one for one in people if policy.sees_own_levels(one)}
    rows = Assessment.objects.filter(person_id__in=shown).order_by("person_id", "skill", "by", "-at", "-id")
    newest_rows = rows.distinct("person_id", "skill", "by").values_list("person_id", "skill", "by", "level")
    counted: dict[UUID, dict[str, int]] = {}
    for person, skill, by, level in newest_rows:
        if by == SELF:
            counted.setdefault(person, {}).setdefault(skill, level)
        elif person in both:
            counted.setdefault(person, {})[skill] = level
    return Known(counted, len(people - shown))


def evidence_for(policy: Policy, person_ids: Iterable[UUID]) -> dict[UUID, list[Evidence]]:
    """What speaks for people's levels, of those whose evidence this reader may see; the newest first. What a manager
    wrote is no colleague's to read: nobody agreed to show it.
    """
    allowed = [one for one in person_ids if policy.sees_evidence(one)]
    found: dict[UUID, list[Evidence]] = {}
    rows = Evidence.objects.filter(person_id__in=allowed).select_related("person")
    for one in rows.order_by("skill", "-on", "-at"):
        if one.by_themselves or policy.sees_assessments(one.person_id):
            found.setdefault(one.person_id, []).append(one)
    return found
