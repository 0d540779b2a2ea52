"""Workflows as rows of a list, and what the list answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.workflows.charts.marks import number, span
from marops.domains.workflows.rules.answers import BottleneckAnswer, Estimate
from marops.domains.workflows.telling.told import Told
from marops.domains.workflows.telling.words import lead

SURE = 0.95
"""Of all items on time: nobody needs to be told that some are late."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """A workflow in the list."""

    slug: str
    title: str
    crew: str
    steps: int
    mix: SafeString
    p50: str
    p85: str
    on_time: str
    bottleneck: str
    holds_back: Estimate | None
    held: str
    kept: Estimate | None
    origin: str
    version: int
    state: str
    drawn: str


def list_row(slug: str, told: Told, *, crew: str, version: int, state: str) -> ListRow:
    """A workflow as a row of the list."""
    figures = told.results.measured.figures if told.results.measured else None
    found = told.results.bottleneck
    origins = {origin for step in told.workflow.steps for origin in step.origin.values()}
    measured = told.results.measured is not None and told.results.measured.origin == "log"
    return ListRow(
        slug=slug, title=told.workflow.title, crew=crew, steps=sum(not one.gate for one in told.workflow.steps),
        mix=told.mix(f"mix-{slug}"),
        p50=_lead_of(figures.lead_p50 if figures else None), p85=_lead_of(figures.lead_p85 if figures else None),
        on_time=_share_of(figures.on_time if figures else None),
        bottleneck=found.constraint.name if found and found.constraint else "",
        holds_back=found.holds_back if found else None,
        held=_held(found),
        kept=figures.on_time if figures else None,
        origin="log" if measured or "log" in origins or told.workflow.source else "assumed",
        version=version, state=state, drawn=told.time(told.walked.total),
    )  # fmt: skip


def _held(found: BottleneckAnswer | None) -> str:
    """What is held back a month, with its interval; where nothing is, how long work waits there."""
    one = found.holds_back if found else None
    if found is None or one is None or one.value is None:
        return ""
    if abs(one.value) < 0.05 and abs(one.high or 0.0) < 0.05:
        waits = found.waits.value if found.waits else None
        return _("work waits %(time)s") % {"time": lead(waits)} if waits else _("nothing is lost")
    between = span(one.low, one.high)
    said = f"{number(one.value, 1)} ({between})" if between else number(one.value, 1)
    return _("holds back %(n)s a month") % {"n": said}


def _lead_of(one: Estimate | None) -> str:
    return lead(one.value) if one and one.value is not None else ""


def _share_of(one: Estimate | None) -> str:
    return f"{number(one.value * 100)} %" if one and one.value is not None else ""


def list_answer(rows: Sequence[ListRow]) -> Mapping[str, str]:
    """Which workflow holds the operation back, or what is missing to say so."""
    asked = [one for one in rows if one.holds_back and one.holds_back.value is not None]
    held = [one for one in asked if one.holds_back and (one.holds_back.value or 0) >= 0.05]
    if asked and not held:
        return {"one": _nothing_held(asked)}
    if held:
        worst = max(held, key=lambda one: one.holds_back.value if one.holds_back and one.holds_back.value else 0.0)
        back = worst.holds_back or Estimate(None)
        told = {"title": worst.title, "name": worst.bottleneck, "n": number(back.value or 0, 1)}
        said = _("%(title)s is held back most: %(name)s costs it %(n)s a month") % told
        return {"one": said, "iv": span(back.low, back.high)}
    count = ngettext("One workflow is drawn.", "%(n)s workflows are drawn.", len(rows)) % {"n": len(rows)}
    return {"one": f"{count} {_('Nobody asked yet where work is held back.')}"}


def _nothing_held(asked: Sequence[ListRow]) -> str:
    """No workflow loses work: which one keeps its dates least?"""
    said = ngettext(
        "The workflow that was looked at gets everything done that comes in",
        "All %(n)s workflows that were looked at get everything done that comes in",
        len(asked),
    ) % {"n": len(asked)}
    late = [one for one in asked if one.kept and one.kept.value is not None and one.kept.value < SURE]
    if not late:
        return f"{said}."
    worst = min(late, key=lambda one: one.kept.value if one.kept and one.kept.value is not None else 1.0)
    told = {"title": worst.title, "share": worst.on_time}
    return f"{said}; {_('%(title)s is late most often: %(share)s on time') % told}."
