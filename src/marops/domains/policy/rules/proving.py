"""What every policy has to keep: looked at over all combinations whenever a version is proposed."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from marops.domains.policy.rules.domain import DATA, DIMENSIONS, MORE_SENSITIVE, Request, request_at
from marops.domains.policy.rules.table import Bits

_AT = {one.name: at for at, one in enumerate(DIMENSIONS)}


@dataclass(frozen=True, slots=True)
class Breach:
    """A law that a policy breaks: how often, and one case: allowed here, refused with more care."""

    law: str
    count: int
    allowed: Request
    refused: Request


def breaches(shaped: Bits) -> list[Breach]:
    """The laws that the decisions break; empty for a policy that may be put in force.

    - `review`: that more people have read it never turns a yes into a no;
    - `disclosed`: nor that it says AI took part;
    - `autonomy`: acting more freely never turns a no into a yes, above switched off;
    - `data`: nor does reading what is more sensitive.
    """
    found = [
        *_along(shaped, "review", [(0, 1), (1, 2)], "review"),
        *_along(shaped, "disclosed", [(0, 1)], "disclosed"),
        *_along(shaped, "autonomy", [(high, high - 1) for high in range(5, 1, -1)], "autonomy"),
        *_along(shaped, "data", [(DATA.index(more), DATA.index(less)) for less, more in MORE_SENSITIVE], "data"),
    ]
    merged: dict[str, Breach] = {}
    for one in found:
        first = merged.setdefault(one.law, one)
        if first is not one:
            merged[one.law] = Breach(one.law, first.count + one.count, first.allowed, first.refused)
    return list(merged.values())


def _along(shaped: Bits, name: str, pairs: list[tuple[int, int]], law: str) -> Iterator[Breach]:
    """Where the first of a pair is a yes, the second, more careful one is a yes too."""
    axis = _AT[name]
    for bold, careful in pairs:
        wrong = np.take(shaped, bold, axis) & ~np.take(shaped, careful, axis)
        if wrong.any():
            where = [int(one) for one in np.argwhere(wrong)[0]]
            yield Breach(law, int(wrong.sum()), _request(where, axis, bold), _request(where, axis, careful))


def _request(where: list[int], axis: int, value: int) -> Request:
    full = [*where[:axis], value, *where[axis:]]
    place = 0
    for one, at in zip(DIMENSIONS, full, strict=True):
        place = place * len(one.answers) + at
    return request_at(place)
