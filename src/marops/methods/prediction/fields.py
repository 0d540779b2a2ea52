"""A field made ready for training: bins of a number or levels, learnt on older rows, and which one each row has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from marops.methods.prediction.model import FILLED
from marops.methods.prediction.outcomes import plain
from marops.methods.prediction.reading import Codes, Column, Floats, Kind, decimal_of

EMPTY_LEVEL: Final = 0
RARE_LEVEL: Final = 1
_FEWEST: Final = 5
"""A level of fewer rows counts with the other rare ones."""
_MOST_LEVELS: Final = 250
_FULL: Final = 20
"""A bin of a number holds at least about so many rows."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A field and, for each row, its number (NaN: empty) or the code of its level (0 empty, 1 rare)."""

    name: str
    kind: Kind
    decimal: str
    numbers: Floats | None
    levels: Sequence[str]
    """Names of the codes from 2 on."""
    codes: Codes
    labels: dict[str, str]

    def binned(self, older: Codes, bins: int) -> tuple[Codes, Floats]:
        """Codes of every row with the number cut at quantiles of older rows (0 empty), and the cuts."""
        if self.numbers is None:
            return self.codes, np.zeros(0)
        cuts = cuts_of(self.numbers[older], bins)
        at = np.searchsorted(cuts, self.numbers, side="right") + 1
        return np.where(np.isnan(self.numbers), 0, at), cuts

    def words_of(self, code: int, cuts: Floats) -> str:
        """A bin or level in words."""
        if code == EMPTY_LEVEL:
            return "empty"
        if self.numbers is not None:
            return between(cuts, code - 1)
        if code == RARE_LEVEL:
            return "a rare value"
        level = self.levels[code - 2]
        return "filled" if self.kind == "filled" else f"“{self.labels[level]}”"


def cuts_of(numbers: Floats, bins: int) -> Floats:
    """Where to cut numbers into about so many bins of equal size; a number that many rows have is a bin of its own."""
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return np.zeros(0)
    values, counts = np.unique(known, return_counts=True)
    heavy = values[counts >= len(known) / bins]
    rest = known[~np.isin(known, heavy)]
    parts = min(bins, len(rest) // _FULL)
    spread = np.quantile(rest, np.linspace(0, 1, parts + 1)[1:-1]) if parts > 1 else np.zeros(0)
    return np.unique(np.concatenate([spread, heavy, np.nextafter(heavy, np.inf)]))


def between(edges: Sequence[float] | Floats, at: int) -> str:
    """The bin from one edge up to below the next, in words."""
    if not len(edges):
        return "any number"
    if 0 < at < len(edges) and edges[at] == np.nextafter(edges[at - 1], np.inf):
        return f"{edges[at - 1]:,.6g}"
    if at == 0:
        return f"below {edges[0]:,.6g}"
    if at == len(edges):
        return f"{edges[-1]:,.6g} or more"
    return f"from {edges[at - 1]:,.6g} to below {edges[at]:,.6g}"


def ready(column: Column, name: str, older: Codes) -> Ready:
    """What a column holds; levels are those that come at least a few times among older rows.

    A column of dates, and one in which nearly every filled row has a value of its own, count by being filled or not: a
    day of the past says nothing of a lead of the future, and a telephone number only that there is one.
    """
    if column.days() is None and not is_key(column):
        decimal = decimal_of(column)
        numbers = column.numbers(decimal) if decimal else None
        if numbers is not None and decimal and len(np.unique(numbers[~np.isnan(numbers)])) > 2:
            return Ready(name, "number", decimal, numbers, (), np.zeros(0, dtype=np.int64), {})
        return _levels(column, name, older)
    codes = np.where(column.filled, 2, EMPTY_LEVEL)
    return Ready(name, "filled", ".", None, (FILLED,), codes, {FILLED: FILLED})


def is_key(column: Column) -> bool:
    """Has nearly every filled row a value of its own, one that is no measured number?"""
    count = int(column.filled.sum())
    if count < 20:
        return False
    seen = np.bincount(column.codes, minlength=len(column.words)) > 0
    different = len({key for key, there in zip(column.keys, seen.tolist(), strict=True) if key and there})
    decimal = decimal_of(column)
    if decimal is None:
        return different >= 0.9 * count
    numbers = column.numbers(decimal)[column.filled]
    return different >= 0.999 * count and not np.any(numbers != np.floor(numbers))


def _levels(column: Column, name: str, older: Codes) -> Ready:
    keys = [plain(key) for key in column.keys]
    names = sorted(set(keys) - {""})
    place = {key: at for at, key in enumerate(names)}
    raw = np.array([place.get(key, -1) for key in keys], dtype=np.int64)[column.codes]
    counts = np.bincount(raw[older][raw[older] >= 0], minlength=len(names))
    common = [at for at in np.argsort(-counts, kind="stable").tolist() if counts[at] >= _FEWEST][:_MOST_LEVELS]
    kept = sorted(names[at] for at in common)
    code = np.full(len(names) + 1, RARE_LEVEL, dtype=np.int64)
    code[-1] = EMPTY_LEVEL
    for at, level in enumerate(kept):
        code[place[level]] = at + 2
    labels = {
        key: column.label(one) for key, one in reversed([*zip(keys, column.keys, strict=True)]) if key in set(kept)
    }
    return Ready(name, "category", ".", None, kept, code[raw], {key: labels[key] for key in kept})
