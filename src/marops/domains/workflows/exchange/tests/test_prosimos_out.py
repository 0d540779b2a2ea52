import io
import json
import zipfile
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings

from marops.domains.workflows.exchange import (
    is_exchange,
    losses,
    model_files,
    packed,
    read_paths,
    read_prosimos,
    read_zip,
    write_bpmn,
    write_prosimos,
)
from marops.domains.workflows.exchange.own import BPMN
from marops.domains.workflows.exchange.tests.making import workflows
from marops.domains.workflows.exchange.tests.prosimos_text import LOOP, parameters
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.starter import template_crew, templates
from marops.kernel.errors import MaropsError

WEEK = {"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]}
CREW = {
    "title": "C",
    "calendars": {"office": {"hours": WEEK}, "day": {"hours": {"tue": [["00:00", "24:00"]]}}},
    "calendar": "office",
    "people": [{"id": "p", "name": "P", "skills": {"writing": 2}, "share": 0.5, "cost_per_hour": 10}],
}
ONE = {
    "title": "T",
    "crew": "c",
    "classes": [{"id": "i", "name": "I", "arrivals": {"per_month": 9}}],
    "steps": [{"id": "a", "name": "A", "skill": "writing", "effort": 3}],
}


def test_a_model_that_says_nothing_else_comes_back_the_same():
    first = read_prosimos(LOOP, parameters(), title="Order")
    again = read_prosimos(*write_prosimos(first.workflow, first.crew), title="Order")
    one, other = (Workflow.model_validate(read.workflow) for read in (first, again))
    assert [(step.name, step.effort, step.rework) for step in one.steps] == [
        (step.name, step.effort, step.rework) for step in other.steps
    ]
    assert other.classes[0].arrivals.per_month == pytest.approx(one.classes[0].arrivals.per_month, rel=1e-4)
    before, after = (Crew.model_validate(read.crew) for read in (first, again))
    assert [(who.id, who.skills, who.cost_per_hour) for who in before.people] == [
        (who.id, who.skills, who.cost_per_hour) for who in after.people
    ]
    assert [one.hours for one in before.calendars.values()] == [one.hours for one in after.calendars.values()]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(workflows())
def test_every_workflow_becomes_two_files_that_agree(workflow):
    files = write_prosimos(workflow, CREW)
    said = json.loads(files.parameters)
    root = ET.fromstring(files.bpmn)
    kinds = {one.get("id"): one.tag.split("}")[1] for one in root.iter() if BPMN in one.tag and one.get("id")}
    flows = {id_ for id_, kind in kinds.items() if kind == "sequenceFlow"}
    assert sum(kind == "startEvent" for kind in kinds.values()) == 1
    assert sum(kind == "endEvent" for kind in kinds.values()) <= 1
    assert {row["task_id"] for row in said["task_resource_distribution"]} == {
        i for i, kind in kinds.items() if kind == "task"
    }
    people = {one["id"]: one for pool in said["resource_profiles"] for one in pool["resource_list"]}
    calendars = {one["id"] for one in said["resource_calendars"]}
    assert {one["calendar"] for one in people.values()} <= calendars
    for row in said["task_resource_distribution"]:
        assert row["resources"]
        assert {one["resource_id"] for one in row["resources"]} <= {*people}
        assert all(row["task_id"] in people[one["resource_id"]]["assignedTasks"] for one in row["resources"])
    for row in said["gateway_branching_probabilities"]:
        assert kinds[row["gateway_id"]] == "exclusiveGateway"
        assert {one["path_id"] for one in row["probabilities"]} <= flows
        assert sum(one["value"] for one in row["probabilities"]) == pytest.approx(1)
    timers = {id_ for id_, kind in kinds.items() if kind == "intermediateCatchEvent"}
    assert {row["event_id"] for row in said["event_distribution"]} == timers


def test_speed_and_share_are_in_the_times():
    said = json.loads(write_prosimos(ONE, CREW).parameters)
    assert said["task_resource_distribution"][0]["resources"][0]["distribution_params"] == [{"value": 3 * 3600.0}]
    assert any("take" in one for one in losses(ONE, CREW))


def test_hours_in_which_a_step_opens_are_those_of_people_who_do_nothing_else():
    flow = {**ONE, "steps": [{**ONE["steps"][0], "opens": "day"}]}
    said = json.loads(write_prosimos(flow, CREW).parameters)
    person = said["resource_profiles"][0]["resource_list"][0]
    hours = next(one["time_periods"] for one in said["resource_calendars"] if one["id"] == person["calendar"])
    assert hours == [{"from": "TUESDAY", "to": "TUESDAY", "beginTime": "09:00:00", "endTime": "17:00:00"}]
    two = {**flow, "steps": [*flow["steps"], {"id": "b", "name": "B", "skill": "writing"}]}
    assert any("when “A” opens" in one for one in losses(two, CREW))


def test_priorities_are_written_only_when_asked_for():
    flow, crew = templates()["newsletter"].document, template_crew()[0]
    priorities = {one["priority"] for one in flow["classes"] if "priority" in one}
    assert priorities
    assert json.loads(write_prosimos(flow, crew).parameters)["prioritisation_rules"] == []
    assert json.loads(write_prosimos(flow, crew, priorities=True).parameters)["prioritisation_rules"]
    assert any("priorities" in one for one in losses(flow, crew))


# --- files


def test_two_paths_a_folder_a_zip_and_a_diagram_alone(tmp_path):
    first = read_prosimos(LOOP, parameters())
    files = write_prosimos(first.workflow, first.crew)
    (tmp_path / "m").mkdir()
    diagram, figures, both = tmp_path / "m" / "a.bpmn", tmp_path / "m" / "b.json", tmp_path / "m.zip"
    diagram.write_bytes(files.bpmn)
    figures.write_bytes(files.parameters)
    both.write_bytes(packed(files))
    whole = read_paths(f"{diagram}+{figures}")
    assert whole.workflow == read_paths(str(tmp_path / "m")).workflow == read_paths(str(both)).workflow
    assert whole.crew["people"][0]["id"] == "Clerk-1"
    assert read_paths(str(diagram)).crew["people"][0]["id"] == "team"
    assert model_files(str(diagram)) == (files.bpmn, None)
    assert all(is_exchange(str(one)) for one in (f"{diagram}+{figures}", tmp_path / "m", both, diagram))
    assert not is_exchange(str(figures))
    assert packed(files) == packed(files)


def zipped(**names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as one:
        for name, data in names.items():
            one.writestr(name.replace("_", "."), data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"PK\x03\x04 and nothing", "cannot be read"),
        (zipped(a_txt=b""), "no file that ends in .bpmn"),
        (zipped(a_bpmn=b" " * 40_000_000), "more than 30 MB"),
        (zipped(a_bpmn=LOOP, b_bpmn=LOOP), "several diagrams"),
        (zipped(a_bpmn=LOOP, b_json=b"{}", c_json=b"{}"), "several files of parameters"),
        (zipped(a_bpmn=LOOP)[:-30], "cannot be read"),
    ],
)
def test_zips_that_cannot_be_read(data, text):
    with pytest.raises(MaropsError) as caught:
        read_zip(data)
    assert text in str(caught.value)


def test_a_diagram_of_ours_with_parameters_follows_the_parameters():
    first = read_prosimos(LOOP, parameters(), title="Order")
    read = read_prosimos(write_bpmn(first.workflow), write_prosimos(first.workflow, first.crew).parameters)
    assert [one["effort"] for one in read.workflow["steps"]] == [one["effort"] for one in first.workflow["steps"]]
