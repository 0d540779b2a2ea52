"""Throughput unlocked: the rise of the highest intake at which the promised lead time still holds.

Intake is scaled for all kinds of work alike, on the same luck. What keeps its promise is counted over all replications
together, and the intake is where that share crosses what was promised: looked for with a few replications, then with
all of them in small steps around it. Its spread comes from leaving out each replication in turn (the jackknife: Efron,
The Jackknife, the Bootstrap and Other Resampling Plans, 1982). Those values are by replication, so the rise by an
option is paired by luck.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.bounds import bound
from marops.domains.workflows.answering.outcomes import Outcome, Setting, at_intake, estimate, run
from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import Compiled, compiled
from marops.domains.workflows.rules.scenario import Scenario

Floats = NDArray[np.float64]
LOWEST, HIGHEST = 0.02, 1.02
"""Of the fluid bound: between these the intake is looked for. Above it no promise holds for long."""
FEW = 25
"""Replications by which the neighbourhood of the crossing is found."""
STEPS = (0.018, 0.036, 0.072)
"""In proportion: so close to each other are the intakes by which the crossing is read off; farther apart only where it
cannot be told more exactly than by so much (where the share hardly falls).
"""
AROUND, MOVES = 2, 8
"""So many intakes to either side are looked at with all replications, and the crossing is read off the line through
them. They are moved with it, so often at most.
"""
WARM_UP = 6
"""Months; the highest intake is one that goes on, so what is in work today has nothing to do with it."""
BROKEN = "the promise is broken at the lowest intake that was tried"


@dataclass(frozen=True, slots=True)
class Intake:
    """The highest intake as a factor of today's demand: values by replication, whose mean is the figure and whose
    spread is its own; all 0 where even the lowest intake breaks the promise (`why` says so). `demand`: items a month
    of today, by workflow.
    """

    factor: Floats
    demand: dict[str, float]
    why: str = ""

    def items(self, target: str | None) -> Floats:
        """Items a month, of one workflow or all."""
        return self.factor * sum(each for slug, each in self.demand.items() if target in (None, slug))

    def told(self, target: str | None) -> Estimate:
        """The same with its interval."""
        return replace(estimate(self.items(target), BROKEN), why=self.why)


@dataclass(slots=True)
class Shares:
    """What keeps its promise at each intake that was tried, by replication. `at` simulates a factor of today's demand:
    items that kept it, items that count.
    """

    at: Callable[[float, int], tuple[Floats, Floats]]
    few: int
    all: int
    tried: dict[tuple[float, int], tuple[Floats, Floats]] = field(default_factory=dict)

    def of(self, factor: float, runs: int) -> float:
        """The share over these replications together."""
        good, whole = self.counted(factor, runs)
        return float(_share(good.sum(), whole.sum()))

    def counted(self, factor: float, runs: int) -> tuple[Floats, Floats]:
        """Kept and counted by replication."""
        if (factor, runs) not in self.tried:
            self.tried[factor, runs] = self.at(factor, runs)
        return self.tried[factor, runs]


def highest_intake(
    situation: Situation, setting: Setting, *, target: str | None = None, scenario: Scenario | None = None
) -> Intake | None:
    """How much more of the same could come in; None where no promise is given.

    With a scenario, things are as they are at the end of it: everybody is there and has learned, all the time.
    """
    setting = lasting(setting)
    made = settled(situation, setting, scenario)
    if not Outcome(made, None, target).promised:  # type: ignore[arg-type]  # a promise stands in the documents
        return None
    limit = bound(made, replace(setting, replications=min(8, setting.replications)), target)
    most = float(np.mean(limit.factors(limit.solve())))
    demand = demand_of(made)
    if most <= 0:
        return Intake(np.zeros(setting.replications), demand, BROKEN)
    if not np.isfinite(most):
        return None

    def at(factor: float, runs: int) -> tuple[Floats, Floats]:
        scaled = at_intake(made, factor)
        return promises_kept(Outcome(scaled, run(scaled, setting, replications=runs), target))

    shares = Shares(at, min(FEW, setting.replications), setting.replications)
    found = crossing(shares, LOWEST * most, HIGHEST * most, _promised_share(made, target))
    return Intake(found, demand, "" if found.any() else BROKEN)


def lasting(setting: Setting) -> Setting:
    """The same time, run in from nothing for half a year, whatever is in work today."""
    frame = replace(setting.frame, warm_up=max(WARM_UP, setting.frame.warm_up), since=None)
    return replace(setting, frame=frame, tokens=None)


def settled(situation: Situation, setting: Setting, scenario: Scenario | None) -> Compiled:
    """The situation as the scenario leaves it, without ramps, from the beginning on.

    Who comes only after the time that is looked at is not there, nor who has gone by its end.
    """
    made = compiled(situation, setting.frame, scenario)
    last, until = made.last, setting.frame.edges()[-1]
    people = tuple(
        one.model_copy(update={"ramp": None, "starts": None})
        for one in last.crew.people
        if not (one.ends and one.ends <= until) and not (one.starts and one.starts >= until)
    )
    return compiled(Situation(last.workflows, last.crew.model_copy(update={"people": people})), setting.frame)


def demand_of(made: Compiled) -> dict[str, float]:
    """Items that come in a month, by workflow."""
    model = made.model
    months = len(model.months) - 1
    found: dict[str, float] = {}
    for (slug, _), one in zip(made.classes, model.classes, strict=True):
        if one.arrivals.times is None:
            rise = np.diff(np.interp([0.0, model.end], one.arrivals.hours, one.arrivals.expected))[0]
            found[slug] = found.get(slug, 0.0) + float(rise) / months
    return found


def promises_kept(found: Outcome) -> tuple[Floats, Floats]:
    """Items that came in early enough to be judged, and those of them that kept their word."""
    model = found.compiled.model
    until = max(model.end - longest_promise(found), model.end / 2)
    month = int(np.searchsorted(np.array(model.months), until, side="right")) - 1
    until = model.months[max(month, 1)]
    cases = found.runs.cases
    counts = np.isin(cases.work_class, found.classes) & (cases.arrived >= 0) & (cases.arrived < until)
    good = counts & ~found.late
    whole = found.runs.arrived[:, found.classes, : max(month, 1)].sum(axis=(1, 2)).astype(float)
    kept = np.bincount(cases.replication[good], minlength=found.runs.replications).astype(float)
    return kept, whole


def longest_promise(found: Outcome) -> float:
    """Hours after which the last item that counts should be done."""
    from marops.domains.workflows.rules.amounts import amount_of
    from marops.methods.amounts import mean

    hours = [0.0]
    for number in found.classes:
        slug, name = found.compiled.classes[number]
        flow = found.compiled.last.workflows[slug]
        due = next(one.due for one in flow.classes if one.id == name)
        # A date in working hours is about four times as long on the wall.
        hours.append(4 * mean(amount_of(due)) if due is not None else flow.promise.hours if flow.promise else 0.0)
    return max(hours)


def _promised_share(made: Compiled, target: str | None) -> float:
    shares = [
        flow.promise.share for slug, flow in made.last.workflows.items() if flow.promise and target in (None, slug)
    ]
    return max(shares, default=0.85)


def crossing(shares: Shares, lowest: float, highest: float, promised: float) -> Floats:
    """Where the share falls below what was promised: values by replication whose mean is the crossing and whose spread
    is that of a jackknife. All 0 where the lowest intake breaks the promise; never above the highest.
    """
    near = _nearly(shares, lowest, highest, promised)
    if near is None:
        return np.zeros(shares.all)
    for step in STEPS:
        found = _around(shares, near, (lowest, highest), promised, step)
        near, apart = float(found.mean()), float(found.std()) / len(found) ** 0.5
        if not lowest < near < highest or apart <= AROUND * step * near:
            break
    return found


def _around(shares: Shares, near: float, ends: tuple[float, float], promised: float, step: float) -> Floats:
    """The crossing by all replications, in such steps around where it seems to be."""
    place = 0
    for _ in range(MOVES):
        factors = near * np.power(1.0 + step, np.arange(place - AROUND, place + AROUND + 1.0))
        if factors[AROUND] >= ends[1]:
            return np.full(shares.all, ends[1])
        if factors[AROUND] <= ends[0]:
            return np.zeros(shares.all)
        found, without = _fitted(shares, factors, promised)
        moved = round(float(np.log(found / near) / np.log1p(step)))
        if moved == place:
            break
        place = moved
    return np.asarray(found + (shares.all - 1) * (without.mean() - without))


def _nearly(shares: Shares, lowest: float, highest: float, promised: float) -> float | None:
    """The crossing by a few replications, by halving; None where even the lowest intake breaks the promise."""
    runs = shares.few
    if shares.of(lowest, runs) < promised and shares.of(lowest, shares.all) < promised:
        return None
    low, high = lowest, highest
    while high > low * (1 + 2 * STEPS[0]):
        # In proportion while it is far, since small intakes are simulated sooner.
        middle = (low * high) ** 0.5 if high > 4 * low else (low + high) / 2
        if shares.of(middle, runs) >= promised:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _fitted(shares: Shares, factors: Floats, promised: float) -> tuple[float, Floats]:
    """Where the line through the shares at these intakes crosses the promise: of all replications, and without each."""
    counted = [shares.counted(float(one), shares.all) for one in factors]
    good, whole = (np.array([one[part] for one in counted]) for part in (0, 1))
    all_but_one = (good.sum(axis=1, keepdims=True) - good, whole.sum(axis=1, keepdims=True) - whole)
    together = _share(good.sum(axis=1, keepdims=True), whole.sum(axis=1, keepdims=True))
    found = _crossed(factors, together, promised)[0]
    return float(found), _crossed(factors, _share(*all_but_one), promised)


def _share(good: Floats, whole: Floats) -> Floats:
    """Nothing that comes in breaks no promise."""
    return np.asarray(np.divide(good, whole, out=np.ones_like(good), where=whole > 0))


def _crossed(factors: Floats, kept: Floats, promised: float) -> Floats:
    """Where lines cross the promise, not farther off than can be looked at next. `kept`: intakes × lines.

    One that does not fall crosses above where it keeps the promise, else below.
    """
    middle = float(factors.mean())
    slope, level = np.polyfit(factors - middle, kept, 1)
    far = float(factors[-1] - factors[0])
    aside = np.where(level >= promised, far, -far)
    falls = slope < -1e-9  # level but for rounding
    aside[falls] = (promised - level[falls]) / slope[falls]
    return np.asarray(middle + np.clip(aside, -far, far))


def unlocked(option: Intake, today: Intake, target: str | None) -> Estimate:
    """The rise of the highest intake in items a month, paired by luck."""
    found = estimate(option.items(target) - today.items(target), BROKEN)
    return replace(found, why=f"today {BROKEN}") if today.why else found


def by_workflow(option: Intake, today: Intake, slugs: Sequence[str]) -> dict[str, Estimate]:
    """The same by workflow."""
    return {slug: unlocked(option, today, slug) for slug in slugs}
