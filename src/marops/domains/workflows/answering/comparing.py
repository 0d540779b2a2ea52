"""Options against doing nothing, on the same luck: what each brings by month, when it has paid, what would turn it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.outcomes import FIGURES, Outcome, Setting, estimate, outcome, over
from marops.domains.workflows.rules.answers import Comparison, Estimate, Good, Line, Option, Series
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.scenario import Scenario
from marops.methods.estimates import of_median

Floats = NDArray[np.float64]
TAIL = 6
"""The months at the end over which "after 18 months" is a mean."""
NO_PAIR = "too little is finished to compare"


@dataclass(frozen=True, slots=True)
class Choice:
    """A scenario that is compared: its short name and its document."""

    key: str
    scenario: Scenario


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure of an option in a month, and its difference to doing nothing in that month."""

    value: Estimate
    difference: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Everything simulated for a comparison. `baseline` is doing nothing; options are in the order asked for."""

    baseline: Outcome
    options: tuple[tuple[Choice, Outcome], ...]
    setting: Setting

    def cells(self, place: int | None) -> dict[str, tuple[Cell, ...]]:
        """The figures by month of doing nothing (None) or of an option, with differences on the same luck."""
        one = self.baseline if place is None else self.options[place][1]
        return {name: self._cells(name, one, paired=place is not None) for name in FIGURES}

    def _cells(self, name: str, one: Outcome, *, paired: bool) -> tuple[Cell, ...]:
        values = FIGURES[name](one)
        apart = values - FIGURES[name](self.baseline) if paired else None
        return tuple(
            Cell(estimate(values[:, month]), None if apart is None else estimate(apart[:, month], NO_PAIR))
            for month in range(values.shape[1])
        )


def compare(
    situation: Situation, choices: Sequence[Choice], setting: Setting, *, target: str | None = None
) -> Compared:
    """Simulate doing nothing and each option with the same luck. Raises Unfit where a change does not fit."""
    baseline = outcome(situation, setting, target=target)
    options = tuple((one, outcome(situation, setting, target=target, scenario=one.scenario)) for one in choices)
    return Compared(baseline, options, setting)


def extra_cost(option: Outcome, baseline: Outcome) -> Floats:
    """What an option costs more in each month of each replication, whatever it brings."""
    return option.cost - baseline.cost


def extra_items(option: Outcome, baseline: Outcome) -> Floats:
    """What an option finishes more in each month of each replication."""
    return option.finished - baseline.finished


def worth(baseline: Outcome) -> Estimate:
    """What one more item is taken to be worth: what one costs today, over the whole time."""
    return estimate(baseline.cost.sum(axis=1) / np.maximum(baseline.finished.sum(axis=1), 1))


def break_even(option: Outcome, baseline: Outcome, value: float) -> Estimate:
    """The month (1 is the first) at whose end what the option brought more is worth what it cost more.

    Middle and 90 % range over replications, where at least half of them get there and stay there.
    """
    gain = np.cumsum(extra_items(option, baseline) * value - extra_cost(option, baseline), axis=1)
    if not np.any(extra_cost(option, baseline)):
        return Estimate(None, why="it costs nothing more")
    ahead = gain >= 0
    stays = np.flip(np.logical_and.accumulate(np.flip(ahead, axis=1), axis=1), axis=1)
    never = ~stays.any(axis=1)
    month = np.where(never, np.inf, stays.argmax(axis=1) + 1.0)
    if never.mean() > 0.5:  # a half
        return Estimate(None, why=f"not within {gain.shape[1]} months")
    found = of_median(np.where(never, gain.shape[1] + 1.0, month))
    return Estimate(found.value, found.low, found.high) if found else Estimate(None, why=NO_PAIR)


@dataclass(frozen=True, slots=True)
class Told:
    """What is known besides the months: throughput unlocked, what would turn the ranking, where the constraint goes."""

    unlocked: Mapping[str, Estimate] = field(default_factory=dict)
    today: Estimate | None = None
    intake: Mapping[str, Estimate] = field(default_factory=dict)
    flip: str = ""
    next_constraint: str = ""
    assumptions: tuple[str, ...] = ()
    seconds: float = 0.0


def comparison(found: Compared, told: Told, *, unit: str, currency: str) -> Comparison:
    """The same for pages and papers."""
    one = worth(found.baseline)
    series = []
    for choice, option in found.options:
        apart = extra_items(option, found.baseline)
        months = tuple(estimate(apart[:, month], NO_PAIR) for month in range(apart.shape[1]))
        series.append(Series(choice.key, months, _place(break_even(option, found.baseline, one.value or 0.0))))
    return Comparison(
        options=tuple(_option(choice) for choice, _ in found.options),
        months=tuple(found.setting.frame.edges()[:-1]),
        measure=f"more {unit}s a month than doing nothing",
        series=tuple(series),
        lines=tuple(_lines(found, told)),
        baseline=estimate(over(found.baseline.finished, _tail(found))),
        unit=unit,
        flip=told.flip,
        next_constraint=told.next_constraint,
        best=best_of(found, told),
        currency=currency,
        runs=found.setting.replications,
        seconds=told.seconds,
        assumptions=told.assumptions,
    )


def _place(month: Estimate) -> Estimate:
    """The first month has the place 0 in pictures."""
    if month.value is None:
        return month
    low, high = month.low, month.high
    return Estimate(month.value - 1, None if low is None else low - 1, None if high is None else high - 1)


def _option(choice: Choice) -> Option:
    kind = choice.scenario.changes[0].change if choice.scenario.changes else ""
    return Option(choice.key, choice.scenario.title, kind, choice.scenario.note)


def _tail(found: Compared) -> slice:
    return slice(-min(TAIL, found.setting.frame.months), None)


def best_of(found: Compared, told: Told) -> str:
    """The option that unlocks most; empty where nobody can tell the best from doing nothing."""
    ranked = sorted(found.options, key=lambda pair: -score(found, told, pair[0].key, pair[1]))
    for choice, option in ranked[:1]:
        unlocked = told.unlocked.get(choice.key)
        if (unlocked or estimate(extra_items(option, found.baseline).sum(axis=1))).told:
            return choice.key
    return ""


def score(found: Compared, told: Told, key: str, option: Outcome) -> float:
    """By what options are ranked: throughput unlocked where it was found, else items more in the whole time."""
    unlocked = told.unlocked.get(key)
    if unlocked is not None and unlocked.value is not None:
        return unlocked.value
    return float(extra_items(option, found.baseline).sum(axis=1).mean())


def _lines(found: Compared, told: Told) -> list[Line]:
    tail = _tail(found)
    rows: list[tuple[str, str, str, Good, int]] = [
        ("throughput", "Finished a month", "number", "more", 1),
        ("lead_p50_hours", "Lead time, half of all", "days", "less", 0),
        ("lead_p85_hours", "Lead time, 85 % of all", "days", "less", 0),
        ("on_time", "On time", "share", "more", 0),
        ("in_work", "In work at a time", "number", "less", 1),
        ("utilisation", "Hours used of those there are", "share", "", 0),
        ("cost_each", "Cost of each", "money", "less", 0),
    ]
    lines = [_line(found, tail, *row) for row in rows]
    if told.unlocked:
        lines.insert(1, _unlocked(found, told))
    return [*lines, _more_cost(found), _one_more(found)]


def _line(found: Compared, tail: slice, figure: str, name: str, unit: str, better: Good, decimals: int) -> Line:
    scale = 1 / 24 if unit == "days" else 1.0
    base = over(FIGURES[figure](found.baseline), tail) * scale
    values = [over(FIGURES[figure](option), tail) * scale for _, option in found.options]
    return Line(
        figure=figure,
        name=name,
        unit=unit,  # type: ignore[arg-type]  # one of the table above
        baseline=estimate(base),
        options=tuple(estimate(one) for one in values),
        differences=tuple(estimate(one - base, NO_PAIR) for one in values),
        better=better,
        decimals=decimals,
    )


def _unlocked(found: Compared, told: Told) -> Line:
    nothing = Estimate(None, why="not asked")
    keys = [choice.key for choice, _ in found.options]
    return Line(
        "unlocked", "Most that can come in with the promise kept", "number", told.today,
        tuple(told.intake.get(key, nothing) for key in keys), tuple(told.unlocked.get(key, nothing) for key in keys),
    )  # fmt: skip


def _more_cost(found: Compared) -> Line:
    more = [extra_cost(option, found.baseline).sum(axis=1) for _, option in found.options]
    whole = tuple(estimate(one) for one in more)
    return Line("extra_cost", "Costs more in all", "money", None, whole, (), "less", 0)


def _one_more(found: Compared) -> Line:
    options = []
    for _, option in found.options:
        items = extra_items(option, found.baseline).sum(axis=1)
        if not estimate(items).told or items.mean() <= 0:
            options.append(Estimate(None, why="no more are finished that one could tell"))
            continue
        money = extra_cost(option, found.baseline).sum(axis=1)
        ratio = _ratio(money, items)
        options.append(ratio)
    return Line("cost_of_one_more", "Cost of one more", "money", None, tuple(options), (), "less", 0)


def _ratio(money: Floats, items: Floats) -> Estimate:
    """A ratio of two means with the interval of its linear approximation (delta method)."""
    ratio = money.mean() / items.mean()
    around = estimate((money - ratio * items) / items.mean())
    if around.low is None or around.high is None:
        return around
    return Estimate(float(ratio), float(ratio + around.low), float(ratio + around.high))
