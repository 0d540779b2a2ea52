"""Blueprints: several structures for one question, each the best of its shape, with their ranges, their order of hiring
and what would turn the ranking round. What comes out is plain JSON, so that it can be kept.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any, Final, Literal

from marops.domains.team.rules.assumptions import Shape, Span
from marops.domains.team.rules.blueprint_plan import DRAWS, SEED, Holder, Plan, Seen, drawn, draws
from marops.domains.team.rules.coverage import fitting
from marops.domains.team.rules.staffing import MOST_PEOPLE, Ground, most, usual
from marops.methods.staffing.model import NoChoiceError, Wanted

COVERING: Final = 100.0
"""Where the work has to be covered, leaving an hour undone is so many times as dear."""
_BIT: Final = 1e-9
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


def blueprint(ground: Ground, question: Question, today: Sequence[Holder] = ()) -> dict[str, Any]:
    """Every shape's best structure side by side, as JSON. Raises NoPlanError."""
    going = steps(ground, question, today)
    while True:
        try:
            next(going)
        except StopIteration as end:
            found: dict[str, Any] = end.value
            return found


Stage = tuple[Literal["choosing", "ranges", "turns"], str]
"""What an answer is at, and with which shape."""


def steps(ground: Ground, question: Question, today: Sequence[Holder] = ()) -> Generator[Stage, None, dict[str, Any]]:
    """The same step by step: says what it is at, and answers in the end."""
    plans: dict[str, Plan] = {}
    # A shape that takes a share of the size comes after those that it is a share of.
    for shape in sorted(ground.assumed.shapes, key=lambda one: one.size_share.usual < 1):
        yield "choosing", shape.name
        plans[shape.id] = _plan(ground, question, shape, [one.people for one in plans.values() if one.whole])
    found = [plans[shape.id] for shape in ground.assumed.shapes]
    seen = []
    for one in found:
        yield "ranges", one.shape.name
        seen.append(Seen(ground, one, today))
    yield "turns", ""
    weighed = Weighed(ground, {one.shape.id: [sum(parts.values()) for parts in one.yards] for one in seen})
    return {
        "alternatives": [one.as_json() | {"first_in": weighed.first_in(one.shape.id)} for one in seen],
        "ranking": weighed.ranked(), "turns": list(weighed.turns()),
        "same": len({tuple(sorted(one.choice.seats.items())) for one in found}) == 1,
        "draws": DRAWS, "seed": SEED, "currency": ground.currency, "price_hour": round(ground.price(usual), 2),
    }  # fmt: skip


# -- one plan ----------------------------------------------------------------------------------------------------------


def _plan(ground: Ground, question: Question, shape: Shape, others: Sequence[int]) -> Plan:
    """The best of a shape. `others`: how many people the shapes have that take the size as it is asked."""
    budget = None if question.budget is None else question.budget / 12
    part = shape.size_share.usual
    if question.size is None:
        limit = max(1, min(floor(part * max(others) + _BIT), min(others) - 1)) if part < 1 and others else MOST_PEOPLE
        return _of_any_size(ground, question, shape, budget, limit)
    fewest = max(1, floor(part * question.size + _BIT))
    for people in range(fewest, question.size):
        # More than its share only where roles that are to be kept need the seats.
        found = _of_size(ground, question, shape, people, budget)
        if found is not None:
            return found
    found = _of_size(ground, question, shape, question.size, budget)
    if found is None:
        raise _dear(ground, question, shape, _asked(ground, question, shape, question.size, budget))
    return found


def _of_size(ground: Ground, question: Question, shape: Shape, people: int, budget: float | None) -> Plan | None:
    from marops.methods.staffing.solve import best

    try:
        return Plan(ground, shape, people, best(_asked(ground, question, shape, people, budget)))
    except NoChoiceError:
        return None


