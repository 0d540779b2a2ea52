"""Exactly one proposal: the most promising of what was asked, what must be true for it, and how one would know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.workflows.charts.marks import hours, number
from marops.domains.workflows.papers.pieces import (
    Asked,
    Said,
    around,
    clipped,
    day_words,
    exact,
    fine,
    later,
    lead_around,
)
from marops.domains.workflows.rules.answers import BottleneckAnswer, Estimate, plural
from marops.domains.workflows.telling import Told, lead

HOURS_A_MONTH = 22
"""An hour a day, in round figures."""
WITHIN = 18
"""A rise that chance hides for more months than these is no measure."""
LIMIT_OF_CHANCE = 1.645


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to do, what it would bring, why this; `kind` is what it came from, empty where there is none."""

    kind: str
    title: str
    brings: Said
    because: str
    true: tuple[str, ...]
    know: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Idea:
    """`effect`: in items a month, or for `sooner` in hours that each of them is done sooner."""

    kind: str
    title: str
    effect: Estimate
    because: str
    step: str = ""
    sooner: bool = False
    at_most: bool = False


def proposal(told: Told, decisions: Mapping[str, Any] | None, asked: Asked) -> Proposal:
    """The proposal of the page; to change nothing is one."""
    decided = _decided(decisions)
    if decided:
        return _of_decision(told, decided, asked, decisions or {})
    ideas = list(_ideas(told))
    best = max(ideas, key=lambda one: (not one.sooner, one.effect.value or 0.0), default=None)
    if best is None:
        return _none(told)
    return Proposal(
        best.kind, best.title, _brings(told, best), best.because, tuple(_must_be_true(told, best)),
        tuple(_would_know(told, best, asked)),
    )  # fmt: skip


def _brings(told: Told, idea: _Idea) -> Said:
    one, unit = idea.effect, clipped(told.workflow.unit, 30)
    if idea.sooner:
        words = _("up to %(time)s less for each %(unit)s") if idea.at_most else _("%(time)s less for each %(unit)s")
        return exact(words % {"time": lead(one.value or 0.0), "unit": unit}, lead_around(one))
    words = _("%(n)s %(units)s a month")
    more = number(one.value or 0.0, fine(one), signed=True)
    return exact(words % {"n": more, "units": plural(unit)}, around(one, fine(one)))


def _ideas(told: Told) -> Iterator[_Idea]:
    """What helps as far as one can tell: the lever of the constraint, no more waiting at it, less work at a step."""
    found = told.results.bottleneck
    if found is None:
        return
    if found.lever and found.unlocks and found.unlocks.told and (found.unlocks.value or 0) > 0:
        title = str(capfirst(clipped(found.lever, 90)))
        yield _Idea("lever", title, found.unlocks, _("by the fluid bound, in the long run"))
    elif found.constraint and found.waits and found.waits.told and found.constraint.kind != "demand":
        step = found.constraint.steps[0].rpartition("/")[2] if found.constraint.steps else ""
        because = _("that is all the waiting there; what is left of it, only a comparison tells")
        yield _Idea("waiting", _unwaited(found), found.waits, because, step, sooner=True, at_most=True)
    method = next((one for one in found.methods if one.method == "sensitivity"), None)
    for row in [one for one in method.rows if one.kind == "step"][:1] if method else ():
        if method and row.value > 0 and row.low > 0:
            title = _("Take a tenth of the work out of %(step)s") % {"step": clipped(row.name, 70)}
            step, effect = row.key.rpartition("/")[2], Estimate(row.value, row.low, row.high)
            sooner = method.unit.startswith("hours")
            yield _Idea("sensitivity", title, effect, _("simulated on the same draws"), step, sooner=sooner)


def _unwaited(found: BottleneckAnswer) -> str:
    """What to do about waiting, by what it waits for."""
    kind, name = (found.constraint.kind, found.constraint.name) if found.constraint else ("", "")
    words = {
        "calendar": _("Let %(name)s be done on more days"),
        "outside": _("Agree a date for %(name)s with those outside"),
    }
    return words.get(kind, _("Take %(name)s first when it comes in")) % {"name": clipped(name, 60)}


