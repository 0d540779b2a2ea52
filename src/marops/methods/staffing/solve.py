"""The best choice of seats by mixed-integer linear programming (HiGHS, as SciPy brings it), and what a choice does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import coo_array

from marops.methods.staffing.model import Choice, NoChoiceError, SeatKind, Wanted, Work

SECONDS: Final = 20.0
"""After so long the best choice found is given, with how far it may be from the best there is."""
_TIE: Final = 1e-6
"""Of equal choices the one with the earlier kinds is taken: each later kind counts this much more, as a share of the
price of an hour. It is below what any figure is shown with."""
_MOST: Final = 1000
_GAP: Final = 1e-7
_NOUGHT: Final = 1e-6
_BLOCKS: Final = 400
"""So many are shared out in one program."""
_MOST_TIED: Final = 100
"""For so many seats the share of ties is taken off a bound."""


def best(wanted: Wanted, seconds: float = SECONDS) -> Choice:
    """The best choice for what is wanted. Raises NoChoiceError where no number of seats keeps the limits."""
    _contradictions(wanted)
    rows = _Rows(wanted)
    found = milp(
        rows.costs,
        constraints=LinearConstraint(rows.matrix(), np.array(rows.low), np.array(rows.high)),
        integrality=rows.whole,
        bounds=Bounds(np.zeros(rows.width), np.full(rows.width, np.inf)),
        options={"time_limit": seconds, "mip_rel_gap": _GAP},
    )
    if found.x is None:
        raise NoChoiceError("No team keeps all of these limits.")
    return _choice(wanted, rows, found)


def least(wanted: Wanted) -> float:
    """Less than this no choice comes to: the same program where seats may be parts. Infinite where limits clash."""
    rows = _Rows(wanted)
    found = milp(
        rows.costs,
        constraints=LinearConstraint(rows.matrix(), np.array(rows.low), np.array(rows.high)),
        bounds=Bounds(np.zeros(rows.width), np.full(rows.width, np.inf)),
    )
    if found.x is None:
        return float("inf")
    return float(found.fun) - wanted.price * _TIE * len(wanted.kinds) * _MOST_TIED


def _contradictions(wanted: Wanted) -> None:
    cheapest = min((one.cost for one in wanted.kinds), default=0.0)
    least = wanted.exactly or 0
    if wanted.exactly is not None and wanted.at_most is not None and wanted.exactly > wanted.at_most:
        raise NoChoiceError(f"{wanted.exactly} people are wanted, and at most {wanted.at_most} allowed.")
    if wanted.budget is not None and least * cheapest > wanted.budget:
        raise NoChoiceError(
            f"{least} people cost at least {least * cheapest:,.0f} a month; the budget is {wanted.budget:,.0f}."
        )
    if least and not wanted.kinds:
        raise NoChoiceError("There is no kind of seat to choose.")


class _Rows:
    """The program as HiGHS takes it: columns are seats, hours given, hours undone, then what is missing."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        kinds, work, skills = wanted.kinds, wanted.work, wanted.skills
        roles = {one.role for one in work}
        self.ways = [(t, role) for t, one in enumerate(kinds) for role in one.roles if role in roles]
        self.seat, self.way = 0, len(kinds)
        self.undone = self.way + len(self.ways)
        self.missing = self.undone + len(work)
        self.unled = self.missing + len(skills)
        self.width = self.unled + 3
        self.entries: list[tuple[int, int, float]] = []
        self.low: list[float] = []
        self.high: list[float] = []
        self.costs = self._costs()
        self.whole = np.zeros(self.width, dtype=int)
        self.whole[: len(kinds)] = 1
        self._hours()
        self._covers()
        self._limits()

    def _costs(self) -> Any:
        wanted, price = self.wanted, self.wanted.price
        costs = np.zeros(self.width)
        for t, one in enumerate(wanted.kinds):
            costs[t] = wanted.pay_weight * one.cost + price * (one.drawback + _TIE * t)
        for r, work in enumerate(wanted.work):
            costs[self.undone + r] = price * work.weight
        for k, skill in enumerate(wanted.skills):
            costs[self.missing + k] = price * skill.standing
        costs[self.unled :] = price * np.array([wanted.unled, wanted.unripe, wanted.untaught])
        return costs

    def _row(self, parts: Sequence[tuple[int, float]], low: float, high: float) -> None:
        self.entries += [(len(self.low), column, value) for column, value in parts if value]
        self.low.append(low)
        self.high.append(high)

    def _hours(self) -> None:
        for t, one in enumerate(self.wanted.kinds):
            given = [(self.way + w, 1.0) for w, (of, _) in enumerate(self.ways) if of == t]
            self._row([*given, (t, -one.hours)], -np.inf, 0.0)
            if len(one.roles) > 1 and self.wanted.least_share:
                for column, _ in given:
                    self._row([(column, 1.0), (t, -self.wanted.least_share * one.hours)], 0.0, np.inf)
        for r, work in enumerate(self.wanted.work):
            done = [(self.way + w, 1.0) for w, (_, role) in enumerate(self.ways) if role == work.role]
            self._row([*done, (self.undone + r, 1.0)], work.hours, np.inf)

    def _covers(self) -> None:
        for k, skill in enumerate(self.wanted.skills):
            able = [(t, 1.0) for t, one in enumerate(self.wanted.kinds) if skill.id in one.covers]
            self._row([*able, (self.missing + k, 1.0)], float(skill.cover), np.inf)

    def _limits(self) -> None:
        wanted, kinds = self.wanted, self.wanted.kinds
        everybody = [(t, 1.0) for t in range(len(kinds))]
        self._row([*((t, one.leads - 1) for t, one in enumerate(kinds)), (self.unled, 1.0)], -1.0, np.inf)
        ripe = [(t, one.senior - wanted.senior_share) for t, one in enumerate(kinds)]
        self._row([*ripe, (self.unled + 1, 1.0)], 0.0, np.inf)
        self._row(
            [*((t, -1.0 if one.beginner else 1.0) for t, one in enumerate(kinds)), (self.unled + 2, 1.0)], 0, np.inf
        )
        for role, n in wanted.at_least.items():
            self._row([(t, 1.0) for t, one in enumerate(kinds) if role in one.roles], float(n), np.inf)
        most = min(_MOST, wanted.at_most if wanted.at_most is not None else _MOST)
        low, high = (0, most) if wanted.exactly is None else (wanted.exactly, wanted.exactly)
        self._row(everybody, low, high)
        if wanted.budget is not None:
            self._row([(t, one.cost) for t, one in enumerate(kinds)], -np.inf, wanted.budget)

    def matrix(self) -> Any:
        rows, columns, values = zip(*self.entries, strict=True)
        return coo_array((values, (rows, columns)), shape=(len(self.low), self.width)).tocsr()


