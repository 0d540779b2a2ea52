"""Writes about work: put down, given, begun, finished, dropped, and moved to somebody else all at once.

No fact `task.finished` comes of it: those tell of a step of a case that was begun and ended (log, activity, times), by
which workflows are measured. A piece of work here has no case and no measured beginning; it would count as one.
"""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Assignment, Person, WorkMove
from marops.domains.team.permissions import VIEW, Policy
from marops.domains.team.queries.hours import absences_at
from marops.domains.team.queries.work import LINK, OPEN
from marops.kernel import shell
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, INVALID, NOT_ALLOWED, NOT_FOUND, FieldError, MaropsError
from marops.kernel.ids import next_number
from marops.kernel.notices import tell

State = Assignment.State
_EDITABLE = ("title", "says", "due", "hours", "responsibility", "about_type", "about_id")


@action("work.add", effect="create", right=VIEW)
def add_work(
    act: Act,
    *,
    actor: Actor,
    title: str,
    person_id: UUID | None = None,
    says: str = "",
    due: date | None = None,
    hours: Decimal | None = None,
    responsibility: str = "",
    about_type: str = "",
    about_id: str = "",
    sample: bool = False,
) -> Assignment:
    """A piece of work for oneself, for one's people, with the right for anybody, or for whoever takes it.

    Raises MaropsError `invalid`, or `not-allowed` where the actor does not lead this person.
    """
    policy = Policy.of(actor)
    if person_id is not None:
        _need_person(person_id)
        _need(policy.gives_to(person_id), "You give work to yourself and to those who report to you.")
    values = {"title": title.strip(), "says": says, "due": due, "hours": hours, "responsibility": responsibility,
              "about_type": about_type, "about_id": about_id}  # fmt: skip
    _check(actor, values)
    row = Assignment(
        number=next_number("assignment_number"), person_id=person_id, asked_by=actor.id, sample=sample, **values
    )
    row.save(force_insert=True)
    act.changed("assignment", row.id, after=_shown(row))
    _notify(policy, row, "{by} gave you “{title}”.", actor)
    return row


