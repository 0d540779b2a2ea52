"""The table of who does what: one letter for each person and responsibility, out of ownership, unless set by hand.

    R   does it: whoever holds the role today
    A   answers for it: the manager of most of those who hold the role (by shares of a week); where they have none, the
        holder with the largest share, who then answers for it and does it (AR)
    C   is asked before: who wrote or approved the definitions in force that its skills are about, as the evidence of
        the skills names them
    I   hears of it after: who holds a role that gets something from this one about weekly, as the facts say

A person has the first of these that applies. A letter set by hand replaces it; an A set by hand takes over from the one
that ownership gives. A place nobody has yet carries an R for its roles, as planned, and takes nothing off anybody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from marops.domains.team.rules.coverage import Need, Opening, Worker
from marops.domains.team.rules.roles import Skill

Why = Literal["holds", "leads", "alone", "wrote", "hears", "hand", "planned"]
LETTERS = ("R", "A", "C", "I", "")
_ALIASES: Mapping[str, str] = {"route.changed": "route", "workflow.drawn": "workflow"}
_ACTIVATED = "definition.activated:"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter, whence it comes, and what it is made of."""

    letter: str
    why: Why
    made_of: tuple[Any, ...] = ()

    @property
    def by_hand(self) -> bool:
        """Did somebody set it?"""
        return self.why == "hand"

    @property
    def does(self) -> bool:
        """Does this person do the work?"""
        return "R" in self.letter

    @property
    def answers(self) -> bool:
        """Does this person answer for it?"""
        return "A" in self.letter


@dataclass(frozen=True, slots=True)
class Hand:
    """A letter that was set by hand: by whom and when."""

    letter: str
    made_by: str = ""
    at: Any = None


@dataclass(frozen=True, slots=True)
class Passed:
    """What a role hands to another: what, and how often in the time looked at."""

    what: str
    count: int


def kinds_of(need: Need, skills: Mapping[str, Skill]) -> tuple[str, ...]:
    """The kinds of definitions that a responsibility is about, as the evidence of its skills names them."""
    found: dict[str, None] = {}
    for ident in need.skills:
        for key in skills[ident].evidence if ident in skills else ():
            kind = _ALIASES.get(key) or (key.removeprefix(_ACTIVATED) if key.startswith(_ACTIVATED) else "")
            if kind:
                found[kind] = None
    return tuple(found)


