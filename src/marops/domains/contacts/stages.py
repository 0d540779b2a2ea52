"""What the engine runs: hold the tick's contacts against everybody else, then check them by every active rule."""

from datetime import datetime

import pyarrow as pa
from django.db import connection

from marops.domains.contacts.queries.quality import ageing_sql
from marops.domains.contacts.rules import dialling, likeness
from marops.domains.contacts.rules.quality import WEIGHTS, QualityRule
from marops.engine.judge import Court, court
from marops.engine.tick import Run
from marops.kernel.actors import ENGINE
from marops.kernel.definitions import active, load
from marops.kernel.facts import touch_from
from marops.store.duckdb import Cursor, quoted

# Whoever was compared by the very same values, by the same version of this, is not compared again.
_COMPARED = (
    "c.full_name, c.given_name, c.family_name, c.email, c.email_role, c.email_kind, c.email_domain, c.country,"
    " coalesce(c.mobile, c.phone)"
)
_PERSON = (
    "SELECT c.id, c.full_name, c.given_name, c.family_name, c.email, c.email_role, c.email_kind, c.email_domain,"
    " c.country, coalesce(c.mobile, c.phone) AS phone, coalesce(c.company_id::text, lower(c.company_name)) AS company,"
    " s.seen FROM contact c, LATERAL (SELECT hash_record_extended(ROW("
    f"{_COMPARED}, c.company_id, lower(c.company_name)), {{version}}) AS seen) s"
    " WHERE c.id IN (SELECT contact_id FROM touched WHERE tick = {tick})"
    " AND NOT EXISTS (SELECT FROM contact_likeness l WHERE l.contact_id = c.id AND l.seen = s.seen)"
)


def compare(run: Run) -> int:
    """Hold the tick's contacts against everybody else. Answers how many are like others than before, or by other keys.

    Whoever else has a twin more or less is asked to be checked again.
    """
    from marops.domains.contacts.actions import keep_likeness

    with run.engine.cursor() as cursor:
        rows = _compared(cursor, run)
    if not rows.num_rows:
        return 0
    return keep_likeness(actor=ENGINE, tick=run.tick, as_of=run.as_of, rows=rows)


def _compared(cursor: Cursor, run: Run) -> pa.Table:
    """Keys and countries of those contacts of the tick whose values are not the ones that were compared last."""
    inside = _PERSON.format(version=likeness.VERSION, tick=quoted(str(run.tick)))
    cursor.execute(f"CREATE TEMP TABLE person AS SELECT * FROM postgres_query('pg', {quoted(inside)})")
    prefixes, countries, among = zip(*dialling.prefixes(), strict=True)
    cursor.register("dialling", pa.table({"prefix": prefixes, "country": countries, "among": among}))
    known = dialling.domains()
    cursor.register("tld", pa.table({"tld": list(known), "country": list(known.values())}))
    return cursor.arrow(likeness.compared())


def enrich(run: Run) -> int:
    """Fill on the tick's contacts what follows from what is at hand, as the setting says. Answers on how many."""
    from marops.domains.contacts.actions import derive
    from marops.domains.contacts.queries.deriving import setting

    return derive(actor=ENGINE, tick=run.tick) if setting().as_they_come else 0


_AT_ONCE = 10_000
"""So many new records are held against all others as they come; more are left to the next search of all."""


def match_new(run: Run) -> int:
    """Hold new and changed records against those who share a key with them, by what the model in force has learnt.

    Answers how many pairs wait for somebody's word. A model that has learnt nothing is left to the search of all.
    """
    from marops.domains.contacts.actions import keep_new_matches
    from marops.domains.contacts.queries.matching import fresh_pairs, identity, weigh_pairs

    model, pinned = identity("person")
    if model.learnt is None or run.contacts > _AT_ONCE:
        return 0
    fresh, pairs = fresh_pairs(run.tick)
    if not fresh:
        return 0
    return keep_new_matches(
        actor=ENGINE,
        of="person",
        pinned=pinned,
        fresh=fresh,
        found=weigh_pairs(model, model.learnt, pairs),
        as_of=run.as_of,
    )


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


def day_turn(as_of: datetime) -> int:
    """A new day: keep how the last one ended, and look again at those for whom the calendar changed a rule's answer."""
    from marops.domains.contacts.actions import count_words, keep_day

    keep_day(actor=ENGINE, as_of=as_of)
    count_words(actor=ENGINE, as_of=as_of)
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM contact_quality)")
        if not cursor.fetchone()[0]:
            return 0
    aged = ageing_sql(as_of)
    return touch_from(aged, as_of) if aged else 0
