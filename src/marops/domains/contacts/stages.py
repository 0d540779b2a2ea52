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

_PERSON = (
    "SELECT c.id, c.full_name, coalesce(c.mobile, c.phone) AS phone, c.email_domain, c.country,"
    " coalesce(c.company_id::text, lower(c.company_name)) AS company FROM contact c WHERE c.id IN ({ids})"
)
_COLUMNS = (*likeness.KINDS.values(), "phone_country", "mail_country", "phone_elsewhere", "mail_elsewhere")
_FLAGS = frozenset({"phone_elsewhere", "mail_elsewhere"})


def compare(run: Run) -> int:
    """Hold the tick's contacts against everybody else. Answers how many are like others than before, or by other keys.

    Whoever else has a twin more or less is asked to be checked again.
    """
    from marops.domains.contacts.actions import keep_likeness

    with run.engine.cursor() as cursor:
        rows = _changed(cursor, run)
    if not rows.num_rows:
        return 0
    return keep_likeness(actor=ENGINE, tick=run.tick, as_of=run.as_of, rows=rows)


def _changed(cursor: Cursor, run: Run) -> pa.Table:
    """Keys and countries of the contacts where they are not what is kept."""
    ids = f"SELECT contact_id FROM touched WHERE tick = {quoted(str(run.tick))}"
    for name, inside in (
        ("person", _PERSON.format(ids=ids)),
        ("kept", f"SELECT * FROM contact_likeness WHERE contact_id IN ({ids})"),
    ):
        cursor.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM postgres_query('pg', {quoted(inside)})")
    prefixes, countries, among = zip(*dialling.prefixes(), strict=True)
    cursor.register("dialling", pa.table({"prefix": prefixes, "country": countries, "among": among}))
    known = dialling.domains()
    cursor.register("tld", pa.table({"tld": list(known), "country": list(known.values())}))
    before = [f"coalesce(k.{name}, false)" if name in _FLAGS else f"k.{name}" for name in _COLUMNS]
    differ = " OR ".join(f"f.{name} IS DISTINCT FROM {was}" for name, was in zip(_COLUMNS, before, strict=True))
    return cursor.arrow(
        f"SELECT f.id::VARCHAR AS contact_id, {', '.join(f'f.{name}' for name in _COLUMNS)}"
        f" FROM ({likeness.compared()}) f LEFT JOIN kept k ON k.contact_id = f.id WHERE {differ}"
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
    from marops.domains.contacts.actions import keep_day

    keep_day(actor=ENGINE, as_of=as_of)
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM contact_quality)")
        if not cursor.fetchone()[0]:
            return 0
    aged = ageing_sql(as_of)
    return touch_from(aged, as_of) if aged else 0
