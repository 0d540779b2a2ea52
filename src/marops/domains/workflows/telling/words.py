"""Words for what workflows are measured by: causes, touches, lead times, figures in their units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.workflows.charts.maps import SHAPES
from marops.domains.workflows.charts.marks import hours, number, span
from marops.domains.workflows.rules.answers import Estimate, Evidence, Line
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.walk import Walk


def cause_words(*, logged: bool = False) -> Mapping[str, str]:
    """Causes of waiting as people say them. `logged`: a log says so, which cannot tell who is outside from who is free
    and does not begin.
    """
    return {
        "unavailability": _("nobody at work"),
        "batching": _("collected first"),
        "contention": _("people are busy"),
        "prioritisation": _("others went first"),
        "outside": _("not taken up") if logged else _("outside the team"),
    }


def cause_reasons(*, logged: bool) -> Mapping[str, str]:
    """Why work mostly waits, to end a sentence. `logged`: a log says so, which knows nothing of what is outside."""
    outside = _("mostly for others outside, or because other things come first")
    if logged:
        outside = _("mostly while those who do it are free: the log does not say what holds it up")
    return {
        "unavailability": _("mostly while nobody who does it is at work"),
        "batching": _("mostly because it is collected first, or closed"),
        "contention": _("mostly because those who do it have earlier work"),
        "prioritisation": _("mostly because other work goes first"),
        "outside": outside,
    }


def touch_words() -> Mapping[str, str]:
    """Touches as people say them."""
    return {"human": _("worked by a person"), "ai_assisted": _("with AI"), "automatic": _("automatic")}


def lead(value: float) -> str:
    """Hours on the wall as days, or as hours where it is less than two."""
    if value < 48:
        return hours(value)
    return _("%(n)s days") % {"n": number(value / 24, 0 if value >= 240 else 1)}


def measured_in(evidence: Evidence) -> str:
    """In which log, over how many cases, and when."""
    cases = ngettext("one case", "%(n)s cases", evidence.cases) % {"n": f"{evidence.cases:,}"}
    said = _("measured in the log %(log)s (%(cases)s)") % {"log": evidence.log, "cases": cases}
    if evidence.since and evidence.until:
        told = {"log": evidence.log, "cases": cases, "since": date_format(evidence.since, "M Y")}
        told["until"] = date_format(evidence.until, "M Y")
        said = _("measured in the log %(log)s (%(cases)s, %(since)s–%(until)s)") % told
    return said


def touch_parts(workflow: Workflow, walked: Walk) -> list[tuple[str, float]]:
    """Hours of work of a typical item by touch."""
    steps = {one.id: one for one in workflow.steps}
    found = {"human": 0.0, "ai": 0.0, "auto": 0.0}
    for stay in walked.stays:
        found[SHAPES[steps[stay.step].touch]] += stay.worked * stay.share
    return list(found.items())


def touch_sentence(workflow: Workflow, walked: Walk) -> str:
    """The same in words."""
    words = {"human": _("people"), "ai": _("with AI"), "auto": _("automatic")}
    return ", ".join(f"{words[name]} {hours(value)}" for name, value in touch_parts(workflow, walked) if value)


@dataclass(frozen=True, slots=True)
class CompareRow:
    """A figure of a comparison: doing nothing and each option, as words with their intervals; the best one marked."""

    name: str
    cells: tuple[tuple[str, str, str, bool], ...]


def compare_row(line: Line, currency: str, titles: Sequence[str]) -> CompareRow:
    """A line of a comparison in words; `titles`: of doing nothing and of the options."""
    told = [estimate_words(one, line, currency) for one in (line.baseline or Estimate(None), *line.options)]
    known = [one.value for one in line.options if one.value is not None]
    best = (max(known) if line.better == "more" else min(known)) if known and len(line.options) > 1 else None
    marked = [bool(line.better) and one.value is not None and one.value == best for one in line.options]
    said = [words for words, _between in told[1:]]
    if any(
        words == said[marked.index(True)] for words, mark in zip(said, marked, strict=True) if not mark and any(marked)
    ):
        marked = [False] * len(marked)  # to a reader they are alike
    cells = [
        (title, words, between, mark)
        for title, (words, between), mark in zip(titles, told, [False, *marked], strict=True)
    ]
    return CompareRow(line.name, tuple(cells))


def estimate_words(one: Estimate, line: Line, currency: str) -> tuple[str, str]:
    """A figure of a comparison and its interval, in its unit; "cannot tell" where there is none."""
    if one.value is None:
        if one.why == hidden():  # said once, under the table
            return _("not shown"), ""
        return (_("cannot tell"), one.why) if one.why else ("–", "")
    between = _in_unit_between(one, line, currency)
    return _in_unit(one.value, line, currency), between


def hidden() -> str:
    """What stands where a figure is not shown to whoever asks."""
    return _("only those who may see pay see this: what a person is paid could be worked out of it")


def _cents(value: float) -> int:
    return 2 if 0 < abs(value) < 100 else 0


def _in_unit(value: float, line: Line, currency: str) -> str:
    if line.unit == "share":
        return f"{number(value * 100)} %"
    if line.unit == "days":
        return lead(value * 24)
    if line.unit == "hours":
        return lead(value)
    if line.unit == "money":
        return f"{currency} {number(value, _cents(value))}"
    return number(value, line.decimals)


def _in_unit_between(one: Estimate, line: Line, currency: str) -> str:
    if one.low is None or one.high is None:
        return ""
    factor = 100.0 if line.unit == "share" else 1.0
    if line.unit in ("hours", "days"):  # as the figure itself is said: in hours below two days
        wall = (one.value or 0.0) * (24 if line.unit == "days" else 1)
        factor = (24.0 if line.unit == "days" else 1.0) / (24 if wall >= 48 else 1)
    low, high = one.low * factor, one.high * factor
    decimals = 0 if line.unit == "share" or high >= 20 else line.decimals
    if line.unit == "money":
        decimals = _cents(high)
    return span(low, high, decimals)
