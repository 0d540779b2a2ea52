"""Everybody scored, staged and routed from nothing, and one of them: `uv run python benchmarks/score.py`.

Fills a workspace with --leads and --facts, takes everybody through all stages of the engine as after a new scoring
model, then changes one contact, and reads one timeline; prints seconds and CPU seconds, the limits, and the ratio to
one plain DuckDB query that decays and sums the same facts. `--again` repeats the full pass on the day after, when
nearly every score has faded a little.
"""

import argparse
import os
import resource
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from ground import fill, timed, told, workspace

_PLAIN = """
SELECT count(*) AS n, sum(points) AS points FROM (SELECT contact_id, sum(CASE kind
  WHEN 'form.submitted' THEN 15e0 * pow(0.5e0, age / 30e0) ELSE 3e0 * pow(0.5e0, age / 21e0) END) AS points
FROM (SELECT contact_id, kind, greatest(0, {day} - epoch_us(occurred_at)) / 86400000000e0 AS age FROM lake.fact
  WHERE kind IN ('form.submitted', 'email.clicked')) GROUP BY contact_id)
"""


def cpu() -> float:
    """Seconds of processor that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def server_cpu(home: Path) -> float:
    """Seconds of processor that PostgreSQL has used, those of ended backends too; 0 where the machine does not tell."""
    try:
        server = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
        lines = [(one / "stat").read_text().rpartition(")")[2].split() for one in Path("/proc").glob("[0-9]*")]
    except (OSError, ValueError):
        return 0.0
    ticks = sum(sum(map(int, line[11:15])) for line in lines if int(line[1]) == server)
    return ticks / os.sysconf("SC_CLK_TCK")


def empty() -> None:
    """Take everybody's score, stage and owner away."""
    from django.db import connections

    with connections["owner"].cursor() as cursor:
        cursor.execute("TRUNCATE contact_score, contact_stage, stage_passage, assignment, touched, tick, fact_inbox")
        cursor.execute(
            "UPDATE lead_line SET (fit, engagement, value, grade, level, mql, stage, since, cycle, queue, routed_at)"
            " = ROW (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
        )
        cursor.execute("VACUUM ANALYZE")


def full_pass(engine: object, as_of: object, say: Callable[[str], None]) -> float:
    """Everybody through the stages, tick after tick. Answers the seconds."""
    from marops.domains.contacts.public import look_at_everybody
    from marops.engine import tick

    look_at_everybody(as_of)
    totals: dict[str, float] = {}
    run = tick._run_stage

    def watched(stage: tick.Stage, *rest: object) -> int:
        began, used = time.perf_counter(), cpu()
        rows = run(stage, *rest)
        totals[stage.name] = totals.get(stage.name, 0.0) + time.perf_counter() - began
        totals[stage.name + " cpu"] = totals.get(stage.name + " cpu", 0.0) + cpu() - used
        return rows

    tick._run_stage = watched
    began, told_ = time.perf_counter(), tick.Told()
    try:
        while tick.turn(engine, as_of, told_):
            pass
    finally:
        tick._run_stage = run
    seconds = time.perf_counter() - began
    say(", ".join(f"{name} {spent:.1f}" for name, spent in totals.items()) + f"; {told_.stages}")
    return seconds


def main() -> None:
    """Fill a workspace, take everybody through, change one, print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--leads", type=int, default=1_000_000)
    given.add_argument("--facts", type=int, default=20_000_000)
    given.add_argument("--keep", default="", help="a folder to fill once and use again")
    given.add_argument("--again", action="store_true", help="repeat the full pass on the day after")
    options = given.parse_args()
    with workspace(options.keep) as session:
        fill(session, leads=options.leads, facts=options.facts)
        empty()
        from marops.domains.routing.queries import timeline
        from marops.engine import tick
        from marops.engine.tick import Told
        from marops.kernel.clock import now
        from marops.kernel.facts import touch
        from marops.kernel.workspace import day_start
        from marops.store.duckdb import QueryEngine

        engine = QueryEngine.open(session.dsn, session.lake, mode="engine", temp_dir=session.temp)
        as_of = now()
        plain = _PLAIN.format(day=round(day_start(as_of).timestamp() * 1_000_000))
        raw = statistics.median(timed(lambda: engine.rows(plain), 3))
        print(told(f"plain DuckDB: {options.facts:,} facts decayed and summed", raw, 60.0))

        used, load = cpu(), os.getloadavg()[0]
        seconds = full_pass(engine, as_of, print)
        note = f"{seconds / raw:.0f} x the plain query; {cpu() - used:.0f} s CPU here; load was {load:.1f}"
        print(told(f"score, stage and route {options.leads:,} leads from nothing", seconds, 60.0, note))
        if options.again:
            seconds = full_pass(engine, as_of + timedelta(days=1), print)
            print(told("the same on the day after", seconds, 60.0, f"{seconds / raw:.0f} x the plain query"))

        one = engine.rows("SELECT id FROM pg.public.contact ORDER BY id DESC LIMIT 1")[0]["id"]

        def change_one() -> None:
            touch([one], now())
            while tick.turn(engine, now(), Told()):
                pass

        print(told("one changed contact, scored, staged and routed", statistics.median(timed(change_one, 5)), 2.0))
        seconds = statistics.median(timed(lambda: timeline(one), 9))
        print(told(f"the timeline of one contact in {options.facts:,} facts", seconds, 0.05))
        engine.close()


if __name__ == "__main__":
    main()
