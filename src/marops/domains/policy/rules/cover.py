"""The table read as few lines as possible: boxes of asks that all have the same answer, together every ask once read.

A box is a product: some answers of each question, and every combination of them has the same gates. The lines are
found by a greedy exact cover: the box that explains most of what is not yet explained comes first, and none reaches
into another answer. (Covering with the fewest boxes is NP-hard; the greedy one is at most a factor of ln n above it:
Chvátal, “A Greedy Heuristic for the Set-Covering Problem”, Mathematics of Operations Research 4, 1979.)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import prod

import numpy as np
from numpy.typing import NDArray

from marops.domains.policy.rules.domain import Value
from marops.domains.policy.rules.gates import ASKS

Cells = NDArray[np.bool_]
_SHAPE = tuple(len(one.answers) for one in ASKS)
_SEEDS = 8
"""So many unexplained asks are tried as beginnings of each next box."""
_ORDERS = tuple(permutations(range(len(ASKS))))[::97]


@dataclass(frozen=True, slots=True)
class Box:
    """Some answers of each question an ask answers, by the questions' names."""

    answers: Mapping[str, tuple[Value, ...]]

    @property
    def size(self) -> int:
        """So many asks."""
        return prod(len(values) for values in self.answers.values())

    def whole(self, name: str) -> bool:
        """Does it hold for every answer of this question?"""
        return len(self.answers[name]) == len(next(one for one in ASKS if one.name == name).answers)

    def cells(self) -> Cells:
        """The asks in it."""
        found = np.zeros(_SHAPE, bool)
        found[np.ix_(*([one.index(value) for value in self.answers[one.name]] for one in ASKS))] = True
        return found


def covered(cells: Cells, hints: Sequence[Cells] = (), *, apart: bool = False) -> list[Box]:
    """Boxes inside `cells` that together hold each of them, those that explain most first; `apart`: each but once.

    `hints` are asks that people speak of together (the reach of a rule); where such a reach is a box it comes before
    any other, so that lines are cut where people cut them.
    """
    told = [marks for hint in hints if (marks := _product(hint & cells)) is not None and cells[np.ix_(*marks)].all()]
    left = cells.copy()
    found = []
    while left.any():
        known = [] if apart else [marks for marks in told if left[np.ix_(*marks)].any()]
        tried = known or list(_grown(left if apart else cells, left))
        best = max(tried, key=lambda marks: (int(left[np.ix_(*marks)].sum()), -sum(map(len, marks))))
        left[np.ix_(*best)] = False
        found.append(_box(best))
    return found


_Marks = tuple[tuple[int, ...], ...]


def _box(marks: _Marks) -> Box:
    return Box({one.name: tuple(one.values[at] for at in row) for one, row in zip(ASKS, marks, strict=True)})


def _product(cells: Cells) -> _Marks | None:
    """The answers that occur, where there is any ask at all."""
    where = np.argwhere(cells)
    if not len(where):
        return None
    return tuple(tuple(int(one) for one in np.unique(where[:, axis])) for axis in range(cells.ndim))


def _grown(cells: Cells, left: Cells) -> Iterator[_Marks]:
    """The largest boxes around some of the asks that are left, grown question by question in several orders."""
    places = np.argwhere(left)
    for place in places[:: max(1, len(places) // _SEEDS)][:_SEEDS]:
        for order in _ORDERS:
            marks: list[tuple[int, ...]] = [(int(one),) for one in place]
            for axis in order:
                marks[axis] = _reach(cells, marks, axis)
            yield tuple(marks)


def _reach(cells: Cells, marks: Sequence[tuple[int, ...]], axis: int) -> tuple[int, ...]:
    """The answers of one question for which all that is in the box so far holds as well."""
    wide = [tuple(range(cells.shape[at])) if at == axis else row for at, row in enumerate(marks)]
    slab = np.moveaxis(cells[np.ix_(*wide)], axis, 0)
    return tuple(int(one) for one in np.flatnonzero(slab.reshape(len(slab), -1).all(axis=1)))
