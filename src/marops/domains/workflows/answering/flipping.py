"""The assumption that would turn a ranking round: which number, how far from what is assumed, and who wins then.

Each number that the options and the situation rest on is moved by itself, on the same luck; of those that turn the
ranking, the one that has to move least in proportion is told.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np

from marops.domains.workflows.answering.comparing import Choice, extra_cost, extra_items, worth
from marops.domains.workflows.answering.outcomes import Setting, outcome, over
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.scenario import AnyChange, Scenario

REPLICATIONS = 20
FARTHEST = 4.0
"""An assumption that would have to be four times or a quarter of itself is taken to be safe."""
HALVINGS = 4
ONE_ITEM = 1.0


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number that something rests on; `moved` answers situation and options in which it is so many times that."""

    name: str
    value: float
    unit: str
    moved: Callable[[float], tuple[Situation, tuple[Choice, ...]]]
    most: float = float("inf")


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
            counted = f"Counted in money (one more is worth what one costs today), “{self.loser}” comes first. "
        turn, today = f"{_number(self.value)}{one.unit}", f"{_number(one.value)}{one.unit}"
        return (
            f"{counted}If {one.name} were {way} {turn} (assumed: {today}),"
            f" “{self.winner}” would come before “{self.loser}”."
        )


def flipping(situation: Situation, choices: Sequence[Choice], setting: Setting, *, target: str | None) -> Flip | None:
    """The nearest assumption that puts another option (doing nothing is one) before the first. None: none does.

    Looked for in the ranking by items; where nothing turns that, in the one by money.
    """
    quick = replace(setting, replications=min(REPLICATIONS, setting.replications))
    for money in (False, True):
        merits = Merits(quick, target, money)
        first, *others = merits.ranking(situation, choices)
        known = list(assumptions(situation, choices, target, money=money))
        pairs = [(one, other) for other in others for one in known]
        found = [flip for one, other in pairs if (flip := _turned(one, merits, first, other))]
        if found:
            return min(found, key=lambda one: abs(log(max(one.value, 1e-9) / one.assumption.value)))
    return None


@dataclass(frozen=True, slots=True)
class Merits:
    """How good options are: items finished more than by doing nothing in the whole time; where nobody finishes even one
    more, the days by which the lead time of 85 % falls count instead, as a fraction of an item. With `money`: what the
    items are worth, less what the option costs more.
    """

    setting: Setting
    target: str | None
    money: bool = False

    def of(self, situation: Situation, choices: Sequence[Choice]) -> dict[str, float]:
        """By title of the option; doing nothing is 0."""
        base = outcome(situation, self.setting, target=self.target)
        lead = float(np.nanmean(over(base.lead(0.85), slice(None))))
        value = worth(base).value or 0.0
        found = {"Do nothing": 0.0}
        for one in choices:
            option = outcome(situation, self.setting, target=self.target, scenario=one.scenario)
            items = float(extra_items(option, base).sum(axis=1).mean())
            quicker = (lead - float(np.nanmean(over(option.lead(0.85), slice(None))))) / 24
            if self.money:
                found[one.scenario.title] = items * value - float(extra_cost(option, base).sum(axis=1).mean())
                continue
            found[one.scenario.title] = items if abs(items) >= ONE_ITEM else items + quicker / 1000
        return found

    def ranking(self, situation: Situation, choices: Sequence[Choice]) -> list[str]:
        """Titles, the best first."""
        merits = self.of(situation, choices)
        return sorted(merits, key=lambda title: -merits[title])

    def ahead(self, situation: Situation, choices: Sequence[Choice], first: str, second: str) -> float:
        """By how much the first is better than the second."""
        wanted = [one for one in choices if one.scenario.title in (first, second)]
        merits = self.of(situation, wanted)
        return merits[first] - merits[second]


def _turned(one: Assumption, merits: Merits, first: str, second: str) -> Flip | None:
    """Where this assumption turns the two, nearest first; looked for at the ends and then by halving."""
    for end in (1 / FARTHEST, min(FARTHEST, one.most / one.value)):
        if merits.ahead(*one.moved(end), first, second) >= 0:
            continue
        near, far = 1.0, end
        for _ in range(HALVINGS):
            middle = (near * far) ** 0.5
            if merits.ahead(*one.moved(middle), first, second) >= 0:
                near = middle
            else:
                far = middle
        return Flip(one, one.value * far, second, first, merits.money)
    return None


def assumptions(
    situation: Situation, choices: Sequence[Choice], target: str | None, *, money: bool = False
) -> Iterator[Assumption]:
    """The numbers that the options assume (with `money`, what they cost, too), then demand and the rework of today."""
    for place, choice in enumerate(choices):
        for number, change in enumerate(choice.scenario.changes):
            for name, value, unit, made, most in (*_numbers(change), *(_prices(change) if money else ())):
                yield Assumption(
                    name if len(choices) == 1 else f"{name} (“{choice.scenario.title}”)", value, unit,
                    _changer(situation, choices, place, number, made), most,
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
                    f"the share that comes back from {step.name}", step.rework.probability * 100, " %",
                    _reworked(situation, choices, slug, step.id), 100.0,
                )  # fmt: skip


def _numbers(
    change: AnyChange,
) -> Iterator[tuple[str, float, str, Callable[[float], AnyChange], float]]:
    """What a change assumes: name, value, unit, the change with the value so many times over, and its largest value."""
    never = float("inf")
    if change.change == "hire" and change.ramp:
        ramp = change.ramp
        yield (
            f"the months until {change.name} is up to speed", ramp.months, " months",
            lambda factor: change.model_copy(
                update={"ramp": ramp.model_copy(update={"months": min(60.0, ramp.months * factor)})}
            ), 60.0,
        )  # fmt: skip
    if change.change == "hire":
        yield (
            f"the speed of {change.name}", 1.0, " times what is assumed",
            lambda factor: change.model_copy(
                update={"skills": {skill: speed * factor for skill, speed in change.skills.items()}}
            ), never,
        )  # fmt: skip
    if change.change in ("effort", "assist", "platform"):
        name = {"effort": "factor", "assist": "effort", "platform": "factor"}[change.change]
        value = float(getattr(change, name))
        what = getattr(change, "step", None) or getattr(change, "skill", "") or getattr(change, "retire", "")
        if value > 0:
            yield (
                f"the effort that remains at {what}", value * 100, " % of today’s",
                lambda factor: change.model_copy(update={name: value * factor}), never,
            )  # fmt: skip
    if (change.change in ("rework", "assist") and getattr(change, "probability", None)) or getattr(
        change, "rework", None
    ):
        name = "probability" if change.change == "rework" else "rework"
        share = float(getattr(change, name))
        yield (
            f"the share that comes back from {getattr(change, 'step', '')}", share * 100, " %",
            lambda factor: change.model_copy(update={name: min(1.0, share * factor)}), 100.0,
        )  # fmt: skip
    if change.change == "demand":
        yield (
            "the change of demand", change.factor, " times today’s",
            lambda factor: change.model_copy(update={"factor": change.factor * factor}), never,
        )  # fmt: skip


def _prices(change: AnyChange) -> Iterator[tuple[str, float, str, Callable[[float], AnyChange], float]]:
    """What a change costs a year."""
    if change.cost_per_year > 0:
        what = getattr(change, "name", "") or change.change
        yield (
            f"what {what} costs a year", change.cost_per_year, "",
            lambda factor: change.model_copy(update={"cost_per_year": change.cost_per_year * factor}), float("inf"),
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
