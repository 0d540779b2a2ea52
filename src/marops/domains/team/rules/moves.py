"""The smallest next moves: of what somebody lacks for a role, the few things that can be done this quarter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from marops.domains.team.rules.career import Gap, Lack
from marops.domains.team.rules.roles import Requirement, Skill

THREE = 3
HOURS_WITHOUT_HINT = (4.0, 12.0)
"""What trying a thing once with somebody takes, where nothing closer is known; an assumption."""


@dataclass(frozen=True, slots=True)
class Hint:
    """How a trace of one kind comes about: what to do for it, hours, and whether Marops keeps such traces today."""

    key: str
    says: str
    hours: tuple[float, float]
    held: bool = False
    needs: str = ""
    """The right without which somebody cannot do it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something really at hand in this installation that somebody could take on now.

    `key` is the kind of evidence it would leave; without one it is for the role as a whole, such as an opening of it.
    """

    says: str
    hours: tuple[float, float]
    key: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A small thing to do next: for which skill or requirement, towards which behaviour, what, and how long."""

    skill: str
    says: str
    hours: tuple[float, float]
    source: Literal["at hand", "path", "hint", "plain"]
    from_level: int = 0
    to_level: int = 0
    aim: str = ""
    key: str = ""
    url: str = ""
    core: bool = False
    requirement: str = ""
    shows: bool = False
    """The level is there, and only evidence for it is missing."""


@dataclass(frozen=True, slots=True)
class AtHand:
    """What moves are chosen from: skills, hints by key, offers, and how often somebody left a trace of a kind."""

    skills: Mapping[str, Skill]
    hints: Mapping[str, Hint]
    offers: Sequence[Offer] = ()
    seen: Mapping[str, int] = field(default_factory=dict)


def moves(lack: Gap, given: AtHand, path: Iterable[Requirement] = (), count: int = THREE) -> list[Move]:
    """The next moves, smallest first: requirements of the new path and core skills before others, those short by the
    fewest levels before those further off, what is at hand before what has to be looked for, short before long. Where
    less is missing, evidence for what is there already. Something at hand for the role as a whole comes last.
    """
    whole = [Move("", one.says, one.hours, "at hand", url=one.url) for one in given.offers if not one.key][:1]
    return [*_small(lack, given, path, count - len(whole)), *whole]


def _small(lack: Gap, given: AtHand, path: Iterable[Requirement], count: int) -> list[Move]:
    chosen: list[Move] = []
    taken: set[str] = set()
    for one in sorted(_wanted(lack), key=lambda need: (not need.core, need.short, need.skill)):
        found = _for_skill(one, given, taken)
        if found:
            chosen.append(found)
            taken.add(found.says)
    chosen += [_of_path(one) for one in path if one.first_move and not _shown(one, given.seen)]
    ranked = sorted(chosen, key=lambda move: _rank(move, lack))[:count]
    for one in lack.lacks:
        if len(ranked) < count and not one.short and not _evidence(one.skill, given):
            found = _for_skill(one, given, taken)
            ranked += [found] if found else []
    return ranked


def _wanted(lack: Gap) -> list[Lack]:
    return [one for one in lack.lacks if one.short]


def _rank(move: Move, lack: Gap) -> tuple[bool, int, bool, float, str]:
    short = next((one.short for one in lack.lacks if one.skill == move.skill), 1)
    return not (move.core or move.requirement), short, move.source == "plain", move.hours[0], move.says


def _evidence(skill: str, given: AtHand) -> bool:
    known = given.skills.get(skill)
    return bool(known and any(given.seen.get(key) for key in known.evidence))


def _shown(requirement: Requirement, seen: Mapping[str, int]) -> bool:
    return any(seen.get(one.key) for one in requirement.evidence)


def _of_path(one: Requirement) -> Move:
    first = one.first_move
    if first is None:
        raise ValueError("only what has a first move")
    high = first.hours.high if first.hours.high is not None else first.hours.usual
    key = one.evidence[0].key if one.evidence else ""
    return Move("", first.says, (first.hours.low, high), "path", aim=one.says, key=key, requirement=one.name)


def _for_skill(one: Lack, given: AtHand, taken: set[str]) -> Move | None:
    """The smallest thing towards one skill: what is at hand, else a kind of trace not left yet, else trying it."""
    skill = given.skills.get(one.skill)
    if skill is None:
        return None
    has = one.has or 0
    level = min(4, has if not one.short else has + 1)
    plain = Move(one.skill, "", HOURS_WITHOUT_HINT, "plain", has, level, skill.levels[level], core=one.core,
                 shows=not one.short)  # fmt: skip
    for offer in sorted(given.offers, key=lambda this: (this.hours, this.says)):
        if offer.says not in taken and offer.key in skill.evidence:
            return replace(plain, says=offer.says, hours=offer.hours, source="at hand", key=offer.key, url=offer.url)
    hints = [given.hints[key] for key in skill.evidence if key in given.hints]
    for hint in sorted(hints, key=lambda this: (given.seen.get(this.key, 0) > 0, not this.held, this.hours)):
        if hint.says not in taken:
            return replace(plain, says=hint.says, hours=hint.hours, source="hint", key=hint.key)
    return plain
