"""Where the bottleneck is: four ways to ask, beside each other, and where it goes once it is lifted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.activity import bottleneck_shares
from marops.domains.workflows.answering.beginning import beginning
from marops.domains.workflows.answering.bounds import Bound, Group, bound
from marops.domains.workflows.answering.limits import Limit
from marops.domains.workflows.answering.logged import because, in_log, ranked
from marops.domains.workflows.answering.outcomes import Outcome, Setting, at_intake, estimate, model_of, run
from marops.domains.workflows.answering.waits import causes
from marops.domains.workflows.rules.answers import (
    BottleneckAnswer,
    Estimate,
    Evidence,
    Method,
    Row,
    Thing,
    ThingKind,
    plural,
)
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import Compiled
from marops.methods.amounts import scaled
from marops.methods.estimates import of_mean
from marops.methods.fluid import Fluid
from marops.methods.mining.log import CAUSES
from marops.methods.simulation.runs import Cases, Tasks

Floats = NDArray[np.float64]
MONTH_DAYS = 21.75
"""Working days of a month: an hour a day is so many hours a month."""
STRESS = 1.15
"""Sensitivity is asked with so many times the work that people can do, or everything is done in time anyway."""
SHOWN, SKILLS = 8, 4
EASE, MORE = 0.9, 1.1
PLENTY = 2.0
"""Where people could do so many times what comes in, hours are not scarce: what work waits for is the constraint."""
NOTABLY = 1.02
"""By so many times more must get through if steps were always open, for their opening hours to be what holds back."""
_NOTHING = 1e-9


@dataclass(frozen=True)
class Asked:
    """What the four methods work on."""

    made: Compiled
    bound: Bound
    setting: Setting
    target: str | None
    unit: str
    evidence: Evidence | None = None

    @cached_property
    def solved(self) -> list[Fluid]:
        """The programme as things are, for each replication."""
        return self.bound.solve()

    @cached_property
    def factor(self) -> float:
        """How many times what comes in people could do."""
        return float(np.mean(self.bound.factors(self.solved)))

    @property
    def plenty(self) -> bool:
        """Are hours not scarce?"""
        return self.factor >= PLENTY

    def group_of(self, node: int) -> Group | None:
        """Who does a node."""
        return next((one for one in self.bound.groups if node in one.nodes), None)


def bottleneck(
    situation: Situation, setting: Setting, *, target: str | None, unit: str, evidence: Evidence | None = None
) -> tuple[BottleneckAnswer, Outcome]:
    """The answer, and the simulation of today that it rests on (with its tasks).

    `evidence`: what the log says of the target; where work waits is then measured, not simulated.
    """
    made = model_of(situation, setting)
    asked = Asked(made, bound(made, setting, target), setting, target, unit, evidence if target else None)
    today = Outcome(made, run(made, setting, record=True), target)
    waiting = waiting_method(asked, today)
    if evidence and target:
        waiting = _by_log(asked, waiting, evidence, target)
    methods = (
        fluid_method(asked),
        waiting,
        active_method(asked, today),
        sensitivity_method(asked),
    )
    answer = _answer(asked, methods, today)
    return replace(answer, because=(*because(evidence), *answer.because)) if evidence else answer, today


def fluid_method(asked: Asked) -> Method:
    """What one more hour a day of each skill is worth, by the fluid bound."""
    base = asked.bound.factors(asked.solved)
    rows = []
    for group in asked.bound.groups:
        more = asked.bound.factors(asked.bound.solve(more=group, hours=MONTH_DAYS))
        rows.append(_row(group.name, _rise(more, base) * asked.bound.demand, group.kind, group.key))
    rows += [
        _row(f"{one.name}: one more", _rise(_freed(asked, one), base) * asked.bound.demand, one.kind, one.key)
        for one in asked.bound.limits
    ]
    ranked = _ranked(rows)
    says = f"Only {ranked[0].name} is worth an hour." if _alone(ranked) else ""
    if (limit := asked.bound.binding(asked.solved)) is not None:
        says = f"{_limit_says(limit)}: no more hours of anybody would let more through."
    elif not ranked or ranked[0].value <= 0:
        says = "No more hours of anybody would let more through."
    elif asked.plenty:
        says = (
            f"People could do {asked.factor:.1f} times what comes in: no hour is scarce today, this one would be first."
        )
    return Method(
        "fluid", "One more hour a day", f"{plural(asked.unit)} a month it would unlock, by the fluid bound",
        f"{plural(asked.unit)} a month", tuple(ranked[:SHOWN]), says, _tied(ranked), decimals=2,
    )  # fmt: skip


def _rise(more: Floats, base: Floats) -> Floats:
    """How far one is above the other; not at all where nothing limits either."""
    known = np.isfinite(more) & np.isfinite(base)
    return np.asarray(np.where(known, more, 0.0) - np.where(known, base, 0.0))


def _freed(asked: Asked, limit: Limit) -> Floats:
    """The factor with one more at a time."""
    others = tuple(one for one in asked.bound.limits if one is not limit)
    freed = replace(asked.bound, limits=(*others, replace(limit, most=limit.most + 1, factor=limit.with_one_more)))
    return freed.factors(asked.solved)


def waiting_method(asked: Asked, today: Outcome) -> Method:
    """Where work waits, in hours on the wall per item, by the step it waits for."""
    tasks = today.runs.tasks
    assert tasks is not None  # noqa: S101  # the outcome of today is recorded
    hours = causes(asked.made.model, tasks)
    finished = np.maximum(today.finished.sum(axis=1), 1)
    rows, by_cause = [], {}
    for step, nodes in _steps(asked).items():
        here = np.isin(tasks.node, nodes) & (tasks.started >= 0)
        summed = np.bincount(
            tasks.replication[here] - today.runs.first, weights=hours[here].sum(axis=1), minlength=len(finished)
        )
        name = _step_name(asked.made, step)
        by_cause[name] = hours[here].sum(axis=0)
        each = zip(CAUSES, by_cause[name] / finished.sum(), strict=True)
        row = _row(name, summed / finished, "step", step)
        rows.append(replace(row, causes={cause: float(one) for cause, one in each if one > 0}))
    for limit in (one for one in asked.bound.limits if one.kind == "limit"):
        outside = door(today, limit.key)
        by_cause[limit.name] = np.zeros(len(CAUSES))
        by_cause[limit.name][CAUSES.index("contention")] = outside.sum()
        row = _row(limit.name, outside / finished, "limit", limit.key)
        rows.append(replace(row, causes={"contention": float(outside.sum() / finished.sum())} if outside.any() else {}))
    ranked = _ranked(rows)
    return Method(
        "waiting", "Where work waits", f"hours of waiting per {asked.unit}, by the step it waits for",
        f"hours per {asked.unit}", tuple(ranked[:SHOWN]), _why(ranked, by_cause, held=_held(asked)), _tied(ranked),
        decimals=0,
        cause=_main_cause(ranked, by_cause),
    )  # fmt: skip


def door(today: Outcome, slug: str) -> Floats:
    """Hours that finished items of a workflow waited for a place in it, by replication."""
    tasks, cases, runs = today.runs.tasks, today.runs.cases, today.runs
    assert tasks is not None  # noqa: S101  # the outcome of today is recorded
    ours = np.array([one == slug for one, _ in today.compiled.classes])

    def of(rows: Tasks | Cases) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The rows of the workflow that are not there from the beginning, and a number for the case of each."""
        known = np.flatnonzero(ours[rows.work_class] & (rows.case >= 0))
        one = (rows.replication[known] - runs.first) * len(ours) + rows.work_class[known]
        return known, one * (1 << 32) + rows.case[known]

    begun, of_task = of(tasks)
    done, of_case = of(cases)
    keys, place = np.unique(of_task, return_inverse=True)
    first = np.full(len(keys) + 1, np.nan)
    first[:-1] = np.inf
    np.minimum.at(first, place, tasks.enabled[begun])
    found = np.searchsorted(keys, of_case)
    found[np.append(keys, -1)[found] != of_case] = len(keys)
    hours = np.nan_to_num(np.maximum(first[found] - cases.arrived[done], 0.0))
    return np.bincount(cases.replication[done] - runs.first, weights=hours, minlength=runs.replications).astype(float)


