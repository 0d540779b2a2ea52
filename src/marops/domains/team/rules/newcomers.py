"""A newcomer's tasks by a playbook: which are theirs, who does each, and what is wrong with a playbook."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from marops.domains.team.rules.playbook import Playbook, PlaybookTask
from marops.kernel.errors import FieldError

SMALLEST_SHARE = 0.2
"""A task for a role is left out where the newcomer holds the role for less of their time."""


def tasks_for(playbook: Playbook, shares: Mapping[str, float], *, mentor: bool, manager: bool) -> list[PlaybookTask]:
    """The tasks that concern somebody with these roles, by week; of people who are not there, none."""
    there = {"newcomer": True, "mentor": mentor, "manager": manager}
    wanted = [one for one in playbook.tasks if there[one.who] and _concerns(one, shares)]
    return sorted(wanted, key=lambda one: one.week)


def _concerns(task: PlaybookTask, shares: Mapping[str, float]) -> bool:
    return not task.roles or any(shares.get(role, 0.0) >= SMALLEST_SHARE for role in task.roles)


def suits(playbook: Playbook, roles: Container[str]) -> bool:
    """Is the playbook meant for one of these roles?"""
    return "any" in playbook.for_ or any(role in roles for role in playbook.for_)


@dataclass(frozen=True, slots=True)
class Part:
    """A phase with the weeks it takes, the first and the last one included."""

    id: str
    title: str
    aim: str
    first: int
    last: int


def phases_of(playbook: Playbook) -> list[Part]:
    """The phases in order; week 0, before the first day, belongs to the first."""
    found: list[Part] = []
    for one in sorted(playbook.phases, key=lambda phase: phase.ends_week):
        found.append(Part(one.id, one.title, one.aim, found[-1].last + 1 if found else 0, one.ends_week))
    return found


def faults_of_playbook(playbook: Playbook, roles: Container[str], skills: Container[str]) -> Sequence[FieldError]:
    """What is wrong in a playbook beyond its form: phases, weeks, roles and skills that do not fit together."""
    return [*_names(playbook, roles, skills), *_phases(playbook), *_tasks(playbook, roles, skills)]


def _names(playbook: Playbook, roles: Container[str], skills: Container[str]) -> Iterator[FieldError]:
    for place, role in enumerate(playbook.for_):
        if role != "any" and role not in roles:
            yield _fault(f"/for/{place}", f"There is no role {role!r}.", "Name a role of the catalogue, or any.")
    if playbook.mentor.skill not in skills:
        yield _fault("/mentor/skill", f"There is no skill {playbook.mentor.skill!r}.", "Name one of the catalogue.")


def _phases(playbook: Playbook) -> Iterator[FieldError]:
    seen: set[str] = set()
    before = 0
    for place, one in enumerate(playbook.phases):
        if one.id in seen:
            yield _fault(f"/phases/{place}/id", f"Two phases are called {one.id!r}.", "Give one another name.")
        if one.ends_week <= before:
            said = f"The phase {one.id!r} ends before the one before it."
            yield _fault(f"/phases/{place}/ends_week", said, f"Let it end after week {before}.")
        seen.add(one.id)
        before = max(before, one.ends_week)


def _tasks(playbook: Playbook, roles: Container[str], skills: Container[str]) -> Iterator[FieldError]:
    parts = {one.id: one for one in phases_of(playbook)}
    seen: set[str] = set()
    for place, one in enumerate(playbook.tasks):
        where = f"/tasks/{place}"
        if one.id in seen:
            yield _fault(f"{where}/id", f"Two tasks are called {one.id!r}.", "Give one another name.")
        seen.add(one.id)
        part = parts.get(one.phase)
        if part is None:
            yield _fault(f"{where}/phase", f"There is no phase {one.phase!r}.", f"Use {', '.join(parts)}.")
        elif not part.first <= one.week <= part.last:
            said = f"Week {one.week} is not in the phase {one.phase!r}."
            yield _fault(f"{where}/week", said, f"That phase has the weeks {part.first} to {part.last}.")
        for role in (role for role in one.roles if role not in roles):
            yield _fault(f"{where}/roles", f"There is no role {role!r}.", "Name roles of the catalogue.")
        if one.skill and one.skill not in skills:
            yield _fault(f"{where}/skill", f"There is no skill {one.skill!r}.", "Name one of the catalogue.")


def _fault(pointer: str, message: str, remedy: str) -> FieldError:
    return FieldError("playbook", message, remedy, pointer)
