"""What a sender's call says, checked: pure functions from bytes to events that can be kept, or reasons that refuse.

The calls are those of Segment's public specification: track, identify, page, screen, group, alias, and a batch of them.
"""

import hashlib
import json
import re
import secrets
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

from marops.kernel.errors import FieldError, MaropsError, problem

CALLS = ("track", "identify", "page", "screen", "group", "alias")
LARGEST_EVENT = 32 * 1024
LARGEST_BODY = 500 * 1024
MOST_EVENTS = 2_500
LONGEST_ID = 255
LONGEST_NAME = 200
REFUSALS_TOLD = 100
_HALF = re.compile("[\ud800-\udfff]")
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)
_OBJECTS = ("properties", "traits", "context", "integrations")

UNREADABLE = problem(
    "intake-unreadable",
    "What was sent is no call",
    status=400,
    remedy="Send a JSON object as Segment's specification describes it: for a batch, {“batch”: […]}.",
)
TOO_LARGE = problem(
    "intake-too-large",
    "What was sent is too large",
    status=413,
    remedy="Send at most 32 KB an event, and 500 KB or 2,500 events a batch.",
)
ALL_REFUSED = problem(
    "intake-refused", "No event of this call can be taken in", remedy="Put right what is named, and send it again."
)


@dataclass(frozen=True, slots=True)
class Event:
    """One event that can be kept. `payload` is its JSON as people read it: an erasure searches it for names."""

    id: UUID
    call: str
    name: str
    place: int
    occurred_at: datetime
    payload: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """One event that cannot: its place in the batch, and why."""

    place: int
    call: str
    code: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """As the answer tells it."""
        return {"index": self.place, "code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one request holds."""

    events: Sequence[Event] = ()
    refused: Sequence[Refusal] = ()


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(slots=True)
class _Reader:
    """Goes through one request's events; what all of them share stands here."""

    salt: bytes
    at: datetime
    sent_at: datetime | None
    opted_out: bool = False
    events: list[Event] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def add(self, place: int, call: str | None, given: Any) -> None:
        """Keep one event, or the reason why not."""
        try:
            self.events.append(self._event(place, call, given))
        except _Refused as fault:
            self.refused.append(Refusal(place, call if call in CALLS else "", fault.code, fault.message))

    def _event(self, place: int, call: str | None, given: Any) -> Event:
        if not isinstance(given, dict):
            raise _Refused("not-an-object", "An event is a JSON object.")
        if call not in CALLS:
            raise _Refused("unknown-type", f"The type of an event is one of {', '.join(CALLS)}.")
        _check(call, given)
        if self.opted_out:
            given = {**given, "context": {**(given.get("context") or {}), "gpc": True}}
        payload = _written(given)
        if len(payload.encode()) > LARGEST_EVENT:
            raise _Refused("too-large", f"An event has at most {LARGEST_EVENT // 1024} KB.")
        moment = self._moment(given)
        return Event(self._id(given), call, _name(call, given), place, moment, payload)

    def _moment(self, given: Mapping[str, Any]) -> datetime:
        """When it happened by our clock: the sender's time, shifted by how far the sender's clock is off.

        As Segment defines it: received - (sent - happened). The future is cut off at the moment of receipt.
        """
        happened = _time(given, "timestamp") or _time(given, "originalTimestamp")
        if happened is None:
            return self.at
        sent = self.sent_at or _time(given, "sentAt")
        try:
            moment = min(self.at, happened + (self.at - sent) if sent else happened)
        except OverflowError:
            raise _Refused("timestamp", "`timestamp` lies outside of any calendar.") from None
        if moment < _OLDEST:
            raise _Refused("timestamp", "`timestamp` lies before the year 2000.")
        return moment

    def _id(self, given: Mapping[str, Any]) -> UUID:
        """The event's id, the same each time the same key sends the same message id."""
        message = given.get("messageId")
        if message is not None and not isinstance(message, str | int):
            raise _Refused("message-id", "`messageId` is a text.")
        if message is None or not str(message).strip():
            return UUID(bytes=secrets.token_bytes(16), version=4)
        if len(str(message)) > LONGEST_ID:
            raise _Refused("message-id", f"`messageId` has at most {LONGEST_ID} characters.")
        digest = hashlib.sha256(self.salt + str(message).encode(errors="surrogatepass")).digest()[:16]
        # Version 8 of RFC 9562: made as we see fit.
        return UUID(bytes=digest[:6] + bytes([digest[6] & 15 | 128, digest[7], digest[8] & 63 | 128]) + digest[9:])


def read(call: str, body: bytes, *, key: UUID, at: datetime, opted_out: bool = False) -> Reading:
    """The events of one request to the address of `call` (`batch` or one of `CALLS`), received `at`.

    Raises MaropsError `intake-unreadable` or `intake-too-large` for bodies of which nothing can be kept.
    """
    given = load(body)
    reader = _Reader(key.bytes, at, _sent_at(given), opted_out)
    if call != "batch":
        reader.add(0, call, given)
        return Reading(reader.events, reader.refused)
    items = given.get("batch")
    if not isinstance(items, list):
        raise MaropsError(UNREADABLE, "A batch needs its events as a list under `batch`.")
    if len(items) > MOST_EVENTS:
        raise MaropsError(TOO_LARGE, f"A batch has at most {MOST_EVENTS:,} events, this one has {len(items):,}.")
    shared = given.get("context")
    for place, item in enumerate(items):
        reader.add(place, item.get("type") if isinstance(item, dict) else None, _with_context(item, shared))
    return Reading(reader.events, reader.refused)


def _with_context(item: Any, shared: Any) -> Any:
    """An event with the context that its batch gives to all."""
    own = item.get("context") or {} if isinstance(item, dict) else None
    return {**item, "context": {**shared, **own}} if isinstance(shared, dict) and isinstance(own, dict) else item


def load(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises MaropsError."""
    if len(body) > LARGEST_BODY:
        raise MaropsError(TOO_LARGE, f"A body has at most {LARGEST_BODY // 1024} KB.")
    try:
        given = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise MaropsError(UNREADABLE, "The body is no JSON.") from None
    if not isinstance(given, dict):
        raise MaropsError(UNREADABLE, "The body is JSON, but no object.")
    return given


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def unpacked(body: bytes, encoding: str) -> bytes:
    """A body without its compression, at most one byte longer than may be. Raises MaropsError."""
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise MaropsError(UNREADABLE, f"{encoding!r} is no way to pack a body that is known here; use gzip.")
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, LARGEST_BODY + 1)
    except zlib.error:
        raise MaropsError(UNREADABLE, "The body is not packed as it says.") from None


def _sent_at(given: Mapping[str, Any]) -> datetime | None:
    try:
        return _time(given, "sentAt")
    except _Refused as fault:
        raise MaropsError(UNREADABLE, fault.message) from None


def _time(given: Mapping[str, Any], name: str) -> datetime | None:
    text = given.get(name)
    if text is None or text == "":
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        raise _Refused("timestamp", f"`{name}` is no time of ISO 8601.") from None


def _check(call: str, given: Mapping[str, Any]) -> None:
    for name in _OBJECTS:
        if given.get(name) is not None and not isinstance(given[name], dict):
            raise _Refused("not-an-object", f"`{name}` is an object.")
    user, visitor = ident(given.get("userId")), ident(given.get("anonymousId"))
    for name in ("userId", "anonymousId", "previousId", "groupId"):
        if len(ident(given.get(name)) or "") > LONGEST_ID:
            raise _Refused("id-too-long", f"`{name}` has at most {LONGEST_ID} characters.")
    if call == "alias":
        if not (user and ident(given.get("previousId"))):
            raise _Refused("no-id", "An alias needs `previousId` and `userId`.")
    elif not (user or visitor):
        raise _Refused("no-id", "An event needs `userId` or `anonymousId`.")
    if call == "track" and not (isinstance(given.get("event"), str) and given["event"].strip()):
        raise _Refused("no-event", "A track needs the name of its `event`.")
    if call == "group" and not ident(given.get("groupId")):
        raise _Refused("no-id", "A group needs `groupId`.")


def ident(value: Any) -> str | None:
    """An id as text: numbers are written out, anything else that is no text is no id."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip().replace("\0", "") or None


_PERSONAL = re.compile(r"@|(?:\d[\s().-]*){7}")


def _written(given: object) -> str:
    """The event as JSON that PostgreSQL can keep: letters as they are, halves of a pair escaped."""
    text = json.dumps(given, separators=(",", ":"), ensure_ascii=False)
    return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _name(call: str, given: Mapping[str, Any]) -> str:
    """What the list of events shows: the name of an event or a page, unless it looks like a person's."""
    text = given.get("event") if call == "track" else given.get("name")
    if not isinstance(text, str) or call not in ("track", "page", "screen") or _PERSONAL.search(text):
        return ""
    plain = "".join(char if char.isprintable() else " " for char in text[:LONGEST_NAME])
    return " ".join(plain.encode(errors="replace").decode().split())


def told(refused: Sequence[Refusal]) -> list[FieldError]:
    """Refusals as the faults of a problem document."""
    return [FieldError(one.code, one.message, pointer=f"/batch/{one.place}") for one in refused[:REFUSALS_TOLD]]
