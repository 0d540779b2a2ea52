"""What merging and erasing do to the rows of a contact, said once for each table, in a domain's `apps.py`:

    persons.fill("contact_score", persons.rows("contact_score", per=("model",)))  # one row per model
    persons.fill("consent_entry", persons.ledger("consent_entry"))  # many rows, each with an id

Everything runs inside the action that merges or erases. Merging answers a record, fit for JSON; undoing by it gives
back the rows as they were, except where they have changed since: what happened after a merge is never lost.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from marops.kernel import ports


@dataclass(frozen=True, slots=True)
class PersonTable:
    """How one table takes part: fillers of the ports `merge`, `unmerge`, `erase` and `export`."""

    merge: ports.Merge
    unmerge: ports.Unmerge
    erase: ports.Erase
    export: ports.Export | None = None
    """Where it is not said, every row whose columns name the person."""


def fill(table: str, how: PersonTable, *, order: int = 50) -> None:
    """Fill the four ports under the table's name; lower `order` comes first."""
    ports.merge.fill(table, how.merge, order=order)
    ports.unmerge.fill(table, how.unmerge, order=order)
    ports.erase.fill(table, how.erase, order=order)
    ports.export.fill(table, how.export or told(table), order=order)


_NAMES_A_CONTACT = ["contact_id", "winner_id", "loser_id", "left_id", "right_id"]
_OF_THE_HOUSE = ("search_text", "seen_hash", "seen_at")
"""Columns that only help the database along."""


def told(table: str, where: str = "") -> ports.Export:
    """What a table holds of some people: the rows for which `where` holds, over the ids `%(ids)s`; where nothing is
    said, every row one of whose columns names them.
    """

    def export(contact_ids: Sequence[UUID]) -> list[dict[str, Any]]:
        ids = {"ids": [str(one) for one in contact_ids]}
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT (to_jsonb(t) - %(dropped)s::text[])::text FROM {table} t"
                f" WHERE {where or _named(table)} ORDER BY 1",
                ids | {"dropped": list(_OF_THE_HOUSE)},
            )
            return [json.loads(row) for (row,) in cursor.fetchall()]

    return export


def _named(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name = ANY(%s)",
            [table, _NAMES_A_CONTACT],
        )
        return " OR ".join(f"t.{name}::text = ANY(%(ids)s)" for (name,) in cursor.fetchall())


def fill_company(table: str, how: PersonTable) -> None:
    """The same for a table with the key of a company: what merging companies does to it."""
    ports.company_merge.fill(table, how.merge)
    ports.company_unmerge.fill(table, how.unmerge)


def rows(table: str, *, key: str = "contact_id", per: Sequence[str] = (), takes_over: str = "false") -> PersonTable:
    """A table with one row per contact and per values of the columns `per`.

    On a merge the winner's row stays, and a row that only the loser has goes over. `takes_over` is a condition in SQL
    over the rows `loser` and `winner` under which the loser's replaces the winner's (the stricter consent).
    """
    how = _Rows(table, key, tuple(per), takes_over)
    return PersonTable(how.merge, how.unmerge, how.erase, told(table, f"t.{key}::text = ANY(%(ids)s)"))


def ledger(table: str, *, key: str = "contact_id", ident: str = "id", text_where: str = "") -> PersonTable:
    """A table of many rows per contact, each with an id of its own: a merge gives all of the loser's to the winner.

    `text_where` is for tables about objects of any kind, whose key is text: `object_type = 'contact'`.
    """
    how = _Ledger(table, key, ident, "text" if text_where else "uuid", text_where or "true")
    mine = told(table, f"t.{key}::text = ANY(%(ids)s) AND ({text_where or 'true'})")
    return PersonTable(how.merge, how.unmerge, how.erase, mine)


