"""BPMN 2.0 read in: tasks become steps, flows become ways, gateways what steps split into and wait for.

What a diagram says and a workflow here cannot is told in notes; what contradicts itself is refused at the element.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marops.domains.workflows.exchange.bpsim import Said, Scenario, duration, number, read_bpsim
from marops.domains.workflows.exchange.net import Flow, Net, Node
from marops.domains.workflows.exchange.own import BPMN, MAROPS
from marops.domains.workflows.exchange.xml import Element, read_xml, refused

_MOST_NODES = 2000
_MOST_FLOWS = 6000
_LONGEST_NAME = 200

_HUMAN = {"task", "userTask", "manualTask"}
_MACHINE = {"serviceTask", "scriptTask", "businessRuleTask", "sendTask"}
_GATES = {
    "exclusiveGateway": ("one", "any"),
    "parallelGateway": ("all", "all"),
    "inclusiveGateway": ("some", "some"),
    "eventBasedGateway": ("one", "any"),
    "complexGateway": ("one", "any"),
}
_SUBPROCESSES = {"subProcess", "transaction", "adHocSubProcess"}
_EVENTS = {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
_NODES = {*_HUMAN, *_MACHINE, "receiveTask", "callActivity", *_GATES, *_SUBPROCESSES, *_EVENTS}
_SILENT = {
    "sequenceFlow", "laneSet", "documentation", "extensionElements", "textAnnotation", "association", "group",
    "dataObject", "dataObjectReference", "dataStoreReference", "ioSpecification", "property", "incoming", "outgoing",
    "supportedInterfaceRef", "resourceRole", "performer", "potentialOwner", "auditing", "monitoring", "dataInput",
    "dataInputAssociation", "dataOutputAssociation", "dataOutput", "correlationSubscription",
    "standardLoopCharacteristics", "multiInstanceLoopCharacteristics", "completionCondition",
}  # fmt: skip


@dataclass(slots=True)
class Diagram:
    """A file as it was read: the net, what ours says of the whole, and the scenario of times."""

    net: Net
    title: str = ""
    own: dict[str, Any] = field(default_factory=dict)
    scenario: Scenario = field(default_factory=Scenario)
    lanes: tuple[str, ...] = ()


def read_diagram(data: bytes) -> Diagram:
    """The diagram of a file. Raises MaropsError, naming the element, where it cannot be one."""
    root = read_xml(data, "BPMN file")
    if root.name != "definitions" or root.space != BPMN:
        raise refused(
            f"This is no BPMN 2.0 file: it begins with “{root.name}”, not with the standard’s “definitions”.",
            "Export it as BPMN 2.0 XML.",
            line=root.line,
        )
    return _Reader(root).read()


class _Reader:
    """Reads one file; `order` keeps what has been seen, by id."""

    def __init__(self, root: Element) -> None:
        self.root = root
        self.net = Net()
        self.scenario = read_bpsim(root)
        for text in self.scenario.notes:
            self.net.note(text)
        self.lane_of: dict[str, str] = {}
        self.lanes: list[str] = []
        self.inner: dict[str, tuple[list[str], list[str]]] = {}
        self.left: set[str] = set()

    def read(self) -> Diagram:
        """Everything of the process that has most in it."""
        process = self._process()
        own = _own(process, "workflow") or {}
        title = own.get("title") or _name(process) or self._pool(process)
        for one in process.below():
            if one.name == "lane":
                self._lane(one)
        self._scope(process)
        self._notes_on_text(process)
        if not any(one.kind in ("step", "wait") or one.own for one in self.net.nodes.values()):
            raise refused("This BPMN file has no task, so there is no step to read.", line=process.line)
        return Diagram(self.net, title, own, self.scenario, tuple(self.lanes))

    def _process(self) -> Element:
        processes = list(self.root.all("process", BPMN))
        if not processes:
            raise refused("This BPMN file has no process.", "Export the diagram of a process.", line=self.root.line)
        size = {one.get("id"): sum(inner.name in _NODES for inner in one.below()) for one in processes}
        found = max(processes, key=lambda one: size[one.get("id")])
        for one in processes:
            if one is not found and size[one.get("id")]:
                self.net.note("Was left out: one process is read from a file, that with most in it.", one)
        if any(one.name == "messageFlow" for one in self.root.below()):
            self.net.note("Messages between pools were left out: what they wait for is no time of ours.")
        return found

    def _pool(self, process: Element) -> str:
        for one in self.root.below():
            if one.name == "participant" and one.get("processRef") == process.get("id"):
                return _name(one)
        return ""

    def _lane(self, lane: Element) -> None:
        name = _name(lane) or lane.get("id")
        for one in lane.all("flowNodeRef"):
            self.lane_of[one.text.strip()] = name
            if name not in self.lanes:
                self.lanes.append(name)

    # --- one level: a process, or what is inside of a subprocess

    def _scope(self, scope: Element) -> list[str]:
        """Read what is directly inside. Answers the ids of its nodes."""
        found = []
        for one in scope.children:
            if one.space != BPMN:
                continue
            if one.name in _NODES:
                found += self._node(one)
            elif one.name == "sequenceFlow" or one.name in _SILENT:
                continue
            else:
                self.net.note("Was left out: it has no place in a workflow here.", one)
        for one in scope.all("sequenceFlow", BPMN):
            self._flow(one)
        return found

    def _node(self, one: Element) -> list[str]:
        number_ = one.get("id")
        if not number_:
            raise refused(f"{one} has no id.", "Export the file again.", line=one.line)
        if number_ in self.net.nodes or number_ in self.inner:
            raise refused(f"{one} has an id that another element has as well.", line=one.line)
        if len(self.net.nodes) >= _MOST_NODES:
            raise refused(f"This BPMN file has more than {_MOST_NODES:,} tasks, gateways and events.", line=one.line)
        if one.name == "boundaryEvent":
            self.net.note("Was left out with what only it leads to: nothing interrupts a step here.", one)
            self.left.add(number_)
            return []
        if one.name in _SUBPROCESSES and any(child.name in _NODES for child in one.children):
            return self._subprocess(one)
        node = _made(one)
        self.net.nodes[number_] = node
        node.lane = self.lane_of.get(number_, node.lane)
        self._values(one, node)
        return [number_]

    def _subprocess(self, one: Element) -> list[str]:
        """What is inside stands in its place: its flows lead to the inner start, those after it begin at the inner end.

        Raises MaropsError where it has no one way in or out that means the same.
        """
        if one.get("triggeredByEvent") == "true":
            self.net.note("Was left out: it begins by an event, not in its turn.", one)
            self.left.add(one.get("id"))
            return []
        if one.name == "adHocSubProcess":
            raise refused(
                f"{one} is done in any order, which a workflow here cannot say.",
                "Draw its tasks in order, or beside each other.",
                line=one.line,
            )
        nodes = self._scope(one)
        for name in ("standardLoopCharacteristics", "multiInstanceLoopCharacteristics"):
            if one.first(name):
                self.net.note("Is repeated; here its tasks are done once.", one)
        net = self.net
        out, into = net.ends()
        starts = [id_ for id_ in nodes if net.nodes[id_].kind == "start"] or [id_ for id_ in nodes if not into[id_]]
        ends = [id_ for id_ in nodes if not out[id_]]
        if len(starts) != 1 or not ends:
            said = f"{one} has {len(starts)} places where it begins, so it cannot be drawn without its frame."
            raise refused(said, "Give it one start event.", line=one.line)
        if len(ends) > 1 and any(net.nodes[id_].split != "one" and len(out[id_]) > 1 for id_ in nodes):
            said = f"{one} has branches beside each other that end apart."
            raise refused(said, "Join them inside before its end.", line=one.line)
        for id_ in (*starts, *ends):
            node = net.nodes[id_]
            node.kind = "pass" if node.kind in ("start", "end") else node.kind
        self.inner[one.get("id")] = (starts, ends)
        for id_ in nodes:
            node = net.nodes[id_]
            node.lane = node.lane or self.lane_of.get(one.get("id"), "")
        return nodes

    def _flow(self, one: Element) -> None:
        source, target = one.get("sourceRef"), one.get("targetRef")
        if len(self.net.flows) >= _MOST_FLOWS:
            raise refused(f"This BPMN file has more than {_MOST_FLOWS:,} flows.", line=one.line)
        sources = self.inner.get(source, ([], [source]))[1]
        targets = self.inner.get(target, ([target], []))[0]
        for end, known in ((source, sources), (target, targets)):
            if any(id_ not in self.net.nodes for id_ in known):
                if end in self.left:
                    return
                where = f"{'from' if end == source else 'to'} {end[:80] or 'nothing'!r}"
                raise refused(
                    f"{one} leads {where}, which is not there.", "Draw it again, or take it out.", line=one.line
                )
        rework = _own(one, "rework")
        values = _own(one, "way") or {}
        said = self.scenario.elements.get(one.get("id"), Said())
        if one.first("conditionExpression", BPMN) and said.probability is None:
            self.net.note("Conditions on flows were not read: here each way has a probability.")
        for source_ in sources:
            self.net.flows.append(
                Flow(one.get("id"), source_, targets[0], said.probability, dict(values), rework, one.line)
            )

    # --- what a task says

    def _values(self, one: Element, node: Node) -> None:
        own = _own(one, "step")
        said = self.scenario.elements.get(node.id, Said())
        if own is not None:
            _mine(one, node, own, said)
            return
        note = "\n".join(text.text.strip() for text in one.all("documentation", BPMN) if text.text.strip())
        if note and node.kind == "step":
            node.values["note"] = note[:4000]
        if said.effort is not None and node.kind == "step":
            node.values["effort"] = said.effort
        if said.wait is not None and node.kind == "step":
            node.values["outside"] = said.wait
        if said.cost:
            node.values["cost"] = said.cost
        self._event(one, node, said)
        self._loop(one, node)
        if one.name == "callActivity":
            self.net.note("Calls another process; it was read as one step.", one)
        elif one.name in _SUBPROCESSES:
            self.net.note("Has nothing inside; it was read as one step.", one)
        elif one.name in ("eventBasedGateway", "complexGateway"):
            self.net.note("Was read as a choice by probability.", one)

    def _event(self, one: Element, node: Node, said: Said) -> None:
        """Events in between: a timer is waiting, what is caught waits for others, what is thrown takes no time."""
        kinds = {child.name for child in one.children if child.name.endswith("EventDefinition")}
        if one.name == "startEvent" and kinds & {"timerEventDefinition"}:
            self.net.note("Begins by a timer; say how many come in a month.", one)
        elif one.name == "endEvent" and "terminateEventDefinition" in kinds:
            self.net.note("Ends everything at once; here only what arrives there ends.", one)
        if node.kind != "wait":
            return
        mine = _own(one, "made") or {}
        hours = mine.get("outside", said.wait if said.wait is not None else said.effort)
        timer = next((inner for inner in one.below() if inner.name == "timeDuration"), None)
        if hours is None and timer is not None:
            hours = duration(timer.text)
        if hours is None:
            hours = 0.0
            self.net.note("Waits for something, and nothing says how long; no time was assumed.", one)
        node.values["outside"] = hours
        node.values["effort"] = 0.0

    def _loop(self, one: Element, node: Node) -> None:
        loop = one.first("standardLoopCharacteristics", BPMN)
        if loop is not None:
            most = number(loop.get("loopMaximum"))
            times = max(1, min(100, int(most) - 1)) if most and most > 1 else 3
            node.values["rework"] = {"probability": 0.5, "back_to": node.id, "at_most": times}
            self.net.note("Is repeated, and nothing says how often; every second time once more was assumed.", one)
        if one.first("multiInstanceLoopCharacteristics", BPMN) is not None:
            self.net.note("Is done several times for one item; here its effort counts once.", one)

    def _notes_on_text(self, process: Element) -> None:
        """Text beside a task becomes its note."""
        texts = {}
        for one in process.below():
            if one.name == "textAnnotation":
                inner = one.first("text")
                texts[one.get("id")] = (inner.text if inner else "").strip()
        for one in process.below():
            if one.name != "association":
                continue
            ends = (one.get("sourceRef"), one.get("targetRef"))
            for text, task in (ends, ends[::-1]):
                node = self.net.nodes.get(task)
                if texts.get(text) and node and node.kind == "step" and not node.own:
                    node.values["note"] = "\n".join(filter(None, (node.values.get("note"), texts[text])))[:4000]


def _made(one: Element) -> Node:
    """The node an element becomes, without what it says of times."""
    id_, name = one.get("id"), _name(one)
    made = _extension(one, "made")
    node = Node(id_, "step", name, str(one), one.line)
    if made is not None:
        node.made, node.of = made.get("as"), made.get("of")
        if node.made not in ("split", "join", "merge", "rework", "outside"):
            node.made = ""
    if one.name in _GATES:
        node.kind = "gate"
        node.split, node.join = _GATES[one.name]  # type: ignore[assignment]  # literals of a table
    elif one.name in ("startEvent", "endEvent"):
        node.kind = "start" if one.name == "startEvent" else "end"
    elif one.name == "intermediateThrowEvent":
        node.kind = "pass"
    elif one.name in ("intermediateCatchEvent", "receiveTask"):
        node.kind = "wait"
    start = _extension(one, "start")
    if start is not None:
        node.own, node.starts = True, tuple(start.get("classes").split())
    if one.name in _MACHINE or node.kind == "wait":
        node.values["touch"] = "automatic"
    return node


def _mine(one: Element, node: Node, own: Mapping[str, Any], said: Said) -> None:
    """A step that was written here: its values from where the standard keeps them, the rest from ours."""
    node.own = True
    node.kind = "gate" if own.get("gate") else "step"
    node.split, node.join = own.get("split", "all"), own.get("join", "any")
    note = one.first("documentation", BPMN)
    node.values = {"note": note.text if note else "", "touch": "automatic" if one.name in _MACHINE else "human"}
    if said.effort is not None:
        node.values["effort"] = said.effort
    if said.cost is not None:
        node.values["cost"] = said.cost
    node.values.update(own)


def _extension(one: Element, name: str) -> Element | None:
    inner = one.first("extensionElements", BPMN)
    return inner.first(name, MAROPS) if inner is not None else None


def _own(one: Element, name: str) -> dict[str, Any] | None:
    """What an element of ours says, as JSON; None where there is none. Raises MaropsError where it is damaged."""
    found = _extension(one, name)
    if found is None:
        return None
    try:
        said = json.loads(found.text or "{}", parse_constant=_no_constant)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise refused(
            f"What Marops wrote at {one} is damaged.", f"Take the element marops:{name} out.", line=found.line
        )
    return said


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is no number")


def _name(one: Element) -> str:
    """The name in one line, as long as names may be."""
    return " ".join(_printable(one.get("name")).split())[:_LONGEST_NAME]


def _printable(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)


def slugs(names: Iterator[str] | list[str], fallback: str) -> Iterator[str]:
    """For each name an id of letters, digits and hyphens that no other has."""
    taken: set[str] = set()
    for name in names:
        found = slug_of(name) or fallback
        number_, once = 1, found
        while once in taken:
            number_ += 1
            once = f"{found}-{number_}"
        taken.add(once)
        yield once


def slug_of(name: str) -> str:
    """Letters, digits and hyphens of a name, accents taken off; empty if nothing is left."""
    from unicodedata import normalize

    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:60].strip("-")
