"""Who reports to whom as a tree: people, open places and planned seats; what differs between two of them; what of a
large one is shown at once.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from marops.domains.team.rules.structure import Seat, Structure

Kind = Literal["person", "place", "seat"]
Mark = Literal["", "new", "moved", "changed", "gone"]
SHOWN = 48
"""So many boxes at least until branches stay folded: what fits a page and can be read there."""
OF_ONE = 40
"""So many of those who report to one are shown before the others are counted."""


@dataclass(frozen=True, slots=True)
class Node:
    """A box: who or what it is. Its key is P-3 for a person, V-2 for an open place, else the seat's own."""

    key: str
    name: str
    says: str = ""
    kind: Kind = "person"
    above: str = ""
    roles: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Chart:
    """Boxes by key. What reports to nobody in it is a root; where lines run in a circle, its first box is."""

    nodes: Mapping[str, Node]

    @cached_property
    def below(self) -> Mapping[str, tuple[str, ...]]:
        """Key → keys of those who report to it, in the order of the input; "" → the roots."""
        found: dict[str, list[str]] = {"": []}
        for key, above in self._above.items():
            found.setdefault(above, []).append(key)
        return {key: tuple(keys) for key, keys in found.items()}

    @cached_property
    def _above(self) -> Mapping[str, str]:
        above = {key: node.above if node.above in self.nodes else "" for key, node in self.nodes.items()}
        reached: set[str] = set()
        for key in above:
            path: list[str] = []
            here = key
            while here and here not in reached and here not in path:
                path.append(here)
                here = above[here]
            if here in path:
                above[here] = ""
            reached |= set(path)
        return above

    @cached_property
    def reach(self) -> Mapping[str, int]:
        """Key → how many are below it, however far; each counted once, from the bottom up."""
        found = dict.fromkeys(self.nodes, 0)
        for key in reversed(list(self._walk())):
            if above := self._above[key]:
                found[above] += found[key] + 1
        return found

    def _walk(self) -> Iterable[str]:
        waiting = deque(self.below[""])
        while waiting:
            key = waiting.popleft()
            yield key
            waiting.extend(self.below.get(key, ()))

    @property
    def levels(self) -> int:
        """How many stand above each other at most."""
        depth: dict[str, int] = {}
        for key in self._walk():
            depth[key] = depth.get(self._above[key], 0) + 1
        return max(depth.values(), default=0)

    def path(self, key: str) -> list[str]:
        """Those above somebody, the highest first."""
        found: list[str] = []
        here = self._above.get(key, "")
        while here:
            found.insert(0, here)
            here = self._above[here]
        return found


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a chart is shown: roots, those below each, how many are folded below a box or left out beside it."""

    roots: tuple[str, ...]
    below: Mapping[str, tuple[str, ...]]
    folded: Mapping[str, int]
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def keys(self) -> list[str]:
        """All boxes."""
        return [*self.roots, *(key for keys in self.below.values() for key in keys)]


def shown(chart: Chart, at: str = "", most: int = SHOWN) -> Shown:
    """From the top, or from one box on: level by level, as long as the next branch still has room."""
    roots = (at,) if at in chart.nodes else chart.below[""]
    below: dict[str, tuple[str, ...]] = {}
    folded: dict[str, int] = {}
    left_out: dict[str, int] = {}
    count, waiting = len(roots), deque(roots)
    while waiting:
        key = waiting.popleft()
        keys = chart.below.get(key, ())
        cut = keys[:OF_ONE]
        if keys and (count + len(cut) <= most or key == at or (len(roots) == 1 and key == roots[0])):
            below[key] = cut
            if len(keys) > len(cut):
                left_out[key] = len(keys) - len(cut)
            count += len(cut)
            waiting.extend(cut)
        elif keys:
            folded[key] = chart.reach[key]
    return Shown(roots, below, folded, left_out)


def chart_of(nodes: Iterable[Node]) -> Chart:
    """These boxes; of two with one key the first."""
    found: dict[str, Node] = {}
    for one in nodes:
        found.setdefault(one.key, one)
    return Chart(found)


# -- a planned structure as a chart ------------------------------------------------------------------------------------


def key_of(seat: Seat) -> str:
    """By what a seat is known in a chart: its person, its open place, else itself."""
    return seat.person or seat.vacancy or f"seat:{seat.id}"


def planned(structure: Structure, names: Mapping[str, str], titles: Mapping[str, str]) -> Chart:
    """A structure as a chart. `names`: reference → name of a person or title of a place; `titles`: those of roles."""
    keys = {seat.id: key_of(seat) for seat in structure.seats}
    return chart_of(_node(seat, keys, names, titles) for seat in structure.seats)


def _node(seat: Seat, keys: Mapping[str, str], names: Mapping[str, str], titles: Mapping[str, str]) -> Node:
    key = key_of(seat)
    kind: Kind = "person" if seat.person else "place" if seat.vacancy else "seat"
    roles = tuple(sorted(seat.roles.items(), key=lambda row: (-row[1], row[0])))
    name = names.get(key, key) if kind != "seat" else titles.get(roles[0][0], roles[0][0])
    return Node(key, name, roles_in_words(roles, titles), kind, keys.get(seat.manager, ""), roles)


def roles_in_words(roles: Sequence[tuple[str, float]], titles: Mapping[str, str]) -> str:
    """Email Specialist; or Campaign Operations Manager 70 %, Workflow Architect 30 %."""
    if len(roles) == 1 and roles[0][1] > 0.995:
        return titles.get(roles[0][0], roles[0][0])
    return ", ".join(f"{titles.get(role, role)} {round(share * 100)} %" for role, share in roles)


# -- what differs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Differences:
    """What a plan changes: keys of boxes that are new, report to another, have other roles, or are no longer there."""

    new: tuple[str, ...]
    moved: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]

    def of(self, key: str) -> Mark:
        """How a box is marked; who moves and changes is marked as moved."""
        for mark in ("new", "moved", "changed", "gone"):
            if key in getattr(self, mark):
                return mark
        return ""


def differences(today: Chart, plan: Chart, within: Iterable[str]) -> Differences:
    """What the plan changes. `within`: the keys of today that a plan of the team speaks of."""
    both = [key for key in plan.nodes if key in today.nodes]
    moved = [key for key in both if _moves(today, plan, key)]
    changed = [key for key in both if _rounded(today.nodes[key]) != _rounded(plan.nodes[key])]
    new = tuple(key for key in plan.nodes if key not in today.nodes)
    gone = tuple(key for key in within if key in today.nodes and key not in plan.nodes)
    return Differences(new, tuple(moved), tuple(changed), gone)


def _moves(today: Chart, plan: Chart, key: str) -> bool:
    """Another manager; a manager of today whom the plan leaves out, being none of the team, is no move."""
    before, after = today.nodes[key].above, plan.nodes[key].above
    return before != after and not (not after and before not in plan.nodes)


def _rounded(node: Node) -> list[tuple[str, int]]:
    return sorted((role, round(share * 100)) for role, share in node.roles)


def ordered_as(chart: Chart, other: Chart) -> Chart:
    """The boxes in the order they have in another chart, so that both can be compared by eye; those not in it last."""
    places = {key: place for place, key in enumerate(other.nodes)}
    keys = sorted(chart.nodes, key=lambda key: places.get(key, len(places)))
    return Chart({key: chart.nodes[key] for key in keys})


def only(chart: Chart, keys: Iterable[str]) -> Chart:
    """The boxes of these keys, and those above them."""
    wanted: set[str] = set()
    for key in keys:
        if key in chart.nodes:
            wanted |= {key, *chart.path(key)}
    return Chart({key: replace(node) for key, node in chart.nodes.items() if key in wanted})
