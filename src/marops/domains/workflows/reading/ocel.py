"""OCEL 2.0 as JSON: events of several objects. Objects of one type are taken as the cases; one event of several of them
stands in each.

The file is read element by element, never as a whole; which object is of which type waits in a scratch database.
"""

import codecs
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self, cast

import pyarrow as pa

from marops.domains.capture.public import Chunk, Source
from marops.kernel.config import config
from marops.kernel.errors import FieldError, MaropsError, problem
from marops.store.staging import Staging

_BLOCK: Final = 1 << 18
_PAGE: Final = 20_000
_LOOK: Final = 3_000
_LARGEST: Final = 16_000_000
MOST_ATTRIBUTES: Final = 200
_FIXED: Final = ("event", "activity", "time")

BAD_JSON = problem(
    "log-json-broken",
    "The JSON of this log is broken",
    remedy="Nothing was kept. Export the log again; the file may have been cut off.",
)
NOT_OCEL = problem(
    "log-not-ocel",
    "This JSON is no object-centric event log",
    remedy="Nothing was kept. Bring OCEL 2.0 JSON (it has `events`, `objects`, `objectTypes`), XES or CSV.",
)
NO_SUCH_OBJECTS = problem(
    "log-no-such-objects",
    "No events are about objects of this type",
    remedy="Name one of the types listed as the case.",
)


class OcelSource(Source):
    """Events as rows: the object that is the case, the event, what was done, when; its attributes; other objects."""

    def __init__(self, path: Path, case_object: str, *, packed: bool, most: int, peek: bool) -> None:
        super().__init__("ocel")
        self._path, self._packed, self._most, self._peek = path, packed, most, peek
        self._staging = Staging(config().home / "tmp")
        try:
            self._load()
            self.types = self._types()
            self.case_object = self._chosen(case_object)
            self.columns = [self.case_object, *_FIXED, *self._attributes, *self._others()]
        except BaseException:
            self._staging.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._staging.close()

    # --- loading ---

    def _load(self) -> None:
        self._staging.execute("CREATE TABLE object (id TEXT, type TEXT)")
        self._staging.execute("CREATE TABLE event (number BIGINT, id TEXT, type TEXT, time TEXT, attributes TEXT)")
        self._staging.execute("CREATE TABLE relation (number BIGINT, object TEXT)")
        self._attributes: dict[str, None] = {}
        seen: set[str] = set()
        number = 0
        for key, page in _pages(self._elements()):
            seen.add(key)
            if key == "objects":
                rows = {"id": [_text(one, "id") for one in page], "type": [_text(one, "type") for one in page]}
                self._staging.append("object", pa.table(rows, pa.schema([("id", pa.string()), ("type", pa.string())])))
            elif key == "events" and not (self._peek and number >= _LOOK):
                number = self._take(page, number)
            if self._peek and number >= _LOOK and "objects" in seen:
                return
        if not {"events", "objects"} <= seen:
            raise MaropsError(NOT_OCEL, f"It has no {' and no '.join(sorted({'events', 'objects'} - seen))}.")

    def _take(self, page: list[dict[str, Any]], number: int) -> int:
        events: dict[str, list[Any]] = {"number": [], "id": [], "type": [], "time": [], "attributes": []}
        numbers: list[int] = []
        objects: list[str] = []
        for one in page:
            number += 1
            given = {
                str(a.get("name")): _plain(a.get("value")) for a in one.get("attributes") or () if isinstance(a, dict)
            }
            if len(self._attributes) < MOST_ATTRIBUTES:
                self._attributes |= dict.fromkeys(given)
            for name, value in zip(
                events,
                (number, _text(one, "id"), _text(one, "type"), _text(one, "time"), json.dumps(given)),
                strict=True,
            ):
                events[name].append(value)
            related = dict.fromkeys(
                str(r.get("objectId"))
                for r in one.get("relationships") or ()
                if isinstance(r, dict) and r.get("objectId")
            )
            numbers += [number] * len(related)
            objects += related
        self._staging.append("event", pa.table(events))
        self._staging.append(
            "relation", pa.table({"number": pa.array(numbers, pa.int64()), "object": pa.array(objects, pa.string())})
        )
        return number

    def _elements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        try:
            with cast("IO[bytes]", gzip.open(self._path) if self._packed else self._path.open("rb")) as file:
                yield from _Elements(file, self._most).read()
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise MaropsError(BAD_JSON, f"{self._path.name}: {error}") from None

    # --- choosing ---

    def _types(self) -> dict[str, int]:
        """The types of objects that events are about, with how many objects each has."""
        return dict(
            self._staging.rows(
                "SELECT o.type, count(DISTINCT o.id) AS objects FROM object o"
                " WHERE o.id IN (SELECT object FROM relation) AND o.type IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
            )
        )

    def _chosen(self, wanted: str) -> str:
        if not self.types:
            raise MaropsError(NOT_OCEL, "None of its events is about an object.")
        if wanted and wanted not in self.types:
            said = f"There is no event about a {wanted!r}; there are {', '.join(self.types)}."
            raise MaropsError(NO_SUCH_OBJECTS, said, errors=[FieldError("choice", said, field="case_object")])
        return wanted or self._longest()

    def _longest(self) -> str:
        """Cases should be followed through many steps, by few events of several at once."""
        found = self._staging.rows(
            "SELECT o.type, count(DISTINCT e.type)::DOUBLE * count(DISTINCT r.number) / count(*) AS worth"
            " FROM relation r JOIN object o ON o.id = r.object JOIN event e ON e.number = r.number"
            " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
        )
        return str(found[0][0])

    def _others(self) -> list[str]:
        taken = {*_FIXED, *self._attributes}
        return [one for one in self.types if one != self.case_object and one not in taken]

    # --- reading ---

    def read(self, size: int) -> Iterator[Chunk]:
        """A row for each event and case, in the order of the file; rows count from 1."""
        others = self._others()
        firsts = "".join(
            f", (SELECT min(x.object) FROM relation x JOIN object y ON y.id = x.object"
            f" WHERE x.number = e.number AND y.type = $o{n}) AS o{n}"
            for n in range(len(others))
        )
        self._staging.execute(
            'CREATE OR REPLACE TABLE flat AS SELECT row_number() OVER (ORDER BY e.number, o.id) AS "row",'
            f" o.id AS object, e.*{firsts} FROM event e JOIN relation r ON r.number = e.number"
            " JOIN object o ON o.id = r.object WHERE o.type = $case",
            {"case": self.case_object, **{f"o{n}": name for n, name in enumerate(others)}},
        )
        total = self._staging.value("SELECT count(*) FROM flat")
        for start in range(0, total, size):
            rows = self._staging.arrow(
                'SELECT * FROM flat WHERE "row" > ? AND "row" <= ? ORDER BY "row"', [start, start + size]
            )
            yield Chunk(self._table(rows, len(others)))

    def _table(self, rows: pa.Table, others: int) -> pa.Table:
        given = [json.loads(text) for text in rows["attributes"].to_pylist()]
        cells = [rows["object"], rows["id"], rows["type"], rows["time"]]
        cells += [pa.array([one.get(name) for one in given], pa.string()) for name in self._attributes]
        cells += [rows[f"o{n}"] for n in range(others)]
        return pa.table({"row": rows["row"].cast(pa.int64()), **{f"c{n}": cell for n, cell in enumerate(cells)}})


