"""Reads of work: what somebody has on, what waits for somebody, and what stands on a desk."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marops.domains.team.catalogue import catalogue
from marops.domains.team.models import Assignment, Person, WorkMove
from marops.domains.team.permissions import VIEW, Policy
from marops.kernel import shell
from marops.kernel.actors import Actor
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.ids import as_uuid
from marops.kernel.permissions import may
from marops.kernel.shell import Found, Hit, Need
from marops.kernel.workspace import today

OPEN = (Assignment.State.OPEN, Assignment.State.DOING)
LINK = "link"
"""The kind of thing that work is about where only its address is known."""
SOON = timedelta(days=7)
SHOWN_ON_DESK = 3


def work() -> QuerySet[Assignment]:
    """All work, with what deciding who sees it takes: the first to fall due first."""
    rows = Assignment.objects.select_related("person", "onboarding", "onboarding__person")
    return rows.order_by("due", "number")  # PostgreSQL puts those without a day last


def open_work(person_ids: Iterable[UUID] | None = None) -> QuerySet[Assignment]:
    """Work that is not over, of these people or of everybody and nobody."""
    rows = work().filter(state__in=OPEN)
    return rows if person_ids is None else rows.filter(person_id__in=list(person_ids))


def seen(policy: Policy, rows: Iterable[Assignment]) -> list[Assignment]:
    """Those whose titles this reader may see."""
    return [one for one in rows if policy.sees_work(one)]


def find_work(policy: Policy, ref: str) -> Assignment:
    """The work of a reference T-3 or an id, where the reader may see it. Raises MaropsError `not-found`."""
    text = ref.strip()
    known = as_uuid(text)
    if known:
        rows = work().filter(id=known)
    elif text[:2].upper() == "T-" and text[2:].isdecimal() and len(text) < 20:
        rows = work().filter(number=int(text[2:]))
    else:
        rows = work().none()
    row = rows.first()
    if row is None or not policy.sees_work(row):
        raise MaropsError(NOT_FOUND, f"There is no work {ref!r}.")
    return row


def find_move(move_id: str, actor: Actor) -> WorkMove:
    """A move of all work that this actor did. Raises MaropsError `not-found`."""
    rows, known = WorkMove.objects.select_related("source", "target"), as_uuid(move_id)
    row = rows.filter(id=known, made_by=actor.id).first() if known else None
    if row is None:
        raise MaropsError(NOT_FOUND)
    return row


@dataclass(frozen=True, slots=True)
class About:
    """What work is about: its title and address."""

    title: str
    url: str


def about(actor: Actor, one: Assignment) -> About | None:
    """What a piece of work is about, None where that is nothing or the reader may not see it."""
    if not one.about_type:
        return None
    if one.about_type == LINK:
        return About(one.about_id.removeprefix("https://").removeprefix("http://"), one.about_id)
    if one.about_type not in shell.objects:
        return None
    found = shell.objects[one.about_type].find(actor, one.about_id)
    return About(found.title, found.url) if found else None


def responsibility_said(key: str) -> str:
    """A responsibility in words: what it is and whose."""
    found = catalogue().responsibilities.get(key)
    return f"{found[1].text} ({catalogue().title(found[0])})" if found else ""


def is_late(one: Assignment, day: date) -> bool:
    """Was it due before this day, and is it still open?"""
    return one.state in OPEN and one.due is not None and one.due < day


def state_said(one: Assignment, day: date) -> tuple[str, str]:
    """How far it is, in words and as the kind of pill."""
    if is_late(one, day):
        days = (day - one.due).days if one.due else 0
        return ngettext("%(n)s day late", "%(n)s days late", days) % {"n": days}, "bad"
    said: Mapping[str, tuple[str, str]] = {
        Assignment.State.OPEN: (_("to do"), "draft"),
        Assignment.State.DOING: (_("under way"), "info"),
        Assignment.State.DONE: (_("done"), "good"),
        Assignment.State.DROPPED: (_("dropped"), "draft"),
    }
    words, kind = said[one.state]
    if one.state in OPEN and one.due == day:
        return _("due today"), "warn"
    return words, kind


def work_json(policy: Policy, one: Assignment) -> dict[str, Any]:
    """A piece of work as REST shows it: details only to those who may see them."""
    full = policy.sees_details(one)
    return {
        "ref": one.ref, "id": str(one.id), "title": one.title, "state": one.state,
        "person": one.person.ref if one.person else None, "due": one.due,
        "hours": float(one.hours) if one.hours is not None else None,
        "responsibility": one.responsibility, "says": one.says if full else "",
        "about": {"type": one.about_type, "id": one.about_id} if full and one.about_type else None,
        "onboarding": one.onboarding.person.ref if one.onboarding else None, "ended_at": one.ended_at,
    }  # fmt: skip


def desk_lines(actor: Actor, as_of: datetime) -> Iterator[Need]:
    """One line for what of somebody's own work is due, late or today."""
    me = Policy.of(actor).me if may(actor, VIEW) else None
    if me is None:
        return
    day = today(as_of)
    rows = list(open_work([me]).filter(due__lte=day))
    if not rows:
        return
    late = sum(1 for one in rows if is_late(one, day))
    names = [one.title for one in rows[:SHOWN_ON_DESK]]
    more = len(rows) - len(names)
    detail = " · ".join(names) + (_(" and %(n)s more") % {"n": more} if more > 0 else "")
    yield Need(
        ngettext("%(n)s thing is due", "%(n)s things are due", len(rows)) % {"n": len(rows)},
        reverse("team:work"), _("See it"), detail=detail, urgency="late" if late else "soon",
        due_words=ngettext("%(n)s late", "%(n)s late", late) % {"n": late} if late else _("today"),
    )  # fmt: skip


def search_work(actor: Actor, words: str, limit: int) -> Iterator[Hit]:
    """Open work whose title holds the words, for the palette."""
    text = words.strip()
    if not may(actor, VIEW) or not text:
        return
    policy = Policy.of(actor)
    number = text[2:] if text[:2].upper() == "T-" and text[2:].isdecimal() and len(text) < 20 else ""
    wanted = Q(title__icontains=text) | (Q(number=int(number)) if number else Q(pk=None))
    for one in seen(policy, open_work().filter(wanted)[: 4 * limit])[:limit]:
        yield Hit(_("Work"), one.title, reverse("team:work-of", args=[one.ref]), one.ref)


def find_for_shell(actor: Actor, object_id: str) -> Found | None:
    """A piece of work as an object of the shell: for those who see what stands under its title."""
    known = as_uuid(object_id) if may(actor, VIEW) else None
    one = work().filter(id=known).first() if known else None
    if one is None:
        return None
    policy = Policy.of(actor)
    if not (policy.sees_work(one) and policy.sees_details(one)):
        return None
    return Found(one.title, reverse("team:work-of", args=[one.ref]))


def team_choices(policy: Policy) -> list[tuple[str, str]]:
    """Whom this actor may give work to, by name."""
    rows = Person.objects.filter(active=True).order_by("name", "number").only("id", "name")
    return [(str(one.id), one.name) for one in rows if policy.gives_to(one.id)]
