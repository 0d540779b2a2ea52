"""The plan of an import: how the file is read and where each column goes, shown before anything is written."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from marops.domains.capture.guessing import Column, Guess, custom_type, day_first, guess
from marops.domains.capture.maps import Map, resolve
from marops.domains.capture.reading import Options, open_table
from marops.domains.capture.reading.source import RowFault, refused_columns
from marops.domains.capture.shapes import Shape, recognise
from marops.domains.capture.tables import LEADS, guess_for, importer, likely_table, parse_for
from marops.domains.capture.targets import SKIP, Target, parse
from marops.domains.contacts.public import NULL_WORDS, custom_types
from marops.kernel.errors import MaropsError, problem
from marops.kernel.importers import Column as TableColumn
from marops.kernel.importers import Importer
from marops.kernel.workspace import workspace

WRONG_SHAPE = problem(
    "import-wrong-shape",
    "The file does not hold what it was given as",
    status=422,
    remedy="Import it as what it holds, or say where its columns go: on the page of the import, or in a map.",
)
SAMPLE = 5_000
SHOWN = 3
RULES_VERSION = 1
"""Raised whenever cleaning changes, so that rows seen before are looked at again."""


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """One column: where it goes, how sure that is, why, and what its cells look like."""

    name: str
    target: Target
    confidence: float
    why: str
    samples: tuple[str, ...] = ()
    filled: float = 0.0
    distinct: int = 0
    null_words: int = 0

    def as_json(self) -> dict[str, Any]:
        """For the page, for REST and for `--dry-run`."""
        return {
            "column": self.name,
            "target": str(self.target),
            "label": self.target.label,
            "confidence": round(self.confidence, 2),
            "why": self.why,
            "samples": list(self.samples),
            "filled": round(self.filled, 3),
            "distinct": self.distinct,
            "not_answered": self.null_words,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides how a file becomes people."""

    file_name: str
    kind: str
    columns: tuple[PlannedColumn, ...]
    options: Options = field(default_factory=Options)
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    shape: str = ""
    null_words: tuple[str, ...] = ()
    country: str = ""
    zone: str = "UTC"
    day_first: bool = True
    notes: tuple[str, ...] = ()
    problems: tuple[RowFault, ...] = ()
    rows_looked_at: int = 0
    preview: tuple[tuple[str, ...], ...] = ()
    table: str = ""
    """What its rows are; empty: leads."""
    currency: str = ""
    """Of amounts that come without one; only where the rows are not leads."""

    @property
    def targets(self) -> dict[str, Target]:
        """Column → target."""
        return {column.name: column.target for column in self.columns}

    def has(self, *kinds: str) -> bool:
        """Does any column go to a target of these kinds?"""
        return any(column.target.kind in kinds for column in self.columns)

    @property
    def identifies(self) -> bool:
        """Is there a column by which a person is found again?"""
        names = {str(column.target) for column in self.columns if column.target.kind == "field"}
        return self.has("external") or bool(names & {"email", "phone", "mobile"})

    @property
    def whole_names(self) -> bool:
        """Does the file give whole names?"""
        return any(str(column.target) == "full_name" for column in self.columns)

    def stored(self) -> dict[str, Any]:
        """What is kept with the import: no values, so that nothing personal outlives the file."""
        other = {"table": self.table, "currency": self.currency} if self.table else {}
        return {
            **other,
            "columns": [{"column": one.name, "target": str(one.target)} for one in self.columns],
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "sheet": self.sheet,
            "shape": self.shape,
            "null_words": sorted(self.null_words),
            "country": self.country,
            "zone": self.zone,
            "day_first": self.day_first,
            "kind": self.kind,
        }

    @property
    def fingerprint(self) -> str:
        """The same for the same reading of the same columns."""
        text = json.dumps({**self.stored(), "rules": RULES_VERSION}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The plan with its samples, for the person who is about to decide."""
        return {
            "file": self.file_name,
            "table": self.table or LEADS,
            "kind": self.kind,
            "encoding": self.encoding or None,
            "delimiter": self.delimiter or None,
            "sheet": self.sheet or None,
            "recognised": self.shape or None,
            "country": self.country or None,
            "zone": self.zone,
            "dates": "day_first" if self.day_first else "month_first",
            "columns": [column.as_json() for column in self.columns],
            "notes": list(self.notes),
            "problems": [
                {"row": one.row, "field": one.field, "code": one.code, "message": one.message, "remedy": one.remedy}
                for one in self.problems
            ],
            "rows_looked_at": self.rows_looked_at,
        }


_REFUSED = Guess(SKIP, 1.0, "It tells why the row was refused.")


def make_plan(path: Path, given: Map | None = None, *, name: str = "", table: str = LEADS) -> Plan:
    """Look at the file and propose; with the table `""`, say what its rows are too.

    Raises MaropsError for a file, a table or a map that cannot be used.
    """
    given = given or Map()
    source = open_table(path, given.options)
    table = table or likely_table(source.columns)
    door = None if table == LEADS else importer(table)
    chunk = next(iter(source.chunks(SAMPLE)))
    words = tuple(NULL_WORDS if given.null_words is None else [word.lower() for word in given.null_words])
    cells = {name: chunk.rows[f"c{number}"].to_pylist() for number, name in enumerate(source.columns)}
    columns = [Column(name, [cell or "" for cell in cells[name]], frozenset(words)) for name in source.columns]
    refused = refused_columns(source.columns)
    shape = recognise(source.columns[refused:], "" if door is None else table)
    own = columns[refused:]
    guesses = guess(own, shape, refused=refused > 0) if door is None else guess_for(door, own, shape)
    planned = _with_map(columns, [_REFUSED] * refused + guesses, given, source.columns, door)
    space = workspace()
    first = {"day_first": True, "month_first": False}.get(given.dates, day_first(columns))
    country = given.country.upper() or space.country
    return Plan(
        file_name=name or path.name,
        kind=source.kind,
        columns=_typed_as_before(planned, "contact" if door is None else table),
        table="" if door is None else table,
        currency="" if door is None else given.currency or space.currency,
        options=given.options,
        encoding=source.encoding,
        delimiter=source.delimiter,
        sheet=source.sheet,
        shape=shape.name if shape else "",
        null_words=words,
        country=country,
        zone=given.zone or space.zone,
        day_first=country != "US" if first is None else first,
        notes=(*source.notes, *_notes(columns, planned, shape, door)),
        problems=tuple(chunk.faults[:100]),
        rows_looked_at=chunk.rows.num_rows + len(chunk.faults),
        preview=tuple(zip(*(cells[name][:SHOWN] for name in source.columns), strict=True)) if source.columns else (),
    )


def _with_map(
    columns: Sequence[Column], guesses: Sequence[Guess], given: Map, headers: Sequence[str], door: Importer | None
) -> list[PlannedColumn]:
    said = resolve(given.columns, headers, parse if door is None else partial(parse_for, door))
    slots = {target.slot for target in said.values() if target.kind not in ("skip", "consent")}
    planned = []
    for column, guessed in zip(columns, guesses, strict=True):
        target, confidence, why = guessed.target, guessed.confidence, guessed.why
        if column.name in said:
            target, confidence, why = _complete(said[column.name], column), 1.0, "As the map says."
        elif given.others == "skip":
            target, confidence, why = SKIP, 1.0, "The map leaves out what it does not name."
        elif target.slot in slots:
            target, confidence, why = _elsewhere(column, door), 0.5, "The map gives this field to another column."
        planned.append(_planned(column, target, confidence, why))
    return planned


def _complete(target: Target, column: Column) -> Target:
    if target.kind == "custom" and not target.detail:
        return Target("custom", target.name, custom_type(column))
    return target


def _elsewhere(column: Column, door: Importer | None) -> Target:
    if door and not door.custom:
        return SKIP
    from marops.domains.capture.targets import slug

    return Target("custom", slug(column.name), custom_type(column))


def _planned(column: Column, target: Target, confidence: float, why: str) -> PlannedColumn:
    samples = tuple(cell[:60] for cell in dict.fromkeys(column.filled[:200]))[:SHOWN]
    share = len(column.filled) / len(column.cells) if column.cells else 0.0
    return PlannedColumn(column.name, target, confidence, why, samples, share, column.distinct, column.nulls)


def _typed_as_before(planned: Sequence[PlannedColumn], entity: str) -> tuple[PlannedColumn, ...]:
    """A custom field that exists keeps its type, whatever these values look like."""
    known = custom_types(entity)
    return tuple(
        replace(one, target=Target("custom", one.target.name, known[one.target.name]))
        if one.target.kind == "custom" and one.target.name in known
        else one
        for one in planned
    )


def _notes(
    columns: Sequence[Column], planned: Sequence[PlannedColumn], shape: Shape | None, door: Importer | None
) -> list[str]:
    notes = []
    if shape:
        notes.append(f"Recognised as {shape.title}.")
    seen: dict[str, int] = {}
    for column in columns:
        for cell in column.cells:
            if cell and (word := cell.strip()) and word.lower() in column.null_words:
                seen[word] = seen.get(word, 0) + 1
    notes += [
        f"“{word}” means not answered ({times:,} of the cells looked at)."
        for word, times in sorted(seen.items(), key=lambda item: -item[1])[:5]
    ]
    kinds = {one.target.kind for one in planned}
    if door:
        return notes + _lacks(door, planned)
    fields = {one.target.name for one in planned if one.target.kind == "field"}
    if "external" not in kinds and not fields & {"email", "phone", "mobile"} and fields & _NAMES:
        notes.append(_OWN_PERSONS)
    notes += [_VAGUE_ID.format(column=one.name, system=one.target.name) for one in planned if _is_vague(one.target)]
    return notes


def check_shape(plan: Plan, *, mapped: bool) -> None:
    """Refuse a file that is plainly not of the kind it was given as; `mapped`: somebody said where its columns go.

    Raises MaropsError `import-wrong-shape`.
    """
    given, likely = plan.table or LEADS, likely_table([one.name for one in plan.columns])
    needs = ""
    if plan.table:
        lacking = [str(one.label) for one in importer(plan.table).required() if one not in _filled(plan)]
        needs = f"{given.capitalize()} need {' and '.join(lacking)}, which no column gives." if lacking else ""
    elif not plan.identifies and not {str(one.target) for one in plan.columns} & _NAMES:
        needs = _NOBODY
    if not needs and (mapped or plan.table or likely == LEADS):
        return
    names = ", ".join(one.name for one in plan.columns[:_NAMED])
    looks = f" Its columns look like {likely}." if likely != given else ""
    raise MaropsError(
        WRONG_SHAPE,
        f"{needs or f'{plan.file_name} was given as leads.'}{looks} The columns are {names}"
        f"{' and more' if len(plan.columns) > _NAMED else ''}.",
        remedy=f"{f'Import it as {likely}, or say' if likely != given else 'Say'} where its columns go: on the page of"
        " the import, or in a map.",
    )


_NAMES = {"full_name", "given_name", "family_name"}
_NAMED = 8


def _filled(plan: Plan) -> list[TableColumn]:
    door, names = importer(plan.table), {one.target.name for one in plan.columns if one.target.kind == "table"}
    return [one for one in door.columns if one.name in names]


def _lacks(door: Importer, planned: Sequence[PlannedColumn]) -> list[str]:
    """What rows of this table need and the file does not have."""
    filled = {one.target.name for one in planned if one.target.kind == "table"}
    notes = [f"No column gives {column.label}: every row would be refused." for column in door.required()
             if column.name not in filled]  # fmt: skip
    known = any(one.target.kind == "external" for one in planned) or not door.keyed
    if not known and not set(door.identified_by) <= filled:
        notes.append("No column holds an id: each row is known by this file and its place in it.")
    return notes


_OWN_PERSONS = "No column identifies a person: each row becomes a person of its own, known by this file and its row."
_NOBODY = "Leads need an id, an e-mail address, a phone number or a name, which no column gives."
_VAGUE_ID = (
    "“{column}” is taken as the id of a system called “{system}”. If other files use the same numbers for other people,"
    " give the system a name: external:<system>."
)


def _is_vague(target: Target) -> bool:
    return target.kind == "external" and target.name in ("id", "number", "unique_id", "rec_id", "key")


def restored(document: Mapping[str, Any], name: str) -> Plan:
    """The plan that was kept with an import."""
    table = document.get("table", "")
    read = partial(parse_for, importer(table)) if table else parse
    columns = tuple(PlannedColumn(one["column"], read(one["target"]), 1.0, "") for one in document["columns"])
    return Plan(
        table=table,
        currency=document.get("currency", ""),
        file_name=name,
        kind=document["kind"],
        columns=columns,
        options=Options(document["encoding"], document["delimiter"], document["sheet"]),
        **{key: document[key] for key in ("encoding", "delimiter", "sheet", "shape", "country", "zone", "day_first")},
        null_words=tuple(document["null_words"]),
    )