def _held(asked: Asked) -> dict[str, str]:
    """What takes only so many at a time, in words, by its name in the ranking of waiting."""
    limits = asked.bound.limits
    steps = {one.name: f"because it takes {one.most} at a time" for one in limits if one.kind == "step"}
    return steps | {one.name: "because so many are in work already" for one in limits if one.kind == "limit"}


def _by_log(asked: Asked, simulated: Method, evidence: Evidence, slug: str) -> Method:
    """The same, as the log measured it."""
    names = {one.id: one.name for one in asked.made.last.workflows[slug].steps}
    by_cause = {
        names[step]: np.array([one.causes.get(cause, 0.0) for cause in CAUSES])
        for step, one in evidence.steps.items()
        if step in names
    }
    found = in_log(simulated, evidence, names, slug, _why(ranked(evidence, names, slug), by_cause, logged=True))
    return replace(found, rows=found.rows[:SHOWN])


def _main_cause(ranked: Sequence[Row], by_cause: dict[str, Floats]) -> str:
    """Why work waits at the first of them."""
    first = by_cause[ranked[0].name] if ranked else np.zeros(len(CAUSES))
    return CAUSES[int(first.argmax())] if first.sum() > 0 else ""


def _why(
    ranked: Sequence[Row], by_cause: dict[str, Floats], *, logged: bool = False, held: Mapping[str, str] | None = None
) -> str:
    whole = sum(float(one.sum()) for one in by_cause.values())
    if not ranked or whole <= 0:
        return "Nothing waits."
    first, cause = by_cause[ranked[0].name], _main_cause(ranked, by_cause)
    words = {
        "batching": "mostly because the step is closed or work is collected",
        "contention": "mostly because those who do it have other work that came earlier",
        "prioritisation": "mostly because other work goes first",
        "unavailability": "mostly because those who do it are away",
        "outside": "mostly while those who do it are free: the log does not say what holds it up"
        if logged
        else "mostly for others outside, or because people do other things first",
    }
    why = words[cause]
    if held and ranked[0].name in held and cause == "contention":
        why = f"mostly {held[ranked[0].name]}"
    return f"{ranked[0].name}: {first.sum() / whole:.0%} of all waiting, {why}."


