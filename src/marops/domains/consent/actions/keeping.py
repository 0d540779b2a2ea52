"""What retention does: take from people all that tells who they are, and leave what counts them."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import connection

from marops.domains.consent.permissions import ERASE
from marops.domains.contacts.public import contact_fields
from marops.kernel import erasures, files, personal, ports
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.facts import fact_kind, touch_from

ANONYMISED = fact_kind("contact.anonymised", "All that tells who somebody is was taken away")
KEPT: Final = frozenset({
    "contact", "contact_stage", "stage_passage", "contact_score", "assignment", "lead_sla", "lead_line",
    "lead_disposition", "opportunity_person", "consent_restriction",
})  # fmt: skip
"""Tables that tell how somebody went, not who they are."""
_BESIDES: Final = ("email_domain", "city", "company_name", "search_text", "website")


@action("contact.anonymise", effect="erase", right=ERASE)
def anonymise_contacts(act: Act, *, actor: Actor, contact_ids: Sequence[UUID], file_ids: Sequence[UUID] = ()) -> int:
    """Take from these people names, addresses, numbers, ids elsewhere, what they came with and what was written about
    them. Their stages, scores and facts stay, so that what was counted stays; their addresses stay as keyed hashes.

    Answers how many rows that was.
    """
    ids = list(contact_ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM contact WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [ids])
        there = [key for (key,) in cursor.fetchall()]
    erasures.remember(erasures.hashes_of(there), act.at)
    rows = personal.forget(erasures.values_of(there)).rows
    rows += sum(filler.value(there) for filler in ports.erase if filler.name not in KEPT)
    rows += files.remove(file_ids)
    _blank(there, act)
    touch_from("SELECT unnest(%s::uuid[])", act.at, [there])
    for one in there:
        act.fact(ANONYMISED, contact_id=one, touch=False)
    act.count(anonymised=len(there), rows=rows)
    return rows


def _blank(ids: Sequence[UUID], act: Act) -> None:
    names = [one.name for one in contact_fields() if one.personal]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = 'contact'"
            " AND column_name = ANY(%s)",
            [[*names, *_BESIDES]],
        )
        sets = ", ".join(f'"{name}" = {"NULL" if empty == "YES" else chr(39) * 2}' for name, empty in cursor.fetchall())
        cursor.execute(
            f"UPDATE contact SET {sets}, custom = '{{}}', originals = '{{}}', provenance = '{{}}', seen_hash = NULL,"
            " updated_at = %s WHERE id = ANY(%s)",
            [act.at, list(ids)],
        )