def _choice(wanted: Wanted, rows: _Rows, found: Any) -> Choice:
    x = np.maximum(found.x, 0.0)
    counts = np.rint(x[: len(wanted.kinds)]).astype(int)
    tie = wanted.price * _TIE * float(np.arange(len(counts)) @ counts)
    return Choice(
        seats={one.id: int(n) for one, n in zip(wanted.kinds, counts, strict=True) if n},
        given={
            (wanted.kinds[t].id, role): float(x[rows.way + w])
            for w, (t, role) in enumerate(rows.ways)
            if x[rows.way + w] > 1e-6
        },
        undone={one.role: float(x[rows.undone + r]) for r, one in enumerate(wanted.work) if x[rows.undone + r] > 1e-6},
        value=float(found.fun) - tie,
        bound=float(found.mip_dual_bound) - tie,
        missing={
            one.id: round(float(x[rows.missing + k]))
            for k, one in enumerate(wanted.skills)
            if x[rows.missing + k] > 0.5
        },
        unled=float(x[rows.unled]),
        unripe=float(x[rows.unled + 1]),
        untaught=float(x[rows.unled + 2]),
        proven=found.status == 0,
    )


@dataclass(frozen=True, slots=True)
class Sharing:
    """Seats and the work that their hours are to be shared over."""

    work: Sequence[Work]
    seats: Mapping[str, int]
    kinds: Mapping[str, SeatKind]
    least_share: float = 0.0

    @property
    def chosen(self) -> list[tuple[SeatKind, int]]:
        """The kinds that are there, with how many of each."""
        return [(self.kinds[ident], n) for ident, n in self.seats.items() if n]


def undone(
    work: Sequence[Work], seats: Mapping[str, int], kinds: Mapping[str, SeatKind], least_share: float = 0.0
) -> dict[str, float]:
    """Hours of each role that stay undone with these seats, shared as is best: role → hours, those above nought."""
    return undone_each([Sharing(work, seats, kinds, least_share)])[0]


def undone_each(cases: Sequence[Sharing]) -> list[dict[str, float]]:
    """The same of many: those that have something to share out go into one program, as blocks beside each other."""
    found = [_plainly(one) for one in cases]
    open_ = [number for number, one in enumerate(found) if one is None]
    for start in range(0, len(open_), _BLOCKS):
        numbers = open_[start : start + _BLOCKS]
        for number, left in zip(numbers, _shared([cases[one] for one in numbers]), strict=True):
            found[number] = left
    return [one or {} for one in found]


