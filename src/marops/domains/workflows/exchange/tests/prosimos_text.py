"""A small Prosimos model, as its own tools write them."""

import json

from marops.domains.workflows.exchange.tests.bpmn_text import bpmn, flows, line, nodes

DAYS = [{"from": "MONDAY", "to": "FRIDAY", "beginTime": "09:00:00.000", "endTime": "17:00:00.000"}]
ALWAYS = [{"from": "MONDAY", "to": "SUNDAY", "beginTime": "00:00:00", "endTime": "23:59:59.999"}]
LOOP = bpmn(
    nodes(S="startEvent", M="exclusiveGateway", A="task: Draft", B="task: Check", X="exclusiveGateway", E="endEvent")
    + line("S", "M", "A", "B", "X", "E")
    + flows("X-M")
)


def law(name, *values):
    return {"distribution_name": name, "distribution_params": [{"value": one} for one in values]}


def does(task, **laws):
    """A task and how long each takes; `Clerk_1` is Clerk-1."""
    people = [{"resource_id": who.replace("_", "-"), **one} for who, one in laws.items()]
    return {"task_id": task, "resources": people}


def goes(gateway, **paths):
    """A gateway and how often each way is taken."""
    return [{"gateway_id": gateway, "probabilities": [{"path_id": path, "value": one} for path, one in paths.items()]}]


def pool(id_, name, *people):
    return {"id": id_, "name": name, "resource_list": list(people)}


def attribute(name, **shares):
    values = [{"key": key, "value": share} for key, share in shares.items()]
    return {"name": name, "type": "discrete", "values": values}


def resource(id_, calendar="office", **more):
    return {"id": id_, "name": id_, "cost_per_hour": "35", "amount": 1, "calendar": calendar, **more}


def parameters(**sections):
    """Two clerks draft, a chief checks."""
    found = {
        "resource_profiles": [
            pool("p1", "Clerks", resource("Clerk-1"), resource("Clerk-2")),
            pool("p2", "Chiefs", resource("Chief")),
        ],
        "resource_calendars": [{"id": "office", "name": "Office", "time_periods": DAYS}],
        "arrival_time_distribution": law("expon", 3600 * 4, 0, 1e7),
        "arrival_time_calendar": ALWAYS,
        "gateway_branching_probabilities": goes("X", X_E="0.8", X_M=0.2),
        "task_resource_distribution": [
            does("A", Clerk_1=law("fix", 3600), Clerk_2=law("fix", 7200)),
            does("B", Chief=law("norm", 1800, 300, 900, 3600)),
        ],
        "event_distribution": [],
    }
    return json.dumps({**found, **sections}).encode()
