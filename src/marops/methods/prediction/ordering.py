"""Which rows came first: by the column somebody names, else by a date, else by a rising id, else as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from marops.methods.prediction.reading import Codes, Column, Flags, Floats, Refused, decimal_of

By = Literal["date", "number", "rising id", "file order"]
_RISING: Final = 0.95
"""So large a share of the steps from row to row goes up in an id that rises."""
_SPARSE: Final = 1000
"""An id that does not rise in the file still counts as one that was dealt out in order if it is no sparser."""
_LIFETIME: Final = 20 * 365.25
"""Dates that span more are dates of birth and the like."""


@dataclass(frozen=True, slots=True)
class Order:
    """The rows from the oldest, and how that was found."""

    rows: Codes
    by: By
    column: str | None
    says: str


def order_of(columns: Mapping[str, Column], rows: int, named: str | None = None, known: Flags | None = None) -> Order:
    """The order of the rows; a date has to stand in those that are `known`, by default in all. Raises Refused where a
    named column says no order.
    """
    if named is not None:
        return _by_name(columns[named], named)
    dates = _dates(columns, rows, np.ones(rows, dtype=bool) if known is None else known)
    if dates:
        name, days = dates[0]
        return Order(_sorted(days), "date", name, f"by the date in “{name}”, found by its values")
    for name, numbers, rises in _ids(columns, rows):
        found = "which rises from row to row" if rises else "different in every row"
        return Order(_sorted(numbers), "rising id", name, f"by the number in “{name}”, {found}; no date was found")
    says = "in the order of the file, its first row as the oldest; no date and no rising id was found"
    return Order(np.arange(rows), "file order", None, says)


def whole_numbers(column: Column) -> Floats | None:
    """The numbers of a column that holds whole ones only and nothing else, every row a different one; else None."""
    decimal = decimal_of(column) if bool(column.filled.any()) else None
    if decimal is None:
        return None
    numbers = column.numbers(decimal)
    kept = numbers[column.filled]
    if np.isnan(kept).any() or (kept != np.floor(kept)).any():
        return None
    return numbers if len(np.unique(kept)) >= 0.999 * len(kept) else None


def _by_name(column: Column, name: str) -> Order:
    days = column.days()
    if days is not None:
        return Order(_sorted(days), "date", name, f"by the date in “{name}”, as you said")
    decimal = decimal_of(column)
    if decimal is None:
        remedy = "Name a column with dates such as 2026-03-14 or with numbers that rise, or leave --time out."
        raise Refused(f"The column “{name}” holds neither dates nor numbers, so it says no order.", remedy)
    return Order(_sorted(column.numbers(decimal)), "number", name, f"by the number in “{name}”, as you said")


def _dates(columns: Mapping[str, Column], rows: int, known: Flags) -> list[tuple[str, Floats]]:
    """Columns with a date in every row, the likeliest for when the row began first.

    A date that goes with the file's order comes first, then the one that is the earliest: what began comes before what
    happened to it.
    """
    found = []
    for name, column in columns.items():
        days = column.days() if known.any() and column.filled[known].mean() >= 0.99 else None
        if days is None or len(np.unique(days[~np.isnan(days)])) < min(10, rows):
            continue
        span = float(np.nanmax(days) - np.nanmin(days))
        steps = np.diff(days[known])
        with_file = bool(rows > 1 and max((steps >= 0).mean(), (steps <= 0).mean()) >= _RISING)
        found.append(((span > _LIFETIME, not with_file, float(np.nanmedian(days))), name, days))
    return [(name, days) for _rank, name, days in sorted(found, key=lambda one: one[0])]


def _ids(columns: Mapping[str, Column], rows: int) -> list[tuple[str, Floats, bool]]:
    """Columns with a different whole number in every row, those that rise (or fall) in the file first."""
    found = []
    for name, column in columns.items():
        numbers = whole_numbers(column) if rows > 1 and bool(column.filled.all()) else None
        if numbers is None:
            continue
        steps = np.diff(numbers)
        rises = bool(max((steps > 0).mean(), (steps < 0).mean()) >= _RISING)
        if rises or float(numbers.max() - numbers.min()) <= _SPARSE * rows:
            found.append((name, numbers, rises))
    return sorted(found, key=lambda one: not one[2])


def _sorted(values: Floats) -> Codes:
    """Oldest first; rows without a value before all others, equal ones as they stand."""
    return np.argsort(np.where(np.isnan(values), -np.inf, values), kind="stable")
