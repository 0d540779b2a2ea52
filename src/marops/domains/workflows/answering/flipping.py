"""The assumption that would turn a ranking round: which number, how far from what is assumed, and who wins then.

Each number that the options and the situation rest on is moved by itself, on the same luck; of those that turn the
ranking, the one that has to move least in proportion is told. The ranking is the one by which the best option was
found: by the throughput unlocked, which is looked at as the share of work that keeps its promise at an intake where
the two options are to be told apart; or by the items finished. Where nothing turns that, in money.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.comparing import Choice, Compared, extra_cost, extra_items, worth
from marops.domains.workflows.answering.outcomes import Outcome, Setting, at_intake, estimate, outcome, ratio, run
from marops.domains.workflows.answering.ranking import Ranking
from marops.domains.workflows.answering.unlocking import demand_of, lasting, promises_kept, settled
from marops.domains.workflows.papers.changes import names_of
from marops.domains.workflows.rules.answers import BASELINE
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.scenario import AnyChange, Scenario

Floats = NDArray[np.float64]
REPLICATIONS = 20
FARTHEST = 4.0
"""An assumption that would have to be four times or a quarter of itself is taken to be safe."""
HALVINGS = 8
"""Of the way to there, so that the place is known to one per cent."""
DO_NOTHING = "Do nothing"


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number that something rests on; `moved` answers situation and options in which it is so many times that.

    `touches`: the key of the only option that rests on it; None for what everything rests on.
    """

    name: str
    value: float
    unit: str
    moved: Callable[[float], tuple[Situation, tuple[Choice, ...]]]
    most: float = float("inf")
    touches: str | None = None

    def concerns(self, *keys: str) -> bool:
        """Does any of these options rest on it?"""
        return self.touches is None or self.touches in keys


@dataclass(frozen=True, slots=True)
class Flip:
    """The ranking turns where `assumption` reaches `value`; beyond it `winner` is ahead of `loser`."""

    assumption: Assumption
    value: float
    winner: str
    loser: str
    money: bool = False

    def sentence(self) -> str:
        """For people."""
        one = self.assumption
        way = "below" if self.value < one.value else "above"
        counted = ""
        if self.money:
            counted = "Counted in money (one more is worth what one costs today), "
            counted += f"“{self.loser}” comes before “{self.winner}”. "
        turn, today = f"{_number(self.value)}{one.unit}", f"{_number(one.value)}{one.unit}"
        return (
            f"{counted}If {one.name} were {way} {turn} (assumed: {today}),"
            f" “{self.winner}” would come before “{self.loser}”."
        )


@dataclass(slots=True)
class Trials:
    """Situation and options with one assumption moved, simulated once each. `number` and `factor` say which."""

    situation: Situation
    choices: tuple[Choice, ...]
    setting: Setting
    target: str | None
    known: dict[object, Outcome] = field(default_factory=dict)
    shares: dict[object, Floats] = field(default_factory=dict)

    def outcome(self, key: str, one: Assumption | None, factor: float) -> Outcome:
        """What an option came to, or doing nothing."""
        place, (now, scenario) = self._place(key, one, factor), self._moved(key, one, factor)
        if place not in self.known:
            self.known[place] = outcome(now, self.setting, target=self.target, scenario=scenario)
        return self.known[place]

    def kept(self, key: str, one: Assumption | None, factor: float, items: float) -> Floats:
        """The share of work that keeps its promise by replication, with so many items a month coming in for good."""
        place = (*self._place(key, one, factor), items)
        if place not in self.shares:
            now, scenario = self._moved(key, one, factor)
            setting = lasting(self.setting)
            made = settled(now, setting, scenario)
            demand = sum(each for slug, each in demand_of(made).items() if self.target in (None, slug))
            scaled = at_intake(made, items / demand if demand > 0 else 0.0)
            self.shares[place] = ratio(*promises_kept(Outcome(scaled, run(scaled, setting), self.target)))
        return self.shares[place]

    def _place(self, key: str, one: Assumption | None, factor: float) -> tuple[object, ...]:
        moves = one is not None and factor != 1 and one.concerns(key)
        return (key, id(one), factor) if moves else (key,)

    def _moved(self, key: str, one: Assumption | None, factor: float) -> tuple[Situation, Scenario | None]:
        now, choices = one.moved(factor) if one else (self.situation, self.choices)
        return now, next((choice.scenario for choice in choices if choice.key == key), None)


Race = Callable[[str, str, Assumption | None, float], Floats]
"""By how much, in each replication, the first option is ahead of the second with an assumption moved so far."""


