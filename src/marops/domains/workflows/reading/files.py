"""Which kind of log a file is, and opening it: tables are unpacked first, XES and OCEL are read as they are."""

import gzip
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Literal, cast

from marops.domains.capture.public import Options, Source, open_table
from marops.domains.workflows.reading.ocel import OcelSource
from marops.domains.workflows.reading.xes import XesSource
from marops.kernel.config import config
from marops.kernel.errors import MaropsError, problem

Format = Literal["csv", "sheet", "parquet", "xes", "ocel", "facts"]
FORMATS: Final = ("csv", "sheet", "parquet", "xes", "ocel", "facts")
MOST_UNPACKED: Final = 20_000_000_000
_HEAD: Final = 4096
_BLOCK: Final = 1 << 20
_PEEK: Final = 4 << 20

MISSING = problem(
    "log-file-missing",
    "The file cannot be read",
    status=404,
    remedy="Check its path and that you may read it; nothing was kept.",
)
NOT_UNPACKED = problem(
    "log-not-unpacked",
    "The packed file cannot be unpacked",
    remedy="Nothing was kept. Check that it was copied to its end, or unpack it yourself and bring what was in it.",
)

NO_LOG = problem(
    "log-unknown-format",
    "This file is no log",
    remedy="Nothing was kept. Bring CSV, XLSX, Parquet, XES or OCEL 2.0 JSON; packed with gzip or not.",
)
_OWN_BYTES: Final = (b"PK", b"PAR1", b"\xff\xfe", b"\xfe\xff", b"\xd0\xcf\x11\xe0")
"""How sheets, Parquet and text of two bytes a letter begin."""
_NO_TEXT: Final = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


@contextmanager
def opened_log(
    path: Path, options: Options | None = None, *, case_object: str = "", peek: bool = False
) -> Iterator[Source]:
    """The log in a file. `peek`: a look at its beginning is enough. `case_object`: which objects of OCEL are the cases.

    Raises MaropsError for a file that holds no log.
    """
    packed = _is_packed(path)
    head = _head(path, packed).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not _is_text(head):
        raise MaropsError(NO_LOG, f"{path.name} is neither text nor a sheet.")
    if head.startswith(b"["):
        raise MaropsError(NO_LOG, f"{path.name} is a JSON list.")
    if head.startswith(b"<"):
        yield XesSource(path, packed=packed, most=MOST_UNPACKED)
    elif head.startswith(b"{"):
        with OcelSource(path, case_object, packed=packed, most=MOST_UNPACKED, peek=peek) as source:
            yield source
    elif packed:
        with _unpacked(path, _PEEK if peek else MOST_UNPACKED, whole=not peek) as table:
            yield open_table(table, options)
    else:
        yield open_table(path, options)


def _is_packed(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"\x1f\x8b"
    except OSError as error:
        raise MaropsError(MISSING, f"{path.name}: {error.strerror}") from None


def _is_text(head: bytes) -> bool:
    return head.startswith(_OWN_BYTES) or len(_NO_TEXT.findall(head)) * 100 <= len(head)


def _head(path: Path, packed: bool) -> bytes:
    try:
        with cast("IO[bytes]", gzip.open(path) if packed else path.open("rb")) as file:
            return file.read(_HEAD)
    except (OSError, EOFError) as error:
        raise MaropsError(NOT_UNPACKED, f"{path.name}: {error}") from None


@contextmanager
def _unpacked(path: Path, most: int, *, whole: bool) -> Iterator[Path]:
    """What is in a packed table, in a file of its own; of a look at its beginning the last line is left out."""
    folder = config().home / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="log-", suffix=".csv") as out:
        try:
            with gzip.open(path) as file:
                size = 0
                while block := file.read(min(_BLOCK, most - size)):
                    out.write(block)
                    size += len(block)
                if whole and size >= most:
                    raise MaropsError(NOT_UNPACKED, f"{path.name} holds more than {most:,} bytes.")
        except (OSError, EOFError) as error:
            raise MaropsError(NOT_UNPACKED, f"{path.name}: {error}") from None
        out.flush()
        if not whole and size >= most:
            _cut_last_line(out)
        yield Path(out.name)


def _cut_last_line(out: IO[bytes]) -> None:
    size = out.tell()
    with Path(out.name).open("rb") as file:
        file.seek(max(0, size - _BLOCK))
        tail = file.read()
    if (cut := tail.rfind(b"\n")) >= 0:
        out.truncate(size - len(tail) + cut + 1)