@action("work.change", effect="change", right=VIEW, reversible=True)
def change_work(act: Act, /, *, actor: Actor, work_id: UUID, **values: Any) -> Assignment:
    """Other words, another day, other hours. Raises MaropsError `invalid`, `not-allowed`, `not-found`."""
    if unknown := set(values) - set(_EDITABLE):
        raise TypeError(f"not settings of work: {sorted(unknown)}")
    policy, row = _open(actor, work_id)
    _need(row.onboarding_id is None and policy.drops(row), "Only who has it, who asked for it and who leads them.")
    _check(actor, values)
    before = _shown(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
    if _shown(row) != before or "says" in values:
        act.changed("assignment", row.id, before=before, after=_shown(row))
    return row


@action("work.give", effect="assign", right=VIEW, reversible=True)
def give_work(act: Act, *, actor: Actor, work_id: UUID, person_id: UUID | None) -> Assignment:
    """Put it on somebody's plate, or back where it waits for somebody (None).

    Raises MaropsError `not-allowed`: it takes the say over whoever has it and over whoever gets it.
    """
    policy, row = _open(actor, work_id)
    _need(policy.moves(row), "Work goes from you and from those who report to you.")
    if person_id is not None:
        _need_person(person_id)
        _need(policy.gives_to(person_id), "You give work to yourself and to those who report to you.")
    _move(act, row, person_id)
    _notify(policy, row, "{by} gave you “{title}”.", actor)
    return row


@action("work.take", effect="assign", right=VIEW, reversible=True)
def take_work(act: Act, *, actor: Actor, work_id: UUID) -> Assignment:
    """Take over what waits for somebody, or what a colleague has who is away now; they are told.

    Raises MaropsError `not-allowed`.
    """
    policy, row = _open(actor, work_id)
    me = policy.me
    if me is None:
        raise MaropsError(NOT_ALLOWED, "Only people of the team take work over.")
    away = row.person_id is not None and bool(absences_at(act.at, [row.person_id]))
    _need(row.onboarding_id is None and (away or policy.moves(row)), "It is on the plate of somebody who is here.")
    if row.person_id != me:
        holder = row.person
        _move(act, row, me)
        if holder and holder.account_id and str(holder.account_id) != actor.id:
            taker = Person.objects.get(id=me).name
            tell(holder.account_id, f"{taker} took over “{row.title}”.", url=f"/team/work/{row.ref}")
    return row


@action("work.start", effect="change", right=VIEW, reversible=True)
def start_work(act: Act, *, actor: Actor, work_id: UUID) -> Assignment:
    """It is under way. Raises MaropsError `not-allowed`, and `conflict` where nobody has it."""
    policy, row = _open(actor, work_id)
    _need(policy.ends(row), "Only who has it, and who leads them.")
    if row.person_id is None:
        raise MaropsError(CONFLICT, "Nobody has it yet.", remedy="Take it over, or give it to somebody.")
    return _set(act, row, State.DOING)


@action("work.finish", effect="change", right=VIEW, reversible=True)
def finish_work(act: Act, *, actor: Actor, work_id: UUID) -> Assignment:
    """It is done. Raises MaropsError `not-allowed`, and `conflict` where it is over already."""
    policy, row = _open(actor, work_id)
    _need(policy.ends(row), "Only who has it, and who leads them.")
    return _set(act, row, State.DONE)


@action("work.drop", effect="change", right=VIEW, reversible=True)
def drop_work(act: Act, *, actor: Actor, work_id: UUID, why: str = "") -> Assignment:
    """It is not needed. A newcomer who leaves a task of the first weeks out says why, to the manager alone.

    Raises MaropsError `not-allowed`, and `invalid` where a reason is missing.
    """
    policy, row = _open(actor, work_id)
    _need(policy.drops(row), "Only who has it, who asked for it and who leads them.")
    if row.onboarding_id is not None and not why.strip():
        raise _fault("why", "Say why it is left out.", "Only your manager reads it.")
    row.why_dropped = why.strip()
    row.why_for_id = row.onboarding.person.manager_id if row.onboarding else None
    row.save(update_fields=["why_dropped", "why_for"])
    return _set(act, row, State.DROPPED)


@action("work.reopen", effect="change", right=VIEW, reversible=True)
def reopen_work(act: Act, *, actor: Actor, work_id: UUID) -> Assignment:
    """It is not over after all. Raises MaropsError `not-allowed`."""
    policy, row = _locked(actor, work_id)
    _need(policy.drops(row) or policy.ends(row), "Only who has it, who asked for it and who leads them.")
    row.why_dropped = ""
    row.save(update_fields=["why_dropped"])
    return _set(act, row, State.OPEN)


@action("work.move_all", effect="assign", right=VIEW, reversible=True)
def move_all_work(act: Act, *, actor: Actor, source_id: UUID, target_id: UUID | None) -> WorkMove:
    """All open work of somebody goes to another, or waits for somebody (None); tasks of first weeks stay.

    Raises MaropsError `not-allowed`, and `conflict` where there is nothing to move.
    """
    policy = Policy.of(actor)
    source = _need_person(source_id)
    _need(policy.gives_to(source_id), "Work goes from you and from those who report to you.")
    if target_id is not None:
        _need_person(target_id)
        _need(policy.gives_to(target_id), "You give work to yourself and to those who report to you.")
    if target_id == source_id:
        raise _fault("target_id", "That is the same person.", "Choose somebody else.")
    rows = Assignment.objects.select_for_update().filter(person_id=source_id, state__in=OPEN, onboarding=None)
    ids = list(rows.values_list("id", flat=True))
    if not ids:
        raise MaropsError(CONFLICT, f"{source.name} has no open work that could go to somebody else.")
    Assignment.objects.filter(id__in=ids).update(person_id=target_id)
    move = WorkMove.objects.create(
        source_id=source_id, target_id=target_id, assignments=[str(one) for one in ids], made_by=actor.id, at=act.at
    )
    act.changed("person", source_id, after={"work_to": str(target_id) if target_id else None, "pieces": len(ids)})
    return move


@action("work.move_back", effect="assign", right=VIEW)
def undo_move(act: Act, *, actor: Actor, move_id: UUID) -> int:
    """What was moved at once goes back; what went on to somebody else since, or is over, stays. Answers how many.

    Raises MaropsError `not-found` for what another did, and `conflict` where it came back already.
    """
    row = (
        WorkMove.objects.select_for_update(of=("self",))
        .select_related("target")
        .filter(id=move_id, made_by=actor.id)
        .first()
    )
    if row is None:
        raise MaropsError(NOT_FOUND)
    policy = Policy.of(actor)
    _need(policy.in_person or policy.gives_to(row.source_id), "Whoever moved it brings it back themselves.")
    if row.undone_at is not None:
        raise MaropsError(CONFLICT, "It came back already.")
    here = Assignment.objects.filter(id__in=row.assignments, person=row.target, state__in=OPEN)
    many = here.update(person_id=row.source_id)
    row.undone_at = act.at
    row.save(update_fields=["undone_at"])
    act.changed("person", row.source_id, after={"work_back": many})
    return many


def _locked(actor: Actor, work_id: UUID) -> tuple[Policy, Assignment]:
    rows = Assignment.objects.select_for_update(of=("self",)).select_related("person", "onboarding")
    row, policy = rows.filter(id=work_id).first(), Policy.of(actor)
    if row is None or not policy.sees_work(row):
        raise MaropsError(NOT_FOUND)
    return policy, row


def _open(actor: Actor, work_id: UUID) -> tuple[Policy, Assignment]:
    policy, row = _locked(actor, work_id)
    if row.state not in OPEN:
        raise MaropsError(CONFLICT, f"{row.ref} is over already.", remedy="Open it again first.")
    return policy, row


def _set(act: Act, row: Assignment, state: str) -> Assignment:
    before = row.state
    row.state, row.ended_at = State(state), (None if state in OPEN else act.at)
    row.save(update_fields=["state", "ended_at"])
    if before != state:
        act.changed("assignment", row.id, before={"state": before}, after={"state": state})
    return row


def _move(act: Act, row: Assignment, person_id: UUID | None) -> None:
    before = row.person_id
    if before == person_id:
        return
    row.person_id = person_id
    row.save(update_fields=["person"])
    act.changed("assignment", row.id, before={"person": before}, after={"person": person_id})


def _notify(policy: Policy, row: Assignment, words: str, actor: Actor) -> None:
    """Whoever got it is told, unless they did it themselves."""
    if row.person_id is None or policy.is_self(row.person_id):
        return
    account = Person.objects.filter(id=row.person_id).values_list("account_id", flat=True).first()
    names = Person.objects.filter(id=policy.me).values_list("name", flat=True) if policy.me else ()
    by = next(iter(names), "Somebody")
    if account and str(account) != actor.id:
        tell(account, words.format(by=by, title=row.title), url=f"/team/work/{row.ref}")


def _need(holds: bool, words: str) -> None:
    if not holds:
        raise MaropsError(NOT_ALLOWED, words)


def _need_person(person_id: UUID) -> Person:
    row = Person.objects.filter(id=person_id, active=True).first()
    if row is None:
        raise _fault("person_id", "There is no such person in the team.", "Choose somebody who works here.")
    return row


def _check(actor: Actor, values: dict[str, Any]) -> None:
    if "title" in values and not values["title"].strip():
        raise _fault("title", "Say in a few words what is to be done.")
    if values.get("responsibility") and values["responsibility"] not in catalogue().responsibilities:
        raise _fault("responsibility", f"There is no responsibility {values['responsibility']!r}.")
    if values.get("hours") is not None and not 0 < values["hours"] < 10_000:
        raise _fault("hours", "Hours are more than nought and fewer than 10,000.")
    kind, ident = values.get("about_type", ""), values.get("about_id", "")
    if kind and kind != LINK and (kind not in shell.objects or shell.objects[kind].find(actor, ident) is None):
        raise _fault("about", "There is nothing like this that you may see.", "Paste the address of its page.")


def _shown(row: Assignment) -> dict[str, Any]:
    """For the trail, which more people read than may read details: these stay out."""
    return {name: getattr(row, name) for name in (*_EDITABLE, "person_id", "state") if name != "says"}


def _fault(field: str, message: str, remedy: str = "") -> MaropsError:
    return MaropsError(INVALID, message, errors=[FieldError(field, message, remedy, field=field)])
