"""A diagram between file and document: nodes and flows as drawn, and how they become steps and ways.

Gateways become part of the step before them (what it splits into) or after it (what it waits for). Those that stand
for something of their own stay as gates.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from marops.domains.workflows.rules.faults import CLOSE

_NAMED = 5
Split = Literal["all", "one", "some"]
Join = Literal["all", "any", "some"]


@dataclass(slots=True, eq=False)
class Node:
    """A node of a diagram. `values`: fields of the step it becomes; `own`: it came from here, and keeps its id.

    `kind`: `step`, `gate` (takes no time), `wait` (only takes time of others), `pass` (means nothing here), `start`,
    `end`. `made` and `of`: it stands for a value of a step of ours.
    """

    id: str
    kind: Literal["step", "gate", "wait", "pass", "start", "end"]
    name: str = ""
    said: str = ""
    line: int = 0
    split: Split = "all"
    join: Join = "any"
    lane: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    own: bool = False
    made: str = ""
    of: str = ""
    starts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.said or self.name or self.id


@dataclass(slots=True, eq=False)
class Flow:
    """A flow from a node to another. `values`: fields of the way it becomes; `rework`: it is rework of a step."""

    id: str
    source: str
    target: str
    probability: float | None = None
    values: dict[str, Any] = field(default_factory=dict)
    rework: dict[str, Any] | None = None
    line: int = 0


@dataclass(slots=True)
class Start:
    """Where work comes in: the name of the event, the node after it, the classes of ours that start there."""

    name: str
    node: str
    classes: tuple[str, ...] = ()
    event: str = ""


@dataclass(slots=True)
class Net:
    """Nodes by id in the order of the file, flows, starts, and notes about what was lost or assumed."""

    nodes: dict[str, Node] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=dict)

    def note(self, text: str, at: object = "") -> None:
        """Say something once, with the elements it is about."""
        places = self.said.setdefault(text, [])
        if at and str(at) not in places:
            places.append(str(at))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was said, each thing once with where it holds."""
        return tuple(_sentence(text, places) for text, places in self.said.items())

    def out(self, node: str) -> list[Flow]:
        """Flows that leave a node."""
        return [one for one in self.flows if one.source == node]

    def into(self, node: str) -> list[Flow]:
        """Flows that lead to a node."""
        return [one for one in self.flows if one.target == node]

    def ends(self) -> tuple[dict[str, list[Flow]], dict[str, list[Flow]]]:
        """All flows by their source, and by their target."""
        out: dict[str, list[Flow]] = defaultdict(list)
        into: dict[str, list[Flow]] = defaultdict(list)
        for one in self.flows:
            out[one.source].append(one)
            into[one.target].append(one)
        return out, into

    def drop(self, node: str) -> None:
        """Take a node out, with its flows."""
        self.nodes.pop(node, None)
        self.flows = [one for one in self.flows if node not in (one.source, one.target)]


def _sentence(text: str, places: Sequence[str]) -> str:
    if not places:
        return text
    more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
    return f"{text} ({', '.join(places[:_NAMED])}{more})"


def settle(net: Net) -> None:
    """Turn what is drawn into steps and ways: in place. Afterwards only steps, waits and gates are left."""
    _unmake(net)
    _chances(net)
    _some(net)
    _starts(net)
    while _fold(net):
        pass
    _outside(net)
    _circles(net)
    _ends(net)


# --- what stands for values of our own


def _unmake(net: Net) -> None:
    """Put gateways and events that were drawn for values of a step back into it."""
    for node in [one for one in net.nodes.values() if one.made]:
        step = _step_of(net, node.of)
        if step is None or (node.made == "rework" and not any(one.rework is not None for one in net.out(node.id))):
            node.made = ""
            continue
        _UNMAKE[node.made](net, node, step)


def _step_of(net: Net, step: str) -> Node | None:
    return next((one for one in net.nodes.values() if one.own and one.values.get("id") == step), None)


def _unmake_split(net: Net, node: Node, step: Node) -> None:
    step.split = node.split
    for one in net.out(node.id):
        one.source = step.id
    net.drop(node.id)


def _unmake_join(net: Net, node: Node, step: Node) -> None:
    if node.join == "all" or node.made == "join":
        step.join = node.join
    for one in net.into(node.id):
        one.target = step.id
    net.drop(node.id)


