"""A workflow and its crew as a Prosimos 2.1 model: BPMN and JSON parameters with the same ids.

Prosimos knows less than a workflow here says. `losses` tells what an export leaves out or only says nearly.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from marops.domains.workflows.exchange import prosimos_hours as weeks
from marops.domains.workflows.exchange.bpmn_out import written_xml
from marops.domains.workflows.exchange.bpsim import LONGEST, mean_hours
from marops.domains.workflows.exchange.prosimos_amounts import written
from marops.domains.workflows.exchange.prosimos_cases import MONTH_WEEKS, weekly
from marops.domains.workflows.exchange.sketch import TIMER, Sketch, sketch
from marops.domains.workflows.rules.amounts import Spread
from marops.domains.workflows.rules.compiling import speed_at
from marops.domains.workflows.rules.crew import Crew, Member
from marops.domains.workflows.rules.document import ELAPSED, Step, Workflow
from marops.domains.workflows.rules.faults import needs_somebody

MACHINES = 200
"""So many machines alike that no work waits for one."""
_MACHINE, _ALWAYS = "machines", "always"
_TRIES = 15
_LEAST = 0.001


class Files(NamedTuple):
    """The two files of a model: BPMN, and parameters as JSON."""

    bpmn: bytes
    parameters: bytes


def write_prosimos(
    workflow: Workflow | Mapping[str, Any], crew: Crew | Mapping[str, Any], *, priorities: bool = False
) -> Files:
    """The two files of a Prosimos model. `priorities`: write them although Prosimos 2.1 gets them wrong."""
    return _Writer(workflow, crew, priorities=priorities).files()


def losses(workflow: Workflow | Mapping[str, Any], crew: Crew | Mapping[str, Any]) -> tuple[str, ...]:
    """What a Prosimos model of these cannot say, or says only nearly."""
    writer = _Writer(workflow, crew)
    writer.files()
    return tuple(writer.notes)


class _Writer:
    def __init__(
        self, workflow: Workflow | Mapping[str, Any], crew: Crew | Mapping[str, Any], *, priorities: bool = False
    ) -> None:
        self.priorities = priorities
        self.flow = workflow if isinstance(workflow, Workflow) else Workflow.model_validate(workflow)
        self.crew = crew if isinstance(crew, Crew) else Crew.model_validate(crew)
        self.sketch: Sketch = sketch(self.flow, simple=True)
        self.notes: list[str] = []
        self.narrowed: dict[str, weeks.Spans] = {}

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)

    def files(self) -> Files:
        """Both files."""
        tasks = [(id_, one.step) for id_, one in self.sketch.shapes.items() if one.step and not one.step.gate]
        who = {id_: self._who(step) for id_, step in tasks}
        parameters = {
            "resource_profiles": self._profiles(who),
            "resource_calendars": self._calendars(),
            "arrival_time_distribution": self._gap(),
            "arrival_time_calendar": weeks.as_periods(self._open()),
            "gateway_branching_probabilities": self._chances(),
            "task_resource_distribution": [self._times(id_, step, who[id_]) for id_, step in tasks],
            "event_distribution": self._events(),
            "batch_processing": [row for id_, step in tasks for row in self._batch(id_, step)],
            **self._kinds(),
        }
        self._lost()
        text = json.dumps(parameters, indent=1, ensure_ascii=False).encode()
        return Files(written_xml(self.flow, self.sketch, simple=True), text + b"\n")

    # --- people

    def _who(self, step: Step) -> dict[str, float]:
        """Who does a step, each with the hours of theirs that an hour of it takes."""
        if not needs_somebody(step):
            return {_MACHINE: 1.0}
        found = {}
        for one in self.crew.people:
            speed = speed_at(one, step)
            if speed > 0 and one.amount:
                found[one.id] = 1 / (speed * one.share)
        if not found:
            self.note(f"Nobody of the crew can do “{step.name}”: machines do it in this model.")
            return {_MACHINE: 1.0}
        return found

    def _profiles(self, who: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
        """A pool for each skill, a person in each of theirs; and one of machines."""
        pools: dict[str, dict[str, Any]] = {}
        openings = self._openings(who)
        for one in self.crew.people:
            tasks = [task for task, people in who.items() if one.id in people]
            if not tasks or not one.amount:
                continue
            row = self._person(one, tasks, openings)
            for skill in list(one.skills) or ["named"]:
                pools.setdefault(skill, {"id": f"pool-{skill}", "name": skill, "resource_list": []})
                pools[skill]["resource_list"].append(row)
        tasks = [task for task, people in who.items() if _MACHINE in people]
        if tasks:
            machine = {
                "id": _MACHINE, "name": _MACHINE, "cost_per_hour": 0, "amount": MACHINES, "calendar": _ALWAYS,
                "assignedTasks": tasks,
            }  # fmt: skip
            pools[_MACHINE] = {"id": f"pool-{_MACHINE}", "name": "Machines", "resource_list": [machine]}
        return list(pools.values())

    def _openings(self, who: Mapping[str, Mapping[str, float]]) -> dict[str, weeks.Spans]:
        """The hours in which anything is open that somebody does, where not all of it always is."""
        steps = {id_: one.step for id_, one in self.sketch.shapes.items() if one.step}
        found: dict[str, weeks.Spans] = {}
        for one in self.crew.people:
            mine = [steps[task] for task, people in who.items() if one.id in people]
            if mine and all(step.opens in self.crew.calendars for step in mine):
                spans = [span for step in mine for span in weeks.week_of(self.crew.calendars[step.opens])]
                found[one.id] = weeks.joined(spans)
        for task, people in who.items():
            opens = steps[task].opens
            alone = all(
                person in found and found[person] == weeks.week_of(self.crew.calendars[opens]) for person in people
            )
            if opens in self.crew.calendars and not alone:
                self.note(
                    f"Left out: when “{steps[task].name}” opens, since those who do it have other work or are none."
                )
        return found

    def _person(self, one: Member, tasks: list[str], openings: Mapping[str, weeks.Spans]) -> dict[str, Any]:
        calendar = one.calendar or self.crew.calendar
        if one.id in openings:
            hours = weeks.shared(weeks.week_of(self.crew.calendars[calendar]), openings[one.id])
            calendar = f"{calendar}-{one.id}"
            self.narrowed[calendar] = hours
        return {
            "id": one.id,
            "name": one.name,
            "cost_per_hour": one.cost_per_hour,
            "amount": one.amount,
            "calendar": calendar,
            "assignedTasks": tasks,
        }

    def _calendars(self) -> list[dict[str, Any]]:
        rows = [
            {"id": id_, "name": one.title or id_, "time_periods": weeks.as_periods(weeks.week_of(one))}
            for id_, one in self.crew.calendars.items()
        ]
        rows += [
            {"id": id_, "name": id_, "time_periods": weeks.as_periods(spans)} for id_, spans in self.narrowed.items()
        ]
        whole = [(0.0, float(weeks.WEEK))]
        return [*rows, {"id": _ALWAYS, "name": "Day and night", "time_periods": weeks.as_periods(whole)}]

    def _times(self, task: str, step: Step, who: Mapping[str, float]) -> dict[str, Any]:
        rows = []
        for resource, hours in who.items():
            law = written(_scaled(step.effort, hours), self.note, f" (“{step.name}”)")
            rows.append({"resource_id": resource, **law})
        return {"task_id": task, "resources": rows}

    # --- what comes in

    def _open(self) -> weeks.Spans:
        """When work comes in: the hours of the kind of which most comes."""
        first = max(self.flow.classes, key=lambda one: one.arrivals.per_month)
        if any(one.arrivals.within != first.arrivals.within for one in self.flow.classes):
            self.note(f"All kinds of work come in when “{first.name}” does.")
        name = first.arrivals.within or self.crew.calendar
        found = weeks.week_of(self.crew.calendars[name]) if name in self.crew.calendars else []
        return found or [(0.0, float(weeks.WEEK))]

    def _gap(self) -> dict[str, Any]:
        """The time between arrivals, such that as many come in a week although Prosimos lets it run on at night."""
        monthly = sum(one.arrivals.per_month for one in self.flow.classes)
        if monthly < _LEAST:
            self.note("Nothing comes in; one item a month was written.")
            monthly = 1.0
        gaps = [one.arrivals.gap for one in self.flow.classes]
        law: float | Spread = Spread(kind="exponential", mean=1.0)
        if len(gaps) == 1 and gaps[0] is not None:
            law = gaps[0]
        elif any(one is not None for one in gaps):
            self.note("Several kinds of work together come in at random.")
        a_week = monthly / MONTH_WEEKS
        return written(_fitted(law, a_week, self._open(), self.note), self.note, " (arrivals)")

    def _kinds(self) -> dict[str, Any]:
        """Kinds of work as an attribute of cases, and their priorities."""
        classes = self.flow.classes
        total = sum(one.arrivals.per_month for one in classes)
        if len(classes) < 2 or not total:
            return {"case_attributes": [], "prioritisation_rules": []}
        values = [{"key": one.id, "value": one.arrivals.per_month / total} for one in classes]
        levels = sorted({one.priority for one in classes}, reverse=True)
        rules = []
        if len(levels) > 1 and not self.priorities:
            self.note("Left out: priorities; in Prosimos 2.1 low ones wait for all higher ones that will ever come.")
        elif len(levels) > 1:
            rules = [
                {
                    "priority_level": at,
                    "rules": [
                        [{"attribute": "work_class", "comparison": "=", "value": one.id}]
                        for one in classes if one.priority == level
                    ],
                }
                for at, level in enumerate(levels[:-1], 1)
            ]  # fmt: skip
        attribute = {"name": "work_class", "type": "discrete", "values": values}
        return {"case_attributes": [attribute], "prioritisation_rules": rules}

    # --- the diagram

    def _chances(self) -> list[dict[str, Any]]:
        rows = []
        for id_, lines in self.sketch.out().items():
            if self.sketch.shapes[id_].tag == "exclusiveGateway" and len(lines) > 1:
                paths = [{"path_id": one.id, "value": one.probability or 0.0} for one in lines]
                rows.append({"gateway_id": id_, "probabilities": paths})
        return rows

    def _events(self) -> list[dict[str, Any]]:
        return [
            {"event_id": id_, **written(one.wait or 0.0, self.note, f" (“{one.name}”)")}
            for id_, one in self.sketch.shapes.items()
            if one.tag == TIMER
        ]

    def _batch(self, task: str, step: Step) -> list[dict[str, Any]]:
        """What is collected. In Prosimos 2.1 a rule for just so many fires, one for at least so many alone does not."""
        batch = step.batch
        if batch is None:
            return []
        rules = [[_rule("size", "=", batch.size)]]
        if batch.wait_at_most is not None:
            longest = int(min(batch.wait_at_most, LONGEST) * 3600)
            rules.append([_rule("large_wt", ">", longest), _rule("large_wt", "<", longest + 30 * 86400)])
        scale = (1 + batch.each * (batch.size - 1)) / batch.size if batch.together else 1.0
        row = {
            "task_id": task,
            "type": "Parallel" if batch.together else "Sequential",
            "batch_frequency": 1.0,
            "size_distrib": [{"key": "1", "value": 0.0}, {"key": "2", "value": 1.0}],
            "duration_distrib": [{"key": str(batch.size), "value": scale}],
            "firing_rules": rules,
        }
        return [row]

    def _lost(self) -> None:
        """What has no place in such a model."""
        flow, crew = self.flow, self.crew
        said = {
            "How fast a step goes the second time (`repeat`).": any(one.repeat != 1 for one in flow.steps),
            "Which kinds of work have work at a step (`classes`).": any(one.classes for one in flow.steps),
            "How many pieces a step may have in hand (`at_once`).": any(one.at_once for one in flow.steps),
            "How often work may come back (`at_most`): a case that reaches such a limit is lost in Prosimos 2.1.": any(
                one.rework for one in flow.steps
            )
            or any(one.at_most for one in flow.ways),
            "What each piece costs (`cost`).": any(one.cost for one in flow.steps),
            "The hours in which time outside and delays run.": any(
                clock not in ("", ELAPSED)
                for one in flow.steps
                for clock, hours in ((one.outside_in, one.outside), (one.delay_in, one.delay))
                if hours is not None
            ),
            "Due dates, the promise, and taking the earliest due first.": flow.order == "due"
            or flow.promise is not None
            or any(one.due is not None for one in flow.classes),
            "The limit of work in progress.": bool(flow.limit),
            "Seasons and growth of what comes in.": any(
                one.arrivals.seasons or one.arrivals.growth for one in flow.classes
            ),
            "At which step each kind of work starts; a choice by how much comes in of each stands for it.": len(
                {one.start for one in flow.classes}
            ) > 1,
            "Holidays, absences, and when people come and go.": any(one.holidays for one in crew.calendars.values())
            or any(one.absences or one.starts or one.ends or one.ramp for one in crew.people),
            "That people work on several pieces at once.": any(one.at_once > 1 for one in crew.people),
            "Shares of people’s time: their work takes longer instead.": any(one.share < 1 for one in crew.people),
            "What the crew costs a month.": bool(crew.costs_per_month),
        }  # fmt: skip
        left_out = [text for text, there in said.items() if there]
        for text in left_out:
            self.note(f"Left out: {text[0].lower()}{text[1:]}")


def _scaled(value: float | Spread, factor: float) -> float | Spread:
    if factor == 1:
        return value
    if not isinstance(value, Spread):
        return value * factor
    names = ("mean", "sd", "low", "mode", "high")
    change: dict[str, Any] = {name: found * factor for name in names if (found := getattr(value, name)) is not None}
    return value.model_copy(update={**change, "values": tuple(one * factor for one in value.values)})


def _fitted(law: float | Spread, a_week: float, open_: weeks.Spans, note: Any) -> float | Spread:
    """The distance between arrivals, scaled until so many come in a week."""
    mean = mean_hours(law)
    plain = weeks.total(open_) / a_week / mean
    if weeks.total(open_) >= 168:
        return _scaled(law, plain)
    low, high = plain * 1e-3, plain * 1e3
    for _ in range(_TRIES):
        middle = (low * high) ** 0.5
        if weekly(_scaled(law, middle), open_) > a_week:
            low = middle
        else:
            high = middle
    found = _scaled(law, (low * high) ** 0.5)
    if abs(weekly(found, open_) - a_week) > 0.02 * a_week:
        note("As many a week as come in cannot be written for these hours; the nearest was.")
    return found


def _rule(attribute: str, comparison: str, value: Any) -> dict[str, Any]:
    return {"attribute": attribute, "comparison": comparison, "value": value}
