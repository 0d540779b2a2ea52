"""A workflow as BPMN 2.0 XML with its picture, and its times and probabilities as a BPSim scenario.

What neither standard has a place for is written in a namespace of ours, so that what was written here is read back
without loss, and other tools still see tasks, gateways, lanes and timers.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from marops import __version__
from marops.domains.workflows.exchange import own
from marops.domains.workflows.exchange.bpsim import LONGEST, as_duration, mean_hours, survives, written
from marops.domains.workflows.exchange.picture import picture
from marops.domains.workflows.exchange.sketch import TIMER, Line, Shape, Sketch, lanes, sketch
from marops.domains.workflows.rules.document import Step, Workflow

_HEAD = {
    "xmlns:bpmn": own.BPMN,
    "xmlns:bpmndi": own.BPMNDI,
    "xmlns:dc": own.DC,
    "xmlns:di": own.DI,
    "xmlns:bpsim": own.BPSIM,
    "xmlns:marops": own.MAROPS,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
PROCESS = "process"


def write_bpmn(workflow: Workflow | Mapping[str, Any]) -> bytes:
    """The workflow as a BPMN 2.0 file."""
    model = workflow if isinstance(workflow, Workflow) else Workflow.model_validate(workflow)
    return written_xml(model, sketch(model))


def written_xml(workflow: Workflow, drawn: Sketch, *, simple: bool = False) -> bytes:
    """A sketch as XML. `simple`: without lanes, scenario and what is ours."""
    root = ET.Element(
        "bpmn:definitions",
        {
            **_HEAD, "id": "definitions", "targetNamespace": own.MAROPS, "exporter": "Marops",
            "exporterVersion": __version__,
        },
    )  # fmt: skip
    names = [] if simple else [one for one in lanes(drawn.shapes) if one]
    if names:
        pool = ET.SubElement(root, "bpmn:collaboration", {"id": "collaboration"})
        ET.SubElement(pool, "bpmn:participant", {"id": "pool", "name": fit(workflow.title), "processRef": PROCESS})
    process = ET.SubElement(root, "bpmn:process", {"id": PROCESS, "name": fit(workflow.title), "isExecutable": "false"})
    if not simple:
        _say(process, "workflow", _rest_of_workflow(workflow), version=own.VERSION)
        _lanes(process, drawn, names)
    _elements(process, drawn, simple)
    picture(root, drawn, names, "collaboration" if names else PROCESS)
    if not simple:
        _scenario(root, workflow, drawn)
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def fit(text: str) -> str:
    """Text as XML may hold it."""
    return _UNFIT.sub("\ufffd", text)


def _elements(process: ET.Element, drawn: Sketch, simple: bool) -> None:
    out, into = drawn.out(), drawn.into()
    for shape in drawn.shapes.values():
        element = ET.SubElement(process, f"bpmn:{shape.tag}", {"id": shape.id})
        if shape.name:
            element.set("name", fit(shape.name))
        if shape.tag.endswith("Gateway"):
            element.set("gatewayDirection", _direction(len(into[shape.id]), len(out[shape.id])))
        if not simple:
            _ours(element, shape)
        for name, lines in (("incoming", into[shape.id]), ("outgoing", out[shape.id])):
            for line in lines:
                ET.SubElement(element, f"bpmn:{name}").text = line.id
        if shape.tag == TIMER:
            timer = ET.SubElement(element, "bpmn:timerEventDefinition", {"id": f"{shape.id}-timer"})
            length = ET.SubElement(timer, "bpmn:timeDuration", {"xsi:type": "bpmn:tFormalExpression"})
            length.text = as_duration(mean_hours(shape.wait or 0.0))
    for line in drawn.lines:
        element = ET.SubElement(
            process, "bpmn:sequenceFlow", {"id": line.id, "sourceRef": line.source, "targetRef": line.target}
        )
        if not simple:
            _our_line(element, line)


def _direction(into: int, out: int) -> str:
    if into > 1 and out > 1:
        return "Mixed"
    return "Diverging" if out > 1 else "Converging" if into > 1 else "Unspecified"


# --- what is ours


def _ours(element: ET.Element, shape: Shape) -> None:
    if shape.step is not None:
        if shape.step.note:
            ET.SubElement(element, "bpmn:documentation").text = fit(shape.step.note)
        _say(element, "step", _rest_of_step(shape.step, shape.tag))
    elif shape.made:
        values = {}
        if shape.made == "outside" and shape.wait is not None and not survives(shape.wait):
            values["outside"] = _plain(shape.wait)
        _say(element, "made", values or None, **{"as": shape.made, "of": shape.of})
    elif shape.classes is not None:
        _say(element, "start", None, classes=" ".join(shape.classes))


def _our_line(element: ET.Element, line: Line) -> None:
    if line.rework is not None and line.rework.rework is not None:
        said: dict[str, Any] = {"at_most": line.rework.rework.at_most}
        _say(element, "rework", said)
    elif line.way is not None:
        rest = line.way.model_dump(mode="json", exclude_defaults=True, exclude={"source", "target", "probability"})
        if line.way.probability is not None and not line.chosen:
            rest["probability"] = line.way.probability
        if rest:
            _say(element, "way", rest)


def _say(element: ET.Element, name: str, values: Mapping[str, Any] | None, **attributes: str) -> None:
    inner = ET.Element("bpmn:extensionElements")
    said = ET.SubElement(inner, f"marops:{name}", attributes)
    if values is not None:
        said.text = json.dumps(values, sort_keys=True)
    place = 1 if len(element) and element[0].tag == "bpmn:documentation" else 0
    element.insert(place, inner)


def _rest_of_step(step: Step, tag: str) -> dict[str, Any]:
    """What a step says and neither BPMN nor BPSim does."""
    rest = step.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude={"rework", "outside", "cost"})
    rest["id"] = step.id
    if one_line(step.name) == step.name:
        rest.pop("name", None)
    if "\r" not in step.note and fit(step.note) == step.note:
        rest.pop("note", None)
    if survives(step.effort) and not step.gate:
        rest.pop("effort", None)
    if step.touch == ("automatic" if tag == "serviceTask" else "human"):
        rest.pop("touch", None)
    elif tag not in ("userTask", "serviceTask"):
        rest["touch"] = step.touch
    if step.gate and step.cost:
        rest["cost"] = step.cost
    rest["lane"] = step.lane
    return rest


def one_line(text: str) -> str:
    """A name as it is read back: in one line, without what XML cannot hold."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", fit(text)).split())[:200]


