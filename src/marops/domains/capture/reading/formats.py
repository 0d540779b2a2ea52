"""Which kind of file this is, by its first bytes and never by its name alone."""

from pathlib import Path
from typing import Literal

from marops.kernel.errors import MaropsError, problem

FILE_MISSING = problem(
    "import-file-missing",
    "The file cannot be read",
    status=404,
    remedy="Check its path and that you may read it.",
)
FILE_EMPTY = problem(
    "import-file-empty",
    "The file is empty",
    remedy="Nothing was imported. Check that the export was finished, and send the file again.",
)
NOT_A_TABLE = problem(
    "import-not-a-table",
    "The file is no table that Marops reads",
    remedy="Nothing was imported. Save it as CSV (UTF-8), XLSX or Parquet and send that.",
)

_FOREIGN = {
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"Rar!": "a RAR archive; unpack it first",
    b"BZh": "a bzip2 archive; unpack it first",
    b"SQLite format 3": "a SQLite database",
    b"\x7fELF": "a program",
    b"(\xb5/\xfd": "a zstd archive; unpack it first",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def kind_of(path: Path) -> Literal["text", "sheet", "parquet"]:
    """The kind of the file. Raises MaropsError for what is missing, empty or no table."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise MaropsError(FILE_MISSING, f"{path.name}: {error.strerror}") from None
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise MaropsError(FILE_EMPTY, f"{path.name} holds nothing.")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", _OLE)):
        return "sheet"
    for magic, name in _FOREIGN.items():
        if head.startswith(magic):
            raise MaropsError(NOT_A_TABLE, f"{path.name} is {name}.")
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise MaropsError(NOT_A_TABLE, f"{path.name} is a web page or XML.")
    if head.lstrip().startswith((b"{", b"[{")) and path.suffix.lower() in (".json", ".jsonl", ".ndjson"):
        raise MaropsError(NOT_A_TABLE, f"{path.name} is JSON.")
    return "text"
