"""From a table of texts to a model: order, scan, training on older rows, calibration and measurement on later ones.

The rows are put in order and cut into three, never by chance. What is measured is a model trained on the oldest 60
per cent and calibrated on the next 20, told on the newest 20, which neither the scan nor the training has seen. What
is written is made the same way one step on: trained on the oldest 80 per cent with the same fields, calibrated on the
newest 20, for the next leads come after all of these. So the figures are those of the way a model is made, on leads
it had not seen; the written one has seen more, and its own will be measured on the leads to come (`evaluate`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import pyarrow as pa

from marops.methods.prediction.boosting import boosted, calibrated, tables
from marops.methods.prediction.dates import derived_of, with_derived
from marops.methods.prediction.fields import Ready
from marops.methods.prediction.measuring import area_under, measures
from marops.methods.prediction.model import Calibration, Derived, Excluded, Model, Term, score, shift_note, shifted
from marops.methods.prediction.ordering import Order, order_of
from marops.methods.prediction.outcomes import Outcome, outcome_of, outcomes_like
from marops.methods.prediction.reading import Codes, Column, Flags, Floats, Refused, column_of
from marops.methods.prediction.scanning import scan

LEAST: Final = 200
"""So many rows of each outcome among those trained on are needed for boosting."""
FLOOR: Final = 20
"""With fewer than so many nothing is trained."""
_TRAINED, _CALIBRATED = 0.6, 0.8
_PLENTY: Final = 1000
"""With more rows to calibrate on than so many, boosting has enough to learn, and is not held against the simple one."""
_CLEARLY: Final = 0.01


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody says of the file: the target and what else is not to be guessed."""

    target: str
    time: str | None = None
    yes: str | None = None
    row_id: str | None = None
    drop: Collection[str] = ()
    keep: Collection[str] = ()
    least: int = LEAST
    no: Collection[str] = ()
    dates: bool = True
    """Make columns of dates: the days between two, the weekday and hour of the moment that orders the rows."""


