"""The plan of a log's import: what each column means and how times are read, shown before anything is kept."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo, available_timezones

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from marops.domains.capture.public import Options, Source
from marops.domains.workflows.reading.files import opened_log
from marops.domains.workflows.reading.meanings import MEANINGS, SKIP, TIMES, UNREAD, Guess, guess, nothing
from marops.domains.workflows.reading.moments import both_orders, order_of_days, without_zone
from marops.domains.workflows.reading.ocel import OcelSource
from marops.domains.workflows.reading.rows import Reading, as_faults, typed, unreadable
from marops.domains.workflows.reading.sorting import EMPTY
from marops.kernel.definitions import pydantic_faults
from marops.kernel.errors import INVALID, FieldError, MaropsError, problem
from marops.kernel.workspace import workspace

LOOKED_AT: Final = 5_000
SHOWN: Final = 8
_SAMPLES: Final = 3

INCOMPLETE = problem(
    "log-incomplete",
    "The file does not say what a log has to say",
    remedy="Nothing was kept. Say which column holds it, or bring a file that has it.",
)


class Given(BaseModel):
    """What somebody says about a log instead of letting it be guessed. `columns`: meaning → heading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Mapping[Literal[MEANINGS], str] = Field(default_factory=dict)  # type: ignore[valid-type]
    others: Literal["guess", "skip"] = "guess"
    zone: str = ""
    dates: Literal["", "day_first", "month_first"] = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    case_object: str = ""
    leave_out: bool = False

    @property
    def options(self) -> Options:
        """How the table is written."""
        return Options(self.encoding, self.delimiter, self.sheet)


def as_given(document: Mapping[str, Any]) -> Given:
    """What was said, checked. Raises MaropsError `invalid`."""
    try:
        given = Given.model_validate(document)
    except ValidationError as error:
        raise MaropsError(
            INVALID, "What is said about the columns has faults.", pydantic_faults(error, document)
        ) from None
    if given.zone and given.zone not in available_timezones():
        fault = FieldError(
            "choice", f"There is no time zone {given.zone!r}.", "Use one such as Europe/Berlin.", field="zone"
        )
        raise MaropsError(INVALID, errors=[fault])
    return given