def derived(table: str, *, key: str = "contact_id", refresh: str) -> PersonTable:
    """A table that the database keeps by triggers on others, to be filled after those (a higher `order`).

    `refresh` is a statement that puts right what triggers do not see, for the contacts of the array `%(ids)s`.
    """

    def put_right(winner: UUID, loser: UUID, _record: Mapping[str, Any] | None = None) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(refresh, {"ids": [winner, loser]})
        return {}

    def back(winner: UUID, loser: UUID, record: Mapping[str, Any]) -> None:
        put_right(winner, loser, record)

    return PersonTable(put_right, back, _Rows(table, key, (), "false").erase)


@dataclass(frozen=True, slots=True)
class _Rows:
    table: str
    key: str
    per: tuple[str, ...]
    takes_over: str

    def merge(self, winner: UUID, loser: UUID) -> Mapping[str, Any]:
        record = {"winner": self._documents(winner), "loser": self._documents(loser)}
        if not record["loser"]:
            return {}
        same = " AND ".join([f"winner.{self.key} = %(winner)s", *(f"winner.{c} = loser.{c}" for c in self.per)])
        both = {"winner": winner, "loser": loser}
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {self.table} winner USING {self.table} loser"
                f" WHERE loser.{self.key} = %(loser)s AND {same} AND ({self.takes_over})",
                both,
            )
            cursor.execute(
                f"UPDATE {self.table} loser SET {self.key} = %(winner)s WHERE loser.{self.key} = %(loser)s"
                f" AND NOT EXISTS (SELECT FROM {self.table} winner WHERE {same})",
                both,
            )
            cursor.execute(f"DELETE FROM {self.table} WHERE {self.key} = %(loser)s", both)
        return record | {"after": self._documents(winner)}

    def unmerge(self, winner: UUID, loser: UUID, record: Mapping[str, Any]) -> None:
        if not record:
            return
        with connection.cursor() as cursor:
            # A column that a later version added is not in the document and does not count as a change.
            cursor.execute(
                f"DELETE FROM {self.table} t WHERE t.{self.key} = %s AND EXISTS (SELECT FROM unnest(%s::jsonb[]) d"
                " WHERE (SELECT jsonb_object_agg(k, to_jsonb(t) -> k) FROM jsonb_object_keys(d) k) = d)",
                [winner, record["after"]],
            )
            for documents in (record["winner"], record["loser"]):
                cursor.execute(
                    f"INSERT INTO {self.table} SELECT r.* FROM unnest(%s::jsonb[]) d,"
                    f" jsonb_populate_record(NULL::{self.table}, d) r ON CONFLICT DO NOTHING",
                    [documents],
                )

    def erase(self, contact_ids: Sequence[UUID]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {self.table} WHERE {self.key} = ANY(%s)", [list(contact_ids)])
            return int(cursor.rowcount)

    def _documents(self, contact_id: UUID) -> list[str]:
        """The rows as JSON text, which keeps every digit of a number; locked until the action ends."""
        order = ", ".join(self.per) or self.key
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT to_jsonb(t)::text FROM {self.table} t WHERE {self.key} = %s ORDER BY {order} FOR UPDATE",
                [contact_id],
            )
            return [document for (document,) in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class _Ledger:
    table: str
    key: str
    ident: str
    type: str
    where: str

    def merge(self, winner: UUID, loser: UUID) -> Mapping[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.table} SET {self.key} = %s::{self.type} WHERE {self.key} = %s::{self.type}"
                f" AND ({self.where}) RETURNING {self.ident}::text",
                [str(winner), str(loser)],
            )
            moved = sorted(ident for (ident,) in cursor.fetchall())
        return {"moved": moved} if moved else {}

    def unmerge(self, winner: UUID, loser: UUID, record: Mapping[str, Any]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {self.table} SET {self.key} = %s::{self.type}"
                f" WHERE {self.ident}::text = ANY(%s) AND {self.key} = %s::{self.type}",
                [str(loser), record.get("moved", []), str(winner)],
            )

    def erase(self, contact_ids: Sequence[UUID]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {self.table} WHERE {self.key} = ANY(%s::{self.type}[]) AND ({self.where})",
                [[str(one) for one in contact_ids]],
            )
            return int(cursor.rowcount)