def active_method(asked: Asked, today: Outcome) -> Method:
    """Who is busy without a pause: share of the time in which somebody has the longest active period of all."""
    shares = bottleneck_shares(today.runs, asked.bound.groups) * 100
    rows = [_row(one.name, shares[:, place], one.kind, one.key) for place, one in enumerate(asked.bound.groups)]
    ranked = _ranked(rows)
    return Method(
        "active", "Busy without a pause", "share of the time as the longest active period, in per cent",
        "% of the time", tuple(ranked[:SHOWN]), "", _tied(ranked), decimals=0,
    )  # fmt: skip


def sensitivity_method(asked: Asked) -> Method:
    """What a tenth less work at each step, and a tenth more hours of each skill, would bring, on the same luck.

    Where hours are scarce: items a month more, with more work than can be done. Where they are not, everything is done
    anyway, and what it brings is a shorter lead time.
    """
    made = asked.made if asked.plenty else _stressed(asked)
    measure = _lead if asked.plenty else _finished
    base = measure(asked, made)

    def row(name: str, nodes: Sequence[int], times: float, kind: str, key: str) -> Row:
        apart = measure(asked, _eased(made, nodes, times)) - base
        return _row(name, -apart if asked.plenty else apart, kind, key)

    steps = {step: nodes for step, nodes in _steps(asked).items() if any(asked.group_of(node) for node in nodes)}
    less = [row(_step_name(asked.made, step), nodes, EASE, "step", step) for step, nodes in steps.items()]
    skills = [one for one in asked.bound.groups if one.kind != "step" and set(one.steps) & set(steps)]
    more = [row(f"{one.name}: 10 % more hours", one.nodes, 1 / MORE, one.kind, one.key) for one in skills]
    ranked = _ranked([*_ranked(less)[:SHOWN], *_ranked(more)[:SKILLS]])
    unit = f"hours per {asked.unit}" if asked.plenty else f"{plural(asked.unit)} a month"
    asks = "hours sooner" if asked.plenty else f"more {plural(asked.unit)} a month"
    return Method(
        "sensitivity", "10 % less work, 10 % more hours", f"{asks}, simulated on the same draws", unit, tuple(ranked),
        "", _tied_apart(asked, ranked),
    )  # fmt: skip


