"""How far leads have drifted from those of training, field by field: the population stability index (PSI).

    kept = profiles(model, table)          # what each field said then; plain data
    drifts(model, kept, later_table)       # field → index; above 0.2 the field says other things than it did

Each field is cut into at most ten parts of about equal size, the empty ones being a part of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from marops.methods.prediction.fields import cuts_of
from marops.methods.prediction.model import ENOUGH, FILLED, Model, Term
from marops.methods.prediction.outcomes import plain
from marops.methods.prediction.reading import Codes, column_of

_PARTS: Final = 10
_LEAST_SHARE: Final = 1e-3
"""A part that nobody is in counts as this share, or one lead would count as much as a thousand."""


def profiles(model: Model, table: pa.Table) -> dict[str, dict[str, Any]]:
    """Of each field: how it is cut, and the share of leads in each part."""
    found = {}
    for term in model.terms:
        if term.field in table.column_names and table.num_rows:
            parts = _parts(term, table)
            found[term.field] = {"parts": parts, "shares": _shares(_codes(term, table, parts), len(parts) + 2)}
    return found


def drifts(model: Model, kept: Mapping[str, Mapping[str, Any]], table: pa.Table) -> dict[str, float]:
    """The index of each field, the strongest first; nothing where there are too few leads to say."""
    if table.num_rows < ENOUGH:
        return {}
    found = {}
    for term in model.terms:
        then = kept.get(term.field)
        if then is None or term.field not in table.column_names:
            continue
        now = _shares(_codes(term, table, then["parts"]), len(then["parts"]) + 2)
        found[term.field] = index(then["shares"], now)
    return dict(sorted(found.items(), key=lambda one: -one[1]))


def index(then: Any, now: Any) -> float:
    """The population stability index of two lists of shares."""
    before = np.maximum(np.asarray(then, dtype=float), _LEAST_SHARE)
    after = np.maximum(np.asarray(now, dtype=float), _LEAST_SHARE)
    return float(np.sum((after - before) * np.log(after / before)))


def _parts(term: Term, table: pa.Table) -> list[Any]:
    """The cuts of a number, or the levels that come most."""
    column = column_of(table, term.field)
    if term.kind == "number":
        return [float(one) for one in cuts_of(column.numbers(term.decimal), _PARTS)]
    if term.kind == "filled":
        return [FILLED]
    counts: dict[str, int] = {}
    for key, rows in zip(column.keys, np.bincount(column.codes, minlength=len(column.words)).tolist(), strict=True):
        if key:
            counts[plain(key)] = counts.get(plain(key), 0) + rows
    return sorted(counts, key=lambda key: (-counts[key], key))[: _PARTS - 1]


def _codes(term: Term, table: pa.Table, parts: list[Any]) -> Codes:
    """Of each row its part: 0 is empty, the last is any other level."""
    column = column_of(table, term.field)
    if term.kind == "number":
        numbers = column.numbers(term.decimal)
        return np.where(np.isnan(numbers), 0, np.searchsorted(np.array(parts), numbers, side="right") + 1)
    if term.kind == "filled":
        return np.where(column.filled, 1, 0)
    place = {level: at for at, level in enumerate(parts, 1)}
    of_word = [place.get(plain(key), len(parts) + 1) if key else 0 for key in column.keys]
    return np.array(of_word, dtype=np.int64)[column.codes] if of_word else np.zeros(0, dtype=np.int64)


def _shares(codes: Codes, size: int) -> list[float]:
    counts = np.bincount(codes, minlength=size)[:size]
    return [round(float(one), 6) for one in counts / max(1, counts.sum())]
