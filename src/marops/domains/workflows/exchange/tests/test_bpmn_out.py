from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings

from marops.domains.workflows.exchange import read_bpmn, write_bpmn
from marops.domains.workflows.exchange.own import BPMN, BPMNDI, DC, DI
from marops.domains.workflows.exchange.tests.making import workflows
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.starter import templates

B, D = f"{{{BPMN}}}", f"{{{BPMNDI}}}"
ORDER = ["documentation", "extensionElements", "incoming", "outgoing", "timerEventDefinition"]


def check(xml):
    """Every flow's ends exist, every element is drawn once, references agree, children are in the standard's order."""
    root = ET.fromstring(xml)
    ids = [one.get("id") for one in root.iter() if one.get("id") and BPMN in one.tag]
    assert len(set(ids)) == len(ids)
    process = root.find(f"{B}process")
    lines = {one.get("id"): one for one in process.iter(f"{B}sequenceFlow")}
    shapes = {
        one.get("id"): one
        for one in process
        if one.find(f"{B}incoming") is not None or one.find(f"{B}outgoing") is not None
    }
    for id_, one in lines.items():
        assert id_ in [inner.text for inner in shapes[one.get("sourceRef")].iter(f"{B}outgoing")]
        assert id_ in [inner.text for inner in shapes[one.get("targetRef")].iter(f"{B}incoming")]
    assert sum(len(list(one.iter(f"{B}incoming"))) for one in shapes.values()) == len(lines)
    drawn = [one.get("bpmnElement") for one in root.iter(f"{D}BPMNShape")]
    assert {*shapes} <= {*drawn}
    assert len(set(drawn)) == len(drawn)
    assert sorted(one.get("bpmnElement") for one in root.iter(f"{D}BPMNEdge")) == sorted(lines)
    for edge in root.iter(f"{D}BPMNEdge"):
        assert len(list(edge.iter(f"{{{DI}}}waypoint"))) >= 2
    boxes = [
        [float(one.get(key)) for key in ("x", "y", "width", "height")]
        for shape in root.iter(f"{D}BPMNShape")
        for one in shape.iter(f"{{{DC}}}Bounds")
        if shape.get("bpmnElement") in shapes
    ]
    for at, (x, y, w, h) in enumerate(boxes):
        assert not any(x < a + c and a < x + w and y < b + d and b < y + h for a, b, c, d in boxes[:at])
    refs = [one.text for one in root.iter(f"{B}flowNodeRef")]
    assert not refs or sorted(refs) == sorted(shapes)
    for one in shapes.values():
        names = [child.tag.replace(B, "") for child in one]
        assert names == sorted(names, key=ORDER.index)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(workflows())
def test_what_is_written_is_sound_bpmn(workflow):
    check(write_bpmn(workflow))


@pytest.mark.parametrize("slug", list(templates()))
def test_templates_make_the_round(slug):
    workflow = templates()[slug].workflow
    xml = write_bpmn(workflow)
    check(xml)
    assert Workflow.model_validate(read_bpmn(xml).workflow) == workflow


def test_another_tool_may_change_names_probabilities_and_times():
    xml = write_bpmn(templates()["newsletter"].workflow).decode()
    name = templates()["newsletter"].workflow.steps[0].name
    read = read_bpmn(xml.replace(f'name="{name}"', 'name="Something else"').encode())
    assert read.workflow["steps"][0]["name"] == "Something else"
    assert read.workflow["steps"][0]["id"] == templates()["newsletter"].workflow.steps[0].id


def test_a_task_that_another_tool_adds_becomes_a_step():
    flow = Workflow.model_validate(
        {
            "title": "Two", "crew": "c", "classes": [{"id": "i", "name": "I", "arrivals": {"per_month": 1}}],
            "steps": [{"id": "a", "name": "A", "skill": "x"}, {"id": "b", "name": "B", "skill": "x"}],
        }
    )  # fmt: skip
    xml = write_bpmn(flow).decode()
    xml = xml.replace('targetRef="step-b"', 'targetRef="n"').replace(
        "</bpmn:process>",
        '<bpmn:serviceTask id="n" name="New one"/>'
        '<bpmn:sequenceFlow id="n1" sourceRef="n" targetRef="step-b"/></bpmn:process>',
    )
    read = read_bpmn(xml.encode())
    assert [(one["from"], one["to"]) for one in read.workflow["ways"]] == [("a", "new-one"), ("new-one", "b")]


def test_a_copied_task_gets_an_id_of_its_own():
    flow = templates()["lead-hand-over"].workflow
    xml = write_bpmn(flow).decode()
    first = flow.steps[0].id
    copied = xml.replace(f'"id": "{flow.steps[1].id}"', f'"id": "{first}"')
    read = read_bpmn(copied.encode())
    ids = [one["id"] for one in read.workflow["steps"]]
    assert len(set(ids)) == len(ids)
    assert any("same id" in note for note in read.notes)
