"""What people are paid: sealed when kept, opened for those who may see it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from marops.domains.team.models import Pay
from marops.domains.team.permissions import Policy
from marops.kernel.errors import INVALID, FieldError, MaropsError
from marops.kernel.money import currencies, in_words
from marops.kernel.secrets import opened, sealed
from marops.kernel.workspace import today

MOST = Decimal(100_000_000)
"""More than anybody is paid a year, in any currency here: likelier a slip."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What somebody is paid a year from a day on."""

    id: UUID
    starts: date
    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return in_words(self.amount, self.currency)


def sealed_pay(amount: Decimal, currency: str) -> str:
    """A year's pay as it is stored. Raises MaropsError `invalid`."""
    if currency not in currencies():
        raise _fault("currency", f"{currency!r} is no currency.", "Give three letters such as EUR.")
    if not 0 < amount < MOST:
        raise _fault(
            "amount", f"A year's pay is more than nothing and less than {MOST:,}.", "Give it for a whole year."
        )
    minor = int((amount * 100).quantize(Decimal(1), ROUND_HALF_UP))
    return sealed(json.dumps({"minor": minor, "currency": currency}))


def pay_for(policy: Policy, person_ids: Iterable[UUID]) -> dict[UUID, list[Paid]]:
    """Person → what they are and were paid, the newest first; only of those whose pay this reader may see."""
    allowed = [one for one in person_ids if policy.sees_pay(one)]
    found: dict[UUID, list[Paid]] = {}
    if allowed:
        for row in Pay.objects.filter(person_id__in=allowed).order_by("-starts"):
            found.setdefault(row.person_id, []).append(_open(row))
    return found


def pay_now(policy: Policy, person_ids: Iterable[UUID], day: date | None = None) -> dict[UUID, Paid]:
    """Person → what they are paid on a day (today unless it is said); only of those whose pay this reader may see."""
    on = day or today()
    found = {}
    for person, lines in pay_for(policy, person_ids).items():
        begun = [one for one in lines if one.starts <= on]
        if begun:
            found[person] = begun[0]
    return found


def _open(row: Pay) -> Paid:
    kept = json.loads(opened(row.sealed))
    return Paid(row.id, row.starts, Decimal(kept["minor"]) / 100, kept["currency"])


def _fault(field: str, message: str, remedy: str) -> MaropsError:
    return MaropsError(INVALID, message, errors=[FieldError(field, message, remedy, field=field)])
