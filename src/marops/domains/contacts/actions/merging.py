"""Two records of one person become one, and part again.

Every domain has its part in it by the ports `merge` and `unmerge`; what they answer is kept, so that all of it can be
taken back. The id of the record that stays never changes; that of the other, and its number, lead to it from then on.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from marops.domains.contacts.models import Contact, MatchPair, Merge
from marops.domains.contacts.permissions import MERGE, visible
from marops.domains.contacts.queries.matching import survivorship
from marops.domains.contacts.rules.survival import Rule, taken
from marops.domains.contacts.writing import search_text
from marops.kernel import gates, ports
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.facts import fact_kind
from marops.kernel.models import ContactAlias

MERGED = fact_kind("contact.merged", "Two records became one person")
PARTED = fact_kind("contact.parted", "Two records that had been one person are two again")
_CAUSE: Final = "merged"
_MAPS: Final = ("custom", "originals", "provenance")


def _about(given: Mapping[str, Any]) -> gates.About:
    """A gate sees that it is about two people's records."""
    return gates.About(subject=f"contact:{given.get('winner_id') or given.get('merge_id')}", records=2)


@action("contact.merge", effect="merge", right=MERGE, reversible=True)
def merge_contacts(act: Act, *, actor: Actor, winner_id: UUID, loser_id: UUID, why: str = "") -> Merge:
    """Make the second record part of the first: its values as the survivorship rule in force says, its history, its
    consent as the stricter of both, and whatever other domains keep of it.

    Raises MaropsError `not-found` where one of them is not there (any more) or the actor may not see it, `conflict`
    where both are the same.
    """
    if winner_id == loser_id:
        raise MaropsError(CONFLICT, _("Both are the same record."))
    winner, loser = _locked(actor, winner_id, loser_id)
    rows = {one.id: _row(one.id) for one in (winner, loser)}
    pair = MatchPair.objects.filter(left_id=min(rows), right_id=max(rows)).first()
    rule, pinned = survivorship()
    kept = _take(act, rows[winner.id], rows[loser.id], rule)
    tables = {filler.name: dict(filler.value(winner.id, loser.id)) for filler in ports.merge}
    ContactAlias.objects.create(alias_id=loser.id, contact_id=winner.id, valid_from=act.at, cause=_CAUSE)
    _gone(loser.id)
    done = Merge.objects.create(
        winner_id=winner.id, loser_id=loser.id, winner_number=winner.number, loser_number=loser.number,
        loser=rows[loser.id], taken=kept, tables={name: told for name, told in tables.items() if told}, why=why.strip(),
        rule=pinned, found_by=pair.model if pair else "", chance=pair.chance if pair else None,
        actor_kind=actor.kind, actor_id=actor.id, at=act.at,
    )  # fmt: skip
    act.fact(MERGED, contact_id=winner.id, properties={"number": loser.number, "merge": str(done.id)})
    act.changed("contact", winner.id, after={"merged": str(loser.id), "merge": str(done.id)})
    return done


@action("contact.part", effect="merge", right=MERGE, reversible=True)
def part_contacts(act: Act, *, actor: Actor, merge_id: UUID) -> Merge:
    """Take a merge back: the record that went is there again with its own id and number, and so is what was its own.

    What changed since stays as it is. Raises MaropsError `not-found`, or `conflict` where it was taken back before or
    the record that stayed has itself become another's.
    """
    done = Merge.objects.select_for_update().filter(id=merge_id).first()
    if done is None:
        raise MaropsError(NOT_FOUND, _("There is no such merge."))
    if done.undone_at:
        raise MaropsError(CONFLICT, _("It was taken back already."))
    _stands(actor, done)
    ContactAlias.objects.filter(alias_id=done.loser_id, contact_id=done.winner_id, cause=_CAUSE).delete()
    _back(done.loser)
    for filler in reversed(list(ports.unmerge)):
        filler.value(done.winner_id, done.loser_id, done.tables.get(filler.name, {}))
    _give_back(act, done)
    done.undone_at, done.undone_by = act.at, actor.id
    done.save(update_fields=["undone_at", "undone_by"])
    for one, other in ((done.winner_id, done.loser_number), (done.loser_id, done.winner_number)):
        act.fact(PARTED, contact_id=one, properties={"number": other, "merge": str(done.id)})
    act.changed("contact", done.winner_id, after={"parted": str(done.loser_id), "merge": str(done.id)})
    return done


