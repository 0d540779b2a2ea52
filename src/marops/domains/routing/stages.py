"""What the engine runs: leads without an owner get one, and promises are seen to."""

from datetime import datetime

import pyarrow as pa
from django.db import connection

from marops.domains.contacts.public import look_at_everybody
from marops.domains.routing.actions import keep_deadlines, mind_fallback, route_leads
from marops.domains.routing.rules import Route
from marops.engine.judge import Court, court
from marops.engine.tick import Run
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import active, load
from marops.kernel.facts import touch_from
from marops.store.duckdb import quoted


def route(run: Run) -> int:
    """Route the tick's leads by the active routes, the first one that has them. Answers how many got an owner."""
    routed = 0
    for definition in active("route"):
        document: Route = load(definition)
        with court(run) as court_:
            rows = _decisions(court_, document)
        if rows.num_rows:
            routed += route_leads(
                actor=ENGINE,
                slug=definition.slug,
                document=document,
                definition=definition.pinned,
                as_of=run.as_of,
                rows=rows,
            )
    return routed


def _decisions(court_: Court, document: Route) -> pa.Table:
    """contact_id, fact_id, rule, because: the first rule that holds decides; the others are kept as weighed.

    Of leads that have an owner, only those that a rule may move are in it.
    """
    moving = [rule.name for rule in document.rules if rule.reassign != "no"]
    owned = f"{court_.table('assignment')} a ON a.contact_id = j.id"
    if not document.rules:
        contacts = court_.table("contact", ())
        return court_.cursor.arrow(
            "SELECT j.id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id, NULL::VARCHAR AS rule,"
            f" {quoted('{}')} AS because FROM {contacts} j ANTI JOIN {owned}"
        )
    court_.cursor.register("judged", court_.judge({rule.name: rule.when for rule in document.rules}))
    decided = f"SELECT {decision_sql(document)} FROM judged j"
    if not moving:
        return court_.cursor.arrow(f"{decided} ANTI JOIN {owned}")
    movable = ", ".join(quoted(name) for name in moving)
    return court_.cursor.arrow(
        f"SELECT d.* FROM ({decided}) d LEFT JOIN {court_.table('assignment')} a ON a.contact_id = d.contact_id::UUID"
        f" WHERE a.contact_id IS NULL OR d.rule IN ({movable})"
    )


def decision_sql(document: Route) -> str:
    """The columns of a decision, over the truths of the rules in `j`."""
    names = " ".join(f'WHEN j."{rule.name}" THEN {quoted(rule.name)}' for rule in document.rules)
    passed = ", ".join(f'CASE WHEN NOT j."{rule.name}" THEN {quoted(rule.name)} END' for rule in document.rules)
    return (
        f"j.id::VARCHAR AS contact_id, uuidv7()::VARCHAR AS fact_id, CASE {names} END AS rule,"
        f" to_json({{'not_matched': list_filter([{passed}], lambda x: x IS NOT NULL)}})::VARCHAR AS because"
    )


_DUE = """
SELECT l.contact_id FROM lead_sla l JOIN touched t ON t.contact_id = l.contact_id AND t.tick = {tick}
WHERE l.met_at IS NULL AND l.ended_at IS NULL AND l.next_at <= {as_of} GROUP BY l.contact_id
"""


def deadlines(run: Run) -> int:
    """See to the promises of the tick's leads whose moment has come. Answers how many changed."""
    due = _DUE.format(tick=quoted(str(run.tick)), as_of=quoted(run.as_of.isoformat()))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({due})")
        if not cursor.fetchone()[0]:
            return 0  # the usual case, without waking the query engine
    ids = ", ".join(f"uuidv7()::VARCHAR AS {name}" for name in ("reminded", "missed", "escalated", "routed"))
    rows = run.engine.arrow(f"SELECT contact_id::VARCHAR AS contact_id, {ids} FROM postgres_query('pg', {quoted(due)})")
    return keep_deadlines(actor=ENGINE, as_of=run.as_of, rows=rows)


def in_force(as_of: datetime) -> int:
    """A new route is in force: leads that one of its rules may move are looked at again. Answers how many those are."""
    mind_fallback()
    moves = {rule.reassign for definition in active("route") for rule in load(definition).rules}
    if "always" in moves:
        return look_at_everybody(as_of)
    if "waiting" in moves:
        return touch_from(
            "SELECT a.contact_id FROM assignment a JOIN queue q ON q.id = a.queue_id WHERE q.fallback", as_of
        )
    return 0
