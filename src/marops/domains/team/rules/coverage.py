"""Who can do what, and whether it is enough: hours needed against hours of those who can, what rests on one person,
who has more on than can be planned, how many a manager leads.

    needed hours   = what there is of the driver a month × hours for each (`needs`); shared evenly over the skills
    plannable      = hours at work × share of a week × (1 − unplanned − meetings − learning) (`plannable`)
    skilled hours  = plannable hours of those who can, each one's spread over the skills they can do as the need is
    coverage       = skilled hours / needed hours, of skills in which anybody has a level

A skill stands in one of the ways of STANDINGS, the first that applies. *Covered* needs two who handle its hard cases
and enough hours of those who can; where nobody has a level it is not assessed, which is no gap. Hours are those of the
team alone; but nothing is said to be uncovered or to rest on one person while somebody who works beside it can do it.

The low end of every range takes what is worst on each side, the high end what is best: wide on purpose. Somebody more
who can do a skill adds hours to it and takes none away from another, so they never lower a coverage.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from math import ceil, inf
from typing import Any, Literal, get_args

from marops.domains.team.rules.assumptions import Assumptions, HoursOfWork, Learning, Span
from marops.domains.team.rules.document import Range
from marops.domains.team.rules.roles import Catalogue, Load

ABLE, EXPERT = 2, 3
"""Alone in usual cases; hard cases too, which is what standing in for somebody takes."""
WEEKS_OF_MONTH = 365.25 / 12 / 7
OVER = 1.005
"""What is more than can be planned: the least share that is not written as 100 %."""

Standing = Literal["hidden", "unknown", "beside", "uncovered", "headless", "single", "short", "covered"]
STANDINGS: tuple[Standing, ...] = get_args(Standing)
"""Cannot be told; nobody has a level; thin in the team, but somebody beside it can; nobody is able; nobody for hard
cases; rests on one; too few hours; covered."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours a month: the least, what one plans with, the most."""

    low: float = 0.0
    usual: float = 0.0
    high: float = 0.0

    def __add__(self, other: "Hours") -> "Hours":
        return Hours(self.low + other.low, self.usual + other.usual, self.high + other.high)

    def part(self, share: float) -> "Hours":
        """So much of it."""
        return Hours(self.low * share, self.usual * share, self.high * share)

    def over(self, other: "Hours") -> "Hours | None":
        """As a share of the other; None where there is nothing to share."""
        if not other.usual:
            return None
        worst = self.low / other.high if other.high else 0.0
        return Hours(worst, self.usual / other.usual, self.high / other.low if other.low else inf)


def total(parts: Iterable[Hours]) -> Hours:
    """All together."""
    return sum(parts, Hours())


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody of the team as coverage sees them: shares of a week by its roles, and levels that may be looked at."""

    id: Any
    ref: str
    name: str
    shares: Mapping[str, float]
    levels: Mapping[str, int] = field(default_factory=dict)
    full: float = 1.0
    """Their week as a share of a full one."""
    seen: bool = True
    """Whether their levels may be looked at."""
    manager: Any = None
    leads_as: str = ""
    tasks: float = 0.0
    """Hours of single pieces of work that are due within a month."""
    besides: float = 0.0
    """Share of a week in other roles than the team's, of somebody who is of it by whom they report to."""

    @property
    def week(self) -> float:
        """What the team has of a full week of theirs."""
        return self.full * sum(self.shares.values(), self.besides)


def full_time(some: Iterable[Worker]) -> float:
    """Their weeks, added up: to the tenth and half of one up, here alone, so that nobody rounds it another way."""
    weeks = sum((Decimal(str(round(one.week, 6))) for one in some), Decimal(0))
    return float(weeks.quantize(Decimal("0.1"), ROUND_HALF_UP))


@dataclass(frozen=True, slots=True)
class Need:
    """A responsibility with the hours it takes a month; None where the catalogue names none."""

    key: str
    role: str
    text: str
    skills: tuple[str, ...]
    hours: Hours | None
    load: Load | None = None


def needs(catalogue: Catalogue, amounts: Mapping[str, Range], roles: Collection[str]) -> tuple[Need, ...]:
    """What these roles answer for, with the hours it takes at these amounts of the drivers."""
    return tuple(
        Need(key, role, one.text, one.skills, _hours(one.load, amounts), one.load)
        for key, (role, one) in catalogue.responsibilities.items()
        if role in roles
    )


