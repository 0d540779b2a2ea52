"""Writes of planned structures: a new version, and the places that its empty seats become."""

from collections.abc import Mapping
from typing import Any

from marops.domains.team.catalogue import STRUCTURE, catalogue
from marops.domains.team.models import Person, Vacancy
from marops.domains.team.permissions import PLAN
from marops.domains.team.queries.structures import find_structure
from marops.domains.team.rules.structure import Seat, Structure
from marops.kernel import definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.ids import next_number
from marops.kernel.models import Definition
from marops.kernel.workspace import sample_present

VACANCIES = "vacancy_number"


@action("structure.keep", effect="draft", right=PLAN, reversible=True)
def keep_structure(act: Act, *, actor: Actor, slug: str, document: Mapping[str, Any], reason: str = "") -> Definition:
    """A new version of a planned structure as a draft. Raises MaropsError `invalid` that names every fault."""
    return definitions.keep(act, actor, STRUCTURE, slug, document, reason)


@action("structure.open", effect="create", right=PLAN)
def open_places(act: Act, *, actor: Actor, slug: str) -> list[Vacancy]:
    """Open a place for every seat that nobody has and none was opened for; the structure names them from then on.

    Done twice it opens nothing more, since the seats name their places. Raises MaropsError `not-found`, `invalid`.
    """
    Definition.objects.select_for_update().filter(kind=STRUCTURE, slug=slug).order_by("-version").first()
    kept = find_structure(actor, slug)
    seats = {one.id: one for one in kept.structure.seats}
    people = {one.ref: one for one in Person.objects.filter(number__in=_numbers(kept.structure))}
    made: dict[str, Vacancy] = {}
    for one in kept.empty:
        made[one.id] = _vacancy(act, actor, one, _manager(one, seats, people), kept.structure)
    if made:
        named = [
            one.model_copy(update={"vacancy": made[one.id].ref}) if one.id in made else one
            for one in kept.structure.seats
        ]
        document = kept.structure.model_copy(update={"seats": tuple(named)}).model_dump(
            mode="json", exclude_defaults=True
        )
        reason = f"Opened {', '.join(one.ref for one in made.values())}."
        definitions.keep(act, actor, STRUCTURE, slug, document, reason)
    return list(made.values())


def _numbers(structure: Structure) -> list[int]:
    refs = (one.person.removeprefix("P-") for one in structure.seats if one.person)
    return [int(ref) for ref in refs if ref.isdecimal()]


def _manager(seat: Seat, seats: Mapping[str, Seat], people: Mapping[str, Person]) -> Person | None:
    """The nearest above who is a person: the manager may be a seat that nobody has yet either."""
    seen: set[str] = set()
    here = seats.get(seat.manager)
    while here is not None and here.id not in seen:
        if here.person in people:
            return people[here.person]
        seen.add(here.id)
        here = seats.get(here.manager)
    return None


def _vacancy(act: Act, actor: Actor, seat: Seat, manager: Person | None, structure: Structure) -> Vacancy:
    title = catalogue().title(max(seat.roles, key=lambda role: (seat.roles[role], role)))
    row = Vacancy.objects.create(
        number=next_number(VACANCIES), title=title, roles={role: float(share) for role, share in seat.roles.items()},
        manager=manager, location=seat.location, starts=seat.starts, because=seat.note or structure.because,
        sample=sample_present(), made_by=actor.id,
    )  # fmt: skip
    shown = {"title": row.title, "roles": row.roles, "manager": manager.ref if manager else None}
    act.changed("vacancy", row.id, after=shown | {"starts": row.starts.isoformat() if row.starts else None})
    return row


@action("structure.drop", effect="retire", right=PLAN)
def drop_structure(act: Act, *, actor: Actor, slug: str, reason: str = "") -> Definition:
    """Give a structure up: it stays readable among the definitions. Raises MaropsError `not-found`."""
    return definitions.take_out_of_force(act, find_structure(actor, slug).row.pinned, reason)
