"""Everybody scored, staged and routed from nothing, and one of them: `uv run python benchmarks/score.py`.

Fills a workspace with --leads and --facts, reads one timeline, takes everybody through all stages of the engine as
after an import, and changes one contact; prints seconds, CPU seconds, the limits, and the ratio to one plain DuckDB
query that decays and sums the same facts.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ground import fill, timed, told, workspace

if TYPE_CHECKING:
    from marops.engine.session import Session

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


def take_part(session: "Session") -> float:
    """Tick after tick until nobody is left; what one engine does. Answers the seconds."""
    from marops.engine import tick
    from marops.kernel.clock import now
    from marops.store.duckdb import QueryEngine

    engine = QueryEngine.open(session.dsn, session.lake, mode="engine", temp_dir=session.temp)
    totals: dict[str, float] = {}
    run = tick._run_stage

    def watched(stage: tick.Stage, *rest: object) -> int:
        began = time.perf_counter()
        rows = run(stage, *rest)
        totals[stage.name] = totals.get(stage.name, 0.0) + time.perf_counter() - began
        return rows

    tick._run_stage = watched
    began, told_ = time.perf_counter(), tick.Told()
    try:
        while tick.turn(engine, now(), told_):
            pass
    finally:
        tick._run_stage = run
        engine.close()
    print(
        "  one engine:", ", ".join(f"{name} {spent:.1f} s" for name, spent in totals.items()), told_.stages, flush=True
    )
    return time.perf_counter() - began


def full_pass(session: "Session", what: str, engines: int, raw: float) -> None:
    """Everybody through the stages, by so many engine processes, and what it took."""
    from marops.domains.contacts.public import look_at_everybody
    from marops.kernel.clock import now

    leads = look_at_everybody(now())
    home, load, used = Path(os.environ["MAROPS_HOME"]), os.getloadavg()[0], cpu()
    server = server_cpu(home)
    began = time.perf_counter()
    helpers = [
        subprocess.Popen([sys.executable, __file__, "--keep", str(home), "--help-out"]) for _ in range(1, engines)
    ]
    take_part(session)
    for helper in helpers:
        helper.wait()
    seconds = time.perf_counter() - began
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = cpu() - used + (children.ru_utime + children.ru_stime if helpers else 0.0)
    note = (
        f"{seconds / raw:.0f} x the plain query; CPU {spent:.0f} s here, {server_cpu(home) - server:.0f} s in the server;"
        f" load before {load:.1f}"
    )
    print(told(f"{what}, {leads:,} leads, engines: {engines}", seconds, 60.0, note), flush=True)


def main() -> None:
    """Fill a workspace, take everybody through, change one, print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--leads", type=int, default=1_000_000)
    given.add_argument("--facts", type=int, default=20_000_000)
    given.add_argument("--keep", default="", help="a folder to fill once and use again")
    given.add_argument("--engines", type=int, default=1, help="so many engine processes share the work")
    given.add_argument("--again", action="store_true", help="repeat the full pass: nobody has changed")
    given.add_argument("--help-out", action="store_true", help="be one of the engines of another process")
    options = given.parse_args()
    with workspace(options.keep) as session:
        if options.help_out:
            take_part(session)
            return
        fill(session, leads=options.leads, facts=options.facts)
        empty()
        measure(session, options)


def measure(session: "Session", options: argparse.Namespace) -> None:
    """The lines of the report."""
    from marops.domains.routing.queries import timeline
    from marops.engine import tick
    from marops.engine.tick import Told
    from marops.kernel.clock import now
    from marops.kernel.facts import touch
    from marops.kernel.workspace import day_start
    from marops.store.duckdb import QueryEngine

    engine = QueryEngine.open(session.dsn, session.lake, mode="engine", temp_dir=session.temp)
    plain = _PLAIN.format(day=round(day_start(now()).timestamp() * 1_000_000))
    raw = statistics.median(timed(lambda: engine.rows(plain), 3))
    print(told(f"plain DuckDB: {options.facts:,} facts decayed and summed", raw, 60.0), flush=True)
    one = engine.rows("SELECT id FROM pg.public.contact ORDER BY id DESC LIMIT 1")[0]["id"]
    seconds = statistics.median(timed(lambda: timeline(one), 9))
    print(told(f"the timeline of one contact in {options.facts:,} facts", seconds, 0.05), flush=True)

    full_pass(session, "score, stage and route from nothing", options.engines, raw)
    if options.again:
        full_pass(session, "the same again", options.engines, raw)

    def change_one() -> None:
        touch([one], now())
        while tick.turn(engine, now(), Told()):
            pass

    print(told("one changed contact, scored, staged and routed", statistics.median(timed(change_one, 5)), 2.0))
    engine.close()


if __name__ == "__main__":
    main()