def _hours(load: Load | None, amounts: Mapping[str, Range]) -> Hours | None:
    amount = amounts.get(load.driver) if load else None
    if load is None or amount is None:
        return None
    low, usual, high = load.hours_per_unit
    most = amount.usual if amount.high is None else amount.high
    return Hours(amount.low * low, amount.usual * usual, most * high)


def plannable(one: Worker, hours: HoursOfWork) -> Hours:
    """What of somebody's month can be planned for the team."""
    shares = (hours.unplanned_share, hours.meeting_share, hours.learning_share)
    worked = hours.worked_per_month
    lost = [sum(top(one) for one in shares) for top in (_most, lambda it: it.usual, lambda it: it.low)]
    low, usual, high = (max(0.0, 1 - one) for one in lost)
    return Hours(worked.low * low, worked.usual * usual, _most(worked) * high).part(one.week)


def _most(one: Range) -> float:
    return one.usual if one.high is None else one.high


# --- Skills and responsibilities --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SkillCover:
    """One skill: what needs it, who can do it, and whether their hours are enough."""

    skill: str
    parts: tuple[tuple[Need, Hours], ...]
    able: tuple[Worker, ...]
    experts: tuple[Worker, ...]
    skilled: Hours
    hidden: int = 0
    """How many people's levels the reader may not see."""
    asked: int = 0
    """How many have a level in it, be it that they have not begun."""
    others: tuple[Worker, ...] = ()
    """Who is able to do it and works beside the team: their roles do not count for it."""

    @cached_property
    def beside(self) -> tuple[Worker, ...]:
        """Who beside the team would help where it has nobody, or one alone, at that level."""
        if self.hidden or len(self.experts) > 1:
            return ()
        level = EXPERT if self.able else ABLE
        return tuple(one for one in self.others if one.levels.get(self.skill, 0) >= level)

    @cached_property
    def needed(self) -> Hours:
        """Hours a month that the responsibilities ask of it."""
        return total(hours for _, hours in self.parts)

    @cached_property
    def ratio(self) -> Hours | None:
        """Skilled hours as a share of those needed; None where nobody has a level that may be looked at."""
        return self.skilled.over(self.needed) if self.asked else None

    @property
    def bus_factor(self) -> int:
        """How many have level 3 or more: so many have to be away before nobody is left for hard cases."""
        return len(self.experts)

    @property
    def gap(self) -> bool:
        """Is it certain that nobody is able to do it? Where nobody was asked, nothing is."""
        return not self.able and not self.hidden and bool(self.asked) and not self.beside

    @property
    def unknown(self) -> bool:
        """Has nobody a level in it, so that nothing can be said?"""
        return not self.asked and not self.hidden and not self.beside

    @property
    def single(self) -> Worker | None:
        """The one person on whom it rests, where that is certain."""
        return self.experts[0] if len(self.experts) == 1 and not self.hidden and not self.beside else None

    @property
    def headless(self) -> bool:
        """Somebody does usual cases and nobody the hard ones."""
        return bool(self.able) and not self.experts and not self.hidden and not self.beside

    @property
    def enough(self) -> Literal["", "sure", "unsure", "short"]:
        """Are the hours of those who can enough? Not sure while the range holds the whole."""
        if self.ratio is None:
            return ""
        return "sure" if self.ratio.low >= 1 else "short" if self.ratio.high < 1 else "unsure"

    @property
    def standing(self) -> Standing:
        """How it stands, in one word."""
        found: tuple[tuple[Standing, object], ...] = (
            ("hidden", self.hidden), ("unknown", self.unknown), ("beside", self.beside), ("uncovered", self.gap),
            ("headless", self.headless), ("single", self.single), ("short", self.enough == "short"),
        )  # fmt: skip
        return next((word for word, holds in found if holds), "covered")


@dataclass(frozen=True, slots=True)
class DutyCover:
    """One responsibility: who can do all of it, the thinnest of its skills, and how many are not assessed."""

    need: Need
    able: tuple[Worker, ...]
    experts: tuple[Worker, ...]
    thinnest: SkillCover | None
    unknown: int = 0

    @property
    def ratio(self) -> Hours | None:
        """The coverage of the thinnest of its skills: more of the others does not help.

        While one of them is not assessed nothing is known of the whole, unless nobody is able in another.
        """
        if self.thinnest is None or (self.unknown and not self.thinnest.gap):
            return None
        return self.thinnest.ratio


def skills_of(wanted: Sequence[Need]) -> dict[str, tuple[tuple[Need, Hours], ...]]:
    """Skill → the responsibilities that need it, each with its even part of the hours."""
    found: dict[str, list[tuple[Need, Hours]]] = {}
    for one in wanted:
        for skill in one.skills:
            part = one.hours.part(1 / len(one.skills)) if one.hours else Hours()
            found.setdefault(skill, []).append((one, part))
    return {skill: tuple(parts) for skill, parts in found.items()}