def _tied_apart(asked: Asked, ranked: Sequence[Row]) -> tuple[str, ...]:
    """Those that the first cannot be told from and that are not done by the same people."""
    tied = set(_tied(ranked))
    first = _meant(asked, ranked[0]) if ranked else None
    return tuple(one.name for one in ranked if one.name in tied and (first is None or _meant(asked, one) != first))


def _lead(asked: Asked, made: Compiled) -> Floats:
    """Mean hours from coming in to being done."""
    found = Outcome(made, run(made, asked.setting), asked.target)
    cases = found.runs.cases
    counts = np.isin(cases.work_class, found.classes)
    place = cases.replication[counts] - found.runs.first
    hours = np.bincount(place, weights=cases.hours[counts], minlength=found.runs.replications)
    return np.asarray(hours / np.maximum(np.bincount(place, minlength=found.runs.replications), 1))


def _stressed(asked: Asked) -> Compiled:
    """The same demand, so many times over that people cannot keep up."""
    factor = asked.factor
    times = STRESS * factor if np.isfinite(factor) else 1.0
    more = at_intake(asked.made, times)
    return replace(more, model=replace(more.model, tokens=()))


def _eased(made: Compiled, nodes: Sequence[int], times: float) -> Compiled:
    changed = [
        replace(one, effort=scaled(one.effort, times)) if number in nodes and one.effort else one
        for number, one in enumerate(made.model.nodes)
    ]
    return replace(made, model=replace(made.model, nodes=tuple(changed)))


def _finished(asked: Asked, made: Compiled) -> Floats:
    found = Outcome(made, run(made, asked.setting), asked.target)
    finished: Floats = found.finished.mean(axis=1)
    return finished


def _steps(asked: Asked) -> dict[str, list[int]]:
    """The nodes of each step of the target, by `workflow/step`; versions of a step are one."""
    found: dict[str, list[int]] = {}
    for number, (slug, step) in enumerate(asked.made.nodes):
        if step and asked.target in (None, slug) and asked.made.model.nodes[number].effort is not None:
            found.setdefault(f"{slug}/{step}", []).append(number)
    return found


def _step_name(made: Compiled, ref: str) -> str:
    slug, _, step = ref.partition("/")
    return next((one.name for one in made.last.workflows[slug].steps if one.id == step), step)


def _row(name: str, values: Floats, kind: str, key: str) -> Row:
    # What programmes leave over in the last digits is nothing.
    found = of_mean(np.where(np.abs(values) < _NOTHING, 0.0, values))
    if found is None:
        return Row(name, 0.0, 0.0, 0.0, kind, key)  # type: ignore[arg-type]  # a ThingKind of the caller
    return Row(name, found.value, found.low, found.high, kind, key)  # type: ignore[arg-type]


def _ranked(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda one: -one.value)


def _tied(ranked: Sequence[Row]) -> tuple[str, ...]:
    """Those whose interval reaches into that of the first."""
    return tuple(one.name for one in ranked[1:] if ranked[0].value > 0 and one.high >= ranked[0].low and one.value > 0)


def _alone(ranked: Sequence[Row]) -> bool:
    return bool(ranked) and ranked[0].low > 0 and all(one.high <= 0.01 * ranked[0].value for one in ranked[1:])


