"""What contacts contribute when people are merged or erased."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from marops.domains.contacts.models import MatchPair, Merge
from marops.kernel import erasures, personal, persons, ports
from marops.kernel.erasures import hash_key, hashed


def fill() -> None:
    """Fill the ports for the tables of contacts."""
    persons.fill("contact_identity", persons.rows("contact_identity", per=("kind", "system", "value")))
    persons.fill("contact_quality", persons.rows("contact_quality"))
    persons.fill_company("contact", persons.ledger("contact", key="company_id"))
    persons.fill("match_pair", persons.PersonTable(_pairs_follow, _pairs_back, _forget_pairs))
    persons.fill("contact_merge", persons.PersonTable(_nothing_moves, _nothing_comes_back, _forget_merges))
    # Last: everything else hangs on this row.
    ports.erase.fill("contact", persons.rows("contact", key="id").erase, order=100)
    erasures.known_by(values_to_forget, hashes_to_keep)
    personal.place("custom_field", "choices", "item", "a choice of a field")
    personal.place("company_merge", "loser", "tell", "a company that became part of another bore the person's name:")
    personal.place("company_merge", "why", "blank", "a reason why two companies are one")
    personal.place("company", "name", "tell", "a company bears the person's name:")


def _nothing_moves(_winner: UUID, _loser: UUID) -> Mapping[str, Any]:
    """Former merges stay as they were made: they are taken back one after the other."""
    return {}


def _nothing_comes_back(_winner: UUID, _loser: UUID, _record: Mapping[str, Any]) -> None:
    pass


def _forget_merges(contact_ids: Sequence[UUID]) -> int:
    return Merge.objects.filter(Q(winner_id__in=contact_ids) | Q(loser_id__in=contact_ids)).delete()[0]


def _pairs_follow(winner: UUID, loser: UUID) -> Mapping[str, Any]:
    """What was said of the loser holds for the winner: who is not the one is not the other. What waited is let go."""
    both = {"winner": winner, "loser": loser}
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM match_pair p WHERE left_id = %(loser)s OR right_id = %(loser)s RETURNING to_jsonb(p)::text",
            both,
        )
        gone = [document for (document,) in cursor.fetchall()]
        cursor.execute(
            "INSERT INTO match_pair (id, of, left_id, right_id, chance, weights, ground, model, apart, actor_kind,"
            " actor_id, found_at, decided_at) SELECT gen_random_uuid(), of, least(other, %(winner)s), greatest(other,"
            " %(winner)s), chance, '{}', '', model, true, actor_kind, actor_id, found_at, decided_at"
            " FROM unnest(%(gone)s::jsonb[]) d, jsonb_populate_record(NULL::match_pair, d) r, LATERAL (SELECT CASE"
            " WHEN left_id = %(loser)s THEN right_id ELSE left_id END AS other) o WHERE apart AND other <> %(winner)s"
            " ON CONFLICT (left_id, right_id) DO NOTHING RETURNING id::text",
            both | {"gone": gone},
        )
        made = [ident for (ident,) in cursor.fetchall()]
    return {"gone": gone, "made": made} if gone else {}


def _pairs_back(_winner: UUID, _loser: UUID, record: Mapping[str, Any]) -> None:
    if not record:
        return
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM match_pair WHERE id::text = ANY(%s)", [record["made"]])
        cursor.execute(
            "INSERT INTO match_pair SELECT r.* FROM unnest(%s::jsonb[]) d, jsonb_populate_record(NULL::match_pair, d) r"
            " ON CONFLICT DO NOTHING",
            [record["gone"]],
        )


def _forget_pairs(contact_ids: Sequence[UUID]) -> int:
    return MatchPair.objects.filter(Q(left_id__in=contact_ids) | Q(right_id__in=contact_ids)).delete()[0]


def values_to_forget(contact_ids: Sequence[UUID]) -> list[str]:
    """What would tell who these people are: names, addresses, numbers, ids elsewhere, as kept and as they came in.

    What they share with others (a switchboard, info@, a namesake) is left out: it says nothing about them alone, and to
    search for it would take from those others.
    """
    with connection.cursor() as cursor:
        cursor.execute(_VALUES, {"ids": list(contact_ids)})
        return [value for (value,) in cursor.fetchall()]


_VALUES = """
WITH gone AS (SELECT * FROM contact WHERE id = ANY(%(ids)s)),
told AS (
    SELECT unnest(ARRAY[email, phone, mobile]) AS value FROM gone
    UNION SELECT o.value FROM gone, jsonb_each_text(originals) o
          WHERE o.key IN ('email', 'phone', 'mobile', 'full_name', 'name')
    UNION SELECT value FROM contact_identity WHERE contact_id = ANY(%(ids)s)
    UNION SELECT name FROM gone, LATERAL (VALUES (full_name), (given_name || ' ' || family_name),
          (family_name || ', ' || given_name), (family_name || ' ' || given_name)) n (name) WHERE name LIKE '_%% _%%'
)
SELECT DISTINCT value FROM told WHERE value <> ''
  AND NOT EXISTS (SELECT FROM contact_identity i WHERE i.value = told.value AND i.kind IN ('phone', 'mailbox')
                  AND NOT i.contact_id = ANY(%(ids)s))
  AND NOT EXISTS (SELECT FROM contact c WHERE c.full_name = told.value AND NOT c.id = ANY(%(ids)s))
ORDER BY value
"""


def hashes_to_keep(contact_ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """The addresses and numbers that are these people's alone, as (keyed hash, kind): `email` or `phone`."""
    with connection.cursor() as cursor:
        cursor.execute(_HASHES, {"ids": list(contact_ids), **hash_key()})
        return [(digest, kind) for digest, kind in cursor.fetchall()]


_HASHES = f"""
SELECT DISTINCT {hashed("i.value")}, i.kind FROM contact_identity i
WHERE i.contact_id = ANY(%(ids)s) AND (i.kind = 'email' OR i.kind = 'phone' AND NOT EXISTS (
    SELECT FROM contact_identity o WHERE o.kind = 'phone' AND o.value = i.value AND NOT o.contact_id = ANY(%(ids)s)))
"""
