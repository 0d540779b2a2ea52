"""What the engine runs: leads without an owner get one."""

import pyarrow as pa

from marops.domains.routing.actions import route_leads
from marops.domains.routing.rules import Route
from marops.engine.judge import Court, court
from marops.engine.tick import Run
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import active, load
from marops.store.duckdb import quoted


def route(run: Run) -> int:
    """Route the tick's leads that nobody owns by the active route. Answers how many got an owner."""
    routed = 0
    for definition in active("route"):
        document: Route = load(definition)
        with court(run) as court_:
            rows = _decisions(court_, document)
        if rows.num_rows:
            routed += route_leads(
                actor=ENGINE,
                definition=definition.pinned,
                as_of=run.as_of,
                rows=rows,
            )
    return routed


def _decisions(court_: Court, document: Route) -> pa.Table:
    """contact_id, fact_id, queue, rule, because: the first rule that holds decides; the others are kept as weighed."""
    unowned = f"ANTI JOIN {court_.table('assignment')} a ON a.contact_id = j.id"
    if not document.rules:
        contacts = court_.table("contact")
        return court_.cursor.arrow(
            f"SELECT j.id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id, {quoted(document.fallback)} AS queue,"
            f" NULL::VARCHAR AS rule, {quoted('{}')} AS because FROM {contacts} j {unowned}"
        )
    court_.cursor.register("judged", court_.judge({rule.name: rule.when for rule in document.rules}))
    queues = " ".join(f'WHEN j."{rule.name}" THEN {quoted(rule.queue)}' for rule in document.rules)
    names = " ".join(f'WHEN j."{rule.name}" THEN {quoted(rule.name)}' for rule in document.rules)
    passed = ", ".join(f'CASE WHEN NOT j."{rule.name}" THEN {quoted(rule.name)} END' for rule in document.rules)
    return court_.cursor.arrow(
        f"SELECT j.id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id,"
        f" CASE {queues} ELSE {quoted(document.fallback)} END AS queue, CASE {names} END AS rule,"
        f" to_json({{'not_matched': list_filter([{passed}], lambda x: x IS NOT NULL)}})::VARCHAR AS because"
        f" FROM judged j {unowned}"
    )
