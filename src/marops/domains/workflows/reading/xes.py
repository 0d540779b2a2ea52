"""XES, the event log of IEEE 1849, read as a stream of its events; packed or not.

No document type is accepted: neither entities that grow, nor files elsewhere that the document would pull in.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, cast
from xml.parsers import expat

import pyarrow as pa

from marops.domains.capture.public import Chunk, Source
from marops.kernel.errors import MaropsError, problem

_BLOCK: Final = 1 << 18
_LOOK: Final = 5_000
MOST_DEEP: Final = 100
MOST_COLUMNS: Final = 500
_VALUES: Final = frozenset({"string", "date", "int", "float", "boolean", "id"})

BAD_XML = problem(
    "log-xml-broken",
    "The XML of this log is broken",
    remedy="Nothing was kept. Export the log again; the file may have been cut off.",
)
DOCUMENT_TYPE = problem(
    "log-xml-document-type",
    "The XML declares a document type",
    remedy="Nothing was kept. XES needs none, and it could make a reader fetch files or never end: take it out.",
)
NOT_XES = problem(
    "log-not-xes",
    "This XML is no event log",
    remedy="Nothing was kept. Bring XES (its first element is `log`), CSV or OCEL 2.0 JSON.",
)


class XesSource(Source):
    """The events of a XES file, each with the attributes of its own and, named `case:…`, those of its trace."""

    def __init__(self, path: Path, *, packed: bool, most: int) -> None:
        super().__init__("xes")
        self._path, self._packed, self._most = path, packed, most
        self.columns = self._look()

    def _look(self) -> list[str]:
        names: dict[str, None] = {}
        for count, event in enumerate(self._events(), start=1):
            names |= dict.fromkeys(event)
            if count >= _LOOK or len(names) > MOST_COLUMNS:
                break
        return list(names)[:MOST_COLUMNS]

    def read(self, size: int) -> Iterator[Chunk]:
        """The events in the order of the file; their rows count from 1."""
        page: list[dict[str, str]] = []
        row = 1
        for event in self._events():
            page.append(event)
            if len(page) == size:
                yield Chunk(self._table(page, row))
                row += len(page)
                page = []
        if page:
            yield Chunk(self._table(page, row))

    def _table(self, page: list[dict[str, str]], row: int) -> pa.Table:
        columns = {
            f"c{n}": pa.array([one.get(name) for one in page], pa.string()) for n, name in enumerate(self.columns)
        }
        return pa.table({"row": pa.array(range(row, row + len(page)), pa.int64()), **columns})

    def _events(self) -> Iterator[dict[str, str]]:
        handler = _Handler()
        parser = expat.ParserCreate(namespace_separator=None)
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartDoctypeDeclHandler = handler.doctype
        parser.EntityDeclHandler = handler.doctype
        parser.StartElementHandler = handler.start
        parser.EndElementHandler = handler.end
        size = 0
        try:
            with cast("IO[bytes]", gzip.open(self._path) if self._packed else self._path.open("rb")) as file:
                while block := file.read(_BLOCK):
                    size += len(block)
                    if size > self._most:
                        raise MaropsError(BAD_XML, f"It holds more than {self._most:,} bytes.")
                    parser.Parse(block, False)
                    yield from handler.taken()
                parser.Parse(b"", True)
                yield from handler.taken()
        except expat.ExpatError as error:
            raise MaropsError(BAD_XML, f"Line {error.lineno}: {expat.ErrorString(error.code)}.") from None
        except (OSError, EOFError) as error:
            raise MaropsError(BAD_XML, f"{self._path.name}: {error}") from None


class _Handler:
    """What the parser calls: keeps the attributes that stand directly in a trace or an event."""

    def __init__(self) -> None:
        self.depth = 0
        self.trace: dict[str, str] = {}
        self.event: dict[str, str] | None = None
        self.done: list[dict[str, str]] = []

    def doctype(self, *_: Any) -> None:
        raise MaropsError(DOCUMENT_TYPE)

    def start(self, name: str, pairs: list[str]) -> None:
        depth = self.depth = self.depth + 1
        if depth >= 3 and name in _VALUES:
            if depth == 4 and self.event is not None:
                self._value(self.event, "", pairs)
            elif depth == 3 and self.event is None:
                self._value(self.trace, "case:", pairs)
        elif name == "event" and depth == 3:
            self.event = {}
        elif name == "trace":
            self.trace = {}
        elif depth == 1 and name.rpartition(":")[2] != "log":
            raise MaropsError(NOT_XES, f"Its first element is {name[:60]!r}.")
        elif depth > MOST_DEEP:
            raise MaropsError(BAD_XML, f"Elements stand more than {MOST_DEEP} deep in each other.")

    def end(self, name: str) -> None:
        if self.depth == 3 and name == "event" and self.event is not None:
            self.done.append(self.trace | self.event)
            self.event = None
        self.depth -= 1

    @staticmethod
    def _value(into: dict[str, str], prefix: str, pairs: list[str]) -> None:
        key = value = ""
        for place in range(0, len(pairs), 2):
            if pairs[place] == "key":
                key = pairs[place + 1]
            elif pairs[place] == "value":
                value = pairs[place + 1]
        into[prefix + key] = value

    def taken(self) -> list[dict[str, str]]:
        done, self.done = self.done, []
        return done
