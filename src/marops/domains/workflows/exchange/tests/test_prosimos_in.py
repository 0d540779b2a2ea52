import json

import pytest

from marops.domains.workflows.exchange import read_prosimos
from marops.domains.workflows.exchange.prosimos_cases import weekly
from marops.domains.workflows.exchange.prosimos_hours import as_hours, crisp, spans_of, total
from marops.domains.workflows.exchange.tests.bpmn_text import bpmn, flows, inside, line, nodes, step, ways
from marops.domains.workflows.exchange.tests.prosimos_text import (
    ALWAYS,
    DAYS,
    LOOP,
    attribute,
    does,
    goes,
    law,
    parameters,
    pool,
    resource,
)
from marops.domains.workflows.rules.amounts import Spread
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Workflow
from marops.domains.workflows.rules.faults import faults_together
from marops.kernel.errors import MaropsError


def model(diagram=LOOP, **sections):
    read = read_prosimos(diagram, parameters(**sections))
    assert faults_together(Workflow.model_validate(read.workflow), Crew.model_validate(read.crew)) == []
    return read


def said(read, text):
    return any(text in note for note in read.notes)


def test_who_does_what_how_fast_and_how_often_it_comes_back():
    read = model()
    draft, check = read.workflow["steps"]
    assert (draft["skill"], draft["effort"], draft["lane"]) == ("clerks", 1.5, "Clerks")
    people = {one["id"]: one for one in read.crew["people"]}
    assert people["Clerk-1"]["skills"] == {"clerks": 1.5}
    assert people["Clerk-2"]["skills"] == {"clerks": 0.75}
    assert people["Chief"]["cost_per_hour"] == 35
    assert check["rework"] == {"probability": 0.2, "back_to": "draft", "at_most": 100}
    assert check["effort"]["kind"] == "normal"
    assert read.crew["calendars"]["office"]["hours"]["fri"] == [["09:00", "17:00"]]
    assert read.workflow["classes"][0]["arrivals"]["per_month"] == pytest.approx(365.25 * 24 / 12 / 4)
    assert read.workflow["classes"][0]["arrivals"]["within"] == "elapsed"
    assert read.notes == ()


def test_a_resource_in_several_pools_is_one_person():
    shared = [resource("Ana"), resource("Ben")]
    read = model(
        resource_profiles=[pool("A", "Draft", *shared), pool("B", "Check", shared[0])],
        task_resource_distribution=[
            does("A", Ana=law("fix", 60), Ben=law("fix", 60)),
            does("B", Ana=law("fix", 60)),
        ],
    )
    assert {one["id"]: set(one["skills"]) for one in read.crew["people"]} == {"Ana": {"draft", "ana"}, "Ben": {"draft"}}


def test_speeds_that_differ_from_task_to_task_stand_at_the_step():
    read = model(
        task_resource_distribution=[
            does("A", Clerk_1=law("fix", 3600), Clerk_2=law("fix", 7200)),
            does("B", Clerk_1=law("fix", 7200), Clerk_2=law("fix", 3600)),
        ]
    )
    draft, check = read.workflow["steps"]
    assert draft["people"] == {"Clerk-1": 1.5, "Clerk-2": 0.75}
    assert check["people"] == {"Clerk-1": 0.75, "Clerk-2": 1.5}
    assert draft["skill"] == check["skill"]


def test_shapes_that_differ_are_mixed_and_the_means_kept():
    read = model(
        task_resource_distribution=[
            does("A", Clerk_1=law("expon", 3600, 0, 1e7), Clerk_2=law("fix", 3600)),
            does("B", Chief=law("fix", 60)),
        ]
    )
    effort = Spread.model_validate(step(read, "draft")["effort"])
    assert effort.kind == "quantiles"
    assert sum(effort.values) / len(effort.values) == pytest.approx(1, rel=0.02)
    assert said(read, "shape of times differs")


def test_many_alike_who_never_rest_are_a_machine():
    read = model(
        resource_profiles=[pool("p", "System", resource("AI", "always", amount=100, cost_per_hour=6))],
        resource_calendars=[{"id": "always", "name": "Always", "time_periods": ALWAYS}],
        task_resource_distribution=[does(task, AI=law("fix", 600)) for task in "AB"],
    )
    assert {one["touch"] for one in read.workflow["steps"]} == {"automatic"}
    assert step(read, "draft")["cost"] == 1
    assert read.crew["people"] == []


# --- calendars


def test_periods_of_all_kinds():
    spans = spans_of([{"from": "SATURDAY", "to": "MONDAY", "beginTime": "22:00", "endTime": "06:00:00"}])
    assert as_hours(spans) == {
        "mon": [["00:00", "06:00"], ["22:00", "24:00"]],
        "tue": [["00:00", "06:00"]],
        "sat": [["22:00", "24:00"]],
        "sun": [["00:00", "06:00"], ["22:00", "24:00"]],
    }
    assert total(spans_of(ALWAYS)) == 168
    assert total(spans_of([*DAYS, *DAYS])) == 40