def _asked(ground: Ground, question: Question, shape: Shape, people: int, budget: float | None) -> Wanted:
    wanted = ground.wanted(shape, people, budget=budget)
    if question.mode == "budget":
        return replace(wanted, pay_weight=ground.assumed.weights.budgeted.usual)
    if question.mode == "size":
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


def _of_any_size(ground: Ground, question: Question, shape: Shape, budget: float | None, limit: int) -> Plan:
    """The best over every size up to a limit: each is solved, or its bound shows that it cannot be the best."""
    from marops.methods.staffing.solve import best, least

    cheapest = min(one.cost for one in ground.kinds(shape, 1))
    top = limit if budget is None else min(limit, int(budget // cheapest))
    _check_any(ground, question, shape, top, cheapest)
    guess = min(top, max(1, ceil(ground.lightest(shape, 1))))
    found: Plan | None = None
    for tried, people in enumerate(sorted(range(1, top + 1), key=lambda one: (abs(one - guess), one)), 1):
        wanted = _asked(ground, question, shape, people, budget)
        if found and wanted.pay_weight * people * cheapest >= found.choice.value:
            continue
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
    if question.mode == "load" and top == MOST_PEOPLE and ground.lightest(shape, MOST_PEOPLE) > MOST_PEOPLE:
        need = sum(one.hours for one in ground.work(shape, MOST_PEOPLE, usual))
        raise NoPlanError(
            f"This load takes {need:,.0f} hours a month: more than {MOST_PEOPLE} people could do.",
            "See whether an amount is meant for a year, or divide the work between teams and ask for each.",
        )


# -- which is first, and what would turn that --------------------------------------------------------------------------


@dataclass(frozen=True)
class Weighed:
    """The alternatives by the yardstick for all: `values`, alternative → what it comes to in each draw."""

    ground: Ground
    values: Mapping[str, Sequence[float]]

    def ranked(self, some: Sequence[int] | None = None) -> list[str]:
        """From the least to the most, as the mean of the draws, or of some of them."""
        chosen = range(DRAWS) if some is None else some
        return sorted(self.values, key=lambda one: sum(self.values[one][number] for number in chosen))

    def first_in(self, ident: str) -> float:
        """In which share of the draws an alternative comes to the least."""
        least = [min(row) for row in zip(*self.values.values(), strict=True)]
        first: int = sum(value <= best + _BIT for value, best in zip(self.values[ident], least, strict=True))
        return round(first / len(least), 3)

    def turns(self) -> Iterator[dict[str, Any]]:
        """Assumptions that put the alternatives in another order where they lie in an outer third of their draws."""
        base, places, found = self.ranked(), draws(self.ground), []
        for name, of in self.ground.names.items():
            if of.low == most(of):
                continue
            ends: dict[str, tuple[Callable[[float], bool], float]] = {
                "low": (lambda at: at < 1 / 3, 1 / 6), "high": (lambda at: at > 2 / 3, 5 / 6),
            }  # fmt: skip
            for end, (within, middle) in ends.items():
                order = self.ranked([number for number, at in enumerate(places) if within(at[name])])
                if order != base:
                    together = (of.low, of.usual, most(of)) == (-1, 0, 1)
                    found.append({
                        "name": name, "end": end, "value": None if together else round(drawn(of, middle), 4),
                        "usual": None if together else of.usual, "order": order, "first": order[0] != base[0],
                    })  # fmt: skip
        yield from sorted(found, key=lambda one: not one["first"])


# -- a structure out of a plan -----------------------------------------------------------------------------------------


def seats_of(plan: Mapping[str, Any], spans: Sequence[Span] = ()) -> list[dict[str, Any]]:
    """The seats of an alternative for a document `structure`: one each, under whom, whose, and how they lead."""
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
            leads[ident] = kind["leads"]
            found.append(seat)
    _under(found, leads)
    for seat in found if spans else ():
        reports = sum(one.get("manager") == seat["id"] for one in found)
        if reports:
            seat["leads_as"] = fitting(reports, spans).id
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