def _answer(asked: Asked, methods: tuple[Method, ...], today: Outcome) -> BottleneckAnswer:
    votes = [_voted(asked, method) for method in methods]
    limit = asked.bound.binding(asked.solved)
    if limit is not None and not asked.plenty:
        return _limited(asked, methods, today, limit)
    thing = _held_up(asked, methods[1]) if asked.plenty else None
    if thing is not None:
        return BottleneckAnswer(
            thing, methods, _plenty_says(asked, votes, methods), because=_because(asked, today), agrees=1,
            holds_back=_behind(today), waits=_waits(asked, today, thing.steps or (thing.key,)), spare=_spare(asked),
            next_says=_then(methods[1]),
        )  # fmt: skip
    group = _elected(votes)
    if group is None:
        return BottleneckAnswer(
            Thing("demand", "", "demand"), methods, "Nothing that people do holds work back: more could come in.",
            because=_because(asked, today), spare=_spare(asked),
        )  # fmt: skip
    return _scarce(asked, methods, today, votes, group)


def _scarce(
    asked: Asked, methods: tuple[Method, ...], today: Outcome, votes: Sequence[Group | None], group: Group
) -> BottleneckAnswer:
    """Hours are scarce: those of people, or those in which a step is open."""
    agrees = sum(one is not None and one.key == group.key for one in votes)
    base = asked.bound.factors(asked.solved)
    opened = asked.bound.solve(opened=group) if asked.bound.closed(group) else asked.solved
    shut = float(np.mean(asked.bound.factors(opened))) > NOTABLY * float(base.mean())
    lifted = opened if shut else asked.bound.solve(asked.bound.without(group))
    more, longer = (None, group) if shut else (group, None)
    hour = asked.bound.solve(more=more, opened=longer, hours=MONTH_DAYS)
    following = _next(asked, group, opened if shut else None)
    # Of what comes in; beyond that nothing is held back, more could only come.
    back = (np.minimum(asked.bound.factors(lifted), 1.0) - np.minimum(base, 1.0)) * asked.bound.demand
    constraint = _shut(asked, group) if shut else Thing(group.kind, group.key, group.name, group.steps)
    lever = (
        f"one more hour a day in which {constraint.name} is open" if shut else f"one more hour of {group.name} a day"
    )
    return BottleneckAnswer(
        constraint=constraint,
        methods=methods,
        agreement=_agreement(methods, votes, group, agrees),
        agrees=agrees,
        holds_back=estimate(back),
        lever=lever,
        unlocks=estimate((asked.bound.factors(hour) - base) * asked.bound.demand),
        next_constraint=Thing(following.kind, following.key, following.name, following.steps) if following else None,
        next_says=_next_says(
            f"{constraint.name} is {'always open' if shut else 'lifted'}", following, asked.bound.factors(lifted), asked
        ),
        because=_because(asked, today),
        waits=_waits(asked, today, constraint.steps),
        spare=_spare(asked),
    )


def _shut(asked: Asked, group: Group) -> Thing:
    """The opening hours of those steps of a group that are closed at times."""
    nodes = {node for one in asked.bound.windows for node in one.work} & set(group.nodes)
    steps = tuple(dict.fromkeys("/".join(asked.made.nodes[node]) for node in sorted(nodes)))
    return Thing("calendar", steps[0], " and ".join(_step_name(asked.made, one) for one in steps), steps)


