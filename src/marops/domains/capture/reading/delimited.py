"""Delimited text: any delimiter, any encoding, and rows that are broken without the file being so."""

import codecs
import csv
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from marops.domains.capture.reading import encoding as encodings
from marops.domains.capture.reading.formats import FILE_EMPTY, NOT_A_TABLE
from marops.domains.capture.reading.source import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_SHOWN,
    NO_ROWS,
    TOO_LONG,
    TOO_WIDE,
    Chunk,
    Options,
    RowFault,
    Source,
    as_table,
    column_names,
    nul_byte,
    shown,
    too_large,
)
from marops.kernel.errors import MaropsError, problem

NO_HEADER = problem(
    "import-no-header",
    "The first line holds no column names",
    remedy="Nothing was imported. Put a line with a name for each column at the top.",
)

CANDIDATES = ",;\t|:^~\x1f\x01"
_MAX_LINE = 4_000_000
_SAMPLE = 400_000
# A record with a cell over the limit is read to its end this often, so that a file of nothing else ends soon too.
_HUGE_RECORDS = 20
_HUGE = 32_000_000
# No reading of strict CSV accepts this, so the careful path finds it.
_OVERSIZE = '"line too long"to be read: '
_LOOKS_LIKE_DATA = re.compile(r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$|^\+?[\d\s()/.-]{7,}$|^\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How cells are parted and quoted."""

    delimiter: str
    escape: str | None = None

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """Python's reader, strict: what it would have to guess is an error."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            escapechar=self.escape,
            doublequote=self.escape is None,
            skipinitialspace=not self.delimiter.isspace(),
            strict=True,
        )


