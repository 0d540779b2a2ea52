"""Remedies in bulk: one act that changes many people and keeps what was, and the act that takes it back."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from marops.domains.contacts.models import FIX_NUMBERS, Fix
from marops.domains.contacts.permissions import FIX
from marops.domains.contacts.queries.fixes import BEFORE, Proposal
from marops.domains.contacts.rules.enrichment import FROM
from marops.domains.contacts.rules.quality import slug_of
from marops.domains.contacts.rules.remedies import Remedy, remedy
from marops.domains.contacts.writing import UPDATED, search_text
from marops.kernel import gates
from marops.kernel.actions import Act, action, current_job
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, MaropsError
from marops.kernel.facts import fact_kind, touch_from
from marops.kernel.ids import new_id, next_number

FIXED = fact_kind("quality.fixed", "A fault was put right on many records at once")
UNDONE = fact_kind("quality.fix_undone", "A bulk remedy was taken back")
_SEARCHED = frozenset({"full_name", "given_name", "family_name", "company_name"})
_TYPES = {"company_id": "uuid", "employees": "integer", "email_role": "boolean"}


def _about_fix(given: Mapping[str, Any]) -> gates.About:
    """A gate sees how many people it would change."""
    sql, params = given["proposal"].sql(given["actor"])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({sql}) fixing WHERE skipped IS NULL", params)
        return gates.About(subject=f"quality/{given['proposal'].definition.slug}", records=cursor.fetchone()[0])


gates.describe("quality.fix", _about_fix)


@action("quality.fix", effect="change", right=FIX, reversible=True)
def apply_fix(act: Act, *, actor: Actor, proposal: Proposal) -> Fix:
    """Apply a remedy to everybody at fault whom it is safe for. Within one job it is applied once."""
    job_id = current_job.get()
    if job_id and (known := Fix.objects.filter(job_id=job_id).first()):
        return known
    sql, params = proposal.sql(actor)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE fixing ON COMMIT DROP AS {sql}", params)
        cursor.execute("SELECT skipped, count(*) FROM fixing GROUP BY 1 ORDER BY 2 DESC, 1")
        counts: dict[str | None, int] = dict(cursor.fetchall())
        cursor.execute("DELETE FROM fixing WHERE skipped IS NOT NULL")
    number = next_number(FIX_NUMBERS)
    one = Fix.objects.create(
        number=number, rule=proposal.definition.pinned, remedy=proposal.bulk.do, field=proposal.bulk.field or "",
        value=proposal.value, narrowed=proposal.narrowed.chosen(), contacts=counts.pop(None, 0),
        skipped=counts, job_id=job_id, actor_kind=actor.kind, actor_id=actor.id, at=act.at,
    )  # fmt: skip
    keep_and_set(act, one, proposal.remedy)
    changed = "(SELECT jsonb_agg(k) FROM jsonb_object_keys(after) k WHERE k <> 'company_id')"
    announce(act, one, f"SELECT contact_id, {changed} AS fields FROM fixing", one.contacts)
    act.fact(FIXED, subject=("quality_fix", number), definition=one.rule,
             properties={"rule": slug_of(one.rule), "contacts": one.contacts})  # fmt: skip
    act.changed("quality_fix", one.id, after={"number": number, "rule": one.rule, "remedy": one.remedy,
                                              "contacts": one.contacts})  # fmt: skip
    return one


def keep_and_set(act: Act, one: Fix, how: Remedy) -> None:
    """Inside an act: write down what those in the temporary table `fixing` have, then set their new values.

    Each value has the fix as its origin; a derived one says what it was derived by.
    """
    sets = ", ".join(_takes(name) for name in how.sets)
    origin = json.dumps([-one.number, 0, act.at.date().isoformat(), *((how.name,) if how.name in FROM else ())])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO quality_fix_value (fix_id, contact_id, before, after, provenance) SELECT %s, c.id,"
            f" (SELECT jsonb_object_agg(k, {BEFORE}) FROM jsonb_object_keys(f.after) k), f.after,"
            " coalesce((SELECT jsonb_object_agg(k, c.provenance -> k) FROM jsonb_object_keys(f.after) k"
            " WHERE c.provenance ? k), '{}') FROM fixing f JOIN contact c ON c.id = f.contact_id",
            [one.id],
        )
        cursor.execute(
            f"UPDATE contact c SET {sets}, updated_at = %s, provenance = c.provenance || (SELECT"
            " jsonb_object_agg(k, %s::jsonb) FROM jsonb_object_keys(f.after) k WHERE k <> 'company_id')"
            " FROM fixing f WHERE c.id = f.contact_id",
            [act.at, origin],
        )
        if _SEARCHED & set(how.sets):
            cursor.execute(f"UPDATE contact c SET search_text = {search_text('c')} FROM fixing f"
                           " WHERE c.id = f.contact_id")  # fmt: skip


def _takes(name: str) -> str:
    """SQL that gives a field its new value; a field of the workspace's own lies in `custom`."""
    if name.startswith("custom."):
        return f"custom = jsonb_set(c.custom, '{{{name.removeprefix('custom.')}}}', f.after -> '{name}')"
    return (
        f"\"{name}\" = CASE WHEN f.after ? '{name}' THEN (f.after ->> '{name}')::{_TYPES.get(name, 'text')}"
        f' ELSE c."{name}" END'
    )