@dataclass(frozen=True, slots=True)
class PlannedColumn:
    """One column: what it means, why, and what its cells look like."""

    name: str
    meaning: str
    why: str
    samples: tuple[str, ...] = ()
    filled: float = 0.0
    distinct: int = 0

    def as_json(self) -> dict[str, Any]:
        """For the page, for REST and for the command line."""
        return {
            "column": self.name, "meaning": self.meaning, "why": self.why, "samples": list(self.samples),
            "filled": round(self.filled, 3), "distinct": self.distinct,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class LogPlan:
    """All that decides how a file becomes a log."""

    file_name: str
    format: str
    columns: tuple[PlannedColumn, ...]
    options: Options
    zone: str
    day_first: bool
    naive: bool = False
    """Its times do not say their zone: the one chosen counts."""
    zone_chosen: bool = False
    """Somebody said the zone; nobody looks for a likelier one."""
    case_object: str = ""
    objects: Mapping[str, int] = field(default_factory=dict)
    leave_out: bool = False
    notes: tuple[str, ...] = ()
    problems: tuple[FieldError, ...] = ()
    rows_looked_at: int = 0
    preview: tuple[dict[str, Any], ...] = ()
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""

    @property
    def meanings(self) -> dict[str, str]:
        """Meaning → heading."""
        return {one.meaning: one.name for one in self.columns if one.meaning != SKIP}

    @property
    def reading(self) -> Reading:
        """How rows are read."""
        return Reading(self.meanings, self.zone, self.day_first, tuple(one.name for one in self.columns))

    def stored(self) -> dict[str, Any]:
        """What is kept with the log: headings and settings, no values."""
        return {
            "columns": self.meanings, "headings": [one.name for one in self.columns], "zone": self.zone,
            "day_first": self.day_first, "encoding": self.encoding, "delimiter": self.delimiter, "sheet": self.sheet,
            "case_object": self.case_object, "leave_out": self.leave_out, "format": self.format, "naive": self.naive,
            "zone_chosen": self.zone_chosen,
        }  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The plan with its samples, for whoever is about to decide."""
        return {
            "file": self.file_name,
            "format": self.format,
            "encoding": self.encoding or None,
            "delimiter": self.delimiter or None,
            "sheet": self.sheet or None,
            "zone": self.zone,
            "zone_needed": self.naive,
            "dates": "day_first" if self.day_first else "month_first",
            "case_object": self.case_object or None,
            "objects": dict(self.objects),
            "leave_out": self.leave_out,
            "columns": [one.as_json() for one in self.columns],
            "lacking": [one.field for one in lacking(self)],
            "notes": list(self.notes),
            "problems": [one.as_json() for one in self.problems],
            "rows_looked_at": self.rows_looked_at,
            "preview": list(self.preview),
        }


def restored(document: Mapping[str, Any], name: str) -> LogPlan:
    """The plan that was kept with a log."""
    by_name = {heading: meaning for meaning, heading in document["columns"].items()}
    return LogPlan(
        file_name=name,
        columns=tuple(PlannedColumn(one, by_name.get(one, SKIP), "") for one in document["headings"]),
        options=Options(document["encoding"], document["delimiter"], document["sheet"]),
        **{
            key: document[key]
            for key in ("format", "zone", "day_first", "encoding", "delimiter", "sheet", "case_object", "leave_out")
        },
    )


def plan_log(path: Path, given: Given | None = None, *, name: str = "") -> LogPlan:
    """Look at the beginning of a file and propose how it is read.

    Raises MaropsError for a file that holds no log, and for columns that are named and not there.
    """
    given = given or Given()
    with opened_log(path, given.options, case_object=given.case_object, peek=True) as source:
        chunk = next(iter(source.chunks(LOOKED_AT)), None)
        if chunk is None:
            raise MaropsError(EMPTY, f"{name or path.name} holds no event.")
        columns = _columns(source, chunk.rows, given)
        return _planned(source, chunk.rows, columns, given, unreadable(list(chunk.faults)), name or path.name)


def _columns(source: Source, rows: pa.Table, given: Given) -> tuple[PlannedColumn, ...]:
    if unknown := [heading for heading in given.columns.values() if heading not in source.columns]:
        there = ", ".join(source.columns[:30])
        faults = [
            FieldError("unknown-column", f"There is no column {one!r}.", f"The columns are: {there}.", field=one)
            for one in unknown
        ]
        raise MaropsError(INVALID, "Columns are named that the file does not have.", errors=faults)
    said = {heading: meaning for meaning, heading in given.columns.items()}
    guesses = _ocel(source) if isinstance(source, OcelSource) else guess(source.columns, rows)
    found = []
    for number, (name, one) in enumerate(zip(source.columns, guesses, strict=True)):
        found.append(_planned_column(name, _settled(name, one, said, given), rows[f"c{number}"]))
    return tuple(found)


def _settled(name: str, one: Guess, said: Mapping[str, str], given: Given) -> Guess:
    if name in said:
        return Guess(said[name], "As you say.")
    if one.meaning in given.columns:
        return Guess(SKIP, "Another column has this meaning.")
    return Guess(SKIP, "Left out.") if given.others == "skip" else one


def _ocel(source: OcelSource) -> list[Guess]:
    """The four columns that every such log has, and what its attributes and other objects look like."""
    fixed = [
        Guess("case", f"Each {source.case_object} is a case."),
        Guess("instance", "One event of several cases is one piece of work."),
        Guess("activity", "The type of the event."),
        Guess("end", "The time of the event."),
    ]
    more = guess(source.columns[4:], _few(source).select([0, *range(5, len(source.columns) + 1)]).rename_columns(
        ["row", *(f"c{n}" for n in range(len(source.columns) - 4))]
    ))  # fmt: skip
    taken = {one.meaning for one in fixed}
    return [*fixed, *(Guess(SKIP, "Not needed.") if one.meaning in taken else one for one in more)]


def _few(source: Source) -> pa.Table:
    return next(iter(source.chunks(LOOKED_AT))).rows


def _planned_column(name: str, one: Guess, cells: pa.ChunkedArray) -> PlannedColumn:
    filled = nothing(cells.combine_chunks()).drop_null()
    distinct = filled.unique()
    samples = tuple(str(cell)[:60] for cell in distinct[:_SAMPLES].to_pylist())
    return PlannedColumn(name, one.meaning, one.why, samples, len(filled) / max(1, len(cells)), len(distinct))


def _planned(
    source: Source, rows: pa.Table, columns: tuple[PlannedColumn, ...], given: Given, broken: pa.Table, name: str
) -> LogPlan:
    times = [rows[f"c{n}"].combine_chunks() for n, one in enumerate(columns) if one.meaning in TIMES]
    day_first = _day_first(times, given)
    zone = given.zone or workspace().zone
    ZoneInfo(zone)
    reading = Reading({c.meaning: c.name for c in columns if c.meaning != SKIP}, zone, day_first, tuple(source.columns))
    events, faults = typed(rows, reading)
    faults = pa.concat_tables([broken, faults]).sort_by("row")
    shown = list(zip(*(faults[key].to_pylist() for key in ("row", "meaning", "code")), strict=True))
    naive = any(without_zone(one, day_first=day_first) for one in times)
    ocel = source if isinstance(source, OcelSource) else None
    return LogPlan(
        file_name=name, format=source.kind, columns=columns, options=given.options, zone=zone, day_first=day_first,
        naive=naive, zone_chosen=bool(given.zone), case_object=ocel.case_object if ocel else "",
        objects=ocel.types if ocel else {},
        leave_out=given.leave_out, notes=(*source.notes, *_notes(events, columns, times, reading, given, naive=naive)),
        problems=tuple(as_faults(shown[:100], reading)), rows_looked_at=rows.num_rows + broken.num_rows,
        preview=tuple(_shown(events.slice(0, SHOWN))), encoding=source.encoding, delimiter=source.delimiter,
        sheet=source.sheet,
    )  # fmt: skip


def _day_first(times: Sequence[pa.Array], given: Given) -> bool:
    if given.dates:
        return given.dates == "day_first"
    told = [said for one in times if (said := order_of_days(one)) is not None]
    return told[0] if told else workspace().country != "US"


def _shown(events: pa.Table) -> list[dict[str, Any]]:
    kept = [name for name in events.column_names if name != "instance"]
    return [
        {
            key: value.isoformat() if hasattr(value, "isoformat") else value
            for key, value in row.items()
            if value is not None
        }
        for row in events.select(kept).to_pylist()
    ]


def _unclear(
    columns: Sequence[PlannedColumn], times: Sequence[pa.Array], given: Given, *, day_first: bool
) -> Iterator[str]:
    """Which times may be meant otherwise, or cannot be read."""
    if (
        not given.dates
        and any(both_orders(one) for one in times)
        and not any(order_of_days(one) is not None for one in times)
    ):
        said = "the day" if day_first else "the month"
        yield f"Its dates do not tell whether the day or the month comes first; {said} is read as the first."
    yield from (f"“{one.name}” is left out. {UNREAD}" for one in columns if one.why == UNREAD)


def _notes(
    events: pa.Table,
    columns: Sequence[PlannedColumn],
    times: Sequence[pa.Array],
    reading: Reading,
    given: Given,
    *,
    naive: bool,
) -> list[str]:
    """What a person should know before deciding."""
    notes = list(_unclear(columns, times, given, day_first=reading.day_first))
    if naive:
        notes.append(f"Its times do not say their zone; they are read as those of {reading.zone}.")
    if "start" not in reading.columns and "lifecycle" not in reading.columns:
        notes.append("It says when work ended, not when it began: starts will be estimated, and marked so.")
    if "resource" not in reading.columns:
        notes.append("It does not say who did the work: people will have to be assumed.")
    others = sum(1 for mark in events["mark"].to_pylist() if mark == "x")
    if others:
        notes.append(
            f"{others:,} of the rows looked at are neither a start nor an end (paused, assigned …) and are left out."
        )
    return notes


def lacking(plan: LogPlan) -> list[FieldError]:
    """What a log has to say and this file does not."""
    wanted = (
        ("case", "No column says to which case a row belongs.", "Choose the column with the number of the case."),
        ("activity", "No column says what was done.", "Choose the column that names the step."),
        ("end", "No column says when: a log needs at least the time at which work ended.", "Choose a column of times."),
    )
    has = plan.meanings
    return [
        FieldError("required", message, remedy, field=name)
        for name, message, remedy in wanted
        if name not in has and not (name == "end" and "start" in has)
    ]


def check_plan(plan: LogPlan) -> None:
    """Refuse a file that is no log. Raises MaropsError `log-incomplete` that names what it does not say."""
    if faults := lacking(plan):
        names = ", ".join(one.name for one in plan.columns[:12])
        raise MaropsError(INCOMPLETE, f"{faults[0].message} The columns are: {names}.", errors=faults)


def digest_of(path: Path) -> str:
    """The sha-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
