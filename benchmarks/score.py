"""Everybody scored, staged and routed from nothing, and one of them: `uv run python benchmarks/score.py`.

Fills a workspace with --leads and --facts, reads one timeline, takes everybody through all stages of the engine (first
as after an import, when quality is judged too; then from nothing as after a new model), and changes one contact; prints
seconds, CPU seconds, the limits, and the ratio to one plain DuckDB query that decays and sums the same facts.
"""

import argparse
import os
import resource
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ground import fill, timed, told, workspace

if TYPE_CHECKING:
    from marops.engine.hands import Hands
    from marops.engine.session import Session

_PLAIN = """
SELECT count(*) AS n, sum(points) AS points FROM (SELECT contact_id, sum(CASE kind
  WHEN 'form.submitted' THEN 15e0 * pow(0.5e0, age / 30e0) ELSE 3e0 * pow(0.5e0, age / 21e0) END) AS points
FROM (SELECT contact_id, kind, greatest(0, {day} - epoch_us(occurred_at)) / 86400000000e0 AS age FROM lake.fact
  WHERE kind IN ('form.submitted', 'email.clicked')) GROUP BY contact_id)
"""


def cpu() -> float:
    """Seconds of processor that this process and those it waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


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
        cursor.execute("VACUUM FULL lead_line")  # emptied by an update, it would be twice its size
        cursor.execute("VACUUM ANALYZE")


def take_part(session: "Session", hands: "Hands") -> None:
    """Tick after tick until nobody is left, as an engine and those who help it do; prints what each stage took."""
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

    tick._run_stage, told_ = watched, tick.Told()
    try:
        hands.lend_if_crowded()
        while tick.turn(engine, now(), told_) or tick.in_hand(now()):
            hands.lend_if_crowded()
    finally:
        tick._run_stage = run
        engine.close()
        hands.end()
    spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in totals.items())
    print(f"  this engine: {told_.contacts:,} leads, {spent}", flush=True)


def full_pass(session: "Session", what: str, engines: int, raw: float) -> None:
    """Everybody through the stages, by so many engine processes, and what it took."""
    from marops.domains.contacts.public import look_at_everybody
    from marops.engine.hands import Hands
    from marops.kernel.clock import now

    leads = look_at_everybody(now())
    home, load, used = Path(os.environ["MAROPS_HOME"]), os.getloadavg()[0], cpu()
    server = server_cpu(home)
    began = time.perf_counter()
    take_part(session, Hands(engines - 1))
    seconds = time.perf_counter() - began
    note = (
        f"{seconds / raw:.0f} x the plain query; CPU {cpu() - used:.0f} s here,"
        f" {server_cpu(home) - server:.0f} s in the server; load before {load:.1f}"
    )
    print(told(f"{what}, {leads:,} leads, engines: {engines}", seconds, 60.0, note), flush=True)


def main() -> None:
    """Fill a workspace, take everybody through, change one, print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--leads", type=int, default=1_000_000)
    given.add_argument("--facts", type=int, default=20_000_000)
    given.add_argument("--keep", default="", help="a folder to fill once and use again")
    given.add_argument("--engines", type=int, default=0, help="so many engine processes; 0: as many as processors")
    options = given.parse_args()
    with workspace(options.keep) as session:
        fill(session, leads=options.leads, facts=options.facts)
        measure(session, options)


def measure(session: "Session", options: argparse.Namespace) -> None:
    """The lines of the report."""
    from marops.domains.routing.queries import timeline
    from marops.engine import tick
    from marops.engine.hands import cores
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

    engines = options.engines or cores()
    for what in ("as after an import", "score, stage and route from nothing"):
        empty()
        full_pass(session, what, engines, raw)
    full_pass(session, "the same again: nobody has changed", engines, raw)

    def change_one() -> None:
        touch([one], now())
        while tick.turn(engine, now(), Told()):
            pass

    print(told("one changed contact, scored, staged and routed", statistics.median(timed(change_one, 5)), 2.0))
    engine.close()


if __name__ == "__main__":
    main()
