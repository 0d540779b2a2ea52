"""What a fact looks like in the lake, and the relations over it that every reader uses.

`lake.fact` holds what the mover has carried over, `pg.public.fact_inbox` what it has not; nobody reads either. Readers use three relations:

- `identities(written_as, contact_id)`: one row for every id that means somebody else today (merged, redirected, recognised). Aliases are
  stored as they were made, one row each, so that an unmerge is the deletion of one row: the chain A → B → C is followed here, never
  flattened in the table. A chain that ends in an erased person, or runs in a circle, has `contact_id` null.
- `facts`: every committed fact once, of people who were not erased, with `contact_id` as it stands today and `written_as` as it was
  written. Filters on any other column reach the Parquet files; a filter on `contact_id` does not (it is computed), so for the
  facts of a few known people use
- `facts_of(ids)`: the same for a list of contact ids, which finds the ids they were written under first and prunes by them.
"""

from typing import Final

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
