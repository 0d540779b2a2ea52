"""From a settled diagram to documents: the workflow, and a crew to begin with where a file names nobody."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from marops.domains.workflows.exchange.bpmn import Diagram, slug_of, slugs
from marops.domains.workflows.exchange.net import Flow, Net, Node, reached, settle
from marops.domains.workflows.exchange.xml import refused
from marops.domains.workflows.rules.crew import Crew
from marops.domains.workflows.rules.document import Plain, Workflow
from marops.domains.workflows.rules.faults import faults_of_crew, faults_of_workflow
from marops.kernel.definitions import pydantic_faults
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.methods.layout import layered

ASSUMED_MONTHLY = 10.0
"""Items a month where a file does not say how many come in."""
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
_MOST_NOTES = 200
_MOST_STEPS = 500
_M = TypeVar("_M", Workflow, Crew)


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds, as documents ready to be kept; `crew` is None where the workflow names one of its own.

    `notes`: what was assumed, and what could not be carried over.
    """

    workflow: Plain
    crew: Plain | None
    notes: tuple[str, ...]


@dataclass(slots=True)
class Built:
    """Steps and ways, with the node of each step; `ids`: the step's id by the node's."""

    steps: list[dict[str, Any]]
    ways: list[dict[str, Any]]
    ids: dict[str, str]
    said: list[str] = field(default_factory=list)


def built(diagram: Diagram) -> Built:
    """Settle the diagram and name its steps."""
    net = diagram.net
    settle(net)
    if not diagram.own:
        _leave_out(net)
        _in_turn(net)
    nodes = list(net.nodes.values())
    if len(nodes) > _MOST_STEPS:
        said = (
            f"This file has {len(nodes)} steps and gateways that stand for themselves; at most {_MOST_STEPS} are read."
        )
        raise refused(said, "Draw parts of it as workflows of their own.")
    ids = _ids(net, nodes)
    steps = [_step(one, ids) for one in nodes]
    ways = [_way(one, ids) for one in net.flows]
    return Built(steps, ways, ids, [str(one) for one in nodes])


def _leave_out(net: Net) -> None:
    """Leave out what nothing leads to, where the file says where work begins."""
    if not net.starts:
        return
    kept = reached([one.node for one in net.starts], net)
    for node in [one for one in net.nodes.values() if one.id not in kept]:
        if node.kind != "gate":
            net.note("It was left out, since nothing leads to it.", node)
        net.drop(node.id)


def _in_turn(net: Net) -> None:
    """Steps in the order in which work comes to them, ways in that of their steps."""
    first = [one.node for one in net.starts]
    names = list(dict.fromkeys([*first, *net.nodes]))
    places = layered(names, [(one.source, one.target) for one in net.flows]).places
    order = sorted(names, key=lambda one: (places[one][0], names.index(one)))
    net.nodes = {one: net.nodes[one] for one in order}
    turn = {one: at for at, one in enumerate(order)}
    net.flows.sort(key=lambda one: turn[one.source])


