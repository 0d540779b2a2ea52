"""Enrichment from what is at hand, as records come in or change; and what people say of it."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.db.models import F

from marops.domains.contacts.actions.fixing import announce, keep_and_set
from marops.domains.contacts.models import FIX_NUMBERS, Fix
from marops.domains.contacts.permissions import FIX
from marops.domains.contacts.queries.deriving import row_in_force, setting
from marops.domains.contacts.queries.enrichment import enriching
from marops.domains.contacts.rules.enrichment import SLUG
from marops.domains.contacts.rules.remedies import Name
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.definitions import keep, put_in_force
from marops.kernel.ids import next_number
from marops.kernel.models import Definition
from marops.kernel.workspace import today


@action("quality.set_enrichment", effect="change", right=FIX, reversible=True)
def set_enrichment(act: Act, *, actor: Actor, as_they_come: Sequence[str]) -> Definition:
    """Say which derivations are made on records that come in or change from now on; others stay as they are."""
    names = list(dict.fromkeys(as_they_come))
    document = setting().model_dump(mode="json") | {"as_they_come": names}
    said = ", ".join(names) or "nothing"
    row = keep(act, actor, "enrichment", SLUG, document, f"As records come: {said}.")
    if row.state != Definition.State.ACTIVE:
        put_in_force(act, row)
    return row


@action("quality.derive", effect="change")
def derive(act: Act, *, actor: Actor, tick: UUID) -> int:
    """Fill what the setting says on those contacts of a tick that came in or changed since it is in force.

    One fix per derivation and day, so that it can be taken back like any other; nobody is filled twice by the same
    derivation, so that what was taken back stays so. Answers how many records got a value.
    """
    total = 0
    for name in setting().as_they_come:
        total += _derive(act, actor, name, tick)
    act.count(enriched=total)
    return total


def _derive(act: Act, actor: Actor, name: Name, tick: UUID) -> int:
    row = row_in_force()
    proposal = enriching(name)
    mine = f"c.id IN (SELECT t.contact_id FROM touched t WHERE t.tick = '{tick}')"
    sql, params = proposal.sql(actor, mine)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS fixing")
        cursor.execute(
            f"CREATE TEMPORARY TABLE fixing ON COMMIT DROP AS SELECT p.* FROM ({sql}) p JOIN contact c"
            " ON c.id = p.contact_id WHERE p.skipped IS NULL AND c.updated_at >= %(since)s AND NOT EXISTS (SELECT"
            " FROM quality_fix_value v JOIN quality_fix f ON f.id = v.fix_id WHERE v.contact_id = c.id"
            " AND f.remedy = %(name)s)",
            params | {"since": row.valid_from, "name": name},
        )
        cursor.execute("SELECT count(*) FROM fixing")
        count = int(cursor.fetchone()[0])
    if count:
        one = _fix_of_today(act, actor, row, name)
        keep_and_set(act, one, proposal.remedy)
        announce(act, one, "SELECT contact_id, (SELECT jsonb_agg(k) FROM jsonb_object_keys(after) k"
                 " WHERE k <> 'company_id') AS fields FROM fixing", count)  # fmt: skip
        Fix.objects.filter(id=one.id).update(contacts=F("contacts") + count)
    return count


def _fix_of_today(act: Act, actor: Actor, row: Definition, name: Name) -> Fix:
    """The fix that today's derivations of this name are kept under; made where it is the first."""
    newest = Fix.objects.filter(rule=row.pinned, remedy=name, actor_kind=actor.kind, undone_at=None).order_by("-number")
    found = newest.first()
    if found and today(found.at) == today(act.at):
        return found
    return Fix.objects.create(
        number=next_number(FIX_NUMBERS), rule=row.pinned, remedy=name, contacts=0,
        actor_kind=actor.kind, actor_id=actor.id, at=act.at,
    )  # fmt: skip
