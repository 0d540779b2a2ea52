"""Which branches of a case that is in work at the beginning are done already.

A token is where work stands; a branch that is done and waits at a join has none. So an edge into a join counts as taken
when the join lies ahead of the case, and none of its tokens can come by that edge without passing the join, or a fork
that makes it wait for all of its branches again.
"""

from collections.abc import Iterable, Iterator, Mapping

from marops.methods.simulation.model import Model

Edges = tuple[int, int]
"""A node and the place among its edges."""


def done_ways(model: Model, joins: Mapping[int, Iterable[Edges]]) -> dict[tuple[int, int], list[Edges]]:
    """By class and case: the edges into joins (given: by join) that count as taken."""
    nodes: dict[tuple[int, int], set[int]] = {}
    for token in model.tokens:
        nodes.setdefault((token.work_class, token.case), set()).add(token.node)
    found: dict[frozenset[int], list[Edges]] = {}
    for there in map(frozenset, nodes.values()):
        if there not in found:
            found[there] = list(_taken(model, there, joins))
    return {case: found[frozenset(there)] for case, there in nodes.items()}


def _taken(model: Model, there: frozenset[int], joins: Mapping[int, Iterable[Edges]]) -> Iterator[Edges]:
    for join, edges in joins.items():
        ahead = _ahead(model, there, join)
        if join in ahead:
            yield from (edge for edge in edges if edge[0] not in ahead | there)


def _ahead(model: Model, there: frozenset[int], join: int) -> set[int]:
    """Nodes to which the case comes before it passes the join or a fork that opens it again."""
    found: set[int] = set()
    todo = list(there)
    while todo:
        for edge in model.nodes[todo.pop()].edges:
            if edge.to in found:
                continue
            found.add(edge.to)
            if edge.to != join and join not in model.nodes[edge.to].reopens:
                todo.append(edge.to)
    return found
