"""Rows of a file as typed columns: who, what, when; and what is wrong with those that cannot be used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from marops.domains.capture.public import RowFault
from marops.domains.workflows.reading.meanings import MARKS, NAMED, TIMES, nothing
from marops.domains.workflows.reading.moments import MOMENT, moments
from marops.kernel.errors import FieldError

_LONGEST_NAME: Final = 300
_TOUCH: Final = {
    "human": "human", "person": "human", "ai": "ai_assisted", "ai_assisted": "ai_assisted",
    "ai-assisted": "ai_assisted", "automatic": "automatic", "system": "automatic", "machine": "automatic",
}  # fmt: skip

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "case-empty": ("The row does not say to which case it belongs.", "Fill the column in, or leave such rows out."),
    "activity-empty": ("The row does not say what was done.", "Fill the column in, or leave such rows out."),
    "time-missing": ("The row has no time.", "Fill the time in, or leave such rows out."),
    "time-unreadable": (
        "The time cannot be read.",
        "Write times like 2026-01-31 14:05:00, say whether days or months come first, or leave such rows out.",
    ),
    "ends-before-start": ("The work ends before it starts.", "Put the two times right, or leave such rows out."),
    "repeated": ("The row says the same as an earlier one.", "Take one of them out, or leave such rows out."),
    "unreadable": ("The row cannot be read.", "Repair it, or leave such rows out."),
}
"""What can be wrong with a row, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows are read: which column means what, and how its times are written."""

    columns: Mapping[str, str]  # meaning → heading
    zone: str = "UTC"
    day_first: bool = True
    headings: tuple[str, ...] = field(default=())

    def place(self, meaning: str) -> int | None:
        """Which column of the file has this meaning."""
        name = self.columns.get(meaning)
        return self.headings.index(name) if name in self.headings else None


def typed(rows: pa.Table, reading: Reading) -> tuple[pa.Table, pa.Table]:
    """Rows as events, and the faulty ones as `row`, `meaning`, `code`. The columns of events are those of `EVENT`."""
    texts = {name: _texts(rows, reading, name) for name in (*NAMED, *TIMES, "lifecycle", "instance", "cost", "attempt")}
    times = {
        name: pa.nulls(rows.num_rows, MOMENT)
        if texts[name] is None
        else moments(texts[name], reading.zone, day_first=reading.day_first)
        for name in TIMES
    }
    named = {name: _names(texts[name], rows.num_rows) for name in NAMED}
    named["touch"] = _touches(named["touch"])
    marks = _marks(texts["lifecycle"], rows.num_rows)
    if texts["lifecycle"] is not None:  # then the one time there is says when it happened
        times["end"] = pc.coalesce(times["end"], times["start"])
        times["start"] = pa.nulls(rows.num_rows, MOMENT)
    events = pa.table(
        {
            "row": rows["row"].combine_chunks(), **named, **times, "mark": marks,
            "instance": _names(texts["instance"], rows.num_rows),
            "cost": _numbers(texts["cost"], rows.num_rows),
            "attempt": _numbers(texts["attempt"], rows.num_rows).cast(pa.int32(), safe=False),
        }
    )  # fmt: skip
    meaning, code = _faults(events, texts)
    faulty = pc.is_valid(code)
    found = pa.table({"row": events["row"], "meaning": meaning, "code": code}).filter(faulty)
    return events.filter(pc.invert(faulty)), found


def _texts(rows: pa.Table, reading: Reading, meaning: str) -> pa.Array | None:
    place = reading.place(meaning)
    return None if place is None else nothing(rows[f"c{place}"].combine_chunks())


def _names(texts: pa.Array | None, rows: int) -> pa.Array:
    if texts is None:
        return pa.nulls(rows, pa.string())
    return pc.utf8_slice_codeunits(pc.replace_substring_regex(texts, r"\s+", " "), 0, _LONGEST_NAME)


def _touches(names: pa.Array) -> pa.Array:
    places = pc.index_in(pc.utf8_lower(names), pa.array(list(_TOUCH)))
    return pa.array(list(_TOUCH.values()), pa.string()).take(places)


def _marks(texts: pa.Array | None, rows: int) -> pa.Array:
    """Start, end, enabling, or something else; of logs without such words each row is an end."""
    if texts is None:
        return pa.repeat(pa.scalar("c"), rows)
    places = pc.index_in(pc.utf8_lower(texts), pa.array(list(MARKS)))
    return pc.coalesce(pa.array(list(MARKS.values()), pa.string()).take(places), pa.scalar("x"))


def _numbers(texts: pa.Array | None, rows: int) -> pa.Array:
    if texts is None:
        return pa.nulls(rows, pa.float64())
    plain = pc.replace_substring_regex(texts, r"[\s,](\d{3})\b", r"\1")
    number = pc.match_substring_regex(plain, r"^-?\d{1,15}(\.\d+)?$")
    return pc.if_else(pc.fill_null(number, False), plain, None).cast(pa.float64())


def _faults(events: pa.Table, texts: Mapping[str, Any]) -> tuple[pa.Array, pa.Array]:
    """For each row the meaning of the column at fault and the code; null where all is well."""
    checks: list[tuple[str, str, Any]] = [
        ("case", "case-empty", pc.is_null(events["case"])),
        ("activity", "activity-empty", pc.is_null(events["activity"])),
        *(
            (name, "time-unreadable", pc.and_(pc.is_valid(texts[name]), pc.is_null(events[name])))
            for name in TIMES
            if texts[name] is not None and not (name == "start" and texts["lifecycle"] is not None)
        ),
        ("end", "time-missing", pc.and_(pc.is_null(events["start"]), pc.is_null(events["end"]))),
        ("end", "ends-before-start", pc.fill_null(pc.less(events["end"], events["start"]), False)),
    ]
    meaning: Any = pa.nulls(events.num_rows, pa.string())
    code: Any = meaning
    for name, what, faulty in reversed(checks):
        meaning, code = pc.if_else(faulty, name, meaning), pc.if_else(faulty, what, code)
    return meaning, code


def as_faults(faults: list[tuple[int, str, str]], reading: Reading) -> list[FieldError]:
    """Faulty rows in words: the row, the heading of the column, what is wrong, what to do."""
    return [
        FieldError(code, *WORDS[code], row=row, field=reading.columns.get(meaning, meaning))
        for row, meaning, code in faults
    ]


def unreadable(faults: tuple[RowFault, ...] | list[RowFault]) -> pa.Table:
    """Rows that their file's reader could not read, in the shape of faulty rows."""
    return pa.table(
        {
            "row": pa.array([one.row for one in faults], pa.int64()),
            "meaning": pa.array([one.field for one in faults], pa.string()),
            "code": pa.array(["unreadable"] * len(faults), pa.string()),
        }
    )
