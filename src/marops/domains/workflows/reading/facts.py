"""Marops' own task facts as a log: what was done in this workspace, by whom and how long it waited."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from marops.engine.asking import query_engine

_EVENTS: Final = """
SELECT row_number() OVER (ORDER BY ended_at, id)::BIGINT AS "row", case_id AS "case", activity,
    CASE WHEN actor_type = 'human' THEN actor_id END AS resource, NULL::VARCHAR AS role, case_class AS "class",
    platform, touch, skill, enabled_at AS enabled, started_at AS start, ended_at AS "end", 'c' AS mark,
    NULL::VARCHAR AS instance, cost::DOUBLE AS cost, attempt
FROM facts
WHERE kind = 'task.finished' AND case_id IS NOT NULL AND activity IS NOT NULL AND ended_at IS NOT NULL
    AND (started_at IS NULL OR started_at <= ended_at) AND ($class = '' OR case_class = $class)
"""
_PAGE: Final = 100_000


def events_of_facts(case_class: str = "") -> Iterator[pa.Table]:
    """Finished tasks as events; of one class, or of all. Rows count from 1 in the order in which the work ended."""
    rows = query_engine().arrow(_EVENTS, {"class": case_class})
    for start in range(0, rows.num_rows, _PAGE):
        yield rows.slice(start, _PAGE)


def classes_of_facts() -> dict[str, int]:
    """The classes of cases that tasks were finished in, with how many tasks."""
    found = query_engine().rows(
        "SELECT case_class, count(*) AS tasks FROM facts WHERE kind = 'task.finished' AND case_class IS NOT NULL"
        " GROUP BY 1 ORDER BY 1"
    )
    return {one["case_class"]: one["tasks"] for one in found}
