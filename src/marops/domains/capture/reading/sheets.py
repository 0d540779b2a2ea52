"""Spreadsheets, opened only after a look at what they would unpack to."""

import itertools
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from marops.domains.capture.reading.source import (
    MAX_CELL,
    NO_ROWS,
    Chunk,
    Options,
    RowFault,
    Source,
    as_table,
    column_names,
    nul_byte,
    too_large,
)
from marops.kernel.errors import MaropsError, problem

BOMB = problem(
    "import-bomb",
    "The file unpacks to far more than it should",
    remedy="Nothing was imported. Save the sheet again in the program it comes from, or as CSV.",
)
UNREADABLE = problem(
    "import-sheet-unreadable",
    "The spreadsheet cannot be read",
    remedy="Nothing was imported. Open it in a spreadsheet program, take off any password, and save it as XLSX or CSV.",
)
NO_SHEET = problem(
    "import-no-sheet",
    "The spreadsheet has no such sheet",
    remedy="Nothing was imported. Name one of the sheets it has.",
)

MAX_UNPACKED: Final = 1_500_000_000
MAX_RATIO: Final = 250
MAX_PARTS: Final = 5_000
MAX_CELLS: Final = 60_000_000
_OLE_LIMIT: Final = 100_000_000
_BLOCK: Final = 1 << 20
_PLACE = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})(\d{1,7})"')


class SheetSource(Source):
    """The first sheet with something in it, or the one that is named."""

    def __init__(self, path: Path, options: Options) -> None:
        super().__init__("xlsx")
        self._name = path.name
        _guard(path)
        self._book = _open(path)
        self._rows: list[list[Any]] = []
        self._load(options.sheet)
        header = next((number for number, row in enumerate(self._rows) if any(cell != "" for cell in row)), None)
        if header is None:
            raise MaropsError(NO_ROWS, f"{path.name} has no sheet with anything in it.")
        self._start = header + 1
        names = [_text(cell) or "" for cell in self._rows[header]]
        while names and not names[-1] and all(row[len(names) - 1] == "" for row in self._rows):
            names.pop()
        self.columns = column_names(names, self.notes)

    def _load(self, wanted: str) -> None:
        names = [one.name for one in self._book.sheets_metadata]
        if wanted and wanted not in names:
            raise MaropsError(NO_SHEET, f"{self._name} has no sheet {wanted!r}, but: {', '.join(names)}.")
        for name in [wanted] if wanted else names:
            try:
                rows = self._book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            except Exception as error:  # calamine's own errors, and Rust's panics
                raise MaropsError(UNREADABLE, f"{self._name}, sheet {name!r}: {type(error).__name__}.") from None
            if any(cell != "" for row in itertools.islice(rows, 1000) for cell in row):
                self.sheet, self._rows = name, rows
                break
        if not wanted and len(names) > 1 and self.sheet:
            self.notes.append(f"The file has {len(names)} sheets; “{self.sheet}” was read.")

    def read(self, size: int) -> Iterator[Chunk]:
        """The rows; numbers are those of the sheet."""
        width, found, empty = len(self.columns), 0, 0
        for start in range(self._start, len(self._rows), size):
            numbers, records, faults = [], [], []
            for number, row in enumerate(self._rows[start : start + size], start=start + 1):
                cells = [_text(cell) for cell in row[:width]]
                if not any(cells):
                    empty += 1
                    continue
                found += 1
                if fault := self._fault(number, cells):
                    faults.append(fault)
                else:
                    numbers.append(number)
                    records.append(cells + [None] * (width - len(cells)))
            yield Chunk(as_table(numbers, records, width), faults)
        if not found:
            raise MaropsError(NO_ROWS)
        if empty and not any("empty rows" in note for note in self.notes):
            self.notes.append(f"{empty} empty rows were left out.")

    def _fault(self, row: int, cells: list[str | None]) -> RowFault | None:
        for name, cell in zip(self.columns, cells, strict=False):
            if cell and len(cell) > MAX_CELL:
                return too_large(row, name, cells)
            if cell and "\x00" in cell:
                return nul_byte(row, name, cells)
        return None


def _open(path: Path) -> Any:
    from python_calamine import CalamineWorkbook

    try:
        return CalamineWorkbook.from_path(str(path))
    except BaseException as error:  # a panic in Rust is no Exception
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise
        raise MaropsError(UNREADABLE, f"{path.name}: {type(error).__name__}.") from None


def _text(cell: Any) -> str | None:
    """A cell as it would stand in a text file."""
    match cell:
        case None | "":
            return None
        case str():
            return cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case datetime():
            return cell.isoformat(sep=" ") if cell.time() != time() else cell.date().isoformat()
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
    return str(cell)


def _guard(path: Path) -> None:
    """Refuse archives that would fill memory or disk, by what they declare and by what really comes out."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            if size > _OLE_LIMIT:
                raise MaropsError(UNREADABLE, f"{path.name} is an old XLS file of {size:,} bytes.")
            return
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check_declared(path, parts, size)
            if not any(part.filename == "[Content_Types].xml" for part in parts):
                raise MaropsError(UNREADABLE, f"{path.name} is a ZIP archive, but no spreadsheet.")
            for part in parts:
                _check_actual(path, archive, part)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise MaropsError(UNREADABLE, f"{path.name}: {type(error).__name__}.") from None
    except Exception as error:
        if isinstance(error, MaropsError):
            raise
        raise MaropsError(UNREADABLE, f"{path.name}: {type(error).__name__}.") from None


def _check_declared(path: Path, parts: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED:
        raise MaropsError(BOMB, f"{path.name} declares {len(parts):,} parts of {unpacked:,} bytes together.")
    if unpacked > 50_000_000 and unpacked > MAX_RATIO * size:
        raise MaropsError(BOMB, f"{path.name} has {size:,} bytes and declares {unpacked:,}.")


def _check_actual(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Unpack one part into nothing: its true size, and how far apart its cells lie."""
    total, rows, widest, rest = 0, 0, 0, b""
    is_sheet = part.filename.startswith("xl/worksheets/")
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            total += len(block)
            if total > part.file_size or total > MAX_UNPACKED:
                raise MaropsError(BOMB, f"{path.name}: {part.filename} is larger than it says.")
            if not is_sheet:
                continue
            # Cells are looked at sparsely: the first and last of a block bound what lies between.
            found = list(_PLACE.finditer(rest + block[:4096])) + list(_PLACE.finditer(block[-8192:]))
            rest = block[-64:]
            for place in found:
                rows, widest = max(rows, int(place[2])), max(widest, _column(place[1]))
            widest = max(widest, max((_column(one) for one in set(re.findall(rb' r="([A-Z]{3})\d', block))), default=0))
    if rows * widest > MAX_CELLS:
        raise MaropsError(BOMB, f"{path.name} spans {rows:,} rows by {widest:,} columns.")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
