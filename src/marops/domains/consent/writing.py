"""Entering a set of consents at once, inside an action. A file never turns a no into a yes."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from django.db import connection

from marops.domains.contacts.public import also_changed
from marops.kernel.actions import Act
from marops.kernel.facts import fact_kind
from marops.store.bulk import stage

RECORDED = fact_kind("consent.recorded", "Said yes or no to being contacted")
PURPOSE = "marketing"
REFUSALS = ("denied", "unsubscribed")


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many entries were made, and the (row, channel) whose yes was not taken because a no stands."""

    entries: int
    refused: Sequence[tuple[int, str]] = ()


def record_from_file(act: Act, consents: pa.Table, *, import_number: int) -> Recorded:
    """Enter what a file says: row, channel, state, source, entry_id, fact_id; persons come from the table `written`.

    A refusal counts whatever stood before. A yes counts only where no refusal stands; elsewhere it is told, not taken.
    """
    if not consents.num_rows:
        return Recorded(0)
    with connection.cursor() as cursor:
        stage(cursor, "incoming_consent", consents, types={"entry_id": "uuid", "fact_id": "uuid"})
        cursor.execute(_COMPARED, [PURPOSE])
        cursor.execute("SELECT row, channel FROM compared WHERE verdict = 'refused' ORDER BY row")
        refused = cursor.fetchall()
        cursor.execute(
            "INSERT INTO consent_entry (id, contact_id, channel, purpose, state, basis, source, import_number, row,"
            " wording, actor_kind, actor_id, at, recorded_at) SELECT entry_id, contact_id, channel, %s, state, 'file',"
            " source, %s, row, '', %s, %s, %s, %s FROM compared WHERE verdict = 'new'",
            [PURPOSE, import_number, act.actor.kind, act.actor.id, act.at, act.at],
        )
        entries = cursor.rowcount
        cursor.execute(
            "INSERT INTO consent_state (contact_id, channel, purpose, state, entry_id, at)"
            " SELECT contact_id, channel, %s, state, entry_id, %s FROM compared WHERE verdict = 'new'"
            " ON CONFLICT (contact_id, channel, purpose) DO UPDATE"
            " SET state = excluded.state, entry_id = excluded.entry_id, at = excluded.at",
            [PURPOSE, act.at],
        )
    act.facts_from(
        "SELECT fact_id AS id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at, contact_id,"
        " 'import' AS subject_type, %s AS subject_id, %s AS actor_type, %s AS actor_id,"
        " jsonb_build_object('channel', channel, 'purpose', %s::text, 'state', state, 'import', %s::bigint)"
        " AS properties FROM compared WHERE verdict = 'new'",
        (RECORDED, act.at, act.at, str(import_number), act.actor.kind, act.actor.id, PURPOSE, import_number),
    )
    also_changed("consent", "SELECT contact_id FROM compared WHERE verdict = 'new'")
    return Recorded(entries, refused)


# Of several rows about one person the strictest counts.
_COMPARED = """
CREATE TEMPORARY TABLE compared ON COMMIT DROP AS
SELECT n.*, CASE
    WHEN n.state = 'granted' AND s.state IN ('denied', 'unsubscribed') THEN 'refused'
    WHEN s.state = n.state OR (s.state = 'unsubscribed' AND n.state = 'denied') THEN 'known'
    ELSE 'new' END AS verdict
FROM (
    SELECT DISTINCT ON (w.contact_id, i.channel) i.*, w.contact_id
    FROM incoming_consent i JOIN written w USING (row) WHERE w.contact_id IS NOT NULL
    ORDER BY w.contact_id, i.channel,
        CASE i.state WHEN 'unsubscribed' THEN 1 WHEN 'denied' THEN 2 ELSE 3 END, i.row DESC
) n LEFT JOIN consent_state s ON s.contact_id = n.contact_id AND s.channel = n.channel AND s.purpose = %s
"""