@dataclass(frozen=True)
class Table:
    """Everything the letters are made of; a letter is worked out when somebody looks at it."""

    workers: Mapping[Any, Worker]
    """Everybody of the team by id, and their managers who are not of it."""
    skills: Mapping[str, Skill]
    wrote: Mapping[str, Mapping[Any, tuple[str, ...]]] = field(default_factory=dict)
    """Kind of definition → person → the definitions in force that they wrote or approved."""
    hears: Mapping[str, Mapping[str, Sequence[Passed]]] = field(default_factory=dict)
    """Role → the roles it hands something to."""
    hand: Mapping[tuple[str, Any], Hand] = field(default_factory=dict)
    openings: Mapping[Any, Opening] = field(default_factory=dict)

    def __post_init__(self) -> None:
        holders: dict[str, list[Worker]] = {}
        for one in self.workers.values():
            for role in one.shares:
                holders.setdefault(role, []).append(one)
        by_hand: dict[str, dict[Any, str]] = {}
        for (key, who), hand in self.hand.items():
            by_hand.setdefault(key, {})[who] = hand.letter
        object.__setattr__(self, "_holders", holders)
        object.__setattr__(self, "_by_hand", by_hand)
        object.__setattr__(self, "_leaders", {role: self._leader(role, some) for role, some in holders.items()})

    def _leader(self, role: str, some: Sequence[Worker]) -> tuple[Any, bool]:
        """Who leads those who hold a role, and whether that is one of them for want of a manager."""
        weight: dict[Any, float] = {}
        for one in some:
            if one.manager in self.workers:
                weight[one.manager] = weight.get(one.manager, 0.0) + one.shares[role] * one.full
        if weight:
            return min(weight, key=lambda who: (-weight[who], self.workers[who].name, self.workers[who].ref)), False
        return min(some, key=lambda one: (-one.shares[role] * one.full, one.name, one.ref)).id, True

    def holders(self, role: str) -> Sequence[Worker]:
        """Who holds a role today."""
        found: Sequence[Worker] = self._holders.get(role, ())  # type: ignore[attr-defined]  # set above: frozen
        return found

    def _set_by_hand(self, key: str) -> Mapping[Any, str]:
        found: Mapping[Any, str] = self._by_hand.get(key, {})  # type: ignore[attr-defined]
        return found

    def leader(self, role: str) -> tuple[Any, bool]:
        """Who answers for a role, and whether they do so for want of a manager; (None, False): nobody holds it."""
        found: tuple[Any, bool] = self._leaders.get(role, (None, False))  # type: ignore[attr-defined]
        return found

    def cell(self, need: Need, who: Any) -> Letter | None:
        """The letter of a person or an opening; None: none."""
        hand = self.hand.get((need.key, who))
        if hand:
            return Letter(hand.letter, "hand", (hand.made_by, hand.at))
        if who in self.openings:
            return Letter("R", "planned", (need.role,)) if need.role in self.openings[who].shares else None
        one = self.workers.get(who)
        return self._given(need, one) if one else None

    def _given(self, need: Need, one: Worker) -> Letter | None:
        leader, alone = self.leader(need.role)
        answers = leader == one.id and "A" not in self._set_by_hand(need.key).values()
        if need.role in one.shares:
            if answers:
                return Letter("AR", "alone" if alone else "leads", (need.role,))
            return Letter("R", "holds", (need.role, one.shares[need.role]))
        if answers:
            led = tuple(who.name for who in self.holders(need.role) if who.manager == one.id)
            return Letter("A", "leads", (need.role, *led))
        return self._asked(need, one) or self._told(need, one)

    def _asked(self, need: Need, one: Worker) -> Letter | None:
        refs = [ref for kind in kinds_of(need, self.skills) for ref in self.wrote.get(kind, {}).get(one.id, ())]
        return Letter("C", "wrote", tuple(dict.fromkeys(refs))) if refs else None

    def _told(self, need: Need, one: Worker) -> Letter | None:
        passed = self.hears.get(need.role, {})
        got = tuple((role, what) for role in one.shares for what in passed.get(role, ()))
        return Letter("I", "hears", (need.role, *got)) if got else None

    def does(self, need: Need) -> dict[Any, float]:
        """Person → weight, of those who do the work: their share of the role, or all they have for the team."""
        found: dict[Any, float] = {}
        for one in self.holders(need.role):
            if (letter := self.cell(need, one.id)) and letter.does:
                found[one.id] = one.shares[need.role] * one.full
        for who, letter_ in self._set_by_hand(need.key).items():
            if letter_ == "R" and who in self.workers:
                one = self.workers[who]
                found.setdefault(who, one.shares.get(need.role, 0.0) * one.full or one.week or 1.0)
        return found

    def answering(self, need: Need) -> list[Any]:
        """Who answers for it: exactly one, or something is wrong."""
        found = [who for who, letter in self._set_by_hand(need.key).items() if letter == "A" and who in self.workers]
        leader, _alone = self.leader(need.role)
        if not found and leader is not None and (letter_ := self.cell(need, leader)) and letter_.answers:
            found.append(leader)
        return found

    def planned(self, need: Need) -> list[Opening]:
        """The openings that would do it."""
        return [one for who, one in self.openings.items() if (cell := self.cell(need, who)) and cell.does]

    def unowned(self, wanted: Iterable[Need]) -> list[Need]:
        """What nobody does: no person has an R."""
        return [one for one in wanted if not self.does(one)]