def _limited(asked: Asked, methods: tuple[Method, ...], today: Outcome, limit: Limit) -> BottleneckAnswer:
    """Not hours are scarce, but so many at a time are all that is taken in."""
    base = asked.bound.factors(asked.solved)
    hours = asked.bound.factors(asked.solved, limited=False)
    said = _limit_says(limit)
    first = [one.rows[0].key in (limit.key, *limit.steps) if one.rows else False for one in methods]
    most = float(np.mean(hours * asked.bound.demand))
    lever = "one more in work at a time" if limit.kind == "limit" else f"one more at a time at {limit.name}"
    return BottleneckAnswer(
        Thing(limit.kind, limit.key, limit.name, limit.steps), methods,
        f"{said}: that lets through {float(np.mean(base * asked.bound.demand)):.1f} {plural(asked.unit)} a month.",
        agrees=sum(first), holds_back=_behind(today), lever=lever,
        unlocks=estimate((_freed(asked, limit) - base) * asked.bound.demand),
        next_says=f"Without that limit, people could do {most:.1f} {plural(asked.unit)} a month."
        if np.isfinite(most)
        else "",
        because=_because(asked, today), waits=_waits(asked, today, (limit.key, *limit.steps)), spare=_spare(asked),
    )  # fmt: skip


def _limit_says(limit: Limit) -> str:
    if limit.kind == "limit":
        return f"At most {limit.most} are in work at a time"
    return f"{limit.name} takes {limit.most} at a time"


def _behind(today: Outcome) -> Estimate:
    """Items a month that come in and are not finished; nothing, where one cannot tell it from nothing."""
    found = estimate((today.arrived - today.finished).mean(axis=1))
    if found.low is not None and found.low > 0:
        return found
    return Estimate(0.0, 0.0, max(found.high or 0.0, 0.0))


def _spare(asked: Asked) -> float | None:
    return asked.factor if np.isfinite(asked.factor) else None


def _waits(asked: Asked, today: Outcome, places: Sequence[str]) -> Estimate | None:
    """Hours that an item waits at these steps, or for a place in a workflow: as the log has it, else simulated."""
    if asked.evidence:
        return _logged(asked.evidence, [one.removeprefix(f"{asked.target}/") for one in places])
    tasks = today.runs.tasks
    assert tasks is not None  # noqa: S101  # the outcome of today is recorded
    nodes = [node for step, found in _steps(asked).items() if step in places for node in found]
    doors = [one.key for one in asked.bound.limits if one.kind == "limit" and one.key in places]
    if not nodes and not doors:
        return None
    here = np.isin(tasks.node, nodes) & (tasks.started >= 0)
    waited = (tasks.started - tasks.enabled)[here]
    hours = np.bincount(tasks.replication[here] - today.runs.first, weights=waited, minlength=today.runs.replications)
    finished = np.maximum(today.finished.sum(axis=1), 1)
    return estimate(sum((door(today, one) for one in doors), start=hours) / finished)


def _logged(evidence: Evidence, steps: Sequence[str]) -> Estimate | None:
    """What the log says of all these steps together; how far each may be off is taken to be chance of its own."""
    known = [evidence.steps[one].hours for one in steps if one in evidence.steps]
    if not known:
        return None
    value = sum(one.value or 0.0 for one in known)
    below, above = (
        sum(((one.value or 0.0) - end) ** 2 for one, end in ends if end is not None) ** 0.5
        for ends in ([(one, one.low) for one in known], [(one, one.high) for one in known])
    )
    return Estimate(value, value - below, value + above)


def _held_up(asked: Asked, waiting: Method) -> Thing | None:
    """What work waits for most, where hours are not scarce: somebody outside, opening hours, or people's hours."""
    if not waiting.rows or waiting.rows[0].value <= 0:
        return None
    first = waiting.rows[0]
    kinds: dict[str, ThingKind] = {"outside": "outside", "batching": "calendar", "unavailability": "calendar"}
    if first.kind == "limit":
        return Thing("limit", first.key, first.name)
    if waiting.cause in kinds:
        return Thing(kinds[waiting.cause], first.key, first.name, (first.key,))
    group = next((one for one in asked.bound.groups if first.key in one.steps), None)
    return (
        Thing(group.kind, group.key, group.name, group.steps)
        if group
        else Thing("step", first.key, first.name, (first.key,))
    )


