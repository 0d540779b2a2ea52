"""A model as one SELECT over a table of texts, in DuckDB's dialect: the terms of every row, points and probability.

    statement(model, "leads", columns=["Lead Source", …], keep=["Prospect ID"])

It says the same as `model.score` to the last bits: the same cuts, the same empty words, the same columns that are
absent.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from marops.methods.prediction.model import FILLED, Model, Term
from marops.methods.prediction.reading import EMPTY, NUMBER, SPACES

POINTS: Final = "marops points"
PROBABILITY: Final = "probability"


def statement(
    model: Model, table: str, *, columns: Collection[str], keep: Sequence[str] = (), terms: bool = True
) -> str:
    """The SELECT. `table` is written as it is; `columns` are those it has; `keep` are handed through, in front."""
    kept = [_name(one) for one in keep]
    added = [f"{_term(term, term.field in columns)} AS {_name(name_of(term))}" for term in model.terms]
    inner = f"SELECT {', '.join([*kept, *added]) or '0'} FROM {table}"
    summed = " + ".join([_number(model.intercept), *(_name(name_of(term)) for term in model.terms)])
    middle = f"SELECT *, {summed} AS {_name(POINTS)} FROM ({inner}) AS terms"
    at, points = model.calibration, _name(POINTS)
    odds = f"{_number(at.c)} - {_number(at.a)} * {_softplus(f'(-{points})')} + {_number(at.b)} * {_softplus(points)}"
    shown = [*kept, *([_name(name_of(term)) for term in model.terms] if terms else [])]
    return f"SELECT {', '.join([*shown, f'1e0 / (1e0 + exp(-({odds}))) AS {PROBABILITY}'])} FROM ({middle}) AS points"


def name_of(term: Term) -> str:
    """The column with what a term adds."""
    return f"term: {term.field}"


def _term(term: Term, there: bool) -> str:
    if not there:
        return "0e0"
    key = f"lower(trim({_name(term.field)}, {_spaces()}))"
    empty = f"({_name(term.field)} IS NULL OR {key} IN ({', '.join(_text(word) for word in EMPTY)}))"
    if term.kind == "filled":
        return f"CASE WHEN {empty} THEN {_number(term.empty)} ELSE {_number(term.levels[FILLED])} END"
    if term.kind == "number":
        return _of_number(term, key, empty)
    plain = f"regexp_replace({key}, '^(-*[0-9]+)\\.0$', '\\1')"
    levels = "".join(f" WHEN {_text(level)} THEN {_number(points)}" for level, points in sorted(term.levels.items()))
    inside = f"CASE {plain}{levels} ELSE {_number(term.other)} END" if levels else _number(term.other)
    return f"CASE WHEN {empty} THEN {_number(term.empty)} ELSE {inside} END"


def _of_number(term: Term, key: str, empty: str) -> str:
    bare = f"replace({key}, ',', '')" if term.decimal == "." else f"replace(replace({key}, '.', ''), ',', '.')"
    value = f"CASE WHEN regexp_matches({bare}, {_text(NUMBER)}) THEN CAST({bare} AS DOUBLE) END"
    # A list of one, carried through the comparisons, keeps the statement from reading the cell at each of them.
    inside = f"CASE WHEN v IS NULL THEN {_number(term.empty)} ELSE {_inside(term, 0, len(term.points) - 1)} END"
    return f"CASE WHEN {empty} THEN {_number(term.empty)} ELSE list_transform([{value}], lambda v: {inside})[1] END"


def _inside(term: Term, first: int, last: int) -> str:
    """Comparisons by halves: which of the bins from `first` to `last`."""
    if first == last:
        return _number(term.points[first])
    middle = (first + last) // 2
    edge = _number(term.edges[middle])
    return f"CASE WHEN v < {edge} THEN {_inside(term, first, middle)} ELSE {_inside(term, middle + 1, last)} END"


def _softplus(points: str) -> str:
    """ln(1 + e^x) without overflow."""
    return f"(greatest({points}, 0e0) + ln(1e0 + exp(-abs({points}))))"


def _number(value: float) -> str:
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _spaces() -> str:
    return " || ".join(f"chr({ord(one)})" for one in SPACES)
