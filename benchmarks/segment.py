"""Rules over everything and over one contact: `uv run python benchmarks/segment.py --leads 1000000 --facts 20000000`.

Prints the median of five runs of a segment-like rule over all leads and facts, and of a hundred rules for one changed
lead, each against its limit.
"""

import argparse
import statistics
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ground import fill, timed, told, workspace

AS_OF = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEGMENT = {
    "all": [
        {"field": "contact.country", "in": ["DE", "NL", "NO", "SE"]},
        {"field": "contact.seniority", "in": ["director", "vp"]},
        {"not": {"field": "contact.email_kind", "is": "disposable"}},
        {"did": "form.submitted", "within": "60d", "at_least": 2},
        {"did_not": "email.clicked", "within": "90d"},
    ]
}
KINDS = ("form.submitted", "email.clicked", "page.viewed", "email.delivered")


def many_rules() -> dict[str, object]:
    """A hundred different rules, two thirds of them about facts."""
    from marops.kernel.rules import parse

    rules = {}
    for n in range(100):
        conditions = [
            {"field": "contact.employees", "at_least": n},
            {"did": KINDS[n % 4], "within": f"{n + 5}d", "at_least": 1 + n % 3},
            {"did_not": KINDS[(n + 1) % 4], "within": f"{n + 2}d"},
        ]
        rules[f"rule_{n}"] = parse({"any": conditions[: 1 + n % 3]})
    return rules


def main() -> None:
    """Fill a workspace, ask, print."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--leads", type=int, default=1_000_000)
    given.add_argument("--facts", type=int, default=20_000_000)
    given.add_argument("--keep", default="", help="a folder to fill once and use again")
    options = given.parse_args()
    with workspace(options.keep) as session:
        fill(session, leads=options.leads, facts=options.facts)
        from marops.engine import tick
        from marops.engine.judge import court
        from marops.kernel.facts import fact_kind, touch
        from marops.kernel.fields import REGISTRY
        from marops.kernel.ids import new_id
        from marops.kernel.models import Touched
        from marops.kernel.rules import parse
        from marops.kernel.rules_meaning import Context, understand
        from marops.store.duckdb import QueryEngine
        from marops.store.rulequery import members_sql

        for kind in KINDS:
            fact_kind(kind, kind)
        engine = QueryEngine.open(session.dsn, session.lake, mode="engine", temp_dir=session.temp)
        meant = understand(parse(SEGMENT), Context(AS_OF, ZoneInfo("UTC")))
        sql = f"SELECT count(*) AS n FROM ({members_sql(meant, REGISTRY.bindings('duckdb'))})"
        seconds = statistics.median(timed(lambda: engine.rows(sql), 5))
        found = engine.rows(sql)[0]["n"]
        print(told(f"a segment over {options.leads:,} leads, {options.facts:,} facts", seconds, 0.6, f"({found:,} in)"))

        rules, one = many_rules(), engine.rows("SELECT id FROM pg.public.contact LIMIT 1")[0]["id"]
        touch([one], AS_OF)
        mine = new_id()
        Touched.objects.update(tick=mine)
        run = tick.Run(mine, AS_OF, 1, engine)

        def judge() -> None:
            with court(run) as court_:
                court_.judge(rules)

        print(told("100 rules for one changed lead", statistics.median(timed(judge, 5)), 1.0))
        engine.close()


if __name__ == "__main__":
    main()
