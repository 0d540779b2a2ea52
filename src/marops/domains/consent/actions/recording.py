"""Words of people, entered by themselves, by somebody who heard them, or by their browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from marops.domains.consent.models import Ask, Entry, State
from marops.domains.consent.permissions import ANSWER
from marops.domains.consent.queries.people import Known, purposes
from marops.domains.consent.rules.purposes import SHARING
from marops.domains.consent.rules.regimes import ANY, BASES, CHANNELS, applying, months_later
from marops.domains.consent.writing import RECORDED, REFUSALS, enter
from marops.domains.contacts.public import Contact
from marops.kernel.actions import Act, action
from marops.kernel.actors import Actor
from marops.kernel.errors import INVALID, NOT_FOUND, FieldError, MaropsError, problem
from marops.kernel.facts import touch_from
from marops.kernel.ids import NUMBERED, number_from

THEMSELVES = Actor("system", "preferences")
"""Somebody who changes their own consent by a link of ours."""
ASK_LIVES = timedelta(days=14)
ASK_ENDED = problem(
    "confirmation-ended",
    "This confirmation has run out",
    status=409,
    remedy="Sign up again; a new message with a new link comes.",
)


@dataclass(frozen=True, slots=True)
class Word:
    """A yes or no to one channel and purpose, and what a yes rests on."""

    channel: str
    purpose: str
    state: str  # granted, denied, unsubscribed
    basis: str = "consent"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """How a word came to us."""

    ground: str  # said on the phone, preference page, confirmed …
    source: str = ""
    evidence: Mapping[str, Any] | None = None
    at: datetime | None = None
    confirmed_at: datetime | None = None
    wordings: Mapping[str, str] | None = None


@action("consent.record", effect="change", right=ANSWER)
def record_words(act: Act, *, actor: Actor, contact_id: UUID, words: Sequence[Word], heard: Heard) -> list[Entry]:
    """Enter what somebody said. Their own later yes takes back a wider no for what it names, and for nothing else.

    Raises MaropsError `invalid` for words that no purpose in force has, and for a yes after a no without a ground.
    """
    return _record(act, contact_id, words, heard)


@action("consent.ask", effect="create", right=ANSWER)
def ask_to_confirm(
    act: Act, *, actor: Actor, contact_id: UUID, channel: str, purpose_slugs: Sequence[str], source: str,
    evidence: Mapping[str, Any] | None = None,
) -> Ask:  # fmt: skip
    """Note that somebody said yes and has to confirm it from the mailbox. Nothing is granted before they do."""
    _person(contact_id)
    known = {one.slug: one for one in purposes()}
    _check([Word(channel, slug, "granted") for slug in purpose_slugs], known)
    row = Ask.objects.create(
        contact_id=contact_id, channel=channel, purposes=list(purpose_slugs), source=source,
        wordings={slug: known[slug].pinned for slug in purpose_slugs}, evidence=dict(evidence or {}), asked_at=act.at,
        expires_at=act.at + ASK_LIVES,
    )  # fmt: skip
    act.changed("contact", contact_id, after={"asked": list(purpose_slugs), "channel": channel})
    return row


@action("consent.confirm", effect="change")
def confirm(act: Act, *, actor: Actor, ask_id: UUID, evidence: Mapping[str, Any]) -> Ask:
    """The mailbox said yes: grant what was asked, once. Raises `not-found`, or `confirmation-ended`."""
    ask = Ask.objects.select_for_update().filter(id=ask_id).first()
    if ask is None:
        raise MaropsError(NOT_FOUND, "There is nothing to confirm any more.")
    if ask.confirmed_at:
        return ask
    overtaken = State.objects.filter(
        contact_id=ask.contact_id, state__in=REFUSALS, at__gt=ask.asked_at, channel__in=[ask.channel, ANY],
        purpose__in=[*ask.purposes, ANY],
    )  # fmt: skip
    if ask.expires_at <= act.at or overtaken.exists():  # an old message brings nothing back
        raise MaropsError(ASK_ENDED)
    ask.confirmed_at = act.at
    ask.save(update_fields=["confirmed_at"])
    heard = Heard("double opt-in", ask.source, {**ask.evidence, "confirmation": dict(evidence)}, act.at, act.at,
                  ask.wordings)  # fmt: skip
    in_force = {one.slug for one in purposes()}
    words = [Word(ask.channel, slug, "granted") for slug in ask.purposes if slug in in_force]
    _record(act, ask.contact_id, words, heard)
    return ask


def record_privacy_signal(act: Act, contact_ids: Sequence[UUID]) -> int:
    """Inside an act: the browsers of these people sent Global Privacy Control, so their data is not sold or shared.

    Who said so before is left alone. Answers how many words were entered.
    """
    wanted = set(contact_ids)
    if not wanted:
        return 0
    known = State.objects.filter(contact_id__in=wanted, channel__in=["data", ANY], purpose__in=[SHARING, ANY])
    wanted -= set(known.filter(state__in=REFUSALS).values_list("contact_id", flat=True))
    wanted &= set(Contact.objects.filter(id__in=wanted).values_list("id", flat=True))
    entries = [
        Entry(contact_id=one, channel="data", purpose=SHARING, state="denied", basis="browser", source="Sec-GPC",
              evidence={"header": "Sec-GPC: 1"}, actor_kind=act.actor.kind, actor_id=act.actor.id, at=act.at,
              recorded_at=act.at)
        for one in sorted(wanted)
    ]  # fmt: skip
    enter(act, entries)
    for one in entries:
        act.fact(RECORDED, contact_id=one.contact_id, properties=_told(one))
    return len(entries)


@action("consent.expire", effect="change")
def expire(act: Act, *, actor: Actor, as_of: datetime) -> int:
    """Enter that every yes whose time has come is ended: one statement for each table, whatever their number."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TEMPORARY TABLE ended ON COMMIT DROP AS SELECT {NUMBERED} AS id, contact_id, channel, purpose,"
            " basis, expires_at FROM consent_state WHERE state = 'granted' AND expires_at <= %s",
            [number_from(), as_of],
        )
        cursor.execute(
            "INSERT INTO consent_entry (id, contact_id, channel, purpose, state, basis, source, wording, actor_kind,"
            " actor_id, at, recorded_at, lawful_basis, expires_at) SELECT id, contact_id, channel, purpose, 'expired',"
            " 'time', '', '', %s, %s, expires_at, %s, basis, expires_at FROM ended",
            [act.actor.kind, act.actor.id, act.at],
        )
        number = int(cursor.rowcount)
        cursor.execute(
            "UPDATE consent_state s SET state = 'expired', entry_id = e.id, at = e.expires_at FROM ended e"
            " WHERE (s.contact_id, s.channel, s.purpose) = (e.contact_id, e.channel, e.purpose)"
        )
    if number:
        act.facts_from(
            f"SELECT {NUMBERED} AS id, %s AS kind, expires_at AS occurred_at, %s::timestamptz AS recorded_at,"
            " contact_id, %s AS actor_type, %s AS actor_id, jsonb_build_object('channel', channel, 'purpose', purpose,"
            " 'state', 'expired') AS properties FROM ended",
            (number_from(), RECORDED, act.at, act.actor.kind, act.actor.id),
        )
        touch_from("SELECT DISTINCT contact_id FROM ended", act.at)
        act.count(expired=number)
    return number


