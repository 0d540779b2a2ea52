"""Options against doing nothing, on the same luck: what each brings by month, when it has paid, what would turn it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.outcomes import (
    FIGURES,
    WHOLE,
    Outcome,
    Setting,
    estimate,
    figure,
    level,
    outcome,
    over,
)
from marops.domains.workflows.answering.ranking import By, Ranking, ranking
from marops.domains.workflows.charts.marks import number
from marops.domains.workflows.papers.changes import tells_pay
from marops.domains.workflows.papers.pieces import fine
from marops.domains.workflows.rules.answers import (
    BASELINE,
    Comparison,
    Estimate,
    Good,
    Line,
    Option,
    Ranked,
    Series,
    plural,
)
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.scenario import Scenario
from marops.methods.estimates import LEVEL

Floats = NDArray[np.float64]
TAIL = 6
"""The months at the end over which "after 18 months" is a mean."""
NO_PAIR = "too little is finished to compare"
STUCK = "too little of what comes in is finished to tell"
OF_FINISHED = ("lead_p50_hours", "lead_p85_hours", "on_time")
"""Figures that know only of what is finished."""
NOTHING_MORE = "it costs nothing more"
CENT = 0.01
NEARLY = 0.05
"""Items a month: less than this is nothing."""


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
    options = tuple(
        (one, replace(outcome(situation, setting, target=target, scenario=one.scenario), today=baseline))
        for one in choices
    )
    return Compared(baseline, options, setting)


def extra_cost(option: Outcome, baseline: Outcome) -> Floats:
    """What the crew costs more with an option in each month of each replication, whatever it brings."""
    return option.spent - baseline.spent


def extra_items(option: Outcome, baseline: Outcome) -> Floats:
    """What an option finishes more in each month of each replication."""
    return option.finished - baseline.finished


def worth(baseline: Outcome) -> Estimate:
    """What one more item is taken to be worth: what one costs today, over the whole time."""
    return estimate(figure("cost_each", baseline))


def break_even(option: Outcome, baseline: Outcome, value: float | None) -> Estimate:
    """The month (1 is the first) at whose end what the option brought more is worth what it cost more, and from which
    on it stays so. `value`: what an item is worth, None where nobody knows.

    Middle and 90 % range over replications, where at least half of them get there; `high` is None where it may be
    never. Nothing breaks even before it has cost something, nor by saving money on work that is not done.
    """
    cost, items = extra_cost(option, baseline), extra_items(option, baseline)
    net = np.cumsum(cost.mean(axis=0))
    spent = np.flatnonzero(net > CENT)
    fewer = estimate(items.sum(axis=1))
    if net[-1] <= CENT and fewer.told and (fewer.value or 0.0) < 0:
        return Estimate(None, why="what it saves is work that is not done" if net[-1] < -CENT else NOTHING_MORE)
    if not len(spent):
        return Estimate(None, why=NOTHING_MORE)
    if value is None:
        return Estimate(None, why="nothing is finished today, so nobody knows what one more is worth")
    ahead = np.cumsum(items * value - cost, axis=1) >= -CENT
    ahead[:, : spent[0]] = False
    stays = np.flip(np.logical_and.accumulate(np.flip(ahead, axis=1), axis=1), axis=1)
    never = ~stays.any(axis=1)
    if never.mean() > 0.5:  # a half
        return Estimate(None, why=f"not within {cost.shape[1]} months")
    month = np.where(never, np.inf, stays.argmax(axis=1) + 1.0)
    low, middle, high = np.quantile(month, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2], method="inverted_cdf")
    return Estimate(float(middle), float(low), float(high) if np.isfinite(high) else None)


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
    ranking: Ranking | None = None
    by_workflow: tuple[Line, ...] = ()


def comparison(found: Compared, told: Told, *, unit: str, currency: str) -> Comparison:
    """The same for pages and papers."""
    one = worth(found.baseline)
    series = []
    for choice, option in found.options:
        apart = extra_items(option, found.baseline)
        months = tuple(estimate(apart[:, month], NO_PAIR) for month in range(apart.shape[1]))
        series.append(Series(choice.key, months, _place(break_even(option, found.baseline, one.value))))
    order = told.ranking or by_items(found)
    return Comparison(
        options=tuple(_option(choice) for choice, _ in found.options),
        months=tuple(found.setting.frame.edges()[:-1]),
        measure=f"more {plural(unit)} a month than doing nothing",
        series=tuple(series),
        lines=tuple(_lines(found, told)),
        baseline=estimate(over(found.baseline.finished, _tail(found))),
        unit=unit,
        flip=told.flip,
        next_constraint=told.next_constraint,
        best=order.best,
        currency=currency,
        runs=found.setting.replications,
        seconds=told.seconds,
        assumptions=told.assumptions,
        ranked=Ranked(
            order.by,
            tuple(order.gains[choice.key] for choice, _ in found.options),
            told.today if order.by == "unlocked" else estimate(over(found.baseline.finished, WHOLE)),
            order.tied,
            verdict(order, {choice.key: choice.scenario.title for choice, _ in found.options}, unit),
        ),
        by_workflow=told.by_workflow,
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


def by_items(found: Compared) -> Ranking:
    """Options by the items a month that each finishes more over the whole time."""
    done = {choice.key: over(option.finished, WHOLE) for choice, option in found.options}
    done[BASELINE] = over(found.baseline.finished, WHOLE)
    return ranked(found, "items", lambda one, other: estimate(done[one] - done[other], NO_PAIR))


def ranked(found: Compared, by: By, apart: Callable[[str, str], Estimate]) -> Ranking:
    """Options by what each is ahead of doing nothing; `apart`: how far one of two is ahead of the other."""
    return ranking([choice.key for choice, _ in found.options], by, lambda key: apart(key, BASELINE), apart)


def verdict(order: Ranking, titles: Mapping[str, str], unit: str) -> str:
    """Which option is best, as a sentence; or that several are, that nothing is, or that nobody can tell."""
    brings = {key: _brings(one, order.by, unit) for key, one in order.gains.items() if one.value is not None}
    if order.tied:
        named = " and ".join(f"“{titles[key]}” ({brings[key]})" for key in order.tied)
        return f"{named} cannot be told apart."
    if order.best == BASELINE:
        return "Do nothing: " + "; ".join(f"“{titles[key]}” {said}" for key, said in brings.items()) + "."
    if order.best:
        return f"“{titles[order.best]}” {brings[order.best]}."
    if not brings:
        return "Nobody can tell what the options bring."
    if all(max(abs(end or 0.0) for end in (one.low, one.high, one.value)) < NEARLY for one in order.gains.values()):
        return " and ".join(f"“{titles[key]}”" for key in brings) + f": 0 % more {plural(unit)}."
    return "No option can be told from doing nothing: " + "; ".join(
        f"“{titles[key]}” {said}" for key, said in brings.items()
    ) + "."  # fmt: skip


def _brings(gain: Estimate, by: By, unit: str) -> str:
    value, decimals = gain.value or 0.0, fine(gain)
    more = f"{number(abs(value), decimals)} {'fewer' if value < 0 else 'more'} {plural(unit)} a month"
    said = f"lets {more} come in with the promise kept" if by == "unlocked" else f"finishes {more}"
    if gain.low is None or gain.high is None:
        return said
    return f"{said} ({number(gain.low, decimals, signed=True)} to {number(gain.high, decimals, signed=True)})"


def _lines(found: Compared, told: Told) -> list[Line]:
    tail = _tail(found)
    rows: list[tuple[str, str, str, Good, int]] = [
        ("throughput", "Finished a month", "number", "more", 1),
        ("lead_p50_hours", "Lead time, half of all", "days", "less", 0),
        ("lead_p85_hours", "Lead time, 85 % of all", "days", "less", 0),
        ("on_time", "On time", "share", "more", 0),
        ("in_work", "In work at a time", "number", "less", 1),
        ("utilisation", "Hours used of those there are", "share", "", 0),
        ("cost_each", "Cost of each, over all months", "money", "less", 0),
    ]
    lines = [_line(found, WHOLE if row[0] == "cost_each" else tail, *row) for row in rows]
    if told.unlocked:
        lines.insert(1, _unlocked(found, told))
    priced = [_own_price(found)] if any(tells_pay(choice.scenario) for choice, _ in found.options) else []
    return [*lines, _more_cost(found), *priced, _one_more(found)]


def _line(found: Compared, months: slice, kind: str, name: str, unit: str, better: Good, decimals: int) -> Line:
    scale, most = (1 / 24 if unit == "days" else 1.0), (1.0 if unit == "share" else np.inf)
    base, *values = (
        np.full(found.setting.replications, np.nan) if kind in OF_FINISHED and _stuck(one, months) else
        figure(kind, one, months) * scale
        for one in (found.baseline, *(option for _, option in found.options))
    )  # fmt: skip
    return Line(
        figure=kind,
        name=name,
        unit=unit,  # type: ignore[arg-type]  # one of the table above
        baseline=level(base, STUCK, most=most),
        options=tuple(level(one, STUCK, most=most) for one in values),
        differences=tuple(estimate(one - base, NO_PAIR) for one in values),
        better=better,
        decimals=decimals,
    )


def _stuck(one: Outcome, months: slice) -> bool:
    """Is less than half of what comes in finished? Of the little that is, lead times look short and dates kept."""
    return bool(one.finished[:, months].sum() < 0.5 * one.arrived[:, months].sum())


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


def _own_price(found: Compared) -> Line:
    """What each option costs by its own document: everybody may see that, also where somebody’s pay is in the rest."""
    today = sum(found.baseline.compiled.extra)
    prices = tuple(Estimate(float(sum(option.compiled.extra) - today)) for _, option in found.options)
    return Line("own_price", "Of that, by its own document", "money", None, prices, (), "less", 0)


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
