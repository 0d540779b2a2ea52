"""What costs of a blueprint rest on: bands of pay as assumed, or made of the pay kept here for those who may see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from marops.domains.team.catalogue import ASSUMPTIONS, assumptions, catalogue
from marops.domains.team.models import Pay
from marops.domains.team.permissions import PAY, Policy
from marops.domains.team.queries.coverage import team_of
from marops.domains.team.queries.pay import pay_now
from marops.domains.team.rules.assumptions import Assumptions
from marops.domains.team.rules.pay_bands import Bands, own_bands
from marops.domains.team.rules.roles import STANDING
from marops.domains.team.rules.seats import band_of
from marops.domains.team.starter import shipped
from marops.kernel import memo
from marops.kernel.actors import Actor
from marops.kernel.definitions import digest
from marops.kernel.permissions import may
from marops.kernel.workspace import workspace

Currency = Literal["EUR", "USD"]


def currency() -> Currency:
    """What plans reckon in."""
    return "USD" if workspace().currency == "USD" else "EUR"


@dataclass(frozen=True, slots=True)
class Kept:
    """The pay of the team that counts for bands. `left_out`: people who are paid in another currency; `mark`: another
    one after each change of it, out of which no amount can be worked out.
    """

    bands: Bands
    left_out: int
    mark: str

    @property
    def enough(self) -> bool:
        """Can costs rest on it?"""
        return self.bands.ratio is not None


def kept_pay(actor: Actor) -> Kept | None:
    """Bands out of the pay of today's team; None for whoever may not see everybody's pay."""
    return memo.once(("team", "bands", actor), lambda: _read(actor)) if may(actor, PAY) else None


def _read(actor: Actor) -> Kept:
    levels = {one.id: _level(one.shares) for one in team_of(actor).workers if one.shares}
    paid = pay_now(Policy.of(actor), list(levels))
    unit, bands = currency(), assumed_bands(assumptions())
    counted = [(levels[who], float(one.amount)) for who, one in paid.items() if one.currency == unit]
    # Amounts are sealed with another salt each time, so that their digest tells of a change and of nothing else.
    rows = Pay.objects.filter(person_id__in=list(levels)).order_by("person_id", "starts")
    mark = str(digest({"sealed": [[str(who), one] for who, one in rows.values_list("person_id", "sealed")]}))
    return Kept(own_bands(counted, bands), len(paid) - len(counted), mark)


def _level(shares: Mapping[str, float]) -> str:
    """The level of pay of somebody: of several roles the highest, as a seat is reckoned."""
    held = (catalogue().roles[role].level for role in shares)
    bands = {one.id: one for one in assumptions().pay.levels}
    return band_of(bands, max(held, key=lambda one: STANDING[one])).id


def assumed_bands(assumed: Assumptions) -> dict[str, Any]:
    """Level → its band as assumed."""
    unit = currency()
    return {one.id: one.USD if unit == "USD" else one.EUR for one in assumed.pay.levels}


def told(bands: Bands | None, kept: Kept | None) -> dict[str, Any]:
    """What costs rest on, as an answer names it. `set_here`: of how many levels the company set the band itself."""
    own, started = assumed_bands(assumptions()), assumed_bands(_shipped())
    changed = sum(own[level] != started.get(level) for level in own)
    found: dict[str, Any] = {"rests_on": "own" if bands else "bands", "set_here": changed, "levels_in_all": len(own)}
    if bands is None or kept is None:
        return found
    called = {one.id: one.name for one in assumptions().pay.levels}
    medians = [{"name": called[level], "people": n} for level, n in bands.levels.items()]
    return found | bands.as_json() | {"levels": medians, "left_out": kept.left_out}


@cache
def _shipped() -> Assumptions:
    return Assumptions.model_validate(shipped()[ASSUMPTIONS, "team"])


def offered(actor: Actor) -> int | None:
    """Of how many people pay could count; None where that is nothing for this reader, or too few."""
    kept = kept_pay(actor)
    return kept.bands.people if kept and kept.enough else None
