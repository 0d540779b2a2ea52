"""One structure of a blueprint: what it does under the draws of all assumptions, its seats, in which order and months
it is hired. What comes out is plain JSON, so that it can be kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import sqrt
from statistics import median
from typing import Any, Final

from marops.domains.team.rules.assumptions import Joining, Shape
from marops.domains.team.rules.document import Range
from marops.domains.team.rules.roles import STANDING
from marops.domains.team.rules.staffing import Ground, Look, most, seat_of, usual
from marops.methods.staffing.model import Choice, SeatKind, Wanted

DRAWS: Final = 200
SEED: Final = 1
LOW, HIGH = 0.1, 0.9
"""Of ten draws one lies below the low end of a range, and one above its high end."""
TWO: Final = 2
"""By the yardstick that all plans are held to, so many people for each vital skill."""
_TOLD: Final = 0.5


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody of today's team: the reference, and the shares of a week by role."""

    ref: str
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """The best structure of a shape: the question it answers and the choice."""

    ground: Ground
    shape: Shape
    people: int
    choice: Choice
    tried: int = 1
    """Of how many sizes it is the best."""

    @property
    def whole(self) -> bool:
        """Does its shape take the size as it is asked?"""
        return self.shape.size_share.usual >= 1

    def wanted(self, look: Look) -> Wanted:
        """The question with these seats alone, under other assumptions."""
        made = (self.ground.kind(*seat_of(one), self.shape, self.people, look) for one in self.choice.seats)
        return self.ground.wanted(self.shape, self.people, look, kinds=[one for one in made if one])

    def yardstick(self, wanted: Wanted) -> Wanted:
        """The same by one yardstick for all plans: booked to the same mark, two for each vital skill, nothing asked of
        who is senior.
        """
        ratio = self.ground.assumed.hours.full_at.usual / self.shape.full_at.usual
        return replace(
            wanted, kinds=[replace(one, hours=one.hours * ratio) for one in wanted.kinds],
            skills=[replace(one, cover=TWO) for one in wanted.skills], senior_share=0.0,
        )  # fmt: skip


# -- draws -------------------------------------------------------------------------------------------------------------


def draws(ground: Ground, many: int = DRAWS) -> list[Mapping[str, float]]:
    """Places at random, the same each time: for each assumption by itself, where in its range it lies, 0 to 1."""
    import numpy as np

    rows = np.random.default_rng(SEED).random((many, len(ground.names)))
    return [dict(zip(ground.names, row.tolist(), strict=True)) for row in rows]


def looked(at: Mapping[str, float]) -> Look:
    """The look that sees each assumption at its place."""
    return partial(_look, at)


def _look(at: Mapping[str, float], name: str, of: Range) -> float:
    return drawn(of, at[name]) if name in at else of.usual


def drawn(of: Range, place: float) -> float:
    """The value at this place, never outside the range: half of the draws lie below the usual value and half above, the
    nearer the likelier.
    """
    if place < 0.5:
        return of.low + (of.usual - of.low) * sqrt(2 * place)
    return most(of) - (most(of) - of.usual) * sqrt(2 * (1 - place))


