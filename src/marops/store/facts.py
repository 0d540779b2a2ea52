"""What a fact looks like in the lake, and the relations over it that every reader uses.

`lake.fact` holds what the mover has carried over, `pg.public.fact_inbox` what it has not; nobody reads either. Readers
use three relations:

- `identities(written_as, contact_id)`: one row for every id that means somebody else today (merged, redirected,
  recognised). Aliases are stored as they were made, one row each, so that an unmerge is the deletion of one row: the
  chain A → B → C is followed here, never flattened in the table. Ids in a circle stay themselves. `valid_from` tells
  when an alias was learnt; it holds for all facts written under the id.
- `facts`: every committed fact once, of people who were not erased, with `contact_id` as it stands today and
  `written_as` as it was written. Filters on any other column reach the Parquet files; a filter on `contact_id` does
  not (it is computed), so for the facts of a few known people use
- `facts_of(ids)`: the same for a list of contact ids, which finds the ids they were written under first and prunes by
  them. For one person, `engine.asking.facts_about` asks PostgreSQL for those ids beforehand, which is quicker still.
"""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

FACT_COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("id", "UUID"),
    ("kind", "VARCHAR"),
    ("occurred_at", "TIMESTAMPTZ"),
    ("recorded_at", "TIMESTAMPTZ"),
    ("contact_id", "UUID"),
    ("subject_type", "VARCHAR"),
    ("subject_id", "VARCHAR"),
    ("actor_type", "VARCHAR"),
    ("actor_id", "VARCHAR"),
    ("campaign_id", "UUID"),
    ("source", "VARCHAR"),
    ("key", "VARCHAR"),
    ("definition", "VARCHAR"),
    ("properties", "JSON"),
    ("case_id", "VARCHAR"),
    ("case_class", "VARCHAR"),
    ("activity", "VARCHAR"),
    ("skill", "VARCHAR"),
    ("touch", "VARCHAR"),
    ("platform", "VARCHAR"),
    ("enabled_at", "TIMESTAMPTZ"),
    ("started_at", "TIMESTAMPTZ"),
    ("ended_at", "TIMESTAMPTZ"),
    ("paused", "DOUBLE"),
    ("batch_id", "VARCHAR"),
    ("attempt", "INTEGER"),
    ("rework_of", "VARCHAR"),
    ("cost", "DECIMAL(18,4)"),
    ("ai_use", "VARCHAR"),
    ("policy_decision", "VARCHAR"),
    ("objects", "JSON"),
)
"""Name and DuckDB type of every column of `lake.fact`: those of `fact_inbox` except `batch`, in the same order."""

FACT_NAMES: Final = tuple(name for name, _ in FACT_COLUMNS)

LAKE_COLUMNS: Final = (*FACT_COLUMNS, ("contact_part", "BIGINT"))
"""Columns of `lake.fact`: those of a fact, and the first 48 bits of `contact_id` as a number. DuckDB 1.5 skips no row
group by a UUID's statistics but does by a number's; without this column one contact's timeline decodes the contact ids
of the whole lake."""


def part_of(contact_id: str) -> str:
    """SQL for `contact_part` of an expression of type UUID."""
    return f"('0x' || left({contact_id}::VARCHAR, 8) || substr({contact_id}::VARCHAR, 10, 4))::BIGINT"


_LONGEST_CHAIN: Final = 64

# Chains are rare and aliases may be many: the table is read once, and only those that another alias points at are
# followed.
IDENTITIES: Final = f"""
CREATE OR REPLACE VIEW identities AS
WITH RECURSIVE alias AS MATERIALIZED (SELECT alias_id, contact_id FROM pg.public.contact_alias),
between AS MATERIALIZED (SELECT * FROM alias a WHERE EXISTS (SELECT 1 FROM alias b WHERE b.contact_id = a.alias_id)),
chain(written_as, contact_id, hops) AS (
    SELECT a.alias_id, b.contact_id, 2 FROM alias a JOIN between b ON b.alias_id = a.contact_id
    UNION ALL
    SELECT c.written_as, b.contact_id, c.hops + 1 FROM chain c JOIN between b ON b.alias_id = c.contact_id
    WHERE c.hops < {_LONGEST_CHAIN}
)
SELECT a.alias_id AS written_as, a.contact_id FROM alias a
WHERE NOT EXISTS (SELECT 1 FROM between b WHERE b.alias_id = a.contact_id)
UNION ALL
SELECT c.written_as, c.contact_id FROM chain c
WHERE NOT EXISTS (SELECT 1 FROM between b WHERE b.alias_id = c.contact_id)
"""

