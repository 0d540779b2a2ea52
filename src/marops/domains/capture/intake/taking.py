"""What the engine does with the events that were kept: people, trails of visitors, facts; a batch is one transaction.

A browser's events belong to its trail, an id that looks like a contact's. When its visitor says who they are, the trail
becomes theirs, with all that went before. When then somebody else says so on the same browser, the trail ends and
another begins: the first person keeps theirs, and the two are never joined (SEMANTICS M4).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import pyarrow as pa
from django.db import connection

from marops.domains.capture.intake import people
from marops.domains.capture.intake.calls import ident
from marops.domains.capture.intake.meaning import FORM, MEETING, SCREEN, TRACKED, VIEWED, fact_of, opted_out
from marops.domains.capture.models import IntakeEvent, Trail
from marops.domains.consent.public import record_privacy_signal
from marops.kernel import crash
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.facts import fact_kind, touch_from
from marops.kernel.ids import new_id
from marops.store.bulk import stage

fact_kind(VIEWED, "Looked at a page")
fact_kind("email.clicked", "Followed a link in an e-mail")  # said by whoever sent it, until we send e-mail ourselves
fact_kind(SCREEN, "Looked at a screen of an app")
fact_kind(TRACKED, "Did something on a website or in a program")
fact_kind(FORM, "Sent a form")
fact_kind(MEETING, "Asked for a meeting")
KNOWN = fact_kind("visitor.known", "A visitor said who they are")

MOST = 5_000
SOURCE = "intake"
FACT, NOT_UNDERSTOOD, ALIAS_REFUSED, KEPT_TRAIL = "fact", "not-understood", "alias-refused", "trail"
_ONE_AT_A_TIME = "marops.intake.take_in"
crash.declare("intake.in_take", "intake.after_take")


@dataclass(slots=True)
class Event:
    """One event in hand."""

    id: UUID
    call: str
    at: datetime
    given: Mapping[str, Any]
    fate: str = ""
    about: UUID | None = None  # the contact, or the trail
    contact: UUID | None = None
    fact: tuple[str, dict[str, Any]] | None = None


@action("intake.take_in", effect="import")
def take_in(act: Act, *, actor: Actor, as_of: datetime, most: int = MOST) -> int:
    """Take in the oldest events that wait, up to `most`. Answers how many; 0 also while another engine is at it."""
    events = _claimed(most)
    if not events:
        return 0
    country = people.home_country()
    users = people.known_users([user for one in events for user in _users(one.given)])
    named = {ident(one.given.get("userId")) for one in events if one.call == "identify"}
    said = [
        people.said_by(one.id, one.call, one.given, country)
        for one in events
        if one.call == "identify" or (one.call == "group" and ident(one.given.get("userId")) in users.keys() | named)
    ]
    who = people.settle(act, said)
    users |= people.known_users([user for user in named if user])
    walk = _Walk(users, _open_trails(events))
    # In order, and one by one: what an event means depends on who used that browser before it.
    for one in events:
        walk.step(one, who.contacts.get(one.id), who.fates.get(one.id, ""))
    walk.write()
    _write_facts(act, events, walk)
    # Whose browser sends Global Privacy Control says no to selling and sharing; a website cannot say yes for anybody.
    record_privacy_signal(act, [one.contact for one in events if one.contact and opted_out(one.given)])
    _settle(act, events)
    crash.point("intake.in_take")
    act.count(events=len(events))
    return len(events)


def _claimed(most: int) -> list[Event]:
    """The oldest events, for one engine at a time: two would mix up the order of a browser's events."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [_ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(
            "SELECT id, call, occurred_at, payload FROM intake_event WHERE done_at IS NULL"
            " ORDER BY received_at, place LIMIT %s FOR UPDATE SKIP LOCKED",
            [most],
        )
        return [_event(*row) for row in cursor.fetchall()]


def _event(key: UUID, call: str, at: datetime, payload: str) -> Event:
    try:
        return Event(key, call, at, json.loads(payload))
    except ValueError:
        return Event(key, call, at, {}, fate=NOT_UNDERSTOOD)


def _hash(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode(errors="replace")).hexdigest()


def _browser(given: Mapping[str, Any]) -> str | None:
    value = ident(given.get("anonymousId"))
    return _hash("a", value) if value else None


def _stranger(given: Mapping[str, Any]) -> str | None:
    """The trail of a user id of whom nobody has said yet who that is."""
    value = ident(given.get("userId"))
    return _hash("u", value) if value else None


def _users(given: Mapping[str, Any]) -> list[str]:
    return [user for name in ("userId", "previousId") if (user := ident(given.get(name)))]


def _visitors(given: Mapping[str, Any]) -> list[str]:
    previous = ident(given.get("previousId"))
    return [one for one in (_browser(given), _stranger(given), _hash("a", previous) if previous else None) if one]


def _open_trails(events: Sequence[Event]) -> dict[str, Trail]:
    wanted = {visitor for one in events for visitor in _visitors(one.given)}
    return {one.visitor: one for one in Trail.objects.filter(visitor__in=wanted, ended_at__isnull=True)}


