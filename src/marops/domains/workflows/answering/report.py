"""A whole comparison as JSON: what pages show, and every figure by option and month with its difference."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from marops.domains.workflows.answering.beginning import beginning
from marops.domains.workflows.answering.bounds import bound
from marops.domains.workflows.answering.comparing import (
    Cell,
    Choice,
    Compared,
    Told,
    break_even,
    by_items,
    compare,
    comparison,
    extra_cost,
    extra_items,
    ranked,
    worth,
)
from marops.domains.workflows.answering.flipping import Flip, Flipping
from marops.domains.workflows.answering.outcomes import Outcome, Setting, estimate
from marops.domains.workflows.answering.ranking import Ranking
from marops.domains.workflows.answering.unlocking import (
    Intake,
    by_workflow,
    highest_intake,
    lasting,
    settled,
    unlocked,
)
from marops.domains.workflows.papers.changes import assumed, doubt, names_of
from marops.domains.workflows.rules.answers import BASELINE, Estimate, Line, as_plain
from marops.domains.workflows.rules.changing import idle
from marops.domains.workflows.rules.scenario import Scenario
from marops.domains.workflows.situations import Known

NO_END = "hours are never scarce: nobody can tell how much could come in"


def report(
    here: Known, scenarios: Mapping[str, Scenario], setting: Setting, *, deep: bool, tell: Callable[[str], None]
) -> dict[str, Any]:
    """`answer` for pages; `options` with every figure by month; `unlocked`, `flip`. Raises Unfit."""
    began = time.monotonic()
    choices = [Choice(key, one) for key, one in scenarios.items()]
    tell("Simulating doing nothing and each option on the same luck")
    found = compare(here.situation, choices, setting, target=here.slug)
    told = Told(assumptions=assumptions(here, found), ranking=by_items(found))
    parts: dict[str, Any] = {}
    if deep:
        told, parts = _deep(here, choices, found, setting, told, tell)
    told = Told(**{**_fields(told), "seconds": round(time.monotonic() - began, 3)})
    answer = comparison(found, told, unit=here.workflow.unit, currency=here.situation.crew.currency)
    return {"answer": as_plain(answer), "options": list(_options(found)), **parts}


def _fields(told: Told) -> dict[str, Any]:
    return {name: getattr(told, name) for name in Told.__dataclass_fields__}


def _deep(
    here: Known, choices: list[Choice], found: Compared, setting: Setting, told: Told, tell: Callable[[str], None]
) -> tuple[Told, dict[str, Any]]:
    """What takes longer: the highest intake of each option, the next constraint, the flipping assumption."""
    tell("Looking for the highest intake that keeps the promise")
    today = highest_intake(here.situation, setting, target=here.slug)
    risen: dict[str, Intake] = {}
    for one in choices if today else ():
        option = highest_intake(here.situation, setting, target=here.slug, scenario=one.scenario)
        if option:
            risen[one.key] = option
    order = _ranking(found, today, risen, here.slug)
    tell("Looking for the assumption that would turn the ranking round")
    intakes = {key: float(one.items(here.slug).mean()) for key, one in risen.items()}
    if today:
        intakes[BASELINE] = float(today.items(here.slug).mean())
    flip = Flipping(here.situation, found, here.slug).nearest(order, intakes)
    parts: dict[str, Any] = {"flip": _flip(flip), "unlocked": {}}
    slugs = list(here.situation.workflows)
    if today:
        parts["highest_intake"] = plain(today.told(here.slug))
        parts["unlocked"] = {one.key: _rise(risen.get(one.key), today, here.slug, slugs) for one in choices}
    fresh = {
        **_fields(told),
        "flip": flip.sentence() if flip else "Nothing that is assumed turns this round within a quarter to four times.",
        "today": today.told(here.slug) if today else None,
        "intake": {key: one.told(here.slug) for key, one in risen.items()},
        "unlocked": {key: unlocked(one, today, here.slug) for key, one in risen.items()} if today else {},
        "next_constraint": _following(here, found, order),
        "ranking": order,
        "by_workflow": tuple(_by_workflow(here, choices, today, risen)) if today else (),
    }
    return Told(**fresh), parts


def _ranking(found: Compared, today: Intake | None, risen: Mapping[str, Intake], slug: str) -> Ranking:
    """By what is unlocked, where that is known of doing nothing and of every option."""
    if today is None or len(risen) < len(found.options):
        return by_items(found)
    intakes = {**risen, BASELINE: today}
    return ranked(found, "unlocked", lambda one, other: unlocked(intakes[one], intakes[other], slug))


def _by_workflow(here: Known, choices: list[Choice], today: Intake, risen: Mapping[str, Intake]) -> Iterator[Line]:
    """The highest intake of each workflow of the crew: all rise together, in the proportions of what comes in."""
    nothing = Estimate(None, why=NO_END)
    for slug, flow in here.situation.workflows.items():
        options = [risen.get(one.key) for one in choices]
        yield Line(
            "unlocked", flow.title, "number", today.told(slug),
            tuple(one.told(slug) if one else nothing for one in options),
            tuple(unlocked(one, today, slug) if one else nothing for one in options), "more",
        )  # fmt: skip


def _rise(option: Intake | None, today: Intake, slug: str, slugs: list[str]) -> dict[str, Any]:
    if option is None:
        return {**_difference(Estimate(None, why=NO_END)), "workflows": {}}
    rises = {one: _difference(rise) for one, rise in by_workflow(option, today, slugs).items()}
    return {**_difference(unlocked(option, today, slug)), "workflows": rises}


def _flip(flip: Flip | None) -> dict[str, Any] | None:
    if flip is None:
        return None
    one = flip.assumption
    return {
        "assumption": one.name, "assumed": one.value, "turns_at": flip.value, "unit": one.unit.strip(),
        "then_ahead": flip.winner, "instead_of": flip.loser, "money": flip.money, "says": flip.sentence(),
    }  # fmt: skip


def _following(here: Known, found: Compared, order: Ranking) -> str:
    """Where the constraint is once what comes first in the ranking is there, and everybody is used to it."""
    if not found.options:
        return ""
    scenario = next((choice.scenario for choice, _ in found.options if choice.key == order.first), None)
    setting = lasting(found.setting)
    limit = bound(settled(here.situation, setting, scenario), setting, here.slug)
    solved = limit.solve()
    prices = [sum(one.of_work[list(group.nodes)].max() for one in solved) for group in limit.groups]
    title = f"With “{scenario.title}”" if scenario else "As things are"
    held = limit.binding(solved)
    if held is None and (not prices or max(prices) <= 0):
        return f"{title} nobody holds work back."
    name = held.name if held else limit.groups[prices.index(max(prices))].name
    most = float(limit.factors(solved).mean() * limit.demand.mean())
    return f"{title} the {'next ' if scenario else ''}constraint is {name}, at {most:.1f} a month."


def assumptions(here: Known, found: Compared) -> tuple[str, ...]:
    """What everything rests on, in words: versions, what each option says of itself, how it was simulated."""
    lines = [f"From {', '.join(here.refs)}."]
    names, currency = names_of(here.situation), here.situation.crew.currency
    for one, _ in found.options:
        said = assumed(one.scenario, currency, names, pay=False)
        lines += [f"“{one.scenario.title}” assumes: {line}" for line in said]
        frame = found.setting.frame
        without = idle(here.situation, one.scenario.changes, frame.first, frame.edges()[-1])
        lines += [doubt(one.scenario.title, line) for line in without]
    lines += here.situation.left_out
    share = estimate(found.baseline.share)
    if len(here.situation.workflows) > 1 and share.value is not None:
        lines.append(
            f"The cost of each holds {share.value:.0%} of what the crew costs anyway: the share of its worked hours"
            " that goes into this workflow today, in every option the same. What its own steps cost each time and the"
            " price of an option are counted in whole."
        )
    setting, frame = found.setting, found.setting.frame
    lines.append(
        f"{setting.replications} runs over {frame.months} months from {frame.first:%d %B %Y}, seed {setting.seed}."
        " Intervals are of 90 % and of chance alone."
    )
    quick = replace(setting, replications=min(8, setting.replications))
    limit = bound(found.baseline.compiled, quick, here.slug)
    spare = float(limit.factors(limit.solve()).mean())
    lines += beginning(found.baseline, setting, spare=spare, unit=here.workflow.unit)
    return tuple(lines)


def _options(found: Compared) -> list[dict[str, Any]]:
    one = worth(found.baseline)
    rows: list[dict[str, Any]] = [{"key": BASELINE, "title": "Do nothing", "months": _months(found, None)}]
    for place, (choice, option) in enumerate(found.options):
        paid = break_even(option, found.baseline, one.value)
        rows.append(
            {
                "key": choice.key,
                "title": choice.scenario.title,
                "months": _months(found, place),
                "break_even_month": plain(paid),
                "total": _total(option, found.baseline),
            }
        )
    return rows


def _total(option: Outcome, baseline: Outcome) -> dict[str, Any]:
    """Over the whole time: items finished, and money."""
    return {
        "throughput": _difference(estimate(extra_items(option, baseline).sum(axis=1))),
        "cost": _difference(estimate(extra_cost(option, baseline).sum(axis=1))),
    }


def _months(found: Compared, place: int | None) -> list[dict[str, Any]]:
    cells = found.cells(place)
    return [
        {**span, **{name: _cell(values[number]) for name, values in cells.items()}}
        for number, span in enumerate(found.setting.frame.spans())
    ]


def _cell(cell: Cell) -> dict[str, Any]:
    found = plain(cell.value)
    if cell.difference is not None:
        found["to_baseline"] = _difference(cell.difference)
    return found


def plain(one: Estimate | None) -> dict[str, Any]:
    """An estimate as JSON; `why` only where there is no value."""
    if one is None:
        return {"value": None}
    return {key: value for key, value in asdict(one).items() if key != "why" or value}


def _difference(one: Estimate) -> dict[str, Any]:
    found = plain(one)
    return {"difference": found.pop("value"), **found}
