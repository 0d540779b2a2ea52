"""What a person allowed and refused, in words."""

from typing import Any
from uuid import UUID

from django.urls import reverse

from marops.domains.consent.models import Entry, Restriction, State
from marops.domains.consent.permissions import VIEW
from marops.domains.consent.queries.people import purpose_titles
from marops.domains.consent.rules.purposes import DEFAULT
from marops.domains.consent.rules.regimes import ANY, CHANNEL_WORDS
from marops.kernel.actors import Actor
from marops.kernel.clock import iso_utc
from marops.kernel.permissions import may

_STATES = {
    "granted": "agreed", "denied": "does not want it", "unsubscribed": "unsubscribed", "unknown": "not known",
    "expired": "agreed once, and that has ended",
}  # fmt: skip


def consent_section(contact_id: UUID, actor: Actor) -> dict[str, Any]:
    """The state in force for each channel, and the entry it rests on."""
    states = list(State.objects.filter(contact_id=contact_id).order_by("channel"))
    entries = Entry.objects.in_bulk([one.entry_id for one in states])
    told = [_told(one, entries.get(one.entry_id)) for one in states]
    if limited := Restriction.objects.filter(contact_id=contact_id).first():
        told.insert(0, _restricted(limited))
    why = " ".join(one["because"] for one in told)
    url = reverse("consent:person", args=[str(contact_id)]) if may(actor, VIEW) else ""
    return {"why": why or "Nothing is known: neither agreed nor refused.", "lines": told, "url": url}


def _restricted(limited: Restriction) -> dict[str, Any]:
    return {
        "channel": ANY, "purpose": ANY, "state": "restricted", "at": iso_utc(limited.since),
        "says": "Restricted: nobody contacts them", "kind": "warn",
        "because": "Their data is kept, and not used, until that is lifted.",
    }  # fmt: skip


def _told(state: State, entry: Entry | None) -> dict[str, Any]:
    origin = "Noted by hand."
    if entry and entry.import_number:
        origin = f"The column “{entry.source}” in row {entry.row:,} of import I-{entry.import_number} says so."
    elif entry and entry.basis == "erased":
        origin = "The address belongs to somebody who was erased, and is written to no more."
    elif entry and entry.actor_kind == "system" and entry.source:
        origin = f"From {entry.source}."
    return {
        "channel": state.channel,
        "purpose": state.purpose,
        "state": state.state,
        "at": iso_utc(state.at),
        "says": f"{CHANNEL_WORDS.get(state.channel, state.channel)}{_for(state.purpose)}:"
        f" {_STATES.get(state.state, state.state)}",
        "kind": {"granted": "good", "denied": "bad", "unsubscribed": "bad"}.get(state.state, "draft"),
        "because": origin,
    }


def _for(purpose: str) -> str:
    if purpose == DEFAULT:
        return ""
    return ", everything" if purpose == ANY else f", {purpose_titles().get(purpose, purpose)}"