def between(values: Sequence[float]) -> dict[str, float]:
    """The middle of what was drawn, with the ends that one of ten lies beyond."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return {"usual": median(ordered), "low": ordered[int(LOW * last)], "high": ordered[round(HIGH * last)]}


def _each(found: Mapping[str, float], to: Callable[[float], float]) -> dict[str, float]:
    return {end: to(value) for end, value in found.items()}


def _parts(wanted: Wanted, choice: Choice) -> dict[str, float]:
    """Of what the value of a choice is made."""
    weigh = {one.role: one.weight for one in wanted.work}
    risk = wanted.skills[0].standing if wanted.skills else 0.0
    pay = sum(one.cost * choice.seats[one.id] for one in wanted.kinds)
    undone = wanted.price * sum(weigh[role] * hours for role, hours in choice.undone.items())
    skills = wanted.price * risk * sum(choice.missing.values())
    return {"pay": pay, "undone": undone, "skills": skills, "others": choice.value - pay - undone - skills}


# -- a plan as it is seen ----------------------------------------------------------------------------------------------


class Seen:
    """One plan in numbers. `yards`: draw by draw, of what its cost by the yardstick for all is made, a month."""

    def __init__(self, ground: Ground, plan: Plan, today: Sequence[Holder]) -> None:
        self.ground, self.plan, self.shape, self.today = ground, plan, plan.shape, today
        self.wanted = plan.wanted(usual)
        self.kinds = {one.id: one for one in self.wanted.kinds}
        self.taken = self._taken()
        self.hired = list(self._order())
        self.stages = list(self._stages())
        self.worlds = [plan.wanted(looked(at)) for at in draws(ground)]
        self.left = self._left()
        self.yards = self._yards()

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        from marops.methods.staffing.solve import held_fast

        yearly = self._costs()
        point = sum(self.kinds[one].cost * n for one, n in self.plan.choice.seats.items()) * 12
        yards = {part: sum(one[part] for one in self.yards) / len(self.yards) for part in self.yards[0]}
        undone = [sum(left.values()) for left in self.left[-1]]
        coverage = self._covered(len(self.stages) - 1)
        return {
            "id": self.shape.id, "name": self.shape.name, "says": self.shape.says, "doubt": self.shape.doubt,
            "people": self.plan.people, "seats": [self._seat(ident, n) for ident, n in self._ordered()],
            "size_share": self.shape.size_share.usual,
            "cost": {"usual": round(point), "low": round(yearly["low"]), "high": round(yearly["high"])},
            "coverage": coverage, "full_at": self.shape.full_at.usual, "ai_used": self.shape.ai_help_used.usual,
            "review": round(self.ground.review(self.shape, self.plan.people, usual), 1),
            "needed": round(median(sum(one.hours for one in world.work) for world in self.worlds), 1),
            "undone": self._undone(), "undone_hours": _each(between(undone), partial(round, ndigits=1)),
            "single": self._held_by(1), "without": self._held_by(0),
            "unled": round(held_fast(self.wanted, self.plan.choice.seats).unled),
            "senior": sum(self.kinds[one].senior * n for one, n in self._ordered()),
            "begins": {"coverage": self._covered(0)["usual"], "cost": self._cost_of(self.stages[0])},
            "order": list(self._steps()), "months": self._done_by(),
            "searches": round(self.ground.assumed.joining.searches_at_once.usual),
            "today": self.taken, "no_seat": self._no_seat(),
            "value": round(self.plan.choice.value, 2), "bound": round(self.plan.choice.bound, 2),
            "gap": self.plan.choice.gap, "proven": self.plan.choice.proven, "sizes": self.plan.tried,
            "common": round(sum(yards.values())), "parts": {part: round(value) for part, value in yards.items()},
        }  # fmt: skip

    # -- under the draws ----------------------------------------------------------------------------------------------

    def _left(self) -> list[list[dict[str, float]]]:
        """Stage → draw → what stays undone."""
        from marops.methods.staffing.solve import sharing, undone_each

        found = undone_each([sharing(world, seats) for seats in self.stages for world in self.worlds])
        many = len(self.worlds)
        return [found[at : at + many] for at in range(0, len(found), many)]

    def _yards(self) -> list[dict[str, float]]:
        from marops.methods.staffing.solve import held_fast, sharing, undone_each

        seats = self.plan.choice.seats
        worlds = [self.plan.yardstick(world) for world in self.worlds]
        left = undone_each([sharing(world, seats) for world in worlds])
        return [_parts(world, held_fast(world, seats, one)) for world, one in zip(worlds, left, strict=True)]

    def _covered(self, stage: int) -> dict[str, float]:
        """The share of needed hours that gets done with the seats of a stage."""
        found = []
        for world, left in zip(self.worlds, self.left[stage], strict=True):
            needed = sum(one.hours for one in world.work)
            found.append(1 - sum(left.values()) / needed if needed else 1.0)
        return _each(between(found), partial(round, ndigits=4))

    def _costs(self) -> dict[str, float]:
        seats = self.plan.choice.seats
        return between([12 * sum(one.cost * seats[one.id] for one in world.kinds) for world in self.worlds])

    def _cost_of(self, seats: Mapping[str, int]) -> int:
        return round(12 * sum(self.kinds[one].cost * n for one, n in seats.items()))

    def _undone(self) -> list[dict[str, Any]]:
        """By role, the middle of the draws; the dearest first."""
        weigh = {one.role: one.weight for one in self.wanted.work}
        hours = {role: median(left.get(role, 0.0) for left in self.left[-1]) for role in weigh}
        found = sorted(hours.items(), key=lambda one: (-one[1] * weigh[one[0]], one[0]))
        return [
            {"role": role, "title": self.ground.catalogue.title(role), "hours": round(n, 1)}
            for role, n in found if n > _TOLD
        ]  # fmt: skip

    # -- seats --------------------------------------------------------------------------------------------------------

    def _ordered(self) -> list[tuple[str, int]]:
        def place(ident: str) -> tuple[float, str]:
            return -self.kinds[ident].cost, ident

        return [(ident, self.plan.choice.seats[ident]) for ident in sorted(self.plan.choice.seats, key=place)]

    def level(self, ident: str) -> str:
        """At which level of pay a seat stands."""
        roles, grade = seat_of(ident)
        held = [self.ground.level(self.ground.catalogue.roles[one], grade) or "specialist" for one in roles]
        return max(held, key=lambda one: (STANDING[one], self.ground.pay(one, usual)))

    def _named(self, ident: str) -> dict[str, Any]:
        """What a seat is: its roles, its level, and whether that is a step beside what its roles ask for."""
        roles, grade = seat_of(ident)
        titles = [self.ground.catalogue.title(one) for one in roles]
        return {"titles": titles, "level_id": self.level(ident), "grade": grade}

    def _seat(self, ident: str, n: int) -> dict[str, Any]:
        kind = self.kinds[ident]
        given = {role: self.plan.choice.given.get((ident, role), 0.0) for role in kind.roles}
        span = self.ground.leads_as([self.ground.catalogue.roles[one] for one in kind.roles], self.plan.people)
        return self._named(ident) | {
            "id": ident, "count": n,
            "roles": [
                {"role": role, "title": self.ground.catalogue.title(role), "share": share}
                for role, share in shares(given).items()
            ],
            "together": [self._pair(pair) for pair in combinations(kind.roles, 2)],
            "cost": round(kind.cost * 12), "hours": round(kind.hours, 1), "leads": kind.leads,
            "leads_as": span.name if span else "",
            "booked": round(self._booked(kind), 3),
        }  # fmt: skip

    def _booked(self, kind: SeatKind) -> float:
        """The share of its hours that a kind of seat gives to work that is there. Seats of one role alone share its
        hours evenly: which of them does how much is open.
        """
        given, seats = self.plan.choice.given, self.plan.choice.seats
        alike = [one for one in self.kinds.values() if one.roles == kind.roles] if len(kind.roles) == 1 else [kind]
        idents = {one.id for one in alike}
        hours = 0.0
        for work in self.wanted.work:
            mine = sum(given.get((one, work.role), 0.0) for one in idents)
            others = sum(n for (one, role), n in given.items() if role == work.role and one not in idents)
            hours += min(mine, max(0.0, work.hours - others))
        have = sum(one.hours * seats[one.id] for one in alike)
        return min(1.0, hours / have) if have else 0.0

    def _pair(self, pair: tuple[str, ...]) -> dict[str, Any]:
        """Why two roles are in one person, what to watch, what it is reckoned to cost."""
        key = frozenset(pair)
        fit, clash = self.ground.fits.get(key), self.ground.clashes.get(key)
        cost = self.ground.pair_cost(key, self.plan.people) or 0.0
        names = [self.ground.catalogue.title(one) for one in pair]
        watch = fit.watch if fit else clash.why if clash else ""
        return {
            "names": names, "why": fit.why if fit else "", "watch": watch, "hours": round(cost, 1), "fits": bool(fit),
        }  # fmt: skip

    def _held_by(self, many: int) -> list[str]:
        """Vital skills that exactly so many of the seats can stand in for."""
        seats, known = self.plan.choice.seats.items(), self.ground.catalogue
        return [
            known.skill_name(skill) for skill in self.ground.vital
            if sum(n for ident, n in seats if skill in self.kinds[ident].covers) == many
        ]  # fmt: skip

    # -- from today's team, or from nobody ----------------------------------------------------------------------------

    def _taken(self) -> list[dict[str, str]]:
        """Who of today sits where: as much as possible of the work they have."""
        free = dict(self._ordered())
        found = []
        fits = [
            (sum(share for role, share in one.shares.items() if role in self.kinds[ident].roles), one, ident)
            for one in self.today for ident in free
        ]  # fmt: skip
        seated: set[str] = set()
        for fit, one, ident in sorted(fits, key=lambda it: (-it[0], abs(seat_of(it[2])[1]), it[1].ref, it[2])):
            if fit > 0 and one.ref not in seated and free[ident]:
                free[ident] -= 1
                seated.add(one.ref)
                found.append({"ref": one.ref, "seat": ident})
        return found

    def _no_seat(self) -> list[str]:
        seated = {one["ref"] for one in self.taken}
        return [one.ref for one in self.today if one.ref not in seated]

    def _have(self) -> dict[str, int]:
        have: dict[str, int] = {}
        for one in self.taken:
            have[one["seat"]] = have.get(one["seat"], 0) + 1
        return have

    def _order(self) -> Iterator[tuple[str, list[str]]]:
        """Seat after seat, each time the one that does most of what the principles of hiring weigh, and by which."""
        from marops.methods.staffing.solve import held_fast

        have = self._have()
        left = {ident: n - have.get(ident, 0) for ident, n in self._ordered() if n > have.get(ident, 0)}
        now = held_fast(self.wanted, have)
        while left:
            tried = {ident: held_fast(self.wanted, {**have, ident: have.get(ident, 0) + 1}) for ident in left}
            scores = {ident: self._score(now, after, self.kinds[ident]) for ident, after in tried.items()}
            ident = max(left, key=lambda one: (sum(scores[one].values()), -self.kinds[one].cost, one))
            have[ident] = have.get(ident, 0) + 1
            left[ident] -= 1
            if not left[ident]:
                del left[ident]
            score, now = scores[ident], tried[ident]
            yield ident, [one for one in sorted(score, key=lambda one: (-score[one], one)) if score[one] > 0][:2]

    def _stages(self) -> Iterator[dict[str, int]]:
        """The seats that are taken: those of today, then after each hire."""
        have = self._have()
        yield dict(have)
        for ident, _because in self.hired:
            have[ident] = have.get(ident, 0) + 1
            yield dict(have)

    def _score(self, before: Choice, after: Choice, kind: SeatKind) -> dict[str, float]:
        """What a seat does, by principle: hours' worth times the principle's weight."""
        weigh = {one.id: one.weight.usual for one in self.ground.assumed.hiring_order}
        dear = {one.role: one.weight - 1 for one in self.wanted.work}
        done = {
            role: before.undone.get(role, 0.0) - after.undone.get(role, 0.0)
            for role in {*before.undone, *after.undone}
        }  # fmt: skip
        risk = self.wanted.skills[0].standing if self.wanted.skills else 0.0
        hours = {
            "uncovered": sum(done.values()),
            "duty": sum(hours * dear.get(role, 0.0) for role, hours in done.items()),
            "second-person": risk * (sum(before.missing.values()) - sum(after.missing.values())),
            "leader-in-time": self.wanted.unled * (before.unled - after.unled),
            "juniors-need-seniors": self.wanted.untaught * (before.untaught - after.untaught),
            "cost": -kind.cost / self.wanted.price,
        }
        return {name: value * weigh.get(name, 0.0) for name, value in hours.items()}

    def _steps(self) -> Iterator[dict[str, Any]]:
        names = {one.id: one.name for one in self.ground.assumed.hiring_order}
        before = self._covered(0)["usual"]
        when = self._when()
        for at, (ident, because) in enumerate(self.hired, 1):
            now = self._covered(at)
            yield self._named(ident) | {
                "seat": ident, "because": [names.get(one, one) for one in because],
                "adds": round(now["usual"] - before, 4), "coverage": now["usual"], "range": now,
                "costs": round(self.kinds[ident].cost * 12), "cost": self._cost_of(self.stages[at]),
                "search": round(self.kinds[ident].cost * 12 * self.ground.assumed.pay.search_cost_share.usual),
                "months": {name: {end: when[end][name][at - 1] for end in when} for name in ("there", "at_pace")},
            }  # fmt: skip
            before = now["usual"]

    def _when(self) -> dict[str, dict[str, list[float]]]:
        """End of the ranges → when each hire is there, and when up to pace, in months from the beginning."""
        slots = self.ground.assumed.joining.searches_at_once
        looks: dict[str, tuple[Callable[[Range], float], float]] = {
            "usual": (lambda of: of.usual, slots.usual),
            "low": (lambda of: of.low, most(slots)),
            "high": (most, slots.low),
        }
        return {end: self._months(at, max(1, round(many))) for end, (at, many) in looks.items()}

    def _months(self, at: Callable[[Range], float], slots: int) -> dict[str, list[float]]:
        """So many searches go on at once; the next begins when one has ended."""
        joining, free = self.ground.assumed.joining, [0.0] * slots
        there, pace = [], []
        for ident, _because in self.hired:
            line = Joining.line(STANDING[self.level(ident)])
            free.sort()
            free[0] += at(joining.months_to_fill[line])
            there.append(round(free[0], 1))
            pace.append(round(free[0] + at(joining.months_to_full_pace[line]), 1))
        return {"there": there, "at_pace": pace}

    def _done_by(self) -> dict[str, dict[str, float]]:
        """When everybody is there, and when all are up to pace."""
        when = self._when()
        return {name: {end: max(when[end][name], default=0.0) for end in when} for name in ("there", "at_pace")}


def shares(given: Mapping[str, float]) -> dict[str, float]:
    """Hours as shares of a week in twentieths; each role has at least one, and together they are a whole."""
    if len(given) == 1:
        return dict.fromkeys(given, 1.0)
    all_of = sum(given.values())
    parts = {role: max(1, round(20 * hours / all_of)) if all_of else 20 // len(given) for role, hours in given.items()}
    largest = max(parts, key=lambda one: parts[one])
    parts[largest] += 20 - sum(parts.values())
    return {role: round(part / 20, 2) for role, part in sorted(parts.items(), key=lambda one: -one[1])}
