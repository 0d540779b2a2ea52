"""Everything that is known about one person, complete and in one document: what a request for access is answered with.

The rows come through the port `export`, which every table with a contact's key fills; what the law wants said besides
(GDPR Art. 15: purposes, recipients, how long, where from) is told from what the installation really does.
"""

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from marops.domains.consent.queries.people import person_matrix, restriction
from marops.domains.consent.queries.processing import processing
from marops.domains.contacts.public import Contact
from marops.engine.asking import facts_about, query_engine
from marops.kernel import ports
from marops.kernel.clock import iso_utc
from marops.kernel.models import ContactAlias

SCHEMA = 1
_READ_ME = """What is in this archive

about-you.json holds everything that Marops keeps about you, in a form that people and programs can read:
  who      under which reference you are known here
  why      what your data is used for, who gets it, and for how long it is kept
  consent  what you said yes or no to, and whether you may be contacted
  tables   every row about you, by table
  events   what happened, in the order of time
"""


def person_export(contact: Contact, at: datetime) -> dict[str, Any]:
    """The document. Ids under which the person was known before (merged records, browsers) are followed."""
    ids = known_as(contact.id)
    _known, verdicts = person_matrix(contact.id, at)
    limited = restriction(contact.id)
    told = processing(at)
    return {
        "schema": SCHEMA,
        "made_at": iso_utc(at),
        "who": {"ref": contact.ref, "id": str(contact.id), "also_known_as": [str(one) for one in ids[1:]]},
        "why": {
            name: told[name] for name in ("controller", "purposes", "recipients", "retention", "sources", "rights")
        },
        "consent": {
            "may_be_contacted": [one.as_json() for one in verdicts.values()],
            "restricted_since": iso_utc(limited.since) if limited else None,
        },
        "tables": {filler.name: found for filler in ports.export if (found := filler.value(ids))},
        "events": events_of(contact.id),
    }


def known_as(contact_id: UUID) -> list[UUID]:
    """The person's id, and every id that leads to it."""
    with connection.cursor() as cursor:
        cursor.execute(_ALIASES, {"id": contact_id})
        return [contact_id, *(one for (one,) in cursor.fetchall() if one != contact_id)]


_ALIASES = f"""
WITH RECURSIVE person(id) AS (
    SELECT %(id)s::uuid
    UNION
    SELECT a.alias_id FROM {ContactAlias._meta.db_table} a JOIN person p ON a.contact_id = p.id
)
SELECT id FROM person ORDER BY id
"""


def events_of(contact_id: UUID) -> list[dict[str, Any]]:
    """Every fact about the person, the oldest first, in words where a domain has them."""
    rows = query_engine().rows(f"SELECT * FROM ({facts_about(contact_id)}) ORDER BY occurred_at, id")
    return [_event(row) for row in rows]


def _event(row: dict[str, Any]) -> dict[str, Any]:
    said = row.get("properties")
    row["properties"] = json.loads(said) if isinstance(said, str) else said or {}
    says = ports.timeline[row["kind"]](row) if row["kind"] in ports.timeline else row["kind"]
    return {"at": str(row["occurred_at"]), "what": row["kind"], "says": says, "properties": row["properties"]}


def packed(document: dict[str, Any]) -> bytes:
    """The document as an archive: the JSON, and a page that says what is in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about-you.json", json.dumps(document, indent=1, ensure_ascii=False, default=str))
        archive.writestr("READ-ME.txt", _READ_ME)
    return buffer.getvalue()


def sections(document: dict[str, Any]) -> Sequence[tuple[str, int]]:
    """How many rows of which table it holds."""
    return [(name, len(rows)) for name, rows in document["tables"].items()]