def _plainly(case: Sharing) -> dict[str, float] | None:
    """Where each seat has its role there is nothing to share out; None where there is."""
    if case.work and any(len(one.roles) > 1 for one, _ in case.chosen):
        return None
    have: dict[str, float] = {}
    for one, n in case.chosen:
        have[one.roles[0]] = have.get(one.roles[0], 0.0) + one.hours * n
    return {
        one.role: left for one in case.work if (left := one.hours - have.get(one.role, 0.0)) > _NOUGHT
    }  # fmt: skip


def _shared(cases: Sequence[Sharing]) -> Iterator[dict[str, float]]:
    entries: list[tuple[int, int, float]] = []
    costs: list[float] = []
    lowest: list[float] = []
    limits: list[float] = []
    where = []
    for case in cases:
        chosen, at = case.chosen, {one.role: r for r, one in enumerate(case.work)}
        ways = [(t, role) for t, (one, _) in enumerate(chosen) for role in one.roles if role in at]
        row, column = len(limits), len(costs)
        below, left = row + len(chosen), column + len(ways)
        for w, (t, role) in enumerate(ways):
            one, n = chosen[t]
            entries += [(row + t, column + w, 1.0), (below + at[role], column + w, -1.0)]
            lowest.append(case.least_share * one.hours * n if len(one.roles) > 1 else 0.0)
        entries += [(below + r, left + r, -1.0) for r in range(len(case.work))]
        lowest += [0.0] * len(case.work)
        limits += [one.hours * n for one, n in chosen] + [-one.hours for one in case.work]
        costs += [0.0] * len(ways) + [one.weight for one in case.work]
        where.append(left)
    rows, columns, values = zip(*entries, strict=True)
    # The stubs of linprog leave out that it takes sparse matrices, and bounds as one array.
    of: Any = coo_array((values, (rows, columns)), shape=(len(limits), len(costs))).tocsr()
    bounds: Any = np.column_stack([lowest, np.full(len(lowest), np.inf)])
    found = linprog(costs, A_ub=of, b_ub=limits, bounds=bounds, method="highs")
    if found.x is None:
        raise ArithmeticError(f"hours could not be shared: {found.message}")
    for case, left in zip(cases, where, strict=True):
        hours = found.x[left : left + len(case.work)]
        yield {one.role: float(n) for one, n in zip(case.work, hours, strict=True) if n > _NOUGHT}


def sharing(wanted: Wanted, seats: Mapping[str, int]) -> Sharing:
    """These seats, and the work they are wanted for."""
    kinds = {one.id: one for one in wanted.kinds if seats.get(one.id)}
    return Sharing(wanted.work, seats, kinds, wanted.least_share)


def held_fast(wanted: Wanted, seats: Mapping[str, int], left: Mapping[str, float] | None = None) -> Choice:
    """What exactly these seats do: the same reckoning with the choice taken away. Limits are not asked. `left`: what
    they leave undone, where that is known.
    """
    kinds = [one for one in wanted.kinds if seats.get(one.id)]
    if left is None:
        left = undone_each([sharing(wanted, seats)])[0]
    everybody = sum(seats.values())
    missing = {
        one.id: gap
        for one in wanted.skills
        if (gap := one.cover - sum(seats[kind.id] for kind in kinds if one.id in kind.covers)) > 0
    }
    unled = max(0.0, everybody - 1 - sum(one.leads * seats[one.id] for one in kinds))
    senior = sum(seats[one.id] for one in kinds if one.senior)
    unripe = max(0.0, wanted.senior_share * everybody - senior)
    beginners = sum(seats[one.id] for one in kinds if one.beginner)
    untaught = max(0.0, 2 * beginners - everybody)
    price = wanted.price
    weights = {one.role: one.weight for one in wanted.work}
    standing = {one.id: one.standing for one in wanted.skills}
    hours = sum(weights[role] * one for role, one in left.items())
    hours += sum(standing[one] * gap for one, gap in missing.items())
    hours += unled * wanted.unled + unripe * wanted.unripe + untaught * wanted.untaught
    hours += sum(one.drawback * seats[one.id] for one in kinds)
    value = price * hours + wanted.pay_weight * sum(one.cost * seats[one.id] for one in kinds)
    return Choice(dict(seats), {}, left, value, value, missing, unled, unripe, untaught)
