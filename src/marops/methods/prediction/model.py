"""A trained model as plain data: a table of points per field, an intercept, and a calibration on top.

    model = Model.model_validate_json(text)
    scored = score(model, table)             # an Arrow table of texts, columns in any order
    scored.terms.sum(axis=1) + model.intercept   # → points; through the calibration → scored.chance

How what was never seen counts: an empty cell has points of its own, if there were empty ones in training, else none. A
level that is not in the table counts as the rare ones of training did together. A field that the file lacks altogether
adds nothing, as if the lead were average in it, and is told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, ValidationError

from marops.methods.prediction.outcomes import plain
from marops.methods.prediction.reading import Column, Floats, Kind, Refused, column_of, number_of, sign_in

FORMAT: Final = "marops.prediction"
VERSION: Final = 1
FILLED: Final = "filled"
ALARM: Final = 0.2
ENOUGH: Final = 200


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Term(_Plain):
    """One field and what its values add, in log-odds before calibration.

    A number of `edges[i-1]` up to below `edges[i]` adds `points[i]`; a level adds what `levels` says, others `other`.
    A field that counts by being filled has the one level “filled”.
    """

    field: str
    kind: Kind
    decimal: str = "."
    edges: tuple[float, ...] = ()
    points: tuple[float, ...] = ()
    levels: dict[str, float] = {}
    labels: dict[str, str] = {}
    other: float = 0.0
    empty: float = 0.0
    weight: float = 0.0
    """The mean size of what it added in training."""

    def of_words(self, column: Column) -> Floats:
        """What each different word of a column adds."""
        if self.kind == "number":
            whole = Column(column.words, np.arange(len(column.words)))
            numbers = whole.numbers(sign_in(column, self.decimal))
            bins = np.searchsorted(np.array(self.edges), np.nan_to_num(numbers), side="right")
            return np.where(np.isnan(numbers), self.empty, np.array(self.points)[bins])
        if self.kind == "filled":
            return np.array([self.levels[FILLED] if key else self.empty for key in column.keys], dtype=np.float64)
        return np.array(
            [self.levels.get(plain(key), self.other) if key else self.empty for key in column.keys], dtype=np.float64
        )

    def bin_of(self, key: str) -> int | None:
        """Which bin a number lies in, or None for what is no number."""
        number = number_of(key, self.decimal)
        return None if isnan(number) else bisect_right(self.edges, number)

    def knows(self, key: str) -> bool:
        """Was this value there in training, or is it one that any number is?"""
        return self.kind != "category" or plain(key) in self.levels


class Calibration(_Plain):
    """Points to probability: a line that bends at the knots and always rises, and through it 1 / (1 + e^−line).

    The line is `base` at the first knot. `slopes[0]` goes on below it, `slopes[i]` from knot i−1 to knot i, the last
    one above all.
    """

    base: float = 0.0
    knots: tuple[float, ...] = (0.0,)
    slopes: tuple[float, ...] = (1.0, 1.0)
    rows: int = 0

    def line(self, points: Floats) -> Floats:
        """Log-odds after calibration."""
        found: Floats = self.base + pieces(points, np.array(self.knots)) @ np.array(self.slopes)
        return found

    def chance(self, points: Floats) -> Floats:
        """The probability of each row."""
        found: Floats = 1 / (1 + np.exp(-self.line(points)))
        return found


def pieces(points: Floats, knots: Floats) -> Floats:
    """How much of the way from the first knot to each row's points lies below it, between knots, and above the last."""
    lengths = np.append(np.diff(knots), np.inf)
    above = [np.clip(points - knot, 0, length) for knot, length in zip(knots, lengths, strict=True)]
    return np.column_stack([np.minimum(points - knots[0], 0), *above])


class Derived(_Plain):
    """A column made of dates: the weekday or hour of one, or the whole days from one to another."""

    name: str
    kind: Literal["weekday", "hour", "before"]
    column: str
    of: str | None = None
    month_first: bool = False
    of_month_first: bool = False


class Excluded(_Plain):
    """A field that is not used, or one to keep an eye on, and why in words, with the figures behind it."""

    field: str
    kind: Literal["leak", "copy", "id", "constant", "order", "asked", "strong", "filling", "together"]
    why: str
    figures: dict[str, float] = {}


class Model(_Plain):
    """All there is to a model; `version` is that of this file's form."""

    format: Literal["marops.prediction"] = FORMAT
    version: Literal[1] = VERSION
    made_by: dict[str, str] = {}
    method: Literal["boosting", "tables"]
    target: str
    yes: str
    no: str
    intercept: float
    terms: tuple[Term, ...]
    derived: tuple[Derived, ...] = ()
    calibration: Calibration
    tenths: tuple[float, ...] = ()
    """Points that part the newest rows of training into ten groups of equal size: what later leads are held against."""
    row_id: str | None = None
    excluded: tuple[Excluded, ...] = ()
    watch: tuple[Excluded, ...] = ()
    trained_on: dict[str, Any] = {}
    measured: dict[str, Any] = {}

    def ordered(self) -> Sequence[Term]:
        """The terms, those that matter most first."""
        return sorted(self.terms, key=lambda term: (-term.weight, term.field))