def cover(
    workers: Sequence[Worker], wanted: Sequence[Need], assumed: Assumptions, beside: Iterable[Worker] = ()
) -> dict[str, SkillCover]:
    """Every skill that the work needs, those with the most hours first. `beside`: who works here beside the team."""
    parts = skills_of(wanted)
    need = {skill: sum(hours.usual for _, hours in some) for skill, some in parts.items()}
    able: dict[str, list[Worker]] = {skill: [] for skill in parts}
    experts: dict[str, list[Worker]] = {skill: [] for skill in parts}
    asked = dict.fromkeys(parts, 0)
    for one in workers:
        for skill, level in one.levels.items():
            if skill not in asked:
                continue
            asked[skill] += 1
            if level >= ABLE:
                able[skill].append(one)
                if level >= EXPERT:
                    experts[skill].append(one)
    others: dict[str, list[Worker]] = {}
    for one in beside:
        for skill in (skill for skill, level in one.levels.items() if level >= ABLE and skill in parts):
            others.setdefault(skill, []).append(one)
    skilled = _skilled(workers, need, assumed)
    hidden = sum(not one.seen for one in workers)
    return {
        skill: SkillCover(
            skill, parts[skill], tuple(able[skill]), tuple(experts[skill]), skilled[skill], hidden, asked[skill],
            tuple(others.get(skill, ())),
        )
        for skill in sorted(parts, key=lambda it: (-need[it], it))
    }  # fmt: skip


def _skilled(workers: Sequence[Worker], need: Mapping[str, float], assumed: Assumptions) -> dict[str, Hours]:
    """Hours of those who can: the usual from the level that counts as cover, the ends from its range."""
    from_level = assumed.pace.counts_as_cover_from
    levels = (ceil(_most(from_level)), ceil(from_level.usual), ceil(from_level.low))
    full = plannable(Worker(None, "", "", {"": 1.0}), assumed.hours)
    ends = [
        _spread(workers, need, level, hours)
        for level, hours in zip(levels, (full.low, full.usual, full.high), strict=True)
    ]
    # A lower level asked for spreads the same hours over more skills, so that its end need not be the highest.
    return {skill: Hours(min(found := [one[skill] for one in ends]), ends[1][skill], max(found)) for skill in need}


def _spread(workers: Sequence[Worker], need: Mapping[str, float], level: int, full: float) -> dict[str, float]:
    found = dict.fromkeys(need, 0.0)
    for one in workers:
        mine = [skill for skill, at in one.levels.items() if at >= level and need.get(skill)]
        asked = sum(need[skill] for skill in mine)
        each = full * one.week / asked if asked else 0.0
        for skill in mine:
            found[skill] += each * need[skill]
    return found


def duties(
    workers: Sequence[Worker], wanted: Sequence[Need], skills: Mapping[str, SkillCover]
) -> tuple[DutyCover, ...]:
    """Every responsibility, with who is able to do all of it."""
    able = {skill: {one.id: one for one in found.able} for skill, found in skills.items()}
    experts = {skill: {one.id: one for one in found.experts} for skill, found in skills.items()}
    return tuple(
        DutyCover(
            one, _in_all(one, able), _in_all(one, experts), _thinnest(one, skills),
            sum(skills[skill].unknown for skill in one.skills),
        )
        for one in wanted
    )  # fmt: skip


def _in_all(need: Need, who: Mapping[str, Mapping[Any, Worker]]) -> tuple[Worker, ...]:
    first, *others = [who[skill] for skill in need.skills] or [{}]
    return tuple(one for one in first.values() if all(one.id in other for other in others))


def _thinnest(need: Need, skills: Mapping[str, SkillCover]) -> SkillCover | None:
    found = [(one.ratio.usual, skill) for skill in need.skills if (one := skills[skill]).ratio]
    return skills[min(found)[1]] if found else None


# --- What rests on one person, and the cheapest remedy ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rests:
    """What rests on one person, and what a week without them leaves standing."""

    person: Worker
    skills: tuple[SkillCover, ...]

    @property
    def week(self) -> Hours:
        """Hours of a week: the low end counts skills alone in which nobody else is able to do the usual cases."""
        alone = [one for one in self.skills if len(one.able) == 1]
        low, all_ = total(one.needed for one in alone), total(one.needed for one in self.skills)
        return Hours(low.low, all_.usual, all_.high).part(1 / WEEKS_OF_MONTH)


