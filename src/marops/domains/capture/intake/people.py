"""Who the events of one batch say they are about: found or made in one write, through the contacts' own keys.

An event names a person by the sender's user id, or by an address that belongs to one person. A shared mailbox (info@)
names somebody only together with a name. Nothing here ever joins two people who are known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.capture.intake.meaning import group_of, person_of, source_code, user_of
from marops.domains.capture.persons import tell_apart
from marops.domains.consent.public import suppress_erased
from marops.domains.contacts.public import People, emails, names, settle_people, write_people
from marops.kernel.actions import Act
from marops.kernel.ids import new_id
from marops.kernel.workspace import workspace

USER = "user_id"
VIA = "intake"
KEPT, CONFLICT, NOBODY, SHARED = "person", "conflict", "no-identity", "shared-mailbox"
_WHOLE = frozenset({"employees", "company_employees_"})
_TRUTHS = frozenset({"email_role"})
_COMPANY = ("company_key_", "company_name_", "company_domain_", "company_mail_domain_")

Key = tuple[str, str, str, int]
"""kind, system, value, rank as `contacts.People` wants them."""


@dataclass(slots=True)
class Said:
    """What one event says about a person."""

    event: UUID
    fields: dict[str, Any]
    keys: list[Key]
    user: str | None
    address: str | None  # what tells apart: the address, with the name where many share it


@dataclass(slots=True)
class Who:
    """What became of the events that name somebody: event → contact, and event → fate."""

    contacts: dict[UUID, UUID] = field(default_factory=dict)
    fates: dict[UUID, str] = field(default_factory=dict)


def said_by(event: UUID, call: str, given: Mapping[str, Any], country: str) -> Said:
    """The person of an identify or group call."""
    fields = person_of(given, country) if call == "identify" else group_of(given)
    user, mail = user_of(given), fields.get("email")
    keys: list[Key] = [("external", USER, user, 1)] if user else []
    who = names.key(fields.get("full_name"))
    address = mail
    if mail and emails.is_role(mail):
        address = f"{mail} {who}" if who else None
        keys += [("mailbox", who, mail, 9 if user else 3)] if who or user else []
    elif mail:
        keys.append(("email", "", mail, 2))
    if phone := fields.get("phone"):
        keys.append(("phone", who, phone, 9))
    return Said(event, fields, keys, user, address)


def settle(act: Act, said: Sequence[Said]) -> Who:
    """Find or make the people, write what is new about them, and say who each event is about."""
    who = Who()
    meant: list[Said] = []
    for one in said:
        if any(rank < 9 for *_, rank in one.keys):
            meant.append(one)
        else:
            who.fates[one.event] = SHARED if one.fields.get("email") else NOBODY
    if meant:
        rows, stands_for = _together(meant, who)
        _write(act, rows, stands_for, who)
    return who


def _together(said: Sequence[Said], who: Who) -> tuple[list[Said], dict[int, list[int]]]:
    """Events of the same person as one row, what came later over what came before; contradictions are left out."""
    users, addresses = _numbered(one.user for one in said), _numbered(one.address for one in said)
    told = tell_apart([
        (row, users.get(one.user or ""), addresses.get(one.address or "")) for row, one in enumerate(said)
    ])  # fmt: skip
    fate = {row: (fate, keep) for row, fate, keep in zip(told.rows, told.fates, told.keeps, strict=True)}
    stands_for: dict[int, list[int]] = {}
    for row, one in enumerate(said):
        what, keep = fate.get(row, ("", row))
        if what == CONFLICT:
            who.fates[one.event] = CONFLICT
        else:
            stands_for.setdefault(keep, []).append(row)
    rows = list(said)
    for keep, group in stands_for.items():
        fields: dict[str, Any] = {}
        keys: dict[tuple[str, str, str], Key] = {}
        for row in group:
            fields |= said[row].fields
            keys |= {key[:3]: key for key in said[row].keys}
        if {"given_name", "family_name"} & set(fields):
            fields["full_name"] = names.full(fields.get("given_name"), fields.get("family_name"))
        rows[keep] = Said(said[keep].event, fields, list(keys.values()), said[keep].user, said[keep].address)
    return rows, stands_for


def _numbered(values: Iterable[str | None]) -> dict[str, int]:
    return {value: number for number, value in enumerate(dict.fromkeys(one for one in values if one))}


def _write(act: Act, rows: Sequence[Said], stands_for: Mapping[int, Sequence[int]], who: Who) -> None:
    wanted = sorted(stands_for)
    known = known_users([value for row in wanted for kind, _, value, _ in rows[row].keys if kind == "external"])
    mails = _known_mails([value for row in wanted for kind, _, value, _ in rows[row].keys if kind == "email"])
    for row in wanted:
        if not any(value in known or value in mails for _, _, value, _ in rows[row].keys):
            rows[row].fields.setdefault("source", source_code())
    people = People(_rows(rows, wanted), _keys(rows, wanted), 0, via=VIA)
    write_people(act, people)
    suppress_erased(act, "SELECT contact_id FROM written")
    settle_people(act, people)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row, contact_id, outcome FROM written")
        written = {row: (contact, outcome) for row, contact, outcome in cursor.fetchall()}
    # An event in conflict still belongs to whom its user id names; the address stays with whom it was.
    owners = known_users([one.user for one in rows if one.user])
    for keep, group in stands_for.items():
        contact, outcome = written[keep]
        for row in group:
            event = rows[row].event
            who.fates[event] = CONFLICT if outcome == CONFLICT else KEPT
            if found := contact or owners.get(rows[row].user or ""):
                who.contacts[event] = found


def _rows(rows: Sequence[Said], wanted: Sequence[int]) -> pa.Table:
    columns = sorted({name for row in wanted for name in rows[row].fields} | set(_COMPANY))
    table: dict[str, pa.Array] = {
        "row": pa.array(wanted, pa.int64()),
        **{name: pa.array([str(new_id()) for _ in wanted], pa.string()) for name in ("id", "fact_id", "spare_id")},
        "seen_hash": pa.nulls(len(wanted), pa.int64()),
    }
    for name in columns:
        kind = pa.int64() if name in _WHOLE else pa.bool_() if name in _TRUTHS else pa.string()
        table[name] = pa.array([rows[row].fields.get(name) for row in wanted], kind)
    nothing = pa.nulls(len(wanted), pa.string())
    return pa.table({**table, "custom": nothing, "originals": nothing})


def _keys(rows: Sequence[Said], wanted: Sequence[int]) -> pa.Table:
    keys = [(row, *key) for row in wanted for key in rows[row].keys]
    kinds = [pa.int64(), pa.string(), pa.string(), pa.string(), pa.int64()]
    columns = zip(*keys, strict=True)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.Table.from_arrays(arrays, names=["row", "kind", "system", "value", "rank"])


def known_users(users: Sequence[str]) -> dict[str, UUID]:
    """The contacts of these user ids, where they are known."""
    return _known("external", USER, users)


def _known_mails(mails: Sequence[str]) -> dict[str, UUID]:
    return _known("email", "", mails)


def _known(kind: str, system: str, values: Sequence[str]) -> dict[str, UUID]:
    if not values:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT value, contact_id FROM contact_identity WHERE value = ANY(%s) AND kind = %s AND system = %s"
            " AND kind IN ('email', 'external')",
            [list(set(values)), kind, system],
        )
        return dict(cursor.fetchall())


def home_country() -> str:
    """The workspace's country, for phones that name none."""
    return workspace().country
