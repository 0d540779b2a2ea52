"""Consent and privacy over REST: may we contact somebody, what they said, what they ask, proofs, the record."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status
from pydantic import Field

from marops.domains.accounts.public import actor_of
from marops.domains.consent.actions.recording import Heard, Word, ask_to_confirm, record_words
from marops.domains.consent.actions.requests import (
    WHO,
    Asking,
    answer_request,
    check_identity,
    lift_restriction,
    restrict,
    take_request,
)
from marops.domains.consent.answering import EVIDENCE, ask_json, export_person, person_json
from marops.domains.consent.jobs import start_erasing, start_retention
from marops.domains.consent.models import Request
from marops.domains.consent.permissions import ANSWER, ERASE, VIEW
from marops.domains.consent.queries.may import may as may_contact
from marops.domains.consent.queries.people import entry_json, purposes
from marops.domains.consent.queries.processing import processing
from marops.domains.consent.queries.requests import find_proof, find_request, proof_json, request_json, requests
from marops.domains.consent.queries.retention import preview
from marops.domains.consent.rules.regimes import regimes
from marops.domains.contacts.public import Contact, find_contact, visible
from marops.kernel.actors import Actor
from marops.kernel.clock import now
from marops.kernel.definitions import active, load
from marops.kernel.errors import NOT_FOUND, MaropsError
from marops.kernel.permissions import grants, require
from marops.kernel.rest import Page, Paging, Shown, Strict, checked_limit, cursor, place_of

router = Router(tags=["privacy"])


class PrivacyRequestsIn(Paging):
    """What the list of requests is narrowed to."""

    state: str = ""
    kind: str = ""


class PrivacyRequestNew(Strict):
    """What somebody asked: `lead` by any reference, `kind` (access, erasure …), when it came in."""

    lead: str
    kind: str
    received_at: datetime | None = None
    how: str = ""
    note: str = ""


class PrivacyIdentity(Strict):
    """PrivacyIdentity it was checked who asks."""

    how: str = Field(min_length=1)


class PrivacyAnswerIn(Strict):
    """What was done, or why not."""

    answer: str = Field(min_length=1)
    refused: bool = False


class PrivacyWordIn(Strict):
    """A word: yes (`granted`), `denied` or `unsubscribed`, for a purpose on a channel; what a yes rests on."""

    channel: str
    purpose: str = "marketing"
    state: str
    basis: str = "consent"
    expires_at: datetime | None = None


class PrivacyWordsIn(Strict):
    """Words of one person and how we know them. A yes needs a `ground`; `evidence` is kept as it is given."""

    words: list[PrivacyWordIn] = Field(min_length=1)
    ground: str
    source: str = "api"
    evidence: dict[str, Any] = Field(default_factory=dict)
    at: datetime | None = None


class PrivacyAskIn(Strict):
    """A yes to be confirmed from the mailbox."""

    purposes: list[str] = Field(min_length=1)
    channel: str = "email"
    source: str = "api"
    evidence: dict[str, Any] = Field(default_factory=dict)


class PrivacyRestriction(Strict):
    """Whether their data is restricted, and why."""

    restricted: bool
    why: str = ""


class PrivacyMayIn(Strict):
    """Which channel and purpose."""

    channel: str = "email"
    purpose: str = "marketing"


class PrivacyRequestOut(Shown):
    """A request."""

    ref: str
    kind: str
    state: str
    due_at: datetime


class PrivacyPersonOut(Shown):
    """One person's consent."""

    ref: str
    may_be_contacted: list[dict[str, Any]]
    ledger: list[dict[str, Any]]


class PrivacyMayOut(Shown):
    """May somebody be contacted, and why."""

    allowed: bool
    because: str
    reasons: list[dict[str, Any]]


class PrivacyListOut(Shown):
    """A whole list."""

    items: list[dict[str, Any]]


class PrivacyAskOut(Shown):
    """A yes that waits; Marops sends no message yet, so the link is handed over by whoever asked."""

    id: UUID
    link: str


class PrivacyJobOut(Shown):
    """The job that does it."""

    job: str