def resting(skills: Iterable[SkillCover]) -> tuple[Rests, ...]:
    """Single points of failure by person, those with the most hours first."""
    found: dict[Any, list[SkillCover]] = {}
    for one in skills:
        if one.single:
            found.setdefault(one.single.id, []).append(one)
    rows = [Rests(some[0].experts[0], tuple(some)) for some in found.values()]
    return tuple(sorted(rows, key=lambda one: (-one.week.usual, -len(one.skills), one.person.name)))


@dataclass(frozen=True, slots=True)
class Alone:
    """What of a role's work one person alone does, where levels do not say whether another could."""

    person: Worker
    role: str
    needs: tuple[Need, ...]
    whole: bool
    """Is it all that the role answers for?"""

    @property
    def hours(self) -> Hours:
        """A month."""
        return total(one.hours for one in self.needs if one.hours)


def alone(
    wanted: Sequence[Need],
    does: Mapping[str, Collection[Any]],
    skills: Mapping[str, SkillCover],
    known: Mapping[Any, Worker],
) -> tuple[Alone, ...]:
    """Single points of failure by the roles held: a list of people with roles and no levels has them too.

    Only where one of the skills is not assessed, or levels are not shown: else it is known whether another is able.
    """
    found: dict[tuple[Any, str], list[Need]] = {}
    for one in wanted:
        who = does.get(one.key, ())
        if len(who) == 1 and any(skills[it].unknown or skills[it].hidden for it in one.skills):
            found.setdefault((next(iter(who)), one.role), []).append(one)
    all_ = {role: sum(one.role == role for one in wanted) for _who, role in found}
    rows = [
        Alone(known[who], role, tuple(some), len(some) == all_[role])
        for (who, role), some in found.items()
        if who in known
    ]
    return tuple(sorted(rows, key=lambda one: (-one.hours.usual, -len(one.needs), one.person.name, one.role)))


@dataclass(frozen=True, slots=True)
class Remedy:
    """Somebody who could stand in for a single one, and how many hours of learning that takes."""

    skill: SkillCover
    learner: Worker
    level: int
    hours: Hours
    steps: tuple[Range, ...] = ()


def remedies(
    skills: Iterable[SkillCover],
    workers: Sequence[Worker],
    room: Mapping[Any, float],
    learning: Learning,
    asked: Mapping[str, Collection[str]],
) -> tuple[Remedy, ...]:
    """For each skill that rests on one person, who is nearest to level 3; the fewest hours of learning first. A skill
    that nobody else has begun with has none.

    Of those equally near, whoever has a role that asks for the skill (`asked`: role → skills), then whoever has the
    most room in the month (`room`: hours by person).
    """
    found = [one for skill in skills if skill.single and (one := _nearest(skill, workers, room, learning, asked))]
    return tuple(sorted(found, key=lambda one: (one.hours.usual, -one.skill.needed.usual, one.skill.skill)))


def _nearest(
    skill: SkillCover,
    workers: Sequence[Worker],
    room: Mapping[Any, float],
    learning: Learning,
    asked: Mapping[str, Collection[str]],
) -> Remedy | None:
    others = [one for one in workers if one is not skill.experts[0] and one.levels.get(skill.skill)]
    if not others:
        return None

    def rank(one: Worker) -> tuple[int, bool, float, str, str]:
        fits = any(skill.skill in asked.get(role, ()) for role in one.shares)
        return -one.levels.get(skill.skill, 0), not fits, -room.get(one.id, 0.0), one.name, one.ref

    best = min(others, key=rank)
    level = best.levels.get(skill.skill, 0)
    steps = learning.between(level, EXPERT)
    hours = total(Hours(one.low, one.usual, _most(one)) for one in steps)
    return Remedy(skill, best, level, hours, steps)


# --- Who has how much on ----------------------------------------------------------------------------------------------

Fullness = Literal["over", "full", "room", "none"]
"""More than can be planned; over the mark at which queues grow; room; nothing on."""
Sure = Literal["certain", "likely", "possible"]
"""How sure it is that there is too much: even the least is; one end of the ranges says so; they overlap too far."""


