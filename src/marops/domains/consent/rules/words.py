"""What the evaluator's codes mean, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from marops.domains.consent.rules.regimes import ANY, BASIS_WORDS, CHANNEL_WORDS, applying, countries, regime
from marops.kernel.clock import iso_utc

YES: Final = ("granted", "standing", "unruled")
"""The codes of a yes; all others are a no."""
# The word that decides is told first: what stands above the law, then noes, then yeses that end soonest.
_ORDER: Final = (
    "no-purpose", "no-channel", "restricted", "refused", "expired", "unconfirmed", "basis", "nothing", "granted",
    "standing", "unruled",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """What one regime says, as the evaluator answers it."""

    by: str
    why: str
    regime: str | None
    country: str | None
    region: str | None
    version: int | None
    title: str | None
    standing: str | None
    double_opt_in: str | None
    restricted: datetime | None
    refusal: str | None
    refused_at: datetime | None
    refused_by: str | None
    refused_why: str | None
    refusal_id: UUID | None
    word: str | None
    word_at: datetime | None
    basis: str | None
    ends: datetime | None
    confirmed_at: datetime | None
    yes_id: UUID | None
    code: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its code, the regime, the entry of the ledger it rests on, until when it holds, in words."""

    code: str
    says: str
    regime: str = ""
    entry: UUID | None = None
    ends: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """As REST and the command answer it."""
        return {
            "code": self.code, "says": self.says, "regime": self.regime or None,
            "entry": str(self.entry) if self.entry else None, "ends": iso_utc(self.ends) if self.ends else None,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """May somebody be contacted, and the reasons, the one that decides first."""

    allowed: bool
    channel: str
    purpose: str
    title: str
    reasons: tuple[Reason, ...]
    ends: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def because(self) -> str:
        """The reason that decides."""
        return self.reasons[0].says

    @property
    def code(self) -> str:
        """Its code."""
        return self.reasons[0].code

    def as_json(self) -> dict[str, Any]:
        """As REST and the command answer it."""
        return {
            "channel": self.channel, "purpose": self.purpose, "title": self.title, "allowed": self.allowed,
            "because": self.because, "ends": iso_utc(self.ends) if self.ends else None,
            "reasons": [one.as_json() for one in self.reasons], "notes": list(self.notes),
        }  # fmt: skip


def verdict(lines: Sequence[Line], at: datetime) -> Verdict:
    """All that the regimes say, as one word."""
    allowed = all(one.code in YES for one in lines)
    far = max((one.ends for one in lines if one.ends), default=at)
    ordered = sorted(lines, key=lambda one: (_ORDER.index(one.code), one.ends or far, one.regime or ""))
    reasons = list(dict.fromkeys(_reason(one) for one in ordered))
    ends = min((one.ends for one in lines if one.code == "granted" and one.ends), default=None) if allowed else None
    first = ordered[0]
    return Verdict(allowed, first.by, first.why, first.title or first.why, tuple(reasons), ends, tuple(_notes(first)))


def _reason(one: Line) -> Reason:
    law = regime(one.regime).title if one.regime else ""
    entry = one.refusal_id if one.code == "refused" else one.yes_id
    needs = _needs(one)
    said = {
        "no-purpose": f"There is no purpose “{one.why}” in force.",
        "no-channel": f"The purpose “{one.title}” does not use this channel.",
        "restricted": f"Their data is restricted since {_day(one.restricted)}: it is kept, and not used.",
        "refused": f"They {_refused(one)} on {_day(one.refused_at)}{_width(one)}.",
        "granted": f"{law or 'No regime of the list'}: {BASIS_WORDS.get(one.basis or '', one.basis)} of"
        f" {_day(one.word_at)}{_until(one)}.",
        "standing": f"{law}: {BASIS_WORDS.get(one.standing or '', '')} suffices"
        f"{'' if one.standing in ('contract', 'legal_obligation') else ' until they say no'}.",
        "unruled": "No regime of the list minds this channel there, and they did not say no.",
        "expired": f"{law}: {BASIS_WORDS.get(one.basis or '', one.basis)} of {_day(one.word_at)} ended on"
        f" {_day(one.ends)}." if one.ends else f"{law}: the yes of {_day(one.word_at)} has ended.",
        "unconfirmed": f"The purpose wants a yes confirmed from the mailbox; the one of {_day(one.word_at)} was not.",
        "basis": f"{law}: {BASIS_WORDS.get(one.basis or '', one.basis)} does not suffice; it takes {needs}.",
        "nothing": f"{law}: nothing is on record, and it takes {needs}.",
    }[one.code]  # fmt: skip
    shown = one.code in ("granted", "expired", "basis", "unconfirmed", "refused")
    regimes = "" if one.code in ("no-purpose", "no-channel", "restricted", "refused") else one.regime or ""
    ends = one.ends if one.code in ("granted", "expired") else None
    return Reason(one.code, said[0].upper() + said[1:], regimes, entry if shown else None, ends)


def _needs(one: Line) -> str:
    if not one.regime:
        return "a yes"
    rule = regime(one.regime).channels[one.by]  # type: ignore[index]  # of the list itself
    return " or ".join(BASIS_WORDS[basis] for basis in rule.bases if basis not in ("contract", "legal_obligation"))


def _refused(one: Line) -> str:
    return "unsubscribed" if one.refusal == "unsubscribed" else "said no"


def _width(one: Line) -> str:
    if ANY in (one.refused_by, one.refused_why):
        channel = "every channel" if one.refused_by == ANY else CHANNEL_WORDS.get(one.refused_by or "", "")
        return f", to {'everything' if one.refused_why == ANY else one.refused_why} by {channel.lower()}"
    return f", to all of “{one.refused_why}”" if one.refused_why != one.why else ""


def _until(one: Line) -> str:
    return f", until {_day(one.ends)}" if one.ends else ""


def _notes(one: Line) -> list[str]:
    notes = []
    if not one.country:
        notes.append("Their country is not known, so every regime applies and the strictest counts.")
    elif one.country not in countries():
        notes.append(f"No regime of the list is of {one.country}, so every regime applies and the strictest counts.")
    if one.code == "granted" and not one.confirmed_at and one.double_opt_in == "practice" and one.basis == "consent":
        notes += [
            practice.says + " This one was not."
            for law in applying(one.country, one.region)
            for practice in law.practices
            if one.by in practice.channels and one.country in practice.countries
        ]
    return notes


def _day(moment: datetime | None) -> str:
    return f"{moment.day} {moment:%B %Y}" if moment else "an unknown day"
