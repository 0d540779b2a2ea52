"""Figures of a simulated situation by replication and month, for one workflow or for all that share the crew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import Compiled, compiled
from marops.domains.workflows.rules.frames import Frame
from marops.domains.workflows.rules.scenario import Scenario
from marops.methods.estimates import of_mean
from marops.methods.simulation.kernel import simulate
from marops.methods.simulation.model import Token
from marops.methods.simulation.runs import Runs

Floats = NDArray[np.float64]
TOO_FEW = "too little is finished to tell"


class Stopped(Exception):
    """Nobody waits for this answer any more."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a question is simulated. `stop` is asked before a simulation and, by other threads, between its replications;
    a yes raises Stopped. `tokens`: the work in progress of a model where it begins, where that is known; `begins` says
    so in words.
    """

    frame: Frame
    seed: int = 1
    replications: int = 100
    workers: int = 2
    stop: Callable[[], bool] | None = None
    tokens: Callable[[Compiled], tuple[Token, ...]] | None = None
    begins: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a situation came to. Arrays are replications × months, unless they say otherwise.

    `today`: doing nothing, for an option that is compared with it.
    """

    compiled: Compiled
    runs: Runs
    target: str | None
    today: "Outcome | None" = None

    @cached_property
    def classes(self) -> NDArray[np.int64]:
        """The classes that count."""
        return np.array([n for n, (flow, _) in enumerate(self.compiled.classes) if self.target in (None, flow)])

    @cached_property
    def nodes(self) -> NDArray[np.int64]:
        """The nodes that count."""
        return np.array([n for n, (flow, _) in enumerate(self.compiled.nodes) if self.target in (None, flow)])

    @property
    def finished(self) -> Floats:
        """Items finished."""
        return np.asarray(self.runs.finished[:, self.classes].sum(axis=1), dtype=float)

    @property
    def arrived(self) -> Floats:
        """Items that came in."""
        return np.asarray(self.runs.arrived[:, self.classes].sum(axis=1), dtype=float)

    @property
    def in_work(self) -> Floats:
        """Items come in and not finished, mean over the month."""
        return np.asarray(self.runs.in_work[:, self.classes].sum(axis=1))

    @cached_property
    def _cases(self) -> tuple[NDArray[np.int64], Floats, NDArray[np.bool_]]:
        """Of each finished item that counts: its cell (replication × months + month), hours, whether it was late."""
        cases = self.runs.cases
        counts = np.isin(cases.work_class, self.classes)
        edges = np.array(self.compiled.model.months)
        month = np.clip(np.searchsorted(edges, cases.finished[counts], side="right") - 1, 0, len(edges) - 2)
        return cases.replication[counts] * (len(edges) - 1) + month, cases.hours[counts], self.late[counts]

    @cached_property
    def late(self) -> NDArray[np.bool_]:
        """Which finished items are after their due date, or, where a class has none, later than what is promised."""
        cases, late = self.runs.cases, self.runs.cases.late.copy()
        for number, (slug, name) in enumerate(self.compiled.classes):
            flow = self.compiled.last.workflows[slug]
            has_date = any(one.id == name and one.due is not None for one in flow.classes)
            if not has_date and flow.promise:
                late |= (cases.work_class == number) & (cases.hours > flow.promise.hours)
        return late

    @property
    def promised(self) -> bool:
        """Does any class that counts have a date or a promise?"""
        flows = self.compiled.last.workflows
        slugs = {self.compiled.classes[n][0] for n in self.classes}
        return any(flows[slug].promise or any(one.due is not None for one in flows[slug].classes) for slug in slugs)

    def lead(self, share: float) -> Floats:
        """The lead time in hours below which this share of what a month finishes lies; NaN where nothing is."""
        cells, hours, _ = self._cases
        return grouped_quantile(cells, hours, self._cells, share).reshape(self._shape)

    @property
    def dated(self) -> tuple[Floats, Floats]:
        """Items finished that keep their date or promise, and all of them; none where nothing is promised."""
        if not self.promised:
            return np.zeros(self._shape), np.zeros(self._shape)
        cells, _, late = self._cases
        good, whole = (np.bincount(cells, weights=one, minlength=self._cells) for one in (~late, np.ones(len(cells))))
        return np.asarray(good.reshape(self._shape), float), np.asarray(whole.reshape(self._shape), float)

    @property
    def spent(self) -> Floats:
        """All the money of the crew: people's paid hours (worked or not), what falls due anyway, what steps cost."""
        return np.asarray(self.runs.spent.sum(axis=1) + self._standing)

    @property
    def cost(self) -> Floats:
        """Money for what counts: of what the crew costs anyway the share of its worked hours that this takes (that of
        doing nothing, whatever is changed), what its own steps cost each time, and all that an option itself costs.
        """
        today = self.today or self
        own = np.array(self.compiled.extra) - np.array(today.compiled.extra)
        steps = self.runs.spent[:, self.classes].sum(axis=1)
        return np.asarray(steps + today.share[:, None] * (self._standing - own) + own)

    @property
    def _standing(self) -> Floats:
        """What falls due in a month however much is done."""
        price = np.array([one.cost for one in self.compiled.model.people])
        paid = np.einsum("pm,p->m", self.runs.available, price) + np.array(self.compiled.learning)
        return np.asarray(paid + np.array(self.compiled.extra))

    @cached_property
    def share(self) -> Floats:
        """The share of the crew's worked hours that goes into what counts, by replication."""
        if self.target is None:
            return np.ones(self.runs.replications)
        whole = self.runs.effort.sum(axis=1)
        own = self.runs.effort[:, self.nodes].sum(axis=1)
        return np.asarray(np.divide(own, whole, out=np.zeros_like(own), where=whole > 0))

    def hours(self, people: Sequence[int] | None = None) -> tuple[Floats, Floats]:
        """Hours worked by these people (all, if None), and those that they had."""
        rows = np.arange(len(self.compiled.people)) if people is None else np.array(people, dtype=int)
        had = np.broadcast_to(self.runs.available[rows].sum(axis=0), self._shape)
        return self.runs.worked[:, rows].sum(axis=1), np.asarray(had)

    def used(self, people: Sequence[int] | None = None) -> Floats:
        """Share of the hours of these people (all, if None) that are worked; NaN in months without any."""
        return ratio(*self.hours(people))

    @property
    def _shape(self) -> tuple[int, int]:
        return self.runs.replications, len(self.compiled.model.months) - 1

    @property
    def _cells(self) -> int:
        return self._shape[0] * self._shape[1]


