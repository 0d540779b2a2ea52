"""What every kind of file answers: columns, and rows in chunks of text."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from marops.kernel.errors import MaropsError, problem

MAX_COLUMNS = 1_000
MAX_CELL = 100_000
MAX_ROWS = 20_000_000
MAX_SHOWN = 1_000
REFUSED_COLUMNS = ("row", "field", "code", "reason", "remedy")
"""The columns in front of those of the file, where rows that were refused are given back."""

TOO_WIDE = problem(
    "import-too-wide",
    "The file has too many columns",
    remedy=f"Nothing was imported. Keep the columns you need, at most {MAX_COLUMNS}, and save the file again.",
)
NO_ROWS = problem(
    "import-no-rows",
    "The file has column names but no rows",
    remedy="Nothing was imported. Check that the export was complete, or that the right sheet comes first.",
)
TOO_LONG = problem(
    "import-too-long",
    "The file has too many rows",
    remedy=f"Nothing was imported. Split it into files of at most {MAX_ROWS:,} rows.",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may say about a file instead of letting it be guessed."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that cannot be read: its number as a spreadsheet shows it (the header is row 1), and why."""

    row: int
    field: str
    code: str
    message: str
    remedy: str
    cells: tuple[str, ...] = ()
    """What of its cells was read, or its line as the one cell there is; for the person who repairs it."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows: an Arrow table with `row` and text columns `c0`, `c1`, …, and the rows that could not be read."""

    rows: pa.Table
    faults: Sequence[RowFault] = ()


@dataclass
class Source(ABC):
    """A table in a file."""

    kind: str
    columns: list[str] = field(default_factory=list)
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    notes: list[str] = field(default_factory=list)

    def chunks(self, size: int) -> Iterator[Chunk]:
        """The rows, from the first; may be asked for again."""
        if not refused_columns(self.columns):
            yield from self.read(size)
            return
        for chunk in self.read(size):
            yield Chunk(_bare(chunk.rows), chunk.faults)

    @abstractmethod
    def read(self, size: int) -> Iterator[Chunk]:
        """The rows as they stand in the file."""

    def as_json(self) -> dict[str, Any]:
        """What was found out about the file."""
        return {
            "kind": self.kind,
            "encoding": self.encoding or None,
            "delimiter": self.delimiter or None,
            "sheet": self.sheet or None,
            "columns": len(self.columns),
            "notes": list(self.notes),
        }


def column_names(cells: Sequence[str | None], notes: list[str]) -> list[str]:
    """Names that are there and differ: nameless columns get a number, repeated names too; `notes` says so."""
    if len(cells) > MAX_COLUMNS:
        raise MaropsError(TOO_WIDE, f"It has {len(cells):,} columns.")
    seen: dict[str, int] = {}
    names, nameless, repeated = [], 0, []
    for number, cell in enumerate(cells, start=1):
        name = " ".join((cell or "").replace("\x00", "").strip("\ufeff \t").split())[:200]
        if not name:
            name, nameless = f"Column {number}", nameless + 1
        seen[name.lower()] = seen.get(name.lower(), 0) + 1
        if (times := seen[name.lower()]) > 1:
            repeated.append(name)
            name = f"{name} ({times})"
        names.append(name)
    if nameless:
        notes.append(f"{nameless} columns have no name and are called after their place, such as “Column 3”.")
    if repeated:
        notes.append(f"Column names that come more than once got a number: {', '.join(sorted(set(repeated))[:10])}.")
    return names


def as_table(numbers: Sequence[int], rows: Sequence[Sequence[str | None]], width: int) -> pa.Table:
    """Rows of equal width as an Arrow table."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * width
    arrays = [pa.array(numbers, pa.int64()), *(pa.array(column, pa.string()) for column in columns)]
    return pa.Table.from_arrays(arrays, names=["row", *(f"c{number}" for number in range(width))])


def refused_columns(names: Sequence[str]) -> int:
    """How many columns stand in front of the file's own: those of a file of refused rows, or none."""
    first = tuple(name.lower() for name in names[: len(REFUSED_COLUMNS)])
    return len(REFUSED_COLUMNS) if first == REFUSED_COLUMNS else 0


def _bare(rows: pa.Table) -> pa.Table:
    """Cells without the apostrophe that keeps spreadsheet programs from taking them for formulas."""
    cells = [pc.replace_substring_regex(column, r"^'([=+\-@\t\r\n])", r"\1") for column in rows.columns[1:]]
    return pa.Table.from_arrays([rows.columns[0], *cells], names=rows.column_names)


def shown(cells: Iterable[str | None]) -> tuple[str, ...]:
    """Cells of a row that cannot be read, as they are shown: without NULs, and cut where they are long."""
    return tuple(_cut((cell or "")[: 2 * MAX_SHOWN].replace("\x00", "")) for cell in cells)


def _cut(cell: str) -> str:
    return cell if len(cell) <= MAX_SHOWN else cell[: MAX_SHOWN - 1] + "…"


def too_large(row: int, field: str, cells: Iterable[str | None]) -> RowFault:
    """The fault of a cell that is too long to be a value."""
    return RowFault(
        row, field, "cell-too-large", f"A cell is longer than {MAX_CELL:,} characters.", "Shorten the text or drop it.",
        shown(cells),
    )  # fmt: skip


def nul_byte(row: int, field: str, cells: Iterable[str | None]) -> RowFault:
    """The fault of a cell with a NUL byte."""
    return RowFault(
        row, field, "nul-byte", "A cell holds a NUL byte.", "Remove it; the file may be damaged there.", shown(cells)
    )
