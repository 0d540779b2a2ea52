"""Writes about openings: made, changed, filled by somebody, given up; and the words of their descriptions."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Person, RoleHeld, Vacancy
from marops.domains.team.permissions import MANAGE, PLAN
from marops.domains.team.rules.description import SECTIONS, as_lines
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.ids import next_number
from marops.kernel.permissions import require

State = Vacancy.State
_EDITABLE = ("title", "roles", "skills", "manager_id", "location", "starts", "because", "state")
PAY_SHOWN = "pay_shown"
"""Under this name the words about pay stand that somebody released for publication."""
LONGEST = 6000


@action("opening.add", effect="create", right=PLAN)
def add_opening(
    act: Act,
    *,
    actor: Actor,
    title: str,
    roles: Mapping[str, float],
    skills: Mapping[str, int] | None = None,
    manager_id: UUID | None = None,
    location: str = "",
    starts: date | None = None,
    because: str = "",
    state: str = State.OPEN,
    sample: bool = False,
) -> Vacancy:
    """A place nobody has yet, open or planned. Raises MaropsError `invalid`."""
    values: dict[str, Any] = {
        "title": title.strip(), "roles": dict(roles), "skills": dict(skills or {}), "manager_id": manager_id,
        "location": location.strip(), "starts": starts, "because": because.strip(), "state": state,
    }  # fmt: skip
    _check(values)
    row = Vacancy(number=next_number("vacancy_number"), made_by=actor.id, sample=sample, created_at=act.at, **values)
    row.save(force_insert=True)
    act.changed("opening", row.id, after=_shown(row))
    return row


@action("opening.change", effect="change", right=PLAN, reversible=True)
def change_opening(act: Act, /, *, actor: Actor, opening_id: UUID, **values: Any) -> Vacancy:
    """Change a place that is planned or open. Raises MaropsError `invalid`, `conflict`, `not-found`."""
    if unknown := set(values) - set(_EDITABLE):
        raise TypeError(f"not settings of an opening: {sorted(unknown)}")
    row = _live(opening_id)
    _check(values)
    before = _shown(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    if _shown(row) != before:
        act.changed("opening", row.id, before=before, after=_shown(row))
    return row


@action("opening.fill", effect="assign", right=PLAN, reversible=True)
def fill_opening(act: Act, *, actor: Actor, opening_id: UUID, person_id: UUID, starts: date) -> Vacancy:
    """Somebody of the team has the place from a day on: they hold its roles, and the roles they had end that day.

    Takes the right to manage people as well. Raises MaropsError `invalid`, `conflict`, `not-found`, `not-allowed`.
    """
    require(actor, MANAGE)
    row = _live(opening_id)
    person = Person.objects.select_for_update().filter(id=person_id, active=True).first()
    if person is None:
        raise _fault("person_id", "There is no such person in the team.", "Take them into the team first.")
    later = RoleHeld.objects.filter(person=person, elsewhere=False, starts__gt=starts)
    if later.exists():
        said = f"{person.name} takes on another role after that day already."
        raise _fault("starts", said, "Choose a later day, or change that role on their page.")
    ended = _end_roles(person, starts)
    held = [
        RoleHeld(person=person, role=role, share=Decimal(str(share)), starts=starts, created_at=act.at)
        for role, share in row.roles.items()
    ]
    RoleHeld.objects.bulk_create(held)
    if row.manager_id and row.manager_id != person.id and person.manager_id is None:
        person.manager_id = row.manager_id
        person.save(update_fields=["manager"])
    row.state, row.filled_by = State.FILLED, person
    row.save(update_fields=["state", "filled_by"])
    act.changed("opening", row.id, before={"state": "open"}, after={"state": "filled", "by": person.id, "from": starts})
    act.changed("person", person.id, before={"roles": ended}, after={"roles": dict(row.roles), "from": starts})
    return row


def _end_roles(person: Person, day: date) -> dict[str, Any]:
    """The roles they hold end on this day; one that began on it goes, for it never held."""
    here = RoleHeld.objects.filter(person=person, elsewhere=False).filter(Q(ends=None) | Q(ends__gt=day))
    before = {one.role: float(one.share) for one in here}
    here.filter(starts__gte=day).delete()
    here.filter(Q(starts=None) | Q(starts__lt=day)).update(ends=day)
    return before


@action("opening.drop", effect="change", right=PLAN, reversible=True)
def drop_opening(act: Act, *, actor: Actor, opening_id: UUID, why: str = "") -> Vacancy:
    """The place is given up. Raises MaropsError `conflict` where it is filled or dropped already."""
    row = _live(opening_id)
    before = row.state
    row.state = State.DROPPED
    row.because = "\n".join(part for part in (row.because, why.strip()) if part)
    row.save(update_fields=["state", "because"])
    act.changed("opening", row.id, before={"state": before}, after={"state": row.state, "why": why.strip()})
    return row


@action("opening.reopen", effect="change", right=PLAN, reversible=True)
def reopen_opening(act: Act, *, actor: Actor, opening_id: UUID) -> Vacancy:
    """A place that was given up is open again, or a planned one is opened. Raises MaropsError `conflict`."""
    row = _locked(opening_id)
    if row.state not in (State.DROPPED, State.PLANNED):
        said = f"{row.ref} is {row.get_state_display().lower()}."
        raise MaropsError(CONFLICT, said, remedy="Make another opening for another place.")
    before = row.state
    row.state = State.OPEN
    row.save(update_fields=["state"])
    act.changed("opening", row.id, before={"state": before}, after={"state": row.state})
    return row


@action("opening.word", effect="change", right=PLAN, reversible=True)
def word_section(act: Act, *, actor: Actor, opening_id: UUID, section: str, text: str, made: str) -> Vacancy:
    """Put a section of the description by hand, or take the made text again (an empty one).

    `made` is the digest of the text that it takes the place of. Raises MaropsError `invalid`, `not-found`.
    """
    if section not in SECTIONS or section == "pay":
        raise _fault("section", f"There is no section {section!r}.")
    row = _locked(opening_id)
    return _word(act, row, section, {"text": "\n".join(as_lines(text)), "made": made} if text.strip() else None)


@action("opening.show_pay", effect="change", right=PLAN, reversible=True)
def show_pay(act: Act, *, actor: Actor, opening_id: UUID, text: str) -> Vacancy:
    """Release a sentence about pay for the description, or take it back (an empty one)."""
    row = _locked(opening_id)
    return _word(act, row, PAY_SHOWN, {"text": " ".join(text.split()), "made": ""} if text.strip() else None)


def _word(act: Act, row: Vacancy, name: str, value: dict[str, str] | None) -> Vacancy:
    if value and len(value["text"]) > LONGEST:
        raise _fault("text", "That is more than a description can hold.", f"At most {LONGEST:,} letters.")
    before = row.words.get(name)
    row.words = {key: one for key, one in row.words.items() if key != name} | ({name: value} if value else {})
    row.save(update_fields=["words"])
    if before != value:
        act.changed("opening", row.id, before={name: before}, after={name: value})
    return row


def _locked(opening_id: UUID) -> Vacancy:
    row = Vacancy.objects.select_for_update().filter(id=opening_id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    return row


def _live(opening_id: UUID) -> Vacancy:
    row = _locked(opening_id)
    if row.state not in (State.PLANNED, State.OPEN):
        raise MaropsError(CONFLICT, f"{row.ref} is {row.get_state_display().lower()} already.")
    return row


def _check(values: dict[str, Any]) -> None:
    known = catalogue()
    if "title" in values and not values["title"].strip():
        raise _fault("title", "A place needs a name.")
    if "roles" in values:
        roles = values["roles"]
        unknown = [role for role in roles if role not in known.roles]
        if not roles or unknown:
            raise _fault("roles", f"There is no role {unknown[0]!r}." if unknown else "Name at least one role.")
        if any(not 0 < share <= 1 for share in roles.values()) or sum(roles.values()) > 1.0001:
            raise _fault("roles", "The shares come to more than a whole week.", "At most 100 % together.")
    for skill, level in (values.get("skills") or {}).items():
        if skill not in known.skills or not 0 <= level <= 4:
            raise _fault("skills", f"{skill} {level} is no skill with a level from 0 to 4.")
    if values.get("state") and values["state"] not in (State.OPEN, State.PLANNED):
        raise _fault("state", "A place is open or planned; it is filled and dropped by an act of its own.")
    manager = values.get("manager_id")
    if manager and not Person.objects.filter(id=manager, active=True).exists():
        raise _fault("manager_id", "There is no such person in the team.")


def _shown(row: Vacancy) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _EDITABLE}


def _fault(field: str, message: str, remedy: str = "") -> MaropsError:
    return MaropsError(INVALID, message, errors=[FieldError(field, message, remedy, field=field)])