def _record(act: Act, contact_id: UUID, words: Sequence[Word], heard: Heard) -> list[Entry]:
    person = _person(contact_id)
    known = {one.slug: one for one in purposes()}
    _check(words, known)
    at = min(heard.at or act.at, act.at)
    if not heard.ground.strip() and any(one.state == "granted" for one in words):
        fault = FieldError("required", "A yes needs a ground: how did they say it?", field="ground")
        raise MaropsError(INVALID, errors=[fault])
    _not_overtaken(contact_id, words, at)
    wordings = heard.wordings or {}
    entries = [
        Entry(
            contact=person, channel=one.channel, purpose=one.purpose, state=one.state, basis=heard.ground.strip(),
            lawful_basis=one.basis if one.state == "granted" else "", source=heard.source,
            expires_at=_ends(person, one, at, known) if one.state == "granted" else None,
            wording=wordings.get(one.purpose, known[one.purpose].pinned if one.purpose in known else ""),
            evidence=dict(heard.evidence or {}), confirmed_at=heard.confirmed_at, actor_kind=act.actor.kind,
            actor_id=act.actor.id, at=at, recorded_at=act.at,
        )
        for one in words
    ]  # fmt: skip
    enter(act, entries, lifts=at)
    for one in entries:
        act.fact(RECORDED, contact_id=contact_id, properties=_told(one), occurred_at=at)
    said = {f"{one.channel} {one.purpose}".replace(ANY, "everything"): one.state for one in entries}
    act.changed("contact", contact_id, after=said)
    return entries


