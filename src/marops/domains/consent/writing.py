"""The purposes in force, and a set of consents entered at once in an action. A file never turns a no into a yes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.consent.models import Entry
from marops.domains.consent.rules.purposes import Purpose
from marops.domains.consent.rules.regimes import ANY
from marops.domains.consent.starter import PURPOSES
from marops.domains.contacts.public import also_changed
from marops.kernel import memo
from marops.kernel.actions import Act
from marops.kernel.definitions import active, load
from marops.kernel.erasures import hash_key, hashed
from marops.kernel.facts import fact_kind
from marops.kernel.models import Definition, ErasedValue
from marops.store.bulk import stage

RECORDED = fact_kind("consent.recorded", "Said yes or no to being contacted")
PURPOSE = "marketing"
REFUSALS = ("denied", "unsubscribed")
_STANDS = (
    "INSERT INTO consent_state (contact_id, channel, purpose, state, entry_id, at, basis, expires_at, confirmed_at,"
    " lifts) {rows} ON CONFLICT (contact_id, channel, purpose) DO UPDATE SET state = excluded.state,"
    " entry_id = excluded.entry_id, at = excluded.at, basis = excluded.basis, expires_at = excluded.expires_at,"
    " confirmed_at = excluded.confirmed_at, lifts = excluded.lifts"
)


@dataclass(frozen=True, slots=True)
class Known:
    """A purpose in force: its short name, the version that says so, and what it says."""

    slug: str
    pinned: str
    document: Purpose


def purposes() -> list[Known]:
    """The purposes in force; those that ship stand in where none of that name was ever defined."""
    return memo.once(("purposes",), _in_force)


def _in_force() -> list[Known]:
    found = {one.slug: Known(one.slug, one.pinned, load(one)) for one in active("purpose")}
    missing = PURPOSES.keys() - found.keys()
    if missing:
        missing -= set(Definition.objects.filter(kind="purpose", slug__in=missing).values_list("slug", flat=True))
    for slug in missing:
        found[slug] = Known(slug, f"purpose/{slug}@0", Purpose.model_validate(PURPOSES[slug]))
    order = {slug: place for place, slug in enumerate(PURPOSES)}
    return sorted(found.values(), key=lambda one: (order.get(one.slug, len(order)), one.document.title))


def purpose_titles() -> Mapping[str, str]:
    """What purposes are called."""
    return {one.slug: one.document.title for one in purposes()}


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many entries were made, and the (row, channel) whose yes was not taken because a no stands."""

    entries: int
    refused: Sequence[tuple[int, str]] = ()