def _plenty_says(asked: Asked, votes: Sequence[Group | None], methods: Sequence[Method]) -> str:
    waiting, first = methods[1], methods[1].rows[0]
    factor = "any number of" if not np.isfinite(asked.factor) else f"{asked.factor:.1f}"
    said = f"People could do {factor} times what comes in, so hours are not scarce; {waiting.says}"
    others = [
        f"“{method.name}” names {method.rows[0].name}"
        for method, vote in zip(methods, votes, strict=True)
        if vote is not None and method is not waiting and first.key not in vote.steps
    ]
    return f"{said} {'; '.join(others)}." if others else said


def _then(waiting: Method) -> str:
    if len(waiting.rows) < 2 or waiting.rows[1].value <= 0:  # the second
        return ""
    return f"Without that waiting, most of it is at {waiting.rows[1].name}."


def _voted(asked: Asked, method: Method) -> Group | None:
    """Whom a method's first row means; None where it finds nothing."""
    first = method.rows[0] if method.rows else None
    return None if first is None or first.value <= 0 or first.low <= 0 <= first.high else _meant(asked, first)


def _meant(asked: Asked, row: Row) -> Group | None:
    """Who does what a row speaks of."""
    if row.kind != "step" or "/" not in row.key:
        return next((one for one in asked.bound.groups if one.key == row.key), None)
    return next((one for one in asked.bound.groups if row.key in one.steps), None)


def _elected(votes: Sequence[Group | None]) -> Group | None:
    """Who has most votes; with as many, the earlier method's."""
    known = [one for one in votes if one is not None]
    count = Counter(one.key for one in known)
    return max(known, key=lambda one: (count[one.key], -known.index(one)), default=None)


def _agreement(methods: Sequence[Method], votes: Sequence[Group | None], group: Group, agrees: int) -> str:
    words = ("none", "one", "two", "three", "all four")
    others = []
    for method, vote in zip(methods, votes, strict=True):
        if vote is None:
            others.append(f"“{method.name}” cannot tell")
        elif vote.key != group.key:
            others.append(f"“{method.name}” says {method.rows[0].name}")
        elif method.tied:
            others.append(f"“{method.name}” cannot tell it from {', '.join(method.tied[:2])}")
    head = f"{words[agrees].capitalize()} say {group.name}" if agrees > 1 else f"One says {group.name}"
    return "; ".join([head, *others]) + "."


def _next(asked: Asked, group: Group, opened: Sequence[Fluid] | None) -> Group | None:
    """The group with the highest price once this one's work takes nobody any time, or once it is always `opened`."""
    solved = asked.bound.solve(asked.bound.without(group)) if opened is None else opened
    prices = np.mean([one.of_work for one in solved], axis=0)
    others = [one for one in asked.bound.groups if one.key != group.key or opened is not None]
    best = max(others, key=lambda one: prices[list(one.nodes)].max(), default=None)
    return best if best is not None and prices[list(best.nodes)].max() > 0 else None


def _next_says(once: str, following: Group | None, lifted: Floats, asked: Asked) -> str:
    if following is None:
        return f"Once {once}, nobody else holds work back."
    most = float(np.mean(lifted * asked.bound.demand))
    return f"Once {once}, it is {following.name}, at {most:.1f} {plural(asked.unit)} a month."


def _because(asked: Asked, today: Outcome) -> tuple[str, ...]:
    demand, factor = float(asked.bound.demand[0]), asked.factor
    most = "as many as come" if not np.isfinite(factor) else f"{factor * demand:.1f}"
    crew, limit = asked.made.last.crew, asked.bound.binding(asked.solved)
    can = "people could do" if limit is None else "taken in so many at a time,"
    return (
        f"{demand:.1f} {plural(asked.unit)} a month come in; {can} {most} in the long run.",
        f"Simulated {asked.setting.replications} times over {asked.setting.frame.months} months"
        f" with seed {asked.setting.seed}, {len(crew.people)} people of “{crew.title}”.",
        f"{float(today.finished.mean()):.1f} a month are finished as things are.",
        *beginning(today, asked.setting, spare=_spare(asked), unit=asked.unit),
        *asked.made.last.left_out,
    )
