"""Writes about who does what: letters set by hand, and taken back."""

from typing import Any

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Duty, Person, Vacancy
from marops.domains.team.permissions import PLAN
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError


@action("duty.set", effect="change", right=PLAN, reversible=True)
def set_letter(act: Act, *, actor: Actor, responsibility: str, holder: str, letter: str) -> None:
    """Set a letter by hand for a person (P-3) or an opening (V-2); an empty one takes whatever letter they have away.

    Raises MaropsError `invalid` or `not-found`.
    """
    if letter not in Duty.Letter.values:
        fault = FieldError("letter", "Choose R, A, C, I or nothing.", field="letter")
        raise MaropsError(INVALID, errors=[fault])
    whose = _whose(responsibility, holder)
    before = _kept(responsibility, whose)
    values = {"letter": letter, "made_by": actor.id, "at": act.at}
    Duty.objects.update_or_create(responsibility=responsibility, **whose, defaults=values)
    _changed(act, responsibility, holder, before, letter)


@action("duty.reset", effect="change", right=PLAN, reversible=True)
def reset_letter(act: Act, *, actor: Actor, responsibility: str, holder: str) -> None:
    """Take back what was set by hand: ownership gives the letter again. Raises MaropsError `not-found`."""
    whose = _whose(responsibility, holder)
    before = _kept(responsibility, whose)
    if before is None:
        raise MaropsError(NOT_FOUND, "No letter was set here by hand.")
    Duty.objects.filter(responsibility=responsibility, **whose).delete()
    _changed(act, responsibility, holder, before, None)


def _whose(responsibility: str, holder: str) -> dict[str, Any]:
    """The row of the person or the opening a letter is for."""
    if responsibility not in catalogue().responsibilities:
        raise MaropsError(NOT_FOUND, f"No role of the team has the responsibility {responsibility!r}.")
    kind, _sign, number = holder.partition("-")
    wanted = int(number) if number.isdecimal() and len(number) < 18 else 0
    person = Person.objects.filter(number=wanted).first() if kind == "P" else None
    vacancy = Vacancy.objects.filter(number=wanted).first() if kind == "V" else None
    if person is None and vacancy is None:
        raise MaropsError(NOT_FOUND, f"Neither the team nor its openings have {holder!r}.")
    return {"person": person} if person else {"vacancy": vacancy}


def _kept(responsibility: str, whose: dict[str, Any]) -> str | None:
    found = Duty.objects.select_for_update().filter(responsibility=responsibility, **whose).first()
    return found.letter if found else None


def _changed(act: Act, responsibility: str, holder: str, before: str | None, after: str | None) -> None:
    place = {"responsibility": responsibility, "holder": holder}
    act.changed("duty", responsibility, before=place | {"letter": before}, after=place | {"letter": after})
