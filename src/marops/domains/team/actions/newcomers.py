"""Writes about somebody's first weeks: begun by a playbook, moved by absences, ended."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from marops.domains.team.models import Assignment, Onboarding, Person
from marops.domains.team.permissions import VIEW, Policy
from marops.domains.team.queries.newcomers import dues_now, planned
from marops.domains.team.queries.work import OPEN
from marops.domains.team.rules.newcomers import phases_of
from marops.domains.team.rules.playbook import Playbook
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.definitions import find, load
from marops.kernel.errors import CONFLICT, INVALID, NOT_ALLOWED, NOT_FOUND, FieldError, MaropsError
from marops.kernel.ids import next_number
from marops.kernel.models import Definition
from marops.kernel.notices import tell
from marops.kernel.workspace import today


@action("onboarding.start", effect="create", right=VIEW)
def start_onboarding(
    act: Act, *, actor: Actor, person_id: UUID, playbook: str, starts: date, mentor_id: UUID | None = None
) -> Onboarding:
    """Begin somebody's first weeks: the playbook's tasks become work of the newcomer, the mentor and the manager.

    Raises MaropsError `not-allowed`, `not-found`, `invalid`, and `conflict` where they were begun before.
    """
    person = Person.objects.select_for_update(of=("self",)).select_related("manager").filter(id=person_id).first()
    if person is None or not person.active:
        raise MaropsError(NOT_FOUND)
    policy = Policy.of(actor)
    if not policy.gives_to(person_id) or policy.is_self(person_id):
        raise MaropsError(NOT_ALLOWED, "First weeks are begun by whoever leads the newcomer.")
    if Onboarding.objects.filter(person_id=person_id).exists():
        raise MaropsError(CONFLICT, f"{person.name}'s first weeks were begun before.")
    mentor = _mentor(person, mentor_id)
    version = find(f"playbook/{playbook}")
    _first_day(person, starts, load(version), today(act.at))
    if version.state != Definition.State.ACTIVE:
        raise _fault("playbook", f"{version.pinned} is not in force.", "Choose a playbook that is.")
    row = Onboarding.objects.create(
        person=person, playbook=version.pinned, mentor=mentor, starts=starts, made_by=actor.id, created_at=act.at
    )
    tasks = [
        Assignment(
            number=next_number("assignment_number"), title=one.task.says, says=one.task.done_when, person=one.doer,
            asked_by=actor.id, due=one.due, hours=Decimal(str(one.task.hours.usual)), onboarding=row, step=one.task.id,
            sample=person.sample, created_at=act.at,
        )
        for one in planned(load(version), person, mentor, starts)
    ]  # fmt: skip
    Assignment.objects.bulk_create(tasks)
    act.changed("person", person.id, after={"onboarding": version.pinned, "starts": starts, "tasks": len(tasks)})
    url, day = f"/team/onboarding/{person.ref}", date_format(starts, "j F Y")
    if person.account_id:
        tell(person.account_id, _("Your first weeks are planned, from %(day)s on.") % {"day": day}, url=url)
    if mentor and mentor.account_id and str(mentor.account_id) != actor.id:
        words = _("You are the mentor of %(name)s from %(day)s on.") % {"name": person.name, "day": day}
        tell(mentor.account_id, words, url=url)
    return row


def _first_day(person: Person, starts: date, book: Playbook, day: date) -> None:
    """Weeks that would be over already, or begin before the person does, are no first weeks."""
    length = timedelta(weeks=phases_of(book)[-1].last)
    if starts < day - length:
        raise _fault("starts", _("By this playbook these weeks would be over already."), _("Choose a later first day."))
    if person.joined and starts < person.joined:
        words = {"name": person.name, "day": date_format(person.joined, "j F Y")}
        raise _fault("starts", _("%(name)s joined on %(day)s.") % words, _("Choose that day or a later one."))


def _mentor(person: Person, mentor_id: UUID | None) -> Person | None:
    if mentor_id is None:
        return None
    if mentor_id in (person.id, person.manager_id):
        raise _fault("mentor_id", "A mentor is neither the newcomer nor the manager.", "Choose a colleague.")
    found = Person.objects.filter(id=mentor_id, active=True).first()
    if found is None:
        raise _fault("mentor_id", "There is no such person in the team.")
    return found


@action("onboarding.change", effect="change", right=VIEW, reversible=True)
def change_mentor(act: Act, *, actor: Actor, onboarding_id: UUID, mentor_id: UUID | None) -> Onboarding:
    """Another mentor: open tasks of the one before become theirs. Raises as `start_onboarding` does."""
    row = _near(actor, onboarding_id)
    mentor, before = _mentor(row.person, mentor_id), row.mentor_id
    row.mentor = mentor
    row.save(update_fields=["mentor"])
    if before and mentor:
        row.tasks.filter(person_id=before, state__in=OPEN).update(person=mentor)
    if before != row.mentor_id:
        act.changed("person", row.person_id, before={"mentor": before}, after={"mentor": row.mentor_id})
    if mentor:
        move_dues(act, row.person_id)
    return row


@action("onboarding.end", effect="change", right=VIEW, reversible=True)
def end_onboarding(act: Act, *, actor: Actor, onboarding_id: UUID) -> Onboarding:
    """The first weeks are over; tasks that are still open are dropped. Raises MaropsError `not-allowed`."""
    row = _near(actor, onboarding_id)
    row.ended_at = act.at
    row.save(update_fields=["ended_at"])
    left = row.tasks.filter(state__in=OPEN).update(state=Assignment.State.DROPPED, ended_at=act.at)
    act.changed("person", row.person_id, after={"onboarding": "ended", "dropped": left})
    return row


def _near(actor: Actor, onboarding_id: UUID) -> Onboarding:
    """Weeks that last, of somebody whom the actor leads or keeps."""
    rows = Onboarding.objects.select_for_update(of=("self",)).select_related("person", "mentor")
    row, policy = rows.filter(id=onboarding_id).first(), Policy.of(actor)
    if row is None or not policy.sees_onboarding(row):
        raise MaropsError(NOT_FOUND)
    if not policy.gives_to(row.person_id) or policy.is_self(row.person_id):
        raise MaropsError(NOT_ALLOWED, "Whoever leads the newcomer decides this.")
    if row.ended_at is not None:
        raise MaropsError(CONFLICT, "These first weeks are over.")
    return row


def move_dues(act: Act, person_id: UUID) -> None:
    """Inside an act that changed when somebody is away: tasks of first weeks they have part in move with it."""
    mine = Onboarding.objects.filter(ended_at=None, person_id=person_id)
    beside = Onboarding.objects.filter(ended_at=None, tasks__person_id=person_id, tasks__state__in=OPEN)
    rows = Onboarding.objects.filter(id__in={*mine.values_list("id", flat=True), *beside.values_list("id", flat=True)})
    for row in rows.select_related("person"):
        act.count(tasks_moved=_moved(row))


def _moved(row: Onboarding) -> int:
    """Put open tasks on the days they fall due on by what is known now; answers how many."""
    found = dues_now(row)
    tasks = list(Assignment.objects.select_for_update().filter(id__in=list(found)))
    for one in tasks:
        one.due = found[one.id]
    Assignment.objects.bulk_update(tasks, ["due"])
    return len(tasks)


@action("onboarding.turn", effect="change")
def turn_dues(act: Act, *, actor: Actor, as_of: datetime) -> None:
    """On a new day: calendars may have changed, by which the tasks of first weeks fall due."""
    for row in Onboarding.objects.filter(ended_at=None).select_related("person"):
        act.count(tasks_moved=_moved(row))


def _fault(field: str, message: str, remedy: str = "") -> MaropsError:
    return MaropsError(INVALID, message, errors=[FieldError(field, message, remedy, field=field)])