@dataclass(slots=True)
class _Walk:
    """Goes through the events in order and keeps who is behind each browser."""

    users: Mapping[str, UUID]
    open: dict[str, Trail]
    made: dict[UUID, Trail] = field(default_factory=dict)
    changed: dict[UUID, Trail] = field(default_factory=dict)
    bound: list[tuple[Trail, UUID]] = field(default_factory=list)

    def step(self, event: Event, person: UUID | None, fate: str) -> None:
        """One event: whom it is about, and what that says about its browser."""
        if event.fate:
            return
        try:
            event.fact = fact_of(event.call, event.given)
        except (ValueError, TypeError, KeyError, AttributeError):
            event.fate = NOT_UNDERSTOOD
            return
        person = person or self.users.get(ident(event.given.get("userId")) or "")
        if event.call == "alias":
            self._alias(event, person)
            return
        trail = self._trail(event, person)
        event.contact = person or (trail.contact_id if trail else None)
        event.about = person or (trail.id if trail else None)
        event.fate = FACT if event.fact else fate or KEPT_TRAIL

    def _trail(self, event: Event, person: UUID | None) -> Trail | None:
        """The trail of the event's browser, begun, bound or ended as the event says."""
        stranger = _stranger(event.given)
        if person and stranger in self.open:
            self._bind(self.open[stranger], person, event.at)
        visitor = _browser(event.given) or (None if person else stranger)
        if visitor is None:
            return None
        trail = self.open.get(visitor) or self._begin(visitor, event.at)
        if person and trail.contact_id not in (None, person):
            self._end(trail, event.at)
            trail = self._begin(visitor, event.at)
        if person:
            self._bind(trail, person, event.at)
        return trail

    def _alias(self, event: Event, person: UUID | None) -> None:
        """An anonymous trail may become a person's; a trail that is somebody's already stays theirs."""
        previous = ident(event.given.get("previousId")) or ""
        event.contact = event.about = person
        known = self.users.get(previous)
        trail = self.open.get(_hash("a", previous))
        if person is None or known not in (None, person) or (trail and trail.contact_id not in (None, person)):
            event.fate = ALIAS_REFUSED
            return
        if known is None:
            self._bind(trail or self._begin(_hash("a", previous), event.at), person, event.at)
        event.fate = people.KEPT

    def _begin(self, visitor: str, at: datetime) -> Trail:
        trail = Trail(id=new_id(), visitor=visitor, began_at=at)
        self.open[visitor] = self.made[trail.id] = trail
        return trail

    def _end(self, trail: Trail, at: datetime) -> None:
        trail.ended_at = max(at, trail.began_at)
        self._note(trail)

    def _bind(self, trail: Trail, person: UUID, at: datetime) -> None:
        if trail.contact_id is None:
            trail.contact_id, trail.known_at = person, at
            self.bound.append((trail, person))
            self._note(trail)

    def _note(self, trail: Trail) -> None:
        if trail.id not in self.made:
            self.changed[trail.id] = trail

    def write(self) -> None:
        """Keep the trails, and lead those that became known to their people."""
        Trail.objects.bulk_update(self.changed.values(), ["contact_id", "known_at", "ended_at"], batch_size=1000)
        Trail.objects.bulk_create(self.made.values(), batch_size=1000)
        if self.bound:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO contact_alias (alias_id, contact_id, valid_from, cause) SELECT *, 'visitor known'"
                    " FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) ON CONFLICT DO NOTHING",
                    [
                        [trail.id for trail, _ in self.bound],
                        [person for _, person in self.bound],
                        [trail.known_at for trail, _ in self.bound],
                    ],
                )


def _write_facts(act: Act, events: Sequence[Event], walk: _Walk) -> None:
    rows = [
        (str(new_id()), kind, one.at, str(one.about), json.dumps(said), f"{SOURCE}:{one.id}")
        for one in events
        if one.fact and one.about
        for kind, said in [one.fact]
    ]
    rows += [
        (str(new_id()), KNOWN, trail.known_at or act.at, str(person), "{}", f"{SOURCE}:known:{trail.id}")
        for trail, person in walk.bound
    ]
    if not rows:
        return
    kinds = [pa.string(), pa.string(), pa.timestamp("us", tz="UTC"), pa.string(), pa.string(), pa.string()]
    names = ["id", "kind", "occurred_at", "contact_id", "properties", "key"]
    columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), kinds, strict=True)]
    types = {"id": "uuid", "contact_id": "uuid", "properties": "jsonb"}
    with connection.cursor() as cursor:
        stage(cursor, "staged", pa.Table.from_arrays(columns, names=names), types=types)
    act.facts_from(
        "SELECT id, kind, occurred_at, %s::timestamptz AS recorded_at, contact_id, %s AS actor_type, %s AS actor_id,"
        " %s AS source, key, properties FROM staged",
        (act.at, act.actor.kind, act.actor.id, SOURCE),
    )


def _settle(act: Act, events: Sequence[Event]) -> None:
    """What became of each event, its payload let go of; and the engine looks at the people anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE intake_event e SET payload = NULL, done_at = %s, fate = w.fate, contact_id = w.contact_id"
            " FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) AS w (id, fate, contact_id) WHERE e.id = w.id",
            [act.at, [one.id for one in events], [one.fate for one in events], [one.contact for one in events]],
        )
    contacts = list({one.contact for one in events if one.contact})
    touch_from("SELECT unnest(%s::uuid[])", act.at, [contacts])


@action("intake.set_aside", effect="change")
def set_aside(act: Act, *, actor: Actor) -> int:
    """Give up on the oldest event that waits: it cannot be written. Its row says so; its payload goes."""
    events = _claimed(1)
    for one in events:
        one.fate = NOT_UNDERSTOOD
    if events:
        _settle(act, events)
        act.count(set_aside=len(events))
    return len(events)


@action("intake.forget", effect="change")
def forget_old(act: Act, *, actor: Actor, before: datetime) -> int:
    """Drop the rows of events that were done before this moment."""
    return IntakeEvent.objects.filter(done_at__lt=before).delete()[0]
