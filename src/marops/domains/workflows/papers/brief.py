"""The workflow page for the one-to-one: map, bottleneck, evidence and exactly one proposal, from answers alone."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.workflows.charts import plots
from marops.domains.workflows.charts.graph import graph
from marops.domains.workflows.charts.maps import WorkflowMap
from marops.domains.workflows.charts.marks import drawing, number, tag
from marops.domains.workflows.charts.strip import strip
from marops.domains.workflows.charts.to_scale import to_scale
from marops.domains.workflows.papers.course import MOST as MOST_IN_COURSE
from marops.domains.workflows.papers.course import course
from marops.domains.workflows.papers.listing import step_list
from marops.domains.workflows.papers.pieces import (
    Asked,
    Figure,
    Piece,
    Plot,
    Said,
    Setting,
    Share,
    around,
    clipped,
    day_words,
    exact,
    fine,
    later,
    lead_around,
    plot_of,
)
from marops.domains.workflows.papers.proposing import Proposal, proposal
from marops.domains.workflows.rules.answers import BottleneckAnswer, Estimate, Figures, Measured, plural
from marops.domains.workflows.telling import Told, cause_words, lead

WIDTHS = (960.0, 1152.0)
"""How wide the map on paper may be drawn: its letters stay readable when it is as wide as a page."""
LOW = 0.46
"""Height by width of the highest map that leaves room for the rest of the page."""
STEPS_OF_GRAPH = 12
CHOICES = 3
"""More steps after which one of several ways is taken have no one course."""
ROWS = 4
LITTLE = 0.05
"""Items a month: fewer are none."""
LETTERS = 48
_BOX = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
CAUSES = ("unavailability", "batching", "contention", "prioritisation", "outside")


@dataclass(frozen=True, slots=True)
class Brief:
    """All that stands on the page. `map`: an SVG in the site's classes; `map_kind`: `time`, `graph` or `list`."""

    title: str
    setting: Setting
    answer: Said
    under: str
    map: SafeString
    map_narrow: SafeString
    map_kind: str
    map_words: str
    touches: tuple[tuple[str, str], ...]
    plots: tuple[Plot, ...]
    pictures: tuple[SafeString, ...]
    agreement: str
    figures: tuple[Figure, ...]
    causes: tuple[Share, ...]
    causes_picture: SafeString
    proposal: Proposal
    waiting: tuple[str, ...]
    evidence: tuple[str, ...]
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the page is made of besides the workflow as told: what was asked, how well the model fits, decisions."""

    setting: Setting
    asked: Asked = field(default_factory=Asked)
    fit: Mapping[str, Any] | None = None
    decisions: Mapping[str, Any] | None = None


def brief(told: Told, known: Known) -> Brief:
    """The page. Parts that nobody asked for are empty and say so."""
    found, measured = told.results.bottleneck, told.results.measured
    picture, kind, words = _picture(told)
    return Brief(
        title=clipped(told.workflow.title, 90),
        setting=known.setting,
        answer=answer(told),
        under=_under(told, known),
        map=picture,
        map_narrow=strip(_unlinked(told)),
        map_kind=kind,
        map_words=words,
        touches=_touches(told),
        plots=tuple(plot_of(one, hot=hot_in(one.rows, found), rows=ROWS) for one in found.methods if one.rows)
        if found
        else (),
        pictures=tuple(_dots(found)) if found else (),
        agreement=found.agreement if found else "",
        figures=tuple(_figures(told, measured.figures)) if measured else (),
        causes=_causes(told),
        causes_picture=_bar(_causes(told)),
        proposal=proposal(told, known.decisions, known.asked),
        waiting=tuple(_waiting(told, known.asked)),
        evidence=tuple(_evidence(told, known)),
        sources=tuple(_sources(known)),
        notes=_notes(told.workflow.notes),
    )


# -- the answer ------------------------------------------------------------------------------------------------------


def answer(told: Told) -> Said:
    """The first sentence: what is held back and what would help; that nothing is; or what is drawn."""
    found, units = told.results.bottleneck, plural(told.workflow.unit)
    if found is None:
        return tuple(Piece(one) for one in told.answer.values() if one)
    if found.constraint is None or found.constraint.kind == "demand":
        return (Piece(_("Nothing that people do holds %(units)s back: more could come in.") % {"units": units}),)
    name, back, waits = clipped(found.constraint.name, 60), found.holds_back, found.waits
    words = {"name": name, "units": units, "unit": clipped(told.workflow.unit, 40)}
    if back and back.told and (back.value or 0.0) >= LITTLE:
        first = _("%(name)s holds back %(n)s %(units)s a month") % {**words, "n": number(back.value or 0, fine(back))}
        return (*exact(first, around(back, fine(back))), *_unlocks(found))
    if waits and waits.value is not None and not found.lever:
        first = _("Every %(unit)s waits %(time)s at %(name)s") % {**words, "time": lead(waits.value)}
        return (*exact(first, lead_around(waits)), *_spare(found))
    if not found.lever:
        return (Piece(_("%(name)s is what limits %(units)s most.") % words),)
    return (*_not_lost(told, words), *_unlocks(found))


def _not_lost(told: Told, words: Mapping[str, str]) -> Said:
    """Everything is done that comes in: in time, or only late?"""
    if late := told.late:
        first = _("No %(units)s are lost, but only %(share)s %% are on time")
        said = exact(first % {**words, "share": number((late.value or 0.0) * 100)}, around(late, 0, 100))
        return (*said, Piece(_("; if more came in, %(name)s would be the limit") % words))
    return exact(_("Nothing is held back today; if more %(units)s came in, %(name)s would be the limit") % words, "")


def _spare(found: BottleneckAnswer) -> Said:
    if found.spare is None or found.spare < 1:
        return (Piece("."),)
    return (Piece(_("; people could do %(n)s times what comes in.") % {"n": number(found.spare, 1)}),)


def _unlocks(found: BottleneckAnswer) -> Said:
    more = found.unlocks
    if more is None or more.value is None or not found.lever:
        return (Piece("."),)
    words = _("; %(lever)s unlocks %(n)s") % {"lever": clipped(found.lever, 80), "n": number(more.value, fine(more))}
    return (*exact(words, around(more, fine(more))), Piece("."))


def hot_in(rows: Sequence[Any], found: BottleneckAnswer) -> str:
    """Key or name of the row that is the constraint, or is felt there; a mark that nothing has where none is."""
    thing = found.constraint
    for one in rows:
        if thing and ((one.key and one.key in (thing.key, *thing.steps)) or one.name == thing.name):
            return str(one.key or one.name)
    return "\0"


def _dots(found: BottleneckAnswer) -> Iterator[SafeString]:
    """The same plots as the pages draw them."""
    for one in found.methods:
        if one.rows:
            rows = one.rows[:ROWS]
            yield plots.dots(replace(one, rows=rows), ident=f"m-{one.method}", hot=hot_in(rows, found))


# -- the picture -----------------------------------------------------------------------------------------------------


def _picture(told: Told) -> tuple[SafeString, str, str]:
    """The map to scale where it is low enough; else its course, a row for each step; a graph; a list of bars."""
    steps, shown = len(told.map.steps), _unlinked(told)
    if _has_course(told) and steps <= MOST_IN_COURSE:
        drawn = to_scale(shown, ident="paper", widths=WIDTHS)
        if shape_of(drawn) <= LOW and not told.has_no_course:
            return drawn, "time", _scale_words(told)
        return course(shown, ident="paper"), "time", _scale_words(told)
    if steps <= STEPS_OF_GRAPH and _width(drawn := graph(shown, ident="paper")) <= WIDTHS[-1]:
        return drawn, "graph", _("bars compare the hours of steps; strong ways are taken often")
    words = _("all bars on one scale; beside them the hours of a typical visit: waited + worked")
    return step_list(shown, ident="paper"), "list", words


def _has_course(told: Told) -> bool:
    """Do so few ways part and lead back that the steps stand on one axis of time?"""
    parting = sum(one.split == "one" for one in told.workflow.steps)
    return told.walked.total > 0 and parting + sum(one.back for one in told.walked.links) <= CHOICES


def _unlinked(told: Told) -> WorkflowMap:
    """The map without links, which lead nowhere from paper."""
    steps = (replace(one, url="", name=clipped(one.name, LETTERS)) for one in told.map.steps)
    return replace(told.map, steps=tuple(steps))


def shape_of(svg: str) -> float:
    """Height by width of a picture."""
    found = _BOX.search(svg)
    return float(found[2]) / float(found[1]) if found and float(found[1]) else 0.1


def _width(svg: str) -> float:
    found = _BOX.search(svg)
    return float(found[1]) if found else 0.0


def _scale_words(told: Told) -> str:
    words = {"unit": clipped(told.workflow.unit, 30), "total": told.time(told.walked.total),
             "share": number(told.waiting_share * 100)}  # fmt: skip
    return _("drawn to scale; a typical %(unit)s takes %(total)s, %(share)s %% of it waits") % words


def _touches(told: Told) -> tuple[tuple[str, str], ...]:
    """The marks that occur, with their words."""
    words = {"human": _("worked by a person"), "ai": _("with AI"), "auto": _("automatic")}
    there = {one.shape for one in told.map.steps}
    return tuple((shape, said) for shape, said in words.items() if shape in there)


# -- figures ---------------------------------------------------------------------------------------------------------


def _figures(told: Told, found: Figures) -> list[Figure]:
    """How it goes, in four numbers."""
    units = capfirst(plural(clipped(told.workflow.unit, 24)))
    shown = []
    if (one := found.per_month) and one.value is not None:
        shown.append(Figure(_("%(units)s finished a month") % {"units": units}, number(one.value, 1), _between(one, 1)))
    most = _("85 of 100 within")
    if (promise := told.workflow.promise) and abs(promise.share - 0.85) < 0.001:
        most = _("85 of 100 within; promised: %(time)s") % {"time": lead(promise.hours)}
    for name, one in ((_("Half are done within"), found.lead_p50), (most, found.lead_p85)):
        if one and one.value is not None:
            shown.append(Figure(name, lead(one.value), lead_around(one).strip("()")))
    if (one := found.on_time) and one.value is not None:
        shown.append(Figure(_("On time"), f"{number(one.value * 100)} %", _between(one, 0, 100)))
    return shown


def _between(one: Estimate, decimals: int, factor: float = 1.0) -> str:
    return around(one, decimals, factor).strip("()")


def _causes(told: Told) -> tuple[Share, ...]:
    """Waiting of a typical item by cause, as shares of the whole."""
    total: dict[str, float] = {}
    for stay in told.walked.stays:
        for cause, value in stay.causes.items():
            total[cause] = total.get(cause, 0.0) + value * stay.share
    logged = told.results.measured is not None and told.results.measured.evidence is not None
    whole, words = sum(total.values()), cause_words(logged=logged)
    if whole <= 0:
        return ()
    known = [*CAUSES, *sorted(set(total) - set(CAUSES))]
    return tuple(
        Share(words.get(one, one), total[one] / whole) for one in known if total.get(one, 0.0) / whole >= 0.005
    )


def _bar(parts: Sequence[Share]) -> SafeString:
    """All waiting as one bar that is as wide as there is room; its words stand beside it."""
    body, x = [], 0.0
    for at, one in enumerate(parts, 1):
        css, width = f"pieces cause-{min(at, 5)}", 1000 * one.share
        body.append(tag("rect", class_=css, x=x, y=0.0, width=width, height=16.0))
        x += width
    says = "; ".join(f"{one.name} {one.percent}" for one in parts)
    title = _("Waiting by cause")
    svg = drawing(body, width=1000, height=16.0, ident="waits", title=title, says=says, css="chart bar")
    return SafeString(svg.replace("<svg ", '<svg preserveAspectRatio="none" ', 1)) if parts else SafeString("")


def _under(told: Told, known: Known) -> str:
    summary = clipped(told.workflow.summary, 160)
    if told.results.measured is None:
        return f"{summary} {told.under}".strip()
    return summary


# -- what happens if we wait -----------------------------------------------------------------------------------------


def _waiting(told: Told, asked: Asked) -> list[str]:
    """What doing nothing costs, and how work in hand and lead times go on."""
    found, measured = told.results.bottleneck, told.results.measured
    said = []
    if found and found.constraint and found.constraint.kind != "demand":
        said.append(_goes_on(told, found))
    if measured and asked.first:
        said += _drift(
            measured.figures.in_work_by_month, asked.first, _("Work in hand"), lambda value: number(value, 1)
        )
        said += _drift(
            measured.figures.lead_p85_by_month, asked.first, _("The time within which 85 of 100 are done"), lead
        )
    if found and found.next_says:
        said.append(found.next_says)
    return said or [_("Nobody simulated yet how it goes on.")]


def _goes_on(told: Told, found: BottleneckAnswer) -> str:
    """What the constraint goes on costing: items, or waiting."""
    back, units = found.holds_back, plural(told.workflow.unit)
    if back and back.told and (back.value or 0.0) >= LITTLE:
        words = {
            "n": number(back.value or 0, 1), "between": around(back), "units": units,
            "year": number(12 * (back.value or 0)), "range": around(back, 0, 12),
        }  # fmt: skip
        return _("Every month goes without %(n)s %(units)s %(between)s: %(year)s a year %(range)s.") % words
    if found.waits and found.waits.value is not None and not found.lever:
        words = {"time": lead(found.waits.value), "between": lead_around(found.waits), "units": units,
                 "name": clipped(found.constraint.name if found.constraint else "", 50)}  # fmt: skip
        return _("No %(units)s are lost, but each goes on waiting %(time)s %(between)s at %(name)s.") % words
    return _("As long as no more come in than today, no %(units)s are lost.") % {"units": units}


def _drift(months: Sequence[Estimate], first: date, name: str, say: Any) -> list[str]:
    """A figure now and in the same month a year later, where there are so many months; seasons fall out of it."""
    if len(months) < 13 or months[0].value is None or months[12].value is None:
        return []
    now, then = months[0], months[12]
    when = day_words(later(first, 12).replace(day=1)).split(" ", 1)[1]
    told = {"name": name, "now": say(now.value), "then": say(then.value), "when": when}
    if now.high is None or then.low is None or now.low is None or then.high is None:
        return []
    if now.high < then.low:
        return [_("%(name)s grows: %(now)s at first, %(then)s in %(when)s.") % told]
    if then.high < now.low:
        return [_("%(name)s falls: %(now)s at first, %(then)s in %(when)s.") % told]
    return [_("%(name)s stays about the same: %(now)s at first, %(then)s in %(when)s.") % told]


# -- evidence and sources --------------------------------------------------------------------------------------------


def _evidence(told: Told, known: Known) -> list[str]:
    """What the figures are from: log or drawing, runs, fit, how much of it is assumed."""
    measured, source = told.results.measured, told.workflow.source
    said = []
    if source and source.cases:
        cases = ngettext("One case", "%(n)s cases", source.cases) % {"n": f"{source.cases:,}"}
        period = f", {source.first[:10]} – {source.last[:10]}" if source.first and source.last else ""
        said.append(_("Read off the log %(log)s: %(cases)s%(period)s.") % {
            "log": clipped(source.log, 40), "cases": cases, "period": period})  # fmt: skip
    if measured and measured.evidence:
        said.append(_("Where work waits, and why, is measured in that log."))
    if measured:
        said.append(_simulated(measured, known.asked, plural(told.workflow.unit)))
    said.append(_assumed(told))
    said.append(_fit(known.fit, measured))
    return [one for one in said if one]


def _simulated(measured: Measured, asked: Asked, units: str) -> str:
    told = {"cases": f"{measured.cases:,}", "units": units, "runs": f"{measured.runs:,}", "months": asked.months}
    if not measured.runs:
        return _("%(cases)s %(units)s were measured.") % told
    if not asked.first:
        return _("%(cases)s %(units)s in %(runs)s simulated runs.") % told
    told["first"] = day_words(asked.first)
    return _("%(cases)s %(units)s in %(runs)s simulated runs of %(months)s months from %(first)s.") % told


def _assumed(told: Told) -> str:
    steps = [one for one in told.workflow.steps if not one.gate]
    logged = sum(one.origin.get("effort") == "log" for one in steps)
    if logged == len(steps):
        return _("The hours of all %(n)s steps are from the log.") % {"n": len(steps)}
    if not logged:
        return _("The hours of all %(n)s steps are assumed.") % {"n": len(steps)}
    return _("The hours of %(log)s of %(n)s steps are from the log, the others are assumed.") % {
        "log": logged, "n": len(steps)}  # fmt: skip


def _fit(fit: Mapping[str, Any] | None, measured: Measured | None) -> str:
    rows = [one for one in (fit or {}).get("distances", ()) if one.get("ratio") is not None]
    first = next((one for one in rows if "cycle" in str(one["name"])), rows[0] if rows else None)
    if first:
        told = {"name": capfirst(str(first["name"])), "n": number(float(first["ratio"]), 1)}
        return _("%(name)s of the model stand %(n)s times the noise floor from a log it has not seen.") % told
    if measured and measured.fit and measured.fit.value is not None:
        told = {"n": number(measured.fit.value, 1)}
        return _("Lead times of the model stand %(n)s times the noise floor from a log it has not seen.") % told
    return _("Not yet held against a log that the model has not seen.")


def _sources(known: Known) -> list[str]:
    """Versions, runs, seed, time."""
    setting, asked = known.setting, known.asked
    refs = list(asked.versions) or ([f"workflow/{setting.slug}@{setting.version}"] if setting.version else [])
    shown = [clipped(one, 60) for one in refs[:8]]
    if len(refs) > len(shown):
        shown.append(_("%(n)s more") % {"n": len(refs) - len(shown)})
    said = [_("From %(refs)s.") % {"refs": ", ".join(shown)}] if shown else []
    said += asked.without
    if asked.runs:
        said.append(_("%(runs)s runs, seed %(seed)s; intervals are of 90 %% and of chance alone.") % {
            "runs": f"{asked.runs:,}", "seed": asked.seed})  # fmt: skip
    if setting.newest > setting.version > 0:
        said.append(_("Version %(n)s is newer than this answer.") % {"n": setting.newest})
    if setting.sample:
        said.append(_("The company of this page is made up."))
    return said


def _notes(notes: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """What the document says it rests on, short."""
    shown = [clipped(one, 150) for one in notes[:most]]
    if len(notes) > most:
        more = ngettext("One more note on the page.", "%(n)s more notes on the page.", len(notes) - most)
        shown.append(more % {"n": len(notes) - most})
    return tuple(shown)