class DelimitedSource(Source):
    """A text file with one row a line."""

    def __init__(self, path: Path, options: Options) -> None:
        super().__init__("csv")
        self._path = path
        self._huge_seen = 0
        foreign = 0
        if options.encoding:
            self.encoding = encodings.known(options.encoding)
        else:
            self.encoding, foreign = encodings.guess(path)
        sample, self._skipped, named = self._sample()
        self._dialect = self._guess_dialect(sample, options.delimiter or named)
        self.delimiter = self._dialect.delimiter
        header = self._first_record(sample)
        self._check_header(header)
        self.columns = column_names(header, self.notes)
        self._note_foreign(foreign)

    def _open(self) -> tuple[TextIO, encodings.Patch]:
        patch = encodings.Patch()
        handler = f"marops-patch-{id(patch)}"
        codecs.register_error(handler, patch)
        return self._path.open(encoding=self.encoding, errors=handler, newline=""), patch

    def _sample(self) -> tuple[str, int, str]:
        """The first whole lines; how many lines stand before the table; the delimiter where the file names it."""
        file, _ = self._open()
        with file:
            text = file.read(_SAMPLE)
        if not text.strip("\ufeff \t\r\n\x00"):
            raise MaropsError(FILE_EMPTY, f"{self._path.name} holds nothing.")
        head = text[:4000]
        strange = sum(not char.isprintable() and char not in "\r\n\t\x1f\x01\x00\ufeff" for char in head)
        if strange > len(head) * 0.05 or head.count("\x00") > len(head) * 0.2:
            raise MaropsError(NOT_A_TABLE, f"{self._path.name} holds no text.")
        skipped, named = 0, ""
        lines = text.splitlines(keepends=True)
        if found := re.match(r"\ufeff?sep=(.)\r?\n?$", lines[0], re.IGNORECASE):
            skipped, named = 1, found[1]
        while skipped < len(lines) and not lines[skipped].strip("\ufeff \t\r\n"):
            skipped += 1
        whole = lines[skipped:-1] if len(text) == _SAMPLE and len(lines) > skipped + 1 else lines[skipped:]
        return "".join(whole), skipped, named

    def _guess_dialect(self, sample: str, delimiter: str) -> Dialect:
        escapes = [None, "\\"] if '\\"' in sample else [None]
        choices = [
            Dialect(one, escape) for one, escape in itertools.product([delimiter] if delimiter else CANDIDATES, escapes)
        ]
        return max(choices, key=partial(_fitness, sample))

    def _first_record(self, sample: str) -> list[str]:
        try:
            return next(self._dialect.reader(sample.splitlines(keepends=True)), [])
        except csv.Error:
            first = sample.splitlines()[0]
            if first.count(self.delimiter) > MAX_COLUMNS:
                raise MaropsError(TOO_WIDE, f"It has about {first.count(self.delimiter):,} columns.") from None
            raise MaropsError(NO_HEADER, "The quotation marks in the first line do not match.") from None

    def _check_header(self, header: list[str]) -> None:
        if any(_LOOKS_LIKE_DATA.match(cell.strip().lower()) for cell in header):
            raise MaropsError(NO_HEADER, "The first line looks like a row of data.")

    def read(self, size: int) -> Iterator[Chunk]:
        """The rows; broken ones as faults, and reading goes on with the next line."""
        csv.field_size_limit(MAX_CELL)
        self._huge_seen = 0
        file, patch = self._open()
        with file:
            lines = _Lines(file)
            for _ in range(self._skipped):
                next(lines)
            next(self._dialect.reader(lines))  # the column names
            yield from self._rest(lines, size)
        self._note_foreign(patch.count)

    def _note_foreign(self, count: int) -> None:
        if count:
            name = "UTF-8" if self.encoding == "utf-8-sig" else self.encoding.upper()
            what = "1 character is" if count == 1 else f"{count:,} characters are"
            self._note(f"{what} not {name} like the rest; read as Windows-1252.")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _rest(self, lines: "_Lines", size: int) -> Iterator[Chunk]:
        row = first = 2 + self._skipped
        empty = 0
        while True:
            lines.forget()
            page = self._quickly(lines, size, row) or self._carefully(lines, size, row)
            if page.next_row == row:
                break
            row = page.next_row
            if row > MAX_ROWS:
                raise MaropsError(TOO_LONG)
            empty += page.blank
            yield Chunk(as_table(page.numbers, page.records, len(self.columns)), page.faults)
        if row == first:
            raise MaropsError(NO_ROWS)
        if empty:
            self._note(f"{empty} empty lines were left out.")

    def _quickly(self, lines: "_Lines", size: int, row: int) -> "_Page | None":
        """The next `size` records if all is well with them; None if something needs a closer look."""
        records: list[list[str]] = []
        try:
            records.extend(itertools.islice(self._dialect.reader(lines), size))
        except csv.Error:
            return None
        width = len(self.columns)
        if all(len(record) == width for record in records) and not lines.has_nul():
            return _Page(range(row, row + len(records)), records, (), row + len(records), 0)
        return None

    def _carefully(self, lines: "_Lines", size: int, row: int) -> "_Page":
        """The same lines one record at a time: a record that cannot be read costs its first line and no more."""
        lines.rewind()
        numbers: list[int] = []
        records: list[list[str]] = []
        faults: list[RowFault] = []
        blank, start = 0, row
        while row - start < size:
            lines.forget()
            try:
                record = next(self._dialect.reader(lines))
            except StopIteration:
                break
            except csv.Error as error:
                faults.append(self._huge(lines, row, str(error)) or self._broken(row, lines))
            else:
                fault = self._fault(row, record, lines.seen) if record else None
                if fault:
                    faults.append(fault)
                    lines.give_back_all_but_first()
                elif any(record):
                    numbers.append(row)
                    records.append(record[: len(self.columns)])
                else:
                    blank += 1
            row += 1
        return _Page(numbers, records, faults, row, blank)

    def _huge(self, lines: "_Lines", row: int, error: str) -> RowFault | None:
        """A cell over the limit that is whole but for its size: the record is left out as one."""
        if "field limit" not in error or self._huge_seen >= _HUGE_RECORDS:
            return None
        self._huge_seen += 1
        read = lines.seen
        lines.rewind()
        csv.field_size_limit(_HUGE)
        try:
            record = next(self._dialect.reader(lines))
        except (csv.Error, StopIteration):
            record = []
        finally:
            csv.field_size_limit(MAX_CELL)
        if len(record) == len(self.columns):
            name = next(name for name, cell in zip(self.columns, record, strict=True) if len(cell) > MAX_CELL)
            return too_large(row, name, record)
        lines.rewind()
        for _ in read:
            next(lines)
        return None

    def _broken(self, row: int, lines: "_Lines") -> RowFault:
        first = lines.seen[0] if lines.seen else ""
        lines.give_back_all_but_first()
        line = first.removeprefix(_OVERSIZE).rstrip("\r\n")
        if first.startswith(_OVERSIZE) or len(first) > MAX_CELL:
            return too_large(row, "", [line])
        return RowFault(
            row, "", "broken-quotes", "The quotation marks in this line do not match.",
            "Write a quotation mark inside a quoted cell twice, and close every quoted cell.",
            shown([line]),
        )  # fmt: skip

    def _fault(self, row: int, record: list[str], seen: list[str]) -> RowFault | None:
        width = len(self.columns)
        # Of several lines only the first is refused; the others are read on their own.
        cells = record if len(seen) == 1 else [seen[0].rstrip("\r\n")]
        if len(record) < width or any(record[width:]):
            several = " It runs over several lines, so a quotation mark may be missing." if len(seen) > 1 else ""
            return RowFault(
                row, "", "ragged-row", f"The row has {len(record)} cells, the header has {width}.{several}",
                "Give the row one cell for each column; put quotes around cells that hold the delimiter.",
                shown(cells),
            )  # fmt: skip
        for name, cell in zip(self.columns, record, strict=False):
            if "\x00" in cell:
                return nul_byte(row, name, cells)
        return None