def _none(told: Told) -> Proposal:
    found = told.results.bottleneck
    if found is None:
        return Proposal(
            "", _("Find the bottleneck first"), (), _("Nobody asked yet where work is held back."),
            (_("The map is as work really goes."),), (_("The answer names one constraint, with an interval."),),
        )  # fmt: skip
    return Proposal(
        "", _("Change nothing here"), exact(_("0 of what was asked helps as far as one can tell"), ""),
        _("Neither an hour more of anybody nor less work at a step would bring more."),
        tuple(found.because[:1]), (_("More come in and are still done as fast."),),
    )  # fmt: skip


# -- decisions that were simulated -----------------------------------------------------------------------------------


def _decided(decisions: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The decision that raises the probability of the plan most, as far as one can tell."""
    rows = [one for one in (decisions or {}).get("decisions", ()) if isinstance(one, Mapping)]
    told = [one for one in rows if (gain := _estimate(one.get("gain"))).told and (gain.value or 0) > 0]
    return max(told, key=lambda one: _estimate(one.get("gain")).value or 0.0, default=None)


def _estimate(found: Any) -> Estimate:
    if not isinstance(found, Mapping):
        return Estimate(None)
    return Estimate(found.get("value", found.get("difference")), found.get("low"), found.get("high"))


def _of_decision(told: Told, found: Mapping[str, Any], asked: Asked, whole: Mapping[str, Any]) -> Proposal:
    gain = _estimate(found["gain"])
    said = _("%(n)s percentage points for the plan") % {"n": number((gain.value or 0) * 100, signed=True)}
    idea = _Idea("decision", clipped(str(found.get("title", "")), 110), gain, "")
    return Proposal(
        "decision", idea.title, exact(said, around(gain, 0, 100)),
        _why_this(whole),
        tuple(_must_be_true(told, idea)), tuple(_would_know(told, idea, asked)),
    )  # fmt: skip


def _why_this(whole: Mapping[str, Any]) -> str:
    """Of how many changes it is the best, from which probability, and of which plan, as far as that is known."""
    today, rows, tried = _estimate(whole.get("today")), whole.get("asks_for", ()), len(whole.get("tried", ()))
    if today.value is None or not rows or not tried:
        return _(
            "of all redesigns of one step that need nobody new, the one that raises the probability of the plan most"
        )
    plan = ", ".join(
        f"{one['name']} {' + '.join(number(each, int(each % 1 > 0)) for each in one['per_month'])}" for one in rows
    )
    words = _(
        "of %(tried)s redesigns of one step that need nobody new, the one that raises it most; %(now)s %% as things "
        "are. The plan, by month: %(plan)s"
    )
    return words % {"tried": tried, "now": number(today.value * 100), "plan": clipped(plan, 120)}


# -- what must be true, how we would know ----------------------------------------------------------------------------


def _must_be_true(told: Told, idea: _Idea) -> Iterator[str]:
    found = told.results.bottleneck
    if idea.kind == "lever" and found and found.constraint:
        words = _("%(name)s can really give %(n)s hours a month more to this work.")
        if "one more" in found.lever and "hour" not in found.lever:
            words = _("With one more in hand, none of them takes longer.")
        elif found.constraint.kind == "calendar":
            words = _("Those who do %(name)s are there in that hour.")
        yield words % {"name": clipped(found.constraint.name, 50), "n": HOURS_A_MONTH}
    if idea.kind == "waiting" and found and found.constraint:
        yield _true_of_waiting(found)
    if idea.kind == "sensitivity" and (stay := told.walked.stay(idea.step)):
        words = _("A visit of it takes %(less)s instead of %(now)s, and no more comes back.")
        yield words % {"less": hours(stay.worked * 0.9), "now": hours(stay.worked)}
    if found:
        yield _demand(told, found)
    yield _rests_on(told)
    rework = max((one for one in told.workflow.steps if one.rework), key=_comes_back, default=None)
    if rework and rework.rework:
        yield _("No more than %(n)s %% come back from %(step)s.") % {
            "n": number(rework.rework.probability * 100), "step": clipped(rework.name, 50)}  # fmt: skip


def _true_of_waiting(found: BottleneckAnswer) -> str:
    kind, name = (found.constraint.kind, found.constraint.name) if found.constraint else ("", "")
    words = {
        "calendar": _("Whoever does %(name)s can be there on those days."),
        "outside": _("Those outside can do their part of %(name)s sooner."),
    }
    return words.get(kind, _("What is done later for it can wait.")) % {"name": clipped(name, 50)}


def _comes_back(step: Any) -> float:
    return float(step.rework.probability) if step.rework else 0.0


def _demand(told: Told, found: BottleneckAnswer) -> str:
    fact = found.because[0] if found.because else ""
    if not found.lever:
        return f"{_('No more come in than people can do.')} {fact}".strip()
    if found.holds_back and found.holds_back.told:
        return f"{_('As many keep coming in.')} {fact}".strip()
    return f"{_('More come in than today.')} {fact}".strip()


def _rests_on(told: Told) -> str:
    steps = [one for one in told.workflow.steps if not one.gate]
    assumed = sum(one.origin.get("effort") != "log" for one in steps)
    if not assumed:
        return _("Work goes on as in the log.")
    if assumed == len(steps):
        return _("The hours of the steps, all of them assumed, are about right.")
    return _("The hours of %(n)s of %(all)s steps, which are assumed, are about right.") % {
        "n": assumed, "all": len(steps)}  # fmt: skip


def _would_know(told: Told, idea: _Idea, asked: Asked) -> Iterator[str]:
    """What to measure, what it is today, when to look."""
    measured = told.results.measured
    if measured is None:
        return
    now, units = measured.figures.per_month, plural(told.workflow.unit)
    if now and now.value and idea.kind != "decision" and not idea.sooner:
        yield _finished(now, idea.effect, units)
    yield from _felt(told, idea)
    if (one := measured.figures.lead_p85) and one.value is not None:
        words = _("85 of 100 are done sooner than now: %(now)s %(between)s.")
        yield words % {"now": lead(one.value), "between": lead_around(one)}
    if asked.first:
        yield _("We look again on %(day)s, and write down today what we expect.") % {
            "day": day_words(later(asked.first, 6))}  # fmt: skip


def _finished(now: Estimate, effect: Estimate, units: str) -> str:
    """What is finished today, and how long chance would hide a rise: items come and go about at random."""
    told = {"units": units, "now": number(now.value or 0, 1), "between": around(now)}
    more = effect.value or 0.0
    months = ceil(2 * (now.value or 0) * (LIMIT_OF_CHANCE / more) ** 2) if more > 0 else 0
    if 0 < months <= WITHIN:
        words = ngettext(
            "More %(units)s a month than %(now)s %(between)s; a month of them stands out of chance.",
            "More %(units)s a month than %(now)s %(between)s; after %(n)s months that stands out of chance.", months,
        )  # fmt: skip
        return words % {**told, "n": months}
    words = _("Not by counting: %(now)s %(units)s a month %(between)s vary too much to show it within %(n)s months.")
    return words % {**told, "n": WITHIN}


def _felt(told: Told, idea: _Idea) -> Iterator[str]:
    """The waiting before the step at which the constraint is felt most."""
    stays = [one for one in told.walked.stays if one.step == idea.step or (not idea.step and one.step in told.hot)]
    worst = max(stays, key=lambda one: one.waited, default=None)
    if worst and worst.waited >= 0.5:
        name = clipped(told.workflow.step(worst.step).name, 50)
        yield _("Work waits less before %(step)s than today’s %(now)s.") % {
            "step": name, "now": hours(worst.waited)}  # fmt: skip
