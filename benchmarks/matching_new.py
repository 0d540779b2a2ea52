"""New people among many: `uv run python benchmarks/matching_new.py --people 1000000 --new 1000`.

Fills a workspace with made-up people, lets the engine compare them, then brings in new ones, a third of whom are there
already with letters wrong. Prints how long the engine takes to hold the new ones against all others, against its limit,
and how many of those who are there twice it found; beside it, how long a search of all records takes.
"""

import argparse
import time
from datetime import UTC, datetime
from uuid import UUID

import pyarrow as pa
from ground import told, workspace
from matching import made_up, spoilt

LIMIT = 2.0
_TABLE = (
    "contact (id, number, given_name, family_name, full_name, email, email_domain, email_kind, phone, city, street,"
)
_TABLE += " postcode, custom, originals, provenance, search_text, created_at, updated_at)"


def main() -> int:
    """Fill, search, bring in, measure; 1 where the limit is broken."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--people", type=int, default=1_000_000)
    given.add_argument("--new", type=int, default=1_000)
    options = given.parse_args()
    with workspace():
        table, _truth = made_up(options.people)
        put_in(table, 1)
        _tick()
        from marops.domains.contacts.jobs import run_matching
        from marops.kernel.actors import SETUP
        from marops.kernel.definitions import activate

        started = time.perf_counter()
        model = run_matching(SETUP, "person")["run"]["model"]
        print(f"a search of all {options.people:,} records: {time.perf_counter() - started:.1f} s")
        activate(actor=SETUP, ref=model)
        again = put_in(_new(table, options.new), options.people + 1)
        seconds, pairs = _tick(), _found(again)
        print(
            told(f"{options.new:,} new against {options.people:,}", seconds, LIMIT, f"found {pairs:.1%} of those there")
        )
        return int(seconds > LIMIT)


def put_in(table: pa.Table, first: int) -> list[UUID]:
    """Put made-up people into the workspace, as an import would leave them, and ask the engine to look at them."""
    from django.db import connection, transaction

    from marops.kernel.facts import touch_from
    from marops.kernel.ids import new_id
    from marops.store.bulk import stage

    ids = [new_id() for _ in range(table.num_rows)]
    rows = table.append_column("id", pa.array([str(one) for one in ids]))
    rows = rows.append_column("number", pa.array(range(first, first + len(ids))))
    moment = datetime.now(UTC)
    with transaction.atomic(), connection.cursor() as cursor:
        stage(cursor, "brought", rows, types={"id": "uuid"})
        cursor.execute(
            f"INSERT INTO {_TABLE} SELECT id, number, given_name, family_name, concat_ws(' ', given_name, family_name),"
            " nullif(email, ''), nullif(split_part(email, '@', 2), ''), 'work', phone, city, street, postcode, '{}',"
            " '{}', '{}', '', %s, %s FROM brought",
            [moment, moment],
        )
        cursor.execute("INSERT INTO contact_identity (contact_id, kind, system, value, created_at)"
                       " SELECT id, 'phone', '', phone, %s FROM brought WHERE phone IS NOT NULL", [moment])  # fmt: skip
        touch_from("SELECT id AS contact_id FROM brought", moment)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE contact, contact_identity, touched")
    return ids


def _new(table: pa.Table, count: int) -> pa.Table:
    """New people; every third is one of those who are there, spoilt."""
    import random

    chance = random.Random(11)
    fresh, _truth = made_up(3 * count)
    rows = [list(row.values()) for row in fresh.slice(2 * count, count).to_pylist()]
    for at in range(0, count, 3):
        known = [one or "-" for one in table.slice(chance.randrange(table.num_rows), 1).to_pylist()[0].values()]
        rows[at] = [one if one and len(one) > 1 else None for one in spoilt(known, chance)]
    return pa.table({name: pa.array([row[at] for row in rows]) for at, name in enumerate(table.column_names)})


def _tick() -> float:
    """Let the engine take everybody through the two stages; answers the seconds of the matching alone."""
    from django.db import connection

    from marops.domains.contacts.stages import compare, match_new
    from marops.engine.asking import query_engine
    from marops.engine.tick import Run
    from marops.kernel.ids import new_id

    tick = new_id()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE touched SET tick = %s WHERE tick IS NULL", [tick])
        run = Run(tick, datetime.now(UTC), cursor.rowcount, query_engine())
        started = time.perf_counter()
        compare(run)
        print(f"compared {run.contacts:,} by keys in {time.perf_counter() - started:.1f} s")
        cursor.execute("ANALYZE contact_likeness")
        started = time.perf_counter()
        match_new(run)
        seconds = time.perf_counter() - started
        cursor.execute("DELETE FROM touched WHERE tick = %s", [tick])
    return seconds


def _found(new: list[UUID]) -> float:
    from marops.domains.contacts.models import MatchPair

    again = set(new[::3])
    found = {one for pair in MatchPair.objects.values_list("left_id", "right_id") for one in pair} & again
    return len(found) / len(again)


if __name__ == "__main__":
    raise SystemExit(main())
