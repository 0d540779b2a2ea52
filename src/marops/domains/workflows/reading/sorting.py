"""Events on their way from a file into the tables: paired into pieces of work, checked, put in order, numbered.

A scratch database does it, which spills to disk: a log of any length takes the same memory.
"""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from marops.domains.workflows.reading.meanings import NAMED
from marops.kernel.errors import FieldError, MaropsError, problem
from marops.store.staging import Staging

MOST_PER_CASE: Final = 10_000
MOST_ACTIVITIES: Final = 1_000
FAULTS_SHOWN: Final = 20

FAULTY = problem(
    "log-faulty",
    "Rows of this log cannot be used",
    remedy="Nothing was kept. Put the rows right and bring the file again, or say that such rows are left out.",
)
EMPTY = problem(
    "log-empty",
    "There is no finished work in this log",
    remedy="Nothing was kept. Check which columns hold the times, and that the export was complete.",
)
CASE_TOO_LONG = problem(
    "log-case-too-long",
    "One case has too many events",
    remedy="Nothing was kept. Another column probably says which case an event belongs to: choose that one.",
)
TOO_MANY_ACTIVITIES = problem(
    "log-too-many-activities",
    "There are too many different activities",
    remedy="Nothing was kept. Choose the column that names the kind of work, not the single piece of it.",
)

_EMPTY_EVENTS: Final = """
CREATE TABLE event ("row" BIGINT, "case" TEXT, activity TEXT, resource TEXT, role TEXT, "class" TEXT, platform TEXT,
    touch TEXT, skill TEXT, enabled TIMESTAMPTZ, start TIMESTAMPTZ, "end" TIMESTAMPTZ, mark TEXT, instance TEXT,
    cost DOUBLE, attempt INTEGER, again BOOLEAN)
"""
_EMPTY_FAULTS: Final = 'CREATE TABLE fault ("row" BIGINT, meaning TEXT, code TEXT)'

# The k-th closing belongs to the k-th opening that is still open. What was closed without having been opened is told by
# how far the running balance has ever been below zero; those do not count.
_PAIRS: Final = """
CREATE TABLE {name} AS
WITH balance AS (
    SELECT *, sum(CASE WHEN opens THEN 1 ELSE -1 END) OVER upto AS level, count(*) FILTER (opens) OVER upto AS opened,
        count(*) FILTER (NOT opens) OVER upto AS closed
    FROM ({marks})
    WINDOW upto AS (PARTITION BY "case", activity, instance ORDER BY moment, "row" ROWS UNBOUNDED PRECEDING)
), loss AS (
    SELECT *, greatest(0, -min(level) OVER (PARTITION BY "case", activity, instance ORDER BY moment, "row"
        ROWS UNBOUNDED PRECEDING)) AS lost FROM balance
), matched AS (
    SELECT *, CASE WHEN opens THEN opened
        WHEN lost = lag(lost, 1, 0) OVER (PARTITION BY "case", activity, instance ORDER BY moment, "row")
        THEN closed - lost END AS turn FROM loss
)
SELECT o."row" AS opening, c."row" AS closing, o.moment AS opened_at
FROM (SELECT * FROM matched WHERE opens) o
FULL JOIN (SELECT * FROM matched WHERE NOT opens) c
    ON c."case" = o."case" AND c.activity = o.activity AND c.instance IS NOT DISTINCT FROM o.instance
    AND c.turn = o.turn
"""

_MARKS: Final = """
SELECT "row", "case", activity, instance, "end" AS moment, mark = 's' AS opens FROM event WHERE mark IN ('s', 'c')
"""
_ENABLINGS: Final = """
SELECT "row", "case", activity, instance, "end" AS moment, TRUE AS opens FROM event WHERE mark = 'e'
UNION ALL SELECT "row", "case", activity, instance, coalesce(start, "end"), FALSE FROM piece
"""

# Of a pair the closing row is the piece of work; who did it may stand on either.
_PIECES: Final = """
CREATE TABLE piece AS
SELECT e.* REPLACE (
    CASE WHEN e.mark = 's' THEN e."end" ELSE coalesce(e.start, p.opened_at) END AS start,
    CASE WHEN e.mark = 'c' THEN e."end" END AS "end",
    coalesce(e.resource, s.resource) AS resource)
FROM event e
LEFT JOIN pair p ON p.closing = e."row"
LEFT JOIN event s ON s."row" = p.opening
WHERE e.mark = 'c' OR (e.mark = 's' AND e."row" IN (SELECT opening FROM pair WHERE closing IS NULL))
"""

