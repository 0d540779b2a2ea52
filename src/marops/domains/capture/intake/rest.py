"""The intake over REST: Segment's calls under addresses of ours, the last events, the keys."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from marops.domains.accounts.public import TOKENS, Token, actor_of, make_token
from marops.domains.capture.forms import WriteKeyForm
from marops.domains.capture.intake import calls, queries
from marops.domains.capture.intake.door import receive
from marops.domains.capture.intake.keeping import INTAKE, keep_events
from marops.domains.capture.models import IntakeEvent
from marops.domains.capture.permissions import SEND
from marops.kernel.clock import now
from marops.kernel.forms import validated
from marops.kernel.permissions import grants, require
from marops.kernel.rest import Page, Paging, Strict, checked_limit, page, place_of

router = Router(tags=["intake"])
KEY_DAYS = 365  # as long as any key may live


class RefusedEvent(Strict):
    """An event that was not taken in, by its place in the batch."""

    index: int
    code: str
    message: str


class TakenIn(Strict):
    """What of a call was kept; the engine takes it in within seconds."""

    success: bool
    accepted: int
    refused: list[RefusedEvent]


_ID = {"anyOf": [{"type": "string", "minLength": 1, "maxLength": 255}, {"type": "integer"}]}
_TEXT, _OBJECT, _TIME = {"type": "string"}, {"type": "object"}, {"type": "string", "format": "date-time"}
_EVENT: dict[str, Any] = {
    "userId": _ID, "anonymousId": _ID, "messageId": {"type": "string", "maxLength": 255}, "timestamp": _TIME,
    "sentAt": _TIME, "context": _OBJECT, "properties": _OBJECT, "traits": _OBJECT, "event": _TEXT, "name": _TEXT,
    "category": _TEXT, "groupId": _ID, "previousId": _ID, "type": {"enum": list(calls.CALLS)},
}  # fmt: skip


def _body(call: str) -> dict[str, Any]:
    """What the description says of a call's body: Segment's own shape, to which senders may add what they like."""
    event = {"type": "object", "properties": _EVENT}
    batch = {"type": "array", "items": event, "maxItems": calls.MOST_EVENTS}
    schema = event if call != "batch" else {
        "type": "object", "required": ["batch"], "properties": {"batch": batch, "sentAt": _TIME, "context": _OBJECT},
    }  # fmt: skip
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _taken(request: HttpRequest, call: str) -> Any:
    actor = actor_of(request)
    require(actor, SEND)
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    sender = grants(actor).account_id or UUID(int=0)
    answer = receive(
        call,
        request.body,
        encoding,
        sender,
        now(),
        keep=lambda one: keep_events(actor=INTAKE, calls=[one]),
        opted_out=request.headers.get("Sec-GPC", "").strip() == "1",
    )
    return answer.document


def _door(call: str, says: str) -> None:
    def take(request: HttpRequest) -> Any:
        return _taken(request, call)

    take.__doc__, take.__name__ = says, f"intake_{call}"
    router.post(f"/intake/{call}", response=TakenIn, url_name=f"intake-{call}", openapi_extra=_body(call))(take)


_door("track", "Somebody did something.")
_door("identify", "Somebody is who: makes or finds the lead.")
_door("page", "Somebody looked at a page.")
_door("screen", "Somebody looked at a screen of an app.")
_door("group", "Somebody belongs to a company.")
_door("alias", "A visitor is a user; never joins two people who are known.")
_door("batch", "Many calls at once.")


class EventsIn(Paging):
    """What the list of events is narrowed to: one fate, `waiting`, or `refused` for all that was."""

    fate: str = ""


class EventOut(Strict):
    """An event and what became of it; what it said is not kept."""

    id: UUID
    call: str
    name: str
    key: UUID | None
    received_at: datetime
    occurred_at: datetime
    fate: str
    done_at: datetime | None
    lead: str | None


@router.get("/intake/events", response=Page[EventOut], url_name="intake-events")
def events(request: HttpRequest, given: Query[EventsIn]) -> Any:
    """The last events with their fate, newest first."""
    actor = actor_of(request)
    require(actor, SEND)
    limit = checked_limit(given.limit)
    rows = queries.events(given.fate)
    if given.after:
        rows = rows.extra(where=["(received_at, id) < (%s, %s)"], params=place_of(given.after, datetime, UUID))
    found = list(rows[: limit + 1])
    people = queries.people_of(actor, found)
    return page(found, limit, at=lambda one: (one.received_at, one.id), show=lambda one: _event(one, people))


def _event(one: IntakeEvent, people: dict[UUID | None, Any]) -> dict[str, Any]:
    lead = people.get(one.contact_id)
    return {
        "id": one.id, "call": one.call, "name": one.name, "key": one.token_id, "received_at": one.received_at,
        "occurred_at": one.occurred_at, "fate": queries.fate_of(one), "done_at": one.done_at,
        "lead": lead.ref if lead else None,
    }  # fmt: skip


class WriteKeyOut(Strict):
    """A write key, without its secret."""

    id: UUID
    name: str
    prefix: str
    made_by: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class WriteKeyIn(Strict):
    """For which website or program a key is."""

    name: str


class MadeWriteKey(Strict):
    """A new write key with its secret, which is never shown again."""

    key: WriteKeyOut
    secret: str


def _key(one: Token) -> dict[str, Any]:
    names = [name for name in WriteKeyOut.model_fields if name != "made_by"]
    return {name: getattr(one, name) for name in names} | {"made_by": one.account.name}


@router.get("/intake/keys", response=Page[WriteKeyOut], url_name="intake-keys")
def keys(request: HttpRequest, paging: Query[Paging]) -> Any:
    """The write keys of this workspace, newest first."""
    require(actor_of(request), SEND)
    limit = checked_limit(paging.limit)
    rows = queries.write_keys()
    if paging.after:
        rows = rows.filter(created_at__lt=place_of(paging.after, datetime)[0])
    return page(rows[: limit + 1], limit, at=lambda one: (one.created_at,), show=_key)


@router.post("/intake/keys", response={201: MadeWriteKey}, url_name="intake-key-make")
def make_key(request: HttpRequest, body: WriteKeyIn) -> Any:
    """Make a write key. It lives for a year; revoke it under /tokens."""
    actor = actor_of(request)
    require(actor, SEND)
    require(actor, TOKENS)
    given = validated(WriteKeyForm, body.model_dump())
    row, secret = make_token(actor=actor, name=given["name"], rights_asked=[SEND], days=KEY_DAYS)
    return Status(HTTPStatus.CREATED, {"key": _key(row), "secret": secret})
