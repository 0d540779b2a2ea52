"""Does a file hold one of these values? Looked for in its bytes, inside archives and workbooks, and in Parquet."""

import gzip
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

import duckdb

_BLOCK: Final = 1 << 20
_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be", "cp1252")


def holds(path: Path, values: Sequence[str]) -> bool:
    """Whether the file holds any of `values`, whatever their case; a file that cannot be read counts as holding them.

    Understands text in the usual encodings, gzip, zip and so xlsx, and Parquet.
    """
    needles = _needles(values)
    if not needles:
        return False
    try:
        with path.open("rb") as file:
            start = file.read(4)
        if start == b"PAR1":
            return _in_parquet(path, values)
        return any(_in_stream(stream, needles) for stream in _streams(path, start))
    except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, duckdb.Error):
        return path.exists()


def _streams(path: Path, start: bytes) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        yield file
    if start[:2] == b"\x1f\x8b":
        with gzip.open(path) as unpacked:
            yield unpacked  # type: ignore[misc]  # gzip's own class, which reads bytes
    elif start[:2] == b"PK":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    yield member


def _needles(values: Iterable[str]) -> list[bytes]:
    forms = {form for value in values for form in (value, value.lower(), value.upper()) if value}
    found = set()
    for form in forms:
        for encoding in _ENCODINGS:
            try:
                found.add(form.encode(encoding).lower())
            except UnicodeEncodeError:
                continue
    return sorted(found)


def _in_stream(stream: IO[bytes], needles: Sequence[bytes]) -> bool:
    overlap = max(map(len, needles)) - 1
    rest = b""
    while block := stream.read(_BLOCK):
        text = rest + block.lower()
        if any(needle in text for needle in needles):
            return True
        rest = text[-overlap:] if overlap else b""
    return False


def _in_parquet(path: Path, values: Sequence[str]) -> bool:
    with duckdb.connect() as instance:
        names = [row[0] for row in instance.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()]
        columns = ", ".join('lower("{}"::VARCHAR)'.format(name.replace('"', '""')) for name in names)
        found = instance.execute(
            f"SELECT EXISTS (SELECT 1 FROM read_parquet(?), (SELECT unnest(?) AS value) v"
            f" WHERE contains(concat_ws(chr(10), {columns}), lower(v.value)))",
            [str(path), list(values)],
        ).fetchone()
        return bool(found and found[0])
