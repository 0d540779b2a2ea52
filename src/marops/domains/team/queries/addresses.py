"""Addresses of people without an account, and the accounts that have them since: proposed, and linked by a person."""

from dataclasses import dataclass

from django.db.models.functions import Lower

from marops.domains.accounts.public import Account
from marops.domains.team.models import Person
from marops.domains.team.permissions import MANAGE, Policy
from marops.kernel.errors import NOT_ALLOWED, MaropsError


@dataclass(frozen=True, slots=True)
class Proposal:
    """Somebody kept with an address that an account has."""

    person: Person
    account: Account


def proposals(policy: Policy, person: Person | None = None) -> list[Proposal]:
    """Whom an account could be linked with, by name; nothing for those who do not keep people."""
    if MANAGE not in policy.held:
        return []
    rows = Person.objects.filter(active=True, account_id=None).exclude(email="").order_by("name", "number")
    if person is not None:
        rows = rows.filter(id=person.id)
    people = {one.email.casefold(): one for one in rows}
    taken = Person.objects.exclude(account_id=None).values("account_id")
    accounts = Account.objects.filter(active=True).exclude(id__in=taken).annotate(low=Lower("email"))
    found = {one.email.casefold(): one for one in accounts.filter(low__in=list(people))} if people else {}
    return [Proposal(one, found[mail]) for mail, one in people.items() if mail in found]


def address_of(policy: Policy, person: Person) -> str:
    """The address kept of somebody without an account, for themselves and for those who keep people, else nothing."""
    return person.email if MANAGE in policy.held or policy.is_self(person.id) else ""


def need_linkable(policy: Policy, found: Proposal) -> None:
    """Raises MaropsError `not-allowed` for one's own account: whoever has it would become that person."""
    if policy.held.account_id == found.account.id:
        raise MaropsError(NOT_ALLOWED, "Somebody else links your own account.")