class PrivacyProofOut(Shown):
    """What a search after an erasure found, place by place."""

    ref: str
    found: int
    places: int


class PrivacyRecordOut(Shown):
    """The record of processing."""

    purposes: list[dict[str, Any]]
    recipients: list[dict[str, Any]]


def _person(actor: Actor, ref: str) -> Contact:
    require(actor, VIEW)
    person = find_contact(ref, actor=actor)
    if not visible(actor).filter(id=person.id).exists():
        raise MaropsError(NOT_FOUND, f"No lead answers to {ref!r}.")
    return person


@router.get("/privacy/requests", response=Page[PrivacyRequestOut])
def request_list(request: HttpRequest, given: Query[PrivacyRequestsIn]) -> dict[str, Any]:
    """What people asked, the newest first."""
    limit = checked_limit(given.limit)
    found = requests(actor_of(request), state=given.state, kind=given.kind).order_by("-number")
    if given.after:
        found = found.filter(number__lt=place_of(given.after, int)[0])
    rows = list(found[: limit + 1])
    more = cursor(rows[limit - 1].number) if len(rows) > limit else None
    return {"items": [request_json(one) for one in rows[:limit]], "next": more}


@router.post("/privacy/requests", response={201: PrivacyRequestOut})
def request_new(request: HttpRequest, body: PrivacyRequestNew) -> Status[dict[str, Any]]:
    """Take in what somebody asked; its deadline follows from where they live."""
    actor = actor_of(request)
    require(actor, ANSWER)
    asking = Asking(body.kind, body.received_at, body.how, body.note)
    row = take_request(actor=actor, contact_id=_person(actor, body.lead).id, asking=asking)
    return Status(201, request_json(row))


@router.get("/privacy/requests/{ref}", response=PrivacyRequestOut)
def request_one(request: HttpRequest, ref: str) -> dict[str, Any]:
    """One request."""
    return request_json(find_request(actor_of(request), ref))


@router.post("/privacy/requests/{ref}/identity", response=PrivacyRequestOut)
def request_identity(request: HttpRequest, ref: str, body: PrivacyIdentity) -> dict[str, Any]:
    """Note how it was checked who asks."""
    row = _mine(request, ref, ANSWER)
    return request_json(check_identity(actor=actor_of(request), request_id=row.id, how=body.how))


@router.post("/privacy/requests/{ref}/answer", response=PrivacyRequestOut)
def request_answer(request: HttpRequest, ref: str, body: PrivacyAnswerIn) -> dict[str, Any]:
    """Close a request by hand."""
    row = _mine(request, ref, ANSWER)
    done = answer_request(actor=actor_of(request), request_id=row.id, answer=body.answer, refused=body.refused)
    return request_json(done)


@router.post("/privacy/requests/{ref}/export", response=PrivacyRequestOut)
def request_export(request: HttpRequest, ref: str) -> dict[str, Any]:
    """Put everything together that is known; `report.file` is the archive, for 30 days."""
    row = _mine(request, ref, ANSWER)
    return request_json(export_person(actor=actor_of(request), request=row)[2])


@router.post("/privacy/requests/{ref}/erase", response={202: PrivacyJobOut})
def request_erase(request: HttpRequest, ref: str) -> Status[dict[str, Any]]:
    """Erase who asked for it, and prove it. There is no way back."""
    row = _mine(request, ref, ERASE)
    if row.identity_at is None or row.contact_id is None:
        raise MaropsError(WHO)
    return Status(202, {"job": start_erasing([row.contact_id], actor=actor_of(request), request_id=row.id).ref})


def _mine(request: HttpRequest, ref: str, right: str) -> Request:
    actor = actor_of(request)
    require(actor, right)
    return find_request(actor, ref)


@router.get("/privacy/proofs/{ref}", response=PrivacyProofOut)
def proof_one(request: HttpRequest, ref: str) -> dict[str, Any]:
    """What a search after an erasure found."""
    return proof_json(find_proof(actor_of(request), ref))


