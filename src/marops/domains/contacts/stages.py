"""What the engine runs: check the tick's contacts against every active quality rule."""

import pyarrow as pa

from marops.domains.contacts.rules.quality import WEIGHTS, QualityRule
from marops.engine.judge import Court, court
from marops.engine.tick import Run
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import active, load
from marops.store.duckdb import quoted


def quality(run: Run) -> int:
    """Check the tick's contacts. Answers how many records got better or worse."""
    from marops.domains.contacts.actions import keep_quality

    rules: dict[str, QualityRule] = {row.pinned: load(row) for row in active("quality")}
    with court(run) as court_:
        rows = faults(court_, rules)
    return keep_quality(actor=ENGINE, as_of=run.as_of, rows=rows)


def faults(court_: Court, rules: dict[str, QualityRule]) -> pa.Table:
    """The quality of the court's contacts: contact_id, fact_id, score, faults (gravest first)."""
    court_.cursor.register("judged", court_.judge({pinned: rule.when for pinned, rule in rules.items()}))
    gravest = sorted(rules.items(), key=lambda one: (-WEIGHTS[one[1].severity], one[0]))
    found = ", ".join(f'CASE WHEN j."{pinned}" THEN {quoted(pinned)} END' for pinned, _ in gravest) or "NULL::VARCHAR"
    lost = " + ".join(f'CASE WHEN j."{pinned}" THEN {WEIGHTS[rule.severity]} ELSE 0 END' for pinned, rule in gravest)
    return court_.cursor.arrow(
        f"SELECT j.id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id,"
        f" greatest(0, 100 - ({lost or '0'}))::BIGINT AS score,"
        f" to_json(list_filter([{found}], lambda x: x IS NOT NULL))::VARCHAR AS faults FROM judged j"
    )