# Work for several cases is done once: it could begin when the last of them was ready, and that case counts it. In the
# others it stands at its end, without work or waiting, so that what follows there begins from it.
_SHARED: Final = """
UPDATE piece SET again = TRUE, start = piece."end", enabled = piece."end" FROM (
    SELECT "row", row_number() OVER (PARTITION BY instance ORDER BY before DESC NULLS LAST, "row") AS turn FROM (
        SELECT "row", instance, lag(coalesce("end", start)) OVER (
            PARTITION BY "case" ORDER BY coalesce(start, "end"), "row") AS before
        FROM piece)
    WHERE instance IS NOT NULL
) shared WHERE shared."row" = piece."row" AND shared.turn > 1
"""

_REPEATS: Final = """
INSERT INTO fault
SELECT "row", 'activity', 'repeated' FROM piece
QUALIFY row_number() OVER (
    PARTITION BY "case", activity, resource, start, "end", instance ORDER BY "row") > 1
"""

# Names in the order in which they first come: of cases, that is the order in which they began.
_NAMES: Final = """
CREATE TABLE name_{kind} AS
SELECT "{kind}" AS name, (row_number() OVER (ORDER BY {first}) - 1)::INTEGER AS position
FROM {source} WHERE "{kind}" IS NOT NULL GROUP BY "{kind}"
"""

_CLASSES: Final = """
CREATE TABLE case_class AS
SELECT "case", coalesce(arg_min("class", "row") FILTER ("class" IS NOT NULL), '') AS "class" FROM piece GROUP BY "case"
"""

_ORDERED: Final = """
CREATE TABLE ordered AS
SELECT (row_number() OVER (ORDER BY case_no, coalesce(start, "end"), coalesce("end", start), "row") - 1)::BIGINT
    AS number, *
FROM (
    SELECT p."row", c.position AS case_no, a.position AS activity_no, k.position AS class_no,
        r.position AS resource_no, o.position AS role_no, s.position AS skill_no, f.position AS platform_no,
        t.position AS touch_no, p.enabled, p.start, p."end", p.cost, p.attempt, coalesce(p.again, FALSE) AS again
    FROM piece p JOIN name_case c ON c.name = p."case" JOIN name_activity a ON a.name = p.activity
    JOIN case_class l ON l."case" = p."case" JOIN name_class k ON k.name = l."class"
    LEFT JOIN name_resource r ON r.name = p.resource LEFT JOIN name_role o ON o.name = p.role
    LEFT JOIN name_skill s ON s.name = p.skill LEFT JOIN name_platform f ON f.name = p.platform
    LEFT JOIN name_touch t ON t.name = p.touch
)
"""

_COUNTS: Final = """
SELECT count(*) AS events, count(*) FILTER ("end" IS NULL) AS unfinished,
    count(*) FILTER (start IS NULL) AS without_start, count(*) FILTER (resource_no IS NULL) AS without_resource,
    count(*) FILTER (again) AS again, count(DISTINCT case_no) FILTER ("end" IS NOT NULL) AS finished_cases,
    min(coalesce(enabled, start, "end")) AS first_at, max(coalesce("end", start)) AS last_at
FROM ordered
"""


