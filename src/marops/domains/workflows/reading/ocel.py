"""OCEL 2.0 as JSON: events of several objects. Objects of one type are taken as the cases; one event of several of them
stands in each.

The file is read block by block, never as a whole; events and objects wait in a scratch database, which takes them
out of the text, too.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self, cast

import pyarrow as pa

from marops.domains.capture.public import Chunk, Source
from marops.domains.workflows.reading.elements import BrokenJson, lists
from marops.kernel.config import config
from marops.kernel.errors import FieldError, MaropsError, problem
from marops.store.staging import Staging, StagingRefused

_LOOK: Final = 3_000
_MEMORY: Final = "250MB"
MOST_ATTRIBUTES: Final = 200
_LONGEST: Final = 1_000
_FIXED: Final = ("event", "activity", "time")
_SHAPES: Final = {
    "objects": '{"id": "VARCHAR", "type": "VARCHAR"}',
    "events": '{"id": "VARCHAR", "type": "VARCHAR", "time": "VARCHAR",'
    ' "attributes": [{"name": "VARCHAR", "value": "VARCHAR"}], "relationships": [{"objectId": "VARCHAR"}]}',
}
"""What of each element is kept; what is missing, or of another shape, is null."""

_EMPTY: Final = (
    "CREATE TABLE objects (id TEXT, type TEXT)",
    'CREATE TABLE events ("number" BIGINT, id TEXT, type TEXT, time TEXT, attributes STRUCT(name TEXT, "value" TEXT)[],'
    ' relationships STRUCT("objectId" TEXT)[])',
)
_RELATIONS: Final = f"""
CREATE TABLE relation AS
SELECT r."number", left(o.id, {_LONGEST}) AS object, o.type
FROM (
    SELECT "number", unnest(list_distinct(list_transform(relationships, lambda one: one."objectId"))) AS id FROM events
) r
JOIN (SELECT id, min(type) AS type FROM objects WHERE type IS NOT NULL GROUP BY id) o ON o.id = r.id
"""
_ATTRIBUTES: Final = """
SELECT name
FROM (SELECT "number", unnest(attributes).name AS name, generate_subscripts(attributes, 1) AS place FROM events)
WHERE name IS NOT NULL GROUP BY name ORDER BY min("number"), min(place), name LIMIT ?
"""

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
        self._staging = Staging(config().home / "tmp", memory=_MEMORY)
        try:
            self._load()
            self._attributes = [name for (name,) in self._staging.rows(_ATTRIBUTES, [MOST_ATTRIBUTES])]
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
        for table in _EMPTY:
            self._staging.execute(table)
        seen: set[str] = set()
        events = 0
        try:
            for key, texts in self._pages():
                seen.add(key)
                if key == "objects":
                    self._take(key, {"text": texts})
                elif not (self._peek and events >= _LOOK):
                    numbers = pa.array(range(events + 1, events + len(texts) + 1), pa.int64())
                    self._take(key, {"number": numbers, "text": texts})
                    events += len(texts)
                if self._peek and events >= _LOOK and "objects" in seen:
                    break
        except (OSError, EOFError, BrokenJson, StagingRefused) as error:
            raise MaropsError(BAD_JSON, f"{self._path.name}: {error}") from None
        if not {"events", "objects"} <= seen:
            raise MaropsError(NOT_OCEL, f"It has no {' and no '.join(sorted({'events', 'objects'} - seen))}.")
        self._staging.execute(_RELATIONS)

    def _take(self, key: str, columns: dict[str, pa.Array]) -> None:
        made = f"unnest(json_transform(text, '{_SHAPES[key]}'))"
        numbers = '"number", ' if "number" in columns else ""
        self._staging.append(key, pa.table(columns), f"{numbers}{made}")

    def _pages(self) -> Iterator[tuple[str, pa.Array]]:
        with cast("IO[bytes]", gzip.open(self._path) if self._packed else self._path.open("rb")) as file:
            yield from lists(file, _SHAPES, most=self._most)

    # --- choosing ---

    def _types(self) -> dict[str, int]:
        """The types of objects that events are about, with how many objects each has."""
        return dict(
            self._staging.rows(
                "SELECT type, count(DISTINCT object) AS objects FROM relation GROUP BY 1 ORDER BY 2 DESC, 1"
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
            'SELECT r.type, count(DISTINCT e.type)::DOUBLE * count(DISTINCT r."number") / count(*) AS worth'
            ' FROM relation r JOIN events e ON e."number" = r."number"'
            " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
        )
        return str(found[0][0])

    def _others(self) -> list[str]:
        taken = {*_FIXED, *self._attributes}
        return [one for one in self.types if one != self.case_object and one not in taken]

    # --- reading ---

    def read(self, size: int) -> Iterator[Chunk]:
        """A row for each event and case, in the order of the file; rows count from 1."""
        last = self._staging.value('SELECT max("number") FROM events') or 0
        sql, given = self._rows()
        row = 1
        for start in range(0, last, size):
            found = self._staging.arrow(sql, {**given, "after": start, "upto": start + size})
            for offset in range(0, found.num_rows, size):
                piece = found.slice(offset, size)
                numbers = pa.array(range(row, row + piece.num_rows), pa.int64())
                yield Chunk(piece.add_column(0, "row", numbers))
                row += piece.num_rows

    def _rows(self) -> tuple[str, dict[str, str]]:
        """What asks for the rows of some events, with the columns that a chunk has, and its parameters."""
        others = self._others()
        firsts = "".join(f", min(object) FILTER (type = $other{n}) AS other{n}" for n in range(len(others)))
        given = [
            f'list_filter(e.attributes, lambda one: one.name = $name{n})[-1]."value"'
            for n in range(len(self._attributes))
        ]
        cells = ["r.object", "e.id", "e.type", "e.time", *given, *(f"f.other{n}" for n in range(len(others)))]
        columns = ", ".join(f"left({cell}, {_LONGEST}) AS c{n}" for n, cell in enumerate(cells))
        some = '"number" > $after AND "number" <= $upto'
        sql = (
            f"WITH near AS (SELECT * FROM relation WHERE {some}) SELECT {columns}"
            f' FROM (SELECT * FROM events WHERE {some}) e JOIN near r ON r."number" = e."number"'
            f' LEFT JOIN (SELECT "number"{firsts} FROM near WHERE type <> $case GROUP BY "number") f'
            ' ON f."number" = e."number" WHERE r.type = $case ORDER BY e."number", r.object'
        )
        names = {f"name{n}": name for n, name in enumerate(self._attributes)}
        return sql, {"case": self.case_object, **names, **{f"other{n}": name for n, name in enumerate(others)}}
