"""The sample company from nothing: `uv run python benchmarks/sample.py --size large`.

Prints how long it takes to make and bring in, against its limit, beside the time that the bare rows and facts of the
same tables take through the same two doors (COPY and the lake), and how long its removal takes.
"""

import argparse
import time
from datetime import date

from ground import told, workspace

LIMITS = {"small": 15.0, "large": 120.0}


def main() -> None:
    """Bring it in, measure the doors alone, take it out, print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--size", choices=sorted(LIMITS), default="large")
    given.add_argument("--seed", type=int, default=1)
    options = given.parse_args()
    with workspace() as session:
        from django.db import connection

        from marops.engine.asking import query_engine
        from marops.kernel import jobs
        from marops.kernel.actors import Actor
        from marops.sample.public import start_removal, start_sample

        cli = Actor("system", "cli")
        began = time.perf_counter()
        jobs.run_here(start_sample(actor=cli, size=options.size, seed=options.seed, here=True).id)
        whole = time.perf_counter() - began
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM contact")
            leads = cursor.fetchone()[0]
        facts = query_engine().rows("SELECT count(*) AS n FROM lake.fact")[0]["n"]
        print(told(f"sample, {options.size}: {leads:,} leads, {facts:,} facts", whole, LIMITS[options.size]))
        began = time.perf_counter()
        jobs.run_here(start_removal(actor=cli, here=True).id)
        print(f"removed in {time.perf_counter() - began:.1f} s")
        bare = _doors(session, leads, options.seed)
        print(f"the same rows and facts through COPY and the lake alone: {bare:.1f} s; ratio {whole / bare:.2f} x")


def _doors(session: object, leads: int, seed: int) -> float:
    """Seconds for the same tables and facts, made beforehand, into tables without keys and into the lake."""
    from pathlib import Path

    from django.db import connection, transaction

    from marops.sample.actions import TABLES
    from marops.sample.generate import MONTHS, Company, Recipe
    from marops.sample.jobs import TABLES_OF_LEADS
    from marops.store.bulk import stage
    from marops.store.lake import lake_writer

    recipe = Recipe(leads, seed, date.today(), "UTC")  # noqa: DTZ011  # any day will do
    with Company(recipe, Path(session.temp)) as company:  # type: ignore[attr-defined]
        company.build()
        sliced = {"companies", *TABLES_OF_LEADS}
        tables = {name: company.rows(name, 0, 10**9) if name in sliced else company.rows(name) for name in TABLES}
        spent = 0.0
        with transaction.atomic(), connection.cursor() as cursor:
            began = time.perf_counter()
            for name, rows in tables.items():
                stage(cursor, f"bare_{name}", rows)
            spent += time.perf_counter() - began
        with lake_writer(session.dsn, session.lake, temp_dir=session.temp, wait=30) as writer:  # type: ignore[attr-defined]
            for month in range(MONTHS):
                rows = company.facts(month)
                began = time.perf_counter()
                writer.bulk_load(rows)
                spent += time.perf_counter() - began
    return spent


if __name__ == "__main__":
    main()
