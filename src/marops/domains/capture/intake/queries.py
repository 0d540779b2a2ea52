"""Reads about the intake: its keys, what came in lately, what was refused and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from marops.domains.accounts.public import Token, keys_for
from marops.domains.capture.intake.keeping import REFUSED
from marops.domains.capture.models import IntakeEvent
from marops.domains.capture.permissions import SEND
from marops.domains.contacts.public import Contact, visible
from marops.kernel.actors import Actor

DAY, WEEK = timedelta(days=1), timedelta(days=7)
WAITING = "waiting"

# Every fate in words, with its tone: what it means, and what to do where something was refused.
FATES: Mapping[str, tuple[Any, str]] = {
    WAITING: (_("Waits for the engine"), "draft"),
    "fact": (_("Kept as a fact"), "good"),
    "person": (_("Says who somebody is"), "good"),
    "trail": (_("Kept with the visitor"), "good"),
    "no-identity": (_("Names nobody"), "warn"),
    "shared-mailbox": (_("Shared mailbox without a name"), "warn"),
    "conflict": (_("Id and address of two people"), "warn"),
    "alias-refused": (_("Alias of somebody else"), "warn"),
    "not-understood": (_("Could not be read"), "bad"),
    "refused: unknown-type": (_("Refused: unknown type of call"), "bad"),
    "refused: not-an-object": (_("Refused: no object"), "bad"),
    "refused: no-id": (_("Refused: no id"), "bad"),
    "refused: no-event": (_("Refused: no event name"), "bad"),
    "refused: id-too-long": (_("Refused: id too long"), "bad"),
    "refused: message-id": (_("Refused: message id"), "bad"),
    "refused: timestamp": (_("Refused: time"), "bad"),
    "refused: too-large": (_("Refused: too large"), "bad"),
}


def fate_of(one: IntakeEvent) -> str:
    """The fate as lists and filters name it."""
    return one.fate if one.done_at else WAITING


def words_of(one: IntakeEvent) -> tuple[Any, str]:
    """The fate in words, and its tone."""
    return FATES.get(fate_of(one), (one.fate, ""))


def events(fate: str = "") -> QuerySet[IntakeEvent]:
    """What came in, newest first; only of one fate, or all that was refused."""
    found = IntakeEvent.objects.order_by("-received_at", "-id")
    if fate == WAITING:
        return found.filter(done_at__isnull=True)
    if fate == "refused":
        return found.filter(fate__startswith=REFUSED)
    return found.filter(fate=fate, done_at__isnull=False) if fate else found


# What to do about those that came to nothing.
REMEDIES: Mapping[str, Any] = {
    "no-identity": _("Send a user id, or the address of one person, with identify."),
    "shared-mailbox": _("Send the name as well: an address such as info@ belongs to many."),
    "conflict": _("Find both leads by id and address, and see whether they are one person. Neither was changed."),
    "alias-refused": _("An alias ties a visitor to a known user. It never joins two people."),
    "not-understood": _("Look at the engine's log, and tell whoever built the sender."),
    "refused: unknown-type": _("Send track, identify, page, screen, group or alias."),
    "refused: not-an-object": _("Send properties, traits and context as objects."),
    "refused: no-id": _("Send userId or anonymousId; alias needs previousId, group needs groupId."),
    "refused: no-event": _("Send the name of what happened as event."),
    "refused: id-too-long": _("Send ids of up to 255 characters."),
    "refused: message-id": _("Send messageId as a text of up to 255 characters."),
    "refused: timestamp": _("Send times as ISO 8601, from the year 2000 on."),
    "refused: too-large": _("Send at most 32 KB an event."),
}


@dataclass(frozen=True, slots=True)
class State:
    """How the intake fares."""

    day: int
    waiting: int
    refused: int
    last: datetime | None


def state(as_of: datetime) -> State:
    """What came in during the last day, what waits, what was refused."""
    found = IntakeEvent.objects.filter(received_at__gte=as_of - DAY).aggregate(
        day=Count("id", filter=~Q(fate__startswith=REFUSED)),
        refused=Count("id", filter=Q(fate__startswith=REFUSED)),
    )
    last = IntakeEvent.objects.aggregate(at=Max("received_at"))["at"]
    waiting = IntakeEvent.objects.filter(done_at__isnull=True).count()
    return State(found["day"], waiting, found["refused"], last)


def faults(as_of: datetime) -> list[dict[str, Any]]:
    """Why events of the last week were refused or came to nothing, the most frequent first."""
    found = (
        IntakeEvent.objects.filter(received_at__gte=as_of - WEEK, done_at__isnull=False)
        .exclude(fate__in=["fact", "person", "trail"])
        .values("fate")
        .annotate(events=Count("id"), last=Max("received_at"))
        .order_by("-events")
    )
    return [
        one | {"says": FATES.get(one["fate"], (one["fate"], ""))[0], "remedy": REMEDIES.get(one["fate"], "")}
        for one in found
    ]


def people_of(actor: Actor, rows: Sequence[IntakeEvent]) -> dict[UUID | None, Contact]:
    """The people of these events whom the actor may see."""
    wanted = {one.contact_id for one in rows if one.contact_id}
    return {one.id: one for one in visible(actor).filter(id__in=wanted)} if wanted else {}


def write_keys() -> QuerySet[Token]:
    """Everybody's write keys, newest first."""
    return keys_for(SEND)


def key_names(rows: Sequence[IntakeEvent]) -> dict[UUID | None, str]:
    """The names of the keys by which these events came."""
    wanted = {one.token_id for one in rows if one.token_id}
    return dict(Token.objects.filter(id__in=wanted).values_list("id", "name"))
