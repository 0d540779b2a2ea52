"""Queues: pairing heaps of tokens, held together by links in the tokens themselves.

Better is: higher priority, then what the flow goes by (due date, or waiting longest), then waiting longest, then the
order of coming. A queue is the number of its best token, or none.
"""

from marops.methods.simulation.compiled import compiled
from marops.methods.simulation.layout import NONE, token_of
from marops.methods.simulation.rows import World


@compiled
def better(w: World, one: int, other: int) -> bool:
    """Whether a token goes before another of the same flow."""
    a, b = token_of(w, one), token_of(w, other)
    if a.rank != b.rank:
        return a.rank < b.rank
    if a.key != b.key:
        return a.key < b.key
    if a.ready != b.ready:
        return a.ready < b.ready
    return a.order < b.order


@compiled
def _melded(w: World, one: int, other: int) -> int:
    if better(w, other, one):
        one, other = other, one
    first = token_of(w, one)
    token_of(w, other).sibling = first.child
    first.child = other
    return one


@compiled
def joined(w: World, queue: int, token: int) -> int:
    """The queue with one more token."""
    row = token_of(w, token)
    row.child = NONE
    row.sibling = NONE
    return token if queue < 0 else _melded(w, queue, token)


@compiled
def without_best(w: World, queue: int) -> int:
    """The queue after its best token has left."""
    pairs, one = NONE, token_of(w, queue).child
    while one >= 0:
        other = token_of(w, one).sibling
        later = token_of(w, other).sibling if other >= 0 else NONE
        pair = _melded(w, one, other) if other >= 0 else one
        token_of(w, pair).sibling = pairs
        pairs, one = pair, later
    best = NONE
    while pairs >= 0:
        later = token_of(w, pairs).sibling
        best = pairs if best < 0 else _melded(w, best, pairs)
        pairs = later
    if best >= 0:
        token_of(w, best).sibling = NONE
    return best
