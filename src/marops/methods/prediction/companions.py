"""Fields that were written together with one that was written after the outcome.

A field that is filled only in rows in which a leak is filled was written no earlier than the leak. That is looked at
for each outcome by itself, so that the outcome is not what makes the two go together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from marops.methods.intervals import wilson
from marops.methods.prediction.model import Excluded
from marops.methods.prediction.reading import Codes, Column

_FEWEST: Final = 30
"""So many rows with the leak, and so many without, are needed of an outcome."""
_OUTSIDE, _OUTSIDE_AT_MOST, _INSIDE = 0.1, 0.2, 0.1
"""Of the share that is filled beside the leak, so much is filled elsewhere (and at most so much by the interval)."""
_TOGETHER: Final = 0.5
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Beside:
    """Of one outcome: the share of rows in which a field is filled where the leak is, and where it is not."""

    inside: float
    outside: float
    outside_high: float
    together: float

    @property
    def only_there(self) -> bool:
        """Is it filled only where the leak is?"""
        seldom = self.outside <= _OUTSIDE * self.inside and self.outside_high <= _OUTSIDE_AT_MOST * self.inside
        return self.inside >= _INSIDE and seldom


def companion(
    name: str, columns: Mapping[str, Column], leaks: list[str], outcome: Codes, rows: Codes
) -> Excluded | None:
    """A field written together with one of these leaks: out of use, or to be looked at (kind `together`)."""
    filled = columns[name].filled[rows]
    if not 0.01 <= filled.mean() <= 0.99:
        return None
    mostly = None
    for leak in leaks:
        there = columns[leak].filled[rows]
        found = list(_by_outcome(filled, there, outcome[rows]))
        if not found:
            continue
        inside, outside = float(filled[there].mean()), float(filled[~there].mean())
        figures = {"filled_with": round(inside, 4), "filled_without": round(outside, 4)}
        shares = f"{inside:.0%} of its rows, {outside:.1%} of the others"
        if all(one.only_there for one in found):
            why = (
                f"It is filled only where “{leak}” is ({shares}, of either outcome), so it was written no earlier; and"
                f" “{leak}” was written when the outcome was known."
            )
            return Excluded(field=name, kind="leak", why=why, figures=figures)
        if all(one.together >= _TOGETHER for one in found):
            why = (
                f"It is mostly filled in the same rows as “{leak}” ({shares}), which was written afterwards; it is"
                " used, but make sure that it is known when a lead is scored."
            )
            mostly = Excluded(field=name, kind="together", why=why, figures=figures)
    return mostly


def _by_outcome(filled: Flags, there: Flags, outcome: Codes) -> Iterator[Beside]:
    for value in (0, 1):
        with_leak, without = filled[there & (outcome == value)], filled[~there & (outcome == value)]
        if min(len(with_leak), len(without)) < _FEWEST:
            continue
        inside, outside = float(with_leak.mean()), float(without.mean())
        share = len(with_leak) / (len(with_leak) + len(without))
        whole = share * inside + (1 - share) * outside
        spread = np.sqrt(share * (1 - share) * whole * (1 - whole))
        together = share * (inside - whole) / spread if spread else 0.0
        yield Beside(inside, outside, wilson(outside, len(without))[1], float(together))