def _ids(net: Net, nodes: Sequence[Node]) -> dict[str, str]:
    """Ids of steps: ours where they have one, else made of the name."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for node in nodes:
        own = node.values.get("id")
        if node.own and isinstance(own, str) and own not in taken:
            found[node.id] = own
            taken.add(own)
        elif node.own:
            net.note("Another step has the same id; this was given a new one.", node)
    others = [one for one in nodes if one.id not in found]
    names = [*taken, *(_called(one) for one in others)]
    made = list(slugs(names, "step")) if not taken else list(_free(taken, [_called(one) for one in others]))
    for node, id_ in zip(others, made[-len(others) :] if others else [], strict=True):
        found[node.id] = id_
    return {one.id: found[one.id] for one in nodes}


def _free(taken: set[str], names: Sequence[str]) -> list[str]:
    found = []
    for once in slugs(list(names), "step"):
        number, id_ = 1, once
        while id_ in taken:
            number += 1
            id_ = f"{once}-{number}"
        taken.add(id_)
        found.append(id_)
    return found


def _called(node: Node) -> str:
    if node.name:
        return node.name
    if node.kind == "gate":
        return "Choice" if node.split == "one" else "Join" if node.join == "all" else "Fork"
    return "Wait" if node.kind == "wait" else "Step"


def _step(node: Node, ids: Mapping[str, str]) -> dict[str, Any]:
    values = dict(node.values)
    rework = values.get("rework")
    if rework:
        values["rework"] = {**rework, "back_to": ids.get(rework["back_to"], rework["back_to"])}
    step = {"name": _called(node), "lane": node.lane, **values, "id": ids[node.id]}
    if node.own:
        return {**step, "split": node.split, "join": node.join}
    if node.kind == "gate":
        return {"id": ids[node.id], "name": _called(node), "gate": True, "split": node.split, "join": node.join}
    return {**step, "split": node.split, "join": node.join}


def _way(flow: Flow, ids: Mapping[str, str]) -> dict[str, Any]:
    way = {"from": ids[flow.source], "to": ids[flow.target], **flow.values}
    if flow.probability is not None and "probability" not in flow.values:
        way["probability"] = flow.probability
    return way


def finished(diagram: Diagram, title: str) -> Read:
    """The documents of a BPMN file alone."""
    found = built(diagram)
    if diagram.own:
        return _ours(diagram, found, title)
    net = diagram.net
    people = _roles(diagram, found)
    document = {
        "title": title or diagram.title or "Workflow",
        "crew": f"{slug_of(title or diagram.title) or 'workflow'}-crew",
        "classes": classes(diagram, found),
        "steps": found.steps,
        "ways": found.ways,
    }
    crew = {
        "title": "Team",
        "calendar": "office",
        "calendars": {"office": {"title": "Office hours", "hours": OFFICE}},
        "people": people,
        "notes": ["One person for each role was assumed, in office hours."],
    }
    net.note("The file names no people: one for each role was assumed, in office hours.")
    document["notes"] = shortened(net.notes)
    return Read(checked_workflow(document, found.said), checked_crew(crew), net.notes)


def _ours(diagram: Diagram, found: Built, title: str) -> Read:
    """A file that was written here: what is ours of the whole, with the starts as they are drawn now."""
    own = dict(diagram.own)
    line = own.pop("line", False)
    pairs = [(a["id"], b["id"]) for a, b in zip(found.steps, found.steps[1:], strict=False)]
    is_line = line and [{"from": a, "to": b} for a, b in pairs] == found.ways
    starts = {one: found.ids[start.node] for start in diagram.net.starts for one in start.classes}
    classes_ = [{**one, "start": starts.get(one.get("id"), one.get("start"))} for one in own.get("classes", [])]
    document = {
        **own,
        "title": title or own.get("title") or diagram.title,
        "classes": classes_,
        "steps": found.steps,
        "ways": [] if is_line else found.ways,
    }
    return Read(checked_workflow(document, found.said), None, diagram.net.notes)


def classes(diagram: Diagram, found: Built) -> list[dict[str, Any]]:
    """One kind of work for each place where it comes in."""
    net = diagram.net
    led = {one["to"] for one in found.ways}
    free = [one for one in found.ids.values() if one not in led]
    starts = net.starts
    if not starts:
        return [_class("item", diagram.title or "Item", None, ASSUMED_MONTHLY, "assumed")]
    by_name = list(slugs([one.name for one in starts], "item"))
    made = []
    for id_, start in zip(by_name, starts, strict=True):
        said = diagram.scenario.elements.get(start.event)
        monthly, origin = ASSUMED_MONTHLY, "assumed"
        if said and said.between is not None:
            from marops.domains.workflows.exchange.bpsim import mean_hours

            hours = mean_hours(said.between)
            monthly = 730.5 / hours if hours > 0 else ASSUMED_MONTHLY
        else:
            net.note(f"Nothing says how many come in; {ASSUMED_MONTHLY:g} a month were assumed.")
        step = found.ids[start.node]
        made.append(
            _class(id_, start.name or diagram.title or "Item", None if free == [step] else step, monthly, origin)
        )
    return made


def _class(id_: str, name: str, start: str | None, monthly: float, origin: str) -> dict[str, Any]:
    found: dict[str, Any] = {"id": id_, "name": name, "arrivals": {"per_month": monthly, "origin": origin}}
    return {**found, "start": start} if start else found


def _roles(diagram: Diagram, found: Built) -> list[dict[str, Any]]:
    """Each lane is a role with one person; steps in none belong to a role of all work."""
    by_name: dict[str, str] = {}
    net = diagram.net
    needed = [one for one in found.steps if not one.get("gate") and one.get("touch") != "automatic"]
    names = list(dict.fromkeys(one["lane"] or "Team" for one in needed))
    by_name.update(zip(names, slugs(names, "role"), strict=True))
    for step in needed:
        step["skill"] = by_name[step["lane"] or "Team"]
        if "effort" not in step:
            net.note("Where the file does not say how long a step takes, one hour was assumed.")
            step["origin"] = {"effort": "assumed"}
    for step in found.steps:
        if step.get("touch") == "automatic" and "effort" not in step:
            step["effort"] = 0.0
            net.note("Steps that a machine does take no time where the file says none.")
    return [{"id": id_, "name": name, "role": name, "skills": {id_: 1.0}} for name, id_ in by_name.items()]


# --- documents as they are stored


def checked_workflow(document: Mapping[str, Any], said: Sequence[str] = ()) -> Plain:
    """The document as it is stored. Raises MaropsError that names each step at fault as the file calls it."""
    return _checked(Workflow, document, faults_of_workflow, said)


def checked_crew(document: Mapping[str, Any]) -> Plain:
    """The document as it is stored. Raises MaropsError."""
    return _checked(Crew, document, faults_of_crew, ())


def _checked(
    model: type[_M], document: Mapping[str, Any], check: Callable[[_M], list[FieldError]], said: Sequence[str]
) -> Plain:
    try:
        found = model.model_validate(document)
        faults = check(found)
    except ValidationError as error:
        faults = pydantic_faults(error, document)
    if faults:
        named = [_named(one, said) for one in faults]
        raise MaropsError(INVALID, f"This file cannot be a workflow: {named[0].message}", errors=named)
    return plain(found)


def _named(fault: FieldError, said: Sequence[str]) -> FieldError:
    """The fault with the element of the file it is about."""
    parts = fault.pointer.split("/")
    if len(parts) > 2 and parts[1] == "steps" and parts[2].isdigit() and int(parts[2]) < len(said):
        return FieldError(
            fault.code, f"{said[int(parts[2])]}: {fault.message}", fault.remedy, fault.pointer, field=fault.field
        )
    return fault


def plain(model: BaseModel) -> Plain:
    """A document as it is stored."""
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def shortened(notes: Sequence[str]) -> list[str]:
    """As many notes as a document holds."""
    if len(notes) <= _MOST_NOTES:
        return list(notes)
    return [*notes[: _MOST_NOTES - 1], f"… and {len(notes) - _MOST_NOTES + 1} more."]
