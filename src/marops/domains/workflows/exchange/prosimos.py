"""A Prosimos model read in: a BPMN file for what follows what, and JSON parameters for who, how long and how often."""

from collections.abc import Mapping
from typing import Any

from marops.domains.workflows.exchange import prosimos_hours as weeks
from marops.domains.workflows.exchange.bpmn import Diagram, read_diagram, slug_of, slugs
from marops.domains.workflows.exchange.bpsim import mean_hours, number
from marops.domains.workflows.exchange.documents import Built, Read, built, checked_crew, checked_workflow, shortened
from marops.domains.workflows.exchange.net import Net
from marops.domains.workflows.exchange.prosimos_amounts import hours_of
from marops.domains.workflows.exchange.prosimos_cases import chance_of, read_batch, read_intake, read_kinds
from marops.domains.workflows.exchange.prosimos_file import Parameters, listed, read_parameters, text
from marops.domains.workflows.exchange.prosimos_people import Skills, Staff, Work, read_staff, skills_of, work_of
from marops.domains.workflows.exchange.xml import refused
from marops.domains.workflows.rules.amounts import Spread
from marops.domains.workflows.rules.document import ELAPSED

_MOST_TIMES = 100


def read_prosimos(bpmn: bytes, parameters: bytes, *, title: str = "", zone: str = "", currency: str = "EUR") -> Read:
    """The workflow and the crew of a Prosimos model. Raises MaropsError that names what cannot be read."""
    given = read_parameters(parameters)
    diagram = read_diagram(bpmn)
    return _Model(diagram, given, title or diagram.title or "Workflow").read(zone, currency)


