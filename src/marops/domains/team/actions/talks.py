"""Writes of one-to-ones. Only the two of them write, and nothing of what they write reaches the audit trail."""

from datetime import date, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from marops.domains.team.models import OneToOne, Person, Talk, Topic
from marops.domains.team.permissions import VIEW, Policy
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import CONFLICT, INVALID, NOT_FOUND, FieldError, MaropsError
from marops.kernel.workspace import today

LONGEST_BACK = timedelta(days=366)
"""So long ago may a talk be that is put down now."""


@action("talk.keep", effect="change", right=VIEW)
def keep_talk(
    act: Act, *, actor: Actor, manager_id: UUID, person_id: UUID, on: date, says: str = "", seen: str = ""
) -> Talk:
    """Keep that two people talked on a day, and the notes. Notes of that day are replaced only by somebody who saw them
    as they are: `seen` is their stamp.

    Raises MaropsError `not-found` for a third person, `conflict` where they do not work together any more, `invalid`
    for a day that cannot be, and for words that would take the place of unseen ones.
    """
    row = _together(actor, manager_id, person_id)
    _day(row, on, today(act.at))
    kept = Talk.objects.select_for_update().filter(one_to_one=row, on=on).first()
    if kept and kept.says and kept.says != says.strip() and seen != stamp(kept):
        raise _fault("says", _("There are notes of this day already."), _("Both stand here now: keep what is to stay."))
    talk, _made = Talk.objects.update_or_create(
        one_to_one=row, on=on, defaults={"says": says.strip(), "made_by": actor.id, "at": act.at}
    )
    act.count(talks=1)
    return talk


def stamp(talk: Talk | None) -> str:
    """What says that somebody saw the notes of a talk as they are."""
    return talk.at.isoformat() if talk else ""


def _day(row: OneToOne, on: date, day: date) -> None:
    if on > day:
        raise _fault("on", _("That day is still to come."), _("Put down what is to be talked about instead."))
    joined = [one.joined for one in (row.manager, row.person) if one.joined]
    if on < max([day - LONGEST_BACK, *joined]):
        raise _fault("on", _("That is before you worked together, or more than a year ago."), _("Choose a later day."))


def _fault(field: str, message: str, remedy: str) -> MaropsError:
    return MaropsError(INVALID, errors=[FieldError(field, message, remedy, field=field)])


@action("talk.remove", effect="change", right=VIEW)
def remove_talk(act: Act, *, actor: Actor, talk_id: UUID) -> None:
    """Take a talk out again: who wrote its notes last, while the two work together. Raises MaropsError `not-found`."""
    row = Talk.objects.select_related("one_to_one").filter(id=talk_id, made_by=actor.id).first()
    if row is None:
        raise MaropsError(NOT_FOUND)
    _together(actor, row.one_to_one.manager_id, row.one_to_one.person_id)
    row.delete()
    act.count(talks=1)


@action("talk.add_topic", effect="create", right=VIEW)
def add_topic(
    act: Act, *, actor: Actor, manager_id: UUID, person_id: UUID, says: str, kind: str = "topic", own: bool = False
) -> Topic:
    """Something to talk about, or something agreed; `own`: seen by its author alone. Raises as `keep_talk` does."""
    row = _together(actor, manager_id, person_id)
    me = Policy.of(actor).me
    if me is None:
        raise MaropsError(NOT_FOUND)
    if own and kind == Topic.Kind.AGREED:
        words = _("Untick it, or make it something to talk about.")
        raise _fault("own", _("What was agreed is both's."), words)
    act.count(topics=1)
    return Topic.objects.create(
        one_to_one=row, kind=Topic.Kind(kind), says=says.strip(), own=own, author_id=me, at=act.at
    )


@action("talk.settle", effect="change", right=VIEW)
def settle_topic(act: Act, *, actor: Actor, topic_id: UUID, settled: bool = True) -> Topic:
    """It was talked about, or what was agreed is done; or not after all. Raises MaropsError `not-found`."""
    row = _open(actor, topic_id)
    row.settled_on = today(act.at) if settled else None
    row.save(update_fields=["settled_on"])
    act.count(topics=1)
    return row


@action("talk.remove_topic", effect="change", right=VIEW)
def remove_topic(act: Act, *, actor: Actor, topic_id: UUID) -> None:
    """Take back what one wrote; what nobody else saw, at any time. Raises MaropsError `not-found` for others'."""
    row = _topic(actor, topic_id)
    if row.author_id != Policy.of(actor).me:
        raise MaropsError(NOT_FOUND)
    if not row.own:
        _together(actor, row.one_to_one.manager_id, row.one_to_one.person_id)
    row.delete()
    act.count(topics=1)


@action("talk.share_topic", effect="change", right=VIEW)
def share_topic(act: Act, *, actor: Actor, topic_id: UUID) -> Topic:
    """Show the other one what was one's own alone. Raises MaropsError `not-found`."""
    row = _open(actor, topic_id)
    row.own = False
    row.save(update_fields=["own"])
    act.count(topics=1)
    return row


def _together(actor: Actor, manager_id: UUID, person_id: UUID) -> OneToOne:
    policy = Policy.of(actor)
    if not policy.in_talk(manager_id, person_id):
        raise MaropsError(NOT_FOUND)
    if not Person.objects.filter(id=person_id, manager_id=manager_id).exists():
        raise MaropsError(CONFLICT, "You do not report to each other any more; what was kept stays as it is.")
    return OneToOne.objects.get_or_create(manager_id=manager_id, person_id=person_id)[0]


def _open(actor: Actor, topic_id: UUID) -> Topic:
    """A point of two who work together: what is between others stays as it is."""
    row = _topic(actor, topic_id)
    _together(actor, row.one_to_one.manager_id, row.one_to_one.person_id)
    return row


def _topic(actor: Actor, topic_id: UUID) -> Topic:
    row = Topic.objects.select_for_update(of=("self",)).select_related("one_to_one").filter(id=topic_id).first()
    policy = Policy.of(actor)
    if row is None or not policy.in_talk(row.one_to_one.manager_id, row.one_to_one.person_id):
        raise MaropsError(NOT_FOUND)
    if row.own and row.author_id != policy.me:
        raise MaropsError(NOT_FOUND)
    return row