gates.describe("contact.merge", _about)
gates.describe("contact.part", _about)


def _locked(actor: Actor, winner_id: UUID, loser_id: UUID) -> tuple[Contact, Contact]:
    """Both records, locked in the order of their ids, so that merges that share a record wait for each other."""
    wanted = [winner_id, loser_id]
    found = {one.id: one for one in Contact.objects.filter(id__in=wanted).order_by("id").select_for_update()}
    seen = set(visible(actor, MERGE).filter(id__in=wanted).values_list("id", flat=True))
    for one in wanted:
        if one not in found or one not in seen:
            raise MaropsError(NOT_FOUND, _("There is no such record; it may have become part of another meanwhile."))
    return found[winner_id], found[loser_id]


def _stands(actor: Actor, done: Merge) -> None:
    Contact.objects.filter(id=done.winner_id).select_for_update().first()
    if not visible(actor, MERGE).filter(id=done.winner_id).exists():
        later = Merge.objects.filter(loser_id=done.winner_id, undone_at=None).first()
        if later is None:
            raise MaropsError(NOT_FOUND, _("There is no such merge."))
        said = _("L-%(kept)s has itself become part of L-%(other)s: take that back first.")
        raise MaropsError(CONFLICT, said % {"kept": done.winner_number, "other": later.winner_number})


def _row(contact_id: UUID) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(c)::text FROM contact c WHERE id = %s", [contact_id])
        return dict(json.loads(cursor.fetchone()[0]))


def _take(act: Act, winner: dict[str, Any], loser: dict[str, Any], rule: Rule) -> dict[str, Any]:
    """Give the record that stays what it takes over by the rule. Answers field → [before, after]."""
    found: dict[str, Any] = {name: [winner[name], value] for name, value in taken(winner, loser, rule).items()}
    fields = list(found)
    for name in _MAPS:
        added = {key: value for key, value in loser[name].items() if key not in winner[name]}
        if name == "provenance":
            told = {key: loser[name].get(key, loser[name].get("*")) for key in fields}
            added = {key: value for key, value in told.items() if value is not None}
        elif name == "originals":
            added = {key: value for key, value in loser[name].items() if key in fields}
        if added:
            found[name] = [winner[name], winner[name] | added]
    _set(UUID(winner["id"]), {name: pair[1] for name, pair in found.items()}, act.at)
    return found


def _set(contact_id: UUID, values: Mapping[str, Any], at: datetime) -> None:
    """Write values as JSON has them, whatever their type, and what follows from them."""
    sets = "".join(f', "{name}" = r."{name}"' for name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE contact c SET seen_hash = NULL, updated_at = %s{sets}"
            " FROM jsonb_populate_record(NULL::contact, %s::jsonb) r WHERE c.id = %s",
            [at, json.dumps(values), contact_id],
        )
        cursor.execute(f"UPDATE contact SET search_text = {search_text()} WHERE id = %s", [contact_id])


def _gone(contact_id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM contact WHERE id = %s", [contact_id])


def _back(row: Mapping[str, Any]) -> None:
    """The record that went, as it was; a company that is no more is left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO contact SELECT r.* FROM jsonb_populate_record(NULL::contact, %s::jsonb || jsonb_build_object("
            "'company_id', (SELECT id FROM company WHERE id = (%s::jsonb ->> 'company_id')::uuid),"
            " 'seen_hash', NULL)) r",
            [json.dumps(row), json.dumps(row)],
        )


def _give_back(act: Act, done: Merge) -> None:
    """Take from the record that stayed what it had taken, where it still says exactly that."""
    now_says = _row(done.winner_id)
    values = {}
    for name, (before, after) in done.taken.items():
        if name in _MAPS:
            ours = {key for key in after if before.get(key) != after[key] and now_says[name].get(key) == after[key]}
            kept = {key: value for key, value in now_says[name].items() if key not in ours}
            values[name] = kept | {key: before[key] for key in ours if key in before}
        elif now_says[name] == after:
            values[name] = before
    _set(done.winner_id, values, act.at)
