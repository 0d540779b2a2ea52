import pytest

from marops.domains.workflows.exchange import read_bpmn
from marops.domains.workflows.exchange.tests.bpmn_text import (
    bpmn,
    chance,
    flows,
    inside,
    line,
    nodes,
    scenario,
    step,
    ways,
)
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.faults import faults_of_workflow, faults_together
from marops.kernel.errors import MaropsError


def test_a_line_of_tasks_with_a_crew_to_begin_with():
    read = read_bpmn(
        bpmn(
            nodes(S="startEvent: Asked", A="userTask: Über Ärger", B="serviceTask", E="endEvent")
            + line("S", "A", "B", "E")
        )
    )
    assert [one["id"] for one in read.workflow["steps"]] == ["uber-arger", "b"]
    assert step(read, "b")["touch"] == "automatic"
    assert ways(read) == {("uber-arger", "b"): None}
    assert read.workflow["classes"][0]["name"] == "Asked"
    assert read.workflow["crew"] == "order-crew"
    assert faults_together(Workflow.model_validate(read.workflow), Crew.model_validate(read.crew)) == []
    assert any("one hour was assumed" in note for note in read.notes)


def test_gateways_become_part_of_the_steps_beside_them():
    body = nodes(S="startEvent", A="task", X="exclusiveGateway", B="task", C="task", Y="exclusiveGateway", D="task")
    body += nodes(P="parallelGateway", F="task", G="task", Q="parallelGateway", H="task", E="endEvent")
    body += line("S", "A", "X", "B", "Y", "D", "P", "F", "Q", "H", "E") + flows("X-C", "C-Y", "P-G", "G-Q")
    read = read_bpmn(bpmn(body, scenario(chance("X_B", 0.2), chance("X_C", 0.8))))
    assert not any(one["gate"] for one in read.workflow["steps"])
    assert ways(read) == {
        ("a", "b"): 0.2, ("a", "c"): 0.8, ("b", "d"): None, ("c", "d"): None,
        ("d", "f"): None, ("d", "g"): None, ("f", "h"): None, ("g", "h"): None,
    }  # fmt: skip
    assert (step(read, "a")["split"], step(read, "d")["join"]) == ("one", "any")
    assert (step(read, "d")["split"], step(read, "h")["join"]) == ("all", "all")


def test_an_outcome_stands_as_a_gate_and_a_way_back_as_rework():
    body = nodes(
        S="startEvent", A="task", B="task", X="exclusiveGateway", E="endEvent: Dropped", C="task", Z="endEvent"
    )
    body += nodes(M="exclusiveGateway") + line("S", "M", "A", "B", "X", "E") + flows("X-M", "X-C", "C-Z")
    read = read_bpmn(bpmn(body, scenario(chance("X_E", 0.1), chance("X_M", 0.5), chance("X_C", 0.4))))
    assert step(read, "b")["rework"] == {"probability": 0.5, "back_to": "a", "at_most": 100}
    assert ways(read) == {("a", "b"): None, ("b", "dropped"): 0.2, ("b", "c"): 0.8}
    assert step(read, "dropped")["gate"]


def test_work_that_comes_back_into_a_branch_does_not_turn_the_join_round():
    """Met in a template: the way back leads into one branch of a fork, whose join lies before it."""
    body = nodes(S="startEvent", A="task", P="parallelGateway", B="task", M="exclusiveGateway", C="task")
    body += nodes(Q="parallelGateway", D="task", X="exclusiveGateway", E="endEvent")
    body += line("S", "A", "P", "B", "Q", "D", "X", "E") + flows("P-M", "M-C", "C-Q", "X-M")
    read = read_bpmn(bpmn(body, scenario(chance("X_E", 0.9), chance("X_M", 0.1))))
    assert step(read, "d")["rework"]["back_to"] == "c"
    assert step(read, "d")["join"] == "all"
    assert ("d", "c") not in ways(read)


