"""What the engine found out about records: kept as whole sets, only what changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection, transaction

from marops.domains.contacts.queries.quality import day_sql
from marops.domains.contacts.rules.likeness import KINDS, MOST
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.facts import fact_kind, touch_from
from marops.kernel.persons import PersonTable
from marops.kernel.workspace import today
from marops.store.bulk import stage

CHECKED = fact_kind("contact.quality_changed", "The record got better or worse")


@action("contact.check_quality", effect="check")
def keep_quality(act: Act, *, actor: Actor, as_of: datetime, rows: pa.Table) -> int:
    """Keep the quality in `rows` (contact_id, fact_id, score, faults); unchanged ones are left alone.

    Answers how many changed. A first check is not announced: the record was never better.
    """
    with connection.cursor() as cursor:
        stage(cursor, "staged", rows, types={"contact_id": "uuid", "fact_id": "uuid", "faults": "jsonb"})
        cursor.execute("ALTER TABLE staged ADD COLUMN before smallint")
        cursor.execute("UPDATE staged s SET before = q.score FROM contact_quality q WHERE q.contact_id = s.contact_id")
        cursor.execute(
            "DELETE FROM staged s WHERE NOT EXISTS (SELECT FROM contact c WHERE c.id = s.contact_id) OR EXISTS ("
            " SELECT FROM contact_quality q WHERE q.contact_id = s.contact_id AND q.faults = s.faults)"
        )
        cursor.execute(
            "INSERT INTO contact_quality (contact_id, score, faults, checked_at)"
            " SELECT contact_id, score, faults, %s FROM staged ON CONFLICT (contact_id) DO UPDATE"
            " SET score = excluded.score, faults = excluded.faults, checked_at = excluded.checked_at",
            [as_of],
        )
        changed: int = cursor.rowcount
    act.facts_from(
        "SELECT s.fact_id AS id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at,"
        " s.contact_id, %s AS actor_type, %s AS actor_id, jsonb_build_object('from', s.before, 'to', s.score)"
        " AS properties FROM staged s WHERE s.before <> s.score",
        (CHECKED, as_of, act.at, actor.kind, actor.id),
    )
    act.count(checked=changed)
    return changed


_OTHERS = (
    "name_key", "mail_key", "family_key", "given_key", "phone_country", "mail_country", "phone_elsewhere",
    "mail_elsewhere", "seen",
)  # fmt: skip


@action("contact.compare", effect="check")
def keep_likeness(act: Act, *, actor: Actor, tick: UUID, as_of: datetime, rows: pa.Table) -> int:
    """Keep the keys and countries in `rows` (contact_id and the columns of contact_likeness except the counts).

    Twins are counted anew for every key that came or went; whoever outside the tick has more or fewer of them than
    before is to be checked again. Answers how many rows were kept.
    """
    columns = (*KINDS.values(), *_OTHERS)
    with connection.cursor() as cursor:
        stage(cursor, "staged", rows, types={"contact_id": "uuid"})
        cursor.execute("DELETE FROM staged s WHERE NOT EXISTS (SELECT FROM contact c WHERE c.id = s.contact_id)")
        cursor.execute("CREATE TEMPORARY TABLE came_or_went (kind text, key bigint) ON COMMIT DROP")
        for kind, column in KINDS.items():
            cursor.execute(
                f"INSERT INTO came_or_went SELECT DISTINCT '{kind}', key FROM staged s"
                " LEFT JOIN contact_likeness l USING (contact_id),"
                f" LATERAL (VALUES (s.{column}), (l.{column})) AS both_keys (key)"
                f" WHERE s.{column} IS DISTINCT FROM l.{column} AND key IS NOT NULL"
            )
        cursor.execute(
            f"INSERT INTO contact_likeness (contact_id, {', '.join(columns)}, twins_by_phone, twins_by_name_company,"
            f" twins_by_name_domain) SELECT contact_id, {', '.join(columns)}, 0, 0, 0 FROM staged"
            " ON CONFLICT (contact_id) DO UPDATE SET "
            + ", ".join(f"{name} = excluded.{name}" for name in columns)
            + "".join(
                f", twins_by_{kind} = CASE WHEN excluded.{column} IS NULL THEN 0"
                f" ELSE contact_likeness.twins_by_{kind} END"
                for kind, column in KINDS.items()
            )
        )
        kept = int(cursor.rowcount)
        _count_twins(cursor)
    touch_from(
        "SELECT DISTINCT contact_id FROM mate m WHERE NOT EXISTS (SELECT FROM touched t"
        " WHERE t.contact_id = m.contact_id AND t.tick = %s)",
        as_of,
        [tick],
    )
    act.count(compared=kept)
    return kept


def _count_twins(cursor: Any) -> None:
    """Count anew who shares the keys in `came_or_went`; `mate` then holds those whose number changed."""
    cursor.execute("CREATE TEMPORARY TABLE mate (contact_id uuid) ON COMMIT DROP")
    for kind, column in KINDS.items():
        # A group is counted to its limit only, and those who stand at the limit already are not looked at.
        cursor.execute(
            "CREATE TEMPORARY TABLE alike ON COMMIT DROP AS SELECT k.key, least(n.people - 1,"
            f" {MOST})::smallint AS twins FROM came_or_went k, LATERAL (SELECT count(*) AS people FROM (SELECT"
            f" FROM contact_likeness l WHERE l.{column} = k.key LIMIT {MOST + 2}) counted) n"
            f" WHERE k.kind = '{kind}' AND n.people > 0"
        )
        below = f"a.twins < {MOST} AND l.twins_by_{kind} <> a.twins"
        for which in (below, f"a.twins = {MOST} AND l.twins_by_{kind} < {MOST}"):
            cursor.execute(
                f"WITH changed AS (UPDATE contact_likeness l SET twins_by_{kind} = a.twins FROM alike a"
                f" WHERE l.{column} = a.key AND {which} RETURNING l.contact_id)"
                " INSERT INTO mate SELECT contact_id FROM changed"
            )
        cursor.execute("DROP TABLE alike")


def forget_likeness(contact_ids: Sequence[UUID]) -> int:
    """Let go of what these contacts were compared by: a part of the acts that erase and merge them.

    Those who were like them are to be checked again. Answers how many rows went.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE came_or_went (kind text, key bigint) ON COMMIT DROP")
        for kind, column in KINDS.items():
            cursor.execute(
                f"INSERT INTO came_or_went SELECT DISTINCT '{kind}', {column} FROM contact_likeness"
                f" WHERE contact_id = ANY(%s) AND {column} IS NOT NULL",
                [list(contact_ids)],
            )
        cursor.execute("DELETE FROM contact_likeness WHERE contact_id = ANY(%s)", [list(contact_ids)])
        gone = int(cursor.rowcount)
        _count_twins(cursor)
        cursor.execute("DROP TABLE came_or_went")
        touch_from("SELECT DISTINCT contact_id FROM mate", now())
        cursor.execute("DROP TABLE mate")
    return gone


