"""A model as one SELECT over a table of texts, in DuckDB's dialect: the terms of every row, and the probability.

    statement(model, "leads", columns=["Lead Source", …], keep=["Prospect ID"])

It says the same as `model.score` but for the last bits: the same cuts, the same empty words, the same columns that are
absent. Every cell is read once: inside it is made small and bare, around that a number, around that its term.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from marops.methods.prediction.dates import WEEK
from marops.methods.prediction.model import FILLED, Derived, Model, Term
from marops.methods.prediction.reading import EMPTY, NUMBER, SPACES

PROBABILITY: Final = "probability"
ISO: Final = r"^(\d{4})-(\d\d?)-(\d\d?)(?:[t ](\d\d?):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?(?: ?(?:z|[+-]\d\d:?\d\d))?)?$"
PARTS: Final = r"^(\d\d?)([./-])(\d\d?)[./-](\d{4})(?:[t ,]+(\d\d?):(\d\d)(?::(\d\d))?)?$"


def statement(
    model: Model, table: str, *, columns: Collection[str], keep: Sequence[str] = (), terms: bool = True
) -> str:
    """The SELECT. `table` is written as it is; `columns` are those it has; `keep` are handed through, in front."""
    table, columns = _with_derived(model, table, columns)
    kept = [f"{_name(one)} AS {_name(f'kept {at}')}" for at, one in enumerate(keep)]
    passed = [_name(f"kept {at}") for at in range(len(keep))]
    there = [(at, term) for at, term in enumerate(model.terms) if term.field in columns]
    bare = [f"{_bare(_name(term.field))} AS b{at}" for at, term in there]
    keys = [f"{_key(term, f'b{at}')} AS k{at}" for at, term in there]
    read = [f"{_read(term, f'k{at}')} AS v{at}" for at, term in there]
    added = [
        f"{_added(term, f'v{at}') if term.field in columns else '0e0'} AS t{at}" for at, term in enumerate(model.terms)
    ]
    points = " + ".join([_number(model.intercept), *(f"t{at}" for at in range(len(added)))])
    shown = [f"{old} AS {_name(new)}" for old, new in zip(passed, keep, strict=True)]
    shown += [f"t{at} AS {_name(name_of(term))}" for at, term in enumerate(model.terms)] if terms else []
    inside = table
    for what in (kept + bare, passed + keys, passed + read, passed + added, ["*", f"{points} AS points"]):
        inside = f"(SELECT {', '.join(what) or '0'} FROM {inside})"
    shown.append(f"1e0 / (1e0 + exp(-({_odds(model)}))) AS {PROBABILITY}")
    return f"SELECT {', '.join(shown)} FROM {inside}"


def _with_derived(model: Model, table: str, columns: Collection[str]) -> tuple[str, Collection[str]]:
    """The table with the columns made of its dates."""
    made = {
        one.name: _derived(one) for one in model.derived
        if one.name not in columns and one.column in columns and (one.of is None or one.of in columns)
    }  # fmt: skip
    if not made:
        return table, columns
    more = ", ".join(f"{value} AS {_name(name)}" for name, value in made.items())
    return f"(SELECT *, {more} FROM {table})", {*columns, *made}


def _derived(one: Derived) -> str:
    moment = _moment(one.column, month_first=one.month_first)
    if one.kind == "weekday":
        return f"coalesce([{', '.join(_text(day) for day in WEEK)}][isodow({moment})], '')"
    if one.kind == "hour":
        return f"coalesce(hour({moment})::VARCHAR, '')"
    apart = f"epoch({_moment(str(one.of), month_first=one.of_month_first)}) - epoch({moment})"
    return f"coalesce(floor(({apart}) / 86400)::BIGINT::VARCHAR, '')"


def _moment(column: str, *, month_first: bool) -> str:
    """A date as `reading.day_of` reads it; NULL for what is none."""
    cell = f"lower(trim({_name(column)}, {_spaces()}))"
    iso = [f"regexp_extract({cell}, {_text(ISO)}, {at})" for at in range(1, 7)]
    parts = [f"regexp_extract({cell}, {_text(PARTS)}, {at})" for at in range(1, 8)]
    # A day with points has the day first, whatever others have.
    swap = f"{parts[1]} <> '.'" if month_first else "FALSE"
    month, day = (f"CASE WHEN {swap} THEN {parts[one]} ELSE {parts[other]} END" for one, other in ((0, 2), (2, 0)))
    return (
        f"CASE WHEN {iso[0]} <> '' THEN {_stamp(*iso)}"
        f" WHEN {parts[3]} <> '' THEN {_stamp(parts[3], month, day, *parts[4:])} END"
    )


def _stamp(year: str, month: str, day: str, *clock: str) -> str:
    two = [f"lpad(CASE WHEN {one} = '' THEN '0' ELSE {one} END, 2, '0')" for one in (month, day, *clock)]
    return (
        f"try_cast({year} || '-' || {two[0]} || '-' || {two[1]} || ' ' || {two[2]} || ':' || {two[3]} || ':' ||"
        f" {two[4]} AS TIMESTAMP)"
    )


def name_of(term: Term) -> str:
    """The column with what a term adds."""
    return f"term: {term.field}"


def _odds(model: Model) -> str:
    """The calibration's line."""
    at = model.calibration
    knots, first = at.knots, _number(at.knots[0])
    parts = [_number(at.base), f"{_number(at.slopes[0])} * least(points - {first}, 0e0)"]
    for place, (knot, slope) in enumerate(zip(knots, at.slopes[1:], strict=True)):
        above = f"greatest(points - {_number(knot)}, 0e0)"
        if place + 1 < len(knots):
            above = f"least({above}, {_number(knots[place + 1] - knot)})"
        parts.append(f"{_number(slope)} * {above}")
    return " + ".join(parts)


