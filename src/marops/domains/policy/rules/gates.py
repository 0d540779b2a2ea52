"""Gates: what has to be added to a no to make it a yes, the least of it first.

Two answers of a request can be added by people without changing what the AI wants to do: who read it, and whether it
says that AI took part. An *ask* is a combination without these two: 23,760 of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from marops.domains.policy.rules.domain import DIMENSIONS, DISCLOSED, REVIEW, SHAPE, Request, Value

LADDER: tuple[tuple[int, bool], ...] = tuple((review, said) for review in (0, 1, 2) for said in (False, True))
"""(review, disclosed) in the order of the table's last bits."""
FREE = 1
_AT = {one.name: at for at, one in enumerate(DIMENSIONS)}
ASKS = tuple(one for one in DIMENSIONS if one not in (REVIEW, DISCLOSED))
"""The questions that an ask answers."""


@dataclass(frozen=True, slots=True, order=True)
class Gates:
    """What is needed at the least: so many reviewers, and whether it has to be said that AI took part."""

    review: int
    disclosed: bool

    @property
    def cost(self) -> int:
        """How much it asks of people: a word costs less than a reader, two readers more than one."""
        return 2 * self.review + self.disclosed


def gates_of(allowed: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """For each ask (axes: `ASKS`) which of the `LADDER`'s pairs is a yes, as a mask of six bits; 0 is never."""
    shaped = allowed.reshape(SHAPE)
    moved = np.moveaxis(shaped, (_AT["review"], _AT["disclosed"]), (-2, -1))
    flat = moved.reshape(*moved.shape[:-2], len(LADDER))
    weights = (1 << np.arange(len(LADDER))).astype(np.uint8)
    masks: NDArray[np.uint8] = (flat * weights).sum(axis=-1).astype(np.uint8)
    return masks


def least(mask: int) -> list[Gates]:
    """The smallest sets of gates of a mask: none of them asks for all that another asks for. Empty where never."""
    passing = [Gates(*pair) for at, pair in enumerate(LADDER) if mask >> at & 1]
    return sorted((one for one in passing if not any(_less(other, one) for other in passing)), key=lambda one: one.cost)


def _less(one: Gates, other: Gates) -> bool:
    return one != other and one.review <= other.review and one.disclosed <= other.disclosed


def missing(request: Request, allows: Callable[[Request], bool]) -> Gates | None:
    """The smallest gates to *add* to a refused request so that it is allowed; None where none of them helps.

    `allows` decides; with the runtime's own decision this counts what stands against it at the moment too.
    """
    wanted = [
        Gates(review, said)
        for review, said in LADDER
        if review >= request.review and said >= request.disclosed
        and allows(replace(request, review=review, disclosed=said))
    ]  # fmt: skip
    return min(wanted, key=lambda one: (one.cost, one), default=None)


def one_word_away(request: Request, allows: Callable[[Request], bool]) -> Iterator[tuple[str, Value]]:
    """Single other answers that turn the decision round."""
    now = allows(request)
    for one in DIMENSIONS:
        for value in one.values:
            given: Any = {one.name: value}
            other = replace(request, **given)
            if other != request and allows(other) != now:
                yield one.name, value