def _unmake_rework(net: Net, node: Node, step: Node) -> None:
    for one in net.out(node.id):
        if one.rework is None:
            one.source = step.id
            one.probability = None
            continue
        target = net.nodes[one.target]
        back = _step_of(net, target.of) if target.made else target
        step.values["rework"] = {"probability": one.probability, "back_to": (back or target).id, **one.rework}
    net.drop(node.id)


def _unmake_outside(net: Net, node: Node, step: Node) -> None:
    step.values.update({key: value for key, value in node.values.items() if key in ("outside", "outside_in")})
    for one in net.into(node.id):
        one.target = step.id
    net.drop(node.id)


_UNMAKE = {
    "split": _unmake_split,
    "join": _unmake_join,
    "merge": _unmake_join,
    "rework": _unmake_rework,
    "outside": _unmake_outside,
}


# --- probabilities


def _chances(net: Net) -> None:
    """Give each way of a choice its probability: what is said, else an even share of what is left; all make 1."""
    out, _ = net.ends()
    for node in net.nodes.values():
        flows = out[node.id]
        if node.split == "all" or len(flows) < 2:
            continue
        given = [one.probability for one in flows]
        if node.split == "some":
            if None in given:
                net.note("Nothing says how often each way is taken; every second time was assumed.", node)
            for one in flows:
                one.probability = 0.5 if one.probability is None else min(max(one.probability, 0.0), 1.0)
            continue
        _share(net, node, flows)


def _share(net: Net, node: Node, flows: list[Flow]) -> None:
    known = sum(max(one.probability, 0.0) for one in flows if one.probability is not None)
    open_ = [one for one in flows if one.probability is None]
    if open_:
        net.note("Nothing says how often each way is taken; even shares were assumed.", node)
        for one in open_:
            one.probability = max(1 - known, 0.0) / len(open_)
            one.values.setdefault("origin", "assumed")
    total = sum(max(one.probability or 0.0, 0.0) for one in flows)
    if abs(total - 1) <= CLOSE:
        return
    net.note(f"Probabilities of ways make {total:.4g} in all; they were scaled to make 1.", node)
    for one in flows:
        one.probability = max(one.probability or 0.0, 0.0) / total if total else 1 / len(flows)


# --- inclusive gateways


def _some(net: Net) -> None:
    """Inclusive gateways. A split whose branches meet again in an inclusive join becomes branches that are each taken
    or skipped; any other becomes a choice of one. Joins that wait for "whatever may still come" wait for nothing.
    """
    for node in [one for one in net.nodes.values() if one.split == "some" and len(net.out(one.id)) > 1]:
        meeting = _meeting(net, node)
        if meeting is None:
            net.note("Several ways may be taken that do not meet in one place again; here one of them is.", node)
            node.split = "one"
            total = sum(one.probability or 0.0 for one in net.out(node.id))
            for one in net.out(node.id):
                one.probability = (one.probability or 0.0) / total if total else 1 / len(net.out(node.id))
        else:
            _skips(net, node, meeting)
    for node in net.nodes.values():
        node.split = "all" if node.split == "some" else node.split
        if node.join == "some":
            if len(net.into(node.id)) > 1 and not all(net.nodes[one.target].kind == "end" for one in net.out(node.id)):
                net.note("It waits for whatever may still come; here work goes on as soon as it arrives.", node)
            node.join = "any"


def _meeting(net: Net, split: Node) -> Node | None:
    """The inclusive join where all branches of a split end, if nothing else leads into them or out of them."""
    out, into = net.ends()
    for join in net.nodes.values():
        if join.join != "some" or len(into[join.id]) < 2 or join.id == split.id:
            continue
        parts = [_between(out, one.target, join.id) for one in out[split.id]]
        inside = set().union(*parts)
        alone = sum(len(one) for one in parts) == len(inside) and split.id not in inside
        entered = all(one.source in inside or one.source == split.id for node in inside for one in into[node])
        left = all(out[node] for node in inside)
        if alone and entered and left and all(one.source in inside | {split.id} for one in into[join.id]):
            return join
    return None


def _between(out: Mapping[str, list[Flow]], first: str, last: str) -> set[str]:
    seen: set[str] = set()
    todo = [first]
    while todo:
        here = todo.pop()
        if here != last and here not in seen:
            seen.add(here)
            todo.extend(one.target for one in out[here])
    return seen