def test_a_fuzzy_calendar_keeps_its_hours_where_they_are_likely():
    likely = [
        {"from": "MONDAY", "to": "MONDAY", "beginTime": "09:00", "endTime": "10:00", "probability": 1.0},
        {"from": "MONDAY", "to": "MONDAY", "beginTime": "10:00", "endTime": "12:00", "probability": 0.5},
        {"from": "MONDAY", "to": "MONDAY", "beginTime": "12:00", "endTime": "13:00", "probability": 0.2},
    ]
    assert as_hours(crisp(likely, [])) == {"mon": [["09:00", "11:12"]]}
    busy = [{"from": "MONDAY", "to": "SUNDAY", "beginTime": "00:00", "endTime": "23:59:59", "probability": 0.5}]
    assert total(crisp(likely, busy)) == pytest.approx(1.1)
    read = model(
        resource_calendars=[{"id": "office", "name": "Office", "time_periods": likely, "workload_ratio": busy}]
    )
    assert said(read, "Fuzzy calendars became definite hours")
    assert said(read, "office: 1.1 hours a week")


# --- what comes in


def test_arrivals_outside_of_the_hours_come_at_the_next_opening():
    """A gap of two hours in a day of eight: four a day; a random gap overshoots the night and one begins each day."""
    office = spans_of(DAYS)
    assert weekly(2.0, office) == pytest.approx(20, rel=0.01)
    assert weekly(Spread(kind="exponential", mean=2), office) == pytest.approx(25, rel=0.02)
    assert weekly(2.0, [(0.0, 10080.0)]) == 84
    read = model(arrival_time_calendar=DAYS)
    assert said(read, "moves what falls outside of the hours")
    assert read.workflow["classes"][0]["arrivals"]["within"] == "office"


def test_priorities_make_kinds_of_work():
    read = model(
        case_attributes=[
            attribute("client", Business=0.2, Regular=0.8),
            {"name": "amount", "type": "continuous", "values": law("fix", 240)},
            attribute("colour", red=1),
        ],
        prioritisation_rules=[
            {"priority_level": 1, "rules": [[{"attribute": "client", "comparison": "=", "value": "Business"}]]},
            {"priority_level": 2, "rules": [[{"attribute": "amount", "comparison": ">", "value": "500"}]]},
        ],
    )  # fmt: skip
    kinds = {one["id"]: (one["priority"], round(one["arrivals"]["per_month"], 2)) for one in read.workflow["classes"]}
    assert kinds == {"business": (1, 36.52), "regular": (0, 146.1)}
    for text in ("attribute amount", "attribute colour", "depends on a number"):
        assert said(read, text)


def test_a_way_that_depends_on_attributes_is_taken_as_often_as_on_average():
    depends = {"path_id": "X_M", "value": 0, "condition_id": "r"}
    read = model(
        case_attributes=[attribute("kind", red=0.3, blue=0.7)],
        branch_rules=[{"id": "r", "rules": [[{"attribute": "kind", "comparison": "=", "value": "red"}]]}],
        gateway_branching_probabilities=[
            {"gateway_id": "X", "probabilities": [depends, {"path_id": "X_E", "value": 0.7}]}
        ],
    )
    assert step(read, "check")["rework"]["probability"] == pytest.approx(0.3)
    assert said(read, "depends on attributes")


def test_a_limit_of_passes_is_how_often_work_comes_back():
    assert step(model(gateway_execution_limit=4), "check")["rework"]["at_most"] == 4


# --- batches and events


def batch(*rules, **more):
    row = {
        "task_id": "A",
        "type": "Sequential",
        "size_distrib": [{"key": "1", "value": 0}],
        "duration_distrib": [],
        "firing_rules": list(rules),
    }
    return [{**row, **more}]  # fmt: skip


def rule(attribute, comparison, value):
    return {"attribute": attribute, "comparison": comparison, "value": value}


def test_batches():
    read = model(
        batch_processing=batch([rule("size", "=", 5)], [rule("large_wt", ">", 7200), rule("large_wt", "<", 9000)])
    )
    assert step(read, "draft")["batch"] == {"size": 5, "wait_at_most": 2, "together": False, "each": 1}
    read = model(
        batch_processing=batch([rule("size", ">=", 4)], type="Parallel", duration_distrib=[{"key": "4", "value": 0.5}])
    )
    assert step(read, "draft")["batch"]["each"] == pytest.approx(1 / 3)
    read = model(batch_processing=batch([rule("size", "=", 2)], duration_distrib=[{"key": "2", "value": 0.5}]))
    assert step(read, "draft")["effort"] == 0.75
    read = model(batch_processing=batch([rule("size", "=", 2)], size_distrib=[{"key": "1", "value": 0.4}]))
    assert said(read, "40% of the work is done at once")


