"""Who of the sellers got which qualified lead: every pool dealt turn by turn, by the method the product deals by."""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import pyarrow as pa

from marops.methods.turns import Seat, deal
from marops.sample.world import COVERS, DAYS, MOVED, MOVED_DAYS, SELLERS

_NINE, _FIVE = 9, 17
_SECOND: Final = timedelta(seconds=1)


def pools() -> list[tuple[str, str, int, int]]:
    """Market, seller, weight, and days before the load since which the route knows it; who covers now is not in it."""
    named = [(one.market, one.person.slug, one.weight, DAYS + 1) for one in SELLERS if one.person.slug != COVERS]
    return [*named, ("benelux", MOVED, 1, MOVED_DAYS)]


class Member(NamedTuple):
    """A seller in a pool: their number, share, zone, and since when the route knows them."""

    seller: int
    weight: int
    zone: ZoneInfo
    since: datetime


class Asked(NamedTuple):
    """A lead that qualified, and when its turn comes."""

    at: datetime
    number: int
    market: str


@dataclass(slots=True)
class _Pool:
    members: Sequence[Member]
    seats: dict[int, Seat]
    turn: int = 0


Absences = Mapping[int, Sequence[tuple[datetime, datetime]]]


class Dealing:
    """All pools of the company, dealt lead by lead. What came of it stands in `dealt`, `stood` and `ledger`."""

    def __init__(self, members: Mapping[str, Sequence[Member]], absences: Absences, end: datetime) -> None:
        self._absences, self._end = absences, end
        self._pools = {
            market: _Pool(among, {one.seller: Seat(str(one.seller), one.weight) for one in among})
            for market, among in members.items()
        }
        self.dealt: list[tuple[int, str, int, int, datetime]] = []
        self.stood: list[tuple[int, int, int, int, str, int, int, datetime | None]] = []
        self.taken: dict[tuple[str, int], int] = {}

    def run(self, leads: Iterable[Asked]) -> None:
        """Deal all of them in the order of time. While nobody of its pool is there, a lead waits where it is."""
        waiting = list(leads)
        heapq.heapify(waiting)
        while waiting:
            one = heapq.heappop(waiting)
            if one.at < self._end and (later := self._deal(one)):
                heapq.heappush(waiting, one._replace(at=later))

    def _deal(self, lead: Asked) -> datetime | None:
        """Give the lead to whose turn it is; when nobody is there, answers when somebody will be."""
        pool = self._pools[lead.market]
        known = [one for one in pool.members if one.since <= lead.at]
        away = {one.seller: until for one in known if (until := self._away(one.seller, lead.at))}
        able = [one for one in known if one.seller not in away]
        if not able:
            return min(away.values()) + _SECOND
        off = {one.seller for one in able if not _at_work(lead.at, one.zone)}
        given = deal([replace(pool.seats[one.seller], tier=int(one.seller in off)) for one in able], 1, turn=pool.turn)
        for place, one in enumerate(known):
            state = "absent" if one.seller in away else "off" if one.seller in off else "works"
            seat = pool.seats[one.seller]
            row = (lead.number, place, one.seller, one.weight, state, seat.credit, seat.last, away.get(one.seller))
            self.stood.append(row)
        taker = able[given.takers()[0]].seller
        self.dealt.append((lead.number, lead.market, taker, pool.turn, lead.at))
        self.taken[lead.market, taker] = self.taken.get((lead.market, taker), 0) + 1
        pool.seats |= {one.seller: seat for one, seat in zip(able, given.seats, strict=True)}
        pool.turn += 1
        return None

    def _away(self, seller: int, at: datetime) -> datetime | None:
        return next((ends for starts, ends in self._absences.get(seller, ()) if starts <= at < ends), None)

    def ledger(self) -> Iterator[tuple[str, int, int, int, int]]:
        """How every member of every pool stands at the end: market, seller, credit, last turn, leads taken."""
        for market, pool in self._pools.items():
            for seller, seat in pool.seats.items():
                yield market, seller, seat.credit, seat.last, self.taken.get((market, seller), 0)

    def tables(self) -> dict[str, pa.Table]:
        """The three as tables for the scripts: `dealt`, `stood`, `ledger`."""
        return {
            "dealt": _table(self.dealt, ("number", "rule", "seller", "before", "routed_at")),
            "stood": _table(
                self.stood, ("number", "place", "seller", "weight", "state", "credit", "last", "away_until")
            ),
            "ledger": _table(list(self.ledger()), ("rule", "seller", "credit", "last", "taken")),
        }


def _at_work(at: datetime, zone: ZoneInfo) -> bool:
    there = at.astimezone(zone)
    return there.weekday() < 5 and _NINE <= there.hour < _FIVE


_MOMENT = pa.timestamp("us", tz="UTC")
_TYPES: Final[Mapping[str, pa.DataType]] = {
    "rule": pa.string(), "state": pa.string(), "routed_at": _MOMENT, "away_until": _MOMENT,
}  # fmt: skip


def _table(rows: Sequence[Sequence[object]], names: Sequence[str]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [() for _ in names]
    return pa.table(
        {name: pa.array(column, _TYPES.get(name, pa.int64())) for name, column in zip(names, columns, strict=True)}
    )
