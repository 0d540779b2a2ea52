"""Loading a list of people: one act writes what the plan says, all or nothing; rows that were refused stay out."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from marops.domains.team.actions.sharing import tell_of_managers
from marops.domains.team.models import Assessment, Pay, Person, RoleHeld
from marops.domains.team.permissions import MANAGE, Policy
from marops.domains.team.queries.pay import sealed_pay
from marops.domains.team.queries.roster import plan_load
from marops.domains.team.queries.roster_plan import Change, LoadPlan, roles_from
from marops.domains.team.rules.tables import Table, Unreadable, read_table
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.clock import local_date
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.permissions import require
from marops.kernel.workspace import sample_present, workspace


def table_of(data: bytes) -> Table:
    """A file as a table. Raises MaropsError `invalid` where it is none."""
    try:
        return read_table(data)
    except Unreadable as error:
        fault = FieldError("file", str(error), "Use CSV or XLSX with a line of headings.", field="file")
        raise MaropsError(INVALID, str(error), errors=[fault]) from None


def preview_people(*, actor: Actor, data: bytes, role_column: str = "") -> LoadPlan:
    """What loading this file would come to. Writes nothing."""
    require(actor, MANAGE)
    return plan_load(Policy.of(actor), table_of(data), role_column)


@action("person.load", effect="import", right=MANAGE)
def load_people(act: Act, *, actor: Actor, data: bytes, role_column: str = "") -> LoadPlan:
    """Load a list of people: newcomers join, what differs is changed, the same file again changes nothing.

    Nothing is written while it is open which column holds the roles; `role_column` says it, as `plan_load` takes it.
    The file itself is kept nowhere, for it may hold pay and levels. Raises MaropsError `invalid` where it is no table.
    """
    table = table_of(data)
    with connection.cursor() as cursor:  # two loads at once would both find nobody
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('marops.team.load'))")
    plan = plan_load(Policy.of(actor), table, role_column)
    changes = [one for one in plan.changes if one.differs]
    day = local_date(act.at, workspace().zone)
    _write_people(act, changes)
    _write_roles([one for one in changes if one.roles is not None], day)
    Assessment.objects.bulk_create(
        Assessment(person_id=one.person.id, skill=skill, level=level, by=by, made_by=actor.id, at=act.at)
        for one in changes for (skill, by), level in one.levels.items()
    )  # fmt: skip
    _write_pay(changes, act)
    counts = plan.counts
    act.count(created=counts["created"], updated=counts["updated"])
    return plan


def _write_people(act: Act, changes: Sequence[Change]) -> None:
    fresh, beside_sample = [one.person for one in changes if one.new], sample_present()
    for one in changes:
        for name, value in one.values.items():
            # Managers are set when everybody is there, for they may come later in the file.
            if not (one.new and name == "manager_id"):
                setattr(one.person, name, value)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('person_number') FROM generate_series(1, %s)", [len(fresh)])
        for person, (number,) in zip(fresh, cursor.fetchall(), strict=True):
            person.number = number
            person.sample = beside_sample
    Person.objects.bulk_create(fresh)
    known = [one for one in changes if one.values]
    for one in known:
        if "manager_id" in one.values:
            one.person.manager_id = one.values["manager_id"]
    names = ["name", "location", "zone", "calendar", "joined", "weekly_hours", "email", "manager"]
    Person.objects.bulk_update([one.person for one in known], names, batch_size=500)
    tell_of_managers(act, [one.person.id for one in known if "manager_id" in one.values and not one.new])


def _write_roles(changes: Sequence[Change], day: date) -> None:
    """What the file says holds from its day on: other roles end there, the same role with another share begins anew."""
    ids = [one.person.id for one in changes]
    held: dict[Any, list[RoleHeld]] = {}
    for row in RoleHeld.objects.select_for_update().filter(person_id__in=ids, elsewhere=False):
        held.setdefault(row.person_id, []).append(row)
    fresh: list[RoleHeld] = []
    gone: list[RoleHeld] = []
    ended: list[RoleHeld] = []
    for one in changes:
        first = roles_from(one, day)
        for row in held.get(one.person.id, []):
            if row.ends is not None and row.ends <= first:
                continue
            # What began on that day or later never was; what began before ends there.
            if row.starts is not None and row.starts >= first:
                gone.append(row)
            else:
                row.ends = first
                ended.append(row)
        fresh += [
            RoleHeld(person_id=one.person.id, role=role, share=Decimal(share).quantize(Decimal("0.001")), starts=first)
            for role, share in (one.roles or {}).items()
        ]
    RoleHeld.objects.filter(id__in=[row.id for row in gone]).delete()
    RoleHeld.objects.bulk_update(ended, ["ends"], batch_size=500)
    RoleHeld.objects.bulk_create(fresh)


def _write_pay(changes: Sequence[Change], act: Act) -> None:
    rows = [
        Pay(person_id=one.person.id, starts=one.pay[2], sealed=sealed_pay(one.pay[0], one.pay[1]), made_by=act.actor.id,
            at=act.at)
        for one in changes if one.pay
    ]  # fmt: skip
    Pay.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["person", "starts"], update_fields=["sealed", "made_by", "at"]
    )