def _skips(net: Net, split: Node, join: Node) -> None:
    net.note("Each way is taken or not by itself, so that now and then none is.", split)
    out, into = net.ends()
    for number, flow in enumerate(out[split.id], 1):
        inside = _between(out, flow.target, join.id)
        choice = Node(f"{split.id} {number}", "gate", f"{split.name or 'Choice'} {number}", split="one")
        meet = Node(f"{join.id} {number}", "gate", f"{join.name or 'Join'} {number}", join="any")
        net.nodes[choice.id], net.nodes[meet.id] = choice, meet
        taken = flow.probability if flow.probability is not None else 0.5
        for one in into[join.id]:
            if one.source in inside or one is flow:
                one.target = meet.id
        net.flows.append(Flow(f"{flow.id} taken", choice.id, flow.target, taken))
        net.flows.append(Flow(f"{flow.id} skipped", choice.id, meet.id, 1 - taken))
        net.flows.append(Flow(f"{flow.id} met", meet.id, join.id))
        flow.target, flow.probability = choice.id, None
    split.split, join.join = "all", "all"


# --- starts and ends


def _starts(net: Net) -> None:
    for node in [one for one in net.nodes.values() if one.kind == "start"]:
        targets = list(dict.fromkeys(one.target for one in net.out(node.id)))
        if not targets:
            net.note("It leads nowhere and was left out.", node)
        elif (len(targets) > 1 and not node.own) or net.into(node.id):
            node.kind = "gate"
            node.name = node.name or "Start"
            net.starts.append(Start(node.name, node.id, node.starts, node.id))
            continue
        net.starts += [Start(node.name, one, node.starts, node.id) for one in targets]
        net.drop(node.id)


def _ends(net: Net) -> None:
    """Flows to an end fall away where the work just ends; where it is one outcome of a choice, a gate stands for it."""
    out, _ = net.ends()
    for node in [one for one in net.nodes.values() if one.kind == "end"]:
        into = net.into(node.id)
        if any(net.nodes[one.source].split == "one" and len(out[one.source]) > 1 for one in into):
            node.kind = "gate"
            node.name = node.name or "End"
        else:
            net.drop(node.id)


# --- gateways that belong to a step


def _fold(net: Net) -> bool:
    """Fold each gateway that can be folded now. Answers whether any was."""
    folded = False
    for node in list(net.nodes.values()):
        if node.kind in ("gate", "pass") and not node.own:
            folded |= _fold_one(net, node, net.out(node.id), net.into(node.id))
    return folded


def _fold_one(net: Net, node: Node, out: list[Flow], into: list[Flow]) -> bool:
    if node.kind == "pass" and (len(into) > 1 or len(out) > 1):
        node.kind = "gate"
    if not out or (not into and not any(one.node == node.id for one in net.starts)):
        return _vanish(net, node, out, into)
    if len(out) == 1 and _forward(net, node, out[0], into):
        return True
    return len(out) > 1 and len(into) == 1 and _backward(net, node, out, into[0])


def _vanish(net: Net, node: Node, out: list[Flow], into: list[Flow]) -> bool:
    """A gateway that nothing leaves is an end. One that nothing enters stays: it is a start."""
    if not out and into:
        node.kind = "end"
        return True
    return False


def _forward(net: Net, node: Node, out: Flow, into: list[Flow]) -> bool:
    """Let what leads to a gateway with one way out lead to what comes after it, if that means the same."""
    target = net.nodes[out.target]
    others = sum(one is not out for one in net.into(target.id))
    same = target.kind == "end" or len(into) <= 1 or (node.join == "any" == target.join) or not others
    starts = [one for one in net.starts if one.node == node.id]
    if not same or target is node or (starts and others and target.join == "all"):
        return False
    taken = {one.source for one in net.into(target.id)}
    double = [one for one in into if one.source in taken or sum(two.source == one.source for two in into) > 1]
    if any(net.nodes[one.source].split != "one" for one in double) or any(one.source == target.id for one in double):
        return False
    if len(into) + len(starts) > 1 and target.kind != "end" and not (node.join == "any" == target.join):
        target.join = node.join
    for one in into:
        one.target = target.id
        one.values = {**out.values, **one.values}
    for start in starts:
        start.node = target.id
    for other in net.nodes.values():
        if other.values.get("rework") and other.values["rework"]["back_to"] == node.id:
            other.values["rework"]["back_to"] = target.id
    net.drop(node.id)
    _merged(net, target.id)
    return True