def _not_overtaken(contact_id: UUID, words: Sequence[Word], at: datetime) -> None:
    """A yes that was said before a no of the same person is none any more."""
    for one in words:
        later = State.objects.filter(contact_id=contact_id, state__in=REFUSALS, at__gt=at)
        if one.state == "granted" and later.filter(channel__in=[one.channel, ANY], purpose__in=[one.purpose, ANY]):
            said = "They said no after that; a yes has to be younger."
            raise MaropsError(INVALID, said, errors=[FieldError("overtaken", said, field="at")])


def _told(one: Entry) -> dict[str, Any]:
    return {"channel": one.channel, "purpose": one.purpose, "state": one.state}


def _person(contact_id: UUID) -> Contact:
    found = Contact.objects.select_for_update().filter(id=contact_id).first()
    if found is None:
        raise MaropsError(NOT_FOUND, "There is no such person (any more).")
    return found


def _ends(person: Contact, word: Word, at: datetime, known: Mapping[str, Known]) -> datetime | None:
    """When a yes ends: as was said, as the purpose has it, or as the first regime that applies has it."""
    months = [
        rule.lasts[word.basis]
        for law in applying(person.country, person.region)
        if (rule := law.channels.get(word.channel)) and word.basis in rule.lasts  # type: ignore[call-overload]
    ]
    own = known[word.purpose].document.lasts_months if word.purpose in known else None
    months += [own] if own else []
    ends = [months_later(at, one) for one in months] + ([word.expires_at] if word.expires_at else [])
    return min(ends, default=None)


def _check(words: Sequence[Word], known: Mapping[str, Known]) -> None:
    faults = []
    for one in words:
        purpose = known.get(one.purpose)
        if purpose is None and not (one.purpose == ANY and one.state in REFUSALS):
            faults.append(FieldError("unknown-purpose", f"There is no purpose {one.purpose!r} in force.",
                                     f"There are {', '.join(known)}.", field="purpose"))  # fmt: skip
        elif one.channel not in (purpose.document.channels if purpose else CHANNELS) and not (
            one.channel == ANY and one.state in REFUSALS
        ):
            faults.append(FieldError("unknown-channel", f"{one.purpose} does not use the channel {one.channel!r}.",
                                     field="channel"))  # fmt: skip
        elif purpose and one.state in REFUSALS and not purpose.document.people_decide:
            faults.append(FieldError("needed", f"“{purpose.document.title}” cannot be turned off: a contract or a law"
                                     " needs it.", field="purpose"))  # fmt: skip
        if one.state not in ("granted", *REFUSALS):
            faults.append(FieldError("unknown-word", "A word is granted, denied or unsubscribed.", field="state"))
        if one.state == "granted" and one.basis not in BASES:
            faults.append(FieldError("unknown-basis", f"A basis is one of {', '.join(BASES)}.", field="basis"))
    if faults:
        raise MaropsError(INVALID, errors=faults)