@dataclass(frozen=True, slots=True)
class _Made:
    method: str
    intercept: float
    terms: Sequence[Term]
    calibration: Calibration
    tenths: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, the rows it was measured on (the newest fifth), and what the measured one foretold of them."""

    model: Model
    newest: Codes
    chance: Floats


def train(table: pa.Table, asked: Asked, source: Mapping[str, Any] | None = None) -> Model:
    """A model, with its measures. Raises Refused where the file does not bear one; `source` says which file it was."""
    return trained(table, asked, source).model


def trained(
    table: pa.Table, asked: Asked, source: Mapping[str, Any] | None = None, *, repeats: Flags | None = None
) -> Trained:
    """The same, with what was measured. `repeats` marks rows that show a case of the row before them at another time:

    they train, and neither calibrate nor measure, so that every case counts once in the figures.
    """
    _check(table, asked)
    columns = {name: column_of(table, name) for name in table.column_names if name != asked.target}
    outcome = outcome_of(column_of(table, asked.target), asked.target, asked.yes, asked.no)
    order = order_of(columns, table.num_rows, asked.time, outcome.values >= 0)
    derived = derived_of(columns, order, asked.drop) if asked.dates else []
    table = with_derived(table, derived)
    columns = _with(columns, table, derived)
    known = order.rows[outcome.values[order.rows] >= 0]
    rows = known if repeats is None else known[~repeats[known]]
    oldest, next_, newest = np.split(rows, [int(len(rows) * _TRAINED), int(len(rows) * _CALIBRATED)])
    method = _method(outcome, oldest, next_, asked)
    fields, excluded, watch = _fields(columns, outcome.values, oldest, next_, order, asked)
    older = _before(known, next_)
    method, why = _better(method, fields, table, outcome.values, older, next_)
    first = _made(method, fields, table, outcome.values, older, next_)
    values = outcome.values[newest]
    chance = _scored(first, table, newest, asked, outcome)
    told = measures(chance, values)
    told["baseline"] = _baseline(fields, table, outcome, oldest, next_, newest, asked)
    last = _made(method, fields, table, outcome.values, _before(known, newest), newest)
    seen = len(oldest) + len(next_)
    split = {
        "says": order.says, "by": order.by, "column": order.column, "yes": outcome.says, "trained": len(oldest),
        "calibrated": len(next_), "measured": len(newest), "calibration": "a rising line with bends", "method": why,
        "without_outcome": table.num_rows - len(rows),
        "written": f"trained again on the oldest {seen:,}, calibrated on the newest {len(newest):,} rows",
    }  # fmt: skip
    model = Model(
        made_by={name: version(name) for name in ("marops", "interpret-core", "numpy")},
        method=method, target=asked.target, yes=outcome.yes, no=outcome.no,
        intercept=last.intercept, terms=tuple(last.terms),
        derived=_used(derived, last.terms), calibration=last.calibration, tenths=last.tenths,
        row_id=asked.row_id or _row_id(columns, excluded), excluded=tuple(excluded), watch=tuple(watch),
        trained_on={**(source or {}), "rows": len(rows), "split": split}, measured=told,
    )  # fmt: skip
    return Trained(model, newest, chance)


def _with(columns: Mapping[str, Column], table: pa.Table, derived: Sequence[Derived]) -> dict[str, Column]:
    """The columns with those made of dates in the place of the dates they are made of."""
    spoken = {one.column for one in derived if one.kind == "before"}
    kept = {name: column for name, column in columns.items() if name not in spoken}
    return kept | {one.name: column_of(table, one.name) for one in derived}


def _better(
    method: str, fields: Sequence[Ready], table: pa.Table, outcome: Codes, older: Codes, later: Codes
) -> tuple[str, str]:
    """The method, and why: a simple model where it ranks the leads after those trained on clearly better.

    The rows that measure are not looked at.
    """
    if method != "boosting":
        return method, "too few outcomes for boosting"
    if len(later) > _PLENTY:
        return method, ""
    areas = []
    for maker in (boosted, tables):
        intercept, terms = maker(fields, outcome, older)
        bare = _model(_Made(method, intercept, terms, Calibration()), "", "", "")
        areas.append(area_under(score(bare, table.take(later)).points, outcome[later])[0])
    if areas[1] <= areas[0] + _CLEARLY:
        return method, ""
    return "tables", f"it ranks later rows better than boosting (AUC {areas[1]:.3f}, {areas[0]:.3f})"


def _before(known: Codes, later: Codes) -> Codes:
    """All rows that come before these, in order, those that repeat a case among them."""
    return known[: int(np.flatnonzero(known == later[0])[0])] if len(later) else known


def evaluate(model: Model, table: pa.Table) -> dict[str, Any]:
    """The measures of a model on a file with known outcomes. Raises Refused where the file has none."""
    if model.target not in table.column_names:
        remedy = "Measuring needs the known outcomes; `marops score apply` needs none."
        raise Refused(f"The file has no column “{model.target}”, so there is no outcome to measure against.", remedy)
    column = column_of(table, model.target)
    values, notes = outcomes_like(column, model.yes, model.no), list[str]()
    if not (values >= 0).any() and column.filled.any():  # yes and no in other words than then
        read = outcome_of(column, model.target)
        values, notes = read.values, [f"The outcome is written otherwise than in training: {read.says}."]
    known, scored = values >= 0, score(model, table)
    shift = shifted(model, scored.points)
    return {
        **measures(scored.chance[known], values[known]),
        "without_outcome": int((~known).sum()),
        "shift": shift,
        "notes": [*notes, *shift_note(shift), *scored.notes],
    }


def report_of(model: Model) -> dict[str, Any]:
    """What is told of a training: the measures, the split, and the fields left out or to keep an eye on."""
    return {
        **model.measured, "split": model.trained_on.get("split", {}), "target": model.target, "yes_value": model.yes,
        "no_value": model.no,
        "method": model.method, "excluded": [one.model_dump() for one in model.excluded],
        "watch": [one.model_dump() for one in model.watch], "fields": [term.field for term in model.ordered()],
        "file_rows": model.trained_on["rows"], "calibration": model.calibration.model_dump(), "row_id": model.row_id,
    }  # fmt: skip


def _used(derived: Sequence[Derived], terms: Sequence[Term]) -> tuple[Derived, ...]:
    return tuple(one for one in derived if one.name in {term.field for term in terms})


def _check(table: pa.Table, asked: Asked) -> None:
    for name in (asked.target, asked.time, asked.row_id, *asked.drop, *asked.keep):
        if name is not None and name not in table.column_names:
            there = ", ".join(table.column_names)
            raise Refused(f"There is no column “{name}” in the file.", f"Its columns are: {there}.")
    if asked.target in asked.drop or asked.time == asked.target:
        raise Refused(f"“{asked.target}” is the outcome and can be nothing else.", "Name another column.")


def _method(outcome: Outcome, oldest: Codes, next_: Codes, asked: Asked) -> str:
    """Boosting where there is enough of each outcome among older rows, else tables. Raises Refused below the floor."""
    yes = int(outcome.values[oldest].sum())
    least = min(yes, len(oldest) - yes)
    if least < FLOOR or len(set(outcome.values[next_].tolist())) < 2:
        there = f"There are {yes:,} yes and {len(oldest) - yes:,} no in the oldest 60 per cent of the rows"
        says = f"{there}; at least {FLOOR} of each are needed, and both among the next 20."
        remedy = (
            "Use a score by rules until more outcomes are known; or check --time, for the order may part the outcomes."
        )
        raise Refused(says, remedy)
    return "boosting" if least >= asked.least else "tables"


def _fields(
    columns: Mapping[str, Column], outcome: Codes, older: Codes, later: Codes, order: Order, asked: Asked
) -> tuple[list[Ready], list[Excluded], list[Excluded]]:
    kept = list[Ready]()
    excluded, watch = list[Excluded](), list[Excluded]()
    looked = dict(columns)
    for name in asked.drop:
        looked.pop(name, None)
        excluded.append(Excluded(field=name, kind="asked", why="You left it out."))
    if order.column is not None and order.column in looked:
        del looked[order.column]
        why = "It tells the order of the rows, so the next leads lie outside of all that was seen."
        excluded.append(Excluded(field=order.column, kind="order", why=why))
    for field, told in scan(looked, outcome, older, later, asked.keep).values():
        if field is not None:
            kept.append(field)
        if told is not None:
            (excluded if field is None else watch).append(told)
    if not kept:
        raise Refused(
            "No field is left to foretell from.", "See which were left out and why, and --keep those that are right."
        )
    excluded.sort(key=lambda one: one.kind not in ("leak", "copy"))
    return kept, excluded, watch


def _made(
    method: str, fields: Sequence[Ready], table: pa.Table, outcome: Codes, train_on: Codes, calibrate_on: Codes
) -> _Made:
    intercept, terms = (boosted if method == "boosting" else tables)(fields, outcome, train_on)
    bare = _model(_Made(method, intercept, terms, Calibration()), "", "", "")
    points = score(bare, table.take(calibrate_on)).points
    tenths = tuple(np.unique(np.quantile(points, np.linspace(0, 1, 11)[1:-1])).tolist())
    return _Made(
        method, intercept, terms, calibrated(points, outcome[calibrate_on]), tenths if len(tenths) == 9 else ()
    )


def _model(made: _Made, target: str, yes: str, no: str) -> Model:
    return Model(
        method=made.method, target=target, yes=yes, no=no, intercept=made.intercept, terms=tuple(made.terms),
        calibration=made.calibration,
    )  # fmt: skip


def _scored(made: _Made, table: pa.Table, rows: Codes, asked: Asked, outcome: Outcome) -> Any:
    return score(_model(made, asked.target, outcome.yes, outcome.no), table.take(rows)).chance


def _baseline(
    fields: Sequence[Ready], table: pa.Table, outcome: Outcome, oldest: Codes, next_: Codes, newest: Codes, asked: Asked
) -> dict[str, Any]:
    """What a simple model would give on the same rows: every field by itself."""
    made = _made("tables", fields, table, outcome.values, oldest, next_)
    told = measures(_scored(made, table, newest, asked, outcome), outcome.values[newest])
    kept = {key: told[key] for key in ("auc", "ece", "brier", "lift_10")}
    return {"what": "every field by itself (naive Bayes), calibrated the same way", **kept}


def _row_id(columns: Mapping[str, Column], excluded: Sequence[Excluded]) -> str | None:
    """The first column of the file in which every row has a value of its own."""
    own = {one.field for one in excluded if one.kind in ("id", "order")}
    for name, column in columns.items():
        if name in own and bool(column.filled.all()) and len(set(column.words)) == len(column.codes):
            return name
    return None