# One row for every id whose facts are not simply its own: joined once, it answers "who is this today" and "is this
# person gone".
_READ_AS: Final = """
    SELECT i.written_as, i.contact_id, e.contact_id IS NOT NULL AS erased
    FROM identities i LEFT JOIN pg.public.erased_contact e ON e.contact_id = i.contact_id
    WHERE NOT EXISTS (SELECT 1 FROM pg.public.erased_contact x WHERE x.contact_id = i.written_as)
    UNION ALL
    SELECT contact_id, NULL, TRUE FROM pg.public.erased_contact
"""


def _columns(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in FACT_NAMES)


# The inbox keeps a row for a moment after its batch has arrived in the lake.
_STILL_THERE: Final = """
    (i.batch IS NULL OR NOT EXISTS (SELECT 1 FROM lake.main.moved_batch m WHERE m.batch = i.batch))
"""


def _written(more_of_lake: str = "", more_of_inbox: str = "") -> str:
    """Every committed fact once, as it was written: correct only when the lake's snapshot is not younger than the
    inbox's.
    """
    return f"""
    SELECT {_columns("f")}{more_of_lake} FROM lake.main.fact f
    UNION ALL
    SELECT {_columns("i")}{more_of_inbox} FROM pg.public.fact_inbox i
    WHERE {_STILL_THERE}
    """


def _resolved(alias: str, read_as: str) -> str:
    contact = f"coalesce({read_as}.contact_id, {alias}.contact_id) AS contact_id"
    return ", ".join(contact if name == "contact_id" else f"{alias}.{name}" for name in FACT_NAMES)


FACTS: Final = f"""
CREATE OR REPLACE VIEW facts AS
SELECT {_resolved("w", "r")}, w.contact_id AS written_as
FROM ({_written()}) w LEFT JOIN ({_READ_AS}) r ON r.written_as = w.contact_id
WHERE r.erased IS NOT TRUE
"""

# The list in the middle tells DuckDB that these are few: it takes a recursion for large and would hash the whole lake.
FACTS_OF: Final = f"""
CREATE OR REPLACE MACRO facts_of(ids) AS TABLE
WITH RECURSIVE person(written_as, contact_id) AS (
    SELECT u.id, u.id FROM (SELECT DISTINCT unnest(ids) AS id) u
    WHERE NOT EXISTS (SELECT 1 FROM pg.public.contact_alias a WHERE a.alias_id = u.id)
      AND NOT EXISTS (SELECT 1 FROM pg.public.erased_contact e WHERE e.contact_id = u.id)
    UNION
    SELECT a.alias_id, p.contact_id FROM person p JOIN pg.public.contact_alias a ON a.contact_id = p.written_as
), meant AS MATERIALIZED (
    SELECT k.one.written_as AS written_as, k.one.contact_id AS contact_id, {part_of("k.one.written_as")} AS part
    FROM (SELECT unnest((SELECT list(p) FROM person p)) AS one) k
    WHERE NOT EXISTS (SELECT 1 FROM pg.public.erased_contact e WHERE e.contact_id = k.one.written_as)
)
SELECT {_resolved("w", "m")}, w.contact_id AS written_as
FROM ({_written(", f.contact_part", f", {part_of('i.contact_id')}")}) w
JOIN meant m ON m.part = w.contact_part AND m.written_as = w.contact_id
"""


def facts_of_one(person: UUID, written_as: Iterable[UUID]) -> str:
    """A query for all facts of one person, written under any of these ids; columns as in the view `facts`.

    The ids stand in it as constants, so that files and row groups without them are not even opened: half the time of
    `facts_of`, which learns them only as it runs.
    """
    ids = list(written_as)
    uuids = ", ".join(f"'{one}'::UUID" for one in ids) or "NULL"
    parts = ", ".join(str(int(one.hex[:12], 16)) for one in ids) or "NULL"
    columns = ", ".join(f"'{person}'::UUID AS contact_id" if name == "contact_id" else name for name in FACT_NAMES)
    return f"""
    SELECT {columns}, f.contact_id AS written_as FROM lake.main.fact f
    WHERE f.contact_part IN ({parts}) AND f.contact_id IN ({uuids})
    UNION ALL
    SELECT {columns}, i.contact_id AS written_as FROM pg.public.fact_inbox i
    WHERE i.contact_id IN ({uuids}) AND {_STILL_THERE}
    """


RELATIONS: Final = (IDENTITIES, FACTS, FACTS_OF)
"""Statements that create the relations in a DuckDB instance where `pg` and `lake` are attached."""