class Sorting:
    """The scratch database of one import: `take` rows, `check`, `order`, then read `names` and `events`."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self.rows = 0
        self.shared_once = False
        """Events of one `instance` in several cases are one piece of work."""
        staging.execute("SET TimeZone = 'UTC'")
        staging.execute(_EMPTY_EVENTS)
        staging.execute(_EMPTY_FAULTS)

    def take(self, events: pa.Table, faults: pa.Table | None = None) -> None:
        """Add events, and rows that cannot be events."""
        self._staging.append("event", events)
        self.rows += events.num_rows
        if faults is not None and faults.num_rows:
            self._staging.append("fault", faults)
            self.rows += faults.num_rows

    def pair(self) -> Iterator[None]:
        """Make pieces of work of starts and ends. Yields between its steps."""
        marks = {mark for (mark,) in self._staging.rows("SELECT DISTINCT mark FROM event")}
        if marks <= {"c"}:
            self._staging.execute("ALTER TABLE event RENAME TO piece")
        else:
            self._staging.execute(_PAIRS.format(name="pair", marks=_MARKS))
            yield
            self._staging.execute(_PIECES)
            yield
            if "e" in marks:
                self._enable()
        yield
        if self.shared_once:
            self._staging.execute(_SHARED)
            yield
        self._staging.execute(_REPEATS)

    def marks_left_out(self) -> int:
        """How many rows were neither a start nor an end."""
        known = self._staging.has("event")
        return int(self._staging.value("SELECT count(*) FROM event WHERE mark = 'x'")) if known else 0

    def _enable(self) -> None:
        self._staging.execute(_PAIRS.format(name="enabling", marks=_ENABLINGS))
        self._staging.execute(
            'UPDATE piece SET enabled = e.opened_at FROM enabling e WHERE e.closing = piece."row"'
            " AND e.opened_at IS NOT NULL AND piece.enabled IS NULL"
        )

    def faults(self) -> dict[str, int]:
        """How many rows have which fault."""
        return dict(self._staging.rows('SELECT code, count(*) FROM fault GROUP BY code ORDER BY min("row")'))

    def first_faults(self, most: int = FAULTS_SHOWN) -> list[tuple[int, str, str]]:
        """The first faulty rows, the column's meaning and the code."""
        return self._staging.rows('SELECT "row", meaning, code FROM fault ORDER BY "row", code LIMIT ?', [most])

    def leave_out(self) -> None:
        """Take what repeats an earlier row out; other faulty rows never came in."""
        self._staging.execute('DELETE FROM piece WHERE "row" IN (SELECT "row" FROM fault WHERE code = \'repeated\')')
        # Enabled after it began is a slip of a system's clock; then nobody knows since when it could have begun.
        self._staging.execute('UPDATE piece SET enabled = NULL WHERE enabled > coalesce(start, "end")')

    def check(self) -> None:
        """Refuse what is no log. Raises MaropsError `log-empty`, `log-case-too-long`, `log-too-many-activities`."""
        if not self._staging.value('SELECT count("end") FROM piece'):
            raise MaropsError(EMPTY)
        row, many = self._staging.rows(
            'SELECT min("row"), count(*) AS many FROM piece GROUP BY "case" ORDER BY many DESC LIMIT 1'
        )[0]
        if many > MOST_PER_CASE:
            said = f"The case of row {row} has {many:,} events; more than {MOST_PER_CASE:,} are no case."
            fault = FieldError("case-too-long", said, "Choose another column as the case.", row=row, field="case")
            raise MaropsError(CASE_TOO_LONG, said, errors=[fault])
        activities = self._staging.value("SELECT count(DISTINCT activity) FROM piece")
        if activities > MOST_ACTIVITIES:
            said = f"There are {activities:,} different activities; a map can show {MOST_ACTIVITIES:,} at most."
            fault = FieldError("too-many", said, "Choose another column as the activity.", field="activity")
            raise MaropsError(TOO_MANY_ACTIVITIES, said, errors=[fault])

    def order(self) -> Iterator[None]:
        """Number the names and the pieces. Yields between its steps."""
        for kind in NAMED:
            source, first = ("case_class", 'min("class")') if kind == "class" else ("piece", 'min("row")')
            if kind == "class":
                self._staging.execute(_CLASSES)
            elif kind == "case":
                first = 'min(coalesce(start, "end")), min("row")'
            self._staging.execute(_NAMES.format(kind=kind, source=source, first=first))
            yield
        self._staging.execute(_ORDERED)
        yield

    def counts(self) -> dict[str, Any]:
        """Rows, pieces of work, cases, names of each kind, first and last moment."""
        found = self._staging.arrow(_COUNTS).to_pylist()[0]
        names = {kind: self._staging.value(f"SELECT count(*) FROM name_{kind}") for kind in NAMED}
        return {"rows": self.rows, **found, **names}

    def names(self) -> Iterator[pa.Table]:
        """The names: `kind`, `position`, `name`."""
        for kind in NAMED:
            total = self._staging.value(f"SELECT count(*) FROM name_{kind}")
            for start in range(0, total, 100_000):
                yield self._staging.arrow(
                    f"SELECT '{kind}' AS kind, position, name FROM name_{kind}"
                    " WHERE position >= ? AND position < ? ORDER BY position",
                    [start, start + 100_000],
                )

    def events(self, start: int, many: int) -> pa.Table:
        """Pieces by their numbers, with the columns of the table of events."""
        return self._staging.arrow(
            'SELECT * EXCLUDE (start, "end"), start AS started, "end" AS ended FROM ordered'
            " WHERE number >= ? AND number < ? ORDER BY number",
            [start, start + many],
        )
