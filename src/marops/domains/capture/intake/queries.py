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
    "no-identity": (_("Names nobody: a person needs a user id or an address"), "warn"),
    "shared-mailbox": (_("A shared mailbox without a name names nobody"), "warn"),
    "conflict": (_("Its user id and its address belong to two people; neither was changed"), "warn"),
    "alias-refused": (_("An alias never joins two people, and needs somebody known"), "warn"),
    "not-understood": (_("Could not be read when its turn came"), "bad"),
    "refused: unknown-type": (_("Refused: unknown type of call"), "bad"),
    "refused: not-an-object": (_("Refused: a part that should be an object is none"), "bad"),
    "refused: no-id": (_("Refused: neither user id nor anonymous id"), "bad"),
    "refused: no-event": (_("Refused: a track without the name of its event"), "bad"),
    "refused: id-too-long": (_("Refused: an id of more than 255 characters"), "bad"),
    "refused: message-id": (_("Refused: a message id that is no short text"), "bad"),
    "refused: timestamp": (_("Refused: a time that is none, or before 2000"), "bad"),
    "refused: too-large": (_("Refused: an event of more than 32 KB"), "bad"),
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
        last=Max("received_at"),
    )
    waiting = IntakeEvent.objects.filter(done_at__isnull=True).count()
    return State(found["day"], waiting, found["refused"], found["last"])


def faults(as_of: datetime) -> list[dict[str, Any]]:
    """Why events of the last week were refused or came to nothing, the most frequent first."""
    found = (
        IntakeEvent.objects.filter(received_at__gte=as_of - WEEK, done_at__isnull=False)
        .exclude(fate__in=["fact", "person", "trail"])
        .values("fate")
        .annotate(events=Count("id"), last=Max("received_at"))
        .order_by("-events")
    )
    return [one | {"says": FATES.get(one["fate"], (one["fate"], ""))[0]} for one in found]


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
