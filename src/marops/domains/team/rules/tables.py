"""Small tables as files: delimited text and workbooks read into rows, and rows written as either.

For files that are read at once and not kept; leads and event logs come in by readers made for millions of rows.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape

from marops.kernel.cells import as_written, harmless

LARGEST: Final = 2_000_000
MOST_ROWS: Final = 5_000
_DELIMITERS: Final = ",;\t|"


class Unreadable(ValueError):
    """The file is no table; the message says why."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds: headings, and rows with their number as a spreadsheet shows it."""

    headers: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_table(data: bytes) -> Table:
    """A workbook's first sheet, or delimited text in whatever encoding and with whatever delimiter.

    Raises `Unreadable`.
    """
    if len(data) > LARGEST:
        raise Unreadable("The file is larger than 2 MB; people of one company take less.")
    lines = list(_sheet(data) if data[:2] == b"PK" else _text(data))
    filled = [(number, cells) for number, cells in lines if any(cells)]
    if len(filled) < 2:
        raise Unreadable("The file needs a line of headings and a line for each person.")
    if len(filled) > MOST_ROWS + 1:
        raise Unreadable(f"The file has more than {MOST_ROWS:,} rows.")
    headers = filled[0][1]
    width = len(headers)
    rows = tuple((number, tuple((*cells, *[""] * width)[:width])) for number, cells in filled[1:])
    return Table(headers, rows)


def _text(data: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    words = _decoded(data)
    first = words.lstrip("\ufeff\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(words.lstrip("\ufeff"), newline=""), delimiter=delimiter)
    try:
        for row in reader:
            yield reader.line_num, tuple(as_written(cell.strip()) for cell in row)
    except csv.Error as error:
        raise Unreadable(f"Line {reader.line_num} cannot be read: {error}.") from None


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    try:
        found = data.decode("utf-8")
    except UnicodeDecodeError:
        found = data.decode("cp1252", errors="replace")
    if "\0" in found:
        raise Unreadable("This is no text and no workbook.")
    return found


def _sheet(data: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    from python_calamine import CalamineWorkbook

    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        found = sheet.to_python(skip_empty_area=False, nrows=MOST_ROWS + 50)
    except Exception as error:
        raise Unreadable(f"This workbook cannot be read: {error}.") from None
    for number, row in enumerate(found, start=1):
        yield number, tuple(_cell(value) for value in row)


def _cell(value: Any) -> str:
    """A cell of a workbook as somebody would have typed it."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value).strip()


# --- writing ---------------------------------------------------------------------------------------------------------

Cell = str | int | Decimal | date | None


def as_csv(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """Delimited text in UTF-8 with its mark, so that spreadsheet programs read it right; no cell is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in (headers, *rows):
        writer.writerow([harmless("" if cell is None else str(cell)) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(headers: Sequence[str], rows: Sequence[Sequence[Cell]], title: str) -> bytes:
    """A workbook of one sheet: numbers as numbers, everything else as text, so that nothing in it is a formula."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in _PARTS.items():
            _add(book, name, text)
        _add(book, "xl/workbook.xml", _WORKBOOK.format(escape(title, {'"': "&quot;"})))
        _add(book, "xl/worksheets/sheet1.xml", _SHEET.format("".join(_lines(headers, rows))))
    return out.getvalue()


def _add(book: zipfile.ZipFile, name: str, text: str) -> None:
    # The same rows make the same bytes: no moment of writing is kept.
    book.writestr(zipfile.ZipInfo(name, datetime(2000, 1, 1, tzinfo=UTC).timetuple()[:6]), text)


def _lines(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    yield f"<row>{''.join(_said(cell, style=1) for cell in headers)}</row>"
    for row in rows:
        yield f"<row>{''.join(_said(cell) for cell in row)}</row>"


def _said(cell: Cell, style: int = 0) -> str:
    mark = f' s="{style}"' if style else ""
    if cell is None or cell == "":
        return f"<c{mark}/>"
    if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
        return f"<c{mark}><v>{cell}</v></c>"
    words = "".join(sign for sign in str(cell) if sign >= " " or sign in "\t\n")
    return f'<c{mark} t="inlineStr"><is><t xml:space="preserve">{escape(words)}</t></is></c>'


_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
XLSX: Final = f"{_KIND}.sheet"
"""The media type of such a workbook."""

_PARTS: Final = {
    "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>',
    "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf xfId="0"/><xf xfId="0" fontId="1" applyFont="1"/></cellXfs></styleSheet>',
}
_WORKBOOK: Final = (
    f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{{}}" sheetId="1" r:id="r1"/></sheets>'
    "</workbook>"
)
_SHEET: Final = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2"'
    ' activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>{}</sheetData></worksheet>'
)
