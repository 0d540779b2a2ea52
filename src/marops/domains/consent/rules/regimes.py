"""The regimes: the law on contacting people as data, read once and checked."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from marops.kernel.rules import read_yaml

Channel = Literal["email", "phone", "sms", "post", "data"]
Basis = Literal["consent", "implied_business", "implied_inquiry", "legitimate_interest", "contract", "legal_obligation"]
RequestKind = Literal["access", "portability", "rectification", "erasure", "restriction", "objection"]
CHANNELS: Final = ("email", "phone", "sms", "post", "data")
BASES: Final = ("consent", "implied_business", "implied_inquiry", "legitimate_interest", "contract", "legal_obligation")
KINDS: Final = ("access", "portability", "rectification", "erasure", "restriction", "objection")
ANY: Final = "*"
"""A word about every channel, or every purpose."""
DEFAULT_DAYS: Final = 30

CHANNEL_WORDS: Final = {
    "email": "E-mail", "phone": "Phone", "sms": "Text message", "post": "Post", "data": "Selling or sharing data",
    ANY: "Every channel",
}  # fmt: skip
BASIS_WORDS: Final = {
    "consent": "their own yes",
    "implied_business": "a yes implied by doing business",
    "implied_inquiry": "a yes implied by an inquiry",
    "legitimate_interest": "legitimate interest",
    "contract": "a contract",
    "legal_obligation": "a legal duty",
}
KIND_WORDS: Final = {
    "access": "Access", "portability": "Take data along", "rectification": "Put data right", "erasure": "Erasure",
    "restriction": "Restriction", "objection": "Objection",
}  # fmt: skip


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reach(_Strict):
    """To whom a regime applies. Without regions: to the whole of its countries."""

    countries: tuple[str, ...] = Field(min_length=1)
    regions: tuple[str, ...] = ()


class ChannelRule(_Strict):
    """What suffices on one channel, and for how many months."""

    bases: tuple[Basis, ...] = Field(min_length=1)
    standing: tuple[Basis, ...] = ()
    lasts: dict[Basis, int] = {}


class Practice(_Strict):
    """What is expected beyond the letter of the law."""

    slug: str
    countries: tuple[str, ...]
    channels: tuple[Channel, ...]
    says: str


class Regime(_Strict):
    """One regime."""

    slug: str
    title: str
    says: str
    source: str
    applies: Reach
    channels: dict[Channel, ChannelRule]
    requests: dict[RequestKind, int]
    practices: tuple[Practice, ...] = ()

    def holds(self, country: str | None, region: str | None) -> bool:
        """Does it apply to somebody there? Where the region is not known and decides, it does."""
        if country not in self.applies.countries:
            return False
        return not self.applies.regions or not region or region.strip().lower() in self.applies.regions


class Regimes(_Strict):
    """All of them, and the version of the list."""

    version: int
    regimes: tuple[Regime, ...]


@cache
def regimes() -> Regimes:
    """The regimes that ship with this version."""
    text = (Path(__file__).parent.parent / "data" / "regimes.yaml").read_text(encoding="utf-8")
    return Regimes.model_validate(read_yaml(text))


@cache
def countries() -> frozenset[str]:
    """Every country that a regime names."""
    return frozenset(code for one in regimes().regimes for code in one.applies.countries)


def regime(slug: str) -> Regime:
    """One regime by its short name. Raises KeyError."""
    return {one.slug: one for one in regimes().regimes}[slug]


def applying(country: str | None, region: str | None = None) -> tuple[Regime, ...]:
    """The regimes that apply to somebody there; all of them where nobody knows, so that the strictest counts."""
    if not country or country not in countries():
        return regimes().regimes
    return tuple(one for one in regimes().regimes if one.holds(country, region))


def deadline_days(kind: str, country: str | None, region: str | None = None) -> tuple[int, str]:
    """Within how many days such a request has to be answered, and by which regime: the shortest that applies."""
    known = [(one.requests[kind], one.title) for one in applying(country, region) if kind in one.requests]
    return min(known, default=(DEFAULT_DAYS, "house rule"))


def months_later(at: datetime, months: int) -> datetime:
    """The same day so many months on, or the last of that month; before, where the number is below zero."""
    year, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + year, month + 1
    for day in range(at.day, 0, -1):
        try:
            return at.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    raise AssertionError  # every month has a first day