def test_a_batch_on_tuesdays_opens_on_tuesdays():
    read = model(
        batch_processing=batch(
            [rule("week_day", "=", "Tuesday"), rule("daily_hour", ">", "9"), rule("daily_hour", "<", "12")]
        )
    )
    assert "batch" not in step(read, "draft")
    assert read.crew["calendars"][step(read, "draft")["opens"]]["hours"] == {"tue": [["09:00", "12:00"]]}


def test_events_are_time_outside():
    timer = inside("intermediateCatchEvent", 'id="T"', '<timerEventDefinition id="t"/>')
    diagram = bpmn(nodes(S="startEvent", A="task", B="task", E="endEvent") + timer + line("S", "A", "T", "B", "E"))
    read = model(
        diagram,
        event_distribution=[{"event_id": "T", **law("expon", 7200, 0, 1e7)}],
        gateway_branching_probabilities=[],
    )
    assert step(read, "b")["outside"]["mean"] == 2


# --- older and damaged files


def test_rows_by_key_of_older_versions():
    data = json.loads(parameters())
    data["gateway_branching_probabilities"] = {"X": {"X_E": 0.8, "X_M": 0.2}}
    data["resource_calendars"] = {"office": DAYS}
    data["task_resource_distribution"] = {
        row["task_id"]: {one.pop("resource_id"): one for one in row["resources"]}
        for row in data["task_resource_distribution"]
    }
    read = read_prosimos(LOOP, json.dumps(data).encode())
    assert {key: read.workflow[key] for key in ("steps", "ways")} == {
        key: model().workflow[key] for key in ("steps", "ways")
    }
    assert said(read, "older version")


def test_what_is_left_out_is_said():
    read = model(
        event_attributes=[{"event_id": "A", "attributes": []}], multitask={"a": 1}, surprise=[1],
        gateway_branching_probabilities=goes("X", gone=1),
        batch_processing=batch(task_id="gone"),
    )  # fmt: skip
    for text in ("Attributes of events", "several pieces at once", "surprise", "gone", "even shares"):
        assert said(read, text), text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "task_resource_distribution"),
        (b"[" * 100_000, "no JSON"),
        (b'{"task_resource_distribution": [], "x": NaN}', "NaN"),
        (b"\xff\xfe", "no JSON"),
        (parameters(resource_profiles=7), "“resource_profiles” is no list"),
        (parameters(resource_profiles=[7]), "resource_profiles[0] is no object"),
        (parameters(resource_profiles=[{"id": "p", "resource_list": [{}]}]), "neither id nor name"),
        (parameters(resource_calendars=[{"id": "o", "time_periods": [{"from": "MON"}]}]), "resource_calendars[0] (o)"),
        (parameters(arrival_time_distribution={}), "How work arrives"),
        (parameters(arrival_time_distribution=law("fix", 0)), "no time passes"),
        (parameters(task_resource_distribution=[does("A", Chief=law("norm", 1))]), "'Chief': the distribution"),
        (parameters(event_distribution=[{"event_id": "S"}], batch_processing="x"), "no list"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(data, text):
    with pytest.raises(MaropsError) as caught:
        read_prosimos(LOOP, data)
    assert text in str(caught.value)


def test_a_real_diagram_with_parameters(shared_data):
    diagram = (shared_data / "event_logs" / "LoanApp_simplified.bpmn").read_bytes()
    tasks = [part.split('id="')[1].split('"')[0] for part in diagram.decode().split("<task ")[1:]]
    read = read_prosimos(
        diagram,
        parameters(
            task_resource_distribution=[does(task, Chief=law("fix", 600)) for task in tasks],
            gateway_branching_probabilities=goes(
                "sid-D537CF9E-CB8A-4188-80DE-1CA903F38436",
                **{
                    "sid-92B5B1F2-7B5C-45A9-8C6B-BCC1E0490D99": 0.1,
                    "sid-F4C85F4E-A227-4D05-AE55-5ACD9A2CF15F": 0.9,
                },
            ),
        ),
    )
    assert ways(read)["check-application-form-completeness", "return-application-back-to-applicant"] == 0.1
    assert {one["skill"] for one in read.workflow["steps"] if not one["gate"]} == {"chiefs"}


def test_flows_of_a_line():
    diagram = bpmn(nodes(S="startEvent", A="task", B="task", E="endEvent") + flows("S-A", "A-B", "B-E"))
    assert ways(model(diagram, gateway_branching_probabilities=[])) == {("a", "b"): None}
