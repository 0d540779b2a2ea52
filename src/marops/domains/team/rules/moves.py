"""The smallest next moves: of what somebody lacks for a role, the few things that can be done this quarter."""

from collections.abc import Collection, Iterable, Mapping, Sequence
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
    role: str = ""
    """The role of the way that it is a step to."""


@dataclass(frozen=True, slots=True)
class AtHand:
    """What moves are chosen from: skills, hints by key, offers, how often somebody left a trace of a kind."""

    skills: Mapping[str, Skill]
    hints: Mapping[str, Hint]
    offers: Sequence[Offer] = ()
    seen: Mapping[str, int] = field(default_factory=dict)
    done: frozenset[str] = frozenset()
    """The words of moves that were done; none is proposed twice."""


def moves(
    lack: Gap, given: AtHand, path: Iterable[Requirement] = (), count: int = THREE, towards: Collection[str] = ()
) -> list[Move]:
    """The next moves, smallest first: requirements of the new path and core skills before others, skills that a later
    role asks for as well (`towards`) before those that end here, those short by the fewest levels before those further
    off, what is at hand before what has to be looked for, short before long. Where less is missing, evidence for what
    is there already. Something at hand for the role as a whole comes last.
    """
    whole = [Move("", one.says, one.hours, "at hand", url=one.url) for one in given.offers
             if not one.key and one.says not in given.done][:1]  # fmt: skip
    small = _small(lack, given, path, max(0, count - len(whole)), towards)
    return [replace(one, role=lack.role) for one in (*small, *whole)]


def _small(lack: Gap, given: AtHand, path: Iterable[Requirement], count: int, towards: Collection[str]) -> list[Move]:
    chosen: list[Move] = []
    taken: set[str] = set(given.done)
    wanted = [one for one in lack.lacks if one.short]
    for one in sorted(wanted, key=lambda need: (not need.core, need.skill not in towards, need.short, need.skill)):
        found = _for_skill(one, given, taken)
        if found:
            chosen.append(found)
            taken.add(found.says)
    chosen += [move for one in path if not _shown(one, given.seen) for move in _of_path(one) if move.says not in taken]
    ranked = sorted(chosen, key=lambda move: _rank(move, lack, towards))[:count]
    for one in lack.lacks:
        if len(ranked) < count and not one.short and not _evidence(one.skill, given):
            found = _for_skill(one, given, taken)
            ranked += [found] if found else []
    return ranked


def _rank(move: Move, lack: Gap, towards: Collection[str]) -> tuple[bool, bool, int, bool, float, str]:
    short = next((one.short for one in lack.lacks if one.skill == move.skill), 1)
    ends_here = not move.requirement and move.skill not in towards
    first = not (move.core or move.requirement), ends_here
    return *first, short, move.source == "plain", move.hours[0], move.says


def _evidence(skill: str, given: AtHand) -> bool:
    known = given.skills.get(skill)
    return bool(known and any(given.seen.get(key) for key in known.evidence))


def _shown(requirement: Requirement, seen: Mapping[str, int]) -> bool:
    """Is there evidence that speaks for all of it? What is only a sign, or says little, leaves the first move open."""
    return any(one.speaks and one.strength != "weak" and seen.get(one.key) for one in requirement.evidence)


def _of_path(one: Requirement) -> list[Move]:
    first = one.first_move
    if first is None:
        return []
    high = first.hours.high if first.hours.high is not None else first.hours.usual
    key = one.evidence[0].key if one.evidence else ""
    return [Move("", first.says, (first.hours.low, high), "path", aim=one.says, key=key, requirement=one.name)]


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