def announce(act: Act, one: Fix, changed: str, count: int, *, undone: bool = False) -> None:
    """Inside an act: tell of each person what changed (`changed`: contact_id, fields); the engine is to look again."""
    more = {"fix": one.number} | ({"undone": True} if undone else {})
    act.facts_from(
        "SELECT i.id, %s AS kind, %s::timestamptz AS occurred_at, %s::timestamptz AS recorded_at, f.contact_id,"
        " 'quality_fix' AS subject_type, %s AS subject_id, %s AS actor_type, %s AS actor_id,"
        " %s::jsonb || jsonb_build_object('fields', f.fields) AS properties"
        f" FROM (SELECT g.*, row_number() OVER () AS n FROM ({changed}) g) f"
        " JOIN unnest(%s::uuid[]) WITH ORDINALITY AS i (id, n) USING (n)",
        (UPDATED, act.at, act.at, str(one.number), act.actor.kind, act.actor.id, json.dumps(more),
         [new_id() for _ in range(count)]),
    )  # fmt: skip
    touch_from(f"SELECT contact_id FROM ({changed}) changed", act.at)


@action("quality.undo", effect="change", right=FIX, reversible=False)
def undo_fix(act: Act, *, actor: Actor, fix_id: UUID) -> Fix:
    """Take a fix back: every value that nobody changed since is what it was before, with the origin it had.

    Raises MaropsError `conflict` for one that was taken back already.
    """
    one = Fix.objects.select_for_update().get(id=fix_id)
    if one.undone_at:
        raise MaropsError(CONFLICT, f"{one.ref} was taken back already.")
    fields = [name for name in remedy(one.remedy, one.field).sets if name != "company_id"]
    with connection.cursor() as cursor:
        tests = " ".join(_untouched(name, one.number) for name in fields)
        cursor.execute(_UNDOING.format(tests=tests), [one.id])
        cursor.execute("DELETE FROM undoing WHERE fields IS NULL")
        restored = _restore(cursor, act, fields)
    one.undone_at, one.undone_by, one.restored = act.at, actor.id, restored
    one.save(update_fields=["undone_at", "undone_by", "restored"])
    announce(act, one, "SELECT contact_id, to_jsonb(fields) AS fields FROM undoing", restored, undone=True)
    act.fact(UNDONE, subject=("quality_fix", one.number), definition=one.rule,
             properties={"rule": slug_of(one.rule), "contacts": restored})  # fmt: skip
    act.changed("quality_fix", one.id, before={"undone": False}, after={"undone": True, "contacts": restored})
    return one


# A value is ours to take back while it is what the fix set and still says that it came from this fix.
_UNDOING = (
    "CREATE TEMPORARY TABLE undoing ON COMMIT DROP AS SELECT v.contact_id, v.before, v.provenance, u.fields"
    " FROM quality_fix_value v JOIN contact c ON c.id = v.contact_id, LATERAL (SELECT array_agg(k) AS fields"
    " FROM jsonb_object_keys(v.after) k WHERE CASE k {tests} ELSE false END) u"
    " WHERE v.fix_id = %s"
)


def _untouched(name: str, number: int) -> str:
    own = f"c.custom ->> '{name.removeprefix('custom.')}'" if name.startswith("custom.") else f'c."{name}"::text'
    return (
        f"WHEN '{name}' THEN {own} IS NOT DISTINCT FROM v.after ->> '{name}'"
        f" AND (c.provenance #>> '{{{name},0}}')::bigint = {-number}"
    )


def _gives_back(name: str) -> str:
    if name.startswith("custom."):
        slug = name.removeprefix("custom.")
        return (
            f"custom = CASE WHEN '{name}' = ANY (u.fields) THEN jsonb_set(c.custom, '{{{slug}}}', u.before -> '{name}')"
            " ELSE c.custom END, "
        )
    before = f"(u.before ->> '{name}')::{_TYPES.get(name, 'text')}"
    return f'"{name}" = CASE WHEN \'{name}\' = ANY (u.fields) THEN {before} ELSE c."{name}" END, '


def _restore(cursor: Any, act: Act, fields: Sequence[str]) -> int:
    """Put back what was. A company goes with its name, if it is still there."""
    sets = "".join(_gives_back(name) for name in fields)
    if "company_name" in fields:
        sets += (
            "company_id = CASE WHEN 'company_name' = ANY (u.fields) THEN (SELECT o.id FROM company o"
            " WHERE o.id = (u.before ->> 'company_id')::uuid) ELSE c.company_id END, "
        )
    cursor.execute(
        f"UPDATE contact c SET {sets}updated_at = %s, provenance = (c.provenance - u.fields) || coalesce((SELECT"
        " jsonb_object_agg(key, value) FROM jsonb_each(u.provenance) WHERE key = ANY (u.fields)), '{}')"
        " FROM undoing u WHERE c.id = u.contact_id",
        [act.at],
    )
    restored = int(cursor.rowcount)
    if _SEARCHED & set(fields):
        cursor.execute(f"UPDATE contact c SET search_text = {search_text('c')} FROM undoing u"
                       " WHERE c.id = u.contact_id")  # fmt: skip
    return restored