@dataclass(frozen=True)
class Loaded:
    """What somebody has on in a month against what can be planned."""

    person: Worker
    plannable: Hours
    parts: tuple[tuple[Need, Hours], ...]
    full_at: float

    @cached_property
    def needed(self) -> Hours:
        """Hours of their responsibilities and of single pieces of work."""
        tasks = self.person.tasks
        return total(hours for _, hours in self.parts) + Hours(tasks, tasks, tasks)

    @cached_property
    def share(self) -> Hours | None:
        """Of what can be planned."""
        return self.needed.over(self.plannable)

    @cached_property
    def fullness(self) -> Fullness:
        """How full, by what one plans with."""
        share = self.share
        if share is None or not share.usual:
            return "over" if self.needed.usual else "none"
        return "over" if share.usual >= OVER else "full" if share.usual > self.full_at else "room"

    @cached_property
    def certain(self) -> bool:
        """Is it too much even where everything turns out well?"""
        return self.needed.low > self.plannable.high

    @property
    def sure(self) -> Sure:
        """How sure it is, of what is more than can be planned."""
        if self.certain:
            return "certain"
        ends = self.needed.usual > self.plannable.high, self.needed.low > self.plannable.usual
        return "likely" if any(ends) else "possible"


def loads(
    workers: Sequence[Worker],
    wanted: Sequence[Need],
    does: Mapping[str, Mapping[Any, float]],
    hours: HoursOfWork,
) -> dict[Any, Loaded]:
    """Person → what they have on. `does`: responsibility → person → weight; its hours are shared by weight."""
    parts: dict[Any, list[tuple[Need, Hours]]] = {one.id: [] for one in workers}
    for need in wanted:
        weights = {who: weight for who, weight in does.get(need.key, {}).items() if who in parts}
        whole = sum(weights.values())
        for who, weight in weights.items():
            if need.hours and whole:
                parts[who].append((need, need.hours.part(weight / whole)))
    mark = hours.full_at.usual
    return {one.id: Loaded(one, plannable(one, hours), tuple(parts[one.id]), mark) for one in workers}


# --- Whom a manager leads ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Led:
    """How many people somebody leads, by the archetype chosen for them; `fits`: the one whose range has the number."""

    leader: Worker
    reports: int
    chosen: Span | None
    fits: Span

    @property
    def state(self) -> Literal["unset", "few", "many", "fits"]:
        """How the number stands to the archetype that was chosen."""
        if self.chosen is None:
            return "unset"
        if self.reports > _top(self.chosen):
            return "many"
        return "few" if self.reports < self.chosen.reports.low else "fits"


def _top(one: Span) -> float:
    return inf if one.reports.high is None else one.reports.high


def spans(leaders: Iterable[tuple[Worker, int]], archetypes: Sequence[Span]) -> tuple[Led, ...]:
    """Who leads how many, the largest span first."""
    known = {one.id: one for one in archetypes}
    found = [Led(who, n, known.get(who.leads_as), fitting(n, archetypes)) for who, n in leaders if n and archetypes]
    return tuple(sorted(found, key=lambda one: (-one.reports, one.leader.name)))


def fitting(reports: int, archetypes: Sequence[Span]) -> Span:
    """The archetype whose range has this number, else the nearest."""

    def distance(one: Span) -> float:
        return max(one.reports.low - reports, reports - _top(one), 0)

    return min(archetypes, key=distance)


# --- Places nobody has yet --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opening:
    """A vacancy or a planned hire as a placeholder: the levels it asks for, and its shares of a week."""

    ref: str
    title: str
    shares: Mapping[str, float]
    levels: Mapping[str, int]

    @property
    def week(self) -> float:
        """What the team would have of a full week."""
        return sum(self.shares.values())


@dataclass(frozen=True, slots=True)
class Closes:
    """What filling an opening would close: skills nobody is able to do, and those that rest on one person."""

    opening: Opening
    gaps: tuple[SkillCover, ...]
    seconds: tuple[SkillCover, ...]
    plannable: Hours


def asked_levels(catalogue: Catalogue, roles: Iterable[str], own: Mapping[str, int]) -> dict[str, int]:
    """Skill → the level a place asks for: the highest of its roles, unless the place says another."""
    found: dict[str, int] = {}
    for slug in roles:
        role = catalogue.roles.get(slug)
        for skill, level in (role.needs if role else {}).items():
            found[skill] = max(level, found.get(skill, 0))
    return found | dict(own)


def closes(opening: Opening, skills: Mapping[str, SkillCover], hours: HoursOfWork) -> Closes:
    """What would change if somebody of exactly these levels came."""
    at = opening.levels
    gaps = tuple(one for one in skills.values() if one.gap and at.get(one.skill, 0) >= ABLE)
    seconds = tuple(one for one in skills.values() if one.single and at.get(one.skill, 0) >= EXPERT)
    would = plannable(Worker(None, opening.ref, opening.title, opening.shares), hours)
    return Closes(opening, gaps, seconds, would)