def test_several_ways_that_meet_again_are_each_taken_or_not():
    body = nodes(
        S="startEvent", A="task", O="inclusiveGateway", B="task", C="task", J="inclusiveGateway", D="task", E="endEvent"
    )
    body += line("S", "A", "O", "B", "J", "D", "E") + flows("O-C", "C-J")
    read = read_bpmn(bpmn(body, scenario(chance("O_B", 0.9), chance("O_C", 0.3))))
    found = ways(read)
    assert sorted(round(value, 9) for value in found.values() if value) == [0.1, 0.3, 0.7, 0.9]
    assert step(read, "d")["join"] == "all"


def test_times_of_a_scenario_in_its_unit():
    task = nodes(S="startEvent", A="task", B="task", C="task", D="task", E="endEvent") + line(
        "S", "A", "B", "C", "D", "E"
    )

    def time(element, value, name="ProcessingTime"):
        return element, "TimeParameters", name, value

    read = read_bpmn(
        bpmn(
            task,
            scenario(
                time("A", '<bpsim:NumericParameter value="90"/>'),
                time("A", '<bpsim:DurationParameter value="P1DT12H"/>', "WaitTime"),
                time("B", '<bpsim:LogNormalDistribution mean="120" standardDeviation="60"/>'),
                time("C", '<bpsim:TriangularDistribution min="1" mode="2" max="3" timeUnit="hour"/>'),
                time("D", '<bpsim:GammaDistribution shape="4" scale="30"/>'),
                ("S", "ControlParameters", "InterTriggerTimer", '<bpsim:NegativeExponentialDistribution mean="7305"/>'),
            ),
        )
    )
    assert (step(read, "a")["effort"], step(read, "a")["outside"]) == (1.5, 36)
    assert {key: step(read, "b")["effort"][key] for key in ("kind", "mean", "sd")} == {
        "kind": "lognormal",
        "mean": 2,
        "sd": 1,
    }
    assert step(read, "c")["effort"]["high"] == 3
    assert (step(read, "d")["effort"]["mean"], step(read, "d")["effort"]["sd"]) == (2, 1)
    assert read.workflow["classes"][0]["arrivals"]["per_month"] == pytest.approx(6)


def test_a_timer_is_time_outside_of_the_step_after_it():
    time = inside("timerEventDefinition", "", "<timeDuration>PT36H</timeDuration>")
    timer = inside("intermediateCatchEvent", 'id="T" name="Wait"', time)
    read = read_bpmn(
        bpmn(nodes(S="startEvent", A="task", B="task", E="endEvent") + timer + line("S", "A", "T", "B", "E"))
    )
    assert step(read, "b")["outside"] == 36
    assert ways(read) == {("a", "b"): None}


def test_a_subprocess_is_read_without_its_frame():
    inner = nodes(i="startEvent", X="task", Y="task", o="endEvent") + line("i", "X", "Y", "o")
    body = (
        nodes(S="startEvent", A="task", B="task", E="endEvent") + f'<subProcess id="P" name="Part">{inner}</subProcess>'
    )
    read = read_bpmn(bpmn(body + line("S", "A", "P", "B", "E")))
    assert ways(read) == {("a", "x"): None, ("x", "y"): None, ("y", "b"): None}


def test_lanes_are_roles():
    lanes = inside(
        "laneSet",
        'id="l"',
        inside("lane", 'id="1" name="Legal"', "<flowNodeRef>B</flowNodeRef>"),
        inside("lane", 'id="2" name="Copy"', "<flowNodeRef>A</flowNodeRef>"),
    )
    read = read_bpmn(bpmn(lanes + nodes(S="startEvent", A="task", B="task", E="endEvent") + line("S", "A", "B", "E")))
    assert [(one["lane"], one["skill"]) for one in read.workflow["steps"]] == [("Copy", "copy"), ("Legal", "legal")]
    assert [one["name"] for one in read.crew["people"]] == ["Copy", "Legal"]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ('<boundaryEvent id="X" attachedToRef="A"/>', "boundaryEvent (X) in line 3"),
        ('<subProcess id="X" triggeredByEvent="true"><task id="t"/></subProcess>', "begins by an event"),
        ('<callActivity id="X" name="Other"/>' + flows("A-X"), "callActivity “Other” (X)"),
        ('<task id="X" name="Alone"/>', "nothing leads to it"),
    ],
)  # fmt: skip
def test_what_is_left_out_is_said(extra, said):
    read = read_bpmn(bpmn(nodes(S="startEvent", A="task", E="endEvent") + line("S", "A", "E") + extra))
    assert any(said in note for note in read.notes), read.notes