def _fitness(sample: str, dialect: Dialect) -> tuple[bool, float, int]:
    """How well a dialect reads the sample: several columns, equally many in each row, the more the better."""
    records: list[list[str]] = []
    broken = 0.0
    try:
        records.extend(itertools.islice(dialect.reader(sample.splitlines(keepends=True)), 200))
    except csv.Error:
        broken = 0.3
    records = [record for record in records if record]
    if not records or len(records[0]) < 2:
        return False, -broken, 0
    width, rest = len(records[0]), records[1:]
    share = sum(len(record) == width for record in rest) / len(rest) if rest else 1.0
    return share >= 0.5 or not rest, round(share, 1) - broken, width


@dataclass(frozen=True, slots=True)
class _Page:
    numbers: Sequence[int]
    records: Sequence[Sequence[str]]
    faults: Sequence[RowFault]
    next_row: int
    blank: int


class _Lines:
    """Lines of a file, which remembers what it gave since `forget` and can give it again."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: deque[str] = deque()
        self.seen: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._file.readline(_MAX_LINE)
        if not line:
            raise StopIteration
        if len(line) == _MAX_LINE:
            line = self._drop_rest(line[: 2 * MAX_SHOWN])
        self.seen.append(line)
        return line

    def _drop_rest(self, head: str) -> str:
        while (more := self._file.readline(_MAX_LINE)) and len(more) == _MAX_LINE:
            pass
        return _OVERSIZE + head + "\n"

    def forget(self) -> None:
        """Start to remember anew."""
        self.seen = []

    def rewind(self) -> None:
        """Give everything remembered again."""
        self._again.extendleft(reversed(self.seen))
        self.seen = []

    def give_back_all_but_first(self) -> None:
        """Only the first line was at fault; those after it are read on their own."""
        self._again.extendleft(reversed(self.seen[1:]))

    def has_nul(self) -> bool:
        """Is there a NUL in what is remembered?"""
        return any("\x00" in line for line in self.seen)
