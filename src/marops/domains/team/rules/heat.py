"""The map of coverage: people by groups of skills, or by the skills of one group; many people by their roles.

In a group of skills stands in how many of them somebody is able, so that whoever does one thing well is not lost; where
roles have the rows, who is able in at least half of them. Below it stands in how many of them there is a second one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from marops.domains.team.rules.coverage import ABLE, SkillCover, Worker
from marops.domains.team.rules.roles import Skill

MOST_PEOPLE: Final = 60
"""Up to so many people each have a row; beyond, each role has one."""
MOST_SKILLS: Final = 14
"""Up to so many skills stand beside each other; beyond, they are grouped."""


@dataclass(frozen=True, slots=True)
class Column:
    """A group of skills, or one skill: its key, and the skills it is made of."""

    key: str
    skills: tuple[SkillCover, ...]

    @property
    def safe(self) -> int:
        """In how many of its skills two or more have level 3: one may be away."""
        return sum(one.bus_factor > 1 for one in self.skills)

    @property
    def done(self) -> int:
        """In how many of its skills two or more are able."""
        return sum(len(one.able) > 1 for one in self.skills)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person's levels by column; None: they do not show them to this reader."""

    person: Worker
    levels: tuple[int | None, ...]
    able: tuple[int, ...] = ()
    """In how many skills of each column they are able."""


@dataclass(frozen=True, slots=True)
class RoleRow:
    """Of those who hold a role and may be looked at, how many are able in each column."""

    role: str
    seen: int
    people: int
    able: tuple[int, ...]


def columns(skills: Mapping[str, SkillCover], known: Mapping[str, Skill], group: str = "") -> tuple[Column, ...]:
    """Groups of skills by what they are about, or of one group its skills; those with the most hours first.

    Skills in which nobody has a level yet are left out.
    """
    kinds: dict[str, list[SkillCover]] = {}
    told = [one for one in skills.values() if not one.unknown]
    for one in told:
        kinds.setdefault(known[one.skill].kind if one.skill in known else "", []).append(one)
    if group or len(told) <= MOST_SKILLS:
        shown = [one for kind, some in kinds.items() for one in some if group in ("", kind)]
        return tuple(Column(one.skill, (one,)) for one in shown)
    found = [Column(kind, tuple(some)) for kind, some in kinds.items()]
    return tuple(sorted(found, key=lambda one: (-sum(it.needed.usual for it in one.skills), one.key)))


def level_in(levels: Mapping[str, int], column: Column) -> int:
    """The level that at least half of the column's skills reach."""
    found = sorted((levels.get(one.skill, 0) for one in column.skills), reverse=True)
    return found[(len(found) + 1) // 2 - 1] if found else 0


def people_rows(workers: Sequence[Worker], shown: Sequence[Column]) -> list[PersonRow]:
    """A row for each person."""
    return [
        PersonRow(
            one, tuple(level_in(one.levels, column) if one.seen else None for column in shown),
            tuple(sum(one.levels.get(it.skill, 0) >= ABLE for it in column.skills) for column in shown),
        )
        for one in workers
    ]  # fmt: skip


def role_rows(workers: Sequence[Worker], shown: Sequence[Column]) -> list[RoleRow]:
    """A row for each role."""
    holders: dict[str, list[Worker]] = {}
    for one in workers:
        for role in one.shares:
            holders.setdefault(role, []).append(one)
    reached: dict[Any, list[bool]] = {
        one.id: [level_in(one.levels, column) >= ABLE for column in shown] for one in workers if one.seen
    }
    return [
        RoleRow(
            role, sum(one.seen for one in some), len(some),
            tuple(sum(reached[one.id][at] for one in some if one.seen) for at in range(len(shown))),
        )
        for role, some in holders.items()
    ]  # fmt: skip