def test_annotations_and_documentation_become_notes():
    task = inside("task", 'id="A" name="A"', "<documentation>Mind the gap.</documentation>")
    text = inside("textAnnotation", 'id="T"', "<text>Ask first</text>")
    body = nodes(S="startEvent", E="endEvent") + task + text + '<association id="x" sourceRef="T" targetRef="A"/>'
    assert step(read_bpmn(bpmn(body + line("S", "A", "E"))), "a")["note"] == "Mind the gap.\nAsk first"


# --- files that are refused


def refused(data):
    with pytest.raises(MaropsError) as caught:
        read_bpmn(data)
    return str(caught.value)


def test_entities_and_document_types_are_refused_at_once():
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    assert "document type" in refused(bomb)
    assert "document type" in refused(b'<!DOCTYPE x SYSTEM "file:///etc/hostname"><x/>')
    assert "no XML" in refused(b"<x>&outside;</x>")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no XML"),
        (b"PK\x03\x04", "no XML"),
        (b"<a/>", "no BPMN 2.0 file"),
        (b"<x>" * 100 + b"</x>" * 100, "deep"),
        (bpmn(""), "no task"),
        (bpmn(nodes(A="task")).replace(b"process", b"choreography"), "no process"),
        (bpmn(nodes(A="task: Brief") + flows("A-B")), "sequenceFlow (A_B) in line 3 leads to 'B', which is not there"),
        (bpmn(nodes(A="task") + nodes(A="task")), "task “A” (A) in line 3 has an id that another element has"),
        (bpmn('<task name="Nameless"/>'), "task “Nameless” in line 3 has no id"),
        (bpmn(nodes(S="startEvent", A="task", X="task: Round") + flows("S-A", "A-X", "X-A")), "no way leads to an end"),
        (bpmn('<adHocSubProcess id="P" name="Any">' + nodes(A="task") + "</adHocSubProcess>"), "in any order"),
        (bpmn(inside("subProcess", 'id="P" name="Two"', nodes(a="startEvent", b="startEvent", A="task"))), "Two” (P)"),
        ("<definitions/>".encode("utf-16")[:-3], "no XML"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(data, said):
    assert said in refused(data)


def test_a_fault_names_the_element_it_is_about():
    body = nodes(S="startEvent", A="task: Loop", B="task") + flows("S-A", "A-B", "B-A")
    assert "task “Loop” (A) in line 3: From “Loop” no way leads to an end" in refused(bpmn(body))


def test_too_many_nodes_are_refused_before_they_cost_time():
    body = "".join(f'<task id="t{one}"/>' for one in range(2100))
    assert "more than 2,000" in refused(bpmn(body))


def test_more_steps_than_a_workflow_holds_are_counted():
    assert "has 520 steps" in refused(bpmn("".join(f'<task id="t{one}"/>' for one in range(520))))


def test_damaged_values_of_ours_are_refused_where_they_stand():
    ours = """<m:step xmlns:m="https://marops.dev/bpmn">{"id": NaN}</m:step>"""
    broken = inside("task", 'id="A"', inside("extensionElements", "", ours))
    assert "task (A) in line 3 is damaged" in refused(bpmn(broken))


# --- real files


def test_the_loan_application_is_read(shared_data):
    read = read_bpmn((shared_data / "event_logs" / "LoanApp_simplified.bpmn").read_bytes())
    named = [one["name"] for one in read.workflow["steps"] if not one["gate"]]
    assert len(named) == 12
    assert step(read, "assess-loan-risk")["join"] == "all"
    assert ("applicant-completes-form", "check-application-form-completeness") in ways(read)
    assert read.workflow["classes"][0]["start"] == "check-application-form-completeness"


def test_a_tangle_of_eighty_nodes_is_read(shared_data):
    read = read_bpmn((shared_data / "event_logs" / "consulta_data_mining_bpmn_model.bpmn").read_bytes())
    assert sum(not one["gate"] for one in read.workflow["steps"]) == 18
    assert any("whatever may still come" in note for note in read.notes)
    assert faults_of_workflow(Workflow.model_validate(read.workflow)) == []
