"""Two companies become one, and part again; people and deals follow by `company_merge` and `company_unmerge`."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from marops.domains.contacts.models import Company, CompanyMerge, Contact
from marops.domains.contacts.permissions import MERGE
from marops.kernel import gates, ports
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.facts import touch_from

_TAKEN: Final = ("website", "industry", "employees", "country", "city")
"""What the company that stays takes over where it says nothing; its domain only where the other's is free to take."""


def _about(given: Mapping[str, Any]) -> gates.About:
    loser = given.get("loser_id")
    people = Contact.objects.filter(company_id=loser).count() if loser else 0
    return gates.About(subject=f"company:{given.get('winner_id') or given.get('merge_id')}", records=people + 1)


@action("company.merge", effect="merge", right=MERGE, reversible=True)
def merge_companies(act: Act, *, actor: Actor, winner_id: UUID, loser_id: UUID, why: str = "") -> CompanyMerge:
    """Make the second company part of the first: its people, its deals, and what the first says nothing about.

    Raises MaropsError `not-found` where one is not there (any more), `conflict` where both are the same.
    """
    if winner_id == loser_id:
        raise MaropsError(CONFLICT, _("Both are the same company."))
    winner, loser = _locked(winner_id, loser_id)
    gone, before = _row(loser_id), _row(winner_id)
    tables = {filler.name: dict(filler.value(winner_id, loser_id)) for filler in ports.company_merge}
    pairs = _pairs_of(loser_id)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM company WHERE id = %s", [loser_id])
    values = {name: gone[name] for name in (*_TAKEN, "domain") if before[name] is None and gone[name] is not None}
    custom = {key: value for key, value in gone["custom"].items() if key not in before["custom"]}
    _set(winner_id, values | ({"custom": before["custom"] | custom} if custom else {}), act.at)
    done = CompanyMerge.objects.create(
        winner_id=winner_id, loser_id=loser_id, winner_number=winner.number, loser_number=loser.number, loser=gone,
        taken={name: [None, value] for name, value in values.items()}, why=why.strip(),
        tables={name: told for name, told in tables.items() if told} | {"match_pair": pairs},
        actor_kind=actor.kind, actor_id=actor.id, at=act.at,
    )  # fmt: skip
    act.changed("company", winner_id, after={"merged": str(loser_id), "merge": str(done.id)})
    touch_from("SELECT id FROM contact WHERE company_id = %s", act.at, [winner_id])
    return done


@action("company.part", effect="merge", right=MERGE, reversible=True)
def part_companies(act: Act, *, actor: Actor, merge_id: UUID) -> CompanyMerge:
    """Take a merge of companies back; what changed since stays. Raises MaropsError `not-found`, `conflict`."""
    done = CompanyMerge.objects.select_for_update().filter(id=merge_id).first()
    if done is None:
        raise MaropsError(NOT_FOUND, _("There is no such merge."))
    if done.undone_at:
        raise MaropsError(CONFLICT, _("It was taken back already."))
    if not Company.objects.select_for_update().filter(id=done.winner_id).exists():
        raise MaropsError(CONFLICT, _("The company that stayed has itself become part of another; part those first."))
    now_says = _row(done.winner_id)
    back = {name: before for name, (before, after) in done.taken.items() if now_says[name] == after}
    _set(done.winner_id, back, act.at)
    _insert("company", [json.dumps(done.loser)])
    for filler in reversed(list(ports.company_unmerge)):
        filler.value(done.winner_id, done.loser_id, done.tables.get(filler.name, {}))
    _insert("match_pair", done.tables.get("match_pair", []))
    done.undone_at, done.undone_by = act.at, actor.id
    done.save(update_fields=["undone_at", "undone_by"])
    act.changed("company", done.winner_id, after={"parted": str(done.loser_id), "merge": str(done.id)})
    touch_from("SELECT id FROM contact WHERE company_id IN (%s, %s)", act.at, [done.winner_id, done.loser_id])
    return done


gates.describe("company.merge", _about)
gates.describe("company.part", _about)


def _locked(winner_id: UUID, loser_id: UUID) -> tuple[Company, Company]:
    """Both, locked in the order of their ids, so that merges that share a company wait for each other."""
    wanted = [winner_id, loser_id]
    found = {one.id: one for one in Company.objects.filter(id__in=wanted).order_by("id").select_for_update()}
    if len(found) < len(wanted):
        raise MaropsError(NOT_FOUND, _("There is no such company; it may have become part of another meanwhile."))
    return found[winner_id], found[loser_id]


def _row(company_id: UUID) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c)::text FROM company c WHERE id = %s", [company_id])
        return dict(json.loads(cursor.fetchone()[0]))


def _pairs_of(company_id: UUID) -> list[str]:
    """The pairs of the company that goes, let go of; kept as they were, to come back with it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM match_pair p WHERE left_id = %(id)s OR right_id = %(id)s RETURNING to_jsonb(p)::text",
            {"id": company_id},
        )
        return [document for (document,) in cursor.fetchall()]


def _set(company_id: UUID, values: Mapping[str, Any], at: datetime) -> None:
    sets = "".join(f', "{name}" = r."{name}"' for name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE company c SET updated_at = %s{sets} FROM jsonb_populate_record(NULL::company, %s::jsonb) r"
            " WHERE c.id = %s",
            [at, json.dumps(values), company_id],
        )


def _insert(table: str, documents: Sequence[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} SELECT r.* FROM unnest(%s::jsonb[]) d, jsonb_populate_record(NULL::{table}, d) r"
            " ON CONFLICT DO NOTHING",
            [list(documents)],
        )