def _compared_anew(winner: UUID, loser: UUID) -> Mapping[str, Any]:
    """What the loser was compared by goes; the engine compares the winner, and those who were like the loser, anew."""
    forget_likeness([loser])
    return {}


def _nothing_back(winner: UUID, loser: UUID, record: Mapping[str, Any]) -> None:
    """The engine compares both anew; there is nothing to give back."""


LIKENESS = PersonTable(_compared_anew, _nothing_back, forget_likeness)
"""What merging and erasing do to contact_likeness."""


@action("quality.keep_day", effect="check")
def keep_day(act: Act, *, actor: Actor, as_of: datetime) -> int:
    """Keep how good the database was at the end of yesterday, once. Answers how many rows that took."""
    day = today(as_of) - timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM quality_day WHERE day >= %s)", [day])
        known = cursor.fetchone()[0]
        cursor.execute("SELECT EXISTS (SELECT FROM contact_quality)")
        if known or not cursor.fetchone()[0]:
            return 0
        cursor.execute(
            "INSERT INTO quality_day (day, part, key, contacts, faulty, score)"
            f" SELECT %s, part, key, contacts, faulty, score FROM ({day_sql()}) d ON CONFLICT DO NOTHING",
            [day],
        )
        kept = int(cursor.rowcount)
    act.count(kept=kept)
    return kept
