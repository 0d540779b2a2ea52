"""The whole policy decided ahead: which rules speak about each of the 142,560 combinations, and so each yes and no.

Decided by Cedar in parts that a job can stop between and resume from. A table is kept as bits in the fixed order of
`domain`, eight combinations to a byte.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from marops.domains.policy.rules.cedar import Compiled
from marops.domains.policy.rules.domain import ACTION, CONTENT, SHAPE, SIZE, Request, request_at

Bits = NDArray[np.bool_]
PART = SIZE // (len(ACTION.answers) * len(CONTENT.answers))
"""So many combinations are decided at once: those of one action with one kind of content."""
PARTS = SIZE // PART


@dataclass(frozen=True, slots=True)
class Table:
    """Every decision of one version: `allowed` and, for each rule by its id, where its condition holds."""

    allowed: Bits
    holds: Mapping[str, Bits]
    permits: frozenset[str]

    def __getitem__(self, request: Request) -> bool:
        """The yes or no for one combination."""
        return bool(self.allowed[request.place()])

    @property
    def shaped(self) -> Bits:
        """The decisions by question: one axis for each dimension, in their order."""
        return self.allowed.reshape(SHAPE)

    def packed(self) -> bytes:
        """The decisions as 17,820 bytes."""
        return packed(self.allowed)

    def digest(self) -> str:
        """The sha-256 of the packed decisions: equal tables decide alike."""
        return hashlib.sha256(self.packed()).hexdigest()

    def dead(self) -> list[str]:
        """Rules whose condition holds nowhere."""
        return [name for name, bits in self.holds.items() if not bits.any()]

    def shadowed(self) -> list[str]:
        """Rules without which every decision were the same though their condition holds somewhere."""
        return [name for name, bits in self.holds.items() if bits.any() and not self._matters(name)]

    def _matters(self, name: str) -> bool:
        others = {one: bits for one, bits in self.holds.items() if one != name}
        return bool((combined(others, self.permits) != self.allowed).any())


def packed(allowed: Bits) -> bytes:
    """Decisions as bits, eight to a byte."""
    return np.packbits(allowed).tobytes()


def unpacked(kept: bytes) -> Bits:
    """Decisions from bits. Raises ValueError where there are not as many as combinations."""
    bits = np.unpackbits(np.frombuffer(kept, np.uint8))
    if bits.size != SIZE:
        raise ValueError(f"{bits.size} decisions instead of {SIZE}")
    return bits.astype(bool)


def combined(holds: Mapping[str, Bits], permits: frozenset[str]) -> Bits:
    """Yes where a permit holds and no forbid does."""
    said, denied = np.zeros(SIZE, bool), np.zeros(SIZE, bool)
    for name, bits in holds.items():
        if name in permits:
            said |= bits
        else:
            denied |= bits
    decided: Bits = said & ~denied
    return decided


def part(policy: Compiled, number: int) -> dict[str, Bits]:
    """Where each rule holds among the combinations of one part, 0 … `PARTS` - 1."""
    requests = [request_at(place) for place in range(number * PART, (number + 1) * PART)]
    told = policy.told_by(requests)
    return {name: np.fromiter((name in one for one in told), bool, PART) for name in policy.ahead}


def assembled(policy: Compiled, parts: Sequence[Mapping[str, Bits]]) -> Table:
    """The table of all parts in their order."""
    holds = {name: np.concatenate([one[name] for one in parts]) for name in policy.ahead}
    return Table(combined(holds, policy.permits), holds, policy.permits)


def decided(policy: Compiled) -> Table:
    """The table of a policy, in one go: six to thirteen seconds on one core."""
    return assembled(policy, [part(policy, number) for number in range(PARTS)])


@dataclass(frozen=True, slots=True)
class Change:
    """Combinations that another version decides otherwise."""

    opened: Bits
    closed: Bits

    def __bool__(self) -> bool:
        return bool(self.opened.any() or self.closed.any())


def change(before: Bits, after: Bits) -> Change:
    """Exactly what changes from one version's decisions to another's."""
    return Change(after & ~before, before & ~after)


def places(bits: Bits) -> Iterator[int]:
    """The numbers of the combinations that are set."""
    yield from (int(one) for one in np.flatnonzero(bits))


def share(bits: Bits) -> float:
    """Which part of all combinations is set."""
    return float(bits.mean())
