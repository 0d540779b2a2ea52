"""Writes of planned structures: a sketch and its way back, a new version, and the places that empty seats become."""

from collections.abc import Mapping
from typing import Any

from marops.domains.team.catalogue import STRUCTURE, catalogue
from marops.domains.team.models import Person, StructureSketch, Vacancy
from marops.domains.team.permissions import PLAN
from marops.domains.team.queries.structures import find_structure
from marops.domains.team.rules.structure import Seat, Structure
from marops.kernel import definitions
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, NOT_FOUND, MaropsError
from marops.kernel.ids import next_number
from marops.kernel.models import Definition
from marops.kernel.workspace import sample_present

VACANCIES = "vacancy_number"
UNDONE = 30
"""So many changes of a sketch can be taken back."""


@action("structure.keep", effect="draft", right=PLAN, reversible=True)
def keep_structure(act: Act, *, actor: Actor, slug: str, document: Mapping[str, Any], reason: str = "") -> Definition:
    """A new version of a planned structure as a draft. Raises MaropsError `invalid` that names every fault."""
    return definitions.keep(act, actor, STRUCTURE, slug, document, reason)


def _sketch(slug: str, actor: Actor) -> StructureSketch | None:
    return StructureSketch.objects.select_for_update().filter(slug=slug, by=actor.id).first()


def _newest(slug: str) -> Definition | None:
    return Definition.objects.filter(kind=STRUCTURE, slug=slug).order_by("-version").first()


@action("structure.sketch", effect="draft", right=PLAN, reversible=True)
def sketch_structure(
    act: Act, *, actor: Actor, slug: str, document: Mapping[str, Any], words: str
) -> StructureSketch | None:
    """One's sketch of a structure from here on; `words` say what changed. What it was before can be had back.

    Raises MaropsError `invalid` that names every fault, `not-found`.
    """
    kept, row, newest = definitions.checked(STRUCTURE, document), _sketch(slug, actor), _newest(slug)
    if newest is None:
        raise MaropsError(NOT_FOUND, f"There is no structure {slug!r}.")
    row = row or StructureSketch(slug=slug, by=actor.id, base=newest.version, document=newest.document)
    if row.document != kept:
        row.past = [*row.past, {"document": row.document, "words": words}][-UNDONE:]
        row.document, row.changed_at = kept, act.at
        row.save()
    return row


@action("structure.undo", effect="draft", right=PLAN, reversible=True)
def undo_structure(act: Act, *, actor: Actor, slug: str) -> str:
    """Take the last change of one's sketch back; answers its words, empty where there is nothing to take back."""
    row = _sketch(slug, actor)
    if row is None or not row.past:
        return ""
    last = row.past.pop()
    row.document, row.changed_at = last["document"], act.at
    if row.past:
        row.save(update_fields=["document", "past", "changed_at"])
    else:
        row.delete()
    return str(last["words"])


@action("structure.leave", effect="draft", right=PLAN)
def leave_structure(act: Act, *, actor: Actor, slug: str) -> None:
    """Throw one's sketch away; the structure stays as it was kept."""
    StructureSketch.objects.filter(slug=slug, by=actor.id).delete()


@action("structure.settle", effect="draft", right=PLAN, reversible=True)
def settle_structure(act: Act, *, actor: Actor, slug: str, over: bool = False) -> Definition:
    """Keep one's sketch: all its changes are one new version. `over`: also where somebody kept one meanwhile.

    Raises MaropsError `not-found`, `conflict`, `invalid`.
    """
    row, newest = _sketch(slug, actor), _newest(slug)
    if row is None or newest is None:
        raise MaropsError(NOT_FOUND, "There is no change of this structure to keep.")
    if newest.version != row.base and not over:
        raise MaropsError(CONFLICT, f"Somebody kept version {newest.version} since you began from {row.base}.")
    kept = definitions.keep(act, actor, STRUCTURE, slug, row.document, " ".join(row.words)[:500])
    row.delete()
    return kept


@action("structure.open", effect="create", right=PLAN)
def open_places(act: Act, *, actor: Actor, slug: str) -> list[Vacancy]:
    """Open a place for every seat that nobody has and none was opened for; the structure names them from then on.

    Done twice it opens nothing more, since the seats name their places. Raises MaropsError `not-found`, `invalid`, and
    `conflict` while changes of one's own wait to be kept.
    """
    Definition.objects.select_for_update().filter(kind=STRUCTURE, slug=slug).order_by("-version").first()
    kept = find_structure(actor, slug)
    if kept.sketch:
        raise MaropsError(CONFLICT, "Keep your changes first, or leave them.")
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
    StructureSketch.objects.filter(slug=slug).delete()
    return definitions.take_out_of_force(act, find_structure(actor, slug).row.pinned, reason)