def _text(one: dict[str, Any], name: str) -> str | None:
    value = one.get(name)
    return None if value is None else str(value)[:1000]


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)[:1000]


def _pages(elements: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    page: list[dict[str, Any]] = []
    last = ""
    for key, one in elements:
        if page and (key != last or len(page) == _PAGE):
            yield last, page
            page = []
        last = key
        page.append(one)
    if page:
        yield last, page


class _Elements:
    """The elements of the lists in a JSON object, one by one: only one of them is in memory."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file, self._most, self._size = file, most, 0
        self._decoder = json.JSONDecoder()
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0

    def read(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The name of each list and its elements; other values are passed over. Raises `log-json-broken`."""
        self._expect("{")
        while self._peek() != "}":
            key = self._value()
            if not isinstance(key, str):
                raise MaropsError(BAD_JSON, "A key is no text.")
            self._expect(":")
            if self._peek() == "[":
                yield from ((key, one) for one in self._list() if isinstance(one, dict))
            else:
                self._value()
            if self._peek() == ",":
                self._at += 1

    def _list(self) -> Iterator[Any]:
        self._expect("[")
        while self._peek() != "]":
            yield self._value()
            if self._peek() == ",":
                self._at += 1
        self._at += 1

    def _value(self) -> Any:
        self._peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError:
                raise MaropsError(BAD_JSON, "Values stand too deep in each other.") from None
            except ValueError as error:
                if len(self._text) - self._at > _LARGEST or not self._more():
                    raise MaropsError(BAD_JSON, str(error)) from None
                continue
            # A number may go on in the next block.
            if end < len(self._text) or not self._more():
                self._at = end
                return value

    def _peek(self) -> str:
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n\ufeff":
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                raise MaropsError(BAD_JSON, "It ends too early.")

    def _expect(self, char: str) -> None:
        if self._peek() != char:
            raise MaropsError(BAD_JSON, f"There is {self._text[self._at]!r} where {char!r} belongs.")
        self._at += 1

    def _more(self) -> bool:
        block = self._file.read(_BLOCK)
        if not block:
            return False
        self._size += len(block)
        if self._size > self._most:
            raise MaropsError(BAD_JSON, f"It holds more than {self._most:,} bytes.")
        self._text, self._at = self._text[self._at :] + self._decode.decode(block), 0
        return True