@dataclass(frozen=True, slots=True)
class Flipping:
    """Looks for what turns the ranking of compared options."""

    situation: Situation
    found: Compared
    target: str | None

    def nearest(self, order: Ranking, intakes: Mapping[str, float]) -> Flip | None:
        """The nearest assumption that puts another option (doing nothing is one) before the first. None: none does.

        Looked for in the ranking that was found; where nothing turns that, in money. `intakes`: the highest of each
        option and of doing nothing, in items a month, where the ranking is by that.
        """
        choices = tuple(choice for choice, _ in self.found.options)
        runs = min(REPLICATIONS, self.found.setting.replications)
        trials = Trials(self.situation, choices, replace(self.found.setting, replications=runs), self.target)
        keys = [choice.key for choice in choices]
        first = order.first
        race = kept_race(trials, intakes) if order.by == "unlocked" else items_race(trials)
        fixed = list(assumptions(self.situation, choices, self.target, money=False))
        if found := _turns(race, first, [BASELINE, *keys], fixed):
            return self._told(found)
        race = money_race(trials)
        first = max([BASELINE, *keys], key=lambda key: float(race(key, BASELINE, None, 1.0).mean()))
        first = first if _ahead(race, first, BASELINE) else BASELINE
        keys = [key for key in keys if _ahead(race, first, key)]
        priced = list(assumptions(self.situation, choices, self.target, money=True))
        found = _turns(race, first, [BASELINE, *keys], priced)
        return self._told([replace(one, money=True) for one in found]) if found else None

    def _told(self, found: Sequence[Flip]) -> Flip:
        """The nearest, with titles; those that several options have are told apart by their keys."""
        nearest = min(found, key=lambda one: abs(log(one.value / one.assumption.value)))
        titles = [DO_NOTHING, *(choice.scenario.title for choice, _ in self.found.options)]
        names = {BASELINE: DO_NOTHING}
        for choice, _ in self.found.options:
            title = choice.scenario.title
            names[choice.key] = title if titles.count(title) == 1 else f"{title} ({choice.key})"
        return replace(nearest, winner=names[nearest.winner], loser=names[nearest.loser])


def items_race(trials: Trials) -> Race:
    """Items finished more over the whole time."""

    def ahead(one: str, other: str, moved: Assumption | None, factor: float) -> Floats:
        pair = trials.outcome(one, moved, factor), trials.outcome(other, moved, factor)
        return np.asarray(extra_items(*pair).sum(axis=1))

    return ahead


def money_race(trials: Trials) -> Race:
    """What the items finished more are worth, at what one costs today, less what the option costs more."""

    def ahead(one: str, other: str, moved: Assumption | None, factor: float) -> Floats:
        pair = trials.outcome(one, moved, factor), trials.outcome(other, moved, factor)
        value = worth(trials.outcome(BASELINE, moved, factor)).value or 0.0
        money = extra_items(*pair).sum(axis=1) * value - extra_cost(*pair).sum(axis=1)
        return np.asarray(np.round(money, 2))

    return ahead


def kept_race(trials: Trials, intakes: Mapping[str, float]) -> Race:
    """More of the work keeps its promise at the same intake: the highest of the one that stays as it is."""

    def ahead(one: str, other: str, moved: Assumption | None, factor: float) -> Floats:
        still = [key for key in (one, other) if moved is None or moved.touches != key]
        items = sum(intakes[key] for key in still) / len(still)
        if items <= 0:
            return np.zeros(trials.setting.replications)
        return trials.kept(one, moved, factor, items) - trials.kept(other, moved, factor, items)

    return ahead


def _turns(race: Race, first: str, keys: Sequence[str], known: Sequence[Assumption]) -> list[Flip]:
    pairs = [(one, other) for other in keys if other != first for one in known if one.concerns(first, other)]
    return [flip for one, other in pairs for flip in _turned(one, race, first, other)]


def _ahead(race: Race, first: str, second: str) -> bool:
    """Can one tell today that the first is ahead?"""
    apart = estimate(race(first, second, None, 1.0))
    return apart.told and (apart.value or 0.0) > 0


def _turned(one: Assumption, race: Race, first: str, second: str) -> Iterator[Flip]:
    """Where this assumption turns the two, at most once in each direction: looked for at the end, then by halving.

    It does where one can tell at the end that the second is ahead. Between two that can be told apart the place is
    where they are level; between two that cannot, it is from where on one can tell.
    """
    told = _ahead(race, first, second)

    def turned(factor: float, *, surely: bool) -> bool:
        found = estimate(race(second, first, one, factor))
        return (found.told or not surely) and (found.value or 0.0) > 0

    highest = min(FARTHEST, one.most / one.value)
    for end in (1 / FARTHEST, highest) if highest > 1 else (1 / FARTHEST,):
        if not turned(end, surely=True):
            continue
        near, far = 1.0, end
        for _ in range(HALVINGS):
            middle = (near * far) ** 0.5
            if turned(middle, surely=not told):
                far = middle
            else:
                near = middle
        yield Flip(one, one.value * (near * far) ** 0.5, second, first)


