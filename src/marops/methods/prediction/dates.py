"""What dates say beyond being there: the days from one to the moment that orders the rows, and the weekday and hour of
that moment. They stand as columns beside the others, made the same way when training and when scoring.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from marops.methods.prediction.model import Derived
from marops.methods.prediction.ordering import Order
from marops.methods.prediction.reading import Column, Floats, column_of

WEEK: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BEFORE: Final = 0.95
"""So large a share of dates is before the moment, or on its day; a date of what came later is no ground to foretell."""


def derived_of(columns: Mapping[str, Column], order: Order, drop: Collection[str] = ()) -> list[Derived]:
    """What can be made of the dates of a table whose rows are ordered by one of them; of none of those in `drop`."""
    if order.column is None or order.column in drop:
        return []
    moment = columns[order.column]
    came = moment.days()
    if came is None:
        return []
    by = order.column
    found = [Derived(name=f"{by} (weekday)", kind="weekday", column=by, month_first=moment.month_first)]
    if np.mean(came[~np.isnan(came)] % 1 != 0) > 0.5:
        found.append(Derived(name=f"{by} (hour)", kind="hour", column=by, month_first=moment.month_first))
    for name, column in columns.items():
        days = column.days() if name != by and name not in drop else None
        if days is None or not _before(came - days):
            continue
        found.append(
            Derived(
                name=f"{name} (days before {by})", kind="before", column=name, of=by, month_first=column.month_first,
                of_month_first=moment.month_first,
            )
        )  # fmt: skip
    return [one for one in found if one.name not in columns]


def with_derived(table: pa.Table, derived: Sequence[Derived]) -> pa.Table:
    """The table with these columns beside its own; one whose dates are missing is missing too."""
    for one in derived:
        if one.name in table.column_names or one.column not in table.column_names:
            continue
        if one.of is not None and one.of not in table.column_names:
            continue
        table = table.append_column(one.name, pa.array(_texts(table, one), pa.string()))
    return table


def _before(apart: Floats) -> bool:
    known = apart[~np.isnan(apart)]
    return len(known) >= 20 and bool(np.mean(known > -1) >= _BEFORE)


def _texts(table: pa.Table, one: Derived) -> list[str]:
    days = column_of(table, one.column).moments(month_first=one.month_first)
    if one.kind == "weekday":
        return ["" if np.isnan(day) else WEEK[(int(day) - 1) % 7] for day in days.tolist()]
    if one.kind == "hour":
        return ["" if np.isnan(day) else str(round(day % 1 * 86400) // 3600 % 24) for day in days.tolist()]
    came = column_of(table, str(one.of)).moments(month_first=one.of_month_first)
    whole = np.floor(np.round((came - days) * 86400) / 86400)  # to the second: days are fractions
    return ["" if np.isnan(apart) else str(int(apart)) for apart in whole.tolist()]