def _bare(cell: str) -> str:
    """In small letters and without spaces around; few cells have any, and cutting them is dear."""
    wide = f"chr({ord(SPACES[-1])})"
    edged = f"{cell} < '!' OR right({cell}, 1) <= ' ' OR prefix({cell}, {wide}) OR suffix({cell}, {wide})"
    return f"CASE WHEN {edged} THEN lower(trim({cell}, {_spaces()})) ELSE lower({cell}) END"


def _key(term: Term, bare: str) -> str:
    """NULL for what means empty; numbers with a point alone."""
    plain = bare
    if term.kind == "category":
        plain = f"CASE WHEN {bare} LIKE '%.0' THEN regexp_replace({bare}, '^(-*[0-9]+)\\.0$', '\\1') ELSE {bare} END"
    if term.kind == "number":
        plain = f"replace({bare}, ',', '')" if term.decimal == "." else f"replace(replace({bare}, '.', ''), ',', '.')"
    return f"CASE WHEN {bare} IN ({', '.join(_text(word) for word in EMPTY)}) THEN NULL ELSE {plain} END"


def _read(term: Term, key: str) -> str:
    if term.kind != "number":
        return key
    return f"CASE WHEN regexp_matches({key}, {_text(NUMBER)}) THEN CAST({key} AS DOUBLE) END"


def _added(term: Term, value: str) -> str:
    if term.kind == "filled":
        inside = _number(term.levels[FILLED])
    elif term.kind == "number":
        inside = _inside(term, value, 0, len(term.points) - 1)
    else:
        levels = "".join(
            f" WHEN {_text(level)} THEN {_number(points)}" for level, points in sorted(term.levels.items())
        )
        inside = f"CASE {value}{levels} ELSE {_number(term.other)} END" if levels else _number(term.other)
    return f"CASE WHEN {value} IS NULL THEN {_number(term.empty)} ELSE {inside} END"


def _inside(term: Term, value: str, first: int, last: int) -> str:
    """Comparisons by halves: which of the bins from `first` to `last`."""
    if first == last:
        return _number(term.points[first])
    middle = (first + last) // 2
    below, above = _inside(term, value, first, middle), _inside(term, value, middle + 1, last)
    return f"CASE WHEN {value} < {_number(term.edges[middle])} THEN {below} ELSE {above} END"


def _number(value: float) -> str:
    text = repr(float(value))
    return text if "e" in text else f"{text}e0"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _spaces() -> str:
    return " || ".join(f"chr({ord(one)})" for one in SPACES)
