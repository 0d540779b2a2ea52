"""Throughput unlocked: the rise of the highest intake at which the promised lead time still holds.

Intake is scaled for all kinds of work alike, in steps, on the same luck; in each replication the share of items that
keep the promise is read off and the intake at which it crosses what was promised is interpolated. So the intake, and
its rise by an option, come with intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from marops.domains.workflows.answering.bounds import bound
from marops.domains.workflows.answering.outcomes import Outcome, Setting, estimate, run
from marops.domains.workflows.rules.answers import Estimate
from marops.domains.workflows.rules.changing import Situation
from marops.domains.workflows.rules.compiling import Compiled, compiled
from marops.domains.workflows.rules.scenario import Scenario

Floats = NDArray[np.float64]
STEPS = 10
SHARES = (0.25, 1.02)
"""Of the fluid bound: between these the intake is looked for. Above it no promise holds for long."""
NO_PROMISE = "no lead time is promised"


@dataclass(frozen=True, slots=True)
class Intake:
    """The highest intake by replication, as a factor of today's demand; `demand`: items a month of that, in all and by
    workflow. NaN where even the smallest intake breaks the promise.
    """

    factor: Floats
    demand: dict[str, float]

    def items(self, target: str | None) -> Floats:
        """Items a month, of one workflow or all."""
        return self.factor * sum(each for slug, each in self.demand.items() if target in (None, slug))


def highest_intake(
    situation: Situation, setting: Setting, *, target: str | None = None, scenario: Scenario | None = None
) -> Intake | None:
    """How much more of the same could come in; None where no promise is given.

    With a scenario, things are as they are at the end of it: everybody is there and has learned, all the time.
    """
    made = settled(situation, setting, scenario)
    if not Outcome(made, None, target).promised:  # type: ignore[arg-type]  # a promise stands in the documents
        return None
    limit = bound(made, replace(setting, replications=min(8, setting.replications)), target)
    most = float(np.mean(limit.factors(limit.solve())))
    demand = _demand(made)
    if not np.isfinite(most):
        return None
    factors = np.linspace(SHARES[0] * most, SHARES[1] * most, STEPS)
    kept = np.array([_kept(_scaled(made, factor), setting, target) for factor in factors])
    share = _promised_share(made, target)
    return Intake(crossing(factors, kept, share), demand)


def settled(situation: Situation, setting: Setting, scenario: Scenario | None) -> Compiled:
    """The situation as the scenario leaves it, without ramps, from the beginning on."""
    made = compiled(situation, setting.frame, scenario)
    last = made.last
    people = tuple(
        one.model_copy(update={"ramp": None, "starts": None})
        for one in last.crew.people
        if not (one.ends and one.ends <= setting.frame.edges()[-1])
    )
    return compiled(Situation(last.workflows, last.crew.model_copy(update={"people": people})), setting.frame)


def _demand(made: Compiled) -> dict[str, float]:
    model = made.model
    months = len(model.months) - 1
    found: dict[str, float] = {}
    for (slug, _), one in zip(made.classes, model.classes, strict=True):
        if one.arrivals.times is None:
            rise = np.diff(np.interp([0.0, model.end], one.arrivals.hours, one.arrivals.expected))[0]
            found[slug] = found.get(slug, 0.0) + float(rise) / months
    return found


def _scaled(made: Compiled, factor: float) -> Compiled:
    classes = tuple(
        replace(one, arrivals=replace(one.arrivals, expected=one.arrivals.expected * factor))
        for one in made.model.classes
    )
    return replace(made, model=replace(made.model, classes=classes))


def _kept(made: Compiled, setting: Setting, target: str | None) -> Floats:
    """The share of items, by replication, that keep their date or promise; what is not finished in time does not."""
    found = Outcome(made, run(made, setting), target)
    good, whole = _counted(found)
    return np.asarray(np.divide(good, whole, out=np.full(len(good), np.nan), where=whole > 0))


def _counted(found: Outcome) -> tuple[Floats, Floats]:
    """Items that came in early enough to be judged, and those of them that kept their word."""
    model = found.compiled.model
    until = max(model.end - longest_promise(found), model.end / 2)
    month = int(np.searchsorted(np.array(model.months), until, side="right")) - 1
    until = model.months[max(month, 1)]
    cases = found.runs.cases
    counts = np.isin(cases.work_class, found.classes) & (cases.arrived >= 0) & (cases.arrived < until)
    good = counts & ~found._late()  # of the same package, and not for others
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


def crossing(factors: Floats, kept: Floats, share: float) -> Floats:
    """Where each replication's kept share falls below what was promised: the last crossing from above, interpolated.

    `kept`: steps × replications. More work never helps a promise, so chance rises are flattened first.
    """
    falling = np.minimum.accumulate(kept, axis=0)
    found = np.full(kept.shape[1], np.nan)
    for replication in range(kept.shape[1]):  # a hundred or so, and each another line
        line = falling[:, replication]
        above = np.flatnonzero(line >= share)
        if not len(above):
            continue
        last = int(above[-1])
        if last + 1 == len(factors):
            found[replication] = factors[-1]
            continue
        drop = line[last] - line[last + 1]
        found[replication] = factors[last] + (factors[last + 1] - factors[last]) * (line[last] - share) / drop
    return found


def unlocked(option: Intake, today: Intake, target: str | None) -> Estimate:
    """The rise of the highest intake in items a month, paired by luck."""
    return estimate(option.items(target) - today.items(target), "the promise breaks at any intake")


def by_workflow(option: Intake, today: Intake, slugs: Sequence[str]) -> dict[str, Estimate]:
    """The same by workflow."""
    return {slug: unlocked(option, today, slug) for slug in slugs}
