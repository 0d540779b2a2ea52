"""Blueprints: several structures for one question, each the best of its shape, with their ranges, their order of hiring
and what would turn the ranking round. What comes out is plain JSON, so that it can be kept.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import ceil, inf
from typing import Any, Final, Literal

from marops.domains.team.rules.assumptions import Shape
from marops.domains.team.rules.document import Range
from marops.domains.team.rules.roles import STANDING
from marops.domains.team.rules.staffing import MOST_PEOPLE, Ground, Look, most, seat_of, turned, usual
from marops.methods.staffing.model import Choice, NoChoiceError, SeatKind, Wanted

DRAWS: Final = 200
SEED: Final = 1
LOW, HIGH = 0.1, 0.9
"""Of ten draws one lies below the low end of a range, and one above its high end."""
COVERING: Final = 100.0
"""Where the work has to be covered, leaving an hour undone is so many times as dear."""
_TOLD: Final = 0.5
Mode = Literal["size", "budget", "load"]


class NoPlanError(ValueError):
    """No team keeps the limits; the text says which, `remedy` what would do."""

    def __init__(self, said: str, remedy: str = "") -> None:
        super().__init__(said)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: exactly so many people, the most a year's budget buys, or the least that covers the work."""

    mode: Mode
    size: int | None = None
    budget: float | None = None
    """A year, with the employer's part."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody of today's team: the reference, and the shares of a week by role."""

    ref: str
    shares: Mapping[str, float]


def blueprint(ground: Ground, question: Question, today: Sequence[Holder] = ()) -> dict[str, Any]:
    """Every shape's best structure side by side, as JSON. Raises NoPlanError."""
    going = steps(ground, question, today)
    while True:
        try:
            next(going)
        except StopIteration as end:
            found: dict[str, Any] = end.value
            return found


def steps(ground: Ground, question: Question, today: Sequence[Holder] = ()) -> Generator[str, None, dict[str, Any]]:
    """The same step by step: says what it is at, and answers in the end."""
    found = []
    for shape in ground.assumed.shapes:
        yield f"Choosing seats: {shape.name}"
        found.append(_plan(ground, question, shape))
    plans = []
    for one in found:
        yield f"From low to high: {one.shape.name}"
        plans.append(_Told(ground, one, today).as_json())
    ranked = [one.shape.id for one in sorted(found, key=lambda one: one.common(usual))]
    yield "Looking for what would turn the ranking"
    return {
        "alternatives": plans,
        "ranking": ranked,
        "turns": list(_turns(ground, found, ranked)),
        "same": len({tuple(sorted(one.choice.seats.items())) for one in found}) == 1,
        "draws": DRAWS, "seed": SEED, "currency": ground.currency, "price_hour": round(ground.price(usual), 2),
    }  # fmt: skip


# -- one plan ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """The best structure of a shape: the question it answers and the choice."""

    ground: Ground
    shape: Shape
    people: int
    choice: Choice
    tried: int = 1
    """Of how many sizes it is the best."""

    def wanted(self, look: Look, shape: Shape | None = None) -> Wanted:
        """The question with these seats alone, under other assumptions."""
        of = shape or self.shape
        made = (self.ground.kind(*seat_of(one), of, self.people, look) for one in self.choice.seats)
        return self.ground.wanted(of, self.people, look, kinds=[one for one in made if one])

    def under(self, look: Look) -> Choice:
        """What these seats do under other assumptions."""
        from marops.methods.staffing.solve import held_fast

        return held_fast(self.wanted(look), self.choice.seats)

    def common(self, look: Look) -> float:
        """What the plan comes to a month, by one yardstick for all: booked to the same mark, two for each vital skill,
        nothing asked of who is senior.
        """
        from marops.methods.staffing.solve import held_fast

        hours = self.ground.assumed.hours
        same = {
            "full_at": hours.full_at, "cover_per_vital_skill": Range(low=2, usual=2, high=2),
            "senior_share": Range(low=0, usual=0, high=0),
        }  # fmt: skip
        return held_fast(self.wanted(look, self.shape.model_copy(update=same)), self.choice.seats).value


