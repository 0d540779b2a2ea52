"""Draws what was found as one graph: nodes, ways and as few gates as possible."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from marops.methods.mining.log import FoundNode, Graph, Way


@dataclass(frozen=True, slots=True)
class Level:
    """Symbols that follow each other, in order of their place, with counts; None is the start and the end.

    A symbol is an activity, or one of `blocks`: branches that go on in parallel, each a level of its own.
    """

    symbols: tuple[int, ...]
    ways: dict[tuple[int | None, int | None], int]
    blocks: dict[int, tuple["Level", ...]]
    lost: int = 0


@dataclass
class _Drawing:
    """Nodes and ways while they are put together and gates are merged away."""

    nodes: dict[int, FoundNode] = field(default_factory=dict)
    after: dict[int, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    before: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    first: int = 0
    last: int = 0

    def node(self, activity: int | None = None, *, join: bool = False, split: bool = False) -> int:
        """A new node."""
        self.nodes[len(self.nodes)] = FoundNode(activity, join_all=join, split_all=split)
        return len(self.nodes) - 1

    def way(self, source: int, target: int, count: int) -> None:
        """A way; taken twice it counts for both."""
        self.after[source][target] = self.after[source].get(target, 0) + count
        self.before[target].add(source)

    def cut(self, source: int, target: int) -> int:
        """Take a way out."""
        self.before[target].discard(source)
        return self.after[source].pop(target)


def drawn(level: Level, noise: float, covered: float) -> Graph:
    """The graph of what was found."""
    drawing = _Drawing()
    drawing.first = drawing.node()
    _draw(drawing, level, drawing.first, end := drawing.node())
    drawing.last = end
    _simplify(drawing)
    order = _ordered(drawing)
    number = {one: n for n, one in enumerate(order)}
    ways = []
    for source in order:
        after = drawing.after[source]
        whole = sum(after.values())
        for target in sorted(after, key=lambda one: (-after[one], number[one])):
            share = 1.0 if drawing.nodes[source].split_all else after[target] / whole
            ways.append(Way(number[source], number[target], after[target], share))
    return Graph(tuple(drawing.nodes[one] for one in order), tuple(ways), covered, noise)


def _draw(drawing: _Drawing, level: Level, begin: int, end: int) -> None:
    """Draw a level between two gates."""
    doors: dict[int | None, tuple[int, int]] = {None: (end, begin)}  # where one goes in, and where one comes out
    for symbol in level.symbols:
        if symbol in level.blocks:
            doors[symbol] = _draw_block(drawing, level.blocks[symbol], _times(level, symbol))
        else:
            doors[symbol] = (one := drawing.node(symbol), one)
    for (source, target), count in level.ways.items():
        drawing.way(doors[source][1], doors[target][0], count)


def _draw_block(drawing: _Drawing, branches: tuple[Level, ...], times: int) -> tuple[int, int]:
    fork = drawing.node(split=True)
    ends = []
    for branch in branches:
        begin = drawing.node()
        drawing.way(fork, begin, times)
        ends.append(drawing.node())
        _draw(drawing, branch, begin, ends[-1])
    join = drawing.node(join=True)
    for end in ends:
        drawing.way(end, join, times)
    return fork, join


def _times(level: Level, symbol: int) -> int:
    return sum(count for (_, target), count in level.ways.items() if target == symbol)


def _simplify(drawing: _Drawing) -> None:
    """Merge gates into what stands beside them, until none can be."""
    while any(
        _into_next(drawing, one) or _into_previous(drawing, one)
        for one, node in list(drawing.nodes.items())
        if node.activity is None
    ):
        pass


def _into_next(drawing: _Drawing, gate: int) -> bool:
    """A gate with one way out becomes the door of what follows."""
    if len(drawing.after[gate]) != 1 or gate == drawing.last:
        return False
    (target,) = drawing.after[gate]
    sources = drawing.before[gate]
    node, following = drawing.nodes[gate], drawing.nodes[target]
    if target == gate or (gate == drawing.first and (sources or following.join_all or target == drawing.last)):
        return False
    if node.join_all and (following.join_all or len(drawing.before[target]) > 1 or target == drawing.first):
        return False
    if following.join_all and len(sources) > 1:
        return False
    if any(target in drawing.after[one] for one in sources) and (
        following.join_all or any(drawing.nodes[one].split_all for one in sources)
    ):
        return False
    drawing.nodes[target] = replace(following, join_all=following.join_all or node.join_all)
    drawing.cut(gate, target)
    for source in list(sources):
        drawing.way(source, target, drawing.cut(source, gate))
    drawing.first = target if gate == drawing.first else drawing.first
    del drawing.nodes[gate]
    return True


def _into_previous(drawing: _Drawing, gate: int) -> bool:
    """A gate with one way in becomes the choice, the fork or the end of what comes before."""
    if len(drawing.before[gate]) != 1 or drawing.nodes[gate].join_all or gate == drawing.first:
        return False
    (source,) = drawing.before[gate]
    if source == gate or len(drawing.after[source]) != 1:
        return False
    drawing.cut(source, gate)
    for target in list(drawing.after[gate]):
        drawing.way(source, target, drawing.cut(gate, target))
    node = drawing.nodes[source]
    drawing.nodes[source] = replace(node, split_all=drawing.nodes[gate].split_all)
    drawing.last = source if gate == drawing.last else drawing.last
    del drawing.nodes[gate]
    return True


def _ordered(drawing: _Drawing) -> list[int]:
    """The first node first, the last one last, between them as they were drawn."""
    between = [one for one in sorted(drawing.nodes) if one not in (drawing.first, drawing.last)]
    return [drawing.first, *between, drawing.last] if drawing.first != drawing.last else [drawing.first]