@dataclass(frozen=True, slots=True)
class Scored:
    """Of each row: what each term adds (in the order of the model's terms), points in all, probability; and notes."""

    terms: Floats
    points: Floats
    chance: Floats
    missing: Sequence[str]
    unknown: dict[str, int]
    unread: dict[str, int]

    @property
    def notes(self) -> list[str]:
        """What the file lacked or brought anew, in words."""
        return list(notes_of(self.missing, self.unknown, self.unread))


def notes_of(
    missing: Sequence[str], unknown: Mapping[str, int], unread: Mapping[str, int] = MappingProxyType({})
) -> Iterator[str]:
    """What a file lacked, and in how many rows it had a level that is not in the model's tables, or no number where
    there should be one, in words.
    """
    if missing:
        yield f"Columns that are not in the file add nothing: {', '.join(missing)}."
    if unknown:
        rows = ", ".join(f"{field} (rows: {count:,})" for field, count in unknown.items())
        yield f"Values that training did not see, or too seldom, count as its rare ones did: {rows}."
    if unread:
        rows = ", ".join(f"{field} (rows: {count:,})" for field, count in unread.items())
        yield f"Values that are no numbers count as empty: {rows}."


def aligned(model: Model, table: pa.Table) -> tuple[pa.Table, list[str]]:
    """The table with its columns called as the model calls them, where they differ in capitals, spaces or signs alone;
    and what was taken for what, in words.
    """
    dates = {name for one in model.derived for name in (one.column, one.of) if name}
    made = {one.name for one in model.derived}
    wanted = [
        *(term.field for term in model.terms if term.field not in made),
        *sorted(dates),
        model.target,
        model.row_id,
    ]
    folded: dict[str, list[str]] = {}
    for name in table.column_names:
        folded.setdefault(_folded(name), []).append(name)
    taken: dict[str, str] = {}
    for name in dict.fromkeys(one for one in wanted if one and one not in table.column_names):
        found = folded.get(_folded(name), [])
        if len(found) == 1 and found[0] not in wanted and found[0] not in taken:
            taken[found[0]] = name
    if not taken:
        return table, []
    said = ", ".join(f"“{old}” as “{new}”" for old, new in taken.items())
    return table.rename_columns([taken.get(name, name) for name in table.column_names]), [
        f"Columns were read so: {said}."
    ]


def _folded(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def score(model: Model, table: pa.Table) -> Scored:
    """Every row of a table of texts. Columns may be missing, more, and in any order."""
    from marops.methods.prediction.dates import with_derived  # which itself needs what stands here

    table = with_derived(table, model.derived)
    there = set(table.column_names)
    terms = np.zeros((table.num_rows, len(model.terms)), dtype=np.float64, order="F")
    unknown, unread = dict[str, int](), dict[str, int]()
    for at, term in enumerate(model.terms):
        if term.field not in there or not table.num_rows:
            continue
        column = column_of(table, term.field)
        terms[:, at] = term.of_words(column)[column.codes]
        if rows := _unknown(term, column):
            (unread if term.kind == "number" else unknown)[term.field] = rows
    points = terms.sum(axis=1) + model.intercept
    missing = [term.field for term in model.terms if term.field not in there]
    return Scored(terms, points, model.calibration.chance(points), missing, unknown, unread)


def shifted(model: Model, points: Floats) -> float | None:
    """How far the points of these rows have shifted from those of training (population stability index), or None.

    Above 0.2 the leads have changed so much that the model should be trained again. Of few rows nothing is said.
    """
    if len(points) < ENOUGH or len(model.tenths) < 2:
        return None
    now = np.bincount(np.searchsorted(np.array(model.tenths), points, side="right"), minlength=len(model.tenths) + 1)
    then, share = 1 / (len(model.tenths) + 1), np.maximum(now / len(points), 1e-4)
    return float(np.sum((share - then) * np.log(share / then)))


def shift_note(index: float | None) -> list[str]:
    """The alarm, where there is one."""
    if index is None or index <= ALARM:
        return []
    return [f"These leads differ from those of training (stability index {index:.2f}, above {ALARM}): train again."]


def read_model(text: str) -> Model:
    """A model from its file. Raises Refused for anything else."""
    remedy = "Name a file that `marops score train` wrote."
    try:
        return Model.model_validate_json(text)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if where == "version":
            remedy = (
                f"It is of another version than {VERSION}: train it again, or use the version of Marops that wrote it."
            )
        raise Refused(f"This is no model file: {where + ': ' if where else ''}{first['msg']}.", remedy) from fault


def write_model(model: Model) -> str:
    """A model as the text of its file."""
    return model.model_dump_json(indent=1) + "\n"


def _unknown(term: Term, column: Column) -> int:
    if term.kind == "filled":
        return 0
    if term.kind == "number":
        return int((np.isnan(column.numbers(sign_in(column, term.decimal))) & column.filled).sum())
    new = np.array([bool(key) and not term.knows(key) for key in column.keys], dtype=bool)
    return int(new[column.codes].sum()) if new.any() else 0
