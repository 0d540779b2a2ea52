"""By which clock the people of a log live, and by which one its times were written.

Whoever works from nine to five by a clock that is put forward in spring begins an hour earlier by UTC from that day on.
Read in UTC, such a log looks as if people worked nine hours at half strength; read in their own zone, the day is short
and its edges are sharp. The other way round, work on a clock without summer time may have been written down in local
time. So of all readings the one is taken in which the times of day are most concentrated (least entropy).
"""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from marops.methods.mining.calendars import clock_of
from marops.methods.mining.log import Floats, Log

CANDIDATES: Final = (
    "Europe/London", "Europe/Berlin", "Europe/Helsinki", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Sao_Paulo", "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
"""Zones whose clocks are put forward by different rules; zones of the same rule look alike but for the hour."""
UTC: Final = ZoneInfo("UTC")
_SLOTS: Final = 48
_DECISIVE: Final = 25.0
"""So many times likelier by its logarithm (nats) another zone has to be: one look in a hundred billion."""
_MORNING: Final = 9.0


@dataclass(frozen=True, slots=True)
class Reading:
    """`written`: the zone in which times without one were written; `people`: the zone in which people live."""

    written: ZoneInfo
    people: ZoneInfo


def likely_reading(log: Log, *, naive: bool, home: str = "") -> Reading:
    """The clocks behind a log whose times were read in its own zone; as they are, if none is decisively likelier.

    `naive`: the times said no zone, so they may have been written in another. Zones with the same rule are told apart
    by the hour at which the day begins: the one nearest to nine, but `home` where it is among them.
    """
    candidates = tuple(dict.fromkeys([*([home] if home else []), *CANDIDATES]))
    moments = np.where(np.isnan(log.started), log.ended, log.started)
    now = Reading(log.zone, log.zone)
    own = _entropy(_shares(log, moments, log.zone))
    found = [(Reading(log.zone, ZoneInfo(name)), _shares(log, moments, ZoneInfo(name))) for name in candidates]
    found += [
        (Reading(ZoneInfo(name), UTC), _shares(log, rewritten(log, moments, ZoneInfo(name)), UTC))
        for name in (candidates if naive else ())
    ]
    entropies = [_entropy(shares) for _, shares in found]
    least = min(entropies)
    if (own - least) * len(moments) < _DECISIVE:
        return now
    alike = [pair for pair, entropy in zip(found, entropies, strict=True) if entropy < least + 1e-3]
    return min(alike, key=lambda pair: (_names(pair[0], home), abs(_begin(pair[1]) - _MORNING)))[0]


def _names(reading: Reading, home: str) -> bool:
    """False, which comes first, where home has a part in it."""
    return home not in (reading.written.key, reading.people.key)


def rewritten(log: Log, moments: Floats, zone: ZoneInfo) -> Floats:
    """The moments that the same hands of a clock mean in another zone."""
    begin, end = float(np.nanmin(moments)) - 48, float(np.nanmax(moments)) + 48
    read, other = clock_of(log.zero, log.zone, begin, end), clock_of(log.zero, zone, begin, end)
    days = (read.monday - other.monday).days * 24.0
    return other.moment(read.local(moments) + days)


def _shares(log: Log, moments: Floats, zone: ZoneInfo) -> Floats:
    """How the moments spread over the half hours of a day."""
    clock = clock_of(log.zero, zone, float(moments.min()), float(moments.max()) + 1)
    slot = (clock.local(moments) % 24 * (_SLOTS / 24)).astype(np.int64) % _SLOTS
    return np.bincount(slot, minlength=_SLOTS) / len(moments)


def _entropy(shares: Floats) -> float:
    held = shares[shares > 0]
    return float(-(held * np.log(held)).sum())


def _begin(shares: Floats) -> float:
    """The hour at which the day begins: the first half hour with half of the usual share after the quietest one."""
    quiet = int(np.argmin(np.convolve(np.tile(shares, 2), np.ones(6), "valid")[:_SLOTS]))
    turned = np.roll(shares, -quiet)
    first = int(np.argmax(turned > turned.max() / 2))
    return (quiet + first) % _SLOTS / (_SLOTS / 24)


__all__ = ["CANDIDATES", "Reading", "likely_reading", "rewritten"]