FIGURES: dict[str, Callable[[Outcome], Floats]] = {
    "throughput": lambda one: one.finished,
    "lead_p50_hours": lambda one: one.lead(0.5),
    "lead_p85_hours": lambda one: one.lead(0.85),
    "on_time": lambda one: ratio(*one.dated),
    "cost_each": lambda one: ratio(one.cost, one.finished),
    "utilisation": lambda one: one.used(),
    "in_work": lambda one: one.in_work,
}
"""The figures by month that a simulation and a comparison answer, in their order."""
_RATIOS: dict[str, Callable[[Outcome], tuple[Floats, Floats]]] = {
    "on_time": lambda one: one.dated,
    "cost_each": lambda one: (one.cost, one.finished),
    "utilisation": lambda one: one.hours(),
}
WHOLE = slice(None)


def outcome(
    situation: Situation, setting: Setting, *, target: str | None = None, scenario: Scenario | None = None
) -> Outcome:
    """Simulate a situation, changed as a scenario says."""
    made = model_of(situation, setting, scenario)
    return Outcome(made, run(made, setting), target)


def model_of(situation: Situation, setting: Setting, scenario: Scenario | None = None) -> Compiled:
    """The model of a situation, changed as a scenario says, with the work that is in progress when it begins."""
    made = compiled(situation, setting.frame, scenario)
    return replace(made, model=replace(made.model, tokens=setting.tokens(made))) if setting.tokens else made


def at_intake(made: Compiled, factor: float) -> Compiled:
    """The same model with so many times what comes in."""
    classes = tuple(
        replace(one, arrivals=replace(one.arrivals, expected=one.arrivals.expected * factor))
        for one in made.model.classes
    )
    return replace(made, model=replace(made.model, classes=classes))


def run(made: Compiled, setting: Setting, *, record: bool = False, replications: int | None = None) -> Runs:
    """The kernel's answer for a compiled model. Raises Stopped."""
    if setting.stop and setting.stop():
        raise Stopped
    found = simulate(
        made.model,
        seed=setting.seed,
        replications=replications or setting.replications,
        record=record,
        workers=setting.workers,
        stop=setting.stop,
    )
    if found.replications < (replications or setting.replications):
        raise Stopped
    return found


def grouped_quantile(group: NDArray[np.int64], values: Floats, groups: int, share: float) -> Floats:
    """The quantile of the values of each group (linear between neighbours); NaN for a group without any."""
    order = np.lexsort((values, group))
    ordered = values[order]
    count = np.bincount(group, minlength=groups)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    place = first + share * np.maximum(count - 1, 0)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, first + np.maximum(count - 1, 0))
    found = np.full(groups, np.nan)
    full = count > 0
    part = (place - low)[full]
    found[full] = ordered[low[full]] * (1 - part) + ordered[high[full]] * part
    return found


def estimate(values: Floats, why: str = TOO_FEW) -> Estimate:
    """The mean over replications with its 90 % interval, or why there is none."""
    found = of_mean(values)
    return Estimate(found.value, found.low, found.high) if found else Estimate(None, why=why)


def level(values: Floats, why: str = TOO_FEW, *, most: float = np.inf) -> Estimate:
    """An estimate of what is never below nothing, and never above `most`: nor is its interval."""
    found = estimate(values, why)
    if found.low is None or found.high is None:
        return found
    return Estimate(found.value, max(found.low, 0.0), min(found.high, most))


def by_month(values: Floats, *, most: float = np.inf) -> tuple[Estimate, ...]:
    """An estimate of a level for each month."""
    return tuple(level(values[:, month], most=most) for month in range(values.shape[1]))


def over(values: Floats, months: slice) -> Floats:
    """The mean over months of each replication; months that say nothing are left out."""
    part = values[:, months]
    known = np.isfinite(part)
    total = np.where(known, part, 0.0).sum(axis=1)
    count = known.sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(part), np.nan), where=count > 0))


def ratio(above: Floats, below: Floats) -> Floats:
    """One by the other; NaN where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0))


def figure(name: str, found: Outcome, months: slice = WHOLE) -> Floats:
    """A figure over several months, by replication: a share or a price of all of them together, not the mean of months
    of which some have more to count than others; anything else is the mean of the months.
    """
    if name not in _RATIOS:
        return over(FIGURES[name](found), months)
    above, below = _RATIOS[name](found)
    return ratio(above[:, months].sum(axis=1), below[:, months].sum(axis=1))