def _backward(net: Net, node: Node, out: list[Flow], into: Flow) -> bool:
    """Let a step with one way out to a gateway split as the gateway does."""
    source = net.nodes[into.source]
    if (
        len(net.out(source.id)) != 1
        or source.kind in ("end", "start")
        or any(one.node == node.id for one in net.starts)
    ):
        return False
    source.split = node.split
    for one in out:
        one.source = source.id
    net.drop(node.id)
    return True


def _merged(net: Net, target: str) -> None:
    """Two ways of a choice to the same place are one, as probable as both."""
    first: dict[str, Flow] = {}
    for one in net.into(target):
        if one.source not in first:
            first[one.source] = one
        elif net.nodes[one.source].split == "one":
            kept = first[one.source]
            kept.probability = (kept.probability or 0.0) + (one.probability or 0.0)
            net.flows.remove(one)


# --- time outside, circles of one step


def _outside(net: Net) -> None:
    """Waiting that is drawn before a step, and before nothing else, is the step's own."""
    for wait in [one for one in net.nodes.values() if one.kind == "wait" and not one.own]:
        out = net.out(wait.id)
        if len(out) != 1 or out[0].target == wait.id:
            continue
        step = net.nodes[out[0].target]
        if step.kind != "step" or len(net.into(step.id)) != 1 or step.values.get("outside") is not None:
            continue
        if any(one.source == step.id for one in net.into(wait.id)) or any(one.node == step.id for one in net.starts):
            continue
        step.values["outside"] = wait.values.get("outside")
        step.join = wait.join
        for one in net.into(wait.id):
            one.target = step.id
        for start in net.starts:
            start.node = step.id if start.node == wait.id else start.node
        net.drop(wait.id)


def _circles(net: Net) -> None:
    """A choice that leads back is rework; what is left alone needs no probability and no waiting."""
    before = _before(net)
    for node in net.nodes.values():
        out = net.out(node.id)
        again = [one for one in out if one.target in before[node.id] and (node.kind == "step" or one.target == node.id)]
        if again and node.split == "one" and not node.own and not node.values.get("rework"):
            out = _rework(net, node, max(again, key=lambda one: one.probability or 0.0), out)
        if len(net.into(node.id)) + sum(one.node == node.id for one in net.starts) < 2 and not node.own:
            node.join = "any"
        if len(out) < 2 and not node.own:
            node.split = "all"
        for one in out if node.split == "all" else ():
            one.probability = None


def _before(net: Net) -> dict[str, set[str]]:
    """What has happened whenever a node is reached, itself included: everything before each way that it waits for, else
    what is before all ways that lead to it.
    """
    bit = {one: 1 << at for at, one in enumerate(net.nodes)}
    _, into = net.ends()
    starts = {one.node for one in net.starts} or {one for one in net.nodes if not into[one]}
    found = {one: bit[one] if one in starts else -1 for one in net.nodes}
    changed = True
    while changed:
        changed = False
        for one, node in net.nodes.items():
            if one in starts:
                continue
            ways = [found[flow.source] for flow in into[one] if flow.source != one]
            seen = ways[0] if ways else 0
            for way in ways[1:]:
                seen = seen | way if node.join == "all" else seen & way
            if seen | bit[one] != found[one]:
                found[one] = seen | bit[one]
                changed = True
    return {one: {other for other, mask in bit.items() if found[one] & mask} for one in net.nodes}


def _rework(net: Net, node: Node, again: Flow, out: list[Flow]) -> list[Flow]:
    """Let the way back be rework, if there is another way on. Answers the ways that are left."""
    share = again.probability or 0.0
    rest = [one for one in out if one is not again]
    if share >= 1 or not rest:
        return out
    net.flows.remove(again)
    node.values["rework"] = {"probability": share, "back_to": again.target, "at_most": 100}
    for one in rest:
        one.probability = round((one.probability or 0.0) / (1 - share), 12)
    return rest


def reached(first: Iterable[str], net: Net) -> set[str]:
    """Everything that is reached from there."""
    out, _ = net.ends()
    seen: set[str] = set()
    todo = list(first)
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo.extend(one.target for one in out[here])
    return seen
