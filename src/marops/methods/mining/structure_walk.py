"""Cases walk through a found graph, without time: to see that it is sound and how well it says what was seen."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from marops.methods.mining.log import Graph

_LONGEST = 1_000_000


class Unsound(ValueError):
    """A case got stuck, left something behind, or never came to an end."""


def walk(graph: Graph, cases: int, seed: int) -> list[tuple[int, ...]]:
    """The activities of so many cases in order. Of several branches under way any one moves next. Raises Unsound."""
    luck = np.random.Generator(np.random.PCG64(seed))
    ways = _Ways(graph)
    return [ways.walk(luck) for _ in range(cases)]


class _Ways:
    def __init__(self, graph: Graph) -> None:
        self.nodes = graph.nodes
        after: dict[int, list[int]] = defaultdict(list)
        shares: dict[int, list[float]] = defaultdict(list)
        self.inward: dict[int, int] = defaultdict(int)
        for way in graph.ways:
            after[way.source].append(way.target)
            shares[way.source].append(way.probability)
            self.inward[way.target] += 1
        self.after = after
        self.shares: dict[int, NDArray[np.float64]] = {one: np.cumsum(some) for one, some in shares.items()}

    def walk(self, luck: np.random.Generator) -> tuple[int, ...]:
        """One case."""
        done: list[int] = []
        waiting: dict[int, int] = defaultdict(int)
        tokens = [0]
        for _ in range(_LONGEST):
            if not tokens:
                break
            chosen = int(luck.random() * len(tokens)) if len(tokens) > 1 else 0
            here = tokens.pop(chosen)
            if self.nodes[here].join_all and self.inward[here] > 1:
                waiting[here] = (waiting[here] + 1) % self.inward[here]
                if waiting[here]:
                    continue
            self._pass(here, done, tokens, luck)
        if tokens or any(waiting.values()):
            raise Unsound("A case did not come to an end, or left something behind.")
        return tuple(done)

    def _pass(self, here: int, done: list[int], tokens: list[int], luck: np.random.Generator) -> None:
        activity = self.nodes[here].activity
        if activity is not None:
            done.append(activity)
        after = self.after.get(here)
        if after is None:
            if tokens:
                raise Unsound("A case ended while something was still under way.")
        elif self.nodes[here].split_all:
            tokens.extend(after)
        else:
            shares = self.shares[here]
            tokens.append(after[min(int(np.searchsorted(shares, luck.random(), side="right")), len(after) - 1)])