class _Model:
    def __init__(self, diagram: Diagram, given: Parameters, title: str) -> None:
        self.diagram, self.given, self.title = diagram, given, title
        self.net: Net = diagram.net
        self.calendars: dict[str, dict[str, Any]] = {}
        self.known: dict[tuple[tuple[float, float], ...], str] = {}
        for node in self.net.nodes.values():
            node.own, node.made = False, ""
        diagram.own = {}

    def read(self, zone: str, currency: str) -> Read:
        """Set what the parameters say at the nodes, settle the diagram, then write both documents."""
        note = self.net.note
        staff = read_staff(self.given, note)
        intake = read_intake(self.given, note)
        self._chances()
        self._events()
        works = self._efforts(staff)
        found = built(self.diagram)
        self._limit(found)
        skills = self._who(found, staff, works)
        self._batches(found)
        crew = self._crew(staff, skills, zone, currency)
        within = ELAPSED if weeks.total(intake.open) >= 168 else self._calendar("arrivals", intake.open)
        classes = [
            {
                "id": id_, "name": name, "priority": priority,
                "arrivals": {
                    "per_month": round(intake.per_month * share, 6), "within": within,
                    **({} if intake.gap is None else {"gap": intake.gap}),
                },
            }
            for id_, name, share, priority in read_kinds(self.given, note, self.title)
        ]  # fmt: skip
        self._start(found, classes)
        self._rest()
        document = {
            "title": self.title, "crew": crew_id(self.title), "classes": classes, "steps": found.steps,
            "ways": found.ways, "notes": shortened(self.net.notes),
        }  # fmt: skip
        return Read(checked_workflow(document, found.said), checked_crew(crew), self.net.notes)

    # --- the diagram

    def _chances(self) -> None:
        """Probabilities of flows."""
        flows = {one.id: one for one in self.net.flows}
        for place, row in self.given.rows("gateway_branching_probabilities", "gateway_id", "probabilities"):
            for one in listed(row, "probabilities", place, "path_id", "value"):
                path, value = text(one, "path_id"), number(one.get("value"))
                rule = text(one, "condition_id")
                if rule and not value:
                    value = chance_of(self.given, rule)
                if rule:
                    self.net.note(
                        "Where a way depends on attributes, how often it is taken on average was kept.", place
                    )
                if path not in flows:
                    self.net.note("It names a flow that the diagram does not have.", f"{place}: {path}")
                elif value is not None:
                    flows[path].probability = value

    def _events(self) -> None:
        """How long events in between take: time outside."""
        for place, row in self.given.rows("event_distribution", "event_id"):
            node = self.net.nodes.get(text(row, "event_id"))
            if node is None or node.kind != "wait":
                self.net.note("It says a time for an event that does not wait, or is not there.", place)
                continue
            try:
                node.values["outside"] = hours_of(row, self.net.note)
            except ValueError as error:
                raise refused(f"{place}: {error}.", "Correct the distribution.") from None

    def _efforts(self, staff: Staff) -> dict[str, Work]:
        works = {}
        for task, times in staff.times.items():
            node = self.net.nodes.get(task)
            if node is None:
                self.net.note("It is a task that the diagram does not have; it was left out.", task)
                continue
            works[task] = work_of(times, self.net.note, node.name)
            node.values["effort"] = works[task].effort
            node.values.pop("touch", None)
            node.kind = "step" if node.kind == "wait" else node.kind
        return works

    def _who(self, found: Built, staff: Staff, works: Mapping[str, Work]) -> Skills:
        """Skills and people of each step; steps of machines need nobody."""
        steps = dict(zip(found.ids, found.steps, strict=True))
        human = {}
        for task, work in works.items():
            step = steps.get(task)
            if step is None:
                continue
            if all(staff.never_rests(who) for who in work.speeds):
                self.net.note("Many alike who never rest do it: it was read as a step that needs nobody.", step["name"])
                cost = max(staff.people[who].cost for who in work.speeds) * mean_hours(work.effort)
                step |= {"touch": "automatic", "cost": round(cost, 6)}
            else:
                human[task] = work
        skills = skills_of(staff, human, {task: steps[task]["name"] for task in human})
        for task, skill in skills.of_task.items():
            steps[task] |= {"skill": skill, "lane": steps[task]["lane"] or skills.names[skill]}
            if task in skills.named:
                steps[task]["people"] = skills.named[task]
        for node, step in steps.items():
            if not step.get("gate") and node not in works and step.get("touch") != "automatic":
                self.net.note(
                    "Nothing says who does it or how long: it was read as a step without either.", step["name"]
                )
                step |= {"touch": "automatic", "effort": 0.0}
        return skills

    def _limit(self, found: Built) -> None:
        """How often a gateway may be passed is how often work may come back."""
        limit = number(self.given.data.get("gateway_execution_limit"))
        if limit is None or not 1 <= limit <= _MOST_TIMES:
            return
        turn = {step["id"]: at for at, step in enumerate(found.steps)}
        chooses = {step["id"] for step in found.steps if step.get("split") == "one"}
        for step in found.steps:
            if step.get("rework"):
                step["rework"]["at_most"] = int(limit)
        for way in found.ways:
            if way["from"] in chooses and turn[way["to"]] <= turn[way["from"]]:
                way["at_most"] = int(limit)

    def _batches(self, found: Built) -> None:
        steps = dict(zip(found.ids, found.steps, strict=True))
        for place, row in self.given.rows("batch_processing", "task_id"):
            step = steps.get(text(row, "task_id"))
            if step is None:
                self.net.note("It collects for a task that the diagram does not have; it was left out.", place)
                continue
            said = read_batch(row, place, self.net.note)
            if said.batch:
                step["batch"] = said.batch
            if said.opens:
                step["opens"] = self._calendar(f"{step['id']}-opens", said.opens)
            if said.factor != 1:
                step["effort"] = _times(step.get("effort", 1.0), said.factor)
                self.net.note("Its time in a batch was taken for all of its pieces.", step["name"])

    def _start(self, found: Built, classes: list[dict[str, Any]]) -> None:
        """Where work comes in, unless it is plain."""
        starts = list(dict.fromkeys(found.ids[one.node] for one in self.net.starts))
        led = {way["to"] for way in found.ways}
        if len(starts) > 1:
            self.net.note("Work comes in at several places; the first one was taken for all.")
        if starts and [one for one in found.ids.values() if one not in led] != starts[:1]:
            for one in classes:
                one["start"] = starts[0]

    # --- the crew

    def _calendar(self, name: str, spans: weeks.Spans) -> str:
        """The id of a calendar with these hours; the same hours are one calendar."""
        key = tuple(spans)
        if key not in self.known:
            id_ = next(one for one in slugs([*self.calendars, name], "hours") if one not in self.calendars)
            self.known[key] = id_
            self.calendars[id_] = {"title": name, "hours": weeks.as_hours(spans)}
        return self.known[key]

    def _crew(self, staff: Staff, skills: Skills, zone: str, currency: str) -> dict[str, Any]:
        people = []
        for one in staff.people.values():
            able = dict(skills.people.get(one.id, {}))
            if not able:
                if not staff.never_rests(one.id):
                    self.net.note("They do no task of this diagram and were left out.", one.name)
                continue
            calendar = self._calendar(one.calendar or "office", staff.calendars[one.calendar])
            people.append(
                {
                    "id": one.id, "name": one.name, "role": skills.names[next(iter(able))], "skills": able,
                    "calendar": calendar, "amount": one.amount, "cost_per_hour": one.cost,
                }
            )  # fmt: skip
        used = [one["calendar"] for one in people]
        common = max(dict.fromkeys(used), key=used.count) if used else self._calendar("office", weeks.OFFICE)
        return {
            "title": self.title, "zone": zone, "currency": currency, "calendars": self.calendars, "calendar": common,
            "people": people,
        }  # fmt: skip

    def _rest(self) -> None:
        """What has no place here, said once."""
        if self.given.data.get("multitask"):
            self.net.note("How people work on several pieces at once was left out: one at a time was assumed.")
        for name in self.given.unknown:
            self.net.note("A section that is not known was left out.", name)
        for name in dict.fromkeys(self.given.older):
            self.net.note("It has the shape of an older version of Prosimos, and was read as such.", name)


def _times(effort: float | Spread, factor: float) -> float | Spread:
    if not isinstance(effort, Spread):
        return effort * factor
    names = ("mean", "sd", "low", "mode", "high")
    change: dict[str, Any] = {name: value * factor for name in names if (value := getattr(effort, name)) is not None}
    return effort.model_copy(update={**change, "values": tuple(one * factor for one in effort.values)})


def crew_id(title: str) -> str:
    """The id of the crew that comes with a model."""
    return f"{slug_of(title) or 'workflow'}-crew"