def _plan(ground: Ground, question: Question, shape: Shape) -> Plan:
    from marops.methods.staffing.solve import best

    budget = None if question.budget is None else question.budget / 12
    if question.size is not None:
        wanted = _asked(ground, question, shape, question.size, budget)
        try:
            return Plan(ground, shape, question.size, best(wanted))
        except NoChoiceError:
            raise _dear(ground, question, shape, wanted) from None
    return _of_any_size(ground, question, shape, budget)


def _asked(ground: Ground, question: Question, shape: Shape, people: int, budget: float | None) -> Wanted:
    wanted = ground.wanted(shape, people, budget=budget)
    if question.mode != "load":
        return wanted
    return replace(wanted, work=[replace(one, weight=one.weight * COVERING) for one in wanted.work])


def _dear(ground: Ground, question: Question, shape: Shape, wanted: Wanted) -> NoPlanError:
    people, asked = question.size or 0, question.budget or 0.0
    if question.budget is None:
        kept = sum(ground.keep.values())
        return NoPlanError(
            f"{people} people cannot hold the {kept} roles that somebody has today.",
            "Ask for more people, or do not keep everybody's role.",
        )
    cheapest = min(one.cost for one in wanted.kinds) * 12
    said = (
        f"{people} people cost at least {people * cheapest:,.0f} {ground.currency} a year by the assumed pay;"
        f" the budget is {asked:,.0f}."
    )
    fits = int(asked // cheapest)
    remedy = f"Ask for {fits} people or fewer, or for a budget of {people * cheapest:,.0f}." if fits else (
        f"Ask for a budget of {people * cheapest:,.0f} or more."
    )  # fmt: skip
    return NoPlanError(said, remedy)


def _of_any_size(ground: Ground, question: Question, shape: Shape, budget: float | None) -> Plan:
    """The best over every size: each is solved, or its bound shows that it cannot be the best."""
    from marops.methods.staffing.solve import best, least

    cheapest = min(one.cost for one in ground.kinds(shape, 1))
    top = MOST_PEOPLE if budget is None else min(MOST_PEOPLE, int(budget // cheapest))
    _check_any(ground, question, shape, top, cheapest)
    guess = min(top, max(1, ceil(ground.lightest(shape, 1))))
    found: Plan | None = None
    for tried, people in enumerate(sorted(range(1, top + 1), key=lambda one: (abs(one - guess), one)), 1):
        if found and people * cheapest >= found.choice.value:
            continue
        wanted = _asked(ground, question, shape, people, budget)
        if found and least(wanted) >= found.choice.value:
            continue
        try:
            choice = best(wanted)
        except NoChoiceError:
            continue
        if found is None or choice.value < found.choice.value - 1e-6:
            found = Plan(ground, shape, people, choice)
        found = replace(found, tried=tried)
    if found is None:
        raise NoPlanError("No team keeps these limits.", "Raise the budget.")
    return replace(found, tried=top)


def _check_any(ground: Ground, question: Question, shape: Shape, top: int, cheapest: float) -> None:
    if top < 1:
        raise NoPlanError(
            f"The cheapest seat costs {cheapest * 12:,.0f} {ground.currency} a year by the assumed pay; the budget is"
            f" {question.budget or 0:,.0f}.",
            f"Ask for a budget of {cheapest * 12:,.0f} or more, or put your own pay in the assumptions.",
        )
    if question.mode == "load" and ground.lightest(shape, MOST_PEOPLE) > MOST_PEOPLE:
        need = sum(one.hours for one in ground.work(shape, MOST_PEOPLE, usual))
        raise NoPlanError(
            f"This load takes {need:,.0f} hours a month: more than {MOST_PEOPLE} people could do.",
            "See whether an amount is meant for a year, or divide the work between teams and ask for each.",
        )


# -- ranges ------------------------------------------------------------------------------------------------------------


def draws(ground: Ground, many: int = DRAWS) -> Iterator[Look]:
    """Looks at random, the same each time: each assumption by itself, likeliest at its usual value, never outside."""
    import numpy as np

    rows = np.random.default_rng(SEED).random((many, len(ground.names)))
    for row in rows:
        at = dict(zip(ground.names, row, strict=True))
        yield partial(_look, at)


def _look(at: Mapping[str, Any], name: str, of: Range) -> float:
    return _drawn(of, float(at[name])) if name in at else of.usual


def _drawn(of: Range, place: float) -> float:
    """The value at this place of a triangle over the range."""
    low, middle, high = of.low, of.usual, most(of)
    if high <= low:
        return middle
    turn = (middle - low) / (high - low)
    if place < turn:
        return float(low + (place * (high - low) * (middle - low)) ** 0.5)
    return float(high - ((1 - place) * (high - low) * (high - middle)) ** 0.5)


def _between(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return ordered[int(LOW * (len(ordered) - 1))], ordered[round(HIGH * (len(ordered) - 1))]


# -- telling -----------------------------------------------------------------------------------------------------------


class _Told:
    """One plan in words and numbers."""

    def __init__(self, ground: Ground, plan: Plan, today: Sequence[Holder]) -> None:
        self.ground, self.plan, self.shape, self.today = ground, plan, plan.shape, today
        self.wanted = plan.wanted(usual)
        self.kinds = {one.id: one for one in self.wanted.kinds}
        self.here = plan.under(usual)
        self.needed = sum(one.hours for one in self.wanted.work)

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        costs, covered = self._ranges()
        cost = sum(self.kinds[one].cost * n for one, n in self.plan.choice.seats.items()) * 12
        low, high = _between(costs)
        worst, best = _between(covered)
        seats = [self._seat(ident, n) for ident, n in self._ordered()]
        taken = self._taken()
        return {
            "id": self.shape.id, "name": self.shape.name, "says": self.shape.says, "doubt": self.shape.doubt,
            "people": self.plan.people, "seats": seats,
            "cost": {"usual": round(cost), "low": round(min(low, cost)), "high": round(max(high, cost))},
            "coverage": {
                "usual": self._covered(self.here), "low": min(worst, self._covered(self.here)),
                "high": max(best, self._covered(self.here)),
            },
            "full_at": self.shape.full_at.usual, "ai_used": self.shape.ai_help_used.usual,
            "needed": round(self.needed, 1),
            "undone": self._undone(), "single": self._single(), "without": self._without(),
            "unled": round(self.here.unled), "senior": sum(self.kinds[one].senior * n for one, n in self._ordered()),
            "order": list(self._order(taken)), "today": taken, "no_seat": self._no_seat(taken),
            "value": round(self.plan.choice.value, 2), "bound": round(self.plan.choice.bound, 2),
            "gap": self.plan.choice.gap, "proven": self.plan.choice.proven, "sizes": self.plan.tried,
            "common": round(self.plan.common(usual)),
        }  # fmt: skip

    def _covered(self, choice: Choice, needed: float | None = None) -> float:
        of = self.needed if needed is None else needed
        return round(1 - sum(choice.undone.values()) / of, 4) if of else 1.0

    def _ranges(self) -> tuple[list[float], list[float]]:
        costs, covered = [], []
        for look in draws(self.ground):
            wanted = self.plan.wanted(look)
            cost = {one.id: one.cost for one in wanted.kinds}
            costs.append(12 * sum(cost[one] * n for one, n in self.plan.choice.seats.items()))
            covered.append(self._covered(self.plan.under(look), sum(one.hours for one in wanted.work)))
        return costs, covered

    def _ordered(self) -> list[tuple[str, int]]:
        def place(ident: str) -> tuple[float, str]:
            return -self.kinds[ident].cost, ident

        return [(ident, self.plan.choice.seats[ident]) for ident in sorted(self.plan.choice.seats, key=place)]

    def title(self, ident: str) -> str:
        """What a seat is called."""
        roles, grade = seat_of(ident)
        known = self.ground.catalogue
        said = " + ".join(known.title(one) for one in roles)
        if not grade:
            return said
        return f"{said}, {self.level(ident)}"

    def level(self, ident: str) -> str:
        """At which level of pay a seat stands, in words."""
        roles, grade = seat_of(ident)
        held = [self.ground.level(self.ground.catalogue.roles[one], grade) or "specialist" for one in roles]
        top = max(held, key=lambda one: (STANDING[one], self.ground.pay(one, usual)))
        called = {one.id: one.name for one in self.ground.assumed.pay.levels}
        return called.get(top, top.replace("_", " ")).lower() + " level"

    def _seat(self, ident: str, n: int) -> dict[str, Any]:
        kind = self.kinds[ident]
        given = {role: self.plan.choice.given.get((ident, role), 0.0) for role in kind.roles}
        all_of = sum(given.values())
        return {
            "id": ident, "count": n, "title": self.title(ident), "level": self.level(ident),
            "roles": [
                {"role": role, "title": self.ground.catalogue.title(role), "share": share}
                for role, share in shares(given).items()
            ],
            "together": [self._pair(pair) for pair in combinations(kind.roles, 2)],
            "cost": round(kind.cost * 12), "hours": round(kind.hours, 1), "leads": kind.leads,
            "booked": round(min(1.0, all_of / (kind.hours * n)), 3) if kind.hours else 0.0,
        }  # fmt: skip

    def _pair(self, pair: tuple[str, ...]) -> dict[str, Any]:
        """Why two roles are in one person, what to watch, what it is reckoned to cost."""
        key = frozenset(pair)
        fit, clash = self.ground.fits.get(key), self.ground.clashes.get(key)
        cost = self.ground.pair_cost(key, self.plan.people) or 0.0
        names = [self.ground.catalogue.title(one) for one in pair]
        why = fit.why if fit else "Nobody named the pair as fitting; neither fills a seat of its own in this team."
        watch = fit.watch if fit else clash.why if clash else ""
        return {"names": names, "why": why, "watch": watch, "hours": round(cost, 1), "fits": bool(fit)}

    def _undone(self) -> list[dict[str, Any]]:
        weigh = {one.role: one.weight for one in self.wanted.work}
        found = sorted(self.here.undone.items(), key=lambda one: (-one[1] * weigh[one[0]], one[0]))
        return [
            {"role": role, "title": self.ground.catalogue.title(role), "hours": round(hours, 1)}
            for role, hours in found if hours > _TOLD
        ]  # fmt: skip

    def _covers(self, skill: str) -> int:
        return sum(n for ident, n in self.plan.choice.seats.items() if skill in self.kinds[ident].covers)

    def _single(self) -> list[str]:
        return [self.ground.catalogue.skill_name(one) for one in self.ground.vital if self._covers(one) == 1]

    def _without(self) -> list[str]:
        return [self.ground.catalogue.skill_name(one) for one in self.ground.vital if not self._covers(one)]

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

    def _no_seat(self, taken: Sequence[Mapping[str, str]]) -> list[str]:
        seated = {one["ref"] for one in taken}
        return [one.ref for one in self.today if one.ref not in seated]

    def _order(self, taken: Sequence[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
        """Seat after seat, each time the one that does most of what the principles of hiring weigh."""
        from marops.methods.staffing.solve import held_fast

        have: dict[str, int] = {}
        for one in taken:
            have[one["seat"]] = have.get(one["seat"], 0) + 1
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
            yield self._step(ident, now, tried[ident], scores[ident], have)
            now = tried[ident]

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

    def _step(
        self, ident: str, before: Choice, after: Choice, score: Mapping[str, float], have: Mapping[str, int]
    ) -> dict[str, Any]:
        names = {one.id: one.name for one in self.ground.assumed.hiring_order}
        because = [one for one in sorted(score, key=lambda one: (-score[one], one)) if score[one] > 0][:2]
        cost = sum(self.kinds[one].cost * n for one, n in have.items()) * 12
        return {
            "seat": ident, "title": self.title(ident), "because": [names.get(one, one) for one in because],
            "adds": round(self._covered(after) - self._covered(before), 4), "coverage": self._covered(after),
            "costs": round(self.kinds[ident].cost * 12), "cost": round(cost),
            "search": round(self.kinds[ident].cost * 12 * self.ground.assumed.pay.search_cost_share.usual),
        }  # fmt: skip


def shares(given: Mapping[str, float]) -> dict[str, float]:
    """Hours as shares of a week in twentieths; each role has at least one, and together they are a whole."""
    if len(given) == 1:
        return dict.fromkeys(given, 1.0)
    all_of = sum(given.values())
    parts = {role: max(1, round(20 * hours / all_of)) if all_of else 20 // len(given) for role, hours in given.items()}
    largest = max(parts, key=lambda one: parts[one])
    parts[largest] += 20 - sum(parts.values())
    return {role: round(part / 20, 2) for role, part in sorted(parts.items(), key=lambda one: -one[1])}


# -- what would turn the ranking ---------------------------------------------------------------------------------------


def _turns(ground: Ground, plans: Sequence[Plan], ranked: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Assumptions that alone, at an end of their range, put the alternatives in another order."""
    found = []
    ends: tuple[Literal["low", "high"], ...] = ("low", "high")
    for name, (label, of) in ground.names.items():
        for end in ends:
            if (of.low if end == "low" else most(of)) == of.usual:
                continue
            look = turned(name, end)
            values = {one.shape.id: one.common(look) for one in plans}
            order = sorted(values, key=lambda one, values=values: values[one])  # type: ignore[misc]
            if order != list(ranked):
                value = of.low if end == "low" else most(of)
                together = (of.low, of.usual, most(of)) == (-1, 0, 1)
                found.append({
                    "name": name, "label": label, "end": end, "value": None if together else value,
                    "usual": None if together else of.usual, "order": order, "first": order[0] != ranked[0],
                })  # fmt: skip
    yield from sorted(found, key=lambda one: not one["first"])


# -- a structure out of a plan -----------------------------------------------------------------------------------------


def seats_of(plan: Mapping[str, Any], ground_leads: float = inf) -> list[dict[str, Any]]:
    """The seats of an alternative for a document `structure`: one each, under whom, whose."""
    taken: dict[str, list[str]] = {}
    for one in plan["today"]:
        taken.setdefault(one["seat"], []).append(one["ref"])
    found: list[dict[str, Any]] = []
    leads: dict[str, float] = {}
    for kind in plan["seats"]:
        for number in range(kind["count"]):
            slug = kind["roles"][0]["role"].replace("_", "-")
            ident, at = slug, 1
            while ident in leads:
                at += 1
                ident = f"{slug}-{at}"
            people = taken.get(kind["id"], [])
            seat = {"id": ident, "roles": {one["role"]: one["share"] for one in kind["roles"]}}
            if number < len(people):
                seat["person"] = people[number]
            leads[ident] = min(kind["leads"], ground_leads)
            found.append(seat)
    _under(found, leads)
    return found


def _under(seats: Sequence[dict[str, Any]], leads: Mapping[str, float]) -> None:
    """Who reports to whom: leaders to the first, everybody else to the leader with the most room."""
    leaders = [one["id"] for one in seats if leads[one["id"]]]
    if not leaders:
        return
    first, room = leaders[0], {one: leads[one] for one in leaders}
    room[first] -= len(leaders) - 1
    for seat in seats:
        if seat["id"] == first:
            continue
        if seat["id"] in room:
            seat["manager"] = first
            continue
        above = max(leaders[1:] or leaders, key=lambda one: room[one])
        above = above if room[above] >= 1 else max(leaders, key=lambda one: room[one])
        seat["manager"] = above
        room[above] -= 1
