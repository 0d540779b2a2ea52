"""A delimited file as an Arrow table of texts, quickly: nothing is guessed but delimiter and encoding.

    table, told = read_texts(path)      # every column as text; told.sha256, told.notes

The door of imports (`domains.capture.reading`) is more careful and slower; here a row of another width is left out and
counted.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as arrow_csv

DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 200_000
_BLOCK: Final = 1 << 22


class Unreadable(Exception):
    """The file holds no table: what is wrong, and what to do."""

    def __init__(self, says: str, remedy: str) -> None:
        super().__init__(says)
        self.remedy = remedy


@dataclass(slots=True)
class Told:
    """What was found out about a file."""

    sha256: str
    encoding: str
    delimiter: str = ","
    left_out: int = 0
    notes: list[str] = field(default_factory=list)


def read_texts(path: Path) -> tuple[pa.Table, Told]:
    """All rows. Raises Unreadable for what is no delimited text."""
    told = _looked_through(path)
    with path.open(encoding=told.encoding, newline="") as file:
        sample = file.read(_SAMPLE)
    if not sample.strip("\ufeff \t\r\n") or "\x00" in sample[:4000]:
        what = "is no text" if "\x00" in sample[:4000] else "is empty"
        raise Unreadable(
            f"{path.name} {what}.", "Save the table as CSV, with the names of the columns in its first line."
        )
    told.delimiter = _delimiter(sample)
    header = next(csv.reader(io.StringIO(sample.lstrip("\ufeff")), delimiter=told.delimiter))
    names = _names(header, told.notes)

    def left_out(_row: Any) -> str:
        told.left_out += 1
        return "skip"

    try:
        table = arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(encoding=told.encoding, use_threads=False, block_size=_BLOCK),
            parse_options=arrow_csv.ParseOptions(
                delimiter=told.delimiter, newlines_in_values='"' in sample, invalid_row_handler=left_out
            ),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string())),
        )
    except pa.ArrowInvalid as fault:
        raise Unreadable(f"{path.name} cannot be read as CSV: {fault}.", "Save it again as CSV in UTF-8.") from fault
    if told.left_out:
        told.notes.append(f"{told.left_out:,} rows have another number of cells than the first line and were left out.")
    return table.rename_columns(names), told


_PACKED: Final = (b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")


def is_packed(path: Path) -> bool:
    """Is it a workbook, Parquet or something compressed, and no plain text?"""
    with path.open("rb") as file:
        return file.read(4).startswith(_PACKED)


def digest_of(path: Path) -> str:
    """The sha-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A file beside `path` to write into, which becomes `path` only when all went well."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_texts(path: Path, tables: Iterable[pa.Table]) -> int:
    """Arrow tables of one shape as one CSV file, whole or not at all; answers how many rows."""
    rows, writer = 0, None
    with written_whole(path) as part:
        for table in tables:
            if writer is None:
                options = arrow_csv.WriteOptions(quoting_style="needed")
                writer = arrow_csv.CSVWriter(part, table.schema, write_options=options)
            writer.write_table(table)
            rows += table.num_rows
        if writer is not None:
            writer.close()
    return rows


def _looked_through(path: Path) -> Told:
    """The digest, and whether all of it is UTF-8; else it is UTF-16 by its first bytes, or Windows-1252."""
    digest, decoder, utf8, first = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), True, b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            first = first or block[:2]
            digest.update(block)
            if utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    utf8 = False
    wide = first in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return Told(digest.hexdigest(), "utf-16" if wide else "utf-8" if utf8 else "cp1252")


def _delimiter(sample: str) -> str:
    """The one that parts the first rows into most cells, equally many in each."""
    lines = sample.lstrip("\ufeff").splitlines(keepends=True)[:50]

    def fitness(sign: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=sign) if row]
        return (sum(width == widths[0] for width in widths) / len(widths) if widths[0] > 1 else 0.0, widths[0])

    return max(DELIMITERS, key=fitness)


def _names(header: Sequence[str], notes: list[str]) -> list[str]:
    """Names that differ: nameless columns are called after their place, repeated ones get a number."""
    seen, names = Counter[str](), []
    for at, cell in enumerate(header, 1):
        name = " ".join(cell.split()) or f"Column {at}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    if again := sorted(name for name, times in seen.items() if times > 1):
        notes.append(f"Column names that come more than once got a number: {', '.join(again[:10])}.")
    return names
