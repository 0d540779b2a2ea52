"""Whose turn it is: work dealt to people by weight, evenly at every moment and the same whenever it is asked again.

Each seat has a credit: how many pieces it is owed, in billionths. Every piece raises the credits by the weights' shares
and lowers the taker's by one. The taker is, among those who are owed something, the one whose turn would be overdue
first (Tijdeman's solution of the chairman assignment problem); between equals the one who waited longest. So nobody is
ever a whole piece away from their share, after any number of pieces.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from math import gcd

PIECE = 10**9
"""One piece, in the unit of credits."""
_CYCLES_TRIED = 4


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody among whom work is dealt.

    `weight`: their share against the others'. `credit`: what they are owed. `last`: the number of the turn they had
    last, 0 for never. `room`: how many more they may take; None: any number. `tier`: those of a higher tier take only
    when nobody of a lower one has room.
    """

    name: str
    weight: int = 1
    credit: int = 0
    last: int = 0
    room: int | None = None
    tier: int = 0


@dataclass(frozen=True, slots=True)
class Deal:
    """Who takes which turn, as patterns of seat numbers with how often each repeats, and the seats afterwards."""

    patterns: Sequence[tuple[Sequence[int], int]]
    seats: Sequence[Seat]
    taken: Sequence[int]

    @property
    def dealt(self) -> int:
        """How many turns were given; fewer than asked where everybody is full."""
        return sum(self.taken)

    def takers(self) -> list[int]:
        """The number of the seat that takes each turn, in order."""
        return list(chain.from_iterable(list(pattern) * times for pattern, times in self.patterns))


@dataclass
class _Table:
    """The seats while they are dealt to. Credits of one stretch are exact: integers over the weights' sum."""

    seats: list[Seat]
    turn: int
    taken: list[int]
    patterns: list[tuple[list[int], int]] = field(default_factory=list)

    def open(self) -> list[int]:
        """Those of the lowest tier that has room."""
        free = [i for i, seat in enumerate(self.seats) if seat.room is None or seat.room > 0]
        tier = min((self.seats[i].tier for i in free), default=0)
        return [i for i in free if self.seats[i].tier == tier]


def deal(seats: Sequence[Seat], pieces: int, *, turn: int = 0) -> Deal:
    """Deal so many pieces; `turn` is the number of the turn before the first. Weights are whole and above zero."""
    table = _Table(list(seats), turn, [0] * len(seats))
    left = pieces
    while left > 0 and (among := table.open()):
        left -= _Stretch(table, among).run(left)
    return Deal(table.patterns, table.seats, table.taken)


class _Stretch:
    """Turns among the same seats, until the pieces are dealt or one of the seats is full."""

    def __init__(self, table: _Table, among: list[int]) -> None:
        self.table, self.among = table, among
        divisor = gcd(*(table.seats[i].weight for i in among))
        self.weight = {i: table.seats[i].weight // divisor for i in among}
        self.whole = sum(self.weight.values())
        self.unit = self.whole * PIECE
        # What those who are not here owe or are owed is not theirs to settle: credits add up to nothing.
        over = sum(table.seats[i].credit for i in among)
        self.credit = {i: table.seats[i].credit * self.whole - over * self.weight[i] for i in among}
        self.last = {i: table.seats[i].last for i in among}
        self.room = {i: table.seats[i].room for i in among}
        slack = self.unit // (2 * len(among) - 2) if len(among) > 1 else 0
        self.floor, self.overdue = slack, self.unit - slack

    def run(self, pieces: int) -> int:
        """Deal up to `pieces`; answers how many were dealt, at least one."""
        done = 0
        for _ in range(_CYCLES_TRIED):
            if pieces - done < self.whole:
                break
            before = self._standing()
            pattern = self._steps(self.whole)
            done += len(pattern)
            if len(pattern) < self.whole:
                return self._end(done)
            if self._standing() == before:
                done += self._repeat(pattern, (pieces - done) // self.whole)
                break
        return self._end(done + len(self._steps(pieces - done)))

    def _standing(self) -> tuple[list[int], list[int]]:
        """All that the next turns depend on, but for room."""
        order = sorted(self.among, key=lambda i: (self.last[i], i))
        return [self.credit[i] for i in self.among], order

    def _full(self) -> bool:
        return any(room is not None and room <= 0 for room in self.room.values())

    def _steps(self, count: int) -> list[int]:
        pattern: list[int] = []
        while len(pattern) < count and not self._full():
            pattern.append(self._step())
        if pattern:
            self.table.patterns.append((pattern, 1))
        return pattern

    def _step(self) -> int:
        for i in self.among:
            self.credit[i] += self.weight[i] * PIECE
        owed = [i for i in self.among if self.credit[i] >= self.floor] or self.among
        taker = min(owed, key=lambda i: ((self.overdue - self.credit[i]) // self.weight[i], self.last[i], i))
        self.credit[taker] -= self.unit
        self._take(taker, 1)
        self.table.turn += 1
        self.last[taker] = self.table.turn
        return taker

    def _take(self, seat: int, pieces: int) -> None:
        self.table.taken[seat] += pieces
        room = self.room[seat]
        self.room[seat] = None if room is None else room - pieces

    def _repeat(self, pattern: list[int], most: int) -> int:
        """The same round again and again, as often as there is room: what long deals are made of."""
        rooms = [room // self.weight[i] for i, room in self.room.items() if room is not None]
        times = min([most, *rooms])
        if times <= 0:
            return 0
        for i in self.among:
            self._take(i, times * self.weight[i])
            self.last[i] += times * self.whole
        self.table.turn += times * self.whole
        self.table.patterns.append((pattern, times))
        return times * self.whole

    def _end(self, done: int) -> int:
        for i in self.among:
            credit = (2 * self.credit[i] + self.whole) // (2 * self.whole)  # rounded to the nearest
            self.table.seats[i] = replace(self.table.seats[i], credit=credit, last=self.last[i], room=self.room[i])
        return done