def _rest_of_workflow(workflow: Workflow) -> dict[str, Any]:
    rest = workflow.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"steps", "ways", "title"})
    if one_line(workflow.title) != workflow.title:
        rest["title"] = workflow.title
    if not workflow.ways:
        rest["line"] = True
    return rest


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if hasattr(value, "model_dump") else value


# --- lanes and the scenario


def _lanes(process: ET.Element, drawn: Sketch, names: list[str]) -> None:
    if not names:
        return
    lane_set = ET.SubElement(process, "bpmn:laneSet", {"id": "lanes"})
    for number, name in enumerate(names, 1):
        lane = ET.SubElement(lane_set, "bpmn:lane", {"id": f"lane-{number}", "name": fit(name)})
        for shape in drawn.shapes.values():
            if (shape.lane or names[0]) == name:
                ET.SubElement(lane, "bpmn:flowNodeRef").text = shape.id


def _scenario(root: ET.Element, workflow: Workflow, drawn: Sketch) -> None:
    relationship = ET.SubElement(root, "bpmn:relationship", {"type": "BPSimData"})
    inner = ET.SubElement(relationship, "bpmn:extensionElements")
    for name in ("source", "target"):
        ET.SubElement(relationship, f"bpmn:{name}").text = PROCESS
    data = ET.SubElement(inner, "bpsim:BPSimData")
    scenario = ET.SubElement(data, "bpsim:Scenario", {"id": "scenario", "name": fit(workflow.title)})
    ET.SubElement(scenario, "bpsim:ScenarioParameters", {"baseTimeUnit": "hour"})
    for shape in drawn.shapes.values():
        _parameters(scenario, shape.id, _times(shape, workflow))
    for line in drawn.lines:
        if line.probability is not None:
            chance = ET.Element("bpsim:FloatingParameter", {"value": repr(line.probability)})
            _parameters(scenario, line.id, [("ControlParameters", "Probability", chance)])


def _times(shape: Shape, workflow: Workflow) -> list[tuple[str, str, ET.Element]]:
    step = shape.step
    found = []
    if step is not None and not step.gate:
        found.append(("TimeParameters", "ProcessingTime", written(step.effort)))
    if step is not None and step.cost and not step.gate:
        cost = ET.Element("bpsim:FloatingParameter", {"value": repr(step.cost)})
        found.append(("CostParameters", "FixedCost", cost))
    if shape.wait is not None:
        found.append(("TimeParameters", "WaitTime", written(shape.wait)))
    if shape.tag == "startEvent" and shape.classes is not None:
        monthly = sum(one.arrivals.per_month for one in workflow.classes if not one.start or one.id in shape.classes)
        if monthly * LONGEST > 730.5:
            between = ET.Element("bpsim:NegativeExponentialDistribution", {"mean": repr(730.5 / monthly)})
            found.append(("ControlParameters", "InterTriggerTimer", between))
    return found


def _parameters(scenario: ET.Element, id_: str, values: list[tuple[str, str, ET.Element]]) -> None:
    if not values:
        return
    element = ET.SubElement(scenario, "bpsim:ElementParameters", {"elementRef": id_})
    groups: dict[str, ET.Element] = {}
    for group, name, value in values:
        place = groups.get(group)
        if place is None:
            place = groups[group] = ET.SubElement(element, f"bpsim:{group}")
        ET.SubElement(place, f"bpsim:{name}").append(value)
