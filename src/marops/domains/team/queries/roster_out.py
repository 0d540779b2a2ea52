"""The list of people as a table to take along, with the columns that its reader may see. It loads again as it is."""

from collections.abc import Sequence
from datetime import date

from marops.domains.accounts.public import Account
from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Person
from marops.domains.team.permissions import ASSESSMENT, PAY, Policy
from marops.domains.team.queries.addresses import address_of
from marops.domains.team.queries.pay import pay_now
from marops.domains.team.queries.people_list import Narrowing, listed
from marops.domains.team.queries.skills import levels_for
from marops.domains.team.rules.tables import Cell, as_csv, as_xlsx
from marops.kernel.actors import Actor
from marops.kernel.workspace import today

_FIXED = (
    "ref", "name", "email", "role", "role since", "manager", "location", "zone", "calendar", "joined", "weekly hours",
)  # fmt: skip


def table_out(
    policy: Policy, by: Narrowing, day: date | None = None, *, plain: bool = False
) -> tuple[list[str], list[list[Cell]]]:
    """Headings and rows. Pay and the managers' levels have columns only for those who hold the rights to see them; no
    `plain` table has columns of pay or levels.
    """
    on = day or today()
    rows = listed(policy, by, on).rows
    people = [row.person for row in rows]
    mails = dict(Account.objects.filter(id__in=[one.account_id for one in people if one.account_id])
                 .values_list("id", "email"))  # fmt: skip
    headers: list[str] = [*_FIXED]
    table: list[list[Cell]] = []
    for row in rows:
        one = row.person
        near = policy.sees_path(one.id)
        roles = "; ".join(f"{catalogue().title(held.role)} {held.share * 100:.0f}%" for held in row.roles)
        since = {held.starts for held in row.roles} if near else set()
        table.append([
            one.ref, one.name, mails.get(one.account_id, "") if one.account_id else address_of(policy, one), roles,
            since.pop() if len(since) == 1 else None, row.manager, row.location, one.zone, one.calendar,
            one.joined if near else None, one.weekly_hours,
        ])  # fmt: skip
    if not plain:
        _pay(policy, people, headers, table)
        _levels(policy, people, headers, table)
    return headers, table


def _pay(policy: Policy, people: Sequence[Person], headers: list[str], table: list[list[Cell]]) -> None:
    if PAY not in policy.held:
        return
    paid = pay_now(policy, [one.id for one in people])
    headers += ["pay", "currency", "pay from"]
    for one, row in zip(people, table, strict=True):
        known = paid.get(one.id)
        row.extend([known.amount, known.currency, known.starts] if known else [None, None, None])


def _levels(policy: Policy, people: Sequence[Person], headers: list[str], table: list[list[Cell]]) -> None:
    """Levels people gave themselves, as far as they show them to this reader; the managers' only with the right."""
    seen = levels_for(policy, [one.id for one in people])
    skills = sorted({skill for levels in seen.values() for skill in levels}, key=catalogue().skill_name)
    sides = ("self", "manager") if ASSESSMENT in policy.held else ("self",)
    for skill in skills:
        for side in sides:
            headers.append(f"{catalogue().skill_name(skill)} ({side})")
            for one, row in zip(people, table, strict=True):
                known = seen.get(one.id, {}).get(skill)
                row.append((known.own if side == "self" else known.manager) if known else None)


def people_file(actor: Actor, *, xlsx: bool = False, plain: bool = False) -> tuple[bytes, int]:
    """The list of everybody who is here as a file, and how many people stand in it."""
    headers, rows = table_out(Policy.of(actor), Narrowing(), plain=plain)
    return (as_xlsx(headers, rows, "People") if xlsx else as_csv(headers, rows)), len(rows)