def assumptions(
    situation: Situation, choices: Sequence[Choice], target: str | None, *, money: bool = False
) -> Iterator[Assumption]:
    """The numbers that the options assume (with `money`, what they cost, too), then demand and the rework of today.

    Of nothing there is no such thing as four times as much: numbers that are 0 are left out.
    """
    names = names_of(situation)
    for place, choice in enumerate(choices):
        for number, change in enumerate(choice.scenario.changes):
            for name, value, unit, made, most in (*_numbers(change, names), *(_prices(change) if money else ())):
                if value > 0:
                    yield Assumption(
                        name if len(choices) == 1 else f"{name} (“{choice.scenario.title}”)", value, unit,
                        _changer(situation, choices, place, number, made), most, choice.key,
                    )  # fmt: skip
    yield Assumption(
        "today’s demand", 1.0, " times what it is", lambda factor: (_more(situation, factor), tuple(choices))
    )
    for slug, flow in situation.workflows.items():
        if target not in (None, slug):
            continue
        for step in flow.steps:
            if step.rework and step.rework.probability > 0:
                yield Assumption(
                    f"the share that comes back from {step.name} today", step.rework.probability * 100, " %",
                    _reworked(situation, choices, slug, step.id), 100.0,
                )  # fmt: skip


Number = tuple[str, float, str, Callable[[float], AnyChange], float]
"""Name, value, unit, the change with the value so many times over, and the largest value."""


def _numbers(change: AnyChange, names: Mapping[str, str]) -> Iterator[Number]:
    """What a change assumes."""
    if change.change == "hire":
        if ramp := change.ramp:
            yield (
                f"the months until {change.name} is up to speed", ramp.months, " months",
                lambda factor: _put(change, ramp=ramp.model_copy(update={"months": min(60.0, ramp.months * factor)})),
                60.0,
            )  # fmt: skip
        yield (
            f"the speed of {change.name}", 1.0, " times what is assumed",
            lambda factor: _put(change, skills={skill: speed * factor for skill, speed in change.skills.items()}),
            float("inf"),
        )  # fmt: skip
    if change.change in ("effort", "assist", "platform"):
        yield _effort(change, names)
    if change.change == "rework":
        yield _back(change, "probability", change.step, names)
    if change.change == "assist" and change.rework is not None:
        yield _back(change, "rework", change.step, names)
    if change.change == "demand":
        yield (
            "the change of demand", change.factor, " times today’s",
            lambda factor: _put(change, factor=change.factor * factor), float("inf"),
        )  # fmt: skip


def _effort(change: AnyChange, names: Mapping[str, str]) -> Number:
    """The hours that remain of today's."""
    field_of = "effort" if change.change == "assist" else "factor"
    value = float(getattr(change, field_of))
    what = str(getattr(change, "step", None) or getattr(change, "skill", "") or getattr(change, "retire", ""))
    name = f"the effort that remains at {names.get(what, what)}"
    return name, value * 100, " % of today’s", lambda factor: _put(change, **{field_of: value * factor}), float("inf")


def _back(change: AnyChange, field_of: str, step: str, names: Mapping[str, str]) -> Number:
    """The share that comes back."""
    share = float(getattr(change, field_of))
    name = f"the share that comes back from {names.get(step, step)}"
    return name, share * 100, " %", lambda factor: _put(change, **{field_of: min(1.0, share * factor)}), 100.0


def _put(change: AnyChange, **values: Any) -> AnyChange:
    return change.model_copy(update=values)


def _prices(change: AnyChange) -> Iterator[Number]:
    """What a change costs a year."""
    if change.cost_per_year > 0:
        what = getattr(change, "name", "") or change.change
        yield (
            f"what {what} costs a year", change.cost_per_year, "",
            lambda factor: _put(change, cost_per_year=change.cost_per_year * factor), float("inf"),
        )  # fmt: skip


def _changer(
    situation: Situation, choices: Sequence[Choice], place: int, number: int, made: Callable[[float], AnyChange]
) -> Callable[[float], tuple[Situation, tuple[Choice, ...]]]:
    def moved(factor: float) -> tuple[Situation, tuple[Choice, ...]]:
        choice = choices[place]
        changes = tuple(made(factor) if at == number else one for at, one in enumerate(choice.scenario.changes))
        scenario: Scenario = choice.scenario.model_copy(update={"changes": changes})
        return situation, (*choices[:place], replace(choice, scenario=scenario), *choices[place + 1 :])

    return moved


def _more(situation: Situation, factor: float) -> Situation:
    flows = {}
    for slug, flow in situation.workflows.items():
        classes = tuple(
            one.model_copy(
                update={"arrivals": one.arrivals.model_copy(update={"per_month": one.arrivals.per_month * factor})}
            )
            for one in flow.classes
        )
        flows[slug] = flow.model_copy(update={"classes": classes})
    return replace(situation, workflows=flows)


def _reworked(
    situation: Situation, choices: Sequence[Choice], slug: str, step: str
) -> Callable[[float], tuple[Situation, tuple[Choice, ...]]]:
    def moved(factor: float) -> tuple[Situation, tuple[Choice, ...]]:
        flow = situation.workflows[slug]
        steps = []
        for one in flow.steps:
            if one.id == step and one.rework:
                share = min(1.0, one.rework.probability * factor)
                steps.append(one.model_copy(update={"rework": one.rework.model_copy(update={"probability": share})}))
            else:
                steps.append(one)
        flows = {**situation.workflows, slug: flow.model_copy(update={"steps": tuple(steps)})}
        return replace(situation, workflows=flows), tuple(choices)

    return moved


def _number(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"  # two figures are enough
