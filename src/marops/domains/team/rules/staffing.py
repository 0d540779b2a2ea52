"""A team to be staffed, as the numbers that `methods.staffing` chooses by: out of catalogue, assumptions and volumes.

    hours of a role  = Σ amounts × hours for each × (1 − saved by AI help × part of it used), over its responsibilities
    hours of a seat  = hours at work × (1 − unplanned − meetings − learning) × full mark × pace × (1 − loss)
    AI's review      = hours a week for each ten people × part of AI help used, with the role that knows most of it
    pace of a seat   = of the levels it has against the levels its roles ask for: one below, as asked, one above
    cost of a seat   = pay of its level × (1 + the employer's part) / 12; of several roles the dearest level

Every number that is not known exactly is read through a `Look`, so that one reckoning serves the usual case, each end
of each range, and the draws.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from math import inf
from typing import Any, Final, Literal

from marops.domains.team.rules.assumptions import Assumptions, Pair, Shape, Span
from marops.domains.team.rules.document import Range
from marops.domains.team.rules.roles import STANDING, Catalogue, Responsibility, Role
from marops.domains.team.rules.seats import band_of
from marops.methods.staffing.model import SeatKind, Skill, Wanted, Work

MOST_PEOPLE: Final = 200
DUTIES: Final = frozenset({"compliance"})
"""Kinds of skill whose work is a duty."""
CHECKS: Final = frozenset({"quality-checks"})
REVIEWS: Final = ("ai-governance", "working-with-ai")
"""Skills of whoever looks over what AI made."""
_WEEKS: Final = 52 / 12
COVERS_FROM: Final = 3
VITAL_FROM: Final = 3
_LADDER: Final = ("entry", "specialist", "senior_specialist", "manager", "senior_manager", "director", "executive")
_SENIOR: Final = STANDING["senior_specialist"]
Look = Callable[[str, Range], float]
"""(name of an assumption, its range) → the value it is reckoned with."""
Grade = Literal[-1, 0, 1]


def usual(_name: str, of: Range) -> float:
    """What a plan is made with."""
    return of.usual


def most(of: Range) -> float:
    """The high end; of a range that is open above, the usual value."""
    return of.usual if of.high is None else of.high


def turned(name: str, to: Literal["low", "high"]) -> Look:
    """The usual values, but for one that is at an end of its range."""

    def look(asked: str, of: Range) -> float:
        if asked != name:
            return of.usual
        return of.low if to == "low" else most(of)

    return look


@dataclass(frozen=True)
class Ground:
    """What a plan is made from. `amounts`: driver → what there is of it a month; `instead`: assumption → another value
    that counts in place of the usual one; `keep`: role → how many seats there have to be at least; `bands`: level →
    what it is paid a year, where that is not as assumed.
    """

    catalogue: Catalogue
    assumed: Assumptions
    amounts: Mapping[str, Range]
    currency: Literal["EUR", "USD"] = "EUR"
    instead: Mapping[str, float] = field(default_factory=dict)
    keep: Mapping[str, int] = field(default_factory=dict)
    bands: Mapping[str, Range] = field(default_factory=dict)

    @cached_property
    def names(self) -> dict[str, Range]:
        """Every assumption a plan rests on: name → its range, those set by hand as one value."""
        return {name: self._own(name, of) for name, of in dict(self._all()).items()}

    def _own(self, name: str, of: Range) -> Range:
        if name not in self.instead:
            return of
        value = self.instead[name]
        return Range(low=value, usual=value, high=value, origin="assumption", why="Set for this plan.")

    def _all(self) -> Iterator[tuple[str, Range]]:
        it, together = self.assumed, Range(low=-1, usual=0, high=1)
        for driver in it.drivers:
            if driver.id not in ("people", "constant"):
                yield f"driver.{driver.id}", self.amounts.get(driver.id, driver.start)
        for name in ("worked_per_month", "unplanned_share", "meeting_share", "learning_share"):
            yield f"hours.{name}", getattr(it.hours, name)
        yield "load", together
        for one in it.ai_help:
            yield f"ai_help.{one.id}", one.share_saved
        yield "ai_help_used", together
        yield "ai_review", it.ai_help_rules.review_hours_per_week
        if any(one.with_roles for one in it.shapes):
            yield "work_saved", together
        yield "pay", together
        yield "pay.employer_on_top", it.pay.employer_on_top
        for name in ("level_1", "level_2", "level_4", "switch_loss_per_role"):
            yield f"pace.{name}", getattr(it.pace, name)
        for name in ("hour_undone", "duty", "no_second", "other_pair"):
            yield f"weights.{name}", getattr(it.weights, name)

    def at(self, name: str, look: Look) -> float:
        """One assumption as it is looked at."""
        return look(name, self.names[name])

    def _within(self, name: str, of: Range, look: Look) -> float:
        """A range that moves with others under one name: −1 is its low end, 0 the usual value, 1 its high end."""
        place = self.at(name, look)
        return of.usual + place * (of.usual - of.low if place < 0 else most(of) - of.usual)

    # -- work ---------------------------------------------------------------------------------------------------------

    def own_roles(self, shape: Shape, people: int) -> list[str]:
        """The company's own roles that a plan of this size has a seat for."""
        return [slug for slug in shape.with_roles if people >= self._smallest(slug)]

    def _smallest(self, slug: str) -> float:
        role = self.catalogue.roles.get(slug)
        if role is None:
            return inf
        return min((one.smallest_team.low for one in role.before if one.smallest_team), default=1)

    def roles_of(self, shape: Shape, people: int) -> list[str]:
        """The roles of a plan, the highest first: those inside, and the company's own that its shape asks for."""
        own = self.own_roles(shape, people)
        return [slug for slug, role in self.catalogue.inside.items() if role.inside or slug in own]

    @cached_property
    def saves(self) -> dict[str, str]:
        """Skill → the AI help that saves time at it."""
        return {skill: one.id for one in self.assumed.ai_help for skill in one.skills}

    def amount(self, driver: str, people: int, look: Look) -> float:
        """What there is of a driver a month."""
        if driver == "constant":
            return 1.0
        return float(people) if driver == "people" else self.at(f"driver.{driver}", look)

    def hours(self, one: Responsibility, shape: Shape, people: int, look: Look) -> float:
        """Hours a month that a responsibility takes, AI help taken off."""
        if one.load is None:
            return 0.0
        low, middle, high = one.load.hours_per_unit
        each = self._within("load", Range(low=low, usual=middle, high=high), look)
        used = max(0.0, self._within("ai_help_used", shape.ai_help_used, look))
        saved = sum(self.at(f"ai_help.{self.saves[skill]}", look) for skill in one.skills if skill in self.saves)
        part = min(0.95, used * saved / len(one.skills)) if one.skills else 0.0
        return self.amount(one.load.driver, people, look) * each * (1 - part)

    def work(self, shape: Shape, people: int, look: Look) -> list[Work]:
        """The hours of each role, with how dear it is to leave one undone."""
        dear = self.at("weights.duty", look)
        own, found = self.own_roles(shape, people), []
        saved = self._within("work_saved", shape.work_saved, look) if own else 0.0
        reviewer, review = self.reviewer(shape, people), self.review(shape, people, look)
        for slug in self.roles_of(shape, people):
            parts = [(one, self.hours(one, shape, people, look)) for one in self.catalogue.roles[slug].responsibilities]
            hours = sum(part for _, part in parts)
            duty = sum(part * self._duty(one) for one, part in parts) / hours if hours else 0.0
            hours *= 1 - (0.0 if slug in own else saved)
            hours += review if slug == reviewer else 0.0
            if hours > 0:
                found.append(Work(slug, hours, 1 + (dear - 1) * duty))
        return found

    def reviewer(self, shape: Shape, people: int) -> str:
        """Whose hours it takes to look over what AI made: the role that asks for the highest level in that."""

        def level(slug: str) -> int:
            needs = self.catalogue.roles[slug].needs
            return max((needs.get(one, 0) for one in REVIEWS), default=0)

        return max(self.roles_of(shape, people), key=level, default="")

    def review(self, shape: Shape, people: int, look: Look) -> float:
        """Hours a month to look over what AI made: so many a week for each ten people, as far as AI is used."""
        used = max(0.0, self._within("ai_help_used", shape.ai_help_used, look))
        return self.at("ai_review", look) * _WEEKS * used * people / 10

    def _duty(self, one: Responsibility) -> float:
        known = self.catalogue.skills
        some = [skill in known and (known[skill].kind in DUTIES or skill in CHECKS) for skill in one.skills]
        return sum(some) / len(some) if some else 0.0

    # -- seats --------------------------------------------------------------------------------------------------------

    def level(self, role: Role, grade: Grade) -> str | None:
        """The level of pay of a role at a grade; None where there is none so high or low."""
        if grade == 0:
            return role.level
        at = _LADDER.index(_rung(role.level)) + grade
        return _LADDER[at] if 0 <= at < len(_LADDER) else None

    def pay(self, level: str, look: Look) -> float:
        """What somebody of this level costs a month, the employer's part included."""
        band = band_of({one.id: one for one in self.assumed.pay.levels}, level)
        of = self.bands.get(band.id) or (band.USD if self.currency == "USD" else band.EUR)
        return self._within("pay", of, look) * (1 + self.at("pay.employer_on_top", look)) / 12

    def price(self, look: Look) -> float:
        """What an hour costs that stays undone."""
        month = self.at("hours.worked_per_month", look)
        return self.at("weights.hour_undone", look) * self.pay("specialist", look) / max(1.0, month)

    def kind(self, roles: Sequence[str], grade: Grade, shape: Shape, people: int, look: Look) -> SeatKind | None:
        """A kind of seat; None where no such seat can be."""
        held = [self.catalogue.roles[slug] for slug in roles]
        levels = [self.level(role, grade) for role in held]
        top = max((one for one in levels if one), key=lambda one: (STANDING[one], self.pay(one, usual)), default=None)
        if top is None or (grade and None in levels):
            return None
        loss = self.at("pace.switch_loss_per_role", look) * (len(roles) - 1)
        pace = sum(self.pace(role, grade, look) for role in held) / len(held)
        skills: dict[str, int] = {}
        for role in held:
            for skill, asked in role.needs.items():
                skills[skill] = max(skills.get(skill, 0), min(4, max(0, asked + grade)))
        return SeatKind(
            id=seat_id(roles, grade), roles=tuple(roles), hours=self.plannable(shape, look) * pace * max(0.1, 1 - loss),
            cost=self.pay(top, look),
            covers=frozenset(skill for skill, level in skills.items() if level >= COVERS_FROM),
            leads=self.leads(held, people), senior=STANDING[top] >= _SENIOR, beginner=STANDING[top] == 0,
            drawback=self.drawback(roles, people, look),
        )  # fmt: skip

    def pace(self, role: Role, grade: Grade, look: Look) -> float:
        """Pace against somebody who has the levels the role asks for: over its core skills."""
        if grade == 0:
            return 1.0
        asked = [one.level for one in role.skills if one.core] or [2]
        at = {
            0: 0.0, 1: self.at("pace.level_1", look), 2: self.at("pace.level_2", look), 3: 1.0,
            4: self.at("pace.level_4", look),
        }  # fmt: skip
        parts = [at[max(1, min(4, level + grade))] / at[max(1, level)] for level in asked]
        return sum(parts) / len(parts)

    def plannable(self, shape: Shape, look: Look) -> float:
        """Hours of a month that may be booked."""
        names = ("hours.unplanned_share", "hours.meeting_share", "hours.learning_share")
        rest = 1 - sum(self.at(name, look) for name in names)
        return self.at("hours.worked_per_month", look) * max(0.05, rest) * shape.full_at.usual

    def leads(self, held: Sequence[Role], people: int) -> float:
        """How many others such a seat can lead, by the archetype that fits it."""
        kind = self.leads_as(held, people)
        return 0.0 if kind is None else most(kind.reports)

    def leads_as(self, held: Sequence[Role], people: int) -> Span | None:
        """The archetype: who does other work as well has the narrowest; else the more people do the same kind of work,
        the wider. None: leads nobody.
        """
        if not self.assumed.spans or not any(role.manages or "managing-people" in role.needs for role in held):
            return None
        if len(held) > 1:
            return min(self.assumed.spans, key=lambda one: one.reports.low)
        same = people / max(1, sum(role.inside for role in self.catalogue.inside.values()))
        fits = [one for one in self.assumed.spans if one.alike and (one.alike.usual <= same or one.alike.usual <= 1)]
        return max(fits or self.assumed.spans[:2], key=lambda one: one.reports.low)

    # -- roles in one person ------------------------------------------------------------------------------------------

    @cached_property
    def fits(self) -> dict[frozenset[str], Pair]:
        """Pairs of roles that sit well in one person."""
        return {frozenset(one.roles): one for one in self.assumed.combine}

    @cached_property
    def clashes(self) -> dict[frozenset[str], Pair]:
        """Pairs that cost more than they save."""
        return {frozenset(one.roles): one for one in self.assumed.keep_apart}

    def pair_cost(self, pair: frozenset[str], people: int, look: Look = usual) -> float | None:
        """Hours a month that two roles in one person are reckoned to cost in a team of this size; None: kept apart."""
        other, weights = self.at("weights.other_pair", look), self.assumed.weights
        fit = self.fits.get(pair)
        until = fit.until_people if fit and fit.until_people else None
        if until:
            if people > most(until):
                return None
            return other * max(0.0, (people - until.usual) / max(1.0, most(until) - until.usual + 1))
        if people > most(weights.other_pair_until):
            return None
        clash = self.clashes.get(pair)
        return other + (most(clash.cost) if clash is not None and clash.cost else 0.0)

    def drawback(self, roles: Sequence[str], people: int, look: Look) -> float:
        """What the pairs in a seat are reckoned to cost."""
        return sum(self.pair_cost(frozenset(pair), people, look) or 0.0 for pair in combinations(roles, 2))

    def together(self, shape: Shape, people: int) -> list[tuple[str, ...]]:
        """Which roles may be in one person in a team of this size."""
        roles = self.roles_of(shape, people)
        apart = {frozenset(pair) for pair in combinations(roles, 2) if self.pair_cost(frozenset(pair), people) is None}
        found: list[tuple[str, ...]] = [(slug,) for slug in roles]
        widest = 3 if people <= most(self.assumed.weights.three_until) else 2
        for many in range(2, widest + 1):
            found += [
                some for some in combinations(roles, many)
                if not any(frozenset(pair) in apart for pair in combinations(some, 2))
            ]  # fmt: skip
        return found

    def kinds(self, shape: Shape, people: int, look: Look = usual) -> list[SeatKind]:
        """Every kind of seat a plan may choose."""
        grades: tuple[Grade, ...] = (0, -1, 1)
        found = [
            self.kind(roles, grade, shape, people, look) for roles in self.together(shape, people) for grade in grades
        ]
        return [one for one in found if one is not None]

    # -- the question -------------------------------------------------------------------------------------------------

    @cached_property
    def vital(self) -> list[str]:
        """Skills that make a role and take somebody of level 3: the team should not be without."""
        found: dict[str, None] = {}
        for role in self.catalogue.inside.values():
            if role.inside:
                found |= dict.fromkeys(one.skill for one in role.skills if one.core and one.level >= VITAL_FROM)
        return list(found)

    @staticmethod
    def cover(shape: Shape) -> int:
        """How many people each vital skill should have, however few there are: nobody stands in for themselves."""
        return round(shape.cover_per_vital_skill.usual)

    def wanted(
        self, shape: Shape, people: int, look: Look = usual, *, budget: float | None = None,
        kinds: Sequence[SeatKind] | None = None,
    ) -> Wanted:  # fmt: skip
        """The question for a team of exactly so many people."""
        weights, risk = self.assumed.weights, self.at("weights.no_second", look)
        return Wanted(
            self.work(shape, people, look), self.kinds(shape, people, look) if kinds is None else kinds,
            price=self.price(look), skills=[Skill(one, self.cover(shape), risk) for one in self.vital],
            exactly=people, budget=budget, least_share=weights.least_share.usual,
            at_least=self.at_least(shape, people), senior_share=shape.senior_share.usual, unled=look_at(weights.unled),
            unripe=look_at(weights.unripe), untaught=look_at(weights.untaught),
        )  # fmt: skip

    def at_least(self, shape: Shape, people: int) -> dict[str, int]:
        """Role → how many seats have to hold it: one for the company's own that the shape asks for, and those kept."""
        return {**dict.fromkeys(self.own_roles(shape, people), 1), **self.keep}

    def lightest(self, shape: Shape, people: int) -> float:
        """Fewer people than this cannot do the work even at the best pace: the hours through those of a seat."""
        best = self.plannable(shape, usual) * max(1.0, self.at("pace.level_4", usual) * 1.34)
        return sum(one.hours for one in self.work(shape, people, usual)) / best


def look_at(of: Range) -> float:
    """A weight that is not turned."""
    return of.usual


def _rung(level: str) -> str:
    """The step of the ladder beside a level."""
    beside = STANDING[level]
    return min(_LADDER, key=lambda one: (abs(STANDING[one] - beside), -STANDING[one]))


def seat_id(roles: Sequence[str], grade: int) -> str:
    """A kind of seat in one word: its roles, and whether it is a step below or above what they ask."""
    return "+".join(roles) + {-1: "-", 0: "", 1: "^"}[grade]


def seat_of(ident: str) -> tuple[tuple[str, ...], Any]:
    """The roles and the grade of a kind of seat."""
    grade = {"-": -1, "^": 1}.get(ident[-1:], 0)
    return tuple((ident[:-1] if grade else ident).split("+")), grade
