"""A score in words: what each field said, and how much that added."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from marops.methods.prediction.dates import with_derived
from marops.methods.prediction.fields import between
from marops.methods.prediction.model import Model, Term, score
from marops.methods.prediction.reading import SPACES, column_of, key_of


def explain(model: Model, row: pa.Table) -> dict[str, Any]:
    """One row: its probability, and its terms, the weightiest first; they add up to the points with the intercept."""
    scored = score(model, row)
    row = with_derived(row, model.derived)
    terms = list[dict[str, Any]]()
    for at, term in enumerate(model.terms):
        value = column_of(row, term.field).words[0] if term.field in row.column_names else None
        terms.append(
            {"field": term.field, "value": value, "says": says(term, value), "term": float(scored.terms[0, at])}
        )
    terms.sort(key=lambda one: (-abs(one["term"]), one["field"]))
    usual = float(model.calibration.chance(scored.points * 0 + model.intercept)[0])
    return {
        "probability": float(scored.chance[0]), "points": float(scored.points[0]), "intercept": model.intercept,
        "average": usual, "calibration": model.calibration.model_dump(), "terms": terms,
    }  # fmt: skip


def says(term: Term, value: str | None) -> str:
    """What a field says, as it counts."""
    if value is None:
        return f"{term.field} is not in the file"
    key = key_of(value)
    if not key:
        return f"{term.field} is empty"
    if term.kind == "filled":
        return f"{term.field} is filled"
    shown = value.strip(SPACES)
    if term.kind == "category":
        return f"{term.field} is “{shown}”" + (
            "" if term.knows(key) else ", which was not seen often enough in training"
        )
    bin_ = term.bin_of(key)
    return f"{term.field} is no number" if bin_ is None else f"{term.field} is {shown} ({between(term.edges, bin_)})"


def strength(points: float) -> str:
    """How much a term moves the probability, in words."""
    size = abs(points)
    if size < 0.05:
        return "hardly matters"
    amount = "a little " if size < 0.3 else "" if size < 1 else "much "
    return f"{amount}{'more' if points > 0 else 'less'} likely"
