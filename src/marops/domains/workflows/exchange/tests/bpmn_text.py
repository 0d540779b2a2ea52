"""Small BPMN files, written as other tools write them."""

from itertools import pairwise

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpsim="http://www.bpsim.org/schemas/1.0"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="x">\n'
)


def bpmn(body, after="", process='id="p" name="Order"'):
    return f"{HEAD}<process {process}>{body}</process>{after}</definitions>".encode()


def nodes(**kinds):
    """`A="task"` is `<task id="A" name="A"/>`; `A="task: Some name"` gives it another name."""
    found = []
    for id_, kind in kinds.items():
        tag, _, name = kind.partition(": ")
        found.append(f'<{tag} id="{id_}" name="{name or id_}"/>')
    return "".join(found)


def inside(tag, attributes, *inner):
    return f"<{tag} {attributes}>{''.join(inner)}</{tag}>"


def flows(*pairs):
    """`A-B` is a flow `A_B` from A to B."""
    ends = [pair.split("-") for pair in pairs]
    return "".join(f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in ends)


def line(*ids):
    return flows(*(f"{a}-{b}" for a, b in pairwise(ids)))


def scenario(*parameters, unit="min"):
    """A BPSim scenario: (element, group, parameter, value as XML)."""
    inner = "".join(
        f'<bpsim:ElementParameters elementRef="{element}"><bpsim:{group}><bpsim:{name}>{value}</bpsim:{name}>'
        f"</bpsim:{group}></bpsim:ElementParameters>"
        for element, group, name, value in parameters
    )
    return (
        '<relationship type="BPSimData"><extensionElements><bpsim:BPSimData><bpsim:Scenario id="s">'
        f'<bpsim:ScenarioParameters baseTimeUnit="{unit}"/>{inner}</bpsim:Scenario></bpsim:BPSimData>'
        "</extensionElements><source>p</source><target>p</target></relationship>"
    )


def chance(flow, value):
    return flow, "ControlParameters", "Probability", f'<bpsim:FloatingParameter value="{value}"/>'


def ways(read):
    return {(one["from"], one["to"]): one.get("probability") for one in read.workflow["ways"]}


def step(read, id_):
    return next(one for one in read.workflow["steps"] if one["id"] == id_)