def record_from_file(act: Act, consents: pa.Table, *, import_number: int) -> Recorded:
    """Enter what a file says: row, channel, state, source, entry_id, fact_id; persons come from the table `written`.

    A refusal counts whatever stood before. A yes counts only where no refusal stands; elsewhere it is told, not taken.
    """
    again = suppress_erased(act, "SELECT contact_id FROM written", import_number=import_number)
    if not consents.num_rows:
        return Recorded(again)
    with connection.cursor() as cursor:
        stage(cursor, "incoming_consent", consents, types={"entry_id": "uuid", "fact_id": "uuid"})
        cursor.execute(_COMPARED, [PURPOSE, PURPOSE])
        cursor.execute("SELECT row, channel FROM compared WHERE verdict = 'refused' ORDER BY row")
        refused = cursor.fetchall()
        cursor.execute(
            "INSERT INTO consent_entry (id, contact_id, channel, purpose, state, basis, source, import_number, row,"
            " wording, actor_kind, actor_id, at, recorded_at, lawful_basis) SELECT entry_id, contact_id, channel, %s,"
            " state, 'file', source, %s, row, '', %s, %s, %s, %s, CASE state WHEN 'granted' THEN 'consent' ELSE '' END"
            " FROM compared WHERE verdict = 'new'",
            [PURPOSE, import_number, act.actor.kind, act.actor.id, act.at, act.at],
        )
        entries = cursor.rowcount
        cursor.execute(
            _STANDS.format(
                rows="SELECT contact_id, channel, %s, state, entry_id, %s::timestamptz, 'consent', NULL::timestamptz,"
                " NULL::timestamptz, NULL::timestamptz FROM compared WHERE verdict = 'new'"
            ),
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
    return Recorded(again + entries, refused)


def enter(act: Act, entries: Sequence[Entry], *, lifts: datetime | None = None) -> None:
    """Inside an act: append these entries, and let each be the word in force for its person, channel and purpose.

    `lifts` is the moment up to which a yes among them takes back wider refusals of the same person.
    """
    Entry.objects.bulk_create(entries)
    rows = (
        "SELECT DISTINCT ON (contact_id, channel, purpose) contact_id, channel, purpose, state, id, at,"
        " coalesce(nullif(lawful_basis, ''), 'consent'), expires_at, confirmed_at,"
        " CASE state WHEN 'granted' THEN %s::timestamptz END FROM consent_entry WHERE id = ANY(%s)"
        " ORDER BY contact_id, channel, purpose, at DESC, id DESC"
    )
    with connection.cursor() as cursor:
        cursor.execute(_STANDS.format(rows=rows), [lifts, [one.id for one in entries]])


def suppress_erased(act: Act, contacts: str, *, import_number: int | None = None) -> int:
    """Unsubscribe those of some people whose address or number is that of somebody who was erased (U10).

    `contacts` is a query of their ids. To be called by whatever creates people, in its own action, before it takes any
    consent. Answers how many entries were made: as a rule none, for one question that costs nothing.
    """
    if not ErasedValue.objects.exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN_AGAIN.format(contacts=contacts), {"purpose": ANY, **hash_key()})
        known = cursor.fetchall()
    # As many as erased people who came back in one batch: few.
    entries = [
        Entry(contact_id=contact_id, channel=channel, purpose=ANY, state="unsubscribed", basis="erased",
              source="erasure", import_number=import_number, actor_kind=act.actor.kind, actor_id=act.actor.id,
              at=act.at, recorded_at=act.at)
        for contact_id, channel in known
    ]  # fmt: skip
    enter(act, entries)
    for one in entries:
        said = {"channel": one.channel, "purpose": ANY, "state": one.state, "import": import_number}
        act.fact(RECORDED, contact_id=one.contact_id, properties=said)
    return len(entries)


_KNOWN_AGAIN = f"""
SELECT DISTINCT i.contact_id, c.channel
FROM contact_identity i
JOIN erased_value e ON e.kind = i.kind AND e.hash = {hashed("i.value")}
JOIN (VALUES ('email', 'email'), ('phone', 'phone'), ('phone', 'sms')) c (kind, channel) ON c.kind = i.kind
WHERE i.contact_id IN ({{contacts}}) AND i.kind IN ('email', 'phone')
  AND NOT EXISTS (SELECT FROM consent_state s WHERE s.contact_id = i.contact_id AND s.channel = c.channel
                  AND s.purpose = %(purpose)s AND s.state = 'unsubscribed')
"""


# Of several rows about one person the strictest counts.
_COMPARED = """
CREATE TEMPORARY TABLE compared ON COMMIT DROP AS
SELECT n.*, CASE
    WHEN n.state = 'granted' AND (s.state = 'expired' OR EXISTS (
        SELECT FROM consent_state r WHERE r.contact_id = n.contact_id AND r.channel IN (n.channel, '*')
        AND r.purpose IN (%s, '*') AND r.state IN ('denied', 'unsubscribed')
        AND NOT (s.state = 'granted' AND s.lifts IS NOT NULL AND s.lifts >= r.at))) THEN 'refused'
    WHEN s.state = n.state OR (s.state = 'unsubscribed' AND n.state = 'denied') THEN 'known'
    ELSE 'new' END AS verdict
FROM (
    SELECT DISTINCT ON (w.contact_id, i.channel) i.*, w.contact_id
    FROM incoming_consent i JOIN written w USING (row) WHERE w.contact_id IS NOT NULL
    ORDER BY w.contact_id, i.channel,
        CASE i.state WHEN 'unsubscribed' THEN 1 WHEN 'denied' THEN 2 ELSE 3 END, i.row DESC
) n LEFT JOIN consent_state s ON s.contact_id = n.contact_id AND s.channel = n.channel AND s.purpose = %s
"""


def forget_requests(contact_ids: Sequence[UUID]) -> int:
    """Inside the act of erasing: what these people asked stays as a number, dates and what was done, without them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE privacy_request SET contact_id = NULL, how = '', note = '', identity_how = '', answer = '',"
            " report = report - 'file' WHERE contact_id = ANY(%s)",
            [list(contact_ids)],
        )
        return int(cursor.rowcount)
