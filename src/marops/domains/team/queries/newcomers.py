"""Reads of somebody's first weeks: the playbook's version, its tasks by phase, when each falls due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import F

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Assignment, Onboarding, Person
from marops.domains.team.permissions import Policy
from marops.domains.team.queries.hours import find_person
from marops.domains.team.queries.people import held_on
from marops.domains.team.queries.week import days_of
from marops.domains.team.queries.work import OPEN
from marops.domains.team.rules.newcomers import Part, faults_of_playbook, phases_of, tasks_for
from marops.domains.team.rules.playbook import Playbook, PlaybookTask
from marops.domains.team.rules.weeks import due_day
from marops.domains.team.starter import shipped
from marops.kernel.definitions import find, load
from marops.kernel.errors import NOT_FOUND, FieldError, MaropsError

LOOKED_AHEAD = timedelta(days=7 * 104 + 200)


def find_onboarding(policy: Policy, ref: str) -> Onboarding:
    """The first weeks of the person of a reference, for those concerned. Raises MaropsError `not-found`."""
    missing = MaropsError(NOT_FOUND, f"There are no first weeks of {ref!r} that you may see.")
    try:
        person = find_person(ref)
    except MaropsError:
        raise missing from None
    row = Onboarding.objects.select_related("person", "mentor", "person__manager").filter(person=person).first()
    if row is None or not policy.sees_onboarding(row):
        raise missing
    return row


def begun(policy: Policy, person_id: UUID | None) -> Onboarding | None:
    """The first weeks of this person where they were begun and the actor may see them."""
    row = Onboarding.objects.select_related("person").filter(person_id=person_id).first() if person_id else None
    return row if row and policy.sees_onboarding(row) else None


def playbook_of(row: Onboarding) -> Playbook:
    """The playbook in the version these weeks began with."""
    book: Playbook = load(find(row.playbook))
    return book


def newcomers_of(policy: Policy) -> list[tuple[str, str]]:
    """Whose first weeks this actor may begin: people without any, by name."""
    rows = (
        Person.objects.filter(active=True, onboarding=None)
        .order_by(F("joined").desc(nulls_last=True), "name")
        .only("id", "name")
    )
    return [(str(one.id), one.name) for one in rows if policy.gives_to(one.id) and not policy.is_self(one.id)]


@dataclass(frozen=True, slots=True)
class Planned:
    """A task of the playbook with the one who does it and the day it falls due."""

    task: PlaybookTask
    doer: Person
    due: date


def planned(book: Playbook, person: Person, mentor: Person | None, starts: date) -> list[Planned]:
    """All tasks of somebody's first weeks. Roles count as held on the first day or later, the largest share of each."""
    manager = person.manager
    shares = _shares(person, starts)
    doers: dict[str, Person | None] = {"newcomer": person, "mentor": mentor, "manager": manager}
    there = [one for one in doers.values() if one is not None]
    days = days_of(there, starts - timedelta(days=30), starts + LOOKED_AHEAD)
    found = []
    for task in tasks_for(book, shares, mentor=mentor is not None, manager=manager is not None):
        doer = doers[task.who]
        if doer is not None:
            found.append(Planned(task, doer, due_day(starts, task.week, days[person.id], days[doer.id])))
    return found


def _shares(person: Person, starts: date) -> Mapping[str, float]:
    held = held_on(starts, [person.id]).get(person.id) or held_on(None, [person.id]).get(person.id, [])
    return {one.role: float(one.share) for one in held}


def dues_now(row: Onboarding) -> dict[UUID, date]:
    """Open task → the day it falls due by the absences that are known now, for those whose day changes."""
    book = playbook_of(row)
    weeks = {one.id: one.week for one in book.tasks}
    tasks = list(row.tasks.select_related("person").filter(state__in=OPEN, step__in=list(weeks)))
    people = {one.person.id: one.person for one in tasks if one.person} | {row.person_id: row.person}
    days = days_of(people.values(), row.starts - timedelta(days=30), row.starts + LOOKED_AHEAD)
    found = {}
    for one in tasks:
        if one.person_id:
            due = due_day(row.starts, weeks[one.step], days[row.person_id], days[one.person_id])
            if due != one.due:
                found[one.id] = due
    return found


@dataclass(frozen=True)
class Phase:
    """A phase with its tasks, the first to fall due first."""

    part: Part
    tasks: Sequence[tuple[Assignment, PlaybookTask | None]]

    @property
    def open(self) -> int:
        """How many tasks are not over."""
        return sum(1 for one, _task in self.tasks if one.state in OPEN)


def phases(row: Onboarding, book: Playbook) -> list[Phase]:
    """The phases of somebody's first weeks with their tasks."""
    by_id = {one.id: one for one in book.tasks}
    tasks = list(row.tasks.select_related("person", "onboarding").order_by("due", "number"))
    known = {part.id for part in phases_of(book)}
    found = []
    for place, part in enumerate(phases_of(book)):
        mine = [(one, by_id.get(one.step)) for one in tasks if _phase(by_id.get(one.step), known, place) == part.id]
        found.append(Phase(part, mine))
    return found


def _phase(task: PlaybookTask | None, known: set[str], place: int) -> str:
    return task.phase if task and task.phase in known else ""


def check_playbook(book: Playbook) -> Sequence[FieldError]:
    """What does not fit together in a playbook. Names of the shipped catalogue always count: a workspace that is being
    set up has only part of its own.
    """
    names = {name for kind, name in shipped() if kind == "role"}
    skills = {one["id"] for one in shipped()["skills", "main"]["skills"]}
    known = catalogue()
    return faults_of_playbook(book, names | set(known.roles), skills | set(known.skills))