@router.get("/privacy/people/{ref}", response=PrivacyPersonOut)
def person_one(request: HttpRequest, ref: str) -> dict[str, Any]:
    """One person's consent: every purpose and channel with its why, the ledger, the links that are theirs."""
    actor = actor_of(request)
    return person_json(actor, _person(actor, ref).id)


@router.get("/privacy/people/{ref}/may", response=PrivacyMayOut)
def person_may(request: HttpRequest, ref: str, given: Query[PrivacyMayIn]) -> dict[str, Any]:
    """May this person be contacted so, and why."""
    return may_contact(_person(actor_of(request), ref).id, given.channel, given.purpose, now()).as_json()


@router.post("/privacy/people/{ref}/words", response={201: PrivacyListOut})
def person_words(request: HttpRequest, ref: str, body: PrivacyWordsIn) -> Status[dict[str, Any]]:
    """Enter what somebody said."""
    actor = actor_of(request)
    require(actor, ANSWER)
    words = [Word(one.channel, one.purpose, one.state, one.basis, one.expires_at) for one in body.words]
    heard = Heard(body.ground, body.source, body.evidence, body.at)
    entries = record_words(actor=actor, contact_id=_person(actor, ref).id, words=words, heard=heard)
    return Status(201, {"items": [entry_json(one, evidence=EVIDENCE in grants(actor)) for one in entries]})


@router.post("/privacy/people/{ref}/ask", response={201: PrivacyAskOut})
def person_ask(request: HttpRequest, ref: str, body: PrivacyAskIn) -> Status[dict[str, Any]]:
    """Make the link by which somebody confirms a yes; nothing is granted before."""
    actor = actor_of(request)
    require(actor, ANSWER)
    row = ask_to_confirm(
        actor=actor, contact_id=_person(actor, ref).id, channel=body.channel, purpose_slugs=body.purposes,
        source=body.source, evidence=body.evidence,
    )  # fmt: skip
    return Status(201, ask_json(row))


@router.put("/privacy/people/{ref}/restriction", response=PrivacyPersonOut)
def person_limit(request: HttpRequest, ref: str, body: PrivacyRestriction) -> dict[str, Any]:
    """Restrict somebody's data, or end that."""
    actor = actor_of(request)
    require(actor, ANSWER)
    person = _person(actor, ref)
    if body.restricted:
        restrict(actor=actor, contact_id=person.id, why=body.why)
    else:
        lift_restriction(actor=actor, contact_id=person.id, why=body.why)
    return person_json(actor, person.id)


@router.get("/privacy/purposes", response=PrivacyListOut)
def purpose_list(request: HttpRequest) -> dict[str, Any]:
    """The purposes in force."""
    require(actor_of(request), VIEW)
    return {
        "items": [{"slug": one.slug, "version": one.pinned, **one.document.model_dump(mode="json")}
                  for one in purposes()]
    }  # fmt: skip


@router.get("/privacy/regimes", response=PrivacyListOut)
def regime_list(request: HttpRequest) -> dict[str, Any]:
    """The regimes as the list that ships has them."""
    require(actor_of(request), VIEW)
    return {"version": regimes().version, "items": [one.model_dump(mode="json") for one in regimes().regimes]}


@router.get("/privacy/retention", response=PrivacyListOut)
def retention_list(request: HttpRequest) -> dict[str, Any]:
    """The rules of retention in force, and whom each is about now."""
    require(actor_of(request), VIEW)
    return {
        "items": [{"slug": row.slug, "version": row.pinned, **load(row).model_dump(mode="json"),
                   "due": preview(load(row), now()).as_json(load(row))} for row in active("retention")]
    }  # fmt: skip


@router.post("/privacy/retention/{slug}/run", response={202: PrivacyJobOut})
def retention_run(request: HttpRequest, slug: str) -> Status[dict[str, Any]]:
    """Let a rule run once, within its limit. There is no way back."""
    return Status(202, {"job": start_retention(slug, actor=actor_of(request)).ref})


@router.get("/privacy/record", response=PrivacyRecordOut)
def record_now(request: HttpRequest) -> dict[str, Any]:
    """The record of processing (GDPR Art. 30), read off what this installation really does."""
    require(actor_of(request), VIEW)
    return processing(now())
