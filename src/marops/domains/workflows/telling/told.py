"""One workflow, told: see the package."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.workflows.charts import plots
from marops.domains.workflows.charts.graph import graph
from marops.domains.workflows.charts.maps import SHAPES, By, MapRework, MapStep, MapWay, WorkflowMap
from marops.domains.workflows.charts.marks import hours, number, span
from marops.domains.workflows.charts.strip import strip
from marops.domains.workflows.charts.to_scale import by_platform, column_days, is_crowded, lane_names, to_scale
from marops.domains.workflows.rules.answers import BottleneckAnswer, Comparison, Estimate, Measured, Method, plural
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Step, Workflow
from marops.domains.workflows.rules.walk import Stay, Walk, walk
from marops.domains.workflows.telling.words import (
    CompareRow,
    cause_reasons,
    cause_words,
    compare_row,
    hidden,
    lead,
    measured_in,
    touch_parts,
    touch_sentence,
)

CHOICES_TO_SCALE = 3
"""With more steps than these after which one of several ways is taken, there is no one course to draw to scale."""
STEPS_TO_SCALE = 40


@dataclass(frozen=True, slots=True)
class Results:
    """What was found out about a workflow so far, and for which of its versions."""

    measured: Measured | None = None
    bottleneck: BottleneckAnswer | None = None
    comparison: Comparison | None = None
    version: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """A step as a row: what the picture shows, in words."""

    step: Step
    stay: Stay
    lane: str
    origin: str
    then: str
    comes_back: str
    hot: bool
    bar: SafeString

    @property
    def waited(self) -> str:
        """Hours of waiting."""
        return hours(self.stay.waited)

    @property
    def worked(self) -> str:
        """Hours of work."""
        return hours(self.stay.worked)

    @property
    def causes(self) -> str:
        """Why it waits, in words."""
        words = cause_words(logged=self.stay.measured and self.origin == "log")
        worth = {
            cause: value for cause, value in self.stay.causes.items() if value >= max(0.1, 0.05 * self.stay.waited)
        }
        ordered = sorted(worth.items(), key=lambda one: -one[1])
        return ", ".join(f"{words.get(cause, cause)} {hours(value)}" for cause, value in ordered)


@dataclass(frozen=True)
class Told:
    """One workflow, told. `work_class`: the kind of work whose course is shown (left out: the one that comes most)."""

    workflow: Workflow
    crew: Crew | None = None
    results: Results = field(default_factory=Results)
    work_class: str = ""
    by: By = "role"
    linked: bool = True  # steps lead to their rows
    slug: str = ""
    version: int = 0

    @cached_property
    def walked(self) -> Walk:
        """The typical course."""
        times = self.results.measured.steps if self.results.measured else None
        return walk(self.workflow, self.crew, work_class=self.work_class, times=times)

    @cached_property
    def hot(self) -> frozenset[str]:
        """The steps at which the constraint is felt."""
        found = self.results.bottleneck
        steps = found.constraint.steps if found and found.constraint else ()
        parted = [one.rpartition("/") for one in steps]
        return frozenset(step for flow, _slash, step in parted if flow in ("", self.slug))

    @cached_property
    def felt_most(self) -> str:
        """The step at which the constraint makes work wait longest."""
        stays = [one for one in self.walked.stays if one.step in self.hot]
        return max(stays, key=lambda one: one.waited).step if stays else ""

    # -- sentences ---------------------------------------------------------------------------------------------------

    @cached_property
    def answer(self) -> Mapping[str, str]:
        """The first sentence in pieces: words, an interval, words, an interval. Empty ones are left out."""
        found = self.results.bottleneck
        if found and found.constraint and found.holds_back and found.holds_back.value is not None:
            return self._of_bottleneck(found)
        if found and found.constraint is None:
            return {
                "one": _("Nothing holds %(units)s back: more could come in.") % {"units": plural(self.workflow.unit)}
            }
        return {"one": self._of_course()}

    def _of_bottleneck(self, found: BottleneckAnswer) -> dict[str, str]:
        back, more = found.holds_back or Estimate(None), found.unlocks
        waited = found.constraint and found.constraint.kind in ("outside", "calendar") and not found.lever
        if found.constraint and waited and found.waits and found.waits.value:
            return self._of_waiting(found.constraint.name, found)
        told = {
            "name": found.constraint.name if found.constraint else "",
            "n": number(back.value or 0, 1),
            "units": plural(self.workflow.unit),
        }
        said = {"one": _("%(name)s holds back %(n)s %(units)s a month") % told, "iv": span(back.low, back.high)}
        if not told["n"].strip("0."):
            said = {"one": _("%(name)s fills up first, but holds nothing back at today's demand") % told}
            if late := self.late:
                told["share"] = number((late.value or 0.0) * 100)
                words = _("No %(units)s are lost, but only %(share)s %% are on time; %(name)s fills up first")
                said = {"one": words % told}
        if more and more.value is not None and found.lever:
            said["two"] = _("%(lever)s unlocks %(n)s") % {"lever": found.lever, "n": number(more.value, 1)}
            said["iv2"] = span(more.low, more.high)
        return said

    @property
    def late(self) -> Estimate | None:
        """The share on time where it is below what is promised, as far as one can tell."""
        promise, measured = self.workflow.promise, self.results.measured
        on_time = measured.figures.on_time if measured else None
        if promise is None or on_time is None or on_time.value is None:
            return None
        return on_time if (on_time.value if on_time.high is None else on_time.high) < promise.share else None

    def _of_waiting(self, name: str, found: BottleneckAnswer) -> dict[str, str]:
        """Where hours of people are plenty: what work waits for, and why."""
        waits = found.waits or Estimate(None)
        method = next((one for one in found.methods if one.method == "waiting"), None)
        told = {"name": name, "unit": self.workflow.unit, "hours": hours(waits.value or 0.0)}
        said = {"one": _("A %(unit)s waits %(hours)s for %(name)s") % told, "iv": span(waits.low, waits.high, 0)}
        reason = cause_reasons(logged=method.origin == "log").get(method.cause, "") if method else ""
        return {**said, "two": reason} if reason else said

    def _of_course(self) -> str:
        figures = self.results.measured.figures if self.results.measured else None
        unit = self.workflow.unit
        if figures and figures.lead_p50 and figures.lead_p85 and figures.lead_p50.value is not None:
            told = {"unit": unit, "p50": lead(figures.lead_p50.value), "p85": lead(figures.lead_p85.value or 0)}
            return _("Half of all take %(p50)s or less, 85 of 100 take %(p85)s or less.") % told
        told = {
            "unit": unit,
            "time": self.time(self.walked.total),
            "share": f"{self.waiting_share:.0%}".replace("%", " %"),
        }
        said = [
            _("As drawn, a typical %(unit)s takes %(time)s."),
            _("As drawn, a typical %(unit)s takes %(time)s; %(share)s of it waits."),
        ]
        if self.workflow.source:
            said = [
                _("By its log, a typical %(unit)s takes %(time)s."),
                _("By its log, a typical %(unit)s takes %(time)s; %(share)s of it waits."),
            ]
        return said[self.waiting_share >= 0.02] % told

    @property
    def waiting_share(self) -> float:
        """How much of the typical course is waiting."""
        return self.walked.waited / self.walked.total if self.walked.total else 0.0

    def time(self, value: float) -> str:
        """Working hours as working days, or as hours where it is less than two days."""
        if value < 2 * self.walked.day:
            return hours(value)
        return _("%(n)s working days") % {
            "n": number(value / self.walked.day, 0 if value > 10 * self.walked.day else 1)
        }

    @cached_property
    def under(self) -> str:
        """Where the figures come from, in a line or two."""
        measured = self.results.measured
        source = self.workflow.source
        if measured is None and source:
            told = {"log": source.log, "cases": f"{source.cases:,}", "covered": f"{100 * source.covered:.3g} %"}
            return _read_off() % told
        if measured is None:
            return _("All figures are from the drawing; queues for people show once it was simulated.")
        said = []
        if measured.evidence:
            said.append(_("Where work waits and why is %(measured)s.") % {"measured": measured_in(measured.evidence)})
            runs = ngettext(
                "The time ahead is from one simulated run.",
                "The time ahead is from %(n)s simulated runs.",
                measured.runs,
            )
        else:
            runs = ngettext("From one simulated run.", "From %(n)s simulated runs.", measured.runs)
        said.append(runs % {"n": f"{measured.runs:,}"})
        if self.is_stale:
            said.append(_("It was version %(n)s then; the workflow has changed since.") % {"n": self.results.version})
        if measured.fit and measured.fit.value is not None:
            fit = _("Lead times of the model stand %(n)s times the noise floor from a log it has not seen.")
            said.append(fit % {"n": number(measured.fit.value, 1)})
        return " ".join(said)

    @property
    def is_stale(self) -> bool:
        """Was it another version that was asked about?"""
        return bool(self.results.version and self.version and self.results.version != self.version)

    # -- the map -----------------------------------------------------------------------------------------------------

    @cached_property
    def map(self) -> WorkflowMap:
        """What is drawn."""
        flow = self.workflow
        steps = {one.id: one for one in flow.steps}
        drawn = [self._map_step(steps[one.step], one) for one in self.walked.stays]
        shown = {one.key for one in drawn}
        returns = [MapRework(one.source, one.target, one.share) for one in self.walked.links if one.back]
        for step in flow.steps:
            if step.rework and step.rework.probability > 0 and {step.id, step.rework.back_to} <= shown:
                back = step.rework
                returns.append(MapRework(step.id, back.back_to, back.probability, at_most=back.at_most))
        ways = [MapWay(one.source, one.target, one.share, one.slack) for one in self.walked.links if not one.back]
        found = WorkflowMap(
            title=_("A typical %(unit)s, drawn to scale in working hours") % {"unit": flow.unit},
            steps=tuple(drawn), ways=tuple(ways), reworks=tuple(returns), day=self.walked.day, total=self.walked.total,
            says=self._in_words(),
        )  # fmt: skip
        return by_platform(found, _("No platform")) if self.by == "platform" else found

    def _map_step(self, step: Step, stay: Stay) -> MapStep:
        hot = step.id in self.hot
        note = ""
        if step.id == self.felt_most:
            note = _("%(waited)s wait for %(worked)s of work")
            note %= {"waited": hours(stay.waited), "worked": hours(stay.worked)}
        return MapStep(
            key=step.id, name=step.name, lane=self.lane(step), start=stay.start, waited=stay.waited, worked=stay.worked,
            touch=step.touch, platforms=step.platforms, hot=hot, note=note, share=stay.share, measured=stay.measured,
            url=f"#step-{step.id}" if self.linked else "",
        )  # fmt: skip

    def lane(self, step: Step) -> str:
        """Who does a step: what the document calls the lane, the role that has the skill, or the skill."""
        if step.lane:
            return step.lane
        if step.touch == "automatic" and not step.skill:
            return _("Automatic")
        roles = (
            {one.role for one in self.crew.people if step.skill in one.skills or one.id in step.people}
            if self.crew
            else set()
        )
        if len(roles) == 1 and (role := roles.pop()):
            return str(capfirst(role.replace("_", " ")))
        return str(capfirst(step.skill.replace("_", " ").replace("-", " "))) or _("Nobody in particular")

    def _in_words(self) -> str:
        lanes = len({self.lane(self.workflow.step(one.step)) for one in self.walked.stays})
        told = {
            "steps": len(self.walked.stays),
            "lanes": lanes,
            "waited": hours(self.walked.waited),
            "total": hours(self.walked.total),
        }
        said = _("%(steps)s steps in %(lanes)s lanes; %(waited)s of %(total)s on the longest path are waiting.") % told
        hot = [self.workflow.step(one).name for one in self.hot if self.walked.stay(one)]
        return f"{said} {_('The constraint: %(names)s.') % {'names': ', '.join(hot)}}" if hot else said

    @cached_property
    def has_no_course(self) -> bool:
        """Are there so many choices, ways back or steps that a graph says more than an axis of time?"""
        choices = sum(1 for one in self.workflow.steps if one.split == "one")
        loops = sum(1 for one in self.walked.links if one.back)
        if choices + loops > CHOICES_TO_SCALE or len(self.walked.stays) > STEPS_TO_SCALE or not self.walked.total:
            return True
        return is_crowded(self.map)

    def picture(self, view: str = "") -> SafeString:
        """The map for a wide screen: `time` or `graph`; else the one that suits it."""
        if view == "graph" or (view != "time" and self.has_no_course):
            return graph(self.map)
        return to_scale(self.map)

    def lane_names(self, view: str = "") -> SafeString:
        """The names of the lanes, to stand still beside a map that is scrolled."""
        return SafeString("") if view == "graph" or (view != "time" and self.has_no_course) else lane_names(self.map)

    @property
    def narrow(self) -> SafeString:
        """The map for a narrow screen."""
        return strip(replace(self.map, steps=tuple(self.map.steps)))

    @cached_property
    def scale_words(self) -> str:
        """What the axis means, and the typical course in numbers."""
        days = column_days(self.map)
        column = ngettext("one column is one working day", "one column is %(n)s working days", days) % {"n": days}
        told = {"unit": self.workflow.unit, "total": hours(self.walked.total), "waited": hours(self.walked.waited)}
        course = _("typical %(unit)s: %(total)s, of which %(waited)s wait") % told
        return f"{column}; {course}" if days else course

    # -- rows --------------------------------------------------------------------------------------------------------

    @cached_property
    def outline(self) -> list[OutlineRow]:
        """The map as rows."""
        most = max((one.waited + one.worked for one in self.walked.stays), default=0.0) or 1.0
        return [self._outline_row(one, most) for one in sorted(self.walked.stays, key=lambda one: (one.start, one.end))]

    def _outline_row(self, stay: Stay, most: float) -> OutlineRow:
        step = self.workflow.step(stay.step)
        after = [
            self.workflow.step(one.target).name for one in self.walked.links if one.source == step.id and not one.back
        ]
        measured = self.results.measured.steps.get(step.id) if self.results.measured else None
        origin = measured.origin if measured else step.origin.get("effort", "assumed")
        back = ""
        if step.rework:
            told = {"share": number(step.rework.probability * 100), "step": self._name(step.rework.back_to)}
            back = _("%(share)s %% to %(step)s") % told
        parts = [("waits", stay.waited), (SHAPES[step.touch], stay.worked)]
        bar = plots.mix(
            parts,
            ident=f"bar-{step.id}",
            title=hours(stay.waited + stay.worked),
            width=120 * (stay.waited + stay.worked) / most,
        )
        return OutlineRow(step, stay, self.lane(step), origin, ", ".join(after), back, step.id in self.hot, bar)

    @property
    def path_rows(self) -> list[OutlineRow]:
        """The rows of the steps that decide when a typical item is done."""
        return [one for one in self.outline if one.step.id in self.walked.path]

    def _name(self, step: str) -> str:
        return next((one.name for one in self.workflow.steps if one.id == step), step)

    @cached_property
    def touches(self) -> SafeString:
        """How the hours of work divide among people, AI and machines."""
        return plots.mix(
            touch_parts(self.workflow, self.walked),
            ident="touches",
            title=touch_sentence(self.workflow, self.walked),
            width=560,
        )

    def mix(self, ident: str, width: float = 120) -> SafeString:
        """Work by its touch, and waiting, as one bar."""
        parts = [*touch_parts(self.workflow, self.walked), ("waits", self.walked.waited)]
        return plots.mix(parts, ident=ident, title=self.touch_says, width=width)

    @cached_property
    def touch_says(self) -> str:
        """The same in words."""
        return touch_sentence(self.workflow, self.walked)

    @cached_property
    def platforms(self) -> list[tuple[str, str, int]]:
        """What each platform carries: hours of work of a typical item, and how many steps."""
        load: dict[str, list[float]] = {}
        for stay in self.walked.stays:
            step = self.workflow.step(stay.step)
            for one in step.platforms:
                load.setdefault(one, []).append(stay.worked / len(step.platforms))
        ordered = sorted(load.items(), key=lambda one: -sum(one[1]))
        return [(name, hours(sum(found)), len(found)) for name, found in ordered]

    @cached_property
    def waiting_by_cause(self) -> SafeString:
        """All waiting of a typical item by its cause, as a bar."""
        total: dict[str, float] = {}
        for stay in self.walked.stays:
            for cause, value in stay.causes.items():
                total[cause] = total.get(cause, 0.0) + value * stay.share
        logged = self.results.measured is not None and self.results.measured.evidence is not None
        return plots.causes(total, cause_words(logged=logged), ident="causes")

    @property
    def waiting_from(self) -> str:
        """Where the waiting by cause is from: measured in which log, or simulated."""
        measured = self.results.measured
        if measured is None:
            return _("As drawn; queues for people show once it was simulated.")
        if measured.evidence is None:
            return _("Simulated.")
        whole = measured.evidence.waiting
        told = {
            "measured": capfirst(measured_in(measured.evidence)),
            "unit": self.workflow.unit,
            "hours": hours(whole.value or 0.0),
            "iv": span(whole.low, whole.high, 0),
        }
        said = _("%(measured)s: on the clock a %(unit)s waits %(hours)s (%(iv)s).") % told
        if measured.evidence.main == "outside":
            told = {"cause": cause_words(logged=True)["outside"]}
            said = (
                f"{said} {_('“%(cause)s”: somebody who does it was free; what held it up is not in the log.') % told}"
            )
        return said

    @cached_property
    def lead_times(self) -> SafeString:
        """How lead times are spread: as the log has them, else as simulated."""
        measured = self.results.measured
        if measured is None:
            return SafeString("")
        leads = (measured.evidence or measured.figures).lead_hours
        if len(leads) < 3:
            return SafeString("")
        promise = self.workflow.promise.hours / 24 if self.workflow.promise else None
        days = [one / 24 for one in leads]
        if days[len(days) // 2] < 2:
            return plots.lead_times(leads, ident="leads", unit=_("hours"), promise=promise * 24 if promise else None)
        return plots.lead_times(days, ident="leads", unit=_("days"), promise=promise)

    @property
    def lead_times_from(self) -> str:
        """Where they are from; where the simulation says otherwise beyond both intervals, that too."""
        measured = self.results.measured
        if measured is None or measured.evidence is None:
            return _("Simulated.") if measured else ""
        said = _("%(measured)s.") % {"measured": capfirst(measured_in(measured.evidence))}
        logged, simulated = measured.evidence.lead_p85, measured.figures.lead_p85
        if simulated is None or simulated.value is None or logged.value is None or not _apart(logged, simulated):
            return said
        told = {
            "log": lead(logged.value), "simulated": lead(simulated.value), "between": _lead_span(logged),
            "around": _lead_span(simulated),
        }  # fmt: skip
        contradicts = _(
            "The simulation of the time ahead says otherwise: 85 of 100 take %(simulated)s (%(around)s) or less there,"
            " %(log)s (%(between)s) in the log."
        )
        return f"{said} {contradicts % told}"

    # -- the four answers and the comparison ---------------------------------------------------------------------------

    @cached_property
    def four(self) -> list[dict[str, Any]]:
        """The four methods with their pictures."""
        found = self.results.bottleneck
        if not found:
            return []
        hot = found.constraint.name if found.constraint else ""
        return [
            {
                "name": one.name, "asks": one.asks or one.unit, "says": one.says, "tied": ", ".join(one.tied),
                "from": self._from(one), "apart": one.apart,
                "picture": plots.dots(one, ident=f"m-{one.method}", hot=_marked(one.rows, found)) if one.rows else "",
                "hot": hot,
            }
            for one in found.methods
        ]  # fmt: skip

    def _from(self, method: Method) -> str:
        measured = self.results.measured
        if method.origin != "log" or measured is None or measured.evidence is None:
            return ""
        return str(capfirst(measured_in(measured.evidence)))

    @cached_property
    def comparison_pictures(self) -> list[SafeString]:
        """The bands of the options, for a wide and for a narrow screen."""
        told = self.results.comparison
        if not told or not told.series:
            return []
        told = replace(told, unit=_("%(units)s a month") % {"units": plural(self.workflow.unit)})
        return [plots.bands(told, ident="bands"), plots.bands(told, ident="bands-n", narrow=True)]

    @cached_property
    def comparison_rows(self) -> list[CompareRow]:
        """The table under them."""
        told = self.results.comparison
        if not told:
            return []
        titles = [_("Do nothing"), *(one.title for one in told.options)]
        return [compare_row(one, told.currency, titles) for one in told.lines]

    @cached_property
    def rises(self) -> list[CompareRow]:
        """Most that can come in with the promise kept, by workflow; nothing where the crew has only this one."""
        told = self.results.comparison
        if not told or len(told.by_workflow) < 2:
            return []
        titles = [_("Do nothing"), *(one.title for one in told.options)]
        return [compare_row(one, told.currency, titles) for one in told.by_workflow]

    @property
    def not_shown(self) -> str:
        """Why figures of that table are not shown to whoever looks; empty where all are."""
        told = self.results.comparison
        if told is None or not any(one.why == hidden() for line in told.lines for one in line.options):
            return ""
        return _("Not shown: %(why)s.") % {"why": hidden()}


def _apart(one: Estimate, other: Estimate) -> bool:
    """Do the intervals leave room between them?"""
    ends = (one.low, one.high, other.low, other.high)
    return None not in ends and bool(one.high < other.low or other.high < one.low)  # type: ignore[operator]


def _lead_span(one: Estimate) -> str:
    return f"{lead(one.low or 0)}–{lead(one.high or 0)}"


def _read_off() -> str:
    return _(
        "Read off the log %(log)s: %(cases)s cases, %(covered)s of what was done is on the map."
        " Queues for people show once it was simulated."
    )


def _marked(rows: Sequence[Any], found: BottleneckAnswer) -> str:
    """The name of the row that is the constraint, by its key, its name or one of its steps."""
    thing = found.constraint
    if thing is None:
        return "\0"
    for one in rows:
        if (one.key and one.key in (thing.key, *thing.steps)) or one.name == thing.name:
            return str(one.key or one.name)
    return "\0"


def assumptions(told: Told) -> Iterator[str]:
    """What the figures rest on."""
    yield from told.workflow.notes
    if told.crew:
        yield from told.crew.notes
    if told.results.comparison:
        yield from told.results.comparison.assumptions
