"""How the lake's layout answers its two commonest questions, and what the view `facts` adds to the bare table.

    uv run python benchmarks/lake.py --rows 20000000

Makes a lake of that many facts (two years, twenty a person) in a temporary folder, in three layouts: as built (a file
a month, sorted by contact), the same asked without `contact_part`, and one sorted run without months. Prints
milliseconds, best and median of several runs, and ratios to the bare table of the same run. 20 M rows take about two
minutes and 3 GB.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from marops.store.duckdb import QueryEngine
from marops.store.facts import LAKE_COLUMNS, part_of
from marops.store.lake import LakeWriter
from marops.store.tests.lakeground import Ground, ground

KINDS = "['page.viewed','email.opened','email.delivered','email.clicked','page.viewed','form.submitted','lead.routed']"
FACTS = """
SELECT uuidv7() AS id, {kinds}[1 + (hash(r) % 7)::INT] AS kind, moment AS occurred_at, moment AS recorded_at,
  'system' AS actor_type, 'engine' AS actor_id, 'tracker' AS source, 'tracker:' || r AS key,
  ('{{"page":"/p/' || (hash(r * 3) % 500) || '","n":' || (hash(r) % 100) || '}}')::JSON AS properties,
  -- an id of version 7: milliseconds first, the rest at random
  (lpad(format('{{:x}}', 1735689600000 + c * 94608000000 // {people}), 12, '0') || '7' || left(md5(c::VARCHAR), 3)
   || '8' || substr(md5(c::VARCHAR), 4, 15))::UUID AS contact_id
FROM (SELECT r, (hash(r * 13) % {people})::BIGINT AS c,
        make_timestamp(1735689600000000 + (hash(r * 7) % 63072000000000)::BIGINT)::TIMESTAMPTZ AS moment
      FROM range({rows}) t(r))
"""
SEGMENT = (
    "SELECT contact_id, count(*) FROM {table} WHERE kind = 'form.submitted'"
    " AND occurred_at >= TIMESTAMPTZ '2026-11-01 00:00:00Z' AND occurred_at < TIMESTAMPTZ '2026-12-01 00:00:00Z'"
    " GROUP BY 1"
)
YEAR = (
    "SELECT contact_id, count(*) FROM {table} WHERE kind = 'form.submitted'"
    " AND occurred_at >= TIMESTAMPTZ '2026-01-01 00:00:00Z' GROUP BY 1"
)
COLUMNS = "id, kind, occurred_at, properties"


def measured(ask: Callable[[], object], times: int = 7) -> tuple[float, float]:
    """Best and median in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    return min(taken), statistics.median(taken)


def load(writer: LakeWriter, rows: int) -> None:
    began = time.perf_counter()
    writer.bulk_load(FACTS.format(kinds=KINDS, people=max(1, rows // 20), rows=rows))
    seconds = time.perf_counter() - began
    size = sum(file.bytes for file in writer.files())
    print(f"loaded {rows:,} facts in {seconds:.1f} s ({rows / seconds:,.0f}/s), {size / rows:.0f} bytes a fact")
    columns = ", ".join(f"{name} {kind}" for name, kind in LAKE_COLUMNS)
    writer._lake.execute(f"CREATE TABLE lake.main.by_contact ({columns})")
    writer._lake.execute("ALTER TABLE lake.main.by_contact SET SORTED BY (contact_id ASC, occurred_at ASC)")
    writer._lake.execute("INSERT INTO lake.main.by_contact FROM lake.main.fact")


def compare(engine: QueryEngine) -> None:
    one = engine.rows("SELECT contact_id AS id FROM lake.main.fact WHERE key = 'tracker:77'")[0]["id"]
    part = engine.rows(f"SELECT {part_of('?::UUID')} AS part", [one, one])[0]["part"]
    timeline = f"SELECT {COLUMNS} FROM {{table}} WHERE contact_id = '{one}'"
    pruned = f"{timeline} AND contact_part = {part}"
    of_view = f"SELECT {COLUMNS} FROM facts_of(['{one}']::UUID[])"
    bare, by_contact = "lake.main.fact", "lake.main.by_contact"
    asked = {
        "30 days, by contact": [
            ("months", SEGMENT, bare), ("one run", SEGMENT, by_contact), ("facts", SEGMENT, "facts"),
        ],
        "a year, by contact": [("months", YEAR, bare), ("one run", YEAR, by_contact), ("facts", YEAR, "facts")],
        "one contact's timeline": [
            ("months", pruned, bare), ("months, no contact_part", timeline, bare),
            ("one run", pruned, by_contact), ("facts_of", of_view, ""), ("facts", timeline, "facts"),
        ],
    }  # fmt: skip
    for question, ways in asked.items():
        first = 0.0
        for name, sql, table in ways:
            best, median = measured(lambda sql=sql, table=table: engine.arrow(sql.format(table=table)))
            first = first or best
            print(f"{question:24} {name:24} {best:7.0f} ms  median {median:7.0f} ms  x{best / first:.2f}")


def aliases(place: Ground, number: int) -> None:
    place.sql(
        "INSERT INTO contact_alias SELECT gen_random_uuid(), gen_random_uuid(), now(), 'x' FROM generate_series(1, %s)",
        [number],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="marops-lake-") as folder, ground(Path(folder)) as place:
        with place.writer() as writer:
            load(writer, rows)
        engine = place.engine()
        for number in (0, 1_000, 99_000):
            aliases(place, number)
            print(f"--- {place.sql('SELECT count(*) FROM contact_alias')[0][0]} aliases")
            compare(engine)
        engine.close()


if __name__ == "__main__":
    main()
